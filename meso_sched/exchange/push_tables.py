"""A push as JSON, for other programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from meso_sched.exchange.caldav import Calendar
from meso_sched.exchange.events import CourseEvent, Kind
from meso_sched.exchange.pushing import Push, Sent
from meso_sched.exchange.records import review_number

PUSH_SCHEMA = "meso-sched/push/1"


def push_document(
    pushes: Iterable[tuple[Push, Sent | None]], calendar: Calendar, *, dry_run: bool
) -> dict[str, Any]:
    """``meso-sched/push/1``: every course beside the server's calendar, and what came of it."""
    return {
        "schema": PUSH_SCHEMA,
        "calendar": calendar.shown,
        "dry_run": dry_run,
        "courses": [_course(push, sent) for push, sent in pushes],
    }


def _course(push: Push, sent: Sent | None) -> dict[str, Any]:
    outcome: dict[str, str] = {}
    if sent is not None:
        for word, pairs in (
            *(("sent", sent.sent), ("deleted", sent.deleted), ("overtaken", sent.overtaken)),
        ):
            outcome |= {pair.ours.uid: word for pair in pairs}
    return {
        "file": str(push.course.path),
        "events": [
            {
                "event": name_of(pair.ours),
                "uid": pair.ours.uid,
                "what": pair.what.value,
                "here": _side(pair.ours),
                "there": None if pair.theirs is None else _side(pair.theirs),
                "outcome": outcome.get(pair.ours.uid, "left"),
            }
            for pair in push.pairs
        ],
    }


def _side(event: CourseEvent) -> dict[str, Any]:
    return {
        "start": event.start.isoformat(),
        "end": event.end.isoformat(),
        "status": event.status,
    }


def name_of(event: CourseEvent) -> str:
    """An event as people call it: ``session 3``, ``review 1``, ``care``."""
    if event.kind is Kind.SESSION:
        return "session" if event.number is None else f"session {event.number}"
    number = review_number(event.part)
    if event.kind is Kind.REVIEW:
        return "review" if number is None else f"review {number}"
    return "care" if event.number is None else f"care {event.number}"
