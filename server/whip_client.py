"""One WHIP session from our side (RFC 9725 §4.2): offer, answer, connection, and DELETE at the end.

Media is aiortc's. Trying again, and what to tell the person, is left to `server.publisher`.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from aiohttp import (
    ClientConnectorCertificateError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    InvalidURL,
)
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from yarl import URL

ANSWER_S = 10.0
CONNECT_S = 15.0
DELETE_S = 3.0
# Reports come about once a second. aiortc's own check of consent notices a dead server only after 28 s.
SILENCE_S = 6.0
LOOK_S = 1.0
MAX_REDIRECTS = 5
MAX_ANSWER_BYTES = 64 * 1024

_MENDS = {
    401: "the token is not accepted. Make a new link with: tolmach invite",
    403: "this token may not publish here. It needs the role venue, interpreter or speaker, and this room",
    404: "there is no such room at this address",
    405: "this address does not take WHIP. It ends in /whip/ and the room",
    415: "this address does not take WHIP. It ends in /whip/ and the room",
}


class PublishRefused(Exception):
    """The server will not have it, now or later; the message says why and what to do."""


class PublishInterrupted(Exception):
    """It does not work now and may later; `retry_after_s` is the server's own wish, if it has one."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class WhipSession:
    """A connected session. Open it with `open`; it lasts as long as the context."""

    def __init__(self, connection: RTCPeerConnection) -> None:
        self._connection = connection
        self._changed = asyncio.Event()
        connection.on("connectionstatechange", self._changed.set)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        http: ClientSession,
        address: URL,
        token: str,
        tracks: Sequence[MediaStreamTrack],
        hosts: Sequence[str] = (),
    ) -> AsyncIterator[WhipSession]:
        """Publish `tracks`; entered once they flow, left by taking leave of the server.

        Raises PublishRefused or PublishInterrupted. Redirects are followed with the token, as RFC 9725 §4.2 has it,
        but not from https to http. `hosts` are tried for media beside the addresses in the answer, on the same port.
        """
        # Without a configuration aiortc asks a third party's STUN server; ours needs no candidates of us.
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        session = cls(connection)
        location: URL | None = None
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
        try:
            for track in tracks:
                _prefer(connection.addTransceiver(track, direction="sendonly"))
            await connection.setLocalDescription(await connection.createOffer())
            answer, location = await _post(http, address, headers, connection.localDescription.sdp)
            await session._connect(with_hosts(answer, hosts))
            yield session
        finally:
            if location is not None:
                await _delete(http, location, headers)
            await connection.close()

    async def lost(self) -> str:
        """Wait until the connection is lost and return what was noticed."""
        heard = None
        heard_at = time.monotonic()
        while self._connection.connectionState == "connected":
            latest = await self._last_report()
            if latest != heard:
                heard, heard_at = latest, time.monotonic()
            elif heard is not None and time.monotonic() - heard_at > SILENCE_S:
                return "the server has fallen silent"
            await self._change(LOOK_S)
        return "the server has closed the connection"

    async def _connect(self, answer: str) -> None:
        # RFC 8829 §5.3.1: port 0 refuses a kind. aiortc has no way on from there with the rest.
        refused = re.findall(r"^m=(\w+) 0 ", answer, re.MULTILINE)
        if refused:
            mend = ". Add --audio-only" if refused == ["video"] else ""
            raise PublishRefused(f"the server takes no {' and no '.join(refused)} from this token{mend}")
        try:
            await self._connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        except Exception as error:  # aiortc's parser raises whatever the bytes make it raise
            raise PublishRefused("the server's answer cannot be understood") from error
        deadline = time.monotonic() + CONNECT_S
        while self._connection.connectionState not in ("connected", "failed", "closed"):
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                break
            await self._change(left_s)
        if self._connection.connectionState != "connected":
            raise PublishInterrupted("no media connection comes about. Is the server's UDP port open?")

    async def _change(self, timeout_s: float) -> None:
        """Wait for a change of the connection's state, at most so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        self._changed.clear()

    async def _last_report(self) -> object:
        """Return when the server last reported on what it receives, None before the first time."""
        report = await self._connection.getStats()
        times = [entry.timestamp for entry in report.values() if entry.type == "remote-inbound-rtp"]
        return max(times, default=None)


def with_hosts(answer: str, hosts: Sequence[str]) -> str:
    """Return an answer with a candidate more for each host, after the first that it has itself."""
    found = re.search(r"^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host.*\r?\n", answer, re.MULTILINE | re.IGNORECASE)
    if found is None:
        return answer
    more = [f"a=candidate:own{n} 1 udp 1 {host} {found[2]} typ host\r\n" for n, host in enumerate(hosts, 1)]
    return answer[: found.end()] + "".join(more) + answer[found.end() :]


def _prefer(transceiver: RTCRtpTransceiver) -> None:
    codecs = RTCRtpSender.getCapabilities(transceiver.kind).codecs
    wanted = "video/h264" if transceiver.kind == "video" else "audio/opus"
    transceiver.setCodecPreferences(sorted(codecs, key=lambda codec: codec.mimeType.lower() != wanted))


async def _post(http: ClientSession, address: URL, headers: dict[str, str], offer: str) -> tuple[str, URL | None]:
    """Return the server's answer and the session's address."""
    sdp = headers | {"Content-Type": "application/sdp"}
    for _ in range(MAX_REDIRECTS):
        try:
            async with http.post(
                address, data=offer, headers=sdp, allow_redirects=False, timeout=ClientTimeout(ANSWER_S)
            ) as response:
                if response.status != 307:
                    return await _answer(response)
                address = _target(response)
        except (ClientConnectorCertificateError, InvalidURL) as error:
            raise PublishRefused(f"the server's address or certificate is not in order: {error}") from error
        except (ClientError, OSError) as error:
            raise PublishInterrupted(f"the server cannot be reached ({type(error).__name__})") from error
    raise PublishRefused("the server sends us round in a circle")


def _target(response: ClientResponse) -> URL:
    location = response.headers.get("Location")
    if location is None:
        raise PublishRefused("the server sends us elsewhere without saying where")
    target = response.url.join(URL(location))
    if target.scheme not in ("http", "https") or (response.url.scheme, target.scheme) == ("https", "http"):
        raise PublishRefused("the server sends us to an address that would give the token away")
    return target


async def _answer(response: ClientResponse) -> tuple[str, URL | None]:
    body = await response.content.read(MAX_ANSWER_BYTES)
    text = body.decode("utf-8", "replace")
    if response.status == 201:
        return text, _target(response) if "Location" in response.headers else None
    if response.status == 429 or response.status >= 500:
        seconds = response.headers.get("Retry-After", "")
        retry_after_s = float(seconds) if seconds.isascii() and seconds.isdigit() else None
        raise PublishInterrupted(f"the server cannot take us now ({response.status})", retry_after_s)
    mend = _MENDS.get(response.status, "the server refuses what we offer")
    said = _said(text)
    raise PublishRefused(f"{mend} ({response.status}{': ' + said if said else ''})")


def _said(text: str) -> str:
    """Return what our own servers say in an error, nothing from others."""
    try:
        error = json.loads(text)["error"]
        return f"{error['code']}, {error['text']}"
    except (ValueError, KeyError, TypeError):
        return ""


async def _delete(http: ClientSession, location: URL, headers: dict[str, str]) -> None:
    with suppress(ClientError, OSError):
        async with http.delete(location, headers=headers, timeout=ClientTimeout(DELETE_S)):
            pass
