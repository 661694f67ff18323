"""An alarm on the desk: seen within two seconds, said, counted, acknowledged, and grey once it is over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Playwright

from tests.browser.desks import card, open_desk
from tests.browser.stagehand import Server, chromium, wait_until
from tests.browser.test_accessibility import AXE, violations
from tests.browser.visits import go_live, visitor

LOST = '#alarms .alarm[data-severity="red"]'


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
        alarm = page.locator("#alarms .alarm", has_text="Nothing comes from the hall.")
        assert alarm.count() == 0
        away.close()
        gone = time.monotonic()
        alarm.wait_for(timeout=5000)
        assert time.monotonic() - gone <= 2
        assert "Plenary" in alarm.inner_text()
        assert "Switch to the backup" in alarm.inner_text()
        assert alarm.get_attribute("data-severity") == "red"
        assert card(page).get_attribute("data-alarm") == "red"
        wait_until(lambda: "Nothing comes from the hall" in page.locator("#alarm-said").inner_text(), "it is said")
        counted = int(page.title().partition(")")[0].removeprefix("("))
        assert violations(page) == []
        alarm.locator("button").click()
        wait_until(lambda: alarm.get_attribute("data-state") == "seen", "it is acknowledged")
        left = f"({counted - 1}) Desk – Tolmach" if counted > 1 else "Desk – Tolmach"
        wait_until(lambda: page.title() == left, "it counts no more")
        with visitor(browser, server, may_fail=True) as again:
            go_live(again.open(server.link("plenary", "venue")))
            wait_until(lambda: alarm.get_attribute("data-state") == "cleared", "it is over")
            assert card(page).get_attribute("data-alarm") != "red"
            assert "Over" in alarm.inner_text() or "OVER" in alarm.inner_text()


def test_the_sound_is_a_wish_that_is_remembered(browser: Browser, server: Server) -> None:
    with visitor(browser, server, lang="en") as technician:
        page = open_desk(technician, server.link("plenary", "technician"))
        bell = page.locator("#bell")
        assert bell.get_attribute("aria-pressed") == "false"
        page.keyboard.press("b")
        assert bell.get_attribute("aria-pressed") == "true"
        page.reload()
        page.wait_for_selector('#bell[aria-pressed="true"]')
