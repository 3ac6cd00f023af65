"""Rules that are learned."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.spatial.distance import jensenshannon

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from transforms.core.errors import InvalidStepError, StepError
from transforms.core.relations import Source
from transforms.core.transform import Failure, Transform
from transforms.validate_learned import AssertNoDrift, AssertNoNewCategories

NAN = float("nan")
RANDOM = np.random.default_rng(0)
OLD = pl.DataFrame({"x": RANDOM.normal(size=500), "c": RANDOM.choice(["a", "b", "c"], 500, p=[0.6, 0.3, 0.1])})
NEW = pl.DataFrame({"x": RANDOM.normal(0.5, 1.2, size=400), "c": RANDOM.choice(["a", "b", "d"], 400)})


def applied(step: Transform, before: pl.DataFrame, after: pl.DataFrame) -> list[pl.DataFrame]:
    """What a step fitted on one table makes of another."""
    bound = step.bind(before.schema)
    learned = bound.fit(Asking(PolarsEngine.over({"in0": before}), (Source("in0"),)))
    engine = PolarsEngine.over({"in0": after})
    out = bound.plan(Source("in0"), learned=learned)
    return [engine.collect(each) for each in (out if isinstance(out, tuple) else (out,))]


def distance(step: AssertNoDrift, before: pl.DataFrame, after: pl.DataFrame) -> float:
    """What the error says of a step that allows next to nothing."""
    with pytest.raises(StepError) as error:
        applied(step.model_copy(update={"threshold": 1e-6}), before, after)
    return float(str(error.value).split(" is ")[1].split(",")[0])


def shares_of_numbers(values: pl.Series, edges: Any) -> Any:
    counts = np.histogram(values.to_numpy(), [-np.inf, *edges, np.inf])[0]
    return counts / len(values)


def test_distances_of_numbers_are_those_of_numpy_and_scipy() -> None:
    edges = np.quantile(OLD["x"].to_numpy(), np.arange(1, 10) / 10)
    old, new = (shares_of_numbers(each["x"], edges) for each in (OLD, NEW))
    expected = {
        "psi": float(np.sum((new - old) * np.log(new / old))),
        "js": float(jensenshannon(old, new, base=2)),
        "ks": float(np.max(np.abs(np.cumsum(old) - np.cumsum(new)))),
    }
    for metric, value in expected.items():
        step = AssertNoDrift(columns=("x",), metric=metric)
        assert distance(step, OLD, NEW) == pytest.approx(value, abs=1e-4)


def test_distances_of_categories_count_new_and_missing_ones() -> None:
    new = NEW.with_columns(pl.col("c").replace({"b": None}))
    names = ["a", "b", "c"]
    old_shares, new_shares = (
        np.array(
            [*((each["c"] == name).fill_null(value=False).mean() for name in names), 0.0, each["c"].is_null().mean()]
        )
        for each in (OLD, new)
    )
    new_shares[3] = (new["c"] == "d").fill_null(value=False).mean()
    old, now = (np.maximum(each, 1e-4) for each in (old_shares, new_shares))
    expected = float(np.sum((now - old) * np.log(now / old)))
    assert distance(AssertNoDrift(columns=("c",)), OLD, new) == pytest.approx(expected, abs=1e-4)
    step = AssertNoDrift(columns=("c",), metric="js")
    assert distance(step, OLD, new) == pytest.approx(jensenshannon(old_shares, new_shares, base=2), abs=1e-4)


def test_the_same_table_has_not_drifted() -> None:
    for metric in ("psi", "js"):
        step = AssertNoDrift(columns=("x", "c"), metric=metric, threshold=1e-9)
        assert applied(step, OLD, OLD)[0].equals(OLD)


def test_a_table_that_has_drifted_is_stopped_or_marked() -> None:
    with pytest.raises(StepError, match="The values of 'x' are spread otherwise than they were: psi is 0"):
        applied(AssertNoDrift(columns=("c", "x"), threshold=0.2).model_copy(update={"columns": ("x",)}), OLD, NEW)
    step = AssertNoDrift(columns=("x", "c"), on_fail="flag")
    assert set(applied(step, OLD, NEW)[0]["is_valid"]) == {False}
    assert set(applied(step, OLD, OLD)[0]["is_valid"]) == {True}


def test_values_that_go_missing_are_drift() -> None:
    half = OLD.with_columns(pl.when(pl.int_range(pl.len()) % 2 == 0).then("x"))
    assert distance(AssertNoDrift(columns=("x",)), OLD, half) > 0.2


def test_tables_without_rows_or_without_a_past_keep_the_rule() -> None:
    step = AssertNoDrift(columns=("x", "c"), on_fail="flag")
    assert applied(step, OLD.clear(), NEW)[0]["is_valid"].all()
    assert applied(AssertNoDrift(columns=("x",)), OLD, OLD.clear())[0].is_empty()
    missing = OLD.with_columns(x=pl.lit(None, pl.Float64))
    assert applied(AssertNoDrift(columns=("x",), metric="ks"), missing, NEW)[0].equals(NEW)


def test_constant_and_infinite_numbers_can_be_compared() -> None:
    table = pl.DataFrame({"x": [5.0, 5.0, float("inf"), float("-inf"), NAN, None]})
    assert applied(AssertNoDrift(columns=("x",), threshold=1e-9), table, table)[0].equals(table)


def test_texts_have_no_order_for_kolmogorov() -> None:
    with pytest.raises(InvalidStepError, match="'c' holds text values, and 'ks' compares numbers"):
        AssertNoDrift(columns=("c",), metric="ks").bind(OLD.schema)


CITIES = pl.DataFrame({"city": ["Oslo", "Rome", None], "size": [1.0, 2.0, NAN]})
LATER = pl.DataFrame({"city": ["Oslo", "Lima", None, "Rome"], "size": [1.0, 2.0, NAN, 3.5]})


def failures(step: Transform, before: pl.DataFrame) -> list[Failure]:
    bound = step.bind(before.schema)
    return list(bound.failures(bound.fit(Asking(PolarsEngine.over({"in0": before}), (Source("in0"),)))))


@pytest.mark.parametrize(
    ("on_fail", "cities", "sizes"),
    [
        ("stop", ["Oslo", "Lima", None, "Rome"], [1.0, 2.0, NAN, 3.5]),
        ("warn", ["Oslo", "Lima", None, "Rome"], [1.0, 2.0, NAN, 3.5]),
        ("drop", ["Oslo", None], [1.0, NAN]),
        ("quarantine", ["Oslo", None], [1.0, NAN]),
        ("null", ["Oslo", None, None, "Rome"], [1.0, 2.0, NAN, None]),
    ],
)
def test_rows_with_new_categories_go_where_asked(on_fail: Any, cities: list[Any], sizes: list[Any]) -> None:
    step = AssertNoNewCategories(columns=("city", "size"), on_fail=on_fail)
    found = applied(step, CITIES, LATER)
    assert found[0].equals(pl.DataFrame({"city": cities, "size": sizes}))
    assert len(found) == (2 if on_fail == "quarantine" else 1)
    counts = [(each.column, LATER.select(each.where.sum()).item(), each.stop) for each in failures(step, CITIES)]
    assert counts == [("city", 1, on_fail == "stop"), ("size", 1, on_fail == "stop")]


def test_rows_with_new_categories_are_marked_or_set_aside() -> None:
    flagged = applied(AssertNoNewCategories(columns=("city",), on_fail="flag"), CITIES, LATER)[0]
    assert flagged["is_valid"].to_list() == [True, False, True, True]
    aside = applied(AssertNoNewCategories(columns=("city",), on_fail="quarantine"), CITIES, LATER)[1]
    assert aside["city"].to_list() == ["Lima"]


def test_columns_of_too_many_values_are_refused() -> None:
    table = pl.DataFrame({"x": range(10_001)})
    with pytest.raises(StepError, match="more than 10,000 different values, too many to be categories"):
        applied(AssertNoNewCategories(columns=("x",)), table, table)
