"""Reports by the names that people give: of a file or a step, and of two of them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from dataprep_app.insights.compare import Comparison, compared, row_keys, rows_gone
from dataprep_app.insights.findings import Report
from dataprep_app.insights.report import Progress, Wish, make_report
from dataprep_app.insights.subject import Subject, subject_of_file, subject_of_flow
from flows.engines.base import Control
from flows.engines.start import EngineName
from flows.files import load
from flows.sampling import Sampling
from transforms.core.errors import DataprepError

READ = 0.1
"""Share of the work that is done once the rows are there."""
FLOW = ".flow.json"


@dataclass(frozen=True)
class Asked:
    """A report that is asked for."""

    subject: str
    """A table file, or a flow: ``loans.csv``, ``loans.flow.json``, ``loans.flow.json:balanced``."""
    wish: Wish
    sampling: Sampling | None = None
    """Sample of each source; all rows without it."""
    engine: EngineName = "polars"
    parameters: Mapping[str, str | float] | None = None


def report_table(asked: Asked, on_progress: Progress, control: Control) -> Report:
    """Make one report.

    Raises:
        DataprepError: there is no such table or target, or a step of the flow does not work.
        Cancelled: it was stopped.
    """
    on_progress(0.0, "reading and preparing rows")
    with closing(subject_of(asked, control)) as subject:
        return _made(subject, asked, on_progress, control)


def compare_tables(asked: Asked, later: str, on_progress: Progress, control: Control) -> Comparison:
    """Make the reports of two tables, and put them side by side.

    Args:
        asked: the first table, and how to look at both.
        later: the second table, named as the first.
        on_progress: told the share that is done, and what is being done.
        control: to stop it from another thread.

    Raises:
        DataprepError: there is no such table or target, or a step of the flow does not work.
        Cancelled: it was stopped.
    """
    on_progress(0.0, "reading and preparing rows")
    with closing(subject_of(asked, control)) as first:
        before = _made(first, asked, lambda share, what: on_progress(share / 2, f"before: {what}"), control)
        with closing(subject_of(replace(asked, subject=later), control)) as second:
            after = _made(second, asked, lambda share, what: on_progress(0.5 + share / 2, f"after: {what}"), control)
            return compared(before, after, rows_gone(first, second, row_keys(before)))


def _made(subject: Subject, asked: Asked, on_progress: Progress, control: Control) -> Report:
    return make_report(subject, asked.wish, lambda share, what: on_progress(READ + (1 - READ) * share, what), control)


def subject_of(asked: Asked, control: Control) -> Subject:
    """The rows that a report is asked for.

    Raises:
        DataprepError: there is no such table or target, or a step of the flow does not work.
    """
    name, _, step = asked.subject.partition(f"{FLOW}:")
    path = Path(f"{name}{FLOW}") if step else Path(asked.subject)
    if not path.name.endswith(FLOW):
        return subject_of_file(path, asked.wish.target, asked.sampling, control, asked.engine)
    flow = load(path)
    reference = step or next(iter([*flow.steps][::-1] or [*flow.sources]), "")
    if not reference:
        raise DataprepError(f"{path} has no step yet. Add a source to it first.")
    return subject_of_flow(
        flow,
        path.parent,
        reference,
        asked.wish.target,
        sampling=asked.sampling,
        parameters=asked.parameters,
        control=control,
        engine=asked.engine,
    )
