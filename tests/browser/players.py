"""The watch page as a player, as its tests see it: what sounds on each channel, whether it goes on, where it is."""

from typing import Final

from playwright.sync_api import Page

from deploy.load.troupe import ROOM, TONES_HZ
from tests.browser.stagehand import wait_until

PAGE: Final = f"/r/{ROOM}"
FLOOR, UK, EN = (TONES_HZ[channel] for channel in ("floor", "uk", "en"))
FILM: Final = "#picture"
# Long enough for a player that waits eight seconds until it takes the other way.
FALL_MS: Final = 60_000


def play(page: Page, channel: str) -> None:
    """Press a language and wait until the livestream goes."""
    page.click(f'[data-channel="{channel}"]')
    until_playing(page)


def until_playing(page: Page) -> None:
    """Wait until the livestream goes and the page says so."""
    wait_until(lambda: clock(page) > 0 and goes_on(page), "the livestream plays")
    page.wait_for_selector('#connection[data-state="connected"]')


def clock(page: Page, selector: str = FILM) -> float:
    """Where the player is, in seconds of the stream."""
    return float(page.evaluate("(selector) => document.querySelector(selector).currentTime", selector))


def goes_on(page: Page, selector: str = FILM) -> bool:
    """Whether its clock runs."""
    before = clock(page, selector)
    page.wait_for_timeout(250)
    return clock(page, selector) > before


def is_at_live(page: Page) -> bool:
    """Whether the page says that it is live."""
    return page.locator("#to-live").get_attribute("data-live") == "true"


def window_s(page: Page) -> float:
    """How much can be rewound."""
    return float(page.locator("#seek").get_attribute("max") or 0)
