"""What the commands that speak with calendar servers have in common."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from meso_sched.cli.talking import say
from meso_sched.errors import UsageError
from meso_sched.exchange.caldav import Server


def refuse_both(*, ours: bool, theirs: bool) -> None:
    """UsageError where it is said of both sides that theirs stands."""
    if ours and theirs:
        raise UsageError("--ours and --theirs each say whose events stand; give one of them")


def refuse_address(path: Path) -> None:
    """UsageError, without a word of it, where an address stands in the place of a file."""
    if re.match(r"(caldav\+)?https?:/|[^/]*:[^/]*@", str(path), re.IGNORECASE):
        raise UsageError(
            "an address stands where a course's file should; write `push COURSE.ics… URL` or"
            " `pull URL COURSE.ics`"
        )


def warn_of(server: Server) -> None:
    """Say so where a password goes over the network for all to read."""
    if server.is_open:
        say(
            f"warning: {server.shown} is not encrypted: others on the network can read the password"
            " and the appointments; write https:// if the server has it"
        )


@contextmanager
def stoppable(rest: str) -> Iterator[None]:
    """Say how the ``rest`` is done where somebody stops it half way."""
    try:
        yield
    except KeyboardInterrupt:
        say(f"stopped half way; {rest}")
        raise
