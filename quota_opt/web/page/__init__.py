"""The planner's page: screens as functions of state. The only place that knows NiceGUI."""
