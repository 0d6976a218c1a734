"""The use case ``pull``: a calendar on a server -> the course's file, shown as a revision."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from meso_sched.cli import revising, revision_output
from meso_sched.cli.circumstances import LimitOptions
from meso_sched.cli.servers import refuse_address, refuse_both, warn_of
from meso_sched.cli.talking import patience, say
from meso_sched.cli.targets import NOT_FOLDERS
from meso_sched.errors import UsageError
from meso_sched.exchange.busy_web import CALDAV
from meso_sched.exchange.caldav import Wanted, connected
from meso_sched.exchange.pulling import PullRequest, pull
from meso_sched.exchange.pushing import LocalCourse
from meso_sched.exchange.schedules import Catalogue
from meso_sched.exchange.stored import read_course


class PullOptions(NamedTuple):
    """The command line of ``pull``, as typed."""

    url: str
    file: Path
    calendar: str | None = None
    ours: bool = False
    theirs: bool = False
    busy: tuple[str, ...] = ()


def run(
    options: PullOptions,
    catalogue: Catalogue,
    now: datetime,
    stamp: datetime,
    wish: revision_output.Wish,
) -> None:
    """Take over what others did on the server, show it, and write it once confirmed."""
    refuse_both(ours=options.ours, theirs=options.theirs)
    refuse_address(options.file)
    clinic = catalogue.clinic()
    former, stored, _, folder = revising.open_course(options.file, clinic, catalogue, dry_run=True)
    if folder is not None:
        raise UsageError(f"pull: {NOT_FOLDERS}")
    course = LocalCourse.of(options.file, former)
    with connected(options.url) as server:
        warn_of(server)
        with patience(f"asking {server.shown}"):
            calendar = server.calendar(Wanted(options.calendar, by_name=True))
            pulled = pull(
                PullRequest(course, stored.identity, calendar, options.ours, options.theirs)
            )
    for sentence in pulled.told:
        say(sentence)
    if not pulled.taken and not wish.as_json:
        say(f"{options.file}: nothing changed on the server")
        return
    opened = revising.Opened(
        former,
        read_course(pulled.text, str(options.file), clinic, catalogue.regimens),
        taken=pulled.taken > 0,
    )
    # What is placed anew must not go where others of that calendar are.
    busy = dict.fromkeys([*options.busy, f"{CALDAV}{calendar.address}"])
    revise = revising.ReviseOptions(limits=LimitOptions(busy=tuple(busy)))
    revised = revising.make(options.file, revise, catalogue, now, opened)
    revision_output.deliver(revised, stamp, wish)
