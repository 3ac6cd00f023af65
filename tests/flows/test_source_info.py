"""Facts about a source as columns."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from flows import edits
from flows.cache import PreviewCache
from flows.document import Destination, Flow, Source
from flows.preview import preview
from flows.problems import check
from flows.recipe_edits import group
from flows.result import RunResult
from flows.steps import InvalidFlowError

Run = Callable[..., RunResult]
ALL = ["file_name", "file_path", "row_in_file", "modified_at", "dataset_name"]


@pytest.fixture
def sales(folder: Path) -> Flow:
    """Two files of sales, read as one table, and a step that says where its rows come from."""
    (folder / "sales").mkdir()
    (folder / "sales" / "june.csv").write_text("shop,sold\nOslo,3\nBonn,n/a\n")
    (folder / "sales" / "may.csv").write_text("shop,sold\nRome,5\n")
    os.utime(folder / "sales" / "may.csv", (1_700_000_000, 1_700_000_000))
    flow = edits.add_source(Flow(), "sales", Source(connector="csv", params={"path": "sales"}))
    flow = edits.add_step(flow, "told", "add_source_info", ["sales"], {"fields": ALL})
    out = Destination(input="told", connector="parquet", params={"path": "told.parquet"})
    return edits.add_destination(flow, "out", out)


def test_rows_know_their_file_and_their_place_in_it(sales: Flow, folder: Path, run_flow: Run) -> None:
    run_flow(sales)
    rows = pl.read_parquet(folder / "told.parquet").sort("file_name", "row_in_file")
    assert rows.select("shop", "file_name", "row_in_file", "dataset_name").rows() == [
        ("Oslo", "june.csv", 1, "sales"),
        ("Bonn", "june.csv", 2, "sales"),
        ("Rome", "may.csv", 1, "sales"),
    ]
    assert rows["file_path"][2] == str(folder / "sales" / "may.csv")
    assert rows["modified_at"][2] == datetime(2023, 11, 14, 22, 13, 20)
    assert rows["sold"].to_list() == ["3", "n/a", "5"], "the types of the whole table, whichever file a row is in"


def test_a_preview_knows_too(sales: Flow, folder: Path) -> None:
    found = preview(sales, folder, "told", PreviewCache()).table
    assert found["file_name"].to_list() == ["june.csv", "june.csv", "may.csv"]
    assert check(sales, folder).prediction.schemas["told"] == found.schema


def test_it_works_inside_a_recipe(sales: Flow, folder: Path) -> None:
    grouped = group(sales, ["told"], "origin", "Origin")
    assert preview(grouped, folder, "origin", PreviewCache()).table["row_in_file"].to_list() == [1, 2, 1]


def test_a_table_without_files_has_none(sales: Flow, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "one.db")) as database, database:
        database.execute("create table t (a integer)")
        database.execute("insert into t values (1)")
    source = Source(connector="sqlite", params={"path": "one.db", "table": "t"})
    flow = sales.model_copy(update={"sources": {"sales": source}})
    assert preview(flow, folder, "told", PreviewCache()).table.row(0) == (1, None, None, None, None, "sales")


def test_it_stands_directly_behind_an_import(sales: Flow, folder: Path, run_flow: Run) -> None:
    moved = edits.insert_step(sales, "sorted", "sort_rows", "sales", {"by": [{"column": "shop"}]})
    (problem,) = check(moved, folder).problems
    assert (problem.step, problem.advice) == ("told", "Move this step directly behind one.")
    with pytest.raises(InvalidFlowError, match="do not come straight from an import"):
        run_flow(moved)


def test_a_name_that_is_taken_asks_for_a_prefix(sales: Flow, folder: Path) -> None:
    for name in ("june", "may"):
        (folder / "sales" / f"{name}.csv").write_text("shop,file_name\nOslo,x\n")
    (problem,) = check(sales, folder).problems
    assert (problem.step, "Give the new ones a prefix" in problem.found) == ("told", True)
    prefixed = edits.change_step(sales, "told", params={"fields": ["file_name"], "prefix": "source_"})
    assert preview(prefixed, folder, "told", PreviewCache()).table.columns == ["shop", "file_name", "source_file_name"]
