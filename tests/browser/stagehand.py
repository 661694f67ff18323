"""What the browser tests need: a server in a process, Chromium with a microphone of its own, an ear in a page."""

import json
import math
import os
import re
import signal
import socket
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, Playwright

CHROMIUM: Final = "/usr/bin/chromium"
WAIT_S: Final = 60.0
"""How long a test waits for what has to come: a machine that stands still for seconds is no fault of what is tested."""
_FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
)
EARS: Final = """
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...more) {
  if (to instanceof AudioDestinationNode && !(this.context instanceof OfflineAudioContext)) {
    window.__ears ??= new MediaStreamAudioDestinationNode(this.context);
    connect.call(this, window.__ears);
  }
  return connect.call(this, to, ...more);
};
"""
"""For a page that plays through Web Audio, before it loads: what goes to the headphones can then be heard."""
_EAR: Final = """
async ({ selector, tones, ms, side }) => {
  const element = document.querySelector(selector);
  const stream = window.__ears?.stream ?? element?.srcObject;
  const tracks = stream ? stream.getAudioTracks().filter((track) => track.readyState === "live") : [];
  const isFilm = !stream && element?.src;
  if (!tracks.length && !isFilm) return null;
  const context = (window.__ear ??= new AudioContext());
  await context.resume();
  // The livestream has no stream of its own: there it is what its element plays. (A captureStream of an element whose
  // source is replaced stays silent now and then, while the element plays on.)
  // An element whose sound nobody fetches stands still.
  const film = () => {
    if (element.__film) return element.__film;
    element.__film = context.createMediaElementSource(element);
    element.__film.connect(new GainNode(context, { gain: 0 })).connect(context.destination);
    return element.__film;
  };
  const source = isFilm ? film() : context.createMediaStreamSource(new MediaStream(tracks));
  const analyser = context.createAnalyser();
  analyser.fftSize = 8192;
  analyser.smoothingTimeConstant = 0;
  const way = side === null ? analyser : context.createChannelSplitter(2);
  source.connect(way);
  if (side !== null) way.connect(analyser, side);
  await new Promise((done) => setTimeout(done, ms));
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  source.disconnect(way);
  const width = context.sampleRate / analyser.fftSize;
  return tones.map((tone) => {
    const at = Math.round(tone / width);
    return Math.max(...bins.slice(at - 2, at + 3));
  });
}
"""


def free_port() -> int:
    """A port that is free for TCP and UDP just now."""
    with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        udp.bind(("127.0.0.1", tcp.getsockname()[1]))
        return int(tcp.getsockname()[1])


def write_tone(path: Path, hertz: float, peak: float = 0.3, seconds: int = 10) -> Path:
    """A WAV file that Chromium's fake microphone plays in a circle; whole periods, so that it has no seam."""
    rate = 48000
    whole = round(hertz)
    samples = bytearray()
    for n in range(rate):
        samples += int(peak * 32767 * math.sin(2 * math.pi * whole * n / rate)).to_bytes(2, "little", signed=True)
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, rate, 0, "NONE", ""))
        out.writeframes(bytes(samples) * seconds)
    return path


@dataclass
class Server:
    """`tolmach run` on free ports with data of its own; may be stopped and started again as the same server."""

    data: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None
    links: list[tuple[str, str, str]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    has_demo: bool = True

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and wait until it answers."""
        environment = {
            **os.environ,
            "TOLMACH_PORT": str(self.port),
            "TOLMACH_UDP_PORT": str(self.port),
            "TOLMACH_DATA": str(self.data),
            "TOLMACH_PUBLIC_IPS": "127.0.0.1",
            **self.environment,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "server", "run", *self.arguments],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert self.process.stdout is not None
        self.links = []
        for line in self.process.stdout if self.has_demo else ():
            found = re.match(r"\s+(\S+)\s+(.*\S)\s+(https?://\S+)$", line)
            if found:
                room, who, url = found.groups()
                self.links.append((room, re.sub(r"\s+", " ", who), re.sub(r"https?://[^/]+", self.url, url)))
            if found and found.group(1) == "workshop-2" and "Petro" in line:
                break
        wait_until(self._answers, "the server answers")

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def link(self, room: str, who: str) -> str:
        """The demo's link for a person, such as "interpreter de-uk Olena"."""
        return next(url for place, name, url in self.links if place == room and name.startswith(who))

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it, as an administrator would or, with SIGKILL, as fate would."""
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.wait(WAIT_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None


def wait_until(happened: Callable[[], bool], what: str, seconds: float = WAIT_S) -> None:
    """Ask until it is so.

    Raises:
        AssertionError: it is not so after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


@contextmanager
def chromium(
    playwright: Playwright,
    microphone: Path | None = None,
    *,
    more: Sequence[str] = (),
    less: Sequence[str] = (),
    program: str | Path = CHROMIUM,
) -> Iterator[Browser]:
    """Chromium whose fake microphone plays `microphone` in a circle; with some flags more, and some less."""
    flags = [*(flag for flag in _FLAGS if flag not in less), *more]
    if microphone is not None:
        flags.append(f"--use-file-for-fake-audio-capture={microphone}")
    browser = playwright.chromium.launch(executable_path=program, args=flags)
    try:
        yield browser
    finally:
        browser.close()


def hear(
    page: Page, tones: list[int], *, selector: str = "#sound", ms: int = 200, side: int | None = None
) -> list[float] | None:
    """How strong each tone is in what the page plays, in dB of the spectrum; None while it plays nothing.

    `side` is 0 for the left ear alone and 1 for the right one.
    """
    asked = {"selector": selector, "tones": tones, "ms": ms, "side": side}
    heard: list[float] | None = page.evaluate(_EAR, asked)
    return heard


def strength(page: Page, tone: int, *, times: int = 3) -> float:
    """The strongest of a few looks at one tone, in dB; −200 while the page plays nothing."""
    return max((hear(page, [tone]) or [-200.0])[0] for _ in range(times))


def hears(
    page: Page, tone: int, others: list[int], *, above_db: float = 20, seconds: float = WAIT_S, selector: str = "#sound"
) -> None:
    """Wait until the page plays `tone`, and stronger than each of `others` by `above_db`.

    Raises:
        AssertionError: it does not.
    """
    last: list[float] | None = None

    def clear() -> bool:
        nonlocal last
        last = hear(page, [tone, *others], selector=selector)
        return last is not None and last[0] > -60 and all(last[0] - other > above_db for other in last[1:])

    try:
        wait_until(clear, f"{tone} Hz is heard over {others}", seconds)
    except AssertionError as error:
        raise AssertionError(f"{error}; last heard {json.dumps(last)} at {page.url}") from None
