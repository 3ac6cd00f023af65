from __future__ import annotations

from pathlib import Path

import pytest

from dataprep_app.workspace import Workspace, WorkspaceError
from flows.document import Flow
from flows.files import save


def test_datasets_are_kept_under_free_ids(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    first = space.add_dataset("Loans (part 1).csv", "csv", {"path": "data/a.csv"})
    second = space.add_dataset("Loans part 1 csv", "csv", {"path": "data/b.csv"})
    assert [first.id, second.id] == ["loans_part_1_csv", "loans_part_1_csv_2"]
    assert list(Workspace(tmp_path).datasets()) == [first.id, second.id]
    assert space.dataset(second.id).source().params == {"path": "data/b.csv"}


def test_settings_of_a_dataset_can_be_changed_and_it_can_be_removed(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    space.data.mkdir()
    (space.data / "a.csv").write_text("x;y\n1;2\n")
    id = space.add_dataset("a", "csv", {"path": "data/a.csv"}).id
    space.change_dataset(id, {"path": "data/a.csv", "delimiter": ";"})
    connector, context = space.open_dataset(id)
    assert connector.columns(context).names() == ["x", "y"]
    space.remove_dataset(id)
    assert space.datasets() == {}
    assert (space.data / "a.csv").exists(), "flows may still read the file"


def test_unknown_dataset_and_damaged_list_say_what_to_do(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    space.add_dataset("loans", "csv", {"path": "a.csv"})
    with pytest.raises(WorkspaceError, match="Did you mean 'loans'"):
        space.dataset("loan")
    (tmp_path / "datasets.json").write_text("[")
    with pytest.raises(WorkspaceError, match="cannot be read"):
        space.datasets()


def test_flows_are_listed_the_latest_first_and_damaged_ones_do_not_hide_the_rest(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    one, two = space.new_flow("My flow!"), space.new_flow("My flow?")
    assert (one, two) == ("my_flow", "my_flow_2")
    save(Flow(name="Edited"), space.flow_path(one))
    (tmp_path / "bad.flow.json").write_text("{")
    assert {each.id for each in space.flows()} == {one, two}
    assert space.flows()[0].name == "Edited"


def test_an_id_from_an_address_cannot_leave_the_workspace(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="is not the id of a flow"):
        Workspace(tmp_path).flow_path("../secret")
