"""Keys that tell whether a step would do the same thing again.

The *definition* of a step is what the document says of it and of all before it; the *content* adds
which rows were there (fingerprints of the sources, and the sample taken). What a step learned may be
used again while its definition stays; a preview may be shown again while its content stays. Notes,
names and layout are in neither.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from flows.document import Flow, Source, node_of
from flows.graph import run_order
from flows.parameters import Value, substitute


def digest(value: Any) -> str:
    """32 hexadecimal digits of a JSON value, whatever the order of its keys."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(canonical.encode()).hexdigest()[:32]


def definitions(flow: Flow, values: Mapping[str, Value]) -> dict[str, str]:
    """The definition key of every source and step.

    A source is taken as written, so that ``${month}.csv`` stays the same source next month.
    """
    sources = {
        id: [source.connector, source.connection, source.params, *_facts(source)] for id, source in flow.sources.items()
    }
    return _keys(flow, values, sources)


def contents(
    flow: Flow, values: Mapping[str, Value], fingerprints: Mapping[str, str], sample: Any = None
) -> dict[str, str]:
    """The content key of every source and step."""
    sources = {
        id: [
            source.connector,
            source.connection,
            substitute(source.params, values),
            fingerprints.get(id, ""),
            sample,
            *_facts(source),
        ]
        for id, source in flow.sources.items()
    }
    return _keys(flow, values, sources)


def _facts(source: Source) -> list[Any]:
    return [source.facts.model_dump()] if source.facts else []


def _keys(flow: Flow, values: Mapping[str, Value], sources: Mapping[str, list[Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for id in run_order(flow):
        if id in sources:
            found[id] = digest(sources[id])
            continue
        step = flow.steps[id]
        inputs = [[found.get(node_of(each)), each.partition(".")[2]] for each in step.inputs]
        if step.disabled:
            found[id] = found.get(node_of(step.inputs[0]), "") if step.inputs else ""
        else:
            found[id] = digest([step.transform, step.version, substitute(step.params, values), inputs])
    return found
