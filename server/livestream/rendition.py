"""One track of a livestream: its listing, its newest bytes in memory, and who waits for what comes next.

All on the event loop, and nothing here waits: a playlist is written once for each state, when somebody asks for it,
and one future stands for all who wait for the same part.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from media.playlists import Opening, Pace, Part, Report, Segment
from server.livestream.blobs import Blob, Cache
from server.livestream.listing import Listing, Shelved

# Parts stay listed for three target durations and can be had for three more (6.2.2); a segment is about one.
IN_MEMORY: Final = 9
MEDIA_TYPE: Final = "video/mp4"
PLAYLIST_TYPE: Final = "application/vnd.apple.mpegurl"


@dataclass(frozen=True, slots=True)
class NewPart:
    """A part as it comes in; `init` and `run` (starts of the packager before it) by our own count."""

    msn: int
    init: int
    run: int
    payload: bytes
    duration_s: float
    is_independent: bool
    is_last: bool
    starts_at: float


class Rendition:
    """A track. `window_s` seconds stay listed; `on_drop` is told of each segment that no longer is."""

    def __init__(self, track: str, pace: Pace, window_s: float, on_drop: Callable[[Segment], None]) -> None:
        self.track = track
        self.listing = Listing(track, pace, window_s, on_drop)
        self.reports: Callable[[], Iterable[Report]] = tuple
        """Tells how far the other renditions are."""
        self._pace = pace
        self._parts: list[NewPart] = []
        self._inits: dict[int, Blob] = {}
        self._wholes: dict[int, Blob] = {}
        self._pieces: dict[int, list[Blob]] = {}
        self._waiting: dict[tuple[int, int | None], asyncio.Future[None]] = {}
        self._pages: dict[bool, Blob] = {}

    @property
    def next_msn(self) -> int:
        """The number of the segment that is being made or comes next."""
        if self._parts:
            return self._parts[0].msn
        last = self.listing.last
        return last.msn + 1 if last else 0

    @property
    def is_playable(self) -> bool:
        """There is a whole segment, without which players take a playlist for empty."""
        return bool(self.listing.segments)

    @property
    def report(self) -> Report | None:
        """How far this rendition is; None while it is empty."""
        if self._parts:
            return Report(self.track, self._parts[0].msn, len(self._parts) - 1)
        last = self.listing.last
        return Report(self.track, last.msn, max(0, len(last.parts) - 1)) if last else None

    @property
    def hint(self) -> tuple[int, int]:
        """The part that comes next, as segment and index."""
        return self.next_msn, len(self._parts)

    def has(self, msn: int, part: int | None) -> bool:
        """Tell whether the playlist reaches this far; a part past its segment's end is the next one's first."""
        last = self.listing.last
        if last is not None and msn <= last.msn:
            is_past_end = part is not None and msn == last.msn and part >= len(last.parts) > 0
            return not is_past_end or bool(self._parts)
        return part is not None and bool(self._parts) and msn == self.next_msn and part < len(self._parts)

    def is_too_far(self, msn: int, part: int | None) -> bool:
        """Tell whether nobody who follows this playlist can want that already (6.2.5.2). Its rendition reports tell how
        far the others are, so that one that lags may be asked for what they have.
        """
        here = self.next_msn, len(self._parts)
        newest, parts = max([here, *((one.msn, one.part + 1) for one in self.reports())])
        if msn > newest + 1:
            return True
        limit = 3 / self._pace.part_target_s if self._pace.part_target_s < 1 else 3
        return part is not None and msn == newest and part > parts - 1 + limit

    def init(self, number: int) -> Blob | None:
        """Return an initialisation that is in memory."""
        return self._inits.get(number)

    def whole(self, msn: int) -> Blob | None:
        """Return a whole segment that is in memory."""
        return self._wholes.get(msn)

    def piece(self, msn: int, part: int) -> Blob | None:
        """Return a part that is in memory."""
        pieces = self._pieces.get(msn, ())
        return pieces[part] if part < len(pieces) else None

    def put_init(self, number: int, payload: bytes) -> None:
        """Keep an initialisation under our own number."""
        self._inits[number] = Blob(payload, MEDIA_TYPE, Cache.FOREVER, f"i{number}-{len(payload):x}")

    def take(self, part: NewPart) -> None:
        """Take in the next part, and wake who waits for it."""
        if self._parts and self._parts[0].msn != part.msn:
            self.close()
        if not self._parts:
            self.listing.fill(part.msn, part.run, part.starts_at)
        tag = f"{part.msn}.{len(self._parts)}-{len(part.payload):x}"
        self._parts.append(part)
        self._pieces.setdefault(part.msn, []).append(Blob(part.payload, MEDIA_TYPE, Cache.FOREVER, tag))
        if part.is_last:
            self.close()
        self._wake()

    def fill_up_to(self, msn: int, run: int, starts_at: float) -> None:
        """Let gaps stand for the segments that are missing before `msn`."""
        if self.next_msn < msn:
            self.listing.fill(msn, run, starts_at)
        self._wake()

    def playlist(self, *, is_delta: bool) -> Blob:
        """Return the playlist as it is now, or only what is newer than the skip boundary."""
        page = self._pages.get(is_delta)
        if page is None:
            text = self.listing.text(self._opening(), self._run, self.hint, self.reports(), is_delta=is_delta)
            body = text.encode()
            page = self._pages[is_delta] = Blob(body, PLAYLIST_TYPE, Cache.MOMENT, f"{crc32(body):x}")
        return page

    def reached(self, msn: int, part: int | None) -> asyncio.Future[None]:
        """Return what is done when the playlist reaches this far; shared by all who wait, so shield it."""
        future = self._waiting.get((msn, part))
        if future is None:
            future = self._waiting[msn, part] = asyncio.get_running_loop().create_future()
        return future

    def let_go(self) -> None:
        """Wake everybody who waits, though there is nothing for them."""
        for future in self._waiting.values():
            if not future.done():
                future.set_result(None)
        self._waiting.clear()

    @property
    def _run(self) -> int:
        if self._parts:
            return self._parts[0].run
        return self.listing.segments[-1].run if self.listing.segments else 0

    def _opening(self) -> Opening | None:
        if not self._parts:
            return None
        first = self._parts[0]
        return Opening(first.msn, first.starts_at, first.init, _told(self._parts))

    def close(self) -> None:
        """End the segment that is being made, however short."""
        if not self._parts:
            return
        first, parts = self._parts[0], self._parts
        self._parts = []
        payload = tuple(one.payload for one in parts)
        size = sum(map(len, payload))
        self._wholes[first.msn] = Blob(payload, MEDIA_TYPE, Cache.FOREVER, f"{first.msn}-{size:x}")
        length_s = sum(one.duration_s for one in parts)
        segment = Segment(first.msn, first.starts_at, length_s, first.init, _told(parts))
        self.listing.append(Shelved(segment, first.run, size))
        for msn in [msn for msn in self._wholes if msn <= first.msn - IN_MEMORY]:
            del self._wholes[msn], self._pieces[msn]
        self.listing.drop_unsaved(first.msn - IN_MEMORY + 1)

    def _wake(self) -> None:
        self._pages.clear()
        for place in [place for place in self._waiting if self.has(*place)]:
            future = self._waiting.pop(place)
            if not future.done():
                future.set_result(None)


def _told(parts: list[NewPart]) -> tuple[Part, ...]:
    return tuple(Part(one.duration_s, one.is_independent) for one in parts)
