"""Who a regimen is not for: what a patient has, held against the list that its source gives.

Words are compared, not meanings: no synonym is known that the list itself does not say. So what
shares a telling word with the list is refused, and what shares none is told as not checked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from meso_sched.core.regimen import Regimen, Statement
from meso_sched.errors import UsageError

_MARK = "condition "
_NEAR = 0.8
"""The likeness (0 to 1) from which on a word may be another one misspelled."""

_BRACKETS = re.compile(r"\(([^()]*)\)")
_SPELLED = str.maketrans({"\u0131": "i", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe"})

_GENERAL = (  # noqa: SIM905 - words read better than a list of strings
    "the and with for from past previous history risk high low blood disease disorder condition"
    " problem reaction mixture dependent patient"  # English
    " gecmis gecirilmis oykusu riski yuksek kan kanin hastalik bozukluk sorun reaksiyon karisim"
    " karsi bagimli"  # Turkish
    " une des dans passe antecedent risque eleve sang maladie trouble accident melange"  # French
    " ein eine einer einem auf die der das fruherer hohes risiko blut krankheit erkrankung storung"
    " reaktion mischung"  # German
    " una los las del pasado antecedente riesgo alto sangre enfermedad trastorno reaccion"
    " mezcla"  # Spanish
    " اضطراب في دم سابقة احتمال كبير لحدوث رد فعل تجاه خليط معتمد علي على امراض مرض"  # Arabic
).split()
"""Words that tell nothing by themselves: a disease of the kidney is not one of the heart."""


class Screened(NamedTuple):
    """What was asked of a list: ``overrides`` mark the course, ``notes`` are for the desk alone."""

    overrides: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Match(NamedTuple):
    """A statement of the list that a text may mean; not ``sure`` where one word speaks for it."""

    statement: Statement
    sure: bool = True


def screen(
    regimen: Regimen, conditions: Sequence[str], *, override: bool, language: str | None = None
) -> Screened:
    """Hold each condition against the regimen's list, in every language that the list has.

    One that the list names, or may name, is a UsageError with the statement (in ``language``) and
    its source; with ``override`` it becomes a mark of the course. One that could be several of the
    list is a UsageError in any case.
    """
    overrides, notes = [], []
    for text in conditions:
        asked = f"--condition {_quoted(text)}"
        if not _words(text):
            raise UsageError(f"{asked}: says nothing; write what the patient has, as pregnancy")
        found = matches(text, regimen.care.screening)
        if len(found) > 1:
            told = ", ".join(_told(match.statement, language) for match in found)
            raise UsageError(f"{asked}: may be any of {told}; give each its own --condition")
        if not found:
            notes.append(f"{asked}: not checked, as {_unknown(text, regimen, language)}")
        elif override:
            overrides.append(mark_of(str(found[0].statement.what)))
        else:
            told = _told(found[0].statement, language)
            other = "" if found[0].sure else ", or leave it out if it is something else"
            raise UsageError(
                f"{asked}: {regimen.id} is not for {told}; add --override if the clinician"
                f" decides so{other}"
            )
    return Screened(tuple(dict.fromkeys(overrides)), tuple(notes))


def mark_of(condition: str) -> str:
    """The mark of a course that was planned although the regimen is not for a condition."""
    return _MARK + " ".join(condition.split())


def condition_of(override: str) -> str | None:
    """The condition that a mark of a course names; None for a mark of another choice."""
    return override.removeprefix(_MARK) if override.startswith(_MARK) else None


def against_the_source(override: str) -> str:
    """A mark of a course as a sentence."""
    condition = condition_of(override)
    if condition is None:
        return f"Outside the range of the source, by --override: {override}."
    return f"Not for this patient, by --override: {condition}."


def typed(statement: Statement, language: str | None = None) -> str:
    """A statement as one word of a command line: ``heart-disease``, in a language if it has it."""
    words = _words(_in(statement, language), fold=False)
    while len(words) > 1 and _is_little(words[0]):
        words = words[1:]
    return "-".join(words)


def matches(text: str, screening: Sequence[Statement]) -> tuple[Match, ...]:
    """The statements that a text means best: those it names, else tells, else has a word of."""
    ranks = [(_rank(text, each), each) for each in screening]
    best = max((rank for rank, _ in ranks), default=0)
    return tuple(Match(each, sure=rank > 1) for rank, each in ranks if rank and rank == best)


# ---- What is said --------------------------------------------------------------------------------


def _unknown(text: str, regimen: Regimen, language: str | None) -> str:
    """Why nothing could be held against the list, and what in it is spelled like the text."""
    screening = regimen.care.screening
    if not screening:
        return f"{regimen.id} has no list of who it is not for"
    found = _misspelled(text, screening)
    near = "" if found is None else f"; near it is {_told(found, language)}"
    return f"the list of who {regimen.id} is not for does not name it{near}"


def _misspelled(text: str, screening: Sequence[Statement]) -> Statement | None:
    """The statement that has a word spelled nearly as one of the text."""
    from difflib import get_close_matches

    words = {
        word: each
        for each in screening
        for said in each.what.by_language.values()
        for word in _telling(_words(said))
    }
    near = (get_close_matches(word, words, 1, _NEAR) for word in _telling(_words(text)))
    return next((words[found[0]] for found in near if found), None)


def _told(statement: Statement, language: str | None) -> str:
    cited = ", ".join(statement.sources) or "none named"
    return f'"{_in(statement, language)}" (source {cited})'


def _in(statement: Statement, language: str | None) -> str:
    return str(statement.what if language is None else statement.what.spoken(language))


def _quoted(text: str) -> str:
    return text if text.strip() and text.split() == [text] else f'"{text}"'


# ---- How near two texts are ----------------------------------------------------------------------


def _rank(text: str, statement: Statement) -> int:
    """3: a name of it; 2: the one tells all that the other tells; 1: a telling word; 0: nothing."""
    return max(_rank_in(_words(text), words) for words in statement.what.by_language.values())


def _rank_in(asked: Sequence[str], statement: str) -> int:
    names, said = _names(statement), _words(statement)
    if "".join(asked) in ("".join(name) for name in names):
        return 3
    telling = _telling(asked)
    if all(_is_among(word, said, shortened=True) for word in telling or asked):
        return 2
    known = filter(None, map(_telling, names))
    if any(all(_is_among(word, asked) for word in name) for name in known):
        return 2
    return int(any(_is_among(word, _telling(said)) for word in telling))


def _names(statement: str) -> list[list[str]]:
    """The names in ``Urticaria (hives)``: the whole, what stands outside brackets and inside."""
    inside = _BRACKETS.findall(statement)
    names = (_words(each) for each in (statement, _BRACKETS.sub(" ", statement), *inside))
    return [name for name in names if name]


def _telling(words: Sequence[str]) -> Sequence[str]:
    """The words that tell a condition."""
    return [word for word in words if not _is_general(word)]


@lru_cache(maxsize=1024)
def _is_general(word: str) -> bool:
    return _is_little(word) or any(_akin(word, each) for each in _GENERAL)


def _is_little(word: str) -> bool:
    """An article, a preposition, a figure: ``a``, ``of``, ``de``, ``12``."""
    return len(word) <= 2 and word.isascii()


def _is_among(word: str, words: Sequence[str], *, shortened: bool = False) -> bool:
    """Whether one of the words, or two that stand together, is the word or akin to it."""
    joined = (one + other for one, other in pairwise(words))
    return any(_akin(word, each, shortened=shortened) for each in (*words, *joined))


def _akin(word: str, other: str, *, shortened: bool = False) -> bool:
    """Whether two words have a stem in common: pregnant and pregnancy, stroke and strokes.

    ``shortened``: the first may also be the beginning of a longer word, as ``preg``.
    """
    if word == other:
        return True
    short, long = sorted((word, other), key=len)
    if _is_unspaced(short):
        return len(short) > 1 and short in long
    shared = next((n for n, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), None)
    if shared is None:
        is_ending = 2 * (len(long) - len(short)) <= len(short) or (shortened and short == word)
        return len(short) >= 4 and is_ending
    return shared >= 5 and (len(short) - shared <= 2 or shared > max(5, len(short) / 2))


def _is_unspaced(word: str) -> bool:
    """Thai, Lao, Chinese or Japanese, which put no spaces between their words."""
    return any("\u0e00" <= each <= "\u0eff" or "\u3040" <= each <= "\u9fff" for each in word)


def _words(text: str, *, fold: bool = True) -> list[str]:
    """The words of a text without case, and folded without accents too."""
    lower = text.casefold() if fold else text.lower()
    if fold:
        whole = unicodedata.normalize("NFKD", lower.translate(_SPELLED))
        lower = "".join(each for each in whole if not unicodedata.combining(each))
    words = "".join(_letters(lower)).split()
    return [_without_article(word) for word in words] if fold else words


def _without_article(word: str) -> str:
    """Arabic writes it and its word as one."""
    return word[2:] if word.startswith("ال") and len(word) > 4 else word


def _letters(text: str) -> Iterator[str]:
    for each in text:
        is_mark = unicodedata.category(each).startswith("M")
        yield each if each.isalnum() or is_mark else " "
