"""A lean publisher: Opus encoded once, sent every 20 ms, either by WHIP or as plain RTP for Janus's mountpoint.

`python -m deploy.load.publisher --whip URL --token T --seconds 60` or `--rtp HOST:PORT`. Both send the same packets,
so that the servers compared carry the same sound.
"""

import argparse
import asyncio
import secrets
import socket
import struct
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Final

import av
import numpy as np

from deploy.load.peer import CONSENT_S, LeanPeer, Phase
from deploy.load.sdp import OPUS_PT, Credentials, Direction
from deploy.load.whep import HttpSignalling
from media.dtls import DtlsIdentity

RATE: Final = 48_000
FRAME_SAMPLES: Final = 960
FRAME_S: Final = FRAME_SAMPLES / RATE
# Whole hundreds of hertz, so that whole periods fit a second and the loop has no seam.
_PARTIALS_HZ: Final = (300, 800, 2400, 5100)


def encode_floor(seconds: int = 2, bit_rate: int = 64_000) -> list[bytes]:
    """Some seconds of a chord at -18 dBFS as Opus packets of 20 ms, meant to be sent in a loop.

    Constant bit rate: 160 bytes a packet at 64 kbit/s, as much as speech at its loudest takes.
    """
    at = np.arange(seconds * RATE) / RATE
    sound = np.mean([np.sin(2 * np.pi * hertz * at) for hertz in _PARTIALS_HZ], axis=0)
    samples = (sound * 0.25 * 32767).astype(np.int16)
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = RATE, "mono", "s16"
    encoder.bit_rate = bit_rate
    encoder.time_base = Fraction(1, RATE)
    encoder.options = {"vbr": "off", "frame_duration": "20"}
    packets: list[bytes] = []
    for start in range(0, len(samples), FRAME_SAMPLES):
        frame = av.AudioFrame.from_ndarray(samples[None, start : start + FRAME_SAMPLES], format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, start
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets


class RtpStream:
    """Numbers packets: one SSRC, one payload type, sequence and timestamp from random beginnings (RFC 3550)."""

    def __init__(self, packets: list[bytes], payload_type: int) -> None:
        self.ssrc = secrets.randbits(32)
        self._packets = packets
        self._payload_type = payload_type
        # The lower half, so that a loss before the receiver's first packet cannot hide a roll-over (RFC 3711 3.3.1).
        self._sequence = secrets.randbits(15)
        self._stamp = secrets.randbits(31)
        self._sent = 0

    def next(self) -> bytes:
        """The next packet, 20 ms after the one before."""
        payload = self._packets[self._sent % len(self._packets)]
        number = (self._sequence + self._sent) & 0xFFFF
        stamp = (self._stamp + self._sent * FRAME_SAMPLES) & 0xFFFFFFFF
        self._sent += 1
        return struct.pack("!BBHII", 0x80, self._payload_type, number, stamp, self.ssrc) + payload


async def send_regularly(stream: RtpStream, send: Callable[[bytes], object], seconds: float) -> None:
    """Send a packet every 20 ms of the monotonic clock; a late wake-up is caught up, never dropped."""
    started = time.monotonic()
    for count in range(int(seconds / FRAME_S)):
        await asyncio.sleep(max(0.0, started + count * FRAME_S - time.monotonic()))
        send(stream.next())


async def publish_whip(url: str, token: str, host: str, seconds: float) -> None:
    """Publish by WHIP from the local address `host`, then DELETE.

    Raises:
        SignallingError, SdpError: the server did not want us.
        TimeoutError: no connection within the peer's own limit.
    """
    stream = RtpStream(encode_floor(), OPUS_PT)
    signalling = HttpSignalling(url, Direction.SEND, token, stream.ssrc)
    identity, ours = DtlsIdentity(), Credentials()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.bind((host, 0))
        try:
            remote = await signalling.join(ours, identity.fingerprint, sock.getsockname())
            sock.connect(remote.address)
            peer = LeanPeer(identity, ours, remote, time.monotonic())
            await _publish(sock, peer, stream, seconds)
            _send(sock, peer.close())
        finally:
            await signalling.aclose()


async def send_plain(host: str, port: int, seconds: float) -> None:
    """The same packets as plain RTP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((host, port))
        await send_regularly(RtpStream(encode_floor(), OPUS_PT), lambda packet: _send(sock, [packet]), seconds)


async def _publish(sock: socket.socket, peer: LeanPeer, stream: RtpStream, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    loop.add_reader(sock.fileno(), lambda: _receive(sock, peer))
    try:
        while peer.phase is not Phase.CONNECTED:
            if peer.phase is Phase.FAILED:
                raise TimeoutError(peer.reason)
            _send(sock, peer.due(time.monotonic()))
            await asyncio.sleep(0.01)
        assert peer.srtp is not None
        protect = peer.srtp.protect
        consent = asyncio.create_task(_keep_consent(sock, peer))
        try:
            await send_regularly(stream, lambda packet: _send(sock, [protect(packet)]), seconds)
        finally:
            consent.cancel()
            await asyncio.gather(consent, return_exceptions=True)
    finally:
        loop.remove_reader(sock.fileno())


async def _keep_consent(sock: socket.socket, peer: LeanPeer) -> None:
    while True:
        _send(sock, [peer.format_check()])
        await asyncio.sleep(CONSENT_S)


def _receive(sock: socket.socket, peer: LeanPeer) -> None:
    try:
        datagram = sock.recv(2048)
    except OSError:
        return
    if datagram:
        _send(sock, peer.receive(datagram))


def _send(sock: socket.socket, datagrams: list[bytes]) -> None:
    for datagram in datagrams:
        try:
            sock.send(datagram)
        except OSError:
            # Nobody listens yet, or the buffer is full: it is UDP.
            return


def main() -> int:
    """Publish the chord for a bounded time."""
    parser = argparse.ArgumentParser(prog="python -m deploy.load.publisher", description=__doc__.split("\n\n")[0])
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--whip", metavar="URL")
    target.add_argument("--rtp", metavar="HOST:PORT")
    parser.add_argument("--token", default="", help="bearer token for WHIP")
    parser.add_argument("--bind", default="127.0.0.1", help="local address (127.0.0.1)")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (60)")
    options = parser.parse_args()
    if options.whip:
        asyncio.run(publish_whip(options.whip, options.token, options.bind, options.seconds))
    else:
        host, _, port = options.rtp.rpartition(":")
        asyncio.run(send_plain(host, int(port), options.seconds))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
