"""The known name that a mistyped one was meant to be."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like ``name``, or None where none is like it."""
    from difflib import get_close_matches

    by_lower = {each.lower(): each for each in known}
    found = get_close_matches(name.strip().lower(), by_lower, n=1, cutoff=0.5)
    return by_lower[found[0]] if found else None


def hint(name: str, known: Iterable[str]) -> str:
    """``'; did you mean "X"?'``, or nothing where nothing is near."""
    found = nearest(name, known)
    return "" if found is None else f'; did you mean "{found}"?'


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The hint before another sentence: a full stop where nothing is near."""
    return hint(name, known) or "."
