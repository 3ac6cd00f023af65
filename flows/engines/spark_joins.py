"""Tables put side by side or below each other, in Spark."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import and_

import polars as pl
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from flows.engines.polars_joins import key_types
from flows.engines.spark_expressions import fitted
from flows.engines.spark_rows import column, map_rows, spark_name, spark_type
from transforms.core.random import draw
from transforms.core.relations import AsofJoin, Join, right_names

DRAW = "__engine_draw"
HOW = {"semi": "left_semi", "anti": "left_anti", "full": "full_outer"}


def joined(left: DataFrame, right: DataFrame, relation: Join, mine: pl.Schema, theirs: pl.Schema) -> DataFrame:
    """The join, rows in any order."""
    if relation.how == "cross":
        names = right_names(mine.names(), theirs.names(), relation.suffix)
        return left.crossJoin(right.select(*_renamed(names)))
    types = key_types(mine, theirs, relation.left_on, relation.right_on)
    left_keys = [f"__engine_left_{i}" for i in range(len(types))]
    right_keys = [f"__engine_right_{i}" for i in range(len(types))]
    left = left.select(*map(column, mine), *_keys(relation.left_on, types, left_keys))
    keys = _keys(relation.right_on, types, right_keys)
    equal = reduce(and_, (sf.col(one) == sf.col(other) for one, other in zip(left_keys, right_keys, strict=True)))
    if relation.how in ("semi", "anti"):
        return left.join(right.select(*keys), equal, HOW[relation.how]).select(*map(column, mine))
    added = [name for name in theirs if name not in relation.right_on]
    names = right_names(mine.names(), added, relation.suffix)
    both = left.join(right.select(*keys, *_renamed(names)), equal, HOW.get(relation.how, relation.how))
    out = {name: column(name) for name in mine}
    for name, left_key, right_key in zip(relation.left_on, left_keys, right_keys, strict=True):
        if relation.how == "right":
            out[name] = sf.col(right_key).alias(spark_name(name))
        elif relation.how == "full":
            out[name] = sf.coalesce(left_key, right_key).alias(spark_name(name))
    return both.select(*out.values(), *map(column, names.values()))


def joined_asof(left: DataFrame, right: DataFrame, relation: AsofJoin, mine: pl.Schema, theirs: pl.Schema) -> DataFrame:
    """The join by one sort: both tables below each other, each left row takes the last right row seen before it."""
    left_on, right_on = (*relation.left_by, relation.left_on), (*relation.right_by, relation.right_on)
    types = key_types(mine, theirs, left_on, right_on)
    keys = [f"__engine_key_{i}" for i in range(len(types))]
    added = [name for name in theirs if name not in relation.right_by]
    names = right_names(mine.names(), added, relation.suffix)
    drawn = map_rows(
        right,
        lambda rows: rows.with_columns(draw(0, theirs.names()).alias(DRAW)),
        theirs,
        pl.Schema({**theirs, DRAW: pl.Float64()}),
    )
    place = sf.row_number().over(Window.partitionBy(*keys).orderBy(DRAW))
    one_of_each = (
        drawn.select(*map(column, theirs), DRAW, *_keys(right_on, types, keys, nan_is_null=True))
        .dropna("any", subset=keys)
        .withColumn("__engine_place", place)
        .where("__engine_place = 1")
    )
    below = left.select(
        *_keys(left_on, types, keys, nan_is_null=True), _struct(mine, "left"), sf.lit(None).alias("right")
    ).union(one_of_each.select(*keys, sf.lit(None).alias("left"), _struct(added, "right")))
    backward = relation.strategy == "backward"
    on = sf.col(keys[-1])
    # At the same moment a right row comes first, so that the left row finds it.
    window = Window.partitionBy(*keys[:-1]).orderBy(
        on.asc() if backward else on.desc(), sf.when(sf.col("right").isNull(), 1).otherwise(0)
    )
    found = sf.last("right", ignorenulls=True).over(window.rowsBetween(Window.unboundedPreceding, Window.currentRow))
    whole = reduce(and_, (sf.col(each).isNotNull() for each in keys))
    both = below.withColumn("found", sf.when(whole, found)).where(sf.col("left").isNotNull())
    return both.select(
        *(sf.col("left").getField(f"c{i}").alias(spark_name(name)) for i, name in enumerate(mine)),
        *(sf.col("found").getField(f"c{i}").alias(spark_name(names[old])) for i, old in enumerate(added)),
    )


def concatenated(frames: Sequence[DataFrame], schemas: Sequence[pl.Schema], after: pl.Schema) -> DataFrame:
    """The rows of all tables, in order, in the columns of the result."""

    def widened(frame: DataFrame, schema: pl.Schema) -> DataFrame:
        columns = {name: column(name) if name in schema else sf.lit(None) for name in after}
        return frame.select(*(fitted(each, after[name]).alias(spark_name(name)) for name, each in columns.items()))

    return reduce(DataFrame.union, map(widened, frames, schemas))


def _struct(names: Sequence[str] | pl.Schema, alias: str) -> Column:
    return sf.struct(*(column(name).alias(f"c{i}") for i, name in enumerate(names))).alias(alias)


def _renamed(names: dict[str, str]) -> list[Column]:
    return [column(old).alias(spark_name(new)) for old, new in names.items()]


def _keys(
    columns: Sequence[str], types: Sequence[pl.DataType], names: Sequence[str], *, nan_is_null: bool = False
) -> list[Column]:
    keys = []
    for name, dtype, alias in zip(columns, types, names, strict=True):
        key = column(name).cast(spark_type(dtype))
        keys.append((sf.when(~sf.isnan(key), key) if nan_is_null and dtype.is_float() else key).alias(alias))
    return keys
