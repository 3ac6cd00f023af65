"""Values brought to the spelling that is nearest: of each other, or of a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import polars as pl
from pydantic import Field

from transforms.core.columns import TextColumn, taken
from transforms.core.columns import column as exactly
from transforms.core.distinct import over_distinct
from transforms.core.errors import Problem, StepError
from transforms.core.params import NewColumn, Share
from transforms.core.statistics import Ask, ValueCounts
from transforms.core.text import package_problems
from transforms.core.transform import Example, Failure, FittedTransform, Learned, RowTransform, Transform
from transforms.name_likeness import name_likeness, name_of
from transforms.quality import odd_case

MOST_VALUES = 100_000
Metric = Literal["names", "levenshtein", "jaro_winkler", "ngram", "token_sort", "token_set"]
Scorer = Callable[..., float]


def plainly(text: str) -> str:
    """Text in small letters with single blanks inside and none around, as it is compared."""
    return " ".join(text.lower().split())


def scorer(metric: Metric) -> Scorer:
    """A function that says how alike two texts are, 0 to 1, in the form that rapidfuzz calls."""
    from rapidfuzz import distance, fuzz

    match metric:
        case "names":
            return name_likeness
        case "levenshtein":
            return distance.Levenshtein.normalized_similarity
        case "jaro_winkler":
            return distance.JaroWinkler.similarity
        case "ngram":
            return dice
        case "token_sort":
            return lambda a, b, **_: fuzz.token_sort_ratio(a, b) / 100
        case "token_set":
            return lambda a, b, **_: fuzz.token_set_ratio(a, b) / 100


def dice(left: str, right: str, **_: Any) -> float:
    """Twice the pairs of letters that two texts share, by the number of theirs (Dice 1945); 1 for equal texts."""
    if left == right:
        return 1.0
    first, second = ({text[i : i + 2] for i in range(len(text) - 1)} for text in (left, right))
    return 2 * len(first & second) / (len(first) + len(second)) if first or second else 0.0


class Spellings(Learned):
    """What values become."""

    changed: dict[str, str]
    """By value, those that change; for a person to look at."""


class ClusterNearest(FittedTransform):
    """Bring spellings of one value together: those that are alike become one of them.

    The most frequent value comes first and takes all that are alike enough to it, then the most frequent of those that
    are left, and so on; a value goes to the one it is most alike, and chains of ever other spellings do not form.
    """

    id = "cluster_nearest"
    title = "Group similar values (edit distance)"
    terms = ("fuzzy group", "spelling", "typos", "group and replace", "nearest neighbour", "openrefine cluster")
    missing = "Missing text stays missing; blank text is left alone."
    unseen = "New values stay as they are until the step is fitted again."
    examples = (
        Example(
            params={"column": "city"},
            before={"city": ["Stockholm", "Stockholm", "Stokholm", "Stuttgart", "STOCKHOLM", None]},
            after={"city": ["Stockholm", "Stockholm", "Stockholm", "Stuttgart", "Stockholm", None]},
        ),
        Example(
            params={
                "column": "name",
                "metric": "levenshtein",
                "threshold": 0.7,
                "block": 1,
                "review": {"Mayer": "Mayer"},
                "output": "grouped",
            },
            before={"name": ["Meyer", "Meyer", "Meier", "Mayer", None]},
            after={
                "name": ["Meyer", "Meyer", "Meier", "Mayer", None],
                "grouped": ["Meyer", "Meyer", "Meyer", "Mayer", None],
            },
        ),
    )

    column: TextColumn
    """Column to mend."""
    metric: Metric = "names"
    """How likeness is measured, 0 to 1: word by word (names: the share of the letters of words in common, in any order,
    with at most one slip in five letters, without legal forms; other numbers are unlike), by characters to change
    (levenshtein), by Jaro-Winkler, by pairs of letters in common (ngram), or by characters after sorting words or
    putting common ones first (token_sort, token_set). Capitals and blanks aside."""
    threshold: Share = 0.85
    """The least likeness of spellings of one value."""
    block: int = Field(3, ge=0, le=20)
    """Compare only values that begin with the same so many characters, by names those whose first word by alphabet
    does; with 0, all with all."""
    canonical: Literal["most_frequent", "longest", "first"] = "most_frequent"
    """Which spelling comes first and so stands for others: the most frequent, the longest or the first by alphabet;
    ties go to the more frequent, then to the one with capitals only where words begin, and then to the first by
    alphabet."""
    review: dict[str, str] = {}
    """Decided by hand, before any comparison: what a value becomes. To leave a value alone, let it become itself."""
    max_pairs: int = Field(5_000_000, ge=1)
    """Stop, before anything is compared, if more pairs of values than this may have to be."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.output is not None:
            yield from taken(self.output, schemas[0])
        yield from package_problems("rapidfuzz", "metric", f"Comparing by {self.metric!r}")

    def fit(self, ask: Ask) -> Spellings:
        (counts,) = ask(ValueCounts(exactly(self.column).cast(pl.String), limit=MOST_VALUES + 1))
        if len(counts) > MOST_VALUES:
            raise StepError(
                f"Column {self.column!r} has more than {MOST_VALUES:,} different values, too many to be spellings of "
                "each other. Choose a column of categories or names."
            )
        blocks: dict[str, list[str]] = {}
        for value in counts:
            if value not in self.review and (plain := plainly(value)):
                start = min(name_of(plain).words, default=plain) if self.metric == "names" else plain
                blocks.setdefault(start[: self.block], []).append(value)
        pairs = sum(len(each) * (len(each) - 1) // 2 for each in blocks.values())
        if pairs > self.max_pairs:
            raise StepError(
                f"There are {pairs:,} pairs of values of column {self.column!r} to compare, more than the "
                f"{self.max_pairs:,} allowed. Compare only values that begin with more characters alike, or allow more."
            )
        changed: dict[str, str] = {}
        for values in blocks.values():
            changed.update(self._clustered(sorted(values, key=lambda each: self._rank(each, counts[each]))))
        return Spellings(changed=dict(sorted(changed.items())))

    def _rank(self, value: str, count: int) -> tuple[int, int, int, str]:
        first = {"most_frequent": 0, "longest": -len(value), "first": 0}[self.canonical]
        return (first, 0, 0, value) if self.canonical == "first" else (first, -count, odd_case(value), value)

    def _clustered(self, values: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Which of some values become others, those that come first standing for those behind."""
        from rapidfuzz import process

        measure, leaders, plain = scorer(self.metric), list[str](), list[str]()
        # A little less, since rapidfuzz loses what is just as alike as the cutoff.
        cutoff = max(self.threshold - 0.01, 0.0)
        for value in values:
            found = process.extractOne(plainly(value), plain, scorer=measure, score_cutoff=cutoff)
            if found is None or found[1] < self.threshold:
                leaders.append(value)
                plain.append(plainly(value))
            else:
                yield value, leaders[found[2]]

    def exprs(self, learned: Spellings) -> Iterator[pl.Expr]:
        known = {**learned.changed, **self.review}
        text = exactly(self.column).cast(pl.String)
        mended = text.replace(list(known), list(known.values())) if known else text
        yield mended.alias(self.output or self.column)


class StandardizeToList(RowTransform):
    """Bring values to the spelling of a list of reference values that each is most like."""

    id = "standardize_to_list"
    title = "Match to a reference list"
    terms = ("fuzzy lookup", "canonical names", "closest match", "map to standard", "approximate match")
    missing = "Missing text stays missing, and blank text is like none."
    examples = (
        Example(
            params={"column": "state", "reference": ["New York", "New Jersey", "Texas"], "metric": "jaro_winkler"},
            before={"state": ["new york", "Texsas", "N/A", None]},
            after={"state": ["New York", "Texas", "N/A", None]},
        ),
        Example(
            params={
                "column": "state",
                "reference": ["New York", "Texas"],
                "below": "null",
                "score": "likeness",
                "output": "name",
            },
            before={"state": ["State of New York", "Utah", None]},
            after={
                "state": ["State of New York", "Utah", None],
                "name": ["New York", None, None],
                "likeness": [1.0, 0.444444, None],
            },
        ),
    )

    column: TextColumn
    """Column to mend."""
    reference: tuple[str, ...] = Field(min_length=1)
    """The reference values. To match with another table, use a fuzzy join."""
    metric: Metric = "token_set"
    """How likeness is measured, 0 to 1: word by word (names), by characters to change (levenshtein), by Jaro-Winkler,
    by pairs of letters in common (ngram), or by characters after sorting words or putting common ones first
    (token_sort, token_set). Capitals and blanks aside. Of values as alike, the one with the fewest characters to change
    is taken, then the first."""
    threshold: Share = 0.85
    """The least likeness of a match."""
    below: Literal["keep", "null"] = "keep"
    """Values that are like none of the reference values stay as they are, or become missing; both are counted."""
    score: NewColumn | None = None
    """Name of a column that says how alike the best match is, whether it was taken or not; none when empty."""
    output: NewColumn | None = None
    """Name of the new column; left empty, the column is replaced."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for field, name in (("output", self.output), ("score", self.score)):
            if name is not None:
                yield from taken(name, schemas[0], field)
        if self.score is not None and self.score == self.output:
            yield Problem(f"Two new columns would be named {self.score!r}.", "Rename one.", "score")
        yield from package_problems("rapidfuzz", "metric", f"Comparing by {self.metric!r}")

    def _text(self) -> pl.Expr:
        return exactly(self.column).cast(pl.String)

    def _matched(self) -> pl.Expr:
        """The reference value that each text is most like, and how much, as a struct."""
        reference, metric = {each: plainly(each) for each in self.reference}, self.metric
        kind = pl.Struct({"value": pl.String(), "score": pl.Float64()})
        return over_distinct(self._text(), lambda text: best_match(text, reference, metric), kind)

    def _accepted(self) -> pl.Expr:
        found = self._matched()
        return pl.when(found.struct.field("score") >= self.threshold).then(found.struct.field("value"))

    def exprs(self) -> Iterator[pl.Expr]:
        accepted = self._accepted()
        mended = pl.coalesce(accepted, self._text()) if self.below == "keep" else accepted
        yield mended.alias(self.output or self.column)
        if self.score is not None:
            yield self._matched().struct.field("score").alias(self.score)

    def failures(self, learned: Any = None) -> Iterator[Failure]:
        unlike = self._text().is_not_null() & self._accepted().is_null()
        what = "are like no reference value" + (": they became missing" if self.below == "null" else "")
        yield Failure(column=self.column, where=unlike, what=what)


def best_match(text: str, reference: Mapping[str, str], metric: Metric) -> dict[str, Any]:
    """The one of some values that a text is most like, and how much.

    Args:
        text: any text.
        reference: the values, with how they are compared (:func:`plainly`).
        metric: how likeness is measured.
    """
    text = plainly(text)
    if not text:
        return {"value": None, "score": 0.0}
    measure, edits = scorer(metric), scorer("levenshtein")

    def likeness(value: str) -> tuple[float, float]:
        plain = reference[value]
        # Equal texts are alike by any measure, also where it finds nothing to compare.
        return (1.0 if text == plain else measure(text, plain), edits(text, plain))

    best = max(reference, key=likeness)
    return {"value": best, "score": round(likeness(best)[0], 6)}


TRANSFORMS: tuple[type[Transform], ...] = (ClusterNearest, StandardizeToList)
