"""Where nodes stand when nobody has placed them: in layers, left to right, in the order of the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

WIDTH, HEIGHT = 204, 64
"""Size of a node in pixels; the same in ``assets/geometry.js``."""
COLUMN_GAP, ROW_GAP = 56, 28
BAND_GAP = 52
MARGIN = 24
PER_ROW = 5
"""Layers side by side; a longer flow goes on in the next row, as text does."""
SWEEPS = 6

Edges = Sequence[tuple[str, str]]
Place = tuple[int, int]


def tidy(nodes: Sequence[str], edges: Edges) -> dict[str, Place]:
    """A place for every node of an acyclic graph: no two overlap, edges go to the right and rarely cross.

    Layers by the longest path, sources next to what takes them; order within layers by the barycentre
    of neighbours (Sugiyama, Tagawa and Toda 1981, "Methods for visual understanding of hierarchical
    system structures").
    """
    before, after = _neighbours(nodes, edges)
    layers = _layers(nodes, before, after)
    columns: dict[int, list[str]] = {}
    for each in nodes:
        columns.setdefault(layers[each], []).append(each)
    _order(columns, before, after)
    heights = _heights(columns, before, after)
    found: dict[str, Place] = {}
    top = float(MARGIN)
    for first in range(0, len(columns), PER_ROW):
        band = [each for layer in range(first, first + PER_ROW) for each in columns.get(layer, ())]
        highest = min(heights[each] for each in band)
        for each in band:
            x = MARGIN + (layers[each] - first) * (WIDTH + COLUMN_GAP)
            found[each] = (x, round(top + heights[each] - highest))
        top += max(heights[each] for each in band) - highest + HEIGHT + BAND_GAP
    return {each: found[each] for each in nodes}


def placed(nodes: Sequence[str], edges: Edges, known: Mapping[str, Place]) -> dict[str, Place]:
    """Places of all nodes: those that people chose, and for others the first free one right of what they follow."""
    kept = {each: known[each] for each in nodes if each in known}
    if not kept:
        return tidy(nodes, edges)
    before, _ = _neighbours(nodes, edges)
    found = dict(kept)
    for each in nodes:
        if each in found:
            continue
        parents = [found[one] for one in before[each] if one in found]
        if parents:
            x, y = max(place[0] for place in parents) + WIDTH + COLUMN_GAP, round(fmean(place[1] for place in parents))
        else:
            x, y = min(place[0] for place in found.values()), max(place[1] for place in found.values()) + HEIGHT
        while any(abs(x - a) < WIDTH + 16 and abs(y - b) < HEIGHT + 16 for a, b in found.values()):
            y += HEIGHT + ROW_GAP
        found[each] = (x, y)
    return found


def _neighbours(nodes: Sequence[str], edges: Edges) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    before: dict[str, list[str]] = {each: [] for each in nodes}
    after: dict[str, list[str]] = {each: [] for each in nodes}
    for source, target in edges:
        if source in after and target in before and source != target:
            after[source].append(target)
            before[target].append(source)
    return before, after


def _layers(nodes: Sequence[str], before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> dict[str, int]:
    waiting = {each: len(before[each]) for each in nodes}
    ready = [each for each in nodes if not waiting[each]]
    layers = dict.fromkeys(nodes, 0)
    for each in ready:
        for one in after[each]:
            layers[one] = max(layers[one], layers[each] + 1)
            waiting[one] -= 1
            if not waiting[one]:
                ready.append(one)
    for each in reversed(ready):
        if not before[each] and after[each]:
            layers[each] = min(layers[one] for one in after[each]) - 1
    lowest = min(layers.values(), default=0)
    return {each: layer - lowest for each, layer in layers.items()}


def _order(columns: dict[int, list[str]], before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> None:
    place = {each: i for column in columns.values() for i, each in enumerate(column)}

    def middle(each: str, sides: Mapping[str, list[str]]) -> float:
        return fmean(place[one] for one in sides[each]) if sides[each] else place[each]

    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        sides = before if forward else after
        for layer in sorted(columns, reverse=not forward):
            columns[layer].sort(key=lambda each: middle(each, sides))
            place.update({each: i for i, each in enumerate(columns[layer])})


def _heights(
    columns: Mapping[int, list[str]], before: Mapping[str, list[str]], after: Mapping[str, list[str]]
) -> dict[str, float]:
    """Heights that keep chains straight: each node beside what it follows, and sources beside what follows them."""
    step = HEIGHT + ROW_GAP
    found = {each: float(i * step) for column in columns.values() for i, each in enumerate(column)}
    for sides, layers in ((before, sorted(columns)), (after, sorted(columns, reverse=True)), (before, sorted(columns))):
        for layer in layers:
            lowest: float | None = None
            for each in columns[layer]:
                free = sides is before or not before[each]
                wish = fmean(found[one] for one in sides[each]) if free and sides[each] else found[each]
                found[each] = wish if lowest is None else max(wish, lowest + step)
                lowest = found[each]
    return found
