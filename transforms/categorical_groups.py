"""Fewer, other or better names for categories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.categories import CategoryColumns, category
from transforms.core.conditions import typed
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem
from transforms.core.params import Scalar, Share
from transforms.core.statistics import Ask, CountWhere, ValueCounts
from transforms.core.transform import Example, Failure, FittedTransform, Learned, RowTransform, Transform

KEPT = 10_000
"""The most categories of one column that are kept."""


class KeptCategories(Learned):
    """Categories that are not rare, the most frequent first, by column."""

    kept: dict[str, list[str]]


class GroupRareCategories(FittedTransform):
    """Replace rare categories by one name for all of them."""

    id = "group_rare_categories"
    title = "Group rare categories"
    terms = ("replace rare", "other category", "lump", "reduce cardinality", "replace rare values")
    missing = "Missing values (null and NaN) stay missing and do not count; empty text is a category."
    unseen = "New categories are rare."
    examples = (
        Example(
            params={"columns": ["city"], "min_share": 0.3},
            before={"city": ["Oslo", "Oslo", "Rome", "Pécs", None]},
            after={"city": ["Oslo", "Oslo", "Other", "Other", None]},
        ),
        Example(
            params={"columns": ["zone"], "min_share": 0, "max_categories": 1, "name": "rest", "suffix": "_group"},
            before={"zone": [1, 2, 2, 3, None]},
            after={"zone": [1, 2, 2, 3, None], "zone_group": ["rest", "2", "2", "rest", None]},
        ),
    )

    columns: CategoryColumns
    """Columns to change; the result is text."""
    min_share: Share = 0.01
    """A category is rare when it holds less than this share of the values present."""
    min_count: int | None = Field(None, ge=1)
    """A category is rare, too, when it occurs fewer times."""
    max_categories: int | None = Field(None, ge=1, le=KEPT)
    """All but the most frequent are rare, too (ties in value order); left empty, 10,000 are kept."""
    name: str = Field("Other", min_length=1)
    """What rare categories become."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    def fit(self, ask: Ask) -> KeptCategories:
        found = ask(
            *(ValueCounts(category(name, self.dtype(name)), self.max_categories or KEPT) for name in self.columns),
            *(CountWhere(self.present(name).is_not_null()) for name in self.columns),
        )
        pairs = zip(found, found[len(self.columns) :], strict=False)
        kept = [[each for each in counts if self._is_frequent(counts[each], rows)] for counts, rows in pairs]
        return KeptCategories(kept=dict(zip(self.columns, kept, strict=True)))

    def _is_frequent(self, count: int, rows: int) -> bool:
        return count / rows >= self.min_share and count >= (self.min_count or 0)

    def exprs(self, learned: KeptCategories) -> Iterator[pl.Expr]:
        for name in self.columns:
            value = category(name, self.dtype(name))
            grouped = pl.when(value.is_in(learned.kept[name])).then(value).otherwise(pl.lit(self.name))
            yield pl.when(value.is_not_null()).then(grouped).alias(f"{name}{self.suffix}")


class MergeCategories(RowTransform):
    """Merge chosen categories under new names."""

    id = "merge_categories"
    title = "Merge categories"
    terms = ("group categories", "combine levels", "collapse categories", "recode")
    missing = "Missing values stay missing."
    examples = (
        Example(
            params={
                "columns": ["country"],
                "groups": {"Nordic": ["Norway", "Sweden"], "Côte": ["Ivory Coast"]},
                "rest": "other",
            },
            before={"country": ["Norway", "Ivory Coast", "Peru", None]},
            after={"country": ["Nordic", "Côte", "Other", None]},
        ),
        Example(
            params={"columns": ["grade"], "groups": {"low": ["1", "2"]}, "suffix": "_group"},
            before={"grade": [1, 2, 3, None]},
            after={"grade": [1, 2, 3, None], "grade_group": ["low", "low", "3", None]},
        ),
    )

    columns: CategoryColumns
    """Columns to change; the result is text."""
    groups: dict[str, tuple[str, ...]] = Field(min_length=1)
    """Categories to merge, by new name."""
    rest: Literal["keep", "other", "null"] = "keep"
    """All other categories stay, become ``other_name``, or become missing."""
    other_name: str = Field("Other", min_length=1)
    """What all other categories become, if they do not stay."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    @model_validator(mode="after")
    def _each_category_once(self) -> Self:
        members = [each for group in self.groups.values() for each in group]
        twice = sorted({each for each in members if members.count(each) > 1})
        if twice:
            raise ValueError(f"{', '.join(map(repr, twice))} is in more than one group. Keep it in one of them.")
        return self

    @property
    def _new_names(self) -> dict[str, str]:
        return {each: name for name, group in self.groups.items() for each in group}

    def exprs(self) -> Iterator[pl.Expr]:
        names = self._new_names
        for name in self.columns:
            value = category(name, self.dtype(name))
            rest = {"keep": value, "other": pl.lit(self.other_name), "null": pl.lit(None, pl.String)}[self.rest]
            merged = value.replace_strict(list(names), list(names.values()), default=rest, return_dtype=pl.String)
            yield pl.when(value.is_not_null()).then(merged).alias(f"{name}{self.suffix}")

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if self.rest == "null":
            for name in self.columns:
                value = category(name, self.dtype(name))
                lost = value.is_not_null() & ~value.is_in(list(self._new_names))
                yield Failure(column=name, where=lost, what="became missing: they are in no group")


class MapValues(RowTransform):
    """Replace values by others, as a table of old and new values says."""

    id = "map_values"
    title = "Map values"
    terms = ("recode", "replace values", "find and replace values", "lookup")
    missing = "Missing values (null and NaN) stay missing."
    examples = (
        Example(
            params={"columns": ["answer"], "mapping": {"Y": True, "N": False}, "default": "null", "ignore_case": True},
            before={"answer": ["y", "N", "?", None]},
            after={"answer": [True, False, None, None]},
        ),
        Example(
            params={"columns": ["score"], "mapping": {"99": None, "2": 2.5}},
            before={"score": [99, 1, 2, None]},
            after={"score": [None, 1.0, 2.5, None]},
        ),
        Example(
            params={"columns": ["ok"], "mapping": {"true": "ja"}, "default": "value", "default_value": "nein"},
            before={"ok": [True, False, None]},
            after={"ok": ["ja", "nein", None]},
        ),
    )

    columns: CategoryColumns
    """Columns to change."""
    mapping: dict[str, Scalar | None] = Field(min_length=1)
    """New value by old value; an empty new value makes missing values.

    Old dates are written as ISO text, booleans as true and false."""
    default: Literal["keep", "null", "value", "fail"] = "keep"
    """Values that are not in the mapping stay, become missing, become ``default_value``, or stop the run."""
    default_value: Scalar | None = None
    """What values that are not in the mapping become, if they become a value."""
    ignore_case: bool = False
    """Take capitals and small letters of old values as equal."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    @model_validator(mode="after")
    def _settings_agree(self) -> Self:
        if self.default == "value" and self.default_value is None:
            raise ValueError("The default is a value, but no value is given: fill in 'default_value'.")
        if self.ignore_case:
            lower = [each.lower() for each in self.mapping]
            twice = sorted({each for each in lower if lower.count(each) > 1})
            if twice:
                found = ", ".join(map(repr, twice))
                raise ValueError(f"{found} is in the mapping more than once, as capitals are ignored. Keep one.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns:
            dtype, seen = self.dtype(name), dict[Any, str]()
            for old in self.mapping:
                value = old_value(old, dtype)
                if value is None:
                    yield Problem(
                        f"{old!r} is not a {type_name(dtype)}, which is what {name!r} holds.",
                        "Write old values in the column's type, or leave the column out.",
                        "mapping",
                    )
                elif value in seen:
                    yield Problem(
                        f"{seen[value]!r} and {old!r} are the same {type_name(dtype)} in {name!r}.",
                        "Keep one of them.",
                        "mapping",
                    )
                seen[value] = old

    def exprs(self) -> Iterator[pl.Expr]:
        for name in self.columns:
            dtype, result = self.dtype(name), self._result(name)
            if dtype == pl.Null:
                yield pl.lit(None, result).alias(f"{name}{self.suffix}")
                continue
            old, value = self._old(name)
            new = [new_value(each, result) for each in self.mapping.values()]
            mapped = value.replace_strict(
                pl.Series(old, dtype=dtype),
                pl.Series(new, dtype=result),
                default=self._default(name, result),
                return_dtype=result,
            )
            yield pl.when(value.is_not_null()).then(mapped).alias(f"{name}{self.suffix}")

    def _old(self, name: str) -> tuple[list[Any], pl.Expr]:
        """The old values in the column's type, and the column to compare with them."""
        dtype, value = self.dtype(name), self.present(name)
        if self.ignore_case and dtype == pl.String:
            return [each.lower() for each in self.mapping], value.str.to_lowercase()
        return [old_value(each, dtype) for each in self.mapping], value

    def _default(self, name: str, result: pl.DataType) -> pl.Expr:
        match self.default:
            case "keep" if result == pl.String:
                return category(name, self.dtype(name))
            case "keep":
                return self.present(name).cast(result)
            case "value":
                return pl.lit(new_value(self.default_value, result), result)
            case _:
                return pl.lit(None, result)

    def _result(self, name: str) -> pl.DataType:
        """The narrowest type that holds every new value, and the old ones where they stay."""
        dtype = self.dtype(name)
        chosen = (*self.mapping.values(), self.default_value if self.default == "value" else None)
        new = [each for each in chosen if each is not None]
        if not new or (self.default == "keep" and dtype != pl.Null and self._fit_in(dtype, new)):
            return dtype
        kinds = {type(each) for each in new}
        if kinds <= {int, float} and (self.default != "keep" or dtype.is_numeric()):
            return pl.Int64() if kinds == {int} and not (self.default == "keep" and dtype.is_float()) else pl.Float64()
        return pl.Boolean() if kinds == {bool} and self.default != "keep" else pl.String()

    def _fit_in(self, dtype: pl.DataType, new: list[Scalar]) -> bool:
        if dtype.is_integer():
            return dtype == pl.Int64 and all(type(each) is int for each in new)
        return all(typed(each, dtype) is not None for each in new)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if self.default in ("null", "fail"):
            for name in self.columns:
                old, value = self._old(name)
                lost = value.is_not_null() & ~value.is_in(old)
                stop = self.default == "fail"
                what = "are not in the mapping"
                yield Failure(column=name, where=lost, what=what if stop else f"became missing: they {what}", stop=stop)


def old_value(text: str, dtype: pl.DataType) -> Any:
    """A key of a mapping in a column's type; ``None`` when it is not one."""
    if dtype == pl.Boolean:
        return {"true": True, "false": False}.get(text.lower())
    if dtype.is_numeric():
        try:
            return int(text) if dtype.is_integer() else float(text)
        except ValueError:
            return None
    return typed(text, dtype)


def new_value(value: Scalar | None, dtype: pl.DataType) -> Any:
    """A new value in the type of the result."""
    if value is None:
        return None
    if dtype == pl.String:
        return str(value).lower() if isinstance(value, bool) else str(value)
    return typed(value, dtype)


TRANSFORMS: tuple[type[Transform], ...] = (GroupRareCategories, MergeCategories, MapValues)
