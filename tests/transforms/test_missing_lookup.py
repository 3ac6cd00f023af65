"""Filling from another table, and from the rows around: against pandas."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.checks import result
from transforms.core.errors import InvalidStepError, StepError
from transforms.missing_lookup import FillFromLookup
from transforms.missing_neighbours import ImputeRolling

NAN, INF = float("nan"), float("inf")


def lookup(**settings: Any) -> FillFromLookup:
    keys: dict[str, Any] = {"column": "v", "left_on": ["k"], "right_on": ["k"], "source": "v"}
    return FillFromLookup.model_validate(keys | settings)


def test_only_missing_values_are_looked_up() -> None:
    table = pl.DataFrame({"k": [1, 2, 3, None], "v": [NAN, 20.0, None, None], "w": ["a", "b", "c", "d"]})
    other = pl.DataFrame({"k": [1, 2, None, 4], "v": [1, 2, 9, 4]})
    expected = pl.DataFrame({"k": [1, 2, 3, None], "v": [1.0, 20.0, None, None], "w": ["a", "b", "c", "d"]})
    assert_frame_equal(result(lookup(), table, other), expected)


def test_the_common_type_holds_both() -> None:
    table = pl.DataFrame({"k": [1, 2], "v": [None, 5]})
    assert result(lookup(), table, pl.DataFrame({"k": [1], "v": [0.5]}))["v"].to_list() == [0.5, 5.0]
    empty = pl.DataFrame({"k": [1, 2], "v": [None, None]})
    assert result(lookup(), empty, pl.DataFrame({"k": [1], "v": ["x"]}))["v"].to_list() == ["x", None]
    with pytest.raises(InvalidStepError, match="'v' holds integer values and 'v', of the other table, text values"):
        lookup().bind(table.schema, pl.Schema({"k": pl.Int64(), "v": pl.String()}))


def test_a_key_that_occurs_twice_stops_the_run_or_gives_one_row() -> None:
    table = pl.DataFrame({"k": [1], "v": pl.Series([None], dtype=pl.String)})
    other = pl.DataFrame({"k": [1, 1], "v": ["x", "y"]})
    with pytest.raises(StepError, match=r"Several rows of the lookup table have the same 'k', such as '1'"):
        result(lookup(), table, other)
    assert result(lookup(if_many="first"), table, other)["v"][0] in ("x", "y")


def test_the_key_itself_can_be_the_source() -> None:
    table = pl.DataFrame({"k": ["a", "b"], "v": pl.Series([None, None], dtype=pl.String)})
    assert result(lookup(source="k"), table, pl.DataFrame({"k": ["a"]}))["v"].to_list() == ["a", None]


@pytest.mark.parametrize("statistic", ["mean", "median"])
@pytest.mark.parametrize("window", [2, 3, 5, 8])
def test_gaps_are_filled_from_windows_as_by_pandas(statistic: Any, window: int) -> None:
    random = np.random.default_rng(window)
    values = [None if random.random() < 0.5 else float(v) for v in random.normal(size=40)]
    table = pl.DataFrame({"at": range(40), "x": values})
    rolling = table.to_pandas()["x"].rolling(window, min_periods=1, center=True)
    expected = table.to_pandas()["x"].fillna(getattr(rolling, statistic)())
    step = ImputeRolling(columns=("x",), order_by="at", window=window, statistic=statistic)
    shuffled = table.sample(fraction=1, shuffle=True, seed=1)
    np.testing.assert_allclose(result(step, shuffled).sort("at")["x"].to_numpy(), expected.to_numpy(), rtol=1e-12)


def test_groups_do_not_fill_each_other_and_infinite_values_nobody() -> None:
    table = pl.DataFrame(
        {
            "g": ["a", "a", "b", "b", None, None],
            "at": [date(2024, 1, day) for day in (1, 2, 3, 4, 5, 6)],
            "x": [1.0, None, NAN, INF, None, 3.0],
        }
    )
    found = result(ImputeRolling(columns=("x",), order_by="at", by=("g",)), table).sort("at")
    assert found["x"].to_list() == [1.0, 1.0, None, INF, 3.0, 3.0]
    assert found.columns == table.columns
