"""Postal codes."""

from __future__ import annotations

import polars as pl
import pycountry
import pytest
from faker import Faker
from pydantic import ValidationError
from stdnum.at import postleitzahl
from stdnum.es import postal_code
from stdnum.nl import postcode
from stdnum.se import postnummer

from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.domain_postal import FORMATS, ValidatePostalCode, in_form

LOCALES = [
    "en_US", "en_GB", "en_CA", "nl_NL", "de_DE", "fr_FR", "es_ES", "pt_BR", "pl_PL", "sv_SE", "cs_CZ", "ja_JP",
    "en_AU", "da_DK", "fi_FI", "no_NO", "pt_PT", "en_IE", "de_CH", "tr_TR", "en_IN", "sk_SK",
]  # fmt: skip


@pytest.mark.parametrize("locale", LOCALES)
def test_made_up_codes_of_a_country_are_valid(locale: str) -> None:
    fake = Faker(locale)
    fake.seed_instance(7)
    codes = [fake.postcode() for _ in range(30)]
    step = ValidatePostalCode(column="z", country=locale[-2:])
    assert result(step, pl.DataFrame({"z": codes}))["z_valid"].all(), codes


def test_codes_agree_with_stdnum() -> None:
    for country, module, codes in (
        ("NL", postcode, ["2601 DC", "2601dc", "26011"]),
        ("AT", postleitzahl, ["5090", "50901"]),
        ("ES", postal_code, ["01000", "0100"]),
        ("SE", postnummer, ["114 18", "11418", "1141"]),
    ):
        for code in codes:
            assert (in_form(code, country) is not None) is module.is_valid(code), code


@pytest.mark.parametrize(
    ("country", "code", "formatted"),
    [
        ("GB", "sw1a1aa", "SW1A 1AA"),
        ("GB", "M1 1AE", "M1 1AE"),
        ("CA", "k1a0b1", "K1A 0B1"),
        ("US", "902101234", "90210-1234"),
        ("US", "90210", "90210"),
        ("JP", "1000001", "100-0001"),
        ("LV", "1010", "LV-1010"),
        ("LV", "lv1010", "LV-1010"),
        ("IE", "d02af30", "D02 AF30"),
        ("SE", "se-114 18", "114 18"),
        ("GR", "10431", "104 31"),
        ("PT", "1000-205", "1000-205"),
        ("FK", "fiqq1zz", "FIQQ 1ZZ"),
        ("SZ", "h100", "H100"),
        ("US", "9021O", None),
        ("US", "٩٠٢١٠", None),
        ("CA", "K1A", None),
    ],
)
def test_codes_are_written_as_in_their_country(country: str, code: str, formatted: str | None) -> None:
    assert in_form(code, country) == formatted


def test_countries_are_those_of_iso() -> None:
    for countries in FORMATS.values():
        for country in countries.split():
            assert pycountry.countries.get(alpha_2=country), country


def test_a_country_without_known_codes_is_missing_and_counted() -> None:
    table = pl.DataFrame({"z": ["90210", "1", "1", None], "c": ["usa", "Hong Kong", None, "US"]})
    step = ValidatePostalCode(column="z", country_column="c", parts=("valid", "formatted"))
    assert result(step, table)["z_valid"].to_list() == [True, None, None, None]
    wrong, unknown = step.bind(table.schema).failures()
    assert table.select(unknown.where).to_series().to_list() == [False, True, True, False]
    assert "no country with known postal codes" in unknown.what
    assert wrong.what == "are no postal codes of their country: they have no formatted one"


def test_settings_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValidationError, match="Give 'country' or 'country_column'"):
        ValidatePostalCode(column="z")
    with pytest.raises(InvalidStepError, match="The look of postal codes of the country 'HK' is not known"):
        ValidatePostalCode(column="z", country="HK").bind(pl.Schema({"z": pl.String()}))
