"""The WebSocket from a page's side: welcome, state, commands once, and every way it ends."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError

from interpreting.roles import Role
from server.keys import BOOT, HUB, REVOCATIONS
from tests.server.conftest import Page, Site


async def test_a_viewer_is_welcomed_with_everything_and_no_person(site: Site) -> None:
    page = await site.page()
    welcome = await page.next("welcome")
    assert welcome["boot"] == site.client.app[BOOT]
    assert welcome["now"] == int(site.now() * 1000)
    assert welcome["turnout"] == 1
    assert welcome["you"] == {"person": "", "name": "", "role": "viewer", "booth": None, "elsewhere": False}
    state = welcome["state"]
    assert (state["room"], state["venue"], state["listeners"]) == ("plenary", "demo", None)
    assert [channel["channel"] for channel in state["channels"]] == ["de", "uk", "en"]
    assert all(booth["seats"] == [] for booth in state["booths"])
    await page.leave()


async def test_an_interpreter_goes_on_air_and_everybody_learns_it(site: Site) -> None:
    await site.engine.flow("plenary/mic:olena")
    olena = site.invite(Role.INTERPRETER, "olena")
    booth, viewer = await site.page(olena), await site.page()
    welcome = await booth.next("welcome")
    # Those at work come back as fast as they can.
    assert welcome["turnout"] == 0
    you = welcome["you"]
    assert you == {"person": "olena", "name": "Olena", "role": "interpreter", "booth": "de-uk", "elsewhere": False}
    await booth.enter()
    done = await booth.say("take_mic")
    assert (done["type"], done["version"]) == ("done", 2)
    state = await viewer.state_where(lambda state: state["channels"][1]["mode"] == "interpreted")
    assert state["channels"][1]["booth"] == "de-uk"
    assert site.engine.gains("plenary/uk") == {"plenary/mic:olena": 1.0}
    await booth.leave()
    await viewer.leave()


async def test_a_viewer_hears_only_of_what_a_viewer_sees(site: Site) -> None:
    viewer, booth = await site.page(), await site.page(site.invite(Role.INTERPRETER))
    await booth.enter()
    await booth.say("select_incoming", channel="de")
    venue = await site.page(site.invite(Role.VENUE))
    await venue.say("set_floor_language", language="en")
    await viewer.next("welcome")
    assert (await viewer.next("state"))["state"]["floor_language"] == "en"
    for page in (viewer, booth, venue):
        await page.leave()


@pytest.mark.parametrize(
    ("role", "name", "args", "code"),
    [
        (None, "take_mic", {}, "forbidden"),
        (Role.VIEWER, "set_floor_language", {"language": "en"}, "forbidden"),
        (Role.INTERPRETER, "set_floor_language", {"language": "en"}, "forbidden"),
        (Role.INTERPRETER, "lose_all_sources", {}, "forbidden"),
        (Role.TECHNICIAN, "take_mic", {}, "forbidden"),
        (Role.INTERPRETER, "enter_booth", {"booth": "en", "name": "x"}, "forbidden"),
        (Role.INTERPRETER, "take_mic", {}, "not_in_booth"),
        (Role.INTERPRETER, "take_mic", {"by": "somebody"}, "command_invalid"),
        (Role.INTERPRETER, "enter_booth", {"booth": 7, "name": "x"}, "command_invalid"),
        (Role.INTERPRETER, "fly", {}, "command_unknown"),
        (Role.VENUE, "set_floor_language", {"language": "fr"}, "language_unknown"),
    ],
)
async def test_a_refusal_says_why_in_the_pages_language(
    site: Site, role: Role | None, name: str, args: dict[str, object], code: str
) -> None:
    page = await site.page(site.invite(role) if role else None)
    answer = await page.say(name, id="x", **args)
    assert (answer["type"], answer["id"], answer["code"]) == ("refused", "x", code)
    assert len(answer["text"]) > 10
    await page.leave()


async def test_a_resend_after_a_break_is_answered_as_the_first_time(site: Site) -> None:
    olena = site.invite(Role.INTERPRETER, "olena")
    page = await site.page(olena)
    await page.enter()
    first = await page.say("take_mic", id="one")
    await page.say("release_mic")
    await page.leave()
    page = await site.page(olena)
    assert await page.say("take_mic", id="one") == first
    assert site.engine.gains("plenary/uk").get("plenary/mic:olena") is None
    await page.leave()


async def test_without_the_store_a_command_is_refused_and_may_be_sent_again(site: Site) -> None:
    page = await site.page(site.invite(Role.VENUE))
    site.store.is_down = True
    refused = await page.say("set_floor_language", id="1", language="en")
    assert refused["code"] == "store_unavailable"
    site.store.is_down = False
    assert (await page.say("set_floor_language", id="1", language="en"))["type"] == "done"
    await page.leave()


async def test_a_reload_keeps_the_seat(site: Site) -> None:
    olena, partner = site.invite(Role.INTERPRETER, "olena"), site.invite(Role.INTERPRETER, "jonas")
    jonas = await site.page(partner)
    page = await site.page(olena)
    await page.enter()
    await page.leave()
    await jonas.state_where(lambda state: presence(state) == {"olena": False})
    page = await site.page(olena)
    state = await jonas.state_where(lambda state: presence(state) == {"olena": True})
    assert state["booths"][0]["seats"][0]["name"] == "Olena"
    await page.leave()
    await jonas.leave()


async def test_a_second_console_takes_the_place_of_the_first(site: Site) -> None:
    olena = site.invite(Role.INTERPRETER, "olena")
    first = await site.page(olena)
    await first.enter()
    second = await site.page(olena)
    welcome = await second.next("welcome")
    assert welcome["you"]["elsewhere"] is True
    assert presence(welcome["state"]) == {"olena": True}
    assert (await first.say("take_mic"))["type"] == "done"  # a link pressed twice silences nobody
    await second.enter()
    assert (await first.next("closing"))["code"] == "replaced"
    await first.ended()
    assert (await second.say("release_mic"))["type"] == "done"
    assert len(site.client.app[HUB]) == 1
    await second.leave()


async def test_a_console_that_is_gone_is_gone_though_its_link_is_open_elsewhere(site: Site) -> None:
    olena, jonas = site.invite(Role.INTERPRETER, "olena"), await site.page(site.invite(Role.INTERPRETER, "jonas"))
    console, looking = await site.page(olena), await site.page(olena)
    await console.enter()
    await console.leave()
    await jonas.state_where(lambda state: presence(state) == {"olena": False})
    await looking.leave()
    await jonas.leave()


def presence(state: object) -> dict[str, bool]:
    booths = state["booths"]  # type: ignore[index]
    return {seat["person"]: seat["present"] for booth in booths for seat in booth["seats"]}


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        '{"type":"command"}',
        '{"type":"command","id":"1","name":"x","args":{},"as":"venue"}',
        '{"type":"command","id":"1","id":"2","name":"x","args":{}}',
        '{"type":"command","id":"1","name":"x","args":{"a":NaN}}',
        json.dumps({"type": "command", "id": "1", "name": "x", "args": {"a": "x" * 65536}}),
    ],
)
async def test_what_is_not_of_the_protocol_ends_the_connection_and_nobody_elses(site: Site, text: str) -> None:
    other, page = await site.page(), await site.page()
    await page.next("welcome")
    await page.socket.send_str(text)
    assert (await page.next("closing"))["code"] == "bad_message"
    await page.ended()
    assert (await other.say("take_mic"))["code"] == "forbidden"
    await other.leave()


async def test_binary_and_giant_messages_end_the_connection(site: Site) -> None:
    page = await site.page()
    await page.socket.send_bytes(b"{}")
    assert (await page.next("closing"))["code"] == "bad_message"
    await page.ended()
    page = await site.page()
    await page.socket.send_str("x" * 200_000)
    await page.ended()
    assert page.socket.close_code == 1009


async def test_commands_too_fast_are_refused_and_the_page_stays(site: Site) -> None:
    page = await site.page()
    codes = [(await page.say("take_mic"))["code"] for _ in range(42)]
    assert codes == ["forbidden"] * 40 + ["too_fast"] * 2
    site.monotonic.at += 1
    assert (await page.say("take_mic"))["code"] == "forbidden"
    await page.leave()


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://evil.example", 403),
        ("null", 403),
        ("http://[", 403),
        ("http://localhost:8080", None),
    ],
)
async def test_the_origin_must_be_ours(site: Site, origin: str, status: int | None) -> None:
    if status is None:
        socket = await site.client.ws_connect("/ws?room=plenary", headers={"Origin": origin})
        await socket.close()
        return
    with pytest.raises(WSServerHandshakeError) as refusal:
        await site.client.ws_connect("/ws?room=plenary", headers={"Origin": origin})
    assert refusal.value.status == status


async def test_the_host_asked_for_is_ours(site: Site) -> None:
    origin = f"http://127.0.0.1:{site.client.port}"
    socket = await site.client.ws_connect("/ws?room=plenary", headers={"Origin": origin})
    await socket.close()


async def test_doors_that_stay_shut(site: Site) -> None:
    elsewhere = site.invite(Role.INTERPRETER, "olena", room="workshop-1")
    for query, headers, status in (
        ("room=nowhere", {}, 404),
        ("", {}, 404),
        ("room=plenary&as=nobody", {}, 401),
        ("room=plenary&as=olena", {"Cookie": "tolmach_olena=junk"}, 401),
        ("room=plenary&as=%00", {}, 401),
        ("room=plenary&as=olena", site.cookie(elsewhere), 403),
    ):
        with pytest.raises(WSServerHandshakeError) as refusal:
            await site.client.ws_connect(f"/ws?{query}", headers=headers)
        assert refusal.value.status == status, query


async def test_a_cookie_under_another_links_name_opens_nothing(site: Site) -> None:
    olena = site.invite(Role.INTERPRETER, "olena")
    swapped = {"Cookie": site.cookie(olena)["Cookie"].replace("tolmach_olena", "tolmach_other")}
    with pytest.raises(WSServerHandshakeError) as refusal:
        await site.client.ws_connect("/ws?room=plenary&as=other", headers=swapped)
    assert refusal.value.status == 401


async def test_a_program_comes_by_bearer(site: Site) -> None:
    headers = site.bearer(site.invite(Role.TECHNICIAN))
    page = Page(await site.client.ws_connect("/ws?room=plenary", headers=headers))
    assert (await page.next("welcome"))["you"]["role"] == "technician"
    await page.leave()


async def test_a_link_that_is_over_is_told_so_on_the_socket(site: Site) -> None:
    late = site.invite(Role.INTERPRETER, "late", hours=-1)
    page = await site.page(late)
    assert (await page.next("closing"))["code"] == "expired"
    await page.ended()
    assert len(site.client.app[HUB]) == 0


async def test_a_withdrawn_link_ends_what_is_open_on_it(site: Site) -> None:
    olena, jonas = site.invite(Role.INTERPRETER, "olena"), site.invite(Role.INTERPRETER, "jonas")
    page, other = await site.page(olena), await site.page(jonas)
    await page.enter()
    await site.whip(olena)
    await site.whip(jonas)
    await site.store.revoke(olena.id, olena.forgotten_at)
    assert (await page.next("closing"))["code"] == "revoked"
    await page.ended()
    await other.state_where(lambda state: presence(state) == {})
    assert list(site.engine.publishers.values()) == [("plenary/mic:jonas", None)]
    again = await site.page(olena)
    assert (await again.next("closing"))["code"] == "revoked"
    await other.leave()


async def test_an_expired_link_ends_what_is_open_on_it(site: Site) -> None:
    olena = site.invite(Role.INTERPRETER, "olena")
    page = await site.page(olena)
    await site.whip(olena)
    site.now.at = olena.expires_at + 59
    await site.client.app[REVOCATIONS].look()
    assert len(site.engine.publishers) == 1
    site.now.at += 2
    await site.client.app[REVOCATIONS].look()
    assert (await page.next("closing"))["code"] == "expired"
    assert site.engine.publishers == {}
    await page.ended()


async def test_an_orderly_stop_warns_the_pages(site: Site) -> None:
    page = await site.page()
    await page.next("welcome")
    stop = asyncio.create_task(site.client.server.close())
    assert (await page.next("closing"))["code"] == "stopping"
    assert (await page.socket.receive()).type is WSMsgType.CLOSE
    await stop


async def test_staff_see_listeners_and_viewers_do_not(site: Site) -> None:
    desk, viewer = await site.page(site.invite(Role.TECHNICIAN)), await site.page()
    await viewer.next("welcome")
    await site.whep("uk")
    await site.conductor.tick(site.monotonic())
    state = await desk.state_where(lambda state: state["listeners"]["uk"] == 1)
    assert state["listeners"] == {"floor": 0, "de": 0, "uk": 1, "en": 0}
    assert (await viewer.say("take_mic"))["type"] == "refused"
    await desk.leave()
    await viewer.leave()
