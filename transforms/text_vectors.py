"""Text as counts and weights of its words."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Literal, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field, model_validator

from transforms.core.categories import category_name, free_names
from transforms.core.columns import TextColumn, column, taken
from transforms.core.errors import Problem
from transforms.core.params import Params, Regex
from transforms.core.statistics import Ask, Count, CountWhere, ValueCounts
from transforms.core.stop_words import STOP_WORDS, Language
from transforms.core.text import ngrams
from transforms.core.transform import Example, FittedTransform, Learned, Transform

WORDS = 200_000
"""How many different words are counted, the most frequent: far more than are ever kept."""
CELLS = 10_000_000
"""How many numbers a matrix holds at most."""
VALUES = "__values"
Fill = Callable[[pl.Series], NDArray[Any]]


class OfText(Params):
    """Looks at the text of one column."""

    column: TextColumn
    """Column to vectorize."""


class Splitting(OfText):
    """How text is taken apart into words."""

    tokenizer: Literal["words", "regex", "characters"] = "words"
    """Take text apart into words of two letters or digits at least, into what ``pattern`` finds, or into characters."""
    pattern: Regex | None = None
    """The regular expression of a token, for the regex tokenizer."""
    stop_words: Literal["none"] | Language = "none"
    """Leave out the function words of this language before tokens are put together."""

    @model_validator(mode="after")
    def _tokens_are_defined(self) -> Self:
        if (self.tokenizer == "regex") != (self.pattern is not None):
            raise ValueError("A pattern belongs to the regex tokenizer, and only to it: give both or none.")
        if self.tokenizer == "characters" and self.stop_words != "none":
            raise ValueError("Characters are no words, so there are no stop words among them: set stop_words to none.")
        return self


class Grams(OfText):
    """How many neighbours are put together."""

    ngram_min: int = Field(1, ge=1, le=10)
    """Fewest neighbouring tokens to put together."""
    ngram_max: int = Field(1, ge=1, le=10)
    """Most neighbouring tokens to put together; 2 counts pairs, too."""
    lower: bool = True
    """Take capitals and small letters as equal."""

    @model_validator(mode="after")
    def _lengths_in_order(self) -> Self:
        if self.ngram_min > self.ngram_max:
            raise ValueError(f"ngram_min {self.ngram_min} is above ngram_max {self.ngram_max}. Swap them.")
        return self

    @property
    def text(self) -> pl.Expr:
        """The text, in small letters where that is asked for."""
        text = column(self.column).cast(pl.String)
        return text.str.to_lowercase() if self.lower else text


class Vectors(OfText):
    """What becomes of the numbers of each text."""

    how: Literal["columns", "list"] = "columns"
    """Make a column for each entry, or one column of lists, ``{column}_vector``."""
    handle_missing: Literal["zeros", "null"] = "zeros"
    """Missing text counts as empty text, or is left out of the fit and gives missing values."""
    keep_input: bool = False
    """Keep the column of text, too."""

    @property
    def vector_column(self) -> str:
        """The name of the column of lists."""
        return f"{self.column}_vector"

    def vector_problems(self, schema: pl.Schema) -> list[Problem]:
        """What is wrong with the name of the column of lists."""
        return taken(self.vector_column, schema, "how") if self.how == "list" else []

    def tokens(self) -> pl.Expr:
        """The tokens of each text as a list; null where there is no text."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it counts.")

    def vectorized(
        self, rows: pl.LazyFrame, tokens: pl.Expr, names: list[str], dtype: pl.DataType, fill: Fill
    ) -> pl.LazyFrame:
        """Rows with the numbers of each text as asked for: in columns or in one list, with or without the text.

        Args:
            rows: the rows.
            tokens: a list for each text.
            names: the column of each number.
            dtype: their type.
            fill: makes a matrix, a row for each text, of some lists of tokens.
        """
        as_list = self.how == "list"
        kind: pl.DataType = pl.List(dtype) if as_list else pl.Struct(dict.fromkeys(names, dtype))

        def in_pieces(lists: pl.Series) -> pl.Series:
            # Bounds the memory that matrices take on top of their result.
            size = max(CELLS // max(len(names), 1), 1)
            pieces = [lists[at : at + size] for at in range(0, len(lists), size)] or [lists]
            return pl.concat([numbers_as(kind, fill(each)) for each in pieces], rechunk=False)

        if as_list or names:
            found = tokens.map_batches(in_pieces, return_dtype=kind, is_elementwise=True)
            if self.handle_missing == "null":
                found = pl.when(column(self.column).is_not_null()).then(found)
            vector = self.vector_column if as_list else VALUES
            rows = rows.with_columns(found.alias(vector))
            rows = rows if as_list else rows.unnest(vector)
        return rows if self.keep_input else rows.drop(self.column)


class Tokens(Vectors, Grams, Splitting):
    """How text is taken apart into words, and what becomes of them."""

    def tokens(self) -> pl.Expr:
        if self.tokenizer == "characters":
            characters = self.text.str.replace_all(r"\s\s+", " ").str.extract_all("(?s).")
            return ngrams(characters, self.ngram_min, self.ngram_max, "")
        words = self.text.str.extract_all(self.pattern or r"\w\w+")
        if self.stop_words != "none":
            words = words.list.filter(~pl.element().is_in(stop_tokens(self.stop_words)))
        return ngrams(words, self.ngram_min, self.ngram_max, " ")


def numbers_as(kind: pl.DataType, matrix: NDArray[Any]) -> pl.Series:
    """The rows of a matrix as lists or as structs."""
    if isinstance(kind, pl.Struct):
        return pl.DataFrame(matrix, schema=kind.to_schema(), orient="row").to_struct()
    return pl.Series(matrix).cast(kind)


def count_matrix(
    sizes: pl.Series, places: NDArray[np.int64], width: int, weights: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """How often each list holds each place, 0 to ``width`` - 1: a row for each list.

    Args:
        sizes: how many items each list has.
        places: the items of all lists, one list behind the other.
        width: how many places there are.
        weights: what each item counts, instead of 1.
    """
    row = np.repeat(np.arange(len(sizes)), sizes.fill_null(0).to_numpy())
    counts = np.bincount(row * width + places, weights, minlength=len(sizes) * width)
    return counts.astype(np.float64).reshape(len(sizes), width)


def stop_tokens(language: Language) -> list[str]:
    """The stop words of a language as the words tokenizer has them: ``don`` for "don't"."""
    listed = STOP_WORDS[language]
    return sorted(listed | {part for word in listed for part in re.findall(r"\w\w+", word)})


class Vocabulary(Learned):
    """The words that are counted, and what each is worth."""

    words: list[str]
    """In order of their code points."""
    names: list[str]
    """The new columns: one for each word."""
    weights: list[float]
    """Inverse document frequencies; 1 where words are only counted."""


class Vectorizer(Vectors, FittedTransform):
    """What the vectorizers that learn their words have in common."""

    number: ClassVar[pl.DataType]
    """Type of the new columns."""

    columns_from_data = True
    unseen = "New words are not counted."

    min_df: float = Field(1, gt=0)
    """Leave out words that occur in fewer texts: below 1, a share of the texts; from 1 up, a number of texts."""
    max_df: float = Field(1.0, gt=0)
    """Leave out words that occur in more texts: up to 1, a share of the texts; above 1, a number of texts."""
    max_features: int = Field(100, ge=1, le=10_000)
    """Keep at most so many words, those that occur most often (ties in order of their code points)."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from self.vector_problems(schemas[0])

    def vocabulary(self, ask: Ask, *, by_texts: bool) -> tuple[dict[str, int], int]:
        """The words kept with the number of texts that have each, and the number of texts.

        With ``by_texts``, those in most texts are kept, else those that occur most often.
        """
        tokens = self.tokens()
        texts, ranked = ask(
            Count() if self.handle_missing == "zeros" else CountWhere(column(self.column).is_not_null()),
            ValueCounts(tokens.list.unique() if by_texts else tokens, WORDS, explode=True),
        )
        fewest = self.min_df if self.min_df >= 1 else self.min_df * texts
        most = self.max_df * texts if self.max_df <= 1 else self.max_df
        # Without bounds those kept are known already, so that only they need to be counted again.
        wanted = list(ranked) if fewest > 1 or most < texts else list(ranked)[: self.max_features]
        (in_texts,) = ask(ValueCounts(self._only(wanted).list.unique(), WORDS, explode=True))
        kept = [each for each in wanted if fewest <= in_texts[each] <= most][: self.max_features]
        return {each: in_texts[each] for each in sorted(kept)}, texts

    def _only(self, words: list[str]) -> pl.Expr:
        """The tokens of each text that are among some words."""
        return self.tokens().list.filter(pl.element().is_in(words))

    def named(self, words: list[str], weights: list[float], taken_names: list[str]) -> Vocabulary:
        """The vocabulary with a free column name for each word."""
        names = free_names((category_name(self.column, each) for each in words), taken_names)
        return Vocabulary(words=words, names=names, weights=weights)

    def numbers(self, counts: NDArray[np.float64], learned: Vocabulary) -> NDArray[Any]:
        """What becomes of the count of each word, a row for each text."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its numbers are.")

    def places(self, words: list[str]) -> pl.Expr:
        """The place among some words of each token of a text; null for other tokens."""
        numbered = pl.element().replace_strict(words, range(len(words)), default=None, return_dtype=pl.Int32)
        return self.tokens().list.eval(numbered)

    def apply(self, rows: pl.LazyFrame, learned: Vocabulary) -> pl.LazyFrame:
        def fill(places: pl.Series) -> NDArray[Any]:
            return self.numbers(counted(places, len(learned.words)), learned)

        return self.vectorized(rows, self.places(learned.words), learned.names, self.number, fill)


def counted(places: pl.Series, width: int) -> NDArray[np.float64]:
    """How often each list holds each place, nulls aside: a row for each list."""
    known = places.list.drop_nulls()
    flat = known.explode(keep_nulls=False, empty_as_null=False).cast(pl.Int64).to_numpy()
    return count_matrix(known.list.len(), flat, width)


class VectorizeCount(Vectorizer, Tokens):
    """Make a column for each frequent word: how often it occurs in the text."""

    id = "vectorize_count"
    title = "Vectorize: word counts"
    number = pl.Int64()
    terms = ("bag of words", "count vectorizer", "document-term matrix", "word frequencies", "n-grams")
    missing = "Missing text counts as empty text, or gives missing values, as chosen."
    examples = (
        Example(
            params={"column": "review"},
            before={"id": [1, 2, 3, 4], "review": ["Good food, good price", "bad food!", "", None]},
            after={
                "id": [1, 2, 3, 4],
                "review_bad": [0, 1, 0, 0],
                "review_food": [1, 1, 0, 0],
                "review_good": [2, 0, 0, 0],
                "review_price": [1, 0, 0, 0],
            },
        ),
        Example(
            params={
                "column": "note",
                "ngram_max": 2,
                "stop_words": "en",
                "min_df": 2,
                "how": "list",
                "handle_missing": "null",
                "keep_input": True,
            },
            before={"note": ["late fee paid", "the late fee", "paid", None]},
            after={
                "note": ["late fee paid", "the late fee", "paid", None],
                "note_vector": [[1, 1, 1, 1], [1, 1, 1, 0], [0, 0, 0, 1], None],
            },
        ),
    )

    binary: bool = False
    """Say only whether a word occurs, 0 or 1."""

    def fit(self, ask: Ask) -> Vocabulary:
        words, _ = self.vocabulary(ask, by_texts=self.binary)
        return self.named(list(words), [1.0] * len(words), ask.schemas[0].names())

    def numbers(self, counts: NDArray[np.float64], learned: Vocabulary) -> NDArray[Any]:
        return (counts > 0 if self.binary else counts).astype(np.int64)


class Weighted(Vectorizer):
    """Weighs how often words occur in a text by how rare they are in others (TF-IDF)."""

    number = pl.Float64()

    sublinear_tf: bool = False
    """Let counts grow slowly: 1 + ln(count) instead of the count."""
    smooth_idf: bool = True
    """Take rareness as if one more text held every word once: ln((1 + texts) / (1 + texts with the word)) + 1
    instead of ln(texts / texts with the word) + 1."""
    norm: Literal["l2", "l1", "none"] = "l2"
    """Divide the weights of each text so that the sum of their squares (l2) or their sum (l1) is 1."""

    def fit(self, ask: Ask) -> Vocabulary:
        words, texts = self.vocabulary(ask, by_texts=False)
        more = 1 if self.smooth_idf else 0
        weights = [math.log((texts + more) / (each + more)) + 1 for each in words.values()]
        return self.named(list(words), weights, ask.schemas[0].names())

    def numbers(self, counts: NDArray[np.float64], learned: Vocabulary) -> NDArray[Any]:
        return self.weighed(counts, learned)

    def weighed(self, counts: NDArray[np.float64], learned: Vocabulary) -> NDArray[np.float64]:
        """The weight of each word in each text."""
        if self.sublinear_tf:
            counts = np.where(counts > 0, np.log(np.maximum(counts, 1)) + 1, 0.0)
        weights: NDArray[np.float64] = counts * np.array(learned.weights)
        if self.norm == "none":
            return weights
        lengths = weights.sum(axis=1) if self.norm == "l1" else np.sqrt((weights * weights).sum(axis=1))
        # Text without a known word has length 0 and stays 0.
        weights /= np.where(lengths > 0, lengths, 1.0)[:, np.newaxis]
        return weights


class VectorizeTfidf(Weighted, Tokens):
    """Make a column for each frequent word: how often it occurs in the text, weighed by how rare it is in others."""

    id = "vectorize_tfidf"
    title = "Vectorize: TF-IDF"
    terms = ("vectorize text", "tf-idf", "tfidf", "term frequency inverse document frequency", "bag of words")
    missing = "Missing text counts as empty text, or gives missing values, as chosen."
    examples = (
        Example(
            params={"column": "review", "max_features": 2, "norm": "none", "smooth_idf": False},
            before={"id": [1, 2, 3, 4], "review": ["Good food, good price", "bad food!", "", None]},
            after={
                "id": [1, 2, 3, 4],
                "review_food": [1 + math.log(2), 1 + math.log(2), 0.0, 0.0],
                "review_good": [2 + 2 * math.log(4), 0.0, 0.0, 0.0],
            },
        ),
        Example(
            params={"column": "review", "tokenizer": "regex", "pattern": "[a-z]+", "handle_missing": "null"},
            before={"review": ["a", "a a", None]},
            after={"review_a": [1.0, 1.0, None]},
        ),
    )


TRANSFORMS: tuple[type[Transform], ...] = (VectorizeCount, VectorizeTfidf)
