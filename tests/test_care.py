"""What a patient does before and after is dated: every moment, in every zone, in every edition."""

# ruff: noqa: RUF001 (other languages have other letters)

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise, product
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import judge_care as judge
import judge_ical
import pytest
from babel.dates import format_skeleton
from care_desk import ALWAYS, CareDesk, Said, Template, care_desk
from hypothesis import given, settings
from hypothesis import strategies as st

from meso_sched.core.booked import Slot
from meso_sched.core.caring import Side, moments
from meso_sched.core.clinic import Limits, OpenTime
from meso_sched.core.course import Choices, make_course
from meso_sched.core.plan import PlanRequest, make_plan
from meso_sched.core.preparing import late_start
from meso_sched.core.regimen import Care, Lasting, Statement, Text
from meso_sched.exchange.editions import Edition
from meso_sched.exchange.events import course_file
from meso_sched.exchange.ical import to_ics
from meso_sched.exchange.languages import LANGUAGES
from meso_sched.exchange.tables import plan_document

ISSUE = Template(
    before=[
        ("no caffeine, alcohol, cigarettes", "2 weeks"),
        ("blood thinners only as your doctor says", "4-5 days"),
        ("no protein for a while", None),
    ],
    after=[
        ("no water", "15 minutes"),
        ("no demanding movements", "48 hours"),
        ("keep it clean", None),
    ],
    expect=[("redness", "1-2 days"), ("bruises", None)],
    call=["nausea", "a rash"],
)
"""The example of the issue: its session is on Tue 5 Jan 2027, 10:00-10:30."""


ISTANBUL = ZoneInfo("Europe/Istanbul")


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CareDesk:
    return care_desk(tmp_path, monkeypatch, capsys)


def care_events(data: bytes, *, cancelled: bool = False) -> list[judge.Event]:
    return [
        each for each in judge.events(data) if each.kind == "CARE" and each.cancelled is cancelled
    ]


def by_words(data: bytes) -> dict[tuple[str, str], judge.Event]:
    """The care that is not cancelled, by the UID of its session and the words of its first line."""
    return {
        (each.related, each.description.split(": ")[1].split("\n")[0]): each
        for each in care_events(data)
    }


def session_events(data: bytes) -> list[judge.Event]:
    return [each for each in judge.events(data) if each.kind == "APPOINTMENT"]


# ---- The moments, one by one ---------------------------------------------------------------------


class Case(NamedTuple):
    """A session on the clock of a zone, a figure, and the moment: a day, or a time with offset."""

    zone: str
    start: str
    side: str
    figure: str
    moment: str
    minutes: int = 30


ZONE = {
    "IST": "Europe/Istanbul",
    "BER": "Europe/Berlin",
    "NYC": "America/New_York",
    "HOWE": "Australia/Lord_Howe",
    "CAS": "Africa/Casablanca",
    "BEY": "Asia/Beirut",
    "SCL": "America/Santiago",
    "APIA": "Pacific/Apia",
}

# What it is about | zone | start on its clock, minutes if not 30 | figure | the moment
TABLE = """
# The example of the issue
two weeks            | IST  | 2027-01-05T10:00     | before 2 weeks     | 2026-12-22
of a range the longer| IST  | 2027-01-05T10:00     | before 4-5 days    | 2026-12-31
48 hours             | IST  | 2027-01-05T10:00     | after 48 hours     | 2027-01-07T10:30+03:00
# Counted from the end, in every unit
a quarter            | IST  | 2027-01-05T10:00     | after 15 minutes   | 2027-01-05T10:45+03:00
from its end         | IST  | 2027-01-05T10:00 45m | after 1 hour       | 2027-01-05T11:45+03:00
a day after          | IST  | 2027-01-05T10:00     | after 1 day        | 2027-01-06T10:30+03:00
longer of days       | IST  | 2027-01-05T10:00     | after 1-2 days     | 2027-01-07T10:30+03:00
weeks after          | IST  | 2027-01-05T10:00     | after 3 weeks      | 2027-01-26T10:30+03:00
a month after        | IST  | 2027-01-05T10:00     | after 1 month      | 2027-02-05T10:30+03:00
past midnight        | IST  | 2027-01-05T23:00     | after 90 minutes   | 2027-01-06T01:00+03:00
ends at midnight     | IST  | 2027-01-05T23:30     | after 1 day        | 2027-01-07T00:00+03:00
# Counted back from the start
an hour ahead        | IST  | 2027-01-05T10:00     | before 1 hour      | 2027-01-05T09:00+03:00
longer of hours      | IST  | 2027-01-05T10:00     | before 2-6 hours   | 2027-01-05T04:00+03:00
minutes ahead        | IST  | 2027-01-05T10:00     | before 45 minutes  | 2027-01-05T09:15+03:00
a day over New Year  | IST  | 2027-01-01T10:00     | before 1 day       | 2026-12-31
a day at night       | IST  | 2027-01-05T00:00     | before 1 day       | 2027-01-04
# Months end where they end
February has 28      | IST  | 2027-03-31T10:00     | before 1 month     | 2027-02-28
February has 29      | IST  | 2028-03-30T10:00     | before 1 month     | 2028-02-29
back over two        | IST  | 2027-03-31T10:00     | before 1-2 months  | 2027-01-31
back into October    | IST  | 2027-01-31T10:00     | before 3 months    | 2026-10-31
a leap day ago       | IST  | 2028-02-29T10:00     | before 12 months   | 2027-02-28
on to February       | IST  | 2027-01-31T10:00     | after 1 month      | 2027-02-28T10:30+03:00
on to a leap day     | IST  | 2028-01-31T10:00     | after 1 month      | 2028-02-29T10:30+03:00
past February        | IST  | 2027-01-31T10:00     | after 2 months     | 2027-03-31T10:30+03:00
# Berlin, 28 March and 31 October 2027
spring, a day        | BER  | 2027-03-27T10:00     | after 1 day        | 2027-03-28T10:30+02:00
spring, 24 hours     | BER  | 2027-03-27T10:00     | after 24 hours     | 2027-03-28T11:30+02:00
spring, 24 h ahead   | BER  | 2027-03-28T10:00     | before 24 hours    | 2027-03-27T09:00+01:00
spring, a day ahead  | BER  | 2027-03-29T10:00     | before 1 day       | 2027-03-28
spring, skipped      | BER  | 2027-03-27T02:00     | after 1 day        | 2027-03-28T03:30+02:00
spring, weeks        | BER  | 2027-03-15T10:00     | after 2 weeks      | 2027-03-29T10:30+02:00
autumn, a day        | BER  | 2027-10-30T10:00     | after 1 day        | 2027-10-31T10:30+01:00
autumn, 24 hours     | BER  | 2027-10-30T10:00     | after 24 hours     | 2027-10-31T09:30+01:00
autumn, first 02:30  | BER  | 2027-10-30T02:00     | after 1 day        | 2027-10-31T02:30+02:00
autumn, into it      | BER  | 2027-10-31T10:00     | before 9 hours     | 2027-10-31T02:00+02:00
autumn, second 02:00 | BER  | 2027-10-31T10:00     | before 8 hours     | 2027-10-31T02:00+01:00
autumn, ends in it   | BER  | 2027-10-31T02:45     | after 1 week       | 2027-11-07T02:15+01:00
autumn to autumn     | BER  | 2027-10-31T02:45     | after 52 weeks     | 2028-10-29T02:15+02:00
autumn, minutes      | BER  | 2027-10-31T02:00     | after 60 minutes   | 2027-10-31T02:30+01:00
autumn, a day ahead  | BER  | 2027-11-01T10:00     | before 1 day       | 2027-10-31
# New York, 14 March and 7 November 2027
west, spring         | NYC  | 2027-03-13T10:00     | after 24 hours     | 2027-03-14T11:30-04:00
west, spring day     | NYC  | 2027-03-13T10:00     | after 1 day        | 2027-03-14T10:30-04:00
west, skipped        | NYC  | 2027-03-13T02:15     | after 1 day        | 2027-03-14T03:45-04:00
west, autumn         | NYC  | 2027-11-06T10:00     | after 48 hours     | 2027-11-08T09:30-05:00
west, first 01:30    | NYC  | 2027-11-06T01:00     | after 1 day        | 2027-11-07T01:30-04:00
# Lord Howe changes by half an hour: 3 October 2027 at 02:00, 4 April 2027 at 02:00
half, spring         | HOWE | 2027-10-02T10:00     | after 24 hours     | 2027-10-03T11:00+11:00
half, skipped        | HOWE | 2027-10-02T01:45     | after 1 day        | 2027-10-03T02:45+11:00
half, autumn         | HOWE | 2027-04-03T10:00     | after 24 hours     | 2027-04-04T10:00+10:30
half, first 01:45    | HOWE | 2027-04-03T01:15     | after 1 day        | 2027-04-04T01:45+11:00
half, ahead          | HOWE | 2027-04-04T10:00     | before 12 hours    | 2027-04-03T22:30+11:00
# Casablanca went back for Ramadan: from 23 February to 6 April 2025
Ramadan, begin       | CAS  | 2025-02-22T10:00     | after 24 hours     | 2025-02-23T09:30+00:00
Ramadan, first 02:30 | CAS  | 2025-02-22T02:00     | after 1 day        | 2025-02-23T02:30+01:00
Ramadan, within      | CAS  | 2025-02-22T10:00     | after 1 month      | 2025-03-22T10:30+00:00
Ramadan, behind      | CAS  | 2025-03-10T10:00     | after 1 month      | 2025-04-10T10:30+01:00
Ramadan, skipped     | CAS  | 2025-04-05T02:00     | after 1 day        | 2025-04-06T03:30+01:00
# Beirut on 30 March and Santiago on 7 September 2025 skipped midnight
no midnight          | BEY  | 2025-03-31T10:00     | before 1 day       | 2025-03-30
no midnight, weeks   | BEY  | 2025-04-13T10:00     | before 2 weeks     | 2025-03-30
until no midnight    | BEY  | 2025-03-28T23:30     | after 1 day        | 2025-03-30T01:00+03:00
until half past none | BEY  | 2025-03-29T00:00     | after 1 day        | 2025-03-30T01:30+03:00
eleven twice         | BEY  | 2025-10-24T23:00     | after 1 day        | 2025-10-25T23:30+03:00
south                | SCL  | 2025-09-08T10:00     | before 1 day       | 2025-09-07
south, until         | SCL  | 2025-09-06T00:00     | after 1 day        | 2025-09-07T01:30-03:00
south, hours         | SCL  | 2025-09-07T10:00     | before 12 hours    | 2025-09-06T21:00-04:00
south, autumn        | SCL  | 2025-04-05T10:00     | after 24 hours     | 2025-04-06T09:30-04:00
# Apia had no 30 December 2011
over no day          | APIA | 2011-12-29T10:00     | after 2 days       | 2011-12-31T10:30+14:00
until no day         | APIA | 2011-12-29T10:00     | after 1 day        | 2011-12-31T10:30+14:00
hours over no day    | APIA | 2011-12-29T10:00     | after 24 hours     | 2011-12-31T10:30+14:00
from no day          | APIA | 2012-01-01T10:00     | before 2 days      | 2011-12-31
from before it       | APIA | 2011-12-31T10:00     | before 2 days      | 2011-12-29
"""


def cases() -> Iterator[tuple[str, Case]]:
    for line in filter(None, TABLE.splitlines()):
        if not line.startswith("#"):
            name, zone, session, said, moment = map(str.strip, line.split("|"))
            start, _, minutes = session.partition(" ")
            side, _, figure = said.partition(" ")
            length = int(minutes.removesuffix("m") or 30)
            yield name, Case(ZONE[zone], start, side, figure, moment, length)


CASES = dict(cases())


def slot_of(case: Case) -> Slot:
    start = datetime.fromisoformat(case.start).replace(tzinfo=ZoneInfo(case.zone))
    end = start.astimezone(UTC) + timedelta(minutes=case.minutes)
    return Slot(start, end.astimezone(start.tzinfo))


def template_of(case: Case) -> Template:
    """A clinic that never closes, with one thing to do."""
    said = [("rest", case.figure)]
    return Template(
        before=said if case.side == "before" else (),
        after=said if case.side == "after" else (),
        sessions="1",
        length=f"{case.minutes} minutes",
        zone=case.zone,
        hours=ALWAYS,
    )


def as_told(case: Case, at: datetime, day: date | None) -> str:
    """A moment as the table has it."""
    if day is not None:
        return day.isoformat()
    return at.astimezone(ZoneInfo(case.zone)).isoformat(timespec="minutes")


@pytest.mark.parametrize("name", CASES)
def test_a_figure_gives_this_moment(name: str) -> None:
    case = CASES[name]
    statement = Statement(Text.english("rest"), (), Lasting.parse(case.figure))
    care = Care(before=(statement,)) if case.side == "before" else Care(after=(statement,))
    (moment,) = moments(care, slot_of(case))
    slot = slot_of(case)
    told = moment.start if case.side == "before" else moment.end
    assert as_told(case, told, moment.day if moment.whole_day else None) == case.moment
    assert (moment.end if case.side == "before" else moment.start) == (
        slot.start if case.side == "before" else slot.end
    )
    assert moment.whole_day is ("T" not in case.moment)


@pytest.mark.parametrize("name", CASES)
def test_what_is_to_be_expected_is_dated_as_what_is_to_be_done_after(name: str) -> None:
    case = CASES[name]
    statement = Statement(Text.english("redness"), (), Lasting.parse(case.figure))
    slot = slot_of(case)
    (after,) = moments(Care(after=(statement,)), slot)
    (expect,) = moments(Care(expect=(statement,)), slot)
    assert (expect.start, expect.end, expect.whole_day) == (after.start, after.end, False)
    assert (after.side, expect.side) == (Side.AFTER, Side.EXPECT)


@pytest.mark.parametrize("name", CASES)
def test_the_judge_comes_to_the_same_by_its_own_arithmetic(name: str) -> None:
    case = CASES[name]
    (moment,) = judge.moments(template_of(case).toml, "own", slot_of(case), ZoneInfo(case.zone))
    told = moment.start if case.side == "before" else moment.end
    assert told is not None
    assert as_told(case, told, moment.day) == case.moment


@pytest.mark.parametrize("name", CASES)
def test_the_calendar_has_the_moment_where_it_is(name: str, desk: CareDesk) -> None:
    case = CASES[name]
    template = desk.use(template_of(case))
    document = desk.course(start=case.start)
    assert document["sessions"][0]["start"][:16] == case.start
    (event,) = care_events(desk.file.read_bytes())
    start, end = (each.astimezone(UTC) for each in slot_of(case))
    if "T" not in case.moment:
        day = date.fromisoformat(case.moment)
        assert (event.start, event.end) == (day, day + timedelta(days=1))
    elif case.side == "before":
        assert (event.start, event.end) == (datetime.fromisoformat(case.moment), start)
    else:
        assert (event.start, event.end) == (end, datetime.fromisoformat(case.moment))
    assert not list(judge.wrong_care(desk.file.read_bytes(), template.toml, "own", document))


# ---- Any template, any zone, any time ------------------------------------------------------------

ZONES = [*ZONE.values(), "Asia/Kathmandu", "Europe/Dublin", "UTC"]
UNITS = ("minute", "hour", "day", "week", "month")


def changes(zone: str) -> list[datetime]:
    """When the clocks of a zone change, and some time when they do not.

    In years that are over: of what is to come, another version of the tz database may know better.
    """
    known = ZoneInfo(zone)

    def offset(at: datetime) -> timedelta:
        return judge.shown(at, known) - at.replace(tzinfo=None)

    days = [datetime(2010, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(15 * 365)]
    found = [datetime(2021, 6, 1, tzinfo=UTC)]
    for day, following in pairwise(days):
        if offset(day) != offset(following):
            minutes = (day + timedelta(minutes=n) for n in range(1, 1441))
            found.append(next(each for each in minutes if offset(each) != offset(day)))
    return found


CHANGES = {zone: changes(zone) for zone in ZONES}


@st.composite
def figures(draw: st.DrawFn) -> str:
    """One figure or a range."""
    unit = draw(st.sampled_from(UNITS))
    least = draw(st.integers(1, 8 if unit == "month" else 60))
    most = least + draw(st.integers(0, 4))
    told = f"{least}-{most}" if most > least else f"{least}"
    return f"{told} {unit}{'s' if draw(st.booleans()) else ''}"


@st.composite
def said(draw: st.DrawFn, mark: str) -> list[Said]:
    """Up to five statements, some with the figure of another, some with none."""
    shared = draw(st.lists(figures(), min_size=1, max_size=3))
    chosen = draw(st.lists(st.sampled_from([None, *shared]), max_size=5))
    return [(f"{mark}{number}", figure) for number, figure in enumerate(chosen)]


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Template, datetime, int]:
    """A template, a start, and a length in minutes; a figure of days reaches to a clock change."""
    zone = draw(st.sampled_from(ZONES))
    near, days = draw(st.sampled_from(CHANGES[zone])), draw(st.integers(1, 40))
    away = timedelta(days=draw(st.sampled_from([-days, days])))
    start = near + away + timedelta(minutes=draw(st.integers(-240, 240)))
    minutes = draw(st.integers(5, 240))
    template = Template(
        before=[*draw(said("preparing")), ("aimed before", f"{days} days")],
        after=[*draw(said("sparing")), ("aimed after", f"{days} days")],
        expect=draw(said("redness")),
        call=draw(st.lists(st.sampled_from(["fever", "nausea"]), unique=True)),
        length=f"{minutes} minutes",
        zone=zone,
        hours=ALWAYS,
        slot="1 minute",
    )
    return template, start, minutes


@settings(max_examples=200, deadline=None)
@given(worlds())
def test_every_moment_is_the_one_that_the_judge_finds(
    world: tuple[Template, datetime, int],
) -> None:
    template, start, minutes = world
    zone = ZoneInfo(template.zone)
    slot = Slot(start.astimezone(zone), (start + timedelta(minutes=minutes)).astimezone(zone))
    told = [
        (
            each.side.value,
            tuple(map(str, (statement.what for statement in each.statements))),
            *(
                (None, None, None)
                if each.lasting is None
                else (
                    each.start.astimezone(UTC),
                    each.end.astimezone(UTC),
                    each.day if each.whole_day else None,
                )
            ),
        )
        for each in moments(template.read()[1].care, slot)
    ]
    right = [
        (each.side, each.words, each.start, each.end, each.day)
        for each in judge.moments(template.toml, "own", slot, zone)
    ]
    assert told == right


@settings(max_examples=200, deadline=None)
@given(worlds())
def test_a_preparation_is_over_with_its_session_and_all_else_begins_with_its_end(
    world: tuple[Template, datetime, int],
) -> None:
    template, start, minutes = world
    zone = ZoneInfo(template.zone)
    slot = Slot(start.astimezone(zone), (start + timedelta(minutes=minutes)).astimezone(zone))
    for each in moments(template.read()[1].care, slot):
        assert each.start.tzinfo == each.end.tzinfo == zone
        if each.lasting is not None:
            edge, session = (
                (each.end, slot.start) if each.side is Side.BEFORE else (each.start, slot.end)
            )
            assert edge.astimezone(UTC) == session.astimezone(UTC)
            assert each.start.astimezone(UTC) < each.end.astimezone(UTC)


# ---- The calendar of the example -----------------------------------------------------------------


def test_the_example_of_the_issue_stands_in_the_calendar(desk: CareDesk) -> None:
    desk.use(ISSUE)
    first = desk.course()["sessions"][0]["uid"]
    about = [each for each in care_events(desk.file.read_bytes()) if each.related == first]
    ends = datetime(2027, 1, 5, 7, 30, tzinfo=UTC)
    assert [(each.start, each.end, each.summary, each.description) for each in about] == [
        (
            *(date(2026, 12, 22), date(2026, 12, 23), "P1 (1/4): before, from Tue 22 Dec"),
            "from Tue 22 Dec: no caffeine, alcohol, cigarettes\nAppointment: Tue 5 Jan 10:00",
        ),
        (
            *(date(2026, 12, 31), date(2027, 1, 1), "P1 (1/4): before, from Thu 31 Dec"),
            "from Thu 31 Dec: blood thinners only as your doctor says"
            "\nAppointment: Tue 5 Jan 10:00",
        ),
        *sorted(
            [
                (
                    *(ends, ends + timedelta(minutes=15), "P1 (1/4): after, until Tue 5 Jan 10:45"),
                    "until Tue 5 Jan 10:45: no water\nAppointment: Tue 5 Jan 10:00",
                ),
                (
                    *(ends, ends + timedelta(hours=48), "P1 (1/4): after, until Thu 7 Jan 10:30"),
                    "until Thu 7 Jan 10:30: no demanding movements\nAppointment: Tue 5 Jan 10:00",
                ),
            ],
            # What begins together stands in the order of the UIDs.
            key=lambda each: [about[n].description for n in (2, 3)].index(each[3]),
        ),
    ]


def test_a_session_tells_what_matters_before_and_after_and_when_to_call(desk: CareDesk) -> None:
    desk.use(ISSUE)
    desk.course()
    first = session_events(desk.file.read_bytes())[0]
    told = first.description.split("\n")
    assert told[told.index("Before your appointment:") :] == [
        "Before your appointment:",
        "- from Tue 22 Dec: no caffeine, alcohol, cigarettes",
        "- from Thu 31 Dec: blood thinners only as your doctor says",
        "- no protein for a while",
        "After your appointment:",
        "- until Tue 5 Jan 10:45: no water",
        "- until Thu 7 Jan 10:30: no demanding movements",
        "- keep it clean",
        "To be expected:",
        "- until Thu 7 Jan 10:30: redness",
        "- bruises",
        "Call a doctor at once:",
        "- nausea",
        "- a rash",
    ]


def test_every_session_of_the_example_has_its_care(desk: CareDesk) -> None:
    template = desk.use(ISSUE)
    document = desk.course()
    assert not list(judge.wrong_care(desk.file.read_bytes(), template.toml, "own", document))
    assert len(care_events(desk.file.read_bytes())) == 4 * 4


def test_the_shipped_templates_have_their_care(desk: CareDesk) -> None:
    shipped = (Path(__file__).parent.parent / "schedules.toml").read_text()
    told = tomllib.loads(shipped)["regimens"]
    for name in told:
        chosen = [
            option
            for phase in told[name]["phases"]
            for option in (
                *(["--sessions", f"{phase['name']}=2"] if phase["sessions"] == "?" else []),
                *(["--every", f"{phase['name']}=1 week"] if phase["every"] == "?" else []),
            )
        ]
        plan = ("plan", name, "--start", "2027-01-05T10:00", "--patient", "P1", *chosen)
        result = desk.run(*plan, "-o", f"{name}.ics", "--json")
        assert result.code == 0, result.err
        data = (desk.folder / f"{name}.ics").read_bytes()
        assert not list(judge.wrong_care(data, shipped, name, result.document))


@settings(max_examples=40, deadline=None)
@given(worlds(), st.integers(1, 3), st.sampled_from(["1 day", "1 week", "1 month"]))
def test_the_file_of_any_course_has_the_care_that_the_judge_asks_for(
    world: tuple[Template, datetime, int], count: int, every: str
) -> None:
    template, start, _ = world
    template = template._replace(every=every, sessions=f"{count}")
    data, document = planned(template, start)
    assert not list(judge.wrong_care(data, template.toml, "own", document))


def planned(template: Template, start: datetime) -> tuple[bytes, Any]:
    """The file of a course and its JSON, without the command line; ``start`` is aware."""
    clinic, regimen = template.read()
    clinic = replace(clinic, zone=ZoneInfo(template.zone))
    wall = judge.shown(start, ZoneInfo(template.zone))
    course = make_course(regimen, Choices(), start=wall.date(), patient="P1")
    limits = Limits(preferred=wall.hour * 60 + wall.minute)
    plan = make_plan(PlanRequest(course, clinic, limits=limits))
    file = course_file(plan, Edition(), datetime(2026, 12, 1, tzinfo=UTC))
    return to_ics(file), plan_document(plan, file, ())


# ---- One event for each figure, known again by its UID -------------------------------------------


def test_statements_with_the_same_figure_share_an_event(desk: CareDesk) -> None:
    desk.use(
        Template(
            before=[("no wine", "1 week"), ("no beer", "7 days"), ("no rum", "1 weeks")],
            after=[("no sun", "1 week"), ("no sea", "1 week")],
            sessions="1",
        )
    )
    desk.course()
    told = {each.description.rpartition("\n")[0] for each in care_events(desk.file.read_bytes())}
    assert told == {
        "from Tue 29 Dec: no wine\nfrom Tue 29 Dec: no rum",
        "from Tue 29 Dec: no beer",
        "until Tue 12 Jan 10:30: no sun\nuntil Tue 12 Jan 10:30: no sea",
    }


def test_what_is_only_to_be_expected_or_has_no_figure_has_no_event(desk: CareDesk) -> None:
    desk.use(Template(before=[("rest", None)], after=[("rest", None)], expect=[("red", "1 day")]))
    desk.course()
    assert not care_events(desk.file.read_bytes())


def test_an_event_of_care_takes_no_time_and_belongs_to_its_session(desk: CareDesk) -> None:
    desk.use(ISSUE._replace(clinic={"name": "Dr. Ay", "address": "Bahariye 1"}))
    desk.course()
    found = judge_ical_events(desk.file.read_bytes())
    sessions = {each.value("UID") for each in found if each.value("CATEGORIES") == "APPOINTMENT"}
    care = [each for each in found if each.value("CATEGORIES") == "CARE"]
    assert len(care) == 16
    for each in care:
        assert each.value("TRANSP") == "TRANSPARENT"
        assert each.value("STATUS") == "CONFIRMED"
        assert each.value("CLASS") == "PRIVATE"
        assert each.value("RELATED-TO") in sessions
        assert judge_ical.UUID.fullmatch(each.value("UID"))
        assert not each.components
        whole_day = each.one("DTSTART").params == {"VALUE": "DATE"}
        assert whole_day is ("before" in each.text("SUMMARY"))
        assert each.one("DTEND").params == each.one("DTSTART").params


def judge_ical_events(data: bytes) -> list[judge_ical.Component]:
    """The events of a file, its bytes held against RFC 5545 line by line."""
    return judge_ical._tree(judge_ical.content_lines(data)).inside("VEVENT")


@pytest.mark.parametrize("audience", [(), ("--for", "patient")], ids=["plain", "patient"])
def test_a_uid_hangs_on_the_course_alone_never_on_a_date(
    desk: CareDesk, audience: tuple[str, ...]
) -> None:
    desk.use(ISSUE)
    desk.course(*audience)
    first = {each: event.uid for each, event in by_words(desk.file.read_bytes()).items()}
    desk.file.unlink()
    desk.use(ISSUE._replace(every="10 days", length="60 minutes", zone=ZONE["NYC"], hours=ALWAYS))
    desk.course(*audience, "--lang", "tr" if audience else "en", start="2028-07-09T15:00")
    other = [each.uid for each in care_events(desk.file.read_bytes())]
    assert sorted(first.values()) == sorted(other)
    assert len(set(other)) == 16


def test_each_session_side_figure_patient_and_audience_has_uids_of_its_own(desk: CareDesk) -> None:
    desk.use(Template(before=[("a", "1 day"), ("b", "2 days")], after=[("c", "1 day")]))
    seen: set[str] = set()
    for args in [
        ("--patient", "P1"),
        ("--patient", "P2"),
        ("--patient", "P1", "--course", "2"),
        ("--patient", "P1", "--for", "patient"),
    ]:
        name = f"{len(seen)}.ics"
        assert desk.run("plan", "own", "--start", "2027-01-05", *args, "-o", name).code == 0
        found = {each.uid for each in judge.events((desk.folder / name).read_bytes())}
        assert len(found) == 4 + 4 * 3
        assert not found & seen
        seen |= found


def test_the_same_plan_again_changes_no_byte(desk: CareDesk) -> None:
    for number, (zone, start) in enumerate(
        [(ZONE["IST"], "2027-01-05"), (ZONE["BEY"], "2025-04-13")]
    ):
        desk.use(ISSUE._replace(zone=zone, hours=ALWAYS))
        for edition in EDITIONS:
            desk.now("2024-12-01T09:07+03:00")
            name = f"{number}-{'-'.join(edition)}.ics"
            plan = ("plan", "own", "--start", start, "--patient", "P1", "-o", name, *edition)
            assert desk.run(*plan).code == 0
            before = (desk.folder / name).read_bytes()
            desk.now("2024-12-02T09:07+03:00")
            assert desk.run(*plan).code == 0
            again = (desk.folder / name).read_bytes()
            assert not list(judge.needless_changes(before, again)), plan
            assert again == before, plan


# ---- For whom, and in which form -----------------------------------------------------------------

AUDIENCES: list[tuple[str, ...]] = [(), ("--for", "clinic"), ("--for", "patient")]
FORMS: list[tuple[str, ...]] = [(), *(("--care", form) for form in ("events", "alarms", "none"))]
EDITIONS = [(*audience, *form) for audience, form in product(AUDIENCES, FORMS)]


def form_of(edition: Sequence[str]) -> str:
    """How an edition tells care: by events, except that a clinic's own does not tell it at all."""
    if "--care" in edition:
        return edition[-1]
    return "none" if "clinic" in edition else "events"


@pytest.mark.parametrize("edition", EDITIONS, ids=" ".join)
def test_care_comes_as_events_as_alarms_or_not_at_all(
    desk: CareDesk, edition: tuple[str, ...]
) -> None:
    desk.use(ISSUE._replace(clinic={"name": "Dr. Ay"}))
    desk.course(*edition)
    data = desk.file.read_bytes()
    alarms = [len(each.alarms) for each in session_events(data)]
    found = {"events": len(care_events(data)), "alarms": sum(alarms)}
    right = {"events": 0, "alarms": 0}
    if form_of(edition) != "none":
        right[form_of(edition)] = 4 * 4
    assert found == right


@pytest.mark.parametrize("edition", EDITIONS, ids=" ".join)
def test_in_every_edition_each_session_tells_its_care(
    desk: CareDesk, edition: tuple[str, ...]
) -> None:
    desk.use(ISSUE)
    document = desk.course(*edition)
    found = {each.uid: each for each in session_events(desk.file.read_bytes())}
    for session in judge.sessions(document):
        told = judge.sections(found[session.uid].description)
        slot = session.start, session.end
        around = judge.moments(ISSUE.toml, "own", slot, ISTANBUL)
        right = {
            judge.HEADINGS[side]: [
                line for each in around if each.side == side for line in each.told(ISTANBUL)
            ]
            for side in judge.SIDES
        }
        assert told == {**right, judge.HEADINGS["call"]: ["nausea", "a rash"]}


# Days are those of the calendar, hours are time that goes by (RFC 5545, 3.3.6).
ALARMS = {
    ("before", "2 weeks"): "TRIGGER:-P2W",
    ("before", "14 days"): "TRIGGER:-P2W",
    ("before", "4-5 days"): "TRIGGER:-P5D",
    ("before", "1 day"): "TRIGGER:-P1D",
    ("before", "1 month"): "TRIGGER:-P31D",
    ("before", "45 minutes"): "TRIGGER:-PT45M",
    ("before", "6 hours"): "TRIGGER:-PT6H",
    ("before", "90 minutes"): "TRIGGER:-PT1H30M",
    ("before", "24 hours"): "TRIGGER:-PT24H",
    ("before", "36 hours"): "TRIGGER:-PT36H",
    ("before", "7-168 hours"): "TRIGGER:-PT168H",
    ("after", "48 hours"): "TRIGGER;RELATED=END:PT0S",
    ("after", "1 day"): "TRIGGER;RELATED=END:PT0S",
}


@pytest.mark.parametrize(("side", "figure"), ALARMS, ids=lambda each: each)
def test_an_alarm_rings_so_long_before_or_as_the_session_ends(
    desk: CareDesk, side: str, figure: str
) -> None:
    said = [("rest", figure)]
    desk.use(
        Template(
            before=said if side == "before" else (),
            after=said if side == "after" else (),
            sessions="1",
        )
    )
    desk.course("--care", "alarms")
    (event,) = session_events(desk.file.read_bytes())
    (alarm,) = event.alarms
    assert judge.triggers(event) == [ALARMS[side, figure]]
    assert (str(alarm["ACTION"]), bool(alarm["DESCRIPTION"])) == ("DISPLAY", True)


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].side == "before"])
def test_an_alarm_rings_at_the_moment_also_where_the_clocks_change(
    name: str, desk: CareDesk
) -> None:
    case = CASES[name]
    desk.use(template_of(case))
    desk.course("--care", "alarms", start=case.start)
    (event,) = session_events(desk.file.read_bytes())
    (trigger,) = judge.triggers(event)
    rings = judge.rings(trigger, event, ZoneInfo(case.zone))
    if "T" in case.moment:
        assert rings == datetime.fromisoformat(case.moment)
    else:  # of a whole day at the session's own time
        assert rings.astimezone(ZoneInfo(case.zone)).date().isoformat() == case.moment


@pytest.mark.parametrize(
    ("edition", "told"),
    [
        ((), ["P1 (1/1): before, from Mon 4 Jan", "P1 (1/1): after, until Wed 6 Jan 10:30"]),
        (
            ("--for", "patient"),
            ["from Mon 4 Jan: no caffeine", "until Wed 6 Jan 10:30: no movements"],
        ),
        (("--for", "patient", "--discreet"), ["Reminder", "Reminder"]),
    ],
    ids=["plain", "patient", "discreet"],
)
def test_an_alarm_tells_the_patient_what_to_do_and_nobody_else(
    desk: CareDesk, edition: tuple[str, ...], told: list[str]
) -> None:
    desk.use(
        Template(before=[("no caffeine", "1 day")], after=[("no movements", "1 day")], sessions="1")
    )
    desk.course("--care", "alarms", *edition)
    (event,) = session_events(desk.file.read_bytes())
    assert [str(alarm["DESCRIPTION"]) for alarm in event.alarms] == told


# ---- What a title gives away ---------------------------------------------------------------------

SECRET = "zzyx"  # in every text of the template, and in nothing that the tool says itself
TELLING = Template(
    before=[(f"{SECRET} before", "1 week"), (f"{SECRET} before undated", None)],
    after=[(f"{SECRET} after", "1 day")],
    expect=[(f"{SECRET} expect", "2 days")],
    call=[f"{SECRET} call"],
    reviews=[{"name": f"{SECRET} review", "after": "last", "at": "1 week"}],
)


@pytest.mark.parametrize("edition", [(), ("--for", "patient")], ids=["plain", "patient"])
@pytest.mark.parametrize("form", ["events", "alarms"])
def test_a_title_says_when_and_for_which_appointment_and_nothing_of_what(
    desk: CareDesk, edition: tuple[str, ...], form: str
) -> None:
    desk.use(TELLING)
    desk.course(*edition, "--care", form)
    data = desk.file.read_bytes()
    found = judge.events(data)
    assert len(found) == 4 + 1 + (8 if form == "events" else 0)
    assert not [each.summary for each in found if SECRET in each.summary]
    heads = re.findall(rb"\r\n(?:NAME|X-WR-CALNAME):([^\r]*)", data)
    assert not [head for head in heads if SECRET.encode() in head]
    assert all(SECRET in each.description for each in found)


TITLES = {
    "en": ("Before your appointment on Tue 5 Jan: from Tue 22 Dec", "Reminder", "Appointment"),
    "tr": ("5 Oca Sal", "Hatırlatma", "Randevu"),
    "fr": ("mar. 5 janv.", "Rappel", "Rendez-vous"),
    "de": ("Di., 5. Jan.", "Erinnerung", "Termin"),
    "es": ("mar, 5 ene", "Recordatorio", "Cita"),
    "ar": ("الثلاثاء، 5 يناير", "تذكير", "موعد"),
}
"""By language: what a title of care has in it, and the only words of a discreet one."""

EVERYWHERE = {language: f"{SECRET} {language}" for language in LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_patient_reads_care_in_the_language_with_its_days_and_months(
    desk: CareDesk, language: str
) -> None:
    desk.use(
        Template(
            before=[(EVERYWHERE, "2 weeks")],
            after=[(EVERYWHERE, "48 hours")],
            expect=[(EVERYWHERE, "1 day")],
            call=[EVERYWHERE],
            sessions="1",
        )
    )
    desk.course("--for", "patient", "--lang", language)
    (session,) = session_events(desk.file.read_bytes())
    before, after = care_events(desk.file.read_bytes())
    first, last = (day_in(language, day) for day in (date(2026, 12, 22), date(2027, 1, 7)))
    assert TITLES[language][0] in before.summary
    assert first in before.summary
    assert last in after.summary
    assert "10:30" in after.summary
    assert not [each for each in (before, after, session) if SECRET in each.summary]
    own, others = EVERYWHERE[language], set(EVERYWHERE.values()) - {EVERYWHERE[language]}
    for each in (before, after, session):
        assert own in each.description
        assert not [words for words in others if words in each.description]
    assert session.description.count(own) == 4
    assert first in before.description
    assert first in session.description
    assert last in after.description


def day_in(language: str, day: date) -> str:
    """A day as the CLDR has it; English as the rest of the tool writes it."""
    return (
        judge.day_words(day) if language == "en" else format_skeleton("MMMEd", day, locale=language)
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", ["events", "alarms"])
def test_discreet_titles_say_only_that_there_is_something(
    desk: CareDesk, language: str, form: str
) -> None:
    desk.use(TELLING._replace(clinic={"name": SECRET, "reminders": ["2 hours"]}))
    desk.course("--for", "patient", "--discreet", "--lang", language, "--care", form)
    found = judge.events(desk.file.read_bytes())
    _, reminder, appointment = TITLES[language]
    assert {each.summary for each in found if each.kind == "CARE"} <= {reminder}
    assert {each.summary for each in found if each.kind != "CARE"} == {appointment}
    rung = {str(alarm["DESCRIPTION"]) for each in found for alarm in each.alarms}
    assert rung == ({appointment} if form == "events" else {appointment, reminder})
    assert bool([each for each in found if each.kind == "CARE"]) is (form == "events")
    heads = re.findall(rb"\r\n(?:NAME|X-WR-CALNAME):([^\r]*)", desk.file.read_bytes())
    assert len(heads) == 2
    assert not [head for head in heads if SECRET.encode() in head]


# ---- A course that begins before its preparation could -------------------------------------------


class Late(NamedTuple):
    """When it is planned for what start, and the first that would do; None: nothing is said."""

    now: str
    start: str
    first: str | None
    figures: tuple[str, ...] = ("2 weeks", "4-5 days")
    more: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


LATE = {
    "one that begins today is in time": Late("2026-12-22T23:55+03:00", "2027-01-05T10:00", None),
    "a day too late": Late("2026-12-23T00:05+03:00", "2027-01-05T10:00", "2027-01-06"),
    "the longest of two": Late("2027-01-02T09:07+03:00", "2027-01-05T10:00", "2027-01-16"),
    "the shorter one alone": Late(
        "2027-01-02T09:07+03:00", "2027-01-05T10:00", "2027-01-07", ("3 days", "4-5 days")
    ),
    "not on a Sunday": Late("2026-12-27T09:07+03:00", "2027-01-05T10:00", "2027-01-11"),
    "not when the clinic is closed": Late(
        *("2026-12-23T09:07+03:00", "2027-01-05T10:00", "2027-01-08"),
        closed=("2027-01-06..2027-01-07",),
    ),
    "not on New Year": Late("2026-12-18T09:07+03:00", "2026-12-30T10:00", "2027-01-02"),
    "when the patient can come": Late(
        "2026-12-25T09:07+03:00", "2027-01-05T10:00", "2027-01-14", more=("--on", "thu")
    ),
    "where the patient's days make it late enough": Late(
        "2026-12-24T09:07+03:00", "2027-01-05T10:00", None, more=("--on", "thu")
    ),
    "a month from its end": Late(
        "2027-01-30T09:07+03:00", "2027-02-15T10:00", "2027-03-01", ("1 month",)
    ),
    "hours": Late("2027-01-04T12:07+03:00", "2027-01-05T10:00", "2027-01-05T12:15", ("24 hours",)),
    "hours over night": Late(
        "2027-01-04T12:07+03:00", "2027-01-05T10:00", "2027-01-06", ("30 hours",)
    ),
    "hours in time": Late("2027-01-04T09:07+03:00", "2027-01-05T10:00", None, ("24 hours",)),
    "minutes": Late(
        "2027-01-05T09:40+03:00", "2027-01-05T10:00", "2027-01-05T10:30", ("45 minutes",)
    ),
    "no figure": Late("2027-01-05T09:07+03:00", "2027-01-05T10:00", None, ()),
    "a start that is past is told as such alone": Late(
        "2027-01-06T09:07+03:00", "2027-01-05T10:00", None
    ),
}


def advice(document: Any) -> list[str]:  # noqa: ANN401 - JSON
    """The starts that warnings name."""
    late = [each for each in document["warnings"] if "preparation" in each]
    return [start for each in late for start in re.findall(r"\(--start ([^)]+)\)", each)]


@pytest.mark.parametrize("name", LATE)
def test_a_start_before_the_preparation_could_begin_is_told_with_the_first_that_allows_it(
    name: str, desk: CareDesk
) -> None:
    case = LATE[name]
    before = [(f"thing {number}", figure) for number, figure in enumerate(case.figures)]
    clinic = {"holidays": "TR"}
    desk.use(Template(before=[*before, ("another", None)], closed=case.closed, clinic=clinic))
    desk.now(case.now)
    document = desk.course(*case.more, start=case.start)
    assert advice(document) == ([] if case.first is None else [case.first])
    assert len(document["sessions"]) == 4
    assert desk.file.exists()
    # Who follows the advice is told nothing more.
    if case.first is not None:
        wish = () if "T" in case.first else ("--at", case.start[11:])
        assert not advice(desk.course(*wish, *case.more, start=case.first))


def test_it_is_told_too_where_a_course_with_a_history_is_planned_again(desk: CareDesk) -> None:
    desk.use(ISSUE)
    desk.course()
    desk.told("--cancel", "4")
    assert advice(desk.course(start="2026-12-08T10:00")) == ["2026-12-15"]


def test_the_warning_tells_what_should_have_begun_and_when(desk: CareDesk) -> None:
    desk.use(ISSUE)
    desk.now("2026-12-23T09:07+03:00")
    assert (
        "meso-sched: warning: session 1 (Tue 5 Jan) comes before its preparation could: from Tue"
        " 22 Dec (2 weeks before): no caffeine, alcohol, cigarettes; the first start that allows"
        " it is Wed 6 Jan (--start 2027-01-06)\n"
    ) in desk.planned().err


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 40), st.sampled_from(["day", "week", "month"])), min_size=1),
    st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    st.integers(0, 60),
    st.lists(st.integers(0, 80), max_size=6),
)
def test_no_open_day_before_the_one_that_is_named_would_do(
    figures: list[tuple[int, str]], today: date, ahead: int, closed: list[int]
) -> None:
    days = [today + timedelta(days=each) for each in closed]
    template = Template(
        before=[(f"thing {n}", f"{count} {unit}") for n, (count, unit) in enumerate(figures)],
        sessions="1",
        closed=[each.isoformat() for each in days],
    )
    now = datetime.combine(today, time(8, 7), ISTANBUL)
    clinic, regimen = template.read()
    warned = {}
    for start in (today + timedelta(days=ahead), today + timedelta(days=ahead + 1)):
        course = make_course(regimen, Choices(), start=start)
        plan = make_plan(PlanRequest(course, clinic))
        slot = plan.booked[0].start, plan.booked[0].end
        around = judge.moments(template.toml, "own", slot, ISTANBUL)
        late = any(each.day is not None and each.day < today for each in around)
        told = list(late_start(plan, OpenTime(clinic), now))
        assert bool(told) is late
        warned.update(
            {each: start for line in told for each in re.findall(r"--start (\S+)\)", line)}
        )
    for first in map(date.fromisoformat, warned):
        assert first.isoformat() not in template.closed
        assert first.weekday() < 6
        assert in_time(template, first, today)
        before = (first - timedelta(days=n) for n in range(1, 10))
        others = [each for each in before if each.weekday() < 6 and each not in days]
        assert others
        assert not in_time(template, others[0], today)


def in_time(template: Template, day: date, today: date) -> bool:
    """Whether a session on a day leaves time for all that comes before."""
    start = datetime.combine(day, time(9), ISTANBUL)
    around = judge.moments(template.toml, "own", (start, start), ISTANBUL)
    return all(each.day is None or each.day >= today for each in around)


# ---- Texts that nobody should write --------------------------------------------------------------

HOSTILE = {
    "10,000 characters": "x" * 10_000,
    "10,000 characters in words": "no wine " * 1_250,
    "10,000 of several octets": "ğ€" * 5_000,
    "line ends": "one\ntwo\r\nthree\rfour\u2028five\x85six\x0bseven\x0ceight",
    "separators": "a;b,c:d\\e\"f'g=h",
    "escapes": "\\n \\N \\, \\; \\\\ \\",
    "emoji": "💉👩🏽\u200d⚕️🏳️\u200d🌈" * 40,
    "right to left": "لا كافيين \u200f(2)\u202eabc\u202c " * 30,
    "accents": "e\u0301\u0323" * 300,
    "a calendar": "END:VEVENT\r\nBEGIN:VALARM\r\nTRIGGER:-PT5M",
    "a heading": "Call a doctor at once:\n- vomiting",
    "a session": "Session 3 of 9\nPhase series 1/2, every 1 week",
    "an ideal": "Ideal date 2020-01-01",
    "by hand": "chosen by hand, was Tue 5 Jan 2027 at 10:00",
    "an override": "Choice outside the source's range: every series=1 day",
    "braces": "{what} {moment} {0} {} %s %(what)s",
    "markup": "[bold]x[/bold] [/] <script>y</script>",
    "controls": "a\x01b\x7fc\x00d\x1be",
    "dashes": "- - [ ] - ",
    "a moment": "from Tue 22 Dec: until Wed 1 Jan 10:00: x",
    "blanks": "  \t a \u00a0\u3000 b  ",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_any_text_reaches_the_calendar_and_comes_back(name: str, desk: CareDesk) -> None:
    text = HOSTILE[name]
    template = desk.use(
        Template(
            before=[(text, "1 week"), ("rest", "1 week"), (text, None)],
            after=[(text, "1 day"), (f"{text} ", None)],
            expect=[(text, "2 days")],
            call=[text, "fever"],
            reviews=[{"name": text, "after": "last", "at": "1 week"}],
        )
    )
    document = desk.course()
    data = desk.file.read_bytes()
    assert len(judge_ical_events(data)) == 4 + 1 + 8
    assert not list(judge.wrong_care(data, template.toml, "own", document))
    assert document["reviews"][0]["name"].split() == text.split()
    moved = desk.told("--move", "3=2027-01-20T15:00")
    again = desk.file.read_bytes()
    assert not list(judge.wrong_care(again, template.toml, "own", moved))
    assert not list(judge.needless_changes(data, again))
    changed = {each.related for each in care_events(again) if each.sequence}
    assert changed == {moved["sessions"][2]["uid"]}
    assert judge.events(again)[-1].description.count(judge.one_line(text)) == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_a_course_is_read_back_from_its_words_whatever_its_care_says(
    name: str, desk: CareDesk
) -> None:
    text = HOSTILE[name]
    desk.use(
        Template(
            before=[(text, "1 week"), (text, None)], after=[(text, "1 day")], call=[text, "fever"]
        )
    )
    document = desk.course()
    desk.file.write_bytes(judge.without_private(desk.file.read_bytes()))
    again = desk.run("revise", "P1.ics", "--json").document
    kept = ("number", "phase", "of", "start", "end", "ideal", "why", "status")
    for before, after in zip(document["sessions"], again["sessions"], strict=True):
        assert [after[key] for key in kept] == [before[key] for key in kept]
    assert again["course"]["overrides"] == []


WORDS = st.text(
    st.sampled_from('ab -:;,\\"n\n\r\t\u2028[]{}%€ğ💉ل\u202e\x01\x7f'), min_size=1, max_size=60
).filter(lambda text: judge.one_line(text).strip(" ") != "")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(WORDS, st.sampled_from([None, "1 day", "1 week"])),
        min_size=1,
        unique_by=lambda each: judge.one_line(each[0]),
    )
)
def test_no_text_is_lost_on_its_way_through_a_file(before: list[Said]) -> None:
    template = Template(before=before, sessions="2", call=[words for words, _ in before])
    data, document = planned(template, datetime(2027, 1, 5, 7, tzinfo=UTC))
    judge_ical.content_lines(data)
    assert not list(judge.wrong_care(data, template.toml, "own", document))


# ---- A course that is revised --------------------------------------------------------------------

FOUR = Template(
    before=[("no caffeine", "1 week"), ("no aspirin", "2 days")],
    after=[("no movements", "1 day")],
    call=["fever"],
    sessions="4+",
)
"""Sessions on the Tuesdays of January 2027; each has three events of care."""


def under_way(desk: CareDesk, *args: str) -> bytes:
    """The course on Wed 13 January, when two of its sessions are past."""
    desk.use(FOUR)
    desk.course(*args)
    desk.now("2027-01-13T09:07+03:00")
    return desk.file.read_bytes()


def cared(data: bytes) -> dict[int, list[judge.Event]]:
    """The care of each session by its number, whether or not it is cancelled."""
    numbers = {
        each.uid: int(re.findall(r"Session (\d+) of", each.description)[0])
        for each in session_events(data)
    }
    found: dict[int, list[judge.Event]] = {}
    for each in judge.events(data):
        if each.kind == "CARE":
            found.setdefault(numbers[each.related], []).append(each)
    return {number: sorted(found[number], key=lambda each: each.uid) for number in sorted(found)}


class Told(NamedTuple):
    """What is told, the sessions that move by it, and those that no longer take place."""

    args: tuple[str, ...]
    moved: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()


REVISIONS = {
    "nothing": Told(()),
    "done as booked": Told(("--done", "1")),
    "done at another hour": Told(("--done", "1=2027-01-05T15:00"), frozenset({1})),
    "done on another day": Told(("--done", "2=2027-01-13T08:00"), frozenset({2})),
    "moved": Told(("--move", "4=2027-01-27T15:00"), frozenset({4})),
    "moved, and the next gives way": Told(("--move", "3=2027-01-23T10:00"), frozenset({3, 4})),
    "missed": Told(("--missed", "2"), frozenset({2})),
    "missed for good": Told(("--missed", "1", "--done", "2"), gone=frozenset({1})),
    "cancelled": Told(("--cancel", "3"), gone=frozenset({3})),
    "the rest cancelled": Told(("--cancel", "3.."), gone=frozenset({3, 4})),
    "stopped": Told(("--done", "1,2", "--stop"), gone=frozenset({3, 4})),
    "the patient is away": Told(("--away", "2027-01-19"), frozenset({3})),
    "only on other days": Told(("--on", "thu"), frozenset({3, 4})),
}


@pytest.mark.parametrize("name", REVISIONS)
def test_care_goes_with_its_session_and_all_other_care_keeps_every_byte(
    name: str, desk: CareDesk
) -> None:
    told = REVISIONS[name]
    before = under_way(desk)
    document = desk.told(*told.args)
    after = desk.file.read_bytes()
    former, current = cared(before), cared(after)
    assert former.keys() == current.keys()
    for number in former:
        pairs = list(zip(former[number], current[number], strict=True))
        assert len(pairs) == 3
        for known, event in pairs:
            assert event.uid == known.uid
            changed = number in told.moved | told.gone
            assert event.sequence == known.sequence + changed
            assert (event.raw == known.raw) is not changed
            assert event.cancelled is (number in told.gone)
            if event.summary.split(": ")[1].startswith("after"):
                at_another_time = (event.start, event.end) != (known.start, known.end)
                assert at_another_time is (number in told.moved)
    assert not list(judge.wrong_care(after, FOUR.toml, "own", document))
    assert not list(judge.needless_changes(before, after))


@pytest.mark.parametrize("name", REVISIONS)
def test_with_alarms_the_session_alone_changes(name: str, desk: CareDesk) -> None:
    told = REVISIONS[name]
    before = under_way(desk, "--care", "alarms")
    document = desk.told(*told.args)
    after = desk.file.read_bytes()
    assert not cared(after)
    assert not list(judge.needless_changes(before, after))
    rung = [each["TRIGGER"].to_ical() for each in session_events(before)[0].alarms]
    status = {each["uid"]: each["status"] for each in document["sessions"]}
    assert len(rung) == 3
    for event in session_events(after):
        rings = [each["TRIGGER"].to_ical() for each in event.alarms]
        assert rings == (rung if status[event.uid] == "booked" else [])


def test_of_a_session_that_is_booked_again_the_care_is_back(desk: CareDesk) -> None:
    first = under_way(desk)
    desk.told("--cancel", "3")
    document = desk.told("--move", "3=2027-01-19T10:00")
    data = desk.file.read_bytes()
    assert not list(judge.wrong_care(data, FOUR.toml, "own", document))
    for known, event in zip(cared(first)[3], cared(data)[3], strict=True):
        assert event.seen == known.seen
        assert event.sequence == known.sequence + 2


def test_care_called_off_is_called_off_only_once(desk: CareDesk) -> None:
    under_way(desk)
    desk.told("--cancel", "3")
    cancelled = cared(desk.file.read_bytes())[3]
    desk.told("--move", "4=2027-01-27T15:00")
    assert cared(desk.file.read_bytes())[3] == cancelled
    assert all(each.summary.startswith("Cancelled: P1 (3/4): ") for each in cancelled)


def test_a_longer_course_has_more_care_and_tells_the_new_number_of_sessions(desk: CareDesk) -> None:
    before = cared(under_way(desk))
    document = desk.told("--extend", "series=2")
    data = desk.file.read_bytes()
    assert not list(judge.wrong_care(data, FOUR.toml, "own", document))
    after = cared(data)
    assert list(after) == [1, 2, 3, 4, 5, 6]
    for number in before:
        assert [each.uid for each in after[number]] == [each.uid for each in before[number]]
    assert {each.sequence for number in (5, 6) for each in after[number]} == {0}


def test_care_is_known_again_where_a_program_dropped_what_only_this_tool_reads(
    desk: CareDesk,
) -> None:
    before = under_way(desk)
    desk.file.write_bytes(judge.without_private(before))
    document = desk.told("--move", "4=2027-01-27T15:00")
    after = desk.file.read_bytes()
    assert not list(judge.wrong_care(after, FOUR.toml, "own", document))
    assert len(judge.events(after)) == len(judge.events(before))
    former = {each.uid for each in judge.events(before)}
    assert {each.uid for each in judge.events(after)} == former


def test_a_phase_begun_anew_has_its_care(desk: CareDesk) -> None:
    under_way(desk)
    desk.told("--done", "1,2")
    document = desk.told("--restart-phase")
    assert len(document["sessions"]) == 6
    assert not list(judge.wrong_care(desk.file.read_bytes(), FOUR.toml, "own", document))


def test_a_course_keeps_the_care_that_it_was_planned_with_until_it_is_planned_again(
    desk: CareDesk,
) -> None:
    before = under_way(desk)
    desk.told("--done", "1,2")
    other = FOUR._replace(before=[("no caffeine", "1 week")], after=[("no sun", "3 days")])
    desk.use(other)
    document = desk.told("--move", "4=2027-01-27T15:00")
    data = desk.file.read_bytes()
    assert not list(judge.wrong_care(data, FOUR.toml, "own", document))
    document = desk.course()
    again = desk.file.read_bytes()
    assert not list(judge.wrong_care(again, other.toml, "own", document))
    for number, events in cared(again).items():
        # Two figures are dropped, one is new; the dropped ones stay in the file, called off.
        assert [each.cancelled for each in events].count(True) == 2, number
        known = {each.uid for each in cared(before)[number]}
        assert len({each.uid for each in events} - known) == 1, number


@pytest.mark.parametrize("audience", [(), ("--for", "clinic", "--care", "events")], ids=" ".join)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_revised_course_keeps_the_language_that_it_was_planned_in(
    desk: CareDesk, language: str, audience: tuple[str, ...]
) -> None:
    own = EVERYWHERE[language]
    desk.use(FOUR._replace(before=[(EVERYWHERE, "1 week")], after=[(EVERYWHERE, "1 day")]))
    desk.course("--lang", language, *audience)
    before = desk.file.read_bytes()
    desk.told("--move", "4=2027-01-27T15:00")
    after = desk.file.read_bytes()
    assert not list(judge.needless_changes(before, after))
    assert [number for number, each in cared(after).items() if each[0].sequence] == [4]
    for each in care_events(after):
        assert re.findall(f"{SECRET} ..", each.description) == [own]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_shipped_course_is_revised_in_its_language(desk: CareDesk, language: str) -> None:
    plan = ("plan", "hair", "--start", "2027-01-05T10:00", "--patient", "P1", "-o", "P1.ics")
    assert desk.run(*plan, "--lang", language).code == 0
    before = desk.file.read_bytes()
    desk.told("--move", "9=2027-05-19T10:00")
    after = desk.file.read_bytes()
    assert not list(judge.needless_changes(before, after))
    former, current = cared(before)[9], cared(after)[9]
    assert [each.sequence for each in current] == [1] * 6
    for known, event in zip(former, current, strict=True):
        words = known.description.split(": ", 1)[1].split("\n")[0]
        assert words in event.description


def test_planned_again_for_another_day_the_care_moves_and_keeps_its_uids(desk: CareDesk) -> None:
    desk.use(FOUR)
    desk.course()
    before = desk.file.read_bytes()
    document = desk.course(start="2027-01-14T15:00")
    after = desk.file.read_bytes()
    assert not list(judge.wrong_care(after, FOUR.toml, "own", document))
    assert {each.uid for each in judge.events(after)} == {each.uid for each in judge.events(before)}
    assert {each.sequence for each in judge.events(after)} == {1}


def test_planned_again_in_another_form_the_care_changes_its_form(desk: CareDesk) -> None:
    desk.use(FOUR)
    desk.course()
    for form, live, alarms in [("alarms", 0, 12), ("none", 0, 0), ("events", 12, 0)]:
        desk.course("--care", form)
        data = desk.file.read_bytes()
        assert len(care_events(data)) == live
        assert len(care_events(data, cancelled=True)) == 12 - live
        assert sum(len(each.alarms) for each in session_events(data)) == alarms


@pytest.mark.parametrize("figure", ["9999 weeks", "9999 months", "800-9999 weeks"])
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_figure_that_reaches_out_of_the_calendar_is_refused_with_its_line(
    side: str, figure: str, desk: CareDesk
) -> None:
    said = [("rest", figure)]
    desk.use(Template(before=said) if side == "before" else Template(after=said))
    result = desk.planned()
    assert result.code == 3
    assert re.search(rf'schedules.toml:\d+: care.own.{side}.*"{figure}"', result.err)
    assert not desk.file.exists()


@pytest.mark.parametrize("edition", [(), ("--discreet",), ("--care", "alarms")], ids=" ".join)
def test_the_patients_copy_follows_and_only_what_moved_changes(
    desk: CareDesk, edition: tuple[str, ...]
) -> None:
    under_way(desk)
    copy = desk.folder / "copy.ics"

    def written() -> bytes:
        options = ("--for", "patient", "--lang", "de", *edition, "-o", "copy.ics")
        assert desk.run("revise", "P1.ics", *options).code == 0
        return copy.read_bytes()

    first = written()
    assert written() == first
    desk.told("--move", "4=2027-01-27T15:00")
    desk.now("2027-01-14T09:07+03:00")
    second = written()
    assert not list(judge.needless_changes(first, second))
    known = {each.uid: each for each in judge.events(first)}
    changed = [each for each in judge.events(second) if each.raw != known[each.uid].raw]
    sessions = {each.related or each.uid for each in changed}
    assert len(sessions) == 1
    assert len(changed) == (1 if "alarms" in edition else 4)


# ---- What the judge notices ----------------------------------------------------------------------

LINES = rb"(?:(?!END:)[^\r]*\r\n)*"  # of the same event
SPOILED: dict[str, tuple[bytes, bytes]] = {
    "a day later": (b"DTSTART;VALUE=DATE:20261222", b"DTSTART;VALUE=DATE:20261223"),
    "a minute longer": (b"DTEND(;TZID=[^:]*):20270107T103000", rb"DTEND\1:20270107T103100"),
    "one is missing": (
        rb"BEGIN:VEVENT\r\n" + LINES + rb"CATEGORIES:CARE\r\n" + LINES + rb"END:VEVENT\r\n",
        b"",
    ),
    "one too many": (
        rb"(BEGIN:VEVENT\r\nUID:)(" + LINES + rb"CATEGORIES:CARE\r\n" + LINES + rb"END:VEVENT\r\n)",
        rb"\1\2\1other\2",
    ),
    "called off": (
        rb"STATUS:CONFIRMED(\r\n" + LINES + rb"CATEGORIES:CARE)",
        rb"STATUS:CANCELLED\1",
    ),
    "taking time": (rb"TRANSP:TRANSPARENT", b"TRANSP:OPAQUE"),
    "public": (rb"CLASS:PRIVATE(\r\nTRANSP:TRANSPARENT)", rb"CLASS:PUBLIC\1"),
    "of nothing": (b"RELATED-TO:[^\r]*", b"RELATED-TO:x"),
    "a session": (b"CATEGORIES:CARE", b"CATEGORIES:APPOINTMENT"),
    "every day": (rb"(CATEGORIES:CARE\r\n)", rb"\1RRULE:FREQ=DAILY\r\n"),
    "ringing": (
        rb"(CATEGORIES:CARE\r\n" + LINES + rb")(END:VEVENT)",
        rb"\1BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:PT0S\r\nEND:VALARM\r\n\2",
    ),
    "a title of another session": (rb"SUMMARY:P1 \(1/4\): before", b"SUMMARY:P1 (2/4): before"),
    "a title that tells": (rb"(SUMMARY:P1 \(1/4\): before)", rb"\1 no caffeine"),
    "words of another day": (b"DESCRIPTION:from Tue 22 Dec", b"DESCRIPTION:from Tue 23 Dec"),
    "other words": (rb"(DESCRIPTION:from Tue 22 Dec: no )caffeine", rb"\1tea"),
    "a session that says too little": (b"- bruises", b""),
    "a session that says too much": (b"- bruises", rb"- bruises\\n- more"),
    "a session elsewhere": (b"DTSTART(;TZID=[^:]*):20270105T100000", rb"DTSTART\1:20270105T100100"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_the_judge_objects_to_care_that_is_not_right(name: str, desk: CareDesk) -> None:
    template = desk.use(ISSUE)
    document = desk.course()
    data = desk.file.read_bytes().replace(b"\r\n ", b"")
    assert not list(judge.wrong_care(data, template.toml, "own", document))
    pattern, put = SPOILED[name]
    spoiled = re.sub(pattern, put, data, count=1)
    assert spoiled != data
    assert list(judge.wrong_care(spoiled, template.toml, "own", document))


@pytest.mark.parametrize(
    ("pattern", "put"),
    [
        (b"SEQUENCE:0", b"SEQUENCE:1"),
        (b"DTSTAMP:20261201", b"DTSTAMP:20261202"),
        (b"SUMMARY:P1", b"SUMMARY:P2"),
        (rb"BEGIN:VEVENT.*?END:VEVENT\r\n", b""),
    ],
)
def test_the_judge_objects_to_a_change_that_is_none_and_to_one_that_is_not_told(
    pattern: bytes, put: bytes, desk: CareDesk
) -> None:
    desk.use(ISSUE)
    desk.course()
    data = desk.file.read_bytes()
    assert not list(judge.needless_changes(data, data))
    spoiled = re.sub(pattern, put, data, count=1, flags=re.DOTALL)
    assert spoiled != data
    assert list(judge.needless_changes(data, spoiled))
