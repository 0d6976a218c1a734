"""The use case ``agenda -o``: the courses' appointments as a calendar to subscribe to."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from meso_sched.cli.talking import emit, say
from meso_sched.core.agenda import KeptCourse
from meso_sched.core.walltime import plural
from meso_sched.errors import FileError, UsageError
from meso_sched.exchange.events import CourseFile
from meso_sched.exchange.feed import FeedOrder, make_feed, refuse_other
from meso_sched.exchange.files import read_bytes, write_public

STDOUT = "-"
SUFFIX = ".ics"


class FeedTarget(NamedTuple):
    """Where a feed goes, and what stands there; ``path`` None is stdout."""

    path: Path | None
    order: FeedOrder
    former: bytes | None

    @classmethod
    def choose(cls, out: str, order: FeedOrder, form: str) -> FeedTarget:
        """From ``-o``; ``form`` is what else goes to stdout.

        Raises UsageError for what must not be written there, FileError for what cannot be read.
        """
        if out == STDOUT:
            if form:
                raise UsageError(f"--{form} and -o - both want stdout; leave one of them out")
            return cls(None, order, None)
        if not out.strip():
            raise UsageError("-o: is empty; name a file, or - for stdout")
        path = Path(out)
        if path.suffix.lower() != SUFFIX:
            raise UsageError(f"-o {out}: a feed is a calendar; end the name in {SUFFIX}")
        former = read_bytes(path)
        if former:
            refuse_other(order, former, str(path))
        return cls(path, order, former)

    def write(
        self, courses: Iterable[tuple[KeptCourse, CourseFile]], lacking: Iterable[str]
    ) -> None:
        """Write the feed, unless it would lack what is in some files, and say what it has.

        Nobody who reads a feed sees that somebody is not in it: the one before tells more. Raises
        FileError where that is so.
        """
        known = list(courses)
        missing = tuple(lacking)
        where = "the feed" if self.path is None else str(self.path)
        if missing:
            raise FileError(
                "\n".join(missing) + f"\n{where}: is not written, it would lack what is in"
                f" {plural(len(missing), 'file')}; mend or move them, and run again"
            )
        if not known:
            raise FileError(f"{where}: is not written, for there is no course to be in it")
        feed = make_feed(self.order, ((kept.plan.clinic.name, file) for kept, file in known))
        if self.path is None:
            emit(feed.data)
            return
        write_public(self.path, feed.data, former=self.former)
        if feed.data == self.former:
            say(f"{self.path}: holds these appointments already, nothing changed")
            return
        what = "updated" if self.former else "written"
        counted = plural(feed.appointments, "appointment")
        say(f"{self.path}: {what}, {counted} of {plural(len(known), 'course')}")
