"""Bytes ready to be sent: a playlist, a segment or a part with the headers it goes with, made once and sent to all.

A plain GET on a connection that stays open is answered by one write of bytes that are already there; everything else
(HEAD, ranges, a copy that is still good, HTTP/1.0) takes aiohttp's way. RFC 9110 sections 13 and 14.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import time
from collections.abc import Mapping
from email.utils import formatdate
from enum import Enum
from typing import Final

from aiohttp import HttpVersion11, web

from server.problems import Problem

# Below that a packed playlist saves no packet.
_WORTH_PACKING: Final = 1200
_LIGHT_PACKING: Final = 1
_SLOW_READER_S: Final = 30.0
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class Cache(Enum):
    """How long a copy may be kept: parts and segments for ever, playlists for a moment by shared caches alone.

    HTTP counts whole seconds. Each query of a playlist has a copy of its own, and the next query asks for more than
    it; so an old copy delays nobody. While we are away, a copy of the last seconds is better than none (RFC 5861).
    """

    FOREVER = "public, max-age=31536000, immutable"
    MOMENT = "public, max-age=0, s-maxage=1, stale-while-revalidate=1, stale-if-error=10"


class Blob:
    """`body` of a media type (one piece or several), with its entity tag (without quotation marks)."""

    __slots__ = ("_packed", "_plain", "_size", "body", "cache", "etag", "is_packable", "media_type")

    def __init__(self, body: bytes | tuple[bytes, ...], media_type: str, cache: Cache, etag: str) -> None:
        self.body = body if isinstance(body, tuple) else (body,)
        self.media_type = media_type
        self.cache = cache
        self.etag = f'"{etag}"'
        self._size = sum(map(len, self.body))
        self.is_packable = cache is Cache.MOMENT and self._size > _WORTH_PACKING
        self._plain: _Ready | None = None
        self._packed: _Ready | None = None

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self._size

    def answer(self, request: web.Request, shared: Mapping[str, str]) -> web.StreamResponse:
        """Return the answer to a GET or HEAD; `shared` headers go with it. Raises Problem range_unsatisfiable."""
        headers = request.headers
        if (
            request.method != "GET"
            or "Range" in headers
            or "If-None-Match" in headers
            or not request.keep_alive
            or request.version != HttpVersion11
        ):
            return self._careful(request)
        if self.is_packable and "gzip" in headers.get("Accept-Encoding", ""):
            if self._packed is None:
                self._packed = self._ready(shared, is_packed=True)
            return self._packed
        if self._plain is None:
            self._plain = self._ready(shared, is_packed=False)
        return self._plain

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": self.media_type, "Cache-Control": self.cache.value, "ETag": self.etag}
        if self.cache is Cache.MOMENT:
            headers["Vary"] = "Accept-Encoding"
        else:
            headers["Accept-Ranges"] = "bytes"
        return headers

    def _ready(self, shared: Mapping[str, str], *, is_packed: bool) -> _Ready:
        headers = {**shared, **self._headers()}
        body = self.body
        if is_packed:
            body = (gzip.compress(b"".join(body), _LIGHT_PACKING, mtime=0),)
            headers |= {"Content-Encoding": "gzip", "ETag": f"W/{self.etag}"}
        headers["Content-Length"] = str(sum(map(len, body)))
        return _Ready("".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode(), body)

    def _careful(self, request: web.Request) -> web.Response:
        headers = self._headers()
        if self.etag in request.headers.get("If-None-Match", "").replace("W/", "").split(", "):
            return web.Response(status=304, headers=headers)
        body = b"".join(self.body)
        asked = request.headers.get("Range") if self.cache is Cache.FOREVER and request.method == "GET" else None
        span = _span(asked, len(body)) if request.headers.get("If-Range", self.etag) == self.etag else None
        if span is None:
            return web.Response(body=body, headers=headers)
        headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{len(body)}"
        return web.Response(status=206, body=body[span.start : span.stop], headers=headers)


def _span(asked: str | None, size: int) -> range | None:
    """Return which bytes a Range header asks for; None is all, as for several ranges and what is no range at all.

    Raises Problem range_unsatisfiable.
    """
    found = _RANGE.fullmatch(asked or "")
    if found is None or found[1] == found[2] == "":
        return None
    if found[1]:
        first, end = int(found[1]), min(int(found[2]) + 1 if found[2] else size, size)
        if found[2] and int(found[2]) < first:
            return None
    else:
        first, end = max(0, size - int(found[2])), size
    if first >= end:
        raise Problem("range_unsatisfiable", headers={"Content-Range": f"bytes */{size}"})
    return range(first, end)


class _Ready(web.StreamResponse):
    """An answer that is all bytes, the same for everybody: one object serves any number of requests at once."""

    def __init__(self, head: bytes, body: tuple[bytes, ...]) -> None:
        super().__init__()
        self._keep_alive = True
        self._pieces = (head + b"\r\n", *body)

    async def prepare(self, request: web.BaseRequest) -> None:
        """Send it all. Who does not read it is cut off after 30 s."""
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the connection is gone")
        transport.writelines((_status_and_date(), *self._pieces))
        if request.protocol.writing_paused:
            try:
                async with asyncio.timeout(_SLOW_READER_S):
                    await request.writer.drain()
            except TimeoutError:
                transport.abort()

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is left to be sent."""


_dated: tuple[int, bytes] = (0, b"")


def _status_and_date() -> bytes:
    global _dated
    now = int(time.time())
    if _dated[0] != now:
        _dated = now, f"HTTP/1.1 200 OK\r\nDate: {formatdate(now, usegmt=True)}\r\n".encode()
    return _dated[1]
