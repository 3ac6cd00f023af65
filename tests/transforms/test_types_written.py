"""Money, percent, short numbers, JSON, units, durations and categories."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pint
import polars as pl
import pytest
from babel.numbers import format_currency

from tests.checks import result
from tests.transforms.test_date_calendar import on_new_rows
from transforms.core.errors import InvalidStepError
from transforms.core.transform import RowTransform
from transforms.types_category import ToCategory
from transforms.types_durations import ParseDuration
from transforms.types_format import AbbreviateNumber, FormatCurrency, FormatPercent, ToJsonText
from transforms.types_units import ConvertUnits, ParseMeasurement

RANDOM = np.random.default_rng(21)
INF, NAN = float("inf"), float("nan")


def lost(step: RowTransform, table: pl.DataFrame) -> list[int]:
    bound = step.bind(table.schema)
    return [n for each in bound.failures() if (n := table.select(each.where.sum()).item())]


def of_column(step: RowTransform, values: list[Any], dtype: Any = None) -> list[Any]:
    return result(step, pl.DataFrame({"x": pl.Series(values, dtype=dtype)}))["x"].to_list()


@pytest.mark.parametrize("locale", ["en_US", "de-DE", "hi_IN", "ar_EG"])
@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
def test_money_is_written_as_by_babel(locale: str, currency: str) -> None:
    values = [float(each) for each in RANDOM.uniform(-1e7, 1e7, 10)]
    expected = [format_currency(each, currency, locale=locale.replace("-", "_")) for each in values]
    assert of_column(FormatCurrency(column="x", currency=currency, locale=locale), values) == expected


def test_money_rounds_halves_away_from_zero_and_counts_what_is_infinite() -> None:
    table = pl.DataFrame({"x": [0.125, -0.125, 1e25, -0.001, INF, NAN, None]})
    step = FormatCurrency(column="x")
    assert result(step, table)["x"].to_list() == [
        "$0.13", "-$0.13", "$10,000,000,000,000,000,000,000,000.00", "$0.00", None, None, None
    ]  # fmt: skip
    assert lost(step, table) == [1]


def test_unknown_currencies_and_places_are_named() -> None:
    schema = pl.Schema({"x": pl.Float64()})
    with pytest.raises(InvalidStepError, match=r"There is no currency 'XXQ'\. Use a code of ISO 4217"):
        FormatCurrency(column="x", currency="XXQ").bind(schema)
    with pytest.raises(InvalidStepError, match="There is no locale 'xx_YY'"):
        FormatPercent(column="x", locale="xx_YY").bind(schema)


@pytest.mark.parametrize(
    ("locale", "shown"), [("en_US", "1,234.57%"), ("tr_TR", "%1.234,57"), ("fr_FR", "1\u202f234,57\u00a0%")]
)
def test_percent_is_written_as_people_of_a_place_do(locale: str, shown: str) -> None:
    assert of_column(FormatPercent(column="x", decimals=2, locale=locale), [12.34565]) == [shown]


def test_short_numbers_never_have_four_digits_before_the_point() -> None:
    values = [999.0, 999.95, 999_949.0, 999_950.0, 1e12, -1e16, 0.04, -0.04, 1e-300]
    expected = ["999", "1K", "999.9K", "1M", "1T", "-10000T", "0", "0", "0"]
    assert of_column(AbbreviateNumber(column="x"), values) == expected
    assert of_column(AbbreviateNumber(column="x", decimals=0), [1500.0, 1400.0, INF, None]) == ["2K", "1K", None, None]


def test_short_numbers_are_read_exactly() -> None:
    table = pl.DataFrame({"x": ["1.1M", "+.5k", "2 BN", "1,000T", "-7", "1,00k", "5x", "K", "", None]})
    step = AbbreviateNumber(column="x", parse_back=True)
    assert result(step, table)["x"].to_list() == [1_100_000, 500, 2e9, 1e15, -7, None, None, None, None, None]
    assert lost(step, table) == [3]
    with pytest.raises(InvalidStepError, match="Column 'x' holds text"):
        AbbreviateNumber(column="x").bind(table.schema)


def test_json_is_that_of_python() -> None:
    values = [{"b": 'é"\n', "a": [1, None], "c": {"d": 1.5}}, {"b": None, "a": [], "c": {"d": NAN}}, None]
    table = pl.DataFrame({"x": values})
    found = result(ToJsonText(column="x"), table)["x"].to_list()
    assert [each and json.loads(each) for each in found] == [
        values[0], {"b": None, "a": [], "c": {"d": None}}, None
    ]  # fmt: skip
    assert found[0] == json.dumps(values[0], separators=(",", ":"), ensure_ascii=False)
    pretty = result(ToJsonText(column="x", pretty=True), table)["x"].to_list()
    assert pretty[0] == json.dumps(values[0], indent=2, ensure_ascii=False)


def test_json_of_single_values_is_json_too() -> None:
    assert of_column(ToJsonText(column="x"), ["a}", "", None]) == ['"a}"', '""', None]
    assert of_column(ToJsonText(column="x"), [1.5, NAN]) == ["1.5", None]
    assert of_column(ToJsonText(column="x"), [date(2024, 1, 31)]) == ['"2024-01-31"']


@pytest.mark.parametrize(
    ("unit", "to"), [("inch", "cm"), ("mph", "m/s"), ("gallon", "liter"), ("degF", "K"), ("deg", "rad"), ("MB", "GiB")]
)
def test_units_are_those_of_pint(unit: str, to: str) -> None:
    values = RANDOM.uniform(-100, 100, 20)
    expected = pint.UnitRegistry().Quantity(values, unit).to(to).magnitude
    np.testing.assert_allclose(
        result(ConvertUnits(column="x", unit=unit, to=to), pl.DataFrame({"x": values}))["x"], expected
    )


def test_decimal_factors_are_exact() -> None:
    found = result(ConvertUnits(column="x", unit="inch", to="cm"), pl.DataFrame({"x": [10, 100, 3]}))
    assert found["x"].to_list() == [25.4, 254.0, 7.62]


@pytest.mark.parametrize(
    ("unit", "to", "found"),
    [
        ("km", "kg", "'km' and 'kg' do not measure the same thing"),
        ("smoot_x", "km", "There is no unit 'smoot_x'"),
        ("dBm", "W", "logarithmic"),
        ("3 km", "m", "There is no unit '3 km'"),
        ("(", "m", r"There is no unit '\('"),
    ],
)
def test_units_that_do_not_fit_are_named(unit: str, to: str, found: str) -> None:
    with pytest.raises(InvalidStepError, match=found):
        ConvertUnits(column="x", unit=unit, to=to).bind(pl.Schema({"x": pl.Float64()}))


def test_measurements_of_mixed_units_become_one() -> None:
    table = pl.DataFrame(
        {"x": ["1 kg", "2.5KG", "-500 g", "1,000 lb", "1e3 mg", "−2 kg", "5 km", "5", "kg", " ", None]}
    )
    step = ParseMeasurement(column="x", to_unit="kg")
    found = result(step, table)
    assert found["x_value"].to_list() == [1.0, 2.5, -0.5, 453.59237, 0.001, -2.0, None, None, None, None, None]
    assert found["x_unit"].to_list() == ["kg"] * 6 + [None] * 5
    assert lost(step, table) == [3]


def test_measurements_with_a_decimal_comma() -> None:
    table = pl.DataFrame({"x": ["1.234,5 °C", "12,5%", "3"]})
    found = result(ParseMeasurement(column="x", decimal=",", default_unit="m"), table)
    assert found["x_value"].to_list() == [1234.5, 12.5, 3.0]
    assert found["x_unit"].to_list() == ["°C", "%", "m"]
    with pytest.raises(InvalidStepError, match="'s' and 'm' do not measure the same thing"):
        ParseMeasurement(column="x", to_unit="m", default_unit="s").bind(table.schema)


def test_heights_in_feet_and_inches_become_centimetres() -> None:
    inches = {
        "5'7\"": 67, "5' 7''": 67, "5 ft 9 inches": 69, "5ft. 9in.": 69, "5 feet and 8.5 inches": 68.5, "5'10": 70,
        "5′7″": 67, "6'": 72, '69"': 69, "68": 68, "-1 ft 6 in": -18,
    }  # fmt: skip
    unread = [
        "5 11",
        "5 .11",
        "6*12",
        "Five foot eight inches",
        "5 lb 3",
        "5 ft 3 kg",
        "5 in 3 ft",
        "1e308 ft 1e308 in",
    ]
    table = pl.DataFrame({"x": [*inches, *unread, None]})
    step = ParseMeasurement(column="x", to_unit="cm", default_unit="in")
    expected = [each * 2.54 for each in inches.values()]
    assert result(step, table)["x_value"].to_list() == pytest.approx([*expected, *[None] * (len(unread) + 1)])
    assert lost(step, table) == [len(unread)]


def test_measures_of_several_parts_are_read_whole_or_counted() -> None:
    read = {
        "5'7\"": (67, "in"), "5 ft 9 inches": (69, "inches"), "6'": (6, "ft"), "1 h 30 min": (90, "min"),
        "2 m2": (2, "m2"), "5 mg/100 ml": (5, "mg/100 ml"), "3 apples": (3, "apples"),
    }  # fmt: skip
    unread = ["5 ft 9 inches tall", "40°26'46\"", "5 kg - 7 kg", "1/2 cup", "3:30", "5 x 10 cm"]
    table = pl.DataFrame({"x": [*read, *unread, None]})
    step = ParseMeasurement(column="x")
    found = result(step, table).select("x_value", "x_unit").rows()
    assert found == [*read.values(), *[(None, None)] * (len(unread) + 1)]
    assert lost(step, table) == [len(unread)]


@pytest.mark.parametrize("unit", ['"', "'", "½"])
def test_a_sign_is_no_unit(unit: str) -> None:
    schema = pl.Schema({"x": pl.String(), "n": pl.Float64()})
    with pytest.raises(InvalidStepError, match="There is no unit"):
        ConvertUnits(column="n", unit=unit, to="cm").bind(schema)
    with pytest.raises(InvalidStepError, match="There is no unit"):
        ParseMeasurement(column="x", to_unit="cm", default_unit=unit).bind(schema)


def test_durations_are_those_of_pandas() -> None:
    lengths = [timedelta(seconds=int(n)) for n in RANDOM.integers(-(10**6), 10**6, 40)]
    iso = [pd.Timedelta(abs(each)).isoformat() for each in lengths]
    assert of_column(ParseDuration(columns=("x",)), iso) == [abs(each) for each in lengths]
    assert of_column(ParseDuration(columns=("x",)), [str(abs(each)) for each in lengths]) == [abs(e) for e in lengths]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2 weeks, 1 day and 3 hrs", 15 * 86_400 + 10_800),
        ("1.5h", 5_400),
        ("-1m 500ms", -60.5),
        ("PT1.5H", 5_400),
        ("-P1W", -604_800),
        ("90", 90),
        ("0:00:01.25", 1.25),
        ("1:30", None),
        ("P1M", None),
        ("P", None),
        ("30m 1h", None),
        ("and", None),
        ("-", None),
    ],
)
def test_durations_in_words_and_letters(text: str, seconds: float | None) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert of_column(ParseDuration(columns=("x",)), [text]) == [expected]


def test_a_number_is_a_duration_only_with_a_unit() -> None:
    table = pl.DataFrame({"x": ["5", "5h", "", None]})
    step = ParseDuration(columns=("x",), unit=None)
    assert result(step, table)["x"].to_list() == [None, timedelta(hours=5), None, None]
    assert lost(step, table) == [1]
    assert of_column(ParseDuration(columns=("x",), unit="minute"), [1.5, INF, NAN]) == [
        timedelta(seconds=90),
        None,
        None,
    ]


def test_new_values_are_no_categories() -> None:
    table, new = pl.DataFrame({"c": [2.0, 10.0, None]}), pl.DataFrame({"c": [10.0, 3.0, None]})
    cases: dict[Any, tuple[list[Any], list[Any]]] = {
        "null": (["10", None, None], [(1, "became missing: they are none of the categories", False)]),
        "error": (["10", None, None], [(1, "are none of the categories", True)]),
        "keep": (["10", "3", None], []),
    }
    for on_unseen, (values, failures) in cases.items():
        found, counted = on_new_rows(ToCategory(column="c", on_unseen=on_unseen), table, new)
        assert (found["c"].to_list(), counted) == (values, failures)


def test_categories_are_learned_in_the_order_of_their_values() -> None:
    from flows.engines.polars_engine import PolarsEngine
    from flows.fitting import Asking
    from transforms.core.relations import Source

    table = pl.DataFrame({"c": [10, 2, None, 2]})
    learned = ToCategory(column="c").bind(table.schema).fit(Asking(PolarsEngine.over({"in0": table}), (Source("in0"),)))
    assert learned.values == ("2", "10")
