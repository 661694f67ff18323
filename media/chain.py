"""Measuring a chain of sound: a click and a sweep sent in, what comes out compared with it.

Pure sums over 48 kHz mono, for whoever sends and hears: the server's own test, pages, the bench. The sweep is
exponential (Farina, AES 108th convention, 2000), so that every third of an octave gets the same time and energy. Bands
are compared by their energy, which a jitter buffer's small cuts do not disturb; the time comes from the click, and from
the impulse response that dividing by the sweep gives.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from media.opus import SAMPLE_RATE_HZ, Pcm
from media.sound import FLOOR_DBFS, decibels

LOW_HZ: Final = 125
HIGH_HZ: Final = 15000
FLAT_DB: Final = 3.0
"""What ISO 20109 and this project's figures allow between the two."""
PEAK: Final = 0.25
"""−12 dBFS, well under every limiter on the way."""
CLICK_AT_S: Final = 0.3
SWEEP_AT_S: Final = 0.8
SWEEP_S: Final = 3.0
STIMULUS_S: Final = 4.2

_FROM_HZ: Final = 80.0
_TO_HZ: Final = 18000.0
_FADE_S: Final = 0.02
_CLICK_S: Final = 0.004
_REFERENCE_HZ: Final = 1000.0
_MOST_DELAY_S: Final = 1.5
# Under this the chain is taken for dead: the noise of nothing has no response.
_AUDIBLE_DB: Final = -40.0
_THIRD: Final = 2 ** (1 / 6)


@dataclass(frozen=True, slots=True)
class Band:
    """A third of an octave around `hertz`: how much louder it came out than it went in, against 1 kHz."""

    hertz: float
    gain_db: float


@dataclass(frozen=True, slots=True)
class ChainFigures:
    """What a chain does.

    `flatness_db` is the largest distance of any band between 125 and 15,000 Hz from that of 1 kHz; `delay_ms` the way
    of the click; `wander_ms` how far the sweep came from the same delay; `gain_db` at 1 kHz; `level_dbfs` the root mean
    square of the sweep as it came out. All None but the level where nothing usable came out.
    """

    flatness_db: float | None
    delay_ms: float | None
    wander_ms: float | None
    gain_db: float | None
    level_dbfs: float
    bands: tuple[Band, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether it is as flat as it must be."""
        return self.flatness_db is not None and self.flatness_db <= FLAT_DB


def click() -> Pcm:
    """A short burst, broad enough to be found to the sample: 4 ms of a falling chirp."""
    at = np.arange(int(_CLICK_S * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    chirp = np.sin(2 * np.pi * (6000 * at - 600_000 * at * at)) * np.hanning(len(at))
    burst: Pcm = (2 * PEAK * chirp).astype(np.float32)
    return burst


def sweep() -> Pcm:
    """Three seconds from 80 Hz to 18 kHz, faded in and out."""
    at = np.arange(int(SWEEP_S * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    rate = np.log(_TO_HZ / _FROM_HZ)
    phase = 2 * np.pi * _FROM_HZ * SWEEP_S / rate * (np.exp(at * rate / SWEEP_S) - 1)
    fade = np.clip(np.minimum(at, SWEEP_S - at) / _FADE_S, 0, 1)
    swept: Pcm = (PEAK * np.sin(phase) * fade).astype(np.float32)
    return swept


def stimulus() -> Pcm:
    """What is sent: silence, the click at 0.3 s, the sweep at 0.8 s, silence until 4.2 s."""
    sound = np.zeros(int(STIMULUS_S * SAMPLE_RATE_HZ), np.float32)
    for start_s, part in ((CLICK_AT_S, click()), (SWEEP_AT_S, sweep())):
        start = int(start_s * SAMPLE_RATE_HZ)
        sound[start : start + len(part)] = part
    return sound


def analyse(heard: Pcm) -> ChainFigures:
    """Judge what came out. `heard` begins at the moment the stimulus began to be sent, and lasts at least as long."""
    sent = sweep()
    start = int(SWEEP_AT_S * SAMPLE_RATE_HZ)
    most = int(_MOST_DELAY_S * SAMPLE_RATE_HZ)
    part = heard[start : start + len(sent) + most]
    came_after, likeness = arrival(part, sent)
    spoken = part[came_after : came_after + len(sent)]
    level = decibels(float(np.sqrt(np.mean(np.square(spoken))))) if len(spoken) else FLOOR_DBFS
    if likeness < 0.2 or level < decibels(PEAK) + _AUDIBLE_DB:
        return ChainFigures(None, None, None, None, level)
    bands, gain_db = band_gains(sent, part)
    clicked = int(CLICK_AT_S * SAMPLE_RATE_HZ)
    click_after, _ = arrival(heard[clicked : clicked + most], click())
    return ChainFigures(
        flatness_db=max(abs(band.gain_db) for band in bands),
        delay_ms=1000 * click_after / SAMPLE_RATE_HZ,
        wander_ms=1000 * abs(came_after - click_after) / SAMPLE_RATE_HZ,
        gain_db=gain_db,
        level_dbfs=level,
        bands=bands,
    )


def arrival(heard: Pcm, sent: Pcm) -> tuple[int, float]:
    """The samples after which `sent` begins in `heard`, and how alike the two are there, 0 to 1."""
    size = 1 << (len(heard) + len(sent) - 1).bit_length()
    likeness = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(sent, size)), size)
    at = int(np.argmax(np.abs(likeness[: max(1, len(heard) - len(sent) + 1)])))
    there = heard[at : at + len(sent)]
    power = float(np.linalg.norm(there) * np.linalg.norm(sent))
    return at, float(abs(likeness[at])) / power if power > 0 else 0.0


def impulse_response(heard: Pcm, sent: Pcm, samples: int) -> Pcm:
    """What the chain would make of a single sample of 1: `heard` divided by `sent`, where there is anything to divide.

    `samples` of it are given, from no delay on.
    """
    size = 1 << (len(heard) + len(sent) - 1).bit_length()
    divisor = np.fft.rfft(sent, size)
    power = np.square(np.abs(divisor))
    least = 1e-3 * float(power.max())
    quotient = np.fft.rfft(heard, size) * np.conj(divisor) / np.maximum(power, least)
    response: Pcm = np.fft.irfft(quotient, size)[:samples].astype(np.float32)
    return response


def band_gains(sent: Pcm, heard: Pcm) -> tuple[tuple[Band, ...], float]:
    """Each third of an octave between 125 and 15,000 Hz, against 1 kHz; and the gain at 1 kHz in dB."""
    size = 1 << (max(len(sent), len(heard)) - 1).bit_length()
    went, came = (np.square(np.abs(np.fft.rfft(sound, size))) for sound in (sent, heard))
    hertz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ)

    def gain_db(middle: float) -> float:
        low, high = max(LOW_HZ / _THIRD, middle / _THIRD), min(HIGH_HZ, middle * _THIRD)
        inside = (hertz >= low) & (hertz < high)
        return 10 * float(np.log10(max(float(came[inside].sum()), 1e-20) / float(went[inside].sum())))

    reference = gain_db(_REFERENCE_HZ)
    return tuple(Band(round(middle), gain_db(middle) - reference) for middle in _middles()), reference


def _middles() -> list[float]:
    """125 Hz and upward by thirds of an octave while any of the band lies under 15 kHz (IEC 61260-1)."""
    middles = [_REFERENCE_HZ * 2 ** (n / 3) for n in range(-9, 13)]
    return [middle for middle in middles if middle / _THIRD < HIGH_HZ]
