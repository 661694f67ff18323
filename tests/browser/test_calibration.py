"""Calibrating the headphones by keys alone: what it changes of limiter and dose, and that it is remembered."""

import json
import math
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page

from interpreting.roles import Role
from tests.browser import remotes
from tests.browser.booths import console, open_hall
from tests.browser.stagehand import Server, hears, strength, wait_until
from tests.browser.visits import tab_to, visitor

SERVER: Final = open_hall
FLOOR_HZ: Final = 700
VOICE_HZ: Final = 1000
# A murmur at −30 dBFS and −30 dB beside it, as loud as a voice of 60 dB; 6 dB are added for safety's sake.
LOUD_SPL: Final = 126
DEFAULT_SPL: Final = 113
APART_DB: Final = LOUD_SPL - DEFAULT_SPL


@pytest.fixture
def olena(browser: Browser, server: Server) -> Iterator[Page]:
    """In the booth, with a steady floor in her ears."""
    with ExitStack() as stack:
        hall = stack.enter_context(visitor(browser, server))
        remotes.come(hall, Role.VENUE, "house", FLOOR_HZ).send()
        _, page = stack.enter_context(console(browser, server, "olena"))
        hears(page, FLOOR_HZ, [VOICE_HZ])
        yield page


def open_calibration(page: Page) -> None:
    tab_to(page, "#open-headset")
    page.keyboard.press("Enter")
    page.wait_for_selector("#test-enter:not([disabled])")
    tab_to(page, "#calibration summary")
    page.keyboard.press("Enter")
    tab_to(page, "#calibration-play")
    page.keyboard.press("Enter")
    page.wait_for_selector('#calibration-play[aria-pressed="true"]')


def answer(page: Page, steps: int) -> None:
    """Softer by so many steps of 2 dB, and: as loud."""
    tab_to(page, "#calibration-softer")
    for _ in range(steps):
        page.keyboard.press("Enter")
    tab_to(page, "#calibration-equal")
    page.keyboard.press("Enter")


def calibrate(page: Page) -> None:
    """Three answers that say the same: the headphones are loud."""
    open_calibration(page)
    for n, steps in enumerate((5, 12, 8)):  # it begins at −20, −6 and −14 dB
        answer(page, steps)
        if n < 2:
            page.wait_for_selector(f'#calibration-words:has-text("{2 - n}")')
    page.wait_for_selector('#calibration-play[aria-pressed="false"]')


def known(page: Page) -> str:
    return page.locator("#calibration-known").inner_text()


def turn(page: Page, key: str) -> None:
    for _ in range(50):
        page.keyboard.press(key)


def dose(page: Page) -> dict[str, Any]:
    """The dose as it is written down when the page goes."""
    page.reload()
    hears(page, FLOOR_HZ, [VOICE_HZ])
    found: dict[str, Any] = json.loads(page.evaluate("localStorage.getItem('tolmach.hearing.dose')"))
    return found


def average_db(page: Page) -> float:
    """What this sound amounts to in this hearing, in dB(A)."""
    before = dose(page)
    page.wait_for_timeout(1_000)  # so much more is counted
    after = dose(page)
    return 85 + 10 * math.log10((after["energy"] - before["energy"]) / (after["seconds"] - before["seconds"]))


def test_limiter_and_dose_follow_a_calibration_by_keys(olena: Page) -> None:
    turn(olena, "ArrowUp")
    full_before = strength(olena, FLOOR_HZ)
    turn(olena, "ArrowDown")  # so soft that nothing is limited in either case
    for _ in range(3):
        olena.keyboard.press("ArrowUp")
    before = average_db(olena)
    calibrate(olena)
    assert str(LOUD_SPL) in known(olena)
    tab_to(olena, "#test-enter")
    olena.keyboard.press("Enter")
    # The same sound counts for as much more as the headphones are louder; what is loud is held that much lower.
    assert average_db(olena) - before == pytest.approx(APART_DB, abs=1.5)
    turn(olena, "ArrowUp")
    wait_until(lambda: full_before - strength(olena, FLOOR_HZ) > APART_DB - 4, "the ceiling is lower")
    assert full_before - strength(olena, FLOOR_HZ) == pytest.approx(APART_DB, abs=2)


def test_answers_far_apart_count_for_nothing_and_a_meters_reading_is_believed(olena: Page) -> None:
    open_calibration(olena)
    assert str(DEFAULT_SPL) in known(olena)
    for steps in (0, 0, 10):
        answer(olena, steps)
    assert str(DEFAULT_SPL) in known(olena)
    olena.wait_for_selector('#calibration-words:has-text("auseinander")')
    tab_to(olena, "#calibration-reading")
    olena.keyboard.type("68")
    olena.keyboard.press("Enter")
    # The murmur begins at −20 dB again: −50 dBFS in all.
    wait_until(lambda: "118" in known(olena), "the reading is believed")


def test_other_headphones_have_a_calibration_of_their_own(olena: Page) -> None:
    calibrate(olena)
    assert str(LOUD_SPL) in known(olena)
    names = olena.locator("#output option").evaluate_all("options => options.map(({ value }) => value)")
    olena.select_option("#output", names[-1])
    wait_until(lambda: str(DEFAULT_SPL) in known(olena), "these are not calibrated")
    olena.select_option("#output", names[0])
    wait_until(lambda: str(LOUD_SPL) in known(olena), "these are")
