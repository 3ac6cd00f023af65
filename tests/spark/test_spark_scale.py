"""The model of clusters that are not there: it counts tasks as the engine does, and grows with what it says."""

from __future__ import annotations

import argparse
import ast
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

import transforms
from connectors.core.connector import Context
from connectors.parquet import ParquetSource
from dataprep_app.sample import write_sample
from flows.engines import spark_reduce, spark_sources
from flows.engines.spark_partials import Scalars
from flows.engines.spark_rows import to_spark
from flows.engines.spark_statistics import measured
from flows.files import load
from flows.spark import scale, workers
from flows.spark.scale import Cluster, Load, forecast, joining, tasks_of
from flows.tables import OpenSource
from transforms.core import statistics as stat
from transforms.core.errors import DataprepError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

BIG = Load(500e9, 5_000)
DRIVER_ONLY = {"imblearn", "statsmodels", "scipy", "pandas", "xgboost", "threadpoolctl", "pydantic_core"}
"""What transforms import while they learn, which happens on the driver; and what comes with pydantic."""


def opened(folder: Path, rows: list[int]) -> OpenSource:
    """A folder of Parquet files of so many rows of 8 bytes, in row groups of 1,000."""
    (folder / "t").mkdir()
    first = 0
    for i, each in enumerate(rows):
        table = pl.DataFrame({"n": range(first, first + each)})
        table.write_parquet(folder / "t" / f"{i:03d}.parquet", row_group_size=1_000, compression="uncompressed")
        first += each
    return OpenSource(ParquetSource(path="t"), Context(folder))


def test_the_model_knows_the_constants_of_the_engine() -> None:
    assert spark_sources.BYTES_OF_A_PIECE == scale.PIECE_BYTES
    assert spark_sources.LARGE == scale.LARGE
    assert spark_reduce.GROUP == scale.GROUP
    assert spark_reduce.DRIVER_BYTES == scale.DRIVER_BYTES


@pytest.mark.parametrize(("files", "rows"), [(40, 1_000), (16, 2_500), (4, 30_000)])
def test_the_model_counts_the_pieces_that_the_engine_makes(
    files: int, rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = opened(tmp_path, [rows] * files)
    size = sum(each.stat().st_size for each in (tmp_path / "t").iterdir())
    for module, name in ((spark_sources, "BYTES_OF_A_PIECE"), (scale, "PIECE_BYTES")):
        monkeypatch.setattr(module, name, 30_000)
    pieces = spark_sources.pieces_of(source, 4)
    tasks, largest = tasks_of(Load(size, files), 4)
    assert len(pieces) == pytest.approx(tasks, rel=0.1)
    largest_rows = max(each.scan().select(pl.len()).collect().item() for each in pieces)
    assert largest_rows == pytest.approx(largest / size * files * rows, rel=0.2)


def test_large_files_among_small_ones_are_cut_and_all_rows_stay_in_order(tmp_path: Path) -> None:
    source = opened(tmp_path, [10, 100_000, 20, 30, 50_000, 5])
    pieces = spark_sources.pieces_of(source, 8)
    rows = [each.scan().collect()["n"] for each in pieces]
    assert max(map(len, rows)) <= 20_000
    assert pl.concat(rows).to_list() == list(range(150_065))


def test_a_stage_takes_a_fifth_of_the_time_on_five_times_the_executors() -> None:
    small, large = (forecast(BIG, Cluster(n)) for n in (10, 50))
    assert small.rows.seconds / large.rows.seconds == pytest.approx(5, rel=0.15)
    assert small.rows.waves == pytest.approx(5 * large.rows.waves, abs=2)


def test_ever_more_executors_wait_for_the_driver_that_hands_out_tasks() -> None:
    found = forecast(BIG, Cluster(2_000)).rows
    assert found.seconds >= found.tasks * scale.MEASURED.dispatch
    assert found.seconds > forecast(BIG, Cluster(400)).rows.seconds


def test_the_driver_grows_with_tasks_and_not_with_what_is_in_them() -> None:
    small, large = (scale.driver_bytes(Load(size, 5_000), tasks=4_000) for size in (5e9, 5e12))
    assert small == large
    assert scale.driver_bytes(BIG, tasks=16_000) > small


def test_a_frequent_key_is_the_work_of_one_task_unless_spark_splits_it() -> None:
    shares = (0.0, 0.1, 0.2)
    unsplit = [joining(Load(500e9, 5_000, each), 200, 8_000, split=False).slowest for each in shares]
    split = [joining(Load(500e9, 5_000, each), 200, 8_000, split=True).slowest for each in shares]
    assert unsplit[2] - unsplit[0] == pytest.approx(2 * (unsplit[1] - unsplit[0]))
    assert unsplit[1] > 100 * split[1]
    assert split[0] == unsplit[0]


def test_steps_that_learn_or_regroup_are_counted(tmp_path: Path) -> None:
    flow = load(write_sample(tmp_path, rows=50))
    found = scale.shape(flow)
    assert found.fits >= 1
    assert found.wide >= 1
    assert found.fits + found.wide <= len(flow.steps) + 1


def test_the_forecast_says_what_it_assumes(tmp_path: Path) -> None:
    flow = load(write_sample(tmp_path, rows=50))
    parser = argparse.ArgumentParser()
    scale.arguments(parser)
    given = parser.parse_args(["--scale", "500GB", "--files", "5000", "--largest-key", "0.1"])
    text = "\n".join(scale.asked(flow, given))
    for executors in ("10 x 4", "50 x 4", "200 x 4"):
        assert executors in text
    assert all(each in text for each in scale.ASSUMPTIONS)


@pytest.mark.parametrize(("text", "bytes"), [("500GB", 500e9), ("1.5 tb", 1.5e12), ("20MB", 20e6)])
def test_sizes_are_read(text: str, bytes: float) -> None:
    assert scale.parse_size(text) == bytes


@pytest.mark.parametrize("text", ["500", "GB", "0GB", "many", "-1GB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(DataprepError, match="such as 500GB"):
        scale.parse_size(text)


@pytest.mark.parametrize("text", ["", "0", "10,x", "10,,20"])
def test_what_is_no_number_of_executors_is_refused(text: str) -> None:
    with pytest.raises(DataprepError, match="such as 10,50,200"):
        scale.parse_clusters(text, 4)


def test_wide_partials_of_many_partitions_meet_in_executors_first() -> None:
    scalars = [Scalars((stat.Count(),), pl.Schema({"n": pl.Int64}))]
    assert spark_reduce._stages(scalars, size=4_000, partitions=4_000) == (False, False)
    assert spark_reduce._stages(scalars, size=400_000, partitions=4_000) == (True, True)
    assert spark_reduce._stages(scalars, size=40_000, partitions=4_000) == (True, False)


@pytest.mark.spark
def test_answers_are_the_same_wherever_partials_are_merged(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pl.DataFrame({"x": [i * 0.1 for i in range(1_000)], "y": [(i * 7) % 13 / 3 for i in range(1_000)]})
    frame = to_spark(spark, table).repartition(5)
    asked = [stat.Mean("x"), stat.Std("y"), stat.Correlation(("x", "y")), stat.Count()]
    feed = spark_reduce.from_frame(frame, table.schema)
    direct = measured(feed, table.schema, asked)
    monkeypatch.setattr(spark_reduce, "DRIVER_BYTES", 0)
    merged = measured(feed, table.schema, asked)
    assert merged[0] == pytest.approx(direct[0], rel=1e-12)
    assert merged[1] == pytest.approx(direct[1], rel=1e-12)
    assert merged[2][0][1] == pytest.approx(direct[2][0][1], rel=1e-12)
    assert merged[3] == direct[3] == 1_000


@pytest.mark.spark
def test_workers_of_another_version_are_refused(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    workers.check_versions(spark)
    mine = workers.versions()
    monkeypatch.setattr(workers, "versions", lambda: {**mine, "pydantic": "1.0"})
    with pytest.raises(DataprepError, match=rf"pydantic {mine['pydantic']} \(driver: 1\.0\)"):
        workers.check_versions(spark)


def test_versions_of_all_packages_that_steps_import_are_compared() -> None:
    known = packages_distributions()
    imported = set()
    for file in Path(transforms.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {each.name.partition(".")[0] for each in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.partition(".")[0])
    theirs = {name for name in imported - DRIVER_ONLY if name in known and name not in ("transforms", "dataprep_app")}
    compared = {*workers.NEEDED, *workers.SOMETIMES}
    assert {name for name in theirs if not {each.lower() for each in known[name]} & compared} == set()
