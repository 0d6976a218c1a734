"""A plan becomes calendar events, each known again by its UID when the plan changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from meso_sched.core.booked import BookedSession, Slot, Status
from meso_sched.core.interval import MAX_SESSIONS
from meso_sched.core.plan import Plan
from meso_sched.exchange.calendar_lines import Component
from meso_sched.exchange.event_words import description, summary
from meso_sched.exchange.records import (
    SCREENING,
    course_record,
    kept_record,
    kept_with_events,
    screening_record,
)

NAMESPACE = UUID("6f0b6c1e-2f0a-5d53-9c5e-3a1c2f1f7a41")

# Not in TEXT (RFC 5545, 3.3.11): controls but tab and line feed; and halves of a character.
_LINE_END = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
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
        """The UIDs that its events can have, also those of a longer plan made earlier."""
        return frozenset(self.numbers)

    @property
    def numbers(self) -> dict[str, int]:
        """The session numbers by those UIDs."""
        return {self.uid(number): number for number in range(1, MAX_SESSIONS + 1)}

    def uid(self, session: int) -> str:
        """The UID of a session: a version 5 UUID (RFC 9562, 5.5)."""
        whose = "patient" if self.audience == "patient" else ""
        parts = (self.clinic, self.patient or "", self.regimen, self.number, session, whose)
        # repr keeps the parts apart whatever they contain.
        return str(uuid5(NAMESPACE, repr(parts)))


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """One session as a calendar holds it; ``start`` and ``end`` aware in the clinic's zone.

    ``stamp``, ``created`` and ``modified`` are UTC, to the second. ``details`` and ``record`` are
    what only this tool reads back, of the session and of its course; ``reminders`` are minutes
    before the start. ``raw`` is the event as it stands in a file, None for one that is new; a
    changed copy must not keep it.
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
    raw: Component | None = field(default=None, compare=False, repr=False)

    @property
    def content(self) -> tuple[object, ...]:
        """What a person sees of the session: a change of it is a new sequence.

        The records are for this tool alone: they are kept right without a word to calendars.
        """
        return (
            *(self.start.astimezone(UTC), self.end.astimezone(UTC), self.summary),
            *(self.description, self.status, self.reminders),
        )

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

    ``calendar`` is the whole file, with what else is in it, where it was read from one: that is
    what is written then. ``source`` is its text where nothing of it changed.
    """

    name: str
    zone_name: str
    record: Mapping[str, Any]
    events: tuple[SessionEvent, ...]
    calendar: Component | None = field(default=None, compare=False, repr=False)
    source: str | None = field(default=None, compare=False, repr=False)

    def holds(self, identity: Identity) -> bool:
        """Whether it is the file of this course; its UIDs tell, whatever else was stripped."""
        own = identity.uids
        return any(event.uid in own for event in self.events)


def own_uids(identity: Identity) -> frozenset[str]:
    """The UIDs of a course's events, in the clinic's calendar and in the patient's."""
    return replace(identity, audience="").uids | replace(identity, audience="patient").uids


def identity_of(plan: Plan, audience: str) -> Identity:
    """The identity of a plan's course."""
    course = plan.course
    return Identity(plan.clinic.name, course.patient, course.regimen.id, course.number, audience)


def course_file(plan: Plan, audience: str, stamp: datetime) -> CourseFile:
    """The calendar file of a plan, with every session whatever became of it.

    ``stamp`` is UTC, to the second.
    """
    identity = identity_of(plan, audience)
    whose = plan.clinic.name if audience == "patient" else plan.course.patient
    record = course_record(plan, identity.id, audience)
    kept = kept_with_events(record)
    return CourseFile(
        name=plain(f"Appointments {whose}" if whose else "Appointments"),
        zone_name=plan.clinic.zone_name,
        record=record,
        events=tuple(_event(plan, booked, identity, kept, stamp) for booked in plan.booked),
    )


def _event(
    plan: Plan,
    booked: BookedSession,
    identity: Identity,
    record: Mapping[str, Any],
    stamp: datetime,
) -> SessionEvent:
    return SessionEvent(
        uid=identity.uid(booked.number),
        start=booked.start,
        end=booked.end,
        summary=plain(summary(plan, booked, identity.audience)),
        description=plain(description(plan, booked, identity.audience)),
        status=booked.status.value,
        sequence=0,
        stamp=stamp,
        created=stamp,
        modified=stamp,
        # Nobody is to be reminded of what is over or called off.
        reminders=plan.clinic.reminders if booked.status is Status.BOOKED else (),
        details=_details(plan, booked, identity.audience),
        record=record,
        number=booked.number,
    )


def _details(plan: Plan, booked: BookedSession, audience: str) -> dict[str, Any]:
    record = kept_record(booked)
    screening = plan.course.regimen.care.screening
    if audience == "clinic" and booked.number == 1 and screening:
        record[SCREENING] = screening_record(screening)
    if audience == "patient":
        return {key: record[key] for key in ("number", "status")}
    return record


def plain(text: str) -> str:
    """Text as TEXT can hold it: every line end a line feed, no control characters."""
    return _UNWRITABLE.sub("", _LINE_END.sub("\n", text))


def in_time_order(events: Iterable[SessionEvent]) -> Sequence[SessionEvent]:
    """Events as a file lists them."""
    return sorted(events, key=lambda event: (event.start.astimezone(UTC), event.uid))
