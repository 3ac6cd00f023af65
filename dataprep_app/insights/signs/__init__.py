"""Signs: what the values of a column seem to be, beyond the type they are stored as."""
