"""Names of columns, made clean or taken from another table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

import polars as pl

from transforms.columns import UNTOUCHED, Renaming
from transforms.core.categories import free_names
from transforms.core.columns import ALL, ColumnField, Columns
from transforms.core.columns import column as exactly
from transforms.core.errors import StepError, did_you_mean
from transforms.core.statistics import Ask, PairCounts
from transforms.core.transform import Example, FittedTransform, Learned, Transform
from transforms.text_clean import RemoveAccents

NameCase = Literal["snake", "kebab", "camel", "pascal", "lower", "upper"]
SIGNS = {"%": " percent ", "#": " number ", "'": "", "’": "", '"': ""}
"""Signs that are written out, and those that part no words."""
MOST_NAMES = 100_000
OldName = Annotated[str, ColumnField(("text",), table=1)]
NewName = Annotated[str, ColumnField(("text",), table=1)]


class CleanColumnNames(Renaming):
    """Give columns clean names: one way to write words, no blanks and no signs.

    A percent sign becomes the word percent, and a number sign number; apostrophes go.
    """

    id = "clean_column_names"
    title = "Clean column names"
    terms = ("snake_case headers", "janitor", "normalize header", "fix column names", "camel case")
    examples = (
        Example(
            params={},
            before={"Order ID": [1, None], "customerName": ["Ann", None], "Größe (%)": [0.5, None], "order id": [2, 3]},
            after={
                "order_id": [1, None],
                "customer_name": ["Ann", None],
                "grosse_percent": [0.5, None],
                "order_id_2": [2, 3],
            },
        ),
        Example(
            params={"case": "camel", "columns": ["Ship-to Città", "?"], "strip_accents": False},
            before={"Ship-to Città": ["Oslo", None], "?": [1, None], "Order ID": [1, 2]},
            after={"shipToCittà": ["Oslo", None], "column_2": [1, None], "Order ID": [1, 2]},
        ),
    )

    columns: Columns = ALL
    """Columns to rename."""
    case: NameCase = "snake"
    """How words are written: ``order_id``, ``order-id``, ``orderId``, ``OrderId``; or the name in small letters or
    capitals, ``order_id`` and ``ORDER_ID``, where capitals inside a word begin no new one."""
    strip_accents: bool = True
    """Replace letters with accents by plain ones."""
    dedupe: bool = True
    """Number names that are taken from 2; otherwise they are an error."""

    def names(self) -> dict[str, str]:
        texts = list(cleaned_names(self.columns, self.case, strip_accents=self.strip_accents))
        places = {name: i + 1 for i, name in enumerate(self._schemas[0])}
        wanted = [text or f"column_{places[name]}" for name, text in zip(self.columns, texts, strict=True)]
        if self.dedupe:
            chosen = set(self.columns)
            wanted = free_names(wanted, (name for name in self._schemas[0] if name not in chosen))
        return dict(zip(self.columns, wanted, strict=True))


def cleaned_names(names: Iterable[str], case: NameCase, *, strip_accents: bool) -> Iterator[str]:
    """Names in one way of writing; empty where there is neither a letter nor a digit."""
    text = pl.col("name").str.replace_many(list(SIGNS), list(SIGNS.values()))
    if strip_accents:
        text = RemoveAccents(columns=("name",)).function(text)
    if case not in ("lower", "upper"):
        text = text.str.replace_all(r"([\p{Ll}\p{Nd}])(\p{Lu})", "${1} ${2}")
        # Two small letters, so that the s of IDs does not take the D with it.
        text = text.str.replace_all(r"(\p{Lu})(\p{Lu}\p{Ll}\p{Ll})", "${1} ${2}")
    words = text.str.to_lowercase().str.extract_all(r"[\p{L}\p{M}\p{N}]+").alias("words")
    for each in pl.DataFrame({"name": list(names)}, schema={"name": pl.String}).select(words)["words"].to_list():
        yield _joined(each, case)


def _joined(words: list[str], case: NameCase) -> str:
    match case:
        case "kebab":
            return "-".join(words)
        case "camel":
            return "".join(word if i == 0 else word.capitalize() for i, word in enumerate(words))
        case "pascal":
            return "".join(word.capitalize() for word in words)
        case "upper":
            return "_".join(words).upper()
        case _:
            return "_".join(words)


class NewNames(Learned):
    """What the mapping says about the columns of the table."""

    names: dict[str, str]
    """New names by old name."""


class RenameFromDataset(FittedTransform):
    """Give columns the names that another table of old and new names says."""

    id = "rename_from_dataset"
    title = "Rename columns from a mapping dataset"
    terms = ("data dictionary", "rename from table", "header mapping", "column lookup")
    inputs = ("table", "mapping")
    columns_from_data = True
    missing = f"{UNTOUCHED} Rows of the mapping in which a name is missing say nothing."
    unseen = "Names are those that were learned; the mapping is not read again."
    examples = (
        Example(
            params={"key": "field", "value": "label"},
            before={"q1": ["yes", None], "q2": [3, None], "id": [1, 2]},
            others=({"field": ["q1", "q2", "q9", None], "label": ["owns_home", "rooms", "other", "x"]},),
            after={"owns_home": ["yes", None], "rooms": [3, None], "id": [1, 2]},
        ),
        Example(
            params={"key": "old", "value": "new", "unmatched": "drop"},
            before={"a": [1, None], "b": [2, None], "c": [3, 4]},
            others=({"old": ["b", "a"], "new": ["a", "b"]},),
            after={"b": [1, None], "a": [2, None]},
        ),
    )

    key: OldName
    """Column of the mapping that holds old names."""
    value: NewName
    """Column of the mapping that holds new names."""
    unmatched: Literal["keep", "drop", "error"] = "keep"
    """Columns that are not in the mapping keep their names, are dropped, or stop the run."""

    def fit(self, ask: Ask) -> NewNames:
        key, value = (exactly(each).cast(pl.String) for each in (self.key, self.value))
        (pairs,) = ask(PairCounts(key, value, limit=MOST_NAMES), table=1)
        columns = ask.schemas[0].names()
        names: dict[str, str] = {}
        for old, new in pairs.select("first", "second").rows():
            if names.setdefault(old, new) != new:
                raise StepError(
                    f"The mapping has two new names for {old!r}: {names[old]!r} and {new!r}. Keep one row of them."
                )
        if names:
            self._refuse_unmatched(columns, names)
        found = {name: names[name] for name in columns if name in names}
        self._refuse_equal(columns, found)
        return NewNames(names=found)

    def _refuse_unmatched(self, columns: list[str], names: dict[str, str]) -> None:
        lost = [name for name in columns if name not in names]
        if self.unmatched == "error" and lost:
            hint = did_you_mean(lost[0], names)
            advice = f"{hint} Add it to the mapping, or let such columns keep their names.".strip()
            raise StepError(f"The mapping has no new name for column {lost[0]!r}. {advice}")
        if self.unmatched == "drop" and len(lost) == len(columns) and columns:
            advice = "Choose the column of the mapping that holds the names which the table has."
            raise StepError(
                f"No column of the table is in {self.key!r} of the mapping, so none would be left. {advice}"
            )

    def _refuse_equal(self, columns: list[str], names: dict[str, str]) -> None:
        olds: dict[str, str] = {}
        for old in columns:
            if self.unmatched == "drop" and old not in names:
                continue
            new = names.get(old, old)
            if not new:
                raise StepError(f"The new name of column {old!r} is empty. Give it one in the mapping.")
            if new in olds:
                raise StepError(
                    f"Columns {olds[new]!r} and {old!r} would both be named {new!r}. Give each a name of its own."
                )
            olds[new] = old

    def _arranged(self, learned: NewNames) -> dict[str, str]:
        keep = self.unmatched != "drop" or not learned.names
        return {learned.names.get(old, old): old for old in self._schemas[0] if keep or old in learned.names}

    def apply(self, rows: pl.LazyFrame, learned: NewNames) -> pl.LazyFrame:
        return rows.select(exactly(old).alias(new) for new, old in self._arranged(learned).items())

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]] | None:
        return None if learned is None else {new: frozenset({old}) for new, old in self._arranged(learned).items()}

    def touched(self, columns: Iterable[str]) -> frozenset[str]:
        """All of them: which names the mapping has is not known before it is read."""
        return frozenset(columns)


TRANSFORMS: tuple[type[Transform], ...] = (CleanColumnNames, RenameFromDataset)
