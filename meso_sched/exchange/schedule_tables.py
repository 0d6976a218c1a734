"""What the tables of `schedules.toml` say, read into regimens, care and a clinic's settings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from meso_sched.core.clinic import Practitioner
from meso_sched.core.interval import Interval, parse_flex
from meso_sched.core.regimen import (
    Care,
    Keep,
    Lasting,
    Phase,
    Regimen,
    Review,
    Statement,
    Text,
)
from meso_sched.core.walltime import WEEKDAYS, Length, Span
from meso_sched.exchange import schedule_values as values
from meso_sched.exchange.addresses import parse_address
from meso_sched.exchange.languages import parse_language, refuse_unknown
from meso_sched.exchange.toml_tables import Table, TomlFile, shown

TOP_KEYS = ("clinic", "clinics", "sources", "care", "regimens")
CLINIC_KEYS = (
    *("name", "address", "contact", "email", "language", "timezone", "holidays", "closed", "slot"),
    *("keep", "reminders", "rooms", "practitioners", "turnover", "hours"),
)
PRACTITIONER_KEYS = ("off", "regimens", "hours")
CARE_KEYS = ("before", "after", "expect", "call", "screening", "technique", "notes")
OWN_CARE_KEYS = ("technique", "notes")
REGIMEN_KEYS = (
    *("title", "sources", "length", "length_sources", "keep", "care", "technique"),
    *("evidence", "notes"),
    *("reviews", "phases"),
)
PHASE_KEYS = ("name", "sessions", "every", "flex", "optional")
REVIEW_KEYS = ("name", "after", "at", "length", "sources")
LISTED = frozenset(CARE_KEYS) | {"reviews", "phases"}
"""The keys whose tables stand in double brackets."""

MAX_ROOMS = 999

Settings = dict[str, Any]
NameParser = Callable[[str], str]

_IN_QUOTES = "; a name with a dot or a space in it stands in quotes"
_OF_SEVERAL = "; one clinic of several is [clinics.NAME]"

_FIGURE = {"before": "from", "after": "for", "expect": "for"}
_STATEMENT_KEYS = {
    key: ("what", "sources", *([_FIGURE[key]] if key in _FIGURE else [])) for key in CARE_KEYS
}


class Shared(NamedTuple):
    """What a file says for all: the settings of the clinic and of each, sources, care sets."""

    settings: Settings
    clinics: dict[str, Settings]
    sources: dict[str, Text]
    care: dict[str, Care]
    all_care: bool
    """Whether these are all the care sets that the file meant to give."""


def regimen_ids(files: Sequence[TomlFile]) -> tuple[str, ...] | None:
    """The ids of the regimens that files mean to give; None where a file may hide some."""
    if not all(_tells_all(file, "regimens") for file in files):
        return None
    return tuple([id_ for file in files for id_ in file.values.get("regimens", {})])


def read_shared(
    file: TomlFile, regimens: Collection[str] | None, *, check_holidays: bool
) -> Shared:
    """Everything but the regimens, which need the care sets of all files.

    ``regimens`` are the ids that a practitioner may name, None where any may be right.
    """
    top = file.top
    top.refuse_others(TOP_KEYS)
    may_name = str if regimens is None else values.one_of(regimens, "regimen")
    table = top.table("clinic")
    table.refuse_others(CLINIC_KEYS, of_tables=_OF_SEVERAL)
    settings = _settings(table, may_name, check_holidays=check_holidays)
    clinics = _clinics(top.table("clinics"), may_name, check_holidays=check_holidays)
    table = top.table("sources")
    said = {key: _words(table, key) for key in table.values}
    sources = {key: text for key, text in said.items() if text is not None}
    table = top.table("care")
    care = {key: _care_set(table.table(key)) for key in table.values}
    return Shared(settings, clinics, sources, care, _tells_all(file, "care"))


def _tells_all(file: TomlFile, section: str) -> bool:
    """Whether no mistake hides a part of what a file means to give in a section."""
    is_table = isinstance(file.values.get(section, {}), dict)
    return file.is_toml and is_table and all(key in TOP_KEYS for key in file.values)


def read_regimens(
    file: TomlFile, care: Mapping[str, Care], *, all_care: bool
) -> dict[str, Regimen]:
    """A file's regimens with the care sets that they name.

    Unless ``all_care`` are known, a name that is not among them may be right and is no problem.
    """
    table = file.top.table("regimens")
    read = {key: _regimen(key, table.table(key), care, all_care) for key in table.values}
    return {key: regimen for key, regimen in read.items() if regimen is not None}


def _clinics(table: Table, may_name: NameParser, *, check_holidays: bool) -> dict[str, Settings]:
    read = {}
    for name, each in table.named(values.new_name("clinic")):
        if "name" in each.values:
            each.problem('the clinic is named by its table; leave "name" out', "name")
        each.refuse_others(CLINIC_KEYS, of_tables=_IN_QUOTES)
        settings = _settings(each, may_name, check_holidays=check_holidays)
        if name is not None:
            read[name] = settings
    return read


def _settings(table: Table, may_name: NameParser, *, check_holidays: bool) -> Settings:
    parsed: dict[str, Any] = {
        "name": table.text("name", values.nonempty, ""),
        "address": table.text("address", values.nonempty, ""),
        "contact": table.text("contact", values.nonempty, ""),
        "email": table.text("email", parse_address, ""),
        "language": table.text("language", parse_language, None),
        "timezone": table.text("timezone", values.zone_name, None),
        "holidays": table.text("holidays", values.holiday_code(check=check_holidays), None),
        "closed": table.texts("closed", values.parse_days),
        "slot": table.text("slot", values.parse_minutes, 15),
        "keep": table.text("keep", values.parse_keep, Keep.WEEKDAY),
        "reminders": table.texts("reminders", values.ahead),
        "rooms": _rooms(table),
        "practitioners": _practitioners(table, may_name),
        "turnover": table.text("turnover", values.parse_turnover, 0),
        "hours": _hours(table.table("hours"), "the clinic is closed"),
    }
    return {key: value for key, value in parsed.items() if key in table.values}


def _hours(table: Table, otherwise: str) -> dict[str, tuple[Span, ...]]:
    table.refuse_others(WEEKDAYS)
    closed: tuple[Span, ...] = ()
    parse = values.hours(otherwise)
    return {day: table.text(day, parse, closed) for day in WEEKDAYS}


def _rooms(table: Table) -> tuple[str, ...] | None:
    """Their names, which a number of rooms makes up."""
    rooms = table.values.get("rooms")
    count = len(rooms) if isinstance(rooms, list) else rooms
    if count is None:
        return None
    if not isinstance(count, int) or isinstance(count, bool):
        table.problem(f"expected a number or a list of names, not {shown(rooms)}", "rooms")
    elif not 0 <= count <= MAX_ROOMS:
        table.problem(f"expected 0 to {MAX_ROOMS} rooms, not {shown(count)}", "rooms")
    elif isinstance(rooms, list):
        return table.texts("rooms", values.new_name("room"))
    else:
        return tuple([f"Room {number}" for number in range(1, count + 1)])
    return None


def _practitioners(table: Table, may_name: NameParser) -> tuple[Practitioner, ...]:
    people = table.values.get("practitioners", [])
    if isinstance(people, list):
        return _by_name_alone(table, people)
    if not isinstance(people, dict):
        table.problem(f"expected a list of names or a table, not {shown(people)}", "practitioners")
        return ()
    named = table.table("practitioners").named(values.new_name("practitioner"))
    read = [_practitioner(name, each, may_name) for name, each in named]
    return tuple([each for each in read if each is not None])


def _by_name_alone(table: Table, people: Sequence[object]) -> tuple[Practitioner, ...]:
    for index, each in enumerate(people):
        if isinstance(each, dict):
            header = f'[{table.header("practitioners")}."NAME"]'
            table.problem(f"write a name in quotes, or {header} for each", "practitioners", index)
            return ()
    names = table.texts("practitioners", values.new_name("practitioner"))
    return tuple([Practitioner(name) for name in names])


def _practitioner(name: str | None, table: Table, may_name: NameParser) -> Practitioner | None:
    table.refuse_others(PRACTITIONER_KEYS, of_tables=_IN_QUOTES)
    off = table.texts("off", values.parse_days)
    regimens = frozenset(table.texts("regimens", may_name))
    week = _hours(table.table("hours"), "nobody is there")
    if name is None:
        return None
    return Practitioner(
        name,
        hours=tuple(week.values()) if "hours" in table.values else None,
        off=off,
        regimens=regimens if "regimens" in table.values else None,
    )


def _care_set(table: Table) -> Care:
    table.refuse_others(CARE_KEYS)
    return _care(table, CARE_KEYS)


def _care(table: Table, keys: Collection[str]) -> Care:
    return Care(**{key: _statements(table, key) for key in keys if key in table.values})


def _statements(table: Table, key: str) -> tuple[Statement, ...]:
    statements = (_statement(each, key) for each in table.tables(key))
    return tuple(each for each in statements if each is not None)


def _statement(table: Table, key: str) -> Statement | None:
    table.refuse_others(_STATEMENT_KEYS[key])
    what = _words(table, "what", need=True)
    figure = _FIGURE.get(key)
    lasting = table.text(figure, Lasting.parse, None) if figure else None
    sources = table.texts("sources", values.nonempty)
    return None if what is None else Statement(what, sources, lasting)


def _regimen(id_: str, table: Table, care: Mapping[str, Care], all_care: bool) -> Regimen | None:
    table.refuse_others(REGIMEN_KEYS)
    title = _words(table, "title", need=True)
    phases = _phases(table)
    rest: dict[str, Any] = {
        "sources": table.texts("sources", values.nonempty),
        "length": table.text("length", Length.parse, None),
        "length_sources": table.texts("length_sources", values.nonempty),
        "keep": table.text("keep", values.parse_keep, None),
        "care": _surrounding(table, care, all_care),
        "evidence": _words(table, "evidence"),
        "reviews": tuple([_review(each) for each in table.tables("reviews")]),
    }
    if title is None or not phases:
        return None
    return Regimen(id=id_, title=title, phases=phases, **rest)


def _surrounding(table: Table, care: Mapping[str, Care], all_care: bool) -> Care:
    """The regimen's own statements, then those of the care sets that it names."""
    surrounding = _care(table, OWN_CARE_KEYS)
    named = values.one_of(care, "care set") if all_care else str
    for name in table.texts("care", named):
        surrounding = surrounding.and_also(care.get(name, Care()))
    return surrounding


def _phases(table: Table) -> tuple[Phase, ...]:
    """The phases that have a name of their own."""
    if table.is_table and table.values.get("phases", []) == []:
        table.problem(f"has no phases; add [[{table.header('phases')}]]")
    phases = [_phase(each) for each in table.tables("phases")]
    names = [phase.name for phase in phases]
    _refuse_doubles(table, names)
    return tuple(
        phase
        for index, phase in enumerate(phases)
        if phase.name and phase.name not in names[:index]
    )


def _refuse_doubles(table: Table, names: Sequence[str]) -> None:
    for index, name in enumerate(names):
        if name and name in names[:index]:
            table.problem(f'"{name}" names an earlier phase too', "phases", index, "name")


def _phase(table: Table) -> Phase:
    table.refuse_others(PHASE_KEYS)
    name = table.text("name", values.phase_name, "", need=True)
    sessions = table.text("sessions", values.count, None, need=True)
    every = table.text("every", values.interval, None, need=True)
    flex = table.text("flex", parse_flex, None)
    if flex is not None and every is not None:
        every = _flexed(table, every, flex)
    return Phase(name, sessions, every, table.boolean("optional"), flex)


def _flexed(table: Table, every: Interval, flex: tuple[int, int]) -> Interval:
    return table.attempt(lambda: Interval.parse(str(every), flex), every, "flex")


def _review(table: Table) -> Review:
    table.refuse_others(REVIEW_KEYS)
    return Review(
        name=_words(table, "name", need=True) or Text.english("review"),
        after=table.text("after", values.after_session, None, need=True),
        at=table.text("at", values.step, None),
        sources=table.texts("sources", values.nonempty),
        length=table.text("length", Length.parse, None),
    )


def _words(table: Table, key: str, *, need: bool = False) -> Text | None:
    """A text in one or more languages; None and a problem where it is not one."""
    value = table.values.get(key)
    if value is None:
        if need:
            table.missing(key)
        return None
    if isinstance(value, str):
        return Text.english(value) if _is_said(table, value, key) else None
    if not isinstance(value, dict) or not value:
        table.problem(f'expected text or {{ en = "…" }}, not {shown(value)}', key)
        return None
    said = [_is_said(table, words, key, language) for language, words in value.items()]
    known = [_is_known(table, key, language) for language in value]
    return Text(value) if all(said) and all(known) else None


def _is_known(table: Table, key: str, language: str) -> bool:
    try:
        refuse_unknown(language)
    except ValueError as error:
        table.problem(str(error), key, language)
        return False
    return True


def _is_said(table: Table, words: object, *keys: str) -> bool:
    if not isinstance(words, str):
        table.problem(f"expected text in quotes, not {shown(words)}", *keys)
        return False
    if not words.strip():
        table.problem(f"{shown(words)} is empty; write a text", *keys)
        return False
    return True
