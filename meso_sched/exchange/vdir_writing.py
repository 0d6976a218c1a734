"""A course written into a folder of events: each in a file of its own, and only what changed.

Every file is replaced whole. What a run is about to write stands in a hidden file until it is
done, so that the next run completes one that was broken off. Other programs' files are not touched.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from meso_sched.errors import ChangedError, FileError
from meso_sched.exchange import objects
from meso_sched.exchange.calendar_lines import Component, write
from meso_sched.exchange.defined_zones import with_zone, zones_of
from meso_sched.exchange.events import CourseFile
from meso_sched.exchange.files import PRIVATE, read_bytes, refused, sweep, write_whole
from meso_sched.exchange.ical import record_line
from meso_sched.exchange.vdir import (
    SUFFIX,
    EventFile,
    FolderCourse,
    digest,
    pending_path,
    record_path,
    something_else,
)
from meso_sched.exchange.zones import find_zone


class Change(NamedTuple):
    """A file to be written over what it holds; ``former`` None: there is none yet."""

    path: Path
    data: bytes
    former: bytes | None


class FolderUpdate(NamedTuple):
    """A course as an update of what a folder holds of it; ``record`` as in ``FolderCourse``."""

    standing: FolderCourse
    changes: tuple[Change, ...]
    record: str

    @classmethod
    def of(cls, standing: FolderCourse, file: CourseFile) -> FolderUpdate:
        """``file`` is the course, updated over what stands in the folder.

        Raises FileError where something else has the name of a new event's file.
        """
        return cls(standing, tuple(_changes(standing, file)), _hidden_record(standing, file))

    @classmethod
    def begun(cls, standing: FolderCourse) -> FolderUpdate:
        """What is left to write of a run that was broken off."""
        left = ((each.path, each.opened.text.encode(), each.former) for each in standing.files)
        changes = tuple(Change(*each) for each in left if each[1] != each[2])
        return cls(standing, changes, standing.record)

    @property
    def same(self) -> bool:
        """Whether the folder holds it already."""
        return not self.changes and self.record == self.standing.record

    @property
    def what(self) -> str:
        """How many files are new, changed and left alone."""
        new = sum(not each.former for each in self.changes)
        there = sum(each.former is not None for each in self.standing.files)
        updated = len(self.changes) - new
        counts = ((new, "written"), (updated, "updated"), (there - updated, "unchanged"))
        return ", ".join(f"{count} {what}" for count, what in counts if count)

    def write(self) -> None:
        """Write what changed; the folder is made if it is not there.

        Raises ChangedError before anything is written where another program changed one of the
        course's files since they were read, FileError where the folder cannot be written.
        """
        folder = self.standing.folder
        _make(folder)
        sweep(folder)
        self._refuse_changed()
        journal = pending_path(folder, self.standing.id)
        if len(self.changes) > 1:
            data = self._pending()
            write_whole(journal, data, former=read_bytes(journal), swept=True)
        self._write_record()
        for path, data, former in self.changes:
            write_whole(path, data, former=former, mode=_mode(path), swept=True)
        with suppress(OSError):
            journal.unlink(missing_ok=True)

    def _write_record(self) -> None:
        path = record_path(self.standing.folder, self.standing.id)
        if self.record and self.record != self.standing.record:
            data, former = self.record.encode(), read_bytes(path)
            write_whole(path, data, former=former, mode=_mode(path), swept=True)
        elif not self.record:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _pending(self) -> bytes:
        told = {path.name: (digest(former), data.decode()) for path, data, former in self.changes}
        return json.dumps(told).encode()

    def _refuse_changed(self) -> None:
        known = {each.path: each.former for each in self.standing.files}
        known |= {each.path: each.former for each in self.changes}
        for path, former in known.items():
            if read_bytes(path) != former:
                raise ChangedError(
                    f"{path}: another program changed it just now; nothing was written, try again"
                )
        for path, _, former in self.changes:
            if former is not None and not os.access(path, os.W_OK):
                raise FileError(
                    f"{path}: is write-protected, and nothing was written; make it writable, or"
                    " name another folder"
                )


def _make(folder: Path) -> None:
    """Make the folder where there is none; its parent must be there."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except FileExistsError:
        raise FileError(
            f"{folder}: is no folder; name another, or leave out the / behind"
        ) from None
    except (OSError, ValueError) as error:
        raise refused(folder, "written", error) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FileError(f"{folder}: is write-protected; name another folder")


def _mode(path: Path) -> int:
    """What people may do with a file stays as it is; a new one is its owner's alone."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return PRIVATE


# ---- What changed --------------------------------------------------------------------------------


def _changes(standing: FolderCourse, file: CourseFile) -> Iterator[Change]:
    components = objects.components(file)
    record = record_line(file.record)
    placed: set[str] = set()
    for each in standing.files:
        placed |= each.uids
        data = _updated(each, components, record)
        if data != each.former:
            yield Change(each.path, data, each.former)
    zones = objects.zones(file)
    for uid, component in components.items():
        if uid not in placed:
            path = standing.folder / f"{uid}{SUFFIX}"
            yield _new(path, objects.calendar_object(component, zones))


def _hidden_record(standing: FolderCourse, file: CourseFile) -> str:
    """The record that no event has, where it tells what they do not."""
    is_there = any(each.record_line for each in standing.files)
    return "" if is_there or not _tells_limits(file.record) else record_line(file.record)


def _tells_limits(record: Mapping[str, Any]) -> bool:
    limits = record.get("limits") or {}
    return bool(record.get("busy") or any(limits.get(key) for key in ("on", "between", "away")))


def _updated(file: EventFile, components: Mapping[str, Component], record: str) -> bytes:
    """A file's bytes with the events exchanged that changed; else just what it holds.

    The ``record`` of the course is exchanged where its calendar has one.
    """
    calendar = file.opened.calendar
    exchanged = {
        id(raw.component): components[raw.uid]
        for raw in file.events
        if raw.uid in components and components[raw.uid] != raw.component
    }
    is_told = file.record_line in ("", record)
    if not exchanged and is_told:
        return file.opened.text.encode()
    children = [exchanged.get(id(child), child) for child in calendar.children]
    for name in sorted({name for each in exchanged.values() for name in zones_of(each)}):
        if find_zone(name):
            children = list(with_zone(name, children))
    lines = [record if line == file.record_line else line for line in calendar.lines]
    return write(calendar._replace(lines=tuple(lines), children=tuple(children)))


def _new(path: Path, data: bytes) -> Change:
    """A file of its own for an event; an empty one that stands there is nothing yet."""
    if os.path.lexists(path) and not path.is_file():
        raise something_else(path)
    former = read_bytes(path)
    if former:
        raise something_else(path)
    return Change(path, data, former)
