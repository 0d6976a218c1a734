"""A course with a phase made longer, or begun anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from meso_sched.core.course import Course, PlannedPhase
from meso_sched.core.interval import MAX_SESSIONS
from meso_sched.core.nearest import did_you_mean
from meso_sched.core.walltime import plural
from meso_sched.errors import UsageError


def extended(course: Course, name: str, more: int, override: bool) -> tuple[Course, int]:
    """The course with ``more`` sessions at the end of a phase, and the number of their first.

    Raises UsageError for an unknown phase, and for more
    sessions than the source gives without ``override``.
    """
    positions = [n for n, phase in enumerate(course.phases) if phase.name == name]
    if not positions:
        names = list(dict.fromkeys(phase.name for phase in course.phases))
        raise UsageError(
            f'--extend: the course has no phase "{name}"{did_you_mean(name, names)} Its phases:'
            f" {', '.join(names)}."
        )
    position = positions[-1]
    phase = course.phases[position]
    count = phase.sessions + more
    if course.count_all + more > MAX_SESSIONS:
        raise UsageError(f"--extend {name}={more}: a course has {MAX_SESSIONS} sessions at most")
    longer = phase._replace(sessions=count)
    phases = (*course.phases[:position], longer, *course.phases[position + 1 :])
    course = _with_count_allowed(course, name, more, count, override)
    return course._replace(phases=phases), _last(course.phases, position) + 1


def restarted(course: Course, number: int, first: date) -> tuple[Course, int, int]:
    """The course whose phase begins anew with session ``number``, ideal on ``first`` (local).

    Also gives the number behind the phase as it was, and how many sessions it has now.
    """
    position = next(n for n in range(len(course.phases)) if number <= _last(course.phases, n))
    phase, last = course.phases[position], _last(course.phases, position)
    whole = phase.whole or phase.sessions
    begun = phase.sessions - (last - number + 1)
    cut_short = [phase._replace(sessions=begun, whole=whole)] if begun else []
    anew = phase._replace(sessions=whole, whole=None, restarted=first)
    phases = (*course.phases[:position], *cut_short, anew, *course.phases[position + 1 :])
    if sum(each.sessions for each in phases) > MAX_SESSIONS:
        raise UsageError(f"--restart-phase: a course has {MAX_SESSIONS} sessions at most")
    return course._replace(phases=phases), last + 1, whole


def _last(phases: Sequence[PlannedPhase], position: int) -> int:
    """The number of the last session of a phase."""
    return sum(phase.sessions for phase in phases[: position + 1])


def _with_count_allowed(course: Course, name: str, more: int, count: int, override: bool) -> Course:
    """The course, marked where the source does not give so many sessions."""
    template = course.regimen.phase(name)
    allowed = None if template is None else template.sessions
    if allowed is None or count in allowed:
        return course
    if not override:
        raise UsageError(
            f"--extend {name}={more} makes {plural(count, 'session')}; phase {name} of"
            f" {course.regimen.id} has {allowed} (source {course.regimen.cited}); add --override"
            " to plan it all the same"
        )
    mark = f"sessions {name}="
    others = tuple(each for each in course.overrides if not each.startswith(mark))
    return course._replace(overrides=(*others, f"{mark}{count}"))
