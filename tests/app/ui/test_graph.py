from __future__ import annotations

from pathlib import Path

import pytest

from dataprep_app.sample import write_sample
from dataprep_app.ui.parts import graph
from dataprep_app.ui.parts.problem_words import JOIN
from dataprep_app.workspace import Dataset
from flows import edits
from flows.document import Flow, Source
from flows.edits import EditError
from flows.files import load
from flows.problems import check


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("graph"), rows=300)


@pytest.fixture
def flow(path: Path) -> Flow:
    return load(path)


def two_sources() -> Flow:
    made = Flow()
    for id in ("a", "b"):
        made = edits.add_source(made, id, Source(connector="csv", params={"path": f"{id}.csv"}))
    return made


def test_sample_flow_is_drawn_with_every_wire(flow: Flow, path: Path) -> None:
    nodes = {each["id"]: each for each in graph.nodes(flow, check(flow, path.parent))}
    assert set(nodes) == {*flow.sources, *flow.steps, *flow.destinations}
    assert nodes["joined"]["kind"] == "join"
    assert nodes["split"]["outputs"] == ["train", "test"]
    assert nodes["words"]["title"] == "Vectorize: TF-IDF"
    assert not any(each.get("status") == "error" for each in nodes.values())
    wires = {(each["source"], each["output"], each["target"], each["port"]) for each in graph.edges(flow)}
    assert ("loans_2", None, "joined", "right") in wires
    assert ("split", "test", "test", "table") in wires


def test_dataset_dropped_on_a_node_is_joined_and_marked_until_keys_are_chosen(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    one = edits.add_source(Flow(), "a", Source(connector="csv", params={"path": "a.csv"}))
    edit = graph.dropped(one, {"on": "a", "x": None, "y": None}, Dataset("a", "a.csv", "csv", {"path": "a.csv"}))
    assert edit.flow.steps["joined"].inputs == ("a", "a_2")
    assert edit.select == ("joined",)
    nodes = {each["id"]: each for each in graph.nodes(edit.flow, check(edit.flow, tmp_path))}
    assert nodes["joined"]["status"] == "error"
    assert "key columns are not chosen" in nodes["joined"]["problem"]
    assert nodes["joined"]["inputs"] == ["left", "right"]


def test_source_dragged_onto_another_is_joined_too() -> None:
    edit = graph.moved(two_sources(), {"nodes": [], "node": "b", "onto": "a"})
    assert edit.flow.steps["joined"].inputs == ("a", "b")


def test_moving_one_node_keeps_the_others_where_they_were_seen() -> None:
    before = {each["id"]: (each["x"], each["y"]) for each in graph.nodes(two_sources(), check(two_sources(), Path()))}
    edit = graph.moved(two_sources(), {"nodes": [{"id": "a", "x": 500, "y": 9}], "onto": None})
    assert edit.flow.layout == {**before, "a": (500, 9)}
    assert graph.tidied(edit.flow).flow.layout == before


def test_line_to_the_second_input_fills_it_and_a_line_to_a_taken_one_replaces_it(flow: Flow) -> None:
    made = edits.add_draft(two_sources(), "joined", JOIN, ["a"], {})
    event = {"source": "b", "output": "table", "target": "joined", "port": "right"}
    assert graph.connected(made, event).flow.steps["joined"].inputs == ("a", "b")
    to_left = graph.connected(graph.connected(made, event).flow, {**event, "port": "left"})
    assert to_left.flow.steps["joined"].inputs == ("b", "b")
    from_test = {"source": "split", "output": "test", "target": "balanced", "port": "table"}
    assert graph.connected(flow, from_test).flow.steps["balanced"].inputs == ("split.test",)


def test_a_line_that_closes_a_circle_is_refused(flow: Flow) -> None:
    with pytest.raises(EditError, match="in a circle"):
        graph.connected(flow, {"source": "features", "output": "table", "target": "unique", "port": "table"})


def test_deleting_a_step_bridges_it_and_a_wire_leaves_its_input_open(flow: Flow) -> None:
    shorter = graph.deleted(flow, {"nodes": ["unique", "income"], "edges": []}).flow
    assert shorter.steps["complete"].inputs == ("joined",)
    assert shorter.steps["tidy_employer"].inputs == ("complete",)
    cut = graph.deleted(flow, {"nodes": [], "edges": ["joined:1"]}).flow
    assert cut.steps["joined"].inputs == ("loans_1",)
    gone = graph.deleted(flow, {"nodes": [], "edges": ["test:0"]}).flow
    assert "test" not in gone.destinations


def test_deleting_a_source_with_its_only_step_takes_both(flow: Flow) -> None:
    one = edits.add_draft(two_sources(), "joined", JOIN, ["a", "b"], {})
    assert list(graph.deleted(one, {"nodes": ["joined", "b"], "edges": []}).flow.sources) == ["a"]
    with pytest.raises(EditError, match="is used by 'joined'"):
        graph.deleted(one, {"nodes": ["a"], "edges": []})


def test_copies_are_wired_among_each_other(flow: Flow) -> None:
    edit = graph.pasted(flow, ["tidy_employer", "lower_employer"])
    assert edit.flow.steps["lower_employer_2"].inputs == ("tidy_employer_2",)
    assert edit.flow.steps["tidy_employer_2"].inputs == ("income",)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"columns": ["a", "b", "c", "d"]}, "a, b, c and 1 more"),
        ({"columns": {"type": "numeric", "except": ["id"]}}, "numeric columns but id"),
        ({"by": [{"column": "a", "descending": True}]}, "a"),
        ({}, ""),
    ],
)
def test_settings_of_a_step_are_said_in_few_words(params: dict[str, object], said: str) -> None:
    flow = edits.add_draft(two_sources(), "s", "sort_rows", ["a"], params)
    assert graph.said(flow.steps["s"]) == said
