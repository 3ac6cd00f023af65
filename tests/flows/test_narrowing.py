"""Plans without columns in vain give the same rows, and read no more than they need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flows.engines.narrowing import columns_read, looked_at, narrowed
from flows.engines.polars_engine import PolarsEngine
from transforms.core import relations as rel
from transforms.core.relations import (
    Aggregate,
    Concat,
    Distinct,
    Join,
    Limit,
    MapRows,
    Measure,
    Order,
    Relation,
    Sample,
    Sort,
    Source,
    Window,
    WindowFunction,
)
from transforms.core.rowwise import AddColumns, DropColumns, KeepRows, RefuseRows
from transforms.core.statistics import Count, Covariance, Mean, Rows

TABLES = {
    "orders": pl.DataFrame(
        {"id": [1, 2, 3, 4], "who": ["a", "b", "a", None], "sum": [5.0, None, 7.0, 1.0], "note": ["x", "y", "z", ""]}
    ),
    "people": pl.DataFrame({"name": ["a", "b", "c"], "city": ["Rome", "Oslo", "Bonn"], "note": ["p", "q", "r"]}),
}
ORDERS, PEOPLE = Source("orders"), Source("people")


@pytest.fixture
def engine() -> PolarsEngine:
    return PolarsEngine.over(TABLES)


def read(relation: Relation) -> set[str]:
    """The columns of sources that a plan carries beyond its sources, as ``table.column``."""
    found: set[str] = set()

    def visit(table: Relation) -> None:
        if isinstance(table, MapRows) and isinstance(table.table, Source):
            rows = table(TABLES[table.table.name].lazy())
            found.update(f"{table.table.name}.{name}" for name in rows.collect_schema())
            return
        if isinstance(table, Source):
            found.update(f"{table.name}.{name}" for name in TABLES[table.name].columns)
        for value in vars(table).values():
            for each in value if isinstance(value, tuple) else (value,):
                if isinstance(each, Relation):
                    visit(each)

    visit(relation)
    return found


def joined(**changes: Any) -> Join:
    return Join(ORDERS, PEOPLE, ("who",), ("name",), **changes)


def total(table: Relation, *by: str) -> Aggregate:
    return Aggregate(table, by, (Measure("sum", "sum", "sum"), Measure("rows", "sum", "rows")))


def test_a_sum_over_a_join_takes_only_keys_groups_and_what_is_summed(engine: PolarsEngine) -> None:
    plan = total(joined(how="left"), "city")
    made = narrowed([(plan, None)], engine.schema)[plan]
    assert read(plan) == {
        *(f"orders.{c}" for c in TABLES["orders"].columns),
        "people.name",
        "people.city",
        "people.note",
    }
    assert read(made) == {"orders.who", "orders.sum", "people.name", "people.city"}
    assert_frame_equal(engine.collect(made), engine.collect(plan), check_row_order=False)


def plans() -> Iterator[tuple[str, Relation]]:
    """Plans of every kind of relation, over joins, row steps and each other."""
    both = joined(how="left")
    longer = MapRows(both, AddColumns((pl.col("sum").fill_null(0).alias("sum"), (pl.col("id") * 2).alias("twice"))))
    yield "row steps between", total(longer, "city")
    yield "a name that another makes", total(MapRows(both, KeepRows(pl.col("note_right") != "q")), "note_right")
    yield "a name in vain", total(MapRows(both, DropColumns(("note",))), "who")
    for how in ("inner", "left", "right", "full", "semi", "anti"):
        yield how, total(joined(how=how), "who")
    yield "cross", total(Join(ORDERS, PEOPLE, (), (), "cross"), "city")
    yield "sort and limit", total(Limit(Sort(both, (Order("id", descending=True),)), 3), "city")
    ranked = Window(both, ("city",), (Order("id"),), (WindowFunction("row_number", "place"),))
    yield "window", total(MapRows(ranked, KeepRows(pl.col("place") == 1)), "city")
    replaced = Window(both, ("city",), (Order("id"),), (WindowFunction("shift", "note", "who"),))
    yield "window in place", Aggregate(replaced, ("note",), (Measure("rows", "note", "rows"),))
    yield "below each other", total(Concat((ORDERS, MapRows(ORDERS, AddColumns((pl.lit("b").alias("who"),))))), "who")
    yield "one of each", total(Distinct(both, ("city",)), "city")
    yield "a sample", total(Sample(both, 2, seed=1), "city")
    yield "no column at all", Aggregate(both, (), (Measure("rows", "id", "rows"),))
    yield "twice the same", Join(total(both, "city"), total(longer, "city"), ("city",), ("city",), "inner")


@pytest.mark.parametrize("plan", [pytest.param(plan, id=what) for what, plan in plans()])
def test_rows_stay_the_same(engine: PolarsEngine, plan: Relation) -> None:
    made = narrowed([(plan, None)], engine.schema)[plan]
    assert_frame_equal(engine.collect(made), engine.collect(plan), check_row_order=False)
    assert read(made) <= read(plan)


def test_what_is_written_keeps_every_column_and_what_is_counted_shares_its_steps(engine: PolarsEngine) -> None:
    first = MapRows(joined(how="left"), AddColumns((pl.col("sum").fill_null(0).alias("sum"),)))
    second = MapRows(first, KeepRows(pl.col("sum") > 1))
    made = narrowed([(second, None), (first, frozenset())], engine.schema)
    assert_frame_equal(engine.collect(made[second]), engine.collect(second), check_row_order=False)
    again = made[second]
    assert isinstance(again, MapRows)
    assert again.table is made[first]


def test_a_counted_table_needs_only_what_its_rows_depend_on(engine: PolarsEngine) -> None:
    kept = MapRows(joined(how="left"), KeepRows(pl.col("city") == "Rome"))
    made = narrowed([(kept, frozenset())], engine.schema)[kept]
    first = "orders.id"  # polars counts rows by the first column
    assert read(made) == {first, "orders.who", "people.name", "people.city"}
    assert engine.count([made]) == engine.count([kept])


def test_a_row_that_is_refused_is_refused_though_nobody_looks_at_its_column(engine: PolarsEngine) -> None:
    checked = MapRows(joined(how="left"), RefuseRows(pl.col("note_right") == "p", "Found {}.", pl.col("note_right")))
    plan = total(checked, "who")
    made = narrowed([(plan, None)], engine.schema)[plan]
    with pytest.raises(Exception, match="Found 'p'"):
        engine.collect(made)


def test_sources_alone_are_left_as_they_are(engine: PolarsEngine) -> None:
    steps = MapRows(ORDERS, AddColumns((pl.lit(1).alias("one"),)))
    assert narrowed([(steps, None)], engine.schema)[steps] is steps
    assert narrowed([(ORDERS, None)], engine.schema)[ORDERS] is ORDERS


def test_columns_that_row_steps_read(engine: PolarsEngine) -> None:
    steps = MapRows(
        MapRows(ORDERS, AddColumns((pl.col("sum").alias("copy"),))), KeepRows(pl.col("note") != "x", drop=("note",))
    )
    assert columns_read(steps, frozenset({"copy"}), engine.schema) == frozenset({"sum", "note"})
    assert columns_read(steps, None, engine.schema) is None


def test_columns_that_statistics_look_at() -> None:
    asked = [Count(), Mean(pl.col("a") + pl.col("b")), Covariance(("c", pl.col("d"))), Rows(("e", "f"), 3, per="g")]
    assert looked_at(asked) == frozenset("abcdefg")


def test_every_relation_is_thought_of() -> None:
    known = {each.__name__ for each in rel.Relation.__subclasses__()}
    seen = {"MapRows", "Aggregate", "Join", "Sort", "Limit", "Window", "Concat"}
    whole = {"Source", "Values", "Range", "Apply", "Sample", "Distinct", "AsofJoin"}
    assert known == seen | whole, "a new relation needs all columns until narrowing knows better"
