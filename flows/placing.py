"""Moving finished output into place: whole or not at all.

Everything is written under a temporary name beside its target, ``.<name>.<hex>.partial``, made durable, and
put in the place of the target at once when all of a run's output is finished. Beside each such name lies a
``.partial.lock`` file, which its process holds locked for as long as it lives. So whoever writes to that
folder next can tell what a killed process left behind, from what another run is writing at this moment: only a
lock that can be taken proves that nobody is there any more, whatever machine or container that was in.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import platform
import re
import secrets
import shutil
import time
from pathlib import Path

PARTIAL = ".partial"
LOCK = ".partial.lock"
BEFORE = ".partial.before"
"""What was at the target, for the moment in which it is replaced in two steps."""
LOCKED = re.compile(r"\.(?P<target>.+)\.[0-9a-f]{8}" + re.escape(LOCK))
ELSEWHERE = 7 * 24 * 3600.0
"""Seconds after which a lock that another machine made and that is free counts as given up.

Some network file systems keep locks to the machine that took them, so that a free one proves nothing at once.
"""
AT_WORKING_FOLDER, EXCHANGE, SWAP = -100, 2, 2
"""AT_FDCWD and RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS."""

_held: dict[Path, int] = {}
"""Open lock files of this process, by the temporary path they stand for."""


def partial_path(target: Path) -> Path:
    """A free temporary name in the folder of a target, which is made when it is not there.

    It is this process's own until :func:`commit` or :func:`discard`, or until the process ends.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    clear_stale(target)
    while True:
        path = target.with_name(f".{target.name}.{secrets.token_hex(4)}{PARTIAL}")
        if _hold(path):
            return path


def clear_stale(target: Path) -> None:
    """Remove what processes that are no longer there left in the folder of a target.

    What they had set aside, to put something else in its place, is put back.
    """
    folder = target.parent
    for lock in sorted(folder.iterdir()) if folder.is_dir() else ():
        if found := LOCKED.fullmatch(lock.name):
            _clear(lock, folder / found["target"])


def commit(finished: Path, target: Path) -> None:
    """Put a finished file or folder in the place of its target, durably."""
    _sync(finished)
    if target.is_dir() or (finished.is_dir() and target.exists()):
        if not _exchanged(finished, target):
            replace_in_two_steps(finished, target)
    else:
        finished.replace(target)
    _sync_folder(target.parent)
    discard(finished)
    # A worker that outlived its driver may have gone on writing while its output was cleared.
    clear_stale(target)


def discard(path: Path) -> None:
    """Remove a file or a folder, if it is there; a temporary name is given up."""
    _remove(path)
    handle = _held.pop(path, None)
    if handle is not None:
        if not path.exists():
            _beside(path, LOCK).unlink(missing_ok=True)
        os.close(handle)


def replace_in_two_steps(finished: Path, target: Path) -> None:
    """Replace a folder where the file system cannot exchange two names at once.

    Between the steps there is nothing at the target; the next run puts it back if this one is killed then.
    """
    before = _beside(finished, BEFORE)
    target.rename(before)
    try:
        finished.rename(target)
    except BaseException:
        before.rename(target)
        raise
    _remove(before)


def _hold(path: Path) -> bool:
    """Make and lock the lock file of a temporary path; not, when somebody cleared it away in between."""
    lock = _beside(path, LOCK)
    handle = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o644)
    try:
        os.write(handle, platform.node().encode())
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return False
    except OSError:
        # Without locks nothing can be proved, and what a killed process leaves here stays.
        _held[path] = handle
        return True
    if not _is_at(handle, lock):
        os.close(handle)
        return False
    _held[path] = handle
    return True


def _clear(lock: Path, target: Path) -> None:
    """Clear what belongs to a lock file, when nobody holds it."""
    try:
        handle = os.open(lock, os.O_RDWR)
    except OSError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        here = os.read(handle, 1_000) == platform.node().encode()
        if not _is_at(handle, lock) or not (here or time.time() - lock.stat().st_mtime > ELSEWHERE):
            return
        path = lock.with_name(lock.name.removesuffix(LOCK) + PARTIAL)
        before = _beside(path, BEFORE)
        if before.exists() and not target.exists():
            before.rename(target)
        _remove(before)
        _remove(path)
        if not path.exists():
            lock.unlink()
    except OSError:
        return
    finally:
        os.close(handle)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name.removesuffix(PARTIAL) + suffix)


def _is_at(handle: int, path: Path) -> bool:
    """Whether an open file is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _exchanged(one: Path, other: Path) -> bool:
    """Let two names change what they stand for, at once; false where the system cannot do that."""
    library = ctypes.CDLL(None, use_errno=True)
    first, second = os.fsencode(one), os.fsencode(other)
    if hasattr(library, "renameat2"):
        return bool(library.renameat2(AT_WORKING_FOLDER, first, AT_WORKING_FOLDER, second, EXCHANGE) == 0)
    return hasattr(library, "renamex_np") and bool(library.renamex_np(first, second, SWAP) == 0)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


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
