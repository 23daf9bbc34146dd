"""Why a plan is as it is: projects, firms, rules and the prices of quota."""
