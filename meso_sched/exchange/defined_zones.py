"""The VTIMEZONE that a calendar needs for what is told in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from meso_sched.core.walltime import FIRST_YEAR, LAST_YEAR
from meso_sched.exchange.calendar_lines import Component, content_lines, zone_id
from meso_sched.exchange.ical import zone_component
from meso_sched.exchange.zones import find_zone, load_zone

_TZID = re.compile(r';TZID="?([^":;,]*)"?', re.IGNORECASE)
_CLOCK = re.compile(r"[0-9]{8}T[0-9]{6}", re.ASCII)
_RECURRING_YEARS = 12
"""How far ahead a zone is laid out for a stranger's event that recurs."""


def with_zone(tzid: str, children: Sequence[Component]) -> Iterator[Component]:
    """The components, the VTIMEZONE of our zone made to cover all that is told in it."""
    clocks = list(_clocks(tzid, [child for child in children if child.name != "VTIMEZONE"]))
    if not clocks or find_zone(tzid) is None:
        yield from children
        return
    zone = load_zone(tzid)
    defined = zone_component(zone, tzid, min(clocks), max(clocks))
    is_there = False
    for child in children:
        is_ours = child.name == "VTIMEZONE" and zone_id(child) == tzid
        if not is_there and (is_ours or child.name != "VTIMEZONE"):
            yield defined
            is_there = True
        if not is_ours:
            yield child


def _clocks(tzid: str, children: Iterable[Component]) -> Iterator[datetime]:
    """The moments that are told in a zone, aware; far off ones of other events are left out."""
    zone = find_zone(tzid) or UTC
    for child in children:
        ahead = _RECURRING_YEARS if "RRULE" in child.properties else 0
        for line in content_lines(child):
            head, _, value = line.rpartition(":")
            if ";" not in head or tzid not in _TZID.findall(head):
                continue
            for clock in _CLOCK.findall(value):
                year, rest = int(clock[:4]), clock[4:]
                if not FIRST_YEAR < year < LAST_YEAR:
                    continue
                with suppress(ValueError):
                    for each in (year, year + ahead):
                        moment = datetime.fromisoformat(f"{each:04}{rest}")
                        yield moment.replace(tzinfo=zone)


def zones_of(component: Component) -> frozenset[str]:
    """The names of the zones that its times are told in."""
    heads = (line.rpartition(":")[0] for line in content_lines(component))
    return frozenset(name for head in heads if ";" in head for name in _TZID.findall(head))
