"""Runs a flow: plan and fit every step, write every destination, say what happened."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from connectors.core.connector import DestinationError, FileDestination, StagedDestination
from connectors.parquet import ParquetDestination
from flows.document import Flow
from flows.engines.base import Control, RunEngine, Write
from flows.engines.errors import NoSpaceError, RowsError
from flows.expansion import expanded
from flows.failures import checks, shown, stopped
from flows.faults import placed
from flows.graph import run_order
from flows.identity import contents, definitions
from flows.learned import key as learned_key
from flows.parameters import Value
from flows.parameters import values as parameter_values
from flows.placing import commit, discard, partial_path
from flows.planning import Fit, Plan, PlannedStep, Planner, Purpose
from flows.rejects import Rejects, staged_rejects
from flows.result import Event, FailureResult, RejectsResult, RunResult, StepResult, Written
from flows.sampling import Sampling
from flows.steps import InvalidFlowError
from flows.store import Memory, Remember
from flows.tables import OpenDestination, OpenSource, open_destinations, open_sources
from flows.trust import Trust, owner, refuse
from transforms.core.errors import Problem, did_you_mean
from transforms.core.relations import Relation
from transforms.core.transform import TableTransform


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
    rejects: bool = False
    """Write the rows of which a step lost or refused a value beside the first destination (:mod:`flows.rejects`)."""
    remember: Remember = field(default_factory=Memory)
    trust: Trust = field(default_factory=owner)
    """Says which code in the flow may run."""
    control: Control = field(default_factory=Control)
    on_event: Callable[[Event], None] = lambda _event: None


def run(
    flow: Flow, folder: Path, start_engine: Callable[[Mapping[str, OpenSource], Control], RunEngine], options: Options
) -> RunResult:
    """Run a flow and write its destinations; ``folder`` is where its relative paths start.

    Raises:
        DataprepError: the flow is not valid, a table cannot be opened or written, a step cannot work on
            the rows, or a rule that stops the run is broken. Nothing is written then, but for the rows that
            broke the rule when rejects are wanted.
        Cancelled: the run was cancelled. Nothing is written.
    """
    began, started_at = time.perf_counter(), datetime.now(UTC).isoformat(timespec="seconds")
    flow = expanded(flow).flow
    values = parameter_values(flow, options.parameters)
    sources = open_sources(flow, folder, values, options.sampling)
    chosen = _chosen(open_destinations(flow, folder, values), options.only)
    refuse(flow, values, run_order(flow, [each.input for each in chosen]), options.trust)
    engine = start_engine(sources, options.control)
    total = len(flow.steps) + len(chosen)
    progress = _Progress(options, began, total)
    plan = _plan(flow, folder, values, sources, engine, options, [each.input for each in chosen], progress)
    for each in chosen:
        each.destination.check(each.context, plan.table(each.input).schema)
    about = {"flow": flow.name, "started_at": started_at, "output": chosen[0].destination.target(chosen[0].context)}
    with (
        _staged(chosen, plan) as writes,
        staged_rejects(plan, chosen, about, engine if options.rejects else None) as rejects,
    ):
        done = _write(flow, plan, chosen, writes, rejects, engine, progress)
    progress.tell("done", "")
    return RunResult(
        flow=flow.name,
        engine=engine.name,
        purpose=options.purpose,
        parameters=values,
        sample=options.sampling.as_json() if options.sampling else None,
        sources={id: done.rows[id] for id in flow.sources if id in done.rows},
        steps=tuple(_step_result(flow, each, done.rows, done.failures.get(id, ())) for id, each in plan.steps.items()),
        written=done.written,
        rejects=done.rejects,
        started_at=started_at,
        seconds=round(time.perf_counter() - began, 3),
    )


@dataclass(frozen=True)
class _Done:
    """What came of writing."""

    rows: Mapping[str, int]
    """By reference."""
    failures: Mapping[str, tuple[FailureResult, ...]]
    """By step."""
    written: tuple[Written, ...]
    rejects: tuple[RejectsResult, ...]


def _write(
    flow: Flow,
    plan: Plan,
    chosen: Sequence[OpenDestination],
    writes: Sequence[Write],
    rejects: Rejects,
    engine: RunEngine,
    progress: _Progress,
) -> _Done:
    """Compute, write and count everything in as few passes as it takes, and move what was written into place."""
    progress.tell("write", "")
    checked = list(checks(plan, engine))
    counted = _counted(plan, [each.input for each in chosen])
    try:
        outcome = engine.write(
            [*writes, *rejects.writes.values()],
            [relation for relation, _ in counted],
            [(each.table.relation, each.failure.where) for each in checked],
        )
    except RowsError as error:
        raise placed(error, flow, plan, engine) from error
    except NoSpaceError as error:
        targets = ", ".join(each.destination.target(each.context) for each in chosen)
        raise DestinationError(f"There is no room to write {targets}: {error} Nothing was written.") from error
    failed = [(check, rows) for check, rows in zip(checked, outcome.where, strict=True) if rows]
    rejected = outcome.rows[len(writes) :]
    stop = next((each for each in failed if each[0].failure.stop), None)
    if stop is not None:
        (failure,) = shown([stop], engine)
        progress.options.control.check()
        raise stopped(stop[0].step, failure, rejects.place(rejected, stop[0].step) if rejects.writes else ())
    failures: dict[str, tuple[FailureResult, ...]] = {}
    for (check, _), failure in zip(failed, shown(failed, engine), strict=True):
        failures[check.step] = (*failures.get(check.step, ()), failure)
    progress.options.control.check()
    written = tuple(_place(*each, progress) for each in zip(chosen, writes, outcome.rows, strict=False))
    numbers = zip(counted, outcome.counts, strict=True)
    return _Done(
        {reference: n for (_, references), n in numbers for reference in references},
        failures,
        written,
        rejects.place(rejected),
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
    folder: Path,
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
        folder=folder,
        values=values,
        engine=engine,
        columns={id: each.columns() for id, each in sources.items()},
        definitions=definitions(flow, values),
        contents=contents(flow, values, {id: each.fingerprint() for id, each in sources.items()}, sample),
        remember=options.remember,
        fit=options.fit,
        purpose=options.purpose,
        sampled=options.sampling is not None,
        trust=options.trust,
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
