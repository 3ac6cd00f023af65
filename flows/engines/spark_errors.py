"""Errors for people, carried from the executors of Spark to the driver.

What a Python function raises in an executor arrives as the text of a Java exception. Ours are put into
that text in a form that can be read back, so that they arrive as they were raised.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl
from pyspark.errors import PySparkException

from connectors.core.connector import DestinationError, SourceError
from flows.engines.errors import NoSpaceError, RowsError, overflow, told
from transforms.core.errors import DataprepError, StepError

KINDS: dict[str, type[DataprepError]] = {
    each.__name__: each for each in (NoSpaceError, RowsError, StepError, SourceError, DestinationError, DataprepError)
}
MARK = "dataprep-error:"
ENVELOPE = re.compile(re.escape(MARK) + r"(\[.*?\]):end")
OVERFLOWS = ("CAST_OVERFLOW", "ARITHMETIC_OVERFLOW", "NUMERIC_VALUE_OUT_OF_RANGE", "`i128` to `i64`")


class CarriedError(Exception):
    """An error on its way from an executor to the driver."""


@contextmanager
def portable_errors() -> Iterator[None]:
    """In an executor: errors that are the user's to mend leave in a form that the driver can read."""
    try:
        yield
    except BaseException as error:
        found = told(error)
        if not isinstance(found, DataprepError):
            raise
        kind = next(each.__name__ for each in type(found).__mro__ if each.__name__ in KINDS)
        # ASCII and without line breaks, so that no log or exception on the way changes it.
        raise CarriedError(f"{MARK}{json.dumps([kind, str(found).encode().hex()])}:end") from error


@contextmanager
def restored_errors() -> Iterator[None]:
    """On the driver: what went wrong in an executor is raised as it was there.

    Raises:
        DataprepError: what an executor raised, or a sum that does not fit into 64 bits.
    """
    try:
        yield
    except (PySparkException, pl.exceptions.InvalidOperationError) as error:
        found = restored(str(error))
        if found is None:
            raise
        raise found from error


def restored(text: str) -> DataprepError | None:
    """The error that the text of a Spark exception carries; ``None`` when it is of another kind."""
    if envelope := ENVELOPE.search(text):
        kind, message = json.loads(envelope[1])
        return KINDS[kind](bytes.fromhex(message).decode())
    if any(each in text for each in OVERFLOWS):
        return overflow()
    return None
