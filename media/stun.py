"""STUN as ICE uses it: Binding requests and responses with short-term credentials (RFC 8489, RFC 8445).

A codec without I/O. `parse` only looks at the shape; authenticity is asked separately by `is_authentic`, so that
a stranger's packet costs no HMAC. Both ICE roles can be written: a lite server answers, a load tool asks.
"""

import hmac
import ipaddress
import socket
import struct
from binascii import crc32
from dataclasses import dataclass
from typing import Final

from media.errors import WireError

MAGIC: Final = 0x2112A442
BINDING_REQUEST: Final = 0x0001
BINDING_INDICATION: Final = 0x0011
BINDING_SUCCESS: Final = 0x0101
BINDING_ERROR: Final = 0x0111

USERNAME: Final = 0x0006
MESSAGE_INTEGRITY: Final = 0x0008
ERROR_CODE: Final = 0x0009
XOR_MAPPED_ADDRESS: Final = 0x0020
PRIORITY: Final = 0x0024
USE_CANDIDATE: Final = 0x0025
FINGERPRINT: Final = 0x8028
ICE_CONTROLLED: Final = 0x8029
ICE_CONTROLLING: Final = 0x802A

_MAGIC_BYTES: Final = MAGIC.to_bytes(4)
_HEADER = struct.Struct("!HHI12s")
_ATTRIBUTE = struct.Struct("!HH")
_FINGERPRINT_XOR: Final = 0x5354554E
_MAX_ATTRIBUTES: Final = 32


@dataclass(frozen=True, slots=True)
class StunMessage:
    """A parsed message. `integrity_at` is the offset of MESSAGE-INTEGRITY in `wire`, or -1 when there is none."""

    kind: int
    transaction: bytes
    attributes: dict[int, bytes]
    integrity_at: int
    wire: bytes

    @property
    def username(self) -> str:
        """USERNAME as text, or the empty string; undecodable bytes give the empty string too."""
        try:
            return self.attributes.get(USERNAME, b"").decode()
        except UnicodeDecodeError:
            return ""

    @property
    def is_nominating(self) -> bool:
        """Whether USE-CANDIDATE is present (RFC 8445 section 7.1.2)."""
        return USE_CANDIDATE in self.attributes


def parse(wire: bytes) -> StunMessage:
    """Read one datagram. Attributes after MESSAGE-INTEGRITY (but FINGERPRINT) are ignored (RFC 8489 section 14.5).

    Raises:
        WireError: not a STUN message, or lengths that do not add up.
    """
    if len(wire) < 20 or wire[0] > 3:
        raise WireError("stun_header")
    kind, length, magic, transaction = _HEADER.unpack_from(wire)
    if magic != MAGIC or length & 3 or length + 20 != len(wire):
        raise WireError("stun_header")
    attributes: dict[int, bytes] = {}
    integrity_at = -1
    at, count = 20, 0
    while at < len(wire):
        count += 1
        if at + 4 > len(wire) or count > _MAX_ATTRIBUTES:
            raise WireError("stun_attributes")
        name, size = _ATTRIBUTE.unpack_from(wire, at)
        if at + 4 + size > len(wire):
            raise WireError("stun_attributes")
        if integrity_at < 0 or name == FINGERPRINT:
            attributes.setdefault(name, wire[at + 4 : at + 4 + size])
        if name == MESSAGE_INTEGRITY and integrity_at < 0:
            integrity_at = at
        at += 4 + size + (-size & 3)
    return StunMessage(kind, transaction, attributes, integrity_at, wire)


def is_authentic(message: StunMessage, password: bytes) -> bool:
    """Whether MESSAGE-INTEGRITY is there and made with `password` (RFC 8489 section 14.5); constant time."""
    at = message.integrity_at
    if at < 0:
        return False
    given = message.attributes[MESSAGE_INTEGRITY]
    return hmac.compare_digest(given, _integrity(message.wire[:at], password))


def format_request(
    transaction: bytes,
    username: str,
    password: bytes,
    *,
    tie_breaker: int,
    priority: int = 0x6E7F1EFF,
    nominate: bool = True,
) -> bytes:
    """A connectivity check of a controlling agent, with integrity and fingerprint."""
    attributes = [
        (USERNAME, username.encode()),
        (PRIORITY, struct.pack("!I", priority)),
        (ICE_CONTROLLING, struct.pack("!Q", tie_breaker)),
    ]
    if nominate:
        attributes.append((USE_CANDIDATE, b""))
    return _seal(BINDING_REQUEST, transaction, attributes, password)


def format_success(transaction: bytes, host: str, port: int, password: bytes) -> bytes:
    """A success response telling the asker the address it was seen from, with integrity and fingerprint."""
    return _seal(BINDING_SUCCESS, transaction, [(XOR_MAPPED_ADDRESS, _xor_address(transaction, host, port))], password)


def format_error(transaction: bytes, code: int, reason: str) -> bytes:
    """An error response without integrity, as for 400 and 401 (RFC 8489 section 9.1.3)."""
    value = struct.pack("!HBB", 0, code // 100, code % 100) + reason.encode()
    return _seal(BINDING_ERROR, transaction, [(ERROR_CODE, value)], None)


def mapped_address(message: StunMessage) -> tuple[str, int]:
    """The host and port of XOR-MAPPED-ADDRESS.

    Raises:
        WireError: the attribute is missing or has another size than its family's.
    """
    value = message.attributes.get(XOR_MAPPED_ADDRESS, b"")
    mask = struct.pack("!I", MAGIC) + message.transaction
    if len(value) not in (8, 20) or value[1] != (1 if len(value) == 8 else 2):
        raise WireError("stun_mapped_address")
    port = struct.unpack_from("!H", value, 2)[0] ^ (MAGIC >> 16)
    packed = bytes(a ^ b for a, b in zip(value[4:], mask, strict=False))
    return str(ipaddress.ip_address(packed)), port


def _xor_address(transaction: bytes, host: str, port: int) -> bytes:
    host = host.removeprefix("::ffff:") if "." in host else host
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    plain = int.from_bytes(socket.inet_pton(family, host.partition("%")[0]))
    size = 16 if family == socket.AF_INET6 else 4
    mask = int.from_bytes(_MAGIC_BYTES + transaction) >> 8 * (16 - size)
    return struct.pack("!BBH", 0, 1 if size == 4 else 2, port ^ (MAGIC >> 16)) + (plain ^ mask).to_bytes(size)


def _integrity(before: bytes, password: bytes) -> bytes:
    # The length field counts up to and including MESSAGE-INTEGRITY itself (24 bytes), less the 20 of the header.
    sized = before[:2] + (len(before) - 20 + 24).to_bytes(2) + before[4:]
    return hmac.digest(password, sized, "sha1")


def _seal(kind: int, transaction: bytes, attributes: list[tuple[int, bytes]], password: bytes | None) -> bytes:
    body = b"".join(_ATTRIBUTE.pack(name, len(v)) + v + bytes(-len(v) & 3) for name, v in attributes)
    wire = _HEADER.pack(kind, len(body), MAGIC, transaction) + body
    if password is not None:
        wire += _ATTRIBUTE.pack(MESSAGE_INTEGRITY, 20) + _integrity(wire, password)
    sized = wire[:2] + struct.pack("!H", len(wire) - 20 + 8) + wire[4:]
    return sized + _ATTRIBUTE.pack(FINGERPRINT, 4) + struct.pack("!I", crc32(sized) ^ _FINGERPRINT_XOR)
