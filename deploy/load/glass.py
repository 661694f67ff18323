"""The livestream in Chromium: `python -m deploy.load.glass`, one `name: value` a line.

The venue's page sends a camera that shows the machine's clock; the watch page's player shows it again, and its age is
read off every picture (`glass_to_glass_ms`). Two interpreters hum, each at a pitch of her own: what is heard after a
language is pressed is read off the player's envelope (`livestream_switch_ms`: until the new language sounds;
`livestream_switch_gap_ms`: how long neither did).
"""

import argparse
import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from deploy.load import browsers as b
from deploy.load.curtain import measure_in_time
from deploy.load.listening import Figures
from deploy.load.measure import Usage
from deploy.load.onsets import switch_gap
from deploy.load.processes import BenchError
from deploy.load.troupe import ROOM, TONES_HZ, Troupe, troupe
from interpreting.roles import Role

_TURNS: Final = ("en", "uk", "floor", "en", "floor", "uk")
_SETTLE_S: Final = 15.0
_AFTER_SWITCH_S: Final = 2.5
_AROUND_S: Final = 120.0
_CLOCK: Final = Path(__file__).with_name("glass.js")


def measure(company: Troupe, sound: Path, seconds: float, times: int, figures: Figures) -> None:
    """Both, with one venue and one viewer in one Chromium."""
    clock = _CLOCK.read_text()
    camera = f"window.tolmachClock = true;{clock}"
    with b.chromium(company.house.url, sound) as browser:
        venue = browser.visit(company.link(Role.VENUE, "hall"), TONES_HZ["floor"], camera)
        b.go_live(venue)
        viewer = browser.visit(f"/r/{ROOM}", scripts=clock)
        b.listen_to(viewer, "uk")
        viewer.wait_for_selector('#connection[data-state="connected"]')
        time.sleep(_SETTLE_S)
        _measure_age(company, viewer, seconds, figures)
        _measure_switches(viewer, times, figures)


def _measure_age(company: Troupe, viewer: Page, seconds: float, figures: Figures) -> None:
    before = Usage.of(company.house.pid)
    viewer.evaluate("tolmachEye.open()")
    time.sleep(seconds)
    ages: list[float] = viewer.evaluate("tolmachEye.take()")
    if len(ages) < 5 * seconds:
        raise BenchError(f"only {len(ages)} pictures with a clock in {seconds:.0f} s")
    _add(figures, "glass_to_glass_ms", ages)
    figures.add("glass_server_percent_of_core", 100 * Usage.of(company.house.pid).share_since(before))
    figures.add("glass_machine_load", os.getloadavg()[0])


def _measure_switches(viewer: Page, times: int, figures: Figures) -> None:
    ear = b.record(viewer, "heard", tuple(TONES_HZ.values()))
    time.sleep(_AFTER_SWITCH_S)
    names, now = list(TONES_HZ), "uk"
    gaps, delays = [], []
    for turn in range(times):
        wish = _TURNS[turn % len(_TURNS)]
        pressed = b.listen_to(viewer, wish)
        time.sleep(_AFTER_SWITCH_S)
        ear.collect()
        gap, delay = switch_gap(ear.envelope, names.index(now), names.index(wish), pressed)
        gaps.append(gap)
        delays.append(delay)
        now = wish
    _add(figures, "livestream_switch_ms", delays)
    _add(figures, "livestream_switch_gap_ms", gaps)


def _add(figures: Figures, name: str, values: Sequence[float]) -> None:
    figures.add(f"{name}_median", statistics.median(values))
    figures.add(f"{name}_p95", sorted(values)[int(0.95 * (len(values) - 1))])
    figures.add(f"{name}_worst", max(values))
    figures.add(f"{name}_count", len(values))


def main() -> int:
    """Measure; 1 when it failed."""
    parser = argparse.ArgumentParser(prog="python -m deploy.load.glass", description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=30.0, help="how long pictures are looked at (30)")
    parser.add_argument("--times", type=int, default=12, help="switches of language (12)")
    options = parser.parse_args()

    def run(folder: Path, figures: Figures) -> None:
        sound = folder / "clicks.wav"
        b.write_clicks(sound)
        with troupe(folder, has_hall=False) as company:
            measure(company, sound, options.seconds, options.times, figures)

    # Start, settling and the way back; the rest is what was asked for.
    return measure_in_time("glass", round(_AROUND_S + options.seconds + 2 * _AFTER_SWITCH_S * options.times), run)


if __name__ == "__main__":
    raise SystemExit(main())
