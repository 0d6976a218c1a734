"""The folder beside a course's file in which its invitations lie, one file a mail."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from meso_sched.errors import FileError
from meso_sched.exchange.files import GROUP, PRIVATE, refused, sweep, write_whole
from meso_sched.exchange.invitations import Invitation
from meso_sched.exchange.records import review_number

SUFFIX = ".eml"
_CALENDAR = ".ics"
_NAME = re.compile(
    r"(?:(?P<number>[0-9]{2,3})|(?P<review>review-[0-9]{1,3}))-(?P<sequence>[0-9]{2,9})"
    rf"-(?:REQUEST|CANCEL)-[0-9-]+{re.escape(SUFFIX)}",
    re.ASCII,
)


def folder_of(course: Path) -> Path:
    """``P1-invitations`` of ``P1.ics``."""
    name = course.name
    stem = name[: -len(_CALENDAR)] if name.lower().endswith(_CALENDAR) else name
    return course.with_name(f"{stem}-invitations")


def mail_name(invitation: Invitation) -> str:
    """``03-01-REQUEST-2027-01-19.eml``: names sort by session, and by the order of sending.

    It is made of numbers and a date alone, so that any system takes it and nothing leads
    elsewhere; reviews come behind the sessions.
    """
    event, review = invitation.event, review_number(invitation.part)
    which = f"{int(invitation.part):02}" if review is None else f"review-{review}"
    return f"{which}-{event.sequence:02}-{invitation.method}-{event.start.date()}{SUFFIX}"


def newest_sequences(folder: Path) -> dict[str, int]:
    """The highest sequence of the mails that lie in the folder, by the part of the course.

    Raises FileError for a folder that cannot be one.
    """
    newest: dict[str, int] = {}
    for name in _names(folder):
        found = _NAME.fullmatch(name)
        if found is None:
            continue
        number, review = found["number"], found["review"]
        part = review.replace("-", " ") if number is None else str(int(number))
        newest[part] = max(newest.get(part, 0), int(found["sequence"]))
    return newest


def has_mails(folder: Path) -> bool:
    """Whether mails lie in the folder."""
    return any(name.endswith(SUFFIX) for name in _names(folder))


@contextlib.contextmanager
def mails_written(folder: Path, mails: Mapping[str, bytes], course: Path) -> Iterator[None]:
    """Mails by their names, in the folder while the block runs, and for good if it succeeds.

    Colleagues who may read and write the ``course``'s file may do so with its mails.

    The course's file is written inside: were it the other way round, it could say of a mail that
    it was written when it was not. Raises FileError where they cannot be, ChangedError where
    another run has just written one of them; then none is left.
    """
    written: list[Path] = []
    is_new = not folder.exists()
    group = course.stat().st_mode & GROUP if course.is_file() else 0
    try:
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            if is_new and group:
                folder.chmod(0o770)
        except OSError as error:
            raise refused(folder, "made", error) from error
        sweep(folder)
        for name, data in mails.items():
            write_whole(folder / name, data, former=None, mode=PRIVATE | group, swept=True)
            written.append(folder / name)
        yield
    except BaseException:
        for path in written:
            with contextlib.suppress(OSError):
                path.unlink()
        if is_new:
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def _names(folder: Path) -> list[str]:
    try:
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise FileError(
                f"{folder}: is no folder of its own, and the course's invitations go there; move"
                " it away"
            )
        return os.listdir(folder) if folder.exists() else []
    except (OSError, ValueError) as error:
        raise refused(folder, "read", error) from error
