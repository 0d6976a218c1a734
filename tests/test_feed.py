"""`agenda -o`: one calendar of all courses, to subscribe to; discreet for those outside."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from http.client import HTTPConnection, HTTPMessage
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import icalendar
import pytest
import vobject
from judge_ical import CARE, Component, events_of, judged
from running import Desk
from test_agenda import OTHER, Clock, cut, newer, not_utf8, plan, revise
from test_khal import FORMAT, Khal
from test_khal import khal as khal

ISTANBUL = ZoneInfo("Europe/Istanbul")
SETTINGS = """[clinic]
timezone = "Europe/Istanbul"
name = "Nova, Old Town"
reminders = ["1 day"]
"""
FEED = ("agenda", "-o", "clinic.ics")
DISCREET = ("agenda", "--discreet", "-o", "public.ics")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(monkeypatch)
    clock.set(2027, 1, 1)
    return clock


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    desk = Desk(tmp_path, monkeypatch, capsys)
    desk.write("schedules.toml", SETTINGS)
    return desk


@pytest.fixture
def two(desk: Desk, clock: Clock) -> Desk:
    """P1 came once, missed the second and comes again; the last of P2's nine is called off.

    It is Friday, 15 January 2027.
    """
    plan(desk, "P1.ics", "--patient", "P1")
    plan(desk, "P2.ics", "--patient", "P2", start="2027-01-12T10:15")
    clock.set(2027, 1, 15)
    revise(desk, "P1.ics", "--done", "1=2027-01-06T10:00", "--missed", "2")
    revise(desk, "P2.ics", "--cancel", "9")
    return desk


def written(desk: Desk, *args: str) -> bytes:
    """The feed that a command has just written."""
    result = desk.run(*args)
    assert (result.code, result.out) == (0, ""), result.err
    return (desk.folder / args[args.index("-o") + 1]).read_bytes()


def feed(desk: Desk, *args: str) -> list[Component]:
    """The events of a feed that the judge has nothing against."""
    return events_of(written(desk, *FEED, *args))


def in_files(desk: Desk, *names: str) -> dict[str, Component]:
    """What the courses' own files hold, by UID."""
    return {
        event.value("UID"): event
        for name in names
        for event in events_of((desk.folder / name).read_bytes())
    }


def appointments(events: dict[str, Component]) -> dict[str, Component]:
    return {uid: event for uid, event in events.items() if event.kind != CARE}


def shown(event: Component) -> list[tuple[str, str]]:
    """All that an event says but what is for this tool alone."""
    return [
        (each.name, each.value) for each in event.properties if not each.name.startswith("X-MESO")
    ]


def by_icalendar(data: bytes) -> Any:  # noqa: ANN401 - icalendar tells no types
    """A feed, read by a parser of other people."""
    return icalendar.Calendar.from_ical(data)


# ---- What is in it -------------------------------------------------------------------------------


def test_a_feed_has_the_appointments_of_all_courses_as_their_files_say_them(two: Desk) -> None:
    expected = appointments(in_files(two, "P1.ics", "P2.ics"))
    found = {event.value("UID"): event for event in feed(two)}
    assert found.keys() == expected.keys()
    for uid, event in found.items():
        assert shown(event) == shown(expected[uid])
        triggers = [each.value("TRIGGER") for each in event.inside("VALARM")]
        assert triggers == [each.value("TRIGGER") for each in expected[uid].inside("VALARM")]
    assert Counter(event.kind for event in found.values()) == {"APPOINTMENT": 18, "REVIEW": 4}
    titles = {event.text("SUMMARY") for event in found.values()}
    assert {"Done: P1 (1/9)", "Cancelled: P2 (9/9)", "P2 (review 1)"} <= titles


def test_a_feed_has_what_a_person_wrote_into_a_file(two: Desk) -> None:
    path = two.folder / "P2.ics"
    data = path.read_bytes().replace(b"SUMMARY:P2 (3/9)", b"SUMMARY:P2\\, with an interpreter")
    path.write_bytes(data.replace(b"TRANSP:OPAQUE", b"TRANSP:OPAQUE\r\nCOMMENT:private"))
    titles = [event.text("SUMMARY") for event in feed(two)]
    assert "P2, with an interpreter" in titles
    assert b"COMMENT" not in (two.folder / "clinic.ics").read_bytes()


def test_the_head_says_what_it_is_and_how_often_to_look(two: Desk) -> None:
    calendar = judged(written(two, *FEED))
    assert calendar.text("NAME") == "Nova, Old Town"
    assert calendar.one("REFRESH-INTERVAL").params == {"VALUE": "DURATION"}
    assert calendar.value("REFRESH-INTERVAL") == calendar.value("X-PUBLISHED-TTL") == "PT1H"
    assert "METHOD" not in calendar.names


def test_a_clinic_without_a_name_has_appointments(two: Desk) -> None:
    two.write("schedules.toml", '[clinic]\ntimezone = "Europe/Istanbul"\nlanguage = "tr"\n')
    assert judged(written(two, *FEED)).text("NAME") == "Randevular"


def test_nothing_of_a_courses_record_is_in_it(two: Desk) -> None:
    data = written(two, *FEED)
    own = re.findall(rb"^X-MESO-[A-Z-]+", data, re.MULTILINE)
    assert own == [b"X-MESO-SCHED-FORMAT", b"X-MESO-SCHED-KIND", b"X-MESO-SCHED-FEED"]


def test_stdout_has_the_same_bytes(two: Desk) -> None:
    data = written(two, *FEED)
    process = two.process("agenda", "-o", "-")
    assert (process.returncode, process.stdout, process.stderr) == (0, data, b"")


DAYS = {
    "--date 2027-01-12": {"P2 (1/9)"},
    "--week --date 2027-01-12": {"P2 (1/9)", "P1 (2/9)", "P1 (review 1)"},
    "--range 2027-01-01..2027-01-12": {"Done: P1 (1/9)", "P2 (1/9)"},
    "--date 2027-01-17": set(),
}


@pytest.mark.parametrize("days", DAYS)
def test_the_days_asked_for_are_those_of_the_agenda(two: Desk, days: str) -> None:
    data = written(two, *FEED, *days.split())
    calendar = by_icalendar(data)
    assert {str(each["SUMMARY"]) for each in calendar.events} == DAYS[days]
    assert calendar.walk("VTIMEZONE")  # a calendar needs a component, RFC 5545, 3.6
    listed = two.run("agenda", "--json", *days.split()).document["appointments"]
    assert {each["uid"] for each in listed} == {str(each["UID"]) for each in calendar.events}


def test_a_month_has_what_is_called_off_in_it_too(two: Desk) -> None:
    (last,) = (each for each in feed(two) if each.is_cancelled)
    found = feed(two, "--month", "--date", f"{last.moment('DTSTART'):%Y-%m-%d}")
    assert last.value("UID") in {each.value("UID") for each in found}
    assert len(found) < 5


def test_one_patients_feed_has_the_care_too(two: Desk) -> None:
    expected = in_files(two, "P1.ics")
    found = {event.value("UID"): event for event in feed(two, "--for", "P1")}
    assert {uid: shown(event) for uid, event in found.items()} == {
        uid: shown(event) for uid, event in expected.items()
    }
    assert CARE in {event.kind for event in found.values()}
    assert judged((two.folder / "clinic.ics").read_bytes()).text("NAME") == "Appointments P1"


def test_care_that_touches_the_days_is_in_one_patients_feed(two: Desk) -> None:
    found = by_icalendar(written(two, *FEED, "--for", "P2", "--date", "2027-01-13")).events
    assert {str(each["SUMMARY"]) for each in found} == {
        "P2 (1/9): after, until Wed 13 Jan 10:45",
        "P2 (1/9): after, until Thu 14 Jan 10:45",
    }


def test_alarms_of_care_are_in_one_patients_feed_alone(two: Desk) -> None:
    plan(two, "P3.ics", "--patient", "P3", "--care", "alarms", start="2027-02-01T12:00")
    for patient, ends in ((None, False), ("P3", True)):
        (two.folder / "clinic.ics").unlink(missing_ok=True)
        data = written(two, *FEED, *(["--for", patient] if patient else []))
        assert (b"RELATED=END" in data) is ends
        assert b"X-MESO-SCHED-ALARM" not in data


def test_every_zone_is_told_once_and_is_right(two: Desk) -> None:
    """A clinic that moved from New York: its old courses keep their own zone."""
    there = two.write("there.toml", SETTINGS.replace("Europe/Istanbul", "America/New_York"))
    plan(two, "P3.ics", "--patient", "P3", "--schedules", str(there), start="2027-02-01T10:00")
    data = written(two, *FEED)
    zones = [each.value("TZID") for each in judged(data).inside("VTIMEZONE")]
    assert zones == ["America/New_York", "Europe/Istanbul"]
    # The judge tells instants by the file's own zones.
    expected = appointments(in_files(two, "P1.ics", "P2.ics", "P3.ics"))
    assert {each.value("UID"): each.moment("DTSTART") for each in events_of(data)} == {
        uid: event.moment("DTSTART") for uid, event in expected.items()
    }


def test_courses_without_a_patient_are_all_in_it_under_uids_of_their_own(
    desk: Desk, clock: Clock
) -> None:
    plan(desk, "b.ics")
    clock.set(2027, 1, 2)
    plan(desk, "a.ics", start="2027-01-06T10:00")
    found = feed(desk)
    assert len(found) == 2 * 11
    first = appointments(in_files(desk, "b.ics"))  # the elder keeps its own, whatever the names
    assert first.keys() < {event.value("UID") for event in found}


# ---- Read by others ------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [FEED, DISCREET, (*FEED, "--for", "P1")], ids=" ".join)
def test_other_libraries_read_the_same(two: Desk, command: tuple[str, ...]) -> None:
    data = written(two, *command)
    getattr(vobject.icalendar, "__tzidMap").clear()  # else it takes the zone of an earlier file
    by_vobject: Any = vobject.readOne(data.decode())
    calendar = by_icalendar(data)
    assert not calendar.errors
    assert [(each["UID"], each["DTSTART"].dt, each["DTEND"].dt) for each in calendar.events] == [
        (each.uid.value, each.dtstart.value, each.dtend.value) for each in by_vobject.vevent_list
    ]
    assert len(calendar.events) >= 22
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=1)


@pytest.mark.parametrize("khal", ["Europe/Istanbul"], indirect=True)
def test_khal_shows_who_comes(two: Desk, khal: Khal) -> None:
    written(two, *FEED)
    printed = khal("printics", "--format", FORMAT, str(two.folder / "clinic.ics"))[1:]
    assert "2027-01-12T10:15|2027-01-12T10:45|CONFIRMED|P2 (1/9)" in printed
    assert len(printed) == 22
    written(two, *DISCREET)
    printed = khal("printics", "--format", FORMAT, str(two.folder / "public.ics"))[1:]
    assert Counter(line.rpartition("|")[2] for line in printed) == {
        "Appointment": 21,
        "Cancelled: Appointment": 1,
    }


# ---- The same bytes ------------------------------------------------------------------------------


def test_the_clock_changes_nothing(two: Desk, clock: Clock) -> None:
    first = written(two, *FEED)
    path = two.folder / "clinic.ics"
    before = path.stat()
    clock.set(2029, 7, 31)
    result = two.run(*FEED)
    assert (result.code, result.err) == (
        *(0, "meso-sched: clinic.ics: holds these appointments already, nothing changed\n"),
    )
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    path.unlink()
    assert written(two, *FEED) == first


def test_the_names_and_the_order_of_the_files_change_nothing(two: Desk) -> None:
    first = written(two, *FEED, "P1.ics", "P2.ics")
    assert written(two, *FEED, "P2.ics", "P1.ics") == first
    (two.folder / "P1.ics").rename(two.folder / "Z.ics")
    assert written(two, *FEED) == first


@pytest.mark.parametrize("command", [FEED, DISCREET], ids=" ".join)
def test_a_course_more_changes_nothing_else(two: Desk, command: tuple[str, ...]) -> None:
    before = written(two, *command).split(b"BEGIN:VEVENT")
    # At the same times as those of P1, in another room.
    plan(two, "A.ics", "--patient", "A", start="2027-02-02T10:00")
    plan(two, "B.ics", "--patient", "B", start="2027-02-02T10:00")
    after = written(two, *command).split(b"BEGIN:VEVENT")
    assert before[0] == after[0]
    events = {each.partition(b"END:VEVENT")[0] for each in before[1:]}
    more = {each.partition(b"END:VEVENT")[0] for each in after[1:]}
    assert events < more
    assert len(more) == len(events) + 22


def test_what_changed_is_said_and_the_rest_stays(two: Desk, clock: Clock) -> None:
    before = {event.value("UID"): shown(event) for event in feed(two)}
    clock.set(2027, 1, 16)
    revise(two, "P2.ics", "--move", "3=2027-01-27T15:00")
    result = two.run(*FEED)
    assert result.err == "meso-sched: clinic.ics: updated, 21 appointments of 2 courses\n"
    after = {
        event.value("UID"): shown(event)
        for event in events_of((two.folder / "clinic.ics").read_bytes())
    }
    changed = in_files(two, "P2.ics")
    assert before.keys() == after.keys()
    moved = {uid for uid in before if before[uid] != after[uid]}
    assert {changed[uid].text("SUMMARY") for uid in moved} == {"P2 (3/9)"}
    assert {dict(after[uid])["SEQUENCE"] for uid in moved} == {"1"}


# ---- On a web server -----------------------------------------------------------------------------


class Answer(NamedTuple):
    status: int
    headers: HTTPMessage
    data: bytes


@pytest.fixture
def fetch(desk: Desk) -> Iterator[Callable[..., Answer]]:
    """Reads a file of the folder from Python's own web server."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep the test's stderr for the command."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=desk.folder)) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()

        def get(name: str, **headers: str) -> Answer:
            connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
            named = {key.replace("_", "-"): value for key, value in headers.items()}
            connection.request("GET", f"/{name}", headers=named)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
            connection.close()
            return answer

        yield get
        server.shutdown()
        thread.join()


def test_who_has_the_feed_gets_it_again_only_when_it_changed(
    two: Desk, clock: Clock, fetch: Callable[..., Answer]
) -> None:
    data = written(two, *FEED)
    first = fetch("clinic.ics")
    assert (first.status, first.data) == (200, data)
    assert first.headers["Content-Type"] == "text/calendar"
    stamp = first.headers["Last-Modified"]

    clock.set(2027, 1, 16)
    written(two, *FEED)
    assert fetch("clinic.ics", If_Modified_Since=stamp)[::2] == (304, b"")

    revise(two, "P2.ics", "--done", "1")
    new = written(two, *FEED)
    again = fetch("clinic.ics", If_Modified_Since=stamp)
    assert (again.status, again.data) == (200, new)
    assert new != data


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("command", [FEED, DISCREET], ids=" ".join)
def test_a_new_feed_is_for_its_owner_and_one_given_out_stays_so(
    two: Desk, command: tuple[str, ...]
) -> None:
    written(two, *command)
    path = two.folder / command[-1]
    assert mode(path) == 0o600
    path.chmod(0o644)
    revise(two, "P2.ics", "--done", "1")
    before = path.read_bytes()
    assert written(two, *command) != before
    assert mode(path) == 0o644


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="gives a file another group")
def test_the_group_that_may_read_a_feed_stays(two: Desk) -> None:
    written(two, *FEED)
    path = two.folder / "clinic.ics"
    os.chown(path, -1, 33)
    path.chmod(0o640)
    revise(two, "P2.ics", "--done", "1")
    written(two, *FEED)
    assert (path.stat().st_gid, mode(path)) == (33, 0o640)


# ---- Discreet ------------------------------------------------------------------------------------


@pytest.fixture
def told(two: Desk) -> Desk:
    """Courses that tell a lot: references, the regimen in titles, a room, a person's note."""
    plan(
        two, "Ann.ics", "--patient", "Ann-1974", "--for", "clinic", "--lang", "tr",
        start="2027-03-01T12:00",
    )  # fmt: skip
    path = two.folder / "Ann.ics"
    noted = path.read_bytes().replace(
        b"TRANSP:OPAQUE", b"TRANSP:OPAQUE\r\nLOCATION:Room Blue\r\nCOMMENT:afraid of needles"
    )
    path.write_bytes(noted)
    return two


ALLOWED = {
    *("BEGIN", "END", "UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "STATUS"),
    *("CLASS", "TRANSP", "CATEGORIES", "ACTION", "TRIGGER", "DESCRIPTION"),
}


def test_a_discreet_feed_tells_when_and_nothing_else(told: Desk) -> None:
    data = written(told, *DISCREET)
    head, *events = re.split("(?=BEGIN:VEVENT)", data.decode().replace("\r\n ", ""))
    lines = [line for event in events for line in event.splitlines() if line != "END:VCALENDAR"]
    assert {re.split("[:;]", line)[0] for line in lines} == ALLOWED
    for name, values in {
        "SUMMARY": {"Appointment", "Cancelled: Appointment"},
        "DESCRIPTION": {"Appointment"},  # of alarms, which must have one
        "CATEGORIES": {"APPOINTMENT"},
        "CLASS": {"PRIVATE"},
        "BEGIN": {"VEVENT", "VALARM"},
    }.items():
        assert {line.partition(":")[2] for line in lines if line.startswith(f"{name}:")} == values
    assert "NAME:Appointments" in head.splitlines()
    clinical = ("P1 ", "P2 ", "Ann", "hair", "weekly", "Blue", "needles", "Done", "Missed")
    assert not [word for word in (*clinical, "Nova") if word in data.decode()]


def test_a_discreet_feed_has_all_appointments_at_their_times(told: Desk) -> None:
    expected = appointments(in_files(told, "P1.ics", "P2.ics", "Ann.ics")).values()
    found = by_icalendar(written(told, *DISCREET)).events
    assert sorted((each["DTSTART"].dt, str(each["STATUS"])) for each in found) == sorted(
        (each.moment("DTSTART"), each.value("STATUS")) for each in expected
    )
    assert len({str(each["UID"]) for each in found}) == len(found)


def test_what_a_discreet_feed_tells_hangs_on_no_reference_regimen_or_second(
    desk: Desk, clock: Clock
) -> None:
    """Whoever knows the tool and the clinic cannot try references until a UID fits."""
    plan(desk, "a.ics", "--patient", "P1")
    one = written(desk, *DISCREET)
    (desk.folder / "a.ics").unlink()
    clock.set(2027, 1, 2, 18, 20)
    plan(desk, "b.ics", "--patient", "Somebody else", "--course", "3", "--lang", "tr")
    assert written(desk, *DISCREET) == one


def test_stamps_do_not_tell_which_appointments_are_one_patients(told: Desk, clock: Clock) -> None:
    clock.set(2027, 1, 9, 17)
    plan(told, "P4.ics", "--patient", "P4", start="2027-03-01T12:00")
    found = by_icalendar(written(told, *DISCREET)).events
    assert {each["DTSTAMP"].dt for each in found} == {datetime(2027, 1, 1, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("args", "title"),
    [((), "Appointment"), (("--for", "Ann-1974"), "Randevu")],
    ids=["the clinic's language", "one patient's"],
)
def test_a_discreet_feed_speaks_one_language(told: Desk, args: tuple[str, ...], title: str) -> None:
    calendar = by_icalendar(written(told, *DISCREET, *args))
    titles = {str(each["SUMMARY"]) for each in calendar.events if each["STATUS"] == "CONFIRMED"}
    assert titles == {title}
    told.write("schedules.toml", SETTINGS + 'language = "de"\n')
    calendar = by_icalendar(written(told, *DISCREET, *args))
    titles = {str(each["SUMMARY"]) for each in calendar.events if each["STATUS"] == "CONFIRMED"}
    assert titles == {"Termin" if not args else title}


def test_an_appointment_called_off_keeps_its_uid_in_a_discreet_feed(two: Desk) -> None:
    def by_start() -> dict[datetime, tuple[str, str]]:
        found = by_icalendar(written(two, *DISCREET)).events
        return {each["DTSTART"].dt: (str(each["UID"]), str(each["STATUS"])) for each in found}

    before = by_start()
    revise(two, "P2.ics", "--cancel", "3")
    after = by_start()
    changed = [start for start in before if before[start] != after[start]]
    assert [(before[each], after[each]) for each in changed] == [
        ((uid, "CONFIRMED"), (uid, "CANCELLED")) for uid, _ in (before[each] for each in changed)
    ]
    assert len(changed) == 1


# ---- Taken for nothing else ----------------------------------------------------------------------


def test_the_agenda_of_the_feeds_own_folder_is_as_without_it(two: Desk) -> None:
    without = two.run("agenda", "--month")
    data, public = written(two, *FEED), written(two, *DISCREET)
    assert two.run("agenda", "--month") == without
    assert (written(two, *FEED), written(two, *DISCREET)) == (data, public)


GIVEN_A_FEED = {
    "revise": (3, ("revise", "{}", "--done", "1", "-y")),
    "agenda": (3, ("agenda", "{}")),
    "plan": (2, ("plan", "hair", "--start", "2027-03-02", "-o", "{}")),
    "a copy": (2, ("revise", "P1.ics", "--for", "patient", "-o", "{}")),
}


@pytest.mark.parametrize("name", ["clinic.ics", "public.ics"])
@pytest.mark.parametrize("command", GIVEN_A_FEED)
def test_a_command_that_is_given_a_feed_says_what_to_name_and_leaves_it(
    two: Desk, command: str, name: str
) -> None:
    written(two, *FEED)
    written(two, *DISCREET)
    code, args = GIVEN_A_FEED[command]
    before = two.files()
    result = two.run(*(each.format(name) for each in args))
    assert result.code == code
    told = f"{name}: is a feed, which is made of the courses' files; name a course's own file"
    assert told in result.err
    assert two.files() == before


@pytest.mark.parametrize("command", [FEED, DISCREET], ids=" ".join)
def test_busy_time_of_a_feed_is_that_of_its_courses(two: Desk, command: tuple[str, ...]) -> None:
    args = ("--patient", "P3", "--at", "10:00")
    expected = two.plan(*args, "--busy", "P1.ics", "--busy", "P2.ics").document["sessions"]
    assert expected != two.plan(*args).document["sessions"]
    written(two, *command)
    for source in (command[-1], "."):
        assert two.plan(*args, "--busy", source).document["sessions"] == expected


@pytest.mark.parametrize("command", [FEED, DISCREET], ids=" ".join)
def test_a_course_is_not_busy_with_its_own_appointments_in_a_feed(
    desk: Desk, clock: Clock, command: tuple[str, ...]
) -> None:
    plan(desk, "P1.ics", "--patient", "P1")
    before = in_files(desk, "P1.ics")
    written(desk, *command)
    plan(desk, "P1.ics", "--patient", "P1", "--busy", ".")
    after = in_files(desk, "P1.ics")
    assert {uid: shown(event) for uid, event in after.items()} == {
        uid: shown(event) for uid, event in before.items()
    }
    for source in (".", command[-1]):
        move = ("--move", "1=2027-01-05", "--dry-run", "--json")
        revised = desk.run("revise", "P1.ics", "--busy", source, *move)
        assert revised.code == 0, revised.err
        assert revised.document["sessions"][0]["start"] == "2027-01-05T10:00:00+03:00"


def test_another_patient_at_the_same_time_counts_in_a_discreet_feed(
    desk: Desk, clock: Clock
) -> None:
    plan(desk, "P1.ics", "--patient", "P1")
    plan(desk, "P2.ics", "--patient", "P2")  # in the other room
    written(desk, *DISCREET)
    (desk.folder / "P2.ics").unlink()
    found = desk.plan("--patient", "P1", "--at", "10:00", "--busy", ".").document["sessions"]
    assert found[0]["start"] != "2027-01-05T10:00:00+03:00"


def test_a_feed_that_is_behind_keeps_no_time_taken_that_its_course_has_given_up(
    two: Desk,
) -> None:
    written(two, *FEED)
    revise(two, "P2.ics", "--cancel", "1..")
    args = ("--patient", "P3", "--at", "10:15", "--busy")
    expected = two.plan(*args, "P1.ics").document["sessions"]
    assert two.plan(*args, ".").document["sessions"] == expected
    assert two.plan(*args, "clinic.ics").document["sessions"] != expected


# ---- What must not be written --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["P1.ics", "other.ics", "notes.ics"])
def test_what_is_no_feed_is_left_as_it_is(two: Desk, name: str) -> None:
    two.write("other.ics", OTHER)
    two.write("notes.ics", b"\xff\xfe not a calendar")
    before = two.files()
    result = two.run("agenda", "P1.ics", "P2.ics", "-o", name)
    assert (result.code, result.out, result.err) == (
        *(2, ""),
        f"meso-sched: {name}: holds something else than a feed, and was left as it is; choose"
        " another name\n",
    )
    assert two.files() == before


def test_a_feed_can_go_into_an_empty_file_that_was_made_for_it(two: Desk) -> None:
    two.write("clinic.ics", b"").chmod(0o640)
    result = two.run(*FEED)
    assert (result.code, result.err) == (
        *(0, "meso-sched: clinic.ics: written, 21 appointments of 2 courses\n"),
    )
    assert mode(two.folder / "clinic.ics") == 0o640


def test_a_feed_can_go_through_a_link_to_where_the_web_server_looks(two: Desk) -> None:
    (two.folder / "www").mkdir()
    (two.folder / "clinic.ics").symlink_to("www/clinic.ics")
    for told in ("written, 21 appointments of 2 courses", "holds these appointments already, "):
        assert told in two.run("agenda", ".", "-o", str(two.folder / "clinic.ics")).err
    assert judged((two.folder / "www" / "clinic.ics").read_bytes())
    assert two.run("agenda").err == ""


ALL, ONE = "a feed of all patients", "a feed of one patient"
OTHER_FEEDS = {
    "the clinic's over a discreet one": ("--discreet", "", f"a discreet {ALL[2:]}", ALL),
    "a discreet one over the clinic's": ("", "--discreet", ALL, f"a discreet {ALL[2:]}"),
    "the clinic's over one patient's": ("--for P1", "", ONE, ALL),
    "one patient's over another's": ("--for P1", "--for P2", ONE, "a feed of another patient"),
}


@pytest.mark.parametrize(
    ("first", "second", "is_", "would_be"), OTHER_FEEDS.values(), ids=OTHER_FEEDS
)
def test_nobody_gets_another_feed_than_was_subscribed_to(
    two: Desk, first: str, second: str, is_: str, would_be: str
) -> None:
    data = written(two, *FEED, *first.split())
    result = two.run(*FEED, *second.split())
    assert (result.code, result.out, result.err) == (
        *(2, ""),
        f"meso-sched: clinic.ics: is {is_}, and this would be {would_be}, for whoever has"
        " subscribed to it; choose another name, or delete the file first\n",
    )
    assert two.files()["clinic.ics"] == data
    written(two, *FEED, *first.split(), "--week")  # other days are for the same people


REFUSED = {
    "-o clinic.csv": "-o clinic.csv: a feed is a calendar; end the name in .ics",
    "-o - --json": "--json and -o - both want stdout; leave one of them out",
    "-o - --csv": "--csv and -o - both want stdout; leave one of them out",
    "--discreet": "--discreet: is for a feed; add -o FILE, or leave it out",
    "-o clinic.ics --for p2": (
        '--for: no course in this folder is of a patient "p2"; did you mean "P2"?'
    ),
}


@pytest.mark.parametrize("args", REFUSED)
def test_a_command_line_that_makes_no_sense(two: Desk, args: str) -> None:
    before = two.files()
    result = two.run("agenda", *args.split())
    assert (result.code, result.out, result.err) == (2, "", f"meso-sched: {REFUSED[args]}\n")
    assert two.files() == before


def test_a_feed_needs_a_name(two: Desk) -> None:
    assert two.run("agenda", "-o", "") == (
        *(2, ""),
        "meso-sched: -o: is empty; name a file, or - for stdout\n",
    )


@pytest.mark.parametrize(("path", "told"), [
    ("nowhere/clinic.ics", "the folder nowhere does not exist; make it first"),
    ("folder.ics", "is a folder; name a file in it"),
])  # fmt: skip
def test_a_place_where_no_file_can_be(two: Desk, path: str, told: str) -> None:
    (two.folder / "folder.ics").mkdir()
    result = two.run("agenda", "-o", path)
    assert (result.code, result.err) == (3, f"meso-sched: {path}: {told}\n")


@pytest.mark.parametrize("harm", [cut, newer, not_utf8])
@pytest.mark.parametrize("args", [(), ("--for", "P1")], ids=" ".join)
def test_a_feed_that_would_lack_a_patient_is_not_written(
    two: Desk, harm: Callable[[bytes], bytes], args: tuple[str, ...]
) -> None:
    data = written(two, *FEED, *args)
    revise(two, "P1.ics", "--done", "2")
    path = two.folder / "P2.ics"
    path.write_bytes(harm(path.read_bytes()))
    for out in ("clinic.ics", "new.ics", "-"):
        result = two.run("agenda", *args, "-o", out)
        assert (result.code, result.out) == (3, "")
        first, last = result.err.splitlines()
        assert first.startswith("meso-sched: P2.ics")
        assert last == (
            f"meso-sched: {'the feed' if out == '-' else out}: is not written, it would lack what"
            " is in 1 file; mend or move them, and run again"
        )
    assert two.files()["clinic.ics"] == data
    assert not (two.folder / "new.ics").exists()


def test_a_folder_that_has_lost_its_courses_empties_no_feed(two: Desk) -> None:
    data = written(two, *FEED)
    for name in ("P1.ics", "P2.ics"):
        (two.folder / name).unlink()
    result = two.run(*FEED)
    assert (result.code, result.out) == (3, "")
    assert result.err.splitlines()[-1] == (
        "meso-sched: clinic.ics: is not written, for there is no course to be in it"
    )
    assert two.files()["clinic.ics"] == data


def test_a_course_in_two_files_is_once_in_it_as_changed_last(two: Desk, clock: Clock) -> None:
    before = (two.folder / "P2.ics").read_bytes()
    clock.set(2027, 1, 16)
    revise(two, "P2.ics", "--done", "1")
    data = written(two, *FEED)
    two.write("A.ics", before)
    result = two.run(*FEED)
    assert result.code == 0
    assert result.err.splitlines()[0].startswith("meso-sched: warning: A.ics and P2.ics hold the")
    assert two.files()["clinic.ics"] == data


# ---- Beside it -----------------------------------------------------------------------------------


def test_the_document_goes_to_stdout_beside_a_file(two: Desk) -> None:
    document = two.run("agenda", "--json").document
    result = two.run(*FEED, "--json")
    assert (result.code, result.document) == (0, document)
    assert result.err == "meso-sched: clinic.ics: written, 21 appointments of 2 courses\n"


def test_a_feed_of_a_day_that_the_clock_tells(two: Desk, clock: Clock) -> None:
    clock.set(2027, 1, 12)
    (event,) = feed(two, "--date", "today")
    assert event.moment("DTSTART").astimezone(ISTANBUL).date() == date(2027, 1, 12)


# What a review found


def test_a_discreet_feed_tells_no_sequence(two: Desk) -> None:
    """All that moved at once is one person's."""
    revise(two, "P2.ics", "--at", "15:00")
    feed = written(two, *DISCREET)
    assert set(re.findall(rb"^SEQUENCE:(\d+)\r$", feed, re.MULTILINE)) == {b"0"}


def test_no_patients_feed_is_written_over_another_patients(two: Desk) -> None:
    for number in range(3, 25):  # of which two have a check digit of one letter in common
        plan(two, f"P{number}.ics", "--patient", f"P{number}", start="2027-06-01")
    assert two.run("agenda", "--for", "P2", "-o", "clinic.ics").code == 0
    before = (two.folder / "clinic.ics").read_bytes()
    for number in (1, *range(3, 25)):
        assert two.run("agenda", "--for", f"P{number}", "-o", "clinic.ics").code == 2
    assert (two.folder / "clinic.ics").read_bytes() == before


def test_a_folder_whose_last_run_was_broken_off_makes_no_feed(desk: Desk, clock: Clock) -> None:
    (desk.folder / "cal").mkdir()
    plan(desk, "cal/", "--patient", "P1")
    name = next((desk.folder / "cal").glob("*.ics"))
    told = name.read_text().replace("\n ", "").replace("\\", "")
    record = re.search(r'"(?:id|course)":"([0-9a-f-]{36})"', told)
    assert record is not None
    desk.write(f"cal/.meso-sched-{record[1]}.json", b"{}")
    result = desk.run("agenda", "cal", "-o", "clinic.ics")
    assert (result.code, "was broken off" in result.err) == (3, True), result.err
    assert not (desk.folder / "clinic.ics").exists()
