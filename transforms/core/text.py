r"""Text: what counts as white space, a word and a sentence, and the shape of steps that change or measure text.

Patterns are those of the engine (Rust), so classes such as ``\w`` are Unicode's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from typing import ClassVar

import polars as pl

from transforms.core.columns import TextColumn, TextColumns, taken
from transforms.core.conversion import as_text
from transforms.core.distinct import over_distinct
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.transform import RowTransform

ZERO_WIDTH = "\u180e\u200b\u2060\ufeff"
"""Characters that show nothing and join nothing: zero-width space, word joiner, byte-order mark."""
WHITE_SPACE = (
    "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    f"\u2028\u2029\u202f\u205f\u3000{ZERO_WIDTH}"
)
"""Unicode's white space, the no-break spaces among them, and what has no width."""
SPACE = rf"[\s{ZERO_WIDTH}]"
WORD = r"[\p{Alphabetic}\p{Nd}_]\w*(?:['’]\w+)*"
"""A word: letters, digits and underscores, with apostrophes inside; the joiners and marks of an emoji are none."""
COUNTED_WORD = rf"\p{{Nd}}+(?:[.,:]\p{{Nd}}+)+\w*|{WORD}"
"""A word where words are counted: a number with points, commas or colons inside, such as 11.7.90, is one."""
SENTENCE = r"(?s)\s*\S.*?(?:[.!?…]+[\"'”’»)\]]*(?:\s+|\z)|[。！？]+|\z)"
"""Text up to a full stop, question or exclamation mark that white space or the end follows; abbreviations end one."""
LINE_BREAK = r"\r\n|[\n\r\x{2028}\x{2029}]"
EMOJI = (
    r"\p{RI}{2}|(?:\p{Emoji_Presentation}|\p{ExtPict}\x{FE0F})(?:\p{EMod}|\x{FE0F})?"
    r"(?:\x{200D}\p{ExtPict}(?:\p{EMod}|\x{FE0F})?)*"
)
"""One emoji, whether of one character or of several: flags, skin tones, families."""


def verbatim(text: str) -> str:
    """Text as the replacement of a pattern, in which a dollar sign would name a group."""
    return text.replace("$", "$$")


def any_of(texts: Iterable[str], *, ignore_case: bool = False, whole_words: bool = False) -> str:
    """A pattern that finds any of some literal texts, the longest that begins at a place."""
    alternatives = "|".join(map(pl.escape_regex, sorted(set(texts), key=lambda each: (-len(each), each))))
    pattern = rf"\b{{start-half}}(?:{alternatives})\b{{end-half}}" if whole_words else f"(?:{alternatives})"
    return f"(?i){pattern}" if ignore_case else pattern


def between(left: str, right: str) -> str:
    """A pattern with three groups: the left delimiter, the least text up to the right one, and that one.

    An empty delimiter stands for the beginning or the end of the text.
    """
    start = f"({pl.escape_regex(left)})" if left else r"\A()"
    end = f"({pl.escape_regex(right)})" if right else r"()\z"
    return f"(?s){start}(.*?){end}"


def group_names(pattern: str) -> list[str]:
    """The groups of a pattern in order: their names, or their numbers where they have none."""
    groups = pl.Series([""]).str.extract_groups(pattern).dtype
    return [each.name for each in groups.fields] if isinstance(groups, pl.Struct) else []


def mapped(text: pl.Expr, function: Callable[[str], str]) -> pl.Expr:
    """A function of Python applied to text, once for each different value; null stays null."""
    return over_distinct(text, function, pl.String())


def package_problems(package: str, field: str, what: str) -> list[Problem]:
    """What is wrong when a step needs a Python package that is not there."""
    if find_spec(package) is not None:
        return []
    found = f"{what} needs the Python package {package!r}, which is not installed."
    return [Problem(found, f"Install it where the flow runs: pip install {package}.", field)]


def ngrams(items: pl.Expr, shortest: int, longest: int, separator: str) -> pl.Expr:
    """Lists of so many neighbours of a list put together, the shortest first."""
    if shortest == longest == 1:
        return items
    runs = (
        items.list.eval(
            pl.concat_str([pl.element().shift(-i) for i in range(length)], separator=separator).drop_nulls()
        )
        for length in range(shortest, longest + 1)
    )
    return pl.concat_list(list(runs))


class TextFunction(RowTransform):
    """Makes text of the text in each of several columns; a member says how in :meth:`function`."""

    columns: TextColumns
    """Columns to change."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    def function(self, text: pl.Expr) -> pl.Expr:
        """The new text."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does.")

    def text(self, name: str) -> pl.Expr:
        """A column as text, null where it is null or NaN."""
        return as_text(self.present(name), self.dtype(name)).cast(pl.String)

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.suffix:
            for name in self.columns:
                yield from taken(f"{name}{self.suffix}", schemas[0], "suffix")

    def exprs(self) -> Iterator[pl.Expr]:
        for name in self.columns:
            yield self.function(self.text(name)).alias(f"{name}{self.suffix}")


class TextMeasure(RowTransform):
    """Makes one new column of the text in a column; a member says how in :meth:`function`."""

    ending: ClassVar[str]
    """What the name of the new column ends in, unless it is given."""

    column: TextColumn
    """Column to look at."""
    output: NewColumn | None = None
    """Name of the new column; left empty, that of the column with what was measured behind it."""

    @property
    def new_column(self) -> str:
        """The name of the new column."""
        return self.output or f"{self.column}_{self.ending}"

    def function(self, text: pl.Expr) -> pl.Expr:
        """What to know of the text."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does.")

    def text(self) -> pl.Expr:
        """The column as text, also where it holds nothing but nulls."""
        return self.present(self.column).cast(pl.String)

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.new_column, schemas[0])

    def exprs(self) -> Iterator[pl.Expr]:
        yield self.function(self.text()).alias(self.new_column)
