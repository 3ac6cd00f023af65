"""The data grid: rows under heads that say what each column holds.

The rows are packed once into bytes that begin with a hash of what follows, and kept with the preview they
show: Streamlit sends bytes again only when they change, and the browser reads them only when the hash does.
Nothing that a click changes is in them; which column is selected is kept in the browser and told as an event.

Events, each a mapping with ``type``: ``select`` (column), ``act`` (column, action: an id of the column's menu).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Literal

import polars as pl

from dataprep_app.profile import LONGEST, ColumnProfile, Value, plain
from dataprep_app.ui.components.assets import component
from dataprep_app.ui.components.outbox import Event, drain

__all__ = ["Event", "GridColumn", "Mark", "brief", "data_grid", "drain", "pack", "shown"]

Mark = Literal["new", "changed", "removed"]
HASH_BYTES = 12
LARGEST_EXACT = 2**53
"""Whole numbers beyond this are sent as text: the browser's own numbers cannot hold them."""
DIGITS = 7
"""Significant digits of numbers with a fraction."""


@dataclass(frozen=True)
class GridColumn:
    """A column of the grid."""

    values: pl.Series
    """The rows that are shown."""
    profile: ColumnProfile
    """What is said of all rows."""
    mark: Mark | None = None
    """How it differs from before the step that is previewed."""
    menu: str | None = None
    """Name of its menu; none for a column that is only a memory."""
    old: Mapping[int, Any] = field(default_factory=dict)
    """Values before the step, by row, where they differ."""


def pack(
    columns: Sequence[GridColumn],
    *,
    numbers: Sequence[int],
    total: int,
    status: str,
    menus: Mapping[str, Sequence[Any]],
    start: str | None = None,
    height: int = 440,
    label: str = "Data preview",
) -> bytes:
    """Everything the grid shows, as bytes.

    Args:
        columns: the columns, from left to right, all with the same rows.
        numbers: the number of each row in the table, from 1.
        total: rows of the table, more than are shown perhaps.
        status: what is said of how many there are.
        menus: lists of ``{id, label}`` or ``"-"`` by name.
        start: the column that is selected when the grid appears.
        height: in pixels.
        label: what a screen reader calls it.
    """
    body = {
        "columns": [_head(each) for each in columns],
        "cells": [shown(each.values) for each in columns],
        "invalid": {place: rows for place, each in enumerate(columns) if (rows := _infinite(each.values))},
        "old": {place: dict(each.old) for place, each in enumerate(columns) if each.old},
        "numbers": list(numbers),
        "total": total,
        "status": status,
        "start": start,
        "menus": dict(menus),
        "height": height,
        "label": label,
    }
    packed = json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    return blake2b(packed, digest_size=HASH_BYTES).hexdigest().encode() + packed


def data_grid(packed: bytes, *, key: str, height: int = 440) -> None:
    """Draw the grid; ``height`` is the one it was packed with."""
    draw = component("data_grid", "grid.js", "grid.css")
    draw(key=key, data=packed, on_outbox_change=lambda: None, height=height)


def shown(values: pl.Series) -> list[Any]:
    """Values as the grid shows them: null as ``None``, numbers as numbers, all else as text."""
    dtype = values.dtype
    if dtype.is_float() or dtype.is_decimal():
        numbers = values.cast(pl.Float64).round_sig_figs(DIGITS)
        return numbers.to_list() if _all_finite(numbers) else [_number(each) for each in numbers]
    if dtype.is_integer():
        found = values.to_list()
        return [str(each) if each is not None and abs(each) > LARGEST_EXACT else each for each in found]
    if isinstance(dtype, pl.Datetime):
        return [None if each is None else plain(each) for each in values.to_list()]
    if dtype == pl.String:
        cut = values.str.slice(0, LONGEST)
        long = values.str.len_chars() > LONGEST
        return (cut + pl.Series("more", ["…"])).zip_with(long, cut).to_list() if long.any() else cut.to_list()
    if dtype.is_nested():
        found = values.to_list()
        return [None if each is None else json.dumps(each, default=str, ensure_ascii=False)[:LONGEST] for each in found]
    if dtype == pl.Boolean:
        return values.cast(pl.String).to_list()
    return [None if each is None else str(each)[:LONGEST] for each in values.to_list()]


def _head(column: GridColumn) -> dict[str, Any]:
    profile = column.profile
    return {
        "name": profile.name,
        "type": profile.type,
        "kind": profile.kind,
        "rows": profile.rows,
        "missing": profile.missing,
        "invalid": profile.invalid,
        "distinct": profile.distinct,
        "histogram": profile.histogram,
        "top": profile.top,
        "low": brief(profile.min),
        "high": brief(profile.max),
        "mark": column.mark,
        "menu": column.menu,
    }


def brief(value: Value | None) -> str:
    """An end of a range in few characters: 153,234 or 0.0721; of a moment, its date."""
    match value:
        case None:
            return ""
        case str():
            return value[:10] if len(value) > 10 and value[4:5] == "-" else value
        case _ if value and (abs(value) >= 1e12 or abs(value) < 1e-4):
            return f"{value:.3g}"
        case _:
            return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


def _all_finite(numbers: pl.Series) -> bool:
    return bool(numbers.is_finite().all())


def _number(value: float | None) -> Any:
    if value is None or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "∞" if value > 0 else "-∞"


def _infinite(values: pl.Series) -> list[int]:
    if not values.dtype.is_float() or _all_finite(values):
        return []
    found: list[int] = values.is_infinite().fill_null(value=False).arg_true().to_list()
    return found
