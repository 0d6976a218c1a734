"""`schedules.toml` files, laid over one another, become one catalogue.

Layers, later wins: the shipped file, the user's, the folder's, each named one. `[clinic]` and each
`[clinics.NAME]` merge key by key, a regimen, a care set or a source replaces the one of the same id
(DESIGN section 2).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from meso_sched.core.clinic import Clinic
from meso_sched.core.regimen import DEFAULT_LANGUAGE, Care, Regimen, Text
from meso_sched.core.walltime import WEEKDAYS, Span
from meso_sched.errors import FileError, ProblemsError
from meso_sched.exchange import zones
from meso_sched.exchange.languages import LANGUAGES, translations
from meso_sched.exchange.schedule_tables import LISTED, read_regimens, read_shared, regimen_ids
from meso_sched.exchange.toml_tables import TomlFile

FILE_NAME = "schedules.toml"
MAX_BYTES = 4 << 20


class Catalogue(NamedTuple):
    """All layers in one: the templates, what their sources are, and the clinic's settings.

    The texts are as the files have them; ``spoken`` gives them in another language.
    """

    regimens: Mapping[str, Regimen]
    sources: Mapping[str, Text]
    settings: Mapping[str, Any] = {}
    files: tuple[str, ...] = ()
    clinics: Mapping[str, Mapping[str, Any]] = {}
    """By name: what the clinics of a group do not share."""

    @property
    def clinic_names(self) -> tuple[str, ...]:
        """Those that have a table of their own."""
        return tuple(self.clinics)

    @property
    def language(self) -> str:
        """The code of the language that the clinic's patients read, English where no file says."""
        return self.settings.get("language") or DEFAULT_LANGUAGE

    def spoken(self, regimen: Regimen, language: str) -> Regimen:
        """A template in one of the ``LANGUAGES``: its own words, else those of the catalogues.

        A text that neither has stays English.
        """
        if language == DEFAULT_LANGUAGE:
            return regimen
        return regimen.spoken(language, translations(language))

    def screened(self, regimen: Regimen) -> Regimen:
        """A template whose list of who it is not for speaks every one of the ``LANGUAGES``."""

        def said(text: Text) -> Text:
            spoken = {code: str(text.spoken(code, translations(code))) for code in LANGUAGES}
            return Text({**spoken, **text.by_language})

        screening = tuple(each._replace(what=said(each.what)) for each in regimen.care.screening)
        return replace(regimen, care=regimen.care._replace(screening=screening))

    def cited(self, regimen: Regimen, language: str) -> dict[str, str]:
        """What the sources are that a template names, in one of the ``LANGUAGES``."""
        words = translations(language)
        return {
            key: str(what.spoken(language, words))
            for key, what in self.sources.items()
            if key in regimen.all_sources
        }

    def at(self, name: str) -> Catalogue:
        """The same for a clinic of this name; its table, if it has one, goes over ``[clinic]``."""
        own = self.clinics.get(name, {})
        return self._replace(settings={**self.settings, **own, "name": name})

    def clinic(self, name: str | None = None) -> Clinic:
        """The clinic, or the one of a name, in the machine's own zone where no file names one.

        Raises UsageError where the machine's zone cannot be told.
        """
        if name is not None:
            return self.at(name).clinic()
        settings = {key: value for key, value in self.settings.items() if key != "language"}
        zone_name = settings.pop("timezone", None) or zones.machine_zone_name()
        hours: Mapping[str, tuple[Span, ...]] = settings.pop("hours", {})
        return Clinic(
            zone_name=zone_name,
            zone=zones.load_zone(zone_name),
            hours=tuple(hours.get(day, ()) for day in WEEKDAYS),
            **settings,
        )


def shipped_file() -> Path:
    """The file that came with the tool: beside the package in a wheel, at the top in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / FILE_NAME
    return inside if inside.is_file() else package.parent / FILE_NAME


def layers(named: Iterable[Path] = ()) -> tuple[Path, ...]:
    """The files that make the catalogue, in the order in which a later one wins, each once.

    Raises FileError where a folder cannot be looked into.
    """
    import platformdirs

    own = platformdirs.user_config_path("meso-sched", appauthor=False) / FILE_NAME
    found = [shipped_file(), *(path for path in (own, Path(FILE_NAME)) if _is_file(path))]
    if len(found) > 1 and _place(found[-1]) == found[0]:
        found.pop()  # in a checkout the folder's file is the shipped one; the user's goes over it
    paths = [*found, *named]
    last = {_place(path): position for position, path in enumerate(paths)}
    return tuple(paths[position] for position in sorted(last.values()))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        raise _unreadable(path, error) from error


def _place(path: Path) -> Path:
    """Where a path leads; the path itself where that cannot be told, which reading it will."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return path


def load(paths: Sequence[Path], *, check_holidays: bool = False) -> Catalogue:
    """Read the layers into one catalogue.

    ``check_holidays`` also asks the `holidays` library whether it knows the code, which takes a
    moment. Raises FileError for a file that cannot be read, ProblemsError with all that is wrong.
    """
    return lay_over(read_files(paths), check_holidays=check_holidays)


def read_files(paths: Iterable[Path]) -> list[TomlFile]:
    """The layers as they are written; FileError for a file that cannot be read."""
    return [TomlFile(os.fspath(path), read_text(path), LISTED) for path in paths]


def own_files(files: Iterable[TomlFile]) -> list[TomlFile]:
    """Those of the files that did not come with the tool."""
    shipped = _place(shipped_file())
    return [file for file in files if _place(Path(file.name)) != shipped]


def lay_over(files: Sequence[TomlFile], *, check_holidays: bool = False) -> Catalogue:
    """The layers in one catalogue; raises ProblemsError with all that is wrong in them."""
    ids = regimen_ids(files)
    shared = [read_shared(file, ids, check_holidays=check_holidays) for file in files]
    settings: dict[str, Any] = {}
    clinics: dict[str, dict[str, Any]] = {}
    sources: dict[str, Text] = {}
    care: dict[str, Care] = {}
    for each in shared:
        settings.update(each.settings)
        for name, own in each.clinics.items():
            clinics.setdefault(name, {}).update(own)
        sources.update(each.sources)
        care.update(each.care)
    all_care = all(each.all_care for each in shared)
    regimens: dict[str, Regimen] = {}
    for file in files:
        regimens.update(read_regimens(file, care, all_care=all_care))
    problems = [problem for file in files for problem in file.problems]
    if problems:
        raise ProblemsError(problems)
    return Catalogue(regimens, sources, settings, tuple(file.name for file in files), clinics)


def read_text(path: Path) -> str:
    """A file's UTF-8 text; FileError says why there is none."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise FileError(f"{path}: larger than {MAX_BYTES >> 20} MiB; no schedules file is")
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise FileError(f"{path}: not a text file in UTF-8; save it as UTF-8") from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError | ValueError) -> FileError:
    reason = getattr(error, "strerror", None) or str(error)
    return FileError(f"{path}: cannot be read: {reason}; check the path")
