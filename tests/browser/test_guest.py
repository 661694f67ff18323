"""A guest's whole way: one link, the test, backstage with the moderator's voice, the floor, and out again."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, Page

from deploy.load.actors import FAINT, Meter, Person
from deploy.load.troupe import TONES_HZ, Troupe
from interpreting.roles import Role
from tests.browser.attendees import IRYNA as MAYOR
from tests.browser.attendees import JONAS as CHAIR
from tests.browser.attendees import (
    MUST_FLOOR_MS,
    at_the_test,
    attending,
    given_floor_ms,
    go_in,
    is_sending,
    listening,
    person_of,
    until_listening,
    until_own_voice_gone_db,
    until_speech,
    until_step,
)
from tests.browser.booths import Line
from tests.browser.stagehand import Server, hears, strength, wait_until
from tests.browser.visits import visitor
from tests.tries import best

ASIDE = '#aside [data-part="intercom"]'
VOICE_HZ: Final = MAYOR
FLOOR, UK, EN = (TONES_HZ[channel] for channel in ("floor", "uk", "en"))


@contextmanager
def voice_of(company: Troupe, line: Line) -> Iterator[None]:
    """The moderator hums by the intercom."""
    line.say("enter_room", name="Chair", language=None)
    person = Person(company.house, Role.MODERATOR, "Chair", CHAIR, is_aside=True)
    company.run(person.open())
    try:
        yield
    finally:
        company.run(person.aclose())


def test_a_mayor_in_another_country(browser: Browser, house: Server, company: Troupe, chair: Line) -> None:
    tones = [FLOOR, UK, EN, MAYOR, CHAIR]
    with (
        visitor(browser, house, lang="uk") as person,
        listening(company, "floor", tones) as online,
        listening(company, "return", tones, Role.VENUE) as hall,
        attending(browser, house, company, "Audience") as audience,
        voice_of(company, chair),
    ):
        page = at_the_test(person, company, "Mayor", Role.SPEAKER)
        wait_until(lambda: bool(page.evaluate("document.querySelector('#test-picture').videoWidth > 0")), "the camera")
        go_in(page, "uk")
        until_step(page, "backstage")
        until_listening(page)
        mayor = person_of(chair, "Mayor")
        wait_until(lambda: is_sending(chair, mayor), "the mayor is ready")
        assert strength(page, FLOOR) < -60
        assert page.locator("#hand").is_hidden()
        talk_backstage(chair, page, company, online, hall)
        delay_ms = best(lambda: brought_on_ms(chair, page, mayor, online), MUST_FLOOR_MS)
        print(f"brought on to heard: {delay_ms:.0f} ms")
        assert delay_ms <= MUST_FLOOR_MS
        wait_until(lambda: hall.is_heard(MAYOR), "the hall hears the mayor")
        audience.wait_for_selector("#tile-stage:not([hidden])")
        # The floor speaks the mayor's language now, so that channel is the floor, without the mayor's own voice.
        page.click('[data-channel="floor"]')
        hears(page, FLOOR, [CHAIR, UK], above_db=20)
        print(f"the mayor's own voice: {-until_own_voice_gone_db(page, FLOOR, MAYOR):.0f} dB against the hall")
        chair.say("call_backstage", person=mayor)
        until_step(page, "backstage")
        wait_until(lambda: not online.is_heard(MAYOR, 0.001), "the mayor is off")
        page.click("#leave")
        page.click("#leave-confirm")
        until_step(page, "left")
        assert page.evaluate("document.querySelector('#sound').srcObject") is None
        wait_until(lambda: mayor not in people(chair), "the mayor has left")


def talk_backstage(chair: Line, page: Page, company: Troupe, *others: Meter) -> None:
    """The moderator talks to the guest, who answers; and nobody else hears a word of either."""
    with listening(company, "intercom", [MAYOR, CHAIR], Role.MODERATOR) as headset:
        chair.say("talk_to", to="backstage", booth=None)
        hears(page, CHAIR, [FLOOR, UK, MAYOR], above_db=40)
        page.wait_for_selector(f'{ASIDE}[data-heard="true"] >> text=Chair')
        assert not headset.is_heard(CHAIR, FAINT)
        answer = page.locator(f'{ASIDE} [data-to="moderator"]')
        answer.focus()
        page.keyboard.down("Space")
        until_speech(page, "talking")
        wait_until(lambda: headset.is_heard(MAYOR), "the moderator hears the answer")
        page.wait_for_selector(f'{ASIDE}[data-talking="true"]')
        assert not any(other.is_heard(tone, FAINT) for other in others for tone in (CHAIR, MAYOR))
        page.wait_for_timeout(500)  # longer than a tap
        page.keyboard.up("Space")
        until_speech(page, "backstage")
        wait_until(lambda: not headset.is_heard(MAYOR, FAINT), "the guest talks no more")
        chair.say("talk_to", to=None, booth=None)
        page.wait_for_selector(f'{ASIDE}[data-heard="false"]')


def brought_on_ms(chair: Line, page: Page, person: str, online: Meter) -> float:
    """Bring somebody on, from the floor as well, and return after how long they are heard."""
    chair.say("call_backstage", person=person)
    until_step(page, "backstage")
    wait_until(lambda: not online.is_heard(MAYOR, FAINT), "the guest is not heard yet")
    since = time.monotonic()
    chair.say("bring_on", person=person)
    wait_until(lambda: online.is_heard(MAYOR), "the guest is heard")
    until_speech(page, "heard")
    return 1000 * (online.first(MAYOR, since) - since)


def people(chair: Line) -> set[str]:
    """Who is in the room."""
    chair.say("set_follow_speaker", follows=True)
    return {one["person"] for one in chair.state["people"]}


def test_a_guest_taken_off_the_floor_may_ask_again(
    browser: Browser, house: Server, company: Troupe, chair: Line
) -> None:
    with (
        attending(browser, house, company, "Guest", role=Role.SPEAKER) as page,
        listening(company, "floor", [MAYOR]) as online,
    ):
        until_step(page, "backstage")
        guest = person_of(chair, "Guest")
        wait_until(lambda: is_sending(chair, guest), "the guest is ready")
        brought_on_ms(chair, page, guest, online)
        chair.say("take_floor", person=guest)
        until_speech(page, "listening")
        page.click("#hand")
        until_speech(page, "hand")
        given_floor_ms(chair, page, "Guest", online, MAYOR)


def test_a_participant_called_backstage_answers_as_a_guest_does(
    browser: Browser, house: Server, company: Troupe, chair: Line
) -> None:
    tones = [FLOOR, UK, EN, MAYOR, CHAIR]
    with (
        attending(browser, house, company, "Iryna") as page,
        listening(company, "floor", tones) as online,
        listening(company, "return", tones, Role.VENUE) as hall,
        voice_of(company, chair),
    ):
        until_step(page, "seated")
        assert page.locator("#aside").is_hidden()
        iryna = person_of(chair, "Iryna")
        chair.say("call_backstage", person=iryna)
        until_step(page, "backstage")
        wait_until(lambda: is_sending(chair, iryna), "the participant is ready")
        talk_backstage(chair, page, company, online, hall)
        page.click(f'{ASIDE} [data-to="moderator"]')  # a tap, which stays
        until_speech(page, "talking")
        chair.say("bring_on", person=iryna)
        until_speech(page, "heard")
        page.wait_for_selector("#aside", state="hidden")
        assert chair.state["talks"] == []
        chair.say("take_floor", person=iryna)
        until_speech(page, "listening")
        chair.say("call_backstage", person=iryna)
        page.wait_for_selector(f'{ASIDE}[data-talking="false"]')
        until_speech(page, "backstage")
        assert chair.state["talks"] == []
