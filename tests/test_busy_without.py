"""Busy time without what was known of it before: what others have taken since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from meso_sched.core.clinic import Busy

MIDNIGHT = datetime(2027, 1, 5, tzinfo=UTC)
LAST = 60
INTERVALS = st.lists(st.tuples(st.integers(0, LAST), st.integers(0, LAST)), max_size=8)


def busy(intervals: list[tuple[int, int]]) -> Busy:
    """Time taken, in minutes after midnight."""
    return Busy.of(
        (MIDNIGHT + timedelta(minutes=start), MIDNIGHT + timedelta(minutes=end))
        for start, end in intervals
    )


def minutes(taken: Busy) -> set[int]:
    """The minutes that are taken, each asked for alone."""
    first = int(MIDNIGHT.timestamp())
    return {
        each
        for each in range(LAST)
        if not taken.is_free(first + 60 * each, first + 60 * (each + 1))
    }


@given(INTERVALS, INTERVALS)
def test_it_is_what_is_taken_here_and_not_there(
    here: list[tuple[int, int]], there: list[tuple[int, int]]
) -> None:
    left = busy(here).without(busy(there))
    assert minutes(left) == minutes(busy(here)) - minutes(busy(there))
    assert all(a < b for a, b in zip(left.starts, left.ends, strict=True))
    assert all(a < b for a, b in zip(left.ends, left.starts[1:], strict=False))


@given(INTERVALS, INTERVALS)
def test_what_was_known_already_is_nothing_new(
    here: list[tuple[int, int]], more: list[tuple[int, int]]
) -> None:
    assert busy(here).without(busy([*here, *more])) == Busy()
    assert busy(here).without(Busy()) == busy(here)
    assert Busy().without(busy(here)) == Busy()


def test_parts_of_a_stretch() -> None:
    assert busy([(0, 60)]).without(busy([(10, 20), (30, 40)])) == busy(
        [(0, 10), (20, 30), (40, 60)]
    )
    assert busy([(0, 20), (30, 50)]).without(busy([(10, 40)])) == busy([(0, 10), (40, 50)])
    assert busy([(10, 20)]).without(busy([(0, 10), (20, 30)])) == busy([(10, 20)])
