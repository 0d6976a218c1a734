"""What an event says in words that people read, and what those words tell of a session again.

Calendar programs drop private properties but keep SUMMARY and DESCRIPTION. Reading gives None
for words that a person changed beyond knowing; it never guesses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
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
    care_lines,
    clinic_lines,
    section,
    without_sections,
)
from meso_sched.exchange.editions import CLINIC, Edition
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


def summary(plan: Plan, booked: BookedSession, edition: Edition) -> str:
    """The patient reference and nothing clinical, unless the clinic's own version is asked for.

    What became of the session stands before it.
    """
    if edition.is_patients:
        return patient_words.session_summary(plan, booked, edition)
    return told_status(booked.status, _what(plan, booked, edition), edition)


def told_status(status: Status, what: str, edition: Edition) -> str:
    """The word for what became of a session or a review, before what it is."""
    if edition.is_patients:
        return patient_words.with_status(status, what, edition)
    word = STATUS_WORDS.get(status)
    return what if word is None else f"{word}: {what}"


def description(plan: Plan, booked: BookedSession, edition: Edition) -> str:
    """Lines for people, from which a file without its private properties can be read again."""
    if edition.is_patients:
        return patient_words.session_description(plan, booked, edition)
    course, session = plan.course, booked.plan
    lines = [f"Session {session.number} of {course.count_all}"]
    name = " ".join(session.phase.split())
    part, whole = session.of
    lines.append(f"Phase {name} {part}/{whole}, every {interval_words(session.interval)}")
    if booked.shift_days:
        lines.append(f"Ideal date {session.ideal}")
    if booked.by_hand and not any(each.startswith(_SAYS_BY_HAND) for each in booked.why):
        lines.append(BY_HAND)
    lines += booked.why
    lines += _override_lines(course, edition)
    care = course.regimen.care
    if booked.takes_place:
        lines += care_lines(care, booked.slot, edition)
    if edition.audience == CLINIC:
        lines += clinic_lines(care, edition, first=session.number == 1)
    return "\n".join(lines)


def review_summary(plan: Plan, review: BookedReview, edition: Edition) -> str:
    """As ``summary``, of a review."""
    if edition.is_patients:
        return patient_words.review_summary(plan, review, edition)
    course = plan.course
    which = f"review {review.number}"
    who = which.capitalize() if course.patient is None else f"{course.patient} ({which})"
    if edition.audience == CLINIC:
        texts = Speaker(edition.language)
        who += f" {texts.text(course.regimen.title)}, {texts.text(review.name)}"
    return told_status(review.status, who, edition)


def review_description(plan: Plan, review: BookedReview, edition: Edition) -> str:
    """As ``description``, of a review."""
    if edition.is_patients:
        return patient_words.review_description(plan, review, edition)
    name = " ".join(Speaker(edition.language).text(review.name).split())
    lines = [f"Review {review.number}: {name}", f"After session {review.after}"]
    if review.shift_days:
        lines.append(f"Ideal date {review.ideal}")
    return "\n".join([*lines, *review.why])


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
    known = {each[0] for each in (session, phase, ideal) if each} | {BY_HAND, ""}
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
    )


class ReviewWords(NamedTuple):
    """What a DESCRIPTION tells of a review; None and empty where it does not."""

    name: str = ""
    after: int | None = None
    ideal: date | None = None
    by_hand: bool = False
    why: tuple[str, ...] = ()


def read_review_description(text: str) -> ReviewWords:
    """What the words of a review tell, as far as they do."""
    lines = [line.strip() for line in text.split("\n")]
    name, after, ideal = (_first(lines, each) for each in (_REVIEW, _AFTER, _IDEAL))
    known = {each[0] for each in (name, after, ideal) if each} | {""}
    try:
        ideal_date = None if ideal is None else parse_date(ideal[1])
    except ValueError:
        ideal_date = None
    return ReviewWords(
        name="" if name is None else name[1],
        after=None if after is None else int(after[1]),
        ideal=ideal_date,
        by_hand=any(each.startswith(_SAYS_BY_HAND) for each in lines),
        why=tuple(line for line in lines if line not in known),
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


def _what(plan: Plan, booked: BookedSession, edition: Edition) -> str:
    course = plan.course
    place = f"{booked.plan.number}/{len(plan.booked)}"
    who = f"Appointment {place}" if course.patient is None else f"{course.patient} ({place})"
    if edition.audience != CLINIC:
        return who
    phase = f"{booked.plan.phase} {booked.plan.of[0]}/{booked.plan.of[1]}"
    return f"{who} {Speaker(edition.language).text(course.regimen.title)}, {phase}"


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
