"""Values that are written in several ways, and codes that are built in one."""

from __future__ import annotations

import re
import unicodedata

import polars as pl

from dataprep_app.insights.signs.facts import Shape, Variant
from dataprep_app.insights.signs.texts import Texts, most_frequent
from transforms.quality import fingerprint, odd_case

CATEGORIES = 0.9
"""Columns with more different texts than this share of the rows hold no categories that could be written alike."""
LONGEST = 60
"""Characters of a category, at most, in the mean."""
MOST = 10_000
"""The most different texts with equal letters that are compared."""
SEPARATORS = str.maketrans(dict.fromkeys("_-–—/.,;:'’`\"", " "))
"""Signs that part words or mean nothing; + and # mean something, as in C++ and C#."""
LEAST_SHARE = 0.85
"""Share of the texts that are built in one way from which the others are exceptions (Data Quality and Insights Report
of SageMaker Data Wrangler: patterns with a confidence from 0.85 on)."""
UNREADABLE = r"[\x00-\x08\x0E-\x1F\x7F-\x9F\u{FFFD}]"
"""Control characters but for tabs and line breaks, and what is written for a character that could not be read."""
MISCODED = r"[ÂÃ][\u{80}-\u{BF}]|â€"
"""What becomes of letters with accents and of quotation marks where UTF-8 is read as Latin 1 or Windows 1252."""
LEAST_ROWS, LEAST_CODES = 100, 20
"""Rows, and different texts, below which nothing is said of how they are built."""
LONGEST_SHAPE = 30
WORDS = r"\s[A-Za-z]|[A-Za-z]\s"
"""Texts with words beside blanks are titles or addresses, no codes."""


def variants(texts: Texts) -> tuple[Variant, ...]:
    """Values that are equal but for case, blanks, accents and punctuation, those with most rows first."""
    if not _categories(texts):
        return ()
    alike = texts.counts.with_columns(_letters(pl.col("text")).alias("letters"))
    alike = alike.filter(pl.col("letters").is_duplicated() & (pl.col("letters") != ""))
    found: dict[str, list[tuple[str, int]]] = {}
    for text, rows in alike.select("text", "rows").head(MOST).iter_rows():
        if key := spelling_key(text):
            found.setdefault(key, []).append((text, rows))
    several = [sorted(each, key=_rank) for each in found.values() if len(each) > 1]
    several.sort(key=lambda each: -sum(rows for _, rows in each))
    return tuple(Variant(spellings=tuple(each)) for each in several)


def _letters(text: pl.Expr) -> pl.Expr:
    """Small letters and digits only: texts that differ in them have keys that differ, and most texts do."""
    return (
        text.str.to_lowercase().str.replace_all("ß", "ss").str.normalize("NFKD").str.replace_all(r"[^\p{L}\p{N}]", "")
    )


def spelling_key(text: str) -> str:
    """What two spellings of a value have in common, empty for texts without letters.

    As the fingerprint of OpenRefine, but words keep their order, and numbers and signs that mean something are kept:
    ``1.5`` is not ``15`` and ``A+`` not ``A``.
    """
    plain = fingerprint(text)
    if not any(each.isalpha() for each in plain):
        return ""
    spelled = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(each for each in spelled if not unicodedata.combining(each))
    # A sign between digits, or at an end next to a single letter, is part of the value: 3-4, A-.
    kept = re.sub(r"(?<=\d)[-.,/:](?=\d)|^[-]|(?<=\b\w)[-](?=\s*$)", lambda sign: f"\\{ord(sign[0])} ", bare)
    words = re.sub(r"(?<=\w)['’`](?=\w)|\.(?=\w\b)", "", kept).translate(SEPARATORS).split()
    return " ".join(words)


def _rank(spelling: tuple[str, int]) -> tuple[int, bool, int, str]:
    """The most frequent spelling first, then one without white space around it and with capitals where they belong."""
    text, rows = spelling
    return -rows, text != text.strip(), odd_case(text), text


def _categories(texts: Texts) -> bool:
    counts = texts.counts
    if texts.rows < 2 or texts.distinct > CATEGORIES * texts.rows:
        return False
    return float((counts["text"].str.len_chars() * counts["rows"]).sum()) <= LONGEST * texts.rows


def white_space(texts: Texts) -> tuple[int, tuple[str, ...]]:
    """Rows with white space around the text, and some of these texts in quotes."""
    padded = texts.counts.filter(pl.col("text") != pl.col("plain"))
    return int(padded["rows"].sum()), tuple(repr(each[:60]) for each in padded["text"].head(3))


def garbled(texts: Texts) -> tuple[int, tuple[str, ...], bool]:
    """Rows whose text cannot be read in places, some of these places, and whether they come of a wrong encoding."""
    found = texts.counts.filter(pl.col("text").str.contains(f"{UNREADABLE}|{MISCODED}"))
    places = found["text"].head(3).str.extract(f"(?s)(.{{0,15}}(?:{UNREADABLE}|{MISCODED}).{{0,15}})")
    return int(found["rows"].sum()), tuple(places), bool(found["text"].str.contains(MISCODED).any())


def shape_of(texts: Texts) -> Shape | None:
    """The way nearly all codes of a column are built, if some are not; none of texts that are no codes."""
    if texts.rows < LEAST_ROWS or texts.distinct < LEAST_CODES:
        return None
    coded = texts.counts["plain"].str.contains("[0-9]") & ~texts.counts["plain"].str.contains(WORDS)
    if int(texts.counts.filter(coded)["rows"].sum()) < LEAST_SHARE * texts.rows:
        return None
    built = pl.col("plain").str.replace_all("[A-Z]+", "A").str.replace_all("[a-z]+", "a").str.replace_all("[0-9]+", "9")
    shapes = texts.counts.select("text", "rows", shape=built)
    common = shapes.group_by("shape").agg(pl.col("rows").sum()).sort("rows", "shape", descending=[True, False])
    shape, rows = common.row(0)
    share = rows / texts.rows
    if not LEAST_SHARE <= share < 1 or "9" not in shape or not 3 <= len(shape) <= LONGEST_SHAPE:
        return None
    others = shapes["shape"] != shape
    return Shape(
        shape=shape,
        regex=_regex(shape),
        share=share,
        rows=texts.rows - rows,
        matches=tuple(text for text, _ in most_frequent(shapes, ~others, 3)),
        others=most_frequent(shapes, others),
    )


def _regex(shape: str) -> str:
    """The shape as a pattern, white space around the text aside."""
    runs = {"A": "[A-Z]+", "a": "[a-z]+", "9": "[0-9]+"}
    return rf"^\s*{''.join(runs.get(sign, re.escape(sign)) for sign in shape)}\s*$"
