"""Where each key of a TOML text stands, so that a problem can name its line.

`tomllib` gives values without positions. This scanner reads a text that `tomllib` has accepted,
so it only has to follow keys, strings and brackets, never to judge them.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right

Path = tuple[str | int, ...]

DEEPEST = 32
"""Keys and elements below this depth are passed over: no file of this program is so deep."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
BRACKET = re.compile(rf"{STRING.pattern}|#[^\n]*|(?P<open>[\[{{])|(?P<close>[\]}}])", re.DOTALL)
"""A string, a comment (brackets in them are none) or a bracket."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]+")


def line_numbers(text: str) -> dict[Path, int]:
    """The 1-based line of every key, table and array element, by its path.

    A table that is only implied (``a`` of ``[a.b]``) stands where it is first written.
    """
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self.elements: dict[Path, int] = {}
        self.starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def document(self) -> None:
        table: Path = ()
        self._skip(_BLANK)
        while self.at < len(self.text):
            if self._take("[["):
                table = self._array_header()
            elif self._take("["):
                table = self._resolve(self._key())
                self._note(table)
                self._take("]")
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _array_header(self) -> Path:
        keys = self._key()
        array = (*self._resolve(keys[:-1]), keys[-1])
        self.elements[array] = self.elements.get(array, -1) + 1
        table = (*array, self.elements[array])
        self._note(table)
        self._take("]]")
        return table

    def _resolve(self, keys: Path) -> Path:
        """A header's path, with the latest element wherever it goes through an array of tables."""
        path: Path = ()
        for key in keys:
            path = (*path, key)
            if path in self.elements:
                path = (*path, self.elements[path])
        return path

    def _pair(self, table: Path) -> None:
        path = (*table, *self._key())
        self._note(path)
        self._take("=")
        self._value(path)

    def _key(self) -> Path:
        keys: list[str] = []
        while True:
            self._skip(_SPACE)
            quoted = STRING.match(self.text, self.at)
            found = quoted or _BARE_KEY.match(self.text, self.at)
            assert found is not None, "tomllib accepted this text"
            self.at = found.end()
            keys.append(str(tomllib.loads(f"k = {found[0]}")["k"]) if quoted else found[0])
            self._skip(_SPACE)
            if not self._take("."):
                return tuple(keys)

    def _value(self, path: Path) -> None:
        self._skip(_SPACE)
        if len(path) >= DEEPEST and self.text[self.at] in "[{":
            self._pass_over()
        elif self._take("["):
            self._array(path)
        elif self._take("{"):
            self._inline_table(path)
        else:
            self._skip(STRING if self.text[self.at] in "\"'" else _SCALAR)

    def _array(self, path: Path) -> None:
        index = 0
        self._skip(_BLANK)
        while not self._take("]"):
            self._note((*path, index))
            self._value((*path, index))
            index += 1
            self._skip(_BLANK)
            self._take(",")
            self._skip(_BLANK)

    def _inline_table(self, path: Path) -> None:
        self._skip(_BLANK)
        while not self._take("}"):
            self._pair(path)
            self._skip(_BLANK)
            self._take(",")
            self._skip(_BLANK)

    def _pass_over(self) -> None:
        """Skip an array or inline table whole, however deep it is."""
        depth = 0
        for found in BRACKET.finditer(self.text, self.at):
            depth += (found["open"] is not None) - (found["close"] is not None)
            if not depth:
                self.at = found.end()
                return

    def _note(self, path: Path) -> None:
        line = bisect_right(self.starts, self.at)
        for length in range(1, min(len(path), DEEPEST)):
            self.lines.setdefault(path[:length], line)
        self.lines[path] = line

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.text, self.at)
        assert found is not None, "tomllib accepted this text"
        self.at = found.end()

    def _take(self, token: str) -> bool:
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False
