"""A course from the words of its events, where a calendar program dropped its records.

Numbers, phases, intervals and what became of a session stand in SUMMARY and DESCRIPTION, and the
UIDs tell which course it is to whoever tries the regimens there are. Where the words are gone
too, nothing is guessed: the file is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise, product
from typing import NamedTuple

from meso_sched.core.booked import BookedSession, Status
from meso_sched.core.clinic import Clinic, Limits
from meso_sched.core.course import Course, IdealSession, PlannedPhase, lay_out
from meso_sched.core.plan import Plan
from meso_sched.core.regimen import Keep
from meso_sched.core.walltime import show_day
from meso_sched.errors import FileError, NoCourseError
from meso_sched.exchange.calendar_file import OpenCalendar, Own, RawEvent, refuse_doubles
from meso_sched.exchange.comparing import (
    Reading,
    compared,
    lost_session,
    usual_minute,
)
from meso_sched.exchange.editions import CLINIC, PLAIN, CareForm, Edition
from meso_sched.exchange.event_words import (
    Described,
    read_description,
    read_patients,
    read_status,
    tells_phase,
)
from meso_sched.exchange.events import CourseEvent, CourseFile, Identity, Kind
from meso_sched.exchange.records import chosen_regimen
from meso_sched.exchange.zones import load_zone

COURSES = range(1, 21)
"""The course numbers that are tried; no patient has had more of one regimen."""


class Recovered(NamedTuple):
    """All that was read of a course; ``plan`` has everything but the sessions."""

    plan: Plan
    readings: Sequence[Reading]
    identity: Identity | None
    file: CourseFile


class _Found(NamedTuple):
    """An event whose words say which session it is."""

    raw: RawEvent
    told: Described


def recovered(opened: OpenCalendar, clinic: Clinic, catalogue_ids: Iterable[str]) -> Recovered:
    """The course of a calendar without records; FileError where its words do not tell it."""
    found = [
        _Found(raw, told)
        for raw in opened.events
        if (told := read_description(raw.text("DESCRIPTION"))) is not None
    ]
    if not found:
        raise _nothing(opened)
    patients = _patients(opened, found)
    total = _total(found)
    own = [Own(each.raw, each.told.number) for each in found]
    refuse_doubles(opened, own)
    words = {each.told.number: each.told for each in found if each.told.number <= total}
    identity = _identity(found[0], patients, clinic, catalogue_ids)
    zone_name = opened.zone_name({}, [each.raw for each in own], clinic.zone_name)
    file = opened.file(own, zone_name, {}, identity)
    name = clinic.name if identity is None else identity.clinic
    here = replace(clinic, name=name, zone_name=zone_name, zone=load_zone(zone_name))
    patient = next(iter(patients), None) if identity is None else identity.patient
    course = _course(opened, file, words, total, identity)._replace(patient=patient)
    plan = Plan(course, here, (), limits=Limits(preferred=usual_minute(file.events)))
    edition = _edition(file)
    whole = None if identity is None else replace(identity, audience=edition.audience)
    readings = _readings(plan, file)
    return Recovered(plan, readings, whole, replace(file, edition=edition))


def _edition(file: CourseFile) -> Edition:
    """How a file was written, by what is left of it."""
    audience = CLINIC if all(tells_phase(event.summary) for event in file.events) else PLAIN
    care = CareForm.NONE
    if any(event.kind is Kind.CARE for event in file.parts):
        care = CareForm.EVENTS
    elif any(event.care for event in file.events):
        care = CareForm.ALARMS
    return Edition(audience, care=care)


def told_session(event: CourseEvent, ideal: IdealSession, patient: str | None) -> BookedSession:
    """A session as its words have it, at its place in the calendar."""
    told = read_description(event.description)
    status = Status(event.status)
    if status is Status.BOOKED:
        status = _status(event.summary, patient)
    session = BookedSession.at(ideal, event.slot)._replace(status=status)
    if told is None or told.number != ideal.number:
        return session
    laid_out = ideal._replace(of=told.of, ideal=told.ideal or ideal.ideal)
    return session._replace(
        plan=laid_out,
        by_hand=told.by_hand,
        why=told.why,
        room=told.room,
        practitioner=told.practitioner,
    )


def _status(summary: str, patient: str | None) -> Status:
    """What the word before a SUMMARY says; a patient's own reference may begin with one."""
    if patient is not None and summary.startswith(f"{patient} ("):
        return Status.BOOKED
    status = read_status(summary)
    return Status.BOOKED if status in (None, Status.CANCELLED) else status


def _nothing(opened: OpenCalendar) -> FileError:
    lost = any(
        raw.details or raw.text("DESCRIPTION").startswith("Session ") for raw in opened.events
    )
    if not lost:
        return NoCourseError(
            f"{opened.where}: holds no course of this tool; name the .ics that `plan -o` wrote"
        )
    return _lost(opened, "phases and intervals")


def _lost(opened: OpenCalendar, what: str) -> FileError:
    return FileError(
        f"{opened.where}: has lost the {what} of its course, which a calendar program dropped;"
        " plan the course again with `plan … -o` onto this file, which knows its events by their"
        " UIDs"
    )


def _patients(opened: OpenCalendar, found: Sequence[_Found]) -> tuple[str | None, ...]:
    """The references that all events may mean, the likeliest first; FileError for two courses."""
    each_says = [read_patients(raw.text("SUMMARY"), told.number, told.total) for raw, told in found]
    says = [candidates for candidates in each_says if candidates]
    common = tuple(
        each for each in (says[0] if says else ()) if all(each in other for other in says)
    )
    if says and not common:
        names = dict.fromkeys(str(candidates[0] or "no patient") for candidates in says)
        raise FileError(
            f"{opened.where}: holds several courses ({', '.join(names)}); give a file that holds"
            " one"
        )
    return common


def _total(found: Sequence[_Found]) -> int:
    """How many sessions the course has; one that a shorter plan dropped tells of the longer."""
    live = [each for each in found if each.raw.fields.first("STATUS").upper() != "CANCELLED"]
    return Counter(each.told.total for each in live or found).most_common(1)[0][0]


def _identity(
    first: _Found, patients: Iterable[str | None], clinic: Clinic, regimens: Iterable[str]
) -> Identity | None:
    """The course of these that gives the event its UID."""
    names = dict.fromkeys((clinic.name, ""))
    for patient, name, regimen, number in product(patients, names, tuple(regimens), COURSES):
        identity = Identity(name, patient, regimen, number)
        if identity.uid(first.told.number) == first.raw.uid:
            return identity
    return None


# ---- The course ----------------------------------------------------------------------------------


def _course(
    opened: OpenCalendar,
    file: CourseFile,
    told: dict[int, Described],
    total: int,
    identity: Identity | None,
) -> Course:
    days = {event.number: event.start.date() for event in file.events if event.number}
    ideals = {number: told[number].ideal or days[number] for number in sorted(told)}
    phases = _phases(opened, told, ideals, total)
    start, keep = _beginning(opened, phases, ideals)
    minutes = Counter(
        int((event.end.timestamp() - event.start.timestamp()) // 60) for event in file.events
    )
    id_ = "" if identity is None else identity.regimen
    return Course(
        regimen=chosen_regimen(id_, phases),
        patient=None,
        number=1 if identity is None else identity.number,
        start=start,
        keep=keep,
        length=max(1, minutes.most_common(1)[0][0]),
        phases=phases,
        overrides=next(iter(told.values())).overrides,
    )


def _phases(
    opened: OpenCalendar, told: dict[int, Described], ideals: dict[int, date], total: int
) -> tuple[PlannedPhase, ...]:
    """The phases in order; a session tells where its own phase begins."""
    begins: dict[int, Described] = {}
    for number in sorted(told):
        begins.setdefault(number - told[number].of[0] + 1, told[number])
    starts = [*sorted(begins), total + 1]
    phases: list[PlannedPhase] = []
    for first, behind in pairwise(starts):
        each, count = begins[first], behind - first
        if count > each.of[1]:
            raise _lost(opened, "phases")
        again = bool(phases) and phases[-1].name == each.phase
        if again and first not in ideals:
            raise _lost(opened, "phases")
        phases.append(
            PlannedPhase(
                each.phase,
                count,
                each.interval,
                each.of[1] if count < each.of[1] else None,
                ideals[first] if again else None,
            )
        )
    if starts[0] != 1:
        raise _lost(opened, "phases")
    return tuple(phases)


def _beginning(
    opened: OpenCalendar, phases: Sequence[PlannedPhase], ideals: dict[int, date]
) -> tuple[date, Keep]:
    """The start date and what is kept that lay out most ideal dates as they are found.

    The first sessions are tried as the ones that stand where they were planned.
    """
    best: tuple[int, date, Keep] | None = None
    try:
        for (number, ideal), keep in product(list(ideals.items())[:3], Keep):
            offset = _laid_out(phases, ideal, keep)[number].ideal - ideal
            start = ideal - max(offset, timedelta(0))
            count = _agreeing(phases, start, keep, ideals)
            if best is None or count > best[0]:
                best = (count, start, keep)
    except (OverflowError, ValueError) as error:
        raise _lost(opened, "dates") from error
    assert best is not None, "there is a session"
    return best[1:]


def _agreeing(
    phases: Sequence[PlannedPhase], start: date, keep: Keep, ideals: dict[int, date]
) -> int:
    laid_out = _laid_out(phases, start, keep)
    return sum(laid_out[number].ideal == ideal for number, ideal in ideals.items())


def _laid_out(phases: Sequence[PlannedPhase], start: date, keep: Keep) -> dict[int, IdealSession]:
    return {each.number: each for each in lay_out(phases, start, keep)}


# ---- Its sessions --------------------------------------------------------------------------------


def _readings(plan: Plan, file: CourseFile) -> list[Reading]:
    events = {event.number: event for event in file.events}
    minute = usual_minute(file.events)
    sessions = plan.course.sessions
    agreeing = sum(
        each.number in events and events[each.number].start.date() == each.ideal
        for each in sessions
    )
    readings = []
    for ideal in sessions:
        event = events.get(ideal.number)
        if event is None:
            readings.append(lost_session(plan, ideal, minute))
        else:
            is_sure = 2 * agreeing > len(sessions)
            readings.append(_reading(event, ideal, plan.course.patient, is_sure=is_sure))
    return readings


def _reading(
    event: CourseEvent, laid_out: IdealSession, patient: str | None, *, is_sure: bool
) -> Reading:
    """A session from its words. Off its ideal date without a word about it, it was moved.

    ``is_sure``: most sessions are where the course lays them out, so that it can be gone by.
    """
    session = told_session(event, laid_out, patient)
    if event.is_cancelled and read_status(event.summary) is not Status.CANCELLED:
        session = session._replace(status=Status.BOOKED)
    told = read_description(event.description)
    assert told is not None, "an event without words is not read"
    if told.ideal is None and event.start.date() != laid_out.ideal:
        if not is_sure:
            moved = session.plan._replace(ideal=event.start.date())
            return compared(session._replace(plan=moved), event)
        reading = compared(session, event)
        sentence = (
            f"session {session.number} was moved in the calendar: {show_day(laid_out.ideal)} ->"
            f" {show_day(event.start.date())}"
        )
        current = reading.current._replace(by_hand=True, room="", practitioner="")
        return Reading(session, current, (sentence, *reading.found))
    return compared(session, event)
