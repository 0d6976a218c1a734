"""`push`: a course goes to a real calendar server, and nothing that others did there is undone."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import icalendar
import pytest
from caldav_servers import (
    RefusedError,
    Server,
    ask,
    delete,
    each_server,
    make_calendar,
    objects,
    put,
    radicale,
    radicale_server,
    xandikos,
    xandikos_server,
)
from faulty_server import Faulty, Meanwhile, Says, Without, redirect, standing_before
from server_desk import (
    CLINIC,
    DAYS,
    SESSIONS,
    Colleague,
    Office,
    by_uid,
    foreign,
    memory_server,
    new_calendar,
    office,
    read_independently,
)

from meso_sched.exchange import caldav

# Fixtures of those files, which pytest finds by their names.
__all__ = ["each_server", "memory_server", "office", "radicale_server", "xandikos_server"]

HOUR = timedelta(hours=1)


@pytest.fixture
def desk(office: Office, each_server: Server) -> Office:
    """A desk at each kind of server, with an empty calendar."""
    office.login(each_server, new_calendar(each_server))
    return office


@pytest.fixture
def quick(office: Office, radicale_server: Server) -> Office:
    """A desk at the server that is quickest, for what is no matter of the server."""
    office.login(radicale_server, new_calendar(radicale_server))
    return office


@pytest.fixture
def heard(quick: Office) -> Iterator[Faulty]:
    """What that server is asked; the desk speaks to it through this one."""
    with standing_before(quick.server) as faulty:
        quick.login(quick.server, faulty.at(quick.calendar))
        yield faulty


def colleague(desk: Office) -> Colleague:
    return Colleague(desk.server, desk.calendar)


# What arrives


def test_each_event_is_an_object_that_other_programs_read(desk: Office) -> None:
    desk.planned(regimen="cared")
    result = desk.pushed()
    assert "session 1  Tue 5 Jan 10:00   -              new" in result.out
    assert "7 events sent" in result.err
    there = desk.there
    assert set(there) == set(desk.uids())
    for text in (each.text for each in there.values()):
        event = read_independently(text).icalendar
        assert "P1" in str(event["SUMMARY"])
    assert {href.rpartition("/")[2] for href in objects(desk.server, desk.calendar)} == {
        f"{uid}.ics" for uid in there
    }


EDITIONS = {
    "the clinic's": ("--for", "clinic"),
    "the patient's, discreet": ("--for", "patient", "--discreet", "--lang", "tr"),
    "in Arabic": ("--lang", "ar"),
    "care as alarms": ("--care", "alarms"),
    "without care": ("--care", "none"),
}


@pytest.mark.parametrize("args", EDITIONS.values(), ids=list(EDITIONS))
@pytest.mark.parametrize("name", ["radicale_server", "xandikos_server"])
def test_every_edition_is_kept_as_it_was_sent(
    office: Office, request: pytest.FixtureRequest, name: str, args: tuple[str, ...]
) -> None:
    """Whatever is in it, a server gives it back so that nothing seems to differ."""
    desk, server = office, request.getfixturevalue(name)
    desk.login(server, new_calendar(server))
    regimen = "hair" if "alarms" in args else "cared"
    file = desk.planned("Ayşe O'Brien; 漢字, \\n (2)", *args, regimen=regimen)
    desk.pushed(file.name)
    there = desk.there
    for each in there.values():
        read_independently(each.text)
    assert "nothing to send" in desk.pushed(file.name).err
    assert desk.there == there
    if "patient" not in args:
        assert "nothing changed on the server" in desk.pull(file=file.name).err


def test_a_second_push_sends_nothing(desk: Office) -> None:
    desk.planned(regimen="cared")
    desk.pushed()
    before, file = desk.there, desk.files()
    result = desk.pushed()
    assert (result.out, desk.there, desk.files()) == ("", before, file)
    assert "nothing to send, all is there" in result.err


def test_only_what_was_revised_is_sent(desk: Office) -> None:
    desk.planned()
    desk.pushed()
    before, second = desk.there, desk.uids()[1]
    assert desk.run("revise", "P1.ics", "--move", "2=2027-01-13T11:00", "--yes").code == 0
    shown = desk.pushed("--dry-run")
    assert "session 2  Wed 13 Jan 11:00  Tue 12 Jan 10:00  changed here" in shown.out
    assert desk.there == before
    result = desk.pushed()
    assert result.out == shown.out
    after = desk.there
    assert {uid for uid in after if after[uid] != before[uid]} == {second}
    event = read_independently(after[second].text).icalendar
    assert (event["DTSTART"].dt.isoformat()[:16], int(event["SEQUENCE"])) == ("2027-01-13T11:00", 1)


def test_what_is_called_off_is_marked_and_deleted_only_with_prune(desk: Office) -> None:
    desk.planned()
    desk.pushed()
    third = desk.uids()[2]
    assert desk.run("revise", "P1.ics", "--cancel", "3", "--yes").code == 0
    desk.pushed()
    event = read_independently(desk.there[third].text).icalendar
    assert (event["STATUS"], event["SUMMARY"]) == ("CANCELLED", "Cancelled: P1 (3/3)")
    result = desk.pushed("--prune")
    assert "called off: deleted there" in " ".join(result.out.split())
    assert "1 event deleted" in result.err
    assert set(desk.there) == set(desk.uids()[:2])
    assert "nothing to send" in desk.pushed("--prune").err
    assert "nothing to send" in desk.pushed().err


def test_prune_deletes_at_once_what_was_just_called_off(quick: Office) -> None:
    quick.planned()
    quick.pushed()
    quick.run("revise", "P1.ics", "--cancel", "3", "--move", "2=2027-01-13T11:00", "--yes")
    assert "1 event sent, 1 event deleted" in quick.pushed("--prune").err
    assert set(quick.there) == set(quick.uids()[:2])


def test_prune_leaves_what_somebody_changed(quick: Office) -> None:
    quick.planned()
    quick.pushed()
    third = quick.uids()[2]
    quick.run("revise", "P1.ics", "--cancel", "3", "--yes")
    colleague(quick).moves(third, HOUR)
    assert quick.push("--prune").code == 5
    assert third in quick.there
    assert quick.push("--prune", "--theirs").code == 0
    assert third in quick.there
    assert quick.push("--prune", "--ours").code == 0
    assert third not in quick.there


# What others changed


def test_a_change_on_the_server_is_shown_and_stays_until_somebody_decides(desk: Office) -> None:
    desk.planned()
    desk.pushed()
    first, second, _ = desk.uids()
    colleague(desk).moves(first, HOUR)
    assert desk.run("revise", "P1.ics", "--move", "2=2027-01-13T11:00", "--yes").code == 0
    before, file = desk.there, desk.files()
    for more in ((), ("--dry-run",)):
        result = desk.push(*more)
        assert "session 1  Tue 5 Jan 10:00   Tue 5 Jan 11:00   changed on the server" in result.out
        assert "session 2  Wed 13 Jan 11:00  Tue 12 Jan 10:00  changed here" in result.out
        assert (result.code, "`meso-sched pull`" in result.err) == (5, True)
        assert (desk.there, desk.files()) == (before, file)

    told = desk.pushed("--theirs")
    assert "changed on the server, theirs stands" in " ".join(told.out.split())
    assert "1 event sent, 1 event left as changed there" in told.err
    starts = desk.starts_there()
    assert (starts[first], starts[second]) == ("2027-01-05T11:00", "2027-01-13T11:00")
    assert desk.push().code == 5

    assert "ours stands" in desk.pushed("--ours").out
    assert desk.starts_there()[first] == "2027-01-05T10:00"
    assert "nothing to send" in desk.pushed().err


def test_both_changed_the_same_event(desk: Office) -> None:
    desk.planned()
    desk.pushed()
    second = desk.uids()[1]
    colleague(desk).moves(second, HOUR)
    desk.run("revise", "P1.ics", "--move", "2=2027-01-13T11:00", "--yes")
    result = desk.push()
    assert (result.code, "changed here and on the server" in result.out) == (5, True)
    assert desk.starts_there()[second] == "2027-01-12T11:00"
    desk.pushed("--ours")
    event = read_independently(desk.there[second].text).icalendar
    assert event["DTSTART"].dt.isoformat()[:16] == "2027-01-13T11:00"
    assert int(event["SEQUENCE"]) > 1  # the colleague's program had counted up to 1


def test_a_deleted_event_does_not_come_back_by_itself(desk: Office) -> None:
    desk.planned()
    desk.pushed()
    third = desk.uids()[2]
    colleague(desk).deletes(third)
    result = desk.push()
    assert (result.code, "deleted on the server" in result.out) == (5, True)
    desk.pushed("--theirs")
    assert third not in desk.there
    desk.pushed("--ours")
    assert third in desk.there
    assert "nothing to send" in desk.pushed().err


def test_ours_and_theirs_exclude_each_other(quick: Office) -> None:
    quick.planned()
    result = quick.push("--ours", "--theirs")
    assert (result.code, quick.there) == (2, {})
    assert "give one of them" in result.err


ADDED = {
    "a property of a program": ("X-THEIR-COLOUR", "blue"),
    "a comment": ("COMMENT", "bring the papers"),
    "a link": ("URL", "https://example.org/room"),
}


def test_what_people_added_stays_when_the_event_is_sent_again(desk: Office) -> None:
    desk.planned()
    desk.pushed()
    second = desk.uids()[1]

    def add(event: Any) -> None:  # noqa: ANN401 - icalendar's own is a union of all
        for name, value in ADDED.values():
            event.add(name, value)
        event.add("ORGANIZER", "mailto:desk@example.org")
        guest = icalendar.vCalAddress("mailto:ann@example.org")
        guest.params["PARTSTAT"] = icalendar.vText("ACCEPTED")
        event.add("ATTENDEE", guest)
        alarm = icalendar.Alarm()
        alarm.add("ACTION", "DISPLAY")
        alarm.add("DESCRIPTION", "theirs")
        alarm.add(
            "TRIGGER", datetime(2027, 1, 12, 6, tzinfo=UTC), parameters={"VALUE": "DATE-TIME"}
        )
        event.add_component(alarm)

    colleague(desk).changes(second, add)
    desk.run("revise", "P1.ics", "--move", "2=2027-01-13T11:00", "--yes")
    result = desk.push()
    assert result.code == 0, result.out
    event = read_independently(desk.there[second].text).icalendar
    assert event["DTSTART"].dt.isoformat()[:16] == "2027-01-13T11:00"
    for name, value in ADDED.values():
        assert str(event[name]) == value
    assert event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    assert str(event["ORGANIZER"]) == "mailto:desk@example.org"
    assert [str(each["DESCRIPTION"]) for each in event.walk("VALARM")] == ["theirs"]
    assert "nothing to send" in desk.pushed().err


PEOPLE = b"ORGANIZER:mailto:desk@example.org\r\nATTENDEE;CN=Ann:mailto:ann@example.org\r\n"


def test_nobody_is_invited_by_a_push(desk: Office) -> None:
    """A server would mail those that it hears of (RFC 6638)."""
    file = desk.planned()
    file.write_bytes(file.read_bytes().replace(b"\r\nSUMMARY", b"\r\n%bSUMMARY" % PEOPLE))
    assert b"ATTENDEE" in file.read_bytes()
    desk.pushed()
    desk.run("revise", "P1.ics", "--move", "2=2027-01-13T11:00", "--yes")
    desk.pushed()
    assert len(desk.there) == SESSIONS
    for each in desk.there.values():
        assert not re.search("ATTENDEE|ORGANIZER|ann@", each.text)


# Whose files


def test_several_courses_go_in_one_push(desk: Office) -> None:
    for patient in ("P1", "P2", "P3"):
        desk.planned(patient)
    desk.pushed("P1.ics", "P2.ics")
    colleague(desk).moves(desk.uids("P1.ics")[0], HOUR)
    result = desk.push("P1.ics", "P2.ics", "P3.ics")
    assert result.code == 5
    assert "P1.ics: not sent, 1 event changed on the server" in result.err
    assert "P2.ics: nothing to send" in result.err
    assert "P3.ics: 3 events sent" in result.err
    assert len(desk.there) == 3 * SESSIONS


def test_two_files_of_one_course_are_refused(quick: Office) -> None:
    file = quick.planned()
    shutil.copy(file, quick.folder / "copy.ics")
    result = quick.push("P1.ics", "copy.ics")
    assert (result.code, quick.there) == (2, {})
    assert "P1.ics and copy.ics hold the same course; name one of them" in result.err
    # Also where one has lost its first session.
    events = re.split(b"(?=BEGIN:VEVENT)", file.read_bytes())
    quick.write("copy.ics", b"".join([events[0], *events[2:]]))
    result = quick.push("P1.ics", "copy.ics")
    assert (result.code, quick.there) == (2, {})
    assert "hold the same course" in result.err


def test_the_patients_copy_is_another_calendars_matter(desk: Office) -> None:
    desk.planned()
    made = ("plan", "short", "--start", "2027-01-05", "--at", "10:00", "--patient", "P1")
    assert desk.run(*made, "--for", "patient", "-o", "patient.ics").code == 0
    desk.pushed("P1.ics", "patient.ics")
    there = desk.there
    assert set(there) == {*desk.uids(), *desk.uids("patient.ics")}
    assert len(there) == 2 * SESSIONS
    for uid in desk.uids("patient.ics"):
        read_independently(there[uid].text)
        assert "weekly" not in there[uid].text
    before = desk.files(), desk.there
    assert "nothing to send" in desk.pushed("patient.ics").err
    assert (desk.files(), desk.there) == before


@pytest.mark.parametrize("copied", ["before the first push", "after it"])
def test_a_copy_that_was_revised_elsewhere_is_pushed_again(desk: Office, copied: str) -> None:
    file = desk.planned()
    if copied == "before the first push":
        shutil.copy(file, desk.folder / "copy.ics")
    desk.pushed()
    if copied == "after it":
        shutil.copy(file, desk.folder / "copy.ics")
    second = desk.uids()[1]
    assert desk.run("revise", "copy.ics", "--move", "2=2027-01-13T11:00", "--yes").code == 0
    result = desk.push("copy.ics")
    if copied == "before the first push":  # nobody knows who changed it
        assert (result.code, desk.starts_there()[second]) == (5, "2027-01-12T10:00")
        result = desk.push("copy.ics", "--ours")
    assert (result.code, desk.starts_there()[second]) == (0, "2027-01-13T11:00")
    # The other desk has the course as it was.
    result = desk.push()
    assert (result.code, desk.starts_there()[second]) == (5, "2027-01-13T11:00")
    assert desk.pull("--yes").code == 0
    desk.pushed()
    assert desk.starts_there()[second] == "2027-01-13T11:00"
    assert len(desk.there) == SESSIONS


def test_a_course_that_another_program_keeps_under_other_names_is_not_doubled(desk: Office) -> None:
    desk.planned()
    desk.pushed()
    for number, (href, each) in enumerate(objects(desk.server, desk.calendar).items()):
        delete(desk.server, href)
        put(desk.server, f"{desk.calendar}{number}-renamed.ics", each.text, new=True)
    assert "nothing to send" in desk.pushed().err
    desk.run("revise", "P1.ics", "--move", "2=2027-01-13T11:00", "--yes")
    assert "1 event sent" in desk.pushed().err
    assert len(desk.there) == SESSIONS
    assert all("renamed" in href for href in objects(desk.server, desk.calendar))


# Which calendar


@pytest.mark.parametrize("of", ["the account", "the server"])
@pytest.mark.parametrize("start", [radicale, xandikos])
def test_the_only_calendar_of_an_account_is_found(
    office: Office, tmp_path: Path, start: Callable[[Path], AbstractContextManager[Server]], of: str
) -> None:
    with start(tmp_path / "server") as server:
        new_calendar(server)
        office.login(server, server.url if of == "the account" else server.root)
        office.planned()
        result = office.pushed()
        assert "3 events sent" in result.err
        found = result.err.rstrip().rpartition(": ")[2]
        assert found.startswith(server.home)
        assert set(by_uid(server, found)) == set(office.uids())


@pytest.mark.parametrize("root", [Says(405), Says(404), Says(200, {}, "<html>Welcome")])
def test_a_bare_host_says_where_its_calendars_are(
    office: Office, tmp_path: Path, root: Says
) -> None:
    """As servers do that have a web page at their root (RFC 6764, 5)."""
    with radicale(tmp_path / "server") as server, standing_before(server) as faulty:
        new_calendar(server)
        office.login(server, faulty.at(server.root))
        office.planned()

        def web_page(method: str, path: str, count: int) -> Says | None:
            if path == "/.well-known/caldav":
                return redirect(faulty.at(server.url), 301)
            return root if path == "/" else None

        faulty.rule = web_page
        assert "3 events sent" in office.pushed().err
        faulty.rule = lambda method, path, count: root if len(path) < 20 else None
        assert office.push().code == 6


def test_of_several_calendars_one_is_named(quick: Office) -> None:
    quick.planned()
    name = calendar_name(quick)
    new_calendar(quick.server)
    result = quick.push(to=quick.server.url)
    assert result.code == 2
    assert "has several calendars; give the address of one, or its --calendar NAME" in result.err
    assert f"{name}  {quick.calendar}" in result.err
    assert quick.push("--calendar", name, to=quick.server.url).code == 0
    assert len(quick.there) == SESSIONS
    result = quick.push("--calendar", name)
    assert (result.code, "is a calendar itself; leave --calendar out" in result.err) == (2, True)
    result = quick.push("--calendar", "Nobody's", to=quick.server.url)
    assert (result.code, 'has no calendar named "Nobody\'s"' in result.err) == (2, True)


ASTRAY = {
    "no account there": (
        "{root}clinic/nowhere/",
        ("--calendar", "X"),
        6,
        "there is no such account",
    ),
    "no name of a host": (
        "https://a b/x/",
        (),
        2,
        "is no address of a calendar server; write it as",
    ),
    "https where there is none": ("https://{place}/", (), 6, "the server speaks no https there"),
}


@pytest.mark.parametrize("case", ASTRAY.values(), ids=ASTRAY)
def test_an_address_that_leads_nowhere_is_told(
    quick: Office, case: tuple[str, tuple[str, ...], int, str]
) -> None:
    address, more, code, words = case
    quick.planned()
    place = quick.server.root.partition("://")[2].rstrip("/")
    result = quick.push(*more, to=address.format(root=quick.server.root, place=place))
    assert (result.code, words in result.err) == (code, True), result.err


def test_a_calendar_is_made_in_a_folder_that_is_there(
    office: Office, xandikos_server: Server
) -> None:
    office.login(xandikos_server, xandikos_server.calendar_url("no/where"))
    office.planned()
    result = office.push("--create")
    assert (result.code, "cannot be made, what stands above it" in result.err) == (6, True)


@pytest.mark.parametrize("name", ["a@b c", "Öğle"])
def test_a_calendar_is_the_same_by_whichever_address(
    office: Office, radicale_server: Server, name: str
) -> None:
    """The account's answer and a person write it each in their own way."""
    quoted = make_calendar(radicale_server, name)
    office.login(radicale_server, quoted)
    office.planned()
    assert office.push("--calendar", name, to=radicale_server.url).code == 0
    for number, address in enumerate((quoted, quoted.replace("%40", "@").rstrip("/"))):
        move = ("revise", "P1.ics", "--move", f"2=2027-01-13T1{number}:00", "--yes")
        assert office.run(*move).code == 0
        result = office.push(to=address)
        assert (result.code, "1 event sent" in result.err) == (0, True), result.out


TASKS = """<C:mkcalendar xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop>
<displayname>Tasks</displayname><C:supported-calendar-component-set><C:comp name="VTODO"/>
</C:supported-calendar-component-set></prop></set></C:mkcalendar>"""


def test_a_list_of_tasks_is_no_calendar(office: Office, tmp_path: Path) -> None:
    with radicale(tmp_path / "server") as server:
        calendar, tasks = new_calendar(server), server.calendar_url("tasks")
        assert ask(server, "MKCALENDAR", tasks, TASKS).status == 201
        office.login(server, calendar)
        office.planned()
        result = office.push(to=server.url)
        assert (result.code, len(office.there)) == (0, SESSIONS), result.err


def test_a_calendar_is_made_only_when_asked(desk: Office) -> None:
    desk.planned()
    missing = desk.server.calendar_url("not yet there")
    result = desk.push(to=missing)
    assert (result.code, "there is no such calendar" in result.err) == (6, True)
    result = desk.push("--create", "--dry-run", to=missing)
    assert (result.code, "3 events to send" in result.err) == (0, True)
    assert desk.push(to=missing).code == 6
    for sent in ("3 events sent", "nothing to send"):
        result = desk.push("--create", to=missing)
        assert (result.code, sent in result.err) == (0, True), result.err
    assert set(by_uid(desk.server, missing)) == set(desk.uids())


def test_a_named_calendar_is_made_in_the_account(desk: Office) -> None:
    desk.planned()
    result = desk.push("--create", "--calendar", "Öğle & more", to=desk.server.url)
    assert result.code == 0, result.err
    result = desk.push("--calendar", "Öğle & more", to=desk.server.url)
    assert (result.code, "nothing to send" in result.err) == (0, True), result.err


# How it asks


FOREIGN = 2000


def crowd(desk: Office) -> None:
    """Fill the calendar with others' events, from 2020 on: the server keeps each as a file.

    Sent to it they would take it many seconds, of which nearly all go to the disk.
    """
    (folder,) = desk.server.program.folder.glob(f"data/**/{calendar_name(desk)}")
    for number in range(FOREIGN):
        begin = f"{2020 + number % 8}{1 + number % 12:02}{1 + number % 28:02}T0{number % 8}0000Z"
        event = foreign(f"foreign-{number}", f"DTSTART:{begin}", "DURATION:PT30M")
        (folder / f"foreign-{number}.ics").write_text(event, encoding="utf-8", newline="")


def calendar_name(desk: Office) -> str:
    """The calendar's name, as its address has it."""
    return unquote(desk.calendar.rstrip("/").rpartition("/")[2])


def length(start: str, end: str) -> timedelta:
    return datetime.fromisoformat(end) - datetime.fromisoformat(start)


def test_a_crowded_calendar_is_never_read_whole(office: Office, memory_server: Server) -> None:
    quick = office
    quick.login(memory_server, new_calendar(memory_server))
    crowd(quick)
    listed = '<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
    answer = ask(quick.server, "PROPFIND", quick.calendar, listed, {"Depth": "1"})
    assert answer.text.count("foreign-") == FOREIGN
    with standing_before(quick.server) as heard:
        quick.calendar = heard.at(quick.calendar)
        quick.planned()
        quick.pushed()
        quick.run("revise", "P1.ics", "--move", "2=2027-01-13T11:00", "--yes")
        quick.pushed()
        assert quick.pull().code == 0
        assert [len(heard.asked(method)) for method in ("PUT", "GET")] == [SESSIONS + 1, 0]
        assert {request.headers["Depth"] for request in heard.asked("PROPFIND")} == {"0"}
        uids = quick.uids()
        for request in heard.asked("REPORT"):
            body = request.body.decode()
            ours = "calendar-multiget" in body or any(f">{uid}</" in body for uid in uids)
            asked = re.search('start="([0-9T]+)Z" end="([0-9T]+)Z"', body)
            assert ours or (asked is not None and length(*asked.groups()) == timedelta(minutes=30))
        # So many searches through all that is there; each took the server a while. One is for the
        # events under other names, the others for what is at the time of each that goes there.
        searches = [each.body for each in heard.asked("REPORT") if b"calendar-query" in each.body]
        assert [b"time-range" in each for each in searches] == [False] + [True] * (SESSIONS + 1)
        assert heard.given < 40_000


def test_a_request_tells_its_condition(quick: Office, heard: Faulty) -> None:
    quick.planned()
    quick.pushed()
    assert {each.headers["If-None-Match"] for each in heard.asked("PUT")} == {"*"}
    heard.forget()
    href, third = quick.uids()[1:]
    quick.run("revise", "P1.ics", "--move", "2=2027-01-13T11:00", "--cancel", "3", "--yes")
    etags = {uid: each.etag for uid, each in by_uid(quick.server, quick.calendar).items()}
    heard.forget()
    quick.pushed("--prune")
    (put_,), (deleted,) = heard.asked("PUT"), heard.asked("DELETE")
    assert (put_.headers["If-Match"], deleted.headers["If-Match"]) == (etags[href], etags[third])


@pytest.mark.parametrize("changed", [False, True])
def test_a_server_may_tell_no_etag(quick: Office, heard: Faulty, *, changed: bool) -> None:
    """As it does where it keeps an event otherwise than it was sent (RFC 4791, 5.3.4)."""
    real = Colleague(quick.server, quick.calendar)
    quick.planned()
    heard.fails(Without("ETag"), "PUT", times=SESSIONS)
    first = quick.uids()[0]
    if changed:  # between the last event and the look at how they are kept
        # After one for the events, one for those of other names, and one a slot for what is there.
        look = 3 + SESSIONS
        heard.fails(Meanwhile(lambda: real.moves(first, HOUR)), "REPORT", nth=look)
    quick.pushed()
    assert quick.starts_there()[first] == f"2027-01-05T1{int(changed)}:00"
    result = quick.push()
    assert (result.code, "nothing to send" in result.err) == ((5, False) if changed else (0, True))


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_what_changes_at_that_very_moment_is_not_overwritten(
    quick: Office, heard: Faulty, method: str
) -> None:
    real = Colleague(quick.server, quick.calendar)
    quick.planned()
    quick.pushed()
    _, second, third = quick.uids()
    quick.run("revise", "P1.ics", "--move", "2=2027-01-13T11:00", "--cancel", "3", "--yes")
    uid = second if method == "PUT" else third
    heard.fails(Meanwhile(lambda: real.moves(uid, HOUR)), method)
    result = quick.push("--prune")
    assert result.code == 5
    assert "1 event changed on the server at this very moment and left as they are" in result.err
    expected = {second: "2027-01-12T11:00", third: "2027-01-19T11:00"}
    assert quick.starts_there()[uid] == expected[uid]
    # Pushed again it is shown as any other change.
    assert (quick.push("--prune").code, quick.starts_there()[uid]) == (5, expected[uid])


def test_two_new_events_of_one_uid_cannot_be(quick: Office, heard: Faulty) -> None:
    """Another desk sends the same course at the same time."""
    file = quick.planned()
    shutil.copy(file, quick.folder / "copy.ics")
    heard.fails(Meanwhile(lambda: quick.pushed("copy.ics")), "PUT")
    result = quick.push()
    assert result.code == 0, result.err
    assert len(quick.there) == SESSIONS
    assert "nothing to send" in quick.pushed().err


def test_a_course_that_is_revised_in_mid_push_is_pushed_again(quick: Office, heard: Faulty) -> None:
    """Nothing of the revision is lost, whatever the push would have written to the file."""
    quick.planned()
    revise = ("revise", "P1.ics", "--move", "2=2027-01-13T11:00", "--yes")
    heard.fails(Meanwhile(lambda: quick.process(*revise)), "PUT", nth=2)
    result = quick.push()
    assert (result.code, "another program changed it just now" in result.err) == (5, True)
    assert b"20270113T110000" in (quick.folder / "P1.ics").read_bytes()
    result = quick.push()
    assert (result.code, "1 event sent" in result.err) == (0, True), result.err
    assert len(quick.there) == SESSIONS
    assert quick.starts_there()[quick.uids()[1]] == "2027-01-13T11:00"


# In JSON


def test_a_push_in_json(quick: Office) -> None:
    quick.planned()
    document = quick.pushed("--json").document
    assert (document["schema"], document["calendar"]) == ("meso-sched/push/1", quick.calendar)
    assert document["dry_run"] is False
    (course,) = document["courses"]
    assert course["file"] == "P1.ics"
    assert [(each["event"], each["what"], each["outcome"]) for each in course["events"]] == [
        (f"session {number}", "new", "sent") for number in (1, 2, 3)
    ]
    colleague(quick).moves(quick.uids()[0], HOUR)
    result = quick.push("--json")
    assert result.code == 5
    event = result.document["courses"][0]["events"][0]
    assert (event["what"], event["outcome"]) == ("changed on the server", "left")
    assert event["here"]["start"] == "2027-01-05T10:00:00+03:00"
    assert event["there"]["start"] == "2027-01-05T11:00:00+03:00"


# What is no course


def test_what_is_no_course_is_refused_before_anything_is_sent(quick: Office) -> None:
    quick.planned()
    wrong: dict[str, str | bytes] = {
        "binary.ics": b"\x00\xff",
        "foreign.ics": foreign("a", "DTSTART:20270101T100000Z"),
        "half.ics": (quick.folder / "P1.ics").read_bytes()[:2000],
        "empty.ics": b"",
    }
    for name, data in wrong.items():
        quick.write(name, data)
    for name in (*wrong, "missing.ics"):
        result = quick.push("P1.ics", name)
        assert (result.code, quick.there) == (3, {}), name
        assert name in result.err


# What is warned of


def test_who_goes_where_others_are_is_told(desk: Office) -> None:
    colleague(desk).books("lunch", "20270112T070000Z", "20270112T080000Z")
    colleague(desk).books("free", "20270119T070000Z", "20270119T080000Z", "TRANSP:TRANSPARENT")
    desk.planned()
    told = "warning: P1.ics: session 2 at the same time as others in that calendar"
    assert told in desk.pushed("--dry-run").err
    assert told in desk.pushed().err
    assert told not in desk.pushed().err  # it goes nowhere any more
    desk.run("revise", "P1.ics", "--move", "2=2027-01-13T11:00", "--yes")
    assert "at the same time" not in desk.pushed().err


def test_two_rooms_are_no_clash(desk: Office) -> None:
    desk.write("schedules.toml", CLINIC.replace("[clinic]\n", "[clinic]\nrooms = 2\n", 1))
    lines = [f"{patient},short,2027-01-05,10:00\n" for patient in ("P1", "P2")]
    desk.write("list.csv", "".join(["patient,regimen,start,at\n", *lines]))
    assert desk.run("cohort", "list.csv", "-o", "out").code == 0
    names = sorted(str(path) for path in (desk.folder / "out" / "patients").glob("*.ics"))
    assert "at the same time" not in desk.pushed(*names).err
    assert sorted(desk.starts_there().values()) == sorted(f"{day}T10:00" for day in DAYS * 2)


def test_the_patients_copy_is_sent_with_a_word(desk: Office) -> None:
    desk.planned()
    desk.run("revise", "P1.ics", "--for", "patient", "-o", "copy.ics")
    assert "warning: copy.ics: is the patient's copy" in desk.pushed("copy.ics").err
    assert "patient's copy" not in desk.pushed("copy.ics").err


def test_a_folder_of_events_is_for_others_to_carry(desk: Office) -> None:
    (desk.folder / "cal").mkdir()
    result = desk.run("push", "cal", desk.calendar)
    assert (result.code, "vdirsyncer" in result.err) == (2, True)


@pytest.mark.parametrize("name", ["caldav", "keyring", "niquests"])
def test_a_library_that_is_missing_is_named(
    desk: Office, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    desk.planned()
    monkeypatch.setattr(caldav, "find_spec", lambda each: None if each == name else each)
    result = desk.push()
    assert (result.code, f"need the library {name}, which is not" in result.err) == (3, True)


def test_a_course_that_cannot_remember_is_not_sent(
    quick: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick.planned().chmod(0o400)
    if os.geteuid() == 0:  # root may write everything; ask as anybody else would be answered
        monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    missing = quick.server.calendar_url("never made")
    result = quick.push("--create", to=missing)
    assert (result.code, "is write-protected, and has to keep" in result.err) == (3, True)
    monkeypatch.undo()
    with pytest.raises(RefusedError):
        objects(quick.server, missing)
