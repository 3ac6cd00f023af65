"""The language that text is written in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from functools import cache
from typing import Any

import polars as pl
from pydantic import Field

from transforms.core.columns import TextColumn, taken
from transforms.core.distinct import over_distinct
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.text import package_problems
from transforms.core.transform import Example, RowTransform, Transform

NO_LANGUAGE = "zxx"
"""ISO 639's code for what is in no language."""


class DetectLanguage(RowTransform):
    """Tell the language of text, as a code such as en or de."""

    id = "detect_language"
    title = "Detect language"
    terms = ("language identification", "langid", "which language", "iso 639", "guess language")
    missing = "Missing values stay missing; text that is too short, or no language at all, gives a missing value."
    examples = (
        Example(
            params={"column": "note"},
            before={
                "note": ["The loan was paid late.", "Der Kunde hat nicht bezahlt.", "ok", "2024-01-31 10:00", None]
            },
            after={
                "note": ["The loan was paid late.", "Der Kunde hat nicht bezahlt.", "ok", "2024-01-31 10:00", None],
                "note_language": ["en", "de", None, None, None],
            },
        ),
        Example(
            params={"column": "note", "languages": ["fr", "es"], "min_length": 3, "output": "lang"},
            before={"note": ["El cliente", None]},
            after={"note": ["El cliente", None], "lang": ["es", None]},
        ),
    )

    column: TextColumn
    """Column to look at."""
    languages: tuple[str, ...] = ()
    """Choose among these only, by their codes (ISO 639, mostly of two letters); left empty, among about 140. Name those
    that may occur where you can: short text is easily taken for a rare language."""
    min_length: int = Field(10, ge=1)
    """Text with fewer letters is too short to tell."""
    confidence: bool = False
    """Add a column, named after the new one with ``_confidence`` behind, that says how sure it is: 0 to 1."""
    output: NewColumn | None = None
    """Name of the new column; left empty, that of the column with ``_language`` behind it."""

    @property
    def new_columns(self) -> list[str]:
        """The names of the new columns."""
        name = self.output or f"{self.column}_language"
        return [name, f"{name}_confidence"] if self.confidence else [name]

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.new_columns:
            yield from taken(name, schemas[0])
        missing = package_problems("py3langid", "column", "Detecting languages")
        yield from missing
        if self.languages and not missing:
            known = known_languages()
            for each in self.languages:
                if each not in known:
                    advice = f"Use one of {', '.join(sorted(known))}."
                    yield Problem(f"There is no language {each!r} to choose.", advice, "languages")

    def exprs(self) -> Iterator[pl.Expr]:
        text = self.present(self.column).cast(pl.String)
        letters = text.str.count_matches(r"[\p{L}\p{M}]").cast(pl.Int64)
        long = pl.when(letters >= self.min_length).then(text)
        languages = self.languages

        def language(each: str) -> str | None:
            found = detector(languages)(each)[0]
            return None if found == NO_LANGUAGE else found

        def confidence(each: str) -> float | None:
            found, sure = detector(languages)(each)
            # Rounded, since the last digits may differ from one machine to another.
            return None if found == NO_LANGUAGE else round(sure, 4)

        names = self.new_columns
        yield over_distinct(long, language, pl.String()).alias(names[0])
        if self.confidence:
            yield over_distinct(long, confidence, pl.Float64()).alias(names[1])


@cache
def detector(languages: tuple[str, ...] = ()) -> Callable[[str], tuple[str, float]]:
    """A function that gives the most likely of some languages, of all by default, and its probability."""
    identifier = copy(_identifier())
    identifier.set_languages(languages or None)
    return identifier.classify  # type: ignore[no-any-return]


def known_languages() -> frozenset[str]:
    """The codes that can be told apart."""
    return frozenset(_identifier().labels) - {NO_LANGUAGE}


@cache
def _identifier() -> Any:
    """The model, which takes about a second to read."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


TRANSFORMS: tuple[type[Transform], ...] = (DetectLanguage,)
