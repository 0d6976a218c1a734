"""Books a plan in a calendar that several desks share: in the file and on the server, or neither.

Whoever is second is told, and offered what is free next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from meso_sched.cli import circumstances
from meso_sched.cli.circumstances import Surroundings
from meso_sched.cli.servers import stoppable, warn_of
from meso_sched.cli.talking import can_ask, patience, say
from meso_sched.core.booked import BookedSession
from meso_sched.core.clinic import Clinic
from meso_sched.core.plan import Plan
from meso_sched.core.reviewing import BookedReview
from meso_sched.core.walltime import minute_of, plural, show_day, show_time
from meso_sched.errors import ChangedError, MesoError
from meso_sched.exchange.booking import PATIENCE, held
from meso_sched.exchange.busy_web import CALDAV, is_on_server
from meso_sched.exchange.caldav import Calendar, connected
from meso_sched.exchange.pushing import LocalCourse, Push, send

WAITING = "another desk is booking there; waiting up to {seconds:g} seconds"
AGAIN = "run the same command again, which completes it or finds new times"

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


class Chosen(NamedTuple):
    """Appointments of a clinic, by what was known of other calendars when they were chosen."""

    clinic: Clinic
    booked: Sequence[Booked]
    around: Surroundings


class Booking(NamedTuple):
    """What is to be booked in a calendar, whose address is ``url``.

    ``courses`` are files as they are to be, or of a list as they are; ``rest`` says how what was
    broken off is completed.
    """

    url: str
    chosen: Sequence[Chosen]
    courses: Sequence[LocalCourse] = ()
    rest: str = AGAIN

    @classmethod
    def of(
        cls, url: str, plan: Plan, around: Surroundings, course: LocalCourse, rest: str = AGAIN
    ) -> Booking:
        """The booking of one course."""
        return cls(url, [Chosen(plan.clinic, _everything(plan), around)], [course], rest)

    def book(self, write_files: Callable[[], Sequence[Path]]) -> None:
        """Write the courses' files and send them, while no other desk books in that calendar.

        Raises TakenError, and ChangedError where the course is otherwise on the server, before
        anything is written.
        """
        with connected(self.url) as server:
            warn_of(server)
            calendar = server.calendar()
            with (
                patience(f"booking in {calendar.shown}"),
                held(calendar, on_wait=lambda: say(WAITING.format(seconds=PATIENCE))) as lease,
            ):
                taken = [each for chosen in self.chosen for each in self._taken(chosen)]
                if taken:
                    raise TakenError(taken)
                for course in self.courses:
                    lease.renew()
                    _refuse_otherwise(course, calendar)
                lease.renew()
                with stoppable(self.rest):
                    paths = write_files()
                    sent = sum(self._sent(path, calendar, lease.renew) for path in paths)
        what = str(paths[0]) if len(paths) == 1 else plural(len(paths), "course")
        told = f"{plural(sent, 'event')} sent" if sent else "nothing to send, all is there"
        say(f"{what}: {told}: {calendar.shown}")

    def _taken(self, chosen: Chosen) -> Iterator[Booked]:
        """The appointments whose time others have taken since."""
        around = chosen.around
        if around.days is None:
            return
        now, _ = circumstances.busy_time(
            (address(self.url),), chosen.clinic, around.days, around.own_uids
        )
        new = now.without(around.busy)
        for each in chosen.booked:
            if each.status.takes_place and not new.is_free(
                int(each.start.timestamp()), int(each.end.timestamp())
            ):
                yield each

    def _sent(self, path: Path, calendar: Calendar, renew: Callable[[], None]) -> int:
        """Send a course; how many events that were."""
        renew()
        try:
            push = Push.of(LocalCourse.read(path), calendar)
            sent = send(push, before_each=renew)
            if left := len(push.conflicts) + len(sent.overtaken):
                raise ChangedError(
                    f"{calendar.shown}: {plural(left, 'event')} of the course changed there at this"
                    " very moment and left as they are"
                )
        except MesoError as error:
            raise type(error)(
                f"{error}; {path} is written, and not all of it is on the server: {self.rest}"
            ) from error
        return len(sent.sent)


def _refuse_otherwise(course: LocalCourse, calendar: Calendar) -> None:
    """ChangedError where the calendar has the course otherwise than its file did."""
    push = Push.of(course, calendar)
    if not push.conflicts:
        return
    if course.path.exists():
        raise ChangedError(
            f"{course.path}: {plural(len(push.conflicts), 'event')} of the course changed on the"
            " server; take that over with `meso-sched pull` first. Nothing was written"
        )
    raise ChangedError(
        f"{calendar.shown}: another file has booked this course there; go on with that file, or"
        " give a new course a number of its own, as --course 2. Nothing was written"
    )


def address(url: str) -> str:
    """A calendar's address as a source of busy time."""
    return url if is_on_server(url) else f"{CALDAV}{url}"


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
