"""Who may see which recording, and how lists and pages show it.

A recording that is published is everybody's. One that is not is shown to moderators, technicians and organisers whose
invitation covers its room; its stems are for technicians and organisers, published or not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from aiohttp import web

from interpreting.ids import RoomId
from interpreting.roles import Role
from server.coverage import CONFERENCE_ROLES, DESK_ROLES, covers
from server.doorman import Caller
from server.keys import CONFIG, DOORMAN, RECORDINGS
from server.problems import Problem
from server.recordings.archive import Card, RecordingUnknown

PUBLISHERS: Final = DESK_ROLES
KEEPERS: Final = CONFERENCE_ROLES
"""Who gets stems, and may delete."""


async def find_card(request: web.Request) -> tuple[Card, Caller]:
    """Return the recording that is asked for, and as who the caller may see it.

    Raises Problem: recording_unknown, or recording_not_public for one that is nobody's business yet.
    """
    card = card_of_path(request)
    caller = _best_caller(request, card, await request.app[DOORMAN].every_caller(request))
    if not card.is_public and caller.role not in PUBLISHERS:
        raise Problem("recording_not_public")
    return card, caller


def card_of_path(request: web.Request) -> Card:
    """Return the recording of the request's path. Raises Problem recording_unknown."""
    try:
        return request.app[RECORDINGS].archive.card(request.match_info["recording"])
    except RecordingUnknown:
        raise Problem("recording_unknown") from None


async def list_recordings(request: web.Request, rooms: Collection[RoomId]) -> list[dict[str, object]]:
    """Return what the caller may see of these rooms' recordings, newest first, ready for a page."""
    callers = await request.app[DOORMAN].every_caller(request)
    listed: list[dict[str, object]] = []
    for card in request.app[RECORDINGS].archive.cards.values():
        if card.room in rooms and (card.is_public or _best_caller(request, card, callers).role in PUBLISHERS):
            listed.append(show_card(card))
    return listed[::-1]


def show_card(card: Card) -> dict[str, object]:
    """Return a recording as pages get it: times in epoch milliseconds, lengths in seconds."""
    return {
        "id": card.id,
        "room": card.room,
        "title": dict(card.title),
        "begun_at": round(card.begun_at * 1000),
        "keep_until": None if card.keep_until is None else round(card.keep_until * 1000),
        "is_public": card.is_public,
        "duration_s": round(card.duration_s, 1),
    }


def _best_caller(request: web.Request, card: Card, callers: Iterable[Caller]) -> Caller:
    """Return the most that the caller is in the recording's room, by all the links their browser holds."""
    conferences = request.app[CONFIG].conferences
    here = [
        caller
        for caller in callers
        if caller.invitation is not None and covers(caller.invitation, RoomId(card.room), conferences)
    ]
    ranks = {Role.MODERATOR: 1, **dict.fromkeys(KEEPERS, 2)}
    return max(here, key=lambda caller: ranks.get(caller.role or Role.VIEWER, 0), default=Caller())
