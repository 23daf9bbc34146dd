"""From tables to one neutral sparse model: places, case, measures, rows that are always there, objective."""
