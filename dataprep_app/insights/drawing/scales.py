"""From numbers to places on a chart."""

from __future__ import annotations

import math
from dataclasses import dataclass

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
SUFFIXES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True)
class Scale:
    """Numbers from one to another, on pixels from one to another."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where a number is."""
        span = self.high - self.low
        share = (value - self.low) / span if span else 0.5
        return round(self.start + (self.end - self.start) * share, 1)

    def ticks(self, most: int = 5) -> list[tuple[float, str]]:
        """Round numbers on it with their places, at most so many of them."""
        found = ticks(self.low, self.high, most)
        step = found[1] - found[0] if len(found) > 1 else abs(self.high) or 1.0
        return [(self.at(each), tick_text(each, step)) for each in found]


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers between two, at most so many."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return [low] if math.isfinite(low) else []
    rough = span / max(1, most - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    for step in (each * power for each in (*STEPS, 20.0, 50.0)):
        first, last = math.ceil(round(low / step, 9)), math.floor(round(high / step, 9))
        if last - first < most:
            return [each * step for each in range(first, last + 1)]
    return [low]


def tick_text(value: float, step: float) -> str:
    """A number beside an axis, as short as its neighbours allow: ``1.5k``."""
    if value == 0:
        return "0"
    for size, suffix in SUFFIXES:
        if abs(value) >= size and (step >= size / 100):
            return f"{value / size:.6g}{suffix}"
    if abs(value) < 1e-3 or abs(value) >= 1e6:
        return f"{value:.3g}"
    digits = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    text = f"{value:{',' if abs(value) >= 10_000 else ''}.{min(digits + 1, 6)}f}"  # 2015 may be a year
    return text.rstrip("0").rstrip(".") if "." in text else text
