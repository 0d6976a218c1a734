"""Books a plan in a calendar that several desks share: in the file and on the server, or neither.

Whoever is second is told, and offered what is free next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

from meso_sched.cli import circumstances
from meso_sched.cli.circumstances import LimitOptions, Surroundings
from meso_sched.cli.pushing import warn_of
from meso_sched.cli.talking import can_ask, patience, say
from meso_sched.core.booked import BookedSession
from meso_sched.core.plan import Plan
from meso_sched.core.walltime import minute_of, plural, show_day, show_time
from meso_sched.errors import ChangedError, MesoError
from meso_sched.exchange.booking import held
from meso_sched.exchange.busy import CALDAV
from meso_sched.exchange.caldav import Calendar, connected
from meso_sched.exchange.pushing import LocalCourse, Push, send

T = TypeVar("T")


class TakenError(Exception):
    """Sessions whose slots somebody else took since they were chosen."""

    def __init__(self, sessions: Iterable[BookedSession]) -> None:
        self.sessions = tuple(sessions)
        super().__init__()


class Booking(NamedTuple):
    """What is to be booked: a plan, by what was known when it was made, into a file and a calendar.

    ``url`` is the calendar's.
    """

    url: str
    path: Path
    plan: Plan
    around: Surroundings

    def book(self, write_file: Callable[[], None]) -> None:
        """Write the file and send it, while no other desk books in that calendar.

        Raises TakenError, and ChangedError where somebody changed the course on the server, before
        anything is written.
        """
        with connected(self.url) as server:
            warn_of(server)
            calendar = server.calendar()
            with patience(f"booking in {calendar.shown}"), held(calendar) as lease:
                taken = list(self._taken())
                if taken:
                    raise TakenError(taken)
                self._refuse_changed(calendar)
                write_file()
                lease.renew()
                sent = self._sent(calendar, lease.renew)
        say(f"{self.path}: {plural(sent, 'event')} sent: {calendar.shown}")

    def _taken(self) -> Iterator[BookedSession]:
        """The sessions whose time others have taken since."""
        days = self.around.days
        if days is None:
            return
        now, _ = circumstances.busy_time(
            (address(self.url),), self.plan.clinic, days, self.around.own_uids
        )
        new = now.without(self.around.busy)
        for each in self.plan.booked:
            if each.takes_place and not new.is_free(
                int(each.start.timestamp()), int(each.end.timestamp())
            ):
                yield each

    def _refuse_changed(self, calendar: Calendar) -> None:
        if not self.path.exists():
            return
        push = Push.of(LocalCourse.read(self.path), calendar)
        if push.conflicts:
            raise ChangedError(
                f"{self.path}: {plural(len(push.conflicts), 'event')} of the course changed on the"
                " server; take that over with `meso-sched pull` first. Nothing was written"
            )

    def _sent(self, calendar: Calendar, renew: Callable[[], None]) -> int:
        try:
            push = Push.of(LocalCourse.read(self.path), calendar)
            return len(send(push, before_each=renew).sent)
        except MesoError as error:
            raise type(error)(
                f"{error}; {self.path} is written, and not all of it is on the server: push it"
            ) from error


def address(url: str) -> str:
    """A calendar's address as a source of busy time."""
    return url if url[: len(CALDAV)].lower() == CALDAV else f"{CALDAV}{url}"


def beside(limits: LimitOptions, url: str | None) -> LimitOptions:
    """The limits with the shared calendar among those that take time."""
    if url is None or address(url) in limits.busy:
        return limits
    return limits._replace(busy=(*limits.busy, address(url)))


def offered(
    make: Callable[[], T], deliver: Callable[[T], None], plan_of: Callable[[T], Plan]
) -> None:
    """Make a plan and book it; where its time was taken meanwhile, offer the next.

    Raises ChangedError where that is not taken, or there is nobody to ask.
    """
    made = make()
    while True:
        try:
            deliver(made)
        except TakenError as taken:
            told = _told(taken)
            made = make()
            told += "; free next: " + ", ".join(_next(taken, plan_of(made)))
        else:
            return
        if not can_ask():
            raise ChangedError(f"{told}. Nothing was written; run again to book that")
        from meso_sched.cli.asking import confirm

        say(told)
        if not confirm("Book that?"):
            raise ChangedError("nothing was written")


def _told(taken: TakenError) -> str:
    named = ", ".join(f"session {each.number} ({_when(each)})" for each in taken.sessions)
    was = "was" if len(taken.sessions) == 1 else "were"
    return f"{named} {was} taken by another desk meanwhile"


def _next(taken: TakenError, plan: Plan) -> Iterator[str]:
    numbers = {each.number for each in taken.sessions}
    for each in plan.booked:
        if each.number in numbers:
            yield f"session {each.number} {_when(each)}"


def _when(session: BookedSession) -> str:
    return f"{show_day(session.day)} {show_time(minute_of(session.start))}"
