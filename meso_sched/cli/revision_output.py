"""Shows a revision and, once confirmed, writes it: the course's file stays whole throughout."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import NamedTuple

from meso_sched.cli import layout, revision_view, view
from meso_sched.cli.output import Target, tell
from meso_sched.cli.revising import Revised
from meso_sched.cli.talking import can_ask, say
from meso_sched.cli.writing import Written, look_at, prepare, prepare_revision
from meso_sched.core.changes import adherence
from meso_sched.core.walltime import plural
from meso_sched.exchange import tables


class Wish(NamedTuple):
    """What is to happen to the file; ``target`` None: the revision goes where the course is."""

    yes: bool = False
    dry_run: bool = False
    target: Target | None = None
    audience: str | None = None
    as_json: bool = False


def deliver(revised: Revised, stamp: datetime, wish: Wish) -> None:
    """Show the revision; write it on confirmation. Data on stdout, words on stderr."""
    target, written = wish.target, _prepared(revised, stamp, wish)
    to_stdout = target is not None and target.path is None
    if to_stdout:
        sys.stdout.flush()
        sys.stdout.buffer.write(written.data)
        sys.stdout.buffer.flush()
    elif not wish.as_json:
        _show(revised, stderr=False)
    tell(revised.notes, (*revised.stored.found, *revised.warnings))
    if to_stdout:
        _show(revised, stderr=True)
        return
    path = revised.path if target is None or target.path is None else target.path
    is_written = _is_wanted(revised, wish, written)
    if is_written:
        written.replace(path)
    if wish.as_json:
        sys.stdout.write(tables.to_json(_document(revised, written, is_written=is_written)))
    if is_written:
        in_place = target is None
        say(f"{path}: {written.what}" + (_counted(revised) if in_place else ""))


def _prepared(revised: Revised, stamp: datetime, wish: Wish) -> Written:
    """The bytes for the course's own file, or for another place."""
    stored, target = revised.stored, wish.target
    if target is None:
        return prepare_revision(revised.plan, stored, revised.former, stamp)
    former = look_at(target, revised.plan.clinic, ())
    audience = stored.audience if wish.audience is None else wish.audience
    return prepare(revised.plan, audience, revised.warnings, stamp, target, former)


def _is_wanted(revised: Revised, wish: Wish, written: Written) -> bool:
    """Whether to write; says why not."""
    path = revised.path if wish.target is None else wish.target.path
    if wish.target is None and not revised.told and not revised.changes:
        return False
    if written.same:
        say(f"{path}: nothing changes")
        return False
    if wish.dry_run:
        say(f"{path}: not written (--dry-run)")
        return False
    if wish.yes or wish.target is not None:
        return True
    if not can_ask():
        say(f"{path}: not written, there is no terminal to ask on; add --yes to write it")
        return False
    from meso_sched.cli.asking import confirm

    if confirm(f"Write {path}?"):
        return True
    say(f"{path}: left as it is")
    return False


def _show(revised: Revised, *, stderr: bool) -> None:
    screen = layout.Screen(stderr=stderr)
    before, after = revised.stored.recorded, revised.plan
    if revised.changes:
        changes = {each.number: each for each in revised.changes}
        screen.show(view.heading_lines(after, screen.width))
        screen.show(revision_view.revision_lines(before, after, changes, screen.width))
    else:
        screen.show(view.plan_lines(after, revised.open_time, screen.width))
    kept = adherence(after)
    screen.show(revision_view.adherence_line(kept, len(after.booked), screen.width))


def _document(revised: Revised, written: Written, *, is_written: bool) -> dict[str, object]:
    """The plan's document with what the revision changes."""
    plan = revised.plan
    return {
        **tables.plan_document(plan, written.file.events, revised.warnings),
        **tables.revision_entries(revised.changes, revised.stored.found, adherence(plan)),
        "written": is_written,
    }


def _counted(revised: Revised) -> str:
    told = f"; the former version is in {revised.path.name}~"
    return f", {plural(len(revised.changes), 'session')} changed{told}"
