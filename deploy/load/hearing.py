"""How much of the sound sent is heard, and how late: a tune whose every 20 ms is told apart from its neighbours.

Pure. Each 20 ms is a tone of its own pitch and no pitch comes twice within a second, so that what a decoder invents for
a lost packet (more of the tone before) is not taken for what was sent. What was sent is compared with what was heard by
normalised correlation, piece by piece; times are seconds of one monotonic clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from media.opus import FRAME_SAMPLES, SAMPLE_RATE_HZ, Decoder, Encoder, Pcm
from media.rtp import RtpPacket, timestamp_after

_PITCHES: Final = 50
_LOWEST_HZ: Final = 400
_STEP_HZ: Final = 60
# Multiplying by 13 modulo 50 visits every pitch once and keeps neighbours in time far apart in pitch.
_STRIDE: Final = 13
_EDGE_SAMPLES: Final = 48
_LOUDNESS: Final = 0.3
# What libopus invents for a lost packet is at most 0.66 like what was sent; what comes through is 0.95 and more, and a
# little less for a packet or two behind a gap, until the decoder has caught itself.
_LIKENESS: Final = 0.7
_LONGEST_DELAY_S: Final = 0.75


def make_tune(seconds: float) -> Pcm:
    """The tune: 50 pitches a second, in the same order every second, each with soft edges of 1 ms."""
    at = np.arange(FRAME_SAMPLES) / SAMPLE_RATE_HZ
    edge = np.sin(np.linspace(0, np.pi / 2, _EDGE_SAMPLES)) ** 2
    shape = np.ones(FRAME_SAMPLES)
    shape[:_EDGE_SAMPLES], shape[-_EDGE_SAMPLES:] = edge, edge[::-1]
    pitches = [_LOWEST_HZ + _STEP_HZ * (number * _STRIDE % _PITCHES) for number in range(_PITCHES)]
    second = np.concatenate([_LOUDNESS * shape * np.sin(2 * np.pi * hertz * at) for hertz in pitches])
    whole = np.tile(second, int(np.ceil(seconds)))
    return whole[: round(seconds * _PITCHES) * FRAME_SAMPLES].astype(np.float32)


def encode(pcm: Pcm, loss_percent: int = 10) -> list[bytes]:
    """Packets of 20 ms with in-band FEC."""
    encoder = Encoder(loss_percent=loss_percent)
    return [encoder.encode(pcm[at : at + FRAME_SAMPLES]) for at in range(0, len(pcm), FRAME_SAMPLES)]


def decode(packets: Sequence[bytes]) -> Pcm:
    """What a listener without any loss hears of these packets."""
    decoder = Decoder()
    return np.concatenate([decoder.decode(packet) for packet in packets])


@dataclass(frozen=True, slots=True)
class Heard:
    """A listener's packets as one sound. `arrivals` is when each 20 ms of it came; `missing` how many never did."""

    pcm: Pcm
    arrivals: npt.NDArray[np.float64]
    missing: int

    @classmethod
    def of(cls, packets: Sequence[tuple[RtpPacket, float]]) -> "Heard":
        """Decode what came, in the order it was sent; a packet that did not come is concealed and counted.

        Raises:
            ValueError: nothing came.
        """
        if not packets:
            raise ValueError("nothing was heard")
        first = packets[0][0].timestamp
        came = {timestamp_after(packet.timestamp, first) // FRAME_SAMPLES: (packet, at) for packet, at in packets}
        decoder, pieces, arrivals, missing = Decoder(), [], [], 0
        for number in range(max(came) + 1):
            if number in came:
                packet, at = came[number]
                pieces.append(decoder.decode(packet.payload))
                arrivals.append(at)
            else:
                missing += 1
                pieces.append(decoder.decode_lost(FRAME_SAMPLES))
                arrivals.append(arrivals[-1] + FRAME_SAMPLES / SAMPLE_RATE_HZ)
        return cls(np.concatenate(pieces), np.array(arrivals), missing)

    def out_at(self, sample: int) -> float:
        """When a sample came out, counting a packet's first sample as coming with the packet."""
        packet, rest = divmod(sample, FRAME_SAMPLES)
        return float(self.arrivals[packet]) + rest / SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class Piece:
    """20 ms of what was sent: `likeness` (0 to 1) of the likest sound heard in time, and how much later that came."""

    number: int
    likeness: float
    delay_s: float

    @property
    def is_heard(self) -> bool:
        """Whether it came through."""
        return self.likeness >= _LIKENESS


def compare(sent: Pcm, sent_at: Sequence[float], heard: Heard) -> list[Piece]:
    """Look for each 20 ms of `sent` in what was heard from when it was sent until 0.75 s later.

    `sent` is as decoded from the very packets, so that the sender's own codec is not in the delay. Pieces whose search
    would begin before the recording or end after it are left out.
    """
    pieces = []
    reach = round(_LONGEST_DELAY_S * SAMPLE_RATE_HZ)
    for number, at in enumerate(sent_at):
        packet = int(np.searchsorted(heard.arrivals, at))
        start = packet * FRAME_SAMPLES
        if packet == 0 or start + reach + FRAME_SAMPLES > len(heard.pcm):
            continue
        template = sent[number * FRAME_SAMPLES : (number + 1) * FRAME_SAMPLES]
        likeness, lag = _likest(template, heard.pcm[start : start + reach + FRAME_SAMPLES])
        pieces.append(Piece(number, likeness, heard.out_at(start + lag) - at))
    return pieces


def _likest(template: Pcm, sound: Pcm) -> tuple[float, int]:
    """The best normalised correlation of `template` with a stretch of `sound`, and where that begins."""
    size = 1 << (len(sound) + len(template)).bit_length()
    spectrum = np.fft.rfft(sound, size) * np.conj(np.fft.rfft(template, size))
    count = len(sound) - len(template) + 1
    products = np.fft.irfft(spectrum, size)[:count]
    energy = np.concatenate(([0.0], np.cumsum(sound.astype(np.float64) ** 2)))
    norms = np.sqrt(np.maximum(energy[len(template) :] - energy[:count], 0.0))
    own = float(np.linalg.norm(template))
    ratio = products / np.maximum(norms * own, 1e-3)
    best = int(np.argmax(ratio))
    return float(ratio[best]), best


def missing_percent(pieces: Sequence[Piece]) -> float:
    """How much of the pieces did not come through."""
    return 100 * sum(not piece.is_heard for piece in pieces) / len(pieces)


def delays_ms(pieces: Sequence[Piece]) -> npt.NDArray[np.float64]:
    """How late each piece that came through was."""
    return np.array([1000 * piece.delay_s for piece in pieces if piece.is_heard])


def settled_after_s(pieces: Sequence[Piece], sent_at: Sequence[float], since: float, limit_ms: float) -> float:
    """How long after `since` the delay came below `limit_ms` to stay there; infinite when it did not.

    Raises:
        ValueError: nothing was heard after `since`.
    """
    later = [piece for piece in pieces if piece.is_heard and sent_at[piece.number] + piece.delay_s >= since]
    if not later:
        raise ValueError("nothing was heard after the stall")
    above = [piece for piece in later if 1000 * piece.delay_s > limit_ms]
    if not above:
        return 0.0
    if above[-1] is later[-1]:
        return float("inf")
    return sent_at[above[-1].number] + above[-1].delay_s - since
