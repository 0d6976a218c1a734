"""A file is written whole or not at all, for its owner alone, never over somebody else's."""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from meso_sched.errors import ChangedError, FileError
from meso_sched.exchange.files import read_bytes, write_public, write_whole

LARGE = b"whole\r\n" * 50_000


def listing(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("data", [b"", b"BEGIN:VCALENDAR\r\n", bytes(range(256)), LARGE], ids=len)
def test_the_bytes_are_written_as_they_are(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.ics"
    write_whole(path, data, former=None)
    assert path.read_bytes() == read_bytes(path) == data
    assert listing(tmp_path) == ["a.ics"]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277])
def test_only_its_owner_reads_it(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "a.ics"
    before = os.umask(umask)
    try:
        write_whole(path, b"new", former=None)
    finally:
        os.umask(before)
    assert mode(path) == 0o600


def test_a_file_that_all_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "a.ics"
    path.write_bytes(b"old")
    path.chmod(0o644)
    write_whole(path, b"new", former=b"old")
    assert (path.read_bytes(), mode(path)) == (b"new", 0o600)


@pytest.mark.parametrize("opened", [0o600, 0o640, 0o644, 0o660])
def test_a_public_file_stays_as_open_as_it_was_made(tmp_path: Path, opened: int) -> None:
    path = tmp_path / "a.ics"
    write_public(path, b"old", former=None)
    assert mode(path) == 0o600
    path.chmod(opened)
    write_public(path, b"new", former=b"old")
    assert (path.read_bytes(), mode(path)) == (b"new", opened)


def test_a_public_file_that_changed_is_a_second_younger(tmp_path: Path) -> None:
    path = tmp_path / "a.ics"
    seconds = []
    for former, data in ((None, b"1"), (b"1", b"2"), (b"2", b"3"), (b"3", b"3")):
        write_public(path, data, former=former)
        seconds.append(int(path.stat().st_mtime))
    first, second, third, same = seconds
    assert first < second < third == same


def test_a_public_file_can_be_a_link_to_where_the_web_server_looks(tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    there, path = tmp_path / "www" / "a.ics", tmp_path / "a.ics"
    path.symlink_to(there)
    write_public(path, b"old", former=None)
    there.chmod(0o644)
    write_public(path, b"new", former=b"old")
    assert path.is_symlink()
    assert (there.read_bytes(), mode(there)) == (b"new", 0o644)


def test_a_reader_has_the_old_file_or_the_new_one_never_a_half(tmp_path: Path) -> None:
    path = tmp_path / "a.ics"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        write_whole(path, LARGE, former=b"old")
        assert reader.read() == b"old"
    assert path.read_bytes() == LARGE


def test_a_file_that_holds_it_already_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "a.ics"
    path.write_bytes(b"same")
    before = path.stat()
    write_whole(path, b"same", former=b"same")
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


# ---- Changed underneath --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("former", "now"),
    [(b"old", b"theirs"), (b"old", b""), (b"old", b"old\r\n"), (None, b"theirs"), (b"old", None)],
)
def test_what_another_program_wrote_meanwhile_is_left(
    tmp_path: Path, former: bytes | None, now: bytes | None
) -> None:
    path = tmp_path / "a.ics"
    if now is not None:
        path.write_bytes(now)
    with pytest.raises(ChangedError, match=r"a\.ics.*left as it is") as raised:
        write_whole(path, b"mine", former=former)
    assert raised.value.exit_code == 5
    assert (path.read_bytes() if path.exists() else None) == now
    assert listing(tmp_path) == ([] if now is None else ["a.ics"])


# ---- Where nothing can be written ----------------------------------------------------------------


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file grows over so many bytes, as on a disk that fills up."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("former", [None, b"old"])
def test_where_room_runs_out_the_old_file_stays(tmp_path: Path, former: bytes | None) -> None:
    path = tmp_path / "a.ics"
    if former is not None:
        path.write_bytes(former)
    with room_for(5000), pytest.raises(FileError, match=r"a\.ics: cannot be written"):
        write_whole(path, LARGE, former=former)
    assert (path.read_bytes() if path.exists() else None) == former
    assert listing(tmp_path) == ([] if former is None else ["a.ics"])


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_interrupt_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.ics"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, b"new", former=b"old")
    assert (path.read_bytes(), listing(tmp_path)) == (b"old", ["a.ics"])


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none" / "a.ics"
    with pytest.raises(FileError, match=r"none/a\.ics.*folder .*none does not exist") as raised:
        write_whole(path, b"new", former=None)
    assert raised.value.exit_code == 3
    assert listing(tmp_path) == []


def a_folder(folder: Path) -> Path:
    (folder / "a.ics").mkdir()
    return folder / "a.ics"


def under_a_file(folder: Path) -> Path:
    (folder / "plain").write_bytes(b"")
    return folder / "plain" / "a.ics"


def a_loop(folder: Path) -> Path:
    (folder / "a.ics").symlink_to(folder / "a.ics")
    return folder / "a.ics"


NOWHERE: dict[str, Callable[[Path], Path]] = {
    "a folder": a_folder,
    "under a file": under_a_file,
    "a link to itself": a_loop,
    "a name of 256 bytes": lambda folder: folder / ("x" * 252 + ".ics"),
    "a null byte": lambda folder: folder / "a\x00.ics",
    "a read-only folder": lambda _: Path("/proc/a.ics"),
    "another read-only folder": lambda _: Path("/sys/a.ics"),
    "a full device": lambda _: Path("/dev/full"),
}


@pytest.mark.parametrize("kind", NOWHERE)
def test_where_nothing_can_be_written_it_says_so_and_leaves_nothing(
    tmp_path: Path, kind: str
) -> None:
    path = NOWHERE[kind](tmp_path)
    before = listing(tmp_path)
    with pytest.raises(FileError) as raised:
        write_whole(path, b"new", former=None)
    assert str(raised.value).startswith(f"{path}: ")
    assert listing(tmp_path) == before


@pytest.mark.parametrize("folder", ["/proc", "/sys"])
def test_a_folder_that_is_there_is_not_said_to_be_missing(folder: str) -> None:
    with pytest.raises(FileError) as raised:
        write_whole(Path(folder, "a.ics"), b"new", former=None)
    assert "does not exist" not in str(raised.value)


def test_a_write_protected_file_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.ics"
    path.write_bytes(b"old")
    path.chmod(0o400)
    if os.geteuid() == 0:  # root may write everything; ask as anybody else would be answered
        monkeypatch.setattr(
            os, "access", lambda path, _: bool(os.stat(path).st_mode & stat.S_IWUSR)
        )
    with pytest.raises(FileError, match="write-protected"):
        write_whole(path, b"new", former=b"old")
    assert (path.read_bytes(), mode(path), listing(tmp_path)) == (b"old", 0o400, ["a.ics"])


# ---- Names and links -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "x" * 251 + ".ics",
        "é" * 125 + ".ics",
        "漢" * 83 + ".ics",
        "😀" * 62 + ".ics",
        "- a b'\"\n;.ics",
        ".ics",
        b"\xff\xfe.ics".decode("utf-8", "surrogateescape"),
    ],
    ids=lambda name: ascii(name[:9]),
)
def test_every_name_that_the_disk_takes_can_be_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_whole(path, b"one", former=None)
    write_whole(path, b"two", former=b"one")
    assert path.read_bytes() == b"two"
    assert listing(tmp_path) == [name]


@pytest.mark.parametrize("former", [None, b"old"])
def test_a_link_stays_a_link_and_its_target_is_written(
    tmp_path: Path, former: bytes | None
) -> None:
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "b.ics", tmp_path / "a.ics"
    if former is not None:
        target.write_bytes(former)
    link.symlink_to("there/b.ics")
    write_whole(link, b"new", former=former)
    assert (link.is_symlink(), os.readlink(link)) == (True, "there/b.ics")
    assert target.read_bytes() == b"new"
    assert listing(tmp_path / "there") == ["b.ics"]


def test_a_device_is_written_straight_and_stays_one() -> None:
    write_whole(Path("/dev/null"), b"new", former=None)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_pipe_gets_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "pipe.ics"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_whole(path, b"new", former=None)
        assert os.read(reader, 10) == b"new"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(path.stat().st_mode)


# ---- Reading -------------------------------------------------------------------------------------


def test_what_is_not_there_yet_or_no_file_reads_as_nothing(tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to("nowhere")
    for path in (tmp_path / "a.ics", tmp_path / "dangling", Path("/dev/null")):
        assert read_bytes(path) is None


@pytest.mark.parametrize("kind", ["a folder", "a name of 256 bytes"])
def test_what_cannot_be_read_is_a_bad_file(tmp_path: Path, kind: str) -> None:
    path = NOWHERE[kind](tmp_path)
    with pytest.raises(FileError) as raised:
        read_bytes(path)
    assert str(raised.value).startswith(f"{path}: ")
