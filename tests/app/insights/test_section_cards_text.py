"""Tests of the cards of text and of dates."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats.contingency import association
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import r2_score, roc_auc_score

from dataprep_app.insights.sections.card_dates import FOLDS, PRIOR, areas, part_power
from dataprep_app.insights.sections.card_labels import Labels
from dataprep_app.insights.sections.card_text import characters, important_words
from tests.app.insights.test_section_cards import cards_of
from transforms.core.stop_words import STOP_WORDS

RANDOM = np.random.default_rng(12)
ROWS = 1_500
VOCABULARY = [
    f"{stem}{end}" for stem in ("late", "cold", "broken", "lovely", "fast", "odd") for end in ("", "ly", "ish")
]
COMMON = ["the", "and", "it", "was", "very"]


def reviews() -> list[str]:
    return [
        f"The parcel {' '.join(RANDOM.choice([*VOCABULARY, *COMMON], RANDOM.integers(3, 9)))}."
        + ("" if i % 20 else " Parcel, again: n° 7")
        for i in range(ROWS)
    ]


TEXTS = reviews()
BAD = np.array([("late" in text.split()) + 0.3 * RANDOM.random() > 0.25 for text in TEXTS])
LABELS: dict[str, Any] = {
    "two classes": np.where(BAD, "bad", "fine"),
    "three classes": np.where(BAD, "bad", RANDOM.choice(["fine", "good"], ROWS)),
    "numbers": 2.0 * BAD + RANDOM.normal(size=ROWS),
}


def labels_for(values: Any) -> Labels:
    if values.dtype.kind == "f":
        return Labels("mean", values)
    codes = pd.factorize(values)[0]
    return Labels("share", (codes == codes.max()).astype(float), codes.astype(np.int64))


@pytest.mark.parametrize("kind", LABELS)
def test_power_of_words_agrees_with_scipy_and_scikit_learn(kind: str) -> None:
    found = important_words(pl.Series(TEXTS), labels_for(LABELS[kind]))
    counter = CountVectorizer(binary=True)
    present = pd.DataFrame(counter.fit_transform(TEXTS).toarray(), columns=counter.get_feature_names_out())
    for each in found:
        has = present[each.word].to_numpy()
        assert each.rows == has.sum()
        if kind == "numbers":
            wanted = abs(np.corrcoef(has, LABELS[kind])[0, 1])
        else:
            wanted = association(pd.crosstab(has, LABELS[kind]).to_numpy(), "cramer", correction=False)
        assert each.power == pytest.approx(wanted)
    assert found[0].word == "late"
    assert [each.power for each in found] == sorted((each.power or 0 for each in found), reverse=True)


def test_words_are_frequent_but_in_not_nearly_all_texts_and_no_function_words() -> None:
    words = {each.word for each in important_words(pl.Series(TEXTS), None)}
    assert words <= {*VOCABULARY, "again"}
    assert not words & {*STOP_WORDS["en"], "parcel"}


def test_words_without_a_target_are_by_frequency() -> None:
    found = important_words(pl.Series(["red apple", "Red pear", "red plum", "green apple"] * 3 + ["grey sky"]), None)
    assert [(each.word, each.rows, each.power) for each in found] == [("red", 9, None), ("apple", 6, None)]


def test_texts_without_a_target_count_but_have_no_say_in_its_power() -> None:
    numbers = np.where(np.arange(ROWS) % 3 == 0, np.nan, LABELS["numbers"])
    found = {each.word: each for each in important_words(pl.Series(TEXTS), Labels("mean", numbers))}
    kept = [i for i in range(ROWS) if i % 3]
    has = np.array(["late" in _words(TEXTS[i]) for i in kept])
    assert found["late"].power == pytest.approx(abs(np.corrcoef(has, numbers[kept])[0, 1]))
    assert found["late"].rows == sum("late" in _words(text) for text in TEXTS)


def _words(text: str) -> set[str]:
    return {each.strip(".,:").lower() for each in text.split()}


def test_german_function_words_are_left_out_of_german_texts() -> None:
    texts = ["Der Hund und die Katze", "Die Katze war nicht im Haus", "Das Haus und der Hund"] * 10
    assert {each.word for each in important_words(pl.Series(texts), None)} == {"hund", "katze", "haus"}


def test_a_word_that_no_text_with_a_target_has_tells_nothing() -> None:
    texts = ["rain today", "sun today", "snow"] * 20
    labels = Labels("mean", np.where(np.arange(60) % 3 == 2, np.nan, np.arange(60.0)))
    power = {each.word: each.power for each in important_words(pl.Series(texts), labels)}
    assert power["snow"] == power["today"] == 0


def test_characters_agree_with_python() -> None:
    texts = ["Ab 12!", "É\u00a0x", "", "Zoë's 3.50 €"]
    found = characters(pl.Series([*texts, None]))
    everything = "".join(texts)
    assert found["length_min"] == 0
    assert found["length_mean"] == pytest.approx(np.mean([len(each) for each in texts]))
    assert found["length_max"] == 12
    assert found["words_mean"] == pytest.approx((2 + 2 + 0 + 2) / 4)
    for name, wanted in {
        "digits": str.isdecimal,
        "upper": str.isupper,
        "spaces": str.isspace,
        "special": lambda each: not (each.isalnum() or each.isspace()),
    }.items():
        assert found[name] == pytest.approx(sum(map(wanted, everything)) / len(everything)), name


def test_long_texts_are_measured_by_their_beginning_but_for_their_length() -> None:
    found = characters(pl.Series(["ab 1 " * 2_000, "ab 1 " * 2_000]))
    assert found["length_mean"] == 10_000
    assert found["words_mean"] == pytest.approx(4_000)
    assert found["digits"] == pytest.approx(0.2)
    words = important_words(pl.Series([f"{'early ' * 400}hidden"] * 4 + ["early"] * 8 + ["plain"] * 20), None)
    assert {each.word for each in words} == {"early", "plain"}


def test_texts_of_nothing_have_no_characters() -> None:
    assert characters(pl.Series([None], dtype=pl.String)) == {}
    assert characters(pl.Series(["", ""])) == {"length_min": 0, "length_mean": 0, "length_max": 0, "words_mean": 0}
    assert important_words(pl.Series(["", "!?"] * 50), None) == ()


def test_single_words_are_told_as_values_only() -> None:
    names = [f"name{i % 400}" for i in range(900)] + ["anna"] * 40
    found = cards_of(pl.DataFrame({"name": names}))["name"]
    assert [each.name for each in found.levels] == ["anna"]
    assert found.words == ()
    assert found.characters["words_mean"] == 1


def test_sentences_that_repeat_have_words_too() -> None:
    texts = [f"the {word} parcel was {other} indeed" for word in VOCABULARY for other in VOCABULARY] * 6
    found = cards_of(pl.DataFrame({"note": texts}))["note"]
    assert len(found.levels) == 12
    assert {"late", "broken"} <= {each.word for each in found.words}


MOMENTS = [datetime(2021, 11, 29, 22) + timedelta(hours=11 * i) for i in range(ROWS)]


def test_date_parts_that_vary_are_counted_in_the_order_of_the_calendar() -> None:
    late = np.array([each.weekday() >= 5 for each in MOMENTS])
    table = pl.DataFrame({"at": MOMENTS, "y": np.where(late ^ (RANDOM.random(ROWS) < 0.1), "late", "on time")})
    parts = {each.part: each for each in cards_of(table, "y")["at"].date_parts}
    assert list(parts) == ["year", "quarter", "month", "week", "weekday", "hour"]
    frame = pd.DataFrame({"at": pd.to_datetime(MOMENTS), "late": (table["y"] == "late").to_numpy()})
    at = frame["at"].dt
    keys: dict[str, Any] = {
        "year": at.year.astype(str),
        "quarter": "Q" + at.quarter.astype(str),
        "month": at.month_name(),
        "week": at.isocalendar().week.astype(str),
        "weekday": at.day_name(),
        "hour": at.hour.astype(str),
    }
    for name, key in keys.items():
        rows, share = frame.groupby(key).size(), frame.groupby(key)["late"].mean()
        assert {each.name: each.rows for each in parts[name].levels} == rows.to_dict()  # type: ignore[index]
        assert {each.name: each.target for each in parts[name].levels} == pytest.approx(share.to_dict())  # type: ignore[index]
    assert [each.name for each in parts["weekday"].levels] == [
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"
    ]  # fmt: skip
    assert [each.name for each in parts["month"].levels][:2] == ["January", "February"]
    assert [each.name for each in parts["hour"].levels] == [str(each) for each in range(24)]
    power = {name: each.power or 0 for name, each in parts.items()}
    assert max(power, key=lambda name: power[name]) == "weekday"
    assert power["weekday"] > 0.6
    assert power["month"] < 0.2


def test_dates_have_no_clock_and_years_beyond_sixty_are_decades() -> None:
    days = [date(1890 + i // 10, 1 + i % 12, 1) for i in range(1_000)]
    parts = {each.part: each for each in cards_of(pl.DataFrame({"day": days}))["day"].date_parts}
    assert not {"hour", "minute", "second"} & set(parts)
    assert [each.name for each in parts["year"].levels] == [f"{1890 + 10 * i}s" for i in range(10)]
    assert {each.rows for each in parts["year"].levels} == {100}
    assert parts["year"].power is None


def test_a_moment_in_a_zone_is_what_its_clocks_show() -> None:
    moments = pl.Series(
        [datetime(2024, 6, 1, 22), datetime(2024, 6, 2, 10), None, datetime(2024, 6, 3, 22)] * 3
    ).dt.replace_time_zone("UTC")
    table = pl.DataFrame({"at": moments.dt.convert_time_zone("Asia/Tokyo")})
    (hour,) = [each for each in cards_of(table)["at"].date_parts if each.part == "hour"]
    assert [(each.name, each.rows) for each in hour.levels] == [("7", 6), ("19", 3)]


def encoded(codes: np.ndarray, target: np.ndarray, train: np.ndarray) -> np.ndarray:
    frame = (
        pd.DataFrame({"code": codes[train], "target": target[train]}).groupby("code")["target"].agg(["sum", "count"])
    )
    mean = target[train].mean()
    return np.array(
        ((frame["sum"] + PRIOR * mean) / (frame["count"] + PRIOR)).reindex(range(codes.max() + 1), fill_value=mean)
    )


def test_power_of_parts_agrees_with_scikit_learn() -> None:
    codes = RANDOM.integers(0, 12, ROWS)
    amounts = codes % 4 + RANDOM.normal(size=ROWS)
    classes = np.digitize(amounts, [0.5, 2.5]).astype(np.int64)
    fold = np.random.default_rng(0).permutation(np.arange(ROWS) % FOLDS)
    splits = [(fold != each, fold == each) for each in range(FOLDS)]
    r2 = [r2_score(amounts[test], encoded(codes, amounts, train)[codes[test]]) for train, test in splits]
    assert part_power(codes, Labels("", amounts)) == pytest.approx(np.mean(r2))
    gains = []
    for train, test in splits:
        each_class = [
            roc_auc_score(classes[test] == c, encoded(codes, (classes == c).astype(float), train)[codes[test]])
            for c in range(3)
        ]
        gains.append(2 * np.average(each_class, weights=np.bincount(classes[test])) - 1)
    assert part_power(codes, Labels("", (classes == 2).astype(float), classes)) == pytest.approx(np.mean(gains))


def test_areas_count_ties_half_and_are_nan_where_there_is_one_outcome() -> None:
    scores, codes = np.array([[0.1], [0.5], [0.5], [0.9]]), RANDOM.integers(0, 4, 200)
    outcome = RANDOM.random(200) < 0.4
    ones = np.bincount(codes[outcome], minlength=4)[:, None].astype(float)
    zeros = np.bincount(codes[~outcome], minlength=4)[:, None].astype(float)
    assert areas(scores, ones, zeros)[0] == pytest.approx(roc_auc_score(outcome, scores[codes, 0]))
    assert np.isnan(areas(scores, ones, zeros * 0)[0])


def test_chance_has_no_power_and_few_rows_have_none() -> None:
    codes, target = RANDOM.integers(0, 50, 3_000), RANDOM.normal(size=3_000)
    classes = (target > 0).astype(np.int64)
    assert part_power(codes, Labels("", target)) == pytest.approx(0, abs=0.02)
    assert part_power(codes, Labels("", classes.astype(float), classes)) == pytest.approx(0, abs=0.1)
    assert part_power(codes[:99], Labels("", target[:99])) is None
    assert part_power(codes, None) is None
