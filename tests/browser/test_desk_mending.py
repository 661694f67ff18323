"""The desk mends: a source is muted and comes back, somebody is taken off air, roles have what they may."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, WebSocketRoute

from deploy.load.troupe import ROOM, TONES_HZ, Troupe
from interpreting.roles import Role
from tests.browser.desks import card, column, open_desk, open_panel
from tests.browser.players import FILM, play
from tests.browser.stagehand import Server, chromium, hear, hears, strength, wait_until
from tests.browser.visits import DIRECT, Visitor, listen, visitor

FLOOR_HZ, UK_HZ = TONES_HZ["floor"], TONES_HZ["uk"]
OTHERS = [TONES_HZ["uk"], TONES_HZ["en"]]
# A sender is back so soon that whoever only looks now and then may not see it away.
_NOTE_STATES = """
() => {
  const banner = document.querySelector("#live-banner");
  window.__states = [];
  const note = () => window.__states.push(banner.dataset.state);
  new MutationObserver(note).observe(banner, { attributeFilter: ["data-state"] });
}
"""


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with chromium(playwright) as running:
        yield running


def test_a_muted_source_is_not_heard_and_comes_back_by_undo(browser: Browser, house: Server, company: Troupe) -> None:
    with visitor(browser, house, lang="en") as technician, visitor(browser, house) as somebody:
        page = open_desk(technician, company.link(Role.TECHNICIAN, "Ira"))
        watching = somebody.open(f"/r/{ROOM}{DIRECT}")
        listen(watching, "floor")
        hears(watching, FLOOR_HZ, OTHERS)
        open_panel(page, ROOM, "source", "venue")
        page.click("#trim-mute")
        page.wait_for_selector('#trim-mute[aria-pressed="true"]')
        page.wait_for_selector("#answer-words >> text=/source trimmed$/")
        wait_until(lambda: strength(watching, FLOOR_HZ, times=1) < -90, "the listener hears it no more")
        page.click("#trim-undo")
        hears(watching, FLOOR_HZ, OTHERS)
        page.wait_for_selector('#trim-mute[aria-pressed="false"]')
        page.wait_for_selector("#trim-undo[disabled]")


def test_gain_is_turned_and_undone_in_one(browser: Browser, house: Server, company: Troupe) -> None:
    with visitor(browser, house, lang="en") as technician, visitor(browser, house) as somebody:
        page = open_desk(technician, company.link(Role.TECHNICIAN, "Ira"))
        watching = somebody.open(f"/r/{ROOM}{DIRECT}")
        listen(watching, "floor")
        hears(watching, FLOOR_HZ, OTHERS)
        before = strength(watching, FLOOR_HZ)
        open_panel(page, ROOM, "source", "venue")
        gain = page.locator("#trim-gain")
        gain.focus()
        for _ in range(12):
            gain.press("ArrowLeft")
        wait_until(lambda: page.locator("#trim-gain-now").inner_text() == "-12 dB", "it is turned")
        wait_until(lambda: abs(strength(watching, FLOOR_HZ) - before + 12) < 1.5, "12 dB less are heard")
        page.wait_for_selector(f'{column(ROOM, "source", "venue")}[data-trimmed="true"]')
        page.keyboard.press("Escape")
        page.wait_for_selector("#panel", state="hidden")
        open_panel(page, ROOM, "source", "venue")
        page.click("#trim-reset")
        wait_until(lambda: abs(strength(watching, FLOOR_HZ) - before) < 1.5, "as loud as before")


def test_a_slow_answer_takes_no_turn_of_the_gain_back(browser: Browser, house: Server, company: Troupe) -> None:
    with visitor(browser, house, lang="en") as technician:
        line = SlowLine(technician)
        page = open_desk(technician, company.link(Role.TECHNICIAN, "Ira"))
        open_panel(page, ROOM, "source", "venue")
        gain = page.locator("#trim-gain")
        line.is_slow = True
        for _ in range(3):
            gain.press("ArrowLeft")
        wait_until(lambda: bool(line.trims(page)), "the first turn is answered")
        line.bring(until_trims=True)
        for _ in range(3):
            gain.press("ArrowLeft")
        line.is_slow = False
        line.bring()
        wait_until(lambda: line.trims(page)[-1:] == [-6], "all six count")
        assert gain.input_value() == "-6"
        page.click("#trim-reset")
        wait_until(lambda: gain.input_value() == "0", "as before")


class SlowLine:
    """What the room says to a page is late."""

    def __init__(self, person: Visitor) -> None:
        self.is_slow = False
        self._late: list[str | bytes] = []
        self._gains: list[float] = []
        person.context.route_web_socket(re.compile(r"/ws\b"), self._carry)

    def _carry(self, page: WebSocketRoute) -> None:
        self._page = page
        page.connect_to_server().on_message(self._take)

    def _take(self, message: str | bytes) -> None:
        if gain := _gain(message):
            self._gains.append(gain)
        if self.is_slow:
            self._late.append(message)
        else:
            self._page.send(message)

    def trims(self, page: Page) -> list[float]:
        """The hall's gains that the room has said so far, in dB; some of them are still on their way."""
        page.evaluate("0")  # lets the messages in
        return self._gains

    def bring(self, *, until_trims: bool = False) -> None:
        """Let in what is late, with `until_trims` the first that says a gain and what came before it."""
        while self._late:
            message = self._late.pop(0)
            self._page.send(message)
            if until_trims and _gain(message):
                return


def _gain(message: str | bytes) -> float:
    said = json.loads(message)
    trim = said["state"].get("trims", {}).get("venue", {}) if said["type"] == "state" else {}
    return float(trim.get("gain_db", 0))


def test_a_microphone_is_taken_off_air_after_a_question(browser: Browser, house: Server, company: Troupe) -> None:
    with visitor(browser, house, lang="en") as technician:
        page = open_desk(technician, company.link(Role.TECHNICIAN, "Ira"))
        row = page.locator(f'[data-room="{ROOM}"] .column[data-air="on_air"]', has_text="Maria")
        row.locator(".mend").click()
        page.click("#panel-cut")
        assert page.locator("#sure-title").inner_text() == "Take Maria off air?"
        page.click("#sure button[value=no]")
        assert row.count() == 1
        page.click("#panel-cut")
        page.click("#sure-yes")
        wait_until(lambda: row.count() == 0, "she is off air")
        words = card(page, ROOM).locator('[data-channel="en"] .words')
        wait_until(lambda: words.inner_text().startswith("nobody"), "the wall says so")
        page.wait_for_selector("#panel-cut", state="hidden")
        assert company.maria is not None
        company.run(company.maria.go_on_air("en"))
        wait_until(lambda: row.count() == 1, "she may come back")


def test_a_senders_connection_is_restarted_and_it_comes_back(browser: Browser, server: Server) -> None:
    with visitor(browser, server, lang="en") as technician, visitor(browser, server, may_fail=True) as hall:
        sending = hall.open(server.link("plenary", "venue"))
        sending.wait_for_selector("#go-live:not([disabled])")
        sending.click("#go-live")
        sending.wait_for_selector('#live-banner[data-state="live"]')
        page = open_desk(technician, server.link("plenary", "technician"))
        open_panel(page, "plenary", "source", "venue")
        sending.evaluate(_NOTE_STATES)
        page.click("#panel-restart")
        page.wait_for_selector('#answer[data-kind="done"]')
        states: list[str] = []

        def is_back() -> bool:
            states[:] = sending.evaluate("window.__states")
            return any(state != "live" for state in states) and states[-1] == "live"

        wait_until(is_back, "it was away, and is back")


def test_those_who_listen_to_a_channel_are_moved_in_either_way(
    browser: Browser, house: Server, company: Troupe
) -> None:
    with (
        visitor(browser, house, lang="en") as technician,
        visitor(browser, house, lang="en") as somebody,
        visitor(browser, house, lang="uk") as other,
    ):
        page = open_desk(technician, company.link(Role.TECHNICIAN, "Ira"))
        direct, film = somebody.open(f"/r/{ROOM}{DIRECT}"), other.open(f"/r/{ROOM}")
        stays = somebody.open(f"/r/{ROOM}{DIRECT}")
        listen(direct, "uk")
        play(film, "uk")
        listen(stays, "en")
        hears(direct, UK_HZ, [FLOOR_HZ])
        hears(film, UK_HZ, [FLOOR_HZ], selector=FILM)
        open_panel(page, ROOM, "bus", "uk")
        assert page.locator("#panel-fallback").input_value() == "ducked"
        page.select_option("#panel-move-to", "floor")
        page.click("#panel-move")
        page.click("#sure-yes")
        page.wait_for_selector('#answer[data-kind="done"]')
        for watching, selector in ((direct, "#sound"), (film, FILM)):
            hears(watching, FLOOR_HZ, OTHERS, selector=selector)
            watching.wait_for_selector('[data-channel="floor"][aria-pressed="true"]')
            assert watching.locator('[data-channel="uk"]').get_attribute("aria-pressed") == "false"
        assert direct.locator("#moved-words").inner_text().endswith("instead of Ukrainian you hear Original.")
        assert stays.locator("#moved").is_hidden()
        hears(stays, TONES_HZ["en"], [FLOOR_HZ])
        for watching, selector in ((direct, "#sound"), (film, FILM)):
            watching.click("#moved-back")
            hears(watching, UK_HZ, [FLOOR_HZ], selector=selector)
            watching.wait_for_selector('[data-channel="uk"][aria-pressed="true"]')
            assert watching.locator("#moved").is_hidden()


def test_the_floors_language_is_set_and_undone_by_key(browser: Browser, server: Server) -> None:
    with visitor(browser, server, lang="en") as technician:
        page = open_desk(technician, server.link("plenary", "technician"))
        now = card(page).locator('[data-part="floor-now"]')
        assert now.inner_text() == "Floor: German"
        card(page).locator('[data-floor="uk"]').click()
        wait_until(lambda: now.inner_text() == "Floor: Ukrainian", "it is Ukrainian")
        page.wait_for_selector('#answer[data-kind="done"]')  # the state comes before it
        page.keyboard.press("z")
        wait_until(lambda: now.inner_text() == "Floor: German", "it is German again")
        page.wait_for_selector("#answer-words >> text=Plenary: undone")


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.ORGANISER])
def test_others_at_the_desk_see_it_all_and_do_what_they_may(
    browser: Browser, house: Server, company: Troupe, role: Role
) -> None:
    with visitor(browser, house, lang="en") as person:
        person.open(company.link(role, "Vira"))
        page = open_desk(person, "/desk")
        page.click(f"{column(ROOM, 'source', 'venue')} .listen")
        hears(page, FLOOR_HZ, OTHERS, selector="#ear")
        open_panel(page, ROOM, "source", "venue")
        for knob in ("#trim-mute", "#trim-gain", "#trim-delay", "#trim-gate", "#panel-restart"):
            assert page.locator(knob).is_disabled(), knob
        is_moderator = role is Role.MODERATOR
        assert card(page, ROOM).locator('[data-floor="uk"]').is_enabled() == is_moderator
        assert card(page, ROOM).locator('[data-part="record"]').is_enabled() == is_moderator
        page.click("#panel-listen")
        wait_until(lambda: hear(page, [FLOOR_HZ], selector="#ear") is None, "one hears nothing any more")
