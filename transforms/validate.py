"""What kind of text a value is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import polars as pl

from transforms.core.columns import TextColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.distinct import over_distinct
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.transform import Example, RowTransform, Transform

Property = Literal[
    "alphanumeric", "alpha", "digit", "numeric", "decimal", "space", "title", "lower", "upper", "ascii"
]  # fmt: skip

HAS: dict[Property, Callable[[str], bool]] = {
    "alphanumeric": str.isalnum,
    "alpha": str.isalpha,
    "digit": str.isdigit,
    "numeric": str.isnumeric,
    "decimal": str.isdecimal,
    "space": str.isspace,
    "title": str.istitle,
    "lower": str.islower,
    "upper": str.isupper,
    "ascii": str.isascii,
}


class CheckTextProperties(RowTransform):
    """Add a column that says whether each text is of a kind: all digits, all letters, all capitals ..."""

    id = "check_text_properties"
    title = "Check text properties (is numeric, is upper ...)"
    terms = (
        "isalpha",
        "isdigit",
        "isupper",
        "islower",
        "is numeric",
        "is alphanumeric",
        "validate text",
        "is alpha",
        "is digit",
        "is space",
        "is title",
        "is lowercase",
        "is uppercase",
        "is decimal",
    )
    missing = "Missing text stays missing; empty text is of no kind but ascii."
    examples = (
        Example(
            params={"column": "code", "property": "digit"},
            before={"code": ["123", "1.5", "", None]},
            after={"code": ["123", "1.5", "", None], "code_is_digit": [True, False, False, None]},
        ),
        Example(
            params={"column": "name", "property": "title", "output": "well_written"},
            before={"name": ["Ann Lee", "bo", None]},
            after={"name": ["Ann Lee", "bo", None], "well_written": [True, False, None]},
        ),
    )

    column: TextColumn
    """Column to look at."""
    property: Property
    """What all characters have to be, as Python's str methods (isalpha, isdigit ...) have it.

    Digits with decimal are 0 to 9 of any script, with digit also superscripts, with numeric also fractions
    and the like; points and signs are none of them. Title is a capital at the start of each word and nowhere
    else; lower and upper look at letters only, of which there must be one."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column's name with ``_is_`` and the kind."""

    def _name(self) -> str:
        return self.output or f"{self.column}_is_{self.property}"

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self._name(), schemas[0])

    def exprs(self) -> Iterator[pl.Expr]:
        text = exactly(self.column).cast(pl.String)
        yield over_distinct(text, HAS[self.property], pl.Boolean()).alias(self._name())


TRANSFORMS: tuple[type[Transform], ...] = (CheckTextProperties,)
