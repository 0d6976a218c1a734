"""Text laid out in columns, for a screen with colours or a pipe without.

Rich draws on a terminal. Into a pipe or a file the same lines go as plain text: loading Rich
would take as long as planning.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple, TextIO

if TYPE_CHECKING:
    from rich.console import Console

GAP = "  "
USUAL_WIDTH = 80
LEAST_FLEXIBLE = 12
WIDE_OR_NONE = "\u0300"
"""From here on a letter may take two columns, or none; before it each takes one."""
_HARMLESS = "\u00a0\u200c\u200d"
"""Not printable for Python, but no control: the no-break space, and what joins letters or not."""


class Span(NamedTuple):
    """Words in one style (Rich's names: "bold", "dim", "magenta"); "" is plain."""

    text: str
    style: str = ""


Line = tuple[Span, ...]


class Column(NamedTuple):
    """A column's heading; one with ``wraps`` takes what room is left."""

    heading: str
    right: bool = False
    wraps: bool = False


class Screen:
    """Prints lines to stdout or stderr: styled on a terminal or with FORCE_COLOR, else plain."""

    def __init__(self, *, stderr: bool = False) -> None:
        self.stream: TextIO = sys.stderr if stderr else sys.stdout
        self.styled = self.stream.isatty() or bool(os.environ.get("FORCE_COLOR"))
        self.width = width_of(self.stream)

    def show(self, lines: Iterable[Line]) -> None:
        """Print lines, each ended."""
        if not self.styled:
            plain = ("".join(span.text for span in line).rstrip() + "\n" for line in lines)
            self.stream.write("".join(plain))
            return
        from rich.console import Console

        draw(Console(file=self.stream, width=self.width), lines)


def width_of(stream: TextIO) -> int:
    """The columns of the terminal behind a stream: COLUMNS, what it says, or 80."""
    asked = os.environ.get("COLUMNS", "")
    if asked.isdecimal() and int(asked):
        return int(asked)
    with contextlib.suppress(OSError, ValueError):
        return os.get_terminal_size(stream.fileno()).columns or USUAL_WIDTH
    return USUAL_WIDTH


def draw(console: Console, lines: Iterable[Line]) -> None:
    """Print lines on a Rich console: text as it is, no markup, no emoji codes."""
    from rich.text import Text

    for line in lines:
        text = Text.assemble(*((span.text, span.style) for span in line))
        console.print(text, soft_wrap=True, highlight=False)


def visible(text: str) -> str:
    """Text that cannot steer the terminal: controls and direction marks as escapes."""
    return "".join(
        each if each.isprintable() or each in _HARMLESS else each.encode("unicode_escape").decode()
        for each in text
    )


def table(columns: Sequence[Column], rows: Sequence[Sequence[Span]], width: int) -> list[Line]:
    """A heading and rows, in columns as wide as they need; those that wrap share the rest."""
    return [line for row in table_rows(columns, rows, width) for line in row]


def table_rows(
    columns: Sequence[Column], rows: Sequence[Sequence[Span]], width: int
) -> list[list[Line]]:
    """The lines of a table, those of the heading and of each row apart."""
    natural = [
        max([_cells(column.heading), *(_cells(row[index].text) for row in rows)])
        for index, column in enumerate(columns)
    ]
    widths = _fitted(columns, natural, width - len(GAP) * (len(columns) - 1))
    heading = [Span(column.heading, "bold") for column in columns]
    return [_row(columns, row, widths) for row in [heading, *rows]]


def wrapped(spans: Line, width: int, indent: str = "") -> list[Line]:
    """One paragraph, broken at spaces; following lines begin with ``indent``."""
    lines: list[list[Span]] = [[]]
    used, room = 0, max(1, width - len(indent))
    for span in spans:
        words = [piece for word in span.text.split(" ") for piece in _broken(word, room)]
        for word in words:
            size = _cells(word)
            if used and used + 1 + size > width:
                lines.append([Span(indent)])
                used = len(indent)
            elif used and lines[-1]:
                lines[-1].append(Span(" ", span.style))
                used += 1
            lines[-1].append(Span(word, span.style))
            used += size
    return [tuple(line) for line in lines]


def _fitted(columns: Sequence[Column], natural: Sequence[int], room: int) -> list[int]:
    """The widths that fit: first those that wrap give way, then whichever is the widest."""
    widths = list(natural)
    flexible = [index for index, column in enumerate(columns) if column.wraps]
    flexible.sort(key=lambda index: natural[index])  # who needs little leaves the rest to others
    rest = room - sum(size for index, size in enumerate(widths) if index not in flexible)
    for position, index in enumerate(flexible):
        share = max(LEAST_FLEXIBLE, rest // (len(flexible) - position))
        widths[index] = min(widths[index], share)
        rest -= widths[index]
    while sum(widths) > room and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    return widths


def _row(columns: Sequence[Column], row: Sequence[Span], widths: Sequence[int]) -> list[Line]:
    cells = [_broken(span.text, size) for span, size in zip(row, widths, strict=True)]
    lines = []
    for texts in zip_longest(*cells, fillvalue=""):
        line: list[Span] = []
        for column, span, text, size in zip(columns, row, texts, widths, strict=True):
            pad = " " * (size - _cells(text))
            line.append(Span(pad + text if column.right else text + pad, span.style))
            line.append(Span(GAP))
        lines.append(tuple(line[:-1]))
    return lines


def _broken(text: str, width: int) -> list[str]:
    """A cell's lines: broken at spaces, and inside a word that is wider than the column."""
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if _cells(joined) <= width:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if _cells(lines[-1] + letter) > width:
                lines.append("")
            lines[-1] += letter
    return lines


def _cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii() or max(text) < WIDE_OR_NONE:
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
