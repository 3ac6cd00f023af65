"""Models that were built, at work: from the columns of a table to predictions."""
