"""Clean text of what Unicode has besides letters: control characters, emoji, several ways to write a letter."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Literal

import polars as pl

from transforms.core.columns import ALL, TextColumns
from transforms.core.errors import Problem
from transforms.core.text import EMOJI, ZERO_WIDTH, TextFunction, mapped, package_problems
from transforms.core.transform import Example, Transform

EMOJI_SEQUENCE = rf"[0-9#*]\x{{FE0F}}?\x{{20E3}}|\x{{1F3F4}}[\x{{E0020}}-\x{{E007F}}]+|{EMOJI}"
"""One emoji, keycaps and the flags of regions among them."""
JOINED = r"[[\p{L}\p{M}]--\p{Latin}][\x{200C}\x{200D}]"
"""A letter with the joiner that belongs to the spelling of Persian, Hindi and the like."""
UNSEEN = rf"\p{{Cc}}\p{{Cf}}\x{{2028}}\x{{2029}}{ZERO_WIDTH}"
BREAKS = r"[\t\n\r\x{85}\x{2028}\x{2029}]"
NAMELESS = "\u200d\ufe0f\u20e3"
"""What holds the parts of an emoji together."""


class RemoveControlCharacters(TextFunction):
    """Remove characters that cannot be seen: control characters, byte-order marks, spaces without width."""

    id = "remove_control_characters"
    title = "Remove non-printable characters"
    terms = ("invisible characters", "zero-width space", "bom", "soft hyphen", "non-printing", "null bytes")
    missing = (
        "Missing values stay missing. Emoji of several characters stay whole, and so do words of Persian, Hindi and "
        "the like, in whose spelling joiners belong."
    )
    examples = (
        Example(
            params={"columns": ["name"]},
            before={"name": ["\ufeffAnn\u200b", "co\u00adop\x07", "a\tb\nc", "👩\u200d🚀", None]},
            after={"name": ["Ann", "coop", "a\tb\nc", "👩\u200d🚀", None]},
        ),
        Example(
            params={"columns": ["name"], "keep_newlines": False},
            before={"name": ["a\tb\r\nc", "\x00", None]},
            after={"name": ["abc", "", None]},
        ),
    )

    columns: TextColumns = ALL
    """Columns to change."""
    keep_newlines: bool = True
    """Keep line breaks and tabs, which are control characters, too. Otherwise what they part is put together; to put
    a space between, collapse white space first."""

    def function(self, text: pl.Expr) -> pl.Expr:
        unseen = f"[[{UNSEEN}]--{BREAKS}]" if self.keep_newlines else f"[{UNSEEN}]"
        return text.str.replace_all(f"({EMOJI_SEQUENCE}|{JOINED})|{unseen}", "${1}")


class NormalizeUnicode(TextFunction):
    """Write each character in one way only, so that texts which look alike are equal."""

    id = "normalize_unicode"
    title = "Normalize Unicode"
    terms = ("nfc", "nfkc", "canonical form", "composed characters", "full-width", "ligatures")
    examples = (
        Example(
            params={"columns": ["city"]},
            before={"city": ["Pe\u0301cs", "Pécs", "ﬁn", None]},
            after={"city": ["Pécs", "Pécs", "ﬁn", None]},
        ),
        Example(
            params={"columns": ["code"], "form": "NFKC"},
            before={"code": ["ＡＢ①", "ﬁn x²", None]},
            after={"code": ["AB1", "fin x2", None]},
        ),
    )

    form: Literal["NFC", "NFD", "NFKC", "NFKD"] = "NFC"
    """NFC puts a letter and its accents into one character, NFD takes them apart. NFKC and NFKD also replace what is
    only another shape of a character, such as ligatures, full-width letters and superscripts."""

    def function(self, text: pl.Expr) -> pl.Expr:
        return text.str.normalize(self.form)


class TransliterateAscii(TextFunction):
    """Write text of any script in the letters of ASCII."""

    id = "transliterate_ascii"
    title = "Transliterate to ASCII"
    terms = ("romanize", "latin letters", "unidecode", "cyrillic to latin", "pinyin")
    missing = "Missing values stay missing; characters that have no ASCII form are left out."
    examples = (
        Example(
            params={"columns": ["city"]},
            before={"city": ["Łódź", "Αθήνα", "Москва", "東京", None]},
            after={"city": ["Lodz", "Athina", "Moskva", "DongJing", None]},
        ),
        Example(
            params={"columns": ["note"], "suffix": "_ascii"},
            before={"note": ["“50 €” – ok…", None]},
            after={"note": ["“50 €” – ok…", None], "note_ascii": ['"50 EUR" - ok...', None]},
        ),
    )

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        yield from package_problems("anyascii", "columns", "Transliterating")

    def function(self, text: pl.Expr) -> pl.Expr:
        return mapped(text, _ascii)


def _ascii(text: str) -> str:
    import anyascii

    return str(anyascii.anyascii(text))


class FixEncoding(TextFunction):
    """Mend text that was read in the wrong encoding, as in "cafÃ©" for "café"."""

    id = "fix_encoding"
    title = "Fix broken encoding (mojibake)"
    terms = ("mojibake", "utf-8 repair", "wrong charset", "garbled text", "latin-1")
    missing = "Missing values stay missing, and text that is fine stays as it is."
    examples = (
        Example(
            params={"columns": ["drink"]},
            before={"drink": ["cafÃ©", "café", "â€œhotâ€\x9d", None]},
            after={"drink": ["café", "café", "“hot”", None]},
        ),
        Example(
            params={"columns": ["note"], "straight_quotes": True},
            before={"note": ["itâ€™s “fine”", None]},
            after={"note": ['it\'s "fine"', None]},
        ),
    )

    straight_quotes: bool = False
    """Make curly quotes straight, too."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        yield from package_problems("ftfy", "columns", "Mending an encoding")

    def function(self, text: pl.Expr) -> pl.Expr:
        return mapped(text, self._mended)

    def _mended(self, text: str) -> str:
        import ftfy

        # Everything else that ftfy would change has a step of its own.
        return ftfy.fix_text(
            text,
            unescape_html=False,
            remove_terminal_escapes=False,
            fix_latin_ligatures=False,
            fix_character_width=False,
            uncurl_quotes=self.straight_quotes,
            fix_line_breaks=False,
            remove_control_chars=False,
            normalization=None,
            explain=False,
        )


class RemoveEmoji(TextFunction):
    """Remove emoji from text, or replace each by its name."""

    id = "remove_emoji"
    title = "Remove or name emoji"
    terms = ("demojize", "emoticons", "smileys", "emoji to text", "pictographs")
    examples = (
        Example(
            params={"columns": ["post"]},
            before={"post": ["So good 😀👍🏽!", "1️⃣ ©", None]},
            after={"post": ["So good !", " ©", None]},
        ),
        Example(
            params={"columns": ["post"], "action": "name"},
            before={"post": ["So good 😀", "🇳🇴 👩\u200d🚀", None]},
            after={"post": ["So good :grinning_face:", ":flag_no: :woman_rocket:", None]},
        ),
    )

    action: Literal["remove", "name"] = "remove"
    """Remove emoji, or write each as ``:grinning_face:``, by the Unicode names of its parts (colours of skin left
    out), and a flag by the code of its country."""

    def function(self, text: pl.Expr) -> pl.Expr:
        if self.action == "remove":
            return text.str.replace_all(EMOJI_SEQUENCE, "")
        return text.map_batches(_named, return_dtype=pl.String, is_elementwise=True)


def _named(texts: pl.Series) -> pl.Series:
    found = texts.str.extract_all(EMOJI_SEQUENCE).explode(keep_nulls=False, empty_as_null=False).unique().to_list()
    if not found:
        return texts
    # The longest first, so that a family is not taken for the woman it begins with.
    emoji = sorted(found, key=lambda each: (-len(each), each))
    return texts.str.replace_many(emoji, [f":{emoji_name(each)}:" for each in emoji], leftmost=True)


def emoji_name(emoji: str) -> str:
    """The name of an emoji as one word: ``grinning_face``, ``flag_no``, ``keycap_1``."""
    names = [_part(each) for each in emoji if each not in NAMELESS]
    parts = [each for each in names if not each.startswith("emoji modifier")]
    if parts[0].startswith("regional "):
        parts = ["flag", "".join(each[-1] for each in parts)]
    elif "\u20e3" in emoji:
        parts = ["keycap", emoji[0]]
    elif parts[-1] == "cancel tag":
        parts = ["flag", "".join(each[-1] for each in parts[1:-1])]
    return "_".join(parts).replace(" ", "_").replace("-", "_")


def _part(character: str) -> str:
    return unicodedata.name(character, f"u{ord(character):x}").lower()


TRANSFORMS: tuple[type[Transform], ...] = (
    RemoveControlCharacters,
    NormalizeUnicode,
    TransliterateAscii,
    FixEncoding,
    RemoveEmoji,
)
