"""``dataprep insights``: the report of a table file or of a step of a flow, or of two of them side by side."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from dataprep_app.insights.compare import Comparison
from dataprep_app.insights.comparison_html import comparison_as_html
from dataprep_app.insights.drawing.text import rounded
from dataprep_app.insights.findings import Report
from dataprep_app.insights.full_profile import ROWS, profile_table
from dataprep_app.insights.html import as_html
from dataprep_app.insights.making import Asked, compare_tables, report_table
from dataprep_app.insights.report import Progress, Wish
from flows.engines.base import Control
from flows.files import write_whole
from flows.sampling import Sampling
from transforms.core.errors import DataprepError

SAMPLE = 200_000
"""First rows of each source that are looked at when all rows were not asked for, as the anchor of the field does."""


def insights(given: argparse.Namespace) -> int:
    """Make the report, and write or print it."""
    control = Control()
    signal.signal(signal.SIGTERM, lambda *_: control.cancel())
    sampling = None if given.all_rows else Sampling(given.sample or SAMPLE)
    wish = Wish(given.target, given.problem, thresholds=_thresholds(given.threshold), time=given.time)
    asked = Asked(given.subject, wish, sampling, engine=given.engine)
    tell = _tell if sys.stderr.isatty() else lambda _share, _what: None
    if given.full_profile:
        return _full_profile(given, asked, tell, control)
    made: Report | Comparison
    made = compare_tables(asked, given.compare, tell, control) if given.compare else report_table(asked, tell, control)
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    if given.output:
        write_whole(given.output, _page(made) if _is_page(given.output) else made.model_dump_json(indent=2) + "\n")
    out = made.model_dump_json(indent=2) if given.json else _summary(made)
    sys.stdout.write(out + "\n")
    return 0


def insights_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``insights`` takes."""
    parser.add_argument("subject", metavar="TABLE|FLOW[:STEP]", help="a table file, or a step of a flow")
    parser.add_argument("--target", help="the column to predict")
    parser.add_argument("--problem", choices=("auto", "classification", "regression"), default="auto")
    parser.add_argument("--time", metavar="COLUMN", help="judge the quick model on the latest rows by this column")
    rows = parser.add_mutually_exclusive_group()
    rows.add_argument("--all-rows", action="store_true", help="look at all rows, which may be more than memory holds")
    rows.add_argument(
        "--sample", type=int, metavar="ROWS", help=f"only so many first rows of each source; {SAMPLE:,} by default"
    )
    parser.add_argument(
        "--threshold", metavar="RULE.NAME=NUMBER", action="append", default=[],
        help="another threshold of a rule, such as missing.high=0.3; dataprep_app/insights/RULES.md lists them",
    )  # fmt: skip
    parser.add_argument("--engine", choices=("polars", "spark"), default="polars", help="what measures the columns")
    parser.add_argument("--compare", metavar="TABLE|FLOW[:STEP]", help="a later table, to put beside the first")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write report.html or report.json")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--full-profile",
        type=Path,
        metavar="FILE.html",
        help=f"write every statistic there is of at most {ROWS:,} rows, by ydata-profiling, and no report",
    )


def _full_profile(given: argparse.Namespace, asked: Asked, tell: Progress, control: Control) -> int:
    """Write the profile of one table; nothing else can be asked for with it."""
    taken = {"--compare": given.compare, "-o": given.output, "--json": given.json}
    if others := [name for name, value in taken.items() if value]:
        raise DataprepError(f"--full-profile writes a page of its own; leave out {', '.join(others)}.")
    if not _is_page(given.full_profile):
        raise DataprepError(f"{given.full_profile} is not .html by its name, and a full profile is a page.")
    made = profile_table(asked, given.full_profile, tell, control)
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    sys.stdout.write(f"{given.full_profile}: {made.basis}\n")
    return 0


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


def compared_summary(found: Comparison) -> str:
    """Two reports for the terminal."""
    lines = [f"{found.before.subject}, then {found.after.subject}", found.summary, ""]
    for each in found.figures:
        was, now = (_number(value, each.unit) for value in (each.before, each.after))
        lines.append(f"  {each.name:32} {was:>10} -> {now:>10}  {'' if each.change == 'same' else each.change}")
    for title, findings in (("Gone", found.solved), ("New", found.new), ("Remaining", found.remaining)):
        lines += ["", f"{title}: {len(findings)}"]
        lines += [f"  {each.priority.upper():6}  {each.title}: {each.text}" for each in findings]
    if found.gone is not None:
        lines += ["", f"Rows gone: {found.gone.rows:,}, new: {found.gone.added:,}. {found.gone.note}".strip()]
    return "\n".join(lines)


def _thresholds(given: Sequence[str]) -> dict[str, dict[str, float]]:
    """Thresholds by rule.

    Raises:
        DataprepError: one is not written as it should be.
    """
    found: dict[str, dict[str, float]] = {}
    for each in given:
        rule, dot, rest = each.partition(".")
        name, equals, number = rest.partition("=")
        try:
            found.setdefault(rule, {})[name] = float(number)
        except ValueError:
            equals = ""
        if not (dot and equals):
            raise DataprepError(f"--threshold {each!r} is no threshold. Write it like missing.high=0.3.")
    return found


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "none"
    return {"share": f"{value:.1%}", "score": rounded(value)}.get(unit, f"{value:,.0f}")


def _summary(made: Report | Comparison) -> str:
    return summary(made) if isinstance(made, Report) else compared_summary(made)


def _page(made: Report | Comparison) -> str:
    return as_html(made) if isinstance(made, Report) else comparison_as_html(made)


def _is_page(path: Path) -> bool:
    known = {".html": True, ".htm": True, ".json": False}
    if path.suffix.lower() not in known:
        raise DataprepError(f"{path} is neither .html nor .json by its name. Name the report by one of them.")
    return known[path.suffix.lower()]


def _tell(share: float, what: str) -> None:
    sys.stderr.write(f"\r\x1b[K{share:4.0%}  {what}")
    sys.stderr.flush()
