"""Arithmetic and functions of numbers."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_series_equal
from pydantic import ValidationError

from tests.checks import result
from transforms.core.numbers import quotient
from transforms.core.transform import RowTransform
from transforms.numeric import (
    AbsoluteValue,
    Exponential,
    Logarithm,
    NumberFunction,
    PowerRoot,
    RoundNumber,
    Trigonometry,
)
from transforms.numeric_arithmetic import Arithmetic

NAN, INF = float("nan"), float("inf")
MOST, LEAST = 2**63 - 1, -(2**63)
RANDOM = np.random.default_rng(2)
FLOATS = np.concatenate([RANDOM.normal(0, 10, 300), [0.0, 1.0, -1.0, 1e-300]])
WHOLES = [0, 1, -1, 2, -2, 3, -7, 10**9, -(10**9), MOST, LEAST, MOST - 1, 2**32, -(2**32)]
PAIRS = pl.DataFrame([(a, b) for a in WHOLES for b in WHOLES], schema=["a", "b"], orient="row")


def lost(step: RowTransform, table: pl.DataFrame) -> list[tuple[int, bool]]:
    """Rows and whether it stops, of each failure that happens."""
    counts = ((table.select(each.where.sum()).item(), each.stop) for each in step.bind(table.schema).failures())
    return [each for each in counts if each[0]]


def of(step: NumberFunction, values: Sequence[Any] | np.ndarray, dtype: Any = None) -> list[Any]:
    return result(step, pl.DataFrame({"x": pl.Series(values, dtype=dtype)}))["x"].to_list()


def pair(op: str, a: Any, b: Any, **params: Any) -> Any:
    table = pl.DataFrame({"a": [a], "b": [b]})
    return result(Arithmetic(left="a", op=op, right="b", output="y", **params), table)["y"][0]


@pytest.mark.parametrize(
    ("op", "exactly"),
    [
        ("add", operator.add),
        ("subtract", operator.sub),
        ("multiply", operator.mul),
        ("floor_divide", operator.floordiv),
        ("modulo", operator.mod),
    ],
)
def test_whole_numbers_are_those_of_python_or_missing_and_counted(op: Any, exactly: Callable[[int, int], int]) -> None:
    step = Arithmetic(left="a", op=op, right="b", output="y")
    found = result(step, PAIRS)["y"]
    divides = op in ("floor_divide", "modulo")
    exact = [None if divides and b == 0 else exactly(a, b) for a, b in PAIRS.rows()]
    expected = [each if each is not None and LEAST <= each <= MOST else None for each in exact]
    assert found.dtype == pl.Int64
    assert found.to_list() == expected
    too_large = sum(each is not None and not LEAST <= each <= MOST for each in exact)
    zeros = len(WHOLES) if divides else 0
    assert lost(step, PAIRS) == [(each, False) for each in (zeros, too_large) if each]


@pytest.mark.parametrize(
    ("op", "oracle"),
    [
        ("add", np.add),
        ("subtract", np.subtract),
        ("multiply", np.multiply),
        ("divide", np.divide),
        ("floor_divide", np.floor_divide),
        ("modulo", np.mod),
    ],
)
def test_decimals_are_those_of_numpy(op: Any, oracle: Any) -> None:
    table = pl.DataFrame({"a": FLOATS, "b": FLOATS[::-1] + 0.5})
    table = table.filter(pl.col("b") != 0)
    found = result(Arithmetic(left="a", op=op, right="b", output="y"), table)["y"]
    # The remainder is computed from the rounded quotient, so its last digits are those of the larger side.
    tolerance = 1e-14 if op == "modulo" else 0
    np.testing.assert_allclose(found, oracle(table["a"].to_numpy(), table["b"].to_numpy()), rtol=0, atol=tolerance)


@pytest.mark.parametrize("op", ["add", "subtract", "multiply", "divide", "modulo", "power"])
def test_a_number_is_like_a_column_of_it(op: Any) -> None:
    table = pl.DataFrame({"a": np.abs(FLOATS), "b": [0.3] * len(FLOATS)})
    column = result(Arithmetic(left="a", op=op, right="b", output="y"), table)["y"]
    assert_series_equal(result(Arithmetic(left="a", op=op, right_value=0.3, output="y"), table)["y"], column)
    column = result(Arithmetic(left="b", op=op, right="a", output="y"), table)["y"]
    assert_series_equal(result(Arithmetic(left_value=0.3, op=op, right="a", output="y"), table)["y"], column)


@pytest.mark.parametrize(
    ("op", "a", "b", "expected"),
    [
        ("divide", 7, 2, 3.5),
        ("divide", 6, 3, 2.0),
        ("power", 2, 10, 1024.0),
        ("power", -8.0, 0.5, None),
        ("power", 0, -1, None),
        ("power", 10.0, 400.0, None),
        ("add", 1, 0.5, 1.5),
        ("add", INF, 1.0, INF),
        ("subtract", INF, INF, None),
        ("multiply", 1e200, 1e200, None),
        ("add", None, 1, None),
        ("add", NAN, 1.0, None),
        ("modulo", -7.5, 2.0, 0.5),
    ],
)
def test_results_that_are_no_number_are_missing(op: Any, a: Any, b: Any, expected: Any) -> None:
    found = pair(op, a, b)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("a", [5, 5.0])
@pytest.mark.parametrize("op", ["divide", "floor_divide", "modulo"])
def test_dividing_by_zero_is_missing_and_counted_or_stops(op: Any, a: Any) -> None:
    table = pl.DataFrame({"a": [a, a, None], "b": [type(a)(0), type(a)(2), type(a)(0)]})
    for handling, stops in (("null", False), ("error", True)):
        step = Arithmetic(left="a", op=op, right="b", output="y", on_zero_divide=handling)
        assert result(step, table)["y"].is_null().to_list() == [True, False, True]
        assert lost(step, table) == [(1, stops)]
    assert lost(Arithmetic(left="a", op=op, right_value=0, output="y"), table) == [(2, False)]


def test_dividing_by_zero_can_be_infinite() -> None:
    assert [pair("divide", a, 0, on_zero_divide="inf") for a in (5, -5, 0)] == [INF, -INF, None]
    step = Arithmetic(left="a", op="divide", right="b", output="y", on_zero_divide="inf")
    assert lost(step, pl.DataFrame({"a": [5, 0], "b": [0, 0]})) == [(1, False)]
    assert pair("divide", 1e300, 1e-300, on_zero_divide="inf") is None


def test_every_type_of_number_can_be_computed_with() -> None:
    table = pl.DataFrame({"a": pl.Series([100, None]).cast(pl.Int8), "b": pl.Series([100, 1]).cast(pl.Int16)})
    assert result(Arithmetic(left="a", op="multiply", right="b", output="y"), table)["y"].to_list() == [10_000, None]
    decimal = pl.DataFrame({"a": [Decimal("1.5"), None], "b": [None, None]})
    assert result(Arithmetic(left="a", op="add", right_value=1, output="y"), decimal)["y"].to_list() == [2.5, None]
    nothing = result(Arithmetic(left="b", op="add", right_value=1, output="y"), decimal)["y"]
    assert_series_equal(nothing, pl.Series("y", [None, None], dtype=pl.Float64))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"left": "a"}, "The right side is a column or a number, found neither"),
        ({"left": "a", "left_value": 1, "right": "b"}, "The left side is a column or a number, found both"),
        ({"left_value": 1, "right_value": 2}, "Both sides are numbers"),
        (
            {"left": "a", "right": "b", "op": "modulo", "on_zero_divide": "inf"},
            "'modulo' by zero has no infinite result",
        ),
    ],
)
def test_sides_that_cannot_be_are_refused(params: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Arithmetic.model_validate({"output": "y", **params})


def test_the_absolute_value_of_the_smallest_number_is_counted() -> None:
    assert of(AbsoluteValue(columns=("x",)), [LEAST, MOST, -5, None]) == [None, MOST, 5, None]
    assert lost(AbsoluteValue(columns=("x",)), pl.DataFrame({"x": [LEAST, 1, None]})) == [(1, False)]
    assert of(AbsoluteValue(columns=("x",)), [-128], pl.Int8) == [128]
    assert of(AbsoluteValue(columns=("x",)), [-INF, -0.0, NAN]) == [INF, 0.0, None]
    assert of(AbsoluteValue(columns=("x",)), [Decimal("-1.5"), None]) == [Decimal("1.5"), None]


MODES = {
    "half_up": ROUND_HALF_UP,
    "half_even": ROUND_HALF_EVEN,
    "floor": ROUND_FLOOR,
    "ceil": ROUND_CEILING,
    "truncate": ROUND_DOWN,
}


@pytest.mark.parametrize("decimals", [-3, -1, 0, 1, 2, 4])
@pytest.mark.parametrize("mode", list(MODES))
def test_decimals_are_rounded_as_they_are_written(mode: Any, decimals: int) -> None:
    values = [round(float(v), 3) for v in RANDOM.normal(0, 3000, 300)]
    values += [0.5, 1.5, 2.5, -0.5, 2.675, -2.675, 1.005, 0.15, 0.25, 1e15 + 0.5, 1e300, 50.0, 150.0, 500.0, 0.1 + 0.2]
    unit = Decimal(1).scaleb(-decimals)
    digits = {v: Decimal(repr(v) if abs(v) > 1e14 else f"{v:.15g}") for v in values}
    expected = [v if v > 1e20 else float((digits[v] / unit).quantize(Decimal(1), MODES[mode]) * unit) for v in values]
    found = of(RoundNumber(columns=("x",), mode=mode, decimals=decimals), values)
    np.testing.assert_allclose(found, expected, rtol=1e-14 if decimals < 0 else 0, atol=0)


@pytest.mark.parametrize("decimals", [-18, -5, -1, 0, 3])
@pytest.mark.parametrize("mode", list(MODES))
def test_whole_numbers_are_rounded_exactly(mode: Any, decimals: int) -> None:
    values = [*WHOLES, 15, 25, -15, -25, 5 * 10**17, -5 * 10**17, 15 * 10**17, 50_000, 149_999]
    unit = 10 ** max(0, -decimals)
    exact = [int(Decimal(v) / unit) if v % unit == 0 else _rounded(v, unit, mode) for v in values]
    expected = [v * unit if LEAST <= v * unit <= MOST else None for v in exact]
    step = RoundNumber(columns=("x",), mode=mode, decimals=decimals)
    assert of(step, values) == expected
    assert lost(step, pl.DataFrame({"x": values})) == [(n, False) for n in [expected.count(None)] if n]


def _rounded(value: int, unit: int, mode: str) -> int:
    down, rest = divmod(value, unit)
    nearer = down + (2 * rest > unit)
    return {
        "floor": down,
        "ceil": down + 1,
        "truncate": down + (value < 0),
        "half_up": nearer + (2 * rest == unit and value > 0),
        "half_even": nearer + (2 * rest == unit and down % 2),
    }[mode]


def test_rounding_leaves_missing_and_infinite_values() -> None:
    for decimals in (-2, 0, 2):
        assert of(RoundNumber(columns=("x",), decimals=decimals), [INF, -INF, NAN, None]) == [INF, -INF, None, None]
    (zero,) = of(RoundNumber(columns=("x",)), [-0.3])
    assert math.copysign(1, zero) == 1


@pytest.mark.parametrize(
    ("exponent", "values", "expected"),
    [
        (0.5, [16.0, -4.0, 0.0, INF], [4.0, None, 0.0, INF]),
        (1 / 3, [27.0, -8.0, 64.0], [3.0, -2.0, 4.0]),
        (0.333333, [27.0, -8.0], [3.0, -2.0]),
        (0.2, [-32.0, 243.0], [-2.0, 3.0]),
        (0.25, [-16.0, 81.0], [None, 3.0]),
        (-1, [4.0, 0.0], [0.25, None]),
        (3, [-2.0, 1e200], [-8.0, None]),
        (0.4, [-1.0, 32.0], [None, 4.0]),
        (0, [0.0, 5.0], [1.0, 1.0]),
    ],
)
def test_powers_and_roots(exponent: float, values: list[float], expected: list[float | None]) -> None:
    step = PowerRoot(columns=("x",), exponent=exponent)
    assert of(step, values) == [None if v is None else pytest.approx(v, rel=1e-14) for v in expected]
    assert lost(step, pl.DataFrame({"x": values})) == [(n, False) for n in [expected.count(None)] if n]


@pytest.mark.parametrize(
    ("step", "oracle"),
    [
        (Exponential(columns=("x",)), np.exp),
        (Exponential(columns=("x",), base=2), np.exp2),
        (Logarithm(columns=("x",), shift=100), lambda v: np.log(v + 100)),
        (Logarithm(columns=("x",), shift=100, base=2), lambda v: np.log2(v + 100)),
        (Logarithm(columns=("x",), shift=100, base=10), lambda v: np.log10(v + 100)),
    ],
)
def test_exponentials_and_logarithms_are_those_of_numpy(step: NumberFunction, oracle: Any) -> None:
    np.testing.assert_allclose(of(step, FLOATS), oracle(FLOATS), rtol=1e-13, atol=1e-15)


def test_logarithm_of_one_more_is_exact_near_zero() -> None:
    values = np.array([1e-18, 1e-9, 0.0, 5.0])
    np.testing.assert_allclose(of(Logarithm(columns=("x",), shift=1), values), np.log1p(values), rtol=1e-15)
    tens = of(Logarithm(columns=("x",), shift=1, base=10), values)
    np.testing.assert_allclose(tens, np.log1p(values) / np.log(10), rtol=1e-15)


def test_what_has_no_logarithm_is_counted_or_stops() -> None:
    table = pl.DataFrame({"x": [0.0, -1.0, 1.0, INF, None, NAN]})
    assert of(Logarithm(columns=("x",)), table["x"].to_list()) == [None, None, 0.0, INF, None, None]
    assert lost(Logarithm(columns=("x",)), table) == [(2, False)]
    assert lost(Logarithm(columns=("x",), non_positive="error"), table) == [(2, True)]
    assert of(Logarithm(columns=("x",), shift=1), [-1, -2, 0]) == [None, None, 0.0]


def test_exponentials_that_are_too_large_are_counted() -> None:
    table = pl.DataFrame({"x": [710.0, 709.0, -INF, INF, -1e6, None]})
    assert of(Exponential(columns=("x",)), table["x"].to_list()) == [None, math.exp(709), 0.0, INF, 0.0, None]
    assert lost(Exponential(columns=("x",)), table) == [(1, False)]


@pytest.mark.parametrize("base", [0, 1, -2, INF])
@pytest.mark.parametrize("step", [Exponential, Logarithm])
def test_bases_that_cannot_be_are_refused(step: Any, base: float) -> None:
    with pytest.raises(ValidationError, match="It has to be above 0 and other than 1"):
        step(columns=("x",), base=base)


@pytest.mark.parametrize("function", ["sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"])
def test_trigonometric_functions_are_those_of_numpy(function: Any) -> None:
    values = FLOATS / 12
    with np.errstate(invalid="ignore"):
        named = function.replace("a", "arc", 1) if function[0] == "a" else function
        expected = getattr(np, named)(values)
        degrees = np.degrees(expected) if function[0] == "a" else getattr(np, named)(np.radians(values))
    found = result(Trigonometry(column="x", function=function, output="y"), pl.DataFrame({"x": values}))["y"]
    np.testing.assert_allclose(found.to_numpy(), expected, rtol=1e-12)
    if function[-1] != "h":
        step = Trigonometry(column="x", function=function, unit="degrees")
        found = result(step, pl.DataFrame({"x": values}))["x"]
        np.testing.assert_allclose(found.to_numpy(), degrees, rtol=1e-12)


def test_values_outside_the_domain_are_missing_and_counted() -> None:
    table = pl.DataFrame({"x": [2.0, INF, 1.0, None], "y": [0.0, 1.0, None, 1.0]})
    step = Trigonometry(column="x", function="acos")
    assert result(step, table)["x"].to_list() == [None, None, 0.0, None]
    assert lost(step, table) == [(2, False)]
    both = Trigonometry(column="x", function="atan2", second="y", output="z")
    expected = [math.atan2(2, 0), math.atan2(INF, 1), None, None]
    assert result(both, table)["z"].to_list() == pytest.approx(expected, nan_ok=True)
    with pytest.raises(ValidationError, match="'atan2' and 'second' go together"):
        Trigonometry(column="x", function="atan2")


@pytest.mark.parametrize(
    "divisor",
    [
        3.7,
        100.0,
        pl.lit(3.7),
        pl.lit(10) ** 2,
        pl.col("by"),
        pl.lit(3.7).first().over(pl.col("value").is_null() | True),
    ],
    ids=str,
)
def test_one_row_is_divided_like_many(divisor: float | pl.Expr) -> None:
    table = pl.DataFrame({"value": [n / 7 for n in range(1, 400)] + [None], "by": [n / 3 for n in range(1, 401)]})
    whole = table.select(quotient(pl.col("value"), divisor))
    assert pl.concat(each.select(quotient(pl.col("value"), divisor)) for each in table.iter_slices(1)).equals(whole)


def test_a_quotient_is_that_of_python() -> None:
    values = [n / 7 for n in range(-50, 50)]
    found = pl.DataFrame({"value": values}).select(quotient(pl.col("value"), 3.7)).to_series()
    assert found.to_list() == [each / 3.7 for each in values]


def test_divided_by_nothing_is_nothing() -> None:
    assert pl.DataFrame({"value": [1.0, 2.0]}).select(quotient(pl.col("value"), pl.lit(None))).null_count().item() == 2


def test_odd_divisors_give_what_ieee_754_has() -> None:
    nan, inf = float("nan"), float("inf")
    table = pl.DataFrame({"value": [1.0, 0.0, 5.0, inf, nan, None, 1.0], "by": [nan, 0.0, inf, 2.0, 2.0, 2.0, None]})
    found = table.select(quotient(pl.col("value"), pl.col("by"))).to_series()
    assert_series_equal(found, table["value"] / table["by"], check_names=False)
