"""SRTP and SRTCP sessions over libsrtp, and the raw handle that the fan-out protects with.

The only file that touches pylibsrtp's insides (its cffi binding): the fan-out calls `srtp_protect` on memory of its own
instead of copying every packet in and out of Python.

A session is some twenty pieces of memory, and a thousand of them are gone through every 20 ms with cold caches. One
thread makes them all and nothing else, because the C library gives every thread an arena of its own: so they lie side
by side, and protecting a packet takes half as long as with sessions strewn between everything else.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import pylibsrtp
from pylibsrtp import Policy
from pylibsrtp._binding import ffi as _ffi
from pylibsrtp._binding import lib as _lib

from media.errors import WireError

MAX_TRAILER_BYTES: Final = 144
"""The most that protecting adds to an RTP packet (libsrtp's SRTP_MAX_TRAILER_LEN)."""

_MAX_RTCP_TRAILER_BYTES: Final = 148
# Wide enough for two seconds of video at 500 packets a second to be asked for again.
_WINDOW_PACKETS: Final = 1024
# The same for sound: a sender with one stream keeps less to ask for, and shifts this with every packet.
_SOUND_WINDOW_PACKETS: Final = 128

ProtectError: Final = pylibsrtp.Error
"""What `SrtpSession.protect` raises when libsrtp refuses, as for a key that has protected too much."""

protect_at: Final = _lib.srtp_protect
"""C function `(handle, packet *, int *length) -> error`, in place; 0 is success. It lets go of the lock."""

_MAKER: Final = ThreadPoolExecutor(1, "srtp-sessions")


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
    """Both directions of one peer's media, keyed from DTLS (RFC 5764 section 4.2). Not thread-safe.

    Args:
        profile: as agreed upon.
        material: keys and salts of both sides.
        is_server: whether ours are the DTLS server's.
        only_ssrc: the one sound stream that will ever be sent; None is any stream. One alone is found faster.
    """

    __slots__ = ("_rx", "_tx", "handle")

    def __init__(self, profile: Profile, material: bytes, *, is_server: bool, only_ssrc: int | None = None) -> None:
        k, s = profile.key_bytes, profile.salt_bytes
        client = material[:k] + material[2 * k : 2 * k + s]
        server = material[k : 2 * k] + material[2 * k + s : 2 * (k + s)]
        tx, rx = (server, client) if is_server else (client, server)
        self._tx, self._rx = _MAKER.submit(_open_both, profile, tx, rx, only_ssrc).result()
        self.handle: Any = self._tx[0]

    def protect(self, packet: bytes) -> bytes:
        """An RTP packet made ready for the wire."""
        return _process(_lib.srtp_protect, self._tx, packet, MAX_TRAILER_BYTES)

    def protect_rtcp(self, packet: bytes) -> bytes:
        """An RTCP compound packet made ready for the wire."""
        return _process(_lib.srtp_protect_rtcp, self._tx, packet, _MAX_RTCP_TRAILER_BYTES)

    def unprotect(self, packet: bytes) -> bytes:
        """The RTP packet inside.

        Raises:
            WireError: forged, replayed or too old.
        """
        try:
            return _process(_lib.srtp_unprotect, self._rx, packet, 0)
        except ProtectError as error:
            raise WireError("srtp") from error

    def unprotect_rtcp(self, packet: bytes) -> bytes:
        """The RTCP compound packet inside.

        Raises:
            WireError: forged or replayed.
        """
        try:
            return _process(_lib.srtp_unprotect_rtcp, self._rx, packet, 0)
        except ProtectError as error:
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


def _process(work: Any, session: Any, packet: bytes, more: int) -> bytes:
    """What libsrtp makes of a packet that may grow by `more` bytes."""
    room = bytearray(packet) + bytes(more)
    length = _ffi.new("int *", len(packet))
    error = work(session[0], _ffi.from_buffer(room), length)
    if error:
        raise ProtectError(f"libsrtp refuses: {error}")
    return bytes(room[: length[0]])


def _open_both(profile: Profile, tx: bytes, rx: bytes, only_ssrc: int | None) -> tuple[Any, Any]:
    sends = Policy(key=tx, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile.number)
    if only_ssrc is not None:
        sends.ssrc_type, sends.ssrc_value = Policy.SSRC_SPECIFIC, only_ssrc
    receives = Policy(key=rx, ssrc_type=Policy.SSRC_ANY_INBOUND, srtp_profile=profile.number)
    return (
        _open(sends, _WINDOW_PACKETS if only_ssrc is None else _SOUND_WINDOW_PACKETS),
        _open(receives, _WINDOW_PACKETS),
    )


def _open(policy: Policy, window_packets: int) -> Any:
    # A NACK is answered with the very same packet: same sequence number, same bytes, so the same keystream is safe.
    policy.allow_repeat_tx = True
    policy.window_size = window_packets
    session = _ffi.new("srtp_t *")
    error = _lib.srtp_create(session, policy._policy)
    if error:
        raise ProtectError(f"libsrtp makes no session: {error}")
    return _ffi.gc(session, lambda held: _lib.srtp_dealloc(held[0]))
