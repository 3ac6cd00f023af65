"""What rules say of texts, and which steps they offer, where there are several ways to read them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from dataprep_app.insights.findings import Fix
from tests.app.insights.planted import CITIES, CLEAN, ROWS, found, some, with_column
from tests.checks import result
from transforms.catalog import catalog


def after(fix: Fix, table: pl.DataFrame) -> pl.DataFrame:
    return result(catalog()[fix.transform].model_validate(fix.params), table)


PERSONAL = {
    "email": (["ann@example.org", "bo@example.com"], "medium"),
    "phone": (["(650) 253-0000", "+47 22 22 55 55"], "medium"),
    "card": (["4111 1111 1111 1111", "5555-5555-5555-4444"], "high"),
    "iban": (["NO93 8601 1117 947", "DE89370400440532013000"], "high"),
    "ssn": (["078-05-1120", "219-09-9999"], "high"),
    "ip": (["10.0.0.7", "192.168.1.20"], "low"),
}


@pytest.mark.parametrize("kind", PERSONAL)
def test_personal_data_is_found_and_hidden_and_never_shown(kind: str) -> None:
    values, priority = PERSONAL[kind]
    table = with_column("contact", (values * ROWS)[:ROWS])
    finding = found(table)["personal_data"]
    assert finding.priority == priority
    assert not finding.examples
    assert not any(value in finding.text for value in values)
    for fix in finding.fixes:
        assert "personal_data" not in found(after(fix, table)), fix.label


def test_mail_addresses_in_free_text_are_removed_from_it() -> None:
    notes = [
        f"wrote to person{row}@example.org" if row % 9 == 0 else f"called again on day {row}" for row in range(ROWS)
    ]
    table = with_column("note", notes)
    finding = found(table)["personal_data"]
    assert "mentions e-mail addresses in" in finding.text
    redacted = after(finding.fixes[0], table)
    assert "personal_data" not in found(redacted)
    assert redacted["note"][1] == notes[1]


def test_spellings_are_mended_exactly_and_a_split_class_is_pressing() -> None:
    table = with_column("y", ["yes" if row % 2 else "YES" if row % 10 == 0 else "no" for row in range(ROWS)])
    finding = found(table, "y")["spelling_variants"]
    assert finding.priority == "high"
    assert "different classes" in finding.text
    assert finding.fixes[0].params["mapping"] == {"YES": "yes"}
    assert set(after(finding.fixes[0], table)["y"]) == {"yes", "no"}


def test_values_that_differ_in_outer_blanks_only_are_mended_by_trimming() -> None:
    table = with_column("city", [f"{CITIES[row % 3]}{' ' if row % 7 == 0 else ''}" for row in range(ROWS)])
    by_rule = found(table)
    assert set(by_rule) == {"white_space"}
    finding = by_rule["white_space"]
    assert finding.priority == "medium"
    assert finding.fixes[0].safe
    assert set(after(finding.fixes[0], table)["city"]) == set(CITIES)


def test_numbers_that_can_be_read_in_two_ways_have_a_step_for_each() -> None:
    table = with_column("price", [f"{1 + row % 9},{100 + row % 900}" for row in range(ROWS)])
    finding = found(table)["numbers_as_text"]
    assert "other separators" in finding.text
    assert not any(fix.safe for fix in finding.fixes)
    point, comma = (after(fix, table)["price"][3] for fix in finding.fixes)
    assert (point, comma) == (4103.0, 4.103)


@pytest.mark.parametrize("name", ["zip", "customer_id", "phoneNumber", "ticket", "Account No"])
def test_digits_that_name_things_stay_text(name: str) -> None:
    assert found(with_column(name, [str(10_000 + row % 700) for row in range(ROWS)])) == {}


def test_digits_with_zeros_in_front_and_codes_with_letters_stay_text() -> None:
    zips = with_column("area", [f"{row % 700:05}" for row in range(ROWS)])
    seats = with_column("seat", [f"{row % 40}" if row % 4 else f"{row % 40}B" for row in range(ROWS)])
    assert found(zips) == {}
    assert found(seats) == {}


DAYS = [date(2021, 1, 1) + timedelta(days=row % 900) for row in range(ROWS)]


def test_dates_that_no_value_tells_the_order_of_have_a_step_for_each() -> None:
    early = [day for day in DAYS if day.day <= 12]
    table = with_column("paid", [f"{early[row % len(early)]:%d/%m/%Y}" for row in range(ROWS)])
    finding = found(table)["dates_as_text"]
    assert "No value tells" in finding.text
    days, months = (after(fix, table)["paid"] for fix in finding.fixes)
    assert days[1] == early[1]
    assert (months[1].day, months[1].month) == (early[1].month, early[1].day)


def test_dates_day_first_and_month_first_in_one_column_are_pressing() -> None:
    table = with_column("paid", [f"{day:%d/%m/%Y}" if row % 2 else f"{day:%m/%d/%Y}" for row, day in enumerate(DAYS)])
    finding = found(table)["mixed_date_formats"]
    assert finding.priority == "high"
    assert len(finding.examples) == 2
    for fix in finding.fixes:
        read = after(fix, table)
        assert read["paid"].dtype == pl.Date
        assert read["paid"].null_count() == 0


def test_whole_numbers_that_are_dates_become_dates() -> None:
    table = with_column("paid", [int(f"{day:%Y%m%d}") for day in DAYS])
    finding = found(table)["dates_as_text"]
    assert "stored as a whole number" in finding.text
    assert after(finding.fixes[0], table)["paid"].to_list() == DAYS


def test_a_time_of_day_is_kept() -> None:
    table = with_column("at", [f"{day:%Y-%m-%d} {row % 24:02}:30" for row, day in enumerate(DAYS)])
    read = after(found(table)["dates_as_text"].fixes[0], table)
    assert read["at"][5].hour == 5


@pytest.mark.parametrize(("values", "priority"), [
    (some("NA", 30, ["NO", "SE", "DK"]), "low"),
    (some("NA", 30, ["Norway", "Sweden"]), "medium"),
    (some("None", 30, ["red", "blue"]), "low"),
    (some("none", 30, ["red", "blue"]), None),
    (some("-", 400, ["red", "blue"]), None),
    (some("  ", 30, ["red", "blue"]), "medium"),
])  # fmt: skip
def test_words_that_may_be_answers_are_less_pressing_or_silent(values: list[Any], priority: str | None) -> None:
    finding = found(with_column("colour", values)).get("disguised_missing")
    assert (finding.priority if finding else None) == priority
    assert finding is None or all(fix.safe == (priority == "medium") for fix in finding.fixes)


@pytest.mark.parametrize("name", ["due_date", "expires", "valid_until"])
def test_dates_that_look_ahead_by_name_may_be_later_than_today(name: str) -> None:
    assert found(CLEAN.rename({"day": name}).with_columns(pl.Series(name, some(date(2031, 5, 1), 10, DAYS)))) == {}


def test_zeros_that_mean_none_are_no_missing_values() -> None:
    gains = with_column("gain", some(0, 500, list(range(1, 400))))
    pressure = with_column("pressure", some(0, 250, list(range(60, 120))))
    assert found(gains) == {}
    assert set(found(pressure)) == {"numeric_disguised_missing"}
