from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows import edits
from flows.document import Destination, Flow, Parameter, Source
from flows.files import FlowFileError, load, parse, save, to_json
from flows.history import History
from flows.identity import contents, definitions
from flows.parameters import ParameterError, Value, substitute, values


def loans() -> Flow:
    flow = edits.add_source(Flow(name="Loans"), "loans", Source(connector="csv", params={"path": "${month}.csv"}))
    flow = edits.set_parameter(flow, "month", Parameter(type="string", default="may"))
    flow = edits.add_step(flow, "complete", "drop_missing_rows", ["loans"], {"columns": ["grade"]})
    flow = edits.add_step(
        flow, "filled", "impute_mean", ["complete"], {"columns": {"type": "numeric", "except": ["id"]}}
    )
    return edits.add_destination(
        flow, "out", Destination(input="filled", connector="parquet", params={"path": "o.parquet"})
    )


def test_saved_flow_comes_back_the_same(tmp_path: Path) -> None:
    save(loans(), tmp_path / "a.flow.json")
    assert load(tmp_path / "a.flow.json") == loans()
    assert [each.name for each in tmp_path.iterdir()] == ["a.flow.json"], "no draft is left behind"


def test_all_params_are_written_with_their_defaults() -> None:
    assert loans().steps["complete"].params == {"columns": ["grade"], "how": "any", "min_present": None}


def test_selector_is_written_as_short_as_it_was_meant() -> None:
    assert loans().steps["filled"].params["columns"] == {"type": "numeric", "except": ["id"]}


def test_a_change_of_one_setting_is_a_change_of_one_line() -> None:
    before = to_json(loans()).splitlines()
    after = to_json(edits.change_step(loans(), "complete", params={"columns": ["grade"], "how": "all"})).splitlines()
    assert [(a, b) for a, b in zip(before, after, strict=True) if a != b] == [
        ('        "how": "any",', '        "how": "all",')
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "is not JSON: Expecting property name"),
        ("[]", "it has no 'format' number"),
        ('{"format": 99}', "reads up to 1"),
        ('{"format": 1, "steps": {"Bad Id": {"transform": "x", "inputs": []}}}', "'Bad Id' is not an id"),
        ('{"format": 1, "stops": {}}', "stops"),
    ],
)
def test_bad_flow_file_says_what_is_wrong(text: str, expected: str) -> None:
    with pytest.raises(FlowFileError, match=expected):
        parse(text, "x.flow.json")


def test_missing_flow_file_names_those_beside_it(tmp_path: Path) -> None:
    save(loans(), tmp_path / "loans.flow.json")
    with pytest.raises(FlowFileError, match=r"Flows in that folder: loans\.flow\.json"):
        load(tmp_path / "loan.flow.json")


def test_removing_a_step_wires_its_users_to_its_input() -> None:
    flow = edits.remove(loans(), "complete")
    assert flow.steps["filled"].inputs == ("loans",)
    assert edits.remove(flow, "filled").destinations["out"].input == "loans"


def test_a_source_in_use_is_not_removed() -> None:
    with pytest.raises(edits.EditError, match="used by 'complete'"):
        edits.remove(loans(), "loans")


def test_inserted_step_takes_over_the_users() -> None:
    flow = edits.insert_step(loans(), "first", "drop_missing_rows", "loans", {"columns": ["id"]})
    assert flow.steps["complete"].inputs == ("first",)
    assert flow.steps["first"].inputs == ("loans",)


def test_renaming_keeps_order_and_wiring() -> None:
    flow = edits.rename(loans(), "complete", "clean")
    assert list(flow.steps) == ["clean", "filled"]
    assert flow.steps["filled"].inputs == ("clean",)


def test_edit_with_a_taken_or_unknown_id_changes_nothing() -> None:
    with pytest.raises(edits.EditError, match="'loans_2'"):
        edits.add_source(loans(), "loans", Source(connector="csv"))
    with pytest.raises(edits.EditError, match="Did you mean 'complete'"):
        edits.add_step(loans(), "x", "drop_missing_rows", ["complet"])


def test_undo_and_redo_walk_through_the_documents() -> None:
    first, second = loans(), edits.remove(loans(), "complete")
    history = History(first).edit("remove", second)
    assert history.undo().flow == first
    assert history.undo().redo().flow == second
    assert history.edit("nothing", second) is history
    assert history.undo().edit("other", edits.rename(first, "filled", "f")).redo().flow.steps.keys() == {
        "complete",
        "f",
    }


def test_notes_and_layout_do_not_change_the_keys() -> None:
    flow = loans()
    noted = edits.place(edits.change_step(flow, "complete", note="why"), {"complete": (3, 4)})
    assert definitions(noted, {"month": "may"}) == definitions(flow, {"month": "may"})


def test_a_changed_setting_changes_the_keys_of_the_step_and_of_what_follows() -> None:
    flow, keys = loans(), definitions(loans(), {"month": "may"})
    changed = definitions(edits.change_step(flow, "complete", params={"columns": ["id"]}), {"month": "may"})
    assert {id for id in keys if keys[id] != changed[id]} == {"complete", "filled"}


def test_another_file_is_other_content_but_the_same_definition() -> None:
    flow = loans()
    assert definitions(flow, {"month": "may"}) == definitions(flow, {"month": "june"})
    assert contents(flow, {"month": "may"}, {}) != contents(flow, {"month": "june"}, {})
    assert contents(flow, {"month": "may"}, {"loans": "1"}) != contents(flow, {"month": "may"}, {"loans": "2"})
    assert contents(flow, {"month": "may"}, {}, {"rows": 5}) != contents(flow, {"month": "may"}, {})


def test_parameters_are_filled_in_however_deep() -> None:
    given: dict[str, Value] = {"year": 2021, "name": "x"}
    assert substitute({"a": ["${year}", "f-${year}-${name}.csv"], "b": "$${year}"}, given) == {
        "a": [2021, "f-2021-x.csv"],
        "b": "${year}",
    }


@pytest.mark.parametrize(
    ("parameter", "given", "expected"),
    [
        (Parameter(type="number", default=1), "two", "needs a number, found 'two'"),
        (Parameter(type="datetime", default="2020-01-01"), "soon", "needs a date or time"),
        (Parameter(type="pattern", default="x"), "(", "needs a valid pattern"),
    ],
)
def test_value_that_does_not_fit_its_parameter_is_refused(parameter: Parameter, given: str, expected: str) -> None:
    with pytest.raises(ParameterError, match=expected):
        values(Flow(parameters={"p": parameter}), {"p": given})


def test_unknown_parameter_names_the_nearest() -> None:
    with pytest.raises(ParameterError, match="Did you mean 'month'"):
        values(loans(), {"mnth": "june"})
    with pytest.raises(ParameterError, match="no parameter 'year'"):
        substitute("${year}", {})


def test_flow_without_parameters_takes_numbers_as_they_are() -> None:
    flow = Flow(parameters={"n": Parameter(type="number", default=5)})
    assert values(flow) == {"n": 5}
    assert values(flow, {"n": "2.5"}) == {"n": 2.5}
    assert json.loads(to_json(flow))["parameters"]["n"]["default"] == 5
