"""Units of measurement, as the package ``pint`` knows them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import pairwise
from math import isfinite, lcm
from tokenize import TokenError
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import AfterValidator, Field

from transforms.core.columns import NumericColumn, TextColumn, taken
from transforms.core.conversion import blank
from transforms.core.distinct import over_distinct
from transforms.core.errors import Problem
from transforms.core.numbers import quotient
from transforms.core.params import NewColumn
from transforms.core.statistics import Ask
from transforms.core.text import package_problems
from transforms.core.transform import Example, Failure, FittedTransform, Learned, RowTransform, Transform
from transforms.date_parts import each_once
from transforms.numeric import NO_NUMBER, sound

EXACT = 2**53
ADVICE = "Write units like km, mile, kg, degC, m/s or kWh."
MARKS = {"'": "ft", "’": "ft", "′": "ft", '"': "in", "”": "in", "″": "in", "''": "in", "’’": "in", "′′": "in"}
"""Signs of feet and of inches: 5'7" and 5′7″."""
MARK = "'’′\"”″"
SEVERAL = rf"[0-9][.,]?\s*[\p{{L}}{MARK}][^0-9]*[0-9]"
"""What a measure of several parts has: digits behind a unit, as in 5 ft 9 in; m2 has it too."""
SCALED = r"(?i)(\p{L}\)?\s*)(?:/|\bper\b)\s*[0-9]+"
"""Numbers that belong to a unit, such as mg/100 ml."""
NO_UNIT = rf"[\s{MARK}][0-9]|^[*/:;=<>]"
"""More numbers, or signs of a formula or a time of day, where the unit should be."""
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
        # Pint asserts that it understands what is no sign of its grammar, such as a quotation mark.
        except (PintError, ValueError, TypeError, AttributeError, ArithmeticError, AssertionError, TokenError):
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


def number_pattern(decimal: str) -> str:
    """A pattern of numbers without sign, for Rust and for Python.

    Args:
        decimal: what comes before the decimals, ``.`` or ``,``; the other of the two may separate thousands.
    """
    point, group = (r"\.", ",") if decimal == "." else (",", r"\.")
    digits = rf"(?:[0-9]{{1,3}}(?:{group}[0-9]{{3}})+|[0-9]+)(?:{point}[0-9]*)?|{point}[0-9]+"
    return rf"(?:{digits})(?:[eE][+-]?[0-9]{{1,3}})?"


def whole_measure(text: str, decimal: str) -> tuple[float, str] | None:
    """A measure of several parts as a number in the unit of the last of them: 5'7" is 67 in, 1 h 30 min are 90 min.

    Args:
        text: a number and a unit several times, each unit smaller than the one before; inches need none behind feet.
        decimal: what comes before the decimals, ``.`` or ``,``.

    Returns:
        The number and the unit; ``None`` if the text is anything else.
    """
    part = re.compile(
        rf"(?:(?:and\b|&|,)\s*)?({number_pattern(decimal)})\s*([^\W\d_]+\.?|''|’’|′′|[{MARK}])?\s*", re.IGNORECASE
    )
    text = text.strip()
    sign = -1.0 if text[:1] in ("-", "−") else 1.0
    numbers, units, place = list[float](), list[str](), len(text) - len(text.lstrip("+-−"))
    while found := part.match(text, place):
        plain = found[1].replace("," if decimal == "." else ".", "").replace(",", ".")
        # A foot without inches behind it is the only unit whose smaller part is written without one.
        given = found[2] or ("in" if units and found.end() == len(text) and _is_foot(units[-1]) else "")
        numbers.append(float(plain))
        units.append(MARKS.get(given, given.removesuffix(".")))
        place = found.end()
    if place < len(text) or len(units) < 2:
        return None
    try:
        steps = [conversion(unit, units[-1]) for unit in units]
    except UnitError:
        return None
    sizes = [each.factor / each.divisor for each in steps]
    if any(each.addend for each in steps) or any(a <= b for a, b in pairwise(sizes)):
        return None
    whole = sign * sum(number * size for number, size in zip(numbers, sizes, strict=True))
    return (whole, units[-1]) if isfinite(whole) else None


def _is_foot(unit: str) -> bool:
    return unit.lower() in ("ft", "foot", "feet")


Part = Literal["value", "unit"]
MEASURE = pl.Struct({"value": pl.Float64(), "unit": pl.String()})


class ParseMeasurement(RowTransform):
    """Read numbers that are written with their unit, such as 5.2 kg or 5'7", all in one unit if wanted.

    Measures of several parts are read whole, in the unit of the last of them: 5 ft 9 inches are 69 inches. The signs
    ' and " stand for feet and inches.
    """

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
        Example(
            params={"column": "height"},
            before={"height": ["5'7\"", "6'", "5 ft 9 inches", None]},
            after={
                "height": ["5'7\"", "6'", "5 ft 9 inches", None],
                "height_value": [67.0, 6.0, 69.0, None],
                "height_unit": ["in", "ft", "inches", None],
            },
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
        yield from package_problems("pint", "column", "Reading measures")
        if self.to_unit is not None:
            yield from unit_problems(self.default_unit or self.to_unit, self.to_unit, "to_unit")

    def _simple(self, text: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
        """The number and the unit of text that holds one of each."""
        pattern = rf"^\s*([+\-−]?{number_pattern(self.decimal)})\s*([^\s0-9.,+\-].*?)?\s*$"
        parts = text.str.extract_groups(pattern)
        group = "," if self.decimal == "." else "."
        digits = parts.struct.field("1").str.replace_all(group, "", literal=True).str.replace("−", "-", literal=True)
        number = digits.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
        unit = parts.struct.field("2")
        legal = ~unit.str.replace_all(SCALED, "${1}").str.contains(NO_UNIT).fill_null(value=False)
        return pl.when(number.is_finite() & legal).then(number), unit.replace(MARKS)

    def _read(self) -> dict[Part, pl.Expr]:
        text, decimal = self.present(self.column).cast(pl.String), self.decimal

        def several(each: str) -> dict[str, Any] | None:
            found = whole_measure(each, decimal)
            return None if found is None else {"value": found[0], "unit": found[1]}

        whole = over_distinct(pl.when(text.str.contains(SEVERAL)).then(text), several, MEASURE)
        number, unit = self._simple(text)
        number = pl.coalesce(whole.struct.field("value"), number)
        unit = pl.coalesce(whole.struct.field("unit"), unit)
        if self.default_unit is not None:
            unit = unit.fill_null(self.default_unit)
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
