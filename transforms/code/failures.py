"""What went wrong in a person's code, in words: the function, the line, the value, and what to do."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from transforms.code.source import FUNCTION
from transforms.core.errors import StepError

PRINTED_LINES = 5
NOUNS = {
    "integer": "a whole number",
    "number": "a number",
    "text": "text",
    "boolean": "True or False",
    "date": "a date",
    "datetime": "a datetime without a time zone",
    "time": "a time without a time zone",
    "duration": "a timedelta",
}
"""What a function gives for each type."""


@dataclass(frozen=True)
class Limits:
    """What code may take."""

    seconds: int = 60
    """For each call: a batch of rows, or the whole table."""
    megabytes: int = 1_024
    """Beyond what Python and polars take by themselves."""


def failed(facts: Mapping[str, Any], limits: Limits, printed: str = "") -> StepError:
    """The error that facts of a failure stand for; ``printed`` is what the code printed last."""
    return StepError(_sentence(facts, limits) + _printed(printed))


def timed_out(limits: Limits, printed: str = "") -> StepError:
    """The code took too long."""
    return StepError(
        f"The Python function {FUNCTION!r} was stopped: it was not done after {limits.seconds} s. Look for a loop "
        f"without an end, or raise its time limit.{_printed(printed)}"
    )


def memory_exhausted(limits: Limits, printed: str = "") -> StepError:
    """The code needed more memory than it may have."""
    return StepError(
        f"The Python function {FUNCTION!r} needs more memory than its limit of {limits.megabytes:,} MB. Raise its "
        f"memory limit, or give it fewer rows or columns.{_printed(printed)}"
    )


def ended(code: int, limits: Limits, printed: str = "") -> StepError:
    """The process ended by itself, with a code or, below 0, by a signal."""
    if "memory allocation of" in printed or "MemoryError" in printed:
        return memory_exhausted(limits)
    name = _signal_name(-code) if code < 0 else ""
    if name == "SIGXCPU":
        return timed_out(limits, printed)
    if name == "SIGKILL":
        how = "was killed from outside, perhaps because the machine ran out of memory"
    elif name:
        how = f"crashed ({name})"
    else:
        how = f"ended its process with exit code {code}"
    return StepError(f"The Python function {FUNCTION!r} {how}, and gave no rows. Change the code.{_printed(printed)}")


def _sentence(facts: Mapping[str, Any], limits: Limits) -> str:
    what = f"The Python function {FUNCTION!r}"
    match facts["kind"]:
        case "raised":
            return _raised(what, facts)
        case "memory":
            return str(memory_exhausted(limits))
        case "no function":
            return f"{what} is no function any more once the code has run. Define it with def, and do not replace it."
        case "value":
            return (
                f"{what} has to give {NOUNS[facts['type']]} or None, but gave {facts['shown']} ({facts['found']}) for "
                f"{facts['sample']}. Change the code, or the type of the new column."
            )
        case "not a series":
            return f"{what} has to give a polars Series, but gave {_found(facts['found'])}."
        case "length":
            return (
                f"{what} gave {facts['found']:,} values for a batch of {facts['wanted']:,} rows. It has to give one "
                "for each row, in their order."
            )
        case "not a table":
            return f"{what} has to give {facts['wanted']}, but gave {_found(facts['found'])}."
        case "mixed":
            return (
                f"{what} gave a column {facts['column']!r} of values that are no one type that tables have, such as "
                f"{facts['shown']} ({facts['found']}). Make them numbers, text, dates or lists."
            )
        case "twice":
            return f"{what} gave two columns named {facts['column']!r}. Rename one."
        case "index":
            return f"{what} gave {facts['column']!r} as the index of the table. End with reset_index()."
        case other:
            raise AssertionError(f"the runner says nothing of the kind {other!r}")


def _raised(what: str, facts: Mapping[str, Any]) -> str:
    line = f" in line {facts['line']} ({facts['text']})" if facts["line"] is not None else ""
    if facts["error"] == "SystemExit":
        return f"{what} ended itself (sys.exit){line}. Return a value instead."
    error = f"{facts['error']}: {facts['message']}".strip().rstrip(":").rstrip(".")
    sample = f" It was given {facts['sample']}." if facts["sample"] is not None else ""
    return f"{what} failed{line}: {error}.{sample}"


def _found(kind: str) -> str:
    return "None: is there a return at its end" if kind == "None" else f"a {kind}"


def _printed(text: str) -> str:
    lines = [each for each in text.splitlines() if each.strip()][-PRINTED_LINES:]
    return f" It printed last: {' / '.join(each.strip()[:200] for each in lines)}" if lines else ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
