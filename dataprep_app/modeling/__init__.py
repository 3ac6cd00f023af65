"""Models of tables: built quickly, judged on rows they never saw, kept as files, asked for predictions."""
