"""AAC-LC for the livestream: 48 kHz mono, by FFmpeg's own encoder.

A frame's decoder output overlaps the one before it, so an encoder's first frame is priming (ISO/IEC 14496-3). It is
left out here: the n-th frame that comes out decodes to the n-th block that went in, at the same time.
"""

from fractions import Fraction
from typing import Any, Final

import av
import numpy as np

from media.errors import MediaError
from media.opus import SAMPLE_RATE_HZ, Pcm
from media.stream import AAC_FRAME_SAMPLES

CODEC: Final = "mp4a.40.2"
BITS_PER_S: Final = 96_000
PEAK_BITS_PER_S: Final = 144_000
"""What a segment of dense sound takes, with its boxes."""
LOOKAHEAD_BLOCKS: Final = 2
"""Blocks that have to follow before one comes out."""


class AacEncoder:
    """Blocks of 1024 samples in, raw AAC frames out, two blocks later."""

    def __init__(self) -> None:
        encoder: Any = av.CodecContext.create("aac", "w")
        encoder.sample_rate = SAMPLE_RATE_HZ
        encoder.layout = "mono"
        encoder.format = "fltp"
        encoder.bit_rate = BITS_PER_S
        encoder.time_base = Fraction(1, SAMPLE_RATE_HZ)
        # The search for the best scale factors costs half as much again, and at 96 kbit/s nobody hears it.
        encoder.options = {"aac_coder": "fast"}
        encoder.open()
        self._encoder = encoder
        self._at = 0

    @property
    def parameters(self) -> bytes:
        """The AudioSpecificConfig."""
        return bytes(self._encoder.extradata)

    def encode(self, block: Pcm) -> list[bytes]:
        """Take 1024 samples; returns the frames that are done, usually that of two blocks ago."""
        if len(block) != AAC_FRAME_SAMPLES:
            raise MediaError("aac_frame_size")
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block)[None, :], format="fltp", layout="mono")
        frame.sample_rate = SAMPLE_RATE_HZ
        frame.pts = self._at
        self._at += AAC_FRAME_SAMPLES
        return [bytes(packet) for packet in self._encoder.encode(frame) if packet.pts >= 0]

    def finish(self) -> list[bytes]:
        """The frames of the last blocks. Nothing can be encoded afterwards."""
        return [bytes(packet) for packet in self._encoder.encode(None) if packet.pts >= 0]
