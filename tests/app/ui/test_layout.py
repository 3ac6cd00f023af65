from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from dataprep_app.ui.components.flow_canvas.layout import HEIGHT, PER_ROW, WIDTH, placed, tidy


def overlap(places: dict[str, tuple[int, int]]) -> list[tuple[str, str]]:
    return [
        (a, b)
        for a, b in combinations(places, 2)
        if abs(places[a][0] - places[b][0]) < WIDTH and abs(places[a][1] - places[b][1]) < HEIGHT
    ]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[str], list[tuple[str, str]]]:
    nodes = [f"n{i}" for i in range(draw(st.integers(1, 25)))]
    pairs = [(a, b) for i, a in enumerate(nodes) for b in nodes[i + 1 : i + 6]]
    return nodes, draw(st.lists(st.sampled_from(pairs), max_size=30, unique=True)) if pairs else []


@settings(deadline=None)
@given(graphs())
def test_no_two_nodes_overlap_whatever_the_graph(graph: tuple[list[str], list[tuple[str, str]]]) -> None:
    nodes, edges = graph
    places = tidy(nodes, edges)
    assert set(places) == set(nodes)
    assert overlap(places) == []


def test_a_chain_is_a_straight_line_that_goes_on_in_the_next_row() -> None:
    nodes = [f"n{i}" for i in range(PER_ROW + 2)]
    places = tidy(nodes, list(pairwise(nodes)))
    assert len({y for _, y in list(places.values())[:PER_ROW]}) == 1
    assert places[nodes[PER_ROW]][0] == places[nodes[0]][0]
    assert places[nodes[PER_ROW]][1] > places[nodes[0]][1] + HEIGHT


def test_two_sources_stand_beside_their_join() -> None:
    places = tidy(["a", "b", "joined"], [("a", "joined"), ("b", "joined")])
    assert places["a"][0] == places["b"][0] < places["joined"][0]
    assert places["a"][1] < places["joined"][1] < places["b"][1]


def test_placed_nodes_stay_and_new_ones_go_right_of_what_they_follow() -> None:
    places = placed(["a", "b", "c"], [("a", "b"), ("a", "c")], {"a": (500, 300), "b": (776, 300)})
    assert (places["a"], places["b"]) == ((500, 300), (776, 300))
    assert places["c"][0] > 500
    assert overlap(places) == []
