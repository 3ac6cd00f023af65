"""The rows of a node on a sample, computing only what is new.

Every node upstream that was seen before is taken from the cache, so an edit computes the edited step
and what hangs from it, up to the node that is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from flows.cache import Preview, PreviewCache
from flows.document import Flow, Source, node_of
from flows.engines.base import Control
from flows.engines.polars_engine import PolarsEngine
from flows.expansion import expanded
from flows.graph import run_order
from flows.identity import contents, definitions
from flows.parameters import Value
from flows.parameters import values as parameter_values
from flows.planning import Planner, Table
from flows.sampling import Sampling
from flows.store import Record
from flows.tables import OpenSource, open_sources
from flows.trust import Trust, owner, refuse
from transforms.core.transform import Transform

DEFAULT_SAMPLE = Sampling(rows=20_000)
WIDE = 500
"""Columns from which on the streaming engine takes longer to plan a sample than to compute it."""
MOST_KEPT = 24
"""Tables on the way to one that are kept, about; so many steps that each is kept would fill the memory."""
LAST_KEPT = 4
"""The last of them are kept in any case, since they are changed next."""


@dataclass
class _CachedFits:
    """Fits of previews: by content, so that a fit on other rows is never taken for one on these."""

    cache: PreviewCache
    keys: Mapping[str, str]

    def load(self, step: str, kind: type[Transform]) -> Record | None:
        return self.cache.record(self.keys[step])

    def save(self, record: Record) -> None:
        self.cache.keep_record(record.content, record)


@dataclass(frozen=True)
class _View:
    """What it takes to look at a node: its part of the flow, with the sources open."""

    flow: Flow
    """As it runs (:mod:`flows.recipes`), with no other sources than are needed."""
    values: Mapping[str, Value]
    needed: list[str]
    sources: Mapping[str, OpenSource]
    keys: Mapping[str, str]
    """What every node would be computed from (:mod:`flows.identity`)."""

    @classmethod
    def of(
        cls,
        flow: Flow,
        folder: Path,
        reference: str,
        sampling: Sampling,
        parameters: Mapping[str, str | float] | None = None,
    ) -> _View:
        values = parameter_values(flow, parameters)
        whole = expanded(flow).flow
        needed = run_order(whole, [reference])
        alone = whole.model_copy(update={"sources": {id: each for id, each in whole.sources.items() if id in needed}})
        sources = open_sources(alone, folder, values, sampling)
        fingerprints = {id: each.fingerprint() for id, each in sources.items()}
        return cls(alone, values, needed, sources, contents(whole, values, fingerprints, sampling.as_json()))


def preview(
    flow: Flow,
    folder: Path,
    reference: str,
    cache: PreviewCache,
    *,
    sampling: Sampling = DEFAULT_SAMPLE,
    parameters: Mapping[str, str | float] | None = None,
    control: Control | None = None,
    trust: Trust | None = None,
) -> Preview:
    """The rows of one output of a node on a sample of the sources.

    Raises:
        DataprepError: a source cannot be opened, or a step on the way does not work, or runs code that is not
            trusted: by default, by the owner's record.
    """
    view = _View.of(flow, folder, reference, sampling, parameters)
    allowed = trust or owner()
    refuse(view.flow, view.values, view.needed, allowed)  # also where the rows are known from when it was trusted
    flow, values, keys, sources = view.flow, view.values, view.keys, view.sources
    node = node_of(reference)
    found = cache.get(f"{keys[node]}{reference[len(node) :]}")
    if found:
        return found
    tables: dict[str, pl.DataFrame] = {}
    for id, opened in sources.items():
        kept = cache.get(keys[id])
        if kept is None:
            kept = Preview(PolarsEngine.over({}, control).gather([opened.scan()])[0], sampled=True)
            cache.put(keys[id], kept)
        tables[id] = kept.table
    if node in flow.sources:
        return Preview(tables[node], sampled=True)
    engine = PolarsEngine(lambda name: tables[name].lazy(), control)
    shortened = _from_cached(flow, view.needed, node, keys, cache, tables)
    planner = Planner(
        flow=shortened,
        folder=folder,
        values=values,
        engine=engine,
        columns={id: table.schema for id, table in tables.items()},
        definitions=definitions(flow, values),
        contents=keys,
        remember=_CachedFits(cache, keys),
        sampled=True,
        trust=allowed,
        control=control or Control(),
    )
    plan = planner.plan([reference])
    made = {each: table for each, table in plan.tables.items() if node_of(each) not in tables}
    computed = _computed(made, reference, engine)
    for each, kept in computed.items():
        made_by = node_of(each)
        cache.put(f"{keys[made_by]}{each[len(made_by) :]}", kept)
    return computed[reference]


def _computed(made: Mapping[str, Table], reference: str, engine: PolarsEngine) -> dict[str, Preview]:
    """The rows of a table, and of tables on the way to it, in one query."""
    whole = {each: table for each, table in made.items() if each == reference or "." not in each}
    wanted = _thinned(whole, reference)
    wide = any(len(table.schema) > WIDE for table in wanted.values())
    frames = [engine.table(table.relation) for table in wanted.values()]
    rows = engine.gather(frames, "in-memory" if wide else "streaming")
    return {each: Preview(table, sampled=True) for each, table in zip(wanted, rows, strict=True)}


def _thinned(tables: Mapping[str, Table], reference: str) -> dict[str, Table]:
    """The tables to compute and keep: all of a short way, of a long one some, from which others are soon reached."""
    every = max(1, len(tables) // MOST_KEPT)
    last = len(tables) - LAST_KEPT
    return {
        each: table
        for place, (each, table) in enumerate(tables.items())
        if place % every == 0 or place >= last or each == reference
    }


def learned_on_sample(flow: Flow, folder: Path, id: str, cache: PreviewCache, sampling: Sampling) -> Record | None:
    """What a step learns on the sample; ``None`` when it has nothing to learn.

    Raises:
        DataprepError: a source cannot be opened, or a step on the way does not work.
    """
    preview(flow, folder, id, cache, sampling=sampling)
    return cache.record(_View.of(flow, folder, id, sampling).keys[id])


def _from_cached(
    flow: Flow,
    needed: list[str],
    node: str,
    keys: Mapping[str, str],
    cache: PreviewCache,
    tables: dict[str, pl.DataFrame],
) -> Flow:
    """The flow with every step that is cached, and not split into several outputs, in the place of a source."""
    split = {node_of(each) for step in flow.steps.values() for each in step.inputs if "." in each}
    steps, sources = dict(flow.steps), dict(flow.sources)
    for id in needed:
        kept = cache.get(keys[id]) if id in steps and id != node and id not in split else None
        if kept is not None:
            del steps[id]
            sources[id] = Source(connector="preview")
            tables[id] = kept.table
    return flow.model_copy(update={"steps": steps, "sources": sources})
