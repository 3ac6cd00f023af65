"""How many tables and files Hypothesis draws."""

from __future__ import annotations

import os

FUZZ = int(os.environ.get("DATAPREP_FUZZ", "1"))
"""How many times as many as in a run of all the tests; above 1 they are drawn anew each time."""


def examples(count: int) -> int:
    """The examples to draw for a test that draws this many in a run of all."""
    return count * FUZZ
