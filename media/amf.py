"""AMF0, the form of RTMP's commands (Adobe, "Action Message Format -- AMF 0", 2006): numbers, texts, objects.

Only what publishing needs: numbers, booleans, strings, objects, null, undefined, and arrays on the way in.
"""

import struct
from collections.abc import Mapping
from typing import Final

from media.errors import WireError

AmfValue = float | bool | str | None | Mapping[str, "AmfValue"] | list["AmfValue"]

_NUMBER, _BOOLEAN, _STRING, _OBJECT, _NULL, _UNDEFINED, _ECMA_ARRAY, _END, _STRICT_ARRAY = 0, 1, 2, 3, 5, 6, 8, 9, 10
_MAX_DEPTH: Final = 8
_DOUBLE: Final = struct.Struct(">d")
_SHORT: Final = struct.Struct(">H")
_LONG: Final = struct.Struct(">I")


def format_amf(*values: AmfValue) -> bytes:
    """Return the values one after another. Raises ValueError for a text past 65,535 bytes."""
    return b"".join(_format(value) for value in values)


def format_ecma_array(values: Mapping[str, AmfValue]) -> bytes:
    """Return an associative array, which is how streams describe themselves (onMetaData)."""
    return bytes([_ECMA_ARRAY]) + _LONG.pack(len(values)) + _members(values)


def parse_amf(payload: bytes) -> list[AmfValue]:
    """Return the values in a command. Raises WireError for what is no AMF0 or nests past 8."""
    reader = _Reader(payload)
    values: list[AmfValue] = []
    try:
        while reader.at < len(payload):
            values.append(reader.value(0))
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise WireError("amf") from error
    return values


def _format(value: AmfValue) -> bytes:
    match value:
        case None:
            return bytes([_NULL])
        case bool():
            return bytes([_BOOLEAN, value])
        case int() | float():
            return bytes([_NUMBER]) + _DOUBLE.pack(value)
        case str():
            return bytes([_STRING]) + _text(value)
        case Mapping():
            return bytes([_OBJECT]) + _members(value)
        case _:
            raise ValueError(f"{type(value).__name__} is never sent")


def _members(values: Mapping[str, AmfValue]) -> bytes:
    return b"".join(_text(name) + _format(value) for name, value in values.items()) + b"\0\0" + bytes([_END])


def _text(text: str) -> bytes:
    raw = text.encode()
    if len(raw) > 0xFFFF:
        raise ValueError("a text is too long for AMF0")
    return _SHORT.pack(len(raw)) + raw


class _Reader:
    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self.at = 0

    def value(self, depth: int) -> AmfValue:
        if depth > _MAX_DEPTH:
            raise WireError("amf")
        kind = self._payload[self.at]
        self.at += 1
        match kind:
            case 0:
                return float(self._unpack(_DOUBLE))
            case 1:
                self.at += 1
                return self._payload[self.at - 1] != 0
            case 2:
                return self._text()
            case 3:
                return self._object(depth)
            case 5 | 6:
                return None
            case 8:
                self._unpack(_LONG)  # only a hint of how many there are
                return self._object(depth)
            case 10:
                return [self.value(depth + 1) for _ in range(min(self._unpack(_LONG), len(self._payload)))]
            case _:
                raise WireError("amf")

    def _object(self, depth: int) -> Mapping[str, AmfValue]:
        members: dict[str, AmfValue] = {}
        while True:
            name = self._text()
            if not name and self._payload[self.at] == _END:
                self.at += 1
                return members
            members[name] = self.value(depth + 1)

    def _text(self) -> str:
        length = self._unpack(_SHORT)
        raw = self._payload[self.at : self.at + length]
        if len(raw) != length:
            raise WireError("amf")
        self.at += length
        return raw.decode()

    def _unpack(self, form: struct.Struct) -> int:
        (number,) = form.unpack_from(self._payload, self.at)
        self.at += form.size
        value: int = number
        return value
