"""What columns mean, beyond the type of their values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, get_args

import polars as pl
from pydantic import Field

from transforms.columns import UNTOUCHED
from transforms.core.columns import ALL, ColumnKeys, Columns
from transforms.core.columns import column as exactly
from transforms.core.conversion import as_text
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem
from transforms.core.params import Share
from transforms.core.relations import Relation
from transforms.core.statistics import Ask
from transforms.core.transform import Example, FittedTransform, Learned, Transform
from transforms.fitted_rows import sampled
from transforms.privacy_personal import is_card, is_iban, personal
from transforms.rows_where import is_of_type

SemanticType = Literal[
    "email", "url", "ip", "uuid", "phone", "iban", "card", "ssn", "name", "address", "postal_code", "country", "city",
    "latitude", "longitude", "id", "boolean", "category", "number", "percent", "year", "date", "datetime", "time",
    "duration", "text", "list", "object", "constant", "empty"
]  # fmt: skip
LOOKED_AT = 5_000
"""So many rows tell what a column means."""
MOST_CATEGORIES = 50
PROSE = 4.0
"""Text of more words on average is prose."""

Written = Literal["email", "url", "ip", "uuid", "datetime", "date", "time"]
WRITTEN: tuple[Written, ...] = get_args(Written)
"""What text can be told to be by how it is written, the surer first."""
CHECKED: dict[SemanticType, Callable[[str], bool]] = {
    "iban": lambda text: is_iban(text.replace(" ", "")),
    "card": lambda text: is_card(re.sub("[ -]", "", text)),
    "ssn": lambda text: [(0, len(text))] == [(each.start, each.end) for each in personal(text, ("ssn",), "US")],
}
"""What has digits that can be checked."""
HEADERS: dict[SemanticType, str] = {
    "latitude": r"(?:^|_)lat(?:itude)?$",
    "longitude": r"(?:^|_)(?:lon|lng|long|longitude)$",
    "year": r"(?:^|_)(?:year|yr)$",
    "percent": r"(?:^|_)(?:percent(?:age)?|pct|perc)(?:_|$)",
    "phone": r"(?:^|_)(?:phone|telephone|mobile|cell|fax|tel)(?:_?(?:no|num|number|nr))?(?:_|$)",
    "postal_code": r"(?:^|_)(?:zip|zip_?code|post(?:al)?_?code|plz)$",
    "country": r"(?:^|_)country(?:_?(?:code|name))?$",
    "city": r"(?:^|_)(?:city|town)(?:_?name)?$",
    "address": r"(?:^|_)(?:street|address|addr)(?:_?(?:line)?_?[0-9])?$",
    "name": r"(?:^|_)(?:(?:first|last|full|given|family|middle|sur)_?name|surname|name)$",
    "id": r"(?:^|_)(?:id|key|uuid|guid|code|number|nr|no)$",
}
"""What columns are called whose values alone do not tell, the surer first."""
NUMERIC: dict[SemanticType, tuple[float, float]] = {
    "latitude": (-90, 90),
    "longitude": (-180, 180),
    "year": (1000, 2999),
    "percent": (-1000, 1000),
}
"""Between what such numbers lie."""
UNIQUE = ("id",)
"""Types whose values all differ."""


class Meanings(Learned):
    """What the columns mean."""

    types: dict[str, str]
    """By column."""
    shares: dict[str, float]
    """The share of the values present that fit, of those that were looked at; 1 where it was decided by hand."""


class TagSemanticType(FittedTransform):
    """Find out what columns mean, such as e-mail address, postal code, category or prose, and note it.

    By the type of the values, how they are written, their check digits, what the column is called and how many
    different values there are, in up to 5,000 rows. The rows stay as they are; what was found is in what the step
    learned.
    """

    id = "tag_semantic_type"
    title = "Tag semantic type"
    terms = ("data role", "meaning", "semantic type", "column kind", "detect types", "metadata")
    missing = UNTOUCHED
    unseen = "The meanings stay the same until the step is fitted again, whatever new values hold."
    examples = (
        Example(
            params={"overrides": {"code": "id"}},
            before={"mail": ["ann@example.org", "bo@example.org", None], "code": ["a", "a", None]},
            after={"mail": ["ann@example.org", "bo@example.org", None], "code": ["a", "a", None]},
        ),
    )

    columns: Columns = ALL
    """Columns to look at."""
    min_share: Share = Field(0.9, gt=0)
    """The least share of the values present that have to fit."""
    overrides: Annotated[dict[str, SemanticType], ColumnKeys()] = {}
    """Decided by hand: what a column means."""

    def fit(self, ask: Ask) -> Meanings:
        types: dict[str, str] = {}
        shares: dict[str, float] = {}
        open_ = [name for name in self.columns if name not in self.overrides]
        rows = sampled(ask, open_, LOOKED_AT, 0) if open_ else pl.DataFrame()
        for name in open_:
            types[name], shares[name] = self._meaning(name, rows[name])
        for name, meaning in self.overrides.items():
            types[name], shares[name] = meaning, 1.0
        return Meanings(types=types, shares=shares)

    def _meaning(self, name: str, values: pl.Series) -> tuple[SemanticType, float]:
        """What a column means, and the share of its values that fit."""
        dtype = self.dtype(name)
        if dtype.is_nested():
            return ("list" if type_name(dtype) == "list" else "object"), 1.0
        text = as_text(exactly(name), dtype).cast(pl.String).str.strip_chars()
        texts = values.to_frame().select(text).to_series().drop_nulls()
        texts = texts.filter(texts != "")
        if not len(texts):
            return "empty", 1.0
        fits = self._written(texts) if dtype == pl.String else None
        fits = fits or self._named(name, dtype, texts)
        return fits or self._shaped(dtype, texts)

    def _written(self, texts: pl.Series) -> tuple[SemanticType, float] | None:
        """By how text is written."""
        table = texts.alias("text").to_frame()
        # A date is read as a moment too, and a moment as a date: the time of day tells.
        flags = table.select(is_of_type(pl.col("text"), each).alias(each) for each in WRITTEN).with_columns(
            pl.col("datetime") & table["text"].str.contains(":")
        )
        shares: dict[SemanticType, float] = {each: _share(flags[each]) for each in WRITTEN}
        for meaning, check in CHECKED.items():
            shares[meaning] = sum(map(check, texts.to_list())) / len(texts)
        return next(((each, round(share, 6)) for each, share in shares.items() if share >= self.min_share), None)

    def _named(self, name: str, dtype: pl.DataType, texts: pl.Series) -> tuple[SemanticType, float] | None:
        """By what the column is called, where the values do not say otherwise."""
        header = re.sub(r"(?<=[a-z])(?=[A-Z])|[^\w]+", "_", name).strip("_").lower()
        for meaning, pattern in HEADERS.items():
            if not re.search(pattern, header) or dtype.is_temporal() or dtype == pl.Boolean:
                continue
            if meaning in NUMERIC:
                low, high = NUMERIC[meaning]
                fits = texts.str.strip_chars("%").cast(pl.Float64, strict=False).is_between(low, high).fill_null(False)
            elif meaning in UNIQUE:
                fits = texts.is_unique()
            elif meaning in ("phone", "postal_code"):
                fits = texts.str.contains(r"[0-9]")
            else:
                fits = texts.str.contains(r"\p{L}")
            share = _share(fits)
            if share >= self.min_share:
                return meaning, round(share, 6)
        return None

    def _shaped(self, dtype: pl.DataType, texts: pl.Series) -> tuple[SemanticType, float]:
        """By the type of the values and how many different ones there are."""
        kind, different = type_name(dtype), texts.n_unique()
        if kind in ("boolean", "date", "datetime", "time", "duration"):
            return next(each for each in get_args(SemanticType) if each == kind), 1.0
        if different == 1 and len(texts) > 1:
            return "constant", 1.0
        if set(texts.unique().str.to_lowercase()) <= {"0", "1", "true", "false", "yes", "no", "y", "n"}:
            return "boolean", 1.0
        if dtype.is_numeric():
            return "number", 1.0
        numbers = _share(texts.cast(pl.Float64, strict=False).is_not_null())
        if numbers >= self.min_share:
            return "number", round(numbers, 6)
        words = int(texts.str.split(" ").list.len().sum())
        repeated = different <= MOST_CATEGORIES and different <= len(texts) / 2
        return ("category" if repeated and words <= PROSE * len(texts) else "text"), 1.0

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.overrides:
            if name not in self.columns:
                found = f"{name!r} is decided by hand, but is none of the columns to look at."
                yield Problem(found, "Add it to them.", "overrides", severity="warning")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        return tables[0]

    def apply(self, rows: pl.LazyFrame, learned: Meanings) -> pl.LazyFrame:
        return rows

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]]:
        return {}

    def touched(self, columns: Iterable[str]) -> frozenset[str]:
        """None of them."""
        return frozenset()


TRANSFORMS: tuple[type[Transform], ...] = (TagSemanticType,)


def _share(flags: pl.Series) -> float:
    """The share that is true."""
    return int(flags.sum()) / len(flags) if len(flags) else 0.0
