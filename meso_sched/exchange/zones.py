"""Time zones by their IANA name, from the newest data at hand; this machine's; their countries."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from meso_sched.errors import UsageError

_LOCALTIME = "/etc/localtime"
_NAME = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
_NOT_IANA = {"localtime", "posix", "posixrules", "right"}  # Debian keeps them among the zones
_VERSION = re.compile(r"\b(\d{4})([a-z]+)")


class _Zone(ZoneInfo):
    """A zone read from a file that, unlike ZoneInfo's own, can be copied and pickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return load_zone, (self.key,)


def load_zone(key: str) -> ZoneInfo:
    """The zone of an IANA name such as ``Europe/Istanbul``, spelled exactly so.

    It is read from the newest of the system's tzdata and PyPI's; an older one serves only for a
    name that the newest lacks. The same name gives the same object.

    Raises:
        UsageError: there is no such zone; the text names the nearest one.
    """
    zone = find_zone(key)
    if zone is None:
        raise UsageError(_unknown(key))
    return zone


@functools.cache
def find_zone(key: str) -> ZoneInfo | None:
    """As ``load_zone``, but None for what is no name of a zone, which is told at once."""
    if _NAME.fullmatch(key) and key.partition("/")[0] not in _NOT_IANA:
        for root in _roots():
            zone = _read(root, key)
            if zone is not None:
                return zone
    return None


def machine_zone_name() -> str:
    """The IANA name of this machine's zone; the environment's TZ goes before the system's setting.

    Raises:
        UsageError: there is none, or it is not an IANA name; the text says what to set instead.
    """
    advice = "Set timezone under [clinic], for example timezone = 'Europe/Istanbul'."
    try:
        name = _environment_zone_name() or _system_zone_name()
        if name:
            return load_zone(name).key
    except UsageError as error:
        raise UsageError(f"The zone of this machine cannot be used: {error} {advice}") from error
    raise UsageError(f"This machine does not tell its time zone. {advice}")


def country_of(zone_key: str) -> str | None:
    """The ISO 3166 code of the country that a zone lies in, or None if it is not of one country.

    By tzdata's ``zone.tab``. An old name (``Asia/Calcutta``) has the country of the zone that it
    became, unless that one serves several.
    """
    for row in _rows("zone.tab"):
        if row[2:3] == [zone_key]:
            return row[0]
    if zone_key.isupper():  # EET and its like link to a city, but are no place
        return None
    became = {name: target for kind, target, name in _links() if kind == "L"}.get(zone_key)
    for row in _rows("zone1970.tab"):
        if row[2:3] == [became] and "," not in row[0]:
            return row[0]
    return None


@functools.cache
def _roots() -> tuple[Path, ...]:
    """The folders that hold zones, the newest data first and PyPI's first among equals."""
    import tzdata  # type: ignore[import-untyped]

    folders = [(_age(tzdata.IANA_VERSION), Path(tzdata.__file__).parent / "zoneinfo")]
    folders += [(_age(_version(path)), path) for path in map(Path, zoneinfo.TZPATH)]
    folders.sort(key=lambda folder: folder[0], reverse=True)
    return tuple(path for _, path in folders if path.is_dir())


def _version(folder: Path) -> str:
    """The line in which a folder tells the version of its data; empty if it does not."""
    for name in ("+VERSION", "tzdata.zi"):
        try:
            with open(folder / name, encoding="ascii", errors="replace") as file:
                return file.readline(80)
        except OSError:
            continue
    return ""


def _age(version: str) -> tuple[int, int, str]:
    """Orders versions as they came out: an unknown one, 2024b, 2025a, 2025z, 2025za."""
    match = _VERSION.search(version)
    return (int(match[1]), len(match[2]), match[2]) if match else (0, 0, "")


def _read(root: Path, key: str) -> ZoneInfo | None:
    path = root
    for part in key.split("/"):
        # a listing, since some disks would find europe/istanbul too
        if part not in _names_in(path):
            return None
        path /= part
    if not path.is_file():
        return None
    with path.open("rb") as file:
        if file.read(4) != b"TZif":
            return None
        file.seek(0)
        return _Zone.from_file(file, key=key)


@functools.cache
def _names_in(folder: Path) -> frozenset[str]:
    return frozenset(os.listdir(folder)) if folder.is_dir() else frozenset()


def _unknown(key: str) -> str:
    nearest = _nearest(key)
    hint = f"the nearest known one is {nearest!r}" if nearest else "one is 'Europe/Istanbul'"
    return f"{key!r} is not the name of a time zone; {hint}."


def _nearest(key: str) -> str | None:
    """The known zone whose name, or whose city, is most like the key."""
    import difflib

    known: dict[str, str] = {}
    # those of zone.tab first: Europe/Istanbul, not its old name Asia/Istanbul
    places = [row[2] for row in _rows("zone.tab")]
    for name in [*places, *sorted(zoneinfo.available_timezones() - _NOT_IANA)]:
        known.setdefault(name.casefold(), name)
        known.setdefault(name.rpartition("/")[2].casefold(), name)
    matches = difflib.get_close_matches(key.casefold(), known, n=1)
    return known[matches[0]] if matches else None


def _environment_zone_name() -> str | None:
    """The TZ variable, unless it is a path: tzlocal would skip a TZ that it does not know."""
    name = os.environ.get("TZ", "").removeprefix(":")
    return None if os.path.isabs(name) else name or None


def _system_zone_name() -> str | None:
    # Where the setting is a link, reading it takes less than loading tzlocal, which knows the rest.
    with contextlib.suppress(OSError):
        _, found, name = os.readlink(_LOCALTIME).partition("/zoneinfo/")
        if found:
            return name
    import tzlocal

    try:
        return tzlocal.get_localzone_name()
    except (LookupError, OSError):  # settings that contradict each other; an unreadable registry
        return None


def _rows(table: str) -> Iterator[list[str]]:
    """The rows of one of tzdata's tab-separated tables, from the newest data that has it."""
    for line in _lines(table):
        if line and not line.startswith("#"):
            yield line.split("\t")


def _links() -> Iterator[list[str]]:
    """The lines of three words of ``tzdata.zi``; a link is ``L TARGET NAME``."""
    for line in _lines("tzdata.zi"):
        words = line.split()
        if len(words) == 3:
            yield words


def _lines(file: str) -> list[str]:
    for root in _roots():
        if (root / file).is_file():
            return (root / file).read_text(encoding="utf-8").splitlines()
    return []
