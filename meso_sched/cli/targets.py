"""Where a command writes to: a file of the right format, a folder of events, or stdout."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from meso_sched.errors import UsageError

SUFFIXES = {
    "ics": ".ics",
    "json": ".json",
    "csv": ".csv",
    "html": ".html",
    "fhir": ".fhir.json",
}
FORMATS = tuple(SUFFIXES)
STDOUT = "-"
NOT_FOLDERS = (
    "goes with a course's own FILE.ics; a folder of events is for khal, and for vdirsyncer, which"
    " carries it to a server"
)


class Target(NamedTuple):
    """Where and as what a plan is written; ``path`` None is stdout, a folder takes its events."""

    path: Path | None
    format: str
    is_folder: bool = False

    @property
    def shown(self) -> str:
        """The place as messages name it."""
        return os.path.join(self.path or "", "") if self.is_folder else str(self.path)

    @classmethod
    def choose(cls, out: str | None, format_: str | None, *, as_json: bool) -> Target | None:
        """From ``-o``, ``--format`` and ``--json``; None where nothing is to be written."""
        if format_ is not None and format_ not in FORMATS:
            raise UsageError(f'--format: "{format_}" is not known; write {", ".join(FORMATS)}')
        if as_json and out == STDOUT:
            raise UsageError("--json and -o - both want stdout; leave one of them out")
        if out is None:
            if format_ is not None:
                raise UsageError("--format: goes with -o; add -o FILE, or -o - for stdout")
            return cls(None, "json") if as_json else None
        if out == STDOUT:
            return cls(None, format_ or "ics")
        if not out.strip():
            raise UsageError("-o: is empty; name a file, or - for stdout")
        if _names_folder(out):
            if format_ not in (None, "ics"):
                raise UsageError(
                    f"-o {out}: a folder takes events (ics) and no {format_}; name a file in it"
                )
            return cls(Path(out), "ics", is_folder=True)
        return cls(Path(out), format_ or _format_of(Path(out)))


def _names_folder(out: str) -> bool:
    return out.endswith(("/", os.sep)) or os.path.isdir(out)


def _format_of(path: Path) -> str:
    # The longer suffix is the nearer: a.fhir.json is no a.json.
    for suffix in ("".join(path.suffixes[-2:]).lower(), path.suffix.lower()):
        for known, its_suffix in SUFFIXES.items():
            if suffix == its_suffix:
                return known
    raise UsageError(
        f"-o {path}: the suffix tells no format; end the name in"
        f" {', '.join(SUFFIXES.values())}, or add --format"
    )
