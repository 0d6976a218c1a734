"""What an event says in words that people read, and what those words tell of a session again.

Calendar programs drop private properties but keep SUMMARY and DESCRIPTION. Reading gives None
for words that a person changed beyond knowing; it never guesses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from meso_sched.core.booked import BookedSession, Status
from meso_sched.core.course import Course
from meso_sched.core.interval import MAX_SESSIONS, Interval
from meso_sched.core.plan import Plan
from meso_sched.core.regimen import Statement, Text
from meso_sched.core.reviewing import BookedReview
from meso_sched.core.screening import condition_of, mark_of
from meso_sched.core.walltime import parse_date
from meso_sched.exchange import patient_words
from meso_sched.exchange.care_words import (
    CHECKLIST,
    care_words,
    section,
    without_sections,
)
from meso_sched.exchange.editions import CLINIC, Edition
from meso_sched.exchange.same import Same
from meso_sched.exchange.speaking import Speaker

STATUS_WORDS = {status: status.word.capitalize() for status in Status if status.word != "booked"}
BY_HAND = "Chosen by hand"
_SAYS_BY_HAND = ("chosen by hand", "moved in the calendar")
OVERRIDE = "Choice outside the source's range: "
CONDITION = "Planned although not for: "

_SESSION = re.compile(r"Session ([0-9]{1,3}) of ([0-9]{1,3})")
_PHASE = re.compile(
    r"Phase (?P<name>.+) (?P<part>[0-9]{1,3})/(?P<whole>[0-9]{1,3}), every (?P<every>[0-9][^,(]*?)"
    r"(?: \(-(?P<below>[0-9]{1,4})/\+(?P<above>[0-9]{1,4}) days\))?(?:, ideal (?P<ideal>[0-9].*))?"
)
_CITED = re.compile(r"(.+) \(([^()]+)\)")
_IDEAL = re.compile(r"Ideal date ([0-9-]+)")
_ROOM = re.compile(r"Room: (.+)")
_PRACTITIONER = re.compile(r"Practitioner: (.+)")
_REVIEW = re.compile(r"Review [0-9]{1,3}: (.+)")
_AFTER = re.compile(r"After session ([0-9]{1,3})")
_SUMMARY_WORD = re.compile(rf"(?:{'|'.join(STATUS_WORDS.values())}): ")


class Described(NamedTuple):
    """What a DESCRIPTION tells of a session; ``ideal`` is None where the slot's day is ideal."""

    number: int
    total: int
    phase: str
    of: tuple[int, int]
    interval: Interval
    ideal: date | None
    by_hand: bool
    why: tuple[str, ...]
    overrides: tuple[str, ...]
    screening: tuple[Statement, ...] = ()
    room: str = ""
    practitioner: str = ""


def told_status(status: Status, what: str, edition: Edition) -> str:
    """The word for what became of a session or a review, before what it is."""
    if edition.is_patients:
        return patient_words.with_status(status, what, edition)
    return what if status is Status.BOOKED else f"{STATUS_WORDS[status]}: {what}"


class EventWords:
    """What the events of a course say in an edition."""

    def __init__(self, plan: Plan, edition: Edition) -> None:
        course = plan.course
        self._plan = plan
        self._edition = edition
        self._is_patients = edition.is_patients
        self._is_clinics = edition.audience == CLINIC
        self._total = course.count_all
        self._marks = tuple(_override_lines(course, edition))
        self._care = care_words(course.regimen.care, edition)
        self._texts = Speaker(edition.language)

    def summary(self, booked: BookedSession) -> str:
        """The patient reference and nothing clinical, unless it is the clinic's own version.

        What became of the session stands before it.
        """
        if self._is_patients:
            return patient_words.session_summary(self._plan, booked, self._edition)
        patient = self._plan.course.patient
        number, phase, (part, whole) = booked.plan.number, booked.plan.phase, booked.plan.of
        place = f"{number}/{self._total}"
        who = f"Appointment {place}" if patient is None else f"{patient} ({place})"
        if self._is_clinics:
            title = self._texts.text(self._plan.course.regimen.title)
            who += f" {title}, {phase} {part}/{whole}"
        return told_status(booked.status, who, self._edition)

    def description(self, booked: BookedSession) -> str:
        """Lines for people, from which a file without its private properties can be read again."""
        if self._is_patients:
            return patient_words.session_description(self._plan, booked, self._edition)
        session = booked.plan
        name, (part, whole) = " ".join(session.phase.split()), session.of
        lines = [
            f"Session {session.number} of {self._total}",
            f"Phase {name} {part}/{whole}, every {interval_words(session.interval)}",
        ]
        if booked.shift_days:
            lines.append(f"Ideal date {session.ideal}")
        if booked.by_hand and not any(each.startswith(_SAYS_BY_HAND) for each in booked.why):
            lines.append(BY_HAND)
        lines += (*_taken_lines(booked), *booked.why, *self._marks)
        care = self._care.text(booked.slot) if booked.takes_place else ""
        lines += [care] if care else []
        if self._is_clinics:
            lines += self._care.clinic_lines(first=session.number == 1)
        return "\n".join(lines)

    def review_summary(self, review: BookedReview) -> str:
        """As ``summary``, of a review."""
        if self._is_patients:
            return patient_words.review_summary(self._plan, review, self._edition)
        patient, which = self._plan.course.patient, f"review {review.number}"
        who = which.capitalize() if patient is None else f"{patient} ({which})"
        if self._is_clinics:
            title = self._texts.text(self._plan.course.regimen.title)
            who += f" {title}, {self._texts.text(review.name)}"
        return told_status(review.status, who, self._edition)

    def review_description(self, review: BookedReview) -> str:
        """As ``description``, of a review."""
        if self._is_patients:
            return patient_words.review_description(self._plan, review, self._edition)
        name = " ".join(self._texts.text(review.name).split())
        lines = [f"Review {review.number}: {name}", f"After session {review.after}"]
        if review.shift_days:
            lines.append(f"Ideal date {review.ideal}")
        return "\n".join([*lines, *_taken_lines(review), *review.why])


def _taken_lines(booked: BookedSession | BookedReview) -> Iterator[str]:
    """The room and the practitioner, where they are known."""
    if booked.room:
        yield f"Room: {' '.join(booked.room.split())}"
    if booked.practitioner:
        yield f"Practitioner: {' '.join(booked.practitioner.split())}"


def read_description(text: str) -> Described | None:
    """What a DESCRIPTION tells; None where its session or its phase cannot be made out."""
    lines = [line.strip() for line in text.split("\n")]
    session = _first(lines, _SESSION)
    phase = _first(lines, _PHASE)
    if session is None or phase is None:
        return None
    number, total = int(session[1]), int(session[2])
    part, whole = int(phase["part"]), int(phase["whole"])
    if not 1 <= number <= total <= MAX_SESSIONS or not 1 <= part <= whole <= MAX_SESSIONS:
        return None
    try:
        interval = _read_interval(phase)
        ideal = _first(lines, _IDEAL)
        ideal_date = None if ideal is None else parse_date(ideal[1])
    except ValueError:
        return None
    room, practitioner = _first(lines, _ROOM), _first(lines, _PRACTITIONER)
    told = (session, phase, ideal, room, practitioner)
    known = {each[0] for each in told if each} | {BY_HAND, ""}
    rest = [line for line in without_sections(lines) if line not in known]
    return Described(
        number=number,
        total=total,
        phase=phase["name"],
        of=(part, whole),
        interval=interval,
        ideal=ideal_date,
        by_hand=any(each == BY_HAND or each.startswith(_SAYS_BY_HAND) for each in lines),
        why=tuple(line for line in rest if not line.startswith((OVERRIDE, CONDITION))),
        overrides=tuple(_read_overrides(rest)),
        screening=tuple(_read_statements(section(lines, CHECKLIST))),
        room=_said(room),
        practitioner=_said(practitioner),
    )


class ReviewWords(NamedTuple):
    """What a DESCRIPTION tells of a review; None and empty where it does not."""

    name: str = ""
    after: int | None = None
    ideal: date | None = None
    by_hand: bool = False
    why: tuple[str, ...] = ()
    room: str = ""
    practitioner: str = ""


def read_review_description(text: str) -> ReviewWords:
    """What the words of a review tell, as far as they do."""
    lines = [line.strip() for line in text.split("\n")]
    patterns = (_REVIEW, _AFTER, _IDEAL, _ROOM, _PRACTITIONER)
    found = [_first(lines, each) for each in patterns]
    name, after, ideal, room, practitioner = found
    known = {each[0] for each in found if each} | {""}
    try:
        ideal_date = None if ideal is None else parse_date(ideal[1])
    except ValueError:
        ideal_date = None
    return ReviewWords(
        name=_said(name),
        after=None if after is None else int(after[1]),
        ideal=ideal_date,
        by_hand=any(each.startswith(_SAYS_BY_HAND) for each in lines),
        why=tuple(line for line in lines if line not in known),
        room=_said(room),
        practitioner=_said(practitioner),
    )


def read_status(text: str) -> Status | None:
    """What the word before a SUMMARY says became of the session; None without one."""
    return next(
        (status for status, word in STATUS_WORDS.items() if text.startswith(f"{word}: ")), None
    )


def read_patients(text: str, number: int, total: int) -> tuple[str | None, ...]:
    """The patient references that a SUMMARY may mean, the likeliest first; none if it is changed.

    A reference may itself begin with a word such as "Done:" or hold what looks like a place in
    the course, so that there may be several. None stands for a course without a reference.
    """
    place = f"{number}/{total}"
    said = [_SUMMARY_WORD.sub("", text, count=1), text]
    found: list[str | None] = []
    for each in dict.fromkeys(said):
        if re.match(rf"Appointment {place}(?: |$)", each):
            found.append(None)
        mark = f" ({place})"
        ends = [match.start() for match in re.finditer(re.escape(mark) + r"(?= |$)", each)]
        if each.endswith(mark):
            ends = [ends[-1], *ends[:-1]]
        found += [each[:end] for end in ends[:4]]
    return tuple(dict.fromkeys(found))


def tells_phase(text: str) -> bool:
    """Whether a SUMMARY is of the clinic's own version, which names what is done."""
    return re.search(r"[ (][0-9]+/[0-9]+\)? .+, .+ [0-9]+/[0-9]+$", text, re.DOTALL) is not None


def _override_lines(course: Course, edition: Edition) -> Iterator[str]:
    """The marks of a course; what a patient has is told in the clinic's own version alone."""
    for each in course.overrides:
        condition = condition_of(each)
        if condition is None:
            yield f"{OVERRIDE}{each}"
        elif edition.audience == CLINIC:
            yield f"{CONDITION}{condition}"


def _read_overrides(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith(OVERRIDE):
            yield line.removeprefix(OVERRIDE)
        elif line.startswith(CONDITION):
            yield mark_of(line.removeprefix(CONDITION))


def _read_statements(texts: Iterable[str]) -> Iterator[Statement]:
    for each in filter(None, map(str.strip, texts)):
        found = _CITED.fullmatch(each)
        what, cited = (each, "") if found is None else found.groups()
        yield Statement(Text.english(what), tuple(filter(None, cited.split(", "))))


def interval_words(interval: Interval) -> str:
    """An interval with its flex and its ideal, where those are not plain from it."""
    return _interval_words(Same(interval))


@lru_cache(maxsize=64)  # the sessions of a phase have one
def _interval_words(known: Same[Interval]) -> str:
    interval = known.it
    flex = f" (-{interval.below}/+{interval.above} days)"
    ideal = f", ideal {interval.ideal}"
    has_flex = interval.below or interval.above
    has_ideal = interval.is_range or interval.ideal != interval.least
    return f"{interval}{flex if has_flex else ''}{ideal if has_ideal else ''}"


def _read_interval(phase: re.Match[str]) -> Interval:
    parsed = Interval.parse(phase["every"])
    ideal = parsed.least if phase["ideal"] is None else Interval.parse(phase["ideal"]).least
    below, above = int(phase["below"] or 0), int(phase["above"] or 0)
    return Interval(parsed.least, ideal, parsed.most, below, above)


def _first(lines: list[str], pattern: re.Pattern[str]) -> re.Match[str] | None:
    return next((found for found in map(pattern.fullmatch, lines) if found), None)


def _said(found: re.Match[str] | None) -> str:
    """What stands in the place of a pattern's group; empty where nothing was found."""
    return "" if found is None else found[1]
