"""Parts of text by delimiters, words and keys; text put together; the language of text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.checks import result
from tests.drawing import examples
from transforms.core.errors import InvalidStepError
from transforms.core.transform import RowTransform, Transform
from transforms.text_language import DetectLanguage
from transforms.text_pairs import ExtractKeyValues, FormatTemplate, Keys
from transforms.text_parts import ExtractBeforeAfter, ExtractKeywords, ExtractWord, ValuePattern

TEXTS = st.lists(st.text("a. é", max_size=6), max_size=6)
few = settings(max_examples=examples(12), deadline=None)


def found(kind: Callable[..., RowTransform], values: list[Any], **params: Any) -> list[Any]:
    """What a step finds in the values of one column."""
    table = pl.DataFrame({"t": values}, schema={"t": pl.String})
    return result(kind(column="t", output="out", **params), table)["out"].to_list()


def lost(step: Transform, values: list[str | None], learned: Any = None) -> list[int]:
    """How many rows each failure of a step counts."""
    table = pl.DataFrame({"t": values}, schema={"t": pl.String})
    return [table.select(each.where.sum()).item() for each in step.bind(table.schema).failures(learned)]


@few
@given(TEXTS)
def test_before_and_after_are_those_of_python(texts: list[str]) -> None:
    first = [each.partition(".") if "." in each else (None, "", None) for each in texts]
    last = [each.rpartition(".") if "." in each else (None, "", None) for each in texts]
    for occurrence, parts in ((1, first), (-1, last)):
        params = {"delimiter": ".", "occurrence": occurrence}
        assert found(ExtractBeforeAfter, texts, **params) == [before for before, _, _ in parts]
        assert found(ExtractBeforeAfter, texts, side="after", **params) == [after for _, _, after in parts]


def test_delimiters_are_counted_from_either_end() -> None:
    texts = ["a--b--c", "a-b", None]
    assert found(ExtractBeforeAfter, texts, delimiter="--", occurrence=2) == ["a--b", None, None]
    assert found(ExtractBeforeAfter, texts, delimiter="--", occurrence=-2, side="after") == ["b--c", None, None]
    assert found(ExtractBeforeAfter, texts, delimiter="--", occurrence=3, not_found="whole") == ["a--b--c", "a-b", None]
    assert lost(ExtractBeforeAfter(column="t", delimiter="--"), texts) == [1]
    assert lost(ExtractBeforeAfter(column="t", delimiter="--", not_found="whole"), texts) == []
    with pytest.raises(ValidationError, match="0 is none"):
        ExtractBeforeAfter(column="t", delimiter="-", occurrence=0)


@few
@given(TEXTS, st.integers(-3, 3).filter(bool))
def test_words_are_those_of_python(texts: list[str], n: int) -> None:
    for separator in (None, ".", " "):
        words = [each.split(separator) for each in texts]
        expected = [dict(enumerate(each, 1)).get(n if n > 0 else len(each) + n + 1) for each in words]
        assert found(ExtractWord, texts, n=n, separator=separator) == expected


def test_missing_words_are_counted() -> None:
    assert lost(ExtractWord(column="t", n=2), ["a b", "a", "", None]) == [2]


def test_longest_keyword_counts_and_comes_out_as_listed() -> None:
    params = {"vocabulary": ["York", "New York", "C++"]}
    texts = ["new york, YORK and york", "yorkshire C++", "", None]
    assert found(ExtractKeywords, texts, **params) == [["New York", "York"], ["C++"], [], None]
    assert found(ExtractKeywords, texts, how="count", **params) == [2, 1, 0, None]
    assert found(ExtractKeywords, texts, how="first", **params) == ["New York", "C++", None, None]
    assert found(ExtractKeywords, texts, match="part", **params)[1] == ["York", "C++"]
    assert found(ExtractKeywords, texts, ignore_case=False, **params)[0] == []


def test_flags_are_named_by_the_words() -> None:
    step = ExtractKeywords(column="t", vocabulary=("a b", "a-b"), how="flags")
    table = result(step, pl.DataFrame({"t": ["x A B", None]}))
    assert table.drop("t").to_dict(as_series=False) == {"t_a_b": [True, None], "t_a_b_2": [False, None]}
    with pytest.raises(InvalidStepError, match="There is a column 't_a_b' already"):
        step.bind(pl.Schema({"t": pl.String(), "t_a_b": pl.Int64()}))


def test_keywords_must_differ() -> None:
    with pytest.raises(ValidationError, match="'a' and 'A' differ only in their capitals"):
        ExtractKeywords(column="t", vocabulary=("a", "A"))
    with pytest.raises(ValidationError, match="'a' is listed more than once"):
        ExtractKeywords(column="t", vocabulary=("a", "a"))
    assert ExtractKeywords(column="t", vocabulary=("a", "A"), ignore_case=False).vocabulary == ("a", "A")
    with pytest.raises(ValidationError, match="Empty text is found everywhere"):
        ExtractKeywords(column="t", vocabulary=("",))


def test_patterns_show_letters_of_any_script() -> None:
    texts = ["ÄB-é 12.5", "東京 ٣", "E\u0301x", " \t", "", None]
    assert found(ValuePattern, texts) == ["A-a 9.9", "a 9", "Aa", " \t", "", None]
    assert found(ValuePattern, texts, collapse=False)[:3] == ["AA-a 99.9", "aa 9", "Aa"]


def test_pairs_become_columns_by_how_often_they_occur() -> None:
    table = pl.DataFrame({"t": ["b=1; a = 2 ;b=3", "a=x=y;c=", "a;=0", "", None]})
    assert result(ExtractKeyValues(column="t", prefix="p "), table).drop("t").to_dict(as_series=False) == {
        "p a": ["2", "x=y", None, None, None],
        "p b": ["3", None, None, None, None],
        "p empty": [None, None, "0", None, None],
        "p c": [None, "", None, None, None],
    }


def test_pairs_that_are_left_out_are_counted() -> None:
    step, texts = ExtractKeyValues(column="t", keys=("a",)), ["a=1", "a=1;b=2", "loose", "a=1; ", "", None]
    assert lost(step, texts) == [1]
    assert lost(step, texts, Keys(columns={"a": "t_a"})) == [1, 1]


def test_names_of_keys_must_be_free_and_different() -> None:
    with pytest.raises(InvalidStepError, match="There is a column 't_a' already"):
        ExtractKeyValues(column="t", keys=("a",)).bind(pl.Schema({"t": pl.String(), "t_a": pl.String()}))
    table = pl.DataFrame({"t": ["A=1;a=2"], "t_a": [0]})
    assert result(ExtractKeyValues(column="t"), table).columns == ["t", "t_a", "t_a_2", "t_a_3"]
    with pytest.raises(ValidationError, match="cannot separate both pairs and keys"):
        ExtractKeyValues(column="t", key_separator=";")


ROW: dict[str, list[Any]] = {
    "n": [-1234],
    "x": [0.125],
    "a: b": ["é"],
    "d": [date(2024, 2, 1)],
    "at": [datetime(2024, 2, 1, 13, 30)],
    "yes": [True],
}
TEMPLATES = {
    "{n:,} {n:05d} {n:.1f}": f"{-1234:,} {-1234:05d} {-1234:.1f}",
    "{x} {x:.1%} {x:>8.2f}|": f"0.125 12.5% {0.125:>8.2f}|",
    "{a: b}!{{{yes}}}": "é!{true}",
    "{d:%d.%m.%Y} {d} {at:%H:%M} {at}": "01.02.2024 2024-02-01 13:30 2024-02-01 13:30:00",
    "{n}{n}\n$1": "-1234-1234\n$1",
}


@pytest.mark.parametrize(("template", "text"), TEMPLATES.items())
def test_templates_are_filled_in(template: str, text: str) -> None:
    assert result(FormatTemplate(template=template, output="out"), pl.DataFrame(ROW))["out"].to_list() == [text]


def test_missing_values_make_nothing_or_a_missing_text() -> None:
    table = pl.DataFrame({"a": ["x", None], "b": [1.5, float("nan")]})
    for how, expected in (("empty", "-"), ("null", None)):
        step = FormatTemplate(template="{a}-{b:.1f}", output="out", handle_missing=how)
        assert result(step, table)["out"].to_list() == ["x-1.5", expected]


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{nn}", "Column 'nn' is not in the table. Did you mean 'n'"),
        ("{n:%Y}", "'%Y' is no format for the integer column 'n'. Use one such as"),
        ("{x:05d}", "'05d' is no format for the number column 'x'"),
        ("{n:999999d}", "is no format"),
        ("{yes:.1f}", "Column 'yes' holds boolean values, which take no format. Remove ':.1f'"),
        ("{d:%Q}", "'%Q' is no format for the date column 'd'. Use one such as %Y-%m-%d"),
        ("{d:%H}", "'%H' is no format for the date column 'd'"),
    ],
)
def test_templates_that_do_not_fit_the_table_are_refused(template: str, message: str) -> None:
    with pytest.raises(InvalidStepError, match=message):
        FormatTemplate(template=template, output="out").bind(pl.DataFrame(ROW).schema)


@pytest.mark.parametrize(
    ("template", "message"),
    [("no column", "names no column"), ("a {n", "single '{' at character 3"), ("{n} }", "single '}' at character 5")],
)
def test_templates_that_cannot_be_read_are_refused(template: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        FormatTemplate(template=template, output="out")


def test_a_template_says_which_columns_it_reads() -> None:
    step = FormatTemplate(template="{a: b} {n:d}", output="out").bind(pl.DataFrame(ROW).schema)
    assert list(step.columns_read()) == ["a: b", "n"]
    assert step.lineage() == {"out": frozenset({"a: b", "n"})}


def test_languages_are_told() -> None:
    texts = [
        "The loan was paid late last month.",
        "Der Kunde hat die Rate nicht bezahlt.",
        "Клиент не заплатил вовремя",
    ]
    assert found(DetectLanguage, [*texts, "too short", "1234 5678 9012", "", None]) == ["en", "de", "ru", *[None] * 4]


def test_languages_are_chosen_from_those_named_with_their_probability() -> None:
    table = pl.DataFrame({"t": ["El cliente no pagó su préstamo", "no", None]})
    step = DetectLanguage(column="t", languages=("es", "en"), confidence=True, output="lang")
    rows = result(step, table).select("lang", "lang_confidence").rows()
    assert rows[0][0] == "es"
    assert 0.9 < rows[0][1] <= 1
    assert rows[1:] == [(None, None)] * 2
    with pytest.raises(InvalidStepError, match=r"There is no language 'english' to choose\. Use one of .* en, "):
        DetectLanguage(column="t", languages=("english",)).bind(table.schema)
