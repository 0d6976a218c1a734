"""Which invitations a course needs: what its patient was last told against how it stands now.

An invitation is one event with one UID (iTIP, RFC 5546), since Outlook takes only the first of a
file. The UIDs are those of the patient's copy, not of the clinic's file: a patient who has both
the copy and the invitations then has each appointment once; and the copy's are the ones that tell
nothing clinical, nor join what two calendars say of one patient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

from meso_sched.core.booked import Status
from meso_sched.core.plan import Plan
from meso_sched.exchange import patient_words
from meso_sched.exchange.editions import PATIENT, CareForm, Edition
from meso_sched.exchange.events import CourseEvent, Kind, course_file, identity_of, plain
from meso_sched.exchange.invited import CANCEL, REQUEST, Invited, Sent
from meso_sched.exchange.records import review_number

_SECOND = timedelta(seconds=1)


class News(Enum):
    """What an invitation tells; the value is how the desk hears of it."""

    INVITED = "invited"
    UPDATED = "updated"
    CANCELLED = "cancelled"


class Invitation(NamedTuple):
    """One mail's worth: an ``event`` as the patient's calendar is to have it, sent ``to`` whom.

    ``part`` is that of the course, ``"3"`` or ``"review 1"``.
    """

    part: str
    news: News
    event: CourseEvent
    to: str

    @property
    def method(self) -> str:
        """The method of iTIP."""
        return CANCEL if self.news is News.CANCELLED else REQUEST


class Occasion(NamedTuple):
    """A course as it stands and what is known when its invitations are due.

    ``now`` is aware, ``stamp`` UTC to the second. ``least`` is by part the sequence that the next
    mail must have at least, ``newest`` the highest of those that lie in the folder: an older state
    of the course's file may be back in place, which does not know of them.
    """

    plan: Plan
    now: datetime
    stamp: datetime
    least: Mapping[str, int] = {}
    newest: Mapping[str, int] = {}


def due(occasion: Occasion, invited: Invited) -> tuple[tuple[Invitation, ...], Invited]:
    """The invitations that tell what changed since the last, and what is remembered with them.

    Only when and where count. Nothing that is past or done is told of any more.
    """
    if invited.to is None:
        return (), invited
    edition = Edition(PATIENT, invited.language, CareForm.NONE, invited.discreet)
    file = course_file(occasion.plan, edition, occasion.stamp)
    events = {part_of(each): each for each in file.everything if each.kind is not Kind.CARE}
    letters = _Letters(occasion, invited, invited.to, edition)
    parts = dict.fromkeys((*events, *invited.sent))
    found = [letters.about(part, events.get(part)) for part in parts]
    invitations = tuple(each for each in found if each is not None)
    sent = {**invited.sent, **{each.part: letters.sent(each) for each in invitations}}
    return invitations, invited._replace(sent=sent)


def part_of(event: CourseEvent) -> str:
    """What an appointment's event is of its course, as ``Invited`` names it."""
    return event.part or str(event.number)


class _Letters(NamedTuple):
    occasion: Occasion
    invited: Invited
    to: str
    edition: Edition

    def about(self, part: str, event: CourseEvent | None) -> Invitation | None:
        """What the patient has to be told of an appointment; None where that is nothing."""
        last = self.invited.sent.get(part)
        if event is not None and event.status == Status.BOOKED.value:
            if event.start < self.occasion.now or not self._is_news(part, event, last):
                return None
            knows = last is not None and last.stands and last.to == self.to
            news = News.UPDATED if knows else News.INVITED
            return Invitation(part, news, self._dated(self._public(event), part, last), self.to)
        # Also one that was done before its time: the patient's calendar still has that.
        if last is None or last.slot.start <= self.occasion.now:
            return None
        if not last.stands and not self._is_overtaken(part, last):
            return None
        off = self._called_off(part, event, last)
        return Invitation(part, News.CANCELLED, self._dated(off, part, last), last.to)

    def _public(self, event: CourseEvent) -> CourseEvent:
        """The event as a mail may have it: without records, and discreet without care."""
        description = "" if self.edition.discreet else event.description
        return replace(event, description=description, details={}, record={})

    def sent(self, invitation: Invitation) -> Sent:
        """What is remembered of an invitation."""
        event, last = invitation.event, self.invited.sent.get(invitation.part)
        what = event.summary
        if invitation.method == CANCEL and last is not None:
            what = last.what
        return Sent(
            method=invitation.method,
            sequence=event.sequence,
            stamp=event.stamp,
            slot=event.slot,
            what=what,
            where=event.location,
            to=invitation.to,
        )

    def _is_news(self, part: str, event: CourseEvent, last: Sent | None) -> bool:
        if last is None or not last.stands or self._is_overtaken(part, last):
            return True
        told = last.where, last.to
        return not event.slot.is_at(last.slot) or told != (event.location, self.to)

    def _is_overtaken(self, part: str, last: Sent) -> bool:
        return self.occasion.newest.get(part, -1) > last.sequence

    def _dated(self, event: CourseEvent, part: str, last: Sent | None) -> CourseEvent:
        """With a sequence and a stamp that go over whatever was sent before (RFC 5546, 2.1.4)."""
        stamp, least = self.occasion.stamp, self.occasion.least.get(part, 0)
        sequence = max(least, self.occasion.newest.get(part, -1) + 1)
        if last is not None:
            stamp, sequence = max(stamp, last.stamp + _SECOND), max(sequence, last.sequence + 1)
        return replace(event, sequence=sequence, stamp=stamp, created=stamp, modified=stamp)

    def _called_off(self, part: str, event: CourseEvent | None, last: Sent) -> CourseEvent:
        """The event as the patient has it, called off: the plan may no longer know it at all."""
        identity = identity_of(self.occasion.plan, PATIENT)
        review = review_number(part)
        summary = patient_words.with_status(Status.CANCELLED, last.what, self.edition)
        stamp = self.occasion.stamp
        return CourseEvent(
            uid=identity.uid(int(part)) if review is None else identity.review_uid(review),
            start=last.slot.start,
            end=last.slot.end,
            summary=plain(summary),
            description="" if event is None or self.edition.discreet else event.description,
            status=Status.CANCELLED.value,
            sequence=0,
            stamp=stamp,
            created=stamp,
            modified=stamp,
            kind=Kind.SESSION if review is None else Kind.REVIEW,
            part="" if review is None else part,
            number=int(part) if review is None else None,
            location=last.where,
        )
