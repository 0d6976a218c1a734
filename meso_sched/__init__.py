"""Expands a regimen template into dated appointments that a clinic can keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meso_sched.core.course import Choices, Course, make_course
    from meso_sched.core.plan import Plan, PlanRequest, make_plan
    from meso_sched.core.revising import Revision, RevisionRequest, revise
    from meso_sched.core.telling import Told
    from meso_sched.exchange.schedules import Catalogue, load
    from meso_sched.exchange.stored import StoredCourse, read_course

__version__ = "0.1.0"
__all__ = [
    "Catalogue",
    "Choices",
    "Course",
    "Plan",
    "PlanRequest",
    "Revision",
    "RevisionRequest",
    "StoredCourse",
    "Told",
    "load",
    "make_course",
    "make_plan",
    "read_course",
    "revise",
]

_HOME = {
    "Catalogue": "meso_sched.exchange.schedules",
    "Choices": "meso_sched.core.course",
    "Course": "meso_sched.core.course",
    "Plan": "meso_sched.core.plan",
    "PlanRequest": "meso_sched.core.plan",
    "Revision": "meso_sched.core.revising",
    "RevisionRequest": "meso_sched.core.revising",
    "StoredCourse": "meso_sched.exchange.stored",
    "Told": "meso_sched.core.telling",
    "load": "meso_sched.exchange.schedules",
    "make_course": "meso_sched.core.course",
    "make_plan": "meso_sched.core.plan",
    "read_course": "meso_sched.exchange.stored",
    "revise": "meso_sched.core.revising",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the library's face, each part loaded when asked
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
