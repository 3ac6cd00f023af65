"""Looks at the rows of a node: charts and tables with what they show in words, as plain data."""
