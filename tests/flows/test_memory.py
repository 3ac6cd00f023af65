from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows import edits, memory
from flows.document import Destination, Flow, Source
from flows.files import save
from flows.problems import check
from tests.benchmarks.data import write_rows
from transforms.core.relations import Sort

GB = 1e9
ROWS = 50_000


@pytest.fixture
def loans(tmp_path: Path) -> Path:
    """A folder with the same rows as Parquet and as CSV."""
    rows = pl.read_parquet(write_rows(tmp_path / "rows.parquet", ROWS))
    rows.write_csv(tmp_path / "rows.csv")
    return tmp_path


def flow_over(kind: str, *steps: tuple[str, str, dict[str, Any]]) -> Flow:
    flow = edits.add_source(Flow(name="Loans"), "rows", Source(connector=kind, params={"path": f"rows.{kind}"}))
    last = "rows"
    for id, transform, params in steps:
        flow = edits.add_step(flow, id, transform, [last], params)
        last = id
    return edits.add_destination(
        flow, "out", Destination(input=last, connector="parquet", params={"path": "out.parquet"})
    )


def needed(flow: Flow, folder: Path, free: float) -> dict[str, float]:
    return {each.step: each.bytes for each in memory.needs(flow, check(flow, folder), folder, free)}


SORT: tuple[str, str, dict[str, Any]] = ("sorted", "sort_rows", {"by": [{"column": "dti"}]})
DISTINCT: tuple[str, str, dict[str, Any]] = ("once", "drop_duplicates", {"columns": {"except": []}})


def test_a_sort_needs_what_the_table_takes_in_memory_times_its_factor(loans: Path) -> None:
    taken = pl.read_parquet(loans / "rows.parquet").estimated_size()
    found = needed(flow_over("parquet", SORT), loans, free=1e6)
    assert found["sorted"] == pytest.approx(memory.HELD[Sort].factor * taken, rel=0.1)


def test_rows_of_text_are_estimated_from_a_sample(loans: Path) -> None:
    exact = needed(flow_over("parquet", SORT), loans, free=1e6)["sorted"]
    assert needed(flow_over("csv", SORT), loans, free=1e6)["sorted"] == pytest.approx(exact, rel=0.15)


def test_row_wise_steps_need_nothing(loans: Path) -> None:
    clean = ("trimmed", "trim_whitespace", {"columns": ["city"]})
    assert needed(flow_over("parquet", clean), loans, free=1e6) == {}


def test_what_follows_a_limit_needs_as_much_as_its_rows(loans: Path) -> None:
    whole = needed(flow_over("parquet", SORT), loans, free=1e6)["sorted"]
    few = ("few", "keep_first_rows", {"rows": ROWS // 10})
    assert needed(flow_over("parquet", few, SORT), loans, free=1e6)["sorted"] == pytest.approx(whole / 10)


def test_columns_that_were_dropped_before_are_not_counted(loans: Path) -> None:
    whole = needed(flow_over("parquet", SORT), loans, free=1e6)["sorted"]
    narrow = ("narrow", "select_columns", {"columns": ["id", "dti"]})
    assert needed(flow_over("parquet", narrow, SORT), loans, free=1e6)["sorted"] < whole / 5


def test_small_files_are_not_looked_into(loans: Path) -> None:
    assert needed(flow_over("csv", SORT), loans, free=100 * GB) == {}


def test_a_need_that_does_not_fit_is_said_with_what_to_do() -> None:
    sort, distinct = memory.HELD[Sort], memory.BY_ALL_COLUMNS
    said = list(
        memory.warnings(
            [memory.Need("sort_1", sort, 14 * GB), memory.Need("once", distinct, 7 * GB), memory.Need("x", sort, GB)],
            6 * GB,
        )
    )
    assert said == [
        "Sorting in 'sort_1' needs about 14.0 GB of memory, 6.0 GB are free: polars will put the rest on the disk, "
        "which takes longer. Spark would be quicker.",
        "Finding distinct rows in 'once' needs about 7.0 GB of memory, 6.0 GB are free: run it on Spark, or keep fewer "
        "rows or columns before it.",
    ]


def test_free_memory_is_some_but_not_more_than_there_is() -> None:
    assert 0 < memory.free_memory() <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_explain_and_run_say_it_on_the_command_line(loans: Path) -> None:
    save(flow_over("parquet", DISTINCT), loans / "loans.flow.json")
    little = {**os.environ, memory.TOTAL: "5"}
    expected = "warning: Finding distinct rows in 'once' needs about"
    for command in ("explain", "run"):
        called = [sys.executable, "-m", "dataprep_app.cli", command, str(loans / "loans.flow.json")]
        done = subprocess.run(called, capture_output=True, text=True, check=True, env=little)
        assert expected in done.stdout + done.stderr
        assert expected not in subprocess.run(called, capture_output=True, text=True, check=True).stderr


def test_polars_is_told_to_spill_only_when_it_has_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(memory.BUDGET, raising=False)
    sort = memory.Need("s", memory.HELD[Sort], 8 * GB)
    try:
        memory.spill_early([sort], 10 * GB)
        assert memory.BUDGET not in os.environ
        memory.spill_early([sort], 2 * GB)
        assert os.environ[memory.BUDGET] == "1400"
        memory.spill_early([sort], 1 * GB)
        assert os.environ[memory.BUDGET] == "1400", "what was set before is left alone"
    finally:
        os.environ.pop(memory.BUDGET, None)
        pl.Config.reload_env_vars()
