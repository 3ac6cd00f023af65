"""JSON: the ways in which one value is a table."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from connectors.core.connector import Context, DestinationError, SourceError
from connectors.json import JsonDestination, JsonSource
from tests.connectors.tables import NAN, lay, read, write

EXPECTED = pl.DataFrame({"a": [1, 2], "b": ["x", None]})


def table(context: Context, value: object, **params: Any) -> pl.DataFrame:
    lay(context.folder, "t.json", value if isinstance(value, str) else json.dumps(value, indent=1))
    return read(JsonSource(path="t.json", **params), context)


RECORDS = [{"a": 1, "b": "x"}, {"a": 2}]


@pytest.mark.parametrize(
    "value",
    [
        RECORDS,
        {"rows": RECORDS},
        {"count": 2, "next": None, "tags": ["t"], "rows": RECORDS},
        {"a": [1, 2], "b": ["x", None]},
        "\ufeff" + json.dumps(RECORDS),
    ],
    ids=["records", "one list", "one list of records", "columns", "byte order mark"],
)
def test_table_is_found(value: object, context: Context) -> None:
    assert_frame_equal(table(context, value), EXPECTED)


def test_list_of_records_is_chosen_by_key(context: Context) -> None:
    value = {"meta": {"pages": [{"n": 1}]}, "data": {"items": RECORDS}, "errors": [{"e": 1}], "more": [{"e": 1}]}
    assert_frame_equal(table(context, value, records="data.items"), EXPECTED)
    with pytest.raises(SourceError, match=r"several tables: 'errors', 'more'\. Choose one"):
        table(context, value)
    with pytest.raises(SourceError, match=r"no 'data\.item': there is no 'item'\. It has 'items'"):
        table(context, value, records="data.item")


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("5", "is no table but 5"),
        ({"a": 1}, "an object of 'a'"),
        ({}, "an object of nothing"),
        ([], "holds no record"),
        ([{"a": 1}, 2], "row 2 is no object but 2"),
        ([[1, 2], [3, 4]], "row 1 is no object"),
        ({"a": [1], "b": [1, 2]}, r"columns of different lengths \('a' 1, 'b' 2\)"),
        ('[{"a": 1}, {"a":', "is not JSON: .*line 1 column 17"),
        ('{"a": 1}\n{"a": 2}\n', "read it as NDJSON"),
        ('[{"a": NaN}]', "row 1 holds NaN"),
        (r'[{"a": "\ud800"}]', "row 1 holds half a character"),
    ],
)
def test_what_is_no_table_is_said(value: object, what: str, context: Context) -> None:
    with pytest.raises(SourceError, match=rf"t\.json.*{what}"):
        table(context, value)


def test_kinds_that_do_not_go_together_are_named_by_the_file_given(context: Context) -> None:
    with pytest.raises(SourceError, match=r"t\.json: row 2 of column 'a' is true"):
        table(context, [{"a": 1}, {"a": True}])


def test_change_of_the_file_is_seen(context: Context) -> None:
    assert table(context, RECORDS).height == 2
    assert table(context, [*RECORDS, {"c": 1}]).columns == ["a", "b", "c"]


def test_files_are_one_table_and_its_pieces(context: Context) -> None:
    lay(context.folder, "1.json", '[{"a": 1}]')
    lay(context.folder, "2.json", '{"a": [0.5], "b": ["x"]}')
    source = JsonSource(path="?.json")
    pieces = [JsonSource.model_validate_json(each.model_dump_json()) for each in source.pieces(context, 8)]
    assert len(pieces) == 2
    assert_frame_equal(pl.concat(read(each, context) for each in pieces), read(source, context))


def test_file_is_json_that_python_reads(context: Context) -> None:
    destination = JsonDestination(path="deep/o.json")
    assert write(destination, EXPECTED, context) == 2
    text = (context.folder / "deep" / "o.json").read_text(encoding="utf-8")
    assert text == '[\n{"a":1,"b":"x"},\n{"a":2,"b":null}\n]\n'
    assert json.loads(text) == EXPECTED.to_dicts()
    assert write(destination, EXPECTED.clear(), context) == 0
    assert json.loads((context.folder / "deep" / "o.json").read_text()) == []


def test_failed_load_leaves_the_old_file(context: Context) -> None:
    destination = JsonDestination(path="o.json")
    write(destination, EXPECTED, context)
    before = (context.folder / "o.json").read_bytes()
    with pytest.raises(DestinationError, match="Column 'x' holds NaN"):
        destination.load(pl.LazyFrame({"x": [1.0] * 100 + [NAN]}), context)
    assert (context.folder / "o.json").read_bytes() == before
    assert [each.name for each in context.folder.iterdir()] == ["o.json"]


def test_modes_and_types(context: Context) -> None:
    write(JsonDestination(path="o.json"), EXPECTED, context)
    with pytest.raises(DestinationError, match="is there already"):
        write(JsonDestination(path="o.json", mode="create"), EXPECTED, context)
    with pytest.raises(DestinationError, match="Column 'b' holds binary values, which JSON cannot hold"):
        write(JsonDestination(path="p.json"), pl.DataFrame({"b": [b"x"]}), context)
