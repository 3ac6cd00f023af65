from __future__ import annotations

from pathlib import Path

import pytest

from dataprep_app.sample import write_sample
from dataprep_app.ui.parts import graph
from dataprep_app.ui.parts.problem_words import CHOOSE_KEYS, FILL_IN, NO_KEYS, in_words
from flows import edits
from flows.document import Flow
from flows.files import load
from flows.problems import check
from transforms.core.errors import Problem


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_sample(tmp_path, rows=50)
    return tmp_path


@pytest.fixture
def flow(folder: Path) -> Flow:
    whole = load(folder / "loan_default.flow.json")
    return Flow(name="Loans", sources=whole.sources)


def test_a_join_without_keys_is_one_problem_that_says_what_to_do(flow: Flow, folder: Path) -> None:
    joined = graph.joined(flow, "loans_1", "loans_2").flow
    errors = [each for each in check(joined, folder).problems if each.severity == "error"]
    assert [each.field for each in errors] == ["left_on", "right_on"]
    assert in_words(joined, errors) == [Problem(NO_KEYS, CHOOSE_KEYS, "left_on", "joined")]
    (node,) = [each for each in graph.nodes(joined, check(joined, folder)) if each["id"] == "joined"]
    assert node["problem"] == f"{NO_KEYS} {CHOOSE_KEYS}"


def test_a_setting_that_is_not_chosen_is_called_as_in_its_form(flow: Flow, folder: Path) -> None:
    drafted = edits.add_draft(flow, "smaller", "drop_columns", ["loans_1"], {})
    found = in_words(drafted, check(drafted, folder).problems)
    assert Problem("“Columns” is not chosen yet.", FILL_IN, "columns", "smaller") in found


def test_other_problems_stay_as_they_are(flow: Flow, folder: Path) -> None:
    dropped = edits.add_step(flow, "smaller", "drop_columns", ["loans_1"], {"columns": ["nothing"]})
    found = check(dropped, folder).problems
    assert in_words(dropped, found) == list(found)
    assert any("nothing" in each.found for each in found)


def test_a_file_that_is_gone_is_said_on_its_node(flow: Flow, folder: Path) -> None:
    (folder / "data" / "loans-part-1.csv").unlink()
    (node,) = [each for each in graph.nodes(flow, check(flow, folder)) if each["id"] == "loans_1"]
    assert node["status"] == "error"
    assert "loans-part-1.csv" in node["problem"]
