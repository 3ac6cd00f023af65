"""A measure of every pair of columns as a map of colors, in SVG."""

from __future__ import annotations

from markupsafe import Markup

from dataprep_app.insights.drawing.svg import joined, picture, tag, text
from dataprep_app.insights.drawing.text import cut, rounded
from dataprep_app.insights.sections.facts import Matrix

LEAST, MOST, WHOLE = 26, 64, 760
"""Pixels of a cell at least and at most, and of all cells together where these allow it."""
LETTER = 7.4
"""Pixels of a letter, in a wide font."""
NAME = 22
"""Letters of a name that are shown."""
NUMBERS = 34
"""Pixels from which on a cell has room for its number."""
LEGIBLE = 0.55
"""Share of full color from which on text on it is drawn in the color for that."""


def heat_map(matrix: Matrix) -> Markup:
    """Blue where two columns go together, orange where against each other, the more the stronger."""
    names = [cut(each, NAME) for each in matrix.columns]
    if not names:
        return Markup("")
    side = max(LEAST, min(MOST, WHOLE // len(names)))
    length = max(map(len, names)) * LETTER
    left, top = round(length) + 14, round(length * 0.71) + 22
    width, height = left + side * len(names) + round(length * 0.71), top + side * len(names)
    parts = []
    for place, name in enumerate(names):
        middle = side * (place + 0.5)
        x = left + middle
        parts.append(text(name, left - 8, top + middle + 4, "name", "end"))
        parts.append(text(name, x, top - 8, "name", "start", transform=f"rotate(-45 {x:g} {top - 8:g})"))
    for i, row in enumerate(matrix.values):
        for j, value in enumerate(row):
            said = f"{matrix.columns[i]} and {matrix.columns[j]}"
            parts.append(_cell(said, value, left + side * j, top + side * i, side))
    return picture(width, height, parts, "How firmly columns go together")


def _cell(said: str, value: float | None, x: float, y: float, side: int) -> Markup:
    box = {"x": x + 1, "y": y + 1, "width": side - 2, "height": side - 2}
    if value is None:
        return tag("rect", tag("title", f"{said}: not defined"), **box, class_="heat none")
    share = min(1.0, abs(value))
    look = "heat against" if value < 0 else "heat with"
    cell = tag("rect", tag("title", f"{said}: {rounded(value)}"), **box, class_=look, fill_opacity=f"{share:.3f}")
    if side < NUMBERS:
        return cell
    ink = "ink strong" if share >= LEGIBLE else "ink"
    return joined([cell, text(rounded(value), x + side / 2, y + side / 2 + 4, ink)])
