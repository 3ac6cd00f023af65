"""Coordinates that are none, or were put into each other's column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import polars as pl

from transforms.core.columns import NumericColumn, taken
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.transform import Example, Failure, RowTransform, Transform


class ValidateCoordinates(RowTransform):
    """Mark or remove coordinates that are no place on the earth, and exchange those in the wrong order."""

    id = "validate_coordinates"
    title = "Validate coordinates"
    terms = ("latitude range", "null island", "swap latitude longitude", "bad gps", "invalid location")
    missing = "Where a coordinate is missing (null or NaN) nothing is checked: the flag is missing, values stay."
    examples = (
        Example(
            params={"lat": "lat", "lon": "lon"},
            before={"lat": [52.4, 95.0, 0.0, None], "lon": [4.9, 10.0, 0.0, 1.0]},
            after={
                "lat": [52.4, 95.0, 0.0, None],
                "lon": [4.9, 10.0, 0.0, 1.0],
                "valid_coordinates": [True, False, False, None],
            },
        ),
        Example(
            params={"lat": "lat", "lon": "lon", "swap_if_reversed": True, "zero_is_missing": False, "how": "null"},
            before={"lat": [151.2, 0.0, 52.4, None], "lon": [-33.9, 0.0, 500.0, 1.0]},
            after={"lat": [-33.9, 0.0, None, None], "lon": [151.2, 0.0, None, 1.0]},
        ),
    )

    lat: NumericColumn
    """Column of latitudes, in degrees: -90 to 90 are valid."""
    lon: NumericColumn
    """Column of longitudes, in degrees: -180 to 180 are valid."""
    swap_if_reversed: bool = False
    """Exchange the two where the latitude is none, but both are coordinates the other way round."""
    zero_is_missing: bool = True
    """Take 0, 0, a place in the sea that stands for unknown ones, for not valid."""
    how: Literal["flag", "null"] = "flag"
    """Add a column that says whether the coordinates are valid, or make both missing where they are not."""
    output: NewColumn = "valid_coordinates"
    """Name of the new column, where one is added."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.lat == self.lon:
            yield Problem(f"{self.lat!r} is both latitude and longitude.", "Choose two columns.", "lon")
        if self.how == "flag":
            yield from taken(self.output, schemas[0])

    def _given(self) -> tuple[pl.Expr, pl.Expr]:
        lat, lon = (self.present(each).cast(pl.Float64) for each in (self.lat, self.lon))
        return lat, lon

    def _reversed(self) -> pl.Expr:
        lat, lon = self._given()
        if not self.swap_if_reversed:
            return pl.lit(False)
        return (~lat.is_between(-90, 90) & lat.is_between(-180, 180) & lon.is_between(-90, 90)).fill_null(value=False)

    def _valid(self) -> pl.Expr:
        """Null where a coordinate is missing."""
        lat, lon = self._given()
        valid = (lat.is_between(-90, 90) & lon.is_between(-180, 180)) | self._reversed()
        if self.zero_is_missing:
            valid = valid & ~((lat == 0) & (lon == 0))
        return pl.when(lat.is_not_null() & lon.is_not_null()).then(valid)

    def exprs(self) -> Iterator[pl.Expr]:
        lat, lon = self._given()
        pairs = ((self.lat, lat, lon), (self.lon, lon, lat))
        for name, own, other in pairs if self.swap_if_reversed or self.how == "null" else ():
            value = pl.when(self._reversed()).then(other).otherwise(own)
            kept = pl.when(self._valid().fill_null(value=True)).then(value)
            yield (kept if self.how == "null" else value).alias(name)
        if self.how == "flag":
            yield self._valid().alias(self.output)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if self.swap_if_reversed:
            yield Failure(column=self.lat, where=self._reversed(), what="were exchanged with the longitude")
        if self.how == "null":
            where = ~self._valid().fill_null(value=True)
            yield Failure(column=self.lat, where=where, what="are not valid: both coordinates became missing")


TRANSFORMS: tuple[type[Transform], ...] = (ValidateCoordinates,)
