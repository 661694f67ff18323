"""The video messages of all rooms: taken in, made ready one after another, handed to whoever plays them.

What a message is stands on the disk, so that a server that starts again goes on preparing what it had begun.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import secrets
from collections.abc import AsyncIterable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from interpreting.commands import Command
from interpreting.ids import AssetId, ItemId, RoomId
from interpreting.workshop_commands import CuePlayout
from media.reel import ReelFile
from server.problems import Problem
from server.reels.shelf import Asset, Shelf, Standing, free_bytes
from server.reels.subtitles import Cue
from server.reels.workroom import Made, Workroom

_log = logging.getLogger(__name__)

MAX_ASSETS: Final = 40
"""So many a room."""
_MIB: Final = 1024 * 1024
_BITE_BYTES: Final = 4 * _MIB
# What a reel takes at most: 2.5 Mbit/s of picture and 0.5 Mbit/s of sound.
_REEL_BYTES_A_SECOND: Final = 400_000
_TELL_EVERY_PERCENT: Final = 5


class Reels:
    """Open it before the conductor.

    Args:
        root: the folder of all messages.
        max_bytes: of one file.
        min_free_bytes: what is left on the disk to the rest.
        now: epoch seconds.
        on_change: told of a room whose messages are not what they were.
        free: how much room is left on a folder's disk.
    """

    def __init__(
        self,
        root: Path,
        max_bytes: int,
        min_free_bytes: int,
        now: Callable[[], float],
        on_change: Callable[[RoomId], None],
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        self.shelf = Shelf(root)
        self._max_bytes, self._min_free_bytes = max_bytes, min_free_bytes
        self._now, self._on_change, self._free = now, on_change, free
        self._assets: dict[AssetId, Asset] = {}
        self._coming: list[RoomId] = []
        self._workroom = Workroom()
        self._tasks: dict[AssetId, asyncio.Task[None]] = {}

    async def open(self) -> None:
        """Learn what there is, and go on preparing. Raises OSError."""
        await asyncio.to_thread(self.shelf.root.mkdir, parents=True, exist_ok=True, mode=0o700)
        for asset in await asyncio.to_thread(self.shelf.load):
            self._assets[asset.id] = asset
            if asset.standing is Standing.PREPARING:
                self._begin(asset)

    async def aclose(self) -> None:
        """Stop preparing; it is begun anew at the next start."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def of_room(self, room: RoomId) -> tuple[Asset, ...]:
        """Return a room's messages, oldest first."""
        return tuple(asset for asset in self._assets.values() if asset.room == room)

    def asset(self, room: RoomId, id: str) -> Asset:
        """Return a room's message. Raises Problem reel_unknown."""
        found = self._assets.get(AssetId(id))
        if found is None or found.room != room:
            raise Problem("reel_unknown")
        return found

    def ready(self, room: RoomId, id: str) -> tuple[Asset, ReelFile]:
        """Return a room's message that can be played. Raises Problem reel_unknown or reel_not_ready."""
        found = self.asset(room, id)
        if found.standing is not Standing.READY:
            raise Problem("reel_not_ready")
        return found, ReelFile(self.shelf.reel(found), found.seconds)

    def checked(self, room: RoomId, command: Command) -> Command:
        """Return a command with what a page may not claim: the length of what is cued. Raises Problem as `ready`."""
        if not isinstance(command, CuePlayout):
            return command
        asset, _ = self.ready(room, command.asset)
        return replace(command, seconds=asset.seconds)

    async def take_in(
        self,
        room: RoomId,
        body: AsyncIterable[bytes],
        *,
        name: str,
        item: ItemId | None,
        by: str,
        length: int | None,
    ) -> Asset:
        """Keep a file that comes, look at it, and have it prepared. `length` is what the sender says of it.

        Raises Problem reels_full, reel_too_large, reel_empty, disk_full, and the codes of `media.reel.NotPlayable`;
        nothing is kept then. What `body` raises goes on up.
        """
        if len(self.of_room(room)) + self._coming.count(room) >= MAX_ASSETS:
            raise Problem("reels_full")
        if (length or 0) > self._max_bytes:
            raise Problem("reel_too_large", headers={"Connection": "close"})
        id = AssetId(secrets.token_hex(8))
        asset = Asset(id, room, item, name, by, int(self._now()), 0)
        await asyncio.to_thread(self._refuse_without_room, length or 0)
        self._coming.append(room)
        is_kept = False
        try:
            await asyncio.to_thread(self.shelf.folder(asset).mkdir, parents=True, mode=0o700)
            asset = replace(asset, size=await self._write(self.shelf.upload(asset), body))
            made = await self._workroom.survey(self.shelf.upload(asset))
            if made.code:
                raise Problem(made.code)
            asset = replace(asset, seconds=made.seconds)
            await asyncio.to_thread(self.shelf.keep, asset)
            is_kept = True
        except OSError as error:
            raise _problem_of(error) from error
        finally:
            self._coming.remove(room)
            if not is_kept:
                await asyncio.shield(asyncio.to_thread(self._throw_away, asset))
        self._assets[asset.id] = asset
        self._begin(asset)
        self._on_change(room)
        return asset

    async def remove(self, asset: Asset) -> None:
        """Delete a message, also while it is prepared. Raises OSError."""
        self._assets.pop(asset.id, None)
        task = self._tasks.pop(asset.id, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._on_change(asset.room)
        await asyncio.to_thread(self.shelf.remove, asset)

    async def put_cues(self, asset: Asset, cues: Sequence[Cue]) -> None:
        """Give a message its subtitles. Raises OSError."""
        await asyncio.to_thread(self.shelf.put_cues, asset, cues)
        await self._change(asset.id, lambda known: replace(known, has_subtitles=True))

    def _begin(self, asset: Asset) -> None:
        task = self._tasks[asset.id] = asyncio.create_task(self._prepare(asset))
        task.add_done_callback(lambda _: self._tasks.pop(asset.id, None))

    async def _prepare(self, asset: Asset) -> None:
        made = await self._make(asset)
        if made.code:
            _log.warning("a video message of room %s could not be prepared: %s", asset.room, made.code)
        standing = Standing.FAILED if made.code else Standing.READY
        try:
            await self._change(
                asset.id,
                lambda known: replace(
                    known,
                    standing=standing,
                    code=made.code,
                    seconds=made.seconds or known.seconds,
                    is_silent=made.is_silent,
                    percent=100,
                ),
            )
            await asyncio.to_thread(self.shelf.upload(asset).unlink, missing_ok=True)
        except OSError:
            _log.exception("what became of a video message could not be kept")

    async def _make(self, asset: Asset) -> Made:
        needed = int(asset.seconds * _REEL_BYTES_A_SECOND)
        try:
            await asyncio.to_thread(self._refuse_without_room, needed)
        except Problem as problem:
            return Made(code=problem.code)
        file, target, title = self.shelf.upload(asset), self.shelf.reel(asset), Path(asset.name).stem
        return await self._workroom.make(file, target, title, lambda percent: self._note(asset.id, percent))

    def _note(self, id: AssetId, percent: int) -> None:
        """How far a preparation is; it is not worth the disk."""
        asset = self._assets.get(id)
        if asset is not None and percent // _TELL_EVERY_PERCENT > asset.percent // _TELL_EVERY_PERCENT:
            self._assets[id] = replace(asset, percent=percent)
            self._on_change(asset.room)

    async def _change(self, id: AssetId, change: Callable[[Asset], Asset]) -> None:
        """Change what a message is, here and on the disk, unless it is gone. Raises OSError."""
        asset = self._assets.get(id)
        if asset is not None:
            changed = self._assets[id] = change(asset)
            await asyncio.to_thread(self.shelf.keep, changed)
            self._on_change(asset.room)

    async def _write(self, file: Path, body: AsyncIterable[bytes]) -> int:
        """Write a body down in large bites and return its length."""
        size, bite = 0, bytearray()
        with await asyncio.to_thread(file.open, "xb") as opened:
            async for piece in body:
                bite += piece
                size += len(piece)
                if size > self._max_bytes:
                    raise Problem("reel_too_large", headers={"Connection": "close"})
                if len(bite) >= _BITE_BYTES:
                    await asyncio.to_thread(self._refuse_without_room, len(bite))
                    await asyncio.to_thread(opened.write, bytes(bite))
                    bite.clear()
            await asyncio.to_thread(opened.write, bytes(bite))
        if not size:
            raise Problem("reel_empty")
        return size

    def _refuse_without_room(self, size: int) -> None:
        """Raise Problem disk_full when so much more would leave too little to the rest. Raises OSError."""
        if self._free(self.shelf.root) - size < self._min_free_bytes:
            raise Problem("disk_full", headers={"Connection": "close"})

    def _throw_away(self, asset: Asset) -> None:
        try:
            self.shelf.remove(asset)
        except FileNotFoundError:
            return
        except OSError:
            _log.exception("a file that was refused could not be deleted")


def _problem_of(error: OSError) -> Exception:
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return Problem("disk_full", headers={"Connection": "close"}) if is_full else error
