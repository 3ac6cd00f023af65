"""Rows made columns: the whole table turned over, and texts of several values taken apart into flags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import Field

from transforms.core.categories import CATEGORY, category, category_name, free_names, in_value_order
from transforms.core.columns import ColumnField, TextColumn
from transforms.core.conversion import as_text
from transforms.core.dtypes import common_type_of, type_name
from transforms.core.errors import Problem, StepError
from transforms.core.params import NewColumn
from transforms.core.relations import Aggregate, MapRows, Measure, Order, Relation, Sort, Window, WindowFunction
from transforms.core.rowwise import AddColumns, DropColumns, RefuseRows, SelectColumns
from transforms.core.statistics import Ask, Count, Missing, ValueCounts
from transforms.core.transform import Example, Failure, FittedTransform, TableTransform, Transform
from transforms.reshape_pivots import ColumnsOfValues, readable_names, without_column


@dataclass(frozen=True, eq=False)
class Cells:
    """Makes of each row one for each of its cells, which keeps only what tells the row."""

    cells: tuple[pl.Expr, ...]
    """Objects of the columns of the new rows."""

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        long = rows.select("__row", pl.concat_list(self.cells).alias("__cells"))
        return long.explode("__cells", empty_as_null=False).unnest("__cells")


class TransposeTable(TableTransform):
    """Turn rows into columns and columns into rows.

    Without a header column, rows go by their place, which is defined right after an import or a sort.
    """

    id = "transpose_table"
    title = "Transpose table"
    terms = ("flip table", "swap rows and columns", "turn table", "pivot")
    changes_rows = True
    columns_from_data = True
    missing = "Missing values stay missing; NaN becomes null. A row whose header is missing becomes the column null."
    unseen = (
        "Rows that were not there when the columns were learned are left out and counted; without a header column, "
        "more rows stop the run."
    )
    examples = (
        Example(
            params={"header_column": "year"},
            before={"year": [2024, 2023], "sales": [1, 2], "cost": [0.5, None]},
            after={"column": ["sales", "cost"], "2023": [2.0, None], "2024": [1.0, 0.5]},
        ),
        Example(
            params={"types": "text"},
            before={"name": ["Ann", None], "age": [31, 4]},
            after={"column": ["name", "age"], "row_1": ["Ann", "31"], "row_2": [None, "4"]},
        ),
    )

    header_column: Annotated[str, ColumnField(CATEGORY)] | None = None
    """Column whose values name the new columns, in value order, each of them once; when empty, the new columns are
    row_1, row_2 ... in the order of the table."""
    output: NewColumn = "column"
    """Name of the first new column, which holds the names of the old ones."""
    types: Literal["common", "text"] = "common"
    """Columns of types that do not go together, numbers and text: refuse them, or turn all into text."""
    max_rows: int = Field(1_000, ge=1, le=5_000)
    """Refuse to make more columns than this."""

    @property
    def turned(self) -> list[str]:
        """The columns that become rows."""
        return [name for name in self._schemas[0] if name != self.header_column]

    @property
    def value_type(self) -> pl.DataType | None:
        """The type of the new columns; ``None`` when there is none that holds all values."""
        dtypes = [self.dtype(name) for name in self.turned]
        common = common_type_of(dtypes)
        return pl.String() if common is None and self.types == "text" else common

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if not self.turned:
            yield Problem("There is no column to turn into a row.", "Choose another header column.", "header_column")
        for name in self.turned:
            if self.dtype(name).is_nested():
                found = f"Column {name!r} holds {type_name(self.dtype(name))} values, which go into no other column."
                yield Problem(found, "Take it away, or turn it into text first.")
                return
        if self.value_type is None:
            held = " and ".join(dict.fromkeys(type_name(self.dtype(name)) for name in self.turned))
            advice = "Change types first, or turn all into text."
            yield Problem(f"The columns hold {held} values, which do not go together.", advice, "types")

    def fit(self, ask: Ask) -> ColumnsOfValues:
        (rows,) = ask(Count())
        if rows > self.max_rows:
            raise StepError(
                f"The table has {rows:,} rows, which would become as many columns; {self.max_rows:,} are allowed. "
                "Filter or aggregate rows first, or allow more."
            )
        if self.header_column is None:
            names = free_names([f"row_{i + 1}" for i in range(rows)], [self.output])
            return ColumnsOfValues(names={str(i + 1): name for i, name in enumerate(names)})
        dtype = self.dtype(self.header_column)
        text = category(self.header_column, dtype)
        counts, missing = ask(ValueCounts(text, self.max_rows), Missing(text))
        repeated = next((repr(value) for value, count in counts.items() if count > 1), None)
        if repeated is not None or missing > 1:
            raise StepError(
                f"Column {self.header_column!r}, which names the new columns, holds {repeated or 'no value'} in "
                "several rows. Fill, filter or aggregate such rows, or choose another column."
            )
        names_of = readable_names(in_value_order(counts, dtype), [self.output])
        null = free_names(["null"], [self.output, *names_of.values()])[0] if missing else None
        return ColumnsOfValues(names=names_of, missing=null)

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        rows = tables[0]
        if self.header_column is None:
            numbered = Window(rows, (), (), (WindowFunction("row_number", "__place"),))
            refused = RefuseRows(
                pl.col("__place") > len(learned.names),
                f"The table has more rows than the {len(learned.names):,} there were when the columns were learned. "
                "Fit the flow again, or name the columns by a header column.",
            )
            rows = MapRows(MapRows(numbered, refused), AddColumns((pl.col("__place").cast(pl.String).alias("__row"),)))
        else:
            text = category(self.header_column, self.dtype(self.header_column))
            rows = MapRows(rows, AddColumns((text.cast(pl.String).alias("__row"),)))
        cells = MapRows(rows, Cells(tuple(self._cells())))
        row, value = pl.col("__row"), pl.col("__value")
        spread = {name: pl.when(row == text).then(value) for text, name in learned.names.items()}
        if learned.missing is not None:
            spread[learned.missing] = pl.when(row.is_null()).then(value)
        measures = tuple(Measure("max", name, name) for name in spread)
        keys = ("__order", self.output)
        wide = MapRows(cells, SelectColumns((*map(pl.col, keys), *(cell.alias(name) for name, cell in spread.items()))))
        turned = Sort(Aggregate(wide, keys, measures), (Order("__order"),))
        return MapRows(turned, DropColumns(("__order",)))

    def _cells(self) -> Iterator[pl.Expr]:
        dtype = self.value_type or pl.Null()
        for i, name in enumerate(self.turned):
            held = self.dtype(name)
            value = (
                as_text(self.present(name), held).cast(dtype) if dtype == pl.String else self.present(name).cast(dtype)
            )
            order, label = pl.lit(i, pl.Int64).alias("__order"), pl.lit(name).alias(self.output)
            yield pl.struct(order, label, value.cast(dtype).alias("__value"))

    def failures(self, learned: ColumnsOfValues | None = None) -> Iterator[Failure]:
        if learned is not None and self.header_column is not None:
            text = category(self.header_column, self.dtype(self.header_column))
            what = "are in no column, since their rows were not there when the columns were learned"
            yield Failure(column=self.header_column, where=without_column(text, learned), what=what)


class SplitToFlags(FittedTransform):
    """Split text at a delimiter and make a column of each piece, which says whether, or how often, a row has it."""

    id = "split_to_flags"
    title = "Split text to flag columns"
    terms = ("split and unfold", "multi-hot", "multi label", "tags to columns", "indicator columns")
    columns_from_data = True
    missing = "Where the text is missing, so are all flags; text without a piece has 0 everywhere."
    unseen = "Pieces that were not there in the fit, or too rare for a column, go to the column other or to none."
    examples = (
        Example(
            params={"column": "tags"},
            before={"id": [1, 2, 3, 4], "tags": ["red, New", "red", "", None]},
            after={"id": [1, 2, 3, 4], "tags_new": [1, 0, 0, None], "tags_red": [1, 1, 0, None]},
        ),
        Example(
            params={"column": "t", "delimiter": ";", "output": "counts", "max_columns": 1, "unseen_pieces": "other"},
            before={"t": ["a;a;b", "a;c;c", None]},
            after={"t_a": [2, 1, None], "t_other": [1, 2, None]},
        ),
    )

    column: TextColumn
    """Column of text to split."""
    delimiter: str = Field(",", min_length=1)
    """What stands between pieces; blanks around them are taken off, and empty pieces left out."""
    output: Literal["flags", "counts"] = "flags"
    """Give 1 where the text has the piece and 0 elsewhere, or the number of times it does."""
    max_columns: int = Field(100, ge=1, le=5_000)
    """Make columns of at most so many pieces, the most frequent."""
    unseen_pieces: Literal["ignore", "other"] = "ignore"
    """Pieces without a column are in none, or in one together, other."""
    keep_input: bool = False
    """Keep the text too."""

    def _pieces(self) -> pl.Expr:
        pieces = pl.col(self.column).cast(pl.String).str.split(self.delimiter)
        return pieces.list.eval(pl.element().str.strip_chars()).list.filter(pl.element() != "")

    def fit(self, ask: Ask) -> ColumnsOfValues:
        (counts,) = ask(ValueCounts(self._pieces(), self.max_columns, explode=True))
        taken = [name for name in ask.schemas[0] if name != self.column or self.keep_input]
        wanted = sorted(counts)
        names = free_names([category_name(self.column, each) for each in wanted], taken)
        other = free_names([f"{self.column}_other"], [*taken, *names])[0] if self.unseen_pieces == "other" else None
        return ColumnsOfValues(names=dict(zip(wanted, names, strict=True)), missing=other)

    def exprs(self, learned: ColumnsOfValues) -> Iterator[pl.Expr]:
        pieces = self._pieces()
        numbers = {name: pieces.list.count_matches(piece).cast(pl.Int64) for piece, name in learned.names.items()}
        if learned.missing is not None:
            others = pieces.list.eval(~pl.element().is_in(list(learned.names))).list.sum().cast(pl.Int64)
            numbers[learned.missing] = others if learned.names else pieces.list.len().cast(pl.Int64)
        for name, number in numbers.items():
            yield (number if self.output == "counts" else number.clip(0, 1)).alias(name)

    def apply(self, rows: pl.LazyFrame, learned: ColumnsOfValues) -> pl.LazyFrame:
        made = rows.with_columns(self.exprs(learned))
        return made if self.keep_input else made.drop(self.column)


TRANSFORMS: tuple[type[Transform], ...] = (TransposeTable, SplitToFlags)
