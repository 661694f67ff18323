"""Real Chromium pages of our server, with a microphone that plays a WAV, and a recorder in every page."""

import wave
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from deploy.load.onsets import Envelope, read_take

CHROMIUM: Final = "/usr/bin/chromium"
RATE: Final = 48_000
_WAIT_MS: Final = 20_000
# Every page is drawn by software on the same two cores that carry the sound.
_SMALL: Final[ViewportSize] = {"width": 800, "height": 600}
_FLAGS: Final = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
    # Several pages share two cores: none may be throttled for being in the background.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
)


def write_clicks(path: Path, seconds: int = 10) -> None:
    """A click of 5 ms at 3 kHz at the middle of every second, over silence; mono, 16 bit, 48 kHz."""
    sound = np.zeros(seconds * RATE)
    click = np.sin(2 * np.pi * 3000 * np.arange(RATE // 200) / RATE)
    for second in range(seconds):
        start = second * RATE + RATE // 2
        sound[start : start + len(click)] = 0.5 * click
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((sound * 32767).astype("<i2").tobytes())


@dataclass(slots=True)
class Ear:
    """A page that records what it captures or hears."""

    page: Page
    envelope: Envelope

    def collect(self) -> None:
        """Fetch what was recorded since the last time."""
        read_take(self.envelope, self.page.evaluate("tolmachRecorder.take()"))


class Browsers:
    """One Chromium; every page in a profile of its own, and with it its own cookies."""

    def __init__(self, browser: Browser, base_url: str) -> None:
        self._browser = browser
        self._base_url = base_url

    def visit(self, path: str, hum_hertz: float | None = None, scripts: str = "") -> Page:
        """A page with the recorder in it, and `scripts`.

        Its microphone plays the browser's WAV, or hums at `hum_hertz`.
        """
        # The recorder's worklet comes from a blob, which the pages' own policy rightly forbids.
        context = self._browser.new_context(
            bypass_csp=True, permissions=["microphone", "camera"], viewport=_SMALL, service_workers="block"
        )
        context.set_default_timeout(_WAIT_MS)
        if hum_hertz is not None:
            context.add_init_script(f"window.tolmachHum = {hum_hertz};")
        context.add_init_script(path=Path(__file__).with_name("recorder.js"))
        if scripts:
            context.add_init_script(scripts)
        page = context.new_page()
        page.goto(f"{self._base_url}{path}")
        return page


@contextmanager
def chromium(base_url: str, sound: Path) -> Iterator[Browsers]:
    """A browser for the pages at `base_url`, whose microphone plays `sound` in a loop; closed again on leaving."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=[*_FLAGS, f"--use-file-for-fake-audio-capture={sound}"]
        )
        try:
            yield Browsers(browser, base_url)
        finally:
            browser.close()


def go_live(page: Page) -> None:
    """On the venue's page: send, and wait until the page says that it is live."""
    page.click("#go-live:enabled")
    page.wait_for_selector('#live-banner[data-state="live"]')


def enter_booth(page: Page) -> None:
    """On the booth's page: pass the headset test, and wait until the on-air key is free."""
    page.click("#test-enter:enabled")
    page.wait_for_selector("#on-air:enabled")


def take_mic(page: Page) -> None:
    """On the booth's page: go on air."""
    page.click("#on-air:enabled")
    page.wait_for_selector('#on-air[aria-pressed="true"]')


def listen_to(page: Page, channel: str) -> float:
    """On the watch page: press a language; when, in epoch milliseconds."""
    pressed = page.evaluate(
        """(channel) => {
            document.querySelector(`button[data-channel="${channel}"]`).click();
            return performance.timeOrigin + performance.now();
        }""",
        channel,
    )
    return float(pressed)


def see(page: Page, channel: str) -> float:
    """On the watch page: press a language; milliseconds until the first picture is on the screen."""
    seen = page.evaluate(
        """(channel) => new Promise((resolve, reject) => {
            const pressed = performance.now();
            setTimeout(() => reject(new Error("no picture")), 10_000);
            for (const screen of document.querySelectorAll("video")) {
                screen.requestVideoFrameCallback((now) => resolve(now - pressed));
            }
            document.querySelector(`button[data-channel="${channel}"]`).click();
        })""",
        channel,
    )
    return float(seen)


def record(page: Page, which: str, tones: Sequence[float] = ()) -> Ear:
    """Begin to record what the page has "captured" or has "heard"."""
    page.wait_for_function("(which) => tolmachRecorder.has(which)", arg=which)
    page.evaluate("([which, tones]) => tolmachRecorder.start(which, tones)", [which, list(tones)])
    return Ear(page, Envelope())
