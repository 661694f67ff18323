"""The configuration: defaults, the file, the environment over it, and complaints a person can act on."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from interpreting.languages import Fallback
from server.config import Config, ConfigError, load_config

SECRET = "0123456789abcdef0123456789abcdef"

CONGRESS = """
port = 9000
public_ips = ["203.0.113.5", "2001:db8::1"]
secret = "0123456789abcdef0123456789abcdef"

[[conference]]
id = "congress"
title = { en = "Congress", de = "Kongress" }

[[conference.room]]
id = "hall"
title = { uk = "Зала" }
languages = ["uk", "de", "en"]
floor_language = "uk"
fallbacks = { en = "floor" }

[[conference.room.booth]]
id = "de-uk"
languages = ["de", "uk", "en"]
"""


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load(text: str, **environment: str) -> Config:
    Path("tolmach.toml").write_text(text, "utf-8")
    return load_config(Path("tolmach.toml"), environment)


def complaint(text: str, **environment: str) -> str:
    with pytest.raises(ConfigError) as refusal:
        load(text, **environment)
    error = refusal.value
    assert error.key
    assert str(error) == f"{error.key}: {error.wrong}. {error.mend}"
    return str(error)


def test_without_anything_it_is_the_demo() -> None:
    config = load_config(None, {})
    assert (config.host, config.port, config.udp_host, config.udp_port) == ("", 8080, "", 8080)
    assert (config.public_url, config.public_ips, config.redis_url) == ("http://localhost:8080", (), None)
    assert config.data == Path("var")
    (demo,) = config.conferences
    assert demo.id == "demo"
    assert list(config.rooms) == ["plenary", "workshop-1", "workshop-2"]
    for room in demo.rooms:
        assert room.languages == ("de", "uk", "en")
        assert room.floor_language == "de"
        assert {booth.id: booth.languages for booth in room.booths} == {"de-uk": ("de", "uk"), "en": ("en", "de")}
        assert set(room.fallbacks.values()) == {Fallback.DUCKED}
        assert list(room.title) == ["de", "uk", "en"]


def test_the_web_root_is_found_from_anywhere() -> None:
    assert load_config(None, {}).web_root == Path(__file__).parents[2] / "web"
    assert load_config(None, {"TOLMACH_WEB_ROOT": "elsewhere"}).web_root == Path("elsewhere")


def test_a_file_says_it_all() -> None:
    config = load(CONGRESS)
    assert config.port == 9000
    assert config.public_url == "http://localhost:9000"
    assert config.public_ips == ("203.0.113.5", "2001:db8::1")
    assert config.secret == SECRET
    (congress,) = config.conferences
    assert congress.title == {"de": "Kongress", "uk": "Kongress", "en": "Congress"}
    (hall,) = congress.rooms
    assert hall.title == {"de": "Зала", "uk": "Зала", "en": "Зала"}
    assert hall.languages == ("uk", "de", "en")
    assert hall.floor_language == "uk"
    assert hall.fallbacks == {"uk": Fallback.DUCKED, "de": Fallback.DUCKED, "en": Fallback.FLOOR}
    assert hall.booths[0].languages == ("de", "uk", "en")


def test_a_room_may_go_without_livestream() -> None:
    assert load(CONGRESS).conferences[0].rooms[0].livestream
    without = CONGRESS.replace('floor_language = "uk"', 'floor_language = "uk"\nlivestream = false')
    assert not load(without).conferences[0].rooms[0].livestream
    assert "true or false" in complaint(without.replace("livestream = false", "livestream = 0"))


def test_the_environment_overrules_the_file() -> None:
    config = load(
        CONGRESS,
        TOLMACH_HOST="127.0.0.1",
        TOLMACH_PORT="9001",
        TOLMACH_UDP_HOST="::1",
        TOLMACH_UDP_PORT="9002",
        TOLMACH_DATA="elsewhere",
        TOLMACH_PUBLIC_URL="https://congress.example.org/",
        TOLMACH_PUBLIC_IPS="198.51.100.7, 2001:db8::2",
        TOLMACH_REDIS_URL="redis://localhost:6379/3",
        TOLMACH_SECRET="f" * 32,
    )
    assert (config.host, config.port, config.udp_host, config.udp_port) == ("127.0.0.1", 9001, "::1", 9002)
    assert config.data == Path("elsewhere")
    assert config.public_url == "https://congress.example.org"
    assert config.public_ips == ("198.51.100.7", "2001:db8::2")
    assert config.redis_url == "redis://localhost:6379/3"
    assert config.secret == "f" * 32


def test_an_empty_variable_is_not_given() -> None:
    assert load(CONGRESS, TOLMACH_PORT="", TOLMACH_REDIS_URL=" ").port == 9000


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLMACH_PORT", "9003")
    assert load_config().port == 9003


def test_a_secret_is_made_once_for_us_alone() -> None:
    first = load_config(None, {"TOLMACH_DATA": "deep/var"})
    file = Path("deep/var/secret")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]
    assert len(first.secret) == 64
    assert load_config(None, {"TOLMACH_DATA": "deep/var"}).secret == first.secret
    assert load_config(None, {"TOLMACH_DATA": "other"}).secret != first.secret


def test_of_two_servers_starting_at_once_both_have_one_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    other = "another server's secret, quicker than ours"
    link = os.link

    def beaten(source: str, target: Path) -> None:
        target.write_text(other)
        link(source, target)

    monkeypatch.setattr(os, "link", beaten)
    assert load_config(None, {}).secret == other


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("port = 9000", "port = true"), "port: True is no port"),
        (("port = 9000", 'port = "http"'), "port: 'http' is no port"),
        (("port = 9000", "port = 70000"), "port: 70000 is no port"),
        (("port = 9000", "prot = 9000"), "prot: no such setting. Remove it, or write one of: alarms, conference, data"),
        (("port = 9000", "host = 7"), "host: 7 is no text"),
        (("port = 9000", "port = "), "tolmach.toml: is not TOML"),
        (('"203.0.113.5"', '"example.org"'), "public_ips: 'example.org' is no IP address"),
        (('secret = "0123', 'secret = "'), "secret: it is shorter than 32 bytes. Make one with"),
        (("port = 9000", 'public_url = "example.org"'), "public_url: 'example.org' is no address of a site"),
        (("port = 9000", 'public_url = "https://a.example/b"'), "public_url: "),
        (("port = 9000", 'public_url = "https://[a"'), "public_url: "),
        (("port = 9000", 'redis_url = "http://pass:word@x"'), "redis_url: it is no address of a Redis"),
        (("port = 9000", 'data = "tolmach.toml"'), "data: tolmach.toml cannot be made"),
        (('id = "congress"', 'id = "Congress!"'), "conference[1].id: 'Congress!' cannot stand in an address"),
        (('id = "congress"', 'id = ""'), "conference[1].id: it is empty"),
        (('id = "congress"', ""), "conference[1].id: it is missing"),
        (('{ en = "Congress", de = "Kongress" }', "{}"), "conference[1].title: it is missing"),
        (('{ en = "Congress"', '{ ua = "Congress"'), "conference[1].title.ua: it is empty or in a language"),
        (('en = "Congress"', 'en = ""'), "conference[1].title.en: it is empty"),
        (('["uk", "de", "en"]', '["ua", "de"]'), "conference[1].room[1].languages: "),
        (('["uk", "de", "en"]', '["uk", "floor"]'), "conference[1].room[1].languages: not a language tag: 'floor'"),
        (('["uk", "de", "en"]', '["uk", "uk"]'), "conference[1].room[1].languages: something stands in it twice"),
        (('["uk", "de", "en"]', "[]"), "conference[1].room[1].languages: no language is named"),
        (('["uk", "de", "en"]', "[1]"), "conference[1].room[1].languages: it is no list of texts"),
        (('floor_language = "uk"', 'floor_language = "fr"'), 'room[1].floor_language: the room has no channel "fr"'),
        (('{ en = "floor" }', '{ fr = "floor" }'), "room[1].fallbacks.fr: the room has no such channel"),
        (('{ en = "floor" }', '{ en = "music" }'), "room[1].fallbacks.en: 'music' is no fallback. Write one of ducked"),
        (('{ en = "floor" }', '"floor"'), "room[1].fallbacks: it is no table of texts"),
        (('["de", "uk", "en"]', '["de", "fr"]'), 'room[1].booth[1].languages: the room has no channel "fr"'),
        (('["de", "uk", "en"]', '["de"]'), "room[1].booth[1].languages: a booth has two or three languages"),
        (("title = { en", "room = []\ntitle = { en"), "tolmach.toml: is not TOML"),
        (("[[conference.room.booth]]", "[conference.room.booth]"), "Begin each with [[conference.room.booth]]"),
    ],
)
def test_what_is_wrong_is_named_with_its_mend(change: tuple[str, str], said: str) -> None:
    assert change[0] in CONGRESS
    assert said in complaint(CONGRESS.replace(*change, 1))


def test_a_conference_has_a_room() -> None:
    text = '[[conference]]\nid = "congress"\ntitle = { en = "Congress" }'
    assert complaint(text).startswith("conference[1].room: the conference has no room. Add a [[conference.room]]")


def test_a_variable_is_named_as_such() -> None:
    assert complaint(CONGRESS, TOLMACH_PORT="8o80").startswith("TOLMACH_PORT: '8o80' is no port")
    assert complaint(CONGRESS, TOLMACH_SECRET="short").startswith("TOLMACH_SECRET: it is shorter")


@pytest.mark.parametrize("key", ["redis_url", "secret"])
def test_no_complaint_repeats_a_secret(key: str) -> None:
    assert "swordfish" not in complaint(CONGRESS, **{f"TOLMACH_{key.upper()}": "swordfish"})


def test_ids_are_given_once() -> None:
    conference = CONGRESS[CONGRESS.index("[[conference]]") :]
    booth = CONGRESS[CONGRESS.index("[[conference.room.booth]]") :]
    assert complaint(CONGRESS + conference).startswith('conference: the id "congress" is given twice')
    twin_room = conference.replace('"congress"', '"other"')
    assert complaint(CONGRESS + twin_room).startswith('conference.room: the id "hall" is given twice')
    assert 'room[1].booth: the id "de-uk" is given twice' in complaint(CONGRESS + booth)


def test_a_file_that_cannot_be_read() -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot be read"):
        load_config(Path("nowhere.toml"), {})
    Path("latin.toml").write_bytes(b'host = "\xe4"')
    with pytest.raises(ConfigError, match=r"latin\.toml: is not UTF-8"):
        load_config(Path("latin.toml"), {})


def test_a_secret_that_cannot_be_kept_or_read() -> None:
    Path("var/secret").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"var/secret: cannot be read"):
        load_config(None, {})
