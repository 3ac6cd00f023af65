"""Rules about values that mean something else than a model takes them for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import Field

from dataprep_app.insights.findings import FeatureSummary, Finding, Fix
from dataprep_app.insights.rules.rule import OURS, Looked, Rule
from dataprep_app.insights.rules.wording import listed, percent, quoted

POSTAL = re.compile(r"(?:^|[^a-z])(?:zip|zipcode|postal|postalcode|postcode|plz)(?:$|[^a-z])")
"""What columns of postal codes are called."""
PHONE = re.compile(r"(?:^|[^a-z])(?:phone|telephone|fax|isbn|ean|upc|ssn)(?:$|[^a-z])")
"""What columns of other long codes of digits are called."""


class CodesAsNumbers(Rule):
    """Codes of digits are stored as numbers."""

    id = "codes_as_numbers"
    title = "Codes stored as numbers"
    scope = "feature"
    source = f"{OURS}: by what the column is called, postal codes and telephone numbers among whole numbers"
    shared = "{n} columns of codes are stored as numbers: {columns}."

    distinct: int = Field(10, ge=2)
    """Different values the column has, at least."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            summary = each.summary
            if summary.stored_as != "integer" or (summary.distinct or 0) < self.distinct:
                continue
            low, high = summary.min, summary.max
            if not isinstance(low, int) or not isinstance(high, int) or low < 0 or not _is_code(summary):
                continue
            name, width = summary.name, len(str(high))
            short = " Zeros in front were lost." if width > len(str(low)) else ""
            yield self.finding(
                "low",
                f"{name!r} is stored as numbers, but seems to hold codes: a larger one is not more of anything.{short}",
                column=name,
                evidence={"distinct": summary.distinct or 0},
                examples=[low, high],
                fixes=[
                    *([_padded(name, width)] if short else []),
                    Fix(label="Change to text", transform="change_type", params={"columns": [name], "type": "text"}),
                ],
            )


def _is_code(summary: FeatureSummary) -> bool:
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", summary.name).lower()
    median = summary.median if isinstance(summary.median, int | float) else 0
    return bool(POSTAL.search(name) and median >= 1_000) or bool(PHONE.search(name) and median >= 1_000_000)


def _padded(name: str, width: int) -> Fix:
    params = {"columns": [name], "width": width}
    return Fix(label=f"Write as text of {width} digits", transform="pad_text", params=params)


class ClockNumbers(Rule):
    """Times of day are stored as whole numbers."""

    id = "clock_as_numbers"
    title = "Times of day stored as numbers"
    scope = "feature"
    source = f"{OURS}: all of at least 50 different numbers up to 2400 end in 59 at most"

    distinct: int = Field(50, ge=20)
    """Different values the columns have, at least."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        names = [
            each.summary.name
            for each in looked.inputs
            if looked.signs_of(each.summary.name).clock and (each.summary.distinct or 0) >= self.distinct
        ]
        if not names:
            return
        many = len(names) > 1
        yield self.finding(
            "low",
            f"{listed([repr(name) for name in names], 5)} {'seem' if many else 'seems'} to hold times of day as whole "
            "numbers, 905 for 9:05: in them 959 and 1000 are 41 apart, though it is one minute.",
            column=None if many else names[0],
            evidence={"columns": len(names)} if many else {},
            examples=names if many else [looked.features[names[0]].summary.min, looked.features[names[0]].summary.max],
            fixes=[
                Fix(
                    label="Turn into minutes of the day",
                    transform="formula_on_columns",
                    params={"columns": names, "expression": "col - 40 * floor(col / 100)"},
                )
            ],
        )


class SeveralValues(Rule):
    """Cells name several things at once."""

    id = "several_values"
    title = "Several values in one cell"
    scope = "feature"
    source = f"{OURS}: texts with a delimiter, of which most parts are values by themselves in other rows"
    shared = "In {n} columns cells name several things at once: {columns}."
    noted = "share"

    least: int = Field(5, ge=1)
    """Rows from which it is worth a warning."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            name = each.summary.name
            signs = looked.signs_of(name)
            if signs.several is None or signs.several.rows < self.least:
                continue
            found = signs.several
            share = found.rows / signs.rows
            yield self.finding(
                "low",
                f"{percent(share)} of the values of {name!r} name several things at once, such as "
                f"{' and '.join(quoted(text) for text, _ in found.examples[:2])}: each combination is a category of "
                "its own.",
                column=name,
                evidence={"rows": found.rows, "share": round(share, 4), "delimiter": quoted(found.delimiter)},
                examples=[text for text, _ in found.examples],
                fixes=[
                    Fix(
                        label="Make a column of each",
                        transform="multi_label_binarize",
                        params={"column": name, "delimiter": found.delimiter},
                    ),
                    Fix(
                        label="Make a row of each",
                        transform="split_to_rows",
                        params={"column": name, "delimiter": found.delimiter},
                    ),
                ],
            )


RULES = (CodesAsNumbers, ClockNumbers, SeveralValues)
