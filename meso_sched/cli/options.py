"""The options that more than one command takes."""

from pathlib import Path
from typing import Annotated

import typer

from meso_sched.cli import completing

Words = list[str] | None

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
    typer.Option(
        "--lang",
        metavar="CODE",
        autocompletion=completing.languages,
        help="Language that the patient reads: en, tr, fr, de, es or ar.",
    ),
]
At = Annotated[str | None, typer.Option(metavar="HH:MM", help="Preferred time of every session.")]
On = Annotated[Words, typer.Option(metavar="DAYS", help="Only on these weekdays, as mon,thu.")]
Between = Annotated[Words, typer.Option(metavar="HH:MM-HH:MM", help="Only within these hours.")]
Away = Annotated[
    Words,
    typer.Option(metavar="A..B", help="The patient is away, both days included; repeatable."),
]
BusySources = Annotated[
    Words,
    typer.Option(
        "--busy",
        metavar="PATH|URL",
        help="Time that .ics files, folders (as . for this one), URLs or calendars on servers"
        " (caldav+https://…) take; repeatable.",
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="An overdue session is an error.")]
Audience = Annotated[
    str | None,
    typer.Option(
        "--for",
        metavar="clinic|patient",
        help="Whose calendar: with the regimen and phase, or without; else the reference only.",
    ),
]
Care = Annotated[
    str | None,
    typer.Option(
        "--care",
        metavar="events|alarms|none",
        autocompletion=completing.care_forms,
        help="Care before and after in the .ics; events unless --for clinic.",
    ),
]
Discreet = Annotated[
    bool,
    typer.Option(
        "--discreet",
        help='With --for patient or --invite: titles say "Appointment" and nothing else.',
    ),
]
Invite = Annotated[
    str | None,
    typer.Option(
        "--invite",
        metavar="ADDRESS",
        help="Write a mail with an invitation for each appointment, into a folder beside the .ics;"
        ' "none" stops that.',
    ),
]
Feed = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE|-",
        help="Write one .ics to subscribe to instead: all appointments, past and to come, unless"
        " days are named; with --for, care too.",
    ),
]
DiscreetFeed = Annotated[
    bool,
    typer.Option(
        "--discreet",
        help='With -o, for others: each event says when, "Appointment" and nothing else.',
    ),
]
Format = Annotated[
    str | None, typer.Option("--format", metavar="FORMAT", help="ics, json, csv, html or fhir.")
]
Override = Annotated[
    bool, typer.Option("--override", help="Take choices outside their range, marked as such.")
]
Output = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE|DIR/|-",
        help="Write .ics, .html (a card to print), .json, .csv or .fhir.json; into DIR/ an .ics an"
        " event, as khal and vdirsyncer keep them.",
    ),
]
Push = Annotated[
    str | None,
    typer.Option(
        "--push",
        metavar="URL",
        help="Book in this CalDAV calendar too, unless another desk was quicker.",
    ),
]
Yes = Annotated[bool, typer.Option("-y", "--yes", help="Write without asking.")]
