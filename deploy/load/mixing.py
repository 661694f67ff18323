"""What a room of six speakers from afar costs the mixer: `python -m deploy.load.mixing`, one `name: value` a line.

Sixty take part and six of them have the floor. One speaks, the microphones of the others are shut: each of the six
hears a mix without their own voice, everybody else the floor or a language, the hall its return. The same is mixed
twice in one run: once with mixes that are all a little different, as if each had to be encoded for itself, and once as
they are.
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from typing import Final

import numpy as np

from media.mixer import Encoded, Mix, Mixer
from media.opus import FRAME_SAMPLES, SAMPLE_RATE_HZ, Pcm

SPEAKERS: Final = 6
LANGUAGES: Final = ("de", "uk", "en")
_SECONDS_OF_SOUND: Final = 7
# Inaudible, and enough that no two are the same.
_APART: Final = 1e-6
_WARM_UP_TICKS: Final = 100


class Loop:
    """Noise shaped like syllables, in a circle: what an encoder has to work on."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        samples = SAMPLE_RATE_HZ * _SECONDS_OF_SOUND
        syllables = np.abs(np.sin(np.pi * 3 * np.arange(samples) / SAMPLE_RATE_HZ + seed))
        noise = np.convolve(random.standard_normal(samples), np.ones(12) / 12, "same")
        self._sound = (0.1 * noise * syllables).astype(np.float32).reshape(-1, FRAME_SAMPLES)
        self._at = 0

    def pull(self) -> Pcm:
        """The next 20 ms."""
        self._at = (self._at + 1) % len(self._sound)
        frame: Pcm = self._sound[self._at]
        return frame

    def skip(self) -> None:
        """Nobody listens."""


def mixes() -> dict[str, dict[str, float]]:
    """Who hears what: the first speaker speaks, two interpreters translate what comes in German."""
    floor = {"venue": 1.0, "speaker:0": 1.0}
    found = {"floor": floor, "de": floor, "minus:venue": {"speaker:0": 1.0}}
    found |= {language: {f"mic:{language}": 1.0} for language in LANGUAGES[1:]}
    found["minus:0"] = {"venue": 1.0}
    # Of the five whose microphones are shut three hear the floor and one each language.
    for number, heard in enumerate((floor, floor, floor, found["uk"], found["en"]), start=1):
        found[f"minus:{number}"] = heard
    return found


def measure(seconds: float, *, is_apart: bool) -> dict[str, float]:
    """Mix for so long as fast as it goes; the work of a tick by this thread's own CPU time."""
    packets: list[Encoded] = []
    errors: list[str] = []
    mixer = Mixer(packets.extend, errors.append)
    sources = ["venue", *(f"speaker:{number}" for number in range(SPEAKERS)), "mic:uk", "mic:en"]
    for seed, source in enumerate(sources):
        mixer.add_source(source, Loop(seed))
    for number, (bus, mix) in enumerate(mixes().items()):
        apart = number * _APART if is_apart else 0.0
        mixer.set_mix(bus, {source: Mix(gain - apart) for source, gain in mix.items()})
        mixer.set_sinks(bus, {1: 1})
    ticks = []
    for tick in range(_WARM_UP_TICKS + round(seconds * 50)):
        if tick == _WARM_UP_TICKS:
            before = mixer.counts.encoded
        start = time.thread_time()
        mixer.run_tick(tick, 0.0)
        ticks.append(time.thread_time() - start)
        packets.clear()
    counted = ticks[_WARM_UP_TICKS:]
    name = "apart" if is_apart else "shared"
    return {
        f"mixing_{name}_us_per_tick": 1e6 * statistics.fmean(counted),
        f"mixing_{name}_us_99_percent": 1e6 * float(np.percentile(counted, 99)),
        f"mixing_{name}_encodings_per_tick": (mixer.counts.encoded - before) / len(counted),
        f"mixing_{name}_cpu_percent": 100 * statistics.fmean(counted) / 0.02,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m deploy.load.mixing", description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="how much sound (20)")
    options = parser.parse_args(arguments)
    for is_apart in (True, False):
        for name, value in measure(options.seconds, is_apart=is_apart).items():
            print(f"{name}: {value:.2f}", flush=True)


if __name__ == "__main__":
    main()
