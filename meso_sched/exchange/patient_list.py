"""A clinic's list of patients, CSV or JSON lines -> rows of cells, and what is wrong with them.

The columns of the CSV and the keys of the JSON are the same; what a cell means is read elsewhere.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from meso_sched.core.nearest import hint
from meso_sched.errors import FileError, Problem, ProblemsError
from meso_sched.exchange.folders import unreadable

MAX_BYTES = 64 << 20
MAX_CELL = 1000
"""Characters; a longer cell has swallowed its neighbours."""

REQUIRED = ("patient", "regimen", "start")
COLUMNS = (
    *REQUIRED,
    *("course", "at", "on", "between", "away", "until", "length"),
    *("priority", "override", "clinic", "keep"),
)
PER_PHASE = ("sessions", "every")
"""Columns of which every phase has its own: ``sessions.weekly``."""

_IGNORED = "?"
"""Stands for a column of an unknown name."""

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
_JSON_SUFFIXES = (".jsonl", ".ndjson")
_FIRST_LINE = re.compile(rb"(?:\xef\xbb\xbf)?\s*([^\r\n]*)")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_HEADER = f"the first line names the columns, {', '.join(REQUIRED)} at least"
_NEEDED = f"a list has {', '.join(REQUIRED[:-1])} and {REQUIRED[-1]}"
_OBJECT = 'write one object a line: {"patient": …, "regimen": …, "start": …}'
_QUOTED_WRONG = (
    'a quote (") ends inside a cell; put the whole cell in quotes, and write each quote in it twice'
)


class Row(NamedTuple):
    """What stands in a row, by column; ``line`` is the one on which it begins, from 1.

    The names of the columns are small letters; the cells are trimmed, and empty ones left out.
    """

    line: int
    cells: Mapping[str, str]


class PatientList(NamedTuple):
    """The rows that can be read, in order, and what is wrong with the others.

    ``of_columns`` are names of columns that are none, whose cells the rows lack.
    """

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()
    of_columns: tuple[Problem, ...] = ()


def read_list(path: Path) -> PatientList:
    """Read a CSV with a header, or JSON lines; blank rows are skipped.

    Raises FileError for a file that cannot be read, ProblemsError with all that is wrong with its
    header or its encoding, or where a quote hides where its rows begin.
    """
    name, data = str(path), _read(path)
    _refuse_no_text(name, data)
    found = _FIRST_LINE.match(data)
    first = b"" if found is None else found[1]
    lines = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", newline="")
    if first.startswith(b"{") or path.suffix.lower() in _JSON_SUFFIXES:
        return _read_json(name, lines)
    if first.startswith(b"["):
        raise ProblemsError(
            [Problem(f"{name}:1", "is a JSON array; write one object a line, without brackets")]
        )
    delimiter = max(_DELIMITERS, key=lambda each: first.count(each.encode()))
    return _read_csv(name, lines, delimiter)


def _read(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise FileError(f"{path}: is a folder; name a file in it")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise unreadable(str(path), error) from error
    if len(data) > MAX_BYTES:
        raise FileError(f"{path}: is larger than {MAX_BYTES >> 20} MiB; no list of patients is")
    return data


def _refuse_no_text(name: str, data: bytes) -> None:
    """Raise ProblemsError with the line of the first byte that is no text, or of an empty file."""
    try:
        data.decode()
        wrong = data.find(0)
        message = "holds a NUL byte, so it is no text; save it as CSV in UTF-8"
    except UnicodeDecodeError as error:
        wrong = error.start
        message = "is not text in UTF-8; save it as CSV in UTF-8"
    if wrong < 0:
        return
    line = len(_LINE_END.findall(data, 0, wrong)) + 1
    raise ProblemsError([Problem(f"{name}:{line}", message)])


def _column(text: str) -> str | None:
    """The column that a header or a key names; None where there is none of that name."""
    name = text.strip().lower()
    kind, _, phase = (part.strip() for part in name.partition("."))
    if kind in PER_PHASE:
        return f"{kind}.{phase}" if phase else None
    return name if name in COLUMNS else None


def _unknown(text: str) -> str:
    """What is wrong with a name that is no column's, and which was meant."""
    name, _, phase = (part.strip() for part in text.lower().partition("."))
    if name in PER_PHASE:
        return f'column "{text.strip()}" names no phase; write it as {name}.weekly'
    per_phase = [f"{kind}.{phase}" for kind in PER_PHASE] if phase else []
    shown = text.strip()[:60]
    near = hint(shown, (*COLUMNS, *per_phase))
    every = f"; the columns are {', '.join(COLUMNS)}, sessions.PHASE and every.PHASE"
    return f'unknown column "{shown}"{near or every}'


def _too_long(text: str) -> str | None:
    """What is wrong with a cell that holds more than any should."""
    if len(text) <= MAX_CELL:
        return None
    return f"holds {len(text)} characters, {MAX_CELL} at most; look for a quote that does not end"


# ---- CSV -----------------------------------------------------------------------------------------


class _Record(NamedTuple):
    """The cells of a row as they stand there, or why there are none."""

    line: int
    cells: list[str]
    wrong: str | None = None


def _read_csv(name: str, lines: Iterable[str], delimiter: str) -> PatientList:
    records = _records(name, lines, delimiter)
    header = next(records, None)
    if header is None:
        raise ProblemsError([Problem(f"{name}:1", f"is empty; {_HEADER}")])
    columns, of_columns = _columns(name, header)
    rows: list[Row] = []
    problems: list[Problem] = []
    try:
        for record in records:
            row = _row(name, record, columns, _DELIMITERS[delimiter])
            if isinstance(row, Row):
                rows.append(row)
            else:
                problems += row
    except ProblemsError as error:
        raise ProblemsError([*of_columns, *problems, *error.problems]) from error
    return PatientList(tuple(rows), tuple(problems), of_columns)


def _records(name: str, lines: Iterable[str], delimiter: str) -> Iterator[_Record]:
    """The rows that are not blank; ProblemsError where no more can be told apart."""
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _Record(line, [], _misquoted(name, line, reader.line_num, error))
            continue
        if any(cell.strip() for cell in cells):
            yield _Record(line, cells)


def _misquoted(name: str, line: int, last: int, error: csv.Error) -> str:
    """What is wrong inside one line; ProblemsError where the lines behind it went with it."""
    if last > line or "unexpected end" in str(error):
        message = (
            'a quote (") begins a cell in this line, and no quote ends that cell, so that it is not'
            " known where the next row begins; end the cell, or take the quote out"
        )
        raise ProblemsError([Problem(f"{name}:{line}", message)]) from error
    if "limit" in str(error):
        return f"a cell holds more than {MAX_CELL} characters; shorten it"
    return _QUOTED_WRONG


def _columns(name: str, header: _Record) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """The column of each cell, "" for one without a name, and the names that are no column's.

    ProblemsError with all that is wrong where the rows cannot be read by it.
    """
    where = f"{name}:{header.line}"
    if header.wrong is not None:
        raise ProblemsError([Problem(where, header.wrong)])
    found = [_column(text) for text in header.cells]
    if not any(found):
        raise ProblemsError([Problem(where, f"is no header; {_HEADER}")])
    unknown = [
        Problem(where, _unknown(text))
        for text, column in zip(header.cells, found, strict=True)
        if text.strip() and column is None
    ]
    named = zip(header.cells, found, strict=True)
    columns = tuple(column or (_IGNORED if text.strip() else "") for text, column in named)
    known = [each for each in columns if each not in ("", _IGNORED)]
    doubled = [each for each in dict.fromkeys(known) if known.count(each) > 1]
    messages = [
        *(f'column "{each}" stands twice; keep one' for each in doubled),
        *(f'no column "{each}"; {_NEEDED}' for each in REQUIRED if each not in columns),
    ]
    if messages:
        raise ProblemsError([*unknown, *(Problem(where, message) for message in messages)])
    return columns, tuple(unknown)


def _row(
    name: str, record: _Record, columns: Sequence[str], delimiter: str
) -> Row | tuple[Problem, ...]:
    """A row, or what is wrong with it; ``delimiter`` is its name."""
    where = f"{name}:{record.line}"
    if record.wrong is not None:
        return (Problem(where, record.wrong),)
    under = (*columns, *[""] * (len(record.cells) - len(columns)))
    cells = [(column, cell.strip()) for column, cell in zip(under, record.cells, strict=False)]
    cells = [(column, text) for column, text in cells if text and column != _IGNORED]
    stray = [text for column, text in cells if not column]
    if stray:
        # A comma without quotes moves the cells behind it: whatever they say now is not meant.
        message = (
            f'"{stray[0][:60]}" stands under no column; put a cell that holds a {delimiter} in'
            " quotes, or name the column"
        )
        return (Problem(where, message),)
    long = [
        Problem(f"{where}: {column}", wrong)
        for column, text in cells
        if (wrong := _too_long(text)) is not None
    ]
    return tuple(long) or Row(record.line, dict(cells))


# ---- JSON lines ----------------------------------------------------------------------------------


def _read_json(name: str, lines: Iterable[str]) -> PatientList:
    rows: list[Row] = []
    problems: list[Problem] = []
    for line, text in enumerate(lines, 1):
        if text.strip():
            found = _Object(f"{name}:{line}", text.rstrip())
            problems += found.problems
            if found.cells and not found.problems:
                rows.append(Row(line, found.cells))
    if not (rows or problems):
        raise ProblemsError([Problem(f"{name}:1", f"is empty; {_OBJECT}")])
    return PatientList(tuple(rows), tuple(problems))


class _Object:
    """The cells of one line, and what is wrong with it."""

    def __init__(self, where: str, text: str) -> None:
        self.cells: dict[str, str] = {}
        self.problems: list[Problem] = []
        self._where = where
        self._seen: set[str] = set()
        try:
            for key, value in _pairs(text):
                self._take(key, value)
        except ValueError as error:
            self.problems.append(Problem(where, str(error)))

    def _take(self, key: str, value: object) -> None:
        column = _column(key)
        if column is None:
            self.problems.append(Problem(self._where, _unknown(key)))
            return
        wrong = "stands twice in this line; keep one" if column in self._seen else None
        self._seen.add(column)
        text = _cell(value)
        if text is None:
            wrong = wrong or "is neither a text, a number, true, false nor a list of texts"
        elif text:
            wrong = wrong or _too_long(text)
            self.cells[column] = text
        if wrong is not None:
            self.problems.append(Problem(f"{self._where}: {column}", wrong))


def _pairs(text: str) -> Iterator[tuple[str, object]]:
    """The keys of an object with their values, those of a phase as in CSV: ``sessions.weekly``.

    Numbers are texts, and an object is a tuple of pairs, so that a key that stands twice is not
    lost. ValueError for what is no object.
    """
    try:
        value = json.loads(
            text,
            object_pairs_hook=tuple,
            parse_int=str,
            parse_float=_whole,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        what = error.msg[:1].lower() + error.msg[1:]
        raise ValueError(f"not JSON: {what} at character {error.pos + 1}; {_OBJECT}") from error
    except RecursionError as error:
        raise ValueError(f"lists or objects in one another, too deep to read; {_OBJECT}") from error
    if not isinstance(value, tuple):
        raise ValueError(f"is not an object; {_OBJECT}")
    return _flat(value)


def _flat(pairs: tuple[tuple[str, Any], ...]) -> Iterator[tuple[str, object]]:
    for key, value in pairs:
        if isinstance(value, tuple) and key.strip().lower() in PER_PHASE:
            yield from ((f"{key}.{phase}", each) for phase, each in value)
        else:
            yield key, value


def _whole(text: str) -> str:
    """A number as it stands, but 6 for 6.0: some programs write a column with gaps so."""
    number, _, rest = text.partition(".")
    return text if rest.strip("0") else number


def _refuse_constant(text: str) -> None:
    raise ValueError(f"not JSON: {text} is no value; write null where there is none")


def _cell(value: object) -> str | None:
    """A value as a cell says it, "" for null; None for one that no cell can hold."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ",".join(value).strip()
    return value.strip() if isinstance(value, str) else None
