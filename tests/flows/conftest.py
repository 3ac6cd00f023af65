"""A small flow over two files, to be run for real."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows import edits
from flows.document import Destination, Flow, Source
from flows.engines.start import start_engine
from flows.result import RunResult
from flows.run import Options, run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with ``people.csv``: 200 rows, some ages missing, some text that is no number."""
    ages = [None if i % 10 == 0 else 20 + i % 50 for i in range(200)]
    table = pl.DataFrame(
        {
            "id": range(200),
            "age": ages,
            "city": [("Oslo", "Rome", "Bonn")[i % 3] for i in range(200)],
            "score": [f"{i}.5" if i % 20 else "n/a" for i in range(200)],
        }
    )
    table.write_csv(tmp_path / "people.csv")
    return tmp_path


@pytest.fixture
def flow() -> Flow:
    """people.csv -> typed -> filled -> encoded -> out.parquet."""
    made = edits.add_source(
        Flow(name="People"),
        "people",
        Source(connector="csv", params={"path": "people.csv", "types": {"age": "integer"}}),
    )
    made = edits.add_step(made, "typed", "change_type", ["people"], {"columns": ["score"], "type": "number"})
    made = edits.add_step(made, "filled", "impute_mean", ["typed"], {"columns": ["age"]})
    made = edits.add_step(made, "encoded", "one_hot_encode", ["filled"], {"columns": ["city"]})
    out = Destination(input="encoded", connector="parquet", params={"path": "out.parquet"})
    return edits.add_destination(made, "out", out)


@pytest.fixture
def run_flow(folder: Path) -> Callable[..., RunResult]:
    """Run a flow in the folder with polars."""

    def go(flow: Flow, **options: Any) -> RunResult:
        return run(flow, folder, lambda sources, control: start_engine("polars", sources, control), Options(**options))

    return go
