"""Headers on every answer, errors in one form, half-sent requests, and what gets into the log."""

from __future__ import annotations

import asyncio
import logging
import re

import pytest
from aiohttp import web

from interpreting.roles import Role
from server.app import create_app
from server.conductor import Clocks
from server.config import Config
from server.store.sqlite import SqliteStore
from tests.fakes import FakeEngine, FlakyStore, ManualClock
from tests.server.conftest import Site

ALL = ("/", "/r/plenary", "/nothing", "/healthz", "/static/js/lib/wire.js", "/r/nowhere")


@pytest.mark.parametrize("path", ALL)
async def test_every_answer_is_guarded(site: Site, path: str) -> None:
    headers = (await site.client.get(path)).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Server"] == "tolmach"
    assert "Access-Control-Allow-Origin" not in headers
    assert "Strict-Transport-Security" not in headers


async def test_devices_are_for_the_pages_that_speak(site: Site) -> None:
    olena, venue = site.invite(Role.INTERPRETER, "olena"), site.invite(Role.VENUE)
    for path, invitation, microphone, camera in (
        ("/r/plenary", None, "()", "()"),
        ("/", None, "()", "()"),
        ("/r/plenary/booth/de-uk", olena, "(self)", "()"),
        ("/r/plenary/venue", venue, "(self)", "(self)"),
        ("/desk", site.invite(Role.TECHNICIAN), "(self)", "()"),
        ("/desk", site.invite(Role.MODERATOR), "()", "()"),
        ("/desk", site.invite(Role.ORGANISER), "()", "()"),
    ):
        answer = await site.client.get(path, headers=site.cookie(invitation) if invitation else {})
        policy = answer.headers["Permissions-Policy"]
        assert f"microphone={microphone}" in policy, path
        assert f"camera={camera}" in policy, path


async def test_no_page_has_inline_script_or_style(site: Site) -> None:
    olena, venue = site.invite(Role.INTERPRETER, "olena"), site.invite(Role.VENUE)
    for path, invitation in (
        ("/", None),
        ("/c/demo", None),
        ("/r/plenary", None),
        ("/r/nowhere", None),
        ("/r/plenary/booth/de-uk", olena),
        ("/r/plenary/venue", venue),
    ):
        html = await (await site.client.get(path, headers=site.cookie(invitation) if invitation else {})).text()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html), path
        for tag in re.findall(r"<script[^>]*>", html):
            assert "src=" in tag or 'type="application/json"' in tag, path


async def test_what_goes_wrong_inside_is_told_as_nothing_but_that(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def stats() -> object:
        raise RuntimeError("the insides")

    monkeypatch.setattr(site.engine, "stats", stats)
    answer = await site.client.get("/metrics")
    assert (answer.status, (await answer.json())["error"]["code"]) == (500, "internal")
    assert "insides" not in await answer.text()
    assert "a request failed: metrics" in caplog.text


async def test_nothing_personal_gets_into_the_log(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    olena = site.invite(Role.INTERPRETER, "olena")
    token = site.bearer(olena)["Authorization"].removeprefix("Bearer ")
    await site.client.get(f"/join/{token}")
    page = await site.page(olena)
    await page.enter()
    address = await site.whip(olena)
    await page.leave()
    await site.client.get("/join/junk")
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("server"))
    for secret in (token, address, "127.0.0.1", "Olena", "v=0"):
        assert secret not in ours


async def test_a_request_half_sent_is_given_up(config: Config, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("store")
    async with SqliteStore.open(folder / "x.sqlite3") as real:
        clocks = Clocks(ManualClock(), ManualClock())
        app = create_app(config, engine=FakeEngine(), store=FlakyStore(real), clocks=clocks)
        runner = web.AppRunner(app, access_log=None, keepalive_timeout=0.2)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", runner.addresses[0][1])
        writer.write(b"GET / HTTP/1.1\r\nHost: half")
        async with asyncio.timeout(30):
            assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        await runner.cleanup()
