"""Tables that executors open themselves, piece by piece, with polars.

The quickest way to read files: Spark only says who reads what. The row steps that follow a source run in
the same task, on the lazy scan, so that polars reads no more than they need.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil

import polars as pl
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import to_arrow_schema

from connectors.core.connector import Connector, Context
from connectors.core.files import FileSource
from flows.engines.spark_errors import portable_errors
from flows.engines.spark_rows import LARGEST_BATCH, Batches, RowFunction, spark_schema, to_batches
from flows.sampling import Sampling
from flows.tables import OpenSource

BYTES_OF_A_PIECE = 128 << 20
"""Size of the files that one task reads, unless that leaves cores idle."""


@dataclass(frozen=True)
class Piece:
    """What one task opens: the settings of a connector as JSON, as little as can be sent."""

    kind: type[Connector]
    settings: str
    context: Context
    sampling: Sampling | None = None

    def scan(self) -> pl.LazyFrame:
        """The rows of the piece, lazily."""
        return OpenSource(self.kind.model_validate_json(self.settings), self.context, self.sampling).scan()


def pieces_of(source: OpenSource, cores: int) -> tuple[Piece, ...]:
    """The pieces of a source, in order; a sample is taken of the whole, so it is one piece."""
    context = replace(source.context, folder=source.context.folder.absolute())
    parts: tuple[Connector, ...] = (source.connector,)
    if source.sampling is None:
        parts = source.connector.pieces(context, _at_most(source.connector, context, cores))
    return tuple(Piece(type(each), each.model_dump_json(by_alias=True), context, source.sampling) for each in parts)


def _at_most(connector: Connector, context: Context, cores: int) -> int:
    if not isinstance(connector, FileSource):
        return cores
    size = sum(each.stat().st_size for each in connector.files(context))
    return cores * max(1, ceil(size / BYTES_OF_A_PIECE / cores))


def numbered(spark: SparkSession, pieces: tuple[Piece, ...]) -> DataFrame:
    """A Spark table of one partition for each piece, which holds the number of the piece."""
    return spark.range(0, len(pieces), 1, max(len(pieces), 1))


def piece_in(batches: Batches, pieces: tuple[Piece, ...]) -> Piece | None:
    """In an executor: the piece whose number a partition of :func:`numbered` holds."""
    numbers = [int(number.as_py()) for batch in batches for number in batch.column(0)]
    return pieces[numbers[0]] if numbers else None


def read_pieces(spark: SparkSession, pieces: tuple[Piece, ...], function: RowFunction, after: pl.Schema) -> DataFrame:
    """A Spark table of what a polars function makes of the pieces."""
    declared = spark_schema(after)
    to = to_arrow_schema(declared, timezone="UTC")

    def run(batches: Batches) -> Iterator[pa.RecordBatch]:
        piece = piece_in(batches, pieces)
        if piece is None:
            return
        with portable_errors():
            rows = function(piece.scan())
            for each in rows.collect_batches(chunk_size=LARGEST_BATCH, maintain_order=True, engine="streaming"):
                yield from to_batches(each, to)

    return numbered(spark, pieces).mapInArrow(run, declared)
