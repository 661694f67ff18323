"""Shapes of the binary formats: they make mutated bytes whole enough to get past a parser's first look.

Each takes what a mutation left and puts version, lengths and signatures right, or lays the bytes out anew.
"""

import copy
import json
import random
import struct
from typing import Any

from media import stun

KEY = b"0123456789abcdef0123456789abcdef"
"""The password that half of the STUN inputs are signed with."""

_NAMES = (0x0006, 0x0008, 0x0009, 0x0020, 0x0024, 0x0025, 0x8028, 0x8029, 0x802A, 0x0001, 0x7FFF)


def stun_message(wire: bytes, rng: random.Random) -> bytes:
    """A STUN message with honest lengths, its bytes as attributes, sometimes signed with `KEY`."""
    if rng.random() < 0.4:
        body = wire[20:]
        body += bytes(-len(body) & 3)
        return struct.pack("!HHI", rng.choice((1, 0x11, 0x101)), len(body), stun.MAGIC) + wire[8:20].ljust(12) + body
    attributes: list[tuple[int, bytes]] = []
    at = 20
    while at < len(wire) and len(attributes) < 40:
        size = rng.choice((0, 1, 4, 8, 20, 33))
        attributes.append((rng.choice(_NAMES), wire[at : at + size]))
        at += size + 1
    key = KEY if rng.random() < 0.5 else None
    return stun._seal(rng.choice((1, 0x101)), wire[8:20].ljust(12, b"t"), attributes, key)


def rtp_packet(wire: bytes, rng: random.Random) -> bytes:
    """Version 2, with an extension block whose length is honest, half of the time."""
    first = 0x80 | (wire[0] & 0x3F if wire else 0)
    if rng.random() < 0.5 or len(wire) < 24:
        return bytes([first]) + wire[1:]
    words = rng.randint(0, (len(wire) - 16) // 4)
    head = bytes([0x90 | (first & 0x20)]) + wire[1:12]
    return head + rng.choice((b"\xbe\xde", b"\x10\x00")) + struct.pack("!H", words) + wire[16:]


def rtcp_compound(wire: bytes, rng: random.Random) -> bytes:
    """A compound packet out of pieces of the bytes, each with an honest length."""
    made, at = b"", 0
    while at < len(wire) and rng.random() < 0.9:
        words = rng.choice((0, 1, 2, 3, 6, 7, 13, 40))
        body = wire[at : at + 4 * words]
        body += bytes(-len(body) & 3)
        first = 0x80 | rng.choice((0, 1, 2, 4, 15, 31))
        made += struct.pack("!BBH", first, rng.choice((200, 201, 202, 203, 205, 206, 204, 192)), len(body) // 4) + body
        at += max(4, 4 * words)
    return made


def red_packet(wire: bytes, rng: random.Random) -> bytes:
    """An RTP packet of payload type 63 that carries up to six RED blocks of Opus (111), lengths mostly honest."""
    head = b"\x80\x3f" + wire[2:12].ljust(10, b"\x01")
    payload = wire[12:]
    headers, at = b"", 0
    for _ in range(rng.choice((0, 1, 1, 2, 3, 6))):
        size = min(1023, rng.choice((0, 1, 40, 160, len(payload))))
        headers += bytes([0x80 | rng.choice((111, 111, 111, 0))])
        headers += (rng.choice((0, 960, 1920, 16383)) << 10 | size).to_bytes(3, "big")
        at += size
    return head + headers + bytes([rng.choice((111, 111, 111, 110))]) + payload


def as_publication(wire: bytes, rng: random.Random) -> bytes:
    """Bytes cut into packets, each behind its two bytes of length, some made RTP, RTCP or RED first."""
    made, at = b"", 0
    while at < len(wire) and len(made) < 4096:
        size = rng.choice((12, 20, 60, 200))
        piece = rng.choice((rtp_packet, rtcp_compound, red_packet, _known_type))(wire[at : at + size], rng)
        made += struct.pack("!H", len(piece)) + piece
        at += size
    return made


def _known_type(wire: bytes, rng: random.Random) -> bytes:
    """An RTP packet of a payload type that was agreed upon, of the same stream, at any place in it."""
    head = struct.pack("!BBHII", 0x80, rng.choice((111, 63, 102, 103, 96)), rng.getrandbits(16), rng.getrandbits(32), 7)
    return head + wire


_LEAVES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1 << 53, 1 << 70, 1.5, 1e300, "", "a", "ж" * 201, "\x00", "\ud800", "de-uk", "floor",
    [], {},
)  # fmt: skip


def json_message(wire: bytes, rng: random.Random) -> bytes:
    """JSON whose members were exchanged, left out, renamed or nested, when the bytes are an object at all."""
    try:
        value = json.loads(wire)
    except (ValueError, RecursionError):
        return wire
    if not isinstance(value, dict):
        return wire
    for _ in range(rng.choice((1, 1, 2, 3))):
        place = value
        while (inner := [v for v in place.values() if isinstance(v, dict)]) and rng.random() < 0.6:
            place = rng.choice(inner)
        _change(place, rng)
    return json.dumps(value, ensure_ascii=rng.random() < 0.5, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _change(place: dict[str, Any], rng: random.Random) -> None:
    name = rng.choice([*place, rng.choice(("type", "id", "name", "args", "booth", "language", "by", ""))])
    old = place.pop(name, None)
    match rng.randrange(5):
        case 0:
            place[name] = copy.copy(rng.choice(_LEAVES))
        case 1:
            place[rng.choice(("type", "name", "booth", "x" * 300, "\ud800"))] = old
        case 2:
            for _ in range(rng.choice((1, 8, 100))):
                old = rng.choice(([old], {"a": old}))
            place[name] = old
        case 3:
            place[name] = str(old) * rng.choice((1, 2, 500))
