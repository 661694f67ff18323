"""One sound track of a stream: the mixer's ticks in, parts of AAC out, on the stream's clock."""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from media.aac import AacEncoder
from media.errors import MediaError
from media.opus import FRAME_SAMPLES, Pcm
from media.stream import AAC_FRAME_SAMPLES, PART_FRAMES, PARTS_A_SEGMENT
from media.stream_parts import Part, SoundParts

SEGMENT_SAMPLES: Final = PARTS_A_SEGMENT * PART_FRAMES * AAC_FRAME_SAMPLES
_HOPELESS_SAMPLES: Final = 48000 * 30


class SoundTrack:
    """Ticks that are missing become silence, so that what follows stands where it belongs.

    Args:
        first_tick: the tick whose first sample is the media time `first_sample`, in samples.
        msn: the first segment; sound before it is left out.
    """

    def __init__(self, first_tick: int, first_sample: int, msn: int) -> None:
        self.silent_samples = 0
        self._shift = first_sample - first_tick * FRAME_SAMPLES
        self._next = msn * SEGMENT_SAMPLES
        self._held: Pcm = np.zeros(0, np.float32)
        self._encoder = AacEncoder()
        self._parts = SoundParts(msn)

    @property
    def parameters(self) -> bytes:
        """The AudioSpecificConfig."""
        return self._encoder.parameters

    def take(self, tick: int, pcm: Pcm) -> Iterator[Part]:
        """Take a tick's sound; yields the parts that are whole now.

        Raises:
            MediaError: half a minute or more is missing; such a stream is better begun anew.
        """
        ahead = tick * FRAME_SAMPLES + self._shift - self._next
        if ahead > _HOPELESS_SAMPLES:
            raise MediaError("sound_missing")
        if ahead < 0:
            pcm = pcm[-ahead:]
        elif ahead > 0:
            self.silent_samples += ahead
            pcm = np.concatenate((np.zeros(ahead, np.float32), pcm))
        self._next += len(pcm)
        self._held = np.concatenate((self._held, pcm))
        while len(self._held) >= AAC_FRAME_SAMPLES:
            block, self._held = self._held[:AAC_FRAME_SAMPLES], self._held[AAC_FRAME_SAMPLES:]
            yield from self._add(self._encoder.encode(block))

    def finish(self) -> Iterator[Part]:
        """What is left, its end cut to whole frames, as the last part."""
        yield from self._add(self._encoder.finish())
        part = self._parts.finish()
        if part is not None:
            yield part

    def _add(self, frames: Iterable[bytes]) -> Iterator[Part]:
        for frame in frames:
            part = self._parts.add(frame)
            if part is not None:
                yield part
