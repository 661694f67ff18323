"""Browser to browser by the onset of a click: `python -m deploy.load.click`, one `name: value` a line.

Real Chromium pages of a server started for it on loopback: a venue, interpreters, a listener, somebody who speaks from
far away. First the microphones click once a second and latencies are read off; then they hum, each at its own pitch,
and the gaps at a switch of language and at a handover are read off the listener's envelope.
"""

import argparse
import statistics
import time
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from deploy.load import browsers as b
from deploy.load.curtain import measure_in_browsers
from deploy.load.listening import Figures
from deploy.load.onsets import below_talking, find_onsets, latencies, switch_gap
from deploy.load.processes import BenchError
from deploy.load.targets import ROOM, Tolmach

# Multiples of 375 Hz: whole periods in a block of 128 samples, so that each is told apart exactly.
TONES_HZ: Final = (375.0, 1125.0, 1875.0)
_FLOOR, _FIRST, _SECOND = range(3)
_BOOTH: Final = "de-uk"
_CHANNEL: Final = "uk"
_SETTLE_S: Final = 4.0
_AFTER_SWITCH_S: Final = 2.2
_HANDOVER_MS: Final = 1500.0
_NEWCOMERS: Final = 6
_LIMIT_S: Final = 210
# Sends as an encoder does, which is on the floor by its token: what a page does besides is not on the sound's way.
_SPEAK: Final = """
async ([room, token]) => {
  const { Publisher } = await import("/static/js/lib/whip.js");
  const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: plain });
  window.far = new Publisher({ room, token, stream, onStatus: () => {} });
  far.session.start();
}
"""


def measure_latency(tolmach: Tolmach, clicks: Path, seconds: float, figures: Figures) -> None:
    """Floor to booth and booth to listener, by clicks."""
    with b.chromium(tolmach.url, clicks) as browser:
        venue = browser.visit(f"/join/{tolmach.invite('venue')}")
        b.go_live(venue)
        booth = browser.visit(f"/join/{tolmach.invite('interpreter', _BOOTH, 'Olena')}")
        b.enter_booth(booth)
        time.sleep(_SETTLE_S)
        _add(figures, "floor_to_booth_ms", _latency(venue, booth, seconds))
        b.take_mic(booth)
        listener = browser.visit(f"/r/{ROOM}?way=direct")
        b.listen_to(listener, _CHANNEL)
        time.sleep(_SETTLE_S)
        _add(figures, "booth_to_listener_ms", _latency(booth, listener, seconds))
        _add(figures, "press_to_picture_ms", _pictures(browser))


def measure_far_away(tolmach: Tolmach, clicks: Path, seconds: float, figures: Figures) -> None:
    """From somebody far away to the hall's loudspeakers and to a booth, by clicks; the hall itself is silent."""
    with b.chromium(tolmach.url, clicks) as browser:
        speaker = browser.visit(f"/r/{ROOM}/workshop")
        speaker.evaluate(_SPEAK, [ROOM, tolmach.invite("speaker", name="Ivan")])
        speaker.wait_for_function("far.session.status.state === 'connected'")
        hall = browser.visit(f"/join/{tolmach.invite('venue')}")
        hall.check("#return-on")
        time.sleep(_SETTLE_S)
        _add(figures, "far_away_to_hall_ms", _latency(speaker, hall, seconds))
        hall.context.close()
        booth = browser.visit(f"/join/{tolmach.invite('interpreter', _BOOTH, 'Olena')}")
        b.enter_booth(booth)
        time.sleep(_SETTLE_S)
        _add(figures, "far_away_to_booth_ms", _latency(speaker, booth, seconds))


def measure_gaps(tolmach: Tolmach, clicks: Path, times: int, figures: Figures) -> None:
    """Gaps at a switch of language and at a handover, by tones; without pictures, to leave the cores to the sound."""
    with b.chromium(tolmach.url, clicks) as browser:
        venue = browser.visit(f"/join/{tolmach.invite('venue')}", TONES_HZ[_FLOOR])
        b.go_live(venue)
        booths = []
        for tone, name in ((_FIRST, "Olena"), (_SECOND, "Jonas")):
            booths.append(browser.visit(f"/join/{tolmach.invite('interpreter', _BOOTH, name)}", TONES_HZ[tone]))
            b.enter_booth(booths[-1])
        b.take_mic(booths[0])
        listener = browser.visit(f"/r/{ROOM}?way=direct")
        b.listen_to(listener, _CHANNEL)
        ear = b.record(listener, "heard", TONES_HZ)
        time.sleep(_SETTLE_S)
        _measure_switches(ear, times, figures)
        _measure_handovers(ear, booths, times, figures)


def _latency(sender: Page, hearer: Page, seconds: float) -> list[float]:
    sent, heard = b.record(sender, "captured"), b.record(hearer, "heard")
    time.sleep(seconds)
    sent.collect()
    heard.collect()
    found = latencies(find_onsets(sent.envelope), find_onsets(heard.envelope))
    for page in (sender, hearer):
        page.evaluate("tolmachRecorder.stop()")
    if len(found) < seconds / 2:
        raise BenchError(f"only {len(found)} clicks heard in {seconds:.0f} s")
    return found


def _pictures(browser: b.Browsers) -> list[float]:
    """How long each of some newcomers waits for the venue's picture."""
    waits = []
    for _ in range(_NEWCOMERS):
        page = browser.visit(f"/r/{ROOM}?way=direct")
        waits.append(b.see(page, "floor"))
        page.context.close()
    return waits


def _measure_switches(ear: b.Ear, times: int, figures: Figures) -> None:
    gaps, delays = [], []
    for turn in range(times):
        to_floor = turn % 2 == 0
        pressed = b.listen_to(ear.page, "floor" if to_floor else _CHANNEL)
        time.sleep(_AFTER_SWITCH_S)
        ear.collect()
        old, new = (_FIRST, _FLOOR) if to_floor else (_FLOOR, _FIRST)
        gap, delay = switch_gap(ear.envelope, old, new, pressed)
        gaps.append(gap)
        delays.append(delay)
    if times % 2:
        b.listen_to(ear.page, _CHANNEL)
        time.sleep(_AFTER_SWITCH_S)
    _add(figures, "language_switch_gap_ms", gaps)
    _add(figures, "language_switch_press_to_sound_ms", delays)


def _measure_handovers(ear: b.Ear, booths: list[Page], times: int, figures: Figures) -> None:
    gaps = []
    on_air, partner = booths
    for _ in range(times):
        on_air.click("#handover-ask:visible:enabled")
        partner.click("#handover-accept:visible")
        on_air.wait_for_selector("#handover-switch:visible")
        # The press itself stays out of the talking level before it.
        time.sleep(1.2)
        pressed = time.time() * 1000
        on_air.click("#handover-switch:visible")
        time.sleep(_AFTER_SWITCH_S)
        ear.collect()
        gaps.append(below_talking(ear.envelope, pressed, pressed + _HANDOVER_MS))
        on_air, partner = partner, on_air
    _add(figures, "handover_gap_ms", gaps)


def _add(figures: Figures, name: str, values: list[float]) -> None:
    figures.add(f"{name}_median", statistics.median(values))
    figures.add(f"{name}_worst", max(values))
    figures.add(f"{name}_count", len(values))


def main() -> int:
    """Measure all; 1 when one of them failed."""
    parser = argparse.ArgumentParser(prog="python -m deploy.load.click", description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each recording of clicks (10)")
    parser.add_argument("--times", type=int, default=4, help="switches and handovers (4)")
    options = parser.parse_args()

    def measure(tolmach: Tolmach, folder: Path, figures: Figures) -> None:
        clicks = folder / "clicks.wav"
        b.write_clicks(clicks)
        measure_latency(tolmach, clicks, options.seconds, figures)
        measure_far_away(tolmach, clicks, options.seconds, figures)
        measure_gaps(tolmach, clicks, options.times, figures)

    return measure_in_browsers("click", _LIMIT_S, measure)


if __name__ == "__main__":
    raise SystemExit(main())
