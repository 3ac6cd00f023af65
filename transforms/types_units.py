"""Units of measurement, as the package ``pint`` knows them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from math import lcm
from tokenize import TokenError
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import AfterValidator, Field

from transforms.core.columns import NumericColumn, TextColumn, taken
from transforms.core.conversion import blank
from transforms.core.errors import Problem
from transforms.core.numbers import quotient
from transforms.core.params import NewColumn
from transforms.core.statistics import Ask
from transforms.core.text import package_problems
from transforms.core.transform import Example, Failure, FittedTransform, Learned, RowTransform, Transform
from transforms.date_parts import each_once
from transforms.distinct import over_distinct
from transforms.numeric import NO_NUMBER, sound

EXACT = 2**53
ADVICE = "Write units like km, mile, kg, degC, m/s or kWh."
Unit = Annotated[str, Field(min_length=1, max_length=60, json_schema_extra={"widget": "unit"})]


class UnitError(ValueError):
    """A unit is not known, or does not measure the same thing."""


class Conversion(Learned):
    """How a number in one unit becomes one in another: (number * factor + addend) / divisor."""

    factor: float
    addend: float
    divisor: float

    def apply(self, value: pl.Expr) -> pl.Expr:
        """Numbers in the other unit, Float64."""
        return sound(quotient(value * self.factor + self.addend, self.divisor), value)


@cache
def _registry() -> Any:
    from pint import UnitRegistry

    # With fractions the conversion is exact until it is made a float: 212 degF are 100 degC.
    return UnitRegistry(non_int_type=Fraction)


@cache
def conversion(unit: str, to: str) -> Conversion:
    """How numbers in one unit become numbers in another.

    Raises:
        UnitError: a unit is not known, they measure different things, or one is logarithmic.
    """
    here, there = _parsed(unit), _parsed(to)
    registry = _registry()
    if here.dimensionality != there.dimensionality:
        raise UnitError(f"{unit!r} and {to!r} do not measure the same thing.")
    try:
        zero, one, two = (Fraction(registry.Quantity(Fraction(n), here).to(there).magnitude) for n in range(3))
    except TypeError as error:
        raise UnitError(f"{unit!r} or {to!r} is a logarithmic unit, which is not converted.") from error
    if two - one != one - zero:
        raise UnitError(f"{unit!r} or {to!r} is no unit with a fixed step.")
    slope = one - zero
    divisor = lcm(slope.denominator, zero.denominator)
    exact = int(slope * divisor), int(zero * divisor), divisor
    if max(map(abs, exact)) <= EXACT:
        return Conversion(factor=exact[0], addend=exact[1], divisor=exact[2])
    return Conversion(factor=float(slope), addend=float(zero), divisor=1.0)


@cache
def _parsed(unit: str) -> Any:
    """A unit as it is written or, failing that, in small letters: KG is kg."""
    from pint.errors import PintError

    for text in (unit, unit.lower()):
        try:
            return _registry().parse_units(text)
        except (PintError, ValueError, TypeError, AttributeError, TokenError):
            continue
    raise UnitError(f"There is no unit {unit!r}.")


def unit_problems(unit: str, to: str, field: str) -> Iterator[Problem]:
    """What is wrong with a conversion."""
    missing = package_problems("pint", field, "Converting units")
    yield from missing
    if not missing:
        try:
            conversion(unit, to)
        except UnitError as error:
            yield Problem(str(error), ADVICE, field)


class ConvertUnits(FittedTransform):
    """Convert numbers from one unit into another, such as miles into kilometres."""

    id = "convert_units"
    title = "Convert units"
    terms = ("miles to km", "fahrenheit to celsius", "pounds to kg", "inches", "metric", "imperial")
    missing = "Missing values stay missing; what is too large becomes missing."
    unseen = "New numbers are converted in the same way."
    examples = (
        Example(
            params={"column": "miles", "unit": "mile", "to": "km", "output": "km"},
            before={"miles": [1, 100, None]},
            after={"miles": [1, 100, None], "km": [1.609344, 160.9344, None]},
        ),
        Example(
            params={"column": "t", "unit": "degF", "to": "degC"},
            before={"t": [212.0, 32.0, -40.0, None]},
            after={"t": [100.0, 0.0, -40.0, None]},
        ),
    )

    column: NumericColumn
    """Column to convert."""
    unit: Unit
    """What its numbers are in: km, mile, kg, lb, degC, degF, m/s, kWh, or the full name in English."""
    to: Unit
    """What they are to be in."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None and self.output != self.column:
            yield from taken(self.output, schemas[0])
        yield from unit_problems(self.unit, self.to, "to")

    def fit(self, ask: Ask) -> Conversion:
        return conversion(self.unit, self.to)

    def _result(self, learned: Conversion) -> pl.Expr:
        return learned.apply(self.present(self.column).cast(pl.Float64))

    def exprs(self, learned: Conversion) -> Iterator[pl.Expr]:
        yield self._result(learned).alias(self.output or self.column)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        if learned is not None:
            where = self.present(self.column).is_not_null() & self._result(learned).is_null()
            yield Failure(column=self.column, where=where, what=NO_NUMBER)


Part = Literal["value", "unit"]


class ParseMeasurement(RowTransform):
    """Read numbers that are written with their unit, such as 5.2 kg, all in one unit if wanted."""

    id = "parse_measurement"
    title = "Parse value with unit"
    terms = ("number with unit", "extract unit", "5 kg", "split value and unit", "weight", "height")
    missing = (
        "Missing and blank text gives missing values; so does text that is no number with a unit, and a unit that "
        "cannot become the one wanted."
    )
    examples = (
        Example(
            params={"column": "weight"},
            before={"weight": ["5.2 kg", "1,200g", "12", "heavy", None]},
            after={
                "weight": ["5.2 kg", "1,200g", "12", "heavy", None],
                "weight_value": [5.2, 1200.0, 12.0, None, None],
                "weight_unit": ["kg", "g", None, None, None],
            },
        ),
        Example(
            params={"column": "weight", "to_unit": "kg", "default_unit": "g", "parts": ["value"]},
            before={"weight": ["2 lb", "500", "3 km", None]},
            after={"weight": ["2 lb", "500", "3 km", None], "weight_value": [0.90718474, 0.5, None, None]},
        ),
    )

    column: TextColumn
    """Column to read."""
    to_unit: Unit | None = None
    """Convert every value into this unit, such as kg or degC; left empty, values stay as they are written."""
    default_unit: Unit | None = None
    """What numbers without a unit are in."""
    decimal: Literal[".", ","] = "."
    """What comes before the decimals; the other of the two may separate thousands."""
    parts: Annotated[tuple[Part, ...], AfterValidator(each_once)] = Field(("value", "unit"), min_length=1)
    """What to add: the number, and the unit as it is written, or the one that it was converted into."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for part in self.parts:
            yield from taken(f"{self.column}_{part}", schemas[0], "parts")
        if self.to_unit is not None:
            yield from unit_problems(self.default_unit or self.to_unit, self.to_unit, "to_unit")

    def _pattern(self) -> str:
        point, group = (r"\.", ",") if self.decimal == "." else (",", r"\.")
        digits = rf"(?:[0-9]{{1,3}}(?:{group}[0-9]{{3}})+|[0-9]+)(?:{point}[0-9]*)?|{point}[0-9]+"
        return rf"^\s*([+\-−]?(?:{digits})(?:[eE][+-]?[0-9]{{1,3}})?)\s*([^\s0-9.,+\-].*?)?\s*$"

    def _read(self) -> dict[Part, pl.Expr]:
        parts = self.present(self.column).cast(pl.String).str.extract_groups(self._pattern())
        group = "," if self.decimal == "." else "."
        digits = parts.struct.field("1").str.replace_all(group, "", literal=True).str.replace("−", "-", literal=True)
        number = digits.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
        number = pl.when(number.is_finite()).then(number)
        unit = parts.struct.field("2").fill_null(self.default_unit) if self.default_unit else parts.struct.field("2")
        if self.to_unit is not None:
            factor, addend, divisor = (
                over_distinct(unit, self._conversion_part(name), pl.Float64())
                for name in ("factor", "addend", "divisor")
            )
            number = sound(quotient(number * factor + addend, divisor), number)
            unit = pl.lit(self.to_unit)
        return {"value": number, "unit": pl.when(number.is_not_null()).then(unit)}

    def _conversion_part(self, name: str) -> Any:
        def of_unit(unit: str) -> float | None:
            try:
                found: float = getattr(conversion(unit, self.to_unit or unit), name)
            except UnitError:
                return None
            return found

        return of_unit

    def exprs(self) -> Iterator[pl.Expr]:
        read = self._read()
        return (read[part].alias(f"{self.column}_{part}") for part in self.parts)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        text = self.present(self.column).cast(pl.String)
        what = "could not be read: they are no number with a unit"
        if self.to_unit is not None:
            what += f" that can become {self.to_unit}"
        lost = text.is_not_null() & ~blank(text) & self._read()["value"].is_null()
        yield Failure(column=self.column, where=lost, what=what)


TRANSFORMS: tuple[type[Transform], ...] = (ConvertUnits, ParseMeasurement)
