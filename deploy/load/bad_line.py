"""A guest in Chromium on a really bad line: `python -m deploy.load.bad_line`, one `name: value` a line; needs root, nft
and tc. With `--moderator` it is the moderator, by their own page.

The guest's browser has a network namespace of its own. While they speak with a picture their line becomes thin (a queue
of so many kbit/s outwards) or lossy (so many packets of a hundred, each way, also those of the page's own connection).
Seen is that the picture is given up and the page says so, that the sound goes on and is heard on the floor, and that
the picture is back once the line is good and somebody asks for it.
"""

import argparse
import math
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page as Tab
from playwright.sync_api import sync_playwright

from deploy.load.actors import LOUD, Meter
from deploy.load.company import Page, Refused
from deploy.load.house import House
from deploy.load.listening import Figures
from deploy.load.netns import (
    SERVER_IP,
    NamespaceError,
    Pair,
    find_tool,
    inside,
    pair_of_namespaces,
)
from deploy.load.processes import REPOSITORY, BenchError
from deploy.load.sdp import OPUS_PT, SdpError
from deploy.load.swarm import SignallingError
from deploy.load.troupe import ROOM, Troupe
from deploy.load.visitor import CHROMIUM, QUIET_FLAGS
from deploy.load.voice import Ear
from interpreting.roles import Role
from media.opus import FRAME_SAMPLES, SAMPLE_RATE_HZ
from media.rtp import RtpPacket

TONE_HZ: Final = 750
LINES: Final = {"thin": "96kbit", "lossy": "40"}
"""What each trial's line is: its rate, or the packets lost of a hundred."""
_FLAGS: Final = (
    *QUIET_FLAGS,
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
_PATIENCE_MS: Final = 30_000
_LIMIT_S: Final = 240
_LOOK_S: Final = 4.0
_SEEN_PACKETS: Final = 6


@dataclass(frozen=True, slots=True)
class Line:
    """The guest's line, which may be made worse and good again."""

    pair: Pair

    def thin(self, rate: str) -> None:
        """Let out no more than this, behind a queue of 300 ms, as a telephone's modem does."""
        self._tc("replace", "dev", "wire", "root", "tbf", "rate", rate, "burst", "3kb", "latency", "300ms")

    def lossy(self, percent: str) -> None:
        """Lose so many of a hundred packets, each way."""
        rule = f'iifname "wire" numgen random mod 100 < {percent} drop'
        for namespace in (self.pair.server, self.pair.listener):
            table = f"table inet loss {{\nchain arriving {{\ntype filter hook input priority 0\n{rule}\n}}\n}}\n"
            _run(namespace, "nft", "-f", "-", told=table)

    def good(self) -> None:
        """Be as it was."""
        self._tc("replace", "dev", "wire", "root", "pfifo")
        for namespace in (self.pair.server, self.pair.listener):
            _run(namespace, "nft", "flush", "ruleset")

    def _tc(self, *words: str) -> None:
        _run(self.pair.listener, "tc", "qdisc", *words)


def _run(namespace: str, tool: str, *words: str, told: str = "") -> None:
    found = find_tool(tool)
    if found is None:
        raise NamespaceError(f"a bad line needs the tool {tool}")
    command = inside(namespace, [found, *words])
    made = subprocess.run(command, input=told, text=True, capture_output=True, check=False)
    if made.returncode:
        raise NamespaceError(f"{tool}: {made.stderr.strip()}")


@dataclass
class Witness:
    """Somebody on a good line who hears the floor, and counts what comes of the newest speaker's picture."""

    meter: Meter = field(default_factory=lambda: Meter([TONE_HZ]))
    pictures: int = 0

    def take(self, packet: RtpPacket, at: float) -> None:
        """A packet came."""
        if packet.payload_type == OPUS_PT:
            self.meter.take(packet, at)
        else:
            self.pictures += 1

    def sees(self, seconds: float = 1.0) -> bool:
        """Whether a picture comes now."""
        before = self.pictures
        time.sleep(seconds)
        return self.pictures - before > _SEEN_PACKETS * seconds

    def until(self, *, sees: bool, seconds: float = 30) -> float:
        """Wait until a picture comes, or none does; after how many seconds.

        Raises:
            BenchError: it stays otherwise.
        """
        began = time.monotonic()
        while self.sees(0.5) is not sees:
            if time.monotonic() - began > seconds:
                raise BenchError(f"after {seconds:.0f} s the picture {'does not come' if sees else 'still comes'}")
        return time.monotonic() - began

    def heard_percent(self, since: float, until: float) -> float:
        """How much of the time the guest was heard."""
        heard = sum(m.tones[0] >= LOUD for m in self.meter.moments if since <= m.at < until)
        return min(100.0, 100 * heard * FRAME_SAMPLES / SAMPLE_RATE_HZ / (until - since))


@dataclass
class Trial:
    """A room with a guest on the floor, who is heard and seen on a good line."""

    company: Troupe
    chair: Page
    witness: Witness
    tab: Tab
    line: Line

    def worsen(self, name: str, figures: Figures) -> None:
        """Make the line bad and good again.

        Raises:
            BenchError, BrowserError: not all came about that should.
        """
        make: Callable[[str], None] = getattr(self.line, name)
        began = time.monotonic()
        make(LINES[name])
        self.tab.wait_for_selector("#dropped:not([hidden])", timeout=_PATIENCE_MS)
        figures.add(f"bad_line_{name}_said_after_s", time.monotonic() - began)
        self.witness.until(sees=False)
        figures.add(f"bad_line_{name}_picture_gone_after_s", time.monotonic() - began)
        figures.add(f"bad_line_{name}_heard_until_then_percent", self.witness.heard_percent(began, time.monotonic()))
        self._listen(f"bad_line_{name}", figures)
        self.line.good()
        began = time.monotonic()
        self.tab.wait_for_selector("#picture-again:enabled", timeout=_PATIENCE_MS)
        self.tab.click("#picture-again")
        self.witness.until(sees=True)
        figures.add(f"bad_line_{name}_picture_back_after_s", time.monotonic() - began)
        if self.tab.locator("#dropped").is_visible():
            raise BenchError("the picture is back, and the page says that it is not")
        self._listen(f"bad_line_{name}_over", figures)

    def _listen(self, name: str, figures: Figures) -> None:
        since = time.monotonic()
        time.sleep(_LOOK_S)
        until = time.monotonic()
        figures.add(f"{name}_heard_percent", self.witness.heard_percent(since, until))
        gap = self.witness.meter.longest_gap_s(TONE_HZ, since, until)
        figures.add(f"{name}_longest_gap_ms", 1000 * gap)


@contextmanager
def on_the_floor(pair: Pair, folder: Path, *, is_moderator: bool) -> Iterator[Trial]:
    """A server and a guest, or the moderator, who speaks, heard and seen by one who takes part; nothing is left behind.

    Raises:
        BenchError, BrowserError, SignallingError, SdpError, Refused, TimeoutError: it did not come about.
    """
    with ExitStack() as stack:
        company = Troupe(folder)
        company.house = House(folder, host=SERVER_IP)
        company.start()
        stack.callback(company.end)
        company.run(company.house.start())
        chair, other = (_page(company, stack, role, name) for role, name in _PEOPLE)
        witness = Witness()
        ear = Ear(witness.take, pictures=1)
        company.run(other.command("enter_room", name="Witness", language=None))
        token = company.house.token(Role.PARTICIPANT, "Witness")
        address = f"{company.house.url}/whep/{ROOM}/floor?pictures=stage"
        stack.callback(lambda: company.run(ear.aclose()))
        company.run(ear.open(address, token, host=SERVER_IP))
        tab = stack.enter_context(_tab(pair, folder, company))
        if is_moderator:
            _speak_as_moderator(tab, company)
        else:
            _wait_backstage(tab, company)
            company.run(chair.command("bring_on", person="Mayor"))
            tab.wait_for_selector('#workshop[data-speech="heard"]')
        witness.until(sees=True)
        yield Trial(company, chair, witness, tab, Line(pair))


_PEOPLE: Final = ((Role.MODERATOR, "Chair"), (Role.PARTICIPANT, "Witness"))


def _page(company: Troupe, stack: ExitStack, role: Role, name: str) -> Page:
    page = Page(company.house, ROOM, company.house.token(role, name))
    company.run(page.open())
    stack.callback(lambda: company.run(page.aclose()))
    return page


@contextmanager
def _tab(pair: Pair, folder: Path, company: Troupe) -> Iterator[Tab]:
    """A browser's tab in the other namespace, with a microphone that hums and a camera."""
    starter = folder / "chromium-inside"
    starter.write_text(f'#!/bin/sh\nexec {shlex.join(inside(pair.listener, [CHROMIUM]))} "$@"\n')
    starter.chmod(0o700)
    flags = [
        *_FLAGS,
        # Devices are for pages of TLS and of this machine alone.
        f"--unsafely-treat-insecure-origin-as-secure={company.house.url}",
        f"--use-file-for-fake-audio-capture={_write_tone(folder / 'tone.wav')}",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=starter, headless=True, args=flags)
        try:
            context = browser.new_context(locale="en", viewport={"width": 800, "height": 600})
            context.set_default_timeout(_PATIENCE_MS)
            yield context.new_page()
        finally:
            browser.close()


def _wait_backstage(tab: Tab, company: Troupe) -> None:
    """Come in as a guest, past the test."""
    tab.goto(f"{company.house.url}{company.link(Role.SPEAKER, 'Mayor')}")
    tab.wait_for_selector("#go-in:enabled")
    tab.check("#headset")
    tab.wait_for_selector("#test-camera:checked")
    tab.click("#go-in")
    tab.wait_for_selector('#workshop[data-step="backstage"]')


def _speak_as_moderator(tab: Tab, company: Troupe) -> None:
    """Take the floor as the moderator, with a picture and without the processing that takes a hum for noise."""
    tab.goto(f"{company.house.url}{company.link(Role.MODERATOR, 'Mayor')}")
    tab.wait_for_selector('#connection[data-state="connected"]')
    tab.click('[data-tab-key="own"]')
    tab.uncheck("#processing")
    tab.click("#camera-open")
    tab.wait_for_selector('#camera-open[aria-pressed="true"]')
    tab.click("#own-floor")
    tab.wait_for_selector('#own-state[data-on="true"]')


def _write_tone(path: Path) -> Path:
    rate = SAMPLE_RATE_HZ
    samples = (int(0.3 * 32767 * math.sin(2 * math.pi * TONE_HZ * n / rate)) for n in range(rate))
    second = b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples)
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, rate, 0, "NONE", ""))
        out.writeframes(second * 10)
    return path


def try_lines(pair: Pair, lines: list[str], *, is_moderator: bool) -> None:
    """Run the trials inside the server's namespace. Raises as `on_the_floor` and `Trial.worsen`."""
    with (
        tempfile.TemporaryDirectory(prefix="tolmach-load-") as name,
        on_the_floor(pair, Path(name), is_moderator=is_moderator) as trial,
    ):
        for line in lines:
            trial.worsen(line, Figures())


def main() -> int:
    """Print the figures; 1 when they could not be had."""
    parser = argparse.ArgumentParser(prog="python -m deploy.load.bad_line", description=__doc__.split("\n\n")[0])
    parser.add_argument("line", nargs="*", choices=[[], *LINES], help="thin or lossy; both without")
    parser.add_argument("--moderator", action="store_true", help="the moderator's line, not a guest's")
    parser.add_argument("--inside", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    lines = options.line or [*LINES]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        if options.inside:
            try_lines(Pair(*options.inside), lines, is_moderator=options.moderator)
            return 0
        with pair_of_namespaces() as pair:
            command = [sys.executable, "-m", "deploy.load.bad_line", *lines, "--inside", pair.server, pair.listener]
            command += ["--moderator"] * options.moderator
            return subprocess.run(
                inside(pair.server, command), cwd=REPOSITORY, timeout=_LIMIT_S, check=False
            ).returncode
    except (NamespaceError, BenchError, BrowserError, SignallingError, SdpError, Refused, OSError) as error:
        print(f"bad_line: {error}", file=sys.stderr)
        return 1
    except (TimeoutError, subprocess.TimeoutExpired) as error:
        print(f"bad_line: {type(error).__name__}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
