"""What a report is about: the rows of a file, or of a table of a flow, all of them or a sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from dataprep_app.modeling.planned import Records, Tables, upto
from dataprep_app.modeling.training import Training, file_table, rows_of_file, rows_of_flow
from flows.document import Flow, node_of
from flows.engines.base import Control
from flows.parameters import values as parameter_values
from flows.sampling import Sampling, sampled
from transforms.core.errors import DataprepError, did_you_mean

MARK = "is_synthetic"
"""Boolean column that marks synthetic rows."""


@dataclass(frozen=True)
class Subject:
    """Rows to report on."""

    title: str
    table: pl.DataFrame
    sampling: Sampling | None = None
    training: Training | None = None
    """The same rows on their way to a model, so that nothing is judged by rows made for training; needs a target."""

    @property
    def mark(self) -> str | None:
        """The column that marks synthetic rows, if there is one."""
        return MARK if self.table.schema.get(MARK) == pl.Boolean else None

    @property
    def basis(self) -> str:
        """What the numbers are computed on, a sentence."""
        rows = f"{self.table.height:,} rows"
        if self.sampling is None:
            return f"Computed on all {rows}."
        which = "first" if self.sampling.method == "first" else "randomly chosen"
        return f"Computed on a sample: {rows}, from the {which} {self.sampling.rows:,} rows of each dataset."


def subject_of_file(
    path: Path, target: str | None, sampling: Sampling | None = None, control: Control | None = None
) -> Subject:
    """The rows of a table file.

    Raises:
        DataprepError: it cannot be read, or has no such target.
    """
    if sampling is None and target is not None:
        training = rows_of_file(path, target, control)
        return Subject(path.name, training.table, None, training)
    table = file_table(path, control)
    cut = table if sampling is None else sampled(table.lazy(), sampling).collect()
    whole = sampling is None or cut.height == table.height
    if target is not None and target not in cut.columns:
        raise DataprepError(f"The table has no column {target!r}. {did_you_mean(target, cut.columns)}".strip())
    return Subject(path.name, cut, None if whole else sampling, Training(cut, target) if target else None)


def subject_of_flow(
    flow: Flow,
    folder: Path,
    reference: str,
    target: str | None,
    *,
    sampling: Sampling | None = None,
    parameters: Mapping[str, str | float] | None = None,
    control: Control | None = None,
) -> Subject:
    """The rows of one table of a flow, as a run for training makes them.

    Raises:
        DataprepError: there is no such table or target, or a source or a step does not work.
    """
    control, values = control or Control(), parameter_values(flow, parameters)
    known = [*flow.sources, *flow.steps]
    if node_of(reference) not in known:
        hint = did_you_mean(node_of(reference), known) or f"It has: {', '.join(known)}."
        raise DataprepError(f"The flow has no step or source {node_of(reference)!r}. {hint}")
    tables = Tables.open(upto(flow, reference), folder, values, sampling)
    engine = tables.engine(control)
    plan = tables.plan(reference, engine, Records(), "training", control)
    table = engine.collect(plan.table(reference).relation)
    if target is not None and target not in table.columns:
        raise DataprepError(f"{reference!r} has no column {target!r}. {did_you_mean(target, table.columns)}".strip())
    training = None
    if target is not None:
        training = rows_of_flow(
            flow, folder, reference, target, parameters=parameters, sampling=sampling, control=control
        )
    return Subject(f"{flow.name}: {reference}", table, sampling, training)
