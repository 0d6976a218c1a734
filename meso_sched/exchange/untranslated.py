"""Which texts of a clinic's own files its patients cannot read in their language.

They are no mistakes: such a text is shown in English. Only `check` asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from meso_sched.core.regimen import DEFAULT_LANGUAGE
from meso_sched.errors import Problem
from meso_sched.exchange.languages import LANGUAGES, translations
from meso_sched.exchange.schedule_tables import CARE_KEYS
from meso_sched.exchange.toml_tables import Path, TomlFile


class _Text(NamedTuple):
    at: Path
    words: Mapping[str, str]

    def speaks(self, language: str) -> bool:
        """Whether the file says it in the language, or says in English what a catalogue knows."""
        english = self.words.get(DEFAULT_LANGUAGE)
        return language in self.words or english in translations(language)

    @property
    def instead(self) -> str:
        """The language in which it is shown where another is missing."""
        code = DEFAULT_LANGUAGE if DEFAULT_LANGUAGE in self.words else next(iter(self.words))
        return LANGUAGES[code].english


def untranslated(files: Iterable[TomlFile], language: str | None) -> list[Problem]:
    """The texts in a clinic's own files, all sound, that lack a language.

    Where that is None, it is each that some texts of a template have and some have not. A template
    without a single text in the language is told once.
    """
    found: list[Problem] = []
    for file in files:
        for section in ("regimens", "care"):
            for name, values in file.values.get(section, {}).items():
                _note(file, (section, name), values, language)
        found += file.problems
    return found


def _note(file: TomlFile, at: Path, values: Mapping[str, Any], wanted: str | None) -> None:
    texts = list(_texts(at, values))
    said = {language for text in texts for language in text.words}
    for language in LANGUAGES if wanted is None else (wanted,):
        if wanted is None and language not in said:
            continue
        lacking = [text for text in texts if not text.speaks(language)]
        name = f"{LANGUAGES[language].english} ({language})"
        if len(lacking) == len(texts) > 1:
            instead = lacking[0].instead
            file.problem(at, f"no text of it is in {name}; patients read it in {instead}")
            continue
        for text in lacking:
            file.problem(text.at, f"not in {name}; patients read it in {text.instead}")


def _texts(at: Path, values: Mapping[str, Any]) -> Iterator[_Text]:
    for key, value in values.items():
        if key in ("title", "evidence"):
            yield _text((*at, key), value)
        elif key in CARE_KEYS or key == "reviews":
            inner = "name" if key == "reviews" else "what"
            for index, each in enumerate(value):
                yield _text((*at, key, index, inner), each[inner])


def _text(at: Path, value: str | Mapping[str, str]) -> _Text:
    return _Text(at, {DEFAULT_LANGUAGE: value} if isinstance(value, str) else value)
