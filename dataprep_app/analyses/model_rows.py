"""Rows and settings that analyses with a model share: what is learned from, and how little is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import polars as pl

from dataprep_app.analyses.analysis import Analysis, AnalysisResult
from dataprep_app.insights.power import prediction_power
from dataprep_app.modeling.outcome import Settings
from dataprep_app.modeling.quick import Built, quick_build
from flows.engines.base import Control
from transforms.core.columns import ALL, ColumnField, ColumnsField, column
from transforms.core.dtypes import type_name
from transforms.core.errors import DataprepError, Problem
from transforms.core.params import Seed
from transforms.core.random import draw
from transforms.scoring.problem import ProblemType, problem_type

MODEL_ROWS = 10_000
"""The most rows a model is built on, so that the answer is there in a second or two."""
POWER_ROWS = 5_000
"""The most rows that each column is tried on alone."""
SPLIT_AGAIN = 2_000
"""Rows below which rows are split several times, since one test of few rows says little."""
MARK = "is_synthetic"
"""The boolean column that marks rows made for balancing."""

TargetColumn = Annotated[str, ColumnField(("boolean", "text", "numeric"))]
FeatureColumns = Annotated[tuple[str, ...], ColumnsField(at_least=0)]


class ModelAnalysis(Analysis):
    """Learns to predict one column from others."""

    target: TargetColumn
    """The column to predict: a number, or classes."""
    columns: FeatureColumns = ALL
    """Columns to learn from; the target is never among them."""
    problem: Literal["auto", "regression", "classification"] = "auto"
    """Predict a number (regression) or classes; auto goes by the values of the target."""
    seed: Seed = 0
    """Same seed, same rows drawn and same folds."""

    def check(self, schema: pl.Schema) -> Iterable[Problem]:
        if not [name for name in self.columns if name not in (self.target, MARK)]:
            yield Problem("There is no column to learn from.", "Choose one or more beside the target.", "columns")

    def look(self, table: pl.DataFrame) -> AnalysisResult:
        rows = Learnable.of(table, self.target, self.columns)
        try:
            found = self.learn(rows)
        except DataprepError as error:
            found = AnalysisResult(title=self.name(), sentences=(str(error),))
        return found.model_copy(update={"sentences": tuple(map(rows.said, found.sentences))})

    def learn(self, rows: Learnable) -> AnalysisResult:
        """The result on rows that can be learned from.

        Raises:
            DataprepError: they make no problem to learn; the text says why.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what it learns.")

    def build(self, rows: Learnable, time: str | None = None) -> Built:
        """A quick build on the rows, or on some of them.

        Raises:
            DataprepError: they make no problem to learn; the text says why.
        """
        repeats = 1 if rows.table.height >= SPLIT_AGAIN else None
        settings = Settings(
            problem=self.problem, rows=MODEL_ROWS, repeats=repeats, seed=self.seed, time=rows.inner(time),
            synthetic_column=None if self.target == MARK else MARK,
        )  # fmt: skip
        return quick_build(rows.table, rows.target, settings)

    def powers(self, rows: Learnable) -> Powers:
        """How much each column alone tells of the target, on the rows or on some of them.

        Raises:
            DataprepError: they make no problem to learn; the text says why.
        """
        marked = self.target != MARK and rows.table.schema.get(MARK) == pl.Boolean
        real = rows.table.filter(~pl.col(MARK).fill_null(value=False)) if marked else rows.table
        drawn = real.filter(draw(self.seed, real.columns).rank("ordinal") <= POWER_ROWS)
        problem = problem_type(drawn, rows.target, self.problem)
        features = [name for name in drawn.columns if name not in (rows.target, MARK)]
        found = prediction_power(
            _with_presence(drawn, features), features, problem, lambda _place, _name: None, Control()
        )
        return Powers(
            problem, {rows.outer(name): value for name, value in found.items()}, drawn.height, real.height, self.seed
        )


@dataclass(frozen=True)
class Powers:
    """How much columns alone tell of the target."""

    problem: ProblemType
    by_column: dict[str, float]
    """From 0, no more than chance, to 1, everything; those that cannot be used alone have none."""
    rows: int
    """Rows they were measured on."""
    whole: int
    """Rows there were."""
    seed: int

    @property
    def basis(self) -> str:
        """What they were computed on, a sentence."""
        of = f" of {self.whole:,} rows, drawn with the seed {self.seed}" if self.rows < self.whole else " rows"
        return (
            f"Measured on {self.rows:,}{of}: a small model of boosted trees is built on each column alone and judged "
            "on rows it never saw."
        )


@dataclass(frozen=True)
class Learnable:
    """Columns that can be learned from, under names that models take literally."""

    table: pl.DataFrame
    target: str
    """Its name in :attr:`table`."""
    names: dict[str, str]
    """The name of each column in the table that people see, by its name here."""
    left_out: dict[str, str]
    """Columns that cannot be learned from, and why."""

    @classmethod
    def of(cls, table: pl.DataFrame, target: str, columns: Sequence[str]) -> Learnable:
        """The target and some columns, without those whose values are no plain ones."""
        wanted = [name for name in table.columns if name in columns or name in (target, MARK)]
        strange = {
            name: f"it holds {type_name(dtype)} values"
            for name, dtype in table.select(map(column, wanted)).schema.items()
            if name != target and (dtype.is_nested() or dtype in (pl.Binary, pl.Object))
        }
        kept = [name for name in wanted if name not in strange]
        safe = _safe(kept)
        found = table.select(column(name).alias(safe[name]) for name in kept)
        return cls(found, safe[target], {each: name for name, each in safe.items()}, strange)

    def outer(self, name: str) -> str:
        """The name that people see."""
        return self.names.get(name, name)

    def said(self, sentence: str) -> str:
        """A sentence about :attr:`table`, with the names that people see."""
        for name, seen in self.names.items():
            sentence = sentence.replace(repr(name), repr(seen))
        return sentence

    def inner(self, name: str | None) -> str | None:
        """The name in :attr:`table`."""
        return next((each for each, seen in self.names.items() if seen == name), name)


def _with_presence(rows: pl.DataFrame, features: Sequence[str]) -> pl.DataFrame:
    """Rows with columns of one value and gaps as whether there is a value, since that may tell the target too."""
    there = [name for name in features if rows[name].null_count() and rows[name].drop_nulls().n_unique() == 1]
    return rows.with_columns(pl.col(there).is_not_null())


def _safe(names: Sequence[str]) -> dict[str, str]:
    """Names that polars does not take for patterns and that are not used within a build: with blanks at the end."""
    found: dict[str, str] = {}
    for name in names:
        free = f"{name} " if name == "*" or name.startswith(("^", "__")) else name
        while free in found.values() or (free != name and free in names):
            free += " "
        found[name] = free
    return found
