"""Runs the command line: in this process, as a process of its own, or on a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import pytest

from meso_sched.cli.running import run

ISTANBUL = '[clinic]\ntimezone = "Europe/Istanbul"\nholidays = "TR"\n'
WITHOUT_HOLIDAYS = '[clinic]\ntimezone = "Europe/Istanbul"\n'
PATIENCE = 30.0
# Ctrl-C reaches only a process whose own terminal it is.
_ON_TERMINAL = """import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "meso_sched", *sys.argv[1:]])
"""

# The script beside this interpreter, wherever the shell would find another.
SCRIPT = str(Path(sys.executable).with_name("meso-sched"))


class Result(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Stdout as JSON."""
        return json.loads(self.out)

    @property
    def days(self) -> list[str]:
        """The days of the sessions in ``plan --json``."""
        return [session["start"][:10] for session in self.document["sessions"]]


class Desk:
    """A folder of its own, with a home, from which commands run."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.folder = folder / "desk"
        self.folder.mkdir()
        self.home = folder / "home"
        self.home.mkdir()
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        monkeypatch.chdir(self.folder)
        for name in list(os.environ):
            if name not in ("PATH", "PYTHONPATH", "VIRTUAL_ENV"):
                monkeypatch.delenv(name)
        for name, value in self.environment().items():
            monkeypatch.setenv(name, value)

    def environment(self, **more: str) -> dict[str, str]:
        """The variables of a plain machine in Istanbul."""
        return {
            **{name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "TZ": "Europe/Istanbul",
            "COLUMNS": "80",
            "LANG": "C.UTF-8",
            **more,
        }

    def write(self, name: str, data: str | bytes) -> Path:
        """A file in the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def setenv(self, name: str, value: str) -> None:
        """Set a variable for the commands that follow."""
        self._monkeypatch.setenv(name, value)

    def files(self) -> dict[str, bytes]:
        """Every file below the folder with what it holds."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }

    def run(self, *args: str) -> Result:
        """Run a command in this process."""
        self._capsys.readouterr()
        code = run(args)
        out, err = self._capsys.readouterr()
        return Result(code, out, err)

    def plan(self, *args: str, regimen: str = "hair", start: str = "2027-01-05") -> Result:
        """Run ``plan`` with ``--json``, which has to succeed."""
        result = self.run("plan", regimen, "--start", start, "--json", *args)
        assert result.code == 0, result.err
        return result

    def process(
        self,
        *args: str | bytes,
        stdout: Any = subprocess.PIPE,  # noqa: ANN401 - as subprocess takes it
        program: Sequence[str] = (sys.executable, "-m", "meso_sched"),
        **env: str,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command as a process of its own, with nobody at a terminal."""
        return subprocess.run(
            [*program, *args],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            env=self.environment(**env),
            timeout=PATIENCE,
            check=False,
        )

    def terminal(
        self, *args: str, answers: Sequence[tuple[str, str]] = (), **env: str
    ) -> tuple[int, str]:
        """Run a command on a terminal; type each answer once its question has come.

        Gives the exit code and all that the screen showed.
        """
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [sys.executable, "-c", _ON_TERMINAL, *args],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=self.folder,
            env=self.environment(TERM="xterm", **env),
            start_new_session=True,
        ) as process:
            os.close(theirs)
            try:
                shown = _talk(ours, answers)
                return process.wait(PATIENCE), shown
            finally:
                process.kill()
                os.close(ours)


@contextmanager
def serving(answer: Callable[[], bytes]) -> Iterator[str]:
    """The address of a calendar on a server, which answers anew to everybody who reads it."""

    class Calendar(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = answer()
            self.send_response(200)
            self.send_header("Content-Type", "text/calendar")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep the test's stderr for the command."""

    with HTTPServer(("127.0.0.1", 0), Calendar) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/calendar.ics"
        server.shutdown()
        thread.join()


def _talk(terminal: int, answers: Sequence[tuple[str, str]]) -> str:
    shown, told = b"", 0
    waiting = list(answers)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            data = os.read(terminal, 65536)
        except OSError:  # Linux says so when the other end has closed
            data = b""
        if not data:
            assert not waiting, f"never asked: {waiting[0][0]}\n{shown.decode()}"
            return shown.decode()
        shown += data
        if waiting and waiting[0][0].encode() in shown[told:]:
            told = len(shown)
            os.write(terminal, waiting.pop(0)[1].encode() + b"\n")
    raise AssertionError(f"still running; the screen shows:\n{shown.decode()}")
