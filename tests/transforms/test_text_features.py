"""Text as numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.utils import murmurhash3_32

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.core.relations import Source
from transforms.core.stop_words import STOP_WORDS
from transforms.text_features import TextStatistics
from transforms.text_hashing import MinhashEncode, VectorizeHash, murmur_hashes
from transforms.text_vectors import VectorizeCount, VectorizeTfidf, stop_tokens

RANDOM = np.random.default_rng(3)
WORDS = ["Loan", "loan", "late", "fee", "fees", "Zürich", "東京", "x", "the", "and", "don't", "a_b", "42", "straße"]
DOCUMENTS = [" ".join(RANDOM.choice(WORDS, size)) + "." for size in RANDOM.integers(0, 12, 60)] + [""]
TABLE = pl.DataFrame({"t": DOCUMENTS})


def described(values: list[str | None], *measures: str) -> list[tuple[Any, ...]]:
    step = TextStatistics(column="t", measures=measures)
    return result(step, pl.DataFrame({"t": values}, schema={"t": pl.String})).drop("t").rows()


def test_counts_are_of_unicode() -> None:
    found = described(
        ["Ça va? Oui… 👨‍👩‍👧🇳🇴 ❤️ ©", "", None], "characters", "words", "sentences", "punctuation", "emoji"
    )
    assert found == [(len("Ça va? Oui… 👨‍👩‍👧🇳🇴 ❤️ ©"), 3, 3, 2, 3), (0, 0, 0, 0, 0), (None,) * 5]


def test_shares_are_of_all_characters_and_0_of_nothing() -> None:
    found = described(["Éa1 $", "", None], "uppercase_share", "lowercase_share", "digit_share", "special_share")
    assert found == [(0.2, 0.2, 0.2, 0.2), (0.0,) * 4, (None,) * 4]


def test_words_are_measured_and_told_apart() -> None:
    found = described(["Don't stop, don't", "...", None], "average_word_length", "unique_word_share")
    assert found == [(14 / 3, 2 / 3), (0.0, 0.0), (None, None)]


def test_a_number_with_signs_inside_is_one_word() -> None:
    texts = ["Sunrise 11.7.90", "at 10:30pm, 1,200.50 paid.", "1. 2, 3: v1.2", None]
    assert described(texts, "words") == [(2,), (4,), (5,), (None,)]
    assert described(texts[:1], "average_word_length", "unique_word_share") == [(7.0, 1.0)]


def test_names_of_statistics_must_be_free() -> None:
    step = TextStatistics(column="t", measures=("words",), prefix="")
    with pytest.raises(InvalidStepError, match="There is a column 'words' already"):
        step.bind(pl.Schema({"t": pl.String(), "words": pl.Int64()}))


SETTINGS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"ngram_max": 2, "max_features": 500}, {"ngram_range": (1, 2)}),
    ({"ngram_min": 2, "ngram_max": 3, "max_features": 5000}, {"ngram_range": (2, 3)}),
    ({"min_df": 5, "max_df": 0.4}, {"min_df": 5, "max_df": 0.4}),
    ({"min_df": 0.2, "max_df": 25}, {"min_df": 0.2, "max_df": 25}),
    ({"lower": False}, {"lowercase": False}),
    ({"stop_words": "en", "ngram_max": 2}, {"stop_words": stop_tokens("en"), "ngram_range": (1, 2)}),
    ({"tokenizer": "regex", "pattern": r"[a-z']+"}, {"token_pattern": r"[a-z']+"}),
    ({"tokenizer": "characters", "ngram_max": 3, "max_features": 5000}, {"analyzer": "char", "ngram_range": (1, 3)}),
]


@pytest.mark.parametrize(("mine", "theirs"), SETTINGS)
def test_counts_are_those_of_scikit_learn(mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    oracle = CountVectorizer(**theirs)
    expected = oracle.fit_transform(DOCUMENTS).toarray()
    found = result(VectorizeCount(column="t", how="list", **mine), TABLE)["t_vector"]
    np.testing.assert_array_equal(np.array(found.to_list()), expected)


@pytest.mark.parametrize(("mine", "theirs"), SETTINGS)
def test_weights_are_those_of_scikit_learn(mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    expected = TfidfVectorizer(**theirs).fit_transform(DOCUMENTS).toarray()
    found = result(VectorizeTfidf(column="t", how="list", **mine), TABLE)["t_vector"]
    np.testing.assert_allclose(np.array(found.to_list()), expected, rtol=1e-12)


@pytest.mark.parametrize("norm", ["l1", "l2", "none"])
@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("sublinear", [True, False])
def test_weighing_is_that_of_scikit_learn(norm: Any, smooth: bool, sublinear: bool) -> None:
    oracle = TfidfVectorizer(norm=None if norm == "none" else norm, smooth_idf=smooth, sublinear_tf=sublinear)
    step = VectorizeTfidf(column="t", norm=norm, smooth_idf=smooth, sublinear_tf=sublinear)
    found = result(step, TABLE)
    np.testing.assert_allclose(found.to_numpy(), oracle.fit_transform(DOCUMENTS).toarray(), rtol=1e-12)


@pytest.mark.parametrize("binary", [True, False])
def test_most_frequent_words_are_kept_as_by_scikit_learn(binary: bool) -> None:
    documents = ["aa aa aa bb", "bb cc", "cc bb dd", "ee dd cc bb", "aa"]
    oracle = CountVectorizer(max_features=3, binary=binary)
    expected = oracle.fit_transform(documents).toarray()
    found = result(VectorizeCount(column="t", max_features=3, binary=binary), pl.DataFrame({"t": documents}))
    assert found.columns == [f"t_{each}" for each in oracle.get_feature_names_out()]
    np.testing.assert_array_equal(found.to_numpy(), expected)


def test_new_words_are_not_counted() -> None:
    step = VectorizeCount(column="t").bind(TABLE.schema)
    learned = step.fit(Asking(PolarsEngine.over({"in0": TABLE}), (Source("in0"),)))
    new = pl.DataFrame({"t": ["unheard of", "late LATE unheard", None]})
    found = step.apply(new.lazy(), learned).collect()
    assert found["t_late"].to_list() == [0, 2, 0]
    assert found.select(pl.sum_horizontal(pl.all())).to_series().to_list() == [0, 2, 0]


def test_missing_text_is_an_empty_text_or_missing() -> None:
    table = pl.DataFrame({"t": ["aa", "aa bb", None]})
    oracle = TfidfVectorizer(norm=None).fit(["aa", "aa bb", ""])
    zeros = result(VectorizeTfidf(column="t", norm="none"), table)
    np.testing.assert_allclose(zeros.to_numpy(), oracle.transform(["aa", "aa bb", ""]).toarray())
    nulls = result(VectorizeTfidf(column="t", norm="none", handle_missing="null"), table)
    assert nulls.row(2) == (None, None)
    # Missing texts do not count among the texts.
    fitted = TfidfVectorizer(norm=None).fit(["aa", "aa bb"])
    np.testing.assert_allclose(nulls[:2].to_numpy(), fitted.transform(["aa", "aa bb"]).toarray())


def test_names_are_legal_and_free() -> None:
    table = pl.DataFrame({"t": ["c++ c# c-", "C"], "t_c": [1, 2]})
    found = result(VectorizeCount(column="t", tokenizer="regex", pattern=r"\S+", keep_input=True), table)
    assert found.columns == ["t", "t_c", "t_c_2", "t_c_3", "t_c_4", "t_c_5"]


def test_table_without_words_gets_no_columns() -> None:
    table = pl.DataFrame({"n": [1, 2], "t": ["", None]}, schema_overrides={"t": pl.String})
    assert result(VectorizeCount(column="t"), table).columns == ["n"]
    assert result(VectorizeTfidf(column="t", how="list"), table)["t_vector"].to_list() == [[], []]


def test_columns_of_nulls_are_fine() -> None:
    table = pl.DataFrame({"t": [None, None], "n": [1, 2]})
    assert result(VectorizeTfidf(column="t"), table).columns == ["n"]
    assert result(VectorizeHash(column="t", features=2), table).columns == ["n", "t_hash_1", "t_hash_2"]
    assert result(MinhashEncode(column="t", dims=1), table)["t_minhash_1"].to_list() == [None, None]


def test_stop_words_are_known_by_their_parts() -> None:
    assert {"don", "the", "don't"} <= set(stop_tokens("en"))
    assert STOP_WORDS["de"] <= set(stop_tokens("de"))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"ngram_min": 2}, "ngram_min 2 is above ngram_max 1"),
        ({"tokenizer": "regex"}, "give both or none"),
        ({"pattern": "a"}, "give both or none"),
        ({"tokenizer": "characters", "stop_words": "en"}, "Characters are no words"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        VectorizeHash(column="t", **params)


def test_list_column_must_be_free() -> None:
    with pytest.raises(InvalidStepError, match="There is a column 't_vector' already"):
        VectorizeCount(column="t", how="list").bind(pl.Schema({"t": pl.String(), "t_vector": pl.String()}))


@given(st.lists(st.text(max_size=30), max_size=6))
def test_hashes_are_those_of_murmur(texts: list[str]) -> None:
    expected = [murmurhash3_32(each, seed=0, positive=True) for each in texts]
    assert murmur_hashes(pl.Series(texts, dtype=pl.String)).tolist() == expected


@pytest.mark.parametrize("signed", [True, False])
def test_hashed_counts_are_those_of_scikit_learn(signed: bool) -> None:
    oracle = HashingVectorizer(n_features=16, norm=None, alternate_sign=signed, ngram_range=(1, 2))
    found = result(VectorizeHash(column="t", features=16, signed=signed, ngram_max=2), TABLE)
    np.testing.assert_array_equal(found.to_numpy(), oracle.transform(DOCUMENTS).toarray())


def grams(text: str) -> set[str]:
    padded = f" {text} "
    return {padded[i : i + 3] for i in range(len(padded) - 2)}


def test_equal_minhashes_are_as_frequent_as_common_grams() -> None:
    texts = ["charged off", "charged of", "chargd off", "fully paid", "current"]
    found = result(MinhashEncode(column="t", dims=300), pl.DataFrame({"t": texts})).to_numpy()
    for i, left in enumerate(texts):
        for j, right in enumerate(texts):
            share = len(grams(left) & grams(right)) / len(grams(left) | grams(right))
            assert abs((found[i] == found[j]).mean() - share) < 0.1  # 3.5 standard deviations of 300 draws
    assert found.min() >= 0
    assert found.max() < 1


def test_minhash_depends_on_the_seed_and_on_nothing_else() -> None:
    table = pl.DataFrame({"t": ["Oslo", "oslo", "", None, "x"]})
    first = result(MinhashEncode(column="t", dims=4), table)
    assert first.equals(result(MinhashEncode(column="t", dims=4), table[::-1])[::-1])
    assert first.row(0) == first.row(1)
    assert first.row(3) == (None,) * 4
    assert first.row(0) != result(MinhashEncode(column="t", dims=4, seed=1), table).row(0)
    assert first.row(0) != result(MinhashEncode(column="t", dims=4, lower=False), table).row(0)
