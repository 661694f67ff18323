"""The moderator's page in Chromium: a whole round from a phone, the queue, removal, the running order, another room."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest
from playwright.sync_api import Browser, Playwright

from deploy.load.actors import FAINT
from deploy.load.company import Refused
from interpreting.roles import Role
from tests.browser.attendees import at_the_test, go_in
from tests.browser.round_table import (
    FarPerson,
    Gathering,
    come,
    gathering,
    hand,
    hands,
    moderator,
    speakers,
    turn_to,
    until_hands,
    until_pressed,
)
from tests.browser.stagehand import Server, chromium, wait_until, write_tone
from tests.browser.test_accessibility import AXE, violations
from tests.browser.visits import LANGUAGES, LAPTOP, PHONE, take_test, visitor
from tests.tries import best

ANNA_HZ = 600
BOHDAN_HZ = 1200
MARIA_HZ = 1000
# 300 ms are promised, 80 measured and printed; here it is enough that nothing is waited for.
MUST_FLOOR_MS = 1000
TWO_MINUTES = {"2:00", *(f"1:{second}" for second in range(30, 60))}
THREE_MINUTES = {"3:00", *(f"2:{second}" for second in range(30, 60))}
LOOKS = os.environ.get("TOLMACH_LOOKS", "")
"""A folder for pictures of the page, to be looked at by people."""


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with chromium(playwright) as running:
        yield running


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gathering]:
    """A table at which nothing is changed."""
    with gathering(tmp_path_factory.mktemp("quiet")) as running:
        yield running


def test_a_whole_round_from_a_phone(browser: Browser, table: Gathering) -> None:
    with moderator(browser, table, size=PHONE, has_touch=True) as page:
        turn_to(page, "people")
        page.select_option("#door", "waiting")
        anna = table.person("Anna", hertz=ANNA_HZ, language="uk")
        bohdan = table.person("Bohdan", hertz=BOHDAN_HZ, language="en")
        for one in (anna, bohdan):
            table.run(one.come())
        wait_until(lambda: "2 people wait at the door" in page.locator("#at-door").inner_text(), "they wait")
        page.click("#at-door button")
        page.wait_for_selector("#at-door", state="hidden")
        for one in (anna, bohdan):
            table.run(one.page.command("raise_hand"))
            table.run(one.hum())
        ear = table.ear(ANNA_HZ, BOHDAN_HZ)
        table.run(ear.open())
        turn_to(page, "queue")
        until_hands(page, "Anna", "Bohdan")
        page.click("#give")
        table.run(ear.until_heard(ANNA_HZ))
        assert not ear.meter.is_heard(BOHDAN_HZ)
        until_hands(page, "Bohdan")
        turn_to(page, "floor")
        wait_until(lambda: speakers(page) == ["Anna"], "Anna has the floor")
        page.wait_for_selector('#speakers [data-sound="heard"]')
        until_pressed(page, "#floor-languages", "Ukrainian")
        page.click('[data-timer="120"]')
        wait_until(lambda: page.locator("#timer").inner_text() in TWO_MINUTES, "two minutes run")
        page.click("#speakers button >> text=Mute")
        page.wait_for_selector('#speakers [data-sound="muted_moderator"]')
        wait_until(lambda: not ear.meter.is_heard(ANNA_HZ), "she is heard no more")
        page.click("#speakers button >> text=Unmute")
        table.run(ear.until_heard(ANNA_HZ))
        page.click("#take")
        wait_until(lambda: speakers(page) == [], "the floor is free")
        wait_until(lambda: not ear.meter.is_heard(ANNA_HZ), "she is heard no more")
        page.click("#give")
        wait_until(lambda: speakers(page) == ["Bohdan"], "Bohdan has the floor")
        until_pressed(page, "#floor-languages", "English")
        assert page.locator("#timer").inner_text() == "–"


def test_given_the_floor_one_is_heard_at_once(browser: Browser, table: Gathering) -> None:
    with moderator(browser, table) as page:
        anna = come(table, "Anna", has_hand=False, hertz=ANNA_HZ)
        table.run(anna.hum())
        ear = table.ear(ANNA_HZ)
        table.run(ear.open())
        wait_until(lambda: len(ear.meter.moments) > 20, "the ear is open")
        page.evaluate(
            "document.querySelector('#give').addEventListener('click', () => { window.pressed = Date.now() })"
        )
        epoch = time.time() - time.monotonic()

        def delay_ms() -> float:
            wait_until(lambda: not ear.meter.is_heard(ANNA_HZ, FAINT), "she is not heard yet")
            table.run(anna.page.command("raise_hand"))
            until_hands(page, "Anna")
            since = time.monotonic()
            page.click("#give")
            wait_until(lambda: ear.meter.is_heard(ANNA_HZ), "she is heard")
            heard = ear.meter.first(ANNA_HZ, since)
            table.run(anna.page.command("yield_floor"))
            return float(1000 * (heard + epoch) - page.evaluate("window.pressed"))

        figure = best(delay_ms, MUST_FLOOR_MS)
        print(f"given the floor to heard: {figure:.0f} ms")
        assert 0 < figure < MUST_FLOOR_MS


def test_hands_are_moved_by_buttons_arrows_and_dragging(browser: Browser, table: Gathering) -> None:
    with moderator(browser, table) as page:
        for name in ("Anna", "Bohdan", "Clara"):
            come(table, name, language="de" if name == "Clara" else "uk")
        until_hands(page, "Anna", "Bohdan", "Clara")
        hand(page, "Clara").locator("button", has_text="↑").click()
        until_hands(page, "Anna", "Clara", "Bohdan")
        hand(page, "Anna").locator(".handle").focus()
        page.keyboard.press("ArrowDown")
        until_hands(page, "Clara", "Anna", "Bohdan")
        start = hand(page, "Bohdan").locator(".handle").bounding_box()
        end = hand(page, "Clara").bounding_box()
        assert start
        assert end
        page.mouse.move(start["x"] + 10, start["y"] + 10)
        page.mouse.down()
        page.mouse.move(end["x"] + 10, end["y"] + 30, steps=5)
        page.mouse.move(end["x"] + 10, end["y"] - 4, steps=5)
        page.mouse.up()
        until_hands(page, "Bohdan", "Clara", "Anna")
        page.click("#hand-filter >> text=German")
        until_hands(page, "Clara")
        assert page.locator("#give .act-name").inner_text() == "Clara"
        page.click("#hand-filter >> text=All")
        page.keyboard.press("h")
        until_hands(page, "Bohdan", "Clara", "Anna", "Hall microphone 1")
        hand(page, "Hall microphone 1").locator("button", has_text="✕").click()
        until_hands(page, "Bohdan", "Clara", "Anna")
        page.click("#lower-all")
        until_hands(page)


def test_a_hand_raised_a_thousand_times_is_one(browser: Browser, table: Gathering) -> None:
    async def flood(person: FarPerson) -> None:
        for _ in range(1000):
            with suppress(Refused, TimeoutError):
                await person.page.command("raise_hand")

    with moderator(browser, table) as page:
        anna = come(table, "Anna", has_hand=False)
        bohdan = come(table, "Bohdan")
        table.run(flood(anna), 60)
        wait_until(lambda: sorted(hands(page)) == ["Anna", "Bohdan"], "each hand is there once")
        page.click("#give")
        wait_until(lambda: len(speakers(page)) == 1, "the page still works")
        assert bohdan.page.is_open


def test_who_is_removed_is_gone_at_once_on_every_connection(browser: Browser, table: Gathering) -> None:
    with moderator(browser, table) as page:
        anna = come(table, "Anna", hertz=ANNA_HZ)
        table.run(anna.hum())
        ear, own = table.ear(ANNA_HZ), table.ear(ANNA_HZ, token=anna.token)
        for one in (ear, own):
            table.run(one.open())
        page.click("#give")
        table.run(ear.until_heard(ANNA_HZ))
        page.click("#speakers button >> text=Remove")
        page.click("#sure button[value=no]")
        assert speakers(page) == ["Anna"]
        page.click("#speakers button >> text=Remove")
        page.click("#sure-yes")
        wait_until(lambda: any(code == "removed" for _, code in anna.page.closings), "the page is told")
        wait_until(lambda: not ear.meter.is_heard(ANNA_HZ), "nothing is heard any more")
        wait_until(lambda: speakers(page) == [], "the floor is free")
        assert table.run(refused_by_whip(anna)) == 403
        turn_to(page, "people")
        page.click('#people [data-place="removed"] button >> text=Admit')
        page.wait_for_selector('#people [data-place="seated"] >> text=Anna')


async def refused_by_whip(person: FarPerson) -> int:
    """The status of another try to send; the offer is not read before the person is."""
    headers = {"Authorization": f"Bearer {person.token}", "Content-Type": "application/sdp"}
    offer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
    async with aiohttp.ClientSession() as http:
        answer = await http.post(f"{person.house.url}/whip/{person.room}", headers=headers, data=offer)
        return answer.status


def test_a_voice_that_is_lost_frees_the_floor_and_the_moderator_is_told(browser: Browser, table: Gathering) -> None:
    with moderator(browser, table) as page:
        anna = come(table, "Anna", hertz=ANNA_HZ)
        table.run(anna.hum())
        page.click("#give")
        page.wait_for_selector('#speakers [data-sound="heard"]')
        table.run(anna.vanish())
        wait_until(lambda: speakers(page) == [], "the floor is free")
        assert "Anna could not be heard any more" in page.locator("#notices").inner_text()


def test_next_moves_everybodys_page_and_the_floor(browser: Browser, table: Gathering) -> None:
    server = Server(table.house.folder, table.house.port)
    with moderator(browser, table) as page, visitor(browser, server, lang="en", may_fail=True) as others:
        watch = others.open("/r/hall?way=direct")
        lectern = others.open(table.house.link(Role.VENUE))
        lectern.goto(lectern.url.replace("/venue", "/lectern"))
        booth = others.open(table.house.link(Role.INTERPRETER, "Olena", booth="de-uk"))
        desk = others.open(table.house.link(Role.TECHNICIAN))
        afar = at_the_test(others, table, "Anna")
        go_in(afar)
        assert page.locator("#next .act-name").inner_text() == "Opening"
        page.keyboard.press("n")
        page.wait_for_selector('#items [aria-current="step"] >> text=Opening')
        page.wait_for_timeout(2_100)  # the same press of two people is one step
        page.click("#next")
        page.wait_for_selector('#items [aria-current="step"] >> text=Twin cities')
        until_pressed(page, "#floor-languages", "Ukrainian")
        lectern.wait_for_selector("#item >> text=Twin cities")
        wait_until(lambda: booth.locator("#floor-language").inner_text() == "Ukrainian", "the booth follows")
        assert "Іван Приклад" in booth.locator("#speaker").inner_text()
        wait_until(lambda: "Twin cities" in desk.locator('[data-room="hall"]').inner_text(), "the desk follows")
        wait_until(lambda: "Twin cities" in watch.locator("body").inner_text(), "the watch page follows")
        afar.wait_for_selector("#programme-now >> text=Twin cities (Іван Приклад)")
        assert "Break" in afar.locator("#programme-next").inner_text()
        wait_until(lambda: "Ukrainian" in afar.locator("#tile-hall figcaption").inner_text(), "so does who takes part")
        page.keyboard.press("3")
        wait_until(lambda: lectern.locator("#time-left").inner_text() in THREE_MINUTES, "the lectern shows the time")
        assert lectern.locator("#time-title").inner_text() == "Time to speak"
        page.keyboard.press("o")
        wait_until(lambda: lectern.locator("#time-title").inner_text() == "Time left", "the timer is off")
        page.click("#items >> text=Break")
        page.wait_for_selector("#break-offer:not([hidden])")
        page.click("#break-slide")
        page.wait_for_selector('#slide[aria-pressed="true"]')
        page.wait_for_selector("#break-offer", state="hidden")
        page.keyboard.press("s")
        page.wait_for_selector('#slide[aria-pressed="false"]')


def test_a_guest_hears_the_moderator_backstage_and_is_brought_on(
    playwright: Playwright, table: Gathering, tmp_path: Path
) -> None:
    microphone = write_tone(tmp_path / "tone.wav", MARIA_HZ)
    with chromium(playwright, microphone) as browser, moderator(browser, table) as page:
        anna = come(table, "Anna", hertz=ANNA_HZ)
        table.run(anna.hum())
        page.click("#give")
        guest = come(table, "Mayor", has_hand=False, hertz=BOHDAN_HZ, language="uk", role=Role.SPEAKER)
        table.run(guest.hum())
        page.wait_for_selector("#guests >> text=Mayor")
        own, floor = table.ear(MARIA_HZ, ANNA_HZ, token=guest.token), table.ear(MARIA_HZ, ANNA_HZ, BOHDAN_HZ)
        for ear in (own, floor):
            table.run(ear.open())
        page.keyboard.press("b")
        table.run(own.until_heard(MARIA_HZ))
        assert not own.meter.is_heard(ANNA_HZ, FAINT)
        assert not floor.meter.is_heard(MARIA_HZ, FAINT)
        page.wait_for_selector('#talk-backstage[aria-pressed="true"]')
        page.keyboard.press("b")
        wait_until(lambda: not own.meter.is_heard(MARIA_HZ, FAINT), "backstage is quiet again")
        page.click("#guests button >> text=Bring on")
        table.run(floor.until_heard(BOHDAN_HZ))
        wait_until(lambda: speakers(page) == ["Mayor", "Anna"], "the guest has the floor")


def test_wishes_and_words_come_and_are_answered(browser: Browser, table: Gathering) -> None:
    server = Server(table.house.folder, table.house.port)
    with moderator(browser, table) as page, visitor(browser, server, lang="en") as interpreter:
        booth = interpreter.open(table.house.link(Role.INTERPRETER, "Olena", booth="de-uk"))
        take_test(booth)
        booth.keyboard.press("s")
        page.wait_for_selector("#notices >> text=Booth de-uk asks: Slower")
        page.keyboard.press("k")
        page.keyboard.type("Ten minutes break")
        page.keyboard.press("Enter")
        booth.wait_for_selector("#messages >> text=Ten minutes break")
        page.wait_for_selector("#chat >> text=Ten minutes break")
        page.click("#clear-asks")
        page.wait_for_selector("#notices li", state="detached")
        anna = come(table, "Anna", has_hand=False, language="uk")
        table.run(anna.page.command("ask_question", text="When does it end?"))
        page.wait_for_selector("#questions >> text=When does it end?")
        page.click("#questions button >> text=Answered")
        page.wait_for_selector("#questions-box", state="hidden")


def test_a_moderator_takes_the_floor_and_is_heard(playwright: Playwright, table: Gathering, tmp_path: Path) -> None:
    with (
        chromium(playwright, write_tone(tmp_path / "tone.wav", MARIA_HZ)) as browser,
        moderator(browser, table) as page,
    ):
        ear = table.ear(MARIA_HZ)
        table.run(ear.open())
        page.keyboard.press("w")
        wait_until(lambda: speakers(page) == ["Maria"], "she has the floor")
        table.run(ear.until_heard(MARIA_HZ))
        turn_to(page, "own")
        wait_until(lambda: page.locator("#own-state").inner_text() == "Everybody hears you.", "she is told")
        page.keyboard.press("m")
        wait_until(lambda: not ear.meter.is_heard(MARIA_HZ), "she is heard no more")
        page.keyboard.press("w")
        wait_until(lambda: speakers(page) == [], "the floor is given back")


@pytest.mark.parametrize("role", [Role.PARTICIPANT, Role.SPEAKER, Role.VENUE, Role.TECHNICIAN, Role.ORGANISER])
def test_nobody_else_has_this_page_or_its_commands(browser: Browser, quiet: Gathering, role: Role) -> None:
    server = Server(quiet.house.folder, quiet.house.port)
    with visitor(browser, server, may_fail=True) as stranger:
        page = stranger.open(quiet.house.link(role, "Eve"))
        answer = page.goto(f"{server.url}/r/hall/moderator")
        assert answer
        assert answer.status == 403

    async def try_commands(person: FarPerson) -> list[str]:
        await person.page.open()
        refusals = []
        for name, args in (("set_door", {"door": "closed"}), ("lower_all_hands", {}), ("set_timer", {"seconds": 60})):
            try:
                await person.page.command(name, **args)
            except Refused as refusal:
                refusals.append(str(refusal))
        return refusals

    assert quiet.run(try_commands(quiet.person("Eve", role=role))) == ["forbidden"] * 3


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("size", [LAPTOP, PHONE])
def test_it_fits_and_nothing_serious_by_axe(
    browser: Browser, table: Gathering, lang: str, size: tuple[int, int]
) -> None:
    with moderator(browser, table, lang=lang, size=size) as page:
        page.context.add_init_script(path=AXE)
        page.reload()
        for name, spoken in (("Anna Kowalenko-Schmidt", "uk"), ("Bohdan", "en"), ("Клара Вайс", "de")):
            come(table, name, language=spoken)
        guest = come(table, "Бургомістр", has_hand=False, role=Role.SPEAKER)
        assert guest.page.is_open
        page.click("#give")
        wait_until(lambda: page.locator("#speakers li").count() == 1, "somebody speaks")
        page.keyboard.press("n")
        page.keyboard.press("2")
        for name in ("queue", "floor", "programme", "people", "talk", "own"):
            if page.locator(f'[data-tab-key="{name}"]').is_visible():
                turn_to(page, name)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (lang, size, name)
            assert violations(page) == [], (lang, size, name)
            if LOOKS:
                page.screenshot(path=f"{LOOKS}/moderator-{lang}-{size[0]}-{name}.png")
        page.focus('[data-tab-key="own"]')
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.panel') !== null"), "after the tabs comes what they show"
        if size == LAPTOP:
            assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
