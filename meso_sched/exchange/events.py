"""A plan becomes calendar events, each known again by its UID when the plan changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import Enum
from functools import cached_property, lru_cache, partial
from hashlib import sha1
from typing import Any, NamedTuple
from uuid import UUID

from meso_sched.core.booked import BookedSession, Slot, Status
from meso_sched.core.caring import CareMoment, Figure, Side, dated, figures, moments_of
from meso_sched.core.interval import MAX_SESSIONS
from meso_sched.core.plan import Plan
from meso_sched.core.reviewing import BookedReview
from meso_sched.core.walltime import DAY_MINUTES
from meso_sched.exchange import care_words, patient_words, records
from meso_sched.exchange.calendar_lines import Component
from meso_sched.exchange.editions import PATIENT, CareForm, Edition
from meso_sched.exchange.event_words import EventWords
from meso_sched.exchange.records import review_part

MAX_REVIEWS = 50
"""More than any regimen has."""

NAMESPACE = UUID("6f0b6c1e-2f0a-5d53-9c5e-3a1c2f1f7a41")

_NAMESPACE_HASH = sha1(NAMESPACE.bytes, usedforsecurity=False)

# Not in TEXT (RFC 5545, 3.3.11): controls but tab and line feed; and halves of a character.
_LINE_END = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS = bytes([*range(0x09), *range(0x0B, 0x20), 0x7F])
_PLAIN = Edition()
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes a course this one and no other; UIDs are made of it, never of a date.

    ``audience`` is empty, "clinic" or "patient": the patient's copy has UIDs of its own.
    """

    clinic: str
    patient: str | None
    regimen: str
    number: int
    audience: str = ""

    @property
    def id(self) -> str:
        """One UUID for the course as a whole, which tells nobody whose it is."""
        return self.uid(0)

    @property
    def uids(self) -> frozenset[str]:
        """The UIDs that its appointments can have, also those of a longer plan made earlier."""
        return frozenset((*self.numbers, *self.reviews))

    @property
    def numbers(self) -> dict[str, int]:
        """The session numbers by those UIDs."""
        return {self.uid(number): number for number in range(1, MAX_SESSIONS + 1)}

    @property
    def reviews(self) -> dict[str, int]:
        """The numbers of reviews by their UIDs."""
        return {self.review_uid(number): number for number in range(1, MAX_REVIEWS + 1)}

    def uid(self, session: int, part: str = "") -> str:
        """The UID of a session, or of a ``part`` beside it: a version 5 UUID (RFC 9562, 5.5)."""
        whose = PATIENT if self.audience == PATIENT else ""
        parts = (self.clinic, self.patient or "", self.regimen, self.number, session, whose)
        # repr keeps the parts apart whatever they contain.
        return _uuid5(repr((*parts, part) if part else parts))

    def review_uid(self, number: int) -> str:
        """The UID of a review."""
        return self.uid(0, review_part(number))


def slot_uid(clinic: str, slot: Slot) -> str:
    """A UID that tells no more than when a clinic has an appointment."""
    begins, ends = (moment.astimezone(UTC).isoformat() for moment in (slot.start, slot.end))
    return _uuid5(repr(("slot", clinic, begins, ends)))


def again_uid(uid: str, count: int) -> str:
    """The UID of an event that has the same as others, of which it is number ``count``."""
    return _uuid5(repr(("again", uid, count)))


def _uuid5(name: str) -> str:
    """As ``uuid.uuid5`` in our namespace, in half the time: every event needs one."""
    known = _NAMESPACE_HASH.copy()
    known.update(name.encode())
    digest = bytearray(known.digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50  # the version
    digest[8] = digest[8] & 0x3F | 0x80  # the variant
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class Kind(Enum):
    """What an event is; the value is its category in the calendar."""

    SESSION = "APPOINTMENT"
    REVIEW = "REVIEW"
    CARE = "CARE"


class CareAlarm(NamedTuple):
    """A word about care, so many minutes before a session begins, or (None) as it ends.

    ``elapsed``: they are elapsed time; else days of the calendar (RFC 5545, 3.3.6).
    """

    minutes: int | None
    words: str
    elapsed: bool = False


@dataclass(frozen=True, slots=True)
class CourseEvent:
    """A session, a review or a moment of care as a calendar holds it; aware, in the clinic's zone.

    ``stamp``, ``created`` and ``modified`` are UTC, to the second. ``details`` and ``record`` are
    what only this tool reads back, of the event and of its course; ``reminders`` are minutes
    before the start. ``number`` is that of the session, also of one that care belongs to;
    ``part`` names a review or a moment of care. One of a ``whole_day`` starts at midnight.
    ``related`` is the UID of the session that it belongs to. ``raw`` is the event as it stands in a
    file, None for one that is new; a changed copy must not keep it.
    """

    uid: str
    start: datetime
    end: datetime
    summary: str
    description: str
    status: str
    sequence: int
    stamp: datetime
    created: datetime
    modified: datetime
    reminders: tuple[int, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)
    number: int | None = field(default=None, compare=False)
    kind: Kind = Kind.SESSION
    part: str = ""
    whole_day: bool = False
    location: str = ""
    related: str = ""
    care: tuple[CareAlarm, ...] = ()
    raw: Component | None = field(default=None, compare=False, repr=False)

    @property
    def content(self) -> tuple[object, ...]:
        """What a person sees of the session: a change of it is a new sequence.

        The records are for this tool alone: they are kept right without a word to calendars.
        """
        return (
            *(self.start.astimezone(UTC), self.end.astimezone(UTC), self.summary),
            *(self.description, self.status, self.reminders),
            *(self.whole_day, self.location, self.related, self.care),
        )

    @property
    def key(self) -> tuple[int | None, str] | None:
        """What it is of its course, where that is known, whatever its UID."""
        return None if self.number is None and not self.part else (self.number, self.part)

    @property
    def slot(self) -> Slot:
        """Where the calendar has it."""
        return Slot(self.start, self.end)

    @property
    def is_cancelled(self) -> bool:
        """Whether it is called off."""
        return self.status == Status.CANCELLED.value


@dataclass(frozen=True, slots=True)
class CourseFile:
    """A course as its calendar file holds it; ``record`` is what only this tool reads back.

    ``events`` are those of the sessions, ``parts`` of reviews and care. ``calendar`` is the whole
    file, with what else is in it, where it was read from one: that is what is written then.
    ``source`` is its text where nothing of it changed.
    """

    name: str
    zone_name: str
    record: Mapping[str, Any]
    events: tuple[CourseEvent, ...]
    parts: tuple[CourseEvent, ...] = ()
    edition: Edition = _PLAIN
    calendar: Component | None = field(default=None, compare=False, repr=False)
    source: str | None = field(default=None, compare=False, repr=False)

    @property
    def everything(self) -> tuple[CourseEvent, ...]:
        """The events of the sessions, then all others."""
        return (*self.events, *self.parts)

    def holds(self, identity: Identity) -> bool:
        """Whether it is the file of this course; its UIDs tell, whatever else was stripped."""
        own = identity.uids
        return any(event.uid in own for event in self.events)


def own_uids(identity: Identity) -> frozenset[str]:
    """The UIDs of a course's events, in the clinic's calendar and in the patient's."""
    return replace(identity, audience="").uids | replace(identity, audience=PATIENT).uids


def identity_of(plan: Plan, audience: str) -> Identity:
    """The identity of a plan's course."""
    course = plan.course
    return Identity(plan.clinic.name, course.patient, course.regimen.id, course.number, audience)


def course_file(plan: Plan, edition: Edition, stamp: datetime) -> CourseFile:
    """The calendar file of a plan, with every session whatever became of it.

    ``stamp`` is UTC, to the second.
    """
    writer = _Writer(plan, edition, stamp)
    return CourseFile(
        name=plain(writer.name()),
        zone_name=plan.clinic.zone_name,
        record=writer.record,
        events=tuple(writer.session(booked) for booked in plan.booked),
        parts=(*map(writer.review, plan.reviews), *writer.care()),
        edition=edition,
    )


class _Writer:
    """Writes a plan's events in one edition."""

    def __init__(self, plan: Plan, edition: Edition, stamp: datetime) -> None:
        self.plan = plan
        self.edition = edition
        self.identity = identity_of(plan, edition.audience)
        self.record = records.course_record(plan, self.identity.id, edition)
        self._kept = records.kept_with_events(self.record)
        self._words = EventWords(plan, edition)
        self._event = partial(CourseEvent, sequence=0, stamp=stamp, created=stamp, modified=stamp)

    def name(self) -> str:
        """The calendar's name."""
        if self.edition.is_patients:
            return patient_words.calendar_name(self.plan, self.edition)
        patient = self.plan.course.patient
        return f"Appointments {patient}" if patient else "Appointments"

    def session(self, booked: BookedSession) -> CourseEvent:
        """The event of a session."""
        is_open = booked.status is Status.BOOKED
        return self._event(
            uid=self.identity.uid(booked.number),
            start=booked.start,
            end=booked.end,
            summary=plain(self._words.summary(booked)),
            description=plain(self._words.description(booked)),
            status=booked.status.value,
            # Nobody is to be reminded of what is over or called off.
            reminders=self.plan.clinic.reminders if is_open else (),
            care=tuple(self._alarms(booked)) if is_open else (),
            details=records.session_details(self.plan, booked, self.edition),
            record=self._kept,
            number=booked.number,
            location=self._location(booked),
        )

    def review(self, review: BookedReview) -> CourseEvent:
        """The event of a review."""
        is_open = review.status is Status.BOOKED
        return self._event(
            uid=self.identity.review_uid(review.number),
            start=review.start,
            end=review.end,
            summary=plain(self._words.review_summary(review)),
            description=plain(self._words.review_description(review)),
            status=review.status.value,
            reminders=self.plan.clinic.reminders if is_open else (),
            details=records.review_details(review, self.identity.id, self.edition),
            kind=Kind.REVIEW,
            part=review_part(review.number),
            location=self._location(review),
        )

    def care(self) -> Iterator[CourseEvent]:
        """An event for every moment of care around the sessions that take place."""
        if self.edition.care is not CareForm.EVENTS:
            return
        for booked in self.plan.booked:
            if booked.takes_place:
                for moment in self._moments(booked):
                    yield self._care_event(booked, moment)

    @cached_property
    def _figures(self) -> tuple[Figure, ...]:
        # What is to be expected is nothing to do, so the description alone tells it.
        return figures(self.plan.course.regimen.care, (Side.BEFORE, Side.AFTER))

    def _moments(self, booked: BookedSession) -> Iterator[CareMoment]:
        return dated(moments_of(self._figures, booked.slot))

    def _care_event(self, booked: BookedSession, moment: CareMoment) -> CourseEvent:
        slot = Slot(moment.start, moment.end)
        if moment.whole_day:
            slot = day_slot(moment.day, self.plan.clinic.zone)
        what = self.plan, booked, moment, self.edition
        return self._event(
            uid=self.identity.uid(booked.number, moment.key),
            start=slot.start,
            end=slot.end,
            summary=plain(care_words.care_summary(*what)),
            description=plain(care_words.care_description(*what)),
            status=Status.BOOKED.value,
            details=records.care_details(booked.number, moment, self.identity.id),
            kind=Kind.CARE,
            number=booked.number,
            part=moment.key,
            whole_day=moment.whole_day,
            related=self.identity.uid(booked.number),
        )

    def _alarms(self, booked: BookedSession) -> Iterator[CareAlarm]:
        if self.edition.care is not CareForm.ALARMS:
            return
        for moment in self._moments(booked):
            words = care_words.alarm_words(self.plan, booked, moment, self.edition)
            is_elapsed = moment.side is Side.BEFORE and not moment.whole_day
            yield CareAlarm(_minutes_ahead(booked, moment), plain(words), is_elapsed)

    def _location(self, booked: BookedSession | BookedReview) -> str:
        """Where a patient has to go; the clinic knows, but for the room."""
        if not self.edition.is_patients:
            return _place(booked.room)
        clinic = self.plan.clinic
        named = (clinic.address,) if self.edition.discreet else (clinic.name, clinic.address)
        return plain(", ".join(filter(None, (patient_words.one_line(each) for each in named))))


@lru_cache(maxsize=256)
def _place(room: str) -> str:
    return plain(patient_words.one_line(room))


def _minutes_ahead(booked: BookedSession, moment: CareMoment) -> int | None:
    """How long before the session an alarm goes off: of whole days at the session's own time."""
    if moment.side is not Side.BEFORE:
        return None
    if moment.whole_day:
        return (booked.day - moment.day).days * DAY_MINUTES
    return int(Slot(moment.start, booked.start).length.total_seconds()) // 60


def day_slot(day: date, zone: tzinfo) -> Slot:
    """A local day from midnight to midnight, also where the zone's clock skips one of them."""
    days = (day, day + timedelta(days=1))
    return Slot(*(datetime.combine(each, datetime.min.time(), zone) for each in days))


def plain(text: str) -> str:
    """Text as TEXT can hold it: every line end a line feed, no control characters."""
    if text.isascii():  # where looking is quickest
        data = text.encode()
        is_plain = len(data.translate(None, _CONTROLS)) == len(data)
    else:
        is_plain = text.replace("\n", "").isprintable()
    return text if is_plain else _UNWRITABLE.sub("", _LINE_END.sub("\n", text))


def in_time_order(events: Iterable[CourseEvent]) -> Sequence[CourseEvent]:
    """Events as a file lists them."""
    return sorted(events, key=lambda event: (event.start.astimezone(UTC), event.uid))
