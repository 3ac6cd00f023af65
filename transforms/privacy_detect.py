"""Personal data found: columns that hold it, and places in free text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from transforms.core.columns import ALL, Columns, TextColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.conversion import as_text
from transforms.core.distinct import over_distinct
from transforms.core.errors import Problem, did_you_mean
from transforms.core.params import NewColumn, Share
from transforms.core.relations import MapRows, Relation
from transforms.core.statistics import Ask
from transforms.core.text import package_problems
from transforms.core.transform import Example, FittedTransform, Learned, RowTransform, Transform
from transforms.fitted_rows import sampled
from transforms.privacy_keys import KeySource, Secret, WithKey, key_problems, keyed
from transforms.privacy_personal import ENTITIES, Entity, personal

ColumnEntity = Literal[
    "email", "iban", "card", "ssn", "ip", "phone", "name", "address", "date_of_birth"
]  # fmt: skip
LOOKED_AT = 5_000
"""So many rows tell what a column holds."""
LETTERS = r"[\p{L}\p{N}\p{M}]"

HEADERS: dict[ColumnEntity, str] = {
    "name": (
        r"^(?:(?:first|last|full|given|family|middle|maiden|sur|fore|customer|client|patient|person|employee|contact"
        r"|passenger|owner|student|author|director)_?names?|surname|forename|fname|lname|vorname|nachname|nom|prenom)$"
    ),
    "address": r"(?:^|_)(?:street|address|addr|adresse|strasse|residence)(?:_?(?:line)?_?[0-9])?$",
    "date_of_birth": r"(?:^|_)(?:dob|birth_?da(?:te|y)|date_?of_?birth|born(?:_on)?|geburtsdatum)$",
}
"""What columns are called whose values alone do not tell."""
NOT_POSTAL = r"(?:e_?mail|ip|mac|web|url|wallet)_?addr"


def known_region(region: str) -> list[Problem]:
    """What is wrong with a region whose telephone numbers are to be found."""
    missing = package_problems("phonenumbers", "region", "Finding telephone numbers")
    if missing:
        return missing
    from phonenumbers import SUPPORTED_REGIONS

    if region in SUPPORTED_REGIONS:
        return []
    advice = did_you_mean(region, SUPPORTED_REGIONS) or "Use a code of two letters, such as US or NO."
    return [Problem(f"There is no region {region!r}.", advice, "region")]


class PersonalColumns(Learned):
    """What was found in which column."""

    entities: dict[str, str]
    """The kind of personal data, by column."""
    shares: dict[str, float]
    """The share of its values that hold it, of those that were looked at."""


class DetectPii(FittedTransform):
    """Find columns that hold personal data, and note, drop or mask them.

    E-mail addresses, account and card numbers (by their check digits), US social security numbers, IP addresses and
    telephone numbers are found by values; names, addresses and dates of birth by what columns are called, if the
    values fit. Up to 5,000 rows are looked at. Nothing is sent anywhere, and what is not found may still be personal.
    """

    id = "detect_pii"
    title = "Detect personal data columns"
    terms = ("pii", "gdpr", "sensitive columns", "privacy scan", "personal information", "find emails and phones")
    columns_from_data = True
    missing = "Missing values are not looked at and stay missing."
    unseen = "The columns that were found stay the same until the step is fitted again, whatever new values hold."
    examples = (
        Example(
            params={"action": "mask"},
            before={
                "id": [1, 2, 3],
                "contact": ["ann@example.org", "bo@example.org", None],
                "card": [4111111111111111, 5555555555554444, None],
            },
            after={
                "id": [1, 2, 3],
                "contact": ["***@*******.***", "**@*******.***", None],
                "card": ["****************", "****************", None],
            },
        ),
        Example(
            params={"action": "drop"},
            before={"last_name": ["Lee", "O'Neil", None], "note": ["late", "see 10.0.0.7", "paid"], "ip": [None] * 3},
            after={"ip": [None] * 3},
        ),
    )

    columns: Columns = ALL
    """Columns to look at."""
    entities: tuple[ColumnEntity, ...] = Field((*ENTITIES, "name", "address", "date_of_birth"), min_length=1)
    """What to look for."""
    min_share: Share = 0.2
    """The least share of the values present that have to hold it."""
    action: Literal["tag", "drop", "mask"] = "tag"
    """Leave the rows as they are, so that what was found can be read in what the step learned; drop the columns that
    were found; or put * in place of all letters and digits in them, which makes them text."""
    region: str = "US"
    """Where telephone numbers without a country code are from: two letters of ISO 3166."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if "phone" in self.entities:
            yield from known_region(self.region)

    def fit(self, ask: Ask) -> PersonalColumns:
        names = [name for name in self.columns if not self.dtype(name).is_nested() and self.dtype(name) != pl.Boolean]
        entities: dict[str, str] = {}
        shares: dict[str, float] = {}
        rows = sampled(ask, names, LOOKED_AT, 0) if names else pl.DataFrame()
        for name in names:
            dtype = self.dtype(name)
            texts = rows.select(as_text(exactly(name), dtype).cast(pl.String)).to_series().drop_nulls()
            found = self._found(name, dtype, [each for each in texts.to_list() if each.strip()])
            if found is not None:
                entities[name], shares[name] = found
        return PersonalColumns(entities=entities, shares=shares)

    def _found(self, name: str, dtype: pl.DataType, texts: list[str]) -> tuple[ColumnEntity, float] | None:
        """The kind of personal data that most values of a column hold, if enough do."""
        if not texts:
            return None
        header = re.sub(r"(?<=[a-z])(?=[A-Z])|[^\w]+", "_", name).strip("_").lower()
        # Numbers with decimals, dates and times are read as none of these, whatever their digits.
        by_value = (
            tuple(each for each in ENTITIES if each in self.entities)
            if dtype.is_integer() or dtype == pl.String
            else ()
        )
        counts: dict[ColumnEntity, int] = dict.fromkeys(by_value, 0)
        for text in texts:
            for each in {span.entity for span in personal(text, by_value, self.region)}:
                counts[each] += 1
        for entity, pattern in HEADERS.items():
            if entity in self.entities and re.search(pattern, header) and not re.search(NOT_POSTAL, header):
                counts[entity] = sum(map(FITS[entity], texts))
        best = max(counts, key=counts.__getitem__, default=None)
        if best is None or counts[best] < max(self.min_share * len(texts), 1):
            return None
        return best, round(counts[best] / len(texts), 6)

    def apply(self, rows: pl.LazyFrame, learned: PersonalColumns) -> pl.LazyFrame:
        match self.action:
            case "drop":
                return rows.drop(list(learned.entities))
            case "mask":
                return rows.with_columns(self._masked(name) for name in learned.entities)
            case _:
                return rows

    def _masked(self, name: str) -> pl.Expr:
        return as_text(exactly(name), self.dtype(name)).str.replace_all(LETTERS, "*").alias(name)


def _like_name(text: str) -> bool:
    return re.fullmatch(r"[^\W\d_][^\d@/\\]{0,79}", text.strip()) is not None


def _like_address(text: str) -> bool:
    return re.search(r"[^\W\d_]{2}", text) is not None and "@" not in text


def _like_birth(text: str) -> bool:
    """Whether text has a year, or two digits of one, and a day and a month."""
    found = re.fullmatch(r"\D{0,12}(\d{1,4})\D{1,12}(\d{1,2}\D{1,12})?(\d{2,4})(?:[T ,].*)?", text.strip())
    years = [int(each) for each in re.findall(r"\d{4}", text)[:1]]
    return found is not None and all(1880 <= year <= date.today().year for year in years)


FITS: dict[ColumnEntity, Callable[[str], bool]] = {
    "name": _like_name,
    "address": _like_address,
    "date_of_birth": _like_birth,
}


class RedactPiiText(RowTransform):
    """Remove personal data from free text: e-mail addresses, account and card numbers, telephone numbers and more.

    Found by patterns, check digits and numbering plans, as with columns that hold personal data; names and addresses
    in running text are not found. Nothing is sent anywhere.
    """

    id = "redact_pii_text"
    title = "Redact personal data in text"
    terms = ("scrub", "anonymize text", "pii", "remove emails and phones", "censor", "de-identify")
    missing = "Missing values stay missing."
    examples = (
        Example(
            params={"column": "note"},
            before={"note": ["Mail ann@example.org or call +1 650-253-0000.", "paid 2024-01-31", None]},
            after={"note": ["Mail [email] or call [phone].", "paid 2024-01-31", None]},
        ),
        Example(
            params={"column": "note", "entities": ["iban", "card"], "replace": "mask", "output": "clean"},
            before={"note": ["IBAN NO93 8601 1117 947, card 4111111111111112", None]},
            after={
                "note": ["IBAN NO93 8601 1117 947, card 4111111111111112", None],
                "clean": ["IBAN **** **** **** ***, card 4111111111111112", None],
            },
        ),
        Example(
            params={"column": "note", "replace": "hash", "key_from": "example"},
            before={"note": ["bo@x.no asked for bo@x.no", None]},
            after={"note": ["[email 81dbfa10af08d0a5] asked for [email 81dbfa10af08d0a5]", None]},
        ),
    )

    column: TextColumn
    """Column of text."""
    entities: tuple[Entity, ...] = Field(ENTITIES, min_length=1)
    """What to remove."""
    replace: Literal["label", "mask", "hash", "remove"] = "label"
    """Put what it was in its place, such as [email]; * for each letter and digit; what it was with a hash by the key,
    which is the same for the same text; or nothing."""
    region: str = "US"
    """Where telephone numbers without a country code are from: two letters of ISO 3166."""
    key_from: KeySource | None = None
    """For hash, where the key is: ``env:NAME`` or ``file:/path``, read where the run is started and never kept."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    @model_validator(mode="after")
    def _hash_has_a_key(self) -> Self:
        if (self.replace == "hash") != (self.key_from is not None):
            raise ValueError("'hash' and a key go together: give both, or neither.")
        return self

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None:
            yield from taken(self.output, schemas[0])
        yield from key_problems(self.key_from)
        if "phone" in self.entities:
            yield from known_region(self.region)

    def with_key(self, secret: Secret | None) -> Iterable[pl.Expr]:
        """The column without personal data."""
        entities, region, replace = self.entities, self.region, self.replace

        def instead(found: str, entity: Entity) -> str:
            match replace:
                case "label":
                    return f"[{entity}]"
                case "mask":
                    return re.sub(r"[^\W_]", "*", found)
                case "hash" if secret is not None:
                    plain = re.sub(r"[\s-]", "", found).lower()
                    return f"[{entity} {keyed(secret.key('redact_pii_text'), plain.encode()).hex()[:16]}]"
                case _:
                    return ""

        def redacted(text: str) -> str:
            parts, at = [], 0
            for span in personal(text, entities, region):
                parts += [text[at : span.start], instead(text[span.start : span.end], span.entity)]
                at = span.end
            return "".join([*parts, text[at:]])

        yield over_distinct(exactly(self.column).cast(pl.String), redacted, pl.String()).alias(self._name)

    @property
    def _name(self) -> str:
        return self.output or self.column

    def exprs(self) -> Iterable[pl.Expr]:
        return self.with_key(None if self.key_from is None else Secret.at(self.key_from))

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        if self.key_from is None:
            return MapRows(tables[0], self)
        return MapRows(tables[0], WithKey(self, Secret.at(self.key_from)))


TRANSFORMS: tuple[type[Transform], ...] = (DetectPii, RedactPiiText)
