"""The intercom: heard by whom it is meant for and by nobody else, in every direction, by mouse, keys and taps."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import pytest
from playwright.sync_api import Browser, Locator, Page, Playwright

from interpreting.roles import Role
from tests.browser.booths import alarm, console, link, open_hall, pressed
from tests.browser.round_table import turn_to
from tests.browser.stagehand import Server, chromium, hear, hears, strength, wait_until, write_tone
from tests.browser.visits import DIRECT, LANGUAGES, LAPTOP, listen, take_test, until_air, visitor

SERVER: Final = open_hall
STAFF_HZ: Final = 700
BOOTH_HZ: Final = 1000
SILENT_DB: Final = -80
PANEL: Final = '[data-part="intercom"]'
# Of the technician's, moderator's and hall's pages; a booth's page plays it through its hearing protection.
SOUND: Final = f'{PANEL} [data-intercom="sound"]'
# The browser's own processing takes a steady tone for noise; and what rings is counted.
SCRIPT: Final = """
const devices = navigator.mediaDevices;
const capture = devices?.getUserMedia.bind(devices);
window.__captured = [];
if (devices) devices.getUserMedia = async ({ audio, ...more }) => {
  const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await capture({ audio: audio && { ...audio, ...plain }, ...more });
  window.__captured.push(...stream.getTracks());
  return stream;
};
const later = window.setTimeout.bind(window);
window.setTimeout = (act, ms, ...more) => later(act, window.__hurries && ms >= 20000 ? 0 : ms, ...more);
window.__rung = 0;
const start = AudioScheduledSourceNode.prototype.start;
AudioScheduledSourceNode.prototype.start = function (...when) {
  window.__rung += this instanceof OscillatorNode;
  return start.apply(this, when);
};
"""


OPEN_MICROPHONES: Final = "window.__captured.filter(({ readyState }) => readyState === 'live').length"
FOOT: Final = "(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth])(document.querySelector('.words-panel'))"


@pytest.fixture(scope="module")
def staff(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(playwright, write_tone(tmp_path_factory.mktemp("tones") / "staff.wav", STAFF_HZ)) as running:
        yield running


@pytest.fixture(scope="module")
def booths(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(playwright, write_tone(tmp_path_factory.mktemp("tones") / "booth.wav", BOOTH_HZ)) as running:
        yield running


@contextmanager
def working(browser: Browser, server: Server, role: Role) -> Iterator[Page]:
    """The page of somebody at work, as soon as their intercom can be pressed."""
    with visitor(browser, server) as person:
        person.context.add_init_script(SCRIPT)
        page = person.open(link(role))
        page.wait_for_selector(f"{PANEL} .talk-to", state="attached")
        if role is Role.MODERATOR:
            turn_to(page, "own")
        yield page


@contextmanager
def audience(browser: Browser, server: Server) -> Iterator[list[Page]]:
    """Listeners of the floor and of Ukrainian."""
    with ExitStack() as stack:
        pages = []
        for channel in ("floor", "uk"):
            page = stack.enter_context(visitor(browser, server)).open(f"/r/hall{DIRECT}")
            listen(page, channel)
            pages.append(page)
        yield pages


def button(page: Page, to: str) -> Locator:
    return page.locator(f'{PANEL} [data-to="{to}"]')


@contextmanager
def holding(page: Page, to: str) -> Iterator[None]:
    """The mouse held down on a button, until it is heard where it is meant to be or longer."""
    button(page, to).hover()
    page.mouse.down()
    page.wait_for_selector(f'{PANEL}[data-talking="true"]')
    yield
    with passing(page):
        page.mouse.up()
    until_quiet(page)


@contextmanager
def passing(page: Page) -> Iterator[None]:
    """A second later for the page: what is let go was held longer than a tap."""
    page.evaluate("(() => { const at = performance.now() + 1000; performance.now = () => at; })()")
    yield
    page.evaluate("delete performance.now")


@contextmanager
def tapping(page: Page) -> Iterator[None]:
    """No time passes for the page: what is pressed is a tap, however late the machine."""
    page.evaluate("(() => { const at = performance.now(); performance.now = () => at; })()")
    yield
    page.evaluate("delete performance.now")


def tap(page: Page, to: str) -> None:
    """Press a button for a moment."""
    with tapping(page):
        button(page, to).click()


def until_quiet(page: Page) -> None:
    page.wait_for_selector(f'{PANEL}[data-talking="false"]')


def until_silent(page: Page, tone: int) -> None:
    """Wait until a page that plays plays this no more."""
    wait_until(lambda: (hear(page, [tone], selector=SOUND) or [-200.0])[0] < SILENT_DB, f"{tone} Hz ends")


def hears_nothing_of(page: Page, tone: int) -> None:
    # What is meant for others would be there all the time; a click of a browser that is late has all tones in it.
    wait_until(lambda: strength(page, tone) < SILENT_DB, f"{tone} Hz is not heard at {page.url}")


def said_to_one(page: Page, words: str) -> None:
    """Wait until the panel says who talks."""
    page.wait_for_selector(f'{PANEL}[data-heard="true"] [data-intercom="heard"]:has-text("{words}")')


def test_the_technician_is_heard_by_the_booth_and_by_nobody_else(
    staff: Browser, booths: Browser, server: Server
) -> None:
    with ExitStack() as stack:
        _, olena = stack.enter_context(console(booths, server, "olena"))
        _, maria = stack.enter_context(console(booths, server, "maria", "en"))
        listeners = stack.enter_context(audience(booths, server))
        desk = stack.enter_context(working(staff, server, Role.TECHNICIAN))
        with holding(desk, "de-uk"):
            hears(olena, STAFF_HZ, [BOOTH_HZ])
            said_to_one(olena, "Technician")
            for other in (maria, *listeners):
                hears_nothing_of(other, STAFF_HZ)
            assert maria.locator(PANEL).get_attribute("data-heard") == "false"
        until_silent(olena, STAFF_HZ)
        olena.wait_for_selector(f'{PANEL}[data-heard="false"]')
        with holding(desk, "booths"):
            for booth in (olena, maria):
                hears(booth, STAFF_HZ, [BOOTH_HZ])
            for other in listeners:
                hears_nothing_of(other, STAFF_HZ)


def test_a_tap_keeps_it_open_and_keys_do_as_the_mouse_does(staff: Browser, booths: Browser, server: Server) -> None:
    with ExitStack() as stack:
        _, olena = stack.enter_context(console(booths, server, "olena"))
        desk = stack.enter_context(working(staff, server, Role.TECHNICIAN))
        to = button(desk, "de-uk")
        with holding(desk, "de-uk"):  # the microphone is open from now on, so that a tap is one
            hears(olena, STAFF_HZ, [BOOTH_HZ])
        tap(desk, "de-uk")
        desk.wait_for_timeout(700)
        pressed(desk, '[data-to="de-uk"]')
        hears(olena, STAFF_HZ, [BOOTH_HZ])
        tap(desk, "de-uk")
        until_quiet(desk)
        until_silent(olena, STAFF_HZ)
        to.focus()
        for key in ("Space", "Enter"):
            desk.keyboard.down(key)
            hears(olena, STAFF_HZ, [BOOTH_HZ])
            with passing(desk):
                desk.keyboard.up(key)
            until_quiet(desk)
            until_silent(olena, STAFF_HZ)
        with tapping(desk):
            desk.keyboard.press("Enter")
        hears(olena, STAFF_HZ, [BOOTH_HZ])
        desk.keyboard.press("Enter")
        until_quiet(desk)
        desk.keyboard.down("Space")
        hears(olena, STAFF_HZ, [BOOTH_HZ])
        to.blur()  # the key is let go somewhere else
        until_quiet(desk)
        until_silent(olena, STAFF_HZ)
        tap(desk, "de-uk")
        hears(olena, STAFF_HZ, [BOOTH_HZ])
        to.blur()
        desk.wait_for_timeout(300)
        hears(olena, STAFF_HZ, [BOOTH_HZ])  # what was tapped stays
        tap(desk, "booths")  # another button changes over
        pressed(desk, '[data-to="booths"]')
        assert to.get_attribute("aria-pressed") == "false"
        tap(desk, "booths")
        until_quiet(desk)


def test_a_booth_off_air_is_heard_by_the_desk_alone(staff: Browser, booths: Browser, server: Server) -> None:
    with ExitStack() as stack:
        _, olena = stack.enter_context(console(booths, server, "olena"))
        listeners = stack.enter_context(audience(staff, server))
        desk = stack.enter_context(working(staff, server, Role.TECHNICIAN))
        with holding(olena, "technician"):
            hears(desk, BOOTH_HZ, [STAFF_HZ], selector=SOUND)
            said_to_one(desk, "Olena")
            for other in listeners:
                hears_nothing_of(other, BOOTH_HZ)
            alarm(olena, "")  # the guard of the shut microphone keeps quiet: somebody hears her
        until_silent(desk, BOOTH_HZ)


def test_on_air_the_press_is_refused_and_the_air_goes_on(staff: Browser, booths: Browser, server: Server) -> None:
    with ExitStack() as stack:
        _, olena = stack.enter_context(console(booths, server, "olena"))
        floor, uk = stack.enter_context(audience(staff, server))
        desk = stack.enter_context(working(staff, server, Role.TECHNICIAN))
        olena.keyboard.press("b")
        pressed(olena, '[data-outgoing="uk"]')
        tap(olena, "technician")
        hears(desk, BOOTH_HZ, [STAFF_HZ], selector=SOUND)
        olena.keyboard.press("m")  # what is open ends when she goes on air
        until_air(olena, "on_air")
        until_quiet(olena)
        hears(uk, BOOTH_HZ, [STAFF_HZ])
        until_silent(desk, BOOTH_HZ)
        tap(olena, "technician")
        olena.wait_for_selector('#messages p[data-from="here"]:has-text("auf Sendung")')
        until_air(olena, "on_air")
        hears(uk, BOOTH_HZ, [STAFF_HZ])
        hears_nothing_of(floor, BOOTH_HZ)
        olena.keyboard.down("n")  # in a cough the microphone is the intercom's
        until_air(olena, "coughing")
        tap(olena, "technician")
        hears(desk, BOOTH_HZ, [STAFF_HZ], selector=SOUND)
        hears_nothing_of(uk, BOOTH_HZ)
        olena.keyboard.up("n")
        until_air(olena, "on_air")
        hears(uk, BOOTH_HZ, [STAFF_HZ])
        until_quiet(olena)
        olena.keyboard.press("m")
        until_air(olena, "off_air")
        olena.wait_for_timeout(500)
        until_silent(desk, BOOTH_HZ)  # and nothing comes back with it


def test_the_microphone_is_let_go_and_heard_again_at_the_next_press(
    staff: Browser, booths: Browser, server: Server
) -> None:
    with ExitStack() as stack:
        _, olena = stack.enter_context(console(booths, server, "olena"))
        desk = stack.enter_context(working(staff, server, Role.TECHNICIAN))
        assert desk.evaluate(OPEN_MICROPHONES) == 0, "asked for before anybody talks"
        for is_hurried in (False, True, True):
            pressed_to_heard(desk, olena)
            assert desk.evaluate(OPEN_MICROPHONES) == 1
            desk.evaluate("(hurries) => { window.__hurries = hurries; }", is_hurried)
            tap(desk, "de-uk")
            until_quiet(desk)
            until_silent(olena, STAFF_HZ)
            if is_hurried:
                wait_until(lambda: desk.evaluate(OPEN_MICROPHONES) == 0, "the microphone is let go")


def pressed_to_heard(desk: Page, olena: Page) -> None:
    """Talk to a booth until it is heard there, and tell how long that took."""
    since = time.monotonic()
    tap(desk, "de-uk")
    wait_until(lambda: (hear(olena, [STAFF_HZ], ms=60) or [-200.0])[0] > -60, "it is heard")
    print(f"pressed to heard: {1000 * (time.monotonic() - since):.0f} ms")
    hears(olena, STAFF_HZ, [BOOTH_HZ])


def test_a_reload_leaves_no_microphone_open(staff: Browser, booths: Browser, server: Server) -> None:
    with ExitStack() as stack:
        _, olena = stack.enter_context(console(booths, server, "olena"))
        desk = stack.enter_context(working(staff, server, Role.TECHNICIAN))
        tap(olena, "technician")
        hears(desk, BOOTH_HZ, [STAFF_HZ], selector=SOUND)
        olena.reload()
        if olena.locator("#headset[open]").count():
            take_test(olena)
        until_silent(desk, BOOTH_HZ)
        desk.wait_for_selector(f'{PANEL}[data-heard="false"]')
        until_quiet(olena)


def test_moderator_and_hall_both_ways(staff: Browser, booths: Browser, server: Server) -> None:
    with ExitStack() as stack:
        _, olena = stack.enter_context(console(booths, server, "olena"))
        listeners = stack.enter_context(audience(booths, server))
        moderator = stack.enter_context(working(staff, server, Role.MODERATOR))
        venue = stack.enter_context(working(staff, server, Role.VENUE))
        desk = stack.enter_context(working(staff, server, Role.TECHNICIAN))
        ways = (
            (moderator, "venue", venue, "Moderator"),
            (venue, "moderator", moderator, "Venue"),
            (venue, "technician", desk, "Venue"),
            (moderator, "technician", desk, "Moderator"),
            (desk, "moderator", moderator, "Technician"),
            (desk, "venue", venue, "Technician"),
        )
        pages = (moderator, venue, desk)
        for speaker, to, hearer, name in ways:
            with holding(speaker, to):
                hears(hearer, STAFF_HZ, [BOOTH_HZ], selector=SOUND)
                said_to_one(hearer, name)
                for other in {*pages} - {speaker, hearer}:
                    until_silent(other, STAFF_HZ)
                for page in (olena, *listeners):
                    hears_nothing_of(page, STAFF_HZ)
            until_silent(hearer, STAFF_HZ)
        with holding(moderator, "de-uk"):
            hears(olena, STAFF_HZ, [BOOTH_HZ])
        with holding(olena, "moderator"):
            hears(moderator, BOOTH_HZ, [STAFF_HZ], selector=SOUND)
            until_silent(desk, BOOTH_HZ)


def test_who_talks_pushes_no_guard_off_the_console(staff: Browser, booths: Browser, server: Server) -> None:
    with ExitStack() as stack:
        consoles = [stack.enter_context(console(booths, server, name, lang=name))[1] for name in LANGUAGES]
        desk = stack.enter_context(working(staff, server, Role.TECHNICIAN))
        with holding(desk, "booths"):
            for page in consoles:
                alarm(page, "shut")
                page.wait_for_selector(f'{PANEL}[data-heard="true"]')
                wide, there = page.evaluate(FOOT)
                assert wide <= there, page.url
                guards = page.locator("#guard-language").bounding_box()
                assert guards is not None
                assert guards["x"] + guards["width"] <= LAPTOP[0]


def test_in_the_hall_nothing_sounds_before_headphones_are_picked(staff: Browser, server: Server) -> None:
    with working(staff, server, Role.VENUE) as venue:
        assert venue.evaluate(f"document.querySelector('{SOUND}').muted")
        assert venue.locator('[data-intercom="output"]').input_value() == "off"


def test_a_booths_call_rings_at_the_desk(staff: Browser, booths: Browser, server: Server) -> None:
    with ExitStack() as stack:
        _, olena = stack.enter_context(console(booths, server, "olena"))
        desk = stack.enter_context(working(staff, server, Role.TECHNICIAN))
        assert desk.evaluate("window.__rung") == 0
        olena.keyboard.press("t")
        wait_until(lambda: bool(desk.evaluate("window.__rung")), "it rings")
