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


def test_a_conflict_outlives_the_tab_it_arose_in(path: Path) -> None:
    first, second = Editor.open(path), Editor.open(path)
    first.edit("Rename", lambda _: renamed("Mine"))
    second.edit("Rename", lambda _: renamed("Theirs")).edit("Rename", lambda _: renamed("Theirs again"))
    again = Editor.open(path)
    assert again.conflict is not None
    assert (again.conflict.mine.name, again.conflict.theirs.name) == ("Theirs again", "Mine")
    assert again.flow.name == "Theirs again"
    assert load(path).name == "Mine"
    still = again.edit("Rename", lambda _: renamed("Later"))
    assert still.conflict is not None
    assert still.conflict.mine.name == "Later"
    _, copy = still.settle("theirs")
    assert (load(path).name, load(copy).name) == ("Mine", "Later (other version)")
    assert Editor.open(path).conflict is None
    assert list(path.parent.glob("*unsaved*")) == []


def test_a_conflict_that_is_settled_in_one_tab_is_over_in_the_other(path: Path) -> None:
    first, second = Editor.open(path), Editor.open(path)
    first.edit("Rename", lambda _: renamed("Mine"))
    second = second.edit("Rename", lambda _: renamed("Theirs"))
    Editor.open(path).settle("mine")
    assert second.refreshed().conflict is None
    assert second.refreshed().flow.name == "Theirs"


def test_three_editors_of_one_file_lose_nobodys_work(path: Path) -> None:
    first, second, third = (Editor.open(path) for _ in range(3))
    first.edit("Rename", lambda _: renamed("One"))
    second.edit("Rename", lambda _: renamed("Two"))
    third.edit("Rename", lambda _: renamed("Three"))
    _, copy = Editor.open(path).settle("mine")
    following = Editor.open(path)
    assert following.conflict is not None
    _, another = following.settle("theirs")
    assert {load(each).name.removesuffix(" (other version)") for each in (path, copy, another)} == {
        "One", "Two", "Three",
    }  # fmt: skip


def test_what_the_others_saved_during_a_conflict_is_kept_too(path: Path) -> None:
    first, second = Editor.open(path), Editor.open(path)
    first = first.edit("Rename", lambda _: renamed("Mine"))
    second = second.edit("Rename", lambda _: renamed("Theirs"))
    first.edit("Rename", lambda _: renamed("Mine, later"))
    _, copy = second.settle("mine")
    assert load(copy).name == "Mine, later (other version)"


def test_an_unsaved_version_that_cannot_be_read_is_left_alone(path: Path) -> None:
    damaged = path.with_name(".loans.unsaved.json")
    damaged.write_text("{")
    opened = Editor.open(path).edit("Rename", lambda _: renamed("New"))
    assert opened.conflict is None
    assert damaged.read_text() == "{"


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
