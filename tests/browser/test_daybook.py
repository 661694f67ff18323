"""Rehearsal and report in a real browser: ticked by keyboard, kept, tested, drawn, and printed on A4."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright

from deploy.load.troupe import Troupe
from interpreting.roles import Role
from tests.browser.stagehand import Server, chromium, wait_until
from tests.browser.visits import Visitor, visitor

_A_PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with chromium(playwright) as running:
        yield running


def opened(person: Visitor, company: Troupe, name: str) -> Page:
    """The page by the technician's link, whose cookie is taken without opening the desk."""
    link = person.server.url + company.link(Role.TECHNICIAN, "Tom")
    query = person.context.request.get(link, max_redirects=0).headers["location"].partition("?")[2]
    return person.open(f"/desk/rooms/hall/{name}?{query}")


def state(page: Page, check: str) -> str:
    return page.locator(f'[data-check="{check}"] td').first.get_attribute("data-state") or ""


def test_a_checklist_is_ticked_kept_and_printed_on_one_page(browser: Browser, house: Server, company: Troupe) -> None:
    with visitor(browser, house, lang="en") as technician:
        page = opened(technician, company, "rehearsal")
        wait_until(lambda: state(page, "booth:de-uk") == "ok", "the booth is seen")
        wait_until(lambda: state(page, "level:Olena") in ("ok", "bad"), "the microphone was heard")
        assert state(page, "backup") == "bad"
        tick = page.locator('[data-tick="screen-60"]')
        tick.focus()
        page.keyboard.press("Space")
        wait_until(lambda: "Tom" in page.locator('[data-check="screen"]').inner_text(), "the tick is kept")
        assert page.evaluate("document.activeElement.dataset.tick") == "screen-60"
        page.click('[data-keep="10"]')
        wait_until(lambda: "kept as T−10" in page.locator("#said").inner_text(), "how it stands is kept")
        page.reload()
        assert page.locator('[data-tick="screen-60"]').is_checked()
        assert "Tom" in page.locator('[data-check="backup"]').inner_text()
        assert len(_A_PAGE.findall(page.pdf(prefer_css_page_size=True))) == 1


def test_a_report_shows_who_was_on_air(browser: Browser, house: Server, company: Troupe) -> None:
    with visitor(browser, house, lang="en") as technician:
        page = opened(technician, company, "report")
        assert "Olena" in page.locator("#on-air + .scroll").inner_text()
        bars = page.locator('.stretch[data-kind="interpreted"] title')
        assert any("Olena (de-uk)" in text for text in bars.all_text_contents())
        # A lane is wide enough to be read, and nothing of the page is wider than the window.
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        with page.expect_download() as download:
            page.click("text=CSV")
        assert download.value.suggested_filename.startswith("hall-")
