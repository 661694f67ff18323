"""RTMP's chunks (Adobe, "Real Time Messaging Protocol" 1.0, 5.3 and 5.4): messages taken apart and put together."""

import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from media.errors import WireError

CHUNK_BYTES: Final = 4096
FIRST_CHUNK_BYTES: Final = 128
CONTROL_LANE, COMMAND_LANE, SOUND_LANE, PICTURE_LANE = 2, 3, 4, 6
_MAX_LANES: Final = 64
_EXTENDED: Final = 0xFFFFFF
_HEADER_BYTES: Final = (11, 7, 3, 0)


class Kind(IntEnum):
    """What a message is; others are passed over."""

    SET_CHUNK = 1
    ABORT = 2
    ACKNOWLEDGEMENT = 3
    USER_CONTROL = 4
    WINDOW = 5
    BANDWIDTH = 6
    SOUND = 8
    PICTURE = 9
    DATA = 18
    COMMAND = 20


@dataclass(frozen=True, slots=True)
class Message:
    """One whole message; `at_ms` goes round after 2^32."""

    kind: int
    at_ms: int
    body: bytes


@dataclass(slots=True)
class _Lane:
    """The message that comes on one chunk stream."""

    kind: int = 0
    length: int = 0
    at_ms: int = 0
    step_ms: int = 0
    is_extended: bool = False
    body: bytearray = field(default_factory=bytearray)


class ChunkReader:
    """Takes bytes and gives messages. `max_bytes` is the longest message that is taken."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._buffer = bytearray()
        self._lanes: dict[int, _Lane] = {}
        self._chunk = FIRST_CHUNK_BYTES

    def read(self, data: bytes) -> list[Message]:
        """Return the messages that are whole now. Raises WireError for what is no chunk, or too long."""
        self._buffer += data
        messages = []
        while (message := self._next()) is not None:
            if message.kind == Kind.SET_CHUNK and len(message.body) >= 4:
                self._chunk = max(1, int.from_bytes(message.body[:4], "big") & 0x7FFFFFFF)
            messages.append(message)
        return messages

    def _next(self) -> Message | None:
        while (head := _head(self._buffer)) is not None:
            at, form, number = head
            lane = self._lanes.get(number) or self._new_lane(form)
            header = bytes(self._buffer[at : at + _HEADER_BYTES[form]])
            if len(header) < _HEADER_BYTES[form]:
                return None
            at += len(header)
            is_extended = header[:3] == b"\xff\xff\xff" if form < 3 else lane.is_extended
            long_time = bytes(self._buffer[at : at + 4]) if is_extended else b""
            at += 4 if is_extended else 0
            length = int.from_bytes(header[3:6], "big") if form < 2 else lane.length
            if length > self.max_bytes or (form < 3 and lane.body):
                raise WireError("rtmp_message")
            part = min(self._chunk, length - len(lane.body))
            if len(self._buffer) < at + part:
                return None
            is_first = not lane.body
            lane.length, lane.is_extended = length, is_extended
            lane.kind = header[6] if form < 2 else lane.kind
            if is_first:
                _set_time(lane, form, header, long_time)
            lane.body += self._buffer[at : at + part]
            self._lanes[number] = lane
            del self._buffer[: at + part]
            if len(lane.body) >= lane.length:
                body, lane.body = bytes(lane.body), bytearray()
                return Message(lane.kind, lane.at_ms, body)
        return None

    def _new_lane(self, form: int) -> _Lane:
        if form == 3 or len(self._lanes) >= _MAX_LANES:
            raise WireError("rtmp_chunk")
        return _Lane()


def format_message(lane: int, kind: int, at_ms: int, stream: int, body: bytes, chunk: int = CHUNK_BYTES) -> bytes:
    """Return a message in chunks: a whole header first, then only the lane (and a long time again)."""
    at_ms &= 0xFFFFFFFF
    extended = struct.pack(">I", at_ms) if at_ms >= _EXTENDED else b""
    short = min(at_ms, _EXTENDED)
    head = bytes([lane]) + short.to_bytes(3, "big") + len(body).to_bytes(3, "big") + bytes([kind])
    parts = [head + stream.to_bytes(4, "little") + extended + body[:chunk]]
    parts += [bytes([0xC0 | lane]) + extended + body[at : at + chunk] for at in range(chunk, len(body), chunk)]
    return b"".join(parts)


def _set_time(lane: _Lane, form: int, header: bytes, long_time: bytes) -> None:
    """A whole header says the time itself, the shorter ones how much later it is; none means as much as before."""
    told = int.from_bytes(long_time or header[:3], "big") if form < 3 else lane.step_ms
    if form == 0:
        lane.at_ms, lane.step_ms = told, told
    else:
        lane.at_ms, lane.step_ms = (lane.at_ms + told) & 0xFFFFFFFF, told


def _head(buffer: bytearray) -> tuple[int, int, int] | None:
    """Return how long the basic header is, its form and its chunk stream; None when it is not whole (5.3.1.1)."""
    if not buffer:
        return None
    form, lane = buffer[0] >> 6, buffer[0] & 0x3F
    extra = {0: 1, 1: 2}.get(lane, 0)
    if len(buffer) < 1 + extra:
        return None
    if extra:
        lane = 64 + int.from_bytes(buffer[1 : 1 + extra], "little")
    return 1 + extra, form, lane
