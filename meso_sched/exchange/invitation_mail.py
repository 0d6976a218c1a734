"""An invitation as a mail that is ready to be sent (iMIP, RFC 6047).

Built as the large calendar services build theirs, so that programs know it: the words and the
calendar are two forms of one thing (multipart/alternative, the calendar last), and the calendar is
attached once more for those that show no invitations. The attachment is `application/ics`, which
no program takes for a second invitation.
"""

from __future__ import annotations

from datetime import UTC
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from email.utils import quote as quoted
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote

from meso_sched.core.clinic import Clinic
from meso_sched.exchange.calendar_lines import Component, write
from meso_sched.exchange.events import CourseEvent, plain
from meso_sched.exchange.ical import PRODID, event_component, zone_component
from meso_sched.exchange.invitations import Invitation, News
from meso_sched.exchange.invited import CANCEL
from meso_sched.exchange.patient_words import one_line
from meso_sched.exchange.speaking import Speaker
from meso_sched.exchange.zones import load_zone

ATTACHED = "invite.ics"
CRLF = "\r\n"
MAX_NAME, MAX_HEADER = 100, 250
"""Characters of a name and of a subject: more than any program shows."""

MAX_WORD = 60
"""Characters that find a place on the first line of a header."""

# What stands for itself in the address of a mailto: (RFC 6068, 2).
_PLAIN_IN_MAILTO = "!$'*+-._~@"


class Sender(NamedTuple):
    """Who invites: the clinic; ``name`` is empty where nothing is to tell whose appointment it is.

    ``clinic.email`` must be there.
    """

    clinic: Clinic
    language: str
    discreet: bool = False

    @property
    def name(self) -> str:
        """What programs show beside the address."""
        return "" if self.discreet else _line(self.clinic.name)


def to_mail(invitation: Invitation, sender: Sender) -> bytes:
    """The whole mail with CRLF; the same input gives the same bytes."""
    calendar = to_calendar(invitation, sender)
    mark = _mark(invitation, sender)
    message = EmailMessage(policy=SMTP)
    message.set_content(_text(invitation, sender), cte="quoted-printable")
    message.add_alternative(
        calendar.decode(),
        subtype="calendar",
        charset="UTF-8",
        cte="base64",  # which leaves its CRLF and its folds as they are
        params={"method": invitation.method, "component": "VEVENT"},
    )
    message.set_boundary(f"=_{mark}_alternative")
    message.add_attachment(
        calendar,
        maintype="application",
        subtype="ics",
        filename=ATTACHED,
        params={"name": ATTACHED},
    )
    message.set_boundary(f"=_{mark}_mixed")
    head = (
        _from(sender),
        f"To: {invitation.to}",
        _header("Subject", _subject(invitation, sender)),
        f"Date: {format_datetime(invitation.event.stamp)}",
        f"Message-ID: <{mark}@{sender.clinic.email.rpartition('@')[2]}>",
        # Outlook opens the file as a draft that can be sent, not as something received.
        "X-Unsent: 1",
    )
    return "".join(f"{line}\r\n" for line in head).encode("ascii") + message.as_bytes()


def _from(sender: Sender) -> str:
    name, address = sender.name[:MAX_NAME], f"<{sender.clinic.email}>"
    if not name:
        return f"From: {address}"
    if _is_plain(name):
        name = f'"{quoted(name)}"'
    return f"{_header('From', name)} {address}"


def _header(name: str, value: str) -> str:
    """A header with words in it, folded so that its first line is never empty.

    That is legal (RFC 5322, 3.2.2) and what EmailMessage does, but not all programs read it.
    """
    text = _line(value)[:MAX_HEADER]
    charset = "us-ascii" if _is_plain(text) else "utf-8"
    return f"{name}: {Header(text, charset, header_name=name).encode(linesep=CRLF)}"


def _is_plain(text: str) -> bool:
    """Whether it can stand in a header as it is: folded at its spaces, and not taken for a code."""
    has_room = all(len(word) <= MAX_WORD for word in text.split(" "))
    return text.isascii() and has_room and "=?" not in text


def to_calendar(invitation: Invitation, sender: Sender) -> bytes:
    """The calendar of a mail: one event, one zone, a method, and nothing private."""
    event, clinic = invitation.event, sender.clinic
    lines = ("VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN", f"METHOD:{invitation.method}")
    # In UTC: an hour that autumn repeats would end before it begins.
    span = event.start.astimezone(UTC), event.end.astimezone(UTC)
    zone = zone_component(load_zone(clinic.zone_name), clinic.zone_name, *span)
    told = event_component(event, clinic.zone_name)
    told = told._replace(lines=(*told.lines, *_people(invitation, sender)))
    return write(Component("VCALENDAR", lines, (zone, told)))


def _people(invitation: Invitation, sender: Sender) -> tuple[str, str]:
    name = sender.name.replace('"', "'")  # a parameter holds no double quote (RFC 5545, 3.2)
    organizer = f'ORGANIZER;CN="{name}"' if name else "ORGANIZER"
    attendee = "ATTENDEE;ROLE=REQ-PARTICIPANT"
    if invitation.method != CANCEL:
        attendee += ";PARTSTAT=NEEDS-ACTION;RSVP=TRUE"
    return f"{organizer}:{_mailto(sender.clinic.email)}", f"{attendee}:{_mailto(invitation.to)}"


def _mailto(address: str) -> str:
    return f"mailto:{quote(address, safe=_PLAIN_IN_MAILTO)}"


def _mark(invitation: Invitation, sender: Sender) -> str:
    """What is the same for a mail written twice, and another for any other mail."""
    what = (invitation.method, invitation.event.uid, invitation.event.sequence, invitation.to)
    return sha256(repr((*what, sender.clinic.email)).encode()).hexdigest()[:32]


# ---- Its words -----------------------------------------------------------------------------------


def _subject(invitation: Invitation, sender: Sender) -> str:
    event, speaker = invitation.event, Speaker(sender.language)
    when = _when(event, sender, speaker)
    told = speaker.say("{what}: {details}", what=event.summary, details=when)
    if invitation.news is News.UPDATED:
        return speaker.say("Changed: {what}", what=told)
    return told  # the summary of one that is called off says so itself


def _text(invitation: Invitation, sender: Sender) -> str:
    """What, when and where, for those who read the mail and have no calendar."""
    event, speaker = invitation.event, Speaker(sender.language)
    contact = _line(one_line(sender.clinic.contact))
    lines = [
        _opening(invitation.news, speaker),
        "",
        _line(event.summary),
        speaker.say("When: {when}", when=_when(event, sender, speaker)),
    ]
    if event.location:
        lines.append(speaker.say("Where: {where}", where=_line(event.location)))
    if contact:
        lines.append(speaker.say("Contact: {contact}", contact=contact))
    return "\n".join([*lines, ""])


def _opening(news: News, speaker: Speaker) -> str:
    if news is News.CANCELLED:
        return speaker.say("This appointment does not take place.")
    if news is News.UPDATED:
        return speaker.say(
            "Your appointment has changed. Please accept or decline it as it is now."
        )
    return speaker.say("You have an appointment. Please accept or decline the invitation.")


def _when(event: CourseEvent, sender: Sender, speaker: Speaker) -> str:
    start, end = (each.astimezone(sender.clinic.zone) for each in (event.start, event.end))
    return f"{speaker.full_day(start.date())} {speaker.time(start)}-{speaker.time(end)}"


def _line(text: str) -> str:
    """Text as one line of a header or of a mail."""
    return " ".join(plain(text).split())
