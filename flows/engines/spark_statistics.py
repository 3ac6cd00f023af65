"""Statistics of a Spark table: one pass over its rows for everything that is asked at once.

Only quantiles whose neighbourhood holds many rows need more passes, all quantiles together. The answers
are those of :mod:`flows.engines.polars_statistics`, made by the same polars expressions in executors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from flows.engines.spark_moments import CompleteMoments, PairMoments
from flows.engines.spark_partials import (
    CountedPairs,
    CountedValues,
    DistinctValues,
    DrawnRows,
    GroupMoments,
    Partial,
    Scalars,
)
from flows.engines.spark_quantiles import Search
from flows.engines.spark_reduce import Feed, reduced
from transforms.core import statistics as stat

Reduce = Callable[[Sequence[Partial]], list[pl.DataFrame]]
"""Reduces a table to each of some partials, in one pass over its rows."""
ALONE = (
    stat.Distinct
    | stat.ValueCounts
    | stat.PairCounts
    | stat.GroupMeans
    | stat.Covariance
    | stat.Correlation
    | stat.Rows
)


def measured(feed: Feed, schema: pl.Schema, statistics: Sequence[stat.Statistic]) -> list[Any]:
    """Answers, in order.

    Args:
        feed: the rows of the table.
        schema: its columns, in order.
        statistics: what is asked of it.
    """
    return answers(lambda partials: reduced(feed, schema, partials), schema, statistics)


def answers(reduce: Reduce, schema: pl.Schema, statistics: Sequence[stat.Statistic]) -> list[Any]:
    """Answers, in order, by whatever reduces a table to partials."""
    if not statistics:
        return []
    searches = _searches(statistics, schema)
    alone = {i: _partial(each, schema) for i, each in enumerate(statistics) if isinstance(each, ALONE)}
    shared = [i for i, each in enumerate(statistics) if not isinstance(each, ALONE | stat.Quantile)]
    scalars = [Scalars(tuple(statistics[i] for i in shared), schema)] if shared else []
    found = iter(_measured(reduce, [*alone.values(), *scalars, *(each.partial() for each in searches)]))
    answered: dict[int, Any] = {i: next(found) for i in alone}
    if shared:
        answered |= zip(shared, next(found), strict=True)
    for search in searches:
        search.narrow(next(found))
    while pending := [each for each in searches if each.spans]:
        for search, counted in zip(pending, _measured(reduce, [each.partial() for each in pending]), strict=True):
            search.narrow(counted)
    for search in searches:
        answered |= {i: search.quantile(q) for i, q in search.shares.items()}
    return [answered[i] for i in range(len(statistics))]


def _measured(reduce: Reduce, partials: Sequence[Partial]) -> list[Any]:
    return [each.answer(whole) for each, whole in zip(partials, reduce(partials), strict=True)]


def _partial(statistic: stat.Statistic, schema: pl.Schema) -> Partial:
    """The partial of a statistic that has one of its own."""
    match statistic:
        case stat.Distinct(column):
            return DistinctValues(column, schema)
        case stat.ValueCounts():
            return CountedValues(statistic, schema)
        case stat.PairCounts():
            return CountedPairs(statistic, schema)
        case stat.GroupMeans():
            return GroupMoments(statistic, schema)
        case stat.Covariance():
            return CompleteMoments(statistic, schema)
        case stat.Correlation():
            return PairMoments(statistic, schema)
        case stat.Rows():
            return DrawnRows(statistic, schema)
        case _:
            raise NotImplementedError(f"{type(statistic).__name__} has no partial of its own.")


def _searches(statistics: Sequence[stat.Statistic], schema: pl.Schema) -> list[Search]:
    """One search for each column of which quantiles are asked."""
    searches: list[Search] = []
    for i, each in enumerate(statistics):
        if isinstance(each, stat.Quantile):
            known = next((search for search in searches if _same(search.column, each.column)), None)
            if known is None:
                searches.append(Search(each.column, schema, {i: each.q}))
            else:
                known.shares[i] = each.q
    return searches


def _same(first: stat.Measured, second: stat.Measured) -> bool:
    if isinstance(first, pl.Expr) and isinstance(second, pl.Expr):
        return first.meta.eq(second)
    return isinstance(first, str) and isinstance(second, str) and first == second
