"""A plan as JSON and as CSV: stable, versioned, for other programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from heapq import merge
from typing import Any

from meso_sched.core.booked import BookedSession, Slot
from meso_sched.core.changes import Adherence, Change
from meso_sched.core.clinic import Limits
from meso_sched.core.plan import Plan
from meso_sched.core.regimen import Regimen, Review, Statement
from meso_sched.core.reviewing import BookedReview
from meso_sched.errors import Problem
from meso_sched.exchange.editions import PATIENT
from meso_sched.exchange.events import CourseEvent, CourseFile
from meso_sched.exchange.records import limits_record, review_part, session_record

PLAN_SCHEMA = "meso-sched/plan/1"
REGIMENS_SCHEMA = "meso-sched/regimens/1"
SHOW_SCHEMA = "meso-sched/show/1"
CHECK_SCHEMA = "meso-sched/check/1"

_PATIENTS = (*("number", "kind", "after", "start", "end", "gap_days", "uid", "sequence", "status"),)
"""What a session or a review tells in the patient's copy."""

COLUMNS = (
    *("patient", "regimen", "course", "number", "phase", "phase_number", "phase_sessions"),
    *("date", "start", "end", "ideal", "earliest", "latest", "gap_days", "shift_days"),
    *("overdue_days", "why", "status", "uid", "overrides"),
)


def to_json(document: Mapping[str, Any]) -> str:
    """A JSON text that ends with a line feed."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def plan_document(plan: Plan, file: CourseFile, warnings: Sequence[str]) -> dict[str, Any]:
    """``meso-sched/plan/1``; ``file`` has the plan's sessions and reviews as the calendar does.

    The patient's copy has the same keys, but like the patient's calendar it holds the appointments
    alone: what tells the regimen, or whose course it is, is null or an empty list.
    """
    course = plan.course
    known = {event.part: event for event in file.parts}
    document = {
        "schema": PLAN_SCHEMA,
        "course": {
            "regimen": course.regimen.id,
            "patient": course.patient,
            "number": course.number,
            "timezone": plan.clinic.zone_name,
            "keep": course.keep.value,
            "overrides": list(course.overrides),
        },
        "sessions": [_session(*each) for each in zip(plan.booked, file.events, strict=False)],
        "reviews": [_booked_review(each, known[review_part(each.number)]) for each in plan.reviews],
        "warnings": list(warnings),
    }
    return _patients(document) if file.edition.is_patients else document


def _patients(document: Mapping[str, Any]) -> dict[str, Any]:
    """The patient's copy: warnings too may tell the regimen, or the files of other patients."""
    return {
        **_emptied(document, ("schema",)),
        "course": _emptied(document["course"], ("number", "timezone")),
        "sessions": [_emptied(each, _PATIENTS) for each in document["sessions"]],
        "reviews": [_emptied(each, _PATIENTS) for each in document["reviews"]],
    }


def _emptied(known: Mapping[str, Any], kept: Sequence[str]) -> dict[str, Any]:
    """The same keys; where they are not ``kept``, a list is empty and all else None."""
    return {
        key: value if key in kept else [] if isinstance(value, list) else None
        for key, value in known.items()
    }


def revision_entries(
    changes: tuple[Iterable[Change], Iterable[Change]],
    found: Sequence[str],
    kept: Adherence,
    limits: Limits,
    audience: str = "",
) -> dict[str, Any]:
    """What the document of a revision has besides the plan's: changes and adherence (days).

    ``changes`` are those of the sessions and those of the reviews. In the patient's copy nothing
    says why.
    """
    tells = audience != PATIENT
    of_sessions, of_reviews = ([_change(each, tells=tells) for each in kind] for kind in changes)
    return {
        "limits": limits_record(limits) if tells else None,
        "found": list(found) if tells else [],
        "changes": of_sessions,
        "review_changes": of_reviews,
        "adherence": {
            "done": kept.done,
            "missed": kept.missed,
            "mean_deviation_days": kept.mean,
            "largest_deviation_days": kept.largest,
        },
    }


def _change(change: Change, *, tells: bool) -> dict[str, Any]:
    return {
        "number": change.number,
        "what": change.what,
        "before": None if change.before is None else _slot(change.before),
        "after": _slot(change.after),
        "why": list(change.why) if tells else [],
    }


def _slot(slot: Slot) -> dict[str, str]:
    return {"start": slot.start.isoformat(), "end": slot.end.isoformat()}


def _session(booked: BookedSession, event: CourseEvent) -> dict[str, Any]:
    known = session_record(booked)
    return {
        "number": known["number"],
        "phase": known["phase"],
        "of": known["of"],
        "start": event.start.isoformat(),
        "end": event.end.isoformat(),
        **{key: known[key] for key in ("ideal", "earliest", "latest", "gap_days", "shift_days")},
        "overdue_days": known["overdue_days"],
        "why": known["why"],
        "uid": event.uid,
        "sequence": event.sequence,
        "status": event.status,
    }


def _booked_review(review: BookedReview, event: CourseEvent) -> dict[str, Any]:
    return {
        "number": review.number,
        "kind": "review",
        "name": str(review.name),
        "after": review.after,
        "start": event.start.isoformat(),
        "end": event.end.isoformat(),
        "ideal": review.ideal.isoformat(),
        "shift_days": review.shift_days,
        "why": list(review.why),
        "uid": event.uid,
        "sequence": event.sequence,
        "status": event.status,
    }


def to_csv(document: Mapping[str, Any]) -> str:
    """A plan document as CSV (RFC 4180) under a header; no cell can act as a formula.

    A row a session, in the order of their numbers, with the reviews among them by their times. The
    first row is a session's: it tells whose course it is.
    """
    sessions = document["sessions"]
    reviews = sorted(map(_as_session, document["reviews"]), key=_begins)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for each in (*sessions[:1], *merge(sessions[1:], reviews, key=_begins)):
        row = _csv_row(document["course"], each)
        writer.writerow([cell(row[column]) for column in COLUMNS])
    return text.getvalue()


def _as_session(review: Mapping[str, Any]) -> dict[str, Any]:
    """A review in the keys of a session; it has no number among them, and its kind for a phase."""
    own = {key: value for key, value in review.items() if key in COLUMNS}
    return {"of": None, **own, "number": None, "phase": review["kind"]}


def _begins(appointment: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(appointment["start"]).timestamp()


def _csv_row(course: Mapping[str, Any], appointment: Mapping[str, Any]) -> dict[str, Any]:
    part, whole = appointment["of"] or (None, None)
    return {
        **dict.fromkeys(COLUMNS),
        "patient": course["patient"],
        "regimen": course["regimen"],
        "course": course["number"],
        "phase_number": part,
        "phase_sessions": whole,
        "date": appointment["start"][:10],
        **{key: appointment[key] for key in appointment if key in COLUMNS},
        "why": "; ".join(appointment["why"]),
        "overrides": "; ".join(course["overrides"]),
    }


def csv_course(text: str) -> tuple[str, str, str] | None:
    """Regimen, patient and number of the course in a CSV that ``to_csv`` wrote; None otherwise."""
    row = _first_row(text)
    if row is None:
        return None
    return _text(row["regimen"]), _text(row["patient"]), row["course"]


def csv_uid(text: str) -> str | None:
    """The UID of the first session in a CSV that ``to_csv`` wrote; None otherwise."""
    row = _first_row(text)
    return None if row is None else row["uid"]


def _first_row(text: str) -> dict[str, str] | None:
    rows = csv.reader(io.StringIO(text, newline=""))
    try:
        header, first = next(rows, []), next(rows, [])
    except csv.Error:
        return None
    if tuple(header) != COLUMNS or len(first) != len(COLUMNS):
        return None
    return dict(zip(COLUMNS, first, strict=True))


def cell(value: object) -> object:
    """Text that a spreadsheet would run is kept text by a quote before it; so is a quote."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r", "'"):
        return f"'{value}"
    return "" if value is None else value


def _text(cell: str) -> str:
    """What ``cell`` wrote, without the quote that it put before it."""
    return cell.removeprefix("'")


def regimens_document(regimens: Mapping[str, Regimen]) -> dict[str, Any]:
    """``meso-sched/regimens/1``: every template with its phases."""
    return {
        "schema": REGIMENS_SCHEMA,
        "regimens": [_regimen(regimen) for regimen in regimens.values()],
    }


def show_document(regimen: Regimen, sources: Mapping[str, str]) -> dict[str, Any]:
    """``meso-sched/show/1``: all that a template says."""
    care = regimen.care
    return {
        "schema": SHOW_SCHEMA,
        "regimen": {
            **_regimen(regimen),
            "keep": None if regimen.keep is None else regimen.keep.value,
            "evidence": None if regimen.evidence is None else str(regimen.evidence),
            **{
                key: [_statement(each) for each in getattr(care, key)]
                for key in ("before", "after", "expect", "call", "screening", "technique", "notes")
            },
            "reviews": [_review(each) for each in regimen.reviews],
        },
        "sources": dict(sources),
    }


def check_document(
    files: Sequence[str], problems: Iterable[Problem] = (), warnings: Iterable[Problem] = ()
) -> dict[str, Any]:
    """``meso-sched/check/1``: the files that were read, what is wrong in them, what is lacking."""
    return {
        "schema": CHECK_SCHEMA,
        "files": list(files),
        "problems": [each._asdict() for each in problems],
        "warnings": [each._asdict() for each in warnings],
    }


def _regimen(regimen: Regimen) -> dict[str, Any]:
    return {
        "id": regimen.id,
        "title": str(regimen.title),
        "sources": list(regimen.sources),
        "length": None if regimen.length is None else str(regimen.length),
        "phases": [
            {
                "name": phase.name,
                "sessions": phase.sessions_text,
                "every": phase.every_text,
                "flex": None if phase.every is None else [-phase.every.below, phase.every.above],
                "optional": phase.optional,
            }
            for phase in regimen.phases
        ],
    }


def _statement(statement: Statement) -> dict[str, Any]:
    return {
        "what": str(statement.what),
        "lasting": None if statement.lasting is None else str(statement.lasting),
        "sources": list(statement.sources),
    }


def _review(review: Review) -> dict[str, Any]:
    return {
        "name": str(review.name),
        "after": "last" if review.after is None else f"session {review.after}",
        "at": None if review.at is None else str(review.at),
        "length": None if review.length is None else str(review.length),
        "sources": list(review.sources),
    }
