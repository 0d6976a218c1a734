"""`--invite`: a mail for each appointment, and for each that changed, which the desk then sends.

Mails are read by the standard library's parser, their calendars by icalendar and by vobject.
"""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple

import icalendar
import pytest
import vobject
from building import clinic
from hypothesis import example, given, settings
from hypothesis import strategies as st
from judge_ical import content_lines
from running import Desk, Result

from meso_sched.cli import app, writing
from meso_sched.core.plan import Plan
from meso_sched.errors import ChangedError
from meso_sched.exchange.calendar_lines import parse
from meso_sched.exchange.events import CourseEvent, Identity, plain
from meso_sched.exchange.invitation_mail import Sender, to_mail
from meso_sched.exchange.invitations import Invitation, News, Occasion, due
from meso_sched.exchange.invited import Invited, invited_of
from meso_sched.exchange.languages import LANGUAGES
from meso_sched.exchange.stored import read_course

ADDRESS = "patient@example.org"
CLINIC = """[clinic]
name = "Clinic on the square"
address = "Station Road 1, 34710 Istanbul"
contact = "+90 216 000 00 00"
email = "desk@clinic.example"
timezone = "Europe/Istanbul"
holidays = "TR"
"""
HAIR = ("plan", "hair", "--start", "2027-01-05T10:00", "--patient", "P1", "-o", "P1.ics")
IDENTITY = Identity("Clinic on the square", "P1", "hair", 1, "patient")
SESSIONS, REVIEWS = 9, 2
FOLDER = "P1-invitations"


class Mail(NamedTuple):
    """A mail as it was read: itself, its calendar, and that calendar's event."""

    data: bytes
    message: EmailMessage
    calendar: icalendar.Calendar
    event: Any  # icalendar types a property as any of thirty

    @classmethod
    def read(cls, data: bytes) -> Mail:
        """One mail with its one event."""
        message = email.message_from_bytes(data, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        assert message.defects == []
        calendar = icalendar.Calendar.from_ical(part(message, "text/calendar"))
        (event,) = calendar.walk("VEVENT")
        return cls(data, message, calendar, event)

    @property
    def text(self) -> str:
        """The words for those without a calendar."""
        body = self.message.get_body(("plain",))
        assert isinstance(body, EmailMessage)
        return str(body.get_content()).replace("\r\n", "\n")

    @property
    def method(self) -> str:
        """The method, which stands in two places."""
        (found,) = (
            each for each in self.message.walk() if each.get_content_subtype() == "calendar"
        )
        method = str(found.get_param("method"))
        assert method == self.calendar["METHOD"]
        return method

    @property
    def start(self) -> datetime:
        """When the event begins."""
        start: datetime = self.event["DTSTART"].dt
        return start


def part(message: EmailMessage, content_type: str) -> bytes:
    """The bytes of the one part of that type."""
    (found,) = (each for each in message.walk() if each.get_content_type() == content_type)
    data = found.get_payload(decode=True)
    assert isinstance(data, bytes)
    return data


class Office(Desk):
    """A desk with a calendar on the wall, on 4 January 2027 unless told otherwise."""

    def today(self, day: str) -> None:
        """From here on it is noon of that day in Istanbul."""
        noon = datetime.fromisoformat(f"{day}T12:00+03:00")

        class Clock(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Clock:
                return cls.fromtimestamp(noon.timestamp(), tz)

        self._monkeypatch.setattr(app, "datetime", Clock)

    def ok(self, *args: str) -> str:
        """What a command that has to succeed says on stderr."""
        result = self.run(*args)
        assert result.code == 0, result.err
        return result.err

    def invite(self, *args: str) -> dict[str, Mail]:
        """Plan the course with invitations; gives its mails."""
        self.ok(*HAIR, "--invite", ADDRESS, *args)
        return self.mails()

    def revise(self, *args: str) -> str:
        """Revise the course; gives what is said on stderr."""
        return self.ok("revise", "P1.ics", *args, "--yes")

    def mails(self) -> dict[str, Mail]:
        """Every mail in the folder by its name, in order."""
        folder = self.folder / FOLDER
        paths = sorted(folder.iterdir()) if folder.exists() else []
        return {path.name: Mail.read(path.read_bytes()) for path in paths}

    def new(self, run: Callable[[], object]) -> dict[str, Mail]:
        """The mails that come while something runs."""
        before = self.mails()
        run()
        after = self.mails()
        assert {name: after[name].data for name in before} == {
            name: mail.data for name, mail in before.items()
        }, "what was written stays as it was"
        return {name: mail for name, mail in after.items() if name not in before}

    @property
    def remembered(self) -> Invited:
        """What the course's file knows of its invitations."""
        return invited_of(parse((self.folder / "P1.ics").read_text(encoding="utf-8")))


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Office:
    desk = Office(tmp_path, monkeypatch, capsys)
    desk.write("schedules.toml", CLINIC)
    desk.today("2027-01-04")
    return desk


# ---- A plan with invitations ---------------------------------------------------------------------


def test_each_appointment_has_a_mail_of_its_own_with_one_event(desk: Office) -> None:
    said = desk.ok(*HAIR, "--invite", ADDRESS)
    assert said.endswith(f"{FOLDER}: 11 invited; nothing was sent, open each and send it\n")
    mails = desk.mails()
    uids = [str(mail.event["UID"]) for mail in mails.values()]
    assert uids == [
        *(IDENTITY.uid(number) for number in range(1, SESSIONS + 1)),
        *(IDENTITY.review_uid(number) for number in range(1, REVIEWS + 1)),
    ]
    assert {mail.method for mail in mails.values()} == {"REQUEST"}
    course = icalendar.Calendar.from_ical((desk.folder / "P1.ics").read_bytes())
    events: list[Any] = list(course.walk("VEVENT"))
    booked = sorted(
        event["DTSTART"].dt for event in events if event["CATEGORIES"].to_ical() != b"CARE"
    )
    assert sorted(mail.start for mail in mails.values()) == booked


def test_the_names_sort_by_session_then_by_the_order_of_sending(desk: Office) -> None:
    names = list(desk.invite())
    assert names[0] == "01-00-REQUEST-2027-01-05.eml"
    assert names[-1] == "review-2-00-REQUEST-2027-06-21.eml"
    desk.revise("--move", "1=2027-01-06T10:00")
    desk.revise("--cancel", "1")
    first = [name for name in desk.mails() if name.startswith("01-")]
    assert first == [
        "01-00-REQUEST-2027-01-05.eml",
        "01-01-REQUEST-2027-01-06.eml",
        "01-02-CANCEL-2027-01-06.eml",
    ]


def test_the_calendar_is_an_invitation_as_itip_has_it(desk: Office) -> None:
    mail = next(iter(desk.invite().values()))
    event = mail.event
    assert mail.calendar["VERSION"] == "2.0"
    assert len(mail.calendar.walk("VTIMEZONE")) == 1
    assert event["ORGANIZER"] == "mailto:desk@clinic.example"
    assert event["ORGANIZER"].params["CN"] == "Clinic on the square"
    assert event["ATTENDEE"] == f"mailto:{ADDRESS}"
    assert dict(event["ATTENDEE"].params) == {
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": "NEEDS-ACTION",
        "RSVP": "TRUE",
    }
    assert (event["SEQUENCE"], event["STATUS"]) == (0, "CONFIRMED")
    assert event["SUMMARY"] == "Appointment 1/9, Clinic on the square"
    assert event["LOCATION"] == "Clinic on the square, Station Road 1, 34710 Istanbul"
    assert event["DTSTAMP"].dt == datetime(2027, 1, 4, 9, tzinfo=UTC)


def test_vobject_reads_the_same(desk: Office) -> None:
    for mail in desk.invite().values():
        read = vobject.readOne(part(mail.message, "text/calendar").decode())
        assert read.method.value == "REQUEST"
        assert [each.uid.value for each in read.vevent_list] == [mail.event["UID"]]
        assert read.vevent.dtstart.value == mail.start
        assert read.vevent.attendee.value == f"mailto:{ADDRESS}"
        assert read.vevent.organizer.params["CN"] == ["Clinic on the square"]


def test_the_mail_is_built_as_programs_expect_it(desk: Office) -> None:
    for mail in desk.invite().values():
        types = [each.get_content_type() for each in mail.message.walk()]
        assert types == [
            "multipart/mixed",
            "multipart/alternative",
            "text/plain",
            "text/calendar",
            "application/ics",
        ]
        message = mail.message
        (calendar,) = (each for each in message.walk() if each.get_content_type() == types[3])
        assert (calendar.get_param("charset"), calendar.get_param("component")) == (
            "UTF-8",
            "VEVENT",
        )
        assert part(message, types[3]) == part(message, types[4])
        assert [each.get_filename() for each in message.iter_attachments()] == ["invite.ics"]
        assert message["X-Unsent"] == "1"
        assert message["From"].addresses[0].addr_spec == "desk@clinic.example"
        assert message["From"].addresses[0].display_name == "Clinic on the square"
        assert [each.addr_spec for each in message["To"].addresses] == [ADDRESS]
        assert message["Date"].datetime == mail.event["DTSTAMP"].dt
        assert {*map(str.lower, message.keys())} == {
            *("from", "to", "subject", "date", "message-id", "x-unsent", "mime-version"),
            "content-type",
        }
        assert mail.data.count(b"\n") == mail.data.count(b"\r\n")
        assert mail.data.isascii()
        assert max(map(len, mail.data.split(b"\r\n"))) <= 998
        content_lines(part(message, types[3]))  # CRLF, folded at 75 octets


def test_message_ids_differ_and_are_the_same_when_written_again(desk: Office) -> None:
    desk.setenv("SOURCE_DATE_EPOCH", "1767225600")
    first = desk.invite()
    ids = [str(mail.message["Message-ID"]) for mail in first.values()]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"<[^<>@\s]+@clinic\.example>", each) for each in ids)
    for path in (desk.folder / FOLDER).iterdir():
        path.unlink()
    (desk.folder / "P1.ics").unlink()
    again = desk.invite()
    assert {name: mail.data for name, mail in again.items()} == {
        name: mail.data for name, mail in first.items()
    }


def test_what_a_patient_gets_has_nothing_private_or_clinical(desk: Office) -> None:
    for mail in desk.invite("--for", "clinic").values():
        calendar = part(mail.message, "text/calendar").decode()
        assert not re.search(r"^X-", calendar, re.MULTILINE)
        shown = f"{mail.message['Subject']}\n{mail.text}\n{mail.event['SUMMARY']}"
        assert not re.search(r"hair|mesotherapy|weekly|P1\b", shown, re.IGNORECASE)


def test_files_and_folder_are_for_the_desk_alone(desk: Office) -> None:
    desk.invite()
    folder = desk.folder / FOLDER
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert {path.name for path in desk.folder.iterdir()} == {"P1.ics", FOLDER, "schedules.toml"}


def test_the_words_tell_what_when_and_where(desk: Office) -> None:
    mail = next(iter(desk.invite().values()))
    assert mail.message["Subject"] == (
        "Appointment 1/9, Clinic on the square: Tue 5 Jan 2027 10:00-10:30"
    )
    assert mail.text == (
        "You have an appointment. Please accept or decline the invitation.\n"
        "\n"
        "Appointment 1/9, Clinic on the square\n"
        "When: Tue 5 Jan 2027 10:00-10:30\n"
        "Where: Clinic on the square, Station Road 1, 34710 Istanbul\n"
        "Contact: +90 216 000 00 00\n"
    )


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("tr", "Randevu 1/9, Clinic on the square: 5 Oca 2027 Sal 10:00-10:30"),
        ("de", "Termin 1/9, Clinic on the square: Di., 5. Jan. 2027 10:00-10:30"),
    ],
)
def test_the_words_are_in_the_language_asked_for(desk: Office, language: str, subject: str) -> None:
    mail = next(iter(desk.invite("--lang", language).values()))
    assert mail.message["Subject"] == subject
    assert "Appointment" not in mail.text
    assert "10:00-10:30" in mail.text


def test_the_clinics_language_is_the_invitations_too(desk: Office) -> None:
    desk.write("schedules.toml", f'{CLINIC}language = "es"\n')
    assert str(next(iter(desk.invite().values())).message["Subject"]).startswith("Cita 1/9")


def test_a_discreet_invitation_says_no_more_than_when_and_where(desk: Office) -> None:
    mails = desk.invite("--discreet")
    mail = next(iter(mails.values()))
    assert mail.message["Subject"] == "Appointment: Tue 5 Jan 2027 10:00-10:30"
    assert mail.message["From"].addresses[0].display_name == ""
    assert mail.text.splitlines()[2:] == [
        "Appointment",
        "When: Tue 5 Jan 2027 10:00-10:30",
        "Where: Station Road 1, 34710 Istanbul",
        "Contact: +90 216 000 00 00",
    ]
    for mail in mails.values():
        assert mail.event["SUMMARY"] == "Appointment"
        assert "DESCRIPTION" not in mail.event
        assert b"square" not in part(mail.message, "text/calendar")
    (moved,) = desk.new(lambda: desk.revise("--move", "3=2027-01-20T10:00")).values()
    assert moved.event["SUMMARY"] == "Appointment"


def test_a_patient_with_the_copy_and_the_invitations_has_each_appointment_once(
    desk: Office,
) -> None:
    mails = desk.invite()
    desk.ok("revise", "P1.ics", "--for", "patient", "--care", "none", "-o", "for-P1.ics")
    copy = icalendar.Calendar.from_ical((desk.folder / "for-P1.ics").read_bytes())
    copied = {str(event["UID"]): event for event in copy.walk("VEVENT")}
    assert copied.keys() == {str(mail.event["UID"]) for mail in mails.values()}
    for mail in mails.values():
        event = copied[str(mail.event["UID"])]
        for name in ("DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "LOCATION", "STATUS"):
            assert event[name].to_ical() == mail.event[name].to_ical()


def test_past_sessions_get_no_mail(desk: Office) -> None:
    desk.today("2027-01-20")
    mails = desk.invite()
    assert [name[:2] for name in mails if name[0] == "0"] == ["04", "05", "06", "07", "08", "09"]


def test_the_same_plan_again_writes_no_mail(desk: Office) -> None:
    desk.invite()
    before = desk.files()
    for again in ((*HAIR, "--invite", ADDRESS), HAIR):
        said = desk.ok(*again)
        assert "holds this plan already" in said
        assert FOLDER not in said
    assert desk.files() == before


def test_a_plan_again_with_other_dates_tells_what_changed(desk: Office) -> None:
    desk.invite()
    later = [word.replace("T10:00", "T11:00") for word in HAIR]
    new = desk.new(lambda: desk.ok(*later))
    assert len(new) == SESSIONS + REVIEWS
    assert {mail.event["SEQUENCE"] for mail in new.values()} == {1}


def test_a_plan_again_with_fewer_sessions_calls_the_rest_off(desk: Office) -> None:
    desk.invite("--sessions", "monthly=4")
    new = desk.new(lambda: desk.ok(*HAIR, "--sessions", "monthly=3"))
    (off,) = (mail for mail in new.values() if mail.method == "CANCEL")
    assert off.event["UID"] == IDENTITY.uid(10)
    assert off.event["SUMMARY"] == "Cancelled: Appointment 10/10, Clinic on the square"


def test_json_of_the_plan_does_not_tell_the_address(desk: Office) -> None:
    result = desk.run(*HAIR, "--invite", ADDRESS, "--json")
    assert result.code == 0, result.err
    assert json.loads(result.out)["schema"] == "meso-sched/plan/1"
    assert ADDRESS not in result.out
    assert ADDRESS not in result.err
    assert len(desk.mails()) == SESSIONS + REVIEWS


# ---- Refused -------------------------------------------------------------------------------------

EXAMPLE = 'write one as "name@clinic.example"'
FILE = "--invite: the course's file has to remember what was sent; add -o FILE.ics"
REFUSED = {
    "no file": (("--invite", ADDRESS), FILE),
    "stdout": (("--invite", ADDRESS, "-o", "-"), FILE),
    "a card": (("--invite", ADDRESS, "-o", "P1.html"), FILE),
    "json": (("--invite", ADDRESS, "--json"), FILE),
    "the patient's copy": (
        ("--invite", ADDRESS, "-o", "P1.ics", "--for", "patient"),
        "--invite: goes with the clinic's own file, which can be revised; leave --for patient out",
    ),
    "no address": (("--invite", "", "-o", "P1.ics"), f'--invite: "" is no mail address; {EXAMPLE}'),
    "a word": (("--invite", "me", "-o", "P1.ics"), f'--invite: "me" is no mail address; {EXAMPLE}'),
    "two": (
        ("--invite", "a@b.example,c@d.example", "-o", "P1.ics"),
        f'--invite: "a@b.example,c@d.example" is not one bare address; {EXAMPLE}, without a name',
    ),
    "a header": (
        ("--invite", "a@b.example\nBcc: c@d.example", "-o", "P1.ics"),
        '--invite: "a@b.example?Bcc: c@d.example" holds a line break or a control character;'
        f" {EXAMPLE}",
    ),
    "other letters": (
        ("--invite", "jörg@b.example", "-o", "P1.ics"),
        '--invite: "jörg@b.example" has other letters than a to z before the @, which not every'
        " mail program can reach; ask for another address",
    ),
    "a language": (
        ("--invite", ADDRESS, "-o", "P1.ics", "--lang", "xx"),
        '--lang: "xx" is not a known language. Write en, tr, fr, de, es or ar.',
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_kept_up_is_refused_before_anything_is_written(
    desk: Office, name: str
) -> None:
    args, sentence = REFUSED[name]
    result = desk.run("plan", "hair", "--start", "2027-01-05", "--patient", "P1", *args)
    assert (result.code, result.err) == (2, f"meso-sched: {sentence}\n")
    assert set(desk.files()) == {"schedules.toml"}


NO_EMAIL = (
    "--invite: the clinic has no address to invite from; add email ="
    ' "desk@clinic.example" under [clinic] in schedules.toml'
)


def test_without_the_clinics_address_it_is_said_what_to_add(desk: Office) -> None:
    desk.write("schedules.toml", CLINIC.replace("email", "# email"))
    result = desk.run(*HAIR, "--invite", ADDRESS)
    assert (result.code, result.err) == (2, f"meso-sched: {NO_EMAIL}\n")
    desk.ok(*HAIR)
    result = desk.run("revise", "P1.ics", "--invite", ADDRESS)
    assert (result.code, result.err) == (2, f"meso-sched: {NO_EMAIL}\n")
    assert not (desk.folder / FOLDER).exists()


@pytest.mark.parametrize("where", [("-o", "other.ics"), ("-o", "-"), ("-o", "card.html")])
def test_revise_keeps_invitations_with_the_courses_own_file_alone(
    desk: Office, where: tuple[str, ...]
) -> None:
    desk.ok(*HAIR)
    result = desk.run("revise", "P1.ics", "--invite", ADDRESS, *where)
    assert (result.code, result.err) == (
        2,
        "meso-sched: --invite: goes with the course's own file; leave -o and --format out\n",
    )


def test_a_stripped_file_has_to_be_planned_again_first(desk: Office) -> None:
    desk.ok("plan", "hair", "--start", "2027-01-05", "-o", "P1.ics")
    text = (desk.folder / "P1.ics").read_text(encoding="utf-8").replace("\r\n ", "")
    kept = [line for line in text.splitlines() if not line.startswith("X-MESO")]
    stripped = "\n".join(re.sub(r"^UID:.*", f"UID:{n}", line) for n, line in enumerate(kept))
    desk.write("P1.ics", stripped)
    result = desk.run("revise", "P1.ics", "--invite", ADDRESS, "--yes")
    assert (result.code, result.err) == (
        3,
        "meso-sched: P1.ics: another program stripped what tells whose course it is, so nobody can"
        " be invited; plan the course again onto this file first (`plan REGIMEN … -o`)\n",
    )


def _file(folder: Path) -> None:
    folder.write_text("x", encoding="utf-8")


def _link(folder: Path) -> None:
    (folder.parent / "elsewhere").mkdir()
    folder.symlink_to("elsewhere")


@pytest.mark.parametrize("put", [_file, _link])
def test_nothing_is_written_elsewhere_than_into_a_folder_of_its_own(
    desk: Office, put: Callable[[Path], None]
) -> None:
    put(desk.folder / FOLDER)
    before = desk.files()
    result = desk.run(*HAIR, "--invite", ADDRESS)
    assert (result.code, result.err) == (
        3,
        f"meso-sched: {FOLDER}: is no folder of its own, and the course's invitations go there;"
        " move it away\n",
    )
    assert desk.files() == before


# ---- As life happens -----------------------------------------------------------------------------


def test_a_session_that_moves_gets_one_update_without_the_address_being_asked(
    desk: Office,
) -> None:
    before = desk.invite()["03-00-REQUEST-2027-01-19.eml"]
    desk.today("2027-01-05")
    said = ""

    def run() -> None:
        nonlocal said
        said = desk.revise("--move", "3=2027-01-20T11:00")

    new = desk.new(run)
    assert list(new) == ["03-01-REQUEST-2027-01-20.eml"]
    assert said.endswith(
        f"{FOLDER}: 1 updated; nothing was sent, open it and send it:"
        " 03-01-REQUEST-2027-01-20.eml\n"
    )
    (mail,) = new.values()
    assert mail.method == "REQUEST"
    assert mail.event["UID"] == before.event["UID"]
    assert mail.event["SEQUENCE"] > before.event["SEQUENCE"]
    assert mail.event["DTSTAMP"].dt > before.event["DTSTAMP"].dt
    assert mail.start.isoformat() == "2027-01-20T11:00:00+03:00"
    assert mail.event["ATTENDEE"] == f"mailto:{ADDRESS}"
    assert mail.message["Message-ID"] != before.message["Message-ID"]
    assert mail.message["Subject"] == (
        "Changed: Appointment 3/9, Clinic on the square: Wed 20 Jan 2027 11:00-11:30"
    )
    assert mail.text.startswith("Your appointment has changed. Please accept or decline it as it")


def test_a_cancelled_session_is_called_off_as_the_patient_has_it(desk: Office) -> None:
    desk.invite()
    new = desk.new(lambda: desk.revise("--cancel", "4"))
    assert list(new) == ["04-01-CANCEL-2027-01-26.eml"]
    (mail,) = new.values()
    assert mail.method == "CANCEL"
    assert (mail.event["STATUS"], mail.event["SEQUENCE"]) == ("CANCELLED", 1)
    assert mail.event["ORGANIZER"] == "mailto:desk@clinic.example"
    assert mail.event["ATTENDEE"] == f"mailto:{ADDRESS}"
    assert "RSVP" not in mail.event["ATTENDEE"].params
    assert mail.start.isoformat() == "2027-01-26T10:00:00+03:00"
    assert mail.message["Subject"] == (
        "Cancelled: Appointment 4/9, Clinic on the square: Tue 26 Jan 2027 10:00-10:30"
    )
    assert mail.text.startswith("This appointment does not take place.\n")


def test_a_missed_session_is_invited_to_on_its_new_day(desk: Office) -> None:
    desk.invite()
    desk.today("2027-01-13")
    new = desk.new(lambda: desk.revise("--done", "1", "--missed", "2"))
    assert new["02-01-REQUEST-2027-01-13.eml"].event["UID"] == IDENTITY.uid(2)
    assert {mail.method for mail in new.values()} == {"REQUEST"}
    assert not any(name.startswith("01-") for name in new)


def test_what_is_done_or_past_is_not_told_of(desk: Office) -> None:
    desk.invite()
    desk.today("2027-01-20")
    assert desk.new(lambda: desk.revise("--done", "1,2")) == {}
    assert desk.new(lambda: desk.revise("--cancel", "3")) == {}


def test_a_course_that_stops_calls_off_all_that_is_to_come(desk: Office) -> None:
    desk.invite()
    desk.today("2027-01-20")
    new = desk.new(lambda: desk.revise("--stop"))
    assert {name[:2]: mail.method for name, mail in new.items() if name[0] == "0"} == dict.fromkeys(
        ["04", "05", "06", "07", "08", "09"], "CANCEL"
    )
    assert desk.new(lambda: desk.revise()) == {}


def test_dry_run_writes_no_mail_and_says_what_it_would(desk: Office) -> None:
    desk.invite()
    before = desk.files()
    result = desk.run("revise", "P1.ics", "--cancel", "8..", "--dry-run")
    assert result.code == 0
    assert f"{FOLDER}: not written: " in result.err
    assert "2 cancelled" in result.err
    assert desk.files() == before


def test_a_revision_that_goes_elsewhere_writes_no_mail(desk: Office) -> None:
    desk.invite()
    assert desk.new(lambda: desk.revise("--cancel", "9", "-o", "other.ics")) == {}
    assert ADDRESS not in (desk.folder / "other.ics").read_text(encoding="utf-8")


def test_a_question_names_the_mails(desk: Office) -> None:
    desk.ok(*HAIR, "--invite", ADDRESS)
    code, shown = desk.terminal(
        "revise", "P1.ics", "--cancel", "9", answers=[("Write P1.ics and 2 invitations?", "n\n")]
    )
    assert code == 0, shown
    assert len(desk.mails()) == SESSIONS + REVIEWS


def test_what_somebody_moved_in_the_calendar_is_told_too(desk: Office) -> None:
    desk.invite()
    text = (desk.folder / "P1.ics").read_bytes()
    desk.write("P1.ics", text.replace(b":20270119T1", b":20270120T1"))
    new = desk.new(lambda: desk.revise())
    assert "03-01-REQUEST-2027-01-20.eml" in new


def test_a_new_address_is_invited_to_all_that_is_to_come(desk: Office) -> None:
    desk.invite()
    desk.today("2027-01-20")
    new = desk.new(lambda: desk.revise("--invite", "new@example.org"))
    assert [name[:2] for name in new if name[0] == "0"] == ["04", "05", "06", "07", "08", "09"]
    for mail in new.values():
        assert (mail.method, mail.event["SEQUENCE"]) == ("REQUEST", 1)
        assert mail.message["To"].addresses[0].addr_spec == "new@example.org"
        assert mail.text.startswith("You have an appointment.")
    assert desk.remembered.to == "new@example.org"
    assert "nothing changes" in desk.revise("--invite", "new@example.org")


def test_a_course_without_invitations_gets_them_with_a_revision(desk: Office) -> None:
    desk.ok(*HAIR)
    new = desk.new(lambda: desk.revise("--invite", ADDRESS, "--lang", "fr", "--discreet"))
    assert len(new) == SESSIONS + REVIEWS
    assert {str(mail.event["SUMMARY"]) for mail in new.values()} == {"Rendez-vous"}
    assert desk.remembered[:3] == (ADDRESS, "fr", True)


def test_none_stops_the_mails_and_a_later_address_goes_on_from_there(desk: Office) -> None:
    desk.invite()
    assert desk.new(lambda: desk.revise("--invite", "none")) == {}
    assert desk.new(lambda: desk.revise("--move", "3=2027-01-20T10:00")) == {}
    new = desk.new(lambda: desk.revise("--invite", ADDRESS))
    assert list(new) == ["03-01-REQUEST-2027-01-20.eml"]
    (mail,) = new.values()
    assert mail.event["SEQUENCE"] == 1


def test_what_could_not_be_signed_is_written_once_the_clinic_has_an_address(
    desk: Office,
) -> None:
    desk.invite()
    desk.write("schedules.toml", CLINIC.replace("email", "# email"))
    said = desk.revise("--cancel", "4")
    assert (
        "warning: 1 invitation cannot be written, the clinic has no address to invite from; add"
        ' email = "desk@clinic.example" under [clinic] in schedules.toml, then revise P1.ics again'
    ) in said
    assert len(desk.mails()) == SESSIONS + REVIEWS
    desk.write("schedules.toml", CLINIC)
    assert list(desk.new(lambda: desk.revise())) == ["04-01-CANCEL-2027-01-26.eml"]


def test_a_new_place_is_told(desk: Office) -> None:
    desk.invite()
    desk.write("schedules.toml", CLINIC.replace("Station Road 1", "Harbour Road 2"))
    new = desk.new(lambda: desk.revise())
    assert len(new) == SESSIONS + REVIEWS
    assert {str(mail.event["LOCATION"]) for mail in new.values()} == {
        "Clinic on the square, Harbour Road 2, 34710 Istanbul"
    }


def test_longer_courses_do_not_mail_the_sessions_that_stay(desk: Office) -> None:
    desk.invite()
    new = desk.new(lambda: desk.revise("--extend", "monthly=1"))
    assert "10-00-REQUEST-2027-06-15.eml" in new
    assert not any(name.startswith("0") for name in new)


def test_after_a_step_back_the_patient_is_told_again(desk: Office) -> None:
    desk.invite()
    desk.revise("--move", "3=2027-01-20T10:00")
    desk.write("P1.ics", (desk.folder / "P1.ics~").read_bytes())
    new = desk.new(lambda: desk.revise())
    assert list(new) == ["03-02-REQUEST-2027-01-19.eml"]
    (mail,) = new.values()
    assert mail.event["SEQUENCE"] == 2
    assert desk.new(lambda: desk.revise()) == {}


def test_where_the_file_was_lost_the_sequences_still_go_on(desk: Office) -> None:
    desk.invite()
    (desk.folder / "P1.ics").unlink()
    new = desk.new(lambda: desk.ok(*HAIR, "--invite", ADDRESS))
    assert {mail.event["SEQUENCE"] for mail in new.values()} == {1}


def test_times_hold_on_both_sides_of_a_change_of_the_clock(desk: Office) -> None:
    desk.write("schedules.toml", CLINIC.replace('Istanbul"\nholidays', 'Berlin"\nholidays'))
    desk.invite("--start", "2027-03-05T10:00")
    desk.revise("--stop")
    for name, mail in desk.mails().items():
        hours = 1 if mail.start.date().isoformat() < "2027-03-28" else 2
        assert mail.start.utcoffset() == timedelta(hours=hours), name
        assert mail.start.hour == 10


def test_reminders_go_with_an_invitation_and_not_with_a_cancellation(desk: Office) -> None:
    desk.write("schedules.toml", f'{CLINIC}reminders = ["1 day"]\n')
    desk.invite()
    desk.revise("--cancel", "9")
    alarms = {mail.method: len(mail.event.walk("VALARM")) for mail in desk.mails().values()}
    assert alarms == {"REQUEST": 1, "CANCEL": 0}


# ---- Whole or not at all -------------------------------------------------------------------------


def test_a_file_that_cannot_be_written_leaves_no_mail(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ChangedError("changed just now")

    monkeypatch.setattr(writing, "write_whole", refuse)
    result = desk.run(*HAIR, "--invite", ADDRESS)
    assert (result.code, result.err) == (5, "meso-sched: changed just now\n")
    assert set(desk.files()) == {"schedules.toml"}
    assert not (desk.folder / FOLDER).exists()


def test_a_mail_that_cannot_be_written_leaves_the_file_as_it_was(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.invite()
    before = desk.files()
    renamed = os.replace

    def full(source: str, target: Path) -> None:
        if "CANCEL" in str(target) and "09-" in str(target):
            raise OSError(28, "No space left on device")
        renamed(source, target)

    monkeypatch.setattr(os, "replace", full)
    result = desk.run("revise", "P1.ics", "--stop", "--yes")
    assert result.code == 3
    assert "No space left on device; make room first" in result.err
    assert desk.files() == before


# ---- What is remembered, and where it is not -----------------------------------------------------


def test_the_address_stands_in_the_courses_own_file_alone(desk: Office) -> None:
    desk.invite()
    own = (desk.folder / "P1.ics").read_text(encoding="utf-8").replace("\r\n ", "")
    assert own.count("X-MESO-SCHED-INVITED") == 1
    assert ADDRESS in own
    assert ADDRESS not in own.partition("BEGIN:VEVENT")[2]
    elsewhere = ("copy.ics", "copy.json", "copy.csv", "copy.html", "copy.fhir.json")
    for name in elsewhere:
        for audience in ("patient", "clinic"):
            desk.ok("revise", "P1.ics", "--for", audience, "-o", f"{audience}-{name}")
    for name, data in desk.files().items():
        if name.startswith(("patient-", "clinic-")):
            assert ADDRESS.encode() not in data.replace(b"\r\n ", b""), name
    for shown in (("agenda", "--json"), ("agenda", "--for", "P1"), ("revise", "P1.ics", "--json")):
        result: Result = desk.run(*shown)
        assert result.code == 0, result.err
        assert ADDRESS not in result.out


def test_a_version_that_knows_no_invitations_keeps_what_is_remembered(desk: Office) -> None:
    """The rest of the tool does not know of the property either."""
    desk.invite()
    text = (desk.folder / "P1.ics").read_text(encoding="utf-8")
    stored = read_course(text, "P1.ics", clinic())
    plan = stored.current
    moved = plan.booked[2]._replace(start=plan.booked[2].start + timedelta(hours=1))
    moved = moved._replace(end=moved.start + timedelta(minutes=30))
    plan = plan._replace(booked=(*plan.booked[:2], moved, *plan.booked[3:]))
    stamp = datetime(2027, 1, 5, tzinfo=UTC)
    written = writing.prepare_revision(plan, stored, text.encode(), stamp)
    assert not written.same
    assert invited_of(parse(written.data.decode())) == desk.remembered


@pytest.mark.parametrize(
    "record",
    [
        "[]",
        '{"to": 3}',
        '{"to": "a@b.example\\nBcc: c@d.example"}',
        '{"to": "a@b", "language": ["en"], "discreet": 1, "sent": []}',
        '{"sent": {"../1": {}, "1": 3, "2": {"sequence": -1}, "3": {"start": "x"}}}',
        '{"sent": {"1": {"method": "REQUEST", "sequence": 1, "start": "2027-01-05T10:00:00",'
        ' "end": "2027-01-05T11:00:00+03:00", "what": "x", "where": "", "to": "a@b.example"}}}',
        '{"sent": {"1": {"method": "REPLY", "sequence": 1, "start": "2027-01-05T10:00:00+03:00",'
        ' "end": "2027-01-05T11:00:00+03:00", "what": "x", "where": "", "to": "a@b.example"}}}',
        '{"sent": {"1": {"method": "CANCEL", "sequence": 1, "start": "2027-01-05T10:00:00+03:00",'
        ' "end": "2027-01-05T09:00:00+03:00", "what": "x", "where": "", "to": "a@b.example"}}}',
    ],
)
def test_what_anybody_may_have_written_there_does_no_harm(record: str) -> None:
    escaped = record.replace("\\", "\\\\").replace(",", "\\,")
    text = f"BEGIN:VCALENDAR\nX-MESO-SCHED-INVITED:{escaped}\nEND:VCALENDAR\n"
    assert invited_of(parse(text)) == Invited()


# ---- The rules, one by one -----------------------------------------------------------------------

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)


@pytest.fixture
def plan(desk: Office) -> Plan:
    desk.ok(*HAIR)
    text = (desk.folder / "P1.ics").read_text(encoding="utf-8")
    place = replace(clinic(), address="Station Road 1", email="desk@clinic.example")
    return read_course(text, "P1.ics", place).current


def first_sent(plan: Plan) -> Invited:
    """All invited on 4 January."""
    return due(Occasion(plan, NOW, NOW), Invited(ADDRESS))[1]


def test_a_session_that_comes_back_is_invited_again_over_its_cancellation(plan: Plan) -> None:
    booked = plan.booked
    without = plan._replace(booked=booked[:-1])
    sent = first_sent(plan)
    (off,), sent = due(Occasion(without, NOW, NOW), sent)
    assert (off.method, off.event.sequence) == ("CANCEL", 1)
    assert due(Occasion(without, NOW, NOW), sent)[0] == ()
    (again,), sent = due(Occasion(plan, NOW, NOW), sent)
    assert (again.method, again.news, again.event.sequence) == ("REQUEST", News.INVITED, 2)
    assert again.event.uid == off.event.uid
    assert again.event.stamp > off.event.stamp


def test_a_clock_that_goes_back_does_not_make_a_stamp_older(plan: Plan) -> None:
    moved = plan.booked[0]._replace(
        start=plan.booked[0].start + timedelta(hours=1), end=plan.booked[0].end + timedelta(hours=1)
    )
    sent = first_sent(plan)
    earlier = NOW - timedelta(days=3)
    changed = plan._replace(booked=(moved, *plan.booked[1:]))
    (told,), _ = due(Occasion(changed, earlier, earlier), sent)
    assert told.event.stamp == NOW + timedelta(seconds=1)


def test_a_sequence_is_never_below_that_of_the_clinics_event(plan: Plan) -> None:
    invitations, _ = due(Occasion(plan, NOW, NOW, least={"3": 7}), Invited(ADDRESS))
    assert [each.event.sequence for each in invitations if each.part == "3"] == [7]


def test_a_cancellation_goes_to_whom_the_invitation_went(plan: Plan) -> None:
    sent = first_sent(plan)._replace(to="other@example.org")
    without = plan._replace(booked=plan.booked[:-1], reviews=())
    told, _ = due(Occasion(without, NOW, NOW), sent)
    assert {each.to for each in told if each.method == "CANCEL"} == {ADDRESS}
    assert {each.to for each in told if each.method == "REQUEST"} == {"other@example.org"}


# ---- Words that would be headers -----------------------------------------------------------------


def invitation(what: str, news: News = News.INVITED) -> Invitation:
    """To an appointment called so, at a place called so."""
    start = datetime(2027, 1, 5, 7, tzinfo=UTC)
    event = CourseEvent(
        uid="u-1",
        start=start,
        end=start + timedelta(hours=1),
        summary=what,
        description=what,
        status="cancelled" if news is News.CANCELLED else "booked",
        sequence=0,
        stamp=NOW,
        created=NOW,
        modified=NOW,
        location=what,
    )
    return Invitation("1", news, event, ADDRESS)


WORDS = st.text(max_size=300) | st.text('Bcc: x@y.example,;"\\\\<>\r\n\t=?üع', max_size=120)


@settings(deadline=None, max_examples=150)
@given(WORDS, st.sampled_from(sorted(LANGUAGES)), st.sampled_from(News), st.booleans())
@example("x\r\nBcc: a@b.example\r\n\r\nBEGIN:VCALENDAR", "en", News.INVITED, False)
@example('Dr. "Ada" \\\\ <a@b.example>, Clinic; =?utf-8?q?x?=', "ar", News.UPDATED, False)
@example("A" * 2000, "en", News.CANCELLED, False)
@example("ü" * 2000, "fr", News.UPDATED, True)
def test_no_words_make_a_header_a_line_or_a_recipient(
    words: str, language: str, news: News, discreet: bool
) -> None:
    place = replace(clinic(), name=words, contact=words, email="desk@clinic.example")
    data = to_mail(invitation(words, news), Sender(place, language, discreet))
    mail = Mail.read(data)
    assert mail.method == ("CANCEL" if news is News.CANCELLED else "REQUEST")
    assert {*mail.message.keys()} == {
        *("From", "To", "Subject", "Date", "Message-ID", "X-Unsent", "MIME-Version"),
        "Content-Type",
    }
    (sender,) = mail.message["From"].addresses
    assert sender.addr_spec == "desk@clinic.example"
    name = "" if discreet else " ".join(plain(words).split())[:100]
    assert sender.display_name.replace(" ", "") == name.replace(" ", "")
    assert [each.addr_spec for each in mail.message["To"].addresses] == [ADDRESS]
    assert data.isascii()
    assert data.count(b"\n") == data.count(b"\r") == data.count(b"\r\n")
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert not re.search(rb"^[A-Za-z-]+:[ \t]*\r\n", data.partition(b"\r\n\r\n")[0], re.MULTILINE)
    lines = content_lines(part(mail.message, "text/calendar"))
    assert sum(line.startswith(("ATTENDEE", "ORGANIZER")) for line in lines) == 2
    assert mail.event["ORGANIZER"] == "mailto:desk@clinic.example"
    assert mail.event["ATTENDEE"] == f"mailto:{ADDRESS}"
    vobject.readOne(part(mail.message, "text/calendar").decode())


@pytest.mark.parametrize(
    "name", ["Clinic", 'The "Square", Ltd. <x>', "Klinik für Haut", "عيادة الميدان"]
)
def test_the_clinics_name_arrives_whole(name: str) -> None:
    place = replace(clinic(), name=name, email="desk@clinic.example")
    mail = Mail.read(to_mail(invitation("x"), Sender(place, "en")))
    assert mail.message["From"].addresses[0].display_name == name
    assert mail.event["ORGANIZER"].params["CN"] == name.replace('"', "'")


def test_what_an_address_may_hold_is_escaped_in_the_calendar() -> None:
    place = replace(clinic(), email="desk%1@clinic.example")
    told = invitation("x")._replace(to="o'neil+a?b#c&d@example.org")
    mail = Mail.read(to_mail(told, Sender(place, "en")))
    assert mail.event["ATTENDEE"] == "mailto:o'neil+a%3Fb%23c%26d@example.org"
    assert mail.event["ORGANIZER"] == "mailto:desk%251@clinic.example"
    assert mail.message["To"].addresses[0].addr_spec == "o'neil+a?b#c&d@example.org"


def test_one_that_was_done_before_its_time_is_called_off(desk: Office) -> None:
    """The patient's calendar still has the time that the clinic has given to others."""
    desk.invite()
    desk.today("2027-01-08")
    new = desk.new(lambda: desk.revise("--done", "1", "--done", "2=2027-01-08T11:00"))
    assert [mail.method for name, mail in new.items() if name.startswith("02-")] == ["CANCEL"]


def test_an_hour_that_autumn_repeats_is_invited_to(desk: Office) -> None:
    hours = (
        'timezone = "Europe/Berlin"\nholidays = ""\nemail = "desk@clinic.example"\n[clinic.hours]\n'
    )
    days = "".join(f'{day} = "00:00-23:30"\n' for day in ("sun", "mon", "tue", "wed", "thu"))
    desk.write("schedules.toml", f"[clinic]\n{hours}{days}")
    plan = ("plan", "hair", "--start", "2027-10-31T02:30", "--patient", "P9", "-o", "P9.ics")
    result = desk.run(*plan, "--invite", ADDRESS)
    assert result.code == 0, result.err
