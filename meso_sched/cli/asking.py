"""Asks on a terminal for what the options left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from meso_sched.cli.layout import visible
from meso_sched.cli.reading import parse_number
from meso_sched.cli.talking import hint
from meso_sched.core.course import Choices, Missing
from meso_sched.core.interval import MAX_SESSIONS, Interval
from meso_sched.core.regimen import Regimen

T = TypeVar("T")

INTERRUPTED = 130
"""The exit code of what a person broke off, as shells have it."""


def ask_missing(regimen: Regimen, choices: Choices, missing: Sequence[Missing]) -> Choices:
    """The choices with those that the source leaves open, as the clinician types them."""
    sessions, every = dict(choices.sessions), dict(choices.every)
    for each in missing:
        question = f"{regimen.title}, phase {each.phase}: "
        if each.what == "sessions":
            sessions[each.phase] = ask(f"{question}number of sessions", _count)
        else:
            every[each.phase] = ask(f'{question}interval, as "2 weeks"', _interval)
    return choices._replace(sessions=sessions, every=every)


def ask(question: str, parse: Callable[[str], T], default: str | None = None) -> T:
    """Ask on stderr until the answer can be read; Ctrl-C ends it."""
    import typer

    while True:
        try:
            answer = typer.prompt(visible(question), default=default, err=True)
        except typer.Abort:
            raise typer.Exit(INTERRUPTED) from None
        try:
            return parse(answer)
        except ValueError as error:
            hint(str(error))


def confirm(question: str) -> bool:
    """Ask on stderr for a yes; anything else is a no, Ctrl-C ends it."""
    import typer

    try:
        return typer.confirm(visible(question), default=False, err=True)
    except typer.Abort:
        hint("nothing was written")
        raise typer.Exit(INTERRUPTED) from None


def _count(text: str) -> int:
    count = parse_number(text)
    if not 1 <= count <= MAX_SESSIONS:
        raise ValueError(f"a phase has 1 to {MAX_SESSIONS} sessions")
    return count


def _interval(text: str) -> str:
    Interval.parse(text)
    return text
