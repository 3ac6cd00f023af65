"""Decision trees of scikit-learn as tables, and what they say of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.fitted_rows import Matrix

LARGEST = 3e38
"""Trees compare numbers of 32 bits; beyond this there are none."""
SCHEMA = pl.Schema(
    {
        "tree": pl.Int64(),
        "node": pl.Int64(),
        "column": pl.String(),
        "threshold": pl.Float64(),
        "left": pl.Int64(),
        "right": pl.Int64(),
        "value": pl.Float64(),
    }
)
"""Nodes of trees: rows whose ``column`` is at most ``threshold`` go to the node ``left``, others to ``right``; a node
without a column is a leaf, and ``value`` is its answer. The root is node 0."""


def single(numbers: Matrix) -> NDArray[np.float32]:
    """Numbers as trees compare them."""
    return np.clip(numbers, -LARGEST, LARGEST).astype(np.float32)


def tree_table(tree: int, fitted: Any, columns: Sequence[str], values: NDArray[Any]) -> pl.DataFrame:
    """The nodes of a fitted tree.

    Args:
        tree: its number.
        fitted: the ``tree_`` of a scikit-learn estimator.
        columns: the names of the features.
        values: what the tree says at each node.
    """
    inner = fitted.children_left >= 0
    names = [columns[feature] if is_inner else None for feature, is_inner in zip(fitted.feature, inner, strict=True)]
    nodes = pl.DataFrame(
        {
            "tree": np.full(len(inner), tree),
            "node": np.arange(len(inner)),
            "column": pl.Series(names, dtype=pl.String),
            "threshold": fitted.threshold,
            "left": fitted.children_left,
            "right": fitted.children_right,
            "value": values,
        },
        schema=SCHEMA,
    )
    at_leaf = pl.col("column").is_null()
    return nodes.with_columns(
        pl.when(~at_leaf).then(pl.col("threshold", "left", "right")), pl.when(at_leaf).then("value")
    ).select(SCHEMA.names())


@dataclass(frozen=True)
class Tree:
    """One tree, ready to be asked."""

    depth: int
    """Steps to the farthest leaf."""
    column: NDArray[np.int64]
    """The place of the column each node looks at; any at a leaf, both of whose children are itself."""
    threshold: Matrix
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    value: Matrix

    @classmethod
    def of(cls, nodes: pl.DataFrame, columns: Sequence[str]) -> Self:
        """A tree of its nodes in order, its columns as places among some."""
        places = {name: place for place, name in enumerate(columns)}
        place = pl.col("column").replace_strict(places, default=0, return_dtype=pl.Int64)
        filled = nodes.with_columns(place, pl.col("left", "right").fill_null(pl.col("node")))
        column, threshold, left, right, value = (
            filled[name].to_numpy() for name in ("column", "threshold", "left", "right", "value")
        )
        depth, at = 0, np.zeros(1, dtype=np.int64)
        while (left[at] != at).any():
            at = np.unique(np.concatenate([left[at], right[at]]))
            depth += 1
        return cls(depth, column, threshold, left, right, value)

    def __call__(self, rows: NDArray[np.float32]) -> Matrix:
        """The value of the leaf that each row comes to."""
        node, row = np.zeros(len(rows), dtype=np.int64), np.arange(len(rows))
        for _ in range(self.depth):
            left = rows[row, self.column[node]] <= self.threshold[node]
            node = np.where(left, self.left[node], self.right[node])
        found: Matrix = self.value[node]
        return found
