"""Values replaced by chance."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from faker.providers.person.de_DE import Provider
from scipy import stats

from tests.checks import result
from transforms.core.errors import InvalidStepError, StepError
from transforms.privacy_random import AddNoise, ReplaceRandomRange, ReplaceWithFake, ShuffleColumn

NAN = float("nan")
MANY = pl.DataFrame({"id": range(4_000)}).with_columns(x=pl.col("id") * 2.5, n=pl.col("id") % 100)


def test_equal_values_get_equal_fakes_and_others_mostly_not() -> None:
    table = pl.DataFrame({"x": ["a", "b", None, "a", ""], "id": [1, 2, 3, 4, 5]})
    found = result(ReplaceWithFake(column="x", kind="email"), table)["x"].to_list()
    assert found[0] == found[3] != found[1]
    assert found[2] is None
    assert all("@example." in each for each in found if each)
    apart = result(ReplaceWithFake(column="x", kind="email", consistent=False), table)["x"].to_list()
    assert apart[0] != apart[3]
    assert apart[2] is None


def test_fakes_come_from_the_locale_and_fit_on_a_line() -> None:
    table = pl.DataFrame({"x": [str(i) for i in range(20)]})
    names = result(ReplaceWithFake(column="x", kind="first_name", locale="de_DE"), table)["x"].to_list()
    assert set(names) <= set(Provider.first_names)
    addresses = result(ReplaceWithFake(column="x", kind="address"), table)["x"].to_list()
    assert not any("\n" in each for each in addresses)


def test_locales_and_kinds_that_are_not_there_are_refused() -> None:
    schema = pl.Schema({"x": pl.String()})
    with pytest.raises(InvalidStepError, match="There is no locale 'xx_XX'"):
        ReplaceWithFake(column="x", locale="xx_XX").bind(schema)


def test_seeds_and_keys_change_what_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHECKS_KEY", "k" * 40)
    for make in (
        lambda **settings: ReplaceWithFake(column="id", kind="email", **settings),
        lambda **settings: ReplaceRandomRange(column="x", min=0, max=1000, **settings),
        lambda **settings: ShuffleColumn(columns=("x",), **settings),
        lambda **settings: AddNoise(columns=("x",), **settings),
    ):
        table = MANY.head(30)
        first = result(make(), table)
        assert result(make(), table).equals(first)
        assert not result(make(seed=1), table).equals(first)
        with_key = result(make(key_from="env:CHECKS_KEY"), table)
        assert not with_key.equals(first)
        assert result(make(key_from="env:CHECKS_KEY"), table).equals(with_key)
        with pytest.raises(StepError, match="NOT_SET_ANYWHERE"):
            result(make(key_from="env:NOT_SET_ANYWHERE"), table)


def test_numbers_are_uniform_between_the_ends() -> None:
    found = result(ReplaceRandomRange(column="x", min=10, max=20), MANY)["x"]
    assert stats.kstest(found.to_numpy(), stats.uniform(10, 10).cdf).pvalue > 0.001
    whole = result(ReplaceRandomRange(column="n", min=1, max=6), MANY)["n"]
    assert whole.dtype == pl.Int64
    assert stats.chisquare(whole.value_counts()["count"].to_numpy()).pvalue > 0.001
    assert set(whole) == {1, 2, 3, 4, 5, 6}


def test_extreme_ends_are_reached_and_never_left() -> None:
    low, high = -(2**63), 2**63 - 1
    found = result(ReplaceRandomRange(column="id", min=low, max=high), MANY)["id"]
    assert found.min() < -(2**62)  # type: ignore[operator]
    assert found.max() > 2**62  # type: ignore[operator]
    one = result(ReplaceRandomRange(column="id", min=high, max=high), MANY.head(3))["id"]
    assert set(one) == {high}


def test_dates_and_moments_are_drawn_between_two() -> None:
    table = pl.DataFrame({"d": [date(1900, 1, 1)] * 200, "id": range(200)}).with_columns(
        t=pl.datetime(2000, 1, 1, time_zone="Europe/Oslo")
    )
    days = result(ReplaceRandomRange(column="d", min="2024-02-28", max="2024-03-01"), table)["d"]
    assert set(days) == {date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1)}
    moments = result(ReplaceRandomRange(column="t", min="2024-01-01", max="2024-01-02"), table)["t"]
    assert moments.dtype == pl.Datetime("us", "Europe/Oslo")
    clock = moments.dt.replace_time_zone(None)
    assert clock.is_between(datetime(2024, 1, 1), datetime(2024, 1, 2)).all()


@pytest.mark.parametrize(
    ("column", "ends", "error"),
    [
        ("id", (5, 1), "The lowest value 5 is above the highest 1"),
        ("id", (0.5, 1), "0.5 is not a integer"),
        ("x", ("a", 1), "'a' is not a number"),
        ("x", (0, float("inf")), "inf is not a number"),
    ],
)
def test_ends_that_do_not_fit_are_refused(column: str, ends: tuple[Any, Any], error: str) -> None:
    with pytest.raises(InvalidStepError, match=error):
        ReplaceRandomRange(column=column, min=ends[0], max=ends[1]).bind(MANY.schema)


def test_missing_values_are_not_replaced() -> None:
    table = pl.DataFrame({"x": [1.0, NAN, None]})
    for step in (ReplaceRandomRange(column="x", min=0, max=1), AddNoise(columns=("x",), unit="value", scale=1)):
        assert result(step, table)["x"].is_null().to_list() == [False, True, True]
    assert result(ReplaceWithFake(column="x"), table)["x"].is_null().to_list() == [False, True, True]


def test_shuffled_columns_keep_their_values_and_rows_lose_them() -> None:
    found = result(ShuffleColumn(columns=("x", "n")), MANY).sort("id")
    assert found["x"].sort().equals(MANY["x"].sort())
    assert (found["x"] == MANY["x"]).sum() < 20
    assert (found["x"] / 2.5 % 100 == found["n"]).all(), "values of a row stay together"
    apart = result(ShuffleColumn(columns=("x", "n"), together=False), MANY).sort("id")
    assert apart["n"].sort().equals(MANY["n"].sort())
    assert (apart["x"] / 2.5 % 100 == apart["n"]).sum() < 200
    assert abs(np.corrcoef(found["id"], found["x"])[0, 1]) < 0.06


def test_values_stay_in_their_group_and_missing_keys_are_one() -> None:
    table = pl.DataFrame({"g": [1.0, 1.0, None, NAN, 2.0], "x": ["a", "b", "c", None, "e"], "id": range(5)})
    found = result(ShuffleColumn(columns=("x",), by=("g",)), table).sort("id")
    assert sorted(found["x"][:2]) == ["a", "b"]
    assert set(found["x"][2:4]) == {"c", None}
    assert found["x"][4] == "e"
    with pytest.raises(InvalidStepError, match="cannot be shuffled between rows that are equal in it"):
        ShuffleColumn(columns=("g",), by=("g",)).bind(table.schema)


def test_equal_rows_are_all_kept() -> None:
    table = pl.DataFrame({"x": [1, 1, 1, 2], "y": ["a", "a", "a", "b"]})
    assert sorted(result(ShuffleColumn(columns=("x",)), table)["x"]) == [1, 1, 1, 2]


@pytest.mark.parametrize(("distribution", "expected"), [("gaussian", stats.norm), ("laplace", stats.laplace)])
def test_noise_is_spread_as_it_says(distribution: Any, expected: Any) -> None:
    step = AddNoise(columns=("x", "n"), distribution=distribution, scale=3, unit="value", suffix="_noisy")
    found = result(step, MANY)
    noise = (found["x_noisy"] - found["x"]).to_numpy()
    assert stats.kstest(noise, expected(scale=3).cdf).pvalue > 0.001
    other = (found["n_noisy"] - found["n"]).to_numpy()
    assert abs(np.corrcoef(noise, other)[0, 1]) < 0.06, "columns get noise of their own"


def test_noise_counts_standard_deviations_of_the_column() -> None:
    found = result(AddNoise(columns=("x",), scale=0.1, suffix="_noisy"), MANY)
    spread = (found["x_noisy"] - found["x"]).std()
    assert spread == pytest.approx(0.1 * MANY["x"].std(), rel=0.05)  # type: ignore[operator]


def test_noise_of_a_constant_or_of_infinity_is_none() -> None:
    table = pl.DataFrame({"c": [5, 5, None], "x": [1.0, float("inf"), None]})
    found = result(AddNoise(columns=("c", "x"), round=2), table)
    assert found["c"].to_list() == [5.0, 5.0, None]
    assert found["x"].is_null().to_list() == [False, True, True]
