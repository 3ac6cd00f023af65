"""What holds for every database: modes, queries that only ask, names, failures that leave what was there."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pydantic import ValidationError

from connectors.catalog import destinations, sources
from connectors.core.connector import Connector, Context, Destination, DestinationError, SourceError, StagedDestination
from connectors.core.sql import parts, qualified
from tests.connectors.tables import lay, read, write

IDS = ("sqlite", "duckdb", "postgresql")
OLD = pl.DataFrame({"id": [1, 2], "name": ["a", None]})
NEW = pl.DataFrame({"id": [3], "name": ["ü"]})


class Database:
    """One of the databases, through our own connectors."""

    def __init__(self, id: str, context: Context) -> None:
        self.id, self.context = id, context
        self.settings = {} if id == "postgresql" else {"path": "d.db"}

    def source(self, **params: Any) -> Connector:
        return sources()[self.id].model_validate({**self.settings, **params})

    def read(self, **params: Any) -> pl.DataFrame:
        return read(self.source(**params), self.context)

    def destination(self, table: str, mode: str) -> Destination:
        return destinations()[self.id].model_validate({**self.settings, "table": table, "mode": mode})

    def write(self, table: str, mode: str, rows: pl.DataFrame) -> int:
        return write(self.destination(table, mode), rows, self.context)


@pytest.fixture(params=IDS)
def database(request: pytest.FixtureRequest, context: Context) -> Database:
    if request.param == "postgresql":
        request.getfixturevalue("sql")
    return Database(request.param, context)


def test_create_refuses_a_table_that_is_there(database: Database) -> None:
    assert database.write("t", "create", OLD) == 2
    with pytest.raises(DestinationError, match=r"There is a table t in .* already"):
        database.write("t", "create", NEW)
    assert_frame_equal(database.read(table="t"), OLD)


def test_append_adds_rows_by_the_names_of_columns(database: Database) -> None:
    database.write("t", "create", OLD)
    assert database.write("t", "append", pl.DataFrame({"name": ["x"], "id": [9]})) == 1
    assert database.write("t", "append", pl.DataFrame({"id": [10]})) == 1
    assert database.read(table="t").rows() == [(1, "a"), (2, None), (9, "x"), (10, None)]


def test_append_refuses_what_does_not_go_with_the_table(database: Database) -> None:
    with pytest.raises(DestinationError, match=r"There is no table t in .* to append to"):
        database.write("t", "append", OLD)
    database.write("t", "create", OLD)
    with pytest.raises(DestinationError, match=r"The table t in .* has no column 'nmae'\. Did you mean 'name'"):
        database.write("t", "append", pl.DataFrame({"nmae": ["x"]}))


def test_replace_makes_the_table_or_takes_its_place(database: Database) -> None:
    assert database.write("t", "replace", OLD) == 2
    changed = pl.DataFrame({"other": [1.5, None]})
    assert database.write("t", "replace", changed) == 2
    assert_frame_equal(database.read(table="t"), changed)


@pytest.mark.parametrize("mode", ["append", "replace"])
def test_failed_load_leaves_the_old_table(mode: str, database: Database) -> None:
    database.write("t", "create", OLD)
    destination = database.destination("t", mode)
    assert isinstance(destination, StagedDestination)
    with pytest.raises(ValueError, match="on the way"):
        destination.load(failing_late(), database.context)
    assert_frame_equal(database.read(table="t"), OLD)
    assert database.read(query=tables_in(database.id)).height == 1


def test_failed_load_of_a_new_table_makes_none(database: Database) -> None:
    destination = database.destination("t", "create")
    assert isinstance(destination, StagedDestination)
    with pytest.raises(ValueError, match="on the way"):
        destination.load(failing_late(), database.context)
    if database.id != "postgresql":
        assert not (database.context.folder / "d.db").exists()
    database.write("t", "create", OLD)


def failing_late() -> pl.LazyFrame:
    """More rows than one batch, the last of which cannot be computed."""

    def fail(values: pl.Series) -> pl.Series:
        if values[-1] == 129_999:
            raise ValueError("on the way")
        return values

    ids = pl.select(id=pl.int_range(130_000)).lazy()
    return ids.with_columns(
        pl.col("id").map_batches(fail, return_dtype=pl.Int64, is_elementwise=True), name=pl.lit("x")
    )


def tables_in(id: str) -> str:
    match id:
        case "sqlite":
            return "SELECT name FROM sqlite_master WHERE type = 'table'"
        case _:
            return "SELECT table_name FROM information_schema.tables WHERE table_schema IN ('public', 'main')"


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM t",
        "DELETE FROM t RETURNING id",
        "WITH gone AS (DELETE FROM t RETURNING id) SELECT * FROM gone",
        "INSERT INTO t VALUES (5, 'x')",
        "DROP TABLE t",
        "SELECT 1; DROP TABLE t",
        "SELECT 1) AS x; DROP TABLE t; SELECT * FROM (SELECT 1",
        "SELECT 1) AS x; DROP TABLE t; --",
        "CREATE TABLE u AS SELECT 1 AS a",
        "COPY t TO '/tmp/dataprep-stolen'",
        "PRAGMA writable_schema = 1",
        "SET default_transaction_read_only = off",
        "",
    ],
)
def test_query_that_does_more_than_ask_is_refused(query: str, database: Database) -> None:
    database.write("t", "create", OLD)
    with pytest.raises((SourceError, ValidationError)):
        database.source(query=query).scan(database.context).collect()
    assert_frame_equal(database.read(table="t"), OLD)
    assert database.read(query=tables_in(database.id)).height == 1


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM t -- all of it",
        "WITH a AS (SELECT * FROM t) SELECT * FROM a;\n",
        "SELECT * FROM t WHERE id = 1 UNION ALL SELECT * FROM t WHERE id = 2",
        "SELECT id, name FROM t ORDER BY id LIMIT 5",
    ],
)
def test_query_that_asks_is_answered(query: str, database: Database) -> None:
    database.write("t", "create", OLD)
    assert_frame_equal(database.read(query=query), OLD)


def test_computed_columns_have_the_types_of_their_values(database: Database) -> None:
    database.write("t", "create", OLD)
    computed = "id * 2 AS twice, id * 0.5 AS half, 'x' AS text, NULL AS none, count(*) AS n"
    found = database.read(query=f"SELECT {computed} FROM t GROUP BY id ORDER BY id")
    assert found["twice"].to_list() == [2, 4]
    assert found["twice"].dtype.is_integer()
    assert [float(each) for each in found["half"]] == [0.5, 1.0]
    assert found["text"].dtype == pl.String
    assert found["none"].to_list() == [None, None]
    assert found["n"].to_list() == [1, 1]


def test_missing_table_offers_its_neighbour(database: Database) -> None:
    database.write("orders", "create", OLD)
    with pytest.raises(SourceError, match=r"There is no table ordres in .*\. Did you mean 'orders'"):
        database.source(table="ordres").columns(database.context)
    with pytest.raises(SourceError, match=r"There is no table zzz in .*\. Tables: orders\."):
        database.source(table="zzz").columns(database.context)


def test_unknown_column_of_a_query_is_an_error(database: Database) -> None:
    database.write("t", "create", OLD)
    with pytest.raises(SourceError, match="idd"):
        database.source(query="SELECT t.idd FROM t").columns(database.context)


def test_two_columns_of_one_name_are_told_apart_or_refused(database: Database) -> None:
    database.write("t", "create", OLD)
    source = database.source(query="SELECT a.id, b.id FROM t a JOIN t b ON a.id + 1 = b.id")
    if database.id == "postgresql":
        with pytest.raises(SourceError, match=r"two columns named 'id'\. Give each a name of its own"):
            source.columns(database.context)
    else:
        assert read(source, database.context).rows() == [(1, 2)]


NAMES = ["select", 'odd "ünï" name', "a.b", "'; DROP TABLE t; -- %s"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_quoted(name: str, database: Database) -> None:
    table = pl.DataFrame({name: [1], f"{name} 2": ["x"]})
    written = '"' + name.replace('"', '""') + '"'
    for mode in ("create", "append", "replace"):
        database.write(written, mode, table)
    assert_frame_equal(database.read(table=written), table)


def test_text_is_never_code(database: Database) -> None:
    table = pl.DataFrame({"t": ["'); DROP TABLE t; --", "\\N", "\\", "$1 %s ?", "\r\n\t"]})
    database.write("t", "create", table)
    assert_frame_equal(database.read(table="t"), table)


def test_many_rows_come_in_batches_and_in_order(database: Database) -> None:
    table = pl.select(id=pl.int_range(130_000), text=pl.format("row {}", pl.int_range(130_000)))
    assert database.write("t", "create", table) == 130_000
    assert_frame_equal(database.read(table="t"), table)


def test_type_that_a_database_lacks_is_refused_by_column(database: Database) -> None:
    rows = pl.DataFrame({"fine": [1], "nested": [[[1]]]})
    if database.id == "duckdb":
        database.write("t", "create", rows)
        assert database.read(table="t")["nested"].to_list() == [[[1]]]
        return
    with pytest.raises(DestinationError, match=r"Column 'nested' holds list values, which .* cannot hold"):
        database.write("t", "create", rows)


def test_target_says_which_table_of_which_database(database: Database) -> None:
    shown = database.destination("sales.t", "create").target(database.context)
    assert (
        shown == ("sales.t in " + ("postgres on 127.0.0.1:" if database.id == "postgresql" else ""))
        or "sales.t in " in shown
    )


@pytest.mark.parametrize("id", IDS)
def test_a_source_is_a_table_or_a_query(id: str) -> None:
    path = {} if id == "postgresql" else {"path": "d.db"}
    for both in ({}, {"table": "t", "query": "SELECT 1"}, {"table": ""}):
        with pytest.raises(ValidationError, match="give a table or a query"):
            sources()[id].model_validate({**path, **both})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("t", ("t",)),
        ("sales.orders", ("sales", "orders")),
        ('"sales.orders"', ("sales.orders",)),
        ('a."b ""c"""', ("a", 'b "c"')),
        ("two words", ("two words",)),
    ],
)
def test_name_of_a_table_has_parts(text: str, expected: tuple[str, ...]) -> None:
    assert parts(text) == expected
    assert qualified(text) == ".".join('"' + each.replace('"', '""') + '"' for each in expected)


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", 'a"', '"a', '"a"b', "a..b", '""'])
def test_what_is_no_name_is_refused(text: str) -> None:
    if text == 'a"':
        assert parts(text) == ('a"',)
        return
    with pytest.raises(ValueError, match=r"is not the name of a table|is not closed"):
        parts(text)


@pytest.fixture
def locked(context: Context) -> Context:
    lay(context.folder, "d.db", "no database at all" * 100)
    return context


@pytest.mark.parametrize("id", ["sqlite", "duckdb"])
@pytest.mark.parametrize("mode", ["create", "append", "replace"])
def test_file_that_is_no_database_is_refused_and_kept(id: str, mode: str, locked: Context) -> None:
    with pytest.raises(DestinationError, match=r"t in .*d\.db cannot be written"):
        Database(id, locked).write("t", mode, OLD)
    assert (locked.folder / "d.db").read_text().startswith("no database at all")
