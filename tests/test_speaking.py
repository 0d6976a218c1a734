"""What a patient reads of days, times and lengths, in six languages, as each language writes it."""

# ruff: noqa: RUF001 (other languages have other letters)

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import chain
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from hypothesis import given, settings
from hypothesis import strategies as st

from meso_sched.cli.layout import visible
from meso_sched.core.interval import Step, Unit
from meso_sched.core.regimen import Lasting, Text
from meso_sched.exchange.languages import LANGUAGES
from meso_sched.exchange.schedules import load, shipped_file
from meso_sched.exchange.speaking import Speaker

SHIPPED = load([shipped_file()])
OTHERS = [code for code in LANGUAGES if code != "en"]

languages = st.sampled_from(list(LANGUAGES))


def digits(text: str) -> list[str]:
    return re.findall(r"\d+", text)


def loose(text: str) -> str:
    """With plain spaces: French ties most units to their number."""
    return text.replace("\u00a0", " ")


# ---- Days and times ------------------------------------------------------------------------------

# Each month once, each weekday at least once.
DATES = [
    *(date(2027, 1, 4), date(2027, 2, 2), date(2027, 3, 3), date(2027, 4, 1), date(2027, 5, 7)),
    *(date(2027, 6, 5), date(2027, 7, 4), date(2027, 8, 2), date(2027, 9, 7), date(2027, 10, 6)),
    *(date(2027, 11, 4), date(2027, 12, 31)),
]

DAYS = {
    "en": """Mon 4 Jan | Tue 2 Feb | Wed 3 Mar | Thu 1 Apr | Fri 7 May | Sat 5 Jun
        | Sun 4 Jul | Mon 2 Aug | Tue 7 Sep | Wed 6 Oct | Thu 4 Nov | Fri 31 Dec""",
    "tr": """4 Oca Pzt | 2 Şub Sal | 3 Mar Çar | 1 Nis Per | 7 May Cum | 5 Haz Cmt
        | 4 Tem Paz | 2 Ağu Pzt | 7 Eyl Sal | 6 Eki Çar | 4 Kas Per | 31 Ara Cum""",
    "fr": """lun. 4 janv. | mar. 2 févr. | mer. 3 mars | jeu. 1 avr. | ven. 7 mai | sam. 5 juin
        | dim. 4 juil. | lun. 2 août | mar. 7 sept. | mer. 6 oct. | jeu. 4 nov. | ven. 31 déc.""",
    "de": """Mo., 4. Jan. | Di., 2. Feb. | Mi., 3. März | Do., 1. Apr. | Fr., 7. Mai | Sa., 5. Juni
        | So., 4. Juli | Mo., 2. Aug. | Di., 7. Sept. | Mi., 6. Okt. | Do., 4. Nov.
        | Fr., 31. Dez.""",
    "es": """lun, 4 ene | mar, 2 feb | mié, 3 mar | jue, 1 abr | vie, 7 may | sáb, 5 jun
        | dom, 4 jul | lun, 2 ago | mar, 7 sept | mié, 6 oct | jue, 4 nov | vie, 31 dic""",
    "ar": """الاثنين، 4 يناير | الثلاثاء، 2 فبراير | الأربعاء، 3 مارس | الخميس، 1 أبريل
        | الجمعة، 7 مايو | السبت، 5 يونيو | الأحد، 4 يوليو | الاثنين، 2 أغسطس
        | الثلاثاء، 7 سبتمبر | الأربعاء، 6 أكتوبر | الخميس، 4 نوفمبر | الجمعة، 31 ديسمبر""",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_day_of_each_month_and_each_weekday(language: str) -> None:
    expected = re.split(r"\s*\|\s*", DAYS[language])
    assert [Speaker(language).day(day) for day in DATES] == expected


@pytest.mark.parametrize(
    ("language", "day", "moment"),
    [
        ("en", "Tue 5 Jan 2027", "Tue 5 Jan 09:05"),
        ("tr", "5 Oca 2027 Sal", "5 Oca Sal 09:05"),
        ("fr", "mar. 5 janv. 2027", "mar. 5 janv., 09:05"),
        ("de", "Di., 5. Jan. 2027", "Di., 5. Jan., 09:05"),
        ("es", "mar, 5 ene 2027", "mar, 5 ene, 09:05"),
        ("ar", "الثلاثاء، 5 يناير 2027", "الثلاثاء، 5 يناير، 09:05"),
    ],
)
def test_a_day_with_its_year_and_a_day_with_its_time(language: str, day: str, moment: str) -> None:
    speaker, at = Speaker(language), datetime(2027, 1, 5, 9, 5, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert (speaker.full_day(at.date()), speaker.moment(at)) == (day, moment)


days = st.dates(date(1970, 1, 1), date(2199, 12, 31))


@settings(deadline=None)
@given(languages, days)
def test_a_day_tells_its_number_and_its_year(language: str, day: date) -> None:
    assert digits(Speaker(language).day(day)) == [str(day.day)]
    assert digits(Speaker(language).full_day(day)) == [str(day.day), str(day.year)]


@settings(deadline=None)
@given(languages, days, st.integers(1, 365))
def test_no_two_days_within_a_year_read_alike(language: str, day: date, later: int) -> None:
    speaker, other = Speaker(language), day + timedelta(days=later)
    assert speaker.day(day) != speaker.day(other)
    assert speaker.full_day(day) != speaker.full_day(other)


@settings(deadline=None)
@given(languages, st.times(), st.sampled_from([None, UTC, timezone(timedelta(hours=-9))]))
def test_a_time_is_that_of_the_moments_own_clock(
    language: str, clock: time, zone: timezone | None
) -> None:
    moment = datetime.combine(date(2027, 1, 5), clock, zone)
    shown = f"{clock.hour:02}:{clock.minute:02}"
    assert Speaker(language).time(moment) == shown
    assert Speaker(language).moment(moment).endswith(f" {shown}")


# ---- Lengths -------------------------------------------------------------------------------------

NUMBERS = (1, 2, 3, 5, 11, 48, 100)

WORDS = {
    "en": {
        "minute": ("minute", "minutes"),
        "hour": ("hour", "hours"),
        "day": ("day", "days"),
        "week": ("week", "weeks"),
        "month": ("month", "months"),
        "year": ("year", "years"),
    },
    "tr": {
        "minute": ("dakika", "dakika"),
        "hour": ("saat", "saat"),
        "day": ("gün", "gün"),
        "week": ("hafta", "hafta"),
        "month": ("ay", "ay"),
        "year": ("yıl", "yıl"),
    },
    "fr": {
        "minute": ("minute", "minutes"),
        "hour": ("heure", "heures"),
        "day": ("jour", "jours"),
        "week": ("semaine", "semaines"),
        "month": ("mois", "mois"),
        "year": ("an", "ans"),
    },
    "de": {
        "minute": ("Minute", "Minuten"),
        "hour": ("Stunde", "Stunden"),
        "day": ("Tag", "Tage"),
        "week": ("Woche", "Wochen"),
        "month": ("Monat", "Monate"),
        "year": ("Jahr", "Jahre"),
    },
    "es": {
        "minute": ("minuto", "minutos"),
        "hour": ("hora", "horas"),
        "day": ("día", "días"),
        "week": ("semana", "semanas"),
        "month": ("mes", "meses"),
        "year": ("año", "años"),
    },
}
"""For one, and for more."""

ARABIC = {
    "minute": "دقيقة | دقيقتان | 3 دقائق | 5 دقائق | 11 دقيقة | 48 دقيقة | 100 دقيقة",
    "hour": "ساعة | ساعتان | 3 ساعات | 5 ساعات | 11 ساعة | 48 ساعة | 100 ساعة",
    "day": "يوم | يومان | 3 أيام | 5 أيام | 11 يومًا | 48 يومًا | 100 يوم",
    "week": "أسبوع | أسبوعان | 3 أسابيع | 5 أسابيع | 11 أسبوعًا | 48 أسبوعًا | 100 أسبوع",
    "month": "شهر | شهران | 3 أشهر | 5 أشهر | 11 شهرًا | 48 شهرًا | 100 شهر",
    "year": "سنة | سنتان | 3 سنوات | 5 سنوات | 11 سنة | 48 سنة | 100 سنة",
}
"""Of ``NUMBERS``: one and two are words of their own."""


def counted(language: str, unit: str) -> list[str]:
    if language == "ar":
        return ARABIC[unit].split(" | ")
    one, more = WORDS[language][unit]
    return [f"{number} {one if number == 1 else more}" for number in NUMBERS]


@pytest.mark.parametrize("unit", Lasting.UNITS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_how_long_something_lasts(language: str, unit: str) -> None:
    spoken = [Speaker(language).length(Lasting(number, number, unit)) for number in NUMBERS]
    assert list(map(loose, spoken)) == counted(language, unit)


@pytest.mark.parametrize("unit", Unit)
@pytest.mark.parametrize("language", LANGUAGES)
def test_how_far_appointments_lie_apart(language: str, unit: Unit) -> None:
    steps = [Step(number, unit) for number in NUMBERS if unit is not Unit.YEAR or number <= 5]
    spoken = [Speaker(language).step(step) for step in steps]
    assert list(map(loose, spoken)) == counted(language, unit.value)[: len(steps)]


@pytest.mark.parametrize(
    ("english", "others"),
    [
        ("1-2 days", "1-2 gün | 1-2 jours | 1-2 Tage | 1-2 días | 1 إلى 2 يوم"),
        ("4-5 days", "4-5 gün | 4-5 jours | 4-5 Tage | 4-5 días | 4 إلى 5 أيام"),
        ("2-3 weeks",
         "2-3 hafta | 2-3 semaines | 2-3 Wochen | 2-3 semanas | 2 إلى 3 أسابيع"),
        ("1-12 months",
         "1-12 ay | 1-12 mois | 1-12 Monate | 1-12 meses | 1 إلى 12 شهرًا"),
        ("24-48 hours",
         "24-48 saat | 24-48 heures | 24-48 Stunden | 24-48 horas | 24 إلى 48 ساعة"),
        ("10-100 minutes", "10-100 dakika | 10-100 minutes | 10-100 Minuten | 10-100 minutos"
         " | 10 إلى 100 دقيقة"),
    ],
)  # fmt: skip
def test_a_range_takes_the_form_of_its_upper_number(english: str, others: str) -> None:
    lasting = Lasting.parse(english)
    assert Speaker("en").length(lasting) == english
    spoken = [loose(Speaker(language).length(lasting)) for language in OTHERS]
    assert spoken == others.split(" | ")


def without_number(unit: str) -> tuple[str, str]:
    """The Arabic words for one and for two of a unit."""
    one, two, *_ = counted("ar", unit)
    return one, two


lastings = st.builds(
    lambda ends, unit: Lasting(min(ends), max(ends), unit),
    st.tuples(st.integers(1, 10**9), st.integers(1, 10**9))
    | st.integers(1, 200).map(lambda n: (n, n)),
    st.sampled_from(list(Lasting.UNITS)),
)


@settings(deadline=None)
@given(languages, lastings)
def test_a_length_tells_its_numbers_and_a_unit_in_words(language: str, lasting: Lasting) -> None:
    said = Speaker(language).length(lasting)
    if language == "ar" and lasting.most <= 2 and lasting.least == lasting.most:
        assert said == without_number(lasting.unit)[lasting.most - 1]
    else:
        assert digits(said) == digits(str(lasting))
    assert not re.search(r"duration|[{}]", said)
    assert said[-1].isalpha()


def shipped_lengths() -> Iterable[Lasting]:
    for regimen in SHIPPED.regimens.values():
        care = regimen.care
        for each in chain(care.before, care.after, care.expect):
            if each.lasting is not None:
                yield each.lasting


@pytest.mark.parametrize("lasting", sorted(set(shipped_lengths()), key=str), ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_of_the_shipped_care_is_told(language: str, lasting: Lasting) -> None:
    said = Speaker(language).length(lasting)
    assert digits(said) == digits(str(lasting)) or said in without_number(lasting.unit)


# ---- Words ---------------------------------------------------------------------------------------

any_text = st.text() | st.sampled_from(
    ["{}", "{address}", "{0.__class__}", "100 %", "%s%(x)s", "\\"]
)


@settings(deadline=None)
@given(languages, any_text)
def test_a_value_stands_in_the_words_as_it_is(language: str, value: str) -> None:
    said = Speaker(language).say("Address: {address}", address=value)
    assert said.endswith(f": {value}")


def test_words_are_those_of_the_language() -> None:
    said = [Speaker(each).say("Next appointment") for each in LANGUAGES]
    assert said == [
        *("Next appointment", "Sonraki randevu", "Prochain rendez-vous", "Nächster Termin"),
        *("Próxima cita", "الموعد القادم"),
    ]


def test_words_without_their_value_are_never_shown() -> None:
    with pytest.raises(KeyError, match="day"):
        Speaker("fr").say("Printed on {day}")


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        (Text({"en": "Hair", "tr": "Saç"}), "tr", "Saç"),
        (Text({"en": "Nausea", "tr": "Mide bulantısı"}), "tr", "Mide bulantısı"),
        (Text.english("Nausea"), "tr", "Bulantı"),
        (Text.english("Nausea"), "en", "Nausea"),
        (Text.english("Only {here} and 100 %"), "tr", "Only {here} and 100 %"),
        (Text({"en": "Hair", "tr": "Saç"}), "de", "Hair"),
        (Text({"de": "Haut"}), "en", "Haut"),
    ],
    ids=["its own", "its own before the catalogue's", "the catalogue's", "English",
         "English where there is no other", "English where it lacks the language",
         "whatever there is"],
)  # fmt: skip
def test_a_templates_text(text: Text, language: str, said: str) -> None:
    assert Speaker(language).text(text) == said


# ---- The languages -------------------------------------------------------------------------------


def test_arabic_runs_from_right_to_left() -> None:
    directions = {language: Speaker(language).direction for language in LANGUAGES}
    assert directions == {
        **dict.fromkeys(["en", "tr", "fr", "de", "es"], "ltr"),
        "ar": "rtl",
    }
    assert directions == {each: Locale.parse(each).text_direction for each in LANGUAGES}


@settings(deadline=None)
@given(languages, days, lastings)
def test_nothing_that_cannot_be_seen_is_said(language: str, day: date, lasting: Lasting) -> None:
    """No marks of direction, no narrow spaces: calendars and terminals show plain text."""
    speaker = Speaker(language)
    said = loose(speaker.day(day) + speaker.full_day(day) + speaker.length(lasting))
    assert {unicodedata.category(each) for each in said if each != " "} <= {
        *("Lu", "Ll", "Lo", "Mn", "Nd", "Po", "Pd"),
    }
    assert visible(said) == said


@pytest.mark.parametrize("language", ["tl", "", "TR", "../tr"])
def test_a_language_that_there_is_not_is_refused(language: str) -> None:
    with pytest.raises(ValueError, match=f'^unknown language "{re.escape(language)}"'):
        Speaker(language)


EVERYTHING = """import sys
from datetime import date, datetime
from meso_sched.core.interval import Step, Unit
from meso_sched.core.regimen import Lasting, Text
from meso_sched.exchange.speaking import Speaker
speaker = Speaker(sys.argv[1])
speaker.say("Date"), speaker.text(Text.english("Nausea")), speaker.direction
speaker.day(date(2027, 1, 5)), speaker.full_day(date(2027, 1, 5))
speaker.time(datetime(2027, 1, 5)), speaker.moment(datetime(2027, 1, 5))
speaker.length(Lasting(4, 5, "day")), speaker.step(Step(1, Unit.MONTH))
print("babel" in sys.modules)
"""


@pytest.mark.parametrize(("language", "loaded"), [("en", "False"), ("tr", "True")])
def test_only_english_does_without_babel(language: str, loaded: str) -> None:
    found = subprocess.run(
        [sys.executable, "-c", EVERYTHING, language], capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == [loaded]
