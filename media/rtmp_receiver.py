"""The receiving side of RTMP, without a socket: an encoder says where it wants to publish, and then sends.

Bytes of the encoder go in, what is to be answered and what it sent come out. Whether it may is decided by the caller,
between its `Wish` and `accept`. The handshake is the plain one, which every encoder falls back to.
"""

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from media.amf import AmfValue, format_amf, parse_amf
from media.errors import WireError
from media.rtmp import HANDSHAKE_BYTES, VERSION
from media.rtmp_chunks import (
    CHUNK_BYTES,
    COMMAND_LANE,
    CONTROL_LANE,
    FIRST_CHUNK_BYTES,
    ChunkReader,
    Kind,
    Message,
    format_message,
)

# A keyframe of 4K at high quality.
MAX_MESSAGE: Final = 4 * 1024 * 1024
# Before its key is known to be right, an encoder has nothing to say that is longer.
_MAX_WORDS: Final = 64 * 1024
_STREAM: Final = 1
_WINDOW: Final = 2_500_000
_PING, _PONG = 6, 7


@dataclass(frozen=True, slots=True)
class Wish:
    """An encoder asks to publish: the application, and the stream key without its query."""

    app: str
    key: str


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound message as it stands in FLV."""

    at_ms: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture message as it stands in FLV."""

    at_ms: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """The encoder has taken its leave."""


Heard = Wish | Sound | Picture | Ended


class RtmpReceiver:
    """One encoder's connection. What it sends before it was accepted is let go."""

    def __init__(self) -> None:
        self._shake = bytearray()
        self._has_shaken = False
        self._has_answered = False
        self._reader = ChunkReader(_MAX_WORDS)
        self._app = ""
        self._is_accepted = False
        self._received = self._acknowledged = 0
        self._window = _WINDOW

    def receive(self, data: bytes) -> tuple[bytes, list[Heard]]:
        """Take what came; return what to answer and what was heard. Raises WireError for what is no RTMP."""
        self._received += len(data)
        answer, heard = b"", list[Heard]()
        if not self._has_shaken:
            self._shake += data
            answer, data = self._shake_hands()
        if self._has_shaken:
            for message in self._reader.read(data):
                said, found = self._take(message)
                answer += said
                heard += found
        if self._received - self._acknowledged >= self._window:
            self._acknowledged = self._received
            body = struct.pack(">I", self._received & 0xFFFFFFFF)
            answer += format_message(CONTROL_LANE, Kind.ACKNOWLEDGEMENT, 0, 0, body)
        return answer, heard

    def accept(self) -> bytes:
        """Return the word that lets the encoder begin."""
        self._is_accepted = True
        self._reader.max_bytes = MAX_MESSAGE
        return _status("status", "NetStream.Publish.Start")

    def refuse(self) -> bytes:
        """Return the word that sends it away: a wrong key, or somebody else is publishing."""
        return _status("error", "NetStream.Publish.BadName")

    def _shake_hands(self) -> tuple[bytes, bytes]:
        """Return S0, S1 and S2 once C1 is there, and what came after C2."""
        if self._shake and self._shake[0] != VERSION:
            raise WireError("rtmp_version")
        answer = b""
        if not self._has_answered and len(self._shake) > HANDSHAKE_BYTES:
            self._has_answered = True
            # A version of zero tells encoders that there is no digest to be checked.
            ours = bytes(8) + os.urandom(HANDSHAKE_BYTES - 8)
            answer = bytes([VERSION]) + ours + bytes(self._shake[1 : 1 + HANDSHAKE_BYTES])
        if len(self._shake) < 1 + 2 * HANDSHAKE_BYTES:
            return answer, b""
        self._has_shaken = True
        rest = bytes(self._shake[1 + 2 * HANDSHAKE_BYTES :])
        self._shake.clear()
        return answer, rest

    def _take(self, message: Message) -> tuple[bytes, list[Heard]]:
        body = message.body
        match message.kind:
            case Kind.WINDOW if len(body) >= 4:
                self._window = max(1, int.from_bytes(body[:4], "big"))
            case Kind.USER_CONTROL if len(body) >= 6 and int.from_bytes(body[:2], "big") == _PING:
                pong = struct.pack(">H", _PONG) + body[2:6]
                return format_message(CONTROL_LANE, Kind.USER_CONTROL, 0, 0, pong), []
            case Kind.COMMAND:
                return self._obey(parse_amf(body))
            case Kind.SOUND if self._is_accepted and body:
                return b"", [Sound(message.at_ms, body)]
            case Kind.PICTURE if self._is_accepted and body:
                return b"", [Picture(message.at_ms, body)]
        return b"", []

    def _obey(self, values: list[AmfValue]) -> tuple[bytes, list[Heard]]:
        name, number, about = [*values, None, None, None][:3]
        match name:
            case "connect":
                app = about.get("app") if isinstance(about, Mapping) else None
                self._app = app.strip("/") if isinstance(app, str) else ""
                return _welcome(number), []
            case "createStream":
                return _command("_result", number, None, _STREAM), []
            case "releaseStream" | "FCPublish":
                return _command("_result", number, None, None), []
            case "publish":
                key = values[3] if len(values) > 3 and isinstance(values[3], str) else ""
                return b"", [Wish(self._app.partition("?")[0], key.partition("?")[0])]
            case "FCUnpublish" | "deleteStream" | "closeStream":
                return b"", [Ended()]
        return b"", []


def _welcome(number: AmfValue) -> bytes:
    known: dict[str, AmfValue] = {"fmsVer": "FMS/3,0,1,123", "capabilities": 31}
    result: dict[str, AmfValue] = {
        "level": "status",
        "code": "NetConnection.Connect.Success",
        "description": "Connection succeeded.",
        "objectEncoding": 0,
    }
    window = struct.pack(">I", _WINDOW)
    return (
        format_message(CONTROL_LANE, Kind.WINDOW, 0, 0, window)
        + format_message(CONTROL_LANE, Kind.BANDWIDTH, 0, 0, window + b"\x02")
        + format_message(CONTROL_LANE, Kind.SET_CHUNK, 0, 0, struct.pack(">I", CHUNK_BYTES), chunk=FIRST_CHUNK_BYTES)
        + _command("_result", number, known, result)
    )


def _status(level: str, code: str) -> bytes:
    about: dict[str, AmfValue] = {"level": level, "code": code, "description": code}
    return _command("onStatus", 0, None, about, stream=_STREAM)


def _command(name: str, number: AmfValue, *values: AmfValue, stream: int = 0) -> bytes:
    return format_message(COMMAND_LANE, Kind.COMMAND, 0, stream, format_amf(name, number, *values))
