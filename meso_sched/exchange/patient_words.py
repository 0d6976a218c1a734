"""What a patient's own calendar says, in the patient's language: plain words, nothing clinical."""

from __future__ import annotations

from collections.abc import Iterator

from meso_sched.core.booked import BookedSession, Status
from meso_sched.core.plan import Plan
from meso_sched.core.reviewing import BookedReview
from meso_sched.exchange.care_words import care_words
from meso_sched.exchange.editions import Edition
from meso_sched.exchange.speaking import Speaker


def calendar_name(plan: Plan, edition: Edition) -> str:
    """The name of the patient's calendar."""
    speaker = Speaker(edition.language)
    if edition.discreet or not plan.clinic.name:
        return speaker.say("Appointments")
    return speaker.say("Appointments {clinic}", clinic=plan.clinic.name)


def session_summary(plan: Plan, booked: BookedSession, edition: Edition) -> str:
    """That there is an appointment, which of how many and where; no word of what for."""
    speaker = Speaker(edition.language)
    place, clinic = f"{booked.number}/{len(plan.booked)}", plan.clinic.name
    if edition.discreet:
        said = speaker.say("Appointment")
    elif clinic:
        said = speaker.say("Appointment {place}, {clinic}", place=place, clinic=clinic)
    else:
        said = speaker.say("Appointment {place}", place=place)
    return with_status(booked.status, said, edition)


def session_description(plan: Plan, booked: BookedSession, edition: Edition) -> str:
    """Where it is, and what to do before and after."""
    speaker = Speaker(edition.language)
    total = plan.course.count_all
    lines = [
        speaker.say("Appointment {number} of {total}", number=booked.number, total=total),
        *_clinic_lines(plan, speaker),
    ]
    if booked.takes_place:
        lines += care_words(plan.course.regimen.care, edition).lines(booked.slot)
    return "\n".join(lines)


def review_summary(plan: Plan, review: BookedReview, edition: Edition) -> str:
    """That there is a follow-up visit; discreet, it is an appointment like any other."""
    speaker = Speaker(edition.language)
    if edition.discreet:
        said = speaker.say("Appointment")
    elif plan.clinic.name:
        said = speaker.say("Follow-up visit, {clinic}", clinic=plan.clinic.name)
    else:
        said = speaker.say("Follow-up visit")
    return with_status(review.status, said, edition)


def review_description(plan: Plan, review: BookedReview, edition: Edition) -> str:
    """What it is for, in the template's words, and where."""
    speaker = Speaker(edition.language)
    after = speaker.say("Follow-up visit after appointment {number}", number=review.after)
    name = " ".join(speaker.text(review.name).split())
    told = speaker.say("{what}: {details}", what=after, details=name)
    return "\n".join([told, *_clinic_lines(plan, speaker)])


def with_status(status: Status, what: str, edition: Edition) -> str:
    """What became of it, before what it is."""
    speaker = Speaker(edition.language)
    if status is Status.FULFILLED:
        return speaker.say("Done: {what}", what=what)
    if status is Status.NOSHOW:
        return speaker.say("Missed: {what}", what=what)
    if status is Status.CANCELLED:
        return speaker.say("Cancelled: {what}", what=what)
    return what


def _clinic_lines(plan: Plan, speaker: Speaker) -> Iterator[str]:
    address, contact = one_line(plan.clinic.address), one_line(plan.clinic.contact)
    if plan.clinic.name:
        yield plan.clinic.name
    if address:
        yield speaker.say("Address: {address}", address=address)
    if contact:
        yield speaker.say("Contact: {contact}", contact=contact)


def one_line(text: str) -> str:
    """Lines of a text, one behind the other."""
    lines = (line.strip().rstrip(",").rstrip() for line in text.splitlines())
    return ", ".join(filter(None, lines))
