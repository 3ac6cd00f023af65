"""Rows that steps cannot handle: for every setting that says what becomes of them, some rows that meet it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

STOPS = {"fail", "error", "stop"}
"""Choices that end the run."""


@dataclass(frozen=True)
class Case:
    """Rows of which the last cannot be handled."""

    setting: str
    params: dict[str, Any]
    rows: dict[str, list[Any]]
    column: str
    """The column that is named."""
    shown: str | None
    """Its value in the last row, as it is shown; ``None`` when a missing value is what fails."""
    result: str = ""
    """The column that holds what comes of it; ``column`` when empty."""
    fit: dict[str, list[Any]] | None = None
    """Rows that the step learns from, of a run before."""
    other: dict[str, list[Any]] | None = None
    """The second table."""
    answers: frozenset[str] = frozenset()
    """Choices by which such a value is no failure: it gets an answer that was asked for."""


def unseen(params: dict[str, Any], *answers: str, setting: str = "handle_unseen", result: str = "") -> Case:
    """A category that was not there when the step was fitted."""
    seen: dict[str, list[Any]] = {"city": ["Oslo", "Rome", "Oslo"], "churn": [True, False, False]}
    later: dict[str, list[Any]] = {"city": ["Oslo", "Atlantis"], "churn": [True, False]}
    return Case(setting, params, later, "city", "Atlantis", result, fit=seen, answers=frozenset(answers))


TEXT = {"x": ["1", "abc"]}
KEYS = {"of": [7], "y": [1]}
CASES: dict[str, Case] = {
    "change_type": Case("on_error", {"columns": ["x"], "type": "integer"}, TEXT, "x", "abc"),
    "parse_number": Case("on_error", {"columns": ["x"]}, TEXT, "x", "abc"),
    "parse_boolean": Case("on_error", {"columns": ["x"]}, {"x": ["yes", "abc"]}, "x", "abc"),
    "parse_duration": Case("on_error", {"columns": ["x"]}, {"x": ["1h", "abc"]}, "x", "abc"),
    "parse_date": Case(
        "on_error", {"columns": ["x"], "formats": ["%d.%m.%Y"]}, {"x": ["31.01.2024", "31.02.2024"]}, "x", "31.02.2024"
    ),
    "parse_date_auto": Case(
        "on_error",
        {"columns": ["x"]},
        {"x": ["2024-01-31", "2024-02-31"]},
        "x",
        "2024-02-31",
        fit={"x": ["2024-01-31", "2024-02-01"]},
    ),
    "conform_to_schema": Case("on_error", {"expected": [{"name": "x", "type": "integer"}]}, TEXT, "x", "abc"),
    "list_to_columns": Case(
        "on_error",
        {"column": "x", "drop_input": False},
        {"x": [[1], [1, 2, 3]]},
        "x",
        None,
        result="x_3",
        fit={"x": [[1], [2, 3]]},
        answers=frozenset({"null"}),
    ),
    "parse_json": Case("on_error", {"column": "x"}, {"x": ['{"n": 1}', "{n: 1"]}, "x", "{n: 1"),
    "extract_json_path": Case(
        "on_error",
        {"column": "x", "path": "$.n", "type": "integer", "output": "n"},
        {"x": ['{"n": 1}', '{"n": "abc"}']},
        "x",
        '{"n": "abc"}',
        result="n",
    ),
    "normalize_url": Case("on_error", {"column": "x"}, {"x": ["www.example.org", "no url"]}, "x", "no url"),
    "normalize_email": Case("on_error", {"column": "x"}, {"x": ["ann@example.org", "nobody"]}, "x", "nobody"),
    "format_phone": Case(
        "on_error", {"column": "x", "region": "GB"}, {"x": ["020 7946 0958", "call me"]}, "x", "call me"
    ),
    "standardize_country": Case("on_error", {"column": "x"}, {"x": ["Norway", "Narnia"]}, "x", "Narnia"),
    "standardize_subdivision": Case("on_error", {"column": "x"}, {"x": ["California", "Mordor"]}, "x", "Mordor"),
    "standardize_currency_code": Case("on_error", {"column": "x"}, {"x": ["usd", "seashells"]}, "x", "seashells"),
    "convert_currency": Case(
        "on_error",
        {
            "amount": "x",
            "from_column": "of",
            "to_currency": "EUR",
            "rate_currency": "code",
            "rate": "rate",
            "output": "eur",
        },
        {"x": [10.0, 3.0], "of": ["USD", "CHF"]},
        "of",
        "CHF",
        result="eur",
        other={"code": ["USD"], "rate": [1.25]},
    ),
    "parse_coordinates": Case("on_error", {"column": "x"}, {"x": ["51.5, 0.1", "here"]}, "x", "here", result="x_lat"),
    "decrypt_column": Case(
        "on_error",
        {"columns": ["x"], "key_from": "example"},
        {"x": ["ATzAQWhF3Dmh0bGRuZsjBCWuWeeASl_MNQX9LQ", "abc"]},
        "x",
        "abc",
    ),
    "to_category": Case(
        "on_unseen",
        {"column": "x", "categories": ["S", "M"]},
        {"x": ["S", "XL"]},
        "x",
        "XL",
        answers=frozenset({"keep"}),
    ),
    "sort_custom_order": Case(
        "unknown",
        {"column": "x", "order": ["S", "M"]},
        {"x": ["S", "XL"]},
        "x",
        "XL",
        answers=frozenset({"first", "last"}),
    ),
    "one_hot_encode": unseen({"columns": ["city"]}, "other"),
    "ordinal_encode": unseen({"columns": ["city"]}, "last", "minus_one"),
    "label_encode": unseen({"column": "city"}, "minus_one"),
    "count_encode": unseen({"columns": ["city"]}, "zero"),
    "base_n_encode": unseen({"columns": ["city"]}, "zeros", result="city_digit_1"),
    "target_encode": unseen({"columns": ["city"], "target": "churn"}, "mean"),
    "woe_encode": unseen({"columns": ["city"], "target": "churn"}, "zero"),
    "assert_no_new_categories": unseen({"columns": ["city"]}, setting="on_fail"),
    "map_values": Case(
        "default",
        {"columns": ["x"], "mapping": {"Y": "yes"}, "default_value": "no"},
        {"x": ["Y", "?"]},
        "x",
        "?",
        answers=frozenset({"keep", "value"}),
    ),
    "map_values_from_dataset": Case(
        "default",
        {"column": "x", "key": "code", "value": "name"},
        {"x": ["no", "xx"]},
        "x",
        "xx",
        other={"code": ["no"], "name": ["Norway"]},
        answers=frozenset({"keep"}),
    ),
    "lookup_columns": Case(
        "if_none",
        {"left_on": ["x"], "right_on": ["code"], "columns": ["name"]},
        {"x": ["no", "xx"]},
        "x",
        "xx",
        result="name",
        other={"code": ["no"], "name": ["Norway"]},
    ),
    "reverse_one_hot": Case(
        "handle_many",
        {"columns": ["x_a", "x_b"], "output": "x", "keep_input": True},
        {"x_a": [1, 1], "x_b": [0, 1]},
        "x_a",
        "1",
        result="x",
        answers=frozenset({"first", "join"}),
    ),
    "arithmetic": Case(
        "on_zero_divide",
        {"left": "x", "op": "divide", "right": "y", "output": "z"},
        {"x": [1.0, 5.0], "y": [2.0, 0.0]},
        "x",
        "5.0",
        result="z",
        answers=frozenset({"inf"}),
    ),
    "safe_ratio": Case(
        "on_zero_divide",
        {"numerator": "x", "denominator": "y", "output": "z"},
        {"x": [1.0, 5.0], "y": [2.0, 0.0]},
        "x",
        "5.0",
        result="z",
        answers=frozenset({"zero"}),
    ),
    "logarithm": Case("non_positive", {"columns": ["x"]}, {"x": [1.0, -5.0]}, "x", "-5.0"),
    "make_date": Case(
        "invalid",
        {"year": "y", "month": "m", "day": "d", "output": "x"},
        {"y": [2024, 2023], "m": [2, 2], "d": [29, 29]},
        "d",
        "29",
        result="x",
        answers=frozenset({"roll"}),
    ),
    "add_business_days": Case(
        "roll",
        {"column": "x", "days": 2, "output": "due"},
        {"x": [date(2024, 1, 4), date(2024, 1, 6)]},
        "x",
        "2024-01-06",
        answers=frozenset({"forward", "backward"}),
    ),
    "validate_timestamps": Case(
        "on_invalid",
        {"column": "x", "allow_missing": False},
        {"x": [datetime(2024, 1, 1), None]},
        "x",
        None,
    ),
    "pivot_wide": Case(
        "unknown",
        {"index": ["city"], "names_from": "x", "values": ["n"]},
        {"city": ["Oslo", "Oslo"], "x": ["a", "c"], "n": [1, 2]},
        "x",
        "c",
        fit={"city": ["Oslo", "Oslo"], "x": ["a", "b"], "n": [1, 2]},
    ),
    "key_value_to_columns": Case(
        "unknown",
        {"key": "x", "value": "n", "by": ["city"]},
        {"city": ["Oslo", "Oslo"], "x": ["a", "c"], "n": ["1", "2"]},
        "x",
        "c",
        fit={"city": ["Oslo", "Oslo"], "x": ["a", "b"], "n": ["1", "2"]},
    ),
    "assert_not_missing": Case("on_fail", {"columns": ["x"]}, {"x": [1, None]}, "x", None),
    "assert_range": Case("on_fail", {"columns": ["x"], "max": 10}, {"x": [1, 11]}, "x", "11"),
    "assert_in_set": Case("on_fail", {"columns": ["x"], "values": ["a"]}, {"x": ["a", "b"]}, "x", "b"),
    "assert_pattern": Case("on_fail", {"columns": ["x"], "pattern": "^a"}, {"x": ["a", "b"]}, "x", "b"),
    "assert_expression": Case("on_fail", {"expression": "x < 10"}, {"x": [1, 11]}, "x", "11"),
    "assert_format": Case("on_fail", {"columns": ["x"], "format": "email"}, {"x": ["a@b.org", "b"]}, "x", "b"),
}
ZONES: dict[str, Case] = {
    "ambiguous": Case(
        "ambiguous",
        {"columns": ["x"], "timezone": "Europe/Oslo"},
        {"x": [datetime(2024, 7, 1), datetime(2024, 10, 27, 2, 30)]},
        "x",
        "2024-10-27 02:30:00.000000",
        answers=frozenset({"earliest", "latest"}),
    ),
    "non_existent": Case(
        "non_existent",
        {"columns": ["x"], "timezone": "Europe/Oslo"},
        {"x": [datetime(2024, 7, 1), datetime(2024, 3, 31, 2, 30)]},
        "x",
        "2024-03-31 02:30:00.000000",
        answers=frozenset({"later"}),
    ),
}
MISSING = Case(
    "handle_missing",
    {"columns": ["city"]},
    {"city": ["Oslo", None]},
    "city",
    None,
    answers=frozenset({"zeros", "column", "null"}),
)


@dataclass(frozen=True)
class Table:
    """Tables that break a rule on the table as a whole, or on its columns."""

    setting: str
    params: dict[str, Any]
    tables: tuple[dict[str, list[Any]], ...]
    words: tuple[str, ...]
    """What the error names."""
    fit: dict[str, list[Any]] | None = None


TWICE = {"code": ["no", "no"], "name": ["Norway", "Norge"]}
TABLES: dict[tuple[str, str], Table] = {
    ("lookup_columns", "if_many"): Table(
        "if_many", {"left_on": ["x"], "right_on": ["code"], "columns": ["name"]}, ({"x": ["no"]}, TWICE), ("'no'",)
    ),
    ("fill_from_lookup", "if_many"): Table(
        "if_many",
        {"left_on": ["x"], "right_on": ["code"], "column": "land", "source": "name"},
        ({"x": ["no"], "land": [None]}, TWICE),
        ("'no'",),
    ),
    ("map_values_from_dataset", "if_many"): Table(
        "if_many", {"column": "x", "key": "code", "value": "name"}, ({"x": ["no"]}, TWICE), ("'no'",)
    ),
    ("append_columns", "on_unequal"): Table("on_unequal", {}, ({"x": [1, 2]}, {"y": [1]}), ("2", "1")),
    ("rename_from_dataset", "unmatched"): Table(
        "unmatched",
        {"key": "old", "value": "new"},
        ({"x": [1], "id": [2]}, {"old": ["x"], "new": ["y"]}),
        ("'id'",),
    ),
    ("conform_to_schema", "on_missing"): Table("on_missing", {"expected": [{"name": "y"}]}, ({"x": [1]},), ("'y'",)),
    ("conform_to_schema", "on_extra"): Table(
        "on_extra", {"expected": [{"name": "x"}]}, ({"x": [1], "y": [1]},), ("'y'",)
    ),
    ("bin_equal_frequency", "duplicates"): Table(
        "duplicates", {"columns": ["x"], "bins": 4}, ({"x": [1, 1, 1, 1, 1, 9]},), ("'x'",)
    ),
    ("assert_schema", "extra"): Table("extra", {"expected": [{"name": "x"}]}, ({"x": [1], "y": [1]},), ("'y'",)),
    ("assert_schema", "on_fail"): Table("on_fail", {"expected": [{"name": "y"}]}, ({"x": [1]},), ("'y'",)),
    ("assert_unique", "on_fail"): Table("on_fail", {"columns": ["x"]}, ({"x": [7, 7]},), ("x is unique", "such as 7")),
    ("assert_foreign_key", "on_fail"): Table(
        "on_fail", {"columns": ["x"], "reference": ["of"]}, ({"x": [7, 8]}, KEYS), ("x", "8")
    ),
    ("assert_statistic", "on_fail"): Table(
        "on_fail", {"column": "x", "statistic": "mean", "max": 1}, ({"x": [7, 8]},), ("x", "7.5")
    ),
    ("assert_fresh", "on_fail"): Table(
        "on_fail", {"column": "x", "max_age": 1, "unit": "day"}, ({"x": [datetime(2001, 1, 1)]},), ("x", "2001")
    ),
    ("assert_no_drift", "on_fail"): Table(
        "on_fail",
        {"columns": ["x"]},
        ({"x": [900.0 + i for i in range(50)]},),
        ("'x'",),
        fit={"x": [float(i) for i in range(50)]},
    ),
}
NOT_ABOUT_FAILURES = {
    (id, setting)
    for id, settings in {
        "assert_range": ("nulls",),
        "assert_in_set": ("nulls",),
        "assert_pattern": ("nulls",),
        "assert_expression": ("nulls",),
        "assert_format": ("nulls",),
        "assert_foreign_key": ("nulls",),
        "assert_statistic": ("when_empty",),
        "assert_fresh": ("when_empty",),
        "flag_invalid_rows": ("nulls",),
    }.items()
    for setting in settings
}
"""Settings that say what breaks a rule, not what becomes of it."""

LATER: dict[str, tuple[dict[str, Any], dict[str, list[Any]], int]] = {
    "assert_unique": ({"columns": ["x"]}, {"x": [7, 8, 7]}, 2),
    "assert_foreign_key": ({"columns": ["x"], "reference": ["of"]}, {"x": [7, 8]}, 1),
    "validate_timestamps": (
        {"column": "x", "allow_missing": False},
        {"x": [datetime(2024, 1, 1), datetime(2024, 1, 1), None]},
        2,
    ),
}
"""Rules on rows together: settings, rows, and how many of them break the rule."""
