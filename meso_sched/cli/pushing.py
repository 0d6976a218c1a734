"""The use case ``push``: courses' files -> a calendar on a server."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from meso_sched.cli import push_view
from meso_sched.cli.layout import Screen
from meso_sched.cli.servers import refuse_address, refuse_both, stoppable, warn_of
from meso_sched.cli.talking import patience, say
from meso_sched.cli.targets import NOT_FOLDERS
from meso_sched.core.walltime import plural
from meso_sched.errors import ChangedError, FileError, UsageError
from meso_sched.exchange import tables
from meso_sched.exchange.beside import beside_others
from meso_sched.exchange.caldav import Calendar, Wanted, connected
from meso_sched.exchange.push_tables import name_of, push_document
from meso_sched.exchange.pushing import LocalCourse, Push, Sent, send
from meso_sched.exchange.syncing import What

AGAIN = "run the same command again, which sends the rest"


class PushOptions(NamedTuple):
    """The command line of ``push``, as typed."""

    files: tuple[Path, ...]
    url: str
    calendar: str | None = None
    create: bool = False
    ours: bool = False
    theirs: bool = False
    prune: bool = False
    dry_run: bool = False
    as_json: bool = False

    @property
    def stands(self) -> str:
        """Whose side stands where both changed, "" if that is not said."""
        return "ours" if self.ours else "theirs" if self.theirs else ""

    @property
    def decides(self) -> bool:
        """Whether it says what goes where both sides changed."""
        return bool(self.stands)


class Done(NamedTuple):
    """A course and what came of it; ``sent`` None: nothing was to be sent.

    ``beside`` are the UIDs of appointments that go where others are already.
    """

    push: Push
    sent: Sent | None = None
    beside: frozenset[str] = frozenset()


def run(options: PushOptions) -> None:
    """Send what differs, and show it; data on stdout, words on stderr.

    Raises ChangedError at the end where somebody changed the same events on the server and nobody
    has said whose stand; of such a course nothing was sent then.
    """
    refuse_both(ours=options.ours, theirs=options.theirs)
    courses = _read(options.files)
    done: list[Done] = []
    with connected(options.url) as server:
        warn_of(server)
        with patience(f"asking {server.shown}"):
            wanted = Wanted(options.calendar, options.create, options.dry_run, by_name=True)
            calendar = server.calendar(wanted)
        try:
            for course in courses:
                with patience(f"sending {course.path}"), stoppable(AGAIN):
                    done.append(_pushed(course, calendar, options))
        finally:  # what was sent is told also where the server failed at the next
            _deliver(done, calendar, options)
    _refuse_changed(done, options)


def _read(files: Sequence[Path]) -> list[LocalCourse]:
    courses: list[LocalCourse] = []
    owners: dict[str, LocalCourse] = {}
    for path in files:
        refuse_address(path)
        if path.is_dir():
            raise UsageError(f"{path}: push {NOT_FOLDERS}")
        course = LocalCourse.read(path)
        if not os.access(path, os.W_OK):
            raise FileError(
                f"{path}: is write-protected, and has to keep what the server has of it; make it"
                " writable"
            )
        for event in course.file.everything:
            first = owners.setdefault(event.uid, course)
            if first is not course:
                raise UsageError(f"{first.path} and {path} hold the same course; name one of them")
        courses.append(course)
    return courses


def _pushed(course: LocalCourse, calendar: Calendar, options: PushOptions) -> Done:
    push = Push.of(course, calendar)
    if push.conflicts and not options.decides:
        return Done(push)
    beside = beside_others(push, push.to_send(ours=options.ours, prune=options.prune))
    if options.dry_run:
        return Done(push, beside=beside)
    return Done(push, send(push, ours=options.ours, prune=options.prune), beside)


def _deliver(done: Sequence[Done], calendar: Calendar, options: PushOptions) -> None:
    if options.as_json:
        sides = ((each.push, each.sent) for each in done)
        document = push_document(sides, calendar, dry_run=options.dry_run)
        sys.stdout.write(tables.to_json(document))
    else:
        screen = Screen()
        for each in done:
            rows = push_view.rows(each.push, options.stands, prune=options.prune)
            screen.show(push_view.lines(each.push, rows, screen.width))
    for each in done:
        for warning in _warnings(each):
            say(f"warning: {each.push.course.path}: {warning}")
        say(f"{each.push.course.path}: {_told(each, options)}")


def _told(done: Done, options: PushOptions) -> str:
    push, sent, _ = done
    if sent is None and push.conflicts and not options.decides:
        return f"not sent, {_disputed(push)}"
    if sent is None:
        pairs = push.to_send(ours=options.ours, prune=options.prune)
        gone = push.pruned(ours=options.ours) if options.prune else ()
        told = _counted(len(pairs), len(gone), "to send", "to delete")
        return f"{told or 'nothing to send'} (--dry-run): {push.calendar.shown}"
    told = _counted(len(sent.sent), len(sent.deleted), "sent", "deleted")
    left = 0 if options.ours else len(push.conflicts)
    if left:
        told = f"{told or 'nothing to send'}, {plural(left, 'event')} left as changed there"
    return f"{told or 'nothing to send, all is there'}: {push.calendar.shown}"


def _warnings(done: Done) -> Iterator[str]:
    if done.push.course.is_patients and any(pair.what is What.NEW for pair in done.push.pairs):
        yield (
            "is the patient's copy, for a calendar of the patient's own: beside the clinic's file"
            " each appointment is there twice"
        )
    beside = [pair for pair in done.push.pairs if pair.ours.uid in done.beside]
    if beside:
        named = ", ".join(name_of(pair.ours) for pair in beside[:5])
        more = f" and {len(beside) - 5} more" if len(beside) > 5 else ""
        yield (
            f"{named}{more} at the same time as others in that calendar; `--busy caldav+URL` of"
            " plan and revise shows what is free, and their `--push URL` books only that"
        )


def _counted(sent: int, deleted: int, *words: str) -> str:
    counts = zip((sent, deleted), words, strict=True)
    return ", ".join(f"{plural(count, 'event')} {word}" for count, word in counts if count)


def _refuse_changed(done: Sequence[Done], options: PushOptions) -> None:
    told = [sentence for each in done for sentence in _changed(each, options)]
    if told:
        raise ChangedError("\n".join(told))


def _changed(done: Done, options: PushOptions) -> Iterator[str]:
    push, sent, _ = done
    if push.conflicts and not options.decides:
        yield refused_words(push)
    if sent is not None and sent.overtaken:
        yield (
            f"{push.course.path}: {plural(len(sent.overtaken), 'event')} changed on the server at"
            " this very moment and left as they are; push again"
        )


def refused_words(push: Push) -> str:
    """Why a course is not sent: what somebody did on the server, and what to do about it."""
    never = all(pair.what is What.OTHER for pair in push.conflicts)
    since = ", and this file was never sent there" if never else " since the two were in step"
    return (
        f"{push.course.path}: {_disputed(push)}{since}; take that into the course with `meso-sched"
        " pull`, or push it with --ours to put the course's side there, or with --theirs to leave"
        " theirs"
    )


def _disputed(push: Push) -> str:
    count = plural(len(push.conflicts), "event")
    if all(pair.what is What.OTHER for pair in push.conflicts):
        return f"{count} on the server not as here"
    return f"{count} changed on the server"
