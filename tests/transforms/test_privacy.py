"""Hashes."""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from typing import Any, get_args

import polars as pl
import pytest
from pydantic import ValidationError

from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.privacy import Algorithm, HashColumn


@pytest.mark.parametrize("algorithm", get_args(Algorithm))
def test_hashes_are_those_of_hashlib(algorithm: Any) -> None:
    texts = ["é", "", "a" * 1000, "a", None, "a"]
    table = pl.DataFrame({"x": texts})
    digests = [None if each is None else hashlib.new(algorithm, each.encode()).digest() for each in texts]
    found = result(HashColumn(columns=("x",), algorithm=algorithm), table)["x"].to_list()
    assert found == [each and each.hex() for each in digests]
    found = result(HashColumn(columns=("x",), algorithm=algorithm, encoding="base64"), table)["x"].to_list()
    assert found == [each and base64.b64encode(each).decode() for each in digests]


def test_equal_values_of_different_types_have_equal_hashes() -> None:
    table = pl.DataFrame({"i": [7, None], "f": [7.0, float("nan")], "t": ["7", None]})
    found = result(HashColumn(columns=("i", "f", "t")), table)
    assert found["i"].to_list() == found["f"].to_list() == found["t"].to_list()
    assert found["i"][1] is None


def test_dates_are_hashed_as_they_are_written() -> None:
    found = result(HashColumn(columns=("d",), truncate=10), pl.DataFrame({"d": [date(2024, 5, 1)]}))["d"].item()
    assert found == hashlib.sha256(b"2024-05-01").hexdigest()[:10]


def test_hashes_too_short_to_tell_values_apart_and_names_that_are_taken_are_refused() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 8"):
        HashColumn(columns=("x",), truncate=4)
    with pytest.raises(InvalidStepError, match="There is a column 'xy' already"):
        HashColumn(columns=("x",), suffix="y").bind(pl.Schema({"x": pl.String(), "xy": pl.String()}))
