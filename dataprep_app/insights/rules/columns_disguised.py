"""Rules about values that stand for none: words, numbers and dates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import Field

from dataprep_app.insights.findings import Finding, Fix
from dataprep_app.insights.measures import DISGUISES, Feature
from dataprep_app.insights.rules.rule import ANCHOR, OURS, Looked, Rule
from dataprep_app.insights.rules.wording import percent, rows_of, shown
from dataprep_app.insights.signs.texts import PLACEHOLDERS
from transforms.core.dtypes import type_name

DOUBTFUL = ("None", "NONE", "Nil", "NIL", "empty", "Empty", ".", "-", "--")
"""Words that may stand for a missing value, or be an answer."""
ANSWERS = ("none", "nil")
"""Words that are nearly always an answer: a hair colour of none."""


class DisguisedMissing(Rule):
    """Text stands for missing values."""

    id = "disguised_missing"
    title = "Disguised missing values"
    scope = "feature"
    source = f"{ANCHOR}, with more words; whole cells only"
    shared = "In {n} columns words stand for missing values: {columns}."
    noted = "rows"

    least: int = Field(2, ge=1)
    """Rows from which it is worth a warning."""
    answer: float = Field(0.3, gt=0, le=1)
    """Share of the rows above which a word that may be an answer is one: ``None``, ``-``."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.columns:
            name = each.summary.name
            built = looked.signs_of(name).placeholders
            known = [(text, rows) for text, rows in (*each.disguised, *built) if text.strip() not in ANSWERS]
            sure = [(text, rows) for text, rows in known if _sure(text, each)]
            words = sure or known
            rows = sum(count for _, count in words)
            among = looked.among if {text for text, _ in words} & {text for text, _ in built} else ""
            if rows < self.least or rows == each.summary.present:
                continue
            if not sure and rows > self.answer * each.summary.present:
                continue
            texts = [text for text, _ in words]
            blank = all(not text.strip() for text in texts)
            what = "blank text" if blank else shown(words)
            yield self.finding(
                "medium" if sure else "low",
                f"{rows_of(rows)}{among or f' ({percent(rows / each.summary.rows)})'} of {name!r} "
                f"{'holds' if rows == 1 else 'hold'} {what}, which "
                f"{'probably' if sure else 'may'} stand{'s' if sure else ''} for a missing value.",
                column=name,
                evidence={"rows": rows},
                examples=[] if blank else texts,
                fixes=[
                    Fix(
                        label="Turn into missing values",
                        transform="values_to_missing",
                        params={"columns": [name], "values": texts},
                        safe=bool(sure),
                    )
                ],
            )


def _sure(text: str, feature: Feature) -> bool:
    """Whether a text that may stand for a missing value does so in any column."""
    plain = text.strip()
    if plain.lower() in DISGUISES:
        return plain not in DOUBTFUL and not _country(text, feature)
    return re.search(PLACEHOLDERS, plain) is not None


def _country(text: str, feature: Feature) -> bool:
    """Whether NA may be Namibia: all frequent values are two capitals."""
    return text == "NA" and all(re.fullmatch("[A-Z]{2}", value) for value, _ in feature.summary.top)


class NumberSpike(Rule):
    """One number may stand for missing values: it is far too frequent, or a code that lies apart from all others."""

    id = "numeric_disguised_missing"
    title = "A number that may mean missing"
    scope = "feature"
    source = (
        f"{ANCHOR} (share above 0.1, 10 times the next, more than 20 different values). Ours: a zero counts only where "
        "the other numbers lie apart from it, and codes such as -999 where they lie apart from all others"
    )
    shared = "In {n} columns one number may stand for missing values: {columns}."
    noted = "value"

    share: float = Field(0.1, gt=0, lt=1)
    """Share of the rows that have the number."""
    times: float = Field(10.0, gt=1)
    """How many times as frequent as the next one it is."""
    distinct: int = Field(20, ge=2)
    """Different values the column has, more than this."""
    most: float = Field(0.5, gt=0, le=1)
    """Share of the rows above which a zero is what the column is about."""
    apart: float = Field(0.5, gt=0, lt=1)
    """How near to zero, by their median, all but 5 % of the other numbers may not come for a zero to be suspicious."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            name = each.summary.name
            codes = looked.signs_of(name).codes
            for value, rows in codes:
                yield self.finding(
                    "medium",
                    f"{rows_of(rows)}{looked.among} of {name!r} {'is' if rows == 1 else 'are'} {value:.0f}, far from "
                    "every other value: a code that probably stands for a missing one.",
                    column=name,
                    evidence={"value": int(value), "rows": rows},
                    fixes=[_number_cleared(name, int(value))],
                )
            if not codes and self._spikes(each, looked):
                yield self._spike(each, looked)

    def _spikes(self, feature: Feature, looked: Looked) -> bool:
        summary = feature.summary
        if feature.spike is None or (summary.distinct or 0) <= self.distinct:
            return False
        value, rows, following = feature.spike
        if value != int(value) or rows / max(1, summary.rows) <= self.share or rows <= self.times * following:
            return False
        spread = looked.signs_of(summary.name).spread
        if value or spread is None:
            return True
        if rows > self.most * summary.rows:
            return False
        nearest = spread.low if spread.median > 0 else -spread.high
        return nearest > self.apart * abs(spread.median)

    def _spike(self, feature: Feature, looked: Looked) -> Finding:
        value, rows, following = feature.spike or (0.0, 0, 0)
        name = feature.summary.name
        shown_value = f"{int(value):,}"
        return self.finding(
            looked.medium_if_important(name),
            f"{rows:,} rows of {name!r} ({percent(rows / feature.summary.rows)}) are exactly {shown_value}, over "
            f"{self.times:.0f} times as many as have the next value: it may stand for a missing one.",
            column=name,
            evidence={"value": int(value), "rows": rows, "next": following},
            fixes=[_number_cleared(name, int(value))],
        )


def _number_cleared(name: str, value: int) -> Fix:
    return Fix(
        label=f"Turn {value:,} into missing values",
        transform="values_to_missing",
        params={"columns": [name], "values": [], "numbers": [value]},
    )


class DateDisguisedMissing(Rule):
    """A date such as 1900-01-01 stands for missing ones."""

    id = "date_disguised_missing"
    title = "A date that may mean missing"
    scope = "feature"
    source = (
        f"{OURS}: dates that programs write for none (1900-01-01, 1970-01-01, 9999-12-31 ...), apart from all others"
    )
    shared = "In {n} columns a date stands for missing ones: {columns}."
    noted = "rows"

    least: int = Field(3, ge=1)
    """Rows from which it is worth a warning."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            name = each.summary.name
            days = [(day, rows) for day, rows in looked.signs_of(name).days if rows >= self.least]
            if not days:
                continue
            rows = sum(count for _, count in days)
            condition = {"any": [_on(name, day, looked) for day, _ in days]}
            yield self.finding(
                "medium",
                f"{rows_of(rows)}{looked.among} of {name!r} {'is' if rows == 1 else 'are'} "
                f"{' or '.join(day for day, _ in days)}, apart from every other date: that probably means that there "
                "is none.",
                column=name,
                evidence={"rows": rows},
                examples=[day for day, _ in days],
                fixes=[
                    Fix(
                        label="Turn into missing values",
                        transform="clear_where",
                        params={"columns": [name], "condition": condition},
                    )
                ],
            )


def _on(name: str, day: str, looked: Looked) -> dict[str, object]:
    if type_name(looked.schema[name]) == "date":
        return {"column": name, "op": "equals", "value": day}
    return {"column": name, "op": "between", "value": [f"{day} 00:00:00", f"{day} 23:59:59"]}


RULES = (DisguisedMissing, NumberSpike, DateDisguisedMissing)
