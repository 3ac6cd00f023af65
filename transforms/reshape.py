"""Long tables made wide and wide ones long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.aggregate import function_problem
from transforms.core.categories import CategoryColumn, category, category_name, free_names, in_value_order
from transforms.core.columns import AnyColumns, Columns, ColumnsField, KeyColumns, TextColumn
from transforms.core.dtypes import common_type_of, type_name
from transforms.core.errors import Problem, StepError
from transforms.core.params import NewColumn, valid_regex
from transforms.core.relations import Aggregate, MapRows, Measure, Relation
from transforms.core.statistics import Ask, Missing, ValueCounts
from transforms.core.transform import Example, Failure, Learned, RowTransform, TableTransform, Transform

ListColumns = Annotated[tuple[str, ...], ColumnsField(("nested",))]


class PivotColumns(Learned):
    """The values that became columns."""

    categories: list[str]
    """In the order of the columns."""
    missing: bool
    """Whether there is a column for rows where the value is missing."""


class PivotWide(TableTransform):
    """Make a column of each value of a column, and one row of each group of rows."""

    id = "pivot_wide"
    title = "Pivot (long to wide)"
    terms = ("spread", "long to wide", "pivot table", "cross tab", "rows to columns")
    changes_rows = True
    columns_from_data = True
    missing = (
        "Missing group keys, NaN among them, are one group; rows without a value to name a column go to the column "
        "null; missing values are left out."
    )
    unseen = "Values that were not there when the columns were learned are in no column; they are counted, or refused."
    examples = (
        Example(
            params={"index": ["city"], "names_from": "year", "values": ["sales"]},
            before={
                "city": ["Oslo", "Oslo", None, "Oslo", "Oslo"],
                "year": [2023, 2024, 2023, 2024, None],
                "sales": [1, 2, 3, 4, 5],
            },
            after={"city": ["Oslo", None], "2023": [1, 3], "2024": [6, None], "null": [5, None]},
        ),
        Example(
            params={"index": ["id"], "names_from": "key", "values": ["a", "b"], "aggregate": "max"},
            before={"id": [1, 1, 2], "key": ["New York", "é", "é"], "a": ["x", "y", "z"], "b": [1.5, None, 0.5]},
            after={
                "id": [1, 2],
                "a_new_york": ["x", None],
                "a_é": ["y", "z"],
                "b_new_york": [1.5, None],
                "b_é": [None, 0.5],
            },
        ),
    )

    index: KeyColumns
    """Columns that make the rows: one row for each combination of their values."""
    names_from: CategoryColumn
    """Column whose values become columns."""
    values: Columns
    """Columns whose values fill the new columns."""
    aggregate: Literal[
        "sum", "mean", "median", "min", "max", "count", "count_distinct", "std", "mode", "any", "all"
    ] = "sum"
    """What to compute where several rows fall together; minimum and maximum take text and dates too."""
    max_columns: int = Field(500, ge=1, le=5_000)
    """Refuse to make more columns than this."""
    unknown: Literal["ignore", "fail"] = "ignore"
    """Leave out rows whose value had no column when the step was fitted, and count them, or stop the run."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.values:
            problem = function_problem(self.aggregate, name, self.dtype(name), "aggregate")
            if problem:
                yield problem
        if self.names_from in self.index:
            yield Problem(f"{self.names_from!r} makes the columns, so it cannot make the rows too.", "", "index")

    def fit(self, ask: Ask) -> PivotColumns:
        dtype = self.dtype(self.names_from)
        text = category(self.names_from, dtype)
        most = self.max_columns // max(len(self.values), 1)
        counts, missing = ask(ValueCounts(text, most + 1), Missing(text))
        columns = (len(counts) + bool(missing)) * len(self.values)
        if columns > self.max_columns:
            raise StepError(
                f"Column {self.names_from!r} has so many different values that {columns:,} columns or more would be "
                f"made; {self.max_columns:,} are allowed. Group rare values first, or allow more."
            )
        return PivotColumns(categories=in_value_order(counts, dtype), missing=bool(missing))

    def cells(self, learned: PivotColumns) -> dict[str, tuple[str, str | None]]:
        """For each new column, the column that fills it and the category it is about (``None`` is missing)."""
        categories = [*learned.categories, *([None] if learned.missing else [])]
        pairs = [(value, each) for value in self.values for each in categories]
        prefixed = [category_name(value, "null" if each is None else each) for value, each in pairs]
        if len(self.values) == 1:
            prefixed = [name.removeprefix(f"{self.values[0]}_") for name in prefixed]
        return dict(zip(free_names(prefixed, self.index), pairs, strict=True))

    def apply(self, rows: pl.LazyFrame, learned: PivotColumns) -> pl.LazyFrame:
        """Each row with its values in the columns of its category, and null in the others."""
        text = category(self.names_from, self.dtype(self.names_from))
        cells = [
            pl.when(text.is_null() if each is None else text == each).then(pl.col(value)).alias(name)
            for name, (value, each) in self.cells(learned).items()
        ]
        return rows.select(*(self.present(name) for name in self.index), *cells)

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        measures = tuple(Measure(self.aggregate, name, name) for name in self.cells(learned))
        return Aggregate(MapRows(tables[0], self, learned), self.index, measures)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if learned is None:
            return
        text = category(self.names_from, self.dtype(self.names_from))
        known = text.is_in(pl.lit(pl.Series(learned.categories, dtype=pl.String).implode()))
        yield Failure(
            column=self.names_from,
            where=text.is_not_null() & ~known if learned.missing else text.is_null() | ~known,
            what="are in no column, since their values were not there when the columns were learned",
            stop=self.unknown == "fail",
        )


class UnpivotLong(RowTransform):
    """Turn columns into rows: one row for each of them, with its name and its value."""

    id = "unpivot_long"
    title = "Unpivot (wide to long)"
    terms = ("melt", "gather", "wide to long", "columns to rows", "stack")
    changes_rows = True
    missing = "Missing values make rows too, unless they are dropped; NaN counts as missing."
    examples = (
        Example(
            params={"columns": ["2023", "2024"], "name_to": "year", "value_to": "sales"},
            before={"city": ["Oslo", None], "2023": [1, 2], "2024": [2.5, None]},
            after={
                "city": ["Oslo", "Oslo", None, None],
                "year": ["2023", "2024", "2023", "2024"],
                "sales": [1.0, 2.5, 2.0, None],
            },
        ),
        Example(
            params={"columns": ["a", "b"], "index": ["id"], "types": "text", "drop_missing": True},
            before={"id": [1, 2], "a": [1.5, None], "b": ["x", "y"], "other": [True, False]},
            after={"id": [1, 1, 2], "variable": ["a", "b", "b"], "value": ["1.5", "x", "y"]},
        ),
    )

    columns: Columns
    """Columns to turn into rows."""
    index: AnyColumns | None = None
    """Columns to repeat in each row; all others when empty."""
    name_to: NewColumn = "variable"
    """Name of the new column that holds the names."""
    value_to: NewColumn = "value"
    """Name of the new column that holds the values."""
    types: Literal["common", "text"] = "common"
    """Columns of types that do not go together, numbers and text: refuse them, or turn all into text."""
    drop_missing: bool = False
    """Leave out rows without a value."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if not self.columns:
            yield Problem("There is no column to turn into rows.", "Choose at least one.", "columns")
        both = [name for name in self.kept if name in self.columns]
        if both:
            yield Problem(f"Column {both[0]!r} cannot be both turned into rows and repeated.", "", "index")
        for field, name in (("name_to", self.name_to), ("value_to", self.value_to)):
            if name in self.kept or self.name_to == self.value_to:
                yield Problem(f"Two columns of the result would be named {name!r}.", "Choose another name.", field)
        if self.columns and self.value_type is None:
            held = " and ".join(dict.fromkeys(type_name(self.dtype(name)) for name in self.columns))
            nested = any(self.dtype(name).is_nested() for name in self.columns)
            advice = "Change types first." if nested else "Change types first, or turn all into text."
            yield Problem(f"The columns hold {held} values, which do not go together.", advice, "types")

    @property
    def kept(self) -> tuple[str, ...]:
        """Columns that are repeated."""
        if self.index is not None:
            return self.index
        return tuple(name for name in self._schemas[0] if name not in self.columns)

    @property
    def value_type(self) -> pl.DataType | None:
        """The type of the values; ``None`` when there is none that holds them all."""
        dtypes = [self.dtype(name) for name in self.columns]
        common = common_type_of(dtypes)
        if common is None and self.types == "text" and not any(each.is_nested() for each in dtypes):
            return pl.String()
        return common

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        dtype = self.value_type or pl.Null()
        # Not polars' own unpivot: it puts rows in an order that depends on how the table is cut into pieces.
        cells = [
            pl.struct(pl.lit(name).alias(self.name_to), pl.col(name).cast(dtype).alias(self.value_to))
            for name in self.columns
        ]
        long = (
            rows.select(*self.kept, pl.concat_list(cells).alias("__cells"))
            .explode("__cells", empty_as_null=True, keep_nulls=True)
            .unnest("__cells")
        )
        if not self.drop_missing:
            return long
        value = pl.col(self.value_to)
        present = value.is_not_null()
        return long.filter(present & value.is_not_nan() if dtype.is_float() else present)


class ExplodeList(RowTransform):
    """Make a row of each item of a list; other columns are repeated."""

    id = "explode_list"
    title = "List to rows"
    terms = ("unnest array", "flatten list", "explode", "array to rows")
    changes_rows = True
    missing = "A row whose lists are missing or empty stays, as one row with a missing item, or is left out."
    examples = (
        Example(
            params={"columns": ["tags"], "position": "nr"},
            before={"id": [1, 2, 3, 4], "tags": [["a", "b"], None, [], [None]]},
            after={"id": [1, 1, 2, 3, 4], "tags": ["a", "b", None, None, None], "nr": [1, 2, 1, 1, 1]},
        ),
        Example(
            params={"columns": ["a", "b"], "keep_empty": False},
            before={"a": [[1, 2], [], None], "b": [["x"], [], ["y", "z"]]},
            after={"a": [1, 2, None, None], "b": ["x", None, "y", "z"]},
        ),
    )

    columns: ListColumns
    """Columns of lists; several are taken apart together, the shorter ones filled up with missing items."""
    keep_empty: bool = True
    """Keep a row for an empty or missing list, so that no row is lost."""
    position: NewColumn | None = None
    """Name of a new column with the place of the item in its list, from 1; none when empty."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns:
            if not isinstance(self.dtype(name), pl.List | pl.Null):
                found = f"Column {name!r} holds {type_name(self.dtype(name))} values, not lists."
                yield Problem(found, "Flatten structures, or choose another column.", "columns")
        if self.position is not None and self.position in schemas[0]:
            yield Problem(f"There is a column {self.position!r} already.", "Choose another name.", "position")

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        lists = [name for name in self.columns if self.dtype(name) != pl.Null]
        lengths = [pl.col(name).list.len().cast(pl.Int64).fill_null(0) for name in lists]
        longest = pl.max_horizontal(*lengths, pl.lit(0, pl.Int64))
        if not self.keep_empty:
            rows = rows.filter(longest > 0)
        places = pl.int_ranges(0, pl.max_horizontal(longest, pl.lit(1, pl.Int64)), dtype=pl.Int64)
        numbered = [] if self.position is None else [(places.list.eval(pl.element() + 1)).alias(self.position)]
        filled = [
            pl.col(name).fill_null(pl.lit([], dtype=self.dtype(name))).list.gather(places, null_on_oob=True)
            for name in lists
        ]
        if not lists:
            return rows.with_columns(pl.lit(1, pl.Int64).alias(self.position)) if self.position else rows
        together = [*lists, *([self.position] if self.position else [])]
        return rows.with_columns(*filled, *numbered).explode(together, empty_as_null=True, keep_nulls=True)


class SplitToRows(RowTransform):
    """Split text at a delimiter and make a row of each piece; other columns are repeated."""

    id = "split_to_rows"
    title = "Split text to rows"
    terms = ("text to rows", "separate rows", "explode text", "comma separated")
    changes_rows = True
    missing = "A row without text, or without any piece, stays, with a missing piece."
    examples = (
        Example(
            params={"column": "tags"},
            before={"id": [1, 2, 3, 4], "tags": ["a, b,,c", None, " , ", "x"]},
            after={"id": [1, 1, 1, 2, 3, 4], "tags": ["a", "b", "c", None, None, "x"]},
        ),
        Example(
            params={"column": "t", "delimiter": r"\s*[;/]\s*", "regex": True, "drop_blank": False},
            before={"t": ["a ; b/", None]},
            after={"t": ["a", "b", "", None]},
        ),
    )

    column: TextColumn
    """Column of text to split."""
    delimiter: str = Field(",", min_length=1)
    """What stands between pieces."""
    regex: bool = False
    """The delimiter is a regular expression."""
    trim: bool = True
    """Take blanks off both ends of each piece."""
    drop_blank: bool = True
    """Leave empty pieces out."""

    @model_validator(mode="after")
    def _pattern_compiles(self) -> Self:
        if self.regex:
            valid_regex(self.delimiter)
        return self

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        pieces = pl.col(self.column).cast(pl.String).str.split(self.delimiter, literal=not self.regex)
        if self.trim:
            pieces = pieces.list.eval(pl.element().str.strip_chars())
        if self.drop_blank:
            pieces = pieces.list.filter(pl.element() != "")
        return rows.with_columns(pieces).explode(self.column, empty_as_null=True, keep_nulls=True)


TRANSFORMS: tuple[type[Transform], ...] = (PivotWide, UnpivotLong, ExplodeList, SplitToRows)
