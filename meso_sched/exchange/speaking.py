"""What patients read, in their language: the tool's own words, days, times and lengths.

The English words stand in the code and are their own keys; the catalogues have the others. English
is written as the rest of the tool writes it, so that it needs no library; days, months and lengths
of the other languages are the CLDR's, by Babel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias

from meso_sched.core.interval import Step
from meso_sched.core.regimen import DEFAULT_LANGUAGE, Lasting, Text
from meso_sched.core.walltime import minute_of, show_day, show_time
from meso_sched.exchange.languages import refuse_unknown, translations

RIGHT_TO_LEFT = ("ar",)

_Unit: TypeAlias = Literal["minute", "hour", "day", "week", "month", "year"]

# Each as long as Babel counts it, so that it counts the same number of them again.
_SECONDS: Mapping[str, tuple[_Unit, int]] = {
    "minute": ("minute", 60),
    "hour": ("hour", 3600),
    "day": ("day", 24 * 3600),
    "week": ("week", 7 * 24 * 3600),
    "month": ("month", 30 * 24 * 3600),
    "year": ("year", 365 * 24 * 3600),
}
# Takes the form of a word that goes with any number ("other" in the CLDR).
_ANY = 100


@dataclass(frozen=True, slots=True)
class Speaker:
    """Speaks one of the ``LANGUAGES``, by its code; ValueError for any other."""

    language: str = DEFAULT_LANGUAGE

    def __post_init__(self) -> None:
        refuse_unknown(self.language)

    @property
    def direction(self) -> str:
        """``ltr`` or ``rtl``, as HTML says it."""
        return "rtl" if self.language in RIGHT_TO_LEFT else "ltr"

    def say(self, english: str, /, **values: object) -> str:
        """The tool's own words, with values in the place of ``{names}``.

        ``english`` is a literal wherever this is called, so that the catalogues can be held
        against the code.
        """
        return translations(self.language).get(english, english).format(**values)

    def speaks(self, text: Text) -> bool:
        """Whether a template's words are there in the language."""
        english = text.by_language.get(DEFAULT_LANGUAGE)
        return self.language in text.by_language or english in translations(self.language)

    def text(self, text: Text) -> str:
        """A template's words; English where it lacks the language."""
        return str(text.spoken(self.language, translations(self.language)))

    def day(self, day: date) -> str:
        """``Tue 5 Jan``, without the year."""
        if self.language == DEFAULT_LANGUAGE:
            return show_day(day)
        from babel.dates import format_skeleton

        return format_skeleton("MMMEd", day, locale=self.language)

    def full_day(self, day: date) -> str:
        """``Tue 5 Jan 2027``."""
        if self.language == DEFAULT_LANGUAGE:
            return f"{show_day(day)} {day.year}"
        from babel.dates import format_skeleton

        return format_skeleton("yMMMEd", day, locale=self.language)

    def time(self, moment: datetime) -> str:
        """``10:30``, by the moment's own clock."""
        return show_time(minute_of(moment))

    def moment(self, moment: datetime) -> str:
        """``Tue 5 Jan 10:30``, by the moment's own clock."""
        day, time = self.day(moment.date()), self.time(moment)
        if self.language == DEFAULT_LANGUAGE:
            return f"{day} {time}"
        from babel.dates import get_datetime_format

        return str(get_datetime_format("medium", locale=self.language)).format(time, day)

    def length(self, lasting: Lasting) -> str:
        """``48 hours``, ``4-5 days``."""
        if self.language == DEFAULT_LANGUAGE:
            return str(lasting)
        least, most = str(lasting.least), str(lasting.most)
        counted = self._counted(lasting.most, lasting.unit)
        if least == most:
            return counted
        if most not in counted:  # Arabic has one word for "two days", with no room for a range
            counted = self._counted(_ANY, lasting.unit).replace(str(_ANY), most)
        return counted.replace(most, self.say("{least}-{most}", least=least, most=most))

    def step(self, step: Step) -> str:
        """``15 days``, ``1 month``."""
        if self.language == DEFAULT_LANGUAGE:
            return str(step)
        return self._counted(step.amount, step.unit.value)

    def _counted(self, number: int, unit: str) -> str:
        """So many of a unit, in a language other than English.

        Babel's ``format_unit`` does not know the short form where a language has no long one
        ("5 duration-day" in Turkish); ``format_timedelta`` does.
        """
        from babel.dates import format_timedelta

        granularity, seconds = _SECONDS[unit]
        return format_timedelta(
            number * seconds,
            granularity=granularity,
            threshold=float("inf"),  # never a larger unit
            locale=self.language,
        )
