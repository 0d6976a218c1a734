"""`cohort --push`: a whole list is booked in a calendar that desks share, or nothing of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from caldav_servers import Server, radicale_server, xandikos_server
from faulty_server import Meanwhile, standing_before
from server_desk import CLINIC, Colleague, Hurry, Office, hurry, new_calendar, office, overlapping

# Fixtures of those files, which pytest finds by their names.
__all__ = ["hurry", "office", "radicale_server", "xandikos_server"]

LIST = "patient,regimen,start,at\nP1,short,2027-01-05,10:00\nP2,short,2027-01-05,10:00\n"


@pytest.fixture(params=["radicale_server", "xandikos_server"])
def desk(office: Office, hurry: Hurry, request: pytest.FixtureRequest) -> Office:
    """A desk with a list, at each server, with an empty calendar."""
    server: Server = request.getfixturevalue(request.param)
    office.login(server, new_calendar(server))
    office.write("list.csv", LIST)
    return office


def starts(desk: Office) -> list[str]:
    return sorted(desk.starts_there().values())


def test_a_list_is_written_and_sent_and_a_second_time_nothing_is(desk: Office) -> None:
    first = desk.run("cohort", "list.csv", "-o", "out", "--push", desk.calendar)
    assert first.code == 0, first.err
    assert f"2 courses: 6 events sent: {desk.calendar}" in first.err
    there = desk.there
    assert (len(there), overlapping(each.text for each in there.values())) == (6, [])
    second = desk.run("cohort", "list.csv", "-o", "out", "--push", desk.calendar)
    assert second.code == 0, second.err
    assert f"2 courses: nothing to send, all is there: {desk.calendar}" in second.err
    assert desk.there == there


def test_what_others_have_there_is_planned_around(desk: Office) -> None:
    Colleague(desk.server, desk.calendar).books("lunch", "20270105T060000Z", "20270105T080000Z")
    result = desk.run("cohort", "list.csv", "-o", "out", "--push", desk.calendar)
    assert result.code == 0, result.err
    assert starts(desk)[1:3] == ["2027-01-05T11:00", "2027-01-05T11:30"]


def test_where_a_slot_was_taken_meanwhile_nothing_is_written(desk: Office) -> None:
    other = Colleague(desk.server, desk.calendar)
    with standing_before(desk.server) as faulty:
        faulty.fails(
            Meanwhile(lambda: other.books("taken", "20270105T070000Z", "20270105T073000Z")), "PUT"
        )
        command = ("cohort", "list.csv", "-o", "out", "--push", faulty.at(desk.calendar))
        result = desk.run(*command)
        assert (result.code, result.out) == (5, "")
        assert result.err.endswith(
            "meso-sched: the time of 1 appointment was taken by another desk meanwhile; nothing was"
            " written. Run again, which plans around that\n"
        )
        assert set(desk.there) == {"taken"}
        assert not (desk.folder / "out").exists()
        again = desk.run(*command)
        assert again.code == 0, again.err
    assert overlapping(each.text for each in desk.there.values()) == []
    assert len(desk.there) == 7


def test_two_lists_of_two_desks_never_share_a_slot(desk: Office) -> None:
    desk.write("other.csv", LIST.replace("P1", "Q1").replace("P2", "Q2"))
    for name, folder in (("list.csv", "out"), ("other.csv", "others")):
        result = desk.run("cohort", name, "-o", folder, "--push", desk.calendar)
        assert result.code == 0, result.err
    assert overlapping(each.text for each in desk.there.values()) == []
    assert len(desk.there) == 12


def test_a_list_whose_course_a_colleague_moved_is_not_booked_over_it(desk: Office) -> None:
    command = ("cohort", "list.csv", "-o", "out", "--push", desk.calendar)
    assert desk.run(*command).code == 0
    path = next((desk.folder / "out" / "patients").glob("P1*"))
    uid = desk.uids(f"out/patients/{path.name}")[0]
    Colleague(desk.server, desk.calendar).moves(uid, timedelta(hours=2))
    desk.write("list.csv", LIST + "P3,short,2027-01-05,12:00\n")
    before, there = desk.files(), desk.there
    result = desk.run(*command)
    assert (result.code, "`meso-sched pull` first. Nothing was written" in result.err) == (5, True)
    assert (desk.files(), desk.there) == (before, there)
    assert desk.pull("--yes", file=f"out/patients/{path.name}").code == 0
    again = desk.run(*command)
    assert again.code == 0, again.err
    assert overlapping(each.text for each in desk.there.values()) == []


def test_courses_that_are_kept_take_their_room_and_not_the_whole_clinic(desk: Office) -> None:
    desk.write("schedules.toml", CLINIC.replace("[clinic]\n", "[clinic]\nrooms = 2\n", 1))
    desk.write("one.csv", LIST.partition("P2")[0])
    first = desk.run("cohort", "one.csv", "-o", "out", "--push", desk.calendar)
    assert first.code == 0, first.err
    desk.write("two.csv", LIST.replace("P1,short,2027-01-05,10:00\n", ""))
    second = desk.run(
        *("cohort", "two.csv", "--keep-booked", "out/patients", "-o", "more"),
        *("--push", desk.calendar),
    )
    assert second.code == 0, second.err
    assert starts(desk) == sorted(f"2027-01-{day}T10:00" for day in ("05", "12", "19") * 2)


def test_a_list_is_booked_with_a_folder_alone(desk: Office) -> None:
    result = desk.run("cohort", "list.csv", "--push", desk.calendar)
    assert (result.code, result.err) == (
        *(2, "meso-sched: --push: goes with -o FOLDER, which keeps the courses\n"),
    )
    assert desk.there == {}
