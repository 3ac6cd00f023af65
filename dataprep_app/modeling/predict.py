"""Predictions from raw rows: of whole tables, and of one row that somebody edits to see what it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from dataprep_app.modeling.model import TABLE, InputColumn, Model
from dataprep_app.modeling.planned import Tables
from flows.engines.base import Control
from flows.engines.polars_engine import PolarsEngine
from flows.identity import definitions
from flows.planning import Planner
from flows.store import Memory
from transforms.core.categories import free_names
from transforms.core.conversion import converted, convertible
from transforms.core.dtypes import type_name
from transforms.core.errors import DataprepError, did_you_mean
from transforms.core.relations import Relation, Source
from transforms.scoring.facts import Facts
from transforms.scoring.scorer import PREDICTION, Scorer

Scalar = bool | int | float | str | None


class Contribution(Facts):
    """What the value of one column did to a prediction."""

    column: str
    value: Scalar
    amount: float
    """In units of the target, or of log-odds."""


class WhatIf(Facts):
    """The prediction for one row, and why."""

    prediction: Scalar
    probabilities: dict[str, float]
    """By class; empty for a number."""
    contributions: tuple[Contribution, ...]
    """The column that did most first. They and ``start`` sum up to the number, or to the margin of ``towards``."""
    start: float
    """Where all rows start."""
    towards: str
    """The class that positive amounts speak for; empty for a number."""


@dataclass(frozen=True)
class Predictions:
    """Predictions for a table."""

    table: pl.DataFrame
    """The prepared rows with ``prediction`` and a probability for each class."""
    unreadable: Mapping[str, int]
    """Values that were not of the type the model was trained on, and so count as missing, by column."""


class Predictor:
    """A model at work: the flow is planned once, so that one row takes milliseconds."""

    def __init__(self, model: Model, control: Control | None = None) -> None:
        """Get ready.

        Raises:
            DataprepError: what the steps of the flow learned cannot be read.
        """
        self.model = model
        self._control = control or Control()
        self._relation = self._planned()
        self._problem = model.facts.result.problem
        self.scorer = Scorer(model.facts.encoding, self._problem, model.trees)

    @property
    def inputs(self) -> Mapping[str, tuple[InputColumn, ...]]:
        """Columns of the raw rows, by source."""
        return self.model.facts.inputs

    def sources(self, folder: Path | None = None) -> dict[str, pl.DataFrame]:
        """The rows that are now where the flow reads its rows from.

        Raises:
            DataprepError: the model was not built from a flow, or a source cannot be opened.
        """
        facts = self.model.facts
        if self.model.flow is None or (folder is None and facts.folder is None):
            raise DataprepError("This model does not know where rows come from. Give it a table file.")
        tables = Tables.open(self.model.flow, folder or Path(str(facts.folder)), facts.parameters)
        scans = {id: each.scan() for id, each in tables.opened.items()}
        read = tables.engine(self._control).gather(list(scans.values()))
        return dict(zip(scans, read, strict=True))

    def predict(self, tables: Mapping[str, pl.DataFrame]) -> Predictions:
        """Predict every row.

        Args:
            tables: raw rows, by source; the one table of a model built from a table, or of a flow with one
                source, may have any name.

        Raises:
            DataprepError: a source or a column is missing.
        """
        unreadable: dict[str, int] = {}
        prepared = self._prepared(tables, unreadable)
        found = self.model.trees.predict(self.model.facts.encoding.matrix(prepared))
        return Predictions(self._with_predictions(prepared, found), unreadable)

    def what_if(
        self, rows: Mapping[str, Mapping[str, Any]], others: Mapping[str, pl.DataFrame] | None = None
    ) -> WhatIf:
        """Predict one row, and say what each column did to the prediction.

        Args:
            rows: the value of each column, by source. Columns may be missing where predictions do not need them.
            others: whole tables of sources that are only looked up in.

        Raises:
            DataprepError: a column is not there, a value is not of its type, or no row comes out: keys that differ
                between sources find nothing to join.
        """
        unreadable: dict[str, int] = {}
        given = {source: _one_row(source, values, self.inputs.get(source, ())) for source, values in rows.items()}
        prepared = self._prepared({**(others or {}), **given}, unreadable)
        wrong = next(iter(unreadable), None)
        if wrong is not None:
            raise DataprepError(self._misfit(wrong, rows))
        if prepared.height != 1:
            raise DataprepError(
                f"{prepared.height or 'No'} rows come out of this one, so there is not one prediction. "
                "Check that the keys by which sources are joined are equal."
            )
        matrix = self.model.facts.encoding.matrix(prepared)
        return self._explained(prepared, matrix)

    def _planned(self) -> Relation | None:
        model = self.model
        if model.flow is None or model.facts.reference is None:
            return None
        columns = {id: pl.Schema({each.name: each.dtype for each in given}) for id, given in self.inputs.items()}
        keys = definitions(model.flow, model.facts.parameters)
        planner = Planner(
            flow=model.flow,
            values=model.facts.parameters,
            engine=PolarsEngine.over({id: schema.to_frame() for id, schema in columns.items()}),
            columns=columns,
            definitions=keys,
            contents=keys,
            remember=model.learned or Memory(),
            purpose="scoring",
        )
        return planner.plan([model.facts.reference]).table(model.facts.reference).relation

    def _prepared(self, tables: Mapping[str, pl.DataFrame], unreadable: dict[str, int]) -> pl.DataFrame:
        """Raw rows as the model takes them."""
        if len(self.inputs) == 1 and len(tables) == 1:
            tables = dict(zip(self.inputs, tables.values(), strict=True))
        for id in tables:
            if id not in self.inputs:
                hint = did_you_mean(id, self.inputs) or f"It has: {', '.join(self.inputs)}."
                raise DataprepError(f"The model has no source {id!r}. {hint}")
        lacking = [id for id in self.inputs if id not in tables]
        if lacking:
            raise DataprepError(
                f"The model needs rows of {', '.join(map(repr, lacking))} too. Give them with the others."
            )
        raw = {id: _conformed(tables[id], self.inputs[id], id, unreadable) for id in self.inputs}
        engine = PolarsEngine.over(raw, self._control)
        return engine.collect(self._relation if self._relation is not None else Source(TABLE))

    def _with_predictions(self, prepared: pl.DataFrame, found: np.ndarray) -> pl.DataFrame:
        names = free_names([PREDICTION, *self.scorer.chances], prepared.columns)
        chances = [pl.Series(name, found[:, i]) for i, name in enumerate(names[1:])]
        return prepared.with_columns(self.scorer.predictions(found).alias(names[0]), *chances)

    def _explained(self, prepared: pl.DataFrame, matrix: np.ndarray) -> WhatIf:
        trees, known = self.model.trees, self.model.facts.encoding
        found, reasons = trees.predict(matrix)[0], trees.reasons(matrix)
        classes = self._problem.classes
        place = int(np.argmax(found)) if classes else 0
        output = place if trees.kind == "multiclass" else 0
        amounts = known.by_column(reasons)[0, output]
        contributions = [
            Contribution(column=name, value=_plain(prepared[name][0]), amount=float(amount))
            for name, amount in zip(known.names, amounts, strict=True)
        ]
        return WhatIf(
            prediction=_plain(self.scorer.classes(np.array([place]))[0]) if classes else float(found),
            probabilities={name: float(each) for name, each in zip(classes, found, strict=True)} if classes else {},
            contributions=tuple(sorted(contributions, key=lambda each: (-abs(each.amount), each.column))),
            start=float(reasons[0, output, -1]),
            towards="" if not classes else classes[1] if trees.kind == "binary" else classes[place],
        )

    def _misfit(self, column: str, rows: Mapping[str, Mapping[str, Any]]) -> str:
        source = next((id for id, values in rows.items() if column in values), "")
        given = next((each for each in self.inputs.get(source, ()) if each.name == column), None)
        value = rows.get(source, {}).get(column)
        holds = f"it holds {type_name(given.dtype)} values" if given else "it is of another type"
        return f"Column {column!r} cannot be {value!r}: {holds}."


def _one_row(source: str, values: Mapping[str, Any], columns: tuple[InputColumn, ...]) -> pl.DataFrame:
    known = [each.name for each in columns]
    for name in values if known else ():
        if name not in known:
            hint = did_you_mean(name, known) or f"It has: {', '.join(known)}."
            raise DataprepError(f"{source!r} has no column {name!r}. {hint}")
    return pl.DataFrame({name: pl.Series(name, [value]) for name, value in values.items()})


def _conformed(
    rows: pl.DataFrame, columns: tuple[InputColumn, ...], source: str, unreadable: dict[str, int]
) -> pl.DataFrame:
    """The columns of a source in the types they had in training; those that are not needed may be missing."""
    lacking = [each.name for each in columns if each.needed and each.name not in rows.columns]
    if lacking:
        hints = " ".join(hint for name in lacking if (hint := did_you_mean(name, rows.columns)))
        raise DataprepError(
            f"The rows of {source!r} lack {'columns' if len(lacking) > 1 else 'column'} "
            f"{', '.join(map(repr, lacking))}, which predictions need. {hints or 'Add what is missing.'}"
        )
    known = [each for each in columns if each.name in rows.columns]
    cast = rows.select(_cast(each, rows.schema[each.name]) for each in known)
    lost = {each.name: cast[each.name].null_count() - rows[each.name].null_count() for each in known}
    for each in known:
        if lost[each.name] > 0 and rows.schema[each.name].is_float():
            lost[each.name] -= int(rows[each.name].is_nan().sum() or 0)
    unreadable |= {name: count for name, count in lost.items() if count > 0}
    absent = [pl.lit(None, each.dtype).alias(each.name) for each in columns if each.name not in rows.columns]
    return cast.with_columns(absent).select(each.name for each in columns)


def _cast(column: InputColumn, found: pl.DataType) -> pl.Expr:
    value, dtype = pl.col(column.name), column.dtype
    if found == dtype:
        return value
    to = type_name(dtype)
    if to != type_name(found) and found != pl.Null:
        if not convertible(found, to):  # type: ignore[arg-type]
            raise DataprepError(
                f"Column {column.name!r} holds {type_name(found)} values; the model was trained on {to} values. "
                "Change its type first."
            )
        value = converted(value, found, to).alias(column.name)  # type: ignore[arg-type]
    return value.cast(dtype, strict=False)


def _plain(value: Any) -> Scalar:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
