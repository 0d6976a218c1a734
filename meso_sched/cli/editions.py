"""From ``--for``, ``--lang``, ``--care`` and ``--discreet`` to the edition that is written."""

from __future__ import annotations

from typing import NamedTuple

from meso_sched.cli import reading
from meso_sched.core.nearest import did_you_mean
from meso_sched.errors import UsageError
from meso_sched.exchange.editions import CLINIC, PATIENT, PLAIN, CareForm, Edition
from meso_sched.exchange.languages import parse_language
from meso_sched.exchange.schedules import Catalogue


class EditionOptions(NamedTuple):
    """The options as typed."""

    audience: str | None = None
    language: str | None = None
    care: str | None = None
    discreet: bool = False

    @property
    def given(self) -> str | None:
        """The first of the options that is given, if one is."""
        said = {
            "--for": self.audience is not None,
            "--lang": self.language is not None,
            "--care": self.care is not None,
            "--discreet": self.discreet,
        }
        return next((option for option, is_given in said.items() if is_given), None)


def edition_of(options: EditionOptions, language: str) -> Edition:
    """The edition that is asked for, in ``language`` unless the options name another.

    Raises UsageError for what is not known.
    """
    audience = PLAIN
    if options.audience is not None:
        audience = reading.parse_audience(options.audience)
    if options.discreet and audience != PATIENT:
        raise UsageError(
            "--discreet: is for the patient's calendar alone; add --for patient, or leave it out"
        )
    return Edition(
        audience,
        _language(options.language, language),
        usual_care(audience) if options.care is None else _parse_care(options.care),
        options.discreet,
    )


def edition_elsewhere(options: EditionOptions, stored: Edition) -> Edition:
    """The edition of a course that goes elsewhere: as it is stored but for what is asked for."""
    asked = edition_of(options, stored.language)
    if options.audience is None:
        asked = asked._replace(audience=stored.audience)
    # What the clinic's own version leaves out says nothing of what others are to have.
    chosen = stored.care is not usual_care(stored.audience) or stored.audience == asked.audience
    return asked._replace(care=stored.care) if options.care is None and chosen else asked


def usual_care(audience: str) -> CareForm:
    """What a clinic's own version has no room for: it holds all its patients' appointments."""
    return CareForm.NONE if audience == CLINIC else CareForm.EVENTS


def language_of(text: str | None, catalogue: Catalogue) -> str:
    """The code of the language of ``--lang``, else the clinic's; UsageError for one unknown."""
    return _language(text, catalogue.language)


def _language(text: str | None, usual: str) -> str:
    return usual if text is None else reading.option("--lang", parse_language, text)


def _parse_care(text: str) -> CareForm:
    try:
        return CareForm(text.strip().lower())
    except ValueError:
        forms = [form.value for form in CareForm]
        raise UsageError(
            f'--care: "{text}" is not known{did_you_mean(text, forms)} Write events, alarms or'
            " none."
        ) from None
