"""Rules on how values are written, several rules at once, and rows that are sent elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import AfterValidator, Field

from transforms.core.columns import KeyColumns, taken
from transforms.core.conditions import Condition
from transforms.core.conversion import as_text, blank
from transforms.core.distinct import over_distinct
from transforms.core.errors import Problem
from transforms.core.params import NewColumn, Params
from transforms.core.relations import MapRows, Relation
from transforms.core.rowwise import AddColumns, KeepRows
from transforms.core.transform import Example, Failure, RowTransform, Transform
from transforms.privacy_personal import is_card, is_iban
from transforms.rows_where import ValueType, is_of_type
from transforms.validate_rules import UNKNOWN, OnFail, Rule

Format = Literal[
    "email", "url", "ip", "uuid", "date", "datetime", "time", "number", "integer", "phone", "iban", "card", "json",
    "identifier"
]  # fmt: skip


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


CHECKED: dict[Format, Callable[[str], bool]] = {
    "iban": lambda text: is_iban(text.replace(" ", "")),
    "card": lambda text: text.isascii() and is_card(text.replace(" ", "").replace("-", "")),
    "json": _is_json,
    "identifier": lambda text: text.isascii() and text.isidentifier(),
}
"""Formats that a function of Python knows."""


class AssertFormat(Rule):
    """Check that values are written as they should be: e-mail addresses, dates, account numbers and more.

    Account (IBAN) and card numbers have their check digits right; an identifier is letters, digits and underscores and
    begins with no digit; dates and times are ISO 8601; telephone numbers have 7 to 15 digits.
    """

    id = "assert_format"
    title = "Check: valid e-mail, URL, date, IBAN ..."
    terms = ("valid email", "valid iban", "check digit", "luhn", "expect format", "data quality rule")
    missing = f"{UNKNOWN} Blank text counts as missing."
    examples = (
        Example(
            params={"columns": ["email"], "format": "email", "on_fail": "quarantine"},
            before={"email": ["ann@example.org", "ann at home", None]},
            after={"email": ["ann@example.org", None]},
        ),
        Example(
            params={"columns": ["account"], "format": "iban", "on_fail": "flag"},
            before={"account": ["NO93 8601 1117 947", "NO93 8601 1117 948", None]},
            after={
                "account": ["NO93 8601 1117 947", "NO93 8601 1117 948", None],
                "is_valid": [True, False, True],
            },
        ),
    )

    columns: KeyColumns
    """Columns to check."""
    format: Format
    """What their values should be."""
    nulls: Literal["pass", "fail"] = "pass"
    """Whether missing values keep the rule or break it."""
    on_fail: OnFail = "stop"
    """Rows that break the rule stop the run before anything is written, are counted, go to the second output
    (quarantined), are dropped or are marked in a new column; or the values become missing."""
    output: NewColumn = "is_valid"
    """Name of the column that says whether a row keeps the rule, if rows are marked."""

    def broken(self) -> dict[str, pl.Expr]:
        return {name: self._is_wrong(name) for name in self.columns}

    def _is_wrong(self, name: str) -> pl.Expr:
        text = as_text(self.present(name), self.dtype(name)).cast(pl.String)
        missing = text.is_null() | blank(text).fill_null(value=False)
        valid = pl.when(missing).then(pl.lit(self.nulls == "pass")).otherwise(self._is_valid(text))
        return ~valid.fill_null(value=False)

    def _is_valid(self, text: pl.Expr) -> pl.Expr:
        match self.format:
            case "iban" | "card" | "json" | "identifier":
                return over_distinct(text.str.strip_chars(), CHECKED[self.format], pl.Boolean())
            case format:
                kind: ValueType = format
                return is_of_type(text, kind)

    def rule(self, column: str) -> str:
        return f"{column} is a valid {self.format}"


class NamedRule(Params):
    """A rule that rows have to keep, and what it is called."""

    name: str = Field(min_length=1)
    """What the rule is called."""
    condition: Condition
    """What has to be true."""


def _names_differ(rules: tuple[NamedRule, ...]) -> tuple[NamedRule, ...]:
    names = [each.name for each in rules]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"Two rules are called {twice!r}. Name one of them differently.")
    return rules


class FlagInvalidRows(RowTransform):
    """Add a column that lists the rules which each row breaks."""

    id = "flag_invalid_rows"
    title = "Flag invalid rows with reasons"
    terms = ("data quality report", "validation errors", "rule violations", "list of issues", "business rules")
    missing = "A rule that is unknown because of a missing value is kept, unless missing values are to break it."
    examples = (
        Example(
            params={
                "rules": [
                    {"name": "of age", "condition": {"column": "age", "op": "at_least", "value": 18}},
                    {"name": "has a city", "condition": {"column": "city", "op": "is_present"}},
                ]
            },
            before={"age": [31, 12, None], "city": ["Oslo", None, "Rome"]},
            after={
                "age": [31, 12, None],
                "city": ["Oslo", None, "Rome"],
                "issues": [[], ["of age", "has a city"], []],
            },
        ),
    )

    rules: Annotated[tuple[NamedRule, ...], AfterValidator(_names_differ)] = Field(min_length=1)
    """The rules, each with a name."""
    nulls: Literal["pass", "fail"] = "pass"
    """Whether a rule is kept or broken where it is unknown because of a missing value."""
    output: NewColumn = "issues"
    """Name of the new column: a list of the names of the rules that are broken, in order; empty if none is."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def _broken(self, rule: NamedRule) -> pl.Expr:
        return (~rule.condition.expr(self._schemas[0])).fill_null(self.nulls == "fail")

    def exprs(self) -> Iterator[pl.Expr]:
        names = [pl.when(self._broken(each)).then(pl.lit(each.name)) for each in self.rules]
        yield pl.concat_list(names).list.drop_nulls().alias(self.output)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        for rule in self.rules:
            column = next(rule.columns_read())
            yield Failure(column=column, where=self._broken(rule), what=f"break the rule {rule.name!r}")


class RejectRows(RowTransform):
    """Send the rows that meet a condition to a second output, with the reason, and go on with the others."""

    id = "reject_rows"
    title = "Send rows to error output"
    terms = ("quarantine", "error rows", "dead letter", "route rows", "split bad rows", "reject")
    outputs = ("kept", "rejected")
    changes_rows = True
    missing = "A condition that is unknown because of a missing value is not met: the row is kept."
    examples = (
        Example(
            params={"condition": {"column": "age", "op": "less", "value": 0}, "reason": "negative age"},
            before={"id": [1, 2, 3], "age": [31, -1, None]},
            after={"id": [1, 3], "age": [31, None]},
        ),
    )

    condition: Condition
    """Rows for which this is true are rejected."""
    reason: str = Field(min_length=1)
    """Why, in words."""
    output: NewColumn = "reject_reason"
    """Name of the column that holds the reason, in the rejected rows."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def _rejected(self) -> pl.Expr:
        return self.condition.expr(self._schemas[0]).fill_null(value=False)

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        return rows.remove(self._rejected())

    def plan(self, *tables: Relation, learned: Any = None) -> tuple[Relation, ...]:
        rejected = MapRows(tables[0], KeepRows(self._rejected()))
        reason = pl.lit(self.reason, pl.String).alias(self.output)
        return MapRows(tables[0], self), MapRows(rejected, AddColumns((reason,)))

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        column = next(self.condition.columns_read())
        yield Failure(column=column, where=self._rejected(), what=f"were rejected: {self.reason}")

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]]:
        return {}


TRANSFORMS: tuple[type[Transform], ...] = (AssertFormat, FlagInvalidRows, RejectRows)
