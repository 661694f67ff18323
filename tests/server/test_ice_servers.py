"""TURN servers as programs and pages are told of them, and the credentials that open them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from interpreting.roles import Role
from server.config import ConfigError, load_config
from server.config_ice import IceConfig, IceServerConfig
from server.ice_servers import make_servers, relay_addresses
from server.store.sqlite import SqliteStore
from tests.fakes import FlakyStore
from tests.server.conftest import OFFER, SECRET, Site, running

TURN_SECRET = "a secret of sixteen and more"
URLS = "turn:192.0.2.9:3478?transport=udp,turns:192.0.2.9:443?transport=tcp"
SDP = {"Content-Type": "application/sdp"}


@pytest.fixture
async def relayed(tmp_path: Path) -> AsyncIterator[Site]:
    environment = {
        "TOLMACH_DATA": str(tmp_path),
        "TOLMACH_SECRET": SECRET,
        "TOLMACH_TURN_URLS": URLS,
        "TOLMACH_TURN_SECRET": TURN_SECRET,
        "TOLMACH_TURN_TTL_S": "600",
    }
    config = load_config(None, environment)
    async with SqliteStore.open(tmp_path / "t.sqlite3") as store, running(config, FlakyStore(store)) as site:
        yield site


def check_credential(username: str, credential: str, now: float) -> None:
    expiry, opaque = username.split(":")
    assert now + 590 <= int(expiry) <= now + 610
    assert len(opaque) >= 16
    digest = hmac.new(TURN_SECRET.encode(), username.encode(), hashlib.sha1).digest()
    assert credential == base64.b64encode(digest).decode()


async def test_every_session_is_told_with_a_credential_of_its_own(relayed: Site) -> None:
    seen = set()
    for path in ("/whip/plenary", "/whep/plenary/de", "/whep/plenary/de"):
        bearer = relayed.bearer(relayed.invite(Role.VENUE))
        answer = await relayed.client.post(path, data=OFFER, headers={**SDP, **bearer})
        links = [link for link in answer.headers.getall("Link") if "ice-server" in link]
        assert [link.partition(">")[0][1:] for link in links] == URLS.split(",")
        for link in links:
            found = re.fullmatch(
                r'<[^>]+>; rel="ice-server"; username="([^"]+)"; credential="([^"]+)"; credential-type="password"', link
            )
            assert found
            check_credential(found[1], found[2], relayed.now())
        seen.add(links[0])
    assert len(seen) == 3


async def test_options_tell_programs_and_not_preflights(relayed: Site) -> None:
    for path in ("/whip/plenary", "/whep/plenary/de"):
        assert len((await relayed.client.options(path)).headers.getall("Link")) == 2
        preflight = await relayed.client.options(path, headers={"Access-Control-Request-Method": "POST"})
        assert "Link" not in preflight.headers


@pytest.mark.parametrize("path", ["/r/plenary", "/r/plenary/venue"])
async def test_pages_know_them_before_they_offer(relayed: Site, path: str) -> None:
    venue = relayed.invite(Role.VENUE)
    html = await (await relayed.client.get(path, headers=relayed.cookie(venue))).text()
    found = re.search(r'<script type="application/json" id="page">(.*?)</script>', html, re.DOTALL)
    assert found
    (server,) = json.loads(found[1])["ice_servers"]
    assert server["urls"] == URLS.split(",")
    check_credential(server["username"], server["credential"], relayed.now())


async def test_without_any_there_is_nothing_to_tell(site: Site) -> None:
    answer = await site.client.post(
        "/whip/plenary", data=OFFER, headers={**SDP, **site.bearer(site.invite(Role.VENUE))}
    )
    assert "Link" not in answer.headers


def test_fixed_credentials_stand_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "t.toml"
    file.write_text(
        '[[ice_servers]]\nurls = ["stun:[2001:db8::5]:3478"]\n'
        '[[ice_servers]]\nurls = ["turns:relay.example.net"]\nusername = "u"\ncredential = "c"\n'
    )
    config = load_config(file, {"TOLMACH_DATA": str(tmp_path)})
    stun, turn = make_servers(config.ice, 0)
    assert stun.as_page() == {"urls": ["stun:[2001:db8::5]:3478"]}
    assert stun.as_links() == ['<stun:[2001:db8::5]:3478>; rel="ice-server"']
    assert turn.as_page() == {"urls": ["turns:relay.example.net"], "username": "u", "credential": "c"}
    assert config.ice.relay_hosts == ("relay.example.net",)


def test_what_opens_a_relay_is_not_shown() -> None:
    config = IceConfig(("turn:h",), "hidden-secret", 60, (IceServerConfig(("turn:i",), "u", "hidden-too"),))
    assert "hidden" not in repr(config)
    assert all(server.credential not in repr(server) for server in make_servers(config, 0))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('turn_urls = ["turn:relay"]', "turn_secret"),
        ('turn_urls = ["turn:relay"]\nturn_secret = "short"', "turn_secret"),
        ('turn_urls = ["stun:relay"]\nturn_secret = "0123456789abcdef"', "turn_urls"),
        ('turn_urls = ["turn:relay:99999"]\nturn_secret = "0123456789abcdef"', "turn_urls"),
        ('turn_urls = ["turn://relay"]\nturn_secret = "0123456789abcdef"', "turn_urls"),
        ('turn_urls = ["turn:relay?transport=sctp"]\nturn_secret = "0123456789abcdef"', "turn_urls"),
        ("turn_ttl_s = 5", "turn_ttl_s"),
        ('turn_ttl_s = "long"', "turn_ttl_s"),
        ("[[ice_servers]]\nurls = []", "ice_servers[1].urls"),
        ('[[ice_servers]]\nurls = ["turn:relay"]', "ice_servers[1].credential"),
        ('[[ice_servers]]\nurls = ["stun:relay?transport=udp"]', "ice_servers[1].urls"),
        ('[[ice_servers]]\nurls = ["stun:relay"]\nusername = "a\\"b"', "ice_servers[1].username"),
        ('[[ice_servers]]\nurls = ["stun:relay"]\npassword = "x"', "ice_servers[1].password"),
    ],
)
def test_what_cannot_stand_is_told_by_its_key(text: str, key: str, tmp_path: Path) -> None:
    file = tmp_path / "t.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as refusal:
        load_config(file, {"TOLMACH_DATA": str(tmp_path)})
    assert refusal.value.key == key


async def test_relays_are_known_by_their_addresses() -> None:
    config = IceConfig(("turn:192.0.2.9", "turns:[2001:db8::9]:443", "turn:192.0.2.9:80"), "x" * 16)
    assert await relay_addresses(config) == ("192.0.2.9", "2001:db8::9")
    assert await relay_addresses(IceConfig(("turn:no-such-host.invalid",), "x" * 16)) == ()
