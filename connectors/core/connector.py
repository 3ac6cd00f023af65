"""What a connector is: something that opens a table, and something that writes one.

A connector never runs anything by itself. Reading gives a lazy polars table, which both engines
use: in this process, or, piece by piece (:meth:`Connector.pieces`), in the executors of Spark.
Settings are :class:`~transforms.core.params.Params`, so forms, JSON schema and help come from the
class. Secrets are never settings: a connector that needs them names a connection
(:mod:`connectors.core.connections`), which is resolved where the table is opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Self

import polars as pl

from transforms.core.errors import DataprepError
from transforms.core.params import Params

Proof = Literal["real", "engine", "emulator", "fake", "contract"]
"""How a connector was tested: against the real server, the real engine behind a shim, a third-party
emulator, our fake of its contract, or by contract only."""


class SourceError(DataprepError):
    """A table cannot be opened."""


class DestinationError(DataprepError):
    """A table cannot be written."""


@dataclass(frozen=True)
class Context:
    """Where a flow's relative paths start, and the connection its source or destination names."""

    folder: Path
    connection: str | None = None

    def path(self, text: str) -> Path:
        """A path of the flow, relative to the flow's folder unless absolute."""
        given = Path(text).expanduser()
        return given if given.is_absolute() else self.folder / given


class Connector(Params):
    """Settings of one source of a flow: which table to open, and how to read it."""

    id: ClassVar[str]
    label: ClassVar[str]
    category: ClassVar[Literal["Files", "Databases", "Warehouses", "Services"]]
    extra: ClassVar[str] = ""
    """The optional dependency group that brings its driver; empty when always installed."""
    proof: ClassVar[Proof]

    def scan(self, context: Context) -> pl.LazyFrame:
        """The table, lazily, in portable types (:func:`transforms.core.dtypes.make_portable`), NaN kept.

        Raises:
            SourceError: it cannot be opened; the text names the table, what was found and what to do.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how to read.")

    def columns(self, context: Context) -> pl.Schema:
        """Columns and their types, reading as little as possible."""
        return self.scan(context).collect_schema()

    def fingerprint(self, context: Context) -> str:
        """A short text that changes when the data does; of a table that cannot tell, always the same."""
        return ""

    def pieces(self, context: Context, at_most: int) -> tuple[Self, ...]:
        """Connectors whose tables, below each other, are this one: what Spark's executors open.

        Every piece gives the whole table's types, whatever rows it happens to hold.
        """
        return (self,)


class Destination(Params):
    """Settings of one destination of a flow."""

    id: ClassVar[str]
    label: ClassVar[str]
    category: ClassVar[Literal["Files", "Databases", "Warehouses", "Services"]]
    extra: ClassVar[str] = ""
    proof: ClassVar[Proof]

    def target(self, context: Context) -> str:
        """Where the rows go, for people: a path, or a table and its database without secrets."""
        raise NotImplementedError(f"{type(self).__name__} does not say where it writes.")

    def check(self, context: Context, schema: pl.Schema) -> None:
        """Refuse, before anything is computed, what cannot be written.

        Raises:
            DestinationError: the target exists and may not be replaced, a column type does not fit ...
        """


class FileDestination(Destination):
    """A destination that is one file, or on Spark a folder of such files.

    The run hands out temporary paths and moves what was written into place when all is done.
    """

    suffix: ClassVar[str]

    def sink(self, rows: pl.LazyFrame, path: Path) -> pl.LazyFrame:
        """A lazy sink (``lazy=True``) of the rows into a file."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to write.")

    def path(self, context: Context) -> Path:
        """The file to write."""
        raise NotImplementedError(f"{type(self).__name__} does not say where it writes.")


class StagedDestination(Destination):
    """A destination filled from a finished table, at once or not at all: a database table, a workbook.

    The run writes the rows to temporary Parquet first, then calls :meth:`load`.
    """

    def load(self, rows: pl.LazyFrame, context: Context) -> int:
        """Put all rows in place, in one transaction or by one rename; the number of rows written."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to write.")
