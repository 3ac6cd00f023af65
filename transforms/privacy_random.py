"""Values replaced by chance: made up, drawn, moved to other rows, or blurred.

What comes out depends on the row and a seed, so that every engine gives the same. Who has the seed, and so
everyone who has the flow, can try which value gives what came out; with a key nobody can.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from threading import Lock
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import Field

from transforms.core.columns import AnyKeyColumns, ColumnField, Columns, KeyColumn, NumericColumns, taken
from transforms.core.columns import column as exactly
from transforms.core.conditions import literal, typed
from transforms.core.conversion import as_text
from transforms.core.distinct import over_distinct
from transforms.core.dtypes import type_name
from transforms.core.errors import Problem
from transforms.core.params import NewColumn, Scalar, Seed
from transforms.core.relations import Join, MapRows, Order, Relation, Window, WindowFunction
from transforms.core.rowwise import AddColumns, DropColumns, SelectColumns
from transforms.core.statistics import Ask, Std
from transforms.core.text import package_problems
from transforms.core.transform import Example, FittedTransform, Learned, RowTransform, TableTransform, Transform
from transforms.group_matching import key_names, match_keys
from transforms.privacy_keys import KeySource, Secret, key_problems, keyed, secret_draw

Kind = Literal[
    "name", "first_name", "last_name", "email", "user_name", "phone", "address", "street", "city", "postcode",
    "company", "job", "iban", "card", "ipv4", "url", "license_plate", "text"
]  # fmt: skip
PROVIDERS: dict[Kind, str] = {
    "email": "safe_email",
    "phone": "phone_number",
    "street": "street_address",
    "card": "credit_card_number",
    "text": "sentence",
}
"""What faker calls them, where it has another name."""


class ReplaceWithFake(RowTransform):
    """Replace values by made-up ones that look real: names, addresses, companies, card numbers."""

    id = "replace_with_fake"
    title = "Replace with fake values"
    terms = ("faker", "synthetic values", "dummy data", "fake names", "test data", "anonymize names")
    missing = "Null and NaN stay missing."
    examples = (
        Example(
            params={"column": "name", "kind": "first_name"},
            before={"name": ["Ann", "Bo", None, "Ann"]},
            after={"name": ["Theodore", "Kerri", None, "Theodore"]},
        ),
    )

    column: KeyColumn
    """Column to replace."""
    kind: Kind = "name"
    """What to make up."""
    locale: str = "en_US"
    """Language and country of what is made up, such as de_DE or ja_JP."""
    consistent: bool = True
    """Give equal values the same replacement, though different values may get the same one too; otherwise each row
    its own."""
    seed: Seed = 0
    """Same seed, same values."""
    key_from: KeySource | None = None
    """Where a key is, ``env:NAME`` or ``file:/path``, on which the choice depends too: without one, whoever has the
    seed can find a value by trying."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None:
            yield from taken(self.output, schemas[0])
        yield from key_problems(self.key_from)
        missing = package_problems("faker", "kind", "Making up values")
        yield from missing
        if not missing:
            from faker.config import AVAILABLE_LOCALES

            if self.locale not in AVAILABLE_LOCALES:
                yield Problem(f"There is no locale {self.locale!r}.", "Use one like en_US, de_DE or fr_FR.", "locale")
            elif not hasattr(_faker(self.locale), PROVIDERS.get(self.kind, self.kind)):
                found = f"The locale {self.locale!r} has no values of the kind {self.kind!r}."
                yield Problem(found, "Choose another locale or kind.", "kind")

    def exprs(self) -> Iterator[pl.Expr]:
        text = as_text(exactly(self.column), self.dtype(self.column)).cast(pl.String)
        locale, method, purpose = self.locale, PROVIDERS.get(self.kind, self.kind), f"replace_with_fake {self.kind}"
        secret = None if self.key_from is None else Secret.at(self.key_from)
        seed = str(self.seed).encode()

        def fake(value: str) -> str:
            key = purpose.encode() if secret is None else secret.key(purpose)
            return _made_up(locale, method, keyed(key, b"%b %b" % (seed, value.encode())))

        if not self.consistent:
            row = pl.struct(pl.all()).hash(0).cast(pl.String)
            text = pl.when(text.is_not_null()).then(pl.concat_str(row, text, separator=" "))
        yield over_distinct(text, fake, pl.String()).alias(self.output or self.column)


def _made_up(locale: str, method: str, digest: bytes) -> str:
    # The engine calls from several threads, and one must not draw with the seed of another.
    with _ONE_AT_A_TIME:
        maker = _faker(locale)
        maker.seed_instance(int.from_bytes(digest[:8], "big"))
        return str(getattr(maker, method)()).replace("\n", ", ")


_ONE_AT_A_TIME = Lock()


@lru_cache(maxsize=8)
def _faker(locale: str) -> Any:
    from faker import Faker

    return Faker(locale, use_weighting=False)


class ReplaceRandomRange(RowTransform):
    """Replace numbers or dates by others drawn between two bounds, each as likely as the next."""

    id = "replace_random_range"
    title = "Replace with random in range"
    terms = ("random numbers", "random dates", "randomize", "uniform", "scramble values")
    missing = "Missing values (null and NaN) stay missing."
    examples = (
        Example(
            params={"column": "salary", "min": 1000, "max": 2000},
            before={"id": [1, 2, 3], "salary": [3100, 4800, None]},
            after={"id": [1, 2, 3], "salary": [1683, 1357, None]},
        ),
        Example(
            params={"column": "born", "min": "1950-01-01", "max": "1999-12-31", "output": "drawn"},
            before={"born": ["1990-05-17", None]},
            after={"born": ["1990-05-17", None], "drawn": ["1991-08-12", None]},
            dtypes={"born": pl.Date()},
        ),
    )

    column: Annotated[str, ColumnField(("numeric", "date", "datetime"))]
    """Column to replace; whole numbers stay whole, and other numbers become decimals."""
    min: Scalar
    """Lowest value, dates as ISO text."""
    max: Scalar
    """Highest value; whole numbers and days reach it."""
    seed: Seed = 0
    """Same seed, same values; rows that are equal in all columns draw the same."""
    key_from: KeySource | None = None
    """Where a key is, ``env:NAME`` or ``file:/path``, on which the values depend too: without one, whoever has the seed
    can find a value by trying."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None:
            yield from taken(self.output, schemas[0])
        yield from key_problems(self.key_from)
        dtype, ends = self.dtype(self.column), self._ends()
        for field, given, end in zip(("min", "max"), (self.min, self.max), ends, strict=True):
            whole = not dtype.is_integer() or isinstance(end, int)
            if dtype != pl.Null and (end is None or not whole or (isinstance(end, float) and not math.isfinite(end))):
                found = f"{given!r} is not a {type_name(dtype)}, which is what {self.column!r} holds."
                yield Problem(found, "Write it in the column's type.", field)
                return
        if dtype != pl.Null and ends[0] > ends[1]:
            yield Problem(f"The lowest value {self.min} is above the highest {self.max}.", "Swap them.", "min")

    def _ends(self) -> tuple[Any, Any]:
        dtype = self.dtype(self.column)
        return typed(self.min, dtype), typed(self.max, dtype)

    def exprs(self) -> Iterator[pl.Expr]:
        dtype, value, name = self.dtype(self.column), self.present(self.column), self.output or self.column
        if dtype == pl.Null:
            yield value.alias(name)
            return
        low, high = (literal(end, dtype) for end in self._ends())
        u = secret_draw(self._schemas[0].names(), self.key_from, self.seed, f"replace_random_range {self.column}")
        if dtype.is_integer() or dtype.is_temporal():
            low, high = (each.to_physical().cast(pl.Int128) for each in (low, high))
            # Of 2**53 steps at most: farther apart, some values between are never drawn.
            step = (u * (high - low + 1).cast(pl.Float64)).floor().cast(pl.Int128)
            drawn = (low + step).clip(low, high).cast(pl.Int64)
            drawn = drawn.cast(dtype) if dtype.is_temporal() else drawn
        else:
            low, high = low.cast(pl.Float64), high.cast(pl.Float64)
            drawn = (low * (1 - u) + high * u).clip(low, high)
        yield pl.when(value.is_not_null()).then(drawn).alias(name)


class ShuffleColumn(TableTransform):
    """Move the values of columns to other rows at random: each column keeps its values, rows lose theirs."""

    id = "shuffle_column"
    title = "Shuffle column values"
    terms = ("permute", "permutation", "swap values", "break link", "scramble rows", "anonymize")
    missing = "Missing values move like others; missing group values, NaN among them, are one group."
    examples = (
        Example(
            params={"columns": ["salary"]},
            before={"name": ["Ann", "Bo", "Cy", None], "salary": [10, 20, 30, None]},
            after={"name": ["Ann", "Bo", "Cy", None], "salary": [10, 30, 20, None]},
        ),
    )

    columns: Columns
    """Columns to shuffle."""
    together: bool = True
    """Keep the values of a row in these columns together; otherwise each column is shuffled by itself."""
    by: AnyKeyColumns = ()
    """Move values only between rows that are equal in these columns."""
    seed: Seed = 0
    """Same seed, same rows."""
    key_from: KeySource | None = None
    """Where a key is, ``env:NAME`` or ``file:/path``, on which the order depends too: without one, whoever has the seed
    and can guess whole rows can find out which values were theirs."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from key_problems(self.key_from)
        both = sorted(set(self.columns) & set(self.by))
        if both:
            found = f"{both[0]!r} cannot be shuffled between rows that are equal in it."
            yield Problem(found, "Take it out of one of the lists.", "by")

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        result, schema = tables[0], self._schemas[0]
        if not self.columns:
            return result
        groups = [self.columns] if self.together else [(name,) for name in self.columns]
        keys, added = key_names(self.by), match_keys(self.by, [schema[name] for name in self.by])
        draws = tuple(
            secret_draw(self._schemas[0].names(), self.key_from, self.seed, f"shuffle_column {i}").alias(f"__draw_{i}")
            for i in range(len(groups) + 1)
        )
        rows = MapRows(MapRows(tables[0], AddColumns(draws)), AddColumns(added))
        places = (*keys, "__place")
        last = len(groups)
        result = Window(rows, keys, (Order(f"__draw_{last}"),), (WindowFunction("row_number", "__place"),))
        for i, names in enumerate(groups):
            values = tuple(exactly(name).alias(f"__value_{i}_{j}") for j, name in enumerate(names))
            there = Window(rows, keys, (Order(f"__draw_{i}"),), (WindowFunction("row_number", "__place"),))
            result = Join(
                result, MapRows(there, SelectColumns((*map(pl.col, places), *values))), places, places, "left"
            )
        moved = [
            pl.col(f"__value_{i}_{j}").alias(name) for i, names in enumerate(groups) for j, name in enumerate(names)
        ]
        helpers = [f"__value_{i}_{j}" for i, names in enumerate(groups) for j in range(len(names))]
        helpers += [*places, *(f"__draw_{i}" for i in range(last + 1))]
        return MapRows(MapRows(result, AddColumns(tuple(moved))), DropColumns(tuple(helpers)))


class Spreads(Learned):
    """How far the noise of each column reaches: its standard deviation, or the scale of Laplace's distribution."""

    scale: dict[str, float]


class AddNoise(FittedTransform):
    """Add random noise to numbers, so that single values are blurred and means stay about the same."""

    id = "add_noise"
    title = "Add noise"
    terms = ("jitter", "perturb", "gaussian noise", "laplace", "differential privacy", "blur numbers")
    missing = "Missing values (null and NaN) stay missing, as do infinite ones."
    unseen = "New values get noise of the size that was learned."
    examples = (
        Example(
            params={"columns": ["income"], "scale": 100, "unit": "value", "round": 0},
            before={"id": [1, 2, 3], "income": [1000, 2000, None]},
            after={"id": [1, 2, 3], "income": [1039.0, 1809.0, None]},
        ),
    )

    columns: NumericColumns
    """Columns of numbers, which become decimals."""
    distribution: Literal["gaussian", "laplace"] = "gaussian"
    """How noise is spread. For differential privacy, laplace with the sensitivity by epsilon as the scale in
    values, and a key."""
    scale: float = Field(0.05, gt=0, allow_inf_nan=False)
    """How much: the standard deviation of gaussian noise, the scale parameter of laplace."""
    unit: Literal["std", "value"] = "std"
    """Whether that counts standard deviations of the column, or is in its own unit."""
    round: int | None = Field(None, ge=0, le=15)
    """Round to so many decimals; left empty, not at all."""
    seed: Seed = 0
    """Same seed, same noise; rows that are equal in all columns get the same."""
    key_from: KeySource | None = None
    """Where a key is, ``env:NAME`` or ``file:/path``, on which the noise depends too: without one, whoever has the seed
    can take the noise off by trying."""
    suffix: str = ""
    """Added to the names of new columns; left empty, the columns are replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for name in self.columns if self.suffix else ():
            yield from taken(name + self.suffix, schemas[0], "suffix")
        yield from key_problems(self.key_from)

    def fit(self, ask: Ask) -> Spreads:
        if self.unit == "value":
            return Spreads(scale=dict.fromkeys(self.columns, self.scale))
        spreads = ask(*(Std(exactly(name).cast(pl.Float64)) for name in self.columns))
        pairs = zip(self.columns, spreads, strict=True)
        return Spreads(scale={name: self.scale * (each or 0.0) for name, each in pairs})

    def exprs(self, learned: Spreads) -> Iterator[pl.Expr]:
        for name in self.columns:
            value = exactly(name).cast(pl.Float64)
            made = value + learned.scale[name] * NOISE[self.distribution](*self._draws(name))
            if self.round is not None:
                made = made.round(self.round, mode="half_to_even")
            yield pl.when(value.is_finite()).then(made).alias(name + self.suffix)

    def _draws(self, name: str) -> tuple[pl.Expr, pl.Expr]:
        first, second = (
            secret_draw(self._schemas[0].names(), self.key_from, self.seed, f"add_noise {i} {name}") for i in (1, 2)
        )
        return first, second


def gaussian(u: pl.Expr, v: pl.Expr) -> pl.Expr:
    """Standard normal noise of two uniform numbers (Box and Muller 1958)."""
    return (-2 * (1 - u).log()).sqrt() * (2 * math.pi * v).cos()


def laplace(u: pl.Expr, v: pl.Expr) -> pl.Expr:
    """Noise of Laplace's distribution of scale 1: its size exponential by one uniform number, its sign by the other."""
    return -(1 - u).log() * pl.when(v < 0.5).then(-1.0).otherwise(1.0)


NOISE: dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {"gaussian": gaussian, "laplace": laplace}

TRANSFORMS: tuple[type[Transform], ...] = (ReplaceWithFake, ReplaceRandomRange, ShuffleColumn, AddNoise)
