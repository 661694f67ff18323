"""Moderators and interpreters go from room to room in one page: nothing is loaded anew, and nobody leaves on air."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from interpreting.roles import Role
from tests.browser.round_table import Gathering, come, gathering, moderator, speakers, until_hands
from tests.browser.stagehand import Server, chromium, wait_until, write_tone
from tests.browser.visits import take_test, until_air, visitor

TONE_HZ = 1000


@pytest.fixture
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gathering]:
    with gathering(tmp_path_factory.mktemp("table")) as running:
        yield running


def test_a_moderator_changes_the_room(playwright: Playwright, table: Gathering) -> None:
    with chromium(playwright) as browser, moderator(browser, table) as page:
        page.evaluate("window.here = true")
        come(table, "Anna")
        come(table, "Zofia", room="annex", language="pl")
        until_hands(page, "Anna")
        page.select_option("#rooms", "annex")
        until_hands(page, "Zofia")
        assert "/r/annex/moderator?" in page.url
        page.wait_for_selector('#connection[data-state="connected"]')
        assert page.locator("#floor-languages button").all_inner_texts() == ["German", "Polish"]
        page.click("#give")
        wait_until(lambda: speakers(page) == ["Zofia"], "it is this room's floor")
        page.select_option("#rooms", "hall")
        until_hands(page, "Anna")
        assert speakers(page) == []
        assert page.evaluate("window.here") is True


def test_who_is_heard_is_asked_before_they_leave(playwright: Playwright, table: Gathering) -> None:
    with chromium(playwright) as browser, moderator(browser, table) as page:
        page.keyboard.press("w")
        wait_until(lambda: speakers(page) == ["Maria"], "she has the floor")
        page.select_option("#rooms", "annex")
        page.click("#sure button[value=no]")
        assert page.locator("#rooms").input_value() == "hall"
        page.select_option("#rooms", "annex")
        page.click("#sure-yes")
        wait_until(lambda: speakers(page) == [], "she has left the floor behind")
        page.wait_for_selector('#connection[data-state="connected"]')
        page.keyboard.press("w")
        wait_until(lambda: speakers(page) == ["Maria"], "she has the floor here")
        page.wait_for_selector('#speakers [data-sound="heard"]')


def test_an_interpreter_changes_the_room_but_not_on_air(
    playwright: Playwright, table: Gathering, tmp_path: Path
) -> None:
    microphone = write_tone(tmp_path / "tone.wav", TONE_HZ)
    server = Server(table.house.folder, table.house.port)
    with chromium(playwright, microphone) as browser, visitor(browser, server, lang="en") as interpreter:
        page = interpreter.open(table.house.link(Role.INTERPRETER, "Olena", booth="de-uk", both=True))
        take_test(page)
        page.evaluate("window.here = true")
        page.keyboard.press("m")
        until_air(page, "on_air")
        page.select_option("#rooms", "annex")
        page.wait_for_selector("#messages >> text=Go off air first")
        assert page.locator("#rooms").input_value() == "hall"
        page.locator("#rooms").blur()
        page.keyboard.press("m")
        until_air(page, "off_air")
        page.select_option("#rooms", "annex")
        page.wait_for_selector("#messages >> text=You are here now: Annex")
        page.locator("#rooms").blur()
        page.wait_for_selector("[data-incoming='pl']")
        assert page.locator("[data-outgoing] .key-name").all_inner_texts() == ["Deutsch", "Polski"]
        assert page.locator("[data-incoming]").count() == 3
        assert "/r/annex/booth/de-uk?" in page.url
        assert page.evaluate("window.here") is True
        page.keyboard.press("b")
        page.wait_for_selector('[data-outgoing="pl"][aria-pressed="true"]')
        page.wait_for_selector("#on-air:not([disabled])")
        page.keyboard.press("m")
        until_air(page, "on_air")
        ear = table.ear(TONE_HZ, channel="pl", room="annex")
        table.run(ear.open())
        table.run(ear.until_heard(TONE_HZ))
        page.keyboard.press("m")
        until_air(page, "off_air")
        page.reload()
        page.wait_for_selector("#on-air:not([disabled])")
        page.select_option("#rooms", "hall")
        page.wait_for_selector("[data-outgoing='uk']")
        page.wait_for_selector('#connection[data-state="connected"]')
