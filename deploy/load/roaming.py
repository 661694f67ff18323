"""A lean listener that moves from one local address to another and tells how long its sound was away.

It knows of the change at once, so what is measured is the server: how soon packets come to the new address after the
first check from there. With `--ice restart` it first asks for new ICE credentials by PATCH, as RFC 9725 section 4.3.3
has it; with `--ice same` it goes on with the old ones, as browsers do on a network change.
"""

import argparse
import asyncio
import contextlib
import socket
import time
from dataclasses import replace
from typing import Final
from urllib.parse import urljoin

import aiohttp

from deploy.load.peer import LeanPeer, Phase
from deploy.load.sdp import Credentials, Direction, Remote, format_audio, parse_remote
from deploy.load.sequence import SequenceCheck
from media.dtls import DtlsIdentity

_CONNECT_S: Final = 5.0
_BEFORE_S: Final = 1.0
_AFTER_S: Final = 1.5
_TICK_S: Final = 0.01
_FRAGMENT: Final = {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": "*"}


class Roamer(asyncio.DatagramProtocol):
    """One listener over whichever socket it has now. `arrivals` are the times of its packets of sound, in seconds."""

    def __init__(self, peer: LeanPeer, remote: Remote) -> None:
        self.arrivals: list[float] = []
        self.sequence = SequenceCheck()
        self._peer = peer
        self._remote = remote
        self._transport: asyncio.DatagramTransport | None = None

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Count sound; hand the rest to the peer."""
        if len(data) > 12 and 128 <= data[0] < 192:
            if not 192 <= data[1] < 224:
                self.arrivals.append(time.monotonic())
                self.sequence.add(int.from_bytes(data[2:4], "big"))
            return
        self.send(self._peer.receive(data))

    def send(self, datagrams: list[bytes]) -> None:
        """Send to the server."""
        for datagram in datagrams:
            if self._transport is not None:
                self._transport.sendto(datagram)

    async def take_address(self, host: str) -> None:
        """Speak from a socket at `host` from now on; the former one is closed without a word."""
        if self._transport is not None:
            self._transport.abort()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, local_addr=(host, 0), remote_addr=self._remote.address, family=family
        )

    async def connect(self) -> None:
        """Check and shake hands.

        Raises:
            TimeoutError: not within five seconds.
        """
        async with asyncio.timeout(_CONNECT_S):
            while self._peer.phase is not Phase.CONNECTED:
                self.send(self._peer.due(time.monotonic()))
                await asyncio.sleep(_TICK_S)

    def close(self) -> None:
        """Say goodbye."""
        self.send(self._peer.close())
        if self._transport is not None:
            self._transport.close()


async def roam(whep: str, start: str, end: str, *, is_restart: bool) -> dict[str, float]:
    """Listen at `start`, move to `end`, listen on; the figures.

    Raises:
        aiohttp.ClientError, TimeoutError, SdpError: it did not come about.
    """
    identity, ours = DtlsIdentity(), Credentials()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_CONNECT_S)) as http:
        offer = format_audio(ours, identity.fingerprint, Direction.RECEIVE)
        async with http.post(whep, data=offer, headers={"Content-Type": "application/sdp"}) as response:
            location = urljoin(whep, response.headers.get("Location", ""))
            remote = parse_remote(await response.text())
        peer = LeanPeer(identity, ours, remote, time.monotonic())
        roamer = Roamer(peer, remote)
        with contextlib.closing(roamer):
            await roamer.take_address(start)
            await roamer.connect()
            await asyncio.sleep(_BEFORE_S)
            moved = time.monotonic()
            if is_restart:
                peer.renew(*await _restart(http, location, remote))
            await roamer.take_address(end)
            roamer.send([peer.format_check()])
            await asyncio.sleep(_AFTER_S)
            figures = _figures(roamer, moved)
        async with http.delete(location):
            return figures


async def _restart(http: aiohttp.ClientSession, location: str, remote: Remote) -> tuple[Credentials, Remote]:
    ours = Credentials()
    text = f"a=ice-ufrag:{ours.ufrag}\r\na=ice-pwd:{ours.password}\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n"
    async with http.patch(location, data=text, headers=_FRAGMENT) as response:
        values = dict(line[2:].split(":", 1) for line in (await response.text()).splitlines() if ":" in line)
        if response.status != 200:
            raise aiohttp.ClientError(f"http_{response.status}")
    return ours, replace(remote, credentials=Credentials(values["ice-ufrag"], values["ice-pwd"]))


def _figures(roamer: Roamer, moved: float) -> dict[str, float]:
    before = max(at for at in roamer.arrivals if at < moved)
    after = [at for at in roamer.arrivals if at > moved + 0.0005]
    first = min(after, default=float("inf"))
    return {
        "move_to_sound_ms": round((first - moved) * 1000, 1),
        "gap_ms": round((first - before) * 1000, 1),
        "packets_lost": roamer.sequence.lost,
    }


def main() -> int:
    """Print the figures, `name: value`; exits 1 when no sound came after the move."""
    parser = argparse.ArgumentParser(prog="python -m deploy.load.roaming", description=__doc__.split("\n\n")[0])
    parser.add_argument("--whep", required=True, metavar="URL", help="the address to POST the offer to")
    parser.add_argument("--start", required=True, metavar="IP", help="local address at first")
    parser.add_argument("--end", required=True, metavar="IP", help="local address afterwards")
    parser.add_argument("--ice", choices=("same", "restart"), default="same", help="credentials after the move (same)")
    options = parser.parse_args()
    figures = asyncio.run(roam(options.whep, options.start, options.end, is_restart=options.ice == "restart"))
    for name, value in figures.items():
        print(f"{name}: {value}")
    return 1 if figures["gap_ms"] == float("inf") else 0


if __name__ == "__main__":
    raise SystemExit(main())
