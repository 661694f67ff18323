"""A lean listener that tells when a tone first stands in what a bus carries, by the packet that brought it."""

import asyncio
import threading
import time
from typing import Final
from urllib.parse import urljoin

import aiohttp
import numpy as np

from deploy.load.processes import BenchError
from media.dtls import DtlsIdentity
from media.opus import FRAME_SAMPLES, SAMPLE_RATE_HZ, Decoder
from media.rtcp import SenderReport
from media.rtp import RtpPacket
from media.upstream import Upstream

_AUDIBLE: Final = 10 ** (-45 / 20)
_PATIENCE_S: Final = 12.0
_TURN: Final = np.arange(FRAME_SAMPLES) / SAMPLE_RATE_HZ


class BusEar:
    """Listens by WHEP for a tone. `listen` is for a thread of its own; `is_listening` is set once sound comes."""

    def __init__(self, address: str, hertz: float) -> None:
        self.is_listening = threading.Event()
        self._address = address
        self._wave = np.exp(-2j * np.pi * hertz * _TURN)
        self._decoder = Decoder()
        self._first: float | None = None

    def listen(self) -> float:
        """When the tone first came, in epoch seconds.

        Raises:
            BenchError: it did not come within 12 s.
        """
        return asyncio.run(self._listen())

    async def _listen(self) -> float:
        loop = asyncio.get_running_loop()
        line = Upstream(DtlsIdentity(), "audio", self._take, self._pass_over, loop.time())
        async with aiohttp.ClientSession() as http:
            headers = {"Content-Type": "application/sdp"}
            async with http.post(self._address, data=line.offer.encode(), headers=headers) as response:
                line.answered(await response.text(), None, loop.time())
                location = response.headers["Location"]
            deadline = loop.time() + _PATIENCE_S
            while self._first is None and not line.failure and loop.time() < deadline:
                line.on_timer(loop.time())
                await asyncio.sleep(0.02)
            line.close()
            async with http.delete(urljoin(self._address, location)):
                pass
        if self._first is None:
            raise BenchError(f"the tone did not come ({line.failure or 'too late'})")
        return self._first

    def _take(self, packet: RtpPacket, codec: str, now: float) -> None:
        arrived = time.time()
        self.is_listening.set()
        pcm = self._decoder.decode(packet.payload)
        strength = 2 * abs(np.mean(pcm[:FRAME_SAMPLES] * self._wave[: len(pcm)]))
        if self._first is None and strength > _AUDIBLE:
            self._first = arrived

    def _pass_over(self, report: SenderReport) -> None:
        """Nothing here is in step with a picture."""
