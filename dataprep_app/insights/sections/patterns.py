r"""Textual patterns: what codes, mail addresses, phone numbers and the like look like.

After the Data Quality and Insights Report of SageMaker Data Wrangler: shapes are sought in ten draws of 30 texts, and
kept where 80 % of the texts have them. Here lengths are those of all texts that have the shape, not only of those
drawn, and the share is that of the texts that the regular expression matches. It is one of the engine (Rust), which
has no look-around, and means the same to Python but for classes such as ``\p{Lu}``, which are used only where there
are letters beyond ASCII.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from dataprep_app.insights.sections.card_levels import shown
from dataprep_app.insights.sections.facts import TextPattern
from dataprep_app.insights.sections.pattern_shapes import COVERAGE, Class, Shape, shape_of
from transforms.core.conversion import blank

DRAWS, DRAWN = 10, 30
FEWEST = 10
"""Different texts below which they may be alike by chance."""
LONG = 100
"""Texts of more characters on average are prose."""
FIXED = 0.95
"""A length that so many of the texts have is that of the pattern; what has another does not match it."""
OPEN = 40
"""Beyond so many characters a length has no upper end."""
KEPT = (COVERAGE, 0.95)
"""Shapes are sought that are as narrow as can be, and wider ones that leave out fewer texts."""
MOST = 3
EXAMPLES = 5
LOOSE = 0.85
"""The most of the characters that may be of any kind; texts with more have no shape worth telling."""
PROSE = frozenset(" ,.;:!?'\"’()-")
"""What sentences, names and titles are delimited by, too."""
ASCII: dict[Class, str] = {
    "digits": "[0-9]",
    "lower": "[a-z]",
    "upper": "[A-Z]",
    "mixed": "[A-Za-z]",
    "alnum": "[A-Za-z0-9]",
    "whitespace": r"\s",
}
UNICODE: dict[Class, str] = {
    **ASCII,
    "lower": r"\p{Ll}",
    "upper": r"\p{Lu}",
    "mixed": r"[\p{L}\p{M}]",
    "alnum": r"[\p{L}\p{M}0-9]",
}
BITS: dict[Class, float] = {
    "digits": math.log2(10),
    "lower": math.log2(26),
    "upper": math.log2(26),
    "name": math.log2(26),
    "mixed": math.log2(52),
    "alnum": math.log2(62),
    "any": math.log2(95),
    "whitespace": 1.0,
    "literal": 0.0,
}
"""What a character of each class tells: the narrower a pattern, the fewer bits it leaves open."""


@dataclass(frozen=True)
class _Token:
    """A part of a pattern with its length."""

    kind: Class
    text: str = ""
    low: int = 1
    high: int | None = None

    @property
    def written(self) -> str:
        """As people read it."""
        if self.kind == "literal":
            return self.text
        length = f"{self.low}+" if self.high is None else f"{self.low}-{self.high}"
        return f"{{{self.kind}:{self.low if self.low == self.high else length}}}"

    def regex(self, classes: dict[Class, str]) -> str:
        """As the engine reads it."""
        match self.kind:
            case "literal":
                return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", self.text)
            case "any":
                return _any_but(self.text) + _times(self.low, self.high)
            case "name":
                return classes["upper"] + classes["lower"] + _times(self.low - 1, self.high and self.high - 1)
            case _:
                return classes[self.kind] + _times(self.low, self.high)


def text_patterns(values: pl.Series) -> tuple[TextPattern, ...]:
    """The shapes that at least 80 % of some texts have, the narrowest first; none of prose.

    Texts of nothing but words have none. A wider pattern is told only where more texts have it. Missing and blank
    texts are left out; texts that occur more than once count as often.

    Args:
        values: texts.
    """
    counts = _counts(values)
    if counts.height < FEWEST or _mean(counts, pl.col("text").str.len_chars()) > LONG:
        return ()
    classes = UNICODE if counts["text"].str.contains(r"[^\x00-\x7F]").any() else ASCII
    found: dict[str, tuple[float, TextPattern]] = {}
    for shape in dict.fromkeys(_shapes(counts)):
        fitted = _fitted(counts, shape, classes)
        if fitted is not None:
            found.setdefault(fitted[1].pattern, fitted)
    ranked = [pattern for _, pattern in sorted(found.values(), key=lambda each: (each[0], each[1].pattern))]
    best: list[TextPattern] = []
    for pattern in ranked:
        if all(pattern.share > each.share for each in best):
            best.append(pattern)
    return tuple(best[:MOST])


def _counts(values: pl.Series) -> pl.DataFrame:
    """Different texts with their rows, the most frequent first."""
    return (
        pl.DataFrame({"text": values.cast(pl.String)})
        .lazy()
        .drop_nulls()
        .filter(~blank(pl.col("text")))
        .group_by("text")
        .len("rows")
        .sort("rows", "text", descending=[True, False])
        .collect()
    )


def _shapes(counts: pl.DataFrame) -> list[Shape]:
    """The shapes of some draws; frequent texts are drawn sooner."""
    random = np.random.default_rng(0)
    chances = counts["rows"].to_numpy() / counts["rows"].sum()
    size = min(DRAWN, counts.height)
    drawn = [random.choice(counts.height, size, replace=False, p=chances) for _ in range(DRAWS)]
    # What is longer has no shape, but would take long to look at.
    cut = counts["text"].str.slice(0, 2 * LONG)
    texts = [cut.gather(np.sort(places)).to_list() for places in drawn]
    return [shape for each in texts for kept in KEPT if (shape := shape_of(each, kept))]


def _fitted(counts: pl.DataFrame, shape: Shape, classes: dict[Class, str]) -> tuple[float, TextPattern] | None:
    """A shape with the lengths of the texts that have it, and the bits it leaves open; none where too few have it."""
    tokens = [_Token(each.kind, each.text, 2 if each.kind == "name" else 1) for each in shape]
    groups = "".join(f"({each.regex(classes)})" for each in tokens)
    parts = counts.select("rows", pl.col("text").str.extract_groups(f"^{groups}$").alias("parts")).unnest("parts")
    parts = parts.drop_nulls()
    whole = int(counts["rows"].sum())
    if parts["rows"].sum() < COVERAGE * whole:
        return None
    lengths = [_mean(parts, pl.col(str(place)).str.len_chars()) for place in range(1, len(tokens) + 1)]
    length = sum(lengths)
    loose = sum(each for each, token in zip(lengths, tokens, strict=True) if token.kind == "any")
    tokens = [_measured(parts, str(place), token) for place, token in enumerate(tokens, 1)]
    if loose > LOOSE * length or not _telling(tokens):
        return None
    regex = f"^{''.join(each.regex(classes) for each in tokens)}$"
    matched = counts.filter(pl.col("text").str.contains(regex))
    share = int(matched["rows"].sum()) / whole
    if share < COVERAGE:
        return None
    others = counts.filter(~pl.col("text").str.contains(regex))
    pattern = TextPattern(
        pattern="".join(each.written for each in tokens),
        regex=regex,
        share=share,
        matches=shown(matched["text"].head(EXAMPLES)),
        others=shown(others["text"].head(EXAMPLES)),
    )
    return sum(BITS[token.kind] * each for each, token in zip(lengths, tokens, strict=True)), pattern


def _telling(tokens: Sequence[_Token]) -> bool:
    """Whether a pattern is that of codes: it has digits, a mark that prose has not, or lengths that are all fixed.

    That names are words of letters is no news, and one that is two words is no mistake.
    """
    varying = [each for each in tokens if each.kind != "literal"]
    marks = {mark for each in tokens if each.kind == "literal" for mark in each.text if not mark.isalnum()}
    digits = any(each.kind == "digits" or (each.kind == "alnum" and marks) for each in varying)
    return digits or bool(marks - PROSE) or all(each.low == each.high for each in varying)


def _measured(parts: pl.DataFrame, name: str, token: _Token) -> _Token:
    """A part with its lengths in the texts that have it, or its text where all have the same."""
    if token.kind == "literal":
        return token
    # A line break or a tab cannot be read as itself.
    if parts[name].n_unique() == 1 and (token.kind != "whitespace" or not parts[name][0].strip(" ")):
        return _Token("literal", parts[name][0])
    lengths = parts.group_by(pl.col(name).str.len_chars().alias("length")).agg(pl.col("rows").sum())
    lengths = lengths.sort("rows", "length", descending=[True, False])
    if lengths["rows"][0] >= FIXED * int(lengths["rows"].sum()):
        low = high = int(lengths["length"][0])
    else:
        low, high = int(lengths["length"].min()), int(lengths["length"].max())  # type: ignore[arg-type]
    return _Token(token.kind, token.text, low, high if high <= OPEN else None)


def _mean(counts: pl.DataFrame, value: pl.Expr) -> float:
    """The mean over rows, of which each text has some."""
    return float(counts.select((value * pl.col("rows")).sum() / pl.col("rows").sum()).item())


def _any_but(delimiters: str) -> str:
    """A class of all characters but some and line breaks; a blank stands for all white space."""
    escaped = "".join(re.sub(r"([\\\]\[^&~-])", r"\\\1", each) for each in sorted(set(delimiters) - {" "}))
    spaces = r"\s" if " " in delimiters else r"\n"
    return f"[^{escaped}{spaces}]"


def _times(low: int, high: int | None) -> str:
    """How often a class is repeated, as a regular expression."""
    if low == high:
        return "" if low == 1 else f"{{{low}}}"
    if high is None:
        return "+" if low == 1 else f"{{{low},}}"
    return f"{{{low},{high}}}"
