"""Distances on the earth."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from math import pi
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError
from scipy.integrate import quad
from sklearn.metrics.pairwise import haversine_distances

from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.geo import EQUATOR, FLATTENING, MEAN_RADIUS, GeoDistance

RANDOM = np.random.default_rng(5)
POINTS = pl.DataFrame(
    {
        "a": RANDOM.uniform(-90, 90, 200),
        "b": RANDOM.uniform(-180, 180, 200),
        "c": RANDOM.uniform(-90, 90, 200),
        "d": RANDOM.uniform(-180, 180, 200),
    }
)
COLUMNS: dict[str, Any] = {"lat1": "a", "lon1": "b", "lat2": "c", "lon2": "d", "unit": "m"}


def metres(points: Sequence[tuple[float | None, ...]], **settings: Any) -> list[float | None]:
    table = pl.DataFrame(points, schema=dict.fromkeys("abcd", pl.Float64), orient="row")
    found: list[float | None] = result(GeoDistance(**{**COLUMNS, **settings}), table)["distance"].to_list()
    return found


def degrees(whole: int, minutes: int, seconds: float) -> float:
    sign = -1 if whole < 0 else 1
    return sign * (abs(whole) + minutes / 60 + seconds / 3600)


def test_haversine_is_that_of_scikit_learn() -> None:
    found = result(GeoDistance(**COLUMNS), POINTS)["distance"].to_numpy()
    radians = np.radians(POINTS.to_numpy())
    expected = [haversine_distances([row[:2]], [row[2:]]).item() * MEAN_RADIUS for row in radians]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_poles_are_half_a_circumference_apart() -> None:
    assert metres([(90, 0, -90, 0), (0, 0, 0, 180)]) == [pytest.approx(pi * MEAN_RADIUS)] * 2


def test_vincenty_finds_a_line_that_was_measured() -> None:
    # Flinders Peak to Buninyong, the worked example of the Geocentric Datum of Australia (GRS 80, 54972.271 m).
    flinders = (degrees(-37, 57, 3.72030), degrees(144, 25, 29.52440))
    buninyong = (degrees(-37, 39, 10.15610), degrees(143, 55, 35.38390))
    assert metres([(*flinders, *buninyong)], method="vincenty") == [pytest.approx(54_972.271, abs=1e-3)]


def test_vincenty_along_a_meridian_is_the_arc_of_an_ellipse() -> None:
    squared = FLATTENING * (2 - FLATTENING)

    def bend(latitude: float) -> float:
        return EQUATOR * (1 - squared) / float((1 - squared * np.sin(latitude) ** 2) ** 1.5)

    for first, second in ((0, 90), (-30, 45), (10, 10.001), (-90, 0)):
        arc = quad(bend, np.radians(first), np.radians(second), epsabs=1e-9, epsrel=1e-12)[0]
        assert metres([(first, 7, second, 7)], method="vincenty") == [pytest.approx(arc, abs=1e-4)]


def test_both_methods_agree_within_half_a_percent() -> None:
    sphere, ellipsoid = (
        result(GeoDistance(**COLUMNS, method=method), POINTS)["distance"].to_numpy()
        for method in ("haversine", "vincenty")
    )
    there = ~np.isnan(ellipsoid)
    assert there.mean() > 0.95
    np.testing.assert_allclose(ellipsoid[there], sphere[there], rtol=0.006)


@pytest.mark.parametrize("method", ["haversine", "vincenty"])
def test_a_distance_is_the_same_both_ways_zero_at_home_and_across_the_date_line(method: str) -> None:
    there, back = (metres([pair], method=method)[0] for pair in ((10, 20, -30, 40), (-30, 40, 10, 20)))
    assert there == pytest.approx(back, rel=1e-12)
    assert metres([(52, 5, 52, 5), (0, 0, 0, 0), (90, 5, 90, -5)], method=method) == pytest.approx([0, 0, 0], abs=1e-6)
    over, within = (metres([pair], method=method)[0] for pair in ((0, 179.5, 0, -179.5), (0, 10, 0, 11)))
    assert over == pytest.approx(within, rel=1e-9)
    assert metres([(0, 190, 0, -170)], method=method) == pytest.approx([0], abs=1e-6)


@pytest.mark.parametrize("method", ["haversine", "vincenty"])
def test_what_is_no_coordinate_has_no_distance_and_is_counted(method: str) -> None:
    rows = [(None, 0.0, 0.0, 0.0), (float("nan"), 0.0, 0.0, 0.0), (91.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 361.0)]
    assert metres(rows, method=method) == [None] * 4
    table = pl.DataFrame(rows, schema=list("abcd"), orient="row")
    failures = GeoDistance(**COLUMNS, method=method).bind(table.schema).failures()
    assert {e.column: n for e in failures if (n := table.select(e.where.sum()).item())} == {"a": 1, "d": 1}


def test_points_opposite_each_other_are_counted_where_vincenty_finds_none() -> None:
    table = pl.DataFrame({"a": [0.0, 0.0], "b": [0.0, 0.0], "c": [0.5, 0.5], "d": [179.7, 90.0]})
    step = GeoDistance(**COLUMNS, method="vincenty")
    assert result(step, table)["distance"].is_null().to_list() == [True, False]
    counted = [table.select(each.where.sum()).item() for each in step.bind(table.schema).failures()]
    assert counted == [0, 0, 0, 0, 1]


def test_conditions_of_failures_travel_to_workers() -> None:
    *_, last = GeoDistance(**COLUMNS, method="vincenty").bind(POINTS.schema).failures()
    again = pickle.loads(pickle.dumps(last.where))
    assert POINTS.select(again.sum()).item() == POINTS.select(last.where.sum()).item()


@pytest.mark.parametrize(("unit", "expected"), [("km", 1.852), ("m", 1852), ("nm", 1), ("mi", 1852 / 1609.344)])
def test_units_are_what_they_are(unit: str, expected: float) -> None:
    nautical_mile = 1852 / MEAN_RADIUS * 180 / pi
    assert metres([(0, 0, nautical_mile, 0)], unit=unit) == [pytest.approx(expected)]


def test_a_fixed_point_and_columns_of_whole_numbers_do_too() -> None:
    table = pl.DataFrame({"a": [60], "b": [11]})
    fixed = result(GeoDistance(lat1="a", lon1="b", point=(0.0, 0.0), unit="m"), table)["distance"].to_list()
    assert fixed == metres([(60, 11, 0, 0)])


def test_the_second_point_is_given_once() -> None:
    with pytest.raises(ValidationError, match="found neither"):
        GeoDistance(lat1="a", lon1="b")
    with pytest.raises(ValidationError, match="found both"):
        GeoDistance(lat1="a", lon1="b", lat2="c", lon2="d", point=(0, 0))
    with pytest.raises(ValidationError, match="a latitude or a longitude only"):
        GeoDistance(lat1="a", lon1="b", lat2="c")
    with pytest.raises(InvalidStepError, match="holds text values, but numeric is needed"):
        GeoDistance(**COLUMNS).bind(pl.Schema({**POINTS.schema, "a": pl.String()}))
