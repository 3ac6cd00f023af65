"""Names, companies, yes and no, dates; and what columns mean."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import polars as pl
import pytest
from nameparser import HumanName
from pydantic import ValidationError

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.core.relations import Source
from transforms.quality_names import StandardizeCompany, StandardizePersonCase, person, titled, without_form
from transforms.quality_semantic import TagSemanticType
from transforms.quality_words import WORDS, StandardizeBooleanWords, StandardizeDateText


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Toyota Motor Co., Ltd.", ("Toyota Motor", "Co Ltd")),
        ("Nestlé S.A.", ("Nestlé", "SA")),
        ("Novo Nordisk A/S", ("Novo Nordisk", "AS")),
        ("Foo Sp. z o.o.", ("Foo", "Sp. z o.o.")),
        ("Bar S.à r.l.", ("Bar", "SARL")),
        ("Baz GmbH & Co. KG", ("Baz", "GmbH & Co. KG")),
        ("Smith & Sons, LLC", ("Smith & Sons", "LLC")),
        ("A & Co.", ("A", "Co")),
        ("  Limited ", ("Limited", None)),
        ("Incline Village", ("Incline Village", None)),
        ("S.A. Foo", ("S.A. Foo", None)),
        ("", ("", None)),
    ],
)
def test_legal_forms_are_found_at_the_end_of_names(name: str, expected: tuple[str, str | None]) -> None:
    assert without_form(name) == expected


def test_short_words_of_capitals_keep_them_unless_all_is_shouted() -> None:
    assert titled("IBM global services") == "IBM Global Services"
    assert titled("ACME OF NY WIDGETS") == "Acme Of Ny Widgets"
    assert titled("eBay jean-luc") == "eBay Jean-Luc"


def test_companies_are_written_as_asked() -> None:
    table = pl.DataFrame({"c": ["acme  widgets inc", None]})
    for params, expected in (
        ({}, "acme widgets"),
        ({"case": "upper"}, "ACME WIDGETS"),
        ({"case": "title", "strip_legal": False}, "Acme Widgets Inc"),
    ):
        step = StandardizeCompany.model_validate({"column": "c", **params})
        assert result(step, table)["c"].to_list() == [expected, None]
    with pytest.raises(InvalidStepError, match="Two new columns would be named 'n'"):
        StandardizeCompany(column="c", output="n", legal_form="n").bind(table.schema)


@pytest.mark.parametrize(
    "name",
    ["SHIRLEY MACLAINE", "bob v. de la macdole-eisenhower phd", "scott e. werner", "JUAN DE LA VEGA", "mary mcdonald",
     "ludwig van beethoven", "john smith iii"],
)  # fmt: skip
def test_names_are_written_as_nameparser_does_but_for_mac(name: str) -> None:
    other = HumanName(name)
    other.capitalize(force=True)
    expected = str(other).replace("MacL", "Macl").replace("MacD", "Macd")
    assert person(name).replace("PhD", "Ph.D.") == expected.replace("Dr.", "").replace("PhD", "Ph.D.")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("RONALD MCDONALD", "Ronald McDonald"),
        ("o’brien, mary-ann", "O’Brien, Mary-Ann"),
        ("d'artagnan", "D'Artagnan"),
        ("DeVito", "DeVito"),
        ("Ludwig Van Beethoven JR.", "Ludwig Van Beethoven Jr."),
        ("LUDWIG VAN BEETHOVEN JR.", "Ludwig van Beethoven Jr."),
        ("Suh, Do Ho", "Suh, Do Ho"),
        ("SUH, DO HO", "Suh, Do Ho"),
        ("Wedemeyer, Clemens von", "Wedemeyer, Clemens von"),
        ("WEDEMEYER, CLEMENS VON", "Wedemeyer, Clemens von"),
        ("Ayres, OBE Gillian", "Ayres, OBE Gillian"),
        ("GILLIAN AYRES, obe", "Gillian Ayres, OBE"),
        ("IG-88", "IG-88"),
        ("R2-D2", "R2-D2"),
        ("Ronald Mcdonald", "Ronald Mcdonald"),
        ("VAN GOGH", "Van Gogh"),
        ("j.r.r. tolkien", "J.R.R. Tolkien"),
        ("jürgen ÖZDEMIR", "Jürgen Özdemir"),
        ("james's", "James's"),
        ("vi nguyen", "Vi Nguyen"),
        ("mc", "Mc"),
        ("山田 太郎", "山田 太郎"),
        ("", ""),
    ],
)
def test_capitals_are_where_they_belong(name: str, expected: str) -> None:
    assert person(name) == expected
    assert person(expected) == expected


def test_words_that_begin_with_a_capital_are_changed_if_wanted() -> None:
    table = pl.DataFrame({"x": ["Ludwig Van Beethoven", "Ronald Mcdonald", "Danny DeVito", "IG-88", None]})
    found = result(StandardizePersonCase(column="x", mixed=True), table)["x"].to_list()
    assert found == ["Ludwig van Beethoven", "Ronald McDonald", "Danny DeVito", "IG-88", None]


def read(values: list[str | None], **params: Any) -> list[Any]:
    table = pl.DataFrame({"x": pl.Series(values, dtype=pl.String)})
    return result(StandardizeBooleanWords.model_validate({"column": "x", **params}), table)["x"].to_list()


@pytest.mark.parametrize("language", WORDS)
def test_words_of_a_language_are_read(language: Any) -> None:
    yes, no = (words.split() for words in WORDS[language])
    assert read([*yes, *(each.upper() for each in yes)], languages=[language]) == [True] * 2 * len(yes)
    assert read([f" {each} " for each in no], languages=[language]) == [False] * len(no)


def test_no_word_is_true_in_one_language_and_false_in_another() -> None:
    yes, no = ({word for words in WORDS.values() for word in words[i].split()} for i in (0, 1))
    assert not yes & no


def test_words_of_ones_own_come_before_those_of_languages() -> None:
    assert read(["no", "yes", "x", "", None], true_words=["No"]) == [True, True, None, None, None]
    assert read(["a", "b", "yes"], languages=[], true_words=["a"], false_words=["b"]) == [True, False, None]
    assert read(["a", "No"], true_words=["a"], written_as="yes_no") == ["yes", "no"]


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"true_words": ["a"], "false_words": ["A "]}, "'a' is listed both as true and as false"),
        ({"languages": []}, "There are no words to find"),
        ({"languages": ["en", "en"]}, "'en' is listed more than once"),
    ],
)
def test_words_that_are_not_clear_are_refused(params: dict[str, Any], error: str) -> None:
    with pytest.raises(ValidationError, match=error):
        StandardizeBooleanWords.model_validate({"column": "x", **params})


def test_words_that_are_neither_are_counted() -> None:
    table = pl.DataFrame({"x": ["yes", "maybe", " ", None]})
    (failure,) = StandardizeBooleanWords(column="x").bind(table.schema).failures()
    assert table.select(failure.where.sum()).item() == 1


def dates(values: list[str | None], order: Any, **params: Any) -> list[str | None]:
    table = pl.DataFrame({"x": pl.Series(values, dtype=pl.String)})
    found: list[str | None] = result(StandardizeDateText(column="x", order=order, **params), table)["x"].to_list()
    return found


def test_dates_are_read_in_the_order_that_is_said() -> None:
    assert dates(["03/04/05"], "day_first") == ["2005-04-03"]
    assert dates(["03/04/05"], "month_first") == ["2005-03-04"]
    assert dates(["03/04/05"], "year_first") == ["2003-04-05"]
    for order in ("day_first", "month_first", "year_first"):
        same = ["2024-05-31", "2024/5/31", "May 31st, 2024", "31 May 2024 10:15"]
        assert dates([*same], order) == ["2024-05-31"] * 4


def test_text_that_is_no_date_stays_and_is_counted() -> None:
    values = ["31/02/2024", "soon", "", " ", None, "31/12/68", "1/1/69"]
    assert dates(values, "day_first") == ["31/02/2024", "soon", "", " ", None, "2068-12-31", "1969-01-01"]
    table = pl.DataFrame({"x": values})
    (failure,) = StandardizeDateText(column="x", order="day_first").bind(table.schema).failures()
    assert table.select(failure.where.sum()).item() == 2


def test_dates_are_written_as_python_writes_them() -> None:
    days = [date(1999, 12, 31), date(2024, 2, 29)]
    for format in ("%d.%m.%Y", "%Y%m%d", "%b %d, %Y"):
        found = dates([each.isoformat() for each in days], "year_first", format=format)
        assert found == [each.strftime(format) for each in days]


def meanings(table: pl.DataFrame, **params: Any) -> dict[str, str]:
    bound = TagSemanticType.model_validate(params).bind(table.schema)
    return bound.fit(Asking(PolarsEngine.over({"in0": table}), (Source("in0"),))).types


def test_columns_mean_what_their_values_say() -> None:
    columns: dict[str, tuple[list[Any], str]] = {
        "a": (["ann@x.no", "bo@x.no", None, "c@x.no"], "email"),
        "b": (["https://x.no", "www.y.no", None, ""], "url"),
        "c": (["10.0.0.1", "::1", "10.0.0.2", None], "ip"),
        "d": (["NO93 8601 1117 947", None, None, "DE89370400440532013000"], "iban"),
        "e": (["4111 1111 1111 1111", "5555555555554444", None, None], "card"),
        "f": (["536-22-8145", None, None, "536-22-8146"], "ssn"),
        "g": (["2024-01-31", "2024-02-01", None, "2024-02-02"], "date"),
        "h": (["1.5", "2", "3", None], "number"),
        "i": (["red", "blue", "red", "blue"], "category"),
        "j": (["the loan was paid late", "nothing to report this time", "all of it was lost", None], "text"),
        "k": (["yes", "no", None, "yes"], "boolean"),
        "l": ([5, 5, 5, None], "constant"),
        "m": ([None] * 4, "empty"),
        "n": ([datetime(2024, 1, 1)] * 4, "datetime"),
        "o": ([time(1), time(2), None, time(3)], "time"),
        "p": ([[1], [2], None, []], "list"),
        "q": ([{"x": 1}] * 4, "object"),
        "r": ([1.5, 2.5, None, float("nan")], "number"),
    }
    table = pl.DataFrame({name: values for name, (values, _) in columns.items()}, strict=False)
    assert meanings(table) == {name: meaning for name, (_, meaning) in columns.items()}


def test_names_tell_where_values_do_not() -> None:
    table = pl.DataFrame(
        {
            "lat": [59.9, 91.0, 1.0, 2.0],
            "Longitude": [10.7, -179.0, 0.0, None],
            "birthYear": [1990, 2001, None, 1985],
            "customer_id": [1, 2, 3, 4],
            "order_id": [1, 1, 2, 3],
            "zip code": ["0150", "0151", None, "0152"],
            "phone_no": ["22 12 34 56", "unknown 1", None, "3"],
            "Country": ["Norway", "Peru", None, "Chad"],
            "last_name": ["Lee", "Berg", None, "Cruz"],
        }
    )
    assert meanings(table) == {
        "lat": "number",
        "Longitude": "longitude",
        "birthYear": "year",
        "customer_id": "id",
        "order_id": "number",
        "zip code": "postal_code",
        "phone_no": "phone",
        "Country": "country",
        "last_name": "name",
    }
    assert meanings(table, min_share=0.7)["lat"] == "latitude"


def test_what_a_person_decided_stands() -> None:
    table = pl.DataFrame({"a": ["ann@x.no"], "b": [1]})
    assert meanings(table, columns=["b"], overrides={"b": "id"}) == {"b": "id"}
    step = TagSemanticType.model_validate({"columns": ["b"], "overrides": {"a": "text"}})
    (problem,) = step.try_bind(table.schema)[1]
    assert (problem.severity, problem.field) == ("warning", "overrides")
    assert result(step, table).equals(table)
