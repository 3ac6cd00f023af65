"""Rows that mean the same though they are not equal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from transforms.core.columns import AnyKeyColumns, KeyColumn, taken
from transforms.core.conversion import as_text
from transforms.core.errors import Problem, StepError
from transforms.core.params import NewColumn, Params, Share
from transforms.core.relations import Concat, Distinct, Join, MapRows, Order, Relation, Values
from transforms.core.rowwise import AddColumns, DropColumns, KeepRows
from transforms.core.statistics import Ask, ValueCounts
from transforms.core.text import package_problems
from transforms.core.transform import Example, Learned, Table, TableTransform, Transform
from transforms.quality_near import Metric, scorer

MOST_RECORDS = 200_000
RECORDS = pl.Schema({"record": pl.String(), "group": pl.Int64(), "score": pl.Float64()})


class LikeColumn(Params):
    """A column that rows are compared by."""

    column: KeyColumn
    """Column to compare; numbers and dates as the text they are written as."""
    metric: Metric | Literal["equal"] = "names"
    """How likeness is measured, 0 to 1: word by word (names: the share of the letters of words in common, in any order,
    with at most one slip in five letters, without legal forms; other numbers are unlike), by characters to change
    (levenshtein), by Jaro-Winkler, by pairs of letters in common (ngram), by characters after sorting words or putting
    common ones first (token_sort, token_set), or 1 for equal values and 0 for others (equal). Capitals and blanks
    aside."""
    weight: float = Field(1.0, gt=0, allow_inf_nan=False)
    """How much the column counts, against the others."""


def _names_differ(columns: tuple[LikeColumn, ...]) -> tuple[LikeColumn, ...]:
    names = [each.column for each in columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice!r} is listed more than once.")
    return columns


class DuplicateRecords(Learned):
    """The records that are like others: what was compared of them, as JSON, with the group each is in."""

    records: Table
    """``record``, ``group`` (1, 2 ...) and ``score``, its likeness to the record of the group that it is most like."""


class FuzzyDedupe(TableTransform):
    """Find rows that are nearly the same, and number, mark or drop them.

    Rows are compared if they are equal in the columns to block on. Two that are alike enough are in one group, and so
    are two that are like a third: look at large groups before rows are dropped.
    """

    id = "fuzzy_dedupe"
    title = "Fuzzy duplicate rows"
    terms = (
        "near duplicates",
        "record linkage",
        "entity resolution",
        "similar rows",
        "deduplicate names",
        "match rows",
    )
    changes_rows = True
    missing = (
        "A column that is missing (null, NaN or blank) in one of two rows is left out of their score, if the others "
        "have more than half of the weight; else they are not alike. Rows in which a column to block on is missing are "
        "compared with none."
    )
    unseen = "New rows belong to a group if what is compared of them is just what was compared before; others to none."
    examples = (
        Example(
            params={
                "columns": [{"column": "name"}, {"column": "zip", "metric": "equal"}],
                "threshold": 0.85,
            },
            before={
                "name": ["Annette Lee", "lee,  annette", "Anette Lee", "Bo Berg", None],
                "zip": ["0150", "0150", "0150", "0151", "0150"],
            },
            after={
                "name": ["Annette Lee", "lee,  annette", "Anette Lee", "Bo Berg", None],
                "zip": ["0150", "0150", "0150", "0151", "0150"],
                "duplicate_group": [1, 1, 1, None, None],
            },
        ),
        Example(
            params={
                "columns": [{"column": "name", "metric": "levenshtein"}],
                "threshold": 0.8,
                "block_on": ["city"],
                "action": "keep_best",
            },
            before={
                "name": ["Globex", "Globexx", "Globex", "Initech"],
                "city": ["Oslo", "Oslo", "Rome", None],
                "phone": [None, "22", None, None],
            },
            after={
                "name": ["Globexx", "Globex", "Initech"],
                "city": ["Oslo", "Rome", None],
                "phone": ["22", None, None],
            },
        ),
    )

    columns: Annotated[tuple[LikeColumn, ...], AfterValidator(_names_differ)] = Field(min_length=1)
    """Columns to compare, how, and how much each counts."""
    threshold: Share = 0.85
    """The least likeness of duplicates: the weighted mean of the columns."""
    block_on: AnyKeyColumns = ()
    """Compare only rows that are equal in these columns, such as a country; all with all when empty."""
    block: int = Field(0, ge=0, le=20)
    """Compare only rows whose first column to compare begins with the same so many characters; with 0 any."""
    action: Literal["group_id", "flag", "keep_best"] = "group_id"
    """Add a column with the number of the group, missing for rows that are like no other; mark rows that are like
    another; or keep one row of each group: the one with the fewest missing values, and among those the hash of the row
    decides."""
    max_pairs: int = Field(5_000_000, ge=1)
    """Stop, before anything is compared, if more pairs of different records than this would have to be."""
    output: NewColumn = "duplicate_group"
    """Name of the new column."""

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if self.action != "keep_best":
            yield from taken(self.output, schemas[0])
        if any(each.metric not in ("equal", "ngram") for each in self.columns):
            yield from package_problems("rapidfuzz", "columns", "Comparing texts")

    def _record(self) -> pl.Expr:
        """What is compared of a row, as JSON: the columns to block on, then those to compare; null if these all are."""
        blocks = [as_text(self.present(name), self.dtype(name)).cast(pl.String) for name in self.block_on]
        texts = [
            as_text(self.present(each.column), self.dtype(each.column))
            .cast(pl.String)
            .str.to_lowercase()
            .str.replace_all(r"\s+", " ")
            .str.strip_chars(" ")
            for each in self.columns
        ]
        texts = [pl.when(each != "").then(each) for each in texts]
        whole = pl.struct(each.alias(str(i)) for i, each in enumerate([*blocks, *texts])).struct.json_encode()
        compared = pl.any_horizontal(each.is_not_null() for each in texts)
        blocked = pl.all_horizontal([pl.lit(value=True), *(each.is_not_null() for each in blocks)])
        return pl.when(compared & blocked).then(whole)

    def fit(self, ask: Ask) -> DuplicateRecords:
        (counts,) = ask(ValueCounts(self._record(), MOST_RECORDS + 1))
        if len(counts) > MOST_RECORDS:
            raise StepError(
                f"There are more than {MOST_RECORDS:,} different records to compare. Filter or sample the rows first, "
                "or compare fewer columns."
            )
        records = sorted(counts)
        values = [list(json.loads(each).values()) for each in records]
        near = self._near(values)
        groups = _Groups(len(records))
        best = {i: 1.0 for i, each in enumerate(records) if counts[each] > 1}
        for i, j, score in near:
            groups.join(i, j)
            for k in (i, j):
                best[k] = max(best.get(k, 0.0), score)
        numbers: dict[int, int] = {}
        rows = [
            (records[i], numbers.setdefault(groups.of(i), len(numbers) + 1), round(best[i], 6)) for i in sorted(best)
        ]
        return DuplicateRecords(records=pl.DataFrame(rows, schema=RECORDS, orient="row"))

    def _near(self, values: Sequence[Sequence[str | None]]) -> Iterator[tuple[int, int, float]]:
        """Pairs of records that are alike enough, with their likeness.

        Raises:
            StepError: too many pairs would have to be compared.
        """
        n = len(self.block_on)
        blocks: dict[tuple[str | None, ...], list[int]] = {}
        for i, record in enumerate(values):
            first = record[n]
            if self.block and first is None:
                continue
            start = first[: self.block] if first is not None else None
            blocks.setdefault((*record[:n], start if self.block else None), []).append(i)
        pairs = sum(len(each) * (len(each) - 1) // 2 for each in blocks.values())
        if pairs > self.max_pairs:
            largest = max(map(len, blocks.values()))
            raise StepError(
                f"There are {pairs:,} pairs of different records to compare, more than the {self.max_pairs:,} allowed; "
                f"the largest block has {largest:,} records. Name columns to block on, such as a country, compare only "
                "rows that begin with the same characters, or allow more."
            )
        return (pair for block in blocks.values() if len(block) > 1 for pair in self._within(block, values, n))

    def _within(
        self, block: list[int], values: Sequence[Sequence[str | None]], n: int
    ) -> Iterator[tuple[int, int, float]]:
        """The same, of the records of one block, some rows of the matrix at a time."""
        size = max(1_000_000 // len(block), 1)
        whole = sum(each.weight for each in self.columns)
        for start in range(0, len(block), size):
            some = block[start : start + size]
            total, weights = np.zeros((len(some), len(block))), np.zeros((len(some), len(block)))
            for k, each in enumerate(self.columns):
                mine, theirs = ([values[i][n + k] for i in part] for part in (some, block))
                known = np.outer([v is not None for v in mine], [v is not None for v in theirs])
                # With less than this, no other columns make up for it.
                least = 1 - (1 - self.threshold) * whole / each.weight - 1e-9
                total += np.where(known, _likeness(mine, theirs, each.metric, least), 0.0) * each.weight
                weights += known * each.weight
            score = np.divide(total, weights, out=np.zeros_like(total), where=weights > whole / 2)
            # A hair less than asked for is what a sum of floats may miss by.
            for a, b in np.argwhere(score >= self.threshold - 1e-12):
                if start + a < b:
                    yield some[a], block[b], float(score[a, b])

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        names = {"record": "__record", "group": "__group"}
        known = learned.records.select(pl.col(old).alias(new) for old, new in names.items())
        rows = MapRows(tables[0], AddColumns((self._record().alias("__record"),)))
        found = Join(rows, Values(known), ("__record",), ("__record",), "left")
        group, added = pl.col("__group"), ("__record", "__group")
        if self.action == "keep_best":
            return self._best(found, added)
        value = group if self.action == "group_id" else group.is_not_null()
        return MapRows(MapRows(found, AddColumns((value.alias(self.output),))), DropColumns(added))

    def _best(self, found: Relation, added: tuple[str, ...]) -> Relation:
        """Rows that are like no other, and the fullest of each group."""
        alone = MapRows(found, KeepRows(pl.col("__group").is_null(), added))
        there = [self.present(name).is_not_null().cast(pl.Int64) for name in self._schemas[0]]
        alike = MapRows(found, KeepRows(pl.col("__group").is_not_null()))
        counted = MapRows(alike, AddColumns((pl.sum_horizontal(there).alias("__present"),)))
        kept = Distinct(counted, ("__group",), "first", (Order("__present", descending=True),))
        return Concat((MapRows(kept, DropColumns((*added, "__present"))), alone))


class _Groups:
    """Numbers joined to groups: the connected parts of what was joined (Tarjan 1975)."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def of(self, i: int) -> int:
        """The smallest number of the group."""
        while self._parent[i] != i:
            self._parent[i] = self._parent[self._parent[i]]
            i = self._parent[i]
        return i

    def join(self, i: int, j: int) -> None:
        """Put two groups together."""
        first, second = sorted((self.of(i), self.of(j)))
        self._parent[second] = first


def _likeness(
    left: list[str | None], right: list[str | None], metric: Metric | Literal["equal"], least: float
) -> NDArray[np.float64]:
    """How alike each text is to each other; what it says of a missing one means nothing.

    Args:
        left: texts.
        right: those that each is compared with.
        metric: how likeness is measured.
        least: what is less alike may come out as 0.
    """
    if metric == "equal":
        same: NDArray[np.bool_] = np.array(left, dtype=object)[:, None] == np.array(right, dtype=object)[None, :]
        return same.astype(np.float64)
    from rapidfuzz import process

    mine, theirs = ([each or "" for each in side] for side in (left, right))
    # The measures of rapidfuzz are fast without a cutoff, by which they lose what is just as alike.
    cutoff = max(least, 0.0) if metric == "names" else None
    found = process.cdist(mine, theirs, scorer=scorer(metric), score_cutoff=cutoff, dtype=np.float64, workers=1)
    return np.asarray(found, dtype=np.float64)


TRANSFORMS: tuple[type[Transform], ...] = (FuzzyDedupe,)
