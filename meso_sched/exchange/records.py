"""What only this tool reads back from a calendar file: the records of a course and of its sessions.

Both are JSON objects in private properties. Writing and reading stand side by side here, so that
they stay of one mind; what is read comes from a file that anybody may have changed, so that every
value is held against its type and its bounds. Files of the first version lack most keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from meso_sched.core.booked import BookedSession, Slot, Status
from meso_sched.core.caring import CareMoment
from meso_sched.core.clinic import Limits
from meso_sched.core.course import Course, IdealSession, PlannedPhase
from meso_sched.core.interval import MAX_INTERVAL_DAYS, MAX_SESSIONS, Count, Interval
from meso_sched.core.plan import Plan
from meso_sched.core.regimen import (
    DEFAULT_LANGUAGE,
    Care,
    Keep,
    Lasting,
    Phase,
    Regimen,
    Review,
    Statement,
    Text,
)
from meso_sched.core.reviewing import BookedReview
from meso_sched.core.walltime import (
    DAY_MINUTES,
    FIRST_YEAR,
    LAST_YEAR,
    WEEKDAYS,
    DateRange,
    Length,
    parse_date,
    parse_spans,
    parse_time,
    parse_weekday,
    show_time,
)
from meso_sched.exchange.editions import CLINIC, CareForm, Edition
from meso_sched.exchange.languages import LANGUAGES
from meso_sched.exchange.same import Same

FORMAT = 1
"""The version of what is written; a file of a later one is not read."""

FORMAT_PROPERTY = "X-MESO-SCHED-FORMAT"
COURSE_PROPERTY = "X-MESO-SCHED-COURSE"
SESSION_PROPERTY = "X-MESO-SCHED-SESSION"
ALARM_PROPERTY = "X-MESO-SCHED-ALARM"
"""Marks an alarm about care as one of ours."""

SERVERS_PROPERTY = "X-MESO-SCHED-SERVERS"
"""What a course and the servers that it was sent to had in common when they were last in step."""

INVITED_PROPERTY = "X-MESO-SCHED-INVITED"
"""Whom a course's invitations go to, and what was last told of each appointment."""

KIND_PROPERTY = "X-MESO-SCHED-KIND"
"""Marks a calendar that holds sessions of many courses, and is no course's own."""

CARE, REVIEWS = "care", "reviews"
"""The keys in the records of session 1 and of the template: what it says beside its phases."""

ROOM, PRACTITIONER = "room", "practitioner"
"""The keys of those that an appointment takes, where many courses share them."""

GONE = "gone"
"""The key that marks a review or care as called off because its session is."""

PATIENTS_CARE = ("before", "after", "expect", "call")
CLINICS_CARE = ("screening", "technique", "notes")
"""The lists of care that a patient reads, and those for clinicians alone."""

MAX_NUMBER = 1_000_000
_REVIEW = re.compile(r"review ([1-9][0-9]{0,2})", re.ASCII)
_Value = TypeVar("_Value")


class CourseRecord(NamedTuple):
    """A course as its record has it, with its ``sessions`` laid out.

    ``limits`` is None where an early version left them out.
    """

    clinic: str
    zone_name: str
    course: Course
    sessions: tuple[IdealSession, ...]
    start: time
    limits: Limits | None
    around_busy: bool


# ---- Writing -------------------------------------------------------------------------------------


def course_record(plan: Plan, id_: str, edition: Edition) -> dict[str, Any]:
    """What a course is made of, as JSON values; the patient's copy tells nothing clinical.

    It says nothing of single sessions, so that it stays the same whatever becomes of them.
    """
    course, regimen = plan.course, plan.course.regimen
    record = {"id": id_, "audience": edition.audience, "timezone": plan.clinic.zone_name}
    if edition.is_patients:
        return record
    return {
        **record,
        "format": FORMAT,
        "language": edition.language,
        "care": edition.care.value,
        "clinic": plan.clinic.name,
        "patient": course.patient,
        "regimen": regimen.id,
        "number": course.number,
        "start": course.start.isoformat(),
        "keep": course.keep.value,
        "length": course.length,
        "overrides": list(course.overrides),
        "phases": [_planned_record(phase) for phase in course.phases],
        "time": plan.start.isoformat(),
        "limits": limits_record(plan.limits),
        "busy": plan.around_busy,
        "template": {
            **_template_record(Same(regimen)),
            **_care_record(Same(regimen), edition.audience),
        },
    }


@lru_cache(maxsize=32)  # a clinic has few regimens and many courses
def _template_record(known: Same[Regimen]) -> Mapping[str, Any]:
    regimen = known.it
    return {
        "title": _text_record(regimen.title),
        "sources": list(regimen.sources),
        "length": None if regimen.length is None else str(regimen.length),
        "length_sources": list(regimen.length_sources),
        "phases": [_phase_record(phase) for phase in regimen.phases],
    }


def kept_with_events(record: Mapping[str, Any]) -> dict[str, Any]:
    """A course's record as each event holds it, for the day on which the file's own is lost.

    Without what may change while no event does (when the patient can come), and without care and
    reviews, which session 1 has.
    """
    kept = {key: value for key, value in record.items() if key not in ("limits", "busy")}
    template = kept.get("template")
    if isinstance(template, dict):
        own = (CARE, REVIEWS)
        kept["template"] = {key: value for key, value in template.items() if key not in own}
    return kept


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
        "status": booked.status.value,
    }


def kept_record(booked: BookedSession) -> dict[str, Any]:
    """What an event keeps of its session: facts alone, for gaps and limits follow from the others.

    So an event changes only where its session does. ``start`` and ``end`` tell later that a
    person moved it.
    """
    session = booked.plan
    return {
        "number": session.number,
        "phase": session.phase,
        "of": list(session.of),
        "ideal": session.ideal.isoformat(),
        "why": list(booked.why),
        "status": booked.status.value,
        "start": booked.start.isoformat(),
        "end": booked.end.isoformat(),
        "by_hand": booked.by_hand,
        "missed": [[slot.start.isoformat(), slot.end.isoformat()] for slot in booked.missed],
        **_taken_record(booked),
    }


def _taken_record(booked: BookedSession | BookedReview) -> dict[str, str]:
    """The room and the practitioner, where they are known."""
    record = {ROOM: booked.room} if booked.room else {}
    if booked.practitioner:
        record[PRACTITIONER] = booked.practitioner
    return record


def session_details(plan: Plan, booked: BookedSession, edition: Edition) -> dict[str, Any]:
    """What a session's event keeps; the first one also has the template's care and reviews.

    The patient's copy tells nothing clinical, and who a regimen is not for stands in the clinic's
    own alone.
    """
    record = kept_record(booked)
    if edition.is_patients:
        return {key: record[key] for key in ("number", "status")}
    if booked.number != 1:
        return record
    return {**record, **_care_record(Same(plan.course.regimen), edition.audience)}


@lru_cache(maxsize=32)
def _care_record(known: Same[Regimen], audience: str) -> Mapping[str, Any]:
    regimen = known.it
    groups = Care._fields if audience == CLINIC else PATIENTS_CARE
    care = {key: list(map(_statement_record, getattr(regimen.care, key))) for key in groups}
    return {
        CARE: {key: statements for key, statements in care.items() if statements},
        REVIEWS: [_review_record(each) for each in regimen.reviews],
    }


def review_details(review: BookedReview, id_: str, edition: Edition) -> dict[str, Any]:
    """What the event of a review keeps; ``id_`` is the course's."""
    known = {
        "part": review_part(review.number),
        "course": id_,
        "status": review.status.value,
    }
    if edition.is_patients:
        return known
    return {
        **known,
        "after": review.after,
        "ideal": review.ideal.isoformat(),
        "why": list(review.why),
        "start": review.start.isoformat(),
        "end": review.end.isoformat(),
        "by_hand": review.by_hand,
        **_taken_record(review),
    }


def care_details(number: int, moment: CareMoment, id_: str) -> dict[str, Any]:
    """What the event of a moment of care keeps: its session, and what it is of the course's."""
    return {"number": number, "part": moment.key, "course": id_}


def review_part(number: int) -> str:
    """What names a review among the parts of a course."""
    return f"review {number}"


def _text_record(text: Text) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The English words alone, where there are no others."""
    known = dict(text.by_language)
    return str(text) if list(known) == [DEFAULT_LANGUAGE] else known


def _statement_record(statement: Statement) -> list[Any]:
    lasting = None if statement.lasting is None else str(statement.lasting)
    return [_text_record(statement.what), list(statement.sources), lasting]


def _review_record(review: Review) -> dict[str, Any]:
    return {
        "name": _text_record(review.name),
        "after": None if review.after is None else str(review.after),
        "at": None if review.at is None else str(review.at),
        "length": None if review.length is None else str(review.length),
        "sources": list(review.sources),
    }


def _interval_record(interval: Interval) -> dict[str, Any]:
    return {
        "every": str(interval),
        "ideal": str(interval.ideal),
        "flex": [interval.below, interval.above],
    }


def _planned_record(phase: PlannedPhase) -> dict[str, Any]:
    record = {
        "name": phase.name,
        "sessions": phase.sessions,
        **_interval_record(phase.interval),
    }
    if phase.whole is not None:
        record["whole"] = phase.whole
    if phase.restarted is not None:
        record["restarted"] = phase.restarted.isoformat()
    return record


def _phase_record(phase: Phase) -> dict[str, Any]:
    every = {"every": None} if phase.every is None else _interval_record(phase.every)
    record = {"name": phase.name, "sessions": phase.sessions_text, **every}
    if phase.optional:
        record["optional"] = True
    if phase.flex is not None:
        record["own_flex"] = list(phase.flex)
    return record


def limits_record(limits: Limits) -> dict[str, Any]:
    """When the patient can come, as JSON values."""
    on, between = limits.weekdays, limits.between
    return {
        "on": None if on is None else [WEEKDAYS[each] for each in sorted(on)],
        "between": None if between is None else [str(span) for span in between],
        "away": [f"{each.first}..{each.last}" for each in limits.away],
        "at": None if limits.preferred is None else show_time(limits.preferred),
    }


# ---- Reading -------------------------------------------------------------------------------------


def read_course(record: Mapping[str, Any]) -> CourseRecord:
    """A course from its record; ValueError where anything in it cannot be.

    Of the regimen there is what a record keeps: phases and figures, the English title, no care.
    """
    phases = tuple(_list(record, "phases", _planned))
    if not 0 < sum(phase.sessions for phase in phases) <= MAX_SESSIONS:
        raise ValueError("a course has sessions, and not too many")
    patient = record.get("patient")
    course = Course(
        regimen=_regimen(record, phases),
        patient=None if patient is None else _text(patient),
        number=_whole(record.get("number"), 1, MAX_NUMBER),
        start=_date(record.get("start")),
        keep=Keep(_text(record.get("keep"))),
        length=_whole(record.get("length"), 1, DAY_MINUTES),
        phases=phases,
        overrides=tuple(_list(record, "overrides", _text)),
    )
    limits = record.get("limits")
    return CourseRecord(
        clinic=_text(record.get("clinic")),
        zone_name=_text(record.get("timezone")),
        course=course,
        sessions=_sessions(course),
        start=_time(record.get("time", "00:00")),
        limits=None if limits is None else _limits(_object(limits)),
        around_busy=bool(record.get("busy", False)),
    )


def read_session(record: Mapping[str, Any], laid_out: IdealSession, slot: Slot) -> BookedSession:
    """A session from its record, without gaps and limits; ValueError where anything cannot be.

    ``laid_out`` is where the course alone puts it. ``slot`` is where the calendar has it: that
    holds where an early version left the slot out, and its zone is the clinic's.
    """
    zone = slot.start.tzinfo
    assert zone is not None, "slots are aware"
    booked = _slot([record["start"], record.get("end")], zone) if "start" in record else slot
    part, whole = _list(record, "of", lambda each: _whole(each, 1, MAX_SESSIONS))
    ideal = _date(record.get("ideal"))
    return BookedSession(
        plan=laid_out._replace(
            phase=_text(record.get("phase")),
            of=(part, whole),
            ideal=ideal,
        ),
        start=booked.start,
        end=booked.end,
        earliest=ideal,
        latest=None,
        gap_days=None,
        overdue_days=0,
        why=tuple(_list(record, "why", _text)),
        status=Status(_text(record.get("status"))),
        by_hand=bool(record.get("by_hand", False)),
        missed=tuple(_list(record, "missed", lambda each: _slot(each, zone), ())),
        room=_text(record.get(ROOM, "")),
        practitioner=_text(record.get(PRACTITIONER, "")),
    )


def read_care(record: Mapping[str, Any]) -> tuple[Care, tuple[Review, ...]] | None:
    """Care and reviews of session 1's or the template's record; None without, ValueError if wrong.

    The lists that are not in it are empty.
    """
    if CARE not in record:
        return None
    told = _object(record[CARE])
    care = Care(**{key: tuple(_list(told, key, _statement, ())) for key in Care._fields})
    return care, tuple(_list(record, REVIEWS, _review, ()))


def read_edition(record: Mapping[str, Any], audience: str) -> Edition:
    """How a course was written, by its record; an early version wrote no care."""
    language = record.get("language")
    try:
        care = CareForm(record.get("care"))
    except ValueError:
        care = CareForm.NONE
    is_known = isinstance(language, str) and language in LANGUAGES
    return Edition(audience, str(language) if is_known else DEFAULT_LANGUAGE, care)


def read_review(record: Mapping[str, Any], name: Text, slot: Slot) -> BookedReview:
    """A review from its record; ``slot`` is where the calendar has it, in the clinic's zone.

    Raises ValueError where anything cannot be.
    """
    zone = slot.start.tzinfo
    assert zone is not None, "slots are aware"
    number = recorded_review(record)
    if number is None:
        raise ValueError("not the record of a review")
    booked = _slot([record.get("start"), record.get("end")], zone)
    return BookedReview(
        number=number,
        name=name,
        after=_whole(record.get("after"), 1, MAX_SESSIONS),
        ideal=_date(record.get("ideal")),
        start=booked.start,
        end=booked.end,
        why=tuple(_list(record, "why", _text)),
        status=Status(_text(record.get("status"))),
        by_hand=bool(record.get("by_hand", False)),
        room=_text(record.get(ROOM, "")),
        practitioner=_text(record.get(PRACTITIONER, "")),
    )


def recorded_part(record: Mapping[str, Any]) -> str:
    """Which part of a course the record of an event is of; empty for that of a session."""
    part = record.get("part")
    return part if isinstance(part, str) else ""


def recorded_review(record: Mapping[str, Any]) -> int | None:
    """The number of the review whose record it is, if it is one."""
    return review_number(recorded_part(record))


def review_number(part: str) -> int | None:
    """The number of the review that a part of a course is, if it is one."""
    found = _REVIEW.fullmatch(part)
    return None if found is None else int(found[1])


def recorded_slot(record: Mapping[str, Any], zone: tzinfo) -> Slot | None:
    """Where a session's record says that it was booked; None where it does not say."""
    try:
        return _slot([record.get("start"), record.get("end")], zone)
    except ValueError:
        return None


def recorded_number(record: Mapping[str, Any]) -> int | None:
    """The session number of a session's record, if it is one that can be."""
    try:
        return _whole(record.get("number"), 1, MAX_SESSIONS)
    except ValueError:
        return None


def _sessions(course: Course) -> tuple[IdealSession, ...]:
    """The sessions of a course; ValueError where its dates run out of the calendar."""
    try:
        sessions = course.sessions
    except OverflowError as error:
        raise ValueError("the course has no end") from error
    if sessions[-1].ideal.year > LAST_YEAR:
        raise ValueError("the course ends too late")
    return sessions


def _regimen(record: Mapping[str, Any], phases: tuple[PlannedPhase, ...]) -> Regimen:
    """The regimen as far as the record tells; an early one tells only what was chosen."""
    id_ = _text(record.get("regimen"))
    if "template" not in record:
        return chosen_regimen(id_, phases)
    template = _object(record["template"])
    length = template.get("length")
    return Regimen(
        id_,
        _words(template.get("title")),
        tuple(_list(template, "sources", _text)),
        tuple(_list(template, "phases", _phase)),
        length=None if length is None else Length.parse(_text(length)),
        length_sources=tuple(_list(template, "length_sources", _text)),
    )


def chosen_regimen(id_: str, phases: tuple[PlannedPhase, ...]) -> Regimen:
    """A regimen that allows just what was chosen, where nothing else of it is known."""
    chosen: dict[str, Phase] = {}
    for each in phases:
        count = each.whole or each.sessions or 1
        chosen.setdefault(each.name, Phase(each.name, Count(count, count), each.interval))
    return Regimen(id_, Text.english(id_ or "unknown regimen"), (), tuple(chosen.values()))


def _statement(value: object) -> Statement:
    if not isinstance(value, list) or len(value) != 3 or not isinstance(value[1], list):
        raise ValueError("not a statement, its sources and its figure")
    what, sources, lasting = value
    figure = None if lasting is None else _parsed_lasting(_text(lasting))
    return Statement(_words(what), tuple(map(_text, sources)), figure)


@lru_cache(maxsize=64)  # a clinic's templates have few between them
def _parsed_lasting(text: str) -> Lasting:
    return Lasting.parse(text)


def _review(value: object) -> Review:
    record = _object(value)
    after, at, length = (record.get(key) for key in ("after", "at", "length"))
    return Review(
        name=_words(record.get("name")),
        after=None if after is None else Count.parse(_text(after)),
        at=None if at is None else Interval.parse(_text(at)).least,
        sources=tuple(_list(record, "sources", _text)),
        length=None if length is None else Length.parse(_text(length)),
    )


def _words(value: object) -> Text:
    """A text in English, or in the languages that it names."""
    if isinstance(value, str):
        return Text.english(value)
    return Text({_text(language): _text(words) for language, words in _object(value).items()})


def _planned(value: object) -> PlannedPhase:
    record = _object(value)
    whole, restarted = record.get("whole"), record.get("restarted")
    return PlannedPhase(
        _text(record.get("name")),
        _whole(record.get("sessions"), 0, MAX_SESSIONS),
        _interval(record),
        None if whole is None else _whole(whole, 1, MAX_SESSIONS),
        None if restarted is None else _date(restarted),
    )


def _phase(value: object) -> Phase:
    record = _object(value)
    sessions, flex = _text(record.get("sessions")), record.get("own_flex")
    return Phase(
        _text(record.get("name")),
        None if sessions == "?" else Count.parse(sessions),
        None if record.get("every") is None else _interval(record),
        optional=bool(record.get("optional", False)),
        flex=None if flex is None else _flex(record, "own_flex"),
    )


def _interval(record: Mapping[str, Any]) -> Interval:
    every, ideal = _text(record.get("every")), _text(record.get("ideal"))
    return _parsed_interval(every, ideal, *_flex(record, "flex"))


@lru_cache(maxsize=256)  # a clinic's courses have few between them
def _parsed_interval(every: str, ideal: str, below: int, above: int) -> Interval:
    parsed = Interval.parse(every)
    return Interval(parsed.least, Interval.parse(ideal).least, parsed.most, below, above)


def _flex(record: Mapping[str, Any], key: str) -> tuple[int, int]:
    below, above = _list(record, key, lambda each: _whole(each, 0, MAX_INTERVAL_DAYS))
    return below, above


def _limits(record: Mapping[str, Any]) -> Limits:
    preferred = record.get("at")
    on = None if record.get("on") is None else _list(record, "on", _weekday)
    between = None if record.get("between") is None else _list(record, "between", _text)
    return Limits(
        weekdays=None if on is None else frozenset(on),
        between=None if between is None else tuple(parse_spans(each)[0] for each in between),
        away=tuple(_list(record, "away", _away)),
        preferred=None if preferred is None else parse_time(_text(preferred)),
    )


def _weekday(value: object) -> int:
    return parse_weekday(_text(value))


def _away(value: object) -> DateRange:
    first, _, last = _text(value).partition("..")
    return DateRange(parse_date(first), parse_date(last))


def _slot(value: object, zone: tzinfo) -> Slot:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("not a start and an end")
    slot = Slot(_moment(value[0], zone), _moment(value[1], zone))
    if slot.end.timestamp() <= slot.start.timestamp():
        raise ValueError("it ends before it starts")
    return slot


def _moment(value: object, zone: tzinfo) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None or not FIRST_YEAR < moment.year < LAST_YEAR:
        raise ValueError("a moment without its offset, or too far off")
    return moment.astimezone(zone)


def _date(value: object) -> date:
    day = date.fromisoformat(_text(value))
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError("a day too far off")
    return day


def _time(value: object) -> time:
    moment = time.fromisoformat(_text(value))
    if moment.tzinfo is not None:
        raise ValueError("a wall time has no zone")
    return moment


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value


def _whole(value: object, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"not a number from {least} to {most}")
    return value


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _list(
    record: Mapping[str, Any],
    key: str,
    read: Callable[[object], _Value],
    default: tuple[object, ...] | None = None,
) -> list[_Value]:
    value = record.get(key, default)
    if not isinstance(value, list | tuple):
        raise ValueError(f"{key} is not a list")
    return [read(each) for each in value]
