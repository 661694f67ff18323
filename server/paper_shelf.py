"""The papers of the booths as files: `{data}/papers/{room}/{item}/`, two files a paper.

`{id}.json` says what it is and `{id}.paper` is its content, written first: a paper is there when the first one is.
Who may put or read one is the access table's knowledge, what a paper may be `server.paper_kinds`'.
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from interpreting.ids import RoomId
from server.paper_kinds import PaperKind
from server.problems import Problem

MAX_PAPERS: Final = 40
"""So many may lie there for one item."""

_ID: Final = re.compile(r"[0-9a-f]{16}")
_ITEM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper: its name for people, its size in bytes as kept, who laid it there and when (epoch seconds)."""

    id: str
    name: str
    kind: PaperKind
    size: int
    by: str
    at: int


class PaperShelf:
    """The files below one folder. Every method touches the disk: call it in a thread."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def papers(self, room: RoomId, item: str) -> tuple[Paper, ...]:
        """Return what lies there for the item, oldest first. A file that is not ours is passed over."""
        found = [self._described(file) for file in self._folder(room, item).glob("*.json")]
        return tuple(sorted((paper for paper in found if paper), key=lambda paper: (paper.at, paper.name, paper.id)))

    def put(self, room: RoomId, item: str, *, name: str, kind: PaperKind, content: bytes, by: str, now: float) -> Paper:
        """Lay a checked paper there and return it. Raises Problem papers_full, and OSError when the disk refuses."""
        folder = self._folder(room, item)
        if len(self.papers(room, item)) >= MAX_PAPERS:
            raise Problem("papers_full")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        paper = Paper(secrets.token_hex(8), name, kind, len(content), by, int(now))
        (folder / f"{paper.id}.paper").write_bytes(content)
        unfinished = folder / f"{paper.id}.part"
        unfinished.write_text(json.dumps(asdict(paper), ensure_ascii=False), "utf-8")
        unfinished.rename(folder / f"{paper.id}.json")
        return paper

    def read(self, room: RoomId, item: str, id: str) -> tuple[Paper, bytes]:
        """Return a paper and its content. Raises Problem paper_unknown."""
        folder = self._folder(room, item)
        paper = self._described(folder / f"{id}.json") if _ID.fullmatch(id) else None
        if paper is None:
            raise Problem("paper_unknown")
        try:
            return paper, (folder / f"{id}.paper").read_bytes()
        except FileNotFoundError:
            raise Problem("paper_unknown") from None

    def remove(self, room: RoomId, item: str, id: str) -> None:
        """Take a paper away. Raises Problem paper_unknown."""
        if not _ID.fullmatch(id):
            raise Problem("paper_unknown")
        try:
            (self._folder(room, item) / f"{id}.json").unlink()
        except FileNotFoundError:
            raise Problem("paper_unknown") from None
        (self._folder(room, item) / f"{id}.paper").unlink(missing_ok=True)

    def _folder(self, room: RoomId, item: str) -> Path:
        """Return the item's folder. Raises Problem item_unknown for a name that could lead elsewhere."""
        if not _ITEM.fullmatch(item) or not _ITEM.fullmatch(room):
            raise Problem("item_unknown")
        return self._root / room / item

    def _described(self, file: Path) -> Paper | None:
        try:
            found = json.loads(file.read_text("utf-8"))
            return Paper(**{**found, "kind": PaperKind(found["kind"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None
