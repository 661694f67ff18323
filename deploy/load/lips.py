"""Lip sync with several pictures: `python -m deploy.load.lips`, one `name: value` a line.

Three speak from afar, each with a camera that shows the machine's clock; one clicks, the others are mute, in turn. One
who takes part sees the room's picture, the newest speaker's and the small ones of the others, and hears the clicks. Of
whoever clicks the age of the picture at the moment it is shown is read off; `lips_<picture>_ms` is how much later it is
than the sound (above 0) or earlier.

With `--alone` the browser of who looks is one in which a page cannot hold pictures back. With `--deep` the sound of who
looks waits in its buffer as it does on a line that shakes so much.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page as Tab
from playwright.sync_api import TimeoutError as BrowserTimeout

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
    "Iryna": {"hall": "#tile-hall video", "stage": "#tile-stage video"},
    "Olena": {"first_face": '#others video[aria-label^="Olena"]'},
    "Jonas": {"second_face": '#others video[aria-label^="Jonas"]'},
}
"""By who is seen in them; the first is the newest on the floor."""
_LEAST: Final = 20
_EARLIEST_MS: Final = -125
_LATEST_MS: Final = 45
"""A picture's place against the sound that is borne: the limits of ITU-R BT.1359, the other way round."""
_ALONE: Final = "delete RTCRtpReceiver.prototype.jitterBufferTarget;"
_DEEP: Final = """{
  const hold = Object.getOwnPropertyDescriptor(RTCRtpReceiver.prototype, "jitterBufferTarget").set;
  const take = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = async function (answer) {
    await take.call(this, answer);
    for (const receiver of this.getReceivers()) if (receiver.track.kind === "audio") hold.call(receiver, %d);
  };
}"""


def measure(company: Troupe, chair: Page, sound: Path, seconds: float, figures: Figures, eye: str) -> None:
    """All of it in one Chromium; `eye` is put into the page of who looks.

    Raises:
        BenchError, BrowserError, Refused, TimeoutError: not all came about that should.
    """
    clock = _CLOCK.read_text()
    camera = f"window.tolmachClock = true;{clock}"
    with b.chromium(company.house.url, sound) as browser:
        viewer = _enter(browser.visit(company.link(Role.PARTICIPANT, "Viewer"), scripts=f"{clock}{eye}"))
        speakers: dict[str, Tab] = {}
        for name in reversed(_PICTURES):
            page = browser.visit(company.link(Role.PARTICIPANT, name), scripts=camera)
            speakers[name] = _speak(page, company, chair, name)
            page.click("#mic")
        viewer.wait_for_selector("#tile-stage:not([hidden])")
        borne = []
        for name, pictures in _PICTURES.items():
            speakers[name].click("#mic")
            time.sleep(_SETTLE_S)
            borne += _look(viewer, speakers[name], pictures, seconds, figures)
            speakers[name].click("#mic")
        figures.add("lips_borne_percent", 100 * sum(borne) / len(borne))


def _look(viewer: Tab, speaker: Tab, pictures: Mapping[str, str], seconds: float, figures: Figures) -> list[bool]:
    """At the pictures of who clicks just now; of each that was shown, whether it is borne beside its sound."""
    sent, heard = b.record(speaker, "captured"), b.record(viewer, "heard")
    for selector in pictures.values():
        viewer.evaluate("(selector) => tolmachEye.open(selector)", selector)
    time.sleep(seconds)
    sent.collect()
    heard.collect()
    found = latencies(find_onsets(sent.envelope), find_onsets(heard.envelope))
    if len(found) < seconds / 2:
        raise BenchError(f"only {len(found)} clicks heard in {seconds:.0f} s")
    borne = []
    for name, selector in pictures.items():
        ages: list[float] = viewer.evaluate("(selector) => tolmachEye.take(selector)", selector)
        if len(ages) < _LEAST:
            raise BenchError(f"only {len(ages)} pictures with a clock from {name}")
        after = [age - median(found) for age in ages]
        borne += [_EARLIEST_MS <= each <= _LATEST_MS for each in after]
        figures.add(f"lips_{name}_ms", median(after))
        figures.add(f"lips_{name}_sound_ms", median(found))
        figures.add(f"lips_{name}_pictures_per_s", len(ages) / seconds)
    return borne


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
    try:
        page.wait_for_selector('#workshop[data-speech="heard"]')
    except BrowserTimeout as error:
        speech, problem = page.get_attribute("#workshop", "data-speech"), page.locator("#problem").inner_text()
        raise BenchError(f"{name} has the floor and is not heard: {speech} {problem}") from error
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
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each is looked at and listened to (10)")
    parser.add_argument("--alone", action="store_true", help="in a browser that lets no page hold pictures back")
    parser.add_argument("--deep", type=int, default=0, help="how deep the sound's buffer is at least, ms (0)")
    options = parser.parse_args()
    eye = (_DEEP % options.deep if options.deep else "") + (_ALONE if options.alone else "")
    try:
        with tempfile.TemporaryDirectory(prefix="tolmach-load-") as name:
            sound, company = Path(name, "clicks.wav"), Troupe(Path(name))
            b.write_clicks(sound)
            company.start()
            try:
                company.run(company.house.start())
                with _moderating(company) as chair:
                    measure(company, chair, sound, options.seconds, Figures(), eye)
            finally:
                company.end()
    except (BenchError, BrowserError, Refused, TimeoutError, ValueError) as error:
        print(f"lips: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
