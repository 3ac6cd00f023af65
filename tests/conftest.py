"""Tests that share something costly run in one process: one Spark session, one browser, one server."""

from __future__ import annotations

import pytest

TOGETHER = ("spark", "browser")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a costly kind in one worker."""
    for item in items:
        for name in TOGETHER:
            if item.get_closest_marker(name):
                item.add_marker(pytest.mark.xdist_group(name))
