"""The card that a patient takes home: what it says, how a browser shows it, how it is printed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from browsing import FORMATS, Shown, chromium
from building import clinic, phase, week
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar
from playwright.sync_api import Browser

from meso_sched.core.booked import Status
from meso_sched.core.clinic import Limits
from meso_sched.core.course import Choices, make_course
from meso_sched.core.plan import Plan, PlanRequest, make_plan
from meso_sched.core.regimen import Care, Lasting, Regimen, Review, Statement, Text
from meso_sched.exchange.card import card_course, to_html
from meso_sched.exchange.card_code import Appointment, Code, draw, to_ics
from meso_sched.exchange.editions import CLINIC, PATIENT, PLAIN, Edition
from meso_sched.exchange.events import course_file, identity_of, plain
from meso_sched.exchange.languages import LANGUAGES, translations
from meso_sched.exchange.schedules import load, shipped_file

SNAPSHOTS = Path(__file__).with_name("card_snapshots")
HAIR = load([shipped_file()]).regimens["hair"]
STAMP = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
START = date(2027, 1, 5)
EVE = START - timedelta(days=1)
STATUSES = {1: Status.FULFILLED, 2: Status.NOSHOW, 3: Status.CANCELLED}
AUDIENCES = (PLAIN, PATIENT, CLINIC)

LONG_TEXT = "pat\u0131ence " * 1250 + "the last"
LONG_WORD = "x" * 9_996 + "last"
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "picture": "<img src=x onerror=alert(1)>",
    "quotes": '"\'` onload=alert(1) x="',
    "svg": "</svg></style></title><script>alert(1)</script>",
    "comment": "--> ]]> <!-- <![CDATA[",
    "entity": "&lt;b&gt; &amp; &#0; &nosuch;",
    "template": "{{ 7 * 7 }}{% raw %}{# #}",
    "override": "\u202egnp.exe\u202c \u2066\u2067",
    "noncharacter": "\ufdd0\ufdd1",
    "arabic": "\u0639\u064a\u0627\u062f\u0629 7",
    "lines": "one\r\ntwo\rthree\u2028four",
    "controls": "a\x00b\x1bc\x7fd\ud800e",
}


def hair(weekly: int = 4, biweekly: int = 2, monthly: int = 3, *, regimen: Regimen = HAIR) -> Plan:
    """The shipped course, with so many sessions of each phase; a phase of none is left out."""
    counts = {"weekly": weekly, "biweekly": biweekly, "monthly": monthly}
    sessions = {name: count for name, count in counts.items() if count}
    phases = tuple(each for each in regimen.phases if each.name in sessions)
    course = make_course(
        replace(regimen, phases=phases),
        Choices(sessions=sessions, override=True),
        start=START,
        patient="P-1042",
    )
    place = replace(
        clinic(week("08:00-20:00")),
        name="Praxis Dr. Ayd\u0131n",
        address="Ba\u011fdat Caddesi 12/3\n34710 \u0130stanbul",
        contact="+90 216 555 01 23\nrandevu@aydin.example",
    )
    return make_plan(PlanRequest(course, place, time.min, Limits(preferred=630)))


def alone() -> Plan:
    """One session, with no review."""
    return hair(1, 0, 0, regimen=replace(HAIR, reviews=()))


def with_status(plan: Plan, became: Mapping[int, Status]) -> Plan:
    """The plan after what became of sessions, by number."""
    booked = (each._replace(status=became.get(each.number, each.status)) for each in plan.booked)
    return plan._replace(booked=tuple(booked))


def card(plan: Plan, language: str = "en", audience: str = PATIENT, today: date = EVE) -> str:
    """The card of a plan."""
    edition = Edition(audience, language)
    return to_html(plan, edition, today, STAMP)


# ---- Read as HTML --------------------------------------------------------------------------------


@dataclass
class Element:
    """One element of a page."""

    tag: str
    attributes: dict[str, str | None]
    children: list[Element] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All its text, in no order but that of each element's own."""
        return "".join([*self.texts, *(child.text for child in self.children)])

    def all(self, tag: str) -> list[Element]:
        """The elements of a name in it, in order."""
        found = [self] if self.tag == tag else []
        return [*found, *(each for child in self.children for each in child.all(tag))]

    def of(self, word: str) -> list[Element]:
        """The elements of a class in it."""
        found = [self] if word in (self.attributes.get("class") or "").split() else []
        return [*found, *(each for child in self.children for each in child.of(word))]


class Page(HTMLParser):
    """Reads a page, and refuses one whose elements do not close in order."""

    VOID = ("meta", "path", "circle", "line", "use", "rect")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]
        self.comments: list[str] = []
        self.feed(html)
        self.close()
        assert len(self.open) == 1, [each.tag for each in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.open[-1].children.append(element)
        if tag != "meta":
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def page(html: str) -> Element:
    return Page(html).root


def rows(html: str) -> list[Element]:
    (body,) = page(html).all("tbody")
    return body.all("tr")


def words(element: Element) -> str:
    return " ".join(element.text.split())


def in_order(html: str) -> str:
    """The text of a page's body as a person reads it."""
    body = html[html.index("<body>") :]
    return " ".join(re.sub(r"<[^>]*>", "", re.sub(r"<(li|p|h2|tr|td|th)\b", r" <\1", body)).split())


# ---- What it says --------------------------------------------------------------------------------


def test_every_appointment_stands_in_the_table_in_time_order_with_a_box() -> None:
    found = rows(card(hair()))
    assert [words(each.all("td")[0]) for each in found[:5]] == [
        "Tue 5 Jan 2027",
        "Tue 12 Jan 2027",
        "Tue 12 Jan 2027",
        "Tue 19 Jan 2027",
        "Tue 26 Jan 2027",
    ]
    assert [each.all("b")[0].text for each in found] == [
        *("1", "2", "Follow-up visit", "3", "4", "5", "6", "7", "8", "9", "Follow-up visit")
    ]
    assert "First look at the effect" in found[2].text
    assert {words(each.all("td")[1]) for each in found} >= {"10:30", "11:00"}
    assert all(each.all("use")[-1].attributes["href"] == "#box" for each in found)


def test_what_became_of_a_session_is_told_by_a_word_a_shape_and_its_box() -> None:
    plan = with_status(hair(regimen=replace(HAIR, reviews=())), STATUSES)
    done, missed, cancelled, coming = rows(card(plan))[:4]
    symbols = [
        [use.attributes["href"] for use in each.all("use")]
        for each in (done, missed, cancelled, coming)
    ]
    assert symbols == [["#done", "#ticked"], ["#missed"], ["#cancelled"], ["#next", "#box"]]
    assert [len(each.all("s")) for each in (done, missed, cancelled, coming)] == [0, 0, 2, 0]
    assert "Done" in done.text
    assert "Missed" in missed.text
    assert "Cancelled" in cancelled.text


def test_care_has_the_dates_of_the_next_session() -> None:
    told = in_order(card(hair(), today=date(2027, 1, 10)))
    assert "from Tue 29 Dec: No caffeine, alcohol or cigarettes" in told
    assert "until Thu 14 Jan 11:00: No demanding movements" in told
    assert "Next appointment Tue 12 Jan 202710:30 Appointment 2 of 9" in told
    assert told.index("Before your appointment") < told.index("After your appointment")
    assert told.index("After your appointment") < told.index("To be expected")
    assert "Call a doctor at once" in told


def test_of_a_course_that_is_over_there_is_care_but_no_date_and_no_code() -> None:
    over = card(hair(), today=date(2028, 1, 1))
    assert "No caffeine, alcohol or cigarettes" in over
    assert "from Tue" not in in_order(over)
    assert not page(over).of("code")
    assert "Next appointment" not in over


def test_a_session_of_today_is_the_next_and_one_of_yesterday_is_not() -> None:
    plan = hair()
    for today, number in ((START, 1), (START + timedelta(days=1), 2)):
        assert f"Appointment {number} of 9" in card(plan, today=today)


def test_a_follow_up_visit_that_comes_first_is_the_next_appointment() -> None:
    after = in_order(card(hair(), today=date(2027, 5, 19)))
    assert "Next appointment Fri 18 Jun 202710:30 Follow-up visit" in after


@pytest.mark.parametrize("audience", [PLAIN, PATIENT])
@pytest.mark.parametrize(
    "secret", ["weekly", "biweekly", "Hair", "hair", "S1", "Pregnancy", "Depth"]
)
def test_nothing_for_clinicians_is_on_a_patients_card(audience: str, secret: str) -> None:
    visible = re.sub(r"<style>.*</style>", "", card(hair(), audience=audience), flags=re.DOTALL)
    assert not re.search(rf"\b{secret}\b", visible)


@pytest.mark.parametrize(("audience", "shown"), [(PLAIN, True), (PATIENT, False), (CLINIC, True)])
def test_the_reference_is_not_on_the_patients_own_card(audience: str, shown: bool) -> None:
    assert ("P-1042" in card(hair(), audience=audience)) is shown


def test_the_clinics_card_has_the_checklist_to_tick_technique_and_sources() -> None:
    told = in_order(card(hair(), audience=CLINIC))
    for said in ("Hair mesotherapy (scalp)", "weekly 1/4", "Pregnancy (S1)", "Interval: 15 days"):
        assert said in told
    for heading in ("For the clinic", "Checklist, not for", "Technique", "Notes"):
        assert heading in told
    (checklist,) = page(card(hair(), audience=CLINIC)).of("boxes")
    assert len(checklist.all("use")) == len(HAIR.care.screening)


def test_a_patient_is_told_the_interval_that_is_kept() -> None:
    assert "Interval: 4 weeks" in card(hair())
    assert "Interval: 1 month" in card(hair(), audience=CLINIC)


def test_a_clinic_without_name_address_and_contact_has_a_card_too() -> None:
    plan = hair()
    bare = plan._replace(clinic=replace(plan.clinic, name="", address="", contact=""))
    html = card(bare)
    assert not page(html).all("address")
    assert page(html).all("title")[0].text == "Your appointments"


def test_a_regimen_without_care_has_a_card_of_dates_alone() -> None:
    plan = hair(regimen=replace(HAIR, care=Care(), reviews=()))
    html = card(plan, audience=CLINIC)
    assert not page(html).of("entries")
    assert not page(html).all("aside")
    assert len(rows(html)) == 9


def test_one_appointment_alone_is_not_drawn() -> None:
    assert not page(card(alone())).of("course")
    assert page(card(hair())).of("course")


def test_the_same_input_gives_the_same_bytes() -> None:
    assert card(hair(), "ar") == card(hair(), "ar")


def test_a_text_without_a_translation_says_so() -> None:
    own = Statement(Text.english("Bring the blue form"), (), Lasting.parse("1 day"))
    plan = hair(regimen=replace(HAIR, care=Care(before=(own,))))
    (said,) = [each for each in page(card(plan, "ar")).all("bdi") if "blue" in each.text]
    assert said.attributes == {"dir": "auto", "lang": "en"}


# ---- Whose it is ---------------------------------------------------------------------------------


@pytest.mark.parametrize("audience", AUDIENCES)
def test_a_card_says_whose_course_it_is(audience: str) -> None:
    plan = hair()
    assert card_course(card(plan, audience=audience)) == identity_of(plan, audience).id


@pytest.mark.parametrize(
    "text",
    [
        *("", "no card", "<html><head><title>x</title></head></html>", "<![x", "<!doctype", "\x00"),
        "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        '<body><meta name="meso-sched-course" content="x">',
        '<meta name="meso-sched-course">',
        '<style></style><meta name="meso-sched-course" content="x">',
        " " * 5000 + '<meta name="meso-sched-course" content="x">',
        "<" * 100_000,
    ],
    ids=lambda text: ascii(text[:30]),
)
def test_any_other_text_is_no_card(text: str) -> None:
    assert card_course(text) is None


@given(st.text(st.sampled_from("<>![]-/='\" \nametcontd&#;")))
def test_no_text_breaks_the_reading_of_a_card(text: str) -> None:
    assert card_course(text) is None


def test_a_name_cannot_make_a_card_anothers() -> None:
    plan = hair()
    forged = '"><meta name="meso-sched-course" content="forged">'
    other = plan._replace(clinic=replace(plan.clinic, name=forged))
    assert card_course(card(other)) == identity_of(other, PATIENT).id


# ---- Text stays text -----------------------------------------------------------------------------


def everywhere(text: str) -> Plan:
    """A course that has a text wherever one may stand: the clinic's card says it all."""
    said = Statement(Text.english(text), (text,))
    dated = said._replace(lasting=Lasting.parse("2 days"))
    care = Care((said, dated), (dated,), (dated,), (said,), (said,), (said,), (said,))
    regimen = replace(
        HAIR,
        title=Text.english(text),
        phases=(phase(text, "2", "1 week"), phase("other", "1", "1 week")),
        care=care,
        reviews=(Review(Text.english(text), None, None),),
    )
    course = make_course(regimen, Choices(), start=START, patient=text)
    place = replace(clinic(week("08:00-20:00")), name=text, address=text, contact=text)
    return make_plan(PlanRequest(course, place))


def shape(element: Element) -> tuple[Any, ...]:
    """The elements without their text; a code is as large as what it holds."""
    if element.tag == "path" or "code" in (element.attributes.get("class") or ""):
        return (element.tag,)
    names = tuple(sorted(element.attributes))
    return (element.tag, names, tuple(shape(child) for child in element.children))


@cache
def harmless(audience: str, today: date) -> tuple[Any, ...]:
    return shape(page(card(everywhere("harmless"), "ar", audience, today)))


def assert_text_only(text: str, audience: str, today: date = EVE) -> None:
    html = card(everywhere(text), "ar", audience, today)
    read = Page(html)
    assert shape(read.root) == harmless(audience, today)
    assert not read.comments
    free = [each.text for each in read.root.all("bdi")]
    assert free.count(plain(text)) >= PLACES[audience]
    html.encode()


PLACES = {PATIENT: 9, CLINIC: 17}


@pytest.mark.parametrize("audience", PLACES)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_markup_in_any_text_is_text(text: str, audience: str) -> None:
    assert_text_only(text, audience)


def is_told_as_it_is(text: str) -> bool:
    """Whether a text shows, and is none of the tool's own, which Arabic has words for."""
    return bool(plain(text).strip()) and plain(text) not in translations("ar")


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=1).filter(is_told_as_it_is))
def test_whatever_the_text_it_comes_out_as_text(text: str) -> None:
    # When all is over there is no code, which takes its time.
    assert_text_only(text, CLINIC, date(2028, 1, 1))


# ---- The code ------------------------------------------------------------------------------------


def appointment(summary: str = "Appointment", place: str = "", address: str = "") -> Appointment:
    return Appointment("0" * 36, hair().booked[0].slot, STAMP, summary, place, address)


@pytest.mark.parametrize(
    ("place", "address", "kept"),
    [
        ("Clinic", "Street 1", ["Clinic", "Street 1"]),
        ("Clinic", "Street " * 100, ["Clinic"]),
        ("Clinic " * 100, "Street 1", []),
        ("Clinic " * 1000, "Street " * 1000, []),
        (
            "\u0639\u064a\u0627\u062f\u0629 \U0001f469",
            "",
            ["\u0639\u064a\u0627\u062f\u0629 \U0001f469"],
        ),
    ],
    ids=["short", "long address", "long name", "too long", "other letters"],
)
def test_a_code_stays_small_whatever_the_clinic_is_called(
    place: str, address: str, kept: list[str]
) -> None:
    code = draw(appointment(place=place, address=address))
    assert code.side <= 77
    (found,) = zxingcpp.read_barcodes(rastered(code))
    text = found.bytes.decode()
    for each in ("Clinic", "Street", "\u0639"):
        assert (each in text) is any(each in word for word in kept)


def rastered(code: Code, scale: int = 4, quiet: int = 4) -> memoryview:
    """A code's path as grey pixels, with its white margin of so many modules."""
    width = (code.side + 2 * quiet) * scale
    pixels = bytearray(b"\xff" * width**2)
    for found in re.finditer(r"M(\d+) (\d+)h(\d+)v1h-\d+z", code.path):
        x, y, length = (int(each) * scale for each in found.groups())
        for line in range(scale):
            begin = (y + line + quiet * scale) * width + x + quiet * scale
            pixels[begin : begin + length] = bytes(length)
    return memoryview(pixels).cast("B", (width, width))


def test_an_event_in_a_code_is_a_calendar_of_content_lines() -> None:
    data = to_ics(appointment(place="A; B, C\\D\nBEGIN:VALARM"))
    assert data.startswith(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:")
    assert data.endswith(b"END:VEVENT\r\nEND:VCALENDAR\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    (event,) = Calendar.from_ical(data).walk("VEVENT")
    assert event["SUMMARY"] == "Appointment, A; B, C\\D\nBEGIN:VALARM"


# ---- In a browser --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


Show = Callable[[str], Shown]


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Show]:
    context = browser.new_context(device_scale_factor=3)

    def shown(html: str) -> Shown:
        file = tmp_path / "card.html"
        file.write_bytes(html.encode())
        return Shown(context.new_page(), file)

    yield shown
    context.close()


SIZES: dict[str, Callable[[], Plan]] = {
    "1": alone,
    "3": lambda: hair(3, 0, 0),
    "9": hair,
    "15": lambda: hair(6, 3, 6),
}


def three_reviews() -> Plan:
    first = HAIR.reviews[0]
    return hair(6, 3, 6, regimen=replace(HAIR, reviews=(first, *HAIR.reviews)))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_is_one_page(show: Show, language: str, size: str) -> None:
    shown = show(card(SIZES[size](), language, PLAIN))
    for paper in FORMATS:
        assert len(shown.printed(paper).pages) == 1, paper
    assert not shown.requests
    assert not shown.complaints


@pytest.mark.parametrize("language", LANGUAGES)
def test_fifteen_sessions_and_three_follow_up_visits_are_one_page(
    show: Show, language: str
) -> None:
    plan = with_status(three_reviews(), STATUSES)
    assert len(plan.booked) + len(plan.reviews) == 18
    shown = show(card(plan, language, PLAIN, date(2027, 1, 10)))
    assert [len(shown.printed(paper).pages) for paper in FORMATS] == [1, 1]


def test_the_clinics_card_has_its_lists_on_the_back(show: Show) -> None:
    for paper in FORMATS:
        front, back = show(card(hair(6, 3, 6), "de", CLINIC)).printed(paper).pages
        assert "10:30" in front.extract_text()
        assert "Checkliste" in back.extract_text() or "Checklist" in back.extract_text()
        assert "P-1042" in back.extract_text()


def test_a_long_course_breaks_between_rows_and_repeats_the_tables_head(show: Show) -> None:
    plan = hair(20, 10, 20)
    for paper in FORMATS:
        texts = [each.extract_text() for each in show(card(plan)).printed(paper).pages]
        assert len(texts) == 2
        assert all("Appointment\n" in text or "Appointment Date" in text for text in texts)
        told = "\n".join(texts)
        for each in plan.booked:
            assert f"{each.start:%b %Y} 10:30".lstrip("0") in told


@pytest.mark.parametrize("width", [320, 360, 800, 1280])
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_overflows_a_window(show: Show, language: str, width: int) -> None:
    for plan in (alone(), with_status(hair(6, 3, 6), STATUSES)):
        shown = show(card(plan, language, PLAIN, date(2027, 1, 10))).resized(width)
        assert shown.overflow == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_overflows_the_paper(show: Show, language: str) -> None:
    for plan in (alone(), with_status(hair(6, 3, 6), STATUSES), hair(20, 10, 10)):
        shown = show(card(plan, language, CLINIC))
        assert [shown.on_paper(width) for width in (703, 725)] == [[], []]


@pytest.mark.parametrize("text", [LONG_TEXT, LONG_WORD], ids=["text", "word"])
def test_a_text_of_ten_thousand_letters_is_printed_whole(show: Show, text: str) -> None:
    plan = everywhere(text)
    for audience in PLACES:
        shown = show(card(plan, audience=audience))
        assert shown.resized(360).overflow == []
        assert shown.on_paper(703) == []
    printed = "".join(each.extract_text() for each in show(card(plan)).printed("A4").pages)
    assert printed.count("last") == PLACES[PATIENT]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_browser_finds_nothing_to_run_or_fetch(show: Show, text: str) -> None:
    shown = show(card(everywhere(text), audience=CLINIC))
    assert not shown.requests
    assert not shown.complaints
    assert shown.resized(360).overflow == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_axe_finds_nothing(show: Show, language: str, scheme: str) -> None:
    plan = with_status(hair(6, 3, 6), STATUSES)
    shown = show(card(plan, language, CLINIC, date(2027, 1, 10)))
    shown.lit("dark" if scheme == "dark" else "light")
    for width in (360, 1280):
        found = Axe().run(shown.resized(width).page)
        assert not found.response["violations"], found.generate_report()


def test_arabic_runs_from_the_right(show: Show) -> None:
    left, right = show(card(hair(), "en")).resized(1280), show(card(hair(), "ar")).resized(1280)
    assert left.place(".dates")["x"] < left.place(".care")["x"]
    assert right.place(".dates")["x"] > right.place(".care")["x"]
    assert left.place("h1")["x"] < left.place(".code svg")["x"]
    assert right.place("h1")["x"] > right.place(".code svg")["x"]
    marks = "svg.lane use"
    assert left.place(marks)["x"] < left.place(f"li:last-child {marks}")["x"]
    assert right.place(marks)["x"] > right.place(f"li:last-child {marks}")["x"]


def test_paper_is_white_whatever_the_screen_is(show: Show) -> None:
    shown = show(card(hair())).lit("dark")
    assert shown.style(".sheet", "backgroundColor") == "rgb(23, 29, 28)"
    shown.page.emulate_media(media="print", color_scheme="dark")
    assert shown.style(".sheet", "backgroundColor") == "rgb(255, 255, 255)"
    assert shown.style("body", "color") == "rgb(0, 0, 0)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_telephone_reads_the_next_appointment(show: Show, language: str, scheme: str) -> None:
    plan = hair()
    shown = show(card(plan, language, today=date(2027, 1, 10)))
    shown.lit("dark" if scheme == "dark" else "light")
    (found,) = zxingcpp.read_barcodes(shown.photographed(".code svg"))
    (event,) = Calendar.from_ical(found.bytes).events
    second = plan.booked[1]
    assert (event.start, event.end) == (second.start, second.end)
    assert event["UID"] == course_file(plan, Edition(PATIENT), STAMP).events[1].uid
    assert event.DTSTAMP == STAMP
    assert str(event["SUMMARY"]).endswith(", Praxis Dr. Ayd\u0131n")
    assert event["LOCATION"] == "Ba\u011fdat Caddesi 12/3, 34710 \u0130stanbul"
    assert set(event) == {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "LOCATION"}


# ---- As before -----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_is_as_before(language: str) -> None:
    """``UPDATE_SNAPSHOTS=1 pytest tests/test_card.py`` writes them anew; read the difference."""
    path = SNAPSHOTS / f"{language}.html"
    found = card(with_status(hair(), {1: Status.FULFILLED}), language, today=date(2027, 1, 10))
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(found.encode())
    assert path.is_file(), f"{path} is missing: UPDATE_SNAPSHOTS=1 writes it"
    assert found == path.read_bytes().decode()
