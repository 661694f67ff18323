"""The desk as its tests open it: who sits there, a room's parts, what its meters draw, what somebody hears."""

from __future__ import annotations

import json
import re
import time
from typing import Any, Final

from playwright.sync_api import Locator, Page, WebSocketRoute

from tests.browser.visits import Visitor

# Bars begin with a cleared canvas: so many times it was drawn.
COUNT_FRAMES: Final = """
window.__frames = new Map();
const clear = CanvasRenderingContext2D.prototype.clearRect;
CanvasRenderingContext2D.prototype.clearRect = function (...area) {
  const room = this.canvas.closest("[data-room]")?.dataset.room;
  window.__frames.set(room, (window.__frames.get(room) ?? 0) + 1);
  return clear.apply(this, area);
};
"""
FRAMES: Final = "() => Object.fromEntries(window.__frames)"
# Click, and wait until what the element plays is loud; milliseconds.
_CLICK_TO_SOUND: Final = """
async ([button, element]) => {
  const context = new AudioContext();
  await context.resume();
  const analyser = new AnalyserNode(context, { fftSize: 512 });
  const samples = new Float32Array(512);
  const began = performance.now();
  document.querySelector(button).click();
  let attached = null;
  while (performance.now() - began < 30000) {
    const stream = document.querySelector(element).srcObject;
    if (stream && stream !== attached) {
      attached = stream;
      context.createMediaStreamSource(stream).connect(analyser);
    }
    analyser.getFloatTimeDomainData(samples);
    if (samples.some((sample) => Math.abs(sample) > 0.02)) return performance.now() - began;
    await new Promise((done) => setTimeout(done, 5));
  }
  return null;
}
"""


def card(page: Page, room: str = "plenary") -> Locator:
    """A room on the desk."""
    return page.locator(f'[data-room="{room}"]')


def open_desk(person: Visitor, link: str) -> Page:
    """Sit down at the desk."""
    page = person.open(link)
    page.wait_for_selector('#connection[data-state="connected"]')
    return page


def tell_bad_news(person: Visitor, count: int) -> None:
    """Have the desk told of so many alarms of each room, every third of them red, and of all figures of the halls."""

    def told(message: str) -> str:
        words: dict[str, Any] = json.loads(message)
        if words["type"] == "alarms":
            words["alarms"] = [_alarm(words["room"], number) for number in range(count)]
        elif words["type"] == "facts":
            words["sources"] = {"venue": _FIGURES}
            words["reports"] = {"pages": 4, "lost_percent": {"median": 0.2, "worst": 1.4}}
        return json.dumps(words)

    def carry(page: WebSocketRoute) -> None:
        server = page.connect_to_server()
        is_room = "/ws" in page.url
        server.on_message(lambda message: page.send(told(message) if is_room and isinstance(message, str) else message))

    person.context.route_web_socket(re.compile(r"/(ws|meters)\b"), carry)


_FIGURES: Final = {
    "audio": {"packets_per_s": 50, "bitrate_kbps": 96.2, "lost_percent": 0.1, "jitter_ms": 3, "round_trip_ms": 21}
    | {"delay_ms": 84, "drift_ppm": -12},
    "video": {"packets_per_s": 300, "bitrate_kbps": 2480.5, "lost_percent": 0.1, "jitter_ms": 4, "round_trip_ms": 21}
    | {"frames_per_s": 29.9, "keyframe_age_s": 1.2, "width": 1280, "height": 720},
}


def _alarm(room: str, number: int) -> dict[str, object]:
    kinds: tuple[tuple[str, dict[str, float]], ...]
    kinds = (("venue_lost", {}), ("loss", {"percent": 4.2}), ("hum", {"hz": 50, "dbfs": -52}))
    kind, values = kinds[number % len(kinds)]
    since = int(time.time() * 1000) - 60_000 + 1000 * number
    named = {"id": f"{room}-{number}", "kind": kind, "room": room, "subject": "venue", "since": since}
    return {**named, "severity": "amber" if number % 3 else "red", "values": values, "acknowledged": None}


def column(room: str, kind: str, name: str) -> str:
    """The selector of a meter: `kind` is source or bus."""
    return f'[data-room="{room}"] .column[data-key="{kind} {name}"]'


def open_panel(page: Page, room: str, kind: str, name: str) -> None:
    """Open what can be mended at a meter."""
    page.click(f"{column(room, kind, name)} .mend")
    page.wait_for_selector("#panel:not([hidden])")


def click_to_sound_ms(page: Page, room: str, kind: str, name: str) -> float:
    """Click a meter, and return how long it took until it was heard.

    Raises:
        AssertionError: it was not, within half a minute.
    """
    took = page.evaluate(_CLICK_TO_SOUND, [f"{column(room, kind, name)} .listen", "#ear"])
    assert took is not None, f"{name} is not heard"
    return float(took)
