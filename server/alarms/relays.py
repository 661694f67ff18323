"""Is each TURN or STUN server there? Asked by a STUN binding over UDP, or by a connection where it takes TCP or TLS."""

from __future__ import annotations

import asyncio
import secrets
import struct
from contextlib import suppress
from typing import Final

from media import stun
from media.errors import WireError
from server.config_ice import Place

_ASKS_S: Final = (0.5, 1.0, 2.0)
_CONNECT_S: Final = 4.0


async def is_there(place: Place) -> bool:
    """Tell whether something answers there; within some seconds, and never raises."""
    try:
        return await (_connects(place) if place.is_tcp else _answers(place))
    except (OSError, UnicodeError):
        return False


async def _connects(place: Place) -> bool:
    try:
        async with asyncio.timeout(_CONNECT_S):
            _, writer = await asyncio.open_connection(place.host, place.port)
    except TimeoutError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


class _Asking(asyncio.DatagramProtocol):
    """Waits for the answer to one binding request."""

    def __init__(self, transaction: bytes) -> None:
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transaction = transaction

    def datagram_received(self, data: bytes, addr: object) -> None:
        with suppress(WireError):
            if stun.parse(data).transaction == self._transaction and not self.answered.done():
                self.answered.set_result(None)

    def error_received(self, exc: Exception) -> None:
        """Nobody is at that port, for the moment; it is asked again."""


async def _answers(place: Place) -> bool:
    transaction = secrets.token_bytes(12)
    request = struct.pack("!HHI", stun.BINDING_REQUEST, 0, stun.MAGIC) + transaction
    loop = asyncio.get_running_loop()
    transport, asking = await loop.create_datagram_endpoint(
        lambda: _Asking(transaction), remote_addr=(place.host, place.port)
    )
    try:
        for wait_s in _ASKS_S:
            transport.sendto(request)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await asyncio.shield(asking.answered)
                    return True
        return False
    finally:
        asking.answered.cancel()
        transport.close()
