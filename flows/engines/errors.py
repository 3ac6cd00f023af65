"""What engines say when rows cannot be computed, in words for the person who can mend it."""

from __future__ import annotations

import polars as pl

from transforms.core.errors import DataprepError, StepError

TRAILER = "\n\nThis error occurred"
"""What polars adds to an error that one of its expressions raised."""


def overflow() -> StepError:
    """What both engines say of a sum that does not fit."""
    return StepError(
        f"A sum is too large for a whole number: it is beyond {2**63 - 1:,}. Change the column to numbers first."
    )


def told(error: BaseException) -> BaseException:
    """An error of a polars query as one for people; others as they are.

    A panic of polars is a ``BaseException``: it becomes an error too, or it would end the session.
    """
    if isinstance(error, DataprepError):
        return type(error)(str(error).partition(TRAILER)[0]) if TRAILER in str(error) else error
    if isinstance(error, pl.exceptions.PolarsError):
        if "`i128` to `i64`" in str(error):
            return overflow()
        text = str(error).strip().partition("\n")[0].rstrip(".")
        return StepError(f"The rows cannot be computed: {text}.")
    if type(error).__name__ == "PanicException":
        return StepError("The rows cannot be computed: a source is damaged, or polars has a fault. Check the sources.")
    return error
