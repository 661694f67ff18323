"""What packaging costs: `python -m deploy.load.packaging` prints `packaging_cpu_percent: …`, of one core.

A room in this process, with a 720p picture of 30 a second at 2.5 Mbit/s and four sources, mixed and encoded for
listeners to four channels. It runs for a while without a stream and then with one of video and four sound renditions;
told is the difference, the median of some rounds. No listener's packets are sent: they cost the same either way.
"""

import argparse
import asyncio
import socket
import statistics
import time
from fractions import Fraction
from typing import Final

import av
import numpy as np

from media import h264
from media.mixer import Mix, Mixer
from media.opus import FRAME_SAMPLES, SAMPLE_RATE_HZ, Pcm
from media.pictures import PictureBus, VideoSource
from media.rtp import RtpPacket
from media.still import open_encoder
from media.stream import PartMade, StreamEvent, StreamSpec, Track
from media.streams import Streams

CHANNELS: Final = ("floor", "de", "uk", "en")
_WIDTH, _HEIGHT, _FPS = 1280, 720, 30
# Asked for; what comes out of this picture is about 2.5 Mbit/s.
_BITS_PER_S: Final = 3_500_000
_LOOP_S: Final = 4
_SETTLE_S: Final = 3.0


class Voice:
    """Something like speech: harmonics of a wandering pitch in syllables, with breath between them."""

    def __init__(self, pitch_hz: float, seed: int) -> None:
        at = np.arange(SAMPLE_RATE_HZ * 10) / SAMPLE_RATE_HZ
        phase = 2 * np.pi * pitch_hz * (at + 0.01 * np.sin(2 * np.pi * 0.7 * at))
        voiced = sum(np.sin(n * phase) / n for n in range(1, 24))
        breath = np.random.default_rng(seed).standard_normal(len(at)) * 0.3
        syllables = np.clip(np.sin(2 * np.pi * 2.3 * at) + 0.4, 0, 1)
        self._sound = (0.08 * (voiced * syllables + breath * (1 - syllables))).astype(np.float32)
        self._at = 0

    def pull(self) -> Pcm:
        """The next 20 ms."""
        frame: Pcm = self._sound[self._at : self._at + FRAME_SAMPLES]
        self._at = (self._at + FRAME_SAMPLES) % len(self._sound)
        return frame

    def skip(self) -> None:
        """Time goes on."""
        self.pull()


class Camera:
    """A source that sends the same four seconds again and again, from their keyframe on when it is asked for one."""

    def __init__(self) -> None:
        self.source = VideoSource(self._ask_keyframe, lambda timestamp: self._began + timestamp / 90000)
        self._pictures = [h264.payloads(picture) for picture in _encode()]
        self._began = time.monotonic()
        self._is_asked = False
        self._sequence = 0

    def _ask_keyframe(self) -> None:
        self._is_asked = True

    async def run(self) -> None:
        """Send until it is cancelled."""
        at = 0
        for number in range(1 << 40):
            await asyncio.sleep(max(0.0, self._began + number / _FPS - time.monotonic()))
            at = 0 if self._is_asked else (at + 1) % len(self._pictures)
            self._is_asked = False
            pieces = self._pictures[at]
            for place, piece in enumerate(pieces, 1):
                timestamp = number * 90000 // _FPS
                packet = RtpPacket(96, place == len(pieces), self._sequence & 0xFFFF, timestamp, 7, piece)
                self._sequence += 1
                self.source.take(packet, "h264", time.monotonic())


def _encode() -> list[bytes]:
    encoder = open_encoder(_WIDTH, _HEIGHT, Fraction(_FPS), {"b": str(_BITS_PER_S)})
    noise = np.random.default_rng(1).integers(0, 255, (_HEIGHT * 2, _WIDTH * 2), np.uint8)
    pictures = []
    for number in range(_FPS * _LOOP_S):
        luma = (noise[number : number + _HEIGHT, number * 2 : number * 2 + _WIDTH] // 8) + 100
        planes = np.concatenate((luma, np.full((_HEIGHT // 2, _WIDTH), 128, np.uint8))).astype(np.uint8)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = number, encoder.time_base
        pictures += [bytes(packet) for packet in encoder.encode(frame)]
    return pictures


class Room:
    """Sources, buses with a listener each, and the picture."""

    def __init__(self, sock: socket.socket) -> None:
        self.parts = 0
        self._picture = PictureBus(sock)
        self._mixer = Mixer(lambda packets: None, print)
        self.streams = Streams(self._mixer, lambda name: self._picture, self._count)
        self._camera = Camera()
        for number, channel in enumerate(CHANNELS):
            self._mixer.add_source(channel, Voice(110.0 + 30 * number, number))
            self._mixer.set_mix(channel, {channel: Mix(1.0), "floor": Mix(1.0 if channel == "floor" else 0.2)})
            self._mixer.set_sinks(channel, {1: 1})
        self._picture.set_source(self._camera.source)

    def _count(self, event: StreamEvent) -> None:
        self.parts += isinstance(event, PartMade)

    async def measure(self, seconds: float, rounds: int) -> tuple[float, float]:
        """CPU shares of a core without and with a stream, the medians of the rounds."""
        self._mixer.start()
        camera = asyncio.create_task(self._camera.run())
        shares: dict[bool, list[float]] = {False: [], True: []}
        spec = StreamSpec((Track("video", "room"), *(Track(channel, channel) for channel in CHANNELS)))
        for number in range(2 * rounds):
            is_packaged = number % 2 == 1
            if is_packaged:
                self.streams.start("room", spec)
            await asyncio.sleep(_SETTLE_S)
            shares[is_packaged].append(await _share(seconds))
            self.streams.stop("room")
        camera.cancel()
        self.streams.close()
        self._mixer.stop()
        return statistics.median(shares[False]), statistics.median(shares[True])


async def _share(seconds: float) -> float:
    cpu, began = time.process_time(), time.monotonic()
    await asyncio.sleep(seconds)
    return (time.process_time() - cpu) / (time.monotonic() - began)


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each round")
    parser.add_argument("--rounds", type=int, default=3)
    told = parser.parse_args()
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        room = Room(sock)
        without, with_stream = await room.measure(told.seconds, told.rounds)
    print(f"packaging_parts: {room.parts}")
    print(f"room_cpu_percent: {100 * without:.2f}")
    print(f"packaging_cpu_percent: {100 * (with_stream - without):.2f}")


if __name__ == "__main__":
    asyncio.run(_main())
