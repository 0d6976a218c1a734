"""A course as the bytes of a file: new, or an update of what the file holds of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from meso_sched.core.course import Course
from meso_sched.core.plan import Plan
from meso_sched.exchange import tables
from meso_sched.exchange.editions import PATIENT, Edition, spoken
from meso_sched.exchange.events import CourseFile, Identity, course_file, identity_of
from meso_sched.exchange.files import PRIVATE, read_bytes, write_whole
from meso_sched.exchange.standing import Former, decoded, refusal, updated_over

if TYPE_CHECKING:
    from meso_sched.cli.targets import Target
    from meso_sched.core.clinic import Clinic
    from meso_sched.core.regimen import Regimen
    from meso_sched.exchange.stored import StoredCourse
    from meso_sched.exchange.vdir import FolderCourse
    from meso_sched.exchange.vdir_writing import FolderUpdate


class Written(NamedTuple):
    """A plan ready to go out: its bytes, what stood in the file before, and its events.

    Into a folder of events goes the ``folder``'s update, and no ``data``.
    """

    data: bytes
    former: bytes | None
    file: CourseFile
    folder: FolderUpdate | None = None

    @property
    def same(self) -> bool:
        """Whether the file or the folder holds it already."""
        if self.folder is not None:
            return self.folder.same
        return self.data == self.former

    @property
    def what(self) -> str:
        """What happened to the file, in a word or two."""
        if self.same:
            return "holds this plan already, nothing changed"
        if self.folder is not None:
            return self.folder.what
        return "updated" if self.former else "written"

    def replace(self, path: Path, *, keep_rights: bool = False) -> None:
        """Put it in the place of what was read; beside a file, that is kept."""
        if self.folder is not None:
            self.folder.write()
            return
        write_whole(
            path,
            self.data,
            former=self.former,
            mode=None if keep_rights else PRIVATE,
            keep_former=bool(self.former),
        )

    def document(self, plan: Plan, warnings: Sequence[str]) -> str:
        """The plan as JSON text, with the sequences of its events."""
        plan = spoken(plan, self.file.edition.language)
        return tables.to_json(tables.plan_document(plan, self.file, warnings))


def look_at(
    target: Target, clinic: Clinic, regimens: Mapping[str, Regimen], identity: Identity
) -> Former | None:
    """What stands where a plan of that course is to be written; None where nothing does yet."""
    if target.path is None:
        return None
    if target.is_folder:
        from meso_sched.exchange.vdir import course_in

        folder = course_in(target.path, identity)
        text = folder.text.encode()
        former = Former.of(text, target.path, clinic, regimens) if text else Former(text)
        return former._replace(folder=folder)
    data = read_bytes(target.path)
    if not data or target.format != "ics":
        return None if data is None else Former(data)
    return Former.of(data, target.path, clinic, regimens)


class Order(NamedTuple):
    """What is to be written: a plan in an edition, with what the desk is warned of.

    ``stamp`` is UTC, to the second; it also tells what day it is.
    """

    plan: Plan
    edition: Edition
    warnings: Sequence[str]
    stamp: datetime


def prepare(order: Order, target: Target, former: Former | None) -> Written:
    """The plan in a format of the ``Target``, as an update of what stands there of it.

    Raises UsageError where that is anything else.
    """
    file = course_file(order.plan, order.edition, order.stamp)
    data = None if former is None else former.data
    if target.format == "ics":
        from meso_sched.exchange.ical import to_ics

        if former is not None and former.data and target.path is not None:
            file = updated_over(former, order.plan, file, order.stamp, target.path)
        if former is not None and former.folder is not None:
            return _into(former.folder, file, data)
        return Written(to_ics(file), data, file)
    if data and target.path is not None:
        _refuse_other(order, data, target.path, target.format)
    return Written(_rendered(order, file, target.format, data), data, file)


def _rendered(order: Order, file: CourseFile, format_: str, former: bytes | None) -> bytes:
    """The plan in a format that is no calendar."""
    plan = spoken(order.plan, order.edition.language)
    if format_ == "fhir":
        return _fhir(order._replace(plan=plan), file, former)
    if format_ == "html":
        from meso_sched.exchange.card import to_html

        today = order.stamp.astimezone(plan.clinic.zone).date()
        # The card speaks by itself: a text may lack the language.
        return to_html(order.plan, order.edition, today, order.stamp).encode()
    document = tables.plan_document(plan, file, order.warnings)
    text = tables.to_json(document) if format_ == "json" else tables.to_csv(document)
    return text.encode()


def prepare_revision(
    plan: Plan,
    stored: StoredCourse,
    data: bytes,
    stamp: datetime,
    folder: FolderCourse | None = None,
) -> Written:
    """A revised plan as an update of the file or the ``folder`` that it was read from."""
    from meso_sched.exchange.ical import to_ics
    from meso_sched.exchange.updating import updated

    base = course_file(stored.recorded, stored.edition, stamp)
    new = course_file(plan, stored.edition, stamp)
    file = updated(new, stored.file, stamp, base)
    if folder is not None:
        return _into(folder, file, data)
    return Written(to_ics(file), data, file)


def _into(folder: FolderCourse, file: CourseFile, former: bytes | None) -> Written:
    from meso_sched.exchange.vdir_writing import FolderUpdate

    return Written(b"", former, file, FolderUpdate.of(folder, file))


def _fhir(order: Order, file: CourseFile, former: bytes | None) -> bytes:
    """The Bundle; that of the file itself where nothing but the stamp differs."""
    from meso_sched.exchange.fhir import differs_in_stamp_only, fhir_bundle

    bundle = fhir_bundle(order.plan, file.everything, order.edition.audience, order.stamp)
    if former and differs_in_stamp_only(former.decode(), bundle):
        return former
    return tables.to_json(bundle).encode()


def _refuse_other(order: Order, data: bytes, path: Path, format_: str) -> None:
    identity = identity_of(order.plan, order.edition.audience)
    if not _holds(decoded(data, path), format_, order.plan.course, identity):
        raise refusal(path)


def _holds(text: str, format_: str, course: Course, identity: Identity) -> bool:
    """Whether a file in a format that is no calendar is of that course and audience."""
    if format_ == "fhir":
        from meso_sched.exchange.fhir import bundle_id

        return bundle_id(text) == identity.id
    if format_ == "html":
        from meso_sched.exchange.card import card_course

        return card_course(text) == identity.id
    if identity.audience == PATIENT:  # which names neither patient nor regimen
        uid = _uid_of(text) if format_ == "json" else tables.csv_uid(text)
        return uid == identity.uid(1)
    found = _course_of(text) if format_ == "json" else tables.csv_course(text)
    return found == (course.regimen.id, course.patient or "", str(course.number))


def _course_of(text: str) -> tuple[str, str, str] | None:
    """Regimen, patient and number of the course in a plan's JSON; None for anything else."""
    try:
        course = json.loads(text)["course"]
        return course["regimen"], course["patient"] or "", str(course["number"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _uid_of(text: str) -> object:
    """The UID of the first session in a plan's JSON; None for anything else."""
    try:
        return json.loads(text)["sessions"][0]["uid"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return None
