"""Coordinates as text and as points, and their validity."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.checks import result
from tests.drawing import examples
from transforms.core.errors import InvalidStepError
from transforms.geo_checks import ValidateCoordinates
from transforms.geo_points import MakePoint, ParseCoordinates, PointToLatLon, coordinates_of


def written(degrees: float, sides: str) -> str:
    """Degrees, minutes and seconds, with the side of the earth."""
    seconds = round(abs(degrees) * 3600)
    return f"{seconds // 3600}°{seconds // 60 % 60}'{seconds % 60}\"{sides[degrees < 0]}"


@settings(max_examples=examples(50), deadline=None)
@given(st.floats(-90, 90), st.floats(-180, 180))
def test_what_is_written_in_seconds_is_read_back(lat: float, lon: float) -> None:
    one, other = written(lat, "NS"), written(lon, "EW")
    for text in (f"{one} {other}", f"{one}, {other}", f"{one}{other}", f"{other} {one}"):
        assert coordinates_of(text) == pytest.approx((lat, lon), abs=0.5001 / 3600)


@settings(max_examples=examples(50), deadline=None)
@given(st.floats(-90, 90).map(lambda x: round(x, 6)), st.floats(-180, 180).map(lambda x: round(x, 6)))
def test_decimals_are_read_exactly(lat: float, lon: float) -> None:
    assert coordinates_of(f"{lat:.6f}, {lon:.6f}") == (lat, lon)
    assert coordinates_of(f"({lon:.6f} {lat:.6f})", "lon_lat") == (lat, lon)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("40°26′46″N 79°58′56″W", (40 + 26 / 60 + 46 / 3600, -(79 + 58 / 60 + 56 / 3600))),
        ("40° 26.767' N 79° 58.933' W", (40 + 26.767 / 60, -(79 + 58.933 / 60))),
        ("N 40 26 46 W 79 58 56", (40 + 26 / 60 + 46 / 3600, -(79 + 58 / 60 + 56 / 3600))),
        ("40:26:46N,79:58:56W", (40 + 26 / 60 + 46 / 3600, -(79 + 58 / 60 + 56 / 3600))),
        ("40d 26m 46s N, 79d 58m 56s W", (40 + 26 / 60 + 46 / 3600, -(79 + 58 / 60 + 56 / 3600))),
        ("52,5; 13,25", (52.5, 13.25)),
        ("52,5 13,25", (52.5, 13.25)),
        ("52, 13", (52.0, 13.0)),
        ("-0.5 +0.25", (-0.5, 0.25)),
        ("E 13.25, N 52.5", (52.5, 13.25)),
        ("52°N 4°54'E", (52.0, 4.9)),
        ("91, 0", None),
        ("0, 181", None),
        ("52 N, 4 N", None),
        ("-52 S, 4 E", None),
        ("N 52 N, 4 E", None),
        ("52°61'N 4°E", None),
        ("52", None),
        ("1 2 3", None),
        ("52.5.5, 4", None),
        ("°, °", None),
    ],
)
def test_ways_of_writing(text: str, expected: tuple[float, float] | None) -> None:
    assert coordinates_of(text) == (None if expected is None else pytest.approx(expected, abs=1e-12))


def test_text_that_is_no_place_is_counted_or_stops() -> None:
    table = pl.DataFrame({"c": ["here", "1, 2", " ", None]})
    for on_error in ("null", "fail"):
        step = ParseCoordinates.model_validate({"column": "c", "on_error": on_error})
        (failure,) = step.bind(table.schema).failures()
        assert table.select(failure.where).to_series().to_list() == [True, False, False, False]
        assert failure.stop is (on_error == "fail")


PLACES = pl.DataFrame(
    {
        "lat": [0.0, -89.999999, 1e-7, 12.5, 90.0, 91.0, float("nan"), 5.0, None],
        "lon": [0.0, 179.5, -1e-7, 350.0, 360.0, 0.0, 1.0, -181.0, 2.0],
    }
)


@pytest.mark.parametrize("format", ["wkt", "geojson", "object"])
def test_points_are_taken_apart_again(format: str) -> None:
    made = result(MakePoint.model_validate({"lat": "lat", "lon": "lon", "format": format}), PLACES)
    found = result(PointToLatLon(column="point", prefix="p_"), made)
    assert found["p_lat"].to_list() == [0.0, -89.999999, 1e-7, 12.5, 90.0] + [None] * 4
    assert found["p_lon"].to_list() == [0.0, 179.5, -1e-7, -10.0, 0.0] + [None] * 4
    if format == "geojson":
        point = json.loads(made["point"][1])
        assert point == {"type": "Point", "coordinates": [179.5, -89.999999]}


def test_places_beyond_the_earth_are_counted() -> None:
    (failure,) = MakePoint(lat="lat", lon="lon").bind(PLACES.schema).failures()
    assert PLACES.select(failure.where).to_series().to_list() == [False] * 5 + [True, False, True, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SRID=4326;Point(4.9 52.375)", (52.375, 4.9)),
        ("POINT Z (1 2 3)", (2.0, 1.0)),
        ("point zm( -1e0 .5 3 4 )", (0.5, -1.0)),
        ('{"coordinates": [1, 2, 3], "type": "Point"}', (2.0, 1.0)),
        ('{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{}}', (2.0, 1.0)),
        ("POINT (1)", (None, None)),
        ("POINT (1 91)", (None, None)),
        ("POINT EMPTY", (None, None)),
        ('{"type": "LineString", "coordinates": [1, 2]}', (None, None)),
    ],
)
def test_points_as_others_write_them(text: str, expected: tuple[float | None, float | None]) -> None:
    assert result(PointToLatLon(column="p"), pl.DataFrame({"p": [text]})).row(0)[1:] == expected


def test_objects_need_fields_that_say_what_they_are() -> None:
    table = pl.DataFrame({"p": [{"lat": 1, "height": 2}]})
    with pytest.raises(InvalidStepError, match=r"The fields of 'p' \(lat, height\) are no latitude and longitude"):
        PointToLatLon(column="p").bind(table.schema)
    with pytest.raises(InvalidStepError, match=r"The fields of 'p' \(none\)"):
        PointToLatLon(column="p").bind(pl.Schema({"p": pl.List(pl.Float64())}))


def checked(lat: list[Any], lon: list[Any], **settings: Any) -> dict[str, list[Any]]:
    step = ValidateCoordinates(lat="lat", lon="lon", **settings)
    return result(step, pl.DataFrame({"lat": lat, "lon": lon}, strict=False)).to_dict(as_series=False)


def test_ends_are_valid_and_what_is_beyond_is_not() -> None:
    found = checked([90, -90, 90.000001, 1, 1, float("nan")], [180, -180, 0, 180.000001, float("inf"), 1])
    assert found["valid_coordinates"] == [True, True, False, False, False, None]
    assert found["lat"][:3] == [90.0, -90.0, 90.000001]


def test_coordinates_in_the_wrong_order_are_exchanged_and_counted() -> None:
    table = pl.DataFrame({"lat": [150, 10, 200, None], "lon": [-30, 100, 0, 5]})
    step = ValidateCoordinates(lat="lat", lon="lon", swap_if_reversed=True)
    found = result(step, table).to_dict(as_series=False)
    assert found["lat"] == [-30.0, 10.0, 200.0, None]
    assert found["lon"] == [150.0, 100.0, 0.0, 5.0]
    assert found["valid_coordinates"] == [True, True, False, None]
    (failure,) = step.bind(table.schema).failures()
    assert table.select(failure.where).to_series().to_list() == [True, False, False, False]


def test_whole_numbers_stay_whole_where_they_are_only_checked() -> None:
    step = ValidateCoordinates(lat="lat", lon="lon")
    assert result(step, pl.DataFrame({"lat": [1], "lon": [2]})).schema["lat"] == pl.Int64()


def test_a_column_is_not_both_coordinates() -> None:
    with pytest.raises(InvalidStepError, match="'x' is both latitude and longitude"):
        ValidateCoordinates(lat="x", lon="x").bind(pl.Schema({"x": pl.Float64()}))
