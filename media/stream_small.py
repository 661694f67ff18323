"""The small copy of a stream's picture, 360 lines high, for those with a thin line: the track called "small"."""

from collections.abc import Iterator
from typing import Final

from media import avc
from media.errors import MediaError
from media.still import annex_b
from media.stream_parts import PictureParts
from media.stream_picture import PicturePart, Shown
from media.transcoder import Transcoder, Wanted

_HEIGHT: Final = 360


class SmallTrack:
    """Fed with what the large track shows, so that it has the slide and the stalls too; segments begin with its.

    Args:
        msn: the first segment.
    """

    def __init__(self, msn: int) -> None:
        self._transcoder = Transcoder("h264", _HEIGHT)
        self._parts = PictureParts(msn)
        self._segments: dict[int, tuple[bytes, avc.PictureFormat]] = {}
        self._now = (b"", avc.PictureFormat(0, 0, ""))

    @property
    def dropped(self) -> int:
        """Pictures left out because time was short."""
        return self._transcoder.dropped

    @property
    def waiting(self) -> int:
        """Pictures that wait to be copied."""
        return self._transcoder.waiting

    def close(self) -> None:
        """Let the thread go."""
        self._transcoder.close()

    def put(self, shown: Shown) -> None:
        """Take a picture of the large track."""
        self._transcoder.put(Wanted(annex_b(shown.payload), shown, shown.is_key, shown.begins))

    def take(self) -> Iterator[PicturePart]:
        """The parts that are whole now.

        Raises:
            MediaError: the transcoder's thread has ended by an exception.
        """
        if self._transcoder.error:
            raise MediaError("small_transcoder")
        for copy in self._transcoder.take():
            yield from self._add(copy.label.starts, copy.payload, is_key=copy.is_key)

    def finish(self) -> Iterator[PicturePart]:
        """What is left, that in the transcoder too."""
        self._transcoder.close()
        yield from self.take()
        part = self._parts.finish()
        if part is not None:
            yield PicturePart(part, *self._segments[part.msn])

    def _add(self, starts: int, payload: bytes, *, is_key: bool) -> Iterator[PicturePart]:
        if is_key:
            sets = {avc.kind_of(unit): unit for unit in avc.split_lengths(payload)}
            self._now = (avc.format_record(sets[avc.SPS], sets[avc.PPS]), avc.parse_sps(sets[avc.SPS]))
        before = self._parts.msn
        parts = self._parts.add(starts, payload, is_key=is_key)
        if self._parts.msn != before or not self._segments:
            self._segments[self._parts.msn] = self._now
        for part in parts:
            yield PicturePart(part, *self._segments[part.msn])
            if part.is_last:
                del self._segments[part.msn]
