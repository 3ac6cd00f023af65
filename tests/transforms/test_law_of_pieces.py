"""The law: a row-wise step applied to any pieces of a table gives the pieces of the result."""

from __future__ import annotations

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
from transforms.core.transform import Example, Transform

STEPS = [pytest.param(each, each.examples[0], id=each.id) for each in catalog().values() if each.examples]


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
    tables = {
        name: data.draw(
            dataframes([column(n, dtype=d, allow_null=True) for n, d in table.schema.items()], min_size=0, max_size=7)
        )
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
