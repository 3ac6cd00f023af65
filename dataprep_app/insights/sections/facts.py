"""What the sections of a report say, as plain data: a page, a file and a comparison draw the same values.

Every section says what it was computed on in ``basis``. Values of rows are written as text, cut to 80 characters.
"""

from __future__ import annotations

from typing import Literal

from transforms.scoring.facts import Facts


class Section(Facts):
    """A part of a report."""

    basis: str
    """Which rows its numbers were computed on, a sentence."""


class ExampleRow(Facts):
    """A row that is shown."""

    values: dict[str, str | None]
    """A few of its columns; a missing value is null."""
    marked: tuple[str, ...] = ()
    """The columns that made it worth showing, the most telling first."""
    score: float | None = None
    count: int | None = None
    """How many rows are like it."""


# Columns with each other


class Pair(Facts):
    """Two columns that go together."""

    first: str
    second: str
    measure: Literal["pearson", "spearman", "cramers_v", "correlation_ratio", "mutual_information"]
    value: float
    """From -1 or 0 to 1. Mutual information is given as its uncertainty coefficient: a share of the entropy, 0 to 1."""
    rows: int
    """Rows where both are present."""


class Matrix(Facts):
    """A measure of every pair of some columns."""

    measure: Literal["pearson", "spearman", "association", "mutual_information"]
    columns: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    """``values[i][j]`` belongs to columns ``i`` and ``j``; null where it is not defined."""


class Associations(Section):
    """Which columns go together, and which of them go with the target."""

    matrices: tuple[Matrix, ...] = ()
    pairs: tuple[Pair, ...] = ()
    """The strongest pairs, the strongest first."""
    left_out: tuple[str, ...] = ()
    """Columns that were not looked at: constants, identifiers, free text, or too many."""


# Rows


class MissingPattern(Facts):
    """Columns that are missing together."""

    columns: tuple[str, ...]
    """The columns that are missing; empty for rows that are complete."""
    rows: int


class MissingTogether(Facts):
    """Two columns of which one tends to be missing where the other is."""

    first: str
    second: str
    correlation: float
    """Pearson correlation of being missing (phi), -1 to 1."""
    rows: int
    """Rows where both are missing."""


class MissingValuesSection(Section):
    """Where values are missing, and with what."""

    patterns: tuple[MissingPattern, ...] = ()
    """The most frequent ones, the rows that are complete among them."""
    other_patterns: int = 0
    """How many more there are."""
    together: tuple[MissingTogether, ...] = ()
    by_column: tuple[tuple[str, int], ...] = ()
    """Columns with missing values and their number, the most first."""
    with_target: tuple[tuple[str, float], ...] = ()
    """Columns whose being missing goes with the target, and how strongly: Cramer's V or the correlation ratio."""


class DuplicateSection(Section):
    """Rows that occur more than once, or nearly so."""

    exact: tuple[ExampleRow, ...] = ()
    """The rows that occur most often, with ``count``."""
    near: tuple[ExampleRow, ...] = ()
    """Rows that are equal but for case, white space, punctuation or the last digits, in pairs one after the other;
    ``marked`` are the cells that differ."""
    near_rows: int = 0
    """Rows that nearly equal another row; those that equal one are not among them."""


class AnomalySection(Section):
    """The rows that are least like the others."""

    rows: tuple[ExampleRow, ...] = ()
    """The most anomalous first: ``score`` is that of the isolation forest, 0.5 for an ordinary row, near 1 for an
    anomalous one; ``marked`` are the cells that made it so."""
    columns: tuple[str, ...] = ()
    """Columns that were looked at."""


class Dependency(Facts):
    """What one column says of another in nearly all rows."""

    determinant: tuple[str, ...]
    """Columns that decide."""
    dependent: str
    kind: Literal["decides", "at_most", "equals", "sum"]
    """``decides``: each value goes with one value of the other; ``at_most``: no value is above the other's;
    ``equals``: they are the same; ``sum``: the dependent is the sum of the determinants."""
    holds: float
    """Share of the rows that could break it and do not."""
    rows: int
    """Rows that could break it."""
    broken: int
    examples: tuple[ExampleRow, ...] = ()


class DependencySection(Section):
    """Rows that break what holds for nearly all others."""

    found: tuple[Dependency, ...] = ()
    """Dependencies that some rows break, the firmest first."""
    whole: int = 0
    """Dependencies that were found and that no row breaks."""


class DriftingColumn(Facts):
    """A column that is not the same in one part of the table as in another."""

    name: str
    distance: float
    """Kolmogorov-Smirnov distance of numbers and dates, total variation distance of categories, 0 to 1."""
    first: str
    """What it is like in the first part, in words: ``median 12,000``."""
    last: str


class DriftSection(Section):
    """Whether the table changes from its first rows to its last."""

    order: str = ""
    """What the rows were ordered by: a column, or empty for their place in the table."""
    columns: tuple[DriftingColumn, ...] = ()
    """The columns that change, the most first."""
    looked_at: int = 0


# Single columns


class Bin(Facts):
    """Values from one number up to another."""

    low: float
    high: float
    rows: int
    target: float | None = None
    """Mean of a numeric target, or the share of the rarest class."""


class Level(Facts):
    """One value of a column."""

    name: str
    rows: int
    target: float | None = None
    """Mean of a numeric target, or the share of the rarest class."""


class Word(Facts):
    """A word of a text column."""

    word: str
    rows: int
    """Rows that have it."""
    power: float | None = None
    """How much having it tells of the target: Cramer's V, or the absolute correlation with a numeric target."""


class TextPattern(Facts):
    """A shape that most of the texts have."""

    pattern: str
    """As people read it: ``{lower:3-8}@{alnum}.{lower:2-3}``."""
    regex: str
    share: float
    """Of the texts, 0 to 1."""
    matches: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    """Texts that do not have it."""


class DatePart(Facts):
    """A part of a date, and how the rows are spread over it."""

    part: Literal["year", "quarter", "month", "week", "weekday", "hour", "minute", "second"]
    levels: tuple[Level, ...]
    power: float | None = None
    """Prediction power of this part alone."""


class Card(Section):
    """A column in detail."""

    name: str
    target_says: str = ""
    """What ``target`` of bins and levels is, in words: ``share of 'default'``, ``mean of price``; empty without one."""
    bins: tuple[Bin, ...] = ()
    """All values, in up to 20 equal bins."""
    robust_bins: tuple[Bin, ...] = ()
    """The values without outliers, where there are any."""
    levels: tuple[Level, ...] = ()
    """The most frequent values."""
    other_rows: int = 0
    """Rows of values that are not among ``levels``."""
    lowest: tuple[str, ...] = ()
    highest: tuple[str, ...] = ()
    """The five smallest and the five largest values that are outliers."""
    characters: dict[str, float] = {}
    """Of a text: ``length_min``, ``length_mean``, ``length_max``, ``words_mean``, and the shares ``digits``, ``upper``,
    ``spaces`` and ``special`` of its characters."""
    words: tuple[Word, ...] = ()
    patterns: tuple[TextPattern, ...] = ()
    date_parts: tuple[DatePart, ...] = ()


class TargetCard(Card):
    """The target in detail; rows are those with the largest distance from the median."""

    invalid: tuple[str, ...] = ()
    """Values that are no number, of a target that is one; the most frequent first."""
    outlier_share: float | None = None
    outlier_rows: tuple[ExampleRow, ...] = ()
