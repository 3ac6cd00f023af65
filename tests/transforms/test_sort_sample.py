"""Sorting and sampling: what is particular to them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import duckdb
import polars as pl
import pytest
from pydantic import ValidationError

from tests.checks import assert_same_rows, result
from transforms.core.errors import InvalidStepError
from transforms.sort_sample import SampleRandom, SampleStratified, ShuffleRows, SortRows

NAN = float("nan")
ROWS = pl.DataFrame(
    {
        "i": range(200),
        "g": [("a", "b", None)[min(i % 5, 2)] for i in range(200)],
        "x": [None if i % 7 == 0 else NAN if i % 11 == 0 else i % 13 / 2 for i in range(200)],
        "t": [("Zoë", "anna", "Émile", "zack", "", None)[i % 6] for i in range(200)],
    }
)


@pytest.mark.parametrize("nulls", ["first", "last"])
@pytest.mark.parametrize("descending", [False, True])
def test_order_is_that_of_sql_with_nan_among_the_missing(nulls: Any, descending: bool) -> None:
    by = ({"column": "x", "descending": descending}, {"column": "t"}, {"column": "i", "descending": True})
    found = result(SortRows(by=by, nulls=nulls), ROWS)
    arrow = ROWS.with_columns(key=pl.col("x").fill_nan(None)).to_arrow()
    order = f"key {'desc' if descending else 'asc'} nulls {nulls}, t asc nulls {nulls}, i desc"
    with duckdb.connect() as connection:
        connection.register("rows", arrow)
        expected = [i for (i,) in connection.execute(f"select i from rows order by {order}").fetchall()]
    assert found["i"].to_list() == expected
    assert found.columns == ROWS.columns
    assert found["x"].is_nan().sum() == ROWS["x"].is_nan().sum()


def test_equal_rows_keep_their_order_on_one_machine() -> None:
    found = result(SortRows(by=({"column": "g"},)), ROWS)
    assert found.filter(g="a")["i"].is_sorted()


def test_capitals_can_be_taken_as_equal() -> None:
    names = pl.DataFrame({"t": ["b", "B", "a", "É", "é", "C"]})
    by = ({"column": "t"},)
    assert result(SortRows(by=by), names)["t"].to_list() == ["B", "C", "a", "b", "É", "é"]
    assert result(SortRows(by=by, ignore_case=True), names)["t"].to_list() == ["a", "b", "B", "C", "É", "é"]


def test_lists_cannot_be_sorted_by() -> None:
    with pytest.raises(InvalidStepError, match="'l' holds list values"):
        result(SortRows(by=({"column": "l"},)), pl.DataFrame({"l": [[1]]}))


def test_shuffled_rows_are_all_there_in_an_order_of_the_seed_alone() -> None:
    one, other = result(ShuffleRows(seed=1), ROWS), result(ShuffleRows(seed=2), ROWS)
    assert_same_rows(one, ROWS)
    assert not one.equals(other)
    assert one.equals(result(ShuffleRows(seed=1), ROWS.reverse()))
    assert not one["i"].is_sorted()


def test_a_number_of_rows_is_exact_and_a_share_about_right() -> None:
    assert result(SampleRandom(rows=50), ROWS).height == 50
    assert result(SampleRandom(rows=500), ROWS).height == 200
    many = pl.DataFrame({"i": range(20_000)})
    assert result(SampleRandom(share=0.3), many).height == pytest.approx(6_000, abs=260)  # four standard deviations
    assert result(SampleRandom(share=1.0), many).height == 20_000


def test_samples_do_not_depend_on_the_order_of_the_table_and_grow_with_the_share() -> None:
    small, large = result(SampleRandom(share=0.2), ROWS), result(SampleRandom(share=0.5), ROWS)
    assert set(small["i"]) < set(large["i"])
    for step in (SampleRandom(rows=20), SampleRandom(share=0.2), SampleStratified(by=("g",), share=0.3)):
        assert_same_rows(result(step, ROWS), result(step, ROWS.reverse()))


def test_size_is_given_once() -> None:
    for kind in (SampleRandom, SampleStratified):
        by: dict[str, Any] = {"by": ("g",)} if kind is SampleStratified else {}
        with pytest.raises(ValidationError, match="found neither"):
            kind(**by)
        with pytest.raises(ValidationError, match="found both"):
            kind(rows=1, share=0.5, **by)


def sizes(**params: Any) -> Counter[Any]:
    found = result(SampleStratified(by=("g",), **params), ROWS)
    assert found.columns == ROWS.columns
    return Counter(found["g"].to_list())


def test_each_group_has_its_share_or_number_of_rows() -> None:
    assert Counter(ROWS["g"].to_list()) == {"a": 40, "b": 40, None: 120}
    assert sizes(share=0.3) == {"a": 12, "b": 12, None: 36}
    assert sizes(rows=50) == {"a": 40, "b": 40, None: 50}
    assert sizes(share=0.01) == {"a": 1, "b": 1, None: 1}
    assert sizes(share=0.01, min_per_group=3) == {"a": 3, "b": 3, None: 3}
    assert sizes(share=0.0125, min_per_group=0) == {"a": 1, "b": 1, None: 2}, "half is rounded up"


def test_shares_that_are_no_binary_fractions_are_exact() -> None:
    hundred = pl.DataFrame({"i": range(100), "g": ["a"] * 100})
    assert result(SampleStratified(by=("g",), share=0.29), hundred).height == 29


def test_null_and_nan_are_one_group() -> None:
    table = pl.DataFrame({"i": range(6), "z": [NAN, None, 1.0, NAN, None, 1.0]})
    found = result(SampleStratified(by=("z",), rows=1), table)
    assert found.height == 2
    assert found["z"].fill_nan(None).to_list().count(1.0) == 1


def test_rows_equal_in_all_columns_are_still_counted_one_by_one() -> None:
    same = pl.DataFrame({"g": ["a"] * 10})
    assert result(SampleStratified(by=("g",), share=0.4), same).height == 4
    assert result(SampleRandom(rows=4), same).height == 4
    assert result(SampleRandom(share=0.4), same).height in (0, 10)
