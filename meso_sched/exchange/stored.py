"""A course read back from its calendar file, as it was written and as the calendar has it now.

The file alone is the record: no schedules file is asked for the regimen. Where a person or a
program changed the calendar since, the calendar is right, and what changed is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from meso_sched.core.booked import BookedSession, Status
from meso_sched.core.clinic import Clinic, Limits
from meso_sched.core.course import Course, IdealSession
from meso_sched.core.plan import Plan
from meso_sched.core.regimen import Care, Regimen, Review, Statement, Text
from meso_sched.core.reviewing import BookedReview, followed
from meso_sched.errors import FileError, NoCourseError
from meso_sched.exchange import records
from meso_sched.exchange.calendar_file import (
    OpenCalendar,
    Own,
    open_calendar,
    refuse_doubles,
)
from meso_sched.exchange.comparing import (
    Reading,
    ReviewReading,
    compared,
    compared_review,
    lost_review,
    lost_session,
    measured,
    usual_minute,
)
from meso_sched.exchange.editions import CLINIC, PATIENT, PLAIN, Edition
from meso_sched.exchange.event_words import read_description, read_review_description
from meso_sched.exchange.events import CourseEvent, CourseFile, Identity, own_uids, slot_uid
from meso_sched.exchange.files import read_bytes
from meso_sched.exchange.records import (
    CLINICS_CARE,
    PATIENTS_CARE,
    CourseRecord,
    recorded_part,
)
from meso_sched.exchange.recovering import Recovered, recovered, told_session
from meso_sched.exchange.zones import load_zone


class StoredCourse(NamedTuple):
    """A course as its file holds it.

    ``recorded`` is what this tool last wrote, ``current`` what the calendar has now; ``found``
    says in sentences where they differ. Of the regimen they know what the records keep: phases
    and figures, care and reviews, but what is for clinicians alone only in the clinic's own
    version; with ``lacks_care`` nothing of all care. ``clinic`` in them is the one that was given,
    under the file's name and in its zone. ``stripped``: the records are gone and the course was
    read from its words; the regimen then allows just what was chosen, and ``identity`` is None
    where it could not be found, so that no session can be added to the course. ``lost_limits``: a
    server dropped the calendar's own record, and with it when the patient can come.
    """

    recorded: Plan
    current: Plan
    found: tuple[str, ...]
    identity: Identity | None
    file: CourseFile
    stripped: bool = False
    lost_limits: bool = False
    lacks_care: bool = False

    @property
    def uids(self) -> frozenset[str]:
        """The UIDs that are the course's own, in whichever calendar they stand."""
        # A discreet feed has it under other UIDs.
        slots = {slot_uid(self.recorded.clinic.name, event.slot) for event in self.file.everything}
        known = frozenset(event.uid for event in self.file.everything) | slots
        # Without a patient every such course has the same UIDs, also another patient's.
        if self.identity is None or self.identity.patient is None:
            return known
        return known | own_uids(self.identity)

    @property
    def edition(self) -> Edition:
        """How the file was written."""
        return self.file.edition

    def informed(self, regimens: Mapping[str, Regimen]) -> StoredCourse:
        """With what the template of today says beside its phases, where the file does not tell."""
        regimen = regimens.get(self.recorded.course.regimen.id)
        if regimen is None:
            return self
        return self._replace(
            recorded=self._with_template(self.recorded, regimen),
            current=self._with_template(self.current, regimen),
        )

    @property
    def has_unknown_parts(self) -> bool:
        """Whether the file has reviews or care of which nothing tells any more what they say."""
        regimen = self.recorded.course.regimen
        knows = any(getattr(regimen.care, key) for key in PATIENTS_CARE) or regimen.reviews
        return self.lacks_care and not knows and bool(self.file.parts)

    def _with_template(self, plan: Plan, template: Regimen) -> Plan:
        known = plan.course.regimen
        if self.stripped:
            regimen = replace(known, title=template.title)
            plan = plan._replace(course=plan.course._replace(regimen=regimen))
        if self.lacks_care:
            screening = known.care.screening or template.care.screening
            care = template.care._replace(screening=screening)
            # A course that was planned without reviews does not get them by the way.
            reviews = template.reviews if plan.reviews else ()
            names = {number: each.name for number, each in enumerate(reviews, 1)}
            known_reviews = (
                each._replace(name=names.get(each.number, each.name)) for each in plan.reviews
            )
            return _with_care(plan._replace(reviews=tuple(known_reviews)), care, reviews)
        # Who it is not for and what the clinician has at hand stand in the clinic's own file alone.
        own = {key: getattr(known.care, key) or getattr(template.care, key) for key in CLINICS_CARE}
        return _with_care(plan, known.care._replace(**own), known.reviews)


def course_bytes(path: Path) -> bytes:
    """The bytes of a course's file; FileError where there is none."""
    data = read_bytes(path)
    if data is None:
        raise FileError(f"{path}: there is no such file; name the .ics that `plan -o` wrote")
    return data


def course_text(data: bytes, path: Path) -> str:
    """The text of a course's file; FileError where it is not UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise FileError(
            f"{path}: is not UTF-8 text, so no calendar; name the .ics that `plan -o` wrote"
        ) from error


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
    audience = CLINIC if raw_record.get("audience") == CLINIC else PLAIN
    course = known.course
    identity = Identity(known.clinic, course.patient, course.regimen.id, course.number, audience)
    own = _own_events(opened, identity, raw_record)
    zone_name = opened.zone_name(raw_record, [each.raw for each in own], clinic.zone_name)
    file = opened.file(own, zone_name, raw_record, identity, course.length)
    file = replace(file, edition=records.read_edition(raw_record, audience))
    here = replace(clinic, name=known.clinic, zone_name=zone_name, zone=load_zone(zone_name))
    plan = Plan(course, here, (), known.start, known.limits or Limits(), known.around_busy)
    readings = _readings(plan, known.sessions, file)
    if known.limits is None:
        plan = plan._replace(limits=Limits(preferred=usual_minute(file.events)))
    stored = _stored(Recovered(plan, readings, identity, file), stripped=False)
    # The first version kept no limits at all.
    has_lost = known.limits is None and "format" in raw_record
    return stored._replace(lost_limits=has_lost)


def _stored(parts: Recovered, *, stripped: bool) -> StoredCourse:
    """What was read of the course and of every session, put together."""
    plan, readings, identity, file = parts
    told = _care(file)
    plan = _with_care(plan, *(told or (Care(screening=_told_screening(file)), ())))
    recorded = plan._replace(booked=measured([each.recorded for each in readings]))
    is_same = all(each.current is each.recorded for each in readings)
    booked = recorded.booked if is_same else measured([each.current for each in readings])
    current = plan._replace(booked=booked)
    reviews = list(_reviews(recorded, file))
    return StoredCourse(
        recorded=recorded._replace(reviews=tuple(each.recorded for each in reviews)),
        current=current._replace(reviews=tuple(each.current for each in reviews)),
        found=(
            *(sentence for each in readings for sentence in each.found),
            *(sentence for each in reviews for sentence in each.found),
        ),
        identity=identity,
        file=file,
        stripped=stripped,
        lacks_care=told is None,
    )


def _with_care(plan: Plan, care: Care, reviews: tuple[Review, ...]) -> Plan:
    course = plan.course
    regimen = replace(course.regimen, care=care, reviews=reviews)
    return plan._replace(course=course._replace(regimen=regimen))


def _care(file: CourseFile) -> tuple[Care, tuple[Review, ...]] | None:
    """Care and reviews of the template: as session 1 has recorded them, else the file itself."""
    first = _first(file)
    for record in ({} if first is None else first.details, file.record.get("template")):
        try:
            told = records.read_care(record) if isinstance(record, Mapping) else None
        except ValueError:
            continue
        if told is not None:
            return told
    return None


def _told_screening(file: CourseFile) -> tuple[Statement, ...]:
    """Who the regimen is not for, by the words of session 1."""
    first = _first(file)
    told = None if first is None else read_description(first.description)
    return () if told is None else told.screening


def _first(file: CourseFile) -> CourseEvent | None:
    return next((event for event in file.events if event.number == 1), None)


def _reviews(plan: Plan, file: CourseFile) -> Iterator[ReviewReading]:
    """Every review that has an event or should have one."""
    events = {
        number: event
        for event in file.parts
        if (number := records.review_number(event.part)) is not None
    }
    templates = dict(enumerate(plan.course.regimen.reviews, 1))
    for number in sorted({*events, *templates}):
        template, event = templates.get(number), events.get(number)
        after = None if template is None else followed(template, plan.booked)
        is_gone = event is None or (event.is_cancelled and records.GONE in event.details)
        if template is not None and after is None and is_gone:
            continue  # with its session, with which it may come back
        if event is not None:
            yield compared_review(_recorded_review(plan, number, event), event)
        elif template is not None and after is not None:
            # Where it was booked nobody knows any more.
            yield lost_review(
                BookedReview(number, template.name, after.number, after.day, after.start, after.end)
            )


def _recorded_review(plan: Plan, number: int, event: CourseEvent) -> BookedReview:
    """A review as its record has it; without one, as its words and the calendar do."""
    reviews = plan.course.regimen.reviews
    told = read_review_description(event.description)
    name = Text.english(told.name or event.summary or records.review_part(number))
    if number <= len(reviews):
        name = reviews[number - 1].name
    try:
        return records.read_review(event.details, name, event.slot)
    except ValueError:
        pass
    before = [each.number for each in plan.booked if each.end <= event.start]
    return BookedReview(
        number=number,
        name=name,
        after=told.after or max(before, default=1),
        ideal=told.ideal or event.start.date(),
        start=event.start,
        end=event.end,
        why=told.why,
        status=Status(event.status),
        by_hand=told.by_hand,
        room=told.room,
        practitioner=told.practitioner,
    )


def _own_events(opened: OpenCalendar, identity: Identity, record: Mapping[str, Any]) -> list[Own]:
    """The events of a course's sessions, known by their UIDs or by their records."""
    own: list[Own] = []
    known = (record, records.kept_with_events(record))
    numbers: Mapping[str, int] | None = None
    for raw in opened.events:
        number = records.recorded_number(raw.details)
        if raw.record.get("audience") == PATIENT or recorded_part(raw.details):
            continue
        if number is None or raw.record not in known:
            if numbers is None:  # only now: there are as many as a course can ever have sessions
                numbers = identity.numbers
            told = number if "phase" in raw.details else None
            number = numbers.get(raw.uid) or told
        if number is not None:
            own.append(Own(raw, number))
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
    known: list[tuple[CourseRecord, Mapping[str, Any]]] = []
    for record in distinct.values():
        if record.get("audience") == PATIENT:
            continue
        if known and record == records.kept_with_events(known[0][1]):
            continue  # as each event has it, which tells no more
        try:
            known.append((records.read_course(record), record))
        except ValueError:
            continue
    _refuse_two(opened.where, [each.course for each, _ in known])
    if not known and any(record.get("audience") == PATIENT for record in distinct.values()):
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


def _recorded(event: CourseEvent, ideal: IdealSession, patient: str | None) -> BookedSession:
    """The session as its record has it; without one, as its words do."""
    slot = event.slot
    if records.recorded_number(event.details) == ideal.number:
        try:
            return records.read_session(event.details, ideal, slot)
        except ValueError:
            pass
    return told_session(event, ideal, patient)
