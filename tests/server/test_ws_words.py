"""What people say to each other over WebSockets reaches those it is for, under the name of their invitation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from interpreting.roles import Role
from server.ws import COMMANDS
from tests.server.conftest import Page, Site


@asynccontextmanager
async def pages(site: Site, *roles: tuple[Role, str, str | None]) -> AsyncIterator[list[Page]]:
    """Connected pages of people; interpreters are seated."""
    opened = []
    for role, person, booth in roles:
        page = await site.page(site.invite(role, person, booth=booth))
        if role is Role.INTERPRETER:
            await page.enter(booth or "de-uk")
        opened.append(page)
    yield opened
    for page in opened:
        await page.leave()


OLENA, JONAS = (Role.INTERPRETER, "olena", "de-uk"), (Role.INTERPRETER, "jonas", "de-uk")
EMMA, TOM = (Role.INTERPRETER, "emma", "en"), (Role.TECHNICIAN, "tom", None)


async def test_a_line_reaches_the_booth_and_nobody_else(site: Site) -> None:
    async with pages(site, OLENA, JONAS, EMMA, TOM) as (olena, jonas, emma, tom):
        assert (await olena.say("say", to="booth", text="6,1 Mio."))["type"] == "done"
        state = await jonas.state_where(lambda state: state["chat"])
        assert [(line["name"], line["role"], line["text"]) for line in state["chat"]] == [
            ("Olena", "interpreter", "6,1 Mio.")
        ]
        assert (await tom.say("say", to="booths", text="Pause"))["type"] == "done"
        for page, texts in ((emma, ["Pause"]), (olena, ["6,1 Mio.", "Pause"])):
            state = await page.state_where(lambda state: state["chat"] and state["chat"][-1]["text"] == "Pause")
            assert [line["text"] for line in state["chat"]] == texts


async def test_a_ready_phrase_arrives_by_its_key(site: Site) -> None:
    async with pages(site, OLENA, JONAS) as (olena, jonas):
        assert (await olena.say("say", to="booth", text="Дякую", phrase="thanks"))["type"] == "done"
        state = await jonas.state_where(lambda state: state["chat"])
        assert [(line["phrase"], line["text"]) for line in state["chat"]] == [("thanks", "Дякую")]
        answer = await olena.say("say", to="booth", text="Hurry up", phrase="hurry_up")
        assert (answer["type"], answer["code"]) == ("refused", "phrase_unknown")


async def test_a_viewer_is_sent_nothing_for_what_is_not_theirs(site: Site) -> None:
    viewer = await site.page()
    await viewer.next("welcome")
    async with pages(site, OLENA) as (olena,):
        for name, args in (
            ("say", {"to": "interpreters", "text": "hello"}),
            ("call_technician", {}),
            ("ask_speaker", {"wish": "slower"}),
            ("set_shift", {"minutes": 20}),
            ("set_consent", {"source": "mic:olena", "consents": True}),
        ):
            assert (await olena.say(name, **args))["type"] == "done"
        # What they are told next is the first thing that they see.
        assert (await olena.say("take_mic"))["type"] == "done"
        state = (await viewer.next("state"))["state"]
        assert state["channels"][1]["booth"] == "de-uk"
        assert (state["chat"], state["calls"], state["asks"]) == ([], [], [])
    await viewer.leave()


async def test_a_call_is_answered(site: Site) -> None:
    async with pages(site, OLENA, TOM) as (olena, tom):
        for _ in range(3):
            assert (await olena.say("call_technician"))["type"] == "done"
        state = await tom.state_where(lambda state: state["calls"])
        assert [(call["id"], call["name"], call["booth"]) for call in state["calls"]] == [(1, "Olena", "de-uk")]
        assert (await tom.say("answer_call", call=1))["type"] == "done"
        await olena.state_where(lambda state: state["calls"] and state["calls"][0]["answered"])
        assert (await tom.say("answer_call", call=2))["code"] == "call_unknown"


@pytest.mark.parametrize(
    ("role", "name", "args", "code"),
    [
        (Role.INTERPRETER, "set_consent", {"source": "mic:jonas", "consents": True}, "forbidden"),
        (Role.INTERPRETER, "set_consent", {"source": "venue", "consents": False}, "forbidden"),
        (Role.TECHNICIAN, "set_consent", {"source": "mic:jonas", "consents": True}, "forbidden"),
        (Role.VENUE, "set_consent", {"source": "backup", "consents": False}, "forbidden"),
        (Role.TECHNICIAN, "set_consent", {"source": "radio", "consents": False}, "source_unknown"),
        (Role.INTERPRETER, "say", {"to": "booths", "text": "hello"}, "forbidden"),
        (Role.TECHNICIAN, "say", {"to": "booth", "text": "hello"}, "forbidden"),
        (Role.TECHNICIAN, "say", {"to": "booths", "text": "x" * 501}, "command_invalid"),
        (Role.TECHNICIAN, "say", {"to": "booths", "text": "hi", "name": "The President"}, "command_invalid"),
        (Role.SPEAKER, "start_recording", {}, "forbidden"),
        (Role.INTERPRETER, "select_venue", {"source": "backup"}, "forbidden"),
        (Role.TECHNICIAN, "select_venue", {"source": "mic:olena"}, "source_unknown"),
        (Role.VENUE, "select_item", {"item": "concert"}, "item_unknown"),
        (Role.MODERATOR, "set_interlock", {"mode": "none"}, "forbidden"),
        (Role.INTERPRETER, "set_shift", {"minutes": 25}, "command_invalid"),
        (Role.INTERPRETER, "select_pivot", {"language": "en"}, "not_in_booth"),
    ],
)
async def test_what_is_not_ones_own_is_refused(
    site: Site, role: Role, name: str, args: dict[str, object], code: str
) -> None:
    page = await site.page(site.invite(role))
    answer = await page.say(name, id="x", **args)
    assert (answer["type"], answer["code"]) == ("refused", code)
    assert len(answer["text"]) > 10
    await page.leave()


async def test_a_flood_of_lines_is_slowed_as_all_commands_are(site: Site) -> None:
    async with pages(site, TOM) as (tom,):
        answers = [await tom.say("say", to="booths", text=f"line {n}") for n in range(int(COMMANDS.burst) + 5)]
        codes = [answer.get("code") for answer in answers]
        assert codes[0] is None
        assert codes[-1] == "too_fast"


async def test_what_was_said_is_there_for_who_comes_later(site: Site) -> None:
    async with pages(site, OLENA) as (olena,):
        assert (await olena.say("say", to="booth", text="6,1 Mio."))["type"] == "done"
    for person, booth, lines in (("jonas", "de-uk", ["6,1 Mio."]), ("emma", "en", [])):
        page = await site.page(site.invite(Role.INTERPRETER, person, booth=booth))
        welcome = await page.next("welcome")
        assert [line["text"] for line in welcome["state"]["chat"]] == lines
        await page.leave()
