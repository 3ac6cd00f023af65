"""How much is missing, and what stands for missing values."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flows.engines.polars_engine import PolarsEngine
from tests.checks import planned, result
from transforms.core.errors import InvalidStepError
from transforms.core.relations import MapRows, Source
from transforms.missing import ImputeMissingCategory
from transforms.missing_shares import CountMissingPerRow, DropMissingColumns
from transforms.missing_values import NanToMissing

NAN, INF = float("nan"), float("inf")
RANDOM = np.random.default_rng(1)
TABLE = pl.DataFrame(
    {f"c{i}": [None if RANDOM.random() < i / 10 else float(v) for v in range(60)] for i in range(10)}
).with_columns(text=pl.Series([""] * 40 + ["x"] * 20))


@pytest.mark.parametrize("most", [0.0, 0.3, 0.5, 0.8])
def test_columns_with_too_many_missing_values_go_as_by_pandas(most: float) -> None:
    frame = TABLE.to_pandas()
    expected = frame.loc[:, frame.isna().mean() <= most].columns.to_list()
    assert result(DropMissingColumns(max_missing=most), TABLE).columns == expected


def test_the_same_columns_go_from_new_rows() -> None:
    (plan,), learned = planned(DropMissingColumns(), PolarsEngine.over({"in0": TABLE}), [Source("in0")])
    assert isinstance(plan, MapRows)
    new = TABLE.with_columns(pl.lit(None, pl.Float64).alias("c0"), pl.lit(1.0).alias("c9"))
    found = plan(new.lazy()).collect()
    assert "c0" in found.columns
    assert "c9" not in found.columns
    assert learned.shares["c0"] == 0.0  # type: ignore[union-attr]


def test_blank_text_counts_where_it_is_to() -> None:
    assert "text" in result(DropMissingColumns(), TABLE).columns
    assert "text" not in result(DropMissingColumns(treat_blank=True), TABLE).columns


def test_a_table_keeps_the_column_with_the_fewest_missing_values() -> None:
    table = pl.DataFrame({"a": [None, None, 1], "b": [None, 1, 1], "c": [None, None, 1]})
    assert result(DropMissingColumns(max_missing=0), table).columns == ["b"]


def test_missing_values_of_a_row_are_counted_as_by_pandas() -> None:
    found = result(CountMissingPerRow(), TABLE)["missing_count"]
    assert found.dtype == pl.Int64
    assert found.to_list() == TABLE.to_pandas().isna().sum(axis=1).to_list()
    shares = result(CountMissingPerRow(as_share=True), TABLE)["missing_count"]
    np.testing.assert_allclose(shares.to_numpy(), TABLE.to_pandas().isna().mean(axis=1).to_numpy())


def test_nothing_to_count_in_is_nothing_missing() -> None:
    step = CountMissingPerRow.model_validate({"columns": {"type": "date"}, "as_share": True})
    assert result(step, pl.DataFrame({"x": [1, 2]}))["missing_count"].to_list() == [0.0, 0.0]


def test_a_count_needs_a_free_name() -> None:
    with pytest.raises(InvalidStepError, match="There is a column 'x' already"):
        CountMissingPerRow(output="x").bind(pl.Schema({"x": pl.Int64()}))


def test_every_kind_of_float_loses_nan_and_infinity() -> None:
    table = pl.DataFrame(
        {"x": [1.0, NAN, INF, -INF, None], "y": pl.Series([NAN, 2.0, INF, 0.0, -0.0], dtype=pl.Float32), "n": range(5)}
    )
    found = result(NanToMissing(), table)
    assert found.schema == table.schema
    assert found["x"].to_list() == [1.0, None, None, None, None]
    assert found["y"].to_list() == [None, 2.0, None, 0.0, -0.0]
    assert_frame_equal(found.select("n"), table.select("n"))


def test_only_infinite_values_are_counted_as_lost() -> None:
    table = pl.DataFrame({"x": [1.0, NAN, INF, None]})
    (failure,) = NanToMissing().bind(table.schema).failures()
    assert table.select(failure.where.sum()).item() == 1
    assert not list(NanToMissing(infinity=False).bind(table.schema).failures())


def test_missing_text_becomes_a_category_and_the_same_text_is_counted() -> None:
    table = pl.DataFrame({"city": ["Missing", None, ""], "none": [None, None, None]})
    step = ImputeMissingCategory().bind(table.schema)
    found = result(ImputeMissingCategory(), table)
    assert found["city"].to_list() == ["Missing", "Missing", ""]
    assert found["none"].to_list() == ["Missing"] * 3
    assert [table.select(each.where.sum()).item() or 0 for each in step.failures()] == [1, 0]
