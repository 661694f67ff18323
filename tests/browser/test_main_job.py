"""The main job in real browsers: a venue, two booths, four listeners, told apart by frequency.

One conference lived through from its first minute to a restart of the server; each test goes on where the one before it
stopped, because that is how a conference goes.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.browser.stagehand import EARS, Server, chromium, hears, strength, wait_until, write_tone
from tests.browser.visits import DIRECT

VENUE, OLENA, JONAS, MARIA = 440, 1000, 1500, 2200
CHANNELS = ("floor", "de", "uk", "en")


@dataclass
class Conference:
    """Who is there."""

    server: Server
    venue: Page
    olena: Page
    jonas: Page
    maria: Page
    listeners: dict[str, Page]


def open_booth(browser: Browser, server: Server, who: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    page.add_init_script(EARS)
    page.goto(server.link("plenary", f"interpreter {who}"))
    page.wait_for_selector("#test-enter:not([disabled])")
    page.click("#test-enter")
    page.wait_for_selector("#on-air:not([disabled])")
    return page


def open_venue(browser: Browser, server: Server) -> Page:
    page = browser.new_context().new_page()
    page.goto(server.link("plenary", "venue"))
    page.wait_for_selector("#go-live:not([disabled])")
    page.click("#go-live")
    return page


def open_listener(browser: Browser, server: Server, channel: str) -> Page:
    page = browser.new_context().new_page()
    page.goto(f"{server.url}/r/plenary{DIRECT}")
    page.click(f'[data-channel="{channel}"]')
    return page


@pytest.fixture(scope="module")
def conference(
    playwright: Playwright, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Conference]:
    tones = tmp_path_factory.mktemp("tones")

    def tone(hertz: int) -> Path:
        return write_tone(tones / f"{hertz}.wav", hertz)

    with ExitStack() as stack:
        browsers = {n: stack.enter_context(chromium(playwright, tone(n))) for n in (VENUE, OLENA, JONAS, MARIA)}
        hall = stack.enter_context(chromium(playwright))
        yield Conference(
            server,
            open_venue(browsers[VENUE], server),
            open_booth(browsers[OLENA], server, "de-uk Olena"),
            open_booth(browsers[JONAS], server, "de-uk Jonas"),
            open_booth(browsers[MARIA], server, "en Maria"),
            {channel: open_listener(hall, server, channel) for channel in CHANNELS},
        )


def air(page: Page) -> str:
    return page.locator("#console").get_attribute("data-air") or ""


def test_the_floor_reaches_booths_and_every_channel(conference: Conference) -> None:
    for page in (conference.olena, conference.jonas, conference.maria):
        hears(page, VENUE, [OLENA, JONAS, MARIA])
    for channel in CHANNELS:
        hears(conference.listeners[channel], VENUE, [OLENA, JONAS, MARIA])


def test_the_floor_is_quieter_where_nobody_interprets(conference: Conference) -> None:
    def ducked_db() -> float:
        return strength(conference.listeners["floor"], VENUE) - strength(conference.listeners["uk"], VENUE)

    wait_until(lambda: 6 < ducked_db() < 13, "quieter by some 10 dB")
    assert conference.listeners["uk"].locator('[data-channel="uk"]').inner_text().count("\n") >= 1


def test_an_interpreter_on_air_is_heard_on_her_channel_only(conference: Conference) -> None:
    conference.olena.click('[data-outgoing="uk"]')
    conference.olena.click("#on-air")
    hears(conference.listeners["uk"], OLENA, [VENUE, JONAS, MARIA])
    for channel in ("floor", "de", "en"):
        hears(conference.listeners[channel], VENUE, [OLENA, JONAS, MARIA])


def test_a_second_booth_speaks_at_the_same_time(conference: Conference) -> None:
    conference.maria.click('[data-outgoing="en"]')
    conference.maria.click("#on-air")
    hears(conference.listeners["en"], MARIA, [VENUE, OLENA, JONAS])
    hears(conference.listeners["uk"], OLENA, [VENUE, JONAS, MARIA])


def test_the_original_may_lie_underneath(conference: Conference) -> None:
    page = conference.listeners["en"]
    page.locator("#mix-under").check()
    wait_until(lambda: strength(page, VENUE) > -60, "the floor under the interpreter")
    hears(page, MARIA, [VENUE, OLENA], above_db=8)
    page.locator('input[name="mix"]:not(#mix-under)').check()
    hears(page, MARIA, [VENUE, OLENA])


def test_a_cough_is_not_heard(conference: Conference) -> None:
    cough = conference.olena.locator("#cough")
    box = cough.bounding_box()
    assert box is not None
    conference.olena.mouse.move(box["x"] + 10, box["y"] + 10)
    conference.olena.mouse.down()
    listener = conference.listeners["uk"]
    wait_until(lambda: max(strength(listener, OLENA), strength(listener, VENUE)) < -75, "the cough is cut out")
    conference.olena.mouse.up()
    hears(listener, OLENA, [VENUE])


def test_the_partner_takes_over(conference: Conference) -> None:
    conference.jonas.click("#handover-ask")
    conference.olena.click("#handover-accept")
    conference.olena.click("#handover-switch")
    hears(conference.listeners["uk"], JONAS, [OLENA, VENUE, MARIA])
    wait_until(lambda: air(conference.jonas) == "on_air" and air(conference.olena) == "off_air", "the consoles agree")


def test_a_console_listens_to_a_colleagues_channel(conference: Conference) -> None:
    conference.olena.click('[data-incoming="en"]')
    hears(conference.olena, MARIA, [VENUE, JONAS])
    conference.olena.click('[data-incoming="floor"]')
    hears(conference.olena, VENUE, [MARIA, JONAS])


def test_the_floor_changes_its_language(conference: Conference) -> None:
    conference.venue.click('[data-floor-language="uk"]')
    # Jonas still speaks into Ukrainian: he is heard until he leaves it.
    conference.jonas.click("#on-air")
    hears(conference.listeners["uk"], VENUE, [JONAS, OLENA])
    conference.jonas.click('[data-outgoing="de"]')
    conference.jonas.click("#on-air")
    hears(conference.listeners["de"], JONAS, [VENUE, OLENA])
    hears(conference.listeners["uk"], VENUE, [JONAS, OLENA])


def test_a_listener_changes_the_language(conference: Conference) -> None:
    page = conference.listeners["uk"]
    page.click('[data-channel="en"]')
    hears(page, MARIA, [VENUE, JONAS])
    page.reload()
    hears(page, MARIA, [VENUE, JONAS])
    page.click('[data-channel="uk"]')
    hears(page, VENUE, [MARIA, JONAS])


def test_the_server_is_restarted(conference: Conference) -> None:
    conference.server.stop()
    conference.server.start()
    hears(conference.listeners["de"], JONAS, [VENUE, OLENA])
    hears(conference.listeners["en"], MARIA, [VENUE, OLENA])
    hears(conference.listeners["uk"], VENUE, [JONAS, OLENA])
    wait_until(lambda: air(conference.jonas) == "on_air", "Jonas is on air as before")
    hears(conference.olena, VENUE, [JONAS])


def test_a_booths_page_is_closed_while_on_air(conference: Conference) -> None:
    conference.jonas.close()
    hears(conference.listeners["de"], VENUE, [JONAS, OLENA])
    conference.olena.click('[data-outgoing="de"]')
    conference.olena.click("#on-air")
    hears(conference.listeners["de"], OLENA, [VENUE, JONAS])


def test_the_venue_leaves_and_the_demo_returns(conference: Conference) -> None:
    conference.venue.close()
    listener = conference.listeners["uk"]
    wait_until(lambda: strength(listener, VENUE) < -75, "the venue is silent")
    wait_until(lambda: listener.evaluate("document.querySelector('#picture').videoWidth") > 0, "there is a picture")
