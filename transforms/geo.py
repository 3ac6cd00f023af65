"""Places on the earth, by latitude and longitude."""

from __future__ import annotations

from collections.abc import Iterator
from math import pi
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.columns import NumericColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.errors import Problem
from transforms.core.numbers import quotient
from transforms.core.params import NewColumn
from transforms.core.transform import Example, Failure, RowTransform, Transform

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

MEAN_RADIUS = 6_371_008.8
"""Mean radius of the earth in metres, (2a + b) / 3 (IUGG)."""
EQUATOR, FLATTENING = 6_378_137.0, 1 / 298.257223563
"""Half axis in metres, and flattening, of the ellipsoid WGS 84."""
POLE = EQUATOR * (1 - FLATTENING)
"""The other half axis."""
ITERATIONS = 200
METRES: dict[str, float] = {"km": 1_000.0, "m": 1.0, "mi": 1_609.344, "nm": 1_852.0}

Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=360)]


class GeoDistance(RowTransform):
    """Add the distance between two points, along the surface of the earth."""

    id = "geo_distance"
    title = "Distance between points"
    terms = ("haversine", "vincenty", "great circle", "latitude longitude distance", "kilometers", "miles")
    missing = "Where a coordinate is missing (null or NaN) or no coordinate, the distance is missing."
    examples = (
        Example(
            params={"lat1": "lat", "lon1": "lon", "point": [0, 0], "output": "km"},
            before={"lat": [0.0, 0.0, None, 91.0], "lon": [0.0, 90.0, 5.0, 0.0]},
            # A quarter of the circumference of a sphere of the mean radius.
            after={
                "lat": [0.0, 0.0, None, 91.0],
                "lon": [0.0, 90.0, 5.0, 0.0],
                "km": [0.0, 6371.0088 * pi / 2, None, None],
            },
        ),
        Example(
            params={
                "lat1": "lat",
                "lon1": "lon",
                "lat2": "to_lat",
                "lon2": "to_lon",
                "method": "vincenty",
                "unit": "m",
                "output": "metres",
            },
            before={"lat": [0.0, None], "lon": [0.0, 0.0], "to_lat": [0.0, 1.0], "to_lon": [1.0, 1.0]},
            # A degree of the equator of WGS 84.
            after={
                "lat": [0.0, None],
                "lon": [0.0, 0.0],
                "to_lat": [0.0, 1.0],
                "to_lon": [1.0, 1.0],
                "metres": [EQUATOR * pi / 180, None],
            },
        ),
    )

    lat1: NumericColumn
    """Latitude of the first point, in degrees from -90 to 90."""
    lon1: NumericColumn
    """Longitude of the first point, in degrees from -180 to 180 (or 0 to 360)."""
    lat2: NumericColumn | None = None
    """Latitude of the second point."""
    lon2: NumericColumn | None = None
    """Longitude of the second point."""
    point: tuple[Latitude, Longitude] | None = None
    """A fixed second point instead of columns: its latitude and longitude."""
    method: Literal["haversine", "vincenty"] = "haversine"
    """Haversine is on a sphere of the mean radius, right within 0.5 %. Vincenty is on the ellipsoid WGS 84, right
    within a millimetre; points almost opposite each other have no distance by it."""
    unit: Literal["km", "m", "mi", "nm"] = "km"
    """Kilometres, metres, miles or nautical miles."""
    output: NewColumn = "distance"
    """Name of the new column."""

    @model_validator(mode="after")
    def _second_point_is_given_once(self) -> Self:
        by_columns = (self.lat2 is not None) + (self.lon2 is not None)
        if by_columns == 1:
            raise ValueError("The second point has a latitude or a longitude only. Give both.")
        if bool(by_columns) == (self.point is not None):
            both = "both" if by_columns else "neither"
            raise ValueError(
                f"The second point is in two columns or fixed, found {both}. Give 'lat2' and 'lon2', or 'point'."
            )
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def exprs(self) -> Iterator[pl.Expr]:
        yield quotient(self._metres(), METRES[self.unit]).alias(self.output)

    def _metres(self) -> pl.Expr:
        coordinates = self._coordinates()
        if self.method == "haversine":
            return haversine(*(each.radians() for each in coordinates))
        names = ("lat1", "lon1", "lat2", "lon2")
        points = pl.struct(each.radians().alias(name) for name, each in zip(names, coordinates, strict=True))
        return points.map_batches(_vincenty_of, return_dtype=pl.Float64(), is_elementwise=True)

    def _coordinates(self) -> tuple[pl.Expr, pl.Expr, pl.Expr, pl.Expr]:
        """Degrees, null where they are none."""
        first = (self._degrees(self.lat1, -90, 90), self._degrees(self.lon1, -180, 360))
        if self.lat2 is not None and self.lon2 is not None:
            return (*first, self._degrees(self.lat2, -90, 90), self._degrees(self.lon2, -180, 360))
        lat, lon = self.point or (0.0, 0.0)
        return (*first, pl.lit(float(lat)), pl.lit(float(lon)))

    def _degrees(self, name: str, low: float, high: float) -> pl.Expr:
        value = exactly(name).cast(pl.Float64)
        return pl.when(value.is_between(low, high)).then(value)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        for name, low, high in (
            (self.lat1, -90, 90),
            (self.lon1, -180, 360),
            (self.lat2, -90, 90),
            (self.lon2, -180, 360),
        ):
            if name is not None:
                where = self.present(name).is_not_null() & self._degrees(name, low, high).is_null()
                yield Failure(column=name, where=where, what=f"are no degrees from {low} to {high}: no distance")
        if self.method == "vincenty":
            all_there = pl.all_horizontal(each.is_not_null() for each in self._coordinates())
            where = all_there & self._metres().is_null()
            yield Failure(column=self.lat1, where=where, what="are almost opposite the other point: no distance")


def haversine(lat1: pl.Expr, lon1: pl.Expr, lat2: pl.Expr, lon2: pl.Expr) -> pl.Expr:
    """Metres between points in radians, on a sphere."""
    half_chord = ((lat2 - lat1) / 2).sin() ** 2 + lat1.cos() * lat2.cos() * ((lon2 - lon1) / 2).sin() ** 2
    return 2 * MEAN_RADIUS * half_chord.clip(0, 1).sqrt().arcsin()


def _vincenty_of(points: pl.Series) -> pl.Series:
    columns = (points.struct.field(name).to_numpy() for name in ("lat1", "lon1", "lat2", "lon2"))
    return pl.Series(points.name, vincenty(*columns), dtype=pl.Float64).fill_nan(None)


def vincenty(lat1: Numbers, lon1: Numbers, lat2: Numbers, lon2: Numbers) -> Numbers:
    """Metres between points in radians, on the ellipsoid WGS 84; NaN for points almost opposite each other.

    Vincenty (1975), Direct and inverse solutions of geodesics on the ellipsoid, Survey Review 23.
    """
    import numpy as np

    along = lon2 - lon1
    along = along - 2 * pi * np.round(along / (2 * pi))
    u1, u2 = np.arctan((1 - FLATTENING) * np.tan(lat1)), np.arctan((1 - FLATTENING) * np.tan(lat2))
    found = np.full(along.shape, np.nan)
    moving = np.flatnonzero(~np.isnan(along + u1 + u2))
    lam = along[moving]
    for _ in range(ITERATIONS):
        if not len(moving):
            break
        new, metres = _step(along[moving], lam, u1[moving], u2[moving])
        # A pair that has come to rest is left there, so that its distance does not depend on the other pairs.
        rests = (np.abs(new - lam) <= 1e-12) & (np.abs(new) <= pi)
        found[moving[rests]] = metres[rests]
        moving, lam = moving[~rests], new[~rests]
    return found


def _step(along: Numbers, lam: Numbers, u1: Numbers, u2: Numbers) -> tuple[Numbers, Numbers]:
    """From a difference of longitudes on the sphere to a better one, and the metres by the first.

    Args:
        along: the difference of longitudes on the ellipsoid.
        lam: the difference on the auxiliary sphere, so far.
        u1: reduced latitude of the first point.
        u2: reduced latitude of the second.
    """
    import numpy as np

    sin_u1, cos_u1, sin_u2, cos_u2 = np.sin(u1), np.cos(u1), np.sin(u2), np.cos(u2)
    sin_lam, cos_lam = np.sin(lam), np.cos(lam)
    sin_sigma = np.hypot(cos_u2 * sin_lam, cos_u1 * sin_u2 - sin_u1 * cos_u2 * cos_lam)
    cos_sigma = sin_u1 * sin_u2 + cos_u1 * cos_u2 * cos_lam
    sigma = np.arctan2(sin_sigma, cos_sigma)
    with np.errstate(divide="ignore", invalid="ignore"):
        sin_alpha = np.where(sin_sigma > 0, cos_u1 * cos_u2 * sin_lam / sin_sigma, 0.0)
        cos2_alpha = 1 - sin_alpha**2
        # On the equator the middle of the line has no latitude to speak of.
        mid = np.where(cos2_alpha > 1e-15, cos_sigma - 2 * sin_u1 * sin_u2 / cos2_alpha, 0.0)
    c = FLATTENING / 16 * cos2_alpha * (4 + FLATTENING * (4 - 3 * cos2_alpha))
    bend = sigma + c * sin_sigma * (mid + c * cos_sigma * (2 * mid**2 - 1))
    second = cos2_alpha * (EQUATOR**2 - POLE**2) / POLE**2
    a = 1 + second / 16384 * (4096 + second * (-768 + second * (320 - 175 * second)))
    b = second / 1024 * (256 + second * (-128 + second * (74 - 47 * second)))
    inner = cos_sigma * (2 * mid**2 - 1) - b / 6 * mid * (4 * sin_sigma**2 - 3) * (4 * mid**2 - 3)
    metres = POLE * a * (sigma - b * sin_sigma * (mid + b / 4 * inner))
    return along + (1 - c) * FLATTENING * sin_alpha * bend, metres


TRANSFORMS: tuple[type[Transform], ...] = (GeoDistance,)
