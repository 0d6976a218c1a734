"""The languages that a patient reads, and the catalogues of shipped texts and the tool's words.

English is what the files say themselves; for it no catalogue is read and Babel is not loaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from meso_sched.core.nearest import did_you_mean
from meso_sched.core.regimen import DEFAULT_LANGUAGE


class Language(NamedTuple):
    """A language's name in English, and in itself."""

    english: str
    own: str


LANGUAGES: Mapping[str, Language] = {
    "en": Language("English", "English"),
    "tr": Language("Turkish", "Türkçe"),
    "fr": Language("French", "Français"),
    "de": Language("German", "Deutsch"),
    "es": Language("Spanish", "Español"),
    "ar": Language("Arabic", "العربية"),
}
"""By code (ISO 639-1)."""

FOLDER = Path(__file__).resolve().parent.parent / "languages"
"""Where the catalogues stand, ``tr.po`` for Turkish."""

_LOCALE = re.compile(
    r"(?P<code>[a-z]{2})"  # tr
    r"(?:[-_](?:[a-z]{4}|[a-z]{2}|[0-9]{3}))*"  # -TR, _TR, -Latn, -419
    r"(?:\.[a-z0-9-]+)?(?:@[a-z0-9]+)?"  # .UTF-8, @euro
)


def parse_language(text: str) -> str:
    """The code of a language: of ``"tr"``, ``"tr-TR"``, ``"tr_TR.UTF-8"``, ``"Turkish"``.

    ValueError, with the nearest that there is, for any other.
    """
    if text in LANGUAGES:
        return text
    plain = _plain(text)
    names = {_plain(name): code for code, each in LANGUAGES.items() for name in each}
    locale = _LOCALE.fullmatch(plain)
    code = names.get(plain, locale["code"] if locale else "")
    if code not in LANGUAGES:
        raise ValueError(f'"{text}" is not a known language{_advice(text)}')
    return code


def refuse_unknown(code: str) -> None:
    """ValueError, with the nearest, for what is not the code of a language that there is."""
    if code not in LANGUAGES:
        raise ValueError(f'unknown language "{code}"{_advice(code)}')


@lru_cache(maxsize=len(LANGUAGES))
def translations(language: str) -> Mapping[str, str]:
    """Shipped texts and the tool's own words in a language, by their English; none for English."""
    if language == DEFAULT_LANGUAGE:
        return {}
    from babel.messages.pofile import read_po

    with (FOLDER / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    return {
        message.id: message.string
        for message in catalogue
        if isinstance(message.id, str) and isinstance(message.string, str)
        if message.id and message.string and not message.fuzzy
    }


def _plain(text: str) -> str:
    """Small letters without accents: ``turkce`` of ``Türkçe``."""
    import unicodedata

    parts = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(each for each in parts if not unicodedata.combining(each))


def _advice(text: str) -> str:
    names = [name for each in LANGUAGES.values() for name in each]
    *codes, last = LANGUAGES
    return f"{did_you_mean(text, [*LANGUAGES, *names])} Write {', '.join(codes)} or {last}."
