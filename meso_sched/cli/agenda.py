"""The use case ``agenda``: files and folders of courses -> who comes when, and what to see to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from meso_sched.cli import reading
from meso_sched.cli.talking import emit, patience, tell
from meso_sched.core.agenda import Agenda, AgendaRequest, KeptCourse, make_agenda
from meso_sched.core.clinic import Clinic
from meso_sched.core.nearest import did_you_mean
from meso_sched.core.walltime import DateRange, plural
from meso_sched.errors import FileError, UsageError
from meso_sched.exchange.course_files import Found, Wanted, find_courses
from meso_sched.exchange.schedules import Catalogue

if TYPE_CHECKING:
    from meso_sched.cli.feed import FeedTarget
    from meso_sched.exchange.events import CourseFile

HERE = (Path(),)


class AgendaOptions(NamedTuple):
    """The command line of ``agenda``, as typed; ``patient`` is that of ``--for``.

    ``form`` is "json", "csv" or "" for the screen. ``out`` and ``discreet`` are of a feed.
    """

    paths: tuple[Path, ...] = HERE
    date: str | None = None
    week: bool = False
    month: bool = False
    range: str | None = None
    patient: str | None = None
    form: str = ""
    out: str | None = None
    discreet: bool = False

    @property
    def names_days(self) -> bool:
        """Whether it says which days are asked for."""
        return self.week or self.month or self.date is not None or self.range is not None


def form(*, as_json: bool, as_csv: bool) -> str:
    """The form that ``--json`` and ``--csv`` ask for; UsageError where both do."""
    if as_json and as_csv:
        raise UsageError("--json and --csv both want stdout; leave one of them out")
    return "json" if as_json else "csv" if as_csv else ""


class Shown(NamedTuple):
    """An agenda and all that is to be said about it; ``broken`` are the files that it lacks.

    ``files`` are those of the courses, one each, where a feed is to be written to ``target``.
    """

    agenda: Agenda
    clinic: Clinic
    now: datetime
    options: AgendaOptions
    warnings: tuple[str, ...]
    broken: tuple[str, ...]
    notes: tuple[str, ...]
    courses: tuple[KeptCourse, ...] = ()
    files: tuple[CourseFile, ...] = ()
    target: FeedTarget | None = None


def make(options: AgendaOptions, catalogue: Catalogue, now: datetime) -> Shown:
    """Read the courses and see what they hold; ``now`` is aware.

    Raises MesoError with what to do about it.
    """
    clinic = catalogue.clinic()
    today = now.astimezone(clinic.zone).date()
    days = _days(options, today)
    target = _target(options, catalogue, clinic, days)
    wanted = Wanted()
    if target is not None:
        wanted = Wanted(files=True, care_of=_patient(options), target=target.path)
    with patience("reading the courses"):
        found = find_courses(options.paths, clinic, catalogue.regimens, wanted)
    notes = _notes(options, found)
    found = _of_patient(options, found)
    agenda = make_agenda(
        AgendaRequest(
            courses=found.courses,
            now=now,
            zone=clinic.zone,
            days=None if options.patient is not None and not options.names_days else days,
            months=_months(options, days, today),
        )
    )
    return Shown(
        agenda=agenda,
        clinic=clinic,
        now=now,
        options=options,
        warnings=found.warnings,
        broken=found.broken,
        notes=notes,
        courses=found.courses,
        files=found.files,
        target=target,
    )


def deliver(shown: Shown) -> None:
    """Show an agenda: data on stdout, words on stderr; or write the feed, which is not shown.

    Raises FileError at the end where files of a folder could not be read.
    """
    if shown.options.form:
        emit(_data(shown).encode())
    tell(shown.notes, shown.warnings)
    if shown.target is not None:
        shown.target.write(zip(shown.courses, shown.files, strict=True), shown.broken)
        return
    if shown.agenda.courses and not shown.options.form:
        _show(shown)
    if shown.broken:
        lacking = plural(len(shown.broken), "file")
        raise FileError("\n".join([*shown.broken, f"the agenda lacks what is in {lacking}"]))


def _data(shown: Shown) -> str:
    from meso_sched.exchange import agenda_tables, tables

    document = agenda_tables.agenda_document(
        shown.agenda, shown.clinic.zone_name, (*shown.warnings, *shown.broken)
    )
    if shown.options.form == "csv":
        return agenda_tables.to_csv(document)
    return tables.to_json(document)


def _show(shown: Shown) -> None:
    from meso_sched.cli import agenda_view, layout, timeline_view

    screen, today = layout.Screen(), shown.now.astimezone(shown.clinic.zone)
    options = shown.options
    if options.patient is None:
        screen.show(agenda_view.agenda_lines(shown.agenda, today.date(), screen.width))
        return
    if options.names_days:
        screen.show(agenda_view.appointment_lines(shown.agenda, today.date(), screen.width))
        screen.show([()])
    screen.show(timeline_view.timeline_lines(shown.agenda, today, screen.width))


def _target(
    options: AgendaOptions, catalogue: Catalogue, clinic: Clinic, days: DateRange
) -> FeedTarget | None:
    """Where a feed is to go; None where none is asked for."""
    if options.out is None:
        if options.discreet:
            raise UsageError("--discreet: is for a feed; add -o FILE, or leave it out")
        return None
    from meso_sched.cli.feed import FeedTarget
    from meso_sched.exchange.feed import FeedOrder

    order = FeedOrder(
        clinic,
        catalogue.language,
        days if options.names_days else None,
        _patient(options),
        options.discreet,
    )
    return FeedTarget.choose(options.out, order, options.form)


# ---- Which days ----------------------------------------------------------------------------------


def _days(options: AgendaOptions, today: date) -> DateRange:
    _refuse_two(options)
    if options.range is not None:
        return reading.option(
            "--range", lambda text: reading.parse_away(text, today), options.range
        )
    day = _day(options, today)
    if options.month:
        return _month_of(day)
    if options.week:
        monday = day - timedelta(days=day.weekday())
        return DateRange(monday, monday + timedelta(days=6))
    return DateRange(day, day)


def _refuse_two(options: AgendaOptions) -> None:
    given = {"--week": options.week, "--month": options.month, "--range": options.range is not None}
    named = [name for name, is_given in given.items() if is_given]
    if options.range is not None and options.date is not None:
        named.append("--date")
    if len(named) > 1:
        told = f"{', '.join(named[:-1])} and {named[-1]}"
        raise UsageError(f"{told} each say which days; give one of them")


def _day(options: AgendaOptions, today: date) -> date:
    if options.date is None:
        return today
    return reading.option("--date", lambda text: reading.parse_day(text, today), options.date)


def _months(options: AgendaOptions, days: DateRange, today: date) -> DateRange:
    """The month of the date asked for, or the months that a range touches."""
    if options.range is None:
        return _month_of(_day(options, today))
    return DateRange(_month_of(days.first).first, _month_of(days.last).last)


def _month_of(day: date) -> DateRange:
    first = day.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return DateRange(first, following - timedelta(days=1))


# ---- Whose courses -------------------------------------------------------------------------------


def _patient(options: AgendaOptions) -> str | None:
    if options.patient is None:
        return None
    return reading.option("--for", reading.parse_name, options.patient)


def _of_patient(options: AgendaOptions, found: Found) -> Found:
    """All courses, or those of ``--for``.

    Raises UsageError where there are none, FileError where they may be in a broken file.
    """
    patient = _patient(options)
    if patient is None:
        return found
    places = [at for at, each in enumerate(found.courses) if each.patient == patient]
    if places:
        files = tuple(found.files[at] for at in places) if found.files else ()
        return found._replace(courses=tuple(found.courses[at] for at in places), files=files)
    known = [each.patient for each in found.courses if each.patient is not None]
    where = _shown_paths(options.paths)
    told = f'--for: no course in {where} is of a patient "{patient}"{did_you_mean(patient, known)}'
    if found.broken:
        raise FileError("\n".join([*found.broken, told]))
    raise UsageError(told)


def _notes(options: AgendaOptions, found: Found) -> tuple[str, ...]:
    notes = []
    if found.others:
        hold = "holds" if found.others == 1 else "hold"
        notes.append(f"{plural(found.others, 'other calendar file')} {hold} no course: left out")
    if not found.courses:
        notes.append(
            f"no course is in {_shown_paths(options.paths)}; plan one with `meso-sched plan"
            " REGIMEN --start DATE -o P1.ics`, or name the folder that holds them"
        )
    return tuple(notes)


def _shown_paths(paths: Sequence[Path]) -> str:
    shown = ["this folder" if path == Path() else str(path) for path in paths]
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
