"""A TOML file under inspection: its tables give their values key by key, and tell what is wrong.

Nothing here knows what the file is about. Where nothing is wrong, nothing is spent on messages
and lines.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection
from datetime import date, datetime, time
from typing import Any, TypeVar

from meso_sched.core.nearest import hint
from meso_sched.errors import MesoError, Problem

MAX_SHOWN = 40
_LONGEST = 10**MAX_SHOWN  # a longer number Python may refuse to write out

T = TypeVar("T")
D = TypeVar("D")
Key = str | int
Path = tuple[Key, ...]


class TomlFile:
    """One file: its values, and the problems found in it so far.

    ``listed`` are the keys whose tables stand in double brackets.
    """

    def __init__(self, name: str, text: str, listed: Collection[str] = ()) -> None:
        self.name = name
        self.text = text
        self.is_toml = True
        self._problems: list[tuple[int, Problem]] = []
        self._lines: dict[Path, int] | None = None
        self.values: dict[str, Any] = {}
        try:
            self.values = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            from meso_sched.exchange.toml_errors import explain

            self.is_toml = False
            line, message = explain(text, error, listed)
            self._note(line, "", message)

    @property
    def top(self) -> Table:
        """The whole file as a table."""
        return Table(self, (), self.values)

    @property
    def problems(self) -> list[Problem]:
        """All that has been found, in the order of the lines."""
        return [problem for _, problem in sorted(self._problems, key=lambda each: each[0])]

    def problem(self, at: Path, message: str) -> None:
        """Note a problem of the key at a path, with the line of the nearest thing written."""
        self._note(self._line(at), f": {self._spoken(at)}", message)

    def row(self, at: Path) -> str:
        """The line on which a key is written, without the spaces around it."""
        return self.text.split("\n")[self._line(at) - 1].strip()

    def _note(self, line: int, place: str, message: str) -> None:
        where = printable(f"{self.name}:{line}{place}")
        self._problems.append((line, Problem(where, printable(message))))

    def _line(self, at: Path) -> int:
        if self._lines is None:
            from meso_sched.exchange.toml_lines import line_numbers

            self._lines = line_numbers(self.text)
        while at and at not in self._lines:
            at = at[:-1]
        return self._lines.get(at, 1)

    def _spoken(self, at: Path) -> str:
        """``regimens.hair.phases.weekly.every``: elements by their name, else by their number."""
        words: list[str] = []
        value: Any = self.values
        for key in at:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                value = None
            words.append(key if isinstance(key, str) else _name(value) or str(key + 1))
        return ".".join(words)


class Table:
    """A table of a file; one that is none has told so, and is silent from then on."""

    __slots__ = ("at", "file", "is_table", "values")

    def __init__(self, file: TomlFile, at: Path, values: object) -> None:
        self.file = file
        self.at = at
        self.values: dict[str, Any] = {}
        self.is_table = isinstance(values, dict)
        if isinstance(values, dict):
            self.values = values
        else:
            file.problem(at, self._no_table(values))

    def problem(self, message: str, *keys: Key) -> None:
        """Note a problem of this table, or of what stands under the keys in it."""
        self.file.problem((*self.at, *keys), message)

    def header(self, *keys: Key) -> str:
        """How a header writes the path of what stands under the keys, without its brackets."""
        return _header((*self.at, *keys))

    def missing(self, key: str) -> None:
        """Note that a key is needed and not there."""
        if self.is_table:
            self.problem(f'"{key}" is missing')

    def refuse_others(self, known: Collection[str], *, of_tables: str = "") -> None:
        """Note every key that is not one of these; ``of_tables`` is advice where it is a table."""
        for key, value in self.values.items():
            if key not in known:
                advice = hint(key, known) or (of_tables if isinstance(value, dict) else "")
                self.problem(f"unknown key {quoted(key)}{advice}", key)

    def text(self, key: str, parse: Callable[[str], T], default: T, *, need: bool = False) -> T:
        """A value written as text, parsed; a problem and the default where it cannot be."""
        value = self.values.get(key)
        if value is None:
            if need:
                self.missing(key)
            return default
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LONGEST:
            value = str(value)
        return self._parsed(value, parse, default, key)

    def texts(self, key: str, parse: Callable[[str], T]) -> tuple[T, ...]:
        """A list of texts, each parsed; what cannot be is noted and left out."""
        if key not in self.values:
            return ()
        parsed = [
            self._parsed(value, parse, None, key, index)
            for index, value in enumerate(self._list(key))
        ]
        return tuple([each for each in parsed if each is not None])

    def boolean(self, key: str) -> bool:
        """A true or false that is false where it is left out."""
        value = self.values.get(key, False)
        if isinstance(value, bool):
            return value
        self.problem(f"expected true or false, not {shown(value)}", key)
        return False

    def table(self, key: str) -> Table:
        """A table, empty where it is left out."""
        return Table(self.file, (*self.at, key), self.values.get(key, {}))

    def tables(self, key: str) -> list[Table]:
        """The tables of a list."""
        return [
            Table(self.file, (*self.at, key, index), value)
            for index, value in enumerate(self._list(key))
        ]

    def named(self, parse: Callable[[str], T]) -> list[tuple[T | None, Table]]:
        """The tables in this one, each with its key, parsed; None and a problem where it is not."""
        return [(self._parsed(key, parse, None, key), self.table(key)) for key in self.values]

    def attempt(self, parse: Callable[[], T], default: T, key: str) -> T:
        """What ``parse`` gives, or a problem with the text under the key, and the default."""
        try:
            return parse()
        except (ValueError, MesoError) as error:
            self.problem(_about(str(self.values[key]), str(error)), key)
            return default

    def _parsed(self, value: object, parse: Callable[[str], T], other: D, *keys: Key) -> T | D:
        if not isinstance(value, str):
            if not isinstance(value, date) or isinstance(value, datetime):
                self.problem(f"expected text in quotes, not {shown(value)}", *keys)
                return other
            value = value.isoformat()
        try:
            return parse(value)
        except (ValueError, MesoError) as error:
            self.problem(_about(value, str(error)), *keys)
            return other

    def _list(self, key: str) -> list[Any]:
        value = self.values.get(key, [])
        if isinstance(value, list):
            return value
        self.problem(self._no_list((*self.at, key), value), key)
        return []

    def _no_list(self, at: Path, value: object) -> str:
        row = self.file.row(at)
        if isinstance(value, dict) and row.startswith("["):
            return f"write [{_header(at)}] with double brackets: [[{_header(at)}]]"
        return f"expected a list in [ ], not {shown(value)}"

    def _no_table(self, value: object) -> str:
        if isinstance(value, list) and self.file.row(self.at).startswith("[["):
            return f"write [[{_header(self.at)}]] with single brackets: [{_header(self.at)}]"
        return f"expected a table, not {shown(value)}"


def shown(value: object) -> str:
    """A value for a message, as the file writes it, with what it is."""
    match value:
        case str():
            return quoted(value)
        case bool():
            return f"{str(value).lower()} (a yes or no)"
        case int() if abs(value) >= _LONGEST:
            return f"a number of more than {MAX_SHOWN} digits"
        case int() | float():
            return f"{value} (a number)"
        case datetime():
            return f"{value} (a date and time)"
        case date():
            return f"{value} (a date)"
        case time():
            return f"{value} (a time)"
        case list():
            return "a list" if value else "an empty list"
        case _:
            return "a table" if value else "an empty table"


def quoted(text: str) -> str:
    """A text in quotes for a message, cut where it is long."""
    return f'"{text}"' if len(text) <= MAX_SHOWN else f'"{text[:MAX_SHOWN]}…"'


def printable(text: str) -> str:
    """The text on one line, with an escape for each sign that does not print: ``\\n``."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def _about(text: str, message: str) -> str:
    """The message, with the text that it is about in quotes."""
    written = f'"{text}"'
    if written in message:
        return message.replace(written, quoted(text))
    if message.startswith((f"{text} is ", f"{text} runs ")):
        return written + message.removeprefix(text)
    return f"{quoted(text)}: {message}"


def _name(value: object) -> str | None:
    name = value.get("name") if isinstance(value, dict) else None
    return name if isinstance(name, str) and name.strip() else None


def _header(at: Path) -> str:
    """The path as a header writes it."""
    words = [key for key in at if isinstance(key, str)]
    return ".".join(
        key if key.isascii() and key.replace("-", "_").isidentifier() else f'"{key}"'
        for key in words
    )
