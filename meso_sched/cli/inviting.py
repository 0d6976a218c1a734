"""The option ``--invite``: the mails that a course's file asks for, written together with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from meso_sched.cli import reading
from meso_sched.cli.editions import EditionOptions
from meso_sched.core.walltime import plural
from meso_sched.errors import UsageError
from meso_sched.exchange.addresses import parse_address
from meso_sched.exchange.editions import PATIENT
from meso_sched.exchange.languages import parse_language

if TYPE_CHECKING:
    from meso_sched.cli.targets import Target
    from meso_sched.cli.writing import Written
    from meso_sched.core.plan import Plan
    from meso_sched.exchange.calendar_lines import Component
    from meso_sched.exchange.invitations import Invitation
    from meso_sched.exchange.invited import Invited
    from meso_sched.exchange.schedules import Catalogue

NOBODY = "none"
ADD_EMAIL = 'add email = "desk@clinic.example" under [clinic] in schedules.toml'


class Asking(NamedTuple):
    """What the command line says of invitations: an address, NOBODY, or (None) nothing.

    ``language`` and ``discreet`` are what else it says of them. ``now`` is aware.
    """

    now: datetime
    address: str | None = None
    language: str | None = None
    discreet: bool = False

    @property
    def is_given(self) -> bool:
        """Whether --invite stands there."""
        return self.address is not None

    def asked_of(self, known: Invited, usual: str) -> Invited:
        """What is to be remembered; ``usual`` is the language of the course's file."""
        if self.address is None:
            return known
        if self.address == NOBODY:
            return known._replace(to=None)
        # Who is invited for the first time has no language yet.
        language = self.language or (known.language if known.sent else usual)
        discreet = self.discreet or (known.discreet and bool(known.sent))
        return known._replace(to=self.address, language=language, discreet=discreet)


def asking(
    text: str | None, edition: EditionOptions, now: datetime, *, own_file: bool = False
) -> tuple[Asking, EditionOptions]:
    """``--invite`` and what goes with it, and the options that are left for the file itself.

    ``own_file``: the language is that of the invitations alone, since a course's own file stays
    as it was planned.
    """
    if text is None:
        return Asking(now), edition
    address = text.strip().lower()
    if address != NOBODY:
        address = reading.option("--invite", parse_address, text)
    language = edition.language
    if language is not None:
        language = reading.option("--lang", parse_language, language)
    left = edition._replace(discreet=False)
    if own_file:
        left = left._replace(language=None)
    return Asking(now, address, language, edition.discreet), left


def refuse_unfit(
    asking: Asking, edition: EditionOptions, target: Target | None, catalogue: Catalogue
) -> None:
    """UsageError where ``plan`` could not keep up the invitations that are asked for."""
    if not asking.is_given:
        return
    if target is None or target.path is None or target.format != "ics":
        raise UsageError(
            "--invite: the course's file has to remember what was sent; add -o FILE.ics"
        )
    if target.is_folder:
        from meso_sched.cli.targets import NOT_FOLDERS

        raise UsageError(f"--invite: {NOT_FOLDERS}")
    if edition.audience is not None and reading.parse_audience(edition.audience) == PATIENT:
        raise UsageError(
            "--invite: goes with the clinic's own file, which can be revised; leave --for patient"
            " out"
        )
    _refuse_unsigned(asking, catalogue.settings.get("email", ""))


def refuse_elsewhere(asking: Asking, target: Target | None, catalogue: Catalogue) -> None:
    """UsageError where ``revise`` could not keep up the invitations that are asked for."""
    if not asking.is_given:
        return
    if target is not None:
        raise UsageError("--invite: goes with the course's own file; leave -o and --format out")
    _refuse_unsigned(asking, catalogue.settings.get("email", ""))


def _refuse_unsigned(asking: Asking, email: str) -> None:
    if asking.address != NOBODY and not email:
        raise UsageError(f"--invite: the clinic has no address to invite from; {ADD_EMAIL}")


class Outgoing(NamedTuple):
    """A course's file and the mails that go with it; ``told`` is what the desk hears of them."""

    written: Written
    folder: Path = Path()
    mails: Mapping[str, bytes] = {}
    counted: str = ""
    names: str = ""
    warnings: tuple[str, ...] = ()

    def replace(self, path: Path, *, keep_rights: bool = False) -> None:
        """Write the mails and the file, all or none."""
        if not self.mails:
            self.written.replace(path, keep_rights=keep_rights)
            return
        from meso_sched.exchange.invitation_folder import mails_written

        with mails_written(self.folder, self.mails, path):
            self.written.replace(path, keep_rights=keep_rights)

    @property
    def told(self) -> str | None:
        """That the mails are there and wait; None where there are none."""
        if not self.mails:
            return None
        it = "it" if len(self.mails) == 1 else "each"
        return f"{self.folder}: {self.counted}; nothing was sent, open {it} and send it{self.names}"

    @property
    def untold(self) -> str | None:
        """What would have been written; None where that is nothing."""
        return f"{self.folder}: not written: {self.counted}" if self.mails else None

    @property
    def beside(self) -> str:
        """What is written with the file, for a question; empty where that is nothing."""
        return f" and {plural(len(self.mails), 'invitation')}" if self.mails else ""


class Course(NamedTuple):
    """A course as it is to be written into its own file at ``path``."""

    plan: Plan
    path: Path
    stamp: datetime


def outgoing(course: Course, written: Written, asking: Asking) -> Outgoing:
    """The course's file with the mails that are due; ``written`` alone where nobody is invited."""
    if written.folder is not None:
        return Outgoing(written)
    calendar = written.file.calendar
    if asking.address in (None, NOBODY) and (calendar is None or not _has_invited(calendar)):
        return Outgoing(written)  # as most are, without loading what writes mails
    from meso_sched.exchange.invited import invited_of

    known = invited_of(calendar)
    wanted = asking.asked_of(known, written.file.edition.language)
    if wanted.to is not None and not course.plan.clinic.email:
        return _unsigned(course, written, asking, wanted)
    invitations, remembered = _due(course, written, asking, wanted)
    if remembered != known:
        written = _remembering(written, remembered)
    if not invitations:
        return Outgoing(written)
    return _with_mails(course, written, invitations, remembered)


def _has_invited(calendar: Component) -> bool:
    from meso_sched.exchange.records import INVITED_PROPERTY

    return any(line.startswith(INVITED_PROPERTY) for line in calendar.lines)


def _due(
    course: Course, written: Written, asking: Asking, wanted: Invited
) -> tuple[tuple[Invitation, ...], Invited]:
    from meso_sched.exchange.invitation_folder import folder_of, newest_sequences
    from meso_sched.exchange.invitations import Occasion, due, part_of

    if wanted.to is None:
        return (), wanted
    # The patient's copy counts by itself and changes less often than the clinic's file.
    least = {part_of(event): event.sequence for event in written.file.everything}
    newest = newest_sequences(folder_of(course.path))
    return due(Occasion(course.plan, asking.now, course.stamp, least, newest), wanted)


def _remembering(written: Written, invited: Invited) -> Written:
    from meso_sched.exchange.ical import to_ics
    from meso_sched.exchange.invited import with_invited

    file = with_invited(written.file, invited)
    return written._replace(data=to_ics(file), file=file)


def _with_mails(
    course: Course, written: Written, invitations: tuple[Invitation, ...], invited: Invited
) -> Outgoing:
    from meso_sched.exchange.invitation_folder import folder_of, has_mails, mail_name
    from meso_sched.exchange.invitation_mail import Sender, to_mail
    from meso_sched.exchange.invitations import News

    sender = Sender(course.plan.clinic, invited.language, invited.discreet)
    folder = folder_of(course.path)
    mails = {mail_name(each): to_mail(each, sender) for each in invitations}
    counts = ((news, sum(each.news is news for each in invitations)) for news in News)
    counted = ", ".join(f"{count} {news.value}" for news, count in counts if count)
    # Beside older ones, which may be sent already, it has to be said which are new.
    names = f": {', '.join(mails)}" if has_mails(folder) else ""
    return Outgoing(written, folder, mails, counted, names)


def _unsigned(course: Course, written: Written, asking: Asking, wanted: Invited) -> Outgoing:
    """Without an address to invite from: what is due stays due."""
    invitations, _ = _due(course, written, asking, wanted)
    if not invitations:
        return Outgoing(written)
    waiting = plural(len(invitations), "invitation")
    return Outgoing(
        written,
        warnings=(
            f"{waiting} cannot be written, the clinic has no address to invite from; {ADD_EMAIL},"
            f" then revise {course.path} again",
        ),
    )
