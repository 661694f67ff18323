"""The edge's WebSocket on a whole server: who is let in, what a listener's request becomes, whom a death is told."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from interpreting.roles import Role
from server.edge_link import RETURN_S
from server.edge_messages import (
    PROTOCOL,
    Answered,
    Done,
    Hello,
    Load,
    Message,
    Move,
    Subscribe,
    Welcome,
    format_edge_message,
    parse_edge_message,
)
from server.keys import FLEET, REVOCATIONS
from server.tokens import TokenError, issue, issue_edge_pass, read, read_edge_pass
from tests.server.conftest import OFFER, SECRET, Site

SDP = {"Content-Type": "application/sdp"}


async def dial(site: Site, token: str | None) -> ClientWebSocketResponse:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return await site.client.ws_connect("/edge", headers=headers)


async def say(socket: ClientWebSocketResponse, message: Message) -> None:
    await socket.send_str(format_edge_message(message))


async def hear(socket: ClientWebSocketResponse) -> Message:
    return parse_edge_message(await socket.receive_str(timeout=30))


async def joined(site: Site, name: str = "far") -> tuple[ClientWebSocketResponse, Welcome]:
    """An edge that has said hello."""
    socket = await dial(site, issue_edge_pass(SECRET, name)[0])
    await say(socket, Hello(PROTOCOL, name, name, ()))
    welcome = await hear(socket)
    assert isinstance(welcome, Welcome)
    await say(socket, Load(0, 10, 0.0, 0.0, {}))
    return socket, welcome


async def test_only_an_edges_own_token_opens(site: Site) -> None:
    technician = issue(SECRET, site.invite(Role.TECHNICIAN))
    for token, status in ((None, 401), ("nonsense", 401), (technician, 403)):
        with pytest.raises(WSServerHandshakeError) as refused:
            await dial(site, token)
        assert refused.value.status == status


async def test_an_edges_token_opens_nothing_else(site: Site) -> None:
    token, _ = issue_edge_pass(SECRET, "far")
    answer = await site.client.post("/whip/plenary", headers={"Authorization": f"Bearer {token}"}, data=OFFER)
    assert (answer.status, (await answer.json())["error"]["code"]) == (401, "token_invalid")


async def test_a_withdrawn_token_opens_no_more(site: Site) -> None:
    token, id = issue_edge_pass(SECRET, "far")
    await site.store.revoke(id, time.time() + 1000)
    await site.client.app[REVOCATIONS].look()
    with pytest.raises(WSServerHandshakeError) as refused:
        await dial(site, token)
    assert refused.value.status == 401


async def test_withdrawing_its_token_turns_an_edge_out(site: Site) -> None:
    token, id = issue_edge_pass(SECRET, "far")
    edge = await dial(site, token)
    await say(edge, Hello(PROTOCOL, "far", "far", ()))
    await hear(edge)
    await site.store.revoke(id, time.time() + 1000)
    await site.client.app[REVOCATIONS].look()
    assert (await edge.receive(timeout=30)).type is WSMsgType.CLOSE
    assert [one.is_alive for one in site.client.app[FLEET].figures] == [False]


def test_tokens_of_the_two_kinds_are_not_mistaken() -> None:
    token, id = issue_edge_pass(SECRET, "far", 1, now=1000)
    assert read_edge_pass(SECRET, token, now=2000).id == id
    with pytest.raises(TokenError, match="token_expired"):
        read_edge_pass(SECRET, token, now=5000)
    with pytest.raises(TokenError, match="token_invalid"):
        read(SECRET, token, now=2000)


@pytest.mark.parametrize("first", ["{}", '{"type":"done","id":1}', format_edge_message(Hello(9, "i", "n", ()))])
async def test_who_does_not_say_hello_is_sent_away(site: Site, first: str) -> None:
    socket = await dial(site, issue_edge_pass(SECRET, "far")[0])
    await socket.send_str(first)
    assert (await socket.receive(timeout=30)).type is WSMsgType.CLOSE
    assert site.client.app[FLEET].figures == []


@pytest.mark.parametrize("later", ["[]", format_edge_message(Welcome("b", "e", ())), "x" * 600_000])
async def test_who_says_what_no_edge_says_is_sent_away(site: Site, later: str) -> None:
    socket, _ = await joined(site)
    await socket.send_str(later)
    assert (await socket.receive(timeout=30)).type is WSMsgType.CLOSE


async def test_a_listener_is_served_by_the_edge_and_its_page_told_of_the_end(site: Site) -> None:
    edge, welcome = await joined(site)
    page = await site.page()
    await page.next("welcome")

    async def serve() -> None:
        request = await hear(edge)
        assert isinstance(request, Subscribe)
        assert (request.bus, request.picture, request.offer) == ("plenary/uk", "plenary", OFFER)
        await say(edge, Answered(request.id, "v=0 from the edge", '"e"'))
        moved = await hear(edge)
        assert isinstance(moved, Move)
        assert (moved.peer, moved.bus) == (request.peer, "plenary/en")
        await say(edge, Done(moved.id))

    async with asyncio.TaskGroup() as group:
        group.create_task(serve())
        answer = await site.client.post("/whep/plenary/uk", data=OFFER, headers=SDP)
        assert (answer.status, await answer.text()) == (201, "v=0 from the edge")
        assert answer.headers["Tolmach-Edge"] == welcome.edge
        location = answer.headers["Location"]
        assert (await site.client.put(f"{location}/channel", json={"channel": "en"})).status == 204
    assert site.engine.listeners == {}
    assert 'tolmach_edge_listeners{edge="far"} 1.0\n' in await (await site.client.get("/metrics")).text()

    await edge.close()
    site.monotonic.at += RETURN_S + 0.1
    assert (await page.next("edge_lost"))["edge"] == welcome.edge
    assert (await site.client.put(f"{location}/channel", json={"channel": "en"})).status == 404
    assert 'tolmach_edge_up{edge="far"} 0.0\n' in await (await site.client.get("/metrics")).text()
    again = await site.client.post("/whep/plenary/uk", data=OFFER, headers=SDP)
    assert again.status == 201
    assert "Tolmach-Edge" not in again.headers
    await page.leave()


async def test_a_booth_is_served_by_the_server_itself(site: Site) -> None:
    edge, _ = await joined(site)
    await site.whep("floor", site.invite(Role.INTERPRETER, "olena"))
    assert len(site.engine.listeners) == 1
    await edge.close()
