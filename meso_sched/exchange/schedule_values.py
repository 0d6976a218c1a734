"""The values that `schedules.toml` writes as text; each parser raises ValueError with advice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeVar

from meso_sched.core.interval import Count, Interval, Step
from meso_sched.core.nearest import hint
from meso_sched.core.regimen import Keep, Lasting
from meso_sched.core.walltime import DateRange, Length, Span, parse_date, parse_spans
from meso_sched.errors import MesoError
from meso_sched.exchange import zones

T = TypeVar("T")

# The same few intervals and counts stand in a file again and again, and every start reads it.
_remembered = lru_cache(maxsize=256)

_MINUTES_OF = {"minute": 1, "hour": 60, "day": 1440, "week": 10080}
_CLOSED = {"", "-", "closed", "off", "none"}
_NO_TIME = re.compile(r"0+\s*(m|min|minutes?|h|hours?)?")


def parse_days(text: str) -> DateRange:
    """``A..B`` or a single day, ISO dates; ValueError otherwise."""
    first, dots, last = text.partition("..")
    return DateRange(parse_date(first), parse_date(last if dots else first))


def parse_keep(text: str) -> Keep:
    """``weekday`` or ``date``; ValueError otherwise."""
    try:
        return Keep(text)
    except ValueError:
        ways = [keep.value for keep in Keep]
        advice = hint(text, ways) or f"; write {' or '.join(map(_quoted, ways))}"
        raise ValueError(f'"{text}" is not a way to keep a rhythm{advice}') from None


def parse_minutes(text: str) -> int:
    """One length in minutes: ``"15 minutes"``, ``"45m"``, ``"1h"``; ValueError otherwise."""
    try:
        length = Length.parse(text)
    except ValueError:
        raise ValueError(
            f'"{text}" is not a length; write "15 minutes", "45m" or "1h", at most 24 hours'
        ) from None
    if length.least != length.most:
        raise ValueError(f'"{text}" is a range; write one length: "15 minutes"')
    return length.least


def parse_turnover(text: str) -> int:
    """As ``parse_minutes``; ``"0 minutes"`` too, and a bare 0, which needs no unit."""
    return 0 if _NO_TIME.fullmatch(text.strip().lower()) else parse_minutes(text)


def hours(otherwise: str) -> Callable[[str], tuple[Span, ...]]:
    """Parses the spans of a day: ``"09:00-12:30, 13:30-18:00"``.

    ``otherwise`` says what holds on a day that is left out: ``"the clinic is closed"``.
    """

    def parse(text: str) -> tuple[Span, ...]:
        if text.strip().lower() in _CLOSED:
            raise ValueError(f'"{text}" is not a span; leave the day out if {otherwise}')
        return parse_spans(text)

    return parse


def zone_name(text: str) -> str:
    """The name of a time zone that there is."""
    try:
        zones.load_zone(text)
    except MesoError as error:  # a sentence; here it is one line of many
        raise ValueError(str(error).replace("'", '"').removesuffix(".")) from error
    return text


def holiday_code(*, check: bool) -> Callable[[str], str]:
    """Parses a code; empty is a clinic without holidays, whatever an earlier file sets.

    ``check`` asks the `holidays` library whether it knows the code.
    """

    def parse(code: str) -> str:
        code = code.strip()
        if check and code:
            from meso_sched.exchange.closures import check_code

            check_code(code)
        return code

    return parse


def ahead(text: str) -> int:
    """Minutes of a time ahead: ``"2 hours"``."""
    lasting = Lasting.parse(text)
    minutes = _MINUTES_OF.get(lasting.unit)
    if minutes is None or lasting.least != lasting.most:
        raise ValueError(f'"{text}" is not a time ahead; write "2 hours" or "1 day"')
    return lasting.least * minutes


@_remembered
def after_session(text: str) -> Count | None:
    """``"session 2"``, ``"session 2-3"``, or None for ``"last"``."""
    word, _, number = text.strip().partition(" ")
    if word == "last" and not number:
        return None
    try:
        count = Count.parse(number)
    except ValueError:
        count = None
    if word != "session" or count is None or count.is_open:
        raise ValueError(
            f'"{text}" is not a session; write "session 2", "session 2-3" or "last"'
        ) from None
    return count


@_remembered
def step(text: str) -> Step:
    """One interval: ``"4 weeks"``."""
    interval = Interval.parse(text)
    if interval.is_range:
        raise ValueError(f'"{text}" is a range; write one interval: "4 weeks"')
    return interval.ideal


@_remembered
def interval(text: str) -> Interval | None:
    """An interval, or None for ``"?"``."""
    return None if text.strip() == "?" else Interval.parse(text)


@_remembered
def count(text: str) -> Count | None:
    """A count of sessions, or None for ``"?"``."""
    return None if text.strip() == "?" else Count.parse(text)


def phase_name(text: str) -> str:
    """A name that the options can use, without the spaces around it."""
    if not text.strip() or "=" in text:
        raise ValueError(f'"{text}" cannot name a phase; write a word without "="')
    return text.strip()


def nonempty(text: str) -> str:
    """Any text that is not blank."""
    if not text.strip():
        raise ValueError(f'"{text}" is empty; write a text or leave it out')
    return text


def new_name(kind: str) -> Callable[[str], str]:
    """Parses one name after another, none twice up to case; ``kind`` says what they name."""
    earlier: set[str] = set()

    def parse(text: str) -> str:
        name = text.strip()
        if not name:
            raise ValueError(f'"{text}" is empty; write the name of a {kind}')
        if len(name.splitlines()) > 1:
            raise ValueError(f'"{text}" cannot name a {kind}; write it on one line')
        if name.casefold() in earlier:
            raise ValueError(f'"{text}" names an earlier {kind} too')
        earlier.add(name.casefold())
        return name

    return parse


def one_of(names: Iterable[str], kind: str) -> Callable[[str], str]:
    """Parses one of the names; ``kind`` says what they name."""
    names = tuple(names)

    def parse(text: str) -> str:
        if text not in names:
            raise ValueError(f'no {kind} is named "{text}"{hint(text, names)}')
        return text

    return parse


def _quoted(text: str) -> str:
    return f'"{text}"'
