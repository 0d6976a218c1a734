"""What did not change stays as it stands in the file, whoever wrote it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judge_ical import CARE, Component, events_of, judged
from test_stored import (
    LATER,
    PLACE,
    STAMP,
    ZONE,
    at,
    edited,
    folded,
    moved,
    plan,
    plans,
    read,
    revised,
    text_of,
    unfolded,
    with_lines,
)

from meso_sched.core.booked import Status
from meso_sched.core.plan import Plan
from meso_sched.exchange.calendar_lines import content_lines, parse, write
from meso_sched.exchange.editions import Edition
from meso_sched.exchange.events import course_file
from meso_sched.exchange.ical import to_ics
from meso_sched.exchange.stored import read_course
from meso_sched.exchange.updating import updated

LATEST = LATER + timedelta(days=3)
STAMPS = ("SEQUENCE", "DTSTAMP", "CREATED", "LAST-MODIFIED")
BEFORE = ("0", "20260921T141320Z", "20260921T141320Z", "20260921T141320Z")
AFTER = ("1", "20260924T141320Z", "20260921T141320Z", "20260924T141320Z")
NEW = ("0", *["20260924T141320Z"] * 3)


def stamps(event: Component) -> tuple[str, ...]:
    return tuple(event.value(name) for name in STAMPS)


def event_lines(text: str, number: int) -> list[str]:
    """The lines of the so manieth event of a file."""
    lines = unfolded(text)
    begin = [n for n, line in enumerate(lines) if line == "BEGIN:VEVENT"][number - 1]
    return lines[begin : lines.index("END:VEVENT", begin) + 1]


def name_of(line: str) -> str:
    return line.partition(":")[0].partition(";")[0]


def done(number: int) -> Callable[[Plan], Plan]:
    return lambda made: moved(made, number, status=Status.FULFILLED)


def at_noon(number: int) -> Callable[[Plan], Plan]:
    def change(made: Plan) -> Plan:
        start = made.booked[number - 1].start.replace(hour=12)
        return moved(made, number, start=start, end=start + timedelta(minutes=30))

    return change


def cancelled(number: int) -> Callable[[Plan], Plan]:
    return lambda made: moved(made, number, status=Status.CANCELLED)


# ---- Only what changed ---------------------------------------------------------------------------


def with_status(status: Status) -> Callable[[Plan], Plan]:
    return lambda made: moved(made, 1, status=status)


CHANGES = {"done": done(3), "moved": at_noon(3), "cancelled": cancelled(3)}


@pytest.mark.parametrize("change", CHANGES)
def test_only_the_event_that_changed_is_written_anew(change: str) -> None:
    text = text_of(plan())
    again = revised(text, CHANGES[change])
    assert [stamps(event) for event in events_of(again.encode())] == [
        AFTER if number == 3 else BEFORE for number in range(1, 7)
    ]
    others = [n for n in range(1, 7) if n != 3]
    assert [event_lines(again, n) for n in others] == [event_lines(text, n) for n in others]
    head = text[: text.index("BEGIN:VEVENT")]
    assert again.startswith(head)


CHANGED_LINES = {
    "done": {*STAMPS[:2], "LAST-MODIFIED", "SUMMARY", "X-MESO-SCHED-SESSION"},
    "moved": {*STAMPS[:2], "LAST-MODIFIED", "DTSTART", "DTEND", "X-MESO-SCHED-SESSION"},
    "cancelled": {*STAMPS[:2], "LAST-MODIFIED", "SUMMARY", "STATUS", "TRANSP"}
    | {"X-MESO-SCHED-SESSION"},
}


@pytest.mark.parametrize("change", CHANGES)
def test_in_a_changed_event_only_what_changed_is_exchanged(change: str) -> None:
    text = text_of(plan(place=PLACE))
    before, after = event_lines(text, 3), event_lines(revised(text, CHANGES[change]), 3)
    inner = before.index("BEGIN:VALARM")
    assert [name_of(line) for line in after[:inner]] == [name_of(line) for line in before[:inner]]
    different = {
        name_of(one)
        for one, other in zip(before[:inner], after[:inner], strict=True)
        if one != other
    }
    assert different == CHANGED_LINES[change]


def test_what_is_done_or_missed_rings_no_more_and_what_is_booked_again_does() -> None:
    text = text_of(plan())
    for status in (Status.FULFILLED, Status.NOSHOW, Status.CANCELLED):
        gone = revised(text, with_status(status))
        assert events_of(gone.encode())[0].components == []
        back = revised(gone, lambda made: moved(made, 1, status=Status.BOOKED), LATEST)
        assert len(events_of(back.encode())[0].components) == 1
        assert events_of(back.encode())[0].value("SEQUENCE") == "2"


def test_limits_are_kept_with_the_calendar_and_no_event_changes() -> None:
    text = text_of(plan())
    again = revised(
        text, lambda made: made._replace(limits=made.limits._replace(weekdays=frozenset({1})))
    )
    calendar = "".join(unfolded(again)).partition("BEGIN:VEVENT")[0]
    assert '"on":["tue"]' in calendar.replace("\\,", ",")
    assert all(event_lines(again, n) == event_lines(text, n) for n in range(1, 7))


@settings(deadline=None, max_examples=60)
@given(plans(), st.data())
def test_whatever_happened_a_change_of_one_session_leaves_the_rest(
    made: Plan, data: st.DataObject
) -> None:
    text = text_of(made)
    number = data.draw(st.integers(1, len(made.booked)))
    status = data.draw(st.sampled_from(Status))
    found = read_course(text, "a.ics", made.clinic)
    new = moved(found.current, number, status=status, by_hand=not made.booked[number - 1].by_hand)
    base = course_file(found.recorded, Edition(), LATER)
    file = updated(course_file(new, Edition(), LATER), found.file, LATER, base)
    again = to_ics(file).decode()
    judged(again.encode())
    uid = file.events[number - 1].uid
    took_place = made.booked[number - 1].takes_place
    of_care: tuple[str, ...] = BEFORE  # which begins and ends as before, if the session takes place
    if took_place is not status.takes_place:
        of_care = AFTER if took_place else NEW
    for event in events_of(again.encode()):
        if event.value("UID") == uid:
            assert stamps(event) == AFTER
        elif event.kind == CARE and event.value("RELATED-TO") == uid:
            assert stamps(event) == of_care
            assert event.is_cancelled is not status.takes_place
        else:
            assert stamps(event) == BEFORE
    # The sessions behind a cancelled one have other limits, which nothing but the plan tells.
    reread = read_course(again, "a.ics", made.clinic)
    assert [(each.slot, each.status, each.by_hand) for each in reread.current.booked] == [
        (each.slot, each.status, each.by_hand) for each in new.booked
    ]
    assert reread.current.reviews == made.reviews
    assert [event.sequence for event in file.events] == [
        int(n + 1 == number) for n in range(len(made.booked))
    ]


# ---- What others put there -----------------------------------------------------------------------

OWN_WORDS = (
    "SUMMARY;LANGUAGE=tr:P1\\, telefon et",
    "LOCATION:Room 2",
    'ATTENDEE;CN="Ada; L.":mailto:ada@example.org',
    "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC",
    "COLOR:turquoise",
)
OWN_ALARM = ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT5M", "DESCRIPTION:now", "END:VALARM")


def with_own_words(text: str, number: int) -> str:
    def edit(lines: list[str]) -> list[str]:
        alarm = lines.index("BEGIN:VALARM")
        kept = [line for line in lines[:alarm] if not line.startswith("SUMMARY")]
        return [*kept, *OWN_WORDS, *OWN_ALARM, *lines[alarm:]]

    return edited(text, number, edit)


def test_a_persons_own_words_and_alarms_survive_what_does_not_concern_them() -> None:
    text = with_own_words(text_of(plan()), 3)
    assert revised(text, lambda made: made) == text
    after = event_lines(revised(text, at_noon(3)), 3)
    assert [line for line in OWN_WORDS if line not in after] == []
    assert after.count("BEGIN:VALARM") == 2
    assert "TRIGGER:-PT5M" in after
    assert f"DTSTART;TZID={ZONE}:20270119T120000" in after


def test_where_our_words_change_they_go_over_a_persons() -> None:
    after = event_lines(revised(with_own_words(text_of(plan()), 3), done(3)), 3)
    assert "SUMMARY:Done: P1 (3/6)" in after
    assert [line for line in after if line.startswith("SUMMARY")] == ["SUMMARY:Done: P1 (3/6)"]
    assert [line for line in OWN_WORDS[1:] if line not in after] == []
    # Ours would remind of what is over; their own stays theirs.
    assert [line for line in after if line.startswith("TRIGGER")] == ["TRIGGER:-PT5M"]


def test_of_a_cancelled_session_nobody_is_reminded() -> None:
    after = event_lines(revised(with_own_words(text_of(plan()), 3), cancelled(3)), 3)
    assert "BEGIN:VALARM" not in after


def test_the_sequence_goes_on_from_that_of_the_calendar() -> None:
    text = edited(text_of(plan()), 3, with_lines(SEQUENCE="SEQUENCE:7"))
    assert "SEQUENCE:8" in event_lines(revised(text, done(3)), 3)


STRANGERS = """\
BEGIN:VTODO
UID:todo
SUMMARY:Order needles
END:VTODO
BEGIN:VEVENT
UID:weekly
DTSTAMP:20260101T000000Z
DTSTART;TZID=Office:20270104T080000
DURATION:PT1H
RRULE:FREQ=WEEKLY
SUMMARY:Team\\, all
X-ODD;X-P="a:b,c":some\\thing
END:VEVENT
BEGIN:VEVENT
UID:weekly
RECURRENCE-ID;TZID=Office:20270111T080000
DTSTART;TZID=Office:20270111T090000
SUMMARY:Team\\, all
END:VEVENT
BEGIN:VEVENT
SUMMARY:no UID and no time
END:VEVENT
BEGIN:VTIMEZONE
TZID:Office
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0130
TZOFFSETTO:+0130
END:STANDARD
END:VTIMEZONE""".splitlines()
HEAD = ("METHOD:PUBLISH", "X-WR-TIMEZONE:Europe/Berlin", "COLOR:red")


def among_others(text: str) -> str:
    """The course in a calendar that holds more, before it, amid it and behind it."""
    lines = unfolded(text)
    lines = [line.replace("NAME:Appointments P1", "NAME:Mine") for line in lines]
    zone = lines.index("BEGIN:VTIMEZONE")
    amid = [n for n, line in enumerate(lines) if line == "BEGIN:VEVENT"][3]
    todo, rest = STRANGERS[:4], STRANGERS[4:]
    last = ("BEGIN:VEVENT", "UID:last", "END:VEVENT", "END:VCALENDAR")
    return folded([*lines[:zone], *HEAD, *todo, *lines[zone:amid], *rest, *lines[amid:-1], *last])


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_else_stands_in_the_file_is_kept_line_for_line(change: str) -> None:
    text = among_others(text_of(plan()))
    found = read(text)
    assert found.found == ()
    assert found.current.booked == plan().booked
    assert revised(text, lambda made: made) == text
    again = revised(text, CHANGES[change])
    before, after = unfolded(text), unfolded(again)
    assert len(after) == len(before) - (5 if change != "moved" else 0)  # the alarm
    alarm = "DESCRIPTION:P1 (3/6)"  # which does not ring for what is over
    rest = [line for line in before if name_of(line) not in CHANGED_LINES[change]]
    rest = [line for line in rest if line != alarm or change == "moved"]
    kept = set(after)
    assert [line for line in rest if line not in kept] == []
    for lines in (STRANGERS[:4], STRANGERS[4:]):
        at_ = after.index(lines[0] if lines[0] != "BEGIN:VEVENT" else "UID:weekly")
        at_ -= lines[0] == "BEGIN:VEVENT"
        assert after[at_ : at_ + len(lines)] == lines


def test_a_session_that_is_new_stands_behind_the_others_and_the_zone_reaches_to_it() -> None:
    made, longer = plan((3, 2, 1)), plan((3, 2, 8))
    text = among_others(text_of(made))
    again = revised(text, lambda _: longer)
    assert len([line for line in unfolded(again) if line.startswith("UID:")]) == 4 + 13
    found = read(again)
    assert found.current.booked == longer.booked
    ours = [line for line in unfolded(again) if not line.startswith(("X-", "METHOD", "COLOR"))]
    assert ours.count(f"TZID:{ZONE}") == 1


def test_events_stay_in_time_order_when_one_goes_past_another() -> None:
    text = text_of(plan())
    new = at(10, 10, month=3)
    again = revised(text, lambda made: moved(made, 2, start=new, end=new + timedelta(minutes=30)))
    starts = [event.moment("DTSTART") for event in events_of(again.encode())]
    assert starts == sorted(starts)
    assert new in starts


def test_a_session_that_a_new_plan_drops_is_cancelled_where_the_calendar_has_it() -> None:
    text = edited(
        text_of(plan((3, 2, 2))),
        7,
        with_lines(
            DTSTART=f"DTSTART;TZID={ZONE}:20270401T110000",
            DTEND=f"DTEND;TZID={ZONE}:20270401T113000",
        ),
    )
    again = revised(text, lambda _: plan((3, 2, 1)))
    last = events_of(again.encode())[-1]
    assert (last.value("STATUS"), last.text("SUMMARY")) == ("CANCELLED", "Cancelled: P1 (7/7)")
    assert last.moment("DTSTART") == at(1, 11, month=4)
    assert len(read(again).current.booked) == 6
    # Planned once more, it is the same event again.
    back = revised(again, lambda _: plan((3, 2, 2)), LATEST)
    assert [event.value("STATUS") for event in events_of(back.encode())] == ["CONFIRMED"] * 7


def test_two_files_written_one_after_the_other_are_the_same() -> None:
    text = among_others(text_of(plan()))
    assert revised(text, done(2)) == revised(text, done(2))
    once = revised(text, done(2))
    assert revised(once, lambda made: made, LATEST) == once


# ---- Lines ---------------------------------------------------------------------------------------

NAMES = st.sampled_from(("SUMMARY", "X-A", "DTSTART", "ATTENDEE"))
VALUES = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), include_characters="\t"), max_size=90
)
LINES = st.builds("{}:{}".format, NAMES, VALUES)


@settings(deadline=None, max_examples=150)
@given(st.lists(LINES, max_size=6), st.sampled_from(("\r\n", "\n", "\r")))
def test_what_is_written_is_what_was_read(lines: list[str], end: str) -> None:
    text = "\r\n".join(
        ("BEGIN:VCALENDAR", *lines, "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", "")
    )
    calendar = parse(text)
    assert calendar.children[0].lines == tuple(lines)
    data = write(calendar)
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    again = parse(data.decode().replace("\r\n", end))
    assert again == calendar
    assert list(content_lines(again)) == text.split("\r\n")[:-1]


def test_the_stamp_of_a_change_is_the_only_clock() -> None:
    assert "20260924T141320Z" in revised(text_of(plan(), stamp=STAMP), done(1))
