"""Clean text: its case, white space, characters and width."""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.columns import ALL, ColumnsField, TextColumns
from transforms.core.text import SENTENCE, SPACE, WHITE_SPACE, TextFunction, mapped, verbatim
from transforms.core.transform import Example, Transform

Case = Literal["lower", "upper", "title", "sentence", "capitalize", "swap"]
CharacterClass = Literal["letters", "digits", "punctuation", "symbols", "whitespace", "non_ascii", "control"]

CHARACTER_CLASSES: dict[CharacterClass, str] = {
    "letters": r"\p{L}\p{M}",
    "digits": r"\p{Nd}",
    "punctuation": r"\p{P}",
    "symbols": r"\p{S}",
    "whitespace": SPACE,
    "non_ascii": r"[^\x00-\x7F]",
    "control": r"\p{Cc}\p{Cf}",
}
"""Members of a class of a pattern."""
TITLE_WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*(?:['’](?:[^\W_]|[\u0300-\u036f])+)*")
"""A word that a title writes with a capital; an apostrophe begins no word."""
PREFIXED = re.compile(r"[^\W\d_]['’](?!(?:ll|ve|re|all)\b)[^\W\d_][\u0300-\u036f]*[^\W\d_]")
"""Words with a second capital, such as O'Neil, but not I'll."""
ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)")
ROMAN = re.compile("M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
ACCENTS = r"[\x{0300}-\x{036F}\x{1AB0}-\x{1AFF}\x{1DC0}-\x{1DFF}\x{20D0}-\x{20FF}\x{FE20}-\x{FE2F}]"
"""Combining diacritical marks; the vowel signs of Indic scripts and the like are no accents."""
WHOLE_LETTERS = {
    "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "Ø": "O", "ø": "o", "ß": "ss", "ẞ": "SS", "Ł": "L", "ł": "l",
    "Đ": "D", "đ": "d", "Ð": "D", "ð": "d", "Þ": "Th", "þ": "th", "Ħ": "H", "ħ": "h", "Ŧ": "T", "ŧ": "t",
    "Ŋ": "N", "ŋ": "n", "ı": "i", "ĸ": "k", "Ɨ": "I", "ɨ": "i", "Ƶ": "Z", "ƶ": "z",
}  # fmt: skip
"""Letters that Unicode does not take apart, as they are written where there are none of them."""


def capitalized(text: pl.Expr) -> pl.Expr:
    """Text with its first letter as a capital, what stands before it left alone."""
    before = text.str.extract(r"^([^\p{L}\p{N}]*)", 1)
    rest = text.str.slice(before.str.len_chars())
    return pl.concat_str(before, rest.str.slice(0, 1).str.to_uppercase(), rest.str.slice(1))


def title_case(text: pl.Expr, *, keep_capitals: bool = False) -> pl.Expr:
    """Text with a capital at the beginning of each word.

    Args:
        text: any text.
        keep_capitals: leave words with capitals inside alone, and Roman numbers unless all is in capitals.
    """
    special = text.str.contains(r"['’]|\p{N}\p{L}" + (r"|\p{L}\p{Lu}" if keep_capitals else ""))
    words = mapped(pl.when(special).then(text), partial(_title_by_words, keep_capitals=keep_capitals))
    # Rust writes a capital behind each sign, which is right, and fast, where there is nothing of these.
    return pl.when(special).then(words).otherwise(text.str.to_titlecase())


def _title_by_words(text: str, *, keep_capitals: bool) -> str:
    keep = keep_capitals and any(each.islower() for each in text)
    return TITLE_WORD.sub(lambda found: _title_word(found[0], keep=keep), text)


def _title_word(word: str, *, keep: bool) -> str:
    low = word.lower()
    inner = not word.isupper() and any(each.isupper() for each in word[1:])
    if keep and (inner or (len(word) > 1 and ROMAN.fullmatch(word))):
        return word
    if ORDINAL.fullmatch(low):
        return low
    if PREFIXED.match(low):
        return f"{low[0].upper()}{low[1]}{low[2].upper()}{low[3:]}"
    return re.sub(r"[^\W\d_]", lambda found: found[0].upper(), low, count=1)


class ChangeCase(TextFunction):
    """Change text to lower, upper, title or sentence case."""

    id = "change_case"
    title = "Change case"
    terms = ("lower", "upper", "title", "proper", "sentence", "capitalize", "swap", "lowercase", "uppercase")
    examples = (
        Example(
            params={"columns": ["city"]},
            before={"city": ["OSLO", "São Paulo", "", None]},
            after={"city": ["oslo", "são paulo", "", None]},
        ),
        Example(
            params={"columns": ["name"], "case": "title"},
            before={"name": ["SHAUN O'NEIL", "anne-marie's 3rd élan", None]},
            after={"name": ["Shaun O'Neil", "Anne-Marie's 3rd Élan", None]},
        ),
        Example(
            params={"columns": ["note"], "case": "sentence", "suffix": "_clean"},
            before={"note": ["PAID LATE. ASKED WHY?", None]},
            after={"note": ["PAID LATE. ASKED WHY?", None], "note_clean": ["Paid late. Asked why?", None]},
        ),
    )

    case: Case = "lower"
    """Lower and upper change every letter; title begins each word, sentence each sentence, capitalize the text
    with a capital and makes the rest small; swap turns capitals into small letters and the reverse."""
    keep_capitals: bool = True
    """In a title, leave words with capitals inside as they are, such as McClellan, and Roman numbers, unless all of the
    text is in capitals."""

    def function(self, text: pl.Expr) -> pl.Expr:
        match self.case:
            case "lower":
                return text.str.to_lowercase()
            case "upper":
                return text.str.to_uppercase()
            case "title":
                return title_case(text, keep_capitals=self.keep_capitals)
            case "sentence":
                sentences = text.str.to_lowercase().str.extract_all(rf"{SENTENCE}|\s+")
                return sentences.list.eval(capitalized(pl.element())).list.join("")
            case "capitalize":
                return capitalized(text.str.to_lowercase())
            case "swap":
                return mapped(text, str.swapcase)


class TrimWhitespace(TextFunction):
    """Remove white space at the ends of text."""

    id = "trim_whitespace"
    title = "Trim white space"
    terms = (
        "strip",
        "trim",
        "leading spaces",
        "trailing spaces",
        "strip characters from left",
        "strip characters from right",
        "strip left and right",
    )
    examples = (
        Example(
            params={"columns": ["city"]},
            before={"city": ["  Oslo\t", "New York\u00a0", " ", None]},
            after={"city": ["Oslo", "New York", "", None]},
        ),
        Example(
            params={"columns": ["code"], "sides": "left", "characters": "0"},
            before={"code": ["0070", "12", None]},
            after={"code": ["70", "12", None]},
        ),
    )

    columns: TextColumns = ALL
    """Columns to change."""
    sides: Literal["both", "left", "right"] = "both"
    """Trim both ends, or only the left (beginning) or the right (end)."""
    characters: str | None = Field(None, min_length=1)
    """Trim any of these characters instead of white space.

    White space is Unicode's, no-break spaces included, and characters without width."""

    def function(self, text: pl.Expr) -> pl.Expr:
        characters = self.characters or WHITE_SPACE
        match self.sides:
            case "both":
                return text.str.strip_chars(characters)
            case "left":
                return text.str.strip_chars_start(characters)
            case "right":
                return text.str.strip_chars_end(characters)


class CollapseWhitespace(TextFunction):
    """Replace each run of white space by one space."""

    id = "collapse_whitespace"
    title = "Collapse repeated white space"
    terms = ("squeeze spaces", "double spaces", "normalize whitespace", "squish")
    examples = (
        Example(
            params={"columns": ["name"]},
            before={"name": [" Ann \t Lee", "Bo\n\nKim", "Cy", None]},
            after={"name": ["Ann Lee", "Bo Kim", "Cy", None]},
        ),
        Example(
            params={"columns": ["name"], "replacement": "_", "trim": False},
            before={"name": ["Ann  Lee ", None]},
            after={"name": ["Ann_Lee_", None]},
        ),
    )

    columns: TextColumns = ALL
    """Columns to change."""
    replacement: str = " "
    """What a run of spaces, tabs, line breaks and no-break spaces becomes."""
    trim: bool = True
    """Remove white space at both ends, too."""

    def function(self, text: pl.Expr) -> pl.Expr:
        if self.trim:
            text = text.str.strip_chars(WHITE_SPACE)
        return text.str.replace_all(rf"{SPACE}*\s{SPACE}*", verbatim(self.replacement))


class RemoveWhitespace(TextFunction):
    """Remove all white space in text."""

    id = "remove_whitespace"
    title = "Remove all white space"
    terms = ("remove spaces", "delete whitespace", "strip spaces")
    examples = (
        Example(
            params={"columns": ["iban"]},
            before={"iban": [" NO93 8601\t1117\u00a0947", "", None]},
            after={"iban": ["NO9386011117947", "", None]},
        ),
    )

    def function(self, text: pl.Expr) -> pl.Expr:
        return text.str.replace_all(SPACE, "")


class CharacterChoice(TextFunction):
    """What the steps that tell characters by their kind have in common."""

    classes: tuple[CharacterClass, ...] = ()
    """Kinds of characters, by Unicode's categories: letters, digits, punctuation (``!"#%&'()*,-./:;?@[]_{}``),
    symbols (``$+<=>^`|~``, currencies, emoji), white space, everything that is not ASCII, and control characters
    (line breaks and tabs among them)."""
    custom: str = ""
    """These characters, too."""

    @model_validator(mode="after")
    def _some_are_chosen(self) -> Self:
        if not self.classes and not self.custom:
            raise ValueError(f"There is nothing to {self.id.split('_')[0]}. Choose a kind of characters, or type some.")
        return self

    @property
    def members(self) -> str:
        """The characters chosen, as the members of a class of a pattern."""
        return "".join((*(CHARACTER_CLASSES[each] for each in self.classes), *map(pl.escape_regex, self.custom)))


class RemoveCharacters(CharacterChoice):
    """Remove characters of chosen kinds from text."""

    id = "remove_characters"
    title = "Remove characters"
    terms = ("remove punctuation", "remove digits", "remove symbols", "special characters", "non-ascii", "letters")
    examples = (
        Example(
            params={"columns": ["phone"], "classes": ["punctuation", "whitespace"], "custom": "+"},
            before={"phone": ["+47 (22) 33-44", "", None]},
            after={"phone": ["47223344", "", None]},
        ),
        Example(
            params={"columns": ["name"], "classes": ["digits"], "suffix": "_clean"},
            before={"name": ["Zoë 2", "٣x", None]},
            after={"name": ["Zoë 2", "٣x", None], "name_clean": ["Zoë ", "x", None]},
        ),
    )

    def function(self, text: pl.Expr) -> pl.Expr:
        return text.str.replace_all(f"[{self.members}]", "")


class KeepCharacters(CharacterChoice):
    """Keep characters of chosen kinds in text and remove all others."""

    id = "keep_characters"
    title = "Keep only characters"
    terms = ("only digits", "only letters", "alphanumeric", "strip everything else", "whitelist characters")
    examples = (
        Example(
            params={"columns": ["phone"], "classes": ["digits"], "custom": "+"},
            before={"phone": ["+47 (22) 33-44", "none", None]},
            after={"phone": ["+47223344", "", None]},
        ),
        Example(
            params={"columns": ["name"], "classes": ["letters", "whitespace"], "suffix": "_clean"},
            before={"name": ["Zoë O'Neil 2", None]},
            after={"name": ["Zoë O'Neil 2", None], "name_clean": ["Zoë ONeil ", None]},
        ),
    )

    def function(self, text: pl.Expr) -> pl.Expr:
        return text.str.replace_all(f"[^{self.members}]", "")


class RemoveAccents(TextFunction):
    """Replace letters with accents by plain ones."""

    id = "remove_accents"
    title = "Remove accents"
    terms = ("strip diacritics", "unaccent", "umlauts", "normalize letters")
    missing = (
        "Missing values stay missing. Text is taken apart by Unicode (NFKD), so ligatures, full-width letters and "
        "the like become plain, too; letters that are whole in themselves (ø, ł, ß, æ) go by a small table."
    )
    examples = (
        Example(
            params={"columns": ["city"]},
            before={"city": ["Pécs", "Ålesund", "Łódź", "Großenhain", "東京", None]},
            after={"city": ["Pecs", "Alesund", "Lodz", "Grossenhain", "東京", None]},
        ),
    )

    def function(self, text: pl.Expr) -> pl.Expr:
        plain = text.str.normalize("NFKD").str.replace_all(ACCENTS, "")
        whole = plain.str.replace_many(list(WHOLE_LETTERS), list(WHOLE_LETTERS.values()))
        # What was taken apart and has no accent, such as Korean syllables, is put together again.
        return whole.str.normalize("NFC")


class AddPrefixSuffix(TextFunction):
    """Put text before and after each value."""

    id = "add_prefix_suffix"
    title = "Add prefix or suffix"
    terms = ("prepend", "append text", "concatenate constant", "prefix", "suffix")
    examples = (
        Example(
            params={"columns": ["id"], "before": "NO-", "after": "*"},
            before={"id": ["17", "", None]},
            after={"id": ["NO-17*", "NO-*", None]},
        ),
        Example(
            params={"columns": ["price"], "before": "$", "suffix": "_shown"},
            before={"price": [3.0, 2.5, None]},
            after={"price": [3.0, 2.5, None], "price_shown": ["$3", "$2.5", None]},
        ),
    )

    columns: Annotated[tuple[str, ...], ColumnsField(("text", "numeric", "boolean", "date", "datetime"))]
    """Columns to change; the result is text."""
    before: str = ""
    """Text to put before each value."""
    after: str = ""
    """Text to put after each value."""

    @model_validator(mode="after")
    def _something_to_add(self) -> Self:
        if not self.before and not self.after:
            raise ValueError("There is nothing to add. Give text to put before or after each value.")
        return self

    def function(self, text: pl.Expr) -> pl.Expr:
        return pl.concat_str(pl.lit(self.before), text, pl.lit(self.after))


class PadText(TextFunction):
    """Make text as long as wanted by filling it up on one side or both."""

    id = "pad_text"
    title = "Pad text"
    terms = (
        "zero fill",
        "leading zeros",
        "lpad",
        "rpad",
        "center",
        "zip code",
        "left pad",
        "right pad",
        "prepend zeros",
    )
    examples = (
        Example(
            params={"columns": ["zip"], "width": 5},
            before={"zip": [1234, 90210, 123456, None]},
            after={"zip": ["01234", "90210", "123456", None]},
        ),
        Example(
            params={"columns": ["code"], "width": 4, "side": "both", "fill": "·", "cut_longer": True},
            before={"code": ["é", "ab", "abcde", None]},
            after={"code": ["·é··", "·ab·", "abcd", None]},
        ),
    )

    columns: Annotated[tuple[str, ...], ColumnsField(("text", "integer"))]
    """Columns to change; whole numbers become text."""
    width: int = Field(ge=1, le=10_000)
    """How many characters the text shall have."""
    side: Literal["left", "right", "both"] = "left"
    """Where to fill; on both sides, a character left over goes to the right."""
    fill: str = Field("0", min_length=1, max_length=1)
    """The character to fill with."""
    cut_longer: bool = False
    """Keep only the first ``width`` characters of longer text."""

    def function(self, text: pl.Expr) -> pl.Expr:
        if self.cut_longer:
            text = text.str.slice(0, self.width)
        match self.side:
            case "left":
                return text.str.pad_start(self.width, self.fill)
            case "right":
                return text.str.pad_end(self.width, self.fill)
            case "both":
                length = text.str.len_chars().cast(pl.Int64)
                left = length + (self.width - length).clip(0) // 2
                return text.str.pad_start(left, self.fill).str.pad_end(self.width, self.fill)


TRANSFORMS: tuple[type[Transform], ...] = (
    ChangeCase,
    TrimWhitespace,
    CollapseWhitespace,
    RemoveWhitespace,
    RemoveCharacters,
    KeepCharacters,
    RemoveAccents,
    AddPrefixSuffix,
    PadText,
)
