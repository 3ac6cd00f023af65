"""Real raw rows to start a what-if from: one of the main source, with the rows of other sources that go with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from dataprep_app.modeling.model import TABLE, Model
from dataprep_app.modeling.planned import Tables
from dataprep_app.modeling.predict import Predictor, WhatIf
from flows.document import Flow, node_of
from flows.lineage import origins
from flows.schemas import Prediction
from flows.schemas import predict as predict_schemas
from transforms.combine import MatchedTables
from transforms.core.errors import DataprepError

TRIES = 20
"""Neighbouring rows that are tried until one gives a prediction: steps may drop some, joins may not find a match."""
LOOKED_AT = 10_000
"""First rows of a source from which the choices of a column are taken."""
CHOICES = 50
"""The most different values that are offered to choose from."""
Value = bool | int | float | str


@dataclass(frozen=True)
class Link:
    """Two sources whose rows go together where these columns are equal."""

    source: str
    columns: tuple[str, ...]
    other: str
    other_columns: tuple[str, ...]

    def turned(self) -> Link:
        """The same, seen from the other source."""
        return Link(self.other, self.other_columns, self.source, self.columns)


@dataclass(frozen=True)
class RawRow:
    """What one prediction is made of."""

    rows: Mapping[str, Mapping[str, Any]]
    """One row of a source each, by source."""
    others: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    """Rows of the remaining sources that go with it: none, or several."""

    def changed(self, values: Mapping[tuple[str, str], Any]) -> RawRow:
        """The row with other values, by source and column."""
        rows = {
            source: {name: values.get((source, name), value) for name, value in row.items()}
            for source, row in self.rows.items()
        }
        return RawRow(rows, self.others)


@dataclass(frozen=True)
class RealRows:
    """The sources of a model, to take rows from; read as far as is needed and no further."""

    scans: Mapping[str, pl.LazyFrame]
    main: str
    """The source whose rows are those that are predicted."""
    links: tuple[Link, ...] = ()

    @classmethod
    def of_flow(cls, model: Model, folder: Path) -> RealRows:
        """The sources of the flow that a model was built from; ``folder`` is where its relative paths start.

        Raises:
            DataprepError: one cannot be opened.
        """
        flow, reference = model.flow, model.facts.reference
        if flow is None or reference is None:
            raise DataprepError("This model was not built from a flow.")
        opened = Tables.open(flow, folder, model.facts.parameters).opened
        columns = {id: pl.Schema({each.name: each.dtype for each in given}) for id, given in model.facts.inputs.items()}
        known = predict_schemas(flow, model.facts.parameters, columns, model.learned)
        scans = {id: each.scan() for id, each in opened.items()}
        return cls(scans, _main(flow, reference), tuple(_links(flow, known)))

    @classmethod
    def of_table(cls, rows: pl.LazyFrame) -> RealRows:
        """The one table that a model was built from."""
        return cls({TABLE: rows}, TABLE)

    @property
    def keys(self) -> frozenset[tuple[str, str]]:
        """Columns, by source, by which rows go together."""
        both = [each for link in self.links for each in (link, link.turned())]
        return frozenset((each.source, name) for each in both for name in each.columns)

    def first(self) -> list[RawRow]:
        """The first rows of the main source."""
        return self._with_others(self.scans[self.main].head(TRIES).collect())

    def random(self, seed: int | None = None) -> list[RawRow]:
        """Rows from a random place of the main source on."""
        rows = self.scans[self.main]
        count = rows.select(pl.len()).collect().item()
        # Which row is looked at is no secret.
        place = Random(seed).randrange(max(count - TRIES, 0) + 1) if count else 0  # noqa: S311
        return self._with_others(rows.slice(place, TRIES).collect())

    def where(self, column: str, value: str) -> list[RawRow]:
        """Rows of the main source with a value, as people write it.

        Raises:
            DataprepError: there is no such row.
        """
        dtype = self.scans[self.main].collect_schema()[column]
        wanted = pl.col(column).cast(pl.String) == value.strip()
        if dtype.is_numeric():
            try:
                wanted = pl.col(column).cast(pl.Float64) == float(value.replace(",", ""))
            except ValueError:
                raise DataprepError(f"Column {column!r} holds numbers, and {value!r} is none.") from None
        found = self.scans[self.main].filter(wanted).head(TRIES).collect()
        if not found.height:
            raise DataprepError(f"No row of {self.main!r} has {value!r} in column {column!r}. Try another value.")
        return self._with_others(found)

    def choices(self) -> dict[tuple[str, str], list[Value]]:
        """Different values of columns of text that have few, the most frequent first, by source and column."""
        found: dict[tuple[str, str], list[Value]] = {}
        for source, scan in self.scans.items():
            texts = scan.select(pl.col(pl.String)).head(LOOKED_AT).collect()
            for column in texts.get_columns():
                counts = column.drop_nulls().value_counts(sort=True)
                if 0 < counts.height <= CHOICES:
                    found[source, column.name] = counts[column.name].to_list()
        return found

    def _with_others(self, rows: pl.DataFrame) -> list[RawRow]:
        tables = {self.main: rows}
        for link in self._ways():
            keys = tables[link.source].select(link.columns).unique().drop_nulls()
            keys = keys.rename(dict(zip(link.columns, link.other_columns, strict=True)))
            schema = self.scans[link.other].collect_schema()
            keys = keys.cast({name: schema[name] for name in keys.columns}, strict=False)
            there = self.scans[link.other].join(keys.lazy(), on=link.other_columns, how="semi", maintain_order="left")
            tables[link.other] = there.collect()
        return [self._raw_row(tables, each) for each in range(rows.height)]

    def _raw_row(self, tables: Mapping[str, pl.DataFrame], place: int) -> RawRow:
        rows = {self.main: tables[self.main].row(place, named=True)}
        others: dict[str, pl.DataFrame] = {}
        for link in self._ways():
            mine = rows.get(link.source)
            table = tables[link.other]
            same = [
                pl.col(other) == (mine or {}).get(name)
                for name, other in zip(link.columns, link.other_columns, strict=True)
            ]
            found = table.filter(*same) if mine else table.clear()
            if found.height == 1:
                rows[link.other] = found.row(0, named=True)
            else:
                others[link.other] = found
        for id, scan in self.scans.items():
            if id not in rows and id not in others:
                others[id] = scan.collect_schema().to_frame()
        return RawRow(rows, others)

    def _ways(self) -> Iterator[Link]:
        """A link to each source that can be reached from the main one, nearest first."""
        both = [each for link in self.links for each in (link, link.turned())]
        reached = {self.main}
        while True:
            way = next((each for each in both if each.source in reached and each.other not in reached), None)
            if way is None:
                return
            reached.add(way.other)
            yield way


def first_that_predicts(predictor: Predictor, rows: Sequence[RawRow]) -> tuple[RawRow, WhatIf]:
    """The first row from which a prediction comes.

    Raises:
        DataprepError: there is no row, or a prediction comes from none; the text says why not from the first.
    """
    failed: DataprepError | None = None
    for each in rows:
        try:
            return each, predictor.what_if(each.rows, each.others)
        except DataprepError as error:
            failed = failed or error
    raise failed or DataprepError("The source has no rows.")


def _main(flow: Flow, reference: str) -> str:
    """The source at the end of all first inputs."""
    node = node_of(reference)
    while node in flow.steps:
        node = node_of(flow.steps[node].inputs[0])
    return node


def _links(flow: Flow, known: Prediction) -> Iterator[Link]:
    for id, step in flow.steps.items():
        transform = known.bound.get(id)
        if step.disabled or not isinstance(transform, MatchedTables):
            continue
        left, right = step.inputs
        for source, columns in _sides(flow, known, left, transform.left_on):
            for other, other_columns in _sides(flow, known, right, transform.right_on):
                if source != other:
                    yield Link(source, columns, other, other_columns)


def _sides(flow: Flow, known: Prediction, reference: str, keys: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Sources that all keys of one side come from, with the columns that the keys are there."""
    found = [{each.node: each.column for each in origins(flow, known, reference, key)} for key in keys]
    for source in flow.sources:
        if found and all(source in each for each in found):
            yield source, tuple(each[source] for each in found)
