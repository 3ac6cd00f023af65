from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import altair as alt
import numpy as np
import polars as pl
import pytest

from dataprep_app.analyses import text_overview
from dataprep_app.analyses.analysis import AnalysisError, AnalysisResult
from dataprep_app.analyses.text_overview import TextOverview
from transforms.core.stop_words import STOP_WORDS

RANDOM = np.random.default_rng(2)
WORDS = ["the", "bank", "lost", "my", "payment", "and", "refused", "a", "refund", "for", "late", "of", "account"]
TEXTS = [" ".join(RANDOM.choice(WORDS, size=RANDOM.integers(2, 12))).capitalize() + "." for _ in range(500)]
TABLE = pl.DataFrame({"t": [*TEXTS, None, "", "  "]})


def table_of(found: AnalysisResult, title: str) -> pl.DataFrame:
    return next(each.frame() for each in found.tables if each.title.startswith(title))


def drawn(found: AnalysisResult) -> list[dict[str, Any]]:
    return [row for rows in (found.chart or {}).get("datasets", {}).values() for row in rows]


def is_sound(found: AnalysisResult) -> None:
    assert found.sentences
    assert AnalysisResult.model_validate_json(found.model_dump_json()) == found
    json.dumps(found.model_dump(mode="json"), allow_nan=False)
    if found.chart is not None:
        alt.Chart.from_dict(found.chart)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def test_words_agree_with_a_counter() -> None:
    found = table_of(TextOverview(column="t").run(TABLE), "Words")
    texts = Counter(word for text in TEXTS for word in set(words(text)) - STOP_WORDS["en"])
    times = Counter(word for text in TEXTS for word in words(text) if word not in STOP_WORDS["en"])
    assert {word: rows for word, rows, _ in found.iter_rows()} == texts
    assert {word: rows for word, _, rows in found.iter_rows()} == times
    assert found["Texts"].is_sorted(descending=True)


def test_two_words_side_by_side_agree_with_a_counter() -> None:
    found = table_of(TextOverview(column="t", top=200).run(TABLE), "Phrases")
    pairs = [list(zip(words(text), words(text)[1:], strict=False)) for text in TEXTS]
    kept = [[" ".join(pair) for pair in each if not STOP_WORDS["en"] & set(pair)] for each in pairs]
    assert dict(found.select("Two words", "Texts").iter_rows()) == Counter(pair for each in kept for pair in set(each))
    assert dict(found.select("Two words", "Times").iter_rows()) == Counter(pair for each in kept for pair in each)


def test_function_words_may_be_kept() -> None:
    found = table_of(TextOverview(column="t", stop_words="none").run(TABLE), "Words")
    assert "the" in found["Word"]


@pytest.mark.parametrize(
    ("text", "gone", "kept"), [("der Hund und die Katze", "und", "hund"), ("le chien et la table", "et", "chien")]
)
def test_the_language_of_function_words_is_found(text: str, gone: str, kept: str) -> None:
    found = table_of(TextOverview(column="t").run(pl.DataFrame({"t": [text] * 3})), "Words")
    assert gone not in found["Word"]
    assert kept in found["Word"]


def test_a_phrase_ends_where_a_sentence_does() -> None:
    found = TextOverview(column="t", stop_words="none").run(pl.DataFrame({"t": ["Pay now. Thanks, friend"]}))
    assert table_of(found, "Phrases")["Two words"].to_list() == ["pay now"]


def test_lengths_agree_with_numpy() -> None:
    found = TextOverview(column="t").run(TABLE)
    lengths = np.array(list(map(len, TEXTS)))
    assert found.sentences[0] == (
        f"500 texts of {lengths.min()} to {lengths.max()} characters; half have at most {np.median(lengths):.4g}."
    )
    bars = [each for each in drawn(found) if "from" in each]
    assert {each["from"]: each["texts"] for each in bars} == {
        each["from"]: int(((lengths >= each["from"]) & (lengths < each["to"])).sum()) for each in bars
    }
    assert sum(each["texts"] for each in bars) == 500
    assert any("3 of 503 rows (0.6%) have no text" in each for each in found.sentences)


def test_a_pattern_is_told_with_what_does_not_have_it() -> None:
    codes = [f"AB-{place:04}" for place in range(95)] + ["none", "?", "n/a", "unknown", "-"]
    found = table_of(TextOverview(column="t").run(pl.DataFrame({"t": codes})), "Patterns").row(0, named=True)
    assert found["Texts %"] == 95
    assert all(re.fullmatch(found["Regular expression"], each) for each in codes[:95])
    assert "unknown" in found["Unlike it"]


@pytest.mark.parametrize(
    "values",
    [[], [None], ["", " "], ["a"], ["."], ["🙂🙂"], ["don’t stop", "l'été"], ["日本語のテキスト"], ["x" * 50_000]],
)
def test_odd_texts_are_looked_at(values: list[str | None]) -> None:
    is_sound(TextOverview(column="^t$").run(pl.DataFrame({"^t$": values}, schema={"^t$": pl.String})))


def test_words_of_much_text_are_counted_in_a_part_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_overview, "BUDGET", 5_000)
    found = TextOverview(column="t").run(TABLE)
    every = -(-sum(map(len, TEXTS)) // 5_000)
    assert f"There is much text, so words and characters are counted in one of {every} texts." in found.sentences
    texts = Counter(word for text in TEXTS[::every] for word in set(words(text)) - STOP_WORDS["en"])
    assert dict(table_of(found, "Words").select("Word", "Texts").iter_rows()) == texts


def test_numbers_are_no_texts() -> None:
    with pytest.raises(AnalysisError, match="holds integer values, but text is needed"):
        TextOverview(column="n").run(pl.DataFrame({"n": [1]}))


def test_every_setting_has_help() -> None:
    assert all(TextOverview.field_help(name) for name in TextOverview.model_fields)
