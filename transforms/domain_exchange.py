"""Amounts of money in another currency, by a table of exchange rates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import model_validator

from transforms.combine import refuse_repeated
from transforms.core.columns import ColumnField, NumericColumn, TemporalColumn, TextColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.errors import Problem
from transforms.core.numbers import quotient
from transforms.core.params import NewColumn
from transforms.core.relations import AsofJoin, Join, MapRows, Relation
from transforms.core.rowwise import AddColumns, CountRows, DropColumns, KeepRows, RefuseRows, SelectColumns
from transforms.core.transform import Example, TableTransform, Transform
from transforms.domain_currency import CurrencyCode
from transforms.numeric import sound

RateCurrency = Annotated[str, ColumnField(("text",), table=1)]
RateColumn = Annotated[str, ColumnField(("numeric",), table=1)]
RateDate = Annotated[str, ColumnField(("date", "datetime"), table=1)]
FROM, TO, DAY = "__from", "__to", "__day"
CODE, RATE_DAY, RATE, FROM_RATE, TO_RATE = "__code", "__rate_day", "__rate", "__from_rate", "__to_rate"
FROM_DAY, TO_DAY = "__from_day", "__to_day"


class ConvertCurrency(TableTransform):
    """Convert amounts of money into another currency, by a table of exchange rates.

    The table has a row for each currency (and date); the file of the European Central Bank is such a table once
    its columns are unpivoted. Amounts go through the currency in which the rates are written.
    """

    id = "convert_currency"
    title = "Convert currency"
    terms = ("exchange rate", "fx", "forex", "euro to dollar", "foreign currency")
    inputs = ("table", "rates")
    missing = (
        "Where the amount, its currency or its date is missing, the result is missing, and so it is where the table "
        "has no rate. Rates that are missing or not above 0 are left out."
    )
    examples = (
        Example(
            params={
                "amount": "price",
                "from_column": "currency",
                "to_currency": "EUR",
                "rate_currency": "code",
                "rate": "per_euro",
                "output": "eur",
            },
            before={"price": [10.0, 10.0, 3.0, None], "currency": ["USD", "EUR", "CHF", "USD"]},
            others=({"code": ["USD", "GBP"], "per_euro": [1.25, 0.8]},),
            after={
                "price": [10.0, 10.0, 3.0, None],
                "currency": ["USD", "EUR", "CHF", "USD"],
                "eur": [8.0, 10.0, None, None],
            },
        ),
        Example(
            params={
                "amount": "usd",
                "from_currency": "USD",
                "to_currency": "GBP",
                "date": "day",
                "rate_currency": "code",
                "rate": "rate",
                "rate_date": "day",
                "output": "gbp",
            },
            before={"usd": [5, 5, 5], "day": [date(2024, 1, 7), date(2024, 1, 1), None]},
            others=(
                {
                    "code": ["USD", "GBP", "GBP"],
                    "rate": [1.25, 0.75, 0.5],
                    "day": [date(2024, 1, 5), date(2024, 1, 5), date(2024, 1, 2)],
                },
            ),
            after={
                "usd": [5, 5, 5],
                "day": [date(2024, 1, 7), date(2024, 1, 1), None],
                "gbp": [3.0, None, None],
            },
        ),
    )

    amount: NumericColumn
    """Column that holds the amounts."""
    from_currency: CurrencyCode | None = None
    """The currency of the amounts, if all have one, by its code: EUR, USD."""
    from_column: TextColumn | None = None
    """Column that holds the currency of each amount, by its code."""
    to_currency: CurrencyCode | None = None
    """The currency to convert into, by its code."""
    to_column: TextColumn | None = None
    """Column that holds the currency to convert each amount into."""
    date: TemporalColumn | None = None
    """Column that holds the date of each amount; left empty, the table of rates has one rate for each currency."""
    rate_currency: RateCurrency
    """Column of the rates that holds the codes of currencies."""
    rate: RateColumn
    """Column of the rates that holds the rates."""
    rate_date: RateDate | None = None
    """Column of the rates that holds their dates."""
    base: CurrencyCode = "EUR"
    """The currency that the rates are written against; it needs no row in the table."""
    quoted: Literal["per_base", "in_base"] = "per_base"
    """How many of a currency one of the base buys, as the European Central Bank writes it, or what one of a currency
    costs in the base."""
    when_no_rate: Literal["last", "none"] = "last"
    """For days without a rate, such as Sundays, take the last one before, or none."""
    on_error: Literal["null", "fail"] = "null"
    """An amount without a rate becomes missing, or stops the run."""
    output: NewColumn = "converted"
    """Name of the new column."""

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        for fixed, column, what in (
            (self.from_currency, self.from_column, "The currency of the amounts"),
            (self.to_currency, self.to_column, "The currency to convert into"),
        ):
            if (fixed is None) == (column is None):
                raise ValueError(f"{what} is one for all or in a column. Give one of them.")
        if (self.date is None) != (self.rate_date is None):
            raise ValueError("Rates by date need two columns of dates. Give both 'date' and 'rate_date', or none.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from taken(self.output, schemas[0])

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        keys = [
            _code(self.from_currency, self.from_column).alias(FROM),
            _code(self.to_currency, self.to_column).alias(TO),
        ]
        if self.date is not None:
            keys.append(exactly(self.date).cast(pl.Date).alias(DAY))
        table: Relation = MapRows(tables[0], AddColumns(tuple(keys)))
        rates = self._rates(tables[1])
        table = self._with_rate(table, rates, FROM, FROM_RATE, FROM_DAY)
        table = self._with_rate(table, rates, TO, TO_RATE, TO_DAY)
        table = MapRows(table, AddColumns((self._converted().alias(self.output),)))
        given = (self.present(self.amount), *map(pl.col, self._keys()))
        lost = pl.all_horizontal(each.is_not_null() for each in given) & exactly(self.output).is_null()
        column = self.from_column or self.to_column or self.amount
        if self.on_error == "fail":
            advice = "Add it to the table of rates, or let such amounts become missing."
            what = f"There is no rate for {{}}, which column {column!r} needs. {advice}"
            shown = pl.concat_str([pl.col(each).cast(pl.String) for each in self._keys()], separator=", ")
            table = MapRows(table, RefuseRows(lost, what, shown))
        else:
            table = MapRows(table, CountRows(column, lost, "have no rate: the amounts became missing"))
        days = (FROM_DAY, TO_DAY) if self.date is not None and self.when_no_rate == "last" else ()
        return MapRows(table, DropColumns((*self._keys(), FROM_RATE, TO_RATE, *days)))

    def _keys(self) -> tuple[str, ...]:
        return (FROM, TO) if self.date is None else (FROM, TO, DAY)

    def _rates(self, table: Relation) -> Relation:
        """A row for each currency, and date where there are any; the run is stopped where there are two."""
        number = exactly(self.rate).cast(pl.Float64)
        columns = [_code(None, self.rate_currency).alias(self.rate_currency), number.alias(RATE)]
        schema: dict[str, pl.DataType] = {self.rate_currency: pl.String()}
        names = [exactly(self.rate_currency).alias(CODE), pl.col(RATE)]
        if self.rate_date is not None:
            columns.append(exactly(self.rate_date).cast(pl.Date).alias(self.rate_date))
            schema[self.rate_date] = pl.Date()
            names.append(exactly(self.rate_date).alias(RATE_DAY))
        sound_rate = pl.col(RATE).is_finite() & (pl.col(RATE) > 0)
        there = pl.all_horizontal(sound_rate, *(exactly(each).is_not_null() for each in schema))
        kept = MapRows(MapRows(table, SelectColumns(tuple(columns))), KeepRows(there))
        once = refuse_repeated(kept, tuple(schema), pl.Schema(schema), "rates")
        return MapRows(once, SelectColumns(tuple(names)))

    def _with_rate(self, table: Relation, rates: Relation, key: str, name: str, day: str) -> Relation:
        """The table with the rate of the currency in a column, and the day of the rate if it is the last one before."""
        columns = [pl.col(CODE), pl.col(RATE).alias(name)]
        if self.date is not None:
            columns.append(pl.col(RATE_DAY).alias(day))
        rates = MapRows(rates, SelectColumns(tuple(columns)))
        if self.date is None:
            return Join(table, rates, (key,), (CODE,), "left")
        if self.when_no_rate == "last":
            return AsofJoin(table, rates, DAY, day, (key,), (CODE,))
        return Join(table, rates, (key, DAY), (CODE, day), "left")

    def _converted(self) -> pl.Expr:
        amount = self.present(self.amount).cast(pl.Float64)
        old, new = (
            pl.when(pl.col(key) == self.base).then(1.0).otherwise(pl.col(rate))
            for key, rate in ((FROM, FROM_RATE), (TO, TO_RATE))
        )
        through = quotient(amount, old) * new if self.quoted == "per_base" else quotient(amount * old, new)
        result = pl.when(pl.col(FROM) == pl.col(TO)).then(amount).otherwise(sound(through, amount))
        return result if self.date is None else pl.when(pl.col(DAY).is_not_null()).then(result)


def _code(fixed: str | None, column: str | None) -> pl.Expr:
    """The code of a currency in capitals, null where it is missing or blank."""
    if column is None:
        return pl.lit(fixed, pl.String)
    code = exactly(column).cast(pl.String).str.strip_chars().str.to_uppercase()
    return pl.when(code != "").then(code)


TRANSFORMS: tuple[type[Transform], ...] = (ConvertCurrency,)
