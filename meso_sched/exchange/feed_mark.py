"""What a feed says of itself, by which it is known again."""

from __future__ import annotations

import re

from meso_sched.exchange.records import FEED, KIND_PROPERTY

FEED_PROPERTY = "X-MESO-SCHED-FEED"
DISCREET = "DISCREET"

_KIND = re.compile(rf"^{KIND_PROPERTY}:{FEED}\r?$", re.MULTILINE)
_MARK = re.compile(rf"^{FEED_PROPERTY}:([A-Z0-9-]+)\r?$", re.MULTILINE)


def mark_of(text: str) -> str | None:
    """Whose feed a calendar is and how much it tells; None for what is no feed of ours."""
    events = text.find("\nBEGIN:VEVENT")
    end = len(text) if events < 0 else events
    found = _MARK.search(text, 0, end)
    return found[1] if found and _KIND.search(text, 0, end) else None


def is_discreet(mark: str) -> bool:
    """Whether the UIDs of a feed do not tell of which course an event is."""
    return mark.endswith(DISCREET)
