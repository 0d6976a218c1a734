"""`pull`: what patients and colleagues did on a calendar server comes back into the course."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import icalendar
import pytest
from caldav_servers import RefusedError, Server, delete, each_server, objects, put, radicale_server
from faulty_server import nonsense, standing_before
from server_desk import (
    SESSIONS,
    Colleague,
    Hurry,
    Office,
    foreign,
    hurry,
    new_calendar,
    office,
    overlapping,
    read_independently,
)

# Fixtures of those files, which pytest finds by their names.
__all__ = ["each_server", "hurry", "office", "radicale_server"]

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def logged_in(office: Office, server: Server) -> Office:
    office.login(server, new_calendar(server))
    office.planned()
    office.pushed()
    return office


@pytest.fixture
def desk(office: Office, each_server: Server) -> Office:
    """A desk whose course is on a server of each kind."""
    return logged_in(office, each_server)


@pytest.fixture
def quick(office: Office, radicale_server: Server) -> Office:
    """A desk whose course is on the server that is quickest."""
    return logged_in(office, radicale_server)


def colleague(desk: Office) -> Colleague:
    return Colleague(desk.server, desk.calendar)


def starts(desk: Office) -> list[str]:
    """When the file's sessions begin."""
    shown = desk.run("revise", "P1.ics", "--json")
    assert shown.code == 0, shown.err
    return [
        f"{each['start'][:16]}{'' if each['status'] == 'booked' else ' ' + each['status']}"
        for each in shown.document["sessions"]
    ]


PLANNED = ["2027-01-05T10:00", "2027-01-12T10:00", "2027-01-19T10:00"]


def test_what_was_moved_and_cancelled_comes_back(desk: Office) -> None:
    _, second, third = desk.uids()
    others = colleague(desk)
    others.moves(second, DAY + HOUR)
    others.cancels(third)
    before, there = desk.files(), desk.there
    shown = desk.pull("--dry-run")
    assert (shown.code, desk.files()) == (0, before)
    assert "moved in the calendar" in shown.out
    result = desk.pull("--yes")
    assert result.code == 0, result.err
    assert result.out == shown.out
    assert "session 2 was moved in the calendar: Tue 12 Jan 10:00 -> Wed 13 Jan 11:00" in result.err
    assert starts(desk) == [PLANNED[0], "2027-01-13T11:00", f"{PLANNED[2]} cancelled"]
    assert desk.there == there
    # Both sides are in step but for the words, which tell of the move.
    desk.pushed()
    assert desk.starts_there()[second] == "2027-01-13T11:00"
    assert len(desk.there) == SESSIONS
    assert "nothing to send" in desk.pushed().err
    assert "nothing changed on the server" in desk.pull().err


def test_without_a_yes_nothing_is_written(quick: Office) -> None:
    colleague(quick).moves(quick.uids()[1], DAY)
    before = quick.files()
    result = quick.pull()
    assert (result.code, quick.files()) == (0, before)
    assert "there is no terminal to ask on; add --yes" in result.err


def test_nothing_new_is_told_as_that(desk: Office) -> None:
    before = desk.files()
    result = desk.pull("--yes")
    assert (result.code, result.out, desk.files()) == (0, "", before)
    assert "P1.ics: nothing changed on the server" in result.err


def test_a_rule_that_is_now_broken_is_told(quick: Office) -> None:
    colleague(quick).moves(quick.uids()[1], 3 * DAY)  # 10 days after the first, at most 8
    result = quick.pull("--yes")
    assert result.code == 0, result.err
    assert "the latest would be Wed 13 Jan" in result.err
    assert starts(quick)[1] == "2027-01-15T10:00"


def test_a_deleted_session_counts_as_cancelled_where_it_was(quick: Office) -> None:
    others, (first, _, third) = colleague(quick), quick.uids()
    others.deletes(third)
    others.moves(first, HOUR)  # the usual time of the others is no longer that of the lost one
    result = quick.pull("--yes")
    assert result.code == 0, result.err
    assert "session 3" in result.err
    assert starts(quick) == ["2027-01-05T11:00", PLANNED[1], f"{PLANNED[2]} cancelled"]
    quick.pushed()
    assert third not in quick.there
    assert "nothing to send" in quick.pushed().err


def test_where_nothing_of_the_course_is_there_it_stays_as_it_is(quick: Office) -> None:
    before = quick.files()
    other = new_calendar(quick.server)
    result = quick.run("pull", other, "P1.ics", "--yes")
    assert (result.code, quick.files()) == (6, before)
    assert "has nothing of this course; check the address" in result.err
    assert "`meso-sched push P1.ics URL`" in result.err
    for href in objects(quick.server, quick.calendar):
        delete(quick.server, href)
    result = quick.pull("--yes")
    assert (result.code, quick.files()) == (6, before)
    assert "`meso-sched push P1.ics URL --ours`" in result.err


def test_both_changed_the_same_session(quick: Office) -> None:
    second = quick.uids()[1]
    colleague(quick).moves(second, HOUR)
    assert quick.run("revise", "P1.ics", "--move", "2=2027-01-13T11:00", "--yes").code == 0
    before = quick.files()
    result = quick.pull("--yes")
    assert (result.code, quick.files()) == (5, before)
    assert "(of sessions 2); pull with --theirs to take the server's, or with --ours" in result.err
    assert quick.pull("--theirs", "--yes").code == 0
    assert starts(quick)[1] == "2027-01-12T11:00"
    quick.pushed()
    assert quick.starts_there()[second] == "2027-01-12T11:00"


@pytest.mark.parametrize("theirs", ["moved", "deleted"])
def test_where_ours_stands_alone_that_is_settled(quick: Office, theirs: str) -> None:
    second = quick.uids()[1]
    others = colleague(quick)
    others.moves(second, HOUR) if theirs == "moved" else others.deletes(second)
    assert quick.run("revise", "P1.ics", "--move", "2=2027-01-13T11:00", "--yes").code == 0
    assert quick.pull("--yes").code == 5
    assert quick.pull("--ours", "--yes").code == 0
    assert starts(quick)[1] == "2027-01-13T11:00"
    quick.pushed()
    assert quick.starts_there()[second] == "2027-01-13T11:00"


def test_a_newer_copy_that_was_never_sent_is_not_pulled_over(quick: Office) -> None:
    """What a desk told its own file is not undone by what another file sent."""
    quick.planned("P2")
    copy = quick.folder / "copy.ics"
    copy.write_bytes((quick.folder / "P2.ics").read_bytes())
    quick.pushed("P2.ics")
    assert quick.run("revise", "copy.ics", "--move", "2=2027-01-13T11:00", "--yes").code == 0
    before = copy.read_bytes()
    assert (quick.pull("--yes", file="copy.ics").code, copy.read_bytes()) == (5, before)
    older = quick.pull("--theirs", "--yes", file="copy.ics")
    assert older.code == 0, older.err


def test_what_is_done_stays_done_where_it_was_tidied_away(quick: Office) -> None:
    quick.today("2027-01-06")
    assert quick.run("revise", "P1.ics", "--done", "1", "--yes").code == 0
    quick.pushed()
    colleague(quick).deletes(quick.uids()[0])
    assert "nothing changed" in quick.pull("--yes").err
    assert starts(quick)[0] == "2027-01-05T10:00 fulfilled"
    assert "nothing to send" in quick.pushed().err


def test_the_user_of_the_address_is_asked_for_busy_time_too(
    quick: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MESO_SCHED_CALDAV_USER")
    colleague(quick).moves(quick.uids()[1], HOUR)
    quick.calendar = quick.calendar.replace("://", f"://{quick.server.user}@")
    result = quick.pull("--yes")
    assert result.code == 0, result.err
    assert starts(quick)[1] == "2027-01-12T11:00"


def test_an_object_that_the_server_keeps_back_is_not_gone(quick: Office) -> None:
    uid, before = quick.uids()[1], quick.files()
    part = f"<D:response><D:href>{quick.calendar}{uid}.ics</D:href><D:propstat><D:prop/>"
    status = "<D:status>HTTP/1.1 500 Internal Server Error</D:status></D:propstat></D:response>"
    with standing_before(quick.server) as faulty:
        quick.calendar = faulty.at(quick.calendar)
        body = f'<D:multistatus xmlns:D="DAV:">{part}{status}</D:multistatus>'
        faulty.fails(nonsense(body), "REPORT")
        result = quick.pull("--yes")
    assert (result.code, quick.files()) == (6, before), result.err


def test_ours_stands_and_the_next_push_sends_it(quick: Office) -> None:
    """Beside a change that only the server has, which is taken."""
    first, second, _ = quick.uids()
    others = colleague(quick)
    others.moves(second, HOUR)
    others.moves(first, HOUR)
    assert quick.run("revise", "P1.ics", "--move", "2=2027-01-13T11:00", "--yes").code == 0
    result = quick.pull("--ours", "--yes")
    assert result.code == 0, result.err
    assert starts(quick)[:2] == ["2027-01-05T11:00", "2027-01-13T11:00"]
    quick.pushed()
    there = quick.starts_there()
    assert (there[first], there[second]) == ("2027-01-05T11:00", "2027-01-13T11:00")


def test_what_changed_here_alone_stays(quick: Office) -> None:
    assert quick.run("revise", "P1.ics", "--move", "2=2027-01-13T11:00", "--yes").code == 0
    before = quick.files()
    assert quick.pull("--yes").code == 0
    assert quick.files() == before
    assert "1 event sent" in quick.pushed().err


def answered(answer: str) -> Callable[[Any], None]:
    def accept(event: Any) -> None:  # noqa: ANN401 - icalendar's own is a union of all
        event.pop("ATTENDEE", None)
        event["ORGANIZER"] = "mailto:desk@example.org"
        guest = icalendar.vCalAddress("mailto:ann@example.org")
        guest.params["PARTSTAT"] = icalendar.vText(answer)
        event.add("ATTENDEE", guest)

    return accept


def test_an_answer_is_told_once_and_kept_in_the_course(desk: Office) -> None:
    second = desk.uids()[1]
    colleague(desk).changes(second, answered("ACCEPTED"))
    result = desk.pull("--yes")
    assert result.code == 0, result.err
    assert "session 2: ann@example.org has accepted" in result.err
    (kept,) = [
        event
        for event in icalendar.Calendar.from_ical((desk.folder / "P1.ics").read_bytes()).events
        if str(event["UID"]) == second
    ]
    assert kept["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    assert starts(desk) == PLANNED
    again = desk.pull("--yes")
    assert "has accepted" not in again.err
    assert "nothing changed on the server" in again.err
    colleague(desk).changes(second, answered("DECLINED"))
    assert "session 2: ann@example.org has declined" in desk.pull("--yes").err
    # It stays on the server, and is not sent from here.
    assert "nothing to send" in desk.pushed().err
    event = read_independently(desk.there[second].text).icalendar
    assert event["ATTENDEE"].params["PARTSTAT"] == "DECLINED"


def test_a_reminder_that_somebody_added_comes_back_and_stays(quick: Office) -> None:
    second = quick.uids()[1]

    def remind(event: Any) -> None:  # noqa: ANN401 - icalendar's own is a union of all
        alarm = icalendar.Alarm()
        alarm.add("ACTION", "DISPLAY")
        alarm.add("DESCRIPTION", "theirs")
        alarm.add("TRIGGER", timedelta(minutes=-7))
        event.add_component(alarm)

    colleague(quick).changes(second, remind)
    assert quick.push().code == 5
    assert quick.pull("--yes").code == 0
    assert quick.run("revise", "P1.ics", "--move", "2=2027-01-13T11:00", "--yes").code == 0
    quick.pushed()
    event = read_independently(quick.there[second].text).icalendar
    assert event["DTSTART"].dt.isoformat()[:16] == "2027-01-13T11:00"
    assert [each["TRIGGER"].dt for each in event.walk("VALARM")] == [timedelta(minutes=-7)]


def test_care_and_reviews_come_back_too(office: Office, radicale_server: Server) -> None:
    office.login(radicale_server, new_calendar(radicale_server))
    office.planned(regimen="cared")
    office.pushed()
    review = next(uid for uid, each in office.there.items() if "CATEGORIES:REVIEW" in each.text)
    colleague(office).moves(review, DAY)
    result = office.pull("--yes", "--json")
    assert result.code == 0, result.err
    (found,) = result.document["reviews"]
    assert found["start"][:10] == "2027-01-27"
    office.pushed()
    assert "nothing to send" in office.pushed().err
    assert len(office.there) == 7


def test_a_moved_session_takes_its_care_along(office: Office, radicale_server: Server) -> None:
    office.login(radicale_server, new_calendar(radicale_server))
    office.planned(regimen="cared")
    office.pushed()
    sessions = [uid for uid, each in office.there.items() if "CATEGORIES:APPOINTMENT" in each.text]
    first = min(sessions, key=lambda uid: office.starts_there()[uid])
    colleague(office).moves(first, HOUR)
    assert office.pull("--yes").code == 0
    office.pushed()
    care = [
        read_independently(each.text).icalendar
        for each in office.there.values()
        if f"RELATED-TO:{first}" in each.text.replace("\r\n ", "")
    ]
    ends = {each["DTEND"].dt.isoformat()[:16] for each in care}
    assert "2027-01-05T17:30" in ends  # kept dry for six hours after half past eleven


def test_care_follows_its_session_and_nothing_else(office: Office, radicale_server: Server) -> None:
    """Whoever changes it there is not undone without a word."""
    office.login(radicale_server, new_calendar(radicale_server))
    office.planned(regimen="cared")
    office.pushed()
    before = office.starts_there()
    care = sorted(uid for uid, each in office.there.items() if "CATEGORIES:CARE" in each.text)
    colleague(office).moves(care[0], HOUR)
    colleague(office).deletes(care[1])
    assert office.push().code == 5
    result = office.pull("--yes")
    assert result.code == 0, result.err
    assert "2 events of care changed there; care follows its session, so the next" in result.err
    office.pushed()
    assert office.starts_there() == before
    assert "nothing to send" in office.pushed().err


def test_a_pull_in_json(quick: Office) -> None:
    colleague(quick).moves(quick.uids()[1], HOUR)
    result = quick.pull("--yes", "--json")
    assert (result.code, result.document["written"]) == (0, True)
    assert [each["start"][:16] for each in result.document["sessions"]] == [
        PLANNED[0], "2027-01-12T11:00", PLANNED[2]
    ]  # fmt: skip


def test_sessions_that_another_copy_added_come_back(quick: Office) -> None:
    """Another desk has prolonged the course and pushed it."""
    other = quick.folder / "other.ics"
    other.write_bytes((quick.folder / "P1.ics").read_bytes())
    assert quick.run("revise", "other.ics", "--extend", "weekly=2", "--yes").code == 0
    assert quick.push("other.ics").code == 0
    result = quick.pull("--yes")
    assert result.code == 0, result.err
    assert starts(quick) == [*PLANNED, "2027-01-26T10:00", "2027-02-02T10:00"]
    assert "nothing to send" in quick.pushed().err


def odd(lines: str, *without: str) -> Callable[[str], str]:
    """An event with other lines in the place of its own."""

    def change(text: str) -> str:
        head, begin, event = text.replace("\r\n", "\n").partition("BEGIN:VEVENT\n")
        kept = [line for line in event.split("\n") if not line.startswith(without or ("DTSTART",))]
        return "\r\n".join((head + begin + "\n".join([*lines.split("|"), *kept])).split("\n"))

    return change


TIMES = ("DTSTART", "DTEND")
ODD = {
    "a whole day": odd("DTSTART;VALUE=DATE:20270113|DTEND;VALUE=DATE:20270114", *TIMES),
    "floating": odd("DTSTART:20270113T100000|DTEND:20270113T103000", *TIMES),
    "in UTC": odd("DTSTART:20270113T070000Z|DTEND:20270113T073000Z", *TIMES),
    "in another zone": odd("DTSTART;TZID=Asia/Tokyo:20270113T160000|DURATION:PT30M", *TIMES),
    "in a zone of nobody": odd("DTSTART;TZID=Nowhere:20270113T100000|DURATION:PT30M", *TIMES),
    "without an end": odd("DTSTART:20270113T070000Z", *TIMES),
    "every week": odd("DTSTART:20270113T070000Z|DURATION:PT30M|RRULE:FREQ=WEEKLY", *TIMES),
    "at night": odd("DTSTART:20270113T000000Z|DTEND:20270113T003000Z", *TIMES),
    "before the first": odd("DTSTART:20270104T070000Z|DTEND:20270104T073000Z", *TIMES),
    "for two days": odd("DTSTART:20270113T070000Z|DTEND:20270115T070000Z", *TIMES),
    "in the year 9999": odd("DTSTART:99991231T070000Z|DTEND:99991231T073000Z", *TIMES),
    "in the year 1": odd("DTSTART:00010101T070000Z|DTEND:00010101T073000Z", *TIMES),
    "tentative": odd("STATUS:TENTATIVE", "STATUS"),
    "of an unknown status": odd("STATUS:WHATEVER", "STATUS"),
    "without records": odd("SUMMARY:P1", "X-MESO", " ", "SUMMARY"),
    "with other words": odd("SUMMARY:Ann rang", "SUMMARY"),
    "with a sequence of nonsense": odd("SEQUENCE:-3", "SEQUENCE"),
}


@pytest.mark.parametrize("change", ODD.values(), ids=list(ODD))
def test_whatever_others_make_of_an_event_is_no_bug(
    quick: Office, change: Callable[[str], str]
) -> None:
    """It is taken, or told with the event's address; the file is a course in any case."""
    (href, there), *_ = [
        (href, each)
        for href, each in objects(quick.server, quick.calendar).items()
        if quick.uids()[1] in each.text
    ]
    try:
        put(quick.server, href, change(there.text), there.etag)
    except RefusedError:
        return  # the server does not take it either
    before = quick.files()
    result = quick.pull("--yes")
    assert result.code in (0, 6), result.err
    if result.code:
        assert href.rpartition("/")[2] in result.err
        assert quick.files() == before
    assert quick.run("revise", "P1.ics").code == 0
    assert quick.push("--theirs").code == result.code


def test_a_server_that_answers_nonsense_changes_nothing(quick: Office, hurry: Hurry) -> None:
    before = quick.files()
    with standing_before(quick.server) as faulty:
        for method in ("PROPFIND", "REPORT"):
            for body in ("<html>", "", "<feed/>"):
                faulty.works()
                faulty.fails(nonsense(body), method, times=9)
                result = quick.run("pull", faulty.at(quick.calendar), "P1.ics", "--yes")
                assert (result.code, quick.files()) == (6, before)


def test_a_foreign_event_of_that_name_is_not_taken_for_ours(quick: Office) -> None:
    """Nor is what else is in the calendar touched by anything."""
    put(quick.server, f"{quick.calendar}x.ics", foreign("x", "DTSTART:20270112T070000Z"), new=True)
    before = quick.there["x"]
    colleague(quick).moves(quick.uids()[1], HOUR)
    assert quick.pull("--yes").code == 0
    quick.pushed()
    assert quick.there["x"] == before
    assert b"UID:x" not in (quick.folder / "P1.ics").read_bytes()


def test_the_patients_copy_is_not_pulled(quick: Office) -> None:
    made = ("plan", "short", "--start", "2027-01-05", "--at", "10:00", "--patient", "P1")
    assert quick.run(*made, "--for", "patient", "-o", "patient.ics").code == 0
    result = quick.pull(file="patient.ics")
    assert (result.code, "is the patient's copy" in result.err) == (3, True)


def test_ours_and_theirs_exclude_each_other(quick: Office) -> None:
    result = quick.pull("--ours", "--theirs")
    assert (result.code, "give one of them" in result.err) == (2, True)


def test_what_is_placed_anew_does_not_go_where_others_are(quick: Office) -> None:
    quick.planned("P2", "--busy", ".")
    quick.pushed("P1.ics", "P2.ics")
    second = quick.uids("P2.ics")[1]
    Colleague(quick.server, quick.calendar).moves(second, timedelta(days=1))
    result = quick.pull("--yes", file="P2.ics")
    assert result.code == 0, result.err
    quick.pushed("P2.ics")
    assert overlapping(each.text for each in quick.there.values()) == []


def test_what_a_colleague_wrote_into_an_event_stays_as_the_course_grows(quick: Office) -> None:
    """Our own words beside it change: of three sessions become four."""
    first, second, _ = quick.uids()

    def write(name: str, words: str) -> Callable[[Any], None]:
        def change(event: Any) -> None:  # noqa: ANN401 - icalendar's own is a union of all
            told = str(event.pop(name))
            event.add(name, f"{words} {told}")

        return change

    colleague(quick).changes(first, write("SUMMARY", "VIP:"))
    colleague(quick).changes(second, write("DESCRIPTION", "Allergic to latex, and to nuts; ask."))
    assert quick.pull("--yes").code == 0
    assert quick.run("revise", "P1.ics", "--extend", "weekly=1", "--yes").code == 0
    quick.pushed()
    events = {uid: read_independently(each.text).icalendar for uid, each in quick.there.items()}
    assert str(events[first]["SUMMARY"]).startswith("VIP: ")
    told = str(events[second]["DESCRIPTION"])
    assert told.startswith("Allergic to latex, and to nuts; ask. ")
    assert "2 of 4" in told
