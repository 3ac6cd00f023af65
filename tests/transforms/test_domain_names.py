"""Names of people."""

from __future__ import annotations

import polars as pl
import pytest

from tests.checks import result
from transforms.domain_names import ParsePersonName

PARTS = ("title", "first", "middle", "last", "suffix", "nickname")


def parsed(name: str | None, order: str = "auto") -> tuple[str | None, ...]:
    step = ParsePersonName.model_validate({"column": "n", "parts": PARTS, "prefix": "", "order": order})
    return result(step, pl.DataFrame({"n": [name]}, schema={"n": pl.String})).row(0)[1:]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        # The examples of the documentation of nameparser.
        ("Dr. Juan Q. Xavier de la Vega III (Doc Vega)", ("Dr.", "Juan", "Q. Xavier", "de la Vega", "III", "Doc Vega")),
        ("Smith, Jane", (None, "Jane", None, "Smith", None, None)),
        ("Lee, Ann Marie, Jr.", (None, "Ann", "Marie", "Lee", "Jr.", None)),
        ("Sir Isaac Newton", ("Sir", "Isaac", None, "Newton", None, None)),
        ("毛泽东", (None, None, None, "毛泽东", None, None)),
    ],
)
def test_names_are_taken_apart(name: str, parts: tuple[str | None, ...]) -> None:
    found = parsed(name)
    if name.isascii():
        assert found == parts
    else:
        assert "毛泽东" in found


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ayres, OBE Gillian", (None, "Gillian", None, "Ayres", "OBE", None)),
        ("Moore, OM, CH Henry Spencer", (None, "Henry", "Spencer", "Moore", "OM CH", None)),
        ("King, Jr., Martin Luther", (None, "Martin", "Luther", "King", "Jr.", None)),
        ("Suh, Do Ho", (None, "Do", "Ho", "Suh", None, None)),
        ("Smith, Jr.", (None, None, None, "Smith", "Jr.", None)),
    ],
)
def test_honours_may_stand_before_the_first_name(name: str, parts: tuple[str | None, ...]) -> None:
    assert parsed(name) == parts


def test_the_order_is_the_one_chosen_unless_a_comma_says_it() -> None:
    assert parsed("Nagy Anna", "last_first")[1:4] == ("Anna", None, "Nagy")
    assert parsed("Nagy Anna", "first_last")[1:4] == ("Nagy", None, "Anna")
    assert parsed("Nagy, Anna", "first_last")[1:4] == parsed("Nagy, Anna", "last_first")[1:4] == ("Anna", None, "Nagy")


def test_blank_text_has_no_name_and_signs_are_counted() -> None:
    table = pl.DataFrame({"n": ["Ann Lee", ",", " ", None]})
    step = ParsePersonName(column="n")
    assert result(step, table)["n_first"].to_list() == ["Ann", None, None, None]
    (failure,) = step.bind(table.schema).failures()
    assert table.select(failure.where).to_series().to_list() == [False, True, False, False]
