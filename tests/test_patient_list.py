"""A list of patients: every way to write it that is read, and what is said of every other."""

# ruff: noqa: E501 (a row of the table of mistakes is one case and reads best on one line)

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meso_sched.errors import FileError, ProblemsError
from meso_sched.exchange.patient_list import COLUMNS, MAX_BYTES, MAX_CELL, Row, read_list

IN_ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(content: str | bytes, name: str = "P.csv") -> Path:
    path = Path(name)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows(content: str | bytes, name: str = "P.csv") -> list[Row]:
    """The rows of a list in which nothing is wrong."""
    read = read_list(write(content, name))
    assert read.problems == ()
    return list(read.rows)


def refusal(path: Path) -> str:
    with pytest.raises(FileError) as refused:
        read_list(path)
    assert refused.value.exit_code == 3
    return str(refused.value)


# ---- CSV -----------------------------------------------------------------------------------------

P1 = {"patient": "P1", "regimen": "hair", "start": "2027-01-05"}
ON = {**P1, "on": "mon,thu"}
FORMS: dict[str, tuple[str | bytes, list[Row]]] = {
    "commas": ("patient,regimen,start\nP1,hair,2027-01-05\n", [Row(2, P1)]),
    "semicolons, as Excel writes them in many countries": ("patient;regimen;start;on\nP1;hair;2027-01-05;mon,thu\n", [Row(2, ON)]),
    "tabs": ("patient\tregimen\tstart\ton\nP1\thair\t2027-01-05\tmon,thu\n", [Row(2, ON)]),
    "a byte order mark and CRLF": (b"\xef\xbb\xbfpatient,regimen,start\r\nP1,hair,2027-01-05\r\n", [Row(2, P1)]),
    "CR alone, as old spreadsheets end a line": ("patient,regimen,start\rP1,hair,2027-01-05\r", [Row(2, P1)]),
    "no line end at the end": ("patient,regimen,start\nP1,hair,2027-01-05", [Row(2, P1)]),
    "quotes": ('"patient","regimen","start","on"\n"P1","hair","2027-01-05","mon,thu"\n', [Row(2, ON)]),
    "quotes behind a space": ('patient, regimen, start, on\nP1, hair, 2027-01-05, "mon,thu"\n', [Row(2, ON)]),
    "quotes in a cell": ('patient,regimen,start\n"the ""old"" P1",hair,2027-01-05\n5" P1,hair,2027-01-05\n',
                         [Row(2, {**P1, "patient": 'the "old" P1'}), Row(3, {**P1, "patient": '5" P1'})]),
    "a cell of two lines moves the rows behind it": ('patient,regimen,start,away\nP1,hair,2027-01-05,"2027-02-01,\r\n2027-03-01"\nP2,hair,2027-01-05,\n',
                                                     [Row(2, {**P1, "away": "2027-02-01,\r\n2027-03-01"}), Row(4, {**P1, "patient": "P2"})]),
    "names in any case with spaces": (" Patient ,REGIMEN,Start\u00a0,Sessions . Weekly\nP1,hair,2027-01-05,6\n", [Row(2, {**P1, "sessions.weekly": "6"})]),
    "cells with spaces": ("patient,regimen,start\n  P1\t,\u00a0hair , 2027-01-05 \n", [Row(2, P1)]),
    "columns in another order": ("start,patient,clinic,regimen\n2027-01-05,P1,,hair\n", [Row(2, P1)]),
    "blank rows, and rows of empty cells": ("\n\npatient,regimen,start\n\nP1,hair,2027-01-05\n,,\n \n , ,\nP2,hair,2027-01-05\n\n",
                                            [Row(5, P1), Row(9, {**P1, "patient": "P2"})]),
    "a row that ends early": ("patient,regimen,start,on,at\nP1,hair,2027-01-05\n", [Row(2, P1)]),
    "empty cells under no column": ("patient,regimen,start,,\nP1,hair,2027-01-05,,,,\n", [Row(2, P1)]),
    "every letter": ("patient,regimen,start\nŞükrü 毎週 💉,hair,2027-01-05\n", [Row(2, {**P1, "patient": "Şükrü 毎週 💉"})]),
    "a phase with spaces and dots": ("patient,regimen,start,every.Phase 1.5\nP1,hair,2027-01-05,1 week\n", [Row(2, {**P1, "every.phase 1.5": "1 week"})]),
    "a header alone": ("patient,regimen,start\n", []),
}  # fmt: skip


@pytest.mark.parametrize(("content", "expected"), FORMS.values(), ids=FORMS)
def test_a_csv_is_read_as_spreadsheets_write_it(content: str | bytes, expected: list[Row]) -> None:
    assert rows(content) == expected


HEADER = "the first line names the columns, patient, regimen, start at least"
NEEDED = "a list has patient, regimen and start"
NAMES = "patient, regimen, start, course, at, on, between, away, until, length, priority, override, clinic, keep, sessions.PHASE and every.PHASE"
NO_END = 'a quote (") begins a cell in this line, and no quote ends that cell, so that it is not known where the next row begins; end the cell, or take the quote out'
INSIDE = (
    'a quote (") ends inside a cell; put the whole cell in quotes, and write each quote in it twice'
)
NO_COLUMN = "stands under no column; put a cell that holds a comma in quotes, or name the column"

UNUSABLE: dict[str, tuple[str | bytes, list[str]]] = {
    "nothing": ("", [f"P.csv:1: is empty; {HEADER}"]),
    "blank lines": ("\n \n\r\n", [f"P.csv:1: is empty; {HEADER}"]),
    "no header": ("P1,hair,2027-01-05\n", [f"P.csv:1: is no header; {HEADER}"]),
    "a column twice": ("patient,regimen,start,on,Start,sessions.a,SESSIONS.A,On\n", [
        'P.csv:1: column "start" stands twice; keep one',
        'P.csv:1: column "on" stands twice; keep one',
        'P.csv:1: column "sessions.a" stands twice; keep one',
    ]),
    "columns that are needed": ("patient\n", [f'P.csv:1: no column "regimen"; {NEEDED}', f'P.csv:1: no column "start"; {NEEDED}']),
    "all of these at once, below blank lines": ("\n\npatient;patient;begin\n", [
        'P.csv:3: unknown column "begin"; did you mean "regimen"?',
        'P.csv:3: column "patient" stands twice; keep one',
        f'P.csv:3: no column "regimen"; {NEEDED}',
        f'P.csv:3: no column "start"; {NEEDED}',
    ]),
    "a header with a broken quote": ('"patient"s,regimen,start\n', [f"P.csv:1: {INSIDE}"]),
    "a quote that never ends": ('patient,regimen,start\nP1,hair,2027-01-05\n"P2,hair,2027-01-05\nP3,hair,2027-01-05\n', [f"P.csv:3: {NO_END}"]),
    "a quote that never ends in the last line": ('patient,regimen,start\nP1,hair,"2027-01-05', [f"P.csv:2: {NO_END}"]),
    "a quote that meets that of another row": ('patient,regimen,start,on\n"P1,hair,2027-01-05,mon\nP2,hair,2027-01-05,"mon,thu"\n', [f"P.csv:2: {NO_END}"]),
    "such a quote, and what is wrong before it": ('patient,regimen,start\nP1,hair,2027-01-05,x\n"P2,hair,\n', [f'P.csv:2: "x" {NO_COLUMN}', f"P.csv:3: {NO_END}"]),
    "a quote that swallows a large file": ('patient,regimen,start\n"P1,hair,2027-01-05\n' + "P2,hair,2027-01-05\n" * 10_000, [f"P.csv:2: {NO_END}"]),
    "letters of an old code page": ("patient,regimen,start\r\nP1,hair,2027-01-05\r\nMüller,hair,2027-01-05\r\n".encode("cp1252"), ["P.csv:3: is not text in UTF-8; save it as CSV in UTF-8"]),
    "such a letter right behind a line end": (b"\xef\xbb\xbfpatient\n\xfc", ["P.csv:2: is not text in UTF-8; save it as CSV in UTF-8"]),
    "UTF-16, which Excel calls Unicode text": ("patient\tregimen\tstart\n".encode("utf-16"), ["P.csv:1: is not text in UTF-8; save it as CSV in UTF-8"]),
    "UTF-16 without a mark": ("patient\tregimen\tstart\n".encode("utf-16-le"), ["P.csv:1: holds a NUL byte, so it is no text; save it as CSV in UTF-8"]),
    "a NUL byte": ("patient,regimen,start\nP\x001,hair,2027-01-05\n", ["P.csv:2: holds a NUL byte, so it is no text; save it as CSV in UTF-8"]),
    "a JSON array": ('[{"patient": "P1"}]', ["P.csv:1: is a JSON array; write one object a line, without brackets"]),
}  # fmt: skip


@pytest.mark.parametrize(("content", "expected"), UNUSABLE.values(), ids=UNUSABLE)
def test_what_is_wrong_with_the_whole_file_is_told_at_once(
    content: str | bytes, expected: list[str]
) -> None:
    with pytest.raises(ProblemsError) as refused:
        read_list(write(content))
    assert list(map(str, refused.value.problems)) == expected


UNKNOWN = {
    "unknown columns, with the nearest": ("patient,regimen,start,lenght,Session.weekly,x\n", [
        'P.csv:1: unknown column "lenght"; did you mean "length"?',
        'P.csv:1: unknown column "Session.weekly"; did you mean "sessions.weekly"?',
        f'P.csv:1: unknown column "x"; the columns are {NAMES}',
    ]),
    "a column of phases without its phase": ("patient,regimen,start,sessions,every.\n", [
        'P.csv:1: column "sessions" names no phase; write it as sessions.weekly',
        'P.csv:1: column "every." names no phase; write it as every.weekly',
    ]),
}  # fmt: skip


@pytest.mark.parametrize(("header", "expected"), UNKNOWN.values(), ids=UNKNOWN)
def test_columns_of_unknown_names_are_told_and_the_rows_are_read_without_them(
    header: str, expected: list[str]
) -> None:
    read = read_list(write(f"{header}P1,hair,2027-01-05,8\n"))
    assert list(map(str, read.of_columns)) == expected
    assert list(read.rows) == [Row(2, P1)]


LONG = "x" * (MAX_CELL + 1)
TOO_LONG = (
    f"holds {MAX_CELL + 1} characters, {MAX_CELL} at most; look for a quote that does not end"
)
BAD_ROWS: dict[str, tuple[str, list[str]]] = {
    "more cells than columns": ("P2,hair,2027-01-05,mon,thu", [f'P.csv:3: "thu" {NO_COLUMN}']),
    "a cell under a column without a name": ("P2,hair,2027-01-05,mon,,tue", [f'P.csv:3: "tue" {NO_COLUMN}']),
    "a quote that ends inside a cell": ('P2,hair,2027-01-05,"mon"s', [f"P.csv:3: {INSIDE}"]),
    "long cells": (f"{LONG},hair,{LONG}", [f"P.csv:3: patient: {TOO_LONG}", f"P.csv:3: start: {TOO_LONG}"]),
    "a cell longer than the csv module allows": ("x" * 200_000, [f"P.csv:3: a cell holds more than {MAX_CELL} characters; shorten it"]),
}  # fmt: skip


@pytest.mark.parametrize(("bad", "expected"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_bad_row_is_told_and_the_others_are_read(bad: str, expected: list[str]) -> None:
    lines = [
        "patient,regimen,start,on,,",
        "P1,hair,2027-01-05",
        bad,
        'P1,hair,2027-01-05,"mon,thu"',
    ]
    read = read_list(write("\n".join(lines)))
    assert list(read.rows) == [Row(2, P1), Row(4, ON)]
    assert list(map(str, read.problems)) == expected


# No halves of a character, no NUL; and no CR, which Python 3.11 writes without quotes.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12)


@IN_ONE_FOLDER
@given(
    cells=st.lists(st.lists(TEXTS, min_size=5, max_size=5), max_size=6),
    delimiter=st.sampled_from(",;\t"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", "\ufeff"]),
)
def test_what_a_csv_writer_wrote_is_read_back_with_the_line_of_every_row(
    cells: list[list[str]], delimiter: str, quoting: int, line_end: str, mark: str
) -> None:
    columns = ["patient", "regimen", "start", "on", "every.weekly"]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=line_end)  # type: ignore[arg-type]
    writer.writerow(columns)
    expected = []
    for row in cells:
        line = len(io.StringIO(text.getvalue(), newline=None).readlines()) + 1
        writer.writerow(row)
        trimmed = {name: cell.strip() for name, cell in zip(columns, row, strict=True)}
        expected.append(Row(line, {name: cell for name, cell in trimmed.items() if cell}))
    assert rows(mark + text.getvalue()) == [row for row in expected if row.cells]


# ---- JSON lines ----------------------------------------------------------------------------------

START = '"patient": "P1", "regimen": "hair", "start": "2027-01-05"'
JSON_FORMS = {
    "texts": (f'{{{START}, "on": "mon,thu"}}', ON),
    "a list": (f'{{{START}, "on": ["mon", "thu"]}}', ON),
    "numbers": (f'{{{START}, "course": 2, "priority": 0}}', {**P1, "course": "2", "priority": "0"}),
    "a whole number with a fraction": (f'{{{START}, "course": 2.0, "priority": 2.5}}', {**P1, "course": "2", "priority": "2.5"}),
    "truths": (f'{{{START}, "override": true, "keep": false}}', {**P1, "override": "true", "keep": "false"}),
    "null and empty": (f'{{{START}, "course": null, "on": "", "at": " ", "away": []}}', P1),
    "phases one by one": (f'{{{START}, "sessions.weekly": 6, "every.weekly": "1 week"}}', {**P1, "sessions.weekly": "6", "every.weekly": "1 week"}),
    "phases in an object": (f'{{{START}, "Sessions": {{"Weekly": 6, "b": null}}, "every": {{"weekly": "1 week"}}}}', {**P1, "sessions.weekly": "6", "every.weekly": "1 week"}),
    "keys in any case with spaces": ('{" Patient": "P1 ", "REGIMEN": "hair", "start ": "2027-01-05"}', P1),
    "a separator of lines that is none in JSON": ('{"patient": "P\u20281", "regimen": "hair", "start": "2027-01-05"}', {**P1, "patient": "P\u20281"}),
}  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), JSON_FORMS.values(), ids=JSON_FORMS)
def test_an_object_is_a_row(line: str, expected: dict[str, str]) -> None:
    assert rows(line, "P.jsonl") == [Row(1, expected)]


def test_json_lines_are_known_by_their_suffix_or_their_first_character() -> None:
    text = f"\ufeff\n {{{START}}}\r\n\n{{}}\n{{{START}}}"
    read = [Row(2, P1), Row(5, P1)]
    assert rows(text, "P.csv") == rows(text, "P.JSONL") == rows(text, "P.ndjson") == read


OBJECT = 'write one object a line: {"patient": …, "regimen": …, "start": …}'
SHAPE = "is neither a text, a number, true, false nor a list of texts"
BAD_OBJECTS: dict[str, tuple[str, list[str]]] = {
    "no JSON": ("patient,regimen", [f"P.jsonl:2: not JSON: expecting value at character 1; {OBJECT}"]),
    "a cut line": ('{"patient": "P1"', [f"P.jsonl:2: not JSON: expecting ',' delimiter at character 17; {OBJECT}"]),
    "two objects": ("{} {}", [f"P.jsonl:2: not JSON: extra data at character 4; {OBJECT}"]),
    "no object": ("[1]", [f"P.jsonl:2: is not an object; {OBJECT}"]),
    "a number": ("6", [f"P.jsonl:2: is not an object; {OBJECT}"]),
    "no number": (f'{{{START}, "course": NaN}}', ["P.jsonl:2: not JSON: NaN is no value; write null where there is none"]),
    "too deep": ("[" * 100_000, [f"P.jsonl:2: lists or objects in one another, too deep to read; {OBJECT}"]),
    "unknown keys": (f'{{{START}, "lenght": "45m", "every": "1 week"}}', [
        'P.jsonl:2: unknown column "lenght"; did you mean "length"?',
        'P.jsonl:2: column "every" names no phase; write it as every.weekly',
    ]),
    "keys twice": (f'{{{START}, "Start": null, "sessions": {{"a": 1, "A": 2}}, "sessions.a": 3}}', [
        "P.jsonl:2: start: stands twice in this line; keep one",
        "P.jsonl:2: sessions.a: stands twice in this line; keep one",
        "P.jsonl:2: sessions.a: stands twice in this line; keep one",
    ]),
    "values of another kind": (f'{{{START}, "on": [1, ["mon"]], "away": {{"from": "2027-02-01"}}, "sessions": {{"a": {{}}}}}}', [
        f"P.jsonl:2: on: {SHAPE}",
        f"P.jsonl:2: away: {SHAPE}",
        f"P.jsonl:2: sessions.a: {SHAPE}",
    ]),
    "a long value": (f'{{"patient": "{LONG}"}}', [f"P.jsonl:2: patient: {TOO_LONG}"]),
}  # fmt: skip


@pytest.mark.parametrize(("bad", "expected"), BAD_OBJECTS.values(), ids=BAD_OBJECTS)
def test_a_bad_object_is_told_and_the_others_are_read(bad: str, expected: list[str]) -> None:
    read = read_list(write(f"{{{START}}}\n{bad}\n{{{START}}}\n", "P.jsonl"))
    assert list(read.rows) == [Row(1, P1), Row(3, P1)]
    assert list(map(str, read.problems)) == expected


def test_json_lines_without_an_object_are_empty() -> None:
    assert refusal(write("\n\n", "P.jsonl")) == f"P.jsonl:1: is empty; {OBJECT}"


# ---- Files ---------------------------------------------------------------------------------------


def test_a_path_without_a_file_is_told() -> None:
    gone = "there is no such file or folder; check the path."
    assert refusal(Path("P.csv")) == f"P.csv: {gone}"
    assert refusal(Path("a\0b")) == f"a\0b: {gone}"
    Path("lists").mkdir()
    assert refusal(Path("lists")) == "lists: is a folder; name a file in it"


def test_a_link_to_itself_is_told() -> None:
    Path("P.csv").symlink_to("P.csv")
    assert refusal(Path("P.csv")).startswith("P.csv: cannot be read (")


def test_a_file_of_another_size_than_lists_have_is_not_read_to_its_end() -> None:
    with open("P.csv", "wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert refusal(Path("P.csv")) == "P.csv: is larger than 64 MiB; no list of patients is"


@IN_ONE_FOLDER
@given(
    st.binary(max_size=200)
    | st.text('patienrgmstl.,;\t"\r\n{}[]:0\0ü ', max_size=200).map(str.encode)
    | st.text(',;"\r\n x', max_size=80).map(lambda text: f"patient,regimen,start\n{text}".encode()),
    st.sampled_from(["P.csv", "P.jsonl"]),
)
def test_any_bytes_are_a_list_or_a_told_mistake(content: bytes, name: str) -> None:
    try:
        read = read_list(write(content, name))
    except FileError as error:
        assert str(error).startswith(name)  # noqa: PT017 - whatever the mistake, it is told
    else:
        lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n") + 1
        assert all(1 <= row.line <= lines for row in read.rows)
        assert all(text == text.strip() != "" for row in read.rows for text in row.cells.values())


def test_ten_thousand_rows_take_well_under_a_second() -> None:
    row = ",".join(f'"{column}, quoted"' for column in COLUMNS)
    path = write("\n".join([",".join(COLUMNS), *[row] * 10_000]))
    lines = "\n".join([json.dumps(dict.fromkeys(COLUMNS, "a cell"))] * 10_000)
    began = time.process_time()
    assert len(read_list(path).rows) == 10_000
    assert len(rows(lines, "P.jsonl")) == 10_000
    assert time.process_time() - began < 2
