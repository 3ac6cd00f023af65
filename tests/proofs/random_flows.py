"""``python -m tests.proofs.random_flows --seeds 0-300 --engine spark``: flows drawn from the whole catalogue agree.

With ``spark``, each flow gives the same table on polars and on Spark, or is refused with the same words. With
``alone``, polars learns and gives what it does when every step is fitted in a pass of its own. A failure that is not
an error of ours counts, even where both sides have it, as does one of polars that was only put in our words. A line
tells of each seed that fails; the last lines sum up.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from flows import lookahead
from flows.engines.base import Engine
from flows.engines.errors import CANNOT
from flows.engines.polars_engine import PolarsEngine
from tests.checks import assert_same_rows
from tests.random_flows import Drawn, drawn, rounded, to_digits
from transforms.catalog import catalog
from transforms.core.errors import DataprepError

VALUE = re.compile("'[^']*'")
SMALL = {
    "spark.sql.shuffle.partitions": "2",
    "spark.driver.memory": "1g",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""Settings for tables so small that compiling a query would take longer than running it."""
PROGRESS = 20
"""Flows after which a line tells how far it is."""


@dataclass(frozen=True)
class Ended:
    """How a flow ended."""

    how: Literal["rows", "refused", "broke"]
    rows: pl.DataFrame | None = None
    learned: str = ""
    text: str = ""
    """What was said where there are no rows."""

    def unlike(self, other: Ended, *, learned: bool = True) -> str:
        """How another end differs, in what was learned too where that is wanted; empty where it does not."""
        if "broke" in (self.how, other.how):
            return "; ".join(each.text for each in (self, other) if each.how == "broke")
        if self.rows is None or other.rows is None:
            mine, theirs = self.text or "rows", other.text or "rows"
            # Which of several values is named depends on the row that is met first.
            return "" if VALUE.sub("", mine) == VALUE.sub("", theirs) else f"{mine!r} is not {theirs!r}"
        if learned and self.learned != other.learned:
            return f"learned {_apart(self.learned, other.learned)}"
        try:
            assert_same_rows(rounded(other.rows), rounded(self.rows))
        except AssertionError as error:
            return str(error).strip() or f"{self.rows.schema} is not {other.rows.schema}"
        return ""


@dataclass
class Tally:
    """What was compared."""

    flows: int = 0
    failed: list[int] = field(default_factory=list)
    ran: Counter[str] = field(default_factory=Counter)
    """Flows by transform, of those that gave rows on both sides."""
    refused: Counter[str] = field(default_factory=Counter)
    """Flows by the transform that refused them on both sides."""

    def add(self, seed: int, flow: Drawn, here: Ended, there: Ended, *, learned: bool) -> str:
        """Count a flow; how its ends differ."""
        self.flows += 1
        found = here.unlike(there, learned=learned)
        kinds = {id: step.transform for id, step in flow.flow.steps.items()}
        if found:
            self.failed.append(seed)
        elif here.how == "rows":
            self.ran.update(set(kinds.values()))
        else:
            named = re.match(r'Step "(.+?)"', here.text)
            self.refused[kinds[named[1]] if named else "?"] += 1
        return found

    def __str__(self) -> str:
        left = sorted(set(catalog()) - set(self.ran))
        return "\n".join(
            [
                f"{self.flows} flows compared, {len(self.failed)} failed: {self.failed}",
                f"{sum(self.refused.values())} refused alike on both sides, by {dict(self.refused.most_common())}",
                f"{len(self.ran)} of {len(catalog())} transforms in flows that ran; without: {', '.join(left)}",
            ]
        )


def ended(flow: Drawn, engine: Engine) -> Ended:
    """How a flow ends on an engine."""
    try:
        plan = flow.planned(engine)
        rows = engine.collect(plan.table(flow.last).relation)
    except DataprepError as error:
        return Ended("broke" if CANNOT in str(error) else "refused", text=str(error))
    except BaseException as error:  # what is looked for; a panic of polars derives from it
        if isinstance(error, KeyboardInterrupt):
            raise
        return Ended("broke", text=f"{engine.name}: {type(error).__name__}: {_told(error)}")
    learned = {id: (step.learned, step.transform.model_dump()) for id, step in plan.steps.items()}
    return Ended("rows", rows, to_digits(repr(learned)))


@contextmanager
def one_by_one() -> Iterator[None]:
    """Every step is fitted when its turn has come, and not before."""
    before, lookahead.FARTHEST = lookahead.FARTHEST, 1
    try:
        yield
    finally:
        lookahead.FARTHEST = before


def alone(flow: Drawn) -> tuple[Ended, Ended]:
    """How a flow ends on polars, its fits together and each alone."""
    together = ended(flow, PolarsEngine.over(flow.sources))
    with one_by_one():
        return together, ended(flow, PolarsEngine.over(flow.sources))


def on_spark() -> Callable[[Drawn], tuple[Ended, Ended]]:
    """What tells how a flow ends on polars and on Spark, in one session for all."""
    from flows.engines.spark_engine import SparkEngine
    from flows.engines.spark_start import session

    spark = session("local[2]", SMALL)

    def both(flow: Drawn) -> tuple[Ended, Ended]:
        return ended(flow, PolarsEngine.over(flow.sources)), ended(flow, SparkEngine(spark, flow.sources))

    return both


def main() -> int:
    """Compare the flows of the seeds; 1 when one failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--seeds", default="0-300", help="first and last, such as 0-300, or single ones; several after commas"
    )
    parser.add_argument("--engine", choices=("spark", "alone"), default="spark")
    asked = parser.parse_args()
    ranges = [each.partition("-") for each in asked.seeds.split(",")]
    compare, tally, began = on_spark() if asked.engine == "spark" else alone, Tally(), time.monotonic()
    for seed in (n for first, _, last in ranges for n in range(int(first), int(last or first) + 1)):
        flow = drawn(seed)
        found = tally.add(seed, flow, *compare(flow), learned=asked.engine == "alone")
        if found:
            print(f"seed {seed}: {found}", *flow.steps(), sep="\n    ", flush=True)
        if tally.flows % PROGRESS == 0:
            print(f"{tally.flows} flows, {len(tally.failed)} failed", file=sys.stderr, flush=True)
    print(tally, f"{time.monotonic() - began:.0f} s", sep="\n")
    return 1 if tally.failed else 0


def _told(error: BaseException, most: int = 600) -> str:
    """What an error says; of one that Spark brings from a worker, what the worker says last."""
    text = str(error).partition("\nJVM stacktrace")[0].strip()
    return text if len(text) <= most else f"{text[: most // 4]} ... {text[-most:]}"


def _apart(first: str, second: str, around: int = 150) -> str:
    """Two texts from shortly before they part."""
    place = next((i for i, pair in enumerate(zip(first, second, strict=False)) if pair[0] != pair[1]), 0)
    start, end = max(0, place - around), place + around
    return f"{first[start:end]!r} is not {second[start:end]!r}"


if __name__ == "__main__":
    sys.exit(main())
