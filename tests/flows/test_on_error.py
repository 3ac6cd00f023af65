"""Every setting that says what becomes of values a step cannot handle does what it says, in a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import polars as pl
import pytest

from flows import edits
from flows.document import Destination, Flow, Source
from flows.engines.start import start_engine
from flows.result import RunResult
from flows.run import Options, run
from flows.store import LearnedFolder
from tests.flows.failing import CASES, KEYS, LATER, MISSING, NOT_ABOUT_FAILURES, STOPS, TABLES, ZONES, Case, Table
from transforms.catalog import catalog
from transforms.core.errors import DataprepError


def all_cases() -> Iterator[tuple[str, Case]]:
    yield from CASES.items()
    yield from (("set_timezone", case) for case in ZONES.values())
    yield "one_hot_encode", MISSING


def choices(id: str, setting: str) -> tuple[str, ...]:
    return get_args(catalog()[id].model_fields[setting].annotation)


def flow_of(id: str, params: Mapping[str, Any], tables: int) -> Flow:
    made = Flow(name="Failing")
    for i in range(tables):
        made = edits.add_source(made, f"in{i}", Source(connector="parquet", params={"path": f"in{i}.parquet"}))
    made = edits.add_step(made, "it", id, [f"in{i}" for i in range(tables)], params)
    return edits.add_destination(
        made, "out", Destination(input="it", connector="parquet", params={"path": "out.parquet"})
    )


def run_over(folder: Path, flow: Flow, *tables: Mapping[str, list[Any]], **options: Any) -> RunResult:
    for i, table in enumerate(tables):
        pl.DataFrame(table, strict=False).write_parquet(folder / f"in{i}.parquet")
    remember = LearnedFolder(folder / "it.learned")
    return run(
        flow,
        folder,
        lambda sources, on: start_engine("polars", sources, on),
        Options(remember=remember, **options),
    )


def learn(folder: Path, flow: Flow, *tables: Mapping[str, list[Any]]) -> None:
    """A run before, after which what the step learned is taken for what it learned of any rows."""
    run_over(folder, flow, *tables)
    (folder / "out.parquet").unlink()


@pytest.mark.parametrize(
    ("id", "case", "choice"),
    [
        pytest.param(id, case, choice, id=f"{id}-{case.setting}-{choice}")
        for id, case in all_cases()
        for choice in choices(id, case.setting)
    ],
)
def test_the_choice_is_honoured(id: str, case: Case, choice: str, tmp_path: Path) -> None:
    others = [case.other] if case.other else []
    flow = flow_of(id, {**case.params, case.setting: choice}, 1 + len(others))
    if case.fit:
        learn(tmp_path, flow, case.fit, *others)
    if choice in STOPS:
        with pytest.raises(DataprepError) as caught:
            run_over(tmp_path, flow, case.rows, *others)
        text = str(caught.value)
        assert text.startswith('Step "it"'), text
        assert repr(case.column) in text, text
        assert case.shown is None or case.shown in text, text
        assert not (tmp_path / "out.parquet").exists()
        return
    (step,) = run_over(tmp_path, flow, case.rows, *others).steps
    found = [(each.column, each.rows, each.samples) for each in step.failures]
    if choice in case.answers:
        return
    assert found == [(case.column, 1, (case.shown,) if case.shown else ())]
    check_rows(pl.read_parquet(tmp_path / "out.parquet"), case, choice, dict(step.rows_out))


def check_rows(rows: pl.DataFrame, case: Case, choice: str, counts: Mapping[str, int]) -> None:
    """What has come of the last row."""
    given = len(next(iter(case.rows.values())))
    name = case.result or case.column
    if choice in ("drop", "quarantine"):
        assert rows.height == counts["table"] == given - 1
        assert counts.get("quarantined", 1) == 1
    elif choice == "null":
        of_column = [each for each in rows.columns if each == name or each.startswith(f"{name}_")]
        assert rows.height == given
        assert any(rows[each][-1] is None and rows[each][0] is not None for each in of_column), rows
    elif choice == "keep":
        kept = f"{case.column}_error" if f"{case.column}_error" in rows.columns else name
        assert rows[kept].to_list()[-1] == case.shown
    elif choice == "flag":
        valid = rows["is_valid"] if "is_valid" in rows.columns else ~rows["invalid_time"]
        assert valid.to_list() == [True, False]


@pytest.mark.parametrize(
    ("id", "table"), [pytest.param(id, table, id=f"{id}-{table.setting}") for (id, _), table in TABLES.items()]
)
def test_a_table_that_is_refused_is_told_before_anything_is_written(id: str, table: Table, tmp_path: Path) -> None:
    stop = next(each for each in choices(id, table.setting) if each in STOPS)
    flow = flow_of(id, {**table.params, table.setting: stop}, len(table.tables))
    if table.fit:
        learn(tmp_path, flow, table.fit, *table.tables[1:])
    with pytest.raises(DataprepError) as caught:
        run_over(tmp_path, flow, *table.tables)
    text = str(caught.value)
    assert text.startswith('Step "it"'), text
    assert all(each in text for each in table.words), text
    assert not (tmp_path / "out.parquet").exists()


@pytest.mark.parametrize(
    ("id", "choice"),
    [
        (id, choice)
        for id in LATER
        for choice in choices(id, "on_invalid" if id == "validate_timestamps" else "on_fail")
        if choice not in STOPS
    ],
)
def test_rows_that_break_a_rule_together_are_counted_and_rejected(id: str, choice: str, tmp_path: Path) -> None:
    params, rows, wrong = LATER[id]
    tables = [rows, KEYS] if id == "assert_foreign_key" else [rows]
    setting = "on_invalid" if id == "validate_timestamps" else "on_fail"
    result = run_over(tmp_path, flow_of(id, {**params, setting: choice}, len(tables)), *tables, rejects=True)
    failures = result.steps[0].failures
    assert sum(each.rows for each in failures) == result.rejects[0].rows == wrong
    assert {each.column for each in failures} == {"x"}
    found = pl.read_parquet(result.rejects[0].target)
    assert found.columns == [*rows, "dataprep_step", "dataprep_column", "dataprep_reason"]
    assert set(found["dataprep_reason"]) == {each.what for each in failures}


def test_every_setting_that_can_stop_a_run_is_tried() -> None:
    tried = {(id, case.setting) for id, case in all_cases()} | set(TABLES) | NOT_ABOUT_FAILURES
    there = {
        (id, name)
        for id, kind in catalog().items()
        for name, each in kind.model_fields.items()
        if get_origin(each.annotation) is Literal and (STOPS & set(get_args(each.annotation)) or name == "on_error")
    }
    assert there == tried
