"""Partial answers of many statistics, reduced over a Spark table in one pass over its rows.

Each partition is reduced by polars to a few messages: rows of a partial answer as an Arrow stream. Where a
table stands on a source that executors open, no row of it goes through Spark at all. Messages that belong
together meet in one task, which merges them: those of equal keys, or of so many neighbouring partitions
where there are no keys. One more task combines what they make. So Spark moves and sorts messages, whatever
is in them; polars alone knows values and their order; and the driver receives no more than the answers, or
one short message of each partition where all of them together are small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import groupby
from math import ceil

import polars as pl
import pyarrow as pa
from polars.io.plugins import register_io_source
from polars.selectors import by_name
from pyspark import TaskContext
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import lit

from flows.engines.spark_errors import portable_errors, restored_errors
from flows.engines.spark_partials import Partial
from flows.engines.spark_rows import LARGEST_BATCH, Batches, RowFunction, column, from_arrow
from flows.engines.spark_sources import Piece, numbered, piece_in

SHARES = 32
"""Parts that the keys of a partial are dealt to: as many tasks can merge it."""
ROWS_PER_MESSAGE = 1 << 16
GROUP = 64
"""Neighbouring partitions whose partials without keys meet in one task."""
DRIVER_BYTES = 16 << 20
"""Bytes of partials that the driver merges itself; more are merged in executors first."""
PIECES = 64
"""Pieces that are held before they are merged."""
MESSAGES_PER_BATCH = 256
BYTES_PER_BATCH = 1 << 24
"""What is handed to Spark at once is not much more than this."""
GROWN = 1 << 17
"""Rows that are held before they are merged."""
OVERFULL = 1 << 21
"""Different keys that a partition holds before it hands on what it has."""
NO_COLUMN = "__engine_no_column"
SHARE = "__engine_share"
MESSAGE = "slot long, share long, source long, place long, payload binary"
ARROW = pa.schema([*((name, pa.int64()) for name in ("slot", "share", "source", "place")), ("payload", pa.binary())])


@dataclass(frozen=True)
class Message:
    """Rows of one partial on their way to where they are merged."""

    slot: int
    """Which of the partials."""
    share: int
    """Which part of its keys; or, without keys, which group of partitions it comes from."""
    rows: pl.DataFrame
    source: int = 0
    """Which task sent it."""
    place: int = 0
    """Which of the messages of that task it is: messages are merged in the order of both."""

    def order(self) -> tuple[int, int, int, int]:
        """Where it comes among all messages."""
        return self.slot, self.share, self.source, self.place


@dataclass
class Pile:
    """Pieces of a partial, merged whenever they have grown, so that they stay few."""

    merge: Callable[[pl.DataFrame], pl.DataFrame]
    pieces: list[pl.DataFrame] = field(default_factory=list)
    rows: int = 0
    merged: int = 0
    """Rows after the last merge: the next is due when there are twice as many."""

    def add(self, piece: pl.DataFrame) -> None:
        """Put one more piece on the pile."""
        self.pieces.append(piece)
        self.rows += piece.height
        if len(self.pieces) >= PIECES or self.rows >= max(GROWN, 2 * self.merged):
            self.pieces = [self.whole()]
            self.rows = self.merged = self.pieces[0].height

    def whole(self) -> pl.DataFrame:
        """All pieces as one."""
        return self.merge(pl.concat(self.pieces))

    def clear(self) -> None:
        """Take the pieces away."""
        self.pieces, self.rows, self.merged = [], 0, 0


Started = Callable[[Iterable[pl.DataFrame]], Iterator[Message]]


@dataclass(frozen=True)
class Feed:
    """The rows of a table, for functions in executors."""

    messages: Callable[[Sequence[str], Started], DataFrame]
    """Gives a function some columns of the pieces of the table; a Spark table of the messages it makes."""
    partitions: int
    """How many there are, or about how many where Spark decides while it runs."""


def from_frame(frame: DataFrame, schema: pl.Schema) -> Feed:
    """The rows of a Spark table that carries such polars columns."""

    def feed(names: Sequence[str], started: Started) -> DataFrame:
        carried = pl.Schema({name: schema[name] for name in names} or {NO_COLUMN: pl.Boolean()})
        rows = frame.select([column(name) for name in names] or [lit(True).alias(NO_COLUMN)])
        return _mapped(rows, lambda batches: started(from_arrow(each, carried) for each in batches))

    session = frame.sparkSession
    return Feed(feed, 4 * int(session.conf.get("spark.sql.shuffle.partitions") or 200))


def from_pieces(spark: SparkSession, pieces: tuple[Piece, ...], steps: RowFunction) -> Feed:
    """The rows that a polars function makes of pieces of a source, in the tasks that open them."""

    def feed(names: Sequence[str], started: Started) -> DataFrame:
        def run(batches: Batches) -> Iterator[Message]:
            piece = piece_in(batches, pieces)
            if piece is not None:
                rows = steps(piece.scan())
                some = (
                    rows.select(by_name(*names)) if names else rows.select(pl.repeat(True, pl.len()).alias(NO_COLUMN))
                )
                yield from started(
                    some.collect_batches(chunk_size=LARGEST_BATCH, maintain_order=True, engine="streaming")
                )

        return _mapped(numbered(spark, pieces), run)

    return Feed(feed, len(pieces))


def reduced(feed: Feed, schema: pl.Schema, partials: Sequence[Partial]) -> list[pl.DataFrame]:
    """Each partial of a whole table, finished and combined.

    Args:
        feed: the rows of the table.
        schema: its columns.
        partials: what to reduce it to, all in one pass.
    """
    pieces, names = _of_nothing(partials, schema)
    messages = feed.messages(names, lambda rows: _started(rows, partials))
    merged, combined = _stages(partials, sum(len(_payload(nothing)) for (nothing,) in pieces), feed.partitions)
    if merged:
        messages = _mapped(_gathered(messages, "slot", "share"), lambda batches: _merged(batches, partials))
    if combined:
        messages = _mapped(_gathered(messages, "slot"), lambda batches: _combined(batches, partials))
    with restored_errors():
        arrow = messages.toArrow()
    for message in sorted(_messages(arrow.to_batches()), key=Message.order):
        pieces[message.slot].append(message.rows)
    return [each.combine(pl.concat(found)) for each, found in zip(partials, pieces, strict=True)]


def _stages(partials: Sequence[Partial], size: int, partitions: int) -> tuple[bool, bool]:
    """Whether messages are merged in executors, and whether what that makes is combined there as well.

    Args:
        partials: what the table is reduced to.
        size: bytes of the partials of one partition, where they are of the same size whatever its rows are.
        partitions: how many send messages.
    """
    groups = ceil(partitions / GROUP)
    small = all(each.small for each in partials)
    merged = not small or size * partitions > DRIVER_BYTES
    combined = any(each.keys for each in partials) or (not small and groups > 1) or size * groups > DRIVER_BYTES
    return merged, combined


def _of_nothing(partials: Sequence[Partial], schema: pl.Schema) -> tuple[list[list[pl.DataFrame]], list[str]]:
    """Each partial of no rows, and the columns that polars read to make them, in the order of the table."""
    read: set[str] = set()

    def source(
        columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, size: int | None
    ) -> Iterator[pl.DataFrame]:
        names = schema.names() if columns is None else columns
        read.update(names)
        yield schema.to_frame().select(by_name(*names))

    table = register_io_source(source, schema=schema)
    pieces = [[each.finish(each.merge(each.start(table)))] for each in partials]
    return pieces, [name for name in schema if name in read]


def _started(tables: Iterable[pl.DataFrame], partials: Sequence[Partial]) -> Iterator[Message]:
    piles = [Pile(each.merge) for each in partials]
    for table in tables:
        rows = table.lazy()
        for slot, (partial, pile) in enumerate(zip(partials, piles, strict=True)):
            pile.add(partial.start(rows))
            if partial.keys and pile.merged > OVERFULL:
                yield from _dealt(slot, partial, pile.whole())
                pile.clear()
    for slot, (partial, pile) in enumerate(zip(partials, piles, strict=True)):
        if pile.pieces:
            yield from _dealt(slot, partial, pile.whole())


def _dealt(slot: int, partial: Partial, rows: pl.DataFrame) -> Iterator[Message]:
    """Rows of a partial, equal keys in the same share."""
    if not partial.keys:
        yield Message(slot, _partition() // GROUP, rows)
        return
    share = (pl.struct(partial.keys).hash(0) % SHARES).cast(pl.Int64)
    parts = rows.with_columns(share.alias(SHARE)).partition_by(SHARE, include_key=False, as_dict=True)
    for (number,), part in parts.items():
        yield Message(slot, number, part)


def _merged(batches: Batches, partials: Sequence[Partial]) -> Iterator[Message]:
    for (slot, share), messages in groupby(_messages(batches), lambda each: (each.slot, each.share)):
        partial = partials[slot]
        yield Message(slot, share, partial.finish(_whole(messages, partial.merge)))


def _combined(batches: Batches, partials: Sequence[Partial]) -> Iterator[Message]:
    for slot, messages in groupby(_messages(batches), lambda each: each.slot):
        yield Message(slot, 0, _whole(messages, partials[slot].combine))


def _whole(messages: Iterable[Message], merge: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
    pile = Pile(merge)
    for each in messages:
        pile.add(each.rows)
    return pile.whole()


def _gathered(messages: DataFrame, *keys: str) -> DataFrame:
    """Messages with the same keys in the same task, in an order that does not depend on chance."""
    return messages.repartition(*keys).sortWithinPartitions("slot", "share", "source", "place")


def _mapped(frame: DataFrame, function: Callable[[Batches], Iterator[Message]]) -> DataFrame:
    def run(batches: Batches) -> Iterator[pa.RecordBatch]:
        with portable_errors():
            yield from _batches(function(batches), _partition())

    return frame.mapInArrow(run, MESSAGE)


def _partition() -> int:
    """The number of the partition that an executor works on."""
    context = TaskContext.get()
    return context.partitionId() if context else 0


def _batches(messages: Iterable[Message], source: int) -> Iterator[pa.RecordBatch]:
    """Messages as Arrow, numbered, none longer than Spark can move."""
    place = size = 0
    held: list[tuple[int, int, int, int, bytes]] = []
    for message in messages:
        for rows in message.rows.iter_slices(ROWS_PER_MESSAGE):
            held.append((message.slot, message.share, source, place, _payload(rows)))
            place, size = place + 1, size + len(held[-1][-1])
            if len(held) >= MESSAGES_PER_BATCH or size >= BYTES_PER_BATCH:
                yield _batch(held)
                held, size = [], 0
    if held:
        yield _batch(held)


def _batch(cells: list[tuple[int, int, int, int, bytes]]) -> pa.RecordBatch:
    columns = zip(*cells, strict=True)
    return pa.RecordBatch.from_arrays(
        [pa.array(each, field.type) for each, field in zip(columns, ARROW, strict=True)], schema=ARROW
    )


def _payload(rows: pl.DataFrame) -> bytes:
    buffer = BytesIO()
    rows.write_ipc_stream(buffer)
    return buffer.getvalue()


def _messages(batches: Batches) -> Iterator[Message]:
    for batch in batches:
        *numbers, payloads = batch.columns
        for slot, share, source, place, payload in zip(*(each.to_pylist() for each in numbers), payloads, strict=True):
            yield Message(slot, share, pl.read_ipc_stream(BytesIO(payload.as_py())), source, place)
