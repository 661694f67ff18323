"""How loud a piece of sound is, for tests."""

import numpy as np

from media.opus import Pcm
from media.sound import decibels


def peak_dbfs(pcm: Pcm) -> float:
    """Its highest sample."""
    return decibels(float(np.abs(pcm).max()))


def rms_dbfs(pcm: Pcm) -> float:
    """Its root mean square."""
    return decibels(float(np.sqrt(np.mean(np.square(pcm, dtype=np.float64)))))
