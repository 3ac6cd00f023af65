"""Flows made of steps drawn from the whole catalogue, over tables drawn with them.

A table has ordinary columns of every type, and those of the examples of some transforms, so that these find values
that mean something to them. A step takes the settings of one of its examples, as they are or with columns of the table
at hand in the place of the example's own. Each is tried as it is drawn: one that refuses its rows is left out, but for
a few that end their flow, and one that fails in any other way ends it too. The same seed draws the same flow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import polars as pl
from pydantic import ValidationError

from flows import edits
from flows.document import Flow, Source, node_of
from flows.engines.base import Engine
from flows.engines.errors import CANNOT
from flows.engines.polars_engine import PolarsEngine
from flows.planning import Plan, Planner
from flows.store import Memory
from tests.checks import planned, tables_of
from transforms.catalog import catalog
from transforms.core import relations
from transforms.core.columns import KEYS, ColumnField, ColumnKeys, ColumnsField
from transforms.core.dtypes import is_kind
from transforms.core.errors import DataprepError, InvalidStepError
from transforms.core.params import column_kind
from transforms.core.transform import Example, FittedTransform, RowTransform, Transform

ROWS = 40
MOST_ROWS = 400
MOST_COLUMNS = 120
LAST_SEED = 10**9
OWN_COLUMNS = 0.7
"""Share of the drawn transforms whose examples' columns are in the table."""
BY_PLACE = ("append_columns", "keep_first_rows", "promote_header_row", "transpose_table")
"""Transforms that go by the place of rows, which Spark keeps only through steps that look at one row at a time."""
REFUSED = 0.1
"""Share of the steps that refuse their rows and are kept all the same."""


@dataclass(frozen=True)
class Drawn:
    """A flow and the tables it starts from."""

    flow: Flow
    sources: Mapping[str, pl.DataFrame]
    last: str
    """The table that everything leads to."""

    def planned(self, engine: Engine) -> Plan:
        """The flow on an engine, every step fitted."""
        keys = dict.fromkeys(self.flow.steps, "")
        schemas = {name: table.schema for name, table in self.sources.items()}
        return Planner(self.flow, {}, engine, schemas, keys, keys, Memory()).plan([node_of(self.last)])

    def outcome(self, engine: Engine) -> pl.DataFrame | str:
        """The rows of the last table, or why there are none."""
        try:
            return engine.collect(self.planned(engine).table(self.last).relation)
        except DataprepError as error:
            return str(error)

    def steps(self) -> list[str]:
        """Each step as it would be written."""
        return [f"{each.transform} {list(each.inputs)} {each.params}" for each in self.flow.steps.values()]


@dataclass
class Drawing:
    """A flow while it is drawn, with the rows of each of its tables."""

    random: Random
    flow: Flow
    sources: dict[str, pl.DataFrame]
    rows: dict[str, pl.DataFrame]
    last: str
    ended: bool = False
    """A step failed, so none can follow."""
    in_order: bool = True
    """The rows are in the order of their source, on Spark too."""

    def add(self, kind: type[Transform]) -> bool:
        """Add a step of a kind; whether one was found that fits."""
        if kind.id in BY_PLACE and not self.in_order:
            return False
        id, example = f"s{len(self.flow.steps)}", self.random.choice(kind.examples)
        inputs, others = self._inputs(id, example)
        tables = [others[each] if each in others else self.rows[each] for each in inputs]
        step = _fitting(kind, example, [each.schema for each in tables], self.random, id)
        outputs = None if step is None else self._outputs(step, tables)
        if step is None or outputs is None:
            return False
        for name, table in others.items():
            self.flow = edits.add_source(self.flow, name, _source(name))
            self.sources[name] = self.rows[name] = table
        params = _escaped(step.model_dump(mode="json", by_alias=True))
        self.flow = edits.add_step(self.flow, id, step.id, inputs, params)
        self.in_order &= isinstance(step, RowTransform | FittedTransform)
        self.rows |= {f"{id}.{name}": each for name, each in outputs.items()}
        self.last = f"{id}.{self.random.choice(list(outputs) or list(step.output_names))}"
        return True

    def _inputs(self, id: str, example: Example) -> tuple[list[str], dict[str, pl.DataFrame]]:
        """The tables that a step starts from, and those of them that are new: the last, and the example's others."""
        inputs, others = [self.last], {}
        for i, table in enumerate(list(tables_of(example).values())[1:], start=1):
            if self.random.random() < 0.3:
                inputs.append(self.random.choice(list(self.rows)))
            else:
                others[f"{id}-in{i}"] = table
                inputs.append(f"{id}-in{i}")
        return inputs, others

    def _outputs(self, step: Transform, tables: Sequence[pl.DataFrame]) -> dict[str, pl.DataFrame] | None:
        """What a step makes of its tables; ``None`` to leave it out, nothing where it ends the flow."""
        engine = PolarsEngine.over({f"in{i}": table for i, table in enumerate(tables)})
        try:
            made, _ = planned(step, engine, [relations.Source(f"in{i}") for i in range(len(tables))])
            outputs = dict(zip(step.output_names, map(engine.collect, made), strict=True))
        except DataprepError as error:
            kept = not isinstance(error, InvalidStepError) and self.random.random() < REFUSED
            self.ended = kept or CANNOT in str(error)
            return {} if self.ended else None
        except BaseException as error:  # it ends the flow, so that it is found
            if isinstance(error, KeyboardInterrupt):
                raise
            self.ended = True
            return {}
        fits = all(0 < each.width <= MOST_COLUMNS and each.height <= MOST_ROWS for each in outputs.values())
        empty = any(each.is_empty() for each in outputs.values()) and self.random.random() > REFUSED
        return outputs if fits and not empty else None


def drawn(seed: int, most: int = 12) -> Drawn:
    """A flow of 3 to ``most`` steps, fewer where no step fits any more or one fails."""
    random = Random(seed)
    kinds = [each for each in catalog().values() if each.examples and not each.runs_code]
    wanted, tries = random.randint(3, most), random.sample(kinds, 10 * most)
    table = drawn_table(random)
    for kind in tries[: 2 * wanted]:
        if random.random() < OWN_COLUMNS:
            table = _with_columns_of(random.choice(kind.examples), table, random)
    flow = edits.add_source(Flow(name=f"Seed {seed}"), "rows", _source("rows"))
    drawing = Drawing(random, flow, {"rows": table}, {"rows": table}, "rows")
    for kind in tries:
        if drawing.ended or len(drawing.flow.steps) == wanted:
            break
        drawing.add(kind)
    return Drawn(drawing.flow, drawing.sources, drawing.last)


def flow_of(
    steps: Sequence[tuple[str, Mapping[str, Any]]],
    table: pl.DataFrame,
    others: Mapping[str, pl.DataFrame] | None = None,
) -> Drawn:
    """A flow of steps one after the other, such as one that a seed has shown to fail; further tables come second."""
    sources = {"rows": table, **(others or {})}
    flow, last = Flow(name="Found"), "rows"
    for name in sources:
        flow = edits.add_source(flow, name, _source(name))
    for i, (transform, params) in enumerate(steps):
        further = list(others or {}) if len(catalog()[transform].inputs) > 1 else []
        flow, last = edits.add_step(flow, f"s{i}", transform, [last, *further], _escaped(dict(params))), f"s{i}"
    return Drawn(flow, sources, last)


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


def _source(name: str) -> Source:
    return Source(connector="parquet", params={"path": name})


def _with_columns_of(example: Example, table: pl.DataFrame, random: Random) -> pl.DataFrame:
    """A table with those columns of an example whose names are free, its rows drawn anew but kept together."""
    own = tables_of(example)["in0"]
    if own.is_empty() or table.width + own.width > MOST_COLUMNS // 2:
        return table
    rows = own[[random.randrange(own.height) for _ in range(table.height)]]
    return table.with_columns(each for each in rows if each.name not in table.columns)


def _fitting(
    kind: type[Transform], example: Example, schemas: Sequence[pl.Schema], random: Random, id: str
) -> Transform | None:
    """A step that fits the tables; ``None`` when the settings that were drawn do not."""
    for params in _settings(kind, example.params, schemas, random, id):
        try:
            step = kind.model_validate(_ordered(kind, params, schemas[0], random))
            _, problems = step.try_bind(*schemas)
        except (DataprepError, ValidationError):
            continue
        if not problems:
            return step
    return None


def _settings(
    kind: type[Transform], params: Mapping[str, Any], schemas: Sequence[pl.Schema], random: Random, id: str
) -> Iterator[dict[str, Any]]:
    """Settings of an example as they are, at times, and with other columns."""
    if random.random() < 0.5:
        yield dict(params)
    yield _renamed(kind, params, schemas, random, id)
    yield _renamed(kind, params, schemas, random, id)


def _ordered(kind: type[Transform], params: dict[str, Any], schema: pl.Schema, random: Random) -> dict[str, Any]:
    """Settings that order the rows, where they may: without, a table's rows come in no promised order on Spark."""
    if "order_by" not in kind.model_fields or params.get("order_by"):
        return params
    columns = random.sample([n for n, t in schema.items() if any(is_kind(t, each) for each in KEYS)] or list(schema), 1)
    return {**params, "order_by": [{"column": each, "descending": random.random() < 0.3} for each in columns]}


def _renamed(
    kind: type[Transform], params: Mapping[str, Any], schemas: Sequence[pl.Schema], random: Random, id: str
) -> dict[str, Any]:
    """Settings with columns of a table in the place of those they name, and new names that are free."""
    changed = dict(params)
    for name, value in params.items():
        info = next((each for key, each in kind.model_fields.items() if name in (key, each.alias)), None)
        if info is None or value is None:
            continue
        found = column_kind(info.annotation, info.metadata)
        schema = schemas[found.table if found is not None and found.table < len(schemas) else 0]
        fitting = [] if found is None else [n for n, t in schema.items() if any(is_kind(t, k) for k in found.kinds)]
        match found:
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


def to_digits(text: str) -> str:
    """A text with its numbers to nine digits: sums of a group may differ in the last, by the threads that took part."""
    return re.sub(r"-?\d+\.\d+(?:e[-+]?\d+)?", lambda found: f"{float(found[0]):.9g}", text)


def seeds(count: int, start: int = 0) -> list[int]:
    """Seeds, spread so that neighbours have nothing in common."""
    return [Random(start + each).randrange(LAST_SEED) for each in range(count)]
