"""Whether a silent interpreter is told of while the hall sounds poorly: `python -m deploy.load.poor_halls`.

The speaker of `deploy.load.false_alarms`, with noise over the speech or from the far end of a hall that echoes, while
the interpreter on air is silent. Of each hall it is told in how many of the last ten seconds of each beginning the
speech was taken for speech (a pause is none), and in how many beginnings the alarm came within 12 s.
"""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import numpy as np

from deploy.load.false_alarms import LOUDNESS_LUFS, MIC, Fault, Trial
from interpreting.ids import VENUE
from media.opus import SAMPLE_RATE_HZ, Pcm
from server.alarms.kinds import Kind

_WITHIN_S: Final = 12
_SPOKEN_BEFORE_S: Final = 20
_DRY_DB: Final = -6.0
"""The direct sound against the echo."""


class _Noise:
    """White or pink noise, so many dB under the speech."""

    def __init__(self, under_db: float, is_pink: bool) -> None:
        self._level = 10 ** ((LOUDNESS_LUFS - under_db) / 20)
        self._is_pink = is_pink
        self._chance = np.random.default_rng(1)

    def __call__(self, pcm: Pcm, second: int) -> Pcm:
        spectrum = np.fft.rfft(self._chance.normal(0, 1, len(pcm)))
        if self._is_pink:
            spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 30))
        noise = np.fft.irfft(spectrum, len(pcm))
        noisy: Pcm = (pcm + self._level * noise / noise.std()).astype(np.float32)
        return noisy


class _Echo:
    """A hall whose echo falls by 60 dB in so many seconds."""

    def __init__(self, falls_s: float) -> None:
        length = round(1.2 * falls_s * SAMPLE_RATE_HZ)
        tail = np.random.default_rng(2).normal(0, 1, length) * 10 ** (-3 * np.arange(length) / SAMPLE_RATE_HZ / falls_s)
        self._answer = tail / np.sqrt(np.sum(np.square(tail)))
        self._answer[0] += 10 ** (_DRY_DB / 20)
        self._rest = np.zeros(length)

    def __call__(self, pcm: Pcm, second: int) -> Pcm:
        length = len(pcm) + len(self._answer)
        heard = np.fft.irfft(np.fft.rfft(pcm, length) * np.fft.rfft(self._answer, length), length)
        heard[: len(self._rest)] += self._rest
        self._rest = heard[len(pcm) :]
        return heard[: len(pcm)].astype(np.float32)


_HALLS: Final[dict[str, Callable[[], Fault]]] = {
    "quiet": lambda: lambda pcm, second: pcm,
    **{f"white_{db}_db": partial(_Noise, db, is_pink=False) for db in (10, 6, 3)},
    **{f"pink_{db}_db": partial(_Noise, db, is_pink=True) for db in (10, 6, 3)},
    **{f"echo_{round(1000 * falls_s)}_ms": partial(_Echo, falls_s) for falls_s in (0.4, 0.8, 1.2, 1.8)},
}


def _silence(pcm: Pcm, second: int) -> Pcm:
    return np.zeros_like(pcm)


def measure(beginnings: int) -> dict[str, float]:
    """The figures, by name."""
    figures: dict[str, float] = {}
    for name, hall in _HALLS.items():
        alarmed, taken = 0, []
        for seed in range(beginnings):
            trial, sound = Trial(seed), hall()
            for _ in trial.run(_SPOKEN_BEFORE_S, {VENUE: sound}):
                pass
            raised = [kind for kind, _ in trial.run(_WITHIN_S, {VENUE: sound, MIC: _silence})]
            alarmed += Kind.CHANNEL_SILENT in raised
            taken.append(trial.worded_s / 10)
        figures[f"poor_halls_{name}_taken_for_speech_percent"] = 100 * float(np.mean(taken))
        figures[f"poor_halls_{name}_alarmed_percent"] = 100 * alarmed / beginnings
    return figures


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beginnings", type=int, default=10, help="how often in each hall (10)")
    for name, value in measure(parser.parse_args(arguments).beginnings).items():
        print(f"{name}: {value:.0f}")


if __name__ == "__main__":
    main()
