from __future__ import annotations

from pathlib import Path

from flows import edits
from flows.document import Flow, Source
from flows.lineage import Origin, origins
from flows.problems import check


def test_columns_are_followed_to_their_sources(flow: Flow, folder: Path) -> None:
    flow = edits.add_source(flow, "more", Source(connector="csv", params={"path": "people.csv"}))
    flow = edits.add_step(flow, "ratio", "formula_column", ["filled"], {"output": "r", "expression": "score / age"})
    flow = edits.add_step(flow, "joined", "join_datasets", ["ratio", "more"], {"left_on": ["id"], "right_on": ["id"]})
    prediction = check(flow, folder).prediction
    assert prediction.problems == []

    def sources(column: str, node: str = "joined") -> set[Origin]:
        return set(origins(flow, prediction, node, column))

    assert sources("r") == {Origin("people", "score"), Origin("people", "age")}
    assert sources("city") == {Origin("people", "city")} | ({Origin("more", "city")} & sources("city"))
    assert Origin("more", "age") in sources("age_right")
    assert sources("age", "filled") == {Origin("people", "age")}
