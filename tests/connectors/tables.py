"""Tables to write and to read back, and how."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from connectors.core.connector import Connector, Context, Destination, FileDestination, StagedDestination

PASSWORD = "p@ss/word 'x'\\%"
"""It needs every kind of escaping: of URLs, of connection strings, of JSON."""

NAN, INFINITY = float("nan"), float("inf")


@dataclass(frozen=True)
class Sql:
    """A session of the tests' own."""

    session: Any
    port: int

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.session.execute(statement).fetchall()
        return found

    def run(self, *statements: str) -> None:
        for each in statements:
            self.session.execute(each)


def everything() -> pl.DataFrame:
    """Every ordinary type, with the values that are easily lost; its last row is all missing but for the key."""
    return pl.DataFrame(
        {
            "key": pl.Series([1, 2, 3, 4], dtype=pl.Int64),
            "large": [2**63 - 1, -(2**63), 0, None],
            "small": pl.Series([-128, 127, 0, None], dtype=pl.Int16),
            "float": [0.1, 5e-324, 1.7976931348623157e308, None],
            "special": [NAN, -INFINITY, 1.5, None],
            "single": pl.Series([1.1, -0.5, 3.4e38, None], dtype=pl.Float32),
            "flag": [True, False, True, None],
            "text": ["", "é😀\n\"q\", 'a'\t\\", "null", None],
            "code": ["007", "1e5", "true", None],
            "day": [date(1, 1, 1), date(1969, 12, 31), date(9999, 12, 31), None],
            "clock": [time(0, 0), time(23, 59, 59, 999_999), time(12, 0, 0, 1), None],
            "moment": [
                datetime(1, 1, 1),
                datetime(1969, 12, 31, 23, 59, 59, 999_999),
                datetime(9999, 12, 31, 23, 59, 59, 1),
                None,
            ],
            "zoned": pl.Series(
                [
                    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
                    datetime(2024, 3, 31, 1, 30, tzinfo=UTC),
                    datetime(1900, 1, 1, tzinfo=UTC),
                    None,
                ],
                dtype=pl.Datetime("us", "UTC"),
            ),
            "money": pl.Series(
                [Decimal("0.10"), Decimal("-9999999999999999.99"), Decimal("3.00"), None], dtype=pl.Decimal(18, 2)
            ),
            "exact": pl.Series(
                [Decimal("1234567890123456789012345678.0123456789"), Decimal("-0.0000000001"), Decimal(0), None],
                dtype=pl.Decimal(38, 10),
            ),
            "bytes": [b"", b"\x00\xff", b"text", None],
            "list": pl.Series([[1, None], [], [3], None], dtype=pl.List(pl.Int64)),
            "words": [["a", ""], [None], [], None],
            'odd "name", ü': ["x", "y", "z", None],
        }
    )


def write(destination: Destination, rows: pl.DataFrame, context: Context) -> int:
    """Write a table as a run does."""
    destination.check(context, rows.schema)
    match destination:
        case FileDestination():
            path = destination.path(context)
            path.parent.mkdir(parents=True, exist_ok=True)
            destination.sink(rows.lazy(), path).collect()
            return rows.height
        case StagedDestination():
            return destination.load(rows.lazy(), context)
        case _:
            raise AssertionError(destination)


def read(source: Connector, context: Context) -> pl.DataFrame:
    """The whole table; its columns are those that were told beforehand."""
    told = source.columns(context)
    rows = source.scan(context)
    assert rows.collect_schema() == told
    table = rows.collect(engine="streaming")
    assert table.schema == told
    return table


def lay(folder: Path, name: str, content: str | bytes) -> Path:
    """A file of a given content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


SPAN = timedelta(days=-3, microseconds=5)
