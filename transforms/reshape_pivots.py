"""Tables whose columns are values found in the data: cross tabulations, flags, keys, and rows turned into columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import polars as pl
from pydantic import Field

from transforms.core.categories import CategoryColumn, category, category_name, free_names, in_value_order
from transforms.core.columns import AnyKeyColumns, KeyColumn, KeyColumns
from transforms.core.conversion import as_text
from transforms.core.errors import Problem, StepError
from transforms.core.relations import (
    Aggregate,
    Concat,
    Join,
    MapRows,
    Measure,
    Order,
    Relation,
    Sort,
    Window,
    WindowFunction,
)
from transforms.core.rowwise import AddColumns, RefuseRows, SelectColumns, nan_as_null
from transforms.core.statistics import Ask, Missing, ValueCounts
from transforms.core.transform import Example, Failure, Learned, TableTransform, Transform


class ColumnsOfValues(Learned):
    """The columns that stand for the values of a column."""

    names: dict[str, str]
    """New column by value."""
    missing: str | None = None
    """New column for rows without a value, where there is one."""


def readable_names(values: list[str], taken: tuple[str, ...] | list[str]) -> dict[str, str]:
    """Names of the columns that stand for values, legal and free."""
    wanted = (category_name("", each).removeprefix("_") for each in values)
    return dict(zip(values, free_names(wanted, taken), strict=True))


class CrossTab(TableTransform):
    """Count how often values occur together: those of some columns make the rows, those of another the columns."""

    id = "cross_tab"
    title = "Cross tabulation"
    terms = ("contingency table", "crosstab", "two-way table", "frequency table")
    changes_rows = True
    columns_from_data = True
    missing = (
        "Missing row values, NaN among them, are one row; rows without a value to name a column go to the column null."
    )
    unseen = "Values that were not there when the columns were learned are in no column, and are counted."
    examples = (
        Example(
            params={"rows": ["city"], "columns": "size"},
            before={"city": ["Oslo", "Rome", "Oslo", None], "size": ["s", "m", "m", None]},
            after={"city": ["Oslo", "Rome", None], "m": [1, 1, 0], "s": [1, 0, 0], "null": [0, 0, 1]},
        ),
        Example(
            params={"rows": ["city"], "columns": "year", "measure": "row_share", "totals": True},
            before={"city": ["Oslo", "Oslo", None], "year": [2023, 2024, 2024]},
            after={
                "city": ["Oslo", None, "total"],
                "2023": [0.5, 0.0, 1 / 3],
                "2024": [0.5, 1.0, 2 / 3],
                "total": [1.0, 1.0, 1.0],
            },
        ),
    )

    rows: KeyColumns
    """Columns that make the rows: one row for each combination of their values, in value order."""
    columns: CategoryColumn
    """Column whose values become columns."""
    measure: Literal["count", "row_share", "column_share", "total_share"] = "count"
    """What to show: numbers of rows, or their share of the row, of the column, or of all."""
    totals: bool = False
    """Add a column and a last row of totals; the columns that make the rows become text, for the word total."""
    max_columns: int = Field(500, ge=1, le=5_000)
    """Refuse to make more columns than this."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.columns in self.rows:
            yield Problem(f"{self.columns!r} makes the columns, so it cannot make the rows too.", "", "rows")

    def fit(self, ask: Ask) -> ColumnsOfValues:
        dtype = self.dtype(self.columns)
        text = category(self.columns, dtype)
        counts, missing = ask(ValueCounts(text, self.max_columns + 1), Missing(text))
        if len(counts) + bool(missing) > self.max_columns:
            raise StepError(
                f"Column {self.columns!r} has more than {self.max_columns:,} different values, which is as many "
                "columns as are allowed. Group rare values first, or allow more."
            )
        taken = [*self.rows, *(["total"] if self.totals else [])]
        names = readable_names(in_value_order(counts, dtype), taken)
        null = free_names(["null"], [*taken, *names.values()])[0] if missing else None
        return ColumnsOfValues(names=names, missing=null)

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        schema = self._schemas[0]
        text = category(self.columns, self.dtype(self.columns))
        cells = {name: text == value for value, name in learned.names.items()}
        if learned.missing is not None:
            cells[learned.missing] = text.is_null()
        ones = (where.fill_null(False).cast(pl.Int64).alias(name) for name, where in cells.items())
        marked = MapRows(nan_as_null(tables[0], self.rows, schema), SelectColumns((*map(pl.col, self.rows), *ones)))
        counts: Relation = Aggregate(marked, self.rows, tuple(Measure("sum", name, name) for name in cells))
        names = list(cells)
        all_rows = self._with_totals(counts, names) if self.totals else counts
        if self.measure != "count":
            all_rows = self._shares(all_rows, counts, names)
        shown = (*self.rows, *names, *(["total"] if self.totals else []))
        last = (Order("__total"),) if self.totals else ()
        return MapRows(Sort(all_rows, (*last, *map(Order, self.rows))), SelectColumns(tuple(map(pl.col, shown))))

    def _with_totals(self, counts: Relation, names: list[str]) -> Relation:
        texts = [as_text(pl.col(name), self.dtype(name)).cast(pl.String).alias(name) for name in self.rows]
        rows = MapRows(counts, AddColumns((*texts, pl.lit(0, pl.Int64).alias("__total"))))
        sums = Aggregate(counts, (), tuple(Measure("sum", name, name) for name in names))
        label = [pl.lit("total" if i == 0 else None, pl.String).alias(name) for i, name in enumerate(self.rows)]
        zero = [pl.col(name).fill_null(0) for name in names]
        row = MapRows(sums, SelectColumns((*label, *zero, pl.lit(1, pl.Int64).alias("__total"))))
        return MapRows(Concat((rows, row)), AddColumns((_across(names).alias("total"),)))

    def _shares(self, rows: Relation, counts: Relation, names: list[str]) -> Relation:
        shown = [*names, *(["total"] if self.totals else [])]
        if self.measure == "row_share":
            whole = dict.fromkeys(shown, _across(names))
        else:
            places = [f"__sum_{i}" for i in range(len(names))]
            pairs = zip(places, names, strict=True)
            sums = Aggregate(counts, (), tuple(Measure("sum", name, place) for place, name in pairs))
            rows = Join(rows, sums, (), (), "cross")
            whole = dict.fromkeys(shown, _across(places))
            if self.measure == "column_share":
                whole |= {name: pl.col(place) for place, name in zip(places, names, strict=True)}
        shares = (pl.when(of != 0).then(pl.col(name) / of).alias(name) for name, of in whole.items())
        return MapRows(rows, AddColumns(tuple(shares)))

    def failures(self, learned: ColumnsOfValues | None = None) -> Iterator[Failure]:
        if learned is not None:
            text = category(self.columns, self.dtype(self.columns))
            what = "are in no column, since their values were not there when the columns were learned"
            yield Failure(column=self.columns, where=without_column(text, learned), what=what)


def _across(names: list[str]) -> pl.Expr:
    """The sum of columns of counts; of none, a column of zeros all the same."""
    return pl.sum_horizontal([pl.lit(0, pl.Int64), *map(pl.col, names)])


def without_column(text: pl.Expr, learned: ColumnsOfValues) -> pl.Expr:
    """Whether a value, or that there is none, has no column."""
    known = text.is_in(pl.lit(pl.Series(list(learned.names), dtype=pl.String).implode()))
    return text.is_null() | ~known if learned.missing is None else text.is_not_null() & ~known


class KeyValueToColumns(TableTransform):
    """Make a column of each key, and one row of each group of rows that hold a key and a value."""

    id = "key_value_to_columns"
    title = "Key/value rows to columns"
    terms = ("entity attribute value", "eav", "spread", "properties to columns", "settings", "long to wide")
    changes_rows = True
    columns_from_data = True
    missing = (
        "Missing group keys, NaN among them, are one group; rows without a key are left out and counted; what a group "
        "has no value of is missing."
    )
    unseen = "Keys that were not there when the columns were learned are left out and counted, or stop the run."
    examples = (
        Example(
            params={"key": "what", "value": "value", "by": ["id"]},
            before={
                "id": [1, 1, 2, 2],
                "what": ["name", "Zip code", "name", None],
                "value": ["Zoë", "15", None, "x"],
            },
            after={"id": [1, 2], "zip_code": ["15", None], "name": ["Zoë", None]},
        ),
    )

    key: CategoryColumn
    """Column of keys."""
    value: KeyColumn
    """Column of their values."""
    by: AnyKeyColumns = ()
    """Columns that make the rows; the whole table is one row without any."""
    unknown: Literal["ignore", "fail"] = "ignore"
    """Leave out keys that had no column when the step was fitted, and count them, or stop the run."""
    max_columns: int = Field(500, ge=1, le=5_000)
    """Refuse to make more columns than this."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        both = [name for name in (self.key, self.value) if name in self.by]
        if both or self.key == self.value:
            found = f"Column {(both or [self.key])[0]!r} can be only one of key, value and what makes the rows."
            yield Problem(found, "Choose different columns.", "by" if both else "value")

    def fit(self, ask: Ask) -> ColumnsOfValues:
        dtype = self.dtype(self.key)
        (counts,) = ask(ValueCounts(category(self.key, dtype), self.max_columns + 1))
        if len(counts) > self.max_columns:
            raise StepError(
                f"Column {self.key!r} has more than {self.max_columns:,} different keys, which is as many columns as "
                "are allowed. Filter keys first, or allow more."
            )
        return ColumnsOfValues(names=readable_names(in_value_order(counts, dtype), self.by))

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        text = category(self.key, self.dtype(self.key)).alias("__key")
        rows = MapRows(nan_as_null(tables[0], self.by, self._schemas[0]), AddColumns((text, pl.lit(1).alias("__one"))))
        counted = Window(rows, (*self.by, "__key"), (), (WindowFunction("group", "__rows", "__one", "count"),))
        refused = RefuseRows(
            (pl.col("__rows") > 1) & pl.col("__key").is_not_null(),
            f"The key {{}} in column {self.key!r} has several rows{' in a group' if self.by else ''}, so its value is "
            "not clear. Remove duplicates first, add a column to what makes the rows, or pivot, which aggregates.",
            pl.col("__key"),
        )
        value = self.present(self.value)
        cells = (
            pl.when(pl.col("__key") == key).then(value).alias(name) for key, name in learned.names.items()
        )  # fmt: skip
        spread = MapRows(MapRows(counted, refused), SelectColumns((*map(pl.col, self.by), *cells)))
        return Aggregate(spread, self.by, tuple(Measure("max", name, name) for name in learned.names.values()))

    def failures(self, learned: ColumnsOfValues | None = None) -> Iterator[Failure]:
        if learned is not None:
            text = category(self.key, self.dtype(self.key))
            yield Failure(column=self.key, where=text.is_null(), what="were left out with their rows: no key is given")
            what = "are in no column, since these keys were not there when the columns were learned"
            yield Failure(
                column=self.key,
                where=text.is_not_null() & without_column(text, learned),
                what=what,
                stop=self.unknown == "fail",
            )


TRANSFORMS: tuple[type[Transform], ...] = (CrossTab, KeyValueToColumns)
