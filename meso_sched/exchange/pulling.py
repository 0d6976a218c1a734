"""A calendar on a server -> the course's file: what others moved, called off or answered there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from meso_sched.errors import ChangedError
from meso_sched.exchange.caldav import Calendar
from meso_sched.exchange.calendar_lines import Component
from meso_sched.exchange.events import CourseEvent, Identity
from meso_sched.exchange.objects import Reader, components, digest, put_together, text_of_object
from meso_sched.exchange.pushing import Found, LocalCourse, found_on, understood
from meso_sched.exchange.syncing import (
    Known,
    What,
    answers,
    compared,
    in_step,
    known_of,
    with_known,
)
from meso_sched.exchange.zones import load_zone

_MORE = 100
"""So many sessions after the last are looked for, which another copy may have added."""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """Whose events are asked for: the course's, and those that its ``identity`` could have.

    Where both sides changed, ``theirs`` or ``ours`` says which stands.
    """

    course: LocalCourse
    identity: Identity | None
    calendar: Calendar
    ours: bool = False
    theirs: bool = False


class Pulled(NamedTuple):
    """The course's calendar with what the server has; ``taken`` is how many events that changed.

    ``answered`` says in sentences what people that were invited have answered.
    """

    text: str
    taken: int
    answered: tuple[str, ...]


def pull(request: PullRequest) -> Pulled:
    """Take over what was changed on the server.

    Raises ServerError where nothing of the course is there or an event cannot be understood, and
    ChangedError where both sides changed the same event and nobody said which stands.
    """
    course, calendar = request.course, request.calendar
    known = known_of(course.calendar, calendar.url)
    found = found_on(calendar, course, known)
    added = _added(request)
    sides = [
        _Side(each, found.get(each.uid), known.get(each.uid)) for each in course.file.everything
    ]
    disputed = [side for side in sides if side.is_disputed]
    if disputed and not (request.ours or request.theirs):
        raise ChangedError(_disputed(request, disputed))
    taken = [side for side in sides if side.is_taken or (request.theirs and side.is_disputed)]
    exchanged = {side.ours.uid: side.component for side in taken}
    opened = [each for each in found.values() if exchanged.get(each.event.uid)] + added
    more = [zone for each in opened for zone in each.opened.calendar.named("VTIMEZONE")]
    more += [each.component for each in added]
    merged = put_together(course.calendar, exchanged, more)
    merged = with_known(merged, calendar.url, _known(calendar, known, sides, taken))
    answered = tuple(_answered(course, found))
    return Pulled(text_of_object(merged), len(taken) + len(added), answered)


class _Side(NamedTuple):
    """An event of the course, what the server has of it, and what is known of the two."""

    ours: CourseEvent
    found: Found | None
    known: Known | None

    @property
    def what(self) -> What:
        theirs = None if self.found is None else self.found.event
        return compared(self.ours, theirs, self.known)

    @property
    def is_taken(self) -> bool:
        """Whether the server's side stands without a question: only there something changed."""
        if self.what is What.GONE:
            return not self._changed_here
        return self.what in (What.THEIRS, What.OTHER)

    @property
    def is_disputed(self) -> bool:
        """Whether both sides changed it."""
        return self.what is What.BOTH or (self.what is What.GONE and self._changed_here)

    @property
    def _changed_here(self) -> bool:
        return self.known is not None and digest(self.ours) != self.known.sent

    @property
    def component(self) -> Component | None:
        """The server's side; None where it has none."""
        return None if self.found is None else self.found.component


def _added(request: PullRequest) -> list[Found]:
    """Sessions and reviews that the server has and the file has not."""
    if request.identity is None:
        return []
    file, calendar = request.course.file, request.calendar
    known = {event.uid for event in file.everything}
    last = max((event.number or 0 for event in file.events), default=0)
    numbers = range(1, last + _MORE)
    uids = [uid for number in numbers if (uid := request.identity.uid(number)) not in known]
    uids += [uid for uid in request.identity.reviews if uid not in known]
    reader = Reader.of(file, load_zone(file.zone_name))
    there = calendar.at({uid: calendar.href(uid) for uid in uids})
    return [understood(calendar, kept, reader) for kept in there.values()]


def _known(
    calendar: Calendar, known: Mapping[str, Known], sides: list[_Side], taken: list[_Side]
) -> dict[str, Known]:
    """What is known of the events once the server's side was taken over."""
    told = dict(known)
    for side in sides:
        uid, found = side.ours.uid, side.found
        if found is None:
            if side in taken:
                told.pop(uid, None)
            continue
        usual = calendar.href(uid)
        if side in taken:
            told[uid] = in_step(found.event, found.event, found.kept.href, usual)
        elif side.what is What.SAME:
            told[uid] = in_step(side.ours, found.event, found.kept.href, usual)
        elif side.is_disputed:  # ours stands, over what the server has now
            told[uid] = replace(told.get(uid, Known()), served=digest(found.event))
    return told


def _disputed(request: PullRequest, sides: list[_Side]) -> str:
    named = ", ".join(str(side.ours.number) for side in sides if side.ours.number is not None)
    return (
        f"{request.course.path}: the course and {request.calendar.shown} both changed the same"
        f" events since they were last in step{f' (of sessions {named})' if named else ''}; pull"
        " with --theirs to take the server's, or with --ours to keep the course's"
    )


def _answered(course: LocalCourse, found: Mapping[str, Found]) -> Iterator[str]:
    events, own = {each.uid: each for each in course.file.everything}, components(course.file)
    for uid, there in found.items():
        number = events[uid].number
        for address, answer in answers(own.get(uid), there.component):
            what = "an event" if number is None else f"session {number}"
            yield f"{what}: {address} has {answer.lower()}"
