"""The rows nearest to others, found the same way for one row as for many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from transforms.fitted_rows import Matrix


def distances(points: Matrix, known: Matrix) -> Matrix:
    """Euclidean distances of each point (rows) to each known one (columns); neither has missing values."""
    squares = np.zeros((len(points), len(known)))
    with np.errstate(over="ignore"):
        for i in range(known.shape[1]):
            squares += np.square(points[:, i, None] - known[None, :, i])
    found: Matrix = np.sqrt(squares)
    return found


def distances_where_present(points: Matrix, known: Matrix) -> Matrix:
    """Euclidean distances over what is present in both, scaled up for what is not; infinite where nothing is.

    That is scikit-learn's ``nan_euclidean_distances``.
    """
    squares, shared = np.zeros((len(points), len(known))), np.zeros((len(points), len(known)))
    with np.errstate(over="ignore"):
        for i in range(known.shape[1]):
            gaps = points[:, i, None] - known[None, :, i]
            present = ~np.isnan(gaps)
            squares += np.where(present, np.square(gaps), 0.0)
            shared += present
    squares = np.where(shared > 0, squares, np.inf) / np.maximum(shared, 1.0) * known.shape[1]
    found: Matrix = np.sqrt(squares)
    return found


def nearest(found: Matrix, count: int) -> NDArray[np.int64]:
    """The places of the ``count`` smallest distances of each row, in order of place; of ties at the end the first."""
    places = np.argpartition(found, count - 1, axis=1)[:, :count]
    last = np.take_along_axis(found, places[:, -1:], axis=1)
    shared = np.flatnonzero(np.count_nonzero(found <= last, axis=1) > count)
    if len(shared):
        last, rows = last[shared], found[shared]
        closer, tied = rows < last, rows == last
        room = count - closer.sum(axis=1, keepdims=True)
        taken = closer | (tied & (tied.cumsum(axis=1) <= room))
        places[shared] = np.nonzero(taken)[1].reshape(len(shared), count)
    return np.sort(places, axis=1)
