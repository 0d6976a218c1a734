"""Words for the person at the desk: on stderr, so that data on stdout stays data."""

from __future__ import annotations

import contextlib
import sys
import textwrap
from collections.abc import Iterable, Iterator

from meso_sched.cli.layout import visible, width_of


def can_ask() -> bool:
    """Whether somebody sits at a terminal."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


@contextlib.contextmanager
def patience(doing: str) -> Iterator[None]:
    """Say on stderr what takes more than a second."""
    import threading

    timer = threading.Timer(1.0, lambda: say(f"{doing} …"))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def say(message: str) -> None:
    """Words for the person, on stderr; nothing in them can steer the terminal."""
    for line in message.split("\n"):
        _print(f"meso-sched: {visible(line)}")


def tell(notes: Iterable[str], warnings: Iterable[str]) -> None:
    """What concerns the clinic's settings, and what the desk should know of its courses."""
    for note in notes:
        say(note)
    for warning in warnings:
        say(f"warning: {warning}")


def emit(data: bytes) -> None:
    """Data on stdout, behind whatever was printed before."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def hint(message: str) -> None:
    """A remark on an answer just given."""
    _print(f"  {visible(message)}")


def _print(line: str) -> None:
    if sys.stderr.isatty():
        line = textwrap.fill(
            line,
            width_of(sys.stderr),
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    with contextlib.suppress(OSError):  # words that nobody can read stop no data
        print(line, file=sys.stderr, flush=True)  # noqa: T201 - words go to stderr
