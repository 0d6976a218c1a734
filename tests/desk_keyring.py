"""A keyring in a file, for the processes of the tests: chosen by ``PYTHON_KEYRING_BACKEND``."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.credentials import SimpleCredential
from keyring.errors import KeyringLocked

FILE = "DESK_KEYRING"
"""The variable that names the file."""


class FileKeyring(KeyringBackend):
    """Keeps passwords by service and user, and tells no user who is not known."""

    priority = 1

    @property
    def _file(self) -> Path:
        return Path(os.environ[FILE])

    def _kept(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        if self._file.exists():
            found = json.loads(self._file.read_text(encoding="utf-8"))
        return found

    def get_password(self, service: str, username: str) -> str | None:
        return self._kept().get(service, {}).get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        kept = self._kept()
        kept.setdefault(service, {})[username] = password
        self._file.write_text(json.dumps(kept), encoding="utf-8")


class KnowingKeyring(FileKeyring):
    """One that tells the user too, as the desktop's do."""

    def get_credential(self, service: str, username: str | None) -> SimpleCredential | None:
        kept = self._kept().get(service, {})
        name = username or next(iter(kept), None)
        return None if name is None or name not in kept else SimpleCredential(name, kept[name])


class LockedKeyring(FileKeyring):
    """One that nobody has unlocked."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("locked")
