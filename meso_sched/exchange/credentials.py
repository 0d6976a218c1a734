"""Who we are to a calendar server: from the environment or the system's keyring, never an argument.

An argument would stand in the list of processes and in the shell's history.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote

from meso_sched.errors import FileError, UsageError

USER, PASSWORD = "MESO_SCHED_CALDAV_USER", "MESO_SCHED_CALDAV_PASSWORD"
CA_FILE = "MESO_SCHED_CA_FILE"


@dataclass(frozen=True, slots=True)
class Account:
    """A user's name and password; both None where nothing is known. Printing it shows neither."""

    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


def service_of(host: str) -> str:
    """The name under which the keyring has the password for a host."""
    return f"meso-sched:{host}"


def account_for(parts: SplitResult) -> Account:
    """The account for an address, whose user part wins over ``MESO_SCHED_CALDAV_USER``.

    Raises UsageError where the address holds a password, or nobody says whose that is.
    """
    host = parts.hostname or ""
    if parts.password is not None:
        raise UsageError(
            f"{host}: a password in an address is seen by others on this machine; leave it out and"
            f" store it once with `keyring set {service_of(host)} USER`, or in {PASSWORD}"
        )
    user = unquote(parts.username) if parts.username else os.environ.get(USER) or None
    if PASSWORD in os.environ:
        if user is None:
            raise UsageError(
                f"{host}: {PASSWORD} is set, and no user is named; set {USER}, or write USER@"
                " before the host"
            )
        return Account(user, os.environ[PASSWORD])
    return _from_keyring(host, user)


def _from_keyring(host: str, user: str | None) -> Account:
    import keyring
    from keyring.errors import KeyringError

    try:
        found = keyring.get_credential(service_of(host), user)
    except (KeyringError, OSError, RuntimeError, ImportError, AttributeError):
        found = None  # it is locked, or this system has none, or none of the name in its settings
    return Account(user) if found is None else Account(found.username or user, found.password)


def trusted_authorities() -> str | None:
    """The file of a clinic's own certificate authority, if there is one; FileError if it is not."""
    named = os.environ.get(CA_FILE)
    if named and not Path(named).is_file():
        raise FileError(f"{named}: there is no such file, which {CA_FILE} names; correct it")
    if named:
        from ssl import SSLError, create_default_context

        try:
            create_default_context(cafile=named)
        except (SSLError, OSError) as error:
            raise FileError(
                f"{named}: holds no certificate that can be read, and {CA_FILE} names it; name the"
                " authority's certificate in PEM"
            ) from error
    return named or None
