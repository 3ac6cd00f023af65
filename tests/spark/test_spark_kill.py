"""A Spark run that is killed leaves the old output, the flow, its history and its learned state whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proofs.kill import prove

pytestmark = [pytest.mark.spark, pytest.mark.slow]

KILLS = 3
ROWS = 2_000


def test_killed_spark_runs_leave_everything_whole(tmp_path: Path) -> None:
    assert len(list(prove(tmp_path, "spark", KILLS, seed=5, rows=ROWS))) == KILLS
