"""Rejects: the rows of which a step lost or refused a value, written beside the output when a run is asked to.

Beside ``out.parquet`` they are in ``out.rejects``: for each such step a Parquet file of its name (on Spark a
folder of such files), with the rows as the step took them and the step, the column and the reason in three
more columns. A row is there once for each value that was lost, so that as many rows have a reason as the run
counts, and a row that failed in two ways is found under both.

The folder is moved into place as a whole, and a run that writes the output anew takes away the rejects of the
run before, so what is there belongs to the output beside it. ``_rejects.json`` says of which run and lists
the files: nothing else is ever removed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from connectors.core.connector import DestinationError, FileDestination
from connectors.parquet import ParquetDestination
from flows.engines.base import Engine, Write
from flows.failures import checks
from flows.placing import clear_stale, commit, discard, partial_path
from flows.planning import Plan
from flows.result import RejectsResult
from flows.tables import OpenDestination
from transforms.core.categories import free_names
from transforms.core.columns import column as exactly
from transforms.core.relations import Concat, MapRows, Relation
from transforms.core.transform import Failure

SUFFIX = ".rejects"
CONTENTS = "_rejects.json"
"""Begins with an underscore, so that Spark passes it by when it reads the folder."""
ADDED = ("dataprep_step", "dataprep_column", "dataprep_reason")
FOUND = "__failures"


@dataclass(frozen=True, eq=False)
class TakeRejects:
    """Of some rows those in which a step fails, once for each failure, with what is wrong."""

    step: str
    failures: tuple[Failure, ...]
    columns: tuple[str, ...]
    """Those that the step took."""

    def apply(self, rows: pl.LazyFrame, learned: None = None) -> pl.LazyFrame:
        places = range(len(self.failures))
        found = [pl.when(each.where).then(pl.lit(i, pl.Int64)) for i, each in enumerate(self.failures)]
        texts = [[getattr(each, what) for each in self.failures] for what in ("column", "what")]
        column, reason = (pl.col(FOUND).replace_strict(places, each, return_dtype=pl.String) for each in texts)
        added = zip(free_names(ADDED, self.columns), (pl.lit(self.step), column, reason), strict=True)
        return (
            # Rows without a failure go first: no list is made for them.
            rows.filter(pl.any_horizontal(each.where for each in self.failures))
            .with_columns(pl.concat_list(found).list.drop_nulls().alias(FOUND))
            .explode(FOUND)
            .select(*map(exactly, self.columns), *(value.alias(name) for name, value in added))
        )


@dataclass
class Rejects:
    """What a run writes beside its first destination; nothing when it was not asked to."""

    folder: Path
    run: dict[str, Any]
    """Which run it is, for the list of contents."""
    stale: tuple[Path, ...] = ()
    """Where runs that had another first destination have put rejects of what is now written anew."""
    partial: Path | None = None
    """Where the files are until all is done."""
    writes: dict[str, Write] = field(default_factory=dict)
    """By step."""

    def place(self, rows: Iterable[int], only: str = "") -> tuple[RejectsResult, ...]:
        """Move what was written into place, in place of the rejects of an earlier run.

        Args:
            rows: how many were written for each of :attr:`writes`.
            only: the step that stopped the run, of which alone the rows are kept.
        """
        kept = []
        for (step, write), number in zip(self.writes.items(), rows, strict=True):
            if number and only in ("", step):
                kept.append(RejectsResult(step, str(self.folder / write.path.name), number))
            else:
                discard(write.path)
        if not only:
            for each in self.stale:
                clear(each)
        if self.partial is None or not kept:
            clear(self.folder)
            return ()
        files = [{"file": Path(each.target).name, "step": each.step, "rows": each.rows} for each in kept]
        contents = {**self.run, "stopped": bool(only), "files": files}
        (self.partial / CONTENTS).write_text(json.dumps(contents, indent=2) + "\n", encoding="utf-8")
        commit(self.partial, self.folder)
        return tuple(kept)


@contextmanager
def staged_rejects(
    plan: Plan, chosen: Sequence[OpenDestination], run: dict[str, Any], engine: Engine | None
) -> Iterator[Rejects]:
    """Temporary files for the rejects of every step that can fail, gone in the end unless they were placed.

    Args:
        plan: of the run.
        chosen: what it writes; the rejects go beside the first.
        run: which run it is, for the list of contents.
        engine: of the run; ``None`` when no rejects are wanted, and those of earlier runs are only removed.

    Raises:
        DestinationError: the folder holds files that no run wrote there.
    """
    folder, *others = dict.fromkeys(map(folder_beside, chosen))
    rejects = Rejects(folder, run, tuple(others))
    taken = _taken(plan, engine) if engine is not None else {}
    if not taken:
        yield rejects
        return
    _check_free(folder)
    rejects.partial = partial_path(folder)
    try:
        rejects.partial.mkdir()
        for id, rows in taken.items():
            destination = ParquetDestination(path=f"{id}.parquet")
            rejects.writes[id] = Write(rows, destination, rejects.partial / destination.file)
        yield rejects
    finally:
        discard(rejects.partial)


def _taken(plan: Plan, engine: Engine) -> dict[str, Relation]:
    """The rows to be written of each step that can fail."""
    failures: dict[str, dict[Relation, list[Failure]]] = {}
    for check in checks(plan, engine):
        failures.setdefault(check.step, {}).setdefault(check.table.relation, []).append(check.failure)
    taken: dict[str, Relation] = {}
    for id, tables in failures.items():
        columns = tuple(plan.steps[id].inputs[0].schema)
        parts = tuple(MapRows(table, TakeRejects(id, tuple(mine), columns)) for table, mine in tables.items())
        taken[id] = parts[0] if len(parts) == 1 else Concat(parts)
    return taken


def folder_beside(first: OpenDestination) -> Path:
    """Where the rejects of a run go whose first destination is this; in the folder of the flow if it is no file."""
    if isinstance(first.destination, FileDestination):
        target = first.destination.path(first.context)
    else:
        path = getattr(first.destination, "path", None)
        target = first.context.path(path if isinstance(path, str) else first.id)
    return target.with_name(target.stem + SUFFIX)


def clear(folder: Path) -> None:
    """Remove the rejects of an earlier run, and nothing that a run did not write there."""
    clear_stale(folder)
    if not (folder / CONTENTS).is_file():
        return
    for name in _listed(folder):
        discard(folder / name)
    discard(folder / CONTENTS)
    if not any(folder.iterdir()):
        folder.rmdir()


def _check_free(folder: Path) -> None:
    if not folder.exists():
        return
    mine = {CONTENTS, *_listed(folder)}
    others = sorted(each.name for each in folder.iterdir() if each.name not in mine) if folder.is_dir() else [""]
    if others:
        found = f"it holds {others[0]!r}, which no run wrote" if folder.is_dir() else "it is a file"
        raise DestinationError(f"Rejects are written to {folder}, but {found}. Move it away, or leave rejects out.")


def _listed(folder: Path) -> Sequence[str]:
    """The files that the list of contents names."""
    try:
        files = json.loads((folder / CONTENTS).read_text(encoding="utf-8"))["files"]
        names = [str(each["file"]) for each in files]
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    return [each for each in names if Path(each).name == each and each.endswith(ParquetDestination.suffix)]
