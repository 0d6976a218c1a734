"""A calendar on a server -> the course's file: what others moved, called off or answered there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from meso_sched.core.walltime import plural
from meso_sched.errors import ChangedError, ServerError
from meso_sched.exchange.caldav import Calendar
from meso_sched.exchange.calendar_lines import Component, as_text, name_of
from meso_sched.exchange.events import CourseEvent, CourseFile, Identity, Kind
from meso_sched.exchange.ical import json_line
from meso_sched.exchange.objects import Reader, components, digest, put_together
from meso_sched.exchange.pushing import Found, LocalCourse, found_on, understood
from meso_sched.exchange.records import COURSE_PROPERTY
from meso_sched.exchange.syncing import (
    Known,
    What,
    answers,
    called_off,
    compared,
    in_step,
    known_of,
    with_known,
    with_people,
)
from meso_sched.exchange.zones import load_zone

_ANSWERS = {"TENTATIVE": "accepted tentatively", "DELEGATED": "sent somebody else"}
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

    ``told`` says in sentences what people that were invited have answered, and what does not last.
    """

    text: str
    taken: int
    told: tuple[str, ...]


def pull(request: PullRequest) -> Pulled:
    """Take over what was changed on the server.

    Raises ServerError where nothing of the course is there or an event cannot be understood, and
    ChangedError where both sides changed the same event and nobody said which stands.
    """
    course, calendar = request.course, request.calendar
    known = known_of(course.calendar, calendar.url)
    found = found_on(calendar, course, known)
    added = _added(request)
    own = components(course.file)
    sides = [
        _Side(each, own[each.uid], found.get(each.uid), known.get(each.uid))
        for each in course.file.everything
    ]
    _refuse_nothing(request, sides, added)
    disputed = [side for side in sides if side.is_disputed]
    if disputed and not (request.ours or request.theirs):
        raise ChangedError(_disputed(request, disputed))
    taken = [side for side in sides if side.is_taken or (request.theirs and side.is_disputed)]
    answering = [side for side in sides if side.answers and side not in taken]
    exchanged = {side.ours.uid: side.component for side in taken}
    exchanged |= {side.ours.uid: side.with_answers for side in answering}
    opened = [each for each in found.values() if exchanged.get(each.event.uid)] + added
    more = [zone for each in opened for zone in each.opened.calendar.named("VTIMEZONE")]
    more += [each.component for each in added]
    merged = put_together(course.calendar, exchanged, more)
    if added:
        merged = _prolonged(merged, course.file, added)
    merged = with_known(merged, calendar.url, _known(calendar, known, sides, taken))
    settled = len(disputed) if request.ours else 0
    count = len(taken) + len(answering) + len(added) + settled
    return Pulled(as_text(merged), count, (*_answered(sides), *_undone(taken)))


class _Side(NamedTuple):
    """An event of the course, what the server has of it, and what is known of the two."""

    ours: CourseEvent
    own: Component
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
        return self.what is What.THEIRS or (self.what is What.OTHER and not self._newer_here)

    @property
    def is_disputed(self) -> bool:
        """Whether both sides changed it."""
        if self.what is What.GONE:
            return self._changed_here
        return self.what is What.BOTH or (self.what is What.OTHER and self._newer_here)

    @property
    def _newer_here(self) -> bool:
        """Of two that never were in step: whether the course's was written last."""
        theirs = None if self.found is None else self.found.event
        if theirs is None:
            return False
        return (self.ours.sequence, self.ours.modified) > (theirs.sequence, theirs.modified)

    @property
    def _changed_here(self) -> bool:
        return self.known is not None and digest(self.ours) != self.known.sent

    @property
    def component(self) -> Component | None:
        """The server's side. What was deleted there is called off where it was; None for care."""
        if self.found is not None:
            return self.found.component
        return None if self.ours.kind is Kind.CARE else called_off(self.own)

    @property
    def answers(self) -> Sequence[tuple[str, str]]:
        """Who was asked and has answered since the course last heard of it."""
        return () if self.found is None else answers(self.own, self.found.component)

    @property
    def with_answers(self) -> Component:
        """The course's side with the people of the server's."""
        assert self.found is not None, "it has answers"
        return with_people(self.own, self.found.component)


def _refuse_nothing(request: PullRequest, sides: list[_Side], added: list[Found]) -> None:
    """Where all is gone the calendar is another, or was emptied: nobody calls off a course so."""
    is_there = added or any(side.found for side in sides)
    stand = {side.what for side in sides}
    if not is_there and stand & {What.NEW, What.GONE}:
        path, again = request.course.path, " --ours" if What.GONE in stand else ""
        raise ServerError(
            f"{request.calendar.shown}: has nothing of this course; check the address. To send it"
            f" there: `meso-sched push {path} URL{again}`; to call it off:"
            f" `meso-sched revise {path} --stop`"
        )


def _prolonged(calendar: Component, file: CourseFile, added: list[Found]) -> Component:
    """The calendar with phases that have room for what was added, as those events tell."""
    last = max(added, key=lambda each: each.event.modified).event.record
    if "phases" not in last or not file.record:
        return calendar
    line = json_line(COURSE_PROPERTY, {**file.record, "phases": last["phases"]})
    lines = [line if name_of(each) == COURSE_PROPERTY else each for each in calendar.lines]
    return calendar._replace(lines=tuple(lines))


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
            if side in taken or side.is_disputed:
                told.pop(uid, None)  # where ours stands, it is new there
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


def _answered(sides: Iterable[_Side]) -> Iterator[str]:
    for side in sides:
        number = side.ours.number
        what = "an event" if number is None else f"session {number}"
        for address, answer in side.answers:
            yield f"{what}: {address} has {_ANSWERS.get(answer, answer.lower())}"


def _undone(taken: Iterable[_Side]) -> Iterator[str]:
    care = [side for side in taken if side.ours.kind is Kind.CARE]
    if care:
        yield (
            f"{plural(len(care), 'event')} of care changed there; care follows its session, so the"
            " next push puts it back"
        )
