from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.app.modeling.tables import planted
from transforms.core.errors import DataprepError
from transforms.scoring.encoding import Encoding, encoding


def encoded(values: list[Any], dtype: pl.DataType | None = None) -> np.ndarray:
    table = pl.DataFrame({"x": pl.Series(values, dtype=dtype)})
    return encoding(table, ["x"]).matrix(table)


def test_numbers_stay_and_missing_and_infinite_are_nan() -> None:
    found = encoded([1.5, None, float("nan"), float("inf"), -2.0, 1e300])[:, 0]
    np.testing.assert_allclose(found, np.array([1.5, np.nan, np.nan, np.nan, -2.0, 3e38], dtype=np.float32))


def test_categories_are_ranked_by_frequency_and_unseen_ones_are_missing() -> None:
    known = encoding(pl.DataFrame({"x": ["b", "a", "b", None, " "]}), ["x"])
    assert known.columns[0].categories == ("b", "a")
    assert known.types == ["c"]
    found = known.matrix(pl.DataFrame({"x": ["a", "new", None, "b", ""]}))[:, 0]
    np.testing.assert_array_equal(found, [1, np.nan, np.nan, 0, np.nan])


@pytest.mark.parametrize(
    ("values", "row"),
    [
        ([date(2024, 2, 29), date(2024, 3, 1)], [19782, 2, 29, 4]),
        ([datetime(2024, 2, 29, 6), datetime(2024, 3, 1)], [19782.25, 2, 29, 4, 6]),
        (["2024-02-29", "2024-03-01"], [19782, 2, 29, 4]),
        ([time(1, 0, 30), time(2)], [3630]),
        ([timedelta(minutes=2), timedelta(0)], [120]),
        ([Decimal("1.25"), Decimal("2.5")], [1.25]),
        (["12.5", "13"], [12.5]),
        ([True, False], [1]),
    ],
)
def test_every_type_becomes_numbers(values: list[Any], row: list[float]) -> None:
    np.testing.assert_allclose(encoded(values)[0], row)


def test_text_becomes_its_lengths_and_its_words() -> None:
    texts = [f"{'late' if i % 2 else 'early'} call {i}" for i in range(200)]
    table = pl.DataFrame({"note": texts})
    known = encoding(table, ["note"])
    assert known.columns[0].kind == "text"
    assert "early" in known.columns[0].words
    assert "call" not in known.columns[0].words, "a word that is in every text tells nothing"
    place = known.columns[0].parts.index("has 'late'")
    np.testing.assert_array_equal(known.matrix(table)[:, place], [i % 2 for i in range(200)])
    np.testing.assert_array_equal(known.matrix(table)[12, :3], [13, 3, 2])


def test_columns_that_tell_nothing_are_left_out_with_the_reason() -> None:
    table = planted(300).with_columns(
        constant=pl.lit("x"),
        empty=pl.lit(None, pl.Float64),
        tags=pl.concat_list("age", "age"),
        code=pl.col("customer_id").cast(pl.String) + "-k",
        number=pl.int_range(300),
    )
    found = encoding(table, table.columns).left_out
    assert found.keys() == {"customer_id", "constant", "empty", "tags", "code", "number"}
    assert "id" in found["customer_id"]
    assert "list" in found["tags"]


def test_amounts_that_all_differ_are_kept() -> None:
    table = pl.DataFrame({"income": [i * i + 7 for i in range(100)]})
    assert encoding(table, ["income"]).names == ("income",)


def test_nothing_left_says_why() -> None:
    with pytest.raises(DataprepError, match=r"no column to learn from.*x: it has the same value"):
        encoding(pl.DataFrame({"x": [1, 1]}), ["x"])


def test_lost_columns_and_changed_types_are_named() -> None:
    known = encoding(pl.DataFrame({"age": [1, 2], "day": [date(2024, 1, 1), date(2024, 1, 2)]}), ["age", "day"])
    with pytest.raises(DataprepError, match=r"lacks column 'age'.*Did you mean 'Age'"):
        known.matrix(pl.DataFrame({"Age": [1], "day": [date(2024, 1, 1)]}))
    with pytest.raises(DataprepError, match="'day' holds integer values; the model was trained on it as a moment"):
        known.matrix(pl.DataFrame({"age": [1], "day": [3]}))


def test_what_was_learned_is_plain_json() -> None:
    table = planted(500)
    known = encoding(table, table.columns)
    again = Encoding.model_validate_json(known.model_dump_json())
    assert again == known
    np.testing.assert_array_equal(again.matrix(table), known.matrix(table))


def test_empty_and_all_missing_tables_are_encoded() -> None:
    table = planted(200)
    known = encoding(table, table.columns)
    assert known.matrix(table.clear()).shape == (0, len(known.types))
    missing = pl.DataFrame({name: [None, None] for name in table.columns})
    assert np.isnan(known.matrix(missing)).all()
