"""The process that runs a person's code: started by :mod:`transforms.code.worker`, it imports nothing of ours.

Requests come on standard input and replies leave on what was standard output, each as the lengths of two parts, a JSON
header and Arrow rows, and then the parts. Whatever the code prints goes to standard error, of which the other side
keeps the last lines. When the input ends, the other side is gone: the whole process group is killed, whatever it does.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import json
import math
import os
import queue
import shutil
import signal
import struct
import sys
import threading
import traceback
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

try:
    import resource
except ImportError:  # Windows has no limits; the other side still counts the seconds
    resource = None  # type: ignore[assignment]

LENGTHS = struct.Struct(">QQ")
LARGEST_FILE = 16 << 20
MOST_FILES = 256
SHOWN = 200
LONGEST = 1_000
"""Characters of a message that are passed on."""
PLAIN: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "text": (str,),
    "boolean": (bool,),
    "date": (date,),
    "datetime": (datetime,),
    "time": (time,),
    "duration": (timedelta,),
}
DTYPES: dict[str, pl.DataType] = {
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "text": pl.String(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "datetime": pl.Datetime("us"),
    "time": pl.Time(),
    "duration": pl.Duration("us"),
}
Request = tuple[dict[str, Any], bytes]


class Wrong(Exception):
    """The function gave something else than it has to."""

    def __init__(self, kind: str, **facts: Any) -> None:
        super().__init__(kind)
        self.facts = {"kind": kind, **facts}


class Raised(Exception):
    """The function raised an error, for a value that is told with it."""

    def __init__(self, sample: str) -> None:
        super().__init__(sample)
        self.sample = sample


def main(home: Path) -> None:
    """Answer requests until there are no more."""
    source, replies = _channels()
    requests: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(source, requests, home), daemon=True).start()
    path, me = home / "step.py", os.getpid()
    function: Callable[..., Any] | None = None
    while True:
        request = requests.get()
        header, body = request or ({"task": "too large"}, b"")
        try:
            if request is None:
                raise MemoryError
            if header["task"] == "start":
                _warm(pandas=header["pandas"])
                _limit(header["megabytes"])
            _limit_time(header["seconds"])
            if header["task"] == "load":
                function = _loaded(path, pandas=header["pandas"])
            found = TASKS[header["task"]](function, body, header) if function and header["task"] in TASKS else b""
            facts: dict[str, Any] = {"kind": "done"}
        except BaseException as error:  # noqa: BLE001 - what the code raises is told, whatever it is
            facts, found = _facts(error, str(path)), b""
        if os.getpid() != me:
            os._exit(0)  # a copy of the process that the code made has no say
        with contextlib.suppress(OSError, ValueError, AttributeError):  # the code may have closed or replaced them
            sys.stdout.flush()
            sys.stderr.flush()
        _send(replies, facts, found)


def _channels() -> tuple[BinaryIO, BinaryIO]:
    """Where requests come from and replies go to, out of the way of what the code reads and prints."""
    source, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    for each in (sys.stdout, sys.stderr):
        if isinstance(each, io.TextIOWrapper):
            each.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    return source, replies


def _listen(source: BinaryIO, requests: queue.SimpleQueue[Request | None], home: Path) -> None:
    try:
        while len(head := source.read(LENGTHS.size)) == LENGTHS.size:
            first, second = LENGTHS.unpack(head)
            header, body = source.read(first), source.read(second)
            if len(body) < second:
                break
            requests.put((json.loads(header), body))
    except MemoryError:
        requests.put(None)
        return
    shutil.rmtree(home, ignore_errors=True)
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def _send(replies: BinaryIO, facts: dict[str, Any], body: bytes) -> None:
    header = json.dumps(facts).encode()
    replies.write(LENGTHS.pack(len(header), len(body)))
    replies.write(header)
    replies.write(body)
    replies.flush()


def _warm(*, pandas: bool) -> None:
    """Have what the code is given in memory before its share of it is measured."""
    pl.DataFrame({"a": [2, 1]}).lazy().sort("a").collect()
    if pandas:
        importlib.import_module("pandas")


def _limit(megabytes: int) -> None:
    if resource is None:
        return
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, LARGEST_FILE),
        (resource.RLIMIT_NOFILE, MOST_FILES),
    ):
        _lower(what, most)
    taken = _address_space()
    if taken is not None:
        _lower(resource.RLIMIT_AS, taken + (megabytes << 20))


def _lower(what: int, most: int) -> None:
    hard = resource.getrlimit(what)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (most, most))


def _address_space() -> int | None:
    """Bytes that Python and polars take by themselves; ``None`` where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def _limit_time(seconds: int) -> None:
    """Seconds of processor time until the process is ended, should nobody else be left to end it."""
    if resource is None:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    threads = int(os.environ.get("POLARS_MAX_THREADS", "1"))
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    wanted = math.ceil(used.ru_utime + used.ru_stime) + seconds * threads + 1
    resource.setrlimit(resource.RLIMIT_CPU, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _loaded(path: Path, *, pandas: bool) -> Callable[..., Any]:
    """The function that the code defines; ``pl``, and ``pd`` where it works on pandas tables, are there already."""
    spec = importlib.util.spec_from_file_location("step", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    module.__dict__["pl"] = pl
    if pandas:
        import pandas as pd

        module.__dict__["pd"] = pd
    sys.modules["step"] = module
    spec.loader.exec_module(module)
    found: Callable[..., Any] | None = getattr(module, "transform", None)
    if not callable(found):
        raise Wrong("no function")
    return found


def _values(function: Callable[..., Any], body: bytes, header: dict[str, Any]) -> bytes:
    rows, type, skips = pl.read_ipc_stream(body), header["type"], header["skip_missing"]
    found: list[Any] = []
    for row in rows.iter_rows():
        if skips and any(each is None for each in row):
            found.append(None)
            continue
        try:
            value = function(*row)
        except BaseException as error:
            raise Raised(_shown(row[0] if len(row) == 1 else row)) from error
        found.append(_plain(value, type, row))
    return _written(pl.DataFrame({"result": pl.Series(found, dtype=DTYPES[type])}))


def _plain(value: Any, type: str, row: tuple[Any, ...]) -> Any:
    """A value that the function gave, if it is of the declared type; values of numpy are taken, too."""
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "ndim", None) == 0:
        value = item()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    fits = isinstance(value, PLAIN[type]) and (type == "boolean" or not isinstance(value, bool))
    if type == "integer" and isinstance(value, float) and value.is_integer():
        value, fits = int(value), True
    if type == "integer" and fits:
        fits = -(2**63) <= value < 2**63
    if type == "date" and isinstance(value, datetime):
        fits = False
    if type in ("datetime", "time") and fits:
        fits = value.tzinfo is None
    if not fits:
        sample = _shown(row[0] if len(row) == 1 else row)
        raise Wrong("value", type=type, found=_kind(value), shown=_shown(value), sample=sample)
    return float(value) if type == "number" else value


def _batch(function: Callable[..., Any], body: bytes, header: dict[str, Any]) -> bytes:
    rows = pl.read_ipc_stream(body)
    given: Any = rows.to_series() if rows.width == 1 else rows
    first = rows.row(0)
    try:
        found = function(given)
    except BaseException as error:
        raise Raised(_shown(first[0] if len(first) == 1 else first)) from error
    if not isinstance(found, pl.Series):
        raise Wrong("not a series", found=_kind(found))
    if len(found) != rows.height:
        raise Wrong("length", found=len(found), wanted=rows.height)
    return _written(found.alias("result").to_frame())


def _polars_table(function: Callable[..., Any], body: bytes, header: dict[str, Any]) -> bytes:
    found = function(pl.read_ipc_stream(body))
    if isinstance(found, pl.LazyFrame):
        found = found.collect()
    if not isinstance(found, pl.DataFrame):
        raise Wrong("not a table", found=_kind(found), wanted="a polars DataFrame")
    return _written(found)


def _pandas_table(function: Callable[..., Any], body: bytes, header: dict[str, Any]) -> bytes:
    import pandas as pd

    found = function(pl.read_ipc_stream(body).to_pandas())
    if not isinstance(found, pd.DataFrame):
        raise Wrong("not a table", found=_kind(found), wanted="a pandas DataFrame")
    names = [str(each) for each in found.columns]
    twice = next((each for each in names if names.count(each) > 1), None)
    if twice is not None:
        raise Wrong("twice", column=twice)
    index = next((str(each) for each in found.index.names if each is not None), None)
    if index is not None and index not in names and index in header["names"]:
        raise Wrong("index", column=index)
    columns = [_from_pandas(name, found.iloc[:, place]) for place, name in enumerate(names)]
    return _written(pl.DataFrame(dict(zip(names, columns, strict=True))))


def _from_pandas(name: str, values: Any) -> pl.Series:
    try:
        converted: pl.Series = pl.from_pandas(values, nan_to_null=True)
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError) as error:
        sample = next((each for each in values if each is not None and each == each), None)
        raise Wrong("mixed", column=name, found=_kind(sample), shown=_shown(sample)) from error
    return converted.alias(name)


TASKS: dict[str, Callable[[Callable[..., Any], bytes, dict[str, Any]], bytes]] = {
    "values": _values,
    "batch": _batch,
    "polars": _polars_table,
    "pandas": _pandas_table,
}


def _written(rows: pl.DataFrame) -> bytes:
    for each in rows:
        if each.dtype == pl.Object:
            sample = next((value for value in each if value is not None), None)
            raise Wrong("mixed", column=each.name, found=_kind(sample), shown=_shown(sample))
    buffer = io.BytesIO()
    rows.write_ipc_stream(buffer)
    return buffer.getvalue()


def _facts(error: BaseException, path: str) -> dict[str, Any]:
    """What went wrong, as plain values."""
    if isinstance(error, Wrong):
        return error.facts
    sample = error.sample if isinstance(error, Raised) else None
    cause = error.__cause__ if isinstance(error, Raised) and error.__cause__ is not None else error
    if isinstance(cause, MemoryError):
        return {"kind": "memory"}
    at = [each for each in traceback.extract_tb(cause.__traceback__) if each.filename == path]
    return {
        "kind": "raised",
        "error": type(cause).__name__,
        "message": _message(cause),
        "line": at[-1].lineno if at else None,
        "text": (at[-1].line or "")[:SHOWN] if at else "",
        "sample": sample,
    }


def _message(error: BaseException) -> str:
    try:
        text = str(error)
    except BaseException:  # noqa: BLE001 - it is the code's own
        return ""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _kind(value: Any) -> str:
    return "None" if value is None else type(value).__name__


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except BaseException:  # noqa: BLE001 - it may be of a class of the code's own
        text = _kind(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


if __name__ == "__main__":
    main(Path(__file__).parent)
