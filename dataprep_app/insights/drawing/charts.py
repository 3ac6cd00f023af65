"""Charts of a report as inline SVG.

Their colors are variables of the page's style sheet, so that they follow light, dark and print.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from dataprep_app.insights.drawing.scales import Scale
from dataprep_app.insights.drawing.svg import joined, line, picture, tag, text
from dataprep_app.insights.drawing.text import count, cut, shown
from dataprep_app.insights.sections.facts import Bin, Level
from dataprep_app.modeling.metrics import Residuals, Score

WIDTH, HEIGHT = 560, 210
LEFT, RIGHT, TOP, BOTTOM = 48, 16, 12, 26
TARGET_RIGHT = 52
"""Room for the axis of the target."""
FLAT = 0.6
"""From this share of the largest mean on, an axis of means begins at the smallest and not at 0."""
LETTER = 6.6
"""Pixels of a letter, about."""


def histogram(bins: Sequence[Bin], target_says: str = "", label: str = "Values") -> Markup:
    """Rows by bin, and over them a line of what the target is like in each."""
    if not bins:
        return Markup("")
    right = WIDTH - (TARGET_RIGHT if _has_target(bins) else RIGHT)
    x = Scale(bins[0].low, bins[-1].high, LEFT, right)
    y = Scale(0, max(1, *(each.rows for each in bins)), HEIGHT - BOTTOM, TOP)
    parts = [_rows_axis(y, right), *(text(said, place, HEIGHT - 8) for place, said in x.ticks(7))]
    for each in bins:
        low, high = x.at(each.low), x.at(each.high)
        said = f"{shown(each.low)} to {shown(each.high)}: {_said(each, target_says)}"
        parts.append(_bar(low + 0.75, max(1.0, high - low - 1.5), y, each.rows, said))
    centers = [(x.at((each.low + each.high) / 2), each.target) for each in bins]
    parts.append(_target_line(centers, right, HEIGHT, 4))
    return picture(WIDTH, HEIGHT, parts, label)


def columns(levels: Sequence[Level], target_says: str = "", label: str = "Values", width: int = 360) -> Markup:
    """Rows by level as upright bars, in the order given, and over them a line of the target."""
    if not levels:
        return Markup("")
    height, right = 150, width - (TARGET_RIGHT if _has_target(levels) else RIGHT)
    y = Scale(0, max(1, *(each.rows for each in levels)), height - BOTTOM, TOP)
    step = (right - LEFT) / len(levels)
    names = [cut(each.name, 10) for each in levels]
    every = max(1, -int(-(max(map(len, names)) * LETTER + 6) // step))
    parts, centers = [_rows_axis(y, right, 3)], []
    for place, each in enumerate(levels):
        left = LEFT + step * place
        centers.append((round(left + step / 2, 1), each.target))
        parts.append(_bar(left + step * 0.1, step * 0.8, y, each.rows, f"{cut(each.name)}: {_said(each, target_says)}"))
        if place % every == 0:
            parts.append(text(names[place], left + step / 2, height - 8))
    parts.append(_target_line(centers, right, height, 3))
    return picture(width, height, parts, label)


def errors(found: Residuals) -> Markup:
    """Actual less predicted numbers."""
    bins = [Bin(low=low, high=high, rows=n) for (low, high), n in zip(pairwise(found.edges), found.counts, strict=True)]
    return histogram(bins, label="Errors: actual less predicted")


def predictions(found: Residuals) -> Markup:
    """Predicted by actual numbers; on the line they are the same."""
    if not found.actual:
        return Markup("")
    height, left = 320, LEFT + 16
    low, high = min(*found.actual, *found.predicted), max(*found.actual, *found.predicted)
    x, y = Scale(low, high, left, WIDTH - RIGHT), Scale(low, high, height - BOTTOM - 20, TOP)
    parts = []
    for place, said in y.ticks(6):
        parts.append(line((left, place), (WIDTH - RIGHT, place), "grid"))
        parts.append(text(said, left - 6, place + 4, anchor="end"))
    parts.extend(text(said, place, height - 28) for place, said in x.ticks(7))
    parts.append(line((x.at(low), y.at(low)), (x.at(high), y.at(high)), "ideal"))
    for actual, predicted in zip(found.actual, found.predicted, strict=True):
        parts.append(tag("circle", cx=x.at(actual), cy=y.at(predicted), r=2.5, class_="dot"))
    parts.append(text("Actual", (left + WIDTH - RIGHT) / 2, height - 6, "name"))
    parts.append(text("Predicted", 12, height / 2 - 20, "name", transform=f"rotate(-90 12 {height / 2 - 20:g})"))
    return picture(WIDTH, height, parts, "Actual and predicted numbers")


def track(score: Score) -> Markup:
    """A score between no model and a perfect one, with its interval."""
    low = min(score.base, score.value, score.interval.low if score.interval else score.value)
    x, y, names = Scale(min(low, 0.999), max(1.0, score.value), 70, WIDTH - 70), 34, 64
    parts = [line((x.start, y), (x.end, y), "axis")]
    if score.interval is not None:
        low, high = max(score.interval.low, x.low), min(score.interval.high, x.high)
        parts.append(line((x.at(low), y), (x.at(high), y), "reach"))
    for value, name, look, below in (
        (score.base, "no model", "base", names),
        (1.0, "perfect", "base", names),
        (score.value, "quick model", "here", 18),
    ):
        parts.append(tag("circle", cx=x.at(value), cy=y, r=6, class_=look))
        parts.append(text(f"{name} {value:.3f}", x.at(value), below, "name"))
    return picture(WIDTH, names + 8, parts, "Score of the quick model, between no model and a perfect one")


def spark(counts: Sequence[int]) -> Markup:
    """A histogram without anything around it."""
    top = max(counts, default=0) or 1
    bars = [tag("rect", x=i * 10 + 1, y=26 - 26 * n / top, width=8, height=26 * n / top) for i, n in enumerate(counts)]
    box = f"0 0 {len(counts) * 10} 26"
    return tag("svg", *bars, class_="spark", viewBox=box, preserveAspectRatio="none", aria_hidden="true")


def _bar(left: float, width: float, y: Scale, rows: int, said: str) -> Markup:
    top = y.at(rows)
    title = tag("title", said)
    return tag("rect", title, x=left, y=top, width=width, height=max(0.0, y.start - top), class_="bar")


def _rows_axis(y: Scale, right: float, most: int = 4) -> Markup:
    lines = [line((LEFT, place), (right, place), "grid") for place, _ in y.ticks(most)]
    return joined([*lines, *(text(said, LEFT - 6, place + 4, anchor="end") for place, said in y.ticks(most))])


def _has_target(values: Sequence[Bin] | Sequence[Level]) -> bool:
    return any(each.target is not None for each in values)


def _said(each: Bin | Level, target_says: str) -> str:
    rows = count(each.rows, "row")
    return rows if each.target is None else f"{rows}, {target_says or 'target'} {shown(each.target)}"


def _target_line(points: Sequence[tuple[float, float | None]], right: float, height: int, most: int) -> Markup:
    """What the target is like, on an axis of its own on the right; broken where no row has one."""
    known = [value for _, value in points if value is not None]
    if not known:
        return Markup("")
    low, high = min(known), max(known)
    low = low if low > FLAT * high else min(0.0, low)  # means that are nearly the same, seen from 0, are a flat line
    y = Scale(low, high if high > low else low + 1.0, height - BOTTOM, TOP)
    parts = [text(said, right + 6, place + 4, "tick target", "start") for place, said in y.ticks(most)]
    run: list[str] = []
    for x, value in (*points, (0.0, None)):
        if value is not None:
            run.append(f"{x:g},{y.at(value):g}")
            parts.append(tag("circle", cx=x, cy=y.at(value), r=2.5, class_="mark"))
        elif run:
            parts.append(tag("polyline", points=" ".join(run), class_="line"))
            run = []
    return joined(parts)
