"""Whole runs on Spark: files in, folders of files out, whole or not at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from connectors.core.connector import Context
from connectors.csv import CsvDestination
from connectors.parquet import ParquetDestination, ParquetSource
from flows import edits
from flows.document import Destination, Flow, Source
from flows.engines.base import Cancelled, Control, Write
from flows.engines.start import start_engine
from flows.result import RunResult
from flows.run import Options, run
from flows.sampling import Sampling
from flows.tables import OpenSource
from tests.checks import assert_same_rows
from transforms.core.errors import StepError
from transforms.core.relations import Aggregate, Concat, Join, MapRows, Measure, Order, Sort
from transforms.core.relations import Source as Opened
from transforms.core.rowwise import AddColumns, KeepRows

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

Run = Callable[..., RunResult]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with ``people``, a folder of three CSV files of 100 rows, and ``cities.parquet``."""
    (tmp_path / "people").mkdir()
    for part in range(3):
        ids = range(part * 100, part * 100 + 100)
        people = pl.DataFrame(
            {
                "id": ids,
                "age": [None if i % 10 == 0 else 20 + i % 50 for i in ids],
                "city": [("Oslo", "Rome", "Bonn")[i % 3] for i in ids],
                "score": [f"{i}.5" if i % 20 else "n/a" for i in ids],
            }
        )
        people.write_csv(tmp_path / "people" / f"part-{part}.csv")
    cities = pl.DataFrame({"city": ["Oslo", "Rome"], "country": ["Norway", "Italy"]})
    cities.write_parquet(tmp_path / "cities.parquet")
    return tmp_path


@pytest.fixture
def flow() -> Flow:
    """People typed and filled, joined to cities, counted by country; three destinations."""
    made = edits.add_source(Flow(name="People"), "people", Source(connector="csv", params={"path": "people"}))
    made = edits.add_source(made, "cities", Source(connector="parquet", params={"path": "cities.parquet"}))
    made = edits.add_step(made, "typed", "change_type", ["people"], {"columns": ["score"], "type": "number"})
    made = edits.add_step(made, "filled", "impute_mean", ["typed"], {"columns": ["age"]})
    keys = {"left_on": ["city"], "right_on": ["city"], "how": "left"}
    made = edits.add_step(made, "placed", "join_datasets", ["filled", "cities"], keys)
    for name, input, connector in (
        ("out", "placed", "parquet"),
        ("plain", "typed", "csv"),
        ("flat", "filled", "parquet"),
    ):
        path = f"out/{name}.{connector}"
        made = edits.add_destination(made, name, Destination(input=input, connector=connector, params={"path": path}))
    return made


@pytest.fixture
def run_flow(folder: Path, spark: SparkSession) -> Run:
    """Run a flow in the folder, on Spark unless told otherwise."""

    def go(flow: Flow, engine: Any = "spark", **options: Any) -> RunResult:
        return run(flow, folder, lambda sources, on: start_engine(engine, sources, on), Options(**options))

    return go


def read(path: Path) -> pl.DataFrame:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    assert all(each.name.startswith("part-") for each in files if path.is_dir()), files
    reader = pl.read_csv if path.suffix == ".csv" else pl.read_parquet
    return pl.concat([reader(each) for each in files])


def test_a_flow_writes_and_counts_the_same_on_both_engines(flow: Flow, folder: Path, run_flow: Run) -> None:
    local = run_flow(flow, "polars")
    expected = {id: read(folder / each.params["path"]) for id, each in flow.destinations.items()}
    found = run_flow(flow)
    for id, each in flow.destinations.items():
        path = folder / each.params["path"]
        assert path.is_dir(), "Spark writes folders"
        assert_same_rows(read(path), expected[id], exact=False)
    assert [each.rows for each in found.written] == [each.rows for each in local.written] == [300, 300, 300]
    assert found.sources == local.sources == {"people": 300, "cities": 2}
    for mine, theirs in zip(found.steps, local.steps, strict=True):
        assert (mine.rows_in, mine.rows_out, mine.failures) == (theirs.rows_in, theirs.rows_out, theirs.failures)
    assert found.steps[0].failures[0].rows == 15
    assert not [each for each in (folder / "out").iterdir() if each.name.startswith(".")]


def test_files_are_read_in_pieces_and_written_in_their_order(flow: Flow, folder: Path, run_flow: Run) -> None:
    run_flow(flow, only=("flat",))
    files = sorted((folder / "out" / "flat.parquet").iterdir())
    assert len(files) > 1
    assert read(folder / "out" / "flat.parquet")["id"].to_list() == list(range(300))


def test_a_failure_that_stops_leaves_the_old_output_alone(flow: Flow, folder: Path, run_flow: Run) -> None:
    (folder / "out").mkdir()
    (folder / "out" / "out.parquet").write_text("the old one")
    params = {**flow.steps["typed"].params, "on_error": "fail"}
    told = r'Step "typed": values of column \'score\' .*\'n/a\' \(15 rows\). Nothing was written'
    with pytest.raises(StepError, match=told):
        run_flow(edits.change_step(flow, "typed", params=params))
    assert [(each.name, each.read_text()) for each in (folder / "out").iterdir()] == [("out.parquet", "the old one")]


def test_a_cancelled_run_leaves_nothing(flow: Flow, folder: Path, run_flow: Run) -> None:
    control = Control()
    with pytest.raises(Cancelled):
        run_flow(flow, control=control, on_event=lambda event: control.cancel() if event.kind == "write" else None)
    assert list((folder / "out").iterdir()) == []


def test_samples_are_the_same_rows_on_both_engines(flow: Flow, folder: Path, run_flow: Run) -> None:
    for sampling in (Sampling(rows=20), Sampling(rows=20, method="random"), Sampling(9, "stratified", "city")):
        run_flow(flow, "polars", only=("flat",), sampling=sampling)
        expected = read(folder / "out" / "flat.parquet")
        run_flow(flow, only=("flat",), sampling=sampling)
        assert_same_rows(read(folder / "out" / "flat.parquet"), expected, exact=False)


class Slow:
    """A step that takes its time."""

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        return rows.with_columns(pl.col("id").map_batches(self.wait, return_dtype=pl.Int64))

    def wait(self, values: pl.Series) -> pl.Series:
        time.sleep(20)
        return values


def test_a_run_stops_within_a_second_of_being_cancelled(spark: SparkSession, tmp_path: Path) -> None:
    from flows.engines.spark_engine import SparkEngine

    control = Control()
    engine = SparkEngine(spark, {"t": pl.DataFrame({"id": [1, 2, 3]})}, control)
    relation = MapRows(Opened("t"), Slow())
    write = Write(relation, ParquetDestination(path="x.parquet"), tmp_path / "x")
    engine.collect(Opened("t"))
    for action in (lambda: engine.collect(relation), lambda: engine.write([write], [], [])):
        object.__setattr__(control, "event", threading.Event())
        threading.Timer(1.5, control.cancel).start()
        began = time.perf_counter()
        with pytest.raises(Cancelled):
            action()
        assert time.perf_counter() - began < 1.5 + 1.0


def test_everything_that_hangs_on_one_table_is_written_and_counted_together(
    spark: SparkSession, tmp_path: Path
) -> None:
    from flows.engines.spark_engine import SparkEngine

    pl.DataFrame({"id": range(1000), "x": [i % 7 for i in range(1000)]}).write_parquet(
        tmp_path / "in.parquet", row_group_size=100
    )
    source = OpenSource(ParquetSource(path="in.parquet"), Context(tmp_path))
    table = Opened("in")
    some = MapRows(MapRows(table, AddColumns((pl.col("x") + 1,))), KeepRows(pl.col("x") > 3))
    writes = [
        Write(table, CsvDestination(path="a.csv"), tmp_path / "a"),
        Write(some, ParquetDestination(path="b.parquet"), tmp_path / "b"),
    ]
    engine = SparkEngine(spark, {"in": source})
    outcome = engine.write(writes, [table, some.table, some], [(table, pl.col("x") == 0), (some, pl.col("x") > 99)])
    expected = pl.read_parquet(tmp_path / "in.parquet").with_columns(pl.col("x") + 1).filter(pl.col("x") > 3)
    assert outcome.rows == (1000, expected.height)
    assert outcome.counts == (1000, 1000, expected.height)
    assert outcome.where == (143, 0)
    assert_frame_equal(pl.read_parquet(sorted((tmp_path / "b").iterdir())), expected)
    assert pl.read_csv(sorted((tmp_path / "a").iterdir())).height == 1000


def test_sorted_rows_are_written_in_order_and_no_rows_as_one_file(spark: SparkSession, tmp_path: Path) -> None:
    from flows.engines.spark_engine import SparkEngine

    rows = pl.DataFrame({"id": [(i * 37) % 1000 for i in range(1000)]})
    engine = SparkEngine(spark, {"t": rows, "none": rows.clear()})
    ordered = Sort(Opened("t"), (Order("id", descending=True),))
    nothing = MapRows(ordered, KeepRows(pl.col("id") < 0))
    destination = ParquetDestination(path="x.parquet")
    wanted = {"all": ordered, "some": nothing, "none": Opened("none")}
    writes = [Write(each, destination, tmp_path / name) for name, each in wanted.items()]
    assert engine.write(writes, [], []).rows == (1000, 0, 0)
    assert pl.read_parquet(sorted((tmp_path / "all").iterdir()))["id"].to_list() == list(range(999, -1, -1))
    for name in ("some", "none"):
        (file,) = (tmp_path / name).iterdir()
        assert_frame_equal(pl.read_parquet(file), rows.clear())


def test_tables_that_several_passes_need_are_kept_and_let_go(spark: SparkSession, tmp_path: Path) -> None:
    from flows.engines.spark_engine import SparkEngine

    rows = pl.DataFrame({"g": [i % 3 for i in range(30)], "n": range(30)})
    engine = SparkEngine(spark, {"t": rows})
    joined = Join(Opened("t"), Opened("t"), ("n",), ("n",))
    sums = Aggregate(joined, ("g",), (Measure("sum", "n", "n"),))
    writes = [
        Write(each, ParquetDestination(path="x.parquet"), tmp_path / str(i))
        for i, each in enumerate((joined, sums, Concat((sums, joined))))
    ]
    assert engine.write(writes, [joined], [(sums, pl.col("n") > 140)]).rows == (30, 3, 33)
    assert not engine.table(joined).is_cached
    assert pl.read_parquet(tmp_path / "1")["n"].sum() == sum(range(30))


def test_what_a_step_refuses_stops_the_writing(spark: SparkSession, tmp_path: Path) -> None:
    from flows.engines.spark_engine import SparkEngine

    rows = pl.DataFrame({"i": [2**62, 2**62]})
    total = Aggregate(Opened("t"), (), (Measure("sum", "i", "i"),))
    write = Write(total, ParquetDestination(path="x.parquet"), tmp_path / "x")
    with pytest.raises(StepError, match="too large for a whole number"):
        SparkEngine(spark, {"t": rows}).write([write], [], [])


def test_large_partitions_wait_on_disk(spark: SparkSession) -> None:
    from pyspark.sql.pandas.types import to_arrow_schema

    from flows.engines.spark_rows import spark_schema, to_batches
    from flows.engines.spark_writing import held
    from tests.spark.tables import NASTY

    arrow = to_arrow_schema(spark_schema(NASTY.schema), timezone="UTC")
    batches = [batch for i in range(0, 48, 10) for batch in to_batches(NASTY[i : i + 10], arrow)]
    for most in (0, 1 << 30):
        with held(iter(batches), NASTY.schema, most) as rows:
            assert_frame_equal(rows.collect(), NASTY)
            assert rows.select(pl.len()).collect().item() == 48
