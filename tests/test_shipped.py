"""The shipped schedules.toml says what its sources say: no figure changed, lost or invented.

The tables below are written from the sources, not from the file, and are read with plain tomllib:
this spec holds whatever the loader does.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SHIPPED: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "schedules.toml").read_text(encoding="utf-8")
)
REGIMENS: dict[str, Any] = SHIPPED["regimens"]
MESOTHERAPY: dict[str, Any] = SHIPPED["care"]["mesotherapy"]

Phase = tuple[str, str, str, bool, str | None]  # name, sessions, every, optional, flex

CLASSIC: list[Phase] = [
    ("weekly", "4-6", "1 week", False, None),
    ("biweekly", "2", "15 days", False, None),
    ("monthly", "1+", "1 month", True, None),
]
WITHOUT_FIGURES: list[Phase] = [("series", "?", "?", False, None)]
S4_SERIES: list[Phase] = [*WITHOUT_FIGURES, ("maintenance", "1+", "?", True, None)]

PHASES: dict[str, list[Phase]] = {
    "hair": [
        ("weekly", "4-6", "1 week", False, None),
        ("biweekly", "2-3", "15 days", False, None),
        ("monthly", "3+", "1 month", False, "-7/+0 days"),
    ],
    "face": [
        ("series", "4+", "1-4 weeks", False, None),
        ("maintenance", "1+", "1 month", True, None),
    ],
    "cellulite": [("series", "4-10", "?", False, None)],
    "slimming": [("series", "?", "7-14 days", False, None)],
    "classic": CLASSIC,
    "pain": CLASSIC,
    "rejuvenation": S4_SERIES,
    "stretch-marks": S4_SERIES,
    "alopecia": S4_SERIES,
    "prp": WITHOUT_FIGURES,
    "needle-free": WITHOUT_FIGURES,
    "prp-hair": [
        ("monthly", "3", "1 month", False, None),
        ("booster", "1", "3 months", False, None),
    ],
    "prp-microneedling": [("series", "4-6", "4 weeks", False, None)],
    "knee-pain": [("series", "2", "10 days", False, None)],
    "face-polycomponent": [
        ("biweekly", "3", "2 weeks", False, None),
        ("four-weekly", "2", "4 weeks", False, None),
    ],
}

SOURCES_AND_LENGTH: dict[str, tuple[str, str | None]] = {
    "hair": ("S0", "30-60 minutes"),
    "face": ("S0", "30-60 minutes"),
    "cellulite": ("S1", "30-60 minutes"),
    "slimming": ("S0", "30-60 minutes"),
    "classic": ("S3", "30-60 minutes"),
    "pain": ("S3", "30-60 minutes"),
    "rejuvenation": ("S4", "30 minutes"),
    "stretch-marks": ("S4", "30 minutes"),
    "alopecia": ("S4", "30 minutes"),
    "prp": ("S1", "30-60 minutes"),
    "needle-free": ("S1", "30-60 minutes"),
    "prp-hair": ("RCT2018", None),
    "prp-microneedling": ("PMC8423195", None),
    "knee-pain": ("PMC7421712", None),
    "face-polycomponent": ("10.25289/ML.2018.7.2.69", None),
}
PUBLISHED = {"prp-hair", "prp-microneedling", "knee-pain", "face-polycomponent"}

# One row an item, in any order: words that single it out, its figure, its sources.
CARE: dict[str, list[tuple[str, str | None, list[str]]]] = {
    "before": [
        ("caffeine, alcohol or cigarettes", "2 weeks", ["S1"]),
        ("foods that contain protein", None, ["S1"]),
        ("blood thinners: stop them only under your doctor's", "4-5 days", ["S1", "S3"]),
        ("rivaroxaban group: stop them only under your doctor's", "1-2 days", ["S1", "S3"]),
        ("tell the doctor", None, ["S3"]),
    ],
    "after": [
        ("water for at least", "15 minutes", ["S1"]),
        ("demanding movements", "48 hours", ["S1"]),
        ("make-up", "1 day", ["S1"]),
        ("tight clothes", None, ["S1"]),
        ("clean", None, ["S1"]),
        ("sun", None, ["S1"]),
    ],
    "expect": [
        ("bruising and redness", "1-2 days", ["S1"]),
        ("swelling", "1 day", ["S1"]),
    ],
    "call": [
        (word, None, ["S1"])
        for word in ("severe skin reaction", "nausea", "vomiting", "edema", "rash", "infection")
    ],
    "screening": [
        (word, None, ["S1"])
        for word in (
            "pregnancy",
            "breastfeeding",
            "cancer",
            "urticaria",
            "coagulation disorder",
            "stroke",
            "high risk of an allergic reaction to the mixture",
            "insulin-dependent diabetes",
            "heart disease",
        )
    ],
    "notes": [("an allergy is possible at every session", None, ["S3"])],
}

TECHNIQUE: list[tuple[str, list[str]]] = [
    ("intraepidermic up to 1 mm", ["S3"]),
    ("intradermic 1-4 mm", ["S3"]),
    ("hypodermic 4-10 mm", ["S3"]),
    ("never deeper than 10 mm", ["S3"]),
    ("2-4 mm on the scalp", ["S0"]),
    ("depth of 2-4 mm", ["S0"]),
    ("1-4 mm, by purpose", ["S2"]),
    ("0.5-2 cm apart, 1-10 mm deep", ["S4"]),
    ("no more than 5 substances", ["S3"]),
    ("aseptic", ["S3"]),
    ("adrenaline, an antihistamine and respiratory support", ["S3"]),
    ("nappage by hand or with a gun", ["S3", "S4"]),
    ("painful points", ["S3"]),
    ("own blood", ["S1"]),
    ("ultrasonic device", ["S1"]),
]

GENERAL_REVIEWS = [("session 2-3", None, ["S1"]), ("last", "1 month", ["S1"])]
KNEE_REVIEWS = [("last", f"{weeks} weeks", ["PMC7421712"]) for weeks in (2, 4, 8)]

# Every figure that may stand in a text (not in a phase): the sources know no other.
FIGURES_IN_TEXTS = {
    *("2 weeks", "4-5 days", "1-2 days", "15 minutes", "1 day", "48 hours"),
    *("1 mm", "1-4 mm", "4-10 mm", "10 mm", "2-4 mm", "0.5-2 cm", "1-10 mm"),
    *("5 substances", "stages 1-2", "stage 3", "4 weeks", "8 weeks", "2018"),
}

FIELDS = ("before", "after", "expect", "call", "screening", "notes", "technique")
TIME_KEY = {"before": "from", "after": "for", "expect": "for"}


def items() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every item of the file as (the table it stands in, its field, the item)."""
    for kind in ("care", "regimens"):
        for name, table in SHIPPED[kind].items():
            for field in FIELDS:
                for item in table.get(field, []):
                    yield f"{kind}.{name}", field, item


def texts() -> Iterator[str]:
    """Every text that a patient or clinician reads, but the list of sources."""
    for _, _, item in items():
        yield item["what"]
    for regimen in REGIMENS.values():
        yield regimen["title"]
        yield regimen["evidence"]
        for review in regimen.get("reviews", []):
            yield review["name"]
        for phase in regimen["phases"]:
            yield phase["name"]


def technique_of(regimen: str) -> list[dict[str, Any]]:
    """The regimen's own technique and that of its care lists, as a clinician sees it."""
    tables = [REGIMENS[regimen], *(SHIPPED["care"][name] for name in REGIMENS[regimen]["care"])]
    return [item for table in tables for item in table.get("technique", [])]


def test_every_regimen_of_the_sources_is_there_in_their_order() -> None:
    assert list(REGIMENS) == list(PHASES)


@pytest.mark.parametrize("regimen", PHASES)
def test_phases_have_the_figures_of_the_source(regimen: str) -> None:
    found = [
        (p["name"], p["sessions"], p["every"], p.get("optional", False), p.get("flex"))
        for p in REGIMENS[regimen]["phases"]
    ]
    assert found == PHASES[regimen]


@pytest.mark.parametrize("regimen", PHASES)
def test_source_and_length_are_those_of_the_guide(regimen: str) -> None:
    source, length = SOURCES_AND_LENGTH[regimen]
    assert (REGIMENS[regimen]["sources"], REGIMENS[regimen].get("length")) == ([source], length)
    from_elsewhere = ["S3"] if length == "30-60 minutes" and source != "S3" else None
    assert REGIMENS[regimen].get("length_sources") == from_elsewhere


@pytest.mark.parametrize("field", CARE)
def test_care_has_each_fact_once_with_its_figure_and_source(field: str) -> None:
    key = TIME_KEY.get(field, "for")
    assert len(MESOTHERAPY[field]) == len(CARE[field])
    for words, figure, sources in CARE[field]:
        matches = [item for item in MESOTHERAPY[field] if words in item["what"].lower()]
        assert [(m.get(key), m["sources"]) for m in matches] == [(figure, sources)], words


@pytest.mark.parametrize("field", ["before", "after"])
def test_a_figure_in_the_words_of_a_care_item_is_the_one_in_its_key(field: str) -> None:
    for item in MESOTHERAPY[field]:
        assert re.findall(r"\d[\d-]* \w+", item["what"]) == (
            [item[TIME_KEY[field]]] if TIME_KEY[field] in item else []
        )


def test_limits_that_are_at_least_say_so() -> None:
    at_least = {i["what"] for f in ("before", "after") for i in MESOTHERAPY[f]}
    for figure in ("2 weeks", "4-5 days", "15 minutes", "1 day"):
        assert any(f"at least {figure}" in what for what in at_least), figure


def test_tell_the_doctor_names_every_condition_before_the_first_session() -> None:
    (what,) = (i["what"].lower() for i in MESOTHERAPY["before"] if "tell the doctor" in i["what"])
    for word in ("first session", "liver", "kidney", "diabetes", "heart", "allergy", "medicines"):
        assert word in what, word


def test_blood_thinners_are_never_stopped_without_the_doctor() -> None:
    thinners = [i["what"] for i in MESOTHERAPY["before"] if "blood thinners" in i["what"].lower()]
    assert len(thinners) == 2
    assert all("only under your doctor's supervision" in what for what in thinners)


def test_swelling_is_expected_and_a_reason_to_call_and_each_says_the_other() -> None:
    (expected,) = (i["what"] for i in MESOTHERAPY["expect"] if "welling" in i["what"])
    (called,) = (i["what"] for i in MESOTHERAPY["call"] if "welling" in i["what"])
    assert "call a doctor" in expected
    assert "normal for 1 day" in called


@pytest.mark.parametrize(("words", "sources"), TECHNIQUE, ids=[words for words, _ in TECHNIQUE])
def test_technique_keeps_the_sources_figures(words: str, sources: list[str]) -> None:
    found = [i for _, field, i in items() if field == "technique" and words in i["what"].lower()]
    assert found
    assert all(item["sources"] == sources for item in found)


@pytest.mark.parametrize("regimen", PHASES)
def test_every_regimen_keeps_the_safety_rules(regimen: str) -> None:
    assert "mesotherapy" in REGIMENS[regimen]["care"]
    shown = " ".join(item["what"] for item in technique_of(regimen))
    assert "aseptic" in shown
    assert "adrenaline" in shown


@pytest.mark.parametrize("regimen", ["needle-free", "prp-microneedling", "face-polycomponent"])
def test_a_regimen_without_injections_shows_no_injection_depth(regimen: str) -> None:
    assert not [item for item in technique_of(regimen) if " mm" in item["what"]]


@pytest.mark.parametrize("regimen", ["prp", "prp-hair", "prp-microneedling"])
def test_prp_says_that_blood_is_drawn_first(regimen: str) -> None:
    assert any("own blood" in item["what"] for item in technique_of(regimen))


@pytest.mark.parametrize("regimen", PHASES)
def test_reviews_are_the_general_ones_or_the_protocols_own(regimen: str) -> None:
    found = [(r["after"], r.get("at"), r["sources"]) for r in REGIMENS[regimen].get("reviews", [])]
    if regimen == "knee-pain":
        assert found == KNEE_REVIEWS
    else:
        assert found == ([] if regimen in PUBLISHED else GENERAL_REVIEWS)


@pytest.mark.parametrize("regimen", PHASES)
def test_evidence_names_its_source_and_claims_no_benefit(regimen: str) -> None:
    evidence = REGIMENS[regimen]["evidence"]
    if regimen in PUBLISHED:
        assert REGIMENS[regimen]["sources"][0] in evidence
        assert evidence.startswith(("One study", "One publication"))
    else:
        assert "o prospective controlled study shows a" in evidence
    if "prospective controlled study" in evidence:
        assert re.search(r"shows a (cosmetic )?benefit( of mesotherapy)? \(S3\)", evidence)
    if regimen in {"hair", "alopecia", "needle-free", "prp-hair", "prp-microneedling"}:
        assert "only finasteride and minoxidil are shown to help (S2)" in evidence


@pytest.mark.parametrize(
    ("regimen", "words", "source"),
    [
        ("hair", "underlying cause", "S0"),
        ("hair", "space them out further, or continue", "S0"),
        ("face", "age and on the condition of the skin", "S0"),
        ("cellulite", "Exercise regularly", "S1"),
        ("cellulite", "Stages 1-2 respond best; stage 3", "S3"),
        ("cellulite", "the classic rule is weekly", "S3"),
        ("slimming", "Calories", "S0"),
        ("slimming", "varies by purpose", "S0"),
        ("classic", "little, rarely, in the right spot", "S3"),
        ("classic", "if desired", "S3"),
        ("pain", "migraine", "S3"),
        ("rejuvenation", "several months", "S4"),
        ("stretch-marks", "several months", "S4"),
        ("alopecia", "several months", "S4"),
        ("alopecia", "Prefer the regimen `hair`", "S0"),
        ("needle-free", "hair, face, tightening and wrinkles", "S1"),
    ],
)
def test_notes_of_the_source_are_kept(regimen: str, words: str, source: str) -> None:
    (note,) = (n for n in REGIMENS[regimen]["notes"] if words in n["what"])
    assert source in note["sources"]


NOTES_OF_ANOTHER_SOURCE = {
    (
        "cellulite",
        "Stages 1-2 respond best; stage 3 may take more sessions, and more frequent ones",
    ),
    ("alopecia", "Prefer the regimen `hair`, whose source gives counts and intervals"),
}


@pytest.mark.parametrize("regimen", PHASES)
def test_a_note_cites_the_source_of_its_regimen(regimen: str) -> None:
    for note in REGIMENS[regimen].get("notes", []):
        if (regimen, note["what"]) not in NOTES_OF_ANOTHER_SOURCE:
            assert REGIMENS[regimen]["sources"][0] in note["sources"]


def test_no_text_holds_a_figure_that_no_source_gives() -> None:
    for text in texts():
        # Ids of sources and the name "S0" are no figures.
        bare = re.sub(r"PMC\d+|RCT\d+|doi \S+|\bS\d\b", "", text.lower(), flags=re.I)
        figures = re.findall(r"stages? [\d-]+|\d+(?:\.\d+)?(?:-\d+)?(?: [a-z]+)?", bare)
        known = [figure.split()[0] if figure.startswith("2018") else figure for figure in figures]
        assert set(known) <= FIGURES_IN_TEXTS, text


def test_only_the_hair_regimen_sets_a_tolerance_of_its_own() -> None:
    assert {r for r, t in REGIMENS.items() if any("flex" in p for p in t["phases"])} == {"hair"}


def test_every_cited_source_is_declared_and_every_declared_one_is_cited() -> None:
    cited = {source for _, _, item in items() for source in item["sources"]}
    for regimen in REGIMENS.values():
        cited.update(regimen["sources"])
        cited.update(s for review in regimen.get("reviews", []) for s in review["sources"])
        # In a text: (S2), (PMC8423195), (doi 10.…)
        cited.update(re.findall(r"\((?:doi )?(\S+)\)", regimen["evidence"]))
    assert cited == set(SHIPPED["sources"])


def test_a_publication_can_be_found_by_what_its_source_line_says() -> None:
    lines = SHIPPED["sources"]
    assert all(source in line for source, line in lines.items() if source[0] in "P1")
    assert lines["RCT2018"].endswith("single-centre blinded randomized trial, 2018")


def test_every_care_list_is_used_and_every_used_one_exists() -> None:
    assert {name for r in REGIMENS.values() for name in r["care"]} == set(SHIPPED["care"])


def test_items_have_words_and_sources_and_only_the_keys_of_their_field() -> None:
    for where, field, item in items():
        allowed = {"what", "sources", TIME_KEY.get(field, "what")}
        assert {"what", "sources"} <= set(item) <= allowed, (where, field, item)
        assert item["what"].strip(), (where, field)
        assert item["sources"], (where, field, item)


def test_tables_have_only_the_keys_of_the_format() -> None:
    assert set(SHIPPED) == {"clinic", "sources", "care", "regimens"}
    regimen_keys = {
        "title",
        "sources",
        "length",
        "length_sources",
        "care",
        "technique",
        "evidence",
        "notes",
    }
    for regimen in REGIMENS.values():
        assert set(regimen) <= regimen_keys | {"reviews", "phases"}
        for phase in regimen["phases"]:
            assert set(phase) <= {"name", "sessions", "every", "flex", "optional"}
        for review in regimen.get("reviews", []):
            assert set(review) <= {"name", "after", "at", "sources"}
    for care in SHIPPED["care"].values():
        assert set(care) <= set(FIELDS)


def test_the_clinic_is_open_monday_to_saturday_and_assumes_no_country() -> None:
    week = ("mon", "tue", "wed", "thu", "fri", "sat")
    assert SHIPPED["clinic"] == {"slot": "15 minutes", "hours": dict.fromkeys(week, "09:00-18:00")}
