"""Text in columns: never wider than the screen, nothing lost, nothing that steers a terminal."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from meso_sched.cli.layout import Column, Line, Span, table, visible, wrapped


def text_of(line: Line) -> str:
    return "".join(span.text for span in line)


SHOWN = {
    "plain": "plain",
    "Şükrü 毎週 💉": "Şükrü 毎週 💉",
    "a\x1b[31mb": r"a\x1b[31mb",
    "bell\x07": r"bell\x07",
    "two\nlines\r": r"two\nlines\r",
    "tab\t": r"tab\t",
    "c1\x9b\x85": r"c1\x9b\x85",
    "nul\x00del\x7f": r"nul\x00del\x7f",
    "\u202eright": r"\u202eright",
    "half\udcff": r"half\udcff",
    "👩\u200d⚕": "👩\u200d⚕",  # joined letters and emoji stay joined
    "a\u00a0: b": "a\u00a0: b",  # as French writes it
}


@pytest.mark.parametrize(("text", "expected"), SHOWN.items(), ids=ascii)
def test_what_steers_a_terminal_is_shown_as_an_escape(text: str, expected: str) -> None:
    assert visible(text) == expected


@given(st.text(st.characters(exclude_categories=())))
def test_no_control_is_visible(text: str) -> None:
    assert re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]",
                     visible(text)) is None  # fmt: skip


WORDS = st.lists(st.text("abcdefghij", min_size=1, max_size=11), min_size=1, max_size=40)
WIDE_WORDS = st.lists(st.text("ab毎💉", min_size=1, max_size=30), min_size=1, max_size=20)


@given(WORDS, st.integers(14, 80))
def test_a_paragraph_keeps_its_words_and_its_width(words: list[str], width: int) -> None:
    lines = [text_of(line) for line in wrapped((Span(" ".join(words)),), width, indent="  ")]
    assert " ".join(lines).split() == words
    assert [line for line in lines if len(line) > width] == []
    assert [line for line in lines[1:] if not line.startswith("  ")] == []


def test_a_paragraph_fills_its_lines() -> None:
    lines = wrapped((Span("one two", "bold"), Span("three four")), 13)
    assert [text_of(line) for line in lines] == ["one two three", "four"]


@given(st.text("ab毎💉", min_size=81, max_size=200), st.sampled_from(["", "    "]))
def test_a_word_wider_than_the_screen_is_broken(word: str, indent: str) -> None:
    lines = [text_of(line) for line in wrapped((Span(word),), 80, indent)]
    assert "".join(line.removeprefix(indent) for line in lines) == word
    assert [line for line in lines if cell_len(line) > 80] == []


@given(st.lists(st.tuples(WIDE_WORDS, WORDS), min_size=1, max_size=5), st.integers(50, 100))
def test_a_table_keeps_its_words_and_its_width(
    rows: list[tuple[list[str], list[str]]], width: int
) -> None:
    columns = (Column("#", right=True), Column("One", wraps=True), Column("Two", wraps=True))
    cells = [
        (Span(str(number)), Span(" ".join(one)), Span(" ".join(two)))
        for number, (one, two) in enumerate(rows)
    ]
    lines = [text_of(line) for line in table(columns, cells, width)]
    assert [line for line in lines if cell_len(line) > width] == []
    letters = sorted("".join(text for row in rows for part in row for text in part))
    assert sorted(re.sub(r"[ 0-9#]", "", "".join(lines[1:]))) == letters


def test_columns_stand_below_each_other_also_with_wide_letters() -> None:
    columns = (Column("Name"), Column("N", right=True), Column("Why", wraps=True))
    rows = [
        [Span("毎週"), Span("9"), Span("because")],
        [Span("💉"), Span("10"), Span("so")],
    ]
    lines = [text_of(line) for line in table(columns, rows, 80)]
    assert [cell_len(line[: line.index(word)]) for line, word in
            zip(lines, ("Why", "because", "so"), strict=True)] == [10, 10, 10]  # fmt: skip
    assert [cell_len(line.rstrip()) for line in lines] == [13, 17, 12]


def test_styles_stay_with_their_words() -> None:
    (heading, row) = table([Column("A"), Column("B")], [[Span("x", "red"), Span("y", "dim")]], 80)
    assert [span for span in row if span.text.strip()] == [Span("x", "red"), Span("y", "dim")]
    assert {span.style for span in heading if span.text.strip()} == {"bold"}
