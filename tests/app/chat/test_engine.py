from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from dataprep_app.chat.engine import respond
from dataprep_app.chat.linking import Linker
from dataprep_app.chat.patterns import FRAMES, compiled
from dataprep_app.chat.reader import spellings
from dataprep_app.chat.spelling import closest_value, repaired
from dataprep_app.chat.table import facts_of
from dataprep_app.chat.tokens import tokens
from dataprep_app.cli import parsed

WIDE = facts_of("wide", pl.DataFrame({f"measure_{i}": [1.0, 2.0] for i in range(1_000)}))
SECRET = "canary-7f3a"


def test_importing_the_chat_does_not_import_the_catalog_or_polars() -> None:
    heavy = ("polars", "pydantic", "transforms.catalog", "streamlit")
    code = f"import sys, dataprep_app.chat.engine; print([each for each in {heavy} if each in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_every_pattern_can_be_compiled() -> None:
    assert len(compiled()) == sum(len(each.patterns) for each in FRAMES)


def test_a_thousand_columns_are_answered_in_time() -> None:
    respond("standardize measure_1", WIDE)
    start = time.process_time()
    for i in range(10):
        respond(f"standardize measure_{i} and measure_{i + 500}", WIDE)
    assert (time.process_time() - start) / 10 < 0.15


def test_facts_hold_no_row_of_columns_with_many_values() -> None:
    rows = pl.DataFrame({"note": [f"{SECRET} {i} {'x' * 90}" for i in range(200)], "city": ["Rome"] * 200})
    assert SECRET not in repr(facts_of("notes", rows))


@pytest.mark.parametrize(
    ("word", "known", "found"),
    [
        ("statsu", ("status", "state"), "status"),
        ("fill", ("kill",), None),
        ("age", ("ages",), None),
        ("medain", ("median", "medial"), "median"),
        ("wibble", ("median",), None),
    ],
)
def test_spelling_is_repaired_only_where_one_word_is_near(word: str, known: tuple[str, ...], found: str | None) -> None:
    assert repaired(word, known) == found


def test_a_value_is_known_in_any_case_and_with_a_slip() -> None:
    values = ("charged off", "fully paid")
    assert closest_value("Charged Off", values) == "charged off"
    assert closest_value("charged of", values) == "charged off"
    assert closest_value("in arrears", values) is None


@pytest.mark.parametrize(
    "text", ["loan_amount", "Loan Amount", "loanAmount", "LOAN-AMOUNT", "loan amounts", "loan_amnt", "laon amount"]
)
def test_a_column_is_known_in_any_writing(text: str) -> None:
    facts = facts_of("loans", pl.DataFrame({"loan_amount": [1.0], "loan_status": ["x"]}))
    (found,) = Linker(facts, spellings()).link(tokens(text))
    assert found.kind == "column"
    assert found.value == ("loan_amount",)


@pytest.mark.parametrize(
    ("text", "values"),
    [("20,000", [20_000]), ("30k", [30_000]), ("5 %", [0.05]), ("5 percent", [0.05]), ("1.5", [1.5]), ("ten", [10])],
)
def test_numbers_are_read_as_people_write_them(text: str, values: list[float]) -> None:
    assert [each.value for each in tokens(text)] == values


def test_a_turn_is_plain_json() -> None:
    for text in ("sort by measure_1", "average measure_2", "drop the salary column", "hello", "undo"):
        found = json.loads(json.dumps(respond(text, WIDE).as_json()))
        assert found["text"] == text
        assert found["result"]["kind"]


def run(arguments: list[str]) -> int:
    given = parsed(arguments)
    return int(given.command(given))


def test_the_command_prints_the_steps_of_a_table_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "people.csv"
    path.write_text("age,city\n30,Oslo\n,Rome\n", encoding="utf-8")
    assert run(["chat", "fill age with the median", "--table", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["result"]["steps"][0]["transform"] == "impute_median"
    assert run(["chat", "how many rows", "--table", str(path)]) == 0
    assert "2" in capsys.readouterr().out
    assert run(["chat", "drop the salary column", "--table", str(path)]) == 1
