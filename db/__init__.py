"""The database: engine, sessions, tables, migrations. Imports nothing else of the project."""
