"""Every key, table and array element of a TOML text is found on the line where it is written."""

from __future__ import annotations

import datetime as dt
import re
import time
import tomllib
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meso_sched.exchange.toml_lines import line_numbers

Keys = tuple[str | int, ...]

TEXTS: dict[str, tuple[str, dict[Keys, int]]] = {
    "keys of the root": ("a = 1\n\nb = 2", {("a",): 1, ("b",): 3}),
    "a table and its key": ("# c\n[t]\n\na = 1\n", {("t",): 2, ("t", "a"): 4}),
    "a table in a table": ("[t]\n[t.u]\na = 1\n", {("t",): 1, ("t", "u"): 2, ("t", "u", "a"): 3}),
    "spaces round everything": (
        "[ t . u ]\n  a  =  1  # b = 2\n\t[[ v . w ]]\n",
        {("t", "u"): 1, ("t", "u", "a"): 2, ("v", "w", 0): 3},
    ),
    "a dotted key": ("[t]\na.b.c = 1\n", {("t",): 1, ("t", "a", "b", "c"): 2}),
    "quoted keys": (
        '"a = b" = 1\n\'#\' = 2\n"\\u0061\\"" = 3\n["x.y".\'z]\']\nq = 1\n',
        {("a = b",): 1, ("#",): 2, ('a"',): 3, ("x.y", "z]"): 4, ("x.y", "z]", "q"): 5},
    ),
    "empty keys": ("\"\" = 1\ny.'' . x = 2\n", {("",): 1, ("y", "", "x"): 2}),
    "tables in an array": (
        "[[p]]\na = 1\n[[p]]\na = 2\n",
        {("p", 0): 1, ("p", 0, "a"): 2, ("p", 1): 3, ("p", 1, "a"): 4},
    ),
    "arrays of tables in arrays of tables": (
        "[[p]]\n[[p.q]]\na = 1\n[[p.q]]\n[p.q.r]\nb = 1\n[[p]]\n[[p.q]]\na = 1\n",
        {
            ("p", 0, "q", 0, "a"): 3,
            ("p", 0, "q", 1): 4,
            ("p", 0, "q", 1, "r", "b"): 6,
            ("p", 1): 7,
            ("p", 1, "q", 0): 8,
            ("p", 1, "q", 0, "a"): 9,
        },
    ),
    "a table that stands before its parent": (
        "[t.u]\na = 1\n[t]\nb = 1\n",
        {("t", "u"): 1, ("t",): 3, ("t", "b"): 4},
    ),
    "an array over several lines": (
        "a = [ # [\n  1, # ]\n\n  2,\n  [3,\n  4],\n]\nb = 1\n",
        {("a",): 1, ("a", 0): 2, ("a", 1): 4, ("a", 2): 5, ("a", 2, 1): 6, ("b",): 8},
    ),
    "inline tables in an array": (
        'a = [\n  { x = 1, y = "}" }, {},\n  { x.z = 2 },\n]\nb = 1\n',
        {("a", 0, "y"): 2, ("a", 1): 2, ("a", 2): 3, ("a", 2, "x", "z"): 3, ("b",): 5},
    ),
    "what looks like TOML in a string": (
        'a = """\n[t]\nb = 1 # ]\n\\""" "" \'\'\'"""\nc = \'\'\'\n[[t]]\n\\\'\'\'\nd = 1\n',
        {("a",): 1, ("c",): 5, ("d",): 8},
    ),
    "quotes at the end of a long string": (
        'a = """x"""""\n'
        "b = '''\n'''''\nc = \"\"\"\"\"\"\nd = ''''''\ne = \"\"\nf = ''\ng = 1\n",
        {("b",): 2, ("c",): 4, ("d",): 5, ("e",): 6, ("f",): 7, ("g",): 8},
    ),
    "dates, times and numbers": (
        "a = 2027-01-01 10:00:00\nb = [10:00:00, 1e5,\n  -inf]\nc = { d = 0x1f }\ne = 1\n",
        {("a",): 1, ("b", 1): 2, ("b", 2): 3, ("c", "d"): 4, ("e",): 5},
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_each_thing_stands_on_its_line(name: str) -> None:
    text, expected = TEXTS[name]
    tomllib.loads(text)  # the scanner may be asked of valid TOML only
    found = line_numbers(text)
    assert {keys: found.get(keys) for keys in expected} == expected


def test_what_is_deeper_than_any_file_goes_is_passed_over() -> None:
    quoted = "'[{', # ]\n" + '"""\n]"""'
    text = f"a = {'[' * 300}{quoted}{']' * 300}\nb = 1\nc{'.x' * 3000} = 1\nd = 1\n"
    found = line_numbers(text)
    assert [found[key,] for key in "abcd"] == [1, 4, 5, 6]


def test_a_long_text_takes_no_longer_for_each_of_its_lines() -> None:
    def taken(lines: int) -> float:
        text = "".join(f"k{number} = 1\n" for number in range(lines))
        start = time.perf_counter()
        line_numbers(text)
        return time.perf_counter() - start

    taken(1000)
    assert taken(64_000) < 100 * max(min(taken(2000) for _ in range(3)), 1e-4)


@pytest.mark.parametrize("text", ["", "\n", "# only a comment", "  \n\t# a\n\n"])
def test_a_text_without_keys_has_no_lines(text: str) -> None:
    assert line_numbers(text) == {}


@pytest.mark.parametrize(
    ("text", "keys", "line"),
    [
        pytest.param("# c\n[a.b]\nx = 1\n", ("a",), 2, id="above a table"),
        pytest.param("# c\n[[a.b]]\nx = 1\n", ("a",), 2, id="above an array of tables"),
        pytest.param("# c\na.b = 1\na.c = 2\n", ("a",), 2, id="above a dotted key"),
    ],
)
def test_an_implied_table_stands_where_it_is_first_written(
    text: str, keys: Keys, line: int
) -> None:
    assert line_numbers(text).get(keys) == line


# Generated documents. Every key holds a number of its own (k1017), and so does every scalar in an
# array; nothing else in the text has that number, so a search for it tells the line. The letter
# says what the key is: h, the first after a header; i, the first in an inline table; p, a part of a
# dotted key; t, a table; k, any other.

_NOISE = "[]{}#=,. "
_comments = st.text(_NOISE + "\"'\\é😀", max_size=8)


class Writer:
    """Writes a TOML document from a stream of choices."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self.number = count(1000)

    def pick(self, *options: str) -> str:
        choice: str = self.draw(st.sampled_from(options))
        return choice

    def some(self, most: int) -> range:
        return range(self.draw(st.integers(0, most)))

    def key(self, letter: str = "k") -> str:
        name = f"{letter}{next(self.number)}"
        noise = self.draw(st.text(_NOISE, max_size=4))
        return self.pick(
            name, f'"{name}{noise}"', f"'{name} {noise}'", f'"\\"{name}\\u005C"', f"'{name}\"'"
        )

    def comment(self) -> str:
        return f"#{self.draw(_comments)}" if self.draw(st.booleans()) else ""

    def gap(self) -> str:
        return "".join(f"{self.comment()}\n" for _ in self.some(2))

    def string(self) -> str:
        mark = f"v{next(self.number)}"
        noise = self.draw(st.text(_NOISE + "\t", max_size=5))
        return self.pick(
            f'"{mark}{noise}\\"\\\\"',
            f"'{mark}\"{noise}\\'",
            f'"""{mark}{noise}\n"" [x]\n{noise}\\""""""',
            f'"""{mark}\\\n   {noise}"""',
            f"'''{mark}{noise}\n'' k = [\n'''''",
            f"'''{mark}''''",
        )

    def scalar(self) -> str:
        number = next(self.number)
        day = dt.date.fromordinal(number).isoformat()
        choice = self.pick("string", str(number), f"{number}.5", day, f"{day} 10:00:00Z")
        return self.string() if choice == "string" else choice

    def value(self, depth: int) -> str:
        kind = self.pick("scalar", "scalar", "array", "inline") if depth else "scalar"
        if kind == "array":
            return self.array(depth)
        return self.inline(depth) if kind == "inline" else self.scalar()

    def array(self, depth: int) -> str:
        elements = [self.gap() + self.value(depth - 1) + self.gap() for _ in self.some(3)]
        # a comment in the gap must end before the comma
        comma = "," if elements and self.draw(st.booleans()) else ""
        return f"[{','.join(elements)}{comma}{self.gap()}]"

    def inline(self, depth: int) -> str:
        pairs = [f"{self.dotted()} = {self.value(depth - 1)}" for _ in self.some(2)]
        return "{ " + ", ".join([f"{self.key('i')}={self.scalar()}", *pairs]) + " }"

    def dotted(self) -> str:
        return self.pick(".", " . ").join([*(self.key("p") for _ in self.some(1)), self.key()])

    def pairs(self, first: str) -> str:
        keys = [self.key(first), *(self.dotted() for _ in self.some(3))]
        return "".join(
            f"{key}{self.pick(' = ', '=', '  = ')}{self.value(2)} {self.comment()}\n"
            + (self.gap() if index else "")
            for index, key in enumerate(keys)
        )

    def table(self, above: str, depth: int) -> str:
        """A header directly followed by a key that starts with h, and the tables below it."""
        name = above + self.key("t")
        array = self.draw(st.booleans())
        text = ""
        for _ in range(self.draw(st.integers(1, 2)) if array else 1):
            header = f"[[{name}]]" if array else f"[ {name}]"
            text += f"{header} {self.comment()}\n{self.pairs('h')}{self.gap()}"
            if depth:
                text += "".join(self.table(f"{name}.", depth - 1) for _ in self.some(2))
        return text

    def document(self) -> str:
        tables = "".join(self.table("", 2) for _ in self.some(3))
        return self.gap() + self.pairs("k") + tables


@st.composite
def documents(draw: Callable[[st.SearchStrategy[Any]], Any]) -> str:
    """Valid TOML texts of every kind of table, key and value."""
    return Writer(draw).document()


def _marked(value: dict[str, Any] | list[Any], at: Keys = ()) -> Iterator[tuple[Keys, str]]:
    """The path of each thing that has a number of its own, with that number and its letter."""
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        here = (*at, key)
        if isinstance(key, str):
            yield here, _first(r"[a-z]\d+", key)
        elif isinstance(each, str):
            yield here, _first(r"v\d+", each)
        elif isinstance(each, dt.datetime):
            yield here, each.date().isoformat()
        elif isinstance(each, dt.date | int | float):
            yield here, str(each)
        if isinstance(each, dict | list):
            yield from _marked(each, here)


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found is not None
    return found[0]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_each_key_and_element_stands_where_a_search_finds_it(text: str) -> None:
    found = line_numbers(text)
    for keys, mark in _marked(tomllib.loads(text)):
        if mark[0] in "pt":
            continue  # a table may be written in several places
        place = re.search(rf"\b{re.escape(mark)}\b", text)
        assert place is not None
        line = 1 + text.count("\n", 0, place.start())
        assert found[keys] == line
        if mark[0] == "h":
            assert found[keys[:-1]] == line - 1
        if mark[0] == "i":
            assert found[keys[:-1]] == line


def test_the_shipped_file_has_a_line_for_each_of_its_texts() -> None:
    text = (Path(__file__).parents[1] / "schedules.toml").read_text(encoding="utf-8")
    rows = text.split("\n")
    found = line_numbers(text)
    for name, regimen in tomllib.loads(text)["regimens"].items():
        assert rows[found["regimens", name] - 1] == f"[regimens.{name}]"
        for index, phase in enumerate(regimen["phases"]):
            at = ("regimens", name, "phases", index)
            assert rows[found[at] - 1] == f"[[regimens.{name}.phases]]"
            for key in ("name", "sessions", "every"):
                assert rows[found[*at, key] - 1] == f'{key} = "{phase[key]}"'
