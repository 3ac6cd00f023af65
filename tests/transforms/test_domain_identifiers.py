"""Numbers with check digits."""

from __future__ import annotations

import polars as pl
import pytest
from faker import Faker
from stdnum.util import get_number_modules

from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.domain_identifiers import Npi, ValidateCardNumber, ValidateIdentifier, brand_of, known_schemes


def checked(scheme: str, number: str, country: str | None = None) -> tuple[bool, str | None, str | None]:
    step = ValidateIdentifier.model_validate(
        {"column": "n", "scheme": scheme, "country": country, "parts": ["valid", "compact", "formatted"], "prefix": ""}
    )
    _, valid, compact, formatted = result(step, pl.DataFrame({"n": [number]})).row(0)
    return valid, compact, formatted


@pytest.mark.parametrize(
    ("scheme", "country", "good", "bad"),
    [
        # The examples of the documentation of python-stdnum and of the issuers.
        ("isbn", None, "978-9024538270", "978-9024538271"),
        ("issn", None, "0024-9319", "0024-9318"),
        ("ean", None, "73513537", "73513536"),
        ("isin", None, "US0378331005", "US0378331006"),
        ("lei", None, "213800KUD8LAJWSQ9D15", "213800KUD8LXJWSQ9D15"),
        ("bic", None, "AGRIFRPP882", "AGRIFRPP8"),
        ("luhn", None, "78949", "78948"),
        ("iban", None, "GR1601101050000010547023795", "GR1701101050000010547023795"),
        ("vat", None, "GB980780684", "GB980780685"),
        ("vat", "NL", "004495445B01", "123456789B90"),
        ("ssn", None, "536-90-4399", "078-05-1120"),
        ("us.ssn", None, "536904399", "999-99-9999"),
        ("nhs", None, "943-476-5870", "9434765871"),
        ("cpf", None, "390.533.447-05", "231.002.999-00"),
        ("idnr", "DE", "36 574 261 809", "36574261890"),
        ("npi", None, "1234567893", "1234567890"),
    ],
)
def test_valid_numbers_are_told_from_others(scheme: str, country: str | None, good: str, bad: str) -> None:
    valid, compact, formatted = checked(scheme, f" {good} ", country)
    assert valid
    assert compact
    assert formatted
    assert checked(scheme, bad, country) == (False, None, None)


def test_numbers_are_written_as_usual() -> None:
    assert checked("isbn", "9789024538270")[2] == "978-90-245-3827-0"
    assert checked("cpf", "39053344705")[1:] == ("39053344705", "390.533.447-05")


def test_no_text_breaks_any_of_the_schemes() -> None:
    assert len(known_schemes()) > len(list(get_number_modules())) > 200
    for name in ("iban", "vat", "isbn", "ssn", "imei", "us.tin", "in.aadhaar", "mac", "npi", "cfi"):
        for text in ("x", "٣٤٥", "²" * 11, "💥", "0" * 60, "\x00", "-"):
            assert checked(name, text)[0] is False, (name, text)


def test_made_up_ibans_are_valid() -> None:
    fake = Faker("de_DE")
    fake.seed_instance(3)
    table = pl.DataFrame({"n": [fake.iban() for _ in range(50)]})
    assert result(ValidateIdentifier(column="n", scheme="iban"), table)["n_valid"].all()


def test_unknown_schemes_are_refused() -> None:
    schema = pl.Schema({"n": pl.String()})
    with pytest.raises(InvalidStepError, match=r"No numbers 'ibam' are known\. Did you mean 'iban'"):
        ValidateIdentifier(column="n", scheme="ibam").bind(schema)
    with pytest.raises(InvalidStepError, match="No numbers 'ssn' of DE are known"):
        ValidateIdentifier(column="n", scheme="ssn", country="DE").bind(schema)


def test_numbers_of_providers_have_ten_digits() -> None:
    assert [Npi.is_valid(each) for each in ("1234567893", "123456789", "8084012345678", "3234567893", "")] == [
        *(True, False, False, False, False)
    ]


@pytest.mark.parametrize(
    ("kind", "brand"),
    [
        ("visa", "visa"),
        ("mastercard", "mastercard"),
        ("amex", "amex"),
        ("discover", "discover"),
        ("diners", "diners"),
    ],
)
def test_brands_of_made_up_cards(kind: str, brand: str) -> None:
    fake = Faker()
    fake.seed_instance(5)
    cards = [fake.credit_card_number(kind) for _ in range(40)]
    found = result(ValidateCardNumber(column="n", parts=("valid", "brand", "last4")), pl.DataFrame({"n": cards}))
    assert found["n_valid"].all()
    assert set(found["n_brand"]) == {brand}
    assert found["n_last4"].to_list() == [each[-4:] for each in cards]


def test_numbers_of_no_brand_or_length_are_not_valid() -> None:
    texts = ["4111 1111 1111 11", "0000000000000000", "9999 9999 9999 9995", "٤١١١", "x", ""]
    table = pl.DataFrame({"n": texts})
    step = ValidateCardNumber(column="n")
    assert result(step, table)["n_valid"].to_list() == [False] * 5 + [None]
    (failure,) = step.bind(table.schema).failures()
    assert table.select(failure.where.sum()).item() == 5
    assert brand_of("2720990000000007") == "mastercard"
    assert brand_of("3530111333300000") == "jcb"
    assert brand_of("6759649826438453") == "maestro"
    assert brand_of("2721000000000000") is None


def test_cards_may_be_whole_numbers() -> None:
    table = pl.DataFrame({"n": [4111111111111111, None]})
    assert result(ValidateCardNumber(column="n"), table)["n_brand"].to_list() == ["visa", None]
