"""Pages: who gets which, what they carry, personal links, the page's language, static files."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from interpreting.ids import BoothId, PersonId, RoomId
from interpreting.roles import Role
from server.config import Config, load_config
from server.links import demo_links
from server.store.sqlite import SqliteStore
from server.tokens import issue, read
from tests.fakes import FlakyStore
from tests.server.conftest import SECRET, Site, running

BLOCK = re.compile(r'<script type="application/json" id="page">(.*?)</script>', re.DOTALL)


def data_of(html: str) -> Any:
    match = BLOCK.search(html)
    assert match is not None
    return json.loads(match[1])


async def page_data(site: Site, path: str, **headers: str) -> Any:
    answer = await site.client.get(path, headers=headers)
    assert answer.status == 200, path
    return data_of(await answer.text())


async def test_the_watch_page_needs_nobody(site: Site) -> None:
    data = await page_data(site, "/r/plenary")
    assert (data["page"], data["room"], data["token"], data["ws"]) == ("watch", "plenary", None, "/ws?room=plenary")
    assert data["state"]["venue"] == "demo"
    assert data["state"]["listeners"] is None


async def test_a_booth_page_carries_what_its_script_begins_with(site: Site) -> None:
    olena = site.invite(Role.INTERPRETER, "olena")
    data = await page_data(site, "/r/plenary/booth/de-uk?as=olena", **site.cookie(olena))
    assert (data["page"], data["booth"], data["token"]) == ("booth", "de-uk", issue(SECRET, olena))
    assert data["ws"] == "/ws?room=plenary&as=olena"
    assert data["state"]["listeners"] is not None


async def test_a_page_finds_its_own_among_several_cookies(site: Site) -> None:
    people = [
        site.invite(Role.VENUE),
        site.invite(Role.INTERPRETER, "maria", booth="en"),
        site.invite(Role.INTERPRETER, "olena"),
    ]
    jar = "; ".join(site.cookie(person)["Cookie"] for person in people) + "; tolmach_lang=en; tolmach_x=junk"
    assert (await page_data(site, "/r/plenary/booth/en", Cookie=jar))["ws"].endswith("as=maria")
    assert (await page_data(site, "/r/plenary/booth/de-uk", Cookie=jar))["ws"].endswith("as=olena")
    assert (await page_data(site, "/r/plenary/venue", Cookie=jar))["ws"].endswith("as=venue")
    assert (await page_data(site, "/r/plenary", Cookie=jar))["token"] is None


async def test_a_console_is_not_put_out_by_its_own_watch_page(site: Site) -> None:
    """Watching as the interpreter would take the console's place."""
    olena = site.invite(Role.INTERPRETER, "olena")
    data = await page_data(site, "/r/plenary?as=olena", **site.cookie(olena))
    assert (data["token"], data["ws"]) == (None, "/ws?room=plenary")


@pytest.mark.parametrize(
    ("path", "role", "booth", "status", "code"),
    [
        ("/r/plenary/venue", None, None, 401, "token_missing"),
        ("/r/plenary/booth/de-uk", None, None, 401, "token_missing"),
        ("/r/plenary/venue", Role.INTERPRETER, None, 403, "forbidden"),
        ("/r/plenary/booth/de-uk", Role.VENUE, None, 403, "forbidden"),
        ("/r/plenary/booth/en", Role.INTERPRETER, "de-uk", 403, "wrong_room"),
        ("/r/plenary/booth/fr", Role.INTERPRETER, "fr", 404, "booth_unknown"),
        ("/r/workshop-1/venue", Role.VENUE, None, 403, "wrong_room"),
        ("/r/nowhere", None, None, 404, "room_unknown"),
        ("/c/nowhere", None, None, 404, "conference_unknown"),
    ],
)
async def test_shut_doors_are_pages_that_say_why(
    site: Site, path: str, role: Role | None, booth: str | None, status: int, code: str
) -> None:
    headers = site.cookie(site.invite(role, booth=booth)) if role else {}
    answer = await site.client.get(path, headers=headers)
    assert (answer.status, answer.content_type) == (status, "text/html")
    data = data_of(await answer.text())
    assert (data["page"], data["code"], data["status"]) == ("error", code, status)


@pytest.mark.parametrize(
    ("role", "path"),
    [
        (Role.INTERPRETER, "/r/plenary/booth/de-uk?as=interpreter"),
        (Role.VENUE, "/r/plenary/venue?as=venue"),
        (Role.PARTICIPANT, "/r/plenary/workshop?as=participant"),
        (Role.MODERATOR, "/r/plenary/moderator?as=moderator"),
        (Role.TECHNICIAN, "/desk?as=technician"),
        (Role.ORGANISER, "/desk?as=organiser"),
    ],
)
async def test_a_personal_link_leads_to_its_page(site: Site, role: Role, path: str) -> None:
    token = issue(SECRET, site.invite(role))
    answer = await site.client.get(f"/join/{token}", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, path)
    cookie = answer.cookies[f"tolmach_{role.value}"]
    assert cookie.value == token
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (True, "Lax", "/", "")
    assert 3600 <= int(cookie["max-age"]) <= 3660


async def test_who_is_called_by_other_letters_comes_in_by_their_link(site: Site) -> None:
    olena = replace(site.invite(Role.PARTICIPANT), person=PersonId("Олена"))
    answer = await site.client.get(f"/join/{issue(SECRET, olena)}", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/r/plenary/workshop?as=participant")
    page = await site.page(olena)
    assert (await page.say("enter_room", name="Олена", language="uk"))["type"] == "done"
    await site.whip(olena)
    assert ("plenary/speaker:Олена", "plenary/speaker:Олена") in site.engine.publishers.values()
    await page.leave()


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"id": "Олена"}, 401, "token_invalid"),
        ({"person": PersonId("a/b")}, 401, "token_invalid"),
        ({"room": RoomId("зал")}, 404, "room_unknown"),
    ],
    ids=ascii,
)
async def test_a_link_of_ids_that_we_do_not_give_is_refused_in_words(
    site: Site, changes: dict[str, Any], status: int, code: str
) -> None:
    token = issue(SECRET, replace(site.invite(Role.PARTICIPANT), **changes))
    answer = await site.client.get(f"/join/{token}?lang=uk", allow_redirects=False)
    assert answer.status == status
    assert data_of(await answer.text())["code"] == code


async def test_a_booth_that_is_not_there_is_looked_for_and_not_found(site: Site) -> None:
    lost = replace(site.invite(Role.INTERPRETER), booth=BoothId("кабіна"))
    answer = await site.client.get(f"/join/{issue(SECRET, lost)}", allow_redirects=False)
    assert answer.status == 303
    path = answer.headers["Location"]
    assert path.isascii()
    there = await site.client.get(URL(path, encoded=True), headers=site.cookie(lost))
    assert there.status == 404


async def test_a_link_that_opens_nothing_says_so(site: Site) -> None:
    for token in ("junk", issue(SECRET, site.invite(Role.VENUE, hours=-1))):
        answer = await site.client.get(f"/join/{token}", allow_redirects=False)
        assert answer.status == 401
        assert "Set-Cookie" not in answer.headers
        assert token not in await answer.text()
    nowhere = issue(SECRET, site.invite(Role.VENUE, room="nowhere"))
    assert (await site.client.get(f"/join/{nowhere}", allow_redirects=False)).status == 404


async def test_behind_tls_cookies_are_secure(config: Config, tmp_path: Path) -> None:
    public = replace(config, public_url="https://conference.example.org")
    async with SqliteStore.open(tmp_path / "x.sqlite3") as real, running(public, FlakyStore(real)) as site:
        token = issue(SECRET, site.invite(Role.VENUE))
        answer = await site.client.get(f"/join/{token}", allow_redirects=False)
        assert answer.cookies["tolmach_venue"]["secure"]
        assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
        assert data_of(await (await site.client.get("/")).text())["links"] == []


@pytest.mark.parametrize(
    ("query", "headers", "lang"),
    [
        ("", {}, "de"),
        ("", {"Accept-Language": "uk-UA,en;q=0.5"}, "uk"),
        ("", {"Accept-Language": "uk", "Cookie": "tolmach_lang=en"}, "en"),
        ("?lang=uk", {"Cookie": "tolmach_lang=en"}, "uk"),
        ("?lang=xx", {}, "de"),
    ],
)
async def test_the_pages_language(site: Site, query: str, headers: dict[str, str], lang: str) -> None:
    answer = await site.client.get(f"/{query}", headers=headers)
    assert answer.headers["Content-Language"] == lang
    assert f'<html lang="{lang}"' in await answer.text()
    assert ("tolmach_lang" in answer.cookies) == (query == "?lang=uk")


async def test_an_error_speaks_the_language_asked_for(site: Site) -> None:
    texts = set()
    for lang in ("de", "uk", "en"):
        answer = await site.client.delete("/whep/plenary/de/x", headers={"Accept-Language": lang})
        texts.add((await answer.json())["error"]["text"])
    assert len(texts) == 3


async def test_the_start_page_offers_every_role_on_this_machine_alone(site: Site) -> None:
    local = {"Host": "localhost:8080"}
    links = (await page_data(site, "/", **local))["links"]
    assert {link["role"] for link in links} == {role.value for role in Role}
    plenary = (await page_data(site, "/c/demo", **local))["links"]
    assert plenary == links
    for link in links:
        answer = await site.client.get(link["url"], allow_redirects=False)
        assert answer.status == (303 if link["url"].startswith("/join/") else 200)
    for away in ({"Host": "conference.example.org"}, {"X-Forwarded-For": "127.0.0.1", **local}):
        assert (await page_data(site, "/", **away))["links"] == []


def test_demo_links_are_the_same_people_after_a_restart(config: Config) -> None:
    first, second = demo_links(config, 1000.0), demo_links(config, 2000.0)
    people = []
    for links in (first, second):
        tokens = [link.path.removeprefix("/join/") for link in links if link.path.startswith("/join/")]
        people.append([(read(SECRET, token, now=2000.0).id) for token in tokens])
    assert people[0] == people[1]
    assert len(set(people[0])) == len(people[0])


def test_only_the_demo_conference_has_demo_links(tmp_path: Path) -> None:
    file = tmp_path / "tolmach.toml"
    file.write_text(
        f"""
        data = "{tmp_path}"
        [[conference]]
        id = "congress"
        title = {{ de = "Kongress" }}
        [[conference.room]]
        id = "hall"
        title = {{ de = "Saal" }}
        languages = ["de"]
        floor_language = "de"
        """,
        "utf-8",
    )
    assert demo_links(load_config(file, {}), 0.0) == ()


async def test_static_files_are_those_of_the_folder_alone(site: Site, tmp_path: Path) -> None:
    answer = await site.client.get("/static/js/lib/wire.js")
    assert (answer.status, answer.content_type) == (200, "text/javascript")
    assert answer.headers["Cache-Control"] == "no-cache"
    again = await site.client.get("/static/js/lib/wire.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304
    for path in ("none.js", "js", "%2e%2e/templates/base.html", "%2e%2e%2f%2e%2e%2fpyproject.toml", "%00.js"):
        assert (await site.client.get(f"/static/{path}")).status == 404, path


async def test_static_texts_go_out_packed_to_who_takes_them_so(site: Site) -> None:
    packed = await site.client.get("/static/js/lib/wire.js", headers={"Accept-Encoding": "gzip"})
    plain = await site.client.get("/static/js/lib/wire.js", headers={"Accept-Encoding": "identity"})
    assert (packed.headers["Content-Encoding"], packed.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert "Content-Encoding" not in plain.headers
    assert await packed.text() == await plain.text()
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 2
    assert packed.headers["ETag"] != plain.headers["ETag"]
    unpacked = {"Accept-Encoding": "identity", "If-None-Match": packed.headers["ETag"]}
    assert (await site.client.get("/static/js/lib/wire.js", headers=unpacked)).status == 200


async def test_what_others_made_is_kept_by_browsers_and_packed(config: Config, tmp_path: Path) -> None:
    root = tmp_path / "web"
    vendor = root / "static" / "vendor"
    vendor.mkdir(parents=True)
    for folder in ("templates", "locales"):
        (root / folder).symlink_to(config.web_root / folder)
    here = replace(config, web_root=root)
    async with SqliteStore.open(tmp_path / "x.sqlite3") as real, running(here, FlakyStore(real)) as site:
        assert (await page_data(site, "/r/plenary"))["player"] is None
        (vendor / "hls-1.2.3.mjs").write_text("export default 1;")
        (vendor / "hls-1.2.3.mjs.gz").write_bytes(gzip.compress(b"export default 1;"))
        address = (await page_data(site, "/r/plenary"))["player"]
        assert address == "/static/vendor/hls-1.2.3.mjs"
        answer = await site.client.get(address)
        assert (answer.status, answer.content_type) == (200, "text/javascript")
        assert (answer.headers["Content-Encoding"], await answer.text()) == ("gzip", "export default 1;")
        assert "immutable" in answer.headers["Cache-Control"]


async def test_a_room_says_whether_it_has_a_livestream(config: Config, tmp_path: Path) -> None:
    conference = config.conferences[0]
    rooms = (replace(conference.rooms[0], livestream=False), *conference.rooms[1:])
    without = replace(config, conferences=(replace(conference, rooms=rooms),))
    async with SqliteStore.open(tmp_path / "x.sqlite3") as real, running(without, FlakyStore(real)) as site:
        assert (await page_data(site, f"/r/{rooms[0].id}"))["livestream"] is False
        assert (await page_data(site, f"/r/{rooms[1].id}"))["livestream"] is True


async def test_the_embedded_player_is_nobody_and_the_one_page_for_frames(site: Site) -> None:
    data = await page_data(site, "/r/plenary/embed", **site.cookie(site.invite(Role.VENUE)))
    assert (data["page"], data["token"], data["ws"]) == ("embed", None, "/ws?room=plenary")
    assert "watch.choose_language" in data["messages"]
    headers = (await site.client.get("/r/plenary/embed")).headers
    assert "frame-ancestors *" in headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in headers
    assert (await site.client.get("/r/nowhere/embed")).status == 404
