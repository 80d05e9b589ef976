"""SurrealDB: the one door to it, its schema, and one module for each set of queries."""
