"""Text as numbers that bear spelling mistakes, or that say what it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field

from transforms.core.categories import free_names
from transforms.core.columns import taken
from transforms.core.errors import Problem
from transforms.core.params import Seed
from transforms.core.statistics import Ask, Rows
from transforms.core.text import ngrams, package_problems
from transforms.core.transform import Example, Table, Transform
from transforms.text_vectors import CELLS, Grams, Tokens, Vocabulary, Weighted, counted

SAMPLED = 20_000
"""So many texts tell the topics."""
NO_STRENGTH = 1e-9
"""What a singular value of 0 may be within rounding."""


class VectorizeChars(Weighted, Grams):
    """Make a column for each frequent run of letters in words, weighed by how rare it is in other texts.

    Words that are spelled alike have most of their runs in common, so mistakes matter little. Runs lie within a
    word, a space before and after it among its characters; a shorter word is one run itself.
    """

    id = "vectorize_chars"
    title = "Vectorize: character n-grams"
    terms = ("char n-grams", "character tf-idf", "typos", "subword", "fuzzy text features", "trigrams")
    missing = "Missing text counts as empty text, or gives missing values, as chosen."
    unseen = "New runs of letters are not counted."
    examples = (
        Example(
            params={"column": "city", "ngram_max": 3, "max_features": 2, "norm": "none", "keep_input": True},
            before={"city": ["Oslo", "Olso", "oslo", None]},
            after={
                "city": ["Oslo", "Olso", "oslo", None],
                # In 2 of 4 texts: ln(5 / 3) + 1.
                "city__os": [np.log(5 / 3) + 1, 0.0, np.log(5 / 3) + 1, 0.0],
                "city_lo_": [np.log(5 / 3) + 1, 0.0, np.log(5 / 3) + 1, 0.0],
            },
        ),
        Example(
            params={"column": "code", "ngram_min": 2, "ngram_max": 2, "max_features": 3, "how": "list", "norm": "l1"},
            before={"code": ["ab", "ab ab", "", None]},
            after={"code_vector": [[1 / 3, 1 / 3, 1 / 3], [1 / 3, 1 / 3, 1 / 3], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]},
        ),
    )

    ngram_min: int = Field(3, ge=1, le=10)
    """Fewest characters of a run."""
    ngram_max: int = Field(5, ge=1, le=10)
    """Most characters of a run."""
    max_features: int = Field(500, ge=1, le=10_000)
    """Keep at most so many runs, those that occur most often (ties in order of their code points)."""

    def tokens(self) -> pl.Expr:
        words = self.text.str.extract_all(r"\S+")
        padded = words.list.eval(pl.concat_str(pl.lit(" "), pl.element(), pl.lit(" ")))
        grams = ngrams(padded.list.join("").str.extract_all("(?s)."), self.ngram_min, self.ngram_max, "")
        # Two spaces are the end of one word and the beginning of the next.
        within = grams.list.filter(~pl.element().str.contains("  ", literal=True))
        short = padded.list.filter(pl.element().str.len_chars() < self.ngram_min)
        return pl.concat_list(within, short)

    def named(self, words: list[str], weights: list[float], taken_names: list[str]) -> Vocabulary:
        # The ends of words show as underscores.
        wanted = (re.sub(r"\W", "_", each) for each in words)
        names = free_names((f"{self.column}_{each}" for each in wanted), taken_names)
        return Vocabulary(words=words, names=names, weights=weights)


class Topics(Vocabulary):
    """The topics, and the words that they are told by."""

    loadings: Table
    """A row for each word, in order, and a column for each topic: how much the word counts for it."""


class TopicsLsa(Weighted, Tokens):
    """Make a few columns that say what text is about, by the words that occur together (latent semantic analysis).

    Each is a direction in which the TF-IDF weights of the texts differ most (their truncated singular value
    decomposition), found in a sample of at most 20,000 texts. A word that is in a topic's texts has a positive
    loading, one that is absent from them a negative one.
    """

    id = "topics_lsa"
    title = "Text topics (LSA)"
    terms = ("latent semantic analysis", "lsi", "topic model", "truncated svd", "document embedding", "text vectors")
    columns_from_data = False
    missing = "Missing text counts as empty text, which is 0 in each topic, or gives missing values, as chosen."
    unseen = "New words do not count."
    examples = (
        Example(
            params={"column": "note", "components": 2},
            before={"id": [1, 2, 3, 4, 5], "note": ["late fee", "fee late", "late fee", "flat tyre", None]},
            after={
                "id": [1, 2, 3, 4, 5],
                "note_topic_1": [1.0, 1.0, 1.0, 0.0, 0.0],
                "note_topic_2": [0.0, 0.0, 0.0, 1.0, 0.0],
            },
        ),
        Example(
            params={"column": "note", "components": 2, "how": "list", "handle_missing": "null", "keep_input": True},
            before={"note": ["good", "good", "", None]},
            after={"note": ["good", "good", "", None], "note_vector": [[1.0, 0.0], [1.0, 0.0], [0.0, 0.0], None]},
        ),
    )

    max_features: int = Field(1_000, ge=1, le=10_000)
    """Keep at most so many words, those that occur most often (ties in order of their code points)."""
    components: int = Field(20, ge=1, le=300)
    """How many topics to make; those beyond what the texts hold are 0."""
    seed: Seed = 0
    """Another seed, other texts in the sample."""

    @property
    def _names(self) -> list[str]:
        return [f"{self.column}_topic_{i + 1}" for i in range(self.components)]

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        yield from package_problems("scipy", "components", "Finding topics")
        if self.how == "columns":
            for each in self._names:
                yield from taken(each, schemas[0], "column")

    def fit(self, ask: Ask) -> Topics:
        known = super().fit(ask)
        (sample,) = ask(Rows((self.column,), SAMPLED, self.seed))
        places = sample.drop_nulls().select(self.places(known.words)).to_series()
        found = self._directions(places, known)
        table = pl.DataFrame(found.T.copy(), schema=dict.fromkeys(self._names, pl.Float64), orient="row")
        return Topics(
            words=known.words,
            weights=known.weights,
            names=self._names,
            loadings=table.insert_column(0, pl.Series("word", known.words, dtype=pl.String)),
        )

    def _directions(self, places: pl.Series, known: Vocabulary) -> NDArray[np.float64]:
        """The loadings of the words, a row for each topic; zeros where there are no more."""
        from scipy.sparse import csr_array, vstack
        from scipy.sparse.linalg import svds

        width = len(known.words)
        found = np.zeros((self.components, width))
        size = max(CELLS // max(width, 1), 1)
        pieces = [places[at : at + size] for at in range(0, len(places), size)] if width else []
        weights = vstack(
            [csr_array((0, width)), *(csr_array(self.weighed(counted(each, width), known)) for each in pieces)]
        )
        if not weights.nnz:
            return found
        smaller = min(weights.shape)
        if self.components < smaller:
            start = np.random.default_rng(self.seed).uniform(-1, 1, smaller)
            _, strengths, directions = svds(weights, self.components, v0=start)
            strengths, directions = strengths[::-1], directions[::-1]
        else:
            _, strengths, directions = np.linalg.svd(weights.toarray(), full_matrices=False)
        # A direction without any strength is one of many that would do as well.
        found[: len(strengths)] = np.where(strengths[:, np.newaxis] > NO_STRENGTH, directions, 0.0)
        return signed(found)

    def numbers(self, counts: NDArray[np.float64], learned: Any) -> NDArray[Any]:
        weights = self.weighed(counts, learned)
        row, word = np.nonzero(weights)
        values, topics = weights[row, word], np.zeros((len(weights), self.components))
        loadings = learned.loadings.drop("word").to_numpy()
        for i in range(self.components):
            # Summed in order, so that a text has the same digits whatever texts are with it.
            topics[:, i] = np.bincount(row, values * loadings[word, i], minlength=len(weights))
        return topics


def signed(loadings: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same directions with their largest loadings positive; of several as large, the first.

    Rounded, since the last digits may differ from one machine to another.
    """
    largest = np.abs(np.round(loadings, 9)).argmax(axis=1, keepdims=True)
    turned = np.where(np.take_along_axis(loadings, largest, axis=1) < 0, -loadings, loadings)
    return np.round(turned, 12) + 0.0  # no -0.0


TRANSFORMS: tuple[type[Transform], ...] = (VectorizeChars, TopicsLsa)
