"""Signs, steps, significant digits, angles, and columns made of several numeric columns."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError
from sklearn.preprocessing import PolynomialFeatures as Polynomials

from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.core.transform import RowTransform
from transforms.numeric_combinations import MOST_COLUMNS, PairwiseFeatures, PolynomialFeatures
from transforms.numeric_compare import CompareColumns, FlagBetween
from transforms.numeric_functions import (
    DegreesRadians,
    EvenOddFlag,
    NegateValue,
    ReciprocalValue,
    RoundSignificant,
    RoundToMultiple,
    SignOfNumber,
)
from transforms.numeric_ratios import PercentDifference, SafeRatio, WeightedSum

RANDOM = np.random.default_rng(5)
EXTREMES = pl.DataFrame({"n": [-(2**63), 2**63 - 1, 0, None]})
NAN, INF = float("nan"), float("inf")


def lost(step: RowTransform, table: pl.DataFrame) -> list[tuple[str, int, bool]]:
    """Column, rows and whether it stops, of each failure that happens."""
    bound = step.bind(table.schema)
    found = [(each.column, table.select(each.where.sum()).item(), each.stop) for each in bound.failures()]
    return [each for each in found if each[1]]


def only(step: RowTransform, values: list[Any], dtype: Any = None) -> list[Any]:
    return result(step, pl.DataFrame({"x": pl.Series(values, dtype=dtype)}))["x"].to_list()


def test_the_opposite_of_whole_numbers_is_exact_or_missing_and_counted() -> None:
    step = NegateValue(columns=("n",))
    assert result(step, EXTREMES)["n"].to_list() == [None, -(2**63) + 1, 0, None]
    assert lost(step, EXTREMES) == [("n", 1, False)]


def test_the_opposite_of_zero_has_no_minus() -> None:
    assert math.copysign(1, only(NegateValue(columns=("x",)), [0.0])[0]) == 1
    assert only(NegateValue(columns=("x",)), [Decimal("1.50"), None]) == [Decimal("-1.50"), None]


def test_sign_is_that_of_numpy() -> None:
    values = [-INF, -1e-320, -0.0, 0.0, 3.0, INF]
    assert only(SignOfNumber(columns=("x",)), values) == np.sign(values).tolist()
    assert only(SignOfNumber(columns=("x",)), [NAN, None]) == [None, None]
    assert result(SignOfNumber(columns=("n",)), EXTREMES)["n"].to_list() == [-1, 1, 0, None]


def test_reciprocal_of_zero_and_of_the_smallest_numbers_is_missing_and_counted() -> None:
    table = pl.DataFrame({"x": [0.0, 5e-324, INF, NAN, 3.0]})
    step = ReciprocalValue(columns=("x",))
    assert result(step, table)["x"].to_list() == [None, None, 0.0, None, 1 / 3]
    assert lost(step, table) == [("x", 2, False)]


def test_angles_are_those_of_numpy() -> None:
    values = RANDOM.normal(scale=500, size=50)
    there = only(DegreesRadians(columns=("x",)), values.tolist())
    np.testing.assert_allclose(there, np.radians(values))
    np.testing.assert_allclose(only(DegreesRadians(columns=("x",), to="degrees"), there), values)


@pytest.mark.parametrize("multiple", [0.05, 0.1, 0.25, 3.0, 25.0, 0.3, 1000.0])
def test_multiples_are_those_of_decimal_arithmetic(multiple: float) -> None:
    values = [round(each, 3) for each in RANDOM.uniform(-500, 500, 300).tolist()]
    step = Decimal(repr(multiple))
    expected = [float((Decimal(repr(each)) / step).quantize(Decimal(1), ROUND_HALF_UP) * step) for each in values]
    assert only(RoundToMultiple(columns=("x",), multiple=multiple), values) == expected


def test_a_multiple_stays_what_it_is_whichever_the_direction() -> None:
    values = [float(Decimal("0.05") * n) for n in range(-200, 200)]
    for direction in ("up", "down", "nearest"):
        assert only(RoundToMultiple(columns=("x",), multiple=0.05, direction=direction), values) == values


def test_rounding_whole_numbers_is_exact_and_never_wraps() -> None:
    table = pl.DataFrame({"n": [2**62 + 1, 2**63 - 1, -(2**63), -25, None]})
    step = RoundToMultiple(columns=("n",), multiple=10)
    assert result(step, table)["n"].to_list() == [2**62 + 6, None, None, -30, None]
    assert lost(step, table) == [("n", 2, False)]
    assert only(RoundToMultiple(columns=("x",), multiple=1e30), [5, None]) == [None, None]


def test_huge_and_infinite_numbers_are_multiples_already() -> None:
    assert only(RoundToMultiple(columns=("x",), multiple=0.05), [1e300, INF, -INF, NAN]) == [1e300, INF, -INF, None]


def test_a_multiple_is_above_zero() -> None:
    with pytest.raises(ValidationError, match="greater than 0"):
        RoundToMultiple(columns=("x",), multiple=0)


@pytest.mark.parametrize("digits", [1, 2, 3, 7, 15])
def test_significant_digits_are_those_of_decimal_arithmetic(digits: int) -> None:
    exponents = RANDOM.integers(-300, 300, 200)
    values = [float(f"{x:.5f}e{e}") for x, e in zip(RANDOM.uniform(-10, 10, 200), exponents, strict=True)]
    expected = []
    for each in values:
        number = Decimal(repr(each))
        place = Decimal(1).scaleb(number.adjusted() - digits + 1)
        expected.append(float(number.quantize(place, ROUND_HALF_UP)) if number else 0.0)
    assert only(RoundSignificant(columns=("x",), digits=digits), values) == expected


def test_significant_digits_of_whole_numbers_are_exact() -> None:
    table = pl.DataFrame({"n": [999, -(2**63), 2**63 - 1, 950, 0, 12, None]})
    step = RoundSignificant(columns=("n",), digits=1)
    assert result(step, table)["n"].to_list() == [1000, -9 * 10**18, 9 * 10**18, 1000, 0, 10, None]
    assert lost(step, table) == []


def test_significant_digits_leave_what_is_no_finite_number() -> None:
    assert only(RoundSignificant(columns=("x",)), [INF, -INF, NAN, 0.0, 1.0]) == [INF, -INF, None, 0.0, 1.0]
    assert only(RoundSignificant(columns=("x",), digits=2), [0.125, 1234.0], pl.Float32) == [0.13, 1200.0]


def test_only_whole_numbers_are_even_or_odd() -> None:
    table = pl.DataFrame({"x": [2.0, -3.0, 2.5, INF, NAN, 1e300, None]})
    step = EvenOddFlag(column="x", output="even")
    assert result(step, table)["even"].to_list() == [True, False, None, None, None, True, None]
    assert lost(step, table) == [("x", 2, False)]
    odd = result(EvenOddFlag(column="n", flag="odd"), EXTREMES)
    assert odd["n_is_odd"].to_list() == [False, True, False, None]


def test_ratio_by_zero_is_missing_zero_or_stops() -> None:
    table = pl.DataFrame({"a": [1.0, 0.0, None, 6.0], "b": [0.0, 0.0, 0.0, 4.0]})
    params = {"numerator": "a", "denominator": "b"}
    null, zero, error = (SafeRatio(**params, on_zero_divide=each) for each in ("null", "zero", "error"))
    assert result(null, table)["ratio"].to_list() == [None, None, None, 1.5]
    assert result(zero, table)["ratio"].to_list() == [0.0, 0.0, None, 1.5]
    assert (lost(null, table), lost(zero, table)) == ([("a", 2, False)], [])
    assert lost(error, table) == [("a", 2, True)]


def test_percent_is_rounded_once_where_it_can_be() -> None:
    table = pl.DataFrame({"a": [7, 29], "b": [25, 100]})
    assert result(SafeRatio(numerator="a", denominator="b", scale="percent"), table)["ratio"].to_list() == [28.0, 29.0]


def test_percent_difference_goes_by_the_size_of_the_base() -> None:
    table = pl.DataFrame({"old": [-4, 2**62, 0, 5], "new": [-2, 2**62 + 2**32, 3, None]})
    step = PercentDifference(base="old", column="new")
    assert result(step, table)["difference"].to_list() == [0.5, 2.0**-30, None, None]
    assert lost(step, table) == [("old", 1, False)]


def test_weighted_sum_is_that_of_numpy() -> None:
    values = RANDOM.normal(size=(40, 3))
    weights = {"a": 0.5, "b": -2.0, "c": 1e-3}
    found = result(WeightedSum(weights=weights, intercept=7), pl.DataFrame(values, schema=list(weights)))
    np.testing.assert_allclose(found["weighted_sum"], values @ np.array(list(weights.values())) + 7)


def test_weighted_sum_says_which_column_is_unknown() -> None:
    with pytest.raises(InvalidStepError, match="Column 'aa' is not in the table"):
        WeightedSum(weights={"aa": 1}).bind(pl.Schema({"a": pl.Float64()}))


def test_comparison_tells_missing_values_apart() -> None:
    table = pl.DataFrame({"a": [1.0, NAN, None, 2.0], "b": [1, 1, None, 3]})
    assert result(CompareColumns(left="a", right="b"), table)["comparison"].to_list() == [True, None, None, False]
    same = CompareColumns(left="a", op="same_or_both_missing", right="b")
    assert result(same, table)["comparison"].to_list() == [True, False, True, False]
    more = CompareColumns(left="b", op="at_least", right_value=1.5)
    assert result(more, table)["comparison"].to_list() == [False, False, None, True]


def test_comparison_names_the_side_that_does_not_fit() -> None:
    schema = pl.Schema({"a": pl.Int64(), "t": pl.String()})
    _, problems = CompareColumns(left="a", right="t").try_bind(schema)
    assert [(each.field, "cannot be compared" in each.found) for each in problems] == [("right", True)]
    _, problems = CompareColumns(left="a", right_value="x").try_bind(schema)
    assert [each.field for each in problems] == ["right_value"]
    with pytest.raises(ValidationError, match="found neither"):
        CompareColumns(left="a")


@pytest.mark.parametrize(
    ("closed", "expected"),
    [
        ("both", [True, True, False]),
        ("left", [True, False, False]),
        ("right", [False, True, False]),
        ("none", [False] * 3),
    ],
)
def test_range_has_the_ends_that_are_chosen(closed: Any, expected: list[bool]) -> None:
    table = pl.DataFrame({"x": [0, 10, 11]})
    assert result(FlagBetween(column="x", min=0, max=10, closed=closed), table)["x_in_range"].to_list() == expected


def test_range_is_of_the_type_of_the_column_and_in_order() -> None:
    schema = pl.Schema({"d": pl.Date(), "x": pl.Float64()})
    with pytest.raises(InvalidStepError, match="'soon' is not a date, which is what 'd' holds"):
        FlagBetween(column="d", min="soon").bind(schema)
    with pytest.raises(InvalidStepError, match="The lower end 2 is above the upper end 0"):
        FlagBetween(column="x", min=2, max=0).bind(schema)
    with pytest.raises(ValidationError, match="The range has no end"):
        FlagBetween(column="x")


@pytest.mark.parametrize("degree", [2, 3])
@pytest.mark.parametrize("interaction_only", [True, False])
def test_polynomials_are_those_of_scikit_learn(degree: int, *, interaction_only: bool) -> None:
    values = RANDOM.normal(size=(20, 3))
    step = PolynomialFeatures(columns=("a", "b", "c"), degree=degree, interaction_only=interaction_only)
    found = result(step, pl.DataFrame(values, schema=["a", "b", "c"]))
    oracle = Polynomials(degree=degree, interaction_only=interaction_only, include_bias=False)
    np.testing.assert_allclose(found.to_numpy(), oracle.fit_transform(values))
    names = oracle.get_feature_names_out(["a", "b", "c"])
    assert found.columns == [each.replace(" ", "_x_").replace("^", "_pow_") for each in names]


def test_products_that_overflow_are_missing_and_counted() -> None:
    table = pl.DataFrame({"a": [1e200, 2.0], "b": [1.0, None]})
    assert lost(PolynomialFeatures(columns=("a", "b")), table) == [("a", 1, False)]


def test_too_many_columns_are_refused_before_any_is_made() -> None:
    schema = pl.Schema({f"c{i}": pl.Float64() for i in range(40)})
    with pytest.raises(InvalidStepError, match=f"820 columns; at most {MOST_COLUMNS} are made"):
        PolynomialFeatures(columns=tuple(schema)).bind(schema)
    with pytest.raises(InvalidStepError, match="1,560 columns"):
        PairwiseFeatures(columns=tuple(schema), ops=("add", "divide")).bind(schema)


def test_pairs_are_exact_and_count_what_they_lose() -> None:
    table = pl.DataFrame({"a": [2**53 + 1, 5], "b": [1, 0]})
    step = PairwiseFeatures(columns=("a", "b"), ops=("add", "subtract", "multiply", "divide"))
    found = result(step, table)
    assert found["a_minus_b"].to_list() == [2**53, 5]
    assert found["a_over_b"].to_list() == [float(2**53), None]
    assert found.columns == ["a", "b", "a_plus_b", "a_minus_b", "a_times_b", "a_over_b"]
    assert lost(step, table) == [("a", 1, False)]
    with pytest.raises(InvalidStepError, match="A pair has two columns, found 1"):
        PairwiseFeatures(columns=("a",)).bind(table.schema)
