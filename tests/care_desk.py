"""A desk whose clock stands where a test sets it, and small templates with care and reviews."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pytest
from running import Desk, Result

from meso_sched.cli import app
from meso_sched.core.clinic import Clinic
from meso_sched.core.regimen import Regimen
from meso_sched.exchange.schedule_tables import LISTED
from meso_sched.exchange.schedules import lay_over
from meso_sched.exchange.toml_tables import TomlFile

Words: TypeAlias = str | Mapping[str, str]
Said: TypeAlias = tuple[Words, str | None]
"""A statement and its figure, if it has one."""

OPEN = "09:00-18:00"
MON_TO_SAT = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat"), OPEN)
ALWAYS = dict.fromkeys((*MON_TO_SAT, "sun"), "00:00-24:00")


class Template(NamedTuple):
    """A clinic and its one regimen, "own", as a schedules file writes them."""

    before: Sequence[Said] = ()
    after: Sequence[Said] = ()
    expect: Sequence[Said] = ()
    call: Sequence[Words] = ()
    reviews: Sequence[Mapping[str, str]] = ()
    sessions: str = "4+"
    every: str = "1 week"
    length: str = "30 minutes"
    zone: str = "Europe/Istanbul"
    hours: Mapping[str, str] = MON_TO_SAT
    slot: str = "15 minutes"
    closed: Sequence[str] = ()
    clinic: Mapping[str, str | list[str]] = {}
    """More of the clinic: its name, its holidays, its reminders."""

    @property
    def toml(self) -> str:
        """The file."""
        clinic: dict[str, str | list[str]] = {"timezone": self.zone, "slot": self.slot}
        clinic |= {"closed": list(self.closed), **self.clinic}
        lines = ["[clinic]", *(f"{key} = {quoted(value)}" for key, value in clinic.items())]
        lines += ["[clinic.hours]"]
        lines += [f"{day} = {quoted(hours)}" for day, hours in self.hours.items()]
        lines += ["[care.own]"]
        for key, figure in (("before", "from"), ("after", "for"), ("expect", "for")):
            lines += [f"{key} = [", *(_item(each, figure) for each in getattr(self, key)), "]"]
        lines += ["call = [", *(_item((each, None), "") for each in self.call), "]"]
        lines += ["[regimens.own]", 'title = "Own"', 'care = ["own"]']
        lines += [f"length = {quoted(self.length)}", "reviews = ["]
        lines += [f"  {_table(each)}," for each in self.reviews]
        lines += ["]", "[[regimens.own.phases]]", 'name = "series"']
        lines += [f"sessions = {quoted(self.sessions)}", f"every = {quoted(self.every)}"]
        return "\n".join([*lines, ""])

    def read(self) -> tuple[Clinic, Regimen]:
        """What the program makes of it."""
        catalogue = lay_over([TomlFile("schedules.toml", self.toml, LISTED)])
        return catalogue.clinic(), catalogue.regimens["own"]


def quoted(words: Words | list[str]) -> str:
    """A text, or several, as TOML writes it."""
    if isinstance(words, list):
        return f"[{', '.join(map(quoted, words))}]"
    if not isinstance(words, str):
        return _table(words)
    # JSON escapes as TOML does but for DEL.
    return json.dumps(words, ensure_ascii=False).replace("\x7f", "\\u007F")


def _table(values: Mapping[str, str]) -> str:
    return f"{{ {', '.join(f'{key} = {quoted(value)}' for key, value in values.items())} }}"


def _item(said: Said, key: str) -> str:
    what, figure = said
    more = "" if figure is None else f", {key} = {quoted(figure)}"
    return f"  {{ what = {quoted(what)}{more} }},"


class CareDesk(Desk):
    """A desk with a clock of its own and one patient's course."""

    def now(self, moment: str) -> None:
        """From here on it is this moment, told with its offset."""
        stands = datetime.fromisoformat(moment).timestamp()

        class Clock(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Clock:
                return cls.fromtimestamp(stands, tz)

        self._monkeypatch.setattr(app, "datetime", Clock)

    @property
    def file(self) -> Path:
        """The course's file."""
        return self.folder / "P1.ics"

    def use(self, template: Template) -> Template:
        """Make it the clinic's own."""
        self.write("schedules.toml", template.toml)
        return template

    def course(self, *args: str, start: str = "2027-01-05T10:00") -> Any:  # noqa: ANN401 - JSON
        """Plan "own" for P1 into the course's file; gives the JSON."""
        result = self.planned(*args, start=start)
        assert result.code == 0, result.err
        return result.document

    def planned(self, *args: str, start: str = "2027-01-05T10:00") -> Result:
        """The same, whatever comes of it."""
        return self.run(
            *("plan", "own", "--start", start, "--patient", "P1", "-o", "P1.ics", "--json"), *args
        )

    def told(self, *args: str) -> Any:  # noqa: ANN401 - JSON
        """Revise the course and write it; gives the JSON."""
        result = self.revised(*args)
        assert result.code == 0, result.err
        return result.document

    def revised(self, *args: str) -> Result:
        """The same, whatever comes of it."""
        return self.run("revise", "P1.ics", "--yes", "--json", *args)


def care_desk(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CareDesk:
    """A desk on the morning of Tue 1 December 2026 in Istanbul."""
    desk = CareDesk(folder, monkeypatch, capsys)
    desk.now("2026-12-01T09:07+03:00")
    return desk
