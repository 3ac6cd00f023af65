"""Whether the workers of a cluster have the packages of the driver, in the same versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from transforms.core.errors import DataprepError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession

NEEDED = ("polars", "pyarrow", "pydantic", "numpy")
"""What every task imports."""
SOMETIMES = (
    "anyascii", "babel", "cryptography", "email-validator", "faker", "ftfy", "h3", "holidays", "jellyfish",
    "nameparser", "phonenumbers", "pint", "py3langid", "pycountry", "python-stdnum", "rapidfuzz", "scikit-learn",
    "selectolax", "snowballstemmer", "sqlglot", "tldextract", "ua-parser",
)  # fmt: skip
"""What some transforms import in tasks. A step that lacks its package says so itself."""


def check_versions(spark: SparkSession) -> None:
    """Run a small job that compares the packages of workers with those of the driver.

    The same step may give other values in another version of its package: other phone numbers, other holidays.

    Raises:
        DataprepError: a package that all tasks need is missing on a worker, or a package has another version there.
    """
    slots = max(spark.sparkContext.defaultParallelism, 1)
    told = spark.range(0, slots, 1, slots).mapInArrow(_told, "name string, version string").distinct().collect()
    mine = versions()
    missing = sorted({row.name for row in told if row.version is None and row.name in NEEDED})
    if missing:
        raise DataprepError(
            f"The workers of Spark do not have {', '.join(missing)}. Install on them what the driver has, or send a "
            "packed environment with --archives."
        )
    other = sorted(
        f"{row.name} {row.version} (driver: {mine[row.name]})"
        for row in told
        if row.version is not None and mine[row.name] not in (None, row.version)
    )
    if other:
        raise DataprepError(
            f"The workers of Spark have other versions than the driver: {', '.join(other)}. Install the same, so that "
            "steps give the same values everywhere."
        )


def versions() -> dict[str, str | None]:
    """The version of each package that tasks may import; ``None`` where it is not installed."""
    return {name: _version(name) for name in (*NEEDED, *SOMETIMES)}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _told(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    for _ in batches:
        found = versions()
        yield pa.RecordBatch.from_pydict(
            {"name": list(found), "version": list(found.values())},
            schema=pa.schema({"name": pa.string(), "version": pa.string()}),
        )
