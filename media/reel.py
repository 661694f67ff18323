"""A reel: a video message as it lies ready to be played out, and what makes a file none.

Whatever came is made once into one form that needs no encoder while it plays: MP4 with H.264 (constrained baseline,
no B-frames, two keyframes a second) and 48 kHz mono FLAC, which can be cut at any sample. Both tracks are always
there, begin at zero and end together: what has no picture shows a slide, what has no sound is silent.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from media.errors import MediaError

LOUDNESS_LUFS: Final = -23.0
"""What every message is brought to (EBU R 128)."""
MOST_PEAK_DBTP: Final = -1.0
MAX_WIDTH: Final = 1280
MAX_HEIGHT: Final = 720
MAX_RATE: Final = 30
MAX_BITS_PER_S: Final = 2_500_000
MIN_SECONDS: Final = 1.0
MAX_SECONDS: Final = 4 * 60 * 60.0


@dataclass(frozen=True, slots=True)
class ReelFile:
    """A prepared file and its length."""

    path: Path
    seconds: float


class NotPlayable(MediaError):
    """Nothing can be made of a file. Codes: reel_not_media, reel_broken, reel_too_short, reel_too_long."""
