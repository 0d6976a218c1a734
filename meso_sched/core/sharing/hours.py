"""The starts of one day as columns of a linear model: exact, whatever lengths and people there are.

Sessions that are alike (the same starts, length and people) are counted, not named: a column says
how many of a kind begin at a minute with one of some practitioners that are alike. At no start may
more go on than there are rooms, nor people of a group; then rooms and people can be handed out one
after the other, since stretches of time that overlap at most n times fit into n rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from meso_sched.core.sharing.capacity import Stretch
from meso_sched.core.sharing.linear import Model
from meso_sched.core.sharing.visits import Visits


class Demand(NamedTuple):
    """A session that may be on a day; ``pinned`` to a minute, or free to begin when it can.

    ``column`` is that of its model, 1 where it is on the day; None where it is for certain.
    """

    visit: int
    pinned: int | None = None
    column: int | None = None


class Kind(NamedTuple):
    """Sessions that are alike on a day, with the minutes at which they can begin.

    ``starts`` are pairs of a minute of the day and its distance from the preferred time.
    """

    starts: tuple[tuple[int, int], ...]
    length: int
    people: tuple[int, ...] | None
    patient: str | None


class Group(NamedTuple):
    """Practitioners who are alike on a day; without any named, one group that has no end."""

    people: tuple[int, ...]


class Begin(NamedTuple):
    """A column: how many of a kind begin at a minute with somebody of a group."""

    kind: Kind
    minute: int
    group: Group
    stretch: Stretch
    column: int


class DayHours(NamedTuple):
    """One day in a model: what is on it of each kind, and the columns of their starts."""

    day: int
    demands: dict[Kind, list[Demand]]
    begins: list[Begin]


def add_hours(model: Model, visits: Visits, day: int, demands: Iterable[Demand]) -> DayHours:
    """Put the starts of a day into a model, so that all demands that are on it find theirs."""
    kinds: dict[Kind, list[Demand]] = {}
    for demand in demands:
        kinds.setdefault(_kind(visits, day, demand), []).append(demand)
    groups = _groups(visits, day)
    begins = [
        begin
        for kind, wanted in kinds.items()
        for begin in _begins(model, visits, day, kind, groups, len(wanted))
    ]
    by_kind: dict[Kind, list[int]] = {kind: [] for kind in kinds}
    for begin in begins:
        by_kind[begin.kind].append(begin.column)
    for kind, wanted in kinds.items():
        columns = [each.column for each in wanted if each.column is not None]
        certain = float(len(wanted) - len(columns))
        signs = [1.0] * len(by_kind[kind]) + [-1.0] * len(columns)
        model.row([*by_kind[kind], *columns], signs, lower=certain, upper=certain)
    _limit(model, visits, begins, groups)
    return DayHours(day, kinds, begins)


def minutes_of(hours: Iterable[DayHours]) -> dict[int, int]:
    """What the columns of days cost in minutes from the preferred times."""
    costs: dict[int, int] = {}
    for each in hours:
        for begin in each.begins:
            distance = dict(begin.kind.starts)[begin.minute]
            if distance:
                costs[begin.column] = distance
    return costs


def _kind(visits: Visits, day: int, demand: Demand) -> Kind:
    visit = visits.all[demand.visit]
    free = visits.free(demand.visit, day)
    starts = tuple(
        (start.minute, start.distance)
        for start in free
        if demand.pinned is None or start.minute == demand.pinned
    )
    patient = visit.need.patient
    shared = patient if patient in visits.shared_patients else None
    return Kind(starts, visit.length, visit.need.people, shared)


def _groups(visits: Visits, day: int) -> tuple[Group, ...]:
    """Practitioners by what they do and when they are there; who is taken stands alone."""
    occupancy = visits.occupancy
    first, last = visits.epoch_minute(day, 0), visits.epoch_minute(day + 1, 0)
    alike: dict[object, list[int]] = {}
    for place, who in enumerate(visits.clinic.practitioners):
        is_taken = occupancy.people[place].most(first, last) > 0
        key = (who.spans(date.fromordinal(day)), who.regimens, place if is_taken else -1)
        alike.setdefault(key, []).append(place)
    return tuple(Group(tuple(people)) for people in alike.values())


_ANYBODY = Group(())


def _begins(
    model: Model, visits: Visits, day: int, kind: Kind, groups: Sequence[Group], most: int
) -> list[Begin]:
    able = [_ANYBODY]
    if kind.people is not None:
        able = [group for group in groups if group.people[0] in kind.people]
    begins = []
    for minute, _ in kind.starts:
        start = visits.epoch_minute(day, minute)
        ends = start + kind.length
        stretch = Stretch(start, ends, ends + visits.clinic.turnover)
        for group in able:
            first = group.people[:1]
            if all(visits.occupancy.is_person_free(person, stretch) for person in first):
                column = model.column(float(most))
                begins.append(Begin(kind, minute, group, stretch, column))
    return begins


def _limit(model: Model, visits: Visits, begins: Sequence[Begin], groups: Sequence[Group]) -> None:
    """The rows of rooms, people and patients at every minute at which anything begins."""
    occupancy = visits.occupancy
    if not begins:
        return
    first = min(begin.stretch.start for begin in begins)
    last = max(begin.stretch.free for begin in begins)
    fixed = {each.start for each in visits.fixed if first <= each.start < last}
    for minute in sorted({begin.stretch.start for begin in begins} | fixed):
        going_on = [each for each in begins if each.stretch.start <= minute < each.stretch.free]
        rooms = max(0, occupancy.rooms - occupancy.taken.at(minute))
        _at_most(model, going_on, rooms)
        for group in groups:
            _at_most(model, [each for each in going_on if each.group == group], len(group.people))
        shared = {each.kind.patient for each in going_on} - {None}
        for patient in sorted(filter(None, shared)):
            own = [each for each in going_on if each.kind.patient == patient]
            _at_most(model, [each for each in own if minute < each.stretch.end], 1)


def _at_most(model: Model, begins: Sequence[Begin], limit: int) -> None:
    if sum(model.upper[each.column] for each in begins) > limit:
        model.at_most([each.column for each in begins], float(limit))
