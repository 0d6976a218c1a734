"""A course's file -> a calendar on a server: only what differs, nothing that others did undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path
from typing import NamedTuple

from meso_sched.core.walltime import plural
from meso_sched.errors import FileError, NoCourseError, ServerError
from meso_sched.exchange.caldav import Calendar, Kept, OvertakenError
from meso_sched.exchange.calendar_file import OpenCalendar, from_ics, open_calendar
from meso_sched.exchange.calendar_lines import Component, write
from meso_sched.exchange.editions import PATIENT
from meso_sched.exchange.event_words import read_description
from meso_sched.exchange.events import CourseEvent, CourseFile
from meso_sched.exchange.files import write_whole
from meso_sched.exchange.objects import (
    Reader,
    calendar_object,
    components,
    digest,
    zones,
    zones_in,
)
from meso_sched.exchange.stored import course_bytes, course_text
from meso_sched.exchange.syncing import (
    Known,
    Pair,
    What,
    compared,
    first_sent,
    in_step,
    known_of,
    sent_over,
    trying,
    with_known,
)
from meso_sched.exchange.zones import load_zone


@dataclass(frozen=True, slots=True)
class LocalCourse:
    """A course's file, or a patient's copy, as it is to be sent; ``data`` are its bytes."""

    path: Path
    data: bytes
    file: CourseFile

    @classmethod
    def read(cls, path: Path) -> LocalCourse:
        """FileError where there is none, or it holds no course."""
        return cls.of(path, course_bytes(path))

    @classmethod
    def of(cls, path: Path, data: bytes) -> LocalCourse:
        """A file that is there or is to be; FileError where it holds no course."""
        file = from_ics(course_text(data, path), str(path))
        if not any(map(_is_a_courses, file.events)):
            raise NoCourseError(f"{path}: holds no course; name the .ics that `plan -o` wrote")
        if len(file.everything) == 1 and path.stem == file.events[0].uid:
            raise FileError(
                f"{path}: is one event of a folder of them, which vdirsyncer carries to a server;"
                " name a course's own FILE.ics"
            )
        return cls(path, data, file)

    @property
    def is_patients(self) -> bool:
        """Whether it is the copy that a patient has."""
        records = (self.file.record, *(event.record for event in self.file.events))
        return any(each.get("audience") == PATIENT for each in records)

    @property
    def calendar(self) -> Component:
        """The file's calendar."""
        assert self.file.calendar is not None, "it was read from a file"
        return self.file.calendar

    def remember(self, url: str, known: Mapping[str, Known]) -> LocalCourse:
        """The file with what is known of its events on a server, written where that is new."""
        calendar = with_known(self.calendar, url, known)
        data = write(calendar)
        if known == known_of(self.calendar, url) or data == self.data:
            return self
        write_whole(self.path, data, former=self.data, mode=None)
        return replace(self, data=data, file=replace(self.file, calendar=calendar, source=None))


def _is_a_courses(event: CourseEvent) -> bool:
    """Whether its records or at least its words say that it is a session."""
    told = event.details or event.record or read_description(event.description)
    return bool(told)


class Found(NamedTuple):
    """An object of the server, understood; ``opened`` is the calendar that it is."""

    kept: Kept
    opened: OpenCalendar
    event: CourseEvent

    @property
    def component(self) -> Component:
        """The event as the server has it."""
        assert self.event.raw is not None, "it was read from an object"
        return self.event.raw


def found_on(
    calendar: Calendar, course: LocalCourse, known: Mapping[str, Known]
) -> dict[str, Found]:
    """The course's events that the server has, by their UIDs.

    Raises ServerError where one cannot be understood.
    """
    reader = Reader.of(course.file, load_zone(course.file.zone_name))
    hrefs = {
        uid: each.href or calendar.href(uid)
        for uid, each in known.items()
        if each.was_there or each.trying
    }
    kept = calendar.objects([event.uid for event in course.file.everything], hrefs)
    return {uid: understood(calendar, each, reader) for uid, each in kept.items()}


def understood(calendar: Calendar, kept: Kept, reader: Reader) -> Found:
    """An object of the server with its event; ServerError where it cannot be understood."""
    where = f"{calendar.shown}{kept.href.rpartition('/')[2]}"
    try:
        opened = open_calendar(kept.text, where)
        return Found(kept, opened, reader.read(opened))
    except FileError as error:
        raise ServerError(f"{error}; mend or delete that event on the server") from error


class Push(NamedTuple):
    """A course beside the server's calendar: what is the same, what to send, what is disputed."""

    course: LocalCourse
    calendar: Calendar
    known: Mapping[str, Known]
    found: Mapping[str, Found]
    pairs: tuple[Pair, ...]

    @classmethod
    def of(cls, course: LocalCourse, calendar: Calendar) -> Push:
        """Look at the server's calendar."""
        known = known_of(course.calendar, calendar.url)
        found = found_on(calendar, course, known)
        pairs = tuple(_pair(event, found, known) for event in course.file.everything)
        return cls(course, calendar, known, found, pairs)

    @property
    def conflicts(self) -> tuple[Pair, ...]:
        """What somebody changed on the server since."""
        return tuple(pair for pair in self.pairs if pair.what.is_conflict)

    def pruned(self, *, ours: bool = False) -> tuple[Pair, ...]:
        """The events called off that the server still has, and has as it was sent them.

        With ``ours`` also those that somebody changed there.
        """
        return tuple(
            pair
            for pair in self.pairs
            if pair.ours.is_cancelled and pair.theirs and (ours or not pair.what.is_conflict)
        )

    def to_send(self, *, ours: bool = False, prune: bool = False) -> tuple[Pair, ...]:
        """What goes to the server; with ``ours`` also over what others did there."""
        gone = {pair.ours.uid for pair in self.pruned(ours=ours)} if prune else set()
        return tuple(
            pair
            for pair in self.pairs
            if (pair.what.is_sent or (ours and pair.what.is_conflict)) and pair.ours.uid not in gone
        )


def _pair(event: CourseEvent, found: Mapping[str, Found], known: Mapping[str, Known]) -> Pair:
    there = found.get(event.uid)
    if there is None:
        return Pair(event, None, compared(event, None, known.get(event.uid)))
    what = compared(event, there.event, known.get(event.uid))
    return Pair(event, there.event, what, there.kept.href, there.kept.etag)


class Sent(NamedTuple):
    """What came of a push; ``overtaken`` are events that somebody changed at that very moment."""

    course: LocalCourse
    sent: tuple[Pair, ...] = ()
    deleted: tuple[Pair, ...] = ()
    overtaken: tuple[Pair, ...] = ()


def send(
    push: Push,
    *,
    ours: bool = False,
    prune: bool = False,
    before_each: Callable[[], None] = lambda: None,
) -> Sent:
    """Send what differs; ``ours`` also over what others did on the server.

    What is known is written before and after, also where the server fails in the middle: so the
    next run completes one that was broken off, without doubles. Raises ServerError, and FileError
    where the course's file cannot be written, before anything is sent.
    """
    pairs = push.to_send(ours=ours, prune=prune)
    gone = push.pruned(ours=ours) if prune else ()
    url = push.calendar.url
    course = push.course
    if pairs:
        push = push._replace(known=trying(pairs, push.known))
        course = course.remember(url, push.known)
    reader = Reader.of(course.file, load_zone(course.file.zone_name))
    sending = _Sending(push, reader, components(course.file), zones(course.file), {}, [], [])
    try:
        for pair in pairs:
            before_each()
            sending.put(pair)
        for pair in gone:
            sending.delete(pair)
        sending.look_again()
    finally:
        course = course.remember(url, sending.known())
    sent = tuple(pair for pair in pairs if pair.ours.uid in sending.put_there)
    return Sent(course, sent, tuple(sending.deleted), tuple(sending.overtaken))


class _There(NamedTuple):
    """What was put on the server: its address, its ETag, empty where it is not told, its digest."""

    href: str
    etag: str
    served: str
    times: tuple[object, ...]


def _times(event: CourseEvent) -> tuple[object, ...]:
    """What every server keeps of an event."""
    return (event.start.astimezone(UTC), event.end.astimezone(UTC), event.status)


class _Sending(NamedTuple):
    """A push under way; ``put_there`` is what was put so far, by UID."""

    push: Push
    reader: Reader
    events: Mapping[str, Component]
    zones: Mapping[str, Component]
    put_there: dict[str, _There]
    deleted: list[Pair]
    overtaken: list[Pair]

    def put(self, pair: Pair) -> None:
        """Send an event, unless somebody was quicker."""
        uid, calendar = pair.ours.uid, self.push.calendar
        href = pair.href or calendar.href(uid)
        data = self._body(pair)
        sent = self._understood(Kept(href, "", data.decode()))
        try:
            etag = calendar.put(href, data, pair.etag or None)
        except OvertakenError:
            kept = calendar.get(href)
            if kept is None or digest(self._understood(kept)) != digest(sent):
                self.overtaken.append(pair)
                return
            etag = kept.etag  # ours is there: the answer to it was lost on its way
        self.put_there[uid] = _There(href, etag, digest(sent), _times(sent))

    def delete(self, pair: Pair) -> None:
        """Take an event away, unless somebody was quicker."""
        try:
            self.push.calendar.delete(pair.href, pair.etag)
        except OvertakenError:
            self.overtaken.append(pair)
        else:
            self.deleted.append(pair)

    def look_again(self) -> None:
        """See how the server keeps what it was sent: some leave out alarms, or all that is X-.

        Raises ServerError where it has not kept it at all.
        """
        hrefs = {uid: each.href for uid, each in self.put_there.items()}
        found = self.push.calendar.at(hrefs)
        lost = [self.put_there.pop(uid) for uid in hrefs if uid not in found]
        for uid, kept in found.items():
            there = self.put_there[uid]
            event = self._understood(kept)
            # Another ETag than that of our own is of a change by somebody else since. Where the
            # server did not tell it, another time is.
            is_own = there.etag == kept.etag if there.etag else _times(event) == there.times
            if is_own:
                self.put_there[uid] = there._replace(served=digest(event))
        if lost:
            raise ServerError(
                f"{self.push.calendar.shown}: the server took {plural(len(lost), 'event')} and does"
                " not have them; check the address, push again"
            )

    def _understood(self, kept: Kept) -> CourseEvent:
        return understood(self.push.calendar, kept, self.reader).event

    def _body(self, pair: Pair) -> bytes:
        event = self.events[pair.ours.uid]
        there = self.push.found.get(pair.ours.uid)
        if there is None:
            return calendar_object(first_sent(event), self.zones)
        over = sent_over(event, there.component)
        return calendar_object(over, {**zones_in(there.opened.calendar), **self.zones})

    def known(self) -> dict[str, Known]:
        """What is known of the events now."""
        calendar, known = self.push.calendar, dict(self.push.known)
        for pair in self.push.pairs:
            uid, usual = pair.ours.uid, calendar.href(pair.ours.uid)
            there = self.put_there.get(uid)
            if there is not None:
                href = "" if there.href == usual else there.href
                known[uid] = Known(digest(pair.ours), there.served, href=href)
            elif pair in self.deleted:
                known.pop(uid, None)
            elif pair.what is What.SAME and pair.theirs is not None:
                known[uid] = in_step(pair.ours, pair.theirs, pair.href, usual)
        return known
