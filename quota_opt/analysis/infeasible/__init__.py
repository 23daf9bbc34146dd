"""Why a case has no plan: clauses that exclude each other, and the least changes that give it one."""
