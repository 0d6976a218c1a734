"""What a patient reads, in six languages: nothing missing, no figure changed, no word of advice.

The English is the key in the catalogues, of a shipped text as of the tool's own words, which are
the literals in calls of ``say``: one that changes asks for five new ones.
"""

# ruff: noqa: RUF001 (other languages have other letters)

from __future__ import annotations

import ast
import io
import re
import string
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes
from running import WITHOUT_HOLIDAYS, Desk

from meso_sched.cli.layout import visible
from meso_sched.core.regimen import Text
from meso_sched.exchange.languages import FOLDER, LANGUAGES, parse_language, translations
from meso_sched.exchange.schedules import load, shipped_file

SHIPPED = load([shipped_file()])
OTHERS = [code for code in LANGUAGES if code != "en"]
CHOICE = "Write en, tr, fr, de, es or ar."

SAME = {("fr", "Cancer"), ("fr", "Date"), ("fr", "Technique")}
ALIKE = {("fr", "Rendez-vous")}  # one and many


def _care_texts() -> Iterable[str]:
    """The statements of the care lists as written, also of one that no regimen uses."""
    care: dict[str, dict[str, list[dict[str, Any]]]] = tomllib.loads(
        shipped_file().read_text(encoding="utf-8")
    )["care"]
    return (each["what"] for lists in care.values() for items in lists.values() for each in items)


ENGLISH = {str(text) for regimen in SHIPPED.regimens.values() for text in regimen.texts}
ENGLISH |= {str(text) for text in SHIPPED.sources.values()} | set(_care_texts())


# ---- The tool's own words ------------------------------------------------------------------------


class Said(NamedTuple):
    """A call of ``say``: its words, None if they are no literal, and the values that it names."""

    where: str
    words: str | None
    values: frozenset[str | None]


def said_in_python(source: str, where: str) -> Iterator[Said]:
    """Calls of a method ``say``, also of one that a local name ``say`` stands for.

    Elsewhere the function of that name is the command line's, in English.
    """
    tree = list(ast.walk(ast.parse(source)))
    named = {value for node in tree for value in _named_say(node)}
    for node in tree:
        if isinstance(node, ast.Call) and _is_say(node.func, bare=bool(named)):
            named.add(node.func)
            words = node.args[0] if len(node.args) == 1 else None
            literal = words.value if isinstance(words, ast.Constant) else None
            yield Said(
                f"{where}:{node.lineno}",
                literal if isinstance(literal, str) else None,
                frozenset(each.arg for each in node.keywords),
            )
    for node in tree:
        if isinstance(node, ast.Attribute) and _is_say(node) and node not in named:
            yield Said(f"{where}:{node.lineno}", None, frozenset())


def _is_say(node: ast.expr, *, bare: bool = False) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "say"
    return bare and isinstance(node, ast.Name) and node.id == "say"


def _named_say(node: ast.AST) -> Iterator[ast.expr]:
    """The methods to which a name ``say`` is given, in an assignment or for a template."""
    if isinstance(node, ast.keyword) and node.arg == "say":
        yield node.value
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return
    pairs = [(node.targets[0], node.value)]
    if isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
        pairs = list(zip(node.targets[0].elts, node.value.elts, strict=True))
    yield from (
        value
        for name, value in pairs
        if isinstance(name, ast.Name) and name.id == "say" and _is_say(value)
    )


def said_in_template(source: str, where: str) -> Iterator[Said]:
    for node in Environment().parse(source).find_all(nodes.Call):
        if getattr(node.node, "attr", getattr(node.node, "name", None)) != "say":
            continue
        words = node.args[0] if len(node.args) == 1 else None
        literal = words.value if isinstance(words, nodes.Const) else None
        values = [each.key for each in node.kwargs]
        yield Said(
            f"{where}:{node.lineno}",
            literal if isinstance(literal, str) else None,
            frozenset(values if node.dyn_kwargs is None else [*values, None]),
        )


PACKAGE = FOLDER.parent
READERS = {".py": said_in_python, ".jinja": said_in_template}


def sources() -> Iterator[tuple[str, str, str]]:
    """Each file of the package: its suffix, its text and its name."""
    for path in sorted(PACKAGE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".po":
            text = path.read_text(encoding="utf-8", errors="replace")
            yield path.suffix, text, str(path.relative_to(PACKAGE))


SAID = [
    said
    for suffix, text, name in sources()
    if suffix in READERS
    for said in READERS[suffix](text, name)
]
TOOL = {said.words for said in SAID if said.words is not None}


def placeholders(text: str) -> Counter[str]:
    """The names in braces; ValueError where a brace is not one of a pair."""
    return Counter(name for _, name, *_ in string.Formatter().parse(text) if name is not None)


def slips(calls: Iterable[Said]) -> list[str]:
    """The calls that cannot be held against the catalogues, or lack a value for their words."""
    found = [f"{each.where}: not one literal" for each in calls if each.words is None]
    for where, words, values in calls:
        if words is not None and values != placeholders(words).keys():
            found.append(f"{where}: other values than {words!r} names")
    return found


def test_the_tool_says_literals_with_the_values_that_they_name() -> None:
    assert slips(SAID) == []


def test_only_code_and_templates_that_are_looked_at_say_something() -> None:
    assert [
        name for suffix, text, name in sources() if suffix not in READERS and "say(" in text
    ] == []


@pytest.mark.parametrize(
    ("suffix", "source", "found"),
    [
        (".py", 'speaker.say("Date")', "Date"),
        (".py", 'Speaker("tr").say("Printed on {day}", day=day)', "Printed on {day}"),
        (".py", 'say("the course has no --patient")', None),
        (".py", 'f"{self.words.say(\'Date\')}: {at}"', "Date"),
        (".py", 'speaker.say(\n    "from {moment}: "\n    "{what}", moment=when, what=what\n)',
         "from {moment}: {what}"),
        (".py", 'template.render(say=speaker.say)', None),
        (".py", "speaker.say(words)", "x:1: not one literal"),
        (".py", 'speaker.say(f"{words}")', "x:1: not one literal"),
        (".py", 'speaker.say("Date" if day else "Time")', "x:1: not one literal"),
        (".py", 'speaker.say("Date", "Time")', "x:1: not one literal"),
        (".py", "map(speaker.say, words)", "x:1: not one literal"),
        (".py", "tell = speaker.say", "x:1: not one literal"),
        (".py", 'say = speaker.say\nsay("Date")', "Date"),
        (".py", 'say, course = self.speaker.say, plan.course\nsay("Date")', "Date"),
        (".py", "say = speaker.say\nsay(words)", "x:2: not one literal"),
        (".py", 'speaker.say("Done: {what}")', "x:1: other values than 'Done: {what}' names"),
        (".py", 'speaker.say("Date", what=what)', "x:1: other values than 'Date' names"),
        (".py", 'speaker.say("Date", **values)', "x:1: other values than 'Date' names"),
        (".jinja", '<h1>{{ say("Date") }}</h1>', "Date"),
        (".jinja", '<b>{{ speaker.say("Printed on {day}", day=day)|e }}</b>', "Printed on {day}"),
        (".jinja", '{% if say("Date") %}{% endif %}', "Date"),
        (".jinja", "\n{{ say(words) }}", "x:2: not one literal"),
        (".jinja", '{{ say("Done: " ~ what) }}', "x:1: not one literal"),
        (".jinja", '{{ say("Done: {what}") }}', "x:1: other values than 'Done: {what}' names"),
        (".jinja", '{{ say("Date", **values) }}', "x:1: other values than 'Date' names"),
    ],
)  # fmt: skip
def test_what_is_said_is_found(suffix: str, source: str, found: str | None) -> None:
    said = list(READERS[suffix](source, "x"))
    told: list[str | None] = [*slips(said)]
    assert (told or [each.words for each in said]) == ([] if found is None else [found])


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_same_values_and_nothing_grown_onto_them(language: str) -> None:
    said = {text: words for text, words in translations(language).items() if text in TOOL}
    assert {text: placeholders(words) for text, words in said.items()} == {
        text: placeholders(text) for text in said
    }
    assert [words for words in said.values() if re.search(r"\w\{|\}['’\w]", words)] == []


@pytest.fixture
def desk(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    return Desk(tmp_path, monkeypatch, capsys)


# ---- The catalogues ------------------------------------------------------------------------------


def catalogue(language: str) -> Catalog:
    data = (FOLDER / f"{language}.po").read_bytes()
    return read_po(io.BytesIO(data), abort_invalid=True)


def faults(found: Catalog, english: Iterable[str]) -> list[str]:
    """What keeps a catalogue from saying each English text, and nothing else."""
    said = {str(message.id): message for message in found if message.id}
    return sorted(
        [
            *(f"missing: {text}" for text in set(english) - said.keys()),
            *(f"stale: {text}" for text in said.keys() - set(english)),
            *(f"stale: {text}" for text in found.obsolete),
            *(f"fuzzy: {text}" for text, message in said.items() if message.fuzzy),
            *(
                f"empty: {text}"
                for text, message in said.items()
                if not str(message.string).strip()
            ),
        ]
    )


def test_there_is_a_catalogue_for_every_language_but_english() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(f"{x}.po" for x in OTHERS)


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_and_word_is_translated_and_nothing_else(language: str) -> None:
    assert faults(catalogue(language), ENGLISH | TOOL) == []


def test_a_translation_that_is_missing_empty_fuzzy_or_stale_is_found() -> None:
    text = """\
msgid "Nausea"
msgstr "Bulantı"

#, fuzzy
msgid "Vomiting"
msgstr "Kusma"

msgid "A rash"
msgstr ""

msgid "Fever"
msgstr "Ateş"

#~ msgid "Cough"
#~ msgstr "Öksürük"
"""
    found = read_po(io.BytesIO(text.encode()))
    assert faults(found, ["Nausea", "Vomiting", "A rash", "Cancer"]) == [
        *("empty: A rash", "fuzzy: Vomiting", "missing: Cancer", "stale: Cough", "stale: Fever"),
    ]


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_says_what_it_is(language: str) -> None:
    found = catalogue(language)
    header = {key.lower(): value for key, value in found.mime_headers}
    assert header["language"] == language
    assert header["content-type"] == "text/plain; charset=utf-8"
    assert found.num_plurals == {"ar": 6}.get(language, 2)
    (FOLDER / f"{language}.po").read_text(encoding="utf-8")


def figures(text: str) -> Counter[str]:
    """The numbers of a text; a comma inside one is a point."""
    return Counter(re.findall(r"[0-9]+(?:\.[0-9]+)*", re.sub(r"(?<=[0-9]),(?=[0-9])", ".", text)))


@pytest.mark.parametrize("language", OTHERS)
def test_every_figure_stands_in_the_translation_and_no_other(language: str) -> None:
    said = translations(language)
    assert {text: figures(words) for text, words in said.items()} == {
        text: figures(text) for text in said
    }
    digits = {letter for text in said.values() for letter in text if letter.isdigit()}
    assert digits <= set("0123456789")


@pytest.mark.parametrize("language", ["tr", "de", "fr", "es"])
def test_a_range_stays_a_range(language: str) -> None:
    for english, words in translations(language).items():
        ranges = re.findall(r"[0-9.]*[0-9]-[0-9]+", english)
        assert re.findall(r"[0-9.]*[0-9]-[0-9]+", words.replace(",", ".")) == ranges


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_no_word_stays_as_it_is(language: str) -> None:
    """Sources, identifiers and names of regimens; in a shipped text nothing is filled in."""
    kept = re.compile(r"`[^`]+`|knee-pain|\bS[0-4]\b|PMC[0-9]+|RCT[0-9]+|10\.25289/[\w.]+|PRP")
    for english, words in translations(language).items():
        assert set(kept.findall(words)) == set(kept.findall(english)), words
        assert re.search(r"[{}%<>]" if english in ENGLISH else "[%<>]", words) is None


SUPERVISED = {
    "tr": "yalnızca doktorunuzun gözetiminde",
    "fr": "uniquement sous la surveillance de votre médecin",
    "de": "nur unter Aufsicht Ihres Arztes oder Ihrer Ärztin",
    "es": "solo bajo la supervisión de su médico",
    "ar": "لا توقفوها إلا تحت إشراف طبيبكم",
}


@pytest.mark.parametrize("language", OTHERS)
def test_nobody_is_told_to_stop_a_blood_thinner_alone(language: str) -> None:
    lines = [text for text in ENGLISH if text.startswith("Blood thinners")]
    assert len(lines) == 2
    assert all("only under your doctor's supervision" in line for line in lines)
    assert all(SUPERVISED[language] in translations(language)[line] for line in lines)


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_is_in_its_language(language: str) -> None:
    said = translations(language)
    same = {(language, text) for text in said if said[text] == text}
    worded = {text for text in said if re.sub(r"\{\w+\}|\W", "", text)}
    assert {(code, text) for code, text in same if text in worded} <= SAME
    arabic = {text for text, words in said.items() if re.search("[\u0600-\u06ff]", words)}
    assert worded & arabic == (worded if language == "ar" else set())
    assert {text: visible(words) for text, words in said.items()} == said


@pytest.mark.parametrize("language", OTHERS)
def test_two_texts_are_not_translated_alike(language: str) -> None:
    times = Counter(translations(language).values())
    assert {(language, words) for words in times if times[words] > 1} <= ALIKE


# ---- Which language ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *((code, code) for code in LANGUAGES),
        *((name.own, code) for code, name in LANGUAGES.items()),
        *((name.english, code) for code, name in LANGUAGES.items()),
        *[("TR", "tr"), (" tr ", "tr"), ("tr-TR", "tr"), ("tr_TR.UTF-8", "tr")],
        *[("de_AT@euro", "de"), ("es-419", "es"), ("ar-Arab-EG", "ar"), ("fr_CA.UTF-8", "fr")],
        *[("türkçe", "tr"), ("TÜRKÇE", "tr"), ("turkce", "tr"), ("FRANÇAIS", "fr")],
        ("espanol", "es"),
    ],
)  # fmt: skip
def test_a_language_is_known_by_its_code_its_locale_and_its_name(text: str, code: str) -> None:
    assert parse_language(text) == code


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        *[("tl", '; did you mean "tr"?'), ("turkis", '; did you mean "Turkish"?')],
        *[("Deutch", '; did you mean "Deutsch"?'), ("عربية", '; did you mean "العربية"?')],
        *[("", "."), ("C", "."), ("xx", "."), ("zh-Hant", "."), ("Klingon", ".")],
    ],
)
def test_an_unknown_language_is_told_with_the_nearest(text: str, advice: str) -> None:
    told = f'"{text}" is not a known language{advice} {CHOICE}'
    with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
        parse_language(text)


@pytest.mark.parametrize("text", ["tr_", "tr-", "tr TR", "tr.", "tr@", "tr-T", "tr/TR", "tr\nTR"])
def test_what_only_begins_as_a_locale_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="not a known language"):
        parse_language(text)


@pytest.mark.parametrize(
    "args", [("show", "hair"), ("plan", "hair", "--start", "2027-01-05")], ids=" ".join
)
def test_an_unknown_language_on_the_command_line(desk: Desk, args: tuple[str, ...]) -> None:
    result = desk.run(*args, "--lang", "tl")
    told = f'meso-sched: --lang: "tl" is not a known language; did you mean "tr"? {CHOICE}\n'
    assert (result.code, result.out, result.err) == (2, "", told)


# ---- Showing and planning ------------------------------------------------------------------------


def wide(desk: Desk) -> Desk:
    """No text is broken at the end of a line."""
    desk.setenv("COLUMNS", "2000")
    return desk


@pytest.mark.parametrize("regimen", SHIPPED.regimens)
@pytest.mark.parametrize("language", OTHERS)
def test_a_template_is_shown_without_an_english_sentence(
    desk: Desk, regimen: str, language: str
) -> None:
    shown = wide(desk).run("show", regimen, "--lang", language).out
    found = SHIPPED.regimens[regimen]
    english = {str(text) for text in found.texts}
    english |= {str(SHIPPED.sources[key]) for key in found.all_sources}
    lines = {re.sub(r" [(\[].*", "", line.removeprefix("- ")) for line in shown.splitlines()}
    for text in english:
        assert translations(language)[text] in shown
        if (language, text) not in SAME:
            assert text not in lines
            assert len(text.split()) < 3 or text not in shown


def test_in_english_a_template_is_shown_as_the_file_has_it(desk: Desk) -> None:
    assert desk.run("show", "hair", "--lang", "English") == desk.run("show", "hair")
    assert "Hair mesotherapy (scalp)" in desk.run("show", "hair").out


def test_json_is_in_the_language_too(desk: Desk) -> None:
    document = desk.run("show", "hair", "--json", "--lang", "de").document
    assert document["regimen"]["title"] == "Mesotherapie der Haare (Kopfhaut)"
    assert document["regimen"]["screening"][0]["what"] == "Schwangerschaft"
    assert document["sources"]["S3"].startswith("Seite eines plastischen Chirurgen")


def test_a_figure_that_the_translation_has_is_not_told_again(desk: Desk) -> None:
    shown = wide(desk).run("show", "hair", "--lang", "tr").out
    assert "48 saat boyunca zorlayıcı hareketlerden kaçının (S1)\n" in shown
    assert "Kendiliğinden geçen morarma ve kızarıklık [1-2 days] (S1)\n" in shown


def test_the_clinics_language_holds_unless_another_is_asked_for(desk: Desk) -> None:
    desk.write("schedules.toml", WITHOUT_HOLIDAYS + 'language = "tr_TR.UTF-8"\n')
    assert desk.run("show", "hair").out.startswith("Saç mezoterapisi (saçlı deri) (hair)\n")
    assert desk.run("show", "hair", "--lang", "ES").out.startswith("Mesoterapia capilar")
    assert desk.run("show", "hair", "--lang", "en").out.startswith("Hair mesotherapy")
    desk.write("own.toml", '[clinic]\nlanguage = "fr"\n')
    later = desk.run("show", "hair", "--schedules", "own.toml").out
    assert later.startswith("Mésothérapie capillaire")


def test_a_plan_has_its_title_in_the_language(desk: Desk) -> None:
    desk.write("schedules.toml", WITHOUT_HOLIDAYS)
    plan = ("plan", "hair", "--start", "2027-01-05", "--patient", "P1", "--for", "clinic")
    shown = desk.run(*plan, "--lang", "ar", "-o", "P1.ics")
    assert shown.code == 0
    assert shown.out.startswith("ميزوثيرابي الشعر (فروة الرأس), P1, course 1")
    text = desk.files()["P1.ics"].decode().replace("\r\n ", "")
    assert "SUMMARY:P1 (1/9) ميزوثيرابي الشعر (فروة الرأس)\\, weekly" in text
    desk.write("schedules.toml", WITHOUT_HOLIDAYS + 'language = "de"\n')
    assert desk.run(*plan).out.startswith("Mesotherapie der Haare (Kopfhaut), P1")


# ---- A clinic's own texts ------------------------------------------------------------------------

OWN = """\
[regimens.ours]
title = { en = "Our way", tr = "Bizim yol" }
evidence = "Nobody has looked"
notes = [
  { what = "Nausea" },
  { what = { en = "Vomiting", tr = "İstifra" } },
]
reviews = [{ name = "A look", after = "last" }]
phases = [{ name = "weekly", sessions = 4, every = "1 week" }]
[care.ours]
after = [
  { what = "Drink tea", for = "1 day" },
  { what = "Rest" },
]
"""


def test_a_clinics_own_words_win_then_the_catalogues_then_english(desk: Desk) -> None:
    desk.write("schedules.toml", OWN)
    shown = desk.run("show", "ours", "--lang", "tr").out
    for words in ("Bizim yol (ours)", "- İstifra", "- Bulantı", "Nobody has looked", "- A look:"):
        assert words in shown
    assert "Our way (ours)" in desk.run("show", "ours", "--lang", "de").out


def warnings(desk: Desk, *args: str) -> list[str]:
    """What ``check`` warns of, which is no mistake."""
    result = desk.run("check", *args)
    assert result.code == 0
    assert re.search(r" regimens, no problems(, [0-9]+ warnings?)?\n$", result.err)
    told = [
        line.removeprefix("meso-sched: warning: ")
        for line in result.err.splitlines()
        if "warning: " in line
    ]
    document = desk.run("check", *args, "--json").document
    assert [f"{each['where']}: {each['message']}" for each in document["warnings"]] == told
    return told


def test_check_warns_of_texts_that_lack_the_clinics_language(desk: Desk) -> None:
    desk.write("schedules.toml", OWN)
    desk.write("clinic.toml", '[clinic]\nlanguage = "tr"\n')
    english = "patients read it in English"
    assert warnings(desk, "clinic.toml") == [
        f"schedules.toml:3: regimens.ours.evidence: not in Turkish (tr); {english}",
        f"schedules.toml:8: regimens.ours.reviews.A look.name: not in Turkish (tr); {english}",
        f"schedules.toml:10: care.ours: no text of it is in Turkish (tr); {english}",
    ]


def test_without_a_clinics_language_check_warns_where_some_texts_have_one(desk: Desk) -> None:
    desk.write("schedules.toml", OWN)
    assert [line.partition(": not in")[0] for line in warnings(desk)] == [
        "schedules.toml:3: regimens.ours.evidence",
        "schedules.toml:8: regimens.ours.reviews.A look.name",
    ]


def test_check_warns_of_a_text_that_lacks_english_as_of_any_other(desk: Desk) -> None:
    text = OWN.replace('"Nobody has looked"', '{ tr = "Kimse bakmadı" }')
    desk.write("schedules.toml", '[clinic]\nlanguage = "en"\n' + text)
    assert warnings(desk) == [
        "schedules.toml:5: regimens.ours.evidence: not in English (en); patients read it in Turkish"
    ]
    assert "Kimse bakmadı" in desk.run("show", "ours").out


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_the_shipped_templates_and_of_whole_ones_check_says_nothing(
    desk: Desk, language: str
) -> None:
    desk.write("schedules.toml", f'[clinic]\nlanguage = "{language}"\n')
    assert warnings(desk) == []
    desk.write("own.toml", OWN[: OWN.index("evidence")] + OWN[OWN.index("phases") :])
    assert len(warnings(desk, "own.toml")) == (0 if language == "en" else 1 + (language != "tr"))


def test_of_a_clinic_that_writes_one_language_check_says_nothing(desk: Desk) -> None:
    desk.write("schedules.toml", OWN.replace(', tr = "Bizim yol"', "").replace(
        ', tr = "İstifra"', ""))  # fmt: skip
    assert warnings(desk) == []


def test_a_mistake_leaves_no_room_for_warnings(desk: Desk) -> None:
    desk.write("schedules.toml", OWN.replace('"Rest"', '{ en = "Rest", kz = "Demalu" }'))
    result = desk.run("check", "--json")
    assert result.code == 3
    assert result.document["warnings"] == []
    assert 'care.ours.after.2.what.kz: unknown language "kz"' in result.err


# ---- Text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        (Text({"en": "Hair", "tr": "Saç"}), "Saç"),
        (Text.english("Hair"), "Kıl"),
        (Text.english("Skin"), "Skin"),
        (Text({"de": "Haut"}), "Haut"),
    ],
    ids=["own words", "the catalogue's", "English", "whatever there is"],
)
def test_a_text_takes_its_own_words_first(text: Text, spoken: str) -> None:
    assert str(text.spoken("tr", {"Hair": "Kıl"})) == spoken
