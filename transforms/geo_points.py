"""Coordinates: read from text, checked, put together into points and taken out of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from transforms.core.columns import ColumnField, NumericColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.conversion import as_text
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.transform import Example, Failure, RowTransform, Transform
from transforms.domain_parts import READ, TextParts, from_groups

COORDINATES: dict[str, pl.DataType] = {"lat": pl.Float64(), "lon": pl.Float64()}
CoordinatePart = Literal["lat", "lon"]
OUTSIDE = "have a latitude beyond 90 or a longitude beyond 180 degrees (360 eastwards): the result is missing"
PointColumn = Annotated[str, ColumnField(("text", "nested"))]


class PlacedRows(RowTransform):
    """Looks at a place in each row."""

    lat: NumericColumn
    """Column of latitudes, in degrees from -90 to 90."""
    lon: NumericColumn
    """Column of longitudes, in degrees from -180 to 180 (or 0 to 360)."""
    output: NewColumn
    """Name of the new column."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def is_place(self) -> pl.Expr:
        """Whether both coordinates are there and on the earth."""
        lat, lon = (self.present(each).cast(pl.Float64) for each in (self.lat, self.lon))
        return (lat.is_between(-90, 90) & lon.is_between(-180, 360)).fill_null(value=False)

    def place(self) -> tuple[pl.Expr, pl.Expr]:
        """Latitude, and longitude from -180 to 180, both null where they are no place."""
        lat, lon = (self.present(each).cast(pl.Float64) for each in (self.lat, self.lon))
        west = pl.when(lon > 180).then(lon - 360).otherwise(lon)
        return pl.when(self.is_place()).then(lat), pl.when(self.is_place()).then(west)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        both = self.present(self.lat).is_not_null() & self.present(self.lon).is_not_null()
        yield Failure(column=self.lat, where=both & ~self.is_place(), what=OUTSIDE)


N = r"[0-9]{1,3}(?:\.[0-9]+)?(?![0-9.])"
WHOLE = r"[0-9]{1,3}(?![0-9.])"
MINUTE = r"[0-5]?[0-9](?:\.[0-9]+)?(?![0-9.])"
FORMS = (
    rf"(?P<d>{N})\s*[°dD]?",
    rf"(?P<d>{WHOLE})\s*[°dD:]?\s*(?P<m>{MINUTE})\s*['m]?",
    rf"(?P<d>{WHOLE})\s*[°dD:]?\s*(?P<m>[0-5]?[0-9](?![0-9.]))\s*['m:]?\s*(?P<s>{MINUTE})\s*[\"s]?",
)
"""Degrees, with minutes, with seconds. Two coordinates that are written alike are told apart without signs."""
MARKED = rf"(?P<d>{N})\s*[°dD](?:\s*(?P<m>{MINUTE})\s*['m])?(?:\s*(?P<s>{MINUTE})\s*[\"s])?"
SIGNS = str.maketrans(
    {"º": "°", "˚": "°", "′": "'", "’": "'", "‘": "'", "´": "'", "″": '"', "”": '"', "“": '"', "−": "-"}
)
SIDE = "[NSEWnew]"


def _pairs(form: str) -> tuple[re.Pattern[str], ...]:
    """Two coordinates of a form, the letters before or behind both, with something between them or nothing."""
    before, behind = (
        [re.sub(r"\(\?P<(\w)>", rf"(?P<\g<1>{i}>", one) for i in (1, 2)]
        for one in (rf"(?P<e>{SIDE})\s*{form}", rf"(?P<g>[+-])?\s*{form}\s*(?P<e>{SIDE})?")
    )
    gaps = (r"\s*[,;/ ]\s*", "")
    return tuple(re.compile(gap.join(pair)) for pair in (before, behind) for gap in gaps)


PATTERNS = tuple(pattern for form in (*FORMS, MARKED) for pattern in _pairs(form))


def coordinates_of(text: str, order: Literal["lat_lon", "lon_lat"] = "lat_lon") -> tuple[float, float] | None:
    """The latitude and longitude that text names; ``None`` if it names none.

    Args:
        text: two coordinates, in degrees or with minutes and seconds, with a sign or a side of the earth.
        order: which of them is first, where no letter says it.
    """
    plain = text.translate(SIGNS).replace("''", '"').strip("()[] ")
    if "." not in plain and len(re.findall(r"[0-9],[0-9]", plain)) == 2:
        plain = re.sub(r"([0-9]),([0-9])", r"\1.\2", plain)
    for pattern in PATTERNS:
        if (found := pattern.fullmatch(plain)) is not None:
            return _placed([_angle(found.groupdict(), each) for each in ("1", "2")], order)
    return None


Angle = tuple[float, str]


def _angle(parts: dict[str, str | None], which: str) -> Angle | None:
    """Degrees, and the axis that a letter names, if any; ``None`` where there are both a sign and a letter."""
    degrees, minutes, seconds = (float(parts.get(f"{each}{which}") or 0) for each in "dms")
    side = (parts.get(f"e{which}") or "").upper()
    sign = parts.get(f"g{which}")
    if side and sign:
        return None
    angle = (degrees * 3600 + minutes * 60 + seconds) / 3600 if minutes or seconds else degrees
    negative = sign == "-" or side in ("S", "W")
    axis = "" if not side else "lat" if side in "NS" else "lon"
    return (-angle if negative else angle), axis


def _placed(angles: list[Angle | None], order: str) -> tuple[float, float] | None:
    first, second = angles
    if first is None or second is None or (first[1] and first[1] == second[1]):
        return None
    first_is_lat = order == "lat_lon"
    if first[1] or second[1]:
        first_is_lat = first[1] == "lat" or second[1] == "lon"
    lat, lon = (first[0], second[0]) if first_is_lat else (second[0], first[0])
    return (lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else None


class ParseCoordinates(TextParts):
    """Read coordinates from text: in degrees, or with minutes and seconds, with signs or N, S, E and W."""

    id = "parse_coordinates"
    title = "Parse coordinates (DMS or decimal)"
    terms = ("dms", "degrees minutes seconds", "latitude longitude text", "gps", "lat lon")
    missing = "Missing and blank text gives missing values; so does text that is no place on the earth."
    examples = (
        Example(
            params={"column": "place", "prefix": ""},
            before={"place": ["52°22'30\"N 4°54'E", "-33.875, 151.25", "51 30 N, 0 7.5 W", "here", None]},
            after={
                "place": ["52°22'30\"N 4°54'E", "-33.875, 151.25", "51 30 N, 0 7.5 W", "here", None],
                "lat": [52.375, -33.875, 51.5, None, None],
                "lon": [4.9, 151.25, -0.125, None, None],
            },
        ),
        Example(
            params={"column": "place", "order": "lon_lat", "on_error": "null", "parts": ["lat"]},
            before={"place": ["4.5 52.5", None]},
            after={"place": ["4.5 52.5", None], "place_lat": [52.5, None]},
        ),
    )
    types: ClassVar = COORDINATES
    lost = "are no coordinates: latitude and longitude are missing"

    parts: tuple[CoordinatePart, ...] = Field(("lat", "lon"), min_length=1)
    """What to add: the latitude and the longitude, in degrees."""
    order: Literal["lat_lon", "lon_lat"] = "lat_lon"
    """Which is first, where no letter of N, S, E and W says it."""
    on_error: Literal["null", "fail"] = "null"
    """Text that is no place becomes missing, or stops the run."""

    def read(self, text: str) -> tuple[Any, ...] | None:
        return coordinates_of(text, self.order)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        stop = self.on_error == "fail"
        return (each.model_copy(update={"stop": stop}) for each in super().failures(learned))


class MakePoint(PlacedRows):
    """Put latitude and longitude together into one value, as WKT, GeoJSON or an object."""

    id = "make_point"
    title = "Create point from latitude, longitude"
    terms = ("wkt", "geojson", "geometry", "location", "combine coordinates", "postgis")
    missing = "Where a coordinate is missing (null or NaN) or no coordinate, the point is missing."
    examples = (
        Example(
            params={"lat": "lat", "lon": "lon"},
            before={"lat": [52.375, 91.0, None], "lon": [4.9, 0.0, 1.0]},
            after={"lat": [52.375, 91.0, None], "lon": [4.9, 0.0, 1.0], "point": ["POINT (4.9 52.375)", None, None]},
        ),
        Example(
            params={"lat": "lat", "lon": "lon", "format": "geojson", "output": "shape"},
            before={"lat": [-33, None], "lon": [151, 2]},
            after={
                "lat": [-33, None],
                "lon": [151, 2],
                "shape": ['{"type":"Point","coordinates":[151,-33]}', None],
            },
        ),
        Example(
            params={"lat": "lat", "lon": "lon", "format": "object"},
            before={"lat": [-33.0, None], "lon": [209.0, 2.0]},
            after={
                "lat": [-33.0, None],
                "lon": [209.0, 2.0],
                "point": [{"lat": -33.0, "lon": -151.0}, None],
            },
        ),
    )

    output: NewColumn = "point"
    """Name of the new column."""
    format: Literal["wkt", "geojson", "object"] = "wkt"
    """Text as databases take it, with the longitude first, text as maps on the web take it, or an object with the
    fields lat and lon."""

    def exprs(self) -> Iterator[pl.Expr]:
        lat, lon = self.place()
        if self.format == "object":
            yield pl.when(self.is_place()).then(pl.struct(lat.alias("lat"), lon.alias("lon"))).alias(self.output)
            return
        x, y = (as_text(each, pl.Float64()) for each in (lon, lat))
        start, between, end = {
            "wkt": ("POINT (", " ", ")"),
            "geojson": ('{"type":"Point","coordinates":[', ",", "]}"),
        }[self.format]
        yield pl.concat_str(pl.lit(start), x, pl.lit(between), y, pl.lit(end)).alias(self.output)


NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
WKT_POINT = (
    r"(?i:^(?:SRID=[0-9]+;)?\s*POINT\s*(?:ZM?|M)?\s*"
    rf"\(\s*(?P<lon>{NUMBER})\s+(?P<lat>{NUMBER})(?:\s+{NUMBER}){{0,2}}\s*\)$)"
)
GEOJSON_TYPE = r'"type"\s*:\s*"Point"'
GEOJSON_POINT = (
    rf'"coordinates"\s*:\s*\[\s*(?P<json_lon>{NUMBER})\s*,\s*(?P<json_lat>{NUMBER})\s*(?:,\s*{NUMBER}\s*)?\]'
)
POINT = f"{WKT_POINT}|{GEOJSON_POINT}"
FIELDS: dict[str, tuple[str, ...]] = {"lat": ("lat", "latitude", "y"), "lon": ("lon", "lng", "longitude", "x")}


class PointToLatLon(TextParts):
    """Take latitude and longitude out of points that are written as WKT or GeoJSON, or are objects."""

    id = "point_to_lat_lon"
    title = "Latitude, longitude from point"
    terms = ("wkt", "geojson", "split point", "geometry to coordinates", "postgis")
    missing = "Missing and blank values give missing coordinates; so does what is no point on the earth."
    examples = (
        Example(
            params={"column": "shape", "prefix": ""},
            before={"shape": ["POINT (4.9 52.375)", '{"type": "Point", "coordinates": [151, -33.5]}', "LINE", None]},
            after={
                "shape": ["POINT (4.9 52.375)", '{"type": "Point", "coordinates": [151, -33.5]}', "LINE", None],
                "lat": [52.375, -33.5, None, None],
                "lon": [4.9, 151.0, None, None],
            },
        ),
        Example(
            params={"column": "at"},
            before={"at": [{"latitude": 52.5, "lng": 4.5}, None]},
            after={"at": [{"latitude": 52.5, "lng": 4.5}, None], "at_lat": [52.5, None], "at_lon": [4.5, None]},
        ),
    )
    types: ClassVar = COORDINATES
    lost = "are no points on the earth: latitude and longitude are missing"

    column: PointColumn
    """Column that holds the points: WKT or GeoJSON, or objects with fields such as lat and lon."""
    parts: tuple[CoordinatePart, ...] = Field(("lat", "lon"), min_length=1)
    """What to add: the latitude and the longitude, in degrees."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        dtype = self.dtype(self.column)
        if dtype.is_nested() and None in (self._field("lat"), self._field("lon")):
            names = ", ".join(each.name for each in dtype.fields) if isinstance(dtype, pl.Struct) else "none"
            advice = "Its numbers are to be named lat and lon, latitude and longitude, or y and x."
            yield Problem(f"The fields of {self.column!r} ({names}) are no latitude and longitude.", advice, "column")

    def _field(self, part: str) -> str | None:
        dtype = self.dtype(self.column)
        fields = dtype.fields if isinstance(dtype, pl.Struct) else ()
        numbers = {each.name for each in fields if each.dtype.is_numeric()}
        return next((name for name in FIELDS[part] if name in numbers), None)

    def _there(self) -> pl.Expr:
        return exactly(self.column).is_not_null() if self.dtype(self.column).is_nested() else self.text().is_not_null()

    def found(self) -> pl.Expr:
        lat, lon = pl.col("lat"), pl.col("lon")
        if self.dtype(self.column).is_nested():
            point, names = exactly(self.column), (self._field("lat"), self._field("lon"))
            lat, lon = (point.struct.field(name).cast(pl.Float64) for name in names if name is not None)
            on_earth = lat.is_between(-90, 90) & lon.is_between(-180, 180)
            both = (
                pl.when(on_earth).then(each).alias(name) for name, each in zip(COORDINATES, (lat, lon), strict=True)
            )
            return pl.struct(*both, on_earth.alias(READ))
        is_json = pl.col("text").str.contains(GEOJSON_TYPE)
        numbers = {
            name: pl.coalesce(name, pl.when(is_json).then(pl.col(f"json_{name}"))).cast(pl.Float64, strict=False)
            for name in COORDINATES
        }
        on_earth = lat.is_between(-90, 90) & lon.is_between(-180, 180)
        placed = {name: pl.when(on_earth).then(pl.col(name)) for name in COORDINATES}
        types = {**COORDINATES, READ: pl.Boolean()}
        return from_groups(self.text(), POINT, types, numbers, {**placed, READ: on_earth})

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        where = self._there() & ~self.found().struct.field(READ).fill_null(value=False)
        yield Failure(column=self.column, where=where, what=self.lost)


TRANSFORMS: tuple[type[Transform], ...] = (ParseCoordinates, MakePoint, PointToLatLon)
