"""Pictures decoded and made anew as H.264, in a thread of its own: a venue that sends VP8, or a smaller copy.

When it cannot keep up it shows fewer pictures, and counts them.
"""

import queue
import threading
from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import av

from media.still import open_encoder, pack

_MOST_WAITING: Final = 90
_HURRY: Final = 8
_RATE: Final = Fraction(30)
_BITS_A_PIXEL: Final = 2.0
"""For thirty pictures a second: 640 × 360 gets 460 kbit/s, 1280 × 720 1.8 Mbit/s."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A coded picture and what belongs to it: `label` is given back with the copy; `is_key` begins a row; a copy that
    `must_be_key` is a keyframe.
    """

    payload: bytes
    label: Any
    is_key: bool
    must_be_key: bool = False


@dataclass(frozen=True, slots=True)
class Copied:
    """The copy of a picture, with lengths before its NAL units."""

    payload: bytes
    label: Any
    is_key: bool


class Transcoder:
    """Hand pictures in with `put`, fetch their copies with `take`; both from one thread.

    Args:
        codec: FFmpeg's name of what comes in: "h264" (Annex B) or "vp8".
        height: of the copies, the width follows; None keeps pictures as large as they are.
    """

    def __init__(self, codec: str, height: int | None = None) -> None:
        self.dropped = 0
        self.error = ""
        """The class of the exception that ended it."""
        self._codec, self._height = codec, height
        self._queue: queue.SimpleQueue[Wanted | None] = queue.SimpleQueue()
        self._made: deque[Copied] = deque()
        self._is_broken = True
        self._encoder: Any = None
        self._owes_key = False
        self._at = 0
        self._thread = threading.Thread(target=self._run, name="transcoder", daemon=True)
        self._thread.start()

    def put(self, wanted: Wanted) -> None:
        """Hand in a picture. After one that was dropped nothing is taken before a keyframe."""
        if self._queue.qsize() >= _MOST_WAITING:
            self._is_broken = True
        if self._is_broken and not (wanted.is_key and self._queue.qsize() < _MOST_WAITING):
            self.dropped += 1
            return
        self._is_broken = False
        self._queue.put(wanted)

    @property
    def waiting(self) -> int:
        """Pictures that nobody has begun to copy."""
        return self._queue.qsize()

    def take(self) -> list[Copied]:
        """The copies made since the last call, in order."""
        taken = []
        while self._made:
            taken.append(self._made.popleft())
        return taken

    def close(self) -> None:
        """Make no more; returns when what was put in is made and the thread has ended."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        decoder: Any = av.CodecContext.create(self._codec, "r")
        decoder.flags |= av.codec.context.Flags.low_delay
        decoder.thread_count = 1
        try:
            while (wanted := self._queue.get()) is not None:
                self._copy(decoder, wanted)
        except Exception as error:
            self.error = type(error).__name__

    def _copy(self, decoder: Any, wanted: Wanted) -> None:
        self._owes_key |= wanted.must_be_key
        try:
            frames = decoder.decode(av.Packet(wanted.payload))
        except av.error.InvalidDataError:
            frames = []
        # One picture comes out for each that goes in; only reordered ones would be held back, and nobody sends those.
        for frame in frames[-1:]:
            if self._queue.qsize() > _HURRY and not self._owes_key:
                self.dropped += 1
                continue
            self._encode(frame, wanted.label)

    def _encode(self, frame: Any, label: Any) -> None:
        height = (self._height or frame.height) // 2 * 2
        width = round(frame.width * height / frame.height / 2) * 2
        if self._encoder is None or (self._encoder.width, self._encoder.height) != (width, height):
            bits = {"b": str(int(width * height * _BITS_A_PIXEL))}
            self._encoder, self._at = open_encoder(width, height, _RATE, bits), 0
        picture = frame.reformat(width, height, "yuv420p")
        picture.pts, picture.time_base = self._at, 1 / _RATE
        picture.pict_type = av.video.frame.PictureType.I if self._owes_key else av.video.frame.PictureType.NONE
        self._owes_key = False
        self._at += 1
        for packet in self._encoder.encode(picture):
            self._made.append(Copied(pack(bytes(packet)), label, packet.is_keyframe))
