"""Labels, flags and crossed categories, and values mapped by another table."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sklearn.preprocessing import MultiLabelBinarizer

from flows.engines.polars_engine import PolarsEngine
from tests.checks import planned, result
from transforms.categorical_labels import CrossCategories, MultiLabelBinarize, ReverseOneHot
from transforms.categorical_lookup import MapValuesFromDataset
from transforms.core.errors import InvalidStepError, StepError
from transforms.core.relations import MapRows, Source

NAN = float("nan")
RANDOM = np.random.default_rng(4)
SETS = [sorted(RANDOM.choice(["a", "b", "ç", "d"], RANDOM.integers(0, 4), replace=False).tolist()) for _ in range(80)]


@pytest.mark.parametrize("delimiter", [None, ",", " | "])
def test_labels_become_the_flags_of_scikit_learn(delimiter: str | None) -> None:
    values = SETS if delimiter is None else [delimiter.join(each) for each in SETS]
    oracle = MultiLabelBinarizer()
    expected = oracle.fit_transform(SETS)
    table = pl.DataFrame({"tags": values})
    found = result(MultiLabelBinarize(column="tags", delimiter=delimiter or ","), table)
    np.testing.assert_array_equal(found.to_numpy(), expected)
    assert found.columns == [f"tags_{each}" for each in oracle.classes_]


def test_text_is_split_as_by_pandas() -> None:
    texts = pd.Series(["x|y", "y", "", "z|x|z"])
    found = result(MultiLabelBinarize(column="t", delimiter="|"), pl.DataFrame({"t": texts.to_list()}))
    np.testing.assert_array_equal(found.to_numpy(), texts.str.get_dummies("|").to_numpy())


def test_numbers_are_labels_in_their_order_and_lists_may_hold_nothing() -> None:
    table = pl.DataFrame({"n": [[10, 9, None], [], None, [9, 9]]})
    found = result(MultiLabelBinarize(column="n", handle_missing="null"), table)
    assert found.to_dict(as_series=False) == {"n_9": [1, 0, None, 1], "n_10": [1, 0, None, 0]}


def test_new_labels_are_counted_or_go_to_one_column() -> None:
    table = pl.DataFrame({"t": ["a, b", "a"]})
    new = pl.DataFrame({"t": ["c, a", "a", None]})
    step = MultiLabelBinarize(column="t")
    (plan,), learned = planned(step, PolarsEngine.over({"in0": table}), [Source("in0")])
    assert isinstance(plan, MapRows)
    assert plan(new.lazy()).collect().rows() == [(1, 0), (1, 0), (0, 0)]
    (failure,) = step.bind(table.schema).failures(learned)
    assert new.select(failure.where.sum()).item() == 1
    (plan,), _ = planned(
        MultiLabelBinarize(column="t", handle_unseen="other"), PolarsEngine.over({"in0": table}), [Source("in0")]
    )
    assert isinstance(plan, MapRows)
    assert plan(new.lazy()).collect()["t_other"].to_list() == [1, 0, 0]


def test_lists_of_objects_are_no_labels() -> None:
    schema = pl.Schema({"t": pl.List(pl.Struct({"a": pl.Int64()})), "s": pl.Struct({"a": pl.Int64()})})
    for name in ("t", "s"):
        with pytest.raises(InvalidStepError, match=f"'{name}' holds .*, and labels are text, whole numbers"):
            MultiLabelBinarize(column=name).bind(schema)


def test_flags_become_the_names_that_pandas_finds() -> None:
    flags = pd.get_dummies(pd.Series(RANDOM.choice(["u", "v", "w"], 50)), prefix="c", dtype=int)
    expected = pd.from_dummies(flags, sep="_")["c"].to_list()
    step = ReverseOneHot(columns=("c_u", "c_v", "c_w"), output="c", remove_prefix="c_")
    assert result(step, pl.from_pandas(flags))["c"].to_list() == expected


def test_none_and_many_flags_are_named_as_chosen() -> None:
    table = pl.DataFrame({"a": [1, 0, 1, None], "b": [2.0, 0.0, 0.0, 1.0]})
    found = {
        how: result(ReverseOneHot.model_validate({"columns": ["a", "b"], "output": "a", "handle_many": how}), table)
        for how in ("first", "join")
    }
    assert found["first"]["a"].to_list() == ["a", None, "a", None]
    assert found["join"]["a"].to_list() == ["a, b", None, "a", None]
    step = ReverseOneHot(columns=("a", "b"), output="c", handle_many="fail").bind(table.schema)
    (failure,) = step.failures()
    assert failure.stop
    assert table.select(failure.where.sum()).item() == 1
    nan = pl.DataFrame({"a": [NAN], "b": [1.0]})
    assert result(ReverseOneHot(columns=("a", "b"), output="c"), nan)["c"].to_list() == [None]


def test_crossed_categories_are_written_as_text() -> None:
    table = pl.DataFrame(
        {"x": [1.0, 2.5, NAN], "ok": [True, None, False], "day": [date(2024, 1, 2), None, date(2024, 1, 3)]}
    )
    step = CrossCategories(columns=("x", "ok", "day"), output="all", separator="|")
    assert result(step, table)["all"].to_list() == ["1|true|2024-01-02", "2.5|null|null", "null|false|2024-01-03"]
    with pytest.raises(InvalidStepError, match="There is a column 'x' already"):
        CrossCategories(columns=("x", "ok"), output="x").bind(table.schema)


def mapped(table: pl.DataFrame, mapping: pl.DataFrame, **settings: Any) -> pl.DataFrame:
    step = MapValuesFromDataset.model_validate({"column": "c", "key": "old", "value": "new", **settings})
    return result(step, table, mapping)


def test_values_are_mapped_and_the_rest_stays() -> None:
    table = pl.DataFrame({"c": ["a", "b", "z", None], "n": [1, 2, 3, 4]})
    mapping = pl.DataFrame({"old": ["a", "b", None], "new": ["A", None, "N"], "more": [1, 2, 3]})
    expected = table.with_columns(pl.Series("c", ["A", None, "z", None]))
    assert_frame_equal(mapped(table, mapping), expected)
    assert mapped(table, mapping, default="null")["c"].to_list() == ["A", None, None, None]
    with pytest.raises(StepError, match="The mapping has no 'old' equal to 'z', which is in 'c'"):
        mapped(table, mapping, default="fail")


def test_old_values_that_occur_twice_stop_the_run_or_give_one() -> None:
    table, mapping = pl.DataFrame({"c": [1, 2]}), pl.DataFrame({"old": [1, 1], "new": [5, 6]})
    with pytest.raises(StepError, match=r"Several rows of the mapping table have the same 'old', such as '1'"):
        mapped(table, mapping)
    assert mapped(table, mapping, if_many="first")["c"][0] in (5, 6)


def test_types_that_do_not_go_together_are_refused() -> None:
    table, mapping = pl.DataFrame({"c": [1.0, NAN]}), pl.DataFrame({"old": [1.0, NAN], "new": ["x", "y"]})
    with pytest.raises(InvalidStepError, match="'c' holds number values and 'new', of the mapping, text values"):
        mapped(table, mapping)
    assert mapped(table, mapping, default="null")["c"].to_list() == ["x", None]
    with pytest.raises(InvalidStepError, match="so they cannot match"):
        mapped(pl.DataFrame({"c": ["1"]}), mapping)
    assert mapped(table, pl.DataFrame({"old": [1.0], "new": [3]}), output="d")["d"].to_list() == [3.0, None]
