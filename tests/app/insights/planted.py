"""Tables with one defect each, and everything that a report measures of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from dataprep_app.insights.findings import ClassShare, Finding, TableSummary, TargetSummary
from dataprep_app.insights.measures import duplicate_rows, measured
from dataprep_app.insights.rules.registry import rules
from dataprep_app.insights.rules.rule import Looked
from dataprep_app.insights.sections.associations import associations
from dataprep_app.insights.sections.dependencies import dependencies
from dataprep_app.insights.sections.drift import drift
from dataprep_app.insights.sections.duplicates import duplicates
from dataprep_app.insights.sections.missing_values import missing_values
from dataprep_app.insights.sections.sample import Sample
from dataprep_app.insights.signs.look import signs_of
from flows.engines.base import Control
from transforms.scoring.problem import present, problem_type

ROWS = 1_000
TODAY = date(2024, 6, 30)
RANDOM = np.random.default_rng(11)
CITIES = ("Oslo", "Rome", "Bonn")
CLEAN = pl.DataFrame(
    {
        "age": RANDOM.integers(18, 90, ROWS),
        "height": RANDOM.normal(170, 9, ROWS).round(1),
        "city": RANDOM.choice(CITIES, ROWS),
        "member": RANDOM.random(ROWS) < 0.5,
        "day": pl.Series(RANDOM.integers(18_000, 19_800, ROWS)).cast(pl.Int32).cast(pl.Date),
        "y": RANDOM.choice(["no", "yes"], ROWS),
        "amount": RANDOM.normal(500, 90, ROWS).round(2),
    }
)
"""A table without any defect: it has classes to predict in ``y`` and a number in ``amount``."""
ODD = pl.DataFrame(
    {
        "^a$": ["x", None, " y"],
        "b.c d": [1.0, float("nan"), float("inf")],
        "quo\"te'": [None, None, None],
        "🙂": [[1], [2], None],
        "s": [{"x": 1}, {"x": 2}, None],
        "dec": [Decimal("1.50"), Decimal("2.25"), None],
        "dur": [timedelta(hours=1), None, timedelta(0)],
        "at": [datetime(2024, 1, 1), None, datetime(2025, 1, 1)],
        "cat": pl.Series(["a", "b", None], dtype=pl.Categorical),
        "enum": pl.Series(["a", "b", None], dtype=pl.Enum(["a", "b"])),
        "bin": [b"1", b"2", None],
        "flag": [True, False, None],
        "empty": ["", "  ", ""],
        "big": pl.Series([2**63, 2**64 - 1, None], dtype=pl.UInt64),
    },
    strict=False,
)
"""Columns of every type, with names that look like something else."""
POWER = {"age": 0.3, "height": 0.2, "city": 0.1, "member": 0.4, "day": 0.05, "amount": 0.15}


def looked(table: pl.DataFrame, target: str | None = None, *, sections: bool = True, **facts: Any) -> Looked:
    """Everything that is measured of a table, but for models; ``facts`` are taken as they are."""
    features = measured(table)
    problem = problem_type(table, target) if target is not None else None
    sample = Sample(table, table.height, features, problem)
    control = Control()
    summary: TargetSummary | None = None
    if problem is not None:
        known = table.select(present(problem.target, table.schema[problem.target]).alias("name")).drop_nulls()
        counts = known.to_series().value_counts(name="rows").sort("rows", "name", descending=[True, False])
        classes = tuple(ClassShare(name=name, rows=rows) for name, rows in counts.iter_rows())
        summary = TargetSummary(
            name=problem.target,
            kind=problem.kind,
            reason=problem.reason,
            missing=table.height - known.height,
            classes=classes if problem.classes else (),
            feature=features[problem.target].summary,
        )
    whole = TableSummary(
        rows=table.height,
        columns=table.width,
        missing_cells=sum(each.summary.missing for each in features.values()),
        duplicate_rows=duplicate_rows(table),
        types={},
    )
    signs = signs_of(sample, control, TODAY)
    measures = (
        {
            "associations": associations(sample, control),
            "missing": missing_values(sample, control),
            "duplicates": duplicates(sample, control),
            "dependencies": dependencies(sample, control),
            "drift": drift(sample, control),
        }
        if sections
        else {}
    )
    given = {"table": whole, "features": features, "target": summary, "schema": table.schema, "sample": sample}
    return Looked(**{**given, **measures, "signs": signs, "today": TODAY, **facts})


def findings(seen: Looked, thresholds: Mapping[str, Mapping[str, float]] | None = None) -> list[Finding]:
    """What all rules find."""
    return [finding for rule in rules(thresholds) for finding in rule.find(seen)]


def first_of_each(seen: Looked, thresholds: Mapping[str, Mapping[str, float]] | None = None) -> dict[str, Finding]:
    """What all rules find, the first finding of each rule."""
    by_rule: dict[str, Finding] = {}
    for each in findings(seen, thresholds):
        by_rule.setdefault(each.rule, each)
    return by_rule


def found(
    table: pl.DataFrame, target: str | None = None, *, sections: bool = False, **facts: Any
) -> dict[str, Finding]:
    """What all rules find in a table, the first finding of each rule; without sections, those about single columns."""
    return first_of_each(looked(table, target, sections=sections, **facts))


def with_column(name: str, values: Any) -> pl.DataFrame:
    """The clean table with one column more, or another one."""
    return CLEAN.with_columns(pl.Series(name, values, strict=False))


def some(value: Any, rows: int, other: Any) -> list[Any]:
    """A value in so many rows, spread over the table, and another one, or one of several in turn, in the rest."""
    others = list(other) if isinstance(other, Sequence) and not isinstance(other, str) else [other]
    step = ROWS // rows if rows else ROWS + 1
    places = {place * step for place in range(rows)}
    return [value if row in places else others[row % len(others)] for row in range(ROWS)]


@dataclass(frozen=True)
class Planted:
    """A table with a defect."""

    table: pl.DataFrame
    column: str | None
    """Where it is; none for one of the table."""
    target: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    beside: frozenset[str] = frozenset()
    """Other rules that rightly find something here, too."""


def _shuffled(values: Sequence[Any]) -> list[Any]:
    return [values[place] for place in np.random.default_rng(5).permutation(len(values))]


def _noise(seed: int) -> list[float | None]:
    """Numbers, a quarter of which are missing."""
    random = np.random.default_rng(seed)
    return [each if random.random() < 0.75 else None for each in random.normal(0, 1, ROWS).round(3)]


def _gone(name: str, rows: int) -> pl.DataFrame:
    return CLEAN.with_columns(pl.when(pl.int_range(ROWS) % (ROWS // rows) != 0).then(name).alias(name))


_DAYS = [date(2020, 1, 1) + timedelta(days=int(each)) for each in RANDOM.integers(0, 1_600, ROWS)]
_DRAWN = RANDOM.normal(0, 1, ROWS)
_TAILS = [sign * each for each in np.exp(np.abs(_DRAWN[: ROWS // 2]) * 1.5).round(4).tolist() for sign in (1, -1)]
_STREETS = [f"{word} street {chr(97 + row % 26)}{chr(97 + row // 26 % 26)}{chr(97 + row // 676)}" for row, word in
            enumerate(RANDOM.choice(["Elm", "Oak", "Low"], ROWS))]  # fmt: skip
_GROUPS = ("north", "south", "east", "west")
_REGIONS = dict(zip(_GROUPS, ("N", "S", "E", "W"), strict=True))
_GROUP = RANDOM.choice(_GROUPS, ROWS)
_ONCE = np.where(np.arange(ROWS) % 250 == 7, "N", [_REGIONS[each] for each in _GROUP])
_LEAK = np.where(CLEAN["y"] == "yes", RANDOM.normal(5, 1, ROWS).round(3), np.nan)

_PRICES = [f"${each:,.2f}" for each in 900 + 900 * RANDOM.random(ROWS)]
_PARTS = some("B71234", 20, [f"AB-{each}" for each in range(1000, 1450)])
_NAMED = with_column("name", _STREETS)
_COPIED = pl.concat([CLEAN, CLEAN.sample(30, seed=3)])
_NEARLY = pl.concat([_NAMED, _NAMED.sample(30, seed=3).with_columns(pl.col("name").str.to_uppercase())])

PLANTED: dict[str, Planted] = {
    "empty": Planted(with_column("c", pl.Series([None] * ROWS, dtype=pl.String)), "c"),
    "constant": Planted(with_column("c", ["same"] * ROWS), "c"),
    "near_constant": Planted(with_column("c", some("other", 8, "same")), "c"),
    "missing": Planted(_gone("height", 100), "height"),
    "disguised_missing": Planted(with_column("job", some("N/A", 30, ["clerk", "cook", "smith"])), "job"),
    "numeric_disguised_missing": Planted(with_column("score", some(-999, 100, list(range(200, 399)))), "score"),
    "date_disguised_missing": Planted(
        CLEAN.with_columns(
            pl.Series("day", some(date(1900, 1, 1), 20, _DAYS))
        ),
        "day",
    ),
    "invalid": Planted(with_column("rate", some(float("inf"), 10, [each / 10 for each in range(97)])), "rate"),
    "outliers": Planted(with_column("width", some(9_999.5, 2, RANDOM.normal(20, 2, ROWS).round(2).tolist())), "width"),
    "skewed": Planted(with_column("income", np.exp(_DRAWN * 1.6).round(4)), "income"),
    "heavy_tails": Planted(with_column("change", _TAILS), "change"),
    "numbers_as_text": Planted(with_column("price", _PRICES), "price"),
    "mixed_types": Planted(with_column("size", some("large", 100, [f"{each / 4}" for each in range(97)])), "size"),
    "dates_as_text": Planted(
        CLEAN.with_columns(pl.Series("day", [each.isoformat() for each in _DAYS])), "day"
    ),
    "mixed_date_formats": Planted(
        CLEAN.with_columns(
            pl.Series("day", [f"{each:%Y-%m-%d}" if row % 3 else f"{each:%d.%m.%Y}" for row, each in enumerate(_DAYS)])
        ),
        "day",
    ),
    "future_dates": Planted(CLEAN.with_columns(pl.Series("day", some(date(2031, 5, 1), 10, _DAYS))), "day"),
    "spelling_variants": Planted(
        CLEAN.with_columns(city=pl.when(pl.int_range(ROWS) % 50 == 3).then(pl.lit("OSLO")).otherwise("city")), "city"
    ),
    "white_space": Planted(
        CLEAN.with_columns(city=pl.when(pl.int_range(ROWS) % 50 == 3).then(pl.lit(" Oslo")).otherwise("city")), "city"
    ),
    "garbled_text": Planted(
        CLEAN.with_columns(city=pl.when(pl.int_range(ROWS) % 3 == 1).then(pl.lit("Caf\x1a")).otherwise("city")), "city"
    ),
    "text_pattern": Planted(with_column("part", _PARTS), "part"),
    "personal_data": Planted(with_column("mail", [f"person{row % 480}@example.org" for row in range(ROWS)]), "mail"),
    "high_cardinality": Planted(with_column("address_text", _STREETS), "address_text", "y"),
    "identifier": Planted(with_column("record", _shuffled(range(5_000, 5_000 + ROWS))), "record", "y"),
    "rare_categories": Planted(
        with_column("shop", _shuffled(["big"] * 600 + ["wide"] * 384 + ["b", "c", "d", "e"] * 4)), "shop", "y",
        {"power": {**POWER, "shop": 0.35}},
    ),
    "leakage": Planted(CLEAN, "age", "y", {"power": {**POWER, "age": 0.96}}),
    "target_correlation": Planted(
        with_column("copy", (CLEAN["amount"] * 2 + pl.Series(_DRAWN)).round(2)), "copy", "amount"
    ),
    "missing_tells_target": Planted(
        with_column("paid", pl.Series(_LEAK).fill_nan(None)), "paid", "y", beside=frozenset({"missing"})
    ),
    "uninformative": Planted(
        CLEAN, None, "y", {"power": {**dict.fromkeys(POWER, 0.0), "age": 0.2}}
    ),
    "duplicate_rows": Planted(_COPIED.sample(fraction=1.0, shuffle=True, seed=1), None),
    "near_duplicate_rows": Planted(
        _NEARLY.sample(fraction=1.0, shuffle=True, seed=1), None, beside=frozenset({"spelling_variants"})
    ),
    "drift": Planted(CLEAN.with_columns(height=pl.col("height") + pl.col("day").rank() * 0.02), None),
    "duplicate_columns": Planted(with_column("size", CLEAN["height"]), "size"),
    "collinear": Planted(with_column("inches", (CLEAN["height"] / 2.54 + pl.Series(_DRAWN) / 9).round(2)), "inches"),
    "missing_together": Planted(
        CLEAN.with_columns(
            pl.when(pl.int_range(ROWS) % 25 != 3).then(pl.col("age", "height", "amount")).name.keep()
        ),
        "age",
    ),
    "broken_dependency": Planted(
        with_column("group", _GROUP).with_columns(pl.Series("region", _ONCE)), "region",
    ),
    "missing_target": Planted(_gone("y", 4), "y", "y"),
    "few_of_class": Planted(with_column("y", some("rare", 8, ["no", "yes"])), "y", "y"),
    "numbers_as_classes": Planted(
        with_column("amount", _shuffled([row % 40 for row in range(ROWS)])), "amount", "amount"
    ),
    "codes_as_numbers": Planted(
        with_column("zip", _shuffled([1_000 + 97 * (row % 900) for row in range(ROWS)])), "zip"
    ),
    "clock_as_numbers": Planted(
        with_column("start", _shuffled([100 * (row % 24) + row * 7 % 60 for row in range(ROWS)])), "start"
    ),
    "several_values": Planted(
        with_column("tags", _shuffled(["red", "blue", "green", "red; blue", "green; red"] * (ROWS // 5))), "tags"
    ),
    "renamed_columns": Planted(
        with_column("group", _GROUP).with_columns(pl.col("group").replace(_REGIONS).alias("region")), "region"
    ),
    "repeated_columns": Planted(
        CLEAN.with_columns(pl.Series(f"day_{each}", _noise(each)) for each in range(1, 13)), None,
        beside=frozenset({"missing"}),
    ),
    "imbalanced": Planted(with_column("y", some("rare", 100, "no")), "y", "y"),
    "too_many_classes": Planted(
        with_column("y", _shuffled([f"class {row % 90}" for row in range(ROWS)])), "y", "y"
    ),
    "target_shape": Planted(with_column("amount", np.exp(_DRAWN * 1.6).round(4)), "amount", "amount"),
    "frequent_target_value": Planted(
        with_column("amount", some(500.0, 250, CLEAN["amount"].to_list())), "amount", "amount"
    ),
    "non_numeric_target": Planted(
        with_column("amount", some("sold out", 20, [f"{each}" for each in CLEAN["amount"]])), "amount", "amount"
    ),
}  # fmt: skip
"""By the id of the rule that finds the defect."""
