"""Encoding, grouping and mapping of categories."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal, assert_series_equal
from pydantic import ValidationError
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, OrdinalEncoder, TargetEncoder

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import result
from transforms.categorical import CODES, LabelEncode, OneHotEncode, OrdinalEncode
from transforms.categorical_groups import GroupRareCategories, MapValues, MergeCategories
from transforms.categorical_target import TargetEncode
from transforms.core.errors import InvalidStepError, StepError
from transforms.core.relations import Source
from transforms.core.transform import FittedTransform, Learned, RowTransform

RANDOM = np.random.default_rng(7)
CITIES = pl.DataFrame(
    {
        "city": RANDOM.choice(["Oslo", "Rome", "Pécs", ""], 200),
        "zone": RANDOM.integers(-2, 12, 200),
        "y": RANDOM.normal(size=200),
        "plan": RANDOM.choice(["basic", "pro", "team"], 200),
    }
)


def fitted(step: FittedTransform, table: pl.DataFrame) -> tuple[Any, Learned]:
    """The step bound to a table, and what it learns there."""
    bound = step.bind(table.schema)
    learned = bound.fit(Asking(PolarsEngine.over({"in0": table}), (Source("in0"),)))
    assert learned is not None
    return bound, learned


def on_new_rows(step: FittedTransform, table: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    bound, learned = fitted(step, table)
    found: pl.DataFrame = bound.apply(new.lazy(), learned).collect()
    return found


def lost(step: FittedTransform | RowTransform, table: pl.DataFrame, new: pl.DataFrame) -> list[tuple[str, int, bool]]:
    """Column, rows and whether it stops, of each failure that happens on new rows."""
    bound, learned = (step.bind(table.schema), None) if isinstance(step, RowTransform) else fitted(step, table)
    failures = [(each.column, new.select(each.where.sum()).item(), each.stop) for each in bound.failures(learned)]
    return [each for each in failures if each[1]]


def test_one_hot_is_that_of_scikit_learn() -> None:
    found = result(OneHotEncode(columns=("city", "zone")), CITIES).drop("y", "plan")
    expected = OneHotEncoder(sparse_output=False).fit_transform(CITIES.select("city", "zone").to_pandas())
    np.testing.assert_array_equal(found.to_numpy(), expected)


def test_one_hot_leaves_out_the_first_as_scikit_learn() -> None:
    found = result(OneHotEncode(columns=("city", "zone"), drop="first"), CITIES).drop("y", "plan")
    encoder = OneHotEncoder(sparse_output=False, drop="first")
    np.testing.assert_array_equal(found.to_numpy(), encoder.fit_transform(CITIES.select("city", "zone").to_pandas()))


def test_one_hot_bounds_categories_as_scikit_learn() -> None:
    table = pl.DataFrame({"c": list("aaaabbbccd")})
    found = result(OneHotEncode(columns=("c",), max_categories=2), table)
    # scikit-learn counts the infrequent column among max_categories; here the bound is on categories.
    expected = OneHotEncoder(sparse_output=False, max_categories=3).fit_transform(table.to_pandas())
    assert found.columns == ["c_a", "c_b", "c_other"]
    np.testing.assert_array_equal(found.to_numpy(), expected)


def test_one_hot_names_are_legal_and_unique() -> None:
    table = pl.DataFrame({"c": ["New York", "new-york", "", "+", "é b", "other", "x"], "c_x": [0] * 7})
    found = result(OneHotEncode(columns=("c",), handle_unseen="other"), table)
    assert found.columns == [
        "c_x", "c_empty", "c_value", "c_new_york", "c_new_york_2", "c_other", "c_x_2", "c_é_b", "c_other_2"
    ]  # fmt: skip


def test_one_hot_names_of_numbers_tell_signs_apart() -> None:
    found = result(OneHotEncode(columns=("n",)), pl.DataFrame({"n": [-1.0, 1.0, 10.0, 2.5, -0.0, 0.0, None]}))
    assert found.columns == ["n_minus_1", "n_0", "n_1", "n_2_5", "n_10"]
    assert found["n_0"].to_list() == [0, 0, 0, 0, 1, 1, 0]
    assert set(found.dtypes) == {pl.Int64()}


def test_one_hot_counts_nan_as_missing() -> None:
    table = pl.DataFrame({"n": [1.0, float("nan"), None]})
    found = result(OneHotEncode(columns=("n",), handle_missing="column"), table)
    assert found.to_dict(as_series=False) == {"n_1": [1, 0, 0], "n_missing": [0, 1, 1]}


def test_one_hot_encodes_booleans_and_dates() -> None:
    table = pl.DataFrame({"ok": [True, False, None], "day": [date(2024, 5, 1), None, date(2024, 5, 2)]})
    found = result(OneHotEncode(columns=("ok", "day"), drop="if_binary"), table)
    assert found.to_dict(as_series=False) == {"ok_true": [1, 0, 0], "day_2024_05_02": [0, 0, 1]}


@pytest.mark.parametrize(
    ("how", "row", "failures"),
    [
        ("ignore", {"c_a": 0, "c_b": 0}, [("c", 1, False)]),
        ("other", {"c_a": 0, "c_b": 0, "c_other": 1}, []),
        ("fail", {"c_a": 0, "c_b": 0}, [("c", 1, True)]),
    ],
)
def test_one_hot_of_new_categories(how: Any, row: dict[str, int], failures: list[Any]) -> None:
    table, new = pl.DataFrame({"c": ["a", "b"]}), pl.DataFrame({"c": ["z"]})
    step = OneHotEncode(columns=("c",), handle_unseen=how)
    assert on_new_rows(step, table, new).row(0, named=True) == row
    assert lost(step, table, new) == failures


def test_one_hot_takes_new_categories_for_rare_ones_where_there_were_some() -> None:
    table, new = pl.DataFrame({"c": ["a", "a", "b", "c"]}), pl.DataFrame({"c": ["z", None]})
    step = OneHotEncode(columns=("c",), min_share=0.5, handle_unseen="fail")
    assert on_new_rows(step, table, new).to_dict(as_series=False) == {"c_a": [0, 0], "c_other": [1, 0]}
    assert lost(step, table, new) == []


def test_one_hot_can_leave_rare_categories_out() -> None:
    table = pl.DataFrame({"c": ["a", "a", "b", "c"]})
    found = result(OneHotEncode(columns=("c",), max_categories=1, handle_rare="ignore"), table)
    assert found.to_dict(as_series=False) == {"c_a": [1, 1, 0, 0]}


def test_one_hot_can_stop_on_missing_values() -> None:
    table = pl.DataFrame({"c": ["a", None]})
    assert lost(OneHotEncode(columns=("c",), handle_missing="fail"), table, table) == [("c", 1, True)]


def test_one_hot_of_an_all_missing_column_has_no_column() -> None:
    table = pl.DataFrame({"c": [None, None], "d": pl.Series([None, None], dtype=pl.String), "e": [1, 2]})
    assert result(OneHotEncode(columns=("c", "d")), table).columns == ["e"]


def test_one_hot_refuses_an_identifier() -> None:
    table = pl.DataFrame({"id": range(1000)})
    with pytest.raises(StepError, match=r"'id' holds a different value in nearly every row: its 50 most .* of 1,000"):
        result(OneHotEncode(columns=("id",)), table)


def test_ordinal_is_that_of_scikit_learn() -> None:
    found = result(OrdinalEncode(columns=("city", "zone")), CITIES).select("city", "zone")
    expected = OrdinalEncoder().fit_transform(CITIES.select("city", "zone").to_pandas())
    np.testing.assert_array_equal(found.to_numpy(), expected)


def test_ordinal_of_numbers_goes_by_size() -> None:
    found = result(OrdinalEncode(columns=("n",)), pl.DataFrame({"n": [10.0, 9.5, -3.0, float("nan"), 100.0]}))
    assert found["n"].to_list() == [2, 1, 0, None, 3]


@pytest.mark.parametrize(
    ("how", "expected", "failures"),
    [("null", None, [("c", 1, False)]), ("minus_one", -1, []), ("last", 2, []), ("fail", None, [("c", 1, True)])],
)
def test_ordinal_of_new_categories(how: Any, expected: int | None, failures: list[Any]) -> None:
    table, new = pl.DataFrame({"c": ["a", "b"]}), pl.DataFrame({"c": ["z", "b", None]})
    step = OrdinalEncode(columns=("c",), handle_unseen=how)
    assert on_new_rows(step, table, new)["c"].to_list() == [expected, 1, None]
    assert lost(step, table, new) == failures


def test_ordinal_refuses_more_values_than_categories_have() -> None:
    with pytest.raises(StepError, match="more than 10,000 different values"):
        result(OrdinalEncode(columns=("id",)), pl.DataFrame({"id": range(CODES + 1)}))


def test_ordinal_order_is_checked() -> None:
    with pytest.raises(ValidationError, match="'a' more than once"):
        OrdinalEncode(columns=("c",), order={"c": ("a", "a")})
    with pytest.raises(ValidationError, match="lists no category"):
        OrdinalEncode(columns=("c",), order={"c": ()})
    with pytest.raises(InvalidStepError, match="order for 'd', which is not encoded"):
        OrdinalEncode(columns=("c",), order={"d": ("a",)}).bind(pl.Schema({"c": pl.String(), "d": pl.String()}))


def test_labels_are_those_of_scikit_learn() -> None:
    found = result(LabelEncode(column="city", output="code"), CITIES)["code"]
    np.testing.assert_array_equal(found.to_numpy(), LabelEncoder().fit_transform(CITIES["city"].to_numpy()))


def test_labels_by_frequency_break_ties_by_value() -> None:
    found = result(LabelEncode(column="c", by="frequency"), pl.DataFrame({"c": list("dbbaaac")}))
    assert found["c"].to_list() == [3, 1, 1, 0, 0, 0, 2]


@pytest.mark.parametrize("smoothing", [0.0, 3.5, 40.0])
@pytest.mark.parametrize("target", ["y", "plan"])
def test_target_encoding_is_that_of_scikit_learn(target: str, smoothing: float) -> None:
    _same_as_scikit_learn(target, smoothing)


@pytest.mark.parametrize("target", ["y", "plan", "pro"])
def test_automatic_smoothing_is_that_of_scikit_learn(target: str) -> None:
    _same_as_scikit_learn(target, None)


def _same_as_scikit_learn(target: str, smoothing: float | None) -> None:
    table = CITIES.with_columns(pro=pl.when(pl.col("plan") == "pro").then(pl.lit("yes")).otherwise(pl.lit("no")))
    table = table.vstack(table.head(1).with_columns(city=pl.lit("one row")))
    kind = {"y": "continuous", "plan": "multiclass", "pro": "binary"}[target]
    oracle = TargetEncoder(target_type=kind, smooth="auto" if smoothing is None else smoothing)
    frame = table.select("city", "zone").to_pandas()
    # transform after fit is what scikit-learn gives new rows; its fit_transform cross-fits, which is not done here.
    expected = oracle.fit(frame, table[target].to_pandas()).transform(frame)
    step = TargetEncode(columns=("city", "zone"), target=target, smoothing=smoothing, suffix="_mean")
    found = result(step, table).drop(table.columns)
    np.testing.assert_allclose(found.to_numpy(), expected, rtol=1e-9, atol=1e-12)


def test_target_encoding_ignores_rows_without_target() -> None:
    table = pl.DataFrame({"c": ["a", "a", "b", "b"], "y": [1.0, float("nan"), 3.0, None]})
    found = result(TargetEncode(columns=("c",), target="y", smoothing=0), table)
    assert found["c"].to_list() == [1.0, 1.0, 3.0, 3.0]


def test_target_encoding_of_a_category_without_target_is_the_overall_mean() -> None:
    table = pl.DataFrame({"c": ["a", "b", "c"], "y": [1, 3, None]})
    found = result(TargetEncode(columns=("c",), target="y", smoothing=0), table)
    assert found["c"].to_list() == [1.0, 3.0, 2.0]


@pytest.mark.parametrize(
    ("how", "expected", "failures"),
    [("mean", 2.0, []), ("null", None, [("c", 1, False)]), ("fail", None, [("c", 1, True)])],
)
def test_target_encoding_of_new_categories(how: Any, expected: float | None, failures: list[Any]) -> None:
    table, new = pl.DataFrame({"c": ["a", "b"], "y": [1, 3]}), pl.DataFrame({"c": ["z", None]})
    step = TargetEncode(columns=("c",), target="y", smoothing=0, handle_unseen=how)
    # No value was missing in the fit, so missing ones get the mean.
    assert on_new_rows(step, table, new)["c"].to_list() == [expected, 2.0]
    assert lost(step, table, new) == failures


def test_target_encoding_makes_a_column_for_each_of_several_classes() -> None:
    found = result(TargetEncode(columns=("city",), target="plan", smoothing=5), CITIES)
    assert found.columns == ["zone", "y", "plan", "city_basic", "city_pro", "city_team"]
    total = found.select(pl.sum_horizontal("city_basic", "city_pro", "city_team")).to_series()
    np.testing.assert_allclose(total.to_numpy(), 1.0)


def test_target_encoding_of_a_constant_target_is_that_target() -> None:
    table = pl.DataFrame({"c": ["a", "b", "b"], "y": [5, 5, 5]})
    assert result(TargetEncode(columns=("c",), target="y"), table)["c"].to_list() == [5.0, 5.0, 5.0]


def test_target_encoding_refuses_what_cannot_be() -> None:
    table = pl.DataFrame({"c": ["a"], "id": ["x"]})
    with pytest.raises(InvalidStepError, match="'c' is the target and cannot be encoded by itself"):
        TargetEncode(columns=("c",), target="c").bind(table.schema)
    with pytest.raises(InvalidStepError, match="'id' does not hold numbers"):
        TargetEncode(columns=("c",), target="id", target_kind="number").bind(table.schema)
    many = pl.DataFrame({"c": ["a"] * 101, "id": [str(i) for i in range(101)]})
    with pytest.raises(StepError, match="'id' has more than 100 classes"):
        result(TargetEncode(columns=("c",), target="id"), many)


def test_steps_without_any_column_leave_the_table_alone() -> None:
    table, none = pl.DataFrame({"y": [1, 2]}), {"type": "text"}
    for step in (
        OneHotEncode.model_validate({"columns": none}),
        OrdinalEncode.model_validate({"columns": none}),
        TargetEncode.model_validate({"columns": none, "target": "y"}),
        GroupRareCategories.model_validate({"columns": none}),
    ):
        assert_frame_equal(result(step, table), table)


def test_rare_is_below_the_share_exactly() -> None:
    table = pl.DataFrame({"c": ["a"] * 7 + ["b"] * 93})
    assert set(result(GroupRareCategories(columns=("c",), min_share=0.07), table)["c"]) == {"a", "b"}
    assert set(result(GroupRareCategories(columns=("c",), min_share=0.071), table)["c"]) == {"Other", "b"}


def test_rare_shares_are_of_the_values_present() -> None:
    table = pl.DataFrame({"c": ["a", "b", "b", None, None, None, None]})
    found = result(GroupRareCategories(columns=("c",), min_share=0.3), table)
    assert found["c"].to_list() == ["a", "b", "b", None, None, None, None]


def test_rare_by_count_and_new_categories() -> None:
    table, new = pl.DataFrame({"c": ["a", "b", "b"]}), pl.DataFrame({"c": ["a", "b", "z", None]})
    step = GroupRareCategories(columns=("c",), min_count=2)
    assert on_new_rows(step, table, new)["c"].to_list() == ["Other", "b", "Other", None]


def test_a_category_can_be_in_one_group_only() -> None:
    with pytest.raises(ValidationError, match="'a' is in more than one group"):
        MergeCategories(columns=("c",), groups={"x": ("a",), "y": ("a", "b")})


def test_merging_can_make_the_rest_missing_and_says_so() -> None:
    table = pl.DataFrame({"c": ["a", "b", None]})
    step = MergeCategories(columns=("c",), groups={"x": ("a",)}, rest="null")
    assert result(step, table)["c"].to_list() == ["x", None, None]
    assert lost(step, table, table) == [("c", 1, False)]


@pytest.mark.parametrize(
    ("column", "mapping", "settings", "expected"),
    [
        ([1, 2, None], {"1": 10}, {}, pl.Series([10, 2, None], dtype=pl.Int64)),
        ([1, 2, None], {"1": 1.5}, {}, pl.Series([1.5, 2.0, None])),
        ([1, 2, None], {"1": "one"}, {}, pl.Series(["one", "2", None])),
        ([1.0, 2.5, None], {"1": 0}, {}, pl.Series([0.0, 2.5, None])),
        ([1.0, 2.5, float("nan")], {"1": None}, {}, pl.Series([None, 2.5, None], dtype=pl.Float64)),
        (["a", "b", None], {"a": 1, "b": 2}, {"default": "null"}, pl.Series([1, 2, None], dtype=pl.Int64)),
        (["a", "b", None], {"a": 1, "b": 2}, {}, pl.Series(["1", "2", None])),
        (["a", "b", None], {"a": True}, {"default": "value", "default_value": False}, pl.Series([True, False, None])),
        ([True, False, None], {"true": False}, {}, pl.Series([False, False, None])),
        ([date(2024, 1, 1), None], {"2024-01-01": "2024-12-31"}, {}, pl.Series([date(2024, 12, 31), None])),
        (["É", "x", None], {"é": "e"}, {"ignore_case": True}, pl.Series(["e", "x", None])),
        ([None, None], {"a": "b"}, {}, pl.Series([None, None], dtype=pl.String)),
        ([None, None], {"a": None}, {}, pl.Series([None, None], dtype=pl.Null)),
    ],
)  # fmt: skip
def test_mapped_values_have_the_narrowest_type(
    column: list[Any], mapping: dict[str, Any], settings: dict[str, Any], expected: pl.Series
) -> None:
    table = pl.DataFrame({"c": column}, strict=False)
    found = result(MapValues.model_validate({"columns": ["c"], "mapping": mapping, **settings}), table)
    assert_series_equal(found["c"], expected, check_names=False)


def test_values_that_are_not_in_the_mapping_are_counted() -> None:
    table = pl.DataFrame({"c": ["a", "b", "b", None]})
    assert lost(MapValues(columns=("c",), mapping={"a": 1}, default="null"), table, table) == [("c", 2, False)]
    assert lost(MapValues(columns=("c",), mapping={"a": 1}, default="fail"), table, table) == [("c", 2, True)]
    assert lost(MapValues(columns=("c",), mapping={"a": 1}), table, table) == []


def test_a_mapping_has_to_fit_the_column() -> None:
    schema = pl.Schema({"n": pl.Int64(), "f": pl.Float64()})
    with pytest.raises(InvalidStepError, match="'x' is not a integer"):
        MapValues(columns=("n",), mapping={"x": 1}).bind(schema)
    with pytest.raises(InvalidStepError, match=r"'1' and '1.0' are the same number in 'f'"):
        MapValues(columns=("f",), mapping={"1": 1, "1.0": 2}).bind(schema)
    with pytest.raises(ValidationError, match="fill in 'default_value'"):
        MapValues(columns=("n",), mapping={"1": 1}, default="value")
    with pytest.raises(ValidationError, match="'a' is in the mapping more than once"):
        MapValues(columns=("n",), mapping={"a": 1, "A": 2}, ignore_case=True)
