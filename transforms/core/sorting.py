"""Sort keys as settings."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.core.columns import Column
from transforms.core.params import Params
from transforms.core.relations import Order


class SortKey(Params):
    """One column to sort by."""

    column: Column
    """Column to sort by."""
    descending: bool = False
    """Largest first."""


def orders(keys: Sequence[SortKey], *, nulls_last: bool = True) -> tuple[Order, ...]:
    """Sort keys as an engine takes them."""
    return tuple(Order(each.column, each.descending, nulls_last) for each in keys)
