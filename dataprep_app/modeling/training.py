"""The rows a model is built from: those of a file, or of a table of a flow.

A step that learns, above all one that balances classes or looks at the target, must not see the rows
the model is judged by. So the rows are divided where the first such step takes them; those to train on
pass it and all after it as in a run, and the others as rows to predict do: nothing is fitted on them,
and training-only steps are passed by. Synthetic rows are then made of rows to train on only, and none
is ever judged by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from connectors.catalog import sources
from connectors.core.connector import Context
from connectors.core.files import FileSource
from dataprep_app.drawn import drawn
from dataprep_app.modeling.attempt import Parts, Prepare
from dataprep_app.modeling.planned import Records, Tables, upto
from flows.document import Flow, Source, node_of
from flows.engines.base import Control, Engine
from flows.engines.polars_engine import PolarsEngine
from flows.graph import run_order
from flows.parameters import values as parameter_values
from flows.planning import Plan, Table
from flows.sampling import Sampling
from flows.steps import InvalidFlowError, transform_of
from transforms.core.errors import DataprepError, did_you_mean
from transforms.core.transform import Transform
from transforms.scoring.problem import require

ROWS = "rows-to-divide"


@dataclass(frozen=True)
class Training:
    """Rows to build from."""

    table: pl.DataFrame
    target: str
    prepare: Prepare | None = None
    training_rows: pl.Series | None = None
    """True for rows to train on only."""
    notes: tuple[str, ...] = ()
    origin: FlowRows | None = None
    """The flow they come from, if they do."""


def file_source(path: Path) -> type[FileSource]:
    """What reads a table file, by its name.

    Raises:
        DataprepError: no connector reads such a file.
    """
    kinds = [each for each in sources().values() if issubclass(each, FileSource)]
    kind = next((each for each in kinds if path.name.lower().endswith(each.suffixes)), None)
    if kind is None:
        known = ", ".join(suffix for each in kinds for suffix in each.suffixes)
        raise DataprepError(f"{path} is not a table file by its name. Files that can be read: {known}.")
    return kind


def file_table(path: Path, control: Control | None = None) -> pl.DataFrame:
    """A table file, read whole.

    Raises:
        DataprepError: no connector reads such a file, or it cannot be read.
    """
    rows = file_source(path).model_validate({"path": str(path.absolute())}).scan(Context(path.parent))
    return PolarsEngine.over({}, control).gather([rows])[0]


def rows_of_file(path: Path, target: str, control: Control | None = None) -> Training:
    """The rows of a table file."""
    table = file_table(path, control)
    require(table, target)
    return Training(table, target)


def rows_of_flow(
    flow: Flow,
    folder: Path,
    reference: str,
    target: str,
    *,
    parameters: Mapping[str, str | float] | None = None,
    sampling: Sampling | None = None,
    control: Control | None = None,
    most: int | None = None,
    engine: Engine | None = None,
) -> Training:
    """The rows of one table of a flow.

    Args:
        flow: the flow.
        folder: where its relative paths start.
        reference: the table: ``"balanced"``, ``"split.train"``.
        target: the column to predict.
        parameters: values for the run.
        sampling: sample of each source; all rows without it.
        control: to stop it from another thread.
        most: rows to go on with where they are divided; of more, so many are drawn by chance.
        engine: what computes the rows up to there; polars without it. What follows is computed by polars.

    Raises:
        DataprepError: a source or a step does not work, the target is not there, or the flow cannot prepare
            rows for prediction.
    """
    if node_of(reference) not in (known := [*flow.sources, *flow.steps]):
        hint = did_you_mean(node_of(reference), known) or f"It has: {', '.join(known)}."
        raise DataprepError(f"The flow has no step or source {node_of(reference)!r}. {hint}")
    control, values = control or Control(), parameter_values(flow, parameters)
    tables = Tables.open(upto(flow, reference), folder, values, sampling)
    origin = FlowRows(tables, reference, target, control, most, engine)
    return origin.training()


@dataclass
class FlowRows:
    """A table of a flow on its way to a model."""

    tables: Tables
    reference: str
    target: str
    control: Control
    most: int | None = None
    runs: Engine | None = None
    records: Records = field(default_factory=Records)
    """What steps learned: before the rows are divided of all rows, after it of those of the first split to train on."""
    _hold: str = ""
    _splits: int = 0
    _before: Records = field(default_factory=Records)

    def training(self) -> Training:
        """The rows, to be divided."""
        learning = self._learning()
        hold = self._hold_point(learning)
        if hold is None:
            return self._whole(learning)
        self._hold = hold
        engine = self._engine()
        (before,) = self.tables.flow.steps[hold].inputs
        plan = self.tables.plan(before, engine, self.records, "training", self.control)
        self._before = self.records.copy()
        table, drawing = self._rows(engine, plan.table(before))
        seen = [each for each in learning if each in plan.steps]
        notes = _note(seen) if seen else ()
        return Training(table, self.target, self.prepare, notes=(*drawing, *notes), origin=self)

    def _engine(self) -> Engine:
        return self.runs or self.tables.engine(self.control)

    def _rows(self, engine: Engine, made: Table) -> tuple[pl.DataFrame, tuple[str, ...]]:
        """The rows to go on with, and what is to be said of them where there are more."""
        if self.most is None:
            return engine.collect(made.relation), ()
        found = drawn(engine, made.relation, made.schema, self.most)
        said = f"{found.rows.height:,} of {found.whole:,} rows were drawn by chance to build and judge the model."
        return found.rows, (said,) if found.sampled else ()

    def begin(self) -> None:
        """Forget what steps learned in splits of an earlier build."""
        if self._hold:
            self.records, self._splits = self._before.copy(), 0

    def prepare(self, parts: Parts) -> Parts:
        """Pass the folds through the rest of the flow: its steps learn from the rows to train on."""
        records = self.records if not self._splits else self._before.copy()
        self._splits += 1
        flow = self._divided()
        columns = {**self.tables.columns, ROWS: parts.train.schema}
        engine = self.tables.engine(self.control, {ROWS: parts.train})
        plan = self.tables.plan(self.reference, engine, records, "training", self.control, flow=flow, columns=columns)
        done = [engine.collect(plan.table(self.reference).relation)]
        for each in (parts.stop, parts.test):
            engine = self.tables.engine(self.control, {ROWS: each})
            plan = self._scoring(engine, records, flow, columns)
            done.append(engine.collect(plan.table(self.reference).relation))
        return Parts(*done)

    def scoring_plan(self) -> Plan:
        """The whole flow as it prepares rows for prediction."""
        return self._scoring(self.tables.engine(self.control), self.records, self.tables.flow, self.tables.columns)

    def _scoring(self, engine: Engine, records: Records, flow: Flow, columns: Mapping[str, pl.Schema]) -> Plan:
        try:
            return self.tables.plan(
                self.reference, engine, records, "scoring", self.control, flow=flow, columns=columns
            )
        except InvalidFlowError as error:
            raise DataprepError(
                f"The flow cannot prepare rows for prediction, for which training-only steps are passed by: {error} "
                "A step must not need a column that a training-only step makes; the mark of synthetic rows is left "
                "out of the model by itself."
            ) from error

    def _divided(self) -> Flow:
        """The flow with the rows to divide in the place of what the first learning step took."""
        flow = self.tables.flow
        step = flow.steps[self._hold].model_copy(update={"inputs": (ROWS,)})
        return flow.model_copy(
            update={
                "steps": {**flow.steps, self._hold: step},
                "sources": {**flow.sources, ROWS: Source(connector=ROWS)},
            }
        )

    def _learning(self) -> dict[str, Transform]:
        """Steps on the way that learn, or balance classes, in the order in which they run."""
        flow = self.tables.flow
        found = {}
        for id in run_order(flow, [self.reference]):
            step = flow.steps.get(id)
            if step is not None and not step.disabled:
                transform = transform_of(id, step, self.tables.values)
                if transform.learned_type() is not None or _balances(transform):
                    found[id] = transform
        return found

    def _hold_point(self, learning: Mapping[str, Transform]) -> str | None:
        """The first step that learns from rows with a target, unless rows reach the table by another way too."""
        engine = self._engine()
        for id in learning:
            inputs = self.tables.flow.steps[id].inputs
            if len(inputs) != 1:
                continue
            plan = self.tables.plan(inputs[0], engine, self.records, "training", self.control)
            if self.target in plan.table(inputs[0]).schema:
                return None if self._goes_around(id) else id
        return None

    def _goes_around(self, id: str) -> bool:
        flow = self.tables.flow
        cut = flow.model_copy(update={"steps": {**flow.steps, id: flow.steps[id].model_copy(update={"inputs": ()})}})
        others = [each for each in run_order(cut, [self.reference]) if each in flow.sources]
        return any(self.target in self.tables.columns[each] for each in others)

    def _whole(self, learning: Mapping[str, Transform]) -> Training:
        """The table as a run makes it, all steps having learned from all rows; added rows are only trained on."""
        engine = self._engine()
        plan = self.tables.plan(self.reference, engine, self.records, "training", self.control)
        scoring = self._scoring(engine, self.records, self.tables.flow, self.tables.columns)
        made, real = (each.table(self.reference) for each in (plan, scoring))
        if self.target not in made.schema:
            require(made.schema.to_frame(), self.target)
        shared = [name for name in made.schema if name in real.schema or name == self.target]
        adding = [id for id, each in plan.steps.items() if each.transform.training_only and id in learning]
        if not adding:
            table, drawing = self._rows(engine, made)
            return Training(table.select(shared), self.target, notes=(*drawing, *_note(learning)), origin=self)
        # Rows that are drawn may lack the counterparts by which added ones are told, so all are needed here.
        if isinstance(engine, PolarsEngine):
            table, counterparts = engine.gather([engine.table(made.relation), engine.table(real.relation)])
        else:
            table, counterparts = engine.collect(made.relation), engine.collect(real.relation)
        marks = _marks(table, counterparts, [plan.steps[id].transform for id in adding])
        return Training(table.select(shared), self.target, None, marks, _note(learning), self)


def _balances(transform: Transform) -> bool:
    """Whether a step changes the proportions of classes for training: those of splits stay."""
    return transform.training_only and "target" in type(transform).model_fields and len(transform.output_names) == 1


def _marks(table: pl.DataFrame, counterparts: pl.DataFrame, adding: list[Transform]) -> pl.Series:
    """Rows that training-only steps added: those they mark, or, where one marks none, those that no real row equals."""
    flags = [getattr(each, "flag_column", None) for each in adding]
    if all(flag is not None and flag in table.columns for flag in flags):
        return table.select(pl.any_horizontal(pl.col(str(flag)).fill_null(value=False) for flag in flags)).to_series()
    shared = [name for name in table.columns if name in counterparts.columns]
    hashed = pl.struct(shared).hash(0)
    return ~table.select(hashed).to_series().is_in(counterparts.select(hashed).to_series().implode())


def _note(learning: Mapping[str, Transform] | list[str]) -> tuple[str, ...]:
    if not learning:
        return ()
    return (
        f"Steps {', '.join(map(repr, learning))} learned from all rows, those of the test among them, because they "
        "come before the rows have a target or their rows are joined in another way.",
    )
