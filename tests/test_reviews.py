"""Follow-up visits: when they are due, where they find a place, and how they follow the course."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import judge_care as judge
import judge_ical
import pytest
from care_desk import ALWAYS, MON_TO_SAT, CareDesk, Template, care_desk
from hypothesis import event, given, settings
from hypothesis import strategies as st
from judge_care import Circumstances, Clinic, Days, Span, Wishes

from meso_sched.core.clinic import Busy, Limits
from meso_sched.core.course import Choices, make_course
from meso_sched.core.plan import PlanRequest, make_plan
from meso_sched.core.walltime import DateRange
from meso_sched.core.walltime import Span as OpenSpan
from meso_sched.errors import PlacingError
from meso_sched.exchange.editions import Edition
from meso_sched.exchange.events import course_file
from meso_sched.exchange.tables import plan_document

ISTANBUL = ZoneInfo("Europe/Istanbul")
TEN = Wishes(at=10 * 60)


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CareDesk:
    return care_desk(tmp_path, monkeypatch, capsys)


def review(after: str, at: str | None = None, length: str | None = None) -> dict[str, str]:
    """A review as a schedules file writes it; its name says when it is due."""
    told = {"name": f"{at} after {after}", "after": after, "at": at, "length": length}
    return {key: value for key, value in told.items() if value is not None}


def told(document: Any) -> list[str]:  # noqa: ANN401 - JSON
    """The reviews in a line each: number, the session before, the ideal, the slot."""
    return [
        f"{each['number']} after {each['after']}, {each['ideal']},"
        f" {each['start'][:16]}-{each['end'][11:16]}"
        for each in document["reviews"]
    ]


def review_events(data: bytes) -> dict[int, judge.Event]:
    """The events of reviews by their number."""
    found = [each for each in judge.events(data) if each.kind == "REVIEW"]
    numbered = {int(re.findall(r"[Rr]eview (\d+)", each.summary)[0]): each for each in found}
    return {number: numbered[number] for number in sorted(numbered)}


# ---- Where a review is, case by case -------------------------------------------------------------


class Case(NamedTuple):
    """The reviews of a course of four weekly sessions, and where they are.

    The sessions are on the Tuesdays of January 2027 at 10:00, the 5th to the 26th, unless the case
    says otherwise.
    """

    reviews: Sequence[dict[str, str]]
    told: Sequence[str]
    start: str = "2027-01-05T10:00"
    args: tuple[str, ...] = ()
    more: Mapping[str, Any] = {}


CASES = {
    # When it is due
    "four weeks after session 2": Case(
        [review("session 2", "4 weeks")], ["1 after 2, 2027-02-09, 2027-02-09T10:00-10:30"]
    ),
    "a month after the last": Case(
        [review("last", "1 month")], ["1 after 4, 2027-02-26, 2027-02-26T10:00-10:30"]
    ),
    "of a range after the first": Case(
        [review("session 2-3", "3 days")], ["1 after 2, 2027-01-15, 2027-01-15T10:00-10:30"]
    ),
    "exactly, not on the weekday": Case(
        [review("session 1", "1 month")], ["1 after 1, 2027-02-05, 2027-02-05T10:00-10:30"]
    ),
    "a year": Case([review("last", "1 year")], ["1 after 4, 2028-01-26, 2028-01-26T10:00-10:30"]),
    "at the month's end": Case(
        [review("session 1", "1 month"), review("session 1", "13 months")],
        [
            "1 after 1, 2027-02-28, 2027-03-01T10:00-10:30",
            "2 after 1, 2028-02-29, 2028-02-29T10:00-10:30",
        ],
        start="2027-01-30T10:00",
    ),
    "from the booked day, not the ideal one": Case(
        [review("session 2", "1 week")],
        ["1 after 2, 2027-01-20, 2027-01-20T10:00-10:30"],
        more={"closed": ["2027-01-12"]},
    ),
    "no such session": Case([review("session 5", "1 week"), review("session 6-9")], []),
    "in the order of the template": Case(
        [review("last", "1 week"), review("session 1", "2 days")],
        [
            "1 after 4, 2027-02-02, 2027-02-02T10:00-10:30",
            "2 after 1, 2027-01-07, 2027-01-07T10:00-10:30",
        ],
    ),
    # On the day of its session
    "right after the session": Case(
        [review("session 2")], ["1 after 2, 2027-01-12, 2027-01-12T10:30-11:00"]
    ),
    "after a session of 45 minutes": Case(
        [review("last")],
        ["1 after 4, 2027-01-26, 2027-01-26T10:45-11:15"],
        args=("--length", "45m", "--override"),
    ),
    "off the grid of the session": Case(
        [review("last", length="20 minutes")],
        ["1 after 4, 2027-01-26, 2027-01-26T10:45-11:05"],
        args=("--length", "40m", "--override"),
    ),
    "on the next day where the day is over": Case(
        [review("session 1")],
        ["1 after 1, 2027-01-05, 2027-01-06T17:30-18:00"],
        start="2027-01-05T17:30",
    ),
    "not before the session in the night that shows an hour twice": Case(
        [review("session 1", length="15 minutes")],
        ["1 after 1, 2027-10-31, 2027-10-31T03:00-03:15"],
        start="2027-10-31T02:45",
        more={"zone": "Europe/Berlin", "hours": ALWAYS, "sessions": "1"},
    ),
    "not at an hour that is skipped": Case(
        [review("session 1", "1 day")],
        ["1 after 1, 2027-03-28, 2027-03-28T03:00-03:30"],
        start="2027-03-27T02:30",
        more={"zone": "Europe/Berlin", "hours": ALWAYS, "sessions": "1"},
    ),
    # How long it takes
    "of its own length": Case(
        [review("last", "1 week", "1 hour"), review("last", "2 weeks", "20-40 minutes")],
        [
            "1 after 4, 2027-02-02, 2027-02-02T10:00-11:00",
            "2 after 4, 2027-02-09, 2027-02-09T10:00-10:20",
        ],
    ),
    "too long for an evening": Case(
        [review("last", "1 week", "90 minutes")],
        ["1 after 4, 2027-02-02, 2027-02-02T16:30-18:00"],
        start="2027-01-05T17:00",
    ),
    # When the clinic is open
    "not on a Sunday": Case(
        [review("session 1", "5 days")], ["1 after 1, 2027-01-10, 2027-01-11T10:00-10:30"]
    ),
    "not while it is closed": Case(
        [review("last", "1 week")],
        ["1 after 4, 2027-02-02, 2027-02-11T10:00-10:30"],
        more={"closed": ["2027-02-02..2027-02-10"]},
    ),
    "not on New Year": Case(
        [review("session 1", "3 days")],
        ["1 after 1, 2027-01-01, 2027-01-02T10:00-10:30"],
        start="2026-12-29T10:00",
        more={"clinic": {"holidays": "TR"}},
    ),
    "before noon on half a holiday": Case(
        [review("session 1", "2 days", "1 hour")],
        ["1 after 1, 2027-10-28, 2027-10-28T12:00-13:00"],
        start="2027-10-26T15:00",
        more={"clinic": {"holidays": "TR"}, "sessions": "1"},
    ),
    "not over lunch": Case(
        [review("last", "1 week", "1 hour")],
        ["1 after 4, 2027-02-02, 2027-02-02T11:30-12:30"],
        start="2027-01-05T12:00",
        more={"hours": dict.fromkeys(MON_TO_SAT, "09:00-12:30, 13:30-18:00")},
    ),
    # When the patient can come
    "on the patient's days": Case(
        [review("last", "1 day")],
        ["1 after 4, 2027-01-29, 2027-02-04T10:00-10:30"],
        args=("--on", "thu"),
    ),
    "at the patient's hours": Case(
        [review("last", "1 week")],
        ["1 after 4, 2027-02-02, 2027-02-02T14:00-14:30"],
        args=("--between", "14:00-16:00"),
    ),
    "not while the patient is away": Case(
        [review("last", "1 week")],
        ["1 after 4, 2027-02-02, 2027-02-06T10:00-10:30"],
        args=("--away", "2027-02-01..2027-02-05"),
    ),
    "without a wish as early as can be": Case(
        [review("last", "1 week")],
        ["1 after 4, 2027-02-02, 2027-02-02T09:00-09:30"],
        start="2027-01-05",
    ),
    # What is taken
    "of two as near the earlier": Case(
        [review("session 1", "1 week")], ["1 after 1, 2027-01-12, 2027-01-12T09:30-10:00"]
    ),
    "not on another review": Case(
        [review("last", "1 week"), review("session 1", "4 weeks"), review("last", "7 days")],
        [
            "1 after 4, 2027-02-02, 2027-02-02T10:00-10:30",
            "2 after 1, 2027-02-02, 2027-02-02T09:30-10:00",
            "3 after 4, 2027-02-02, 2027-02-02T10:30-11:00",
        ],
    ),
    "what is due first comes first": Case(
        [review("last", "1 week"), review("last", "6 days")],
        [
            "1 after 4, 2027-02-02, 2027-02-02T09:30-10:00",
            "2 after 4, 2027-02-01, 2027-02-02T10:00-10:30",
        ],
        more={"closed": ["2027-02-01"]},
    ),
    "not on the time of others": Case(
        [review("session 1", "2 days")],
        ["1 after 1, 2027-01-07, 2027-01-07T11:00-11:30"],
        args=("--busy", "busy.ics"),
    ),
    # Up to 120 days later
    "120 days later": Case(
        [review("session 1", "1 week")],
        ["1 after 1, 2027-01-12, 2027-05-12T10:00-10:30"],
        more={"closed": ["2027-01-06..2027-05-11"], "sessions": "1"},
    ),
}

BUSY = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//x//EN
BEGIN:VEVENT
UID:busy
DTSTAMP:20260101T000000Z
DTSTART:20270107T060000Z
DTEND:20270107T080000Z
SUMMARY:Somebody
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


@pytest.mark.parametrize("name", CASES)
def test_a_review_is_booked_here(name: str, desk: CareDesk) -> None:
    case = CASES[name]
    template = desk.use(Template(reviews=case.reviews, **case.more))
    desk.write("busy.ics", BUSY)
    document = desk.course(*case.args, start=case.start)
    assert told(document) == case.told
    assert not list(judge.wrong_review_events(desk.file.read_bytes(), document))
    for each in document["reviews"]:
        ideal, start = date.fromisoformat(each["ideal"]), each["start"][:10]
        assert each["kind"] == "review"
        assert each["name"] == case.reviews[each["number"] - 1]["name"]
        assert each["shift_days"] == (date.fromisoformat(start) - ideal).days
        assert (each["status"], each["sequence"]) == ("booked", 0)
        assert each["why"] or not each["shift_days"]
    if not ("clinic" in case.more or "--busy" in case.args):
        around = Circumstances(Clinic.read(template.toml), wishes_of(case))
        assert not list(judge.wrong_reviews(template.toml, "own", document, around))


def wishes_of(case: Case) -> Wishes:
    """What the options of a case say."""
    asked = dict(zip(case.args[::2], case.args[1::2], strict=False))
    hour = case.start[11:]
    return Wishes(
        on=frozenset({3}) if "--on" in asked else None,
        between=judge.span(asked["--between"]) if "--between" in asked else None,
        away=(judge.days_of(asked["--away"]),) if "--away" in asked else (),
        at=judge.span(f"{hour}-24:00").start if hour else None,
    )


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            {"closed": ["2027-01-27..2028-01-01"]},
            "review 1 (2 weeks after last, ideal Tue 9 Feb 2027) finds no place within 120 days",
        ),
        (
            {"hours": dict.fromkeys(MON_TO_SAT, "10:00-10:45")},
            "review 1 (2 weeks after last, ideal Tue 9 Feb 2027) finds no place within 120 days",
        ),
    ],
    ids=["closed", "too short"],
)
def test_a_review_without_a_place_is_named_and_nothing_is_written(
    more: Mapping[str, Any], words: str, desk: CareDesk
) -> None:
    desk.use(Template(reviews=[review("last", "2 weeks", "1 hour")], **more))
    result = desk.planned()
    assert result.code == 4
    assert words in result.err
    assert not desk.file.exists()


def test_a_day_more_than_120_is_too_late(desk: CareDesk) -> None:
    case = CASES["120 days later"]
    desk.use(Template(reviews=case.reviews, sessions="1", closed=["2027-01-06..2027-05-12"]))
    assert desk.planned().code == 4


# ---- In the JSON and in the calendar -------------------------------------------------------------

NAMED = Template(
    reviews=[
        {"name": "First look", "after": "session 2", "at": "5 days"},
        {"name": "Final result", "after": "last", "at": "1 month", "length": "1 hour"},
    ],
    clinic={"name": "Dr. Ay", "address": "Bahariye 1"},
)


def test_the_json_tells_all_of_a_review(desk: CareDesk) -> None:
    desk.use(NAMED)
    first, last = desk.course()["reviews"]
    assert judge_ical.UUID.fullmatch(first["uid"])
    assert {**first, "uid": ""} == {
        "number": 1,
        "kind": "review",
        "name": "First look",
        "after": 2,
        "start": "2027-01-18T10:00:00+03:00",
        "end": "2027-01-18T10:30:00+03:00",
        "ideal": "2027-01-17",
        "shift_days": 1,
        "why": ["Sun 17 Jan: closed on Sundays; +1 day"],
        "uid": "",
        "sequence": 0,
        "status": "booked",
    }
    assert (last["number"], last["after"], last["why"]) == (2, 4, [])


def test_a_review_is_an_appointment_of_its_own_in_the_calendar(desk: CareDesk) -> None:
    desk.use(NAMED)
    desk.course()
    found = judge_ical._tree(judge_ical.content_lines(desk.file.read_bytes())).inside("VEVENT")
    first, last = (each for each in found if each.value("CATEGORIES") == "REVIEW")
    assert first.text("SUMMARY") == "P1 (review 1)"
    assert first.text("DESCRIPTION") == (
        "Review 1: First look\nAfter session 2\nIdeal date 2027-01-17\n"
        "Sun 17 Jan: closed on Sundays; +1 day"
    )
    assert last.text("SUMMARY") == "P1 (review 2)"
    assert last.value("DTSTART") == "20270226T100000"
    assert last.value("DTEND") == "20270226T110000"
    for each in (first, last):
        fixed = ("STATUS", "TRANSP", "CLASS", "SEQUENCE")
        assert [each.value(name) for name in fixed] == ["CONFIRMED", "OPAQUE", "PRIVATE", "0"]
        assert "RELATED-TO" not in each.names


@pytest.mark.parametrize(
    ("edition", "summary", "described"),
    [
        (("--for", "clinic"), "P1 (review 2) Own, Final result", "Review 2: Final result"),
        (
            ("--for", "patient"),
            "Follow-up visit, Dr. Ay",
            "Follow-up visit after appointment 4: Final result",
        ),
        (
            ("--for", "patient", "--discreet"),
            "Appointment",
            "Follow-up visit after appointment 4: Final result",
        ),
    ],
    ids=["clinic", "patient", "discreet"],
)
def test_each_reader_is_told_of_a_review_what_is_theirs(
    edition: tuple[str, ...], summary: str, described: str, desk: CareDesk
) -> None:
    desk.use(NAMED)
    desk.course(*edition)
    found = [each for each in judge.events(desk.file.read_bytes()) if each.kind == "REVIEW"]
    assert found[-1].summary == summary
    assert found[-1].description.split("\n")[0] == described


def test_a_review_rings_as_a_session_does_and_care_does_not(desk: CareDesk) -> None:
    clinic = {"reminders": ["2 hours", "1 day"]}
    desk.use(NAMED._replace(before=[("rest", "1 day")], clinic=clinic))
    desk.course()
    found = judge.events(desk.file.read_bytes())
    rings = {(each.kind, len(each.alarms)) for each in found}
    assert rings == {("APPOINTMENT", 2), ("REVIEW", 2), ("CARE", 0)}
    desk.told("--stop")
    assert not [each for each in judge.events(desk.file.read_bytes()) if each.alarms]


def test_a_review_has_its_uid_wherever_it_is(desk: CareDesk) -> None:
    desk.use(NAMED)
    uids = [each["uid"] for each in desk.course()["reviews"]]
    desk.file.unlink()
    desk.use(NAMED._replace(zone="America/New_York", every="10 days", sessions="6+"))
    assert [each["uid"] for each in desk.course(start="2028-03-03T16:00")["reviews"]] == uids
    seen = set(uids)
    for args in [("--patient", "P2"), ("--course", "2"), ("--for", "patient")]:
        result = desk.run(
            "plan", "own", "--start", "2027-01-05", "--json", "--patient", "P1", *args
        )
        other = {each["uid"] for each in result.document["reviews"]}
        assert len(other) == 2
        assert not other & seen
        seen |= other
    assert not seen & {
        each.uid for each in judge.events(desk.file.read_bytes()) if each.kind != "REVIEW"
    }


# ---- Any clinic, any course ----------------------------------------------------------------------

QUARTERS = st.integers(0, 96).map(lambda quarter: quarter * 15)
FIGURES = st.one_of(
    st.none(),
    st.tuples(st.integers(1, 40), st.sampled_from(["day", "week", "month"])).map(
        lambda each: f"{each[0] % 13 + 1} {each[1]}s"
    ),
)
AFTER = st.one_of(
    st.just("last"),
    st.integers(1, 4).map(lambda number: f"session {number}"),
    st.tuples(st.integers(1, 4), st.integers(1, 3)).map(lambda n: f"session {n[0]}-{sum(n)}"),
)


def hhmm(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@st.composite
def hours(draw: st.DrawFn) -> str:
    """One or two spans of a day."""
    edges = sorted(draw(st.sets(QUARTERS, min_size=2, max_size=4)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return ", ".join(f"{hhmm(opens)}-{hhmm(closes)}" for opens, closes in pairs)


class World(NamedTuple):
    """A clinic with a course and reviews, when it starts, the patient's wishes, what is taken."""

    template: Template
    start: date
    wishes: Wishes
    busy: tuple[judge.Busy, ...]


# Around changes of the clocks, and where there are none
STARTS = {
    "Europe/Istanbul": date(2027, 1, 5),
    "Europe/Berlin": date(2027, 10, 18),
    "America/New_York": date(2027, 3, 1),
    "Australia/Lord_Howe": date(2027, 9, 27),
    "America/Santiago": date(2025, 8, 30),
    "Pacific/Apia": date(2011, 12, 20),
}


@st.composite
def worlds(draw: st.DrawFn) -> World:
    zone = draw(st.sampled_from(list(STARTS)))
    start = STARTS[zone] + timedelta(days=draw(st.integers(0, 12)))
    weekdays = draw(st.sets(st.sampled_from(list(ALWAYS)), min_size=1))
    closed = draw(st.lists(st.tuples(st.integers(0, 120), st.integers(0, 150)), max_size=3))
    found = draw(
        st.lists(
            st.tuples(AFTER, FIGURES, st.sampled_from([5, 20, 30, 60, 150])), min_size=1, max_size=4
        )
    )
    template = Template(
        reviews=[review(after, at, f"{minutes} minutes") for after, at, minutes in found],
        sessions=f"{draw(st.integers(1, 4))}",
        every=draw(st.sampled_from(["1 day", "3 days", "1 week", "1 month"])),
        length=draw(st.sampled_from(["15 minutes", "30 minutes", "50 minutes"])),
        zone=zone,
        hours={day: draw(st.one_of(st.just("00:00-24:00"), hours())) for day in sorted(weekdays)},
        slot=draw(st.sampled_from(["5 minutes", "15 minutes", "20 minutes", "45 minutes"])),
        closed=[
            f"{start + timedelta(days=ahead)}..{start + timedelta(days=ahead + days)}"
            for ahead, days in closed
        ],
    )
    weekday_limit = draw(
        st.one_of(st.none(), st.none(), st.frozensets(st.integers(0, 6), min_size=2))
    )
    edges = sorted(draw(st.sets(QUARTERS, min_size=2, max_size=2)))
    wishes = Wishes(
        on=weekday_limit,
        between=Span(*edges) if draw(st.integers(0, 3)) == 0 else None,
        away=tuple(
            Days(start + timedelta(days=ahead), start + timedelta(days=ahead + 4))
            for ahead in draw(st.lists(st.integers(0, 60), max_size=2))
        ),
        at=draw(st.one_of(st.none(), st.integers(0, 1439))),
    )
    noon = datetime.combine(start, time(12), UTC)
    busy = tuple(
        judge.Busy(noon + timedelta(hours=ahead), noon + timedelta(hours=ahead + long))
        for ahead, long in draw(
            st.lists(st.tuples(st.integers(0, 24 * 60), st.integers(1, 40)), max_size=4)
        )
    )
    return World(template, start, wishes, busy)


def requested(world: World) -> PlanRequest:
    """A world as the program is asked."""
    clinic, regimen = world.template.read()
    clinic = replace(clinic, zone=ZoneInfo(world.template.zone))
    wishes = world.wishes
    limits = Limits(
        weekdays=wishes.on,
        between=None if wishes.between is None else (OpenSpan(*wishes.between),),
        away=tuple(DateRange(*each) for each in wishes.away),
        preferred=wishes.at,
    )
    course = make_course(regimen, Choices(), start=world.start, patient="P1")
    return PlanRequest(course, clinic, limits=limits, busy=Busy.of(world.busy))


def document_of(request: PlanRequest) -> Any:  # noqa: ANN401 - JSON
    """The JSON of a plan."""
    plan = make_plan(request)
    return plan_document(plan, course_file(plan, Edition(), datetime(2026, 12, 1, tzinfo=UTC)), ())


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_every_review_is_where_trying_every_start_of_every_day_finds_it(world: World) -> None:
    request = requested(world)
    bare = replace(request.course.regimen, reviews=())
    try:
        course = document_of(request._replace(course=request.course._replace(regimen=bare)))
    except PlacingError:
        event("the sessions find no place")
        return
    around = Circumstances(Clinic.read(world.template.toml), world.wishes, world.busy)
    placed = judge.placed_anew(world.template.toml, "own", judge.sessions(course), around)
    homeless = [number for number, slot in placed.items() if slot is None]
    if homeless:
        event("a review finds no place")
        with pytest.raises(PlacingError, match=f"^review {homeless[0]} "):
            make_plan(request)
        return
    document = document_of(request)
    assert document["sessions"] == course["sessions"]
    found = judge.booked_reviews(document)
    assert {number: (each.start, each.end) for number, each in found.items()} == placed
    assert not list(judge.wrong_reviews(world.template.toml, "own", document, around))
    for each in found.values():
        event("late" if each.start.date() > each.ideal + timedelta(days=1) else "on its day")


# ---- A course that is revised --------------------------------------------------------------------

FOLLOWED = Template(
    reviews=[review("session 2", "9 days"), review("last", "2 weeks"), review("session 3-4")]
)
AS_PLANNED = [
    "1 after 2, 2027-01-21, 2027-01-21T10:00-10:30",
    "2 after 4, 2027-02-09, 2027-02-09T10:00-10:30",
    "3 after 3, 2027-01-19, 2027-01-19T10:30-11:00",
]
"""On Wed 13 January, when sessions 1 and 2 are past."""


def under_way(desk: CareDesk, now: str = "2027-01-13T09:07+03:00") -> bytes:
    """The course as planned, some time later."""
    desk.use(FOLLOWED)
    assert told(desk.course()) == AS_PLANNED
    desk.now(now)
    return desk.file.read_bytes()


def around(now: str = "2027-01-13T09:07+03:00", wishes: Wishes = TEN) -> Circumstances:
    """In which time the reviews of that course may be."""
    moment = datetime.fromisoformat(now).astimezone(UTC)
    return Circumstances(Clinic.read(FOLLOWED.toml), wishes, now=moment)


class Revised(NamedTuple):
    """What is told, where the reviews are then, and which of them changed how."""

    args: tuple[str, ...]
    told: Sequence[str]
    changed: Mapping[int, str]
    wishes: Wishes = TEN


FIRST, LAST, RANGE = AS_PLANNED
REVISIONS = {
    "nothing": Revised((), AS_PLANNED, {}),
    "done as booked": Revised(("--done", "1,2"), AS_PLANNED, {}),
    "done on another day": Revised(
        ("--done", "2=2027-01-13T08:00"),
        ["1 after 2, 2027-01-22, 2027-01-22T10:00-10:30", LAST, RANGE],
        {1: "moved"},
    ),
    "missed": Revised(
        ("--missed", "2"),
        ["1 after 2, 2027-01-22, 2027-01-22T10:00-10:30", LAST, RANGE],
        {1: "moved"},
    ),
    "the last moved": Revised(
        ("--move", "4=2027-01-27T15:00"),
        [FIRST, "2 after 4, 2027-02-10, 2027-02-10T10:00-10:30", RANGE],
        {2: "moved"},
    ),
    "the one of the same day moved": Revised(
        ("--move", "3=2027-01-20T15:00"),
        [FIRST, LAST, "3 after 3, 2027-01-20, 2027-01-20T15:30-16:00"],
        {3: "moved"},
    ),
    "the same day, earlier: the review stays": Revised(
        ("--move", "3=2027-01-19T09:00"), AS_PLANNED, {}
    ),
    "onto a review, which gives way": Revised(
        ("--move", "3=2027-01-21T10:00"),
        [
            "1 after 2, 2027-01-21, 2027-01-21T09:30-10:00",
            "2 after 4, 2027-02-10, 2027-02-10T10:00-10:30",
            "3 after 3, 2027-01-21, 2027-01-21T10:30-11:00",
        ],
        {1: "moved", 2: "moved", 3: "moved"},
    ),
    "the first of the range cancelled": Revised(
        ("--cancel", "3"),
        [FIRST, LAST, "3 after 4, 2027-01-26, 2027-01-26T10:30-11:00"],
        {3: "moved"},
    ),
    "the rest cancelled": Revised(
        ("--cancel", "3.."),
        [FIRST, "2 after 2, 2027-01-26, 2027-01-26T10:00-10:30"],
        {2: "moved", 3: "cancelled"},
    ),
    "stopped": Revised(
        ("--done", "1,2", "--stop"),
        [FIRST, "2 after 2, 2027-01-26, 2027-01-26T10:00-10:30"],
        {2: "moved", 3: "cancelled"},
    ),
    "missed for good": Revised(
        ("--missed", "1", "--done", "2", "--stop"),
        [FIRST, "2 after 2, 2027-01-26, 2027-01-26T10:00-10:30"],
        {2: "moved", 3: "cancelled"},
    ),
    "longer": Revised(
        ("--extend", "series=2"),
        [FIRST, "2 after 6, 2027-02-23, 2027-02-23T10:00-10:30", RANGE],
        {2: "moved"},
    ),
    "begun anew": Revised(
        ("--done", "1,2", "--restart-phase"),
        [FIRST, "2 after 6, 2027-02-23, 2027-02-23T10:00-10:30", RANGE],
        {2: "moved"},
    ),
    "the patient is away": Revised(
        ("--away", "2027-01-21..2027-01-23"),
        ["1 after 2, 2027-01-21, 2027-01-25T10:00-10:30", LAST, RANGE],
        {1: "moved"},
        TEN._replace(away=(Days(date(2027, 1, 21), date(2027, 1, 23)),)),
    ),
    "only on Thursdays": Revised(
        ("--on", "thu"),
        [
            "1 after 2, 2027-01-21, 2027-01-21T09:30-10:00",
            "2 after 4, 2027-02-11, 2027-02-11T10:00-10:30",
            "3 after 3, 2027-01-21, 2027-01-21T10:30-11:00",
        ],
        {1: "moved", 2: "moved", 3: "moved"},
        TEN._replace(on=frozenset({3})),
    ),
}


@pytest.mark.parametrize("name", REVISIONS)
def test_reviews_follow_the_course_and_the_others_keep_every_byte(
    name: str, desk: CareDesk
) -> None:
    case = REVISIONS[name]
    before = under_way(desk)
    former, planned = review_events(before), judge.booked_reviews(desk.told())
    document = desk.told(*case.args)
    after = desk.file.read_bytes()
    assert told(document) == list(case.told)
    assert {each["number"]: each["what"] for each in document["review_changes"]} == case.changed
    for number, known in former.items():
        event = review_events(after)[number]
        same = AS_PLANNED[number - 1] in case.told
        assert event.uid == known.uid
        assert (event.raw == known.raw) is same
        assert event.sequence == (0 if same else 1)
        assert event.cancelled is (case.changed.get(number) == "cancelled")
    time_left = around(wishes=case.wishes)
    wrong = judge.wrong_reviews(FOLLOWED.toml, "own", document, time_left, planned)
    assert not list(wrong)
    assert not list(judge.wrong_review_events(after, document))
    assert not list(judge.needless_changes(before, after))
    if not case.args:
        assert after == before


def test_a_review_comes_back_with_the_session_that_it_follows(desk: CareDesk) -> None:
    before = under_way(desk)
    assert told(desk.told("--cancel", "3..")) != AS_PLANNED
    desk.told("--move", "3=2027-01-19T10:00")
    document = desk.told("--move", "4=2027-01-26T10:00")
    assert told(document) == AS_PLANNED
    assert {each["status"] for each in document["reviews"]} == {"booked"}
    after = desk.file.read_bytes()
    assert not list(judge.wrong_review_events(after, document))
    assert [each.uid for each in review_events(after).values()] == [
        each.uid for each in review_events(before).values()
    ]


def test_a_review_that_is_past_stays_where_it_was(desk: CareDesk) -> None:
    under_way(desk, "2027-01-22T09:07+03:00")
    document = desk.told("--on", "mon", "--done", "1,2=2027-01-13T10:00,3")
    assert told(document)[0] == "1 after 2, 2027-01-22, 2027-01-21T10:00-10:30"
    assert told(document)[1] == "2 after 4, 2027-02-08, 2027-02-08T10:00-10:30"


def test_a_review_moves_with_its_session_though_both_are_past(desk: CareDesk) -> None:
    under_way(desk, "2027-01-22T09:07+03:00")
    document = desk.told("--done", "1,2=2027-01-21T12:00")
    assert told(document)[0] == "1 after 2, 2027-01-30, 2027-01-30T10:00-10:30"


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        ("2027-02-01T09:07+03:00", "2027-02-02T10:00-10:30"),
        ("2027-02-02T09:07+03:00", "2027-02-02T10:00-10:30"),
        ("2027-02-02T12:07+03:00", "2027-02-02T12:15-12:45"),
        ("2027-02-02T12:15+03:00", "2027-02-02T12:15-12:45"),
        ("2027-02-02T12:15:30+03:00", "2027-02-02T12:30-13:00"),
        ("2027-02-02T17:40+03:00", "2027-02-03T10:00-10:30"),
        ("2027-02-04T09:07+03:00", "2027-02-04T10:00-10:30"),
        ("2027-02-07T09:07+03:00", "2027-02-08T10:00-10:30"),
    ],
)
def test_a_review_that_is_due_in_the_past_is_booked_as_soon_as_can_be(
    now: str, slot: str, desk: CareDesk
) -> None:
    under_way(desk, now)
    document = desk.told("--done", "1,2,3", "--cancel", "4")
    assert told(document)[1] == f"2 after 3, 2027-02-02, {slot}"


def test_a_course_keeps_the_reviews_that_it_was_planned_with_until_it_is_planned_again(
    desk: CareDesk,
) -> None:
    under_way(desk)
    desk.told("--done", "1,2")
    other = FOLLOWED._replace(reviews=[review("session 2", "3 weeks")])
    desk.use(other)
    assert told(desk.told("--cancel", "4"))[1:] == [
        "2 after 3, 2027-02-02, 2027-02-02T10:00-10:30",
        RANGE,
    ]
    document = desk.course()
    assert told(document) == ["1 after 2, 2027-02-02, 2027-02-02T10:00-10:30"]
    data = desk.file.read_bytes()
    assert not list(judge.wrong_review_events(data, document))
    assert [each.cancelled for each in review_events(data).values()] == [False, True, True]


def test_planned_again_for_another_day_the_reviews_move_and_keep_their_uids(desk: CareDesk) -> None:
    desk.use(FOLLOWED)
    desk.course()
    before = review_events(desk.file.read_bytes())
    document = desk.course(start="2027-01-14T15:00")
    assert told(document) == [
        "1 after 2, 2027-01-30, 2027-01-30T15:00-15:30",
        "2 after 4, 2027-02-18, 2027-02-18T15:00-15:30",
        "3 after 3, 2027-01-28, 2027-01-28T15:30-16:00",
    ]
    after = review_events(desk.file.read_bytes())
    assert [each.uid for each in after.values()] == [each.uid for each in before.values()]
    assert {each.sequence for each in after.values()} == {1}


def test_planned_the_same_again_the_reviews_stay_as_they_are(desk: CareDesk) -> None:
    before = under_way(desk)
    desk.told("--done", "1,2")
    desk.told("--move", "3=2027-01-20T15:00")
    data = desk.file.read_bytes()
    moved = told(desk.course("--at", "10:00"))
    assert moved == [FIRST, LAST, "3 after 3, 2027-01-20, 2027-01-20T15:30-16:00"]
    assert desk.file.read_bytes() == data != before


def test_without_the_private_records_reviews_are_known_again(desk: CareDesk) -> None:
    before = under_way(desk)
    desk.file.write_bytes(judge.without_private(before))
    document = desk.told("--move", "4=2027-01-27T10:00")
    assert told(document) == [FIRST, "2 after 4, 2027-02-10, 2027-02-10T10:00-10:30", RANGE]
    after = desk.file.read_bytes()
    assert not list(judge.wrong_review_events(after, document))
    assert len(judge.events(after)) == len(judge.events(before))


# ---- What a person does in the calendar ----------------------------------------------------------


def edited(data: bytes, uid: str, put: Mapping[str, str]) -> bytes:
    """A file in which somebody wrote other values into an event: ``{"STATUS": "CANCELLED"}``."""
    (block,) = re.findall(
        rb"BEGIN:VEVENT\r\nUID:" + uid.encode() + rb"\r\n.*?END:VEVENT\r\n", data, re.DOTALL
    )
    other = block.replace(b"\r\n ", b"")
    for name, value in put.items():
        pattern = rf"\r\n({name}(?:;[^:\r]*)?):[^\r]*".encode()
        other, count = re.subn(pattern, rf"\r\n\1:{value}".encode(), other)
        assert count == 1
    return data.replace(block, other)


def dragged(data: bytes, uid: str, start: datetime, minutes: int = 30) -> bytes:
    """A file in which somebody moved an event; ``start`` is local."""
    end = start + timedelta(minutes=minutes)
    return edited(data, uid, {"DTSTART": f"{start:%Y%m%dT%H%M%S}", "DTEND": f"{end:%Y%m%dT%H%M%S}"})


def deleted(data: bytes, uid: str) -> bytes:
    """A file from which somebody deleted an event."""
    block = rb"BEGIN:VEVENT\r\nUID:" + uid.encode() + rb"\r\n.*?END:VEVENT\r\n"
    return re.sub(block, b"", data, count=1, flags=re.DOTALL)


def uid_of(data: bytes, number: int) -> str:
    return review_events(data)[number].uid


MOVED = datetime(2027, 2, 12, 16, 20)  # noqa: DTZ001 - wall clock


def drag_the_last(desk: CareDesk) -> None:
    data = under_way(desk)
    desk.file.write_bytes(dragged(data, uid_of(data, 2), MOVED))


def test_a_review_moved_in_the_calendar_stays_and_is_told(desk: CareDesk) -> None:
    drag_the_last(desk)
    document = desk.told()
    line = "2 after 4, 2027-02-09, 2027-02-12T16:20-16:50"
    assert told(document) == [FIRST, line, RANGE]
    assert document["found"] == [
        "review 2 was moved in the calendar: Tue 9 Feb 10:00 -> Fri 12 Feb 16:20"
    ]
    # Once that is written, it is no news any more, and it stays whatever becomes of the course.
    again = desk.told()
    assert again["found"] == []
    assert told(again) == [FIRST, line, RANGE]
    later = told(desk.told("--move", "4=2027-01-28T10:00"))
    assert later == [FIRST, "2 after 4, 2027-02-11, 2027-02-12T16:20-16:50", RANGE]
    assert told(desk.told("--on", "mon"))[1].endswith("2027-02-12T16:20-16:50")


def test_a_review_moved_in_the_calendar_gives_way_to_a_session_that_comes_after_it(
    desk: CareDesk,
) -> None:
    drag_the_last(desk)
    document = desk.told("--extend", "series=4")
    assert told(document)[1] == "2 after 8, 2027-03-09, 2027-03-09T10:00-10:30"


def test_a_review_that_was_made_longer_in_the_calendar_stays_longer(desk: CareDesk) -> None:
    data = under_way(desk)
    start = datetime(2027, 2, 9, 10)  # noqa: DTZ001 - wall clock
    desk.file.write_bytes(dragged(data, uid_of(data, 2), start, 75))
    assert told(desk.told("--done", "1,2"))[1] == "2 after 4, 2027-02-09, 2027-02-09T10:00-11:15"
    assert told(desk.told("--done", "3=2027-01-13T09:00"))[1].endswith("2027-02-09T10:00-11:15")


@pytest.mark.parametrize("how", ["deleted", "cancelled"])
def test_a_review_called_off_in_the_calendar_is_not_put_back(how: str, desk: CareDesk) -> None:
    data = under_way(desk)
    uid = uid_of(data, 2)
    other = deleted(data, uid) if how == "deleted" else edited(data, uid, {"STATUS": "CANCELLED"})
    desk.file.write_bytes(other)
    document = desk.told()
    word = "is no longer in the calendar: it counts as cancelled"
    assert document["found"] == [
        f"review 2 {word if how == 'deleted' else 'was cancelled in the calendar'}"
    ]
    for args in [
        (),
        ("--done", "1,2"),
        ("--extend", "series=1"),
        ("--cancel", "5"),
        ("--on", "mon"),
    ]:
        document = desk.told(*args)
        assert [each["status"] for each in document["reviews"]] == ["booked", "cancelled", "booked"]
        event = review_events(desk.file.read_bytes())[2]
        assert (event.uid, event.cancelled) == (uid, True)
        assert event.summary == "Cancelled: P1 (review 2)"
        assert not list(judge.wrong_review_events(desk.file.read_bytes(), document))
    document = desk.course("--at", "10:00")
    assert [each["status"] for each in document["reviews"]] == ["booked", "cancelled", "booked"]


def test_a_review_called_off_in_the_calendar_stays_so_though_its_session_goes_and_comes_back(
    desk: CareDesk,
) -> None:
    data = under_way(desk)
    desk.file.write_bytes(edited(data, uid_of(data, 3), {"STATUS": "CANCELLED"}))
    desk.told()
    desk.told("--cancel", "3..")
    document = desk.told("--move", "3=2027-01-19T10:00")
    assert [each["status"] for each in document["reviews"]] == ["booked", "booked", "cancelled"]


def test_a_review_called_off_and_confirmed_again_in_the_calendar_is_booked(desk: CareDesk) -> None:
    data = under_way(desk)
    uid = uid_of(data, 2)
    desk.file.write_bytes(edited(data, uid, {"STATUS": "CANCELLED"}))
    desk.told()
    off = desk.file.read_bytes()
    desk.file.write_bytes(edited(off, uid, {"STATUS": "CONFIRMED"}))
    document = desk.told()
    assert document["found"] == ["review 2 was cancelled and is confirmed again in the calendar"]
    assert told(document) == AS_PLANNED
    assert {each["status"] for each in document["reviews"]} == {"booked"}
    event = review_events(desk.file.read_bytes())[2]
    assert (event.cancelled, event.transparent, event.summary) == (False, False, "P1 (review 2)")


def test_a_review_stays_where_a_person_put_it_although_the_course_is_planned_again(
    desk: CareDesk,
) -> None:
    drag_the_last(desk)
    assert told(desk.course("--at", "10:00"))[1] == "2 after 4, 2027-02-09, 2027-02-12T16:20-16:50"


# ---- Any history ---------------------------------------------------------------------------------

HISTORIES = 30
ACTIONS = 6
COURSES = {
    "Europe/Istanbul": "2027-01-05T10:00",
    "Europe/Berlin": "2027-03-09T10:00",  # the clocks change on 28 March
    "Asia/Beirut": "2025-03-10T10:00",  # on 30 March, at midnight
}
RICH = Template(
    before=[("no caffeine", "2 weeks"), ("no aspirin", "1-2 days"), ("no coffee", "36 hours")],
    after=[("no water", "15 minutes"), ("no sun", "1 week"), ("no sport", "48 hours")],
    expect=[("redness", "1-2 days")],
    call=["fever"],
    reviews=[
        review("session 2", "1 week"),
        review("last", "1 month", "1 hour"),
        review("session 2-3"),
        review("session 1", "15 days"),
    ],
    hours=dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-12:30, 13:30-18:00"),
)


class History:
    """A course to which this and that happens, and what must be true of it afterwards."""

    def __init__(self, desk: CareDesk, seed: int) -> None:
        self.desk = desk
        self.random = random.Random(seed)
        zone = self.random.choice(list(COURSES))
        self.zone, self.start = ZoneInfo(zone), COURSES[zone]
        self.first = date.fromisoformat(self.start[:10])
        closed = self.first + timedelta(days=self.random.randint(3, 40))
        self.template = desk.use(
            RICH._replace(zone=zone, closed=[f"{closed}..{closed + timedelta(days=3)}"])
        )
        self.wishes = TEN
        self.by_hand: set[int] = set()
        self.called_off: dict[int, judge.Booked] = {}
        self.log = [f"plan in {zone}, closed from {closed}"]
        self.at(datetime.combine(self.first, time(9, 7), self.zone) - timedelta(days=30))
        self.document = desk.course(start=self.start)
        self.judge(before=None, former=None)

    def at(self, now: datetime) -> None:
        """Set the clock."""
        self.now = now
        self.desk.now(now.isoformat())

    @property
    def data(self) -> bytes:
        return self.desk.file.read_bytes()

    @property
    def open(self) -> list[judge.Session]:
        """The sessions that are booked and still to come."""
        course = judge.sessions(self.document)
        return [each for each in course if each.status == "booked" and each.start > self.now]

    @property
    def unmarked(self) -> list[judge.Session]:
        """The sessions of which nobody has told what came of them."""
        course = judge.sessions(self.document)
        return [each for each in course if each.status == "booked" and each.start < self.now]

    @property
    def reviews(self) -> dict[int, judge.Booked]:
        """The reviews as they were, with what a person did to them."""
        known = {
            number: each._replace(by_hand=number in self.by_hand)
            for number, each in judge.booked_reviews(self.document).items()
        }
        return {**self.called_off, **known}

    def go_on(self) -> None:
        """Some days later something happens; what cannot be leaves the course as it is."""
        self.at(self.now + timedelta(days=self.random.choice([0, 0, 1, 5, 9, 16])))
        happens = self.random.choice(
            [self.tell, self.tell, self.tell, self.limit, self.restructure, self.edit, self.edit]
        )
        args = happens()
        before, former = self.data, self.reviews
        plan = args[:1] == ("plan",)
        result = self.desk.planned(start=self.start) if plan else self.desk.revised(*args)
        self.log.append(f"{self.now:%d %b %H:%M}: {' '.join(args)} -> {result.code}")
        if result.code:
            assert result.code in (2, 4), self.told(result.err)
            assert self.data == before, self.told("refused, and yet written")
            args, plan = (), False  # what was done in the calendar is there all the same
            result = self.desk.revised()
            assert result.code in (0, 4), self.told(result.err)
            if result.code:
                return
        self.document = result.document
        if plan:
            self.wishes = TEN
        self.learn(args)
        self.judge(before, former, anew=plan)

    def tell(self) -> tuple[str, ...]:
        """Something of one session."""
        course, pick = judge.sessions(self.document), self.random.choice
        told: list[tuple[str, ...]] = [()]
        if self.unmarked:
            number = self.unmarked[0].number
            later = self.unmarked[0].start.astimezone(self.zone) + timedelta(days=1)
            told += [("--done", f"{number}"), ("--missed", f"{number}")]
            told += [("--done", f"{number}={later:%Y-%m-%dT%H:%M}")]
        if self.open:
            number = pick(self.open).number
            day = (self.now + timedelta(days=self.random.randint(0, 30))).date()
            told += [("--move", f"{number}={day}"), ("--cancel", f"{number}")]
            told += [
                ("--move", f"{number}={day}T{pick(['09:00', '10:00', '16:15'])}", "--override")
            ]
        over = [each for each in course if not each.takes_place]
        if over:
            day = (self.now + timedelta(days=self.random.randint(1, 30))).date()
            told += [("--move", f"{pick(over).number}={day}", "--override")] * 2
        return pick(told)

    def limit(self) -> tuple[str, ...]:
        """Other limits of the patient."""
        first = self.now.date() + timedelta(days=self.random.randint(0, 20))
        away = f"{first}..{first + timedelta(days=self.random.randint(0, 9))}"
        told = [("--away", away), ("--away", away), ("--on", "mon,wed,thu"), ("--on", "none")]
        return self.random.choice(
            [*told, ("--between", "10:00-17:00"), ("--at", "15:00"), ("plan",)]
        )

    def restructure(self) -> tuple[str, ...]:
        """The course longer, shorter, anew."""
        told: list[tuple[str, ...]] = [("--extend", "series=1"), ("--extend", "series=2")]
        told += [("--restart-phase",), ("plan",)]
        if self.open:
            told += [("--cancel", f"{self.open[-1].number}.."), ("--stop",)]
        return self.random.choice(told)

    def edit(self) -> tuple[str, ...]:
        """Something is done in a calendar program."""
        reviews = [each for each in self.reviews.values() if each.status == "booked"]
        if not reviews:
            return ()
        chosen = self.random.choice(reviews)
        uid = {each["number"]: each["uid"] for each in self.document["reviews"]}.get(chosen.number)
        if uid is None:
            return ()
        how = self.random.choice(["drag", "drag", "drag", "delete", "cancel", "session"])
        if how == "drag":
            start = chosen.start.astimezone(self.zone) + timedelta(days=self.random.randint(1, 9))
            minutes = (chosen.end - chosen.start) // timedelta(minutes=1)
            self.desk.file.write_bytes(dragged(self.data, uid, start, minutes))
            end = start.astimezone(UTC) + (chosen.end - chosen.start)
            self.rebook(chosen._replace(start=start.astimezone(UTC), end=end))
            self.by_hand.add(chosen.number)
        elif how == "delete":
            self.desk.file.write_bytes(deleted(self.data, uid))
            self.called_off[chosen.number] = chosen._replace(status="cancelled")
            self.rebook(self.called_off[chosen.number])
        elif how == "cancel":
            self.desk.file.write_bytes(edited(self.data, uid, {"STATUS": "CANCELLED"}))
            self.called_off[chosen.number] = chosen._replace(status="cancelled")
            self.rebook(self.called_off[chosen.number])
        elif self.open:
            session = self.random.choice(self.open)
            away = timedelta(days=self.random.choice([-2, -1, 1, 2, 5]))
            start = session.start.astimezone(self.zone) + away
            self.desk.file.write_bytes(dragged(self.data, session.uid, start))
        self.log.append(f"in the calendar: {how} {chosen.number}")
        return self.random.choice([(), (), self.tell()])

    def rebook(self, known: judge.Booked) -> None:
        """Take what a person did in the calendar for what the JSON said."""
        self.document = {
            **self.document,
            "reviews": [
                each
                if each["number"] != known.number
                else {
                    **each,
                    "start": known.start.isoformat(),
                    "end": known.end.isoformat(),
                    "status": known.status,
                }
                for each in self.document["reviews"]
            ],
        }

    def learn(self, args: tuple[str, ...]) -> None:
        """Which limits hold from here on, and which reviews are still where a person put them."""
        asked = dict(zip(args[::2], args[1::2], strict=False))
        if "--away" in asked:
            self.wishes = self.wishes._replace(
                away=(*self.wishes.away, judge.days_of(asked["--away"]))
            )
        if "--on" in asked:
            on = None if asked["--on"] == "none" else frozenset({0, 2, 3})
            self.wishes = self.wishes._replace(on=on)
        if "--between" in asked:
            self.wishes = self.wishes._replace(between=judge.span(asked["--between"]))
        if "--at" in asked:
            self.wishes = self.wishes._replace(at=15 * 60)

    def judge(
        self,
        before: bytes | None,
        former: Mapping[int, judge.Booked] | None,
        *,
        anew: bool = False,
    ) -> None:
        """Everything that must be true after each step.

        ``anew``: it was planned again, which begins a course without a history from the start.
        """
        toml, data = self.template.toml, self.data
        as_first = Circumstances(Clinic.read(toml), self.wishes)
        around = as_first._replace(now=self.now.astimezone(UTC))
        judged = [judge.wrong_reviews(toml, "own", self.document, around, former)]
        if anew or before is None:
            judged.append(judge.wrong_reviews(toml, "own", self.document, as_first))
        wrong = [
            *min(map(list, judged), key=len),
            *judge.wrong_care(data, toml, "own", self.document),
            *judge.wrong_review_events(data, self.document),
        ]
        if before is not None:
            wrong += judge.needless_changes(before, data)
        assert not wrong, self.told("\n".join(wrong))
        found = judge.booked_reviews(self.document)
        for number in list(self.by_hand):
            known = (former or {}).get(number)
            if number not in found or known is None or found[number].start != known.start:
                self.by_hand.discard(number)
        if len(self.log) % 3 == 0:
            again = self.desk.revised()
            assert (again.code, self.data) == (0, data), self.told("told nothing, it changes")

    def told(self, what: str) -> str:
        """What went wrong, and all that had happened."""
        return "\n".join([what, *self.log])


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_after_any_history_care_and_reviews_are_as_the_judge_has_them(
    seed: int, desk: CareDesk
) -> None:
    history = History(desk, seed)
    for _ in range(ACTIONS):
        history.go_on()
