"""The drawn course of a card: places in percent of the width, so that it fits paper and telephone.

Whatever tells appointments apart is a shape or a word: a card is printed in black and white.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from enum import Enum
from itertools import pairwise
from typing import NamedTuple

from meso_sched.core.booked import Status
from meso_sched.core.interval import MAX_INTERVAL_DAYS, Step, Unit
from meso_sched.core.plan import Plan
from meso_sched.core.regimen import DEFAULT_LANGUAGE, Keep
from meso_sched.core.timeline import Lane, Mark, Timeline, timeline
from meso_sched.core.walltime import MONTHS
from meso_sched.exchange.events import plain
from meso_sched.exchange.speaking import Speaker

_EDGE = 2.5
"""Percent of the width left free on both sides, so that no mark is cut."""

_NEAR_EDGE = 0.1
"""A label so near to an edge would reach over it on a telephone."""

_LETTER = 0.42
"""About the width of a letter in the drawing, in rem."""


class Shown(Enum):
    """Where there is room for a label; the value is its class in the page."""

    ALWAYS = ""
    WIDE = "wide"
    NEVER = "never"


class Symbol(Enum):
    """What a mark looks like; the value is the id of its drawing in the page."""

    OPEN = "open"
    NEXT = "next"
    DONE = "done"
    MISSED = "missed"
    CANCELLED = "cancelled"
    REVIEW = "review"
    REVIEW_DONE = "review-done"


class Label(NamedTuple):
    """Words at ``x``; ``anchor`` is SVG's: centred, or inwards from an edge of the drawing."""

    x: str
    words: str
    shown: Shown
    anchor: str = "middle"


class Dot(NamedTuple):
    """A mark centred on ``x``."""

    x: str
    symbol: Symbol


class Line(NamedTuple):
    """From ``x1`` to ``x2``."""

    x1: str
    x2: str


class LaneDrawing(NamedTuple):
    """A row: what it is called, and what stands on its line.

    ``is_free``: the name is from a file. ``lead`` is the way from the phase before.
    """

    name: str
    is_free: bool
    interval: str
    line: Line
    lead: Line | None
    dots: tuple[Dot, ...]
    numbers: tuple[Label, ...]
    gaps: tuple[Label, ...]


class Drawing(NamedTuple):
    """A whole course; ``reviews`` is None where there are none, ``today`` where it lies outside."""

    lanes: tuple[LaneDrawing, ...]
    reviews: LaneDrawing | None
    months: tuple[Label, ...]
    ticks: tuple[str, ...]
    today: Label | None


def symbol_of(status: Status, *, is_review: bool = False, is_next: bool = False) -> Symbol:
    """The shape that tells what became of an appointment."""
    if status is Status.NOSHOW:
        return Symbol.MISSED
    if status is Status.CANCELLED:
        return Symbol.CANCELLED
    if is_review:
        return Symbol.REVIEW_DONE if status is Status.FULFILLED else Symbol.REVIEW
    if status is Status.FULFILLED:
        return Symbol.DONE
    return Symbol.NEXT if is_next else Symbol.OPEN


class Drawer:
    """Draws a plan; ``upcoming`` is the number of the next session, ``phases``: by their names."""

    def __init__(self, plan: Plan, speaker: Speaker, *, upcoming: int | None, phases: bool) -> None:
        self._plan = plan
        self._speaker = speaker
        self._upcoming = upcoming
        self._phases = phases

    def draw(self, today: date) -> Drawing:
        """The course on one axis."""
        course = timeline(self._plan, today)
        here = None
        if course.today is not None:
            here = self._label(course.today, self._speaker.say("today"), Shown.ALWAYS)
        return Drawing(
            lanes=tuple(self._lanes(course.lanes)),
            reviews=self._reviews(course.reviews) if course.reviews else None,
            months=tuple(self._months(course)),
            ticks=tuple(self._x(at) for _, at in course.months),
            today=here,
        )

    def _lanes(self, lanes: Sequence[Lane]) -> Iterator[LaneDrawing]:
        before: Mark | None = None
        for lane in lanes:
            first, last = lane.marks[0], lane.marks[-1]
            yield LaneDrawing(
                name=plain(lane.phase) if self._phases else self._name(first.number, last.number),
                is_free=self._phases,
                interval=self._speaker.say("Interval: {length}", length=self._rhythm(lane)),
                line=Line(self._x(first.at), self._x(last.at)),
                lead=Line(self._x(before.at), self._x(first.at)) if before else None,
                dots=tuple(map(self._dot, (*lane.missed, *lane.marks))),
                numbers=tuple(self._numbers(lane.marks)),
                gaps=tuple(self._gaps([*([before] if before else []), *lane.marks])),
            )
            before = last

    def _name(self, first: int, last: int) -> str:
        if first == last:
            return self._speaker.say("Appointment {number}", number=first)
        return self._speaker.say("Appointments {first} to {last}", first=first, last=last)

    def _rhythm(self, lane: Lane) -> str:
        """The interval as the patient meets it: in whole weeks where a weekday is kept.

        With the phases' names it is the source's own figure.
        """
        step = lane.interval.ideal
        days = lane.interval.whole_weeks
        if self._plan.course.keep is Keep.WEEKDAY and days and not self._phases:
            step = Step(days // 7, Unit.WEEK)
        return self._speaker.step(step)

    def _reviews(self, marks: Sequence[Mark]) -> LaneDrawing:
        places = [mark.at for mark in marks]
        return LaneDrawing(
            name=self._speaker.say("Follow-up visit"),
            is_free=False,
            interval="",
            line=Line(self._x(min(places)), self._x(max(places))),
            lead=None,
            dots=tuple(
                Dot(self._x(mark.at), symbol_of(mark.status, is_review=True)) for mark in marks
            ),
            numbers=(),
            gaps=(),
        )

    def _dot(self, mark: Mark) -> Dot:
        is_next = mark.number == self._upcoming
        return Dot(self._x(mark.at), symbol_of(mark.status, is_next=is_next))

    def _numbers(self, marks: Sequence[Mark]) -> Iterator[Label]:
        """The sessions' numbers, as many as there is room for."""
        places = [mark.at for mark in marks]
        words = [str(mark.number) for mark in marks]
        for place, said, shown in zip(places, words, _rooms(places, words), strict=True):
            yield Label(self._x(place), said, shown)

    def _gaps(self, marks: Sequence[Mark]) -> Iterator[Label]:
        """The days between two sessions that take place, where they can be written between."""
        for before, after in pairwise(mark for mark in marks if mark.status.takes_place):
            days = (after.day - before.day).days
            if not 1 <= days <= MAX_INTERVAL_DAYS:
                continue
            said = self._speaker.step(Step(days, Unit.DAY))
            middle = (before.at + after.at) / 2
            yield Label(self._x(middle), said, _room(after.at - before.at, said))

    def _months(self, course: Timeline) -> Iterator[Label]:
        places = [at for _, at in course.months]
        words = [self._month(first) for first, _ in course.months]
        for place, said, shown in zip(places, words, _rooms(places, words), strict=True):
            yield self._label(place, said, shown)

    def _label(self, at: float, words: str, shown: Shown) -> Label:
        """A label that stays inside the drawing; "start" is where its reader starts to read."""
        near, far = at < _NEAR_EDGE, at > 1 - _NEAR_EDGE
        anchor = "start" if near else "end" if far else "middle"
        return Label(self._x(at), words, shown, anchor)

    def _month(self, first: date) -> str:
        if self._speaker.language == DEFAULT_LANGUAGE:
            return MONTHS[first.month - 1]
        from babel.dates import format_skeleton

        return format_skeleton("MMM", first, locale=self._speaker.language)

    def _x(self, at: float) -> str:
        """A place in percent from the left; where people read from the right, time runs so too."""
        if self._speaker.direction == "rtl":
            at = 1 - at
        return f"{_EDGE + (100 - 2 * _EDGE) * at:.2f}%"


_WIDE_REM, _NARROW_REM = 42, 16
"""About how wide the drawing is on paper, and on a telephone."""


def _room(width: float, words: str) -> Shown:
    """Where a label fits into a part of the drawing's width."""
    needed = (len(words) + 1) * _LETTER
    if width * _NARROW_REM >= needed:
        return Shown.ALWAYS
    return Shown.WIDE if width * _WIDE_REM >= needed else Shown.NEVER


def _rooms(places: Sequence[float], words: Sequence[str]) -> Iterator[Shown]:
    """Where each of the labels in a row fits, given those before it."""
    always = wide = float("-inf")
    for place, said in zip(places, words, strict=True):
        fits_always = _room(place - always, said) is Shown.ALWAYS
        fits_wide = _room(place - wide, said) is not Shown.NEVER
        if fits_always and fits_wide:
            always = wide = place
            yield Shown.ALWAYS
        elif fits_wide:
            wide = place
            yield Shown.WIDE
        else:
            yield Shown.NEVER
