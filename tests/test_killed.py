"""Killed at any moment (kill -9), a course's file is whole: the old one or the new one.

Most kills hit a process that was forked, by this file run as a program, off the real command line
where that begins to write: so hundreds of them take seconds.
"""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import icalendar
import pytest
from running import ISTANBUL, Desk

PLAN = ("plan", "hair", "--at", "10:00", "--start", "2090-01-03", "--patient", "P1", "-o", "P1.ics")
REVISE = ("revise", "P1.ics", "--cancel", "9", "--yes")
STAMP = "1767225600"
TIMED_KILLS = 200
KILLS_OF_WHOLE_RUNS = 12
ANSWERS = 3
"""The number of the pipe on which the nursery answers."""


# ---- The nursery: it runs in a process of its own ------------------------------------------------


def nursery() -> None:
    """Run the command line up to where it writes; from there on fork a process for each order."""
    from meso_sched.__main__ import main
    from meso_sched.cli import writing
    from meso_sched.exchange.files import write_whole

    vars(writing)["write_whole"] = _obeying(write_whole)
    main()


def _obeying(write_whole: Callable[..., None]) -> Callable[..., None]:
    """The writing, done by a process of its own for each order on stdin.

    ``call N`` kills it at its N-th call or return, ``after S`` so many seconds after it began. The
    answer is how it ended and how many seconds it took.
    """

    def obey(*args: Any, **options: Any) -> None:  # noqa: ANN401 - the signature of what it wraps
        for line in sys.stdin:
            order, number = line.split()
            begin = time.monotonic()
            process = os.fork()
            if process == 0:
                if order == "call":
                    sys.setprofile(_killing(int(number)))
                write_whole(*args, **options)
                sys.setprofile(None)
                return  # into the rest of the command line, which ends this process
            if order == "after":
                time.sleep(float(number))
                os.kill(process, signal.SIGKILL)  # not waited for yet, so the number is still its
            _, status = os.waitpid(process, 0)
            answer = f"{os.waitstatus_to_exitcode(status)} {time.monotonic() - begin}\n"
            os.write(ANSWERS, answer.encode())
        os._exit(0)

    return obey


def _killing(moment: int) -> Callable[[FrameType, str, object], None]:
    left = moment

    def count(_frame: FrameType, _event: str, _argument: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return count


class Ended(NamedTuple):
    """How a process that wrote ended: its exit code, negative for a signal, and after how long."""

    code: int
    seconds: float


class Nursery:
    """A command of the desk that has come to its writing, and does it as often as it is told to."""

    def __init__(self, process: subprocess.Popen[bytes], answers: int) -> None:
        self._process = process
        self._answers = answers
        self._heard = b""

    def killed_at_call(self, number: int) -> Ended:
        """Let it write until its N-th call or return; it ends well where it has fewer."""
        return self._ordered(f"call {number}")

    def killed_after(self, seconds: float) -> Ended:
        """Let it write for so long."""
        return self._ordered(f"after {seconds:.6f}")

    def _ordered(self, order: str) -> Ended:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{order}\n".encode())
        self._process.stdin.flush()
        while b"\n" not in self._heard:
            assert select.select([self._answers], [], [], 30)[0], "the nursery does not answer"
            data = os.read(self._answers, 4096)
            assert data, "the nursery is gone"
            self._heard += data
        line, _, self._heard = self._heard.partition(b"\n")
        code, seconds = line.split()
        return Ended(int(code), float(seconds))


@contextmanager
def writing(desk: Desk, *command: str) -> Iterator[Nursery]:
    """The command, run up to its writing."""
    here = Path(__file__).parent
    start = f"import os, sys; os.dup2(int(sys.argv.pop(1)), {ANSWERS}); import test_killed as t"
    read, write = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", f"{start}; t.nursery()", str(write), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=desk.folder,
        env=desk.environment(
            SOURCE_DATE_EPOCH=STAMP, PYTHONPATH=os.pathsep.join((str(here), str(here.parent)))
        ),
        pass_fds=(write,),
    ) as process:
        os.close(write)
        yield Nursery(process, read)
        os.close(read)  # leaving ends its stdin, and with that the process


# ---- The tests -----------------------------------------------------------------------------------


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    desk = Desk(tmp_path, monkeypatch, capsys)
    desk.write("schedules.toml", ISTANBUL)
    desk.setenv("SOURCE_DATE_EPOCH", STAMP)
    return desk


class Course:
    """A course's file with its versions: that of the revision before, the old and the new one."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.file, self.beside = desk.folder / "P1.ics", desk.folder / "P1.ics~"
        assert desk.run(*PLAN).code == 0
        self.older = self.file.read_bytes()
        assert desk.run("revise", "P1.ics", "--cancel", "8", "--yes").code == 0
        self.old = self.file.read_bytes()
        assert desk.run(*REVISE).code == 0
        self.new = self.file.read_bytes()
        for number, version in enumerate((self.older, self.old, self.new)):
            events = icalendar.Calendar.from_ical(version).walk("VEVENT")
            sessions = [each for each in events if str(each["DESCRIPTION"]).startswith("Session ")]
            cancelled = [event["STATUS"] == "CANCELLED" for event in sessions]
            assert (len(cancelled), sum(cancelled)) == (9, number)
            assert len(events) == 9 * (1 + 6) + 2
        self.restore()

    def restore(self) -> None:
        """As before the last revision; the first thing that a killed process left lies about."""
        self.file.write_bytes(self.old)
        self.beside.write_bytes(self.older)
        for name in self.leftovers[1:]:
            (self.desk.folder / name).unlink()

    def outcome(self) -> str:
        """How far it came; the course's file and the one beside it are whole at every moment."""
        data, beside = self.file.read_bytes(), self.beside.read_bytes()
        assert data in (self.old, self.new)
        assert beside in (self.older, self.old)
        if data == self.new:
            assert beside == self.old  # the old version is kept before the new one takes its place
            return "written"
        return "kept" if beside == self.old else "nothing"

    @property
    def leftovers(self) -> list[str]:
        """The files in the folder that should not be there."""
        return sorted(set(os.listdir(self.desk.folder)) - {"P1.ics", "P1.ics~", "schedules.toml"})

    def goes_on(self) -> None:
        """What was left behind is hidden from calendar programs and in nobody's way."""
        left = self.leftovers
        assert [name for name in left if not name.startswith(".meso-sched.")] == []
        assert [name for name in left if name.endswith((".ics", "~"))] == []
        self.restore()
        left = self.leftovers
        result = self.desk.run(*REVISE)
        assert (result.code, self.outcome()) == (0, "written"), result.err
        busy = self.desk.run("revise", "P1.ics", "--busy", ".", "--dry-run")
        assert (busy.code, "warning" in busy.err) == (0, False), busy.err
        assert self.desk.run("agenda", ".", "--date", "2090-01-03").code == 0
        assert self.leftovers == left  # another run might just be writing it
        for name in left:
            os.utime(self.desk.folder / name, (0, 0))
        self.restore()
        assert self.desk.run(*REVISE).code == 0
        assert self.leftovers == []


def test_killed_at_every_single_call_of_the_writing_the_file_is_whole(desk: Desk) -> None:
    course = Course(desk)
    outcomes: Counter[str] = Counter()
    with writing(desk, *REVISE) as nursery:
        for number in range(1, 5000):
            course.restore()
            if nursery.killed_at_call(number).code == 0:
                break
            outcomes[course.outcome()] += 1
    assert course.outcome() == "written"  # the last one had no call left to be killed at
    assert sum(outcomes.values()) >= 200
    assert set(outcomes) == {"nothing", "kept", "written"}
    assert course.leftovers
    course.goes_on()


def test_killed_at_any_time_of_the_writing_the_file_is_whole(desk: Desk) -> None:
    course = Course(desk)
    chance = random.Random(2090)
    outcomes: Counter[str] = Counter()
    with writing(desk, *REVISE) as nursery:
        takes = _whole(course, nursery)
        for _ in range(TIMED_KILLS):
            course.restore()
            nursery.killed_after(chance.uniform(0, takes))
            outcomes[course.outcome()] += 1
    assert sum(outcomes.values()) == TIMED_KILLS
    assert outcomes["nothing"] > 0
    assert outcomes["kept"] + outcomes["written"] > 0
    course.goes_on()


def _whole(course: Course, nursery: Nursery) -> float:
    """The seconds that a writing takes which nobody kills, the longest of a few."""
    takes = []
    for _ in range(5):
        course.restore()
        ended = nursery.killed_at_call(10**9)
        assert (ended.code, course.outcome()) == (0, "written")
        takes.append(ended.seconds)
    return max(takes)


def test_killed_at_any_time_of_a_whole_run_the_file_is_whole(desk: Desk) -> None:
    course = Course(desk)
    begin = time.monotonic()
    assert desk.process(*REVISE, SOURCE_DATE_EPOCH=STAMP).returncode == 0
    takes = time.monotonic() - begin
    assert course.outcome() == "written"
    codes = []
    for kill in range(1, KILLS_OF_WHOLE_RUNS + 1):
        course.restore()
        with subprocess.Popen(
            [sys.executable, "-m", "meso_sched", *REVISE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=desk.folder,
            env=desk.environment(SOURCE_DATE_EPOCH=STAMP),
        ) as process:
            time.sleep(takes * kill / KILLS_OF_WHOLE_RUNS)
            process.kill()
        codes.append(process.returncode)
        course.outcome()
    assert -signal.SIGKILL in codes
    course.goes_on()


def test_a_first_plan_that_is_killed_leaves_a_whole_file_or_none(desk: Desk) -> None:
    file = desk.folder / "P1.ics"
    assert desk.run(*PLAN).code == 0
    whole = file.read_bytes()
    file.unlink()
    outcomes: Counter[bool] = Counter()
    with writing(desk, *PLAN) as nursery:
        for number in range(1, 5000):
            for name in set(os.listdir(desk.folder)) - {"schedules.toml"}:
                (desk.folder / name).unlink()
            if nursery.killed_at_call(number).code == 0:
                break
            assert not file.exists() or file.read_bytes() == whole
            outcomes[file.exists()] += 1
    assert set(outcomes) == {False, True}
    assert not (desk.folder / "P1.ics~").exists()
    file.unlink()
    assert desk.run(*PLAN).code == 0
    assert file.read_bytes() == whole
