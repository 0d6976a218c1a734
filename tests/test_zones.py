"""Time zones come from the newest data, by exact names, and every failure says what to do."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import tzdata  # type: ignore[import-untyped]
import tzlocal

from meso_sched.errors import UsageError
from meso_sched.exchange import zones
from meso_sched.exchange.zones import country_of, find_zone, load_zone, machine_zone_name

PACKAGE = Path(tzdata.__file__).parent / "zoneinfo"
WINTER = datetime(2027, 1, 15, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    cached = (zones.find_zone, zones._roots, zones._names_in)
    for function in cached:
        function.cache_clear()
    yield
    for function in cached:
        function.cache_clear()


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system's folder of zones in which Europe/Istanbul has the hours of New York."""
    monkeypatch.setattr(zoneinfo, "TZPATH", (str(tmp_path / "missing"), str(tmp_path)))
    monkeypatch.setattr(tzdata, "IANA_VERSION", "2025b")
    (tmp_path / "Europe").mkdir()
    other = (PACKAGE / "America" / "New_York").read_bytes()
    (tmp_path / "Europe" / "Istanbul").write_bytes(other)
    (tmp_path / "Europe" / "Onlyhere").write_bytes(other)
    return tmp_path


def offset_hours(key: str) -> float:
    return (WINTER.astimezone(load_zone(key)).utcoffset() or timedelta()) / timedelta(hours=1)


def test_every_zone_that_python_knows_is_loaded_under_its_name() -> None:
    names = zoneinfo.available_timezones() - {"localtime"}
    assert {load_zone(name).key for name in names} == names
    assert len(names) > 500


def test_the_same_name_gives_the_same_object() -> None:
    assert load_zone("Europe/Istanbul") is load_zone("Europe/Istanbul")


def test_a_zone_survives_copying_and_pickling() -> None:
    zone = load_zone("Europe/Istanbul")
    assert copy.deepcopy(zone) is zone
    assert pickle.loads(pickle.dumps(WINTER.astimezone(zone))).tzinfo is zone


@pytest.mark.parametrize(
    ("file", "line", "newest"),
    [
        ("tzdata.zi", "# version 2025c", "system"),
        ("tzdata.zi", "# version 2026a-dirty", "system"),
        ("tzdata.zi", "# version 2025za", "system"),
        ("+VERSION", "2025c", "system"),
        ("tzdata.zi", "# version 2025b", "package"),
        ("tzdata.zi", "# version 2024z", "package"),
        ("+VERSION", "2025a", "package"),
        ("tzdata.zi", "# version unknown", "package"),
        ("README", "no version at all", "package"),
    ],
)
def test_the_newest_data_wins_over_2025b_of_the_package(
    system: Path, file: str, line: str, newest: str
) -> None:
    (system / file).write_text(line + "\n")
    assert offset_hours("Europe/Istanbul") == {"system": -5, "package": 3}[newest]


def test_a_name_that_only_the_older_data_has_still_loads(system: Path) -> None:
    assert offset_hours("Europe/Onlyhere") == -5


def test_no_system_data_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoneinfo, "TZPATH", ())
    assert offset_hours("Europe/Istanbul") == 3
    assert country_of("Europe/Istanbul") == "TR"


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("Europe/Istambul", "the nearest known one is 'Europe/Istanbul'"),
        ("europe/istanbul", "the nearest known one is 'Europe/Istanbul'"),
        ("Istanbul", "the nearest known one is 'Europe/Istanbul'"),
        ("New York", "the nearest known one is 'America/New_York'"),
        ("Türkiye", "the nearest known one is 'Turkey'"),
        ("Europe", "the nearest known one is 'Europe/Rome'"),
        ("Europe/", "the nearest known one is 'Europe/Rome'"),
        ("Europe/Istanbul/Asia", "the nearest known one is 'Europe/Istanbul'"),
        ("/Europe/Istanbul", "the nearest known one is 'Europe/Istanbul'"),
        ("Europe/Istanbul\n", "the nearest known one is 'Europe/Istanbul'"),
        ("../etc/passwd", "one is 'Europe/Istanbul'"),
        ("posix/Europe/Berlin", "the nearest known one is 'Europe/Berlin'"),
        ("localtime", "the nearest known one is 'Africa/Lome'"),
        ("leapseconds", "one is 'Europe/Istanbul'"),
        ("zone.tab", "one is 'Europe/Istanbul'"),
        ("", "one is 'Europe/Istanbul'"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(key: str, hint: str) -> None:
    with pytest.raises(UsageError) as refusal:
        load_zone(key)
    assert str(refusal.value) == f"{key!r} is not the name of a time zone; {hint}."


def test_what_is_no_zone_is_told_without_a_search_for_the_nearest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(zones, "_nearest", lambda key: pytest.fail(f"searched for {key}"))
    assert find_zone("Turkey Standard Time") is None
    assert find_zone("Europe/Istambul") is None
    assert find_zone("Europe/Istanbul") is load_zone("Europe/Istanbul")


def test_names_are_case_sensitive_on_a_disk_that_is_not(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (system / "europe").symlink_to(system / "Europe")  # as if the disk answered to either
    monkeypatch.setattr("os.listdir", lambda path: [p.name for p in Path(path).glob("[A-Z]*")])
    with pytest.raises(UsageError):
        load_zone("europe/Istanbul")


@pytest.mark.parametrize("value", ["Europe/Istanbul", ":Europe/Istanbul"])
def test_the_machines_zone_is_that_of_tz(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("TZ", value)
    assert machine_zone_name() == "Europe/Istanbul"


@pytest.mark.parametrize("value", ["<+03>-3", "EST5EDT,M3.2.0,M11.1.0", "Nope/Nope", "UTC0"])
def test_a_tz_that_is_no_name_is_not_passed_over(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("TZ", value)
    with pytest.raises(UsageError, match=r"Set timezone under \[clinic\]"):
        machine_zone_name()


@pytest.mark.parametrize("value", ["", ":/etc/localtime"])
def test_without_a_name_in_tz_the_systems_setting_counts(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("TZ", value)
    monkeypatch.setattr(zones, "_LOCALTIME", "/nowhere")
    monkeypatch.setattr(tzlocal, "get_localzone_name", lambda: "Asia/Tokyo")
    assert machine_zone_name() == "Asia/Tokyo"


def test_the_systems_setting_may_be_a_link(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    link = tmp_path / "localtime"
    link.symlink_to("/usr/share/zoneinfo/Asia/Tokyo")
    monkeypatch.delenv("TZ", raising=False)
    monkeypatch.setattr(zones, "_LOCALTIME", str(link))
    assert machine_zone_name() == "Asia/Tokyo"


@pytest.mark.parametrize("name", [None, "local", "Europe/Atlantis"])
def test_a_machine_without_a_known_zone_is_told_to_set_one(
    monkeypatch: pytest.MonkeyPatch, name: str | None
) -> None:
    monkeypatch.delenv("TZ", raising=False)
    monkeypatch.setattr(zones, "_LOCALTIME", "/nowhere")
    monkeypatch.setattr(tzlocal, "get_localzone_name", lambda: name)
    with pytest.raises(UsageError, match=r"Set timezone under \[clinic\]"):
        machine_zone_name()


def test_settings_that_contradict_each_other_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def conflict() -> str:
        raise zoneinfo.ZoneInfoNotFoundError("Multiple conflicting time zone configurations")

    monkeypatch.delenv("TZ", raising=False)
    monkeypatch.setattr(zones, "_LOCALTIME", "/nowhere")
    monkeypatch.setattr(tzlocal, "get_localzone_name", conflict)
    with pytest.raises(UsageError, match="does not tell its time zone"):
        machine_zone_name()


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("Europe/Istanbul", "TR"),
        ("Turkey", "TR"),
        ("Asia/Istanbul", "TR"),
        ("Europe/Berlin", "DE"),
        ("Europe/Amsterdam", "NL"),  # a link to Brussels, but a place of its own
        ("Asia/Calcutta", "IN"),  # what Windows calls it
        ("US/Pacific", "US"),
        ("Iceland", None),  # a link to Abidjan, which serves a dozen countries
        ("EET", None),
        ("Etc/UTC", None),
        ("UTC", None),
        ("Nope/Nope", None),
    ],
)
def test_the_country_of_a_zone(zone: str, country: str | None) -> None:
    assert country_of(zone) == country


def test_importing_the_module_loads_neither_tzlocal_nor_difflib_nor_tzdata() -> None:
    code = "import sys, meso_sched.exchange.zones; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert not {"tzlocal", "difflib", "tzdata", "importlib.resources"} & set(loaded)
