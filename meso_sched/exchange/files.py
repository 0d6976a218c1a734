"""Files written whole or not at all, and never over what somebody else put there."""

from __future__ import annotations

import contextlib
import errno
import filecmp
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from stat import S_IMODE

from meso_sched.errors import ChangedError, FileError

PRIVATE = 0o600
GROUP = 0o060
READERS = 0o666
TEMPORARY = ".meso-sched."
LEFT_BEHIND = 600.0
"""A temporary file that is older, in seconds, belongs to no run any more."""


def read_bytes(path: Path) -> bytes | None:
    """The bytes of a regular file, None where there is nothing yet; FileError otherwise."""
    try:
        if not path.exists():
            return None
        if path.is_dir():
            raise FileError(f"{path}: is a folder; name a file in it")
        return path.read_bytes() if path.is_file() else None
    except (OSError, ValueError, RuntimeError) as error:
        raise refused(path, "read", error) from error


def write_whole(
    path: Path,
    data: bytes,
    *,
    former: bytes | None,
    mode: int | None = PRIVATE,
    keep_former: bool = False,
    swept: bool = False,
) -> None:
    """Put ``data`` in place of ``former`` (None: nothing there yet), atomically.

    ``keep_former`` leaves the former bytes beside it, under the name with a ``~`` behind. ``mode``
    None leaves the group what it may do, so that colleagues keep their access. ``swept``: whoever
    writes many files has called ``sweep`` for their folder.
    Raises FileError where it cannot be written, ChangedError where the file is no longer what was
    read. A device or pipe is written straight.
    """
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as device:
                device.write(data)
            return
        target = path.resolve()
        if target.is_symlink():  # what from Python 3.13 on is left of a link to itself
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if target.exists() and not os.access(target, os.W_OK):
            raise FileError(f"{path}: is write-protected; name another file")
        if mode is None:
            mode = PRIVATE | (target.stat().st_mode & GROUP if target.exists() else 0)
        if former == data:
            _refuse_changed(target, former, path)
        else:
            if not swept:
                sweep(target.parent)
            if keep_former and former is not None:
                _refuse_changed(target, former, path)
                _keep(target, former, mode)
            _replace(target, data, former, mode, shown=path)
    except (OSError, ValueError, RuntimeError) as error:
        raise refused(path, "written", error) from error


def _keep(target: Path, former: bytes, mode: int) -> None:
    """The version before, as a file of its own; what stood there is the one before that."""
    beside = target.with_name(f"{target.name}~")
    _replace(beside, former, read_bytes(beside), mode, shown=beside)


def write_new(path: Path, data: bytes) -> None:
    """Put ``data`` where nothing is yet, atomically, in a mode of 0600.

    As ``write_whole`` does it, for many files in a folder of the caller's own, which is no link;
    ``secure`` saves them from a power cut all at once. Raises FileError where it cannot be
    written, ChangedError where something is there by now.
    """
    try:
        with _temporary(path.parent, [data], secured=False) as name:
            if os.path.lexists(path):
                raise _changed(path)
            os.replace(name, path)
    except (OSError, ValueError, RuntimeError) as error:
        raise refused(path, "written", error) from error


def write_public(path: Path, data: bytes, *, former: bytes | None) -> None:
    """As ``write_whole``, of a file that its owner may have opened to others: it stays as open.

    A new one is for its owner alone. The group stays too, where the system lets it. Web servers
    tell a file's age in whole seconds (RFC 9110, 8.8.2): one that changed is younger by one.
    """
    try:
        known = path.stat() if path.is_file() else None
        mode = PRIVATE if known is None else S_IMODE(known.st_mode) & READERS
        write_whole(path, data, former=former, mode=mode)
        if known is not None and former != data:
            second = int(known.st_mtime)
            if int(path.stat().st_mtime) <= second:
                os.utime(path, (second + 1, second + 1))
    except OSError as error:
        raise refused(path, "written", error) from error


def secure() -> None:
    """Have all that was written so far on the disk, where the system has such a call."""
    if hasattr(os, "sync"):
        os.sync()


def write_streamed(path: Path, chunks: Iterable[bytes]) -> bool:
    """Put what comes in pieces in the place of a file, atomically; False if it holds just that.

    For what is too large to be held, in a file that is the caller's own: what stands there is not
    asked for. The mode is 0600. Raises FileError where it cannot be written.
    """
    try:
        with _temporary(path.parent, chunks) as name:
            if path.is_file() and filecmp.cmp(name, path, shallow=False):
                os.unlink(name)
                return False
            os.replace(name, path)
    except (OSError, ValueError, RuntimeError) as error:
        raise refused(path, "written", error) from error
    return True


def _replace(target: Path, data: bytes, former: bytes | None, mode: int, *, shown: Path) -> None:
    with _temporary(target.parent, [data]) as name:
        if mode & GROUP:
            _keep_group(target, name)
        os.chmod(name, mode)
        _refuse_changed(target, former, shown)
        os.replace(name, target)


def _keep_group(target: Path, name: str) -> None:
    """Leave a file with the group whose rights it keeps; who runs us may not be in it."""
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):
            os.chown(name, -1, target.stat().st_gid)


@contextlib.contextmanager
def _temporary(folder: Path, chunks: Iterable[bytes], *, secured: bool = True) -> Iterator[str]:
    """The name of a new file that is to take the place of another; without that it goes."""
    handle, name = tempfile.mkstemp(prefix=TEMPORARY, dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(chunks)
            if secured:
                file.flush()
                os.fsync(file.fileno())
        yield name
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def sweep(folder: Path) -> None:
    """Remove what killed runs left behind in a folder: it holds a patient's dates."""
    with contextlib.suppress(OSError):
        for path in folder.glob(f"{TEMPORARY}*"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > LEFT_BEHIND:
                    path.unlink()


def _refuse_changed(target: Path, former: bytes | None, shown: Path) -> None:
    if read_bytes(target) != former:
        raise _changed(shown)


def _changed(path: Path) -> ChangedError:
    return ChangedError(
        f"{path}: another program changed it just now; it was left as it is, try again"
    )


def refused(path: Path, what: str, error: Exception) -> FileError:
    """The error about a file or folder that cannot be ``what``: read, written."""
    if isinstance(error, FileNotFoundError) and not path.parent.is_dir():
        return FileError(f"{path}: the folder {path.parent} does not exist; make it first")
    reason = getattr(error, "strerror", None) or str(error)
    full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    advice = "make room first" if full else "name another file or folder"
    return FileError(f"{path}: cannot be {what}: {reason}; {advice}")
