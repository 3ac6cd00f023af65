"""Columns by an expression of polars functions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.custom_expression import PolarsExpression
from transforms.custom_functions import FUNCTIONS

TABLE = pl.DataFrame(
    {
        "a": [1, -7, None, 4],
        "b": [2.5, 0.0, float("nan"), 3.0],
        "t": ["Ann Lee", "é", None, ""],
        "d": [date(2024, 1, 31), None, date(2024, 12, 30), date(2023, 1, 1)],
        "at": [datetime(2024, 1, 31, 13, 30), None, None, datetime(2023, 1, 1)],
        "l": [[1, 2], [], None, [3]],
        "ok": [True, False, None, True],
    },
    schema_overrides={"a": pl.Int32},
)


def col(name: str) -> dict[str, Any]:
    return {"column": name}


def call(name: str, *of: Any, **options: Any) -> dict[str, Any]:
    nodes = [each if isinstance(each, dict) else {"value": each} for each in of]
    return {"call": name, "of": nodes, "options": options}


def computed(expression: dict[str, Any]) -> pl.Series:
    return result(PolarsExpression.model_validate({"output": "o", "expression": expression}), TABLE)["o"]


@pytest.mark.parametrize(
    ("tree", "expr"),
    [
        (call("add", col("a"), call("mul", col("b"), 2)), pl.col("a") + pl.col("b").fill_nan(None) * 2),
        (call("str.to_uppercase", col("t")), pl.col("t").str.to_uppercase()),
        (call("str.replace_all", col("t"), pattern="[aeé]", value="-"), pl.col("t").str.replace_all("[aeé]", "-")),
        (call("when", call("gt", col("a"), 0), col("b")), pl.when(pl.col("a") > 0).then(pl.col("b").fill_nan(None))),
        (call("coalesce", col("t"), "none"), pl.coalesce("t", pl.lit("none"))),
        (call("is_in", col("a"), other=[1, 4]), pl.col("a").is_in([1, 4])),
        (call("dt.offset_by", col("d"), by="1mo"), pl.col("d").dt.offset_by("1mo")),
        (call("dt.to_string", col("at"), format="%d/%m %H"), pl.col("at").dt.to_string("%d/%m %H")),
        (call("list.get", col("l"), index=1), pl.col("l").list.get(1, null_on_oob=True)),
        (call("max_horizontal", col("a"), col("b")), pl.max_horizontal("a", pl.col("b").fill_nan(None))),
        (
            call("concat_str", col("t"), col("d"), separator="|", ignore_nulls=True),
            pl.concat_str("t", "d", separator="|", ignore_nulls=True),
        ),
        (call("and_", col("ok"), call("is_not_null", col("t")), True), pl.col("ok") & pl.col("t").is_not_null()),
    ],
)  # fmt: skip
def test_a_tree_is_what_polars_makes_of_it(tree: dict[str, Any], expr: pl.Expr) -> None:
    expected = TABLE.select(expr.alias("o"))["o"]
    found = computed(tree)
    assert found.to_list() == expected.to_list()


def test_counts_do_not_wrap_below_zero() -> None:
    found = computed(call("sub", call("str.len_chars", col("t")), 10))
    assert found.dtype == pl.Int64
    assert found.to_list() == [-3, -9, None, -10]


def test_small_whole_numbers_do_not_wrap() -> None:
    assert computed(call("mul", col("a"), 2**31)).to_list() == [2**31, -7 * 2**31, None, 2**33]


def test_too_large_whole_numbers_stop_the_run() -> None:
    step = PolarsExpression.model_validate({"output": "o", "expression": call("mul", col("a"), 2**62)})
    (failure,) = step.bind(TABLE.schema).failures()
    assert failure.stop
    assert TABLE.select(failure.where.sum()).item() == 2


def test_what_is_no_number_is_missing_and_one_row_is_divided_like_many() -> None:
    assert computed(call("truediv", col("a"), col("b"))).to_list() == [0.4, None, None, 4 / 3]
    step = PolarsExpression.model_validate({"output": "o", "expression": call("mod", col("b"), 0.7)})
    found = result(step, TABLE)["o"]
    assert result(step, TABLE[:1])["o"][0] == found[0]
    assert found.to_list() == pytest.approx([2.5 % 0.7, 0.0, None, 3.0 % 0.7])
    assert computed(call("floordiv", col("a"), 2)).to_list() == [0, -4, None, 2]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (call("map_elements", col("a")), "may not call 'map_elements'"),
        (call("str.to_upper", col("t")), r"Did you mean 'str.to_uppercase'"),
        (call("__class__", col("a")), "may not call '__class__'"),
        (call("add", col("a")), "'add' takes 2 expressions in 'of', found 1"),
        (call("str.head", col("t"), m=1), r"'str.head' has no option 'm'. It has: n"),
        (call("str.contains", col("t"), pattern="("), "is not a pattern the engine can run"),
        (call("dt.to_string", col("d"), format="x"), "names no part of a date"),
        ({"code": "import os"}, "code"),
    ],
)
def test_what_is_not_allowed_is_refused(expression: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        PolarsExpression.model_validate({"output": "o", "expression": expression})


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (col("tt"), r"Column 'tt' is not in the table"),
        (call("str.to_uppercase", col("a")), "'str.to_uppercase' cannot be used on integer"),
        (call("dt.offset_by", col("d"), by="soon"), "cannot be run"),
        ({"value": "soon", "type": "date"}, "'soon' is no date"),
        ({"value": 2**63}, "too large for a whole number"),
    ],
)
def test_what_does_not_fit_the_table_is_told(expression: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidStepError, match=message):
        PolarsExpression.model_validate({"output": "o", "expression": expression}).bind(TABLE.schema)


def test_a_tree_cannot_be_too_deep() -> None:
    tree = col("a")
    for _ in range(101):
        tree = call("neg", tree)
    with pytest.raises(ValidationError, match="more than 100 deep"):
        PolarsExpression.model_validate({"output": "o", "expression": tree})


def test_every_function_is_one_of_polars() -> None:
    for name, function in FUNCTIONS.items():
        found: Any = (
            pl
            if name.endswith(("_horizontal", "concat_list", "concat_str")) or name in ("when", "coalesce")
            else pl.col("x")
        )
        for part in name.split("."):
            found = getattr(found, part)
        assert callable(found), (name, function)
