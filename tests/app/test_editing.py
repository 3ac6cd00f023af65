from __future__ import annotations

from pathlib import Path

import pytest

from dataprep_app.editing import Editor
from flows import edits
from flows.document import Flow, Source
from flows.files import load, save
from flows.history_file import history_path
from transforms.core.errors import DataprepError


def with_source(id: str) -> Flow:
    return edits.add_source(Flow(name="Loans"), id, Source(connector="csv", params={"path": f"{id}.csv"}))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save(with_source("loans"), tmp_path / "loans.flow.json")
    return tmp_path / "loans.flow.json"


def renamed(name: str) -> Flow:
    return with_source("loans").model_copy(update={"name": name})


def test_every_edit_is_saved_and_undone_across_a_restart(path: Path) -> None:
    opened = Editor.open(path).edit("Rename", lambda _: renamed("First")).edit("Rename", lambda _: renamed("Second"))
    assert load(path).name == "Second"
    assert opened.undo().flow.name == "First"
    again = Editor.open(path)
    assert [each.label for each in again.history.future] == ["Rename"]
    assert again.undo().flow.name == "Loans"
    assert Editor.open(path).redo().redo().flow.name == "Second"
    assert load(path).name == "Second"


def test_an_edit_that_fails_changes_nothing(path: Path) -> None:
    opened = Editor.open(path)
    with pytest.raises(DataprepError, match="There is a node 'loans' already"):
        opened.edit("Add", lambda flow: edits.add_source(flow, "loans", Source(connector="csv")))
    assert load(path) == opened.flow


def test_two_editors_of_one_file_lose_neither_work(path: Path) -> None:
    first, second = Editor.open(path), Editor.open(path)
    first = first.edit("Rename", lambda _: renamed("Mine"))
    second = second.edit("Rename", lambda _: renamed("Theirs"))
    assert second.conflict is not None
    assert (second.conflict.mine.name, second.conflict.theirs.name) == ("Theirs", "Mine")
    assert load(path).name == "Mine", "what the first one saved is not overwritten"
    still = second.edit("Rename", lambda _: renamed("Theirs again"))
    assert still.conflict is not None
    assert still.conflict.mine.name == "Theirs again"
    settled, copy = still.settle("mine")
    assert (load(path).name, load(copy).name) == ("Theirs again", "Mine (other version)")
    assert settled.conflict is None
    assert settled.edit("Rename", lambda _: renamed("Later")).conflict is None


def test_taking_the_other_version_keeps_mine_aside_and_can_be_undone(path: Path) -> None:
    first, second = Editor.open(path), Editor.open(path)
    first.edit("Rename", lambda _: renamed("One"))
    settled, copy = second.edit("Rename", lambda _: renamed("Two")).settle("theirs")
    assert (load(path).name, load(copy).name) == ("One", "Two (other version)")
    assert settled.undo().flow.name == "Two"


def test_an_editor_with_nothing_to_lose_takes_what_others_saved(path: Path) -> None:
    first, second = Editor.open(path), Editor.open(path)
    first.edit("Rename", lambda _: renamed("New"))
    assert second.refreshed().flow.name == "New"


def test_the_same_edit_made_twice_is_no_conflict(path: Path) -> None:
    first, second = Editor.open(path), Editor.open(path)
    first.edit("Rename", lambda _: renamed("Same"))
    assert second.edit("Rename", lambda _: renamed("Same")).conflict is None


def test_a_deleted_file_is_written_again_and_a_damaged_history_is_an_empty_one(path: Path) -> None:
    opened = Editor.open(path).edit("Rename", lambda _: renamed("Kept"))
    path.unlink()
    opened.edit("Rename", lambda _: renamed("Back"))
    assert load(path).name == "Back"
    history_path(path).write_text("{")
    assert Editor.open(path).history.past == ()


def test_history_of_a_file_that_was_edited_by_hand_is_not_trusted(path: Path) -> None:
    Editor.open(path).edit("Rename", lambda _: renamed("By app"))
    save(renamed("By hand"), path)
    assert Editor.open(path).history.past == ()
