"""Lip sync with several pictures: `python -m deploy.load.lips`, one `name: value` a line.

Three speak from afar, each with a camera that shows the machine's clock; the last of them clicks, the others are mute.
One who takes part sees the room's picture, the newest speaker's and the small ones of the others, and hears the clicks.
Of every picture the age at the moment it is shown is read off; `lips_<picture>_ms` is how much later it is than the
sound (above 0) or earlier.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page as Tab

from deploy.load import browsers as b
from deploy.load.company import Page, Refused
from deploy.load.listening import Figures
from deploy.load.onsets import find_onsets, latencies
from deploy.load.processes import BenchError
from deploy.load.troupe import ROOM, Troupe
from interpreting.roles import Role

_CLOCK: Final = Path(__file__).with_name("glass.js")
_SETTLE_S: Final = 8.0
_PICTURES: Final = {
    "hall": "#tile-hall video",
    "stage": "#tile-stage video",
    "first_face": "#others li:nth-child(1) video",
    "second_face": "#others li:nth-child(2) video",
}
_LEAST: Final = 20


def measure(company: Troupe, chair: Page, sound: Path, seconds: float, figures: Figures) -> None:
    """All of it in one Chromium.

    Raises:
        BenchError, BrowserError, Refused, TimeoutError: not all came about that should.
    """
    clock = _CLOCK.read_text()
    camera = f"window.tolmachClock = true;{clock}"
    with b.chromium(company.house.url, sound) as browser:
        viewer = _enter(browser.visit(company.link(Role.PARTICIPANT, "Viewer"), scripts=clock))
        for name in ("Olena", "Jonas", "Iryna"):
            speaker = _speak(browser.visit(company.link(Role.PARTICIPANT, name), scripts=camera), company, chair, name)
            if name != "Iryna":
                speaker.click("#mic")
        viewer.wait_for_selector("#tile-stage:not([hidden])")
        time.sleep(_SETTLE_S)
        sent, heard = b.record(speaker, "captured"), b.record(viewer, "heard")
        for selector in _PICTURES.values():
            viewer.evaluate("(selector) => tolmachEye.open(selector)", selector)
        time.sleep(seconds)
        sent.collect()
        heard.collect()
        found = latencies(find_onsets(sent.envelope), find_onsets(heard.envelope))
        if len(found) < seconds / 2:
            raise BenchError(f"only {len(found)} clicks heard in {seconds:.0f} s")
        figures.add("lips_sound_ms", median(found))
        for name, selector in _PICTURES.items():
            ages: list[float] = viewer.evaluate("(selector) => tolmachEye.take(selector)", selector)
            if len(ages) < _LEAST:
                raise BenchError(f"only {len(ages)} pictures with a clock from {name}")
            figures.add(f"lips_{name}_ms", median(ages) - median(found))
            figures.add(f"lips_{name}_pictures_per_s", len(ages) / seconds)


def _enter(page: Tab) -> Tab:
    """Pass the test; the microphone is opened last, which is the one that is recorded."""
    page.wait_for_selector("#go-in:enabled")
    page.check("#headset")
    page.click("#go-in")
    page.wait_for_selector('#workshop[data-step="seated"]')
    return page


def _speak(page: Tab, company: Troupe, chair: Page, name: str) -> Tab:
    """Go in with a picture, and be given the floor."""
    page.wait_for_selector("#go-in:enabled")
    page.check("#test-camera")
    _enter(page)
    company.run(chair.command("give_floor", person=name))
    page.wait_for_selector('#workshop[data-speech="heard"]')
    return page


@contextmanager
def _moderating(company: Troupe) -> Iterator[Page]:
    chair = Page(company.house, ROOM, company.house.token(Role.MODERATOR, "Chair"))
    company.run(chair.open())
    try:
        yield chair
    finally:
        company.run(chair.aclose())


def main() -> int:
    """Measure; 1 when it failed."""
    parser = argparse.ArgumentParser(prog="python -m deploy.load.lips", description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=15.0, help="how long is looked and listened (15)")
    options = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="tolmach-load-") as name:
            sound, company = Path(name, "clicks.wav"), Troupe(Path(name))
            b.write_clicks(sound)
            company.start()
            try:
                company.run(company.house.start())
                with _moderating(company) as chair:
                    measure(company, chair, sound, options.seconds, Figures())
            finally:
                company.end()
    except (BenchError, BrowserError, Refused, TimeoutError, ValueError) as error:
        print(f"lips: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
