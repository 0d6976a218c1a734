"""Books a plan in a calendar that several desks share: in the file and on the server, or neither.

Whoever is second is told, and offered what is free next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from meso_sched.cli import circumstances
from meso_sched.cli.circumstances import Surroundings
from meso_sched.cli.pushing import warn_of
from meso_sched.cli.talking import can_ask, patience, say
from meso_sched.core.booked import BookedSession
from meso_sched.core.plan import Plan
from meso_sched.core.reviewing import BookedReview
from meso_sched.core.walltime import minute_of, plural, show_day, show_time
from meso_sched.errors import ChangedError, MesoError
from meso_sched.exchange.booking import held
from meso_sched.exchange.busy import CALDAV
from meso_sched.exchange.caldav import Calendar, connected
from meso_sched.exchange.editions import PATIENT
from meso_sched.exchange.events import identity_of
from meso_sched.exchange.pushing import LocalCourse, Push, send

Booked = BookedSession | BookedReview


class HasPlan(Protocol):
    """What has a plan: one just made, or a revision."""

    @property
    def plan(self) -> Plan:
        """The plan."""


P = TypeVar("P", bound=HasPlan)


class TakenError(Exception):
    """Appointments whose slots somebody else took since they were chosen."""

    def __init__(self, booked: Iterable[Booked]) -> None:
        self.booked = tuple(booked)
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
                lease.renew()
                write_file()
                sent = self._sent(calendar, lease.renew)
        told = f"{plural(sent, 'event')} sent" if sent else "nothing to send, all is there"
        say(f"{self.path}: {told}: {calendar.shown}")

    def _taken(self) -> Iterator[Booked]:
        """The appointments whose time others have taken since."""
        days = self.around.days
        if days is None:
            return
        now, _ = circumstances.busy_time(
            (address(self.url),), self.plan.clinic, days, self.around.own_uids
        )
        new = now.without(self.around.busy)
        for each in _everything(self.plan):
            if each.status.takes_place and not new.is_free(
                int(each.start.timestamp()), int(each.end.timestamp())
            ):
                yield each

    def _refuse_changed(self, calendar: Calendar) -> None:
        if not self.path.exists():
            self._refuse_known(calendar)
            return
        push = Push.of(LocalCourse.read(self.path), calendar)
        if push.conflicts:
            raise ChangedError(
                f"{self.path}: {plural(len(push.conflicts), 'event')} of the course changed on the"
                " server; take that over with `meso-sched pull` first. Nothing was written"
            )

    def _refuse_known(self, calendar: Calendar) -> None:
        """A course that another file has booked there would be written over it."""
        identities = [identity_of(self.plan, audience) for audience in ("", PATIENT)]
        uids = [each.uid(booked.number) for each in identities for booked in self.plan.booked]
        if calendar.at({uid: calendar.href(uid) for uid in uids}):
            raise ChangedError(
                f"{calendar.shown}: another file has booked this course there; go on with that"
                " file, or give a new course a number of its own, as --course 2. Nothing was"
                " written"
            )

    def _sent(self, calendar: Calendar, renew: Callable[[], None]) -> int:
        try:
            push = Push.of(LocalCourse.read(self.path), calendar)
            sent = send(push, before_each=renew)
            if left := len(push.conflicts) + len(sent.overtaken):
                raise ChangedError(
                    f"{calendar.shown}: {plural(left, 'event')} of the course changed there at this"
                    " very moment and left as they are"
                )
            return len(sent.sent)
        except MesoError as error:
            raise type(error)(
                f"{error}; {self.path} is written, and not all of it is on the server: push it"
            ) from error


def address(url: str) -> str:
    """A calendar's address as a source of busy time."""
    return url if url[: len(CALDAV)].lower() == CALDAV else f"{CALDAV}{url}"


def offered(make: Callable[[], P], deliver: Callable[[P], None]) -> None:
    """Make a plan and book it; where its time was taken meanwhile, offer the next.

    Raises ChangedError where that is not taken, or there is nobody to ask.
    """
    made = make()
    while True:
        try:
            deliver(made)
        except TakenError as error:
            taken = error
        else:
            return
        try:
            made = make()
        except MesoError as error:
            raise ChangedError(f"{_told(taken)}; nothing was written. {error}") from error
        told = f"{_told(taken)}; free next: {', '.join(_next(taken, made.plan))}"
        if not can_ask():
            raise ChangedError(f"{told}. Nothing was written; run again to book that")
        from meso_sched.cli.asking import confirm

        say(told)
        if not confirm("Book that?"):
            raise ChangedError("nothing was written")


def _told(taken: TakenError) -> str:
    named = ", ".join(f"{_named(each)} ({_when(each)})" for each in taken.booked)
    was = "was" if len(taken.booked) == 1 else "were"
    return f"{named} {was} taken by another desk meanwhile"


def _next(taken: TakenError, plan: Plan) -> Iterator[str]:
    names = {_named(each) for each in taken.booked}
    for each in _everything(plan):
        if _named(each) in names:
            yield f"{_named(each)} {_when(each)}"


def _everything(plan: Plan) -> list[Booked]:
    return [*plan.booked, *plan.reviews]


def _named(booked: Booked) -> str:
    return f"{'session' if isinstance(booked, BookedSession) else 'review'} {booked.number}"


def _when(booked: Booked) -> str:
    return f"{show_day(booked.day)} {show_time(minute_of(booked.start))}"
