"""The column that rows are in order by, where a request does not say."""

from __future__ import annotations

from collections.abc import Sequence

from dataprep_app.chat.table import TableFacts


def time_column(table: TableFacts, besides: Sequence[str] = ()) -> tuple[str | None, tuple[str, ...]]:
    """The only date or time column, and what to say of that guess; ``None`` where there are none or several."""
    found = [each for each in table.group("temporal") if each not in besides]
    if len(found) != 1:
        return None, ()
    return found[0], (f"in the order of {found[0]}",)
