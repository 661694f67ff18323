"""The access table, walked whole: routes × methods × roles, and what is written there against what should be."""

from __future__ import annotations

import re

import pytest
from aiohttp import web

from interpreting.roles import Role
from server.access import ROLES, RULES, Rule, register
from server.doorman import Proof
from server.tokens import issue
from tests.server.conftest import SECRET, Site

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PATHS = tuple(dict.fromkeys(rule.path for rule in RULES))

# Written once more by hand: a slip in the table must not be able to hide itself.
SPEAKERS = {Role.VENUE, Role.INTERPRETER, Role.SPEAKER, Role.PARTICIPANT, Role.MODERATOR, Role.TECHNICIAN}
SCREEN = {Role.VENUE, Role.MODERATOR, Role.TECHNICIAN}
READERS = {Role.INTERPRETER, Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER}
LECTERN = {Role.VENUE, Role.MODERATOR, Role.TECHNICIAN, Role.SPEAKER}
RESTRICTED = {
    ("GET", "/r/{room}/booth/{booth}"): {Role.INTERPRETER},
    ("HEAD", "/r/{room}/booth/{booth}"): {Role.INTERPRETER},
    ("GET", "/r/{room}/venue"): {Role.VENUE},
    ("HEAD", "/r/{room}/venue"): {Role.VENUE},
    **{(method, "/r/{room}/moderator"): {Role.MODERATOR} for method in ("GET", "HEAD")},
    **{(method, "/r/{room}/screen"): SCREEN for method in ("GET", "HEAD")},
    **{(method, "/r/{room}/guide"): {Role.VENUE} for method in ("GET", "HEAD")},
    ("GET", "/r/{room}/lectern"): LECTERN,
    ("HEAD", "/r/{room}/lectern"): LECTERN,
    **{(method, "/chain/{room}"): READERS for method in ("GET", "HEAD", "POST")},
    **{(method, "/papers/{room}/{item}"): READERS for method in ("GET", "HEAD", "POST")},
    **{(method, "/papers/{room}/{item}/{paper}"): READERS for method in ("GET", "HEAD", "DELETE")},
    **{(method, "/reels/{room}"): READERS for method in ("GET", "HEAD")},
    **{(method, "/reels/{room}/{asset}/preview.mp4"): READERS for method in ("GET", "HEAD")},
    **{(method, "/reels/{room}/{asset}/subtitles"): READERS for method in ("GET", "HEAD")},
    ("POST", "/reels/{room}"): {Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER},
    ("DELETE", "/reels/{room}/{asset}"): {Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER},
    ("PUT", "/reels/{room}/{asset}/subtitles"): {Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER},
    ("GET", "/rooms/{room}/pushes"): {Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER},
    ("HEAD", "/rooms/{room}/pushes"): {Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER},
    ("PUT", "/rooms/{room}/pushes/{name}"): {Role.ORGANISER},
    ("DELETE", "/rooms/{room}/pushes/{name}"): {Role.ORGANISER},
    ("PUT", "/rooms/{room}/pushes/{name}/live"): {Role.ORGANISER},
    ("DELETE", "/rooms/{room}/pushes/{name}/live"): {Role.TECHNICIAN, Role.ORGANISER},
    **{
        (method, f"/desk/rooms/{{room}}/{page}"): {Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER}
        for method in ("GET", "HEAD")
        for page in ("report", "report.csv", "report.json", "rehearsal")
    },
    **{
        (method, "/rooms/{room}/rehearsal"): {Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER}
        for method in ("GET", "HEAD", "POST")
    },
    ("GET", "/desk"): {Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER},
    ("HEAD", "/desk"): {Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER},
    ("POST", "/recordings/{recording}/publish"): {Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER},
    ("POST", "/recordings/{recording}/unpublish"): {Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER},
    ("DELETE", "/recordings/{recording}"): {Role.TECHNICIAN, Role.ORGANISER},
    ("POST", "/whip/{room}"): SPEAKERS,
    ("PATCH", "/whip/{room}/{session}"): SPEAKERS,
    ("DELETE", "/whip/{room}/{session}"): SPEAKERS,
    ("GET", "/edge"): set(),
    ("GET", "/meters"): {Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER},
    ("POST", "/rooms/{room}/sources/{source}/restart"): {Role.TECHNICIAN},
    ("POST", "/rooms/{room}/listeners/move"): {Role.TECHNICIAN},
    ("POST", "/rooms/{room}/alarms/{alarm}/ack"): {Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER},
}


def rule_of(method: str, path: str) -> Rule | None:
    return next((rule for rule in RULES if (rule.method, rule.path) == (method, path)), None)


def test_only_what_should_be_is_restricted() -> None:
    found = {(rule.method, rule.path): set(rule.who) for rule in RULES if rule.who != set(ROLES)}
    assert found == RESTRICTED


def test_no_line_stands_twice() -> None:
    lines = [(rule.method, rule.path) for rule in RULES]
    assert len(set(lines)) == len(lines)


def test_what_changes_something_is_never_proven_by_cookie() -> None:
    """No page of another origin can make a browser do it."""
    changing = [rule for rule in RULES if rule.method in ("POST", "PUT", "PATCH", "DELETE")]
    # Who comes into an open workshop is nobody yet; where the form comes from is asked.
    assert {rule.name for rule in changing if rule.proof is not Proof.BEARER} == {"workshop_enter"}


def test_a_line_without_handler_and_a_handler_without_line_are_refused() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response()

    handlers = {rule.name: answer for rule in RULES}
    with pytest.raises(ValueError, match="stray"):
        register(web.Application(), {**handlers, "stray": answer})
    del handlers["venue"]
    with pytest.raises(ValueError, match="venue"):
        register(web.Application(), handlers)


@pytest.mark.parametrize("path", PATHS)
async def test_every_method_and_role(site: Site, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.livestream.hls.START_S", 0.0)  # a stream without an engine never starts
    for method in METHODS:
        for role in ROLES:
            site.monotonic.at += 10  # the limits are another test's
            await check(site, method, path, role)


async def check(site: Site, method: str, path: str, role: Role | None) -> None:
    rule = rule_of(method, path)
    invitation = site.invite(role) if role else None
    headers = {**site.bearer(invitation), **site.cookie(invitation)} if invitation else {}
    filled = {
        "room": "plenary",
        "booth": "de-uk",
        "channel": "de",
        "conference": "demo",
        "session": "none",
        "name": "city",
        "recording": "plenary-1",
        "file": "0.m4s",
        "track": "video",
        "playlist": "index",
        "download": "all.mp4",
        "msn": "0",
        "init": "0",
        "item": "room",
        "paper": "none",
        "asset": "none",
        "source": "venue",
        "alarm": "hum-1",
        "file:.+": "none.js",
        "invitation": issue(SECRET, site.invite(Role.VIEWER)),
    }
    address = re.sub(r"{([^}]+)}", lambda match: filled[match[1]], path)
    query = {"room": "plenary"} | ({"as": invitation.id} if invitation else {})
    async with site.client.request(method, address, headers=headers, params=query, allow_redirects=False) as answer:
        case = f"{method} {path} as {role}"
        if rule is None:
            assert answer.status == 405, case
            expected = {one.method for one in RULES if one.path == path}
            assert set(answer.headers["Allow"].split(",")) == expected, case
        elif role not in rule.who:
            assert answer.status == (401 if role is None else 403), case
        else:
            assert answer.status not in (401, 403, 405, 429, 500), case


async def test_an_invitation_for_another_room_opens_nothing_here(site: Site) -> None:
    elsewhere = site.invite(Role.VENUE, room="workshop-1")
    for method, path in (("POST", "/whip/plenary"), ("POST", "/whep/plenary/de")):
        answer = await site.client.request(method, path, headers=site.bearer(elsewhere), data=b"v=0")
        assert (answer.status, (await answer.json())["error"]["code"]) == (403, "wrong_room")
    page = await site.client.get(f"/r/plenary/venue?as={elsewhere.id}", headers=site.cookie(elsewhere))
    assert page.status == 403


async def test_an_unknown_address_is_not_found(site: Site) -> None:
    answer = await site.client.get("/nothing")
    assert (answer.status, (await answer.json())["error"]["code"]) == (404, "not_found")
    page = await site.client.get("/nothing", headers={"Accept": "text/html"})
    assert (page.status, page.content_type) == (404, "text/html")
