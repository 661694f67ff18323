"""SRTP and SRTCP sessions over libsrtp, and the raw handle that the fan-out protects with.

The only file that touches pylibsrtp's insides (its cffi binding and a session's `srtp_t`): the fan-out calls
`srtp_protect` on memory of its own instead of copying every packet in and out of Python.
"""

from dataclasses import dataclass
from typing import Any, Final

import pylibsrtp
from pylibsrtp import Policy, Session
from pylibsrtp._binding import ffi as _ffi
from pylibsrtp._binding import lib as _lib

from media.errors import WireError

MAX_TRAILER_BYTES: Final = 144
"""The most that protecting adds to an RTP packet (libsrtp's SRTP_MAX_TRAILER_LEN)."""

# Wide enough for two seconds of video at 500 packets a second to be asked for again.
_WINDOW_PACKETS: Final = 1024

ProtectError: Final = pylibsrtp.Error
"""What `SrtpSession.protect` raises when libsrtp refuses, as for a key that has protected too much."""

protect_at: Final = _lib.srtp_protect
"""C function `(handle, packet *, int *length) -> error`, in place; 0 is success. It lets go of the lock."""


@dataclass(frozen=True, slots=True)
class Profile:
    """An SRTP protection profile: OpenSSL's name, libsrtp's number, sizes in bytes (RFC 5764, RFC 7714)."""

    name: bytes
    number: int
    key_bytes: int
    salt_bytes: int


# AEAD first: one pass over the packet with AES-NI instead of AES-CM and then SHA-1.
PROFILES: Final = (
    Profile(b"SRTP_AEAD_AES_128_GCM", Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12),
    Profile(b"SRTP_AES128_CM_SHA1_80", Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14),
)


class SrtpSession:
    """Both directions of one peer's media, keyed from DTLS (RFC 5764 section 4.2). Not thread-safe."""

    __slots__ = ("_rx", "_tx", "handle")

    def __init__(self, profile: Profile, material: bytes, *, is_server: bool) -> None:
        k, s = profile.key_bytes, profile.salt_bytes
        client = material[:k] + material[2 * k : 2 * k + s]
        server = material[k : 2 * k] + material[2 * k + s : 2 * (k + s)]
        tx, rx = (server, client) if is_server else (client, server)
        self._tx = _session(profile, tx, Policy.SSRC_ANY_OUTBOUND)
        self._rx = _session(profile, rx, Policy.SSRC_ANY_INBOUND)
        self.handle: Any = self._tx._srtp[0]

    def protect(self, packet: bytes) -> bytes:
        """An RTP packet made ready for the wire."""
        return bytes(self._tx.protect(packet))

    def protect_rtcp(self, packet: bytes) -> bytes:
        """An RTCP compound packet made ready for the wire."""
        return bytes(self._tx.protect_rtcp(packet))

    def unprotect(self, packet: bytes) -> bytes:
        """The RTP packet inside.

        Raises:
            WireError: forged, replayed, too old or too long.
        """
        try:
            return bytes(self._rx.unprotect(packet))
        except (pylibsrtp.Error, ValueError) as error:
            raise WireError("srtp") from error

    def unprotect_rtcp(self, packet: bytes) -> bytes:
        """The RTCP compound packet inside.

        Raises:
            WireError: forged, replayed or too long.
        """
        try:
            return bytes(self._rx.unprotect_rtcp(packet))
        except (pylibsrtp.Error, ValueError) as error:
            raise WireError("srtcp") from error


def pointers(arena: Any, slot_bytes: int, lengths: Any, count: int) -> tuple[list[Any], list[Any]]:
    """For each of `count` slots its `void *` into `arena` and its `int *` into `lengths` (both writable buffers).

    The pointers are made once a slot, because making one costs more than protecting a packet. The caller keeps the
    buffers alive as long as the pointers.
    """
    base = _ffi.cast("char *", _ffi.from_buffer(arena))
    first = _ffi.cast("int *", _ffi.from_buffer(lengths))
    return (
        [_ffi.cast("void *", base + slot * slot_bytes) for slot in range(count)],
        [first + slot for slot in range(count)],
    )


def _session(profile: Profile, key: bytes, direction: int) -> Session:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=profile.number)
    # A NACK is answered with the very same packet: same sequence number, same bytes, so the same keystream is safe.
    policy.allow_repeat_tx = True
    policy.window_size = _WINDOW_PACKETS
    return Session(policy)
