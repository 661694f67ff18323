"""What is shown while no picture comes: for two seconds the last one, standing; then the holding slide.

Both are drawn and encoded in another thread; until one is ready there is nothing to show.
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Final

from media.slide import draw_slide
from media.still import Still, decode_last, encode_still
from media.stream import Slide

SLIDE_AFTER_S: Final = 2.0
_FIRST_SIZE: Final = (1280, 720)
_MOST_PICTURES: Final = 600
_MOST_BYTES: Final = 16_000_000


class _Ordered:
    """One still that is being made, or the newest that was; a failure leaves the one before."""

    def __init__(self, pool: Executor) -> None:
        self.still: Still | None = None
        self._pool = pool
        self._future: Future[Still | None] | None = None

    def order(self, make: Callable[[], Still | None]) -> None:
        self._future = self._pool.submit(make)

    @property
    def is_made(self) -> bool:
        """Whether nothing more is to come."""
        if self._future is not None and self._future.done():
            done, self._future = self._future, None
            if done.exception() is None:
                self.still = done.result() or self.still
        return self._future is None

    def forget(self) -> None:
        self.still = self._future = None


class Filler:
    """Remembers the pictures since the last keyframe, and the slide's words.

    Args:
        pool: draws and encodes.
    """

    def __init__(self, pool: Executor) -> None:
        self._words = Slide()
        self._size = _FIRST_SIZE
        self._drawn: tuple[Slide, tuple[int, int]] | None = None
        self._slide = _Ordered(pool)
        self._last = _Ordered(pool)
        self._row: list[bytes] = []
        self._row_bytes = 0
        self._is_prepared = False
        self._draw()

    def say(self, words: Slide) -> None:
        """What the slide says from now on."""
        self._words = words
        self._draw()

    def note(self, picture: bytes, size: tuple[int, int], *, is_key: bool) -> None:
        """A picture was shown, in the form that a part holds it in."""
        if is_key:
            self._row, self._row_bytes = [], 0
            self._size = size
        self._is_prepared = False
        if not is_key and not self._row:
            return
        self._row.append(picture)
        self._row_bytes += len(picture)
        if len(self._row) > _MOST_PICTURES or self._row_bytes > _MOST_BYTES:
            # Without the keyframe the rest is worth nothing.
            self._row, self._row_bytes = [], 0

    def prepare(self) -> None:
        """Pictures may have stopped coming: make the last one stand, unless that is done."""
        if self._is_prepared:
            return
        self._is_prepared = True
        self._last.forget()
        row = tuple(self._row)
        if row:
            self._last.order(lambda: _encode_last(row))
        self._draw()

    def show(self, stalled_s: float, *, is_held: bool) -> Still | None:
        """What to show after so long without a picture; None while it is not ready."""
        slide = self._slide.still if self._slide.is_made or self._slide.still else None
        if is_held or stalled_s >= SLIDE_AFTER_S:
            return slide or self._last.still
        return (self._last.still or slide) if self._last.is_made else None

    def _draw(self) -> None:
        words, (width, height) = wanted = self._words, self._size
        if wanted != self._drawn:
            self._drawn = wanted
            self._slide.order(lambda: encode_still(draw_slide(words, width, height)))


def _encode_last(row: tuple[bytes, ...]) -> Still | None:
    frame = decode_last(row)
    return None if frame is None else encode_still(frame)
