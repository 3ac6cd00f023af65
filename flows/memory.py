"""What a flow needs in memory on one machine, said before it runs.

Steps that look at one row at a time need the same however long the table is. What brings rows together holds
them, and some of it can be put on the disk by polars when memory runs short, the rest cannot. The need is an
estimate: rows and bytes of the sources (exact for Parquet, by the size of the files and of a sample of rows for
text), carried along the steps, times the factors of :data:`HELD`. They were measured with polars 2.1 on tables of 5
and 15 million rows and 15 columns, as the peak of private memory less the 200 MB of a process that only reads
(``python -m tests.proofs.memory``).

It is not known how many groups or pairs there will be: a join is taken to match each key once, and nothing is said of
what comes after grouped rows. Sources that are no files are passed by.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from connectors.core.files import FileSource
from connectors.parquet import ParquetSource
from flows.document import Flow
from flows.expansion import expanded
from flows.explain import planned
from flows.graph import run_order
from flows.problems import Checked
from flows.tables import OpenSource, open_sources
from transforms.core.errors import DataprepError
from transforms.core.relations import (
    Aggregate,
    Apply,
    AsofJoin,
    Concat,
    Distinct,
    Join,
    Limit,
    Relation,
    Sample,
    Sort,
    Window,
)

BUDGET = "POLARS_OOC_MEMORY_BUDGET_MB"
"""The variable that tells polars from how many MB on it puts what it holds on the disk; by itself it starts at
four fifths of all memory, used by others or not."""
TOTAL = "POLARS_OVERRIDE_TOTAL_MEMORY_MB"
USED = 0.7
"""Part of the free memory that polars is given before it does so."""
SMALLEST_BUDGET = 500
"""MB; with much less polars spends its time moving rows."""
MOST_UNPACKED = 30
"""Bytes of memory that a byte of a file takes at most: what is smaller than that by far is not looked into."""
SAMPLED = 2_000
UNKNOWN_TEXT = 24.0
"""Bytes of a text of which no example is at hand."""


@dataclass(frozen=True)
class Held:
    """What a relation holds."""

    word: str
    """What it does, to begin a sentence with."""
    factor: float
    """Bytes of memory for each byte of the rows it takes."""
    spills: bool
    """Whether polars puts it on the disk when memory runs short."""


HELD: dict[type[Relation], Held] = {
    Sort: Held("Sorting", 1.6, True),
    Aggregate: Held("Grouping", 1.0, True),
    Distinct: Held("Finding distinct rows", 1.2, True),
    Join: Held("Joining", 1.0, False),
    AsofJoin: Held("Joining", 3.0, False),
    Window: Held("Looking at other rows of a group", 1.8, True),
    Sample: Held("Drawing rows", 1.3, True),
    Apply: Held("Passing the whole table through a function", 3.0, False),
}
"""By relation; those that are not here hold next to nothing. As-of joins and functions were not measured."""
BY_ALL_COLUMNS = Held("Finding distinct rows", 1.5, False)
"""A distinct by every column, and one that keeps only what occurs once, which polars cannot put on the disk."""


@dataclass(frozen=True)
class Size:
    """An estimate of a table."""

    rows: float
    widths: Mapping[str, float]
    """Bytes of a value, by column; of a column that is not here, what its type takes."""

    def bytes(self, schema: pl.Schema) -> float:
        """Memory that the whole table takes."""
        return self.rows * sum(self.widths.get(name, _width(dtype)) for name, dtype in schema.items())


@dataclass(frozen=True)
class Need:
    """What a step needs."""

    step: str
    held: Held
    bytes: float


def warned(flow: Flow, checked: Checked, folder: Path, *, spill: bool = False) -> list[str]:
    """What should be known of the memory that a flow needs with polars, before it runs; nothing when all fits.

    Args:
        flow: the flow.
        checked: what is known of it.
        folder: where its relative paths start.
        spill: also have polars put rows on the disk in time (:func:`spill_early`), as for a run that is to begin.
    """
    free = free_memory()
    found = needs(flow, checked, folder, free)
    if spill:
        spill_early(found, free)
    return list(warnings(found, free))


def needs(flow: Flow, checked: Checked, folder: Path, free: float) -> list[Need]:
    """What the steps of a flow need that hold rows, when its files are so large that it might matter."""
    flow = expanded(flow).flow
    try:
        sources = open_sources(flow, folder, checked.values)
        sizes = {id: size for id, each in sources.items() if (size := source_size(each, free)) is not None}
    except (DataprepError, OSError, pl.exceptions.PolarsError):
        return []  # whoever opens them for the run says what is wrong
    schemas, tables, found = checked.prediction.schemas, planned(flow, checked), list[Need]()
    for id in run_order(flow):
        if id not in flow.steps or id not in tables:
            continue
        inputs = flow.steps[id].inputs
        if flow.steps[id].disabled or any(each not in sizes or each not in schemas for each in inputs):
            if flow.steps[id].disabled and inputs and inputs[0] in sizes:
                sizes[id] = sizes[inputs[0]]
            continue
        taken = sum(sizes[each].bytes(schemas[each]) for each in inputs)
        ends = [tables[each] for each in inputs]
        kinds = list(_between(tables[id], ends))
        holding = [held for each in kinds if (held := _held(each, schemas[inputs[0]])) is not None]
        if holding:
            held = max(holding, key=lambda each: each.factor)
            found.append(Need(id, held, held.factor * taken))
        after = _after(kinds, [sizes[each] for each in inputs])
        if after is not None:
            sizes |= {each: after for each in tables if each == id or each.startswith(f"{id}.")}
    return found


def warnings(found: Iterable[Need], free: float) -> Iterator[str]:
    """A sentence for each need that is larger than the free memory."""
    for each in found:
        if each.bytes <= free:
            continue
        needed = f"{each.held.word} in {each.step!r} needs about {_said(each.bytes)} of memory, {_said(free)} are free"
        if each.held.spills:
            yield f"{needed}: polars will put the rest on the disk, which takes longer. Spark would be quicker."
        else:
            yield f"{needed}: run it on Spark, or keep fewer rows or columns before it."


def spill_early(found: Iterable[Need], free: float) -> None:
    """Have polars put rows on the disk in time, when a step that can do so needs more than is free.

    A budget that was set by hand is left alone. It holds for the rest of the process.
    """
    if BUDGET not in os.environ and any(each.held.spills and each.bytes > free for each in found):
        os.environ[BUDGET] = str(max(SMALLEST_BUDGET, int(USED * free / 1e6)))
        pl.Config.reload_env_vars()


def source_size(source: OpenSource, free: float) -> Size | None:
    """Rows and widths of a source; ``None`` when its files are so small that it does not matter, or it has none."""
    connector = source.connector
    if not isinstance(connector, FileSource):
        return None
    files = connector.files(source.context)
    stored = sum(each.stat().st_size for each in files)
    if stored * MOST_UNPACKED < free:
        return None
    sample = connector.scan(source.context).head(SAMPLED).collect(engine="streaming")
    if not sample.height:
        return None
    if isinstance(connector, ParquetSource):
        rows = float(pl.scan_parquet(files, glob=False).select(pl.len()).collect().item())
    else:
        rows = stored / (_text_bytes(sample) / sample.height)
    if source.sampling is not None:
        rows = min(rows, source.sampling.rows)
    return Size(rows, {name: _mean_bytes(sample[name]) for name in sample.columns})


def free_memory() -> float:
    """Bytes that this process could still take.

    What the machine has available, or less where a control group or polars' own setting for the whole memory,
    ``POLARS_OVERRIDE_TOTAL_MEMORY_MB``, limits it.
    """
    free = [limit - used for limit, used in _limits()]
    said = [line.split() for line in _lines(Path("/proc/meminfo"))]
    free += [1024.0 * int(number) for name, number, *_ in said if name == "MemAvailable:"]
    told = os.environ.get(TOTAL, "")
    free += [1e6 * int(told)] if told.isdigit() else []
    # Where the system does not say what is available, half of what there is.
    return max(0.0, min(free, default=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2))


def _limits() -> Iterator[tuple[float, float]]:
    """Limit and use of each control group that this process is in."""
    root = Path("/sys/fs/cgroup")
    for line in _lines(Path("/proc/self/cgroup")):
        _, controllers, name = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        base = root / "memory" if controllers else root
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes") if controllers else ("memory.max", "memory.current")
        here = base / name.lstrip("/")
        for folder in (here, *here.parents):
            limit, used = ("".join(_lines(folder / each)).strip() for each in names)
            if limit.isdigit() and used.isdigit():
                yield float(limit), float(used)
            if folder == base:
                break


def _held(relation: Relation, taken: pl.Schema) -> Held | None:
    if isinstance(relation, Distinct) and (relation.keep == "none" or set(relation.columns) >= set(taken)):
        return BY_ALL_COLUMNS
    return HELD.get(type(relation))


def _between(relation: Relation, ends: Iterable[Relation]) -> Iterator[Relation]:
    """What a step is made of: its relations down to the tables that it takes."""
    stop, waiting, seen = set(ends), [relation], set[Relation]()
    while waiting:
        each = waiting.pop()
        if each in stop or each in seen:
            continue
        seen.add(each)
        yield each
        for value in vars(each).values():
            parts = value if isinstance(value, tuple) else (value,)
            waiting += [below for below in parts if isinstance(below, Relation)]


def _after(kinds: Iterable[Relation], inputs: list[Size]) -> Size | None:
    """The size of what a step gives; ``None`` when it cannot be told."""
    rows = inputs[0].rows if inputs else 0.0
    for each in kinds:
        match each:
            case Aggregate():
                return None
            case Join(how="cross"):
                rows = inputs[0].rows * inputs[-1].rows
            case Join(how="right"):
                rows = inputs[-1].rows
            case Join(how="full") | Concat():
                rows = sum(size.rows for size in inputs)
            case Limit(rows=most) | Sample(rows=most, per=()):
                rows = rows if most is None else min(rows, most)
    return Size(rows, {name: width for size in reversed(inputs) for name, width in size.widths.items()})


def _width(dtype: pl.DataType) -> float:
    """Bytes that a value of a type takes, of which no example is at hand."""
    if dtype == pl.String or dtype.is_nested():
        return UNKNOWN_TEXT
    return pl.Series([None] * 64, dtype=dtype).estimated_size() / 64


def _mean_bytes(values: pl.Series) -> float:
    # Made anew, since a column that was cut out of a larger one is counted with all of it.
    return pl.Series(values.to_list(), dtype=values.dtype).estimated_size() / len(values)


def _text_bytes(sample: pl.DataFrame) -> int:
    nested = any(dtype.is_nested() or dtype == pl.Binary for dtype in sample.dtypes)
    return len(sample.write_ndjson() if nested else sample.write_csv())


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def _said(size: float) -> str:
    unit: Literal["GB", "MB"] = "GB" if size >= 1e9 else "MB"
    return f"{size / 1e9:.1f} GB" if unit == "GB" else f"{size / 1e6:.0f} MB"
