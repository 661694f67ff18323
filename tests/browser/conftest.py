"""Fixtures of the browser tests: Playwright, tones, a server."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright, sync_playwright

from deploy.load.troupe import Troupe, troupe
from tests.browser.stagehand import Server


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("data"))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Troupe]:
    """A hall and two interpreters who hum from outside the browser."""
    with troupe(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture(scope="module")
def house(company: Troupe, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The company's house as the visitors know servers; it is not theirs to start."""
    return Server(tmp_path_factory.mktemp("unused"), company.house.port)
