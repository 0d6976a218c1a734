"""Runs a command and turns whatever happens into a message and an exit code."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import TextIO

from meso_sched.errors import MesoError

OK, BUG = 0, 1


def run(args: Sequence[str]) -> int:
    """The exit code of one command line; no traceback reaches a user."""
    closed = _open_streams()
    _write_utf8()
    try:
        code = _run(args)
        _flush(sys.stdout)
        if closed and code == OK:
            code = _fail("the output cannot be written: stdout is closed", 3)
    except BrokenPipeError:
        return _hang_up()
    except MesoError as error:
        return _fail(str(error), error.exit_code)
    except OSError as error:
        # Files are written elsewhere, with messages of their own: this is the output itself.
        code = _fail(f"the output cannot be written: {error.strerror or error}", 3)
        _drop_output()
    except Exception as error:
        if "MESO_SCHED_DEBUG" in os.environ:
            raise
        code = _fail(
            f"this is a bug in meso-sched, no mistake of yours ({type(error).__name__}: {error})."
            " Nothing was half written. Run again with MESO_SCHED_DEBUG=1 and report what it says.",
            BUG,
        )
    return code


def _run(args: Sequence[str]) -> int:
    from meso_sched.cli.app import HungUpError, app

    try:
        app(args=list(args), prog_name="meso-sched")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else OK
    except HungUpError as error:
        raise BrokenPipeError from error
    return OK


def _fail(message: str, code: int) -> int:
    from meso_sched.cli.talking import say

    say(message)
    return code


def _open_streams() -> bool:
    """Give a stream that the caller closed somewhere to go; whether stdout was closed."""
    closed = sys.stdout is None
    if closed:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - open to the end
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - open to the end
    return closed


def _write_utf8() -> None:
    """UTF-8 wherever a program reads, and no crash on a screen that has not all characters."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            if stream.isatty():
                stream.reconfigure(errors="replace")
            else:
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _flush(stream: TextIO | None) -> None:
    if stream is not None and not stream.closed:
        stream.flush()


def _hang_up() -> int:
    """Whoever read the output has gone (``| head``): that is no mistake."""
    _drop_output()
    return OK


def _drop_output() -> None:
    """Let nothing that is still buffered be written at exit, where it would fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
