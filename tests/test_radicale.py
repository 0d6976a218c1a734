"""A calendar server and a calendar program keep a course; revisions change its events and add none.

The server is Radicale, on this machine and for this test alone, spoken to as calendar programs do.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import icalendar
import pytest
from test_khal import Khal, khal
from test_revise_command import Events, Reception, desk

# Fixtures of those files, which pytest finds by their names.
__all__ = ["desk", "khal"]

PATIENCE = 30.0
COLLECTION = "/clinic/appointments/"
PROPERTIES = '<propfind xmlns="DAV:"><prop><getetag/><getcontenttype/></prop></propfind>'
MAKE = (
    '<C:mkcalendar xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop>'
    "<displayname>Appointments</displayname></prop></set></C:mkcalendar>"
)


class Radicale(NamedTuple):
    """A running server with one calendar."""

    url: str

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        """One request, as the user of the calendar; fails where the server refuses it."""
        request = urllib.request.Request(f"{self.url}{path}", body or None, method=method)
        request.add_header("Authorization", f"Basic {b64encode(b'clinic:').decode()}")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            data: bytes = answer.read()
        return data

    def put(self, data: bytes) -> None:
        """Send every event as an object of its own, named by its UID, as clients do."""
        for name, one in one_by_one(data).items():
            self.ask("PUT", f"{COLLECTION}{name}.ics", one, Content_Type="text/calendar")

    def put_whole(self, data: bytes) -> None:
        """Send the calendar as a whole, in the place of what is there."""
        self.ask("PUT", COLLECTION, data, Content_Type="text/calendar")

    def objects(self) -> dict[str, str]:
        """The calendar's objects with their ETags, which change whenever an object does."""
        answer = self.ask("PROPFIND", COLLECTION, PROPERTIES.encode(), Depth="1")
        found = {}
        for response in ElementTree.fromstring(answer).iter("{DAV:}response"):
            href, etag = response.findtext("{DAV:}href"), response.findtext(".//{DAV:}getetag")
            if href and href != COLLECTION:
                found[href] = etag or ""
        return found

    def export(self) -> bytes:
        """The whole calendar as one file."""
        return self.ask("GET", COLLECTION)


def one_by_one(data: bytes) -> dict[str, bytes]:
    """Every event in a calendar of its own, with the time zones, by UID (RFC 4791, 4.1)."""
    calendar = icalendar.Calendar.from_ical(data)
    objects = {}
    for event in calendar.walk("VEVENT"):
        one = icalendar.Calendar()
        for name in ("VERSION", "PRODID"):
            one[name] = calendar[name]
        for zone in calendar.walk("VTIMEZONE"):
            one.add_component(zone)
        one.add_component(event)
        objects[str(event["UID"])] = one.to_ical()
    return objects


@pytest.fixture
def radicale(tmp_path: Path) -> Iterator[Radicale]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "radicale", "--config", "", "--auth-type", "none"),
            *("--server-hosts", f"127.0.0.1:{port}", "--rights-type", "owner_only"),
            *("--storage-filesystem-folder", str(tmp_path / "radicale")),
            *("--logging-level", "warning"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=(tmp_path / "radicale.log").open("wb"),
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TZ": "UTC"},
    ) as process:
        try:
            server = Radicale(f"http://127.0.0.1:{port}")
            _wait_for(port, process)
            server.ask("MKCALENDAR", COLLECTION, MAKE.encode(), Content_Type="text/xml")
            yield server
        finally:
            process.terminate()
    log = (tmp_path / "radicale.log").read_text()
    assert [line for line in log.splitlines() if "ERROR" in line or "Traceback" in line] == []


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server did not start"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the server does not answer")


def sequences(data: bytes) -> dict[str, int]:
    """The SEQUENCE of every event by its UID."""
    found: list[Any] = icalendar.Calendar.from_ical(data).walk("VEVENT")
    return {str(event["UID"]): int(event["SEQUENCE"]) for event in found}


def hrefs(uids: Iterable[str]) -> set[str]:
    """The addresses of their objects."""
    return {f"{COLLECTION}{uid}.ics" for uid in uids}


SESSIONS, REVIEWS, MOMENTS = 9, 2, 6
"""Of the course; each of its sessions has so many events of care."""


# Told week by week; what changes of the events that were there, and how many come.
STORY: tuple[tuple[tuple[str, ...], set[int], int], ...] = (
    (("--done", "1", "--done", "2"), {1, 2}, 0),
    (("--missed", "3"), {3}, 0),
    (("--move", "5=2027-02-10T09:00"), {5}, 0),
    (("--cancel", "9"), {9}, 0),
    (("--extend", "monthly=2"), set(range(1, 10)), 2),
)


def test_an_update_changes_the_events_on_the_server_and_adds_none(
    desk: Reception, radicale: Radicale
) -> None:
    radicale.put(desk.course())
    assert len(radicale.objects()) == SESSIONS * (1 + MOMENTS) + REVIEWS
    known = Events(radicale.export())
    for args, changed, added in STORY:
        before, numbers = radicale.objects(), sequences(desk.file.read_bytes())
        desk.told(*args)
        radicale.put(desk.file.read_bytes())
        objects, export = radicale.objects(), Events(radicale.export())
        assert set(before) <= set(objects)
        assert len(objects) == len(before) + added * (1 + MOMENTS)
        now = sequences(desk.file.read_bytes())
        assert {href for href, etag in before.items() if objects[href] != etag} == hrefs(
            uid for uid, number in numbers.items() if now[uid] != number
        )
        assert export.changed_care(known) <= {*changed, *(set(export.read) - set(known.read))}
        rises = {
            number: int(export.read[number]["SEQUENCE"]) - int(event["SEQUENCE"])
            for number, event in known.read.items()
        }
        assert {number for number in known.read if known.seen(number) != export.seen(number)} == (
            changed
        )
        assert {rises[number] for number in changed} == {1}
        assert {number for number, rise in rises.items() if rise} == changed
        assert export.all("UID")[:9] == known.all("UID")[:9]
        known = export
    assert known.all("SUMMARY") == [
        *("Done: P1 (1/11)", "Done: P1 (2/11)", "P1 (3/11)", "P1 (4/11)", "P1 (5/11)"),
        *("P1 (6/11)", "P1 (7/11)", "P1 (8/11)", "Cancelled: P1 (9/11)"),
        *("P1 (10/11)", "P1 (11/11)"),
    ]


def test_what_did_not_change_is_the_same_object_on_the_server(
    desk: Reception, radicale: Radicale
) -> None:
    radicale.put(desk.course())
    before = radicale.objects()
    desk.told("--cancel", "9")
    radicale.put(desk.file.read_bytes())
    after = radicale.objects()
    found = Events(desk.file.read_bytes())
    ninth = str(found.read[9]["UID"])
    care = {uid for uid, number in found.session_of_care.items() if number == 9}
    last_review = list(found.reviews)[-1]  # which follows the eighth now
    assert set(after) == set(before)
    assert {href for href, etag in after.items() if before[href] != etag} == hrefs(
        (ninth, last_review, *care)
    )


def test_a_calendar_that_is_uploaded_whole_is_updated_whole(
    desk: Reception, radicale: Radicale
) -> None:
    radicale.put_whole(desk.course())
    first = sequences(radicale.export())
    desk.told("--done", "1", "--cancel", "9")
    radicale.put_whole(desk.file.read_bytes())
    second = sequences(radicale.export())
    assert set(second) == set(first)
    # Two sessions, the care of the one that is cancelled, and the review that followed it.
    assert sum(second.values()) - sum(first.values()) == 2 + MOMENTS + 1


def test_the_servers_export_is_a_course_that_goes_on(desk: Reception, radicale: Radicale) -> None:
    desk.course()
    desk.told(
        "--done", "1", "--done", "2=2027-01-13T10:30", "--missed", "3", "--away", "2027-02-09"
    )
    written = desk.revise("--json").document
    radicale.put(desk.file.read_bytes())
    export = radicale.export()
    assert b"X-MESO-SCHED-FORMAT" not in export  # the server keeps no property of a calendar
    desk.write("export.ics", export)
    shown = desk.run("revise", "export.ics", "--json")
    assert shown.code == 0, shown.err
    # All but when the patient can come, which stands in the calendar's own properties alone;
    # the usual time is that of the sessions.
    document = shown.document
    assert document.pop("limits") == {**written.pop("limits"), "away": []}
    assert document == written
    before = Events(export)
    assert desk.run("revise", "export.ics", "--cancel", "9", "--yes").code == 0
    radicale.put((desk.folder / "export.ics").read_bytes())
    after = Events(radicale.export())
    assert len(radicale.objects()) == SESSIONS * (1 + MOMENTS) + REVIEWS
    assert after.changed_care(before) == {9}
    assert [number for number in before.read if before.seen(number) != after.seen(number)] == [9]
    assert after.all("SEQUENCE")[8] == "1"


def test_what_others_do_on_the_server_is_taken_over(desk: Reception, radicale: Radicale) -> None:
    radicale.put(desk.course())
    event = Events(desk.file.read_bytes()).read[9]
    radicale.ask("DELETE", f"{COLLECTION}{event['UID']}.ics")
    desk.write("export.ics", radicale.export())
    found = desk.run("revise", "export.ics", "--json", "--yes").document
    assert found["found"] == ["session 9 is no longer in the calendar: it counts as cancelled"]
    radicale.put((desk.folder / "export.ics").read_bytes())
    ninth = Events(radicale.export()).read[9]
    assert (str(ninth["STATUS"]), ninth["UID"]) == ("CANCELLED", event["UID"])
    assert int(ninth["SEQUENCE"]) > int(event["SEQUENCE"])


def test_two_patients_in_one_calendar_do_not_touch_each_other(
    desk: Reception, radicale: Radicale
) -> None:
    radicale.put(desk.course())
    other = ("plan", "hair", "--start", "2027-02-02", "--patient", "P2", "-o", "P2.ics")
    assert desk.run(*other).code == 0
    radicale.put((desk.folder / "P2.ics").read_bytes())
    before = radicale.objects()
    desk.told("--stop")
    radicale.put(desk.file.read_bytes())
    after = radicale.objects()
    assert set(after) == set(before)
    assert len(after) == 2 * (SESSIONS * (1 + MOMENTS) + REVIEWS)
    changed = {href for href, etag in after.items() if before[href] != etag}
    # Six sessions with their care, and the review behind the last of them.
    assert len(changed) == 6 * (1 + MOMENTS) + 1
    assert changed <= hrefs(sequences(desk.file.read_bytes()))


# khal


@pytest.mark.parametrize("khal", ["Europe/Istanbul"], indirect=True)
def test_what_khal_took_and_gives_back_is_a_course_that_goes_on(
    desk: Reception, khal: Khal
) -> None:
    desk.course()
    desk.told("--done", "1", "--done", "2", "--done", "3")
    khal("import", "--batch", str(desk.file))
    desk.write("export.ics", exported(khal))
    assert desk.run("revise", "export.ics", "--json").document["found"] == []
    result = desk.run("revise", "export.ics", "--move", "4=2027-01-27T09:00", "--yes")
    assert result.code == 0, result.err
    khal("import", "--batch", str(desk.folder / "export.ics"))
    former = Events((desk.folder / "export.ics").read_bytes())
    after = Events(exported(khal))
    assert len(after.read) == SESSIONS
    assert len(after.care) == SESSIONS * MOMENTS
    assert len(after.reviews) == REVIEWS
    assert (after.changed_care(former), after.changed_reviews(former)) == (set(), 0)
    assert after.start(4) == "2027-01-27T09:00"
    assert after.all("SUMMARY")[:4] == [
        *("Done: P1 (1/9)", "Done: P1 (2/9)", "Done: P1 (3/9)", "P1 (4/9)"),
    ]


def exported(khal: Khal) -> bytes:
    """What a person has who takes khal's files, one an event, for one calendar."""
    whole = icalendar.Calendar()
    whole["VERSION"], whole["PRODID"] = "2.0", "-//khal's files//EN"
    zones: dict[str, Any] = {}
    events = []
    for path in sorted((khal.home / "calendar").glob("*.ics")):
        calendar = icalendar.Calendar.from_ical(path.read_bytes())
        zones.update({str(zone["TZID"]): zone for zone in calendar.walk("VTIMEZONE")})
        events += calendar.walk("VEVENT")
    for component in (*zones.values(), *events):
        whole.add_component(component)
    data: bytes = whole.to_ical()
    return data
