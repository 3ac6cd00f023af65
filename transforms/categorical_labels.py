"""Several categories at once: lists of labels as flags, flags as labels, and columns crossed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import Field

from transforms.core.categories import CATEGORY, category, category_name, free_names, in_value_order
from transforms.core.columns import ColumnField, ColumnsField, taken
from transforms.core.columns import column as exactly
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.statistics import Ask, ValueCounts
from transforms.core.transform import Example, Failure, FittedTransform, Learned, RowTransform, Transform

LabelColumn = Annotated[str, ColumnField(("text", "nested"))]
FlagColumns = Annotated[tuple[str, ...], ColumnsField(("boolean", "numeric"))]
CrossedColumns = Annotated[tuple[str, ...], ColumnsField(CATEGORY, at_least=2)]


class Labels(Learned):
    """The labels that have a column, in order, and their columns."""

    names: dict[str, str]
    other: str | None
    """The column for all other labels, where there is one."""


class MultiLabelBinarize(FittedTransform):
    """Make one column of 0 and 1 for each label in a column of lists or of text such as ``red, blue``."""

    id = "multi_label_binarize"
    title = "Multi-label binarize"
    terms = ("multi-hot", "MultiLabelBinarizer", "tags to columns", "get_dummies sep", "split into flags")
    columns_from_data = True
    missing = "Missing values get 0 or null everywhere, as chosen; an empty list, blank text and blank labels give 0."
    unseen = "New labels get no column: they count in the column other, where there is one, or nowhere."
    examples = (
        Example(
            params={"column": "tags"},
            before={"id": [1, 2, 3, 4], "tags": ["red, blue", "red", "", None]},
            after={"id": [1, 2, 3, 4], "tags_blue": [1, 0, 0, 0], "tags_red": [1, 1, 0, 0]},
        ),
        Example(
            params={
                "column": "tags",
                "max_labels": 1,
                "handle_unseen": "other",
                "handle_missing": "null",
                "keep_input": True,
            },
            before={"tags": [["b", "a"], ["b"], [], None]},
            after={
                "tags": [["b", "a"], ["b"], [], None],
                "tags_b": [1, 1, 0, None],
                "tags_other": [1, 0, 0, None],
            },
        ),
    )

    column: LabelColumn
    """Column of lists, or of text with labels one after the other."""
    delimiter: str = Field(",", min_length=1)
    """What is between labels in text; white space around labels is taken away."""
    max_labels: int = Field(100, ge=1, le=1_000)
    """Make columns for at most so many labels, those that most rows have (ties in value order)."""
    handle_unseen: Literal["ignore", "other"] = "ignore"
    """Labels without a column count nowhere, or in one column for all of them, ``other``."""
    handle_missing: Literal["zeros", "null"] = "zeros"
    """Missing values get 0 everywhere, or null everywhere."""
    keep_input: bool = False
    """Keep the column of labels too."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        kind = self._kind
        if kind is None or not (kind in (pl.String, pl.Boolean, pl.Date, pl.Null) or kind.is_integer()):
            held = "objects" if kind is None else f"lists of {type_name(kind)} values"
            found = f"{self.column!r} holds {held}, and labels are text, whole numbers, booleans or dates."
            yield Problem(found, "Change its type first, or choose another column.", "column")

    @property
    def _kind(self) -> pl.DataType | None:
        """The type of the labels; none where the column holds neither text nor lists."""
        dtype = self.dtype(self.column)
        if isinstance(dtype, pl.List):
            (inner,) = pl.Schema({"inner": dtype.inner}).dtypes()
            return inner
        return dtype if dtype in (pl.String, pl.Null) else None

    def _labels(self) -> pl.Expr:
        """The different labels of each row; null where there is no value."""
        value = exactly(self.column)
        if not self.dtype(self.column).is_nested():
            value = value.cast(pl.String).str.split(self.delimiter)
        texts = value.cast(pl.List(pl.String)).list.eval(pl.element().str.strip_chars())
        return texts.list.eval(pl.element().filter(pl.element() != "")).list.unique(maintain_order=True)

    def fit(self, ask: Ask) -> Labels:
        (counts,) = ask(ValueCounts(self._labels(), self.max_labels, explode=True))
        kept = in_value_order(counts, self._kind or pl.String())
        wanted = (*(category_name(self.column, each) for each in kept), f"{self.column}_other")
        *names, other = free_names(wanted, ask.schemas[0].names())
        return Labels(names=dict(zip(kept, names, strict=True)), other=other if self.handle_unseen == "other" else None)

    def exprs(self, learned: Labels) -> Iterator[pl.Expr]:
        labels = self._labels()
        flags = {output: labels.list.contains(label) for label, output in learned.names.items()}
        if learned.other is not None:
            known = list(learned.names)
            flags[learned.other] = labels.list.eval(~pl.element().is_in(known)).list.any()
        for output, flag in flags.items():
            found = flag if self.handle_missing == "null" else flag.fill_null(value=False)
            yield found.cast(pl.Int64).alias(output)

    def apply(self, rows: pl.LazyFrame, learned: Labels) -> pl.LazyFrame:
        made = rows.with_columns(self.exprs(learned))
        return made if self.keep_input else made.drop(self.column)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if learned is not None and learned.other is None:
            known = list(learned.names)
            new = self._labels().list.eval(~pl.element().is_in(known)).list.any()
            yield Failure(column=self.column, where=new.fill_null(value=False), what="have labels that count nowhere")


class ReverseOneHot(RowTransform):
    """Make one column of the name of the column that is set, of several columns of 0 and 1."""

    id = "reverse_one_hot"
    title = "Columns to category (reverse one-hot)"
    terms = ("undummify", "from dummies", "idxmax", "inverse one-hot", "flags to label")
    missing = "A row with a missing value (null or NaN) in any of the columns has no category, and stays missing."
    examples = (
        Example(
            params={"columns": ["city_oslo", "city_rome"], "output": "city", "remove_prefix": "city_"},
            before={"city_oslo": [1, 0, 0, None], "city_rome": [0, 1, 0, 1]},
            after={"city": ["oslo", "rome", None, None]},
        ),
        Example(
            params={
                "columns": ["red", "blue"],
                "output": "color",
                "handle_none": "label",
                "handle_many": "join",
                "keep_input": True,
            },
            before={"red": [True, False, None], "blue": [True, False, True]},
            after={"red": [True, False, None], "blue": [True, False, True], "color": ["red, blue", "none", None]},
        ),
    )

    columns: FlagColumns
    """Columns of booleans or numbers; all but false and 0 are set."""
    output: NewColumn
    """Name of the new column."""
    remove_prefix: str = ""
    """What the names of columns begin with, to be left out of the categories."""
    handle_none: Literal["null", "label"] = "null"
    """Rows in which no column is set become missing, or get a name."""
    none_label: str = Field("none", min_length=1)
    """The name, for label."""
    handle_many: Literal["first", "join", "fail"] = "first"
    """Rows in which several columns are set get the first of them, all of them, or stop the run."""
    separator: str = ", "
    """What is put between names, for join."""
    keep_input: bool = False
    """Keep the columns of flags too."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output not in self.columns or self.keep_input:
            yield from taken(self.output, schemas[0])

    def _set(self) -> dict[str, pl.Expr]:
        """Whether each column is set, by its category; null where that is unknown."""
        flags = {}
        for name in self.columns:
            value = self.present(name)
            known = value.cast(pl.Boolean) if self.dtype(name) in (pl.Boolean, pl.Null) else value != 0
            flags[name.removeprefix(self.remove_prefix) or name] = known
        return flags

    def _category(self) -> pl.Expr:
        flags = self._set()
        label = pl.lit(self.none_label if self.handle_none == "label" else None, pl.String)
        if not flags:
            return label
        names = [pl.when(flag).then(pl.lit(name)) for name, flag in flags.items()]
        if self.handle_many == "join":
            joined = pl.concat_str(names, separator=self.separator, ignore_nulls=True)
            found = pl.when(pl.any_horizontal(flags.values())).then(joined).otherwise(label)
        else:
            found = pl.coalesce(*names, label)
        return pl.when(pl.all_horizontal(flag.is_not_null() for flag in flags.values())).then(found)

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        made = rows.with_columns(self._category().alias("__category"))
        if not self.keep_input:
            made = made.drop(self.columns)
        return made.rename({"__category": self.output})

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if self.handle_many == "fail" and self.columns:
            several = pl.sum_horizontal(flag.cast(pl.Int64) for flag in self._set().values()) > 1
            yield Failure(column=self.columns[0], where=several, what="are set with another column", stop=True)


class CrossCategories(RowTransform):
    """Make one column of the combinations of several categories."""

    id = "cross_categories"
    title = "Cross categories"
    terms = ("feature cross", "interaction", "combine categories", "concatenate columns")
    missing = "Missing values (null and NaN) are a part of their own, written null, or make the combination missing."
    examples = (
        Example(
            params={"columns": ["city", "plan"], "output": "city_plan"},
            before={"city": ["Oslo", "Rome", None], "plan": ["pro", None, "basic"]},
            after={
                "city": ["Oslo", "Rome", None],
                "plan": ["pro", None, "basic"],
                "city_plan": ["Oslo_pro", "Rome_null", "null_basic"],
            },
        ),
        Example(
            params={"columns": ["year", "open"], "output": "both", "separator": " / ", "handle_missing": "null"},
            before={"year": [2024, 2025, None], "open": [True, False, True]},
            after={
                "year": [2024, 2025, None],
                "open": [True, False, True],
                "both": ["2024 / true", "2025 / false", None],
            },
        ),
    )

    columns: CrossedColumns
    """Columns to combine, in this order."""
    output: NewColumn
    """Name of the new column."""
    separator: str = "_"
    """What is put between the parts."""
    handle_missing: Literal["category", "null"] = "category"
    """Write missing values as null, or leave the combination missing."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def exprs(self) -> Iterator[pl.Expr]:
        parts = [category(name, self.dtype(name)).cast(pl.String) for name in self.columns]
        if self.handle_missing == "category":
            parts = [each.fill_null("null") for each in parts]
        # A rule may choose no column.
        crossed = pl.concat_str(parts, separator=self.separator) if parts else pl.lit(None, pl.String)
        yield crossed.alias(self.output)


TRANSFORMS: tuple[type[Transform], ...] = (MultiLabelBinarize, ReverseOneHot, CrossCategories)
