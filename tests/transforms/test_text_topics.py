"""Text as character n-grams and as topics."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from flows.engines.polars_engine import PolarsEngine
from tests.checks import planned, result
from transforms.core.errors import InvalidStepError
from transforms.core.relations import Source
from transforms.text_topics import Topics, TopicsLsa, VectorizeChars
from transforms.text_vectors import VectorizeTfidf

RANDOM = np.random.default_rng(5)
WORDS = ["Loan", "late", "fees", "Zürich", "東京", "x", "don't", "a_b", "42", "straße", "lately"]
DOCUMENTS = [" ".join(RANDOM.choice(WORDS, size)) + "." for size in RANDOM.integers(0, 9, 60)] + ["", "  "]
TABLE = pl.DataFrame({"t": DOCUMENTS})


@pytest.mark.parametrize(("low", "high"), [(3, 5), (1, 2), (5, 6), (2, 2)])
def test_character_ngrams_are_those_of_scikit_learn(low: int, high: int) -> None:
    oracle = TfidfVectorizer(analyzer="char_wb", ngram_range=(low, high))
    expected = oracle.fit_transform(DOCUMENTS).toarray()
    step = VectorizeChars(column="t", ngram_min=low, ngram_max=high, max_features=10_000, how="list")
    np.testing.assert_allclose(np.array(result(step, TABLE)["t_vector"].to_list()), expected, atol=1e-12)


def test_columns_show_where_words_begin_and_end() -> None:
    step = VectorizeChars(column="t", ngram_max=3, lower=False)
    assert result(step, pl.DataFrame({"t": ["ab c"]})).columns == ["t__ab", "t__c_", "t_ab_"]
    twice = result(step, pl.DataFrame({"t": ["a-b a+b"]}))
    assert twice.columns == ["t__a_", "t__a__2", "t__b_", "t__b__2", "t_a_b", "t_a_b_2"]


def test_misspelled_names_are_near() -> None:
    names = ["Gonzalez", "Gonzales", "Smith"]
    vectors = np.array(result(VectorizeChars(column="t", how="list"), pl.DataFrame({"t": names}))["t_vector"].to_list())
    likeness = vectors @ vectors.T
    assert likeness[0, 1] > 0.4 > 0.01 > likeness[0, 2]


def test_lengths_are_in_order() -> None:
    with pytest.raises(ValidationError, match="ngram_min 4 is above ngram_max 3"):
        VectorizeChars(column="t", ngram_min=4, ngram_max=3)


def topics(table: pl.DataFrame, **params: Any) -> np.ndarray[Any, Any]:
    return np.array(result(TopicsLsa(column="t", how="list", **params), table)["t_vector"].to_list())


@pytest.mark.parametrize("params", [{"sublinear_tf": True}, {"ngram_max": 2, "stop_words": "en"}, {"min_df": 3}])
def test_topics_are_those_of_scikit_learn_but_for_their_sign(params: dict[str, Any]) -> None:
    weights = np.array(
        result(VectorizeTfidf(column="t", how="list", max_features=1000, **params), TABLE)["t_vector"].to_list()
    )
    expected = TruncatedSVD(4, algorithm="arpack", random_state=0).fit_transform(weights)
    np.testing.assert_allclose(np.abs(topics(TABLE, components=4, **params)), np.abs(expected), atol=1e-9)


def test_largest_loading_is_positive_and_loadings_belong_to_words() -> None:
    engine = PolarsEngine.over({"in0": TABLE})
    learned = planned(TopicsLsa(column="t", components=3), engine, [Source("in0")])[1]
    assert isinstance(learned, Topics)
    assert learned.loadings["word"].to_list() == learned.words
    for name in ("t_topic_1", "t_topic_2", "t_topic_3"):
        loadings = learned.loadings[name]
        assert loadings.max() == loadings.abs().max()
        assert (loadings**2).sum() == pytest.approx(1)


def test_topics_beyond_what_there_is_are_0() -> None:
    found = topics(pl.DataFrame({"t": ["loan late", "late loan", None]}), components=3)
    np.testing.assert_allclose(found, [[1, 0, 0], [1, 0, 0], [0, 0, 0]], atol=1e-9)
    assert topics(pl.DataFrame({"t": ["", None]}, schema={"t": pl.String}), components=2).tolist() == [[0, 0]] * 2


def test_a_text_has_the_same_digits_whatever_is_with_it() -> None:
    engine = PolarsEngine.over({"in0": TABLE})
    step = TopicsLsa(column="t", components=5).bind(TABLE.schema)
    learned = planned(step, engine, [Source("in0")])[1]
    assert isinstance(learned, Topics)
    whole = step.apply(TABLE.lazy(), learned).collect()
    pieces = [step.apply(TABLE[i : i + 1].lazy(), learned).collect() for i in range(len(TABLE))]
    assert whole.equals(pl.concat(pieces))


def test_names_of_topics_must_be_free() -> None:
    with pytest.raises(InvalidStepError, match="There is a column 't_topic_2' already"):
        TopicsLsa(column="t").bind(pl.Schema({"t": pl.String(), "t_topic_2": pl.Float64()}))
