"""What every transform promises, checked on its own examples and on tables made at random."""

from __future__ import annotations

import inspect
import json
import pkgutil
from importlib import import_module
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import transforms
from flows.engines.polars_engine import PolarsEngine
from flows.store import read_learned, write_learned
from tests.checks import assert_same_rows, outcome, planned, tables_of
from transforms.catalog import catalog
from transforms.core.dtypes import portable
from transforms.core.relations import MapRows, Source
from transforms.core.transform import Example, FittedTransform, RowTransform, Transform

EXAMPLES = [
    pytest.param(each, example, id=f"{each.id}-{n}")
    for each in catalog().values()
    for n, example in enumerate(each.examples)
]
EVERY = [pytest.param(each, id=each.id) for each in catalog().values()]


def over(example: Example) -> PolarsEngine:
    return PolarsEngine.over(tables_of(example))


def expected(example: Example, schema: pl.Schema) -> pl.DataFrame:
    assert list(example.after) == schema.names(), "the example's columns, in order"
    return pl.DataFrame(example.after, schema=schema, strict=False)


@pytest.mark.parametrize(("transform", "example"), EXAMPLES)
def test_example_holds(transform: type[Transform], example: Example) -> None:
    step, engine = transform(**example.params), over(example)
    found = engine.collect(outcome(step, engine, len(example.tables())))
    assert_frame_equal(found, expected(example, found.schema), check_exact=False, abs_tol=1e-9)


@pytest.mark.parametrize(("transform", "example"), EXAMPLES)
def test_any_piece_of_the_table_gives_its_piece_of_the_result(transform: type[Transform], example: Example) -> None:
    step, engine = transform(**example.params), over(example)
    inputs = [Source(f"in{i}") for i in range(len(example.tables()))]
    for plan in planned(step, engine, inputs)[0]:
        while isinstance(plan, MapRows):
            whole = engine.table(plan.table).collect()
            pieces = [plan(whole[i : i + 1].lazy()).collect() for i in range(len(whole))]
            assert_same_rows(pl.concat([plan(whole.clear().lazy()).collect(), *pieces]), plan(whole.lazy()).collect())
            plan = plan.table


@pytest.mark.parametrize(("transform", "example"), EXAMPLES)
def test_schema_is_predicted_and_portable(transform: type[Transform], example: Example) -> None:
    step, engine = transform(**example.params), over(example)
    plan = outcome(step, engine, len(example.tables()))
    schema = engine.schema(plan)
    assert schema == engine.collect(plan).schema
    assert schema == {name: portable(dtype) for name, dtype in schema.items()}


@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize(("transform", "example"), EXAMPLES)
def test_small_and_all_missing_tables_are_no_failure(transform: type[Transform], example: Example, rows: int) -> None:
    step = transform(**example.params)
    empty = {name: table.clear(rows) for name, table in tables_of(example).items()}
    engine = PolarsEngine.over(empty)
    found = engine.collect(outcome(step, engine, len(empty)))
    if not transform.columns_from_data:
        assert found.columns == list(example.after)


@pytest.mark.parametrize(("transform", "example"), EXAMPLES)
def test_params_survive_json(transform: type[Transform], example: Example) -> None:
    step = transform(**example.params)
    assert transform.model_validate_json(step.model_dump_json(by_alias=True)) == step


@pytest.mark.parametrize(("transform", "example"), EXAMPLES)
def test_what_was_learned_survives_json(transform: type[Transform], example: Example, tmp_path: Any) -> None:
    step, engine = transform(**example.params), over(example)
    inputs = [Source(f"in{i}") for i in range(len(example.tables()))]
    learned = planned(step, engine, inputs)[1]
    if learned is None:
        return
    kind = transform.learned_type()
    assert kind is not None, "fit says in its annotation what it returns"
    back = read_learned(kind, json.loads(json.dumps(write_learned(learned, tmp_path, "step"))), tmp_path)
    for name in kind.model_fields:
        mine, theirs = getattr(learned, name), getattr(back, name)
        if isinstance(mine, pl.DataFrame):
            assert_frame_equal(mine, theirs)
        else:
            assert mine == theirs


@pytest.mark.parametrize("transform", EVERY)
def test_transform_explains_itself(transform: type[Transform]) -> None:
    assert transform.__doc__
    assert transform.__doc__.rstrip().endswith(".")
    assert transform.title
    assert transform.missing
    assert transform.examples, "at least one example"
    assert any(None in column for e in transform.examples for column in e.before.values()), (
        "an example with a missing value"
    )
    if issubclass(transform, FittedTransform):
        assert transform.unseen, "says what happens to values that were not there when it was fitted"
    for name in transform.model_fields:
        assert transform.field_help(name), f"{transform.__name__}.{name} has no docstring"
    assert not issubclass(transform, RowTransform) or transform.learned_type() is None


def test_every_transform_is_in_the_catalog() -> None:
    for module in pkgutil.walk_packages(transforms.__path__, "transforms."):
        import_module(module.name)

    def below(kind: type[Transform]) -> set[type[Transform]]:
        return {kind}.union(*map(below, kind.__subclasses__()))

    built = {
        each
        for each in below(Transform)
        if "id" in vars(each) and not inspect.isabstract(each) and each.__module__.startswith("transforms.")
    }
    assert built <= set(catalog().values())
