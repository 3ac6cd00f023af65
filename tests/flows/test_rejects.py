"""Rejects: what a run writes beside its output of the rows in which a step failed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from connectors.core.connector import DestinationError
from dataprep_app.cli import main
from flows import edits
from flows.document import Destination, Flow
from flows.engines.base import Cancelled, Control
from flows.files import save
from flows.result import RunResult
from transforms.core.errors import StepError

Run = Callable[..., RunResult]
ADDED = ["dataprep_step", "dataprep_column", "dataprep_reason"]


@pytest.fixture
def strict(flow: Flow) -> Flow:
    """The flow, stopping at text that is no number."""
    return edits.change_step(flow, "typed", params={**flow.steps["typed"].params, "on_error": "fail"})


def names(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


def test_rejected_rows_are_as_the_step_took_them_with_the_reason(flow: Flow, folder: Path, run_flow: Run) -> None:
    result = run_flow(flow, rejects=True)
    (rejects,) = result.rejects
    assert (rejects.step, rejects.rows) == ("typed", 10)
    assert rejects.target == str(folder / "out.rejects" / "typed.parquet")
    found = pl.read_parquet(rejects.target)
    source = pl.read_csv(folder / "people.csv").filter(pl.col("score") == "n/a")
    assert_frame_equal(found.drop(ADDED), source)
    assert found.columns[-3:] == ADDED
    assert found.select(ADDED).unique().rows() == [("typed", "score", result.steps[0].failures[0].what)]
    assert pl.read_parquet(folder / "out.parquet").height == 200


def test_nothing_is_written_of_steps_that_did_not_fail_or_when_it_is_not_asked(
    flow: Flow, folder: Path, run_flow: Run
) -> None:
    before = names(folder)
    assert run_flow(flow).rejects == ()
    assert names(folder) == sorted([*before, "out.parquet"])
    run_flow(edits.change_step(flow, "typed", disabled=True), rejects=True)
    assert names(folder) == sorted([*before, "out.parquet"])


def test_a_row_that_failed_twice_is_found_under_both_reasons(flow: Flow, folder: Path, run_flow: Run) -> None:
    params = {"columns": ["city", "score"], "type": "number"}
    result = run_flow(edits.change_step(edits.remove(flow, "encoded"), "typed", params=params), rejects=True)
    found = pl.read_parquet(result.rejects[0].target)
    counted = {each.column: each.rows for each in result.steps[0].failures}
    assert counted == {"city": 200, "score": 10}
    assert dict(found.group_by("dataprep_column").len().rows()) == counted
    assert result.rejects[0].rows == found.height == 210
    assert found.filter(pl.col("id") == 20)["dataprep_column"].to_list() == ["city", "score"]
    assert found["id"].is_sorted(), "the rows are in the order of the table"


def test_columns_of_the_same_names_are_kept(flow: Flow, folder: Path, run_flow: Run) -> None:
    renamed = edits.insert_step(flow, "named", "rename_columns", "people", {"mapping": {"city": "dataprep_step"}})
    renamed = edits.remove(renamed, "encoded")
    found = pl.read_parquet(run_flow(renamed, rejects=True).rejects[0].target)
    assert found.columns == ["id", "age", "dataprep_step", "score", "dataprep_step_2", *ADDED[1:]]
    assert set(found["dataprep_step"]) <= {"Oslo", "Rome", "Bonn"}
    assert set(found["dataprep_step_2"]) == {"typed"}


def test_the_rows_that_stop_a_run_are_written_and_nothing_else(strict: Flow, folder: Path, run_flow: Run) -> None:
    before = names(folder)
    with pytest.raises(StepError, match=r"'n/a' \(10 rows\). Nothing was written but these rows: .*typed\.parquet\.$"):
        run_flow(strict, rejects=True)
    assert names(folder) == sorted([*before, "out.rejects/_rejects.json", "out.rejects/typed.parquet"])
    assert pl.read_parquet(folder / "out.rejects" / "typed.parquet").height == 10
    assert json.loads((folder / "out.rejects" / "_rejects.json").read_text())["stopped"] is True


def test_only_the_rows_of_the_step_that_stops_a_run_are_written(flow: Flow, folder: Path, run_flow: Run) -> None:
    rule = {"columns": ["id"], "max": 100, "on_fail": "stop"}
    with pytest.raises(StepError, match=r'Step "few": values of column .id. .*few\.parquet'):
        run_flow(edits.insert_step(flow, "few", "assert_range", "filled", rule), rejects=True)
    assert names(folder / "out.rejects") == ["_rejects.json", "few.parquet"]


def test_rejects_of_an_earlier_run_do_not_stay_beside_another_output(flow: Flow, folder: Path, run_flow: Run) -> None:
    other = edits.insert_step(flow, "few", "assert_range", "filled", {"columns": ["id"], "max": 100, "on_fail": "warn"})
    run_flow(other, rejects=True)
    assert names(folder / "out.rejects") == ["_rejects.json", "few.parquet", "typed.parquet"]
    run_flow(flow, rejects=True)
    assert names(folder / "out.rejects") == ["_rejects.json", "typed.parquet"]
    run_flow(flow)
    assert not (folder / "out.rejects").exists()


def test_rejects_beside_another_destination_go_when_it_is_written_anew(flow: Flow, folder: Path, run_flow: Run) -> None:
    raw = Destination(input="typed", connector="csv", params={"path": "raw.csv"})
    both = edits.add_destination(flow, "raw", raw)
    run_flow(both, rejects=True, only=("raw",))
    assert (folder / "raw.rejects" / "typed.parquet").exists()
    run_flow(both, rejects=True)
    assert (folder / "out.rejects").exists()
    assert not (folder / "raw.rejects").exists()


def test_a_run_that_fails_leaves_earlier_rejects_alone(flow: Flow, strict: Flow, folder: Path, run_flow: Run) -> None:
    run_flow(flow, rejects=True)
    before = {name: (folder / name).read_bytes() for name in names(folder)}
    with pytest.raises(StepError):
        run_flow(strict)
    control = Control()
    with pytest.raises(Cancelled):
        run_flow(
            flow, rejects=True, control=control, on_event=lambda e: control.cancel() if e.kind == "write" else None
        )
    assert {name: (folder / name).read_bytes() for name in names(folder)} == before


def test_files_that_no_run_wrote_are_never_removed(flow: Flow, folder: Path, run_flow: Run) -> None:
    run_flow(flow, rejects=True)
    mine = folder / "out.rejects" / "mended.csv"
    mine.write_text("mine")
    (folder / "out.parquet").write_text("the old one")
    with pytest.raises(DestinationError, match=r"it holds 'mended.csv', which no run wrote. Move it away"):
        run_flow(flow, rejects=True)
    assert (folder / "out.parquet").read_text() == "the old one"
    run_flow(flow)
    assert names(folder / "out.rejects") == ["mended.csv"]


def test_a_list_of_contents_names_nothing_outside_its_folder(flow: Flow, folder: Path, run_flow: Run) -> None:
    (folder / "out.rejects").mkdir()
    contents = {"files": [{"file": "../people.csv"}, {"file": ".."}, {"file": str(folder / "people.csv")}]}
    (folder / "out.rejects" / "_rejects.json").write_text(json.dumps(contents))
    run_flow(flow)
    assert (folder / "people.csv").exists()
    assert not (folder / "out.rejects").exists()


def test_rejects_lie_beside_a_database_or_a_workbook(flow: Flow, folder: Path, run_flow: Run) -> None:
    for connector, params in (("sqlite", {"path": "db/all.db", "table": "people"}), ("excel", {"path": "book.xlsx"})):
        made = edits.add_destination(
            edits.remove(flow, "out"),
            "there",
            Destination(input="encoded", connector=connector, params=params),
        )
        result = run_flow(made, rejects=True)
        assert result.rejects[0].target == str((folder / params["path"]).with_suffix(".rejects") / "typed.parquet")
        assert pl.read_parquet(result.rejects[0].target).height == 10


def test_the_command_says_where_they_are(flow: Flow, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(flow, folder / "people.flow.json")
    assert main(["run", str(folder / "people.flow.json"), "--rejects"]) == 0
    assert f"10 rows  rejected by typed, in {folder}/out.rejects/typed.parquet" in capsys.readouterr().out
    assert main(["run", str(folder / "people.flow.json"), "--rejects", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rejects"][0]["rows"] == 10
