"""Plans near a plan: alternatives, one parameter swept, a new plan around an old one."""
