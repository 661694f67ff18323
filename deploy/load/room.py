"""What one room costs: floor, three channels twice (pure and with the original), seven sources, meters.

`python -m deploy.load.room` runs the mixer's ticks in this process, fed with real Opus packets, and prints the share of
a core at fifty ticks a second. Fan-out is not in it; `deploy.load.bench` measures that.
"""

import argparse
import time
from collections.abc import Sequence
from typing import Final

import numpy as np

from media.jitter import JitterBuffer
from media.mixer import TICK_S, Encoded, Mix, Mixer
from media.opus import FRAME_SAMPLES, Encoder
from media.rtp import RtpPacket

_SOURCES: Final = ("venue", "mic:1", "mic:2", "mic:3", "mic:4", "mic:5", "mic:6")
_LANGUAGES: Final = ("de", "uk", "en")
_LOOP_PACKETS: Final = 250


def _speech(pitch_hz: float) -> list[bytes]:
    """Five seconds like a voice: a buzz of many partials whose loudness goes up and down four times a second."""
    at = np.arange(_LOOP_PACKETS * FRAME_SAMPLES) / 48000
    voice = sum(np.sin(2 * np.pi * pitch_hz * n * at + n) / n for n in range(1, 30))
    sound = (0.15 * voice * (1 + np.sin(2 * np.pi * 4 * at)) / 2).astype(np.float32)
    encoder = Encoder()
    return [encoder.encode(np.ascontiguousarray(frame)) for frame in sound.reshape(-1, FRAME_SAMPLES)]


def measure(ticks: int) -> dict[str, float]:
    """Run `ticks` ticks; CPU in percent of a core, and milliseconds a tick."""
    delivered: list[list[Encoded]] = []
    mixer = Mixer(delivered.append, print)
    buffers = {name: JitterBuffer() for name in _SOURCES}
    packets = {name: _speech(90.0 + 20 * n) for n, name in enumerate(_SOURCES)}
    for name, buffer in buffers.items():
        mixer.add_source(name, buffer)
    mixer.set_mix("floor", {"venue": Mix(1.0)})
    for n, language in enumerate(_LANGUAGES):
        mixer.set_mix(language, {f"mic:{n + 1}": Mix(1.0)})
        mixer.set_mix(f"{language}+floor", {f"mic:{n + 1}": Mix(1.0), "venue": Mix(0.2)})
    for bus in ("floor", *_LANGUAGES, *(f"{language}+floor" for language in _LANGUAGES)):
        mixer.set_sinks(bus, {1: 1})
    mixer.set_meters(frozenset({*_SOURCES, "floor", *_LANGUAGES}))
    spent = 0.0
    for tick in range(ticks):
        for name, buffer in buffers.items():
            payload = packets[name][tick % _LOOP_PACKETS]
            buffer.push(RtpPacket(111, False, tick & 0xFFFF, tick * FRAME_SAMPLES & 0xFFFFFFFF, 1, payload))
        before = time.process_time()
        mixer.run_tick(tick, time.monotonic())
        spent += time.process_time() - before
    return {
        "room_cpu_percent": spent / (ticks * TICK_S) * 100,
        "room_tick_ms": spent / ticks * 1000,
        "room_packets_a_tick": sum(map(len, delivered)) / ticks,
        "room_ticks_failed": float(mixer.counts.failed),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ticks", type=int, default=1000, help="how many ticks of 20 ms (1000)")
    for name, value in measure(parser.parse_args(arguments).ticks).items():
        print(f"{name}: {value:.2f}")


if __name__ == "__main__":
    main()
