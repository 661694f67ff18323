"""WHIP and WHEP as a lean peer speaks them: POST an offer, read the answer, DELETE at the end."""

import asyncio
import itertools
import random
from collections.abc import Sequence
from typing import Final
from urllib.parse import urljoin, urlsplit

import aiohttp

from deploy.load.sdp import Credentials, Direction, Remote, format_audio, parse_remote
from deploy.load.swarm import SignallingError
from media.dtls import Fingerprint

_REQUEST_S: Final = 10.0
_GOODBYES_AT_ONCE: Final = 20
_SDP: Final = {"Content-Type": "application/sdp"}
_BUSY: Final = (429, 503)


class HttpSignalling:
    """Many sessions at one WHIP or WHEP address; `direction` tells which of the two it is. `pictures` are the SSRCs
    of further m-lines, 0 for one where we send nothing.
    """

    def __init__(
        self,
        url: str,
        direction: Direction = Direction.RECEIVE,
        token: str | None = None,
        ssrc: int | None = None,
        pictures: Sequence[int] = (),
    ) -> None:
        self._url = url
        self._pictures = pictures
        self._direction = direction
        self._ssrc = ssrc
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._session: aiohttp.ClientSession | None = None
        self._locations: list[str] = []
        self.retries = 0

    async def join(self, ours: Credentials, fingerprint: Fingerprint, local: tuple[str, int]) -> Remote:
        """POST one offer; asked to come again later (429, 503 with Retry-After), come again then.

        Raises:
            SignallingError: any other status than 201, as `http_<status>`, or no connection.
            SdpError: the answer is not usable.
        """
        offer = format_audio(ours, fingerprint, self._direction, ssrc=self._ssrc, pictures=self._pictures).encode()
        while True:
            try:
                async with self._open().post(self._url, data=offer, headers=_SDP) as response:
                    status, headers, answer = response.status, response.headers, await response.text()
            except aiohttp.ClientError as error:
                raise SignallingError(type(error).__name__) from error
            if status not in _BUSY or "Retry-After" not in headers:
                break
            self.retries += 1
            # As the pages do it: what the server wishes is told to all, chance spreads them.
            await asyncio.sleep(float(headers["Retry-After"]) * (1 + random.random() / 2))
        if status != 201:
            raise SignallingError(f"http_{status}")
        location = headers.get("Location", "")
        if location:
            self._locations.append(urljoin(self._url, location))
        return parse_remote(answer, urlsplit(self._url).hostname)

    async def switch(self, channel: str) -> None:
        """Have the last session hear another channel.

        Raises:
            SignallingError: any other status than 204, as `http_<status>`, or no connection.
        """
        try:
            async with self._open().put(f"{self._locations[-1]}/channel", json={"channel": channel}) as response:
                if response.status != 204:
                    raise SignallingError(f"http_{response.status}")
        except aiohttp.ClientError as error:
            raise SignallingError(type(error).__name__) from error

    async def aclose(self, *, says_goodbye: bool = True) -> None:
        """DELETE every session, unless without a word, and close; a server that is gone already is passed over."""
        if self._session is None:
            return
        if says_goodbye:
            gate = asyncio.Semaphore(_GOODBYES_AT_ONCE)
            await asyncio.gather(*(self._delete(location, gate) for location in self._locations))
        session, self._session = self._session, None
        await session.close()

    async def _delete(self, location: str, gate: asyncio.Semaphore) -> None:
        async with gate:
            try:
                async with self._open().delete(location) as response:
                    await response.read()
            except (aiohttp.ClientError, TimeoutError):
                return

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(total=_REQUEST_S),
                connector=aiohttp.TCPConnector(limit=100),
            )
        return self._session


class InTurn:
    """Sessions at several addresses, the next one at the next address."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._places = [HttpSignalling(url) for url in urls]
        self._turns = itertools.cycle(self._places)

    async def join(self, ours: Credentials, fingerprint: Fingerprint, local: tuple[str, int]) -> Remote:
        """As `HttpSignalling.join`, and raises what that does."""
        return await next(self._turns).join(ours, fingerprint, local)

    async def aclose(self) -> None:
        """Say goodbye everywhere."""
        for place in self._places:
            await place.aclose()
