"""Files that are damaged, empty, missing, or something else: one clear error that names them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connectors.catalog import sources
from connectors.core.connector import Context, SourceError
from tests.connectors.tables import everything, lay

SETTINGS: dict[str, dict[str, Any]] = {
    id: {"path": "table"} | ({"table": "t"} if id in ("sqlite", "duckdb") else {})
    for id in ("csv", "parquet", "json", "ndjson", "excel", "sqlite", "duckdb")
}


def refused(id: str, context: Context) -> str:
    """The error of opening and reading ``table``; it is one line and names the file."""
    with pytest.raises(SourceError) as caught:
        sources()[id].model_validate(SETTINGS[id]).scan(context).collect()
    text = str(caught.value)
    assert str(context.folder / "table") in text
    assert "\n" not in text
    return text


@pytest.mark.parametrize("id", SETTINGS)
def test_missing_file_offers_its_neighbour(id: str, context: Context) -> None:
    lay(context.folder, "tabel", "x")
    assert "Did you mean 'tabel'?" in refused(id, context)


@pytest.mark.parametrize("id", SETTINGS)
def test_missing_folder_is_named(id: str, context: Context) -> None:
    with pytest.raises(SourceError, match=r"there is no folder .*nowhere"):
        sources()[id].model_validate({**SETTINGS[id], "path": "nowhere/table"}).columns(context)


@pytest.mark.parametrize("id", sorted(SETTINGS.keys() - {"sqlite"}))
def test_empty_file_is_refused(id: str, context: Context) -> None:
    lay(context.folder, "table", "")
    refused(id, context)


def test_empty_sqlite_file_has_no_table(context: Context) -> None:
    lay(context.folder, "table", "")
    assert "no such table: t" in refused("sqlite", context)


@pytest.mark.parametrize("id", sorted(SETTINGS.keys() - {"csv"}))
def test_file_of_another_kind_is_refused(id: str, context: Context) -> None:
    lay(context.folder, "table", "a picture of a cat\n" * 400)
    refused(id, context)


@pytest.mark.parametrize("id", sorted(SETTINGS.keys() - {"csv"}))
def test_binary_garbage_is_refused(id: str, context: Context) -> None:
    lay(context.folder, "table", bytes(range(256)) * 40)
    refused(id, context)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_truncated_parquet_is_refused(share: float, context: Context) -> None:
    everything().write_parquet(context.folder / "table")
    whole = (context.folder / "table").read_bytes()
    lay(context.folder, "table", whole[: int(len(whole) * share)])
    refused("parquet", context)


def test_parquet_with_a_damaged_page_is_never_read_as_something_else(context: Context) -> None:
    pl.DataFrame({"i": range(10_000)}).write_parquet(context.folder / "table", compression="zstd")
    whole = bytearray((context.folder / "table").read_bytes())
    whole[40:80] = bytes(40)
    lay(context.folder, "table", bytes(whole))
    with pytest.raises(pl.exceptions.ComputeError, match="parquet"):
        sources()["parquet"].model_validate(SETTINGS["parquet"]).scan(context).collect()


@pytest.mark.parametrize("name", ["table.xlsx"])
def test_truncated_workbook_is_refused(name: str, context: Context) -> None:
    pl.DataFrame({"a": range(1000)}).write_excel(context.folder / name)
    whole = Path(context.folder / name).read_bytes()
    lay(context.folder, "table", whole[: len(whole) // 2])
    assert "cannot be read" in refused("excel", context)


def test_csv_with_a_row_too_long_is_refused(context: Context) -> None:
    lay(context.folder, "table", "a,b\n1,2\n3,4,5\n")
    assert "a row has more values than there are columns" in refused("csv", context)


def test_csv_with_an_open_quote_is_refused(context: Context) -> None:
    lay(context.folder, "table", 'a,b\n1,"2\n3,4\n')
    refused("csv", context)
