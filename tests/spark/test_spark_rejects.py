"""Rejects on Spark are those of polars, in folders; what fails in an executor is told as it is without one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from flows import edits
from flows.document import Destination, Flow, Source
from flows.engines.start import start_engine
from flows.result import RunResult
from flows.run import Options, run
from tests.checks import assert_same_rows
from transforms.core.errors import StepError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Run = Callable[..., RunResult]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with ``people.parquet``, in which some scores are no numbers and one city is not in ``cities``."""
    people = pl.DataFrame(
        {
            "id": range(300),
            "city": [("Oslo", "Rome", "Atlantis")[i % 3] for i in range(300)],
            "score": [f"{i}.5" if i % 20 else "n/a" for i in range(300)],
            "large": [2**62] * 300,
        }
    )
    people.write_parquet(tmp_path / "people.parquet", row_group_size=50)
    pl.DataFrame({"name": ["Oslo", "Rome"]}).write_parquet(tmp_path / "cities.parquet")
    return tmp_path


@pytest.fixture
def flow() -> Flow:
    """People, typed, and only those whose city is known."""
    made = Flow(name="People")
    for name in ("people", "cities"):
        made = edits.add_source(made, name, Source(connector="parquet", params={"path": f"{name}.parquet"}))
    made = edits.add_step(made, "typed", "change_type", ["people"], {"columns": ["score"], "type": "number"})
    known = {"columns": ["city"], "reference": ["name"], "on_fail": "drop"}
    made = edits.add_step(made, "known", "assert_foreign_key", ["typed", "cities"], known)
    out = Destination(input="known", connector="parquet", params={"path": "out.parquet"})
    return edits.add_destination(made, "out", out)


@pytest.fixture
def run_flow(folder: Path, spark: SparkSession) -> Run:
    """Run a flow in the folder, on Spark unless told otherwise."""

    def go(flow: Flow, engine: Any = "spark", **options: Any) -> RunResult:
        return run(flow, folder, lambda sources, on: start_engine(engine, sources, on), Options(**options))

    return go


def read(target: str) -> pl.DataFrame:
    path = Path(target)
    return pl.concat(map(pl.read_parquet, sorted(path.glob("part-*")))) if path.is_dir() else pl.read_parquet(path)


def test_rejects_are_those_of_polars(flow: Flow, folder: Path, run_flow: Run) -> None:
    expected = {each.step: read(each.target) for each in run_flow(flow, "polars", rejects=True).rejects}
    result = run_flow(flow, rejects=True)
    assert {each.step: each.rows for each in result.rejects} == {"typed": 15, "known": 100}
    for each in result.rejects:
        assert Path(each.target).is_dir()
        assert_same_rows(read(each.target), expected[each.step])
    assert sorted(each.name for each in (folder / "out.rejects").iterdir()) == [
        "_rejects.json",
        "known.parquet",
        "typed.parquet",
    ]


def test_the_rows_that_stop_a_run_are_written_and_nothing_else(flow: Flow, folder: Path, run_flow: Run) -> None:
    strict = edits.change_step(flow, "typed", params={**flow.steps["typed"].params, "on_error": "fail"})
    with pytest.raises(StepError, match=r"\(15 rows\). Nothing was written but these rows: .*typed\.parquet"):
        run_flow(strict, rejects=True)
    assert read(str(folder / "out.rejects" / "typed.parquet")).height == 15
    assert not (folder / "out.parquet").exists()
    assert not [each for each in folder.iterdir() if each.name.startswith(".")]


def test_an_error_in_an_executor_names_the_step_whose_rows_fail(flow: Flow, run_flow: Run) -> None:
    summed = {"by": ["city"], "aggregations": [{"column": "large", "function": "sum", "output": "sum"}]}
    made = edits.insert_step(flow, "total", "group_aggregate", "known", summed)
    made = edits.insert_step(made, "scaled", "scale_minmax", "total", {"columns": ["sum"]})
    with pytest.raises(StepError, match=r'^Step "total" \(Group and aggregate\): A sum is too large'):
        run_flow(made)
