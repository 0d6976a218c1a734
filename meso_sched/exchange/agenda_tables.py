"""An agenda as JSON and as CSV: stable, versioned, for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from meso_sched.core.agenda import Agenda, Appointment, Overdue, Standing
from meso_sched.exchange.tables import cell

AGENDA_SCHEMA = "meso-sched/agenda/1"

COLUMNS = (
    *("date", "start", "end", "patient", "regimen", "course", "number", "sessions"),
    *("phase", "phase_number", "phase_sessions", "status", "overdue_days", "uid", "file"),
    *("kind", "name", "room", "practitioner"),
)


def agenda_document(agenda: Agenda, zone_name: str, warnings: Sequence[str]) -> dict[str, Any]:
    """``meso-sched/agenda/1``; times stand in the zone of that IANA name, days are its days."""
    return {
        "schema": AGENDA_SCHEMA,
        "from": agenda.days.first.isoformat(),
        "to": agenda.days.last.isoformat(),
        "timezone": zone_name,
        "appointments": [_appointment(each) for each in agenda.appointments],
        "overdue": [_overdue(each) for each in agenda.overdue],
        "unmarked": [_appointment(each) for each in agenda.unmarked],
        "missed": [_appointment(each) for each in agenda.missed],
        "ending": [_ending(each) for each in agenda.ending],
        "courses": [_standing(each) for each in agenda.courses],
        "warnings": list(warnings),
    }


def to_csv(document: Mapping[str, Any]) -> str:
    """The appointments of an agenda document as CSV (RFC 4180) under a header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for each in document["appointments"]:
        of = {"phase_number": each["of"][0], "phase_sessions": each["of"][1]}
        row = {**each, **of, "date": each["start"][:10]}
        writer.writerow([cell(row[column]) for column in COLUMNS])
    return text.getvalue()


def _appointment(appointment: Appointment) -> dict[str, Any]:
    plan, name = appointment.kept.plan, appointment.name
    return {
        "kind": appointment.kind.value,
        "patient": plan.course.patient,
        "regimen": plan.course.regimen.id,
        "course": plan.course.number,
        "number": appointment.number,
        "sessions": len(plan.booked),
        "phase": appointment.phase,
        "of": list(appointment.of or (None, None)),
        "name": None if name is None else str(name),
        "start": appointment.start.isoformat(),
        "end": appointment.end.isoformat(),
        "status": appointment.status.value,
        "overdue_days": appointment.overdue_days,
        "room": appointment.room or None,
        "practitioner": appointment.practitioner or None,
        "uid": appointment.uid,
        "file": appointment.kept.where,
    }


def _overdue(overdue: Overdue) -> dict[str, Any]:
    return {**_appointment(overdue.appointment), "overdue_days": overdue.days}


def _ending(standing: Standing) -> dict[str, Any]:
    course, last = standing.kept.plan.course, standing.last
    return {
        "patient": course.patient,
        "regimen": course.regimen.id,
        "course": course.number,
        "last": None if last is None else last.day.isoformat(),
        "file": standing.kept.where,
    }


def _standing(standing: Standing) -> dict[str, Any]:
    course, kept_to = standing.kept.plan.course, standing.adherence
    return {
        "patient": course.patient,
        "regimen": course.regimen.id,
        "course": course.number,
        "file": standing.kept.where,
        "done": kept_to.done,
        "missed": kept_to.missed,
        "mean_deviation_days": kept_to.mean,
        "largest_deviation_days": kept_to.largest,
        "next": None if standing.next is None else standing.next.start.isoformat(),
        "ends": None if standing.last is None else standing.last.day.isoformat(),
    }
