"""CSV: what is inferred, what is refused, how it is cut."""

from __future__ import annotations

import gzip
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from pydantic import ValidationError

from connectors.core import files
from connectors.core.connector import Context, DestinationError, SourceError
from connectors.csv import CsvDestination, CsvSource
from tests.connectors.tables import INFINITY, NAN, lay, read, write
from tests.drawing import examples


def table(context: Context, content: str | bytes, **params: Any) -> pl.DataFrame:
    lay(context.folder, "t.csv", content)
    return read(CsvSource(path="t.csv", **params), context)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "-2", "0"], [1, -2, 0]),
        (["9223372036854775807", "-9223372036854775808"], [2**63 - 1, -(2**63)]),
        (["9223372036854775808", "1"], ["9223372036854775808", "1"]),
        (["007", "12"], ["007", "12"]),
        (["+1", "2"], ["+1", "2"]),
        (["1.50", ".5", "1e-7", "3"], [1.5, 0.5, 1e-7, 3.0]),
        (["1.5", "NaN", "inf", "-inf"], [1.5, NAN, INFINITY, -INFINITY]),
        (["1.5", "12345678901234567"], ["1.5", "12345678901234567"]),
        (["9999999999999999.99", "1.00"], ["9999999999999999.99", "1.00"]),
        (["12e5", "34e7"], ["12e5", "34e7"]),
        (["1e999", "1.0"], ["1e999", "1.0"]),
        (["true", "FALSE"], [True, False]),
        (["yes", "no"], ["yes", "no"]),
        (["2024-01-02", "2024-01-03"], ["2024-01-02", "2024-01-03"]),
        (["NaN", "NaN"], ["NaN", "NaN"]),
    ],
)
def test_type_is_the_narrowest_that_loses_nothing(values: list[str], expected: list[object], context: Context) -> None:
    found = table(context, "v\n" + "".join(f"{each}\n" for each in values))
    assert_frame_equal(found, pl.DataFrame({"v": expected}), check_exact=True)


def test_nothing_is_missing_and_quotes_are_empty_text(context: Context) -> None:
    found = table(context, 'a,b,n\n1,"",\n2,,5\n3,"x ""y""\nz, é",""\n')
    assert found["b"].to_list() == ["", None, 'x "y"\nz, é']
    assert found["n"].to_list() == [None, 5, None]


def test_value_beyond_the_sample_that_does_not_fit_is_named(context: Context) -> None:
    lay(context.folder, "t.csv", "a,b\n" + "1,2\n" * 2000 + "x7,3\n")
    rows = CsvSource(path="t.csv", infer_rows=1000).scan(context)
    with pytest.raises(SourceError, match=r"t\.csv: row 2,001 of column 'a' is 'x7', .*integer.*\"a\": \"text\""):
        rows.collect()
    assert rows.select("b").collect().height == 2001


def test_declared_types_are_obeyed_or_refused(context: Context) -> None:
    found = table(
        context,
        "id,when,ok\n007,2024-01-02T03:04:05,yes\n",
        types={"id": "integer", "when": "datetime", "ok": "boolean"},
    )
    assert found.dtypes == [pl.Int64, pl.Datetime("us"), pl.Boolean]
    assert found.row(0)[0] == 7
    with pytest.raises(SourceError, match=r"row 2 of column 'id' is 'x'.*as integer"):
        table(context, "id\n1\nx\n", types={"id": "integer"})
    with pytest.raises(SourceError, match=r"no column 'idd'.*Did you mean 'id'"):
        table(context, "id\n1\n", types={"idd": "integer"})


def test_dates_are_parsed_when_asked(context: Context) -> None:
    text = "d,t,m\n1960-02-29,01:02:03.000001,1960-01-01 00:00:00.5\n,,\n"
    found = table(context, text, try_parse_dates=True)
    assert found.dtypes == [pl.Date, pl.Time, pl.Datetime("us")]
    assert found["m"][0].microsecond == 500_000
    assert table(context, text).dtypes == [pl.String] * 3


def test_date_that_is_none_stays_text(context: Context) -> None:
    assert table(context, "d\n2023-02-29\n2023-02-28\n", try_parse_dates=True).dtypes == [pl.String]


@pytest.mark.parametrize("encoding", ["windows-1252", "utf-16", "shift_jis"])
def test_encoding_is_translated(encoding: str, context: Context) -> None:
    text = "név;x\nテ;1\n" if encoding == "shift_jis" else "név;x\né;1\n"
    text = text.replace("név", "n") if encoding == "shift_jis" else text
    found = table(context, text.encode(encoding), encoding=encoding, delimiter=";")
    assert found.to_dict(as_series=False) == {text[:3].strip(";\nx"): [text.split("\n")[1][0]], "x": [1]}


def test_wrong_encoding_is_told(context: Context) -> None:
    with pytest.raises(SourceError, match=r"not UTF-8 text\..* give its encoding"):
        table(context, b"a\n" + b"\xe9\xff\n" * 5)
    with pytest.raises(ValidationError, match="is not an encoding"):
        CsvSource(path="t.csv", encoding="utf9")


def test_byte_order_mark_is_no_part_of_a_name(context: Context) -> None:
    assert table(context, "\ufeffid,b\n1,2\n".encode()).columns == ["id", "b"]


def test_compressed_file_is_unpacked(context: Context) -> None:
    lay(context.folder, "t.csv.gz", gzip.compress(b"a\n1\n"))
    assert read(CsvSource(path="t.csv.gz"), context)["a"].to_list() == [1]


def test_header_may_be_absent_or_late(context: Context) -> None:
    assert table(context, "1,a\n2,b\n", header=False).columns == ["column_0", "column_1"]
    assert table(context, "title\n\na,b\n1,2\n", skip_rows=2).columns == ["a", "b"]


def test_null_values_are_missing(context: Context) -> None:
    assert table(context, "a\n1\nN/A\n", null_values=("N/A",))["a"].to_list() == [1, None]


def test_files_of_a_folder_are_one_table(context: Context) -> None:
    (context.folder / "parts").mkdir()
    lay(context.folder / "parts", "2.csv", "b,a\nx,3\n")
    lay(context.folder / "parts", "1.csv", "a,b\n1,7\n2,8\n")
    lay(context.folder / "parts", "_notes.txt", "not a part")
    found = read(CsvSource(path="parts"), context)
    assert_frame_equal(found, pl.DataFrame({"a": [1, 2, 3], "b": ["7", "8", "x"]}))
    assert_frame_equal(read(CsvSource(path="parts/*.csv"), context), found)


def test_files_that_differ_are_refused_by_name(context: Context) -> None:
    lay(context.folder, "1.csv", "a,b\n1,7\n")
    lay(context.folder, "2.csv", "a,c\n1,7\n")
    with pytest.raises(
        SourceError, match=r"2\.csv does not have the columns of .*1\.csv: it lacks 'b' and also has 'c'"
    ):
        CsvSource(path="?.csv").columns(context)


@pytest.mark.parametrize("quoted", [False, True])
def test_pieces_together_are_the_whole_table(quoted: bool, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SMALLEST_SPAN", 100)
    name = '"line\none"' if quoted else "é"
    lay(
        context.folder, "t.csv", "id,name,x\n" + "".join(f"{i},{name},{i / 2 if i > 900 else i}\n" for i in range(1000))
    )
    source = CsvSource(path="t.csv")
    pieces = source.pieces(context, 7)
    assert len(pieces) == (1 if quoted else 7)
    sent = [CsvSource.model_validate_json(each.model_dump_json()) for each in pieces]
    assert_frame_equal(pl.concat(read(each, context) for each in sent), read(source, context))


def test_pieces_of_several_files_have_the_types_of_all(context: Context) -> None:
    lay(context.folder, "1.csv", "a\n1\n")
    lay(context.folder, "2.csv", "a\nx\n")
    pieces = CsvSource(path="?.csv").pieces(context, 4)
    assert [read(each, context)["a"].to_list() for each in pieces] == [["1"], ["x"]]


def test_fingerprint_changes_with_the_file(context: Context) -> None:
    lay(context.folder, "t.csv", "a\n1\n")
    source = CsvSource(path="t.csv")
    before = source.fingerprint(context)
    assert source.fingerprint(context) == before
    lay(context.folder, "t.csv", "a\n12\n")
    assert source.fingerprint(context) != before


def test_formulas_are_guarded_when_asked(context: Context) -> None:
    rows = pl.DataFrame({"=a": ["=1+1", "-x", "@y", "safe", None]})
    write(CsvDestination.model_validate({"path": "o.csv", "guard_formulas": True}), rows, context)
    assert (context.folder / "o.csv").read_text() == "'=a\n'=1+1\n'-x\n'@y\nsafe\n\n"


def test_file_that_is_there_is_kept_in_mode_create(context: Context) -> None:
    destination = CsvDestination.model_validate({"path": "o.csv", "mode": "create"})
    write(destination, pl.DataFrame({"a": [1]}), context)
    with pytest.raises(DestinationError, match="is there already"):
        destination.check(context, pl.Schema({"a": pl.Int64()}))


def test_types_that_csv_lacks_are_refused_by_column(context: Context) -> None:
    with pytest.raises(DestinationError, match="Column 'l' holds list values, which CSV cannot hold"):
        CsvDestination.model_validate({"path": "o.csv"}).check(context, pl.Schema({"l": pl.List(pl.Int64)}))


TEXTS = st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8))


@given(
    rows=st.lists(st.tuples(TEXTS, st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), st.floats()), max_size=30)
)
@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_and_number_comes_back(rows: list[tuple[str | None, int | None, float]], context: Context) -> None:
    made = pl.DataFrame(rows, schema={"t": pl.String, "i": pl.Int64, "f": pl.Float64}, orient="row")
    write(CsvDestination.model_validate({"path": "h.csv"}), made, context)
    source = CsvSource(path="h.csv", types={"t": "text", "i": "integer", "f": "number"})
    assert_frame_equal(read(source, context), made, check_exact=True)
