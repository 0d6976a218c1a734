"""schedules.toml: what a file may say, what it may not, and where the message says it went wrong.

A case is a file and its exact problems, each `LINE: where: what` as `FILE:LINE: where: what`.
"""

# ruff: noqa: E501 (a row of the table of mistakes is one case and reads best on one line)

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import dateutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meso_sched.core.clinic import Practitioner
from meso_sched.core.interval import Count, Interval, Step, Unit
from meso_sched.core.regimen import Keep, Lasting, Regimen, Statement, Text
from meso_sched.core.walltime import DateRange, Length, Span
from meso_sched.errors import FileError, ProblemsError
from meso_sched.exchange.languages import FOLDER, LANGUAGES
from meso_sched.exchange.schedules import MAX_BYTES, Catalogue, layers, load, shipped_file

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "schedules.toml"
INSTALLED = shipped_file()


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs in an empty folder, with an empty config folder and a zone of its own."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("TZ", "Asia/Tokyo")


def read(*texts: str, check_holidays: bool = False) -> Catalogue:
    """Write each text to a file (a.toml, b.toml, …) and load them in this order."""
    paths = [Path(f"{name}.toml") for name, _ in zip("abc", texts, strict=False)]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    return load(paths, check_holidays=check_holidays)


def problems(*texts: str, check_holidays: bool = False) -> list[str]:
    """The problems of the files, one a line, as the user reads them."""
    with pytest.raises(ProblemsError) as refused:
        read(*texts, check_holidays=check_holidays)
    assert refused.value.exit_code == 3
    return str(refused.value).split("\n")


# ---- One mistake at a time ------------------------------------------------------------------------


def clinic(line: str) -> str:
    """A file with this line as line 2."""
    return f"[clinic]\n{line}\n"


def hours(line: str) -> str:
    """A file with this line as line 2."""
    return f"[clinic.hours]\n{line}\n"


def person(line: str) -> str:
    """A file with this line as line 2."""
    return f"[clinic.practitioners.Ada]\n{line}\n"


def north(line: str) -> str:
    """A file with this line as line 2."""
    return f"[clinics.North]\n{line}\n"


def care(line: str) -> str:
    """A file with this line as line 2."""
    return f"[care.all]\n{line}\n"


def regimen(line: str) -> str:
    """A file with this line as line 3, in a regimen that is right without it."""
    return f'[regimens.hair]\ntitle = "Hair"\n{line}\n{phase()}'


def phase(
    *, name: str = '"weekly"', sessions: str = '"4"', every: str = '"1 week"', more: str = ""
) -> str:
    """A phase, written as TOML values; where it is alone: name on line 2, and so on."""
    lines = (f"name = {name}", f"sessions = {sessions}", f"every = {every}", more)
    return "\n".join(["[[regimens.hair.phases]]", *(each for each in lines if each), ""])


def course(**values: str) -> str:
    """A regimen of one phase: name on line 4, sessions on 5, every on 6, more on 7."""
    return f'[regimens.hair]\ntitle = "Hair"\n{phase(**values)}'


COUNT = 'write "4", "4-6", "4+" or "?"'
COUNTED = "is no count; it runs from 1 to 500, the lowest first"
INTERVAL = (
    "is not an interval; write a number or a range and day, week, month or year:"
    ' "1 week", "7-14 days"'
)
BOUNDS = "is no interval; it is at least 1 day and at most 3660 days"
LENGTH = 'is not a length; write "45 minutes", "1h", "30-60 minutes"'
LENGTH_BOUNDS = "minutes is no length; it lies between 1 minute and 24 hours, the lowest first"
ONE_WAY = "is not a date that can be read only one way; write YYYY-MM-DD"
TIME = "is not a time of day; write HH:MM, as 09:30 or 14:00"
SPAN = "is not a span; write HH:MM-HH:MM, as 09:00-12:30"
FLEX = 'is not a flex; write days below and above: "-1/+3 days"'
SLOT = 'is not a length; write "15 minutes", "45m" or "1h", at most 24 hours'
EMPTY = "is empty; write a text"
ROOMS = "expected a number or a list of names"
IN_QUOTES = "a name with a dot or a space in it stands in quotes"
CODES = "Write en, tr, fr, de, es or ar."
LEAVE_OUT = "is not a span; leave the day out if the clinic is closed"
SESSION = 'is not a session; write "session 2", "session 2-3" or "last"'
LASTING = (
    "is not a length of time; write a number or a range, the lowest first, and minutes, hours,"
    ' days, weeks or months: "48 hours", "4-5 days"'
)
PHASE = "regimens.hair.phases.weekly"

# fmt: off
MISTAKES: dict[str, tuple[str, str]] = {
    # keys that are not known, at every level
    "a table that is not known": ('[clinik]\nname = "x"\n', '1: clinik: unknown key "clinik"; did you mean "clinic"?'),
    "a table like no other": ("\n[zzz]\n", '2: zzz: unknown key "zzz"'),
    "an address that is none": (clinic('email = "desk"'), '2: clinic.email: "desk" is no mail address; write one as "name@clinic.example"'),
    "two addresses": (clinic('email = "a@b.example, c@d.example"'), '2: clinic.email: "a@b.example, c@d.example" is not one bare address; write one as "name@clinic.example", without a name'),
    "an address that is no text": (clinic("email = 3"), '2: clinic.email: "3" is no mail address; write one as "name@clinic.example"'),
    "a key of the clinic": (clinic('time_zone = "x"'), '2: clinic.time_zone: unknown key "time_zone"; did you mean "timezone"?'),
    "a weekday by its long name": (hours('sunday = "09:00-12:00"'), '2: clinic.hours.sunday: unknown key "sunday"; did you mean "sun"?'),
    "a weekday in another language": (hours('pzt = "09:00-12:00"'), '2: clinic.hours.pzt: unknown key "pzt"'),
    "a key of a care set": (care("befor = []"), '2: care.all.befor: unknown key "befor"; did you mean "before"?'),
    "a key of a regimen": (regimen('evidense = "x"'), '3: regimens.hair.evidense: unknown key "evidense"; did you mean "evidence"?'),
    "a key of a phase": (course(more='session = "4"'), f'7: {PHASE}.session: unknown key "session"; did you mean "sessions"?'),
    "a key of a review": (regimen('reviews = [{ name = "x", after = "last", when = "1 day" }]'), '3: regimens.hair.reviews.x.when: unknown key "when"'),
    "a key of a statement": (care('call = [{ what = "x", source = ["S1"] }]'), '2: care.all.call.1.source: unknown key "source"; did you mean "sources"?'),
    "a time before, of what comes after": (care('after = [{ what = "x", from = "1 day" }]'), '2: care.all.after.1.from: unknown key "from"; did you mean "for"?'),
    "a time of a statement without one": (care('call = [{ what = "x", for = "1 day" }]'), '2: care.all.call.1.for: unknown key "for"'),
    # keys that are missing
    "no title": ("\n[regimens.hair]\n" + phase(), '2: regimens.hair: "title" is missing'),
    "no phases": ('\n[regimens.hair]\ntitle = "Hair"\n', "2: regimens.hair: has no phases; add [[regimens.hair.phases]]"),
    "an empty list of phases": ('[regimens.hair]\ntitle = "Hair"\nphases = []\n', "1: regimens.hair: has no phases; add [[regimens.hair.phases]]"),
    "no name": ('[regimens.hair]\ntitle = "Hair"\n[[regimens.hair.phases]]\nsessions = "4"\nevery = "1 day"\n', '3: regimens.hair.phases.1: "name" is missing'),
    "no sessions": ('[regimens.hair]\ntitle = "Hair"\n[[regimens.hair.phases]]\nname = "weekly"\nevery = "1 day"\n', f'3: {PHASE}: "sessions" is missing'),
    "no interval": ('[regimens.hair]\ntitle = "Hair"\n[[regimens.hair.phases]]\nname = "weekly"\nsessions = "4"\n', f'3: {PHASE}: "every" is missing'),
    "a review without a name": (regimen('reviews = [\n{ after = "last" }]'), '4: regimens.hair.reviews.1: "name" is missing'),
    "a review without its session": (regimen('reviews = [\n{ name = "x" }]'), '4: regimens.hair.reviews.x: "after" is missing'),
    "a statement without words": (care('call = [\n{ sources = ["S1"] }]'), '3: care.all.call.1: "what" is missing'),
    # the clinic's values
    "a zone that is not known": (clinic('timezone = "Europe/Istambul"'), '2: clinic.timezone: "Europe/Istambul" is not the name of a time zone; the nearest known one is "Europe/Istanbul"'),
    "a zone like no other": (clinic('timezone = "+03:00"'), '2: clinic.timezone: "+03:00" is not the name of a time zone; one is "Europe/Istanbul"'),
    "a country in small letters": (clinic('holidays = "tr"'), '2: clinic.holidays: "tr" is not a holiday code; did you mean "TR"?'),
    "a part of a country without parts": (clinic('holidays = "TR-34"'), '2: clinic.holidays: "TR-34" is not a holiday code: TR has no parts; write "TR"'),
    "an empty name": (clinic('name = " "'), f'2: clinic.name: " " {EMPTY} or leave it out'),
    "a slot without a unit": (clinic('slot = "15"'), f'2: clinic.slot: "15" {SLOT}'),
    "a slot as a number": (clinic("slot = 15"), f'2: clinic.slot: "15" {SLOT}'),
    "a slot that is a range": (clinic('slot = "15-30 minutes"'), '2: clinic.slot: "15-30 minutes" is a range; write one length: "15 minutes"'),
    "a slot of nothing": (clinic('slot = "0 minutes"'), f'2: clinic.slot: "0 minutes" {SLOT}'),
    "a slot of more than a day": (clinic('slot = "25 hours"'), f'2: clinic.slot: "25 hours" {SLOT}'),
    "a keep that is not known": (clinic('keep = "weekdays"'), '2: clinic.keep: "weekdays" is not a way to keep a rhythm; did you mean "weekday"?'),
    "a keep like no other": (clinic('keep = "x"'), '2: clinic.keep: "x" is not a way to keep a rhythm; write "weekday" or "date"'),
    "a reminder of months": (clinic('reminders = ["1 day", "1 month"]'), '2: clinic.reminders.2: "1 month" is not a time ahead; write "2 hours" or "1 day"'),
    "a reminder that is a range": (clinic('reminders = ["1-2 days"]'), '2: clinic.reminders.1: "1-2 days" is not a time ahead; write "2 hours" or "1 day"'),
    "closed days backward": (clinic('closed = ["2027-08-15..2027-08-01"]'), '2: clinic.closed.1: "2027-08-15..2027-08-01" runs backward; the earlier day is first'),
    "a date that can be read two ways": (clinic('closed = [\n"2027-01-01",\n"01.08.2027"]'), f'4: clinic.closed.2: "01.08.2027" {ONE_WAY}'),
    "a day that does not exist": (clinic('closed = ["2027-02-29"]'), '2: clinic.closed.1: "2027-02-29" does not exist in the calendar; check its day and month'),
    "closed days without an end": (clinic('closed = ["2027-08-01.."]'), f'2: clinic.closed.1: "2027-08-01..": "" {ONE_WAY}'),
    "a date of another age": (clinic("closed = [1969-12-31]"), '2: clinic.closed.1: "1969-12-31" is outside the years 1970 to 2199'),
    "one closed day without a list": (clinic('closed = "2027-08-01"'), '2: clinic.closed: expected a list in [ ], not "2027-08-01"'),
    "hours backward": (hours('mon = "18:00-09:00"'), '2: clinic.hours.mon: "18:00-09:00" runs backward; the earlier time comes first'),
    "hours of no length": (hours('mon = "09:00-09:00"'), '2: clinic.hours.mon: "09:00-09:00" runs backward; the earlier time comes first'),
    "hours that overlap": (hours('mon = "09:00-13:00, 12:45-18:00"'), '2: clinic.hours.mon: "09:00-13:00, 12:45-18:00": 09:00-13:00 and 12:45-18:00 overlap or stand out of order'),
    "hours out of order": (hours('mon = "13:00-18:00, 09:00-12:00"'), '2: clinic.hours.mon: "13:00-18:00, 09:00-12:00": 13:00-18:00 and 09:00-12:00 overlap or stand out of order'),
    "hours without minutes": (hours('mon = "9-18"'), f'2: clinic.hours.mon: "9-18": "9" {TIME}'),
    "hours past midnight": (hours('mon = "09:00-24:01"'), f'2: clinic.hours.mon: "09:00-24:01": "24:01" {TIME}'),
    "minutes past the hour": (hours('mon = "09:00-17:60"'), f'2: clinic.hours.mon: "09:00-17:60": "17:60" {TIME}'),
    "an opening alone": (hours('mon = "09:00"'), f'2: clinic.hours.mon: "09:00" {SPAN}'),
    "a comma too many": (hours('mon = "09:00-12:00,"'), f'2: clinic.hours.mon: "09:00-12:00,": "" {SPAN}'),
    "a word for closed": (hours('mon = "closed"'), f'2: clinic.hours.mon: "closed" {LEAVE_OUT}'),
    "an empty text for closed": (hours('mon = ""'), f'2: clinic.hours.mon: "" {LEAVE_OUT}'),
    # rooms, people and several clinics
    "a clinic's key by a near name": (clinic("room = 2"), '2: clinic.room: unknown key "room"; did you mean "rooms"?'),
    "fewer rooms than none": (clinic("rooms = -1"), "2: clinic.rooms: expected 0 to 999 rooms, not -1 (a number)"),
    "more rooms than any clinic has": (clinic("rooms = 1000"), "2: clinic.rooms: expected 0 to 999 rooms, not 1000 (a number)"),
    "more names of rooms than any clinic has": (clinic(f"rooms = {[str(room) for room in range(1000)]}"), "2: clinic.rooms: expected 0 to 999 rooms, not 1000 (a number)"),
    "more rooms than Python can write out": (clinic(f"rooms = 0x{'f' * 5000}"), "2: clinic.rooms: expected 0 to 999 rooms, not a number of more than 40 digits"),
    "half a room": (clinic("rooms = 1.5"), f"2: clinic.rooms: {ROOMS}, not 1.5 (a number)"),
    "rooms that are a switch": (clinic("rooms = true"), f"2: clinic.rooms: {ROOMS}, not true (a yes or no)"),
    "one room without a list": (clinic('rooms = "Blue"'), f'2: clinic.rooms: {ROOMS}, not "Blue"'),
    "rooms that are a table": (clinic("rooms = { Blue = 1 }"), f"2: clinic.rooms: {ROOMS}, not a table"),
    "a room that is a number": (clinic('rooms = [\n"Blue",\n2]'), "4: clinic.rooms.2: expected text in quotes, not 2 (a number)"),
    "a room named twice": (clinic('rooms = ["Blue", "Garden",\n"Blue"]'), '3: clinic.rooms.3: "Blue" names an earlier room too'),
    "a room named twice but for case and spaces": (clinic('rooms = ["Blue", " BLUE"]'), '2: clinic.rooms.2: " BLUE" names an earlier room too'),
    "a room without a name": (clinic('rooms = ["Blue", " "]'), '2: clinic.rooms.2: " " is empty; write the name of a room'),
    "a room's name of two lines": (clinic('rooms = ["Blue\\nroom"]'), r'2: clinic.rooms.1: "Blue\nroom" cannot name a room; write it on one line'),
    "a turnover of no unit": (clinic("turnover = 10"), f'2: clinic.turnover: "10" {SLOT}'),
    "a turnover backward": (clinic('turnover = "-5 minutes"'), f'2: clinic.turnover: "-5 minutes" {SLOT}'),
    "a turnover that is a range": (clinic('turnover = "5-10 minutes"'), '2: clinic.turnover: "5-10 minutes" is a range; write one length: "15 minutes"'),
    "a turnover of more than a day": (clinic('turnover = "25 hours"'), f'2: clinic.turnover: "25 hours" {SLOT}'),
    "a turnover of no days": (clinic('turnover = "0 days"'), f'2: clinic.turnover: "0 days" {SLOT}'),
    "one practitioner without a list": (clinic('practitioners = "Dr. Ada"'), '2: clinic.practitioners: expected a list of names or a table, not "Dr. Ada"'),
    "practitioners that are a number": (clinic("practitioners = 2"), "2: clinic.practitioners: expected a list of names or a table, not 2 (a number)"),
    "a practitioner named twice": (clinic('practitioners = ["Dr. Ada", "dr. ada"]'), '2: clinic.practitioners.2: "dr. ada" names an earlier practitioner too'),
    "a practitioner with two tables": ('[clinic.practitioners."Dr. Ada"]\n[clinic.practitioners."dr. ada "]\n', '2: clinic.practitioners.dr. ada : "dr. ada " names an earlier practitioner too'),
    "a practitioner without a name": (clinic('practitioners = [""]'), '2: clinic.practitioners.1: "" is empty; write the name of a practitioner'),
    "a table of a practitioner without a name": ('[clinic.practitioners.""]\n', '1: clinic.practitioners.: "" is empty; write the name of a practitioner'),
    "a practitioner that is a number": (clinic("practitioners = [3]"), "2: clinic.practitioners.1: expected text in quotes, not 3 (a number)"),
    "a practitioner that is no table": (clinic('practitioners = { Ada = "mon" }'), '2: clinic.practitioners.Ada: expected a table, not "mon"'),
    "practitioners in double brackets": ('\n[[clinic.practitioners]]\nname = "Ada"\n', '2: clinic.practitioners.Ada: write a name in quotes, or [clinic.practitioners."NAME"] for each'),
    "a practitioner in double brackets": ("[[clinic.practitioners.Ada]]\n", "1: clinic.practitioners.Ada: write [[clinic.practitioners.Ada]] with single brackets: [clinic.practitioners.Ada]"),
    "a practitioner's name without quotes": ("[clinic.practitioners.Dr. Ada]\n", f'1: clinic.practitioners.Dr.Ada: unknown key "Ada"; {IN_QUOTES}'),
    "a key of a practitioner": (person('regimen = ["hair"]'), '2: clinic.practitioners.Ada.regimen: unknown key "regimen"; did you mean "regimens"?'),
    "a table of a practitioner": (person("hour = {}"), '2: clinic.practitioners.Ada.hour: unknown key "hour"; did you mean "hours"?'),
    "days off backward": (person('off = ["2027-03-05..2027-03-01"]'), '2: clinic.practitioners.Ada.off.1: "2027-03-05..2027-03-01" runs backward; the earlier day is first'),
    "a practitioner's hours that overlap": (person('hours = { mon = "09:00-13:00, 12:45-18:00" }'), '2: clinic.practitioners.Ada.hours.mon: "09:00-13:00, 12:45-18:00": 09:00-13:00 and 12:45-18:00 overlap or stand out of order'),
    "a practitioner's word for a day off": (person('hours = { mon = "off" }'), '2: clinic.practitioners.Ada.hours.mon: "off" is not a span; leave the day out if nobody is there'),
    "a practitioner's day that is not known": (person("hours = { monday = 9 }"), '2: clinic.practitioners.Ada.hours.monday: unknown key "monday"; did you mean "mon"?'),
    "a practitioner's hours that are no table": (person('hours = "09:00-13:00"'), '2: clinic.practitioners.Ada.hours: expected a table, not "09:00-13:00"'),
    "a practitioner's regimen without a list": (person('regimens = "hair"') + course(), '2: clinic.practitioners.Ada.regimens: expected a list in [ ], not "hair"'),
    "a practitioner's regimen that is not known": (person('regimens = ["hair", "hiar"]') + course(), '2: clinic.practitioners.Ada.regimens.2: no regimen is named "hiar"; did you mean "hair"?'),
    "a practitioner's regimen where there is none": (person('regimens = ["hair"]'), '2: clinic.practitioners.Ada.regimens.1: no regimen is named "hair"'),
    "one of several clinics under one": ("[clinic.North]\nrooms = 2\n", '1: clinic.North: unknown key "North"; one clinic of several is [clinics.NAME]'),
    "several clinics with the settings of one": ("[clinics]\nrooms = 2\n", "2: clinics.rooms: expected a table, not 2 (a number)"),
    "clinics that are no table": ('clinics = ["North"]\n', "1: clinics: expected a table, not a list"),
    "a clinic without a name": ('[clinics." "]\n', '1: clinics. : " " is empty; write the name of a clinic'),
    "a clinic named twice": ("[clinics.North]\n[clinics.north]\n", '2: clinics.north: "north" names an earlier clinic too'),
    "a clinic of several with another name": (north('name = "South"'), '2: clinics.North.name: the clinic is named by its table; leave "name" out'),
    "a clinic's name without quotes": ("[clinics.St. Ives]\n", f'1: clinics.St.Ives: unknown key "Ives"; {IN_QUOTES}'),
    "a key of one of several clinics": (north("slots = 2"), '2: clinics.North.slots: unknown key "slots"; did you mean "slot"?'),
    "a value of one of several clinics": (north('slot = "15"'), f'2: clinics.North.slot: "15" {SLOT}'),
    "the holidays of one of several clinics": (north('holidays = "tr"'), '2: clinics.North.holidays: "tr" is not a holiday code; did you mean "TR"?'),
    "a regimen of somebody at one of several clinics": (north('practitioners = { Ada = { regimens = ["x"] } }'), '2: clinics.North.practitioners.Ada.regimens.1: no regimen is named "x"'),
    # a regimen's values
    "an empty title": ('[regimens.hair]\ntitle = ""\n' + phase(), f'2: regimens.hair.title: "" {EMPTY}'),
    "a title in one language that is empty": ('[regimens.hair]\ntitle = { en = "Hair", tr = " " }\n' + phase(), f'2: regimens.hair.title.tr: " " {EMPTY}'),
    "a title in no language": ('[regimens.hair]\ntitle = {}\n' + phase(), '2: regimens.hair.title: expected text or { en = "…" }, not an empty table'),
    "a length in days": (regimen('length = "1 day"'), f'3: regimens.hair.length: "1 day" {LENGTH}'),
    "a length backward": (regimen('length = "60-30 minutes"'), f'3: regimens.hair.length: "60-30 minutes": 60 to 30 {LENGTH_BOUNDS}'),
    "a regimen's keep": (regimen('keep = "dates"'), '3: regimens.hair.keep: "dates" is not a way to keep a rhythm; did you mean "date"?'),
    "a care set that is not known": ("[care.needles]\n" + regimen('care = ["needle"]'), '4: regimens.hair.care.1: no care set is named "needle"; did you mean "needles"?'),
    "a care set like no other": (regimen('care = ["x"]'), '3: regimens.hair.care.1: no care set is named "x"'),
    "a care set without a list": (regimen('care = "x"'), '3: regimens.hair.care: expected a list in [ ], not "x"'),
    "an empty source": (regimen('sources = ["S0", ""]'), f'3: regimens.hair.sources.2: "" {EMPTY} or leave it out'),
    "a source that says nothing": ('[sources]\nS0 = ""\n', f'2: sources.S0: "" {EMPTY}'),
    "a phase named twice": (course() + phase(), f'8: {PHASE}.name: "weekly" names an earlier phase too'),
    "a phase named twice but for spaces": (course() + phase(name='" weekly "'), '8: regimens.hair.phases. weekly .name: "weekly" names an earlier phase too'),
    "a phase that an option cannot name": (course(name='"a=b"'), '4: regimens.hair.phases.a=b.name: "a=b" cannot name a phase; write a word without "="'),
    "no session at all": (course(sessions='"0"'), f'5: {PHASE}.sessions: "0": 0 to 0 {COUNTED}'),
    "no session or more": (course(sessions='"0+"'), f'5: {PHASE}.sessions: "0+": 0 to 0 {COUNTED}'),
    "sessions backward": (course(sessions='"6-4"'), f'5: {PHASE}.sessions: "6-4": 6 to 4 {COUNTED}'),
    "more sessions than any course has": (course(sessions='"1-501"'), f'5: {PHASE}.sessions: "1-501": 1 to 501 {COUNTED}'),
    "sessions in words": (course(sessions='"four"'), f'5: {PHASE}.sessions: "four" is not a count; {COUNT}'),
    "fewer sessions than none": (course(sessions="-3"), f'5: {PHASE}.sessions: "-3" is not a count; {COUNT}'),
    "sessions left empty": (course(sessions='""'), f'5: {PHASE}.sessions: "" is not a count; {COUNT}'),
    "an interval without a unit": (course(every="7"), f'6: {PHASE}.every: "7" {INTERVAL}'),
    "an interval of another unit": (course(every='"1 fortnight"'), f'6: {PHASE}.every: "1 fortnight" {INTERVAL}'),
    "an interval backward": (course(every='"14-7 days"'), f'6: {PHASE}.every: "14-7 days" runs backward; the lower number comes first'),
    "an interval that is no range": (course(every='"7-7 days"'), f'6: {PHASE}.every: "7-7 days" runs backward; the lower number comes first'),
    "no interval between sessions": (course(every='"0 days"'), f'6: {PHASE}.every: "0 days" {BOUNDS}'),
    "an interval of decades": (course(every='"11 years"'), f'6: {PHASE}.every: "11 years" {BOUNDS}'),
    "a flex without its signs": (course(more='flex = "1 day"'), f'7: {PHASE}.flex: "1 day" {FLEX}'),
    "a flex as a number": (course(more="flex = 3"), f'7: {PHASE}.flex: "3" {FLEX}'),
    "a flex of the whole interval": (course(more='flex = "-7/+0 days"'), f'7: {PHASE}.flex: "-7/+0 days": a flex of -7 days would let two sessions fall on one day; the least gap of 1 week stays at 1 day or more'),
    "a flex of the shortest month": (course(every='"1 month"', more='flex = "-28/+0 days"'), f'7: {PHASE}.flex: "-28/+0 days": a flex of -28 days would let two sessions fall on one day; the least gap of 1 month stays at 1 day or more'),
    "a flex of a range": (course(every='"7-14 days"', more='flex = "-1/+1 days"'), f'7: {PHASE}.flex: "-1/+1 days": a range ("7-14 days") takes no flex: its ends are the limits'),
    "optional in quotes": (course(more='optional = "true"'), f'7: {PHASE}.optional: expected true or false, not "true"'),
    "a review after a bare number": (regimen('reviews = [{ name = "x", after = "2" }]'), f'3: regimens.hair.reviews.x.after: "2" {SESSION}'),
    "a review after an open end": (regimen('reviews = [{ name = "x", after = "session 5+" }]'), f'3: regimens.hair.reviews.x.after: "session 5+" {SESSION}'),
    "a review after sessions backward": (regimen('reviews = [{ name = "x", after = "session 6-4" }]'), f'3: regimens.hair.reviews.x.after: "session 6-4" {SESSION}'),
    "a review after what is to be chosen": (regimen('reviews = [{ name = "x", after = "session ?" }]'), f'3: regimens.hair.reviews.x.after: "session ?" {SESSION}'),
    "a review after more than the last": (regimen('reviews = [{ name = "x", after = "last 2" }]'), f'3: regimens.hair.reviews.x.after: "last 2" {SESSION}'),
    "a review within a range": (regimen('reviews = [{ name = "x", after = "last", at = "1-2 weeks" }]'), '3: regimens.hair.reviews.x.at: "1-2 weeks" is a range; write one interval: "4 weeks"'),
    "a review at no interval": (regimen('reviews = [{ name = "x", after = "last", at = "soon" }]'), f'3: regimens.hair.reviews.x.at: "soon" {INTERVAL}'),
    "a time that is none": (care('after = [{ what = "x", for = "a while" }]'), '2: care.all.after.1.for: "a while" is not a length of time; write "48 hours" or "4-5 days"'),
    "a time of an unknown unit": (care('after = [{ what = "x", for = "2 fortnights" }]'), f'2: care.all.after.1.for: "2 fortnights" {LASTING}'),
    "a time of nothing": (care('after = [{ what = "x", for = "0 days" }]'), f'2: care.all.after.1.for: "0 days" {LASTING}'),
    "a time backward": (care('after = [{ what = "x", for = "5-4 days" }]'), f'2: care.all.after.1.for: "5-4 days" {LASTING}'),
    "a time backward, in other letters": (care('after = [{ what = "x", for = "5 - 4 Days" }]'), f'2: care.all.after.1.for: "5 - 4 Days": "5-4 days" {LASTING}'),
    # values of another type
    "a clinic that is no table": ("clinic = 3\n", "1: clinic: expected a table, not 3 (a number)"),
    "sources that are no table": ('sources = ["S0"]\n', "1: sources: expected a table, not a list"),
    "hours that are no table": (clinic('hours = "09:00-18:00"'), '2: clinic.hours: expected a table, not "09:00-18:00"'),
    "a text that is a switch": (clinic("timezone = true"), "2: clinic.timezone: expected text in quotes, not true (a yes or no)"),
    "a text that is a decimal": (course(sessions="4.5"), f"5: {PHASE}.sessions: expected text in quotes, not 4.5 (a number)"),
    "a text that is a list": (course(every='["1 week"]'), f"6: {PHASE}.every: expected text in quotes, not a list"),
    "a text that is a table": (clinic("slot = { minutes = 15 }"), "2: clinic.slot: expected text in quotes, not a table"),
    "a title that is a number": ('[regimens.hair]\ntitle = 3\n' + phase(), '2: regimens.hair.title: expected text or { en = "…" }, not 3 (a number)'),
    "an unknown language of a text": ('[regimens.hair]\ntitle = { en = "Hair", tl = "Saç" }\n' + phase(), f'2: regimens.hair.title.tl: unknown language "tl"; did you mean "tr"? {CODES}'),
    "an unknown language of the clinic": (clinic('language = "turkis"'), f'2: clinic.language: "turkis" is not a known language; did you mean "Turkish"? {CODES}'),
    "a language that is a number": ('[regimens.hair]\ntitle = { en = 3 }\n' + phase(), "2: regimens.hair.title.en: expected text in quotes, not 3 (a number)"),
    "an element that is a number": (regimen("sources = [\n0]"), "4: regimens.hair.sources.1: expected text in quotes, not 0 (a number)"),
    "a text that is a time": (hours("mon = 09:00:00"), "2: clinic.hours.mon: expected text in quotes, not 09:00:00 (a time)"),
    "an element that is a date and time": (clinic("closed = [2027-01-01T10:00:00]"), "2: clinic.closed.1: expected text in quotes, not 2027-01-01 10:00:00 (a date and time)"),
    "a list that is a date": (clinic("closed = 2027-01-01"), "2: clinic.closed: expected a list in [ ], not 2027-01-01 (a date)"),
    "a text of too many digits": (clinic(f"slot = {'1' * 41}"), "2: clinic.slot: expected text in quotes, not a number of more than 40 digits"),
    "a wrong text too long to show": (clinic('slot = "' + "x" * 99 + '"'), f'2: clinic.slot: "{"x" * 40}…" {SLOT}'),
    "phases in single brackets": ('[regimens.hair]\ntitle = "Hair"\n[regimens.hair.phases]\nname = "x"\n', "3: regimens.hair.phases: write [regimens.hair.phases] with double brackets: [[regimens.hair.phases]]"),
    "phases in braces": ('[regimens.hair]\ntitle = "Hair"\nphases = { name = "x" }\n', "3: regimens.hair.phases: expected a list in [ ], not a table"),
    "a regimen in double brackets": ('[[regimens.hair]]\ntitle = "Hair"\n', "1: regimens.hair: write [[regimens.hair]] with single brackets: [regimens.hair]"),
    "a clinic in double brackets": ("[[clinic]]\n", "1: clinic: write [[clinic]] with single brackets: [clinic]"),
    "statements that are a text": (care('call = "Nausea"'), '2: care.all.call: expected a list in [ ], not "Nausea"'),
    "a value too long to show": (clinic(f'closed = "{"x" * 99}"'), f'2: clinic.closed: expected a list in [ ], not "{"x" * 40}…"'),
    # not TOML
    "hours without quotes": (hours("mon = 09:00-18:00"), '2: not TOML: the line goes on after its value; write a text in quotes: "…"'),
    "a key without a value": (clinic("slot ="), '2: not TOML: the value cannot be read; write a text in quotes: "…"'),
    "a long text without its end": (clinic('name = """\nx'), "2: a text lacks its closing quote"),
    "a key written twice": (clinic('slot = "15m"\nslot = "30m"'), '3: "slot" stands twice; keep one'),
    "a regimen written twice": ("[regimens.hair]\n\n[regimens.hair] # again\n", "3: [regimens.hair] stands twice; keep one, or give one of them another name"),
    "phases twice in single brackets": ("[regimens.hair.phases]\n[regimens.hair.phases]\n", "2: [regimens.hair.phases] stands twice; write [[regimens.hair.phases]] each time, with double brackets"),
    "phases in single, then in double brackets": ("[regimens.hair.phases]\n[[regimens.hair.phases]]\n", "2: [[regimens.hair.phases]] stands twice; write [[regimens.hair.phases]] each time, with double brackets"),
    "a regimen in single, then in double brackets": ("[regimens.hair]\n[[regimens.hair]]\n", "2: [[regimens.hair]] stands twice; write [regimens.hair] once, with single brackets"),
    "a text without its closing quote": (hours('mon = "09:00-12:00\ntue = "09:00-12:00"'), "2: a text lacks its closing quote"),
    "the last text without its closing quote": (hours("mon = '09:00-12:00"), "2: a text lacks its closing quote"),
    "a list without its end": (clinic("closed = [\n"), '2: not TOML: the value cannot be read; write a text in quotes: "…"'),
    "a key alone": ("clinic\n", """1: not TOML: Expected "=" after a key in a key/value pair"""),
}
# fmt: on


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_line_and_what_would_be_right(name: str) -> None:
    text, expected = MISTAKES[name]
    assert problems(text, check_holidays=True) == [f"a.toml:{expected}"]


# ---- Several at once ------------------------------------------------------------------------------


def test_all_the_problems_of_a_file_are_told_in_the_order_of_its_lines() -> None:
    text = """\
[regimens.hair]
titel = "Hair"

[[regimens.hair.phases]]
name = "weekly"
sessions = "6-4"
every = "1 weak"

[[regimens.hair.phases]]
sessions = "4"
every = "1 week"
optional = "no"

[care.all]
call = [
  { what = "Nausea" },
  { },
]

[clinic]
slot = "15"
[clinic.hours]
mon = "9-18"
"""
    assert problems(text) == [
        'a.toml:1: regimens.hair: "title" is missing',
        'a.toml:2: regimens.hair.titel: unknown key "titel"; did you mean "title"?',
        f'a.toml:6: {PHASE}.sessions: "6-4": 6 to 4 {COUNTED}',
        f'a.toml:7: {PHASE}.every: "1 weak" {INTERVAL}',
        'a.toml:9: regimens.hair.phases.2: "name" is missing',
        'a.toml:12: regimens.hair.phases.2.optional: expected true or false, not "no"',
        'a.toml:17: care.all.call.2: "what" is missing',
        f'a.toml:21: clinic.slot: "15" {SLOT}',
        f'a.toml:23: clinic.hours.mon: "9-18": "9" {TIME}',
    ]


def test_the_problems_of_two_files_are_told_file_by_file() -> None:
    first = "\n\n\n" + clinic('slot = "15"')
    second = course(sessions='"0"')
    assert problems(first, second) == [
        f'a.toml:5: clinic.slot: "15" {SLOT}',
        f'b.toml:5: {PHASE}.sessions: "0": 0 to 0 {COUNTED}',
    ]
    assert [each[:8] for each in problems(second, first)] == ["a.toml:5", "b.toml:5"]


def test_a_file_that_is_not_toml_is_told_with_the_problems_of_the_others() -> None:
    assert problems("a b\n", clinic('slot = "15"')) == [
        'a.toml:1: not TOML: Expected "=" after a key in a key/value pair',
        f'b.toml:2: clinic.slot: "15" {SLOT}',
    ]


def test_a_problem_is_told_even_where_a_later_file_would_replace_the_value() -> None:
    wrong, right = clinic('slot = "15"') + course(sessions='"0"'), clinic('slot = "15m"') + course()
    assert problems(wrong, right) == [
        f'a.toml:2: clinic.slot: "15" {SLOT}',
        f'a.toml:7: {PHASE}.sessions: "0": 0 to 0 {COUNTED}',
    ]


def test_the_lines_of_a_file_from_windows_are_counted_once() -> None:
    Path("a.toml").write_bytes(b'\xef\xbb\xbf[clinic]\r\nname = "x"\r\nslot = "15"\r\n')
    with pytest.raises(ProblemsError, match=r"^a\.toml:3: clinic\.slot: "):
        load([Path("a.toml")])


def test_a_holiday_code_is_checked_only_where_it_is_asked_for() -> None:
    assert read(clinic('holidays = "tr"')).settings == {"holidays": "tr"}


# ---- Files that cannot be read --------------------------------------------------------------------


def _write(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


UNREADABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda _: None, f"cannot be read: {os.strerror(errno.ENOENT)}; check the path"),
    "a folder": (Path.mkdir, f"cannot be read: {os.strerror(errno.EISDIR)}; check the path"),
    "in UTF-16": (
        _write("[clinic]\n".encode("utf-16")),
        "not a text file in UTF-8; save it as UTF-8",
    ),
    "in a Turkish code page": (
        _write('[clinic]\nname = "Güneş"\n'.encode("cp1254")),
        "not a text file in UTF-8; save it as UTF-8",
    ),
    "too large": (
        _write(b"#" * (MAX_BYTES + 1)),
        "larger than 4 MiB; no schedules file is",
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_says_why(name: str) -> None:
    make, expected = UNREADABLE[name]
    make(Path("own.toml"))
    with pytest.raises(FileError) as refused:
        load([SHIPPED, Path("own.toml")])
    assert (str(refused.value), refused.value.exit_code) == (f"own.toml: {expected}", 3)


def test_a_name_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(FileError, match=r"cannot be read: embedded null byte; check the path$"):
        load([Path("a\0b")])


def test_a_file_of_the_greatest_size_is_read() -> None:
    Path("a.toml").write_bytes(b"#" * MAX_BYTES)
    assert load([Path("a.toml")]).regimens == {}


# ---- What a file may say --------------------------------------------------------------------------


def test_a_clinic_takes_all_its_settings_from_its_file() -> None:
    found = read("""\
[clinic]
name = "Güneş"
timezone = "Europe/Istanbul"
holidays = "TR"
closed = ["2027-08-01..2027-08-15", 2027-10-28, "2027-12-31"]
slot = "20 minutes"
keep = "date"
reminders = ["30 minutes", "2 hours", "1 day", "1 week"]
[clinic.hours]
mon = "09:00-12:30, 13:30-18:00"
wed = "10:00\N{EN DASH}24:00"
""").clinic()
    assert (found.name, found.zone_name, found.holidays) == ("Güneş", "Europe/Istanbul", "TR")
    assert found.closed == (
        DateRange(date(2027, 8, 1), date(2027, 8, 15)),
        DateRange(date(2027, 10, 28), date(2027, 10, 28)),
        DateRange(date(2027, 12, 31), date(2027, 12, 31)),
    )
    assert (found.slot, found.keep, found.reminders) == (20, Keep.DATE, (30, 120, 1440, 10080))
    monday = (Span(540, 750), Span(810, 1080))
    assert found.hours == (monday, (), (Span(600, 1440),), (), (), (), ())


def test_a_clinic_without_a_file_has_defaults_and_the_machines_zone() -> None:
    found = read("").clinic()
    assert (found.zone_name, found.slot, found.keep) == ("Asia/Tokyo", 15, Keep.WEEKDAY)
    assert (found.holidays, found.closed, found.reminders) == (None, (), ())
    assert found.never_opens


# ---- Rooms and people -----------------------------------------------------------------------------


def test_a_clinic_that_does_not_say_so_has_no_rooms_people_or_turnover_of_its_own() -> None:
    found = read("").clinic()
    assert (found.rooms, found.practitioners, found.turnover) == (None, (), 0)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2", ["Room 1", "Room 2"]),
        ("0", []),
        ("[]", []),
        ('["Blue", "Garden"]', ["Blue", "Garden"]),
        ('[" Blue ", "Blue 2"]', ["Blue", "Blue 2"]),
        ("999", [f"Room {number}" for number in range(1, 1000)]),
    ],
)
def test_rooms_are_a_number_or_names(written: str, expected: list[str]) -> None:
    assert read(clinic(f"rooms = {written}")).clinic().rooms == tuple(expected)


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        ('"10 minutes"', 10),
        ('"0 minutes"', 0),
        ('"0m"', 0),
        ("0", 0),
        ('"1 Hour"', 60),
        ('"24 hours"', 1440),
    ],
)
def test_a_turnover_is_a_length_or_nothing(written: str, minutes: int) -> None:
    assert read(clinic(f"turnover = {written}")).clinic().turnover == minutes


ADA = Practitioner(
    "Dr. Ada",
    ((Span(540, 780),), (), (), (), (), (), ()),
    (DateRange(date(2027, 3, 1), date(2027, 3, 5)),),
    frozenset({"hair"}),
)
OFF = 'off = ["2027-03-01..2027-03-05"]\nregimens = ["hair"]\n'
PEOPLE: dict[str, tuple[str, list[Practitioner]]] = {
    "nobody": (clinic("practitioners = []"), []),
    "by name": (
        clinic('practitioners = ["Dr. Ada", " Bo "]'),
        [Practitioner("Dr. Ada"), Practitioner("Bo")],
    ),
    "by a table that says nothing": ("[clinic.practitioners.Bo]\n", [Practitioner("Bo")]),
    "by a table": (
        f'[clinic.practitioners."Dr. Ada"]\n{OFF}'
        '[clinic.practitioners."Dr. Ada".hours]\nmon = "09:00-13:00"\n'
        "[clinic.practitioners.Bo]\n",
        [ADA, Practitioner("Bo")],
    ),
    "by keys with dots": (
        f'[clinic.practitioners."Dr. Ada"]\n{OFF}hours.mon = "09:00-13:00"\n',
        [ADA],
    ),
    "in braces": (
        clinic(
            'practitioners = { Bo = {}, " Dr. Ada" = { off = ["2027-03-01..2027-03-05"],'
            ' regimens = ["hair"], hours = { mon = "09:00-13:00" } } }'
        ),
        [Practitioner("Bo"), ADA],
    ),
    "who is never there": (person("hours = {}"), [Practitioner("Ada", ((),) * 7)]),
    "who does nothing": (person("regimens = []"), [Practitioner("Ada", regimens=frozenset())]),
}


@pytest.mark.parametrize("name", PEOPLE)
def test_practitioners_are_names_or_tables_by_name(name: str) -> None:
    text, expected = PEOPLE[name]
    assert read(text + course()).clinic().practitioners == tuple(expected)


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)))
def test_distinct_names_are_taken_as_they_are_and_others_told_once_each(names: list[str]) -> None:
    text = clinic(f"practitioners = {json.dumps(names, ensure_ascii=False)}")
    again = len(names) - len({each.casefold() for each in names})
    if again:
        assert len(problems(text)) == again
    else:
        assert [each.name for each in read(text).clinic().practitioners] == names


def test_all_that_is_wrong_with_rooms_and_people_is_told_at_once() -> None:
    text = """\
[clinic]
rooms = ["Blue", "blue", ""]
turnover = "x"
[clinic.practitioners."Dr. Ada"]
regimens = ["hiar", "fase"]
off = ["x"]
[clinic.practitioners."dr. ada".hours]
mon = "off"
[clinics.North]
rooms = -1
"""
    assert [each.partition(" ")[0] for each in problems(text + course())] == [
        *("a.toml:2:", "a.toml:2:", "a.toml:3:", "a.toml:5:", "a.toml:5:", "a.toml:6:"),
        *("a.toml:7:", "a.toml:8:", "a.toml:10:"),
    ]


def test_a_practitioner_may_do_a_regimen_of_any_other_file() -> None:
    named = person('regimens = ["hair"]')
    for texts in ((named, course()), (course(), named)):
        (found,) = read(*texts).clinic().practitioners
        assert (found.does("hair"), found.does("face")) == (True, False)


HIDDEN: dict[str, str] = {
    "a regimen with a mistake": course(sessions='"0"'),
    "a regimen that is no table": "[regimens]\nhair = 3\n",
    "regimens under another name": course().replace("regimens", "regimen"),
    "regimens that are no table": "regimens = 3\n",
    "a file that is not TOML": course() + "oops\n",
}


@pytest.mark.parametrize("name", HIDDEN)
def test_a_regimen_that_a_mistake_hides_is_not_told_as_unknown(name: str) -> None:
    (found,) = problems(person('regimens = ["hair"]'), HIDDEN[name])
    assert found.startswith("b.toml:")


def test_what_the_shipped_file_comments_out_is_right_once_it_is_commented_in() -> None:
    written = SHIPPED.read_text(encoding="utf-8")
    part = written[written.index("\n[clinic]\n") : written.index("\n[sources]\n")]
    names = next(line for line in part.splitlines() if line.startswith("# practitioners = "))
    commented_in = re.sub(r"^# (?=\w+ = |\[)", "", part.replace(names, ""), flags=re.MULTILINE)
    Path("own.toml").write_text(commented_in, encoding="utf-8")
    found = load([SHIPPED, Path("own.toml")], check_holidays=True)
    own = found.clinic()
    assert (own.zone_name, own.rooms, own.turnover) == (
        "Europe/Istanbul",
        ("Room 1", "Room 2"),
        10,
    )
    assert own.practitioners == (
        Practitioner(ADA.name, ADA.hours, ADA.off, frozenset({"hair", "face"})),
    )
    assert [len(found.clinic(name).rooms or ()) for name in found.clinic_names] == [3]
    assert read(clinic(names.removeprefix("# "))).clinic().practitioners == (
        Practitioner("Dr. Ada"),
        Practitioner("Dr. Bo"),
    )


# ---- Several clinics ------------------------------------------------------------------------------

GROUP = """\
[clinic]
name = "Group"
slot = "20m"
rooms = 2
practitioners = ["Ada"]
language = "tr"
[clinic.hours]
mon = "09:00-18:00"
[clinics.North]
rooms = ["Blue"]
turnover = "5m"
timezone = "Europe/Berlin"
language = "de"
hours = { tue = "10:00-12:00" }
practitioners = { Bo = {} }
[clinics."St. Ives"]
"""


def test_a_clinic_of_several_goes_over_the_settings_of_all_key_by_key() -> None:
    found = read(GROUP)
    assert found.clinic_names == ("North", "St. Ives")
    own = found.clinic("North")
    assert (own.name, own.slot, own.rooms, own.turnover) == ("North", 20, ("Blue",), 5)
    assert (own.zone_name, own.practitioners) == ("Europe/Berlin", (Practitioner("Bo"),))
    assert own.hours == ((), (Span(600, 720),), (), (), (), (), ())
    assert found.at("North").language == "de"


@pytest.mark.parametrize("name", ["St. Ives", "Elsewhere"])
def test_a_clinic_without_settings_of_its_own_has_those_of_all_and_its_name(name: str) -> None:
    found = read(GROUP)
    assert found.clinic(name) == replace(found.clinic(), name=name)
    assert found.at(name).language == "tr"


def test_the_tables_of_several_clinics_change_nothing_for_the_one_without_a_name() -> None:
    alone = GROUP[: GROUP.index("[clinics")]
    assert read(GROUP).clinic() == read(alone).clinic()
    assert read(alone).clinic_names == ()


def test_a_later_file_goes_over_each_clinic_of_an_earlier_one_key_by_key() -> None:
    later = '[clinic]\nrooms = 9\nslot = "30m"\n[clinics.North]\nturnover = "0m"\n[clinics.East]\n'
    found = read(GROUP, later)
    assert found.clinic_names == ("North", "St. Ives", "East")
    own = found.clinic("North")
    assert (own.rooms, own.turnover, own.slot) == (("Blue",), 0, 30)
    assert [len(found.clinic(name).rooms or ()) for name in found.clinic_names] == [1, 9, 9]


# ---- What a regimen may say -----------------------------------------------------------------------


def only(text: str) -> Regimen:
    (found,) = read(text).regimens.values()
    return found


WEEK, MONTH = Step(1, Unit.WEEK), Step(1, Unit.MONTH)


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        ("4", Count(4, 4)),
        ('"4"', Count(4, 4)),
        ('" 4 - 6 "', Count(4, 6)),
        ('"4\N{EN DASH}6"', Count(4, 6)),
        ('"4+"', Count(4, None)),
        ('"500"', Count(500, 500)),
        ('"?"', None),
    ],
)
def test_sessions_are_a_count_a_range_or_left_to_choose(
    sessions: str, expected: Count | None
) -> None:
    assert only(course(sessions=sessions)).phases[0].sessions == expected


@pytest.mark.parametrize(
    ("every", "flex", "expected"),
    [
        ("1 week", "", Interval(WEEK, WEEK, WEEK, 1, 1)),
        ("1 Month", "", Interval(MONTH, MONTH, MONTH, 4, 4)),
        ("1 month", "-7/+0 days", Interval(MONTH, MONTH, MONTH, 7, 0)),
        ("1 month", "-27/+1 day", Interval(MONTH, MONTH, MONTH, 27, 1)),
        ("1 week", "-0/+0 days", Interval(WEEK, WEEK, WEEK, 0, 0)),
        ("1-4 weeks", "", Interval(WEEK, WEEK, Step(4, Unit.WEEK))),
        ("?", "-1/+3 days", None),
    ],
)
def test_an_interval_has_its_flex(every: str, flex: str, expected: Interval | None) -> None:
    more = f'flex = "{flex}"' if flex else ""
    assert only(course(every=f'"{every}"', more=more)).phases[0].every == expected


def test_the_flex_of_an_interval_that_is_yet_to_be_chosen_is_kept() -> None:
    assert only(course(every='"?"', more='flex = "-1/+3 days"')).phases[0].flex == (1, 3)


def test_a_regimen_says_no_more_than_it_must() -> None:
    found = only(course())
    assert (found.id, str(found.title), found.sources) == ("hair", "Hair", ())
    assert (found.length, found.keep, found.evidence) == (None, None, None)
    assert (found.reviews, found.care.before, found.phases[0].optional) == ((), (), False)


def test_texts_may_be_in_several_languages() -> None:
    found = only("""\
[regimens.hair]
title = { en = "Hair", tr = "Saç" }
evidence = { tr = "Az" }
notes = [{ what = { en = "Look", tr = "Bak" }, sources = ["S0"] }]
reviews = [{ name = { en = "First", tr = "İlk" }, after = "session 2-3" }]
phases = [{ name = "weekly", sessions = 4, every = "1 week", optional = true }]
""")
    assert found.title == Text({"en": "Hair", "tr": "Saç"})
    assert str(found.evidence) == "Az"
    assert found.care.notes == (Statement(Text({"en": "Look", "tr": "Bak"}), ("S0",)),)
    (review,) = found.reviews
    assert review.name == Text({"en": "First", "tr": "İlk"})
    assert (review.after, review.at) == (Count(2, 3), None)
    assert found.phases[0].optional


def test_a_title_may_be_written_language_by_language() -> None:
    found = only(course().replace('title = "Hair"', 'title.en = "Hair"\ntitle.tr = "Saç"'))
    assert found.title == Text({"en": "Hair", "tr": "Saç"})


def test_a_regimens_own_lines_come_before_those_of_its_care_sets_and_none_twice() -> None:
    text = (
        regimen('care = ["two", "one"]\ntechnique = [{ what = "own" }, { what = "b" }]')
        + """\
[care.one]
technique = [{ what = "a" }, { what = "b" }]
before = [{ what = "x", from = "4-5 days", sources = ["S1", "S3"] }]
[care.two]
technique = [{ what = "c" }, { what = "a" }]
"""
    )
    found = only(text).care
    assert [str(each.what) for each in found.technique] == ["own", "b", "c", "a"]
    before = Statement(Text.english("x"), ("S1", "S3"), Lasting(4, 5, "day"))
    assert found.before == (before,)


# ---- Layers ---------------------------------------------------------------------------------------


def test_clinic_settings_merge_key_by_key_but_hours_as_a_whole() -> None:
    first = clinic('name = "A"\nslot = "20m"\nclosed = [2027-01-01, 2027-01-02]')
    second = clinic('slot = "30m"\nclosed = [2027-05-01]\nhours = { tue = "10:00-12:00" }')
    found = read(first + '[clinic.hours]\nmon = "09:00-18:00"\n', second).clinic()
    assert (found.name, found.slot) == ("A", 30)
    assert found.closed == (DateRange(date(2027, 5, 1), date(2027, 5, 1)),)
    assert found.hours == ((), (Span(600, 720),), (), (), (), (), ())


def test_a_later_file_may_take_back_the_holidays() -> None:
    for check in (False, True):
        found = read(clinic('holidays = "TR"'), clinic('holidays = ""'), check_holidays=check)
        assert found.clinic().holidays == ""


def test_a_later_value_wins_even_if_it_is_the_default() -> None:
    found = read(clinic('slot = "20m"\nkeep = "date"'), clinic('slot = "15m"\nkeep = "weekday"'))
    assert (found.clinic().slot, found.clinic().keep) == (15, Keep.WEEKDAY)


def test_a_regimen_replaces_the_one_of_its_id_as_a_whole() -> None:
    first = regimen('length = "45m"\nevidence = "Some"\nkeep = "date"') + phase(name='"monthly"')
    other = first.replace("regimens.hair", "regimens.face")
    found = read(first + other, course(sessions='"9"'))
    hair, face = found.regimens["hair"], found.regimens["face"]
    assert (hair.length, hair.evidence, hair.keep) == (None, None, None)
    assert [(each.name, each.sessions_text) for each in hair.phases] == [("weekly", "9")]
    assert (face.length, len(face.phases)) == (Length(45, 45), 2)


def test_a_care_set_is_replaced_as_a_whole_also_for_the_regimens_of_earlier_files() -> None:
    first = care('call = [{ what = "old" }]\nnotes = [{ what = "old" }]')
    found = read(first + regimen('care = ["all"]'), care('call = [{ what = "new" }]'))
    surrounds = found.regimens["hair"].care
    assert ([str(each.what) for each in surrounds.call], surrounds.notes) == (["new"], ())


def test_a_regimen_may_name_a_care_set_of_any_other_file() -> None:
    with_care = regimen('care = ["all"]')
    lines = care('call = [{ what = "x" }]')
    for texts in ((with_care, lines), (lines, with_care)):
        assert len(read(*texts).regimens["hair"].care.call) == 1


def test_sources_are_replaced_one_by_one() -> None:
    found = read('[sources]\nS0 = "a"\nS1 = "b"\n', '[sources]\nS1 = "c"\n"10.1/x" = "d"\n')
    said = {key: str(text) for key, text in found.sources.items()}
    assert said == {"S0": "a", "S1": "c", "10.1/x": "d"}


def _name_of_clinic(paths: Sequence[Path]) -> str:
    return load(paths).clinic().name


def test_the_layers_are_shipped_then_the_users_then_the_folders_then_each_named(
    tmp_path: Path,
) -> None:
    own = tmp_path / "config" / "meso-sched" / "schedules.toml"
    own.parent.mkdir(parents=True)
    files = (own, Path("schedules.toml"), Path("x.toml"), Path("y.toml"))
    assert layers() == (INSTALLED,)
    for number, path in enumerate(files):
        path.write_text(clinic(f'name = "{number}"'))
    named = files[2:]
    assert layers(named) == (INSTALLED, *files)
    assert layers(reversed(named)) == (INSTALLED, own, files[1], *reversed(named))
    assert [_name_of_clinic(layers(named[:count])) for count in range(3)] == ["1", "2", "3"]
    files[1].unlink()
    assert (layers(), _name_of_clinic(layers())) == ((INSTALLED, own), "0")
    assert load(layers()).files == (str(INSTALLED), str(own))


def test_without_xdg_the_users_file_is_in_the_config_folder_of_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME")
    own = tmp_path / "home" / ".config" / "meso-sched" / "schedules.toml"
    own.parent.mkdir(parents=True)
    own.touch()
    assert layers() == (INSTALLED, own)


def test_a_named_file_must_be_there() -> None:
    with pytest.raises(FileError, match=r"^gone\.toml: cannot be read"):
        load(layers([Path("gone.toml")]))


def test_in_the_checkout_the_shipped_file_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(INSTALLED.parent)
    assert layers() == (INSTALLED,)
    own = tmp_path / "config" / "meso-sched" / "schedules.toml"
    own.parent.mkdir(parents=True)
    own.touch()
    assert layers() == (INSTALLED, own)


# ---- The shipped file -----------------------------------------------------------------------------


def test_every_shipped_regimen_loads_without_a_problem_and_in_order() -> None:
    found = load([shipped_file()], check_holidays=True)
    written = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    assert list(found.regimens) == list(written["regimens"])
    assert {key: str(text) for key, text in found.sources.items()} == written["sources"]
    for name, table in written["regimens"].items():
        phases = [(p.name, p.sessions_text, p.every_text) for p in found.regimens[name].phases]
        assert phases == [(p["name"], p["sessions"], p["every"]) for p in table["phases"]]
        assert len(found.regimens[name].reviews) == len(table.get("reviews", []))


def test_the_shipped_hair_regimen_is_what_its_text_says() -> None:
    hair = load([shipped_file()]).regimens["hair"]
    assert (hair.length, hair.sources) == (Length(30, 60), ("S0",))
    assert hair.phases[0].sessions == Count(4, 6)
    assert hair.phases[2].every == Interval(MONTH, MONTH, MONTH, 7, 0)
    assert str(hair.care.technique[0].what) == "Depth 2-4 mm on the scalp"
    assert [review.after for review in hair.reviews] == [Count(2, 3), None]
    assert hair.reviews[1].at == MONTH


def _run(*paths: Path) -> tuple[Path, int]:
    """Which file ships with the package on these paths, and how many regimens it has.

    A new interpreter, away from the checkout and from the packages of this one.
    """
    code = """\
import json, site, sys
own, *others = json.loads(sys.argv[1])
site.addsitedir(own)
sys.path += others
from meso_sched.exchange.schedules import layers, load, shipped_file
print(json.dumps([str(shipped_file()), len(load(layers()).regimens)]))
"""
    needed = Path(dateutil.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, json.dumps([*map(str, paths), str(needed)])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    path, regimens = json.loads(done.stdout)
    return Path(path), regimens


def _build(source: Path, to: Path, *targets: str) -> None:
    wanted = [word for target in targets for word in ("-t", target)]
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(to), *wanted],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the unpacked sdist, the wheel of it, and the wheel of the checkout."""
    pytest.importorskip("hatchling")
    to = tmp_path_factory.mktemp("built")
    _build(ROOT, to, "sdist", "wheel")
    (sdist,) = to.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(to, filter="data")
    (unpacked,) = (each for each in to.iterdir() if each.is_dir())
    unpacked.rename(to / "sdist")
    _build(to / "sdist", to / "again", "wheel")
    return to


@pytest.mark.parametrize("folder", [".", "again"], ids=["checkout", "sdist"])
def test_a_wheel_carries_the_shipped_file(built: Path, tmp_path: Path, folder: str) -> None:
    (wheel,) = (built / folder).glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("meso_sched/schedules.toml") == SHIPPED.read_bytes()
        archive.extractall(tmp_path / "site")
    inside = (tmp_path / "site" / "meso_sched" / "schedules.toml").resolve()
    assert _run(tmp_path / "site") == (inside, len(load([SHIPPED]).regimens))


@pytest.mark.parametrize("folder", [".", "again"], ids=["checkout", "sdist"])
def test_a_wheel_carries_the_translations(built: Path, folder: str) -> None:
    (wheel,) = (built / folder).glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = [each for each in archive.namelist() if each.endswith(".po")]
        carried = {Path(each).stem: archive.read(each) for each in names}
    assert {Path(each).parent for each in names} == {Path("meso_sched/languages")}
    assert carried == {each.stem: each.read_bytes() for each in FOLDER.iterdir()}
    assert set(carried) == set(LANGUAGES) - {"en"}


def test_an_sdist_carries_the_shipped_file(built: Path) -> None:
    path, regimens = _run(built / "sdist")
    assert (path, regimens) == (
        (built / "sdist" / "schedules.toml").resolve(),
        len(load([SHIPPED]).regimens),
    )


def test_an_editable_install_uses_the_file_of_the_checkout(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    code = "import sys; from hatchling.build import build_editable; build_editable(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    assert _run(tmp_path / "site") == (SHIPPED, len(load([SHIPPED]).regimens))


# ---- Whatever is broken in the shipped file -------------------------------------------------------

TEXT = SHIPPED.read_text(encoding="utf-8")
LINES = TEXT.split("\n")

# each value that stands on one line, by where it starts and ends in the text
VALUES = [
    match.span(1)
    for match in re.finditer(r'(?<== )("[^"\n]*"|\[[^\[\]\n{]*\]|true)', TEXT)
    if not TEXT[: match.start()].rpartition("\n")[2].lstrip().startswith("#")
]
OTHERS = (
    *('""', '"x"', '"?"', '"0"', '"4-2"', '"1-1 week"', '"2 weeks"', '"99999 days"', '"weekly"'),
    *('"1 month"', '"S1"', '"last"', '"session 99"', '"date"', '"09:00-10:00"', "'''\n\n'''"),
    *("0", "-1", "7", "1.5", "nan", "-inf", "0xffff", "true", "false", "[]", '["x"]', "[[]]"),
    *("[{}]", '["prp", "x"]', "{}", '{ en = "x" }', "{ x = 1 }", '{ en = "" }', "2027-01-01"),
    *("2027-01-01T10:00:00Z", "10:00:00", '"\\u0000"', '"\\U0001F600"', "[\n\n1,\n]"),
)
_quoted = st.text(st.characters(codec="utf-8", exclude_characters="\x7f"), max_size=12).map(
    lambda text: json.dumps(text, ensure_ascii=False)
)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch") / "m.toml"


def _told(path: Path, text: str) -> list[tuple[int, str]]:
    """The problems that loading the text tells, each with its line; none if it is accepted."""
    path.write_text(text, encoding="utf-8", newline="")
    try:
        load([path])
    except ProblemsError as error:
        places = [
            problem.where.removeprefix(f"{path}:").partition(":")[0] for problem in error.problems
        ]
        return [
            (int(line), problem.message)
            for line, problem in zip(places, error.problems, strict=True)
        ]
    return []


def test_there_are_values_of_every_kind_to_break() -> None:
    keys = {re.split(r"[\s{]+", TEXT[:start])[-3] for start, _ in VALUES}
    assert keys == {
        *(
            "slot",
            "mon",
            "tue",
            "wed",
            "thu",
            "fri",
            "sat",
            "title",
            "sources",
            "length",
            "length_sources",
            "care",
        ),
        *("evidence", "what", "from", "for", "name", "after", "at", "sessions", "every", "flex"),
        *("optional", "S0", "S1", "S2", "S3", "S4", "RCT2018", "PMC8423195", "PMC7421712"),
        '"10.25289/ML.2018.7.2.69"',
    }


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(VALUES), st.sampled_from(OTHERS) | _quoted)
def test_a_wrong_value_is_accepted_or_told_with_its_own_line(
    scratch: Path, place: tuple[int, int], value: str
) -> None:
    start, end = place
    line = TEXT.count("\n", 0, start) + 1
    told = _told(scratch, TEXT[:start] + value + TEXT[end:])
    within = range(line, line + value.count("\n") + 1)
    # two lines that contradict each other: the later one is told
    contradictions = ("names an earlier phase too", "its ends are the limits", "fall on one day")
    for where, message in told:
        assert where in within or (where > line and any(c in message for c in contradictions))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(TEXT)),
            st.integers(0, 40),
            st.sampled_from("[]{}\"'=#,.\n\r\\-+0 \x00é") | st.text(max_size=3),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_a_broken_text_is_accepted_or_told(
    scratch: Path, edits: list[tuple[int, int, str]]
) -> None:
    text = TEXT
    for at, cut, put in edits:
        text = text[:at] + put + text[at + cut :]
    lines = text.count("\n") + 1
    assert all(1 <= line <= lines for line, _ in _told(scratch, text))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_lines_that_are_lost_or_moved_are_accepted_or_told(
    scratch: Path, data: st.DataObject
) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 3))):
        moved = lines.pop(data.draw(st.integers(0, len(lines) - 1)))
        if data.draw(st.booleans()):
            lines.insert(data.draw(st.integers(0, len(lines))), moved)
    told = _told(scratch, "\n".join(lines))
    assert all(1 <= line <= len(lines) for line, _ in told)


# ---- Where a problem is told, and that it is told once --------------------------------------------

IMPLIED: dict[str, tuple[str, str]] = {
    "phases of a regimen without its table": (
        "# my regimens\n\n[[regimens.hair.phases]]\n"
        'name = "weekly"\nsessions = "4"\nevery = "1 week"\n',
        '3: regimens.hair: "title" is missing',
    ),
    "a table that is not known, by a table in it": (
        '# my clinic\n\n[clinik.hours]\nmon = "09:00-12:00"\n',
        '3: clinik: unknown key "clinik"; did you mean "clinic"?',
    ),
    "a title by language": (
        "[regimens.hair]\n\ntitle.en.us = 3\n" + phase(),
        "3: regimens.hair.title.en: expected text in quotes, not a table",
    ),
}


@pytest.mark.parametrize("name", IMPLIED)
def test_a_problem_of_an_implied_table_is_told_where_it_is_first_written(name: str) -> None:
    text, expected = IMPLIED[name]
    assert problems(text) == [f"a.toml:{expected}"]


DEEP = "lists or tables in one another, too deep to read"
DIGITS = "a number with too many digits to read"
LISTS = "[\n" * 3000
UNHOLDABLE: dict[str, tuple[str, str]] = {
    "lists in lists": (f"\na = {'[' * 3000}{']' * 3000}\n", f"2: {DEEP}"),
    "tables in tables": (f"a = 1\n\nb = {'{a=' * 3000}1{'}' * 3000}\n", f"3: {DEEP}"),
    "lists over lines": (f'a = "[["\n# [[\nb = {LISTS}', f"3002: {DEEP}"),
    "a number of 5000 digits": (clinic(f"slot = {'1' * 5000}"), f"2: {DIGITS}"),
    "such a number after such a text": (
        f"# {'1' * 6000}\na = '{'1' * 6000}'\nb = {'1' * 5000}\n",
        f"3: {DIGITS}",
    ),
    "a hexadecimal of 5000 digits": (
        clinic(f"slot = 0x{'f' * 5000}"),
        "2: clinic.slot: expected text in quotes, not a number of more than 40 digits",
    ),
    "such a number for a list": (
        clinic(f"closed = 0x{'f' * 5000}"),
        "2: clinic.closed: expected a list in [ ], not a number of more than 40 digits",
    ),
    "tables of 3000 keys with dots": (
        f"[clinic]\nslot{'.a' * 3000} = 1\n",
        "2: clinic.slot: expected text in quotes, not a table",
    ),
    "what stands after lists in lists": (
        f"[clinic]\nslot = {'[' * 300}{']' * 300}\nkeep = 1.5\n",
        "2: clinic.slot: expected text in quotes, not a list\n"
        "a.toml:3: clinic.keep: expected text in quotes, not 1.5 (a number)",
    ),
}


@pytest.mark.parametrize("name", UNHOLDABLE)
def test_a_value_that_python_cannot_hold_is_a_problem_of_the_file(name: str) -> None:
    text, expected = UNHOLDABLE[name]
    assert problems(text) == f"a.toml:{expected}".split("\n")


def test_a_key_that_looks_like_a_place_does_not_mislead() -> None:
    assert [each[:9] for each in problems('["(at line 77, "]\n["(at line 77, "]\n')] == [
        "a.toml:2:"
    ]
    assert [each[:9] for each in problems('["x (at line 77, "]\n["x (at line 77, "]\n')] == [
        "a.toml:2:"
    ]


CASCADES: dict[str, tuple[str, str]] = {
    "a regimen that is a text": (
        '[regimens]\nhair = "x"\n',
        '2: regimens.hair: expected a table, not "x"',
    ),
    "phases that are texts": (
        '[regimens.hair]\ntitle = "Hair"\nphases = ["weekly"]\n',
        '3: regimens.hair.phases.1: expected a table, not "weekly"',
    ),
    "statements that are texts": (
        care('notes = ["Look"]'),
        '2: care.all.notes.1: expected a table, not "Look"',
    ),
    "phases that are a number": (
        '[regimens.hair]\ntitle = "Hair"\nphases = 0\n',
        "3: regimens.hair.phases: expected a list in [ ], not 0 (a number)",
    ),
    "a care set that is a text": (
        '[care]\nall = "x"\n' + regimen('care = ["all"]'),
        '2: care.all: expected a table, not "x"',
    ),
    "care that is a text": (
        'care = "x"\n' + regimen('care = ["all"]'),
        '1: care: expected a table, not "x"',
    ),
    "care sets under another name": (
        '[cares.all]\ncall = [{ what = "x" }]\n' + regimen('care = ["all"]'),
        '1: cares: unknown key "cares"; did you mean "care"?',
    ),
    "a care key in a regimen": (
        regimen("before = [{}]"),
        '3: regimens.hair.before: unknown key "before"',
    ),
}


@pytest.mark.parametrize("name", CASCADES)
def test_one_mistake_is_one_problem(name: str) -> None:
    text, expected = CASCADES[name]
    assert problems(text) == [f"a.toml:{expected}"]


def test_a_file_that_is_not_toml_makes_no_problem_in_another() -> None:
    found = problems(care('call = [{ what = "x" }]') + "oops\n", regimen('care = ["all"]'))
    assert [each[:9] for each in found] == ["a.toml:3:"]


def test_what_is_missing_is_told_in_the_order_of_the_format() -> None:
    found = problems('[regimens.hair]\ntitle = "Hair"\n[[regimens.hair.phases]]\n')
    assert [each.rpartition(": ")[2] for each in found] == [
        '"name" is missing',
        '"sessions" is missing',
        '"every" is missing',
    ]


@pytest.mark.parametrize("name", ['""', '" "', "[]"])
def test_what_has_no_name_is_told_by_its_number(name: str) -> None:
    (found, *_) = problems(course(name=name, sessions='"x"'))
    assert found.startswith("a.toml:4: regimens.hair.phases.1.name: ")


def test_a_file_that_is_named_twice_tells_its_problems_once() -> None:
    Path("schedules.toml").write_text(clinic('slot = "15"'))
    with pytest.raises(ProblemsError) as refused:
        load(layers([Path("schedules.toml")]))
    assert len(refused.value.problems) == 1


def test_a_file_that_is_two_layers_counts_as_the_later_one(tmp_path: Path) -> None:
    here, other, link = Path("schedules.toml"), Path("x.toml"), tmp_path / "link.toml"
    here.write_text(clinic('name = "here"'))
    other.write_text(clinic('name = "other"'))
    link.symlink_to(here.absolute())
    assert layers([other, here]) == (INSTALLED, other, here)
    assert layers([link, other]) == (INSTALLED, link, other)
    assert layers([link, other, INSTALLED]) == (link, other, INSTALLED)


def test_a_name_that_leads_nowhere_is_left_to_the_reading(tmp_path: Path) -> None:
    loop = tmp_path / "loop.toml"
    loop.symlink_to(loop)
    named = (loop, Path("a\0b"))
    assert layers(named) == (INSTALLED, *named)
    for path in named:
        with pytest.raises(FileError, match="cannot be read"):
            load([path])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(course(name='"weekly\\n"', sessions='"0"'), id="a line end in a name"),
        pytest.param(clinic('slot = "a\\nb"'), id="a line end in a value"),
        pytest.param(clinic('slot = "\\u001b[2J"'), id="a code that wipes the screen"),
        pytest.param(clinic('"\\u0007" = 1'), id="a key that rings the bell"),
    ],
)
def test_a_problem_is_one_line_of_printable_text(text: str) -> None:
    (found,) = problems(text)
    assert found.isprintable()


def test_a_config_folder_that_cannot_be_looked_into_is_a_problem_of_a_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    own = Path(os.environ["XDG_CONFIG_HOME"], "meso-sched", "schedules.toml")
    monkeypatch.setattr("meso_sched.exchange.schedules.shipped_file", lambda: SHIPPED)
    monkeypatch.setattr(Path, "is_file", refuse)
    with pytest.raises(FileError) as refused:
        layers()
    reason = os.strerror(errno.EACCES)
    assert str(refused.value) == f"{own}: cannot be read: {reason}; check the path"


def test_a_start_loads_no_library_that_only_a_mistake_needs() -> None:
    code = """\
import sys
from meso_sched.exchange.schedules import load, shipped_file
load([shipped_file()])
print([name for name in ("holidays", "difflib", "meso_sched.exchange.toml_lines",
    "meso_sched.exchange.toml_errors") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "[]\n"
