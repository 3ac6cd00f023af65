from __future__ import annotations

import polars as pl

from flows.matching import match_rates, rates_of, suggested_keys

LEFT = pl.DataFrame({"id": [1, 2, 2, None, 9], "city": ["a", "b", "a", "b", "c"], "score": [0.5, 1.5, 2.5, 3.5, 4.5]})
RIGHT = pl.DataFrame({"ID": [1, 2, 2, 5, None], "town": ["a", "b", "z", "y", "x"], "score": [0.1, 0.2, 0.3, 0.4, 0.6]})


def test_rows_with_and_without_a_partner_are_counted_and_missing_keys_match_nothing() -> None:
    rates = rates_of(match_rates(LEFT.lazy(), RIGHT.lazy(), ["id"], ["ID"]).collect())
    joined = LEFT.join(RIGHT, left_on="id", right_on="ID")
    assert rates.inner_rows == joined.height == 5
    assert (rates.left_rows, rates.left_matched, rates.left_unmatched) == (5, 3, 2)
    assert (rates.right_rows, rates.right_matched, rates.right_unmatched) == (5, 3, 2)
    assert (rates.left_repeated, rates.right_repeated) == (2, 2)


def test_keys_of_different_sizes_and_nan_are_compared_as_a_join_compares_them() -> None:
    small = pl.DataFrame({"k": pl.Series([1, 2], dtype=pl.Int16)})
    assert rates_of(match_rates(small.lazy(), LEFT.lazy(), ["k"], ["id"]).collect()).left_matched == 2
    nan = pl.DataFrame({"k": [float("nan"), 1.0]})
    assert rates_of(match_rates(nan.lazy(), nan.lazy(), ["k"], ["k"]).collect()).left_matched == 1


def test_empty_tables_match_nothing() -> None:
    rates = rates_of(match_rates(LEFT.clear().lazy(), RIGHT.lazy(), ["id"], ["ID"]).collect())
    assert (rates.left_rows, rates.right_rows, rates.inner_rows) == (0, 5, 0)


def test_equal_names_are_suggested_first_and_numbers_with_decimals_of_other_names_never() -> None:
    pairs = [(each.left, each.right) for each in suggested_keys(LEFT, RIGHT)]
    assert pairs[0] == ("id", "ID")
    assert ("city", "town") in pairs
    assert all(left != "score" for left, _ in pairs)
