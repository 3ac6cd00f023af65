"""How a run that is cancelled reaches the code that is running for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Stopped = Callable[[], bool]
_STOPPED: ContextVar[Stopped] = ContextVar("stopped", default=lambda: False)


@contextmanager
def stoppable(stopped: Stopped) -> Iterator[None]:
    """Let code that is called within, or by functions of columns made within, end once ``stopped()`` is true."""
    token = _STOPPED.set(stopped)
    try:
        yield
    finally:
        _STOPPED.reset(token)


def whether_stopped() -> Stopped:
    """The question to ask again and again while code runs; without :func:`stoppable` its answer is always no."""
    return _STOPPED.get()
