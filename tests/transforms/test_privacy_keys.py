"""Keys, pseudonyms and encryption."""

from __future__ import annotations

import base64
import hashlib
import hmac
import pickle
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import polars as pl
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.checks import result
from tests.drawing import examples
from transforms.core.errors import StepError
from transforms.core.relations import MapRows, Source
from transforms.privacy_keyed import DecryptColumn, EncryptColumn, Pseudonymize, Style, readable
from transforms.privacy_keys import Secret

KEY = "0123456789abcdef0123456789abcdef"
TABLE = pl.DataFrame({"x": ["ann", "bo", "", None, "ann"]})


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHECKS_KEY", KEY)


def derived(purpose: bytes, length: int) -> bytes:
    """HKDF as RFC 5869 writes it, with a salt of zeros."""
    extracted = hmac.digest(bytes(32), KEY.encode(), "sha256")
    found, block = b"", b""
    for i in range(1, -(-length // 32) + 1):
        block = hmac.digest(extracted, block + purpose + bytes([i]), "sha256")
        found += block
    return found[:length]


def test_pseudonyms_are_hmacs_with_a_key_that_is_derived() -> None:
    found = result(Pseudonymize(columns=("x",), key_from="env:CHECKS_KEY"), TABLE)["x"].to_list()
    mac = hmac.new(derived(b"dataprep pseudonymize", 32), b"7 defaultann", hashlib.sha256).digest()
    assert found[0] == "id_" + base64.b32encode(mac).decode().lower()[:26]
    assert found[4] == found[0] != found[1]
    assert found[2] is not None
    assert found[3] is None


@pytest.mark.parametrize("style", get_args(Style))
def test_equal_values_get_equal_pseudonyms_whatever_their_type(style: Any) -> None:
    table = pl.DataFrame({"i": [7, None], "f": [7.0, float("nan")], "t": ["7", None]})
    found = result(Pseudonymize(columns=("i", "f", "t"), key_from="env:CHECKS_KEY", style=style), table)
    assert found["i"][0] == found["f"][0] == found["t"][0]
    assert found.row(1) == (None, None, None)
    other = result(Pseudonymize(columns=("i",), key_from="env:CHECKS_KEY", style=style, domain="b"), table)
    assert other["i"][0] != found["i"][0]
    again = result(Pseudonymize(columns=("i",), key_from="example", style=style), table)
    assert again["i"][0] != found["i"][0]


def test_uuids_are_of_version_8_and_numbers_are_positive() -> None:
    table = pl.DataFrame({"x": [str(i) for i in range(200)]})
    uuids = result(Pseudonymize(columns=("x",), key_from="example", style="uuid"), table)["x"]
    assert {(UUID(each).version, UUID(each).variant) for each in uuids} == {(8, "specified in RFC 4122")}
    numbers = result(Pseudonymize(columns=("x",), key_from="example", style="number"), table)["x"]
    assert numbers.dtype == pl.Int64
    assert numbers.n_unique() == 200
    assert numbers.is_between(0, 2**62 - 1).all()


def test_readable_pseudonyms_are_proquints() -> None:
    # From Wilkerson's description: 127.0.0.1 and 63.84.220.193.
    assert readable(bytes([127, 0, 0, 1, 63, 84, 220, 193])) == "lusab-babad-gutih-tugad"


def test_what_is_encrypted_is_aes_siv() -> None:
    found = result(EncryptColumn(columns=("x",), key_from="env:CHECKS_KEY"), TABLE)["x"].to_list()
    raw = base64.urlsafe_b64decode(found[0] + "==")
    assert AESSIV(derived(b"dataprep encrypt_column", 64)).decrypt(raw[1:], [raw[:1]]) == b"ann"
    assert found[4] == found[0]
    assert found[3] is None


@pytest.mark.parametrize("mode", ["deterministic", "by_row"])
@settings(max_examples=examples(30), deadline=None)
@given(texts=st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=9)), max_size=6))
def test_what_is_encrypted_can_be_read_again(mode: Any, texts: list[str | None]) -> None:
    table = pl.DataFrame({"x": pl.Series(texts, dtype=pl.String)})
    sealed = result(EncryptColumn(columns=("x",), key_from="example", mode=mode), table)
    assert result(DecryptColumn(columns=("x",), key_from="example"), sealed).equals(table)


def test_rows_hide_that_they_are_equal_unless_they_are_equal_in_all_columns() -> None:
    table = pl.DataFrame({"x": ["a", "a", "a"], "y": [1, 2, 2]})
    found = result(EncryptColumn(columns=("x",), key_from="example", mode="by_row"), table)["x"]
    assert found[0] != found[1]
    assert found[1] == found[2]


def test_numbers_come_back_as_text() -> None:
    table = pl.DataFrame({"x": [1.0, 2.5, None, float("nan")]})
    sealed = result(EncryptColumn(columns=("x",), key_from="example"), table)
    assert result(DecryptColumn(columns=("x",), key_from="example"), sealed)["x"].to_list() == ["1", "2.5", None, None]


def test_other_keys_and_changed_text_are_noticed_and_counted() -> None:
    sealed = result(EncryptColumn(columns=("x",), key_from="env:CHECKS_KEY"), pl.DataFrame({"x": ["ann"]}))["x"][0]
    table = pl.DataFrame({"x": [sealed, sealed[:-2] + "AA", "plain", "é", "", None]})
    for source, expected in (("env:CHECKS_KEY", ["ann"] + [None] * 5), ("example", [None] * 6)):
        step = DecryptColumn(columns=("x",), key_from=source, on_error="fail")
        assert result(step, table)["x"].to_list() == expected
        (failure,) = step.bind(table.schema).failures()
        assert failure.stop
        assert table.select(failure.where.sum()).item() == 5 - (expected[0] is not None)


def test_keys_are_where_the_setting_says(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f" {KEY}\n")
    from_file = Pseudonymize(columns=("x",), key_from=f"file:{tmp_path / 'key'}")
    from_variable = Pseudonymize(columns=("x",), key_from="env:CHECKS_KEY")
    assert result(from_file, TABLE).equals(result(from_variable, TABLE))


@pytest.mark.parametrize("source", ["env:NOT_SET_ANYWHERE", "file:/nowhere/key", "env:SHORT"])
def test_missing_keys_are_a_warning_before_and_an_error_in_the_run(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHORT", "secret")
    step = Pseudonymize(columns=("x",), key_from=source)
    bound, problems = step.try_bind(TABLE.schema)
    assert [each.severity for each in problems] == ["warning"]
    assert "openssl rand" in problems[0].found
    assert "secret" not in problems[0].found
    # The columns are known without the key, and a table without values needs none.
    assert result(step, TABLE.clear()).schema == TABLE.schema
    plan = bound.plan(Source("in0"))
    assert isinstance(plan, MapRows)
    with pytest.raises(StepError, match=source.split(":")[1]):
        plan(TABLE.lazy()).collect()


def test_keys_are_never_written_in_settings_nor_shown() -> None:
    with pytest.raises(ValidationError, match="A key is never written here") as error:
        Pseudonymize(columns=("x",), key_from="my very secret key")
    assert "never written" in str(error.value)
    assert KEY not in repr(Secret.at("env:CHECKS_KEY"))
    assert KEY not in Pseudonymize(columns=("x",), key_from="env:CHECKS_KEY").model_dump_json()


def test_the_key_everyone_knows_is_remarked_on() -> None:
    (problem,) = EncryptColumn(columns=("x",), key_from="example").try_bind(TABLE.schema)[1]
    assert (problem.severity, problem.field) == ("warning", "key_from")
    assert "everyone knows" in problem.found


def test_workers_need_neither_variable_nor_file(monkeypatch: pytest.MonkeyPatch) -> None:
    step = Pseudonymize(columns=("x",), key_from="env:CHECKS_KEY").bind(TABLE.schema)
    expected = result(step, TABLE)
    plan = step.plan(Source("in0"))
    assert isinstance(plan, MapRows)
    sent = pickle.dumps(plan.step)
    monkeypatch.delenv("CHECKS_KEY")
    assert pickle.loads(sent).apply(TABLE.lazy()).collect().equals(expected)
