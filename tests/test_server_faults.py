"""A calendar server that fails, in whatever way: it is told in words, and nothing is lost by it."""

from __future__ import annotations

import math
import re
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from caldav_servers import PASSWORD, Server, radicale_server
from faulty_server import (
    CutAfter,
    CutBefore,
    CutWithin,
    Fault,
    Faulty,
    Late,
    Meanwhile,
    Says,
    nonsense,
    redirect,
    standing_before,
    stranger,
    too_many,
)
from server_desk import (
    SESSIONS,
    Colleague,
    Hurry,
    Office,
    hurry,
    new_calendar,
    office,
    read_independently,
    started,
    until,
)

# Fixtures of those files, which pytest finds by their names.
__all__ = ["hurry", "office", "radicale_server"]

FOR_GOOD = math.inf
MOVED = ("revise", "P1.ics", "--move", "2=2027-01-13T11:00", "--yes")


@pytest.fixture
def desk(office: Office, radicale_server: Server, hurry: Hurry) -> Office:
    """A desk with a course that no server has yet."""
    office.login(radicale_server, new_calendar(radicale_server))
    office.planned()
    return office


@pytest.fixture
def faulty(desk: Office) -> Iterator[Faulty]:
    """The server as the desk sees it; ``desk.there`` looks past it."""
    with standing_before(desk.server) as faulty:
        yield faulty


def told(desk: Office, faulty: Faulty, *args: str) -> tuple[int, str]:
    """How a push through the faulty server ends; it may tell neither secrets nor a bug."""
    result = desk.push(*args, to=faulty.at(desk.calendar))
    assert not re.search(f"Traceback|bug in meso-sched|{re.escape(PASSWORD)}|Basic ", result.err)
    return result.code, result.err


# What is told

WORDS = {
    "401": (Says(401), "status 401; check the user and the password"),
    "403": (Says(403), "status 403; this account may not do that there; ask whoever keeps the"),
    "404": (Says(404), "check the address"),
    "410": (Says(410), "check the address"),
    "429": (too_many(), "status 429; try again later"),
    "429 for an hour": (too_many("3600"), "status 429; try again later"),
    "429 until a date": (too_many("Wed, 21 Oct 2037 07:28:00 GMT"), "status 429; try again later"),
    "500": (Says(500), "status 500; try again later"),
    "503": (Says(503), "status 503; try again later"),
    "507": (Says(507), "status 507; it has no room left; ask whoever keeps it"),
    "a hotel's page": (nonsense(), ""),
    "no XML": (nonsense("{}"), ""),
    "nothing": (nonsense(""), ""),
    "half an answer": (nonsense('<?xml version="1.0"?><multistatus xmlns="DAV:"><resp'), ""),
    "other XML": (nonsense('<?xml version="1.0"?><feed><entry/></feed>'), ""),
    "a page that is fine": (Says(200, {"Content-Type": "text/html"}, "<html>Hello"), ""),
    "no answer": (CutBefore(), "cannot be reached or broke off; check the address, try again"),
    "half a body": (CutWithin(), "cannot be reached or broke off; check the address, try again"),
}


@pytest.mark.parametrize("method", ["PROPFIND", "REPORT", "PUT"])
@pytest.mark.parametrize(("fault", "words"), WORDS.values(), ids=list(WORDS))
def test_a_fault_that_stays_is_told_and_the_next_push_completes(
    desk: Office, faulty: Faulty, hurry: Hurry, fault: Fault, words: str, method: str
) -> None:
    faulty.fails(fault, method, times=FOR_GOOD)
    code, err = told(desk, faulty)
    assert (code, faulty.url in err, words in err) == (6, True, True), err
    assert not hurry.waited or max(hurry.waited) <= 30
    faulty.works()
    assert told(desk, faulty)[0] == 0
    assert set(desk.there) == set(desk.uids())
    assert "nothing to send" in told(desk, faulty)[1]


PASSING: dict[str, Fault] = {
    "429": too_many("2"),
    "500": Says(500),
    "502": Says(502),
    "503": Says(503),
    "504": Says(504),
    "cut before": CutBefore(),
    "cut after": CutAfter(),
    "cut within": CutWithin(),
}


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("fault", PASSING.values(), ids=list(PASSING))
def test_a_fault_that_passes_is_waited_for(
    desk: Office, faulty: Faulty, hurry: Hurry, fault: Fault, times: int
) -> None:
    for method in ("PROPFIND", "REPORT", "PUT"):
        faulty.fails(fault, method, times=times)
    code, err = told(desk, faulty)
    assert (code, "3 events sent" in err) == (0, True), err
    asked = 2.0 if fault == too_many("2") else 0.0
    assert hurry.waited == [max(pause, asked) for pause in (0.5, 1.0, 2.0)[:times]] * 3
    assert set(desk.there) == set(desk.uids())
    assert "nothing to send" in told(desk, faulty)[1]


def test_an_update_whose_answer_was_lost_is_known_again(desk: Office, faulty: Faulty) -> None:
    assert told(desk, faulty)[0] == 0
    assert desk.run(*MOVED).code == 0
    faulty.fails(CutAfter(), "PUT")
    code, err = told(desk, faulty)
    assert (code, "1 event sent" in err) == (0, True), err
    assert "nothing to send" in told(desk, faulty)[1]


def test_a_slow_server_costs_no_more_than_patience(
    desk: Office, faulty: Faulty, hurry: Hurry
) -> None:
    hurry.silence = 0.2
    faulty.fails(Late(2), "REPORT", times=FOR_GOOD)
    begun = time.monotonic()
    code, err = told(desk, faulty)
    assert (code, "the server is too slow or silent; try again later" in err) == (6, True)
    assert time.monotonic() - begun < 2


def test_a_server_that_is_not_there(desk: Office) -> None:
    result = desk.push(to="http://127.0.0.1:1/calendars/")
    assert (result.code, "cannot be reached" in result.err) == (6, True)
    result = desk.push(to="https://no-such-host.invalid/calendars/")
    assert (result.code, "name is not found" in result.err) == (6, True)


def test_plain_http_where_tls_is_asked_for(desk: Office, faulty: Faulty) -> None:
    result = desk.push(to=faulty.at(desk.calendar).replace("http:", "https:"))
    assert result.code == 6
    assert "https://127.0.0.1" in result.err


# Where it sends the desk


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("method", ["PROPFIND", "REPORT", "PUT"])
def test_another_host_is_not_asked(desk: Office, faulty: Faulty, method: str, status: int) -> None:
    with stranger() as elsewhere:
        faulty.fails(redirect(elsewhere.url, status), method, times=FOR_GOOD)
        code, err = told(desk, faulty)
        assert (code, elsewhere.requests) == (6, [])
        assert f"sends on to {elsewhere.url[:-1]}, which was told no password" in err


def test_another_port_of_the_same_host_is_not_asked_without_tls(
    desk: Office, faulty: Faulty
) -> None:
    with standing_before(desk.server) as other:
        faulty.fails(redirect(other.at(desk.calendar)), "PROPFIND", times=FOR_GOOD)
        code, err = told(desk, faulty)
        assert (code, "which was told no password" in err, other.requests) == (6, True, [])


def test_a_redirection_on_the_same_server_is_followed(desk: Office, faulty: Faulty) -> None:
    real = faulty.at(desk.calendar)
    faulty.rule = lambda method, path, count: (
        redirect(real + path.rpartition("/")[2], 308) if path.startswith("/moved/") else None
    )
    result = desk.push(to=f"{faulty.url}moved/")
    assert result.code == 0, result.err
    assert set(desk.there) == set(desk.uids())


def test_a_redirection_without_end(desk: Office, faulty: Faulty) -> None:
    faulty.fails(redirect(faulty.at(desk.calendar)), times=FOR_GOOD)
    code, err = told(desk, faulty)
    assert (code, "redirects without end; check the address" in err) == (6, True)
    assert len(faulty.requests) < 10


ACCOUNT = """<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><response>
<href>/</href><propstat><prop><resourcetype><collection/></resourcetype>
<current-user-principal><href>{principal}</href></current-user-principal>
<C:calendar-home-set><href>{home}</href></C:calendar-home-set></prop>
<status>HTTP/1.1 200 OK</status></propstat></response></multistatus>"""


@pytest.mark.parametrize("what", ["principal", "home"])
@pytest.mark.parametrize("where", ["another host", "another port"])
def test_an_account_that_is_said_to_be_elsewhere_is_not_asked_for(
    desk: Office, faulty: Faulty, where: str, what: str
) -> None:
    with stranger() as elsewhere, standing_before(desk.server) as beside:
        other = elsewhere if where == "another host" else beside
        account = ACCOUNT.format(**{"principal": "/clinic/", "home": "/clinic/", what: other.url})
        faulty.fails(Says(207, {"Content-Type": "text/xml"}, account), times=9)
        result = desk.push(to=faulty.url)
        assert (result.code, other.requests) == (6, [])
        if (where, what) == ("another host", "home"):  # as iCloud says it
            assert f"names calendars on {other.url[:-1]}, which was told no" in result.err


def test_an_answer_can_neither_grow_without_end_nor_read_files_here(
    desk: Office, faulty: Faulty, tmp_path: Path
) -> None:
    """What XML can do to who reads it: entities of entities, and of files."""
    (tmp_path / "file").write_text("what stands here")
    entities = "".join(
        f'<!ENTITY {name} "{f"&{of};" * 10}">' for of, name in pairwise("abcdefghij")
    )
    for entity in (
        f'<!ENTITY a "aaaaaaaaaa">{entities}',
        f'<!ENTITY j SYSTEM "{(tmp_path / "file").as_uri()}">',
    ):
        account = ACCOUNT.format(principal="/&j;/", home="/&j;/")
        body = f'<?xml version="1.0"?><!DOCTYPE m [{entity}]>{account}'
        faulty.works()
        faulty.fails(Says(207, {"Content-Type": "text/xml"}, body), times=FOR_GOOD)
        begun = time.monotonic()
        result = desk.push(to=faulty.url)
        assert result.code in (2, 6), result.err  # no calendar, or no answer
        assert time.monotonic() - begun < 10
        assert not [each for each in faulty.requests if "what" in each.path]
        assert "what stands here" not in result.err


# In the midst of a push

BREAKS: dict[str, Fault] = {
    "cut before": CutBefore(),
    "cut after": CutAfter(),
    "cut within": CutWithin(),
    "500": Says(500),
    "401": Says(401),
}


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("fault", BREAKS.values(), ids=list(BREAKS))
def test_a_push_that_broke_off_is_completed_without_doubles(
    desk: Office, faulty: Faulty, fault: Fault, nth: int
) -> None:
    faulty.fails(fault, "PUT", nth=nth, times=FOR_GOOD)
    code, _ = told(desk, faulty)
    # An answer that ends early comes with a status, and is asked for again; all else ends here.
    assert code == 6
    assert nth - 1 <= len(desk.there) <= nth
    faulty.works()
    assert told(desk, faulty)[0] == 0
    assert set(desk.there) == set(desk.uids())
    assert "nothing to send" in told(desk, faulty)[1]


def test_what_was_sent_unheard_and_then_revised_is_no_conflict(
    desk: Office, faulty: Faulty
) -> None:
    assert told(desk, faulty)[0] == 0
    assert desk.run(*MOVED).code == 0
    faulty.fails(CutAfter(), "PUT", times=1)
    faulty.fails(CutBefore(), "PUT", times=FOR_GOOD)
    faulty.fails(CutBefore(), "REPORT", nth=3, times=FOR_GOOD)
    assert told(desk, faulty)[0] == 6
    second = desk.uids()[1]
    assert desk.starts_there()[second] == "2027-01-13T11:00"
    faulty.works()
    assert desk.run("revise", "P1.ics", "--move", "2=2027-01-13T12:00", "--yes").code == 0
    code, err = told(desk, faulty)
    assert (code, desk.starts_there()[second]) == (0, "2027-01-13T12:00"), err


def test_a_server_that_dies_in_mid_push(desk: Office, faulty: Faulty) -> None:
    faulty.fails(Meanwhile(desk.server.kill), "PUT", nth=2)
    try:
        code, err = told(desk, faulty)
        assert (code, "status 502" in err) == (6, True)
    finally:
        desk.server.start()
    assert len(desk.there) == 1
    assert told(desk, faulty)[0] == 0
    assert set(desk.there) == set(desk.uids())


def test_a_server_that_is_restarted_in_mid_push(desk: Office, faulty: Faulty) -> None:
    def restart() -> None:
        desk.server.kill()
        desk.server.start()

    faulty.fails(Meanwhile(restart), "PUT", nth=2)
    assert told(desk, faulty)[0] == 0
    assert set(desk.there) == set(desk.uids())


@pytest.mark.parametrize("update", [False, True], ids=["new", "update"])
def test_a_push_that_was_killed_is_completed_without_doubles(
    desk: Office, faulty: Faulty, *, update: bool
) -> None:
    if update:
        assert told(desk, faulty)[0] == 0
        for number, day in ((1, "06"), (2, "13"), (3, "20")):
            args = ("--move", f"{number}=2027-01-{day}T11:00", "--override", "--yes")
            assert desk.run("revise", "P1.ics", *args).code == 0
    faulty.forget()
    faulty.fails(Late(30), "PUT", nth=2)
    with started(desk, "push", "P1.ics", faulty.at(desk.calendar)) as process:
        until(lambda: len(faulty.asked("PUT")) == 2)
        time.sleep(0.2)  # so that the real server has it
        process.kill()
    assert sum(text.startswith("2027-01-") for text in desk.starts_there().values()) >= 2
    faulty.works()
    code, err = told(desk, faulty)
    assert (code, re.search("[12] events? sent", err) is not None) == (0, True), err
    assert set(desk.there) == set(desk.uids())
    for each in desk.there.values():
        read_independently(each.text)
    assert "nothing to send" in told(desk, faulty)[1]


def test_a_push_that_is_interrupted_is_completed_without_doubles(
    desk: Office, faulty: Faulty
) -> None:
    faulty.fails(Late(30), "PUT", nth=2)
    with started(desk, "push", "P1.ics", faulty.at(desk.calendar)) as process:
        until(lambda: len(faulty.asked("PUT")) == 2)
        process.send_signal(signal.SIGINT)
        _, shown = process.communicate(timeout=20)
    assert (process.returncode, b"Traceback" in shown) == (130, False), shown
    assert b"stopped half way; run the same command again, which sends the rest" in shown
    faulty.works()
    assert told(desk, faulty)[0] == 0
    assert set(desk.there) == set(desk.uids())


def test_a_broken_push_of_several_courses_tells_what_was_sent(desk: Office, faulty: Faulty) -> None:
    desk.planned("P2")
    faulty.fails(Says(500), "PUT", nth=SESSIONS + 2, times=FOR_GOOD)
    code, err = told(desk, faulty, "P1.ics", "P2.ics")
    assert (code, "P1.ics: 3 events sent" in err) == (6, True)
    faulty.works()
    code, err = told(desk, faulty, "P1.ics", "P2.ics")
    assert (code, "P1.ics: nothing to send" in err, "P2.ics: 2 events sent" in err) == (
        0, True, True
    )  # fmt: skip
    assert len(desk.there) == 2 * SESSIONS


def test_the_others_change_in_the_retry_is_not_overwritten(desk: Office, faulty: Faulty) -> None:
    """The answer to the first try was lost; before the second somebody was there."""
    assert told(desk, faulty)[0] == 0
    assert desk.run(*MOVED).code == 0
    second = desk.uids()[1]
    real = Colleague(desk.server, desk.calendar)
    faulty.fails(CutAfter(), "PUT")
    faulty.fails(Meanwhile(lambda: real.moves(second, timedelta(hours=3))), "PUT")
    code, _ = told(desk, faulty)
    assert (code, desk.starts_there()[second]) == (5, "2027-01-13T14:00")
    assert told(desk, faulty)[0] == 5


# Whole programs, with their own waits


def test_the_program_waits_as_long_as_it_is_asked_to(desk: Office, faulty: Faulty) -> None:
    faulty.fails(too_many("1"), "PUT")
    begun = time.monotonic()
    done = desk.process("push", "P1.ics", faulty.at(desk.calendar))
    assert (done.returncode, time.monotonic() - begun > 1) == (0, True)
    assert set(desk.there) == set(desk.uids())


def test_the_program_gives_up_in_time(desk: Office, faulty: Faulty) -> None:
    faulty.fails(Says(503), "PUT", times=FOR_GOOD)
    done = desk.process("push", "P1.ics", faulty.at(desk.calendar))
    assert (done.returncode, b"status 503; try again later" in done.stderr) == (6, True)
    assert len(faulty.asked("PUT")) == 4
