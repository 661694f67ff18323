"""Recordings for people and players: a page, playlists and segments, downloads, and what staff do with them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aiohttp import web

from interpreting.ids import RoomId
from server.access import Handler
from server.coverage import covers
from server.doorman import CALLER
from server.keys import BOOT, CLOCKS, CONFIG, RECORDINGS, TEMPLATES
from server.problems import Problem
from server.recordings.archive import Card, RecordingUnknown
from server.recordings.downloads import DownloadFailed
from server.recordings.index import Kind, Recording
from server.recordings.reel import Reel, Slice
from server.recordings.remux import ALL, download_names
from server.recordings.viewing import KEEPERS, PUBLISHERS, card_of_path, find_card, show_card
from server.security import asked_language

_PLAYLIST: Final = "application/vnd.apple.mpegurl"
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_MOMENT: Final = "private, max-age=3600"
_AGAIN_S: Final = 5


async def page(request: web.Request) -> web.Response:
    """GET /recordings/{recording}: watch it, download it, see until when it is kept."""
    card, caller = await find_card(request)
    role = caller.role
    data = {
        "page": "recording",
        "recording": show_card(card),
        "channels": [track.name for track in card.tracks if track.kind is Kind.CHANNEL],
        "has_picture": any(track.kind is Kind.VIDEO for track in card.tracks),
        "stems": _stems(card) if role in KEEPERS else [],
        "may_publish": role in PUBLISHERS,
        "may_delete": role in KEEPERS,
        "token": caller.token if role in PUBLISHERS else None,
        "player": _player(request.app[CONFIG].web_root),
        "boot": request.app[BOOT],
    }
    lang = asked_language(request)
    html = request.app[TEMPLATES].render("recording", lang, data)
    return web.Response(text=html, content_type="text/html", headers={"Content-Language": lang})


async def playlist(request: web.Request) -> web.Response:
    """GET /recordings/{recording}/{playlist}.m3u8: `index`, `audio`, or a track's."""
    _, reel = await _reel(request)
    name = request.match_info["playlist"]
    try:
        if name in ("index", "audio"):
            text = reel.master(with_picture=name == "index")
        else:
            text = await asyncio.to_thread(reel.playlist, name)
    except KeyError:
        raise Problem("not_found") from None
    return web.Response(text=text, content_type=_PLAYLIST)


async def segment(request: web.Request) -> web.Response:
    """GET /recordings/{recording}/{track}/{msn}.m4s"""
    return await _slice(request, "msn")


async def header(request: web.Request) -> web.Response:
    """GET /recordings/{recording}/{track}/init-{init}.mp4"""
    return await _slice(request, "init")


async def download(request: web.Request) -> web.StreamResponse:
    """GET /recordings/{recording}/download/{download}: the file, or 202 and a while to wait while it is made."""
    card, caller = await find_card(request)
    recording = await _index(request, card)
    name = request.match_info["download"]
    if name not in download_names(recording):
        raise Problem("not_found")
    is_stem = name != ALL and recording.tracks[name.removesuffix(".m4a")].kind is Kind.STEM
    if is_stem and caller.role not in KEEPERS:
        raise Problem("forbidden")
    try:
        file = await request.app[RECORDINGS].downloads.get(request.app[RECORDINGS].archive.folder(card.id), name)
    except DownloadFailed:
        raise Problem("download_failed", headers={"Retry-After": "60"}) from None
    if file is None:
        return _wait(request, card)
    kind = "video/mp4" if name == ALL else "audio/mp4"
    headers = {
        "Content-Type": kind,
        "Content-Disposition": f'attachment; filename="{card.id}-{name}"',
        "Cache-Control": "private, no-cache",
    }
    return web.FileResponse(file, headers=headers)


async def publish(request: web.Request) -> web.Response:
    """POST /recordings/{recording}/publish: everybody may see it from now on."""
    return await _set_public(request, is_public=True)


async def unpublish(request: web.Request) -> web.Response:
    """POST /recordings/{recording}/unpublish: nobody but staff may see it any more."""
    return await _set_public(request, is_public=False)


async def remove(request: web.Request) -> web.Response:
    """DELETE /recordings/{recording}: before its time."""
    card = _own_card(request)
    try:
        await request.app[RECORDINGS].archive.delete(card.id)
    except RecordingUnknown:
        raise Problem("recording_unknown") from None
    return web.Response(status=204)


async def _set_public(request: web.Request, *, is_public: bool) -> web.Response:
    card, recordings = _own_card(request), request.app[RECORDINGS]
    try:
        await recordings.archive.publish(card.id, is_public, request.app[CLOCKS].now())
    except RecordingUnknown:
        raise Problem("recording_unknown") from None
    return web.Response(status=204)


def _own_card(request: web.Request) -> Card:
    """Return the recording that the bearer may change. Raises Problem recording_unknown or wrong_room."""
    card, invitation = card_of_path(request), request[CALLER].invitation
    if invitation is None or not covers(invitation, RoomId(card.room), request.app[CONFIG].conferences):
        raise Problem("wrong_room")
    return card


async def _reel(request: web.Request) -> tuple[Card, Reel]:
    card, _ = await find_card(request)
    try:
        return card, await request.app[RECORDINGS].archive.reel(card.id)
    except RecordingUnknown:
        raise Problem("recording_unknown") from None


async def _index(request: web.Request, card: Card) -> Recording:
    try:
        return (await request.app[RECORDINGS].archive.reel(card.id)).recording
    except RecordingUnknown:
        raise Problem("recording_unknown") from None


async def _slice(request: web.Request, number: str) -> web.Response:
    card, reel = await _reel(request)
    track, text = request.match_info["track"], request.match_info[number]
    if not _NUMBER.fullmatch(text):
        raise Problem("not_found")
    try:
        found = reel.segment(track, int(text)) if number == "msn" else reel.header(track, int(text))
        body = await asyncio.to_thread(_read, request.app[RECORDINGS].archive.folder(card.id) / found.file, found)
    except (KeyError, OSError):
        raise Problem("not_found") from None
    headers = {"Cache-Control": _MOMENT if card.is_public else "no-store"}
    return web.Response(body=body, content_type="audio/mp4" if found.is_sound else "video/mp4", headers=headers)


def _read(file: Path, found: Slice) -> bytes:
    with file.open("rb") as opened:
        opened.seek(found.offset)
        return opened.read(found.length)


def _wait(request: web.Request, card: Card) -> web.Response:
    """Answer 202 with a page that asks again by itself; programs read Retry-After."""
    lang = asked_language(request)
    data = {"page": "recording", "recording": show_card(card), "player": None, "boot": request.app[BOOT]}
    html = request.app[TEMPLATES].render("recording_wait", lang, data)
    headers = {"Retry-After": str(_AGAIN_S), "Refresh": str(_AGAIN_S), "Content-Language": lang}
    return web.Response(text=html, status=202, content_type="text/html", headers=headers)


def _stems(card: Card) -> list[dict[str, object]]:
    """Return the stems as the page lists them: `of` is venue, backup, speaker or a booth, `number` counts there."""
    return [
        {
            "name": track.name,
            **_place(track.name),
            "offset_s": round(track.offset_s, 3),
            "duration_s": round(track.duration_s, 1),
        }
        for track in card.tracks
        if track.kind is Kind.STEM
    ]


def _place(stem: str) -> dict[str, object]:
    name = stem.removeprefix("stem-")
    of, _, number = name.rpartition("-")
    return {"of": of, "number": number} if number.isdecimal() else {"of": name, "number": ""}


def _player(web_root: Path) -> str | None:
    found = max((web_root / "static" / "vendor").glob("hls-*.mjs"), default=None)
    return None if found is None else f"/static/vendor/{found.name}"


HANDLERS: Final[Mapping[str, Handler]] = {
    "recording": page,
    "recording_playlist": playlist,
    "recording_segment": segment,
    "recording_header": header,
    "recording_download": download,
    "recording_publish": publish,
    "recording_unpublish": unpublish,
    "recording_remove": remove,
}
