"""The report of a day and the rehearsal's checklist, for those at the desk.

    GET  /desk/rooms/{room}/report[.csv|.json]?day=2026-01-31     what happened; today without a day
    GET  /desk/rooms/{room}/rehearsal                              the checklist, to be printed
    GET  /rooms/{room}/rehearsal                                   the same for its script, as JSON
    POST /rooms/{room}/rehearsal                                   `{"stage": "60"|"10"}` keeps how all checks stand;
                                                                   with `check` and `is_done` it ticks one by hand

The report's page carries all its words and drawings; it needs no script but for printing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from aiohttp import web
from babel.numbers import format_decimal

from interpreting.ids import RoomId
from server.access import Handler
from server.daybook import days, stage
from server.daybook.forms import report_to_csv, report_to_dict
from server.daybook.rehearsal import BY_HAND, STAGES, checklist
from server.daybook.sheet import Sheet, Words
from server.daybook.timeline import MARGIN_S, Timeline, make_timeline
from server.doorman import CALLER
from server.keys import BOOT, CLOCKS, CONDUCTOR, CONFIG, LOGBOOK, TEMPLATES, TRANSLATOR
from server.limits import JSON_MAX_BYTES, read_body, require_type
from server.logbook import Entry
from server.messages import BadMessage, parse_json
from server.problems import Problem
from server.security import asked_language
from server.templating import language_name


async def report_page(request: web.Request) -> web.Response:
    """GET /desk/rooms/{room}/report: the day on a page that prints."""
    room, day = _room(request), _day(request)
    lang = asked_language(request)
    timeline = await _timeline(request, room, day)
    known = await asyncio.to_thread(request.app[LOGBOOK].days, room)
    items = {str(item.id): _title(item.title, lang) for item in request.app[CONDUCTOR].room(room).items}
    sheet = Sheet(timeline, _words(request), items, language_name).as_page()
    data = {"page": "report", "day": day, "days": days.near([*known, day], days.day_of(request.app[CLOCKS].now()))}
    return _page(request, "report", room, {**data, **sheet})


async def report_csv(request: web.Request) -> web.Response:
    """GET /desk/rooms/{room}/report.csv: the day for a spreadsheet."""
    room, day = _room(request), _day(request)
    text = report_to_csv(await _timeline(request, room, day))
    name = f"attachment; filename={room}-{day}.csv"
    return web.Response(text=text, content_type="text/csv", headers={"Content-Disposition": name})


async def report_json(request: web.Request) -> web.Response:
    """GET /desk/rooms/{room}/report.json: the day for programs."""
    room, day = _room(request), _day(request)
    return web.json_response(report_to_dict(await _timeline(request, room, day), room, day))


async def rehearsal_page(request: web.Request) -> web.Response:
    """GET /desk/rooms/{room}/rehearsal: the checklist as it stands now."""
    room = _room(request)
    data = {"page": "rehearsal", "by_hand": list(BY_HAND), "stages": list(STAGES), "token": request[CALLER].token}
    return _page(request, "rehearsal", room, {**data, **await _rehearsal(request, room)})


async def rehearsal(request: web.Request) -> web.Response:
    """GET /rooms/{room}/rehearsal: the checklist as it stands now, for the page's script."""
    return web.json_response(await _rehearsal(request, _room(request)))


async def rehearse(request: web.Request) -> web.Response:
    """POST /rooms/{room}/rehearsal: keep how things stand, or tick one thing by hand; 200 with the checklist."""
    room = _room(request)
    require_type(request, "application/json")
    wanted, check, is_done = parse_rehearsal(await read_body(request, JSON_MAX_BYTES))
    invitation = request[CALLER].invitation
    by = (invitation.name or invitation.role.value) if invitation else ""
    logbook = request.app[LOGBOOK]
    if check is not None:
        logbook.note(room, stage.NOTE, by=by, stage=wanted, check=check, state="ok" if is_done else "bad", is_tick=True)
    else:
        for one in checklist(await stage.look(request.app, room)):
            if one.id not in BY_HAND:
                logbook.note(room, stage.NOTE, by=by, stage=wanted, check=one.id, state=one.state.value, is_tick=False)
        logbook.note(room, "act", by=by, act="rehearsal", stage=wanted)
    return web.json_response(await _rehearsal(request, room))


def parse_rehearsal(raw: bytes) -> tuple[str, str | None, bool]:
    """Return stage, the check that is ticked by hand (None: keep all), and whether it is done. Raises Problem."""
    try:
        wish = parse_json(raw)
    except BadMessage:
        raise Problem("request_invalid") from None
    if not isinstance(wish, dict) or wish.get("stage") not in STAGES:
        raise Problem("request_invalid")
    if wish.keys() == {"stage"}:
        return str(wish["stage"]), None, False
    if wish.keys() != {"stage", "check", "is_done"} or wish["check"] not in BY_HAND:
        raise Problem("request_invalid")
    if not isinstance(wish["is_done"], bool):
        raise Problem("request_invalid")
    return str(wish["stage"]), str(wish["check"]), wish["is_done"]


async def _timeline(request: web.Request, room: RoomId, day: str) -> Timeline:
    since, until = days.bounds(day)
    now = request.app[CLOCKS].now()

    logbook, span = request.app[LOGBOOK], (since - MARGIN_S, until + MARGIN_S)

    def read() -> list[Entry]:
        return [*logbook.read(room, *span), *logbook.read(None, *span)]

    return make_timeline(await asyncio.to_thread(read), since, until, now)


async def _rehearsal(request: web.Request, room: RoomId) -> dict[str, object]:
    """Return the checklist in the page's language, each line with what was kept of it today."""
    say = _words(request)
    found = checklist(await stage.look(request.app, room))
    kept = await stage.kept_today(request.app, room)
    return {
        "now": int(request.app[CLOCKS].now() * 1000),
        "checks": [
            {
                "id": one.id,
                "state": one.state.value,
                "words": say(f"rehearsal.{one.words}", **one.values),
                "kept": {when: kept.get((when, one.id)) for when in STAGES},
            }
            for one in found
        ],
    }


def _page(request: web.Request, name: str, room: RoomId, data: Mapping[str, object]) -> web.Response:
    lang, invitation = asked_language(request), request[CALLER].invitation
    query = urlencode({"as": invitation.id}) if invitation else ""
    about = {
        "boot": request.app[BOOT],
        "room": room,
        "query": query,
        "title": dict(request.app[CONFIG].rooms[room].title),
    }
    html = request.app[TEMPLATES].render(name, lang, {**about, **data})
    return web.Response(text=html, content_type="text/html", headers={"Content-Language": lang})


def _words(request: web.Request) -> Words:
    """Return the words of the page's language; a key of another time, which nobody knows now, is its own word."""
    lang, translator = asked_language(request), request.app[TRANSLATOR]

    def say(key: str, /, **variables: object) -> str:
        told = {name: _number(value, lang) for name, value in variables.items()}
        return translator.text(lang, key, **told) if translator.has(key) else key.partition(".")[2]

    return say


def _number(value: object, lang: str) -> object:
    """Return a number as people of the language write it, with a minus and not a hyphen; all else as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return format_decimal(value, format="0.##", locale=lang).replace("-", "\N{MINUS SIGN}")


def _room(request: web.Request) -> RoomId:
    return RoomId(request.match_info["room"])


def _day(request: web.Request) -> str:
    """Return the day asked for, today without one. Raises Problem request_invalid."""
    day = request.query.get("day") or days.day_of(request.app[CLOCKS].now())
    days.bounds(day)
    return day


def _title(titles: Mapping[str, str], lang: str) -> str:
    return titles.get(lang) or next(iter(titles.values()), "")


HANDLERS: Final[Mapping[str, Handler]] = {
    "report": report_page,
    "report_csv": report_csv,
    "report_json": report_json,
    "rehearsal_page": rehearsal_page,
    "rehearsal": rehearsal,
    "rehearse": rehearse,
}
