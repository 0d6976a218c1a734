"""An event here and on the server: who changed it, and what may be sent without a question."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meso_sched.exchange.calendar_lines import Component
from meso_sched.exchange.events import CourseEvent
from meso_sched.exchange.objects import digest
from meso_sched.exchange.syncing import (
    Known,
    Pair,
    What,
    answers,
    called_off,
    compared,
    first_sent,
    in_step,
    key_of,
    known_of,
    sent_over,
    trying,
    with_known,
    with_people,
)

TEN = datetime(2027, 1, 5, 7, tzinfo=UTC)


def event(
    hour: int = 0,
    *,
    cancelled: bool = False,
    alarm: bool = True,
    **more: Any,  # noqa: ANN401 - any field
) -> CourseEvent:
    """A session, so many hours after ten."""
    start = TEN + timedelta(hours=hour)
    return CourseEvent(
        uid="u",
        start=start,
        end=start + timedelta(minutes=30),
        summary="P1 (1/3)",
        description="Session 1 of 3",
        status="cancelled" if cancelled else "booked",
        sequence=0,
        stamp=TEN,
        created=TEN,
        modified=TEN,
        reminders=(60,) if alarm else (),
        **more,
    )


A, B, C = event(0), event(1), event(2)
OFF = event(0, cancelled=True)
# As a server has it that keeps no alarms; or one that keeps nothing of this tool's own.
A_BARE, B_BARE = event(0, alarm=False), event(1, alarm=False)
A_TOLD = event(0, details={"number": 1})


def known(
    sent: CourseEvent, served: CourseEvent | None = None, tried: CourseEvent | None = None
) -> Known:
    return Known(digest(sent), digest(served or sent), "" if tried is None else digest(tried))


class Case(NamedTuple):
    ours: CourseEvent
    theirs: CourseEvent | None
    known: Known | None
    what: What


CASES = {
    "never sent": Case(A, None, None, What.NEW),
    "sent, and not arrived": Case(A, None, Known(trying=digest(A)), What.NEW),
    "in step": Case(A, A, known(A), What.SAME),
    "the same, and nobody knows why": Case(A, A, None, What.SAME),
    "the same to people": Case(A_TOLD, A, None, What.SAME),
    "different, and nobody knows why": Case(A, B, None, What.OTHER),
    "changed here": Case(B, A, known(A), What.OURS),
    "changed there": Case(A, B, known(A), What.THEIRS),
    "changed on both sides": Case(B, C, known(A), What.BOTH),
    "changed on both sides in the same way": Case(B, B, known(A), What.SAME),
    "changed to the same for people": Case(replace(B, details={"x": 1}), B, known(A), What.SAME),
    "deleted there": Case(A, None, known(A), What.GONE),
    "deleted there, changed here": Case(B, None, known(A), What.GONE),
    "called off here": Case(OFF, A, known(A), What.OURS),
    "called off there": Case(A, OFF, known(A), What.THEIRS),
    "called off on both sides": Case(OFF, OFF, known(A), What.SAME),
    "called off here, deleted there": Case(OFF, None, known(A), What.NEITHER),
    "called off, never sent": Case(OFF, None, None, What.NEITHER),
    "called off here, moved there": Case(OFF, B, known(A), What.BOTH),
    "kept without alarms": Case(A, A_BARE, known(A, A_BARE), What.SAME),
    "kept without alarms, changed here": Case(B, A_BARE, known(A, A_BARE), What.OURS),
    "kept without alarms, changed there": Case(A, B_BARE, known(A, A_BARE), What.THEIRS),
    "broken off before it arrived": Case(B, A, known(A, A, B), What.OURS),
    "broken off after it arrived": Case(B, B, known(A, A, B), What.SAME),
    "broken off after it arrived, changed since": Case(C, B, known(A, A, B), What.OURS),
    "broken off, then changed there": Case(B, C, known(A, A, B), What.BOTH),
    "broken off, then taken back here": Case(A, B, known(A, A, B), What.OURS),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_how_the_two_stand_to_each_other(case: Case) -> None:
    assert compared(case.ours, case.theirs, case.known) is case.what


EVENTS = (A, B, C, OFF, A_BARE, A_TOLD)


def judged(ours: CourseEvent, theirs: CourseEvent | None, told: Known | None) -> set[What]:
    """What may be said, worked out in another way: by who can have made what is there."""
    if theirs is None:
        return {What.NEITHER} if ours.is_cancelled else {What.GONE, What.NEW}
    is_own = told is not None and digest(theirs) in (told.served, told.trying)
    if is_own:
        return {What.SAME, What.OURS}
    if digest(theirs) == digest(ours) or theirs.content == ours.content:
        return {What.SAME}
    return {What.OTHER} if told is None else {What.THEIRS, What.BOTH}


def test_every_combination_is_one_of_those_that_may_be() -> None:
    knowns = [None, *(known(*each) for each in product(EVENTS, EVENTS, (None, *EVENTS)))]
    for ours, theirs, told in product(EVENTS, (None, *EVENTS), knowns):
        what = compared(ours, theirs, told)
        assert what in judged(ours, theirs, told)
        if theirs is None and not ours.is_cancelled:
            assert (what is What.GONE) == (told is not None)
        if what is What.THEIRS:
            assert told is not None
            assert told.sent == digest(ours)


# Runs of pushes

HOURS = st.sampled_from([0, 1, 2, 3])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["here", "there"]), HOURS),
        st.tuples(st.just("deleted"), st.just(0)),
        st.tuples(st.just("push"), st.sampled_from(["whole", "cut before", "cut after"])),
    ),
    min_size=3,
    max_size=12,
)


@settings(max_examples=600)
@given(STEPS, st.booleans())
def test_what_others_did_is_never_sent_over(
    steps: list[tuple[str, Any]],
    keeps_alarms: bool,
) -> None:
    """Whatever happens in whatever order, also to pushes that break off in the middle.

    Nobody knows of an event that arrived unheard and was deleted: it is sent once more.
    """
    ours = event(0)
    there: CourseEvent | None = None
    told: Known | None = None
    of_ours: set[str] = set()  # the states of the server's event that pushes have made

    for step, how in steps:
        if step == "here":
            ours = event(how)
        elif step == "there":
            there = there and event(how, alarm=False)
        elif step == "deleted":
            there = None
        elif (what := compared(ours, there, told)).is_sent:
            if there is None:
                assert told is None or not told.was_there
            else:
                assert digest(there) in of_ours
            told = trying([Pair(ours, there, what)], {} if told is None else {"u": told})["u"]
            if how != "cut before":
                there = ours if keeps_alarms else replace(ours, reminders=())
                of_ours.add(digest(there))
            if how == "whole" and there is not None:
                told = in_step(ours, there, "", "")
        elif what is What.SAME and there is not None:
            told = in_step(ours, there, "", "")
            of_ours = {digest(there)}


# What is sent

OURS = Component(
    "VEVENT",
    (
        *("UID:u", "DTSTART:20270105T070000Z", "SUMMARY:P1", "SEQUENCE:1", "STATUS:CONFIRMED"),
        *("X-MESO-SCHED-SESSION:{}", "ATTENDEE:mailto:a@x", "ORGANIZER:mailto:o@x"),
    ),
    (Component("VALARM", ("ACTION:DISPLAY", "TRIGGER:-PT1H", "DESCRIPTION:ours")),),
)
THEIRS = Component(
    "VEVENT",
    (
        *("UID:u", "DTSTART:20270105T080000Z", "SUMMARY:Ann", "SEQUENCE:4", "LOCATION:Room 9"),
        *("X-MESO-SCHED-OLD:{}", "X-COLOUR:blue", "COMMENT:hello", "DESCRIPTION:theirs"),
        *("ATTENDEE;PARTSTAT=ACCEPTED:mailto:A@x", "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:b@x"),
    ),
    (
        Component("VALARM", ("ACTION:DISPLAY", "TRIGGER:-PT9M", "DESCRIPTION:theirs")),
        Component("VALARM", ("ACTION:AUDIO", "TRIGGER;VALUE=DATE-TIME:20270105T060000Z")),
        Component("VLOCATION", ("NAME:there",)),
    ),
)


def test_an_event_is_sent_first_without_people() -> None:
    assert [line.partition(":")[0] for line in first_sent(OURS).lines] == [
        "UID", "DTSTART", "SUMMARY", "SEQUENCE", "STATUS", "X-MESO-SCHED-SESSION",
    ]  # fmt: skip


def test_an_event_sent_over_another_keeps_what_others_put_there() -> None:
    sent = sent_over(OURS, THEIRS)
    assert sent.lines == (
        *("UID:u", "DTSTART:20270105T070000Z", "SUMMARY:P1", "SEQUENCE:5", "STATUS:CONFIRMED"),
        *("X-MESO-SCHED-SESSION:{}", "X-COLOUR:blue", "COMMENT:hello"),
        *("ATTENDEE;PARTSTAT=ACCEPTED:mailto:A@x", "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:b@x"),
    )
    # An alarm before the start is one that the course tells.
    assert sent.children == (*OURS.children, *THEIRS.children[1:])


@pytest.mark.parametrize(
    ("theirs", "sent"),
    [("0", "1"), ("1", "2"), ("7", "8"), ("-3", "1"), ("x", "1"), ("9" * 30, "1")],
)
def test_a_sequence_goes_over_the_servers(theirs: str, sent: str) -> None:
    there = THEIRS._replace(lines=("UID:u", f"SEQUENCE:{theirs}"))
    assert f"SEQUENCE:{sent}" in sent_over(OURS, there).lines


def test_answers_are_told_once() -> None:
    assert answers(OURS, THEIRS) == [("a@x", "ACCEPTED")]
    heard = with_people(OURS, THEIRS)
    assert answers(heard, THEIRS) == []
    assert [line for line in heard.lines if line.startswith("DTSTART")] == [
        "DTSTART:20270105T070000Z"
    ]


def test_an_event_that_is_called_off_stays_as_it_is() -> None:
    off = called_off(OURS)
    assert set(off.lines) - set(OURS.lines) == {"STATUS:CANCELLED"}
    assert set(OURS.lines) - set(off.lines) == {"STATUS:CONFIRMED"}
    assert off.children == OURS.children


# What is known, in the course's file

ADDRESS, OTHER = "https://a.example/clinic/", "https://b.example/"


def test_what_is_known_is_kept_for_each_server_and_tells_no_address() -> None:
    empty = Component("VCALENDAR", ("VERSION:2.0",))
    first = with_known(empty, ADDRESS, {"u": Known("s", "t", "", "/x.ics")})
    both = with_known(first, OTHER, {"v": Known("1", "2", "3")})
    assert known_of(both, ADDRESS) == {"u": Known("s", "t", "", "/x.ics")}
    assert known_of(both, OTHER) == {"v": Known("1", "2", "3")}
    assert known_of(with_known(both, ADDRESS, {}), OTHER) == {"v": Known("1", "2", "3")}
    assert sum(line.startswith("X-MESO-SCHED-SERVERS") for line in both.lines) == 1
    assert "example" not in "".join(both.lines)
    assert key_of(ADDRESS) != key_of(OTHER)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://h/a%40b/c/", "https://h/a@b/c", True),
        ("https://h/a/", "https://H:443/a/", True),
        ("http://h/a/", "http://h:80/a/", True),
        ("https://h/a/", "https://h:8443/a/", False),
        ("https://h/a/", "https://h/A/", False),
        ("https://h/a/", "https://i/a/", False),
    ],
)
def test_a_calendar_is_known_however_its_address_is_written(
    one: str, other: str, *, same: bool
) -> None:
    assert (key_of(one) == key_of(other)) is same


@pytest.mark.parametrize(
    "value",
    [
        "", "nonsense", "[]", "{}", "null", "1", '{"KEY": 1}', '{"KEY": {"u": 1}}', "[" * 9000,
        '{"KEY": {"u": ["a"]}}', '{"KEY": {"u": ["a", "b", "c", 4]}}', '{"KEY": [["a"]]}',
    ],
)  # fmt: skip
def test_what_was_spoiled_counts_as_lost(value: str) -> None:
    line = f"X-MESO-SCHED-SERVERS:{value.replace('KEY', key_of(ADDRESS))}"
    spoiled = Component("VCALENDAR", ("VERSION:2.0", line))
    assert known_of(spoiled, ADDRESS) == {}
    mended = with_known(spoiled, ADDRESS, {"u": Known("s", "t")})
    assert known_of(mended, ADDRESS) == {"u": Known("s", "t")}


def test_a_file_that_another_program_escaped_is_still_read() -> None:
    kept = with_known(Component("VCALENDAR", ()), ADDRESS, {"u": Known("s", "t")})
    (line,) = kept.lines
    bare = line.replace("\\,", ",")
    assert known_of(kept._replace(lines=(bare,)), ADDRESS) == {"u": Known("s", "t")}
    assert known_of(None, ADDRESS) == {}
