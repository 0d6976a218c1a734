"""`--busy caldav+https://…`: the same time as from the calendar as a file, and never all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from busy_calendars import calendar_of, office_calendar
from caldav_servers import Server, ask, put, radicale_server, xandikos_server
from faulty_server import CutBefore, CutWithin, Fault, Faulty, Says, nonsense, standing_before
from server_desk import Colleague, Hurry, Office, hurry, new_calendar, office

from meso_sched.exchange.busy import BusyRequest, BusyTime, read_busy
from meso_sched.exchange.zones import load_zone

# Fixtures of those files, which pytest finds by their names.
__all__ = ["hurry", "office", "radicale_server", "xandikos_server"]

ISTANBUL = load_zone("Europe/Istanbul")
FIRST, LAST = date(2027, 1, 4), date(2027, 1, 17)  # two weeks from a Monday

NINE = "DTSTART;TZID=Europe/Istanbul:20270105T090000\nDTEND;TZID=Europe/Istanbul:20270105T100000"
ZONE = """BEGIN:VTIMEZONE
TZID:Europe/Istanbul
BEGIN:STANDARD
DTSTART:20160907T000000
TZOFFSETFROM:+0300
TZOFFSETTO:+0300
END:STANDARD
END:VTIMEZONE
BEGIN:VTIMEZONE
TZID:America/New_York
BEGIN:DAYLIGHT
DTSTART:20070311T020000
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:20071104T020000
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11
END:STANDARD
END:VTIMEZONE""".splitlines()

# Each is one object: the events of one UID.
CASES: dict[str, list[str]] = {
    "an event in UTC": ["DTSTART:20270105T060000Z\nDTEND:20270105T070000Z"],
    "in the clinic's zone": [NINE],
    "in another zone": ["DTSTART;TZID=America/New_York:20270105T090000\nDURATION:PT1H"],
    "floating": ["DTSTART:20270105T090000\nDTEND:20270105T100000"],
    "a whole day": ["DTSTART;VALUE=DATE:20270105\nDTEND;VALUE=DATE:20270107"],
    "the first whole day": ["DTSTART;VALUE=DATE:20270104"],
    "the whole day before": ["DTSTART;VALUE=DATE:20270103"],
    "the last whole day": ["DTSTART;VALUE=DATE:20270117"],
    "across the first midnight": [
        "DTSTART;TZID=Europe/Istanbul:20270103T230000\nDTEND;TZID=Europe/Istanbul:20270104T010000"
    ],
    "at the last moment": [
        "DTSTART;TZID=Europe/Istanbul:20270117T233000\nDTEND;TZID=Europe/Istanbul:20270118T003000"
    ],
    "begun long before": ["DTSTART:20261201T060000Z\nDTEND:20270201T070000Z"],
    "every day": [f"{NINE}\nRRULE:FREQ=DAILY;COUNT=3"],
    "every week for years": [
        "DTSTART;TZID=America/New_York:20200107T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY"
    ],
    "every year": ["DTSTART;VALUE=DATE:19800110\nRRULE:FREQ=YEARLY"],
    "over before": ["DTSTART:20260105T060000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=3"],
    "an exception": [
        f"{NINE}\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;TZID=Europe/Istanbul:20270106T090000"
    ],
    "an instance moved inside": [
        f"{NINE}\nRRULE:FREQ=DAILY;COUNT=3",
        "RECURRENCE-ID;TZID=Europe/Istanbul:20270106T090000\n"
        "DTSTART;TZID=Europe/Istanbul:20270108T150000\nDURATION:PT2H",
    ],
    "an instance moved in from outside": [
        "DTSTART;TZID=Europe/Istanbul:20270301T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3",
        "RECURRENCE-ID;TZID=Europe/Istanbul:20270302T090000\n"
        "DTSTART;TZID=Europe/Istanbul:20270108T150000\nDURATION:PT2H",
    ],
    "an instance moved out": [
        f"{NINE}\nRRULE:FREQ=MONTHLY",
        "RECURRENCE-ID;TZID=Europe/Istanbul:20270105T090000\n"
        "DTSTART;TZID=Europe/Istanbul:20270308T150000\nDURATION:PT2H",
    ],
    "an instance cancelled": [
        f"{NINE}\nRRULE:FREQ=DAILY;COUNT=3",
        f"RECURRENCE-ID;TZID=Europe/Istanbul:20270106T090000\n{NINE.replace('0105', '0106')}\n"
        "STATUS:CANCELLED",
    ],
    "cancelled": [f"{NINE}\nSTATUS:CANCELLED"],
    "transparent": [f"{NINE}\nTRANSP:TRANSPARENT"],
    "tentative": [f"{NINE}\nSTATUS:TENTATIVE"],
    "further dates": [f"{NINE}\nRDATE;TZID=Europe/Istanbul:20270107T120000,20280101T120000"],
}  # fmt: skip


def calendar(uid: str, blocks: list[str]) -> str:
    """An object with the events of one UID."""
    lines = [*ZONE]
    for block in blocks:
        stamped = [f"UID:{uid}", "DTSTAMP:20270101T000000Z", "SUMMARY:theirs"]
        lines += ["BEGIN:VEVENT", *stamped, *block.splitlines(), "END:VEVENT"]
    return calendar_of(lines)


def busy_in(source: str | Path, ignore: frozenset[str] = frozenset()) -> BusyTime:
    return read_busy(BusyRequest((str(source),), ISTANBUL, FIRST, LAST, ignore))


@pytest.fixture(params=["radicale_server", "xandikos_server"])
def desk(office: Office, request: pytest.FixtureRequest) -> Office:
    """A desk at each kind of server, with an empty calendar."""
    server: Server = request.getfixturevalue(request.param)
    office.login(server, new_calendar(server))
    return office


@pytest.fixture
def quick(office: Office, radicale_server: Server) -> Office:
    """A desk at the server that is quickest."""
    office.login(radicale_server, new_calendar(radicale_server))
    return office


@pytest.fixture
def heard(quick: Office) -> Iterator[Faulty]:
    """What that server is asked; its address takes the place of the calendar's."""
    with standing_before(quick.server) as faulty:
        yield faulty


def test_each_event_takes_the_time_that_it_takes_in_a_file(desk: Office, tmp_path: Path) -> None:
    for number, (case, blocks) in enumerate(CASES.items()):
        url = new_calendar(desk.server)
        text = calendar(f"event-{number}", blocks)
        put(desk.server, f"{url}event.ics", text, new=True)
        file = tmp_path / "same.ics"
        file.write_text(text, encoding="utf-8", newline="")
        assert busy_in(f"caldav+{url}") == busy_in(file), case


def test_a_crowded_office_takes_the_time_that_it_takes_in_a_file(
    quick: Office, tmp_path: Path
) -> None:
    """All of its events at once, uploaded as one calendar."""
    whole = office_calendar(150, years=(2026, 2027))
    file = tmp_path / "office.ics"
    file.write_text(whole, encoding="utf-8", newline="")
    ask(quick.server, "DELETE", quick.calendar)
    uploaded = ask(quick.server, "PUT", quick.calendar, whole, {"Content-Type": "text/calendar"})
    assert uploaded.status == 201
    request = BusyRequest(
        (f"caldav+{quick.calendar}",), ISTANBUL, date(2027, 1, 1), date(2027, 3, 31)
    )
    from_file = BusyRequest((str(file),), ISTANBUL, date(2027, 1, 1), date(2027, 3, 31))
    assert read_busy(request).intervals == read_busy(from_file).intervals != ()


def test_only_those_days_are_asked_for(quick: Office, heard: Faulty) -> None:
    others = Colleague(quick.server, quick.calendar)
    for number in range(40):
        day = f"2020{1 + number % 12:02}05"
        others.books(f"old-{number}", f"{day}T070000Z", f"{day}T073000Z")
    others.books("now", "20270105T070000Z", "20270105T073000Z")
    found = busy_in(f"caldav+{heard.at(quick.calendar)}")
    assert found.intervals == (
        (datetime(2027, 1, 5, 7, tzinfo=UTC), datetime(2027, 1, 5, 7, 30, tzinfo=UTC)),
    )
    # Asked what the address is, first without a password, as HTTP wants it; then for those days.
    assert [request.method for request in heard.requests] == ["PROPFIND", "PROPFIND", "REPORT"]
    assert {request.headers["Depth"] for request in heard.asked("PROPFIND")} == {"0"}
    body = heard.asked("REPORT")[0].body.decode()
    start, end = (
        datetime.strptime(each, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        for each in re.findall(r'<C:time-range start="(\w+)" end="(\w+)"/>', body)[0]
    )
    midnight = datetime(2027, 1, 4, tzinfo=ISTANBUL)
    assert timedelta(0) <= midnight - start <= timedelta(days=1)
    assert timedelta(days=14) <= end - midnight <= timedelta(days=15)
    assert heard.given < 3000


def test_where_the_account_may_see_no_more_it_is_told_when_alone(
    desk: Office, hurry: Hurry
) -> None:
    Colleague(desk.server, desk.calendar).books("a", "20270105T070000Z", "20270105T073000Z")
    with standing_before(desk.server) as heard:
        heard.fails(Says(403), "REPORT")
        address = f"caldav+{heard.at(desk.calendar)}"
        found = busy_in(address)
        assert found.intervals == (
            (datetime(2027, 1, 5, 7, tzinfo=UTC), datetime(2027, 1, 5, 7, 30, tzinfo=UTC)),
        )
        queries = [b"free-busy-query" in each.body for each in heard.asked("REPORT")]
        assert queries == [False, True]
        (warning,) = found.warnings
        assert "this course's own sessions take time too" in warning
        heard.fails(Says(403), "REPORT", times=9)
        result = desk.run("plan", "short", "--start", "2027-01-05", "--busy", address)
        assert (result.code, "this account may not do that there" in result.err) == (6, True)


def test_the_courses_own_events_take_nothing(desk: Office) -> None:
    desk.planned()
    desk.pushed()
    busy = ("--busy", f"caldav+{desk.calendar}")
    assert (
        desk.run(
            "plan",
            "short",
            "--start",
            "2027-01-05",
            "--at",
            "10:00",
            "--patient",
            "P1",
            *busy,
            "-o",
            "P1.ics",
        ).code
        == 0
    )
    other = desk.plan("--at", "10:00", "--patient", "P2", *busy, regimen="short")
    # To another course they are taken; half past nine is as near, and earlier.
    assert [each["start"][11:16] for each in other.document["sessions"]] == ["09:30"] * 3
    own = desk.plan("--at", "10:00", "--patient", "P1", *busy, regimen="short")
    assert [each["start"][11:16] for each in own.document["sessions"]] == ["10:00"] * 3


def test_every_command_takes_such_an_address(quick: Office) -> None:
    quick.planned()
    quick.pushed()
    busy = ("--busy", f"CALDAV+{quick.calendar}")
    quick.planned("P2")
    result = quick.run("revise", "P2.ics", "--move", "1=2027-01-05", *busy, "--json")
    assert result.code == 0, result.err
    assert result.document["sessions"][0]["start"][11:16] != "10:00"
    quick.write("list.csv", "patient,regimen,start,at\nP3,short,2027-01-05,10:00\n")
    result = quick.run("cohort", "list.csv", *busy, "--json")
    assert result.code == 0, result.err
    assert '"start": "2027-01-05T10:00' not in result.out
    assert quick.pull(*busy).code == 0


def test_an_account_with_several_calendars_is_not_guessed_at(quick: Office) -> None:
    new_calendar(quick.server)
    result = quick.run(
        "plan", "short", "--start", "2027-01-05", "--busy", f"caldav+{quick.server.url}"
    )
    assert result.code == 2
    assert "has several calendars" in result.err
    assert quick.calendar in result.err


FAULTS: dict[str, Fault] = {
    **{str(status): Says(status) for status in (200, 401, 403, 404, 429, 500)},
    "a page": nonsense(),
    "nothing": nonsense(""),
    "other XML": nonsense("<feed/>"),
    "cut": CutBefore(),
    "cut within": CutWithin(),
}


@pytest.mark.parametrize("method", ["PROPFIND", "REPORT"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
def test_a_server_that_fails_is_never_taken_for_an_empty_calendar(
    quick: Office, heard: Faulty, hurry: Hurry, fault: Fault, method: str
) -> None:
    heard.fails(fault, method, times=99)
    result = quick.run(
        *("plan", "short", "--start", "2027-01-05", "--patient", "P1", "-o", "P1.ics"),
        *("--busy", f"caldav+{heard.at(quick.calendar)}"),
    )
    assert (result.code, result.out) == (6, "")
    assert heard.url in result.err
    assert "P1.ics" not in quick.files()


def test_what_is_no_address_of_a_server(quick: Office) -> None:
    for address in (
        "caldav+",
        "caldav+ftp://x/",
        "caldav+x.ics",
        "caldav+https://",
        "caldav+http://[::1",
    ):
        result = quick.run("plan", "short", "--start", "2027-01-05", "--busy", address)
        assert (result.code, "write it as https://host/path/" in result.err) == (2, True), address
