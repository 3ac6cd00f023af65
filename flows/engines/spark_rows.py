"""The bridge between polars and Spark: types, names, and polars functions run on the rows of a Spark table.

Each polars type is carried by a Spark type that holds all its values, and restored from the schema that
the engine knows; so a column comes back exactly as it left, its time zone included. Columns of a Spark
table are in the order of that schema and named by :func:`spark_name`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import polars as pl
import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as sf
from pyspark.sql import types as st
from pyspark.sql.pandas.types import to_arrow_schema

from flows.engines.spark_errors import portable_errors
from transforms.core.columns import column as exactly

RowFunction = Callable[[pl.LazyFrame], pl.LazyFrame]
Batches = Iterable[pa.RecordBatch]

ESCAPED = "__escaped_"
LARGEST_BATCH = 1 << 16
"""Rows that are handed back to Spark at once."""
SCALARS: dict[type[pl.DataType], st.DataType] = {
    pl.Int8: st.ByteType(),
    pl.Int16: st.ShortType(),
    pl.Int32: st.IntegerType(),
    pl.Int64: st.LongType(),
    pl.Float32: st.FloatType(),
    pl.Float64: st.DoubleType(),
    pl.Boolean: st.BooleanType(),
    pl.String: st.StringType(),
    pl.Binary: st.BinaryType(),
    pl.Date: st.DateType(),
    pl.Duration: st.DayTimeIntervalType(),
    pl.Null: st.NullType(),
}


def spark_name(name: str) -> str:
    """The name that a column has in Spark: its own, unless PySpark would take it for a path of names."""
    if name and not set(".`*") & set(name) and not name.startswith(ESCAPED):
        return name
    return ESCAPED + name.encode().hex()


def column(name: str) -> Column:
    """A column of a Spark table by its polars name."""
    return sf.col(spark_name(name))


def carried(dtype: pl.DataType) -> pl.DataType:
    """The polars type that crosses to Spark: the type itself, or the smallest that Spark has and holds its values.

    Columns in the types that transforms promise (:func:`transforms.core.dtypes.portable`) cross as they
    are, but for times of day, which Spark can neither keep in memory nor, before 4.1, hold at all: they
    cross as nanoseconds. Other types occur within a plan only.
    """
    match dtype:
        case pl.UInt8():
            return pl.Int16()
        case pl.UInt16():
            return pl.Int32()
        case pl.UInt32():
            return pl.Int64()
        case pl.UInt64():
            return pl.Decimal(20, 0)
        case pl.Int128() | pl.UInt128():
            return pl.Decimal(38, 0)
        case pl.Float16():
            return pl.Float32()
        case pl.Categorical() | pl.Enum():
            return pl.String()
        case pl.Time() | pl.Datetime(time_unit="ns") | pl.Duration(time_unit="ns"):
            return pl.Int64()
        case pl.Datetime(time_zone=zone):
            return pl.Datetime("us", "UTC" if zone else None)
        case pl.Duration():
            return pl.Duration("us")
        case pl.List(inner=inner) | pl.Array(inner=inner):
            return pl.List(carried(_instance(inner)))
        case pl.Struct(fields=fields):
            return pl.Struct({each.name: carried(_instance(each.dtype)) for each in fields})
        case _:
            return dtype


def spark_type(dtype: pl.DataType) -> st.DataType:
    """The Spark type that carries a polars type."""
    match carried(dtype):
        case pl.Datetime(time_zone=zone):
            return st.TimestampType() if zone else st.TimestampNTZType()
        case pl.Decimal(precision=precision, scale=scale):
            return st.DecimalType(precision, scale)
        case pl.List(inner=inner):
            return st.ArrayType(spark_type(_instance(inner)))
        case pl.Struct(fields=fields):
            return st.StructType([st.StructField(each.name, spark_type(_instance(each.dtype))) for each in fields])
        case other if type(other) in SCALARS:
            return SCALARS[type(other)]
        case other:
            raise NotImplementedError(f"Spark has no type for polars {other}.")


def spark_schema(schema: pl.Schema) -> st.StructType:
    """The columns of a Spark table that carries a polars table."""
    return st.StructType([st.StructField(spark_name(name), spark_type(dtype)) for name, dtype in schema.items()])


def to_batches(rows: pl.DataFrame, to: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Polars rows as Arrow batches of exactly the declared types."""
    plain = rows.select(
        exactly(name).cast(carried(dtype)) if carried(dtype) != dtype else exactly(name)
        for name, dtype in rows.schema.items()
    )
    table = plain.to_arrow(compat_level=pl.CompatLevel.oldest())
    # Polars writes large lists, which Spark refuses, and any name; the declared schema has the last word.
    cast = pa.Table.from_arrays(
        [_sound(each).cast(field.type) for each, field in zip(table.columns, to, strict=True)], schema=to
    )
    yield from cast.to_batches(max_chunksize=LARGEST_BATCH)


def _sound(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column that can be sent: of lists that are all empty, polars 2.1 may give items that begin beyond their end."""
    if not any(map(_hollow, column.chunks)):
        return column
    return pa.chunked_array([each.take(pa.array(range(len(each)), pa.int64())) for each in column.chunks], column.type)


def _hollow(array: pa.Array) -> bool:
    """Whether there are lists in an array that hold nothing at all."""
    if pa.types.is_large_list(array.type):
        return len(array.values) == 0 or _hollow(array.values)
    if pa.types.is_struct(array.type):
        return any(_hollow(array.field(i)) for i in range(array.type.num_fields))
    return False


def from_arrow(arrow: pa.RecordBatch | pa.Table, schema: pl.Schema) -> pl.DataFrame:
    """Arrow data of a Spark table as the polars rows it carries."""
    # An empty name would be taken for none, so names are given afterwards.
    given = pa.Table.from_arrays(list(arrow.columns), names=[str(i) for i in range(len(schema))])
    return restored(pl.DataFrame(given).lazy(), schema).collect()


def restored(rows: pl.LazyFrame, schema: pl.Schema) -> pl.LazyFrame:
    """Columns that came from Spark, named ``0``, ``1`` ..., in the names and types they had before."""
    return rows.select(pl.col(str(i)).cast(dtype).alias(name) for i, (name, dtype) in enumerate(schema.items()))


def from_spark(frame: DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """All rows of a Spark table, in memory."""
    return from_arrow(frame.toArrow(), schema)


def to_spark(spark: SparkSession, rows: pl.DataFrame) -> DataFrame:
    """A Spark table of rows in memory."""
    declared = spark_schema(rows.schema)
    if rows.is_empty():  # of which PySpark 4.3 makes no table when a column holds datetimes
        return spark.range(0).select(*(sf.lit(None).cast(each.dataType).alias(each.name) for each in declared))
    arrow = to_arrow_schema(declared, timezone="UTC")
    return spark.createDataFrame(pa.Table.from_batches(to_batches(rows, arrow), arrow), declared)


def map_rows(frame: DataFrame, function: RowFunction, before: pl.Schema, after: pl.Schema) -> DataFrame:
    """A polars function of rows over a Spark table, batch by batch in the executors, in one crossing.

    Args:
        frame: the table; its columns are those of ``before``, in order, whatever their names.
        function: applied to pieces of the table; chains of steps are one function (:func:`chained`).
        before: the polars columns that ``frame`` carries.
        after: the columns that ``function`` gives.
    """
    declared = spark_schema(after)
    to = to_arrow_schema(declared, timezone="UTC")

    def run(batches: Batches) -> Iterator[pa.RecordBatch]:
        with portable_errors():
            for batch in batches:
                yield from to_batches(function(from_arrow(batch, before).lazy()).collect(), to)

    return frame.mapInArrow(run, declared)


def chained(functions: Sequence[RowFunction]) -> RowFunction:
    """Several functions of rows as one, the first first."""

    def run(rows: pl.LazyFrame) -> pl.LazyFrame:
        for each in functions:
            rows = each(rows)
        return rows

    return run


def _instance(dtype: object) -> pl.DataType:
    return dtype() if isinstance(dtype, type) else dtype  # type: ignore[return-value]
