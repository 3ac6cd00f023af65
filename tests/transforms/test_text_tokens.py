"""Text as lists, keys, codes and scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jellyfish
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.feature_extraction.text import CountVectorizer

from tests.checks import result
from tests.drawing import examples
from transforms.core.errors import InvalidStepError
from transforms.core.transform import RowTransform
from transforms.quality import ClusterKeyCollision
from transforms.text_sentiment import FACTORS, LEXICON, NEGATING, VALENCES, SentimentScore
from transforms.text_tokens import FingerprintText, PhoneticCode, TextNgrams, TokenizeText

few = settings(max_examples=examples(12), deadline=None)


def found(kind: Callable[..., RowTransform], values: list[Any], **params: Any) -> list[Any]:
    """What a step finds in the values of one column."""
    table = pl.DataFrame({"t": values}, schema={"t": pl.String})
    return result(kind(column="t", output="out", **params), table)["out"].to_list()


def test_text_is_taken_apart_in_several_ways() -> None:
    text = "It’s 3.5 kg… 👍🏽 Oui?!  «Ça va»"
    assert found(TokenizeText, [text]) == [["it’s", "3", "5", "kg", "oui", "ça", "va"]]
    assert found(TokenizeText, [text], tokenizer="whitespace", lower=False) == [text.split()]
    assert found(TokenizeText, [text], tokenizer="sentences", lower=False) == [
        ["It’s 3.5 kg…", "👍🏽 Oui?!", "«Ça va»"]
    ]
    assert found(TokenizeText, [text, "", None], tokenizer="regex", pattern=r"\d") == [["3", "5"], [], None]
    with pytest.raises(ValidationError, match="A pattern belongs to the regex tokenizer"):
        TokenizeText(column="t", tokenizer="regex")


@few
@given(st.lists(st.text("ab É.'", max_size=8), max_size=6), st.integers(1, 4))
def test_ngrams_are_those_of_scikit_learn(texts: list[str], n: int) -> None:
    characters = CountVectorizer(analyzer="char", ngram_range=(n, n)).build_analyzer()
    plain = [" ".join(each.split()) for each in texts]  # scikit-learn makes one space of several
    assert found(TextNgrams, plain, n=n, unit="characters") == [characters(each) for each in plain]
    words = CountVectorizer(token_pattern=r"[^\W']+(?:'[^\W']+)*", ngram_range=(n, n)).build_analyzer()
    assert found(TextNgrams, texts, n=n) == [words(each) for each in texts]


def test_text_that_is_too_short_has_no_ngrams() -> None:
    assert found(TextNgrams, ["a", "", None], n=2) == [[], [], None]
    assert found(TextNgrams, ["A b"], n=1, lower=False) == [["A", "b"]]


@few
@given(st.lists(st.text("abÉ -.", min_size=1, max_size=5), min_size=1, max_size=6))
@pytest.mark.parametrize(("method", "key"), [("token", "fingerprint"), ("ngram", "ngram")])
def test_values_with_one_key_are_those_that_are_grouped(method: Any, key: Any, texts: list[str]) -> None:
    keys = found(FingerprintText, texts, method=method)
    grouped = result(ClusterKeyCollision(column="t", key=key), pl.DataFrame({"t": texts}))["t"].to_list()
    for i, mine in enumerate(keys):
        for j, other in enumerate(keys):
            if mine and other:
                assert (mine == other) == (grouped[i] == grouped[j])


CODES: dict[str, Callable[[str], str]] = {
    "soundex": jellyfish.soundex,
    "metaphone": jellyfish.metaphone,
    "nysiis": jellyfish.nysiis,
    "match_rating": jellyfish.match_rating_codex,
}


@pytest.mark.parametrize("algorithm", CODES)
def test_codes_are_those_of_the_letters(algorithm: Any) -> None:
    letters = ["OBRIEN", "MULLER", "LEE", "SMITH"]
    texts = ["O'Brien", "müller", " Lee-", "SMITH 3"]
    assert found(PhoneticCode, texts, algorithm=algorithm) == [CODES[algorithm](each) for each in letters]
    assert found(PhoneticCode, ["42", "東京", "", None], algorithm=algorithm) == [None] * 4


def test_codes_of_published_examples() -> None:
    names = ["Robert", "Rupert", "Ashcraft", "Tymczak", "Pfister"]
    assert found(PhoneticCode, names, algorithm="soundex") == ["R163", "R163", "A261", "T522", "P236"]
    assert found(PhoneticCode, ["Müller-Lüdenscheidt", "Wikipedia"], algorithm="cologne") == ["65752682", "3412"]
    assert found(PhoneticCode, ["Smith", "Smyth", "Philip", "Wright"]) == ["SM0", "SM0", "FLP", "RT"]


def test_names_without_a_code_are_counted() -> None:
    step, table = PhoneticCode(column="t"), pl.DataFrame({"t": ["Lee", "42", "東京", " ", "", None]})
    (failure,) = step.bind(table.schema).failures()
    assert table.select(failure.where.sum()).item() == 2


def scores(texts: list[str | None], *wanted: Any) -> list[tuple[Any, ...]]:
    table = pl.DataFrame({"t": texts}, schema={"t": pl.String})
    return result(SentimentScore(column="t", scores=wanted, prefix=""), table).drop("t").rows()


def test_every_word_has_one_meaning() -> None:
    assert len(VALENCES) == sum(len(words.split()) for words in LEXICON.values())
    assert not VALENCES.keys() & (FACTORS.keys() | NEGATING)


def test_good_is_above_nothing_and_bad_below() -> None:
    texts: list[str | None] = [
        "A wonderful, wonderful day",
        "Really good food",
        "Good food",
        "Slightly good food",
        "We had lunch",
        "Not really good food",
        "Not good food",
        "Awful service, rude staff",
    ]
    compound = [each for (each,) in scores(texts, "compound")]
    assert compound[4] == 0
    assert compound[:5] == sorted(compound[:5], reverse=True)
    assert len(set(compound)) == len(compound)
    assert 0 > compound[6] > compound[5] > compound[7] >= -1


def test_negations_reach_three_words_and_not_beyond_a_comma() -> None:
    compound = scores(
        ["not all that good", "not so much of all that good", "no, it was good", "good", "isn’t good"], "compound"
    )
    assert compound[1] == compound[2] == compound[3]
    assert compound[0] == compound[4] < (0,) < compound[3]


def test_shares_are_of_all_words() -> None:
    assert scores(["good bad so so", "...", None], "positive", "negative", "neutral") == [
        (0.25, 0.25, 0.5), (0.0, 0.0, 0.0), (None, None, None)
    ]  # fmt: skip


def test_names_of_scores_must_be_free() -> None:
    with pytest.raises(InvalidStepError, match="There is a column 't_compound' already"):
        SentimentScore(column="t").bind(pl.Schema({"t": pl.String(), "t_compound": pl.Float64()}))
