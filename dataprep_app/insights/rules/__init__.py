"""Rules: what makes a warning, each a class with its thresholds, its source and the steps that mend it."""
