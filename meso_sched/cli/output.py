"""Where a plan goes: a file of the right format, stdout, or the screen."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from meso_sched.cli import layout, view
from meso_sched.cli.inviting import Asking, Course, Outgoing, outgoing
from meso_sched.cli.planning import Planned, PlanOptions
from meso_sched.cli.reading import parse_audience
from meso_sched.cli.talking import emit, say, tell
from meso_sched.cli.targets import NOT_FOLDERS, Target
from meso_sched.core.changes import changes, review_changes
from meso_sched.core.walltime import plural
from meso_sched.errors import UsageError
from meso_sched.exchange.editions import PATIENT, spoken

if TYPE_CHECKING:
    pass


def check_push(push: str | None, target: Target | None, options: PlanOptions) -> None:
    """UsageError where a plan cannot be booked in a shared calendar."""
    if push is None:
        return
    if target is None or target.path is None or target.format != "ics":
        raise UsageError(
            "--push: goes with -o FILE.ics, which keeps the course; a revision needs it"
        )
    if target.is_folder:
        raise UsageError(f"--push: {NOT_FOLDERS}")
    audience = options.edition.audience
    if audience is not None and parse_audience(audience) == PATIENT:
        raise UsageError(
            "--push: books the clinic's own course, which can be revised; leave --for patient out"
        )
    if options.patient is None:
        raise UsageError(
            "--push: needs --patient, or the calendar would take another course without one for"
            " this one"
        )


def check_folder(target: Target | None, patient: str | None) -> None:
    """UsageError where a course in a folder of many could not be told from another's."""
    if target is not None and target.is_folder and patient is None:
        raise UsageError(
            f"-o {target.shown}: a folder has the events of many courses, and needs --patient, or"
            " the next course without one would be written over this one"
        )


def deliver(
    planned: Planned,
    stamp: datetime,
    target: Target | None,
    asking: Asking,
    *,
    as_json: bool,
    push: str | None = None,
) -> None:
    """Write the plan where it belongs, then show it; data on stdout, words on stderr.

    With ``--json`` the table is left out; where the data goes to stdout, it goes to stderr.
    ``push`` is the address of a calendar in which it is booked as well.
    """
    if target is None:
        tell(planned.notes, planned.warnings)
        _show(planned, stderr=False)
        return
    from meso_sched.cli.writing import Order, prepare

    order = Order(planned.plan, planned.edition, planned.warnings, stamp)
    written = prepare(order, target, planned.former)
    if target.path is None:
        sent = Outgoing(written)
    else:
        sent = outgoing(Course(planned.plan, target.path, stamp), written, asking)
        written = sent.written
    # The data goes first: words that find no reader must not cost it.
    if target.path is None:
        emit(written.data)
    else:
        _write(sent, target.path, planned, push)
        if as_json:
            sys.stdout.write(written.document(planned.plan, planned.warnings))
    tell(planned.notes, (*planned.warnings, *sent.warnings))
    if not as_json:
        _show(planned, stderr=target.path is None)
    if target.path is None:
        return
    if target.format == "ics" and planned.edition.is_patients:
        say(
            f"{target.shown} is the patient's copy, which cannot be revised: keep the clinic's own"
            " as well (the same without --for patient, into another file)"
        )
    say(f"{target.shown}: {written.what}" + ("" if written.same else _counted(planned)))
    if sent.told and push is None:
        say(sent.told)
    if target.format == "ics" and planned.plan.course.patient is None:
        say(
            "the course has no --patient: a calendar would take another course without one for"
            " this one and overwrite it; add --patient"
        )


def _write(sent: Outgoing, path: Path, planned: Planned, push: str | None) -> None:
    if push is None:
        sent.replace(path)
        return
    from meso_sched.cli.booking import Booking
    from meso_sched.exchange.pushing import LocalCourse

    def write() -> list[Path]:
        sent.replace(path)
        if sent.told:  # at once: what comes of the server is no matter of the mails
            say(sent.told)
        return [path]

    course = LocalCourse.of(path, sent.written.data)
    Booking.of(push, planned.plan, planned.surroundings, course).book(write)


def _counted(planned: Planned) -> str:
    """How many sessions were written, and which of them are others than in the former file."""
    plan = planned.plan
    told = f", {plural(len(plan.booked), 'session')}"
    stored = None if planned.former is None else planned.former.course_of(plan)
    if stored is None:
        return told + (f" and {plural(len(plan.reviews), 'review')}" if plan.reviews else "")
    numbers = [str(each.number) for each in changes(stored.recorded, plan)]
    moved = f"of which changed: {', '.join(numbers)}" if numbers else "none of them moved"
    reviews = [str(each.number) for each in review_changes(stored.recorded, plan)]
    return f"{told}, {moved}" + (f"; reviews changed: {', '.join(reviews)}" if reviews else "")


def _show(planned: Planned, *, stderr: bool) -> None:
    screen = layout.Screen(stderr=stderr)
    plan = spoken(planned.plan, planned.edition.language)
    screen.show(view.plan_lines(plan, planned.open_time, screen.width, today=planned.today))
