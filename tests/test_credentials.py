"""Who the desk is to a calendar server: from the keyring or the environment, and told to nobody."""

from __future__ import annotations

import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme
from caldav_servers import PASSWORD, USER, Authority, Server, radicale, radicale_server, tls_server
from desk_keyring import FILE
from faulty_server import Faulty, Late, Says, standing_before
from server_desk import SESSIONS, Office, new_calendar, office, started, until

from meso_sched.exchange.caldav import connected
from meso_sched.exchange.credentials import Account, account_for, service_of

# Fixtures of those files, which pytest finds by their names.
__all__ = ["office", "radicale_server", "tls_server"]

ACCOUNT = ("MESO_SCHED_CALDAV_USER", "MESO_SCHED_CALDAV_PASSWORD")
SECRETS = re.compile("|".join(
    re.escape(each) for each in
    (PASSWORD, quote(PASSWORD), b64encode(f"{USER}:{PASSWORD}".encode()).decode(), "open sesame")
))  # fmt: skip


@pytest.fixture
def desk(office: Office, radicale_server: Server) -> Office:
    """A desk that knows its password from the environment."""
    office.login(radicale_server, new_calendar(radicale_server))
    office.planned()
    return office


@pytest.fixture
def stranger(desk: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Office:
    """A desk that knows its password from a keyring, if at all."""
    for name in ACCOUNT:
        monkeypatch.delenv(name)
        desk._account.pop(name)
    keyring = {
        "PYTHONPATH": str(Path(__file__).parent),
        "PYTHON_KEYRING_BACKEND": "desk_keyring.FileKeyring",
        FILE: str(tmp_path / "keyring.json"),
    }
    desk._account.update(keyring)
    return desk


def store(desk: Office, user: str = USER, password: str = PASSWORD) -> None:
    """Store a password as the help says."""
    subprocess.run(
        [sys.executable, "-m", "keyring", "set", "meso-sched:127.0.0.1", user],
        input=password,
        encoding="utf-8",
        check=True,
        env=desk.environment(),
    )


def silent(*texts: bytes) -> str:
    """All of it, in which there is no secret."""
    whole = b"\n".join(texts).decode()
    assert not SECRETS.search(whole)
    assert "Traceback" not in whole
    return whole


# The keyring


@pytest.mark.parametrize("how", ["in the address", "in the environment", "in the keyring"])
def test_the_password_comes_from_the_keyring(stranger: Office, how: str) -> None:
    store(stranger)
    url, env = stranger.calendar, {}
    if how == "in the address":
        url = url.replace("://", f"://{USER}@")
    elif how == "in the environment":
        env = {"MESO_SCHED_CALDAV_USER": USER}
    else:
        env = {"PYTHON_KEYRING_BACKEND": "desk_keyring.KnowingKeyring"}
    done = stranger.process("push", "P1.ics", url, **env)
    shown = silent(done.stdout, done.stderr)
    assert (done.returncode, "3 events sent" in shown, "clinic@" in shown) == (0, True, False)
    assert len(stranger.there) == SESSIONS


def test_the_environment_goes_before_the_keyring(stranger: Office) -> None:
    store(stranger, password="an old one")
    env = {"MESO_SCHED_CALDAV_USER": USER, "MESO_SCHED_CALDAV_PASSWORD": PASSWORD}
    assert stranger.process("push", "P1.ics", stranger.calendar, **env).returncode == 0


@pytest.mark.parametrize(
    "backend",
    [
        "desk_keyring.FileKeyring", "desk_keyring.LockedKeyring", "keyring.backends.fail.Keyring",
        "keyring.backends.null.Keyring", "no.such.Keyring", "desk_keyring.NoSuchKeyring",
    ],
)  # fmt: skip
def test_where_the_keyring_knows_nothing_it_is_told_how_to_store_it(
    stranger: Office, backend: str
) -> None:
    env = {"PYTHON_KEYRING_BACKEND": backend, "MESO_SCHED_CALDAV_USER": USER}
    done = stranger.process("push", "P1.ics", stranger.calendar, **env)
    shown = silent(done.stdout, done.stderr)
    assert done.returncode == 6, shown
    assert "`keyring set meso-sched:127.0.0.1 USER` and write USER@ before the host" in shown
    assert "or set MESO_SCHED_CALDAV_USER and MESO_SCHED_CALDAV_PASSWORD" in shown


def test_a_wrong_password_is_not_repeated(stranger: Office) -> None:
    env = {"MESO_SCHED_CALDAV_USER": USER, "MESO_SCHED_CALDAV_PASSWORD": "guessed: wrong"}
    done = stranger.process("push", "P1.ics", stranger.calendar, **env)
    shown = silent(done.stdout, done.stderr)
    assert (done.returncode, "guessed" in shown) == (6, False)
    assert "status 401; check the user and the password" in shown


def test_no_other_file_is_asked_for_a_password(stranger: Office) -> None:
    (stranger.home / ".netrc").write_text(f"machine 127.0.0.1 login {USER} password netrc-secret\n")
    (stranger.home / ".netrc").chmod(0o600)
    with standing_before(stranger.server) as heard:
        done = stranger.process("push", "P1.ics", heard.at(stranger.calendar))
        assert done.returncode == 6
        assert [each.headers["Authorization"] for each in heard.requests] == [None] * len(
            heard.requests
        )


# The command line

GIVEN = "https://clinic:open%20sesame@127.0.0.1:1/calendar/"
COMMANDS = {
    "push": ("push", "P1.ics", GIVEN),
    "pull": ("pull", GIVEN, "P1.ics"),
    "plan --push": (
        *("plan", "short", "--start", "2027-01-05", "--patient", "P1", "-o", "P1.ics"),
        *("--push", GIVEN),
    ),
    "plan --push caldav+": (
        *("plan", "short", "--start", "2027-01-05", "--patient", "P1", "-o", "P1.ics"),
        *("--push", f"caldav+{GIVEN}"),
    ),
    "revise --push": ("revise", "P1.ics", "--push", GIVEN),
    "--busy": ("plan", "short", "--start", "2027-01-05", "--busy", f"caldav+{GIVEN}"),
    "push, the other way round": ("push", GIVEN, "P1.ics"),
    "pull, the other way round": ("pull", "P1.ics", GIVEN),
    "push, the other way round, without a scheme": (
        "push",
        GIVEN.removeprefix("https://"),
        "P1.ics",
    ),
    "push, twice": ("push", "P1.ics", GIVEN, GIVEN),
    "push, broken": ("push", "P1.ics", GIVEN.replace("127.0.0.1", "[::1")),
    "push, without a scheme": ("push", "P1.ics", GIVEN.removeprefix("https://")),
    "push, an odd port": ("push", "P1.ics", GIVEN.replace(":1/", ":x/")),
    "push, an odd password": ("push", "P1.ics", GIVEN.replace("%20", "@")),
}


@pytest.mark.parametrize("args", COMMANDS.values(), ids=list(COMMANDS))
def test_a_password_in_an_address_is_refused_and_not_repeated(
    desk: Office, args: tuple[str, ...]
) -> None:
    result = desk.run(*args)
    assert result.code == 2, result.err
    assert "sesame" not in result.err + result.out


def test_the_refusal_says_where_it_belongs(desk: Office) -> None:
    result = desk.run("push", "P1.ics", GIVEN)
    assert "`keyring set meso-sched:127.0.0.1 USER`, or in MESO_SCHED_CALDAV_PASSWORD" in result.err


# Others on this machine, and files


@pytest.fixture
def slow(desk: Office) -> Iterator[Faulty]:
    """The server, whose answer to the first event takes long."""
    with standing_before(desk.server) as faulty:
        faulty.fails(Late(20), "PUT")
        yield faulty


@pytest.mark.parametrize("source", ["environment", "keyring"])
def test_the_list_of_processes_shows_no_password(
    stranger: Office, slow: Faulty, source: str
) -> None:
    env = {"MESO_SCHED_CALDAV_USER": USER}
    if source == "environment":
        env["MESO_SCHED_CALDAV_PASSWORD"] = PASSWORD
    else:
        store(stranger)
    args = ("push", "P1.ics", slow.at(stranger.calendar))
    with started(stranger, *args, **env) as process:
        until(lambda: slow.asked("PUT"))
        shown = {path: read(path) for path in Path("/proc").glob("[0-9]*/cmdline")}
        environment = read(Path(f"/proc/{process.pid}/environ"))
        children = read(Path(f"/proc/{process.pid}/task/{process.pid}/children"))
        process.kill()
    assert any(b"push\0P1.ics" in line for line in shown.values())
    assert not [
        path for path, line in shown.items() if SECRETS.search(line.decode(errors="replace"))
    ]
    assert children.strip() == b""  # so nobody inherits the environment
    assert (PASSWORD.encode() in environment) == (source == "environment")


def read(path: Path) -> bytes:
    """A file of /proc; empty where its process has gone."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize(
    "env",
    [
        {"PYTHON_CALDAV_COMMDUMP": "1"}, {"PYTHON_CALDAV_DEBUGMODE": "DEBUG"},
        {"MESO_SCHED_DEBUG": "1"},
    ],
    ids=lambda env: next(iter(env)),
)  # fmt: skip
@pytest.mark.parametrize("fault", [None, Says(500), Says(207, {}, "<nonsense")], ids=str)
def test_no_setting_of_a_library_writes_the_password_anywhere(
    desk: Office, tmp_path: Path, env: dict[str, str], fault: Says | None
) -> None:
    folder = tmp_path / "tmp"
    folder.mkdir()
    with standing_before(desk.server) as faulty:
        if fault is not None:
            faulty.fails(fault, "REPORT", times=2)
        done = desk.process("push", "P1.ics", faulty.at(desk.calendar), TMPDIR=str(folder), **env)
    shown = silent(done.stdout, done.stderr)
    assert done.returncode == (6 if fault and fault.status == 207 else 0), shown
    assert [line for line in shown.splitlines() if "COMMDUMP" in line] == []
    assert list(folder.iterdir()) == []
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert not SECRETS.search(path.read_bytes().decode(errors="replace")), path


def test_the_courses_file_tells_nothing_of_the_account(desk: Office) -> None:
    desk.pushed()
    text = (desk.folder / "P1.ics").read_text(encoding="utf-8").replace("\n ", "")
    assert "X-MESO-SCHED-SERVERS" in text
    assert not re.search(f"{SECRETS.pattern}|127\\.0\\.0\\.1|clinic/|http", text)


def test_printing_an_account_shows_neither_name_nor_password(desk: Office) -> None:
    with connected(desk.calendar) as server:
        shown = f"{server!r} {server.calendar()!r} {Account(USER, PASSWORD)!r}"
        assert not SECRETS.search(shown)
        assert account_for(server.parts) == Account(USER, PASSWORD)
    assert service_of("h") == "meso-sched:h"


# TLS


def test_an_authority_of_the_clinics_own_is_trusted_where_it_is_named(
    office: Office, tls_server: Server, tmp_path: Path
) -> None:
    office.login(tls_server, new_calendar(tls_server))
    office.planned()
    del office._account["MESO_SCHED_CA_FILE"]
    done = office.process("push", "P1.ics", office.calendar)
    assert (done.returncode, b"certificate cannot be trusted" in done.stderr) == (6, True)
    assert b"MESO_SCHED_CA_FILE" in done.stderr
    missing = office.process("push", "P1.ics", office.calendar, MESO_SCHED_CA_FILE="none.pem")
    assert (missing.returncode, b"none.pem: there is no such file" in missing.stderr) == (3, True)
    office.write("garbage.pem", "no certificate")
    garbage = office.process("push", "P1.ics", office.calendar, MESO_SCHED_CA_FILE="garbage.pem")
    assert (garbage.returncode in (3, 6), b"bug" in garbage.stderr) == (True, False), garbage.stderr
    assert office.there == {}
    good = office.process("push", "P1.ics", office.calendar, MESO_SCHED_CA_FILE=str(tls_server.ca))
    assert (good.returncode, len(office.there)) == (0, SESSIONS)


@pytest.mark.parametrize("wrong", ["for another host", "of another authority", "too old"])
def test_who_cannot_be_trusted_hears_nothing(desk: Office, tmp_path: Path, wrong: str) -> None:
    authority = Authority.made(tmp_path / "tls")
    if wrong != "of another authority":
        ca = trustme.CA()
        host = "example.org" if wrong == "for another host" else "127.0.0.1"
        past = None
        if wrong == "too old":
            past = datetime.now(UTC) - timedelta(days=1)
        issued = ca.issue_cert(host, not_after=past)
        ca.cert_pem.write_to_path(authority.ca)
        authority.certificate.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(authority.key)
    with standing_before(desk.server, authority=authority) as faulty:
        trusted = Authority.made(tmp_path / "other") if "authority" in wrong else authority
        desk.setenv("MESO_SCHED_CA_FILE", str(trusted.ca))
        result = desk.push(to=faulty.at(desk.calendar))
        assert (result.code, faulty.requests) == (6, [])
        assert "certificate cannot be trusted" in result.err


@pytest.mark.parametrize(
    ("address", "is_open"),
    [
        ("http://calendar.example.org/", True),
        ("https://calendar.example.org/", False),
        ("http://localhost/", False),
        ("http://127.0.0.1/", False),
        ("http://127.0.0.1.example.org/", True),
    ],
)
def test_a_password_in_the_open_is_warned_of(desk: Office, address: str, is_open: bool) -> None:
    with connected(address) as server:
        assert server.is_open is is_open


@pytest.mark.parametrize("secret", ["şifre: çok gizli ğ", " a%20b "])
def test_names_and_passwords_may_have_any_letters(
    office: Office, tmp_path: Path, secret: str
) -> None:
    with radicale(tmp_path / "server", user="ayşe", password=secret) as server:
        office.login(server, new_calendar(server))
        office.planned()
        assert office.pushed().code == 0
        assert len(office.there) == SESSIONS


@pytest.mark.parametrize("secret", ["xq?ss", "12?ss", "xq#ss", "xq?b@c"])
def test_no_part_of_a_password_is_shown_where_it_breaks_the_address(
    desk: Office, secret: str
) -> None:
    result = desk.push(to=f"https://user:{secret}@localhost/")
    assert (result.code, secret[:2] in result.err, "user" in result.err) == (2, False, False)


def test_a_password_without_a_user_is_told(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MESO_SCHED_CALDAV_USER")
    result = desk.push()
    assert (result.code, result.out) == (2, "")
    assert "MESO_SCHED_CALDAV_PASSWORD is set, and no user is named" in result.err
    assert desk.server.password not in result.err


def test_an_authority_that_is_no_certificate_is_told(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write("ca.pem", "no certificate")
    monkeypatch.setenv("MESO_SCHED_CA_FILE", str(desk.folder / "ca.pem"))
    result = desk.push()
    assert (result.code, "holds no certificate that can be read" in result.err) == (3, True)
