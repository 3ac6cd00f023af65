"""Spellings brought together."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from flows.engines.polars_engine import PolarsEngine
from flows.fitting import Asking
from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.core.relations import Source
from transforms.quality import ClusterKeyCollision, cologne, fingerprint, ngram, soundex


def test_fingerprints_are_those_of_openrefine() -> None:
    assert (
        fingerprint("  Tom CRUISE ") == fingerprint("Cruise, Tom") == fingerprint("tom cruise cruise") == "cruise tom"
    )
    assert fingerprint("Gödel, Kurt") == fingerprint("kurt godel") == "godel kurt"
    assert fingerprint("Straße") == fingerprint("STRASSE") == "strasse"
    assert fingerprint("Łódź") == "lodz"
    assert fingerprint("東京") == "東京"
    assert fingerprint("!?") == ""


def test_ngrams_pass_over_blanks_and_swapped_letters_do_not() -> None:
    assert ngram("Paris") == "arispari"
    assert ngram("P a r i s!") == ngram("paris")
    assert ngram("x") == "x"
    assert ngram("--") == ""


@pytest.mark.parametrize(
    ("name", "code"),
    [
        # From the National Archives, Soundex Indexing System, and Knuth.
        ("Washington", "W252"), ("Lee", "L000"), ("Gutierrez", "G362"), ("Pfister", "P236"), ("Jackson", "J250"),
        ("Tymczak", "T522"), ("Ashcraft", "A261"), ("Robert", "R163"), ("Rupert", "R163"), ("Honeyman", "H555"),
    ],
)  # fmt: skip
def test_soundex_is_that_of_the_national_archives(name: str, code: str) -> None:
    assert soundex(name) == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        # From the description of the method.
        ("Wikipedia", "3412"), ("Müller-Lüdenscheidt", "65752682"), ("Breschnew", "17863"), ("Meier", "67"),
        ("Mayr", "67"), ("Xaver", "4837"), ("Heinz", "068"), ("Philipp", "351"), ("Christian", "47826"),
    ],
)  # fmt: skip
def test_cologne_is_that_of_postel(name: str, code: str) -> None:
    assert cologne(name) == code


def mended(values: list[str | None], **settings: Any) -> list[str | None]:
    found: list[str | None] = result(ClusterKeyCollision(column="x", **settings), pl.DataFrame({"x": values}))[
        "x"
    ].to_list()
    return found


@pytest.mark.parametrize(
    ("canonical", "expected"), [("most_frequent", "acme inc"), ("longest", "Acme,  Inc."), ("first", "Acme Inc")]
)
def test_one_spelling_stands_for_all(canonical: Any, expected: str) -> None:
    values = ["acme inc", "acme inc", "Acme Inc", "Acme,  Inc.", "other", None]
    assert mended(values, canonical=canonical) == [expected] * 4 + ["other", None]


def test_of_as_frequent_spellings_the_one_with_usual_capitals_is_taken() -> None:
    values: list[str | None] = ["CVS CAREMARK", "CVS Caremark", "Mount SInai", "Mount Sinai", "oslo", "Oslo"]
    expected = ["CVS Caremark"] * 2 + ["Mount Sinai"] * 2 + ["Oslo"] * 2
    assert mended(values) == mended(values[::-1])[::-1] == expected
    assert mended(["CVS CAREMARK", *values[:2]]) == ["CVS CAREMARK"] * 3
    assert mended(values[:2], canonical="first") == ["CVS CAREMARK"] * 2


def test_as_frequent_spellings_go_by_alphabet() -> None:
    assert mended(["b a", "A B"]) == ["A B", "A B"]


def test_text_without_a_key_is_left_alone() -> None:
    assert mended(["!", "?", "", None]) == ["!", "?", "", None]


def test_what_a_person_decided_comes_first() -> None:
    assert mended(["US", "us", "U.S.", "usa"], review={"us": "us", "usa": "US"}) == ["U.S.", "us", "U.S.", "US"]


def test_new_values_join_what_was_learned() -> None:
    table, new = pl.DataFrame({"x": ["Oslo", "Rome"]}), pl.DataFrame({"x": ["OSLO!", "Lima", None]})
    bound = ClusterKeyCollision(column="x").bind(table.schema)
    learned = bound.fit(Asking(PolarsEngine.over({"in0": table}), (Source("in0"),)))
    assert bound.apply(new.lazy(), learned).collect()["x"].to_list() == ["Oslo", "Lima", None]
    assert learned.changed == {}


def test_a_new_column_has_a_name_of_its_own() -> None:
    with pytest.raises(InvalidStepError, match="There is a column 'x' already"):
        ClusterKeyCollision(column="x", output="x").bind(pl.Schema({"x": pl.String()}))
