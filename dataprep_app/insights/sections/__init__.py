"""Sections of a report: each looks at a sample of rows and gives plain data to draw."""
