"""Tests that share something costly run in one process: one Spark session, one browser, one server.

What Hypothesis draws is the same in every run, so that a change is judged by what it changed; ``make fuzz`` draws anew,
and many times more (`tests.drawing`).
"""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.drawing import FUZZ

settings.register_profile("drawn anew" if FUZZ > 1 else "drawn once", derandomize=FUZZ == 1)
settings.load_profile("drawn anew" if FUZZ > 1 else "drawn once")

TOGETHER = ("spark", "browser")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a costly kind in one worker."""
    for item in items:
        for name in TOGETHER:
            if item.get_closest_marker(name):
                item.add_marker(pytest.mark.xdist_group(name))
