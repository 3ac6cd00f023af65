"""Values shown in part."""

from __future__ import annotations

import ipaddress
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.checks import result
from tests.drawing import examples
from transforms.core.errors import InvalidStepError
from transforms.privacy_mask import GeneralizeLocation, GeneralizeNumber, MaskDate, MaskEmail, MaskText


def masked(values: list[Any], **params: Any) -> list[str | None]:
    found: list[str | None] = result(MaskText(columns=("x",), **params), pl.DataFrame({"x": values}))["x"].to_list()
    return found


@settings(max_examples=examples(40), deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), st.integers(0, 3), st.integers(0, 3))
def test_masks_are_those_of_slices(text: str, first: int, last: int) -> None:
    shown = len(text) > first + last
    middle = text[first : len(text) - last] if shown else text
    expected = (text[:first] if shown else "") + "#" * len(middle) + (text[len(text) - last :] if shown else "")
    assert masked([text], keep_first=first, keep_last=last, mask="#", keep_separators=False) == [expected]


def test_separators_are_kept_and_marks_hidden() -> None:
    values = ["ab-12 34", "e\u0301-x", "日本語", "1234", None]
    assert masked(values, keep_last=0) == [
        "**-** **",
        "**-*",
        "***",
        "****",
        None,
    ]
    assert masked(["$1", "a$b"], keep_last=0, mask="$") == ["$$", "$$$"]


def test_values_that_would_be_shown_whole_are_masked_whole() -> None:
    assert masked(["1234", "12345", "1", ""]) == ["****", "*2345", "*", ""]
    assert masked([1234567, None]) == ["***4567", None]


def test_length_can_be_hidden() -> None:
    assert masked(["abcdef", "ab", ""], keep_last=1, fixed_length=2) == ["**f", "**b", "**"]


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        ("domain", ["***@x.no", "***@x.no", "***", "***", "***", None]),
        ("first_letter", ["é***@x.no", "a***@x.no", "***", "***", "***", None]),
        ("none", ["***@***", "***@***", "***", "***", "***", None]),
    ],
)
def test_addresses_keep_what_is_asked(keep: Any, expected: list[str | None]) -> None:
    table = pl.DataFrame({"m": ["élan@x.no", " a@x.no ", "a b@x.no", "@x.no", "", None]})
    step = MaskEmail(column="m", keep=keep)
    assert result(step, table)["m"].to_list() == expected
    (failure,) = step.bind(table.schema).failures()
    assert table.select(failure.where.sum()).item() == 3


def test_dates_are_the_first_of_their_period_by_the_clock_of_their_zone() -> None:
    table = pl.DataFrame({"d": [datetime(2024, 12, 31, 23, 30), datetime(1969, 5, 17), None]}).with_columns(
        pl.col("d").dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Oslo")
    )
    assert result(MaskDate(column="d"), table)["d"].to_list() == [date(2025, 1, 1), date(1969, 1, 1), None]
    found = result(MaskDate(column="d", keep="quarter"), table)["d"].to_list()
    assert found == [date(2025, 1, 1), date(1969, 4, 1), None]
    text = {
        "year": ["2025", "1969", None],
        "quarter": ["2025-Q1", "1969-Q2", None],
        "month": ["2025-01", "1969-05", None],
    }
    for keep, expected in text.items():
        step = MaskDate(column="d", keep=keep, written_as="text")
        assert result(step, table)["d"].to_list() == expected


def test_numbers_beyond_codes_are_one_group() -> None:
    table = pl.DataFrame({"x": [-5.0, 19.9, 20.0, 89.9, 90.0, float("inf"), float("nan"), None]})
    step = GeneralizeNumber(column="x", width=10, bottom_code=20, top_code=90)
    low, high = "less than 20", "90 or more"
    expected = [low, low, "[20, 30)", "[80, 90)", high, high, None, None]
    assert result(step, table)["x"].to_list() == expected
    middle = GeneralizeNumber(column="x", width=10, bottom_code=20, top_code=90, label="midpoint")
    assert result(middle, table)["x"].to_list() == [20.0, 20.0, 25.0, 85.0, 90.0, 90.0, None, None]


def test_infinite_numbers_without_a_code_are_counted() -> None:
    table = pl.DataFrame({"x": [1.0, float("inf"), float("-inf"), None]})
    step = GeneralizeNumber(column="x", width=10)
    assert result(step, table)["x"].to_list() == ["[0, 10)", None, None, None]
    (failure,) = step.bind(table.schema).failures()
    assert table.select(failure.where.sum()).item() == 2
    with pytest.raises(ValidationError, match="Nothing is left between"):
        GeneralizeNumber(column="x", width=1, bottom_code=5, top_code=5)


@settings(max_examples=examples(40), deadline=None)
@given(st.ip_addresses(), st.integers(1, 4))
def test_networks_are_those_of_ipaddress(address: Any, keep: int) -> None:
    kind: Any = f"ipv{address.version}"
    prefix = keep * (8 if address.version == 4 else 16)
    table = pl.DataFrame({"a": [str(address)]})
    found = result(GeneralizeLocation(column="a", kind=kind, keep=keep), table)["a"].item()
    assert found == str(ipaddress.ip_network(f"{address}/{prefix}", strict=False))


def test_what_is_no_address_becomes_missing_and_is_counted() -> None:
    table = pl.DataFrame({"a": ["10.0.0.999", "::1", " 10.1.2.3 ", "", "fe80::1%eth0", None]})
    step = GeneralizeLocation(column="a", kind="ipv4")
    assert result(step, table)["a"].to_list() == [None, None, "10.1.2.0/24", None, None, None]
    (failure,) = step.bind(table.schema).failures()
    assert table.select(failure.where.sum()).item() == 3
    assert result(GeneralizeLocation(column="a", kind="ipv6"), table)["a"][4] == "fe80::/48"
    with pytest.raises(InvalidStepError, match="An address of ipv4 has 4 parts, not 5"):
        GeneralizeLocation(column="a", kind="ipv4", keep=5).bind(table.schema)


def test_names_that_are_taken_are_refused() -> None:
    schema = pl.Schema({"m": pl.String(), "m2": pl.String()})
    for step in (MaskEmail(column="m", output="m2"), MaskText(columns=("m",), suffix="2")):
        with pytest.raises(InvalidStepError, match="There is a column 'm2' already"):
            step.bind(schema)
