"""A course's events beside those of a server: what differs, who changed it, and what to send.

Three ways, as for a file: what the course has, what the server has, and what both had when they
were last in step. That is kept in the course's own file, so that it goes where the course goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import Enum
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from meso_sched.core.booked import Status
from meso_sched.exchange.calendar_file import private_record
from meso_sched.exchange.calendar_lines import Component, name_of
from meso_sched.exchange.events import CourseEvent
from meso_sched.exchange.ical import json_line
from meso_sched.exchange.objects import digest, same_to_people
from meso_sched.exchange.records import SERVERS_PROPERTY

_OURS = frozenset(
    [
        *("UID", "DTSTAMP", "SEQUENCE", "CREATED", "LAST-MODIFIED", "DTSTART", "DTEND", "DURATION"),
        *("SUMMARY", "DESCRIPTION", "LOCATION", "STATUS", "CLASS", "TRANSP", "CATEGORIES"),
        "RELATED-TO",
    ]
)
_PRIVATE = "X-MESO-SCHED-"
_PEOPLE = ("ATTENDEE", "ORGANIZER")
_NOTHING: Mapping[str, Known] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Known:
    """What an event was when course and server were last in step, as digests.

    ``sent`` is the course's side, ``served`` the server's, which may keep it otherwise; ``trying``
    was about to be sent when the run may have been broken off. ``href`` is where the server has
    it, if it is not where this tool puts it.
    """

    sent: str = ""
    served: str = ""
    trying: str = ""
    href: str = ""

    @property
    def was_there(self) -> bool:
        """Whether the server had it."""
        return bool(self.served)


class What(Enum):
    """How an event of the course and the server's stand to each other."""

    SAME = "same"
    NEW = "new"
    OURS = "changed here"
    THEIRS = "changed on the server"
    BOTH = "changed here and on the server"
    OTHER = "differs, and never was in step"
    GONE = "deleted on the server"
    NEITHER = "called off or over, and not on the server"

    @property
    def is_conflict(self) -> bool:
        """Whether sending the course's side would undo what somebody did on the server."""
        return self in (What.THEIRS, What.BOTH, What.OTHER, What.GONE)

    @property
    def is_sent(self) -> bool:
        """Whether the course's side goes to the server without a question."""
        return self in (What.NEW, What.OURS)


class Pair(NamedTuple):
    """An event of the course and the server's; ``href`` and ``etag`` are of what is there."""

    ours: CourseEvent
    theirs: CourseEvent | None
    what: What
    href: str = ""
    etag: str = ""


def compared(ours: CourseEvent, theirs: CourseEvent | None, known: Known | None) -> What:
    """How the two stand to each other, by what is known of when they were last in step."""
    if theirs is None:
        was_there = known is not None and known.was_there
        # What is over may have been tidied away there, which changes nothing of the course.
        if ours.is_cancelled or (was_there and ours.status != Status.BOOKED.value):
            return What.NEITHER
        return What.GONE if was_there else What.NEW
    here, there = digest(ours), digest(theirs)
    if here == there:
        return What.SAME
    if known is None:
        return What.SAME if same_to_people(ours, theirs) else What.OTHER
    if there in (known.served, known.trying):
        is_same = here == known.sent and there == known.served
        return What.SAME if is_same else What.OURS
    if same_to_people(ours, theirs):
        return What.SAME
    return What.THEIRS if here == known.sent else What.BOTH


def in_step(ours: CourseEvent, theirs: CourseEvent, href: str, usual: str) -> Known:
    """What is known of an event once it is the same on both sides."""
    return Known(digest(ours), digest(theirs), href="" if href == usual else href)


def trying(pairs: Iterable[Pair], known: Mapping[str, Known]) -> dict[str, Known]:
    """What is known of the events while they are being sent."""
    return {
        **known,
        **{
            pair.ours.uid: replace(known.get(pair.ours.uid, Known()), trying=digest(pair.ours))
            for pair in pairs
        },
    }


# ---- What is sent --------------------------------------------------------------------------------


def first_sent(event: Component) -> Component:
    """An event as a server gets it first: without people, to whom it would send mails."""
    return event._replace(lines=tuple(line for line in event.lines if name_of(line) not in _PEOPLE))


def sent_over(ours: Component, theirs: Component) -> Component:
    """The course's event in the place of the server's, with what others have put into that."""
    has = {name_of(line) for line in ours.lines}
    kept = [line for line in theirs.lines if not _is_ours(name_of(line), has)]
    lines = [_newer(line, theirs) for line in first_sent(ours).lines]
    children = [child for child in theirs.children if not _is_ours_alarm(child)]
    return Component(ours.name, (*lines, *kept), (*ours.children, *children))


def with_people(ours: Component, theirs: Component) -> Component:
    """The course's event with the people of the server's, and their answers."""
    people = [line for line in theirs.lines if name_of(line) in _PEOPLE]
    return ours._replace(lines=(*first_sent(ours).lines, *people))


def called_off(event: Component) -> Component:
    """An event as it stands, but called off."""
    lines = (line for line in event.lines if name_of(line) != "STATUS")
    return event._replace(lines=(*lines, "STATUS:CANCELLED"))


def _is_ours(name: str, has: Iterable[str]) -> bool:
    if name in _PEOPLE:
        return False
    return name in _OURS or name.startswith(_PRIVATE) or name in has


def _newer(line: str, theirs: Component) -> str:
    """A SEQUENCE that goes over the server's, which a colleague's program may have counted up."""
    if name_of(line) != "SEQUENCE":
        return line
    own, other = _number(line), _number(next(iter(_lines(theirs, "SEQUENCE")), ""))
    return line if own > other else f"SEQUENCE:{other + 1}"


def _number(line: str) -> int:
    text = line.rpartition(":")[2].strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _lines(component: Component, name: str) -> list[str]:
    return [line for line in component.lines if name_of(line) == name]


def _is_ours_alarm(child: Component) -> bool:
    """Whether it is an alarm that this tool reads, so that ours stand for it."""
    if child.name != "VALARM":
        return False
    triggers = child.properties.get("TRIGGER", [":"])
    return "VALUE=DATE-TIME" not in triggers[0].upper()


# ---- What is known, kept in the course's file ----------------------------------------------------


def key_of(url: str) -> str:
    """What stands for a calendar's address in a course's file, which goes to others.

    The same for the same calendar, however its address is written.
    """
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme.lower())
    place = (parts.hostname, port, unquote(parts.path).rstrip("/"))
    return sha256(repr(place).encode()).hexdigest()[:12]


def known_of(calendar: Component | None, url: str) -> Mapping[str, Known]:
    """What the course's file knows of its events on a server; nothing where that was lost."""
    found = _all_known(calendar).get(key_of(url))
    if not isinstance(found, Mapping):
        return _NOTHING
    known = {}
    for uid, told in found.items():
        is_whole = isinstance(told, list) and len(told) == len(fields(Known))
        if is_whole and all(isinstance(each, str) for each in told):
            known[uid] = Known(*told)
    return known


def with_known(calendar: Component, url: str, known: Mapping[str, Known]) -> Component:
    """The calendar with what is known of the course's events on a server."""
    told = {uid: [each.sent, each.served, each.trying, each.href] for uid, each in known.items()}
    everything = {**_all_known(calendar), key_of(url): told}
    line = json_line(SERVERS_PROPERTY, everything)
    lines = [each for each in calendar.lines if name_of(each) != SERVERS_PROPERTY]
    return calendar._replace(lines=(*lines, line))


def _all_known(calendar: Component | None) -> Mapping[str, Any]:
    return {} if calendar is None else private_record(calendar.properties, SERVERS_PROPERTY)


# ---- In words ------------------------------------------------------------------------------------


def answers(ours: Component, theirs: Component) -> Sequence[tuple[str, str]]:
    """Who was asked and has answered since: address and PARTSTAT."""
    before = set(_answers(ours))
    return [each for each in _answers(theirs) if each not in before]


def _answers(event: Component) -> list[tuple[str, str]]:
    found = []
    for line in _lines(event, "ATTENDEE"):
        head, _, value = line.partition(":")
        for parameter in head.upper().split(";"):
            name, _, told = parameter.partition("=")
            if name == "PARTSTAT" and told.strip('"') != "NEEDS-ACTION":
                found.append((value.lower().removeprefix("mailto:"), told.strip('"')))
    return found
