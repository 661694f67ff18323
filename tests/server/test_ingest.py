"""The listener beside the server: its configuration, and an encoder that publishes into a room by its key."""

from __future__ import annotations

import asyncio
import os
import sys
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from server.config_ingest import parse_ingest
from server.config_table import ConfigError, Table
from server.whip_client import with_hosts
from tests.browser.stagehand import free_port
from tests.server.test_backup_live import SECRET, VENUE_HZ, watcher
from tests.server.test_rtmp_listener import encoder

KEY = "a-key-for-the-hall"


def configured(text: str) -> object:
    return parse_ingest(Table(tomllib.loads(text)).tables("ingest"))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[[ingest]]\nkey = "short-key"', "ingest[1].key"),
        ('[[ingest]]\nkey = "with/a/slash/in/it"', "ingest[1].key"),
        ('[[ingest]]\nkey = "secret-secret-1"\n[[ingest]]\nkey = "secret-secret-2"', "ingest[2].backup"),
        ('[[ingest]]\nkey = "secret-secret-1"\n[[ingest]]\nkey = "secret-secret-1"\nbackup = true', "ingest[2].backup"),
        ('[[ingest]]\nkey = "secret-secret-1"\nrole = "venue"', "ingest[1].role"),
    ],
)
def test_keys_that_cannot_stand(text: str, key: str) -> None:
    with pytest.raises(ConfigError) as complaint:
        configured(text)
    assert complaint.value.key == key
    assert "secret-secret" not in str(complaint.value)
    assert "secret-secret" not in repr(configured('[[ingest]]\nkey = "secret-secret-1"'))


async def test_an_encoder_publishes_into_its_room(tmp_path: Path) -> None:
    port, file = free_port(), tmp_path / "tolmach.toml"
    file.write_text(
        f"""
        rtmp_port = {port}
        [[conference]]
        id = "congress"
        title = {{ en = "Congress" }}
        [[conference.room]]
        id = "plenary"
        title = {{ en = "Hall" }}
        languages = ["de", "en"]
        floor_language = "de"
        ingest = [{{ key = "{KEY}" }}]
        """,
        "utf-8",
    )
    async with server(file, tmp_path) as url:
        await listening(port)
        async with encoder(port, f"plenary/{KEY}"), watcher(url) as here:
            await here.until(lambda: VENUE_HZ in here.heard_at and "red" in here.shown_at, 120)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def listening(port: int) -> None:
    """Wait until the process beside the server is there."""
    async with asyncio.timeout(60):
        while True:
            with suppress(ConnectionRefusedError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.05)


@asynccontextmanager
async def server(file: Path, data: Path) -> AsyncIterator[str]:
    """`tolmach run` of a configuration; yields its address."""
    port = str(free_port())
    own = {"TOLMACH_SECRET": SECRET, "TOLMACH_PORT": port, "TOLMACH_UDP_PORT": port, "TOLMACH_DATA": str(data)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "server", "run", "--config", str(file)),
        env={**os.environ, **own},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert b"Tolmach is at" in await asyncio.wait_for(process.stdout.readline(), 60)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


def test_own_addresses_are_tried_beside_those_announced() -> None:
    answer = "m=audio 9\r\na=candidate:1 1 udp 2130706431 203.0.113.5 8080 typ host\r\na=end-of-candidates\r\n"
    assert with_hosts(answer, ("192.0.2.1",)).splitlines() == [
        "m=audio 9",
        "a=candidate:1 1 udp 2130706431 203.0.113.5 8080 typ host",
        "a=candidate:own1 1 udp 1 192.0.2.1 8080 typ host",
        "a=end-of-candidates",
    ]
    assert with_hosts(answer, ()) == answer
    assert with_hosts("m=audio 9\r\n", ("192.0.2.1",)) == "m=audio 9\r\n"
