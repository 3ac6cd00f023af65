"""Cells of the earth by name: geohashes, and the hexagons of H3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.text import package_problems
from transforms.core.transform import Example, Transform
from transforms.domain_parts import TextParts, read_distinct
from transforms.geo_points import PlacedRows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz"
"""The digits of geohashes, base 32: a, i, l and o are left out."""
LONGEST = 12


class GeohashEncode(PlacedRows):
    """Name the cell of the geohash grid that a place is in; places with the same beginning are near each other.

    With 5 characters a cell is about 5 km wide, with 7 about 150 m, with 9 about 5 m. It holds its southern and
    its western border.
    """

    id = "geohash_encode"
    title = "Geohash encode"
    terms = ("geohash", "grid cell", "spatial index", "location code", "geographic bucket")
    missing = "Where a coordinate is missing (null or NaN) or no coordinate, the geohash is missing."
    examples = (
        Example(
            params={"lat": "lat", "lon": "lon"},
            # The example of the article on geohashes in Wikipedia.
            before={"lat": [57.64911, -25.382708, 91.0, None], "lon": [10.40744, -49.265506, 0.0, 1.0]},
            after={
                "lat": [57.64911, -25.382708, 91.0, None],
                "lon": [10.40744, -49.265506, 0.0, 1.0],
                "geohash": ["u4pruyd", "6gkzwgj", None, None],
            },
        ),
        Example(
            params={"lat": "lat", "lon": "lon", "precision": 11, "output": "cell"},
            before={"lat": [57.64911, None], "lon": [10.40744, 1.0]},
            after={"lat": [57.64911, None], "lon": [10.40744, 1.0], "cell": ["u4pruydqqvj", None]},
        ),
    )

    precision: int = Field(7, ge=1, le=LONGEST)
    """How many characters."""
    output: NewColumn = "geohash"
    """Name of the new column."""

    def exprs(self) -> Iterator[pl.Expr]:
        lat, lon = self.place()
        precision = self.precision

        def of_places(places: pl.Series) -> pl.Series:
            return geohashes(places, precision)

        places = pl.struct(lat.alias("lat"), lon.alias("lon"))
        cells = places.map_batches(of_places, return_dtype=pl.String(), is_elementwise=True)
        yield pl.when(self.is_place()).then(cells).alias(self.output)


def geohashes(places: pl.Series, precision: int) -> pl.Series:
    """The geohash of each place; of no use where a coordinate is null.

    Args:
        places: objects with the fields ``lat`` and ``lon``, in degrees.
        precision: how many characters.
    """
    import numpy as np

    bits = 5 * precision
    lon = _halvings(places.struct.field("lon").to_numpy(), 180.0, (bits + 1) // 2)
    lat = _halvings(places.struct.field("lat").to_numpy(), 90.0, bits // 2)
    both = np.zeros((len(places), bits), dtype=np.int64)
    both[:, 0::2], both[:, 1::2] = lon, lat
    digits = both.reshape(len(places), precision, 5) @ np.array([16, 8, 4, 2, 1])
    letters = np.ascontiguousarray(np.array(list(ALPHABET))[digits])
    text = letters.view(f"<U{precision}").ravel() if len(places) else letters[:, 0]
    return pl.Series(places.name, text.tolist(), dtype=pl.String)


def _halvings(degrees: NDArray[np.float64], end: float, bits: int) -> NDArray[np.int64]:
    """For each number, in which half of what is left of -end to end it is, again and again.

    The middles are multiples of 45 by powers of two, which Float64 holds exactly.
    """
    import numpy as np

    low, high = np.full(len(degrees), -end), np.full(len(degrees), end)
    found = np.zeros((len(degrees), bits), dtype=np.int64)
    for i in range(bits):
        middle = (low + high) / 2
        upper = degrees >= middle
        found[:, i] = upper
        low, high = np.where(upper, middle, low), np.where(upper, high, middle)
    return found


GeohashPart = Literal["lat", "lon", "lat_error", "lon_error"]


class GeohashDecode(TextParts):
    """Find the middle of the cell that a geohash names, and how far its borders are."""

    id = "geohash_decode"
    title = "Geohash decode"
    terms = ("geohash", "grid cell", "cell to coordinates", "location code")
    missing = "Missing and blank text gives missing values; so does text that is no geohash."
    examples = (
        Example(
            params={"column": "cell", "parts": ["lat", "lon", "lat_error", "lon_error"], "prefix": ""},
            before={"cell": ["ezs42", "S", "a", None]},
            after={
                "cell": ["ezs42", "S", "a", None],
                "lat": [42.60498046875, 22.5, None, None],
                "lon": [-5.60302734375, 22.5, None, None],
                "lat_error": [0.02197265625, 22.5, None, None],
                "lon_error": [0.02197265625, 22.5, None, None],
            },
        ),
    )
    types: ClassVar = dict.fromkeys(("lat", "lon", "lat_error", "lon_error"), pl.Float64())
    lost = f"are no geohashes of 1 to {LONGEST} characters: the result is missing"

    parts: tuple[GeohashPart, ...] = Field(("lat", "lon"), min_length=1)
    """What to add: latitude and longitude of the middle of the cell, in degrees, and the degrees from there to its
    borders."""

    def read(self, text: str) -> tuple[Any, ...] | None:
        places = [ALPHABET.find(each) for each in text.lower()]
        if len(places) > LONGEST or -1 in places:
            return None
        bits = [place >> shift & 1 for place in places for shift in (4, 3, 2, 1, 0)]
        (lon, lon_error), (lat, lat_error) = _middle(bits[0::2], 180.0), _middle(bits[1::2], 90.0)
        return lat, lon, lat_error, lon_error


def _middle(bits: list[int], end: float) -> tuple[float, float]:
    middle, half = 0.0, end
    for bit in bits:
        half /= 2
        middle += half if bit else -half
    return middle, half


class H3Index(PlacedRows):
    """Name the hexagon of the grid H3 that a place is in.

    At resolution 5 a hexagon has about 250 square kilometres, at 8 about 0.7, at 10 about 0.015.
    """

    id = "h3_index"
    title = "H3 cell"
    terms = ("hexagon", "uber h3", "spatial index", "grid cell", "hexbin")
    missing = "Where a coordinate is missing (null or NaN) or no coordinate, the cell is missing."
    examples = (
        Example(
            params={"lat": "lat", "lon": "lon", "resolution": 9},
            # The example of the documentation of H3.
            before={"lat": [37.7752702151959, 91.0, None], "lon": [-122.418307270836, 0.0, 1.0]},
            after={
                "lat": [37.7752702151959, 91.0, None],
                "lon": [-122.418307270836, 0.0, 1.0],
                "h3": ["8928308280fffff", None, None],
            },
        ),
    )

    resolution: int = Field(8, ge=0, le=15)
    """From 0, hexagons as large as countries, to 15, of less than a square metre."""
    output: NewColumn = "h3"
    """Name of the new column."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        yield from package_problems("h3", "resolution", "Naming cells of H3")

    def exprs(self) -> Iterator[pl.Expr]:
        lat, lon = self.place()
        resolution = self.resolution

        def cell(lat: float, lon: float) -> tuple[str]:
            from h3 import latlng_to_cell

            return (latlng_to_cell(lat, lon, resolution),)

        found = read_distinct({"__lat": lat, "__lon": lon}, cell, {"cell": pl.String()})
        yield found.struct.field("cell").alias(self.output)


TRANSFORMS: tuple[type[Transform], ...] = (GeohashEncode, GeohashDecode, H3Index)
