"""Expressions with their types, and values of several types made alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlglot import exp

from transforms.core.conversion import as_text, parsed
from transforms.core.dtypes import TypeName, common_type_of, type_name
from transforms.formula.functions import Function, Kind
from transforms.sql.errors import shown, wrong

KINDS: dict[str, pl.DataType] = {
    "number": pl.Float64(),
    "whole": pl.Int64(),
    "text": pl.String(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "datetime": pl.Datetime("us"),
}
"""Types that a null takes where a function wants a kind of value."""


@dataclass(frozen=True)
class Typed:
    """An expression, the type of its values, and the part of the query that it comes from."""

    expr: pl.Expr
    dtype: pl.DataType
    node: exp.Expr

    @property
    def kind(self) -> str:
        """The word for the type, where all numbers are of one kind."""
        return "null" if self.dtype == pl.Null else type_name(self.dtype).replace("integer", "number")

    @property
    def is_constant(self) -> bool:
        """Whether it reads no column."""
        return not self.expr.meta.root_names()

    def constant(self) -> Any:
        """The value, of one that reads no column."""
        return pl.select(self.expr).item()

    def cast(self, dtype: pl.DataType) -> Typed:
        """The same values in another type."""
        return self if self.dtype == dtype else Typed(self.expr.cast(dtype), dtype, self.node)

    def text(self) -> pl.Expr:
        """The values as text, in the one way that the app has."""
        return self.expr if self.dtype == pl.String else as_text(self.expr, self.dtype)


def aligned(parts: Sequence[Typed], what: str) -> list[Typed]:
    """Values in the one type that holds them all; text in the query is read as a date beside dates.

    Raises:
        SqlError: there is none.
    """
    temporal = next((each.dtype for each in parts if each.dtype.is_temporal()), None)
    if temporal is not None:
        parts = [_moment(each, temporal) if each.dtype == pl.String and each.is_constant else each for each in parts]
    common = common_type_of([each.dtype for each in parts])
    if common is None:
        kinds = " and ".join(dict.fromkeys(each.kind for each in parts if each.kind != "null"))
        if len(set(kinds.split(" and "))) < 2:
            kinds = " and ".join(dict.fromkeys(str(each.dtype) for each in parts))
        raise wrong(
            parts[-1].node, f"{what} needs values of one kind, found {kinds}.", "Use CAST(... AS ...) on one of them."
        )
    return [each.cast(common) for each in parts]


def comparable(parts: Sequence[Typed], what: str) -> list[Typed]:
    """Values in one type that has an order.

    Raises:
        SqlError: there is none.
    """
    found = aligned(parts, what)
    if found[0].dtype.is_nested():
        raise wrong(parts[0].node, f"{what} cannot compare {found[0].kind} values.", "Take the column apart first.")
    return found


def called(function: Function, parts: Sequence[Typed], node: exp.Expr, name: str) -> pl.Expr:
    """A function of the formula language, applied.

    Raises:
        SqlError: the values are too many, too few or of the wrong kind.
    """
    least, most = len(function.takes) - function.optional, None if function.repeats else len(function.takes)
    if len(parts) < least or (most is not None and len(parts) > most):
        span = str(least) if least == most else f"{least} or more" if most is None else f"{least} to {most}"
        raise wrong(node, f"{name} takes {span} values, found {len(parts)}.", function.help)
    wanted = [function.takes[min(i, len(function.takes) - 1)] for i in range(len(parts))]
    held = [fitting(part, kind, name) for part, kind in zip(parts, wanted, strict=True)]
    free = [i for i, kind in enumerate(wanted) if kind == "any"]
    if function.gives == "same" and free:
        for i, part in zip(free, aligned([held[i] for i in free], name), strict=True):
            held[i] = part
    return function.build(*(each.expr for each in held))


def fitting(part: Typed, wanted: Kind, name: str) -> Typed:
    """A value for a function that takes one kind.

    Raises:
        SqlError: it is of another.
    """
    if wanted in ("any", "same"):
        return part
    if part.dtype == pl.Null:
        return part.cast(KINDS[wanted])
    if wanted == "number" and part.dtype.is_decimal():
        return part.cast(pl.Float64())
    if wanted in ("date", "datetime") and part.dtype == pl.String and part.is_constant:
        return _moment(part, KINDS[wanted])
    fits = (
        part.kind == wanted
        or (wanted == "whole" and part.dtype.is_integer())
        or (wanted == "date" and part.kind == "datetime")
    )
    if not fits:
        kind = "a whole number" if wanted == "whole" else f"a {wanted}" if wanted != "text" else "text"
        raise wrong(
            part.node, f"{name} needs {kind} here, found {part.kind} in {shown(part.node)!r}.", "Use CAST(... AS ...)."
        )
    return part


def _moment(text: Typed, dtype: pl.DataType) -> Typed:
    """Text of the query read as a date, a datetime where a time is written with it, or as a time."""
    if dtype == pl.Duration:
        return text
    name: TypeName = "date" if dtype == pl.Date else "time" if dtype == pl.Time else "datetime"
    written = text.constant()
    for kind in (name, "datetime") if name == "date" else (name,):
        found = pl.select(parsed(pl.lit(written, pl.String), kind)).to_series()
        exact = kind != "date" or len(written or "") <= len("2024-01-31")
        if found[0] is not None and exact:
            return Typed(pl.lit(found[0], found.dtype), found.dtype, text.node)
    raise wrong(text.node, f"{written!r} is no {name}.", "Write dates as '2024-01-31', times as '13:30:00'.")
