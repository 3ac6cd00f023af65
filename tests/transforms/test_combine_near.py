"""Joins by the nearest time and by texts that are alike: what is particular to them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import polars as pl
import pytest
from rapidfuzz.distance import JaroWinkler

from tests.checks import assert_same_rows, result
from transforms.combine_near import AsofJoinTables, FuzzyJoin
from transforms.core.errors import InvalidStepError, StepError

NAN = float("nan")
START = datetime(2024, 1, 1)
TRADES = pl.DataFrame(
    {"at": [START + timedelta(minutes=m) for m in (10, 0, 33, 61, 7)], "who": ["a", "b", "a", "b", "c"]}
)
QUOTES = pl.DataFrame(
    {
        "at": [START + timedelta(minutes=m) for m in (0, 9, 12, 30, 60, 62)],
        "id": ["a", "a", "a", "b", "b", "b"],
        "p": [1, 2, 3, 4, 5, None],
    }
)


def near(**params: Any) -> AsofJoinTables:
    return AsofJoinTables(**{"left_on": "at", "right_on": "at", "left_by": ("who",), "right_by": ("id",), **params})


@pytest.mark.parametrize("tolerance", [None, 5])
@pytest.mark.parametrize("direction", ["backward", "forward", "nearest"])
def test_nearest_rows_are_those_of_pandas(direction: Any, tolerance: int | None) -> None:
    found = result(near(direction=direction, tolerance=tolerance, tolerance_unit="minute"), TRADES, QUOTES)
    expected = pd.merge_asof(
        TRADES.to_pandas().sort_values("at"),
        QUOTES.to_pandas().rename(columns={"id": "who"}).assign(at_right=QUOTES["at"].to_pandas()),
        on="at",
        by="who",
        direction=direction,
        tolerance=None if tolerance is None else pd.Timedelta(minutes=tolerance),
    )
    assert found.columns == ["at", "who", "at_right", "p"]
    wanted = pl.from_pandas(expected[found.columns]).cast(dict(found.schema))  # type: ignore[arg-type]
    assert_same_rows(found, wanted.with_columns(pl.col("p").cast(pl.Int64)))
    assert found["at"].to_list() == TRADES["at"].to_list(), "in the order of the left table"


def test_of_two_rows_as_near_the_one_before_is_taken_and_the_tolerance_is_included() -> None:
    right = pl.DataFrame({"at": [date(2024, 1, 1), date(2024, 1, 3)], "p": ["before", "after"]})
    left = pl.DataFrame({"at": [date(2024, 1, 2), None]})
    step = near(left_by=(), right_by=(), direction="nearest", tolerance=1)
    assert result(step, left, right)["p"].to_list() == ["before", None]
    assert result(step, left, right.reverse())["p"].to_list() == ["before", None]
    none = step.model_copy(update={"tolerance": 0})
    assert result(none, left, right)["p"].to_list() == [None, None]
    assert result(step, left, right.clear()).height == 2


def test_missing_keys_and_nan_match_nothing() -> None:
    left = pl.DataFrame({"at": [START, START, START], "k": [1.0, NAN, None]})
    step = near(left_by=("k",), right_by=("k",))
    assert result(step, left, left.with_columns(p=1))["p"].to_list() == [1, None, None]


def test_times_and_keys_that_do_not_go_together_are_refused() -> None:
    zoned = QUOTES.with_columns(pl.col("at").dt.replace_time_zone("UTC"))
    with pytest.raises(InvalidStepError, match="'at' and 'at', on the right, have different time zones"):
        result(near(), TRADES, zoned)
    with pytest.raises(InvalidStepError, match="1 key columns on the left and 0 on the right"):
        result(near(right_by=()), TRADES, QUOTES)
    with pytest.raises(InvalidStepError, match="so they cannot match"):
        result(near(right_by=("p",)), TRADES, QUOTES)
    both = result(near(), TRADES.with_columns(pl.col("at").dt.replace_time_zone("UTC")), zoned)
    assert both["at_right"][0] == datetime(2024, 1, 1, 0, 9, tzinfo=UTC)


PEOPLE = pl.DataFrame(
    {"name": ["Jon Smith", " MARIA  Garcia", "Zoë", None, "jon smith"], "land": ["no", "es", "no", "no", "es"]}
)
BOOKS = pl.DataFrame(
    {"author": ["John Smith", "Maria García", "Jon Smyth", "X", None], "c": ["no", "es", "no", None, "no"]}
)


def fuzzy(threshold: float = 0.85, **params: Any) -> FuzzyJoin:
    match = {"left": "name", "right": "author", "metric": params.pop("metric", "jaro_winkler"), "threshold": threshold}
    return FuzzyJoin(on=(match,), **params)


def clean(text: str | None) -> str | None:
    return None if text is None else " ".join(text.lower().split())


def test_all_pairs_that_are_alike_are_those_of_rapidfuzz() -> None:
    found = result(fuzzy(0.8, keep="all", how="inner"), PEOPLE, BOOKS)
    expected = {
        (left, right, JaroWinkler.similarity(str(clean(left)), str(clean(right))))
        for left in PEOPLE["name"].drop_nulls()
        for right in BOOKS["author"].drop_nulls()
    }
    pairs = {(a, b): score for a, b, score in found.select("name", "author", "match_score").iter_rows()}
    assert pairs == pytest.approx({(a, b): score for a, b, score in expected if score >= 0.8})
    assert len(pairs) == found.height == 5


def test_each_row_has_the_best_match_or_none() -> None:
    found = result(fuzzy(), PEOPLE, BOOKS)
    assert found.columns == ["name", "land", "author", "c", "match_score"]
    assert found["author"].to_list() == ["John Smith", "Maria García", None, None, "John Smith"]
    assert result(fuzzy(), PEOPLE, BOOKS.reverse()).equals(found)
    bare = result(fuzzy(normalize=False, output=None, how="inner"), PEOPLE, BOOKS)
    assert bare["name"].to_list() == ["Jon Smith"]
    assert "match_score" not in bare.columns


def test_only_rows_with_the_same_keys_are_compared() -> None:
    found = result(fuzzy(left_by=("land",), right_by=("c",)), PEOPLE, BOOKS)
    assert found.columns == ["name", "land", "author", "match_score"]
    assert found["author"].to_list() == ["John Smith", "Maria García", None, None, None]


def test_the_score_of_several_columns_is_their_mean() -> None:
    both = (
        {"left": "name", "right": "author", "metric": "levenshtein", "threshold": 0.5},
        {"left": "land", "right": "c", "metric": "levenshtein", "threshold": 1.0},
    )
    found = result(FuzzyJoin(on=both, how="inner", keep="all"), PEOPLE, BOOKS)
    first = found.filter(name="Jon Smith", author="John Smith")["match_score"].item()
    assert first == pytest.approx((0.9 + 1) / 2)


def test_of_rows_with_the_same_text_one_or_all_are_matched() -> None:
    right = pl.DataFrame({"author": ["Zoe", "zoe ", "Bo"], "name": [1, 2, 3]})
    assert result(fuzzy(0.7), PEOPLE, right).height == 5
    found = result(fuzzy(0.7, keep="all", how="inner"), PEOPLE, right)
    assert found.select("name", "name_right").sort("name_right").rows() == [("Zoë", 1), ("Zoë", 2)]


def test_too_many_pairs_stop_the_run_before_they_are_compared() -> None:
    many = pl.DataFrame({"name": [str(i) for i in range(5_000)]})
    with pytest.raises(StepError, match=r"There are '25000000' pairs of different texts to compare, more than"):
        result(fuzzy(), many, many.rename({"name": "author"}))
    same = pl.DataFrame({"name": ["a"] * 5_000})
    assert result(fuzzy(), same, same.rename({"name": "author"})).height == 5_000
    with pytest.raises(InvalidStepError, match="There is a column 'match_score' already"):
        result(fuzzy(), PEOPLE.with_columns(match_score=1), BOOKS)
