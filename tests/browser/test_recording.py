"""A recording in a browser: every language by frequency, over the seam of two takes, and the switches of its staff."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, Playwright

from interpreting.commands import SetConsent, StartRecording, StopRecording
from interpreting.ids import PersonId, RoomId
from interpreting.roles import Role
from media.stream import PART_S
from server.tokens import Invitation, issue
from tests.browser.stagehand import Server, chromium, hears, wait_until
from tests.browser.test_accessibility import AXE, violations
from tests.browser.visits import LANGUAGES, Visitor, visitor
from tests.server.recordings.stage import ANNA, ANNAS, TECHNICIAN, Stage

SECRET: Final = "0123456789abcdef0123456789abcdef"
FLOOR, DE, UK = 300, 400, 500
FILM: Final = "#picture"
# Both takes; long enough to listen in each.
PARTS: Final = 40


async def record(root: Path) -> str:
    """Leave a recording of two takes on disk, made by a server that was killed and by the one after it."""
    first = Stage(root)
    await first.open()
    first.hall()
    first.say(SetConsent(ANNA, ANNAS, True))
    first.say(StartRecording(TECHNICIAN))
    id = first.id
    first.package(PARTS)
    await first.settle()
    second = Stage(root, first.room)
    await second.open()
    second.package(PARTS)
    second.say(StopRecording(TECHNICIAN))
    await second.pass_time(2)
    await second.recordings.aclose()
    await first.recordings.aclose()
    return id


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The data folder, and the id of the recording in it."""
    data = tmp_path_factory.mktemp("data")
    # Playwright keeps a loop of its own in this thread.
    with ThreadPoolExecutor(1) as thread:
        return data, thread.submit(asyncio.run, record(data / "recordings")).result()


@pytest.fixture(scope="module")
def server(recording: tuple[Path, str]) -> Iterator[Server]:
    running = Server(recording[0], environment={"TOLMACH_SECRET": SECRET})
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with chromium(playwright) as running:
        yield running


def link(role: Role) -> str:
    """A personal link."""
    return f"/join/{issue(SECRET, Invitation.new(RoomId('plenary'), role, person=PersonId(role.value)))}"


@pytest.fixture
def technician(browser: Browser, server: Server) -> Iterator[Visitor]:
    with visitor(browser, server, lang="en") as one:
        one.open(link(Role.TECHNICIAN))
        yield one


@pytest.fixture
def anybody(browser: Browser, server: Server) -> Iterator[Visitor]:
    with visitor(browser, server, lang="en") as one:
        yield one


def jump(page: Page, seconds: float) -> None:
    """Play from there."""
    page.evaluate(
        "async ([film, at]) => { const it = document.querySelector(film); it.currentTime = at; await it.play(); }",
        [FILM, seconds],
    )


def test_it_plays_in_every_language_over_the_seam(technician: Visitor, recording: tuple[Path, str]) -> None:
    page = technician.open(f"/recordings/{recording[1]}")
    jump(page, 0)
    hears(page, FLOOR, [DE, UK], selector=FILM)
    page.click('[data-channel="uk"]')
    hears(page, UK, [FLOOR, DE], selector=FILM)
    page.click('[data-channel="de"]')
    hears(page, DE, [FLOOR, UK], selector=FILM)
    seam = PARTS * PART_S
    jump(page, seam - 1.5)
    wait_until(lambda: float(page.evaluate(f"document.querySelector('{FILM}').currentTime")) > seam + 0.5, "it goes on")
    hears(page, DE, [FLOOR, UK], selector=FILM)
    assert page.evaluate(f"document.querySelector('{FILM}').duration") == pytest.approx(2 * seam, abs=0.5)


def test_the_language_is_remembered(technician: Visitor, recording: tuple[Path, str]) -> None:
    page = technician.open(f"/recordings/{recording[1]}")
    page.click('[data-channel="uk"]')
    page.reload()
    assert page.locator('[data-channel="uk"]').get_attribute("aria-pressed") == "true"
    jump(page, 1)
    hears(page, UK, [FLOOR, DE], selector=FILM)


def test_it_is_published_and_taken_back(technician: Visitor, anybody: Visitor, recording: tuple[Path, str]) -> None:
    address = f"/recordings/{recording[1]}"
    assert anybody.open(address).locator("#error-text").is_visible()
    page = technician.open(address)
    page.click("#publish")
    page.wait_for_selector("#unpublish")
    listed = anybody.open("/c/demo")
    listed.click(f'[data-recording="{recording[1]}"]')
    jump(listed, 0)
    hears(listed, FLOOR, [DE, UK], selector=FILM)
    assert listed.locator("#publish, #unpublish, #delete").count() == 0
    assert listed.locator('a[href*="/stem-"]').count() == 0
    page.click("#unpublish")
    page.wait_for_selector("#publish")
    assert anybody.open(address).locator("#error-text").is_visible()


def test_a_download_is_one_press(technician: Visitor, recording: tuple[Path, str], tmp_path: Path) -> None:
    page = technician.open(f"/recordings/{recording[1]}")
    with page.expect_download() as waiting:
        page.click('a[href$="/download/uk.m4a"]')
    waiting.value.save_as(tmp_path / "uk.m4a")
    assert waiting.value.suggested_filename == f"{recording[1]}-uk.m4a"
    assert (tmp_path / "uk.m4a").read_bytes()[4:8] == b"ftyp"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_is_fit_for_everybody(
    browser: Browser, server: Server, recording: tuple[Path, str], lang: str
) -> None:
    with visitor(browser, server, lang=lang) as one:
        one.context.add_init_script(path=AXE)
        one.open(link(Role.ORGANISER))
        page = one.open(f"/recordings/{recording[1]}")
        assert violations(page) == []
        page.click("#delete")
        assert page.locator("#delete-dialog").is_visible()
        page.keyboard.press("Escape")
        page.wait_for_selector("#delete-dialog", state="hidden")
