"""`regimens`, `show`, `check`, `init`, help, version, completion, and `python -m meso_sched`."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from running import ISTANBUL, SCRIPT, Desk

SHIPPED: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "schedules.toml").read_text(encoding="utf-8")
)
REGIMENS = list(SHIPPED["regimens"])
COMMANDS = ("regimens", "show", "check", "plan", "revise", "agenda", "init")
OWN = """[regimens.ours]
title = "Our way"
sources = ["us"]
[[regimens.ours.phases]]
name = "first"
sessions = "2"
every = "1 week"
"""


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    return Desk(tmp_path, monkeypatch, capsys)


def words(text: str) -> str:
    """A screen's words without its line breaks."""
    return " ".join(text.split())


# regimens and show


def test_the_shipped_regimens_are_fifteen() -> None:
    assert len(REGIMENS) == 15


def test_regimens_lists_all_in_order(desk: Desk) -> None:
    result = desk.run("regimens")
    assert (result.code, result.err) == (0, "")
    firsts = [line.split()[0] for line in result.out.splitlines() if line[0] not in ' "']
    assert firsts == ["Regimen", *REGIMENS]
    assert [line for line in result.out.splitlines() if len(line) > 80] == []


def test_regimens_in_json(desk: Desk) -> None:
    document = desk.run("regimens", "--json").document
    assert document["schema"] == "meso-sched/regimens/1"
    assert [regimen["id"] for regimen in document["regimens"]] == REGIMENS
    hair = document["regimens"][0]
    assert hair["title"] == "Hair mesotherapy (scalp)"
    assert [(each["name"], each["sessions"], each["every"]) for each in hair["phases"]] == [
        ("weekly", "4-6", "1 week"),
        ("biweekly", "2-3", "15 days"),
        ("monthly", "3+", "1 month"),
    ]
    assert [each["optional"] for each in document["regimens"][1]["phases"]] == [False, True]


@pytest.mark.parametrize("name", REGIMENS)
def test_show_says_all_that_the_template_says(desk: Desk, name: str) -> None:
    template = SHIPPED["regimens"][name]
    result = desk.run("show", name)
    assert (result.code, result.err) == (0, "")
    assert max(map(len, result.out.splitlines())) <= 80
    shown = words(result.out)
    told = [template["title"], template["evidence"]]
    lists = [template, *(SHIPPED["care"][care] for care in template["care"])]
    for part in lists:
        for key in ("before", "after", "expect", "call", "screening", "technique", "notes"):
            told += [item["what"] for item in part.get(key, ())]
    told += [review["name"] for review in template.get("reviews", ())]
    told += [SHIPPED["sources"][source] for source in template["sources"]]
    assert [sentence for sentence in told if words(sentence) not in shown] == []
    for phase in template["phases"]:
        assert phase["name"] in shown
        assert phase["sessions"] in shown
        assert phase["every"] in shown
    for part in lists:
        for item in part.get("after", ()):
            assert item.get("for", "") in shown


@pytest.mark.parametrize("name", REGIMENS)
def test_show_in_json_says_the_same(desk: Desk, name: str) -> None:
    document = desk.run("show", name, "--json").document
    template = SHIPPED["regimens"][name]
    assert document["schema"] == "meso-sched/show/1"
    regimen = document["regimen"]
    assert (regimen["id"], regimen["title"]) == (name, template["title"])
    assert regimen["evidence"] == template["evidence"]
    assert [phase["sessions"] for phase in regimen["phases"]] == [
        phase["sessions"] for phase in template["phases"]
    ]
    screening = [item["what"] for item in SHIPPED["care"]["mesotherapy"]["screening"]]
    assert [each["what"] for each in regimen["screening"]] == screening
    assert len(regimen["reviews"]) == len(template.get("reviews", ()))
    assert set(template["sources"]) <= set(document["sources"])


# check


def test_check_says_which_files_it_read(desk: Desk) -> None:
    desk.write("schedules.toml", ISTANBUL)
    desk.write("own.toml", OWN)
    result = desk.run("check", "own.toml")
    assert result.code == 0
    assert [line.rpartition(": ")[2] for line in result.out.splitlines()] == ["ok"] * 3
    assert result.out.splitlines()[1:] == ["schedules.toml: ok", "own.toml: ok"]
    assert "16 regimens" in result.err


def test_check_in_json(desk: Desk) -> None:
    desk.write("own.toml", OWN)
    document = desk.run("check", "own.toml", "--json").document
    assert document["schema"] == "meso-sched/check/1"
    assert document["files"][-1] == "own.toml"
    assert (document["problems"], document["warnings"]) == ([], [])
    desk.write("own.toml", OWN.replace("1 week", "1 weak").replace("title", "titel"))
    result = desk.run("check", "own.toml", "--json")
    assert result.code == 3
    problems = result.document["problems"]
    assert [set(problem) for problem in problems] == [{"where", "message"}] * len(problems)
    told = {problem["where"]: problem["message"] for problem in problems}
    assert '"1 weak"' in told["own.toml:7: regimens.ours.phases.first.every"]
    assert '"title"' in told["own.toml:2: regimens.ours.titel"]


def test_check_reads_what_plan_would_read(desk: Desk) -> None:
    desk.write("schedules.toml", '[clinic]\nholidays = "XX"\n')
    result = desk.run("check")
    assert (result.code, result.out) == (3, "")
    assert "schedules.toml:2: clinic.holidays: " in result.err


def test_the_variable_names_schedules_files(desk: Desk) -> None:
    one = desk.write("one.toml", OWN)
    two = desk.write("two.toml", OWN.replace("ours", "theirs"))
    desk.setenv("MESO_SCHED_SCHEDULES", f"{one}{os.pathsep}{two}")
    listed = [each["id"] for each in desk.run("regimens", "--json").document["regimens"]]
    assert listed == [*REGIMENS, "ours", "theirs"]
    desk.write("three.toml", OWN.replace("ours", "last"))
    chosen = desk.run("regimens", "--json", "--schedules", "three.toml").document["regimens"]
    assert "last" in [each["id"] for each in chosen]


def test_the_users_own_file_is_read_from_the_config_folder(desk: Desk) -> None:
    config = desk.home / ".config" / "meso-sched"
    config.mkdir(parents=True)
    (config / "schedules.toml").write_text(OWN)
    assert desk.run("show", "ours").code == 0


# init


def test_init_in_a_pipe_guesses_from_the_machine_and_check_accepts_it(desk: Desk) -> None:
    result = desk.run("init")
    assert (result.code, result.out) == (0, "")
    assert "schedules.toml" in result.err
    written = tomllib.loads((desk.folder / "schedules.toml").read_text())
    assert written["clinic"]["timezone"] == "Europe/Istanbul"
    assert written["clinic"]["holidays"] == "TR"
    assert list(written["clinic"]["hours"]) == ["mon", "tue", "wed", "thu", "fri", "sat"]
    assert desk.run("check").code == 0
    assert "no holidays" not in desk.plan().err


@pytest.mark.parametrize(
    ("zone", "code"),
    [
        ("Europe/Berlin", "DE"),
        ("Asia/Calcutta", "IN"),
        ("America/New_York", "US"),
        ("Etc/UTC", None),
    ],
)
def test_init_guesses_the_country_of_the_zone(desk: Desk, zone: str, code: str | None) -> None:
    result = desk.process("init", "-", TZ=zone)
    clinic = tomllib.loads(result.stdout.decode())["clinic"]
    assert (clinic["timezone"], clinic.get("holidays")) == (zone, code)
    assert os.listdir(desk.folder) == []


def test_init_takes_what_the_options_say(desk: Desk) -> None:
    name = 'Klinik "Ş" \\ \x7f\n[clinic]'
    said = ("--name", name, "--timezone", "Europe/Vienna", "--holidays", "AT-9")
    assert desk.run("init", "new.toml", *said).code == 0
    clinic = tomllib.loads((desk.folder / "new.toml").read_text(encoding="utf-8"))["clinic"]
    assert (clinic["name"], clinic["timezone"], clinic["holidays"]) == (
        name,
        "Europe/Vienna",
        "AT-9",
    )
    assert desk.run("check", "new.toml").code == 0


def test_init_without_holidays_leaves_them_out(desk: Desk) -> None:
    assert "holidays" not in tomllib.loads(desk.run("init", "-", "--holidays", "").out)["clinic"]


def test_what_init_comments_out_is_right_once_it_is_commented_in(desk: Desk) -> None:
    text = desk.run("init", "-").out
    settings = [line.removeprefix("# ") if "=" in line or line.startswith("# [") else line
                for line in text.splitlines()]  # fmt: skip
    written = desk.write("all.toml", "\n".join(settings).replace('name = ""', 'name = "Ours"'))
    clinic = tomllib.loads(written.read_text(encoding="utf-8"))["clinic"]
    assert {"rooms", "practitioners", "turnover"} < set(clinic)
    result = desk.run("check", "all.toml")
    assert result.code == 0, result.err
    assert "16 regimens" in result.err


def test_init_never_touches_an_existing_file(desk: Desk) -> None:
    path = desk.write("schedules.toml", "# mine\n")
    result = desk.run("init")
    assert result.code == 2
    assert "exists" in result.err
    assert path.read_text() == "# mine\n"


def test_init_asks_on_a_terminal(desk: Desk) -> None:
    answers = [
        ("name", "Praxis Süd"),
        ("Time zone", "Europe/Berlim"),
        ("Europe/Berlin", "Europe/Berlin"),
        ("Holidays", "DE-XX"),
        ("DE-XX", "DE-BY"),
        ("Monday to Friday", "18:00-09:00"),
        ("backward", "08:00-12:00, 13:00-17:00"),
        ("Saturday", "closed"),
        ("Sunday", ""),
    ]
    code, shown = desk.terminal("init", answers=answers)
    assert code == 0, shown
    clinic = tomllib.loads((desk.folder / "schedules.toml").read_text(encoding="utf-8"))["clinic"]
    assert clinic["name"] == "Praxis Süd"
    assert clinic["timezone"] == "Europe/Berlin"
    assert clinic["holidays"] == "DE-BY"
    assert clinic["hours"] == dict.fromkeys(
        ("mon", "tue", "wed", "thu", "fri"), "08:00-12:00, 13:00-17:00"
    )
    assert desk.run("check").code == 0


# Help, version, completion


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(desk: Desk, command: str) -> None:
    for option in ("--help", "-h"):
        result = desk.run(command, option)
        assert (result.code, result.err) == (0, "")
        assert f"meso-sched {command}" in result.out
        assert max(map(len, result.out.splitlines())) <= 80


def test_the_help_names_the_commands_and_plan_its_options(desk: Desk) -> None:
    result = desk.run("--help")
    assert (result.code, result.err) == (0, "")
    assert [name for name in COMMANDS if f"\n  {name} " not in result.out] == []
    options = (
        *("start", "at", "patient", "course", "sessions", "every", "until", "length", "keep"),
        *("on", "between", "away", "busy", "schedules", "override", "strict", "for"),
        *("output", "format", "json"),
    )
    told = desk.run("plan", "--help").out
    assert [option for option in options if f" --{option} " not in told] == []


def test_no_arguments_show_the_help(desk: Desk) -> None:
    result = desk.run()
    assert result.code == 2
    assert [name for name in COMMANDS if f"\n  {name} " not in result.err] == []


def test_the_version_is_that_of_the_package(desk: Desk) -> None:
    from importlib.metadata import version

    result = desk.run("--version")
    assert (result.code, result.out, result.err) == (0, f"meso-sched {version('meso-sched')}\n", "")


@pytest.mark.parametrize(
    "program", [(sys.executable, "-m", "meso_sched"), (SCRIPT,)], ids=["module", "script"]
)
def test_the_module_and_the_script_are_the_same_program(
    desk: Desk, program: tuple[str, ...]
) -> None:
    found = desk.process("plan", "hiar", "--start", "today", program=program)
    assert found.returncode == 2
    assert found.stderr.decode().startswith('meso-sched: no regimen is named "hiar"')
    found = desk.process("plan", "--help", program=program)
    assert found.returncode == 0
    assert found.stdout.decode().startswith("Usage: meso-sched plan")


def completed(desk: Desk, line: str) -> list[str]:
    """What bash offers for the last word of a line."""
    *_, last = words_before = line.split(" ")
    environment = desk.environment(
        _MESO_SCHED_COMPLETE="complete_bash",
        COMP_WORDS=line,
        COMP_CWORD=str(len(words_before) - 1),
    )
    found = subprocess.run(
        [SCRIPT],
        env=environment,
        cwd=desk.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert found.stderr == b""
    offered = found.stdout.decode().split("\n")
    assert all(word.startswith(last) for word in offered if word)
    return [word for word in offered if word]


def test_regimen_names_are_completed(desk: Desk) -> None:
    desk.write("schedules.toml", OWN)
    assert completed(desk, "meso-sched show ") == [*REGIMENS, "ours"]
    assert completed(desk, "meso-sched plan p") == ["pain", "prp", "prp-hair", "prp-microneedling"]
    assert completed(desk, "meso-sched plan zzz") == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("plan hair --sessions ", ["weekly=", "biweekly=", "monthly="]),
        ("plan hair --start 2027-01-05 --sessions w", ["weekly="]),
        ("plan --start today hair --every bi", ["biweekly="]),
        ("plan hair --sessions weekly=4 --sessions m", ["monthly="]),
        ("plan knee-pain --every ", ["series="]),
        ("plan nothing --every ", []),
    ],
)
def test_phase_names_are_completed(desk: Desk, line: str, expected: list[str]) -> None:
    assert completed(desk, f"meso-sched {line}") == expected


def test_languages_are_completed(desk: Desk) -> None:
    assert completed(desk, "meso-sched show hair --lang ") == ["en", "tr", "fr", "de", "es", "ar"]
    assert completed(desk, "meso-sched plan hair --start today --lang d") == ["de"]


def test_the_forms_of_care_are_completed(desk: Desk) -> None:
    assert completed(desk, "meso-sched plan hair --care ") == ["events", "alarms", "none"]
    assert completed(desk, "meso-sched revise x.ics --care al") == ["alarms"]


def test_completion_with_a_broken_file_is_silent(desk: Desk) -> None:
    desk.write("schedules.toml", "[clinic\n")
    assert completed(desk, "meso-sched plan h") == []
