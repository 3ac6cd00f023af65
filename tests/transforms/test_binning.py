"""Bins: against scikit-learn and pandas, their labels, and their ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from pydantic import ValidationError
from sklearn.preprocessing import KBinsDiscretizer

from flows.engines.polars_engine import PolarsEngine
from tests.checks import planned, result
from transforms.binning import Bins, CustomBins, EqualFrequencyBins, EqualWidthBins, written
from transforms.core.errors import InvalidStepError, StepError
from transforms.core.relations import MapRows, Source
from transforms.core.transform import Transform

NAN, INF = float("nan"), float("inf")
RANDOM = np.random.default_rng(9)
TABLE = pl.DataFrame(
    {
        "x": RANDOM.normal(size=400),
        "n": RANDOM.integers(0, 12, 400),
        "few": RANDOM.choice([0, 0, 0, 1, 2], 400),
        "same": [7] * 400,
    }
)


def learned_of(step: Transform, table: pl.DataFrame) -> Any:
    return planned(step, PolarsEngine.over({"in0": table}), [Source("in0")])[1]


def on_new_rows(step: Transform, table: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    (plan,), _ = planned(step, PolarsEngine.over({"in0": table}), [Source("in0")])
    assert isinstance(plan, MapRows)
    return plan(new.lazy()).collect()


def lost(step: Transform, table: pl.DataFrame, new: pl.DataFrame) -> list[tuple[str, int]]:
    failures = step.bind(table.schema).failures(learned_of(step, table))
    return [(each.column, new.select(each.where.sum()).item()) for each in failures]


def labels(values: list[Any], **params: Any) -> list[Any]:
    return result(CustomBins(columns=("x",), **params), pl.DataFrame({"x": values}, strict=False))["x"].to_list()


@pytest.mark.parametrize("bins", [2, 5, 13])
@pytest.mark.parametrize(
    ("step", "strategy"), [(EqualWidthBins, "uniform"), (EqualFrequencyBins, "quantile")], ids=["width", "frequency"]
)
def test_bins_are_those_of_scikit_learn(step: Any, strategy: str, bins: int) -> None:
    names = ("x", "n") if strategy == "uniform" else ("x",)
    found = result(step(columns=names, bins=bins, labels="index"), TABLE).select(names)
    oracle = KBinsDiscretizer(bins, encode="ordinal", strategy=strategy, quantile_method="linear", subsample=None)
    np.testing.assert_array_equal(found.to_numpy(), oracle.fit_transform(TABLE.select(names).to_pandas()))


@pytest.mark.filterwarnings("ignore:Bins whose width are too small:UserWarning")
def test_quantiles_that_coincide_are_merged_as_by_scikit_learn() -> None:
    found = result(EqualFrequencyBins(columns=("few",), bins=6, labels="index"), TABLE)["few"]
    oracle = KBinsDiscretizer(6, encode="ordinal", strategy="quantile", quantile_method="linear", subsample=None)
    np.testing.assert_array_equal(found.to_numpy(), oracle.fit_transform(TABLE.select("few").to_pandas())[:, 0])


@pytest.mark.parametrize("closed", ["left", "right"])
def test_custom_bins_are_those_of_pandas(closed: Any) -> None:
    edges = [0, 3, 5, 8, 11]
    found = result(CustomBins(columns=("n",), edges=tuple(edges), closed=closed, labels="index"), TABLE)["n"]
    # pandas leaves the outermost edge of the closed-off side out, or takes it in for right-closed bins only.
    wider = [*edges[:-1], 11.5] if closed == "left" else edges
    cut = pd.cut(TABLE["n"].to_pandas(), wider, right=closed == "right", include_lowest=True, labels=False)
    assert found.to_list() == [None if np.isnan(v) else int(v) for v in cut]


def test_edges_belong_to_the_bin_that_begins_there_and_the_last_is_closed() -> None:
    assert labels([0, 9.99, 10, 20, 20.01, -1], edges=(0, 10, 20)) == [
        "[0, 10)", "[0, 10)", "[10, 20]", "[10, 20]", None, None
    ]  # fmt: skip
    assert labels([0, 10, 10.01, 20], edges=(0, 10, 20), closed="right") == [
        "[0, 10]", "[0, 10]", "(10, 20]", "(10, 20]"
    ]  # fmt: skip


def test_extended_bins_say_so() -> None:
    assert labels([-INF, 9, 15, 20, INF], edges=(0, 10, 20, 30), outside="extend") == [
        "< 10", "< 10", "[10, 20)", ">= 20", ">= 20"
    ]  # fmt: skip
    assert labels([10, 20, 21], edges=(0, 10, 20, 30), outside="extend", closed="right") == [
        "<= 10", "(10, 20]", "> 20"
    ]  # fmt: skip
    assert labels([-5, 99, None], edges=(0, 10), outside="extend") == ["[0, 10]", "[0, 10]", None]


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ((0.0, 0.1 + 0.2, 1.0), ["0", "0.3", "1"]),
        ((0.0, 1 / 3, 2 / 3, 1.0), ["0", "0.333", "0.667", "1"]),
        ((-1234567.0, 0.5, 2e6), ["-1234567", "0.5", "2000000"]),
        ((0.0, 1e-7, 2.0), ["0", "1e-07", "2"]),
        ((0.0, 1e20, 1e21), ["0", "1e+20", "1e+21"]),
        ((-0.0, 100 / 7, 200 / 7), ["0", "14.3", "28.6"]),
        ((1e-300, 1.5e-300, 1.0), ["1e-300", "1.5e-300", "1"]),
        ((1 / 3, 1 / 3), ["0.33333333", "0.33333333"]),
    ],
)
def test_edges_are_written_short_and_apart(edges: tuple[float, ...], expected: list[str]) -> None:
    assert written(edges) == expected


def test_labels_of_learned_bins_are_distinct() -> None:
    for bins in (3, 50, 999):
        ranges = Bins(learned_of(EqualWidthBins(columns=("x",), bins=bins), TABLE).edges["x"], "left", True).ranges
        assert len(set(ranges)) == bins


def test_middles_are_those_of_the_bins() -> None:
    assert labels([-1, 0, 10, 20, None], edges=(0, 10, 30), labels="midpoint", outside="extend") == [
        5.0, 5.0, 20.0, 20.0, None
    ]  # fmt: skip
    assert labels([1e308], edges=(-1.7e308, 1.7e308), labels="midpoint") == [INF]


def test_new_values_extend_the_bins_or_become_missing() -> None:
    table, new = pl.DataFrame({"x": [0.0, 10.0, NAN]}), pl.DataFrame({"x": [-1.0, 10.0, 11.0, None, NAN]})
    step = EqualWidthBins(columns=("x",), bins=2, labels="index")
    assert on_new_rows(step, table, new)["x"].to_list() == [0, 1, 1, None, None]
    assert lost(step, table, new) == []
    strict = step.model_copy(update={"outside": "null"})
    assert on_new_rows(strict, table, new)["x"].to_list() == [None, 1, None, None, None]
    assert lost(strict, table, new) == [("x", 2)]


@pytest.mark.parametrize("step", [EqualWidthBins, EqualFrequencyBins])
@pytest.mark.parametrize(("kind", "dtype"), [("range", pl.String), ("index", pl.Int64), ("midpoint", pl.Float64)])
def test_a_column_without_values_has_no_bins(step: Any, kind: Any, dtype: Any) -> None:
    for values in (pl.Series([None, None]), pl.Series([None, INF], dtype=pl.Float64)):
        table = pl.DataFrame({"x": values})
        found = result(step(columns=("x",), labels=kind), table)["x"]
        assert (found.to_list(), found.dtype) == ([None, None], dtype)
    assert lost(step(columns=("x",)), table, pl.DataFrame({"x": [5.0, None]})) == [("x", 1)]


@pytest.mark.parametrize("step", [EqualWidthBins, EqualFrequencyBins])
def test_equal_values_are_in_one_bin(step: Any) -> None:
    found = result(step(columns=("same",)), TABLE)["same"]
    assert set(found) == {"[7, 7]"}


def test_the_first_name_is_that_of_equal_values() -> None:
    step = EqualWidthBins(columns=("same",), bins=3, labels="custom", names=("a", "b", "c"))
    assert set(result(step, TABLE)["same"]) == {"a"}


def test_too_few_different_values_can_be_refused() -> None:
    with pytest.raises(StepError, match=r"'few' are equal, so that only \d of the 10 bins would differ"):
        result(EqualFrequencyBins(columns=("few",), bins=10, duplicates="error"), TABLE)
    named = EqualFrequencyBins(columns=("few",), bins=3, labels="custom", names=("a", "b", "c"))
    with pytest.raises(StepError, match="use labels other than custom"):
        result(named, TABLE)


def test_bins_can_have_names() -> None:
    step = EqualFrequencyBins(columns=("x",), bins=2, labels="custom", names=("low", "hög"))
    assert result(step, TABLE)["x"].value_counts().sort("x").rows() == [("hög", 200), ("low", 200)]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"edges": (0, 5, 5)}, "The edge 5 is not above the one before it, 5"),
        ({"edges": (0,)}, "at least 2 items"),
        ({"edges": (0, INF)}, "finite number"),
        ({"edges": (0, 1, 2), "labels": "custom", "names": ("a",)}, "There are 2 bins and 1 names"),
        ({"edges": (0, 1, 2), "labels": "custom", "names": ("a", "a")}, "Two bins are named 'a'"),
        ({"edges": (0, 1), "labels": "custom"}, "'custom' labels and 'names' go together"),
        ({"edges": (0, 1), "names": ("a",)}, "'custom' labels and 'names' go together"),
    ],
)
def test_edges_and_names_that_cannot_be_are_refused(params: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CustomBins(columns=("x",), **params)


def test_new_columns_get_the_suffix() -> None:
    step = EqualWidthBins(columns=("n",), suffix="_bin")
    found = result(step, TABLE)
    assert found.columns == [*TABLE.columns, "n_bin"]
    with pytest.raises(InvalidStepError, match="There is a column 'n_bin' already"):
        step.bind(found.schema)
