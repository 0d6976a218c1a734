"""iCalendar text -> its components, of which only the properties that speak of time are kept.

One regular expression runs over the unfolded text (RFC 5545, 3.1); words, people and alarms are
never looked at. That is what makes a large calendar cheap to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

_LINE = re.compile(
    r"^(BEGIN|END|UID|DTSTART|DTEND|DURATION|RRULE|RDATE|EXDATE|RECURRENCE-ID|SEQUENCE|TRANSP"
    r"|STATUS|FREEBUSY|TZID|CALSCALE)[ \t]*([;:][^\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
_PARAMETER = re.compile(r';\s*([\w-]+)\s*=\s*("[^"]*"|[^";]*)')
_PARAMETERS = re.compile(r'(?:;(?:[^":]|"[^"]*")*)?:')


class FaultError(Exception):
    """What is wrong; ``begin`` says with the how manieth component of the text, counted from 0."""

    def __init__(self, begin: int | None, text: str) -> None:
        self.begin = begin
        super().__init__(text)


@dataclass(slots=True)
class Component:
    """One BEGIN … END: its properties as written, from their first ``:`` or ``;`` on."""

    name: str
    begin: int  # how many BEGINs stand before its own
    offset: int  # in the unfolded text
    lines: dict[str, list[str]] = field(default_factory=dict)
    children: list[Component] = field(default_factory=list)
    text: str = ""  # of a VTIMEZONE only

    def first(self, name: str) -> str:
        """The value of a property in whose value no colon can stand; empty if it is absent."""
        lines = self.lines.get(name)
        return lines[0].rpartition(":")[2].strip() if lines else ""

    def whole(self, name: str) -> str:
        """The value of a property in whose value a colon may stand; empty if it is absent."""
        lines = self.lines.get(name)
        return _PARAMETERS.sub("", lines[0], count=1).strip() if lines else ""

    @property
    def uid(self) -> str:
        """The UID; a text of its own for an event that lacks it."""
        return self.whole("UID") or f"\0{self.begin}"

    @property
    def is_free(self) -> bool:
        """Whether it takes no time: transparent or cancelled (3.8.2.7, 3.8.1.11)."""
        return (
            self.first("TRANSP").upper() == "TRANSPARENT"
            or self.first("STATUS").upper() == "CANCELLED"
        )


def scan(text: str) -> list[Component]:
    """The VCALENDARs of a text, whose lines may end in CRLF, LF or CR.

    Raises FaultError for a text that is no calendar or has lost a part of one.
    """
    unfolded = _with_line_feeds(text).replace("\n ", "").replace("\n\t", "")
    stack: list[Component] = []
    calendars: list[Component] = []
    begins = 0
    for match in _LINE.finditer(unfolded):
        name, rest = match[1].upper(), match[2]
        if name == "BEGIN":
            stack.append(Component(rest[1:].strip().upper(), begins, match.start()))
            begins += 1
        elif name == "END":
            component = _ended(stack, rest[1:].strip().upper())
            (stack[-1].children if stack else calendars).append(component)
            if component.name == "VTIMEZONE":
                component.text = unfolded[component.offset : match.end()]
        elif stack:
            stack[-1].lines.setdefault(name, []).append(rest)
    if stack:
        raise _cut_off(stack[-1])
    calendars = [calendar for calendar in calendars if calendar.name == "VCALENDAR"]
    if not calendars:
        raise FaultError(None, "is not iCalendar; give a file that begins with BEGIN:VCALENDAR")
    return calendars


def line_of(text: str, begin: int) -> int:
    """The line, counted from 1, on which the BEGIN of that number stands in the folded text."""
    found = [number for number, line in _logical_lines(text) if _is_begin(line)]
    return found[begin]


def parameter(head: str, name: str) -> str:
    """A parameter's value without its quotes; empty if it is absent. ``head`` begins at ``;``."""
    return _parameters(head).get(name, "") if head else ""


def shown(text: str) -> str:
    """Text of a calendar, made fit for a message: short, and nothing that moves the cursor."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:60])


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """The unfolded lines, each with the number of the line on which it begins."""
    begun, parts = 1, [""]
    for number, line in enumerate(_with_line_feeds(text).split("\n"), 1):
        if line.startswith((" ", "\t")):
            parts.append(line[1:])
        else:
            yield begun, "".join(parts)
            begun, parts = number, [line]
    yield begun, "".join(parts)


def _is_begin(line: str) -> bool:
    match = _LINE.match(line)
    return bool(match and match[1].upper() == "BEGIN")


def _ended(stack: list[Component], name: str) -> Component:
    if not stack:
        problem = f"END:{shown(name)} has no BEGIN, a part is missing; export the calendar again"
        raise FaultError(None, problem)
    if stack[-1].name != name:
        raise _cut_off(stack[-1])
    return stack.pop()


def _cut_off(component: Component) -> FaultError:
    name = shown(component.name)
    problem = f"BEGIN:{name} has no END, a part is missing; export the calendar again"
    return FaultError(component.begin, problem)


@lru_cache(maxsize=1024)
def _parameters(head: str) -> dict[str, str]:
    found = _PARAMETER.findall(head)
    return {name.upper(): value.strip().strip('"') for name, value in reversed(found)}
