"""Tables of databases: what all of them have in common.

A source is a table or one query, which is only ever run inside of ``SELECT ... FROM (query)``, in a session
that cannot write: the two together stop a query that is more than a question. A destination is filled in
one transaction, so that a load that fails leaves what was there.

What differs between databases is a reader and a writer, each of a few lines.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, Self, assert_never

import polars as pl
from pydantic import Field, field_validator, model_validator

from connectors.core.connector import Connector, Context, DestinationError, SourceError, StagedDestination
from connectors.core.lazy import lazy_table
from transforms.core.dtypes import make_portable, portable, type_name
from transforms.core.errors import DataprepError, did_you_mean

BATCH_ROWS = 50_000
"""Rows read or written at a time."""

TableMode = Literal["create", "append", "replace"]
"""Make a new table; add to one that is there; or put a new one in its place."""


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def parts(table: str) -> tuple[str, ...]:
    """The parts of a table's name: ``sales.orders`` has two, ``"sales.orders"`` in double quotes one.

    Raises:
        ValueError: a part is empty, or a quote is not closed.
    """
    found, rest = [], table.strip()
    while True:
        if rest.startswith('"'):
            name, closed, rest = rest[1:].replace('""', "\0").partition('"')
            name, rest = name.replace("\0", '"'), rest.replace("\0", '""')
            if not closed:
                raise ValueError(f"the double quote in {table!r} is not closed")
        else:
            name, dot, rest = rest.partition(".")
            rest = dot + rest
        if not name or "\0" in name:
            raise ValueError(f"{table!r} is not the name of a table, such as orders or sales.orders")
        found.append(name)
        if not rest:
            return tuple(found)
        if not rest.startswith("."):
            raise ValueError(f"{table!r} is not the name of a table, such as orders or sales.orders")
        rest = rest[1:]


def qualified(table: str) -> str:
    """The name of a table as SQL has it."""
    return ".".join(map(quoted, parts(table)))


def selection(expressions: str, relation: str, condition: str = "", at_most: int | None = None) -> str:
    """A SELECT over a table or a query in parentheses; the parts must be quoted already."""
    where = f" WHERE {condition}" if condition else ""
    limit = "" if at_most is None else f" LIMIT {at_most}"
    return f"SELECT {expressions} FROM {relation}{where}{limit}"  # noqa: S608


def insertion(table: Sequence[str], names: Sequence[str], rows: str) -> str:
    """An INSERT of what ``rows`` gives, a SELECT or VALUES."""
    return f"INSERT INTO {'.'.join(map(quoted, table))} ({', '.join(map(quoted, names))}) {rows}"


def _valid(table: str) -> str:
    if table:
        parts(table)
    return table


@dataclass(frozen=True)
class SqlColumn:
    """A column of a table or a query."""

    name: str
    dtype: pl.DataType
    expression: str
    """How to select it, so that the driver hands over every value whole."""


class Reader(Protocol):
    """An open database that cannot be written."""

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What its driver raises."""

    def describe(self, relation: str) -> Sequence[SqlColumn]:
        """The columns of a table or of a query in parentheses."""

    def batches(self, select: str, columns: Sequence[SqlColumn]) -> Iterator[pl.DataFrame]:
        """What a query gives, in the types of the columns."""

    def tables(self) -> list[str]:
        """Names of the tables there are, as a user would write them."""


class Writer(Protocol):
    """A database in a transaction."""

    def execute(self, statement: str) -> object:
        """Run a statement."""

    def insert(self, table: Sequence[str], rows: pl.DataFrame) -> None:
        """Add rows to a table, by the names of its columns."""


class SqlSource(Connector):
    """A table of a database, or what a query gives."""

    category = "Databases"

    table: str = ""
    """Table to read, with its schema where needed: ``sales.orders``; a name that holds a dot is put in double
    quotes."""
    query: str = Field("", json_schema_extra={"widget": "sql"})
    """In place of a table: one SELECT. It runs in a session that cannot write."""

    _valid = field_validator("table")(_valid)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.table.strip()) == bool(self.query.strip()):
            raise ValueError("give a table or a query" + (", not both" if self.table else ""))
        return self

    def reader(self, context: Context) -> AbstractContextManager[Reader]:
        """The database, opened for reading; what its driver says becomes a ``SourceError``."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to open its database.")

    def place(self, context: Context) -> str:
        """The database, for errors."""
        raise NotImplementedError(f"{type(self).__name__} does not say where its table is.")

    def condition(self) -> str:
        """Which rows to read; all when empty."""
        return ""

    def columns(self, context: Context) -> pl.Schema:
        return pl.Schema({each.name: each.dtype for each in self.described(context)})

    def scan(self, context: Context) -> pl.LazyFrame:
        described = {each.name: each for each in self.described(context)}

        def batches(names: list[str], at_most: int | None) -> Iterator[pl.DataFrame]:
            chosen = [described[name] for name in names]
            with self.reader(context) as reader:
                yield from reader.batches(self.select(chosen, at_most), chosen)

        return lazy_table(batches, pl.Schema({name: each.dtype for name, each in described.items()}), self.id)

    def described(self, context: Context) -> Sequence[SqlColumn]:
        """The columns, without reading rows.

        Raises:
            SourceError: there is no such table, the query is not valid, or two columns have one name.
        """
        with self.reader(context) as reader:
            try:
                found = reader.describe(self.relation())
            except reader.errors as error:
                raise self._unknown(reader, context) or error from None
        twice = [name for name, count in Counter(each.name for each in found).items() if count > 1]
        if twice:
            raise SourceError(
                f"The query gives two columns named {twice[0]!r}. Give each a name of its own: SELECT a.id AS a_id ..."
            )
        return found

    def _unknown(self, reader: Reader, context: Context) -> SourceError | None:
        known = reader.tables() if self.table else []
        if not known or self.table in known:
            return None
        shown = f"Tables: {', '.join(known[:20])}{' ...' if len(known) > 20 else ''}."
        hint = did_you_mean(self.table, known) or shown
        return SourceError(f"There is no table {self.table} in {self.place(context)}. {hint}")

    def relation(self) -> str:
        """What to select from: the table, or the query in parentheses."""
        if self.table:
            return qualified(self.table)
        # The query may end with a comment, which must not swallow what follows it.
        return f"(\n{self.query.strip().rstrip(';')}\n) AS dataprep_query"

    def select(self, columns: Sequence[SqlColumn], at_most: int | None = None) -> str:
        """The statement that reads some columns, of no more rows than told."""
        chosen = ", ".join(f"{each.expression} AS {quoted(each.name)}" for each in columns)
        return selection(chosen, self.relation(), self.condition(), at_most)


class SqlDestination(StagedDestination):
    """A table of a database, filled in one transaction."""

    category = "Databases"

    table: str = Field(min_length=1)
    """Table to write, with its schema where needed: ``sales.orders``."""
    mode: TableMode = "create"
    """Make the table, and refuse when it is there; add the rows to one that is there; or put a new table in its
    place, which loses the keys, indexes and rights of the old one. The old table stays until all rows are written."""

    _valid = field_validator("table")(_valid)

    def writer(self, context: Context) -> AbstractContextManager[Writer]:
        """The database in a transaction, kept when the block ends well; its errors are ``DestinationError``."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to open its database.")

    def place(self, context: Context) -> str:
        """The database, for people and errors."""
        raise NotImplementedError(f"{type(self).__name__} does not say where its table is.")

    def existing(self, context: Context) -> Sequence[str] | None:
        """Columns of the table that is there; ``None`` when there is none."""
        raise NotImplementedError(f"{type(self).__name__} does not say what is there.")

    def column_type(self, dtype: pl.DataType) -> str | None:
        """The database's type for a portable type; ``None`` when it has none."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its types are.")

    def target(self, context: Context) -> str:
        return f"{self.table} in {self.place(context)}"

    def check(self, context: Context, schema: pl.Schema) -> None:
        for name, dtype in schema.items():
            if self.column_type(portable(dtype)) is None:
                raise DestinationError(
                    f"Column {name!r} holds {type_name(dtype)} values, which {self.label} cannot hold. "
                    "Change its type first, or leave the column out."
                )
        existing = self.existing(context)
        if self.mode == "create" and existing is not None:
            raise DestinationError(
                f"There is a table {self.target(context)} already. Choose another name, or the mode append or replace."
            )
        if self.mode == "append":
            self._check_append(context, schema, existing)

    def _check_append(self, context: Context, schema: pl.Schema, existing: Sequence[str] | None) -> None:
        if existing is None:
            raise DestinationError(
                f"There is no table {self.target(context)} to append to. Check the name, or choose the mode create."
            )
        for name in schema:
            if name not in existing:
                hint = did_you_mean(name, existing) or f"Its columns: {', '.join(map(repr, existing))}."
                raise DestinationError(f"The table {self.target(context)} has no column {name!r}. {hint}")

    def load(self, rows: pl.LazyFrame, context: Context) -> int:
        rows = make_portable(rows)
        schema = rows.collect_schema()
        self.check(context, schema)
        with self.writer(context) as writer:
            match self.mode:
                case "append":
                    return self.append(writer, rows, schema)
                case "create":
                    return self.make(writer, parts(self.table), rows, schema)
                case "replace":
                    *before, name = parts(self.table)
                    aside = (*before, f"dataprep_{secrets.token_hex(6)}")
                    written = self.make(writer, aside, rows, schema)
                    writer.execute(f"DROP TABLE IF EXISTS {qualified(self.table)}")
                    writer.execute(f"ALTER TABLE {'.'.join(map(quoted, aside))} RENAME TO {quoted(name)}")
                    return written
                case _:
                    assert_never(self.mode)

    def append(self, writer: Writer, rows: pl.LazyFrame, schema: pl.Schema) -> int:
        """Add rows to the table; the number of rows."""
        return self.fill(writer, parts(self.table), rows)

    def make(self, writer: Writer, table: Sequence[str], rows: pl.LazyFrame, schema: pl.Schema) -> int:
        """Make a table and fill it; the number of rows."""
        columns = ", ".join(f"{quoted(name)} {self.column_type(dtype)}" for name, dtype in schema.items())
        writer.execute(f"CREATE TABLE {'.'.join(map(quoted, table))} ({columns})")
        return self.fill(writer, table, rows)

    def fill(self, writer: Writer, table: Sequence[str], rows: pl.LazyFrame) -> int:
        """Add rows to a table, some at a time; the number of rows."""
        written = 0
        for batch in rows.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
            if batch.height:
                writer.insert(table, batch)
                written += batch.height
        return written


@contextmanager
def saying(errors: tuple[type[BaseException], ...], say: Callable[[BaseException], DataprepError]) -> Iterator[None]:
    """Turns what a driver says into an error for people."""
    try:
        yield
    except errors as error:
        raise say(error) from None


@contextmanager
def removed_when_failed(file: Path) -> Iterator[None]:
    """Removes a database file that was not there before, when making it fails."""
    was_there = file.exists()
    try:
        yield
    except BaseException:
        if not was_there:
            file.unlink(missing_ok=True)
        raise
