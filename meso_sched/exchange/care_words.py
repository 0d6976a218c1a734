"""What a calendar says of care: the lists in a session's event, and the events of single moments.

A heading ends in a colon and each entry begins with a dash, so that whoever reads a session back
from its words knows what is no reason of its date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from meso_sched.core.booked import BookedSession, Slot
from meso_sched.core.caring import CareMoment, Side, moments
from meso_sched.core.plan import Plan
from meso_sched.core.regimen import Care, Statement
from meso_sched.exchange.editions import Edition
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

    def headed(self, heading: str, entries: Iterable[str]) -> Iterator[str]:
        """A heading and what stands under it; nothing where nothing does."""
        entries = list(entries)
        if entries:
            yield self.words.say("{heading}:", heading=heading)
        for each in entries:
            yield f"{_ENTRY}{each}"

    def call(self) -> str:
        """What stands above the reasons to call."""
        return self.words.say("Call a doctor at once")

    def what(self, statement: Statement) -> str:
        """A statement's words, on one line."""
        return " ".join(self.texts.text(statement.what).split())

    def told(self, moment: CareMoment, statement: Statement) -> str:
        """A statement with the moment at which it begins or ends, if it has one."""
        what = self.what(statement)
        if moment.lasting is None:
            return what
        if moment.side is Side.BEFORE:
            return self.words.say("from {moment}: {what}", moment=self.when(moment), what=what)
        return self.words.say("until {moment}: {what}", moment=self.when(moment), what=what)

    def when(self, moment: CareMoment) -> str:
        """The moment that counts: the begin of a preparation, the end of all else."""
        if moment.side is not Side.BEFORE:
            return self.words.moment(moment.end)
        return self.words.day(moment.day) if moment.whole_day else self.words.moment(moment.start)


def care_lines(care: Care, slot: Slot, edition: Edition) -> Iterator[str]:
    """What matters before and after a session and when to call, as the lines of a description."""
    voice = _Voice.of(edition)
    around = moments(care, slot)
    for side, heading in voice.headings().items():
        entries = [
            voice.told(moment, each)
            for moment in around
            if moment.side is side
            for each in moment.statements
        ]
        yield from voice.headed(heading, entries)
    yield from voice.headed(voice.call(), map(voice.what, care.call))


def clinic_lines(care: Care, edition: Edition, *, first: bool) -> Iterator[str]:
    """What the clinician has at hand; the checklist stands at the ``first`` session."""
    voice = _Voice.of(edition)

    def cited(statements: Iterable[Statement]) -> list[str]:
        return [
            voice.what(each) + (f" ({', '.join(each.sources)})" if each.sources else "")
            for each in statements
        ]

    if first:
        yield from voice.headed(CHECKLIST, (_BOX + each for each in cited(care.screening)))
    yield from voice.headed(TECHNIQUE, cited(care.technique))
    yield from voice.headed(NOTES, cited(care.notes))


def care_summary(plan: Plan, booked: BookedSession, moment: CareMoment, edition: Edition) -> str:
    """When, and for which appointment; what is to be done is told in the description alone."""
    voice = _Voice.of(edition)
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
    place = f"{booked.number}/{len(plan.booked)}"
    patient = plan.course.patient
    who = f"Appointment {place}" if patient is None else f"{patient} ({place})"
    if moment.side is Side.BEFORE:
        return f"{who}: before, from {when}"
    return f"{who}: after, until {when}"


def alarm_words(plan: Plan, booked: BookedSession, moment: CareMoment, edition: Edition) -> str:
    """What an alarm says: to the patient what to do, to anybody else no more than a summary."""
    if not edition.is_patients or edition.discreet:
        return care_summary(plan, booked, moment, edition)
    voice = _Voice.of(edition)
    return "\n".join(voice.told(moment, each) for each in moment.statements)


def care_description(booked: BookedSession, moment: CareMoment, edition: Edition) -> str:
    """What begins or ends at a moment, and the appointment that it belongs to."""
    voice = _Voice.of(edition)
    told = [voice.told(moment, each) for each in moment.statements]
    what, when = voice.words.say("Appointment"), voice.words.moment(booked.start)
    return "\n".join([*told, voice.words.say("{what}: {details}", what=what, details=when)])


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
