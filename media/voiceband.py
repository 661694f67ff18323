"""Sound for those who only want to know what is spoken: 48 kHz brought down to 16 kHz, 16 bits."""

from typing import Final

import numpy as np

from media.opus import Pcm

RATE_HZ: Final = 16000
_STEP: Final = 3
_TAPS: Final = 96
_CUTOFF_HZ: Final = 7200


def _low_pass() -> Pcm:
    """A windowed sinc (Blackman) that lets 7.2 kHz through by half."""
    at = np.arange(_TAPS) - (_TAPS - 1) / 2
    ratio = 2 * _CUTOFF_HZ / (RATE_HZ * _STEP)
    taps = np.sinc(ratio * at) * np.blackman(_TAPS)
    low_pass: Pcm = (taps / taps.sum()).astype(np.float32)
    return low_pass


_FILTER: Final = _low_pass()


class Downsampler:
    """Takes blocks of 48 kHz as they come and gives 16 kHz; keeps what the filter needs of the block before."""

    def __init__(self) -> None:
        self._held: Pcm = np.zeros(_TAPS - 1, np.float32)

    def take(self, pcm: Pcm) -> bytes:
        """Little-endian 16-bit samples of a block whose length is a multiple of three."""
        joined = np.concatenate((self._held, pcm))
        self._held = joined[-(_TAPS - 1) :]
        low = np.convolve(joined, _FILTER, "valid")[::_STEP]
        return np.clip(np.round(low * 32767), -32768, 32767).astype("<i2").tobytes()
