"""What values mean beyond their type: codes, times of day, several things in one cell, the same in other words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest

from dataprep_app.insights.rules.wording import quoted
from dataprep_app.insights.sections.sample import Sample
from dataprep_app.insights.signs.facts import Signs
from dataprep_app.insights.signs.look import signs_of
from flows.engines.base import Control
from tests.app.insights.planted import CLEAN, ROWS, found, looked, with_column
from tests.app.insights.test_rules import taken


def signs(values: Sequence[Any], name: str = "c") -> Signs:
    table = pl.DataFrame({name: values})
    return signs_of(Sample(table, table.height, {}), Control())[name]


def spread(values: Sequence[Any]) -> list[Any]:
    """The values again and again, in no order."""
    return [values[place] for place in np.random.default_rng(3).integers(0, len(values), ROWS)]


@pytest.mark.parametrize(("text", "priority"), [
    ("\\N", "medium"), ("#DIV/0!", "medium"), ("<NA>", "medium"), ("[unknown]", "medium"), ("(blank)", "medium"),
    ("[no title]", "low"), ("[date not known]", "low"),
    ("[sic]", None), ("(no smoking) area", None), ("N", None),
])  # fmt: skip
def test_signs_and_words_in_brackets_stand_for_missing_values(text: str, priority: str | None) -> None:
    table = with_column("note", [text if row % 5 == 0 else ["on", "off", "idle"][row % 3] for row in range(ROWS)])
    finding = found(table).get("disguised_missing")
    assert (finding.priority if finding else None) == priority
    if finding is not None:
        assert quoted(text) in finding.text
        assert "200 rows (20 %)" in finding.text
        assert taken(finding.fixes[0], table)["note"].null_count() == 200


def test_backslashes_are_written_as_they_are_and_long_texts_are_cut() -> None:
    assert quoted("\\N") == "'\\N'"
    assert quoted("a\tb") == "'a\\tb'"
    assert quoted("x" * 200) == f"'{'x' * 59}…'"


@pytest.mark.parametrize(("name", "values", "told"), [
    ("Postal Code", range(1_040, 99_301, 700), True),
    ("zipCode", range(10_001, 99_301, 700), True),
    ("telephone", range(5_551_000, 5_559_000, 30), True),
    ("zip", range(300), False),
    ("phone", range(1_000, 9_000, 30), False),
    ("unzipped", range(1_040, 99_301, 700), False),
    ("price", range(1_040, 99_301, 700), False),
])  # fmt: skip
def test_codes_of_digits_are_no_amounts(name: str, values: range, *, told: bool) -> None:
    table = with_column(name, spread(values))
    finding = found(table).get("codes_as_numbers")
    assert (finding is not None) == told
    if finding is not None:
        short = len(str(min(values))) < len(str(max(values)))
        assert ("Zeros in front were lost" in finding.text) == short
        written = taken(finding.fixes[0], table)[name]
        assert set(written.str.len_chars()) == {len(str(max(values)))}
        assert written.cast(pl.Int64).to_list() == table[name].to_list()


def test_times_of_day_become_minutes_in_one_step_for_all_columns() -> None:
    clock = [100 * hour + minute for hour in range(24) for minute in (0, 5, 30, 59)]
    table = with_column("start", spread(clock)).with_columns(pl.Series("end", spread([*clock, None])).cast(pl.Float64))
    finding = found(table)["clock_as_numbers"]
    assert finding.examples == ("start", "end")
    minutes = taken(finding.fixes[0], table)
    for name in ("start", "end"):
        expected = [None if each is None else each // 100 * 60 + each % 100 for each in table[name]]
        assert minutes[name].to_list() == expected


@pytest.mark.parametrize("values", [
    range(0, 2_400, 7),
    range(1_259),
    range(100, 160),
    [hour * 100 for hour in range(24)],
    [each + 0.5 for each in range(60)],
])  # fmt: skip
def test_other_numbers_are_no_times_of_day(values: Sequence[float]) -> None:
    assert not signs(list(values) * 3).clock


@pytest.mark.parametrize(("values", "delimiter"), [
    (["red", "blue", "green", "red, blue", "Green, red"], ","),
    (["a", "b", "c", "a|b", "c|a|b"], "|"),
    (["Oslo, Norway", "Rome, Italy", "Bonn, Germany"], None),
    (["divorced/separated", "single", "married"], None),
    (["1,5", "2,5", "1", "2", "5"], None),
])  # fmt: skip
def test_things_named_together_are_known_by_standing_alone_elsewhere(values: list[str], delimiter: str | None) -> None:
    several = signs(values * 20).several
    assert (several.delimiter if several else None) == delimiter


def test_each_thing_gets_a_column() -> None:
    table = with_column("kind", ["theft", "loss", "theft, loss", "hacking"] * (ROWS // 4))
    finding = found(table)["several_values"]
    assert "25 % of the values of 'kind'" in finding.text
    flags = taken(finding.fixes[0], table)
    assert flags["kind_theft"].sum() == ROWS // 2
    assert flags["kind_hacking"].sum() == ROWS // 4


def test_columns_that_go_one_to_one_say_the_same_in_other_words() -> None:
    code = spread(["no", "it", "de", "fr", None])
    number = {"no": 47, "it": 39, "de": 49, "fr": 33, None: 0}
    table = with_column("code", code).with_columns(
        pl.Series("dial", [number[each] for each in code]), pl.Series("twice", [2 * number[each] for each in code])
    )
    assert {name: each.renamed for name, each in looked(table).signs.items() if each.renamed} == {
        "dial": ("code",), "twice": ("code",)
    }  # fmt: skip
    assert found(table)["renamed_columns"].column == "dial"
    once = table.with_columns(pl.when(pl.int_range(ROWS) == 7).then(1).otherwise("dial").alias("dial"))
    assert looked(once).signs["dial"].renamed == ()


def test_columns_of_nearly_one_value_or_of_names_of_rows_are_not_compared() -> None:
    flag = ["yes" if row in (3, 9) else "no" for row in range(ROWS)]
    names = pl.DataFrame({"row": range(ROWS), "name": [f"n{row}" for row in range(ROWS)]})
    table = names.with_columns(pl.Series("flag", flag), pl.Series("other", [each[0] for each in flag]))
    assert not [name for name, each in looked(table).signs.items() if each.renamed]


def test_one_thing_in_many_columns_is_made_long_without_its_gaps() -> None:
    random = np.random.default_rng(0)
    weeks = {f"wk{week}": [week if random.random() > week / 14 else None for _ in range(ROWS)] for week in range(1, 13)}
    table = CLEAN.with_columns(pl.Series(name, values) for name, values in weeks.items())
    finding = found(table)["repeated_columns"]
    assert finding.examples == tuple(weeks)[:5]
    long = taken(finding.fixes[0], table)
    assert long.height == sum(each is not None for values in weeks.values() for each in values)
    assert long["value"].null_count() == 0
    complete = CLEAN.with_columns(pl.Series(name, range(ROWS)) for name in weeks)
    assert "repeated_columns" not in found(complete), "measurements without gaps are fine as they are"


def test_a_number_of_few_values_is_one_of_classes_and_one_of_many_a_number() -> None:
    few, many = with_column("amount", spread(range(20))), with_column("amount", spread(range(21)))
    assert "numbers_as_classes" not in found(few, "amount")
    assert "numbers_as_classes" in found(many, "amount")
    rare = with_column("amount", [*range(60), *spread(range(21))[60:]])
    assert not {"few_of_class", "imbalanced", "too_many_classes"} & set(found(rare, "amount"))


def test_very_small_classes_are_put_together_and_not_balanced() -> None:
    finding = found(with_column("y", ["big"] * (ROWS - 20) + [f"small {row % 5}" for row in range(20)]), "y")
    assert [fix.transform for fix in finding["few_of_class"].fixes] == ["group_rare_categories"]
    assert "That is 5 of 6 classes" in finding["few_of_class"].text
    assert "imbalanced" not in finding


def test_a_target_that_is_mostly_one_number_is_about_the_others() -> None:
    rain = [0.0 if row % 10 else row / 7 + 0.1 for row in range(ROWS)]
    assert (
        "which rows have another value than 0"
        in found(with_column("amount", rain), "amount")["frequent_target_value"].text
    )


def test_a_skewed_target_above_zero_is_first_taken_the_logarithm_of() -> None:
    values = np.exp(np.random.default_rng(1).normal(0, 1.6, ROWS)).round(4)
    finding = found(with_column("amount", values), "amount")["target_shape"]
    assert [fix.transform for fix in finding.fixes] == ["logarithm", "outlier_mad", "outlier_std"]


def test_columns_that_are_nearly_all_missing_are_not_offered_to_be_filled() -> None:
    table = CLEAN.with_columns(pl.when(pl.int_range(ROWS) % 20 == 0).then("height").alias("height"))
    assert [fix.transform for fix in found(table)["missing"].fixes] == ["drop_columns"]


@pytest.mark.parametrize(("text", "steps"), [
    ("Children\x1as Hospital", ["remove_control_characters"]),
    ("\ufffdrebro", ["remove_control_characters"]),
    ("cafÃ© noir", ["fix_encoding", "remove_control_characters"]),
    ("itâ€™s", ["fix_encoding", "remove_control_characters"]),
    ("café\tnoir\nÅre São Ângelo", []),
])  # fmt: skip
def test_characters_that_cannot_be_read_are_told(text: str, steps: list[str]) -> None:
    table = with_column("name", [text if row % 50 == 9 else f"plain {row % 7}" for row in range(ROWS)])
    finding = found(table).get("garbled_text")
    assert [fix.transform for fix in finding.fixes] == steps if finding else not steps
    if finding is not None:
        assert finding.evidence == {"rows": 20}
        assert all(each.isprintable() for each in finding.examples)


def test_examples_that_are_a_few_of_many_do_not_say_how_many_more_there_are() -> None:
    feet = [f"5'{row % 12}" if row % 10 == 0 else str(150 + row % 45) for row in range(ROWS)]
    text = found(with_column("size", feet))["mixed_types"].text
    assert "100 rows are not, such as" in text
    assert " more" not in text
