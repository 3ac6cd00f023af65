"""Opening and writing tables."""
