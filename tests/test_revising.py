"""The course from here on: what is done or chosen by hand stays, the rest is placed anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import judge_history as judge
import pytest
from building import clinic, courses, days, phase, regimen, slot_on, taken_from, week
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from judge_history import Call, World

from meso_sched.core.booked import BookedSession, Slot, Status
from meso_sched.core.changes import Adherence, adherence, changes
from meso_sched.core.clinic import Holiday, Limits
from meso_sched.core.course import Choices, Course, make_course
from meso_sched.core.living import has_history
from meso_sched.core.plan import Plan, PlanRequest, make_plan
from meso_sched.core.revising import Revision, RevisionRequest, revise
from meso_sched.core.telling import Told
from meso_sched.core.walltime import DateRange, parse_spans, show_moment
from meso_sched.errors import MesoError, PlacingError, UsageError

ISTANBUL = ZoneInfo("Europe/Istanbul")

# The course of the tables: six weekly sessions, then two biweekly ones, on Tuesdays at ten

TUE_5_JAN = date(2027, 1, 5)
REGIMEN = regimen(phase("weekly", "4-6", "1 week"), phase("biweekly", "2-3", "15 days"))
COURSE = make_course(REGIMEN, Choices(sessions={"weekly": 6}), start=TUE_5_JAN)
TEN = Limits(preferred=10 * 60)
PLAN = make_plan(PlanRequest(COURSE, clinic(), time(10), TEN))
AS_PLANNED = {
    1: "Tue 5 Jan",
    2: "Tue 12 Jan",
    3: "Tue 19 Jan",
    4: "Tue 26 Jan",
    5: "Tue 2 Feb",
    6: "Tue 9 Feb",
    7: "Tue 23 Feb",
    8: "Tue 9 Mar",
}
EID = Holiday(("Eid al-Fitr",))


def jan(day: int, hour: int = 10, minute: int = 0) -> datetime:
    """A time of January 2027 as the desk tells it."""
    return datetime(2027, 1, day, hour, minute)  # noqa: DTZ001  # told times are naive


def on(day: int, hour: int = 12) -> datetime:
    """A moment of January 2027, at noon unless told otherwise."""
    return jan(day, hour).replace(tzinfo=ISTANBUL)


def ask(call: Call) -> RevisionRequest:
    """The call as the core is asked."""
    return RevisionRequest(
        plan=call.before,
        recorded=call.before,
        told=call.told,
        now=call.now,
        holidays=call.world.holidays,
        busy=call.world.busy,
        anew=call.anew,
        course=call.course,
    )


def revised(
    now: datetime,
    told: Told,
    plan: Plan = PLAN,
    *,
    holidays: Mapping[date, Holiday] | None = None,
    taken: Sequence[tuple[datetime, datetime]] = (),
    anew: bool = False,
    course: Course | None = None,
) -> Revision:
    """The plan with what is told, judged before it is handed on."""
    call = Call(plan, told, now, World(holidays or {}, list(taken)), anew, course)
    revision = revise(ask(call))
    if count_told(told) <= 1:
        assert judge.violations(call, revision.plan) == []
    return revision


def count_told(told: Told) -> int:
    """How many things: the judge takes one at a time."""
    of_sessions = len({*told.done}) + len(told.missed) + len(told.moved) + len(told.cancelled)
    of_course = [told.stop, told.restart, told.cancelled_from is not None]
    return of_sessions + len(told.extended) + sum(of_course)


def history(*calls: tuple[datetime, Told], plan: Plan = PLAN) -> Plan:
    """The plan after several calls."""
    for now, told in calls:
        plan = revised(now, told, plan).plan
    return plan


def told_day(day: date) -> str:
    return f"{day:%a %-d %b}"


def dates(plan: Plan) -> dict[int, str]:
    """The day of each session that takes place."""
    return {each.number: told_day(each.day) for each in plan.booked if each.takes_place}


def moved(plan: Plan) -> dict[int, str]:
    """The days that are others than planned, with their sessions."""
    return {n: day for n, day in dates(plan).items() if day != AS_PLANNED.get(n)}


def ideals(plan: Plan) -> dict[int, str]:
    """The ideal dates that are others than planned."""
    all_of = {each.number: told_day(each.plan.ideal) for each in plan.booked}
    return {n: day for n, day in all_of.items() if day != AS_PLANNED.get(n)}


def statuses(plan: Plan) -> dict[int, str]:
    """What is no longer just booked."""
    booked = [each for each in plan.booked if each.status is not Status.BOOKED]
    return {each.number: each.status.value for each in booked}


def session(plan: Plan, number: int) -> BookedSession:
    return plan.booked[number - 1]


def test_the_course_is_planned_on_tuesdays() -> None:
    assert dates(PLAN) == AS_PLANNED
    assert {f"{each.start:%H:%M}" for each in PLAN.booked} == {"10:00"}


# Done

DONE_1 = (on(5), Told(done={1: None}))
DONE_2 = (on(12), Told(done={1: None, 2: None}))
DONE = [
    pytest.param(1, jan(5), {}, {}, id="as booked"),
    pytest.param(1, jan(5, 16), {}, {}, id="later on the same day"),
    pytest.param(2, jan(11), {2: "Mon 11 Jan"}, {}, id="on the first day of its window"),
    pytest.param(2, jan(13), {2: "Wed 13 Jan"}, {}, id="on the last day of its window"),
    pytest.param(
        1,
        jan(8),
        {1: "Fri 8 Jan", 2: "Thu 14 Jan", 3: "Wed 20 Jan"},
        {},
        id="the first one late: until the next is due it is in its window",
    ),
    pytest.param(
        2,
        jan(14),
        {
            2: "Thu 14 Jan",
            3: "Thu 21 Jan",
            4: "Thu 28 Jan",
            5: "Thu 4 Feb",
            6: "Thu 11 Feb",
            7: "Thu 25 Feb",
            8: "Thu 11 Mar",
        },
        {
            3: "Thu 21 Jan",
            4: "Thu 28 Jan",
            5: "Thu 4 Feb",
            6: "Thu 11 Feb",
            7: "Thu 25 Feb",
            8: "Thu 11 Mar",
        },
        id="a day too late: laid out anew from there",
    ),
    pytest.param(
        2,
        jan(9),
        {
            2: "Sat 9 Jan",
            3: "Sat 16 Jan",
            4: "Sat 23 Jan",
            5: "Sat 30 Jan",
            6: "Sat 6 Feb",
            7: "Sat 20 Feb",
            8: "Sat 6 Mar",
        },
        {
            3: "Sat 16 Jan",
            4: "Sat 23 Jan",
            5: "Sat 30 Jan",
            6: "Sat 6 Feb",
            7: "Sat 20 Feb",
            8: "Sat 6 Mar",
        },
        id="too early: laid out anew from there",
    ),
    pytest.param(
        1,
        jan(12),
        {
            1: "Tue 12 Jan",
            2: "Tue 19 Jan",
            3: "Tue 26 Jan",
            4: "Tue 2 Feb",
            5: "Tue 9 Feb",
            6: "Tue 16 Feb",
            7: "Tue 2 Mar",
            8: "Tue 16 Mar",
        },
        {
            2: "Tue 19 Jan",
            3: "Tue 26 Jan",
            4: "Tue 2 Feb",
            5: "Tue 9 Feb",
            6: "Tue 16 Feb",
            7: "Tue 2 Mar",
            8: "Tue 16 Mar",
        },
        id="the first one when the next was due: laid out anew from there",
    ),
]


@pytest.mark.parametrize(("number", "when", "days_moved", "ideals_moved"), DONE)
def test_a_session_done_in_its_window_leaves_the_ideal_dates_and_outside_it_moves_them(
    number: int, when: datetime, days_moved: dict[int, str], ideals_moved: dict[int, str]
) -> None:
    before = PLAN if number == 1 else history(DONE_1)
    plan = revised(on(when.day, 20), Told(done={number: when}), before).plan
    assert (moved(plan), ideals(plan)) == (days_moved, ideals_moved)
    assert session(plan, number).status is Status.FULFILLED
    assert session(plan, number).start == when.replace(tzinfo=ISTANBUL)


def test_a_day_alone_keeps_the_time_that_was_booked() -> None:
    plan = revised(on(14), Told(done={2: date(2027, 1, 13)})).plan
    assert session(plan, 2).start == on(13, 10)
    assert session(plan, 2).why == (
        "done on Wed 13 Jan 2027 at 10:00, booked for Tue 12 Jan 2027 at 10:00",
    )


def test_a_session_done_too_early_says_by_how_much() -> None:
    plan = revised(on(14), Told(done={2: jan(9)})).plan
    assert session(plan, 2).why == (
        "done on Sat 9 Jan 2027 at 10:00, booked for Tue 12 Jan 2027 at 10:00, 2 days too early",
    )


def test_done_where_it_was_booked_outside_its_window_moves_those_behind_it() -> None:
    late = history(DONE_1, (on(6), Told(moved={2: jan(16)})))
    assert moved(late) == {2: "Sat 16 Jan", 3: "Fri 22 Jan", 4: "Thu 28 Jan", 5: "Wed 3 Feb"}
    from_the_16th = {
        3: "Sat 23 Jan",
        4: "Sat 30 Jan",
        5: "Sat 6 Feb",
        6: "Sat 13 Feb",
        7: "Sat 27 Feb",
        8: "Sat 13 Mar",
    }
    plan = revised(on(16), Told(done={2: None}), late).plan
    assert ideals(plan) == from_the_16th
    assert moved(plan) == {2: "Sat 16 Jan", **from_the_16th}


def test_a_missed_session_with_a_later_one_done_gets_no_new_date() -> None:
    plan = history(
        DONE_1,
        (on(16), Told(missed=frozenset({2}))),
        (on(16), Told(done={3: jan(16, 11)})),
    )
    assert statuses(plan) == {1: "fulfilled", 2: "noshow", 3: "fulfilled"}
    assert session(plan, 2).slot == slot_on(date(2027, 1, 12))
    third = session(plan, 3)
    assert (third.before, third.gap_days, third.overdue_days) == (1, 11, 3)
    assert ideals(plan)[4] == "Sat 23 Jan"


def test_a_session_told_missed_after_a_later_one_was_done_gets_no_new_date() -> None:
    plan = history((on(19), Told(done={3: None})), (on(20), Told(missed=frozenset({2}))))
    assert statuses(plan) == {2: "noshow", 3: "fulfilled"}
    assert moved(plan) == {}


def test_a_cancelled_session_that_took_place_after_all_counts_and_none_is_too_close_to_it() -> None:
    plan = history(
        DONE_1,
        (on(6), Told(moved={2: jan(16)})),
        (on(6), Told(cancelled=frozenset({2}))),
    )
    assert moved(plan) == {}
    plan = revised(on(17), Told(done={2: None}), plan).plan
    assert session(plan, 2).status is Status.FULFILLED
    assert dates(plan)[3] == "Sat 23 Jan"


# Missed

MISSED = [
    pytest.param(on(12), {2: "Wed 13 Jan"}, id="told on the day: a later day"),
    pytest.param(on(13), {2: "Wed 13 Jan"}, id="told on the day after, when there is time left"),
    pytest.param(
        on(13, 18),
        {2: "Thu 14 Jan", 3: "Wed 20 Jan"},
        id="told on the evening of the day after",
    ),
    pytest.param(
        on(15, 9),
        {2: "Fri 15 Jan", 3: "Thu 21 Jan", 4: "Wed 27 Jan"},
        id="told three days after: those behind keep the least gap",
    ),
    pytest.param(
        on(22, 9),
        {
            2: "Fri 22 Jan",
            3: "Thu 28 Jan",
            4: "Wed 3 Feb",
            5: "Tue 9 Feb",
            6: "Mon 15 Feb",
            7: "Mon 1 Mar",
            8: "Mon 15 Mar",
        },
        id="told late: what is behind it and past is placed again",
    ),
]


@pytest.mark.parametrize(("now", "days_moved"), MISSED)
def test_a_missed_session_is_placed_again_and_so_are_those_after_it(
    now: datetime, days_moved: dict[int, str]
) -> None:
    plan = revised(now, Told(missed=frozenset({2})), history(DONE_1)).plan
    assert moved(plan) == days_moved
    assert ideals(plan) == {}
    assert (session(plan, 2).status, session(plan, 2).missed) == (
        Status.BOOKED,
        (slot_on(date(2027, 1, 12)),),
    )
    assert session(plan, 2).why[0] == "missed on Tue 12 Jan 2027 at 10:00"


def test_a_session_may_be_missed_more_than_once() -> None:
    plan = history(
        DONE_1,
        (on(12), Told(missed=frozenset({2}))),
        (on(13), Told(missed=frozenset({2}))),
    )
    assert [slot.day.day for slot in session(plan, 2).missed] == [12, 13]
    assert moved(plan) == {2: "Thu 14 Jan", 3: "Wed 20 Jan"}
    assert adherence(plan) == Adherence(done=1, missed=2, mean=0, largest=0)


GROWN = (
    "session 2 comes 17 days after session 1, more than twice the 8 days that phase weekly allows;"
    " --restart-phase would begin the phase anew, if the clinician wants that"
)


@pytest.mark.parametrize(("day", "told"), [(21, []), (22, [GROWN])])
def test_a_gap_past_twice_the_most_names_restart_phase(day: int, told: list[str]) -> None:
    revision = revised(on(day, 9), Told(missed=frozenset({2})), history(DONE_1))
    assert [each for each in revision.warnings if "--restart-phase" in each] == told


def test_a_gap_across_cancelled_sessions_is_intended_and_names_no_restart() -> None:
    revision = revised(on(6), Told(cancelled_from=3), history(DONE_1))
    revision = revised(on(6), Told(moved={5: jan(30)}), revision.plan)
    assert (session(revision.plan, 5).gap_days, session(revision.plan, 5).overdue_days) == (18, 0)
    assert revision.warnings == (
        "session 5 comes 18 days after session 2, as what was between them is cancelled",
    )


def test_nothing_restarts_by_itself() -> None:
    plan = revised(on(31), Told(missed=frozenset({2})), history(DONE_1)).plan
    assert plan.course == COURSE


# Moved by hand


def test_a_date_chosen_by_hand_stays_and_those_after_it_give_way() -> None:
    plan = revised(on(6), Told(moved={3: jan(21, 11)})).plan
    assert moved(plan) == {3: "Thu 21 Jan", 4: "Wed 27 Jan"}
    assert ideals(plan) == {}
    assert (session(plan, 3).start, session(plan, 3).by_hand) == (on(21, 11), True)
    assert session(plan, 3).why == ("chosen by hand, was Tue 19 Jan 2027 at 10:00",)


def test_of_a_day_alone_the_best_start_is_taken() -> None:
    taken = [taken_from(date(2027, 1, 20), 10 * 60, 30)]
    plan = revised(on(6), Told(moved={3: date(2027, 1, 20)}), taken=taken).plan
    assert session(plan, 3).start == jan(20, 9, 30).replace(tzinfo=ISTANBUL)


def test_a_date_chosen_by_hand_stays_in_every_later_revision() -> None:
    plan = history(
        (on(6), Told(moved={4: jan(28)})),
        (on(12), Told(done={1: None, 2: jan(11)})),
        (on(19), Told(missed=frozenset({3}))),
        (on(20), Told(extended={"biweekly": 1})),
    )
    assert dates(plan)[4] == "Thu 28 Jan"
    assert session(plan, 4).by_hand


def test_a_past_date_chosen_by_hand_behind_a_missed_session_is_placed_again() -> None:
    plan = history((on(6), Told(moved={3: jan(20)})), (on(21, 9), Told(missed=frozenset({2}))))
    assert moved(plan) == {
        2: "Thu 21 Jan",
        3: "Wed 27 Jan",
        4: "Tue 2 Feb",
        5: "Mon 8 Feb",
        6: "Mon 15 Feb",
        7: "Mon 1 Mar",
        8: "Mon 15 Mar",
    }
    assert not session(plan, 3).by_hand


def test_what_is_past_does_not_stay_behind_a_session_moved_into_the_future() -> None:
    plan = revised(on(20), Told(moved={2: jan(21)})).plan
    days_in_order = [each.day for each in plan.booked]
    assert days_in_order == sorted(days_in_order)
    assert dates(plan)[3] == "Wed 27 Jan"


HOLIDAY_20 = {date(2027, 1, 20): EID}
HALF_DAY_20 = {date(2027, 1, 20): EID._replace(closes_at=13 * 60)}
BY_HAND = {"plan": history((on(6), Told(moved={4: jan(26, 11)})))}
CLOSED = PLAN._replace(clinic=clinic(closed=[days(date(2027, 1, 20))]))


def limited(**limits: object) -> Plan:
    return PLAN._replace(limits=TEN._replace(**limits))  # type: ignore[arg-type]


BROKEN = [
    pytest.param(
        jan(16), {}, "too close by 2 days to session 2 (Tue 12 Jan)", id="too close to one before"
    ),
    pytest.param(
        jan(21),
        BY_HAND,
        "too close by 1 day to session 4 (Tue 26 Jan)",
        id="too close to one behind that was chosen by hand",
    ),
    pytest.param(
        jan(20), {"holidays": HOLIDAY_20}, "on a holiday (Eid al-Fitr)", id="on a holiday"
    ),
    pytest.param(
        jan(20, 14),
        {"holidays": HALF_DAY_20},
        "the clinic closes at 13:00 (Eid al-Fitr)",
        id="on the free half of a day",
    ),
    pytest.param(
        jan(20),
        {"taken": [taken_from(date(2027, 1, 20), 10 * 60 + 15, 5)]},
        "on busy time",
        id="on busy time",
    ),
    pytest.param(jan(24), {}, "closed on Sundays", id="on a weekday without hours"),
    pytest.param(jan(20), {"plan": CLOSED}, "the clinic is closed", id="on a closed day"),
    pytest.param(
        jan(20, 17, 45), {}, "outside the open hours (09:00-18:00)", id="past the open hours"
    ),
    pytest.param(
        jan(20, 8), {}, "outside the open hours (09:00-18:00)", id="before the open hours"
    ),
    pytest.param(
        jan(20, 10, 10), {}, "not on the grid of 15 minutes from 09:00-18:00", id="off the grid"
    ),
    pytest.param(
        jan(20),
        {"plan": limited(away=(days(date(2027, 1, 20)),))},
        "the patient is away",
        id="while the patient is away",
    ),
    pytest.param(
        jan(20),
        {"plan": limited(weekdays=frozenset({1, 3}))},
        "the patient comes on Tue and Thu",
        id="on a weekday that the patient did not ask for",
    ),
    pytest.param(
        jan(20, 15),
        {"plan": limited(between=parse_spans("09:00-12:00"))},
        "outside 09:00-12:00",
        id="outside the patient's hours",
    ),
    pytest.param(
        jan(17),
        {"holidays": {date(2027, 1, 17): EID}, "taken": [taken_from(date(2027, 1, 17), 600, 30)]},
        "too close by 1 day to session 2 (Tue 12 Jan), closed on Sundays, on a holiday"
        " (Eid al-Fitr), on busy time",
        id="all at once",
    ),
]


@pytest.mark.parametrize(("when", "around", "broken"), BROKEN)
def test_a_date_chosen_by_hand_that_breaks_a_rule_names_it_and_needs_override(
    when: datetime, around: dict[str, Any], broken: str
) -> None:
    with pytest.raises(UsageError) as refused:
        revised(on(6), Told(moved={3: when}), **around)
    assert str(refused.value) == (
        f"session 3 on {show_moment(when)}: {broken}; add --override to book it all the same"
    )
    revision = revised(on(6), Told(moved={3: when}, override=True), **around)
    assert session(revision.plan, 3).start == when.replace(tzinfo=ISTANBUL)
    assert session(revision.plan, 3).why[-1] == f"by --override: {broken}"
    assert not [each for each in revision.warnings if each.startswith("session 3 on ")]


def test_a_rule_that_a_date_by_hand_breaks_only_later_is_warned_of() -> None:
    plan = history((on(6), Told(moved={3: jan(20)})))
    revision = revised(on(7), Told(), plan, holidays=HOLIDAY_20)
    assert moved(revision.plan) == {3: "Wed 20 Jan"}
    assert revision.warnings[-1] == (
        "session 3 on Wed 20 Jan 2027 at 10:00, chosen by hand: on a holiday (Eid al-Fitr)"
    )


# Cancelled, stopped


def test_behind_a_cancelled_session_the_dates_stay_and_the_gap_is_intended() -> None:
    plan = revised(on(6), Told(cancelled=frozenset({3}))).plan
    assert (moved(plan), ideals(plan), statuses(plan)) == ({}, {}, {3: "cancelled"})
    fourth = session(plan, 4)
    assert (fourth.before, fourth.gap_days, fourth.overdue_days) == (2, 14, 0)
    assert (fourth.earliest, fourth.latest) == (date(2027, 1, 18), date(2027, 1, 28))


def test_the_rest_is_cancelled_from_a_session_on() -> None:
    plan = revised(on(6), Told(cancelled_from=6)).plan
    assert statuses(plan) == {6: "cancelled", 7: "cancelled", 8: "cancelled"}


def test_cancelling_the_rest_leaves_what_is_done_or_moved_in_the_same_call() -> None:
    plan = revised(on(14), Told(done={2: None}, moved={4: jan(27)}, cancelled_from=2)).plan
    assert [each.status.value for each in plan.booked] == [
        "booked",
        "fulfilled",
        "cancelled",
        "booked",
        *["cancelled"] * 4,
    ]


def test_a_missed_session_that_is_cancelled_stays_missed_where_it_was() -> None:
    plan = history((on(12), Told(missed=frozenset({2}))), (on(12), Told(cancelled=frozenset({2}))))
    assert statuses(plan) == {2: "noshow"}
    assert session(plan, 2).slot == slot_on(date(2027, 1, 12))


def test_a_session_called_off_before_its_time_and_given_up_is_cancelled() -> None:
    plan = history((on(11), Told(missed=frozenset({2}))), (on(11), Told(cancelled=frozenset({2}))))
    assert (statuses(plan), session(plan, 2).slot) == ({2: "cancelled"}, PLAN.booked[1].slot)
    assert moved(plan) == {}


def test_a_cancelled_session_is_booked_again_by_a_move() -> None:
    plan = history((on(6), Told(cancelled=frozenset({3}))), (on(6), Told(moved={3: jan(19)})))
    assert (moved(plan), statuses(plan)) == ({}, {})


def test_to_stop_cancels_all_that_is_to_come() -> None:
    plan = history(DONE_1, (on(13), Told(missed=frozenset({2}))), (on(13, 11), Told(stop=True)))
    assert statuses(plan) == {
        1: "fulfilled",
        2: "noshow",
        **dict.fromkeys(range(3, 9), "cancelled"),
    }


def test_to_stop_leaves_what_is_past_and_not_marked() -> None:
    plan = revised(on(14), Told(stop=True)).plan
    assert statuses(plan) == dict.fromkeys(range(3, 9), "cancelled")


# Extended, restarted


def test_a_phase_is_extended_at_its_end() -> None:
    plan = revised(on(6), Told(extended={"biweekly": 1})).plan
    assert moved(plan) == {9: "Tue 23 Mar"}
    assert [each.plan.of for each in plan.booked[6:]] == [(1, 3), (2, 3), (3, 3)]


def test_a_phase_extended_pushes_back_the_phases_behind_it() -> None:
    plan = revised(on(6), Told(extended={"weekly": 1}, override=True)).plan
    assert dates(plan) == {
        **AS_PLANNED,
        7: "Tue 16 Feb",
        8: "Tue 2 Mar",
        9: "Tue 16 Mar",
    }
    assert plan.course.overrides == ("sessions weekly=7",)


def test_a_phase_restarted_begins_anew_with_its_first_open_session() -> None:
    plan = history(
        DONE_1, (on(22, 9), Told(missed=frozenset({2}))), (on(22, 9), Told(restart=True))
    )
    assert dates(plan) == {
        1: "Tue 5 Jan",
        2: "Fri 22 Jan",
        3: "Fri 29 Jan",
        4: "Fri 5 Feb",
        5: "Fri 12 Feb",
        6: "Fri 19 Feb",
        7: "Fri 26 Feb",
        8: "Fri 12 Mar",
        9: "Fri 26 Mar",
    }
    assert [each.plan.of for each in plan.booked] == [
        (1, 6),
        *[(n, 6) for n in range(1, 7)],
        (1, 2),
        (2, 2),
    ]
    second = session(plan, 2)
    assert (second.latest, second.overdue_days) == (None, 0)
    assert [slot.day.day for slot in second.missed] == [12]


def test_a_phase_is_not_restarted_before_all_that_is_past_is_marked() -> None:
    with pytest.raises(UsageError) as refused:
        revised(on(14), Told(restart=True), history(DONE_1))
    assert str(refused.value) == (
        "--restart-phase: session 2 is past and not marked; tell first what came of it, with"
        " --done 2 or --missed 2"
    )


def test_the_first_of_a_restarted_phase_is_in_its_window_until_the_next_is_due() -> None:
    restarted = history(
        DONE_1, (on(22, 9), Told(missed=frozenset({2}))), (on(22, 9), Told(restart=True))
    )
    in_window = revised(on(30), Told(done={2: jan(28)}), restarted).plan
    assert told_day(session(in_window, 3).plan.ideal) == "Fri 29 Jan"
    outside = revised(on(30), Told(done={2: jan(29)}), restarted).plan
    assert told_day(session(outside, 3).plan.ideal) == "Fri 5 Feb"


# What stays, and what may not be where it is


def test_sessions_before_the_one_concerned_keep_their_slots_though_better_ones_are_free() -> None:
    holidays = {date(2027, 1, 12): EID}
    request = PlanRequest(COURSE, clinic(), time(10), TEN, holidays)
    plan = make_plan(request)
    assert moved(plan) == {2: "Wed 13 Jan"}
    assert moved(revised(on(6), Told(cancelled=frozenset({4})), plan).plan) == {2: "Wed 13 Jan"}


def test_a_slot_that_breaks_a_rule_now_is_given_up_with_those_behind_it() -> None:
    taken = [taken_from(date(2027, 1, 19), 9 * 60, 9 * 60)]
    assert moved(revised(on(6), Told(), taken=taken).plan) == {3: "Wed 20 Jan"}


def test_under_other_limits_every_open_session_is_placed_anew() -> None:
    plan = history(DONE_1)._replace(limits=Limits(frozenset({0, 3}), None, (), 600))
    assert moved(revised(on(6), Told(), plan, anew=True).plan) == {
        2: "Mon 11 Jan",
        3: "Mon 18 Jan",
        4: "Mon 25 Jan",
        5: "Mon 1 Feb",
        6: "Mon 8 Feb",
        7: "Mon 22 Feb",
        8: "Mon 8 Mar",
    }


UNMARKED = [
    (on(5, 10), None),
    (
        on(5, 11),
        "session 1 (Tue 5 Jan 2027 at 10:00) is past and neither done nor missed; tell it with"
        " --done 1"
        " or --missed 1",
    ),
    (
        on(20),
        "sessions 1, 2, 3 (the first on Tue 5 Jan 2027 at 10:00) are past and neither done nor"
        " missed;"
        " tell it with --done 1 or --missed 1",
    ),
]


@pytest.mark.parametrize(("now", "warning"), UNMARKED)
def test_past_sessions_that_nobody_marked_stay_and_are_warned_of(
    now: datetime, warning: str | None
) -> None:
    revision = revised(now, Told(cancelled=frozenset({8})))
    assert moved(revision.plan) == {}
    assert list(revision.warnings) == ([warning] if warning else [])


def test_nothing_is_placed_before_the_course_begins() -> None:
    early = datetime(2026, 12, 20, 9, tzinfo=ISTANBUL)
    assert moved(revised(early, Told(), anew=True).plan) == {}


def test_nothing_is_placed_in_the_past() -> None:
    plan = revised(on(5, 12), Told(missed=frozenset({1}))).plan
    assert dates(plan)[1] == "Wed 6 Jan"
    plan = revised(on(6, 17), Told(missed=frozenset({1}))).plan
    assert session(plan, 1).start == on(6, 17)
    plan = revised(on(6, 18), Told(missed=frozenset({1}))).plan
    assert session(plan, 1).start == on(7, 10)


# Planned again


def test_planned_again_what_has_a_history_stays_and_the_rest_follows_the_new_choices() -> None:
    plan = history(DONE_1, (on(6), Told(moved={3: jan(20)})))
    choices = Choices(sessions={"weekly": 4}, every={"biweekly": "17 days"})
    course = make_course(REGIMEN, choices, start=TUE_5_JAN)
    again = revised(on(6), Told(), plan, course=course, anew=True).plan
    assert dates(again) == {
        1: "Tue 5 Jan",
        2: "Tue 12 Jan",
        3: "Wed 20 Jan",
        4: "Tue 26 Jan",
        5: "Tue 9 Feb",
        6: "Tue 23 Feb",
    }
    assert session(again, 3).by_hand


def test_planned_again_with_fewer_sessions_than_are_done_is_refused() -> None:
    plan = history(*((on(14), Told(done={n: jan(5 + n)}, override=True)) for n in range(1, 8)))
    course = make_course(REGIMEN, Choices(sessions={"biweekly": 2}), start=TUE_5_JAN)
    with pytest.raises(UsageError) as refused:
        revised(on(14), Told(), plan, course=course, anew=True)
    assert str(refused.value) == (
        "session 7 is done already, and these choices make a course of 6 sessions; choose more"
    )


@pytest.mark.parametrize(
    "told",
    [
        Told(done={1: None}),
        Told(missed=frozenset({1})),
        Told(moved={1: jan(16)}),
        Told(cancelled=frozenset({1})),
    ],
)
def test_a_course_has_a_history_once_anything_was_told_of_a_session(told: Told) -> None:
    assert not has_history(PLAN)
    assert has_history(revised(on(15), told).plan)


# Refused


DONE_3 = history((on(19), Told(done={1: None, 2: None, 3: None})))
MISSED_2 = history((on(12), Told(missed=frozenset({2}))))
NOSHOW_2 = history((on(12), Told(missed=frozenset({2}))), (on(12), Told(cancelled=frozenset({2}))))
CANCELLED_2 = history((on(6), Told(cancelled=frozenset({2}))))
BY_HAND_4 = history((on(6), Told(moved={4: jan(27)})))
ALL_CANCELLED = history((on(6), Told(cancelled_from=1)))

REFUSED = [
    pytest.param(
        PLAN,
        Told(done={0: None}),
        "there is no session 0; the course has sessions 1 to 8",
        id="session 0",
    ),
    pytest.param(
        PLAN,
        Told(missed=frozenset({99})),
        "there is no session 99; the course has sessions 1 to 8",
        id="session 99",
    ),
    pytest.param(
        PLAN,
        Told(cancelled_from=99),
        "there is no session 99; the course has sessions 1 to 8",
        id="the rest from session 99",
    ),
    pytest.param(
        PLAN,
        Told(done={4: None}),
        "session 4 cannot be done on Tue 26 Jan 2027 at 10:00, which has not come yet; say when"
        " it was"
        " done with --done 4=DATETIME",
        id="done in the future",
    ),
    pytest.param(
        DONE_3,
        Told(done={3: None}),
        "session 3 was done on Tue 19 Jan 2027 at 10:00; it cannot be done twice",
        id="done twice",
    ),
    pytest.param(
        DONE_3,
        Told(done={4: jan(18)}),
        "session 4 on Mon 18 Jan 2027 at 10:00 would be before session 3, which was done on Tue"
        " 19 Jan 2027"
        " at 10:00; check the date",
        id="done before the last done one",
    ),
    pytest.param(
        history((on(19), Told(done={3: None}))),
        Told(done={2: jan(20, 9)}),
        "session 2 on Wed 20 Jan 2027 at 09:00 would be after session 3, which was done on Tue"
        " 19 Jan 2027"
        " at 10:00; check the date",
        id="done after a later done one",
    ),
    pytest.param(
        PLAN,
        Told(done={4: jan(18)}),
        "session 3 (Tue 19 Jan 2027 at 10:00) comes before session 4 and is still open; say what"
        " came"
        " of it: --done 3=DATETIME, --missed 3 or --cancel 3",
        id="done before an earlier one that is still open",
    ),
    pytest.param(
        DONE_3,
        Told(missed=frozenset({3})),
        "session 3 was done on Tue 19 Jan 2027 at 10:00; it cannot be missed any more",
        id="missed after it was done",
    ),
    pytest.param(
        DONE_3,
        Told(moved={3: jan(22)}),
        "session 3 was done on Tue 19 Jan 2027 at 10:00; it cannot be moved any more",
        id="moved after it was done",
    ),
    pytest.param(
        DONE_3,
        Told(cancelled=frozenset({3})),
        "session 3 was done on Tue 19 Jan 2027 at 10:00; it cannot be cancelled any more",
        id="cancelled after it was done",
    ),
    pytest.param(
        CANCELLED_2,
        Told(cancelled=frozenset({2})),
        "session 2 is cancelled already; --move 2=DATETIME would book it again",
        id="cancelled twice",
    ),
    pytest.param(
        CANCELLED_2,
        Told(missed=frozenset({2})),
        "session 2 is cancelled; --move 2=DATETIME would book it again",
        id="missed after it was cancelled",
    ),
    pytest.param(
        NOSHOW_2,
        Told(done={2: None}),
        "session 2 was missed on Tue 12 Jan 2027 at 10:00 and has no new date; give one with"
        " --move 2=DATETIME",
        id="done as booked after it was missed for good",
    ),
    pytest.param(
        ALL_CANCELLED,
        Told(cancelled_from=2),
        "from session 2 on none is open; nothing is left to cancel",
        id="the rest cancelled twice",
    ),
    pytest.param(
        PLAN,
        Told(moved={3: jan(20, 9)}),
        "session 3 cannot be moved to Wed 20 Jan 2027 at 09:00, which is past; if it was done"
        " then, say"
        " --done 3=DATETIME",
        id="moved into the past",
    ),
    pytest.param(
        PLAN,
        Told(moved={5: jan(25)}),
        "session 5 on Mon 25 Jan 2027 at 10:00 would come before session 4 (Tue 26 Jan 2027 at"
        " 10:00); move"
        " that one first",
        id="moved before an earlier one",
    ),
    pytest.param(
        BY_HAND_4,
        Told(moved={3: jan(28)}),
        "session 3 on Thu 28 Jan 2027 at 10:00 would come after session 4 (Wed 27 Jan 2027 at"
        " 10:00); move"
        " that one first",
        id="moved after a later one that was chosen by hand",
    ),
    pytest.param(
        PLAN,
        Told(moved={4: date(2027, 1, 24)}),
        "session 4 on Sun 24 Jan: closed on Sundays; give a time as well"
        " (--move 4=2027-01-24THH:MM), or another day",
        id="moved to a day without hours",
    ),
    pytest.param(
        PLAN,
        Told(done={2: None}, moved={2: jan(22)}),
        "session 2 is told to be done and moved; say one of them",
        id="done and moved",
    ),
    pytest.param(
        PLAN,
        Told(missed=frozenset({2}), done={2: None}),
        "session 2 is told to be missed and done; say when it was done afterwards:"
        " --done 2=DATETIME",
        id="missed and done as booked",
    ),
    pytest.param(
        PLAN,
        Told(stop=True, restart=True),
        "--stop ends the course; leave --extend, --move and --restart-phase out",
        id="stopped and restarted",
    ),
    pytest.param(
        PLAN,
        Told(restart=True, extended={"weekly": 1}),
        "--restart-phase and --extend both change a phase; tell one after the other",
        id="restarted and extended",
    ),
    pytest.param(
        ALL_CANCELLED, Told(stop=True), "--stop: no session is left to cancel", id="stopped twice"
    ),
    pytest.param(
        ALL_CANCELLED,
        Told(restart=True),
        "--restart-phase: no session is open, so no phase goes on",
        id="restarted after all was cancelled",
    ),
    pytest.param(
        PLAN,
        Told(extended={"weakly": 1}),
        '--extend: the course has no phase "weakly"; did you mean "weekly"? Its phases: weekly,'
        " biweekly.",
        id="a phase that there is not",
    ),
    pytest.param(
        PLAN,
        Told(extended={"weekly": 2}),
        "--extend weekly=2 makes 8 sessions; phase weekly of sample has 4-6 (source S7); add"
        " --override to plan it all the same",
        id="more sessions than the source gives",
    ),
    pytest.param(
        PLAN,
        Told(extended={"weekly": 600}, override=True),
        "--extend weekly=600: a course has 500 sessions at most",
        id="more sessions than any course has",
    ),
    pytest.param(
        history((on(12), Told(cancelled_from=1)), (on(12), Told(done={7: jan(12)}))),
        Told(extended={"weekly": 1}, override=True),
        "--extend weekly: the phase is over, session 7 behind it is done already; extend the phase"
        " that goes on",
        id="a phase that is over",
    ),
]


@pytest.mark.parametrize(("plan", "told", "message"), REFUSED)
def test_what_cannot_be_is_refused_in_clear_words(plan: Plan, told: Told, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        revised(on(20), told, plan)
    assert str(refused.value) == message


def test_a_time_that_the_clock_skips_is_refused() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    course = make_course(REGIMEN, Choices(), start=date(2027, 3, 2))
    place = clinic(week("00:00-24:00", range(7)), zone=berlin)
    plan = make_plan(PlanRequest(course, place))
    now = datetime(2027, 3, 3, 12, tzinfo=berlin)
    skipped = datetime(2027, 3, 28, 2, 30)  # noqa: DTZ001  # told times are naive
    with pytest.raises(UsageError) as refused:
        revised(now, Told(moved={4: skipped}), plan)
    assert str(refused.value) == (
        "session 4: the clocks change and skip Sun 28 Mar 2027 at 02:30; choose another time"
    )


def test_a_missed_session_without_room_before_one_chosen_by_hand_says_what_to_do() -> None:
    plan = history((on(6), Told(moved={3: jan(18)})))
    with pytest.raises(PlacingError) as refused:
        revised(on(12), Told(missed=frozenset({2})), plan)
    assert str(refused.value) == (
        "session 2 finds no place before session 3, which stays on Mon 18 Jan: it could be on"
        " Wed 13 Jan at the soonest; move session 3 or cancel session 2"
    )


def test_the_session_that_leaves_no_room_may_be_moved_in_the_same_call() -> None:
    plan = history((on(6), Told(moved={3: jan(18)})))
    plan = revised(on(12), Told(missed=frozenset({2}), moved={3: jan(20)}), plan).plan
    assert moved(plan) == {2: "Wed 13 Jan", 3: "Wed 20 Jan"}


# Changes and adherence


def test_a_revision_tells_what_it_changes_session_by_session() -> None:
    plan = revised(
        on(15, 9), Told(missed=frozenset({2}), cancelled=frozenset({8}), extended={"biweekly": 1})
    ).plan
    assert [(each.number, each.what, told_day(each.after.day)) for each in changes(PLAN, plan)] == [
        (2, "missed", "Fri 15 Jan"),
        (3, "moved", "Thu 21 Jan"),
        (4, "moved", "Wed 27 Jan"),
        (8, "cancelled", "Tue 9 Mar"),
        (9, "added", "Tue 23 Mar"),
    ]


def test_adherence_counts_days_from_the_ideal_dates() -> None:
    plan = history((on(20), Told(done={1: None, 2: jan(11), 3: jan(19)})))
    assert adherence(plan) == Adherence(done=3, missed=0, mean=1 / 3, largest=-1)
    assert adherence(PLAN) == Adherence(done=0, missed=0, mean=None, largest=None)


# Random histories

KINDS = (
    "time passes",
    "time passes",
    "time passes",
    "done as booked",
    "done as booked",
    "done as booked",
    "done at another date",
    "done at another date",
    "missed",
    "missed",
    "moved",
    "moved by --override",
    "moved to a day",
    "cancelled",
    "the rest cancelled",
    "extended",
    "phase restarted",
    "stopped",
    "other calendars",
    "other limits",
    "planned again",
)
"""What may happen to a course; what happens often stands here often."""


class Story(NamedTuple):
    """A course at a moment."""

    plan: Plan
    world: World
    now: datetime


def limits(first: date) -> st.SearchStrategy[Limits]:
    """What a patient may ask."""
    return st.builds(
        lambda weekdays, away, preferred: Limits(weekdays, None, tuple(away), preferred),
        st.none() | st.frozensets(st.integers(0, 5), min_size=3),
        st.lists(ranges(first, 60), max_size=1),
        st.sampled_from([None, 600, 700]),
    )


def ranges(first: date, within: int) -> st.SearchStrategy[DateRange]:
    """A few days in a row."""
    return st.builds(
        lambda begin, more: days(
            first + timedelta(days=begin), first + timedelta(days=begin + more)
        ),
        st.integers(0, within),
        st.integers(0, 12),
    )


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """A planned course of two to nine sessions, and what is in its way."""
    first = TUE_5_JAN + timedelta(days=draw(st.integers(0, 6)))
    course = draw(courses(first, 2, 9))
    opened = draw(st.sets(st.integers(0, 6), min_size=3))
    closed = draw(st.lists(ranges(first, 90), max_size=2))
    place = clinic(week("09:00-12:00, 13:00-15:00", opened), closed=closed, slot=30)
    off = draw(st.lists(st.integers(0, 90), max_size=5))
    holidays = {first + timedelta(days=n): Holiday(("Eid al-Fitr",)) for n in off}
    taken = draw(st.lists(st.integers(0, 90), max_size=5).map(lambda all_of: busy(first, all_of)))
    world = World(holidays, taken)
    request = PlanRequest(course, place, time(10), draw(limits(first)), holidays, busy=world.busy)
    try:
        plan = make_plan(request)
    except PlacingError:
        assume(False)
    return Story(plan, world, moment(first, draw(st.integers(-3, 3)), 11))


def busy(first: date, days_after: Sequence[int]) -> list[tuple[datetime, datetime]]:
    """Most of some days taken."""
    return [taken_from(first + timedelta(days=n), 9 * 60, 5 * 60) for n in days_after]


def moment(day: date, after: int, hour: int) -> datetime:
    """So many days after a day, at a full hour."""
    return datetime.combine(day + timedelta(days=after), time(hour), ISTANBUL)


def play(story: Story, data: st.DataObject, actions: int = 20) -> Iterator[Call]:
    """Calls, one after the other, each on what the one before came to."""
    plan, world, now = story
    for _ in range(actions):
        kind = data.draw(st.sampled_from(KINDS))
        if kind == "time passes":
            now += timedelta(days=data.draw(st.integers(0, 12)), hours=data.draw(st.integers(0, 3)))
        if kind == "other calendars":
            more = data.draw(st.lists(st.integers(0, 30), max_size=3))
            world = World(world.holidays, [*world.taken, *busy(now.date(), more)])
        if kind.startswith(("done", "missed")):
            now = data.draw(when_it_is_told(plan, now))
        call = Call(plan, Told(), now, world)
        if kind == "other limits":
            other = plan._replace(limits=data.draw(limits(now.date())))
            call = call._replace(before=other, anew=True)
        if kind == "planned again":
            call = call._replace(course=data.draw(other_choices(plan.course)), anew=True)
        call = call._replace(told=data.draw(told(kind, call)))
        yield call
        try:
            plan = revise(ask(call)).plan
        except MesoError:
            continue


def when_it_is_told(plan: Plan, now: datetime) -> st.SearchStrategy[datetime]:
    """Mostly once the next open session is past."""
    ends = [each.end for each in plan.booked if each.status is Status.BOOKED]
    soon = max(now, min(ends, default=now))
    return st.sampled_from([soon] * 5 + [now]) | st.integers(0, 96).map(
        lambda hours: soon + timedelta(hours=hours)
    )


@st.composite
def other_choices(draw: st.DrawFn, course: Course) -> Course:
    """Every phase with one session more or less."""
    phases = [
        each._replace(sessions=max(1, each.sessions + draw(st.integers(-1, 1))))
        for each in course.phases
    ]
    return course._replace(phases=tuple(phases))


@st.composite
def told(draw: st.DrawFn, kind: str, call: Call) -> Told:
    """One thing told, mostly of the session that it is most likely told of."""
    match kind:
        case "extended":
            return Told(extended={draw(st.sampled_from(["p0", "p1"])): draw(st.integers(1, 2))})
        case "phase restarted":
            return Told(restart=len(call.before.booked) < 25)
        case "stopped":
            return Told(stop=draw(st.integers(0, 3)) == 0)
        case "time passes" | "other calendars" | "other limits" | "planned again":
            return Told()
    return draw(told_of(kind, draw(likely_numbers(call)), call))


@st.composite
def likely_numbers(draw: st.DrawFn, call: Call) -> int:
    """Mostly the first open session, sometimes another one, seldom one that there is not."""
    opened = [each for each in call.before.booked if each.status is Status.BOOKED]
    past = [each for each in opened if each.start < call.now]
    likely = [each.number for each in (past or opened)[:2]]
    if draw(st.integers(0, 9)) == 0:
        return draw(st.integers(0, len(call.before.booked) + 1))
    return draw(st.sampled_from(likely * 3 + [each.number for each in opened] or [1]))


@st.composite
def told_of(draw: st.DrawFn, kind: str, number: int, call: Call) -> Told:
    """One thing told of one session."""
    plan, now = call.before, call.now
    slot = plan.booked[min(max(number, 1), len(plan.booked)) - 1].slot
    ahead = max(slot.day, now.date())
    match kind:
        case "done as booked":
            return Told(done={number: None})
        case "done at another date":
            return Told(done={number: draw(done_at(slot, now))})
        case "missed":
            return Told(missed=frozenset({number}))
        case "cancelled":
            return Told(cancelled=frozenset({number}))
        case "the rest cancelled":
            return Told(cancelled_from=draw(st.integers(number, len(plan.booked) + 1)))
        case "moved to a day":
            day = ahead + timedelta(days=draw(st.integers(-2, 10)))
            return Told(moved={number: day}, override=draw(st.booleans()))
    hour, later = draw(st.integers(9, 14)), timedelta(days=draw(st.integers(0, 12)))
    when = datetime.combine(ahead, time(hour)) + later
    return Told(moved={number: when}, override=kind == "moved by --override")


def done_at(slot: Slot, now: datetime) -> st.SearchStrategy[datetime | date]:
    """Days around the booked one or before now, seldom in the future."""
    near = st.integers(-4, 6).map(lambda n: slot.day + timedelta(days=n))
    lately = st.integers(-1, 8).map(lambda n: now.date() - timedelta(days=n))
    not_yet = near.map(lambda day: min(day, now.date()))
    timed = st.builds(
        lambda day, hour: datetime.combine(day, time(hour)), lately, st.integers(8, 15)
    )
    return st.one_of(timed, not_yet, not_yet)


def assert_as_promised(call: Call) -> None:
    """The judge and the core agree: on a refusal, on no place at all, or on every slot."""
    try:
        judge.outcome(call)
    except judge.Refused as refused:
        event(f"refused: {refused}")
        with pytest.raises(UsageError):
            revise(ask(call))
        return
    try:
        plan = revise(ask(call)).plan
    except PlacingError:
        event("no place")
        assert not judge.has_place(call)
        return
    assert judge.violations(call, plan) == []


@settings(max_examples=100, deadline=None)
@given(stories(), st.data())
def test_after_every_action_of_a_random_history_each_rule_holds(
    story: Story, data: st.DataObject
) -> None:
    for call in play(story, data):
        assert_as_promised(call)


@settings(max_examples=30, deadline=None)
@given(stories(), st.data())
def test_to_tell_nothing_changes_nothing(story: Story, data: st.DataObject) -> None:
    for call in play(story, data):
        try:
            plan = revise(ask(call)).plan
        except MesoError:
            continue
        again = Call(plan, Told(), call.now, call.world)
        assert revise(ask(again)).plan == plan
        ahead = [each.start for each in plan.booked if each.status is Status.BOOKED]
        soon = min((start for start in ahead if start > call.now), default=call.now)
        assert revise(ask(again._replace(now=soon))).plan == plan


@settings(max_examples=120, deadline=None)
@given(stories(), st.data())
def test_the_same_told_in_one_call_or_in_many_gives_the_same_course(
    story: Story, data: st.DataObject
) -> None:
    start = story.plan
    for call in play(story, data, actions=6):
        start = call.before
    now = when_done(start, data)
    many, together = start, Told()
    for single in data.draw(in_order(start, now)):
        call = Call(many, single, now, story.world)
        if is_told_of_another_slot(single, start, many) or (single.stop and together.moved):
            continue
        try:
            many = revise(ask(call)).plan
        except MesoError:
            continue
        together = joined(together, single)
    assume(all_past_are_told(start, together, now))
    one = revise(ask(Call(start, together, now, story.world))).plan
    assert as_kept(one) == as_kept(many)


def when_done(plan: Plan, data: st.DataObject) -> datetime:
    """After some sessions that nobody marked."""
    ends = [each.end for each in plan.booked if each.status is Status.BOOKED]
    past = data.draw(st.sampled_from([*ends[:4], plan.booked[-1].end]))
    return past + timedelta(hours=data.draw(st.integers(0, 96)))


@st.composite
def in_order(draw: st.DrawFn, plan: Plan, now: datetime) -> list[Told]:
    """One thing for each of some sessions, then perhaps one for the course."""
    all_told: list[Told] = []
    for each in plan.booked:
        day = each.day + timedelta(days=draw(st.integers(0, 3)))
        later = max(day, now.date() + timedelta(days=draw(st.integers(0, 20))))
        when = st.sampled_from([datetime.combine(day, each.start.time())] * 2)
        choices = {
            "nothing": Told(),
            "done": Told(done={each.number: draw(when)}),
            "missed": Told(missed=frozenset({each.number})),
            "moved": Told(moved={each.number: datetime.combine(later, time(10))}, override=True),
            "cancelled": Told(cancelled=frozenset({each.number})),
        }
        if each.status is Status.BOOKED and each.start < now:
            kind = draw(st.sampled_from(["done", "done", "done", "missed", "cancelled", "moved"]))
        else:
            kind = draw(st.sampled_from(["nothing", "nothing", "nothing", *choices]))
        all_told.append(choices[kind])
    last = [Told(), Told(), Told(stop=True), Told(restart=True), Told(extended={"p0": 1})]
    all_told.append(draw(st.sampled_from(last)))
    return [each for each in all_told if each.anything]


def is_told_of_another_slot(single: Told, start: Plan, many: Plan) -> bool:
    """A session missed is missed where it was booked; in many calls it may have moved since."""
    return any(start.booked[n - 1].slot != many.booked[n - 1].slot for n in single.missed)


def all_past_are_told(plan: Plan, told: Told, now: datetime) -> bool:
    """One that nobody marked stays; behind a missed one told alone it is placed again."""
    marked = {*told.done, *told.missed, *told.moved, *told.cancelled}
    opened = [each for each in plan.booked if each.status is Status.BOOKED]
    return all(each.start >= now or each.number in marked for each in opened)


def joined(one: Told, other: Told) -> Told:
    """Both in one call."""
    return Told(
        done={**one.done, **other.done},
        missed=one.missed | other.missed,
        moved={**one.moved, **other.moved},
        cancelled=one.cancelled | other.cancelled,
        extended={**one.extended, **other.extended},
        stop=one.stop or other.stop,
        restart=one.restart or other.restart,
        override=one.override or other.override,
    )


NEVER = datetime.max.replace(tzinfo=ISTANBUL)


def as_kept(plan: Plan) -> Plan:
    """Without what depends on the call: where a session was before, and where a cancelled one."""
    return plan._replace(
        booked=tuple(
            each if each.takes_place else each._replace(start=NEVER, end=NEVER)
            for each in (
                each._replace(why=(), by_hand=each.by_hand and each.status is Status.BOOKED)
                for each in plan.booked
            )
        )
    )


@settings(max_examples=20, deadline=None)
@given(stories(), st.data())
def test_changes_and_adherence_are_what_a_naive_count_gives(
    story: Story, data: st.DataObject
) -> None:
    for call in play(story, data):
        try:
            plan = revise(ask(call)).plan
        except MesoError:
            continue
        told_changes = {each.number: each for each in changes(call.before, plan)}
        assert list(told_changes) == sorted(told_changes)
        before = {each.number: each for each in call.before.booked}
        for each in plan.booked:
            change, known = told_changes.get(each.number), before.get(each.number)
            assert (change.what if change else "") == what_changed(known, each)
            if change:
                was = known.slot if known else None
                assert (change.before, change.after, change.why) == (was, each.slot, each.why)
        shifts = [
            (each.day - each.plan.ideal).days
            for each in plan.booked
            if each.status is Status.FULFILLED
        ]
        counted = adherence(plan)
        assert counted.done == len(shifts)
        assert counted.missed == len([slot for each in plan.booked for slot in each.missed])
        if shifts:
            assert counted.mean == pytest.approx(sum(abs(each) for each in shifts) / len(shifts))
            assert counted.largest in shifts
            assert abs(counted.largest) == max(abs(each) for each in shifts)


def what_changed(before: BookedSession | None, after: BookedSession) -> str:
    """In the desk's words; the first that fits."""
    if before is None:
        return "added" if after.takes_place else "cancelled"
    if after.missed[len(before.missed) :]:
        return "missed"
    words = {"fulfilled": "done", "noshow": "missed", "cancelled": "cancelled"}
    if before.status.value != after.status.value:
        return words.get(after.status.value, "booked again")
    is_elsewhere = (before.start, before.end) != (after.start, after.end)
    return "moved" if is_elsewhere and after.takes_place else ""


@settings(max_examples=25, deadline=None)
@given(stories(), st.data())
def test_every_session_to_worry_about_is_warned_of_and_no_other(
    story: Story, data: st.DataObject
) -> None:
    for call in play(story, data):
        try:
            revision = revise(ask(call))
        except MesoError:
            continue
        if call.told.extended or call.told.restart:  # sessions have other numbers now
            continue
        told_of = [each for each in revision.warnings if "chosen by hand" not in each]
        assert judge.wrong_warnings(told_of, call.before, revision.plan, call.now) == []
