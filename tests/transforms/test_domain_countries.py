"""Countries and their parts."""

from __future__ import annotations

from typing import Any

import polars as pl
import pycountry
import pytest
from babel import Locale
from babel.numbers import get_territory_currencies
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.domain_countries import StandardizeCountry, StandardizeSubdivision
from transforms.domain_regions import CONTINENTS, REGIONS, find_country

CODES = [each.alpha_2 for each in pycountry.countries]


def countries(*texts: str | None, **settings: Any) -> list[str | None]:
    return result(StandardizeCountry(column="c", **settings), pl.DataFrame({"c": texts}))["c"].to_list()


@pytest.mark.parametrize("attribute", ["alpha_2", "alpha_3", "numeric", "name", "official_name", "common_name"])
def test_every_country_is_known_by_all_that_iso_calls_it(attribute: str) -> None:
    known = [each for each in pycountry.countries if hasattr(each, attribute)]
    assert countries(*(getattr(each, attribute) for each in known)) == [each.alpha_2 for each in known]


def test_countries_that_are_no_more_are_known_if_wanted() -> None:
    texts = "YU", "AN", "Serbia & Montenegro", "Soviet Union", "891", "DDR", "Sikkim", "GE", "Narnia"
    assert countries(*texts) == [None] * 7 + ["GE", None]
    assert countries(*texts, former=True) == ["YU", "AN", "CS", "SU", "CS", "DD", None, "GE", None]
    assert countries(*texts, former=True, to="numeric")[:7] == ["891", "530", "891", "810", "891", "278", None]
    assert countries("YU", "ZAR", former=True, to="name") == ["Yugoslavia", "Zaire"]
    assert countries("YU", "Gilbert and Ellice Islands", former=True, to="continent") == [None, None]
    table = pl.DataFrame({"c": texts})
    (failure,) = StandardizeCountry(column="c", former=True).bind(table.schema).failures()
    assert table.select(failure.where.sum()).item() == 2


def test_names_that_lists_of_the_united_nations_have_are_known() -> None:
    assert countries("Wallis and Futuna Islands", "Bonaire, Saint Eustatius and Saba") == ["WF", "BQ"]


@pytest.mark.parametrize("language", ["de", "fr", "es"])
def test_names_in_other_languages_are_known(language: str) -> None:
    names = Locale(language).territories
    common = ["NO", "DE", "US", "GB", "FR", "CN", "JP", "BR", "ZA", "EG", "CH", "KR", "SE"]
    assert countries(*(names[each] for each in common)) == common


def test_every_country_has_one_region_and_a_continent() -> None:
    listed = [code for codes in REGIONS.values() for code in codes.split()]
    assert sorted(listed) == sorted(CODES)
    assert sorted(region for regions in CONTINENTS.values() for region in regions) == sorted(REGIONS)
    assert countries("SD", "MX", "CY", "IR", "EE", to="region") == [
        *("Northern Africa", "Central America", "Western Asia", "Southern Asia", "Northern Europe")
    ]


def test_what_belongs_to_a_country() -> None:
    some = ["NO", "DE", "US", "JP", "CH", "GB", "BR"]
    assert countries(*some, to="currency") == [get_territory_currencies(each)[0] for each in some]
    for code, calling in zip(some, countries(*some, to="calling_code"), strict=True):
        assert code in COUNTRY_CODE_TO_REGION_CODE[int(calling or 0)]
    assert countries("AQ", "BO", "KR", to="currency") == [None, "BOB", "KRW"]
    assert countries("BO", "KR", "CI", to="name") == ["Bolivia", "South Korea", "Côte d'Ivoire"]


def test_codes_alone_are_taken_where_they_are_meant() -> None:
    assert countries("Norway", "NO", "NOR", "578", written="alpha2") == [None, "NO", None, None]
    assert countries("Norway", "NO", "NOR", "578", written="numeric") == [None, None, None, "NO"]
    assert countries("Norway", "NO", "NOR", "578", written="name") == ["NO", None, None, None]
    assert result(StandardizeCountry(column="c"), pl.DataFrame({"c": [4, 578, None]}))["c"].to_list() == [
        *("AF", "NO", None)
    ]


def test_slips_are_forgiven_only_if_wanted() -> None:
    slips = ("Norwey", "Untied States", "Phillipines", "Atlantis")
    assert countries(*slips) == [None] * 4
    assert countries(*slips, fuzzy=True) == ["NO", "US", "PH", None]


def test_names_that_two_countries_have_are_not_guessed() -> None:
    assert find_country("Virgin Islands") is None
    assert [find_country(each).alpha_2 for each in ("Niger", "Nigeria", "Dominica", "Guinea", "Georgia")] == [
        *("NE", "NG", "DM", "GN", "GE")
    ]


def test_what_is_no_country_is_counted_and_stays_or_goes() -> None:
    assert countries("Narnia", "", None, on_error="keep") == ["Narnia", "", None]
    table = pl.DataFrame({"c": ["Narnia", "NO", "", None]})
    (failure,) = StandardizeCountry(column="c").bind(table.schema).failures()
    assert table.select(failure.where).to_series().to_list() == [True, False, False, False]


def parts(*texts: str | None, **settings: Any) -> list[str | None]:
    return result(StandardizeSubdivision(column="s", **settings), pl.DataFrame({"s": texts}))["s"].to_list()


@pytest.mark.parametrize("country", ["US", "CA", "DE", "AU", "IN", "BR"])
def test_every_part_is_known_by_code_and_name(country: str) -> None:
    subdivisions: Any = pycountry.subdivisions
    known = subdivisions.get(country_code=country)
    codes = [each.code for each in known]
    assert parts(*codes, country=country, to="iso_code") == codes
    assert parts(*(each.name for each in known), country=country, to="iso_code") == codes
    assert parts(*(each.lower()[3:] for each in codes), country=country, to="name") == [each.name for each in known]


def test_accents_and_second_names_do_not_matter() -> None:
    assert parts("quebec", "Nova scotia", country="CA") == ["QC", "NS"]
    assert parts("Trentino-Alto Adige", "Südtirol", country="IT") == ["32", None]
    assert parts("sao paulo", country="BR") == ["SP"]


def test_the_country_may_stand_in_a_column() -> None:
    table = pl.DataFrame({"s": ["NY", "NY", "BY"], "c": [None, "Narnia", "DEU"]})
    step = StandardizeSubdivision(column="s", country_column="c", to="iso_code")
    assert result(step, table)["s"].to_list() == ["US-NY", "US-NY", "DE-BY"]
    with pytest.raises(InvalidStepError, match="No parts are known of the country 'XX'"):
        StandardizeSubdivision(column="s", country="XX").bind(table.schema)
