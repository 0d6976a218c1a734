"""The calendar servers of the tests are what they say, and the faulty one fails as it is told."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from caldav_servers import (
    Authority,
    DidNotStartError,
    RefusedError,
    Server,
    ask,
    delete,
    each_server,
    etag_of,
    make_calendar,
    objects,
    put,
    radicale,
    radicale_server,
    reserved_port,
    tls_server,
    xandikos_server,
)
from faulty_server import (
    CutAfter,
    CutBefore,
    CutWithin,
    Fault,
    Faulty,
    FromTheTestError,
    Late,
    Meanwhile,
    Says,
    Without,
    nonsense,
    redirect,
    standing_before,
    stranger,
    too_many,
)

# Fixtures of that file, which pytest finds by their names.
__all__ = ["each_server", "radicale_server", "tls_server", "xandikos_server"]


def event(uid: str, summary: str = "P1") -> str:
    lines = (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:VEVENT", f"UID:{uid}"),
        *("DTSTAMP:20270101T000000Z", "DTSTART:20270105T070000Z", "DTEND:20270105T073000Z"),
        *(f"SUMMARY:{summary}", "END:VEVENT", "END:VCALENDAR", ""),
    )
    return "\r\n".join(lines)


# The servers


def test_without_the_password_a_server_shows_and_takes_nothing(each_server: Server) -> None:
    calendar = make_calendar(each_server, "locked")
    for method, url in (("PROPFIND", each_server.url), ("PUT", f"{calendar}a.ics")):
        assert ask(each_server, method, url, event("a"), login=False).status == 401
        assert ask(each_server, method, url, event("a"), password="guessed").status == 401
    assert objects(each_server, calendar) == {}


@pytest.mark.parametrize("name", ["tls_server", "xandikos_server"])
def test_a_certificate_holds_for_who_trusts_its_authority(
    name: str, request: pytest.FixtureRequest
) -> None:
    server: Server = request.getfixturevalue(name)
    by_name = server.url.replace("127.0.0.1", "localhost")
    for url in (server.url, by_name):
        assert ask(server, "PROPFIND", url).status == 207
        with pytest.raises(ssl.SSLCertVerificationError):
            ask(replace(server, ca=None), "PROPFIND", url)


def test_an_object_is_written_only_over_what_its_writer_knows(each_server: Server) -> None:
    calendar = make_calendar(each_server, "known")
    url = f"{calendar}a.ics"
    first = put(each_server, url, event("a"), new=True)
    with pytest.raises(RefusedError, match="412"):
        put(each_server, url, event("a", "again"), new=True)
    second = put(each_server, url, event("a", "moved"), first)
    assert second != first
    with pytest.raises(RefusedError, match="412"):
        put(each_server, url, event("a", "late"), first)
    with pytest.raises(RefusedError, match="412"):
        delete(each_server, url, first)
    ((found, text),) = objects(each_server, calendar).values()
    assert found == second == etag_of(each_server, url)
    assert "SUMMARY:moved" in text
    delete(each_server, url, second)
    assert objects(each_server, calendar) == {}


@pytest.mark.parametrize("name", ["summer", "Öğle & more"])
def test_a_calendar_is_made_once_and_deleted_whole(each_server: Server, name: str) -> None:
    calendar = make_calendar(each_server, name)
    with pytest.raises(RefusedError):
        make_calendar(each_server, name)
    put(each_server, f"{calendar}a.ics", event("a"))
    delete(each_server, calendar)
    with pytest.raises(RefusedError):
        objects(each_server, calendar)


def test_a_killed_server_starts_again_with_its_data(each_server: Server) -> None:
    calendar = make_calendar(each_server, "kept")
    put(each_server, f"{calendar}a.ics", event("a"))
    before = objects(each_server, calendar)
    assert len(before) == 1
    for end in (each_server.kill, each_server.stop):
        end()
        with pytest.raises(ConnectionRefusedError):
            ask(each_server, "GET", each_server.url)
        each_server.start()
        assert objects(each_server, calendar) == before


def test_a_server_that_ends_at_its_start_says_why(tmp_path: Path) -> None:
    with radicale(tmp_path) as server:
        server.stop()
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", urlsplit(server.url).port))
            other.listen()
            with pytest.raises(DidNotStartError, match="in use"):
                server.start()


def test_no_two_servers_are_given_the_same_port() -> None:
    with ExitStack() as held:
        ports = [held.enter_context(reserved_port()) for _ in range(300)]
        assert len(set(ports)) == 300


# The faulty server


@pytest.fixture
def faulty(radicale_server: Server) -> Iterator[Faulty]:
    with standing_before(radicale_server) as faulty:
        yield faulty


@pytest.fixture
def calendar(radicale_server: Server) -> Iterator[str]:
    """An empty calendar, by its address on the real server."""
    url = make_calendar(radicale_server, "faulty")
    yield url
    delete(radicale_server, url)


def test_what_is_asked_through_it_is_what_the_server_says(
    xandikos_server: Server, tmp_path: Path
) -> None:
    authority = Authority.made(tmp_path)
    for given in (None, authority):
        with standing_before(xandikos_server, authority=given) as faulty:
            through = faulty.server
            calendar = make_calendar(through, "through" if given else "plain")
            put(through, f"{calendar}a.ics", event("a"), new=True)
            with pytest.raises(RefusedError, match="412"):
                put(through, f"{calendar}a.ics", event("a"), new=True)
            real = xandikos_server.calendar_url("through" if given else "plain")
            assert faulty.at(real) == calendar != real
            assert objects(through, calendar) == objects(xandikos_server, real) != {}
            assert ask(through, "HEAD", f"{calendar}a.ics").status == 200
            assert ask(through, "GET", through.url, login=False).status == 401
            asked = faulty.asked("PUT")
            assert [request.body.decode() for request in asked] == [event("a")] * 2
            assert asked[0].headers["If-None-Match"] == "*"


@pytest.mark.parametrize(
    "fault",
    [
        too_many("7"),
        nonsense(),
        *(Says(status) for status in (401, 403, 404, 500, 503)),
    ],
    ids=lambda fault: str(fault.status),
)
def test_it_says_what_it_is_told_once_and_the_server_does_not_hear(
    faulty: Faulty, calendar: str, radicale_server: Server, fault: Says
) -> None:
    url = faulty.at(f"{calendar}a.ics")
    faulty.fails(fault, "PUT")
    assert objects(faulty.server, faulty.at(calendar)) == {}
    answer = ask(faulty.server, "PUT", url, event("a"))
    assert (answer.status, answer.text) == (fault.status, fault.body)
    assert {name: answer.headers[name] for name in fault.headers} == fault.headers
    assert objects(radicale_server, calendar) == {}
    put(faulty.server, url, event("a"))
    assert len(objects(radicale_server, calendar)) == 1
    assert [(request.method, request.fault) for request in faulty.requests] == [
        ("PROPFIND", None),
        ("PUT", fault),
        ("PUT", None),
    ]


@pytest.mark.parametrize(
    ("fault", "written"),
    [
        (CutBefore(), {"a", "c"}),
        (CutAfter(), {"a", "b", "c"}),
        (CutWithin(), {"a", "b", "c"}),
    ],
    ids=["before", "after", "within"],
)
def test_the_connection_closes_at_the_second_put(
    faulty: Faulty, calendar: str, radicale_server: Server, fault: Fault, written: set[str]
) -> None:
    faulty.fails(fault, "PUT", nth=2)
    put(faulty.server, faulty.at(f"{calendar}a.ics"), event("a"))
    with pytest.raises(http.client.RemoteDisconnected):
        put(faulty.server, faulty.at(f"{calendar}b.ics"), event("b"))
    put(faulty.server, faulty.at(f"{calendar}c.ics"), event("c"))
    found = {href.rpartition("/")[2] for href in objects(radicale_server, calendar)}
    assert found == {f"{name}.ics" for name in written}


def test_a_header_of_an_answer_can_be_left_out(faulty: Faulty, calendar: str) -> None:
    faulty.fails(Without("ETag"), "PUT")
    url = faulty.at(f"{calendar}a.ics")
    answers = [ask(faulty.server, "PUT", url, event("a")) for _ in range(2)]
    assert [bool(answer.headers["ETag"]) for answer in answers] == [False, True]


def test_an_answer_can_end_in_its_middle(faulty: Faulty, calendar: str) -> None:
    faulty.fails(CutWithin())
    with pytest.raises(http.client.IncompleteRead):
        ask(faulty.server, "PROPFIND", faulty.at(calendar))


def test_faults_wait_for_each_other_and_last_as_long_as_they_are_told(
    faulty: Faulty, calendar: str
) -> None:
    def statuses(count: int) -> list[int]:
        url = faulty.at(calendar)
        return [ask(faulty.server, "PROPFIND", url).status for _ in range(count)]

    faulty.fails(Says(503), times=2)
    faulty.fails(too_many())
    assert statuses(4) == [503, 503, 429, 207]
    faulty.fails(Says(500), "PROPFIND", nth=2, times=float("inf"))
    assert statuses(4) == [207, 500, 500, 500]
    faulty.works()
    assert statuses(1) == [207]
    faulty.forget()
    faulty.rule = lambda method, path, count: (
        Says(403) if (method, count) == ("PROPFIND", 2) and path.endswith("/faulty/") else None
    )
    assert statuses(3) == [207, 403, 207]
    assert [request.fault for request in faulty.requests] == [None, Says(403), None]


def test_a_slow_answer_comes_late_but_the_deed_is_done(
    faulty: Faulty, calendar: str, radicale_server: Server
) -> None:
    faulty.fails(Late(0.3), "PUT")
    before = time.monotonic()
    put(faulty.server, faulty.at(f"{calendar}a.ics"), event("a"))
    assert time.monotonic() - before >= 0.3
    assert len(objects(radicale_server, calendar)) == 1


def test_something_can_happen_while_a_request_is_on_its_way(
    faulty: Faulty, calendar: str, radicale_server: Server
) -> None:
    url = f"{calendar}a.ics"
    known = put(radicale_server, url, event("a"))
    faulty.fails(Meanwhile(lambda: put(radicale_server, url, event("a", "theirs"))), "PUT")
    with pytest.raises(RefusedError, match="412"):
        put(faulty.server, faulty.at(url), event("a", "ours"), known)
    assert "theirs" in objects(radicale_server, calendar)["/clinic/faulty/a.ics"].text


def test_a_server_that_is_gone_is_a_bad_gateway(faulty: Faulty, radicale_server: Server) -> None:
    faulty.fails(Meanwhile(radicale_server.kill))
    try:
        assert ask(faulty.server, "PROPFIND", faulty.server.url).status == 502
    finally:
        radicale_server.start()


def test_where_a_redirect_leads_every_header_is_recorded(faulty: Faulty, calendar: str) -> None:
    with stranger() as elsewhere:
        faulty.fails(redirect(f"{elsewhere.url}taken/", 302))
        answer = ask(faulty.server, "PROPFIND", faulty.at(calendar))
        assert (answer.status, elsewhere.requests) == (302, [])
        # The standard library's own client takes the password along.
        faulty.fails(redirect(f"{elsewhere.url}taken/", 302))
        request = urllib.request.Request(
            faulty.at(calendar), headers={"Authorization": "Basic secret"}
        )
        with pytest.raises(urllib.request.HTTPError, match="404"):
            urllib.request.urlopen(request, timeout=5)
        (heard,) = elsewhere.requests
        assert (heard.path, heard.headers["Authorization"]) == ("/taken/", "Basic secret")


def test_what_fails_in_a_rule_fails_the_test(radicale_server: Server) -> None:
    def wrong(method: str, path: str, count: int) -> Fault | None:
        raise KeyError(path)

    before = standing_before(radicale_server)
    faulty = before.__enter__()
    faulty.rule = wrong
    with pytest.raises(http.client.RemoteDisconnected):
        ask(faulty.server, "GET", faulty.url)
    with pytest.raises(FromTheTestError):
        before.__exit__(None, None, None)
