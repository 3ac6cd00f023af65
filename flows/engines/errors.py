"""What engines say when rows cannot be computed, in words for the person who can mend it."""

from __future__ import annotations

import errno
import re

import polars as pl

from connectors.core.connector import DestinationError
from transforms.core.errors import DataprepError, StepError

CANNOT = "The rows cannot be computed: "
FULL = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the quota is used up", errno.EFBIG: "files may not be larger"}
"""What stands in the way of writing, by the number of the system's error."""
NUMBER = re.compile(r"\(os error (\d+)\)")
TRAILER = "\n\nThis error occurred"
"""What polars adds to an error that one of its expressions raised."""


class RowsError(StepError):
    """Rows cannot be computed; the engine that was asked for them does not know which step they belong to."""


class NoSpaceError(DestinationError):
    """The disk, or what a user may take of it, is full."""


def overflow() -> RowsError:
    """What both engines say of a sum that does not fit."""
    return RowsError(
        f"A sum is too large for a whole number: it is beyond {2**63 - 1:,}. Change the column to numbers first."
    )


def told(error: BaseException) -> BaseException:
    """An error of a polars query as one for people; others as they are.

    A panic of polars is a ``BaseException``: it becomes an error too, or it would end the session.
    """
    if isinstance(error, DataprepError):
        return type(error)(str(error).partition(TRAILER)[0]) if TRAILER in str(error) else error
    if isinstance(error, pl.exceptions.PolarsError | OSError):
        found = NUMBER.search(str(error))
        number = int(found[1]) if found else getattr(error, "errno", None)
        if number in FULL:
            return NoSpaceError(f"{FULL[number]}. Free some space, or write elsewhere.")
        if "`i128` to `i64`" in str(error):
            return overflow()
        text = str(error).strip().partition("\n")[0].rstrip(".")
        return RowsError(f"{CANNOT}{text}.")
    if type(error).__name__ == "PanicException":
        return RowsError(f"{CANNOT}a source is damaged, or polars has a fault. Check the sources.")
    return error
