"""Any file that FFmpeg reads, on one timeline from zero: its sound as 48 kHz mono, its pictures as they are shown.

The file is a stranger's. It is opened as bytes without a name, and nothing else may be opened by it: a playlist that
names other files or addresses is no message.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np

from media.opus import SAMPLE_RATE_HZ, Pcm
from media.reel import MAX_HEIGHT, MAX_RATE, MAX_SECONDS, MAX_WIDTH, MIN_SECONDS, NotPlayable

_NOTHING_ELSE: Final = {"protocol_whitelist": "none"}
# They read what others wrote for other files, or have no clock of their own.
_NO_MEDIA: Final = frozenset({"hls", "concat", "dash", "imf", "tty", "lavfi", "image2", "ffmetadata", "rtsp", "sdp"})
_GAP_SAMPLES: Final = SAMPLE_RATE_HZ // 50
_USUAL_RATE: Final = 25
_LEAST_RATE: Final = 5
_RUN_UP: Final = Fraction(1, 10)
# A file that says it is this much longer than what came out of it was cut off on its way.
_MAY_LACK_S: Final = 2.0
_MAY_LACK_PART: Final = 0.02
# A display matrix turns against the clock (FFmpeg's av_display_rotation_get).
_TURNS: Final = {
    90: (("transpose", "cclock"),),
    180: (("hflip", ""), ("vflip", "")),
    270: (("transpose", "clock"),),
}


@dataclass(frozen=True, slots=True)
class Survey:
    """What a file holds: where its timeline begins on its own clock, how long it is, pictures a second (0 without), and
    how wide a picture's point is against its height.
    """

    origin: Fraction
    seconds: float
    has_sound: bool
    has_picture: bool
    rate: int = 0
    aspect: float = 1.0


def survey(file: Path) -> Survey:
    """Read all of a file without decoding it.

    Raises:
        NotPlayable: it is no sound or film, is cut off or damaged, or is too short or too long.
    """
    with _opened(file) as container:
        streams = [stream for stream in (_sound(container), _picture(container)) if stream is not None]
        if not streams:
            raise NotPlayable("reel_not_media", 422)
        begin, end = _extent(container, streams)
        seconds = float(end - begin)
        claimed = (container.duration or 0) / av.time_base
        if claimed - seconds > max(_MAY_LACK_S, _MAY_LACK_PART * claimed):
            raise NotPlayable("reel_broken", 422)
        if seconds < MIN_SECONDS:
            raise NotPlayable("reel_too_short", 422)
        if seconds > MAX_SECONDS:
            raise NotPlayable("reel_too_long", 422)
        picture = _picture(container)
        has_sound = _sound(container) is not None
        if picture is None:
            return Survey(begin, seconds, has_sound, has_picture=False)
        aspect = float(picture.sample_aspect_ratio or 1) or 1.0
        return Survey(begin, seconds, has_sound, True, _rate(picture), aspect)


def read_sound(file: Path, found: Survey) -> Iterator[Pcm]:
    """The sound from the timeline's beginning to its end: 48 kHz mono, silence where there is none.

    Raises:
        NotPlayable: it cannot be decoded.
    """
    left = round(found.seconds * SAMPLE_RATE_HZ)
    for pcm in _placed_sound(file, found) if found.has_sound else ():
        piece = pcm[:left]
        left -= len(piece)
        yield piece
        if not left:
            return
    while left:
        silence = np.zeros(min(left, SAMPLE_RATE_HZ // 2), np.float32)
        left -= len(silence)
        yield silence


def read_pictures(file: Path, found: Survey) -> Iterator[Any]:
    """The pictures, `found.rate` a second in yuv420p of one even size, upright, from the beginning to the end; the last
    one stands when the sound is longer.

    Raises:
        NotPlayable: it cannot be decoded.
    """
    count = max(1, round(found.seconds * found.rate))
    number, last = 0, None
    for last in _shaped_pictures(file, found):
        if number >= count:
            return
        last.pts = number
        number += 1
        yield last
    if last is None:
        raise NotPlayable("reel_broken", 422)
    while number < count:
        last.pts = number
        number += 1
        yield last


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    try:
        with file.open("rb") as opened, av.open(opened, options=_NOTHING_ELSE) as container:
            if set(container.format.name.split(",")) & _NO_MEDIA:
                raise NotPlayable("reel_not_media", 422)
            yield container
    except av.error.FFmpegError as error:
        # What is no film at all looks to FFmpeg like a broken one; a film's first bytes tell them apart.
        raise NotPlayable("reel_broken" if _looks_like_media(file) else "reel_not_media", 422) from error


def _looks_like_media(file: Path) -> bool:
    with file.open("rb") as opened:
        head = opened.read(12)
    is_box = head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free")
    return is_box or head.startswith((b"\x1aE\xdf\xa3", b"RIFF", b"OggS", b"ID3", b"fLaC", b"FLV", b"0&\xb2u"))


def _sound(container: Any) -> Any:
    return next((one for one in container.streams.audio if one.codec_context is not None), None)


def _picture(container: Any) -> Any:
    """The film's stream; a record's cover is none."""
    cover = av.stream.Disposition.attached_pic
    films = (one for one in container.streams.video if one.codec_context is not None and not one.disposition & cover)
    return next(films, None)


def _extent(container: Any, streams: list[Any]) -> tuple[Fraction, Fraction]:
    begins: dict[str, Fraction] = {}
    end = Fraction(0)
    for packet in container.demux(streams):
        if packet.pts is None or packet.size == 0 or packet.is_discard:
            continue
        at, kind = packet.pts * packet.time_base, packet.stream.type
        begins[kind] = min(begins.get(kind, at), at)
        end = max(end, at + (packet.duration or 0) * packet.time_base)
    if not begins:
        raise NotPlayable("reel_broken", 422)
    first = min(begins.values())
    # An encoder's run-up before the first picture is no sound; what is longer is.
    picture = begins.get("video", first)
    return (picture if picture - first < _RUN_UP else first), end


def _rate(stream: Any) -> int:
    found = float(stream.average_rate or stream.guessed_rate or _USUAL_RATE)
    while found > MAX_RATE + 0.5:
        found /= 2
    return max(_LEAST_RATE, round(found))


def _placed_sound(file: Path, found: Survey) -> Iterator[Pcm]:
    """The sound with silence where a gap is, and without what would stand twice."""
    origin = round(found.origin * SAMPLE_RATE_HZ)
    at = 0
    for frame in _resampled(_decoded(file, _sound)):
        pcm: Pcm = frame.to_ndarray().reshape(-1)
        ahead = 0 if frame.pts is None else round(frame.pts * frame.time_base * SAMPLE_RATE_HZ) - origin - at
        if ahead > _GAP_SAMPLES:
            at += ahead
            for _ in range(ahead // SAMPLE_RATE_HZ):
                yield np.zeros(SAMPLE_RATE_HZ, np.float32)
            yield np.zeros(ahead % SAMPLE_RATE_HZ, np.float32)
        elif ahead < -_GAP_SAMPLES:
            pcm = pcm[-ahead:]
        at += len(pcm)
        yield pcm


def _resampled(frames: Iterable[Any]) -> Iterator[Any]:
    """The same sound as 48 kHz mono, also when its shape changes on the way."""
    resampler, shape = None, None
    for frame in frames:
        now = (frame.format.name, frame.layout.name, frame.sample_rate)
        if resampler is None or now != shape:
            yield from resampler.resample(None) if resampler is not None else ()
            resampler, shape = av.AudioResampler("flt", "mono", SAMPLE_RATE_HZ), now
        yield from resampler.resample(frame)
    yield from resampler.resample(None) if resampler is not None else ()


def _shaped_pictures(file: Path, found: Survey) -> Iterator[Any]:
    """The pictures upright, small enough, at an even pace."""
    shaping: _Shaping | None = None
    for frame in _decoded(file, _picture):
        if frame.pts is None:
            continue
        if shaping is None or shaping.shape != _shape(frame):
            yield from shaping.push(None) if shaping is not None else ()
            shaping = _Shaping(frame, found)
        frame.pts -= round(found.origin / frame.time_base)
        yield from shaping.push(frame)
    yield from shaping.push(None) if shaping is not None else ()


class _Shaping:
    """A row of FFmpeg's filters for pictures of one shape."""

    def __init__(self, frame: Any, found: Survey) -> None:
        self.shape = _shape(frame)
        # Its ends do not keep the graph alive.
        self._graph: Any = av.filter.Graph()
        self._source = last = self._graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
        )
        width, height = _shown_size(frame, found.aspect)
        steps = [("yadif", "deint=interlaced"), *_TURNS.get(frame.rotation % 360, ())]
        steps += [("scale", f"{width}:{height}:flags=bicubic"), ("setsar", "1"), ("format", "yuv420p")]
        for name, options in (*steps, ("fps", f"fps={found.rate}:start_time=0")):
            step = self._graph.add(name, options)
            last.link_to(step)
            last = step
        self._sink = self._graph.add("buffersink")
        last.link_to(self._sink)
        self._graph.configure()

    def push(self, frame: Any) -> Iterator[Any]:
        """Put a picture in, or None at the end; yields those that come out."""
        self._source.push(frame)
        while True:
            try:
                yield self._sink.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return


def _shape(frame: Any) -> object:
    return frame.width, frame.height, frame.format.name, frame.rotation


def _shown_size(frame: Any, aspect: float) -> tuple[int, int]:
    """How large a picture is to be, upright, both even."""
    width, height = frame.width * aspect, float(frame.height)
    if frame.rotation % 180:
        width, height = height, width
    smaller = min(1.0, MAX_WIDTH / width, MAX_HEIGHT / height)
    return max(2, round(width * smaller / 2) * 2), max(2, round(height * smaller / 2) * 2)


def _decoded(file: Path, choose: Callable[[Any], Any]) -> Iterator[Any]:
    """The frames of one stream. A packet that is damaged costs what was in it.

    Raises:
        NotPlayable: more packets are damaged than whole.
    """
    whole = damaged = 0
    with _opened(file) as container:
        stream = choose(container)
        stream.codec_context.thread_count = 1
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                damaged += 1
                continue
            whole += 1
            yield from frames
    if damaged > whole:
        raise NotPlayable("reel_broken", 422)
