"""Making a reel of any file FFmpeg reads: once, ahead of time, so that nothing is encoded while it plays.

Hours of work, perhaps: it belongs into a process of its own (`server.reels.prepare`).
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np

from media.opus import SAMPLE_RATE_HZ, Pcm
from media.reel import MAX_BITS_PER_S
from media.reel_loudness import find_treatment, measure, treated
from media.reel_reading import Survey, read_pictures, read_sound
from media.slide import draw_slide
from media.stream import Slide

_SLIDE_SIZE: Final = (1280, 720)
_SLIDE_RATE: Final = 5
_FLAC_SAMPLES: Final = 4800
_FADE: Final = np.linspace(1, 0, SAMPLE_RATE_HZ // 100, dtype=np.float32)
_QUICK: Final = {
    "preset": "veryfast",
    "profile": "baseline",
    "crf": "21",
    "threads": "1",
    "forced-idr": "1",
    "maxrate": str(MAX_BITS_PER_S * 9 // 10),
    "bufsize": str(MAX_BITS_PER_S),
}


def make_reel(file: Path, found: Survey, title: str, target: Path, on_percent: Callable[[int], None]) -> bool:
    """Make the reel `target` of a file that was surveyed; `title` stands on the slide of one without pictures.
    `on_percent` is told each whole percent. Returns whether anything can be heard in it.

    Raises:
        NotPlayable: it cannot be decoded.
        OSError: the disk is full, say.
        av.FFmpegError: an encoder would not have it.
    """
    loudness = measure(read_sound(file, found))
    treatment = find_treatment(loudness, lambda: read_sound(file, found))
    rate = found.rate or _SLIDE_RATE
    pictures = read_pictures(file, found) if found.has_picture else _slides(title, found.seconds)
    with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as output:
        made = heapq.merge(
            _encoded_pictures(output, pictures, rate),
            _encoded_sound(output, _faded(treated(read_sound(file, found), treatment), found.seconds)),
            key=lambda packet: packet.dts * packet.time_base,
        )
        told = -1
        for packet in made:
            percent = min(99, int(packet.dts * packet.time_base * 100 / Fraction(found.seconds)))
            output.mux(packet)
            if percent > told:
                told = percent
                on_percent(percent)
    return not loudness.is_silent


def _slides(title: str, seconds: float) -> Iterator[Any]:
    frame = draw_slide(Slide(title=title, lines=()), *_SLIDE_SIZE)
    for number in range(max(1, round(seconds * _SLIDE_RATE))):
        frame.pts = number
        yield frame


def _encoded_pictures(output: Any, frames: Iterator[Any], rate: int) -> Iterator[Any]:
    first = next(frames)
    stream = output.add_stream("libx264", rate=rate)
    stream.width, stream.height, stream.pix_fmt = first.width, first.height, "yuv420p"
    stream.codec_context.time_base = Fraction(1, rate)
    stream.codec_context.gop_size = rate
    stream.options = _QUICK | {"forced-idr": "1", "x264-params": f"keyint={rate}:min-keyint=1:scenecut=0:bframes=0"}
    kinds = av.video.frame.PictureType
    for number, frame in enumerate(_with(first, frames)):
        frame.time_base = Fraction(1, rate)
        # Two in a second: where it goes on in the middle, its picture stands until the next.
        frame.pict_type = kinds.I if 2 * number % rate < 2 else kinds.NONE
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _with(first: Any, others: Iterator[Any]) -> Iterator[Any]:
    yield first
    # Who changes its size on the way is brought to the size it had at first.
    for frame in others:
        same = (frame.width, frame.height) == (first.width, first.height)
        if same:
            yield frame
        else:
            pts, frame = frame.pts, frame.reformat(first.width, first.height)
            frame.pts = pts
            yield frame


def _encoded_sound(output: Any, blocks: Iterable[Pcm]) -> Iterator[Any]:
    stream = output.add_stream("flac", rate=SAMPLE_RATE_HZ, layout="mono", format="s16")
    stream.codec_context.time_base = Fraction(1, SAMPLE_RATE_HZ)
    at = 0
    for pcm in _even(blocks, _FLAC_SAMPLES):
        samples = np.round(np.clip(pcm, -1, 1) * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE_HZ, Fraction(1, SAMPLE_RATE_HZ), at
        at += len(pcm)
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _even(blocks: Iterable[Pcm], size: int) -> Iterator[Pcm]:
    held: list[Pcm] = []
    count = 0
    for pcm in blocks:
        held.append(pcm)
        count += len(pcm)
        if count >= size:
            joined = np.concatenate(held)
            for at in range(0, count - size + 1, size):
                yield joined[at : at + size]
            held, count = [joined[count - count % size :]], count % size
    if count:
        yield np.concatenate(held)


def _faded(blocks: Iterable[Pcm], seconds: float) -> Iterator[Pcm]:
    """The sound with its last 10 ms falling to nothing, so that a message that was cut ends without a click."""
    left = round(seconds * SAMPLE_RATE_HZ)
    for pcm in blocks:
        left -= len(pcm)
        tail = len(_FADE) - left
        if tail > 0:
            pcm = pcm.copy()
            overlap = min(tail, len(pcm))
            begin = len(_FADE) - left - overlap
            pcm[len(pcm) - overlap :] *= _FADE[begin : begin + overlap]
        yield pcm
