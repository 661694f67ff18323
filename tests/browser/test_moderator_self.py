"""What a moderator shows and says of their own: their picture, their consent, a line to one person alone."""

from __future__ import annotations

import json

from playwright.sync_api import Browser

from deploy.load.company import Page
from interpreting.roles import Role
from tests.browser.attendees import BAD_LINE, at_the_test, attending, go_in
from tests.browser.round_table import Gathering, come, moderator, turn_to
from tests.browser.stagehand import Server, wait_until
from tests.browser.visits import PHONE, visitor

SECRET = "Five minutes more, just for you"


def test_who_takes_part_sees_the_moderator_who_has_the_floor(browser: Browser, table: Gathering) -> None:
    server = Server(table.house.folder, table.house.port)
    with moderator(browser, table) as page, attending(browser, server, table, "Anna", lang="en") as afar:
        turn_to(page, "own")
        page.click("#camera-open")
        page.click("#own-floor")
        # A picture of which no frame comes for a moment gives its place to the hall.
        afar.wait_for_selector("#tile-stage figcaption:has-text('Maria')")
        width = "document.querySelector('#tile-stage video').videoWidth > 0"
        wait_until(lambda: bool(afar.evaluate(width)), "the picture moves")
        page.click("#camera-open")
        afar.wait_for_selector("#tile-stage", state="hidden")
        afar.wait_for_selector("#others >> text=Maria")


def test_a_bad_line_loses_the_moderators_picture_until_they_send_it_again(browser: Browser, table: Gathering) -> None:
    server = Server(table.house.folder, table.house.port)
    with moderator(browser, table) as page, attending(browser, server, table, "Anna", lang="en") as afar:
        page.evaluate(f"() => {{ {BAD_LINE} }}")
        turn_to(page, "own")
        page.click("#camera-open")
        page.click("#own-floor")
        afar.wait_for_selector("#tile-stage:not([hidden])")
        page.evaluate("window.__isBad = true")
        page.wait_for_selector("#dropped:not([hidden])")
        afar.wait_for_selector("#tile-stage", state="hidden")
        page.wait_for_selector('#own-state[data-on="true"]')
        page.evaluate("window.__isBad = false")
        page.click("#picture-again")
        afar.wait_for_selector("#tile-stage:not([hidden])")
        page.wait_for_selector("#dropped", state="hidden")
        page.wait_for_selector('#own-state[data-on="true"]')


def test_a_moderator_says_whether_their_own_voice_may_be_recorded(browser: Browser, table: Gathering) -> None:
    with moderator(browser, table, size=PHONE, has_touch=True) as page:
        turn_to(page, "own")
        assert not page.is_checked("#consent-given")
        page.check("#consent-given")
        consents = witness(table, Role.TECHNICIAN)
        wait_until(lambda: consents.state["consents"].get("speaker:maria") is True, "the desk is told")
        page.reload()
        turn_to(page, "own")
        wait_until(lambda: page.is_checked("#consent-given"), "nobody is asked twice")
        page.uncheck("#consent-given")
        wait_until(lambda: consents.state["consents"]["speaker:maria"] is False, "it is withdrawn")


def test_a_line_to_one_person_reaches_nobody_else(browser: Browser, table: Gathering) -> None:
    server = Server(table.house.folder, table.house.port)
    with moderator(browser, table, size=PHONE, has_touch=True) as page, visitor(browser, server, lang="en") as guest:
        others = [witness(table, role) for role in (None, Role.VENUE, Role.INTERPRETER, Role.TECHNICIAN)]
        others.append(come(table, "Bohdan", has_hand=False).page)
        mayor = at_the_test(guest, table, "Mayor", Role.SPEAKER)
        go_in(mayor)
        turn_to(page, "people")
        page.click("#people li:has-text('Mayor') [data-act=write]")
        assert page.evaluate("document.activeElement.id") == "say-text"
        assert page.locator("#say-to option:checked").inner_text() == "Mayor only"
        page.keyboard.type(SECRET)
        page.keyboard.press("Enter")
        page.wait_for_selector(f"#chat >> text=Maria → Mayor: {SECRET}")
        mayor.wait_for_selector(f"#lines :text('{SECRET}')", state="attached")
        assert "to you only" in mayor.locator("#lines .line-head").last.inner_text()
        mayor.select_option("#say-to", "moderator")
        mayor.fill("#say-text", "Thank you")
        mayor.press("#say-text", "Enter")
        page.select_option("#say-to", "room")
        page.click("#chat p:has-text('Thank you') button")
        assert page.input_value("#say-to") == "person"
        page.select_option("#say-to", "room")
        page.fill("#say-text", "A break of five minutes")
        page.press("#say-text", "Enter")
        mayor.wait_for_selector("#lines :text('A break of five minutes')")
        bohdan = others[-1]
        wait_until(lambda: "A break" in json.dumps(bohdan.state["chat"]), "what is for all comes after it")
        for other in others:
            assert SECRET not in json.dumps(other.state), other


def witness(table: Gathering, role: Role | None) -> Page:
    """The page of somebody at work in the hall, or of the audience, whose every state can be looked at."""
    booth = "de-uk" if role is Role.INTERPRETER else None
    token = table.house.link(role, role.value, booth=booth).removeprefix("/join/") if role else None
    return table.page(Page(table.house, "hall", token))
