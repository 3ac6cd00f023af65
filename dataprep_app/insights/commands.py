"""``dataprep insights``: the report of a table file or of a step of a flow."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from dataprep_app.insights.findings import Report
from dataprep_app.insights.html import as_html
from dataprep_app.insights.report import Wish, make_report
from dataprep_app.insights.subject import Subject, subject_of_file, subject_of_flow
from flows.engines.base import Control
from flows.files import load, write_whole
from flows.sampling import Sampling
from transforms.core.errors import DataprepError


def insights(given: argparse.Namespace) -> int:
    """Make the report, and write or print it."""
    control = Control()
    signal.signal(signal.SIGTERM, lambda *_: control.cancel())
    subject = _subject(given, control)
    wish = Wish(given.target, given.problem)
    report = make_report(subject, wish, _tell if sys.stderr.isatty() else lambda _share, _what: None, control)
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    if given.output:
        text = as_html(report) if given.output.suffix in (".html", ".htm") else report.model_dump_json(indent=2) + "\n"
        write_whole(given.output, text)
    out = report.model_dump_json(indent=2) if given.json else summary(report)
    sys.stdout.write(out + "\n")
    return 0


def insights_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``insights`` takes."""
    parser.add_argument("subject", metavar="TABLE|FLOW[:STEP]", help="a table file, or a step of a flow")
    parser.add_argument("--target", help="the column to predict")
    parser.add_argument("--problem", choices=("auto", "classification", "regression"), default="auto")
    parser.add_argument("--sample", type=int, metavar="ROWS", help="only so many first rows of each source")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write report.html or report.json")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def summary(report: Report) -> str:
    """A report for the terminal: what was found, the most pressing first."""
    table = report.table
    lines = [
        f"{report.subject}: {table.rows:,} rows, {table.columns} columns, {table.missing_share:.1%} of cells missing",
        report.basis,
    ]
    if report.model:
        score = report.model.score
        lines += [f"Quick model: {score.metric} {score.value:.3f}, no model {score.base:.3f}. {report.model.basis}"]
    elif report.model_problem:
        lines += [f"No quick model: {report.model_problem}"]
    lines.append("")
    for each in report.findings:
        lines.append(f"{each.priority.upper():6}  {each.title}: {each.text}")
        lines += [f"        fix: {fix.label} ({fix.transform})" for fix in each.fixes]
    if not report.findings:
        lines.append("No warning.")
    known = [each for each in report.features if each.power is not None]
    if known:
        lines += ["", "Prediction power"]
        lines += [f"  {each.power:.2f}  {each.name}" for each in known[:10]]
    return "\n".join(lines)


def _subject(given: argparse.Namespace, control: Control) -> Subject:
    sampling = Sampling(given.sample) if given.sample else None
    name, _, step = given.subject.partition(".flow.json:")
    path = Path(f"{name}.flow.json") if step else Path(given.subject)
    if not path.name.endswith(".flow.json"):
        return subject_of_file(path, given.target, sampling, control)
    flow = load(path)
    reference = step or next(iter([*flow.steps][::-1] or [*flow.sources]), "")
    if not reference:
        raise DataprepError(f"{path} has no step yet. Add a source to it first.")
    return subject_of_flow(flow, path.parent, reference, given.target, sampling=sampling, control=control)


def _tell(share: float, what: str) -> None:
    sys.stderr.write(f"\r\x1b[K{share:4.0%}  {what}")
    sys.stderr.flush()
