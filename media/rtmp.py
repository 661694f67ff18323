"""The publishing side of RTMP (Adobe, "Real Time Messaging Protocol" 1.0, 2012), without a socket.

Bytes of the server go in by `receive`, bytes for it come out. The handshake is the plain one of section 5.2; commands
are those that encoders send: connect, releaseStream, FCPublish, createStream, publish.
"""

import os
import struct
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from media.amf import AmfValue, format_amf, parse_amf
from media.errors import WireError
from media.rtmp_chunks import (
    CHUNK_BYTES,
    COMMAND_LANE,
    CONTROL_LANE,
    FIRST_CHUNK_BYTES,
    PICTURE_LANE,
    SOUND_LANE,
    ChunkReader,
    Kind,
    format_message,
)

VERSION: Final = 3
HANDSHAKE_BYTES: Final = 1536
# A server says words to us and sends no media.
_MAX_MESSAGE: Final = 64 * 1024
_PING, _PONG = 6, 7
_CONNECT, _CREATE, _PUBLISH = 1, 4, 5


class RtmpRefused(Exception):
    """The server will not have the stream; `code` is its own word, such as NetStream.Publish.BadName."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Step(StrEnum):
    """How far publishing has come."""

    SHAKING_HANDS = "shaking_hands"
    CONNECTING = "connecting"
    CREATING = "creating"
    PUBLISHING = "publishing"
    LIVE = "live"


class RtmpPublisher:
    """One publishing connection.

    Args:
        app: the path without its last segment.
        key: the last segment, with the query.
        address: the address as far as the app (`tcUrl`).
    """

    def __init__(self, app: str, key: str, address: str) -> None:
        self.step = Step.SHAKING_HANDS
        self._app = app
        self._key = key
        self._address = address
        self._buffer = b""
        self._reader = ChunkReader(_MAX_MESSAGE)
        self._received = self._acknowledged = 0
        self._window = 2_500_000
        self._stream = 0

    def begin(self) -> bytes:
        """Return what is said first (C0 and C1)."""
        return bytes([VERSION]) + bytes(8) + os.urandom(HANDSHAKE_BYTES - 8)

    def receive(self, data: bytes) -> bytes:
        """Take what came and return what is to be answered.

        Raises:
            RtmpRefused: the server will not have the stream, or ends it.
            WireError: it does not speak RTMP.
        """
        self._received += len(data)
        answer = b""
        if self.step is Step.SHAKING_HANDS:
            self._buffer += data
            answer += self._shake_hands()
            data, self._buffer = (b"", self._buffer) if self.step is Step.SHAKING_HANDS else (self._buffer, b"")
        if self.step is not Step.SHAKING_HANDS:
            answer += b"".join(self._take(message.kind, message.body) for message in self._reader.read(data))
        if self._received - self._acknowledged >= self._window:
            self._acknowledged = self._received
            answer += format_message(
                CONTROL_LANE, Kind.ACKNOWLEDGEMENT, 0, 0, struct.pack(">I", self._received & 0xFFFFFFFF)
            )
        return answer

    def describe(self, body: bytes) -> bytes:
        """Return a data message, which comes before sound and picture."""
        return format_message(SOUND_LANE, Kind.DATA, 0, self._stream, body)

    def sound(self, body: bytes, at_ms: int) -> bytes:
        """Return a sound message; times begin at 0 and go round after 2^32."""
        return format_message(SOUND_LANE, Kind.SOUND, at_ms, self._stream, body)

    def picture(self, body: bytes, at_ms: int) -> bytes:
        """Return a picture message."""
        return format_message(PICTURE_LANE, Kind.PICTURE, at_ms, self._stream, body)

    def end(self) -> bytes:
        """Return what is said last."""
        if self._stream == 0:
            return b""
        return self._command("FCUnpublish", 6, None, self._key) + self._command("deleteStream", 7, None, self._stream)

    def _shake_hands(self) -> bytes:
        if self._buffer and self._buffer[0] != VERSION:
            raise WireError("rtmp_version")
        if len(self._buffer) < 1 + 2 * HANDSHAKE_BYTES:
            return b""
        c2 = self._buffer[1 : 1 + HANDSHAKE_BYTES]
        self._buffer = self._buffer[1 + 2 * HANDSHAKE_BYTES :]
        self.step = Step.CONNECTING
        about: dict[str, AmfValue] = {
            "app": self._app,
            "type": "nonprivate",
            "flashVer": "FMLE/3.0 (compatible; Tolmach)",
            "tcUrl": self._address,
        }
        chunk = format_message(
            CONTROL_LANE, Kind.SET_CHUNK, 0, 0, struct.pack(">I", CHUNK_BYTES), chunk=FIRST_CHUNK_BYTES
        )
        return c2 + chunk + self._command("connect", _CONNECT, about)

    def _take(self, kind: int, body: bytes) -> bytes:
        match kind:
            case Kind.WINDOW if len(body) >= 4:
                self._window = max(1, int.from_bytes(body[:4], "big"))
            case Kind.USER_CONTROL if len(body) >= 6 and int.from_bytes(body[:2], "big") == _PING:
                return format_message(CONTROL_LANE, Kind.USER_CONTROL, 0, 0, struct.pack(">H", _PONG) + body[2:6])
            case Kind.COMMAND:
                return self._heard(parse_amf(body))
        return b""

    def _heard(self, values: list[AmfValue]) -> bytes:
        name, number = [*values, None, None][:2]
        last = values[-1] if values else None
        if name == "_error" and number in (_CONNECT, _CREATE, _PUBLISH):
            raise RtmpRefused(_code(last))
        if name == "onStatus":
            return self._status(last)
        if name != "_result":
            return b""
        if number == _CONNECT and self.step is Step.CONNECTING:
            self.step = Step.CREATING
            ready = self._command("releaseStream", 2, None, self._key) + self._command("FCPublish", 3, None, self._key)
            return ready + self._command("createStream", _CREATE, None)
        if number == _CREATE and self.step is Step.CREATING:
            if not isinstance(last, float) or not 0 < last < 2**31:
                raise WireError("rtmp_stream")
            self._stream = int(last)
            self.step = Step.PUBLISHING
            return self._command("publish", _PUBLISH, None, self._key, "live", stream=self._stream)
        return b""

    def _status(self, about: AmfValue) -> bytes:
        code = _code(about)
        if code == "NetStream.Publish.Start":
            self.step = Step.LIVE
        elif _level(about) == "error" or code == "NetStream.Unpublish.Success":
            raise RtmpRefused(code)
        return b""

    @staticmethod
    def _command(name: str, number: int, *values: AmfValue, stream: int = 0) -> bytes:
        return format_message(COMMAND_LANE, Kind.COMMAND, 0, stream, format_amf(name, number, *values))


def _code(about: AmfValue) -> str:
    value = about.get("code") if isinstance(about, Mapping) else None
    return value if isinstance(value, str) else "refused"


def _level(about: AmfValue) -> str:
    value = about.get("level") if isinstance(about, Mapping) else None
    return value if isinstance(value, str) else ""
