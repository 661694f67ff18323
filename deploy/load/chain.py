"""The chain between Chromium pages: `python -m deploy.load.chain`, one `name: value` a line.

A real server on loopback, a venue, a booth and a listener in real Chromium. Every microphone plays the click and the
sweep of `media.chain` in a circle. What a page captured is compared with what the next one hears, so that browser's
encoder, network, jitter buffer, mixer and browser's decoder are in it, in the booth its limiter too, but no devices.
Then the microphone hums, and it is counted from the press of the on-air key to the first sound on the channel's bus.
"""

import argparse
import base64
import statistics
import sys
import time
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
from playwright.sync_api import Page

from deploy.load import browsers as b
from deploy.load.bus_ear import BusEar
from deploy.load.curtain import measure_in_browsers
from deploy.load.listening import Figures
from deploy.load.processes import BenchError
from deploy.load.targets import ROOM, Tolmach
from media.chain import STIMULUS_S, SWEEP_AT_S, ChainFigures, analyse, arrival, stimulus, sweep

_BOOTH: Final = "de-uk"
_CHANNEL: Final = "uk"
_PERIOD_S: Final = 6.0
# Two turns of the circle and the pauses around them: one whole stimulus is in it, wherever it begins.
_RECORDING_S: Final = 2 * _PERIOD_S + 1.0
_SETTLE_S: Final = 4.0
# Far above the demo's bells, which the channel carries while nobody speaks.
_HUM_HZ: Final = 6375.0
_MIC_KEY: Final = "m"
_NOTE_PRESS: Final = """
addEventListener("keydown", ({ timeStamp }) => { window.tolmachPressed = performance.timeOrigin + timeStamp; }, true);
"""
_LIMIT_S: Final = 200
_SCRIPT: Final = Path(__file__).with_name("pcm.js").read_text("utf-8")
_BYTES_SENT: Final = """
async () => {
  const reports = [];
  for (const peer of window.tolmachPeers) reports.push(...(await peer.getStats()).values());
  const sent = reports.filter((one) => one.type === "outbound-rtp" && one.kind === "audio");
  const codecs = reports.filter((one) => one.type === "codec" && /opus/.test(one.mimeType) && one.sdpFmtpLine);
  return {
    bytes: sent.reduce((sum, one) => sum + one.bytesSent, 0),
    at: performance.now(),
    target: Math.max(0, ...sent.map((one) => one.targetBitrate ?? 0)),
    fmtp: codecs.map((one) => one.sdpFmtpLine),
  };
}
"""
# The pages keep their connections to themselves; statistics need them.
_PEERS: Final = """
(() => {
  window.tolmachPeers = [];
  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...args) { super(...args); window.tolmachPeers.push(this); }
  };
})();
"""


def write_stimulus(path: Path) -> None:
    """The stimulus and a pause, six seconds long; mono, 16 bit, 48 kHz."""
    sound = np.zeros(int(_PERIOD_S * b.RATE), np.float32)
    sound[: len(stimulus())] = stimulus()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(b.RATE)
        file.writeframes((sound * 32767).astype("<i2").tobytes())


def hop(sender: Page, hearer: Page) -> ChainFigures:
    """What lies between a page's captured track and another's heard one.

    Raises:
        BenchError: the stimulus was not captured whole.
    """
    # Both calls wait in their page, and Playwright has one thread: the pages are told first and asked afterwards.
    for page, which in ((sender, "captured"), (hearer, "heard")):
        page.evaluate("([which, ms]) => { window.tolmachTake = tolmachPcm(which, ms); }", [which, 1000 * _RECORDING_S])
    takes = []
    for page in (sender, hearer):
        found: dict[str, Any] = page.evaluate("() => window.tolmachTake")
        takes.append((found["began"] / 1000, np.frombuffer(base64.b64decode(found["samples"]), np.float32)))
    (sent_at, sent), (heard_at, heard) = takes
    # A sweep that comes too soon belongs to a stimulus that began before the recording; the next one is whole.
    soonest = int(SWEEP_AT_S * b.RATE)
    at, likeness = arrival(sent[soonest : soonest + int(_PERIOD_S * b.RATE) + len(sweep())], sweep())
    begins = at / b.RATE
    if likeness < 0.5:
        raise BenchError(f"the stimulus was not captured (likeness {likeness:.2f} in {len(sent) / b.RATE:.1f} s)")
    start = round((sent_at + begins - heard_at) * b.RATE)
    if start < 0:
        raise BenchError("the recordings do not overlap")
    return analyse(heard[start : start + int((STIMULUS_S + 1.5) * b.RATE)])


def measure_chain(tolmach: Tolmach, sound: Path, figures: Figures) -> None:
    """Venue to booth and booth to listener, by the sweep."""
    found = {}
    with b.chromium(tolmach.url, sound) as browser:
        venue = browser.visit(f"/join/{tolmach.invite('venue')}", scripts=_SCRIPT)
        b.go_live(venue)
        booth = browser.visit(f"/join/{tolmach.invite('interpreter', _BOOTH, 'Olena')}", scripts=_SCRIPT + _PEERS)
        b.enter_booth(booth)
        time.sleep(_SETTLE_S)
        found["venue_booth"] = hop(venue, booth)
        venue.close()
        b.take_mic(booth)
        listener = browser.visit(f"/r/{ROOM}?way=direct", scripts=_SCRIPT)
        b.listen_to(listener, _CHANNEL)
        time.sleep(_SETTLE_S)
        before = booth.evaluate(_BYTES_SENT)
        found["booth_listener"] = hop(booth, listener)
        after = booth.evaluate(_BYTES_SENT)
    _tell(found, figures)
    figures.add("microphone_kbit_s", 8 * (after["bytes"] - before["bytes"]) / (after["at"] - before["at"]))
    figures.add("microphone_target_kbit_s", after["target"] / 1000)
    print(f"the microphone's codec: {'; '.join(after['fmtp'])}", file=sys.stderr)


def _tell(found: dict[str, ChainFigures], figures: Figures) -> None:
    for name, one in found.items():
        if one.flatness_db is None or one.delay_ms is None or one.wander_ms is None or one.gain_db is None:
            raise BenchError(f"nothing came through: {name}")
        figures.add(f"chain_{name}_flatness_db", one.flatness_db)
        figures.add(f"chain_{name}_delay_ms", one.delay_ms)
        figures.add(f"chain_{name}_wander_ms", one.wander_ms)
        figures.add(f"chain_{name}_gain_db", one.gain_db)
        print(name, *(f"{band.hertz:.0f}:{band.gain_db:+.1f}" for band in one.bands), file=sys.stderr)
    figures.add("chain_flatness_db", max(one.flatness_db or 0.0 for one in found.values()))
    figures.add("chain_delay_ms", max(one.delay_ms or 0.0 for one in found.values()))


def measure_key(tolmach: Tolmach, sound: Path, times: int, figures: Figures) -> None:
    """From the press of the on-air key to the first packet of the channel's bus with the interpreter in it."""
    delays = []
    with b.chromium(tolmach.url, sound) as browser, ThreadPoolExecutor(1) as pool:
        booth = browser.visit(f"/join/{tolmach.invite('interpreter', _BOOTH, 'Olena')}", _HUM_HZ, _NOTE_PRESS)
        b.enter_booth(booth)
        for _ in range(times):
            ear = BusEar(f"{tolmach.url}/whep/{ROOM}/{_CHANNEL}", _HUM_HZ)
            heard = pool.submit(ear.listen)
            ear.is_listening.wait(10)
            time.sleep(1)
            booth.keyboard.press(_MIC_KEY)
            booth.wait_for_selector('#on-air[aria-pressed="true"]')
            delays.append(1000 * heard.result(15) - booth.evaluate("() => window.tolmachPressed"))
            booth.keyboard.press(_MIC_KEY)
            booth.wait_for_selector('#on-air[aria-pressed="false"]')
            time.sleep(1)
    figures.add("on_air_key_to_bus_ms_median", statistics.median(delays))
    figures.add("on_air_key_to_bus_ms_worst", max(delays))


def main() -> int:
    """Measure all; 1 when something failed."""
    parser = argparse.ArgumentParser(prog="python -m deploy.load.chain", description=__doc__.split("\n\n")[0])
    parser.add_argument("--times", type=int, default=5, help="presses of the on-air key (5)")
    options = parser.parse_args()

    def measure(tolmach: Tolmach, folder: Path, figures: Figures) -> None:
        sound = folder / "stimulus.wav"
        write_stimulus(sound)
        measure_chain(tolmach, sound, figures)
        measure_key(tolmach, sound, options.times, figures)

    return measure_in_browsers("chain", _LIMIT_S, measure)


if __name__ == "__main__":
    raise SystemExit(main())
