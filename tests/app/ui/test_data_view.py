from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dataprep_app.profile import profiles
from dataprep_app.sample import write_sample
from dataprep_app.ui.components.data_grid import HASH_BYTES, GridColumn, brief, pack, shown
from dataprep_app.ui.parts.column_panel import MENUS, facts, form_of, suggestions, table_facts
from dataprep_app.ui.parts.data_rows import Kept, Rows, packed_rows, sample_said, summary, unchanged
from dataprep_app.ui.parts.differences import Differences, changed_rows, compare, origin_of, same_places
from dataprep_app.ui.parts.pending import Pending
from dataprep_app.ui.session import WORKSPACE
from flows import edits
from flows.cache import PreviewCache
from flows.document import Flow, Source
from flows.files import load
from flows.preview import preview
from flows.sampling import Sampling
from transforms.catalog import catalog

PEOPLE = pl.DataFrame(
    {
        "age": [30.0, None, 50.0, 20.0],
        "city": ["Oslo", "Rome", None, "Oslo"],
        "born": [date(1990, 1, 1), date(1980, 5, 5), None, date(2000, 2, 2)],
        "member": [True, None, False, True],
    }
)


@pytest.fixture
def flow(tmp_path: Path) -> Flow:
    PEOPLE.write_parquet(tmp_path / "people.parquet")
    return edits.add_source(Flow(), "people", Source(connector="parquet", params={"path": "people.parquet"}))


def tried(flow: Flow, folder: Path, transform: str, params: dict[str, Any]) -> tuple[Differences, pl.DataFrame]:
    """What a step behind the source would change."""
    cache = PreviewCache()

    def look(version: Flow, reference: str) -> pl.DataFrame:
        return preview(version, folder, reference, cache).table

    planned = edits.insert_step(flow, "trial", transform, "people", params)
    before, after = look(flow, "people"), look(planned, "trial")
    return compare(before, after, origin_of(flow, "people", planned, "trial", look, before, after)), after


def opened(packed: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(packed[2 * HASH_BYTES :])
    return found


def test_filling_is_told_cell_by_cell(flow: Flow, tmp_path: Path) -> None:
    found, _ = tried(flow, tmp_path, "impute_median", {"columns": ["age"]})
    assert found.changed == {"age": 1}
    assert found.sentence() == "1 cell changed"


def test_a_filter_matches_the_rows_that_stay(flow: Flow, tmp_path: Path) -> None:
    found, _ = tried(flow, tmp_path, "filter_rows", {"condition": {"column": "age", "op": "at_least", "value": 30}})
    assert found.origin is not None
    assert found.origin.to_list() == [0, 2]
    assert (found.changed, found.sentence()) == ({}, "2 rows fewer")


def test_a_sort_moves_rows_and_changes_no_cell(flow: Flow, tmp_path: Path) -> None:
    found, _ = tried(flow, tmp_path, "sort_rows", {"by": [{"column": "age"}]})
    assert found.origin is not None
    assert found.origin.to_list() == [3, 0, 2, 1]
    assert found.sentence() == "rows in another order"


def test_new_and_removed_columns_are_counted(flow: Flow, tmp_path: Path) -> None:
    found, _ = tried(flow, tmp_path, "one_hot_encode", {"columns": ["city"]})
    assert found.sentence() == "2 new columns, 1 column removed"


def test_another_type_is_told_and_equal_values_are_not_changes(flow: Flow, tmp_path: Path) -> None:
    found, _ = tried(flow, tmp_path, "change_type", {"columns": ["age"], "type": "integer"})
    assert found.retyped == {"age": ("number", "integer")}
    assert found.sentence() == "1 column changed type"


def test_a_group_has_counts_only_and_says_so(flow: Flow, tmp_path: Path) -> None:
    found, _ = tried(flow, tmp_path, "value_counts", {"columns": ["city"]})
    assert not found.matched
    assert "rows cannot be matched" in found.sentence()


def test_a_step_that_works_otherwise_with_a_row_number_is_not_matched_by_it(tmp_path: Path) -> None:
    pl.DataFrame({"x": [1, 1, 2]}).write_parquet(tmp_path / "people.parquet")
    flow = edits.add_source(Flow(), "people", Source(connector="parquet", params={"path": "people.parquet"}))
    found, after = tried(flow, tmp_path, "drop_duplicates", {})
    assert after.height == 2
    assert not found.matched, "with a number no two rows are the same"
    assert found.sentence().startswith("1 row fewer")


def test_an_edited_step_is_compared_with_its_rows_before(flow: Flow, tmp_path: Path) -> None:
    cache = PreviewCache()

    def look(version: Flow, reference: str) -> pl.DataFrame:
        return preview(version, tmp_path, reference, cache).table

    def filtered(value: int) -> Flow:
        condition = {"column": "age", "op": "at_least", "value": value}
        return edits.add_step(flow, "some", "filter_rows", ["people"], {"condition": condition})

    now, planned = filtered(30), filtered(20)
    before, after = look(now, "some"), look(planned, "some")
    origin = origin_of(now, "some", planned, "some", look, before, after)
    assert origin is not None
    assert origin.to_list() == [0, 1, None]


def test_nan_and_missing_differ_and_equal_nans_do_not() -> None:
    before = pl.DataFrame({"x": [float("nan"), None, float("nan")]})
    after = pl.DataFrame({"x": [float("nan"), None, None]})
    assert compare(before, after, same_places(3)).changed == {"x": 1}


def test_rows_that_change_are_found_with_those_that_are_new() -> None:
    before, after = pl.DataFrame({"x": [1, 2]}), pl.DataFrame({"x": [2, 9, 1]})
    found = compare(before, after, pl.Series([1, None, 0], dtype=pl.Int64))
    assert (found.changed, found.moved) == ({}, True)
    assert changed_rows(found, before, after).to_list() == [1]


def test_profiles_are_taken_over_only_where_nothing_changed() -> None:
    before = pl.DataFrame({"x": [1, 2], "y": [1, None], "y_error": ["a", "b"]})
    after = before.with_columns(x=pl.lit(0), y_error=pl.lit(None, dtype=pl.String))
    known = unchanged(compare(before, after, same_places(2)), profiles(before))
    assert set(known) == set(), "what is invalid in y is counted by y_error"
    assert unchanged(compare(before, before.head(1), None), profiles(before)) == {}


def test_the_grid_marks_what_differs_and_keeps_the_old_values(flow: Flow, tmp_path: Path) -> None:
    found, after = tried(flow, tmp_path, "impute_median", {"columns": ["age"]})
    after = after.drop("born").with_columns(older=pl.col("age") + 1)
    found = compare(PEOPLE, after, found.origin)
    data = opened(packed_rows(Rows(after, profiles(after), PEOPLE, profiles(PEOPLE), found), None, 0, MENUS))
    columns = [(each["name"], each["mark"]) for each in data["columns"]]
    assert columns == [("age", "changed"), ("city", None), ("born", "removed"), ("member", None), ("older", "new")]
    assert data["old"] == {"0": {"1": None}}
    assert data["cells"][2] == ["1990-01-01", "1980-05-05", None, "2000-02-02"]
    menus = {each["name"]: each["menu"] for each in data["columns"]}
    assert menus["age"] == "number"
    assert (menus["born"], menus["older"]) == (None, None), "nothing can be done with a column that is not there"


def test_a_page_says_which_rows_it_has() -> None:
    table = pl.DataFrame({"x": range(2_500)})
    data = opened(packed_rows(Rows(table, profiles(table)), None, 2_000, MENUS))
    assert (data["numbers"][0], data["numbers"][-1], data["cells"][0][0]) == (2_001, 2_500, 2_000)
    assert (data["status"], data["total"]) == ("Rows 2,001 to 2,500 of 2,500", 2_500)
    only = opened(packed_rows(Rows(table, profiles(table)), pl.Series([4, 9]), 0, MENUS))
    assert (only["numbers"], only["status"]) == ([5, 10], "2 rows that change")


def test_what_the_grid_shows_is_exact_where_it_can_be() -> None:
    assert shown(pl.Series([2**53 + 1, 5, None])) == [str(2**53 + 1), 5, None]
    assert shown(pl.Series([1 / 3, float("nan"), float("inf"), None])) == [0.3333333, "NaN", "∞", None]
    assert shown(pl.Series(["", "<b>", None, "x" * 300])) == ["", "<b>", None, "x" * 200 + "…"]
    assert shown(pl.Series([datetime(2020, 1, 2, 3, 4, 5)])) == ["2020-01-02 03:04:05"]
    assert shown(pl.Series([[1, 2], None])) == ["[1, 2]", None]


def test_the_hash_goes_with_the_content() -> None:
    def packed(values: list[int]) -> bytes:
        table = pl.DataFrame({"x": values})
        columns = [GridColumn(table["x"], profiles(table)["x"])]
        return pack(columns, numbers=range(1, len(values) + 1), total=len(values), status="", menus={})

    assert packed([1, 2]) == packed([1, 2])
    assert packed([1, 2])[: 2 * HASH_BYTES] != packed([1, 3])[: 2 * HASH_BYTES]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, ""),
        (153_234.4, "153,234"),
        (0.07213, "0.07213"),
        (1e15, "1e+15"),
        (0, "0"),
        ("2014-01-02 03:00", "2014-01-02"),
    ],
)
def test_the_ends_of_a_range_are_short(value: Any, said: str) -> None:
    assert brief(value) == said


@pytest.mark.parametrize("name", PEOPLE.columns)
def test_every_action_of_a_column_opens_a_step_that_fits_it(name: str) -> None:
    profile = profiles(PEOPLE)[name]
    for item in MENUS[profile.kind]:
        if item == "-":
            continue
        transform, initial = form_of(profile, item["id"])
        kind = catalog()[transform]
        assert set(initial) <= set(kind.model_fields), transform
        needed = {each for each, field in kind.model_fields.items() if field.is_required()}
        if needed <= set(initial):
            kind.model_validate(dict(initial)).bind(PEOPLE.schema)


def test_suggestions_fit_what_the_column_holds() -> None:
    rows = 100
    table = pl.DataFrame(
        {
            "half": [None] * 60 + list(range(40)),
            "same": ["x"] * rows,
            "id": [f"row {each}" for each in range(rows)],
            "far": [*range(99), 10_000],
            "group": ["a", "b"] * 50,
            "when": [date(2020, 1, 1)] * 99 + [date(2021, 1, 1)],
        }
    )
    found = {name: [each.transform for each in suggestions(each)] for name, each in profiles(table).items()}
    assert found["half"][:2] == ["drop_columns", "impute_median"]
    assert found["same"] == ["drop_columns"]
    assert found["id"] == ["drop_columns"]
    assert found["far"] == ["outlier_iqr", "scale_standard"]
    assert found["group"] == ["one_hot_encode"]
    assert found["when"] == ["extract_date_parts"]
    for each in (one for profile in profiles(table).values() for one in suggestions(profile)):
        catalog()[each.transform].model_validate(dict(each.initial)).bind(table.schema)


def test_facts_leave_out_what_there_is_not() -> None:
    names = [name for name, _ in facts(profiles(PEOPLE)["city"])]
    assert names == ["Type", "Rows", "Missing", "Distinct"]
    assert ("Median", "30") in facts(profiles(PEOPLE)["age"])


def test_facts_of_a_table_count_its_columns_by_what_they_hold() -> None:
    found = profiles(pl.DataFrame({"a": [1, None], "b": ["x", "y"], "c": [1.5, 2.5]}))
    assert dict(table_facts(found.values())) == {
        "Rows": "2", "Columns": "3", "Numbers": "2", "Texts": "1",
        "Missing values": "1 (16.7%)", "Complete columns": "2",
    }  # fmt: skip
    assert dict(table_facts([]))["Rows"] == "0"


def test_the_sample_is_said_as_it_is() -> None:
    first = Sampling(rows=20_000)
    assert sample_said(first, {"a": 20_000, "b": 10}) == "on a sample of the first 20,000 rows of each dataset"
    assert sample_said(first, {"a": 19_999}) == "all rows of the dataset"
    assert sample_said(Sampling(rows=500, method="random"), {"a": 500}) == "on a sample of 500 random rows"
    assert summary(PEOPLE) == "4 rows · 4 columns"


def test_what_was_computed_of_a_table_is_not_given_for_another() -> None:
    kept = Kept()
    first, second = pl.DataFrame({"x": [1]}), pl.DataFrame({"x": [1]})
    assert kept.get((first,), ("p",), lambda: 1) == 1
    assert kept.get((first,), ("p",), lambda: 2) == 1
    assert kept.get((second,), ("p",), lambda: 3) == 3


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    write_sample(tmp_path, rows=300)
    monkeypatch.setenv(WORKSPACE, str(tmp_path))
    return AppTest.from_function(_page, default_timeout=60)


def _page() -> None:
    from dataprep_app.ui.parts.data_view import draw

    draw("loan_default")


def _grid_of(page: AppTest) -> dict[str, Any]:
    (grid,) = page.get("bidi_component")
    return opened(grid.proto.bytes)


def _event(page: AppTest, *events: dict[str, Any]) -> None:
    numbered = [{"seq": seq, **each} for seq, each in enumerate(events, 1)]
    page.session_state["grid:loan_default"] = {"outbox": {"sid": "test", "events": numbered}}


def test_the_view_shows_the_end_of_the_flow_and_another_output_on_choice(page: AppTest) -> None:
    page.run()
    assert not page.exception
    page.selectbox(key="data_reference:loan_default").set_value("loans_1").run()
    names = [each["name"] for each in _grid_of(page)["columns"]]
    assert names[:2] == ["id", "loan_status"]
    assert page.session_state["reference:loan_default"] == "loans_1"


def test_a_column_that_is_chosen_is_described(page: AppTest) -> None:
    page.session_state["reference:loan_default"] = "loans_1"
    page.run()
    _event(page, {"type": "select", "column": "interest_rate"})
    page.run()
    assert not page.exception
    assert page.session_state["column:loan_default"] == "interest_rate"
    assert any(each.value == "interest_rate" for each in page.text)


def test_an_action_of_a_column_opens_its_form_once(page: AppTest) -> None:
    page.session_state["reference:loan_default"] = "loans_1"
    page.run()
    _event(page, {"type": "act", "column": "loan_amount", "action": "scale"})
    page.run()
    form = page.session_state["form:loan_default"]
    assert (form.transform, form.initial) == ("scale_standard", {"columns": ["loan_amount"]})
    del page.session_state["form:loan_default"]
    page.run()
    assert "form:loan_default" not in page.session_state, "an event that was handled is not handled again"


def test_an_action_on_a_column_that_is_gone_does_nothing(page: AppTest) -> None:
    page.session_state["reference:loan_default"] = "loans_1"
    page.run()
    _event(page, {"type": "act", "column": "no such column", "action": "scale"})
    page.run()
    assert not page.exception
    assert "form:loan_default" not in page.session_state


def _try(page: AppTest, folder: Path, transform: str, params: dict[str, Any]) -> None:
    flow = load(folder / "loan_default.flow.json")
    planned = edits.insert_step(flow, "trial", transform, "loans_1", params)
    page.session_state["reference:loan_default"] = "loans_1"
    page.session_state["pending:loan_default"] = Pending(planned, "trial", "loans_1", "Add", "add", flow)
    page.run()


def test_a_step_that_is_tried_is_shown_with_what_it_changes_and_added(page: AppTest, tmp_path: Path) -> None:
    _try(page, tmp_path, "drop_columns", {"columns": ["dti"]})
    assert any(each.value == "Preview: 1 column removed" for each in page.text)
    marks = {each["name"]: each["mark"] for each in _grid_of(page)["columns"]}
    assert (marks["dti"], marks["purpose"]) == ("removed", None)
    page.button(key="keep:loan_default").click().run()
    assert not page.exception
    assert load(tmp_path / "loan_default.flow.json").steps["trial"].params["columns"] == ["dti"]


def test_a_step_that_fails_is_said_above_the_rows_before_it(page: AppTest, tmp_path: Path) -> None:
    _try(page, tmp_path, "drop_columns", {"columns": ["no such column"]})
    assert not page.exception
    assert any("no such column" in each.value for each in page.error)
    assert {each["mark"] for each in _grid_of(page)["columns"]} == {None}
    page.button(key="discard:loan_default").click().run()
    assert not page.error


def test_a_source_that_is_gone_is_said_in_place_of_the_rows(page: AppTest, tmp_path: Path) -> None:
    (tmp_path / "data" / "loans-part-1.csv").unlink()
    page.session_state["reference:loan_default"] = "loans_1"
    page.run()
    assert not page.exception
    assert any("loans-part-1.csv" in each.value for each in page.error)
    assert not page.get("bidi_component")


def test_columns_are_listed_with_their_profile(page: AppTest) -> None:
    page.session_state["reference:loan_default"] = "loans_2"
    page.session_state["data_looks:loan_default"] = "Columns"
    page.run()
    assert not page.exception
    table = page.dataframe[0].value
    assert list(table["Column"])[:2] == ["id", "employment_length"]
