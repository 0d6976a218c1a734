"""A course on a page to print: its dates with boxes to tick, care, and whom to call.

Here stands what the card says; the template beside this module says how it looks. Every word from
a file or an option reaches the page as ``Words``, which the template escapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from meso_sched.core.booked import BookedSession, Slot, Status
from meso_sched.core.caring import CareMoment, Side, moments
from meso_sched.core.course import IdealSession
from meso_sched.core.plan import Plan
from meso_sched.core.regimen import Care, Statement, Text
from meso_sched.core.reviewing import BookedReview
from meso_sched.exchange.card_code import Appointment, Code, draw
from meso_sched.exchange.card_drawing import Drawer, Drawing, Symbol, symbol_of
from meso_sched.exchange.editions import CLINIC, PATIENT, Edition
from meso_sched.exchange.events import identity_of, plain
from meso_sched.exchange.languages import translations
from meso_sched.exchange.patient_words import one_line
from meso_sched.exchange.speaking import Speaker

COURSE_META = "meso-sched-course"
_TEMPLATE = "card.html.jinja"
_HEAD_LETTERS = 4096
"""Within so many letters a card says whose it is; before its styles, and before any free text."""

# Noncharacters (Unicode 23.7): they stand for words in a sentence, and in no text of a file.
MOMENT, WHAT = "\ufdd0", "\ufdd1"
_HOLES = re.compile(f"([{MOMENT}{WHAT}])")
_INVISIBLE = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]")

# A whole card's rows (with its reviews) that fit beside the care, and letters of care beside them.
_MOST_ROWS, _MOST_LETTERS = 18, 2600
_EVEN_ROWS, _EVEN_LETTERS = 11, 1800
_AIRY_ROWS, _AIRY_LETTERS = 5, 1400


class Words(NamedTuple):
    """Part of a sentence. ``free``: from a file, and in the direction of its own letters.

    ``language`` is that of words for which there is no translation, "" for the card's own.
    """

    text: str
    free: bool = False
    strong: bool = False
    language: str = ""


Sentence = tuple[Words, ...]


class Entries(NamedTuple):
    """A list with its heading; ``note`` says what it is for, ``boxes`` that it is to be ticked."""

    heading: str
    entries: tuple[Sentence, ...]
    note: str = ""
    boxes: bool = False


class Row(NamedTuple):
    """An appointment in the table; it ``ends`` a phase: a stronger line stands below it.

    ``kind`` is "session" or "review".
    """

    kind: str
    label: str
    detail: Sentence
    symbol: Symbol
    date: str
    time: str
    status: Status
    word: str
    ends: bool
    upcoming: bool

    @property
    def is_off(self) -> bool:
        """Whether it is called off."""
        return self.status is Status.CANCELLED

    @property
    def is_tickable(self) -> bool:
        """Whether it has a box."""
        return self.status.takes_place

    @property
    def is_ticked(self) -> bool:
        """Whether that box is ticked."""
        return self.status is Status.FULFILLED


class Upcoming(NamedTuple):
    """The next appointment, with its code."""

    date: str
    time: str
    label: str
    code: Code


class Headings(NamedTuple):
    """What stands above parts of the card and the columns of its table."""

    dates: str
    timeline: str
    upcoming: str
    scan: str
    appointment: str
    date: str
    time: str
    done: str
    desk: str


@dataclass(frozen=True, slots=True)
class Card:
    """All that a card holds, in words that only need to be laid out."""

    language: str
    direction: str
    course: str
    title: str
    clinic: str
    about: tuple[Sentence, ...]
    headings: Headings
    upcoming: Upcoming | None
    drawing: Drawing | None
    rows: tuple[Row, ...]
    care: tuple[Entries, ...]
    call: Entries
    desk: tuple[Entries, ...]
    reach: tuple[Sentence, ...]
    printed: str

    @property
    def layout(self) -> str:
        """``beside``: the care stands beside the dates; ``stacked`` where one is too long."""
        is_long = len(self.rows) > _MOST_ROWS or self._letters > _MOST_LETTERS
        return "stacked" if is_long else "beside"

    @property
    def density(self) -> str:
        """How large the print is, so that a page is filled: ``airy``, ``even`` or ``dense``."""
        if len(self.rows) <= _AIRY_ROWS and self._letters <= _AIRY_LETTERS:
            return "airy"
        is_even = len(self.rows) <= _EVEN_ROWS and self._letters <= _EVEN_LETTERS
        return "even" if is_even else "dense"

    @property
    def _letters(self) -> int:
        return sum(len(words.text) for each in self.care for words in _all_words(each))


def to_html(plan: Plan, edition: Edition, today: date, stamp: datetime) -> str:
    """One HTML file of a plan, with nothing from outside; the same input gives the same bytes.

    ``today`` is local, ``stamp`` UTC.
    """
    return _rendered(_Writer(plan, edition, today, stamp).card())


def card_course(text: str) -> str | None:
    """The id of the course in a card that ``to_html`` wrote; None for any other text."""
    reader = _Head()
    try:
        reader.feed(text[:_HEAD_LETTERS])
    except AssertionError:  # so html.parser calls declarations that it does not know
        return None
    return reader.course


class _Head(HTMLParser):
    """Reads the course's id from the head of a page."""

    course: str | None = None
    _is_over = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag in ("body", "style"):
            self._is_over = True
        if tag == "meta" and found.get("name") == COURSE_META and not self._is_over:
            self.course = self.course or found.get("content") or None


class _Writer:
    """Says a plan in the words of an edition."""

    def __init__(self, plan: Plan, edition: Edition, today: date, stamp: datetime) -> None:
        self._plan = plan
        self._edition = edition
        self._today = today
        self._stamp = stamp
        self._speaker = Speaker(edition.language)
        self._next = next((each for each in plan.booked if self._is_to_come(each)), None)
        phases = pairwise(each.plan for each in plan.booked)
        self._ends = {last.number for last, first in phases if _is_new(last, first)}

    def card(self) -> Card:
        """Everything."""
        plan, speaker = self._plan, self._speaker
        care = plan.course.regimen.care
        return Card(
            language=speaker.language,
            direction=speaker.direction,
            course=identity_of(plan, self._edition.audience).id,
            title=self._title(),
            clinic=plain(plan.clinic.name),
            about=tuple(self._about()),
            headings=self._headings(),
            upcoming=self._upcoming(),
            drawing=self._drawing(),
            rows=tuple(self._rows()),
            care=tuple(each for each in self._care(care) if each.entries),
            call=Entries(speaker.say("Call a doctor at once"), self._list(care.call)),
            desk=tuple(each for each in self._desk(care) if each.entries),
            reach=tuple(self._reach()),
            printed=speaker.say("Printed on {day}", day=speaker.full_day(self._today)),
        )

    @property
    def _is_clinics(self) -> bool:
        return self._edition.audience == CLINIC

    def _is_to_come(self, each: BookedSession | BookedReview) -> bool:
        return each.status is Status.BOOKED and each.day >= self._today

    def _title(self) -> str:
        """What a window and a printer's margin show: nobody's reference, and on one line."""
        clinic = _INVISIBLE.sub("", one_line(plain(self._plan.clinic.name)))
        return " \u00b7 ".join(filter(None, (self._speaker.say("Your appointments"), clinic)))

    def _about(self) -> Iterator[Sentence]:
        """What the card is of, so far as its reader may know."""
        say, course = self._speaker.say, self._plan.course
        if self._is_clinics:
            yield (self._template(course.regimen.title),)
        if not self._edition.is_patients and course.patient:
            yield _sentence(
                say("Reference: {reference}", reference=WHAT), {WHAT: _free(course.patient)}
            )

    def _headings(self) -> Headings:
        say = self._speaker.say
        return Headings(
            dates=say("Your appointments"),
            timeline=say("Timeline"),
            upcoming=say("Next appointment"),
            scan=say("Scan to add it to your calendar"),
            appointment=say("Appointment"),
            date=say("Date"),
            time=say("Time"),
            done=say("Done"),
            desk=say("For the clinic"),
        )

    # ---- The next appointment --------------------------------------------------------------------

    def _upcoming(self) -> Upcoming | None:
        """The session or review that comes first; what is done around it is told of sessions."""
        # In whichever edition, it is the patient who scans the code, beside the patient's calendar.
        patient = identity_of(self._plan, PATIENT)
        coming: list[tuple[Slot, str, str]] = []
        if self._next is not None:
            session = self._next
            coming.append((session.slot, patient.uid(session.number), self._place(session)))
        coming += (
            (review.slot, patient.review_uid(review.number), self._speaker.say("Follow-up visit"))
            for review in self._plan.reviews
            if self._is_to_come(review)
        )
        if not coming:
            return None
        slot, uid, label = min(coming, key=lambda each: each[0].start.astimezone(UTC))
        return Upcoming(
            date=self._speaker.full_day(slot.day),
            time=self._speaker.time(slot.start),
            label=label,
            code=draw(self._appointment(uid, slot)),
        )

    def _appointment(self, uid: str, slot: Slot) -> Appointment:
        clinic = self._plan.clinic
        return Appointment(
            uid=uid,
            slot=slot,
            stamp=self._stamp,
            summary=self._speaker.say("Appointment"),
            place="" if self._edition.discreet else one_line(clinic.name),
            address=one_line(clinic.address),
        )

    def _place(self, session: BookedSession) -> str:
        return self._speaker.say(
            "Appointment {number} of {total}",
            number=session.number,
            total=self._plan.course.count_all,
        )

    # ---- The course ------------------------------------------------------------------------------

    def _drawing(self) -> Drawing | None:
        """The course; one appointment alone is none."""
        if len(self._plan.booked) + len(self._plan.reviews) < 2:
            return None
        number = None if self._next is None else self._next.number
        drawer = Drawer(self._plan, self._speaker, upcoming=number, phases=self._is_clinics)
        return drawer.draw(self._today)

    def _rows(self) -> Iterator[Row]:
        """The sessions and the reviews, in time order."""
        rows = [(each.start, self._session_row(each)) for each in self._plan.booked]
        rows += [(each.start, self._review_row(each)) for each in self._plan.reviews]
        for _, row in sorted(rows, key=lambda each: each[0].astimezone(UTC)):
            yield row

    def _session_row(self, session: BookedSession) -> Row:
        is_next = session is self._next
        detail: Sentence = ()
        if self._is_clinics:
            place, total = session.plan.of
            detail = (_free(session.plan.phase), Words(f" {place}/{total}"))
        return self._row(
            session,
            kind="session",
            label=str(session.number),
            detail=detail,
            symbol=symbol_of(session.status, is_next=is_next),
            ends=session.number in self._ends,
            upcoming=is_next,
        )

    def _review_row(self, review: BookedReview) -> Row:
        return self._row(
            review,
            kind="review",
            label=self._speaker.say("Follow-up visit"),
            detail=(self._template(review.name),),
            symbol=symbol_of(review.status, is_review=True),
            ends=False,
            upcoming=False,
        )

    def _row(
        self,
        booked: BookedSession | BookedReview,
        *,
        kind: str,
        label: str,
        detail: Sentence,
        symbol: Symbol,
        ends: bool,
        upcoming: bool,
    ) -> Row:
        return Row(
            kind=kind,
            label=label,
            detail=detail,
            symbol=symbol,
            date=self._speaker.full_day(booked.day),
            time=self._speaker.time(booked.start),
            status=booked.status,
            word=self._word(booked.status),
            ends=ends,
            upcoming=upcoming,
        )

    def _word(self, status: Status) -> str:
        say = self._speaker.say
        words = {
            Status.FULFILLED: say("Done"),
            Status.NOSHOW: say("Missed"),
            Status.CANCELLED: say("Cancelled"),
        }
        return words.get(status, "")

    # ---- Care ------------------------------------------------------------------------------------

    def _care(self, care: Care) -> Iterator[Entries]:
        """Before and after, with the dates of the next session where there is one."""
        say = self._speaker.say
        note = "" if self._next is None else self._speaker.moment(self._next.start)
        headings = {
            Side.BEFORE: say("Before your appointment"),
            Side.AFTER: say("After your appointment"),
            Side.EXPECT: say("To be expected"),
        }
        for side, heading in headings.items():
            told = tuple(self._told(care, side))
            yield Entries(heading, told, "" if side is Side.EXPECT else note)

    def _told(self, care: Care, side: Side) -> Iterator[Sentence]:
        if self._next is None:
            yield from self._list(getattr(care, side.value))
            return
        for moment in moments(care, self._next.slot, [side]):
            for each in moment.statements:
                yield self._dated(moment, each)

    def _dated(self, moment: CareMoment, statement: Statement) -> Sentence:
        """A statement with the moment at which it begins or is over."""
        if moment.lasting is None:
            return self._statement(statement)
        say = self._speaker.say
        if moment.side is Side.BEFORE:
            said = say("from {moment}: {what}", moment=MOMENT, what=WHAT)
        else:
            said = say("until {moment}: {what}", moment=MOMENT, what=WHAT)
        when = Words(self._when(moment), strong=True)
        told = _sentence(said, {MOMENT: when, WHAT: self._template(statement.what)})
        return (*told, *self._cited(statement))

    def _when(self, moment: CareMoment) -> str:
        if moment.side is not Side.BEFORE:
            return self._speaker.moment(moment.end)
        if moment.whole_day:
            return self._speaker.day(moment.day)
        return self._speaker.moment(moment.start)

    def _desk(self, care: Care) -> Iterator[Entries]:
        """What the clinician has at hand; in the clinic's own edition alone."""
        if not self._is_clinics:
            return
        say = self._speaker.say
        yield Entries(say("Checklist, not for"), self._list(care.screening), boxes=True)
        yield Entries(say("Technique"), self._list(care.technique))
        yield Entries(say("Notes"), self._list(care.notes))

    def _list(self, statements: Iterable[Statement]) -> tuple[Sentence, ...]:
        return tuple(map(self._statement, statements))

    def _statement(self, statement: Statement) -> Sentence:
        return (self._template(statement.what), *self._cited(statement))

    def _cited(self, statement: Statement) -> Iterator[Words]:
        """The ids of its sources, for the clinician."""
        if self._is_clinics and statement.sources:
            yield Words(" (")
            yield _free(", ".join(statement.sources))
            yield Words(")")

    # ---- Whom to reach ---------------------------------------------------------------------------

    def _reach(self) -> Iterator[Sentence]:
        say, clinic = self._speaker.say, self._plan.clinic
        if clinic.address:
            said = say("Address: {address}", address=WHAT)
            yield _sentence(said, {WHAT: _free(clinic.address)})
        if clinic.contact:
            said = say("Contact: {contact}", contact=WHAT)
            yield _sentence(said, {WHAT: _free(clinic.contact)._replace(strong=True)})

    def _template(self, text: Text) -> Words:
        """A template's words, marked where they stay in another language than the card's."""
        language = self._speaker.language
        said = text.spoken(language, translations(language))
        stays = language not in said.by_language
        other = next(iter(said.by_language)) if "en" not in said.by_language else "en"
        return _free(str(said))._replace(language=other if stays else "")


def _is_new(last: IdealSession, first: IdealSession) -> bool:
    """Whether a phase lies behind one of two sessions that follow each other."""
    return last.phase != first.phase or first.restarts


def _free(text: str) -> Words:
    """Words from a file or an option, without what no page can hold."""
    return Words(plain(text), free=True)


def _sentence(said: str, holes: Mapping[str, Words]) -> Sentence:
    """The tool's words with others in their holes, each a part of its own."""
    parts = (holes.get(part) or Words(part) for part in _HOLES.split(said) if part)
    return tuple(parts)


def _all_words(entries: Entries) -> Iterable[Words]:
    return (words for sentence in entries.entries for words in sentence)


def _rendered(card: Card) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    template = environment.get_template(_TEMPLATE)
    return template.render(card=card, headings=card.headings, meta=COURSE_META)
