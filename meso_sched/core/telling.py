"""What happened to a course: what a person may tell, and what of it cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, tzinfo
from types import MappingProxyType
from typing import NamedTuple

from meso_sched.core.booked import BookedSession, Slot, Status
from meso_sched.core.plan import Plan
from meso_sched.core.walltime import show_moment
from meso_sched.errors import UsageError


class Told(NamedTuple):
    """What happened and what is wanted, by session number; times local and naive.

    ``done`` None: as booked; a date: at the booked time of that day. ``moved`` a date: the best
    start of that day. ``cancelled_from``
    cancels every open session from that number on. ``extended`` adds so many sessions to a phase.
    """

    done: Mapping[int, datetime | date | None] = MappingProxyType({})
    missed: frozenset[int] = frozenset()
    moved: Mapping[int, datetime | date] = MappingProxyType({})
    cancelled: frozenset[int] = frozenset()
    cancelled_from: int | None = None
    extended: Mapping[str, int] = MappingProxyType({})
    stop: bool = False
    restart: bool = False
    override: bool = False

    @property
    def anything(self) -> bool:
        """Whether anything was told at all."""
        return self._replace(override=False) != Told()


class Step(NamedTuple):
    """One thing told of one session; ``slot`` is where it was booked when it was told."""

    number: int
    what: str
    slot: Slot
    when: datetime | date | None = None


def steps(told: Told, plan: Plan) -> Iterator[Step]:
    """What was told, one thing after the other, in the order of the sessions.

    Raises UsageError for a session that there is not, and for what cannot both be.
    """
    sessions = {each.number: each for each in plan.booked}
    cancelled = told.cancelled | _rest(told, sessions)
    numbers = {*told.done, *told.missed, *told.moved, *cancelled}
    for number in sorted(numbers):
        session = sessions.get(number)
        if session is None:
            raise UsageError(
                f"there is no session {number}; the course has sessions 1 to {len(sessions)}"
            )
        if number in told.missed:
            yield Step(number, "missed", session.slot)
        then = {
            "done": number in told.done,
            "moved": number in told.moved,
            "cancelled": number in cancelled,
        }
        what = [word for word, is_told in then.items() if is_told]
        if len(what) > 1:
            raise UsageError(
                f"session {number} is told to be {' and '.join(what)}; say one of them"
            )
        if number in told.missed and number in told.done and told.done[number] is None:
            raise UsageError(
                f"session {number} is told to be missed and done; say when it was done afterwards:"
                f" --done {number}=DATETIME"
            )
        for word in what:
            when = told.done.get(number) if word == "done" else told.moved.get(number)
            yield Step(number, word, session.slot, when)


def _rest(told: Told, sessions: Mapping[int, BookedSession]) -> frozenset[int]:
    """The open sessions from ``cancelled_from`` on."""
    first = told.cancelled_from
    if first is None:
        return frozenset()
    if first not in sessions:
        raise UsageError(
            f"there is no session {first}; the course has sessions 1 to {len(sessions)}"
        )
    rest = {n for n, each in sessions.items() if n >= first and each.status is Status.BOOKED}
    rest -= {*told.done, *told.moved}
    if not rest:
        raise UsageError(f"from session {first} on none is open; nothing is left to cancel")
    return frozenset(rest)


def refuse_contradictions(told: Told) -> None:
    """Raise UsageError for wishes that exclude each other."""
    if told.stop and (told.extended or told.restart or told.moved):
        raise UsageError("--stop ends the course; leave --extend, --move and --restart-phase out")
    if told.restart and told.extended:
        raise UsageError(
            "--restart-phase and --extend both change a phase; tell one after the other"
        )


def refuse_status(step: Step, status: Status, slot: Slot | None) -> None:
    """Raise UsageError where a session's status does not allow what is told of it."""
    name, told = f"session {step.number}", f"on {show_moment((slot or step.slot).start)}"
    if status is Status.FULFILLED:
        more = "twice" if step.what == "done" else "any more"
        raise UsageError(f"{name} was done {told}; it cannot be {step.what} {more}")
    if status is Status.CANCELLED and step.what in ("missed", "cancelled"):
        already = " already" if step.what == "cancelled" else ""
        raise UsageError(
            f"{name} is cancelled{already}; --move {step.number}=DATETIME would book it again"
        )
    if status is Status.NOSHOW and step.when is None:
        raise UsageError(
            f"{name} was missed {told} and has no new date; give one with"
            f" --move {step.number}=DATETIME"
        )


def refuse_impossible(step: Step, start: datetime, now: datetime, done: Mapping[int, Slot]) -> None:
    """Raise UsageError for a done session in the future, or out of the order of the others."""
    name = f"session {step.number}"
    if start > now:
        raise UsageError(
            f"{name} cannot be done on {show_moment(start)}, which has not come yet; say when it"
            f" was done with --done {step.number}=DATETIME"
        )
    for number, slot in done.items():
        before, after = number < step.number, number > step.number
        if (before and start < slot.end) or (after and start >= slot.start):
            side = "before" if before else "after"
            raise UsageError(
                f"{name} on {show_moment(start)} would be {side} session {number}, which was done"
                f" on {show_moment(slot.start)}; check the date"
            )


def aware(step: Step, naive: datetime, zone: tzinfo) -> datetime:
    """A told wall time in the clinic's zone; UsageError for one that the clock skips."""
    moment = naive.replace(tzinfo=zone)
    if moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) != naive:
        raise UsageError(
            f"session {step.number}: the clocks change and skip {show_moment(moment)};"
            " choose another time"
        )
    return moment
