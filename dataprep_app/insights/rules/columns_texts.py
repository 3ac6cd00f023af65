"""Rules about how texts are written, and about what they say of people."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from dataprep_app.insights.findings import Finding, Fix, Priority
from dataprep_app.insights.rules.rule import ANCHOR, OURS, Looked, Rule
from dataprep_app.insights.rules.wording import dropped, percent, quoted, rows_of, such_as
from dataprep_app.insights.signs.facts import PersonalKind, Variant

MOST_SHOWN = 60
"""Characters of a text that a warning shows whole."""
MOST_MAPPED = 500
"""The most spellings that are mapped one by one, for a person to read."""


class SpellingVariants(Rule):
    """One value is written in several ways."""

    id = "spelling_variants"
    title = "One value, several spellings"
    scope = "feature"
    source = f"{OURS}, after the fingerprint of OpenRefine: equal but for case, blanks, accents and punctuation"
    shared = "{n} columns write one value in several ways: {columns}."
    noted = "values"

    least: int = Field(1, ge=1)
    """Rows that are not written as most of their kind are, from which it is worth a warning."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.columns:
            name = each.summary.name
            found = [variant for variant in looked.signs_of(name).variants if not only_padded(variant)]
            rows = sum(count for variant in found for _, count in variant.spellings[1:])
            if not found or rows < self.least:
                continue
            among = looked.among
            # Long texts are cut where they are shown, so that theirs would look the same.
            short = [each for each in found if all(len(text) <= MOST_SHOWN for text, _ in each.spellings[:3])]
            first = [*short, *found][0].spellings
            target = looked.target is not None and looked.target.name == name
            priority: Priority = "high" if target else "low" if each.summary.type == "text" else "medium"
            what = f"{len(found):,} values" if len(found) > 1 else "One value"
            yield self.finding(
                priority,
                f"{what} of {name!r} {'are' if len(found) > 1 else 'is'} written in several ways{among}, such as "
                f"{' and '.join(f'{quoted(text)} ({count:,})' for text, count in first[:3])}"
                f"{': a model takes them for different classes' if target else ''}.",
                column=name,
                evidence={"values": len(found), "rows": rows},
                examples=[" / ".join(text for text, _ in variant.spellings) for variant in found],
                fixes=[_respelled(name, found)],
            )


def only_padded(variant: Variant) -> bool:
    """Whether the spellings differ in white space before and after only."""
    return len({text.strip() for text, _ in variant.spellings}) == 1


def _respelled(name: str, found: list[Variant]) -> Fix:
    mapping = {text: each.spellings[0][0].strip() for each in found for text, _ in each.spellings}
    changed = {text: to for text, to in mapping.items() if text != to}
    if len(changed) <= MOST_MAPPED:
        return Fix(
            label="Write each in its most frequent way",
            transform="map_values",
            params={"columns": [name], "mapping": changed},
        )
    return Fix(label="Group values by fingerprint", transform="cluster_key_collision", params={"column": name})


class WhiteSpace(Rule):
    """Texts have white space before or after them."""

    id = "white_space"
    title = "White space around texts"
    scope = "feature"
    source = f"{OURS}: any row; medium where values differ by it only"
    shared = "{n} columns have texts with white space before or after them: {columns}."
    noted = "rows"

    least: int = Field(1, ge=1)
    """Rows from which it is worth a warning."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.columns:
            name = each.summary.name
            signs = looked.signs_of(name)
            if signs.around < self.least:
                continue
            split = sum(map(only_padded, signs.variants))
            same = f" {split:,} of its values {'is' if split == 1 else 'are'} the same without it." if split else ""
            yield self.finding(
                "medium" if split else "low",
                f"{rows_of(signs.around)}{looked.among} of {name!r} {'has' if signs.around == 1 else 'have'} white "
                f"space before or after the text.{same}",
                column=name,
                evidence={"rows": signs.around, "values": split},
                examples=signs.around_examples,
                fixes=[
                    Fix(label="Trim white space", transform="trim_whitespace", params={"columns": [name]}, safe=True)
                ],
            )


class GarbledText(Rule):
    """Some texts have characters that nobody can read."""

    id = "garbled_text"
    title = "Garbled text"
    scope = "feature"
    source = f"{OURS}: control characters, and letters that come of UTF-8 read as Latin 1 or Windows 1252"
    shared = "{n} columns have texts with characters that cannot be read: {columns}."
    noted = "rows"

    least: int = Field(1, ge=1)
    """Rows from which it is worth a warning."""

    share: float = Field(0.01, gt=0, le=1)
    """Share of the texts from which the warning is medium."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.columns:
            name = each.summary.name
            signs = looked.signs_of(name)
            if signs.garbled < self.least:
                continue
            decode = Fix(label="Read them as they were meant", transform="fix_encoding", params={"columns": [name]})
            remove = Fix(
                label="Remove control characters",
                transform="remove_control_characters",
                params={"columns": [name]},
            )
            yield self.finding(
                "medium" if signs.garbled >= self.share * signs.rows else "low",
                f"{rows_of(signs.garbled)}{looked.among} of {name!r} {'has' if signs.garbled == 1 else 'have'} "
                f"characters that cannot be read, such as {quoted(signs.garbled_examples[0])}: probably they were "
                "written in one encoding and read in another.",
                column=name,
                evidence={"rows": signs.garbled},
                examples=[quoted(text) for text in signs.garbled_examples],
                fixes=[decode, remove] if signs.miscoded else [remove],
            )


class TextPatternExceptions(Rule):
    """Nearly all codes of a column are built in one way, and some are not."""

    id = "text_pattern"
    title = "Codes that are built otherwise"
    scope = "feature"
    source = f"{ANCHOR} (patterns with a confidence from 0.85 to 1), of texts with digits only"
    shared = "In {n} columns some codes are built otherwise than nearly all others: {columns}."
    noted = "share"

    share: float = Field(0.85, ge=0.5, lt=1)
    """Share of the texts that are built in one way, from which the others are exceptions."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.inputs:
            name = each.summary.name
            shape = looked.signs_of(name).shape
            if shape is None or shape.share < self.share:
                continue
            like = f" as {shape.matches[0]!r} is" if shape.matches else ""
            yield self.finding(
                "medium",
                f"{percent(shape.share)} of the values of {name!r} are built{like}, but {rows_of(shape.rows)}"
                f"{looked.among} {'is' if shape.rows == 1 else 'are'} not, such as {such_as(shape.others)}.",
                column=name,
                evidence={"rows": shape.rows, "share": round(shape.share, 4)},
                examples=[text for text, _ in shape.others],
                fixes=[
                    Fix(
                        label="Mark the rows that differ",
                        transform="assert_pattern",
                        params={"columns": [name], "pattern": shape.regex, "on_fail": "flag"},
                    ),
                    Fix(
                        label="Turn them into missing values",
                        transform="invalid_to_missing",
                        params={"column": name, "valid": "regex", "pattern": shape.regex},
                    ),
                ],
            )


KINDS: dict[PersonalKind, str] = {
    "email": "e-mail addresses",
    "iban": "bank account numbers (IBAN)",
    "card": "payment card numbers",
    "ssn": "social security numbers",
    "ip": "IP addresses",
    "phone": "telephone numbers",
    "name": "names of persons",
    "address": "addresses",
    "date_of_birth": "dates of birth",
}
SECRET = ("iban", "card", "ssn")


class PersonalData(Rule):
    """A column holds personal data."""

    id = "personal_data"
    title = "Personal data"
    scope = "feature"
    source = (
        f"{OURS}, by patterns, check digits (ISO/IEC 7812, ISO 7064) and numbering plans; names and addresses by what "
        "the column is called. Examples are not shown"
    )

    column: float = Field(0.5, gt=0, le=1)
    """Share of the texts from which the whole column is of this kind; below, it is text that mentions it."""

    def look(self, looked: Looked) -> Iterator[Finding]:
        for each in looked.columns:
            name = each.summary.name
            kinds = looked.signs_of(name).personal
            if not kinds:
                continue
            best, share = kinds[0]
            whole = share >= self.column
            secret = any(kind in SECRET for kind, _ in kinds)
            said = ", ".join(KINDS[kind] for kind, _ in kinds)
            found = f"holds {said}" if whole else f"mentions {said} in {percent(share)} of its texts"
            yield self.finding(
                "high" if secret else "medium" if best in ("email", "phone") else "low",
                f"{name!r} {found}. Keep it only if you may, and need it.",
                column=name,
                evidence={f"share of {kind}": round(part, 4) for kind, part in kinds},
                fixes=_hidden(name, best) if whole else [_redacted(name), dropped(name)],
            )


def _hidden(name: str, kind: PersonalKind) -> list[Fix]:
    masked = (
        Fix(label="Mask all but the domain", transform="mask_email", params={"column": name})
        if kind == "email"
        else Fix(label="Mask it", transform="mask_text", params={"columns": [name], "keep_last": 0})
    )
    hashed = Fix(label="Hash it, so that it still joins", transform="hash_column", params={"columns": [name]})
    return [dropped(name), masked, hashed]


def _redacted(name: str) -> Fix:
    return Fix(label="Remove it from the texts", transform="redact_pii_text", params={"column": name})


RULES = (SpellingVariants, WhiteSpace, GarbledText, TextPatternExceptions, PersonalData)
