"""One split of the rows, and the model that came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from dataprep_app.modeling.boosting import Fold, boosted
from dataprep_app.modeling.folds import Folds, Shares, fold_rows
from dataprep_app.modeling.outcome import Settings
from flows.engines.base import Control
from transforms.core.errors import DataprepError, did_you_mean
from transforms.core.random import draw
from transforms.scoring.encoding import Encoding, encoding
from transforms.scoring.problem import CLASSES, ProblemType, present, problem_type, require
from transforms.scoring.trees import Trees


@dataclass(frozen=True)
class Parts:
    """The rows of the three folds."""

    train: pl.DataFrame
    stop: pl.DataFrame
    test: pl.DataFrame


Prepare = Callable[[Parts], Parts]
"""What rows still have to pass before they are learned from: called once for each split, it may learn from the rows
to train on, and only from them."""


@dataclass(frozen=True)
class Attempt:
    """One split, and the model that came of it."""

    problem: ProblemType
    folds: Folds
    encoding: Encoding
    trees: Trees
    train: Fold
    test: Fold
    stop_rows: int
    predictions: np.ndarray
    """Of the test fold."""
    lost: int
    """Rows without a target."""
    unknown: int
    """Rows of the test fold whose class was not among those trained on."""
    made: int
    """Rows of ``train`` that are marked as not real."""
    hollow: tuple[str, ...]
    """Columns that are missing in all of those and not in all others."""
    unread: dict[str, int]
    """Texts among the rows to train on that count as missing, by column."""


@dataclass(frozen=True)
class Work:
    """Everything that the splits of one build share."""

    target: str
    settings: Settings
    prepare: Prepare | None
    on_progress: Callable[[float, str], None]
    control: Control

    def rows(self, table: pl.DataFrame, marks: pl.Series | None) -> tuple[pl.DataFrame, pl.Series | None, int]:
        """The rows to divide, which of them to train on only, and how many were left out for want of a target."""
        mark = self.settings.synthetic_column
        if mark is not None and table.schema.get(mark) == pl.Boolean:
            flagged = table[mark].fill_null(value=False)
            marks = flagged if marks is None else marks.fill_null(value=False) | flagged
        held = table.with_columns((marks if marks is not None else pl.lit(False)).alias("__mark"))
        there = held
        if self.prepare is None:
            there = held.filter(present(self.target, table.schema[self.target]).is_not_null())
        lost = held.height - there.height
        if there.height > self.settings.rows:
            names = [name for name in table.columns if name != mark]
            place = draw(self.settings.seed + 1_000_003, names).rank("ordinal")
            there = there.filter(place <= self.settings.rows)
            lost = int(lost * there.height / max(held.height - lost, 1))
        return there.drop("__mark"), there["__mark"] if marks is not None else None, lost

    def attempt(
        self, rows: pl.DataFrame, marks: pl.Series | None, number: int, repeats: int, problem: ProblemType | None
    ) -> Attempt:
        """Divide, prepare, encode, train and predict."""
        self.control.check()
        part = f" (split {number + 1} of {repeats})" if repeats > 1 else ""

        def tell(share: float, what: str) -> None:
            self.on_progress(0.95 * (number + share) / repeats, what + part)

        tell(0.0, "preparing rows")
        folds = self._folds(rows, marks, number)
        parts = Parts(rows[folds.train], rows[folds.stop], rows[folds.test])
        given, lost = self._with_target(self.prepare(parts) if self.prepare else parts)
        problem = problem or problem_type(_targets(given, self.target), self.target, self.settings.problem)
        known = encoding(given.train, self._features(given))
        tell(0.1, "training")
        train, _ = self._fold(given.train, known, problem)
        stop, _ = self._fold(given.stop, known, problem, set(train.labels.tolist()))
        test, unknown = self._fold(given.test, known, problem, set(train.labels.tolist()))
        trees = boosted(
            train,
            stop,
            problem.kind,
            len(problem.classes),
            known.types,
            seed=self.settings.seed + number,
            on_round=lambda done, most: tell(0.1 + 0.9 * done / most, "training"),
            control=self.control,
        )
        made, hollow = self._made(given.train, known)
        predictions = trees.predict(test.rows)
        return Attempt(
            problem=problem,
            folds=folds,
            encoding=known,
            trees=trees,
            train=train,
            test=test,
            stop_rows=len(stop.labels),
            predictions=predictions,
            lost=lost,
            unknown=unknown,
            made=made,
            hollow=hollow,
            unread=known.unread(given.train),
        )

    def _folds(self, rows: pl.DataFrame, marks: pl.Series | None, number: int) -> Folds:
        settings = self.settings
        classes = None
        if self.target in rows.columns and settings.problem != "regression":
            text = rows.select(present(self.target, rows.schema[self.target])).to_series()
            classes = text if text.n_unique() <= CLASSES + 1 else None
        compared = rows.drop(settings.synthetic_column or "", strict=False)
        return fold_rows(
            compared,
            classes=classes,
            target=self.target,
            training_rows=marks,
            time=settings.time,
            shares=Shares(stop=settings.stop_share, test=settings.test_share),
            seed=settings.seed + number,
        )

    def _with_target(self, parts: Parts) -> tuple[Parts, int]:
        kept, lost = [], 0
        for each in (parts.train, parts.stop, parts.test):
            require(each, self.target)
            there = each.filter(present(self.target, each.schema[self.target]).is_not_null())
            kept.append(there)
            lost += each.height - there.height
        return Parts(*kept), lost

    def _features(self, parts: Parts) -> list[str]:
        settings = self.settings
        shared = [each for each in parts.train.columns if each in parts.stop.columns and each in parts.test.columns]
        free = [each for each in shared if each not in (self.target, settings.synthetic_column)]
        for name in (*settings.features, *settings.exclude):
            if name not in parts.train.columns:
                hint = did_you_mean(name, parts.train.columns) or "Choose another."
                raise DataprepError(f"The table has no column {name!r}. {hint}")
        wanted = [each for each in free if each in settings.features] if settings.features else free
        return [each for each in wanted if each not in settings.exclude]

    def _fold(
        self, rows: pl.DataFrame, known: Encoding, problem: ProblemType, classes: set[float] | None = None
    ) -> tuple[Fold, int]:
        """A fold as matrix and labels, and how many of its rows were left out for a class that training has not."""
        labels = problem.labels(rows)
        if problem.kind == "regression":
            kept = ~np.isnan(labels)
        else:
            kept = labels >= 0 if classes is None else np.isin(labels, list(classes))
        labels = labels[kept]
        if not len(labels):
            raise DataprepError(
                f"No row with a usable value of {self.target!r} is left to "
                f"{'train on' if classes is None else 'judge the model by'}. Bring more rows, or check the steps."
            )
        weights = None
        if self.settings.weights == "balanced" and problem.kind != "regression":
            sizes = np.bincount(labels, minlength=len(problem.classes))
            weights = (len(labels) / (np.count_nonzero(sizes) * np.maximum(sizes, 1)))[labels]
        return Fold(known.matrix(rows)[kept], labels, weights), int((~kept).sum())

    def _made(self, train: pl.DataFrame, known: Encoding) -> tuple[int, tuple[str, ...]]:
        """How many rows to train on are marked as not real, and which columns are missing in all of them."""
        mark = self.settings.synthetic_column
        if not mark or train.schema.get(mark) != pl.Boolean:
            return 0, ()
        made = train.filter(pl.col(mark)).select(known.names)
        hollow = [
            name
            for name in known.names
            if made.height and made[name].null_count() == made.height and train[name].null_count() < train.height
        ]
        return made.height, tuple(hollow)


def _targets(parts: Parts, target: str) -> pl.DataFrame:
    return pl.concat([each.select(target) for each in (parts.train, parts.stop, parts.test)], how="vertical_relaxed")
