"""SQL queries over tables, parsed by sqlglot and compiled to relations: nothing of a query is handed to a database.

The language is that of DuckDB, or the part of it that the relations can say. What is row by row is compiled to
polars expressions, so that every engine gives the same rows.

:mod:`transforms.sql.steps` is all that runs on rows, so workers of an engine need no sqlglot. The other modules
import it, and are imported only where a query is read.
"""
