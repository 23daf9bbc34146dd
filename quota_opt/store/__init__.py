"""The run store: every run, its measures and its whole result folder in one database, SQLite or PostgreSQL."""
