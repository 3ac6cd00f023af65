"""The flow document, and running it."""
