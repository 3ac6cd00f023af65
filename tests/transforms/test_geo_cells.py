"""Geohashes, hexagons, and areas."""

from __future__ import annotations

import json
from itertools import pairwise
from math import atan2, pi

import h3
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.checks import result
from tests.drawing import examples
from transforms.geo_areas import Area, PointInArea, holds, polygons_of
from transforms.geo_cells import ALPHABET, GeohashDecode, GeohashEncode, H3Index, geohashes


def bisected(lat: float, lon: float, precision: int) -> str:
    """A geohash one bit at a time, as its inventor describes it."""
    ranges, values, text, even = [[-180.0, 180.0], [-90.0, 90.0]], [lon, lat], "", 0
    for _ in range(precision):
        digit = 0
        for _ in range(5):
            middle = sum(ranges[even]) / 2
            bit = values[even] >= middle
            ranges[even][0 if bit else 1] = middle
            digit, even = digit * 2 + bit, 1 - even
        text += ALPHABET[digit]
    return text


@settings(max_examples=examples(50), deadline=None)
@given(st.floats(-90, 90), st.floats(-180, 180), st.integers(1, 12))
def test_geohashes_are_those_of_bisection(lat: float, lon: float, precision: int) -> None:
    places = pl.Series([{"lat": lat, "lon": lon}], dtype=pl.Struct({"lat": pl.Float64, "lon": pl.Float64}))
    assert geohashes(places, precision).to_list() == [bisected(lat, lon, precision)]


@pytest.mark.parametrize(
    ("lat", "lon", "geohash"),
    [
        (42.6, -5.6, "ezs42"),
        (57.64911, 10.40744, "u4pruydqqvj8"),
        (0.0, 0.0, "s00000"),
        (-90.0, -180.0, "000000"),
        (90.0, 180.0, "zzzzzz"),
        (51.433718, -0.214126, "gcpue5hp4"),
    ],
)
def test_known_geohashes(lat: float, lon: float, geohash: str) -> None:
    table = pl.DataFrame({"lat": [lat], "lon": [lon]})
    step = GeohashEncode(lat="lat", lon="lon", precision=len(geohash))
    assert result(step, table)["geohash"].to_list() == [geohash]


def test_the_cell_that_is_decoded_holds_the_place() -> None:
    random = np.random.default_rng(1)
    table = pl.DataFrame({"lat": random.uniform(-90, 90, 300), "lon": random.uniform(-180, 180, 300)})
    for precision in (1, 6, 12):
        coded = result(GeohashEncode(lat="lat", lon="lon", precision=precision), table)
        step = GeohashDecode(column="geohash", parts=("lat", "lon", "lat_error", "lon_error"))
        found = result(step, coded)
        for axis in ("lat", "lon"):
            off = (found[axis] - found[f"geohash_{axis}"]).abs()
            assert (off <= found[f"geohash_{axis}_error"]).all()
        again = GeohashEncode(lat="geohash_lat", lon="geohash_lon", precision=precision, output="again")
        assert result(again, found)["again"].equals(coded["geohash"], check_names=False)


def test_what_is_no_geohash_is_missing_and_counted() -> None:
    table = pl.DataFrame({"g": ["EZS42", "ail", "z" * 13, "é", " ", None]})
    found = result(GeohashDecode(column="g"), table)
    assert found["g_lat"].is_not_null().to_list() == [True] + [False] * 5
    (failure,) = GeohashDecode(column="g").bind(table.schema).failures()
    assert table.select(failure.where.sum()).item() == 3


def test_hexagons_are_those_of_the_library() -> None:
    random = np.random.default_rng(2)
    lat, lon = random.uniform(-90, 90, 50), random.uniform(-180, 360, 50)
    table = pl.DataFrame({"lat": lat, "lon": lon})
    for resolution in (0, 8, 15):
        found = result(H3Index(lat="lat", lon="lon", resolution=resolution), table)["h3"].to_list()
        assert [h3.get_resolution(each) for each in found] == [resolution] * 50
        expected = [h3.latlng_to_cell(*each, resolution) for each in zip(lat, lon, strict=True)]
        assert found == expected


CONCAVE = "POLYGON ((0 0, 10 0, 10 10, 5 3, 0 10, 0 0), (1 1, 1 2, 3 2, 3 1, 1 1))"


def winds(shape: str, lon: float, lat: float) -> bool:
    """Whether the borders turn around a place, by the sum of the angles under which their sides are seen."""
    turns = 0.0
    for polygon in polygons_of(shape):
        rings = []
        for ring in polygon:
            angle = 0.0
            for (x1, y1), (x2, y2) in pairwise(ring):
                change = atan2(y2 - lat, x2 - lon) - atan2(y1 - lat, x1 - lon)
                angle += (change + pi) % (2 * pi) - pi
            rings.append(round(abs(angle) / (2 * pi)))
        turns += rings[0] - sum(rings[1:])
    return turns > 0


def test_places_inside_are_those_that_the_border_turns_around() -> None:
    random = np.random.default_rng(3)
    lon, lat = random.uniform(-1, 11, 2000), random.uniform(-1, 11, 2000)
    found = holds(CONCAVE, lon, lat)
    assert found.tolist() == [winds(CONCAVE, *each) for each in zip(lon, lat, strict=True)]
    assert 0.2 < found.mean() < 0.8


def test_a_place_on_a_border_is_in_one_of_two_neighbours() -> None:
    left, right = "POLYGON ((0 0, 3 1, 1 7, 0 7, 0 0))", "POLYGON ((3 1, 9 0, 9 7, 1 7, 3 1))"
    share = np.linspace(0, 1, 400, endpoint=False)[1:]
    lon, lat = 3 - 2 * share, 1 + 6 * share
    assert (holds(left, lon, lat) ^ holds(right, lon, lat)).all()


@pytest.mark.parametrize(
    "shape",
    [
        "SRID=4326; multipolygon(((0 0, 2 0, 2 2, 0 0)), ((5 5, 7 5, 7 7, 5 5)))",
        "MULTIPOLYGON Z (((0 0 1, 2 0 1, 2 2 1, 0 0 1)), ((5 5 1, 7 5 1, 7 7 1, 5 5 1)))",
        json.dumps(
            {
                "type": "Feature",
                "geometry": {
                    "type": "MultiPolygon",
                    "coordinates": [[[[0, 0], [2, 0], [2, 2], [0, 0]]], [[[5, 5], [7, 5], [7, 7], [5, 5]]]],
                },
            }
        ),
    ],
)
def test_shapes_are_read_as_they_are_written_elsewhere(shape: str) -> None:
    lon, lat = np.array([1.5, 6.5, 3.0, np.nan]), np.array([1.0, 6.0, 3.0, 1.0])
    assert holds(shape, lon, lat).tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ("here", "'here' is no polygon that can be read"),
        ("POLYGON ((0 0, 1 1, 0 0))", "A border has 2 corners"),
        ("POLYGON ((52 104, 53 104, 53 105, 52 104))", "The corner 52 104 is no place on the earth"),
        ("POLYGON ((0 0, 1 1, 2 0, 0 0)", "no polygon that can be read"),
        ("POLYGON EMPTY", "no polygon that can be read"),
        ('{"type": "Point", "coordinates": [1, 2]}', "is a Point, no Polygon or MultiPolygon"),
        ('{"type": "Polygon"}', "no polygon that can be read"),
        ('{"type": "Polygon", "coordinates": [[[1], [2], [3]]]}', "no polygon that can be read"),
    ],
)
def test_what_is_no_polygon_is_refused(shape: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Area(name="a", shape=shape)


def test_longitudes_from_0_to_360_are_placed() -> None:
    area = Area(name="west", shape="POLYGON ((-20 0, -10 0, -10 10, -20 10, -20 0))")
    table = pl.DataFrame({"lat": [5, 5, 5, 95], "lon": [345, -15, 15, -15]})
    step = PointInArea(lat="lat", lon="lon", areas=(area,))
    assert result(step, table)["area"].to_list() == ["west", "west", None, None]
    (failure,) = step.bind(table.schema).failures()
    assert table.select(failure.where.sum()).item() == 1
