"""Editing text, and bringing it to one wording."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.checks import result
from tests.drawing import examples
from transforms.core.transform import RowTransform
from transforms.text_edit import InsertText, ReplaceMany, StripPrefixSuffix, TruncateText
from transforms.text_wording import ChangeNamingCase, ExpandContractions, RemoveRepeated, SimplifyText

TEXTS = st.lists(st.text("abé -😀", max_size=8), max_size=6)
few = settings(max_examples=examples(12), deadline=None)


def cleaned(kind: Callable[..., RowTransform], values: Sequence[str | None], **params: Any) -> list[Any]:
    """What a step makes of the values of one column."""
    table = pl.DataFrame({"t": list(values)}, schema={"t": pl.String})
    return result(kind(columns=("t",), **params), table)["t"].to_list()


def test_texts_trade_places() -> None:
    assert cleaned(ReplaceMany, ["a to b", "", None], mapping={"a": "b", "b": "a"}) == ["b to a", "", None]


def test_the_longest_text_counts_whatever_the_order() -> None:
    for keys in (("ab", "abc"), ("abc", "ab")):
        mapping = {each: f"<{each}>" for each in keys}
        for more in ({}, {"ignore_case": True}):
            assert cleaned(ReplaceMany, ["abcab"], mapping=mapping, **more) == ["<abc><ab>"]


@few
@given(TEXTS, st.dictionaries(st.text("abé -", min_size=1, max_size=3), st.text("xb\\$1", max_size=3), min_size=1))
def test_both_ways_to_find_many_texts_agree(texts: list[str], mapping: dict[str, str]) -> None:
    exact = cleaned(ReplaceMany, texts, mapping=mapping)
    # There is no capital in the texts or in the keys.
    assert cleaned(ReplaceMany, texts, mapping=mapping, ignore_case=True) == exact


def test_whole_words_and_capitals() -> None:
    mapping = {"st": "Street", "e.g.": "for example", "É": "e"}
    assert cleaned(ReplaceMany, ["st stone ST, e.g. é"], mapping=mapping, whole_words=True) == [
        "Street stone ST, for example é"
    ]
    assert cleaned(ReplaceMany, ["ST Stone é"], mapping=mapping, whole_words=True, ignore_case=True) == [
        "Street Stone e"
    ]


def test_texts_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(ValidationError, match="Empty text is found everywhere"):
        ReplaceMany(columns=("t",), mapping={"": "x"})
    with pytest.raises(ValidationError, match="'a' and 'A' differ only in their capitals"):
        ReplaceMany(columns=("t",), mapping={"a": "x", "A": "y"}, ignore_case=True)


@few
@given(TEXTS, st.integers(-6, 6).filter(bool))
def test_text_is_put_in_where_python_slices(texts: list[str], position: int) -> None:
    def put_in(text: str) -> str:
        at = position - 1 if position > 0 else len(text) + position + 1
        return f"{text[:at]}*{text[at:]}" if 0 <= at <= len(text) else text

    assert cleaned(InsertText, [*texts, None], position=position, inserted="*") == [*map(put_in, texts), None]


def test_there_is_no_position_0() -> None:
    with pytest.raises(ValidationError, match="0 is none"):
        InsertText(columns=("t",), position=0, inserted="x")


@few
@given(TEXTS, st.text("ab.", min_size=1, max_size=2), st.text("b-.", max_size=2))
def test_prefix_and_suffix_come_off_as_in_python(texts: list[str], before: str, after: str) -> None:
    expected = [each.removeprefix(before).removesuffix(after) for each in texts]
    assert cleaned(StripPrefixSuffix, texts, before=before, after=after) == expected


def test_prefix_comes_off_whatever_its_capitals() -> None:
    assert cleaned(StripPrefixSuffix, ["ÉA-x\n", "x"], before="éa-", after="\n", ignore_case=True) == ["x", "x"]
    assert cleaned(StripPrefixSuffix, ["A-x"], before="a-") == ["A-x"]
    with pytest.raises(ValidationError, match="There is nothing to strip"):
        StripPrefixSuffix(columns=("t",))


@few
@given(TEXTS, st.integers(2, 6), st.sampled_from(["", "…"]), st.booleans())
def test_cut_text_is_the_beginning_and_never_too_long(
    texts: list[str], length: int, ellipsis: str, at_word: bool
) -> None:
    for text, found in zip(
        texts, cleaned(TruncateText, texts, length=length, ellipsis=ellipsis, at_word=at_word), strict=True
    ):
        if len(text) <= length:
            assert found == text
        else:
            assert len(found) <= length
            assert found.endswith(ellipsis)
            assert text.startswith(found.removesuffix(ellipsis))


def test_text_is_cut_between_words() -> None:
    texts = ["late fee paid", "late  fee", "latefeepaid", "late fee", None]
    assert cleaned(TruncateText, texts, length=8, at_word=True) == ["late fee", "late", "latefeep", "late fee", None]
    assert cleaned(TruncateText, texts, length=8, ellipsis="...", at_word=True)[0] == "late..."
    with pytest.raises(ValidationError, match="The ellipsis has 3 characters, which leaves no room in a length of 3"):
        TruncateText(columns=("t",), length=3, ellipsis="...")


NAMES = {
    "Loan Amount (USD)": ("loan_amount_usd", "loanAmountUsd", "LoanAmountUsd", "loan-amount-usd", "LOAN_AMOUNT_USD"),
    "HTTPServer2x": ("http_server_2_x", "httpServer2X", "HttpServer2X", "http-server-2-x", "HTTP_SERVER_2_X"),
    "éB_ñandú--x": ("é_b_ñandú_x", "éBÑandúX", "ÉBÑandúX", "é-b-ñandú-x", "É_B_ÑANDÚ_X"),
    "O’Neil's": ("o_neils", "oNeils", "ONeils", "o-neils", "O_NEILS"),
    "??": ("", "", "", "", ""),
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items())
def test_names_are_taken_apart_and_put_together(name: str, expected: tuple[str, ...]) -> None:
    for case, each in zip(("snake", "camel", "pascal", "kebab", "constant"), expected, strict=True):
        assert cleaned(ChangeNamingCase, [name, None], case=case) == [each, None]


@pytest.mark.parametrize("case", ["camel", "pascal", "kebab", "constant"])
@few
# Words of one letter side by side would look like an abbreviation.
@given(names=st.lists(st.lists(st.text("abz", min_size=2, max_size=3), min_size=1, max_size=4), max_size=6))
def test_one_case_can_be_made_of_another(case: Any, names: list[list[str]]) -> None:
    snake = ["_".join(words) for words in names]
    assert cleaned(ChangeNamingCase, cleaned(ChangeNamingCase, snake, case=case)) == snake


CONTRACTED = {
    "I'm sure they'll say we couldn't've": "I am sure they will say we could not have",
    "WON'T, Won't, won’t": "WILL NOT, Will not, will not",
    "It's been late; it's late": "It has been late; it is late",
    "I'd better go, I'd go": "I had better go, I would go",
    "Ann's dog, the dogs' food, 'tis rock'n'roll": "Ann's dog, the dogs' food, it is rock'n'roll",
    "ain't o'clock wont cant": "ain't o'clock wont cant",
    "Let's": "Let us",
    "Can’t, can't, CAN'T've": "Cannot, cannot, CANNOT have",
    "Y'ALL'RE": "YOU ALL ARE",
}


@pytest.mark.parametrize(("text", "expected"), CONTRACTED.items())
def test_contractions_are_written_out(text: str, expected: str) -> None:
    assert cleaned(ExpandContractions, [text, None]) == [expected, None]


def test_repeated_words_are_kept_as_often_as_told() -> None:
    text = "the the the cat  cat The end endless"
    assert cleaned(RemoveRepeated, [text, None]) == ["the cat The end endless", None]
    assert cleaned(RemoveRepeated, [text], keep=2) == ["the the cat  cat The end endless"]
    assert cleaned(RemoveRepeated, ["The the é É"], ignore_case=True) == ["The é"]


def test_repeated_letters_and_signs_but_no_digits() -> None:
    assert cleaned(RemoveRepeated, ["Sooo goood!!! 1000  ééé"], unit="characters") == ["So god! 1000  é"]
    assert cleaned(RemoveRepeated, ["Sooo goood!!! 1000"], unit="characters", keep=2) == ["Soo good!! 1000"]


def test_texts_that_mean_the_same_become_one() -> None:
    texts = ["Paying the late fees", "LATE FEE: pay, pay!", "the fee’s late pay"]
    assert cleaned(SimplifyText, texts) == ["fee late pay"] * 3
    assert cleaned(SimplifyText, ["  Über Straßen & Häuser ", None], language="de") == ["haus strass", None]


def test_each_part_of_simplifying_can_be_left_out() -> None:
    off = dict.fromkeys(("remove_stopwords", "stem_words", "remove_accents", "dedupe_words", "sort_words"), False)
    text = "The Zoë, the fées!"
    assert cleaned(SimplifyText, [text], **off) == ["the zoë the fées"]
    for name, expected in {
        "remove_stopwords": "zoë fées",
        "remove_accents": "the zoe the fees",
        "dedupe_words": "the zoë fées",
        "sort_words": "fées the the zoë",
    }.items():
        assert cleaned(SimplifyText, [text], **{**off, name: True}) == [expected]


def test_text_of_nothing_but_stop_words_keeps_them() -> None:
    assert cleaned(SimplifyText, ["To be or not to be", "?!", ""]) == ["be not or to", "", ""]
