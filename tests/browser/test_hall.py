"""The hall of a hybrid workshop: loudspeakers, transmitters, several microphones, the projector, a guide's phone.

One hall lived through from its first minute; each test goes on where the one before it stopped.
"""

import math
import time
import wave
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, Playwright

from interpreting.roles import Role
from tests.browser.attendees import MUST_OWN_DB
from tests.browser.booths import link, open_hall
from tests.browser.remotes import Remote, come
from tests.browser.stagehand import Server, chromium, hears, strength, wait_until
from tests.browser.visits import DIRECT, Visitor, go_live, visitor

# The hall's left and right microphone, who speaks from far away, an interpreter.
LEFT, RIGHT, IVAN, OLENA = 440, 900, 1500, 2200
# What others leave of a tone that is not there; a tone that is there is some 30 dB above.
PRESENT: Final = -45
SILENT: Final = -62
# Two pages that take the hall from each other do so every 10 s.
SECOND_TRY_S: Final = 25.0
RETURN: Final = "#return-sound"
LINE: Final = "#transmitter-0-sound"
INFRARED: Final = "infrared-1"
# One more output, which comes and goes, and a note of what was asked of the elements. Its sound goes nowhere.
_OUTPUTS: Final = """
window.outputs = [{ kind: "audiooutput", deviceId: "infrared-1", label: "Infrared", groupId: "" }];
const list = MediaDevices.prototype.enumerateDevices;
MediaDevices.prototype.enumerateDevices = async function () { return [...(await list.call(this)), ...outputs]; };
const steer = HTMLMediaElement.prototype.setSinkId;
HTMLMediaElement.prototype.setSinkId = async function (id) {
  if (id !== "infrared-1") await steer.call(this, id);
  else if (outputs.length === 0) throw new DOMException("", "NotFoundError");
  this.dataset.sink = id;
};
"""
# The browser's processing takes a steady tone for noise, and one that it plays itself for an echo.
_PLAIN: Final = """
const open = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
if (open) {
  const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  navigator.mediaDevices.getUserMedia = ({ audio, ...more }) => open({ audio: { ...audio, ...plain }, ...more });
}
"""
_COLOUR: Final = """
(selector) => {
  const video = document.querySelector(selector);
  const canvas = Object.assign(document.createElement("canvas"), { width: 8, height: 8 });
  const pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0, 8, 8);
  return [...pen.getImageData(4, 4, 1, 1).data.slice(0, 3)];
}
"""


def write_pair(path: Path, seconds: int = 10, rate: int = 48_000) -> Path:
    """A WAV file with another tone on each side, for a desk's stereo pair."""
    one = bytearray()
    for n in range(rate):
        for hertz in (LEFT, RIGHT):
            one += int(0.3 * 32767 * math.sin(2 * math.pi * hertz * n / rate)).to_bytes(2, "little", signed=True)
    with wave.open(str(path), "wb") as out:
        out.setparams((2, 2, rate, 0, "NONE", ""))
        out.writeframes(bytes(one) * seconds)
    return path


@dataclass
class Hall:
    """Who is there; `venue` is the hall's machine, which may be loaded anew."""

    server: Server
    person: Visitor
    venue: Page
    guests: Visitor
    moderator: Remote
    ivan: Remote
    olena: Remote
    listener: Page


@pytest.fixture(scope="module")
def browser(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    pair = write_pair(tmp_path_factory.mktemp("tones") / "pair.wav")
    with chromium(playwright, pair) as running:
        yield running


@pytest.fixture(scope="module")
def hall(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    server = open_hall(tmp_path_factory.mktemp("hall"))
    with ExitStack() as stack:
        stack.callback(server.stop)
        person = stack.enter_context(visitor(browser, server, may_fail=True))
        person.context.add_init_script(_OUTPUTS)
        venue = person.open(link(Role.VENUE))
        go_live(venue)
        guests = stack.enter_context(visitor(browser, server, lang="en", may_fail=True))
        moderator = come(guests, Role.MODERATOR, "maria", 3000)
        ivan = come(guests, Role.PARTICIPANT, "ivan", IVAN, colour="#00c000")
        olena = come(guests, Role.INTERPRETER, "olena", OLENA, booth="de-uk")
        listener = guests.open(f"/r/hall{DIRECT}")
        listener.click('[data-channel="floor"]')
        ivan.do("enter_room", name="Ivan", language="uk")
        olena.do("enter_booth", booth="de-uk", name="Olena")
        for one in (ivan, olena):
            one.send()
        moderator.do("give_floor", person=ivan.person)
        yield Hall(server, person, venue, guests, moderator, ivan, olena, listener)


def state_of(page: Page, name: str) -> str:
    """What the page says of an output: playing, gone, …"""
    return page.locator(f"#{name}-state").get_attribute("data-state") or ""


def far_below(page: Page, tone: int, own: list[int], selector: str) -> None:
    """Wait until one's own tones are far below `tone`, as they are at no moment while they are in the mix."""
    hears(page, tone, own, above_db=MUST_OWN_DB, selector=selector)


def until_present(hall: Hall, tone: int, what: str) -> None:
    wait_until(lambda: strength(hall.listener, tone) > PRESENT, what)


def test_the_hall_hears_who_speaks_from_afar_and_never_itself(hall: Hall) -> None:
    hears(hall.listener, IVAN, [OLENA])
    until_present(hall, LEFT, "the floor has the hall too")
    hall.venue.check("#return-on")
    hears(hall.venue, IVAN, [LEFT, RIGHT, OLENA], selector=RETURN)
    wait_until(lambda: state_of(hall.venue, "return") == "playing", "the page says so")
    far_below(hall.venue, IVAN, [LEFT, RIGHT], RETURN)


def test_its_volume_is_the_halls_own_and_the_meter_moves(hall: Hall) -> None:
    hall.venue.fill("#return-volume", "0.5")
    assert hall.venue.evaluate(f"document.querySelector('{RETURN}').volume") == 0.5
    meter = hall.venue.locator("#return-level")
    wait_until(lambda: int(meter.get_attribute("aria-valuenow") or -60) > -30, "the meter shows the voice")


def test_the_loudspeakers_come_back_after_a_reload_and_a_restart(hall: Hall) -> None:
    hall.venue.once("dialog", lambda dialog: dialog.accept())
    hall.venue.reload()
    hall.venue.wait_for_selector('#live-banner[data-state="live"]')
    hears(hall.venue, IVAN, [LEFT, RIGHT], selector=RETURN)
    assert hall.venue.locator("#return-volume").input_value() == "0.5"
    hall.server.stop()
    hall.server.start()
    hears(hall.venue, IVAN, [LEFT, RIGHT], selector=RETURN)


def test_the_return_may_be_in_the_halls_language(hall: Hall) -> None:
    hall.olena.do("select_outgoing", language="de")
    hall.moderator.do("set_floor_language", language="uk")
    hall.olena.do("take_mic")
    hall.venue.select_option("#return-language", "de")
    hears(hall.venue, OLENA, [IVAN, LEFT, RIGHT], selector=RETURN)
    hall.venue.select_option("#return-language", "floor")
    hears(hall.venue, IVAN, [OLENA, LEFT, RIGHT], selector=RETURN)
    wait_until(lambda: hall.moderator.state["venue_hears"] == [], "the hall asks for it no more")


def test_a_transmitter_carries_a_language_on_an_output_of_its_own(hall: Hall) -> None:
    hall.venue.click("#transmitter-add")
    hall.venue.select_option("#transmitter-0-channel", "de")
    hall.venue.select_option("#transmitter-0-output", INFRARED)
    hears(hall.venue, OLENA, [IVAN, LEFT, RIGHT], selector=LINE)
    wait_until(lambda: state_of(hall.venue, "transmitter-0") == "playing", "it plays")
    assert hall.venue.locator(LINE).get_attribute("data-sink") == INFRARED
    assert hall.venue.locator(RETURN).get_attribute("data-sink") in (None, "")


def test_an_output_that_is_unplugged_is_silent_until_it_is_back(hall: Hall) -> None:
    change = "navigator.mediaDevices.dispatchEvent(new Event('devicechange'))"
    hall.venue.evaluate(f"(window.kept = outputs.splice(0), {change}, null)")
    wait_until(lambda: state_of(hall.venue, "transmitter-0") == "gone", "the page says that it is gone")
    assert hall.venue.evaluate(f"document.querySelector('{LINE}').muted"), "nothing comes out of another one"
    assert state_of(hall.venue, "return") == "playing"
    hall.venue.evaluate(f"(outputs.push(...kept), {change}, null)")
    wait_until(lambda: state_of(hall.venue, "transmitter-0") == "playing", "it is back")
    assert not hall.venue.evaluate(f"document.querySelector('{LINE}').muted")


def test_transmitters_are_remembered(hall: Hall) -> None:
    hall.venue.once("dialog", lambda dialog: dialog.accept())
    hall.venue.reload()
    hall.venue.wait_for_selector('#live-banner[data-state="live"]')
    hears(hall.venue, OLENA, [IVAN, LEFT, RIGHT], selector=LINE)
    wait_until(lambda: state_of(hall.venue, "transmitter-0") == "playing", "it plays")
    assert hall.venue.locator(LINE).get_attribute("data-sink") == INFRARED
    assert hall.venue.locator("#transmitter-0-output").input_value() == INFRARED


def test_a_stereo_pair_is_two_sources(hall: Hall) -> None:
    hall.venue.select_option("#mic-1-side", "left")
    wait_until(lambda: strength(hall.listener, RIGHT) < SILENT, "the right one is not in the first source")
    hall.venue.click("#mic-add")
    hall.venue.select_option("#mic-2-device", index=1)
    hall.venue.select_option("#mic-2-side", "right")
    if hall.venue.locator("#mic-2-mute").get_attribute("aria-pressed") == "true":
        hall.venue.click("#mic-2-mute")
    until_present(hall, RIGHT, "the second microphone is on the floor")
    until_present(hall, LEFT, "the left one is on the floor")
    wait_until(
        lambda: {"source": "hall:2", "live": True} in hall.moderator.state["venue_microphones"],
        "it is said to be there",
    )
    far_below(hall.venue, IVAN, [LEFT, RIGHT], RETURN)


def test_each_microphone_has_a_level_and_a_mute_of_its_own(hall: Hall) -> None:
    loud = strength(hall.listener, RIGHT)
    hall.venue.fill("#mic-2-gain", "-20")
    wait_until(lambda: 15 < loud - strength(hall.listener, RIGHT) < 25, "20 dB less")
    hall.venue.click("#mic-2-mute")
    wait_until(lambda: strength(hall.listener, RIGHT) < SILENT, "muted")
    until_present(hall, LEFT, "the other one goes on")
    hall.venue.click("#mic-2-mute")
    hall.venue.fill("#mic-2-gain", "0")
    wait_until(lambda: abs(loud - strength(hall.listener, RIGHT)) < 3, "as before")


def test_a_lost_microphone_takes_nothing_else_away(hall: Hall) -> None:
    hall.venue.click("#mic-remove")
    wait_until(lambda: strength(hall.listener, RIGHT) < SILENT, "it is gone")
    wait_until(
        lambda: {"source": "hall:2", "live": False} in hall.moderator.state["venue_microphones"],
        "it is said to be gone",
    )
    assert hall.venue.locator("#live-banner").get_attribute("data-state") == "live"
    until_present(hall, LEFT, "the left one is on the floor")


def test_the_projector_shows_who_speaks_with_name_and_language(hall: Hall) -> None:
    with hall.person.context.expect_page() as opened:
        hall.venue.click("#open-screen")
    screen = opened.value
    screen.wait_for_selector('#screen[data-shows="face"]')

    def is_green() -> bool:
        red, green, blue = screen.evaluate(_COLOUR, "#face")
        return bool(green > 2 * max(red, blue))

    wait_until(is_green, "his picture")
    assert screen.locator("#who").inner_text() == "Ivan"
    assert screen.locator("#language").inner_text() == "Ukrainisch"
    assert screen.evaluate("[...document.querySelectorAll('video,audio')].every((one) => one.muted)"), "no sound"
    height = screen.evaluate("parseFloat(getComputedStyle(document.querySelector('.screen-who')).fontSize)")
    assert height >= 0.045 * min(1280, 720)
    hall.moderator.do("take_floor", person=hall.ivan.person)
    screen.wait_for_selector('#screen[data-shows="nobody"]')
    assert screen.locator(".screen-card").is_visible()
    assert screen.locator("#clock").inner_text() != ""
    screen.keyboard.press("b")
    assert not screen.locator(".screen-card").is_visible()
    screen.keyboard.press("f")
    wait_until(lambda: bool(screen.evaluate("document.fullscreenElement !== null")), "full screen")
    screen.wait_for_selector('#screen[data-keys="false"]')
    assert screen.evaluate("getComputedStyle(document.querySelector('#screen')).cursor") == "none"
    hall.moderator.do("give_floor", person=hall.ivan.person)
    screen.wait_for_selector('#screen[data-shows="face"]')
    screen.close()


def test_the_code_is_shown_and_printed_with_the_rooms_name(hall: Hall) -> None:
    assert hall.venue.evaluate("document.querySelector('.qr-code').naturalWidth") > 0
    hall.venue.emulate_media(media="print")
    assert not hall.venue.locator("#go-live, #stop-live").first.is_visible()
    sheet = hall.venue.locator(".qr-sheet").inner_text()
    for words in ("Saal", "Scannen und mithören", "Скануйте та слухайте", "Scan to listen", "/r/hall"):
        assert words in sheet
    hall.venue.emulate_media(media="screen")


def test_a_browser_that_cannot_pick_an_output_says_so(hall: Hall, browser: Browser) -> None:
    with visitor(browser, hall.server, may_fail=True) as person:
        person.context.add_init_script("delete HTMLMediaElement.prototype.setSinkId")
        page = person.open(link(Role.VENUE, "annex"))
        page.wait_for_selector("#outputs-note:not([hidden])")
        page.wait_for_selector("#transmitter-add:disabled")
        page.wait_for_selector("#return-output:disabled")
        page.check("#return-on")
        hears(page, IVAN, [LEFT, RIGHT], selector=RETURN)


def test_another_page_with_the_halls_link_sends_in_its_place_until_it_is_taken_back(hall: Hall) -> None:
    asked: list[str] = []
    hall.venue.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    newer = hall.person.open(link(Role.VENUE))
    go_live(newer)
    hall.venue.wait_for_selector('#live-banner[data-state="elsewhere"]')
    assert hall.venue.locator("#live-hint").inner_text() != ""
    asked.clear()
    until = time.monotonic() + SECOND_TRY_S
    while time.monotonic() < until:
        until_present(hall, LEFT, "the hall is heard from the newer page")
    assert not [one for one in asked if "/whip/" in one], "it does not try to come back by itself"
    newer.wait_for_selector('#live-banner[data-state="live"]')
    go_live(hall.venue)
    newer.wait_for_selector('#live-banner[data-state="elsewhere"]')
    until_present(hall, LEFT, "the hall is heard from its own page")
    newer.close()


def test_a_guide_speaks_into_a_phone_and_others_listen(hall: Hall, browser: Browser) -> None:
    hall.venue.click("#stop-live")
    hall.venue.click("#stop-confirm")
    hall.moderator.do("take_floor", person=hall.ivan.person)
    wait_until(lambda: strength(hall.listener, LEFT) < SILENT, "the hall is silent")
    with visitor(browser, hall.server, size=(390, 844)) as person:
        person.context.add_init_script(_PLAIN)
        person.open(link(Role.VENUE))
        phone = person.open("/r/hall/guide?as=venue")
        assert phone.evaluate("document.querySelector('.qr-code').naturalWidth") > 0
        phone.click("#speak")
        phone.wait_for_selector('#speak[data-state="live"]')
        wait_until(lambda: strength(hall.listener, LEFT) > PRESENT, "the guide is heard")
        wait_until(lambda: "1 " in phone.locator("#listeners").inner_text(), "one listens")
        on_lock_screen = "[navigator.mediaSession.metadata.title, navigator.mediaSession.playbackState]"
        assert hall.listener.evaluate(on_lock_screen) == ["Hall", "playing"]
        phone.click("#speak")
        phone.wait_for_selector('#speak[data-state="paused"]')
        wait_until(lambda: strength(hall.listener, LEFT) < SILENT, "nobody hears a pause")
        phone.click("#speak")
        wait_until(lambda: strength(hall.listener, LEFT) > PRESENT, "the guide goes on")
        phone.click('[data-floor-language="en"]')
        phone.wait_for_selector('[data-floor-language="en"][aria-pressed="true"]')
        phone.click("#end")
        phone.wait_for_selector('#speak[data-state="off"]')
        wait_until(lambda: strength(hall.listener, LEFT) < SILENT, "the tour is over")
