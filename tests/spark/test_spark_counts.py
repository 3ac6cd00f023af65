"""Rows that are counted with the groups that are written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from connectors.parquet import ParquetDestination
from flows.engines.base import Write
from flows.engines.polars_engine import PolarsEngine
from transforms.core.relations import Aggregate, Join, MapRows, Measure, Relation, Source
from transforms.core.rowwise import AddColumns, KeepRows

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

ROWS = pl.DataFrame({"k": [1, 2, 3, 4, 5], "g": ["a", "b", None, "a", None], "x": [1.0, float("nan"), None, 4.0, 5.0]})
OTHERS = pl.DataFrame({"k": [1, 2, 3, 4, 9], "y": [10, 20, 30, 40, 90]})
BOTH = Join(Source("rows"), Source("others"), ("k",), ("k",))
KEPT = MapRows(BOTH, KeepRows(pl.col("y") > 10))
LONGER = MapRows(KEPT, AddColumns((pl.col("x").alias("z"),)))
GROUPS = Aggregate(LONGER, ("g",), (Measure("sum", "y", "y"),))
WRITTEN = MapRows(GROUPS, AddColumns((pl.col("y").alias("again"),)))
COUNTS: tuple[Relation, ...] = (Source("rows"), BOTH, KEPT, LONGER, GROUPS)
CONDITIONS = ((KEPT, pl.col("g").is_null()), (GROUPS, pl.col("y") > 25))


def write_to(folder: Path) -> Write:
    return Write(WRITTEN, ParquetDestination(path="out.parquet"), folder / "out")


def test_only_tables_of_as_many_rows_as_the_groups_are_made_of_are_counted_by_them(tmp_path: Path) -> None:
    from flows.engines.spark_counts import counting

    found = counting([write_to(tmp_path)], COUNTS, CONDITIONS)
    assert set(found.summed) == {COUNTS.index(KEPT), COUNTS.index(LONGER)}, "the join has rows that are filtered out"
    assert len(found.counts) == 3
    assert len(found.conditions) == len(CONDITIONS) + 1
    assert found.numbers([5, 4, 3], [2, 1, 7]) == ([5, 4, 7, 7, 3], [2, 1])


def test_counts_and_rows_are_those_of_polars(spark: SparkSession, tmp_path: Path) -> None:
    from flows.engines.spark_engine import SparkEngine

    tables = {"rows": ROWS, "others": OTHERS}
    here, there = PolarsEngine.over(tables), SparkEngine(spark, tables)
    mine = here.write([Write(WRITTEN, ParquetDestination(path="out.parquet"), tmp_path / "p")], COUNTS, CONDITIONS)
    theirs = there.write([write_to(tmp_path)], COUNTS, CONDITIONS)
    assert mine.counts == (5, 4, 3, 3, 3)
    assert theirs == mine
    written = pl.read_parquet(tmp_path / "out" / "*.parquet")
    assert written.columns == ["g", "y", "again"], "the sizes of the groups are nobody's column"
    assert sorted(written["y"]) == [20, 30, 40]


def test_groups_of_no_row_count_none(spark: SparkSession, tmp_path: Path) -> None:
    from flows.engines.spark_engine import SparkEngine

    engine = SparkEngine(spark, {"rows": ROWS.clear(), "others": OTHERS})
    total = Aggregate(KEPT, (), (Measure("sum", "y", "y"),))
    write = Write(total, ParquetDestination(path="out.parquet"), tmp_path / "out")
    assert engine.write([write], [KEPT, total], []).counts == (0, 1)
