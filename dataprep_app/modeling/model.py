"""A model as a folder of plain files: everything a prediction from raw rows needs, and no code.

::

    model.json     what was built, from what, how good it is, how columns become numbers
    trees.json     the trees, in XGBoost's own JSON
    flow.json      the part of the flow that prepares raw rows, for a model built from a flow
    learned/       what its steps learned, as beside a flow

A prediction runs the flow as it was fitted, training-only steps passed by, so that features are those
of training; nothing is fitted again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import polars as pl
from pydantic import ValidationError

from dataprep_app.modeling.column_types import of_json, to_json
from dataprep_app.modeling.outcome import QuickResult, Settings
from dataprep_app.modeling.planned import Records
from dataprep_app.modeling.quick import quick_build
from dataprep_app.modeling.raw_columns import needed_columns
from dataprep_app.modeling.training import FlowRows, Training
from flows.document import Flow
from flows.engines.base import Control
from flows.files import load as load_flow
from flows.files import to_json as flow_text
from flows.placing import commit, discard, partial_path
from flows.store import LearnedFolder, Record, Remember
from transforms.catalog import catalog
from transforms.core.errors import DataprepError
from transforms.scoring.encoding import Encoding
from transforms.scoring.facts import Facts
from transforms.scoring.scorer import MODEL, TREES, read_facts
from transforms.scoring.trees import Trees

TABLE = "table"
"""What the one input of a model built from a table is called."""
FLOW, LEARNED = "flow.json", "learned"


class InputColumn(Facts):
    """A column of raw rows."""

    name: str
    type: Any
    """As :mod:`dataprep_app.modeling.column_types` writes it."""
    needed: bool
    """Whether predictions need it; others, such as the target, may be left out."""

    @property
    def dtype(self) -> pl.DataType:
        """Its type."""
        return of_json(self.type)


class ModelFacts(Facts):
    """What is known of a model."""

    format: Literal[1] = 1
    name: str
    built_at: str
    """Time in UTC, ISO 8601."""
    built_from: str
    """A file, or a flow and its table."""
    result: QuickResult
    encoding: Encoding
    inputs: dict[str, tuple[InputColumn, ...]]
    """Raw columns by source of the flow; under ``table`` for a model built from a table."""
    reference: str | None = None
    """The table of the flow that the model takes its rows from."""
    parameters: dict[str, int | float | str] = {}
    """The flow's parameters when it was built."""
    folder: str | None = None
    """Where the flow's relative paths started."""
    versions: dict[str, str]
    """Of the packages that matter for the same predictions."""


@dataclass(frozen=True)
class Model:
    """A model that can predict, or be saved."""

    facts: ModelFacts
    trees: Trees
    flow: Flow | None = None
    learned: Remember | None = None

    def save(self, folder: Path) -> Path:
        """Write the model to a folder, whole or not at all; an earlier model there is replaced."""
        if folder.exists() and not (folder / MODEL).is_file():
            raise DataprepError(f"{folder} is there already and holds no model. Choose another name.")
        draft = partial_path(folder)
        try:
            draft.mkdir()
            (draft / MODEL).write_text(self.facts.model_dump_json(indent=1) + "\n", encoding="utf-8")
            (draft / TREES).write_bytes(self.trees.as_json())
            if self.flow is not None:
                (draft / FLOW).write_text(flow_text(self.flow), encoding="utf-8")
                (draft / LEARNED).mkdir()
                kept = LearnedFolder(draft / LEARNED)
                for record in self._records(self.flow):
                    kept.save(record)
            commit(draft, folder)
        finally:
            discard(draft)
        return folder

    def _records(self, flow: Flow) -> Iterator[Record]:
        for id, step in flow.steps.items():
            record = self.learned.load(id, catalog()[step.transform]) if self.learned else None
            if record is not None:
                yield record


def load(folder: Path) -> Model:
    """Read a model.

    Raises:
        DataprepError: there is none, it is damaged, or a newer version of Dataprep made it.
    """
    known = read_facts(folder)
    try:
        facts = ModelFacts.model_validate(known)
        trees = Trees.of_json((folder / TREES).read_bytes(), facts.result.problem.kind, facts.encoding.types)
        if facts.reference is None:
            return Model(facts, trees)
        return Model(facts, trees, load_flow(folder / FLOW), LearnedFolder(folder / LEARNED))
    except FileNotFoundError as error:
        raise DataprepError(f"There is no model in {folder}: {error.filename} is not there. Check the path.") from error
    except ValidationError as error:
        first = str(error).splitlines()[0]
        raise DataprepError(f"The model in {folder} cannot be read: {first}. Build it anew.") from error


def build(
    training: Training,
    settings: Settings = Settings(),
    *,
    name: str,
    built_from: str = "",
    folder: Path | None = None,
    on_progress: Callable[[float, str], None] = lambda _share, _what: None,
    control: Control | None = None,
) -> Model:
    """Build a model that predicts from raw rows.

    Args:
        training: the rows.
        settings: what to build.
        name: what the model is called.
        built_from: where the rows come from, for people.
        folder: where the flow's relative paths start, to find its sources again.
        on_progress: told the share that is done, and what is being done.
        control: to stop it from another thread.

    Raises:
        DataprepError: the rows do not make a problem to learn.
        Cancelled: it was stopped.
    """
    origin = training.origin
    if origin is not None:
        origin.begin()
    built = quick_build(
        training.table,
        training.target,
        settings,
        prepare=training.prepare,
        training_rows=training.training_rows,
        notes=training.notes,
        on_progress=on_progress,
        control=control or (origin.control if origin else None),
    )
    facts = ModelFacts(
        name=name,
        built_at=datetime.now(UTC).isoformat(timespec="seconds"),
        built_from=built_from,
        result=built.result,
        encoding=built.encoding,
        inputs=_flow_inputs(origin, built.encoding) if origin else _table_inputs(training, built.encoding),
        reference=origin.reference if origin else None,
        parameters=dict(origin.tables.values) if origin else {},
        folder=str(folder.absolute()) if origin and folder else None,
        versions={each: version(each) for each in ("dataprep-app", "polars", "xgboost")},
    )
    if origin is None:
        return Model(facts, built.trees)
    return Model(facts, built.trees, origin.tables.flow, _used(origin))


def _used(origin: FlowRows) -> Records:
    """What the steps learned that prepare rows for prediction: training-only steps would bring rows of people along."""
    plan = origin.scoring_plan()
    used = [id for id, each in plan.steps.items() if not each.skipped]
    return Records({id: each for id, each in origin.records.kept.items() if id in used})


def _table_inputs(training: Training, encoding: Encoding) -> dict[str, tuple[InputColumn, ...]]:
    return {TABLE: _columns(training.table.schema, set(encoding.names))}


def _flow_inputs(origin: FlowRows, encoding: Encoding) -> dict[str, tuple[InputColumn, ...]]:
    needed = needed_columns(origin.tables.flow, origin.scoring_plan(), origin.reference, encoding.names, origin.target)
    return {id: _columns(schema, needed.get(id, set())) for id, schema in origin.tables.columns.items()}


def _columns(schema: Mapping[str, pl.DataType], needed: set[str]) -> tuple[InputColumn, ...]:
    return tuple(InputColumn(name=name, type=to_json(dtype), needed=name in needed) for name, dtype in schema.items())
