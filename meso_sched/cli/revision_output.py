"""Shows a revision and, once confirmed, writes it: the course's file stays whole throughout."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from meso_sched.cli import layout, phase_view, revision_view, view
from meso_sched.cli.editions import EditionOptions, edition_elsewhere
from meso_sched.cli.inviting import Asking, Course, Outgoing, outgoing
from meso_sched.cli.revising import Revised
from meso_sched.cli.talking import can_ask, emit, say, tell
from meso_sched.cli.targets import NOT_FOLDERS, Target
from meso_sched.cli.writing import Order, Written, look_at, prepare, prepare_revision
from meso_sched.core.changes import adherence
from meso_sched.core.walltime import plural
from meso_sched.errors import FileError, UsageError
from meso_sched.exchange import tables
from meso_sched.exchange.editions import spoken
from meso_sched.exchange.events import identity_of

WRITE, ASK = "write", "ask"


class Wish(NamedTuple):
    """What is to happen to the file; ``target`` None: the revision goes where the course is.

    ``push`` is the address of a calendar in which it is booked as well.
    """

    yes: bool = False
    dry_run: bool = False
    target: Target | None = None
    edition: EditionOptions = EditionOptions()
    as_json: bool = False
    push: str | None = None
    asking: Asking | None = None

    @property
    def asks_to_invite(self) -> bool:
        """Whether it is said who is to be invited."""
        return self.asking is not None and self.asking.is_given


def elsewhere(
    course: Path, out: str | None, format_: str | None, edition: EditionOptions, *, as_json: bool
) -> Target | None:
    """Where ``-o`` and ``--format`` send the revision; None for the course's own file."""
    if out is None and format_ is None:
        if edition.given:
            raise UsageError(
                f"{edition.given}: goes with -o FILE; a course's own file stays as it was planned"
            )
        return None
    target = Target.choose(out, format_, as_json=as_json)
    if target is None or target.path is None:
        return target
    if target.format != "ics" or target.path.resolve() != _place_of(course, target):
        return target
    if edition.given:
        raise UsageError(
            f"{edition.given}: a course's own file stays as it was planned; name another with -o"
        )
    return None


def _place_of(course: Path, target: Target) -> Path:
    """Where a course is: in a folder of events also where one of them names it."""
    if target.is_folder and course.is_file():
        from meso_sched.exchange.vdir import chosen

        folder = chosen(course)
        return course.resolve() if folder is None else folder.folder.resolve()
    return course.resolve()


def check_push(wish: Wish, course: Path) -> None:
    """UsageError where a revision cannot be booked in a shared calendar."""
    if wish.push is not None and os.path.isdir(course):
        raise UsageError(f"--push: {NOT_FOLDERS}")
    if wish.push is not None and wish.target is not None:
        raise UsageError("--push: books the course's own file; leave -o out")


def deliver(revised: Revised, stamp: datetime, wish: Wish) -> None:
    """Show the revision; write it on confirmation. Data on stdout, words on stderr."""
    target, sent = wish.target, _prepared(revised, stamp, wish)
    written = sent.written
    if target is not None and target.path is None:
        emit(written.data)
        tell(revised.notes, revised.warnings)
        _show(revised, stderr=True)
        return
    path = revised.path if target is None or target.path is None else target.path
    place = revised.shown if target is None else target.shown
    verdict = _verdict(revised, wish, sent)
    if verdict is WRITE:  # before a word is shown: a reader that has gone must not cost it
        _write(revised, wish, sent, path)
    if not wish.as_json:
        _show(revised, stderr=False)
    tell(revised.notes, (*revised.warnings, *sent.warnings))
    if verdict is ASK:
        verdict = _asked(revised, wish, sent, path)
    if wish.as_json:
        document = _document(revised, written, is_written=verdict is WRITE)
        sys.stdout.write(tables.to_json(document))
    if verdict is WRITE:
        told = _counted(revised) if target is None else ""
        say(f"{place}: {written.what}{told}")
    elif verdict:
        say(f"{place}: {verdict}")
    mails = sent.told if verdict is WRITE else sent.untold
    if verdict is WRITE and wish.push is not None:
        mails = None
    if mails:
        say(mails)


def _verdict(revised: Revised, wish: Wish, sent: Outgoing) -> str:
    """Whether to write, to ask, or why not to write; empty where there is nothing to say."""
    told = revised.told or revised.has_changes or wish.asks_to_invite or sent.mails
    if wish.target is None and not told:
        return ""
    if sent.written.same and (wish.push is None or wish.dry_run):
        return "nothing changes"
    if wish.dry_run:
        return "not written (--dry-run)"
    if wish.yes or wish.target is not None:
        return WRITE
    if can_ask():
        return ASK
    return "not written, there is no terminal to ask on; add --yes to write it"


def _write(revised: Revised, wish: Wish, sent: Outgoing, path: Path) -> None:
    def write() -> list[Path]:
        sent.replace(path, keep_rights=wish.target is None)
        if sent.told and wish.push is not None:  # at once, whatever comes of the server
            say(sent.told)
        return [path]

    if wish.push is None:
        write()
        return
    from meso_sched.cli.booking import Booking
    from meso_sched.exchange.pushing import LocalCourse

    course = LocalCourse.of(path, sent.written.data)
    rest = f"`meso-sched push {path} URL` sends the rest"
    Booking.of(wish.push, revised.plan, revised.surroundings, course, rest).book(write)


def _asked(revised: Revised, wish: Wish, sent: Outgoing, path: Path) -> str:
    from meso_sched.cli.asking import confirm

    place = revised.shown if wish.target is None else wish.target.shown
    if not confirm(f"Write {place}{sent.beside}?"):
        return "left as it is"
    _write(revised, wish, sent, path)
    return WRITE


def _prepared(revised: Revised, stamp: datetime, wish: Wish) -> Outgoing:
    """The bytes for the course's own file and the mails beside it, or those for another place."""
    stored, target = revised.stored, wish.target
    if target is None:
        _refuse_folder(revised, wish)
        written = prepare_revision(revised.plan, stored, revised.former, stamp, revised.folder)
        if wish.asking is None:
            return Outgoing(written)
        if stored.identity is None:
            _refuse_unknown(revised.path, wish.asking)
            return Outgoing(written)
        return outgoing(Course(revised.plan, revised.path, stamp), written, wish.asking)
    edition = edition_elsewhere(wish.edition, stored.edition)
    identity = identity_of(revised.plan, edition.audience)
    former = look_at(target, revised.plan.clinic, {}, identity)
    order = Order(revised.plan, edition, revised.warnings, stamp)
    return Outgoing(prepare(order, target, former))


def _refuse_folder(revised: Revised, wish: Wish) -> None:
    """UsageError where a folder of events is asked for what takes a file of the course's own."""
    given = "--push" if wish.push else "--invite" if wish.asking and wish.asking.is_given else ""
    if revised.folder is not None and given:
        raise UsageError(f"{given}: {NOT_FOLDERS}")


def _refuse_unknown(path: Path, asking: Asking) -> None:
    """FileError where it is asked to invite to appointments that cannot be known again later."""
    if asking.is_given:
        raise FileError(
            f"{path}: another program stripped what tells whose course it is, so nobody can be"
            " invited; plan the course again onto this file first (`plan REGIMEN … -o`)"
        )


def _show(revised: Revised, *, stderr: bool) -> None:
    screen = layout.Screen(stderr=stderr)
    language, today = revised.stored.edition.language, revised.today
    before, after = spoken(revised.stored.recorded, language), spoken(revised.plan, language)
    if revised.has_changes:
        screen.show(view.heading_lines(after, screen.width))
        rows = revision_view.session_rows(before, after, revised.changes)
        rows += revision_view.review_rows(before, after, revised.reviews)
        screen.show(revision_view.revision_lines(rows, screen.width))
        screen.show(phase_view.phase_lines(after, today, screen.width))
        screen.show(view.override_lines(after.course, screen.width))
    else:
        screen.show(view.plan_lines(after, revised.open_time, screen.width, today=today))
    screen.show(revision_view.limits_line(after.limits, screen.width))
    kept = adherence(after)
    screen.show(revision_view.adherence_line(kept, len(after.booked), screen.width))


def _document(revised: Revised, written: Written, *, is_written: bool) -> dict[str, object]:
    """The plan's document with what the revision changes."""
    plan, audience = revised.plan, written.file.edition.audience
    kept = adherence(plan)
    return {
        **tables.plan_document(
            spoken(plan, written.file.edition.language), written.file, revised.warnings
        ),
        **tables.revision_entries(
            (revised.changes, revised.reviews),
            revised.stored.found,
            kept,
            plan.limits,
            audience,
        ),
        "written": is_written,
    }


def _counted(revised: Revised) -> str:
    counts = ((revised.changes, "session"), (revised.reviews, "review"))
    counted = [plural(len(changed), noun) for changed, noun in counts if changed]
    kept = "the limits are kept for later" if revised.told else "no appointment changed"
    if revised.taken:
        kept = "no date changed"
    told = f"{' and '.join(counted)} changed" if counted else kept
    if revised.folder is not None:
        return f", {told}"
    return f", {told}; the former version is in {revised.path.resolve().name}~"
