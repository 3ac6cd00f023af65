"""Tables that the sections of a report are tried on."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import polars as pl

from dataprep_app.insights.measures import measured
from dataprep_app.insights.sections.sample import Sample
from dataprep_app.profile import kind_of
from transforms.scoring.problem import problem_type


def sample_of(table: pl.DataFrame, target: str | None = None, *, ordered: bool = True) -> Sample:
    """All rows of a table as a sample; nested columns are not measured, as nothing is asked of them."""
    plain = pl.DataFrame([each for each in table.get_columns() if kind_of(each.dtype) != "other"])
    problem = problem_type(table, target) if target else None
    return Sample(table, table.height, measured(plain), problem, ordered)


def odd_types(rows: int = 60) -> pl.DataFrame:
    """A column of every type, with what is odd in it."""
    places = range(rows)
    day = date(2024, 1, 1)
    return pl.DataFrame(
        {
            "a b.c": [float("nan") if i % 7 == 0 else float("inf") if i % 11 == 0 else i / 3 for i in places],
            "^.*$": [None if i % 5 == 0 else i % 4 for i in places],
            "*": ["" if i % 6 == 0 else "  " if i % 13 == 0 else f"k{i % 3}" for i in places],
            'it\'s "odd" 🙂': [f"{i % 2}, 'x'" for i in places],
            "list": [[i, None] for i in places],
            "struct": [{"x": i % 2, "y": None} for i in places],
            "bytes": [b"x" * (i % 3) for i in places],
            "nothing": pl.Series([None] * rows, dtype=pl.Null),
            "missing": pl.Series([None] * rows, dtype=pl.Float64),
            "constant": ["same"] * rows,
            "decimal": pl.Series([Decimal(i) / 4 for i in places]),
            "category": pl.Series([f"c{i % 4}" for i in places], dtype=pl.Categorical),
            "enum": pl.Series(["lo" if i % 2 else "hi" for i in places], dtype=pl.Enum(["lo", "hi"])),
            "yes": [None if i == 3 else i % 2 == 0 for i in places],
            "day": [day + timedelta(days=i) for i in places],
            "moment": pl.Series([datetime(2024, 1, 1, i % 24) for i in places]).dt.replace_time_zone("UTC"),
            "clock": [time(i % 24) for i in places],
            "span": [None if i == 2 else timedelta(seconds=i) for i in places],
            "large": [1e300 if i % 2 else -1e300 for i in places],
            "small": pl.Series([i % 5 for i in places], dtype=pl.UInt8),
            "target": ["n" if i % 3 else "y" for i in places],
        },
        strict=False,
    )


def odd_tables() -> dict[str, pl.DataFrame]:
    """Tables that nothing may fail on."""
    every = odd_types()
    return {
        "no row": every.head(0),
        "one row": every.head(1),
        "two rows": every.head(2),
        "every type": every,
        "no column": pl.DataFrame(),
        "all missing": pl.DataFrame({"a": [None] * 40, "b": pl.Series([""] * 40), "c": [float("nan")] * 40}),
        "one column": pl.DataFrame({"a": np.arange(100)}),
        "all the same": pl.DataFrame({"a": [1] * 100, "b": ["x"] * 100}),
        "all infinite": pl.DataFrame({"a": [float("inf")] * 50 + [-float("inf")] * 50, "b": list(range(100))}),
    }


def clean_table(rows: int = 1_000, seed: int = 5) -> pl.DataFrame:
    """Columns that have nothing to do with each other, nor with their place in the table."""
    random = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "age": random.integers(18, 90, rows),
            "height": random.normal(170, 9, rows).round(1),
            "city": random.choice(["Oslo", "Rome", "Bonn"], rows),
            "member": random.random(rows) < 0.5,
            "day": pl.Series(random.integers(0, 2_000, rows)).cast(pl.Int32).cast(pl.Date),
            "many": [f"m{i}" for i in random.integers(0, 80, rows)],
            "y": random.choice(["no", "yes"], rows),
        }
    )
