"""Past so many connections the next are told to come later, and those that are there go on."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from server import descriptors
from server.descriptors import RESERVE, Doorway, free_for_connections, raise_limit

MOST = 5


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """A server that has room for five."""

    async def hello(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/", hello)
    runner = web.AppRunner(app)
    await runner.setup()
    await Doorway(runner, "127.0.0.1", 0, MOST).start()
    host, port = runner.addresses[0]
    yield f"http://{host}:{port}/"
    await runner.cleanup()


async def ask(url: str) -> tuple[int, str | None]:
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return answer.status, answer.headers.get("Retry-After")


async def test_the_newcomer_is_told_to_come_later_and_the_old_go_on(url: str) -> None:
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    async with aiohttp.ClientSession() as old:
        async with old.get(url) as answer:
            assert answer.status == 200
        held = [await asyncio.open_connection(host, int(port)) for _ in range(MOST - 1)]
        await asyncio.sleep(0.1)
        assert await ask(url) == (503, "5")
        async with old.get(url) as answer:
            assert answer.status == 200
        for _, writer in held:
            writer.close()
            await writer.wait_closed()
    await asyncio.sleep(0.1)
    assert await ask(url) == (200, None)


async def test_a_flood_is_turned_away_without_keeping_descriptors(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # However late this machine asks, whoever was let in to be told no is still there.
    monkeypatch.setattr(descriptors, "_GOODBYE_S", 60.0)
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    held = [await asyncio.open_connection(host, int(port)) for _ in range(3 * RESERVE)]
    heads = await asyncio.gather(*(_head(*connection) for connection in held))
    told = sum(head.startswith(b"HTTP/1.1 503") for head in heads)
    assert 0 < told <= RESERVE
    for _, writer in held:
        writer.close()


async def _head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    try:
        writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        async with asyncio.timeout(30):
            return await reader.readline()
    except (TimeoutError, ConnectionError):
        return b""


def test_what_is_open_already_and_a_reserve_are_not_for_connections() -> None:
    few = free_for_connections(200)
    with socket.socket():
        assert free_for_connections(200) == few - 1
    assert few < 200 - RESERVE
    assert free_for_connections(10) > 0


def test_the_limit_is_raised_as_far_as_we_may() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        limit = raise_limit()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert limit <= soft
        assert soft >= min(hard, 65_536)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
