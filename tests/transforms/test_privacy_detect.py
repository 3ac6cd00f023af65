"""Personal data found in columns and in text."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import polars as pl
import pytest
from faker import Faker
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from stdnum import iban, luhn

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import result
from tests.drawing import examples
from transforms.core.errors import InvalidStepError
from transforms.core.relations import Source
from transforms.privacy_detect import DetectPii, RedactPiiText
from transforms.privacy_personal import ENTITIES, is_card, is_iban, personal
from transforms.privacy_personal import luhn as has_check_digit


def found(text: str, region: str = "US") -> list[tuple[str, str]]:
    return [(each.entity, text[each.start : each.end]) for each in personal(text, ENTITIES, region)]


def entities(table: pl.DataFrame, **params: Any) -> dict[str, str]:
    step = DetectPii(**params).bind(table.schema)
    return step.fit(Asking(PolarsEngine.over({"in0": table}), (Source("in0"),))).entities


@settings(max_examples=examples(50), deadline=None)
@given(st.text("0123456789", min_size=1, max_size=19))
def test_check_digits_of_cards_are_those_of_stdnum(digits: str) -> None:
    assert has_check_digit(digits) == luhn.is_valid(digits)


@pytest.mark.parametrize("locale", ["de_DE", "en_GB", "no_NO"])
def test_account_numbers_are_those_of_stdnum(locale: str) -> None:
    fake = Faker(locale)
    fake.seed_instance(1)
    for _ in range(10):
        number = fake.iban()
        assert is_iban(number) == iban.is_valid(number, check_country=False)
        wrong = number[:-1] + str((int(number[-1], 36) + 1) % 10)
        assert not is_iban(wrong)


def test_cards_need_a_known_issuer_and_the_right_digit() -> None:
    fake = Faker()
    fake.seed_instance(2)
    for kind in ("visa", "mastercard", "amex", "discover", "diners", "jcb16"):
        assert is_card(fake.credit_card_number(card_type=kind)), kind
    assert not is_card("4111111111111112")
    assert not is_card("0000000000000000")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mail ann.lee+x@mail.example.co.uk.", [("email", "ann.lee+x@mail.example.co.uk")]),
        ("a@b and @c and d@e.f1", []),
        ("4111 1111 1111 1111, 4111-1111-1111-1112", [("card", "4111 1111 1111 1111")]),
        ("536-22-8145 000-22-8145 666-22-8145 900-22-8145 536-00-8145", [("ssn", "536-22-8145")]),
        ("NO93 8601 1117 947 PLEASE", [("iban", "NO93 8601 1117 947")]),
        ("DE89370400440532013000x", []),
        ("10.0.0.7, 10.0.0.256, 1.2.3.4.5", [("ip", "10.0.0.7")]),
        ("from 2001:db8::1 at 12:30:45, std::a", [("ip", "2001:db8::1")]),
        ("+47 22 12 34 56 / (650) 253-0000", [("phone", "+47 22 12 34 56"), ("phone", "(650) 253-0000")]),
        ("on 2024-01-31 10:15, order 1234567890, 3.14159265", []),
        ("", []),
    ],
)
def test_personal_data_is_found_in_text(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


def test_numbers_without_a_country_are_of_the_region() -> None:
    assert found("22 12 34 56", "NO") == [("phone", "22 12 34 56")]
    assert found("22 12 34 56", "US") == []


@pytest.mark.parametrize(
    "text", ["a" * 20_000 + "@", "a." * 10_000 + "@x", "1 " * 10_000, ":" * 20_000, "NO93" * 5_000]
)
def test_long_text_takes_no_long_time(text: str) -> None:
    started = time.perf_counter()
    found(text)
    assert time.perf_counter() - started < 2


def test_columns_are_found_by_their_values() -> None:
    table = pl.DataFrame(
        {
            "contact": ["ann@x.no", "bo@x.no", None],
            "account": ["NO93 8601 1117 947", "none", "n/a"],
            "card": [4111111111111111, 5555555555554444, None],
            "note": ["x", "see 10.0.0.7", "y"],
            "amount": [4111111111111111.5, 1.0, None],
            "empty": [None, None, None],
        }
    )
    assert entities(table) == {"contact": "email", "account": "iban", "card": "card", "note": "ip"}
    assert entities(table, min_share=0.5) == {"contact": "email", "card": "card"}
    assert entities(table, entities=("iban",)) == {"account": "iban"}


def test_columns_are_found_by_their_names_if_values_fit() -> None:
    table = pl.DataFrame(
        {
            "LastName": ["Lee", "O'Neil", "de la Cruz"],
            "first name": ["1", "2", "3"],
            "street_address": ["Karl Johans gate 1", "5 Elm St", None],
            "email_address": ["no address", "none", None],
            "date_of_birth": [date(1990, 5, 17), None, date(2001, 1, 1)],
            "dob": ["17.05.1990", "5/17/90", "1890-01-01"],
            "birthday": ["9999-01-01", "soon", None],
            "file_name": ["a", "b", "c"],
        }
    )
    expected = {
        "LastName": "name",
        "street_address": "address",
        "date_of_birth": "date_of_birth",
        "dob": "date_of_birth",
    }
    assert entities(table) == expected


def test_what_was_found_is_dropped_masked_or_left() -> None:
    table = pl.DataFrame({"m": ["ann@x.no", None], "id": [1, 2]})
    assert result(DetectPii(), table).equals(table)
    assert result(DetectPii(action="drop"), table).columns == ["id"]
    assert result(DetectPii(action="mask"), table)["m"].to_list() == ["***@*.**", None]


def test_regions_that_are_not_there_are_refused() -> None:
    with pytest.raises(InvalidStepError, match="There is no region 'XX'"):
        DetectPii(region="XX").bind(pl.Schema({"x": pl.String()}))


def redacted(text: str, **params: Any) -> str:
    return str(result(RedactPiiText(column="t", **params), pl.DataFrame({"t": [text]}))["t"].item())


def test_personal_data_is_taken_out_of_text() -> None:
    text = "ann@x.no, 10.0.0.7 and ANN@x.no"
    assert redacted(text) == "[email], [ip] and [email]"
    assert redacted(text, replace="remove") == ",  and "
    assert redacted(text, replace="mask", entities=("ip",)) == "ann@x.no, **.*.*.* and ANN@x.no"
    hashed = redacted(text, replace="hash", key_from="example").split()
    assert hashed[1].rstrip(",") == hashed[-1]
    assert hashed[1] != hashed[3]


def test_a_hash_needs_a_key() -> None:
    for params in ({"replace": "hash"}, {"key_from": "example"}):
        with pytest.raises(ValidationError, match="'hash' and a key go together"):
            RedactPiiText.model_validate({"column": "t", **params})
