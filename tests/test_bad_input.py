"""What bad input gets: a clear message on stderr, the right exit code, and nothing written."""

# ruff: noqa: RUF001 - digits of other scripts are bad input too

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest
from running import ISTANBUL, WITHOUT_HOLIDAYS, Desk

PLAN = ("plan", "hair", "--start", "2027-01-05")
OUT = ("-o", "out.ics")
BUSY = (*PLAN, *OUT, "--busy")
WITH = (*PLAN, *OUT, "--schedules")


class Bad(NamedTuple):
    """A command line, and what its message has to say."""

    args: tuple[str, ...]
    code: int
    says: tuple[str, ...]
    files: Mapping[str, str | bytes] = {}
    env: Mapping[str, str] = {}


def start(text: str, *says: str) -> Bad:
    return Bad(("plan", "hair", "--start", text, *OUT), 2, ("--start", *says))


def usage(*args: str, says: tuple[str, ...]) -> Bad:
    return Bad((*PLAN, *OUT, *args), 2, says)


def clinic(text: str, *says: str, code: int = 3) -> Bad:
    return Bad((*WITH, "own.toml"), code, says, {"own.toml": text})


def calendar(data: str | bytes, *says: str) -> Bad:
    return Bad((*BUSY, "other.ics"), 3, ("other.ics", *says), {"other.ics": data})


SEVERAL = """\
[clinic]
timezone = "Europe/Istambul"
holidays = "XX"
[clinic.hours]
mon = "09:00-12:00, 11:00-13:00"
tue = "18:00-09:00"
[regimens.mine]
titel = "Mine"
[[regimens.mine.phases]]
name = "first"
sessions = "4-2"
every = "1 fortnight"
"""
EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\n"
    "DTSTAMP:20270101T000000Z\r\nDTSTART:20270105T060000Z\r\nDTEND:20270105T070000Z\r\n"
)

BAD = {
    # names
    "an unknown regimen": Bad(
        ("plan", "hiar", "--start", "2027-01-05", *OUT), 2, ('no regimen is named "hiar"', '"hair"')
    ),
    "an unknown regimen to show": Bad(("show", "fase"), 2, ('named "fase"', '"face"')),
    "a regimen without a near name": Bad(("show", "zzz"), 2, ('"zzz"', "meso-sched regimens")),
    "an unknown phase of --sessions": usage(
        "--sessions", "weeky=5", says=("--sessions", '"weeky"', '"weekly"', "weekly, biweekly")
    ),
    "an unknown phase of --every": usage(
        "--every", "montly=5 weeks", says=("--every", '"montly"', '"monthly"')
    ),
    "a command that is none": Bad(("paln",), 2, ("paln",)),
    "an option that is none": usage("--frobnicate", says=("--frobnicate",)),
    "an argument too many": usage("face", says=("face",)),
    "no regimen": Bad(("plan", "--start", "2027-01-05"), 2, ("REGIMEN",)),
    "no start": Bad(("plan", "hair"), 2, ("--start",)),
    # choices outside their range
    "a count above its range": usage("--sessions", "weekly=9", says=("weekly", "4-6", "S0")),
    "a count below its range": usage("--sessions", "weekly=3", says=("weekly", "4-6", "S0")),
    "a phase of no sessions": usage("--sessions", "weekly=0", says=("weekly", "4-6", "S0")),
    "an open count below its range": usage("--sessions", "monthly=2", says=("3+", "S0")),
    "an interval outside its tolerance": usage(
        "--every", "biweekly=20 days", says=("biweekly", "15 days", "S0")
    ),
    "an interval outside its range": Bad(
        ("plan", "face", "--start", "2027-01-05", "--every", "series=5 weeks", *OUT),
        2,
        ("series", "1-4 weeks", "S0"),
    ),
    "a length outside its range": usage("--length", "5m", says=("5m", "30-60 minutes", "S3")),
    "a negative count": usage("--sessions", "weekly=-1", says=("--sessions weekly", '"-1"')),
    "an enormous count": usage("--sessions", "weekly=99999999", says=("weekly", "99999999")),
    "an enormous count with --override": usage(
        "--override", "--sessions", "weekly=99999999", says=("weekly", "99999999")
    ),
    "more sessions than a course has": usage("--sessions", "monthly=501", says=("500",)),
    "no sessions at all": Bad(
        ("plan", "knee-pain", "--start", "2027-01-05", "--override", "--sessions", "series=0"),
        2,
        ("no session at all",),
    ),
    "a count in words": usage("--sessions", "weekly=four", says=("--sessions weekly", '"four"')),
    "a choice without a value": usage("--sessions", "weekly", says=('"weekly"', "PHASE=")),
    "a choice without a phase": usage("--sessions", "=3", says=('"=3"', "PHASE=")),
    "a count chosen twice": usage(
        *("--sessions", "weekly=4", "--sessions", "weekly=5"), says=("weekly", "twice")
    ),
    "an interval chosen twice": usage(
        *("--every", "weekly=7 days", "--every", "weekly=8 days"), says=("weekly", "twice")
    ),
    "an interval that is none": usage(
        "--every", "weekly=sometimes", says=("--every weekly", '"sometimes"')
    ),
    "an interval of nothing": usage("--every", "weekly=0 days", says=("--every weekly",)),
    "a course beyond the calendar": usage(
        *("--override", "--every", "monthly=10 years", "--sessions", "monthly=20"), says=("2199",)
    ),
    # missing choices
    "a missing count": Bad(
        ("plan", "slimming", "--start", "2027-01-05", *OUT), 2, ("--sessions series=N", "S0")
    ),
    "a missing interval": Bad(
        ("plan", "cellulite", "--start", "2027-01-05", *OUT), 2, ("--every series=INTERVAL", "S1")
    ),
    "both missing": Bad(
        ("plan", "rejuvenation", "--start", "2027-01-05", *OUT),
        2,
        ("--sessions series=N", "--every series=INTERVAL", "S4"),
    ),
    # dates and times
    "an ambiguous date": start("05/01/2027", '"05/01/2027"', "YYYY-MM-DD"),
    "a dotted date": start("5.1.2027", '"5.1.2027"', "YYYY-MM-DD"),
    "an impossible date": start("2027-02-30", '"2027-02-30"', "does not exist"),
    "a week": start("2027-W01", '"2027-W01"', "YYYY-MM-DD"),
    "half a phrase": start("next", '"next"'),
    "months ahead": start("+2m", '"+2m"'),
    "an empty date": start("", "YYYY-MM-DD"),
    "digits of another script": start("٢٠٢٧-٠١-٠٥", "YYYY-MM-DD"),
    "the year 9999": start("9999-12-31", "9999"),
    "the year 1": start("0001-01-01", "0001"),
    "a start at no time": start("2027-01-05T25:00", "25:00"),
    "a start in a zone": start("2027-01-05T10:00Z", "2027-01-05T10:00Z"),
    "--at that is no time": usage("--at", "noon", says=("--at", '"noon"', "HH:MM")),
    "--at past midnight": usage("--at", "25:00", says=("--at", '"25:00"')),
    "--between backward": usage("--between", "12:00-09:00", says=("--between", "backward")),
    "--between that is no span": usage("--between", "9", says=("--between", "HH:MM-HH:MM")),
    "--between overlapping": usage(
        "--between", "09:00-12:00,11:00-13:00", says=("--between", "overlap")
    ),
    "--between of nothing": usage("--between", "09:00-09:00", says=("--between",)),
    "--on that is no weekday": usage("--on", "funday", says=("--on", '"funday"')),
    "--on without a weekday": usage("--on", "", says=("--on",)),
    "--away backward": usage(
        "--away", "2027-03-01..2027-02-01", says=("--away", "2027-03-01", "backward")
    ),
    "--away that is no day": usage("--away", "soon", says=("--away", '"soon"')),
    "--until that is no day": usage("--until", "2027-13-01", says=("--until", "2027-13-01")),
    "--until before the start": usage("--until", "2026-12-01", says=("--until 2026-12-01",)),
    "--until and a count of the phase": usage(
        "--until", "2027-12-01", "--sessions", "monthly=4", says=("--until", "monthly=4")
    ),
    "--until without an open phase": Bad(
        ("plan", "knee-pain", "--start", "2027-01-05", "--until", "2027-12-01", *OUT),
        2,
        ("--until", "knee-pain"),
    ),
    "--length that is none": usage("--length", "long", says=("--length", '"long"')),
    "--length without a unit": usage("--length", "45", says=("--length", '"45"')),
    "--length that is a range": usage("--length", "30-60m", says=("--length", "range")),
    "--length of nothing": usage("--length", "0m", says=("--length",)),
    "--course 0": usage("--course", "0", says=("--course",)),
    "--course in words": usage("--course", "first", says=("--course", "first")),
    "--keep that is unknown": usage("--keep", "week", says=("--keep", '"week"', '"weekday"')),
    "--for nobody": usage("--for", "nobody", says=("--for", "clinic or patient")),
    "an empty patient reference": usage("--patient", " ", says=("--patient", "empty")),
    "a patient reference that is no text": usage(
        "--patient", "P\udcff", says=("--patient", "UTF-8")
    ),
    "an epoch in words": Bad((*PLAN, *OUT), 2, ("SOURCE_DATE_EPOCH", "soon"), {}, {"E": "soon"}),
    "an enormous epoch": Bad((*PLAN, *OUT), 2, ("SOURCE_DATE_EPOCH",), {}, {"E": "9" * 30}),
    "an epoch before all calendars": Bad(
        (*PLAN, *OUT), 2, ("SOURCE_DATE_EPOCH",), {}, {"E": "-99999999999"}
    ),
    # where it goes
    "an unknown suffix": Bad((*PLAN, "-o", "plan.doc"), 2, ("plan.doc", ".ics", "--format")),
    "no suffix": Bad((*PLAN, "-o", "plan"), 2, ("-o plan", "--format")),
    "an unknown format": Bad((*PLAN, *OUT, "--format", "pdf"), 2, ("--format", '"pdf"', "ics")),
    "a format without a file": Bad((*PLAN, "--format", "ics"), 2, ("--format", "-o")),
    "two wishes for stdout": Bad((*PLAN, "--json", "-o", "-"), 2, ("--json", "-o -")),
    "a folder that is missing": Bad(
        (*PLAN, "-o", "nowhere/out.ics"), 3, ("nowhere/out.ics", "folder nowhere does not exist")
    ),
    "a folder for a file": Bad(
        (*PLAN, "-o", "folder", "--format", "csv"), 2, ("folder",), {"folder/kept.txt": "x"}
    ),
    "a file for a folder": Bad((*PLAN, "-o", "file/out.ics"), 3, ("file/out.ics",), {"file": "x"}),
    "a full disk": Bad((*PLAN, "-o", "/dev/full", "--format", "ics"), 3, ("/dev/full", "space")),
    "a name with a NUL": Bad((*PLAN, "-o", "a\0.ics"), 3, ("cannot be",)),
    "a name too long": Bad((*PLAN, "-o", f"{'a' * 300}.ics"), 3, ("aaa.ics",)),
    # schedules files
    "a schedules file that is missing": Bad((*WITH, "none.toml"), 3, ("none.toml", "No such")),
    "a schedules file that is a folder": Bad(
        (*WITH, "folder"), 3, ("folder", "irectory"), {"folder/kept": ""}
    ),
    "a binary schedules file": clinic("\udc00", "own.toml")._replace(
        files={"own.toml": b"\x00\xff\xfe\x80"}, says=("own.toml", "UTF-8")
    ),
    "a schedules file that is not TOML": clinic("[clinic\n", "own.toml:1", "not TOML"),
    "an enormous schedules file": clinic("#" * (5 << 20), "own.toml", "larger than"),
    "an unknown zone": clinic(
        '[clinic]\ntimezone = "Europe/Istambul"\n', "own.toml:2", "Istambul", "Europe/Istanbul"
    ),
    "an unknown zone of the machine": Bad(
        ("plan", "face", "--start", "2027-01-05", *OUT),
        2,
        ("Nowhere/Here", "timezone"),
        {"schedules.toml": ""},
        {"TZ": "Nowhere/Here"},
    ),
    "an unknown holiday code": clinic('[clinic]\nholidays = "XX"\n', "own.toml:2", '"XX"', "TR"),
    "overlapping hours": clinic(
        '[clinic.hours]\nmon = "09:00-12:00, 11:00-13:00"\n',
        "own.toml:2",
        "clinic.hours.mon",
        "09:00-12:00 and 11:00-13:00 overlap",
    ),
    "backward hours": clinic(
        '[clinic.hours]\nmon = "18:00-09:00"\n',
        "own.toml:2",
        "hours.mon",
        "18:00-09:00",
        "backward",
    ),
    "an unknown key": clinic('[clinic]\ntimezon = "UTC"\n', "toml:2", '"timezon"', '"timezone"'),
    "a template with several mistakes": clinic(
        SEVERAL,
        *("own.toml:2: clinic.timezone: ", "own.toml:3: clinic.holidays: "),
        *("own.toml:5: clinic.hours.mon: ", "own.toml:6: clinic.hours.tue: "),
        *('own.toml:7: regimens.mine: "title" is missing', "own.toml:8: regimens.mine.titel: "),
        *("own.toml:11: regimens.mine.phases.first.sessions: ", "own.toml:12: regimens.mine"),
    ),
    "mistakes that check tells": Bad(
        ("check", "own.toml"), 3, ("own.toml:2: ", "own.toml:12: "), {"own.toml": SEVERAL}
    ),
    "a file to check that is missing": Bad(("check", "none.toml"), 3, ("none.toml",)),
    # busy time
    "a calendar that is missing": Bad((*BUSY, "none.ics"), 3, ("none.ics", "no such file")),
    "an empty calendar": calendar("", "empty"),
    "a binary calendar": calendar(b"BEGIN:VCALENDAR\0\1\2", "binary"),
    "no calendar": calendar("<html></html>", "not iCalendar"),
    "a truncated calendar": calendar(EVENT, "no END"),
    "a calendar cut inside a line": calendar(EVENT[:-9], "END"),
    "an unreadable time": calendar(
        EVENT.replace("DTSTART:20270105T060000Z", "DTSTART:yesterday")
        + "END:VEVENT\r\nEND:VCALENDAR\r\n"
    ),
    "a bad calendar among good ones": Bad(
        (*BUSY, "folder"),
        3,
        ("b.ics",),
        {"folder/a.ics": EVENT + "END:VEVENT\r\nEND:VCALENDAR\r\n", "folder/b.ics": EVENT},
    ),
    "an address that is not of the web": Bad((*BUSY, "ftp://host/x.ics"), 2, ("ftp://", "http")),
    "an address without a host": Bad((*BUSY, "http:///x.ics"), 2, ("malformed",)),
    "an address without an end": Bad((*BUSY, "http://[::1"), 2, ("malformed",)),
    # a clinic that has no time
    "a clinic without hours": clinic("[clinic.hours]\n", "clinic", "closed", "hours", code=4),
    "a clinic that is closed for years": clinic(
        '[clinic]\nclosed = ["2026-01-01..2030-01-01"]\n',
        *("session 1", "weekly", "Tue 5 Jan 2027", "120 days", "closed"),
        code=4,
    ),
    "a patient who is always away": Bad(
        (*PLAN, *OUT, "--away", "2027-01-01..2028-01-01"), 4, ("session 1", "away")
    ),
    "a patient who leaves in the middle": Bad(
        (*PLAN, *OUT, "--away", "2027-01-13..2028-01-01"), 4, ("session 3", "Tue 19 Jan", "away")
    ),
    "hours at which the clinic is closed": Bad(
        (*PLAN, *OUT, "--between", "20:00-21:00"), 4, ("session 1", "20:00-21:00")
    ),
    "a weekday on which the clinic is closed": Bad(
        (*PLAN, *OUT, "--on", "sun"), 4, ("session 1", "Sun")
    ),
    "a session longer than the limits": Bad(
        (*PLAN, *OUT, "--length", "60m", "--between", "09:00-09:30"), 4, ("session 1", "60 minutes")
    ),
    # init
    "init over a file": Bad(
        ("init",), 2, ("schedules.toml", "exists"), {"schedules.toml": ISTANBUL}
    ),
    "init with an unknown zone": Bad(
        ("init", "new.toml", "--timezone", "Europe/Istambul"), 2, ("--timezone", "Europe/Istanbul")
    ),
    "init with an unknown code": Bad(("init", "n.toml", "--holidays", "XX"), 2, ("--holidays",)),
    "init into a missing folder": Bad(("init", "nowhere/new.toml"), 3, ("nowhere",)),
}


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    return Desk(tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_told_and_nothing_is_written(desk: Desk, name: str) -> None:
    bad = BAD[name]
    for file, data in bad.files.items():
        desk.write(file, data)
    for key, value in bad.env.items():
        desk.setenv("SOURCE_DATE_EPOCH" if key == "E" else key, value)
    before = desk.files()
    result = desk.run(*bad.args)
    missing = [words for words in bad.says if words not in result.err]
    assert (result.code, missing) == (bad.code, []), result.err
    assert result.out == ""
    assert "Traceback" not in result.err
    assert "bug" not in result.err
    assert result.err.endswith("\n")
    assert desk.files() == before
    assert sorted(os.listdir(desk.folder)) == sorted({file.split("/")[0] for file in bad.files})


def test_all_the_mistakes_of_a_file_are_told_each_on_a_line_of_its_own(desk: Desk) -> None:
    desk.write("own.toml", SEVERAL)
    lines = desk.run(*WITH, "own.toml").err.splitlines()
    assert [int(line.split(":")[2]) for line in lines] == [2, 3, 5, 6, 7, 8, 11, 12]


def test_an_enormous_calendar_is_refused(desk: Desk) -> None:
    with desk.write("huge.ics", "BEGIN:VCALENDAR\r\n").open("r+b") as file:
        file.truncate(200 << 20)
    result = desk.run(*BUSY, "huge.ics")
    assert (result.code, result.out) == (3, "")
    assert "huge.ics: is larger than" in result.err
    assert os.listdir(desk.folder) == ["huge.ics"]


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a server that knows only refusals: its path is the status to answer."""

    class Refusals(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status = int(self.path.strip("/").partition(".")[0])
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"<html>not here</html>")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep the test's stderr for the command."""

    with HTTPServer(("127.0.0.1", 0), Refusals) as serving:
        thread = Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("404.ics", "404"),
        ("401.ics", "password"),
        ("403.ics", "403"),
        ("500.ics", "500"),
        ("200.ics", "web page"),
    ],
)
def test_a_url_that_a_server_refuses_is_the_servers_failure(
    desk: Desk, server: str, path: str, says: str
) -> None:
    result = desk.run(*BUSY, f"{server}/{path}")
    assert (result.code, result.out) == (6, "")
    assert f"{server}/{path}" in result.err
    assert says in result.err
    assert os.listdir(desk.folder) == []


def test_a_url_where_nobody_listens_is_a_servers_failure_and_its_secrets_stay_secret(
    desk: Desk,
) -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as closed:
        port = closed.server_port
    result = desk.run(*BUSY, f"http://me:secret@127.0.0.1:{port}/x.ics?token=hidden")
    assert (result.code, result.out) == (6, "")
    assert f"http://127.0.0.1:{port}/x.ics" in result.err
    assert "refuses" in result.err
    assert "secret" not in result.err
    assert "hidden" not in result.err
    assert os.listdir(desk.folder) == []


def test_a_read_only_folder_is_told_and_not_said_to_be_missing(desk: Desk) -> None:
    locked = desk.folder / "locked"
    locked.mkdir(mode=0o500)
    if os.access(locked, os.W_OK):  # root writes everywhere, but not here
        locked = Path("/proc")
    result = desk.run(*PLAN, "-o", f"{locked}/out.ics")
    assert (result.code, result.out) == (3, "")
    assert f"{locked}/out.ics" in result.err
    assert "does not exist" not in result.err
    assert not (locked / "out.ics").exists()


STDOUT = {
    "a table": PLAN,
    "json": (*PLAN, "--json"),
    "a calendar": (*PLAN, "-o", "-"),
    "regimens": ("regimens",),
    "show": ("show", "hair"),
    "check": ("check",),
    "init": ("init", "-"),
    "help": ("--help",),
    "a command's help": ("plan", "--help"),
    "version": ("--version",),
}


@pytest.mark.parametrize("name", STDOUT)
def test_a_full_disk_behind_stdout_is_told(desk: Desk, name: str) -> None:
    with open("/dev/full", "wb") as full:
        result = desk.process(*STDOUT[name], stdout=full)
    said = result.stderr.decode()
    assert result.returncode == 3, said
    assert "cannot be written: No space left on device" in said
    assert "Traceback" not in said
    assert "Exception ignored" not in said


@pytest.mark.parametrize("name", STDOUT)
def test_a_pipe_closed_early_is_no_mistake(desk: Desk, name: str) -> None:
    desk.write("schedules.toml", ISTANBUL)
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as pipe:
        result = desk.process(*STDOUT[name], stdout=pipe)
    said = result.stderr.decode()
    assert result.returncode == 0, said
    noise = ("Traceback", "Broken pipe", "Exception ignored", "cannot be written", "bug")
    assert [words for words in noise if words in said] == []


def test_a_long_calendar_into_head_ends_well(desk: Desk) -> None:
    desk.write("schedules.toml", ISTANBUL)
    long = f"{' '.join(PLAN)} --sessions monthly=400 -o -"
    command = f"{sys.executable} -m meso_sched {long} | head -1"
    result = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        cwd=desk.folder,
        env=desk.environment(),
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert result.returncode == 0, result.stderr.decode()
    assert result.stdout == b"BEGIN:VCALENDAR\r\n"
    assert b"Traceback" not in result.stderr


@pytest.mark.parametrize("name", ["a table", "json", "a calendar", "regimens", "help"])
def test_a_closed_stdout_is_no_bug(desk: Desk, name: str) -> None:
    shell = ("bash", "-c", f'exec {sys.executable} -m meso_sched "$@" >&-', "sh")
    result = desk.process(*STDOUT[name], program=shell)
    said = result.stderr.decode()
    assert "this is a bug" not in said
    assert "Traceback" not in said
    assert result.returncode != 1


def test_without_stderr_no_words_get_into_the_data(desk: Desk) -> None:
    desk.write("schedules.toml", WITHOUT_HOLIDAYS)
    shell = ("bash", "-c", f'exec {sys.executable} -m meso_sched "$@" 2>&-', "sh")
    result = desk.process(*PLAN, "-o", "-", program=shell)
    assert result.stdout.startswith(b"BEGIN:VCALENDAR\r\n")
    assert b"meso-sched: " not in result.stdout
    assert result.returncode == 0


def test_bytes_that_are_no_text_are_refused_in_every_option(desk: Desk) -> None:
    for option in ("--patient", "--sessions", "--away", "--busy", "--at", "--schedules"):
        result = desk.process(*PLAN, option, b"\xff\xfe=\x80.ics")
        said = result.stderr.decode()
        assert result.returncode in (2, 3), (option, said)
        assert "Traceback" not in said
        assert "bug" not in said
        assert result.stdout == b""
    assert os.listdir(desk.folder) == []
