"""Mail addresses: one at a time, bare, as the oldest mail program takes them (RFC 5321, 4.1.2)."""

from __future__ import annotations

import re

MAX_LENGTH = 254
"""Octets of an address that a server has to take (RFC 5321, 4.5.3.1.3, less the brackets)."""

_MAX_LOCAL = 64
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.I | re.A)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.A)
# What the two versions of IDNA send to different domains; Python knows the older one.
_AMBIGUOUS = frozenset("ßς")
_EXAMPLE = 'write one as "name@clinic.example"'


def parse_address(text: str) -> str:
    """One bare address, its domain in small letters and ASCII (``xn--…``).

    ValueError, with advice, for anything else: a name beside it, several, one that not every mail
    program can reach.
    """
    plain = text.strip()
    shown = _shown(plain)
    if not plain.isprintable():
        raise ValueError(f'"{shown}" holds a line break or a control character; {_EXAMPLE}')
    if plain.count("@") > 1 or re.search(r"[\s,;<>]", plain):
        raise ValueError(f'"{shown}" is not one bare address; {_EXAMPLE}, without a name')
    local, at, domain = plain.rpartition("@")
    if not at or not local or not domain:
        raise ValueError(f'"{shown}" is no mail address; {_EXAMPLE}')
    if not local.isascii():
        raise ValueError(
            f'"{shown}" has other letters than a to z before the @, which not every mail program'
            " can reach; ask for another address"
        )
    if not _LOCAL.fullmatch(local) or len(local) > _MAX_LOCAL:
        raise ValueError(f'"{shown}" cannot have "{_shown(local)}" before the @; {_EXAMPLE}')
    known = f"{local}@{_ascii_domain(domain, shown)}"
    if len(known) > MAX_LENGTH:
        raise ValueError(f'"{shown}" is too long for a mail address; {_EXAMPLE}')
    return known


def _ascii_domain(domain: str, shown: str) -> str:
    if _AMBIGUOUS & set(domain):
        raise ValueError(
            f'"{shown}" has a letter in its domain that programs read in two ways; write the'
            " domain as xn--…"
        )
    try:
        plain = domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        plain = ""
    labels = plain.lower().split(".")
    is_whole = len(labels) > 1 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdecimal()
    if not is_whole:
        raise ValueError(f'"{shown}" has no whole domain behind the @; {_EXAMPLE}')
    return ".".join(labels)


def _shown(text: str) -> str:
    """A text made fit for a message: short, and on one line."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:80])
