"""`revise`: what happened is told to the course's file, shown first and written on a yes."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, NamedTuple

import icalendar
import pytest
from rich.cells import cell_len
from running import ISTANBUL, Desk, Result, serving

from meso_sched.cli import app

HAIR = ("plan", "hair", "--at", "10:00")
P1 = (*HAIR, "--start", "2027-01-05", "--patient", "P1", "-o", "P1.ics")
# Tuesdays; 18 May is Eid al-Adha.
BOOKED = [
    *("2027-01-05", "2027-01-12", "2027-01-19", "2027-01-26"),
    *("2027-02-09", "2027-02-23", "2027-03-23", "2027-04-20", "2027-05-20"),
]
# Root may write everywhere: a process without that right sees a file as its owner's clerk does.
CLERK = """import ctypes, os, sys
ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE
os.execv(sys.executable, [sys.executable, "-m", "meso_sched", *sys.argv[1:]])
"""


class Reception(Desk):
    """A desk with a calendar on the wall and one patient's course, planned on 4 January 2027."""

    def today(self, day: str) -> None:
        """From here on it is noon of that day in Istanbul."""
        noon = datetime.fromisoformat(f"{day}T12:00+03:00")

        class Clock(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Clock:
                return cls.fromtimestamp(noon.timestamp(), tz)

        self._monkeypatch.setattr(app, "datetime", Clock)

    @property
    def file(self) -> Path:
        """The course's file."""
        return self.folder / "P1.ics"

    def course(self, *args: str) -> bytes:
        """Plan the course on 4 January; it is 20 January afterwards, three sessions are past."""
        self.today("2027-01-04")
        result = self.run(*P1, *args)
        assert result.code == 0, result.err
        self.today("2027-01-20")
        return self.file.read_bytes()

    def revise(self, *args: str) -> Result:
        """Run ``revise`` on the course."""
        return self.run("revise", "P1.ics", *args)

    def told(self, *args: str) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Revise the course and write it; gives the JSON."""
        result = self.revise(*args, "--yes", "--json")
        assert result.code == 0, result.err
        return result.document


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Reception:
    desk = Reception(tmp_path, monkeypatch, capsys)
    desk.write("schedules.toml", ISTANBUL)
    return desk


class Events:
    """The sessions of a calendar by number: as icalendar reads them and as the file has them.

    ``reviews`` and ``care`` are the bytes of the other events of the course by their UIDs.
    """

    def __init__(self, data: bytes) -> None:
        found = icalendar.Calendar.from_ical(data).walk("VEVENT")
        blocks = re.findall(rb"BEGIN:VEVENT\r\n.*?END:VEVENT\r\n", data, re.DOTALL)
        self.read: dict[int, Any] = {}
        self.bytes: dict[int, bytes] = {}
        self.reviews: dict[str, bytes] = {}
        self.care: dict[str, bytes] = {}
        self.session_of_care: dict[str, int] = {}
        numbers: dict[str, int] = {}
        related: dict[str, str] = {}
        for event, block in zip(found, blocks, strict=True):
            said = str(event.get("DESCRIPTION", ""))
            number = re.match(r"(?:Session|Appointment) (\d+) of", said)
            uid = str(event["UID"])
            if number:
                self.read[int(number[1])] = event
                self.bytes[int(number[1])] = block
                numbers[uid] = int(number[1])
            elif b"\r\nCATEGORIES:REVIEW\r\n" in block:
                self.reviews[uid] = block
            elif b"\r\nCATEGORIES:CARE\r\n" in block:
                self.care[uid] = block
                related[uid] = str(event["RELATED-TO"])
        self.session_of_care = {uid: numbers[session] for uid, session in related.items()}

    def changed_care(self, former: Events) -> set[int]:
        """The sessions whose care has an event that is new or another than it was."""
        assert set(former.care) <= set(self.care)
        new = {
            uid for uid, block in self.care.items() if _told(former.care.get(uid)) != _told(block)
        }
        return {self.session_of_care[uid] for uid in new}

    def changed_reviews(self, former: Events) -> int:
        """How many events of reviews are others than they were."""
        assert set(former.reviews) == set(self.reviews)
        return sum(_told(former.reviews[uid]) != _told(each) for uid, each in self.reviews.items())

    def all(self, name: str) -> list[str]:
        """One property of every session, in their order."""
        return [str(self.read[number][name]) for number in sorted(self.read)]

    @property
    def days(self) -> list[str]:
        """The local days of the sessions, in their order."""
        return [self.start(number)[:10] for number in sorted(self.read)]

    def start(self, number: int) -> str:
        """``2027-01-05T10:00`` of a session."""
        start: datetime = self.read[number]["DTSTART"].dt
        return start.isoformat()[:16]

    def seen(self, number: int) -> tuple[str, ...]:
        """What a person sees of a session in a calendar; nothing if there is none."""
        event = self.read.get(number, {})
        names = ("DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "STATUS", "TRANSP")
        return tuple(event[name].to_ical().decode() for name in names if name in event)


def _told(event: bytes | None) -> list[bytes]:
    """The lines of an event but for those that only this tool reads."""
    lines = unfolded(event or b"").split(b"\r\n")
    return [line for line in lines if not line.startswith(b"X-MESO")]


def rows(out: str) -> list[list[str]]:
    """The cells of the sessions' table, those that begin with a number."""
    lines = [line for line in out.splitlines() if re.match(r" ?\d+  \S", line)]
    return [re.split(r"\s{2,}", line.strip()) for line in lines]


def plain(shown: str) -> str:
    """What a screen shows, without its colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", shown)


# How the course stands


def test_without_options_it_shows_the_course_and_writes_nothing(desk: Reception) -> None:
    desk.course()
    before = desk.files()
    result = desk.revise()
    assert result.code == 0
    assert [row[0] for row in rows(result.out)] == [str(number) for number in range(1, 10)]
    assert "Hair mesotherapy (scalp), P1, course 1, from Tue 5 Jan 2027" in result.out
    assert result.out.endswith("\n0 of 9 sessions done, 0 missed.\n")
    assert result.err == (
        "meso-sched: warning: sessions 1, 2, 3 (the first on Tue 5 Jan 2027 at 10:00) are past and"
        " neither done nor missed; tell it with --done 1 or --missed 1\n"
    )
    assert desk.files() == before


def test_it_tells_how_the_course_was_kept_to(desk: Reception) -> None:
    desk.course()
    desk.told("--done", "1", "--done", "2=2027-01-13T10:30", "--missed", "3")
    result = desk.revise()
    assert result.err == ""
    assert result.out.endswith(
        "2 of 9 sessions done, 1 missed; 0.5 days from the ideal date on average, 1 day late at\n"
        "most.\n"
    ) or result.out.endswith(
        "2 of 9 sessions done, 1 missed; 0.5 days from the ideal date on average, 1 day\n"
        "late at most.\n"
    )


# What is told, and the events that change by it


class Case(NamedTuple):
    """What is told on 20 January, the sessions whose events change, and what becomes of them."""

    args: tuple[str, ...]
    changed: set[int]
    what: dict[int, str]


ALL = set(range(1, 10))
OPEN = set(range(4, 10))

CASES = {
    "done as booked": Case(("--done", "1"), {1}, {1: "done"}),
    "several done at once": Case(
        ("--done", "1", "--done", "2", "--done", "3"), {1, 2, 3}, {1: "done", 2: "done", 3: "done"}
    ),
    "done at another hour": Case(("--done", "3=2027-01-19T14:00"), {3}, {3: "done"}),
    "done on another day at the booked time": Case(("--done", "3=2027-01-20"), {3}, {3: "done"}),
    "done today, by a word": Case(("--done", "3=today"), {3}, {3: "done"}),
    "missed": Case(("--missed", "3"), {3}, {3: "missed"}),
    "missed and seen on another day": Case(
        ("--missed", "3", "--done", "3=2027-01-20T09:00"), {3}, {3: "missed"}
    ),
    "moved to a time": Case(("--move", "4=2027-01-27T09:00"), {4}, {4: "moved"}),
    "moved to the best time of a day": Case(("--move", "4=2027-01-27"), {4}, {4: "moved"}),
    "moved, and the next one gives way": Case(
        ("--move", "5=2027-02-11T10:00"), {5, 6}, {5: "moved", 6: "moved"}
    ),
    "one cancelled": Case(("--cancel", "9"), {9}, {9: "cancelled"}),
    "the rest cancelled": Case(
        ("--cancel", "7.."), {7, 8, 9}, dict.fromkeys((7, 8, 9), "cancelled")
    ),
    "stopped": Case(("--stop",), OPEN, dict.fromkeys(OPEN, "cancelled")),
    "the last phase longer": Case(
        ("--extend", "monthly=2"), ALL | {10, 11}, {10: "added", 11: "added"}
    ),
    "the patient is away": Case(("--away", "2027-02-09"), {5}, {5: "moved"}),
    "the patient is away for two days": Case(
        ("--away", "2027-02-09..2027-02-10"), {5}, {5: "moved"}
    ),
    "another hour": Case(("--at", "11:00"), OPEN, dict.fromkeys(OPEN, "moved")),
    "only in the afternoon": Case(("--between", "14:00-16:00"), OPEN, dict.fromkeys(OPEN, "moved")),
}


@pytest.mark.parametrize("name", CASES)
def test_the_events_that_changed_are_new_and_the_others_are_as_they_were(
    desk: Reception, name: str
) -> None:
    case = CASES[name]
    old = Events(desk.course())
    document = desk.told(*case.args)
    new = Events(desk.file.read_bytes())
    assert {each["number"]: each["what"] for each in document["changes"]} == case.what
    assert [number for number in old.read if number not in new.read] == []
    assert {number for number in new.read if old.seen(number) != new.seen(number)} == case.changed
    same = [number for number in old.read if old.bytes[number] == new.bytes[number]]
    assert set(new.read) - set(same) == case.changed
    for number in set(old.read) - set(same):
        before, after = old.read[number], new.read[number]
        assert after["UID"] == before["UID"]
        assert int(after["SEQUENCE"]) == int(before["SEQUENCE"]) + 1
        assert after["CREATED"].dt == before["CREATED"].dt
        noon = datetime.fromisoformat("2027-01-20T12:00+03:00")
        assert (after["DTSTAMP"].dt, after["LAST-MODIFIED"].dt) == (noon, noon)
    assert [each["sequence"] for each in document["sessions"]] == [
        int(text) for text in new.all("SEQUENCE")
    ]
    assert [each["start"][:16] for each in document["sessions"]] == [
        new.start(number) for number in sorted(new.read)
    ]
    assert new.changed_care(old) <= case.changed
    assert new.changed_reviews(old) == len(document["review_changes"])


@pytest.mark.parametrize("name", CASES)
def test_what_was_shown_before_is_what_is_written(desk: Reception, name: str) -> None:
    desk.course()
    dry = desk.revise(*CASES[name].args, "--json", "--dry-run").document
    written = desk.told(*CASES[name].args)
    assert (dry.pop("written"), written.pop("written")) == (False, True)
    assert dry == written


NOTHING = {
    "no option": (),
    "the limits that hold": ("--at", "10:00"),
    "the slot that it has": ("--move", "4=2027-01-28T10:00"),
    "an absence that is known": ("--away", "2027-02-09"),
}


@pytest.mark.parametrize("name", NOTHING)
def test_a_revision_that_changes_nothing_gives_the_same_bytes(desk: Reception, name: str) -> None:
    desk.course()
    desk.told("--done", "1", "--move", "4=2027-01-28T10:00", "--away", "2027-02-09")
    before = desk.files()
    desk.today("2027-01-21")
    result = desk.revise(*NOTHING[name], "--yes")
    assert result.code == 0
    assert desk.files() == before
    said = "meso-sched: P1.ics: nothing changes\n"
    assert result.err.endswith(said) is (NOTHING[name] != ())


def test_cancelled_sessions_stay_in_the_file_as_cancelled(desk: Reception) -> None:
    desk.course()
    desk.told("--cancel", "8..")
    found = Events(desk.file.read_bytes())
    assert found.all("STATUS") == [*["CONFIRMED"] * 7, "CANCELLED", "CANCELLED"]
    assert found.all("TRANSP") == [*["OPAQUE"] * 7, "TRANSPARENT", "TRANSPARENT"]
    assert found.all("SUMMARY")[6:] == ["P1 (7/9)", "Cancelled: P1 (8/9)", "Cancelled: P1 (9/9)"]
    assert found.days == BOOKED


def test_done_and_missed_stand_in_the_calendar_in_words(desk: Reception) -> None:
    desk.course()
    document = desk.told("--done", "1", "--missed", "2", "--done", "3")
    found = Events(desk.file.read_bytes())
    assert found.all("SUMMARY")[:4] == [
        *("Done: P1 (1/9)", "Missed: P1 (2/9)", "Done: P1 (3/9)", "P1 (4/9)"),
    ]
    statuses = [each["status"] for each in document["sessions"][:4]]
    assert statuses == ["fulfilled", "noshow", "fulfilled", "booked"]
    assert found.all("STATUS") == ["CONFIRMED"] * 9


def test_a_missed_session_is_placed_again_on_a_later_day(desk: Reception) -> None:
    desk.course()
    document = desk.told("--done", "1", "--done", "2", "--missed", "3")
    third = document["sessions"][2]
    assert (third["start"], third["status"]) == ("2027-01-20T12:00:00+03:00", "booked")
    assert third["why"][0] == "missed on Tue 19 Jan 2027 at 10:00"
    (change,) = (each for each in document["changes"] if each["number"] == 3)
    assert change["before"]["start"] == "2027-01-19T10:00:00+03:00"
    assert change["after"]["start"] == "2027-01-20T12:00:00+03:00"


def test_an_extended_phase_moves_those_behind_it_and_keeps_the_uids(desk: Reception) -> None:
    old = Events(desk.course())
    document = desk.told("--extend", "weekly=1")
    assert [each["phase"] for each in document["sessions"]] == [
        *["weekly"] * 5,
        *["biweekly"] * 2,
        *["monthly"] * 3,
    ]
    assert {each["number"]: each["what"] for each in document["changes"]} == {
        **dict.fromkeys(range(5, 10), "moved"),
        10: "added",
    }
    new = Events(desk.file.read_bytes())
    assert new.days[:4] == BOOKED[:4]
    assert new.days[4] == "2027-02-02"
    assert new.all("UID")[:9] == old.all("UID")
    assert new.all("SUMMARY") == [f"P1 ({number}/10)" for number in range(1, 11)]


def test_a_phase_begins_anew_with_the_next_open_session(desk: Reception) -> None:
    desk.course()
    desk.told("--done", "1", "--done", "2", "--done", "3")
    document = desk.told("--restart-phase")
    assert [(each["phase"], *each["of"]) for each in document["sessions"]][:8] == [
        *(("weekly", 1, 4), ("weekly", 2, 4), ("weekly", 3, 4)),
        *(("weekly", 1, 4), ("weekly", 2, 4), ("weekly", 3, 4), ("weekly", 4, 4)),
        ("biweekly", 1, 2),
    ]
    assert [each["status"] for each in document["sessions"][:4]] == [
        *["fulfilled"] * 3,
        "booked",
    ]


def test_revisions_can_be_told_one_after_the_other_or_at_once(desk: Reception) -> None:
    told = (("--done", "1"), ("--done", "2"), ("--missed", "3"), ("--move", "4=2027-02-01T09:00"))
    desk.course()
    for each in told:
        one_by_one = desk.told(*each)
    desk.file.unlink()
    desk.course()
    at_once = desk.told(*(word for each in told for word in each))
    slots = [
        [(each["start"], each["status"]) for each in document["sessions"]]
        for document in (one_by_one, at_once)
    ]
    assert slots[0] == slots[1]


# Before and after, side by side

TOLD = ("--done", "1", "--done", "2=2027-01-13T10:30", "--missed", "3", "--cancel", "9")
SIDE_BY_SIDE = """\
Hair mesotherapy (scalp), P1, course 1, from Tue 5 Jan 2027, Europe/Istanbul
 #  Phase         Before            After             Gap  What
 1  weekly 1/4    Tue 5 Jan 10:00   as booked              done
 2  weekly 2/4    Tue 12 Jan 10:00  Wed 13 Jan 10:30   8d  done
 3  weekly 3/4    Tue 19 Jan 10:00  Wed 20 Jan 12:00   7d  missed; not before
                                                           Wed 20 Jan; +1 day;
                                                           10:00: not before
                                                           12:00; 12:00 instead
 4  weekly 4/4    Tue 26 Jan 10:00  same               6d
 5  biweekly 1/2  Tue 9 Feb 10:00   same              14d
 6  biweekly 2/2  Tue 23 Feb 10:00  same              14d
 7  monthly 1/3   Tue 23 Mar 10:00  same              28d
 8  monthly 2/3   Tue 20 Apr 10:00  same              28d
 9  monthly 3/3   Thu 20 May 10:00  -                      cancelled
"""
REVIEWS_BESIDE = """\
R1  review        Tue 12 Jan 10:30  Wed 20 Jan 12:30
R2  review        Mon 21 Jun 10:00  Thu 20 May 10:00
""".splitlines()
HOW_IT_STANDS = """\
Limits: at 10:00 (--at none, --on none … lift them).
2 of 9 sessions done, 1 missed; 0.5 days from the ideal date on average, 1 day
late at most.
"""


def test_before_and_after_stand_side_by_side_in_80_columns(desk: Reception) -> None:
    desk.course()
    result = desk.revise(*TOLD, "--yes")
    assert result.out.startswith(SIDE_BY_SIDE)
    behind = result.out.removeprefix(SIDE_BY_SIDE)
    reviews = [line for line in behind.splitlines() if re.match(r"R\d ", line)]
    # The first look was to be after a session that was done a day later.
    assert [line[:53].rstrip() for line in reviews] == REVIEWS_BESIDE
    assert "First look at the" in reviews[0]
    assert "Final result; moved" in reviews[1]
    assert result.out.endswith(f"\n{HOW_IT_STANDS}")
    assert result.err == (
        "meso-sched: P1.ics: updated, 4 sessions and 2 reviews changed; the former version is in"
        " P1.ics~\n"
    )


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_no_line_is_wider_than_the_screen(desk: Reception, columns: int) -> None:
    desk.course()
    desk.setenv("COLUMNS", str(columns))
    for args in (TOLD, ("--move", "4=2027-01-24T10:00", "--override"), ("--extend", "weekly=2")):
        lines = desk.revise(*args, "-n").out.splitlines()
        assert [line for line in lines if cell_len(line) > columns] == []
        shown = " ".join(" ".join(lines).split())
        assert "Tue 26 Jan" in shown or columns == 40
        assert len(lines) > 9


def test_colours_change_no_word(desk: Reception) -> None:
    desk.course()
    piped = desk.process("revise", "P1.ics", "--cancel", "9", "-n")
    coloured = desk.process("revise", "P1.ics", "--cancel", "9", "-n", FORCE_COLOR="1")
    assert b"\x1b" not in piped.stdout + piped.stderr
    assert b"\x1b[" in coloured.stdout
    lines = [line.rstrip() for line in plain(coloured.stdout.decode()).splitlines()]
    assert lines == piped.stdout.decode().splitlines()
    assert "9  monthly 3/3   Thu 20 May 10:00  -" in piped.stdout.decode()


# Confirmation. A process of its own has the world's clock: the course is far in the future.

FAR = (*HAIR, "--start", "2090-01-03", "--patient", "P1", "-o", "P1.ics")
CANCEL = ("revise", "P1.ics", "--cancel", "9")
ASKED = "Write P1.ics? [y/N]:"


@pytest.fixture
def far(desk: Reception) -> Reception:
    assert desk.run(*FAR).code == 0
    return desk


@pytest.mark.parametrize("answer", ["y", "yes", "Y"])
def test_a_yes_writes_and_keeps_the_former_version(far: Reception, answer: str) -> None:
    former = far.file.read_bytes()
    code, shown = far.terminal(*CANCEL, answers=[(ASKED, answer)])
    assert code == 0, shown
    assert "9 sessions done" in plain(shown)
    assert "P1.ics: updated, 1 session and 1 review changed" in plain(shown)
    assert (far.folder / "P1.ics~").read_bytes() == former
    assert Events(far.file.read_bytes()).all("STATUS")[8] == "CANCELLED"


@pytest.mark.parametrize(
    ("answer", "ends"), [("n", 0), ("", 0), ("no", 0), ("\x03", 130)], ids=repr
)
def test_a_no_or_a_break_leaves_the_file_as_it_is(far: Reception, answer: str, ends: int) -> None:
    before = far.files()
    code, shown = far.terminal(*CANCEL, answers=[(ASKED, answer)])
    assert code == ends, shown
    assert plain(shown).index("cancelled") < plain(shown).index(ASKED)
    assert ("P1.ics: left as it is" in shown) is (ends == 0)
    assert "Traceback" not in shown
    assert far.files() == before
    assert sorted(os.listdir(far.folder)) == ["P1.ics", "schedules.toml"]


def test_an_answer_that_is_none_is_asked_for_again(far: Reception) -> None:
    before = far.files()
    code, shown = far.terminal(*CANCEL, answers=[(ASKED, "perhaps"), (ASKED, "n")])
    assert code == 0, shown
    assert far.files() == before


@pytest.mark.parametrize("options", [("--yes",), ("--dry-run",), ("-n",), ("-y",), ("-y", "-n")])
def test_yes_and_dry_run_do_not_ask(far: Reception, options: tuple[str, ...]) -> None:
    before = far.files()
    code, shown = far.terminal(*CANCEL, *options)
    assert code == 0, shown
    assert "Write P1.ics?" not in shown
    is_dry = bool({"-n", "--dry-run"} & set(options))
    assert ("not written (--dry-run)" in shown) is is_dry
    assert (far.files() == before) is is_dry


def test_on_a_terminal_the_json_comes_after_the_answer(far: Reception) -> None:
    code, shown = far.terminal(*CANCEL, "--json", answers=[(ASKED, "y")])
    assert code == 0, shown
    document, _ = json.JSONDecoder().raw_decode(shown[shown.index("{") :])
    assert document["written"] is True
    assert (far.folder / "P1.ics~").exists()


@pytest.mark.parametrize("more", [(), ("--json",)], ids=["table", "json"])
def test_without_a_terminal_it_writes_nothing_and_says_so(
    far: Reception, more: tuple[str, ...]
) -> None:
    before = far.files()
    result = far.process(*CANCEL, *more)
    assert result.returncode == 0
    assert result.stderr.decode() == (
        "meso-sched: P1.ics: not written, there is no terminal to ask on; add --yes to write it\n"
    )
    assert b"cancelled" in result.stdout
    assert far.files() == before


def test_nothing_is_asked_where_nothing_changes(far: Reception) -> None:
    before = far.files()
    code, shown = far.terminal("revise", "P1.ics", "--at", "10:00")
    assert code == 0
    assert "P1.ics: nothing changes" in shown
    assert far.files() == before


# JSON


def test_the_json_is_that_of_plan_with_the_changes(desk: Reception) -> None:
    desk.course()
    result = desk.revise(*TOLD, "--json", "--yes")
    document = result.document
    assert document["schema"] == "meso-sched/plan/1"
    assert set(document) == {
        *("schema", "course", "sessions", "reviews", "warnings"),
        *("found", "changes", "review_changes", "adherence", "limits", "written"),
    }
    assert document["course"] == {
        "regimen": "hair",
        "patient": "P1",
        "number": 1,
        "timezone": "Europe/Istanbul",
        "keep": "weekday",
        "overrides": [],
    }
    assert document["adherence"] == {
        "done": 2,
        "missed": 1,
        "mean_deviation_days": 0.5,
        "largest_deviation_days": 1,
    }
    assert document["limits"] == {"on": None, "between": None, "away": [], "at": "10:00"}
    first, second = document["changes"][:2]
    slot = {"start": "2027-01-05T10:00:00+03:00", "end": "2027-01-05T10:30:00+03:00"}
    assert first == {"number": 1, "what": "done", "before": slot, "after": slot, "why": []}
    assert second["after"]["start"] == "2027-01-13T10:30:00+03:00"
    assert second["why"] == [
        "done on Wed 13 Jan 2027 at 10:30, booked for Tue 12 Jan 2027 at 10:00"
    ]
    assert (document["found"], document["warnings"], document["written"]) == ([], [], True)
    look, final = document["review_changes"]
    assert (look["number"], look["what"], look["before"]["start"], look["after"]["start"]) == (
        *(1, "moved", "2027-01-12T10:30:00+03:00", "2027-01-20T12:30:00+03:00"),
    )
    assert final == {
        "number": 2,
        "what": "moved",
        "before": {"start": "2027-06-21T10:00:00+03:00", "end": "2027-06-21T10:30:00+03:00"},
        "after": {"start": "2027-05-20T10:00:00+03:00", "end": "2027-05-20T10:30:00+03:00"},
        "why": [],
    }
    assert [each["after"] for each in document["review_changes"]] == [
        {"start": each["start"], "end": each["end"]} for each in document["reviews"]
    ]
    assert [each["sequence"] for each in document["reviews"]] == [1, 1]


def test_the_json_of_a_new_session_has_nothing_before_it(desk: Reception) -> None:
    desk.course()
    (change,) = desk.told("--extend", "monthly=1")["changes"]
    assert (change["number"], change["what"], change["before"]) == (10, "added", None)


def test_the_json_without_options_tells_how_the_course_stands(desk: Reception) -> None:
    desk.course()
    before = desk.files()
    document = desk.revise("--json").document
    assert (document["changes"], document["review_changes"]) == ([], [])
    assert document["written"] is False
    assert [each["start"][:10] for each in document["sessions"]] == BOOKED
    assert len(document["warnings"]) == 1
    assert desk.files() == before


# The file and the one beside it


def test_the_former_version_is_the_one_of_the_last_revision(desk: Reception) -> None:
    versions = [desk.course()]
    for number in ("1", "2", "3"):
        desk.told("--done", number)
        assert (desk.folder / "P1.ics~").read_bytes() == versions[-1]
        versions.append(desk.file.read_bytes())
    assert sorted(os.listdir(desk.folder)) == ["P1.ics", "P1.ics~", "schedules.toml"]


@pytest.mark.parametrize(
    ("former", "becomes"), [(0o600, 0o600), (0o660, 0o660), (0o666, 0o660), (0o644, 0o640)], ids=oct
)
def test_both_files_are_their_owners_and_those_of_the_group_that_has_them_already(
    desk: Reception, former: int, becomes: int
) -> None:
    desk.course()
    desk.file.chmod(former)
    desk.told("--done", "1")
    for name in ("P1.ics", "P1.ics~"):
        assert stat.S_IMODE((desk.folder / name).stat().st_mode) == becomes


def test_a_link_stays_a_link_and_its_file_is_revised(desk: Reception) -> None:
    former = desk.course()
    (desk.folder / "kept").mkdir()
    desk.file.rename(desk.folder / "kept/course.ics")
    desk.file.symlink_to("kept/course.ics")
    desk.told("--done", "1")
    assert desk.file.is_symlink()
    assert sorted(os.listdir(desk.folder / "kept")) == ["course.ics", "course.ics~"]
    assert (desk.folder / "kept/course.ics~").read_bytes() == former
    assert Events(desk.file.read_bytes()).all("SUMMARY")[0] == "Done: P1 (1/9)"


# Elsewhere


def test_a_revision_written_elsewhere_leaves_the_course_as_it_is(desk: Reception) -> None:
    former = desk.course()
    result = desk.revise("--done", "1", "-o", "copy.ics")
    assert result.code == 0
    assert desk.file.read_bytes() == former
    assert result.err.endswith("meso-sched: copy.ics: written\n")
    assert sorted(os.listdir(desk.folder)) == ["P1.ics", "copy.ics", "schedules.toml"]
    assert Events((desk.folder / "copy.ics").read_bytes()).all("SUMMARY")[0] == "Done: P1 (1/9)"


def test_the_patients_copy_has_uids_of_its_own_and_is_updated(desk: Reception) -> None:
    old = Events(desk.course())
    copy = desk.folder / "copy.ics"
    assert desk.revise("--for", "patient", "-o", "copy.ics").code == 0
    first = Events(copy.read_bytes())
    assert set(first.all("UID")).isdisjoint(old.all("UID"))
    assert first.all("SUMMARY")[0] == "Appointment 1/9"
    assert b"P1" not in copy.read_bytes()
    assert b"weekly" not in copy.read_bytes()
    desk.told("--move", "4=2027-01-27T09:00")
    result = desk.revise("--for", "patient", "-o", "copy.ics")
    assert result.code == 0, result.err
    assert "copy.ics: updated" in result.err
    second = Events(copy.read_bytes())
    assert second.all("UID") == first.all("UID")
    assert second.start(4) == "2027-01-27T09:00"
    assert [number for number in ALL if first.bytes[number] != second.bytes[number]] == [4]
    assert second.all("SEQUENCE") == ["0", "0", "0", "1", "0", "0", "0", "0", "0"]
    assert second.changed_care(first) == {4}
    assert second.changed_reviews(first) == 0
    assert (desk.folder / "copy.ics~").exists()


def test_the_patients_copy_and_the_clinics_file_are_never_written_over_each_other(
    desk: Reception,
) -> None:
    desk.course()
    assert desk.revise("--for", "patient", "-o", "copy.ics").code == 0
    before = desk.files()
    for args in (("-o", "copy.ics"), ("--for", "patient", "-o", "P1.ics")):
        result = desk.revise("--done", "1", *args)
        assert (result.code, result.out) == (2, "")
        is_own = args[-1] == "P1.ics"
        told = "own file stays as it was planned" if is_own else "something else than this course"
        assert told in result.err
        assert desk.files() == before


def test_a_calendar_on_stdout_has_its_table_on_stderr(desk: Reception) -> None:
    desk.course()
    before = desk.files()
    result = desk.process("revise", "P1.ics", "--cancel", "9", "-o", "-")
    assert result.returncode == 0
    assert Events(result.stdout).all("STATUS")[8] == "CANCELLED"
    assert result.stdout.endswith(b"END:VCALENDAR\r\n")
    assert len(rows(result.stderr.decode())) == 9
    assert desk.files() == before


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_tables_are_written_from_the_revised_course(desk: Reception, suffix: str) -> None:
    former = desk.course()
    result = desk.revise("--done", "1", "-o", f"P1.{suffix}")
    assert result.code == 0, result.err
    text = (desk.folder / f"P1.{suffix}").read_text()
    assert "fulfilled" in text
    assert "2027-01-05" in text
    assert desk.file.read_bytes() == former
    again = desk.revise("--done", "2", "-o", f"P1.{suffix}")
    assert again.code == 0, again.err


def test_another_courses_file_is_not_written_over(desk: Reception) -> None:
    desk.course()
    other = (*HAIR, "--start", "2027-01-05", "--patient", "P2", "-o")
    for name in ("P2.ics", "P2.json", "P2.csv"):
        assert desk.run(*other, name).code == 0
        before = desk.files()
        result = desk.revise("--done", "1", "-o", name)
        assert (result.code, result.out) == (2, "")
        assert result.err == (
            f"meso-sched: {name}: holds something else than this course; choose another name\n"
        )
        assert desk.files() == before


def test_a_dry_run_writes_nothing_elsewhere_either(desk: Reception) -> None:
    desk.course()
    before = desk.files()
    result = desk.revise("--done", "1", "-n", "-o", "copy.ics")
    assert result.code == 0
    assert "copy.ics: not written (--dry-run)" in result.err
    assert desk.files() == before


@pytest.mark.parametrize("name", ["P1.ics", "./P1.ics"])
def test_the_courses_own_file_needs_the_yes_also_when_it_is_named_as_the_output(
    desk: Reception, name: str
) -> None:
    desk.course()
    before = desk.files()
    result = desk.process("revise", "P1.ics", "--cancel", "9", "-o", name)
    assert b"add --yes" in result.stderr
    assert desk.files() == before
    assert desk.revise("--cancel", "9", "-o", name, "--yes").code == 0
    assert Events(desk.file.read_bytes()).all("STATUS")[8] == "CANCELLED"


# Limits


def test_the_limits_of_the_plan_are_remembered(desk: Reception) -> None:
    limits = ("--on", "tue,thu", "--between", "09:30-12:30", "--away", "2027-02-01..2027-02-07")
    desk.course(*limits)
    document = desk.told("--missed", "4", "--extend", "weekly=2")
    starts = [datetime.fromisoformat(each["start"]) for each in document["sessions"]]
    assert {start.weekday() for start in starts} <= {1, 3}
    assert {start.hour for start in starts} == {10}
    assert not {f"2027-02-0{day}" for day in range(1, 8)} & {
        each["start"][:10] for each in document["sessions"]
    }


def test_absences_add_up_and_other_limits_take_the_place_of_the_former(desk: Reception) -> None:
    desk.course("--away", "2027-02-09", "--on", "tue,wed")
    first = desk.told("--away", "2027-02-10")
    day = first["sessions"][4]["start"][:10]
    assert day not in ("2027-02-09", "2027-02-10")
    assert datetime.fromisoformat(day).weekday() in (1, 2)
    second = desk.told("--on", "fri")
    days = [datetime.fromisoformat(each["start"]) for each in second["sessions"]]
    assert [each.weekday() for each in days[:3]] == [1, 1, 1]  # they are past
    assert {each.weekday() for each in days[3:]} == {4}


LIFTED = {
    "--on": (("tue",), "on"),
    "--between": (("14:00-16:00",), "between"),
    "--at": (("15:00",), "at"),
    "--away": (("2027-02-09",), "away"),
}


@pytest.mark.parametrize("option", LIFTED)
def test_a_limit_is_lifted_with_none(desk: Reception, option: str) -> None:
    (value,), name = LIFTED[option]
    desk.course()
    limited = desk.told(option, value)["limits"]
    lifted = desk.told(option, "none")["limits"]
    assert limited[name]
    assert not lifted[name]
    others = set(limited) - {name}
    assert {key: limited[key] for key in others} == {key: lifted[key] for key in others}


def test_several_sessions_may_be_named_at_once(desk: Reception) -> None:
    desk.course()
    document = desk.told("--done", "1,2=2027-01-13T10:30", "--missed", "3,4", "--cancel", "8,9")
    assert {each["number"]: each["what"] for each in document["changes"]} == {
        1: "done",
        2: "done",
        3: "missed",
        4: "missed",
        8: "cancelled",
        9: "cancelled",
    }


def test_dates_may_be_said_in_words(desk: Reception) -> None:
    desk.course()
    document = desk.told("--done", "3=today", "--move", "4=next wed", "--away", "+20d")
    assert [each["start"][:10] for each in document["sessions"][2:4]] == [
        "2027-01-20",
        "2027-01-27",
    ]
    assert document["sessions"][4]["start"][:10] != "2027-02-09"


def busy(first: str, last: str) -> str:
    return "\r\n".join(
        [
            *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//other//EN", "BEGIN:VEVENT", "UID:o@x"),
            *("DTSTAMP:20260101T000000Z", f"DTSTART:{first}", f"DTEND:{last}", "SUMMARY:Secret"),
            *("END:VEVENT", "END:VCALENDAR", ""),
        ]
    )


NOT_LOOKED = (
    "the course was planned around other calendars, and this revision has not looked at them;"
    " add --busy again"
)


def test_busy_time_is_left_free_and_the_courses_own_events_do_not_count(desk: Reception) -> None:
    desk.course()
    desk.write("other.ics", busy("20270209T060000Z", "20270209T080000Z"))  # 09:00 to 11:00
    document = desk.told("--busy", ".")
    assert [each["number"] for each in document["changes"]] == [5]
    assert document["sessions"][4]["start"] == "2027-02-09T11:00:00+03:00"
    assert "Secret" not in json.dumps(document)


def test_a_course_planned_around_other_calendars_asks_for_them_again(desk: Reception) -> None:
    desk.write("other.ics", busy("20270209T060000Z", "20270209T080000Z"))
    desk.course("--busy", "other.ics")
    moved = desk.revise("--move", "4=2027-01-27T09:00", "-n", "--json")
    assert NOT_LOOKED in moved.document["warnings"]
    assert f"meso-sched: warning: {NOT_LOOKED}\n" in moved.err
    looked = desk.revise("--move", "4=2027-01-27T09:00", "-n", "--busy", "other.ics")
    done = desk.revise("--done", "1", "-n")
    cancelled = desk.revise("--cancel", "9", "-n")
    assert [NOT_LOOKED in each.err for each in (looked, done, cancelled)] == [False] * 3


def test_a_course_first_revised_around_other_calendars_remembers_that(desk: Reception) -> None:
    desk.course()
    desk.write("other.ics", busy("20270209T060000Z", "20270209T080000Z"))
    assert NOT_LOOKED not in desk.revise("--missed", "4", "-n").err
    desk.told("--busy", "other.ics")
    assert NOT_LOOKED in desk.revise("--missed", "4", "-n").err


def test_in_another_clinics_folder_it_is_said_whose_hours_hold(desk: Reception) -> None:
    desk.course()
    desk.write("berlin.toml", '[clinic]\ntimezone = "Europe/Berlin"\nholidays = "DE"\n')
    result = desk.revise("--schedules", "berlin.toml", "--done", "1", "-n")
    assert result.code == 0
    assert (
        "meso-sched: the course is in Europe/Istanbul time, and the hours and holidays at hand are"
        " of a clinic in Europe/Berlin; run in the clinic's folder, or name its --schedules FILE\n"
    ) in result.err
    assert "Tue 5 Jan 10:00" in result.out
    assert "Europe/Berlin" not in desk.revise("--done", "1", "-n").err


def test_the_course_is_read_without_its_template(desk: Reception) -> None:
    desk.write(
        "schedules.toml",
        ISTANBUL
        + '[regimens.own]\ntitle = "Own"\n[[regimens.own.phases]]\nname = "only"\nsessions = "3"\n'
        + 'every = "1 week"\n',
    )
    plan = ("plan", "own", "--start", "2027-01-05", "--patient", "P1", "-o", "P1.ics")
    desk.today("2027-01-04")
    assert desk.run(*plan).code == 0
    desk.write("schedules.toml", ISTANBUL)
    desk.today("2027-01-20")
    assert desk.told("--done", "1")["sessions"][0]["status"] == "fulfilled"


# A rule that is broken on purpose

BROKEN = "too close by 1 day to session 3 (Tue 19 Jan), closed on Sundays"


def test_a_slot_that_breaks_a_rule_needs_override_and_is_marked_everywhere(
    desk: Reception,
) -> None:
    desk.course()
    before = desk.files()
    sunday = ("--move", "4=2027-01-24T10:00")
    refused = desk.revise(*sunday, "--yes")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == (
        f"meso-sched: session 4 on Sun 24 Jan 2027 at 10:00: {BROKEN};"
        " add --override to book it all the same\n"
    )
    assert desk.files() == before
    shown = desk.revise(*sunday, "--override", "-n").out
    what = " ".join(line[58:].strip() for line in shown.splitlines()[5:11])
    assert f"by --override: {BROKEN}" in what
    document = desk.told(*sunday, "--override")
    assert f"by --override: {BROKEN}" in document["sessions"][3]["why"]
    event = Events(desk.file.read_bytes()).read[4]
    assert f"by --override: {BROKEN}" in str(event["DESCRIPTION"])
    again = " ".join(desk.revise().out.split())
    assert "by --override: too close by 1 day" in again


def test_more_sessions_than_the_source_has_need_override_and_are_marked(desk: Reception) -> None:
    desk.course()
    refused = desk.revise("--extend", "weekly=3", "--yes")
    assert refused.code == 2
    assert refused.err == (
        "meso-sched: --extend weekly=3 makes 7 sessions; phase weekly of hair has 4-6 (source S0);"
        " add --override to plan it all the same\n"
    )
    document = desk.told("--extend", "weekly=3", "--override")
    assert document["course"]["overrides"] == ["sessions weekly=7"]
    assert "by --override: sessions weekly=7" in desk.revise().out


# What others did to the calendar


def dragged(data: bytes, first: str, last: str) -> bytes:
    """The calendar after somebody dragged what begins at ``first``, of half an hour."""
    day, clock = last[:8], last[9:]
    end = f"{day}T{int(clock[:2]):02}{int(clock[2:4]) + 30:02}00"
    former_end = f"{first[:9]}{first[9:11]}3000"
    return (
        data.decode()
        .replace(f"DTSTART;TZID=Europe/Istanbul:{first}", f"DTSTART;TZID=Europe/Istanbul:{last}")
        .replace(f"DTEND;TZID=Europe/Istanbul:{former_end}", f"DTEND;TZID=Europe/Istanbul:{end}")
        .encode()
    )


DRAGGED = "session 4 was moved in the calendar: Tue 26 Jan 10:00 -> Thu 4 Feb 11:00"


def test_a_dragged_event_is_said_and_the_rest_is_placed_anew_on_a_yes(desk: Reception) -> None:
    data = dragged(desk.course(), "20270126T100000", "20270204T110000")
    desk.file.write_bytes(data)
    shown = desk.process("revise", "P1.ics")
    assert shown.returncode == 0
    assert f"meso-sched: warning: {DRAGGED}" in shown.stderr.decode()
    assert "add --yes" in shown.stderr.decode()
    assert desk.file.read_bytes() == data
    document = desk.told()
    assert document["found"] == [DRAGGED]
    assert {each["number"]: each["what"] for each in document["changes"]} == dict.fromkeys(
        (4, 5, 6, 7), "moved"
    )
    new = Events(desk.file.read_bytes())
    assert new.start(4) == "2027-02-04T11:00"
    assert "moved in the calendar, was Tue 26 Jan 2027 at 10:00" in str(new.read[4]["DESCRIPTION"])
    assert new.days[4] == "2027-02-17"
    assert (desk.folder / "P1.ics~").read_bytes() == data
    after = desk.revise("--json").document
    assert (after["found"], after["changes"]) == ([], [])


def test_a_session_cancelled_in_the_calendar_is_taken_over(desk: Reception) -> None:
    data = desk.course()
    ninth = Events(data).bytes[9]
    desk.file.write_bytes(
        data.replace(ninth, ninth.replace(b"STATUS:CONFIRMED", b"STATUS:CANCELLED"))
    )
    document = desk.told()
    assert document["found"] == ["session 9 was cancelled in the calendar"]
    assert document["sessions"][8]["status"] == "cancelled"
    assert Events(desk.file.read_bytes()).all("SUMMARY")[8] == "Cancelled: P1 (9/9)"


WITHOUT_TEMPLATE = """[regimens.hair]
title = "Another"
[[regimens.hair.phases]]
name = "weekly"
sessions = "4-6"
every = "1 week"
"""


def test_reviews_and_care_outlive_their_records_and_their_template(desk: Reception) -> None:
    """What nothing tells any more is left as it stands: only session 4 has moved."""
    lines = unfolded(desk.course()).split(b"\r\n")
    desk.file.write_bytes(b"\r\n".join(line for line in lines if line[:6] != b"X-MESO"))
    desk.write("schedules.toml", ISTANBUL + WITHOUT_TEMPLATE)
    former = Events(desk.file.read_bytes())
    desk.told("--move", "4=2027-01-27T09:00")
    new = Events(desk.file.read_bytes())
    assert {number for number in ALL if former.seen(number) != new.seen(number)} == {4}
    assert new.changed_care(former) <= {4}
    assert new.changed_reviews(former) == 0
    assert b"STATUS:CANCELLED" not in desk.file.read_bytes()


def test_reviews_and_care_outlive_their_records(desk: Reception) -> None:
    lines = unfolded(desk.course()).split(b"\r\n")
    desk.file.write_bytes(b"\r\n".join(line for line in lines if line[:6] != b"X-MESO"))
    former = Events(desk.file.read_bytes())
    document = desk.told("--move", "4=2027-01-27T09:00")
    assert document["review_changes"] == []
    new = Events(desk.file.read_bytes())
    assert new.changed_care(former) == {4}
    assert new.changed_reviews(former) == 0


def test_a_review_that_was_dragged_stays_where_it_is(desk: Reception) -> None:
    data = desk.course()
    (first, second) = Events(data).reviews.values()
    desk.file.write_bytes(
        data.replace(second, dragged(second, "20270621T100000", "20270624T150000"))
    )
    document = desk.told("--cancel", "9")
    assert document["found"] == [
        "review 2 was moved in the calendar: Mon 21 Jun 10:00 -> Thu 24 Jun 15:00"
    ]
    assert [each["start"][:16] for each in document["reviews"]] == [
        *("2027-01-12T10:30", "2027-06-24T15:00")
    ]
    assert first in Events(desk.file.read_bytes()).reviews.values()
    after = desk.revise("--json").document
    assert (after["found"], after["review_changes"]) == ([], [])


def test_a_review_goes_where_there_is_time_for_it(desk: Reception) -> None:
    desk.course()
    document = desk.told(
        "--busy", str(desk.write("o.ics", busy("20270621T060000Z", "20270621T150000Z")))
    )
    assert (document["changes"], [each["number"] for each in document["review_changes"]]) == (
        [],
        [2],
    )
    assert document["reviews"][1]["start"][:10] == "2027-06-22"


STRANGER = (
    "BEGIN:VEVENT\r\nUID:stranger@example.org\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:20270209T060000Z\r\nDTEND:20270209T080000Z\r\nSUMMARY:Staff meeting\\, all of\r\n"
    '  us\r\nX-COLOUR;X="a:b":red\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nBEGIN:VALARM\r\n'
    "ACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nDESCRIPTION:Go\r\nEND:VALARM\r\nEND:VEVENT\r\n"
    "BEGIN:VTODO\r\nUID:todo@example.org\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Order\r\n"
    "END:VTODO\r\n"
)


def unfolded(data: bytes) -> bytes:
    """A calendar's content lines, each on one line however long."""
    return data.replace(b"\r\n ", b"")


def test_other_events_in_the_calendar_are_kept_line_for_line(desk: Reception) -> None:
    data = desk.course()
    fifth = Events(data).bytes[5]
    desk.file.write_bytes(data.replace(fifth, STRANGER.encode() + fifth))
    document = desk.told("--done", "1", "--away", "2027-02-23")
    after = desk.file.read_bytes()
    assert unfolded(STRANGER.encode()) in unfolded(after)
    assert len(document["sessions"]) == 9
    found = icalendar.Calendar.from_ical(after).walk("VEVENT")
    assert len(found) == 1 + len(icalendar.Calendar.from_ical(data).walk("VEVENT"))
    assert Events(after).all("SUMMARY")[0] == "Done: P1 (1/9)"


def test_an_own_words_in_an_event_stay(desk: Reception) -> None:
    data = desk.course()
    desk.file.write_bytes(
        data.replace(b"STATUS:CONFIRMED\r\n", b"STATUS:CONFIRMED\r\nLOCATION:Room 3\r\n")
    )
    desk.told("--done", "1", "--cancel", "9")
    assert Events(desk.file.read_bytes()).all("LOCATION") == ["Room 3"] * 9


# Bad input: the file as it was


class Bad(NamedTuple):
    """What is told of a course whose sessions 1 and 2 are done; its exit code and message."""

    args: tuple[str, ...]
    code: int
    says: str


TOLD_WRONGLY = {
    "session 0": Bad(("--done", "0"), 2, "there is no session 0; the course has sessions 1 to 9"),
    "session 99": Bad(
        ("--missed", "99"), 2, "there is no session 99; the course has sessions 1 to 9"
    ),
    "session 99 to cancel": Bad(
        ("--cancel", "99.."), 2, "there is no session 99; the course has sessions 1 to 9"
    ),
    "a session in words": Bad(
        ("--done", "three"), 2, '--done: "three" is not the number of a session; write it as 3'
    ),
    "a date before the last done session": Bad(
        ("--done", "3=2027-01-11"),
        2,
        "session 3 on Mon 11 Jan 2027 at 10:00 would be before session 2, which was done on Tue"
        " 12 Jan"
        " 2027 at 10:00; check the date",
    ),
    "a time within the last done session": Bad(
        ("--done", "3=2027-01-12T10:15"),
        2,
        "session 3 on Tue 12 Jan 2027 at 10:15 would be before session 2, which was done on Tue"
        " 12 Jan"
        " 2027 at 10:00; check the date",
    ),
    "done in the future, as booked": Bad(
        ("--done", "4"),
        2,
        "session 4 cannot be done on Tue 26 Jan 2027 at 10:00, which has not come yet; say when"
        " it was"
        " done with --done 4=DATETIME",
    ),
    "done in the future": Bad(
        ("--done", "3=tomorrow"),
        2,
        "session 3 cannot be done on Thu 21 Jan 2027 at 10:00, which has not come yet; say when"
        " it was"
        " done with --done 3=DATETIME",
    ),
    "done later today": Bad(
        ("--done", "3=2027-01-20T12:01"),
        2,
        "session 3 cannot be done on Wed 20 Jan 2027 at 12:01, which has not come yet; say when"
        " it was"
        " done with --done 3=DATETIME",
    ),
    "done twice": Bad(
        ("--done", "1"),
        2,
        "session 1 was done on Tue 5 Jan 2027 at 10:00; it cannot be done twice",
    ),
    "told to be done twice": Bad(
        ("--done", "3", "--done", "3=2027-01-20"),
        2,
        "--done: session 3 is named twice; leave one out",
    ),
    "done, then missed": Bad(
        ("--missed", "2"),
        2,
        "session 2 was done on Tue 12 Jan 2027 at 10:00; it cannot be missed any more",
    ),
    "done, then moved": Bad(
        ("--move", "2=2027-02-01T10:00"),
        2,
        "session 2 was done on Tue 12 Jan 2027 at 10:00; it cannot be moved any more",
    ),
    "done, then cancelled": Bad(
        ("--cancel", "2"),
        2,
        "session 2 was done on Tue 12 Jan 2027 at 10:00; it cannot be cancelled any more",
    ),
    "done and cancelled": Bad(
        ("--done", "3", "--cancel", "3"),
        2,
        "session 3 is told to be done and cancelled; say one of them",
    ),
    "done and moved": Bad(
        ("--done", "3", "--move", "3=2027-02-01"),
        2,
        "session 3 is told to be done and moved; say one of them",
    ),
    "missed and done at the same time": Bad(
        ("--missed", "3", "--done", "3"),
        2,
        "session 3 is told to be missed and done; say when it was done afterwards: --done"
        " 3=DATETIME",
    ),
    "a later one done while an earlier one is to come": Bad(
        ("--done", "5=2027-01-20T09:00"),
        2,
        "session 4 (Tue 26 Jan 2027 at 10:00) comes before session 5 and is still open; say what"
        " came"
        " of it: --done 4=DATETIME, --missed 4 or --cancel 4",
    ),
    "a move without a target": Bad(
        ("--move", "4"), 2, "--move 4: says not where to; write --move 4=2027-01-20T10:00"
    ),
    "a move into the past": Bad(
        ("--move", "4=2027-01-20T11:45"),
        2,
        "session 4 cannot be moved to Wed 20 Jan 2027 at 11:45, which is past; if it was done"
        " then, say"
        " --done 4=DATETIME",
    ),
    "a move before an earlier session": Bad(
        ("--move", "5=2027-01-25T10:00"),
        2,
        "session 5 on Mon 25 Jan 2027 at 10:00 would come before session 4 (Tue 26 Jan 2027 at"
        " 10:00); move"
        " that one first",
    ),
    "a move to a holiday": Bad(
        ("--move", "8=2027-04-23"),
        2,
        "session 8 on Fri 23 Apr: is National Sovereignty and Children's Day; give a time as well"
        " (--move 8=2027-04-23THH:MM), or another day",
    ),
    "a day that is none": Bad(
        ("--done", "3=2027-02-30"),
        2,
        '--done: "2027-02-30" does not exist in the calendar; check its day and month',
    ),
    "a day that reads two ways": Bad(
        ("--done", "3=01/02/2027"),
        2,
        '--done: "01/02/2027" is not a date that can be read only one way; write YYYY-MM-DD, today,'
        " tomorrow, next tue or +2w",
    ),
    "a range that is none": Bad(
        ("--cancel", "4-6"), 2, '--cancel: "4-6" is not the number of a session; write it as 3'
    ),
    "a range with an end": Bad(
        ("--cancel", "4..6"), 2, '--cancel: "4..6" is not a session; write 3, or 3.. for the rest'
    ),
    "an unknown phase": Bad(
        ("--extend", "wekly=1"),
        2,
        '--extend: the course has no phase "wekly"; did you mean "weekly"? Its phases: weekly,'
        " biweekly, monthly.",
    ),
    "an extension by nothing": Bad(
        ("--extend", "weekly=0"),
        2,
        "--extend weekly: 0 sessions more are none; write how many, as 2",
    ),
    "an enormous extension": Bad(
        ("--extend", "monthly=600"), 2, "--extend monthly=600: a course has 500 sessions at most"
    ),
    "stopped and extended": Bad(
        ("--stop", "--extend", "weekly=1"),
        2,
        "--stop ends the course; leave --extend, --move and --restart-phase out",
    ),
    "restarted and extended": Bad(
        ("--restart-phase", "--extend", "weekly=1"),
        2,
        "--restart-phase and --extend both change a phase; tell one after the other",
    ),
    "the patient's words into the clinic's file": Bad(
        ("--done", "3", "--for", "patient"),
        2,
        "--for: goes with -o FILE; a course's own file stays as it was planned",
    ),
    "another language into the clinic's file": Bad(
        ("--done", "3", "--lang", "tr"),
        2,
        "--lang: goes with -o FILE; a course's own file stays as it was planned",
    ),
    "other care into the clinic's file": Bad(
        ("--done", "3", "--care", "none"),
        2,
        "--care: goes with -o FILE; a course's own file stays as it was planned",
    ),
    "an audience that is none": Bad(
        ("--for", "doctor", "-o", "x.ics"),
        2,
        '--for: "doctor" is not known; write clinic or patient',
    ),
    "a format without a file": Bad(
        ("--format", "csv"), 2, "--format: goes with -o; add -o FILE, or -o - for stdout"
    ),
    "json twice on stdout": Bad(
        ("--json", "-o", "-"),
        2,
        "--json and -o - both want stdout; leave one of them out",
    ),
    "an overdue session with --strict": Bad(
        ("--strict", "--move", "4=2027-02-04T10:00"),
        4,
        "session 4 (Thu 4 Feb) is 8 days overdue",
    ),
    "a patient who has no time any more": Bad(("--away", "2027-01-21..2028-12-31"), 4, "session 4"),
    "a weekday on which the clinic is closed": Bad(("--on", "sun"), 4, "session 4"),
    "calendars that are not there": Bad(("--busy", "nowhere.ics"), 3, "nowhere.ics"),
}


@pytest.mark.parametrize("name", TOLD_WRONGLY)
def test_what_cannot_be_is_said_and_the_file_is_as_it_was(desk: Reception, name: str) -> None:
    bad = TOLD_WRONGLY[name]
    desk.course()
    desk.told("--done", "1", "--done", "2")
    before = desk.files()
    result = desk.revise(*bad.args, "--yes")
    said = result.err.removeprefix("meso-sched: ")
    assert (result.code, result.out) == (bad.code, ""), result.err
    if bad.code == 2:
        assert said == f"{bad.says}\n"
    assert bad.says in said
    assert desk.files() == before
    assert "bug" not in said


def test_one_cancelled_already_or_lost_is_not_cancelled_again(desk: Reception) -> None:
    desk.course()
    desk.told("--cancel", "9")
    before = desk.files()
    result = desk.revise("--cancel", "9", "--yes")
    assert result.code == 2
    assert result.err == (
        "meso-sched: session 9 is cancelled already; --move 9=DATETIME would book it again\n"
    )
    assert desk.files() == before
    assert desk.told("--move", "9=2027-05-25")["changes"][0]["what"] == "booked again"
    assert Events(desk.file.read_bytes()).all("STATUS")[8] == "CONFIRMED"


def _event(text: str, number: int = 1) -> str:
    return Events(text.encode()).bytes[number].decode()


def _with(text: str, more: str) -> str:
    return text.replace("END:VCALENDAR", f"{more}END:VCALENDAR")


class BadFile(NamedTuple):
    """How a course's file was spoilt (``P2`` is another course's), and what is said of it."""

    spoil: Callable[[str, str], str | bytes]
    says: str


OTHER_TOOL = busy("20270105T060000Z", "20270105T070000Z")
BAD_FILES = {
    "of another tool": BadFile(
        lambda p1, p2: OTHER_TOOL,
        "P1.ics: holds no course of this tool; name the .ics that `plan -o` wrote",
    ),
    "of a newer version": BadFile(
        lambda p1, p2: p1.replace("X-MESO-SCHED-FORMAT:1", "X-MESO-SCHED-FORMAT:2"),
        "P1.ics: written by a newer meso-sched (format 2); update this one",
    ),
    "with two courses": BadFile(
        lambda p1, p2: _with(p1, _event(p2)),
        "P1.ics: holds 2 courses (hair 1 of P1, hair 1 of P2); give a file that holds one",
    ),
    "with a duplicate UID": BadFile(
        lambda p1, p2: _with(p1, _event(p1)), "session 1 is there twice"
    ),
    "truncated in an event": BadFile(lambda p1, p2: p1[: len(p1) // 2], "has no END"),
    "truncated behind an event": BadFile(
        lambda p1, p2: p1[: p1.rindex("END:VCALENDAR")], "has no END"
    ),
    "empty": BadFile(lambda p1, p2: "", "P1.ics: is no calendar"),
    "of words": BadFile(lambda p1, p2: "hello\n", "P1.ics: is no calendar"),
    "of bytes that are no text": BadFile(
        lambda p1, p2: b"\xff\xfe\x00", "P1.ics: is not UTF-8 text"
    ),
    "without its sessions": BadFile(
        lambda p1, p2: p1[: p1.index("BEGIN:VEVENT")] + "END:VCALENDAR\r\n",
        "P1.ics: none of the sessions of its course is left in it",
    ),
    "without a UID": BadFile(
        lambda p1, p2: p1.replace("UID:", "X-UID:", 1), "the event has no UID"
    ),
    "with a time that is none": BadFile(
        lambda p1, p2: p1.replace("20270112T100000", "20270199T100000"),
        'the event has the DTSTART "20270199T100000", which is no date or time',
    ),
}


@pytest.mark.parametrize("name", BAD_FILES)
@pytest.mark.parametrize("args", [(), ("--cancel", "9", "--yes")], ids=["shown", "revised"])
def test_a_file_that_is_no_course_is_refused_and_left_as_it_was(
    desk: Reception, name: str, args: tuple[str, ...]
) -> None:
    bad = BAD_FILES[name]
    desk.today("2027-01-04")
    other = (*HAIR, "--start", "2027-01-05", "--patient", "P2", "-o", "P2.ics")
    assert desk.run(*other).code == 0
    p1, p2 = desk.course().decode(), (desk.folder / "P2.ics").read_bytes().decode()
    desk.write("P1.ics", bad.spoil(p1, p2))
    before = desk.files()
    result = desk.revise(*args)
    assert (result.code, result.out) == (3, "")
    assert result.err.startswith("meso-sched: P1.ics:")
    assert bad.says in result.err
    assert desk.files() == before


def test_a_file_that_is_not_there_is_not_made(desk: Reception) -> None:
    result = desk.revise("--cancel", "9", "--yes")
    assert result.code == 3
    assert result.err == (
        "meso-sched: P1.ics: there is no such file; name the .ics that `plan -o` wrote\n"
    )
    assert os.listdir(desk.folder) == ["schedules.toml"]
    assert desk.run("revise", ".", "--done", "1").code == 3


def test_the_patients_copy_is_not_revised(desk: Reception) -> None:
    desk.course()
    assert desk.revise("--for", "patient", "-o", "copy.ics").code == 0
    result = desk.run("revise", "copy.ics", "--done", "1", "--yes")
    assert (result.code, result.err) == (
        3,
        "meso-sched: copy.ics: is the patient's copy, which does not tell the regimen; name the"
        " clinic's own file\n",
    )


@pytest.mark.parametrize("locked", ["the file", "its folder"])
def test_without_write_permission_the_file_is_left_and_it_is_said(
    far: Reception, locked: str
) -> None:
    target = far.file if locked == "the file" else far.folder
    before, mode = far.files(), target.stat().st_mode
    target.chmod(mode & ~0o222)
    try:
        result = far.process(*CANCEL, "--yes", program=(sys.executable, "-c", CLERK))
    finally:
        target.chmod(mode)
    said = result.stderr.decode()
    assert result.returncode == 3, said
    assert said.startswith("meso-sched: P1.ics: ")
    assert ("write-protected" if locked == "the file" else "Permission denied") in said
    assert "Traceback" not in said
    assert far.files() == before


def meanwhile(what: Callable[[], None]) -> AbstractContextManager[str]:
    """The address of an empty calendar; who reads it gives another program time to act."""

    def answer() -> bytes:
        what()
        return b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"

    return serving(answer)


@pytest.mark.parametrize("what", ["changed", "removed"])
def test_a_file_that_another_program_changes_meanwhile_is_left_to_it(
    desk: Reception, what: str
) -> None:
    desk.course()
    desk.told("--done", "1")
    before = desk.files()
    other = desk.file.read_bytes().replace(b"P1 (9/9)", b"P1 (9/9) bring the letter")

    def act() -> None:
        if what == "removed":
            desk.file.unlink()
        else:
            desk.file.write_bytes(other)

    with meanwhile(act) as url:
        result = desk.revise("--cancel", "9", "--yes", "--busy", url)
    assert result.code == 5
    assert result.err.endswith(
        "meso-sched: P1.ics: another program changed it just now; it was left as it is, try again\n"
    )
    expected = {**before, "P1.ics": other}
    if what == "removed":
        del expected["P1.ics"]
    assert desk.files() == expected


# `plan -o` onto a file that holds a course


def test_planning_again_keeps_what_was_done_and_says_which_changed(desk: Reception) -> None:
    desk.course()
    desk.told("--done", "1", "--done", "2=2027-01-13T10:30", "--done", "3", "--cancel", "9")
    old = Events(desk.file.read_bytes())
    former = desk.file.read_bytes()
    result = desk.run(*P1, "--away", "2027-02-09")
    assert result.code == 0
    assert result.err.endswith("meso-sched: P1.ics: updated, 9 sessions, of which changed: 5\n")
    new = Events(desk.file.read_bytes())
    assert new.all("SUMMARY")[:3] == [f"Done: P1 ({number}/9)" for number in (1, 2, 3)]
    assert new.start(2) == "2027-01-13T10:30"
    assert new.all("STATUS")[8] == "CANCELLED"
    assert {number for number in ALL if old.bytes[number] != new.bytes[number]} == {5}
    assert (desk.folder / "P1.ics~").read_bytes() == former


def test_planning_the_same_again_onto_a_course_with_a_history_changes_nothing(
    desk: Reception,
) -> None:
    desk.course()
    desk.told("--done", "1", "--done", "2", "--done", "3")
    before = desk.files()
    result = desk.run(*P1)
    assert result.code == 0
    assert result.err == "meso-sched: P1.ics: holds this plan already, nothing changed\n"
    assert desk.files() == before


def test_planning_with_more_sessions_keeps_the_history(desk: Reception) -> None:
    desk.course()
    desk.told("--done", "1", "--done", "2", "--missed", "3")
    result = desk.run(*P1, "--sessions", "weekly=5")
    assert result.code == 0
    new = Events(desk.file.read_bytes())
    assert new.all("SUMMARY")[:2] == ["Done: P1 (1/10)", "Done: P1 (2/10)"]
    assert len(new.read) == 10
    assert "10 sessions, of which changed: " in result.err


def test_planning_fewer_sessions_than_are_done_is_refused(desk: Reception) -> None:
    desk.course("--sessions", "weekly=6", "--sessions", "monthly=4")
    desk.today("2027-12-30")
    numbers = [str(number) for number in range(1, 13)]
    desk.told(*(word for number in numbers for word in ("--done", number)))
    before = desk.files()
    result = desk.run(*P1)
    assert result.code == 2
    assert result.err == (
        "meso-sched: session 12 is done already, and these choices make a course of 9 sessions;"
        " choose more\n"
    )
    assert desk.files() == before


@pytest.mark.parametrize("name", ["another patient's", "another tool's", "words"])
def test_planning_onto_anything_else_is_refused(desk: Reception, name: str) -> None:
    desk.today("2027-01-04")
    other = (*HAIR, "--start", "2027-01-05", "--patient", "P2", "-o", "P1.ics")
    if name == "another patient's":
        assert desk.run(*other).code == 0
    else:
        desk.write("P1.ics", OTHER_TOOL if name == "another tool's" else "hello\n")
    before = desk.files()
    result = desk.run(*P1)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("meso-sched: P1.ics: ")
    assert "choose another name" in result.err
    assert desk.files() == before


def test_planning_again_keeps_other_events_line_for_line(desk: Reception) -> None:
    data = desk.course()
    desk.file.write_bytes(data.replace(b"END:VCALENDAR", STRANGER.encode() + b"END:VCALENDAR"))
    assert desk.run(*P1, "--away", "2027-02-09").code == 0
    after = unfolded(desk.file.read_bytes())
    assert [line for line in unfolded(STRANGER.encode()).split(b"\r\n") if line not in after] == []


# One course over a year: told week by week it stays readable by every reader


def test_a_year_of_revisions_stays_one_course(desk: Reception) -> None:
    desk.course()
    uids = Events(desk.file.read_bytes()).all("UID")
    for day, args in YEAR:
        desk.today(day)
        desk.told(*args)
        sequences = [int(text) for text in Events(desk.file.read_bytes()).all("SEQUENCE")]
        assert all(0 <= sequence <= len(YEAR) for sequence in sequences)
    found = Events(desk.file.read_bytes())
    assert found.all("UID")[:9] == uids
    assert len(set(found.all("UID"))) == 10
    said = [summary.partition(":")[0] for summary in found.all("SUMMARY")]
    assert said == [*["Done"] * 8, "Missed", "Cancelled"]
    assert found.days == sorted(found.days)
    assert desk.revise().out.rstrip().endswith("late at most.")


YEAR: Sequence[tuple[str, tuple[str, ...]]] = (
    ("2027-01-05", ("--done", "1=2027-01-05T09:30")),
    ("2027-01-13", ("--done", "2=2027-01-13T11:00")),
    ("2027-01-20", ("--missed", "3")),
    ("2027-01-21", ("--done", "3=2027-01-21T09:00")),
    ("2027-01-22", ("--move", "4=2027-02-01")),
    ("2027-02-02", ("--done", "4", "--away", "2027-02-10..2027-02-20")),
    ("2027-03-01", ("--done", "5=2027-02-23", "--at", "14:00")),
    ("2027-04-30", ("--done", "6=2027-03-08", "--done", "7=2027-04-06", "--extend", "monthly=1")),
    ("2027-07-01", ("--done", "8=2027-05-04", "--missed", "9")),
    ("2027-07-01", ("--stop",)),
)
