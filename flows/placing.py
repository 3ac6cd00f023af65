"""Moving finished output into place: whole or not at all.

Everything is written under a temporary name beside its target, ``.<name>.<process>-<hex>.partial``, made
durable, and renamed when all of a run's output is finished. What a killed process left behind is
cleared by the next run that writes there.
"""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

PARTIAL = ".partial"


def partial_path(target: Path) -> Path:
    """A free temporary name in the folder of a target, which is made when it is not there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    clear_stale(target)
    return target.with_name(f".{target.name}.{os.getpid()}-{secrets.token_hex(4)}{PARTIAL}")


def clear_stale(target: Path) -> None:
    """Remove what processes that are no longer there left beside a target."""
    for leftover in target.parent.glob(f".{glob_escaped(target.name)}.*{PARTIAL}"):
        process = leftover.name.removesuffix(PARTIAL).rpartition(".")[2].partition("-")[0]
        if process.isdigit() and not _alive(int(process)):
            discard(leftover)


def commit(finished: Path, target: Path) -> None:
    """Put a finished file or folder in the place of its target, durably."""
    _sync(finished)
    if target.is_dir() or (finished.is_dir() and target.exists()):
        aside = partial_path(target)
        target.rename(aside)
        finished.rename(target)
        discard(aside)
    else:
        finished.replace(target)
    _sync_folder(target.parent)


def discard(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def glob_escaped(name: str) -> str:
    """A file name as a glob pattern that matches only it."""
    return "".join(f"[{each}]" if each in "*?[" else each for each in name)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sync(path: Path) -> None:
    if path.is_dir():
        for each in path.iterdir():
            _sync(each)
        _sync_folder(path)
    else:
        with path.open("rb") as file:
            os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
