"""A feed: the appointments of many courses in one calendar, for people to subscribe to.

It is made of the courses' files and of nothing else, no clock among it: the same courses give the
same bytes, so that a web server can tell who has them already. Nobody writes into a feed and it is
no record: it has no private properties but the two that say what it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from meso_sched.core.booked import Status
from meso_sched.core.clinic import Clinic
from meso_sched.core.walltime import DateRange
from meso_sched.errors import UsageError
from meso_sched.exchange import patient_words
from meso_sched.exchange.calendar_lines import Component, folded_lines, joined, write
from meso_sched.exchange.editions import PATIENT, CareForm, Edition
from meso_sched.exchange.events import CourseEvent, CourseFile, Kind, again_uid, plain, slot_uid
from meso_sched.exchange.feed_mark import DISCREET, FEED_PROPERTY, mark_of
from meso_sched.exchange.ical import event_component, named_lines, zone_component
from meso_sched.exchange.records import ALARM_PROPERTY, FEED, KIND_PROPERTY
from meso_sched.exchange.speaking import Speaker
from meso_sched.exchange.zones import load_zone

_REFRESH = "PT1H"
"""How often to look for changes: a desk changes a course many times a day."""

_LINKING = ("CREATED:", "LAST-MODIFIED:")
_ANY_MOMENT = datetime(2020, 1, 1, tzinfo=UTC)
"""Stands for the moments of a feed that has none: a calendar needs a component."""


class FeedOrder(NamedTuple):
    """Which appointments a feed has, and how it tells them.

    ``clinic`` gives its name and the zone in which days are counted; ``days`` None are all.
    ``patient`` None is the clinic's own feed; one patient's has care too. A ``discreet`` one says
    when there is an appointment and nothing else, in the clinic's ``language``; one patient's in
    that of the course.
    """

    clinic: Clinic
    language: str
    days: DateRange | None = None
    patient: str | None = None
    discreet: bool = False

    @property
    def has_care(self) -> bool:
        """Whether it tells what to do before and after."""
        return self.patient is not None and not self.discreet

    @property
    def mark(self) -> str:
        """What tells this feed from others that are for other people."""
        whose = "ALL"
        if self.patient is not None:
            # Of a discreet one a check digit: it finds a mistake, and does not tell whose it is.
            digits = 1 if self.discreet else 16
            whose = f"ONE-{sha256(self.patient.encode()).hexdigest()[:digits].upper()}"
        return f"{whose}-{DISCREET}" if self.discreet else whose

    @property
    def name(self) -> str:
        """What people call its calendar."""
        speaker = Speaker(self.language)
        if self.discreet:
            return speaker.say("Appointments")
        if self.patient is not None:
            return f"Appointments {self.patient}"
        return self.clinic.name or speaker.say("Appointments")


class Feed(NamedTuple):
    """A feed as the bytes of a file; ``appointments`` are so many, the cancelled ones not."""

    data: bytes
    appointments: int


class _Found(NamedTuple):
    """An event as it stands in the file of a course, with the name of its clinic."""

    clinic: str
    file: CourseFile
    event: CourseEvent

    @property
    def age(self) -> tuple[datetime, str]:
        """The eldest first, so that what is new takes no UID from it."""
        return self.event.created, self.event.uid


class _Told(NamedTuple):
    """An event as a feed tells it, in its course's zone."""

    event: CourseEvent
    zone_name: str

    @property
    def place(self) -> tuple[datetime, str]:
        """Where it stands: in time order, and always alike."""
        return self.event.start.astimezone(UTC), self.event.uid


def make_feed(order: FeedOrder, courses: Iterable[tuple[str, CourseFile]]) -> Feed:
    """The feed of courses, each with the name of its clinic.

    Events keep the stamps and sequences of their files, and their UIDs, unless it is discreet.
    """
    found = sorted(_asked_for(order, courses), key=attrgetter("age"))
    told = sorted(_each_uid_once(_told(order, each) for each in found), key=attrgetter("place"))
    lines = (
        *named_lines(plain(order.name)),
        f"REFRESH-INTERVAL;VALUE=DURATION:{_REFRESH}",
        f"X-PUBLISHED-TTL:{_REFRESH}",
        f"{KIND_PROPERTY}:{FEED}",
        f"{FEED_PROPERTY}:{order.mark}",
    )
    zones = tuple(_zones(told)) or _empty_zone(order, told)
    head, end, behind = write(Component("VCALENDAR", lines, zones)).rpartition(b"END:VCALENDAR")
    events = (joined(_lines(order, each)) for each in told)
    count = sum(each.event.kind is not Kind.CARE and not each.event.is_cancelled for each in told)
    return Feed(b"".join([head, *events, end + behind]), count)


def refuse_other(order: FeedOrder, former: bytes, where: str) -> None:
    """Raise UsageError where anything else stands than a feed for the same people.

    Whoever has subscribed to a discreet feed or to one patient's must not find in it, after a
    slip of the hand, what is the clinic's alone.
    """
    mark = mark_of(former.decode(errors="replace"))
    if mark is None:
        raise UsageError(
            f"{where}: holds something else than a feed, and was left as it is; choose another name"
        )
    if mark != order.mark:
        standing, new = _in_words(mark), _in_words(order.mark)
        new = new.replace("one", "another") if standing == new else new
        raise UsageError(
            f"{where}: is {standing}, and this would be {new}, for whoever has subscribed to it;"
            " choose another name, or delete the file first"
        )


def _in_words(mark: str) -> str:
    whose, *how = mark.split("-")
    kind = "a discreet feed" if DISCREET in how else "a feed"
    return f"{kind} of {'all patients' if whose == 'ALL' else 'one patient'}"


# ---- Which events --------------------------------------------------------------------------------


def _asked_for(order: FeedOrder, courses: Iterable[tuple[str, CourseFile]]) -> Iterator[_Found]:
    """The events of the days asked for; care is the patient's, and in a clinic's feed a flood."""
    for clinic, file in courses:
        for event in file.everything:
            is_wanted = event.kind is not Kind.CARE or order.has_care
            if is_wanted and (order.days is None or _falls_on(event, order.clinic, order.days)):
                yield _Found(clinic, file, event)


def _falls_on(event: CourseEvent, clinic: Clinic, days: DateRange) -> bool:
    """Whether an appointment begins on the days, as an agenda has it, or care touches them."""
    start, end = event.start, event.end - timedelta(seconds=1)
    if not event.whole_day:
        start, end = start.astimezone(clinic.zone), end.astimezone(clinic.zone)
    last = end.date() if event.kind is Kind.CARE else start.date()
    return start.date() <= days.last and last >= days.first


def _each_uid_once(told: Iterable[_Told]) -> Iterator[_Told]:
    """Events with UIDs of their own: courses without a patient have the same, slots may too."""
    seen: Counter[str] = Counter()
    for each in told:
        uid = each.event.uid
        seen[uid] += 1
        if seen[uid] > 1:
            each = each._replace(event=replace(each.event, uid=again_uid(uid, seen[uid])))
        yield each


# ---- How they are told ---------------------------------------------------------------------------


def _told(order: FeedOrder, found: _Found) -> _Told:
    clinic, file, event = found
    if order.discreet:
        language = order.language if order.patient is None else file.edition.language
        event = _discreet(event, clinic, language)
    elif not order.has_care:
        event = replace(event, care=())
    return _Told(event, file.zone_name)


def _discreet(event: CourseEvent, clinic: str, language: str) -> CourseEvent:
    """An event that tells when there is an appointment, and whether it is called off.

    A file's UID is made of the patient's reference and the regimen: whoever has the feed could try
    all short references until one fits, and any other hash of them alike. So the UID is made of
    what the event tells anyway, and an appointment that moves is another one, which suits calendars
    that take a feed as a whole. All sessions of a course were mostly written in one second: the
    stamp would tell which appointments are one person's, and their rhythm the regimen. It is the
    month's begin, which many share.
    """
    status = Status.CANCELLED if event.is_cancelled else Status.BOOKED
    edition = Edition(PATIENT, language, CareForm.NONE, discreet=True)
    what = Speaker(language).say("Appointment")
    month = datetime.combine(event.stamp.date().replace(day=1), time(), UTC)
    return CourseEvent(
        uid=slot_uid(clinic, event.slot),
        start=event.start,
        end=event.end,
        summary=patient_words.with_status(status, what, edition),
        description="",
        status=status.value,
        sequence=0,  # what moved together is one person's, and another may have the slot next
        stamp=month,
        created=month,
        modified=month,
        reminders=event.reminders,
    )


def _lines(order: FeedOrder, told: _Told) -> list[str]:
    """The lines of an event, folded; none is for this tool alone."""
    component = event_component(told.event, told.zone_name)
    if order.discreet:
        # Both may be left out, and a DTSTAMP need not be exact.
        kept = tuple(line for line in component.lines if not line.startswith(_LINKING))
        component = component._replace(lines=kept)
    return [line for line in folded_lines(component) if not line.startswith(ALARM_PROPERTY)]


def _zones(told: Iterable[_Told]) -> Iterator[Component]:
    """A VTIMEZONE for each zone that is used, right for all that is told in it."""
    timed = sorted((each for each in told if not each.event.whole_day), key=attrgetter("zone_name"))
    for name, group in groupby(timed, key=attrgetter("zone_name")):
        events = [each.event for each in group]
        first = min(event.start.astimezone(UTC) for event in events)
        last = max(event.end.astimezone(UTC) for event in events)
        yield zone_component(load_zone(name), name, first, last)


def _empty_zone(order: FeedOrder, told: Sequence[_Told]) -> tuple[Component, ...]:
    """What a calendar without any event has, which needs a component (RFC 5545, 3.6)."""
    if told:
        return ()
    zone_name = order.clinic.zone_name
    return (zone_component(load_zone(zone_name), zone_name, _ANY_MOMENT, _ANY_MOMENT),)
