"""Pictures for tests: encoded once, split into RTP packets, and what came out of the packager read back by FFmpeg."""

import io
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import av
import numpy as np

from media import h264
from media.access_units import Payload
from media.opus import Pcm
from media.rtp import RtpPacket
from media.still import open_encoder
from media.stream import InitMade, PartMade, StreamEvent

BLACK, WHITE = 16, 235


@cache
def film(count: int, flashes: frozenset[int] = frozenset(), keys: frozenset[int] = frozenset({0}), width: int = 64,
         height: int = 48) -> tuple[bytes, ...]:  # fmt: skip
    """Pictures in H.264 (Annex B): dark with a moving stripe, white where it flashes, keyframes where it is said."""
    encoder = open_encoder(width, height, Fraction(30), {"qp": "20"})
    pictures = []
    for number in range(count):
        frame = grey(WHITE if number in flashes else BLACK, number, width, height)
        frame.pts, frame.time_base = number, Fraction(1, 30)
        kinds = av.video.frame.PictureType
        frame.pict_type = kinds.I if number in keys else kinds.NONE
        pictures += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(pictures)


def grey(value: int, stripe: int, width: int = 64, height: int = 48) -> Any:
    """A picture of one brightness with a brighter stripe at the top."""
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[:height] = value
    planes[:4, stripe % width] = 180
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")


def brightness(frame: Any) -> float:
    """The mean of a decoded picture's luma."""
    plane = frame.planes[0]
    luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return float(luma[8 : frame.height, : frame.width].mean())


class Sender:
    """Numbers packets as one RTP stream would."""

    def __init__(self, ssrc: int = 7, sequence: int = 65000, timestamp: int = 4294900000) -> None:
        self.ssrc, self.sequence, self.first = ssrc, sequence, timestamp

    def packets(self, picture: bytes, at_s: float) -> list[RtpPacket]:
        """One picture's packets."""
        pieces = h264.payloads(picture)
        timestamp = (self.first + round(at_s * 90000)) & 0xFFFFFFFF
        made = []
        for place, piece in enumerate(pieces, 1):
            made.append(RtpPacket(96, place == len(pieces), self.sequence, timestamp, self.ssrc, piece))
            self.sequence = (self.sequence + 1) & 0xFFFF
        return made

    def payloads(self, picture: bytes, at_s: float, arrived: float, due: float | None) -> list[Payload]:
        """The same as a tap tells them."""
        return [Payload(packet, arrived, due) for packet in self.packets(picture, at_s)]


def parts_of(events: Iterable[StreamEvent], track: str) -> list[PartMade]:
    """A track's parts, in order."""
    return [event for event in events if isinstance(event, PartMade) and event.track == track]


def inits_of(events: Iterable[StreamEvent], track: str) -> dict[int, InitMade]:
    """A track's init segments by number."""
    return {event.init: event for event in events if isinstance(event, InitMade) and event.track == track}


def play(events: Sequence[StreamEvent], track: str, init: int = 0) -> list[tuple[float, Any]]:
    """All frames of the parts that go with one init, decoded by FFmpeg, each with its time in seconds."""
    payload = b"".join(part.payload for part in parts_of(events, track) if part.init == init)
    container: Any = av.open(io.BytesIO(inits_of(events, track)[init].payload + payload))
    with container:
        stream = container.streams[0]
        return [(float(frame.pts * stream.time_base), frame) for frame in container.decode(stream)]


def hear(events: Sequence[StreamEvent], track: str) -> tuple[float, Pcm]:
    """All of a track's sound in one piece, and when it begins in seconds."""
    frames = play(events, track)
    return frames[0][0], np.concatenate([frame.to_ndarray()[0] for _, frame in frames])
