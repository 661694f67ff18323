"""HLS: playlists, initialisations, segments and parts, for anybody, of any origin, through any cache.

What a request costs is one write of bytes that are there already; who asks for what comes next waits on a future that
is shared by all. Rules: draft-pantos-hls-rfc8216bis 6.2.5 and 6.2.6.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final
from zlib import crc32

from aiohttp import web
from yarl import URL

from interpreting.languages import FLOOR, Channel, Language, endonym
from media.playlists import HOLD_BACK_TARGETS, format_master
from media.stream import SMALL, VIDEO
from server.access import Handler
from server.keys import BROADCASTS, CONFIG
from server.livestream.blobs import Blob, Cache
from server.livestream.broadcasts import PACE, Broadcast
from server.livestream.rendition import MEDIA_TYPE, PLAYLIST_TYPE, Rendition
from server.problems import Problem
from server.security import media_headers

INDEX: Final = "index"
AUDIO: Final = "audio"
LATE_S: Final = float(HOLD_BACK_TARGETS * PACE.target_duration_s)
"""A request that waits longer than three target durations is told so."""
START_S: Final = 12.0
_RETRY: Final = {"Retry-After": "1"}
ORIGINAL: Final = "Original"
# The floor speaks several languages (ISO 639-2).
_MANY: Final = "mul"
_DIRECTIVES: Final = re.compile(r"_HLS_msn=(\d{1,15})(?:&_HLS_part=(\d{1,15}))?(?:&_HLS_skip=(YES|v2))?", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,40}", re.ASCII)
_FILE: Final = re.compile(r"(?:init-(\d{1,15})\.mp4|(\d{1,15})(?:\.(\d{1,15}))?\.m4s)", re.ASCII)


async def playlist(request: web.Request) -> web.StreamResponse:
    """GET /hls/{room}/{playlist}.m3u8: `index`, `audio`, or a track's; this one waits when it is asked to.

    404 livestream_off and track_unknown, 400 directive_invalid and too_far_ahead, 503 livestream_stalled.
    """
    broadcast = _broadcast(request)
    broadcast.audience.playlists += 1
    name = request.match_info["playlist"]
    if name not in (INDEX, AUDIO) and not broadcast.shelf.has_track(name):
        raise Problem("track_unknown")
    request.app[BROADCASTS].ask(broadcast)
    if name in (INDEX, AUDIO):
        await _current(broadcast)
        return _master(broadcast, is_sound_alone=name == AUDIO).answer(request, _headers(request))
    msn, part, is_delta = parse_directives(request.rel_url)
    rendition = broadcast.shelf.renditions.get(name)
    if msn is None or rendition is None or not rendition.is_playable:
        await _current(broadcast)
        rendition = broadcast.shelf.renditions[name]
    if msn is not None and not rendition.has(msn, part):
        if rendition.is_too_far(msn, part):
            raise Problem("too_far_ahead")
        await _reached(rendition, msn, part)
        if not rendition.has(msn, part):
            raise Problem("livestream_stalled", headers=_RETRY)
    return rendition.playlist(is_delta=is_delta).answer(request, _headers(request))


async def media(request: web.Request) -> web.StreamResponse:
    """GET /hls/{room}/{track}/{file}: an initialisation, a segment, a part; the part that is hinted at is waited for.

    404 segment_unknown for everything that no playlist names, 416 range_unsatisfiable.
    """
    broadcast = _broadcast(request)
    broadcast.audience.media += 1
    track = request.match_info["track"]
    rendition = broadcast.shelf.renditions.get(track)
    if rendition is None:
        raise Problem("track_unknown")
    name = _FILE.fullmatch(request.match_info["file"])
    if name is None:
        raise Problem("segment_unknown")
    if name[1]:
        blob = rendition.init(int(name[1]))
    elif name[3]:
        blob = await _piece(broadcast, rendition, int(name[2]), int(name[3]))
    else:
        blob = rendition.whole(int(name[2]))
        if int(name[2]) == rendition.next_msn - 1:
            broadcast.audience.segment_asked(track)
        file = broadcast.shelf.file(track, int(name[2])) if blob is None else None
        size = await asyncio.to_thread(_size_of, file) if file is not None else None
        if file is not None and size is not None:
            broadcast.audience.bytes += size
            headers = {"Content-Type": MEDIA_TYPE, "Cache-Control": Cache.FOREVER.value}
            return web.FileResponse(file, headers=headers)
    if blob is None:
        raise Problem("segment_unknown")
    broadcast.audience.bytes += blob.size
    return blob.answer(request, _headers(request))


def _size_of(file: Path) -> int | None:
    """Return the bytes of a file, None where there is none."""
    try:
        return file.stat().st_size
    except OSError:
        return None


async def options(request: web.Request) -> web.Response:
    """OPTIONS anywhere here: a page of another site may ask for ranges."""
    headers = {"Access-Control-Allow-Methods": "GET, HEAD", "Access-Control-Allow-Headers": "Range"}
    return web.Response(status=204, headers={**headers, "Access-Control-Max-Age": "86400"})


def parse_directives(url: URL) -> tuple[int | None, int | None, bool]:
    """Return which segment and part the playlist shall reach, and whether a delta will do.

    Raises Problem directive_invalid for a part without a segment, for what is no whole number, and for one given twice.
    """
    text = url.raw_query_string
    if not text:
        return None, None, False
    usual = _DIRECTIVES.fullmatch(text)
    if usual is not None:
        return int(usual[1]), int(usual[2]) if usual[2] else None, usual[3] is not None
    query = url.query
    msn, part = _number(query.getall("_HLS_msn", [])), _number(query.getall("_HLS_part", []))
    if part is not None and msn is None:
        raise Problem("directive_invalid")
    return msn, part, query.get("_HLS_skip") in ("YES", "v2")


def _number(given: list[str]) -> int | None:
    if not given:
        return None
    if len(given) > 1 or not _NUMBER.fullmatch(given[0]):
        raise Problem("directive_invalid")
    return int(given[0])


def _headers(request: web.Request) -> Mapping[str, str]:
    return media_headers(request.app[CONFIG].public_url.startswith("https://"))


def _broadcast(request: web.Request) -> Broadcast:
    broadcast = request.app[BROADCASTS].find(request.match_info["room"])
    if broadcast is None:
        raise Problem("livestream_off")
    return broadcast


async def _current(broadcast: Broadcast) -> None:
    """Wait for a stream that has just been started. Who comes to one that does not start sees what was before."""
    if broadcast.shelf.current.is_set():
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(START_S):
            await broadcast.shelf.current.wait()
    if not broadcast.shelf.is_playable:
        raise Problem("livestream_starting", headers=_RETRY)


async def _reached(rendition: Rendition, msn: int, part: int | None) -> None:
    try:
        async with asyncio.timeout(LATE_S):
            await asyncio.shield(rendition.reached(msn, part))
    except TimeoutError:
        raise Problem("livestream_stalled", headers=_RETRY) from None


async def _piece(broadcast: Broadcast, rendition: Rendition, msn: int, part: int) -> Blob | None:
    blob = rendition.piece(msn, part)
    report = rendition.report
    if (msn, part) == rendition.hint or (report is not None and (msn, part) == (report.msn, report.part)):
        broadcast.audience.part_asked(rendition.track)
    if blob is None and (msn, part) == rendition.hint:
        await _reached(rendition, msn, part)
        blob = rendition.piece(msn, part)
    return blob


def _master(broadcast: Broadcast, *, is_sound_alone: bool) -> Blob:
    shelf = broadcast.shelf
    channels: tuple[Channel, ...] = (FLOOR, *broadcast.config.languages)
    sounds = [shelf.sound(track, *_named(track)) for track in channels if track in shelf.formats]
    shown = () if is_sound_alone else (VIDEO, SMALL)
    pictures = [shelf.picture(track) for track in shown if track in shelf.formats]
    body = format_master(pictures, sounds).encode()
    return Blob(body, PLAYLIST_TYPE, Cache.MOMENT, f"{crc32(body):x}")


def _named(track: Channel) -> tuple[str, str]:
    """Return a sound's name in its own language, and its BCP 47 tag."""
    return (ORIGINAL, _MANY) if track == FLOOR else (endonym(Language(track)), track)


HANDLERS: Final[Mapping[str, Handler]] = {"hls_playlist": playlist, "hls_media": media, "hls_options": options}
