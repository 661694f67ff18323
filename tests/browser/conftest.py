"""Fixtures of the browser tests: Playwright, tones, a server."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from deploy.load.troupe import Troupe, troupe
from tests.browser.attendees import moderating
from tests.browser.booths import Line
from tests.browser.round_table import Gathering, gathering
from tests.browser.stagehand import Server, chromium, write_tone

VOICE_HZ: Final = 1000


def open_demo(folder: Path) -> Server:
    """A server with the demo conference; the caller stops it."""
    running = Server(folder)
    running.start()
    return running


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the demo conference, or what the module says as `SERVER`, such as `booths.open_hall`."""
    open_server: Callable[[Path], Server] = getattr(request.module, "SERVER", open_demo)
    running = open_server(tmp_path_factory.mktemp("house"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser(
    request: pytest.FixtureRequest, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """Chromium whose microphone hums at `VOICE_HZ`, the module's own where it has one."""
    hertz: int = getattr(request.module, "VOICE_HZ", VOICE_HZ)
    with chromium(playwright, write_tone(tmp_path_factory.mktemp("tones") / "voice.wav", hertz)) as running:
        yield running


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Troupe]:
    """A hall and two interpreters who hum from outside the browser."""
    with troupe(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture(scope="module")
def house(company: Troupe, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The company's house as the visitors know servers; it is not theirs to start."""
    return Server(tmp_path_factory.mktemp("unused"), company.house.port)


@pytest.fixture
def chair(company: Troupe) -> Iterator[Line]:
    """A moderator's line to the company's room, which is left as it was found."""
    with moderating(company) as line:
        yield line
        for one in line.state.get("speakers", []):
            line.say("take_floor", person=one["person"])
        line.say("set_door", door="open")


@pytest.fixture
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gathering]:
    """Two rooms with booths and a running order, into which people from afar come."""
    with gathering(tmp_path_factory.mktemp("table")) as running:
        yield running
