"""iCalendar text <-> its components, every content line kept as it was written (RFC 5545, 3.1).

What a program does not understand it can so give back unharmed. Nothing here knows what the lines
mean, and no library is needed to read them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

LINE_OCTETS = 75
MAX_DEPTH = 8
"""How deep components may stand in each other; real ones do three deep."""

_PROPERTY = re.compile(r"[\w.-]+[ \t]*(?::|;.*:)", re.ASCII)
_ESCAPED = re.compile(r"\\([\\;,nN])")
_PARAMETERS = re.compile(r'(?:;(?:[^":]|"[^"]*")*)?:')
_NO_CALENDAR = "is no calendar; give a file that begins with BEGIN:VCALENDAR"


class LinesError(Exception):
    """A text that is no whole calendar; ``line`` is counted from 1, None where there is none."""

    def __init__(self, line: int | None, problem: str) -> None:
        self.line = line
        super().__init__(problem)


class Component(NamedTuple):
    """One BEGIN … END: its content lines unfolded, as written, and the components in it."""

    name: str
    lines: tuple[str, ...]
    children: tuple[Component, ...] = ()

    def named(self, name: str) -> tuple[Component, ...]:
        """Its own components of a name."""
        return tuple(child for child in self.children if child.name == name)

    @property
    def properties(self) -> dict[str, list[str]]:
        """By upper-case name, each line from its first ``:`` or ``;`` on."""
        found: dict[str, list[str]] = {}
        for line in self.lines:
            head = line.partition(":")[0].partition(";")[0]
            found.setdefault(head.rstrip().upper(), []).append(line[len(head) :])
        return found


class _Open(NamedTuple):
    """A component whose END has not come yet; ``number`` is that of the line it begins on."""

    name: str
    number: int
    lines: list[str]
    children: list[Component]


def parse(text: str) -> Component:
    """The one VCALENDAR of a text, whose lines may end in CRLF, LF or CR and be folded anyhow.

    Raises LinesError for a text that is something else, lacks a part or has lines that are no
    properties; it is never half read.
    """
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    unfolded = plain.replace("\n ", "").replace("\n\t", "")
    try:
        calendars = _components(unfolded.split("\n"))
    except LinesError as error:
        place = None if error.line is None else _physical(plain, error.line)
        raise LinesError(place, str(error)) from None
    names = [each.name for each in calendars]
    if "VCALENDAR" not in names:
        raise LinesError(None, _NO_CALENDAR)
    if len(names) > 1:
        raise LinesError(
            None, f"holds {len(names)} calendars one after the other; keep each in its own file"
        )
    return calendars[0]


def without_events(text: str, line: str) -> str:
    """A calendar's text without the events that have a line, as written and not folded.

    It need not be whole, and is not read: this only saves the time of reading what is not asked
    for.
    """
    head, *events = text.split("\nBEGIN:VEVENT")
    kept = [head]
    for event in events:
        body, _, rest = event.rpartition("\nEND:VEVENT")
        has_line = f"\n{line}" in body
        kept.append(rest.rstrip("\r\n") if has_line else f"\nBEGIN:VEVENT{event}")
    return "".join(kept)


def write(component: Component) -> bytes:
    """The component in UTF-8, with CRLF, folded."""
    return joined(folded_lines(component))


def joined(folded: Iterable[str]) -> bytes:
    """Lines that are folded already, in UTF-8, each with its CRLF."""
    return "\r\n".join([*folded, ""]).encode()


def folded_lines(component: Component) -> list[str]:
    """All the lines of a component, folded."""
    return [
        line if len(line) <= LINE_OCTETS and line.isascii() else fold(line)
        for line in content_lines(component)
    ]


def content_lines(component: Component) -> list[str]:
    """All the lines of a component, its BEGIN and END and those of its components among them."""
    lines = [f"BEGIN:{component.name}", *component.lines]
    for child in component.children:
        lines += content_lines(child)
    lines.append(f"END:{component.name}")
    return lines


def as_text(component: Component) -> str:
    """All the lines of a component as text, unfolded, as ``parse`` takes it."""
    return "\r\n".join([*content_lines(component), ""])


@lru_cache(maxsize=64)  # every event of a file has its course's record
def fold(line: str) -> str:
    """One content line, folded at 75 octets of UTF-8, never inside a character (RFC 5545, 3.1)."""
    if line.isascii():  # an octet a character
        rest = range(LINE_OCTETS, len(line), LINE_OCTETS - 1)
        more = [line[each : each + LINE_OCTETS - 1] for each in rest]
        return "\r\n ".join([line[:LINE_OCTETS], *more])
    data = line.encode()
    pieces: list[bytes] = []
    start = 0
    while start < len(data):
        # A continuation begins with a space, which counts.
        end = start + LINE_OCTETS - (1 if pieces else 0)
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(data[start:end])
        start = end
    return b"\r\n ".join(pieces).decode()


def name_of(line: str) -> str:
    """The upper-case name of a content line."""
    return line.partition(":")[0].partition(";")[0].rstrip().upper()


def zone_id(zone: Component) -> str:
    """The name of a VTIMEZONE."""
    return value_of(zone.properties.get("TZID", [":"])[0]).strip()


def value_of(rest: str) -> str:
    """The value of a property; ``rest`` is its line from the first ``:`` or ``;`` on."""
    if rest.startswith(":"):
        return rest[1:]
    head = _PARAMETERS.match(rest)
    return rest[head.end() :] if head else rest.partition(":")[2]  # a quote that never ends


def text_of(rest: str) -> str:
    """The value of a TEXT property as it was meant (3.3.11)."""
    value = value_of(rest)
    if "\\" not in value:
        return value
    if "\\\\" not in value:  # then one after the other gives the same, and soon
        value = value.replace("\\,", ",").replace("\\;", ";")
        return value.replace("\\n", "\n").replace("\\N", "\n")
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def _components(lines: list[str]) -> list[Component]:
    """The outermost components of unfolded lines; LinesError tells a line by its number from 0."""
    found: list[Component] = []
    stack: list[_Open] = []
    marks = [n for n, line in enumerate(lines) if line[:4].upper() in ("BEGI", "END:")]
    read = 0
    for number in marks:
        word, colon, rest = lines[number].partition(":")
        if not colon or word.upper() not in ("BEGIN", "END"):
            continue
        _take(lines, range(read, number), stack, begun=bool(found))
        read = number + 1
        name = rest.strip().upper()
        if len(word) == len("BEGIN"):
            stack.append(_Open(name, number, [], []))
            if len(stack) > MAX_DEPTH:
                raise LinesError(number, "components stand too deep in each other")
        else:
            done = _ended(stack, name, number)
            (stack[-1].children if stack else found).append(done)
    if stack:
        raise LinesError(stack[-1].number, _cut_off(stack[-1].name))
    _take(lines, range(read, len(lines)), stack, begun=bool(found))
    return found


def _take(lines: list[str], numbers: range, stack: list[_Open], *, begun: bool) -> None:
    """Add the lines between two marks to the component that is open."""
    if not numbers:
        return
    taken = lines[numbers.start : numbers.stop]
    if stack and all(map(_PROPERTY.match, taken)):
        stack[-1].lines.extend(taken)
        return
    for number, line in zip(numbers, taken, strict=True):
        if not line or line.isspace():
            continue
        if not stack and not begun:
            raise LinesError(None, _NO_CALENDAR)
        if not stack:
            raise LinesError(number, f'"{_shown(line)}" comes after the end of the calendar')
        if not _PROPERTY.match(line):
            raise LinesError(number, f'"{_shown(line)}" is no property, a part is missing')
        stack[-1].lines.append(line)


def _ended(stack: list[_Open], name: str, number: int) -> Component:
    if all(opened.name != name for opened in stack):
        raise LinesError(number, f"END:{_shown(name)} has no BEGIN, a part is missing")
    opened = stack.pop()
    if opened.name != name:
        raise LinesError(opened.number, _cut_off(opened.name))
    return Component(name, tuple(opened.lines), tuple(opened.children))


def _cut_off(name: str) -> str:
    return f"BEGIN:{_shown(name)} has no END, a part is missing"


def _shown(text: str) -> str:
    """Text of a file, made fit for a message: short, and nothing that moves the cursor."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:40])


def _physical(plain: str, number: int) -> int:
    """The line, counted from 1, on which the unfolded line of a number (from 0) begins."""
    begun = -1
    for place, line in enumerate(plain.split("\n"), 1):
        if place == 1 or not line.startswith((" ", "\t")):
            begun += 1
        if begun == number:
            return place
    return 1
