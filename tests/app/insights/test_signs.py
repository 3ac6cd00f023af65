"""What the values of a column seem to be."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from dataprep_app.insights.measures import measured
from dataprep_app.insights.sections.sample import Sample
from dataprep_app.insights.signs.facts import Signs
from dataprep_app.insights.signs.look import signs_of
from dataprep_app.insights.signs.spelling import spelling_key
from flows.engines.base import Cancelled, Control
from tests.app.insights.planted import ODD

TODAY = date(2024, 6, 30)


def signs(values: Sequence[Any] | pl.Series, name: str = "c") -> Signs:
    return looked(pl.DataFrame({name: values}, strict=False))[name]


def looked(table: pl.DataFrame) -> dict[str, Signs]:
    return signs_of(Sample(table, table.height, measured(table)), Control(), TODAY)


@pytest.mark.parametrize(("texts", "decimal", "thousands", "doubtful"), [
    (["1.5", "2", "-3e2"], ".", ",", False),
    (["1,234.50", "2,000.25", "7"], ".", ",", False),
    (["1.234,50", "2.000,25", "7"], ",", ".", False),
    (["1 234,50", "12 000,25", "7"], ",", " ", False),
    (["1'234.50", "12'000.25"], ".", "'", False),
    (["$1,234.50", "$0.75"], ".", ",", False),
    (["12,5 %", "7,25 %"], ",", ".", False),
    (["1,234", "2,345"], ".", ",", True),
    (["(1,200.50)", "USD 12.00", "€ 5"], ".", ",", False),
])  # fmt: skip
def test_numbers_are_found_as_they_are_written(
    texts: list[str], decimal: str, thousands: str, *, doubtful: bool
) -> None:
    numbers = signs(texts * 3).numbers
    assert numbers is not None
    assert numbers.rows == 3 * len(texts)
    assert (numbers.decimal, numbers.thousands, numbers.doubtful) == (decimal, thousands, doubtful)


def test_rows_are_counted_not_different_texts_and_words_for_missing_are_left_out() -> None:
    found = signs(["1"] * 70 + ["2.5"] * 10 + ["x9"] * 5 + ["N/A"] * 10 + ["", "  ", None])
    assert found.rows == 85
    assert found.distinct == 3
    assert found.numbers is not None
    assert (found.numbers.rows, found.numbers.plain, found.numbers.whole) == (80, 80, 70)
    assert found.not_numbers == (("x9", 5),)
    assert found.lettered == 5


@pytest.mark.parametrize("texts", [["0123", "04567", "99999"], ["12345678901234567", "22345678901234567"]])
def test_digits_with_zeros_in_front_or_too_many_are_codes(texts: list[str]) -> None:
    numbers = signs(texts * 5).numbers
    assert numbers is not None
    assert numbers.codes


def test_words_are_no_numbers() -> None:
    assert signs(["street 1", "road 22", "lane 3", "1"] * 5).numbers is None


@pytest.mark.parametrize(("texts", "formats", "order"), [
    (["2024-01-31", "2023-12-01"], {"%Y-%m-%d"}, ""),
    (["31/01/2024", "01/12/2023"], {"%d/%m/%Y"}, "day_first"),
    (["01/31/2024", "12/01/2023"], {"%m/%d/%Y"}, "month_first"),
    (["01/02/2024", "03/04/2023"], {"%d/%m/%Y"}, "unknown"),
    (["31/01/2024", "01/31/2024", "30/12/2023", "12/30/2023"], {"%d/%m/%Y", "%m/%d/%Y"}, "both"),
    (["2024-01-31", "Jan 5, 2024", "05.01.2024"], {"%Y-%m-%d", "%b %d %Y", "%d.%m.%Y"}, ""),
    (["20240131", "20231201"], {"%Y%m%d"}, ""),
])  # fmt: skip
def test_dates_are_found_with_their_formats(texts: list[str], formats: set[str], order: str) -> None:
    dates = signs(texts * 4).dates
    assert dates is not None
    assert dates.rows == 4 * len(texts)
    assert {format for format, _ in dates.formats} == formats
    assert sum(rows for _, rows in dates.formats) == dates.rows
    assert dates.order == order
    assert not dates.timed


def test_a_time_of_day_is_seen_and_texts_that_are_no_dates_are_told() -> None:
    found = signs(["2024-01-31 10:00", "2024-02-01T23:59:59Z", "soon 2024"] * 4)
    assert found.dates is not None
    assert found.dates.timed
    assert found.dates.rows == 8
    assert found.not_dates == (("soon 2024", 4),)


def test_other_numbers_and_years_of_no_age_are_no_dates() -> None:
    assert signs(["1.2.3.4", "10.0.0.1"] * 4).dates is None
    assert signs(["31/01/0024", "31/12/1066"] * 4).dates is None
    assert signs(["99999999", "12345678"] * 4).dates is None


def test_whole_numbers_that_are_all_dates_are_found() -> None:
    days = [date(2020, 1, 1) + timedelta(days=7 * i) for i in range(100)]
    found = signs([int(f"{day:%Y%m%d}") for day in days])
    assert found.dates is not None
    assert found.dates.formats == (("%Y%m%d", 100),)
    assert signs([20_240_001 + i for i in range(100)]).dates is None


@pytest.mark.parametrize("pair", [
    ("Oslo", "oslo"), ("New York", "new  york "), ("São Paulo", "Sao Paulo"), ("St. Louis", "St Louis"),
    ("Self-employed", "self employed"), ("O'Neil", "ONeil"), ("U.S. Army", "US Army"), ("Straße", "STRASSE"),
])  # fmt: skip
def test_spellings_of_one_value_have_one_key(pair: tuple[str, str]) -> None:
    assert spelling_key(pair[0]) == spelling_key(pair[1]) != ""


@pytest.mark.parametrize("pair", [
    ("C", "C++"), ("C", "C#"), ("A", "A+"), ("A", "A-"), ("B1.5", "B15"), ("New York", "York New"), ("a 1-2", "a 12"),
    ("10-15 km", "1015 km"), ("< 1 year", "1 year"), ("> 5 years", "< 5 years"), ("Oslo", "Olso"),
])  # fmt: skip
def test_values_that_differ_in_meaning_have_keys_of_their_own(pair: tuple[str, str]) -> None:
    assert spelling_key(pair[0]) != spelling_key(pair[1])


def test_variants_come_with_the_most_frequent_spelling_first() -> None:
    found = signs(["Oslo"] * 5 + ["OSLO"] * 3 + ["oslo"] * 3 + ["Rome"] * 9 + ["Bonn ", "Bonn"])
    assert [each.spellings for each in found.variants] == [
        (("Oslo", 5), ("OSLO", 3), ("oslo", 3)), (("Bonn", 1), ("Bonn ", 1))
    ]  # fmt: skip
    assert found.around == 1
    assert found.around_examples == ("'Bonn '",)


def test_columns_of_different_texts_and_of_prose_have_no_variants() -> None:
    assert signs([f"Name {chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(200)] + ["name aa"]).variants == ()
    prose = "The quick brown fox jumps over the lazy dog again and again, until it is dark"
    assert signs([prose, prose.upper()] * 20).variants == ()


@pytest.mark.parametrize(("texts", "kind"), [
    (["ann@example.org", "bo@example.com"], "email"),
    (["4111 1111 1111 1111", "5555555555554444"], "card"),
    (["NO93 8601 1117 947", "DE89370400440532013000"], "iban"),
    (["078-05-1120", "219-09-9999"], "ssn"),
    (["10.0.0.7", "192.168.1.20"], "ip"),
    (["(650) 253-0000", "+47 22 22 55 55"], "phone"),
])  # fmt: skip
def test_personal_data_is_told_by_its_values(texts: list[str], kind: str) -> None:
    assert signs(texts * 5).personal == ((kind, 1.0),)


@pytest.mark.parametrize("texts", [
    ["4111 1111 1111 1112", "5555555555554445"],  # wrong check digits
    ["2024-01-31", "2023-12-01"],
    ["2125550100", "6502530000"],  # ten digits and nothing that says telephone
    ["3.2.1", "3.11.7"],
    ["see 10:30", "a::b"],
])  # fmt: skip
def test_other_digits_are_not_personal(texts: list[str]) -> None:
    assert signs(texts * 5).personal == ()


def test_names_and_births_are_told_by_what_the_column_is_called() -> None:
    assert signs(["Ann Lee", "Bo Dahl"] * 5, "customer_name").personal == (("name", 1.0),)
    assert signs(["Ann Lee", "Bo Dahl"] * 5, "product").personal == ()
    assert signs(["Elm Street 5", "Low Road 7"] * 5, "street_address").personal == (("address", 1.0),)
    assert signs(["0a:1b:2c:3d:4e:5f"] * 5, "mac_address").personal == ()


def test_whole_numbers_may_be_cards() -> None:
    cards = [4111111111111111, 5555555555554444, 4012888888881881, 378282246310005, 6011111111111117]
    assert signs(cards * 3).personal == (("card", 1.0),)
    assert signs([each + 1 for each in cards] * 3).personal == ()


@pytest.mark.parametrize(("code", "others", "known"), [
    (-999, range(200), True),
    (9_999, range(200), True),
    (-1, range(1, 100), True),
    (-1, range(100), False),
    (-99, range(-500, 500), False),
    (999, range(5_000), False),
    (99, range(98), False),
])  # fmt: skip
def test_codes_for_missing_lie_apart_from_all_numbers(code: int, others: range, *, known: bool) -> None:
    assert (signs([*others, *[code] * 5]).codes == ((code, 5),)) == known
    assert signs([float(each) for each in (*others, *[code] * 5)]).codes == (((code, 5),) if known else ())


def test_dates_for_missing_lie_apart_and_later_ones_than_today_are_counted() -> None:
    days = [TODAY - timedelta(days=i) for i in range(100)]
    found = signs([*days, *[date(1900, 1, 1)] * 4, *[date(9999, 12, 31)] * 5, TODAY + timedelta(days=1)])
    assert found.days == (("1900-01-01", 4), ("9999-12-31", 5))
    assert found.future == 1
    assert found.latest == "2024-07-01"
    old = [date(1899, 1, 1) + timedelta(days=30 * i) for i in range(1_500)]
    assert signs([*old, *[date(1970, 1, 1)] * 4]).days == ()


def test_codes_that_are_built_in_one_way_show_those_that_are_not() -> None:
    found = signs([f"AB-{i}" for i in range(100, 290)] + ["B1", "AB1"] * 5)
    assert found.shape is not None
    assert found.shape.shape == "A-9"
    assert found.shape.share == 0.95
    assert found.shape.others == (("AB1", 5), ("B1", 5))
    assert signs([f"N{i}A{i % 3}" for i in range(1, 300)]).shape is None, "longer digits are no exception"
    assert signs([f"{i}.{i % 10}" for i in range(300)]).shape is None, "numbers have no shape"


def test_columns_that_equal_an_earlier_one_are_told() -> None:
    table = pl.DataFrame({"a": [1, 2, None], "b": [1, 2, None], "c": [1, 2, 3], "k": [1, 1, 1], "l": [1, 1, 1]})
    found = looked(table)
    assert {name: each.same_as for name, each in found.items() if each.same_as} == {"b": ("a",)}
    order = looked(pl.DataFrame({"a": [1, 2, 3], "b": [3, 2, 1]}))
    assert order["b"].same_as == ()


def odd(table: pl.DataFrame) -> dict[str, Signs]:
    return signs_of(Sample(table, table.height, {}), Control(), TODAY)


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_odd_columns_and_names_are_looked_at_without_failing(rows: int) -> None:
    found = odd(ODD.head(rows))
    assert list(found) == ODD.columns
    assert found["^a$"].around == int(rows == 3)
    assert found["at"].future == int(rows == 3)


def test_the_same_rows_give_the_same_signs_and_looking_can_be_stopped() -> None:
    assert odd(ODD) == odd(ODD)
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        signs_of(Sample(ODD, 3, {}), control)


def test_twenty_thousand_rows_of_thirty_columns_are_looked_at_in_a_second() -> None:
    random, rows = np.random.default_rng(2), 20_000
    table = pl.DataFrame(
        {
            **{f"x{i}": random.normal(size=rows) for i in range(18)},
            **{f"w{i}": [f"Firm {a} of {b}" for a, b in random.integers(0, 90, (rows, 2))] for i in range(4)},
            **{f"t{i}": [f"note {n} on order {n % 97}" for n in random.integers(0, 10**6, rows)] for i in range(4)},
            **{f"d{i}": [f"{n % 28 + 1:02}/{n % 12 + 1:02}/{2000 + n % 24}" for n in random.integers(0, 10**5, rows)]
               for i in range(2)},
            **{f"p{i}": [f"{n:,}.50" for n in random.integers(0, 10**7, rows)] for i in range(2)},
        }
    )  # fmt: skip
    sample = Sample(table, rows, measured(table))
    began = time.perf_counter()
    found = signs_of(sample, Control())
    assert time.perf_counter() - began < 4, "of which most is spare, for slow machines"
    assert found["p0"].numbers is not None
    assert found["d0"].dates is not None
