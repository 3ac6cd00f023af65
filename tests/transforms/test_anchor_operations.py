"""Every operation that users of SageMaker Data Wrangler know, in our own steps.

``tests/data/anchor_operations.json`` has a row for each of its 112 operations, and for options that mean
another step here: our transform, its settings, a small table and what comes out. Columns called ``day`` hold
dates. Where no output is given, the rows are drawn at random, and a test below says what holds of them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dataprep_app.ui.parts.add_step import found_for
from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import plain, result, results
from transforms.catalog import catalog
from transforms.core.relations import Source
from transforms.core.transform import FittedTransform, Transform

ROWS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "anchor_operations.json").read_text(encoding="utf-8")
)
OURS = [each for each in ROWS if each["transform"]]
GROUPS = {
    "Join": 1, "Concatenate": 1, "Data types": 2, "Balance data": 3, "Custom transform": 4, "Custom formula": 1,
    "Dimensionality reduction": 1, "Encode categorical": 3, "Featurize text": 2, "Featurize date/time": 1,
    "Time series": 9, "Format string": 15, "Handle outliers": 5, "Handle missing": 4, "Manage columns": 5,
    "Manage rows": 5, "Manage vectors": 2, "Process numeric": 4, "Sampling": 3, "Search and edit": 13,
    "Split data": 4, "Validate string": 12, "JSON and arrays": 2, "Image": 10
}  # fmt: skip
"""How many operations each group has."""
IMAGE = (
    "ResizeImage", "EnhanceImage", "CorruptImage", "SplitImage", "DropCorruptedImages", "DropImageDuplicates",
    "Brightness", "ColorChannels", "Grayscale", "Rotate"
)  # fmt: skip
"""Operations on pictures: left out, as a table holds none."""
FIRST = 5
"""An operation's name finds our transform among so many."""


def label(row: Mapping[str, Any]) -> str:
    return f"{row['n']}-{row['operation']}-{row['options'] or row['transform']}"


def table(columns: Mapping[str, list[Any]]) -> pl.DataFrame:
    return pl.DataFrame(columns, strict=False).with_columns(
        pl.col(name).str.to_date() for name in columns if name == "day"
    )


def made(id: str, **settings: Any) -> Transform:
    return catalog()[id].model_validate(settings)


def outputs(row: Mapping[str, Any]) -> list[pl.DataFrame]:
    return results(made(row["transform"], **row["params"]), *map(table, row["input"]))


def rows_of(columns: Mapping[str, list[Any]], *, in_order: bool) -> list[str]:
    """The rows as text; those of a result without an order sorted."""
    found = [json.dumps(each, ensure_ascii=False) for each in zip(*columns.values(), strict=True)]
    return found if in_order else sorted(found)


def named(operation: str) -> list[dict[str, Any]]:
    """The rows of an operation."""
    return [each for each in ROWS if each["operation"] == operation]


def on_new_rows(step: FittedTransform, before: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """What becomes of new rows after a fit on those before."""
    bound = step.bind(before.schema)
    learned = bound.fit(Asking(PolarsEngine.over({"in0": before}), (Source("in0"),)))
    found: pl.DataFrame = bound.apply(new.lazy(), learned).collect()
    return found


def test_every_operation_has_a_row_and_one_name() -> None:
    operations = {(each["n"], each["group"], each["operation"]) for each in ROWS}
    assert sorted(n for n, _, _ in operations) == list(range(1, 113))
    assert Counter(group for _, group, _ in operations) == GROUPS


def test_operations_on_images_alone_are_left_out() -> None:
    assert tuple(each["operation"] for each in ROWS if not each["transform"]) == IMAGE


@pytest.mark.parametrize("row", OURS, ids=label)
def test_operation_gives_what_the_table_says(row: dict[str, Any]) -> None:
    found = [{name: plain(each.to_list()) for name, each in one.to_dict().items()} for one in outputs(row)]
    if "output" not in row:
        assert sum(map(len, found)) > 0
        return
    assert [list(one) for one in found] == [list(one) for one in row["output"]], "columns, in order"
    in_order = row["transform"] == "sort_rows"
    for one, expected in zip(found, row["output"], strict=True):
        assert rows_of(one, in_order=in_order) == rows_of(expected, in_order=in_order)


@pytest.mark.parametrize("row", {each["n"]: each for each in reversed(OURS)}.values(), ids=label)
def test_name_of_the_operation_finds_the_transform(row: dict[str, Any]) -> None:
    query = row.get("search", row["operation"])
    found = [each.id for each in found_for(query)][:FIRST]
    assert row["transform"] in found, f"{query!r} finds {found}: add its words to the terms of {row['transform']!r}"


def test_text_that_begins_like_a_missing_value_is_text() -> None:
    names = pl.DataFrame({"name": ["Nancy", "National", "Nanette", "nil by mouth", "none of them", "nullify"]})
    assert result(made("infer_types"), names).equals(names)


def test_one_value_in_five_that_is_no_number_keeps_the_column_text() -> None:
    codes = pl.DataFrame({"code": [*map(str, range(8)), "A1", "B2"]})
    assert result(made("infer_types"), codes).equals(codes)


@pytest.mark.parametrize("id", ["outlier_std", "outlier_mad", "outlier_iqr", "outlier_quantile", "outlier_threshold"])
def test_removing_outliers_removes_no_missing_value(id: str) -> None:
    values = [*(float(n) for n in range(40)), 1e6, None, float("nan")]
    settings = {"max": 100} if id == "outlier_threshold" else {}
    found = result(made(id, columns=("x",), fix="remove", **settings), pl.DataFrame({"x": values}))["x"]
    assert 1e6 not in found.to_list()
    assert found.null_count() + found.is_nan().sum() == 2


def test_rare_and_new_categories_are_replaced_and_missing_ones_are_not() -> None:
    before = pl.DataFrame({"c": [*"aaaaaaaaab", None]})
    rare = made("group_rare_categories", columns=("c",), min_share=0.2, name="rest")
    assert isinstance(rare, FittedTransform)
    found = on_new_rows(rare, before, pl.DataFrame({"c": ["a", "b", "never seen", None]}))
    assert found["c"].to_list() == ["a", "rest", "rest", None]


def test_labels_with_any_character_make_legal_names_that_differ() -> None:
    before = pl.DataFrame({"room": ["B/B", "B B", "b.b", "`", None]})
    found = result(made("one_hot_encode", columns=("room",)), before)
    assert len(set(found.columns)) == 4
    assert all(name.isidentifier() for name in found.columns)


def test_new_category_is_zeros_in_columns_and_in_a_list() -> None:
    encode = made("one_hot_encode", columns=("c",))
    assert isinstance(encode, FittedTransform)
    found = on_new_rows(encode, pl.DataFrame({"c": ["a", "b"]}), pl.DataFrame({"c": ["z", "a", None]}))
    assert found.rows() == [(0, 0), (1, 0), (0, 0)]


@pytest.mark.parametrize("part", ["month", "quarter", "week", "day_of_year"])
def test_parts_of_dates_count_from_one(part: str) -> None:
    found = result(
        made("extract_date_parts", columns=("day",), parts=(part,)), pl.DataFrame({"day": [date(2024, 1, 1)]})
    )
    assert found[f"day_{part}"].item() == 1


@pytest.mark.parametrize("row", [*named("Random oversample"), *named("SMOTE")], ids=label)
def test_smaller_class_grows_and_rows_without_a_class_stay(row: dict[str, Any]) -> None:
    before, found = table(row["input"][0]), outputs(row)[0]
    assert found["bad"].to_list()[: len(before)] == before["bad"].to_list()
    assert Counter(found["bad"]) == {"no": 5, "yes": 5, None: 1}
    assert found.filter(pl.col("bad") == "yes")["x"].is_between(6, 7).all()


def test_larger_class_shrinks_and_rows_without_a_class_stay() -> None:
    (row,) = named("Random undersample")
    assert Counter(outputs(row)[0]["bad"]) == {"no": 2, "yes": 2, None: 1}


def test_missing_features_stop_no_synthesis() -> None:
    before = pl.DataFrame({"x": [1.0, 2.0, None, 4.0, 5.0, 6.0], "y": ["a", "a", "a", "a", "b", "b"]})
    found = result(made("smote", target="y", features=("x",), neighbors=1), before)
    assert Counter(found["y"]) == {"a": 4, "b": 4}
    assert found["x"].null_count() == 1


def test_texts_that_are_alike_share_numbers() -> None:
    for row in named("Similarity encode"):
        found = outputs(row)[0]
        assert not any(each is not None for each in found.row(2))
    night, nigth, _ = found["t_vector"].to_list()
    assert len(night) == 30
    assert 5 <= sum(a == b for a, b in zip(night, nigth, strict=True)) < 30


def test_hashes_of_equal_words_share_a_place() -> None:
    (row,) = (each for each in named("Vectorize") if each["transform"] == "vectorize_hash")
    car, bus, missing = outputs(row)[0]["t_vector"].to_list()
    assert [sum(car), sum(bus), sum(missing)] == [2, 2, 0]
    assert any(a and b for a, b in zip(car, bus, strict=True))


def test_shuffle_keeps_all_rows_and_repeats_itself() -> None:
    (row,) = named("Shuffle")
    before, found = row["input"][0]["n"], outputs(row)[0]["n"].to_list()
    assert Counter(found) == Counter(before)
    assert found != before
    assert outputs(row)[0]["n"].to_list() == found


def test_samples_have_the_size_asked_for() -> None:
    (random,), (stratified,) = named("Randomized"), named("Stratified")
    assert outputs(random)[0].height == 3
    assert Counter(outputs(stratified)[0]["c"]) == {"a": 2, "b": 1}


@pytest.mark.parametrize("row", [each for each in ROWS if each["group"] == "Split data"], ids=label)
def test_each_row_is_in_one_part(row: dict[str, Any]) -> None:
    found = outputs(row)
    assert sorted(n for part in found for n in part["n"]) == row["input"][0]["n"]
    assert len(found) == len(row["params"]["parts"])


def test_parts_split_at_random_or_in_order_have_their_sizes() -> None:
    two, three = (outputs(each) for each in named("Randomized split"))
    assert [part.height for part in two] == [8, 2]
    assert [part.height for part in three] == [6, 2, 2]
    (row,) = named("Ordered split")
    assert [part["n"].to_list() for part in outputs(row)] == [[1, 2, 3, 4, 5, 6, 7, 8], [9, 10]]


def test_rows_of_a_key_stay_together() -> None:
    (row,) = named("Split by key")
    keys = [set(part["k"]) for part in outputs(row)]
    assert set.union(*keys) == {"a", "b", "c", "d", None}
    assert not set.intersection(*keys)


def test_strata_may_be_missing_or_hold_quotes() -> None:
    before = pl.DataFrame({"k": ["it's"] * 10 + ['a "b"'] * 10 + [None] * 10, "n": range(30)})
    train, test = results(made("split_stratified", target="k"), before)
    assert Counter(train["k"]) == {"it's": 8, 'a "b"': 8, None: 8}
    assert Counter(test["k"]) == {"it's": 2, 'a "b"': 2, None: 2}
