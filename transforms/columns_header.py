"""Names of columns that lie among the rows."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from transforms.columns_names import cleaned_names
from transforms.core.categories import free_names
from transforms.core.columns import column as exactly
from transforms.core.relations import Concat, Limit, MapRows, Relation
from transforms.core.rowwise import SelectColumns
from transforms.core.statistics import Ask, Head
from transforms.core.transform import Example, Learned, TableTransform


class HeaderRow(Learned):
    """The names that columns get."""

    names: dict[str, str]
    """New name by column."""


class PromoteHeaderRow(TableTransform):
    """Use the values of a row as the names of the columns, and leave out the rows down to it.

    Which row that is depends on the order of the table, so the step stands directly behind an import or a sort. All
    columns keep their types: where a heading made a column of numbers text, "Detect types" reads it anew.
    """

    id = "promote_header_row"
    title = "Use a row as header"
    terms = ("use first row as headers", "promote headers", "first row as header", "header row")
    changes_rows = True
    columns_from_data = True
    missing = "A column without a heading is called column_1, column_2 and so on, by its place."
    unseen = "The row is read once, and later ones change no names. A table that ends above it keeps its names."
    examples = (
        Example(
            params={},
            before={
                "column_1": ["city", "Oslo", "Bonn"],
                "column_2": ["people", "709", None],
                "column_3": [None, "x", "y"],
            },
            after={"city": ["Oslo", "Bonn"], "people": ["709", None], "column_3": ["x", "y"]},
        ),
        Example(
            params={"row": 2, "clean": True},
            before={"a": ["Report of May", "Order ID", "17"], "b": [None, "Order ID", None]},
            after={"order_id": ["17"], "order_id_2": [None]},
        ),
    )

    row: int = Field(default=1, ge=1, le=1_000)
    """Which row holds the names, counted from 1."""
    drop_rows_above: bool = True
    """Leave out the rows above it too; otherwise only the row itself goes."""
    clean: bool = False
    """Write the names in small letters with ``_`` between words."""

    def fit(self, ask: Ask) -> HeaderRow:
        names = tuple(self._schemas[0])
        (head,) = ask(Head(names, self.row))
        if head.height < self.row:
            return HeaderRow(names={name: name for name in names})
        found = head.row(self.row - 1, named=True)
        texts = ["" if found[name] is None else str(found[name]).strip() for name in names]
        if self.clean:
            texts = list(cleaned_names(texts, "snake", strip_accents=True))
        wanted = [text or f"column_{i}" for i, text in enumerate(texts, 1)]
        return HeaderRow(names=dict(zip(names, free_names(wanted, ()), strict=True)))

    def plan(self, *tables: Relation, learned: Any = None) -> Relation | tuple[Relation, ...]:
        below: Relation = Limit(tables[0], None, self.row)
        if self.row > 1 and not self.drop_rows_above:
            below = Concat((Limit(tables[0], self.row - 1), below))
        return MapRows(below, SelectColumns(tuple(exactly(old).alias(new) for old, new in learned.names.items())))


TRANSFORMS = (PromoteHeaderRow,)
