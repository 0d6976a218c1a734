"""A plan as FHIR R4 (4.0.1): a Bundle of one CarePlan, its ServiceRequests and Appointments.

The Bundle is a ``collection``: resources handed over together. A ``transaction`` would tell a
server what to do with them, which only the receiver can know. There is no Patient in it: whose
course it is stands as a logical reference, the clinic's own identifier.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from meso_sched.core.booked import BookedSession, Status
from meso_sched.core.course import PlannedPhase
from meso_sched.core.interval import Interval, Unit
from meso_sched.core.plan import Plan
from meso_sched.core.reviewing import BookedReview
from meso_sched.core.screening import against_the_source
from meso_sched.exchange.editions import PATIENT
from meso_sched.exchange.event_words import interval_words
from meso_sched.exchange.events import CourseEvent, Identity, Kind, identity_of, plain
from meso_sched.exchange.records import review_part

_UNITS = {Unit.DAY: "d", Unit.WEEK: "wk", Unit.MONTH: "mo", Unit.YEAR: "a"}
_URI = "urn:ietf:rfc:3986"
_APPOINTMENT_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0276"
_ODD_SPACE = re.compile(r"[^\S \t\n]")  # what the string of FHIR does not allow

_Json = dict[str, Any]


class _Order(NamedTuple):
    """A phase with its sessions; ``id`` is that of its ServiceRequest."""

    id: str
    phase: PlannedPhase
    sessions: tuple[BookedSession, ...]


def fhir_bundle(plan: Plan, events: Sequence[CourseEvent], audience: str, stamp: datetime) -> _Json:
    """The Bundle of a plan; ``events`` are its sessions', then all others, as a calendar has them.

    The patient's copy has the appointments and nothing of the regimen, nor a reference to the
    patient. Every id is made of the course's identity, so that a new plan updates the old one.
    ``stamp`` is UTC, to the second.
    """
    identity = identity_of(plan, audience)
    care_plan = _made_id(identity, "CarePlan")
    orders, subject = tuple(_orders(plan, identity)), _subject(plan.course.patient)
    if audience == PATIENT:
        orders, subject = (), _nobody("withheld")
    ordered = {each.number: order.id for order in orders for each in order.sessions}
    appointments = [
        _appointment(plan, booked, event, subject, ordered.get(booked.number))
        for booked, event in zip(plan.booked, events, strict=False)
    ]
    known = {event.part: event for event in events if event.kind is Kind.REVIEW}
    reviews = [
        _review(plan, review, known[review_part(review.number)], subject, audience)
        for review in plan.reviews
        if review_part(review.number) in known
    ]
    parts = [
        *(_service_request(plan, order, subject, care_plan) for order in orders),
        *appointments,
        *reviews,
    ]
    return {
        "resourceType": "Bundle",
        "id": identity.id,
        "meta": {"lastUpdated": _instant(stamp)},
        "identifier": _identifier(identity.id),
        "type": "collection",
        "entry": [
            {"fullUrl": _urn(each["id"]), "resource": each}
            for each in (_care_plan(plan, care_plan, subject, parts, audience), *parts)
        ],
    }


def bundle_id(text: str) -> str | None:
    """The id of the course whose Bundle a text is, as ``Identity.id``; None for anything else."""
    try:
        found = json.loads(text)
        if found["resourceType"] != "Bundle" or found["identifier"]["system"] != _URI:
            return None
        value = found["identifier"]["value"]
        return value.removeprefix("urn:uuid:") if isinstance(value, str) else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def differs_in_stamp_only(text: str, bundle: Mapping[str, Any]) -> bool:
    """Whether a Bundle's text (``bundle_id`` knows it) says the same but for when."""
    return bool({**json.loads(text), "meta": None} == {**bundle, "meta": None})


# ---- Resources -----------------------------------------------------------------------------------


def _care_plan(
    plan: Plan, id_: str, subject: _Json, parts: Sequence[_Json], audience: str
) -> _Json:
    care_plan = {
        **_resource("CarePlan", id_),
        "status": _request_status(plan.booked),
        "intent": "plan",
        "subject": subject,
        "period": _period(plan.booked),
        "activity": [{"reference": _reference(each)} for each in parts],
    }
    if audience == PATIENT:
        return care_plan
    course = plan.course
    if title := _string(str(course.regimen.title)):
        care_plan["title"] = title
    if course.overrides:
        care_plan["note"] = [
            {"text": _string(against_the_source(each))} for each in course.overrides
        ]
    return care_plan


def _service_request(plan: Plan, order: _Order, subject: _Json, care_plan: str) -> _Json:
    phase = order.phase
    return {
        **_resource("ServiceRequest", order.id),
        "basedOn": [{"reference": _urn(care_plan), "type": "CarePlan"}],
        "status": _request_status(order.sessions),
        "intent": "plan",
        "code": {"text": f"{_string(str(plan.course.regimen.title))}, {_string(phase.name)}"},
        "subject": subject,
        "occurrenceTiming": {
            "repeat": {
                "boundsPeriod": _period(order.sessions),
                "count": len(order.sessions),
                "frequency": 1,
                **_repetition(phase.interval),
            },
            "code": {"text": f"every {interval_words(phase.interval)}"},
        },
    }


def _appointment(
    plan: Plan, booked: BookedSession, event: CourseEvent, subject: _Json, order: str | None
) -> _Json:
    appointment = _slot(plan, event, subject)
    if order is None:
        return appointment
    appointment["basedOn"] = [{"reference": _urn(order), "type": "ServiceRequest"}]
    if why := _string("; ".join(booked.why)):
        appointment["comment"] = why
    if booked.takes_place:
        appointment["requestedPeriod"] = [_window(booked)]
    return appointment


def _review(
    plan: Plan, review: BookedReview, event: CourseEvent, subject: _Json, audience: str
) -> _Json:
    kind: _Json = {"coding": [{"system": _APPOINTMENT_TYPES, "code": "FOLLOWUP"}]}
    appointment = {**_slot(plan, event, subject), "appointmentType": kind}
    if audience == PATIENT:
        return appointment
    if name := _string(str(review.name)):
        kind["text"] = name
    if why := _string("; ".join(review.why)):
        appointment["comment"] = why
    return appointment


def _slot(plan: Plan, event: CourseEvent, subject: _Json) -> _Json:
    """An appointment as the calendar has it, of whichever kind."""
    appointment: _Json = {
        **_resource("Appointment", event.uid),
        "status": event.status,
        "description": _string(event.summary),
        "start": _instant(event.start),
        "end": _instant(event.end),
        "minutesDuration": round((event.end.timestamp() - event.start.timestamp()) / 60),
        "participant": [{"actor": subject, "status": "accepted"}],
    }
    if clinic := _string(plan.clinic.name):
        place = {"type": "Location", "display": clinic}
        appointment["participant"].append({"actor": place, "status": "accepted"})
    return appointment


def _orders(plan: Plan, identity: Identity) -> Iterator[_Order]:
    """The phases that have sessions; one begun anew comes twice under its name."""
    sessions, before = iter(plan.booked), Counter[str]()
    for phase in plan.course.phases:
        own = tuple(islice(sessions, phase.sessions))
        if own:
            id_ = _made_id(identity, "ServiceRequest", phase.name, before[phase.name])
            yield _Order(id_, phase, own)
            before[phase.name] += 1


# ---- Their parts ---------------------------------------------------------------------------------


def _request_status(sessions: Sequence[BookedSession]) -> str:
    """Active while a session is to come; over, completed if its last one was done."""
    if any(each.status is Status.BOOKED for each in sessions):
        return "active"
    return "completed" if sessions[-1].status is Status.FULFILLED else "revoked"


def _repetition(interval: Interval) -> _Json:
    """How often: ``period`` is the least gap, ``periodMax`` the most, flex included.

    Days of flex around months have no unit; then it is the ideal, and the words tell the rest.
    """
    least, most, unit = interval.least.amount, interval.most.amount, interval.least.unit
    if interval.below or interval.above or interval.most.unit is not unit:
        if interval.least.months or interval.most.months:
            least = most = interval.ideal.amount
            unit = interval.ideal.unit
        else:
            least = interval.least.days - interval.below
            most = interval.most.days + interval.above
            unit = Unit.DAY
    longest = {"periodMax": most} if most != least else {}
    return {"period": least, **longest, "periodUnit": _UNITS[unit]}


def _period(sessions: Sequence[BookedSession]) -> _Json:
    """From the first to the last day of what takes place; of all where nothing does."""
    days = [each.day for each in sessions if each.takes_place] or [each.day for each in sessions]
    return {"start": _date(min(days)), "end": _date(max(days))}


def _window(booked: BookedSession) -> _Json:
    """The days on which the regimen wants the session, from the session booked before."""
    window = {"start": _date(booked.earliest)}
    if booked.latest is not None and booked.latest >= booked.earliest:
        window["end"] = _date(booked.latest)
    return window


def _subject(patient: str | None) -> _Json:
    """The patient by the clinic's identifier."""
    known = _string(patient or "")
    return {"type": "Patient", "identifier": {"value": known}} if known else _nobody("unknown")


def _nobody(why: str) -> _Json:
    """A word in the place of a patient, which FHIR requires."""
    return {"type": "Patient", "display": why}


def _resource(type_: str, id_: str) -> _Json:
    return {"resourceType": type_, "id": id_, "identifier": [_identifier(id_)]}


def _reference(resource: Mapping[str, Any]) -> _Json:
    return {"reference": _urn(resource["id"]), "type": resource["resourceType"]}


def _identifier(id_: str) -> _Json:
    return {"system": _URI, "value": _urn(id_)}


def _urn(id_: str) -> str:
    return f"urn:uuid:{id_}"


def _made_id(identity: Identity, *what: object) -> str:
    """A UUID below the course's own; repr keeps the parts apart whatever they contain."""
    return str(uuid5(UUID(identity.id), repr(what)))


def _instant(moment: datetime) -> str:
    """An instant with its offset; one of other than whole minutes, which FHIR lacks, in UTC."""
    offset = moment.utcoffset()
    assert offset is not None, "moments are aware"
    known = moment if offset % timedelta(minutes=1) == timedelta(0) else moment.astimezone(UTC)
    return known.isoformat(timespec="seconds").replace("+00:00", "Z")


def _date(day: date) -> str:
    return day.isoformat()


def _string(text: str) -> str:
    """Text as FHIR's string can hold it, with no space at its ends; it may be empty then."""
    return _ODD_SPACE.sub(" ", plain(text)).strip()
