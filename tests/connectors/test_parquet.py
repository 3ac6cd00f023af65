"""Parquet: pieces, portable types, files that do not go together."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from connectors.core.connector import Context, SourceError
from connectors.parquet import ParquetSource
from tests.connectors.tables import everything, read


def test_types_become_those_that_every_engine_has(context: Context) -> None:
    pl.DataFrame(
        {
            "u": pl.Series([1, 2], dtype=pl.UInt32),
            "c": pl.Series(["a", "b"], dtype=pl.Categorical),
            "ns": pl.Series([datetime(1960, 1, 1, 0, 0, 0, 1)] * 2, dtype=pl.Datetime("ns")),
        }
    ).write_parquet(context.folder / "t.parquet")
    found = read(ParquetSource(path="t.parquet"), context)
    assert found.dtypes == [pl.Int64, pl.String, pl.Datetime("us")]
    assert found.row(1) == (2, "b", datetime(1960, 1, 1, 0, 0, 0, 1))


@pytest.mark.parametrize("at_most", [2, 3, 100])
def test_pieces_together_are_the_whole_table(at_most: int, context: Context) -> None:
    table = pl.DataFrame({"i": range(1000), "t": [f"é{i}" for i in range(1000)]})
    table.write_parquet(context.folder / "t.parquet", row_group_size=70)
    pieces = ParquetSource(path="t.parquet").pieces(context, at_most)
    assert len(pieces) == min(at_most, 15)
    sent = [ParquetSource.model_validate_json(each.model_dump_json()) for each in pieces]
    assert_frame_equal(pl.concat(read(each, context) for each in sent), table)


def test_piece_of_a_table_with_no_row_is_itself(context: Context) -> None:
    everything().clear().write_parquet(context.folder / "t.parquet")
    (piece,) = ParquetSource(path="t.parquet").pieces(context, 4)
    assert_frame_equal(read(piece, context), everything().clear())


def test_files_of_a_pattern_are_one_table_and_its_pieces(context: Context) -> None:
    for i in range(5):
        pl.DataFrame({"i": [i] * (i + 1)}).write_parquet(context.folder / f"{i}.parquet")
    source = ParquetSource(path="*.parquet")
    whole = read(source, context)
    assert whole["i"].to_list() == [i for i in range(5) for _ in range(i + 1)]
    assert_frame_equal(pl.concat(read(each, context) for each in source.pieces(context, 3)), whole)


@pytest.mark.parametrize(
    ("other", "what"),
    [({"b": [1]}, "lacks 'a'"), ({"a": ["x"]}, "holds text .* in 'a'"), ({"a": [1], "b": [1]}, "also has 'b'")],
)
def test_files_that_differ_are_refused(other: dict[str, list[object]], what: str, context: Context) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(context.folder / "1.parquet")
    pl.DataFrame(other).write_parquet(context.folder / "2.parquet")
    with pytest.raises(SourceError, match=rf"2\.parquet does not have the columns of .*1\.parquet: it {what}"):
        ParquetSource(path="*.parquet").scan(context)


def test_unsigned_number_that_does_not_fit_is_refused(context: Context) -> None:
    pl.DataFrame({"u": pl.Series([2**64 - 1], dtype=pl.UInt64)}).write_parquet(context.folder / "t.parquet")
    with pytest.raises(pl.exceptions.InvalidOperationError, match="18446744073709551615"):
        ParquetSource(path="t.parquet").scan(context).collect()
