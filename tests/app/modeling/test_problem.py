from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from transforms.core.errors import DataprepError
from transforms.scoring.problem import Wanted, problem_type


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a", "b", None, "b"], "binary"),
        ([True, False, None], "binary"),
        ([0, 1, 1, 0], "binary"),
        ([1, 2, 3, 1, 2], "multiclass"),
        (["low", "mid", "high"], "multiclass"),
        ([x / 7 for x in range(50)], "regression"),
        ([x * 1_000 for x in range(50)], "regression"),
        ([x % 20 for x in range(1_000)], "multiclass"),
        (list(range(200)), "regression"),
        ([f"{x}.5" for x in range(50)], "regression"),
    ],
)
def test_kind_is_read_off_the_values(values: list[Any], kind: str) -> None:
    found = problem_type(pl.DataFrame({"y": values}), "y")
    assert found.kind == kind
    assert found.reason.endswith(".")


def test_classes_are_ordered_by_frequency_so_that_the_positive_one_is_rare() -> None:
    table = pl.DataFrame({"y": ["no", "yes", "no", None, "  ", "no"]})
    found = problem_type(table, "y")
    assert found.classes == ("no", "yes")
    assert found.labels(table).tolist() == [0, 1, 0, -1, -1, 0]


@pytest.mark.parametrize(
    ("values", "wanted", "text"),
    [
        ([None, None], "auto", "holds no value"),
        (["a", "a"], "auto", "holds only the value 'a'"),
        (["a", "b"], "regression", "no numbers"),
        ([f"name {i}" for i in range(200)], "auto", "200 different values"),
        ([[1], [2]], "auto", "list values"),
    ],
)
def test_what_cannot_be_predicted_is_refused_with_the_reason(values: list[Any], wanted: Wanted, text: str) -> None:
    with pytest.raises(DataprepError, match=text):
        problem_type(pl.DataFrame({"y": values}), "y", wanted)


def test_missing_target_is_named_with_its_neighbours() -> None:
    with pytest.raises(DataprepError, match=r"no column 'statsu'.*Did you mean 'status'"):
        problem_type(pl.DataFrame({"status": [1, 2]}), "statsu")
