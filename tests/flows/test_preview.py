from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows import edits
from flows.cache import Preview, PreviewCache
from flows.document import Flow
from flows.engines.polars_engine import PolarsEngine
from flows.preview import preview
from flows.sampling import Sampling


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tables each query computed."""
    seen: list[int] = []
    gather = PolarsEngine.gather

    def counted(self: PolarsEngine, frames: Sequence[pl.LazyFrame], engine: Any = "streaming") -> list[pl.DataFrame]:
        seen.append(len(frames))
        return gather(self, frames, engine)

    monkeypatch.setattr(PolarsEngine, "gather", counted)
    return seen


def test_preview_is_of_the_sample_and_says_so(flow: Flow, folder: Path) -> None:
    found = preview(flow, folder, "filled", PreviewCache(), sampling=Sampling(rows=30))
    assert found.sampled
    assert found.table.height == 30
    assert found.table["age"].null_count() == 0


def test_second_look_computes_nothing(flow: Flow, folder: Path, opened: list[int]) -> None:
    cache = PreviewCache()
    first = preview(flow, folder, "encoded", cache)
    opened.clear()
    assert preview(flow, folder, "encoded", cache) is first
    assert preview(flow, folder, "typed", cache).table.height == 200
    assert opened == []


def test_edit_of_a_step_leaves_what_is_before_it_as_it_was(flow: Flow, folder: Path, opened: list[int]) -> None:
    cache = PreviewCache()
    preview(flow, folder, "encoded", cache)
    opened.clear()
    edited = edits.change_step(flow, "encoded", params={**flow.steps["encoded"].params, "drop": "first"})
    assert (
        preview(edited, folder, "encoded", cache).table.width == preview(flow, folder, "encoded", cache).table.width - 1
    )
    assert sum(opened) <= 3, "the fit and the step itself; nothing upstream"


def test_cache_lets_go_of_what_was_not_looked_at_for_longest(flow: Flow, folder: Path) -> None:
    table = preview(flow, folder, "people", PreviewCache()).table
    cache = PreviewCache(limit_bytes=int(table.estimated_size() * 2.5))
    for key in ("a", "b"):
        cache.put(key, Preview(table, sampled=True))
    cache.get("a")
    cache.put("c", Preview(table, sampled=True))
    assert cache.get("b") is None
    assert cache.get("a") is not None


class Counted(PreviewCache):
    """Counts what is kept."""

    kept = 0

    def put(self, key: str, preview: Preview) -> None:
        self.kept += 1
        super().put(key, preview)


def test_of_a_long_way_some_tables_are_kept_and_the_last_ones(flow: Flow, folder: Path, opened: list[int]) -> None:
    last, cache = "people", Counted()
    for i in range(60):
        flow = edits.add_step(flow, f"p{i}", "add_constant_column", [last], {"output": f"c{i}", "value": i})
        last = f"p{i}"
    whole = preview(flow, folder, last, cache).table
    assert 20 <= cache.kept <= 40
    opened.clear()
    changed = edits.change_step(flow, "p59", params={"output": "c59", "value": 7})
    found = preview(changed, folder, last, cache).table
    assert opened == [1], "the step before it was kept"
    assert found["c59"].unique().to_list() == [7]
    assert found.drop("c59").equals(whole.drop("c59"))
    assert preview(flow, folder, "p31", cache).table.width == whole.width - 28
