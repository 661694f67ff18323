"""The files that pages load: below the static folder alone, packed once and asked for anew each time by their ETag.

Text is kept in memory, as it is and as gzip, until the file changes: a hall that opens its pages at once is answered
without a disk and without packing anything again.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from server.access import Handler
from server.keys import CONFIG
from server.problems import Problem

_FOR_EVER: Final = "public, max-age=31536000, immutable"
_TEXTS: Final[Mapping[str, str]] = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
_OTHERS: Final[Mapping[str, str]] = {".png": "image/png", ".ico": "image/x-icon"}
_LEVEL: Final = 6


@dataclass(frozen=True, slots=True)
class Packed:
    """A file as it was at a moment. The tag is strong and says when and how large it was."""

    tag: str
    plain: bytes
    packed: bytes


class Shelf:
    """Texts that were asked for, in memory; about a megabyte and a half when all of them were."""

    def __init__(self) -> None:
        self._texts: dict[Path, Packed] = {}

    async def find(self, file: Path) -> Packed:
        """Return a file as it is now. Raises OSError."""
        stat = await asyncio.to_thread(file.stat)
        tag = f"{stat.st_mtime_ns:x}-{stat.st_size:x}"
        known = self._texts.get(file)
        if known is None or known.tag != tag:
            plain = await asyncio.to_thread(file.read_bytes)
            packed = await asyncio.to_thread(gzip.compress, plain, _LEVEL, mtime=0)
            known = self._texts[file] = Packed(tag, plain, packed)
        return known


SHELF: Final = web.AppKey("static_files", Shelf)


async def static(request: web.Request) -> web.StreamResponse:
    """GET /static/{file}: a file below the static folder.

    What others made lies in `vendor/` under names with a version, so browsers keep it.
    """
    root = (request.app[CONFIG].web_root / "static").resolve()
    try:
        file = (root / request.match_info["file"]).resolve()
        is_ours = file.is_relative_to(root) and file.is_file()
    except (OSError, ValueError):
        is_ours = False
    if not is_ours:
        raise Problem("not_found")
    cache = _FOR_EVER if file.is_relative_to(root / "vendor") else "no-cache"
    if file.suffix in _OTHERS:
        return web.FileResponse(file, headers={"Content-Type": _OTHERS[file.suffix], "Cache-Control": cache})
    if file.suffix not in _TEXTS:
        raise Problem("not_found")
    try:
        text = await request.app[SHELF].find(file)
    except OSError:
        raise Problem("not_found") from None
    return _answer(request, text, {"Content-Type": f"{_TEXTS[file.suffix]}; charset=utf-8", "Cache-Control": cache})


def _answer(request: web.Request, text: Packed, headers: dict[str, str]) -> web.Response:
    is_packed = "gzip" in request.headers.get("Accept-Encoding", "")
    tag = f"{text.tag}-gz" if is_packed else text.tag
    headers |= {"ETag": f'"{tag}"', "Vary": "Accept-Encoding"}
    if any(one.value in (tag, "*") for one in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    if is_packed:
        headers["Content-Encoding"] = "gzip"
    return web.Response(body=text.packed if is_packed else text.plain, headers=headers)


HANDLERS: Final[Mapping[str, Handler]] = {"static": static}
