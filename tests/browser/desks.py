"""The desk as its tests open it: who sits there, a room's parts, what its meters draw, what somebody hears."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import Locator, Page

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
  while (performance.now() - began < 5000) {
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
        AssertionError: it was not, within five seconds.
    """
    took = page.evaluate(_CLICK_TO_SOUND, [f"{column(room, kind, name)} .listen", "#ear"])
    assert took is not None, f"{name} is not heard"
    return float(took)
