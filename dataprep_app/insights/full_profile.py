"""The full profile: a page by ydata-profiling of some rows, for who wants every statistic there is.

It needs no network and sends nothing anywhere: the library's report of its use is switched off, and the page allows
no script but its own and no request at all.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html import escape
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl

from dataprep_app.insights.making import Asked, subject_of
from dataprep_app.insights.report import Progress
from flows.engines.base import Control
from flows.files import write_whole
from transforms.core.errors import DataprepError

PAGE = "profile.html"
"""Name of the page in the folder of its job."""
ROWS = 20_000
"""The most rows that are described: every statistic there is takes its time."""
INTERACTING = 10
"""The most numbers of which every pair is drawn: of 10 these are 100 charts already."""
READ, DESCRIBED = 0.1, 0.7
"""Shares of the work that are done once the rows are there, and once they are described."""
EVERY = 0.2
"""Seconds between two looks at whether it was stopped."""
OFF = {"YDATA_PROFILING_NO_ANALYTICS": "True", "TQDM_DISABLE": "1"}
"""The library tells its makers of every profile unless the first variable is set, and prints bars without the second.
"""
BRACKETS = str.maketrans("<>", "‹›")
"""The library turns what is escaped in a title back into what it was."""
SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@dataclass(frozen=True)
class Profile:
    """What was written."""

    rows: int
    basis: str
    """What it was computed on, a sentence."""
    left_out: tuple[str, ...] = ()
    """Columns of lists, structs and bytes, of which the library makes nothing."""


def profile_table(asked: Asked, path: Path, on_progress: Progress, control: Control, most: int = ROWS) -> Profile:
    """Write the full profile of a table file or of a step of a flow.

    Raises:
        DataprepError: there is no such table, a step of the flow does not work, or there is no row.
        Cancelled: it was stopped.
    """
    on_progress(0.0, "reading and preparing rows")
    subject = subject_of(replace(asked, wish=replace(asked.wish, target=None)), control)
    known = subject.copies()
    rows = subject.drawn(most, known).rows
    basis = subject.basis(known.rows, known.rows)
    if rows.height < known.rows:
        basis += f" Of these, {rows.height:,} were drawn by chance."
    if subject.mark is not None:
        basis += " Synthetic rows are left out."
    return write_profile(rows, path, subject.title, on_progress, control, basis)


def write_profile(
    rows: pl.DataFrame, path: Path, title: str, on_progress: Progress, control: Control, basis: str = ""
) -> Profile:
    """Write the full profile of rows.

    The library cannot be interrupted: when it is stopped, its thread is left behind and has to end with the process.

    Args:
        rows: what is described.
        path: the HTML file to write.
        title: what the rows are.
        on_progress: told the share that is done, and what is being done.
        control: to stop it from another thread.
        basis: which rows these are, a sentence; all there are without it.

    Raises:
        DataprepError: there is no row or no column to describe.
        Cancelled: it was stopped.
    """
    kept = [name for name, dtype in rows.schema.items() if not _left_out(dtype)]
    if not rows.height or not kept:
        raise DataprepError(f"{title} has no {'column' if rows.height else 'row'} to describe.")
    left_out = tuple(name for name in rows.columns if name not in kept)
    made = Profile(rows.height, basis or f"Computed on all {rows.height:,} rows.", left_out)
    pool = ThreadPoolExecutor(1)
    page = pool.submit(_page, rows[kept], title, made, on_progress)
    try:
        while True:
            control.check()
            try:
                write_whole(path, page.result(EVERY))
            except TimeoutError:
                continue
            on_progress(1.0, "done")
            return made
    finally:
        pool.shutdown(wait=False)


def _page(rows: pl.DataFrame, title: str, made: Profile, on_progress: Progress) -> str:
    on_progress(READ, f"describing {rows.height:,} rows of {rows.width} columns")
    with quiet_profiling() as profile_report:
        report = profile_report(_frame(rows), **_settings(rows, title, made))
        report.get_description()
        on_progress(DESCRIBED, "drawing the page")
        return _closed(report.to_html())


@contextmanager
def quiet_profiling() -> Iterator[Any]:
    """The library, without a word to anybody."""
    before = {name: os.environ.get(name) for name in OFF}
    os.environ |= OFF
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield _library().ProfileReport
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _library() -> ModuleType:
    """The library; it imports pkg_resources, which setuptools no longer has, and uses nothing of it here."""
    if find_spec("pkg_resources") is not None:
        return import_module("ydata_profiling")
    sys.modules["pkg_resources"] = ModuleType("pkg_resources")
    try:
        return import_module("ydata_profiling")
    finally:
        del sys.modules["pkg_resources"]


def _settings(rows: pl.DataFrame, title: str, made: Profile) -> dict[str, Any]:
    numbers = sum(dtype.is_numeric() for dtype in rows.dtypes)
    left = f" Left out, since they hold no single values: {', '.join(made.left_out)}." if made.left_out else ""
    return {
        "title": escape(title.translate(BRACKETS)),
        "progress_bar": False,
        "dataset": {"description": escape(f"{made.basis}{left}")},
        "interactions": {"continuous": numbers <= INTERACTING},
        "html": {"inline": True, "use_local_assets": True, "minify_html": False, "style": {"full_width": True}},
    }


def _left_out(dtype: pl.DataType) -> bool:
    return dtype.is_nested() or dtype in (pl.Binary, pl.Object)


def _frame(rows: pl.DataFrame) -> Any:
    """The rows for pandas. The library writes names of columns into its page as they are, so they are escaped here."""
    texts = pl.col(pl.Categorical, pl.Enum, pl.Time, pl.Null).cast(pl.String)
    plain = rows.with_columns(texts, pl.col(pl.Decimal).cast(pl.Float64))
    return plain.rename({name: escape(name) for name in plain.columns}).to_pandas()


def _closed(page: str) -> str:
    """The page with a policy that allows its own scripts only, whatever the values in it say, and no request."""
    own = SCRIPT.findall(page.rpartition("<footer>")[2])
    hashes = (base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in own)
    scripts = " ".join(f"'sha256-{each}'" for each in hashes)
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; font-src data:; "
        f"style-src 'unsafe-inline'; script-src {scripts}"
    )
    return page.replace("<head>", f'<head><meta http-equiv="Content-Security-Policy" content="{policy}">', 1)
