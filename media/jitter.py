"""The jitter buffer: RTP packets in as the network brings them, 20 ms of sound out at every tick.

It starts 40 ms deep and settles between 20 and 120 ms, as the line has shown to need (`media.depth`). A lost packet
costs its own length and nothing more: its place is filled from the next packet's FEC or by libopus's concealment. Where
lost packets come again when asked for, the buffer becomes deep enough to wait for them. A late burst stretches the
delay at once and is worked off by shortening the sound where it is like itself, every third tick, oftener while much is
to be worked off; it is lengthened in the same way. `push` may be called by another thread than the rest.
"""

import time
from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from media import opus
from media.depth import STEP_SAMPLES, DepthTarget
from media.errors import WireError
from media.opus import FRAME_SAMPLES, Pcm
from media.rtp import RtpPacket, sequence_after, timestamp_after
from media.sound import SILENCE, lengthen, shorten

_STALE_SAMPLES: Final = 24000
_HOPELESS_SAMPLES: Final = 48000
_INBOX_PACKETS: Final = 256
_WINDOW_TICKS: Final = 25
_MADE_UP_PACKETS: Final = 64
_FAR_SAMPLES: Final = 2400
_SLOW_TICKS: Final = 3
_JUMP_PACKETS: Final = 100


@dataclass(slots=True)
class JitterCounts:
    """What happened to a source's packets, in packets; `concealed`, `stretched` and `shortened` in samples."""

    received: int = 0
    late: int = 0
    duplicate: int = 0
    lost: int = 0
    malformed: int = 0
    concealed: int = 0
    stretched: int = 0
    shortened: int = 0


class JitterBuffer:
    """One source's buffer and decoder."""

    def __init__(self) -> None:
        self.counts = JitterCounts()
        self.played: tuple[float, int] | None = None
        """When (monotonic seconds) `pull` last gave sound, and its first sample's RTP timestamp; None in silence."""
        self._inbox: deque[RtpPacket] = deque(maxlen=_INBOX_PACKETS)
        self._decoder = opus.Decoder()
        self._ssrc: int | None = None
        self._restart()

    def _restart(self) -> None:
        self._waiting: dict[int, RtpPacket] = {}
        self._next_sequence = -1
        self._next_timestamp = 0
        self._pcm: Pcm = np.zeros(0, np.float32)
        self._frame = FRAME_SAMPLES
        self._owed = 0
        self._dry = 0
        self._target = DepthTarget()
        self._is_playing = False
        self._depths: deque[int] = deque(maxlen=_WINDOW_TICKS)
        self._ticks = 0
        self._highest = -1
        self._made_up: deque[int] = deque(maxlen=_MADE_UP_PACKETS)
        self._late_running = 0
        self.played = None

    def push(self, packet: RtpPacket) -> None:
        """Take a packet as it came. More than 256 between two ticks are dropped, oldest first."""
        self._inbox.append(packet)

    def skip(self) -> None:
        """A tick in which nobody listens: forget what came."""
        if self._inbox or self._is_playing:
            self._inbox.clear()
            self._restart()

    def pull(self) -> Pcm:
        """The next 20 ms; silence while there is nothing to play."""
        self._ticks += 1
        self._sort_in()
        if not self._is_playing and not self._may_start():
            return SILENCE
        while len(self._pcm) < FRAME_SAMPLES and self._is_playing:
            self._fill()
        if not self._is_playing:
            return SILENCE
        self._work_off()
        self.played = (time.monotonic(), (self._next_timestamp - len(self._pcm)) & 0xFFFFFFFF)
        frame, self._pcm = self._pcm[:FRAME_SAMPLES], self._pcm[FRAME_SAMPLES:]
        return frame

    @property
    def depth_ms(self) -> float:
        """How much sound waits here."""
        return self._depth() / 48

    def _sort_in(self) -> None:
        while self._inbox:
            packet = self._inbox.popleft()
            if packet.ssrc != self._ssrc:
                self._ssrc = packet.ssrc
                self._restart()
            self.counts.received += 1
            if self._is_playing:
                ahead = sequence_after(packet.sequence, self._next_sequence)
                if ahead < 0:
                    self._note_late(packet)
                    self._late_running += 1
                    if self._late_running < _JUMP_PACKETS:
                        continue
                self._late_running = 0
                if ahead < 0 or ahead >= _JUMP_PACKETS:
                    # The sender numbers anew: a pause of its encoder, or another device behind the same SSRC.
                    self._restart()
            if packet.sequence in self._waiting:
                self.counts.duplicate += 1
                continue
            self._waiting[packet.sequence] = packet
            self._note_order(packet)

    def _note_late(self, packet: RtpPacket) -> None:
        if packet.sequence not in self._made_up:
            self.counts.duplicate += 1
            return
        self._made_up.remove(packet.sequence)
        self.counts.late += 1
        too_late = timestamp_after(self._next_timestamp, packet.timestamp)
        if self._depths and too_late > 0:
            self._target.note_late(self._ticks, max(self._depths) + too_late)

    def _note_order(self, packet: RtpPacket) -> None:
        if self._highest < 0 or sequence_after(packet.sequence, self._highest) > 0:
            self._highest = packet.sequence
        elif self._is_playing:
            margin = timestamp_after(packet.timestamp, self._next_timestamp)
            self._target.note_out_of_order(self._ticks, margin)

    def _may_start(self) -> bool:
        if not self._waiting:
            return False
        first = self._oldest()
        newest = max(timestamp_after(p.timestamp, first.timestamp) for p in self._waiting.values())
        # One frame less than the target is enough: the newest packet's own length counts too.
        if newest < self._target.samples - FRAME_SAMPLES:
            return False
        self._next_sequence, self._next_timestamp = first.sequence, first.timestamp
        self._is_playing = True
        return True

    def _oldest(self) -> RtpPacket:
        some = next(iter(self._waiting.values()))
        return min(self._waiting.values(), key=lambda p: sequence_after(p.sequence, some.sequence))

    def _fill(self) -> None:
        packet = self._waiting.get(self._next_sequence)
        if packet is not None:
            self._take(packet)
        elif self._waiting:
            self._conceal_lost()
        else:
            self._run_dry()

    def _take(self, packet: RtpPacket) -> None:
        gap = timestamp_after(packet.timestamp, self._next_timestamp)
        if gap > 0 and self._cover(gap):
            return
        del self._waiting[self._next_sequence]
        self._next_sequence = (self._next_sequence + 1) & 0xFFFF
        if self._dry:
            self._target.note_dry(self._ticks, self._dry)
        self._dry = 0
        try:
            pcm = self._decoder.decode(packet.payload)
        except WireError:
            self.counts.malformed += 1
            self._append_concealment(self._frame)
            return
        self._frame = len(pcm)
        self._next_timestamp = (packet.timestamp + len(pcm)) & 0xFFFFFFFF
        self._pcm = np.concatenate((self._pcm, pcm))

    def _cover(self, gap: int) -> bool:
        """Fill a pause the sender made (DTX) by one frame; False when it is filled or too long to be worth it."""
        if gap > _HOPELESS_SAMPLES:
            return False
        paid = min(gap, self._owed)
        self._owed -= paid
        self._next_timestamp = (self._next_timestamp + paid) & 0xFFFFFFFF
        if paid >= gap:
            return False
        self._append_concealment(min(FRAME_SAMPLES, gap - paid))
        return True

    def _conceal_lost(self) -> None:
        self.counts.lost += 1
        self._made_up.append(self._next_sequence)
        following = self._waiting.get((self._next_sequence + 1) & 0xFFFF)
        self._next_sequence = (self._next_sequence + 1) & 0xFFFF
        if self._owed >= self._frame:
            # Its time has passed already, while the buffer was dry: not waiting for what is late, but lost.
            self._owed -= self._frame
            self._dry = 0
            self._next_timestamp = (self._next_timestamp + self._frame) & 0xFFFFFFFF
            return
        self._append_concealment(self._frame, following.payload if following else None)

    def _append_concealment(self, samples: int, following: bytes | None = None) -> None:
        # libopus conceals in steps of 2.5 ms.
        samples = max(120, samples // 120 * 120)
        try:
            pcm = self._decoder.decode_lost(samples, following)
        except WireError:
            pcm = np.zeros(samples, np.float32)
        self.counts.concealed += samples
        self._next_timestamp = (self._next_timestamp + samples) & 0xFFFFFFFF
        self._pcm = np.concatenate((self._pcm, pcm))

    def _run_dry(self) -> None:
        self._dry += FRAME_SAMPLES
        if self._dry >= _STALE_SAMPLES:
            self._restart()
            return
        before = self._next_timestamp
        self._append_concealment(FRAME_SAMPLES)
        # What is missing may still come: then it is played, and the delay is longer by this much.
        self._next_timestamp = before
        self._owed += FRAME_SAMPLES
        self.counts.stretched += FRAME_SAMPLES

    def _depth(self) -> int:
        # Taken at once: the figures are asked for on another thread than the one that plays.
        waiting = tuple(self._waiting.values())
        if not waiting:
            return len(self._pcm)
        newest = max(timestamp_after(p.timestamp, self._next_timestamp) for p in waiting)
        return len(self._pcm) + max(0, newest + self._frame)

    def _work_off(self) -> None:
        """Bring the delay to its target: shorten or lengthen a little, or drop it all when it is hopeless."""
        depth = self._depth()
        self._depths.append(depth)
        self._target.on_tick(self._ticks)
        target = self._target.samples
        if depth > _HOPELESS_SAMPLES:
            self._drop_to(target)
        elif len(self._depths) == _WINDOW_TICKS:
            excess = min(self._depths) - target
            # The further it is, the shorter from one cut to the next: each tick past 100 ms, then every second.
            pause = max(1, _SLOW_TICKS - excess // _FAR_SAMPLES)
            if excess > STEP_SAMPLES and self._ticks % pause == 0:
                self._shorten(excess)
            elif max(self._depths) < target - STEP_SAMPLES and self._ticks % _SLOW_TICKS == 0:
                self._lengthen()

    def _shorten(self, excess: int) -> None:
        wanted = 2 * FRAME_SAMPLES + STEP_SAMPLES
        while len(self._pcm) < wanted and self._next_sequence in self._waiting:
            self._fill()
        most = min(FRAME_SAMPLES, excess, len(self._pcm) - FRAME_SAMPLES - STEP_SAMPLES // 2)
        if most < STEP_SAMPLES:
            return
        before = len(self._pcm)
        self._pcm = shorten(self._pcm, most)
        cut = before - len(self._pcm)
        self.counts.shortened += cut
        self._owed = max(0, self._owed - cut)
        self._depths = deque((d - cut for d in self._depths), maxlen=_WINDOW_TICKS)

    def _lengthen(self) -> None:
        before = len(self._pcm)
        self._pcm = lengthen(self._pcm)
        more = len(self._pcm) - before
        self.counts.stretched += more
        self._depths = deque((d + more for d in self._depths), maxlen=_WINDOW_TICKS)

    def _drop_to(self, samples: int) -> None:
        while self._waiting and self._depth() > samples:
            first = self._oldest()
            del self._waiting[first.sequence]
            self._next_sequence = (first.sequence + 1) & 0xFFFF
            self._next_timestamp = (first.timestamp + self._frame) & 0xFFFFFFFF
            self.counts.shortened += self._frame
        self._owed = 0
        self._depths.clear()
