"""Logs for programs: one object a line, and nothing in it that names a person, a token or an offer."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from interpreting.roles import Role
from media.engine import PeerClosed
from server.config_observing import LogFormat, ObservingConfig
from server.json_log import set_up_log
from server.tokens import issue
from tests.server.conftest import OFFER, SECRET, Site


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    level, written = root.level, io.StringIO()
    handler = set_up_log(ObservingConfig(log_format=LogFormat.JSON, log_level="debug"), written)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


def records(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_a_record_is_one_object(lines: io.StringIO) -> None:
    logging.getLogger("server.test").warning("room %s\nis odd", "hall", extra={"room": "hall"})
    [said] = records(lines)
    assert said["message"] == "room hall\nis odd"
    assert (said["level"], said["logger"], said["room"]) == ("warning", "server.test", "hall")
    assert said["time"].endswith("+00:00")


def test_an_exception_is_told_without_its_words(lines: io.StringIO) -> None:
    try:
        raise ValueError("a secret offer")
    except ValueError:
        logging.getLogger("server.test").exception("it failed")
    [said] = records(lines)
    assert said["error"] == "ValueError"
    assert "test_json_log.py" in said["trace"][-1]
    assert "secret" not in lines.getvalue()


async def test_a_join_leaves_no_token_and_no_offer(site: Site, lines: io.StringIO) -> None:
    olha = site.invite(Role.INTERPRETER, "olha")
    token = issue(SECRET, olha)
    page = await site.page(olha)
    await page.enter()
    session = (await site.whip(olha)).rpartition("/")[2]
    await site.engine.flow("plenary/mic:olha")
    await site.whep("uk", olha)
    await site.client.post("/whip/plenary", data="no offer", headers={"Authorization": "Bearer wrong"})
    await site.client.get(f"/join/{token}", allow_redirects=False)
    await site.engine.tell(PeerClosed(next(iter(site.engine.publishers)), "dtls_failed"))
    await page.leave()
    text = lines.getvalue()
    assert all(isinstance(said, dict) for said in records(lines))
    for secret in (token, token.rpartition(".")[2], session, "Bearer", "Olha", OFFER.strip(), "a=", "m=audio"):
        assert secret not in text, secret
