"""What each kind of statistic sends to the driver: exact bytes, by the functions that executors run, without Spark.

``python -m tests.proofs.scale bytes`` prints it for 1, 4 and 16 times the rows and the splits.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import polars as pl

from flows.engines.spark_partials import Partial
from flows.engines.spark_reduce import Message, _of_nothing, _payload, _stages, _started
from flows.engines.spark_statistics import answers
from tests.benchmarks.data import write_rows
from transforms.core import statistics as stat

NUMBERS = ("loan_amount", "annual_income", "interest_rate", "installment", "dti", "revolving", "score")
STATISTICS: dict[str, tuple[stat.Statistic, ...]] = {
    "missing, mean, std, min, max, sum of 7": tuple(
        kind(name) for kind in (stat.Missing, stat.Mean, stat.Std, stat.Min, stat.Max, stat.Sum) for name in NUMBERS
    ),
    "histogram, 30 bins": (stat.Histogram("score", tuple(float(i * 40) for i in range(31))),),
    "covariance of 7": (stat.Covariance(NUMBERS),),
    "correlation of 7": (stat.Correlation(NUMBERS),),
    "quantile": (stat.Quantile("installment", 0.37),),
    "distinct of as many values as rows": (stat.Distinct("id"),),
    "value counts, 7 values": (stat.ValueCounts("purpose"),),
    "value counts of as many as rows, limit 1,000": (stat.ValueCounts("id"),),
    "pair counts, 49 pairs": (stat.PairCounts("purpose", "grade"),),
    "pair counts of as many as rows, limit 100,000": (stat.PairCounts("id", "grade"),),
    "group means, 7 groups": (stat.GroupMeans("score", "grade"),),
    "group means of as many as rows, limit 100,000": (stat.GroupMeans("score", "id"),),
    "rows, limit 20,000": (stat.Rows(("loan_amount", "score"), 20_000),),
    "rows, 1,000 of each of 7": (stat.Rows(("grade", "score"), 1_000, per="grade"),),
}
"""One question for each kind of statistic; those of as many values as rows are the worst there is."""


class Sent:
    """Answers statistics of splits of a table, and keeps count of what is sent."""

    def __init__(self, splits: Sequence[pl.DataFrame]) -> None:
        self.splits = splits
        self.by_a_split = 0
        """Bytes of the largest of all splits and passes, sent to other executors or to the driver."""
        self.to_the_driver = 0
        """Bytes of the largest pass."""

    def reduce(self, partials: Sequence[Partial]) -> list[pl.DataFrame]:
        """What ``reduced`` does, in one process."""
        nothing, _ = _of_nothing(partials, self.splits[0].schema)
        merged, combined = _stages(partials, sum(len(_payload(each)) for (each,) in nothing), len(self.splits))
        messages: list[Message] = []
        for split in self.splits:
            mine = list(_started(split.iter_slices(1 << 16), partials))
            self.by_a_split = max(self.by_a_split, _size(mine))
            messages += mine
        if merged:
            messages.sort(key=lambda each: (each.slot, each.share))
            keyed = groupby(messages, lambda each: (each.slot, each.share))
            messages = [
                Message(
                    slot, share, partials[slot].finish(partials[slot].merge(pl.concat([each.rows for each in mine])))
                )
                for (slot, share), mine in ((key, list(group)) for key, group in keyed)
            ]
        whole = [
            partial.combine(pl.concat([nothing[slot][0], *(each.rows for each in messages if each.slot == slot)]))
            for slot, partial in enumerate(partials)
        ]
        received = [Message(slot, 0, each) for slot, each in enumerate(whole)] if combined else messages
        self.to_the_driver = max(self.to_the_driver, _size(received))
        return whole


def _size(messages: Sequence[Message]) -> int:
    return sum(len(_payload(each.rows)) for each in messages)


def show_bytes(folder: Path) -> None:
    """KB that a split sends and that reach the driver."""
    rows = 50_000
    cases = [(rows * n, 8) for n in (1, 4, 16)] + [(rows * 16, 8 * n) for n in (4, 16)]
    tables = {many: pl.read_parquet(write_rows(folder / f"bytes-{many}.parquet", many)) for many, _ in cases}
    head = " ".join(f"{f'{many / 1000:,.0f}k / {splits}':>16}" for many, splits in cases)
    print(f"{'KB by a split > to the driver; rows / splits':46} {head}")
    for name, asked in STATISTICS.items():
        cells = []
        for many, splits in cases:
            table, each = tables[many], many // splits
            sent = Sent([table[i * each : (i + 1) * each] for i in range(splits)])
            answers(sent.reduce, table.schema, asked)
            cells.append(f"{sent.by_a_split / 1000:,.1f} > {sent.to_the_driver / 1000:,.1f}")
        print(f"{name:46} " + " ".join(f"{each:>16}" for each in cells), flush=True)
