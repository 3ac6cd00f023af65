"""Steps that lean on the order and the files of a source, on Spark as on polars."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flows import edits
from flows.document import Destination, Flow, Source
from flows.engines.base import Control
from flows.engines.polars_engine import PolarsEngine
from flows.engines.start import EngineName, start_engine
from flows.run import Options, run
from tests.checks import assert_same_rows
from transforms.core.relations import Limit, MapRows
from transforms.core.relations import Source as Opened
from transforms.core.rowwise import KeepRows
from transforms.core.statistics import Head

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of three CSV files, whose names of columns are the third row of the first."""
    (tmp_path / "sales").mkdir()
    heads = ["Sales of May,\n,\nShop,Sold\n", "", ""]
    for part, head in enumerate(heads):
        rows = "".join(f"shop {part}-{i},{i}\n" for i in range(50))
        (tmp_path / "sales" / f"part-{part}.csv").write_text(head + rows)
    return tmp_path


def outcome(engine: EngineName, folder: Path, transform: str, params: dict[str, Any]) -> pl.DataFrame:
    source = Source(connector="csv", params={"path": "sales", "header": False})
    flow = edits.add_source(Flow(), "sales", source)
    flow = edits.add_step(flow, "step", transform, ["sales"], params)
    flow = edits.add_destination(
        flow, "out", Destination(input="step", connector="parquet", params={"path": f"{engine}.parquet"})
    )
    run(flow, folder, lambda sources, control: start_engine(engine, sources, control), Options())
    return pl.read_parquet(folder / f"{engine}.parquet")


@pytest.mark.parametrize("params", [{"row": 3}, {"row": 3, "drop_rows_above": False}, {"row": 140, "clean": True}])
def test_a_row_becomes_the_header(spark: SparkSession, folder: Path, params: dict[str, Any]) -> None:
    expected = outcome("polars", folder, "promote_header_row", params)
    assert_same_rows(outcome("spark", folder, "promote_header_row", params), expected)
    assert expected.columns == (["shop_2_36", "36"] if params["row"] == 140 else ["Shop", "Sold"])


def test_rows_know_their_file(spark: SparkSession, folder: Path) -> None:
    params = {"fields": ["file_name", "row_in_file", "modified_at"]}
    found = outcome("spark", folder, "add_source_info", params)
    assert_same_rows(found, outcome("polars", folder, "add_source_info", params))
    assert found["row_in_file"].max() == 53


def test_first_rows_and_all_but_the_first(spark: SparkSession) -> None:
    from flows.engines.spark_engine import SparkEngine

    table = pl.DataFrame({"n": range(100), "odd . name": [f"{i}" for i in range(100)]})
    on_spark, on_polars = SparkEngine(spark, {"t": table}, Control()), PolarsEngine.over({"t": table})
    even = MapRows(Opened("t"), KeepRows(pl.col("n") % 2 == 0))
    for relation in (Limit(Opened("t"), None, 7), Limit(even, None, 3), Limit(Opened("t"), None, 200)):
        assert_frame_equal(on_spark.collect(relation), on_polars.collect(relation))
    asked = [(even, [Head(("odd . name",), 3), Head(("n", "odd . name"), 0)]), (Opened("t"), [Head(("n",), 1_000)])]
    for first, second in zip(on_spark.measure(asked), on_polars.measure(asked), strict=True):
        for mine, other in zip(first, second, strict=True):
            assert_frame_equal(mine, other)
