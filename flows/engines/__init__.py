"""Engines: the same relations and statistics, on one machine or on many."""
