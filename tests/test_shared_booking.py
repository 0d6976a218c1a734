"""Several desks book in one calendar at once: no slot is given twice, and the second is told."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from caldav_servers import (
    Server,
    objects,
    put,
    radicale,
    radicale_server,
    xandikos,
    xandikos_server,
)
from faulty_server import CutAfter, Faulty, Late, Meanwhile, Says, standing_before
from server_desk import (
    SESSIONS,
    Colleague,
    Hurry,
    Office,
    account,
    by_uid,
    foreign,
    hurry,
    memory_server,
    new_calendar,
    office,
    overlapping,
    start_of,
    started,
    until,
)

from meso_sched.errors import ChangedError, ServerError
from meso_sched.exchange import booking
from meso_sched.exchange.booking import NAME, held
from meso_sched.exchange.caldav import Calendar, connected

# Fixtures of those files, which pytest finds by their names.
__all__ = ["hurry", "memory_server", "office", "radicale_server", "xandikos_server"]

ROUNDS = 100
SLOTS = 3
FIRST = datetime(2035, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def desk(office: Office, radicale_server: Server, hurry: Hurry) -> Office:
    """A desk at a server with an empty calendar."""
    office.login(radicale_server, new_calendar(radicale_server))
    return office


def plan(patient: str, start: str = "2027-01-05", *more: str) -> tuple[str, ...]:
    """The command line that books a course of three sessions on Tuesdays at ten."""
    made = ("plan", "short", "--start", start, "--at", "10:00", "--patient", patient)
    return (*made, "-o", f"{patient}.ics", *more)


def book(desk: Office, patient: str, *more: str) -> Any:  # noqa: ANN401 - a Result
    return desk.run(*plan(patient, "2027-01-05", "--push", desk.calendar, *more))


# At the level of the lock: a hundred rounds of two real writers


def test_two_writers_never_book_the_same_slot(
    memory_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of two wants the first free slot; of two slots a round each gets one."""
    for name, value in account(memory_server).items():
        monkeypatch.setenv(name, value)
    url = new_calendar(memory_server)
    together = Barrier(2)
    with ThreadPoolExecutor(2) as pool, ExitStack() as open_:
        calendars = [open_.enter_context(connected(url)).calendar() for _ in range(2)]
        works = [
            pool.submit(_writes, calendar, name, together)
            for calendar, name in zip(calendars, ("a", "b"), strict=True)
        ]
        for work in works:
            work.result()
    events = by_uid(memory_server, url)
    assert overlapping(each.text for each in events.values()) == []
    starts = {start_of(each.text) for each in events.values()}
    assert len(events) == len(starts) == 2 * ROUNDS


def _writes(calendar: Calendar, name: str, together: Barrier) -> None:
    for number in range(ROUNDS):
        together.wait(60)
        with held(calendar, lambda seconds: time.sleep(seconds / 10)):
            start = _first_free(calendar, FIRST + timedelta(days=number))
            end = start + timedelta(minutes=30)
            uid = f"{name}-{number}"
            times = (f"DTSTART:{start:%Y%m%dT%H%M%SZ}", f"DTEND:{end:%Y%m%dT%H%M%SZ}")
            calendar.put(calendar.href(uid), foreign(uid, *times).encode(), None)


def _first_free(calendar: Calendar, day: datetime) -> datetime:
    for slot in range(SLOTS):
        start = day + timedelta(minutes=30 * slot)
        if not calendar.between(start, start + timedelta(minutes=30)):
            return start
    raise AssertionError("three writers?")


@pytest.mark.parametrize("start", [radicale, xandikos])
def test_only_one_holds_the_right_to_book(
    start: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with start(tmp_path) as server:
        for name, value in account(server).items():
            monkeypatch.setenv(name, value)
        url = new_calendar(server)
        inside: list[str] = []
        seen: list[int] = []

        def work(name: str) -> None:
            with connected(url) as there:
                for _ in range(5):
                    with held(there.calendar(), lambda _: time.sleep(0.01)):
                        inside.append(name)
                        seen.append(len(inside))
                        time.sleep(0.005)
                        inside.remove(name)

        with ThreadPoolExecutor(3) as pool:
            for done in [pool.submit(work, name) for name in "abc"]:
                done.result()
        assert (len(seen), set(seen)) == (15, {1})
        assert objects(server, url) == {}


def test_a_right_that_was_lost_on_the_way_is_known_again(desk: Office) -> None:
    with standing_before(desk.server) as faulty, connected(faulty.at(desk.calendar)) as server:
        calendar = server.calendar()
        faulty.fails(CutAfter(), "PUT")
        with held(calendar):
            assert len(objects(desk.server, desk.calendar)) == 1
        assert objects(desk.server, desk.calendar) == {}


def test_the_right_of_a_desk_that_is_gone_is_taken_over(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(booking, "LEASE", 0.3)
    with connected(desk.calendar) as server:
        calendar = server.calendar()
        with held(calendar) as gone:
            begun = time.monotonic()
            with held(calendar, lambda _: time.sleep(0.02)):
                assert time.monotonic() - begun > 0.3
                gone.renewed -= 60
                with pytest.raises(ChangedError, match="another desk took its turn; run again"):
                    gone.renew()
                # Nor does the one that was gone end the other's turn.
        assert objects(desk.server, desk.calendar) == {}


def test_a_desk_that_is_slow_but_there_keeps_its_right(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(booking, "LEASE", 0.5)
    monkeypatch.setattr(booking, "RENEWED", 0.05)
    monkeypatch.setattr(booking, "PATIENCE", 1.2)

    def waits() -> str:
        with connected(desk.calendar) as server:
            try:
                with held(server.calendar(), lambda _: time.sleep(0.02)):
                    return "got it"
            except ServerError as error:
                return str(error)

    with ThreadPoolExecutor(1) as pool, connected(desk.calendar) as server:
        with held(server.calendar()) as lease:
            other = pool.submit(waits)
            while not other.done():
                lease.renew()
                time.sleep(0.02)
        assert "other desks book all the time; try again later" in other.result()


# Whole programs


@pytest.mark.parametrize("name", ["radicale_server", "xandikos_server"])
def test_a_plan_is_booked_around_what_is_there(
    office: Office, hurry: Hurry, request: pytest.FixtureRequest, name: str
) -> None:
    desk, server = office, request.getfixturevalue(name)
    desk.login(server, new_calendar(server))
    Colleague(desk.server, desk.calendar).books("a", "20270105T070000Z", "20270105T073000Z")
    result = book(desk, "P1")
    assert (result.code, "3 events sent" in result.err) == (0, True), result.err
    assert sorted(desk.starts_there().values()) == [
        "2027-01-05T07:00", "2027-01-05T09:30", "2027-01-12T10:00", "2027-01-19T10:00"
    ]  # fmt: skip
    assert overlapping(each.text for each in desk.there.values()) == []
    assert set(desk.uids()) < set(desk.there)
    # Its own events are no obstacle to it, and there is nothing left to send.
    again = book(desk, "P1")
    assert (again.code, "nothing to send, all is there" in again.err) == (0, True), again.err
    assert "nothing to send" in desk.pushed().err


def test_a_course_planned_again_is_booked_over_its_own_events(desk: Office) -> None:
    assert book(desk, "P1").code == 0
    for start in ("2027-01-06", "2027-01-07"):
        result = desk.run(*plan("P1", start, "--push", desk.calendar))
        assert (result.code, "3 events sent" in result.err) == (0, True), result.err
        assert min(desk.starts_there().values()) == f"{start}T10:00"
    assert set(desk.there) == set(desk.uids())


def test_a_list_of_courses_is_pushed_again_after_it_was_placed_again(desk: Office) -> None:
    """Whichever command writes a course's file, it goes on knowing what is on the server."""
    for at in ("10:00", "11:00"):
        lines = [f"{patient},short,2027-01-05,{at}\n" for patient in ("P1", "P2")]
        desk.write("list.csv", "".join(["patient,regimen,start,at\n", *lines]))
        placed = desk.run("cohort", "list.csv", "-o", "out")
        assert placed.code == 0, placed.err
        files = [name for name in desk.files() if re.search("P[12]", name) and name.endswith("ics")]
        assert len(files) == 2, desk.files().keys()
        result = desk.push(*files)
        assert result.code == 0, result.err
        assert (len(desk.there), overlapping(each.text for each in desk.there.values())) == (6, [])


def meanwhile(desk: Office, faulty: Faulty, start: str = "20270105T070000Z") -> None:
    """Another desk takes a slot after this one has looked and before it has the right to book."""
    other = Colleague(desk.server, desk.calendar)
    end = f"{start[:11]}3000Z"
    faulty.fails(Meanwhile(lambda: other.books("taken", start, end)), "PUT")


def test_the_second_desk_is_told_and_offered_the_next(desk: Office) -> None:
    with standing_before(desk.server) as faulty:
        meanwhile(desk, faulty)
        result = desk.run(*plan("P1", "2027-01-05", "--push", faulty.at(desk.calendar)))
        assert result.code == 5
        assert result.err.rstrip().endswith(
            "session 1 (Tue 5 Jan 10:00) was taken by another desk meanwhile; free next: session 1"
            " Tue 5 Jan 09:30. Nothing was written; run again to book that"
        )
        assert (set(desk.there), sorted(desk.files())) == ({"taken"}, ["schedules.toml"])
        result = desk.run(*plan("P1", "2027-01-05", "--push", faulty.at(desk.calendar)))
        assert result.code == 0, result.err
    assert desk.starts_there()[desk.uids()[0]] == "2027-01-05T09:30"
    assert overlapping(each.text for each in desk.there.values()) == []


@pytest.mark.parametrize("answer", ["y", "n"])
def test_at_a_terminal_the_next_is_asked_for(desk: Office, answer: str) -> None:
    with standing_before(desk.server) as faulty:
        meanwhile(desk, faulty, "20350102T070000Z")
        args = plan("P1", "2035-01-02", "--push", faulty.at(desk.calendar))
        code, shown = desk.terminal(*args, answers=[("Book that?", answer)])
    assert "free next: session 1 Tue 2 Jan 09:30" in " ".join(shown.split())
    if answer == "y":
        assert (code, desk.starts_there()[desk.uids()[0]]) == (0, "2035-01-02T09:30")
    else:
        assert (code, sorted(desk.files())) == (5, ["schedules.toml"])
        assert set(desk.there) == {"taken"}


@pytest.mark.parametrize(
    ("day", "ends"),
    [
        ("2027-01-13", "free next: session 2 Wed 13 Jan 09:30. Nothing was written"),
        ("2027-01-13T10:00", "nothing was written. session 2 on Wed 13 Jan 2027 at 10:00: on busy"),
    ],
    ids=["any time of a day", "that time alone"],
)
def test_a_revision_is_booked_in_the_same_way(desk: Office, day: str, ends: str) -> None:
    other = Colleague(desk.server, desk.calendar)
    with standing_before(desk.server) as faulty:
        calendar = faulty.at(desk.calendar)
        assert desk.run(*plan("P1", "2027-01-05", "--push", calendar)).code == 0
        before, there = desk.files(), desk.there
        faulty.fails(
            Meanwhile(lambda: other.books("taken", "20270113T070000Z", "20270113T073000Z")), "PUT"
        )
        move = ("revise", "P1.ics", "--move", f"2={day}", "--yes", "--push", calendar)
        result = desk.run(*move)
        told = f"session 2 (Wed 13 Jan 10:00) was taken by another desk meanwhile; {ends}"
        assert (result.code, told in result.err) == (5, True), result.err
        assert desk.files() == before
        assert {uid: each for uid, each in desk.there.items() if uid != "taken"} == there


def test_at_a_terminal_a_revision_is_shown_again_with_what_is_free(desk: Office) -> None:
    other = Colleague(desk.server, desk.calendar)
    with standing_before(desk.server) as faulty:
        calendar = faulty.at(desk.calendar)
        assert desk.run(*plan("P1", "2035-01-02", "--push", calendar)).code == 0
        faulty.fails(
            Meanwhile(lambda: other.books("taken", "20350110T070000Z", "20350110T073000Z")), "PUT"
        )
        code, shown = desk.terminal(
            *("revise", "P1.ics", "--move", "2=2035-01-10", "--push", calendar),
            answers=[(question, "y") for question in ("Write P1", "Book that?", "Write P1")],
        )
    assert (code, "Wed 10 Jan 09:30" in shown.rpartition("Book that?")[2]) == (0, True), shown
    assert desk.starts_there()[desk.uids()[1]] == "2035-01-10T09:30"


def test_a_dry_run_of_a_revision_books_nothing(desk: Office) -> None:
    assert book(desk, "P1").code == 0
    before = desk.there, desk.files()
    result = desk.run(
        "revise", "P1.ics", "--move", "2=2027-01-13T11:00", "-n", "--push", desk.calendar
    )
    assert (result.code, (desk.there, desk.files())) == (0, before)


def test_a_course_that_another_file_has_booked_is_not_booked_again(desk: Office) -> None:
    assert book(desk, "P1").code == 0
    before = desk.there
    (desk.folder / "P1.ics").unlink()
    result = desk.run(*plan("P1", "2027-02-02", "--push", desk.calendar))
    assert (result.code, "another file has booked this course there" in result.err) == (5, True)
    assert (desk.there, "P1.ics" in desk.files()) == (before, False)


def test_what_others_changed_in_the_course_is_not_booked_over(desk: Office) -> None:
    assert book(desk, "P1").code == 0
    first = desk.uids()[0]
    Colleague(desk.server, desk.calendar).moves(first, timedelta(hours=1))
    before = desk.files()
    result = desk.run(
        "revise", "P1.ics", "--move", "2=2027-01-13T11:00", "--yes", "--push", desk.calendar
    )
    assert (result.code, "`meso-sched pull` first. Nothing was written" in result.err) == (5, True)
    assert desk.files() == before
    assert desk.starts_there()[first] == "2027-01-05T11:00"


def test_a_desk_that_lost_its_turn_writes_nothing(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was so slow that another took over, and finds that out before it writes."""
    monkeypatch.setattr(booking, "RENEWED", 0.0)
    lock = f"{desk.calendar}{NAME}.ics"
    with standing_before(desk.server) as faulty:

        def take_over(method: str, path: str, count: int) -> Meanwhile | None:
            if method == "REPORT" and len(faulty.asked("PUT")) == 1 and not taken:
                taken.append(path)
                return Meanwhile(
                    lambda: put(desk.server, lock, foreign(NAME, "DTSTART:19700101T000000Z"))
                )
            return None

        taken: list[str] = []
        faulty.rule = take_over
        result = desk.run(*plan("P1", "2027-01-05", "--push", faulty.at(desk.calendar)))
    assert (result.code, "another desk took its turn; run again" in result.err) == (5, True)
    assert sorted(desk.files()) == ["schedules.toml"]
    assert set(desk.there) == {NAME}  # the other's, who is still at it


def test_a_booking_that_broke_off_says_what_to_do(desk: Office) -> None:
    with standing_before(desk.server) as faulty:
        calendar = faulty.at(desk.calendar)
        faulty.fails(Says(500), "PUT", nth=3, times=float("inf"))
        result = desk.run(*plan("P1", "2027-01-05", "--push", calendar))
        assert result.code == 6
        assert "P1.ics is written, and not all of it is on the server: run the same" in result.err
        faulty.works()
        assert desk.run(*plan("P1", "2027-01-05", "--push", calendar)).code == 0
    assert NAME not in desk.there
    assert set(desk.there) == set(desk.uids())


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("plan", "short", "--start", "2027-01-05", "--patient", "P1"), "-o FILE.ics"),
        (("plan", "short", "--start", "2027-01-05", "-o", "P1.ics"), "--patient"),
        (("revise", "P1.ics", "-o", "other.ics"), "leave -o out"),
    ],
)
def test_what_cannot_be_booked_is_refused(desk: Office, args: tuple[str, ...], words: str) -> None:
    result = desk.run(*args, "--push", desk.calendar)
    assert (result.code, "--push: " in result.err, words in result.err) == (2, True, True)
    assert desk.there == {}


def test_whole_programs_at_once(desk: Office) -> None:
    """Three desks want the same three slots, and whoever is told runs again."""
    patients = ("P1", "P2", "P3")
    waiting = list(patients)
    for _ in range(6):
        commands = [
            (name, started(desk, *plan(name, "2035-01-02", "--push", desk.calendar)))
            for name in waiting
        ]
        codes = {name: (process.communicate()[1], process.returncode) for name, process in commands}
        waiting = [name for name, (_, code) in codes.items() if code != 0]
        for name in waiting:
            err, code = codes[name]
            assert (code, b"taken by another desk meanwhile; free next:" in err) == (5, True), err
            assert f"{name}.ics" not in desk.files()
        if not waiting:
            break
    there = desk.there
    assert len(there) == len(patients) * SESSIONS
    assert overlapping(each.text for each in there.values()) == []
    for name in patients:
        assert set(desk.uids(f"{name}.ics")) < set(there)


@pytest.mark.parametrize("told", [("--move", "2=2027-01-13T11:00"), ("--stop",)])
def test_a_revision_that_broke_off_is_completed(desk: Office, told: tuple[str, ...]) -> None:
    with standing_before(desk.server) as faulty:
        calendar = faulty.at(desk.calendar)
        assert desk.run(*plan("P1", "2027-01-05", "--push", calendar)).code == 0
        faulty.forget()
        faulty.fails(Says(500), "PUT", nth=2, times=float("inf"))
        result = desk.run("revise", "P1.ics", *told, "--yes", "--push", calendar)
        assert (result.code, "`meso-sched push P1.ics URL` sends the rest" in result.err) == (
            *(6, True),
        )
        faulty.works()
        if "--move" in told:
            again = desk.run("revise", "P1.ics", *told, "--yes", "--push", calendar)
            assert (again.code, "event sent" in again.err) == (0, True), again.err
        assert desk.run("push", "P1.ics", calendar).code == 0
    second = by_uid(desk.server, desk.calendar)[desk.uids()[1]].text
    assert ("STATUS:CANCELLED" in second) is ("--stop" in told)
    assert start_of(second) == ("2027-01-12T10:00" if "--stop" in told else "2027-01-13T11:00")


def test_a_booking_that_is_interrupted_says_what_to_do(desk: Office) -> None:
    with standing_before(desk.server) as faulty:
        calendar = faulty.at(desk.calendar)
        faulty.fails(Late(30), "PUT", nth=3)
        with started(desk, *plan("P1", "2035-01-02", "--push", calendar)) as process:
            until(lambda: len(faulty.asked("PUT")) == 3)
            process.send_signal(signal.SIGINT)
            _, shown = process.communicate(timeout=20)
        assert (process.returncode, b"Traceback" in shown) == (130, False), shown
        assert b"stopped half way; run the same command again, which completes it" in shown
        assert NAME not in desk.there
        faulty.works()
        again = desk.run(*plan("P1", "2035-01-02", "--push", calendar))
        assert again.code == 0, again.err
    assert set(desk.there) == set(desk.uids("P1.ics"))


def test_a_desk_that_is_killed_as_it_books_holds_nobody_up_for_long(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(booking, "LEASE", 0.3)
    with standing_before(desk.server) as faulty:
        calendar = faulty.at(desk.calendar)
        faulty.fails(Late(30), "PUT", nth=3)  # the right to book, and its first two events
        with started(desk, *plan("P1", "2035-01-02", "--push", calendar)) as process:
            until(lambda: len(faulty.asked("PUT")) == 3)
            time.sleep(0.2)  # so that the real server has it
            process.kill()
        faulty.works()
        assert NAME in desk.there
        other = desk.run(*plan("P2", "2035-01-02", "--push", desk.calendar))
        assert other.code == 0, other.err
        assert NAME not in desk.there
        first = desk.run(*plan("P1", "2035-01-02", "--push", calendar))
        assert first.code == 0, first.err
    there = desk.there
    assert set(there) == {*desk.uids("P1.ics"), *desk.uids("P2.ics")}
    assert overlapping(each.text for each in there.values()) == []
