"""How far something is and how long it may still take, on stderr, for what takes over a second."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType

from meso_sched.cli.talking import say
from meso_sched.core.walltime import plural

FIRST, EVERY = 1.0, 10.0
"""Seconds until the first word, and between two."""


class Progress:
    """Tells now and then; ``whole`` is the work in pieces, done at about ``speed`` a second."""

    def __init__(self, doing: str, whole: float, speed: float) -> None:
        self.doing = doing
        self.whole = whole
        self.speed = speed
        self.done = 0.0
        self._started = time.monotonic()
        self._over = threading.Event()
        self._teller = threading.Thread(target=self._tell, daemon=True)

    def __enter__(self) -> Progress:
        self._teller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._teller.join()

    def add(self, pieces: float) -> None:
        """So much more is done."""
        self.done += pieces

    def _tell(self) -> None:
        wait = FIRST
        while not self._over.wait(wait):
            say(f"{self.doing} … {self._left()}")
            wait = EVERY if sys.stderr.isatty() else 3 * EVERY

    def _left(self) -> str:
        """What is left, by what was done so far, before that by what is usual."""
        passed = time.monotonic() - self._started
        left = self.whole / self.speed - passed
        if self.done:
            left = passed * (self.whole - self.done) / self.done
        if left < 1:
            return "nearly done" if self.done else "a while left; Ctrl-C keeps the best so far"
        if left < 90:
            return f"about {plural(round(left), 'second')} left"
        return f"about {plural(round(left / 60), 'minute')} left"
