"""Names of files that every system takes, and never one for two courses."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meso_sched.exchange.safe_names import file_name, names_for, place_names

PLAIN = (
    (("", "P1", "hair", 1), "P1-hair-1.ics"),
    (("North", "P1", "hair", 12), "North-P1-hair-12.ics"),
    (("", "2027-001", "prp-hair", 1), "2027-001-prp-hair-1.ics"),
    (("", "Ayşe Çelik", "hair", 1), "Ayşe Çelik-hair-1.ics"),
    (("", "علي", "hair", 1), "علي-hair-1.ics"),
    (("", "v1.2_b", "hair", 1), "v1.2_b-hair-1.ics"),
    (("", "CON", "hair", 1), "CON-hair-1.ics"),
    (("", "", "hair", 1), "hair-1.ics"),
)


@pytest.mark.parametrize(("course", "name"), PLAIN)
def test_a_name_that_is_safe_is_kept(course: tuple[str, str, str, int], name: str) -> None:
    assert file_name(*course) == name


CHANGED = (
    ("../../etc", "_.._etc-hair-1-"),
    ("a/b\\c:d", "a_b_c_d-hair-1-"),
    (".hidden", "hidden-hair-1-"),
    (" led by a space", "led by a space-hair-1-"),
    ("-rf", "rf-hair-1-"),
    ("CON.P1", "_CON.P1-hair-1-"),
    ("nul.P1", "_nul.P1-hair-1-"),
    ("a\nb\x00c", "a_b_c-hair-1-"),
    ("e\u0301", "\u00e9-hair-1-"),
    ("\ud800", "_-hair-1-"),
    ("a\u202eb", "a_b-hair-1-"),
    ("x" * 300, "x" * 90),
)


@pytest.mark.parametrize(("patient", "begin"), CHANGED)
def test_a_name_that_is_not_safe_is_mended_and_marked(patient: str, begin: str) -> None:
    name = file_name("", patient, "hair", 1)
    assert name.startswith(begin)
    mark = name.removesuffix(".ics").rpartition("-")[2]
    assert len(mark) == 8
    assert set(mark) <= set("0123456789abcdef")


texts = st.text(st.characters(codec=None), max_size=150) | st.sampled_from(
    ["P1", "p1", "P1-prp", "..", "CON", "aux.1", "a.", "é", "e\u0301", "ß", "ss", "a ", "-", ""]
)
courses = st.tuples(texts, texts, texts, st.integers(1, 20))
RESERVED = {"CON", "PRN", "AUX", "NUL"} | {
    f"{port}{n}" for port in ("COM", "LPT") for n in range(10)
}


def refuse_unsafe(name: str) -> None:
    """Hold a name against what Windows, macOS and Linux forbid."""
    assert len(name) <= 120
    assert len(name.encode()) < 255
    assert unicodedata.normalize("NFC", name) == name
    stem = name.removesuffix(".ics")
    assert stem != name
    assert all(each.isalpha() or each.isdecimal() or each in "-_. " for each in stem)
    assert stem[0] not in "-. "
    assert stem[-1] not in ". "
    assert name.split(".")[0].rstrip().upper() not in RESERVED
    assert Path("folder", name).parent == Path("folder")


@settings(deadline=None)
@given(courses)
def test_every_name_is_safe_whatever_the_list_holds(course: tuple[str, str, str, int]) -> None:
    refuse_unsafe(file_name(*course))


@settings(deadline=None)
@given(st.lists(courses))
def test_no_two_courses_share_a_name_where_cases_are_one(
    known: list[tuple[str, str, str, int]],
) -> None:
    names = names_for(known)
    assert set(names) == set(known)
    folded = {unicodedata.normalize("NFC", name.casefold()) for name in names.values()}
    assert len(folded) == len(names)
    for name in names.values():
        refuse_unsafe(name)


@settings(deadline=None)
@given(st.lists(courses, unique=True), st.randoms(use_true_random=False))
def test_the_order_of_the_list_changes_no_name(
    known: list[tuple[str, str, str, int]], chance: Random
) -> None:
    shuffled = list(known)
    chance.shuffle(shuffled)
    assert names_for(shuffled) == names_for(known)


ALIKE = (
    (("", "P1", "hair", 1), ("", "p1", "hair", 1)),
    (("", "P1", "prp-hair", 1), ("", "P1-prp", "hair", 1)),
    (("A", "B", "hair", 1), ("A-B", "", "hair", 1)),
)


@pytest.mark.parametrize(("first", "second"), ALIKE)
def test_of_two_that_would_be_alike_the_first_keeps_the_plain_name(
    first: tuple[str, str, str, int], second: tuple[str, str, str, int]
) -> None:
    names = names_for([second, first])
    assert names[first] == file_name(*first)
    assert names[second].startswith(file_name(*second).removesuffix(".ics") + "-")


def test_a_room_has_its_own_name_behind_that_of_its_clinic() -> None:
    places = (("", "Blue"), ("North", "Blue"), ("", "NUL"), ("", "../up"))
    names = place_names(places)
    assert names[places[0]] == "Blue.ics"
    assert names[places[1]] == "North - Blue.ics"
    assert names[places[2]].startswith("_NUL-")
    assert names[places[3]].startswith("_up-")


@settings(deadline=None)
@given(st.lists(st.tuples(texts, texts)))
def test_no_two_rooms_share_a_name(places: list[tuple[str, str]]) -> None:
    names = place_names(places)
    assert len({name.casefold() for name in names.values()}) == len(set(places))
    for name in names.values():
        refuse_unsafe(name)
