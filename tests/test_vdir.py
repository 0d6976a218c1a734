"""`-o DIR/`: a course as a folder of events, one a file, which khal and vdirsyncer keep."""

from __future__ import annotations

import errno
import os
import random
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import icalendar
import pytest
import vobject
from running import ISTANBUL, Result
from test_khal import FORMAT, Khal, khal
from test_radicale import COLLECTION, MOMENTS, REVIEWS, SESSIONS, Radicale, radicale
from test_revise_command import CLERK, Reception, desk
from test_start_up import CALENDARS, loaded

from meso_sched.exchange import vdir_writing
from meso_sched.exchange.calendar_file import OpenCalendar, open_calendar

# Fixtures of those files, which pytest finds by their names.
__all__ = ["desk", "khal", "radicale"]

EVENTS = SESSIONS * (1 + MOMENTS) + REVIEWS
STAMP = "1767225600"
PLAN = ("plan", "hair", "--start", "2027-01-05", "--patient", "P1")
TEN = ("--at", "10:00")
KILLS = 10


class Vdir(NamedTuple):
    """A folder of events, and what may be seen of it."""

    path: Path

    def data(self) -> dict[str, bytes]:
        """Every file in it, hidden ones too."""
        return {each.name: each.read_bytes() for each in self.path.iterdir() if each.is_file()}

    def stamps(self) -> dict[str, tuple[int, int]]:
        """What vdirsyncer and khal know a change by."""
        known = {each.name: each.lstat() for each in self.path.iterdir()}
        return {name: (each.st_mtime_ns, each.st_ino) for name, each in known.items()}

    def event(self, name: str) -> Any:  # noqa: ANN401 - icalendar's own
        """The one event of a file."""
        (event,) = icalendar.Calendar.from_ical((self.path / name).read_bytes()).walk("VEVENT")
        return event

    def session(self, number: int) -> Path:
        """The file of a session."""
        told = re.compile(rb"^DESCRIPTION:(?:Session|Appointment) %d of " % number, re.MULTILINE)
        (path,) = [each for each in self.path.glob("*.ics") if told.search(each.read_bytes())]
        return path

    def start(self, number: int) -> str:
        """When a session is."""
        return f"{self.event(self.session(number).name).start:%Y-%m-%dT%H:%M}"

    def uids(self) -> list[str]:
        """The UIDs of all its files, sorted."""
        return sorted(str(self.event(each.name)["UID"]) for each in self.path.glob("*.ics"))

    def sequences(self) -> dict[str, int]:
        """The SEQUENCE of every event by its UID."""
        events = [self.event(each.name) for each in self.path.glob("*.ics")]
        return {str(event["UID"]): int(event["SEQUENCE"]) for event in events}


@pytest.fixture
def cal(desk: Reception) -> Vdir:
    """An empty folder's name beside the desk's files; it is the day before the course begins."""
    desk.today("2027-01-04")
    return Vdir(desk.folder / "cal")


def planned(desk: Reception, *args: str) -> Result:
    """Plan the course into the folder."""
    result = desk.run(*PLAN, *(args or TEN), "-o", "cal/")
    assert result.code == 0, result.err
    return result


def last(result: Result) -> str:
    """The last line that was said."""
    return result.err.splitlines()[-1]


def edited(path: Path, *exchanges: tuple[bytes, bytes]) -> bytes:
    """Another program's edit of a file; gives what it holds now."""
    data = path.read_bytes()
    for old, new in exchanges:
        assert data.count(old) == 1
        data = data.replace(old, new)
    path.write_bytes(data)
    return data


# ---- Writing -------------------------------------------------------------------------------------


def test_every_event_is_a_whole_calendar_named_by_its_uid(desk: Reception, cal: Vdir) -> None:
    assert last(planned(desk)) == f"meso-sched: cal/: {EVENTS} written, 9 sessions and 2 reviews"
    written = cal.data()
    assert len(written) == EVENTS
    for name, data in written.items():
        calendar = icalendar.Calendar.from_ical(data)
        (event,) = calendar.walk("VEVENT")
        assert name == f"{event['UID']}.ics"
        assert "METHOD" not in calendar
        timed = b"TZID=" in data
        assert [str(each["TZID"]) for each in calendar.walk("VTIMEZONE")] == (
            ["Europe/Istanbul"] if timed else []
        )
        assert vobject.readOne(data.decode()).vevent.uid.value == str(event["UID"])
        assert data.endswith(b"\r\n")
        assert max(map(len, data.split(b"\r\n"))) <= 75


def test_the_events_are_those_of_the_file(desk: Reception, cal: Vdir) -> None:
    desk.setenv("SOURCE_DATE_EPOCH", STAMP)
    planned(desk)
    assert desk.run(*PLAN, *TEN, "-o", "P1.ics").code == 0
    whole = icalendar.Calendar.from_ical((desk.folder / "P1.ics").read_bytes()).walk("VEVENT")
    assert {str(each["UID"]): each.to_ical() for each in whole} == {
        str(event["UID"]): event.to_ical() for event in map(cal.event, cal.data())
    }


def test_a_new_folder_and_its_files_are_private(desk: Reception, cal: Vdir) -> None:
    planned(desk)
    assert stat.S_IMODE(cal.path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in cal.path.iterdir()} == {0o600}


def test_a_folder_that_is_there_needs_no_slash(desk: Reception, cal: Vdir) -> None:
    cal.path.mkdir(mode=0o755)
    assert desk.run(*PLAN, *TEN, "-o", "cal").code == 0
    assert len(cal.data()) == EVENTS
    assert stat.S_IMODE(cal.path.stat().st_mode) == 0o755


def test_json_goes_to_stdout_as_with_a_file(desk: Reception, cal: Vdir) -> None:
    desk.setenv("SOURCE_DATE_EPOCH", STAMP)
    into_folder = desk.run(*PLAN, *TEN, "--json", "-o", "cal/")
    into_file = desk.run(*PLAN, *TEN, "--json", "-o", "P1.ics")
    assert into_folder.document == into_file.document
    assert len(cal.data()) == EVENTS


# ---- Planned again -------------------------------------------------------------------------------


def test_the_same_plan_again_touches_nothing(desk: Reception, cal: Vdir) -> None:
    planned(desk)
    data, stamps = cal.data(), cal.stamps()
    assert last(planned(desk)) == "meso-sched: cal/: holds this plan already, nothing changed"
    assert (cal.data(), cal.stamps()) == (data, stamps)


def test_only_the_files_of_what_changed_are_written(desk: Reception, cal: Vdir) -> None:
    planned(desk)
    data, stamps, before = cal.data(), cal.stamps(), cal.sequences()
    # No event tells when the patient can come. Session 5 makes room, and its care with it; what
    # follows keeps its own dates.
    result = planned(desk, *TEN, "--away", "2027-02-09")
    assert last(result) == (
        "meso-sched: cal/: 7 updated, 58 unchanged, 9 sessions, of which changed: 5"
    )
    changed = {name for name, each in data.items() if each != cal.data()[name]}
    assert len(changed) == 1 + MOMENTS
    assert {name for name, each in stamps.items() if each != cal.stamps()[name]} == changed
    after = cal.sequences()
    assert {f"{uid}.ics" for uid in after if after[uid] == before[uid] + 1} == changed


def test_what_others_added_stays_in_the_file_they_chose(desk: Reception, cal: Vdir) -> None:
    planned(desk)
    session = cal.session(3)
    alarm = b"BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT7M\r\nEND:VALARM\r\n"
    theirs = b"ATTENDEE:mailto:a@example.org\r\nX-OTHER;A=b:kept\r\n"
    edited(
        session,
        (b"END:VEVENT", theirs + alarm + b"END:VEVENT"),
        (b"SUMMARY:P1 (3/9)", b"SUMMARY:Bring the form"),
        (b"BEGIN:VEVENT", b"X-THEIRS:above\r\nBEGIN:VEVENT"),
    )
    session.rename(cal.path / "random-name.ics")
    (cal.path / "random-name.ics").chmod(0o640)
    uids = cal.uids()
    planned(desk, "--at", "11:00")
    assert (cal.uids(), cal.session(3).name) == (uids, "random-name.ics")
    data = (cal.path / "random-name.ics").read_bytes()
    for each in (theirs.splitlines()[0], theirs.splitlines()[1], alarm, b"X-THEIRS:above"):
        assert each in data
    event = cal.event("random-name.ics")
    assert (str(event["SUMMARY"]), int(event["SEQUENCE"])) == ("Bring the form", 1)
    assert cal.start(3) == "2027-01-19T11:00"
    assert stat.S_IMODE((cal.path / "random-name.ics").stat().st_mode) == 0o640


def test_a_session_moved_by_hand_stays_where_it_was_moved(desk: Reception, cal: Vdir) -> None:
    planned(desk)
    moved = edited(
        cal.session(4),
        (b":20270126T100000", b":20270127T140000"),
        (b":20270126T103000", b":20270127T143000"),
    )
    result = planned(desk)
    assert "session 4 was moved in the calendar" in result.err
    assert cal.start(4) == "2027-01-27T14:00"
    assert b":20270127T140000" in moved
    data = cal.data()
    assert last(planned(desk)).endswith("nothing changed")
    assert cal.data() == data


def test_a_session_that_was_deleted_stays_cancelled(desk: Reception, cal: Vdir) -> None:
    planned(desk)
    path = cal.session(9)
    path.unlink()
    planned(desk)
    assert str(cal.event(path.name)["STATUS"]) == "CANCELLED"
    assert int(cal.event(path.name)["SEQUENCE"]) == 1


def test_sessions_that_the_plan_lacks_stay_as_cancelled(desk: Reception, cal: Vdir) -> None:
    planned(desk, *TEN, "--sessions", "weekly=5")
    uids = cal.uids()
    planned(desk)
    assert cal.uids() == uids
    cancelled = [name for name in cal.data() if str(cal.event(name)["STATUS"]) == "CANCELLED"]
    assert len(cancelled) == 1 + MOMENTS
    assert str(cal.event(cal.session(10).name)["SUMMARY"]) == "Cancelled: P1 (10/10)"


def test_the_patients_copy_stands_beside_the_clinics(desk: Reception, cal: Vdir) -> None:
    planned(desk, *TEN, "--for", "clinic")
    data = cal.data()
    result = planned(desk, *TEN, "--for", "patient", "--care", "none")
    assert f"cal/: {SESSIONS + REVIEWS} written" in result.err
    assert len(cal.uids()) == len(set(cal.uids())) == len(data) + SESSIONS + REVIEWS
    assert data.items() <= cal.data().items()
    again = planned(desk, *TEN, "--for", "patient", "--care", "none")
    assert "cal/: holds this plan already" in again.err


def stripped(cal: Vdir) -> None:
    """Another program rewrote every file, and dropped what it does not know."""
    for path in cal.path.glob("*.ics"):
        data = path.read_bytes().replace(b"\r\n ", b"")
        path.write_bytes(re.sub(rb"X-MESO[^\r\n]*\r\n", b"", data))


def test_events_that_lost_their_records_are_known_by_their_uids(desk: Reception, cal: Vdir) -> None:
    planned(desk)
    data = cal.data()
    stripped(cal)
    assert "0 of 9 sessions done" not in desk.run("revise", "cal").err
    planned(desk, "--at", "11:00")
    assert (set(cal.data()), cal.start(5)) == (set(data), "2027-02-09T11:00")
    assert desk.run("revise", "cal").code == 0


def test_care_without_sessions_is_told(desk: Reception, cal: Vdir) -> None:
    planned(desk)
    for number in range(1, SESSIONS + 1):
        cal.session(number).unlink()
    data = cal.data()
    result = desk.run(*PLAN, *TEN, "-o", "cal/")
    assert (result.code, "none of the sessions of this course is left in it" in result.err) == (
        3,
        True,
    )
    assert cal.data() == data


# ---- Other programs' files -----------------------------------------------------------------------

STRANGER = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:lunch\r\n"
    b"DTSTAMP:20260101T000000Z\r\nDTSTART:20270105T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def test_strangers_are_not_touched(desk: Reception, cal: Vdir) -> None:
    cal.path.mkdir()
    other = ("plan", "hair", "--start", "2027-01-06", "--patient", "P2", "-o", "cal/")
    assert desk.run(*other).code == 0
    strangers = {
        "lunch.ics": STRANGER,
        "broken.ics": b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:half",
        "binary.ics": bytes(range(256)),
        "empty.ics": b"",
        "color": b"#ff0000",
        "displayname": b"The clinic",
        ".hidden.ics": STRANGER,
        "half.ics.tmp": b"vdirsyncer's own",
    }
    for name, each in strangers.items():
        (cal.path / name).write_bytes(each)
    (cal.path / "folder.ics").mkdir()
    (cal.path / "dangling.ics").symlink_to("nowhere")
    os.mkfifo(cal.path / "pipe.ics")
    data, stamps = cal.data(), cal.stamps()
    for args in (TEN, ("--at", "11:00"), ("--at", "11:00", "--sessions", "weekly=6")):
        planned(desk, *args)
    assert data.items() <= cal.data().items()
    assert stamps.items() <= cal.stamps().items()
    assert "P1" not in (cal.path / "lunch.ics").read_text()


def test_of_many_strangers_only_the_bytes_are_looked_at(
    desk: Reception, cal: Vdir, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(desk)
    for number in range(300):
        (cal.path / f"s{number}.ics").write_bytes(STRANGER.replace(b"lunch", b"s%d" % number))
    opened: list[str] = []

    def counting(text: str, where: str) -> OpenCalendar:
        opened.append(where)
        return open_calendar(text, where)

    monkeypatch.setattr("meso_sched.exchange.vdir.open_calendar", counting)
    planned(desk)
    assert len(opened) == EVENTS


class Bad(NamedTuple):
    """What stands in the folder, what is run, and how it is refused."""

    args: tuple[str, ...]
    code: int
    says: str
    name: str = ""
    data: bytes = b""


FIRST = "838e0249-6229-5fe9-b094-a6f1bfcd4583"
"""The UID of the first session of P1's course in Istanbul."""

REFUSED = {
    "another format": Bad(
        ("--format", "json", "-o", "cal/"),
        2,
        "-o cal/: a folder takes events (ics) and no json; name a file in it",
    ),
    "no parent": Bad(("-o", "none/cal/"), 3, "none/cal: the folder none does not exist"),
    "a file": Bad(("-o", "schedules.toml/"), 3, "schedules.toml: is no folder; name another"),
    "an own name with something else": Bad(
        ("-o", "cal/"),
        3,
        f"cal/{FIRST}.ics: has the name of an event of this course and holds something else; move"
        " it elsewhere, and run again",
        f"{FIRST}.ics",
        STRANGER,
    ),
    "an own file cut off": Bad(
        ("-o", "cal/"), 3, f"cal/{FIRST}.ics:4: BEGIN:VEVENT has no END", f"{FIRST}.ics",
        STRANGER[:90],
    ),
    "an own file that is binary": Bad(
        ("-o", "cal/"), 3, f"cal/{FIRST}.ics: is not UTF-8 text", f"{FIRST}.ics", b"\xff\xfe",
    ),
    "an own event without a time": Bad(
        ("-o", "cal/"), 3, "cal/x.ics:4: the event has no DTSTART", "x.ics",
        STRANGER.replace(b"lunch", FIRST.encode()).replace(b"DTSTART:20270105T100000Z\r\n", b""),
    ),
}  # fmt: skip


@pytest.mark.parametrize("bad", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    desk: Reception, cal: Vdir, bad: Bad
) -> None:
    if bad.name:
        cal.path.mkdir()
        (cal.path / bad.name).write_bytes(bad.data)
    before = desk.files()
    result = desk.run(*PLAN, *TEN, *bad.args)
    assert (result.code, bad.says in result.err) == (bad.code, True), result.err
    assert desk.files() == before


def test_an_event_in_two_files_is_refused(desk: Reception, cal: Vdir) -> None:
    planned(desk)
    session = cal.session(1)
    (cal.path / "z.ics").write_bytes(session.read_bytes())
    told = f"cal/{session.name} and cal/z.ics both hold the same event of this course; delete one"
    for args in ((*PLAN, "-o", "cal/"), ("revise", "cal"), ("agenda", "cal")):
        result = desk.run(*args)
        assert (result.code, told in result.err) == (3, True), result.err
    edited(cal.path / "z.ics", (b"UID:" + FIRST.encode(), b"UID:a-copy"))
    result = desk.run(*PLAN, "-o", "cal/")
    assert (result.code, "both hold session 1 of this course" in result.err) == (3, True)


def test_an_empty_file_of_ours_is_filled(desk: Reception, cal: Vdir) -> None:
    planned(desk)
    data = cal.data()
    (cal.path / f"{FIRST}.ics").write_bytes(b"")
    planned(desk)
    assert set(cal.data()) == set(data)
    assert str(cal.event(f"{FIRST}.ics")["UID"]) == FIRST


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="takes a right from root")
def test_a_write_protected_file_keeps_all_from_being_written(desk: Reception, cal: Vdir) -> None:
    planned(desk)
    cal.session(5).chmod(0o400)
    data = cal.data()
    result = desk.process(
        *PLAN, "--at", "11:00", "-o", "cal/", program=(sys.executable, "-c", CLERK)
    )
    assert (result.returncode, b"is write-protected, and nothing" in result.stderr) == (3, True)
    assert cal.data() == data


# ---- Changed underneath, and broken off ----------------------------------------------------------


def test_what_changed_meanwhile_is_seen_before_anything_is_written(
    desk: Reception, cal: Vdir, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(desk)
    path = cal.session(7)
    real = vdir_writing.FolderUpdate.write

    def write(update: vdir_writing.FolderUpdate) -> None:
        edited(path, (b"SUMMARY:P1 (7/9)", b"SUMMARY:Ring first"))
        real(update)

    monkeypatch.setattr(vdir_writing.FolderUpdate, "write", write)
    data = cal.data()
    result = desk.run(*PLAN, "--at", "11:00", "-o", "cal/")
    assert result.code == 5
    assert f"cal/{path.name}: another program changed it just now; nothing was" in result.err
    assert {name: each for name, each in cal.data().items() if data[name] != each} == {
        path.name: path.read_bytes()
    }
    monkeypatch.undo()


def test_a_full_disk_in_the_middle_leaves_whole_files_and_the_next_run_completes(
    desk: Reception, cal: Vdir, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.setenv("SOURCE_DATE_EPOCH", STAMP)
    planned(desk)
    whole = cal.data()
    for path in cal.path.iterdir():
        path.unlink()
    real, left = os.replace, iter(range(20))

    def replace(source: str, target: Path) -> None:
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace)
        result = desk.run(*PLAN, *TEN, "-o", "cal/")
    assert (result.code, "No space left on device; make room first" in result.err) == (3, True)
    there = {name: data for name, data in cal.data().items() if name.endswith(".ics")}
    assert len(there) == 19
    assert there.items() <= whole.items()
    told = desk.run("agenda", "cal")
    assert "cal/: the last run that wrote a course into it was broken off" in told.err
    planned(desk)
    assert cal.data() == whole
    assert desk.run("agenda", "cal").err == ""


KILLED = """import os, signal, sys
from meso_sched.cli.running import run
from meso_sched.exchange import vdir_writing
left = int(sys.argv.pop(1))
real = vdir_writing.FolderUpdate.write
def count(frame, event, argument):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
def write(update):
    sys.setprofile(count)
    real(update)
    sys.setprofile(None)
    print(left, file=sys.stderr)
vdir_writing.FolderUpdate.write = write
sys.exit(run(sys.argv[1:]))
"""
MANY = 10**9


def killed(desk: Reception, at: int, *args: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command that kills itself at a call or return of its writing."""
    return desk.process(
        str(at), *args, program=(sys.executable, "-c", KILLED), SOURCE_DATE_EPOCH=STAMP
    )


STARTS = {"the first plan": False, "a revision": True}


@pytest.mark.parametrize("is_revision", STARTS.values(), ids=STARTS)
def test_killed_at_any_call_of_the_writing_every_file_is_whole(
    desk: Reception, cal: Vdir, *, is_revision: bool
) -> None:
    # As a process has it, whose clock is today's.
    plan = ("plan", "hair", *TEN, "--start", "2090-01-03", "--patient", "P1", "-o", "cal/")
    told = ("revise", "cal/", "--cancel", "9", "--extend", "monthly=2", "--yes")
    old: dict[str, bytes] = {}
    if is_revision:
        assert desk.process(*plan, SOURCE_DATE_EPOCH=STAMP).returncode == 0
        old = cal.data()
    command = told if is_revision else plan
    whole = killed(desk, MANY, *command)
    assert whole.returncode == 0, whole.stderr.decode()
    calls = MANY - min(map(int, re.findall(rb"^(\d+)$", whole.stderr, re.MULTILINE)))
    new = cal.data()
    outcomes = set()
    for number in random.Random(2090).sample(range(1, calls), KILLS):
        restore(cal, old)
        assert killed(desk, number, *command).returncode == -signal.SIGKILL
        there = cal.data()
        shown = {name: data for name, data in there.items() if not name.startswith(".")}
        assert all(data in (old.get(name), new[name]) for name, data in shown.items())
        assert set(old) <= set(shown)
        outcomes.add("none" if shown == old else "all" if shown == new else "some")
        again = desk.process(*command, SOURCE_DATE_EPOCH=STAMP)
        if is_revision and b"broken off" in again.stderr:
            assert b"session 9 is cancelled already" in again.stderr
        else:
            assert again.returncode == 0, again.stderr.decode()
        there = cal.data()
        assert {name: data for name, data in there.items() if not name.startswith(".")} == new
        left = set(there) - set(new)
        assert all(name.startswith(".meso-sched.") for name in left)
        for name in left:
            os.utime(cal.path / name, (0, 0))
        desk.process(*plan[:-1], "cal/", SOURCE_DATE_EPOCH=STAMP)
        assert not left & set(cal.data())
    assert "some" in outcomes


def restore(cal: Vdir, old: dict[str, bytes]) -> None:
    """The folder as it was."""
    for path in cal.path.iterdir():
        path.unlink()
    for name, data in old.items():
        (cal.path / name).write_bytes(data)


# ---- agenda, busy, revise ------------------------------------------------------------------------


def two_courses(desk: Reception) -> None:
    planned(desk)
    other = ("plan", "hair", "--start", "2027-01-06T09:00", "--patient", "P2", "-o", "cal/")
    assert desk.run(*other).code == 0


def test_agenda_shows_each_course_once_and_whole(desk: Reception, cal: Vdir) -> None:
    two_courses(desk)
    assert desk.run(*PLAN, *TEN, "--course", "2", "-o", "whole.ics").code == 0
    shown = desk.run("agenda", "cal", "--range", "2027-01-01..2027-12-31", "--json")
    assert (shown.code, shown.err, shown.document["warnings"]) == (0, "", [])
    came = [(each["patient"], each["kind"]) for each in shown.document["appointments"]]
    assert sorted(came) == sorted(
        [("P1", "session"), ("P2", "session")] * SESSIONS
        + [("P1", "review"), ("P2", "review")] * REVIEWS
    )
    paths = sorted(map(str, cal.path.glob("*.ics")))
    assert desk.run("agenda", *paths, "--json", "--range", "2027-01-01..2027-12-31").code == 0
    all_ = desk.run("agenda", "--json", "--range", "2027-01-01..2027-12-31").document
    assert len({each["file"] for each in all_["appointments"]}) == 3


def test_an_agenda_of_folders_loads_no_calendar_library(desk: Reception, cal: Vdir) -> None:
    two_courses(desk)
    assert loaded(desk, "agenda", "cal") & CALENDARS == set()


def test_an_agenda_names_a_file_that_revise_takes(desk: Reception, cal: Vdir) -> None:
    two_courses(desk)
    shown = desk.run("agenda", "cal", "--date", "2027-01-06", "--json").document
    (file,) = {each["file"] for each in shown["appointments"]}
    desk.today("2027-01-07")
    result = desk.run("revise", file, "--done", "1", "--yes")
    assert result.code == 0, result.err
    assert last(result) == ("meso-sched: cal/: 1 updated, 64 unchanged, 1 session changed"), (
        result.err
    )
    assert "1 of 9 sessions done" in desk.run("agenda", "cal", "--for", "P2").out


def test_busy_takes_the_time_of_a_folder(desk: Reception, cal: Vdir) -> None:
    planned(desk)
    other = desk.plan("--patient", "P2", *TEN, "--busy", "cal")
    assert other.document["sessions"][0]["start"] != "2027-01-05T10:00:00+03:00"
    own = desk.plan("--patient", "P1", *TEN, "--busy", "cal", "-o", "cal/")
    assert own.document["sessions"][0]["start"] == "2027-01-05T10:00:00+03:00"


def test_revise_reads_and_writes_the_one_course_of_a_folder(desk: Reception, cal: Vdir) -> None:
    planned(desk)
    data = cal.data()
    desk.today("2027-01-20")
    assert desk.run("revise", "cal", "--done", "1,2", "--dry-run").code == 0
    assert cal.data() == data
    result = desk.run("revise", "cal/", "--done", "1,2", "--missed", "3", "--yes", "--json")
    assert (result.code, result.document["written"]) == (0, True), result.err
    sessions = [cal.event(cal.session(number).name) for number in (1, 2, 3)]
    assert [str(each["SUMMARY"]) for each in sessions] == [
        "Done: P1 (1/9)", "Done: P1 (2/9)", "P1 (3/9)"
    ]  # fmt: skip
    assert not list(cal.path.glob("*~"))
    planned(desk)  # what is done stays done
    assert str(cal.event(cal.session(1).name)["SUMMARY"]) == "Done: P1 (1/9)"


def test_a_folder_remembers_when_the_patient_can_come(desk: Reception, cal: Vdir) -> None:
    planned(desk, *TEN, "--on", "tue,thu", "--between", "09:00-12:00")
    shown = desk.run("revise", "cal")
    assert "at 10:00; on Tue, Thu; 09:00-12:00" in shown.out
    stamps = cal.stamps()
    result = desk.run("revise", "cal", "--away", "2027-01-07", "--yes")
    assert last(result) == (
        f"meso-sched: cal/: {EVENTS} unchanged, the limits are kept for later"
    ), result.err
    assert [name for name, each in cal.stamps().items() if each != stamps[name]] == [
        name for name in stamps if name.startswith(".")
    ]
    assert "; away Thu 7 Jan" in desk.run("revise", "cal").out
    result = desk.run("revise", "cal", "--missed", "1", "--yes")
    assert (result.code, "has lost when" in result.err) == (0, False), result.err
    lifted = ("--on", "none", "--between", "none", "--away", "none")
    assert desk.run("revise", "cal", *lifted, "--yes").code == 0
    assert not [name for name in cal.data() if name.startswith(".")]


def test_revise_writes_another_files_course_into_a_folder(desk: Reception, cal: Vdir) -> None:
    assert desk.run(*PLAN, *TEN, "-o", "P1.ics").code == 0
    result = desk.run("revise", "P1.ics", "--cancel", "9", "-o", "cal/")
    assert last(result) == f"meso-sched: cal/: {EVENTS - MOMENTS} written"
    assert str(cal.event(cal.session(9).name)["STATUS"]) == "CANCELLED"


def test_revise_says_what_to_name_where_a_folder_has_not_one_course(
    desk: Reception, cal: Vdir
) -> None:
    cal.path.mkdir()
    result = desk.run("revise", "cal/")
    assert (result.code, last(result)) == (
        3,
        "meso-sched: cal/: holds no course; name a folder or a file that `plan -o` wrote",
    )
    two_courses(desk)
    result = desk.run("revise", "cal/")
    assert result.code == 3
    told = re.fullmatch(
        r"meso-sched: cal/: holds 2 courses \(hair 1 of P1, hair 1 of P2\); name one by a file of"
        r" one of its sessions, as (\S+) for hair 1 of P1",
        last(result),
    )
    assert told is not None
    assert desk.run("revise", told[1], "--json").document["course"]["patient"] == "P1"
    assert desk.run(*PLAN, "-o", "whole/P1.ics").code == 3
    (desk.folder / "whole").mkdir()
    assert desk.run(*PLAN, "-o", "whole/P1.ics").code == 0
    result = desk.run("revise", "whole/")
    assert (result.code, last(result)) == (
        3,
        "meso-sched: whole/: holds its course in one file; name that, whole/P1.ics",
    )


# ---- khal and vdirsyncer -------------------------------------------------------------------------


@pytest.mark.parametrize("khal", ["Europe/Istanbul"], indirect=True)
def test_khal_reads_the_folder(desk: Reception, khal: Khal) -> None:
    desk.today("2027-01-04")
    into = ("-o", f"{khal.home / 'calendar'}/")
    document = desk.run(*PLAN, *TEN, *into, "--care", "none", "--json").document
    arguments = ("list", "--day-format", "", "--format", FORMAT, "2026-12-01", "2027-12-31")
    listed = [line for line in khal(*arguments) if line]
    assert [line[:16] for line in listed if "/9)" in line] == [
        each["start"][:16] for each in document["sessions"]
    ]
    assert desk.run(*PLAN, "--at", "11:00", *into, "--care", "none").code == 0
    again = [line for line in khal(*arguments) if line]
    assert len(again) == len(listed) == SESSIONS + REVIEWS
    assert {line[11:16] for line in again if "/9)" in line} == {"11:00"}


class Syncer(NamedTuple):
    """vdirsyncer between the folder and the server."""

    home: Path

    @classmethod
    def of(cls, home: Path, folder: Path, url: str) -> Syncer:
        """Set up, both sides known to each other."""
        (home / "sync.conf").write_text(
            f'[general]\nstatus_path = "{home / "status"}"\n'
            '[pair clinic]\na = "folder"\nb = "server"\ncollections = null\n'
            f'[storage folder]\ntype = "filesystem"\npath = "{folder}"\nfileext = ".ics"\n'
            f'[storage server]\ntype = "caldav"\nurl = "{url}{COLLECTION}"\n'
            'username = "clinic"\npassword = "none"\n'
        )
        syncer = cls(home)
        syncer.run("discover")
        return syncer

    def run(self, command: str) -> str:
        """What it says; it must succeed."""
        done = subprocess.run(
            [sys.executable, "-m", "vdirsyncer", "-c", str(self.home / "sync.conf"), command],
            env={**os.environ, "HOME": str(self.home)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def sync(self) -> int:
        """How many events it had to copy."""
        return len(re.findall(r"Copying \(", self.run("sync")))


def test_vdirsyncer_carries_the_course_both_ways(
    desk: Reception, cal: Vdir, radicale: Radicale, tmp_path: Path
) -> None:
    planned(desk)
    syncer = Syncer.of(tmp_path, cal.path, radicale.url)
    assert syncer.sync() == EVENTS
    assert len(radicale.objects()) == EVENTS
    planned(desk)
    assert syncer.sync() == 0

    # A colleague moves session 4 on the server.
    href = f"{COLLECTION}{cal.session(4).name}"
    theirs = radicale.ask("GET", href)
    for old, new in ((b"0126T100000", b"0127T140000"), (b"0126T103000", b"0127T143000")):
        assert theirs.count(old) == 1
        theirs = theirs.replace(old, new)
    radicale.ask("PUT", href, theirs, Content_Type="text/calendar")
    assert syncer.sync() == 1
    assert cal.start(4) == "2027-01-27T14:00"

    result = planned(desk)
    assert "session 4 was moved in the calendar" in result.err
    assert cal.start(4) == "2027-01-27T14:00"
    assert len(cal.uids()) == len(set(cal.uids())) == EVENTS
    # What follows from the move: its care, and what is told of the session itself.
    assert 1 <= syncer.sync() <= EVENTS
    assert len(radicale.objects()) == EVENTS
    assert last(planned(desk)).endswith("nothing changed")
    assert syncer.sync() == 0


def test_a_folder_that_vdirsyncer_filled_is_a_course_that_goes_on(
    desk: Reception, cal: Vdir, radicale: Radicale, tmp_path: Path
) -> None:
    desk.today("2027-01-04")
    assert desk.run(*PLAN, *TEN, "-o", "P1.ics").code == 0
    radicale.put((desk.folder / "P1.ics").read_bytes())
    cal.path.mkdir()
    syncer = Syncer.of(tmp_path, cal.path, radicale.url)
    assert syncer.sync() == EVENTS
    data = cal.data()
    assert last(planned(desk)).endswith("nothing changed")
    assert cal.data() == data
    assert desk.run("revise", "cal", "--cancel", "9", "--yes").code == 0
    # The session, its care and the review that followed it.
    assert syncer.sync() == 1 + MOMENTS + 1
    assert len(radicale.objects()) == EVENTS


# ---- What takes a file of the course's own -------------------------------------------------------


def test_a_folder_neither_books_on_a_server_nor_invites(desk: Reception, cal: Vdir) -> None:
    desk.write("schedules.toml", f'{ISTANBUL}email = "desk@clinic.example"\n')
    planned(desk)
    data = cal.data()
    for args in (("--push", "https://server.example/cal/"), ("--invite", "a@example.org")):
        for command in ((*PLAN, "-o", "cal/"), ("revise", "cal/", "--cancel", "9", "--yes")):
            result = desk.run(*command, *args)
            told = f"{args[0]}: goes with a course's own FILE.ics; a folder of events is for khal"
            assert (result.code, told in result.err) == (2, True), result.err
    result = desk.run("pull", "https://server.example/cal/", "cal/")
    assert (result.code, "pull: goes with a course's own" in result.err) == (2, True), result.err
    assert cal.data() == data


def test_nothing_is_said_to_be_lost_where_nothing_was_limited(cal: Vdir, desk: Reception) -> None:
    planned(desk)
    result = desk.run("revise", "cal/", "--move", "5=2027-02-10T11:00", "--yes")
    assert (result.code, "lost" in result.err) == (0, False), result.err


def test_a_folder_of_many_courses_needs_a_patient(cal: Vdir, desk: Reception) -> None:
    result = desk.run("plan", "hair", "--start", "2027-01-05", "-o", "cal/")
    assert (result.code, "needs --patient" in result.err) == (2, True)
    assert not cal.path.exists()


def test_a_course_that_has_a_file_for_itself_is_not_split(cal: Vdir, desk: Reception) -> None:
    cal.path.mkdir()
    assert desk.run(*PLAN, *TEN, "-o", "cal/P1.ics").code == 0
    before = cal.data()
    result = desk.run(*PLAN, *TEN, "-o", "cal/", "--sessions", "weekly=6")
    assert (result.code, "holds its course in one file" in result.err) == (3, True)
    assert cal.data() == before


def test_an_event_of_a_folder_written_there_again_is_its_own_place(
    cal: Vdir, desk: Reception
) -> None:
    planned(desk)
    before = cal.data()
    name = cal.session(3).name
    result = desk.run("revise", f"cal/{name}", "--move", "5=2027-02-10T11:00", "-o", "cal/")
    assert (result.code, "add --yes to write it" in result.err) == (0, True), result.err
    result = desk.run("revise", f"cal/{name}", "-o", "cal/", "--care", "none")
    assert (result.code, "stays as it was planned" in result.err) == (2, True)
    assert cal.data() == before


@pytest.mark.parametrize("journal", [b"[" * 100_000, b'{"../out.ics": [null, "BEGIN:VCALENDAR"]}'])
def test_a_journal_leads_nowhere_else(cal: Vdir, desk: Reception, journal: bytes) -> None:
    planned(desk)
    told = re.search(
        r'"id":"([0-9a-f-]{36})"',
        cal.session(1).read_text().replace("\n ", "").replace("\\", ""),
    )
    assert told is not None
    desk.write(f"cal/.meso-sched-{told[1]}.json", journal)
    assert desk.run(*PLAN, *TEN, "-o", "cal/").code == 0
    assert not (desk.folder / "out.ics").exists()
