"""Many files of one run: each whole, none over another's, and large ones in pieces."""

from __future__ import annotations

import os
import stat
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_files import LARGE, listing, room_for

from meso_sched.errors import ChangedError, FileError
from meso_sched.exchange.files import (
    LEFT_BEHIND,
    TEMPORARY,
    secure,
    sweep,
    write_new,
    write_streamed,
    write_whole,
)


def pieces(data: bytes) -> Iterator[bytes]:
    for begin in range(0, len(data), 1000):
        yield data[begin : begin + 1000]


# ---- New ones ------------------------------------------------------------------------------------


def test_a_new_file_has_the_bytes_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.ics"
    write_new(path, LARGE)
    secure()
    assert (path.read_bytes(), listing(tmp_path)) == (LARGE, ["a.ics"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_there_by_now_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.ics"
    path.write_bytes(b"theirs")
    with pytest.raises(ChangedError, match=r"a\.ics: another program changed it just now"):
        write_new(path, b"new")
    assert (path.read_bytes(), listing(tmp_path)) == (b"theirs", ["a.ics"])


def test_a_link_to_nothing_counts_as_something(tmp_path: Path) -> None:
    path = tmp_path / "a.ics"
    path.symlink_to(tmp_path / "b.ics")
    with pytest.raises(ChangedError):
        write_new(path, b"new")
    assert listing(tmp_path) == ["a.ics"]


def test_where_room_runs_out_there_is_no_new_file(tmp_path: Path) -> None:
    with room_for(5000), pytest.raises(FileError, match=r"a\.ics: cannot be written"):
        write_new(tmp_path / "a.ics", LARGE)
    assert listing(tmp_path) == []


# ---- Large ones ----------------------------------------------------------------------------------


def test_pieces_take_the_place_of_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.ics"
    path.write_bytes(b"old")
    path.chmod(0o644)
    assert write_streamed(path, pieces(LARGE)) is True
    assert (path.read_bytes(), listing(tmp_path)) == (LARGE, ["a.ics"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("changed", [b"", b"x", LARGE + b"x", LARGE[:-1]], ids=len)
def test_a_file_is_touched_where_it_holds_anything_else(tmp_path: Path, changed: bytes) -> None:
    path = tmp_path / "a.ics"
    write_streamed(path, pieces(LARGE))
    before = path.stat()
    assert write_streamed(path, [LARGE]) is False
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert write_streamed(path, pieces(changed)) is True
    assert (path.read_bytes(), listing(tmp_path)) == (changed, ["a.ics"])


def test_pieces_that_break_off_leave_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.ics"
    path.write_bytes(b"old")

    def broken() -> Iterator[bytes]:
        yield b"new"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_streamed(path, broken())
    assert (path.read_bytes(), listing(tmp_path)) == (b"old", ["a.ics"])


def test_pieces_are_not_held(tmp_path: Path) -> None:
    def many() -> Iterator[bytes]:
        for _ in range(2000):
            yield bytes(10_000)

    tracemalloc.start()
    try:
        write_streamed(tmp_path / "a.ics", many())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (tmp_path / "a.ics").stat().st_size == 20_000_000
    assert peak < 1_000_000


# ---- Swept once ----------------------------------------------------------------------------------


@pytest.mark.parametrize("swept", [False, True])
def test_whoever_has_swept_the_folder_spares_each_file_the_search(
    tmp_path: Path, swept: bool
) -> None:
    left = tmp_path / f"{TEMPORARY}left"
    left.write_bytes(b"")
    old = left.stat().st_mtime - 2 * LEFT_BEHIND
    os.utime(left, (old, old))
    write_whole(tmp_path / "a.ics", b"new", former=None, swept=swept)
    assert left.exists() is swept
    sweep(tmp_path)
    assert listing(tmp_path) == ["a.ics"]
