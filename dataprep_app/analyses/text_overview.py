"""What the texts of a column are like: their lengths, their words, and the shapes they have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import altair as alt
import polars as pl
from pydantic import Field

from dataprep_app.analyses.analysis import Analysis, AnalysisResult, ResultTable
from dataprep_app.analyses.edges import binned
from dataprep_app.analyses.stacked import Panel, stacked
from dataprep_app.analyses.values import counted, listed, said, share
from dataprep_app.insights.sections.card_text import characters
from dataprep_app.insights.sections.facts import TextPattern
from dataprep_app.insights.sections.patterns import text_patterns
from transforms.core.columns import TextColumn, column
from transforms.core.conversion import blank
from transforms.core.stop_words import STOP_WORDS, Language
from transforms.core.text import WORD

BUDGET = 2_000_000
"""Characters whose words are counted; of more, those of every second, third ... text are."""
LONGEST = 2_000
"""Characters of a text whose words are counted."""
PER_TEXT = 0.1
"""The function words of a language are left out when there is at least one in ten texts."""
PAUSE = r"[.!?…;:,()\[\]\"“”\n]"
"""What ends a phrase."""
BINS = 30
DRAWN = 15
"""Words and phrases of the chart."""
LINE = 20


class TextOverview(Analysis):
    """What the texts of a column are like: lengths, the most frequent words and phrases, and common shapes."""

    id = "text_overview"
    title = "Text overview"
    terms = ("word frequency", "word cloud", "bigrams", "phrases", "text length", "tokens", "patterns")

    column: TextColumn
    """The texts."""
    stop_words: Literal["auto", "none"] | Language = "auto"
    """Leave out the function words of a language, such as the, of and is: of that of the texts by default. A phrase is
    two words side by side, none of them a function word."""
    top: int = Field(30, ge=1, le=200)
    """Words and phrases that are listed."""

    def name(self) -> str:
        return f"Texts of {self.column}"

    def look(self, table: pl.DataFrame) -> AnalysisResult:
        values = table.select(column(self.column).cast(pl.String).alias("text")).to_series()
        texts = values.to_frame().filter(~blank(pl.col("text")))["text"]
        if texts.is_empty():
            return AnalysisResult(title=self.name(), sentences=(f"{self.column} has no texts.",))
        lengths = texts.str.len_chars().cast(pl.Int64)
        every = max(1, -(-int(lengths.clip(upper_bound=LONGEST).sum()) // BUDGET))
        some = texts.gather_every(every)
        tokens = _tokens(some)
        left_out = self._left_out(tokens, len(some))
        words, phrases = _counted(tokens, left_out, "word"), _counted(_pairs(tokens, left_out), frozenset(), "word")
        patterns = text_patterns(texts)
        return AnalysisResult(
            title=self.name(),
            sentences=tuple(self._said(values, lengths, words, phrases, patterns, every)),
            tables=tuple(self._tables(_measured(some, lengths), words, phrases, patterns)),
            chart=stacked(_charts(lengths, words.head(DRAWN), phrases.head(DRAWN))),
        )

    def _left_out(self, tokens: pl.DataFrame, texts: int) -> frozenset[str]:
        """The function words to leave out."""
        if self.stop_words == "none":
            return frozenset()
        if self.stop_words != "auto":
            return STOP_WORDS[self.stop_words]
        counts = tokens.group_by("word").agg(pl.col("place").n_unique().alias("texts"))
        known = {
            code: int(counts.filter(pl.col("word").is_in(sorted(words)))["texts"].sum())
            for code, words in STOP_WORDS.items()
        }
        best = max(STOP_WORDS, key=lambda code: known[code])
        return STOP_WORDS[best] if known[best] >= PER_TEXT * texts else frozenset()

    def _said(
        self, values: pl.Series, lengths: pl.Series, words: pl.DataFrame, phrases: pl.DataFrame,
        patterns: Sequence[TextPattern], every: int,
    ) -> Iterable[str]:  # fmt: skip
        low, middle, high = said(lengths.min()), said(lengths.median()), said(lengths.max())
        spread = f"{low} to {high} characters; half have at most {middle}" if low != high else f"{low} characters each"
        yield f"{counted(len(lengths), 'text')} of {spread}."
        if words.height:
            yield f"The most frequent words, with the texts that have them: {_best(words)}."
        if phrases.height and phrases["times"][0] > 1:
            yield f"The most frequent two words side by side: {_best(phrases)}."
        if patterns:
            yield f"{patterns[0].share:.1%} of the texts look like {patterns[0].pattern}."
        if every > 1:
            yield f"There is much text, so words and characters are counted in one of {every} texts."
        gone = len(values) - len(lengths)
        if gone:
            yield f"{gone:,} of {len(values):,} rows ({share(gone, len(values))}) have no text."

    def _tables(
        self, measured: pl.DataFrame, words: pl.DataFrame, phrases: pl.DataFrame, patterns: Sequence[TextPattern]
    ) -> Iterable[ResultTable]:
        names = {"word": "Word", "texts": "Texts", "times": "Times"}
        if words.height:
            yield ResultTable.of(f"Words, of {words.height:,}", words.head(self.top).rename(names))
        if phrases.height:
            names["word"] = "Two words"
            yield ResultTable.of(f"Phrases, of {phrases.height:,}", phrases.head(self.top).rename(names))
        if patterns:
            found = [
                (each.pattern, each.regex, round(100 * each.share, 2), listed(each.matches), listed(each.others))
                for each in patterns
            ]
            schema = ["Pattern", "Regular expression", "Texts %", "Like it", "Unlike it"]
            yield ResultTable.of("Patterns", pl.DataFrame(found, schema=schema, orient="row"))
        yield ResultTable.of("Characters", measured)


NAMES = {
    "length_min": "Shortest, characters",
    "length_mean": "Mean length, characters",
    "length_max": "Longest, characters",
    "words_mean": "Words, mean",
    "digits": "Share of digits",
    "upper": "Share of capital letters",
    "spaces": "Share of white space",
    "special": "Share of special characters",
}


def _best(words: pl.DataFrame) -> str:
    return ", ".join(f"{word} ({texts:,})" for word, texts in words.select("word", "texts").head(3).iter_rows())


def _measured(texts: pl.Series, lengths: pl.Series) -> pl.DataFrame:
    """Lengths of all texts, and what the characters of those that are looked at are."""
    found = characters(texts)
    found |= {f"length_{function}": float(getattr(lengths, function)()) for function in ("min", "mean", "max")}
    rows = [(NAMES[name], round(value, 4)) for name, value in found.items() if name in NAMES]
    return pl.DataFrame(rows, schema=["What", "Value"], orient="row")


def _tokens(texts: pl.Series) -> pl.DataFrame:
    """The words of texts in order, with the text each is of and the phrase it is in."""
    text = pl.col("text").str.slice(0, LONGEST).str.to_lowercase().str.replace_all("’", "'", literal=True)
    found = texts.alias("text").to_frame().with_row_index("place")
    tokens = found.select("place", text.str.extract_all(rf"{WORD}|{PAUSE}").alias("word")).explode("word").drop_nulls()
    pause = pl.col("word").str.contains(rf"^{PAUSE}$")
    return tokens.with_columns(phrase=pause.cum_sum()).filter(~pause)


def _pairs(tokens: pl.DataFrame, left_out: frozenset[str]) -> pl.DataFrame:
    """Words side by side in the same phrase."""
    following = pl.col("place", "word", "phrase").shift(-1).name.prefix("next_")
    stops = sorted(left_out)
    same = (pl.col("place") == pl.col("next_place")) & (pl.col("phrase") == pl.col("next_phrase"))
    telling = ~pl.col("word").is_in(stops) & ~pl.col("next_word").is_in(stops)
    both = tokens.with_columns(following).filter(same & telling)
    return both.select("place", pl.concat_str("word", "next_word", separator=" ").alias("word"))


def _counted(tokens: pl.DataFrame, left_out: frozenset[str], name: str) -> pl.DataFrame:
    """Words by the texts that have them, and how often they occur; single characters are left out."""
    kept = tokens.filter((pl.col(name).str.len_chars() > 1) & ~pl.col(name).is_in(sorted(left_out)))
    found = kept.group_by(name).agg(pl.col("place").n_unique().alias("texts"), pl.len().alias("times"))
    return found.sort("texts", "times", name, descending=[True, True, False])


def _charts(lengths: pl.Series, words: pl.DataFrame, phrases: pl.DataFrame) -> list[Panel]:
    bins = binned(lengths, BINS).group_by("from", "to").len("texts").sort("from")
    histogram = (
        alt.Chart(bins)
        .mark_rect(xOffset=0.5, x2Offset=-0.5)
        .encode(
            x=alt.X("from:Q", title="Characters", scale=alt.Scale(zero=False)), x2="to",
            y=alt.Y("texts:Q", title="Texts"), y2=alt.datum(0),
            tooltip=[
                alt.Tooltip("from:Q", title="From"), alt.Tooltip("to:Q", title="To"),
                alt.Tooltip("texts:Q", title="Texts", format=","),
            ],
        )
        .properties(height=150)
    )  # fmt: skip
    named = [(words, "Texts that have the word"), (phrases, "Texts that have the two words side by side")]
    return [histogram, *(_bars(found, title) for found, title in named if found.height)]


def _bars(found: pl.DataFrame, title: str) -> alt.Chart:
    chart: alt.Chart = (
        alt.Chart(found)
        .mark_bar()
        .encode(
            y=alt.Y("word:N", sort=None, title=None, axis=alt.Axis(labelLimit=180, labelFlush=False)),
            x=alt.X("texts:Q", title=title, scale=alt.Scale(domainMin=0), axis=alt.Axis(tickCount=8)),
            tooltip=[
                alt.Tooltip("word:N", title="Words"), alt.Tooltip("texts:Q", title="Texts", format=","),
                alt.Tooltip("times:Q", title="Times", format=","),
            ],
        )
        .properties(height=max(60, LINE * found.height))
    )  # fmt: skip
    return chart
