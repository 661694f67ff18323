"""What an encoder sends by RTMP, made into tracks for a WHIP session.

H.264 goes through as it is. Only pictures that are sent out of their order (B-frames), which WebRTC cannot carry, are
decoded and encoded anew by aiortc; whoever set up the encoder is told, because that costs a core and some quality.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

import av
from aiortc import MediaStreamTrack
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext

from media import flv
from media.errors import WireError
from media.rtmp_receiver import Picture, Sound
from media.stream import PICTURE_HZ, Sample
from server.whip_tracks import PacketTrack, SoundFrames, picture_packet

# So long after the first of the two kinds, the other is not going to come.
OTHER_KIND_S: Final = 2.0
MAX_WIDTH, MAX_HEIGHT = 1280, 720
_AVC: Final = 7
_AAC: Final = 10


class UnusableFormat(Exception):
    """The encoder sends what WebRTC cannot carry; the message says what to set instead."""


class EncoderFeed:
    """One encoder's sound and pictures. `tell` gets a line for what a person should change; on the event loop."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._record = b""
        self._sets = b""
        self._sound_parameters = b""
        self._tracks: dict[str, PacketTrack] = {}
        self._sound = SoundFrames()
        self._needs_keyframe = True
        self._decoder: VideoCodecContext | None = None
        self._began = asyncio.Event()
        self._both = asyncio.Event()

    async def kinds(self) -> frozenset[str]:
        """Wait until it is known what the encoder sends, and return that: audio, video or both."""
        await self._began.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(OTHER_KIND_S):
                await self._both.wait()
        return frozenset(({"audio"} if self._sound_parameters else set()) | ({"video"} if self._record else set()))

    def tracks(self, kinds: frozenset[str]) -> list[MediaStreamTrack]:
        """Return fresh tracks for one session, sound first; those before get nothing any more."""
        self._tracks = {kind: PacketTrack(kind) for kind in sorted(kinds)}
        self._needs_keyframe = True
        return list(self._tracks.values())

    def take(self, heard: Sound | Picture) -> None:
        """Take a message in. Raises UnusableFormat, and WireError for one that is broken."""
        if isinstance(heard, Sound):
            self._take_sound(heard)
        else:
            self._take_picture(heard)

    def _take_sound(self, heard: Sound) -> None:
        body = heard.body
        if body[0] >> 4 != _AAC:
            raise UnusableFormat("the encoder sends sound that is not AAC. Set its audio codec to AAC")
        if len(body) < 2:
            raise WireError("flv_sound")
        if body[1] == 0:
            self._sound_parameters = body[2:]
            self._note_kind()
            return
        track = self._tracks.get("audio")
        if track is None or not self._sound_parameters:
            return
        sample = Sample("audio", heard.at_ms / 1000, body[2:], True, self._sound_parameters)
        for _, frame in self._sound.frames(sample):
            track.put(time.monotonic(), frame)

    def _take_picture(self, heard: Picture) -> None:
        body = heard.body
        if body[0] & 0x0F != _AVC or body[0] & 0x80:
            raise UnusableFormat("the encoder sends a picture that is not H.264. Set its video codec to H.264 (AVC)")
        if len(body) < 5:
            raise WireError("flv_picture")
        if body[1] == 0:
            self._record, self._sets = body[5:], flv.parameter_sets(body[5:])
            self._decoder = None if self._decoder is None else _decoder(self._record)
            self._note_kind()
            return
        track = self._tracks.get("video")
        if track is None or not self._record or body[1] != 1:
            return
        self._send(track, heard.at_ms, body)

    def _send(self, track: PacketTrack, at_ms: int, body: bytes) -> None:
        is_keyframe = body[0] >> 4 == 1
        later_ms = int.from_bytes(body[2:5], "big", signed=True)
        if later_ms and self._decoder is None:
            self._tell("the encoder sends B-frames, which have to be encoded anew here. Set its B-frames to 0")
            self._decoder, self._needs_keyframe = _decoder(self._record), True
        if self._needs_keyframe and not is_keyframe:
            return
        self._needs_keyframe = False
        if self._decoder is None:
            # Where an encoder leaves its parameter sets out of the picture, who comes later would never see any.
            payload = self._sets + body[5:] if is_keyframe else body[5:]
            track.put(time.monotonic(), picture_packet(payload, at_ms / 1000))
        else:
            self._send_anew(self._decoder, track, at_ms + later_ms, body[5:])

    @staticmethod
    def _send_anew(decoder: VideoCodecContext, track: PacketTrack, at_ms: int, payload: bytes) -> None:
        packet: Packet[Any] = Packet(payload)
        packet.pts, packet.time_base = at_ms * PICTURE_HZ // 1000, Fraction(1, PICTURE_HZ)
        with contextlib.suppress(av.FFmpegError):
            for frame in decoder.decode(packet):
                shrink = min(1.0, MAX_WIDTH / frame.width, MAX_HEIGHT / frame.height)
                width, height = (max(2, int(side * shrink) // 2 * 2) for side in (frame.width, frame.height))
                shaped = frame.reformat(width=width, height=height, format="yuv420p")
                shaped.pts, shaped.time_base = frame.pts, Fraction(1, PICTURE_HZ)
                track.put(time.monotonic(), shaped)

    def _note_kind(self) -> None:
        self._began.set()
        if self._record and self._sound_parameters:
            self._both.set()


def _decoder(record: bytes) -> VideoCodecContext:
    decoder: VideoCodecContext = av.CodecContext.create("h264", "r")
    decoder.extradata = record
    return decoder
