"""Names of companies and persons written in one way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Literal

import polars as pl

from transforms.core.columns import TextColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.distinct import over_distinct
from transforms.core.errors import Problem
from transforms.core.params import NewColumn
from transforms.core.transform import Example, RowTransform, Transform

LEGAL_FORMS: dict[str, str] = {
    "Inc": "inc incorporated",
    "Corp": "corp corporation",
    "Co": "co company",
    "LLC": "llc l.l.c",
    "LLP": "llp l.l.p",
    "LP": "lp l.p",
    "Ltd": "ltd limited",
    "PLC": "plc p.l.c",
    "Pty Ltd": "pty|ltd pty|limited proprietary|limited",
    "Pte Ltd": "pte|ltd pte|limited",
    "Pvt Ltd": "pvt|ltd pvt|limited private|limited",
    "Co Ltd": "co|ltd co|limited company|limited",
    "GmbH": "gmbh g.m.b.h gesellschaft|mit|beschränkter|haftung",
    "GmbH & Co. KG": "gmbh|&|co|kg gmbh|&|co.|kg gmbh|und|co|kg",
    "AG": "ag a.g aktiengesellschaft",
    "KG": "kg",
    "OHG": "ohg",
    "UG": "ug ug|(haftungsbeschränkt)",
    "e.K.": "e.k",
    "e.V.": "e.v",
    "SE": "se",
    "SA": "sa s.a",
    "SAS": "sas s.a.s",
    "SARL": "sarl s.a.r.l s.à|r.l s.à.r.l",
    "SRL": "srl s.r.l",
    "SpA": "spa s.p.a",
    "SL": "sl s.l",
    "SA de CV": "sa|de|cv s.a|de|c.v",
    "Ltda": "ltda",
    "BV": "bv b.v",
    "NV": "nv n.v",
    "AS": "as a/s",
    "ASA": "asa",
    "ApS": "aps",
    "AB": "ab",
    "Oy": "oy",
    "Oyj": "oyj",
    "Sp. z o.o.": "sp|z|o.o sp|zoo sp.z.o.o",
    "s.r.o.": "s.r.o",
    "d.o.o.": "d.o.o",
    "Kft": "kft",
    "KK": "k.k kabushiki|kaisha",
}
"""The commoner of the legal forms of ISO 20275, and how they are written: words after a bar, points at ends aside."""
_SPELLED = {
    spelling.replace("|", " "): form for form, spellings in LEGAL_FORMS.items() for spelling in spellings.split()
}
_MOST_WORDS = max(each.count(" ") + 1 for each in _SPELLED)


def without_form(name: str) -> tuple[str, str | None]:
    """The name of a company without the legal form at its end, and the form; ``None`` where there is none."""
    words = name.split()
    for length in range(min(_MOST_WORDS, len(words) - 1), 0, -1):
        ending = " ".join(each.strip(",;").removesuffix(".") for each in words[-length:]).lower()
        if ending in _SPELLED:
            return " ".join(words[:-length]).rstrip(" ,;&-"), _SPELLED[ending]
    return " ".join(words), None


def titled(name: str) -> str:
    """Words with a capital at the start; those of capitals only and of two or three letters stay, as in IBM or 3M."""
    shouted = name.isupper() and any(len(each) > 3 for each in name.split())
    words = []
    for word in name.split():
        short = not shouted and word.isupper() and len(word) <= 3
        mixed = not word.isupper() and not word.islower()
        words.append(word if short or mixed else _capital(word))
    return " ".join(words)


def _capital(word: str) -> str:
    """A word with a capital at the start and behind each hyphen."""
    return re.sub(r"(?:^|(?<=[-/(]))(\w)", lambda found: found[1].upper(), word.lower())


class StandardizeCompany(RowTransform):
    """Write names of companies in one way: without legal form, stray blanks and commas."""

    id = "standardize_company"
    title = "Standardize company names"
    terms = ("legal form", "remove inc ltd gmbh", "cleanco", "organization name", "business suffix")
    missing = "Missing values stay missing; a company without a legal form at the end of its name has none."
    examples = (
        Example(
            params={"column": "company", "legal_form": "form"},
            before={"company": ["Acme Widgets,  Inc.", "Globex GmbH & Co. KG", "Co", None]},
            after={
                "company": ["Acme Widgets", "Globex", "Co", None],
                "form": ["Inc", "GmbH & Co. KG", None, None],
            },
        ),
        Example(
            params={"column": "company", "strip_legal": False, "case": "title", "output": "name"},
            before={"company": ["ACME WIDGETS LIMITED", "IBM corp.", None]},
            after={
                "company": ["ACME WIDGETS LIMITED", "IBM corp.", None],
                "name": ["Acme Widgets Ltd", "IBM Corp", None],
            },
        ),
    )

    column: TextColumn
    """Column of names."""
    strip_legal: bool = True
    """Take the legal form off; otherwise it is written in one way, such as Ltd for limited."""
    case: Literal["keep", "title", "upper"] = "keep"
    """Leave capitals as they are; write each word with one, but for short words of capitals only; or capitals only. The
    legal form is always written as it is known."""
    legal_form: NewColumn | None = None
    """Name of a column for the legal form; none when empty."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for field, name in (("output", self.output), ("legal_form", self.legal_form)):
            if name is not None:
                yield from taken(name, schemas[0], field)
        if self.legal_form is not None and self.legal_form == self.output:
            yield Problem(f"Two new columns would be named {self.output!r}.", "Rename one.", "legal_form")

    def exprs(self) -> Iterator[pl.Expr]:
        case, strip = self.case, self.strip_legal

        def written(text: str) -> str:
            name, form = without_form(text)
            name = titled(name) if case == "title" else name.upper() if case == "upper" else name
            return name if strip or form is None else f"{name} {form}"

        text = exactly(self.column).cast(pl.String)
        yield over_distinct(text, written, pl.String()).alias(self.output or self.column)
        if self.legal_form is not None:
            form = over_distinct(text, lambda each: without_form(each)[1], pl.String())
            yield form.alias(self.legal_form)


PARTICLES = frozenset(
    "von van der den de del della di da du des la le les dos das do ter ten zu zum zur af av bin ibn al el".split()  # noqa: SIM905
)
"""Words in names of persons that are written small, unless they come first."""
ENDINGS = {"jr": "Jr", "jr.": "Jr.", "sr": "Sr", "sr.": "Sr.", "phd": "PhD", "md": "MD"}
POSTNOMINALS = frozenset(
    "obe mbe cbe kbe dbe gbe bem cmg kcmg dcmg gcmg cvo kcvo dcvo gcvo lvo mvo kcb dcb gcb dso dsc dfc kc qc "  # noqa: SIM905
    "frs frse fba frcp frcs frsa pra fsa fcca cpa dds dmd dvm llb llm mba mph msc bsc rn".split()
)
"""Letters behind names of persons that are all capitals; those that are names too, such as Do and Ma, are left out."""
ROMAN = re.compile(r"(?i)(?:ii|iii|iv|vi|vii|viii|ix)")


def person(name: str, *, mixed: bool = False) -> str:
    """The name of a person with capitals where they belong.

    Args:
        name: words, perhaps the last name first and a comma behind it.
        mixed: change words that begin with a capital, too; those with capitals inside are always left alone.
    """
    words = name.split()
    commas = [i for i, word in enumerate(words[:-1]) if word.endswith(",")]
    begins = {0, *(i + 1 for i in commas)}
    # A particle ends no name, but for the first names of one that is written last name first.
    ends = set() if commas else {len(words) - 1}
    return " ".join(
        _person_word(word, first=i == 0, inside=i not in begins | ends, mixed=mixed) for i, word in enumerate(words)
    )


def _person_word(word: str, *, first: bool, inside: bool, mixed: bool) -> str:
    low = word.lower()
    letters = [each for each in word if each.isalpha()]
    if not letters or _has_its_case(word, letters, mixed=mixed):
        return word
    if inside and low in PARTICLES:
        return low
    if not first and low.strip(",") in ENDINGS:
        return low.replace(low.strip(","), ENDINGS[low.strip(",")])
    if not first and (ROMAN.fullmatch(low.strip(",")) or low.strip(",.") in POSTNOMINALS):
        return word.upper()
    # Behind hyphens, points and apostrophes names begin anew; an s there is the end of one.
    parts = re.sub(r"(?:^|(?<=[-.(]))(\w)", lambda found: found[1].upper(), low)
    parts = re.sub(r"(?<=\b[A-ZÀ-Þa-zà-þ]['’])(\w)(?=\w)", lambda found: found[1].upper(), parts)
    return re.sub(r"\bMc(\w)(?=\w)", lambda found: "Mc" + found[1].upper(), parts)


def _has_its_case(word: str, letters: list[str], *, mixed: bool) -> bool:
    """Whether a word has small letters and capitals already, or is a code such as IG-88."""
    if len(letters) > 1 and word.isupper():
        return any(each.isdigit() for each in word)
    return word != word.lower() and len(letters) > 1 and not (mixed and word.istitle())


class StandardizePersonCase(RowTransform):
    """Write names of persons with capitals where they belong: McDonald, O'Neil, Ludwig van Beethoven.

    Words of capitals only and of small letters only are changed. Letters behind names that are known, such as OBE, and
    words with digits keep their capitals. Blanks become single ones.
    """

    id = "standardize_person_case"
    title = "Standardize person name case"
    terms = ("proper case names", "capitalize names", "mcdonald", "name capitalization", "nameparser")
    missing = "Missing values stay missing."
    examples = (
        Example(
            params={"column": "name"},
            before={"name": ["RONALD MCDONALD", "shaun o'neil", "VINCENT VAN GOGH", "DeVito,  danny", None]},
            after={"name": ["Ronald McDonald", "Shaun O'Neil", "Vincent van Gogh", "DeVito, Danny", None]},
        ),
        Example(
            params={"column": "name", "output": "shown"},
            before={"name": ["j.r.r. tolkien", "anne-marie BERG iii", None]},
            after={
                "name": ["j.r.r. tolkien", "anne-marie BERG iii", None],
                "shown": ["J.R.R. Tolkien", "Anne-Marie Berg III", None],
            },
        ),
    )

    column: TextColumn
    """Column of names."""
    mixed: bool = False
    """Change words that begin with a capital, too: Mcdonald becomes McDonald, and Vincent Van Gogh has a small van.
    Words with capitals inside, such as DeVito, are always left alone."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None:
            yield from taken(self.output, schemas[0])

    def exprs(self) -> Iterator[pl.Expr]:
        text = exactly(self.column).cast(pl.String)
        written = partial(person, mixed=self.mixed)
        yield over_distinct(text, written, pl.String()).alias(self.output or self.column)


TRANSFORMS: tuple[type[Transform], ...] = (StandardizeCompany, StandardizePersonCase)
