"""The timed flows as a polars user would write them: lazily, fits in one pass, one sink.

``python -m tests.benchmarks.by_hand ten FOLDER`` or ``... loans FOLDER``.
"""

from __future__ import annotations

import math
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


def loans(folder: Path) -> None:
    """The sample flow's steps over its two loan files, SMOTE by imbalanced-learn."""
    from imblearn.over_sampling import SMOTE

    first, second = (
        pl.scan_csv(folder / "data" / f"loans-part-{i}.csv", try_parse_dates=True, infer_schema_length=100_000)
        for i in (1, 2)
    )
    rows = (
        first.join(second, on="id", maintain_order="left")
        .unique("id", maintain_order=True)
        .drop_nulls(["employment_length", "employer_title"])
        .collect(engine="streaming")
    )
    mean, spread = rows["annual_income"].mean(), rows["annual_income"].std()
    assert isinstance(mean, float)
    assert isinstance(spread, float)
    rows = rows.with_columns(
        pl.col("annual_income").clip(mean - 4 * spread, mean + 4 * spread),
        pl.col("employer_title").str.strip_chars().str.to_lowercase(),
    )
    for name in ("purpose", "home_ownership"):
        rows = rows.with_columns(
            (pl.col(name) == each).cast(pl.Int64).alias(f"{name}_{each.replace(' ', '_')}")
            for each in rows[name].unique().sort()
        ).drop(name)
    rows = with_words(rows, "employer_title", 20).with_columns(
        pl.col("loan_status").replace({"charged off": "default", "current": "default"}),
        pl.col("grade").replace_strict({each: i for i, each in enumerate("abcdefg")}, return_dtype=pl.Int64),
    )
    rows = rows.drop("issued_on").sample(fraction=1, shuffle=True, seed=0)
    place, size = pl.int_range(pl.len()).over("loan_status"), pl.len().over("loan_status")
    train, test = rows.filter(place < size * 0.8), rows.filter(place >= size * 0.8)
    features = [name for name, dtype in train.schema.items() if dtype.is_numeric() and name != "id"]
    numbers = train.select(pl.col(features).cast(pl.Float64)).fill_null(strategy="mean")
    made, classes = SMOTE(random_state=0).fit_resample(numbers.to_numpy(), train["loan_status"].to_numpy())
    balanced = pl.DataFrame(made, schema=features).with_columns(loan_status=pl.Series(classes))
    balanced.write_parquet(folder / "by_hand_train.parquet")
    test.write_parquet(folder / "by_hand_test.parquet")


def with_words(rows: pl.DataFrame, column: str, most: int) -> pl.DataFrame:
    """The rows with TF-IDF weights of the most frequent words of a column in its place."""
    words = pl.col(column).str.extract_all(r"\w\w+")
    counts = rows.select(words.list.unique().explode().alias("word"), words.list.len().sum().alias("n"))
    top = counts["word"].drop_nulls().value_counts(sort=True).head(most)
    rows = rows.with_columns(words.alias("__words"))
    weights = [
        pl.col("__words").list.count_matches(word).fill_null(0) * (math.log((1 + rows.height) / (1 + n)) + 1)
        for word, n in top.iter_rows()
    ]
    names = [f"{column}_{word}" for word in top["word"]]
    weighed = rows.with_columns(each.alias(name) for each, name in zip(weights, names, strict=True))
    length = pl.sum_horizontal(pl.col(name) ** 2 for name in names).sqrt()
    return weighed.with_columns(
        pl.when(length > 0).then(pl.col(name) / length).otherwise(0.0).alias(name) for name in names
    ).drop(column, "__words")


def main() -> None:
    """Run one case."""
    case, folder = sys.argv[1:]
    {"ten": ten_steps, "loans": loans}[case](Path(folder))


if __name__ == "__main__":
    main()
