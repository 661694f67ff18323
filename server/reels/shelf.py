"""Video messages as files: `{data}/reels/{room}/{asset}/`, a folder each.

`asset.json` says what it is and comes first of all in importance: a folder without one is rubbish of an upload that
broke off. `upload` is what was sent, kept until `reel.mp4` is made of it; `subtitles.json` are its subtitles' cues.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from interpreting.ids import AssetId, ItemId, RoomId
from server.reels.subtitles import Cue

_ID: Final = re.compile(r"[0-9a-f]{16}")
_DOOMED: Final = ".deleted-"


class Standing(StrEnum):
    """How far a message is."""

    PREPARING = "preparing"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Asset:
    """One message: its name for people, whose item it is, who sent it and when (epoch seconds).

    `seconds` is 0 while unknown, `code` why it failed, `percent` how far its preparation is.
    """

    id: AssetId
    room: RoomId
    item: ItemId | None
    name: str
    by: str
    at: int
    size: int
    standing: Standing = Standing.PREPARING
    code: str = ""
    seconds: float = 0.0
    is_silent: bool = False
    has_subtitles: bool = False
    percent: int = 0


class Shelf:
    """The files below one folder. Every method but the paths touches the disk: call it in a thread."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, asset: Asset) -> Path:
        """Return the folder of a message."""
        return self.root / asset.room / asset.id

    def upload(self, asset: Asset) -> Path:
        """Return the file as it was sent."""
        return self.folder(asset) / "upload"

    def reel(self, asset: Asset) -> Path:
        """Return the file that is played."""
        return self.folder(asset) / "reel.mp4"

    def keep(self, asset: Asset) -> None:
        """Write down what it is, in one step. Raises OSError."""
        fresh = self.folder(asset) / "asset.part"
        fresh.write_text(json.dumps(asdict(asset), ensure_ascii=False), "utf-8")
        fresh.replace(self.folder(asset) / "asset.json")

    def load(self) -> tuple[Asset, ...]:
        """Return all messages, oldest first, and delete what no message is left of. Raises OSError."""
        found: list[Asset] = []
        for folder in self.root.glob("*/*"):
            asset = _described(folder) if _ID.fullmatch(folder.name) else None
            if asset is None:
                shutil.rmtree(folder, ignore_errors=True)
            else:
                found.append(asset)
        return tuple(sorted(found, key=lambda asset: (asset.at, asset.id)))

    def remove(self, asset: Asset) -> None:
        """Delete a message: out of sight in one step, then file by file. Raises OSError."""
        doomed = self.folder(asset).with_name(_DOOMED + asset.id)
        self.folder(asset).rename(doomed)
        shutil.rmtree(doomed)

    def put_cues(self, asset: Asset, cues: Sequence[Cue]) -> None:
        """Keep its subtitles in the place of earlier ones. Raises OSError."""
        fresh = self.folder(asset) / "subtitles.part"
        fresh.write_text(json.dumps([asdict(cue) for cue in cues], ensure_ascii=False), "utf-8")
        fresh.replace(self.folder(asset) / "subtitles.json")

    def cues(self, asset: Asset) -> list[dict[str, object]]:
        """Return its subtitles ready for JSON, none when there are none."""
        try:
            found = json.loads((self.folder(asset) / "subtitles.json").read_text("utf-8"))
        except (OSError, ValueError):
            return []
        return found if isinstance(found, list) else []


def free_bytes(folder: Path) -> int:
    """Return how much room is left on the folder's disk."""
    return shutil.disk_usage(folder).free


def _described(folder: Path) -> Asset | None:
    try:
        found = json.loads((folder / "asset.json").read_text("utf-8"))
        asset = Asset(**{**found, "standing": Standing(found["standing"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return asset if (asset.id, asset.room) == (folder.name, folder.parent.name) else None
