"""E-mail addresses."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Any

import polars as pl
import pytest

from tests.checks import result
from transforms.domain_email import NormalizeEmail, ParseEmail, ValidateEmail

ADDRESSES = [
    "ann@example.org",
    "Ann Lee <ann.lee+x@Example.org>",
    '"Lee, Ann" <ann@example.org>',
    "<bo@mail.example.org>",
    "o'brien_7@sub.example.co.uk",
    "用户@例子.广告",
    "a=b/c!#$%&*?^{|}~@example.org",
]
NONE = ["nobody", "@example.org", "a@b", "a b@c.org", "a@b..org", "a@b.org>", "<a@b.org", "a@b@c.org", "a@.org"]


def parts(*texts: str | None) -> list[tuple[str | None, ...]]:
    step = ParseEmail(column="e", parts=("display_name", "local", "domain", "tag"), prefix="")
    return result(step, pl.DataFrame({"e": texts})).drop("e").rows()


def test_parts_are_those_of_the_standard_library() -> None:
    for text, (name, local, domain, _) in zip(ADDRESSES, parts(*ADDRESSES), strict=True):
        shown, address = parseaddr(text)
        expected_local, _, expected_domain = address.rpartition("@")
        assert (name or "", local, domain) == (shown, expected_local, expected_domain.lower())


def test_tags_stand_behind_the_first_plus() -> None:
    found = parts("a+b+c@x.org", "a@x.org", "+a@x.org", '"a+b"@x.org')
    assert [each[3] for each in found] == ["b+c", None, None, None]


def test_what_is_no_address_has_no_parts_and_is_counted() -> None:
    assert set(parts(*NONE)) == {(None, None, None, None)}
    table = pl.DataFrame({"e": [*NONE, "a@b.org", " ", None]})
    (failure,) = ParseEmail(column="e").bind(table.schema).failures()
    assert table.select(failure.where.sum()).item() == len(NONE)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("ann@example.org", True),
        (" ann@example.org ", True),
        ("ann@exämple.org", True),
        ("Ann <ann@example.org>", False),
        ("ann@localhost", False),
        ("ann..lee@example.org", False),
        ("ann@example", False),
        ("a" * 65 + "@example.org", False),
        ("ann@-example.org", False),
    ],
)
def test_validity_follows_the_rfcs(text: str, valid: bool) -> None:
    step = ValidateEmail(column="e", parts=("valid", "reason", "clean"), prefix="")
    _, found, reason, clean = result(step, pl.DataFrame({"e": [text]})).row(0)
    assert found is valid
    assert (reason is None) is valid
    assert (clean is not None) is valid


def test_reasons_say_what_is_wrong_and_only_lost_values_are_counted() -> None:
    table = pl.DataFrame({"e": ["ann.example.org", "ann@example.org", None]})
    step = ValidateEmail(column="e", parts=("reason",))
    assert "@-sign" in result(step, table)["e_reason"][0]
    assert list(step.bind(table.schema).failures()) == []
    (failure,) = ValidateEmail(column="e", parts=("clean",)).bind(table.schema).failures()
    assert table.select(failure.where.sum()).item() == 1


def test_addresses_in_their_own_script_come_out_in_it() -> None:
    step = ValidateEmail(column="e", parts=("clean",))
    found = result(step, pl.DataFrame({"e": ["ann@xn--exmple-cua.ORG"]}))
    assert found["e_clean"].to_list() == ["ann@exämple.org"]


def normalized(*texts: str | None, **settings: Any) -> list[str | None]:
    return result(NormalizeEmail(column="e", **settings), pl.DataFrame({"e": texts}))["e"].to_list()


def test_addresses_of_one_mailbox_become_one() -> None:
    written = ["AnnLee@gmail.com", "a.n.n.lee@gmail.com", "annlee+news@googlemail.com", "Ann <annlee@GMAIL.com>"]
    assert set(normalized(*written)) == {"annlee@gmail.com"}
    assert normalized("ann.lee@example.org") == ["ann.lee@example.org"]
    assert normalized("A.b+c@gmail.com", gmail_dots=True, strip_tag=False, lower=False) == ["Ab+c@gmail.com"]


def test_what_is_no_address_stays_or_becomes_missing() -> None:
    assert normalized(" Nobody ", "", None) == [" Nobody ", "", None]
    assert normalized("nobody", "a@b.org", on_error="null") == [None, "a@b.org"]
