"""Publishers and listeners that nobody here wrote: FFmpeg's WHIP muxer and aiortc, each heard at the other side."""

import asyncio
import datetime
import threading
from collections.abc import AsyncIterator, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import aiohttp
import av
import numpy as np
import pytest
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.browser.stagehand import Server

SDP = {"Content-Type": "application/sdp"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    # aiortc has no candidate on loopback: it needs the machine's own addresses.
    running = Server(tmp_path_factory.mktemp("data"), environment={"TOLMACH_PUBLIC_IPS": ""})
    running.start()
    yield running
    running.stop()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def token(server: Server, who: str, room: str = "plenary") -> str:
    return server.link(room, who).rsplit("/", 1)[1]


def tone(hertz: int, at: int) -> Any:
    """20 ms of a tone from sample `at` on."""
    samples = np.arange(at, at + 960) / 48000
    pcm = (np.sin(2 * np.pi * hertz * samples) * 9000).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(np.repeat(pcm, 2)[None], format="s16", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = 48000, at, Fraction(1, 48000)
    return frame


class ToneTrack(MediaStreamTrack):
    """A tone, as a microphone would give it."""

    kind = "audio"

    def __init__(self, hertz: int) -> None:
        super().__init__()
        self._hertz, self._at = hertz, 0
        self._start = asyncio.get_running_loop().time()

    async def recv(self) -> Any:
        wait = self._start + self._at / 48000 - asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, wait))
        frame = tone(self._hertz, self._at)
        self._at += 960
        return frame


async def post(http: aiohttp.ClientSession, url: str, peer: RTCPeerConnection, bearer: str | None = None) -> str:
    """Offer, set the answer; returns the session's address."""
    await peer.setLocalDescription(await peer.createOffer())
    headers = SDP | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
    async with http.post(url, data=peer.localDescription.sdp, headers=headers) as response:
        assert response.status == 201, await response.text()
        await peer.setRemoteDescription(RTCSessionDescription(await response.text(), "answer"))
        return response.headers["Location"]


async def listen(http: aiohttp.ClientSession, url: str) -> tuple[RTCPeerConnection, Any]:
    peer = RTCPeerConnection()
    track: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    peer.on("track", track.set_result)
    peer.addTransceiver("audio", direction="recvonly")
    await post(http, url, peer)
    return peer, await track


async def heard(track: Any, hertz: int, seconds: float = 30) -> None:
    """Receive until the track carries the tone and nothing louder."""
    async with asyncio.timeout(seconds):
        while True:
            frames = [(await track.recv()).to_ndarray().reshape(-1, 2)[:, 0] for _ in range(25)]
            sound = np.concatenate(frames).astype(np.float64)
            spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
            if np.argmax(spectrum) * 48000 / len(sound) == pytest.approx(hertz, abs=5) and np.abs(sound).max() > 1000:
                return


async def test_aiortc_publishes_and_aiortc_listens(server: Server, http: aiohttp.ClientSession) -> None:
    venue = RTCPeerConnection()
    venue.addTrack(ToneTrack(600))
    session = await post(http, f"{server.url}/whip/plenary", venue, token(server, "venue"))
    listener, track = await listen(http, f"{server.url}/whep/plenary/floor")
    await heard(track, 600)
    async with http.delete(server.url + session) as refused:
        assert refused.status in (401, 403)
    await heard(track, 600)
    authorised = {"Authorization": f"Bearer {token(server, 'venue')}"}
    async with http.delete(server.url + session, headers=authorised) as ended:
        assert ended.status == 200
    await listener.close()
    await venue.close()


async def test_a_newer_venue_takes_the_place_of_the_older(server: Server, http: aiohttp.ClientSession) -> None:
    listener, track = await listen(http, f"{server.url}/whep/workshop-2/floor")
    venues = []
    for hertz in (600, 900):
        venue = RTCPeerConnection()
        venue.addTrack(ToneTrack(hertz))
        await post(http, f"{server.url}/whip/workshop-2", venue, token(server, "venue", "workshop-2"))
        await heard(track, hertz)
        venues.append(venue)
    for peer in (*venues, listener):
        await peer.close()


async def test_a_listener_moves_to_another_channel_without_a_new_offer(
    server: Server, http: aiohttp.ClientSession
) -> None:
    venue = RTCPeerConnection()
    venue.addTrack(ToneTrack(700))
    await post(http, f"{server.url}/whip/plenary", venue, token(server, "venue"))
    peer = RTCPeerConnection()
    track: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    peer.on("track", track.set_result)
    peer.addTransceiver("audio", direction="recvonly")
    session = await post(http, f"{server.url}/whep/plenary/floor", peer)
    await heard(await track, 700)
    async with http.put(f"{server.url}{session}/channel", json={"channel": "de", "original": "none"}) as moved:
        assert moved.status == 204
    # The floor speaks German, so the German channel carries the floor.
    await heard(await track, 700)
    async with http.put(f"{server.url}{session}/channel", json={"channel": "xx", "original": "none"}) as refused:
        assert refused.status == 404
    await peer.close()
    await venue.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """FFmpeg built with GnuTLS makes a P-224 certificate of its own, which OpenSSL no longer takes."""
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    now = datetime.datetime.now(tz=datetime.UTC)
    end = now + datetime.timedelta(days=1)
    signed = x509.CertificateBuilder(name, name, key.public_key(), 1, now, end).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    (folder / "c.pem").write_bytes(signed.public_bytes(pem))
    plain = serialization.NoEncryption()
    (folder / "k.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return folder / "c.pem", folder / "k.pem"


def send_by_ffmpeg(url: str, bearer: str, certificate: tuple[Path, Path], stop: threading.Event) -> None:
    options = {"authorization": bearer, "cert_file": str(certificate[0]), "key_file": str(certificate[1])}
    with av.open(url, "w", format="whip", options=options) as out:
        sound: Any = out.add_stream("libopus", rate=48000)
        sound.layout = "stereo"
        at = 0
        while not stop.wait(0.019):
            for packet in sound.encode(tone(800, at)):
                out.mux(packet)
            at += 960


async def test_ffmpeg_publishes(server: Server, http: aiohttp.ClientSession, certificate: tuple[Path, Path]) -> None:
    stop = threading.Event()
    url, bearer = f"{server.url}/whip/workshop-1", token(server, "venue", "workshop-1")
    sending = asyncio.create_task(asyncio.to_thread(send_by_ffmpeg, url, bearer, certificate, stop))
    listener, track = await listen(http, f"{server.url}/whep/workshop-1/floor")
    await heard(track, 800)
    stop.set()
    await sending
    await listener.close()
