"""Choices make a course of a regimen: every count and interval fixed, every ideal date known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import takewhile
from types import MappingProxyType
from typing import NamedTuple

from meso_sched.core.interval import MAX_SESSIONS, Interval
from meso_sched.core.nearest import did_you_mean
from meso_sched.core.regimen import DEFAULT_MINUTES, Keep, Phase, Regimen
from meso_sched.core.walltime import LAST_YEAR, plural
from meso_sched.errors import UsageError


class Choices(NamedTuple):
    """What the clinician picks; what is left out takes the lowest of its range."""

    sessions: Mapping[str, int] = {}
    every: Mapping[str, str] = {}
    until: date | None = None
    length: int | None = None
    keep: Keep | None = None
    override: bool = False


class Missing(NamedTuple):
    """A choice that the source leaves open and nobody has made: ``sessions`` or ``every``."""

    phase: str
    what: str

    @property
    def option(self) -> str:
        """The option that makes the choice, with a placeholder."""
        return f"--{self.what} {self.phase}={'N' if self.what == 'sessions' else 'INTERVAL'}"


class PlannedPhase(NamedTuple):
    """A phase with its choices made: how many sessions, at which interval.

    ``whole`` is how many it was to have where a restart cut it short; ``restarted`` is the day
    on which its first session is ideal where it is such a restart.
    """

    name: str
    sessions: int
    interval: Interval
    whole: int | None = None
    restarted: date | None = None


class IdealSession(NamedTuple):
    """Where the regimen alone puts a session: its number in the course, its place in its phase.

    ``skipped`` are the intervals of the cancelled sessions right before it: they lengthen its gap
    on purpose. ``restarts``: it begins a phase anew, so no gap before it is too long.
    """

    number: int
    phase: str
    of: tuple[int, int]
    ideal: date
    interval: Interval
    skipped: tuple[Interval, ...] = ()
    restarts: bool = False

    def earliest(self, before: date) -> date:
        """The first day allowed after a session booked on ``before``."""
        return self.interval.earliest(before)

    def latest(self, before: date) -> date | None:
        """The last day after ``before`` that is not overdue; None if none is."""
        if self.restarts:
            return None
        for interval in (*self.skipped, self.interval):
            before = interval.latest(before)
        return before


class Course(NamedTuple):
    """One patient's regimen with every choice made; ``length`` in minutes, dates local."""

    regimen: Regimen
    patient: str | None
    number: int
    start: date
    keep: Keep
    length: int
    phases: tuple[PlannedPhase, ...]
    overrides: tuple[str, ...]
    """Choices outside their range, as the options that made them: ``"sessions weekly=8"``."""

    @property
    def count_all(self) -> int:
        """How many sessions the course has."""
        return sum(phase.sessions for phase in self.phases)

    @property
    def sessions(self) -> tuple[IdealSession, ...]:
        """All sessions with their ideal dates, numbered through all phases; laid out anew."""
        return tuple(lay_out(self.phases, self.start, self.keep))


def missing_choices(regimen: Regimen, choices: Choices) -> tuple[Missing, ...]:
    """The choices that this regimen needs and that are not made, in the order of its phases."""
    missing = []
    for phase in regimen.phases:
        if not _wanted(phase, regimen, choices):
            continue
        if phase.sessions is None and phase.name not in choices.sessions:
            missing.append(Missing(phase.name, "sessions"))
        if phase.every is None and phase.name not in choices.every:
            missing.append(Missing(phase.name, "every"))
    return tuple(missing)


def make_course(
    regimen: Regimen,
    choices: Choices,
    *,
    start: date,
    patient: str | None = None,
    number: int = 1,
    keep: Keep = Keep.WEEKDAY,
) -> Course:
    """Fix every choice of ``regimen``; session 1 is ideal on ``start``.

    ``keep`` is what holds where neither the choices nor the regimen say it. Raises UsageError for
    an unknown phase, a choice that is missing, or one outside its range without ``override``.
    """
    _refuse_unknown_phases(regimen, choices)
    _refuse_missing(regimen, choices)
    chooser = _Chooser(regimen, choices)
    length = chooser.length()
    phases = [
        PlannedPhase(phase.name, chooser.count(phase), chooser.interval(phase))
        for phase in regimen.phases
        if _wanted(phase, regimen, choices)
    ]
    kept = choices.keep or regimen.keep or keep
    if choices.until is not None:
        phases = chooser.fill(phases, choices.until, start, kept)
    phases = [phase for phase in phases if phase.sessions]
    _refuse_impossible(phases, start, kept)
    return Course(
        regimen, patient, number, start, kept, length, tuple(phases), tuple(chooser.overrides)
    )


class _Chooser:
    """Holds each choice against its range; collects those that an override lets stand."""

    def __init__(self, regimen: Regimen, choices: Choices) -> None:
        self.regimen = regimen
        self.choices = choices
        self.overrides: list[str] = []

    def length(self) -> int:
        length = self.choices.length
        given = self.regimen.length
        if length is None:
            return DEFAULT_MINUTES if given is None else given.least
        if given is not None and length not in given:
            cited = ", ".join(self.regimen.length_sources) or self.regimen.cited
            rule = f"a session of {self.regimen.id} takes {given} (source {cited})"
            self._outside(f"length {length}m", rule)
        return length

    def count(self, phase: Phase) -> int:
        count = self.choices.sessions.get(phase.name)
        if count is None:
            return 0 if phase.sessions is None else phase.sessions.least
        if not 0 <= count <= MAX_SESSIONS or (count == 0 and phase.sessions is None):
            raise UsageError(
                f"--sessions {phase.name}={count}: a phase has 1 to {MAX_SESSIONS} sessions"
            )
        if phase.sessions is not None and count not in phase.sessions:
            rule = f"phase {phase.name} of {self.regimen.id} has {phase.sessions} sessions"
            self._outside(f"sessions {phase.name}={count}", rule + self._source)
        return count

    def interval(self, phase: Phase) -> Interval:
        text = self.choices.every.get(phase.name)
        if text is None:
            assert phase.every is not None, "a missing choice is refused before"
            return phase.every
        try:
            chosen = Interval.parse(text, phase.flex)
        except ValueError as error:
            raise UsageError(f"--every {phase.name}: {error}") from error
        if phase.every is None:
            return chosen
        if not chosen.is_range and phase.every.allows(chosen.ideal):
            return phase.every.choose(chosen.ideal)
        rule = (
            f"phase {phase.name} of {self.regimen.id} comes every {phase.every},"
            f" with its flex {phase.every.range_text} apart"
        )
        if chosen.is_range:
            rule += ", and one interval is to be chosen"
        self._outside(f"every {phase.name}={chosen}", rule + self._source)
        return chosen

    def fill(
        self, phases: Sequence[PlannedPhase], until: date, start: date, keep: Keep
    ) -> list[PlannedPhase]:
        """Give the open phase as many sessions as are ideal on or before ``until``."""
        name = _open_phase(self.regimen, self.choices)
        position = [phase.name for phase in phases].index(name)
        before = [phase for phase in phases[:position] if phase.sessions]
        endless = phases[position]._replace(sessions=MAX_SESSIONS)
        laid_out = lay_out([*before, endless], start, keep)
        filled = takewhile(lambda session: session.ideal <= until, laid_out)
        count = sum(session.phase == name for session in filled)
        template = self.regimen.phase(name)
        assert template is not None
        assert template.sessions is not None
        if count not in template.sessions:
            room = f"up to that day there are {plural(count, 'session')} of phase {name}"
            rule = f"{room}, and {self.regimen.id} has {template.sessions}"
            self._outside(f"until {until}", rule + self._source)
        return [*phases[:position], endless._replace(sessions=count), *phases[position + 1 :]]

    @property
    def _source(self) -> str:
        return f" (source {self.regimen.cited})"

    def _outside(self, asked: str, rule: str) -> None:
        """Record a choice outside its range, or refuse it, naming the range and its source."""
        if not self.choices.override:
            raise UsageError(f"--{asked}: {rule}; add --override to plan it all the same")
        self.overrides.append(asked)


def lay_out(
    phases: Sequence[PlannedPhase],
    start: date,
    keep: Keep,
    rebased: Mapping[int, date] = MappingProxyType({}),
) -> Iterator[IdealSession]:
    """The sessions with their ideal dates (local), numbered through all phases.

    ``rebased`` gives the day, by session number, from which the sessions behind it are laid out
    anew: of one that was done too early or too late for its own ideal to count on.
    """
    anchor, number = start, 0
    for position, phase in enumerate(phases):
        # The first phase and a restarted one count from their own first session, every other
        # from the session before it.
        offset = 0 if position == 0 or phase.restarted else 1
        anchor = phase.restarted or anchor
        ideal = anchor
        for index in range(phase.sessions):
            ideal = phase.interval.ideal_after(
                anchor, index + offset, whole_weeks=keep is Keep.WEEKDAY
            )
            number += 1
            of = (index + 1, phase.whole or phase.sessions)
            restarts = index == 0 and phase.restarted is not None
            yield IdealSession(number, phase.name, of, ideal, phase.interval, restarts=restarts)
            if number in rebased:
                anchor = ideal = rebased[number]
                offset = -index
        anchor = ideal


def _wanted(phase: Phase, regimen: Regimen, choices: Choices) -> bool:
    """An optional phase is part of the course only where a choice asks for it."""
    if not phase.optional:
        return True
    if phase.name in choices.sessions:
        return choices.sessions[phase.name] > 0
    if phase.name in choices.every:
        return True
    return choices.until is not None and _open_phase(regimen, choices) == phase.name


def _open_phase(regimen: Regimen, choices: Choices) -> str:
    """The phase that ``until`` fills: the last open one whose count is not chosen."""
    for phase in reversed(regimen.phases):
        if phase.sessions is not None and phase.sessions.is_open:
            if phase.name not in choices.sessions:
                return phase.name
            raise UsageError(
                f"--until and --sessions {phase.name}={choices.sessions[phase.name]} both say how"
                " long that phase goes on; leave one of them out"
            )
    raise UsageError(
        f"--until fills an open phase, and {regimen.id} has none; choose counts with --sessions"
    )


def _refuse_unknown_phases(regimen: Regimen, choices: Choices) -> None:
    names = [phase.name for phase in regimen.phases]
    for option, chosen in (("--sessions", choices.sessions), ("--every", choices.every)):
        for name in chosen:
            if name not in names:
                raise UsageError(
                    f'{option}: {regimen.id} has no phase "{name}"{did_you_mean(name, names)}'
                    f" Its phases: {', '.join(names)}."
                )


def _refuse_missing(regimen: Regimen, choices: Choices) -> None:
    missing = missing_choices(regimen, choices)
    if not missing:
        return
    wants = {"sessions": "a number of sessions", "every": "an interval"}
    phases = dict.fromkeys(each.phase for each in missing)
    needed = " and ".join(
        " and ".join(wants[each.what] for each in missing if each.phase == phase)
        + f" for phase {phase}"
        for phase in phases
    )
    options = " ".join(each.option for each in missing)
    raise UsageError(
        f"{regimen.id} needs {needed}: the source ({regimen.cited}) gives no figure."
        f" Choose with {options}"
    )


def _refuse_impossible(phases: Sequence[PlannedPhase], start: date, keep: Keep) -> None:
    total = sum(phase.sessions for phase in phases)
    if total == 0:
        raise UsageError("the choices leave no session at all; choose one or more with --sessions")
    if total > MAX_SESSIONS:
        raise UsageError(
            f"the choices make a course of {total} sessions, and one has {MAX_SESSIONS} at most;"
            " choose fewer with --sessions or an earlier --until"
        )
    try:
        last = list(lay_out(phases, start, keep))[-1].ideal
    except (OverflowError, ValueError):
        last = date.max
    if last.year > LAST_YEAR:
        raise UsageError(
            f"the course would run past the year {LAST_YEAR}; choose fewer sessions or a shorter"
            " interval"
        )
