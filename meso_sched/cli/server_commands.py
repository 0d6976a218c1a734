"""The commands that speak with calendar servers, and their options."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from meso_sched.cli.options import BusySources, Json, Schedules, Yes

Url = Annotated[
    str,
    typer.Argument(
        metavar="URL", help="A calendar on a CalDAV server, or the account that has it."
    ),
]
CalendarName = Annotated[
    str | None,
    typer.Option("--calendar", metavar="NAME", help="Which of the account's calendars."),
]
DryRun = Annotated[
    bool, typer.Option("-n", "--dry-run", help="Show what differs, and change nothing.")
]


def push(
    courses: Annotated[
        list[Path],
        typer.Argument(metavar="COURSE.ics...", readable=False, help="Courses' files."),
    ],
    url: Url,
    calendar: CalendarName = None,
    create: Annotated[
        bool, typer.Option("--create", help="Make the calendar if it is not there.")
    ] = False,
    ours: Annotated[
        bool, typer.Option("--ours", help="Where both changed, the course's side goes there.")
    ] = False,
    theirs: Annotated[
        bool, typer.Option("--theirs", help="Where both changed, the server's side stays.")
    ] = False,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Delete there what is called off, instead of marking it."),
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Send courses to a calendar server. Only what differs goes; nothing of others is undone.

    The password comes from the keyring (`keyring set meso-sched:HOST USER`) or from the
    environment (MESO_SCHED_CALDAV_USER, MESO_SCHED_CALDAV_PASSWORD), never from the command line.
    """
    from meso_sched.cli import pushing

    pushing.run(
        pushing.PushOptions(
            files=tuple(courses),
            url=url,
            calendar=calendar,
            create=create,
            ours=ours,
            theirs=theirs,
            prune=prune,
            dry_run=dry_run,
            as_json=as_json,
        )
    )


def pull(
    url: Url,
    course: Annotated[
        Path, typer.Argument(metavar="COURSE.ics", readable=False, help="The course's file.")
    ],
    calendar: CalendarName = None,
    ours: Annotated[
        bool, typer.Option("--ours", help="Where both changed, the course's side stays.")
    ] = False,
    theirs: Annotated[
        bool, typer.Option("--theirs", help="Where both changed, the server's side is taken.")
    ] = False,
    busy: BusySources = None,
    schedules: Schedules = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take into a course what others did on a server. Moved, cancelled, answered: shown first."""
    from meso_sched.cli import inviting, pulling, reading, revision_output
    from meso_sched.exchange.schedules import layers, load

    now = datetime.now(UTC)
    options = pulling.PullOptions(url, course, calendar, ours, theirs, tuple(busy or ()))
    wish = revision_output.Wish(
        yes=yes, dry_run=dry_run, as_json=as_json, asking=inviting.Asking(now)
    )
    catalogue = load(layers(schedules or ()), check_holidays=True)
    pulling.run(options, catalogue, now, reading.stamp(os.environ, now), wish)
