"""The summary of a cohort: JSON and CSV that other programs read, made piece by piece."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from test_cohort_calendars import PLACE, Course, course

from meso_sched.core.cohort import (
    CohortRequest,
    CohortResult,
    Method,
    Objective,
    Unplaced,
)
from meso_sched.exchange.cohort_tables import COLUMNS, Part, to_csv, to_json
from meso_sched.exchange.events import identity_of

REACHED = Objective(1, 2, 0, 30, 4, 500)


def part(
    courses: Iterable[Course],
    *,
    clinic: str = "",
    objective: Objective = REACHED,
    bound: Objective = REACHED,
    method: Method = Method.EXACT,
    stopped: bool = False,
) -> Part:
    placed = tuple(each.placed for each in courses)
    request = CohortRequest(PLACE, tuple(each.entry for each in placed))
    return clinic, request, CohortResult(placed, objective, bound, method, stopped)


def document(*parts: Part, warnings: Iterable[str] = ()) -> Any:  # noqa: ANN401 - JSON
    return json.loads("".join(to_json(parts, list(warnings))))


def rows(*parts: Part) -> list[dict[str, str]]:
    text = "".join(to_csv(parts))
    return list(csv.DictReader(io.StringIO(text, newline="")))


def lacking() -> Course:
    """A course whose fifth session and whose second review have no place."""
    made = course()
    left = made.with_booked(each for each in made.plan.booked if each.number != 5)
    session = made.session(5).plan
    placed = left.placed._replace(
        unplaced=(Unplaced(session, "no free time left", date(2027, 9, 1)),),
        reviews=made.placed.reviews[:1],
        unplaced_reviews=("review 2 finds no place",),
    )
    return left._replace(placed=placed)


def test_a_session_tells_when_where_and_with_whom() -> None:
    made = course()
    found = document(part([made]))
    first = made.plan.booked[0]
    assert found["schema"] == "meso-sched/cohort/1"
    assert len(found["sessions"]) == 9
    assert found["sessions"][0] == {
        "clinic": None,
        "patient": "P1",
        "regimen": "sample",
        "course": 1,
        "number": 1,
        "phase": "weekly",
        "start": "2027-03-02T10:00:00+01:00",
        "end": "2027-03-02T10:30:00+01:00",
        "ideal": "2027-03-02",
        "shift_days": 0,
        "overdue_days": 0,
        "room": "Blue",
        "practitioner": "Dr. Ada",
        "status": "booked",
        "why": list(first.why),
        "uid": identity_of(made.plan, "").uid(1),
    }


def test_a_review_tells_which_it_is_and_what_it_follows() -> None:
    made = course()
    review = document(part([made]))["reviews"][1]
    assert (review["kind"], review["number"], review["name"], review["after"]) == (
        *("review", 2, "The result"),
        9,
    )
    assert review["uid"] == identity_of(made.plan, "").review_uid(2)
    assert review["practitioner"] == "Bo"


def test_what_is_not_known_is_null() -> None:
    found = document(part([course(room="", practitioner="")]))
    assert {each["room"] for each in found["sessions"]} == {None}
    assert {each["practitioner"] for each in found["sessions"]} == {None}


def test_what_has_no_place_tells_why_and_what_would_be_next() -> None:
    made = course().session(5).plan
    found = document(part([lacking()]))
    assert [each["number"] for each in found["sessions"]] == [1, 2, 3, 4, 6, 7, 8, 9]
    (session,) = found["unplaced"]  # as many as the objective counts; reviews are warned of
    assert session == {
        "clinic": None,
        "patient": "P1",
        "regimen": "sample",
        "course": 1,
        "number": 5,
        "phase": "biweekly",
        "ideal": made.ideal.isoformat(),
        "why": "no free time left",
        "nearest": "2027-09-01",
    }


def test_the_list_keeps_its_order_and_the_clinics_their_names() -> None:
    found = document(
        part([course("P2"), course("P1")], clinic="South"), part([course("P3")], clinic="North")
    )
    seen = dict.fromkeys((each["clinic"], each["patient"]) for each in found["sessions"])
    assert list(seen) == [("South", "P2"), ("South", "P1"), ("North", "P3")]


def test_the_goals_of_clinics_are_summed_and_all_must_be_proven() -> None:
    proven = part([course()], clinic="North", objective=Objective(distance_days=6))
    proven = (*proven[:2], proven[2]._replace(bound=proven[2].objective))
    other = part(
        [course()],
        clinic="South",
        objective=Objective(distance_days=14),
        bound=Objective(distance_days=4),
        method=Method.GREEDY,
        stopped=True,
    )
    both = document(proven, other)
    assert both["objective"]["distance_days"] == 20
    assert both["bound"]["distance_days"] == 10
    assert (both["gap"], both["proven"]) == (0.5, False)
    assert (both["method"], both["stopped"]) == ("greedy", True)
    alone = document(proven)
    assert (alone["gap"], alone["proven"], alone["method"]) == (0.0, True, "exact")
    assert list(alone["objective"]) == list(Objective._fields)


def test_an_empty_list_is_a_document_too() -> None:
    found = document(part([]), warnings=["nobody comes"])
    assert found["sessions"] == found["reviews"] == found["unplaced"] == []
    assert found["warnings"] == ["nobody comes"]


def test_the_csv_has_a_row_for_each_and_empty_times_for_what_has_none() -> None:
    found = rows(part([lacking()]))
    assert len(found) == 8 + 1 + 1
    assert {each["status"] for each in found} == {"booked", "unplaced"}
    session = next(each for each in found if each["status"] == "unplaced")
    assert (session["number"], session["phase"], session["nearest"]) == (
        *("5", "biweekly"),
        "2027-09-01",
    )
    assert [session[each] for each in ("date", "start", "end", "uid", "room")] == [""] * 5
    assert found[8]["phase"] == "review"


def test_both_tell_the_same() -> None:
    courses = [lacking(), course("P2", 660)]
    found, table = document(part(courses)), rows(part(courses))
    everything = [*found["sessions"], *found["reviews"]]
    for entry, row in zip(everything, table, strict=False):
        for column in ("patient", "number", "start", "end", "ideal", "room", "uid", "status"):
            assert row[column] == str(entry[column])
        assert row["why"] == "; ".join(entry["why"])


def test_no_cell_acts_as_a_formula() -> None:
    found = rows(part([course("=1+1", room="@cmd", practitioner="-2")]))
    assert {each["patient"] for each in found} == {"'=1+1"}
    assert {each["room"] for each in found} == {"'@cmd"}


def test_lines_and_quotes_are_kept_apart() -> None:
    text = "".join(to_csv([part([course('a,"b"\nc')])]))
    assert text.startswith(",".join(COLUMNS) + "\r\n")
    assert {each["patient"] for each in csv.DictReader(io.StringIO(text, newline=""))} == {
        'a,"b"\nc'
    }


def test_a_long_list_is_never_one_text() -> None:
    made = course()
    parts = [part([made] * 1000)]

    def peak(pieces: Iterator[str]) -> int:
        tracemalloc.start()
        try:
            assert sum(map(len, pieces)) > 1_000_000
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(to_json(parts, ())) < 200_000
    assert peak(to_csv(parts)) < 200_000
