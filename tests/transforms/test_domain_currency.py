"""Currencies and amounts."""

from __future__ import annotations

from typing import Any

import polars as pl
import pycountry
import pytest
from babel.numbers import format_currency

from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.domain_currency import ParseCurrencyAmount, StandardizeCurrencyCode


def amounts(*texts: str | None, **settings: Any) -> list[tuple[float | None, str | None]]:
    step = ParseCurrencyAmount(column="p", prefix="", **settings)
    return result(step, pl.DataFrame({"p": texts}, schema={"p": pl.String})).drop("p").rows()


@pytest.mark.parametrize("locale", ["en_US", "de_DE", "fr_FR", "nl_NL", "pt_PT", "it_IT", "pl_PL", "de_CH", "en_IN"])
@pytest.mark.parametrize("currency", ["EUR", "GBP", "INR", "BRL"])
def test_amounts_are_read_as_babel_writes_them(locale: str, currency: str) -> None:
    for amount in (0.5, 12.0, 1234.56, 12345678.9, -3.25):
        text = format_currency(amount, currency, locale=locale)
        assert amounts(text) == [(amount, currency)], text


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1,234", 1234.0),
        ("1.234", 1234.0),
        ("0.125", 0.125),
        ("1234.567", 1234.567),
        ("12,5", 12.5),
        ("1,23", 1.23),
        ("1.234.567", 1234567.0),
        ("1,234,567.5", 1234567.5),
        ("1.234.567,5", 1234567.5),
        ("12,34,567.89", 1234567.89),
        ("1 234 567", 1234567.0),
        ("1'234.50", 1234.5),
        (".5", 0.5),
        ("5.", None),
        ("49,-", 49.0),
        ("-7", -7.0),
        ("7-", -7.0),
        ("(7)", -7.0),
        ("(-7)", None),
        ("1.23.4", None),
        ("1,2345,6", None),
        ("5 %", None),
        ("5-7", None),
        ("12 apples", None),
        ("about 12 EUR", None),
        ("EUR 12 USD", None),
        ("9" * 400, None),
        ("²", None),
    ],
)
def test_numbers_are_read_by_their_separators(text: str, amount: float | None) -> None:
    assert amounts(text)[0][0] == amount


def test_the_decimal_sign_may_be_chosen() -> None:
    assert amounts("1.234", "1,5", "1,234.5", decimal=".") == [(1.234, None), (None, None), (1234.5, None)]
    assert amounts("1.234", "1,234", decimal=",") == [(1234.0, None), (1.234, None)]


def test_shared_signs_need_a_currency_that_has_them() -> None:
    texts = ("$5", "US$5", "kr 5", "¥5", "5")
    assert [each[1] for each in amounts(*texts)] == [None, "USD", None, None, None]
    assert [each[1] for each in amounts(*texts, default_currency="CAD")] == ["CAD", "USD", None, None, "CAD"]
    assert [each[1] for each in amounts(*texts, default_currency="NOK")] == [None, "USD", "NOK", None, "NOK"]
    assert [each[0] for each in amounts(*texts)] == [5.0] * 5


def test_what_is_no_amount_is_counted() -> None:
    table = pl.DataFrame({"p": ["free", "$1", "", None]})
    (failure,) = ParseCurrencyAmount(column="p").bind(table.schema).failures()
    assert table.select(failure.where).to_series().to_list() == [True, False, False, False]


def standardized(*texts: str | None, **settings: Any) -> list[str | None]:
    return result(StandardizeCurrencyCode(column="c", **settings), pl.DataFrame({"c": texts}))["c"].to_list()


def test_every_currency_is_known_by_code_and_number() -> None:
    known = [each for each in pycountry.currencies if each.alpha_3 not in ("XXX", "XTS", "XSU", "XUA", "XAD")]
    missing = set(standardized(*(each.alpha_3.lower() for each in known))) ^ {each.alpha_3 for each in known}
    assert missing == set()
    assert standardized(*(each.numeric for each in known)) == [each.alpha_3 for each in known]
    assert standardized(*(each.alpha_3 for each in known), to="numeric") == [each.numeric for each in known]


def test_names_and_signs_in_and_out() -> None:
    assert standardized("Euro", "US dollars", "swiss franc", "zł", "Kč", "fr.", "dollar", "¥") == [
        *("EUR", "USD", "CHF", "PLN", "CZK", "CHF", None, None)
    ]
    assert standardized("EUR", "USD", "CHF", "DEM", to="symbol") == ["€", "$", "CHF", "DEM"]
    assert standardized("DEM", to="name") == ["German Mark"]
    assert standardized("DEM", "???", to="numeric", on_error="keep") == ["DEM", "???"]


def test_an_unknown_default_is_refused() -> None:
    with pytest.raises(InvalidStepError, match="There is no currency 'EUX'"):
        StandardizeCurrencyCode(column="c", default_currency="EUX").bind(pl.Schema({"c": pl.String()}))
