"""The use case ``init``: a commented schedules file for a clinic."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from meso_sched.cli.asking import ask
from meso_sched.cli.reading import option, parse_name
from meso_sched.cli.talking import can_ask, say
from meso_sched.core.walltime import WEEKDAYS, parse_spans
from meso_sched.errors import MesoError, UsageError
from meso_sched.exchange import closures, zones
from meso_sched.exchange.files import read_bytes, write_whole

WEEK = (("Monday to Friday", WEEKDAYS[:5]), ("Saturday", WEEKDAYS[5:6]), ("Sunday", WEEKDAYS[6:]))
USUAL_HOURS = {"Monday to Friday": "09:00-18:00", "Saturday": "09:00-18:00", "Sunday": ""}


@dataclass(frozen=True, slots=True)
class Known:
    """What the options say about the clinic; None is to be asked or guessed."""

    name: str | None
    timezone: str | None
    holidays: str | None


@dataclass(frozen=True, slots=True)
class Settings:
    """A clinic's settings; ``holidays`` and a day's hours are empty where there are none."""

    name: str
    timezone: str
    holidays: str
    hours: dict[str, str]


def write_file(out: str, known: Known) -> None:
    """Ask or guess, then write; an existing file is never touched."""
    if out != "-" and read_bytes(Path(out)) is not None:
        raise UsageError(f"{out}: exists already; name another file, or edit this one")
    for option_name, text, check in (
        ("--name", known.name or None, parse_name),
        ("--timezone", known.timezone, _zone),
        ("--holidays", known.holidays, _code),
    ):
        if text is not None:
            option(option_name, check, text)
    settings = _asked(known) if can_ask() else _guessed(known)
    text = render(settings)
    if out == "-":
        sys.stdout.write(text)
        return
    write_whole(Path(out), text.encode(), former=None, mode=0o644)
    say(f"{out}: written for {settings.timezone}, holidays {settings.holidays or 'unknown'};")
    say(f"edit it as you like, then `meso-sched check {out}`")


def _guessed(known: Known) -> Settings:
    timezone = known.timezone or _machine_zone()
    if not timezone:
        raise UsageError("this machine does not tell its time zone; add --timezone ZONE")
    holidays = _country(timezone) if known.holidays is None else known.holidays
    hours = {day: USUAL_HOURS[when] for when, days in WEEK for day in days}
    return Settings((known.name or "").strip(), timezone, holidays, hours)


def _asked(known: Known) -> Settings:
    name, timezone, holidays = known.name, known.timezone, known.holidays
    if name is None:
        name = ask("The clinic's name (may stay empty)", str.strip, default="")
    if timezone is None:
        timezone = ask("Time zone, as Europe/Istanbul", _zone, default=_machine_zone() or None)
    if holidays is None:
        country = _country(timezone) or "none"
        holidays = ask('Holidays of, as TR or DE-BY, or "none"', _code_or_none, default=country)
    hours: dict[str, str] = {}
    for when, days in WEEK:
        usual = USUAL_HOURS[when] or "closed"
        answer = ask(f'{when}, as 09:00-12:30, 13:30-18:00, or "closed"', _hours, default=usual)
        hours.update(dict.fromkeys(days, answer))
    return Settings(name.strip(), timezone, holidays, hours)


def _machine_zone() -> str:
    """The machine's own zone; empty where it does not tell."""
    with contextlib.suppress(MesoError):
        return zones.machine_zone_name()
    return ""


def _zone(text: str) -> str:
    try:
        zones.load_zone(text)
    except MesoError as error:
        raise ValueError(str(error)) from error
    return text


def _code(text: str) -> str:
    try:
        if text:
            closures.check_code(text)
    except MesoError as error:
        raise ValueError(str(error)) from error
    return text


def _code_or_none(text: str) -> str:
    return "" if text.strip().lower() == "none" else _code(text.strip())


def _hours(text: str) -> str:
    if text.strip().lower() == "closed":
        return ""
    return ", ".join(str(span) for span in parse_spans(text))


def _country(timezone: str) -> str:
    """The holiday code of the zone's country, else of the machine's language; empty if neither."""
    settings = (os.environ.get(name, "") for name in ("LC_ALL", "LC_TIME", "LANG"))
    named = (re.match(r"[a-z]{2,3}_([A-Z]{2})\b", setting) for setting in settings)
    for code in (zones.country_of(timezone), *(found[1] for found in named if found)):
        with contextlib.suppress(ValueError):
            if code:
                return _code(code)
    return ""


def render(settings: Settings) -> str:
    """The file's text: what is known as settings, all else as comments to fill in."""
    holidays = f"holidays = {_quoted(settings.holidays)}"
    name = f"name = {_quoted(settings.name)}"
    lines = [
        "# A clinic's own schedules, over those that came with meso-sched.",
        "# It is read from this folder, from the user's config folder, or with --schedules FILE.",
        "# After a change: meso-sched check",
        "",
        "[clinic]",
        name if settings.name else f"# {name}                # stands in every event's identity",
        '# address = "Station Road 1, 34710 Istanbul"   # where patients go',
        '# contact = "+90 216 000 00 00"               # how they reach you: on the card to print',
        '# email = "desk@clinic.example"              # who invites them, with `plan --invite`',
        f"timezone = {_quoted(settings.timezone)}",
        holidays if settings.holidays else '# holidays = "TR"          # a country, or "DE-BY"',
        '# closed = ["2027-08-01..2027-08-15", "2027-10-28"]   # days off, both ends included',
        'slot = "15 minutes"         # sessions start on this grid, counted from each opening',
        '# language = "tr"           # of what patients read: en, tr, fr, de, es or ar',
        '# keep = "date"             # count exact dates; the default keeps the weekday',
        '# reminders = ["1 day"]     # alarms in the calendar file',
        '# rooms = 2                 # for a whole list of patients; or names: ["Blue", "Garden"]',
        '# practitioners = ["Dr. Ada", "Dr. Bo"]   # who gives sessions, one at a time',
        '# turnover = "10 minutes"   # room and practitioner stay taken so long after a session',
        "",
        "[clinic.hours]              # a day left out is closed; several spans by comma",
        *(
            f"{day} = {_quoted(settings.hours[day])}"
            if settings.hours[day]
            else f'# {day} = "09:00-13:00"'
            for day in WEEKDAYS
        ),
        "",
        "# A regimen of your own; one with a shipped id (`meso-sched regimens`) replaces it.",
        "# [regimens.my-regimen]",
        '# title = "Our way"',
        '# sources = ["our protocol"]',
        '# length = "30-60 minutes"',
        "# [[regimens.my-regimen.phases]]",
        '# name = "weekly"',
        '# sessions = "4-6"           # "4", "4-6", "4+" (open), "?" (must be chosen)',
        '# every = "1 week"           # "7-14 days", "1 month", "?" (must be chosen)',
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML basic string; JSON's escapes are TOML's, but for DEL."""
    import json

    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
