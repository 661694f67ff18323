"""How loud a sound is (EBU R 128, ITU-R BS.1770-4), and how it is brought to a loudness without clipping.

FFmpeg measures and limits; a short message at a pinch is limited and measured anew until it lands.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np

from media.opus import SAMPLE_RATE_HZ, Pcm
from media.reel import LOUDNESS_LUFS, MOST_PEAK_DBTP
from media.sound import decibels

SILENT_LUFS: Final = -65.0
"""What is quieter holds no speech; to lift it would be to play noise."""
_NEAR_LU: Final = 0.2
_ROUNDS: Final = 6
# Between two samples a limiter at four times the rate still lets through some tenths of a decibel.
_MARGIN_DB: Final = 0.3
_NOTHING_LUFS: Final = -70.0


@dataclass(frozen=True, slots=True)
class Loudness:
    """Integrated loudness, −70 where there is nothing, and the highest true peak."""

    integrated_lufs: float
    peak_dbtp: float

    @property
    def is_silent(self) -> bool:
        """Whether nothing can be heard."""
        return self.integrated_lufs < SILENT_LUFS


@dataclass(frozen=True, slots=True)
class Treatment:
    """What brings a sound to its loudness: a gain, and a limiter where the gain alone would clip."""

    gain_db: float = 0.0
    ceiling_dbfs: float | None = None


class _Chain:
    """A row of FFmpeg's filters over 48 kHz mono."""

    def __init__(self, *filters: tuple[str, str]) -> None:
        self._graph: Any = av.filter.Graph()
        self._in = self._graph.add_abuffer(
            format="flt", sample_rate=SAMPLE_RATE_HZ, layout="mono", time_base=Fraction(1, SAMPLE_RATE_HZ)
        )
        last = self._in
        shape = f"sample_rates={SAMPLE_RATE_HZ}:sample_fmts=flt:channel_layouts=mono"
        for name, options in (*filters, ("aformat", shape)):
            step = self._graph.add(name, options)
            last.link_to(step)
            last = step
        self._out = self._graph.add("abuffersink")
        last.link_to(self._out)
        self._graph.configure()
        self._at = 0

    def push(self, pcm: Pcm) -> Iterator[Any]:
        """Put sound in; yields the frames that come out."""
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm)[None], format="flt", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE_HZ, Fraction(1, SAMPLE_RATE_HZ), self._at
        self._at += len(pcm)
        self._in.push(frame)
        yield from self._pull()

    def finish(self) -> Iterator[Any]:
        """The frames that were held back."""
        self._in.push(None)
        yield from self._pull()

    def _pull(self) -> Iterator[Any]:
        while True:
            try:
                yield self._out.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return


def measure(blocks: Iterable[Pcm]) -> Loudness:
    """How loud a whole sound is, 48 kHz mono."""
    chain = _Chain(("ebur128", "metadata=1:peak=true:framelog=quiet"))
    integrated, peak = _NOTHING_LUFS, 0.0
    for pcm in blocks:
        for frame in chain.push(pcm):
            integrated = float(frame.metadata.get("lavfi.r128.I", integrated))
            peak = max(peak, float(frame.metadata.get("lavfi.r128.true_peaks_ch0", 0.0)))
    return Loudness(max(integrated, _NOTHING_LUFS), decibels(peak))


def treated(blocks: Iterable[Pcm], treatment: Treatment) -> Iterator[Pcm]:
    """The sound as it is to be, of the same length."""
    if treatment.ceiling_dbfs is None:
        factor = np.float32(10 ** (treatment.gain_db / 20))
        for pcm in blocks:
            yield pcm * factor
        return
    # Four times the rate, so that what lies between two samples is limited too; latency=1 keeps it in its place.
    limit = 10 ** (treatment.ceiling_dbfs / 20)
    chain = _Chain(
        ("volume", f"volume={treatment.gain_db}dB:precision=float"),
        ("aresample", str(4 * SAMPLE_RATE_HZ)),
        ("alimiter", f"limit={limit:.4f}:attack=5:release=80:level=disabled:latency=1"),
        ("aresample", str(SAMPLE_RATE_HZ)),
    )
    taken = given = 0
    for pcm in blocks:
        taken += len(pcm)
        for frame in chain.push(pcm):
            given += frame.samples
            yield frame.to_ndarray().reshape(-1)
    for frame in chain.finish():
        rest: Pcm = frame.to_ndarray().reshape(-1)[: max(0, taken - given)]
        given += len(rest)
        yield rest
    if given < taken:
        yield np.zeros(taken - given, np.float32)


def find_treatment(loudness: Loudness, sound: Callable[[], Iterable[Pcm]]) -> Treatment:
    """What brings a sound of this loudness to −23 LUFS without a peak above −1 dBTP. `sound` gives it from its
    beginning as often as it is called: what a gain makes of it is measured, because a limiter takes some away, and a
    gain lifts some above the gate below which nothing counts.
    """
    if loudness.is_silent:
        return Treatment()
    treatment, made = Treatment(), loudness
    for _ in range(_ROUNDS):
        treatment = _improved(treatment, made)
        made = measure(treated(sound(), treatment))
        if abs(made.integrated_lufs - LOUDNESS_LUFS) <= _NEAR_LU and made.peak_dbtp <= MOST_PEAK_DBTP:
            break
    return treatment


def _improved(treatment: Treatment, made: Loudness) -> Treatment:
    """A treatment that is nearer, by what the one before has made."""
    lift_db = LOUDNESS_LUFS - made.integrated_lufs
    ceiling = treatment.ceiling_dbfs
    if ceiling is not None:
        ceiling -= max(0.0, made.peak_dbtp - MOST_PEAK_DBTP)
    elif made.peak_dbtp + lift_db > MOST_PEAK_DBTP:
        ceiling = MOST_PEAK_DBTP - _MARGIN_DB
    return Treatment(treatment.gain_db + lift_db, ceiling)
