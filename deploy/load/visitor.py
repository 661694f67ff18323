"""Chromium inside a network namespace: a listener on the watch page, and what its own statistics say it received."""

import itertools
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright

from deploy.load.netns import inside

CHROMIUM: Final = "/usr/bin/chromium"
QUIET_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
"""A browser that asks nobody for anything, and plays without being pressed."""
_FLAGS: Final = (
    *QUIET_FLAGS,
    # The relay's certificate is signed by nobody.
    "--ignore-certificate-errors",
)
# Keeps the page's connections in reach, and notes every 20 ms when the last packet of sound came.
_WITNESS: Final = """
window.witness = { peers: [], arrivals: [], from: 0 };
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) { super(...given); witness.peers.push(this); }
};
witness.sound = async () => {
  const peer = witness.peers.at(-1);
  if (!peer || peer.connectionState === "closed") return null;
  const all = [...(await peer.getStats()).values()];
  return all.find(({ type, kind }) => type === "inbound-rtp" && kind === "audio") ?? null;
};
witness.watch = async () => {
  for (;;) {
    const sound = await witness.sound();
    const last = sound?.lastPacketReceivedTimestamp;
    if (last && last !== witness.arrivals.at(-1)) witness.arrivals.push(last);
    await new Promise((resume) => setTimeout(resume, 20));
  }
};
void witness.watch();
"""
_PORT: Final = """
async (end) => {
  const stats = await witness.peers.at(-1).getStats();
  const { selectedCandidatePairId } = [...stats.values()].find(({ type }) => type === "transport");
  return stats.get(stats.get(selectedCandidatePairId)[`${end}CandidateId`]).port;
}
"""
_HEAR: Final = """
async ({ channel, packets, ms }) => {
  const start = performance.now();
  document.querySelector(`button[data-channel="${channel}"]`).click();
  while (performance.now() - start < ms) {
    const sound = await witness.sound();
    if (sound && sound.packetsReceived >= packets) return performance.now() - start;
    await new Promise((resume) => setTimeout(resume, 10));
  }
  return null;
}
"""


@dataclass(frozen=True, slots=True)
class Gap:
    """The longest pause between two packets of sound, in ms (to 50 ms), and connections the page has opened so far."""

    ms: float
    connections: int


class Visitor:
    """One page of a listener."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def listen(self, url: str, seconds: float = 20) -> float | None:
        """Open the page at `url` and press the floor; ms from the press to the tenth packet, None when none came."""
        self._page.goto(url)
        wish = {"channel": "floor", "packets": 10, "ms": seconds * 1000}
        heard: float | None = self._page.evaluate(_HEAR, wish)
        return heard

    def way(self) -> str:
        """What the page's connection line says: "direct", "relay_udp", "relay_tcp", "relay_tls"."""
        self._page.wait_for_selector('#connection[data-way]:not([data-way=""])', state="attached", timeout=10_000)
        return self._page.get_attribute("#connection", "data-way") or ""

    def local_port(self) -> int:
        """The UDP port that the selected pair uses here."""
        return int(self._page.evaluate(_PORT, "local"))

    def remote_port(self) -> int:
        """The UDP port of the server, or of its edge, that the selected pair leads to."""
        return int(self._page.evaluate(_PORT, "remote"))

    def begin_gap(self) -> None:
        """Look for pauses from now on."""
        self._page.evaluate("witness.arrivals.splice(0, witness.arrivals.length - 1)")

    def gap(self, ms: float) -> Gap:
        """Wait, and return the longest pause since `begin_gap`; one that has not ended counts until now."""
        self._page.wait_for_timeout(ms)
        found: dict[str, Any] = self._page.evaluate(
            "() => ({ times: [...witness.arrivals, performance.timeOrigin + performance.now()],"
            " connections: witness.peers.length })"
        )
        times = found["times"]
        return Gap(max(b - a for a, b in itertools.pairwise(times)), found["connections"])

    def close(self) -> None:
        """Leave the page."""
        self._page.context.close()


class Visitors:
    """One Chromium; every visitor is a profile of its own."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    def come(self) -> Visitor:
        """A fresh visitor."""
        context = self._browser.new_context(service_workers="block", viewport={"width": 640, "height": 480})
        context.add_init_script(_WITNESS)
        return Visitor(context.new_page())


def starter(namespace: str, folder: Path) -> Path:
    """A program that starts Chromium in the namespace and hands its flags on."""
    program = folder / f"chromium-{namespace}"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(inside(namespace, [CHROMIUM]))} "$@"\n')
    program.chmod(0o700)
    return program


@contextmanager
def visitors(namespace: str, folder: Path) -> Iterator[Visitors]:
    """Chromium whose network is the namespace's, steered by pipes; closed on leaving."""
    with sync_playwright() as playwright:
        program = starter(namespace, folder)
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=[*_FLAGS])
        try:
            yield Visitors(browser)
        finally:
            browser.close()
