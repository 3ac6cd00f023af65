"""Forms drawn from settings: the JSON schema of a model says the fields, the tables of a step the columns."""
