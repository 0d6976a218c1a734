"""The use case ``plan``: options -> course -> slots -> files and screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import TYPE_CHECKING, NamedTuple

from meso_sched.cli import circumstances, reading
from meso_sched.cli.circumstances import Surroundings
from meso_sched.cli.editions import EditionOptions, edition_of
from meso_sched.cli.talking import can_ask
from meso_sched.core.booked import Status, refuse_overdue
from meso_sched.core.clinic import Clinic, Limits, OpenTime
from meso_sched.core.course import Choices, Course, make_course, missing_choices
from meso_sched.core.nearest import did_you_mean
from meso_sched.core.plan import Plan, PlanRequest, horizon, make_plan
from meso_sched.core.preparing import late_start
from meso_sched.core.regimen import DEFAULT_LANGUAGE, Regimen
from meso_sched.core.screening import Screened, condition_of, screen
from meso_sched.core.walltime import minute_of, plural, show_day, show_time
from meso_sched.errors import UsageError
from meso_sched.exchange.editions import Edition
from meso_sched.exchange.languages import LANGUAGES
from meso_sched.exchange.schedule_values import parse_keep, parse_minutes
from meso_sched.exchange.schedules import Catalogue
from meso_sched.exchange.speaking import Speaker

if TYPE_CHECKING:
    from meso_sched.cli.targets import Target
    from meso_sched.core.revising import Revision
    from meso_sched.exchange.standing import Former


class PlanOptions(NamedTuple):
    """The command line of ``plan``, as typed."""

    regimen: str
    start: str
    patient: str | None = None
    course: str = "1"
    sessions: tuple[str, ...] = ()
    every: tuple[str, ...] = ()
    until: str | None = None
    length: str | None = None
    keep: str | None = None
    limits: circumstances.LimitOptions = circumstances.LimitOptions()
    conditions: tuple[str, ...] = ()
    override: bool = False
    strict: bool = False
    edition: EditionOptions = EditionOptions()


class Planned(NamedTuple):
    """A plan with all that is to be said about it; ``notes`` are for the desk alone.

    ``today`` is the clinic's local date; ``former`` is what stands in the file that it goes to.
    """

    plan: Plan
    edition: Edition
    open_time: OpenTime
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    today: date
    former: Former | None = None
    surroundings: Surroundings = Surroundings()


def find_regimen(catalogue: Catalogue, name: str, language: str = DEFAULT_LANGUAGE) -> Regimen:
    """The template of that id in a language; UsageError with the nearest if there is none."""
    regimen = catalogue.regimens.get(name)
    if regimen is None:
        hint = did_you_mean(name, catalogue.regimens)
        raise UsageError(f'no regimen is named "{name}"{hint} `meso-sched regimens` lists them.')
    return catalogue.spoken(regimen, language)


def make(
    options: PlanOptions, catalogue: Catalogue, now: datetime, target: Target | None = None
) -> Planned:
    """Plan a course; ``now`` is aware, ``target`` where it is to be written.

    What is done, missed or chosen by hand in a file of the same course stays. Raises MesoError
    with what to do about it.
    """
    clinic = catalogue.clinic()
    today = now.astimezone(clinic.zone).date()
    edition = edition_of(options.edition, catalogue.language)
    start, minute = reading.option(
        "--start", lambda text: reading.parse_start(text, today), options.start
    )
    screened = _screened(options, catalogue)
    course = _course(options, catalogue, clinic, start, today)
    course = course._replace(overrides=(*course.overrides, *screened.overrides))
    days = horizon(course, today)
    own = _own_uids(options, clinic, course)
    busy, warnings = circumstances.busy_time(options.limits.busy, clinic, days, own)
    holidays, notes = circumstances.holidays(clinic, days)
    request = PlanRequest(
        course=course,
        clinic=clinic,
        start=time.min if minute is None else time(*divmod(minute, 60)),
        limits=circumstances.limits(options.limits, today, Limits(preferred=minute)),
        holidays=holidays,
        busy=busy,
        around_busy=bool(options.limits.busy),
    )
    former = _former(target, catalogue, clinic, course, edition)
    revision = _again(request, former, now)
    open_time = OpenTime(clinic, request.limits, request.holidays)
    if revision is None:
        plan = make_plan(request)
        warnings = (*warnings, *_past(plan, now), *plan.warnings)
    else:
        plan = revision.plan
        warnings = (*warnings, *_stopped(plan), *revision.warnings)
    warnings = (*warnings, *late_start(plan, open_time, now))
    stored = None if former is None else former.course_of(plan)
    if stored is not None:
        warnings = (*stored.found, *warnings)
    if options.strict:
        refuse_overdue(plan.booked)
    unspoken = _unspoken(course.regimen, edition.language)
    notes = (*notes, *screened.notes, *_lost_marks(plan, former), *unspoken)
    around = Surroundings(busy, days, own)
    return Planned(plan, edition, open_time, warnings, notes, today, former, around)


def _former(
    target: Target | None, catalogue: Catalogue, clinic: Clinic, course: Course, edition: Edition
) -> Former | None:
    if target is None:
        return None
    from meso_sched.cli.writing import look_at
    from meso_sched.exchange.events import identity_of

    identity = identity_of(Plan(course, clinic, (), time.min), edition.audience)
    return look_at(target, clinic, catalogue.regimens, identity)


def _screened(options: PlanOptions, catalogue: Catalogue) -> Screened:
    """What the patient has, held against the template's list in all its languages."""
    if not options.conditions:
        return Screened()
    return screen(
        catalogue.screened(find_regimen(catalogue, options.regimen)),
        options.conditions,
        override=options.override,
        language=edition_of(options.edition, catalogue.language).language,
    )


def _unspoken(regimen: Regimen, language: str) -> Iterator[str]:
    """That a patient will read texts that are not in the language."""
    care = regimen.care
    texts = [
        each.what for group in (care.before, care.after, care.expect, care.call) for each in group
    ]
    texts += [each.name for each in regimen.reviews]
    lacking = [text for text in texts if not Speaker(language).speaks(text)]
    if lacking:
        yield (
            f"{plural(len(lacking), 'text')} of {regimen.id} that patients read, the first"
            f' "{lacking[0]}", not in {LANGUAGES[language].english}: written as'
            f" {'it is' if len(lacking) == 1 else 'they are'}"
        )


def _lost_marks(plan: Plan, former: Former | None) -> tuple[str, ...]:
    """The conditions that mark the course in its file, and no longer in the plan."""
    stored = None if former is None else former.course_of(plan)
    marks = () if stored is None else stored.recorded.course.overrides
    return tuple(
        f'the file marks the course "{mark}", and this plan does not: to keep the mark, add'
        f' --condition "{condition}" --override'
        for mark in marks
        if (condition := condition_of(mark)) is not None and mark not in plan.course.overrides
    )


def _course(
    options: PlanOptions, catalogue: Catalogue, clinic: Clinic, start: date, today: date
) -> Course:
    regimen = find_regimen(catalogue, options.regimen)
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


def _again(request: PlanRequest, former: Former | None, now: datetime) -> Revision | None:
    """The course planned again as a revision of the former one; None where that has no history."""
    if former is None or former.stored is None:
        return None
    from meso_sched.core.living import has_history
    from meso_sched.core.revising import RevisionRequest, revise
    from meso_sched.core.telling import Told

    new = Plan(
        request.course, request.clinic, (), request.start, request.limits, request.around_busy
    )
    stored = former.course_of(new)
    if stored is None:
        return None
    booked = stored.current.booked
    known = len(request.course.regimen.reviews)
    reviews = tuple(each for each in stored.current.reviews if each.number <= known)
    # Without a history a start to come begins the course anew; a past one leaves what is past.
    goes_on = request.course.start <= now.astimezone(request.clinic.zone).date()
    has_past = goes_on and any(each.start < now for each in booked)
    if not (has_history(stored.current) or has_past):
        return None
    return revise(
        RevisionRequest(
            plan=new._replace(booked=booked, reviews=reviews),
            recorded=stored.recorded,
            told=Told(),
            now=now,
            holidays=request.holidays,
            busy=request.busy,
            anew=True,
            course=request.course,
        )
    )


def _stopped(plan: Plan) -> Iterator[str]:
    """That a course is called off to its end, and stays so."""
    last = plan.booked[-1]
    if last.status is Status.CANCELLED:
        called_off = [each for each in plan.booked if each.status is Status.CANCELLED]
        yield (
            f"{plural(len(called_off), 'session')} of this course, the last among them, are called"
            " off in its file and stay so; plan a new course with --course"
            f" {plan.course.number + 1} into another file"
        )


def _own_uids(options: PlanOptions, clinic: Clinic, course: Course) -> frozenset[str]:
    """The UIDs of the course's own events, which take no time from it."""
    # Without a patient every such course has the same UIDs, also another patient's.
    if course.patient is None or not options.limits.busy:
        return frozenset()
    from meso_sched.exchange.events import Identity, own_uids

    return own_uids(Identity(clinic.name, course.patient, course.regimen.id, course.number))


def _past(plan: Plan, now: datetime) -> tuple[str, ...]:
    past = [each for each in plan.booked if each.start < now]
    if not past:
        return ()
    first = past[0]
    when = f"{show_day(first.day)} {first.day.year}"
    at = show_time(minute_of(first.start))
    if len(past) == 1:
        return (f"session {first.plan.number} ({when}, {at}) lies in the past",)
    return (f"{len(past)} sessions lie in the past, the first on {when} at {at}",)
