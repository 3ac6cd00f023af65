"""The Data Quality and Insights report: what a table is like, what is wrong with it, and the steps that mend it."""
