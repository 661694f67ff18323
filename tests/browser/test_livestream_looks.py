"""How the player looks and is worked: keyboard alone, a phone's width, every light, a frame of another site."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.browser.players import FALL_MS, PAGE, goes_on, play, until_playing, window_s
from tests.browser.stagehand import Server, chromium, wait_until
from tests.browser.test_accessibility import AXE, violations
from tests.browser.visits import LANGUAGES, LAPTOP, PHONE, Visitor, visitor


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with chromium(playwright) as running:
        yield running


@pytest.fixture
def person(browser: Browser, house: Server) -> Iterator[Visitor]:
    with visitor(browser, house, lang="en") as one:
        yield one


def test_the_player_by_keyboard_alone(person: Visitor) -> None:
    page = person.open(PAGE)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('[data-channel=uk]')"):
            break
    page.keyboard.press("Enter")
    until_playing(page)
    page.keyboard.press("m")
    assert page.evaluate("document.querySelector('#picture').muted")
    page.keyboard.press("m")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.querySelector('#picture').volume") == pytest.approx(0.9)
    page.keyboard.press("k")
    assert page.evaluate("document.querySelector('#picture').paused")
    page.keyboard.press("k")
    wait_until(lambda: goes_on(page), "it plays again")
    page.keyboard.press("f")
    page.wait_for_selector("#player:fullscreen")
    assert page.locator('[data-channel="en"]').is_visible()
    page.keyboard.press("f")
    page.wait_for_selector("#player:not(:fullscreen)")
    page.keyboard.press("?")
    page.wait_for_selector("#help[open]")
    page.keyboard.press("m")  # keys sleep while a dialog is open
    page.keyboard.press("Escape")
    page.wait_for_selector("#help:not([open])", state="attached")
    assert not page.evaluate("document.querySelector('#picture').muted")


@contextmanager
def website(body: str) -> Iterator[str]:
    """Somebody else's website of one page; its address."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f"<!doctype html><body>{body}".encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{site.server_port}/"
        finally:
            site.shutdown()
            thread.join()


def test_another_site_shows_the_player_and_no_other_page(browser: Browser, house: Server) -> None:
    frames = [f'<iframe src="{house.url}{path}" width="480" height="460"></iframe>' for path in (f"{PAGE}/embed", PAGE)]
    with website("".join(frames)) as address, browser.new_context(locale="uk") as context:
        page = context.new_page()
        page.goto(address)
        player, refused = page.frames[1:]
        player.click('[data-channel="uk"]')
        film = "document.querySelector('#picture').currentTime"
        wait_until(lambda: player.evaluate(film) > 0, "the livestream plays in the frame")
        assert player.evaluate("document.documentElement.scrollWidth") <= 480
        for channel in ("floor", "de", "uk", "en"):
            button = player.locator(f'[data-channel="{channel}"]')
            assert button.evaluate("(button) => button.getBoundingClientRect().bottom") <= 460
        assert refused.locator("[data-channel]").count() == 0


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_is_wider_than_a_phone(browser: Browser, house: Server, lang: str) -> None:
    with visitor(browser, house, lang=lang, size=PHONE) as one:
        page = one.open(PAGE)
        play(page, "uk")
        wait_until(lambda: window_s(page) > 12, "there is something to rewind", 90)
        page.keyboard.press("j")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        for button in page.locator(".player-bar button:visible, .player-bar input:visible").all():
            box = button.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= PHONE[0]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_serious_or_critical(browser: Browser, house: Server, lang: str) -> None:
    with visitor(browser, house, lang=lang, may_fail=True) as one:
        one.context.add_init_script(path=AXE)
        page = one.open(PAGE)
        play(page, "uk")
        wait_until(lambda: window_s(page) > 12, "there is something to rewind", 90)
        page.keyboard.press("j")
        found = in_every_light(page)
        page.keyboard.press("?")
        found += in_every_light(page)
        page.keyboard.press("Escape")
        one.context.route("**/hls/**", lambda route: route.abort())
        page.click("#to-live")
        page.wait_for_selector("#detour:not([hidden])", timeout=FALL_MS)
        assert found + in_every_light(page) == []


def in_every_light(page: Page) -> list[Any]:
    found: list[Any] = []
    for width, height in (LAPTOP, PHONE):
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found += violations(page)
    page.set_viewport_size({"width": LAPTOP[0], "height": LAPTOP[1]})
    return found
