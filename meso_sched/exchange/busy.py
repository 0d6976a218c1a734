"""Other calendars -> busy time: files, folders and web addresses of iCalendar (DESIGN 2 and 5).

Here are the sources; addresses are fetched in ``busy_web``, and what the calendars say is read in
``busy_events``.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from meso_sched.errors import FileError
from meso_sched.exchange.busy_web import is_on_server
from meso_sched.exchange.folders import calendars_below, unreadable

if TYPE_CHECKING:
    from meso_sched.exchange.busy_events import Window

_MEGABYTE = 1024 * 1024
_LIMIT = 100 * _MEGABYTE


@dataclass(frozen=True, slots=True)
class BusyRequest:
    """Whose busy time is asked for, and when.

    ``sources`` are paths of files and folders, http(s) or webcal addresses, and calendars on CalDAV
    servers (``caldav+https://…``), which are asked for those days alone. ``zone`` is the
    clinic's: floating and all-day times are its wall clock. Only what touches its days from
    ``first`` to ``last``, both inclusive, matters. Events whose UID is in ``ignore_uids``, such as
    the course's own, take nothing.
    """

    sources: tuple[str, ...]
    zone: tzinfo
    first: date
    last: date
    ignore_uids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class BusyTime:
    """The time taken, and what the desk should know about how it was read.

    ``intervals`` are aware UTC, sorted, apart from each other, not empty, and clipped to the days
    asked for; each reaches from its start to before its end. ``warnings`` name the source and the
    time of an event, never its words.
    """

    intervals: tuple[tuple[datetime, datetime], ...]
    warnings: tuple[str, ...]


def read_busy(request: BusyRequest) -> BusyTime:
    """The time that other calendars take (RFC 5545).

    Opaque events count, with their recurrences, exceptions and moved instances, and the busy
    periods of free-busy components; transparent and cancelled ones, tasks and journals do not. An
    all-day event takes its whole days in the clinic's zone. X-WR-TIMEZONE, which is no standard,
    is not read. An event in a zone that nobody knows is read as the clinic's wall clock, and a
    rule that repeats too often to be listed takes whole hours, both with a warning. A folder
    without any ``.ics`` takes nothing, with a warning too.

    Raises:
        UsageError: an address is not one, or not http or https.
        FileError: a path is missing or cannot be read, or a calendar is empty, binary, too large,
            cut off or not iCalendar, or holds an event that cannot be understood; a calendar is
            never half used.
        ServerError: a server cannot be reached, refuses, is too slow, or answers with a web page.
    """
    from meso_sched.exchange.busy_events import Taken, Window, read_events
    from meso_sched.exchange.feed_mark import mark_of

    first = _midnight(request.first, request.zone)
    last = _midnight(request.last + timedelta(days=1), request.zone)
    window = Window(first, last, request.zone)
    taken = Taken()
    feeds: list[tuple[str, str]] = []
    for source in request.sources:
        for name, data in _calendars(source, window, taken.warnings):
            text = _text(name, data)
            if mark_of(text):
                feeds.append((text, name))
            else:
                read_events(text, name, window, request.ignore_uids, taken)
    # A feed copies courses as they once were: what those say themselves has to be known before.
    for text, name in feeds:
        read_events(text, name, window, request.ignore_uids, taken)
    merged = _merged(taken.intervals, first, last)
    return BusyTime(tuple(merged), tuple(dict.fromkeys(taken.warnings)))


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _merged(
    intervals: list[tuple[datetime, datetime]], first: datetime, last: datetime
) -> list[tuple[datetime, datetime]]:
    merged: list[tuple[datetime, datetime]] = []
    for start, end in sorted(intervals):
        start, end = max(start, first), min(end, last)
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        elif start < end:
            merged.append((start, end))
    return merged


def _text(name: str, data: bytes) -> str:
    """Times matter, not words: what is not UTF-8 is replaced, what is not text is refused."""
    if not data.strip():
        raise FileError(f"{name}: is empty; export the calendar again.")
    if b"\0" in data:
        raise FileError(f"{name}: is not text but binary; give an iCalendar file (.ics).")
    return data.decode("utf-8-sig", errors="replace")


def _calendars(source: str, window: Window, warnings: list[str]) -> Iterator[tuple[str, bytes]]:
    """The calendars of one source, each with the name that messages give it.

    Adds a warning if there is none.
    """
    from meso_sched.exchange.busy_web import Address, fetch, is_address

    if is_on_server(source):
        yield from _on_server(source, window, warnings)
        return
    if is_address(source):
        address = Address.parse(source)
        yield address.shown, _checked(address.shown, fetch(address, _LIMIT + 1))
        return
    path = Path(source)
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError) as error:
        raise unreadable(source, error) from error
    files = calendars_below(path, _refuse) if is_folder else [path]
    if not files:  # such as the folder of a clinic on its first day
        warnings.append(f"{path}: the folder has no .ics file yet; no time is taken.")
    for file in files:
        yield str(file), _read(file)


def _on_server(source: str, window: Window, warnings: list[str]) -> Iterator[tuple[str, bytes]]:
    """What a calendar server has on those days, an object at a time."""
    from meso_sched.exchange.caldav import connected

    day = timedelta(days=1)  # whole days and floating times: a server may take them for UTC
    first, last = window.start - day, window.end + day
    with connected(source) as server:
        calendar = server.calendar()
        kept = calendar.between(first, last)
        if kept is None:
            warnings.append(
                f"{calendar.shown}: the server tells when the time is taken, and not by what: whole"
                " days are as it counts them, and this course's own sessions take time too"
            )
            yield calendar.shown, calendar.busy_between(first, last).encode()
            return
    for each in kept:
        yield f"{calendar.shown}{each.href.rpartition('/')[2]}", each.text.encode()


def _refuse(error: OSError) -> None:
    raise unreadable(str(error.filename), error) from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_LIMIT + 1)
    except OSError as error:
        raise unreadable(str(path), error) from error
    return _checked(str(path), data)


def _checked(name: str, data: bytes) -> bytes:
    if len(data) > _LIMIT:
        size = _LIMIT // _MEGABYTE
        raise FileError(f"{name}: is larger than {size} MiB; export a part of the calendar.")
    return data
