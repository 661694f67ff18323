"""People who take part from afar, and a moderator without a page, in a house with a hall and two booths that hum."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from playwright.sync_api import Browser, Page

from deploy.load.actors import FAINT, Meter
from deploy.load.troupe import ROOM, Troupe
from deploy.load.voice import Ear
from interpreting.roles import Role
from tests.browser.booths import Line, line
from tests.browser.stagehand import Server, hear, wait_until
from tests.browser.visits import Visitor, visitor

# What microphones of people far away hum, beside the company's tones.
IRYNA: Final = 3000
JONAS: Final = 3750
# 300 ms are promised, 80 measured and printed; here it is enough that nothing is waited for.
MUST_FLOOR_MS: Final = 1000
# What is not to be heard is not in the mix at all (test_mixer.py holds that to the sample), and measures 60 dB and more
# below. A browser whose machine is busy smears tones, by less than this.
MUST_OWN_DB: Final = 40
BAD_LINE: Final = """
const getStats = RTCPeerConnection.prototype.getStats;
RTCPeerConnection.prototype.getStats = async function (...which) {
  const report = new Map(await getStats.apply(this, which));
  if (window.__isBad) report.set("bad", { type: "remote-inbound-rtp", kind: "audio", fractionLost: 0.4 });
  return report;
};
"""
"""What has a page believe that its line is bad, while its window says so."""


@contextmanager
def moderating(company: Troupe, name: str = "Chair") -> Iterator[Line]:
    """A moderator's line to the room."""
    token = company.house.token(Role.MODERATOR, name)
    address = f"ws://127.0.0.1:{company.house.port}/ws?room={ROOM}"
    with line(address, token) as opened:
        yield opened


def at_the_test(
    person: Visitor, company: Troupe, name: str, role: Role = Role.PARTICIPANT, *, headset: bool = True
) -> Page:
    """The page of somebody who is about to come in; with a headset, whose tones the browser leaves as they are."""
    page = person.open(company.link(role, name))
    page.wait_for_selector("#go-in:not([disabled])")
    page.locator("#headset").set_checked(headset)
    return page


def go_in(page: Page, speaks: str = "") -> None:
    """Leave the test, and wait until the server knows."""
    page.select_option("#test-speaks", speaks)
    page.click("#go-in")
    page.wait_for_selector('#workshop:not([data-step="test"]):not([data-step="entering"])')


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
    page.wait_for_selector(f'#workshop[data-step="{step}"]')


def until_speech(page: Page, speech: str) -> None:
    """Wait until the page says what becomes of its person's voice."""
    page.wait_for_selector(f'#workshop[data-speech="{speech}"]')


def until_listening(page: Page) -> None:
    """Wait until what comes in sounds."""
    page.wait_for_selector('#connection[data-state="connected"]')
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


def given_floor_ms(line: Line, page: Page, name: str, ear: Meter, tone: int) -> float:
    """Give somebody whose hand is up the floor, and return after how long they are heard there."""
    person = person_of(line, name)
    wait_until(lambda: is_sending(line, person), f"{name} has connected")
    since = time.monotonic()
    line.say("give_floor", person=person)
    wait_until(lambda: ear.is_heard(tone), f"{name} is heard")
    until_speech(page, "heard")
    return 1000 * (ear.first(tone, since) - since)


def given_floor_again_ms(line: Line, page: Page, name: str, ear: Meter, tone: int) -> float:
    """Take the floor from somebody and, when they ask for it again, measure again."""
    line.say("take_floor", person=person_of(line, name))
    until_speech(page, "listening")
    wait_until(lambda: not ear.is_heard(tone, FAINT), f"{name} is not heard")
    page.click("#hand")
    return given_floor_ms(line, page, name, ear, tone)


def is_sending(line: Line, person: str) -> bool:
    """Whether the server has sound of somebody, heard or not."""
    line.say("set_follow_speaker", follows=True)
    return any(one["person"] == person and one["live"] for one in line.state["people"])


def until_own_voice_gone_db(page: Page, tone: int, own_tone: int) -> float:
    """Wait until the page plays the other tone, and one's own far below it; how far, in dB."""
    margins: list[float] = []

    def look() -> bool:
        other, own = hear(page, [tone, own_tone]) or [-200.0, 0.0]
        margins.append(other - own)
        return other > -60 and margins[-1] >= MUST_OWN_DB

    wait_until(look, "the other is heard, and not oneself")
    return margins[-1]
