"""Rules about the rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import Field

from dataprep_app.insights.findings import Finding, Fix
from dataprep_app.insights.rules.rule import ANCHOR, OURS, Looked, Rule
from dataprep_app.insights.rules.wording import percent
from dataprep_app.insights.sections.facts import ExampleRow


class DuplicateRows(Rule):
    """Rows occur more than once."""

    id = "duplicate_rows"
    title = "Duplicate rows"
    scope = "table"
    source = f"{ANCHOR} (all copies counted). Ours: low where chance alone makes as many equal"

    many: float = Field(0.05, gt=0, le=1)
    """Share of the rows above which the warning is high."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        rows = looked.table.duplicate_rows
        if not rows:
            return
        share = rows / looked.table.rows
        chance = self._chance(looked) >= share
        doubt = " With so few different values, different things may be equal by chance." if chance else ""
        yield self.finding(
            "low" if chance else "high" if share > self.many else "medium",
            f"{rows:,} rows ({percent(share)}) equal another row in every column.{doubt}",
            evidence={"rows": rows, "share": round(share, 4)},
            fixes=[Fix(label="Keep one of each", transform="drop_duplicates", params={}, safe=not chance)],
        )

    def _chance(self, looked: Looked) -> float:
        """Share of the rows that may equal another one by chance, if values of all columns came together anyhow.

        Of as many rows as there are combinations of values, most would; values are no more even than that, so ten
        times as many may.
        """
        combinations = 1.0
        for each in looked.columns:
            if each.summary.distinct is None:
                return 0.0
            combinations *= max(1, each.summary.distinct + bool(each.summary.missing))
        return 10 * looked.table.rows / combinations


class NearDuplicateRows(Rule):
    """Rows are nearly equal to others."""

    id = "near_duplicate_rows"
    title = "Nearly equal rows"
    scope = "table"
    source = f"{OURS}: equal but for case, white space, punctuation or the last digits, by the rows that were looked at"

    least: int = Field(2, ge=1)
    """Rows from which it is worth a warning."""
    high: float = Field(0.05, gt=0, le=1)
    """Share of the rows that were looked at above which the warning is high."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        rows = looked.duplicates.near_rows if looked.duplicates else 0
        if rows < self.least or looked.duplicates is None:
            return
        total = looked.sample.rows.height if looked.sample else looked.table.rows
        cells = list(dict.fromkeys(name for row in looked.duplicates.near for name in row.marked))
        where = f" They differ in {', '.join(repr(name) for name in cells[:3])}." if cells else ""
        yield self.finding(
            "high" if rows > self.high * total else "medium",
            f"{rows:,} rows nearly equal another row, but for case, blanks, punctuation or last digits.{where}",
            evidence={"rows": rows, "share": round(rows / max(1, total), 4)},
            examples=[
                ", ".join(str(value) for value in row.values.values() if value is not None)
                for row in looked.duplicates.near[:4]
            ],
            fixes=[
                Fix(
                    label="Keep one of each, case and outer blanks aside",
                    transform="drop_duplicates",
                    params={"ignore_case": True, "trim": True},
                )
            ]
            if _mended(looked.duplicates.near)
            else [],
        )


def _mended(near: Sequence[ExampleRow]) -> bool:
    """Whether some pair differs in case and outer blanks only."""
    plain = [tuple((value or "").strip().lower() for value in row.values.values()) for row in near]
    return any(first == second for first, second in zip(plain[::2], plain[1::2], strict=False))


class Drift(Rule):
    """A column changes from the first rows to the last."""

    id = "drift"
    title = "Columns that change over the table"
    scope = "table"
    source = f"{OURS}: Kolmogorov-Smirnov or total variation distance of the first and the last rows"

    distance: float = Field(0.2, gt=0, lt=1)
    """Distance from which it is worth a warning."""
    high: float = Field(0.4, gt=0, le=1)
    """Distance from which the priority is medium, where rows are ordered by a date."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        drift = looked.drift
        found = [
            each
            for each in (drift.columns if drift else ())
            if each.distance >= self.distance and each.name != (drift.order if drift else "")
        ]
        if not found or drift is None:
            return
        along = f"by {drift.order!r}" if drift.order else "in the order of the table"
        said = "; ".join(f"{each.name!r}: {each.first} at first, {each.last} at last" for each in found[:3])
        more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
        advice = (
            "A model should be tested on the latest rows, not on rows drawn by chance."
            if drift.order
            else "Perhaps they are sorted, or were put together from parts: rows cut off its end are not like the rest."
        )
        fix = (
            Fix(label="Divide by time", transform="split_ordered", params={"order_by": drift.order})
            if drift.order
            else Fix(label="Shuffle the rows", transform="shuffle_rows", params={})
        )
        yield self.finding(
            "medium" if drift.order and found[0].distance >= self.high else "low",
            f"From the first rows to the last, {along}, {len(found)} of {drift.looked_at} columns change: "
            f"{said}{more}. {advice}",
            evidence={each.name: round(each.distance, 3) for each in found[:12]},
            examples=[each.name for each in found],
            fixes=[fix],
        )


RULES = (DuplicateRows, NearDuplicateRows, Drift)
