"""Rules about the table as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from dataprep_app.insights.findings import Finding, Fix
from dataprep_app.insights.rules.columns import ANCHOR
from dataprep_app.insights.rules.rule import Looked, Rule, percent


class DuplicateRows(Rule):
    """Rows occur more than once."""

    id = "duplicate_rows"
    title = "Duplicate rows"
    scope = "table"
    source = f"{ANCHOR} (all copies counted)"

    many: float = Field(0.05, gt=0, le=1)
    """Share of the rows from which the warning is high."""

    def find(self, looked: Looked) -> Iterator[Finding]:
        rows = looked.table.duplicate_rows
        if not rows:
            return
        share = rows / looked.table.rows
        yield self.finding(
            "high" if share > self.many else "medium",
            f"{rows:,} rows ({percent(share)}) equal another row in every column.",
            evidence={"rows": rows, "share": round(share, 4)},
            fixes=[Fix(label="Keep one of each", transform="drop_duplicates", params={}, safe=True)],
        )


RULES = (DuplicateRows,)
