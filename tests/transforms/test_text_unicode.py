"""Cleaning text of control characters, emoji and broken encodings."""

from __future__ import annotations

import unicodedata
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
from transforms.text_clean import KeepCharacters, RemoveCharacters
from transforms.text_unicode import (
    FixEncoding,
    NormalizeUnicode,
    RemoveControlCharacters,
    RemoveEmoji,
    TransliterateAscii,
    emoji_name,
)

# Characters that Python's own, older version of Unicode knows, too.
KNOWN = st.lists(st.text(st.characters(max_codepoint=0x2FFF, exclude_categories=("Cn", "Cs")), max_size=12), max_size=6)
few = settings(max_examples=examples(12), deadline=None)


def cleaned(kind: Callable[..., RowTransform], values: Sequence[str | None], **params: Any) -> list[Any]:
    """What a step makes of the values of one column."""
    table = pl.DataFrame({"t": list(values)}, schema={"t": pl.String})
    return result(kind(columns=("t",), **params), table)["t"].to_list()


@few
@given(
    KNOWN,
    st.sampled_from([(("letters", "digits"), "-^"), (("punctuation",), "]\\"), ((), "aé&~"), (("non_ascii",), "")]),
)
def test_what_is_kept_is_what_would_be_removed(texts: list[str], choice: tuple[Any, str]) -> None:
    chosen = dict(zip(("classes", "custom"), choice, strict=True))
    kept = cleaned(KeepCharacters, texts, **chosen)
    removed = cleaned(RemoveCharacters, texts, **chosen)
    assert [sorted(some + others) for some, others in zip(kept, removed, strict=True)] == list(map(sorted, texts))
    assert cleaned(RemoveCharacters, kept, **chosen) == [""] * len(texts)


def test_something_must_be_kept() -> None:
    with pytest.raises(ValidationError, match="There is nothing to keep"):
        KeepCharacters(columns=("t",))


@few
@given(KNOWN)
def test_what_cannot_be_seen_goes_and_nothing_else(texts: list[str]) -> None:
    # Joiners may belong to a word or to an emoji.
    plain = [each.replace("\u200c", "").replace("\u200d", "") for each in texts]
    gone = ("Cc", "Cf", "Zl", "Zp")
    expected = ["".join(each for each in text if unicodedata.category(each) not in gone) for text in plain]
    assert cleaned(RemoveControlCharacters, plain, keep_newlines=False) == expected


def test_line_breaks_and_tabs_stay_unless_told() -> None:
    text = "\ufeffa\tb\r\nc\u2028d\x1fe\x00"
    assert cleaned(RemoveControlCharacters, [text]) == ["a\tb\r\nc\u2028de"]
    assert cleaned(RemoveControlCharacters, [text], keep_newlines=False) == ["abcde"]


def test_joiners_stay_where_they_belong() -> None:
    family, persian, hindi, england = (
        "👩\u200d👩\u200d👧",
        "می\u200cخواهم",
        "क्\u200dष",
        "🏴\U000e0067\U000e0062\U000e007f",
    )
    assert cleaned(RemoveControlCharacters, [family, persian, hindi, england]) == [family, persian, hindi, england]
    assert cleaned(RemoveControlCharacters, ["a\u200db\u200c", "\u200d"]) == ["ab", ""]


@few
@given(KNOWN, st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_normal_forms_are_those_of_python(texts: list[str], form: Any) -> None:
    assert cleaned(NormalizeUnicode, texts, form=form) == [unicodedata.normalize(form, each) for each in texts]


@few
@given(st.lists(st.text(max_size=12), max_size=6))
def test_transliterated_text_is_ascii_and_ascii_stays(texts: list[str]) -> None:
    found = cleaned(TransliterateAscii, texts)
    assert "".join(found).isascii()
    assert cleaned(TransliterateAscii, found) == found


@few
@given(st.lists(st.text("aZ 9éüñßøåçžł&;<", max_size=12), max_size=6))
def test_text_that_is_fine_is_left_alone(texts: list[str]) -> None:
    assert cleaned(FixEncoding, texts) == texts


@pytest.mark.parametrize("wrong", ["latin-1", "cp1252"])
def test_text_read_in_a_wrong_encoding_is_mended(wrong: str) -> None:
    for text in ("café “crème”", "Müller & Søn", "l’été à la plage"):
        try:
            broken = text.encode().decode(wrong)
        except UnicodeDecodeError:
            continue
        assert cleaned(FixEncoding, [broken]) == [text]


def test_nothing_but_the_encoding_is_changed() -> None:
    text = "ﬁn ＡＢ &amp; \x1b[31m “x”\r\n"
    assert cleaned(FixEncoding, [text, None, ""]) == [text, None, ""]
    assert cleaned(FixEncoding, ["“x” ‘y’"], straight_quotes=True) == ["\"x\" 'y'"]


EMOJI = {
    "😀": "grinning_face",
    "👍🏽": "thumbs_up_sign",
    "❤️": "heavy_black_heart",
    "👩\u200d🚀": "woman_rocket",
    "🇳🇴": "flag_no",
    "#️⃣": "keycap_#",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f": "flag_gbeng",
}


@pytest.mark.parametrize(("emoji", "name"), EMOJI.items())
def test_emoji_are_removed_or_named_whole(emoji: str, name: str) -> None:
    assert emoji_name(emoji) == name
    assert cleaned(RemoveEmoji, [f"a {emoji}!"]) == ["a !"]
    assert cleaned(RemoveEmoji, [f"a {emoji}{emoji}"], action="name") == [f"a :{name}::{name}:"]


def test_an_emoji_is_not_taken_for_the_one_it_begins_with() -> None:
    found = cleaned(RemoveEmoji, ["👩", "👩\u200d🚀👩", "🇳🇴🇸🇪", "🇴🇸"], action="name")
    assert found == [":woman:", ":woman_rocket::woman:", ":flag_no::flag_se:", ":flag_os:"]


def test_digits_and_signs_are_no_emoji() -> None:
    for action in ("remove", "name"):
        assert cleaned(RemoveEmoji, ["#1 © 5* ™", "", None], action=action) == ["#1 © 5* ™", "", None]
