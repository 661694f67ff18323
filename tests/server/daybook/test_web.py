"""A session on a whole server, and the report of it compared with what was done; the rehearsal's page and ticks."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from interpreting.commands import command_name
from interpreting.roles import Role
from media.engine import PeerClosed, Quality, Reason
from server.alarms.kinds import Kind
from server.daybook import days
from server.i18n import Translator
from server.keys import CHRONICLE, HEARD, LOGBOOK
from server.logbook import Entry
from server.logbook_acts import ACTS, OTHER_ACTS
from server.problems import Problem
from tests.server.conftest import PLENARY, Page, Site


async def report(site: Site, **query: str) -> Any:
    technician = site.invite(Role.TECHNICIAN)
    answer = await site.client.get(
        "/desk/rooms/plenary/report.json", params={"as": technician.id, **query}, headers=site.cookie(technician)
    )
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def html(site: Site, page: str, role: Role = Role.TECHNICIAN, **query: str) -> str:
    person = site.invite(role)
    answer = await site.client.get(
        f"/desk/rooms/plenary/{page}", params={"as": person.id, **query}, headers=site.cookie(person)
    )
    assert answer.status == 200, await answer.text()
    return await answer.text()


async def notes_of(site: Site) -> list[Entry]:
    return await asyncio.to_thread(site.client.app[LOGBOOK].read, PLENARY, 0, site.now() + 10)


class Session:
    """What was done, and when: the report is to say the same."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.begun = site.now()

    def ms(self, second: float) -> int:
        return round((self.begun + second) * 1000)

    def at(self, second: float) -> None:
        self.site.now.at = self.begun + second

    async def play(self) -> None:
        """Ten minutes of a session."""
        site = self.site
        chronicle = site.client.app[CHRONICLE]
        technician, olha, petro = (
            await site.page(site.invite(Role.TECHNICIAN)),
            await self._booth("olha"),
            await self._booth("petro"),
        )
        self.at(10)
        hall = site.invite(Role.VENUE)
        await site.whip(hall)
        await site.engine.flow("plenary/venue")
        self.at(20)
        assert (await technician.say("select_item", item="opening"))["type"] == "done"
        self.at(30)
        assert (await olha.say("take_mic"))["type"] == "done"
        self.at(60)
        listeners = [await site.whep("uk") for _ in range(3)]
        chronicle.sample()
        self.at(90)
        assert (await olha.say("release_mic"))["type"] == "done"
        assert (await petro.say("take_mic"))["type"] == "done"
        self.at(120)
        assert (await technician.say("set_floor_language", language="uk"))["type"] == "done"
        self.at(150)
        for listener in listeners:
            await site.client.delete(listener)
        chronicle.sample()
        self.at(200)
        await site.engine.fall_silent("plenary/venue")
        peer = next(peer for peer, (audio, _) in site.engine.publishers.items() if audio == "plenary/venue")
        await site.engine.tell(PeerClosed(peer, "consent_timeout"))
        self.at(215)
        await site.whip(hall)
        await site.engine.flow("plenary/venue")
        self.at(240)
        assert (await petro.say("release_mic"))["type"] == "done"
        self.at(300)

    async def _booth(self, name: str) -> Page:
        person = self.site.invite(Role.INTERPRETER, name)
        page = await self.site.page(person)
        await page.enter()
        await page.say("select_outgoing", language="uk")
        await self.site.whip(person)
        await self.site.engine.flow(f"plenary/mic:{name}")
        return page


def lane(told: Any, name: str, key: str) -> list[tuple[Any, Any, Any]]:
    return [(one[key], one["since"], one["until"]) for one in told["lanes"][name]]


async def test_the_report_tells_what_was_done(site: Site) -> None:
    session = Session(site)
    await session.play()
    told, ms = await report(site), session.ms
    assert lane(told, "floor", "language") == [("de", ms(0), ms(120)), ("uk", ms(120), ms(300))]
    assert [item for item in lane(told, "item", "item") if item[0]] == [("opening", ms(20), ms(300))]
    # From 120 s on the floor speaks Ukrainian itself, and whoever is on air into it is heard all the same or not by
    # the domain's rules: the report says what the channel carried.
    on_air = [
        (one["name"], one["since"], one["until"]) for one in told["lanes"]["channel:uk"] if one["mode"] == "interpreted"
    ]
    assert on_air[0] == ("Olha", ms(30), ms(90))
    assert on_air[1][:2] == ("Petro", ms(90))
    assert on_air[-1][2] in (ms(120), ms(240))
    assert [one for one in lane(told, "venue", "source") if one[1] >= ms(10)] == [
        ("venue", ms(10), ms(200)),
        (None, ms(200), ms(215)),
        ("venue", ms(215), ms(300)),
    ]
    assert told["losses"] == [
        {"source": "venue", "since": ms(200), "until": ms(215), "reason": "consent_timeout", "is_over": True}
    ]
    assert [(act["act"], act["by"], act["at"]) for act in told["acts"]] == [
        ("select_item", "Technician", ms(20)),
        ("set_floor_language", "Technician", ms(120)),
    ]
    assert [(one["at"], one["counts"].get("webrtc:uk", 0)) for one in told["listeners"] if one["at"] >= ms(60)] == [
        (ms(60), 3),
        (ms(150), 0),
    ]
    assert told["starts"] == [ms(0)]


async def test_the_same_as_csv_and_as_a_page(site: Site) -> None:
    session = Session(site)
    await session.play()
    technician = site.invite(Role.TECHNICIAN)
    answer = await site.client.get(
        "/desk/rooms/plenary/report.csv", params={"as": technician.id}, headers=site.cookie(technician)
    )
    assert answer.content_type == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO((await answer.read()).decode("utf-8-sig"))))
    olha = [row for row in rows if row["kind"] == "channel" and "Olha" in row["who"]]
    assert [(row["subject"], row["what"]) for row in olha] == [("uk", "interpreted")]
    page = await html(site, "report", lang="en")
    for words in ("Olha", "Petro", "0:01:00", "Connection broke off", "Floor language set", "at most 3"):
        assert words in page, words
    assert "<polyline" in page
    assert 'data-kind="interpreted"' in page
    assert not re.search(r">(?:report|rehearsal)\.[a-z_]+<", page)


async def test_an_empty_day_says_so(site: Site) -> None:
    page = await html(site, "report", day="2001-01-01", lang="en")
    assert "Nothing is noted for this day." in page


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "2026-1-1", "0000-00-00", "99999-01-01", "2026-W01-1"])
async def test_what_is_no_day_is_refused(site: Site, day: str) -> None:
    with pytest.raises(Problem):
        days.bounds(day)
    technician = site.invite(Role.TECHNICIAN)
    answer = await site.client.get(
        "/desk/rooms/plenary/report.json", params={"as": technician.id, "day": day}, headers=site.cookie(technician)
    )
    assert answer.status == 400


async def test_nothing_that_was_said_is_in_the_book(site: Site) -> None:
    technician = await site.page(site.invite(Role.TECHNICIAN))
    await technician.say("say", to="booths", text="a secret line")
    kinds = {entry.kind for entry in await notes_of(site)}
    assert "said" not in kinds
    assert "secret" not in json.dumps([entry.as_line() for entry in await notes_of(site)])


async def test_publishers_come_and_go_with_their_reason(site: Site) -> None:
    olha = site.invite(Role.INTERPRETER, "olha")
    await site.whip(olha)
    await site.engine.tell(PeerClosed(next(iter(site.engine.publishers)), "dtls_failed"))
    closed = [entry for entry in await notes_of(site) if entry.kind == "publisher_closed"]
    assert [(one.by, one.facts["source"], one.facts["reason"]) for one in closed] == [
        ("Olha", "mic:olha", "dtls_failed")
    ]


async def test_every_hour_the_rooms_are_told_anew(site: Site) -> None:
    chronicle = site.client.app[CHRONICLE]
    before = len([entry for entry in await notes_of(site) if entry.kind == "floor"])
    chronicle.sample()
    site.monotonic.at += 3601
    chronicle.sample()
    chronicle.sample()
    assert len([entry for entry in await notes_of(site) if entry.kind == "floor"]) == before + 1


async def rehearsal(site: Site, **wish: object) -> Any:
    headers = site.bearer(site.invite(Role.TECHNICIAN))
    if wish:
        answer = await site.client.post("/rooms/plenary/rehearsal?lang=en", json=wish, headers=headers)
    else:
        answer = await site.client.get("/rooms/plenary/rehearsal?lang=en", headers=headers)
    return answer.status, await answer.json()


def check(told: Any, id: str) -> Any:
    return next(one for one in told["checks"] if one["id"] == id)


async def test_the_checklist_follows_the_room(site: Site) -> None:
    _, told = await rehearsal(site)
    assert check(told, "venue")["state"] == "bad"
    await site.whip(site.invite(Role.VENUE))
    await site.engine.flow("plenary/venue")
    site.engine.qualities["plenary/venue"] = Quality(Reason.OK, 20_000, -20.0, True, 0.0, 0.0)
    site.client.app[HEARD].look()
    _, told = await rehearsal(site)
    assert check(told, "level:venue")["state"] == "ok"
    assert "−20 dBFS" in check(told, "level:venue")["words"]
    assert check(told, "chain")["state"] == "bad"


async def test_ticks_and_stages_are_kept(site: Site) -> None:
    status, told = await rehearsal(site, stage="60", check="screen", is_done=True)
    assert status == 200
    assert check(told, "screen")["kept"]["60"]["state"] == "ok"
    assert check(told, "screen")["kept"]["60"]["by"] == "Technician"
    assert check(told, "screen")["kept"]["10"] is None
    _, told = await rehearsal(site, stage="10")
    assert check(told, "venue")["kept"]["10"]["state"] == "bad"
    _, told = await rehearsal(site, stage="60", check="screen", is_done=False)
    assert check(told, "screen")["kept"]["60"]["state"] == "bad"


@pytest.mark.parametrize(
    "wish",
    [
        {"stage": "61"},
        {"stage": "60", "check": "venue", "is_done": True},
        {"stage": "60", "check": "screen"},
        {"stage": "60", "check": "screen", "is_done": "yes"},
        {"stage": "60", "check": "screen", "is_done": True, "by": "x"},
        {"check": "screen", "is_done": True},
    ],
)
async def test_what_cannot_be_meant_is_refused(site: Site, wish: dict[str, object]) -> None:
    assert (await rehearsal(site, **wish))[0] == 400


async def test_the_page_prints_every_check(site: Site) -> None:
    page = await html(site, "rehearsal", lang="de")
    assert "Prüfliste" in page
    assert "T−60" in page


@pytest.mark.parametrize("path", ["report", "report.csv", "report.json", "rehearsal"])
async def test_only_desks_may_see_it(site: Site, path: str) -> None:
    olha = site.invite(Role.INTERPRETER, "olha")
    answer = await site.client.get(f"/desk/rooms/plenary/{path}?as=olha", headers=site.cookie(olha))
    assert answer.status == 403
    assert (await site.client.get(f"/desk/rooms/plenary/{path}")).status == 401


def test_every_act_and_alarm_has_its_words() -> None:
    translator = Translator.load(Path(__file__).parents[3] / "web" / "locales")
    names = {command_name(command) for command in ACTS} | OTHER_ACTS
    assert {name for name in names if not translator.has(f"report.act_{name}")} == set()
    assert {kind for kind in Kind if not translator.has(f"alarm.{kind.value}")} == set()
