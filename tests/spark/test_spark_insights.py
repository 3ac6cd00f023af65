"""The quality report on Spark: the figures of polars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from pyspark.sql import SparkSession

from dataprep_app.insights.findings import Report
from dataprep_app.insights.making import Asked, report_table
from dataprep_app.insights.report import Wish
from dataprep_app.sample import write_sample
from flows.engines.base import Control
from flows.engines.start import EngineName

ROWS = 30_000
"""More than a sample of a report holds."""


def made(subject: str, engine: EngineName, target: str | None) -> Report:
    return report_table(Asked(subject, Wish(target), None, engine), lambda _share, _what: None, Control())


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random = np.random.default_rng(2)
    path = tmp_path_factory.mktemp("spark-insights") / "rows.parquet"
    frame = pl.DataFrame(
        {
            "id": np.arange(ROWS),
            "amount": random.lognormal(3, 1.2, ROWS),
            "age": random.integers(18, 90, ROWS),
            "^city$": random.choice(["Oslo", "oslo", "Rome", "n/a"], ROWS),
            "day": pl.Series(random.integers(0, 4_000, ROWS)).cast(pl.Int32).cast(pl.Date),
            "member": random.random(ROWS) < 0.3,
        }
    )
    hollow = pl.int_range(ROWS) % 9 == 0
    frame.with_columns(pl.when(~hollow).then("amount").alias("amount")).write_parquet(path, row_group_size=5_000)
    return path


def figures(report: Report) -> dict[str, Any]:
    """What has to be the same: everything but when it was made, and sums in another order, to nine digits."""
    found = report.model_dump(exclude={"made_at", "seconds", "subject", "drift"})
    return {name: rounded(each) for name, each in found.items()}


def rounded(value: Any) -> Any:
    match value:
        case float():
            return float(f"{value:.9g}")
        case dict():
            return {key: rounded(each) for key, each in value.items() if key != "seconds"}
        case list() | tuple():
            return [rounded(each) for each in value]
        case _:
            return value


def test_all_rows_of_a_file_have_the_figures_of_polars(spark: SparkSession, table: Path) -> None:
    here, there = (figures(made(str(table), engine, None)) for engine in ("polars", "spark"))
    assert there["table"]["rows"] == ROWS
    assert {each["rule"] for each in there["findings"]} >= {"missing", "disguised_missing", "spelling_variants"}
    for part in here:
        assert there[part] == here[part], part


def test_a_step_of_a_flow_is_planned_and_judged_on_spark(spark: SparkSession, tmp_path: Path) -> None:
    flow = write_sample(tmp_path, rows=1_500)
    here, there = (made(f"{flow}:balanced", engine, "loan_status") for engine in ("polars", "spark"))
    assert there.table == here.table
    assert {each.name: each for each in there.features}.keys() == {each.name: each for each in here.features}.keys()
    assert there.target is not None
    assert here.target is not None
    assert there.target.classes == here.target.classes
    assert there.model is not None
    assert here.model is not None
    assert there.model.rows == here.model.rows
    assert there.model.score.normalised == pytest.approx(here.model.score.normalised, abs=0.1)
