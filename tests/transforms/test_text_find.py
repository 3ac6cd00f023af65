"""Finding numbers, dates and addresses in running text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.checks import result
from tests.drawing import examples
from transforms.core.transform import RowTransform
from transforms.text_find import ExtractDates, ExtractEmails, ExtractNumbers, ExtractUrls, month_numbers

few = settings(max_examples=examples(12), deadline=None)


def found(kind: Callable[..., RowTransform], values: list[str | None], **params: Any) -> list[Any]:
    """What a step finds in the values of one column."""
    table = pl.DataFrame({"t": values}, schema={"t": pl.String})
    return result(kind(column="t", output="out", **params), table)["out"].to_list()


NUMBERS = {
    "10-20, 5 - 3 and -4": [10, 20, 5, 3, -4],
    "AB-123 x7": [123, 7],
    "(−3) $-5 -€1.5": [-3, -5, -1.5],
    "1,234,567.25 but 1,2345 and 1,2,3": [1234567.25, 1, 2345, 1, 2, 3],
    "1.2.3": [1.2, 3],
    "1e5 2E-3 5em 1e999": [1e5, 2e-3, 5],
    ".5 -.5 J.P.233 3.": [0.5, -0.5, 233, 3],
    "٣ ½ ²": [],
    "+1 50% #6": [1, 50, 6],
}


@pytest.mark.parametrize(("text", "numbers"), NUMBERS.items())
def test_numbers_are_told_from_what_is_around_them(text: str, numbers: list[float]) -> None:
    assert found(ExtractNumbers, [text], how="all") == [numbers]


@few
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=6))
def test_numbers_that_python_writes_are_read(numbers: list[float]) -> None:
    assert found(ExtractNumbers, [" ".join(map(str, numbers))], how="all") == [numbers]
    with_groups = " ".join(f"{int(each) % 10**9:,}" for each in numbers)
    assert found(ExtractNumbers, [with_groups], how="all") == [[int(each) % 10**9 for each in numbers]]


def test_separators_are_those_of_the_country() -> None:
    assert found(ExtractNumbers, ["1.234,5 und 1,234.5"], how="all", decimal=",", thousands=".") == [
        [1234.5, 1.234, 5.0]
    ]
    assert found(ExtractNumbers, ["1\u202f234,5"], decimal=",", thousands=" ") == [1234.5]
    assert found(ExtractNumbers, ["1’234.5"], thousands="'") == [1234.5]
    assert found(ExtractNumbers, ["1,234"], thousands="") == [1.0]
    with pytest.raises(ValidationError, match="cannot separate both decimals and thousands"):
        ExtractNumbers(column="t", decimal=",")


def test_one_is_counted_from_either_end() -> None:
    texts = ["1 2 3", "1", "", None]
    assert found(ExtractNumbers, texts, occurrence=2) == [2.0, None, None, None]
    assert found(ExtractNumbers, texts, occurrence=-1) == [3.0, 1.0, None, None]
    assert found(ExtractNumbers, texts, how="all") == [[1.0, 2.0, 3.0], [1.0], [], None]
    with pytest.raises(ValidationError, match="0 is none"):
        ExtractNumbers(column="t", occurrence=0)


def test_texts_without_any_are_counted() -> None:
    table = pl.DataFrame({"t": ["1", "x", "", None]})
    for step, expected in ((ExtractNumbers(column="t"), [2]), (ExtractNumbers(column="t", how="all"), [])):
        failures = step.bind(table.schema).failures()
        assert [table.select(each.where.sum()).item() for each in failures] == expected


@few
@given(
    st.dates(date(1970, 1, 1), date(2068, 12, 31)),
    st.sampled_from([("day_first", "%d/%m/"), ("month_first", "%m/%d/")]),
)
def test_dates_that_python_writes_are_read(day: date, written: tuple[Any, str]) -> None:
    order, numbers = written
    formats = (f"{numbers}%Y", f"{numbers}%y", "%Y-%m-%d", "%d %B %Y", "%b %d, %Y", "%d-%b-%y", "%Y.%m.%d")
    text = "; ".join(day.strftime(each) for each in formats)
    assert found(ExtractDates, [f"from {text} on"], how="all", order=order) == [[day] * len(formats)]


DATES = {
    "13/01/24 and 01/13/24": [date(2024, 1, 13)],
    "31/02/2024": [],
    "1.2.3.2024, 12/2024, 5/6": [],
    "at 2024-01-31T13:30, v12024-01-31": [date(2024, 1, 31)],
    "the 3rd of March, 2021; Sept. 4th 1999": [date(2021, 3, 3), date(1999, 9, 4)],
    "MAY 5 2020, Mayday 5 2020": [date(2020, 5, 5)],
    "1/2-24 1-2-24": [date(2024, 2, 1)],
    "1/1/0000 1/1/69 1/1/68": [date(1969, 1, 1), date(2068, 1, 1)],
}


@pytest.mark.parametrize(("text", "dates"), DATES.items())
def test_dates_are_told_from_what_is_around_them(text: str, dates: list[date]) -> None:
    assert found(ExtractDates, [text], how="all") == [dates]


def test_order_is_never_guessed() -> None:
    assert found(ExtractDates, ["04/13/24", "24/13/04"], order="day_first") == [None, None]
    assert found(ExtractDates, ["04/03/05"], order="month_first") == [date(2005, 4, 3)]
    assert found(ExtractDates, ["04/03/05", "2024-03-05"], order="year_first") == [date(2004, 3, 5), date(2024, 3, 5)]


NAMED: dict[Any, str] = {
    "de": "am 5. März 2024",
    "fr": "le 5 mars 2024",
    "es": "el 5 de marzo de 2024",
    "it": "il 5 mar 2024",
    "pt": "em 5 de março de 2024",
    "nl": "op 5 mrt. 2024",
    "en": "on 5 March 2024",
}


@pytest.mark.parametrize(("language", "text"), NAMED.items())
def test_months_have_names_in_other_languages(language: Any, text: str) -> None:
    assert set(month_numbers(language).values()) == set(range(1, 13))
    assert found(ExtractDates, [text, None], language=language) == [date(2024, 3, 5), None]


def test_two_digit_years_turn_at_the_pivot() -> None:
    assert found(ExtractDates, ["1/1/30", "1/1/31"], two_digit_pivot=30) == [date(2030, 1, 1), date(1931, 1, 1)]


def test_addresses_are_found() -> None:
    text = "Ann <ann.lee@mail.x.co.uk>, 'bo@y.org', https://x.org/a?m=c@z.org."
    assert found(ExtractEmails, [text, "", None], how="all") == [
        ["ann.lee@mail.x.co.uk", "bo@y.org", "c@z.org"], [], None
    ]  # fmt: skip
    assert found(ExtractUrls, [text, "no", None]) == ["https://x.org/a?m=c@z.org", None, None]
    assert found(ExtractUrls, ["a www.x.org/é, b"], how="all") == [["www.x.org/é"]]
