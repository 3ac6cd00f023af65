"""Equal rows marked, counted and singled out; runs of them; and the one record of a key."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest

from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.duplicates_marked import CountDuplicates, DropConsecutiveDuplicates, FlagDuplicates, KeepDuplicates
from transforms.duplicates_merged import KeepBestDuplicate, MergeDuplicates

RANDOM = np.random.default_rng(6)
TABLE = pl.DataFrame(
    {
        "k": RANDOM.integers(0, 12, 120),
        "g": [("a", "b", None)[i] for i in RANDOM.integers(0, 3, 120)],
        "x": [None if i == 0 else float(i) for i in RANDOM.integers(0, 6, 120)],
        "i": RANDOM.permutation(120),
    }
)
BY_I: list[dict[str, Any]] = [{"column": "i"}]


def queried(query: str) -> list[tuple[Any, ...]]:
    connection = duckdb.connect()
    connection.register("t", TABLE.to_arrow())
    return connection.execute(query).fetchall()


@pytest.mark.parametrize("mark", ["all", "all_but_first"])
def test_duplicates_are_those_of_pandas(mark: Any) -> None:
    order = BY_I if mark == "all_but_first" else []
    step = FlagDuplicates.model_validate({"columns": ["k", "g"], "mark": mark, "order_by": order})
    found = result(step, TABLE)
    pandas = TABLE.to_pandas().sort_values("i")
    expected = pandas.duplicated(["k", "g"], keep=False if mark == "all" else "first")
    assert found.sort("i")["is_duplicate"].to_list() == expected.to_list()
    assert found.drop("is_duplicate").equals(TABLE)


def test_occurrences_are_those_of_duckdb() -> None:
    expected = queried("SELECT i, count(*) OVER (PARTITION BY k, g, x) FROM t ORDER BY i")
    found = result(CountDuplicates(columns=("k", "g", "x")), TABLE).sort("i")
    assert found.select("i", "occurrences").rows() == expected
    kept = result(KeepDuplicates(columns=("k", "g", "x")), TABLE)
    assert sorted(kept["i"]) == [i for i, times in expected if times > 1]
    assert kept.equals(kept.sort("k", "g", "x", nulls_last=True, maintain_order=True))


def test_nan_is_missing_and_lists_can_be_equal() -> None:
    nan = float("nan")
    table = pl.DataFrame({"x": [nan, None, 1.0], "l": [[1], [1], [1]]})
    assert result(CountDuplicates(), table)["occurrences"].to_list() == [2, 2, 1]
    assert result(KeepDuplicates(output=None), table).columns == ["x", "l"]
    assert result(FlagDuplicates(), table)["is_duplicate"].sum() == 1


def test_capitals_and_white_space_can_be_passed_over() -> None:
    table = pl.DataFrame({"t": ["É ", "é", "e"]})
    assert result(CountDuplicates(), table)["occurrences"].to_list() == [1, 1, 1]
    assert result(CountDuplicates(ignore_case=True, trim=True), table)["occurrences"].to_list() == [2, 2, 1]


def test_without_columns_nothing_is_a_duplicate() -> None:
    none = {"columns": {"type": "boolean"}}
    assert not result(FlagDuplicates.model_validate(none), TABLE)["is_duplicate"].any()
    assert result(KeepDuplicates.model_validate(none), TABLE).height == 0
    assert set(result(CountDuplicates.model_validate(none), TABLE)["occurrences"]) == {1}


def test_runs_are_those_of_itertools() -> None:
    step = DropConsecutiveDuplicates.model_validate({"columns": ["g"], "order_by": BY_I})
    rows = TABLE.sort("i").select("g", "i").rows()
    expected = [next(run)[1] for _, run in groupby(rows, key=lambda row: row[0])]
    assert sorted(result(step, TABLE)["i"]) == expected


def test_runs_of_each_group_are_those_of_duckdb() -> None:
    step = DropConsecutiveDuplicates.model_validate({"columns": ["x"], "order_by": BY_I, "by": ["g"]})
    w = "OVER (PARTITION BY g ORDER BY i)"
    expected = queried(f"SELECT i FROM t QUALIFY lag(x) {w} IS DISTINCT FROM x OR row_number() {w} = 1 ORDER BY i")
    assert sorted(result(step, TABLE)["i"]) == [i for (i,) in expected]


def test_the_best_row_is_that_of_duckdb() -> None:
    prefer = [{"column": "x", "descending": True}, {"column": "i"}]
    step = KeepBestDuplicate.model_validate({"by": ["k", "g"], "prefer": prefer})
    place = "row_number() OVER (PARTITION BY k, g ORDER BY x DESC NULLS LAST, i)"
    assert sorted(result(step, TABLE)["i"]) == [
        i for (i,) in queried(f"SELECT i FROM t QUALIFY {place} = 1 ORDER BY i")
    ]


def test_the_most_complete_row_is_kept_when_nothing_else_decides() -> None:
    table = pl.DataFrame({"k": [1, 1, 1], "a": [None, 2, None], "b": [float("nan"), 1.0, 5.0], "c": ["", "x", "y"]})
    assert result(KeepBestDuplicate(by=("k",)), table)["c"].to_list() == ["x"]
    with pytest.raises(InvalidStepError, match="Nothing says which row of a key is the best"):
        KeepBestDuplicate(by=("k",), then_most_complete=False).bind(table.schema)


@pytest.mark.parametrize(
    ("rule", "sql"),
    [
        ("first", "first(x ORDER BY i) FILTER (x IS NOT NULL)"),
        ("last", "last(x ORDER BY i) FILTER (x IS NOT NULL)"),
        ("max", "max(x)"),
        ("min", "min(x)"),
    ],
)
def test_records_are_merged_as_by_duckdb(rule: Any, sql: str) -> None:
    step = MergeDuplicates.model_validate({"by": ["k", "g"], "default": rule, "order_by": BY_I})
    found = result(step, TABLE).select("k", "g", "x").sort("k", "g", nulls_last=True)
    assert found.rows() == queried(f"SELECT k, g, {sql} FROM t GROUP BY k, g ORDER BY k, g NULLS LAST")


def test_text_is_chosen_by_length_frequency_or_joined() -> None:
    table = pl.DataFrame(
        {"k": [1, 1, 1, 2], "t": ["b", "ab", "b", None], "u": ["é", "e", None, None], "d": [3, 1, 2, 4]}
    )
    for rule, t, u in (("longest", "ab", "é"), ("most_frequent", "b", "e"), ("concat", "ab|b", "e|é")):
        step = MergeDuplicates.model_validate(
            {"by": ["k"], "rules": {"t": rule, "u": rule}, "order_by": [{"column": "d"}], "separator": "|"}
        )
        found = result(step, table).sort("k")
        assert found.select("t", "u").rows() == [(t, u), (None, None)]
        assert found.columns == table.columns


def test_rules_have_to_fit_their_columns() -> None:
    def messages(**params: Any) -> list[str]:
        return [str(each) for each in MergeDuplicates.model_validate({"by": ["k"], **params}).try_bind(TABLE.schema)[1]]

    assert any("'longest' takes text, and column 'x' holds number" in each for each in messages(rules={"x": "longest"}))
    assert any("'k' is part of the key" in each for each in messages(rules={"k": "max"}))
    assert any("no order of their own" in each for each in messages())
    assert messages(default="max") == []
