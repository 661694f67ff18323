"""What is in a sound file: how long it is, and which sines."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

HZ = 48_000
STRETCH = HZ // 20
"""Short, so that most have no seam where a sender was late; what is looked for are multiples of 20 Hz."""


def decode(file: Path, track: int = 0) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The samples of a file's sound track, mono."""
    blocks = []
    with av.open(str(file)) as container:
        for frame in container.decode(container.streams.audio[track]):
            blocks.append(frame.to_ndarray().reshape(-1)[: frame.samples])
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def strength(samples: np.ndarray[tuple[int], np.dtype[np.float32]], hertz: float) -> float:
    """How much of a sine is in there, in full scale: the middle one of stretches of a twentieth of a second."""
    count = len(samples) // STRETCH
    if not count:
        return 0.0
    pieces = samples[: count * STRETCH].reshape(count, -1)
    wave = np.exp(-2j * np.pi * hertz * np.arange(STRETCH) / HZ)
    return float(np.median(2 * np.abs(pieces @ wave) / STRETCH))
