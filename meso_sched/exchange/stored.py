"""A course read back from its calendar file, as it was written and as the calendar has it now.

The file alone is the record: no schedules file is asked for the regimen. Where a person or a
program changed the calendar since, the calendar is right, and what changed is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from meso_sched.core.booked import BookedSession
from meso_sched.core.clinic import Clinic, Limits
from meso_sched.core.course import Course, IdealSession
from meso_sched.core.plan import Plan
from meso_sched.core.regimen import Care, Regimen, Statement
from meso_sched.errors import FileError, NoCourseError
from meso_sched.exchange import records
from meso_sched.exchange.calendar_file import (
    OpenCalendar,
    RawEvent,
    open_calendar,
    refuse_doubles,
)
from meso_sched.exchange.comparing import (
    Reading,
    compared,
    lost_session,
    measured,
    usual_minute,
)
from meso_sched.exchange.event_words import read_description
from meso_sched.exchange.events import CourseFile, Identity, SessionEvent, own_uids
from meso_sched.exchange.records import CourseRecord
from meso_sched.exchange.recovering import Recovered, recovered, told_session
from meso_sched.exchange.zones import load_zone


class StoredCourse(NamedTuple):
    """A course as its file holds it.

    ``recorded`` is what this tool last wrote, ``current`` what the calendar has now; ``found``
    says in sentences where they differ. Of the regimen they know what the record keeps: phases
    and figures, the English title, of the care only the list of who it is not for, which the
    clinic's own version has. ``clinic`` in them is the one that was given, under
    the file's name and in its zone. ``stripped``: the records are gone and the course was read
    from its words; the regimen then allows just what was chosen, and ``identity`` is None where
    it could not be found, so that no session can be added to the course. ``lost_limits``: a server
    dropped the calendar's own record, and with it when the patient can come.
    """

    recorded: Plan
    current: Plan
    found: tuple[str, ...]
    identity: Identity | None
    audience: str
    file: CourseFile
    stripped: bool = False
    lost_limits: bool = False

    @property
    def uids(self) -> frozenset[str]:
        """The UIDs that are the course's own, in whichever calendar they stand."""
        known = frozenset(event.uid for event in self.file.events)
        # Without a patient every such course has the same UIDs, also another patient's.
        if self.identity is None or self.identity.patient is None:
            return known
        return known | own_uids(self.identity)

    def informed(self, regimens: Mapping[str, Regimen]) -> StoredCourse:
        """With the templates' list of who the regimen is not for, where the file has none."""
        regimen = regimens.get(self.recorded.course.regimen.id)
        if regimen is None or self.recorded.course.regimen.care.screening:
            return self
        screening = regimen.care.screening
        recorded = _with_screening(self.recorded, screening)
        return self._replace(recorded=recorded, current=_with_screening(self.current, screening))


def read_course(
    text: str, where: str, clinic: Clinic, catalogue_ids: Iterable[str] = ()
) -> StoredCourse:
    """The course that a calendar file holds; ``where`` names it in messages.

    ``clinic`` gives the hours and all else that the file does not tell. ``catalogue_ids`` are the
    regimens to try where the file has lost which one it is of. Raises FileError for what is no
    calendar or not whole, for another tool's or a newer version's, for the patient's copy, for
    two courses, and for a session that is there twice.
    """
    opened = open_calendar(text, where)
    record = _course_record(opened)
    if record is None:
        return _stored(recovered(opened, clinic, catalogue_ids), stripped=True)
    known, raw_record = record
    audience = "clinic" if raw_record.get("audience") == "clinic" else ""
    course = known.course
    identity = Identity(known.clinic, course.patient, course.regimen.id, course.number, audience)
    own = _own_events(opened, identity, raw_record)
    zone_name = opened.zone_name(raw_record, [raw for raw, _ in own], clinic.zone_name)
    file = opened.file(own, zone_name, raw_record, course.length)
    here = replace(clinic, name=known.clinic, zone_name=zone_name, zone=load_zone(zone_name))
    plan = Plan(course, here, (), known.start, known.limits or Limits(), known.around_busy)
    readings = _readings(plan, known.sessions, file)
    if known.limits is None:
        plan = plan._replace(limits=Limits(preferred=usual_minute(file.events)))
    stored = _stored(Recovered(plan, readings, identity, audience, file), stripped=False)
    # The first version kept no limits at all.
    has_lost = known.limits is None and "format" in raw_record
    return stored._replace(lost_limits=has_lost)


def _stored(parts: Recovered, *, stripped: bool) -> StoredCourse:
    """What was read of the course and of every session, put together."""
    plan, readings, identity, audience, file = parts
    if audience == "clinic":
        plan = _with_screening(plan, _screening(file))
    found = tuple(sentence for each in readings for sentence in each.found)
    recorded = measured([each.recorded for each in readings])
    current = measured([each.current for each in readings])
    return StoredCourse(
        recorded=plan._replace(booked=recorded),
        current=plan._replace(booked=current),
        found=found,
        identity=identity,
        audience=audience,
        file=file,
        stripped=stripped,
    )


def _with_screening(plan: Plan, screening: tuple[Statement, ...]) -> Plan:
    course = plan.course
    regimen = replace(course.regimen, care=Care(screening=screening))
    return plan._replace(course=course._replace(regimen=regimen))


def _screening(file: CourseFile) -> tuple[Statement, ...]:
    """The list that session 1 carries: by its record, else by its words."""
    first = next((event for event in file.events if event.number == 1), None)
    if first is None:
        return ()
    try:
        recorded = records.read_screening(first.details)
    except ValueError:
        recorded = ()
    told = None if recorded else read_description(first.description)
    return recorded if told is None else told.screening


def _own_events(
    opened: OpenCalendar, identity: Identity, record: Mapping[str, Any]
) -> list[tuple[RawEvent, int]]:
    """The events of a course with their session numbers, known by their UIDs or by records."""
    own: list[tuple[RawEvent, int]] = []
    known = (record, records.kept_with_events(record))
    numbers: Mapping[str, int] | None = None
    for raw in opened.events:
        number = records.recorded_number(raw.details)
        if raw.record.get("audience") == "patient":
            continue
        if number is None or raw.record not in known:
            if numbers is None:  # only now: there are as many as a course can ever have sessions
                numbers = identity.numbers
            told = number if "phase" in raw.details else None
            number = numbers.get(raw.uid) or told
        if number is not None:
            own.append((raw, number))
    refuse_doubles(opened, own)
    if not own:
        raise FileError(
            f"{opened.where}: none of the sessions of its course is left in it; take the file"
            " from a backup, or plan the course again"
        )
    return own


# ---- The course ----------------------------------------------------------------------------------


def _course_record(opened: OpenCalendar) -> tuple[CourseRecord, Mapping[str, Any]] | None:
    """The course's record, None where none is left that can be read.

    Where they differ the calendar's own goes first, then that of the event written last.
    """
    distinct = {id(raw.record): raw.record for raw in opened.events if raw.record}
    if len(distinct) > 1:
        by_last = sorted(opened.events, key=lambda raw: raw.text("LAST-MODIFIED"), reverse=True)
        distinct = {id(raw.record): raw.record for raw in by_last if raw.record}
    if opened.record:
        distinct = {id(opened.record): opened.record, **distinct}
    known = []
    for record in distinct.values():
        if record.get("audience") == "patient":
            continue
        try:
            known.append((records.read_course(record), record))
        except ValueError:
            continue
    _refuse_two(opened.where, [each.course for each, _ in known])
    if not known and any(record.get("audience") == "patient" for record in distinct.values()):
        raise NoCourseError(
            f"{opened.where}: is the patient's copy, which does not tell the regimen; name the"
            " clinic's own file"
        )
    return known[0] if known else None


def _refuse_two(where: str, courses: Iterable[Course]) -> None:
    told = dict.fromkeys(
        f"{each.regimen.id} {each.number}" + (f" of {each.patient}" if each.patient else "")
        for each in courses
    )
    if len(told) > 1:
        raise FileError(
            f"{where}: holds {len(told)} courses ({', '.join(told)}); give a file that holds one"
        )


# ---- Its sessions --------------------------------------------------------------------------------


def _readings(plan: Plan, sessions: Iterable[IdealSession], file: CourseFile) -> list[Reading]:
    events = {event.number: event for event in file.events}
    minute = usual_minute(file.events)
    readings = []
    for ideal in sessions:
        event = events.get(ideal.number)
        if event is None:
            readings.append(lost_session(plan, ideal, minute))
        else:
            readings.append(compared(_recorded(event, ideal, plan.course.patient), event))
    return readings


def _recorded(event: SessionEvent, ideal: IdealSession, patient: str | None) -> BookedSession:
    """The session as its record has it; without one, as its words do."""
    slot = event.slot
    if records.recorded_number(event.details) == ideal.number:
        try:
            return records.read_session(event.details, ideal, slot)
        except ValueError:
            pass
    return told_session(event, ideal, patient)
