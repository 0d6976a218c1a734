"""Calendars for the tests and the benchmark of busy time, and the library's word on them."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo

Interval = tuple[datetime, datetime]

_ZONES = ("Europe/Istanbul", "Europe/Berlin", "America/New_York", "Asia/Tokyo")
_WINDOWS_ZONE = "W. Europe Standard Time"
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_VTIMEZONE = f"""BEGIN:VTIMEZONE
TZID:{_WINDOWS_ZONE}
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
""".splitlines()


def calendar_of(lines: Iterable[str]) -> str:
    """A whole calendar around the lines of its components, with CRLF as RFC 5545 wants it."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//busy//EN"]
    return "\r\n".join([*head, *lines, "END:VCALENDAR", ""])


def office_calendar(events: int, seed: int = 1, years: tuple[int, int] = (2020, 2027)) -> str:
    """A calendar such as an office keeps for years: four plain events to one that recurs.

    Single appointments spread evenly over the years, some all day, cancelled, transparent, in
    other zones; team meetings that end or go on, stand-ups, monthly reports, birthdays; a few with
    exceptions and moved or cancelled instances.
    """
    rng = random.Random(seed)
    lines = list(_VTIMEZONE)
    for number in range(events):
        day = date(years[0], 1, 1) + timedelta(
            days=rng.randrange((date(years[1] + 1, 1, 1) - date(years[0], 1, 1)).days)
        )
        make = _recurring_event if number % 5 == 0 else _single_event
        lines += make(rng, f"event-{number}@example.org", day)
    return calendar_of(lines)


def changed_series(seed: int) -> str:
    """One series with all that can be done to it: exceptions, dates, moves, once and from then on.

    It lies in the years 2025 and 2026; all its times have one form, whole days or not.
    """
    rng = random.Random(seed)
    form = rng.choice((";VALUE=DATE:%Y%m%d", ":%Y%m%dT%H%M%SZ", ":%Y%m%dT%H%M%S", "zone", "zone"))
    if form == "zone":
        form = f";TZID={rng.choice((*_ZONES, _WINDOWS_ZONE))}:%Y%m%dT%H%M%S"
    by_day = "DATE" in form
    start = datetime(2025, 1, 1, rng.randrange(24)) + timedelta(days=rng.randrange(400))  # noqa: DTZ001
    step = timedelta(days=rng.choice((1, 7)))
    rule = f"RRULE:FREQ={'DAILY' if step.days == 1 else 'WEEKLY'}"
    rule += rng.choice(("", ";COUNT=20", ";COUNT=300"))
    length = timedelta(days=1) if by_day else timedelta(minutes=rng.choice((30, 90, 1500)))

    def maybe(chance: float, line: str) -> list[str]:
        return [line] if rng.random() < chance else []

    def some_time() -> datetime:
        return start + step * rng.randrange(90)

    lines = [*_VTIMEZONE, "BEGIN:VEVENT", "UID:a", f"DTSTART{start:{form}}"]
    lines += [f"DTEND{start + length:{form}}", *maybe(0.9, rule)]
    lines += maybe(0.4, f"EXDATE{some_time():{form}}")
    lines += maybe(0.3, f"RDATE{some_time() + timedelta(days=3):{form}}")
    lines += [*maybe(0.3, f"SEQUENCE:{rng.randrange(3)}"), *maybe(0.1, "TRANSP:TRANSPARENT")]
    lines.append("END:VEVENT")
    for _ in range(rng.choice((0, 1, 2, 4))):
        old = some_time()
        new = old + timedelta(hours=rng.randrange(-40, 40) * (24 if by_day else 7))
        reach = rng.choice(("", "", ";RANGE=THISANDFUTURE"))
        lines += ["BEGIN:VEVENT", "UID:a", f"RECURRENCE-ID{reach}{old:{form}}"]
        lines += [f"DTSTART{new:{form}}", f"DTEND{new + length * rng.choice((1, 2)):{form}}"]
        lines += [*maybe(0.2, "STATUS:CANCELLED"), *maybe(0.3, f"SEQUENCE:{rng.randrange(3)}")]
        lines += [*maybe(0.1, rule), "END:VEVENT"]
    return calendar_of(lines)


def library_intervals(text: str, zone: tzinfo, first: date, last: date) -> list[Interval]:
    """The busy intervals as icalendar and recurring-ical-events alone see them, merged."""
    import icalendar
    import recurring_ical_events

    start = datetime.combine(first, time(), tzinfo=zone)
    end = datetime.combine(last + timedelta(days=1), time(), tzinfo=zone)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        calendar = icalendar.Calendar.from_ical(text)
        found = recurring_ical_events.of(calendar).between(start, end)
    taken = [
        (_in_utc(event["DTSTART"].dt, zone), _in_utc(event["DTEND"].dt, zone))
        for event in found
        if event.get("TRANSP") != "TRANSPARENT" and event.get("STATUS") != "CANCELLED"
    ]
    return merged(taken, start.astimezone(UTC), end.astimezone(UTC))


def merged(intervals: Iterable[Interval], first: datetime, last: datetime) -> list[Interval]:
    """Clipped, sorted and joined where they touch."""
    result: list[Interval] = []
    for start, end in sorted(intervals):
        start, end = max(start, first), min(end, last)
        if start < end and result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        elif start < end:
            result.append((start, end))
    return result


def _in_utc(value: date, zone: tzinfo) -> datetime:
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)


def _event(rng: random.Random, uid: str, times: Iterable[str]) -> list[str]:
    """The lines of an event with all that programs write into it beside its times."""
    lines = [
        "BEGIN:VEVENT",
        *times,
        "DTSTAMP:20191201T080000Z",
        f"UID:{uid}",
        "CREATED:20191130T101112Z",
        "LAST-MODIFIED:20191201T080000Z",
        "SUMMARY:" + rng.choice(("Review\\, second floor", "Ödeme", "Call with the supplier")),
    ]
    if rng.random() < 0.4:
        lines += ["DESCRIPTION:Agenda: old business\\, new business\\, the lease of the ", "  flat"]
        lines.append("LOCATION:Room " + str(rng.randrange(1, 9)))
    if rng.random() < 0.3:
        guest = "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=Guest"
        lines += [f"{guest} {n};X-NUM-GUESTS=0:mailto:guest{n}@example.org" for n in range(3)]
    if rng.random() < 0.2:
        lines += ["BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:soon", "TRIGGER:-PT15M"]
        lines += ["DURATION:PT5M", "REPEAT:1", "END:VALARM"]
    transparent = rng.random() < 0.1
    cancelled = rng.random() < 0.05
    lines.append("STATUS:CANCELLED" if cancelled else "STATUS:CONFIRMED")
    return [*lines, "TRANSP:TRANSPARENT" if transparent else "TRANSP:OPAQUE", "END:VEVENT"]


def _single_event(rng: random.Random, uid: str, day: date) -> list[str]:
    if rng.random() < 0.1:
        after = day + timedelta(days=rng.choice((1, 1, 2, 5)))
        return _event(
            rng, uid, (f"DTSTART;VALUE=DATE:{day:%Y%m%d}", f"DTEND;VALUE=DATE:{after:%Y%m%d}")
        )
    start = _clock(rng, day)
    length = timedelta(minutes=rng.choice((15, 30, 45, 60, 90, 240)))
    kind = rng.random()
    if kind < 0.35:
        times = (f"DTSTART:{start:%Y%m%dT%H%M%SZ}", f"DTEND:{start + length:%Y%m%dT%H%M%SZ}")
    elif kind < 0.45:
        times = (f"DTSTART:{start:%Y%m%dT%H%M%S}", f"DURATION:PT{length.seconds // 60}M")
    else:
        zone = _zone(rng)
        times = (_at("DTSTART", zone, start), _at("DTEND", zone, start + length))
    return _event(rng, uid, times)


def _recurring_event(rng: random.Random, uid: str, day: date) -> list[str]:
    if rng.random() < 0.2:
        birthday = (f"DTSTART;VALUE=DATE:{day:%Y%m%d}", "RRULE:FREQ=YEARLY")
        return _event(rng, uid, birthday)
    zone, start = _zone(rng), _clock(rng, day)
    length = timedelta(minutes=rng.choice((15, 30, 60)))
    weekday = _DAYS[day.weekday()]
    rule = rng.choice(
        (
            f"FREQ=WEEKLY;BYDAY={weekday}",
            f"FREQ=WEEKLY;BYDAY={weekday}",
            f"FREQ=WEEKLY;INTERVAL=2;BYDAY={weekday}",
            f"FREQ=WEEKLY;BYDAY={weekday},{_DAYS[(day.weekday() + 2) % 7]};WKST=MO",
            "FREQ=DAILY",
            f"FREQ=MONTHLY;BYDAY={(day.day - 1) // 7 + 1}{weekday}",
            f"FREQ=MONTHLY;BYMONTHDAY={day.day}",
        )
    )
    if rule == "FREQ=DAILY":  # a stand-up of some weeks; few go on for ever
        rule += f";COUNT={rng.randrange(5, 60)}" if rng.random() < 0.9 else ""
    elif rng.random() < 0.4:
        until = start + timedelta(days=rng.randrange(60, 900))
        rule += f";UNTIL={until:%Y%m%dT%H%M%SZ}"
    elif rng.random() < 0.3:
        rule += f";COUNT={rng.randrange(4, 60)}"
    times = [_at("DTSTART", zone, start), _at("DTEND", zone, start + length), f"RRULE:{rule}"]
    if rng.random() < 0.3:
        times += [
            _at("EXDATE", zone, start + timedelta(days=7 * rng.randrange(1, 200))) for _ in range(3)
        ]
    lines = _event(rng, uid, times)
    if rng.random() < 0.06:
        lines += _changed(rng, uid, zone, start)
    return lines


def _changed(rng: random.Random, uid: str, zone: str, start: datetime) -> list[str]:
    """An instance of a series that was moved, or called off."""
    old = start + timedelta(days=7 * rng.randrange(1, 100))
    new = old + timedelta(hours=rng.choice((-24, -2, 1, 3, 48)))
    times = [
        _at("RECURRENCE-ID", zone, old),
        _at("DTSTART", zone, new),
        _at("DTEND", zone, new + timedelta(minutes=45)),
    ]
    return _event(rng, uid, times)


def _clock(rng: random.Random, day: date) -> datetime:
    return datetime.combine(day, time(rng.randrange(8, 18), rng.choice((0, 15, 30))))


def _zone(rng: random.Random) -> str:
    if rng.random() < 0.1:
        return _WINDOWS_ZONE
    return rng.choices(_ZONES, (6, 2, 1, 1))[0]


def _at(name: str, zone: str, clock: datetime) -> str:
    return f"{name};TZID={zone}:{clock:%Y%m%dT%H%M%S}"
