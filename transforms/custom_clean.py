"""The usual cleaning of a whole table in one step; and notes that do nothing to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import polars as pl
from pydantic import Field

from transforms.columns import UNTOUCHED
from transforms.columns_names import cleaned_names
from transforms.core.categories import free_names
from transforms.core.columns import ALL, Columns
from transforms.core.columns import column as exactly
from transforms.core.conversion import ISO_DATE, blank, converted, parsed
from transforms.core.dtypes import TypeName
from transforms.core.relations import Relation
from transforms.core.statistics import Ask, Count, CountWhere, Missing
from transforms.core.text import SPACE, WHITE_SPACE
from transforms.core.transform import Example, Failure, FittedTransform, Learned, RowTransform, Transform
from transforms.text_clean import CHARACTER_CLASSES, CharacterClass, title_case
from transforms.types import NOUNS
from transforms.types_infer import CANDIDATES, CODE, TOO_LONG, WHOLE


class Cleaning(Learned):
    """What was found out about the columns."""

    types: dict[str, TypeName]
    """New type by column, of text columns whose values all are of it."""
    empty: tuple[str, ...]
    """Columns that have no value and go."""


class QuickClean(FittedTransform):
    """Clean a whole table at once: white space, blank text, types of text columns, empty rows and columns, names.

    Each part can be left out, and does what the step of its own does; a text column gets another type only when all
    of its values are of it.
    """

    id = "quick_clean"
    title = "Quick clean"
    terms = ("data cleansing", "clean all", "auto clean", "tidy", "one click clean")
    columns_from_data = True
    changes_rows = True
    missing = (
        "Missing values stay missing. Null, NaN and, where blank text becomes missing, blank text are empty; where all "
        "columns of the table are empty, all are kept."
    )
    unseen = "Types and empty columns are those that were learned; values that are not of the type become missing."
    examples = (
        Example(
            params={},
            before={
                "name": [" Ann  Lee", "Bo", " ", None],
                "age": ["31", " 12 ", "", None],
                "note": ["", " ", None, None],
            },
            after={"name": ["Ann Lee", "Bo"], "age": [31, 12]},
        ),
        Example(
            params={
                "fix_types": False,
                "clean_names": True,
                "case": "upper",
                "remove": ["punctuation"],
                "drop_empty_rows": False,
            },
            before={"Zip Code": ["0150.", "n/a", None], "x": [1.5, None, None]},
            after={"zip_code": ["0150", "NA", None], "x": [1.5, None, None]},
        ),
    )

    columns: Columns = ALL
    """Columns to clean."""
    trim: bool = True
    """Remove white space around text."""
    collapse_whitespace: bool = True
    """Replace each run of white space in text by one space."""
    blank_to_missing: bool = True
    """Make blank text missing."""
    fix_types: bool = True
    """Give text columns the type that all of their values have: numbers, dates (ISO 8601), true or false."""
    drop_empty_rows: bool = True
    """Drop rows in which every column that is cleaned is empty."""
    drop_empty_columns: bool = True
    """Drop columns that have no value."""
    clean_names: bool = False
    """Name columns in small letters with underscores between words."""
    case: Literal["none", "lower", "upper", "title"] = "none"
    """Write text in small letters, in capitals, or with a capital at the beginning of each word."""
    remove: tuple[CharacterClass, ...] = Field(())
    """Remove characters of these kinds from text."""

    def _value(self, name: str) -> pl.Expr:
        """The values of a column after cleaning, before it gets another type."""
        if self.dtype(name) != pl.String:
            return self.present(name) if self.dtype(name).is_float() else exactly(name)
        text = exactly(name)
        if self.remove:
            members = "".join(CHARACTER_CLASSES[each] for each in self.remove)
            text = text.str.replace_all(f"[{members}]+", "")
        if self.collapse_whitespace:
            text = text.str.replace_all(rf"{SPACE}*\s{SPACE}*", " ")
        if self.trim:
            text = text.str.strip_chars(WHITE_SPACE)
        match self.case:
            case "lower":
                text = text.str.to_lowercase()
            case "upper":
                text = text.str.to_uppercase()
            case "title":
                text = title_case(text)
        return pl.when(text.str.strip_chars(WHITE_SPACE) != "").then(text) if self.blank_to_missing else text

    def fit(self, ask: Ask) -> Cleaning:
        texts = [name for name in self.columns if self.dtype(name) == pl.String] if self.fix_types else []
        per = len(CANDIDATES) + 2
        rows, *found = ask(
            Count(),
            *(Missing(self._value(name)) for name in self.columns),
            *(CountWhere(each) for name in texts for each in self._conditions(name)),
        )
        missing, counts = dict(zip(self.columns, found, strict=False)), found[len(self.columns) :]
        types: dict[str, TypeName] = {}
        for i, name in enumerate(texts):
            present, codes, *fits = counts[i * per : (i + 1) * per]
            of = [type for type, fit in zip(CANDIDATES, fits, strict=True) if fit == present]
            of = [type for type in of if not (codes and type in ("integer", "number"))]
            if present and of:
                types[name] = of[0]
        empty = [name for name in self.columns if rows and missing[name] == rows] if self.drop_empty_columns else []
        return Cleaning(types=types, empty=() if len(empty) == len(ask.schemas[0]) else tuple(empty))

    def _conditions(self, name: str) -> Iterator[pl.Expr]:
        """Whether there is a value, whether it is a code, and whether it is of each type."""
        text = self._value(name).str.strip_chars()
        yield text != ""
        yield text.str.contains(CODE)
        shapes = {
            "integer": text.str.contains(WHOLE),
            "number": ~text.str.contains(TOO_LONG),
            "date": text.str.contains(ISO_DATE),
        }
        for type in CANDIDATES:
            yield parsed(text, type).is_not_null() & shapes.get(type, pl.lit(True))

    def exprs(self, learned: Cleaning) -> Iterator[pl.Expr]:
        for name in self.columns:
            if name not in learned.empty:
                yield self._cleaned(name, learned).alias(name)

    def _cleaned(self, name: str, learned: Cleaning) -> pl.Expr:
        value = self._value(name)
        type = learned.types.get(name)
        return value if type is None else converted(value, self.dtype(name), type)

    def apply(self, rows: pl.LazyFrame, learned: Cleaning) -> pl.LazyFrame:
        if self.drop_empty_rows and self.columns:
            rows = rows.remove(pl.all_horizontal(self._value(name).is_null() for name in self.columns))
        names = self._names(learned)
        return rows.with_columns(self.exprs(learned)).select(exactly(old).alias(new) for old, new in names.items())

    def _names(self, learned: Cleaning) -> dict[str, str]:
        """New names by the names of the columns that stay."""
        kept = [name for name in self._schemas[0] if name not in learned.empty]
        if not self.clean_names:
            return {name: name for name in kept}
        chosen = [name for name in kept if name in self.columns]
        texts = cleaned_names(chosen, "snake", strip_accents=True)
        places = {name: i + 1 for i, name in enumerate(self._schemas[0])}
        wanted = [text or f"column_{places[name]}" for name, text in zip(chosen, texts, strict=True)]
        new = dict(zip(chosen, free_names(wanted, (name for name in kept if name not in chosen)), strict=True))
        return {name: new.get(name, name) for name in kept}

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]] | None:
        return None if learned is None else {new: frozenset({old}) for old, new in self._names(learned).items()}

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        for name, type in learned.types.items() if learned is not None else ():
            value = self._value(name)
            where = value.is_not_null() & ~blank(value) & self._cleaned(name, learned).is_null()
            yield Failure(column=name, where=where, what=f"became missing: they are no {NOUNS[type]}")


class CommentStep(RowTransform):
    """Write a note into the flow; the data stays as it is."""

    id = "comment_step"
    title = "Note"
    terms = ("comment", "remark", "annotation", "documentation", "markdown")
    missing = UNTOUCHED
    examples = (
        Example(
            params={"text": "Amounts are in **euro** from here on."},
            before={"amount": [1.5, None]},
            after={"amount": [1.5, None]},
        ),
    )

    text: str = ""
    """The note, in Markdown."""

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        return tables[0]

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        return rows

    def lineage(self, learned: Any = None) -> Mapping[str, frozenset[str]]:
        return {}

    def touched(self, columns: Iterable[str]) -> frozenset[str]:
        """None of them, though the note may name some."""
        return frozenset()


TRANSFORMS: tuple[type[Transform], ...] = (QuickClean, CommentStep)
