"""A VTIMEZONE tells every reader the offset that the zone really has, at every moment of the file.

The judges share no code with the writer: dateutil's reader of VTIMEZONE, icalendar's, and the rule
of RFC 5545, spelled out below.
"""

from __future__ import annotations

import re
import zoneinfo
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from io import StringIO
from itertools import pairwise
from typing import cast

import icalendar
import pytest
from dateutil import tz as dateutil_tz
from dateutil.rrule import rrulestr

from meso_sched.exchange.vtimezone import vtimezone
from meso_sched.exchange.zones import load_zone

SECOND = timedelta(seconds=1)
ZONES = sorted(zoneinfo.available_timezones() - {"localtime"})
REGIONS = sorted({key.partition("/")[0] if "/" in key else "" for key in ZONES})


def utc(year: int, month: int = 1, day: int = 1, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


DECADE = utc(2024), utc(2034)


def written(key: str, first: datetime, last: datetime) -> str:
    return f"{vtimezone(load_zone(key), key, first, last)}\r\n"


def zones_of(region: str) -> list[str]:
    return [key for key in ZONES if (key.partition("/")[0] if "/" in key else "") == region]


def changes_of(zone: tzinfo, first: datetime, last: datetime) -> Iterator[datetime]:
    """The seconds at which the offset changes, found by looking at every twelfth hour."""

    def offset(moment: datetime) -> timedelta | None:
        return moment.astimezone(zone).utcoffset()

    hours = range(0, int((last - first) / timedelta(hours=1)) + 1, 12)
    offsets = [(first + timedelta(hours=hour)).astimezone(zone).utcoffset() for hour in hours]
    for (low, before), (_, after) in pairwise(zip(hours, offsets, strict=True)):
        if before != after:
            start = first + timedelta(hours=low)
            changed = bisect_left(
                range(12 * 3600), True, key=lambda s: offset(start + s * SECOND) != before
            )
            yield start + changed * SECOND


def around(changes: list[datetime], first: datetime, last: datetime) -> list[datetime]:
    """A second before, at and after each change, and the span's edges; only what the span holds."""
    moments = [change + n * SECOND for change in changes for n in (-1, 0, 1)]
    return [first, *(moment for moment in moments if first <= moment <= last), last]


class Rfc:
    """RFC 5545, 3.6.5: of the onsets up to a wall time, the latest gives its offset."""

    def __init__(self, text: str, last: datetime) -> None:
        self.onsets: list[tuple[datetime, timedelta, str]] = []
        for body in re.findall(r"BEGIN:(?:STANDARD|DAYLIGHT)\r\n(.*?)END:", text, re.DOTALL):
            lines = dict(line.split(":", 1) for line in body.split("\r\n") if line)
            start = datetime.strptime(lines["DTSTART"] + "Z", "%Y%m%dT%H%M%S%z").replace(
                tzinfo=None
            )
            starts = [start]
            if "RRULE" in lines:
                end = last.replace(tzinfo=None) + timedelta(days=2)
                starts = rrulestr(lines["RRULE"], dtstart=start).between(start, end, inc=True)
            hours, minutes, *seconds = re.findall(r"\d\d", lines["TZOFFSETTO"])
            offset = timedelta(
                hours=int(hours), minutes=int(minutes), seconds=int((seconds or [0])[0])
            )
            offset *= -1 if lines["TZOFFSETTO"].startswith("-") else 1
            self.onsets += [(onset, offset, lines["TZNAME"]) for onset in starts]
        self.onsets.sort()

    def at(self, wall: datetime) -> tuple[timedelta, str]:
        found = bisect_right(self.onsets, wall, key=lambda onset: onset[0])
        assert found, f"no onset at or before {wall}"
        return self.onsets[found - 1][1:]


def dateutil_reads(text: str) -> tzinfo:
    zone = dateutil_tz.tzical(StringIO(text)).get()
    assert zone is not None
    return zone


def icalendar_reads(text: str) -> tzinfo:
    component = cast(icalendar.Timezone, icalendar.Timezone.from_ical(text))
    return cast(tzinfo, component.to_tz(lookup_tzid=False))


def wrong(text: str, zone: tzinfo, moments: list[datetime]) -> list[str]:
    """Where the RFC's rule or dateutil reads something else than the zone has."""
    rfc, dateutil = Rfc(text, max(moments)), dateutil_reads(text)
    found = []
    for moment in moments:
        local = moment.astimezone(zone).replace(fold=0)  # a file cannot tell the second of two
        wall = local.replace(tzinfo=None)
        if rfc.at(wall) != (local.utcoffset(), local.tzname()):
            found.append(f"RFC 5545: {local} reads as {rfc.at(wall)}")
        if local.replace(tzinfo=dateutil).utcoffset() != local.utcoffset():
            found.append(f"dateutil: {local} reads as {local.replace(tzinfo=dateutil)}")
    return found


@pytest.mark.parametrize("region", REGIONS)
def test_every_zone_is_right_at_every_change_of_ten_years(region: str) -> None:
    """For one file of the ten years, and for ten files of a year each."""
    spans = [DECADE, *((utc(year), utc(year + 1)) for year in range(2024, 2034))]
    found = {}
    for key in zones_of(region):
        zone = load_zone(key)
        changes = list(changes_of(zone, *DECADE))
        for span in spans:
            text = written(key, *span)
            assert "RDATE" not in text
            assert "BEGIN:STANDARD" in text
            if problems := wrong(text, zone, around(changes, *span)):
                found[f"{key} {span[0].year}"] = problems
    assert not found


@pytest.mark.parametrize(
    ("key", "first", "last"),
    [
        ("Africa/Cairo", utc(2010), utc(2015)),  # no DST in Ramadan, none in 2011 to 2013
        ("Africa/Casablanca", utc(2015), utc(2026)),
        ("Africa/Monrovia", utc(1971), utc(1973)),  # an offset with seconds
        ("America/Caracas", utc(2007), utc(2017)),  # half an hour back and forth
        ("Antarctica/Troll", utc(2004), utc(2010)),
        ("Asia/Gaza", utc(2036), utc(2056)),  # four changes in some years, and a period of a week
        ("Asia/Pyongyang", utc(2015), utc(2019)),
        ("Asia/Tehran", utc(2015), utc(2026)),
        ("Australia/Lord_Howe", utc(1980), utc(1990)),
        ("Europe/Istanbul", utc(2007), utc(2020)),
        ("Europe/Volgograd", utc(2009), utc(2022)),
        ("Pacific/Apia", utc(2008), utc(2023)),  # a day that was skipped
        ("Pacific/Kwajalein", utc(1992), utc(1994)),
    ],
)
def test_zones_with_a_past_are_right_for_a_span_and_for_a_file_of_one_moment(
    key: str, first: datetime, last: datetime
) -> None:
    zone = load_zone(key)
    changes = list(changes_of(zone, first, last))
    assert changes
    assert wrong(written(key, first, last), zone, around(changes, first, last)) == []
    nearby = (-86400, -3600, -1, 0, 1, 1800, 3599, 3600, 86400)
    for moment in [change + n * SECOND for change in changes for n in nearby]:
        assert wrong(written(key, moment, moment), zone, [moment]) == []


@pytest.mark.parametrize(
    "key", ["Europe/Berlin", "America/New_York", "Asia/Jerusalem", "Africa/Cairo", "Asia/Kolkata"]
)
def test_icalendar_reads_it_too(key: str) -> None:
    zone, judge = load_zone(key), icalendar_reads(written(key, *DECADE))
    for moment in around(list(changes_of(zone, *DECADE)), *DECADE):
        local = moment.astimezone(zone).replace(fold=0)
        assert local.replace(tzinfo=judge).utcoffset() == local.utcoffset(), local


@pytest.mark.parametrize(
    ("key", "year", "observances"),
    [
        (
            "Europe/Istanbul",
            2027,
            ["STANDARD 20260101T030000 +0300 +0300 +03"],
        ),
        (
            "Etc/UTC",
            2027,
            ["STANDARD 20260101T000000 +0000 +0000 UTC"],
        ),
        (
            "Asia/Kathmandu",
            2025,
            ["STANDARD 20240101T054500 +0545 +0545 +0545"],
        ),
        (
            "Europe/Berlin",
            2025,
            [
                "DAYLIGHT 20240331T020000 +0100 +0200 CEST FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
                "STANDARD 20241027T030000 +0200 +0100 CET FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
            ],
        ),
        (
            "America/New_York",
            2025,
            [
                "DAYLIGHT 20240310T020000 -0500 -0400 EDT FREQ=YEARLY;BYMONTH=3;BYDAY=2SU",
                "STANDARD 20241103T020000 -0400 -0500 EST FREQ=YEARLY;BYMONTH=11;BYDAY=1SU",
            ],
        ),
        (  # its winter is the exception, one hour less than its standard
            "Europe/Dublin",
            2025,
            [
                "STANDARD 20240331T010000 +0000 +0100 IST FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
                "DAYLIGHT 20241027T020000 +0100 +0000 GMT FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
            ],
        ),
        (  # half an hour
            "Australia/Lord_Howe",
            2025,
            [
                "STANDARD 20240407T020000 +1100 +1030 +1030 FREQ=YEARLY;BYMONTH=4;BYDAY=1SU",
                "DAYLIGHT 20241006T020000 +1030 +1100 +11 FREQ=YEARLY;BYMONTH=10;BYDAY=1SU",
            ],
        ),
        (  # the Friday before the last Sunday, which can be the fifth or the fourth
            "Asia/Jerusalem",
            2025,
            [
                "DAYLIGHT 20240329T020000 +0200 +0300 IDT"
                " FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=23,24,25,26,27,28,29;BYDAY=FR",
                "STANDARD 20241027T020000 +0300 +0200 IST FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
            ],
        ),
        (  # the end of the last Thursday of October, which can be in November
            "Africa/Cairo",
            2025,
            [
                "STANDARD 20241101T000000 +0300 +0200 EET",
                "DAYLIGHT 20250425T000000 +0200 +0300 EEST",
                "STANDARD 20251031T000000 +0300 +0200 EET",
            ],
        ),
        (  # an hour less in Ramadan
            "Africa/Casablanca",
            2025,
            [
                "STANDARD 20240414T020000 +0000 +0100 +01",
                "DAYLIGHT 20250223T030000 +0100 +0000 +00",
                "STANDARD 20250406T020000 +0000 +0100 +01",
            ],
        ),
        (  # the end of DST for good
            "Europe/Istanbul",
            2016,
            [
                "STANDARD 20151108T040000 +0300 +0200 EET",
                "DAYLIGHT 20160327T030000 +0200 +0300 EEST",
                "STANDARD 20160907T000000 +0300 +0300 +03",
            ],
        ),
        (  # 30 December 2011 never came
            "Pacific/Apia",
            2011,
            [
                "DAYLIGHT 20100926T000000 -1100 -1000 -10",
                "STANDARD 20110402T040000 -1000 -1100 -11",
                "DAYLIGHT 20110924T030000 -1100 -1000 -10",
                "DAYLIGHT 20111230T000000 -1000 +1400 +14",
            ],
        ),
        (
            "Africa/Monrovia",
            1972,
            [
                "STANDARD 19701231T231530 -004430 -004430 MMT",
                "STANDARD 19720107T000000 -004430 +0000 GMT",
            ],
        ),
    ],
)
def test_the_observances_of_a_year(key: str, year: int, observances: list[str]) -> None:
    calendar = vtimezone(load_zone(key), "Clinic", utc(year, 1, 5), utc(year, 12, 31))
    assert (calendar.name, str(calendar[0])) == ("VTIMEZONE", "TZID:Clinic")
    assert [" ".join([o.name, *(line.value for line in o)]) for o in calendar[1:]] == observances


def test_the_lines_of_an_observance() -> None:
    assert written("America/New_York", utc(2025), utc(2025)).split("\r\n")[:9] == [
        "BEGIN:VTIMEZONE",
        "TZID:America/New_York",
        "BEGIN:DAYLIGHT",
        "DTSTART:20230312T020000",
        "TZOFFSETFROM:-0500",
        "TZOFFSETTO:-0400",
        "TZNAME:EDT",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU",
        "END:DAYLIGHT",
    ]


def test_a_span_without_a_change_in_an_irregular_zone_is_one_standard() -> None:
    june = vtimezone(load_zone("Africa/Cairo"), "x", utc(2025, 6, 1), utc(2025, 6, 30))
    assert [o.name for o in june[1:]] == ["STANDARD"]


def test_a_rule_that_is_about_to_end_is_not_drawn_out() -> None:
    """Istanbul changed by one rule from 2007 to 2010, and by others later."""
    assert "RRULE" not in written("Europe/Istanbul", utc(2008, 2), utc(2009, 11))


def test_the_fourth_sunday_of_february_is_not_taken_for_the_last() -> None:
    zone = dateutil_tz.tzstr("AAA3BBB,M2.4.0,M10.5.0")
    first, last = utc(2030, 6), utc(2033)  # 29 February 2032 is a Sunday
    text = f"{vtimezone(zone, 'x', first, last)}\r\n"
    assert "RRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=4SU" in text
    assert wrong(text, zone, around(list(changes_of(zone, first, last)), first, last)) == []


@pytest.mark.parametrize(
    ("zone", "line"),
    [
        (UTC, "TZNAME:UTC"),
        (timezone(timedelta(hours=-3, minutes=-30)), "TZOFFSETTO:-0330"),
        (timezone(timedelta(hours=3), "Ankara, winter"), r"TZNAME:Ankara\, winter"),
        (dateutil_tz.gettz("Europe/Berlin"), "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"),
    ],
)
def test_any_tzinfo_will_do(zone: tzinfo, line: str) -> None:
    assert line in str(vtimezone(zone, "x", utc(2019), utc(2020))).split("\r\n")


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (datetime(2025, 1, 1), utc(2025)),  # noqa: DTZ001 - a naive time is the point
        (utc(2025), datetime(2026, 1, 1)),  # noqa: DTZ001
        (utc(2025), utc(2024)),
    ],
)
def test_a_span_that_is_none_is_refused(first: datetime, last: datetime) -> None:
    with pytest.raises(ValueError, match="not a span"):
        vtimezone(load_zone("Etc/UTC"), "Etc/UTC", first, last)
