"""Shell completion: the names that a regimen, a choice, a condition or a language can have."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from meso_sched.errors import MesoError


def regimens(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Regimen ids with their titles."""
    for regimen in _catalogue(ctx).values():
        if regimen.id.startswith(incomplete):
            yield regimen.id, str(regimen.title)


def phases(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """``PHASE=`` for the phases of the regimen that the line names."""
    regimens = _catalogue(ctx)
    named = [word for word in _words() if word in regimens]
    for phase in regimens[named[0]].phases if named else ():
        if phase.name.startswith(incomplete):
            yield f"{phase.name}=", f"{phase.sessions_text} every {phase.every_text}"


def conditions(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Whom the regimen that the line names is not for, each as one word, with its source."""
    from meso_sched.core.screening import typed

    regimens = _catalogue(ctx)
    named = [word for word in _words() if word in regimens]
    for each in regimens[named[0]].care.screening if named else ():
        if typed(each).startswith(incomplete.lower()):
            yield typed(each), f"{each.what} ({', '.join(each.sources)})"


def languages(incomplete: str) -> Iterator[tuple[str, str]]:
    """The codes of the languages with their own names."""
    from meso_sched.exchange.languages import LANGUAGES

    for code, name in LANGUAGES.items():
        if code.startswith(incomplete):
            yield code, name.own


def care_forms(incomplete: str) -> Iterator[tuple[str, str]]:
    """How care can come into a calendar."""
    forms = {
        "events": "an event at each moment",
        "alarms": "alarms of the session",
        "none": "not at all",
    }
    return (each for each in forms.items() if each[0].startswith(incomplete.lower()))


def _words() -> list[str]:
    """The line so far: a half-typed option keeps the parser from getting at the arguments."""
    line = os.environ.get("_TYPER_COMPLETE_ARGS") or os.environ.get("COMP_WORDS", "")
    return line.split()


def _catalogue(ctx: typer.Context) -> dict[str, Any]:
    from meso_sched.exchange.schedules import layers, load

    try:
        named = [Path(each) for each in ctx.params.get("schedules") or ()]
        return dict(load(layers(named)).regimens)
    except MesoError:
        return {}  # a broken file completes nothing; the command itself tells what is wrong
