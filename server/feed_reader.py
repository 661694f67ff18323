"""Reading one opened source of `tolmach publish`: from FFmpeg's packets to timed frames.

A `Reader` runs in a thread of its own and hands frames on by a callback: sound as 20 ms of 48 kHz stereo, pictures
in yuv420p, no larger than 1280 × 720 and no more than 30 a second, which is what H.264 level 3.1 and aiortc's
encoder carry. Times are seconds since the reader began and go on without a step when a source is repeated.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from av.video.frame import VideoFrame

from server.feed_source import FeedError, Kind, Source, open_source, reason, streams_of

Frame = AudioFrame | VideoFrame
# Takes a frame, its kind and its time in seconds.
Deliver = Callable[[Kind, float, Frame], None]

SAMPLE_RATE = 48_000
FRAME_SAMPLES = 960
VIDEO_CLOCK = 90_000
MAX_WIDTH, MAX_HEIGHT = 1280, 720
MIN_PICTURE_S = 1 / 30
# How far a recording is read ahead of its time; its sound and picture may lie that far apart in the file.
AHEAD_S = 1.0
# A step in a source's sound smaller than this is its container's rounding and is smoothed over.
STEP_SAMPLES = SAMPLE_RATE // 10
REOPEN_S = 1.0


class Reader:
    """Reads `kinds` of an opened source in a thread and hands on their frames; owns and closes the container.

    `deliver` and, once at the end, `end` with the error or None are called in that thread.
    """

    def __init__(
        self,
        source: Source,
        container: InputContainer,
        kinds: frozenset[Kind],
        *,
        repeat: bool,
        deliver: Deliver,
        end: Callable[[FeedError | None], None],
    ) -> None:
        self._source = source
        self._container = container
        self._kinds = kinds
        self._repeat = repeat
        self._deliver = deliver
        self._end = end
        self._quit = threading.Event()
        # A daemon, because a read from a dead network cannot be interrupted and must not keep the program.
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self._began = 0.0

    def start(self) -> None:
        """Begin to read; the reader's time begins now."""
        self._began = time.monotonic()
        self._thread.start()

    def quit(self) -> None:
        """Ask the thread to end; does not wait."""
        self._quit.set()
        if self._thread.ident is None:
            self._container.close()

    def join(self, timeout_s: float) -> None:
        """Wait for the thread's end. Blocks."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    @property
    def began(self) -> float:
        """When the reader's time began, by the monotonic clock."""
        return self._began

    def _run(self) -> None:
        error: FeedError | None = None
        try:
            self._play_all()
        except FeedError as failure:
            error = failure
        except (av.FFmpegError, OSError, ValueError) as failure:
            error = FeedError(f"{self._source.name} broke off: {reason(failure)}")
        finally:
            self._container.close()
            self._end(error)

    def _play_all(self) -> None:
        shaper = _Shaper()
        while True:
            begun_s = shaper.end_s
            try:
                self._play(shaper)
            except (av.FFmpegError, OSError):
                # An encoder that sent to us by RTMP takes its leave by hanging up.
                if not (self._source.listens or (self._repeat and self._source.is_live)):
                    raise
            if not self._repeat or self._quit.is_set():
                return
            self._container.close()
            self._container = self._open_again(was_empty=shaper.end_s == begun_s)
            elapsed_s = time.monotonic() - self._began
            shaper.begin_again(max(shaper.end_s, elapsed_s if self._source.is_live else 0.0))

    def _open_again(self, was_empty: bool) -> InputContainer:
        if was_empty and not self._source.is_live:
            raise FeedError(f"{self._source.name} has nothing to repeat")
        while True:
            # A camera that restarts is away for a while; a recording that is gone is gone.
            if self._source.is_live and self._quit.wait(REOPEN_S):
                raise FeedError(f"{self._source.name} was given up")
            try:
                return open_source(self._source, self._quit)
            except FeedError:
                if not self._source.is_live:
                    raise

    def _play(self, shaper: _Shaper) -> None:
        for frame in self._frames():
            for kind, at_s, shaped in shaper.shape(frame):
                self._wait_until(at_s - AHEAD_S)
                if self._quit.is_set():
                    return
                self._deliver(kind, at_s, shaped)

    def _frames(self) -> Iterator[Frame]:
        streams = [stream for kind, stream in streams_of(self._container).items() if kind in self._kinds]
        while not self._quit.is_set():
            try:
                for packet in self._container.demux(streams):
                    # One damaged packet costs its own frames, not the rest.
                    with suppress(av.InvalidDataError):
                        for frame in packet.decode():
                            if isinstance(frame, AudioFrame | VideoFrame):
                                yield frame
                return
            except av.BlockingIOError:
                self._quit.wait(0.01)  # a device that has nothing yet

    def _wait_until(self, at_s: float) -> None:
        if not self._source.is_live:
            self._quit.wait(max(0.0, self._began + at_s - time.monotonic()))


class _Shaper:
    """Brings a source into our formats and onto our timeline; `end_s` is how far it has come on it.

    What the resampler holds at the end of one playing is heard at the beginning of the next.
    """

    def __init__(self) -> None:
        self.end_s = 0.0
        self._offset_s = 0.0
        self._first_s: float | None = None
        self._next_sample: int | None = None
        self._next_picture_s = 0.0
        self._resampler = AudioResampler("s16", "stereo", SAMPLE_RATE, frame_size=FRAME_SAMPLES)

    def begin_again(self, at_s: float) -> None:
        """Let the source's next frame, whatever time it bears, come at `at_s`."""
        self._offset_s = at_s
        self._first_s = None

    def shape(self, frame: Frame) -> Iterator[tuple[Kind, float, Frame]]:
        """Yield what becomes of a decoded frame, with its time."""
        if frame.time is None:
            return
        if self._first_s is None:
            self._first_s = frame.time
        at_s = frame.time - self._first_s + self._offset_s
        if at_s < self._offset_s:
            return
        if isinstance(frame, AudioFrame):
            yield from self._sound(frame, at_s)
        else:
            yield from self._picture(frame, at_s)

    def _sound(self, frame: AudioFrame, at_s: float) -> Iterator[tuple[Kind, float, Frame]]:
        sample = round(at_s * SAMPLE_RATE)
        if self._next_sample is None or abs(sample - self._next_sample) > STEP_SAMPLES:
            self._next_sample = sample
        self.end_s = max(self.end_s, at_s + frame.samples / frame.sample_rate)
        frame.pts = None
        for shaped in self._resampler.resample(frame):
            shaped.pts, shaped.time_base = self._next_sample, Fraction(1, SAMPLE_RATE)
            at_s = self._next_sample / SAMPLE_RATE
            self._next_sample += shaped.samples
            yield "audio", at_s, shaped

    def _picture(self, frame: VideoFrame, at_s: float) -> Iterator[tuple[Kind, float, Frame]]:
        self.end_s = max(self.end_s, at_s + MIN_PICTURE_S)
        if at_s < self._next_picture_s - MIN_PICTURE_S / 4:
            return
        self._next_picture_s = max(self._next_picture_s + MIN_PICTURE_S, at_s)
        shrink = min(1.0, MAX_WIDTH / frame.width, MAX_HEIGHT / frame.height)
        size: dict[str, Any] = {
            "width": max(2, int(frame.width * shrink) // 2 * 2),
            "height": max(2, int(frame.height * shrink) // 2 * 2),
        }
        shaped = frame.reformat(format="yuv420p", **size)
        shaped.pts, shaped.time_base = round(at_s * VIDEO_CLOCK), Fraction(1, VIDEO_CLOCK)
        yield "video", at_s, shaped
