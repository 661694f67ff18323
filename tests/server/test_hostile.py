"""Ill-meaning clients of the web side: floods, crowds, proxies that are none, and requests that are no HTTP."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError, web
from aiohttp.test_utils import TestClient, TestServer

from interpreting.roles import Role
from server.app import create_app
from server.conductor import Clocks
from server.config import Config, ConfigError, load_config
from server.config_proxies import LOCAL_PROXIES, MAX_HOPS, first_untrusted
from server.crowd import MAX_PENDING, Crowd, Pending
from server.front import Front
from server.hub import SEND_TIMEOUT_S, Hub, Letter
from server.keys import HUB
from server.problems import Problem
from server.store.sqlite import SqliteStore
from tests.fakes import FakeEngine, FlakyStore, ManualClock
from tests.server.conftest import OFFER, PLENARY, Site

PROXIES = (*LOCAL_PROXIES, ip_network("172.18.0.0/16"))


# Whose address it is


@pytest.mark.parametrize(
    ("remote", "forwarded", "speaker"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "192.0.2.1", "203.0.113.9"),
        ("127.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("::ffff:127.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("172.18.0.5", "198.51.100.1, 192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", "198.51.100.1, 192.0.2.1, 172.18.0.5", "192.0.2.1"),
        ("127.0.0.1", "192.0.2.1, junk", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
        (None, "192.0.2.1", None),
    ],
)
def test_only_a_trusted_proxy_says_whom_it_speaks_for(remote: str | None, forwarded: str, speaker: str | None) -> None:
    assert first_untrusted(remote, forwarded, PROXIES) == speaker


def test_a_chain_without_end_is_not_walked() -> None:
    chain = "192.0.2.1," + ",".join(["127.0.0.1"] * 4000)
    assert first_untrusted("127.0.0.1", chain, PROXIES) == "127.0.0.1"
    assert first_untrusted("127.0.0.1", "192.0.2.1" + ",127.0.0.1" * (MAX_HOPS - 1), PROXIES) == "192.0.2.1"


def test_proxies_are_named_in_the_configuration(tmp_path: Path) -> None:
    environment = {"TOLMACH_DATA": str(tmp_path), "TOLMACH_TRUSTED_PROXIES": "10.0.0.5, 172.18.0.0/16"}
    assert load_config(None, environment).trusted_proxies == (ip_network("10.0.0.5"), ip_network("172.18.0.0/16"))
    assert load_config(None, {"TOLMACH_DATA": str(tmp_path)}).trusted_proxies == LOCAL_PROXIES
    with pytest.raises(ConfigError, match="TOLMACH_TRUSTED_PROXIES"):
        load_config(None, {**environment, "TOLMACH_TRUSTED_PROXIES": "proxy.example"})


# Crowds


def test_offers_that_wait_are_counted_by_address_until_they_are_settled() -> None:
    pending = Pending(2)
    pending.add("a", "192.0.2.1")
    pending.add("b", "192.0.2.1")
    with pytest.raises(Problem) as refusal:
        pending.add("c", "192.0.2.1")
    assert (refusal.value.status, refusal.value.headers["Retry-After"]) == (429, "5")
    pending.add("d", "192.0.2.2")
    pending.settle("a")
    pending.settle("a")
    pending.add("c", "192.0.2.1")
    for peer in ("b", "c", "d", "nobody"):
        pending.settle(peer)
    assert len(pending) == len(pending._count) == 0


async def test_so_many_offers_an_address_and_then_429(site: Site) -> None:
    for _ in range(MAX_PENDING):
        location = await site.whep("de")
    answer = await site.client.post("/whep/plenary/de", data=OFFER, headers={"Content-Type": "application/sdp"})
    assert (answer.status, (await answer.json())["error"]["code"]) == (429, "too_many_requests")
    elsewhere = {"Content-Type": "application/sdp", "X-Forwarded-For": "192.0.2.7"}
    assert (await site.client.post("/whep/plenary/de", data=OFFER, headers=elsewhere)).status == 201
    await site.client.delete(location)
    await site.whep("de")
    for peer in list(site.engine.listeners):
        site.conductor.switchboard.peer_connected(peer)
    await site.whep("de")


async def test_so_many_websockets_an_address(site: Site) -> None:
    site.client.app[HUB].crowd = Crowd(2)
    first, second = await site.page(), await site.page()
    with pytest.raises(WSServerHandshakeError) as refusal:
        await site.page()
    assert refusal.value.status == 429
    await first.leave()
    await _until_there_are(site.client.app[HUB], 1)
    third = await site.page()
    await second.leave()
    await third.leave()


# WebSockets


async def test_a_flood_of_commands_is_answered_for_a_while_and_then_ended(site: Site) -> None:
    page = await site.page()
    codes = [(await page.say("take_mic"))["code"] for _ in range(240)]
    assert codes == ["forbidden"] * 40 + ["too_fast"] * 200
    await page.socket.send_json({"type": "command", "id": "x", "name": "take_mic", "args": {}})
    assert (await page.next("closing"))["code"] == "too_fast"
    await page.ended()


async def test_long_messages_count_by_their_length(site: Site) -> None:
    page = await site.page()
    arguments = {f"k{number}": 1 for number in range(3000)}
    codes: list[str] = []
    async with asyncio.timeout(30):
        while codes[-1:] != ["too_fast"]:
            await page.socket.send_json({"type": "command", "id": "x", "name": "say", "args": arguments})
            message = json.loads(await page.socket.receive_str())
            codes += [message["code"]] if "code" in message else []
    assert 2 <= len(codes) <= 10
    assert set(codes[:-1]) == {"forbidden"}
    await page.ended()


async def test_pings_are_answered_and_count_as_well(site: Site) -> None:
    socket = await site.client.ws_connect("/ws?room=plenary", autoping=False)
    await socket.receive()
    await socket.ping(b"hello")
    assert (await socket.receive()).type is WSMsgType.PONG
    for _ in range(240):
        await socket.ping()
    async with asyncio.timeout(30):
        while (message := await socket.receive()).type is WSMsgType.PONG:
            pass
    assert message.json()["code"] == "too_fast"
    await socket.close()


async def test_who_does_not_read_is_cut_off_within_five_seconds_over_real_tcp(site: Site) -> None:
    assert SEND_TIMEOUT_S <= 5
    fine = await site.page()
    await fine.next("welcome")
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setblocking(False)
        await asyncio.get_running_loop().sock_connect(deaf, ("127.0.0.1", site.client.port))
        key = b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        head = b"GET /ws?room=plenary HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + key
        await asyncio.get_running_loop().sock_sendall(deaf, head)
        hub = site.client.app[HUB]
        await _until_there_are(hub, 2)
        for client in hub:
            client._send_timeout_s = 0.5
        took = await _until_cut_off(hub, 2)
    assert took >= 0.3
    assert (await fine.say("take_mic"))["code"] == "forbidden"
    await fine.leave()


async def _until_there_are(hub: Hub, clients: int) -> None:
    async with asyncio.timeout(30):
        while len(hub) != clients:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def _until_cut_off(hub: Hub, clients: int) -> float:
    """Tell states of 60 KB until somebody is gone; the seconds since the sockets' buffers could have been full."""
    loop, number, started = asyncio.get_running_loop(), 0, None
    async with asyncio.timeout(30):
        while len(hub) == clients:
            number += 1
            about = Letter(number, (f'"n":{number}', f'"filler":"{"x" * 60_000}"'))
            for _ in hub.tell_room(PLENARY, lambda audience, about=about: about):  # type: ignore[misc]
                pass
            await asyncio.sleep(0.01)
            if started is None and any(len(client._queue) for client in hub):
                started = loop.time()
    assert started is not None
    return loop.time() - started


# Requests that are no HTTP, and what is said and written down about them


@pytest.fixture
async def front(config: Config, tmp_path: Path) -> AsyncIterator[int]:
    """The port of a server as `tolmach run` starts it, with a fake engine."""
    async with SqliteStore.open(tmp_path / "front.sqlite3") as store:
        clocks = Clocks(ManualClock(), ManualClock())
        app = create_app(config, engine=FakeEngine(), store=FlakyStore(store), clocks=clocks)
        runner = Front(app, 15.0, 1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
        await runner.cleanup()


async def say(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    async with asyncio.timeout(30):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


POST = b"POST /whep/plenary/de HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/sdp\r\n"
NO_HTTP = {
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"secret" * 50,
    "garbage": b"\x00\xff\x00secret\r\n\r\n",
    "method": b"G@T /join/secret HTTP/1.1\r\nHost: h\r\n\r\n",
    "nul": b"GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer secret\0\r\n\r\n",
    "no host": b"GET /join/secret HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: h\r\nHost: secret\r\n\r\n",
    "length and chunks": POST + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\nsecret",
    "two lengths": POST + b"Content-Length: 6\r\nContent-Length: 7\r\n\r\nsecret",
    "no chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n0xsecret\r\n",
    "folded": b"GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n secret\r\n\r\n",
    "bare line feeds": b"GET /join/secret HTTP/1.1\nHost: h\n\n",
    "many headers": b"GET / HTTP/1.1\r\nHost: h\r\n" + b"X: secret\r\n" * 500 + b"\r\n",
    "long header": b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"secret" * 2000 + b"\r\n\r\n",
    "long path": b"GET /" + b"secret" * 2000 + b" HTTP/1.1\r\nHost: h\r\n\r\n",
}


@pytest.mark.parametrize("request_", NO_HTTP.values(), ids=NO_HTTP)
async def test_what_is_no_http_is_refused_without_a_word_of_it(
    front: int, request_: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    answer = (await say(front, request_)).decode("latin-1")
    assert answer.startswith(("HTTP/1.0 400 ", "HTTP/1.1 400 "))
    assert "Server: tolmach" in answer
    assert "X-Content-Type-Options: nosniff" in answer
    assert answer.count("HTTP/1.") == 1
    for word in ("secret", "Traceback", "aiohttp", "Python", ".py"):
        assert word not in answer
    assert caplog.text == ""


@pytest.mark.parametrize("path", [b"/healthz", b"/join/secret", b"/r/plenary"])
async def test_what_nobody_can_expect_is_passed_over(front: int, path: bytes, caplog: pytest.LogCaptureFixture) -> None:
    request = b"GET " + path + b" HTTP/1.1\r\nHost: h\r\nConnection: close\r\nExpect: secret\r\n\r\n"
    answer = await say(front, request)
    assert answer.split()[1] in (b"200", b"401", b"503")
    assert b"secret" not in answer
    assert caplog.text == ""


@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"br"])
async def test_a_packed_body_is_not_unpacked(front: int, coding: bytes) -> None:
    answer = await say(
        front, POST + b"Content-Encoding: " + coding + b"\r\nContent-Length: 20\r\n\r\n\x1f\x8b" + b"\0" * 18
    )
    assert b" 400 " in answer.splitlines()[0]


async def test_a_host_that_is_none_is_no_local_name(front: int, caplog: pytest.LogCaptureFixture) -> None:
    answer = await say(front, b"GET / HTTP/1.1\r\nHost: [\r\nConnection: close\r\n\r\n")
    assert b" 200 " in answer.splitlines()[0]
    assert b"/join/" not in answer
    assert caplog.text == ""


class _AsRun(TestServer):
    """A test's server that is served as `tolmach run` serves it."""

    async def _make_runner(self, **kwargs: Any) -> web.AppRunner:
        return Front(self.app, 15.0, 1.0)


async def test_the_log_of_a_whole_session_names_nobody(
    config: Config, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with SqliteStore.open(tmp_path / "log.sqlite3") as real:
        store, engine = FlakyStore(real), FakeEngine()
        clocks = Clocks(ManualClock(), ManualClock())
        app = create_app(config, engine=engine, store=store, clocks=clocks)
        async with TestClient(_AsRun(app)) as client:
            site = Site(client, config, engine, store, ManualClock(), ManualClock())
            said = await _whole_session(site)
    written = caplog.text
    for word in said:
        assert word not in written


async def _whole_session(site: Site) -> list[str]:
    """All that a person does on a day with mishaps; returns what of it the log must not hold."""
    olena = site.invite(Role.INTERPRETER, "olena")
    token = site.bearer(olena)["Authorization"].removeprefix("Bearer ")
    await site.client.get(f"/join/{token}", allow_redirects=False)
    await site.client.get(f"/join/{token}x", allow_redirects=False)
    page = await site.page(olena)
    await page.enter()
    published, heard = await site.whip(olena), await site.whep("de", olena)
    site.store.is_down = True
    await page.say("take_mic")
    site.store.is_down = False
    await page.socket.send_str(f"junk {token}")
    await page.ended()
    await site.client.delete(published, headers=site.bearer(olena))
    await site.client.delete(heard)
    return [token, published, heard, "127.0.0.1", "Olena", "olena", "v=0"]


# Headers


async def test_behind_https_the_headers_are_those_of_an_a_plus(config: Config, tmp_path: Path) -> None:
    public = replace(config, public_url="https://conference.example.org")
    async with SqliteStore.open(tmp_path / "x.sqlite3") as store:
        app = create_app(public, engine=FakeEngine(), store=FlakyStore(store))
        async with TestClient(TestServer(app)) as client:
            answer = await client.get("/?lang=uk")
            headers = answer.headers
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert (policy["object-src"], policy["base-uri"], policy["frame-ancestors"]) == ("'none'", "'none'", "'none'")
    assert not any(word in headers["Content-Security-Policy"] for word in ("unsafe", "*", "http:", "https:"))
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "geolocation=()" in headers["Permissions-Policy"]
    cookie = headers["Set-Cookie"]
    assert all(flag in cookie for flag in ("Secure", "HttpOnly", "SameSite=Lax"))
