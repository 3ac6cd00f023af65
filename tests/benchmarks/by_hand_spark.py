"""The timed flows as a PySpark user would write them, natively.

``python -m tests.benchmarks.by_hand_spark ten FOLDER`` or ``... joined FOLDER``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sf


def ten_steps(rows: DataFrame) -> DataFrame:
    """The ten steps."""
    income, dti, rate, spread = rows.agg(
        sf.mean("annual_income"), sf.mean("dti"), sf.mean("interest_rate"), sf.stddev_pop("interest_rate")
    ).collect()[0]
    purposes = sorted(each.purpose for each in rows.select("purpose").distinct().collect() if each.purpose)
    rows = rows.fillna({"annual_income": income, "dti": dti})
    rows = rows.withColumn("loan_amount", sf.greatest(sf.least("loan_amount", sf.lit(35_000.0)), sf.lit(500.0)))
    for each in purposes:
        name = f"purpose_{each.replace(' ', '_')}"
        rows = rows.withColumn(name, sf.coalesce((sf.col("purpose") == each).cast("long"), sf.lit(0)))
    rows = rows.drop("purpose").withColumn("interest_rate", (sf.col("interest_rate") - rate) / spread)
    rows = rows.withColumn("city", sf.lower(sf.trim("city")))
    for part, function in (("year", sf.year), ("month", sf.month), ("weekday", sf.dayofweek)):
        rows = rows.withColumn(f"issued_on_{part}", function("issued_on"))
    rows = rows.withColumn("log_installment", sf.log1p("installment"))
    band = sf.when(sf.col("score") < 500, "0-500").when(sf.col("score") < 600, "500-600")
    rows = rows.withColumn("score", band.when(sf.col("score") < 700, "600-700").otherwise("700-2000"))
    return rows.filter("open_lines >= 5").drop("late", "revolving")


def joined(rows: DataFrame, customers: DataFrame) -> DataFrame:
    """A join, a formula and a group-by."""
    both = rows.join(customers, on="id").withColumn("load", sf.col("installment") * 12 / sf.col("annual_income"))
    return both.groupBy("region", "grade").agg(
        sf.count(sf.lit(1)).alias("rows"),
        sf.mean("interest_rate").alias("rate"),
        sf.sum("loan_amount").alias("amount"),
        sf.mean("load").alias("load"),
    )


def main() -> None:
    """Run one case."""
    case, folder = sys.argv[1], Path(sys.argv[2])
    builder = SparkSession.builder.master("local[*]").config("spark.ui.enabled", "false")
    spark = builder.config("spark.sql.shuffle.partitions", "4").config("spark.log.level", "ERROR").getOrCreate()
    rows = spark.read.parquet(str(folder / "rows.parquet"))
    made = ten_steps(rows) if case == "ten" else joined(rows, spark.read.parquet(str(folder / "customers.parquet")))
    made.write.mode("overwrite").parquet(str(folder / f"by_hand_spark_{case}"))
    spark.stop()


if __name__ == "__main__":
    main()
