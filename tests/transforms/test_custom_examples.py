"""Columns made as examples show."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.core.relations import Source
from transforms.custom_examples import ColumnFromExamples, Program
from transforms.custom_programs import Part

NAMES = pl.DataFrame({"n": ["Ann Lee", "bo kim", "Cy Mac Dee", None]})


def step(shown: list[tuple[dict[str, Any], str]], *columns: str) -> ColumnFromExamples:
    pairs = [{"row": row, "result": result} for row, result in shown]
    return ColumnFromExamples.model_validate({"columns": columns, "output": "o", "shown": pairs})


def made(table: pl.DataFrame, *shown: tuple[dict[str, Any], str]) -> list[str | None]:
    return result(step(list(shown), *table.columns), table)["o"].to_list()


def learned(found: ColumnFromExamples, table: pl.DataFrame) -> Program:
    return found.bind(table.schema).fit(Asking(PolarsEngine.over({"in0": table}), (Source("in0"),)))


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ([("Ann Lee", "Ann")], ["Ann", "bo", "Cy", None]),
        ([("Ann Lee", "Lee, Ann"), ("Cy Mac Dee", "Dee, Cy")], ["Lee, Ann", "kim, bo", "Dee, Cy", None]),
        ([("bo kim", "Bo"), ("Ann Lee", "Ann")], ["Ann", "Bo", "Cy", None]),
        ([("bo kim", "B.K."), ("Ann Lee", "A.L.")], ["A.L.", "B.K.", "C.M.", None]),
        ([("Ann Lee", "ann.lee@x.org")], ["ann.lee@x.org", "bo.kim@x.org", "cy.mac@x.org", None]),
        ([("Ann Lee", "Mr Ann")], ["Mr Ann", "Mr bo", "Mr Cy", None]),
    ],
)
def test_names_are_taken_apart_and_put_together(shown: list[tuple[str, str]], expected: list[str | None]) -> None:
    assert made(NAMES, *(({"n": text}, wanted) for text, wanted in shown)) == expected


@pytest.mark.parametrize(
    ("text", "wanted", "other", "expected"),
    [
        ("https://www.example.org/a", "www.example.org", "http://x.no/b", "x.no"),
        ("AB12-2024", "2024", "XYZ7-2023", "2023"),
        ("+47 (22) 33", "22", "1 (555) 9", "555"),
        ("id=17;name=x", "17", "id=4;name=yy", "4"),
        ("NO9386011117", "NO93 8601", "SE4550000000", "SE45 5000"),
    ],
)
def test_one_example_is_often_enough(text: str, wanted: str, other: str, expected: str) -> None:
    assert made(pl.DataFrame({"t": [text, other]}), ({"t": text}, wanted)) == [wanted, expected]


def test_dates_and_numbers_and_several_columns_are_read() -> None:
    table = pl.DataFrame(
        {
            "d": [date(2024, 1, 31), date(2023, 12, 5)],
            "n": [7.0, 0.5],
            "b": [True, False],
            "at": [datetime(2024, 5, 6, 7), None],
        }
    )
    shown = ({"d": "2024-01-31", "n": 7, "b": True}, "31 Jan 2024: 7 true")
    assert made(table.drop("at"), shown) == ["31 Jan 2024: 7 true", "05 Dec 2023: 0.5 false"]
    assert made(table.select("at"), ({"at": "2024-05-06T07:00:00"}, "07h")) == ["07h", None]


def test_every_example_is_made_right_by_what_is_found() -> None:
    shown = [("x-1 Ann", "Ann/1"), ("yy-22 Bo", "Bo/22"), ("z-333 Cy", "Cy/333")]
    found = made(pl.DataFrame({"t": [text for text, _ in shown]}), *(({"t": text}, wanted) for text, wanted in shown))
    assert found == [wanted for _, wanted in shown]


def test_the_program_can_be_read_and_changed() -> None:
    found = step([({"n": "Ann Lee"}, "Lee, Ann")], "n")
    program = learned(found, NAMES)
    assert program.words == "the second piece of 'n' between ' ' + ', ' + the first piece of 'n' between ' '"
    last = Part(source="piece", text=" ", column="n", place=-1, case="upper")
    changed = Program(words="the last name", parts=(last,))
    assert found.bind(NAMES.schema).apply(NAMES.lazy(), changed).collect()["o"].to_list() == ["LEE", "KIM", "DEE", None]


def test_a_cut_in_words_says_which_characters() -> None:
    part = Part(source="whole", column="t", start=2, length=3)
    assert part.words() == "the characters 3 to 5 of 't'"
    assert part.model_copy(update={"start": -2, "length": None}).words() == "the last 2 characters of 't'"


@pytest.mark.parametrize(
    ("shown", "message"),
    [
        ([("Ann Lee", "Norway")], "No program makes 'Norway' of the first example"),
        ([("Ann Lee", "Lee"), ("bo kim", "bo")], "'bo', of example 2, does not fit those before it"),
        ([("", "x")], "No program makes 'x'"),
    ],
)
def test_examples_that_nothing_explains_are_refused(shown: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(InvalidStepError, match=message):
        step([({"n": text}, wanted) for text, wanted in shown], "n").bind(NAMES.schema)


def test_examples_have_to_fit_the_table_and_each_other() -> None:
    with pytest.raises(InvalidStepError, match="Example 1 has a value for 'm', which is no chosen column"):
        step([({"m": "x"}, "x")], "n").bind(NAMES.schema)
    with pytest.raises(InvalidStepError, match="Example 1 has 'x' for 'i', which holds integer values"):
        step([({"i": "x"}, "x")], "i").bind(pl.Schema({"i": pl.Int64()}))
    with pytest.raises(ValidationError, match="is to become 'a' and 'b'"):
        step([({"n": "x"}, "a"), ({"n": "x"}, "b")], "n")


def test_rows_the_program_does_not_fit_are_counted() -> None:
    table = pl.DataFrame({"n": ["Ann Lee", "Cy", None]})
    found = step([({"n": "Ann Lee"}, "Lee")], "n")
    (failure,) = found.bind(table.schema).failures(learned(found, table))
    assert table.filter(failure.where)["n"].to_list() == ["Cy"]
    assert "the second piece of 'n'" in failure.what
