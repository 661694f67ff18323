"""Chromium on a lossy line: `python -m deploy.load.lossy --percent 5`, one `name: value` a line; needs root and nft.

Server and browsers run in a network namespace of their own whose loopback loses so many of a hundred UDP packets, each
way. A venue's page hums, a booth's page hears it, and a recorder in that page looks for holes in the tone.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from statistics import median
from typing import Final

from playwright.sync_api import Error as BrowserError

from deploy.load import browsers as b
from deploy.load.listening import Figures
from deploy.load.netns import NamespaceError, find_tool, inside, pair_of_namespaces
from deploy.load.onsets import Envelope
from deploy.load.processes import REPOSITORY, BenchError, Children
from deploy.load.targets import Place, Tolmach

_TONE_HZ: Final = 375.0
_OTHER_HZ: Final = 1125.0
_SETTLE_S: Final = 5.0
_LIMIT_S: Final = 120
_SOURCE: Final = "tolmach_source_"
_WANTED: Final = {
    "packets_total": ("audio_packets", 1),
    "packets_lost_total": ("audio_lost", 1),
    "sound_concealed_samples_total": ("sound_concealed", 1),
    "sound_late_packets_total": ("sound_late", 1),
    "sound_depth_seconds": ("sound_depth_ms", 1000),
    "jitter_seconds": ("audio_jitter_ms", 1000),
}


def lose(namespace: str, percent: int) -> None:
    """Have the namespace's loopback lose UDP.

    Raises:
        NamespaceError: nft is not there, or refuses.
    """
    tool = find_tool("nft")
    if tool is None:
        raise NamespaceError("losing packets needs the tool nft: apt install nftables")
    rule = f"meta l4proto udp numgen random mod 100 < {percent} drop"
    table = f"table inet loss {{\nchain arriving {{\ntype filter hook input priority 0\n{rule}\n}}\n}}\n"
    made = subprocess.run(
        inside(namespace, [tool, "-f", "-"]), input=table, text=True, capture_output=True, check=False
    )
    if made.returncode:
        raise NamespaceError(f"nft: {made.stderr.strip()}")


def hear(seconds: float, figures: Figures) -> None:
    """The venue hums, the booth listens: run inside the namespace.

    Raises:
        BenchError, BrowserError: server or browser did not do their part.
        ValueError: nothing was recorded.
    """
    with tempfile.TemporaryDirectory(prefix="tolmach-load-") as name, Children(Path(name)) as children:
        tolmach, clicks = Tolmach(Place.loopback(), Path(name), children), Path(name, "clicks.wav")
        target = tolmach.start()
        b.write_clicks(clicks)
        with b.chromium(tolmach.url, clicks) as browser:
            venue = browser.visit(f"/join/{tolmach.invite('venue')}", _TONE_HZ)
            b.go_live(venue)
            booth = browser.visit(f"/join/{tolmach.invite('interpreter', 'de-uk', 'Olena')}", _OTHER_HZ)
            b.enter_booth(booth)
            time.sleep(_SETTLE_S)
            ear = b.record(booth, "heard", (_TONE_HZ,))
            time.sleep(seconds)
            ear.collect()
            for figure, value in holes(ear.envelope).items():
                figures.add(f"venue_to_booth_{figure}", value)
            for line in urllib.request.urlopen(f"{tolmach.url}/metrics", timeout=5).read().decode().splitlines():
                key, _, value = line.rpartition(" ")
                short = key.removeprefix(_SOURCE).partition("{")[0]
                if short in _WANTED and 'source="venue"' in key and 'media="video"' not in key:
                    name, times = _WANTED[short]
                    figures.add(f"server_{name}", times * float(value))
        target.listeners.stop()


def holes(envelope: Envelope) -> dict[str, float]:
    """How much of the time the tone is below half its usual strength, and the longest such time.

    Raises:
        ValueError: nothing was recorded.
    """
    strengths = envelope.tones[0] if envelope.tones else []
    if not strengths or (usual := median(strengths)) < 0.01:
        raise ValueError("the tone is not heard")
    longest = run = 0
    for strength in strengths:
        run = run + 1 if strength < usual / 2 else 0
        longest = max(longest, run)
    missing = sum(strength < usual / 2 for strength in strengths)
    return {
        "seconds": len(strengths) * 128 / 48000,
        "missing_percent": 100 * missing / len(strengths),
        "longest_hole_ms": longest * 128 / 48,
    }


def main() -> int:
    """Print the figures; 1 when they could not be had."""
    parser = argparse.ArgumentParser(prog="python -m deploy.load.lossy", description=__doc__.split("\n\n")[0])
    parser.add_argument("--percent", type=int, default=5, help="UDP packets lost of a hundred, each way (5)")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to listen (20)")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        if options.inside:
            hear(options.seconds, Figures())
            return 0
        with pair_of_namespaces() as pair:
            lose(pair.server, options.percent)
            command = [sys.executable, "-m", "deploy.load.lossy", "--inside", "--seconds", str(options.seconds)]
            return subprocess.run(
                inside(pair.server, command), cwd=REPOSITORY, timeout=_LIMIT_S, check=False
            ).returncode
    except (NamespaceError, BenchError, BrowserError, ValueError, OSError, subprocess.TimeoutExpired) as error:
        print(f"lossy: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
