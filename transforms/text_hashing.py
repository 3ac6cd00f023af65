"""Text as numbers by hashing: nothing is learned, so any table gives the same numbers.

Hashes are MurmurHash3 (32 bits, seed 0, UTF-8), as in scikit-learn, and stay the same from version to
version and from engine to engine, which a saved model relies on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field, model_validator

from transforms.core.columns import TextColumn, column, taken
from transforms.core.errors import Problem
from transforms.core.params import Seed
from transforms.core.text import ngrams
from transforms.core.transform import Example, RowTransform, Transform
from transforms.text_vectors import VALUES, Tokens, count_matrix

Words32 = NDArray[np.uint32]


def murmur_hashes(texts: pl.Series) -> Words32:
    """MurmurHash3 of texts: 32 bits, little-endian, seed 0 (Appleby, 2011, public domain)."""
    encoded = [each.encode() for each in texts]
    sizes = np.array([len(each) for each in encoded], dtype=np.uint32)
    # Each text is filled up to whole blocks of four bytes; texts lie one behind the other.
    blocks = np.frombuffer(b"".join(each + b"\0" * (-len(each) % 4) for each in encoded), dtype="<u4")
    counts = -(-sizes.astype(np.int64) // 4)
    starts, whole = np.cumsum(counts) - counts, sizes // 4
    hashes = np.zeros(len(encoded), dtype=np.uint32)
    for place in range(int(counts.max(initial=0))):
        rows = np.flatnonzero(counts > place)
        mixed = _rotated(blocks[starts[rows] + place] * np.uint32(0xCC9E2D51), 15) * np.uint32(0x1B873593)
        changed = hashes[rows] ^ mixed
        # The last block, when it was filled up, is only mixed in.
        full = _rotated(changed, 13) * np.uint32(5) + np.uint32(0xE6546B64)
        hashes[rows] = np.where(place < whole[rows], full, changed)
    return _finished(hashes ^ sizes)


def _rotated(values: Words32, bits: int) -> Words32:
    return (values << np.uint32(bits)) | (values >> np.uint32(32 - bits))


def _finished(values: Words32) -> Words32:
    """MurmurHash3's last step, which spreads every bit over all; different values stay different."""
    values = (values ^ (values >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    values = (values ^ (values >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return values ^ (values >> np.uint32(16))


def numbered(texts: pl.Series) -> tuple[pl.Series, NDArray[np.int64]]:
    """The different texts there are, and the place of each text among them."""
    known = texts.unique()
    place = texts.replace_strict(known, pl.int_range(len(known), eager=True), return_dtype=pl.Int64)
    # Where there are no texts, polars keeps their type.
    return known, place.cast(pl.Int64).to_numpy()


class VectorizeHash(Tokens, RowTransform):
    """Count the words of a text in a fixed number of columns, chosen for each word by its hash."""

    id = "vectorize_hash"
    title = "Vectorize: hashing"
    terms = ("hashing vectorizer", "hashing trick", "feature hashing", "bag of words")
    missing = "Missing text counts as empty text, or gives missing values, as chosen."
    examples = (
        Example(
            params={"column": "review", "features": 4, "signed": False},
            before={"id": [1, 2, 3], "review": ["good food", "food, food", None]},
            after={
                "id": [1, 2, 3],
                "review_hash_1": [0, 0, 0],
                "review_hash_2": [1, 0, 0],
                "review_hash_3": [1, 2, 0],
                "review_hash_4": [0, 0, 0],
            },
        ),
        Example(
            params={
                "column": "code",
                "features": 4,
                "tokenizer": "characters",
                "ngram_max": 2,
                "how": "list",
                "keep_input": True,
                "handle_missing": "null",
            },
            before={"code": ["aba", "", None]},
            after={"code": ["aba", "", None], "code_vector": [[0, -2, 1, 0], [0, 0, 0, 0], None]},
        ),
    )

    features: int = Field(64, ge=2, le=4_096)
    """How many columns; words that share one are counted together."""
    signed: bool = True
    """Let half of the words count down, so that words that share a column cancel out rather than add up."""

    @property
    def _names(self) -> list[str]:
        return [f"{self.column}_hash_{i + 1}" for i in range(self.features)]

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from self.vector_problems(schemas[0])
        if self.how == "columns":
            for each in self._names:
                yield from taken(each, schemas[0], "column")

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        return self.vectorized(rows, self.tokens(), self._names, pl.Int64(), self._counts)

    def _counts(self, tokens: pl.Series) -> NDArray[np.int64]:
        known, place = numbered(tokens.explode(keep_nulls=False, empty_as_null=False))
        hashes = murmur_hashes(known).view(np.int32).astype(np.int64)
        column_of, signs = np.abs(hashes) % self.features, np.where(self.signed & (hashes < 0), -1, 1)
        counts = count_matrix(tokens.list.len(), column_of[place], self.features, signs[place])
        return counts.astype(np.int64)


class MinhashEncode(RowTransform):
    """Make columns of numbers that are often equal for texts that are spelled alike.

    Each column holds the smallest of the hashes of the text's character n-grams, by a hash function of its
    own: two texts agree in a column with a chance that is the share of n-grams they have in common (Broder,
    1997; for categories with typing errors, Cerda and Varoquaux, 2020).
    """

    id = "minhash_encode"
    title = "Similarity encode (MinHash)"
    terms = ("similarity encode", "min hash", "fuzzy categories", "dirty categories", "locality sensitive hashing")
    missing = "Missing values stay missing; empty text is a text like others."
    examples = (
        Example(
            params={"column": "city", "dims": 2},
            before={"city": ["Oslo", "oslo", "Rome", None]},
            after={
                "city_minhash_1": [0.2004934074357152, 0.2004934074357152, 0.35326474509201944, None],
                "city_minhash_2": [0.5317767071537673, 0.5317767071537673, 0.27258317288942635, None],
            },
        ),
        Example(
            params={"column": "city", "dims": 2, "seed": 7, "lower": False, "how": "list", "keep_input": True},
            before={"city": ["Oslo", "", None]},
            after={
                "city": ["Oslo", "", None],
                "city_vector": [
                    [0.430163508746773, 0.7071596039459109],
                    [0.43337200582027435, 0.38974414695985615],
                    None,
                ],
            },
        ),
    )

    column: TextColumn
    """Column to encode."""
    dims: int = Field(30, ge=1, le=300)
    """How many numbers stand for a text; more tell small differences better."""
    ngram_min: int = Field(3, ge=1, le=10)
    """Fewest neighbouring characters to compare, a space before and after the text among them."""
    ngram_max: int = Field(3, ge=1, le=10)
    """Most neighbouring characters to compare."""
    lower: bool = True
    """Take capitals and small letters as equal."""
    seed: Seed = 0
    """Another seed, other hash functions."""
    how: Literal["columns", "list"] = "columns"
    """Make a column for each number, or one column of lists, ``{column}_vector``."""
    keep_input: bool = False
    """Keep the column of text, too."""

    @model_validator(mode="after")
    def _lengths_in_order(self) -> Self:
        if self.ngram_min > self.ngram_max:
            raise ValueError(f"ngram_min {self.ngram_min} is above ngram_max {self.ngram_max}. Swap them.")
        return self

    @property
    def _names(self) -> list[str]:
        return [f"{self.column}_minhash_{i + 1}" for i in range(self.dims)]

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for each in self._names if self.how == "columns" else [f"{self.column}_vector"]:
            yield from taken(each, schemas[0], "column")

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        text = column(self.column).cast(pl.String)
        kind = pl.List(pl.Float64())
        smallest = (text.str.to_lowercase() if self.lower else text).map_batches(
            self._smallest, return_dtype=kind, is_elementwise=True
        )
        if self.how == "list":
            rows = rows.with_columns(smallest.alias(f"{self.column}_vector"))
        else:
            rows = rows.with_columns(smallest.alias(VALUES)).with_columns(
                pl.col(VALUES).list.get(i).alias(name) for i, name in enumerate(self._names)
            )
            rows = rows.drop(VALUES)
        return rows if self.keep_input else rows.drop(self.column)

    def _smallest(self, texts: pl.Series) -> pl.Series:
        """The smallest hash of each text's n-grams, by each hash function, as a share of the largest there is."""
        distinct, text_place = numbered(texts.drop_nulls())
        padded = pl.DataFrame({"text": distinct}).select(text=pl.concat_str(pl.lit(" "), "text", pl.lit(" ")))
        grams = padded.select(self._grams(pl.col("text"))).to_series()
        known, place = numbered(grams.explode())
        hashes, sizes = murmur_hashes(known), grams.list.len().to_numpy().astype(np.int64)
        smallest = np.empty((len(distinct), self.dims))
        for i, key in enumerate(self._keys() if len(distinct) else ()):
            mixed = _finished(hashes ^ key)[place]
            smallest[:, i] = np.minimum.reduceat(mixed, np.cumsum(sizes) - sizes) / 2**32
        found = np.full((len(texts), self.dims), np.nan)
        found[texts.is_not_null().to_numpy()] = smallest[text_place]
        rows = pl.Series(found, dtype=pl.Array(pl.Float64, self.dims)).cast(pl.List(pl.Float64))
        return rows.zip_with(texts.is_not_null(), pl.Series([None], dtype=rows.dtype))

    def _grams(self, text: pl.Expr) -> pl.Expr:
        """The character n-grams of text; one that is shorter than any is one itself."""
        grams = ngrams(text.str.extract_all("(?s)."), self.ngram_min, self.ngram_max, "")
        return pl.when(grams.list.len() > 0).then(grams).otherwise(pl.concat_list(text))

    def _keys(self) -> Words32:
        """One number for each hash function."""
        return murmur_hashes(pl.Series([f"{self.seed}:{i}" for i in range(self.dims)]))


TRANSFORMS: tuple[type[Transform], ...] = (VectorizeHash, MinhashEncode)
