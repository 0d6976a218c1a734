"""A strict reader of the calendar files that this tool writes, from their raw bytes.

It shares no code with the writer, nor with any calendar library: DESIGN section 4 and RFC 5545,
spelled out. `judged` gives what it read, or raises Objection at the first thing that is wrong.
Instants follow from the file's own VTIMEZONE, not from the time zones of this machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from dateutil.rrule import rrulestr

HEAD = ("VERSION", "PRODID", "CALSCALE", "NAME", "X-WR-CALNAME")
ONCE = (
    *("UID", "DTSTAMP", "SEQUENCE", "CREATED", "LAST-MODIFIED", "DTSTART", "DTEND"),
    *("SUMMARY", "STATUS", "CLASS", "TRANSP", "CATEGORIES"),
)
TEXTS = {
    *("NAME", "X-WR-CALNAME", "SUMMARY", "DESCRIPTION", "LOCATION", "CATEGORIES", "PRODID"),
    "RELATED-TO",
}
SESSION, REVIEW, CARE = "APPOINTMENT", "REVIEW", "CARE"
"""The categories of what this tool writes."""

# In every language that the tool speaks.
CANCELLED = re.compile("cancelled|iptal|abgesagt|cancelad[ao]|annulé|تم الإلغاء", re.IGNORECASE)

NAME = re.compile(r"[A-Z][A-Z0-9-]*")
# A TEXT: a backslash, a semicolon and a comma only escaped. Besides the RFC's controls, none of the
# characters at which readers that split lines the Unicode way would break.
TEXT = re.compile(
    r"(?:[^\\;,\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|\\[\\;,n])*", re.DOTALL
)
DURATION = re.compile(
    r"-?P(?:[1-9]\d*W|(?:\d+D)?(?:T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S))?)(?<![PT])"
)
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
LOCAL = re.compile(r"\d{8}T\d{6}")
DAY = re.compile(r"\d{8}")
STAMP = re.compile(r"\d{8}T\d{6}Z")


class Objection(AssertionError):  # noqa: N818 - a judge objects
    """What is wrong with a file."""


@dataclass(frozen=True)
class Property:
    name: str
    params: dict[str, str]
    value: str

    @property
    def text(self) -> str:
        return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], self.value)


@dataclass
class Component:
    name: str
    properties: list[Property] = field(default_factory=list)
    components: list[Component] = field(default_factory=list)
    moments: dict[str, datetime] = field(default_factory=dict)
    """The DTSTART and DTEND of an event as instants, in UTC; of a date its midnight."""

    @property
    def kind(self) -> str:
        """The category of an event."""
        return self.value("CATEGORIES")

    @property
    def is_cancelled(self) -> bool:
        return self.value("STATUS") == "CANCELLED"

    @property
    def is_whole_day(self) -> bool:
        return self.one("DTSTART").params == {"VALUE": "DATE"}

    @property
    def names(self) -> list[str]:
        return [each.name for each in self.properties]

    def inside(self, name: str) -> list[Component]:
        return [each for each in self.components if each.name == name]

    def one(self, name: str) -> Property:
        found = [each for each in self.properties if each.name == name]
        claim(len(found) == 1, f"{self.name} has {len(found)} {name}")
        return found[0]

    def value(self, name: str) -> str:
        return self.one(name).value

    def text(self, name: str) -> str:
        return self.one(name).text

    def moment(self, name: str) -> datetime:
        return self.moments[name]


class Offsets:
    """A VTIMEZONE by the rule of RFC 5545, 3.6.5: the latest onset up to a wall time holds."""

    def __init__(self, zone: Component, last: datetime) -> None:
        self.onsets: list[tuple[datetime, timedelta]] = []
        for each in zone.components:
            onset, offset = _wall(each.value("DTSTART")), _offset(each.value("TZOFFSETTO"))
            onsets = [onset]
            if "RRULE" in each.names:
                end = last + timedelta(days=1)
                onsets = list(
                    rrulestr(each.value("RRULE"), dtstart=onset).between(onset, end, True)
                )
            self.onsets += [(moment, offset) for moment in onsets]
        self.onsets.sort()

    def instant(self, wall: datetime) -> datetime:
        passed = [offset for onset, offset in self.onsets if onset <= wall]
        claim(passed, f"no onset at or before {wall}")
        return (wall - passed[-1]).replace(tzinfo=UTC)

    def midnight(self, wall: datetime) -> datetime:
        """When a whole day begins, which is in no zone: one that the file lays out need not reach
        there, and for the order of days the first offset does.
        """
        return self.instant(max(wall, self.onsets[0][0])) - max(
            timedelta(0), self.onsets[0][0] - wall
        )

    def can_tell(self, moment: datetime) -> bool:
        """Whether a wall time gives this instant; none gives the second of two."""
        naive = moment.replace(tzinfo=None)
        return any(self.instant(naive + offset) == moment for _, offset in self.onsets)


def claim(holds: object, otherwise: str) -> None:
    if not holds:
        raise Objection(otherwise)


def judged(data: bytes) -> Component:
    """The calendar that the bytes hold, if nothing is wrong with them."""
    calendar = _tree(content_lines(data))
    _judge_head(calendar)
    zones = [each.value("TZID") for each in calendar.inside("VTIMEZONE")]
    claim(calendar.inside("VEVENT"), "no events")
    claim(zones and len(set(zones)) == len(zones), f"zones: {zones}")
    for zone in calendar.inside("VTIMEZONE"):
        _judge_zone(zone)
    events = calendar.inside("VEVENT")
    for event in events:
        _judge_event(event, zones)
    _tell_moments(calendar)
    for event in events:
        claim(event.moment("DTSTART") < event.moment("DTEND"), "it ends before it starts")
    by_uid = {event.value("UID"): event for event in events}
    claim(len(by_uid) == len(events), "a UID is there twice")
    for event in events:
        if event.kind == CARE:
            _judge_related(event, by_uid)
    starts = [event.moment("DTSTART") for event in events]
    claim(starts == sorted(starts), "the events are not in time order")
    return calendar


def events_of(data: bytes, *kinds: str) -> list[Component]:
    """The events of a file that the judge has nothing against: all, or those of some kinds."""
    events = judged(data).inside("VEVENT")
    return [event for event in events if not kinds or event.kind in kinds]


def sessions_of(data: bytes) -> list[Component]:
    """The events of the sessions of a file that the judge has nothing against."""
    return events_of(data, SESSION)


def content_lines(data: bytes) -> list[str]:
    """The unfolded lines; every rule about bytes, line ends and folds is held."""
    claim(not data.startswith(b"\xef\xbb\xbf"), "a byte order mark")
    claim(data.endswith(b"\r\n"), "no CRLF at the end")
    claim(not re.search(rb"(?<!\r)\n|\r(?!\n)", data), "a line end that is no CRLF")
    physical = data[:-2].split(b"\r\n")
    lines: list[str] = []
    for piece in physical:
        claim(0 < len(piece) <= 75, f"a line of {len(piece)} octets")
        try:
            text = piece.decode()
        except UnicodeDecodeError as error:
            raise Objection(f"not UTF-8, or a fold inside a character: {piece!r}") from error
        claim(not text.startswith("\t"), "folded with a tab")
        if text.startswith(" "):
            claim(len(text) > 1, "an empty continuation")
            claim(lines, "a continuation of nothing")
            lines[-1] += text[1:]
        else:
            lines.append(text)
    return lines


def _tree(lines: Sequence[str]) -> Component:
    root = Component("")
    open_: list[Component] = [root]
    for line in lines:
        found = _property(line)
        if found.name == "BEGIN":
            open_[-1].components.append(Component(found.value))
            open_.append(open_[-1].components[-1])
        elif found.name == "END":
            claim(open_.pop().name == found.value, f"END:{found.value} ends something else")
            claim(open_, f"END:{found.value} ends nothing")
        else:
            claim(not open_[-1].components, f"{found.name} comes after a component")
            open_[-1].properties.append(found)
    claim(open_ == [root], "a component has no end")
    whole = [each.name for each in root.components]
    claim(whole == ["VCALENDAR"] and not root.properties, f"not one calendar: {whole}")
    return root.components[0]


def _property(line: str) -> Property:
    head, colon, value = line.partition(":")
    claim(colon, f"no colon: {line!r}")
    name, *pairs = head.split(";")
    claim(NAME.fullmatch(name), f"not a name: {name!r}")
    params = dict(_param(pair) for pair in pairs)
    if name in TEXTS or (name.startswith("X-") and not params):
        claim(TEXT.fullmatch(value), f"{name} is not escaped: {value!r}")
    return Property(name, params, value)


def _param(pair: str) -> tuple[str, str]:
    key, equals, value = pair.partition("=")
    claim(equals and NAME.fullmatch(key) and value, f"not a parameter: {pair!r}")
    claim(re.fullmatch(r'[^\x00-\x1f\x7f";:,]+', value), f"{key} must be quoted: {value!r}")
    return key, value


def _judge_head(calendar: Component) -> None:
    names = calendar.names
    claim(tuple(names[: len(HEAD)]) == HEAD, f"the head begins with {names}")
    claim(len(set(names)) == len(names), f"a property twice: {names}")
    known = ("X-", "REFRESH-INTERVAL")  # of a feed (RFC 7986, 5.7)
    rest = [name for name in names[len(HEAD) :] if not name.startswith(known)]
    claim(not rest, f"not at the top: {rest}")
    claim(calendar.value("VERSION") == "2.0", "not version 2.0")
    claim(calendar.value("CALSCALE") == "GREGORIAN", "not the Gregorian calendar")
    claim(calendar.value("PRODID"), "an empty PRODID")
    claim(calendar.value("NAME"), "an empty NAME")
    claim(calendar.value("NAME") == calendar.value("X-WR-CALNAME"), "two names")
    kinds = [each.name for each in calendar.components]
    zones = kinds.count("VTIMEZONE")
    claim(set(kinds) <= {"VTIMEZONE", "VEVENT"}, f"components: {sorted(set(kinds))}")
    claim(kinds[:zones] == ["VTIMEZONE"] * zones, "an event before a zone")


def _judge_zone(zone: Component) -> None:
    claim(zone.components, "a zone without observances")
    for each in zone.components:
        claim(each.name in ("STANDARD", "DAYLIGHT"), f"a {each.name} in a zone")
        claim("RDATE" not in each.names, "an RDATE")
        claim(LOCAL.fullmatch(each.value("DTSTART")), "the onset is not a local time")
        for name in ("TZOFFSETFROM", "TZOFFSETTO"):
            claim(re.fullmatch(r"[+-]\d{4}(\d\d)?", each.value(name)), f"{name} is no offset")


def _judge_event(event: Component, zones: Iterable[str]) -> None:
    for name in ONCE:
        event.one(name)
    claim(len(set(event.names)) == len(event.names), f"a property twice: {event.names}")
    for name in ("RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"):
        claim(name not in event.names, f"an event with {name}")
    _judge_fixed(event)
    if event.kind == CARE and event.is_whole_day:
        _judge_day(event)
    else:
        _judge_times(event, zones)
    for alarm in event.components:
        _judge_alarm(alarm)
    claim(not event.is_cancelled or not event.components, "cancelled, yet an alarm")
    if event.kind == CARE:
        event.one("RELATED-TO")
    else:
        claim("RELATED-TO" not in event.names, f"{event.kind} is related to something")
    if "LOCATION" in event.names:
        claim(event.text("LOCATION").strip(), "an empty LOCATION")


def _judge_day(event: Component) -> None:
    """A whole day: dates without a zone, the end on the day after (RFC 5545, 3.6.1)."""
    for name in ("DTSTART", "DTEND"):
        found = event.one(name)
        claim(found.params == {"VALUE": "DATE"}, f"{name} has {found.params}")
        claim(DAY.fullmatch(found.value), f"{name} is not a date: {found.value}")
    days = _wall(event.value("DTEND")) - _wall(event.value("DTSTART"))
    claim(days == timedelta(days=1), f"a whole day of {days}")


def _judge_times(event: Component, zones: Iterable[str]) -> None:
    """Local times; in UTC what comes the second time, as only an end and care can."""
    for name in ("DTSTART", "DTEND"):
        may_be_second = name == "DTEND" or event.kind == CARE
        if may_be_second and STAMP.fullmatch(event.value(name)):
            claim(not event.one(name).params, f"{name} in UTC has {event.one(name).params}")
        else:
            _judge_time(event.one(name), zones)


def _judge_related(care: Component, by_uid: Mapping[str, Component]) -> None:
    """Care belongs to a session that is there: before its start, or from its end on."""
    session = by_uid.get(care.value("RELATED-TO"))
    claim(session is not None and session.kind == SESSION, "care of no session")
    assert session is not None
    claim(care.is_cancelled or not session.is_cancelled, "care of a session that is cancelled")
    if care.is_cancelled:
        return
    if care.is_whole_day:
        claim(care.value("DTSTART") < session.value("DTSTART")[:8], "a day that is not before")
        return
    start, end = session.moment("DTSTART"), session.moment("DTEND")
    claim(
        care.moment("DTEND") == start or care.moment("DTSTART") == end,
        f"care that neither ends as the session of {start} begins nor begins as it ends",
    )


def _judge_time(found: Property, zones: Iterable[str]) -> None:
    claim(LOCAL.fullmatch(found.value), f"{found.name} is not a local time: {found.value}")
    claim(set(found.params) == {"TZID"}, f"{found.name} has {found.params}")
    claim(found.params["TZID"] in zones, f"{found.params['TZID']} is not defined")


def _tell_moments(calendar: Component) -> None:
    events = calendar.inside("VEVENT")
    names = ("DTSTART", "DTEND")
    last = max(_wall(event.value(name)) for event in events for name in names)
    zones = {each.value("TZID"): Offsets(each, last) for each in calendar.inside("VTIMEZONE")}
    home = next(iter(zones.values()))  # of what names none
    for event in events:
        zone = zones.get(event.one("DTSTART").params.get("TZID", ""), home)
        event.moments = {name: _instant(event.one(name), zone) for name in names}


def _instant(found: Property, zone: Offsets) -> datetime:
    wall = _wall(found.value)
    if found.params.get("VALUE") == "DATE":
        return zone.midnight(wall)
    if found.params:
        return zone.instant(wall)
    moment = wall.replace(tzinfo=UTC)
    claim(not zone.can_tell(moment), f"{found.name} is in UTC, though a local time would tell it")
    return moment


def _wall(text: str) -> datetime:
    """The naive time that is written, local or UTC; of a date its midnight."""
    text = f"{text}T000000" if DAY.fullmatch(text) else text
    return datetime.strptime(text.removesuffix("Z") + "Z", "%Y%m%dT%H%M%S%z").replace(tzinfo=None)


def _offset(text: str) -> timedelta:
    hours, minutes, *seconds = (int(each) for each in re.findall(r"\d\d", text))
    offset = timedelta(hours=hours, minutes=minutes, seconds=sum(seconds))
    return -offset if text.startswith("-") else offset


def _judge_fixed(event: Component) -> None:
    uid = event.value("UID")
    claim(UUID.fullmatch(uid), f"not a UUID: {uid}")
    for name in ("DTSTAMP", "CREATED", "LAST-MODIFIED"):
        claim(STAMP.fullmatch(event.value(name)), f"{name} is not a UTC time")
    claim(re.fullmatch(r"0|[1-9]\d*", event.value("SEQUENCE")), "SEQUENCE is no number")
    claim(event.value("SUMMARY"), "an empty SUMMARY")
    claim(event.value("CLASS") == "PRIVATE", "not private")
    claim(event.kind in (SESSION, REVIEW, CARE), f"category {event.kind}")
    # Care takes nobody's time; an appointment does, until it is cancelled.
    free = "TRANSPARENT" if event.kind == CARE else "OPAQUE"
    status = event.value("STATUS"), event.value("TRANSP")
    allowed = [("CONFIRMED", free), ("CANCELLED", "TRANSPARENT")]
    claim(status in allowed, f"{event.kind} with status {status}")
    if event.is_cancelled:
        claim(CANCELLED.search(event.text("SUMMARY")), "cancelled, but the SUMMARY is silent")


def _judge_alarm(alarm: Component) -> None:
    claim(alarm.name == "VALARM", f"a {alarm.name} in an event")
    claim(alarm.value("ACTION") == "DISPLAY", "not a DISPLAY")
    claim(alarm.value("DESCRIPTION"), "an empty DESCRIPTION of an alarm")
    trigger = alarm.one("TRIGGER")
    claim(trigger.params in ({}, {"RELATED": "END"}), f"TRIGGER has {trigger.params}")
    claim(DURATION.fullmatch(trigger.value), f"not a duration: {trigger.value}")


def before(alarm: Component) -> timedelta:
    """How long before the start, or else the end, an alarm goes off."""
    trigger = alarm.value("TRIGGER")
    units = {"W": "weeks", "D": "days", "H": "hours", "M": "minutes", "S": "seconds"}
    amounts = {units[unit]: int(number) for number, unit in re.findall(r"(\d+)([WDHMS])", trigger)}
    return timedelta(**amounts) * (1 if trigger.startswith("-") else -1)
