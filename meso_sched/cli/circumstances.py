"""When a session can be: the limits, busy time and holidays that the options and files give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import NamedTuple, TypeVar

from meso_sched.cli import reading
from meso_sched.cli.talking import patience
from meso_sched.core.clinic import Busy, Clinic, Holiday, Limits
from meso_sched.core.walltime import DateRange, parse_spans, parse_time
from meso_sched.errors import UsageError

T = TypeVar("T")

NO_HOLIDAYS = (
    'no holidays are known: set holidays = "TR" (your country) under [clinic] in'
    " schedules.toml; `meso-sched init` writes one"
)


class Surroundings(NamedTuple):
    """What was known of other calendars when slots were chosen: busy time on the ``days``.

    ``own_uids`` are the course's own events, which take nothing from it.
    """

    busy: Busy = Busy()
    days: DateRange | None = None
    own_uids: frozenset[str] = frozenset()


class LimitOptions(NamedTuple):
    """The options that say when the patient and the clinic have time, as typed."""

    at: str | None = None
    on: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    away: tuple[str, ...] = ()
    busy: tuple[str, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether any of them was given."""
        return self != LimitOptions()


def limits(options: LimitOptions, today: date, known: Limits = Limits()) -> Limits:
    """What the options say over what is known already; absences add up.

    ``none`` for an option takes back what is known. Raises UsageError that names the option.
    """
    result = known
    if options.away:
        result = result._replace(away=_away(options.away, today, known.away))
    if options.on:
        weekdays = _unless_none("--on", reading.parse_weekdays, ",".join(options.on))
        result = result._replace(weekdays=weekdays)
    if options.between:
        spans = _unless_none("--between", parse_spans, ",".join(options.between))
        result = result._replace(between=spans)
    if options.at is not None:
        result = result._replace(preferred=_unless_none("--at", parse_time, options.at))
    return result


def _away(
    texts: tuple[str, ...], today: date, known: tuple[DateRange, ...]
) -> tuple[DateRange, ...]:
    """Absences with those that are known already, or without them where ``none`` is said."""
    new = [
        reading.option("--away", lambda each: reading.parse_away(each, today), text)
        for text in texts
        if not _is_none(text)
    ]
    kept = () if any(map(_is_none, texts)) else known
    return (*kept, *(days for days in new if days not in kept))


def _unless_none(name: str, parse: Callable[[str], T], text: str) -> T | None:
    return None if _is_none(text) else reading.option(name, parse, text)


def _is_none(text: str) -> bool:
    return text.strip().lower() == "none"


def busy_time(
    sources: tuple[str, ...], clinic: Clinic, days: DateRange, own_uids: frozenset[str]
) -> tuple[Busy, tuple[str, ...]]:
    """What other calendars take on those days, but for the course's own events; and warnings."""
    if not sources:
        return Busy(), ()
    from meso_sched.exchange.busy import BusyRequest, read_busy

    if not all(source.strip() for source in sources):
        raise UsageError("--busy: is empty; name a file, a folder or an address")
    request = BusyRequest(
        sources=sources,
        zone=clinic.zone,
        first=days.first,
        last=days.last,
        ignore_uids=own_uids,
    )
    with patience("reading the calendars of --busy"):
        found = read_busy(request)
    return Busy.of(found.intervals), found.warnings


def holidays(clinic: Clinic, days: DateRange) -> tuple[Mapping[date, Holiday], tuple[str, ...]]:
    """The clinic's holidays on those days; a note where it has not said which it keeps."""
    if clinic.holidays is None:
        return {}, (NO_HOLIDAYS,)
    if not clinic.holidays:
        return {}, ()
    from meso_sched.exchange.closures import holidays_between

    return holidays_between(clinic.holidays, days.first, days.last), ()
