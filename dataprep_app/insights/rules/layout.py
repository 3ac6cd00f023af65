"""Rules about how a table is laid out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import Field

from dataprep_app.insights.findings import Finding, Fix
from dataprep_app.insights.rules.rule import OURS, Looked, Rule
from dataprep_app.insights.rules.wording import listed, percent

NUMBERED = re.compile(r"(.*?[^0-9])[0-9]+")


class RepeatedColumns(Rule):
    """One thing is spread over many columns with a number in their name."""

    id = "repeated_columns"
    title = "One thing in many columns"
    scope = "table"
    source = f"{OURS}, after Wickham (2014, Tidy data): column headers are values, where many of the cells are missing"

    columns: int = Field(10, ge=3)
    """Columns from which it is worth a warning."""
    alike: int = Field(5, ge=2)
    """Columns that must have a name in common but for the number at its end."""
    missing: float = Field(0.2, ge=0, lt=1)
    """Share of their cells that must be missing: without gaps they are measurements as good as any."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        series: dict[tuple[str, str], list[str]] = {}
        for each in looked.inputs:
            name = each.summary.name
            if (found := NUMBERED.fullmatch(name)) and each.summary.present:
                kind = "number" if each.summary.type == "numeric" else each.summary.stored_as
                series.setdefault((found[1], kind), []).append(name)
        kinds = {kind for (_, kind), names in series.items() if len(names) >= self.alike}
        for kind in sorted(kinds):
            groups = [names for (_, of), names in series.items() if of == kind and len(names) >= self.alike]
            names = [name for group in groups for name in group]
            cells = sum(looked.features[name].summary.rows for name in names)
            gaps = sum(looked.features[name].summary.missing for name in names)
            if len(names) < self.columns or gaps < self.missing * cells:
                continue
            yield self.finding(
                "low",
                f"{len(names)} columns, {listed([repr(name) for name in names], 3)}, differ in the number in their "
                f"name, and {percent(gaps / cells)} of their cells are missing: perhaps they are one thing measured "
                "again and again. With a row for each measurement the gaps would be gone.",
                evidence={"columns": len(names), "missing": gaps, "share": round(gaps / cells, 4)},
                examples=names,
                fixes=[
                    Fix(
                        label="Make a row of each",
                        transform="unpivot_long",
                        params={"columns": names, "drop_missing": True},
                    )
                ],
            )


RULES = (RepeatedColumns,)
