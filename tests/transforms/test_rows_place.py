"""Rows chosen by their place, and rows added by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest

from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.rows_place import (
    AppendRows,
    KeepEveryNthRow,
    KeepLastRows,
    KeepRowRange,
    KeepTopRows,
    RemoveFirstLastRows,
    RowsByPlace,
)

RANDOM = np.random.default_rng(2)
TABLE = pl.DataFrame(
    {
        "k": [None if i % 7 == 0 else i for i in RANDOM.permutation(30).tolist()],
        "g": [("a", "b", None)[i] for i in RANDOM.integers(0, 3, 30)],
        "i": list(range(30)),
    }
)
BY_K: list[dict[str, Any]] = [{"column": "k", "descending": True}, {"column": "i"}]
ORDERED = TABLE.sort("k", "i", descending=[True, False], nulls_last=True)["i"].to_list()
STEPS: list[tuple[type[RowsByPlace], dict[str, Any], slice]] = [
    (KeepLastRows, {"rows": 4}, slice(-4, None)),
    (KeepLastRows, {"rows": 99}, slice(0, None)),
    (RemoveFirstLastRows, {"first": 2, "last": 3}, slice(2, -3)),
    (RemoveFirstLastRows, {"first": 20, "last": 20}, slice(0, 0)),
    (KeepRowRange, {"start": 5, "rows": 3}, slice(4, 7)),
    (KeepRowRange, {"start": 28}, slice(27, None)),
    (KeepEveryNthRow, {"n": 4, "offset": 3}, slice(3, None, 4)),
]


@pytest.mark.parametrize(("kind", "params", "places"), STEPS)
def test_places_are_those_of_a_slice(kind: type[RowsByPlace], params: dict[str, Any], places: slice) -> None:
    assert result(kind.model_validate(params), TABLE)["i"].to_list() == list(range(30))[places]
    found = result(kind.model_validate({**params, "order_by": BY_K}), TABLE)
    assert sorted(found["i"]) == sorted(ORDERED[places])
    assert found.columns == TABLE.columns


def test_rows_in_no_other_order_are_placed_alike_however_the_table_comes() -> None:
    table = pl.DataFrame({"k": [1] * 6, "v": [1, 2, 3, 4, 5, 6]})
    step = KeepLastRows.model_validate({"rows": 2, "order_by": [{"column": "k"}]})
    assert sorted(result(step, table)["v"]) == sorted(result(step, table.reverse())["v"])


@pytest.mark.parametrize(("ties", "number"), [("cut", "row_number"), ("keep_all", "rank")])
def test_top_rows_of_groups_are_those_of_duckdb(ties: Any, number: str) -> None:
    table = TABLE.with_columns(k=pl.col("k") // 4)
    order = "k DESC NULLS LAST" + (", i" if ties == "cut" else "")
    connection = duckdb.connect()
    connection.register("t", table.to_arrow())
    query = f"SELECT i FROM t QUALIFY {number}() OVER (PARTITION BY g ORDER BY {order}) <= 2 ORDER BY i"
    by = BY_K if ties == "cut" else BY_K[:1]
    step = KeepTopRows.model_validate({"by": by, "rows": 2, "group_by": ["g"], "ties": ties})
    assert sorted(result(step, table)["i"]) == [each[0] for each in connection.execute(query).fetchall()]


def test_of_rows_without_a_value_only_as_many_as_fit_are_kept() -> None:
    table = pl.DataFrame({"g": ["a"] * 5 + ["b"] * 4, "k": [None] * 5 + [3, 3, 3, None], "i": range(9)})
    step = KeepTopRows.model_validate({"by": BY_K[:1], "rows": 2, "group_by": ["g"], "ties": "keep_all"})
    found = result(step, table)
    assert found["g"].to_list() == ["a", "a", "b", "b", "b"]
    assert set(found["i"]) > {5, 6, 7}
    assert found.columns == table.columns
    in_all = result(step.model_copy(update={"group_by": (), "rows": 5}), table)
    assert in_all["k"].to_list() == [3, 3, 3, None, None]


def test_top_rows_come_in_order() -> None:
    assert result(KeepTopRows.model_validate({"by": BY_K, "rows": 5}), TABLE)["i"].to_list() == ORDERED[:5]


def test_added_rows_have_the_types_of_the_table() -> None:
    table = pl.DataFrame(
        {
            "n": [1],
            "x": [0.5],
            "d": [date(2024, 1, 31)],
            "at": [datetime(2024, 1, 31, 12, tzinfo=UTC)],
            "b": [True],
            "m": [Decimal("1.50")],
            "l": [[1]],
            "e": [None],
        },
        schema_overrides={"n": pl.Int32},
    )
    row = {"n": 2.0, "x": 1, "d": "2024-02-01", "at": "2024-02-01T01:00:00+02:00", "b": False, "m": 2.25}
    found = result(AppendRows.model_validate({"rows": [row, {}]}), table)
    assert found.schema == table.schema
    assert found.row(1) == (
        2,
        1.0,
        date(2024, 2, 1),
        datetime(2024, 1, 31, 23, tzinfo=UTC),
        False,
        Decimal("2.25"),
        None,
        None,
    )
    assert set(found.row(2)) == {None}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"nn": 1}, r"Row 1 has a value for 'nn', which is no column. Did you mean 'n'\?"),
        ({"n": "x"}, "Row 1 has 'x' for 'n', which holds integer values"),
        ({"n": 1.5}, "Row 1 has 1.5 for 'n'"),
        ({"d": "soon"}, "Row 1 has 'soon' for 'd', which holds date values"),
        ({"l": 1}, "Row 1 has 1 for 'l', which holds list values"),
    ],
)
def test_values_that_do_not_fit_are_told(row: dict[str, Any], message: str) -> None:
    schema = pl.Schema({"n": pl.Int64(), "d": pl.Date(), "l": pl.List(pl.Int64())})
    with pytest.raises(InvalidStepError, match=message):
        AppendRows.model_validate({"rows": [row]}).bind(schema)
