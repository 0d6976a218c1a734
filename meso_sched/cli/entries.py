"""The rows of a clinic's list -> courses to place together, and all that is wrong with the rows.

A cell is read as the option of ``plan`` of the same name, and a problem names the cell's column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, time
from functools import cache, lru_cache, partial
from typing import NamedTuple, TypeVar

from meso_sched.cli import circumstances, reading
from meso_sched.cli.circumstances import LimitOptions
from meso_sched.cli.planning import find_regimen
from meso_sched.core.clinic import Clinic, Limits
from meso_sched.core.cohort import Entry
from meso_sched.core.course import Choices, Course, make_course, missing_choices
from meso_sched.core.interval import Interval
from meso_sched.core.nearest import did_you_mean
from meso_sched.core.regimen import Keep, Regimen
from meso_sched.errors import Problem, UsageError
from meso_sched.exchange.patient_list import Row
from meso_sched.exchange.schedule_values import parse_keep, parse_minutes
from meso_sched.exchange.schedules import Catalogue

A = TypeVar("A")
T = TypeVar("T")

LAST_PRIORITY = 10_000
"""Of a row that names none: it goes behind all that do."""

# Many rows have the same cells.
_remembered = lru_cache(maxsize=1024)
_remembered_limits = _remembered(circumstances.limits)

_ANSWERS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_NEEDED = {
    "patient": "is empty; write a reference that no other patient has",
    "regimen": "is empty; write the name of one, `meso-sched regimens` lists them",
    "start": "is empty; write a day as YYYY-MM-DD",
}
_LINE_BREAK = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_LIMITS: Mapping[str, Callable[[str], LimitOptions]] = {
    "at": lambda text: LimitOptions(at=text),
    "on": lambda text: LimitOptions(on=(re.sub(r"\s*[,;]\s*|\s+", ",", text),)),
    "between": lambda text: LimitOptions(between=(text.replace(";", ","),)),
    "away": lambda text: LimitOptions(away=tuple(re.split("[,;]", text))),
}


class Listed(NamedTuple):
    """A course of the list: the line of its row, and the clinic's name, "" without the column."""

    line: int
    clinic: str
    entry: Entry


class Entries(NamedTuple):
    """The courses of the rows that are right, in their order, and what is wrong with the others."""

    listed: tuple[Listed, ...]
    problems: tuple[Problem, ...]


class _Known(NamedTuple):
    """What the cells of every row are held against."""

    catalogue: Catalogue
    clinic_of: Callable[[str], Clinic]
    today: date


def make_entries(
    rows: Sequence[Row],
    source: str,
    catalogue: Catalogue,
    clinic_of: Callable[[str], Clinic],
    today: date,
) -> Entries:
    """Read every row; ``source`` is the file's name for the problems, ``today`` a local date.

    ``clinic_of`` gives the clinic of a name, that of a list without such a column for "", and
    raises UsageError for one that it does not know.
    """
    known = _Known(catalogue, cache(clinic_of), today)
    listed: list[Listed] = []
    problems: list[Problem] = []
    lines: dict[tuple[object, ...], int] = {}
    for row in rows:
        cells = _Cells(row, f"{source}:{row.line}")
        found = _read_row(cells, known)
        _refuse_again(cells, found, lines)
        if not cells.problems and found.course is not None:
            listed.append(Listed(row.line, found.clinic, found.entry(found.course)))
        problems += cells.problems
    return Entries(tuple(listed), tuple(problems))


# ---- A row ---------------------------------------------------------------------------------------


class _Cells:
    """The cells of one row, and what has been found wrong with them."""

    def __init__(self, row: Row, where: str) -> None:
        self.line = row.line
        self.texts = row.cells
        self.problems: list[Problem] = []
        self.wrong: set[str] = set()
        self._where = where

    def tell(self, column: str, message: str) -> None:
        """Note what is wrong with a cell, or with the whole row for ""."""
        where = f"{self._where}: {column}" if column else self._where
        # What a message quotes may hold line breaks, and a problem is one line.
        self.problems.append(Problem(where, " ".join(message.splitlines())))
        self.wrong.add(column)

    def attempt(self, column: str, parse: Callable[[A], T], value: A) -> T | None:
        """What a value of that column means; None where it is wrong, which is told."""
        try:
            return parse(value)
        except (ValueError, UsageError) as error:
            self.tell(column, str(error).removeprefix(f"--{column}: "))
            return None

    def read(self, column: str, parse: Callable[[str], T]) -> T | None:
        """What a cell means; None where it is empty or wrong; told where it is needed or wrong."""
        text = self.texts.get(column)
        if text is not None:
            return self.attempt(column, parse, text)
        if column in _NEEDED:
            self.tell(column, _NEEDED[column])
        return None

    def of_phases(self, what: str, parse: Callable[[str], T]) -> dict[str, T]:
        """What the cells of ``sessions`` or ``every`` mean, by their phase in small letters."""
        start = _column(what, "")
        columns = [column for column in self.texts if column.startswith(start)]
        read = {column.removeprefix(start): self.read(column, parse) for column in columns}
        return {phase: value for phase, value in read.items() if value is not None}


class _Found(NamedTuple):
    """What a row says; None where that is wrong and told."""

    clinic: str
    patient: str | None
    regimen: Regimen | None
    number: int | None
    start: time
    limits: Limits
    priority: int
    course: Course | None

    def entry(self, course: Course) -> Entry:
        """The course with the rest of its row."""
        return Entry(course, self.start, self.limits, self.priority)


def _read_row(cells: _Cells, known: _Known) -> _Found:
    name = cells.texts.get("clinic", "")
    clinic = cells.attempt("clinic", known.clinic_of, name)
    patient = cells.read("patient", _parse_patient)
    regimen = cells.read("regimen", partial(find_regimen, known.catalogue))
    start = cells.read("start", lambda text: reading.parse_start(text, known.today))
    day, minute = start or (known.today, None)
    number = cells.read("course", reading.parse_course) if "course" in cells.texts else 1
    priority = cells.read("priority", _parse_priority)
    limits = _read_limits(cells, known.today, Limits(preferred=minute))
    choices = _read_choices(cells, known.today)

    make = partial(
        make_course,
        start=day,
        patient=patient,
        number=number or 1,
        keep=Keep.WEEKDAY if clinic is None else clinic.keep,
    )
    return _Found(
        clinic=name,
        patient=patient,
        regimen=regimen,
        number=number,
        start=time.min if minute is None else time(*divmod(minute, 60)),
        limits=limits,
        priority=LAST_PRIORITY if priority is None else priority,
        course=None if regimen is None else _choose(cells, regimen, choices, make),
    )


def _refuse_again(cells: _Cells, found: _Found, lines: dict[tuple[object, ...], int]) -> None:
    """Tell of a course that an earlier line has; ``lines`` are those of the courses so far."""
    patient, regimen, number = found.patient, found.regimen, found.number
    if patient is None or regimen is None or number is None:
        return
    before = lines.setdefault((found.clinic, patient, regimen.id, number), cells.line)
    if before != cells.line:
        cells.tell(
            "course",
            f"patient {patient} has course {number} of {regimen.id} in line {before} already; give"
            " this one another course number",
        )


def _read_limits(cells: _Cells, today: date, known: Limits) -> Limits:
    for column, options in _LIMITS.items():
        if column in cells.texts:
            parse = partial(_remembered_limits, today=today, known=known)
            known = cells.attempt(column, parse, options(cells.texts[column])) or known
    return known


def _read_choices(cells: _Cells, today: date) -> Choices:
    """The choices of a row, with the phases in small letters."""
    return Choices(
        sessions=cells.of_phases("sessions", reading.parse_number),
        every=cells.of_phases("every", _parse_every),
        until=cells.read("until", lambda text: reading.parse_day(text, today)),
        length=cells.read("length", _parse_length),
        keep=cells.read("keep", lambda text: parse_keep(text.lower())),
        override=cells.read("override", _parse_answer) or False,
    )


def _parse_length(text: str) -> int:
    """A length; a bare number is minutes, as a sheet's column or a program has it."""
    return parse_minutes(f"{text}m" if text.isdecimal() else text)


def _parse_patient(text: str) -> str:
    if _LINE_BREAK.search(text):
        raise ValueError(
            "holds a line break; write it on one line, and look for a quote that does not end"
        )
    control = _CONTROL.search(text)
    if control is not None:
        raise ValueError(f"holds a control character (U+{ord(control[0]):04X}); take it out")
    return reading.parse_name(text)


def _parse_priority(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) >= LAST_PRIORITY:
        raise ValueError(
            f'"{text}" is not a priority; write a whole number from 0, which goes first, to'
            f" {LAST_PRIORITY - 1}"
        )
    return int(text)


def _parse_answer(text: str) -> bool:
    answer = _ANSWERS.get(text.lower())
    if answer is None:
        raise ValueError(f'"{text}" is neither yes nor no; write one of them')
    return answer


@_remembered
def _parse_every(text: str) -> str:
    """An interval as it stands, which the flex of its phase may yet refuse."""
    Interval.parse(text)
    return text


# ---- The choices of a row ------------------------------------------------------------------------

_NO_MATTER = {"patient", "course", "priority", "length", *_LIMITS}
"""Columns that do not say how many sessions there are, nor when."""

_WANTED = {"sessions": "the number of sessions", "every": "the interval"}
_CHOICE = re.compile(r"--(sessions|every) ([^=]+)=\S+")


def _choose(
    cells: _Cells, regimen: Regimen, choices: Choices, make: Callable[[Regimen, Choices], Course]
) -> Course | None:
    """The course, or one that stands in for it where a choice is wrong; None where none can.

    The core tells one mistake at a time: each is told here and left out, to hear of the next.
    """
    choices = choices._replace(
        sessions=_of_regimen(cells, regimen, "sessions", choices.sessions),
        every=_of_regimen(cells, regimen, "every", choices.every),
    )
    while True:
        try:
            choices = _fill_gaps(cells, regimen, choices)
            return make(regimen, choices)
        except UsageError as error:
            rest = _tell_refused(cells, regimen, choices, str(error))
            if rest is None:
                return None
            choices = rest


def _of_regimen(
    cells: _Cells, regimen: Regimen, what: str, chosen: Mapping[str, T]
) -> dict[str, T]:
    """Choices by the phases of the regimen; told where it has no such phase."""
    names = {phase.name.lower(): phase.name for phase in regimen.phases}
    for unknown in (phase for phase in chosen if phase not in names):
        cells.tell(
            _column(what, unknown),
            f'{regimen.id} has no phase "{unknown}"{did_you_mean(unknown, names.values())}'
            f" Its phases: {', '.join(names.values())}. Move the cell to one of"
            " their columns, or empty it.",
        )
    return {names[phase]: value for phase, value in chosen.items() if phase in names}


def _fill_gaps(cells: _Cells, regimen: Regimen, choices: Choices) -> Choices:
    """Tell of the choices that are missing, and put something in their place."""
    for phase, what in missing_choices(regimen, choices):
        column = _column(what, phase)
        if column not in cells.wrong:
            cells.tell(
                column,
                f"{regimen.id} needs {_WANTED[what]} for phase {phase}: the source"
                f" ({regimen.cited}) gives no figure; write it in this column, or add the column",
            )
        if what == "sessions":
            choices = choices._replace(sessions={**choices.sessions, phase: 1})
        else:
            choices = choices._replace(every={**choices.every, phase: "1 year"})
    return choices


class _Suspect(NamedTuple):
    """A choice that may be refused: how the core then begins, and the choices without it."""

    column: str
    begins: str
    rest: Choices


def _suspects(choices: Choices, regimen: Regimen) -> Iterator[_Suspect]:
    yield _Suspect("length", f"--length {choices.length}m: ", choices._replace(length=None))
    for phase, count in choices.sessions.items():
        known = regimen.phase(phase)
        least = 1 if known is None or known.sessions is None else known.sessions.least
        rest = choices._replace(sessions={**choices.sessions, phase: least})
        yield _Suspect(_column("sessions", phase), f"--sessions {phase}={count}: ", rest)
    for phase, every in choices.every.items():
        others = {name: text for name, text in choices.every.items() if name != phase}
        rest = choices._replace(every=others)
        for begins in (f"--every {phase}: ", f"--every {phase}={Interval.parse(every)}: "):
            yield _Suspect(_column("every", phase), begins, rest)


def _tell_refused(
    cells: _Cells, regimen: Regimen, choices: Choices, message: str
) -> Choices | None:
    """Tell what the core refuses, in the words of a list; the choices without it, if known."""
    for suspect in _suspects(choices, regimen):
        if message.startswith(suspect.begins) and suspect.column not in cells.wrong:
            _tell_unfit(cells, suspect.column, message.removeprefix(suspect.begins))
            return suspect.rest
    outside = f"--until {choices.until}: "
    if message.startswith("--until ") and not message.startswith(outside):
        cells.tell("until", _in_words_of_a_list(message))
        return choices._replace(until=None)
    # The rest follows from the choices together, and says nothing where one of them is wrong.
    if not cells.wrong - _NO_MATTER:
        if message.startswith(outside):
            _tell_unfit(cells, "until", message.removeprefix(outside))
        else:
            cells.tell("", _in_words_of_a_list(message))
    return None


def _tell_unfit(cells: _Cells, column: str, rule: str) -> None:
    cells.tell(column, f'"{cells.texts[column]}" does not fit: {_in_words_of_a_list(rule)}')


def _in_words_of_a_list(message: str) -> str:
    """What the core says of options, said of columns."""
    message = _CHOICE.sub(lambda found: _column(found[1], found[2]), message)
    message = message.replace("--sessions", "the columns sessions.PHASE")
    message = message.replace("add --override", "put yes in the column override")
    return message.replace("--until", "until")


def _column(what: str, phase: str) -> str:
    """The column of a choice for a phase."""
    return f"{what}.{phase.lower()}"
