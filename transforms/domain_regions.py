"""Countries: what they are called, and where they are."""

from __future__ import annotations

import re
import unicodedata
from difflib import get_close_matches
from functools import cache
from typing import Any, Literal

CountryInput = Literal["auto", "name", "alpha2", "alpha3", "numeric"]

REGIONS = {
    "Northern Africa": "DZ EG EH LY MA SD TN",
    "Eastern Africa": "BI DJ ER ET IO KE KM MG MU MW MZ RE RW SC SO SS TF TZ UG YT ZM ZW",
    "Middle Africa": "AO CD CF CG CM GA GQ ST TD",
    "Southern Africa": "BW LS NA SZ ZA",
    "Western Africa": "BF BJ CI CV GH GM GN GW LR ML MR NE NG SH SL SN TG",
    "Northern America": "BM CA GL PM US",
    "Caribbean": "AG AI AW BB BL BQ BS CU CW DM DO GD GP HT JM KN KY LC MF MQ MS PR SX TC TT VC VG VI",
    "Central America": "BZ CR GT HN MX NI PA SV",
    "South America": "AR BO BR BV CL CO EC FK GF GS GY PE PY SR UY VE",
    "Central Asia": "KG KZ TJ TM UZ",
    "Eastern Asia": "CN HK JP KP KR MN MO TW",
    "South-eastern Asia": "BN ID KH LA MM MY PH SG TH TL VN",
    "Southern Asia": "AF BD BT IN IR LK MV NP PK",
    "Western Asia": "AE AM AZ BH CY GE IL IQ JO KW LB OM PS QA SA SY TR YE",
    "Eastern Europe": "BG BY CZ HU MD PL RO RU SK UA",
    "Northern Europe": "AX DK EE FI FO GB GG IE IM IS JE LT LV NO SE SJ",
    "Southern Europe": "AD AL BA ES GI GR HR IT ME MK MT PT RS SI SM VA",
    "Western Europe": "AT BE CH DE FR LI LU MC NL",
    "Australia and New Zealand": "AU CC CX HM NF NZ",
    "Melanesia": "FJ NC PG SB VU",
    "Micronesia": "FM GU KI MH MP NR PW UM",
    "Polynesia": "AS CK NU PF PN TK TO TV WF WS",
    "Antarctica": "AQ",
}
"""Countries by region, as the statistics division of the United Nations has them (M49; TW with its neighbours)."""
CONTINENTS = {
    "Africa": ("Northern Africa", "Eastern Africa", "Middle Africa", "Southern Africa", "Western Africa"),
    "North America": ("Northern America", "Caribbean", "Central America"),
    "South America": ("South America",),
    "Asia": ("Central Asia", "Eastern Asia", "South-eastern Asia", "Southern Asia", "Western Asia"),
    "Europe": ("Eastern Europe", "Northern Europe", "Southern Europe", "Western Europe"),
    "Oceania": ("Australia and New Zealand", "Melanesia", "Micronesia", "Polynesia"),
    "Antarctica": ("Antarctica",),
}
OTHER_NAMES = {
    "America": "US", "Britain": "GB", "Brunei": "BN", "Burma": "MM", "Cape Verde": "CV",
    "China, People's Republic": "CN", "Congo Brazzaville": "CG", "Congo Kinshasa": "CD", "Czech Republic": "CZ",
    "DPRK": "KP", "DR Congo": "CD", "DRC": "CD", "East Timor": "TL", "England": "GB", "Great Britain": "GB",
    "Holland": "NL", "Hong Kong": "HK", "China, Hong Kong SAR": "HK", "China, Macao SAR": "MO", "Bonaire": "BQ",
    "Former Yugoslav Republic of Macedonia": "MK", "West Bank and Gaza Strip": "PS", "Ivory Coast": "CI",
    "Korea": "KR", "Korea, North": "KP", "Korea, South": "KR", "Laos": "LA", "Macau": "MO", "Macedonia": "MK",
    "Micronesia": "FM", "Moldova": "MD", "North Korea": "KP", "Northern Ireland": "GB", "Palestine": "PS",
    "PRC": "CN", "Republic of China": "TW", "Republic of Ireland": "IE", "Russia": "RU", "Scotland": "GB",
    "South Korea": "KR", "Swaziland": "SZ", "Syria": "SY", "Tanzania": "TZ", "The Gambia": "GM", "Turkey": "TR",
    "UAE": "AE", "UK": "GB", "U.K.": "GB", "U.S.": "US", "U.S.A.": "US", "United States of America": "US",
    "Bonaire, Saint Eustatius and Saba": "BQ", "Wallis and Futuna Islands": "WF",
    "Vatican": "VA", "Vatican City": "VA", "Vietnam": "VN", "Wales": "GB",
}  # fmt: skip
"""Names in use that the lists do not have."""
OTHER_FORMER_NAMES = {"Soviet Union": "SUN", "East Germany": "DDR"}
"""The same of countries that are no more, by codes of three letters."""
LANGUAGES = ("de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl", "cs", "tr", "ru", "ja", "zh")
"""Languages in which names are known besides English."""
CLOSE = 0.8


def key_of(name: str) -> str:
    """A name without accents, signs, articles and capitals, to compare it by."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each))
    words = re.findall(r"\w+", plain.casefold().replace("&", " and ").replace(".", ""))
    return " ".join(each for each in words if each not in ("the", "of", "and")) or " ".join(words)


@cache
def _english() -> dict[str, str]:
    """Codes by English name."""
    from pycountry import countries

    found: dict[str, str] = {}
    for each in countries:
        for attribute in ("name", "common_name", "official_name"):
            name = getattr(each, attribute, "")
            # Lists put the name that counts first: Korea, Republic of.
            first, _, rest = name.partition(", ")
            for text in (name, f"{rest} {first}"):
                if text.strip():
                    found.setdefault(key_of(text), each.alpha_2)
    for name, code in _names("en").items():
        found.setdefault(name, code)
    return found | {key_of(name): code for name, code in OTHER_NAMES.items()}


@cache
def _foreign() -> dict[str, str]:
    """Codes by name in other languages, but for names that two countries have in two of them."""
    found: dict[str, str | None] = {}
    for language in LANGUAGES:
        for name, code in _names(language).items():
            found[name] = code if found.get(name, code) == code else None
    return {name: code for name, code in found.items() if code is not None}


def _names(language: str) -> dict[str, str]:
    from babel import Locale
    from pycountry import countries

    territories = Locale(language).territories
    return {key_of(territories[each.alpha_2]): each.alpha_2 for each in countries if each.alpha_2 in territories}


@cache
def _former() -> dict[str, Any]:
    """Countries that are no more, by name, and by codes in capitals: the last that had the code."""
    from pycountry import historic_countries

    found: dict[str, Any] = {}
    for each in sorted(historic_countries, key=lambda one: str(one.withdrawal_date)):
        first, _, rest = each.name.partition(", ")
        names = [key_of(text) for text in (each.name, first, f"{rest} {first}")]
        codes = [getattr(each, name, "") for name in ("alpha_2", "alpha_3", "numeric")]
        found.update(dict.fromkeys(filter(None, (*names, *codes)), each))
    return found | {key_of(name): found[code] for name, code in OTHER_FORMER_NAMES.items()}


def find_former_country(text: str, written: CountryInput = "auto") -> Any:
    """The country that is no more (of pycountry's ``historic_countries``) that text names; ``None`` if it names none.

    Args:
        text: a code that was in ISO 3166-1, or a name.
        written: which of them it is.
    """
    code = text.strip().upper()
    kinds = {"alpha2": "[A-Z]{2}", "alpha3": "[A-Z]{3}", "numeric": "[0-9]{3}"}
    if any(written in ("auto", kind) and re.fullmatch(pattern, code) for kind, pattern in kinds.items()):
        found = _former().get(code)
        if found is not None or written != "auto":
            return found
    return _former().get(key_of(text)) if written in ("auto", "name") else None


def find_country(text: str, written: CountryInput = "auto", *, fuzzy: bool = False) -> Any:
    """The country (of pycountry) that text names; ``None`` if it names none.

    Args:
        text: a code of ISO 3166-1, or a name.
        written: which of them it is.
        fuzzy: whether a name may have a slip: 80 % of it are to be right.
    """
    import pycountry

    countries: Any = pycountry.countries
    code = text.strip().upper()
    if written in ("auto", "numeric") and re.fullmatch("[0-9]{1,3}", code):
        return countries.get(numeric=code.zfill(3))
    if written in ("auto", "alpha2") and re.fullmatch("[A-Z]{2}", code) and code != "UK":
        return countries.get(alpha_2=code)
    if written in ("auto", "alpha3") and re.fullmatch("[A-Z]{3}", code) and (by_code := countries.get(alpha_3=code)):
        return by_code
    if written not in ("auto", "name"):
        return None
    name = key_of(text)
    found = _english().get(name) or _foreign().get(name)
    if found is None and fuzzy:
        near = get_close_matches(name, _english(), n=1, cutoff=CLOSE)
        found = _english()[near[0]] if near else None
    return countries.get(alpha_2=found) if found else None


def country_name(country: Any) -> str:
    """The short English name, without what ISO 3166-1 puts behind a comma."""
    from babel import Locale

    name = str(getattr(country, "common_name", country.name))
    return str(Locale("en").territories.get(country.alpha_2, name.partition(",")[0])) if "," in name else name


@cache
def region_of(code: str) -> str | None:
    """The region that a country is in."""
    return next((region for region, codes in REGIONS.items() if code in codes.split()), None)


@cache
def continent_of(code: str) -> str | None:
    """The continent that a country is in."""
    region = region_of(code)
    return next((continent for continent, regions in CONTINENTS.items() if region in regions), None)


@cache
def currency_used(code: str) -> str | None:
    """The code of the currency that is tender in a country and has no end."""
    from babel.core import get_global

    used = get_global("territory_currencies").get(code, ())
    return next((currency for currency, _, end, tender in used if end is None and tender), None)


def calling_code(code: str) -> str | None:
    """What telephone numbers of a country begin with: ``+47``."""
    from phonenumbers import country_code_for_region

    found = country_code_for_region(code)
    return f"+{found}" if found else None
