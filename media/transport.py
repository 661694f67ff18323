"""All peers on one UDP port: a datagram is told apart by its first byte and by the address it came from (RFC 7983).

Runs on the media thread's loop. A stranger's datagram costs one dictionary look-up; a flood of checks is shed by its
source (`media.strangers`).
"""

import asyncio
import math
import socket
import time
from collections.abc import Callable
from typing import Final

from media import stun
from media.counters import Drops
from media.errors import WireError
from media.ice import Credentials
from media.peer import Peer
from media.strangers import Strangers, names_one_of
from media.udp import Address

_DATAGRAMS_A_WAKE: Final = 64
_TIMER_S: Final = 0.5
_TIMER_SLICES: Final = 25
_MAX_DATAGRAM: Final = 2048
# Every client says something more often: browsers check every 2.5 s, others every 6 s at most (RFC 7675 section 5.1).
_LOST_S: Final = 8.0


class Transport:
    """The socket, the peers on it, and their timers.

    Args:
        sock: bound and non-blocking; the caller closes it after `aclose`.
        on_connected: told of every peer whose handshake is done.
        on_closed: told of every peer that went, with the reason.
    """

    def __init__(
        self, sock: socket.socket, on_connected: Callable[[Peer], None], on_closed: Callable[[Peer, str], None]
    ) -> None:
        self.drops = Drops()
        self._strangers = Strangers()
        self._complained_at = -math.inf
        self._sock = sock
        self._on_connected = on_connected
        self._on_closed = on_closed
        self._by_address: dict[Address, Peer] = {}
        self._by_ufrag: dict[str, Peer] = {}
        self._peers: dict[str, Peer] = {}
        self._turns: list[dict[str, Peer]] = [{} for _ in range(_TIMER_SLICES)]
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock.fileno(), self._on_readable)
        self._slice = 0
        self._timer = self._loop.call_later(_TIMER_S / _TIMER_SLICES, self._on_timer)

    @property
    def peers(self) -> dict[str, Peer]:
        """Peers by their ident."""
        return self._peers

    @property
    def address(self) -> Address:
        """What the socket is bound to."""
        bound: Address = self._sock.getsockname()
        return bound

    def add(self, peer: Peer) -> None:
        """Expect this peer's checks from now on."""
        self._peers[peer.ident] = peer
        self._turn_of(peer.ident)[peer.ident] = peer
        self._by_ufrag |= dict.fromkeys(peer.ice.ufrags, peer)

    def restart_ice(self, peer: Peer, remote_ufrag: str) -> Credentials:
        """Expect checks of another ICE session of this peer too; returns our credentials for it."""
        self._forget_ufrags(peer)
        credentials = peer.ice.restart(remote_ufrag)
        self._by_ufrag |= dict.fromkeys(peer.ice.ufrags, peer)
        return credentials

    def _forget_ufrags(self, peer: Peer) -> None:
        for ufrag in peer.ice.ufrags:
            del self._by_ufrag[ufrag]

    def remove(self, peer: Peer, reason: str) -> None:
        """Forget a peer, telling it and `on_closed`."""
        if self._peers.pop(peer.ident, None) is None:
            return
        del self._turn_of(peer.ident)[peer.ident]
        self._forget_ufrags(peer)
        if peer.address is not None and self._by_address.get(peer.address) is peer:
            del self._by_address[peer.address]
        peer.say_goodbye()
        peer.media.on_closed()
        self._on_closed(peer, reason)

    def sendto(self, datagram: bytes, address: Address) -> None:
        """Send one datagram, or drop and count it."""
        try:
            self._sock.sendto(datagram, address)
        except OSError:
            self.drops.send_full += 1

    def close(self) -> None:
        """Say goodbye to everybody and stop reading."""
        self._timer.cancel()
        for peer in list(self._peers.values()):
            self.remove(peer, "stopping")
        self._loop.remove_reader(self._sock.fileno())

    def _on_readable(self) -> None:
        now = time.monotonic()
        for _ in range(_DATAGRAMS_A_WAKE):
            try:
                datagram, address = self._sock.recvfrom(_MAX_DATAGRAM)
            except BlockingIOError:
                return
            except OSError:
                # An ICMP error of some earlier packet.
                continue
            try:
                self.take(datagram, address, now)
            except Exception as error:
                self._complain(error, now)

    def _complain(self, error: Exception, now: float) -> None:
        """One datagram failed inside: the others go on. Told to the log once a second at most, and counted."""
        self.drops.failed += 1
        if now - self._complained_at >= 1:
            self._complained_at = now
            self._loop.call_exception_handler({"message": "a datagram could not be taken", "exception": error})

    def take(self, datagram: bytes, address: Address, now: float) -> None:
        """Route one datagram."""
        if not datagram:
            self.drops.empty += 1
            return
        first = datagram[0]
        if first < 4:
            self._take_stun(datagram, address, now)
            return
        peer = self._by_address.get(address)
        if peer is None:
            self.drops.stranger += 1
        elif 128 <= first < 192:
            peer.take_media(datagram, now, self.drops)
        elif 20 <= first < 64:
            if peer.take_dtls(datagram, now):
                self._on_connected(peer)
        else:
            self.drops.unknown_kind += 1
        if peer is not None and peer.close_reason:
            self.remove(peer, peer.close_reason)

    def _read_check(self, datagram: bytes) -> tuple[stun.StunMessage, Peer] | None:
        """A check and the peer it names; None for what is neither, which is counted."""
        try:
            message = stun.parse(datagram)
        except WireError:
            self.drops.stun_malformed += 1
            return None
        if message.kind != stun.BINDING_REQUEST:
            self.drops.unknown_kind += 1
            return None
        peer = self._by_ufrag.get(message.username.partition(":")[0])
        if peer is None:
            self.drops.stun_unknown_ufrag += 1
            return None
        return message, peer

    def _take_stun(self, datagram: bytes, address: Address, now: float) -> None:
        if self._strangers.is_flooding(address[0]) and not names_one_of(datagram, self._by_ufrag):
            self.drops.shed += 1
            return
        read = self._read_check(datagram)
        if read is None:
            self._strangers.note(address[0])
            return
        message, peer = read
        holder = self._by_address.get(address)
        if holder is not None and holder is not peer and holder.is_connected and now - holder.heard < _LOST_S:
            # Whoever can forge a source would end everybody's session by checks of their own at all our addresses.
            self.drops.address_taken += 1
            return
        before = peer.address
        if not peer.take_check(message, address, now, self.drops):
            return
        if before is not None and self._by_address.get(before) is peer:
            del self._by_address[before]
        self._by_address[address] = peer
        if holder is not None and holder is not peer:
            # One socket of theirs cannot carry two sessions: the older has lost its way.
            self.remove(holder, "displaced")

    def _on_timer(self) -> None:
        self._timer = self._loop.call_later(_TIMER_S / _TIMER_SLICES, self._on_timer)
        self._slice = (self._slice + 1) % _TIMER_SLICES
        if self._slice == 0:
            self._strangers.forget()
        self.run_timers(self._slice, time.monotonic())

    def _turn_of(self, ident: str) -> dict[str, Peer]:
        return self._turns[hash(ident) % _TIMER_SLICES]

    def run_timers(self, turn: int, now: float) -> None:
        """Look after one peer in 25, so that a thousand of them are not all looked after at once."""
        for peer in list(self._turns[turn].values()):
            peer.on_timer(now)
            if peer.close_reason:
                self.remove(peer, peer.close_reason)
