"""One UDP socket for all peers, and many datagrams in one system call.

`sendmmsg` is reached through cffi's ABI mode: no compiler. Where it is missing, `send_batch` is a loop of `sendto`.
A full socket buffer drops what is left of the batch and says how much; it never waits.
"""

import errno
import ipaddress
import socket
from typing import Any, Final

import cffi
import ifaddr
import numpy as np
import numpy.typing as npt

# Room for two ticks of 3,000 listeners, and for a second of a publisher's video.
_SEND_BUFFER_BYTES: Final = 8 << 20
_RECEIVE_BUFFER_BYTES: Final = 4 << 20
# Linux takes at most UIO_MAXIOV messages a call.
_MAX_BATCH: Final = 1024
_MMSGHDR_BYTES: Final = 64
_IOVEC_BYTES: Final = 16
_SOCKADDR_BYTES: Final = 28

Address = tuple[str, int]

_ffi = cffi.FFI()
_ffi.cdef("int sendmmsg(int sockfd, void *msgvec, unsigned int vlen, int flags); extern int errno;")


def _open_libc() -> Any:
    libc = _ffi.dlopen(None)
    return libc if hasattr(libc, "sendmmsg") else None


_libc: Final = _open_libc()


def open_socket(host: str, port: int) -> socket.socket:
    """A non-blocking UDP socket on `host` (empty: every address, IPv6 and IPv4 on one port) and `port` (0: any).

    Raises:
        OSError: the port is taken or the address is not ours.
    """
    family = socket.AF_INET if host and ":" not in host else socket.AF_INET6
    try:
        sock = socket.socket(family, socket.SOCK_DGRAM)
    except OSError:
        # A kernel without IPv6.
        family = socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        _grow(sock, socket.SO_SNDBUF, 32, _SEND_BUFFER_BYTES)
        _grow(sock, socket.SO_RCVBUF, 33, _RECEIVE_BUFFER_BYTES)
        sock.setblocking(False)
        sock.bind((host, port))
    except BaseException:
        sock.close()
        raise
    return sock


def _grow(sock: socket.socket, option: int, force_option: int, size: int) -> None:
    try:
        # SO_SNDBUFFORCE and SO_RCVBUFFORCE pass net.core.*mem_max when we may.
        sock.setsockopt(socket.SOL_SOCKET, force_option, size)
    except OSError:
        sock.setsockopt(socket.SOL_SOCKET, option, size)


def local_addresses() -> list[str]:
    """This machine's own addresses that a peer could reach: IPv4 before IPv6, loopback last, at most eight."""
    found = {"127.0.0.1"}
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            host = ip.ip if isinstance(ip.ip, str) else ip.ip[0]
            if not ipaddress.ip_address(host).is_link_local:
                found.add(host)
    return sorted(found, key=lambda host: (ipaddress.ip_address(host).is_loopback, ":" in host, host))[:8]


def pack_address(address: Address, *, is_ipv6_socket: bool) -> bytes:
    """`struct sockaddr_in6` or `sockaddr_in` of a peer, as `recvfrom` on our socket named it."""
    host, port = address[0], address[1]
    ip = ipaddress.ip_address(host.partition("%")[0])
    if not is_ipv6_socket:
        return int(socket.AF_INET).to_bytes(2, "little") + port.to_bytes(2, "big") + ip.packed + bytes(8)
    packed = ip.packed if ip.version == 6 else bytes(10) + b"\xff\xff" + ip.packed
    return int(socket.AF_INET6).to_bytes(2, "little") + port.to_bytes(2, "big") + bytes(4) + packed + bytes(4)


class Batch:
    """Headers for sending slot after slot of one arena, each to its own address.

    The arena is `capacity` slots of `slot_bytes`. What stays the same from packet to packet (where a slot lies, whose
    it is) is written once; lengths are set for all slots in one NumPy assignment.
    """

    def __init__(self, capacity: int, slot_bytes: int, *, is_ipv6_socket: bool) -> None:
        self.arena: npt.NDArray[np.uint8] = np.zeros((capacity, slot_bytes), np.uint8)
        self._is_ipv6 = is_ipv6_socket
        self._sockaddr_bytes = 28 if is_ipv6_socket else 16
        self._names = np.zeros((capacity, _SOCKADDR_BYTES), np.uint8)
        self._vectors = np.zeros((capacity, 2), np.uint64)
        self._headers = np.zeros((capacity, _MMSGHDR_BYTES), np.uint8)
        self._addresses: list[Address | None] = [None] * capacity
        self._lay_out(capacity, slot_bytes)

    def _lay_out(self, capacity: int, slot_bytes: int) -> None:
        slots = np.arange(capacity, dtype=np.uint64)
        self._vectors[:, 0] = self.arena.ctypes.data + slots * np.uint64(slot_bytes)
        # struct msghdr on LP64: name, namelen, iov, iovlen, control, controllen, flags; then msg_len.
        words = self._headers.view(np.uint64)
        words[:, 0] = self._names.ctypes.data + slots * np.uint64(_SOCKADDR_BYTES)
        words[:, 1] = self._sockaddr_bytes
        words[:, 2] = self._vectors.ctypes.data + slots * np.uint64(_IOVEC_BYTES)
        words[:, 3] = 1
        self._base = _ffi.cast("char *", _ffi.from_buffer(self._headers.data))

    def set_address(self, slot: int, address: Address) -> None:
        """Whom a slot's packets go to from now on."""
        packed = pack_address(address, is_ipv6_socket=self._is_ipv6)
        self._names[slot, : len(packed)] = np.frombuffer(packed, np.uint8)
        self._addresses[slot] = address

    def move(self, source: int, target: int) -> None:
        """Give slot `target` the address of slot `source`."""
        self._names[target] = self._names[source]
        self._addresses[target] = self._addresses[source]

    def send(self, sock: socket.socket, count: int, length: int) -> int:
        """Send the first `length` bytes of the first `count` slots. Returns how many the kernel did not take."""
        self._vectors[:count, 1] = length
        if _libc is None:
            return self._send_one_by_one(sock, count, length)
        at = dropped = 0
        descriptor = sock.fileno()
        while at < count:
            sent = _libc.sendmmsg(descriptor, self._base + at * _MMSGHDR_BYTES, min(count - at, _MAX_BATCH), 0)
            if sent > 0:
                at += sent
            elif _ffi.errno in (errno.EAGAIN, errno.ENOBUFS):
                return dropped + count - at
            elif _ffi.errno != errno.EINTR:
                # This one peer cannot be reached (no route, refused): the others still get theirs.
                at += 1
                dropped += 1
        return dropped

    def _send_one_by_one(self, sock: socket.socket, count: int, length: int) -> int:
        dropped = 0
        for slot in range(count):
            try:
                sock.sendto(self.arena[slot, :length].tobytes(), self._addresses[slot] or ("", 0))
            except OSError:
                dropped += 1
        return dropped
