"""Why a text is not TOML and on which line, in words for who wrote it by hand."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Container

from meso_sched.exchange.toml_lines import BRACKET, STRING

_PLACE = re.compile(r"line ([0-9]+), column")
_HEADER = re.compile(r"\s*(?P<brackets>\[\[?)(?P<name>[^\[\]]+)\]")
_KEY = re.compile(r"\s*(?P<key>[^=\s]+)\s*=")
_QUOTE = re.compile(rf"{STRING.pattern}|#[^\n]*|(?P<lone>[\"'])", re.DOTALL)
_DIGITS = re.compile(rf"{STRING.pattern}|#[^\n]*|(?P<digits>[0-9_]{{1000,}})", re.DOTALL)

_UNCLOSED = {"Unterminated string", "Illegal character '\\n'", 'Expected "\'"', "Expected \"'''\""}
_TWICE = ("Cannot declare ", "Cannot overwrite ", "Cannot mutate ", "Cannot redefine ")
_PLAIN = {
    "Invalid value": 'the value cannot be read; write a text in quotes: "…"',
    "Expected newline or end of document after a statement": (
        'the line goes on after its value; write a text in quotes: "…"'
    ),
}


def explain(
    text: str, error: ValueError | RecursionError, listed: Container[str]
) -> tuple[int, str]:
    """The line of what `tomllib` refused in a text, and what is wrong there.

    ``listed`` are the keys whose tables stand in double brackets.
    """
    if isinstance(error, RecursionError):
        return _deepest(text), "lists or tables in one another, too deep to read"
    if not isinstance(error, tomllib.TOMLDecodeError):
        return _longest_number(text), "a number with too many digits to read"
    message, _, place = str(error).rpartition(" (at ")
    found = _PLACE.match(place)
    line = int(found[1]) if found else text.rstrip().count("\n") + 1
    if message in _UNCLOSED:
        return _lone_quote(text) or line, "a text lacks its closing quote"
    if message.startswith(_TWICE):
        return line, _twice(text.split("\n")[line - 1], listed)
    plain = _PLAIN.get(message) or message.replace("'", '"')
    return line, f"not TOML: {plain}"


def _twice(row: str, listed: Container[str]) -> str:
    """What to do about a line that says again what an earlier one said."""
    header = _HEADER.match(row)
    if header is None:
        key = _KEY.match(row)
        return f'"{key["key"]}" stands twice; keep one' if key else "a key stands twice; keep one"
    name = header["name"].strip()
    written = f"[[{name}]]" if header["brackets"] == "[[" else f"[{name}]"
    if name.rpartition(".")[2].strip() in listed:
        return f"{written} stands twice; write [[{name}]] each time, with double brackets"
    if written.startswith("[["):
        return f"{written} stands twice; write [{name}] once, with single brackets"
    return f"{written} stands twice; keep one, or give one of them another name"


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _lone_quote(text: str) -> int | None:
    """The line of the first quote that opens a text and has no other to close it."""
    lone = next((found.start() for found in _QUOTE.finditer(text) if found["lone"]), None)
    return None if lone is None else _line(text, lone)


def _deepest(text: str) -> int:
    """The line on which the most brackets are open."""
    depth = most = at = 0
    for found in BRACKET.finditer(text):
        depth += (found["open"] is not None) - (found["close"] is not None)
        if depth > most:
            most, at = depth, found.start()
    return _line(text, at)


def _longest_number(text: str) -> int:
    digits = [found for found in _DIGITS.finditer(text) if found["digits"]]
    longest = max(digits, key=lambda found: len(found["digits"]), default=None)
    return 1 if longest is None else _line(text, longest.start())
