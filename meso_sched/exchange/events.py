"""A plan becomes calendar events, each known again by its UID when the plan changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from meso_sched.core.course import Course, PlannedPhase
from meso_sched.core.interval import MAX_SESSIONS
from meso_sched.core.placing import BookedSession
from meso_sched.core.plan import Plan

NAMESPACE = UUID("6f0b6c1e-2f0a-5d53-9c5e-3a1c2f1f7a41")
CANCELLED = "Cancelled"

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
        return frozenset(self.uid(number) for number in range(1, MAX_SESSIONS + 1))

    def uid(self, session: int) -> str:
        """The UID of a session: a version 5 UUID (RFC 9562, 5.5)."""
        whose = "patient" if self.audience == "patient" else ""
        parts = (self.clinic, self.patient or "", self.regimen, self.number, session, whose)
        # repr keeps the parts apart whatever they contain.
        return str(uuid5(NAMESPACE, repr(parts)))


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """One session as a calendar holds it; ``start`` and ``end`` aware in the clinic's zone.

    ``stamp``, ``created`` and ``modified`` are UTC, to the second; ``details`` is what only this
    tool reads back; ``reminders`` are minutes before the start.
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

    @property
    def content(self) -> tuple[object, ...]:
        """Everything that a person sees or the tool reads: a change of it is a new sequence."""
        return (
            *(self.start.astimezone(UTC), self.end.astimezone(UTC), self.summary),
            *(self.description, self.status, self.reminders, dict(self.details)),
        )


@dataclass(frozen=True, slots=True)
class CourseFile:
    """A course as its calendar file holds it; ``record`` is what only this tool reads back."""

    name: str
    zone_name: str
    record: Mapping[str, Any]
    events: tuple[SessionEvent, ...]

    def holds(self, identity: Identity) -> bool:
        """Whether it is the file of this course; its UIDs tell, whatever else was stripped."""
        own = identity.uids
        return any(event.uid in own for event in self.events)

    def foreign(self, identity: Identity) -> tuple[SessionEvent, ...]:
        """The events that are no session of this course."""
        own = identity.uids
        return tuple(event for event in self.events if event.uid not in own)


def own_uids(identity: Identity) -> frozenset[str]:
    """The UIDs of a course's events, in the clinic's calendar and in the patient's."""
    return replace(identity, audience="").uids | replace(identity, audience="patient").uids


def identity_of(plan: Plan, audience: str) -> Identity:
    """The identity of a plan's course."""
    course = plan.course
    return Identity(plan.clinic.name, course.patient, course.regimen.id, course.number, audience)


def course_file(plan: Plan, audience: str, stamp: datetime) -> CourseFile:
    """The calendar file of a new plan; ``stamp`` is UTC, to the second."""
    identity = identity_of(plan, audience)
    whose = plan.clinic.name if audience == "patient" else plan.course.patient
    return CourseFile(
        name=plain(f"Appointments {whose}" if whose else "Appointments"),
        zone_name=plan.clinic.zone_name,
        record=course_record(plan, identity),
        events=tuple(_event(plan, booked, identity, stamp) for booked in plan.booked),
    )


def updated(new: CourseFile, former: CourseFile, stamp: datetime) -> CourseFile:
    """The new file as an update of the former one of the same course.

    An event that did not change keeps its sequence and stamps; one that the new plan no longer
    has stays, cancelled (RFC 5546, 2.1.4).
    """
    known = {event.uid: event for event in former.events}
    events = [_updated(event, known.pop(event.uid, None), stamp) for event in new.events]
    events.extend(_cancelled(event, stamp) for event in known.values())
    return replace(new, events=tuple(events))


def _updated(event: SessionEvent, former: SessionEvent | None, stamp: datetime) -> SessionEvent:
    if former is None:
        return event
    kept = replace(
        event,
        sequence=former.sequence,
        stamp=former.stamp,
        created=former.created,
        modified=former.modified,
    )
    if event.content == former.content:
        return kept
    return replace(kept, sequence=former.sequence + 1, stamp=stamp, modified=stamp)


def _cancelled(event: SessionEvent, stamp: datetime) -> SessionEvent:
    if event.status == "cancelled":
        return event
    return replace(
        event,
        summary=f"{CANCELLED}: {event.summary}",
        status="cancelled",
        reminders=(),
        sequence=event.sequence + 1,
        stamp=stamp,
        modified=stamp,
        details={**event.details, "status": "cancelled"} if event.details else {},
    )


def _event(plan: Plan, booked: BookedSession, identity: Identity, stamp: datetime) -> SessionEvent:
    return SessionEvent(
        uid=identity.uid(booked.plan.number),
        start=booked.start,
        end=booked.end,
        summary=plain(_summary(plan, booked, identity.audience)),
        description=plain(_description(plan.course, booked, identity.audience)),
        status="booked",
        sequence=0,
        stamp=stamp,
        created=stamp,
        modified=stamp,
        reminders=plan.clinic.reminders,
        details=_details(booked, identity.audience),
    )


def _summary(plan: Plan, booked: BookedSession, audience: str) -> str:
    """The patient reference and nothing clinical, unless the clinic's own version is asked for."""
    course = plan.course
    place = f"{booked.plan.number}/{len(plan.booked)}"
    if audience == "patient":
        return f"Appointment {place}" + (f", {plan.clinic.name}" if plan.clinic.name else "")
    who = f"Appointment {place}" if course.patient is None else f"{course.patient} ({place})"
    if audience != "clinic":
        return who
    phase = f"{booked.plan.phase} {booked.plan.of[0]}/{booked.plan.of[1]}"
    return f"{who} {course.regimen.title}, {phase}"


def _description(course: Course, booked: BookedSession, audience: str) -> str:
    lines = [f"Session {booked.plan.number} of {course.count_all}"]
    if audience != "patient":
        lines.extend(booked.why)
        lines += [f"Choice outside the source's range: {each}" for each in course.overrides]
    return "\n".join(lines)


def plain(text: str) -> str:
    """Text as TEXT can hold it: every line end a line feed, no control characters."""
    return _UNWRITABLE.sub("", _LINE_END.sub("\n", text))


def course_record(plan: Plan, identity: Identity) -> dict[str, Any]:
    """What a course is made of, as JSON values; the patient's copy tells nothing clinical."""
    course = plan.course
    record = {
        "id": identity.id,
        "audience": identity.audience,
        "timezone": plan.clinic.zone_name,
    }
    if identity.audience == "patient":
        return record
    return {
        **record,
        "clinic": identity.clinic,
        "patient": identity.patient,
        "regimen": identity.regimen,
        "number": identity.number,
        "start": course.start.isoformat(),
        "keep": course.keep.value,
        "length": course.length,
        "overrides": list(course.overrides),
        "phases": [_phase_record(phase) for phase in course.phases],
    }


def _phase_record(phase: PlannedPhase) -> dict[str, Any]:
    interval = phase.interval
    return {
        "name": phase.name,
        "sessions": phase.sessions,
        "every": str(interval),
        "ideal": str(interval.ideal),
        "flex": [interval.below, interval.above],
    }


def _details(booked: BookedSession, audience: str) -> dict[str, Any]:
    record = session_record(booked)
    if audience == "patient":
        return {key: record[key] for key in ("number", "status")}
    return record


def session_record(booked: BookedSession) -> dict[str, Any]:
    """What a session knows beyond its slot, as JSON values."""
    return {
        "number": booked.plan.number,
        "phase": booked.plan.phase,
        "of": list(booked.plan.of),
        "ideal": booked.plan.ideal.isoformat(),
        "earliest": booked.earliest.isoformat(),
        "latest": None if booked.latest is None else booked.latest.isoformat(),
        "gap_days": booked.gap_days,
        "shift_days": booked.shift_days,
        "overdue_days": booked.overdue_days,
        "why": list(booked.why),
        "status": "booked",
    }


def in_time_order(events: Iterable[SessionEvent]) -> Sequence[SessionEvent]:
    """Events as a file lists them."""
    return sorted(events, key=lambda event: (event.start.astimezone(UTC), event.uid))
