"""What requests of each kind look like; the order of the modules is the order in which they are tried."""

from importlib import import_module

ORDER = ("missing", "values", "rows", "columns", "numbers", "text", "categories", "dates", "groups", "questions")

for _each in ORDER:
    import_module(f"dataprep_app.chat.frames.{_each}")
