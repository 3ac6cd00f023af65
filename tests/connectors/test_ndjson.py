"""NDJSON: records whose keys and kinds change, and what is refused."""

from __future__ import annotations

import gzip
import json
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from connectors.core import files
from connectors.core.connector import Context, DestinationError, SourceError
from connectors.ndjson import NdjsonDestination, NdjsonSource
from tests.connectors.tables import INFINITY, NAN, lay, read, write
from tests.drawing import examples


def table(context: Context, *records: str, **params: Any) -> pl.DataFrame:
    lay(context.folder, "t.ndjson", "".join(f"{each}\n" for each in records))
    return read(NdjsonSource(path="t.ndjson", **params), context)


def test_keys_of_all_records_are_columns(context: Context) -> None:
    many = ['{"a":1}'] * 3000
    found = table(context, *many, '{"b":"x","a":null}', "", '{"o":{"k":1}}', '{"o":{"j":[true]}}')
    assert found.columns == ["a", "b", "o"]
    assert found.height == 3003
    assert found.tail(2)["o"].to_list() == [{"k": 1, "j": None}, {"k": None, "j": [True]}]


@pytest.mark.parametrize(
    ("values", "expected", "dtype"),
    [
        (["1", "2.5"], [1.0, 2.5], pl.Float64()),
        (['"1"', '"2"'], ["1", "2"], pl.String()),
        (["1", '"x"'], ["1", "x"], pl.String()),
        (["true", '"x"'], ["true", "x"], pl.String()),
        (['{"k":1}', '"x"'], ['{"k": 1}', "x"], pl.String()),
        (["9223372036854775807", "-9223372036854775808"], [2**63 - 1, -(2**63)], pl.Int64()),
        (["9223372036854775808", "1"], ["9223372036854775808", "1"], pl.String()),
        (["[1]", "[]", "[null]"], [[1], [], [None]], pl.List(pl.Int64())),
        (["[]", "null"], [[], None], pl.List(pl.String())),
        (["{}", "null"], ["{}", None], pl.String()),
        (["null", "null"], [None, None], pl.String()),
        ([r'"\u00e9\ud83d\ude00\n"', '""'], ["é😀\n", ""], pl.String()),
    ],
)
def test_type_holds_every_value(values: list[str], expected: list[Any], dtype: pl.DataType, context: Context) -> None:
    found = table(context, *(f'{{"v":{each}}}' for each in values))
    assert found.schema == {"v": dtype}
    assert found["v"].to_list() == expected


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [("1", "true", "integer"), ('{"k":1}', "3", "object"), ('{"k":1}', "[1]", "object")],
)
def test_kinds_that_do_not_go_together_are_named(first: str, second: str, kind: str, context: Context) -> None:
    with pytest.raises(SourceError) as caught:
        table(context, f'{{"i":0,"v":{first}}}', "", f'{{"i":0,"v":{second}}}')
    text = str(caught.value)
    assert "t.ndjson" in text
    assert "row 2 of column 'v'" in text or "row 1 of column 'v'" in text
    assert '"types": {"v": "text"}' in text
    found = table(context, f'{{"v":{first}}}', f'{{"v":{second}}}', types={"v": "text"})
    assert [json.loads(each) for each in found["v"]] == [json.loads(first), json.loads(second)]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("oops", "line 3 is not JSON"),
        ('{"a":', "line 3 is not JSON"),
        ('{"a":NaN}', "line 3 is not JSON"),
        ("[1]", "line 3 is not a record"),
        ("5", "line 3 is not a record"),
        ('{"a":1e999}', "row 2 of column 'a' .* beyond 64 bits"),
    ],
)
def test_bad_line_is_named(line: str, what: str, context: Context) -> None:
    with pytest.raises(SourceError, match=rf"t\.ndjson: {what}"):
        table(context, '{"a":1}', "", line)


def test_records_without_keys_are_no_table(context: Context) -> None:
    with pytest.raises(SourceError, match="have no keys"):
        table(context, "{}", "{}")


def test_declared_types_and_dates(context: Context) -> None:
    line = '{"id":"007","day":"1960-02-29","at":"2024-01-02T03:04:05.000001","n":"12","x":"NaN"}'
    found = table(context, line, types={"id": "integer", "x": "number"}, try_parse_dates=True)
    assert found.dtypes == [pl.Int64, pl.Date, pl.Datetime("us"), pl.String, pl.Float64]
    assert found["id"].to_list() == [7]
    with pytest.raises(SourceError, match=r"row 2 of column 'id' is 'x', which cannot be read as integer"):
        table(context, line, '{"id":"x"}', types={"id": "integer"})
    with pytest.raises(SourceError, match="Did you mean 'id'"):
        table(context, line, types={"idd": "text"})


def test_projection_and_limit_are_those_of_polars(context: Context) -> None:
    lay(context.folder, "t.ndjson", "".join(f'{{"i":{i},"t":"{i % 3}"}}\n' for i in range(500)))
    rows = NdjsonSource(path="t.ndjson").scan(context)
    assert rows.select("t").head(2).collect()["t"].to_list() == ["0", "1"]
    assert rows.head(6).filter(pl.col("t") == "0").collect()["i"].to_list() == [0, 3]
    assert rows.select(pl.len()).collect().item() == 500


@pytest.mark.parametrize("dates", [False, True])
def test_pieces_together_are_the_whole_table(dates: bool, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SMALLEST_SPAN", 100)
    lines = [f'{{"i":{i},"d":"2024-01-01","o":{{"k":[{i}]}}}}' for i in range(300)] + ['{"late":0.5}']
    lay(context.folder, "t.ndjson", "\n".join(lines))
    source = NdjsonSource(path="t.ndjson", try_parse_dates=dates)
    pieces = [NdjsonSource.model_validate_json(each.model_dump_json()) for each in source.pieces(context, 5)]
    assert len(pieces) == 5
    assert_frame_equal(pl.concat(read(each, context) for each in pieces), read(source, context))


def test_files_take_the_columns_and_types_of_all(context: Context) -> None:
    lay(context.folder, "1.ndjson", '{"a":1}\n')
    lay(context.folder, "2.ndjson", '{"b":true,"a":1.5}\n')
    source = NdjsonSource(path="?.ndjson")
    expected = pl.DataFrame({"a": [1.0, 1.5], "b": [None, True]})
    assert_frame_equal(read(source, context), expected)
    assert_frame_equal(pl.concat(read(each, context) for each in source.pieces(context, 2)), expected)
    lay(context.folder, "3.ndjson", '{"a":[1]}\n')
    with pytest.raises(SourceError, match=r"Column 'a' holds number values .* and list values in .*3\.ndjson"):
        source.columns(context)


def test_compressed_file_is_unpacked(context: Context) -> None:
    lay(context.folder, "t.ndjson.gz", gzip.compress(b'{"a":1}\n{"a":2}\n'))
    source = NdjsonSource(path="t.ndjson.gz")
    assert read(source, context)["a"].to_list() == [1, 2]
    assert source.pieces(context, 4) == (source,)
    lay(context.folder, "t.ndjson.gz", gzip.compress(b'{"a":1}\n{"a":\n'))
    with pytest.raises(SourceError, match="line 2 is not JSON"):
        source.columns(context)


@pytest.mark.parametrize("value", [NAN, INFINITY, [1.5, NAN], {"k": -INFINITY}])
def test_number_that_json_lacks_is_not_written_as_missing(value: object, context: Context) -> None:
    rows = pl.DataFrame({"fine": [1, 2], "v": [None, value]}, strict=False)
    destination = NdjsonDestination.model_validate({"path": "o.ndjson"})
    with pytest.raises(DestinationError, match=r"Column 'v' holds NaN or infinity.*on_nan"):
        write(destination, rows, context)
    write(NdjsonDestination.model_validate({"path": "o.ndjson", "on_nan": "null"}), rows, context)
    assert "NaN" not in (context.folder / "o.ndjson").read_text()


def test_lines_are_json_that_python_reads(context: Context) -> None:
    rows = pl.DataFrame({"t": ['é\n"', None, ""], "x": [0.1, -0.0, 1e300], "l": [["a"], [], None]})
    write(NdjsonDestination.model_validate({"path": "o.ndjson"}), rows, context)
    lines = (context.folder / "o.ndjson").read_text(encoding="utf-8").split("\n")
    assert [json.loads(each) for each in lines[:3]] == rows.to_dicts()
    assert lines[3:] == [""]


LEAF = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(st.characters(codec="utf-8"), max_size=5),
    st.lists(st.integers(0, 9), max_size=3),
)


@given(rows=st.lists(st.dictionaries(st.sampled_from("abcd"), LEAF, min_size=1), min_size=1, max_size=12))
@settings(max_examples=examples(80), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_value_of_python_is_there_or_refused(rows: list[dict[str, Any]], context: Context) -> None:
    lay(context.folder, "h.ndjson", "\n".join(json.dumps(each) for each in rows))
    kinds = [{type(each.get(name)) for each in rows if each.get(name) is not None} for name in "abcd"]
    try:
        found = read(NdjsonSource(path="h.ndjson"), context)
    except SourceError:
        if not any(len(each) > 1 for each in kinds):
            raise
        return
    assert found.height == len(rows)
    assert set(found.columns) == {name for each in rows for name in each}
    for i, row in enumerate(rows):
        for name, value in row.items():
            got = found[name].to_list()[i]
            assert got == value or str(got) == str(value) or json.loads(got) == value
