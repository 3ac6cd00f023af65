"""What requests of each kind look like; the order of the modules is the order in which they are tried."""

from dataprep_app.chat.frames import missing, values, rows, columns, numbers, text, categories, dates, groups, questions  # noqa: F401, I001, E501 - tried in this order
