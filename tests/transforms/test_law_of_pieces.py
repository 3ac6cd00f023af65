"""The laws of row-wise steps, on drawn tables.

Applied to any pieces of a table, a step gives the pieces of the result. And it looks at, and changes, only the columns
that it says it does (`Transform.looks_at`, `Transform.touched`), on which fits that are made ahead of their turn rely.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import reduce

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from polars.testing.parametric import column, dataframes

from flows.engines.polars_engine import PolarsEngine
from tests.checks import assert_same_rows, planned, tables_of
from tests.drawing import examples
from transforms.catalog import catalog
from transforms.core.errors import StepError
from transforms.core.relations import MapRows, Relation, Source
from transforms.core.transform import Example, FittedTransform, RowTransform, Transform

STEPS = [pytest.param(each, each.examples[0], id=each.id) for each in catalog().values() if each.examples]

FILLING = {"fill_time_gaps"}
"""Steps that make a row for each moment between others, for which days far apart are millions of rows."""
NEAR = {
    pl.Date: st.dates(date(2024, 1, 1), date(2024, 4, 1)),
    pl.Datetime: st.datetimes(datetime(2024, 1, 1), datetime(2024, 4, 1)),
}


def mapped(relation: Relation) -> list[MapRows]:
    """Every row-wise stage of a plan."""
    found: list[MapRows] = [relation] if isinstance(relation, MapRows) else []
    for each in vars(relation).values():
        for below in each if isinstance(each, tuple) else (each,):
            if isinstance(below, Relation):
                found += mapped(below)
    return found


@pytest.mark.parametrize(("transform", "example"), STEPS)
@settings(max_examples=examples(12), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_pieces_give_the_pieces_of_the_result(
    transform: type[Transform], example: Example, data: st.DataObject
) -> None:
    def drawn(name: str, dtype: pl.DataType) -> column:
        near = NEAR.get(type(dtype)) if transform.id in FILLING else None
        return column(name, dtype=dtype, allow_null=True, strategy=near)

    tables = {
        name: data.draw(dataframes([drawn(n, d) for n, d in table.schema.items()], min_size=0, max_size=7))
        for name, table in tables_of(example).items()
    }
    step, engine = transform(**example.params), PolarsEngine.over(tables)
    try:
        plans, _ = planned(step, engine, [Source(name) for name in tables])
    except StepError:
        assume(False)
    stages: list[MapRows] = reduce(lambda found, plan: found + mapped(plan), plans, [])
    for stage in stages:
        try:
            whole, expected = (engine.collect(each) for each in (stage.table, stage))
        except StepError:
            assume(False)  # the plan refuses such rows
        cut = data.draw(st.integers(0, len(whole)))
        pieces = [stage(piece.lazy()).collect() for piece in (whole[:cut], whole[cut:])]
        assert_same_rows(pl.concat(pieces), expected)
        if isinstance(stage.step, RowTransform | FittedTransform):
            assert_others_are_left_alone(stage, whole, expected)


def assert_others_are_left_alone(stage: MapRows, whole: pl.DataFrame, expected: pl.DataFrame) -> None:
    """Columns that a step does not read decide nothing, and those that it does not touch stay as they are."""
    assert isinstance(stage.step, RowTransform | FittedTransform)
    reads, touched = stage.step.looks_at(whole.columns, stage.learned), stage.step.touched(whole.columns)
    unread = [name for name in whole.columns if name not in reads]
    emptied = whole.with_columns(pl.lit(None, whole.schema[name]).alias(name) for name in unread)
    made = [name for name in expected.columns if name not in unread]
    if made:
        assert_same_rows(stage(emptied.lazy()).collect().select(made), expected.select(made))
    if not stage.step.changes_rows:
        kept = [name for name in whole.columns if name not in touched and name in expected.columns]
        assert expected.select(kept).equals(whole.select(kept))
