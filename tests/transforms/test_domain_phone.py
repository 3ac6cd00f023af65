"""Telephone numbers."""

from __future__ import annotations

import polars as pl
import pytest
from phonenumbers import PhoneNumberFormat, example_number, format_number

from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.domain_phone import FormatPhone, ParsePhone

REGIONS = ["NO", "DE", "FR", "US", "BR", "IN", "JP", "ZA", "AU", "IT"]


def test_example_numbers_of_countries_are_read_back() -> None:
    numbers = [number for region in REGIONS if (number := example_number(region))]
    table = pl.DataFrame(
        {
            "p": [format_number(each, PhoneNumberFormat.NATIONAL) for each in numbers],
            "r": [region.lower() for region in REGIONS],
        }
    )
    step = ParsePhone(column="p", region_column="r", parts=("e164", "country", "valid"), prefix="")
    found = result(step, table)
    assert found["e164"].to_list() == [format_number(each, PhoneNumberFormat.E164) for each in numbers]
    assert found["country"].to_list() == REGIONS
    assert found["valid"].all()


@pytest.mark.parametrize(
    ("format", "expected"),
    [
        ("e164", "+442083661177"),
        ("national", "020 8366 1177"),
        ("international", "+44 20 8366 1177"),
        ("rfc3966", "tel:+44-20-8366-1177"),
    ],
)
def test_formats_are_those_of_the_documentation(format: str, expected: str) -> None:
    step = FormatPhone.model_validate({"column": "p", "region": "GB", "format": format})
    for text in ("020 8366 1177", "+442083661177", "(020) 8366-1177"):
        assert result(step, pl.DataFrame({"p": [text]}))["p"].to_list() == [expected]


def test_a_country_that_is_missing_or_unknown_is_the_one_chosen() -> None:
    table = pl.DataFrame({"p": ["22 12 34 56"] * 3, "r": [None, "ZZ", " no "]})
    step = ParsePhone(column="p", region="NO", region_column="r", parts=("e164",))
    assert result(step, table)["p_e164"].to_list() == ["+4722123456"] * 3


def test_kinds_of_lines_and_places_are_named() -> None:
    table = pl.DataFrame({"p": ["+1 800 253 0000", "+47 406 12 345", "+49 30 123456"]})
    found = result(ParsePhone(column="p", parts=("type", "region"), prefix=""), table)
    assert found["type"].to_list() == ["toll_free", "mobile", "fixed_line"]
    assert found["region"].to_list() == [None, None, "Berlin"]


def test_numbers_that_are_not_valid_have_no_parts_and_are_counted() -> None:
    table = pl.DataFrame({"p": ["12", "call me", "+999 1234567", "٠١٢", "", None]})
    step = ParsePhone(column="p")
    found = result(step, table)
    assert found["p_e164"].null_count() == 6
    assert found["p_valid"].to_list() == [False] * 4 + [None] * 2
    (failure,) = step.bind(table.schema).failures()
    assert table.select(failure.where.sum()).item() == 4
    assert result(FormatPhone(column="p"), table)["p"].to_list() == table["p"].to_list()


def test_an_unknown_country_is_refused() -> None:
    with pytest.raises(InvalidStepError, match="No telephone numbers are known for the country 'XX'"):
        FormatPhone(column="p", region="XX").bind(pl.Schema({"p": pl.String()}))
