"""For whom a course is written, and how: the clinic's own, the patient's, or the plain one."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from meso_sched.core.plan import Plan
from meso_sched.core.regimen import DEFAULT_LANGUAGE
from meso_sched.exchange.languages import translations

PLAIN, CLINIC, PATIENT = "", "clinic", "patient"


class CareForm(Enum):
    """How care comes into a calendar: as events of its own, as alarms of the session, or not."""

    EVENTS = "events"
    ALARMS = "alarms"
    NONE = "none"


class Edition(NamedTuple):
    """One way of writing a course.

    ``audience`` is PLAIN (the patient's reference and nothing clinical), CLINIC or PATIENT;
    ``language`` a code of what people read in it; ``discreet``: a SUMMARY says no more than that
    there is an appointment.
    """

    audience: str = PLAIN
    language: str = DEFAULT_LANGUAGE
    care: CareForm = CareForm.EVENTS
    discreet: bool = False

    @property
    def is_patients(self) -> bool:
        """Whether it is the patient's own."""
        return self.audience == PATIENT


def spoken(plan: Plan, language: str) -> Plan:
    """A plan whose texts are in one language, as tables and the screen show it."""
    words = translations(language)
    course = plan.course._replace(regimen=plan.course.regimen.spoken(language, words))
    reviews = (each._replace(name=each.name.spoken(language, words)) for each in plan.reviews)
    return plan._replace(course=course, reviews=tuple(reviews))
