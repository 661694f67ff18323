"""A guest's whole way: one link, the test, backstage with the moderator's voice, the floor, and out again."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, Playwright

from deploy.load.actors import Meter, Person
from deploy.load.troupe import TONES_HZ, Troupe
from interpreting.roles import Role
from tests.browser.attendees import (
    at_the_test,
    attending,
    go_in,
    listening,
    moderating,
    person_of,
    until_listening,
    until_speech,
    until_step,
)
from tests.browser.booths import Line
from tests.browser.stagehand import Server, chromium, hears, strength, wait_until, write_tone
from tests.browser.test_workshop import IRYNA as MAYOR
from tests.browser.test_workshop import JONAS as CHAIR
from tests.browser.test_workshop import MUST_OWN_DB, given_floor_ms, is_sending, own_voice
from tests.browser.visits import visitor

FLOOR, UK, EN = (TONES_HZ[channel] for channel in ("floor", "uk", "en"))
MUST_ON_MS = 300


@pytest.fixture(scope="module")
def browser(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    microphone = write_tone(tmp_path_factory.mktemp("mayor") / "microphone.wav", MAYOR)
    with chromium(playwright, microphone) as running:
        yield running


@pytest.fixture
def chair(company: Troupe) -> Iterator[Line]:
    with moderating(company) as line:
        yield line
        for one in line.state.get("speakers", []):
            line.say("take_floor", person=one["person"])


@contextmanager
def voice_of(company: Troupe, line: Line) -> Iterator[None]:
    """The moderator hums as well."""
    line.say("enter_room", name="Chair", language=None)
    person = Person(company.house, Role.MODERATOR, "Chair", CHAIR)
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
        chair.say("talk_backstage", talks=True)
        hears(page, CHAIR, [FLOOR, UK, MAYOR], above_db=40)
        assert not online.is_heard(CHAIR, 0.001)
        assert not online.is_heard(MAYOR, 0.001)
        chair.say("talk_backstage", talks=False)
        delay_ms = brought_on_ms(chair, page, mayor, online)
        print(f"brought on to heard: {delay_ms:.0f} ms")
        assert delay_ms <= MUST_ON_MS
        wait_until(lambda: hall.is_heard(MAYOR), "the hall hears the mayor")
        audience.wait_for_selector("#tile-stage:not([hidden])", timeout=15_000)
        # The floor speaks the mayor's language now, so that channel is the floor, without the mayor's own voice.
        page.click('[data-channel="floor"]')
        hears(page, FLOOR, [CHAIR, UK], above_db=20)
        floor, own = own_voice(page, FLOOR)
        print(f"the mayor's own voice: {own - floor:.0f} dB against the hall")
        assert floor - own >= MUST_OWN_DB
        chair.say("call_backstage", person=mayor)
        until_step(page, "backstage")
        wait_until(lambda: not online.is_heard(MAYOR, 0.001), "the mayor is off")
        page.click("#leave")
        page.click("#leave-confirm")
        until_step(page, "left")
        assert page.evaluate("document.querySelector('#sound').srcObject") is None
        wait_until(lambda: mayor not in people(chair), "the mayor has left")


def brought_on_ms(chair: Line, page: Page, person: str, online: Meter) -> float:
    """Bring somebody on, and return after how long they are heard."""
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
