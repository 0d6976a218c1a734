"""Every appointment gets a room: no more go on at once than there are, so one is always free."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from meso_sched.core.sharing.capacity import Stretch


class Guest(NamedTuple):
    """An appointment that needs a room, in minutes of the epoch; ``wish`` is one that it has.

    ``stays``: it is not to be given another.
    """

    stretch: Stretch
    wish: str = ""
    stays: bool = False


def assign(rooms: Sequence[str], guests: Sequence[Guest]) -> list[str]:
    """A room for each guest, "" where more stay at once than there are rooms.

    Where those that stay leave no single room for another, that one gets one from them.
    """
    found = _assigned(rooms, guests)
    if all(found):
        return found
    return _assigned(rooms, [guest._replace(stays=False) for guest in guests])


def _assigned(rooms: Sequence[str], guests: Sequence[Guest]) -> list[str]:
    taken: dict[str, list[Stretch]] = {room: [] for room in rooms}
    found = [""] * len(guests)
    for place, guest in enumerate(guests):
        if guest.stays and _is_free(taken.get(guest.wish), guest.stretch):
            found[place] = guest.wish
            taken[guest.wish].append(guest.stretch)
    in_order = sorted(range(len(guests)), key=lambda place: guests[place].stretch)
    for place in in_order:
        if not found[place]:
            guest = guests[place]
            wanted = [guest.wish, *rooms]
            room = next((each for each in wanted if _is_free(taken.get(each), guest.stretch)), "")
            found[place] = room
            if room:
                taken[room].append(guest.stretch)
    return found


def _is_free(taken: list[Stretch] | None, stretch: Stretch) -> bool:
    """Whether a room is free; None is a room that does not exist."""
    if taken is None:
        return False
    return all(other.free <= stretch.start or stretch.free <= other.start for other in taken)
