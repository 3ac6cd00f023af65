"""Runs a flow: plan and fit every step, write every destination, say what happened."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from connectors.core.connector import FileDestination, StagedDestination
from connectors.parquet import ParquetDestination
from flows.document import Flow
from flows.engines.base import Control, RunEngine, Write
from flows.identity import contents, definitions
from flows.learned import key as learned_key
from flows.parameters import Value
from flows.parameters import values as parameter_values
from flows.placing import commit, discard, partial_path
from flows.planning import Fit, Plan, PlannedStep, Planner, Purpose
from flows.result import Event, FailureResult, RunResult, StepResult, Written
from flows.sampling import Sampling
from flows.steps import InvalidFlowError
from flows.store import Memory, Remember
from flows.tables import OpenDestination, OpenSource, open_destinations, open_sources
from transforms.core.errors import Problem, StepError, did_you_mean
from transforms.core.relations import Relation
from transforms.core.statistics import ValueCounts
from transforms.core.transform import Failure, TableTransform

SAMPLES = 5


@dataclass(frozen=True)
class Options:
    """How to run a flow."""

    parameters: Mapping[str, str | float] = field(default_factory=dict)
    fit: Fit = "reuse"
    """Use what steps learned before where nothing changed, or learn again."""
    purpose: Purpose = "training"
    """``scoring`` prepares rows for prediction: training-only steps are passed by, and nothing is fitted."""
    sampling: Sampling | None = None
    only: tuple[str, ...] = ()
    """Destinations to write; all when empty."""
    remember: Remember = field(default_factory=Memory)
    control: Control = field(default_factory=Control)
    on_event: Callable[[Event], None] = lambda _event: None


@dataclass(frozen=True)
class Check:
    """Failures of one step that a run counts."""

    step: str
    failure: Failure
    table: Relation


def run(
    flow: Flow, folder: Path, start_engine: Callable[[Mapping[str, OpenSource], Control], RunEngine], options: Options
) -> RunResult:
    """Run a flow and write its destinations; ``folder`` is where its relative paths start.

    Raises:
        DataprepError: the flow is not valid, a table cannot be opened or written, a step cannot work on
            the rows, or a rule that stops the run is broken. Nothing is written then.
        Cancelled: the run was cancelled. Nothing is written.
    """
    began, started_at = time.perf_counter(), datetime.now(UTC).isoformat(timespec="seconds")
    values = parameter_values(flow, options.parameters)
    sources = open_sources(flow, folder, values, options.sampling)
    chosen = _chosen(open_destinations(flow, folder, values), options.only)
    engine = start_engine(sources, options.control)
    total = len(flow.steps) + len(chosen)
    progress = _Progress(options, began, total)
    plan = _plan(flow, values, sources, engine, options, [each.input for each in chosen], progress)
    for each in chosen:
        each.destination.check(each.context, plan.table(each.input).schema)
    with _staged(chosen, plan) as writes:
        progress.tell("write", "")
        checks = list(_checks(plan))
        counted = _counted(plan, [each.input for each in chosen])
        outcome = engine.write(
            writes,
            [relation for relation, _ in counted],
            [(each.table, each.failure.where) for each in checks],
        )
        failures = _failures(checks, outcome.where, engine)
        options.control.check()
        written = tuple(
            _place(each, write, rows, progress) for each, write, rows in zip(chosen, writes, outcome.rows, strict=True)
        )
    rows = {
        reference: n for (_, references), n in zip(counted, outcome.counts, strict=True) for reference in references
    }
    progress.tell("done", "")
    return RunResult(
        flow=flow.name,
        engine=engine.name,
        purpose=options.purpose,
        parameters=values,
        sample=options.sampling.as_json() if options.sampling else None,
        sources={id: rows[id] for id in flow.sources if id in rows},
        steps=tuple(_step_result(flow, each, rows, failures.get(id, ())) for id, each in plan.steps.items()),
        written=written,
        started_at=started_at,
        seconds=round(time.perf_counter() - began, 3),
    )


@dataclass
class _Progress:
    options: Options
    began: float
    total: int
    done: int = 0

    def tell(self, kind: str, node: str) -> None:
        self.done += kind in ("step", "load")
        self.options.on_event(Event(kind, node, self.done, self.total, round(time.perf_counter() - self.began, 3)))


def _chosen(destinations: Sequence[OpenDestination], only: Sequence[str]) -> list[OpenDestination]:
    known = [each.id for each in destinations]
    for id in only:
        if id not in known:
            raise InvalidFlowError([Problem(f"There is no destination {id!r}.", did_you_mean(id, known))])
    chosen = [each for each in destinations if not only or each.id in only]
    if not chosen:
        raise InvalidFlowError([Problem("The flow has no destination.", "Add one, so that its rows go somewhere.")])
    targets = [each.destination.target(each.context) for each in chosen]
    for target in targets:
        if targets.count(target) > 1:
            raise InvalidFlowError([Problem(f"Two destinations write {target}.", "Give one of them another target.")])
    return chosen


def _plan(
    flow: Flow,
    values: Mapping[str, Value],
    sources: Mapping[str, OpenSource],
    engine: RunEngine,
    options: Options,
    targets: Sequence[str],
    progress: _Progress,
) -> Plan:
    sample = options.sampling.as_json() if options.sampling else None
    planner = Planner(
        flow=flow,
        values=values,
        engine=engine,
        columns={id: each.columns() for id, each in sources.items()},
        definitions=definitions(flow, values),
        contents=contents(flow, values, {id: each.fingerprint() for id, each in sources.items()}, sample),
        remember=options.remember,
        fit=options.fit,
        purpose=options.purpose,
        sampled=options.sampling is not None,
        control=options.control,
        on_step=lambda step, what: progress.tell({"start": "plan", "fit": "fit", "done": "step"}[what], step),
    )
    return planner.plan(targets)


@contextmanager
def _staged(chosen: Sequence[OpenDestination], plan: Plan) -> Iterator[list[Write]]:
    """A temporary place for each destination, gone in the end unless it was moved into place."""
    writes = []
    try:
        for each in chosen:
            table = plan.table(each.input)
            match each.destination:
                case FileDestination() as file:
                    path = partial_path(file.path(each.context))
                    writes.append(Write(table.relation, file, path))
                case StagedDestination():
                    path = partial_path(each.context.folder / f"{each.id}.staged")
                    writes.append(Write(table.relation, ParquetDestination(path=str(path)), path))
                case other:
                    raise NotImplementedError(f"{type(other).__name__} is neither a file nor staged.")
        yield writes
    finally:
        for write in writes:
            discard(write.path)


def _place(each: OpenDestination, write: Write, rows: int, progress: _Progress) -> Written:
    match each.destination:
        case FileDestination() as file:
            commit(write.path, file.path(each.context))
        case StagedDestination() as staged:
            progress.tell("load", each.id)
            rows = staged.load(_read_back(write.path), each.context)
    return Written(each.id, each.destination.target(each.context), rows)


def _read_back(path: Path) -> pl.LazyFrame:
    return pl.scan_parquet(path / "*.parquet" if path.is_dir() else path)


def _checks(plan: Plan) -> Iterator[Check]:
    for id, step in plan.steps.items():
        if not step.skipped:
            for failure in step.transform.failures(step.learned):
                yield Check(id, failure, step.inputs[0].relation)


def _failures(
    checks: Sequence[Check], counts: Sequence[int], engine: RunEngine
) -> dict[str, tuple[FailureResult, ...]]:
    """Failures that happened, by step.

    Raises:
        StepError: one of them stops the run.
    """
    found: dict[str, tuple[FailureResult, ...]] = {}
    for check, rows in zip(checks, counts, strict=True):
        if not rows:
            continue
        value = pl.when(check.failure.where).then(pl.col(check.failure.column).cast(pl.String, strict=False))
        ((samples,),) = engine.measure([(check.table, [ValueCounts(value, limit=SAMPLES)])])
        failure = FailureResult(check.failure.column, check.failure.what, rows, tuple(samples))
        if check.failure.stop:
            shown = ", ".join(map(repr, failure.samples))
            raise StepError(
                f'Step "{check.step}": {rows:,} rows of column {failure.column!r} {failure.what}'
                f"{f', such as {shown}' if shown else ''}. Nothing was written."
            )
        found[check.step] = (*found.get(check.step, ()), failure)
    return found


def _counted(plan: Plan, targets: Sequence[str]) -> list[tuple[Relation, tuple[str, ...]]]:
    """The relations whose rows have to be counted, each with the references that have as many."""
    same: dict[Relation, list[str]] = {}
    representative: dict[str, Relation] = {}
    for reference, table in plan.tables.items():
        id = reference.partition(".")[0]
        step = plan.steps.get(id)
        keeps = step is not None and not step.skipped and _keeps_rows(step)
        if step is None or not (keeps or step.skipped):
            relation = table.relation
        else:
            relation = next(representative[name] for name, each in plan.tables.items() if each is step.inputs[0])
        representative[reference] = relation
        same.setdefault(relation, []).append(reference)
    return [(relation, tuple(references)) for relation, references in same.items()]


def _keeps_rows(step: PlannedStep) -> bool:
    kind = step.transform
    return not (isinstance(kind, TableTransform) or kind.changes_rows or len(step.outputs) > 1)


def _step_result(
    flow: Flow, step: PlannedStep, rows: Mapping[str, int], failures: tuple[FailureResult, ...]
) -> StepResult:
    return StepResult(
        id=step.id,
        transform=flow.steps[step.id].transform,
        rows_in=tuple(rows[each] for each in flow.steps[step.id].inputs),
        rows_out={name: rows[f"{step.id}.{name}"] for name in step.outputs},
        seconds=round(step.seconds, 3),
        fitted=step.fitted,
        fitted_on=step.fitted_on,
        learned=learned_key(step.learned) if step.learned is not None else "",
        skipped=step.skipped,
        failures=failures,
    )
