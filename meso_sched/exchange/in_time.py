"""Work that must end: what waits in a way that no timeout of a socket ends is left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def in_time(work: Callable[[], T], seconds: float) -> T:
    """What the work gives or raises; TimeoutError where it takes longer.

    It runs in a thread of its own: looking up a host, shaking hands and a server that sends byte
    by byte can each wait for ever.
    """
    given: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            given.append(work())
        except BaseException as error:  # a bug too is raised where the work was asked for
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if raised:
        raise raised[0]
    if not given:
        raise TimeoutError
    return given[0]
