"""A request as tokens: words, numbers, quoted text, dates, signs."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Literal

from dataprep_app.chat.lexicon import CONTRACTIONS, NUMBERS

Kind = Literal["word", "number", "share", "quoted", "date", "sign", "column", "value", "group"]

QUOTES = str.maketrans(dict.fromkeys("“”„«»‟″", '"') | dict.fromkeys("‘’‚‛′`´", "'"))
TOKEN = re.compile(
    r"""(?P<quoted>"[^"]*"|(?<![\w])'[^']*'(?!\w))
    |(?P<date>\b\d{4}-\d{2}-\d{2}\b)
    |(?P<number>(?<![\w.])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[kKmM%])?(?![\w]))
    |(?P<word>[^\W_][\w]*|_\w+)
    |(?P<sign>->|=>|>=|<=|!=|<>|==|[-+*/()=<>,;:.?&\[\]%])""",
    re.VERBOSE,
)
SCALES = {"k": 1_000, "m": 1_000_000}
BEFORE_NUMBER = {
    *("than", "is", "by", "to", "with", "and", "between", "above", "below", "over", "under", "at", "from"),
    *("=", "==", "<", ">", "<=", ">=", "!=", "(", ","),
}
"""After these a minus is the sign of a number."""


@dataclass(frozen=True)
class Token:
    """A piece of a request."""

    text: str
    """As it was written; for quoted text without the quotes."""
    kind: Kind
    word: str
    """What patterns see of it."""
    value: Any = None
    """A number; candidates ``(column, ...)`` of a column; pairs ``((column, value), ...)`` of a value."""
    note: str = ""
    """What was guessed about it."""
    also: str = ""
    """The word that it could be, beside a column or a value."""
    every: bool = False
    """Whether all columns of ``value`` are meant, not one of them."""

    def is_word(self, *words: str) -> bool:
        """Whether it is one of some words."""
        return self.kind == "word" and self.word in words


def tokens(text: str) -> list[Token]:
    """Cut a request into tokens; signs that mean nothing are left out."""
    clean = unicodedata.normalize("NFC", text).translate(QUOTES).replace("…", " ").replace("→", "->")
    for short, long in CONTRACTIONS.items():
        clean = re.sub(rf"\b{short}\b", long, clean, flags=re.IGNORECASE)
    clean = re.sub(r"(?<=\w)'s\b", " 's" if "'s " in clean and clean.count("'") % 2 == 0 else "", clean)
    found: list[Token] = []
    for match in TOKEN.finditer(_without_hyphens(clean)):
        kind, piece = match.lastgroup, match.group()
        if kind == "quoted":
            found.append(Token(piece[1:-1], "quoted", "", piece[1:-1]))
        elif kind == "date":
            found.append(Token(piece, "date", "", piece))
        elif kind == "number":
            found.append(_number(piece))
        elif kind == "word":
            found.append(_word(piece))
        elif piece == "%" and found and found[-1].kind == "number":
            found[-1] = _share(found[-1].text + "%", found[-1].value)
        else:
            found.append(Token(piece, "sign", piece))
    return _signed(_percents(found))


def _without_hyphens(text: str) -> str:
    """Hyphens inside words as blanks; quoted text as it is."""
    parts = re.split(r"""("[^"]*"|(?<!\w)'[^']*'(?!\w))""", text)
    return "".join(
        each if i % 2 else re.sub(r"(?<=[^\W\d_])-(?=\w)|(?<=\d)-(?=[^\W\d_])", " ", each)
        for i, each in enumerate(parts)
    )


def _word(piece: str) -> Token:
    lower = piece.lower()
    if lower in NUMBERS:
        return Token(piece, "number", "", NUMBERS[lower], also=lower)
    return Token(piece, "word", lower)


def _number(piece: str) -> Token:
    last = piece[-1].lower()
    digits = piece.rstrip("kKmM%").replace(",", "")
    value: float | int = float(digits) if "." in digits else int(digits)
    if last == "%":
        return _share(piece, value)
    value = value * SCALES.get(last, 1)
    return Token(piece, "number", "", int(value) if float(value).is_integer() and "." not in digits else value)


def _share(text: str, value: float) -> Token:
    return Token(text, "share", "", round(value / 100, 10))


def _percents(found: list[Token]) -> list[Token]:
    """Numbers before the word percent as shares."""
    out: list[Token] = []
    for each in found:
        if each.is_word("percent", "pct") and out and out[-1].kind == "number":
            out[-1] = _share(f"{out[-1].text}%", out[-1].value)
        else:
            out.append(each)
    return out


def _signed(found: list[Token]) -> list[Token]:
    """A minus that follows no operand as the sign of its number."""
    out: list[Token] = []
    for each in found:
        alone = len(out) > 1 and out[-1].word == "-" and (out[-2].word in BEFORE_NUMBER)
        if each.kind == "number" and alone:
            out[-1] = Token(f"-{each.text}", "number", "", -each.value)
        else:
            out.append(each)
    return out
