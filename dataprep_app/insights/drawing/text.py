"""Numbers and values as people read them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

NONE = "–"
LONGEST = 80


def shown(value: object) -> str:
    """A value for people: thousands apart, no more digits than they read."""
    if value is None:
        return NONE
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or not math.isfinite(value):
        return f"{value:,}"
    return f"{value:,.0f}" if abs(value) >= 1_000 or value == int(value) else f"{value:.4g}"


def rounded(value: float) -> str:
    """A number with two decimals, never ``-0.00``."""
    return f"{round(value, 2) + 0.0:.2f}"


def cut(text: str, most: int = LONGEST) -> str:
    """Text on one line, cut when it is long; a name of nothing is said to be that."""
    line = " ".join(text.split())
    if not line:
        return "(blank)"
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def unlike(names: Sequence[str], most: int) -> list[str]:
    """Shortened names that are all different."""
    found: list[str] = []
    for name in names:
        short = cut(name, most)
        number = 1
        while short in found:
            number += 1
            short = f"{cut(name, most - 4)} ({number})"
        found.append(short)
    return found


def count(number: int, one: str, more: str = "") -> str:
    """``1 row``, ``2 rows``."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def moment(written: str) -> str:
    """A time of ISO 8601 as people write it, in UTC; anything else as it is."""
    try:
        at = datetime.fromisoformat(written).astimezone(UTC)
    except ValueError:
        return written
    return f"{at.day} {at:%B %Y, %H:%M} UTC"
