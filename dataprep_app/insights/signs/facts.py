"""What the values of a column seem to be, as plain data."""

from __future__ import annotations

from typing import Literal

from transforms.scoring.facts import Facts

Order = Literal["", "day_first", "month_first", "unknown", "both"]
PersonalKind = Literal["email", "iban", "card", "ssn", "ip", "phone", "name", "address", "date_of_birth"]


class Numbers(Facts):
    """Numbers that are written as text."""

    rows: int
    """Rows whose text reads as a number."""
    plain: int
    """Those of them that any program reads, such as ``-1.5`` and ``2e3``: no separators, no signs of money."""
    whole: int
    """Those of them that are whole numbers written in digits only."""
    decimal: Literal[".", ","] = "."
    """What comes before the decimals, if any do."""
    thousands: Literal[",", ".", " ", "'"] = ","
    """What separates thousands, if anything does."""
    doubtful: bool = False
    """Whether the same texts also read as other numbers: ``1,234`` with a decimal comma."""
    codes: bool = False
    """Whether the digits name things rather than count them: with zeros in front, or too long for a number."""


class Dates(Facts):
    """Dates that are written as text, or as whole numbers such as 20240131."""

    rows: int
    """Rows whose text reads as a date."""
    formats: tuple[tuple[str, int], ...] = ()
    """The formats (strftime) that are needed to read them, and the rows each reads that no earlier one does."""
    order: Order = ""
    """Which of day and month comes first where that matters: ``unknown`` if every date can be read both ways, ``both``
    if some dates can only be read one way and some only the other."""
    timed: bool = False
    """Whether a time of day is written with them."""
    contrary: tuple[str, ...] = ()
    """Of ``both``: a date that is day first only and one that is month first only."""


class Variant(Facts):
    """One value that is written in several ways, the most frequent first."""

    spellings: tuple[tuple[str, int], ...]
    """With their rows."""


class Several(Facts):
    """Texts that name several things at once, such as ``Laptop, Paper``."""

    delimiter: str
    """What is between the things."""
    rows: int
    """Rows that name more than one."""
    examples: tuple[tuple[str, int], ...] = ()
    """Some of these texts, with their rows."""


class Shape(Facts):
    """The way in which nearly all texts of a column of codes are built."""

    shape: str
    """``A`` stands for capitals, ``a`` for small letters, ``9`` for digits; all else for itself."""
    regex: str
    share: float
    """Of the texts, 0 to 1."""
    rows: int
    """Rows whose text is built otherwise."""
    matches: tuple[str, ...] = ()
    others: tuple[tuple[str, int], ...] = ()
    """Texts that are built otherwise, with their rows."""


class Spread(Facts):
    """Where the numbers of a column lie, its most frequent one left out."""

    low: float
    """5 % of them are below."""
    median: float
    high: float
    """5 % of them are above."""


class Signs(Facts):
    """What the values of one column seem to be; its rows are those of the sample."""

    rows: int = 0
    """Rows with a value that were looked at; blank texts and those for missing values are not among them."""
    distinct: int = 0
    """Different values of these."""
    numbers: Numbers | None = None
    not_numbers: tuple[tuple[str, int], ...] = ()
    """The most frequent texts that are no numbers, with their rows."""
    placeholders: tuple[tuple[str, int], ...] = ()
    """Texts that are built to stand for a missing value, such as ``[not known]``, with their rows."""
    lettered: int = 0
    """Rows whose text is no number and has both letters and digits, as codes have."""
    dates: Dates | None = None
    not_dates: tuple[tuple[str, int], ...] = ()
    """The most frequent texts that are no dates, with their rows."""
    variants: tuple[Variant, ...] = ()
    """Values that are written in several ways: case, blanks, accents or punctuation apart they are equal."""
    several: Several | None = None
    garbled: int = 0
    """Rows whose text has control characters, or letters that come of a wrong encoding."""
    garbled_examples: tuple[str, ...] = ()
    """The places where some of them have."""
    miscoded: bool = False
    """Whether some have letters that come of UTF-8 read as something else: ``cafÃ©``."""
    around: int = 0
    """Rows with white space before or after the text."""
    around_examples: tuple[str, ...] = ()
    personal: tuple[tuple[PersonalKind, float], ...] = ()
    """Kinds of personal data, and the share of the texts that hold it."""
    shape: Shape | None = None
    codes: tuple[tuple[float, int], ...] = ()
    """Numbers that are known to stand for missing values and lie apart from all others, with their rows."""
    spread: Spread | None = None
    rest_skew: float | None = None
    """Skewness without outliers, if there are any."""
    far: tuple[float, ...] = ()
    """Outliers, the farthest from the median first."""
    clock: bool = False
    """Whether whole numbers are times of day: 905 is 9:05."""
    days: tuple[tuple[str, int], ...] = ()
    """Dates that are known to stand for missing values and lie apart from all others, with their rows."""
    future: int = 0
    """Rows whose date is later than today."""
    latest: str = ""
    """The latest date, ISO 8601."""
    same_as: tuple[str, ...] = ()
    """Earlier columns with the same value in every row."""
    renamed: tuple[str, ...] = ()
    """Earlier columns whose values go one to one with those of this one."""
