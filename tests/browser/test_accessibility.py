"""Nothing serious or critical by axe-core: every page, laptop and phone, light and dark, the languages in turn."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, Playwright

from interpreting.ids import RoomId
from interpreting.roles import Role
from server.tokens import Invitation, issue
from tests.browser.stagehand import Server, chromium
from tests.browser.visits import (
    DIRECT,
    LANGUAGES,
    LAPTOP,
    PHONE,
    Visitor,
    go_live,
    listen,
    take_test,
    until_air,
    visitor,
)

AXE: Final = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
_RUN: Final = """
async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
  .filter(({ impact }) => impact === "serious" || impact === "critical")
  .map(({ id, impact, nodes }) => ({ id, impact, where: nodes.map(({ html }) => html.slice(0, 160)) }))
"""


def booth_test(person: Visitor) -> Page:
    page = person.open(person.server.link("plenary", "interpreter de-uk Olena"))
    page.wait_for_selector("#test-enter:not([disabled])")
    return page


def booth_off_air(person: Visitor) -> Page:
    page = booth_test(person)
    take_test(page)
    return page


def booth_on_air(person: Visitor) -> Page:
    page = booth_off_air(person)
    page.keyboard.press("m")
    until_air(page, "on_air")
    return page


def booth_papers(person: Visitor) -> Page:
    page = booth_off_air(person)
    page.keyboard.press("u")
    page.keyboard.press("Shift+6")
    page.wait_for_selector('#messages p[data-from="own"]')
    return page


def lectern(person: Visitor) -> Page:
    secret = (person.server.data / "secret").read_text().strip()
    moderator = Invitation.new(RoomId("plenary"), Role.MODERATOR, id="moderator")
    person.open(f"/join/{issue(secret, moderator)}")
    return person.open("/r/plenary/lectern?as=moderator")


def booth_keys(person: Visitor) -> Page:
    page = booth_off_air(person)
    page.keyboard.press("?")
    return page


def listening(person: Visitor) -> Page:
    page = person.open(f"/r/plenary{DIRECT}")
    listen(page, "uk")
    return page


def venue_before(person: Visitor) -> Page:
    page = person.open(person.server.link("plenary", "venue"))
    page.wait_for_selector("#go-live:not([disabled])")
    return page


def venue_live(person: Visitor) -> Page:
    page = venue_before(person)
    go_live(page)
    return page


def venue_outputs(person: Visitor) -> Page:
    page = venue_before(person)
    page.check("#return-on")
    page.click("#transmitter-add")
    page.select_option("#transmitter-0-channel", "uk")
    page.click("#mic-add")
    page.wait_for_selector("#mic-2:not([hidden])")
    return page


def venues_page(name: str) -> Callable[[Visitor], Page]:
    """The projector's screen or the guide's phone, opened from the venue's link."""

    def open_page(person: Visitor) -> Page:
        page = venue_before(person)
        query = page.url.partition("?")[2]
        return person.open(f"/r/plenary/{name}?{query}")

    return open_page


def daybook(name: str) -> Callable[[Visitor], Page]:
    """The rehearsal or the day's report, opened from the technician's link."""

    def open_page(person: Visitor) -> Page:
        page = person.open(person.server.link("plenary", "technician"))
        return person.open(f"/desk/rooms/plenary/{name}?{page.url.partition('?')[2]}")

    return open_page


def workshop_door(person: Visitor) -> Page:
    page = person.open("/r/workshop-1/workshop")
    page.wait_for_selector("#stranger")
    return page


def workshop_test(person: Visitor) -> Page:
    page = workshop_door(person)
    page.fill('[name="name"]', "Iryna")
    page.click("#stranger button")
    page.wait_for_selector("#go-in:not([disabled])")
    page.click("#chime")
    return page


def workshop_hand(person: Visitor) -> Page:
    page = workshop_test(person)
    page.click("#go-in")
    page.wait_for_selector('#workshop[data-step="seated"]')
    page.click("#hand")
    page.wait_for_selector('#workshop[data-speech="hand"]')
    return page


def workshop_backstage(person: Visitor) -> Page:
    page = person.open(person.server.link("workshop-1", "speaker Mary"))
    page.wait_for_selector("#go-in:not([disabled])")
    page.click("#go-in")
    page.wait_for_selector('#workshop[data-step="backstage"]')
    return page


def talking(page: Page) -> Page:
    """Somebody who talks by the intercom, by the keyboard alone."""
    page.locator('[data-part="intercom"] .talk-to').first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector('[data-part="intercom"][data-talking="true"] .talk-to[aria-pressed="true"]')
    return page


def desk_intercom(person: Visitor) -> Page:
    return talking(person.open(person.server.link("plenary", "technician")))


def moderator_intercom(person: Visitor) -> Page:
    page = person.open(person.server.link("plenary", "moderator"))
    page.click('[data-tab-key="own"]')
    return talking(page)


def backstage_intercom(person: Visitor) -> Page:
    return talking(workshop_backstage(person))


SCENES: Final[dict[str, Callable[[Visitor], Page]]] = {
    "start": lambda person: person.open("/"),
    "conference": lambda person: person.open("/c/demo"),
    "watch": lambda person: person.open("/r/plenary"),
    "watch listening": listening,
    "booth test": booth_test,
    "booth off air": booth_off_air,
    "booth on air": booth_on_air,
    "booth keys": booth_keys,
    "booth papers": booth_papers,
    "lectern": lectern,
    "venue": venue_before,
    "venue live": venue_live,
    "venue outputs": venue_outputs,
    "screen": venues_page("screen"),
    "guide": venues_page("guide"),
    "workshop for strangers": workshop_door,
    "workshop test": workshop_test,
    "workshop": workshop_hand,
    "workshop backstage": workshop_backstage,
    "rehearsal": daybook("rehearsal"),
    "report": daybook("report"),
    "error": lambda person: person.open("/r/nowhere"),
    "desk intercom": desk_intercom,
    "moderator intercom": moderator_intercom,
    "backstage intercom": backstage_intercom,
}


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with chromium(playwright) as running:
        yield running


def violations(page: Page) -> list[Any]:
    found: list[Any] = page.evaluate(_RUN)
    return found


def test_the_check_finds_what_is_bad(browser: Browser, server: Server) -> None:
    with visitor(browser, server) as person:
        person.context.add_init_script(path=AXE)
        page = person.open("/")
        page.evaluate("document.querySelector('.lead').style.color = '#ddd'")
        page.evaluate(
            "document.querySelector('#page-language').parentElement.replaceWith(document.createElement('select'))"
        )
        assert {found["id"] for found in violations(page)} == {"color-contrast", "select-name"}


@pytest.mark.parametrize("scene", SCENES)
def test_nothing_serious_or_critical(browser: Browser, server: Server, scene: str) -> None:
    lang = LANGUAGES[list(SCENES).index(scene) % len(LANGUAGES)]
    with visitor(browser, server, lang=lang) as person:
        person.context.add_init_script(path=AXE)
        page = SCENES[scene](person)
        assert page.locator("html").get_attribute("lang") == lang
        for width, height in (LAPTOP, PHONE):
            page.set_viewport_size({"width": width, "height": height})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                assert violations(page) == [], (scene, lang, width, scheme)
