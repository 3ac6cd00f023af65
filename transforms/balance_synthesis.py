"""Balance classes by synthetic rows between neighbours (SMOTE and its relatives)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Annotated, Any

import polars as pl
from pydantic import Field

from transforms.balance import ClassSizes, Ratio, class_counts, rows_to_add
from transforms.core.categories import CategoryColumn, CategoryColumns, category
from transforms.core.columns import ColumnsField
from transforms.core.errors import Problem
from transforms.core.numbers import finite
from transforms.core.params import NewColumn, Seed
from transforms.core.random import draw
from transforms.core.relations import Concat, MapRows, Range, Relation
from transforms.core.statistics import Ask, Rows
from transforms.core.transform import Example, Learned, Table, TableTransform, Transform

if TYPE_CHECKING:
    import numpy as np

ROWS_PER_CLASS = 20_000
"""The most rows of one class between which synthetic rows are made: their neighbours are searched on one machine."""
ROWS = 100_000
"""The most such rows of all classes together."""
DENSE = 300
"""The most columns of numbers and category flags that are searched as a dense matrix."""
NEIGHBORS = "__neighbors"
ROW = "__row"

NumberColumns = Annotated[tuple[str, ...], ColumnsField(("numeric", "boolean"))]


class Neighborhoods(Learned):
    """What synthetic rows are made of."""

    new_rows: dict[str, int]
    """Synthetic rows to make, by class."""
    first: dict[str, int]
    """Place in ``rows`` of the first row of each class; the rows of a class follow each other."""
    size: dict[str, int]
    """How many rows of each class, from that one on, synthetic rows start from."""
    rows: Table
    """Rows of the smaller classes, each with the places of its nearest neighbours in ``__neighbors``."""


class Synthesis(TableTransform):
    """Balances classes by rows between a row and one of its nearest neighbours in the same class."""

    training_only = True
    changes_rows = True

    target: CategoryColumn
    """Column that holds the class."""
    features: NumberColumns
    """Columns to interpolate; whole numbers stay whole, and true and false count as 1 and 0. Never the target."""
    neighbors: int = Field(5, ge=1, le=50)
    """How many nearest neighbours of a row to draw from; a class of fewer rows has fewer, a single row is copied."""
    ratio: Ratio = 1.0
    """Size of each smaller class afterwards, as a share of the largest class."""
    sizes: ClassSizes = Field(default={})
    """Rows wanted of particular classes, whatever the ratio; a class that has more stays as it is."""
    normalize: bool = False
    """Divide features by their standard deviation in the class before distances are measured.

    Without it, features of large numbers decide alone which rows are near, unless they were scaled before."""
    flag_column: NewColumn | None = "is_synthetic"
    """New column that is true in synthetic rows; left empty, nothing marks them."""
    seed: Seed = 0
    """Same seed, same rows."""

    @property
    def numbers(self) -> tuple[str, ...]:
        """Columns that are interpolated."""
        return tuple(name for name in self.features if name != self.target)

    @property
    def classes(self) -> tuple[str, ...]:
        """Columns that take the value most neighbours have."""
        return ()

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        if not self.numbers:
            advice = "Choose at least one; to repeat rows of categories, use random oversample."
            yield Problem("There is no numeric column to interpolate.", advice, "features")
        if self.flag_column in schemas[0]:
            advice = "Choose another name, or leave it empty."
            yield Problem(f"Column {self.flag_column!r} is in the table already.", advice, "flag_column")

    def fit(self, ask: Ask) -> Neighborhoods:
        dtype = self.dtype(self.target)
        found = class_counts(ask, self.target, dtype, self.sizes)
        new_rows = rows_to_add(found, self.ratio, self.sizes)
        empty = self.no_rows()
        if not new_rows:
            return Neighborhoods(new_rows={}, first={}, size={}, rows=empty)
        (rows,) = ask(Rows(self.used, min(ROWS_PER_CLASS, ROWS // len(found)), self.seed, per=self.target))
        first, size, parts = dict[str, int](), dict[str, int](), [empty]
        for each in new_rows:
            part = rows.filter(category(self.target, dtype) == each)
            first[each], size[each] = sum(size.values()), part.height
            parts.append(self.neighborhood(part, first[each]))
        return Neighborhoods(new_rows=new_rows, first=first, size=size, rows=pl.concat(parts))

    @property
    def used(self) -> tuple[str, ...]:
        """Columns that neighbours are found with and synthetic rows are made of."""
        return (self.target, *self.numbers, *self.classes)

    def no_rows(self) -> pl.DataFrame:
        """The table of rows with their neighbours, empty."""
        return pl.DataFrame(schema={name: self.dtype(name) for name in self.used} | {NEIGHBORS: pl.List(pl.Int64)})

    def neighborhood(self, rows: pl.DataFrame, first: int) -> pl.DataFrame:
        """The rows of one class with their neighbours, as places counted from ``first``."""
        numbers = rows.select(finite(name) for name in self.numbers)
        near = nearest(self.distances(rows, matrix(numbers, normalize=self.normalize)), self.neighbors)
        places = pl.Series(NEIGHBORS, near + first, dtype=pl.List(pl.Int64))
        return self.voted(rows, near).with_columns(places)

    def distances(self, rows: pl.DataFrame, numbers: np.ndarray) -> Any:
        """A matrix of the rows, dense or sparse, whose Euclidean distances say which rows are near."""
        return numbers

    def voted(self, rows: pl.DataFrame, near: np.ndarray) -> pl.DataFrame:
        """The rows with what synthetic rows take from them."""
        return rows

    def plan(self, *tables: Relation, learned: Any = None) -> Relation:
        """The table, and rows made each from its number and the seed: nothing grows with them on the driver."""
        table = MapRows(tables[0], Mark(self.flag_column)) if self.flag_column else tables[0]
        total = sum(learned.new_rows.values())
        if not total:
            return table
        return Concat((table, MapRows(Range(total, ROW), self.maker, learned)))

    @property
    def maker(self) -> Synthesize:
        """What makes synthetic rows of their numbers."""
        return Synthesize((self.target, *self.classes), self.numbers, self.flag_column, self.seed)


class Smote(Synthesis):
    """Balance classes by adding synthetic rows between neighbours of the smaller ones.

    A synthetic row lies at a random place between a row and one of its nearest neighbours of the same
    class (Chawla et al. 2002, "SMOTE: Synthetic Minority Over-sampling Technique"). Columns that are
    neither target nor features are missing in it.
    """

    id = "smote"
    title = "SMOTE"
    terms = ("synthetic oversampling", "balance data", "synthetic minority", "imbalanced classes")
    missing = (
        "A missing feature (null, NaN, infinite or beyond 1e150) counts as the class mean in distances; in a "
        "synthetic row a feature is missing where it was in the row it starts from. Rows without a class are kept and "
        "not used."
    )
    examples = (
        Example(
            params={"target": "churn", "features": ["age"]},
            before={
                "id": [1, 2, 3, 4, 5],
                "age": [20, None, 30, 60, 60],
                "churn": ["no", "no", "no", "yes", "yes"],
            },
            after={
                "id": [1, 2, 3, 4, 5, None],
                "age": [20, None, 30, 60, 60, 60],
                "churn": ["no", "no", "no", "yes", "yes", "yes"],
                "is_synthetic": [False, False, False, False, False, True],
            },
        ),
    )


class SmoteCategorical(Synthesis):
    """Balance classes by adding synthetic rows, where some features are numbers and some are categories.

    As SMOTE, but a pair of different categories adds the median of the standard deviations of the
    class's numbers to the distance, and a category is the one that most neighbours have, ties going to
    the first by text (SMOTE-NC, section 6.1 of Chawla et al. 2002).
    """

    id = "smote_nc"
    title = "SMOTE-NC (numbers and categories)"
    terms = ("smote categorical", "synthetic oversampling", "balance data", "smotenc")
    missing = (
        "A missing number (null, NaN, infinite or beyond 1e150) counts as the class mean in distances, and a "
        "missing category is a category of its own; in a synthetic row a number is missing where it was in the row it "
        "starts from. Rows without a class are kept and not used."
    )
    examples = (
        Example(
            params={"target": "churn", "features": ["age"], "categorical": ["city", "member"], "flag_column": None},
            before={
                "age": [20.0, 25.0, 30.0, 60.0, 60.0],
                "city": ["Rome", "Rome", None, "Oslo", "Oslo"],
                "member": [True, None, False, True, True],
                "churn": [0, 0, 0, 1, 1],
            },
            after={
                "age": [20.0, 25.0, 30.0, 60.0, 60.0, 60.0],
                "city": ["Rome", "Rome", None, "Oslo", "Oslo", "Oslo"],
                "member": [True, None, False, True, True, True],
                "churn": [0, 0, 0, 1, 1, 1],
            },
        ),
    )

    categorical: CategoryColumns
    """Columns that take the category most neighbours have. Never the target."""

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(name for name in self.categorical if name != self.target)

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        yield from super().check(*schemas)
        both = [name for name in self.classes if name in self.numbers]
        if both:
            found = f"{', '.join(map(repr, both))} is both a number to interpolate and a category."
            yield Problem(found, "Keep it in one of the two.", "categorical")
        if not self.classes:
            yield Problem("There is no column of categories.", "Choose at least one, or use SMOTE.", "categorical")

    def distances(self, rows: pl.DataFrame, numbers: np.ndarray) -> Any:
        import numpy as np
        from scipy import sparse

        # Two flags differ where two categories do, so each carries the square root of half the squared difference.
        weight = float(np.median(numbers.std(axis=0))) / np.sqrt(2) if len(numbers) else 0.0
        flags = [sparse.csr_matrix(numbers)]
        for name in self.classes:
            codes = self._codes(rows, name).to_numpy()
            places = (np.arange(len(codes)), codes)
            flags.append(sparse.csr_matrix((np.full(len(codes), weight), places)))
        points = sparse.hstack(flags, format="csr")
        # The same distances, several times faster to search; with very many categories it would not fit in memory.
        return points.toarray() if points.shape[1] <= DENSE else points

    def voted(self, rows: pl.DataFrame, near: np.ndarray) -> pl.DataFrame:
        if not near.shape[1]:
            return rows
        return rows.with_columns(self._vote(rows, near, name) for name in self.classes)

    def _codes(self, rows: pl.DataFrame, name: str) -> pl.Series:
        """Categories numbered in the order of their text, missing ones last."""
        code = category(name, self.dtype(name)).rank("dense").cast(pl.Int64) - 1
        return rows.select(code.fill_null(pl.lit(rows.height))).to_series().rank("dense").cast(pl.Int64) - 1

    def _vote(self, rows: pl.DataFrame, near: np.ndarray, name: str) -> pl.Series:
        codes = self._codes(rows, name).to_numpy()
        votes = pl.DataFrame({"row": range(len(codes)), "code": codes[near]}, schema_overrides={"row": pl.Int64})
        counted = votes.explode("code").group_by("row", "code").agg(pl.len())
        winners = counted.sort("row", "len", "code", descending=[False, True, False]).unique("row", maintain_order=True)
        holder = pl.DataFrame({"code": codes, name: rows[name]}).unique("code")
        return winners.join(holder, on="code", how="left", maintain_order="left")[name]


def matrix(numbers: pl.DataFrame, *, normalize: bool) -> np.ndarray:
    """Features with missing values at the mean, in units of their standard deviation when asked for."""
    found = numbers.select(pl.all().fill_null(pl.all().mean()).fill_null(0.0)).to_numpy()
    if not normalize or not len(found):
        return found
    spread = found.std(axis=0)
    spread[spread == 0] = 1.0
    scaled: np.ndarray = found / spread
    return scaled


def nearest(points: Any, neighbors: int) -> np.ndarray:
    """The places of each point's nearest others; fewer columns where there are fewer points."""
    import numpy as np
    from sklearn.neighbors import NearestNeighbors

    count = points.shape[0]
    if count < 2:
        return np.empty((count, 0), dtype=np.int64)
    # As imbalanced-learn does it: the first of k + 1 is the point itself, or one at the same place.
    search = NearestNeighbors(n_neighbors=min(neighbors, count - 1) + 1).fit(points)
    found: np.ndarray = search.kneighbors(points, return_distance=False)[:, 1:].astype(np.int64)
    return found


@dataclass(frozen=True)
class Mark:
    """Adds the column that says that rows are not synthetic."""

    flag: str

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        return rows.with_columns(pl.lit(value=False).alias(self.flag))


@dataclass(frozen=True)
class Synthesize:
    """Makes a synthetic row of each row number: what is drawn for it is a hash of the number with the seed."""

    copied: tuple[str, ...]
    """Columns taken from the row it starts from."""
    numbers: tuple[str, ...]
    """Columns between that row and its neighbour."""
    flag: str | None
    seed: int

    def apply(self, rows: pl.LazyFrame, learned: Neighborhoods) -> pl.LazyFrame:
        known = learned.rows.with_row_index("__place").with_columns(pl.col("__place").cast(pl.Int64)).lazy()
        far = known.select("__place", *(pl.col(name).alias(f"__far_{name}") for name in self.looked_at))
        bases = rows.with_columns(self.base(learned).alias("__base")).join(
            known, left_on="__base", right_on="__place", how="left", maintain_order="left"
        )
        # A class of one row has no neighbours: nothing is joined, so the row itself is what stays.
        choice = (self._draw(1) * pl.col(NEIGHBORS).list.len()).floor().cast(pl.Int64)
        pairs = bases.with_columns(pl.col(NEIGHBORS).list.get(choice, null_on_oob=True).alias("__neighbor")).join(
            far, left_on="__neighbor", right_on="__place", how="left", maintain_order="left"
        )
        schema = learned.rows.schema
        made = [self._between(name, schema[name]) for name in self.numbers]
        flag = [pl.lit(value=True).alias(self.flag)] if self.flag else []
        # The order of the columns is that of the table the rows are added to, which matches them by name.
        return pairs.select(*self.copied, *made, *flag)

    def _draw(self, which: int) -> pl.Expr:
        return draw(3 * self.seed + which, [ROW])

    @property
    def looked_at(self) -> tuple[str, ...]:
        """Columns of the neighbour that are needed; they are named ``__far_`` and their name."""
        return self.numbers

    def step(self) -> pl.Expr:
        """Which part of the way to its neighbour the synthetic row lies at, 0 to 1."""
        return self._draw(2)

    def base(self, learned: Neighborhoods) -> pl.Expr:
        """The place of the row it starts from: rows are numbered class by class."""
        ends = accumulate(learned.new_rows.values())
        place = pl.lit(None, pl.Int64)
        for each, end in reversed(list(zip(learned.new_rows, ends, strict=True))):
            within = (self._draw(0) * learned.size[each]).floor().cast(pl.Int64)
            place = pl.when(pl.col(ROW) < end).then(within + learned.first[each]).otherwise(place)
        return place

    def _between(self, name: str, dtype: pl.DataType) -> pl.Expr:
        near, far = finite(name), finite(f"__far_{name}")
        number = near + self.step() * (far.fill_null(near) - near)
        if dtype == pl.Boolean:
            return (number >= 0.5).alias(name)
        whole = number.round(0, mode="half_to_even") if dtype.is_integer() else number
        return whole.cast(dtype).alias(name)


TRANSFORMS: tuple[type[Transform], ...] = (Smote, SmoteCategorical)
