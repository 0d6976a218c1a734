"""Judges care and reviews by the words of a template and the times of its sessions, nothing else.

It imports nothing of the program: it reads the template's TOML, works out on the clock of the zone
what there must be, and holds that against the calendar file (as `icalendar` reads it) and against
the JSON that the command line gives. Reviews are looked for by trying every start of every day.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from bisect import bisect_left
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import icalendar

SIDES = ("before", "after", "expect")
HEADINGS = {
    "before": "Before your appointment:",
    "after": "After your appointment:",
    "expect": "To be expected:",
    "call": "Call a doctor at once:",
}
REACH_DAYS = 120
REVIEW_MINUTES = 30
OVER = ("cancelled", "noshow")
"""What a session's status is that does not take place."""

_SECONDS = {"minute": 60, "hour": 3600}
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WIDELY = timedelta(hours=40)
"""More than clocks differ over the world, and more than a zone ever skipped at once."""


# ---- The clock -----------------------------------------------------------------------------------


def shown(at: datetime, zone: ZoneInfo) -> datetime:
    """What a clock on the wall shows at a moment."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


@lru_cache(maxsize=100_000)
def _offsets(day: date, zone: ZoneInfo) -> frozenset[timedelta]:
    """The distances from UTC that the zone has around a day."""
    noon = datetime.combine(day, time(12), UTC)
    around = (noon + timedelta(hours=hours) for hours in range(-40, 41, 4))
    return frozenset(shown(each, zone) - each.replace(tzinfo=None) for each in around)


def moments_showing(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """When a clock shows this time: once, twice, or never; in UTC."""
    told = (wall.replace(tzinfo=UTC) - offset for offset in _offsets(wall.date(), zone))
    return sorted(each for each in told if shown(each, zone) == wall)


def moment_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first moment at which a clock shows this time, or goes on from before it to behind it."""
    there = moments_showing(wall, zone)
    if there:
        return there[0]
    low = wall.replace(tzinfo=UTC) - _WIDELY
    ahead = range(int(2 * _WIDELY.total_seconds()))
    jump = bisect_left(ahead, True, key=lambda n: shown(low + timedelta(seconds=n), zone) > wall)
    return low + timedelta(seconds=jump)


def moment_read(wall: datetime, zone: ZoneInfo) -> datetime:
    """As RFC 5545, 3.3.5 reads a local time: the first, or by the offset before a skipped hour."""
    there = moments_showing(wall, zone)
    if there:
        return there[0]
    jump = moment_of(wall, zone)
    before = jump - timedelta(seconds=1)
    return wall.replace(tzinfo=UTC) - (shown(before, zone) - before.replace(tzinfo=None))


def day_exists(day: date, zone: ZoneInfo) -> bool:
    """Whether the zone has any of a day."""
    return shown(moment_of(datetime.combine(day, time()), zone), zone).date() == day


def months_away(day: date, months: int) -> date:
    """So many months later or earlier, at the month's end where the day is not in it."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def days_away(day: date, amount: int, unit: str) -> date:
    """So many days, weeks, months or years later or earlier by the calendar."""
    if unit in ("month", "year"):
        return months_away(day, amount * (12 if unit == "year" else 1))
    return day + timedelta(days=amount * (7 if unit == "week" else 1))


def day_words(day: date) -> str:
    """``Tue 5 Jan``."""
    return f"{_WEEKDAYS[day.weekday()].title()} {day.day} {_MONTHS[day.month - 1]}"


def moment_words(at: datetime, zone: ZoneInfo) -> str:
    """``Tue 5 Jan 10:30``."""
    wall = shown(at, zone)
    return f"{day_words(wall.date())} {wall:%H:%M}"


# ---- What a template says ------------------------------------------------------------------------


class Figure(NamedTuple):
    """``"4-5 days"``."""

    least: int
    most: int
    unit: str

    @classmethod
    def read(cls, text: str) -> Figure:
        amounts, unit = re.fullmatch(r"\s*([\d\s-]+?)\s*([a-z]+?)s?\s*", text.lower()).groups()  # type: ignore[union-attr]
        least, _, most = amounts.partition("-")
        return cls(int(least), int(most or least), unit)

    @property
    def is_elapsed(self) -> bool:
        """Whether it is counted in time that goes by, not in days of the calendar."""
        return self.unit in _SECONDS

    @property
    def seconds(self) -> timedelta:
        return timedelta(seconds=self.most * _SECONDS[self.unit])


class Statement(NamedTuple):
    words: str
    figure: Figure | None


class Moment(NamedTuple):
    """What of one side has one figure, and from when until when it holds; times in UTC.

    Without a figure there are no times. ``day`` is the whole day on which it begins, if it does.
    """

    side: str
    words: tuple[str, ...]
    figure: Figure | None
    start: datetime | None = None
    end: datetime | None = None
    day: date | None = None

    def told(self, zone: ZoneInfo) -> list[str]:
        """The entries of a description."""
        if self.start is None or self.end is None:
            return list(self.words)
        return [f"{self.when(zone)}: {each}" for each in self.words]

    def when(self, zone: ZoneInfo) -> str:
        """``from Tue 22 Dec``, ``until Thu 7 Jan 10:30``."""
        assert self.start is not None, "only what has a figure has a time"
        assert self.end is not None, "only what has a figure has a time"
        if self.side != "before":
            return f"until {moment_words(self.end, zone)}"
        return f"from {moment_words(self.start, zone) if self.day is None else day_words(self.day)}"


def one_line(text: str | Mapping[str, str], language: str = "en") -> str:
    """The words of a text, without what no calendar can hold."""
    if not isinstance(text, str):
        text = text.get(language) or text.get("en") or next(iter(text.values()))
    joined = " ".join(text.split())
    return "".join(each for each in joined if unicodedata.category(each) not in ("Cc", "Cs"))


@lru_cache(maxsize=64)
def _document(template: str) -> Mapping[str, Any]:
    return tomllib.loads(template)


def statements(template: str, regimen: str, key: str, language: str = "en") -> list[Statement]:
    """What the care lists of a regimen say under a key; a later list repeats no earlier one."""
    document = _document(template)
    found: list[tuple[Any, ...]] = []
    for name in document["regimens"][regimen].get("care", []):
        items = document["care"][name].get(key, [])
        told = [(each["what"], each.get("sources", []), _figure(each)) for each in items]
        found += [each for each in told if each not in found]
    return [Statement(one_line(what, language), figure) for what, _, figure in found]


def _figure(item: Mapping[str, Any]) -> Figure | None:
    text = item.get("from") or item.get("for")
    return Figure.read(text) if text else None


def moments(
    template: str,
    regimen: str,
    slot: tuple[datetime, datetime],
    zone: ZoneInfo,
    language: str = "en",
) -> list[Moment]:
    """What surrounds a session: side by side, the earliest first, what has no figure last."""
    found: list[Moment] = []
    for side in SIDES:
        by_figure: dict[Figure | None, list[str]] = {}
        for each in statements(template, regimen, side, language):
            by_figure.setdefault(each.figure, []).append(each.words)
        undated = by_figure.pop(None, None)
        dated = [
            _moment(side, figure, tuple(words), slot, zone)
            for figure, words in by_figure.items()
            if figure is not None
        ]
        found += sorted(dated, key=_decisive)
        found += [Moment(side, tuple(undated), None)] if undated else []
    return found


def _decisive(moment: Moment) -> datetime:
    decisive = moment.start if moment.side == "before" else moment.end
    assert decisive is not None, "only what has a figure is sorted"
    return decisive


def _moment(
    side: str,
    figure: Figure,
    words: tuple[str, ...],
    slot: tuple[datetime, datetime],
    zone: ZoneInfo,
) -> Moment:
    start, end = (each.astimezone(UTC) for each in slot)
    if side != "before":
        if figure.is_elapsed:
            return Moment(side, words, figure, end, end + figure.seconds)
        wall = shown(end, zone)
        later = datetime.combine(days_away(wall.date(), figure.most, figure.unit), wall.time())
        return Moment(side, words, figure, end, moment_read(later, zone))
    if figure.is_elapsed:
        return Moment(side, words, figure, start - figure.seconds, start)
    day = days_away(shown(start, zone).date(), -figure.most, figure.unit)
    while not day_exists(day, zone):
        day += timedelta(days=1)
    return Moment(
        side, words, figure, moment_of(datetime.combine(day, time()), zone), start, day=day
    )


# ---- A calendar file -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """An event of a file as `icalendar` reads it; ``raw`` is how it stands there.

    ``start`` and ``end`` are days, or times in UTC.
    """

    uid: str
    kind: str
    related: str
    start: date
    end: date
    summary: str
    description: str
    sequence: int
    cancelled: bool
    transparent: bool
    private: bool
    recurs: bool
    alarms: tuple[Any, ...]
    raw: bytes = field(repr=False)

    @property
    def seen(self) -> tuple[object, ...]:
        """What a person has of it in a calendar."""
        return (
            *(self.kind, self.related, self.start, self.end, self.summary, self.description),
            *(self.cancelled, self.transparent),
            *(alarm.to_ical() for alarm in self.alarms),
        )


@lru_cache(maxsize=8)
def events(data: bytes) -> tuple[Event, ...]:
    """The events of a calendar file, in its order."""
    blocks = re.findall(rb"BEGIN:VEVENT\r\n.*?END:VEVENT\r\n", data, re.DOTALL)
    found = icalendar.Calendar.from_ical(data).walk("VEVENT")
    return tuple(_event(event, raw) for event, raw in zip(found, blocks, strict=True))


def _event(event: Any, raw: bytes) -> Event:  # noqa: ANN401 - as icalendar has it
    categories = event.get("CATEGORIES")
    return Event(
        uid=str(event["UID"]),
        kind="" if categories is None else ",".join(map(str, categories.cats)),
        related=str(event.get("RELATED-TO", "")),
        start=_moment_in_utc(event["DTSTART"].dt),
        end=_moment_in_utc(event["DTEND"].dt),
        summary=str(event["SUMMARY"]),
        description=str(event.get("DESCRIPTION", "")),
        sequence=int(event["SEQUENCE"]),
        cancelled=str(event["STATUS"]) == "CANCELLED",
        transparent=str(event["TRANSP"]) == "TRANSPARENT",
        private=str(event["CLASS"]) == "PRIVATE",
        recurs=bool({"RRULE", "RDATE", "RECURRENCE-ID"} & set(event)),
        alarms=tuple(event.walk("VALARM")),
        raw=raw,
    )


def _moment_in_utc(value: date) -> date:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _unfolded(raw: bytes) -> bytes:
    return raw.replace(b"\r\n ", b"")


def without_private(raw: bytes) -> bytes:
    """A file, or a part of one, as a program leaves it that drops what it does not know."""
    return re.sub(rb"\r\nX-[^\r]*(?:\r\n [^\r]*)*", b"", raw)


def doubled(found: Iterable[Event]) -> Iterator[str]:
    """Whatever is there twice: a UID, or the same care of the same session."""
    found = list(found)
    what = [each.uid for each in found]
    what += [
        f"{each.related}: {_told_in(each)}"
        for each in found
        if each.kind == "CARE" and not each.cancelled
    ]
    yield from (f"there twice: {each}" for each, count in Counter(what).items() if count > 1)


def _told_in(event: Event) -> str:
    """What the event of a moment is about: its entries without their moment and the appointment."""
    side = "from" if event.description.startswith("from ") else "until"
    lines = event.description.split("\n")[:-1]
    return (
        f"{side} {[re.sub(r'^(?:from|until) [^:]*(?::[0-9]{2})?: ', '', each) for each in lines]}"
    )


def needless_changes(before: bytes, after: bytes) -> Iterator[str]:
    """Events that say they changed and did not, or changed and do not say it; and lost ones."""
    former = {each.uid: each for each in events(before)}
    for event in events(after):
        known = former.pop(event.uid, None)
        if known is None:
            continue
        if event.seen == known.seen:
            lines = _unfolded(event.raw), _unfolded(known.raw)
            if event.kind != "CARE":  # what only the tool reads may be another
                lines = without_private(lines[0]), without_private(lines[1])
            if lines[0] != lines[1]:
                yield f"written anew without a change: {event.summary}\n{event.raw.decode()}"
        elif event.sequence != known.sequence + 1:
            yield f"sequence {known.sequence} -> {event.sequence}: {event.summary}"
    yield from (f"gone from the file: {each.summary}" for each in former.values())


# ---- Care in a calendar file ---------------------------------------------------------------------


class Session(NamedTuple):
    """A session as the JSON of a plan has it; times in UTC."""

    number: int
    uid: str
    start: datetime
    end: datetime
    status: str

    @property
    def takes_place(self) -> bool:
        return self.status not in OVER


def sessions(document: Mapping[str, Any]) -> list[Session]:
    """The sessions of a ``plan --json``."""
    return [
        Session(
            each["number"],
            each["uid"],
            datetime.fromisoformat(each["start"]).astimezone(UTC),
            datetime.fromisoformat(each["end"]).astimezone(UTC),
            each["status"],
        )
        for each in document["sessions"]
    ]


def wrong_care(
    data: bytes, template: str, regimen: str, document: Mapping[str, Any]
) -> Iterator[str]:
    """Everything that is wrong with the care in a file; ``document`` is the JSON of its plan.

    The file is one of care events, in English and not the patient's copy.
    """
    zone = ZoneInfo(document["course"]["timezone"])
    who, total = document["course"]["patient"], len(document["sessions"])
    found = events(data)
    due: list[tuple[object, ...]] = []
    for session in sessions(document):
        around = moments(template, regimen, (session.start, session.end), zone)
        place = f"{session.number}/{total}"
        place = f"{who} ({place})" if who else f"Appointment {place}"
        if session.takes_place:
            due += (_due(place, session, each, zone) for each in around)
        event = next((each for each in found if each.uid == session.uid), None)
        if event is None:
            yield f"session {session.number} has no event"
        else:
            calls = [each.words for each in statements(template, regimen, "call")]
            yield from _wrong_session(event, session, around, calls, zone)
    live = [each for each in found if each.kind == "CARE" and not each.cancelled]
    there: Counter[tuple[object, ...]] = Counter(
        (each.related, each.start, each.end, each.summary, each.description) for each in live
    )
    asked = Counter(each for each in due if each)
    yield from (f"missing: {each}" for each in (asked - there).elements())
    yield from (f"too much: {each}" for each in (there - asked).elements())
    yield from _wrong_care_events(found)
    yield from doubled(found)


def _due(place: str, session: Session, moment: Moment, zone: ZoneInfo) -> tuple[object, ...]:
    """What the event of a moment must be; nothing where it has none."""
    if moment.figure is None or moment.side == "expect":
        return ()
    start: date | None = moment.start
    end: date | None = moment.end
    if moment.day is not None:
        start, end = moment.day, moment.day + timedelta(days=1)
    lines = [*moment.told(zone), f"Appointment: {moment_words(session.start, zone)}"]
    summary = f"{place}: {moment.side}, {moment.when(zone)}"
    return session.uid, start, end, summary, "\n".join(lines)


def _wrong_session(
    event: Event,
    session: Session,
    around: Sequence[Moment],
    calls: Sequence[str],
    zone: ZoneInfo,
) -> Iterator[str]:
    what = f"session {session.number}"
    if (event.start, event.end) != (session.start, session.end):
        yield f"{what}: the file has it at {event.start}, the JSON at {session.start}"
    told = sections(event.description)
    due = {
        HEADINGS[side]: [line for each in around if each.side == side for line in each.told(zone)]
        for side in SIDES
    }
    due[HEADINGS["call"]] = list(calls)
    due = {heading: entries for heading, entries in due.items() if entries}
    if told != (due if session.takes_place else {}):
        yield f"{what} ({session.status}) tells {told}, not {due}"


def sections(description: str) -> dict[str, list[str]]:
    """The entries under each heading of a description, in its order."""
    told: dict[str, list[str]] = {}
    heading = ""
    for line in description.split("\n"):
        if line in HEADINGS.values():
            heading = line
            told[heading] = []
        elif heading and line.startswith("- "):
            told[heading].append(line[2:])
        else:
            heading = ""
    return told


def _wrong_care_events(found: Sequence[Event]) -> Iterator[str]:
    uids = {each.uid for each in found if each.kind == "APPOINTMENT"}
    for each in (event for event in found if event.kind == "CARE"):
        what = f"{each.summary} ({each.uid})"
        if not each.transparent:
            yield f"{what} takes time"
        if not each.private or each.recurs or each.alarms:
            yield f"{what} is not private, recurs or rings"
        if each.related not in uids:
            yield f"{what} belongs to no session of the file"
        if each.cancelled and not each.summary.startswith("Cancelled: "):
            yield f"{what} is cancelled, and its SUMMARY does not say so"


def triggers(event: Event) -> list[str]:
    """The TRIGGER lines of an event, as they stand: `icalendar` tells a day as 24 hours."""
    return re.findall(r"\r\n(TRIGGER[^\r]*)", _unfolded(event.raw).decode())


def rings(trigger: str, event: Event, zone: ZoneInfo) -> datetime:
    """When an alarm goes off, in UTC: days and weeks by the calendar, hours as time goes by.

    RFC 5545, 3.3.6: so "-P1D" is the same wall time on the day before, "-PT24H" is not.
    """
    head, _, text = trigger.partition(":")
    base = event.end if "RELATED=END" in head else event.start
    assert isinstance(base, datetime), "alarms are those of sessions"
    amounts = {unit: int(number) for number, unit in re.findall(r"(\d+)([WDHMS])", text)}
    sign = -1 if text.startswith("-") else 1
    days = sign * (7 * amounts.get("W", 0) + amounts.get("D", 0))
    elapsed = timedelta(
        hours=amounts.get("H", 0), minutes=amounts.get("M", 0), seconds=amounts.get("S", 0)
    )
    if days:
        base = moment_of(shown(base, zone) + timedelta(days=days), zone)
    return base + sign * elapsed


# ---- Reviews -------------------------------------------------------------------------------------


class Span(NamedTuple):
    """Minutes of a day."""

    start: int
    end: int


class Days(NamedTuple):
    """From one day to another, both included."""

    first: date
    last: date


class Busy(NamedTuple):
    """From a moment up to another, in UTC."""

    start: datetime
    end: datetime


class Wishes(NamedTuple):
    """When the patient can come; None sets no limit. ``at`` is a minute of the day."""

    on: frozenset[int] | None = None
    between: Span | None = None
    away: tuple[Days, ...] = ()
    at: int | None = None


class Review(NamedTuple):
    """A review of a template; ``after`` None: the last session."""

    number: int
    name: str
    after: Span | None
    at: tuple[int, str] | None
    minutes: int


class Booked(NamedTuple):
    """A review as the JSON of a plan has it; times in UTC."""

    number: int
    after: int
    ideal: date
    start: datetime
    end: datetime
    status: str
    by_hand: bool = False


class Clinic(NamedTuple):
    """What a template says of the clinic's own time."""

    zone: ZoneInfo
    hours: tuple[tuple[Span, ...], ...]
    slot: int
    closed: tuple[Days, ...]

    @classmethod
    def read(cls, template: str) -> Clinic:
        told = _document(template)["clinic"]
        hours = told.get("hours", {})
        return cls(
            ZoneInfo(told["timezone"]),
            tuple(
                tuple(map(span, filter(None, hours.get(day, "").split(",")))) for day in _WEEKDAYS
            ),
            Figure.read(told.get("slot", "15 minutes")).most,
            tuple(map(days_of, told.get("closed", []))),
        )


def span(text: str) -> Span:
    """``"09:00-12:30"``."""
    start, end = (int(hour) * 60 + int(minute) for hour, minute in re.findall(r"(\d+):(\d+)", text))
    return Span(start, end)


def days_of(text: str) -> Days:
    """``"2027-08-01..2027-08-15"``, or one day."""
    first, _, last = text.partition("..")
    return Days(date.fromisoformat(first), date.fromisoformat(last or first))


def reviews(template: str, regimen: str) -> list[Review]:
    """The reviews of a regimen."""
    found = []
    told = _document(template)["regimens"][regimen].get("reviews", [])
    for number, each in enumerate(told, 1):
        numbers = [int(digits) for digits in re.findall(r"\d+", each["after"])]
        at = Figure.read(each["at"]) if "at" in each else None
        minutes = REVIEW_MINUTES
        if "length" in each:
            length = Figure.read(each["length"])
            minutes = length.least * _SECONDS[length.unit] // 60
        found.append(
            Review(
                number,
                one_line(each["name"]),
                Span(numbers[0], numbers[-1]) if numbers else None,
                None if at is None else (at.most, at.unit),
                minutes,
            )
        )
    return found


def booked_reviews(document: Mapping[str, Any]) -> dict[int, Booked]:
    """The reviews of a ``plan --json`` by their number."""
    return {
        each["number"]: Booked(
            each["number"],
            each["after"],
            date.fromisoformat(each["ideal"]),
            datetime.fromisoformat(each["start"]).astimezone(UTC),
            datetime.fromisoformat(each["end"]).astimezone(UTC),
            each["status"],
        )
        for each in document["reviews"]
    }


def followed(review: Review, course: Sequence[Session]) -> Session | None:
    """The session that a review follows: of a range the first that takes place."""
    there = [each for each in course if each.takes_place]
    if review.after is None:
        return there[-1] if there else None
    in_range = (each for each in there if review.after.start <= each.number <= review.after.end)
    return next(in_range, None)


def soonest(review: Review, session: Session, zone: ZoneInfo) -> tuple[date, datetime]:
    """The local day on which a review is due, and the moment before which it cannot be."""
    if review.at is None:
        return shown(session.end, zone).date(), session.end
    day = days_away(shown(session.start, zone).date(), *review.at)
    return day, max(session.end, moment_of(datetime.combine(day, time()), zone))


class Circumstances(NamedTuple):
    """In which time a review may be, besides the clinic's hours; ``now`` in UTC, if it matters."""

    clinic: Clinic
    wishes: Wishes = Wishes()
    busy: Sequence[Busy] = ()
    off: frozenset[date] = frozenset()
    now: datetime | None = None


def starts(day: date, minutes: int, around: Circumstances, taken: Sequence[Busy]) -> list[Busy]:
    """Every slot of a length on a day, whatever time of day the patient would like."""
    clinic, wishes = around.clinic, around.wishes
    away = any(each.first <= day <= each.last for each in (*clinic.closed, *wishes.away))
    unwanted = wishes.on is not None and day.weekday() not in wishes.on
    if away or unwanted or day in around.off:
        return []
    found = []
    for opens, closes in clinic.hours[day.weekday()]:
        windows = [Span(opens, closes), *filter(None, [wishes.between])]
        for minute in range(opens, closes, clinic.slot):
            slot = _slot(day, minute, minutes, clinic.zone)
            if slot is None or not all(_is_inside(slot, day, minute, minutes, around, windows)):
                continue
            if not any(slot.start < each.end and each.start < slot.end for each in taken):
                found.append(slot)
    return found


def _slot(day: date, minute: int, minutes: int, zone: ZoneInfo) -> Busy | None:
    """From a time of the day on; None where the clock skips it."""
    there = moments_showing(_wall(day, minute), zone)
    return Busy(there[0], there[0] + timedelta(minutes=minutes)) if there else None


def _is_inside(
    slot: Busy,
    day: date,
    minute: int,
    minutes: int,
    around: Circumstances,
    windows: Iterable[Span],
) -> Iterator[bool]:
    """Whether a slot lies in windows of a day, by its length and by the clock."""
    for window in windows:
        yield window.start <= minute and minute + minutes <= window.end
        yield shown(slot.end, around.clinic.zone) <= _wall(day, window.end)


def _wall(day: date, minute: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(minutes=minute)


def best_slot(
    review: Review, session: Session, around: Circumstances, taken: Sequence[Busy]
) -> Busy | None:
    """The first day from when it is due on that has room, and there the start that is liked best.

    None where none of 120 days has any.
    """
    zone = around.clinic.zone
    due, not_before = soonest(review, session, zone)
    if around.now is not None:
        not_before = max(not_before, around.now)
    first = max(due, shown(not_before, zone).date())
    for day in (first + timedelta(days=ahead) for ahead in range(REACH_DAYS + 1)):
        free = [
            each
            for each in starts(day, review.minutes, around, [*around.busy, *taken])
            if each.start >= not_before
        ]
        if free:
            return min(free, key=lambda each: (_distance(each, around), each.start))
    return None


def _distance(slot: Busy, around: Circumstances) -> int:
    """Minutes on the clock from the time of day that the patient likes."""
    if around.wishes.at is None:
        return 0
    wall = shown(slot.start, around.clinic.zone)
    return abs(wall.hour * 60 + wall.minute - around.wishes.at)


def placed_anew(
    template: str, regimen: str, course: Sequence[Session], around: Circumstances
) -> dict[int, Busy | None]:
    """Where each review of a new course is, in the order in which they are due.

    It ends with the first that finds no place.
    """
    taken = [Busy(each.start, each.end) for each in course if each.takes_place]
    placed: dict[int, Busy | None] = {}
    for review, session in _in_order(template, regimen, course, around.clinic.zone):
        best = best_slot(review, session, around, taken)
        placed[review.number] = best
        if best is None:
            break
        taken.append(best)
    return placed


def _in_order(
    template: str, regimen: str, course: Sequence[Session], zone: ZoneInfo
) -> list[tuple[Review, Session]]:
    """The reviews that follow a session, each with it: what is due first comes first."""
    every = ((each, followed(each, course)) for each in reviews(template, regimen))
    pairs = [(review, session) for review, session in every if session is not None]

    def due(pair: tuple[Review, Session]) -> datetime:
        day, moment = soonest(*pair, zone)
        return _wall(day, 0) if pair[0].at is not None else shown(moment, zone)

    return sorted(pairs, key=due)


def wrong_reviews(
    template: str,
    regimen: str,
    document: Mapping[str, Any],
    around: Circumstances,
    former: Mapping[int, Booked] | None = None,
) -> Iterator[str]:
    """Everything that is wrong with the reviews of a plan or, with the ``former``, of a revision.

    A former one that is cancelled was cancelled by a person. Those that can stay do so; the others
    find a place around them. In a revision, one that was not booked before is not asked for after
    it was due.
    """
    course, there, known = sessions(document), booked_reviews(document), former or {}
    told = {each["number"]: each for each in document["reviews"]}
    zone = around.clinic.zone
    order = _in_order(template, regimen, course, zone)
    if former is not None:
        order = [pair for pair in order if pair[0].number in former or not _is_over(*pair, around)]
    for number in sorted(there.keys() ^ {review.number for review, _ in order}):
        state = "asked for by nothing" if number in there else "missing"
        yield f"review {number} is {state}"
    order = [(review, session) for review, session in order if review.number in there]
    for review, session in order:
        yield from _wrong_figures(review, session, told[review.number], zone)
    slots = [Busy(each.start, each.end) for each in course if each.takes_place]
    yield from _wrong_places(order, there, known, around, slots)


def _wrong_places(
    order: Iterable[tuple[Review, Session]],
    there: Mapping[int, Booked],
    known: Mapping[int, Booked],
    around: Circumstances,
    taken: list[Busy],
) -> Iterator[str]:
    """Reviews that are elsewhere than they should be, or in another state."""
    to_place = []
    for review, session in order:
        before, booked = known.get(review.number), there[review.number]
        what = f"review {review.number} ({booked.status}) at {booked.start}"
        if before is not None and before.status in OVER:
            if booked.status not in OVER:
                yield f"{what}: was cancelled and is put back"
        elif booked.status in OVER:
            yield f"{what}: nobody cancelled it"
        elif before is not None and _stays(review, session, before, around, taken):
            taken.append(Busy(before.start, before.end))
            if (booked.start, booked.end) != (before.start, before.end):
                yield f"{what}: it could have stayed at {before.start}"
        else:
            to_place.append((review, session))
    for review, session in to_place:
        booked = there[review.number]
        best = best_slot(review, session, around, taken)
        if best != (booked.start, booked.end):
            yield f"review {review.number} at {booked.start}: its place is {best}"
        taken.append(Busy(booked.start, booked.end))


def _is_over(review: Review, session: Session, around: Circumstances) -> bool:
    """Whether a review was due before today."""
    zone = around.clinic.zone
    due = soonest(review, session, zone)[0]
    return around.now is not None and due < shown(around.now, zone).date()


def _wrong_figures(
    review: Review, session: Session, told: Mapping[str, Any], zone: ZoneInfo
) -> Iterator[str]:
    ideal = soonest(review, session, zone)[0]
    start = datetime.fromisoformat(told["start"]).astimezone(UTC)
    right = {
        "kind": "review",
        "name": review.name,
        "after": session.number,
        "ideal": ideal.isoformat(),
        "shift_days": (shown(start, zone).date() - ideal).days,
    }
    for key, value in right.items():
        if told[key] != value:
            yield f"review {review.number}: {key} is {told[key]!r}, not {value!r}"


def _stays(
    review: Review,
    session: Session,
    former: Booked,
    around: Circumstances,
    taken: Sequence[Busy],
) -> bool:
    """Whether a review keeps its slot: one past or put there by hand, or one that still fits."""
    if former.start < session.end:
        return False
    if former.by_hand or (around.now is not None and former.start < around.now):
        return True
    zone = around.clinic.zone
    if former.ideal != soonest(review, session, zone)[0]:
        return False
    day = shown(former.start, zone).date()
    length = int((former.end - former.start).total_seconds()) // 60
    return former.start in [
        each.start for each in starts(day, length, around, [*around.busy, *taken])
    ]


def wrong_review_events(data: bytes, document: Mapping[str, Any]) -> Iterator[str]:
    """Everything in which the reviews of a file differ from those of the JSON."""
    there = [each for each in events(data) if each.kind == "REVIEW"]
    asked = {each["uid"]: each for each in document["reviews"]}
    found = {each.uid: each for each in there}
    yield from (f"no event for review {asked[uid]['number']}" for uid in asked.keys() - found)
    for uid, event in found.items():
        told = asked.get(uid)
        if told is None:
            if not event.cancelled:
                yield f"{event.summary}: no review of the course"
            continue
        slot = tuple(datetime.fromisoformat(told[key]).astimezone(UTC) for key in ("start", "end"))
        if (event.start, event.end) != slot:
            yield f"{event.summary}: the file has it at {event.start}, the JSON at {slot[0]}"
        if event.cancelled is not (told["status"] == "cancelled"):
            yield f"{event.summary}: the JSON says {told['status']}"
        if event.sequence != told["sequence"]:
            yield f"{event.summary}: the JSON says sequence {told['sequence']}"
    for event in there:
        if event.transparent is not event.cancelled or not event.private or event.recurs:
            yield f"{event.summary}: takes no time, is not private or recurs"
