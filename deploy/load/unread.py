"""Sockets whose RTP nobody reads: a filter in the kernel drops it, and the kernel counts what it dropped.

A thousand listeners in one process cost as much as the server that sends to them; counted so, they cost nearly nothing,
and each still has its own count. Checks, DTLS and RTCP come through. Linux alone.
"""

import ctypes
import socket
import struct
from typing import Final

_SO_ATTACH_FILTER: Final = 26
_SO_MEMINFO: Final = 55
_MEMINFO_WORDS: Final = 9
_DROPS: Final = 8
_LOAD_BYTE: Final = 0x30
_AND: Final = 0x54
_IF_AT_LEAST: Final = 0x35
_IF_EQUAL: Final = 0x15
_RETURN: Final = 0x06
_UDP_HEADER_BYTES: Final = 8
# (code, jump when true, jump when false, value) of classic BPF. The filter sees a datagram from its UDP header on.
_DROP_RTP: Final = (
    (_LOAD_BYTE, 0, 0, _UDP_HEADER_BYTES),
    # 128 to 191 is RTP and RTCP (RFC 7983), RTCP by 192 to 223 in its second byte (RFC 5761 section 4).
    (_IF_AT_LEAST, 0, 4, 128),
    (_IF_AT_LEAST, 3, 0, 192),
    (_LOAD_BYTE, 0, 0, _UDP_HEADER_BYTES + 1),
    (_AND, 0, 0, 0xE0),
    (_IF_EQUAL, 0, 1, 192),
    (_RETURN, 0, 0, 0xFFFFFFFF),
    (_RETURN, 0, 0, 0),
)


def drop_rtp(sock: socket.socket) -> None:
    """Have the kernel drop what RTP comes from now on.

    Raises:
        OSError: it will not.
    """
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in _DROP_RTP))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HL", len(_DROP_RTP), ctypes.addressof(program)))


def dropped(sock: socket.socket) -> int:
    """How many datagrams the kernel has dropped at this socket."""
    words = sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 4 * _MEMINFO_WORDS)
    return int(struct.unpack(f"{_MEMINFO_WORDS}I", words)[_DROPS])
