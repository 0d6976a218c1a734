"""Names of files made of what a list holds: short, safe in every system, and never two alike.

Windows, macOS and Linux refuse different things; what is written here passes on all of them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import TypeVar

SUFFIX = ".ics"
MAX_LENGTH = 120
"""Characters of a name, its suffix among them."""

Course = tuple[str, str, str, int]
"""Clinic, patient, regimen and number; the clinic is empty where there is but one."""

Place = tuple[str, str]
"""Clinic and name of a room or of a person; the clinic is empty where there is but one."""

_MAX_OCTETS = 240  # of UTF-8; systems take 255
_KEPT = frozenset("-_. ")
# Devices of Windows, whatever suffix stands behind them.
_PORTS = (f"{port}{number}" for port in ("COM", "LPT") for number in range(10))
_RESERVED = frozenset(("CON", "PRN", "AUX", "NUL", *_PORTS))
_MARKS = (8, 64)  # digits
_Identity = TypeVar("_Identity", Course, Place)


def file_name(clinic: str, patient: str, regimen: str, number: int) -> str:
    """``P1-hair-1.ics``, or ``North-P1-hair-1.ics`` with a clinic.

    Where a character had to be exchanged or left out, digits are added that this course alone
    gives. The names of many courses are those of ``names_for``.
    """
    course = (clinic, patient, regimen, number)
    return _name(_course_words(course), course)


def names_for(courses: Iterable[Course]) -> Mapping[Course, str]:
    """The name of each course; no two are alike, also where upper and lower case are one.

    Of those that would be, all but the first in order get the digits.
    """
    return _distinct({each: _course_words(each) for each in courses})


def place_names(places: Iterable[Place]) -> Mapping[Place, str]:
    """``Blue.ics``, or ``North - Blue.ics`` with a clinic; otherwise as ``names_for``."""
    return _distinct({each: " - ".join(filter(None, each)) for each in places})


def _course_words(course: Course) -> str:
    return "-".join(filter(None, map(str, course)))


def _distinct(words: Mapping[_Identity, str]) -> Mapping[_Identity, str]:
    names: dict[_Identity, str] = {}
    taken: set[str] = set()
    for identity in sorted(words):
        candidates = (_name(words[identity], identity, digits) for digits in (0, *_MARKS))
        name = next(each for each in candidates if _folded(each) not in taken)
        taken.add(_folded(name))
        names[identity] = name
    return names


def _folded(name: str) -> str:
    """What is the same of two names that a system may take for one."""
    return unicodedata.normalize("NFC", name.casefold())


def _name(words: str, identity: Course | Place, digits: int = 0) -> str:
    """A safe name, with digits of the identity if it is not just the words."""
    stem = _safe(words)
    if not digits and stem == words and _fits(stem + SUFFIX):
        return stem + SUFFIX
    # repr keeps the parts apart whatever they contain.
    mark = sha256(repr(identity).encode()).hexdigest()[: digits or _MARKS[0]]
    end = f"-{mark}{SUFFIX}"
    while not _fits(stem + end):
        stem = stem[:-1]
    return stem + end


def _fits(name: str) -> bool:
    return len(name) <= MAX_LENGTH and len(name.encode()) <= _MAX_OCTETS


def _safe(words: str) -> str:
    """Letters, digits and a few signs; not hidden, not taken for an option, no device."""
    composed = unicodedata.normalize("NFC", words)
    stem = "".join(each if _is_safe(each) else "_" for each in composed)
    stem = stem.lstrip("-. ").rstrip(". ") or "_"
    device = stem.partition(".")[0].rstrip().upper()
    return f"_{stem}" if device in _RESERVED else stem


def _is_safe(letter: str) -> bool:
    return letter.isalpha() or letter.isdecimal() or letter in _KEPT
