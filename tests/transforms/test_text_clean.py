"""Cleaning and replacing text."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.feature_extraction.text import strip_accents_unicode

from tests.checks import result
from transforms.core.errors import InvalidStepError
from transforms.core.stop_words import STOP_WORDS
from transforms.core.text import ZERO_WIDTH
from transforms.core.transform import RowTransform
from transforms.text_clean import (
    WHOLE_LETTERS,
    AddPrefixSuffix,
    ChangeCase,
    CollapseWhitespace,
    PadText,
    RemoveAccents,
    RemoveCharacters,
    RemoveWhitespace,
    TrimWhitespace,
)
from transforms.text_replace import ReplaceAtPosition, ReplaceBetween, ReplaceRegex, ReplaceText
from transforms.text_words import RemoveStopwords, StemWords

LATIN = st.text(st.characters(max_codepoint=0x24F), max_size=20)


def cleaned(kind: Callable[..., RowTransform], values: list[Any], **params: Any) -> list[Any]:
    """What a step makes of the values of one column."""
    table = pl.DataFrame({"t": values}, schema_overrides={"t": pl.String} if not any(values) else None)
    return result(kind(columns=("t",), **params), table)["t"].to_list()


@given(st.lists(st.text(max_size=10), max_size=5))
def test_lower_and_upper_are_those_of_python(values: list[str]) -> None:
    # Beyond ASCII, the two may know different versions of Unicode.
    plain = [each for each in values if each.isascii()]
    assert cleaned(ChangeCase, plain) == [each.lower() for each in plain]
    assert cleaned(ChangeCase, plain, case="upper") == [each.upper() for each in plain]
    assert cleaned(ChangeCase, plain, case="swap") == [each.swapcase() for each in plain]


def test_case_is_unicode_aware() -> None:
    assert cleaned(ChangeCase, ["ÉCOLE", "ΟΔΟΣ", "straße"]) == ["école", "οδος", "straße"]
    assert cleaned(ChangeCase, ["straße", "ñ"], case="upper") == ["STRASSE", "Ñ"]
    assert cleaned(ChangeCase, ["ÉcoLe", None], case="swap") == ["éCOlE", None]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Lung Ch’uan WARE, xi'an", "Lung Ch’uan Ware, Xi'an"),
        ("XI'AN", "Xi'an"),
        ("Green VIII", "Green VIII"),
        ("HENRY VIII", "Henry Viii"),
        ("George McClellan of DeFuniak", "George McClellan Of DeFuniak"),
        ("eBay's DVDs from IBM", "eBay's DVDs From Ibm"),
        ("D'ARCY’S rock'n'roll, i'll", "D'Arcy’s Rock'n'roll, I'll"),
        ("3d on the 21ST, foo_bar", "3D On The 21st, Foo_Bar"),
        ("e\u0301lan d'e\u0301te\u0301", "E\u0301lan D'E\u0301te\u0301"),
    ],
)
def test_title_case_keeps_capitals_inside_words_and_begins_none_at_an_apostrophe(text: str, title: str) -> None:
    assert cleaned(ChangeCase, [text, None], case="title") == [title, None]


def test_title_case_without_kept_capitals() -> None:
    texts = ["Green VIII", "George McClellan", "Shaun O'Neil"]
    expected = ["Green Viii", "George Mcclellan", "Shaun O'Neil"]
    assert cleaned(ChangeCase, texts, case="title", keep_capitals=False) == expected


def test_title_case_leaves_endings_small() -> None:
    texts = ["it's 21st-century o'neil, d'arcy", "they’re DON'T", "  a\tb "]
    assert cleaned(ChangeCase, texts, case="title") == ["It's 21st-Century O'Neil, D'Arcy", "They’re Don't", "  A\tB "]


def test_sentences_begin_with_a_capital_and_nothing_is_lost() -> None:
    texts = ["  hello THERE.  «ça va?» 3.5 KG!\nok", "   ", "", "...", "no end"]
    assert cleaned(ChangeCase, texts, case="sentence") == [
        "  Hello there.  «Ça va?» 3.5 kg!\nOk", "   ", "", "...", "No end"
    ]  # fmt: skip


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="İ"), max_size=12), max_size=4))
def test_sentence_case_changes_nothing_but_case(values: list[str]) -> None:
    found = cleaned(ChangeCase, values, case="sentence")
    lowered = cleaned(ChangeCase, values)
    assert cleaned(ChangeCase, found, case="upper") == cleaned(ChangeCase, lowered, case="upper")


def test_capitalize_takes_the_first_letter_whatever_is_before_it() -> None:
    assert cleaned(ChangeCase, ["(élan VITAL)", "x", "", "1 A"], case="capitalize") == ["(Élan vital)", "X", "", "1 a"]


def test_trim_takes_no_break_and_zero_width_spaces() -> None:
    assert cleaned(TrimWhitespace, ["\u00a0\ufeff a\u200b b\u3000\u200b", None]) == ["a\u200b b", None]


def test_trim_takes_one_side_and_other_characters() -> None:
    assert cleaned(TrimWhitespace, [" a "], sides="left") == ["a "]
    assert cleaned(TrimWhitespace, [" a "], sides="right") == [" a"]
    assert cleaned(TrimWhitespace, ["-]a-", "-"], characters="]-") == ["a", ""]


@given(st.lists(st.text(max_size=10), max_size=5))
def test_trim_is_that_of_python_but_for_control_characters(values: list[str]) -> None:
    sane = [each for each in values if not any("\x1c" <= c <= "\x1f" or c in ZERO_WIDTH for c in each)]
    assert cleaned(TrimWhitespace, sane) == [each.strip() for each in sane]


def test_text_columns_are_the_default() -> None:
    table = pl.DataFrame({"n": [1], "a": [" x "], "b": ["y "]})
    assert result(TrimWhitespace(), table).row(0) == (1, "x", "y")


def test_collapse_makes_one_space_of_any_white_space() -> None:
    assert cleaned(CollapseWhitespace, ["\ta \u00a0\r\n b\u200b c  ", "", None]) == ["a b c", "", None]
    # A character without width between two letters is no space.
    assert cleaned(CollapseWhitespace, ["a\u200bb"]) == ["a\u200bb"]
    assert cleaned(CollapseWhitespace, [" a  b"], trim=False) == [" a b"]
    assert cleaned(CollapseWhitespace, ["a b"], replacement="$1") == ["a$1b"]


@given(st.lists(st.text(max_size=12), max_size=5))
def test_no_white_space_is_left_when_all_is_removed(values: list[str]) -> None:
    for before, after in zip(values, cleaned(RemoveWhitespace, values), strict=True):
        # Python takes four separators of ASCII for white space that Unicode does not.
        kept = [c for c in before if c not in ZERO_WIDTH and (not c.isspace() or "\x1c" <= c <= "\x1f")]
        assert after == "".join(kept)


@pytest.mark.parametrize(
    ("kind", "categories"),
    [
        ("letters", ("L", "M")),
        ("digits", ("Nd",)),
        ("punctuation", ("P",)),
        ("symbols", ("S",)),
        ("control", ("Cc", "Cf")),
    ],
)
def test_character_classes_are_those_of_unicode(kind: str, categories: tuple[str, ...]) -> None:
    text = "".join(map(chr, range(0x3000))) + "日本語한글٣😀"
    known = "".join(c for c in text if unicodedata.category(c) != "Cn")
    expected = "".join(c for c in known if not unicodedata.category(c).startswith(categories))
    (found,) = cleaned(RemoveCharacters, [known], classes=[kind])
    # The engine and Python may know different versions of Unicode.
    assert len(set(found) ^ set(expected)) < 20
    assert set(expected) & set(string.printable) == set(found) & set(string.printable)


def test_characters_that_mean_something_in_a_pattern_can_be_removed() -> None:
    assert cleaned(RemoveCharacters, [r"a^]-[\b&~"], custom=r"]^-\[&~") == ["ab"]
    assert cleaned(RemoveCharacters, ["aé1 ", None], classes=["non_ascii", "digits"], custom="a") == [" ", None]


def test_something_has_to_be_removed() -> None:
    with pytest.raises(ValidationError, match="nothing to remove"):
        RemoveCharacters(columns=("t",))


@given(st.lists(LATIN, max_size=5))
def test_accents_are_removed_as_by_scikit_learn(values: list[str]) -> None:
    whole = str.maketrans(WHOLE_LETTERS)
    expected = [unicodedata.normalize("NFC", strip_accents_unicode(each).translate(whole)) for each in values]
    assert cleaned(RemoveAccents, values) == expected


def test_scripts_whose_marks_are_no_accents_stay_whole() -> None:
    texts = ["हिन्दी", "한글", "が", "Ångström e\u0301", None]
    assert cleaned(RemoveAccents, texts) == ["हिन्दी", "한글", "が", "Angstrom e", None]


def test_prefix_goes_on_any_type_and_missing_stays_missing() -> None:
    assert cleaned(AddPrefixSuffix, [True, None], before="is ") == ["is true", None]
    assert cleaned(AddPrefixSuffix, [1.5, float("nan"), None], after=" kg") == ["1.5 kg", None, None]


def test_something_has_to_be_added() -> None:
    with pytest.raises(ValidationError, match="nothing to add"):
        AddPrefixSuffix(columns=("t",))


@given(st.lists(st.text(max_size=8), max_size=5), st.integers(1, 10))
def test_padding_is_that_of_python(values: list[str], width: int) -> None:
    assert cleaned(PadText, values, width=width) == [each.rjust(width, "0") for each in values]
    assert cleaned(PadText, values, width=width, side="right", fill="é") == [each.ljust(width, "é") for each in values]
    both = cleaned(PadText, values, width=width, side="both", fill="-", cut_longer=True)
    assert [len(each) for each in both] == [width] * len(values)
    assert all(value[:width] in each for value, each in zip(values, both, strict=True))


def test_several_whole_values_become_one_in_one_step() -> None:
    values = ["charged off", "current", "Current", "current account", "", None]
    find = ("charged off", "current")
    assert cleaned(ReplaceText, values, find=find, replacement="default", match="whole") == [
        "default", "default", "Current", "current account", "", None
    ]  # fmt: skip
    ignoring = cleaned(ReplaceText, values, find=find, replacement="default", match="whole", ignore_case=True)
    assert ignoring[2] == "default"
    assert cleaned(ReplaceText, values, find=("",), replacement="none", match="whole")[4:] == ["none", None]


def test_parts_are_found_literally_and_the_longest_first() -> None:
    assert cleaned(ReplaceText, ["a.c abc"], find=("a.c",), replacement="$1") == ["$1 abc"]
    assert cleaned(ReplaceText, ["abcd"], find=("ab", "abc"), replacement="-") == ["-d"]
    # Nothing is replaced in what was put in.
    assert cleaned(ReplaceText, ["ab"], find=("a", "b"), replacement="ab") == ["abab"]
    assert cleaned(ReplaceText, ["aaa", None], find=("a",), replacement="b", occurrences="first") == ["baa", None]
    assert cleaned(ReplaceText, ["ÉCOLE école"], find=("École",), replacement="x", ignore_case=True) == ["x x"]


@given(
    st.lists(st.text("ab. $", max_size=8), max_size=4),
    st.text("ab. $", min_size=1, max_size=2),
    st.text("a$1", max_size=3),
)
def test_replacing_is_that_of_python(values: list[str], find: str, new: str) -> None:
    assert cleaned(ReplaceText, values, find=(find,), replacement=new) == [each.replace(find, new) for each in values]
    first = cleaned(ReplaceText, values, find=(find,), replacement=new, occurrences="first")
    assert first == [each.replace(find, new, 1) for each in values]


def test_words_end_where_no_letter_follows() -> None:
    assert cleaned(ReplaceText, ["C++ C++x xC++ C++."], find=("C++",), replacement="D", match="word") == [
        "D C++x xC++ D."
    ]
    assert cleaned(ReplaceText, ["élan lan"], find=("lan",), replacement="x", match="word") == ["élan x"]


def test_empty_text_is_not_looked_for_inside_text() -> None:
    with pytest.raises(ValidationError, match="Empty text is found everywhere"):
        ReplaceText(columns=("t",), find=("",))


def test_regex_groups_are_put_in() -> None:
    assert cleaned(ReplaceRegex, ["2024-05"], pattern=r"(?<y>\d+)-(\d+)", replacement="$2/${y}$$") == ["05/2024$"]
    assert cleaned(ReplaceRegex, ["a1b2", None], pattern=r"\d", replacement="[$0]") == ["a[1]b[2]", None]


@pytest.mark.parametrize(
    ("replacement", "message"),
    [
        ("$2", "no group '2'"),
        ("$1st", r"use \$\{1\}"),
        (r"\1", r"written \$1"),
        ("$nam", "Did you mean 'name'"),
        ("5 $usd", r"Write \$\$"),
    ],
)
def test_groups_that_are_not_there_are_refused(replacement: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ReplaceRegex(columns=("t",), pattern="(?<name>a)", replacement=replacement)


def test_look_around_is_refused() -> None:
    with pytest.raises(ValidationError, match="look-around"):
        ReplaceRegex(columns=("t",), pattern="(?<=a)b")


def test_text_between_delimiters_is_replaced() -> None:
    text = ["x [a] [b] y", "x [a", None]
    assert cleaned(ReplaceBetween, text, left="[", right="]") == ["x [] [b] y", "x [a", None]
    assert cleaned(ReplaceBetween, text, left="[", right="]", replacement="$1", occurrences="all")[0] == "x [$1] [$1] y"
    assert cleaned(ReplaceBetween, text, left="[", right="]", inclusive=True)[0] == "x  [b] y"
    assert cleaned(ReplaceBetween, ["a:b\nc", "a"], left=":", right="", replacement="x") == ["a:x", "a"]
    assert cleaned(ReplaceBetween, ["b\na:c"], left="", right=":", inclusive=True) == ["c"]


def test_a_delimiter_is_needed() -> None:
    with pytest.raises(ValidationError, match="no delimiter"):
        ReplaceBetween(columns=("t",), left="", right="")


@given(st.lists(st.text(max_size=8), max_size=4), st.integers(-9, 9).filter(bool), st.integers(0, 5))
def test_positions_are_those_of_python(values: list[str], start: int, length: int) -> None:
    def expected(text: str) -> str:
        offset = start - 1 if start > 0 else len(text) + start
        return text[:offset] + "é" + text[offset + length :] if 0 <= offset < len(text) else text

    found = cleaned(ReplaceAtPosition, values, start=start, length=length, replacement="é")
    assert found == [expected(each) for each in values]


def test_position_zero_is_refused() -> None:
    with pytest.raises(ValidationError, match="0 is none"):
        ReplaceAtPosition(columns=("t",), start=0)


def test_new_columns_take_no_name_that_is_there() -> None:
    table = pl.DataFrame({"t": ["a"], "t_new": ["b"]})
    with pytest.raises(InvalidStepError, match="There is a column 't_new' already"):
        result(ChangeCase(columns=("t",), suffix="_new"), table)


@pytest.mark.parametrize(
    "step",
    [
        ChangeCase(columns=("*",), case="swap"),
        TrimWhitespace(columns=("*",)),
        RemoveAccents(columns=("*",)),
        PadText(columns=("*",), width=3, side="both"),
        ReplaceText(columns=("*",), find=("a",)),
        ReplaceAtPosition(columns=("*",), start=-1),
        RemoveStopwords(columns=("*",)),
        StemWords(columns=("*",)),
    ],
    ids=lambda step: step.id,
)
def test_columns_of_nulls_and_odd_names_are_fine(step: RowTransform) -> None:
    found = result(step, pl.DataFrame({"*": [None, None], "n": [1, 2]}))
    assert found["*"].to_list() == [None, None]
    assert found.schema == {"*": pl.String, "n": pl.Int64}


def test_stop_words_go_with_the_space_behind_them() -> None:
    texts = ["It’s THE dog's house,\nand a home. I can't", "nothing to do", "  keep  me?", "", None]
    assert cleaned(RemoveStopwords, texts) == ["dog's house,\nhome.", "", "keep  ?", "", None]


def test_text_without_stop_words_is_not_touched() -> None:
    assert cleaned(RemoveStopwords, ["  two  houses ", "theory"]) == ["  two  houses ", "theory"]


def test_stop_words_that_lose_a_vowel_go_too() -> None:
    assert cleaned(RemoveStopwords, ["L'hôtel n'est pas près d’aujourd'hui"], language="fr") == [
        "hôtel près aujourd'hui"
    ]
    assert cleaned(RemoveStopwords, ["L'albergo dell'amico"], language="it") == ["albergo amico"]


def test_words_can_be_added_to_the_list_and_kept() -> None:
    assert cleaned(RemoveStopwords, ["Not the Bank"], extra=["BANK"], keep=["NOT"]) == ["Not"]


def test_lists_of_stop_words_are_clean() -> None:
    for words in STOP_WORDS.values():
        assert len(words) > 150
        assert all(each == each.lower().strip() and "’" not in each for each in words)


def test_stems_are_those_of_snowball() -> None:
    snowball = pytest.importorskip("snowballstemmer")
    words = ["running", "generously", "flies", "ponies", "Relational", "was"]
    expected = [snowball.stemmer("english").stemWord(each.lower()) for each in words]
    assert cleaned(StemWords, [" ".join(words), "; ".join(words)]) == [" ".join(expected), "; ".join(expected)]
    assert cleaned(StemWords, ["  Été: chevaux!", "", None], language="fr") == ["  été: cheval!", "", None]
