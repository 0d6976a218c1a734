"""The calendar files of a folder, and why a path cannot be read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from meso_sched.errors import FileError


def calendars_below(folder: Path, refused: Callable[[OSError], None]) -> list[Path]:
    """Every ``.ics`` below a folder, sorted; hidden files and folders are left out.

    Links to folders are not followed. ``refused`` is told of a folder that cannot be read.
    """
    found: list[Path] = []
    for parent, folders, files in os.walk(folder, onerror=refused):
        folders[:] = [name for name in folders if not name.startswith(".")]
        calendars = [name for name in files if name.lower().endswith(".ics")]
        found += [Path(parent, name) for name in calendars if not name.startswith(".")]
    return sorted(path for path in found if not _is_pipe(path))


def unreadable(name: str, error: Exception) -> FileError:
    """The error about a path that is missing or cannot be read."""
    if isinstance(error, FileNotFoundError | NotADirectoryError | ValueError):
        return FileError(f"{name}: there is no such file or folder; check the path.")
    reason = getattr(error, "strerror", None) or "unknown reason"
    return FileError(f"{name}: cannot be read ({reason}); check its permissions.")


def _is_pipe(path: Path) -> bool:
    """Whether reading it could wait for ever; a file that is gone is for the reader to tell."""
    try:
        return path.exists() and not path.is_file()
    except OSError:  # such as a link to itself, which the reader tells too
        return False
