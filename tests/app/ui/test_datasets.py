from __future__ import annotations

import io
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dataprep_app.profile import profiles
from dataprep_app.ui.parts import dataset_upload
from dataprep_app.ui.parts.dataset_details import columns_of
from dataprep_app.ui.parts.dataset_list import facts_of
from dataprep_app.ui.parts.dataset_upload import (
    UploadError,
    add_by_path,
    connector_for,
    delimiter_of,
    encoding_of,
    first_rows,
    free_path,
    guessed,
    upload,
)
from dataprep_app.ui.session import WORKSPACE
from dataprep_app.workspace import Workspace

CITIES = pl.DataFrame({"city": ["Oslo", "Rome"], "people": [717_710, 2_746_984]})
MAIN = Path(dataset_upload.__file__).parents[1] / "main.py"
JUNK = bytes(range(256)) * 20


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def put(space: Workspace, name: str, content: bytes | str) -> pl.DataFrame:
    """Upload a file and read it."""
    added = upload(space, name, io.BytesIO(content.encode() if isinstance(content, str) else content))
    assert not added.problem
    rows = first_rows(space, added.dataset.connector, added.dataset.params, 1_000)
    assert rows.height == added.rows
    return rows


@pytest.mark.parametrize(
    ("name", "id"),
    [("a.csv", "csv"), ("a.TSV", "csv"), ("a.txt", "csv"), ("a.csv.gz", "csv"), ("a.pq", "parquet"), ("a.json", "json"),
     ("a.jsonl", "ndjson"), ("b.xlsx", "excel")],
)  # fmt: skip
def test_the_ending_says_what_a_file_is(name: str, id: str) -> None:
    assert connector_for(name).id == id


def test_a_file_of_no_known_type_is_refused_with_the_types_there_are() -> None:
    with pytest.raises(UploadError, match=r"'a.docx' is of no type .* \.csv, .*\.parquet"):
        connector_for("a.docx")


def test_every_format_comes_back_as_it_was(space: Workspace, tmp_path: Path) -> None:
    CITIES.write_parquet(tmp_path / "a")
    CITIES.write_excel(tmp_path / "b.xlsx")
    contents = {
        "c.csv": CITIES.write_csv().encode(),
        "c.tsv": CITIES.write_csv(separator="\t").encode(),
        "c.txt": CITIES.write_csv(separator="|").encode(),
        "c.parquet": (tmp_path / "a").read_bytes(),
        "c.json": CITIES.write_json().encode(),
        "c.ndjson": CITIES.write_ndjson().encode(),
        "c.xlsx": (tmp_path / "b.xlsx").read_bytes(),
    }
    for name, content in contents.items():
        assert put(space, name, content).equals(CITIES), name


def test_semicolons_other_encodings_and_dates_are_found_out(space: Workspace) -> None:
    text = "name;born\r\nÅse;1990-05-31\r\nJosé;1980-01-01\r\n"
    for encoding in ("utf8", "windows-1252", "utf-16"):
        rows = put(space, f"{encoding}.csv", text.encode(encoding))
        assert rows["name"].to_list() == ["Åse", "José"]
        assert rows.schema["born"] == pl.Date


def test_an_upload_never_takes_the_place_of_another_file(space: Workspace) -> None:
    put(space, "a.csv", "x\n1\n")
    put(space, "a.csv", "x\n2\n")
    assert sorted(each.name for each in space.data.iterdir()) == ["a-2.csv", "a.csv"]
    assert [each.params["path"] for each in space.datasets().values()] == ["data/a.csv", "data/a-2.csv"]
    assert free_path(space.data, "../../x.csv.gz") == space.data / "x.csv.gz"


def whole_parquet() -> bytes:
    file = io.BytesIO()
    pl.DataFrame({"a": range(1_000)}).write_parquet(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.csv", b"", "a.csv is empty"),
        ("a.csv", JUNK, "a.csv is not text"),
        ("a.parquet", JUNK, "a.parquet cannot be read"),
        ("a.parquet", whole_parquet()[:-40], "a.parquet cannot be read"),
        ("a.parquet", b"", "a.parquet is empty"),
        ("a.xlsx", JUNK, "a.xlsx is not an Excel workbook"),
        ("a.json", b'{"a":', "a.json is not JSON"),
        ("a.ndjson", b'{"a": 1}\n{"a":\n', "a.ndjson: line 2 is not JSON"),
        ("a.exe", b"MZ", "'a.exe' is of no type"),
    ],
)  # fmt: skip
def test_a_bad_upload_ends_in_one_sentence_and_leaves_nothing(
    space: Workspace, name: str, content: bytes, found: str
) -> None:
    put(space, "kept.csv", "x\n1\n")
    with pytest.raises(UploadError) as caught:
        upload(space, name, io.BytesIO(content))
    assert str(caught.value).startswith(found)
    assert str(space.folder) not in str(caught.value)
    assert [each.name for each in space.data.iterdir()] == ["kept.csv"]
    assert list(space.datasets()) == ["kept_csv"]


@pytest.mark.parametrize("name", ["none.csv", "none.parquet"])
def test_a_table_without_rows_is_taken_and_shown_as_such(space: Workspace, page: AppTest, name: str) -> None:
    file = io.BytesIO()
    table = pl.DataFrame({"city": [], "people": []}, schema={"city": pl.String, "people": pl.Int64})
    (table.write_csv if name.endswith("csv") else table.write_parquet)(file)
    file.seek(0)
    added = upload(space, name, file)
    assert added.rows == 0
    page.query_params["dataset"] = added.dataset.id
    page.run()
    assert not page.exception
    assert not page.error


def test_text_that_cannot_be_read_yet_is_kept_with_the_reason(space: Workspace) -> None:
    added = upload(space, "ragged.csv", io.BytesIO(b"a,b\n1,2\n3,4,5\n"))
    assert added.rows is None
    assert added.problem.startswith("ragged.csv cannot be read: a row has more values than there are columns.")
    assert (space.data / "ragged.csv").exists()
    assert "ragged_csv" in space.datasets()


def test_a_file_is_added_by_its_path_without_a_copy(space: Workspace, tmp_path: Path) -> None:
    (tmp_path / "big").mkdir()
    for name in ("a", "b"):
        CITIES.write_csv(tmp_path / "big" / f"{name}.csv")
    for text, rows in (("big/a.csv", 2), ("big/*.csv", 4), ("big", 4), (str(tmp_path / "big" / "b.csv"), 2)):
        assert add_by_path(space, text).rows == rows
    assert not space.data.exists()


def test_a_path_that_is_not_there_is_said(space: Workspace) -> None:
    with pytest.raises(UploadError, match=r"There is no file 'no.csv'"):
        add_by_path(space, "no.csv")


def test_the_delimiter_is_in_every_line() -> None:
    assert delimiter_of("a;b\n1,5;2,5\n1,5;3\n") == ";"
    assert delimiter_of("one column\nof text, with a comma\n") == ","
    assert delimiter_of("") == ","


def test_a_character_that_is_cut_in_two_is_still_utf8() -> None:
    assert encoding_of("ab€".encode()[:-1]) == "utf8"
    assert encoding_of("Åse".encode("windows-1252")) == "windows-1252"


def test_text_dates_are_read_by_default(space: Workspace) -> None:
    path = space.folder / "a.csv"
    path.write_text("a\n1\n", encoding="utf8")
    assert guessed(path, connector_for("a.csv")) == {"try_parse_dates": True}


def test_the_list_says_why_a_dataset_cannot_be_opened(space: Workspace) -> None:
    gone = space.add_dataset("gone.csv", "csv", {"path": "data/gone.csv"})
    assert facts_of(space, gone).columns is None
    assert "gone.csv" in facts_of(space, gone).problem
    put(space, "a.csv", "x,y\n1,2\n")
    assert facts_of(space, space.dataset("a_csv")).columns == 2


def test_columns_are_told_with_what_is_missing() -> None:
    table = pl.DataFrame({"a": [1, None, 1, 2]})
    assert columns_of(profiles(table)).row(0) == ("a", "integer", 25.0, 2)


@pytest.fixture
def page(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv(WORKSPACE, str(space.folder))
    return AppTest.from_file(str(MAIN), default_timeout=60).run().switch_page("screens/datasets.py")


def test_an_empty_workspace_says_how_to_begin(page: AppTest) -> None:
    page.run()
    assert not page.exception
    assert "There is no dataset yet" in page.info[0].value


def test_settings_are_tried_at_once_and_saved_on_demand(page: AppTest, space: Workspace) -> None:
    put(space, "a.csv", "x,y\n1,2\n")
    page.query_params["dataset"] = "a_csv"
    page.run()
    assert not page.exception
    assert page.button(key="dataset:a_csv:save").disabled
    page.text_input(key="dataset:a_csv:form:delimiter").set_value(";").run()
    assert "1 row · 1 column" in [each.value for each in page.caption]
    assert "delimiter" not in space.dataset("a_csv").params
    page.button(key="dataset:a_csv:save").click().run()
    assert space.dataset("a_csv").params["delimiter"] == ";"


def test_settings_that_are_not_valid_are_said_and_cannot_be_saved(page: AppTest, space: Workspace) -> None:
    put(space, "a.csv", "x,y\n1,2\n")
    page.query_params["dataset"] = "a_csv"
    page.run()
    page.text_input(key="dataset:a_csv:form:encoding").set_value("klingon").run()
    assert "is not an encoding" in page.error[0].value
    assert page.button(key="dataset:a_csv:save").disabled


def test_a_dataset_that_is_not_there_is_said(page: AppTest) -> None:
    page.query_params["dataset"] = "nothing"
    page.run()
    assert "There is no dataset" in page.error[0].value
