"""How alike two texts are."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Literal

import polars as pl

from transforms.core.columns import TextColumn, taken
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.text import package_problems
from transforms.core.transform import Example, RowTransform, Transform
from transforms.name_likeness import name_likeness

Metric = Literal[
    "levenshtein", "damerau", "hamming", "lcs", "jaro_winkler", "jaccard", "cosine", "token_sort", "token_set", "names"
]
EDITS: tuple[Metric, ...] = ("levenshtein", "damerau", "hamming", "lcs")
"""Metrics that count characters."""
WORDS = re.compile(r"\w+")


class CompareText(RowTransform):
    """Measure how alike the texts in two columns are."""

    id = "compare_text"
    title = "Compare two text columns"
    terms = ("levenshtein", "edit distance", "jaro-winkler", "similarity", "fuzzy match", "string distance")
    missing = "Where either text is missing, the result is."
    examples = (
        Example(
            params={"left": "name", "right": "billed_to"},
            before={"name": ["Smith", "Zoë", "", None], "billed_to": ["Smyth", "Zoë", "", "Bo"]},
            after={
                "name": ["Smith", "Zoë", "", None],
                "billed_to": ["Smyth", "Zoë", "", "Bo"],
                "similarity": [0.8, 1.0, 1.0, None],
            },
        ),
        Example(
            params={"left": "a", "right": "b", "metric": "jaccard", "ignore_case": True, "output": "shared"},
            before={"a": ["New York City", "Oslo", None], "b": ["city of new york", "Rome", "Rome"]},
            after={
                "a": ["New York City", "Oslo", None],
                "b": ["city of new york", "Rome", "Rome"],
                "shared": [0.75, 0.0, None],
            },
        ),
    )

    left: TextColumn
    """One column."""
    right: TextColumn
    """The other."""
    metric: Metric = "levenshtein"
    """Characters to change, insert or delete (levenshtein; damerau also swaps neighbours), places that differ
    (hamming, the shorter text counting as different at the end), the longest common subsequence (lcs),
    Jaro-Winkler; words in common (jaccard of sets, cosine of counts); the texts with their words sorted, or with
    their common words put first (token_sort, token_set: the best of the pairs, by rapidfuzz), or word by word (names:
    the share of the letters of words in common, in any order, with at most one slip in five letters, without legal
    forms and capitals; other numbers are unlike)."""
    normalize: bool = True
    """Give a similarity, from 0 (nothing alike) to 1 (equal). Otherwise, levenshtein, damerau and hamming give the
    number of edits and lcs its length; the other measures know no other scale."""
    ignore_case: bool = False
    """Take capitals and small letters as equal."""
    output: NewColumn = "similarity"
    """Name of the new column."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])
        if self.metric not in ("jaccard", "cosine"):
            yield from package_problems("rapidfuzz", "metric", f"Comparing by {self.metric!r}")

    def exprs(self) -> Iterator[pl.Expr]:
        texts = [self.present(name).cast(pl.String) for name in (self.left, self.right)]
        if self.ignore_case:
            texts = [each.str.to_lowercase() for each in texts]
        pair = pl.struct(left=texts[0], right=texts[1])
        found = pair.map_batches(self._compared, return_dtype=self._dtype, is_elementwise=True)
        yield found.alias(self.output)

    @property
    def _dtype(self) -> pl.DataType:
        """Edits are counted; everything else is a share."""
        return pl.Float64() if self.normalize or self.metric not in EDITS else pl.Int64()

    def _compared(self, pairs: pl.Series) -> pl.Series:
        table = pairs.struct.unnest()
        distinct = table.drop_nulls().unique(maintain_order=True)
        left, right = distinct["left"].to_list(), distinct["right"].to_list()
        by_words = {"jaccard": jaccard, "cosine": cosine, "names": name_likeness}
        if measure := by_words.get(self.metric):
            found = [measure(*each) for each in zip(left, right, strict=True)]
        else:
            found = self._by_rapidfuzz(left, right)
        known = distinct.with_columns(found=pl.Series(found, dtype=pl.Float64).cast(self._dtype))
        return table.join(known, on=["left", "right"], how="left", maintain_order="left")["found"]

    def _by_rapidfuzz(self, left: list[str], right: list[str]) -> Any:
        import numpy as np
        from rapidfuzz import distance, fuzz, process

        scorers: dict[str, tuple[Callable[..., float], Callable[..., float]]] = {
            "levenshtein": (distance.Levenshtein.normalized_similarity, distance.Levenshtein.distance),
            "damerau": (distance.DamerauLevenshtein.normalized_similarity, distance.DamerauLevenshtein.distance),
            "hamming": (distance.Hamming.normalized_similarity, distance.Hamming.distance),
            "lcs": (distance.LCSseq.normalized_similarity, distance.LCSseq.similarity),
            "jaro_winkler": (distance.JaroWinkler.similarity, distance.JaroWinkler.similarity),
            "token_sort": (fuzz.token_sort_ratio, fuzz.token_sort_ratio),
            "token_set": (fuzz.token_set_ratio, fuzz.token_set_ratio),
        }
        scorer = scorers[self.metric][0 if self.normalize else 1]
        found = process.cpdist(left, right, scorer=scorer, dtype=np.float64, workers=1)
        return found / 100 if self.metric in ("token_sort", "token_set") else found


def jaccard(left: str, right: str) -> float:
    """Share of the words of two texts that are in both; 1 when neither has any."""
    first, second = set(WORDS.findall(left)), set(WORDS.findall(right))
    return len(first & second) / len(first | second) if first or second else 1.0


def cosine(left: str, right: str) -> float:
    """Cosine of the word counts of two texts; 1 when neither has a word, 0 when one has none."""
    first, second = Counter(WORDS.findall(left)), Counter(WORDS.findall(right))
    if not first or not second:
        return float(first == second)
    squares = sum(n * n for n in first.values()) * sum(n * n for n in second.values())
    return sum(n * second[word] for word, n in first.items()) / math.sqrt(squares)


TRANSFORMS: tuple[type[Transform], ...] = (CompareText,)
