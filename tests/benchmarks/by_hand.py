"""The timed flows as a polars user would write them: lazily, fits in one pass, one sink.

``python -m tests.benchmarks.by_hand ten FOLDER`` or ``... loans FOLDER``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl


def ten_steps(folder: Path) -> None:
    """The ten steps over ``rows.parquet``."""
    rows = pl.scan_parquet(folder / "rows.parquet")
    fitted = rows.select(
        pl.col("annual_income", "dti").mean(),
        pl.col("interest_rate").mean(),
        pl.col("interest_rate").std(0).alias("interest_spread"),
        pl.col("purpose").drop_nulls().unique().sort().implode(),
    ).collect(engine="streaming")
    mean = fitted.row(0, named=True)
    prepared = (
        rows.with_columns(pl.col(name).fill_null(mean[name]) for name in ("annual_income", "dti"))
        .with_columns(pl.col("loan_amount").clip(500, 35_000))
        .with_columns(
            (pl.col("purpose") == each).cast(pl.Int64).fill_null(0).alias(f"purpose_{each.replace(' ', '_')}")
            for each in mean["purpose"]
        )
        .drop("purpose")
        .with_columns((pl.col("interest_rate") - mean["interest_rate"]) / mean["interest_spread"])
        .with_columns(pl.col("city").str.strip_chars())
        .with_columns(pl.col("city").str.to_lowercase())
        .with_columns(
            pl.col("issued_on").dt.year().cast(pl.Int64).alias("issued_on_year"),
            pl.col("issued_on").dt.month().cast(pl.Int64).alias("issued_on_month"),
            pl.col("issued_on").dt.weekday().cast(pl.Int64).alias("issued_on_weekday"),
        )
        .with_columns(pl.col("installment").log1p().alias("log_installment"))
        .with_columns(pl.col("score").cut([0, 500, 600, 700, 2000]).cast(pl.String))
        .filter(pl.col("open_lines") >= 5)
        .drop("late", "revolving")
    )
    prepared.sink_parquet(folder / "by_hand.parquet", engine="streaming")


def main() -> None:
    """Run one case."""
    case, folder = sys.argv[1:]
    {"ten": ten_steps}[case](Path(folder))


if __name__ == "__main__":
    main()
