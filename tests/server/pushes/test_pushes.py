"""All pushes of a site: who may, what is kept, what comes back, what the engine is asked, and no key gets out."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from interpreting.ids import RoomId
from interpreting.roles import Role
from media.stream import Sample, StreamFailed
from server.config import Config
from server.keys import PUSHES
from server.pushes import pushes as pushes_module
from server.pushes.target import Target
from server.store.sqlite import SqliteStore
from tests.fakes import FlakyStore
from tests.server.conftest import Site, running

CITY = {"url": "rtmp://platform.example/app/SECRETKEY", "channel": "en"}
PLENARY = RoomId("plenary")


class Nowhere:
    """A platform that takes everything and keeps nothing; `opened` are the addresses that were connected to."""

    opened: list[str]
    news: threading.Condition

    def __init__(self) -> None:
        self.opened = []
        self.news = threading.Condition()

    def __call__(self, target: Target) -> Nowhere:
        with self.news:
            self.opened.append(target.url)
            self.news.notify_all()
        return self

    def send(self, sample: Sample) -> int:
        return len(sample.payload)

    def close(self) -> None:
        return

    def until(self, count: int) -> None:
        with self.news:
            assert self.news.wait_for(lambda: len(self.opened) >= count, 30)


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Nowhere:
    platform = Nowhere()
    monkeypatch.setattr(pushes_module, "_open_sink", platform)
    return platform


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[FlakyStore]:
    async with SqliteStore.open(tmp_path / "pushes.sqlite3") as real:
        yield FlakyStore(real)


@pytest.fixture
async def hosted(nowhere: Nowhere, config: Config, store: FlakyStore) -> AsyncIterator[Site]:
    async with running(config, store) as site:
        yield site


async def ask(site: Site, method: str, path: str, role: Role = Role.ORGANISER, json: object = None) -> tuple[int, Any]:
    async with site.client.request(
        method, f"/rooms/plenary/pushes{path}", headers=site.bearer(site.invite(role)), json=json
    ) as answer:
        text = await answer.text()
        assert "SECRETKEY" not in text
        return answer.status, await answer.json() if text else None


async def test_a_push_is_entered_started_and_ended(hosted: Site, nowhere: Nowhere) -> None:
    status, push = await ask(hosted, "PUT", "/city", json=CITY)
    assert (status, push["host"], push["state"], push["is_configured"]) == (200, "platform.example", "off", False)
    assert hosted.engine.streams.keys() & {"plenary/push"} == set(), "entering it starts nothing"
    status, push = await ask(hosted, "PUT", "/city/live")
    assert (status, push["state"]) == (200, "connecting")
    nowhere.until(1)
    spec = hosted.engine.streams["plenary/push"]
    assert [(track.name, track.bus) for track in spec.tracks] == [("video", "plenary"), ("en", "plenary/en")]
    await ask(hosted, "PUT", "/other", json={**CITY, "channel": "floor"})
    await ask(hosted, "PUT", "/other/live")
    assert [track.name for track in hosted.engine.streams["plenary/push"].tracks] == ["video", "en", "floor"]
    listed = (await ask(hosted, "GET", "", Role.TECHNICIAN))[1]["pushes"]
    assert [one["name"] for one in listed] == ["city", "other"]
    for name in ("city", "other"):
        status, push = await ask(hosted, "DELETE", f"/{name}/live", Role.TECHNICIAN)
        assert (status, push["state"]) == (200, "off")
    assert "plenary/push" not in hosted.engine.streams, "nobody is sent to"
    assert (await ask(hosted, "DELETE", "/city"))[0] == 204
    assert (await ask(hosted, "DELETE", "/city"))[0] == 404


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.MODERATOR, Role.VENUE])
async def test_nothing_leaves_without_an_organiser(hosted: Site, role: Role) -> None:
    await ask(hosted, "PUT", "/city", json=CITY)
    assert (await ask(hosted, "PUT", "/city/live", role))[0] == 403
    assert (await ask(hosted, "PUT", "/mine", role, json=CITY))[0] == 403
    assert "plenary/push" not in hosted.engine.streams


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "request_invalid"),
        ({**CITY, "more": 1}, 400, "request_invalid"),
        ({"url": 5, "channel": "en"}, 400, "request_invalid"),
        ([], 400, "request_invalid"),
        ({**CITY, "url": "file:///etc/passwd"}, 400, "push_target_invalid"),
        ({**CITY, "url": "rtmp://u:SECRETKEY@h/a/k"}, 400, "push_target_invalid"),
        ({**CITY, "channel": "fr"}, 404, "channel_unknown"),
        ({**CITY, "url": "rtmp://h/a/" + "k" * 5000}, 413, "too_large"),
    ],
)
async def test_what_is_no_target_is_refused(hosted: Site, body: object, status: int, code: str) -> None:
    got, answer = await ask(hosted, "PUT", "/city", json=body)
    assert (got, answer["error"]["code"]) == (status, code)
    assert (await ask(hosted, "GET", ""))[1] == {"pushes": []}


async def test_a_room_has_no_more_than_twenty(hosted: Site) -> None:
    for number in range(20):
        assert (await ask(hosted, "PUT", f"/p{number}", json=CITY))[0] == 200
        hosted.monotonic.at += 1
    status, answer = await ask(hosted, "PUT", "/p20", json=CITY)
    assert (status, answer["error"]["code"]) == (409, "push_too_many")
    assert (await ask(hosted, "PUT", "/p3", json=CITY))[0] == 200, "one that is there may change"


async def test_what_was_started_comes_back_after_a_restart(nowhere: Nowhere, config: Config, store: FlakyStore) -> None:
    async with running(config, store) as site:
        for name in ("city", "rest"):
            await ask(site, "PUT", f"/{name}", json=CITY)
        await ask(site, "PUT", "/city/live")
        nowhere.until(1)
    async with running(config, store) as site:
        nowhere.until(2)
        states = {one["name"]: one["state"] for one in (await ask(site, "GET", ""))[1]["pushes"]}
        assert states == {"city": "connecting", "rest": "off"}


async def test_a_changed_address_is_gone_to_at_once(hosted: Site, nowhere: Nowhere) -> None:
    await ask(hosted, "PUT", "/city", json=CITY)
    await ask(hosted, "PUT", "/city/live")
    nowhere.until(1)
    await ask(hosted, "PUT", "/city", json={**CITY, "url": "rtmp://elsewhere/app/key"})
    nowhere.until(2)
    assert nowhere.opened[-1] == "rtmp://elsewhere/app/key"


async def test_without_the_store_nothing_starts_and_everything_can_be_ended(
    hosted: Site, store: FlakyStore, nowhere: Nowhere
) -> None:
    await ask(hosted, "PUT", "/city", json=CITY)
    store.is_down = True
    assert (await ask(hosted, "PUT", "/city/live"))[0] == 503
    store.is_down = False
    await ask(hosted, "PUT", "/city/live")
    store.is_down = True
    status, push = await ask(hosted, "DELETE", "/city/live")
    assert (status, push["state"]) == (200, "off")


async def test_a_stream_that_failed_is_started_again(
    hosted: Site, nowhere: Nowhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushes_module, "RESTART_STREAM_S", 0.0)
    await ask(hosted, "PUT", "/city", json=CITY)
    await ask(hosted, "PUT", "/city/live")
    hosted.engine.streams.pop("plenary/push")
    await hosted.engine.tell(StreamFailed("plenary/push", "ValueError"))
    async with site_page(hosted) as page:
        await page.next("facts") if "plenary/push" not in hosted.engine.streams else None
    assert "plenary/push" in hosted.engine.streams


class site_page:
    """A technician's page while the context lasts."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def __aenter__(self) -> Any:
        self._page = await self._site.page(self._site.invite(Role.TECHNICIAN))
        return self._page

    async def __aexit__(self, *exc: object) -> None:
        await self._page.leave()


async def test_the_desk_is_told_once_a_second_and_nobody_else(hosted: Site) -> None:
    await ask(hosted, "PUT", "/city", json=CITY)
    viewer = await hosted.page()
    async with site_page(hosted) as page:
        facts = await page.next("facts")
        assert facts["room"] == "plenary"
        assert [one["name"] for one in facts["pushes"]] == ["city"]
        assert "SECRETKEY" not in str(facts)
        assert facts["disk"]["free_bytes"] > 0
        assert facts["livestream"] == {"is_running": False, "late_ms": 0, "restarts": 0}
        technician = hosted.invite(Role.TECHNICIAN, "second")
        other = await hosted.page(technician)
        await other.say("set_floor_language", language="uk")
        await page.next("facts")
    kinds = {(await viewer.socket.receive_json())["type"] for _ in range(2)}
    assert "facts" not in kinds
    assert hosted.client.app[PUSHES].views(RoomId("workshop-1")) == []
