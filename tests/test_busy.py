"""Other calendars -> busy time: what takes time, what does not, and what is said when it fails."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import threading
import time as clock_of_day
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from busy_calendars import calendar_of, changed_series, library_intervals, office_calendar
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from meso_sched.errors import FileError, ServerError, UsageError
from meso_sched.exchange import busy, busy_web
from meso_sched.exchange.busy import BusyRequest, BusyTime, read_busy
from meso_sched.exchange.busy_rules import FREQUENCIES, parse_rule
from meso_sched.exchange.busy_starts import Budget, expand
from meso_sched.exchange.zones import load_zone

ISTANBUL = load_zone("Europe/Istanbul")
FIRST, LAST = date(2027, 1, 4), date(2027, 1, 17)  # two weeks from a Monday


def busy_in(
    *sources: str | Path, ignore: frozenset[str] = frozenset(), last: date = LAST
) -> BusyTime:
    return read_busy(BusyRequest(tuple(map(str, sources)), ISTANBUL, FIRST, last, ignore))


def local(found: BusyTime) -> list[str]:
    """Intervals as ``01-04 09:00-10:00``, or with both dates, in the clinic's wall clock."""
    shown = []
    for start, end in found.intervals:
        first, last = start.astimezone(ISTANBUL), end.astimezone(ISTANBUL)
        till = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%m-%d %H:%M}"
        shown.append(f"{first:%m-%d %H:%M}-{till}")
    return shown


def events(*blocks: str) -> str:
    """A calendar of VEVENTs, each given as its property lines; every one has a UID of its own."""
    lines: list[str] = []
    for number, block in enumerate(blocks):
        uid = [] if "UID" in block else [f"UID:{number}"]
        lines += ["BEGIN:VEVENT", *uid, *block.strip().splitlines(), "END:VEVENT"]
    return calendar_of(lines)


NINE = "DTSTART;TZID=Europe/Istanbul:20270105T090000\nDTEND;TZID=Europe/Istanbul:20270105T100000"
DAILY = f"UID:s\n{NINE}\nRRULE:FREQ=DAILY;COUNT=3"

CASES = {
    "an event in UTC": (
        ["DTSTART:20270105T060000Z\nDTEND:20270105T070000Z"],
        ["01-05 09:00-10:00"],
    ),
    "an event in the clinic's zone": ([NINE], ["01-05 09:00-10:00"]),
    "an event in another zone": (
        ["DTSTART;TZID=America/New_York:20270105T090000\nDURATION:PT1H"],
        ["01-05 17:00-18:00"],
    ),
    "a zone by its Windows name": (
        ['DTSTART;TZID="W. Europe Standard Time":20270105T090000\nDURATION:PT1H'],
        ["01-05 11:00-12:00"],
    ),
    "a zone behind a vendor's prefix": (
        ["DTSTART;TZID=/example.org/Europe/Berlin:20270105T090000\nDURATION:PT1H"],
        ["01-05 11:00-12:00"],
    ),
    "a floating time is the clinic's wall clock": (
        ["DTSTART:20270105T090000\nDTEND:20270105T100000"],
        ["01-05 09:00-10:00"],
    ),
    "an end in another zone than the start": (
        ["DTSTART;TZID=Europe/Istanbul:20270105T090000\nDTEND;TZID=Europe/Berlin:20270105T090000"],
        ["01-05 09:00-11:00"],
    ),
    "an all-day event takes its local days, without its DTEND": (
        ["DTSTART;VALUE=DATE:20270105\nDTEND;VALUE=DATE:20270107"],
        ["01-05 00:00-01-07 00:00"],
    ),
    "an all-day event without an end takes one day": (
        ["DTSTART;VALUE=DATE:20270105"],
        ["01-05 00:00-01-06 00:00"],
    ),
    "an all-day event that ends on its own day takes it": (
        ["DTSTART;VALUE=DATE:20270105\nDTEND;VALUE=DATE:20270105"],
        ["01-05 00:00-01-06 00:00"],
    ),
    "an all-day event of two days by DURATION": (
        ["DTSTART;VALUE=DATE:20270105\nDURATION:P2D"],
        ["01-05 00:00-01-07 00:00"],
    ),
    "a time without an end takes nothing": (["DTSTART:20270105T090000"], []),
    "an end before the start is swapped": (
        ["DTSTART:20270105T100000\nDTEND:20270105T090000"],
        ["01-05 09:00-10:00"],
    ),
    "a leap second": (
        ["DTSTART:20270105T090000\nDTEND:20270105T095960"],
        ["01-05 09:00-09:59"],
    ),
    "transparent takes nothing": ([f"{NINE}\nTRANSP:TRANSPARENT"], []),
    "cancelled takes nothing": ([f"{NINE}\nSTATUS:CANCELLED"], []),
    "tentative takes time": ([f"{NINE}\nSTATUS:TENTATIVE"], ["01-05 09:00-10:00"]),
    "clipped to the days asked for": (
        ["DTSTART:20261201T000000\nDTEND:20270104T090000", "DTSTART:20270117T230000\nDURATION:P9W"],
        ["01-04 00:00-09:00", "01-17 23:00-01-18 00:00"],
    ),
    "an event for ever": (
        ["DTSTART:00010101T000000\nDTEND;TZID=America/New_York:99991231T235959"],
        ["01-04 00:00-01-18 00:00"],
    ),
    "before and after the days asked for": (
        ["DTSTART:20270103T230000\nDURATION:PT1H", "DTSTART:20270118T000000\nDURATION:PT1H"],
        [],
    ),
    "what touches or overlaps is one interval": (
        [
            "DTSTART:20270105T090000\nDURATION:PT1H",
            "DTSTART:20270105T093000\nDURATION:PT1H",
            "DTSTART:20270105T103000\nDURATION:PT30M",
        ],
        ["01-05 09:00-11:00"],
    ),
    "an alarm's DURATION is not the event's": (
        [f"BEGIN:VALARM\nTRIGGER:-PT5M\nDURATION:PT9H\nREPEAT:2\nEND:VALARM\n{NINE}"],
        ["01-05 09:00-10:00"],
    ),
    "names in small letters, folded, with quoted parameters": (
        [
            'dtst\n art;x-note="a:b;TZID=Asia/Tokyo";tzid=Europe/Istanbul:20270105T09\n\t0000\n'
            "duration:pt1h"
        ],
        ["01-05 09:00-10:00"],
    ),
    "daily, three times": (
        [DAILY],
        ["01-05 09:00-10:00", "01-06 09:00-10:00", "01-07 09:00-10:00"],
    ),
    "an exception frees its slot": (
        [f"{DAILY}\nEXDATE;TZID=Europe/Istanbul:20270106T090000\nEXDATE:20270107T060000Z"],
        ["01-05 09:00-10:00"],
    ),
    "an exception in UTC of another occurrence frees nothing": (
        [
            "DTSTART;TZID=Europe/Istanbul:20270105T060000\nDURATION:PT1H\nEXDATE:20270105T060000Z\n"
            "RRULE:FREQ=DAILY;BYHOUR=6,9;COUNT=2"
        ],
        ["01-05 06:00-07:00"],
    ),
    "an exception of a whole day": (
        [f"{DAILY}\nEXDATE;VALUE=DATE:20270105,20270107"],
        ["01-06 09:00-10:00"],
    ),
    "a moved instance frees the old slot and takes the new": (
        [
            DAILY,
            "UID:s\nRECURRENCE-ID;TZID=Europe/Istanbul:20270106T090000\n"
            "DTSTART;TZID=Europe/Istanbul:20270112T140000\nDTEND;TZID=Europe/Istanbul:20270112T150000",
        ],
        ["01-05 09:00-10:00", "01-07 09:00-10:00", "01-12 14:00-15:00"],
    ),
    "an instance moved into the days asked for, from a series long over": (
        [
            "UID:s\nDTSTART:20260105T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3",
            "UID:s\nRECURRENCE-ID:20260106T090000\nDTSTART:20270112T140000\nDURATION:PT1H",
        ],
        ["01-12 14:00-15:00"],
    ),
    "a cancelled instance frees its slot": (
        [
            DAILY,
            "UID:s\nRECURRENCE-ID;TZID=Europe/Istanbul:20270106T090000\nSTATUS:CANCELLED\n"
            "DTSTART;TZID=Europe/Istanbul:20270106T090000\nDURATION:PT1H",
        ],
        ["01-05 09:00-10:00", "01-07 09:00-10:00"],
    ),
    "an opaque instance of a transparent series": (
        [
            f"{DAILY}\nTRANSP:TRANSPARENT",
            "UID:s\nRECURRENCE-ID:20270106T060000Z\n"
            "DTSTART;TZID=Europe/Istanbul:20270106T110000\nDURATION:PT1H",
        ],
        ["01-06 11:00-12:00"],
    ),
    "this and all later instances are moved": (
        [
            DAILY,
            "UID:s\nRECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Istanbul:20270106T090000\n"
            "DTSTART;TZID=Europe/Istanbul:20270106T110000\nDURATION:PT2H",
        ],
        ["01-05 09:00-10:00", "01-06 11:00-13:00", "01-07 11:00-13:00"],
    ),
    "dates of its own, and periods": (
        [
            f"{NINE}\nRDATE;TZID=Europe/Istanbul:20270108T090000\n"
            "RDATE;VALUE=PERIOD:20270111T060000Z/PT2H,20270112T060000Z/20270112T063000Z"
        ],
        ["01-05 09:00-10:00", "01-08 09:00-10:00", "01-11 09:00-11:00", "01-12 09:00-09:30"],
    ),
    "a newer version of the same event counts alone": (
        [f"UID:s\nSEQUENCE:1\n{NINE}", "UID:s\nSEQUENCE:0\nDTSTART:20270108T090000\nDURATION:PT1H"],
        ["01-05 09:00-10:00"],
    ),
    "a newer version that ended long ago does not bring the older one back": (
        [
            "UID:s\nSEQUENCE:1\nDTSTART:20250101T090000\nDURATION:PT1H\n"
            "RRULE:FREQ=DAILY;UNTIL=20250201T090000",
            "UID:s\nSEQUENCE:0\nDTSTART:20250101T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY",
            "UID:s\nRECURRENCE-ID:20250102T090000\nDTSTART:20270105T090000\nDURATION:PT1H",
        ],
        ["01-05 09:00-10:00"],
    ),
    "a series cancelled by an UNTIL before its start": (
        [f"{NINE}\nRRULE:FREQ=DAILY;UNTIL=20270101T000000Z"],
        [],
    ),
    "a bare date in UNTIL counts to its end": (
        [f"{NINE}\nRRULE:FREQ=DAILY;UNTIL=20270106"],
        ["01-05 09:00-10:00", "01-06 09:00-10:00"],
    ),
    "plain and counted weekdays add up": (
        ["DTSTART:20270101T090000\nDURATION:PT1H\nRRULE:FREQ=MONTHLY;BYDAY=MO,2TU"],
        ["01-04 09:00-10:00", "01-11 09:00-10:00", "01-12 09:00-10:00"],
    ),
    "yearly all day, since long": (
        ["DTSTART;VALUE=DATE:19700105\nRRULE:FREQ=YEARLY"],
        ["01-05 00:00-01-06 00:00"],
    ),
    "a long occurrence begun before": (
        ["DTSTART:20200101T000000\nDURATION:P6D\nRRULE:FREQ=YEARLY"],
        ["01-04 00:00-01-07 00:00"],
    ),
}


@pytest.mark.parametrize(("blocks", "expected"), CASES.values(), ids=CASES)
def test_takes(blocks: list[str], expected: list[str], tmp_path: Path) -> None:
    for newline in ("\r\n", "\n", "\r"):
        file = tmp_path / "other.ics"
        file.write_text(events(*blocks).replace("\r\n", newline), newline="", encoding="utf-8")
        found = busy_in(file)
        assert local(found) == expected
        assert found.warnings == ()


def write(folder: Path, text: str, name: str = "other.ics") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="")
    return file


def test_takes_the_zone_that_the_calendar_defines_and_not_that_of_another(tmp_path: Path) -> None:
    def with_zone(offset: str) -> str:
        zone = ["BEGIN:VTIMEZONE", "TZID:(UTC) Own: zone", "BEGIN:STANDARD"]
        zone += ["DTSTART:19700101T000000", f"TZOFFSETFROM:{offset}", f"TZOFFSETTO:{offset}"]
        zone += ["END:STANDARD", "END:VTIMEZONE", "BEGIN:VEVENT", "UID:1"]
        zone += ['DTSTART;TZID="(UTC) Own: zone":20270105T090000', "DURATION:PT1H", "END:VEVENT"]
        return calendar_of(zone)

    one = write(tmp_path, with_zone("+0400"), "one.ics")
    two = write(tmp_path, with_zone("+0100"), "two.ics")
    assert local(busy_in(one, two)) == ["01-05 08:00-09:00", "01-05 11:00-12:00"]


@pytest.mark.parametrize(
    "zone",
    [
        "",
        "BEGIN:VTIMEZONE\nTZID:Nowhere\nEND:VTIMEZONE\n",
        "BEGIN:VTIMEZONE\nTZID:Nowhere\nBEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0100\n"
        "TZOFFSETTO:+0100\nRRULE:FREQ=SECONDLY\nEND:STANDARD\nEND:VTIMEZONE\n",
    ],
    ids=["not defined", "without observances", "with endless onsets"],
)
def test_reads_an_unknown_zone_as_the_clinics_wall_clock_and_says_so(
    tmp_path: Path, zone: str
) -> None:
    lines = zone.splitlines()
    for hour in ("09", "14"):
        lines += ["BEGIN:VEVENT", "SUMMARY:Ms Secret", f"DTSTART;TZID=Nowhere:20270105T{hour}0000"]
        lines += ["DURATION:PT1H", "END:VEVENT"]
    file = write(tmp_path, calendar_of(lines))
    found = busy_in(file)
    assert local(found) == ["01-05 09:00-10:00", "01-05 14:00-15:00"]
    assert found.warnings == (
        f'{file}: the zone "Nowhere" is unknown; the event at 2027-01-05 09:00 and 1 more'
        " is read as the clinic's wall clock.",
    )


def test_counts_busy_periods_and_neither_free_ones_nor_tasks_nor_journals(tmp_path: Path) -> None:
    text = calendar_of(
        """BEGIN:VFREEBUSY
FREEBUSY:20270105T060000Z/20270105T070000Z,20270106T060000Z/PT30M
FREEBUSY;FBTYPE=FREE:20270107T060000Z/PT1H
FREEBUSY;FBTYPE=BUSY-TENTATIVE:20270108T060000Z/PT1H
END:VFREEBUSY
BEGIN:VTODO
UID:t
DTSTART:20270109T090000
DUE:20270109T100000
END:VTODO
BEGIN:VJOURNAL
UID:j
DTSTART;VALUE=DATE:20270110
END:VJOURNAL""".splitlines()
    )
    expected = ["01-05 09:00-10:00", "01-06 09:00-09:30", "01-08 09:00-10:00"]
    assert local(busy_in(write(tmp_path, text))) == expected


def test_leaves_out_the_courses_own_events(tmp_path: Path) -> None:
    other = NINE.replace("T09", "T07").replace("T10", "T08")
    file = write(tmp_path, events(f"UID:own:1\n{NINE}", f'UID;X-A="b:c":other\n{other}'))
    assert local(busy_in(file, ignore=frozenset({"own:1"}))) == ["01-05 07:00-08:00"]
    assert local(busy_in(file, ignore=frozenset({"other"}))) == ["01-05 09:00-10:00"]


def test_reads_every_calendar_of_a_file_for_itself(tmp_path: Path) -> None:
    text = events(f"UID:1\n{NINE}") + events("UID:1\nDTSTART:20270106T090000\nDURATION:PT1H")
    assert local(busy_in(write(tmp_path, text))) == ["01-05 09:00-10:00", "01-06 09:00-10:00"]


def test_reads_folders_through_and_leaves_out_what_is_hidden(tmp_path: Path) -> None:
    write(tmp_path, events(NINE), "b/deep/one.ICS")
    write(tmp_path, events("DTSTART:20270106T090000\nDURATION:PT1H"), "a.ics")
    for name in (".hidden.ics", ".folder/x.ics", "notes.txt"):
        write(tmp_path, "no calendar", name)
    assert local(busy_in(tmp_path)) == ["01-05 09:00-10:00", "01-06 09:00-10:00"]


def test_cares_for_times_and_not_for_words(tmp_path: Path) -> None:
    file = tmp_path / "old.ics"
    text = events(f"SUMMARY:Görüşme\n{NINE}")
    for data in (b"\xef\xbb\xbf" + text.encode(), text.encode("iso-8859-9")):
        file.write_bytes(data)
        assert local(busy_in(file)) == ["01-05 09:00-10:00"]


# -- the library's word ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(25))
def test_gives_the_same_as_the_library_alone(tmp_path: Path, seed: int) -> None:
    text = office_calendar(120, seed)
    rng = random.Random(seed)
    zone = load_zone(rng.choice(("Europe/Istanbul", "America/New_York", "Australia/Lord_Howe")))
    first = date(2022, 1, 1) + timedelta(days=rng.randrange(1500))
    last = first + timedelta(days=rng.choice((0, 6, 30, 364)))
    found = read_busy(BusyRequest((str(write(tmp_path, text)),), zone, first, last))
    assert list(found.intervals) == library_intervals(text, zone, first, last)
    assert found.warnings == ()


@pytest.mark.parametrize("seed", range(0, 400, 20))
def test_gives_the_same_as_the_library_alone_for_changed_series(tmp_path: Path, seed: int) -> None:
    for number in range(seed, seed + 20):
        text = changed_series(number)
        zone = load_zone(("Europe/Istanbul", "Europe/Berlin", "America/New_York")[number % 3])
        first = date(2025, 1, 1) + timedelta(days=number * 7 % 500)
        last = first + timedelta(days=(0, 5, 60)[number % 3])
        found = read_busy(BusyRequest((str(write(tmp_path, text)),), zone, first, last))
        assert list(found.intervals) == library_intervals(text, zone, first, last), number


_SPAN = {"HOURLY": timedelta(days=1), "MINUTELY": timedelta(hours=1), "SECONDLY": timedelta(0, 60)}


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Rules of every kind, but none that dateutil would walk through to the year 9999."""
    freq = draw(st.sampled_from(FREQUENCIES))
    days = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
    if freq in ("YEARLY", "MONTHLY") and draw(st.booleans()):
        days = [number + day for number in ("1", "-1", "+2", "5") for day in days]
    lists = {"BYDAY": days, "BYHOUR": ["0", "8", "9", "17"], "BYMINUTE": ["0", "15", "59"]}
    if freq not in _SPAN:
        lists["BYMONTH"] = [str(month) for month in range(1, 13)]
    if freq in ("YEARLY", "MONTHLY"):
        lists["BYMONTHDAY"] = ["1", "13", "28", "29", "30", "31", "-1", "-30"]
    if freq == "YEARLY":
        lists |= {"BYYEARDAY": ["1", "60", "366", "-1"], "BYWEEKNO": ["2", "20", "51", "-3"]}
    if freq == "SECONDLY":
        del lists["BYDAY"]
    parts = [f"FREQ={freq}"]
    for name, values in lists.items():
        if draw(st.integers(0, 2)) == 0:
            chosen = st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)
            parts.append(f"{name}={','.join(draw(chosen))}")
    if freq in ("YEARLY", "MONTHLY", "DAILY") and len(parts) > 1 and draw(st.booleans()):
        parts.append("BYSETPOS=" + draw(st.sampled_from(["1", "-1", "2", "1,-1"])))
    parts.append(f"INTERVAL={draw(st.sampled_from([1, 2, 3, 7, 25]))}")
    parts.append(f"WKST={draw(st.sampled_from(['SU', 'MO', 'TH']))}")
    parts.append(
        draw(st.sampled_from(["", "COUNT=1", "COUNT=7", "COUNT=40", "UNTIL=20220315T1015"]))
    )
    return ";".join(filter(None, parts)).replace("T1015", "T101500")


@settings(max_examples=300, deadline=None)
@given(rules(), st.integers(0, 96 * 300), st.sampled_from([-30, 0, 1, 90]))
def test_rules_give_the_same_as_dateutil(text: str, quarters: int, spans: int) -> None:
    start = datetime(2021, 6, 1) + timedelta(minutes=15 * quarters)  # noqa: DTZ001
    span = _SPAN.get(text.partition(";")[0].removeprefix("FREQ="), timedelta(days=7))
    first = start + spans * span
    last = first + 8 * span
    try:
        theirs = set(rrulestr(text, dtstart=start).between(first, last, inc=True))
    except ValueError:  # it says so of a rule that never matches
        theirs = set()
    rule = parse_rule(text, start, UTC, False)
    ours = expand(rule, start, timedelta(hours=1), (first, last), Budget(10**6, 10**6))
    assert ours.blocks == []
    assert set(ours.starts) - {start} == theirs - {start}


# -- rules without end -------------------------------------------------------------------------

ALL = ["01-04 00:00-01-18 00:00"]
EVERY_NINE = [f"01-{day:02} 09:00-10:00" for day in range(4, 18)]
ENDLESS = {  # rule of an event of 1970-01-01 00:00 and its length -> what it takes, and if it warns
    "FREQ=SECONDLY PT1S": (ALL, False),
    "FREQ=SECONDLY;INTERVAL=2 PT1S": (ALL, True),
    "FREQ=SECONDLY;COUNT=100000000 PT1S": ([], False),
    "FREQ=SECONDLY;COUNT=9999999999999999 PT1S": (ALL, False),
    "FREQ=SECONDLY;UNTIL=99991231T235959Z PT1S": (ALL, False),
    "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30 PT1S": ([], False),
    "FREQ=SECONDLY;BYDAY=MO;UNTIL=20270108T000000Z PT1S": (["01-04 00:00-01-05 00:00"], True),
    "FREQ=SECONDLY;BYHOUR=9 PT1S": (EVERY_NINE, True),
    "FREQ=SECONDLY;BYHOUR=9;COUNT=5 PT1S": ([], False),
    "FREQ=SECONDLY;BYSETPOS=2 PT1S": (ALL, True),
    "FREQ=SECONDLY;INTERVAL=999999999999999999 PT1S": ([], False),
    "FREQ=SECONDLY PT0S": ([], False),
    "FREQ=MINUTELY;BYHOUR=9 PT1M": (EVERY_NINE, False),
    "FREQ=MINUTELY;COUNT=100000000 PT2M": (ALL, False),
    "FREQ=HOURLY;INTERVAL=24 PT1H": ([f"01-{day:02} 00:00-01:00" for day in range(4, 18)], False),
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30 PT1H": ([], False),
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=3 PT1H": ([], False),
    "FREQ=DAILY;COUNT=100000000;BYHOUR=9 PT1H": (EVERY_NINE, False),
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30 PT1H": ([], False),
    "FREQ=YEARLY;INTERVAL=999999999999 PT1H": ([], False),
}
_MANY = ",".join(map(str, range(60)))
_HOURS = ",".join(map(str, range(24)))
ENDLESS[f"FREQ=DAILY;BYHOUR={_HOURS};BYMINUTE={_MANY};BYSECOND={_MANY} PT1S"] = (ALL, True)


def test_no_rule_can_hang_it(tmp_path: Path) -> None:
    """In a process of its own: a rule that did hang could not be stopped from within."""
    files = []
    for number, rule in enumerate(ENDLESS):
        text, _, length = rule.rpartition(" ")
        block = f"DTSTART:19700101T000000\nDURATION:{length}\nRRULE:{text}"
        files.append(str(write(tmp_path, events(block), f"{number}.ics")))
    code = (
        "import sys, test_busy\n"
        "for file in sys.argv[1:]:\n"
        "    found = test_busy.busy_in(file)\n"
        "    print((test_busy.local(found), bool(found.warnings)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *files],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=Path(__file__).parent,
    )
    assert done.stderr == ""
    told = dict(zip(ENDLESS, done.stdout.splitlines(), strict=True))
    assert told == {rule: repr(expected) for rule, expected in ENDLESS.items()}


def test_whole_hours_are_told_of(tmp_path: Path) -> None:
    text = events(
        "SUMMARY:Ms Secret\nDTSTART:20260105T090000\nDURATION:PT1S\n"
        "RRULE:FREQ=SECONDLY;INTERVAL=7;BYHOUR=9"
    )
    file = write(tmp_path, text)
    assert busy_in(file).warnings == (
        f"{file}: the event at 2026-01-05 09:00 repeats too often to be listed;"
        " every hour in which it may start is taken as busy.",
    )


def test_a_changed_instance_of_an_endless_rule_keeps_its_time(tmp_path: Path) -> None:
    found = busy_in(
        write(
            tmp_path,
            events(
                "UID:s\nDTSTART:19700101T090000\nDURATION:PT1S\nRRULE:FREQ=SECONDLY;BYHOUR=9",
                "UID:s\nRECURRENCE-ID:20270104T090000\nDTSTART:20270104T150000\nDURATION:PT1H",
            ),
        )
    )
    assert local(found) == sorted([*EVERY_NINE, "01-04 15:00-16:00"])
    assert len(found.warnings) == 1


def hourly_with_a_move(uid: str, rule: str, change: str = "") -> list[str]:
    """A series of 15 minutes since the first day asked for, one instance in it moved."""
    return [
        f"UID:{uid}\nDTSTART:20270104T090000\nDURATION:PT15M\nRRULE:{rule}",
        f"UID:{uid}\nRECURRENCE-ID{change}:20270105T090000\n"
        "DTSTART:20270105T134000\nDURATION:PT15M",
    ]


def test_a_hundred_changed_series_end_soon(tmp_path: Path) -> None:
    """In a process of its own, over 14 months, with what the library may just be given and more."""
    few, many = "FREQ=HOURLY;INTERVAL=6", "FREQ=HOURLY"
    files = []
    for name, rules in {"many": [many] * 100, "mixed": [few, many] * 8}.items():
        series = (hourly_with_a_move(str(number), rule) for number, rule in enumerate(rules))
        blocks = [block for each in series for block in each]
        files.append(str(write(tmp_path, events(*blocks), f"{name}.ics")))
    code = (
        "import sys, test_busy\n"
        "for file in sys.argv[1:]:\n"
        "    found = test_busy.busy_in(file, last=test_busy.date(2028, 3, 4))\n"
        "    print(len(found.intervals), len(found.warnings))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *files],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parent,
    )
    assert done.stderr == ""
    assert done.stdout == "1 1\n1 1\n"


def test_a_changed_series_of_too_many_starts_takes_whole_hours(tmp_path: Path) -> None:
    rule = "FREQ=MINUTELY;INTERVAL=2;BYHOUR=9,10"
    file = write(tmp_path, events(*hourly_with_a_move("s", rule)))
    found = busy_in(file, last=date(2028, 3, 4))
    assert local(found)[:3] == ["01-04 09:00-11:14", "01-05 09:00-11:14", "01-05 13:40-13:55"]
    assert len(found.warnings) == 1
    series, change = hourly_with_a_move("s", rule)
    file = write(tmp_path, events(f"{series}\nTRANSP:TRANSPARENT", change))
    found = busy_in(file, last=date(2028, 3, 4))
    assert (local(found), found.warnings) == (["01-05 13:40-13:55"], ())
    file = write(tmp_path, events(*hourly_with_a_move("s", rule, ";RANGE=THISANDFUTURE")))
    found = busy_in(file, last=date(2028, 3, 4))
    assert local(found)[2:4] == ["01-05 09:00-11:14", "01-05 13:40-15:54"]


def test_a_changed_series_that_the_library_may_have_is_told_to_the_minute(tmp_path: Path) -> None:
    file = write(tmp_path, events(*hourly_with_a_move("s", "FREQ=HOURLY;INTERVAL=12;COUNT=4")))
    found = busy_in(file, last=date(2028, 3, 4))
    assert local(found) == [
        "01-04 09:00-09:15",
        "01-04 21:00-21:15",
        "01-05 13:40-13:55",
        "01-05 21:00-21:15",
    ]
    assert found.warnings == ()


def test_what_the_library_is_given_comes_out_of_the_one_budget() -> None:
    budget = Budget(for_one=10, left=100)
    assert [budget.take_all(60), budget.take_all(60), budget.take_all(40)] == [True, False, True]
    assert (budget.left, budget.take(5)) == (0, 0)


def test_a_folder_of_files_in_a_zone_by_another_name_is_read_quickly(tmp_path: Path) -> None:
    for number in range(200):
        start = f'DTSTART;TZID="Turkey Standard Time":20270105T{number % 24:02}0000'
        write(tmp_path, events(f"UID:{number}\n{start}\nDURATION:PT1H"), f"{number}.ics")
    begun = clock_of_day.process_time()
    found = busy_in(tmp_path)
    assert local(found) == ["01-05 00:00-01-06 00:00"]
    assert found.warnings == ()
    assert clock_of_day.process_time() - begun < 2


def test_all_calendars_share_one_budget() -> None:
    rule = parse_rule("FREQ=MINUTELY;BYHOUR=9", datetime(2027, 1, 1), UTC, False)  # noqa: DTZ001
    window = (datetime(2027, 1, 4), datetime(2027, 1, 6))  # noqa: DTZ001
    spent = expand(rule, window[0], timedelta(minutes=1), window, Budget(left=10))
    assert spent.starts == [window[0]]
    assert spent.blocks == [window]


# -- what is wrong -----------------------------------------------------------------------------

ADVICE = "correct or remove the event, or export the calendar again."
WRONG = {
    "empty": ("", "{file}: is empty; export the calendar again."),
    "blank": ("\n \n", "{file}: is empty; export the calendar again."),
    "binary": ("BEGIN\0", "{file}: is not text but binary; give an iCalendar file (.ics)."),
    "a web page": (
        "<html></html>",
        "{file}: is not iCalendar; give a file that begins with BEGIN:VCALENDAR.",
    ),
    "a card": (
        "BEGIN:VCARD\nEND:VCARD",
        "{file}: is not iCalendar; give a file that begins with BEGIN:VCALENDAR.",
    ),
    "cut off": (
        events(NINE)[:-40],
        "{file}:4: BEGIN:VEVENT has no END, a part is missing; export the calendar again.",
    ),
    "cut off in the last line": (
        events(NINE)[:-6],
        "{file}:1: BEGIN:VCALENDAR has no END, a part is missing; export the calendar again.",
    ),
    "its middle lost": (
        events(NINE).replace("END:VEVENT\r\n", ""),
        "{file}:4: BEGIN:VEVENT has no END, a part is missing; export the calendar again.",
    ),
    "its head lost": (
        events(NINE).replace("BEGIN:VCALENDAR\r\n", ""),
        "{file}: END:VCALENDAR has no BEGIN, a part is missing; export the calendar again.",
    ),
    "another calendar than ours": (
        events(NINE).replace("VERSION:2.0", "CALSCALE:CHINESE"),
        "{file}:1: the CALSCALE is not GREGORIAN; export the calendar as a Gregorian one.",
    ),
    "a bad start, counted by lines as they are": (
        events("DTSTART:20270105T090000\nDESCRIPTION:folded\n  twice\n \tover", "DTSTART:2027\x1b"),
        f'{{file}}:11: the event has the DTSTART "2027?", which is no date or time; {ADVICE}',
    ),
    "a day that is none": (
        events("DTSTART:20270230"),
        f'{{file}}:4: the event has the DTSTART "20270230", which is no date or time; {ADVICE}',
    ),
    "no start": (
        events("DTEND:20270105T090000"),
        f"{{file}}:4: the event has no DTSTART; {ADVICE}",
    ),
    "two starts": (
        events(f"{NINE}\n{NINE}"),
        f"{{file}}:4: the event has DTSTART more than once; {ADVICE}",
    ),
    "a bad end": (
        events("DTSTART:20270105T090000\nDTEND:soon"),
        f'{{file}}:4: the event has the DTEND "SOON", which is no date or time; {ADVICE}',
    ),
    "a bad duration": (
        events("DTSTART:20270105T090000\nDURATION:1 hour"),
        f'{{file}}:4: the event has the DURATION "1 hour", which is no duration; {ADVICE}',
    ),
    "a bad exception": (
        events(f"{NINE}\nEXDATE:x"),
        f'{{file}}:4: the event has the EXDATE "X", which is no date or time; {ADVICE}',
    ),
    "a bad instance": (
        events(f"UID:s\n{NINE}\nRRULE:FREQ=DAILY", f"UID:s\n{NINE}\nRECURRENCE-ID:x"),
        f'{{file}}:10: the event has the RECURRENCE-ID "X", which is no date or time; {ADVICE}',
    ),
    "a bad free-busy entry": (
        calendar_of(["BEGIN:VFREEBUSY", "FREEBUSY:20270105T060000Z", "END:VFREEBUSY"]),
        "{file}:4: the free-busy entry has a FREEBUSY that is no period;"
        " correct or remove the free-busy entry, or export the calendar again.",
    ),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
def test_says_what_is_wrong_with_a_calendar(text: str, message: str, tmp_path: Path) -> None:
    file = write(tmp_path, text)
    with pytest.raises(FileError) as caught:
        busy_in(file)
    assert str(caught.value) == message.format(file=file)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("rule", "part"),
    [
        ("FREQ=FOO", "FREQ=FOO"),
        ("COUNT=3", "no FREQ"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL=0"),
        ("FREQ=DAILY;INTERVAL=x", "INTERVAL=X"),
        ("FREQ=DAILY;COUNT=", "COUNT="),
        ("FREQ=DAILY;UNTIL=soon", "UNTIL=SOON"),
        ("FREQ=DAILY;WKST=XX", "WKST=XX"),
        ("FREQ=DAILY;BYDAY=1XX", "BYDAY=1XX"),
        ("FREQ=DAILY;BYMONTH=13", "BYMONTH=13"),
        ("FREQ=DAILY;BYMONTHDAY=0", "BYMONTHDAY=0"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR=24"),
        ("FREQ=DAILY;FREQ=WEEKLY", "FREQ=WEEKLY"),
        ("FREQ=DAILY;BYEASTER=1", "BYEASTER=1"),
        ("RSCALE=CHINESE;FREQ=YEARLY", "RSCALE=CHINESE"),
        ("D1 20270110T000000", "D120270110T000000"),
    ],
)
def test_says_what_is_wrong_with_a_rule(rule: str, part: str, tmp_path: Path) -> None:
    file = write(tmp_path, events(f"{NINE}\nRRULE:{rule}"))
    with pytest.raises(FileError) as caught:
        busy_in(file)
    problem = f'the event has an RRULE that makes no sense ("{part}")'
    assert str(caught.value) == f"{file}:4: {problem}; {ADVICE}"


@pytest.mark.parametrize(
    "rule",
    [
        "freq=daily;count=2;",
        "FREQ=DAILY;X-A=1;COUNT=2",
        "COUNT=2;FREQ=DAILY",
        "FREQ=DAILY;UNTIL=20270106T060000Z;COUNT=-1",
        "RSCALE=GREGORIAN;FREQ=DAILY;COUNT=2;SKIP=OMIT",
    ],
)
def test_understands_rules_that_are_loosely_written(rule: str, tmp_path: Path) -> None:
    file = write(tmp_path, events(f"{NINE}\nRRULE:{rule}"))
    assert local(busy_in(file)) == ["01-05 09:00-10:00", "01-06 09:00-10:00"]


def test_says_that_a_path_is_missing(tmp_path: Path) -> None:
    for path in (tmp_path / "no.ics", write(tmp_path, "x") / "below.ics", "no\0name"):
        with pytest.raises(FileError) as caught:
            busy_in(path)
        assert str(caught.value) == f"{path}: there is no such file or folder; check the path."


def test_a_folder_without_calendars_takes_nothing_and_is_told_of(tmp_path: Path) -> None:
    write(tmp_path, "x", "notes.txt")
    found = busy_in(tmp_path)
    assert found.intervals == ()
    problem = "the folder has no .ics file yet; no time is taken."
    assert found.warnings == (f"{tmp_path}: {problem}",)


def test_says_that_a_file_may_not_be_read(tmp_path: Path) -> None:
    file = write(tmp_path, events(NINE))
    file.chmod(0)
    if os.access(file, os.R_OK):  # root may read all, but not the memory at address 0
        file = Path("/proc/self/mem")
    with pytest.raises(FileError) as caught:
        busy_in(file)
    assert re.fullmatch(
        rf"{re.escape(str(file))}: cannot be read \((Permission denied|Input/output error)\);"
        r" check its permissions\.",
        str(caught.value),
    )


def test_says_that_a_folder_cannot_be_read_as_a_calendar_file(tmp_path: Path) -> None:
    (tmp_path / "folder.ics").mkdir()
    os.symlink(tmp_path / "gone", tmp_path / "link.ics")
    with pytest.raises(FileError) as caught:
        busy_in(tmp_path)
    link = tmp_path / "link.ics"
    assert str(caught.value) == f"{link}: there is no such file or folder; check the path."


def test_reads_no_more_than_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(busy, "_LIMIT", 2 * 1024 * 1024)
    file = tmp_path / "huge.ics"
    with file.open("wb") as opened:
        opened.truncate(10 * 1024 * 1024)
    with pytest.raises(FileError) as caught:
        busy_in(file)
    assert str(caught.value) == f"{file}: is larger than 2 MiB; export a part of the calendar."


# -- web addresses -----------------------------------------------------------------------------


class Answers(BaseHTTPRequestHandler):
    """A calendar server with every way to fail."""

    calendar = events(NINE).encode()

    def do_GET(self) -> None:
        path, _, _ = self.path.partition("?")
        name = path.rpartition("/")[2].replace(".", "_")
        getattr(self, f"answer_{name}", self.answer_other)()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keeps quiet."""

    def send(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for header in (*headers, ("Content-Length", str(len(body)))):
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(body)

    def answer_ok_ics(self) -> None:
        self.send(200, self.calendar)

    def answer_strange_ics(self) -> None:
        self.send(200, events("DTSTART;TZID=Nowhere:20270105T090000\nDURATION:PT1H").encode())

    def answer_token_ics(self) -> None:
        right = self.path.endswith("?token=s3cret&b=%20")
        self.send(200 if right else 404, self.calendar)

    def answer_private_ics(self) -> None:
        right = self.headers["Authorization"] == "Basic dXNlcjpwQHNz"  # user:p@ss
        self.send(200 if right else 401, self.calendar)

    def answer_moved_ics(self) -> None:
        self.send(302, b"", ("Location", "/private.ics"))

    def answer_elsewhere_ics(self) -> None:
        port = self.headers["Host"].rpartition(":")[2]
        self.send(302, b"", ("Location", f"http://localhost:{port}/private.ics"))

    def answer_ftp_ics(self) -> None:
        self.send(302, b"", ("Location", "ftp://example.org/x.ics"))

    def answer_loop_ics(self) -> None:
        self.send(302, b"", ("Location", "/loop.ics"))

    def answer_page_html(self) -> None:
        self.send(200, b"\n<!DOCTYPE html><p>Please log in", ("Content-Type", "text/html"))

    def answer_broken_ics(self) -> None:
        self.send(500, b"")

    def answer_cut_ics(self) -> None:
        self.send(200, self.calendar[:-40])

    def answer_huge_ics(self) -> None:
        self.send(200, b"x" * 3 * 1024 * 1024)

    def answer_nonsense_ics(self) -> None:
        self.wfile.write(b"hello\r\n\r\n")

    def answer_silent_ics(self) -> None:
        clock_of_day.sleep(1)

    def answer_drip_ics(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.drip()

    def answer_drip_head_ics(self) -> None:
        self.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
        self.drip()

    def drip(self) -> None:
        try:
            for _ in range(60):
                self.wfile.write(b"B")
                clock_of_day.sleep(0.05)
        except OSError:
            """The client had enough."""

    def answer_other(self) -> None:
        self.send(404, b"")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield f"127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "address",
    [
        "{0}/ok.ics",
        "{0}/token.ics?token=s3cret&b= #part",
        "user:p%40ss@{0}/private.ics",
        "user:p%40ss@{0}/moved.ics",
    ],
    ids=["plain", "with a token", "with a password", "with a password, moved on the same server"],
)
def test_reads_a_web_address(server: str, address: str) -> None:
    assert local(busy_in("http://" + address.format(server))) == ["01-05 09:00-10:00"]


WEB_WRONG = {
    "gone.ics": "the server answered with status 404; check the address.",
    "broken.ics": "the server answered with status 500; try again later.",
    "private.ics": "the server answered with status 401;"
    " check the user name and password in https://user:password@host/path.",
    "elsewhere.ics": "the server answered with status 401;"
    " check the user name and password in https://user:password@host/path.",
    "loop.ics": "the server redirects without end or out of the web; check the address.",
    "ftp.ics": "the server redirects without end or out of the web; check the address.",
    "page.html": "the server answered with a web page instead of a calendar;"
    " give the address of the .ics file itself.",
    "nonsense.ics": "the server cannot be reached or broke off;"
    " check the address or try again later.",
    "silent.ics": "the server is silent for 0.2 seconds; try again later.",
    "drip.ics": "the server has not sent the calendar within 0.5 seconds; try again later.",
    "drip_head.ics": "the server has not sent the calendar within 0.5 seconds; try again later.",
}


@pytest.mark.parametrize(("path", "message"), WEB_WRONG.items(), ids=WEB_WRONG)
def test_says_what_is_wrong_with_a_server_and_keeps_secrets(
    server: str, path: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(busy_web, "_SILENCE", 0.2)
    monkeypatch.setattr(busy_web, "_PATIENCE", 0.5)
    user = "ada:s3cret@" if path != "elsewhere.ics" else "user:p%40ss@"
    with pytest.raises(ServerError) as caught:
        busy_in(f"http://{user}{server}/{path}?token=s3cret")
    assert str(caught.value) == f"http://{server}/{path}: {message}"
    assert caught.value.exit_code == 6


def test_says_what_is_wrong_with_a_calendar_from_a_server(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(busy, "_LIMIT", 2 * 1024 * 1024)
    messages = {
        "cut.ics": ":4: BEGIN:VEVENT has no END, a part is missing; export the calendar again.",
        "huge.ics": ": is larger than 2 MiB; export a part of the calendar.",
    }
    for path, message in messages.items():
        with pytest.raises(FileError) as caught:
            busy_in(f"http://{server}/{path}?token=s3cret")
        assert str(caught.value) == f"http://{server}/{path}{message}"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("calendar/ical/ada%40s3cret/private-s3cret/{}", "…/{}"),  # Google, Outlook
        ("x/{}", "…/{}"),
        ("s3cret{}".format("0" * 20) + "/{}", "…/{}"),
        ("{}", "{}"),
    ],
)
def test_keeps_secrets_that_stand_in_the_path(server: str, path: str, shown: str) -> None:
    place = f"http://{server}/"
    for name in ("gone.ics", "broken.ics", "page.html", "loop.ics", "nonsense.ics", "cut.ics"):
        with pytest.raises((ServerError, FileError)) as caught:
            busy_in(place + path.format(name))
        assert str(caught.value).startswith(f"{place}{shown.format(name)}:")
        assert "s3cret" not in str(caught.value)
    (warning,) = busy_in(place + path.format("strange.ics")).warnings
    assert warning.startswith(f'{place}{shown.format("strange.ics")}: the zone "Nowhere" is')


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("", ""),
        ("/", "/"),
        ("/a.ics", "/a.ics"),
        ("/s3cret", "/…"),
        ("/published/2/s3cret", "/…"),  # iCloud: the token comes last
        ("/s3cret/", "/…"),
        ("//a.ics", "/…/a.ics"),
        ("/a/s3cret?export", "/…"),
        ("/a/0123456789abcdef0123456789abcdef.ics", "/…"),
        ("/a/b.ics;jsessionid=s3cret", "/…"),
    ],
)
def test_shows_of_a_path_at_most_the_name_of_the_file(path: str, shown: str) -> None:
    address = busy_web.Address.parse(f"https://ada:s3cret@example.org{path}")
    assert address.url == f"https://example.org{path}"
    assert address.shown == f"https://example.org{shown}"


def test_says_that_a_server_refuses_or_is_not_there(server: str) -> None:
    import socket

    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        port = unheard.getsockname()[1]
        with pytest.raises(ServerError) as caught:
            busy_in(f"http://ada:s3cret@127.0.0.1:{port}/x.ics?token=s3cret")
    problem = "the server refuses the connection; check the address and its port."
    assert str(caught.value) == f"http://127.0.0.1:{port}/x.ics: {problem}"
    with pytest.raises(ServerError) as caught:
        busy_in("https://ada:s3cret@nowhere.invalid/x.ics?token=s3cret")
    problem = "the server's name is not found; check the address and the connection."
    assert str(caught.value) == f"https://nowhere.invalid/x.ics: {problem}"


def test_asks_a_webcal_address_as_https() -> None:
    assert busy_web.Address.parse("webcal://Example.org/a b.ics?k=1").url == (
        "https://example.org/a%20b.ics?k=1"
    )


def test_refuses_addresses_that_are_none() -> None:
    with pytest.raises(UsageError) as caught:
        busy_in("ftp://ada:s3cret@example.org/x.ics")
    assert str(caught.value) == (
        "A calendar cannot be read from ftp://;"
        " give a file, a folder or an http:// or https:// address."
    )
    rests = ("/x", "ada:s3cret@h:port/", "[s3cret/", "a b/", "\udcff@h/x", "a:\udcff@h/x")
    for rest in (*rests, "h/\udcff", "h/x?\udcff", "\udcff/x", "\udcff.org:1/x"):
        for article, scheme in (("An", "http"), ("An", "https"), ("A", "webcal")):
            with pytest.raises(UsageError) as caught:
                busy_in(f"{scheme}://{rest}")
            assert str(caught.value) == (
                f"{article} {scheme}:// address of a calendar is malformed;"
                f" write it as {scheme}://host/path."
            )


def test_loads_no_calendar_library_before_it_must() -> None:
    code = (
        "import sys, meso_sched.exchange.busy;"
        "print([m for m in ('icalendar', 'recurring_ical_events', 'urllib.request', 'dateutil')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
