"""The few numbers that a report begins with."""

from __future__ import annotations

from dataclasses import dataclass

from dataprep_app.insights.drawing.text import rounded, shown
from dataprep_app.insights.findings import FeatureSummary, Report
from dataprep_app.insights.rules.rule import percent
from dataprep_app.insights.words import SCORES, TYPES, meaning


@dataclass(frozen=True)
class Tile:
    """A number and what it is of."""

    label: str
    value: str
    help: str = ""


def tiles(report: Report) -> tuple[Tile, ...]:
    """The tiles of a report."""
    table = report.table
    found = [
        Tile("Rows", f"{table.rows:,}"),
        Tile("Columns", f"{table.columns:,}"),
        Tile("Missing", _short(table.missing_share), f"Share of all cells. {meaning('missing')}"),
        Tile("Valid", _short(valid_share(report)), f"Share of all cells. {meaning('valid')}"),
        Tile("Duplicates", f"{table.duplicate_rows:,}", meaning("duplicates")),
    ]
    if report.model is not None:
        score = report.model.score
        said = f"{SCORES.get(score.metric, score.metric)} {score.value:.3f}, without a model {score.base:.3f}."
        found.append(Tile("Model score", rounded(score.normalised), f"{said} {meaning('score')}"))
    return tuple(found)


def _short(share: float) -> str:
    """A share where there is little room; nearly all is cut, so that it never says 100 of what is less."""
    return percent(share).replace("less than ", "<").replace("over ", "")


def types_said(report: Report) -> str:
    """How many columns of each type there are: ``5 numbers, 2 dates``."""
    return ", ".join(f"{count:,} {TYPES.get(type, type)}" for type, count in report.table.types.items())


def valid_share(report: Report) -> float:
    """Share of cells with a value that is of the type of its column; 1 for a table without cells."""
    columns = (*report.features, *((report.target.feature,) if report.target else ()))
    cells = sum(each.rows for each in columns)
    return sum(each.present - each.invalid for each in columns) / cells if cells else 1.0


def facts(feature: FeatureSummary) -> tuple[tuple[str, str], ...]:
    """What was measured of a column: its label and its value."""
    found = [
        ("Missing", f"{feature.missing:,} ({percent(feature.missing_share)})" if feature.missing else "0"),
        ("Different values", shown(feature.distinct)),
    ]
    if feature.invalid:
        found.append(("Invalid", f"{feature.invalid:,}"))
    if feature.power is not None:
        found.insert(0, ("Prediction power", f"{feature.power:.2f}"))
    numbers = (
        ("Smallest", feature.min), ("Median", feature.median), ("Mean", feature.mean), ("Largest", feature.max),
        ("Std. deviation", feature.std), ("Skewness", feature.skew), ("Kurtosis", feature.kurtosis),
        ("Outliers", feature.outliers),
    )  # fmt: skip
    return (*found, *((label, shown(value)) for label, value in numbers if value is not None))
