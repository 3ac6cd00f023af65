"""Near values brought together, and rows that are nearly the same."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError
from rapidfuzz import distance, fuzz
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import result
from transforms.core.errors import InvalidStepError, StepError
from transforms.core.relations import Source
from transforms.name_likeness import name_likeness
from transforms.quality_duplicates import FuzzyDedupe
from transforms.quality_near import ClusterNearest, StandardizeToList, dice

NAN = float("nan")


def mended(values: Sequence[str | None], **params: Any) -> list[str | None]:
    table = pl.DataFrame({"x": pl.Series(values, dtype=pl.String)})
    found: list[str | None] = result(ClusterNearest(column="x", **params), table)["x"].to_list()
    return found


@pytest.mark.parametrize(
    ("canonical", "expected"),
    [
        ("most_frequent", "Oslo"),
        ("longest", "Osloo"),
        ("first", "Oslo"),
    ],
)
def test_the_spelling_that_comes_first_stands_for_others(canonical: Any, expected: str) -> None:
    values = ["Oslo", "Oslo", "Osloo", "Rome", None]
    assert mended(values, canonical=canonical, metric="jaro_winkler") == [expected] * 3 + ["Rome", None]


def test_names_that_share_words_are_not_taken_for_one() -> None:
    names = [
        "University of Miami", "University of Florida", "St. Mary", "St. Mark's", "Blue Cross of Florida",
        "Blue Cross of North Carolina", "Blue Cross of Kansas City", "Store 12", "Store 13", "Building A", "Building B",
        "Lee Memorial Health System", "Memorial Health System",
    ]  # fmt: skip
    assert mended(names, block=0) == names
    assert groups(pl.DataFrame({"x": names}), [{"column": "x"}]) == [None] * len(names)


@pytest.mark.parametrize(
    "names",
    [
        ("Stockholm", "Stokholm", "STOCKHOLM"),
        ("Acme Widgets", "Acme Widgets, Inc.", "ACME  WIDGETS LTD", "Widgets Acme"),
        ("Health Care Partners", "Healthcare Partners, LLC", "Partners in Health Care"),
        ("St. Mary's Hospital", "St. Mary Hospital", "Hospital St Marys"),
        ("Rochester & Affiliates", "Rochester and Affiliates", "Rochestre and Affiliates"),
    ],
)
def test_spellings_of_one_name_are_brought_together(names: tuple[str, ...]) -> None:
    assert mended([names[0], *names], block=0) == [names[0]] * (len(names) + 1)
    assert groups(pl.DataFrame({"x": names}), [{"column": "x"}]) == [1] * len(names)


def test_likeness_of_names_is_the_share_of_letters_of_words_in_common() -> None:
    # Four letters are the least that a word counts; a slip costs its share; what each lacks costs a fifth more.
    assert name_likeness("Mercy Hospital", "Hospital") == 8 / 13
    assert name_likeness("Mercy Hospital", "Marcy Hospital") == (8 + 5 * 0.8) / 13
    assert name_likeness("Mercy Hospital A", "Mercy Hospital B") == 13 / 21 * 0.8
    assert name_likeness("Mary", "Mark") == name_likeness("", "a") == name_likeness("Ward 3", "Ward 4") == 0
    assert name_likeness("", "") == name_likeness("Co.", "co") == name_likeness("!?", "!?") == 1
    assert name_likeness("Mercy Hospital", "Marcy Hospital", score_cutoff=0.93) == 0


def test_likeness_of_names_is_the_same_both_ways() -> None:
    draw = random.Random(3)
    words = ["health", "care", "healthcare", "helth", "heatlh", "center", "centre", "north", "a", "12", "of"]
    for _ in range(300):
        first, second = (" ".join(draw.choices(words, k=draw.randint(1, 4))) for _ in range(2))
        assert name_likeness(first, second) == pytest.approx(name_likeness(second, first)), (first, second)


def test_a_value_just_as_alike_as_the_threshold_is_taken() -> None:
    assert mended(["abcde", "abcde", "abcdx"], metric="levenshtein", threshold=0.8) == ["abcde"] * 3


def test_chains_do_not_form() -> None:
    # Each is like the next, and the last is unlike the first.
    values = ["aaaa"] * 3 + ["aaab"] * 2 + ["aabb"]
    assert mended(values, metric="levenshtein", threshold=0.75, block=0) == ["aaaa"] * 5 + ["aabb"]


def test_only_values_of_a_block_are_compared() -> None:
    values = ["Meyer", "Meyer", "Neyer"]
    assert mended(values, threshold=0.8, block=1) == values
    assert mended(["new york city", "york city of new"], block=3) == ["new york city"] * 2
    assert mended(values, threshold=0.8, block=0) == ["Meyer"] * 3


def test_a_value_goes_to_the_one_it_is_most_like() -> None:
    values = ["abcdefgh"] * 3 + ["abcdexyz"] * 2 + ["abcdexyh"]
    assert mended(values, metric="levenshtein", threshold=0.7)[-1] == "abcdexyz"


def test_blank_text_and_what_a_person_decided_are_left_alone() -> None:
    assert mended(["", " ", None, "Oslo", "Oslo", "oslo"], review={"oslo": "OSLO"}) == [
        "", " ", None, "Oslo", "Oslo", "OSLO"
    ]  # fmt: skip


def test_too_many_pairs_are_an_error_before_any_is_compared() -> None:
    values = [f"name {i}" for i in range(200)]
    with pytest.raises(StepError, match="There are 19,900 pairs of values of column 'x' to compare, more than the 100"):
        mended(values, max_pairs=100, metric="levenshtein")


def test_pairs_of_letters_are_those_of_dice() -> None:
    assert dice("night", "nacht") == 0.25  # the example of every textbook
    assert dice("", "") == dice("a", "a") == 1.0
    assert dice("a", "b") == dice("", "a") == 0.0


CITIES = ("New York", "York", "San José", "Århus")


def matched(values: list[str | None], **params: Any) -> list[str | None]:
    table = pl.DataFrame({"x": pl.Series(values, dtype=pl.String)})
    found: list[str | None] = result(StandardizeToList(column="x", reference=CITIES, **params), table)["x"].to_list()
    return found


def test_values_become_the_reference_they_are_most_like() -> None:
    assert matched(["new  york", "city of york", "San Jose", "århus", "Rome", "", None]) == [
        "New York", "York", "San José", "Århus", "Rome", "", None
    ]  # fmt: skip
    assert matched(["Rome", "York"], below="null") == [None, "York"]


@pytest.mark.parametrize("metric", ["levenshtein", "jaro_winkler", "token_sort"])
def test_likeness_is_that_of_rapidfuzz(metric: Any) -> None:
    by: Any = {
        "levenshtein": distance.Levenshtein.normalized_similarity,
        "jaro_winkler": distance.JaroWinkler.similarity,
        "token_sort": lambda a, b: fuzz.token_sort_ratio(a, b) / 100,
    }[metric]
    table = pl.DataFrame({"x": ["yrok", "sn jose", "aarhus", "x"]})
    step = StandardizeToList(column="x", reference=CITIES, metric=metric, threshold=0.5, score="s")
    found = result(step, table)
    for text, value, score in found.with_columns(old=table["x"]).select("old", "x", "s").iter_rows():
        best = max(by(text, each.lower()) for each in CITIES)
        assert score == pytest.approx(best, abs=1e-6)
        assert value == (next(each for each in CITIES if by(text, each.lower()) == best) if best >= 0.5 else text)


def test_values_like_none_are_counted() -> None:
    table = pl.DataFrame({"x": ["York", "Rome", "", None]})
    (failure,) = StandardizeToList(column="x", reference=CITIES, below="null").bind(table.schema).failures()
    assert table.select(failure.where.sum()).item() == 2
    assert failure.what == "are like no reference value: they became missing"
    with pytest.raises(InvalidStepError, match="Two new columns would be named 'y'"):
        StandardizeToList(column="x", reference=CITIES, score="y", output="y").bind(table.schema)


def groups(table: pl.DataFrame, columns: Any, **params: Any) -> list[int | None]:
    step = FuzzyDedupe.model_validate({"columns": columns, **params})
    rows = table.with_columns(__row=pl.int_range(pl.len()))
    found: list[int | None] = result(step, rows).sort("__row")["duplicate_group"].to_list()
    return found


def test_groups_are_the_connected_parts_of_what_is_alike() -> None:
    draw = random.Random(1)
    names = sorted({"".join(draw.choices("abc", k=draw.randint(4, 7))) for _ in range(120)})
    table = pl.DataFrame({"n": names})
    found = groups(table, [{"column": "n", "metric": "levenshtein"}], threshold=0.8)
    near = [
        (i, j)
        for (i, a), (j, b) in itertools.combinations(enumerate(names), 2)
        if distance.Levenshtein.normalized_similarity(a, b) >= 0.8
    ]
    first, second = np.array(near).T
    _, parts = connected_components(coo_array((np.ones(len(near)), (first, second)), shape=(len(names),) * 2))
    alone = {part for part, size in zip(*np.unique(parts, return_counts=True), strict=True) if size == 1}
    assert [part in alone for part in parts] == [each is None for each in found]
    pairs = {(part, group) for part, group in zip(parts, found, strict=True) if group is not None}
    assert len(pairs) == len({part for part, _ in pairs}) == len({group for _, group in pairs})


def test_scores_are_weighted_means_of_what_both_rows_have() -> None:
    table = pl.DataFrame({"n": ["ann", "ann", "ann", "ann"], "z": ["1", "2", None, "1"]})
    both = [{"column": "n", "metric": "equal", "weight": 2}, {"column": "z", "metric": "equal"}]
    assert groups(table, both, threshold=0.9) == [1, 1, 1, 1], "the one without z is like both"
    assert groups(table.filter(pl.col("z").is_not_null()), both, threshold=0.9) == [1, None, 1]
    assert groups(table.filter(pl.col("z").is_not_null()), both, threshold=0.66) == [1, 1, 1]
    # Half of the weight is not enough.
    even = [{"column": "n", "metric": "equal"}, {"column": "z", "metric": "equal"}]
    assert groups(table, even) == [1, None, None, 1]


def test_blocks_keep_rows_apart_and_missing_keys_are_compared_with_none() -> None:
    table = pl.DataFrame(
        {"n": ["Ann", "ann", "ANN ", "ann", "ann", None, None], "c": [1.0, 1.0, 2.0, None, NAN, 1.0, 1.0]}
    )
    assert groups(table, [{"column": "n"}], block_on=["c"]) == [1, 1, None, None, None, None, None]
    assert groups(table, [{"column": "n"}]) == [1, 1, 1, 1, 1, None, None]
    starts = pl.DataFrame({"n": ["meyer", "meier", "mayer"]})
    assert groups(starts, [{"column": "n", "metric": "levenshtein"}], threshold=0.8, block=2) == [1, 1, None]


def test_numbers_and_dates_are_compared_as_text() -> None:
    table = pl.DataFrame({"n": [1.0, 1.0, 10.0, NAN]})
    assert groups(table, [{"column": "n", "metric": "equal"}]) == [1, 1, None, None]


def test_the_fullest_row_of_a_group_is_kept() -> None:
    table = pl.DataFrame(
        {
            "n": ["Acme Inc", "ACME inc", "Globex", None, None],
            "p": [None, "22", None, None, None],
            "id": [1, 2, 3, 4, 5],
        }
    )
    step = FuzzyDedupe.model_validate({"columns": [{"column": "n"}], "action": "keep_best"})
    found = result(step, table)
    assert found.schema == table.schema
    assert sorted(found["id"]) == [2, 3, 4, 5]
    flagged = result(step.model_copy(update={"action": "flag"}), table).sort("id")["duplicate_group"]
    assert flagged.to_list() == [True, True, False, False, False]


def test_the_cost_of_comparing_is_bounded() -> None:
    table = pl.DataFrame({"n": [f"name {i}" for i in range(100)], "c": ["x"] * 90 + ["y"] * 10})
    with pytest.raises(StepError, match="4,050 pairs of different records to compare, more than the 1,000 allowed; the "
                       "largest block has 90 records"):  # fmt: skip
        groups(table, [{"column": "n"}], block_on=["c"], max_pairs=1_000)


def test_large_blocks_are_compared_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pl.DataFrame({"n": [f"{i:04}" for i in range(1_500)]})
    found = groups(table, [{"column": "n", "metric": "equal"}])
    assert found == [None] * 1_500


def test_what_was_learned_is_a_table_and_goes_for_new_rows_too() -> None:
    table = pl.DataFrame({"n": ["annette lee", "anette lee", "bo"]})
    bound = FuzzyDedupe.model_validate({"columns": [{"column": "n"}]}).bind(table.schema)
    learned = bound.fit(Asking(PolarsEngine.over({"in0": table}), (Source("in0"),)))
    assert learned.records["record"].to_list() == ['{"0":"anette lee"}', '{"0":"annette lee"}']
    new = pl.DataFrame({"n": ["Anette  Lee", "cy", None]})
    engine = PolarsEngine.over({"in0": new})
    assert engine.collect(bound.plan(Source("in0"), learned=learned))["duplicate_group"].to_list() == [1, None, None]


def test_columns_are_named_once() -> None:
    with pytest.raises(ValidationError, match="'n' is listed more than once"):
        FuzzyDedupe.model_validate({"columns": [{"column": "n"}, {"column": "n"}]})
