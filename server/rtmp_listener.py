"""Encoders that know nothing but RTMP (OBS, boxes in a rack): they publish here, and we publish for them by WHIP.

Each destination is an application and a stream key; whoever has both publishes there, one encoder at a time. An encoder
that leaves, or falls silent, makes room for the next, which may be itself again.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from aiohttp import ClientSession
from yarl import URL

from media.errors import WireError
from media.rtmp_receiver import Ended, Heard, Picture, RtmpReceiver, Sound, Wish
from server.encoder_feed import EncoderFeed, UnusableFormat
from server.publisher import pauses
from server.whip_client import PublishInterrupted, PublishRefused, WhipSession

INTRODUCTION_S: Final = 10.0
"""By then an encoder has said its key."""
SILENCE_S: Final = 5.0
MOST_STRANGERS: Final = 16
"""Connections at once that have not shown a key."""
_READ_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an encoder's stream goes: `key` "" takes any. `name` is what a person is told of it, never the key."""

    app: str
    key: str = field(repr=False)
    address: URL
    token: str = field(repr=False)

    @property
    def name(self) -> str:
        """What it is called in lines to a person."""
        return self.app

    def fits(self, wish: Wish) -> bool:
        """Tell whether an encoder means this one, without telling by the time it takes how near a key is."""
        return wish.app == self.app and (not self.key or hmac.compare_digest(wish.key.encode(), self.key.encode()))


class RtmpListener:
    """Takes encoders in. `tell` gets one line for each change a person should know of.

    `hosts` are addresses of the server's machine that are tried beside those it announces.
    """

    def __init__(
        self, destinations: Sequence[Destination], tell: Callable[[str], None], hosts: tuple[str, ...] = ()
    ) -> None:
        self._destinations = destinations
        self._tell = tell
        self._hosts = hosts
        self._busy: set[Destination] = set()
        self._strangers = 0

    async def listen(self, host: str | None, port: int, is_open: Callable[[int], None] = lambda port: None) -> None:
        """Take encoders in until cancelled; `is_open` is told the port. Raises OSError for one that is taken."""
        server = await asyncio.start_server(self._meet, host, port)
        is_open(server.sockets[0].getsockname()[1])
        async with server:
            await server.serve_forever()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._strangers >= MOST_STRANGERS:
            writer.transport.abort()
            return
        try:
            with contextlib.suppress(WireError, OSError, TimeoutError):
                await self._serve(_Encoder(reader, writer))
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, encoder: _Encoder) -> None:
        self._strangers += 1
        try:
            async with asyncio.timeout(INTRODUCTION_S):
                wish = await encoder.wish()
        finally:
            self._strangers -= 1
        destination = next((one for one in self._destinations if one.fits(wish)), None)
        if destination is None or destination in self._busy:
            await encoder.say(encoder.receiver.refuse())
            why = "there is one already" if destination else "its address or key is not the right one"
            self._tell(f"an encoder was sent away: {why}")
            return
        self._busy.add(destination)
        try:
            await encoder.say(encoder.receiver.accept())
            self._tell(f"an encoder is connected for {destination.name}")
            await self._carry(encoder, destination)
        finally:
            self._busy.discard(destination)
            self._tell(f"the encoder for {destination.name} has gone; waiting for the next")

    async def _carry(self, encoder: _Encoder, destination: Destination) -> None:
        feed = EncoderFeed(self._tell)
        sending = asyncio.create_task(self._publish(feed, destination))
        hearing = asyncio.create_task(self._hear(encoder, feed))
        try:
            await asyncio.wait((sending, hearing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            hearing.cancel()
            await asyncio.gather(sending, hearing, return_exceptions=True)

    async def _hear(self, encoder: _Encoder, feed: EncoderFeed) -> None:
        try:
            while True:
                async with asyncio.timeout(SILENCE_S):
                    heard = await encoder.hear()
                for one in heard:
                    if isinstance(one, Ended):
                        return
                    if isinstance(one, Sound | Picture):
                        feed.take(one)
        except UnusableFormat as error:
            self._tell(str(error))
        except WireError:
            self._tell("the encoder sends what cannot be understood")
        except TimeoutError:
            self._tell(f"the encoder has sent nothing for {SILENCE_S:g} s")
        except OSError:
            return

    async def _publish(self, feed: EncoderFeed, destination: Destination) -> None:
        """Keep a WHIP session while the encoder is there; returns when the server will not have it."""
        kinds = await feed.kinds()
        waits, told = pauses(), ""
        async with ClientSession() as http:
            while True:
                tracks = feed.tracks(kinds)
                try:
                    async with WhipSession.open(
                        http, destination.address, destination.token, tracks, self._hosts
                    ) as session:
                        self._tell(f"publishing {' and '.join(sorted(kinds))} to {destination.address}")
                        waits, told = pauses(), ""
                        trouble = await session.lost()
                except PublishRefused as refusal:
                    self._tell(str(refusal))
                    return
                except PublishInterrupted as interruption:
                    trouble = str(interruption)
                if trouble != told:
                    self._tell(f"{trouble}; trying again")
                    told = trouble
                await asyncio.sleep(next(waits))


class _Encoder:
    """One connection, read and answered."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.receiver = RtmpReceiver()
        self._reader = reader
        self._writer = writer

    async def hear(self) -> list[Heard]:
        """Return what came next, perhaps nothing. Raises WireError, and OSError when it is gone."""
        came = await self._reader.read(_READ_BYTES)
        if not came:
            raise ConnectionResetError
        answer, heard = self.receiver.receive(came)
        await self.say(answer)
        return heard

    async def wish(self) -> Wish:
        """Wait for what it wants."""
        while True:
            for one in await self.hear():
                if isinstance(one, Wish):
                    return one

    async def say(self, answer: bytes) -> None:
        """Send, waiting while it does not read."""
        if answer:
            self._writer.write(answer)
            await self._writer.drain()
