"""People who take part from afar, and a moderator without a page, in a house with a hall and two booths that hum."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page
from websockets.sync.client import connect

from deploy.load.actors import Meter
from deploy.load.troupe import ROOM, Troupe
from deploy.load.voice import Ear
from interpreting.roles import Role
from tests.browser.booths import Line
from tests.browser.stagehand import Server, wait_until
from tests.browser.visits import Visitor, visitor


@contextmanager
def moderating(company: Troupe, name: str = "Chair") -> Iterator[Line]:
    """A moderator's line to the room."""
    token = company.house.token(Role.MODERATOR, name)
    address = f"ws://127.0.0.1:{company.house.port}/ws?room={ROOM}"
    with connect(address, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
        yield Line(socket)


def at_the_test(
    person: Visitor, company: Troupe, name: str, role: Role = Role.PARTICIPANT, *, headset: bool = True
) -> Page:
    """The page of somebody who is about to come in; with a headset, whose tones the browser leaves as they are."""
    page = person.open(company.link(role, name))
    page.wait_for_selector("#go-in:not([disabled])", timeout=10_000)
    page.locator("#headset").set_checked(headset)
    return page


def go_in(page: Page, speaks: str = "") -> None:
    """Leave the test, and wait until the server knows."""
    page.select_option("#test-speaks", speaks)
    page.click("#go-in")
    page.wait_for_selector('#workshop:not([data-step="test"]):not([data-step="entering"])', timeout=10_000)


@contextmanager
def attending(
    browser: Browser,
    house: Server,
    company: Troupe,
    name: str,
    *,
    role: Role = Role.PARTICIPANT,
    speaks: str = "",
    **options: Any,
) -> Iterator[Page]:
    """Somebody who took the test and went in."""
    with visitor(browser, house, **options) as person:
        page = at_the_test(person, company, name, role)
        go_in(page, speaks)
        yield page


def until_step(page: Page, step: str) -> None:
    """Wait until the page says where its person is."""
    page.wait_for_selector(f'#workshop[data-step="{step}"]', timeout=10_000)


def until_speech(page: Page, speech: str) -> None:
    """Wait until the page says what becomes of its person's voice."""
    page.wait_for_selector(f'#workshop[data-speech="{speech}"]', timeout=10_000)


def until_listening(page: Page) -> None:
    """Wait until what comes in sounds."""
    page.wait_for_selector('#connection[data-state="connected"]', timeout=10_000)
    wait_until(lambda: bool(page.evaluate("!document.querySelector('#sound').paused")), "the sound plays")


def person_of(line: Line, name: str) -> str:
    """The id of somebody in the room, as the moderator is told it."""
    found: list[str] = []

    def is_there() -> bool:
        line.say("set_follow_speaker", follows=True)  # changes nothing; the newest state comes with it
        found[:] = [one["person"] for one in line.state.get("people", []) if one["name"] == name]
        return bool(found)

    wait_until(is_there, f"{name} is in the room")
    return found[0]


@contextmanager
def listening(company: Troupe, channel: str, tones: list[int], role: Role | None = None) -> Iterator[Meter]:
    """An ear at a channel or at the hall's return, with the moment of all that it hears."""
    meter = Meter(tones)
    ear = Ear(meter.take)
    token = None if role is None else company.house.token(role, "ear")
    company.run(ear.open(f"{company.house.url}/whep/{ROOM}/{channel}", token))
    try:
        yield meter
    finally:
        company.run(ear.aclose())
