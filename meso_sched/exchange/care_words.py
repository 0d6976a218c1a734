"""What a calendar says of care: the lists in a session's event, and the events of single moments.

A heading ends in a colon and each entry begins with a dash, so that whoever reads a session back
from its words knows what is no reason of its date.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from meso_sched.core.booked import BookedSession, Slot
from meso_sched.core.caring import CareMoment, Side, figures, in_time, moment_of
from meso_sched.core.plan import Plan
from meso_sched.core.regimen import Care, Statement
from meso_sched.exchange.editions import Edition
from meso_sched.exchange.same import Same
from meso_sched.exchange.speaking import Speaker

_ENGLISH = Speaker()
_ENTRY = "- "
_BOX = "[ ] "
TECHNIQUE, CHECKLIST, NOTES = "Technique", "Checklist, not for", "Notes"


class _Voice(NamedTuple):
    """Who says the tool's own words, and who the template's: a patient reads both in one language.

    The clinic reads the tool in English, and so does the tool when it reads its words back.
    """

    words: Speaker
    texts: Speaker

    @classmethod
    def of(cls, edition: Edition) -> _Voice:
        texts = Speaker(edition.language)
        return cls(texts if edition.is_patients else _ENGLISH, texts)

    def headings(self) -> dict[Side, str]:
        """What stands above the statements of a side."""
        return {
            Side.BEFORE: self.words.say("Before your appointment"),
            Side.AFTER: self.words.say("After your appointment"),
            Side.EXPECT: self.words.say("To be expected"),
        }

    def headed(self, heading: str, entries: Iterable[str]) -> list[str]:
        """A heading and what stands under it; nothing where nothing does."""
        lines = [f"{_ENTRY}{each}" for each in entries]
        return [self.words.say("{heading}:", heading=heading), *lines] if lines else []

    def call(self) -> str:
        """What stands above the reasons to call."""
        return self.words.say("Call a doctor at once")

    def what(self, statement: Statement) -> str:
        """A statement's words, on one line."""
        return " ".join(self.texts.text(statement.what).split())

    def told(self, moment: CareMoment, whats: Sequence[str]) -> Sequence[str]:
        """Words of statements with the moment at which they begin or end, if they have one."""
        if moment.lasting is None:
            return whats
        when, say = self.when(moment), self.words.say
        if moment.side is Side.BEFORE:
            return [say("from {moment}: {what}", moment=when, what=what) for what in whats]
        return [say("until {moment}: {what}", moment=when, what=what) for what in whats]

    def when(self, moment: CareMoment) -> str:
        """The moment that counts: the begin of a preparation, the end of all else."""
        if moment.side is not Side.BEFORE:
            return self.words.moment(moment.end)
        return self.words.day(moment.day) if moment.whole_day else self.words.moment(moment.start)


class CareWords:
    """The care of a regimen in the words of an edition, made ready for all sessions."""

    def __init__(self, care: Care, edition: Edition) -> None:
        self.voice = _Voice.of(edition)
        self._whats = [
            (each, [self.voice.what(statement) for statement in each.statements])
            for each in figures(care)
        ]
        self._headings = self.voice.headings()
        self._call = self.voice.headed(self.voice.call(), map(self.voice.what, care.call))
        self._checklist = self._cited(CHECKLIST, care.screening, _BOX)
        self._at_hand = [
            *self._cited(TECHNIQUE, care.technique),
            *self._cited(NOTES, care.notes),
        ]

    def told(self, moment: CareMoment) -> Sequence[str]:
        """The statements of a moment, each with when it begins or ends."""
        whats = next(
            whats
            for each, whats in self._whats
            if (each.side, each.lasting) == (moment.side, moment.lasting)
        )
        return self.voice.told(moment, whats)

    def lines(self, slot: Slot) -> list[str]:
        """What matters before and after a session and when to call, under headings."""
        around = [(moment_of(figure, slot), whats) for figure, whats in self._whats]
        lines: list[str] = []
        for side, heading in self._headings.items():
            of_side = [each for each in around if each[0].side is side]
            of_side.sort(key=lambda each: in_time(each[0]))
            told = [entry for each in of_side for entry in self.voice.told(*each)]
            lines += self.voice.headed(heading, told)
        return lines + self._call

    def clinic_lines(self, *, first: bool) -> Sequence[str]:
        """What the clinician has at hand; the checklist stands at the ``first`` session."""
        return [*self._checklist, *self._at_hand] if first else self._at_hand

    def _cited(self, heading: str, statements: Iterable[Statement], mark: str = "") -> list[str]:
        entries = (
            mark + self.voice.what(each) + (f" ({', '.join(each.sources)})" if each.sources else "")
            for each in statements
        )
        return self.voice.headed(heading, entries)

    def text(self, slot: Slot) -> str:
        """What matters around a session, as one text; empty where nothing does."""
        if not self._whats and not self._call:
            return ""
        start, end = slot
        zones = (str(start.tzinfo), str(end.tzinfo))
        return _text(self, start, end, (start.fold, end.fold), zones)


@lru_cache(maxsize=8192)  # where many courses share rooms, many sessions have one slot
def _text(
    words: CareWords,
    start: datetime,
    end: datetime,
    _folds: tuple[int, int],
    _zones: tuple[str, str],
) -> str:
    # Times that are equal may have other folds, and other clocks.
    return "\n".join(words.lines(Slot(start, end)))


def care_words(care: Care, edition: Edition) -> CareWords:
    """The words of a regimen's care, which are made ready once."""
    return _care_words(Same(care), edition)


@lru_cache(maxsize=32)
def _care_words(care: Same[Care], edition: Edition) -> CareWords:
    return CareWords(care.it, edition)


def care_summary(plan: Plan, booked: BookedSession, moment: CareMoment, edition: Edition) -> str:
    """When, and for which appointment; what is to be done is told in the description alone."""
    voice = care_words(plan.course.regimen.care, edition).voice
    when, day = voice.when(moment), voice.words.day(booked.day)
    if edition.is_patients:
        if edition.discreet:
            return voice.words.say("Reminder")
        if moment.side is Side.BEFORE:
            return voice.words.say(
                "Before your appointment on {day}: from {moment}", day=day, moment=when
            )
        return voice.words.say(
            "After your appointment on {day}: until {moment}", day=day, moment=when
        )
    place = f"{booked.number}/{plan.course.count_all}"
    patient = plan.course.patient
    who = f"Appointment {place}" if patient is None else f"{patient} ({place})"
    if moment.side is Side.BEFORE:
        return f"{who}: before, from {when}"
    return f"{who}: after, until {when}"


def alarm_words(plan: Plan, booked: BookedSession, moment: CareMoment, edition: Edition) -> str:
    """What an alarm says: to the patient what to do, to anybody else no more than a summary."""
    if not edition.is_patients or edition.discreet:
        return care_summary(plan, booked, moment, edition)
    return "\n".join(care_words(plan.course.regimen.care, edition).told(moment))


def care_description(
    plan: Plan, booked: BookedSession, moment: CareMoment, edition: Edition
) -> str:
    """What begins or ends at a moment, and the appointment that it belongs to."""
    known = care_words(plan.course.regimen.care, edition)
    words = known.voice.words
    what, when = words.say("Appointment"), words.moment(booked.start)
    appointment = words.say("{what}: {details}", what=what, details=when)
    return "\n".join([*known.told(moment), appointment])


def without_sections(lines: Sequence[str]) -> list[str]:
    """The lines of a description that stand in none of the English sections."""
    voice = _Voice(_ENGLISH, _ENGLISH)
    headings = {*voice.headings().values(), voice.call(), CHECKLIST, TECHNIQUE, NOTES}
    kept: list[str] = []
    inside = False
    for line in lines:
        inside = line.removesuffix(":") in headings or (inside and line.startswith(_ENTRY))
        if not inside:
            kept.append(line)
    return kept


def section(lines: Sequence[str], heading: str) -> list[str]:
    """The entries under a heading, without dash and box."""
    found: list[str] = []
    inside = False
    for line in lines:
        if inside and line.startswith(_ENTRY):
            found.append(line.removeprefix(_ENTRY).removeprefix(_BOX))
        else:
            inside = line == f"{heading}:"
    return found
