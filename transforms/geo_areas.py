"""Areas on the earth, and the places in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal

import polars as pl
from pydantic import AfterValidator, Field

from transforms.core.params import NewColumn, Params
from transforms.core.transform import Example, Transform
from transforms.geo_points import NUMBER, PlacedRows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

Ring = tuple[tuple[float, float], ...]
"""Corners, longitude first, the first of them again at the end."""
Polygon = tuple[Ring, ...]
"""The border of an area, and those of its holes."""
WKT = re.compile(r"(?i)(?:SRID=[0-9]+;)?\s*(MULTI)?POLYGON\s*(?:ZM?|M)?\s*(\(.*\))", re.DOTALL)
CORNER = re.compile(rf"({NUMBER})\s+({NUMBER})(?:\s+{NUMBER}){{0,2}}")
ADVICE = "Write WKT such as POLYGON ((4 52, 5 52, 5 53, 4 52)) or a GeoJSON polygon, the longitude first."


@cache
def polygons_of(shape: str) -> tuple[Polygon, ...]:
    """The polygons that text describes, in WKT or GeoJSON.

    Raises:
        ValueError: it describes none, or one with corners that are no place on the earth.
    """
    try:
        nested = _from_json(shape) if shape.lstrip().startswith("{") else _from_wkt(shape)
        return tuple(tuple(_ring(each) for each in polygon) for polygon in nested)
    except (TypeError, KeyError, IndexError, json.JSONDecodeError) as error:
        raise ValueError(f"{_short(shape)} is no polygon that can be read. {ADVICE}") from error


def _short(shape: str) -> str:
    return repr(shape if len(shape) <= 40 else f"{shape[:40]}...")


def _from_wkt(shape: str) -> list[Any]:
    found = WKT.fullmatch(shape.strip())
    if found is None:
        raise ValueError(f"{_short(shape)} is no polygon that can be read. {ADVICE}")
    listed = CORNER.sub(lambda corner: f"[{float(corner[1])},{float(corner[2])}]", found[2])
    nested: list[Any] = json.loads(listed.translate(str.maketrans("()", "[]")))
    return nested if found[1] else [nested]


def _from_json(shape: str) -> list[Any]:
    found = json.loads(shape)
    geometry = found["geometry"] if found.get("type") == "Feature" else found
    match geometry["type"]:
        case "Polygon":
            return [geometry["coordinates"]]
        case "MultiPolygon":
            return list(geometry["coordinates"])
        case other:
            raise ValueError(f"{_short(shape)} is a {other}, no Polygon or MultiPolygon. {ADVICE}")


def _ring(corners: list[Any]) -> Ring:
    ring = tuple((float(corner[0]), float(corner[1])) for corner in corners)
    for lon, lat in ring:
        if not (abs(lon) <= 180 and abs(lat) <= 90):
            raise ValueError(f"The corner {lon:g} {lat:g} is no place on the earth. The longitude comes first.")
    if len(set(ring)) < 3:
        raise ValueError(f"A border has {len(set(ring))} corners. It needs three.")
    return ring if ring[0] == ring[-1] else (*ring, ring[0])


def _is_shape(text: str) -> str:
    polygons_of(text)
    return text


class Area(Params):
    """An area and its name."""

    name: str = Field(min_length=1)
    """What to call it."""
    shape: Annotated[str, AfterValidator(_is_shape)]
    """A polygon or several, as WKT or GeoJSON, the longitude first; one across the 180th meridian is to be two."""


class PointInArea(PlacedRows):
    """Name the area that a place is in, among some that are given as polygons.

    Borders are straight lines on a map of degrees. A place on the border of two areas is in one of them: an area
    has its southern and its western border.
    """

    id = "point_in_area"
    title = "Point in area"
    terms = ("polygon", "geofence", "spatial join", "region of point", "within", "wkt", "geojson")
    missing = (
        "Where a coordinate is missing (null or NaN) or no coordinate, and where a place is in no area, it is missing."
    )
    examples = (
        Example(
            params={
                "lat": "lat",
                "lon": "lon",
                "areas": [
                    {"name": "west", "shape": "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (2 2, 4 2, 4 4, 2 4, 2 2))"},
                    {"name": "east", "shape": "POLYGON ((10 0, 20 0, 20 10, 10 10, 10 0))"},
                ],
            },
            before={"lat": [5.0, 3.0, 1.0, 50.0, None], "lon": [5.0, 3.0, 10.0, 5.0, 1.0]},
            after={
                "lat": [5.0, 3.0, 1.0, 50.0, None],
                "lon": [5.0, 3.0, 10.0, 5.0, 1.0],
                "area": ["west", None, "east", None, None],
            },
        ),
        Example(
            params={
                "lat": "lat",
                "lon": "lon",
                "many": "list",
                "areas": [
                    {"name": "all", "shape": "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0))"},
                    {
                        "name": "half",
                        "shape": '{"type": "Polygon", "coordinates": [[[0, 0], [5, 0], [5, 10], [0, 10]]]}',
                    },
                ],
                "output": "zones",
            },
            before={"lat": [1, 1, 80, None], "lon": [1, 9, 1, 1]},
            after={"lat": [1, 1, 80, None], "lon": [1, 9, 1, 1], "zones": [["all", "half"], ["all"], [], None]},
        ),
    )

    areas: tuple[Area, ...] = Field(min_length=1)
    """The areas; where they lie over each other, the first that holds a place counts."""
    many: Literal["first", "list"] = "first"
    """Of several areas that hold a place name the first, or list all."""
    output: NewColumn = "area"
    """Name of the new column."""

    def exprs(self) -> Iterator[pl.Expr]:
        lat, lon = self.place()
        inside = pl.struct(lat.alias("lat"), lon.alias("lon")).map_batches(
            self._inside, return_dtype=pl.List(pl.String), is_elementwise=True
        )
        found = inside.list.first() if self.many == "first" else inside.list.unique(maintain_order=True)
        yield pl.when(self.is_place()).then(found).alias(self.output)

    def _inside(self, places: pl.Series) -> pl.Series:
        """The names of all areas that hold each place, in order."""
        lat, lon = (places.struct.field(name).to_numpy() for name in ("lat", "lon"))
        flags = pl.DataFrame({str(i): holds(each.shape, lon, lat) for i, each in enumerate(self.areas)})
        names = (pl.when(pl.col(str(i))).then(pl.lit(each.name)) for i, each in enumerate(self.areas))
        return flags.select(pl.concat_list(list(names)).list.drop_nulls().alias(places.name)).to_series()


def holds(shape: str, lon: Numbers, lat: Numbers) -> NDArray[np.bool_]:
    """Whether an area holds each of some places; false for NaN."""
    import numpy as np

    found = np.zeros(len(lon), dtype=bool)
    for polygon in polygons_of(shape):
        border = np.array(polygon[0])
        (west, south), (east, north) = border.min(axis=0), border.max(axis=0)
        near = np.flatnonzero((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))
        found[near] |= _crossings_are_odd(polygon, lon[near], lat[near])
    return found


def _crossings_are_odd(polygon: Polygon, lon: Numbers, lat: Numbers) -> NDArray[np.bool_]:
    """Whether a line from each place to the east crosses the borders an odd number of times."""
    import numpy as np

    odd = np.zeros(len(lon), dtype=bool)
    for ring in polygon:
        for ends in pairwise(ring):
            # From south to north, so that two areas see a border between them at exactly the same places.
            (x1, y1), (x2, y2) = sorted(ends, key=lambda end: end[1])
            if y1 < y2:
                crossing = x1 + (lat - y1) / (y2 - y1) * (x2 - x1)
                odd ^= (y1 <= lat) & (lat < y2) & (lon < crossing)
    return odd


TRANSFORMS: tuple[type[Transform], ...] = (PointInArea,)
