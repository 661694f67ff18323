"""People who take part from afar, as their page acts: they come in, hear and see, and some are heard and seen.

Nothing is decoded; of every stream the numbers are looked at. Pictures are VP8 by their headers alone.
"""

import asyncio
import os
import secrets
import time
from dataclasses import dataclass, field
from typing import Final

from deploy.load.company import Page
from deploy.load.house import House
from deploy.load.sdp import OPUS_PT, VP8_PT
from deploy.load.sequence import SequenceCheck
from deploy.load.voice import Ear, Voice
from interpreting.roles import Role
from media import rtcp, rtp
from media.rtp import RtpPacket

SEEN: Final = ("stage", "face:0", "face:1")
"""What everybody's page shows: the newest speaker, and the small pictures of both."""
_FRAME_S: Final = 0.04
_CLOCK_HZ: Final = 90000
_PIECES: Final = 5
_PIECE_BYTES: Final = 1150
_SMALL_EVERY: Final = 2
_REPORT_EVERY: Final = 25
_KEY: Final = b"\x50\x00\x00\x9d\x01\x2a" + (1280).to_bytes(2, "little") + (720).to_bytes(2, "little")
_WALL_OFFSET_S: Final = time.time() - time.monotonic()


@dataclass
class Camera:
    """One picture of 25 a second, or 12.5, cut into `pieces` of a packet each; every one in a second stands alone."""

    pieces: int
    ssrc: int = field(default_factory=lambda: secrets.randbits(31) | 1)
    _sequence: int = field(default_factory=lambda: secrets.randbits(15))
    _first: int = field(default_factory=lambda: secrets.randbits(31))
    _sent: int = 0

    def send(self, voice: Voice, frame: int) -> None:
        """Send the picture numbered `frame`, and now and then a report."""
        assert voice.end is not None
        stamp = (self._first + round(frame * _FRAME_S * _CLOCK_HZ)) & 0xFFFFFFFF
        for piece in range(self.pieces):
            payload = _payload(is_first=piece == 0, is_key=frame % _REPORT_EVERY == 0)
            number = (self._sequence + self._sent) & 0xFFFF
            self._sent += 1
            packet = RtpPacket(VP8_PT, piece == self.pieces - 1, number, stamp, self.ssrc, payload)
            voice.end.send_protected(voice.end.protect(rtp.format_packet(packet)))
        if frame % _REPORT_EVERY == 0:
            now = time.monotonic() + _WALL_OFFSET_S
            voice.end.send_rtcp(rtcp.format_sender_report(self.ssrc, now, stamp, self._sent, 0, b"lean"))


def _payload(*, is_first: bool, is_key: bool) -> bytes:
    """A piece of a picture (RFC 7741 section 4.2): its descriptor, at the beginning a frame header, and noise."""
    header = b"\x00"
    if is_first:
        header = b"\x10" + (_KEY if is_key else b"\x51\x00\x00")
    return header + os.urandom(_PIECE_BYTES - len(header))


@dataclass
class Attendee:
    """Somebody who takes part: a page, and media with several pictures. `streams` are what arrived, by SSRC."""

    house: House
    room: str
    name: str
    language: str
    streams: dict[int, SequenceCheck] = field(default_factory=dict)
    is_sound: dict[int, bool] = field(default_factory=dict)
    ear: Ear | None = None

    def __post_init__(self) -> None:
        self.token = self.house.token(Role.PARTICIPANT, self.name, room=self.room)
        self.page = Page(self.house, self.room, self.token, keeps_states=False)

    async def open(self) -> None:
        """Come in, hear and see.

        Raises:
            SignallingError, SdpError, TimeoutError, Refused: it did not come about.
        """
        await self.page.open()
        await self.page.command("enter_room", name=self.name, language=self.language)
        self.ear = Ear(self._take, pictures=len(SEEN))
        await self.ear.open(f"{self.house.url}/whep/{self.room}/floor?pictures={','.join(SEEN)}", self.token)
        await self.page.command("select_channel", channel=self.language)

    async def aclose(self) -> None:
        """Leave."""
        if self.ear is not None:
            await self.ear.aclose()
        await self.page.aclose()

    def _take(self, packet: RtpPacket, at: float) -> None:
        check = self.streams.get(packet.ssrc)
        if check is None:
            check = self.streams[packet.ssrc] = SequenceCheck()
            self.is_sound[packet.ssrc] = packet.payload_type == OPUS_PT
        check.add(packet.sequence)

    def count(self, what: str, *, of_sound: bool) -> int:
        """A figure of `SequenceCheck` over all streams of sound, or of pictures."""
        return sum(getattr(check, what) for ssrc, check in self.streams.items() if self.is_sound[ssrc] == of_sound)


@dataclass
class Speaker(Attendee):
    """One of them who asks for the floor, with a large picture and a small one."""

    sound: list[bytes] = field(default_factory=list)
    voice: Voice | None = None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def open(self) -> None:
        """Come in, and send: what is heard of it is the room's affair. Raises as `Attendee.open`."""
        await super().open()
        self._cameras = (Camera(_PIECES), Camera(1))
        self.voice = Voice(self.sound, pictures=[camera.ssrc for camera in self._cameras])
        await self.voice.open(f"{self.house.url}/whip/{self.room}", self.token)
        self._tasks = [asyncio.create_task(self.voice.speak(3600)), asyncio.create_task(self._show())]

    async def aclose(self) -> None:
        """Leave."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.voice is not None:
            await self.voice.aclose()
        await super().aclose()

    async def _show(self) -> None:
        assert self.voice is not None
        large, small = self._cameras
        started, frame = time.monotonic(), 0
        while True:
            large.send(self.voice, frame)
            if frame % _SMALL_EVERY == 0:
                small.send(self.voice, frame)
            frame += 1
            await asyncio.sleep(max(0.0, started + frame * _FRAME_S - time.monotonic()))
