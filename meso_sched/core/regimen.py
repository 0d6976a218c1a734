"""A regimen: the template that a source gives and a clinician chooses from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import ClassVar, NamedTuple

from meso_sched.core.interval import DAYS_OF_MONTH, MAX_INTERVAL_DAYS, Count, Interval, Step
from meso_sched.core.walltime import Length

DEFAULT_LANGUAGE = "en"
DEFAULT_MINUTES = 30
"""How long a session takes where nobody says (DESIGN section 2)."""

_NONE: Mapping[str, str] = {}
_LASTING = re.compile(
    r"(?P<least>[0-9]{1,4})(?:\s*-\s*(?P<most>[0-9]{1,4}))?\s*(?P<unit>[a-z]+?)s?"
)


class Keep(Enum):
    """What a rhythm keeps: the patient's weekday, or exact dates."""

    WEEKDAY = "weekday"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Text:
    """Words that a person reads, in one or more languages (codes such as ``en``)."""

    by_language: Mapping[str, str]

    def __post_init__(self) -> None:
        if not self.by_language or not all(words.strip() for words in self.by_language.values()):
            raise ValueError("a text is not empty")

    @classmethod
    def english(cls, words: str) -> Text:
        """A text with no translation."""
        return cls({DEFAULT_LANGUAGE: words})

    def spoken(self, language: str, translations: Mapping[str, str] = _NONE) -> Text:
        """The text in one language alone; where there is none, as it is.

        ``translations`` tell, by the English words, what the text does not say itself.
        """
        words = self.by_language.get(language)
        if words is None:
            words = translations.get(self.by_language.get(DEFAULT_LANGUAGE, ""))
        return self if words is None else Text({language: words})

    def __str__(self) -> str:
        """The English words, or the first there are."""
        words = self.by_language.get(DEFAULT_LANGUAGE)
        return next(iter(self.by_language.values())) if words is None else words


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long something lasts or begins ahead: ``"48 hours"``, ``"4-5 days"``."""

    least: int
    most: int
    unit: str

    UNITS: ClassVar[Mapping[str, float]] = {
        "minute": 1 / 1440,
        "hour": 1 / 24,
        "day": 1,
        "week": 7,
        "month": DAYS_OF_MONTH,
    }
    """Each with the days that it counts for the bound."""

    def __post_init__(self) -> None:
        if self.unit not in self.UNITS or not 1 <= self.least <= self.most:
            raise ValueError(self._told_wrong(str(self)))

    @staticmethod
    def _told_wrong(text: str) -> str:
        return (
            f'"{text}" is not a length of time; write a number or a range, the lowest first,'
            ' and minutes, hours, days, weeks or months: "48 hours", "4-5 days"'
        )

    @classmethod
    def parse(cls, text: str) -> Lasting:
        """Read ``"48 hours"`` or ``"1-2 days"``; ValueError otherwise."""
        found = _LASTING.fullmatch(text.strip().lower().replace("\u2013", "-"))
        if found is None:
            raise ValueError(f'"{text}" is not a length of time; write "48 hours" or "4-5 days"')
        least, unit = int(found["least"]), found["unit"]
        if unit not in cls.UNITS:
            raise ValueError(cls._told_wrong(text.strip()))
        lasting = cls(least, int(found["most"] or least), unit)
        if lasting.most * cls.UNITS[unit] > MAX_INTERVAL_DAYS:
            raise ValueError(f'"{lasting}" is longer than {MAX_INTERVAL_DAYS} days; write less')
        return lasting

    def __str__(self) -> str:
        amount = str(self.least) if self.least == self.most else f"{self.least}-{self.most}"
        return f"{amount} {self.unit}{'' if self.most == 1 else 's'}"


class Statement(NamedTuple):
    """One thing that a source says; ``lasting`` is None where it gives no figure."""

    what: Text
    sources: tuple[str, ...] = ()
    lasting: Lasting | None = None


class Care(NamedTuple):
    """What surrounds the sessions: for the patient before and after, for the clinician at hand."""

    before: tuple[Statement, ...] = ()
    after: tuple[Statement, ...] = ()
    expect: tuple[Statement, ...] = ()
    call: tuple[Statement, ...] = ()
    screening: tuple[Statement, ...] = ()
    technique: tuple[Statement, ...] = ()
    notes: tuple[Statement, ...] = ()

    def and_also(self, other: Care) -> Care:
        """Both, this one's statements first, none twice."""
        return Care(
            before=_union(self.before, other.before),
            after=_union(self.after, other.after),
            expect=_union(self.expect, other.expect),
            call=_union(self.call, other.call),
            screening=_union(self.screening, other.screening),
            technique=_union(self.technique, other.technique),
            notes=_union(self.notes, other.notes),
        )


def _union(mine: tuple[Statement, ...], others: tuple[Statement, ...]) -> tuple[Statement, ...]:
    return mine + tuple(statement for statement in others if statement not in mine)


class Review(NamedTuple):
    """A follow-up visit: after session number ``after`` (None: after the last), ``at`` later."""

    name: Text
    after: Count | None
    at: Step | None
    sources: tuple[str, ...] = ()
    length: Length | None = None
    """None where nobody gives one; then ``DEFAULT_MINUTES`` hold."""

    @property
    def minutes(self) -> int:
        """How long it takes: the least of its length."""
        return DEFAULT_MINUTES if self.length is None else self.length.least


class Phase(NamedTuple):
    """Sessions at one interval; None stands where the source gives no number."""

    name: str
    sessions: Count | None
    every: Interval | None
    optional: bool = False
    flex: tuple[int, int] | None = None
    """Days below and above a single interval, also one that the clinician has yet to choose."""

    @property
    def sessions_text(self) -> str:
        """The range as files write it, ``"?"`` where there is none."""
        return "?" if self.sessions is None else str(self.sessions)

    @property
    def every_text(self) -> str:
        """The interval as files write it, ``"?"`` where there is none."""
        return "?" if self.every is None else str(self.every)


@dataclass(frozen=True, slots=True)
class Regimen:
    """A template: phases in order, with what surrounds them."""

    id: str
    title: Text
    sources: tuple[str, ...]
    phases: tuple[Phase, ...]
    length: Length | None = None
    """None where neither the source nor the clinic gives one; then ``DEFAULT_MINUTES`` hold."""

    length_sources: tuple[str, ...] = ()
    """Where the length comes from, if not from ``sources``."""

    keep: Keep | None = None
    care: Care = Care()
    evidence: Text | None = None
    reviews: tuple[Review, ...] = ()

    def __post_init__(self) -> None:
        names = [phase.name for phase in self.phases]
        if not names or len(set(names)) < len(names):
            raise ValueError("a regimen has phases, each with a name of its own")

    def phase(self, name: str) -> Phase | None:
        """The phase of that name, if there is one."""
        return next((phase for phase in self.phases if phase.name == name), None)

    @property
    def texts(self) -> Iterator[Text]:
        """Every text of the template that a person reads."""
        yield self.title
        if self.evidence is not None:
            yield self.evidence
        yield from (each.what for group in self.care for each in group)
        yield from (review.name for review in self.reviews)

    def spoken(self, language: str, translations: Mapping[str, str] = _NONE) -> Regimen:
        """The template with its texts in one language, English where that one is missing.

        ``translations`` tell, by the English words, what a text does not say itself.
        """

        def spoken(text: Text) -> Text:
            return text.spoken(language, translations)

        care = Care(
            *(tuple(each._replace(what=spoken(each.what)) for each in group) for group in self.care)
        )
        return replace(
            self,
            title=spoken(self.title),
            evidence=None if self.evidence is None else spoken(self.evidence),
            care=care,
            reviews=tuple(each._replace(name=spoken(each.name)) for each in self.reviews),
        )

    @property
    def all_sources(self) -> frozenset[str]:
        """Every source that anything in the template names."""
        named = [each.sources for group in self.care for each in group]
        named += [review.sources for review in self.reviews]
        return frozenset((*self.sources, *self.length_sources)).union(*named)

    @property
    def cited(self) -> str:
        """The sources for a message: ``"S0, S3"``."""
        return ", ".join(self.sources) or "none named"
