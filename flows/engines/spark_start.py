"""Starting the Spark engine: on the session there is, or on a local one."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import flows
from flows.engines.base import Control, RunEngine
from flows.tables import OpenSource
from transforms.core.errors import DataprepError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession

SETTINGS = {
    # Semantics: what the same flow does on polars.
    "spark.sql.caseSensitive": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    # Speed: larger batches to Python, plans that adapt to the size of the data.
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
    "spark.sql.execution.pyspark.udf.simplifiedTraceback.enabled": "true",
}
"""Settings of a session that may be changed while it runs."""
LOCAL = {
    "spark.ui.enabled": "false",
    "spark.log.level": "FATAL",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "4g",
    "spark.sql.shuffle.partitions": "64",
}
"""Settings of a local session of our own."""


def start_spark(sources: Mapping[str, OpenSource], control: Control) -> RunEngine:
    """An engine over the sources of a flow.

    Raises:
        DataprepError: PySpark or Java is missing, or the workers do not have what they need.
    """
    made = session()
    from flows.engines.spark_engine import SparkEngine

    return SparkEngine(made, sources, control)


def session(master: str = "local[*]", settings: Mapping[str, str] | None = None) -> SparkSession:
    """The active session, or else one of our own, set to what the engine needs.

    Args:
        master: where a session of our own runs.
        settings: more settings of a session of our own.

    Raises:
        DataprepError: PySpark or Java is missing, or the workers do not have what they need.
    """
    try:
        from pyspark.errors import PySparkRuntimeError
        from pyspark.sql import SparkSession
    except ModuleNotFoundError as error:
        raise DataprepError("PySpark is not installed. Install it (pip install pyspark), or use polars.") from error
    try:
        found = SparkSession.active()
    except PySparkRuntimeError:
        found = _started(master, settings or {})
    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        # PySpark prints what it raises as well; the error is enough.
        logging.getLogger(name).setLevel(logging.CRITICAL)
    for key, value in SETTINGS.items():
        found.conf.set(key, value)
    if not (found.sparkContext.master or "").startswith("local"):
        check_workers(found)
    return found


def _started(master: str, settings: Mapping[str, str]) -> SparkSession:
    """A session as ``spark-submit`` was told, or one of our own."""
    from pyspark.errors import PySparkRuntimeError
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("Dataprep")
    own: dict[str, str] = {}
    if "PYSPARK_GATEWAY_PORT" not in os.environ:  # which spark-submit sets, whose settings ours would override
        if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
            raise DataprepError("Spark needs Java 17 or newer. Put java on the path, or set JAVA_HOME; or use polars.")
        # Without this, workers would be whichever python3 comes first on the path.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        own = {"spark.master": master, **LOCAL, **_worker_settings()}
    for key, value in {**own, **SETTINGS, **settings}.items():
        builder = builder.config(key, value)
    try:
        return builder.getOrCreate()
    except PySparkRuntimeError as error:
        raise DataprepError(f"Spark could not be started: {error}. Check Java, or use polars.") from error


def _worker_settings() -> dict[str, str]:
    """Workers of a local session find our packages wherever they were started."""
    return {"spark.executorEnv.PYTHONPATH": str(Path(flows.__path__[0]).parent)}


def check_workers(spark: SparkSession) -> None:
    """Run a small job on the workers that tells whether they have our packages and the driver's polars.

    Hashes, which draw samples and splits, are not promised to be equal across versions of polars.

    Raises:
        DataprepError: they do not.
    """
    import polars as pl
    from pyspark.errors import PySparkException

    slots = max(spark.sparkContext.defaultParallelism, 1)
    try:
        rows = spark.range(0, slots, 1, slots).mapInArrow(_versions, "polars string").distinct().collect()
    except PySparkException as error:
        if "No module named" not in str(error):
            raise
        name = str(error).partition("No module named")[2].split("'")[1]
        raise DataprepError(
            f"The workers of Spark do not have the Python package {name!r}. Give the bundle to --py-files for ours, "
            "and install polars, pyarrow and pydantic on the workers."
        ) from error
    found = {row.polars for row in rows}
    if found != {pl.__version__}:
        raise DataprepError(
            f"The workers of Spark have polars {', '.join(sorted(found))}, and the driver {pl.__version__}. "
            "Install the same version, so that samples and splits are the same everywhere."
        )


def _versions(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    import polars as pl
    import pyarrow as pa

    for batch in batches:
        yield pa.RecordBatch.from_pydict({"polars": [pl.__version__] * batch.num_rows})
