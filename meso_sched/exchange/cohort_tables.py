"""A cohort as JSON and as CSV: what was reached, where everything is, and what has no place.

Both are made piece by piece, so that a long list is never held as one text.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from meso_sched.core.booked import BookedSession
from meso_sched.core.cohort import CohortRequest, CohortResult, PlacedCourse, Unplaced, summed
from meso_sched.core.reviewing import BookedReview
from meso_sched.exchange.events import Identity
from meso_sched.exchange.tables import cell

COHORT_SCHEMA = "meso-sched/cohort/1"
COLUMNS = (
    *("clinic", "patient", "regimen", "course", "number", "phase", "date", "start", "end"),
    *("ideal", "shift_days", "overdue_days", "room", "practitioner", "status", "why", "nearest"),
    "uid",
)
UNPLACED = "unplaced"
"""The status of a row of the CSV that has no place."""

Part = tuple[str, CohortRequest, CohortResult]
"""A clinic's list: its name in the column of the list, "" without one."""


def to_json(parts: Sequence[Part], warnings: Sequence[str]) -> Iterator[str]:
    """``meso-sched/cohort/1`` in pieces of text; the last ends with a line feed."""
    whole = summed([result for *_, result in parts])
    head = {
        "schema": COHORT_SCHEMA,
        "objective": whole.objective._asdict(),
        "bound": whole.bound._asdict(),
        "gap": whole.gap,
        "proven": whole.proven,
        "method": whole.method.value,
        "stopped": whole.stopped,
    }
    yield json.dumps(head, ensure_ascii=False, indent=2).removesuffix("\n}") + ",\n"
    for key, rows in (("sessions", _session), ("reviews", _review), ("unplaced", _unplaced)):
        yield from _list(key, _of_all(parts, rows))
    yield f'  "warnings": {json.dumps(list(warnings), ensure_ascii=False)}\n}}\n'


def _list(key: str, rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield f'  "{key}": ['
    between = "\n    "
    for row in rows:
        yield between + json.dumps(row, ensure_ascii=False)
        between = ",\n    "
    yield "],\n" if between == "\n    " else "\n  ],\n"


def to_csv(parts: Sequence[Part]) -> Iterator[str]:
    """A row a session, a review or what has no place (RFC 4180), in pieces, under a header.

    No cell can act as a formula.
    """
    yield _line(COLUMNS)
    for rows in (_session, _review, _unplaced):
        for row in _of_all(parts, rows):
            yield _line(_cells(row))


def _line(cells: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([cell(each) for each in cells])
    return text.getvalue()


def _cells(row: dict[str, Any]) -> Iterator[object]:
    known = {
        "date": (row.get("start") or "")[:10],
        "status": UNPLACED,
        "phase": row.get("kind"),
        **row,
    }
    known["why"] = row["why"] if isinstance(row["why"], str) else "; ".join(row["why"])
    return (known.get(column) for column in COLUMNS)


# ---- Rows ----------------------------------------------------------------------------------------

_Rows = Callable[[CohortRequest, PlacedCourse, dict[str, Any]], Iterator[dict[str, Any]]]


def _of_all(parts: Sequence[Part], rows: _Rows) -> Iterator[dict[str, Any]]:
    for name, request, result in parts:
        for placed in result.courses:
            course = placed.entry.course
            whose = {
                "clinic": name or None,
                "patient": course.patient,
                "regimen": course.regimen.id,
                "course": course.number,
            }
            yield from rows(request, placed, whose)


def _session(
    request: CohortRequest, placed: PlacedCourse, whose: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    identity = _identity(request, placed)
    for booked in placed.booked:
        yield {
            **whose,
            "number": booked.number,
            "phase": booked.plan.phase,
            **_times(booked),
            "ideal": booked.plan.ideal.isoformat(),
            "shift_days": booked.shift_days,
            "overdue_days": booked.overdue_days,
            **_place(booked),
            "uid": identity.uid(booked.number),
        }


def _review(
    request: CohortRequest, placed: PlacedCourse, whose: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    identity = _identity(request, placed)
    for review in placed.reviews:
        yield {
            **whose,
            "number": review.number,
            "kind": "review",
            "name": str(review.name),
            "after": review.after,
            **_times(review),
            "ideal": review.ideal.isoformat(),
            "shift_days": review.shift_days,
            **_place(review),
            "uid": identity.review_uid(review.number),
        }


def _unplaced(
    request: CohortRequest, placed: PlacedCourse, whose: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    for each in placed.unplaced:
        yield {**whose, **_missing(each)}


def _missing(unplaced: Unplaced) -> dict[str, Any]:
    session = unplaced.session
    return {
        "number": session.number,
        "phase": session.phase,
        "ideal": session.ideal.isoformat(),
        "why": unplaced.why,
        "nearest": None if unplaced.nearest is None else unplaced.nearest.isoformat(),
    }


def _times(each: BookedSession | BookedReview) -> dict[str, Any]:
    return {"start": each.start.isoformat(), "end": each.end.isoformat()}


def _place(each: BookedSession | BookedReview) -> dict[str, Any]:
    return {
        "room": each.room or None,
        "practitioner": each.practitioner or None,
        "status": each.status.value,
        "why": list(each.why),
    }


def _identity(request: CohortRequest, placed: PlacedCourse) -> Identity:
    course = placed.entry.course
    return Identity(request.clinic.name, course.patient, course.regimen.id, course.number)
