"""Every source and destination in a run of a flow."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from connectors.catalog import destinations
from connectors.core.connector import Context, DestinationError
from flows import edits
from flows.document import Destination, Flow, Source
from flows.engines.start import start_engine
from flows.result import RunResult
from flows.run import Options, run
from flows.steps import InvalidFlowError

PARAMS: dict[str, dict[str, Any]] = {
    "sqlite": {"path": "d.db", "table": "t"},
    "duckdb": {"path": "d.db", "table": "t"},
    "postgresql": {"table": "t"},
}
ROWS = pl.DataFrame({"id": [1, 2, 3], "city": ["Oslo", None, "Rome"], "score": [1.5, None, 3.0]})


def moved(source: str, destination: str, context: Context, **params: Any) -> RunResult:
    """Run a flow that reads one table, drops rows without a city and writes another."""
    connection = {"connection": "warehouse"}
    into = {**PARAMS.get(source, {"path": f"in.{source}"})}
    out = {**PARAMS.get(destination, {"path": f"out.{destination}"}), **params}
    flow = edits.add_source(Flow(name="Move"), "given", Source(connector=source, params=into, **connection))
    flow = edits.add_step(flow, "complete", "drop_missing_rows", ["given"], {"columns": ["city"]})
    made = Destination(input="complete", connector=destination, params=out, **connection)
    flow = edits.add_destination(flow, "made", made)
    return run(flow, context.folder, lambda sources, control: start_engine("polars", sources, control), Options())


@pytest.mark.parametrize("id", sorted(destinations()))
def test_flow_writes_and_reads_it(id: str, context: Context, request: pytest.FixtureRequest) -> None:
    if id == "postgresql":
        request.getfixturevalue("sql")
    ROWS.write_csv(context.folder / "in.csv")
    first = moved("csv", id, context)
    assert (first.written[0].rows, first.sources) == (2, {"given": 3})
    if id not in PARAMS:
        (context.folder / f"out.{id}").rename(context.folder / f"in.{id}")
    second = moved(id, "parquet", context)
    assert second.written[0].rows == 2
    expected = ROWS.drop_nulls("city")
    assert_frame_equal(pl.read_parquet(context.folder / "out.parquet"), expected)
    assert [each.name for each in context.folder.iterdir() if "partial" in each.name] == []


def test_target_that_is_there_is_refused_before_anything_is_computed(context: Context) -> None:
    ROWS.write_csv(context.folder / "in.csv")
    moved("csv", "sqlite", context)
    (context.folder / "in.csv").write_text("id,city,score\n1,Oslo,x\n" + "2,Rome,1.5\n" * 3)
    with pytest.raises(DestinationError, match="already"):
        moved("csv", "sqlite", context)


def test_step_that_fails_leaves_the_old_table(context: Context) -> None:
    ROWS.write_csv(context.folder / "in.csv")
    moved("csv", "sqlite", context)
    before = (context.folder / "d.db").read_bytes()
    (context.folder / "in.csv").write_text("id,score\n1,2\n")
    with pytest.raises(InvalidFlowError, match="city"):
        moved("csv", "sqlite", context, mode="replace")
    assert (context.folder / "d.db").read_bytes() == before
