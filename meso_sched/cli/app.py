"""The commands and their options; what each does stands in a module of its own."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from meso_sched.cli import completing, server_commands
from meso_sched.cli.options import (
    At,
    Audience,
    Away,
    Between,
    BusySources,
    Care,
    Discreet,
    DiscreetFeed,
    Feed,
    Format,
    Invite,
    Json,
    Language,
    On,
    Output,
    Override,
    Push,
    RegimenName,
    Schedules,
    Strict,
    Words,
    Yes,
)
from meso_sched.errors import ProblemsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from meso_sched.cli.booking import P
    from meso_sched.cli.circumstances import LimitOptions
    from meso_sched.cli.editions import EditionOptions
    from meso_sched.exchange.schedules import Catalogue


class HungUpError(Exception):
    """Whoever read the output has gone (``| head``)."""


class _Group(TyperGroup):
    """Typer would end a closed pipe with the exit code of a bug."""

    def make_context(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - Typer's signature
        """Read the options; --help and --version print already here."""
        try:
            return super().make_context(*args, **options)
        except BrokenPipeError as error:
            raise HungUpError from error

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Typer's signature
        """Run a command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise HungUpError from error


app = typer.Typer(
    cls=_Group,
    help="Expands a regimen template into dated appointments that a clinic can keep.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: the other takes longer to load than the help to read
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _catalogue(schedules: list[Path] | None, *, check_holidays: bool = False) -> "Catalogue":
    from meso_sched.exchange.schedules import layers, load

    return load(layers(schedules or ()), check_holidays=check_holidays)


def _limits(
    at: str | None,
    on: Words,
    between: Words,
    away: Words,
    busy: Words,
    push: str | None,
) -> "LimitOptions":
    """When there is time; a calendar in which is booked takes it too."""
    from meso_sched.cli.circumstances import LimitOptions

    return LimitOptions(
        at, tuple(on or ()), tuple(between or ()), tuple(away or ()), _taking(busy, push)
    )


def _taking(busy: Words, push: str | None) -> tuple[str, ...]:
    """The calendars that take time, that in which is booked among them."""
    if push is None:
        return tuple(busy or ())
    from meso_sched.cli.booking import address

    return tuple(dict.fromkeys([*(busy or ()), address(push)]))


def _booked(make: "Callable[[], P]", deliver: "Callable[[P], None]", push: str | None) -> None:
    """Make a plan and deliver it; with ``push`` as long as its time was taken meanwhile."""
    if push is None:
        deliver(make())
        return
    from meso_sched.cli.booking import offered

    offered(make, deliver)


def _edition(
    audience: str | None, language: str | None, care: str | None, *, discreet: bool
) -> "EditionOptions":
    from meso_sched.cli.editions import EditionOptions

    return EditionOptions(audience, language, care, discreet)


def _version(asked: bool) -> None:
    if asked:
        from meso_sched import __version__

        typer.echo(f"meso-sched {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version.")
    ] = False,
) -> None:
    """Expands a regimen template into dated appointments that a clinic can keep."""


@app.command()
def regimens(schedules: Schedules = None, as_json: Json = False) -> None:
    """List the templates: their phases, ranges and sources."""
    catalogue = _catalogue(schedules)
    if as_json:
        from meso_sched.exchange import tables

        typer.echo(tables.to_json(tables.regimens_document(catalogue.regimens)), nl=False)
        return
    from meso_sched.cli import layout, view

    screen = layout.Screen()
    screen.show(view.regimens_lines(catalogue.regimens, screen.width))


@app.command()
def show(
    regimen: RegimenName,
    schedules: Schedules = None,
    language: Language = None,
    as_json: Json = False,
) -> None:
    """Show all that a template says, with the source of each figure."""
    from meso_sched.cli.editions import language_of
    from meso_sched.cli.planning import find_regimen

    catalogue = _catalogue(schedules)
    spoken = language_of(language, catalogue)
    found = find_regimen(catalogue, regimen, spoken)
    cited = catalogue.cited(found, spoken)
    if as_json:
        from meso_sched.exchange import tables

        typer.echo(tables.to_json(tables.show_document(found, cited)), nl=False)
        return
    from meso_sched.cli import layout, view

    screen = layout.Screen()
    screen.show(view.regimen_lines(found, cited, screen.width))


@app.command()
def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...", help="Schedules files; without any, all that `plan` would read."
        ),
    ] = None,
    schedules: Schedules = None,
    as_json: Json = False,
) -> None:
    """Check schedules files and tell every problem with its line."""
    from meso_sched.cli.layout import visible
    from meso_sched.cli.talking import say
    from meso_sched.core.walltime import plural
    from meso_sched.exchange import tables
    from meso_sched.exchange.schedules import lay_over, layers, own_files, read_files
    from meso_sched.exchange.untranslated import untranslated

    paths = layers([*(schedules or ()), *(files or ())])
    names = [str(path) for path in paths]
    try:
        written = read_files(paths)
        catalogue = lay_over(written, check_holidays=True)
        catalogue.clinic()
    except ProblemsError as error:
        if as_json:
            typer.echo(tables.to_json(tables.check_document(names, error.problems)), nl=False)
        raise
    warnings = untranslated(own_files(written), catalogue.settings.get("language"))
    if as_json:
        document = tables.check_document(names, warnings=warnings)
        typer.echo(tables.to_json(document), nl=False)
    else:
        for name in names:
            typer.echo(visible(f"{name}: ok"))
        for warning in warnings:
            say(f"warning: {warning}")
        warned = f", {plural(len(warnings), 'warning')}" if warnings else ""
        say(f"{len(catalogue.regimens)} regimens, no problems{warned}")


@app.command()
def plan(
    regimen: RegimenName,
    start: Annotated[
        str,
        typer.Option(
            metavar="DATE[THH:MM]",
            help="First day: 2027-01-05, 2027-01-05T10:00, today, tomorrow, next tue, +2w.",
        ),
    ],
    at: At = None,
    patient: Annotated[
        str | None, typer.Option(metavar="REF", help="The clinic's reference for the patient.")
    ] = None,
    course: Annotated[
        str, typer.Option(metavar="N", help="Number of this patient's course.")
    ] = "1",
    sessions: Annotated[
        Words,
        typer.Option(
            metavar="PHASE=N",
            autocompletion=completing.phases,
            help="How many sessions a phase has; repeatable.",
        ),
    ] = None,
    every: Annotated[
        Words,
        typer.Option(
            metavar="PHASE=INTERVAL",
            autocompletion=completing.phases,
            help='The interval of a phase, as "series=10 days"; repeatable.',
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Fill the last open phase up to this day.")
    ] = None,
    length: Annotated[
        str | None, typer.Option(metavar="LENGTH", help="How long a session takes, as 45m.")
    ] = None,
    keep: Annotated[
        str | None,
        typer.Option(
            metavar="weekday|date", help="Keep the weekday (the default) or count exact dates."
        ),
    ] = None,
    on: On = None,
    between: Between = None,
    away: Away = None,
    busy: BusySources = None,
    condition: Annotated[
        Words,
        typer.Option(
            metavar="TEXT",
            autocompletion=completing.conditions,
            help="What the patient has, held against who the regimen is not for; repeatable.",
        ),
    ] = None,
    schedules: Schedules = None,
    override: Override = False,
    strict: Strict = False,
    audience: Audience = None,
    language: Language = None,
    care: Care = None,
    discreet: Discreet = False,
    invite: Invite = None,
    out: Output = None,
    format_: Format = None,
    push: Push = None,
    as_json: Json = False,
) -> None:
    """Plan a course: dated appointments that the clinic can keep."""
    from meso_sched.cli import inviting, output, planning, reading, targets

    now = datetime.now(UTC)
    edition = _edition(audience, language, care, discreet=discreet)
    asking, edition = inviting.asking(invite, edition, now)
    options = planning.PlanOptions(
        regimen=regimen,
        start=start,
        patient=patient,
        course=course,
        sessions=tuple(sessions or ()),
        every=tuple(every or ()),
        until=until,
        length=length,
        keep=keep,
        limits=_limits(at, on, between, away, busy, push),
        conditions=tuple(condition or ()),
        override=override,
        strict=strict,
        edition=edition,
    )
    stamp = reading.stamp(os.environ, now)
    target = targets.Target.choose(out, format_, as_json=as_json)
    catalogue = _catalogue(schedules, check_holidays=True)
    inviting.refuse_unfit(asking, edition, target, catalogue)
    output.check_folder(target, patient)
    output.check_push(push, target, options)

    def make() -> planning.Planned:
        return planning.make(options, catalogue, now, target)

    def deliver(planned: planning.Planned) -> None:
        output.deliver(planned, stamp, target, asking, as_json=as_json, push=push)

    _booked(make, deliver, push)


@app.command()
def revise(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="COURSE.ics",
            readable=False,
            help="The course's file; or its folder of events, or one of them.",
        ),
    ],
    done: Annotated[
        Words,
        typer.Option(
            metavar="N[=DATETIME]", help="Session N was done, as booked or then; repeatable."
        ),
    ] = None,
    missed: Annotated[
        Words,
        typer.Option(metavar="N", help="The patient missed session N: place it again; repeatable."),
    ] = None,
    move: Annotated[
        Words,
        typer.Option(
            metavar="N=DATETIME",
            help="Session N moves there, or to the best time of that day; repeatable.",
        ),
    ] = None,
    cancel: Annotated[
        Words,
        typer.Option(metavar="N|N..", help="Cancel session N, or it and the rest; repeatable."),
    ] = None,
    extend: Annotated[
        Words, typer.Option(metavar="PHASE=N", help="N sessions more in a phase; repeatable.")
    ] = None,
    stop: Annotated[bool, typer.Option("--stop", help="Cancel all that is still to come.")] = False,
    restart: Annotated[
        bool,
        typer.Option("--restart-phase", help="Begin the phase of the next open session anew."),
    ] = False,
    at: At = None,
    on: On = None,
    between: Between = None,
    away: Away = None,
    busy: BusySources = None,
    schedules: Schedules = None,
    override: Annotated[
        bool,
        typer.Option("--override", help="Take a date or a count that breaks a rule, marked so."),
    ] = False,
    strict: Strict = False,
    yes: Yes = False,
    dry_run: Annotated[bool, typer.Option("-n", "--dry-run", help="Write nothing.")] = False,
    audience: Audience = None,
    language: Language = None,
    care: Care = None,
    discreet: Discreet = False,
    invite: Invite = None,
    out: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE|DIR/|-",
            help="Write .ics, .html, .json, .csv or .fhir.json there, or into DIR/ an .ics an"
            " event; the course's file stays as it is.",
        ),
    ] = None,
    format_: Format = None,
    push: Push = None,
    as_json: Json = False,
) -> None:
    """Keep a course right: done, missed, moved, cancelled. Without options: how it stands."""
    from meso_sched.cli import inviting, reading, revising, revision_output

    options = revising.ReviseOptions(
        done=tuple(done or ()),
        missed=tuple(missed or ()),
        move=tuple(move or ()),
        cancel=tuple(cancel or ()),
        extend=tuple(extend or ()),
        stop=stop,
        restart=restart,
        limits=_limits(at, on, between, away, busy, push),
        override=override,
        strict=strict,
        dry_run=dry_run,
    )
    now = datetime.now(UTC)
    edition = _edition(audience, language, care, discreet=discreet)
    asking, edition = inviting.asking(invite, edition, now, own_file=True)
    wish = revision_output.Wish(
        yes=yes,
        dry_run=dry_run,
        target=revision_output.elsewhere(file, out, format_, edition, as_json=as_json),
        edition=edition,
        as_json=as_json,
        push=push,
        asking=asking,
    )
    revision_output.check_push(wish, file)
    catalogue = _catalogue(schedules, check_holidays=True)
    inviting.refuse_elsewhere(asking, wish.target, catalogue)

    def make() -> revising.Revised:
        return revising.make(file, options, catalogue, now)

    def deliver(revised: revising.Revised) -> None:
        revision_output.deliver(revised, reading.stamp(os.environ, now), wish)

    _booked(make, deliver, push)


@app.command()
def agenda(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH]...", help="Courses, or folders of them; without any, this folder."
        ),
    ] = None,
    date: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Another day than today, as 2027-01-05 or next tue."),
    ] = None,
    week: Annotated[bool, typer.Option("--week", help="Its week, Monday to Sunday.")] = False,
    month: Annotated[bool, typer.Option("--month", help="Its month.")] = False,
    days: Annotated[
        str | None,
        typer.Option("--range", metavar="A..B", help="From A to B, both days included."),
    ] = None,
    patient: Annotated[
        str | None, typer.Option("--for", metavar="REF", help="One patient's courses as timelines.")
    ] = None,
    schedules: Schedules = None,
    as_json: Json = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="The appointments as CSV on stdout.")
    ] = False,
    out: Feed = None,
    discreet: DiscreetFeed = False,
) -> None:
    """Show who comes when, and what to see to. With -o: a calendar to subscribe to."""
    from meso_sched.cli import agenda as use_case

    options = use_case.AgendaOptions(
        paths=tuple(paths or use_case.HERE),
        date=date,
        week=week,
        month=month,
        range=days,
        patient=patient,
        form=use_case.form(as_json=as_json, as_csv=as_csv),
        out=out,
        discreet=discreet,
    )
    use_case.deliver(use_case.make(options, _catalogue(schedules), datetime.now(UTC)))


@app.command()
def cohort(
    patients: Annotated[
        Path,
        typer.Argument(
            metavar="PATIENTS.csv",
            readable=False,
            help="A row a course, CSV with a header or JSON lines.",
        ),
    ],
    keep_booked: Annotated[
        list[Path] | None,
        typer.Option(
            "--keep-booked",
            metavar="FOLDER",
            help="The courses in there keep their slots; repeatable.",
        ),
    ] = None,
    busy: BusySources = None,
    schedules: Schedules = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Plan the other rows where some are wrong.")
    ] = False,
    stable: Annotated[
        bool,
        typer.Option("--stable", help="Leave sessions where the last run into -o had them."),
    ] = False,
    strict: Strict = False,
    seconds: Annotated[
        str, typer.Option(metavar="N", help="Search at most so long in each clinic.")
    ] = "120",
    seed: Annotated[str, typer.Option(metavar="N", help="The same seed, the same result.")] = "0",
    workers: Annotated[
        str | None,
        typer.Option(metavar="N", help="Processes, where a column splits the list by clinic."),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="A Dask scheduler that places the clinics instead."),
    ] = None,
    audience: Annotated[
        str | None,
        typer.Option("--for", metavar="clinic", help="Events with the regimen and phase."),
    ] = None,
    language: Language = None,
    care: Care = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FOLDER",
            help="Write calendars of patients, rooms and practitioners, and a summary, in there.",
        ),
    ] = None,
    push: Push = None,
    as_json: Json = False,
) -> None:
    """Plan all courses of a list together. In the clinic's rooms and with its people."""
    from meso_sched.cli import cohort as use_case
    from meso_sched.cli import cohort_output, reading

    options = use_case.CohortOptions(
        source=patients,
        keep_booked=tuple(keep_booked or ()),
        busy=_taking(busy, push),
        skip_bad=skip_bad,
        stable=stable,
        strict=strict,
        seconds=seconds,
        seed=seed,
        workers=workers,
        cluster=cluster,
        folder=out,
        edition=_edition(audience, language, care, discreet=False),
        push=push,
    )
    now = datetime.now(UTC)
    stamp = reading.stamp(os.environ, now)
    placed = use_case.make(options, _catalogue(schedules, check_holidays=True), now)
    cohort_output.deliver(placed, options, stamp, as_json=as_json)


app.command()(server_commands.push)
app.command()(server_commands.pull)


@app.command()
def init(
    file: Annotated[
        str, typer.Argument(metavar="[FILE|-]", help="Where to write it.")
    ] = "schedules.toml",
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="The clinic's name.")] = None,
    timezone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="As Europe/Istanbul.")
    ] = None,
    holidays: Annotated[
        str | None, typer.Option(metavar="CODE", help='As TR or DE-BY; "" for none.')
    ] = None,
) -> None:
    """Write a commented schedules file for a clinic."""
    from meso_sched.cli import setting_up

    setting_up.write_file(file, setting_up.Known(name, timezone, holidays))
