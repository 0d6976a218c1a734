"""The commands and their options; what each does stands in a module of its own."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from meso_sched.cli import completing
from meso_sched.errors import ProblemsError

if TYPE_CHECKING:
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

Schedules = Annotated[
    list[Path] | None,
    typer.Option(
        "--schedules",
        metavar="FILE",
        envvar="MESO_SCHED_SCHEDULES",
        help="A schedules file over the shipped one; repeatable, the later wins.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout instead of a table.")]
RegimenName = Annotated[
    str,
    typer.Argument(
        metavar="REGIMEN",
        help="The template; `meso-sched regimens` lists them.",
        autocompletion=completing.regimens,
    ),
]
Language = Annotated[
    str | None,
    typer.Option("--lang", metavar="CODE", help="Language of the template's texts, as en."),
]
Words = list[str] | None


def _catalogue(schedules: list[Path] | None, *, check_holidays: bool = False) -> "Catalogue":
    from meso_sched.exchange.schedules import layers, load

    return load(layers(schedules or ()), check_holidays=check_holidays)


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
    from meso_sched.cli.planning import find_regimen

    catalogue = _catalogue(schedules)
    found = find_regimen(catalogue, regimen, language)
    cited = {key: what for key, what in catalogue.sources.items() if key in found.all_sources}
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
    from meso_sched.exchange import tables
    from meso_sched.exchange.schedules import layers, load

    paths = layers([*(schedules or ()), *(files or ())])
    names = [str(path) for path in paths]
    try:
        catalogue = load(paths, check_holidays=True)
        catalogue.clinic()
    except ProblemsError as error:
        if as_json:
            problems = [{"where": each.where, "message": each.message} for each in error.problems]
            typer.echo(tables.to_json(tables.check_document(names, problems)), nl=False)
        raise
    if as_json:
        typer.echo(tables.to_json(tables.check_document(names, ())), nl=False)
    else:
        for name in names:
            typer.echo(visible(f"{name}: ok"))
        say(f"{len(catalogue.regimens)} regimens, no problems")


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
    at: Annotated[
        str | None, typer.Option(metavar="HH:MM", help="Preferred time of every session.")
    ] = None,
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
    on: Annotated[
        Words, typer.Option(metavar="DAYS", help="Only on these weekdays, as mon,thu.")
    ] = None,
    between: Annotated[
        Words, typer.Option(metavar="HH:MM-HH:MM", help="Only within these hours.")
    ] = None,
    away: Annotated[
        Words,
        typer.Option(metavar="A..B", help="The patient is away, both days included; repeatable."),
    ] = None,
    busy: Annotated[
        Words,
        typer.Option(
            metavar="PATH|URL",
            help="Time that .ics files, folders or URLs take, as . for this folder; repeatable.",
        ),
    ] = None,
    schedules: Schedules = None,
    override: Annotated[
        bool, typer.Option("--override", help="Take choices outside their range, marked as such.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="An overdue session is an error.")
    ] = False,
    audience: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="clinic|patient",
            help="Whose calendar: with the regimen and phase, or without; else the reference only.",
        ),
    ] = None,
    language: Language = None,
    out: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE|-", help="Write .ics, .json or .csv."),
    ] = None,
    format_: Annotated[
        str | None, typer.Option("--format", metavar="FORMAT", help="ics, json or csv.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Plan a course: dated appointments that the clinic can keep."""
    from meso_sched.cli import output, planning

    options = planning.PlanOptions(
        regimen=regimen,
        start=start,
        at=at,
        patient=patient,
        course=course,
        sessions=tuple(sessions or ()),
        every=tuple(every or ()),
        until=until,
        length=length,
        keep=keep,
        on=tuple(on or ()),
        between=tuple(between or ()),
        away=tuple(away or ()),
        busy=tuple(busy or ()),
        override=override,
        strict=strict,
        audience=audience,
        language=language,
    )
    now = datetime.now(UTC)
    stamp = planning.stamp(os.environ, now)
    target = output.Target.choose(out, format_, as_json=as_json)
    catalogue = _catalogue(schedules, check_holidays=True)
    planned = planning.make(options, catalogue, now)
    output.deliver(planned, stamp, target, as_json=as_json)


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
