from __future__ import annotations

import json
import math
import time
from collections import Counter
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from numpy.random import default_rng

from dataprep_app.profile import BINS, ColumnProfile, profiles

NAN = float("nan")
INF = float("inf")


def profile(values: list[object], dtype: pl.DataType | None = None) -> ColumnProfile:
    return profiles(pl.DataFrame({"x": pl.Series(values, dtype=dtype, strict=False)}))["x"]


def test_numbers_agree_with_numpy() -> None:
    values = default_rng(0).gamma(2, 5, 10_000)
    found = profile([*values, None])
    assert found.rows == 10_001
    assert (found.missing, found.invalid, found.valid) == (1, 0, 10_000)
    assert found.mean == pytest.approx(np.mean(values), rel=1e-12)
    assert found.std == pytest.approx(np.std(values, ddof=1), rel=1e-12)
    assert found.quartiles == pytest.approx(np.quantile(values, [0.25, 0.5, 0.75]), rel=1e-12)
    assert (found.min, found.max) == (values.min(), values.max())
    assert found.histogram == tuple(np.histogram(values, bins=BINS)[0])
    assert found.distinct == len(set(values))


def test_histogram_counts_every_value_once_when_values_lie_on_edges() -> None:
    values = list(range(13)) * 3
    found = profile(list(values))
    assert found.histogram == tuple(np.histogram(values, bins=BINS)[0])
    assert sum(found.histogram) == len(values)


def test_nan_is_missing_and_infinity_is_invalid() -> None:
    found = profile([1.0, NAN, None, INF, -INF, 3.0])
    assert (found.missing, found.invalid, found.valid) == (2, 2, 2)
    assert (found.min, found.max, found.mean, found.distinct) == (1.0, 3.0, 2.0, 2)


def test_ends_further_apart_than_a_float_holds_still_have_a_histogram() -> None:
    assert sum(profile([-1e308, 0.0, 1e308]).histogram) == 3


def test_whole_numbers_keep_every_digit() -> None:
    found = profile([2**62 + 1, -5])
    assert (found.min, found.max) == (-5, 2**62 + 1)
    assert found.type == "integer"


def test_one_value_makes_one_bin() -> None:
    found = profile([7, 7, None])
    assert found.histogram == (2,)
    assert found.distinct == 1
    assert found.std == 0.0


def test_text_has_its_most_frequent_values_with_ties_in_order() -> None:
    values = [*"bbaaccd", "", None, *"efgh"]
    found = profile(list(values))
    counts = Counter(each for each in values if each is not None)
    assert found.top == tuple(sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:5])
    assert (found.distinct, found.missing) == (len(counts), 1)
    assert found.histogram == ()


def test_a_column_named_like_our_own_words_is_counted() -> None:
    found = profiles(
        pl.DataFrame({"rows": ["a", "a", "b"], "value": [True, False, None], "^x$": [1, 2, 3], "*": [0, 0, 1]})
    )
    assert found["rows"].top == (("a", 2), ("b", 1))
    assert found["value"].top == (("false", 1), ("true", 1))
    assert (found["^x$"].max, found["*"].max) == (3, 1)


def test_dates_have_a_range_and_a_histogram() -> None:
    days = [date(2014, 1, 1) + timedelta(days=each) for each in range(121)]
    found = profile(list(days))
    assert (found.min, found.max, found.kind) == ("2014-01-01", "2014-05-01", "date")
    assert found.quartiles == tuple(days[place].isoformat() for place in (30, 60, 90))
    assert found.histogram == tuple(np.histogram(np.arange(121), bins=BINS)[0])
    moments = profile([datetime(2020, 1, 1, 12), datetime(2020, 1, 3)])
    assert (moments.min, moments.type) == ("2020-01-01 12:00:00", "datetime")


def test_texts_that_could_not_be_read_are_invalid_and_not_missing() -> None:
    table = pl.DataFrame({"paid": [1.0, None, None, None], "paid_error": [None, "soon", "never", None]})
    found = profiles(table)["paid"]
    assert (found.missing, found.invalid, found.valid) == (1, 2, 1)


@pytest.mark.parametrize(
    "dtype",
    [pl.Float64(), pl.Int64(), pl.String(), pl.Boolean(), pl.Date(), pl.Datetime("us"), pl.Time(), pl.Duration("us"),
     pl.Decimal(10, 2), pl.Null(), pl.List(pl.Int64())],
    ids=str,
)  # fmt: skip
def test_no_row_and_all_missing_leave_a_profile_without_values(dtype: pl.DataType) -> None:
    for values in ([], [None, None]):
        found = profile(list(values), dtype)
        assert (found.rows, found.missing, found.valid) == (len(values), len(values), 0)
        assert (found.min, found.max, found.histogram, found.top) == (None, None, (), ())


def test_lists_and_objects_are_counted_but_not_compared() -> None:
    found = profile([[1], None, [2, 3]])
    assert (found.kind, found.missing, found.distinct) == ("other", 1, None)


def test_every_profile_is_plain_json() -> None:
    table = pl.DataFrame(
        {
            "n": [1.5, None],
            "d": [date(2020, 1, 1), None],
            "t": [timedelta(days=1), None],
            "m": pl.Series(["1.25", None]).cast(pl.Decimal(10, 2)),
            "s": ["a", None],
        }
    )
    for found in profiles(table).values():
        again = json.loads(json.dumps(found.as_json(), allow_nan=False))
        assert again["name"] == found.name
        assert again["missing"] == 1


def test_known_profiles_are_taken_as_they_are() -> None:
    table = pl.DataFrame({"a": [1, 2], "b": [3, 4]})
    known = {"a": profiles(table)["b"]}
    found = profiles(table, known)
    assert found["a"] is known["a"]
    assert found["b"].max == 4
    assert list(found) == ["a", "b"]


def test_sixty_columns_of_twenty_thousand_rows_are_quick() -> None:
    random = default_rng(1)
    columns: dict[str, object] = {f"n{i}": random.normal(size=20_000) for i in range(40)}
    columns |= {f"t{i}": random.choice(["a", "b", "c", "d"], 20_000) for i in range(20)}
    table = pl.DataFrame(columns)
    taken = math.inf
    for _ in range(5):
        start = time.perf_counter()
        profiles(table)
        taken = min(taken, time.perf_counter() - start)
    assert taken < 0.6, "0.07 s on a machine at rest; this leaves room for one that is not"
