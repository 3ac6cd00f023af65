"""Joins and unions of the polars engine against DuckDB and plain Python."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Any, Literal

import duckdb
import polars as pl
import pytest

from flows.engines.polars_engine import PolarsEngine
from transforms.core.dtypes import common_type
from transforms.core.errors import StepError
from transforms.core.relations import (
    AsofJoin,
    Concat,
    Distinct,
    Join,
    Relation,
    Source,
    right_names,
)

NAN = float("nan")
LEFT = pl.DataFrame(
    {
        "k": [1.0, 2.0, None, NAN, 0.0, -0.0, 2.0],
        "j": ["a", "a", "b", "b", None, "c", "a"],
        "v": [10, 20, 30, 40, 50, 60, 70],
        "other": [True, None, False, True, None, False, True],
    }
)
RIGHT = pl.DataFrame(
    {
        "other": [2.0, NAN, None, -0.0, 2.0, 9.0],
        "j": ["a", "b", "b", "c", "a", None],
        "v": [1, 2, 3, 4, 5, 6],
        "w": ["p", None, "q", "r", "s", "t"],
    }
)


def collect(relation: Relation, **tables: pl.DataFrame) -> pl.DataFrame:
    """The rows, after comparing their columns with the predicted ones."""
    engine = PolarsEngine.over(tables)
    found = engine.collect(relation)
    assert found.schema == engine.schema(relation)
    return found


def duck(query: str, **tables: pl.DataFrame) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        for name, table in tables.items():
            connection.register(name, table.to_arrow())
        return connection.execute(query).fetchall()


def shown(rows: list[tuple[Any, ...]]) -> Counter[str]:
    """Rows in any order; NaN equals NaN and -0.0 equals 0.0."""
    return Counter(str(tuple(0.0 if value == 0 and isinstance(value, float) else value for value in r)) for r in rows)


def joined(how: Any, left: pl.DataFrame = LEFT, right: pl.DataFrame = RIGHT, two: bool = False) -> pl.DataFrame:
    left_on, right_on = (("k", "j"), ("other", "j")) if two else (("k",), ("other",))
    return collect(Join(Source("left"), Source("right"), left_on, right_on, how), left=left, right=right)


SIDES = [(LEFT, RIGHT), (LEFT.clear(), RIGHT), (LEFT, RIGHT.clear()), (LEFT.clear(), RIGHT.clear()), (LEFT[:1], RIGHT)]


@pytest.mark.parametrize("sides", SIDES, ids=["both", "no left", "no right", "none", "one row"])
@pytest.mark.parametrize("how", ["inner", "left", "right", "full"])
def test_joins_are_those_of_sql(how: Literal["inner", "left", "right", "full"], sides: tuple[Any, Any]) -> None:
    left, right = sides
    found = joined(how, left, right)
    assert found.columns == ["k", "j", "v", "other", "j_right", "v_right", "w"]
    key = {"inner": "l.k", "left": "l.k", "right": "r.other", "full": "coalesce(l.k, r.other)"}[how]
    sql = f"select {key}, l.j, l.v, l.other, r.j, r.v, r.w from l {how} join r on l.k = r.other"
    assert shown(found.rows()) == shown(duck(sql, l=left, r=right))


@pytest.mark.parametrize("how", ["inner", "left", "right", "full"])
def test_joins_by_two_keys_are_those_of_sql(how: Literal["inner", "left", "right", "full"]) -> None:
    found = joined(how, two=True)
    assert found.columns == ["k", "j", "v", "other", "v_right", "w"]
    left, right = ("l.k, l.j", "r.other, r.j")
    keys = {"right": right, "full": "coalesce(l.k, r.other), coalesce(l.j, r.j)"}.get(how, left)
    sql = f"select {keys}, l.v, l.other, r.v, r.w from l {how} join r on l.k = r.other and l.j = r.j"
    if how == "full":
        assert found.height == len(duck(sql, l=LEFT, r=RIGHT))
    else:
        assert shown(found.rows()) == shown(duck(sql, l=LEFT, r=RIGHT))


def test_keys_of_a_full_join_come_from_one_side_each() -> None:
    """A left key of which a part is null is not completed from the right: no row is in both."""
    left, right = pl.DataFrame({"a": [1, None], "b": ["x", "y"]}), pl.DataFrame({"a": [2], "b": [None], "v": [1.0]})
    right = right.with_columns(pl.col("b").cast(pl.String))
    found = collect(Join(Source("l"), Source("r"), ("a", "b"), ("a", "b"), "full"), l=left, r=right)
    assert shown(found.rows()) == shown([(1, "x", None), (None, "y", None), (2, None, 1.0)])


@pytest.mark.parametrize("sides", SIDES, ids=["both", "no left", "no right", "none", "one row"])
@pytest.mark.parametrize("how", ["semi", "anti"])
def test_semi_and_anti_joins_keep_left_rows_as_they_are(how: Literal["semi", "anti"], sides: tuple[Any, Any]) -> None:
    left, right = sides
    found = joined(how, left, right)
    assert found.schema == left.schema
    no = "" if how == "semi" else "not"
    sql = f"select * from l where {no} exists (select 1 from r where l.k = r.other)"
    assert shown(found.rows()) == shown(duck(sql, l=left, r=right))


def test_cross_join_pairs_every_row_and_names_as_other_joins_do() -> None:
    found = collect(Join(Source("l"), Source("r"), (), (), "cross"), l=LEFT, r=RIGHT)
    assert found.columns == ["k", "j", "v", "other", "other_right", "j_right", "v_right", "w"]
    assert shown(found.rows()) == shown(duck("select * from l cross join r", l=LEFT, r=RIGHT))
    assert collect(Join(Source("l"), Source("r"), (), (), "cross"), l=LEFT, r=RIGHT.clear()).height == 0


@pytest.mark.parametrize("how", ["inner", "left", "right", "full", "cross"])
def test_names_already_taken_get_the_suffix_until_they_are_free(how: Any) -> None:
    left = pl.DataFrame({"k": [1], "x": [1], "x_right": [2], "key": [3]})
    right = pl.DataFrame({"key": [1], "x": [4], "k": [5], "x_right_right": [6]})
    left_on, right_on = ((), ()) if how == "cross" else (("k",), ("key",))
    found = collect(Join(Source("l"), Source("r"), left_on, right_on, how), l=left, r=right)
    added = ["x_right_right_right", "k_right", "x_right_right"]
    assert found.columns == ["k", "x", "x_right", "key", *(["key_right"] if how == "cross" else []), *added]
    assert found.row(0)[-3:] == (4, 5, 6)
    assert found.row(0)[:4] == (1, 1, 2, 3)


def test_without_a_suffix_two_equal_names_are_an_error() -> None:
    assert right_names(["a"], ["b"], "") == {"b": "b"}
    with pytest.raises(ValueError, match="no suffix to tell them apart"):
        right_names(["a"], ["a"], "")


@pytest.mark.parametrize(
    ("first", "second", "common"),
    [
        (pl.Int8, pl.Int64, pl.Int64()),
        (pl.Int32, pl.Int16, pl.Int32()),
        (pl.UInt32, pl.Int8, pl.Int64()),
        (pl.Int32, pl.Float32, pl.Float64()),
        (pl.Float32, pl.Float64, pl.Float64()),
        (pl.Null, pl.Date, pl.Date()),
        (pl.Date, pl.Datetime("us"), pl.Datetime("us")),
        (pl.Date, pl.Datetime("us", "UTC"), None),
        (pl.Datetime("us"), pl.Datetime("us", "UTC"), None),
        (pl.Decimal(10, 2), pl.Decimal(5, 4), pl.Decimal(38, 4)),
        (pl.Decimal(10, 2), pl.Int64, pl.Decimal(38, 2)),
        (pl.Decimal(10, 2), pl.Float64, pl.Float64()),
        (pl.List(pl.Int32), pl.List(pl.Int64), pl.List(pl.Int64)),
        (pl.List(pl.Int32), pl.List(pl.String), None),
        (pl.String, pl.Int64, None),
        (pl.Boolean, pl.Int64, None),
        (pl.Struct({"a": pl.Int64}), pl.Struct({"a": pl.Int64}), pl.Struct({"a": pl.Int64})),
        (pl.Struct({"a": pl.Int64}), pl.Struct({"a": pl.String}), None),
    ],
)
def test_common_types(first: Any, second: Any, common: pl.DataType | None) -> None:
    first, second = (each() if isinstance(each, type) else each for each in (first, second))
    assert common_type(first, second) == common
    assert common_type(second, first) == common


def test_keys_of_different_types_are_compared_as_their_common_type() -> None:
    left = pl.DataFrame({"k": pl.Series([1, 2, None], dtype=pl.Int16)})
    right = pl.DataFrame({"k": pl.Series([2, 2**40, None], dtype=pl.Int64), "v": [1, 2, 3]})
    found = {
        how: collect(Join(Source("l"), Source("r"), ("k",), ("k",), how), l=left, r=right)
        for how in ("inner", "left", "right", "full", "semi", "anti")
    }
    assert {how: table.schema["k"] for how, table in found.items()} == {
        "inner": pl.Int16,
        "left": pl.Int16,
        "right": pl.Int64,
        "full": pl.Int64,
        "semi": pl.Int16,
        "anti": pl.Int16,
    }
    assert found["inner"].rows() == [(2, 1)]
    assert shown(found["full"].rows()) == shown([(1, None), (2, 1), (None, None), (2**40, 2), (None, 3)])
    assert found["semi"].rows() == [(2,)]
    assert shown(found["anti"].rows()) == shown([(1,), (None,)])


def test_keys_without_common_type_are_an_error_that_names_both() -> None:
    left, right = pl.DataFrame({"k": [1]}), pl.DataFrame({"id": ["1"]})
    with pytest.raises(StepError, match="'k' holds integer values and 'id', on the right, text values"):
        collect(Join(Source("l"), Source("r"), ("k",), ("id",)), l=left, r=right)


def test_a_key_column_of_nulls_matches_nothing() -> None:
    nulls = pl.DataFrame({"k": [None, None], "v": [1, 2]})
    for other in (pl.DataFrame({"k": ["a", None]}), pl.DataFrame({"k": [None]})):
        assert collect(Join(Source("l"), Source("r"), ("k",), ("k",)), l=nulls, r=other).height == 0
        assert collect(Join(Source("l"), Source("r"), ("k",), ("k",), "anti"), l=nulls, r=other).height == 2


def test_join_with_itself() -> None:
    source = Source("t")
    found = collect(Join(source, source, ("k",), ("k",), "left"), t=LEFT)
    sql = "select a.*, b.j, b.v, b.other from l a left join l b on a.k = b.k"
    assert shown(found.rows()) == shown(duck(sql, l=LEFT))


LOOKS = pl.DataFrame({"t": [3, None, 1, 5, 0], "g": ["a", "a", None, "b", "a"]})
SEEN = pl.DataFrame({"t": [1, 3, 3, 4, None, 9], "g": ["a", "a", "a", None, "a", "b"], "v": [1, 2, 3, 4, 5, 6]})


@pytest.mark.parametrize("strategy", ["backward", "forward"])
def test_asof_joins_are_those_of_duckdb(strategy: Literal["backward", "forward"]) -> None:
    right = Distinct(Source("r"), ("t", "g"))
    relation = AsofJoin(Source("l"), Source("r"), "t", "t", ("g",), ("g",), strategy)
    found = collect(relation, l=LOOKS, r=SEEN)
    assert found.columns == ["t", "g", "t_right", "v"]
    sign = ">=" if strategy == "backward" else "<="
    sql = f"select l.t, l.g, r.t, r.v from l asof left join r on l.g = r.g and l.t {sign} r.t"
    assert shown(found.rows()) == shown(duck(sql, l=LOOKS, r=collect(right, r=SEEN)))


def test_asof_join_passes_missing_times_by_and_keeps_every_left_row_once() -> None:
    left = pl.DataFrame({"at": [NAN, 2.5, None, -1.0]})
    right = pl.DataFrame({"at": [NAN, 1.0, None], "v": ["nan", "one", "null"]})
    found = collect(AsofJoin(Source("l"), Source("r"), "at", "at"), l=left, r=right)
    assert found["v"].to_list() == [None, "one", None, None]
    assert collect(AsofJoin(Source("l"), Source("r"), "at", "at"), l=left, r=right.clear()).height == 4
    days = pl.DataFrame({"at": [date(2024, 1, 2)]})
    times = pl.DataFrame({"at": [datetime(2024, 1, 1, 5), datetime(2024, 1, 2, 5)], "v": [1, 2]})
    assert collect(AsofJoin(Source("l"), Source("r"), "at", "at"), l=days, r=times)["v"].to_list() == [1]


def test_concat_matches_names_and_widens_types() -> None:
    a = pl.DataFrame({"x": pl.Series([1], dtype=pl.Int32), "y": ["p"]})
    b = pl.DataFrame({"z": [True], "x": [2.5]})
    c = pl.DataFrame({"x": [None], "y": [None]})
    found = collect(Concat((Source("a"), Source("b"), Source("c"))), a=a, b=b, c=c)
    assert found.schema == {"x": pl.Float64, "y": pl.String, "z": pl.Boolean}
    assert found.rows() == [(1.0, "p", None), (2.5, None, True), (None, None, None)]
    assert collect(Concat((Source("a"),)), a=a).equals(a)


def test_concat_of_types_that_do_not_go_together_is_an_error() -> None:
    with pytest.raises(StepError, match="'x' holds integer values in one table and text values in another"):
        collect(Concat((Source("a"), Source("b"))), a=pl.DataFrame({"x": [1]}), b=pl.DataFrame({"x": ["1"]}))
