"""Ctrl-C during a search: the first asks for what there is, the second breaks off."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

from meso_sched.cli.talking import say


@contextlib.contextmanager
def stoppable(told: str = "", *, for_good: bool = True) -> Iterator[Callable[[], bool]]:
    """Inside, Ctrl-C only sets what the callable tells; ``told`` is said when it does.

    The second breaks off, if ``for_good``. Outside the main thread nothing is changed, and the
    callable tells False.
    """
    asked = False

    def ask(_signal: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked and for_good:
            raise KeyboardInterrupt
        if asked:
            return
        asked = True
        if told:
            say(told)

    try:
        former = signal.signal(signal.SIGINT, ask)
    except ValueError:
        yield lambda: False
        return
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, former)


@contextlib.contextmanager
def ignored() -> Iterator[None]:
    """Inside, Ctrl-C does nothing, also in processes that begin there."""
    try:
        former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)
