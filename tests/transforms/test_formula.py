from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.custom import FilterByFormula, FormulaColumn, FormulaOnColumns
from transforms.formula import FUNCTIONS, FormulaError, compiled, parse

TABLE = pl.DataFrame(
    {
        "age": [31, None, 12],
        "income": [1000.5, float("nan"), 0.0],
        "city": ["Oslo", None, "São Paulo"],
        "odd ]name": [1, 2, 3],
        "born": [date(1990, 5, 17), None, date(2010, 12, 31)],
        "ok": [True, None, False],
    }
)


def value(expression: str, row: int = 0) -> Any:
    return TABLE.select(compiled(expression, TABLE.schema).expr.alias("x"))["x"].to_list()[row]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("2 ^ 3 ^ 2", 512.0),
        ("-2 ^ 2", -4.0),
        ("7 % 3", 1),
        ("-7 % 3", 2),
        ("1 / 4", 0.25),
        ("age / 0", None),
        ("age % 0", None),
        ("1 < 2 and not false", True),
        ("false and true or true", True),
        ("not 1 = 2", True),
        ("'it''s' & \" ok\"", "it's ok"),
        ("[odd ]]name] + 1", 2),
        ("city in ('Rome', 'Oslo')", True),
        ("if(age > 30, 'old', 'young')", "old"),
        ("round(2.5)", 3.0),
        ("round(-2.5)", -3.0),
        ("round(1.005 * 100, 1)", 100.5),
        ("part('abcdef', 2, 3)", "bcd"),
        ("part('abcdef', -2)", "ef"),
        ("ln(0)", None),
        ("sqrt(-1)", None),
        ("0 - 1 = -1", True),
        ("min(3, age, null)", 3),
        ("concat(city, '-', age)", "Oslo-31"),
        ("days_between(date('2020-03-01'), date('2020-02-28'))", 2),
        ("year(born) * 100 + month(born)", 199005),
        ("weekday(date('2026-11-24'))", 2),
        ("number('12.5') + number('x')", None),
        (".5 + 1e1", 10.5),
        ("length('naïve')", 5),
    ],
)
def test_formula_gives(expression: str, expected: object) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    "expression", ["age + 1", "income * 2", "upper(city)", "age > 3", "year(born)", "not ok", "city & 'x'"]
)
def test_missing_in_is_missing_out(expression: str) -> None:
    assert value(expression, row=1) is None


@pytest.mark.parametrize(
    ("expression", "place", "message"),
    [
        ("", 1, "it ends where a value is expected"),
        ("1 +", 4, "it ends where a value is expected"),
        ("1 2", 3, "an operator is missing before '2'"),
        ("(1", 3, "')' is expected for '('"),
        ("agee", 1, "Did you mean 'age'"),
        ("uper(city)", 1, "Did you mean 'upper'"),
        ("city + 1", 1, "needs number here, found text"),
        ("1 = 'a'", 5, "values of one kind, found number and text"),
        ("upper()", 1, "takes 1 values, found 0"),
        ("'abc", 1, "no closing quote"),
        ("[abc", 1, "no closing bracket"),
        ("age ; 1", 5, "';' has no meaning"),
        ("and 1", 1, "a value is expected before 'and'"),
        ("1 and true", 1, "needs boolean here, found number"),
        ("__import__('os')", 1, "no function '__import__'"),
        ("99999999999999999999", 1, "larger than the largest whole number"),
        ("left(city, 1.5)", 12, "needs a whole number"),
    ],
)
def test_bad_formula_is_refused_at_its_place(expression: str, place: int, message: str) -> None:
    with pytest.raises(FormulaError, match=f"character {place}: .*") as caught:
        compiled(expression, TABLE.schema)
    assert message in str(caught.value)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(FormulaError):
        parse(text)


def test_very_deep_formula_is_refused() -> None:
    with pytest.raises(FormulaError, match="nested deeper"):
        parse("(" * 5000 + "1" + ")" * 5000)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda each: each.name)
def test_example_of_every_function_compiles(function: Any) -> None:
    numbers = ("age", "balance", "rate", "weeks", "area", "score", "income", "q1", "q2", "q3")
    schema = dict.fromkeys(numbers, pl.Float64()) | {"issued": pl.Date(), "closed": pl.Date(), "opened": pl.Date()}
    texts = ("mobile", "phone", "grade", "city", "name", "title", "code", "file", "first", "last", "zip", "price")
    compiled(function.example, pl.Schema({**schema, **dict.fromkeys(texts, pl.String())}))


def test_whole_numbers_that_overflow_are_found() -> None:
    table = pl.DataFrame({"big": [2**62, 1, None]})
    step = FormulaColumn(output="x", expression="big * 4").bind(table.schema)
    (failure,) = step.failures()
    assert failure.stop
    assert table.select(failure.where.sum()).item() == 1


def test_filter_needs_true_or_false() -> None:
    with pytest.raises(InvalidStepError, match="a filter needs true or false"):
        FilterByFormula(expression="age + 1").bind(TABLE.schema)


def test_dropping_keeps_rows_for_which_the_formula_is_unknown() -> None:
    kept = result(FilterByFormula(expression="age > 20", action="drop"), TABLE)
    assert kept["age"].to_list() == [None, 12]


def test_formula_on_columns_reads_other_columns_too() -> None:
    step = FormulaOnColumns(columns=("income",), expression="col / age", suffix="_by_age")
    assert result(step, TABLE)["income_by_age"].to_list() == [1000.5 / 31, None, 0.0]
