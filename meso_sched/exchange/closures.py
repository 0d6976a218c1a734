"""Public holidays, whole and half days, from the `holidays` library."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from meso_sched.core.clinic import Holiday
from meso_sched.errors import UsageError

if TYPE_CHECKING:
    from holidays import HolidayBase

NOON = 12 * 60
_FROM_HOUR = re.compile(r"\s*\(from ([0-9]{1,2})(?::([0-9]{2}))?\s*(am|pm)\)", re.IGNORECASE)

# China's half days are off for a group only: women, the young, children, the army. The clinic's
# other patients and its staff work on them.
_HALF_DAYS_OF_GROUPS = {"CN"}

# The country's own name in Latin letters, also the UN's since 2022; the library says "Turkey".
_ALSO_NAMED = {"turkiye": "TR"}


def check_code(code: str) -> None:
    """UsageError, with what was meant, unless `holidays` knows ``"TR"`` or ``"DE-BY"``."""
    country, dash, part = code.partition("-")
    if country not in _countries():
        meant = _meant(code)
        hint = f'did you mean "{meant}"?' if meant else 'write "TR" or, for a part, "DE-BY"'
        raise UsageError(f'"{code}" is not a holiday code; {hint}')
    parts = _library(country).subdivisions
    if dash and part not in parts:
        raise UsageError(f'"{code}" is not a holiday code: {_no_part(country, part, parts)}')


def holidays_between(code: str, first: date, last: date) -> dict[date, Holiday]:
    """The holidays of a known code on the local dates ``first`` to ``last``, named in English.

    A half day closes at the hour that its name gives, else at noon. One that only a group of
    people has is left out.
    """
    years = range(first.year, last.year + 1)
    found: dict[date, Holiday] = {}
    for category in ("half_day", "public"):
        calendar = _calendar(code, years, category)
        for day, names in calendar.items() if calendar is not None else ():
            if first <= day <= last:
                found[day] = _holiday(names, half=category == "half_day")
    return dict(sorted(found.items()))


def _calendar(code: str, years: range, category: str) -> HolidayBase | None:
    country, _, subdivision = code.partition("-")
    kind = _library(country)
    if category not in kind.supported_categories:
        return None
    if category == "half_day" and kind.country in _HALF_DAYS_OF_GROUPS:
        return None
    languages = kind.supported_languages or ()
    language = next((each for each in languages if each.startswith("en")), None)
    calendar: HolidayBase = kind(
        subdiv=subdivision or None, years=years, categories=category, language=language
    )
    return calendar


def _holiday(names: str, *, half: bool) -> Holiday:
    if not half:
        return Holiday(tuple(dict.fromkeys(names.split("; "))))
    hour = _FROM_HOUR.search(names)
    plain = tuple(dict.fromkeys(_FROM_HOUR.sub("", names).split("; ")))
    return Holiday(plain, NOON if hour is None else _minutes(hour))


def _minutes(hour: re.Match[str]) -> int:
    afternoon = 12 if hour[3].lower() == "pm" else 0
    return (int(hour[1]) % 12 + afternoon) * 60 + int(hour[2] or 0)


def _library(country: str) -> type[HolidayBase]:
    """The library's class of a known country."""
    import holidays

    kind: type[HolidayBase] = getattr(holidays, country)
    return kind


def _countries() -> dict[str, str]:
    """Every country code, also of three letters, with the country's name ("south_korea")."""
    from holidays.registry import COUNTRIES

    return {
        code: module
        for module, (_, *codes) in COUNTRIES.items()
        for code in codes
        if 2 <= len(code) <= 3
    }


def _meant(code: str) -> str | None:
    """The code for what was written: a name ("Turkey"), small letters, another dash ("DE_BY")."""
    whole = _country_meant(code)  # a name may have a dash of its own
    if whole is not None:
        return whole
    name, _, part = code.replace("_", "-").partition("-")
    country = _country_meant(name)
    known = None if country is None else _part_meant(country, part)
    return country if known is None else f"{country}-{known}"


def _country_meant(text: str) -> str | None:
    """The country of a code in any letters or of a name; a name may be mistyped, a code not.

    Codes are too short for that: every two letters are like those of a dozen countries.
    """
    countries = _countries()
    by_name = dict(_ALSO_NAMED)
    for code, name in countries.items():
        by_name.setdefault(_folded(name), code)
    by_code = {_folded(code): code for code in countries}
    folded = _folded(text)
    if len(folded) <= 3:
        return by_code.get(folded)
    return by_name.get(folded) or _most_like(folded, by_name, cutoff=0.8)


def _part_meant(country: str, part: str) -> str | None:
    """The part of a country that was written in other letters, by its name or mistyped."""
    kind = _library(country)
    by_name = {_folded(name): known for name, known in kind.subdivisions_aliases.items()}
    by_name |= {_folded(known): known for known in kind.subdivisions}
    folded = _folded(part)
    return by_name.get(folded) or _most_like(folded, by_name, cutoff=0.75)


def _no_part(country: str, part: str, parts: tuple[str, ...]) -> str:
    if not parts:
        return f'{country} has no parts; write "{country}"'
    meant = _part_meant(country, part)
    hint = f'did you mean "{meant}"?' if meant else f"its parts are {', '.join(parts)}"
    return f'{country} has no part "{part}"; {hint}'


def _most_like(folded: str, known: dict[str, str], *, cutoff: float) -> str | None:
    from difflib import get_close_matches

    found = get_close_matches(folded, known, n=1, cutoff=cutoff)
    return known[found[0]] if found else None


def _folded(name: str) -> str:
    """Small letters without accents, spaces and dashes: what two ways to write a name share."""
    from unicodedata import normalize

    return "".join(each for each in normalize("NFKD", name.casefold()) if each.isalnum())
