"""A column of text in detail: its characters, and the words that tell most of the target."""

from __future__ import annotations

import numpy as np
import polars as pl

from dataprep_app.insights.sections.card_labels import Labels, told
from dataprep_app.insights.sections.card_levels import frequent
from dataprep_app.insights.sections.facts import Word
from transforms.core.stop_words import STOP_WORDS
from transforms.core.text import COUNTED_WORD, SPACE, WORD, ZERO_WIDTH

LOOKED_AT, ALL_LOOKED_AT = 2_000, 10_000_000
"""The most characters of a text, and of all texts of a column, that are looked at; lengths are counted to the end."""
WORDS = 20
"""The most words that are listed."""
NEARLY_ALL = 0.95
"""Words in more than this share of the texts tell none from another."""
PER_TEXT = 0.05
"""Function words of a language are left out when a text has at least so many different ones on average."""
PROSE = 4.0
"""Text of more words on average is prose."""
SHARES = {
    "digits": r"\p{Nd}",
    "upper": r"\p{Lu}",
    "spaces": SPACE,
    "special": rf"[^\p{{L}}\p{{M}}\p{{Nd}}\s{ZERO_WIDTH}]",
}


def characters(texts: pl.Series) -> dict[str, float]:
    """Lengths, words and kinds of characters of texts, as :attr:`Card.characters` has them; null is left out.

    Shares are of all characters together. Special are those that are no letter, digit or white space. Of a long text
    (:data:`LOOKED_AT`) the first characters are looked at, and taken to go on like that.
    """
    text, cut = pl.col("text"), _cut(texts)
    length, seen = text.str.len_chars(), cut.str.len_chars()
    words = cut.str.count_matches(COUNTED_WORD) * pl.when(seen > 0).then(length / seen).otherwise(1.0)
    shares = {name: cut.str.count_matches(pattern).sum() / seen.sum() for name, pattern in SHARES.items()}
    found = (
        pl.DataFrame({"text": texts.cast(pl.String)})
        .drop_nulls()
        .select(
            length_min=length.min(),
            length_mean=length.mean(),
            length_max=length.max(),
            words_mean=words.mean(),
            **shares,
        )
        .row(0, named=True)
    )
    return {name: float(each) for name, each in found.items() if each is not None and each == each}


def prose(texts: pl.Series) -> bool:
    """Whether some texts, null left out, have more than four words on average."""
    words = texts.to_frame("text").select(_cut(texts).str.count_matches(COUNTED_WORD).mean()).item()
    return words is not None and words > PROSE


def important_words(texts: pl.Series, labels: Labels | None) -> tuple[Word, ...]:
    """The words that tell most of the target, or the most frequent ones without it.

    Words are told apart without case. Those in few texts (:func:`frequent`) or in nearly all, single characters and
    the function words of the language the texts are in are left out. Having a word or not is set against the classes
    by Cramer's V of the 2 x k table (for two classes the absolute phi coefficient), against numbers by the absolute
    Pearson correlation; on the texts with a known target.
    """
    rows = pl.DataFrame({"text": texts.cast(pl.String), "place": np.arange(len(texts))}).drop_nulls()
    text = _cut(texts).str.to_lowercase().str.replace_all("’", "'", literal=True)
    words = (
        rows.select("place", text.str.extract_all(WORD).list.unique().alias("word"))
        .explode("word", empty_as_null=False)
        .filter(pl.col("word").str.len_chars() > 1)
    )
    counts = words.group_by("word").len("rows")
    counts = counts.filter(~pl.col("word").is_in(sorted(_function_words(counts, rows.height))))
    counts = counts.filter(pl.col("rows").is_between(frequent(rows.height), NEARLY_ALL * rows.height))
    counts = counts.sort("rows", "word", descending=[True, False])
    if labels is None or counts.is_empty():
        return tuple(Word(word=word, rows=found) for word, found in counts.head(WORDS).iter_rows())
    kept = words.join(counts.select("word", number=pl.int_range(pl.len())), on="word").sort("place", "number")
    power = _powers(kept, rows["place"].to_numpy(), labels, counts.height)
    ranked = counts.with_columns(power=pl.Series(power)).sort("power", "rows", "word", descending=[True, True, False])
    return tuple(Word(word=word, rows=found, power=told(each)) for word, found, each in ranked.head(WORDS).iter_rows())


def _cut(texts: pl.Series) -> pl.Expr:
    """The beginning of each text that is looked at."""
    return pl.col("text").str.slice(0, min(LOOKED_AT, ALL_LOOKED_AT // max(1, texts.count())))


def _function_words(counts: pl.DataFrame, texts: int) -> frozenset[str]:
    """The function words of the language that most words are of; none where the texts are not sentences of one."""
    known = {
        code: int(counts.filter(pl.col("word").is_in(sorted(words)))["rows"].sum())
        for code, words in STOP_WORDS.items()
    }
    best = max(STOP_WORDS, key=lambda code: known[code])
    return STOP_WORDS[best] if known[best] >= PER_TEXT * texts and texts else frozenset()


def _powers(words: pl.DataFrame, texts: np.ndarray, labels: Labels, size: int) -> np.ndarray:
    """How much having each word tells of the target; 0 where every text has it, or none."""
    known = labels.known
    texts = texts[known[texts]]
    place, word = words["place"].to_numpy(), words["number"].to_numpy()
    place, word = place[known[place]], word[known[place]]
    having, total = np.bincount(word, minlength=size).astype(float), len(texts)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if labels.classes is None:
            numbers = labels.numbers - labels.numbers[texts].mean()
            sums = np.bincount(word, weights=numbers[place], minlength=size)
            scale = np.sqrt(having * (total - having) / total * (numbers[texts] ** 2).sum())
            found = np.abs(sums) / scale
        else:
            classes = np.bincount(labels.classes[texts]).astype(float)
            k = len(classes)
            table = np.bincount(word * k + labels.classes[place], minlength=size * k).reshape(size, k)
            off = (table - having[:, None] * classes / total) ** 2 / classes
            chi_square = np.where(classes > 0, off, 0.0).sum(axis=1) * total * (1 / having + 1 / (total - having))
            found = np.sqrt(chi_square / total)
    return np.where(np.isfinite(found), np.clip(found, 0, 1), 0.0)
