"""Flows made of steps drawn from the whole catalogue, over a table drawn with them.

A step takes the settings of one of its examples, with columns of the table at hand in the place of the
example's own, so that most of what is drawn can run. The same seed draws the same flow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import polars as pl
from pydantic import ValidationError

from flows import edits
from flows.document import Flow, Source
from flows.engines.base import Engine
from flows.planning import Plan, Planner
from flows.steps import fitted_on_nothing, output_schemas
from flows.store import Memory
from transforms.catalog import catalog
from transforms.core.columns import ColumnField, ColumnKeys, ColumnsField
from transforms.core.dtypes import is_kind
from transforms.core.errors import DataprepError
from transforms.core.params import column_kind
from transforms.core.transform import Transform

ROWS = 40
LAST_SEED = 10**9


@dataclass(frozen=True)
class Drawn:
    """A flow and the table it starts from."""

    flow: Flow
    table: pl.DataFrame

    @property
    def last(self) -> str:
        """The node that everything leads to."""
        return list(self.flow.steps)[-1]

    def planned(self, engine: Engine) -> Plan:
        """The flow on an engine, every step fitted."""
        keys = dict.fromkeys(self.flow.steps, "")
        return Planner(self.flow, {}, engine, {"rows": self.table.schema}, keys, keys, Memory()).plan([self.last])

    def outcome(self, engine: Engine) -> pl.DataFrame | str:
        """The rows of the last table, or why there are none."""
        try:
            return engine.collect(self.planned(engine).table(self.last).relation)
        except DataprepError as error:
            return str(error)


def drawn(seed: int, most: int = 12) -> Drawn:
    """A flow of 3 to ``most`` steps, fewer where no step fits any more."""
    random = Random(seed)
    table = drawn_table(random)
    flow = edits.add_source(Flow(name=f"Seed {seed}"), "rows", Source(connector="parquet", params={"path": "rows"}))
    last, schema, wanted = "rows", table.schema, random.randint(3, most)
    for _ in range(10 * wanted):
        if len(flow.steps) == wanted:
            break
        id = f"s{len(flow.steps)}"
        found = drawn_step(id, schema, random)
        if found is not None:
            step, schema = found
            params = _escaped(step.model_dump(mode="json", by_alias=True))
            flow, last = edits.add_step(flow, id, step.id, [last], params), id
    return Drawn(flow, table)


def drawn_step(id: str, schema: pl.Schema, random: Random) -> tuple[Transform, pl.Schema] | None:
    """A step and the columns after it; ``None`` when the one that was drawn does not fit the table."""
    kinds = [each for each in catalog().values() if each.inputs == ("table",) and each.examples and not each.runs_code]
    kind = random.choice(kinds)
    try:
        step = kind.model_validate(_renamed(kind, random.choice(kind.examples).params, schema, random, id))
        bound, problems = step.try_bind(schema)
        if problems:
            return None
        learned = fitted_on_nothing(bound, [schema]) if bound.learned_type() else None
        after = next(iter(output_schemas(bound, [schema], learned).values()))
    except (DataprepError, ValidationError, pl.exceptions.PolarsError):
        return None
    return (step, after) if after else None


def drawn_table(random: Random, rows: int = ROWS) -> pl.DataFrame:
    """A table of every ordinary kind of column, with holes, ties and odd values in it."""

    def column(values: list[Any], dtype: Any, holes: float = 0.15) -> pl.Series:
        drawn = [None if random.random() < holes else random.choice(values) for _ in range(rows)]
        return pl.Series(drawn, dtype=dtype)

    words = ["loan", "car", "new roof", "  debt ", "", "Weiß", "credit card", "42", "2024-01-05", "a,b"]
    start = datetime(2023, 12, 30, 23, 59, 58)
    return pl.DataFrame(
        {
            "id": pl.Series(random.sample(range(10 * rows), rows)),
            "amount": column([round(random.lognormvariate(8, 2), 2) for _ in range(rows)], pl.Float64),
            "share": column([random.random(), -1.5, 0.0, float("nan"), 0.25, 1.0], pl.Float64),
            "count": column(list(range(-3, 12)), pl.Int64),
            "grade": column(list("abcd"), pl.String),
            "city": column(["Oslo", "Rome", "oslo ", "São Paulo"], pl.String, holes=0.0),
            "title": column(words, pl.String),
            "late": column([True, False], pl.Boolean),
            "day": column([date(2024, 2, 27) + timedelta(days=each) for each in range(40)], pl.Date),
            "at": column([start + timedelta(hours=7 * each) for each in range(60)], pl.Datetime("us")),
        }
    )


def _renamed(
    kind: type[Transform], params: Mapping[str, Any], schema: pl.Schema, random: Random, id: str
) -> dict[str, Any]:
    """Settings with columns of a table in the place of those they name, and new names that are free."""
    changed = dict(params)
    for name, value in params.items():
        info = next((each for key, each in kind.model_fields.items() if name in (key, each.alias)), None)
        if info is None or value is None:
            continue
        field = column_kind(info.annotation, info.metadata)
        fitting = [] if field is None else [n for n, t in schema.items() if any(is_kind(t, k) for k in field.kinds)]
        match field:
            case ColumnField() if fitting:
                changed[name] = random.choice(fitting)
            case ColumnsField() if fitting and isinstance(value, list | tuple):
                changed[name] = random.sample(fitting, min(len(fitting), random.randint(1, 3)))
            case ColumnKeys() if fitting:
                changed[name] = dict(
                    zip(random.sample(fitting, min(len(fitting), len(value))), value.values(), strict=False)
                )
            case None if name == "condition":
                changed[name] = _condition(schema, random)
            case None if name in ("output", "new_column"):
                changed[name] = f"{value}_{id}" if value in schema else value
            case _:
                pass
    return changed


def _escaped(value: Any) -> Any:
    """Settings of which no text is taken for a parameter of the flow."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, dict):
        return {name: _escaped(each) for name, each in value.items()}
    return [_escaped(each) for each in value] if isinstance(value, list) else value


def _condition(schema: pl.Schema, random: Random) -> dict[str, Any]:
    name = random.choice(list(schema))
    if schema[name].is_numeric():
        return {"column": name, "op": random.choice(["at_least", "less", "at_most"]), "value": random.choice([0, 1, 5])}
    return {"column": name, "op": random.choice(["is_missing", "is_present"])}


def rounded(table: pl.DataFrame) -> pl.DataFrame:
    """The numbers of a table to nine digits: sums of a group may differ in the last, by the order they are taken in."""
    return table.with_columns(pl.col(pl.Float64).round_sig_figs(9))


def seeds(count: int, start: int = 0) -> list[int]:
    """Seeds, spread so that neighbours have nothing in common."""
    return [Random(start + each).randrange(LAST_SEED) for each in range(count)]
