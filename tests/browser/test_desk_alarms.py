"""An alarm on the desk: seen, said, counted, acknowledged, and grey once it is over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.browser.desks import card, open_desk
from tests.browser.stagehand import Server, chromium, wait_until
from tests.browser.test_accessibility import AXE, violations
from tests.browser.visits import go_live, visitor

OPEN = '#alarms .alarm[data-state="open"]'


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with chromium(playwright) as running:
        yield running


def test_a_lost_hall_is_seen_at_once_acknowledged_and_cleared(browser: Browser, server: Server) -> None:
    with visitor(browser, server, lang="en") as technician, ExitStack() as away:
        technician.context.add_init_script(path=AXE)
        page = open_desk(technician, server.link("plenary", "technician"))
        page.click("#bell")
        hall = away.enter_context(visitor(browser, server, may_fail=True))
        go_live(hall.open(server.link("plenary", "venue")))
        wait_until(lambda: card(page).locator('[data-venue="live"]').count() == 1, "the hall is there")
        standing = page.locator(OPEN, has_text="Nothing comes from the hall.")
        wait_until(lambda: standing.count() == 0, "nothing is said of it")
        away.close()
        gone = time.monotonic()
        standing.wait_for()
        print(f"seen after {time.monotonic() - gone:.1f} s")
        alarm = standing.element_handle()
        assert "Plenary" in alarm.inner_text()
        assert "Switch to the backup" in alarm.inner_text()
        assert alarm.get_attribute("data-severity") == "red"
        assert card(page).get_attribute("data-alarm") == "red"
        wait_until(lambda: "Nothing comes from the hall" in page.locator("#alarm-said").inner_text(), "it is said")
        # A machine that is late has alarms of its own.
        wait_until(lambda: 0 < counted(page) == page.locator(OPEN).count(), "it is counted")
        assert violations(page) == []
        standing.locator("button").click()
        wait_until(lambda: alarm.get_attribute("data-state") == "seen", "it is acknowledged")
        wait_until(lambda: counted(page) == page.locator(OPEN).count(), "it counts no more")
        with visitor(browser, server, may_fail=True) as again:
            go_live(again.open(server.link("plenary", "venue")))
            wait_until(lambda: alarm.get_attribute("data-state") == "cleared", "it is over")
            wait_until(lambda: card(page).get_attribute("data-alarm") != "red", "the room is well")
            assert "Over" in alarm.inner_text() or "OVER" in alarm.inner_text()


def counted(page: Page) -> int:
    """How many alarms the window's title counts."""
    title = page.title()
    return int(title.partition(")")[0].removeprefix("(")) if title.startswith("(") else 0


def test_the_sound_is_a_wish_that_is_remembered(browser: Browser, server: Server) -> None:
    with visitor(browser, server, lang="en") as technician:
        page = open_desk(technician, server.link("plenary", "technician"))
        bell = page.locator("#bell")
        assert bell.get_attribute("aria-pressed") == "false"
        page.keyboard.press("b")
        assert bell.get_attribute("aria-pressed") == "true"
        page.reload()
        page.wait_for_selector('#bell[aria-pressed="true"]')
