"""The use case ``plan``: options -> course -> slots -> files and screen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import NamedTuple

from meso_sched.cli import reading
from meso_sched.cli.talking import can_ask, patience
from meso_sched.core.clinic import Busy, Clinic, Limits, OpenTime
from meso_sched.core.course import Choices, Course, make_course, missing_choices
from meso_sched.core.nearest import did_you_mean
from meso_sched.core.placing import refuse_overdue
from meso_sched.core.plan import Plan, PlanRequest, horizon, make_plan
from meso_sched.core.regimen import Regimen
from meso_sched.core.walltime import parse_spans, parse_time, show_day, show_time
from meso_sched.errors import UsageError
from meso_sched.exchange.schedule_values import parse_keep, parse_minutes
from meso_sched.exchange.schedules import Catalogue


class PlanOptions(NamedTuple):
    """The command line of ``plan``, as typed."""

    regimen: str
    start: str
    at: str | None = None
    patient: str | None = None
    course: str = "1"
    sessions: tuple[str, ...] = ()
    every: tuple[str, ...] = ()
    until: str | None = None
    length: str | None = None
    keep: str | None = None
    on: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    away: tuple[str, ...] = ()
    busy: tuple[str, ...] = ()
    override: bool = False
    strict: bool = False
    audience: str | None = None
    language: str | None = None


class Planned(NamedTuple):
    """A plan with all that is to be said about it; ``notes`` concern the clinic's settings."""

    plan: Plan
    audience: str
    open_time: OpenTime
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


def find_regimen(catalogue: Catalogue, name: str, language: str | None = None) -> Regimen:
    """The template of that id, in a language that it has; UsageError with the nearest if not."""
    regimen = catalogue.regimens.get(name)
    if regimen is None:
        hint = did_you_mean(name, catalogue.regimens)
        raise UsageError(f'no regimen is named "{name}"{hint} `meso-sched regimens` lists them.')
    if language is None:
        return regimen
    if language not in regimen.languages:
        known = ", ".join(sorted(regimen.languages))
        raise UsageError(f'--lang: {name} has no text in "{language}"; it speaks {known}')
    return regimen.spoken(language)


def make(options: PlanOptions, catalogue: Catalogue, now: datetime) -> Planned:
    """Plan a course; ``now`` is aware. Raises MesoError with what to do about it."""
    clinic = catalogue.clinic()
    today = now.astimezone(clinic.zone).date()
    audience = "" if options.audience is None else reading.parse_audience(options.audience)
    start, minute = reading.option(
        "--start", lambda text: reading.parse_start(text, today), options.start
    )
    course = _course(options, catalogue, clinic, start, today)
    days = horizon(course)
    busy, warnings = _busy(options, clinic, course)
    request = PlanRequest(
        course=course,
        clinic=clinic,
        start=time.min if minute is None else time(*divmod(minute, 60)),
        limits=_limits(options, minute, today),
        busy=busy,
    )
    notes: tuple[str, ...] = ()
    if clinic.holidays is None:
        notes = (
            'no holidays are known: set holidays = "TR" (your country) under [clinic] in'
            " schedules.toml; `meso-sched init` writes one",
        )
    elif clinic.holidays:
        from meso_sched.exchange.closures import holidays_between

        found = holidays_between(clinic.holidays, days.first, days.last)
        request = request._replace(holidays=found)
    plan = make_plan(request)
    if options.strict:
        refuse_overdue(plan.booked)
    open_time = OpenTime(clinic, request.limits, request.holidays)
    return Planned(plan, audience, open_time, (*warnings, *_past(plan, now), *plan.warnings), notes)


def _course(
    options: PlanOptions, catalogue: Catalogue, clinic: Clinic, start: date, today: date
) -> Course:
    regimen = find_regimen(catalogue, options.regimen, options.language)
    choices = _choices(options, today)
    number = reading.option("--course", reading.parse_course, options.course)
    patient = options.patient
    if patient is not None:
        patient = reading.option("--patient", reading.parse_name, patient)

    def course(choices: Choices) -> Course:
        return make_course(
            regimen,
            choices,
            start=start,
            patient=patient,
            number=number,
            keep=clinic.keep,
        )

    if can_ask() and _phases_known(regimen, choices):
        from meso_sched.cli.asking import ask_missing

        choices = ask_missing(regimen, choices, missing_choices(regimen, choices))
    return course(choices)


def _phases_known(regimen: Regimen, choices: Choices) -> bool:
    return all(regimen.phase(name) for name in (*choices.sessions, *choices.every))


def _choices(options: PlanOptions, today: date) -> Choices:
    sessions = reading.parse_pairs("--sessions", options.sessions)
    counts: Mapping[str, int] = {
        phase: reading.option(f"--sessions {phase}", reading.parse_number, text)
        for phase, text in sessions.items()
    }
    until = options.until
    length = options.length
    return Choices(
        sessions=counts,
        every=reading.parse_pairs("--every", options.every),
        until=until
        if until is None
        else reading.option("--until", lambda text: reading.parse_day(text, today), until),
        length=None if length is None else reading.option("--length", parse_minutes, length),
        keep=None if options.keep is None else reading.option("--keep", parse_keep, options.keep),
        override=options.override,
    )


def _limits(options: PlanOptions, minute: int | None, today: date) -> Limits:
    preferred = minute
    if options.at is not None:
        preferred = reading.option("--at", parse_time, options.at)
    return Limits(
        weekdays=reading.option("--on", reading.parse_weekdays, ",".join(options.on))
        if options.on
        else None,
        between=reading.option("--between", parse_spans, ",".join(options.between))
        if options.between
        else None,
        away=tuple(
            reading.option("--away", lambda each: reading.parse_away(each, today), text)
            for text in options.away
        ),
        preferred=preferred,
    )


def _busy(options: PlanOptions, clinic: Clinic, course: Course) -> tuple[Busy, tuple[str, ...]]:
    if not options.busy:
        return Busy(), ()
    from meso_sched.exchange.busy import BusyRequest, read_busy
    from meso_sched.exchange.events import Identity, own_uids

    days = horizon(course)
    identity = Identity(clinic.name, course.patient, course.regimen.id, course.number)
    if not all(source.strip() for source in options.busy):
        raise UsageError("--busy: is empty; name a file, a folder or an address")
    request = BusyRequest(
        sources=options.busy,
        zone=clinic.zone,
        first=days.first,
        last=days.last,
        # Without a patient every such course has the same UIDs, also another patient's.
        ignore_uids=frozenset() if course.patient is None else own_uids(identity),
    )
    with patience("reading the calendars of --busy"):
        found = read_busy(request)
    return Busy.of(found.intervals), found.warnings


def _past(plan: Plan, now: datetime) -> tuple[str, ...]:
    past = [each for each in plan.booked if each.start < now]
    if not past:
        return ()
    first = past[0]
    when = f"{show_day(first.day)} {first.day.year}"
    at = show_time(first.start.hour * 60 + first.start.minute)
    if len(past) == 1:
        return (f"session {first.plan.number} ({when}, {at}) lies in the past",)
    return (f"{len(past)} sessions lie in the past, the first on {when} at {at}",)


def stamp(environment: Mapping[str, str], now: datetime) -> datetime:
    """When the file says that it was written: SOURCE_DATE_EPOCH or now, UTC, to the second."""
    epoch = environment.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        return now.astimezone(UTC).replace(microsecond=0)
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f'SOURCE_DATE_EPOCH: "{epoch}" is not a number of seconds since 1970'
        ) from error
