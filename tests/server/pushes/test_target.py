"""Addresses to push to: taken apart, refused, and never shown whole; what is kept of them."""

from __future__ import annotations

import tomllib

import pytest

from interpreting.ids import Language
from server.config_pushes import parse_pushes
from server.config_table import ConfigError, Table
from server.pushes.target import BadTarget, Target, Way, checked_target
from server.pushes.wishes import Wishes, format_wishes, parse_wishes


def test_an_address_of_rtmp_is_taken_apart() -> None:
    target = checked_target("city", "rtmps://live.example.org/app/instance/KEY?a=b", "en")
    assert (target.way, target.is_secure, target.host, target.port) == (Way.RTMP, True, "live.example.org", 443)
    assert (target.app, target.key) == ("app/instance", "KEY?a=b")
    assert checked_target("city", "rtmp://[::1]/live/x", "en").port == 1935
    assert checked_target("city", "https://sfu.example.org/whip/x", "floor", "t.o.k").way is Way.WHIP


@pytest.mark.parametrize(
    ("name", "url", "token"),
    [
        ("", "rtmp://h/a/k", ""),
        ("City", "rtmp://h/a/k", ""),
        ("a" * 33, "rtmp://h/a/k", ""),
        ("../x", "rtmp://h/a/k", ""),
        ("a", "file:///etc/passwd", ""),
        ("a", "srt://h:9000", ""),
        ("a", "rtmp://", ""),
        ("a", "rtmp://h/onlyapp", ""),
        ("a", "rtmp://h:99999/a/k", ""),
        ("a", "rtmp://[::1/a/k", ""),
        ("a", "rtmp://user:secret@h/a/k", ""),
        ("a", "https://h/x#y", ""),
        ("a", "https://h/x\r\nHost: y", ""),
        ("a", "https://hö/x", ""),
        ("a", "https://h/" + "x" * 2000, ""),
        ("a", "https://h/x", "two words"),
        ("a", "https://h/x", "x" * 5000),
    ],
)
def test_what_is_no_target_is_refused_without_repeating_it(name: str, url: str, token: str) -> None:
    with pytest.raises(BadTarget) as refusal:
        checked_target(name, url, "en", token)
    assert "secret" not in str(refusal.value)


def test_what_is_kept_comes_back_and_damage_is_left_out() -> None:
    one = checked_target("one", "rtmp://h/a/k", "en")
    wishes = Wishes({}).with_target(one).as_started("one", is_started=True)
    assert parse_wishes(format_wishes(wishes)) == wishes
    assert wishes.without("one") == Wishes({})
    assert wishes.as_started("one", is_started=False).started == frozenset()
    assert parse_wishes(None) == Wishes({})
    broken = {"targets": [{"name": "x"}, 5, {**format_wishes(wishes)["targets"][0], "url": "file:///x"}], "started": 3}
    assert parse_wishes(broken) == Wishes({})


def configured(text: str) -> tuple[Target, ...]:
    return parse_pushes(Table(tomllib.loads(text)).tables("push"), (Language("de"), Language("en")))


def test_targets_of_the_configuration() -> None:
    (city,) = configured('[[push]]\nname = "city"\nurl = "rtmp://h/a/k"\nchannel = "en"')
    assert (city.name, city.channel, city.token) == ("city", "en", "")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[[push]]\nname = "city"\nurl = "ftp://h/secret"\nchannel = "en"', "push[1].url"),
        ('[[push]]\nname = "city"\nurl = "rtmp://h/a/secret"\nchannel = "uk"', "push[1].channel"),
        ('[[push]]\nname = "city"\nurl = "rtmp://h/a/secret"\nchannel = "en"\nstart = true', "push[1].start"),
        ('[[push]]\nname = "c"\nurl = "rtmp://h/a/secret"\nchannel = "en"\n' * 2, "push[2].name"),
    ],
)
def test_a_configuration_that_cannot_stand_names_its_key_and_no_address(text: str, key: str) -> None:
    with pytest.raises(ConfigError) as complaint:
        configured(text)
    assert complaint.value.key == key
    assert "secret" not in str(complaint.value)
