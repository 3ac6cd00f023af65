"""What holds for every transform, on every engine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl
from polars.testing import assert_frame_equal

from flows.engines.base import Engine
from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from transforms.core.columns import column
from transforms.core.dtypes import make_portable
from transforms.core.relations import Relation, Source
from transforms.core.transform import Example, Learned, Transform


def tables_of(example: Example) -> dict[str, pl.DataFrame]:
    """The inputs of an example by source name, in types every engine has."""
    return {f"in{i}": make_portable(table.lazy()).collect() for i, table in enumerate(example.tables())}


def planned(step: Transform, engine: Engine, inputs: Sequence[Relation]) -> tuple[tuple[Relation, ...], Learned | None]:
    """Bind, fit and plan, the way a run does."""
    bound = step.bind(*(engine.schema(each) for each in inputs))
    learned = bound.fit(Asking(engine, tuple(inputs)))
    out = bound.plan(*inputs, learned=learned)
    return out if isinstance(out, tuple) else (out,), learned


def outcome(step: Transform, engine: Engine, inputs: int = 1) -> Relation:
    """The first output of a step over sources ``in0``, ``in1`` ..."""
    return planned(step, engine, [Source(f"in{i}") for i in range(inputs)])[0][0]


def result(step: Transform, *tables: pl.DataFrame) -> pl.DataFrame:
    """The first output of a step over tables in memory, by polars."""
    engine = PolarsEngine.over({f"in{i}": make_portable(table.lazy()).collect() for i, table in enumerate(tables)})
    return engine.collect(outcome(step, engine, len(tables)))


def results(step: Transform, *tables: pl.DataFrame) -> list[pl.DataFrame]:
    """Every output of a step over tables in memory, by polars."""
    engine = PolarsEngine.over({f"in{i}": make_portable(table.lazy()).collect() for i, table in enumerate(tables)})
    outputs, _ = planned(step, engine, [Source(f"in{i}") for i in range(len(tables))])
    return [engine.collect(each) for each in outputs]


def assert_same_rows(left: pl.DataFrame, right: pl.DataFrame, *, exact: bool = True) -> None:
    """The same columns in the same order and type, and the same rows in any order; NaN equals NaN."""
    assert left.schema == right.schema
    keys = [column(name) for name, dtype in left.schema.items() if not dtype.is_nested()]
    text = pl.struct(pl.all()).map_batches(
        lambda s: pl.Series([str(x) for x in s.to_list()], dtype=pl.String), return_dtype=pl.String
    )
    assert_frame_equal(
        left.sort(by=[*keys, text] if keys else text, nulls_last=True),
        right.sort(by=[*keys, text] if keys else text, nulls_last=True),
        check_exact=exact,
    )


def plain(value: Any) -> Any:
    """A value as JSON has it, decimals to six places."""
    match value:
        case datetime():
            return value.isoformat(sep=" ")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case float():
            return round(value, 6)
        case list():
            return [plain(each) for each in value]
        case dict():
            return {name: plain(each) for name, each in value.items()}
        case _:
            return value
