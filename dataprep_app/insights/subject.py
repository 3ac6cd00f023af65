"""What a report is about: the rows of a file, or of a table of a flow, all of them or a sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from weakref import finalize

import polars as pl

from dataprep_app.drawn import Copies, Drawn, copies, drawn
from dataprep_app.modeling.planned import Records, Tables, upto
from dataprep_app.modeling.training import Training, file_source, rows_of_flow
from flows.document import Flow, Source, node_of
from flows.engines.base import Control, Engine
from flows.engines.polars_engine import PolarsEngine
from flows.engines.start import EngineName, start_engine
from flows.parameters import values as parameter_values
from flows.sampling import Sampling
from transforms.core import relations as rel
from transforms.core.columns import column
from transforms.core.errors import DataprepError, did_you_mean
from transforms.core.rowwise import DropColumns, KeepRows
from transforms.core.statistics import Count
from transforms.scoring.problem import require

MARK = "is_synthetic"
"""Boolean column that marks synthetic rows."""
MODEL_ROWS = 100_000
"""The most rows that a quick model is made of; more are drawn from."""
TABLE = "rows"


@dataclass(frozen=True)
class Subject:
    """Rows to report on."""

    title: str
    engine: Engine
    """What measures them."""
    table: rel.Relation
    schema: pl.Schema
    sampling: Sampling | None = None
    """How the sources were sampled; nothing when these are all rows."""
    training: Training | None = None
    """The same rows on their way to a model, so that nothing is judged by rows made for training; needs a target."""
    close: Callable[[], object] = lambda: None
    """Lets go of the file that holds the rows, if there is one; otherwise that is done when nobody uses them."""

    @classmethod
    def of(
        cls, title: str, rows: pl.DataFrame, sampling: Sampling | None = None, training: Training | None = None
    ) -> Subject:
        """About a table in memory."""
        return cls(title, PolarsEngine.over({TABLE: rows}), rel.Source(TABLE), rows.schema, sampling, training)

    @property
    def mark(self) -> str | None:
        """The column that marks synthetic rows, if there is one."""
        return MARK if self.schema.get(MARK) == pl.Boolean else None

    @property
    def real(self) -> rel.Relation:
        """The rows that are not synthetic, without their mark."""
        if self.mark is None:
            return self.table
        kept = rel.MapRows(self.table, KeepRows(~column(self.mark).fill_null(value=False)))
        return rel.MapRows(kept, DropColumns((self.mark,)))

    @property
    def real_schema(self) -> pl.Schema:
        """The columns but for the mark."""
        return pl.Schema({name: dtype for name, dtype in self.schema.items() if name != self.mark})

    def copies(self) -> Copies:
        """How many real rows there are, and how often they are the same."""
        return copies(self.engine, self.real, self.real_schema)

    def drawn(self, most: int, known: Copies) -> Drawn:
        """At most so many real rows."""
        return drawn(self.engine, self.real, self.real_schema, most, known=known)

    def basis(self, rows: int, real: int) -> str:
        """What the numbers are computed on, a sentence."""
        made = f" {rows - real:,} of them are synthetic and left out of what is said of single columns."
        return f"{self._whole(rows)}{made if rows > real else ''}"

    def _whole(self, rows: int) -> str:
        if self.sampling is None:
            return f"Computed on all {rows:,} rows."
        which = "first" if self.sampling.method == "first" else "randomly chosen"
        return f"Computed on a sample: {rows:,} rows, from the {which} {self.sampling.rows:,} rows of each dataset."


def subject_of_file(
    path: Path,
    target: str | None,
    sampling: Sampling | None = None,
    control: Control | None = None,
    engine: EngineName = "polars",
) -> Subject:
    """The rows of a table file.

    Raises:
        DataprepError: it cannot be read, or has no such target.
    """
    source = file_source(path)
    found = subject_of_flow(
        Flow(name=path.name, sources={TABLE: Source(connector=source.id, params={"path": str(path.absolute())})}),
        path.parent,
        TABLE,
        target,
        sampling=sampling,
        control=control,
        engine=engine,
    )
    return replace(found, title=path.name)


def subject_of_flow(
    flow: Flow,
    folder: Path,
    reference: str,
    target: str | None,
    *,
    sampling: Sampling | None = None,
    parameters: Mapping[str, str | float] | None = None,
    control: Control | None = None,
    engine: EngineName = "polars",
) -> Subject:
    """The rows of one table of a flow, as a run for training makes them.

    Samples are held in memory; all rows are measured where they are, so that they may be more than memory holds.

    Raises:
        DataprepError: there is no such table or target, or a source or a step does not work.
    """
    control, values = control or Control(), parameter_values(flow, parameters)
    known = [*flow.sources, *flow.steps]
    if node_of(reference) not in known:
        hint = did_you_mean(node_of(reference), known) or f"It has: {', '.join(known)}."
        raise DataprepError(f"The flow has no step or source {node_of(reference)!r}. {hint}")
    tables = Tables.open(upto(flow, reference), folder, values, sampling)
    if sampling is not None and not _cut(tables, sampling, control):
        tables, sampling = replace(tables, sampled=False), None
    runs: Engine = tables.engine(control) if engine == "polars" else start_engine(engine, tables.opened, control)
    plan = tables.plan(reference, runs, Records(), "training", control)
    table, schema = plan.table(reference).relation, plan.table(reference).schema
    if target is not None and target not in schema:
        require(schema.to_frame(), target)
    training = None
    if target is not None:
        training = rows_of_flow(
            flow,
            folder,
            reference,
            target,
            parameters=parameters,
            sampling=sampling,
            control=control,
            most=MODEL_ROWS,
            engine=runs if engine == "spark" else None,
        )
    title = f"{flow.name}: {reference}"
    if sampling is not None:
        return Subject.of(title, runs.collect(table), sampling, training)
    if isinstance(runs, PolarsEngine):
        return _held(title, runs, table, schema, training, control)
    return Subject(title, runs, table, schema, None, training)


def _held(
    title: str,
    engine: PolarsEngine,
    table: rel.Relation,
    schema: pl.Schema,
    training: Training | None,
    control: Control,
) -> Subject:
    """All rows, computed once into a file, since they are passed over several times and may not fit into memory."""
    folder = mkdtemp(prefix="dataprep-report-")
    path = Path(folder) / "rows.arrow"
    engine.gather([engine.table(table).sink_ipc(path, lazy=True)])
    over = PolarsEngine.over({TABLE: pl.scan_ipc(path)}, control)
    close = finalize(over, rmtree, folder, ignore_errors=True)
    return Subject(title, over, rel.Source(TABLE), schema, None, training, close)


def _cut(tables: Tables, sampling: Sampling, control: Control) -> bool:
    """Whether a sample of some source is not all of it, as far as its number of rows tells."""
    engine = tables.engine(control)
    counts = engine.measure([(rel.Source(id), [Count()]) for id in tables.opened])
    return any(rows >= sampling.rows for (rows,) in counts)
