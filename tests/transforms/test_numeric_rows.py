"""Summaries across columns, logic, and random numbers."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_series_equal
from pydantic import ValidationError
from scipy import stats

from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.core.transform import RowTransform
from transforms.numeric_rows import BooleanLogic, RandomNumber, RowAggregate

NAN = float("nan")
MOST, LEAST = 2**63 - 1, -(2**63)
RANDOM = np.random.default_rng(2)


def lost(step: RowTransform, table: pl.DataFrame) -> list[tuple[int, bool]]:
    """Rows and whether it stops, of each failure that happens."""
    counts = ((table.select(each.where.sum()).item(), each.stop) for each in step.bind(table.schema).failures())
    return [each for each in counts if each[0]]


ROWS = pl.DataFrame(
    {name: [None if RANDOM.random() < 0.3 else float(v) for v in RANDOM.normal(size=200)] for name in "abcd"}
)


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("function", ["sum", "mean", "min", "max", "median", "std", "var", "product"])
def test_summaries_across_columns_are_those_of_pandas(function: Any, skip: bool) -> None:
    step = RowAggregate(columns=tuple("abcd"), function=function, ignore_missing=skip, output="y")
    options: dict[str, Any] = {"min_count": 1} if function in ("sum", "product") else {}
    expected = getattr(ROWS.to_pandas(), function)(axis=1, skipna=skip, **options)
    np.testing.assert_allclose(result(step, ROWS)["y"].to_numpy(), expected.to_numpy(), rtol=1e-12)
    assert lost(step, ROWS) == []


def test_ranges_counts_and_first_values_across_columns() -> None:
    table = pl.DataFrame({"a": [1.0, 0.0, None, NAN], "b": [4.0, -0.0, None, 2.0], "c": [1.0, None, None, NAN]})
    found = {
        function: result(RowAggregate(columns=("a", "b", "c"), function=function, output="y"), table)["y"].to_list()
        for function in ("range", "count_present", "count_distinct", "first_present")
    }
    assert found == {
        "range": [3.0, 0.0, None, 0.0],
        "count_present": [3, 2, 0, 1],
        "count_distinct": [2, 1, 0, 1],
        "first_present": [1.0, 0.0, None, 2.0],
    }


@pytest.mark.parametrize(
    ("function", "values", "expected"),
    [
        ("sum", [MOST, 1, -1], MOST),
        ("sum", [MOST, 1, 0], None),
        ("product", [2**40, 2**40, 2**40], None),
        ("product", [3, -5, None], -15),
        ("range", [MOST, LEAST, 0], None),
        ("range", [5, None, -5], 10),
        ("sum", [None, None, None], None),
    ],
)
def test_whole_numbers_across_columns_are_exact_or_counted(function: Any, values: list[Any], expected: Any) -> None:
    table = pl.DataFrame({name: pl.Series([v], dtype=pl.Int64) for name, v in zip("abc", values, strict=True)})
    step = RowAggregate(columns=("a", "b", "c"), function=function, output="y")
    assert_series_equal(result(step, table)["y"], pl.Series("y", [expected], dtype=pl.Int64))
    assert lost(step, table) == ([(1, False)] if expected is None and any(v is not None for v in values) else [])


def test_booleans_count_as_one_and_zero_and_others_have_a_greatest() -> None:
    table = pl.DataFrame({"a": [True], "b": [2], "n": [None]})
    assert result(RowAggregate(columns=("a", "b", "n"), output="y"), table)["y"].to_list() == [3]
    days = pl.DataFrame({"a": [date(2024, 1, 2), None], "b": [date(2024, 1, 1), date(2023, 1, 1)]})
    latest = result(RowAggregate(columns=("a", "b"), function="max", output="y"), days)["y"]
    assert latest.to_list() == [date(2024, 1, 2), date(2023, 1, 1)]
    text = pl.DataFrame({"a": ["é", None], "b": ["z", "a"], "c": ["", None]})
    assert result(RowAggregate(columns=tuple("abc"), function="min", output="y"), text)["y"].to_list() == ["", "a"]
    assert result(RowAggregate(columns=tuple("abc"), function="count_distinct", output="y"), text)["y"].to_list() == [
        3,
        1,
    ]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"columns": ["t", "x"]}, "'sum' takes numbers, and column 't' holds text"),
        ({"columns": ["t", "x"], "function": "max"}, "no common type: 't' text, 'x' number"),
        ({"columns": ["l"], "function": "max"}, "'max' takes single values, and column 'l' holds list"),
        ({"columns": {"type": "date"}}, "No column is chosen"),
        ({"columns": ["x"], "output": "t"}, "There is a column 't' already"),
    ],
)
def test_columns_that_cannot_be_summarized_are_refused(params: Any, message: str) -> None:
    schema = pl.Schema({"t": pl.String(), "x": pl.Float64(), "l": pl.List(pl.Int64())})
    with pytest.raises(InvalidStepError, match=message):
        RowAggregate.model_validate({"output": "y", **params}).bind(schema)


KNOWN = (True, False, None)
LOGIC = pl.DataFrame(list(product(KNOWN, repeat=3)), schema=dict.fromkeys("abc", pl.Boolean), orient="row")


def _all(values: tuple[bool | None, ...]) -> bool | None:
    return False if False in values else None if None in values else True


def _any(values: tuple[bool | None, ...]) -> bool | None:
    return True if True in values else None if None in values else False


def _two(values: tuple[bool | None, ...]) -> bool | None:
    """What holds however the unknown ones turn out."""
    possible = {sum(each) >= 2 for each in product(*((True, False) if v is None else (v,) for v in values))}
    return possible.pop() if len(possible) == 1 else None


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"op": "and"}, _all),
        ({"op": "or"}, _any),
        ({"op": "xor"}, lambda values: None if None in values else sum(values) % 2 == 1),
        ({"op": "count_true"}, lambda values: values.count(True)),
        ({"op": "at_least", "n": 2}, _two),
    ],
)
def test_logic_has_three_values(params: Any, expected: Any) -> None:
    found = result(BooleanLogic(columns=("a", "b", "c"), output="y", **params), LOGIC)["y"]
    assert found.to_list() == [expected(row) for row in LOGIC.rows()]


def test_not_takes_one_column() -> None:
    assert result(BooleanLogic(columns=("a",), op="not", output="y"), LOGIC.head(27)[::9])["y"].to_list() == [
        False, True, None
    ]  # fmt: skip
    with pytest.raises(InvalidStepError, match="'not' takes one column, found 2"):
        BooleanLogic(columns=("a", "b"), op="not", output="y").bind(LOGIC.schema)
    with pytest.raises(ValidationError, match="'at_least' and 'n' go together"):
        BooleanLogic(columns=("a",), op="at_least", output="y")
    with pytest.raises(InvalidStepError, match="'x' holds integer values, but boolean is needed"):
        BooleanLogic(columns=("x",), output="y").bind(pl.Schema({"x": pl.Int64}))


MANY = pl.DataFrame({"id": range(20_000)})


def drawn(**params: Any) -> pl.Series:
    return result(RandomNumber(output="y", **params), MANY)["y"]


@pytest.mark.parametrize(
    ("params", "name", "arguments"),
    [
        ({"min": -2, "max": 3}, "uniform", (-2, 5)),
        ({"distribution": "normal", "mean": 10, "std": 2}, "norm", (10, 2)),
        ({"distribution": "exponential", "rate": 4}, "expon", (0, 0.25)),
    ],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_random_numbers_are_of_their_distribution(params: Any, name: str, arguments: Any, seed: int) -> None:
    assert stats.kstest(drawn(seed=seed, **params).to_numpy(), name, arguments).pvalue > 0.001


def test_random_whole_numbers_are_equally_likely() -> None:
    dice = drawn(distribution="integer", min=-1, max=4)
    assert dice.dtype == pl.Int64
    counts = dict(dice.value_counts().rows())
    assert set(counts) == {-1, 0, 1, 2, 3, 4}
    assert stats.chisquare(list(counts.values())).pvalue > 0.001


def test_true_has_its_probability() -> None:
    share = drawn(distribution="bernoulli", probability=0.3).mean()
    assert share == pytest.approx(0.3, abs=0.015)
    assert drawn(distribution="bernoulli", probability=0).any() is False
    assert drawn(distribution="bernoulli", probability=1).all() is True


def test_same_seed_same_numbers_and_other_seed_others() -> None:
    assert drawn(seed=3).equals(drawn(seed=3))
    correlation = np.corrcoef(drawn(seed=3).to_numpy(), drawn(seed=4).to_numpy())[0, 1]
    assert abs(correlation) < 0.03


def test_no_spread_is_a_constant() -> None:
    assert set(drawn(distribution="normal", mean=5, std=0)) == {5.0}
    assert set(drawn(min=2, max=2)) == {2.0}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"min": 2, "max": 1}, "The minimum 2 is above the maximum 1"),
        ({"distribution": "integer", "max": 1.5}, "The maximum 1.5 has to be a whole number"),
        ({"distribution": "integer", "max": 1e17}, r"of at most 2\^52"),
    ],
)
def test_ranges_that_cannot_be_are_refused(params: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        RandomNumber(output="y", **params)
