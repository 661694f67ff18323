"""All recordings on disk: which there are, who may see them, until when they are kept.

What stands in memory is small (a card a recording); an index is read when somebody plays or downloads one, and a few
are kept. Work on the disk is done in threads, never on the event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from server.recordings import folders
from server.recordings.index import Ended, Kind, Published, Recording, is_recording_id, offset_of
from server.recordings.reel import Reel

_log = logging.getLogger(__name__)

_REELS_KEPT: Final = 8


class RecordingUnknown(KeyError):
    """There is no such recording, or it runs still, or it has been deleted."""


@dataclass(frozen=True, slots=True)
class TrackCard:
    """A track as it is offered: where it begins, how long it is, and its size in bytes."""

    name: str
    kind: Kind
    offset_s: float
    duration_s: float
    bytes: int


@dataclass(frozen=True, slots=True)
class Card:
    """A recording as lists show it. `ended_at` and `keep_until` are None while it runs; times are epoch seconds."""

    id: str
    room: str
    title: Mapping[str, str]
    begun_at: float
    ended_at: float | None
    keep_until: float | None
    is_public: bool
    duration_s: float
    bytes: int
    tracks: tuple[TrackCard, ...]


def card_of(recording: Recording) -> Card:
    """Return what lists show of a recording."""
    offered = (*((recording.video,) if recording.video else ()), *recording.channels, *recording.stems)
    timeline = recording.timeline()
    return Card(
        id=recording.id,
        room=recording.begun.room,
        title=recording.begun.title,
        begun_at=recording.begun.at,
        ended_at=recording.ended_at,
        keep_until=recording.keep_until,
        is_public=recording.is_public,
        duration_s=sum(stretch.length_s for stretch in timeline.values()),
        bytes=recording.bytes,
        tracks=tuple(
            TrackCard(track.name, track.kind, offset_of(track, timeline), track.duration_s, track.bytes)
            for track in offered
        ),
    )


class Archive:
    """The folders below `root`, one a recording. Used from the event loop alone."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._cards: dict[str, Card] = {}
        self._unfinished: dict[str, Recording] = {}
        self._reels: OrderedDict[str, Reel] = OrderedDict()

    async def open(self) -> None:
        """Learn what there is, and make whole what a server left that was killed. Never raises for a bad folder."""
        for recording, card in await asyncio.to_thread(_read_all, self.root):
            if recording is not None:
                self._unfinished[card.id] = recording
            self._cards[card.id] = card

    @property
    def cards(self) -> Mapping[str, Card]:
        """All recordings that are over, by id, oldest first."""
        over = [card for card in self._cards.values() if card.ended_at is not None]
        return MappingProxyType({card.id: card for card in sorted(over, key=lambda card: card.begun_at)})

    def folder(self, id: str) -> Path:
        """Return where a recording is or will be. Raises RecordingUnknown for what can be no recording's id."""
        if not is_recording_id(id):
            raise RecordingUnknown(id)
        return self.root / id

    def card(self, id: str) -> Card:
        """Return a recording that is over. Raises RecordingUnknown."""
        card = self._cards.get(id)
        if card is None or card.ended_at is None:
            raise RecordingUnknown(id)
        return card

    async def reel(self, id: str) -> Reel:
        """Return all of a recording that is over. Raises RecordingUnknown."""
        self.card(id)
        if id not in self._reels:
            found = await asyncio.to_thread(folders.read_folder, self.folder(id))
            if found is None or id not in self._cards:
                raise RecordingUnknown(id)
            self._reels[id] = Reel(found)
            while len(self._reels) > _REELS_KEPT:
                self._reels.popitem(last=False)
        self._reels.move_to_end(id)
        return self._reels[id]

    def take_up(self, id: str) -> Recording | None:
        """Return what there is of a recording that goes on, None for a new one. It is no longer played meanwhile."""
        found = self._unfinished.pop(id, None)
        if found is None and id in self._cards:
            # Closed too early: the store had not said yet that it goes on.
            found = folders.read_folder(self.folder(id))
        self._forget(id)
        return found

    @property
    def unfinished(self) -> tuple[str, ...]:
        """Recordings that a former server began, and that nobody has taken up or closed."""
        return tuple(self._unfinished)

    async def close_unfinished(self, id: str) -> None:
        """Close a recording that nobody goes on with; its end is that of its last part."""
        found = self._unfinished.pop(id, None)
        if found is None:
            return
        stretches = found.timeline().values()
        end = max((stretch.starts_at + stretch.length_s for stretch in stretches), default=found.begun.at)
        await asyncio.to_thread(folders.append_entry, self.folder(id), Ended(end))
        await self.refresh(id)

    async def refresh(self, id: str) -> None:
        """Read a recording anew, after it has ended."""
        card = await asyncio.to_thread(_read_card, self.folder(id))
        self._forget(id)
        if card is not None:
            self._cards[id] = card

    async def publish(self, id: str, is_public: bool, now: float) -> None:
        """Show it to everybody, or not. Raises RecordingUnknown."""
        self.card(id)
        await asyncio.to_thread(folders.append_entry, self.folder(id), Published(is_public, now))
        await self.refresh(id)

    async def delete(self, id: str) -> None:
        """Delete it for good, downloads too. Raises RecordingUnknown."""
        self.card(id)
        self._forget(id)
        await asyncio.to_thread(folders.delete, self.folder(id))

    async def delete_what_is_over(self, now: float) -> tuple[str, ...]:
        """Delete what has been kept as long as was said, and return the ids."""
        over = [card.id for card in self.cards.values() if card.keep_until is not None and card.keep_until <= now]
        for id in over:
            await self.delete(id)
            _log.info("recording %s has been kept its time and is deleted", id)
        return tuple(over)

    def _forget(self, id: str) -> None:
        self._cards.pop(id, None)
        self._reels.pop(id, None)


def _read_card(folder: Path) -> Card | None:
    found = folders.read_folder(folder)
    return None if found is None else card_of(found)


def _read_all(root: Path) -> list[tuple[Recording | None, Card]]:
    """Return all cards, each with its recording when that was not closed."""
    root.mkdir(parents=True, exist_ok=True)
    folders.clear_doomed(root)
    found: list[tuple[Recording | None, Card]] = []
    for folder in sorted(root.iterdir()):
        if not folder.is_dir() or not is_recording_id(folder.name):
            continue
        try:
            recording = folders.read_folder(folder)
            if recording is not None and recording.ended_at is None:
                recording = folders.mend(folder)
        except OSError as error:
            _log.error("recording %s cannot be read: %s", folder.name, type(error).__name__)
            continue
        if recording is not None and recording.id == folder.name:
            found.append((recording if recording.ended_at is None else None, card_of(recording)))
    return found
