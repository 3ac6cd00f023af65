"""Loan-like rows for benchmarks, made from a seed: 15 columns of every ordinary type."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

PURPOSES = ("debt consolidation", "credit card", "other", "home improvement", "major purchase", "car", "medical")
CITIES = (" New York", "LOS ANGELES ", "Chicago", "houston", " Phoenix ", "PHILADELPHIA", "san antonio")


def write_rows(path: Path, rows: int, seed: int = 7) -> Path:
    """A Parquet file of so many rows; made once."""
    if path.exists():
        return path
    random = np.random.default_rng(seed)
    table = pl.DataFrame(
        {
            "id": np.arange(rows),
            "loan_amount": random.gamma(2.4, 4_700, rows),
            "annual_income": np.exp(random.normal(11, 0.6, rows)),
            "interest_rate": random.normal(12, 3.7, rows),
            "installment": random.gamma(3, 110, rows),
            "dti": random.normal(13, 6.7, rows),
            "open_lines": random.poisson(9, rows),
            "revolving": random.random(rows),
            "term": random.choice((36, 60), rows),
            "purpose": np.take(PURPOSES, random.integers(0, len(PURPOSES), rows)),
            "city": np.take(CITIES, random.integers(0, len(CITIES), rows)),
            "grade": np.take(list("ABCDEFG"), random.integers(0, 7, rows)),
            "issued_on": pl.Series(14_000 + random.integers(0, 3_000, rows)).cast(pl.Int32).cast(pl.Date),
            "late": random.random(rows) < 0.1,
            "score": random.normal(600, 80, rows),
        }
    )
    missing = pl.Series(random.random(rows) < 0.05)
    table = table.with_columns(pl.when(~missing).then("annual_income"), pl.when(~missing).then("dti"))
    path.parent.mkdir(parents=True, exist_ok=True)
    table.write_parquet(path, row_group_size=250_000)
    return path


def write_customers(path: Path, rows: int, seed: int = 8) -> Path:
    """A Parquet file that gives each id a region and an age; made once."""
    if not path.exists():
        random = np.random.default_rng(seed)
        regions = np.take([f"region {i}" for i in range(50)], random.integers(0, 50, rows))
        table = pl.DataFrame({"id": random.permutation(rows), "region": regions, "age": random.integers(18, 90, rows)})
        table.write_parquet(path, row_group_size=250_000)
    return path
