"""Visits to the pages as people make them, and what must never happen on any of them: foreign requests, errors.

A `Visitor` is one person's browser: a context of its own, whose requests and console are noted from the first page on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    TimeoutError,
    WebSocket,
)

from tests.browser.stagehand import WAIT_S, Server, wait_until

LANGUAGES: Final = ("de", "uk", "en")
LAPTOP: Final = (1280, 720)
PHONE: Final = (390, 844)
# The watch page without delay; the livestream, which it plays otherwise, is test_livestream.py's.
DIRECT: Final = "?way=direct"
# Chromium's own line for an answer of 400 and more; the answers themselves are noted with their method.
_FAILED_RESOURCE: Final = "Failed to load resource"


@dataclass
class Visitor:
    """A person's browser at one server, with what it asked for elsewhere and what went wrong in it."""

    server: Server
    context: BrowserContext
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.on("request", self._on_request)
        self.context.on("response", self._on_response)
        self.context.on("console", self._on_console)
        self.context.on("weberror", lambda error: self.errors.append(str(error.error)))
        self.context.on("page", lambda page: page.on("websocket", self._on_websocket))

    def open(self, path: str) -> Page:
        """Open an address of this server, or a personal link, in a new tab."""
        page = self.context.new_page()
        page.goto(path if path.startswith("http") else f"{self.server.url}{path}")
        return page

    def _note_host(self, url: str) -> None:
        parts = urlsplit(url)
        is_ours = parts.netloc == urlsplit(self.server.url).netloc
        # The last two are the browser's own: its reader of PDFs.
        if not is_ours and parts.scheme not in ("data", "blob", "chrome", "chrome-extension"):
            self.foreign.append(url)

    def _on_request(self, request: Request) -> None:
        self._note_host(request.url)

    def _on_websocket(self, socket: WebSocket) -> None:
        self._note_host(socket.url)

    def _on_response(self, response: Response) -> None:
        # A session whose peer said goodbye first is gone when its DELETE arrives; an error page is no accident.
        is_late = response.request.method == "DELETE" and response.status == 404
        # hls.js takes a playlist that it has for longer than a part for an old one from a cache, and then asks up to
        # one and a half segments ahead: on a busy machine past what RFC 8216bis 6.2.5.2 has us answer. It asks again.
        is_ahead = "_HLS_part=" in response.url and response.status == 400
        is_starting = ".m3u8" in response.url and response.status == 503
        is_early = "/hls/" in response.url and (is_ahead or is_starting)
        if response.status >= 400 and not is_late and not is_early and not response.request.is_navigation_request():
            self.errors.append(f"{response.request.method} {response.url}: {response.status}")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(_FAILED_RESOURCE):
            self.errors.append(message.text)


@contextmanager
def visitor(
    browser: Browser,
    server: Server,
    *,
    lang: str = "de",
    size: tuple[int, int] = LAPTOP,
    may_fail: bool = False,
    **options: Any,
) -> Iterator[Visitor]:
    """A person whose browser speaks `lang`. At the end nothing was asked of other hosts and, mostly, nothing failed."""
    width, height = size
    context = browser.new_context(locale=lang, viewport={"width": width, "height": height}, **options)
    context.set_default_timeout(1000 * WAIT_S)
    person = Visitor(server, context)
    try:
        yield person
    finally:
        context.close()
    assert not person.foreign, person.foreign
    assert may_fail or not person.errors, person.errors


def take_test(page: Page) -> None:
    """Pass the headset test and sit down in the booth."""
    page.wait_for_selector("#test-enter:not([disabled])")
    page.click("#test-enter")
    page.wait_for_selector("#on-air:not([disabled])")


def tab_to(page: Page, selector: str, most: int = 40) -> None:
    """Press Tab until the element has the focus, which must be seen on it."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            assert page.evaluate("document.activeElement.matches(':focus-visible')")
            return
    raise AssertionError(f"Tab does not reach {selector}")


def go_live(page: Page) -> None:
    """Send the hall's picture and sound."""
    page.wait_for_selector("#go-live:not([disabled])")
    page.click("#go-live")
    page.wait_for_selector('#live-banner[data-state="live"]')


def listen(page: Page, channel: str) -> None:
    """Press a language on the watch page and wait until it sounds."""
    page.click(f'[data-channel="{channel}"]')
    until_heard(page)


def until_heard(page: Page) -> None:
    """Wait until the watch page's sound runs."""
    page.wait_for_selector('#connection[data-state="connected"]')
    wait_until(lambda: bool(page.evaluate("!document.querySelector('#sound').paused")), "the sound plays")


def air(page: Page) -> str:
    """How the console shows its microphone."""
    return page.locator("#console").get_attribute("data-air") or ""


def until_air(page: Page, state: str) -> None:
    """Wait until the console shows its microphone so."""
    try:
        page.wait_for_selector(f'#console[data-air="{state}"]')
    except TimeoutError as error:
        said = page.locator("#alarm, #air-hint, #messages").all_inner_texts()
        raise AssertionError(f"{air(page)} and not {state}: {said}") from error
