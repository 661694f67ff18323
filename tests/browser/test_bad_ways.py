"""What people do wrong: old links, other people's doors, no camera, two windows, a page that talks nonsense.

Each ends in a sentence in the language of the page, and nobody else notices.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import jwt
import pytest
from playwright.sync_api import Browser, Page, Playwright

from interpreting.ids import BoothId, RoomId
from interpreting.roles import Role
from server.i18n import Translator
from server.tokens import ALGORITHM, Invitation, issue
from tests.browser.stagehand import WAIT_S, Server, chromium, wait_until
from tests.browser.visits import DIRECT, LANGUAGES, go_live, listen, take_test, until_air, visitor

SECRET: Final = "a secret of the tests, long enough to be one"
ROOT: Final = Path(__file__).parents[2]
FAKE_DEVICES: Final = "--use-fake-device-for-media-stream"
FAKE_CONSENT: Final = "--use-fake-ui-for-media-stream"
# Keeps the page's own WebSocket within reach, so that a test can speak on it.
HOLD_SOCKET: Final = """
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    window.__socket = this;
    window.__heard = [];
    this.addEventListener("message", ({ data }) => window.__heard.push(JSON.parse(data)));
  }
};
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("data"), environment={"TOLMACH_SECRET": SECRET})
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with chromium(playwright) as running:
        yield running


@pytest.fixture(scope="module")
def translator() -> Translator:
    return Translator.load(ROOT / "web" / "locales")


def invitation(role: Role = Role.INTERPRETER, *, booth: str | None = "de-uk", room: str = "plenary") -> Invitation:
    return Invitation.new(RoomId(room), role, booth=None if booth is None else BoothId(booth), name="Olena")


def link(invited: Invitation, secret: str = SECRET) -> str:
    return f"/join/{issue(secret, invited)}"


def revoke(server: Server, id: str) -> None:
    environment = {**os.environ, "TOLMACH_DATA": str(server.data), "TOLMACH_SECRET": SECRET}
    command = [sys.executable, "-m", "server", "revoke", id]
    subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True, timeout=WAIT_S)


def foreign() -> str:
    claims = jwt.decode(issue(SECRET, invitation()), options={"verify_signature": False})
    return f"/join/{jwt.encode({**claims, 'aud': 'another house'}, SECRET, algorithm=ALGORITHM)}"


def expired() -> Invitation:
    fresh = invitation()
    return replace(fresh, issued_at=fresh.issued_at - 7200, expires_at=fresh.issued_at - 3600)


@dataclass(frozen=True)
class Wrong:
    """Addresses opened one after the other, of which the last must end in an error page."""

    code: str
    status: int
    addresses: Callable[[], tuple[str, ...]]


WRONG: Final[dict[str, Wrong]] = {
    "no link at all": Wrong("token_missing", 401, lambda: ("/r/plenary/venue",)),
    "no link for a booth": Wrong("token_missing", 401, lambda: ("/r/plenary/booth/de-uk",)),
    "half a link": Wrong("token_invalid", 401, lambda: (link(invitation())[:-20],)),
    "a forged link": Wrong("token_invalid", 401, lambda: (link(invitation(), "x" * 40),)),
    "an old link": Wrong("token_expired", 401, lambda: (link(expired()),)),
    "a link of another server": Wrong("token_foreign", 401, lambda: (foreign(),)),
    "a link of a room that is gone": Wrong("room_unknown", 404, lambda: (link(invitation(room="attic")),)),
    "another room": Wrong("wrong_room", 403, lambda: (link(invitation()), "/r/workshop-1/booth/de-uk")),
    "another booth": Wrong("wrong_room", 403, lambda: (link(invitation()), "/r/plenary/booth/en")),
    "another role": Wrong("forbidden", 403, lambda: (link(invitation()), "/r/plenary/venue")),
    "a viewer": Wrong("forbidden", 403, lambda: (link(invitation(Role.VIEWER, booth=None)), "/r/plenary/venue")),
    "a booth that is not there": Wrong("booth_unknown", 404, lambda: (link(invitation(booth="fr")),)),
    "a room that is not there": Wrong("room_unknown", 404, lambda: ("/r/attic",)),
    "a conference that is not there": Wrong("conference_unknown", 404, lambda: ("/c/attic",)),
    "an address that is not there": Wrong("not_found", 404, lambda: ("/attic",)),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_door_says_what_to_do(browser: Browser, server: Server, translator: Translator, case: str) -> None:
    wrong, lang = WRONG[case], LANGUAGES[list(WRONG).index(case) % len(LANGUAGES)]
    with visitor(browser, server, lang=lang) as person:
        page = person.context.new_page()
        for address in wrong.addresses():
            response = page.goto(f"{server.url}{address}")
        assert response is not None
        assert response.status == wrong.status
        error_page_says(page, translator.error_text(lang, wrong.code), lang)


def error_page_says(page: Page, text: str, lang: str) -> None:
    assert page.locator("html").get_attribute("lang") == lang
    assert page.locator("#error-text").inner_text() == text
    page.click("main a")
    page.wait_for_selector('[data-conference="demo"]')


def test_a_link_taken_back_ends_the_page_and_opens_no_other(
    browser: Browser, server: Server, translator: Translator
) -> None:
    invited = invitation()
    with visitor(browser, server, lang="uk", may_fail=True) as person:
        page = person.open(link(invited))
        take_test(page)
        revoke(server, invited.id)
        page.wait_for_selector("#closed[open]")
        text = translator.error_text("uk", "token_revoked")
        assert page.locator("#closed-text").inner_text() in (text, translator.error_text("uk", "revoked"))
        page.click("#reload")
        page.wait_for_selector("#error-text")
        error_page_says(page, text, "uk")
        response = page.goto(f"{server.url}{link(invited)}")
        assert response is not None
        assert response.status == 401
        # Its sessions are over with it, so what the page says goodbye by is refused.
        assert all(error.startswith("DELETE") and error.endswith("401") for error in person.errors)


def test_a_hall_without_a_camera_sends_its_sound(
    playwright: Playwright, server: Server, translator: Translator
) -> None:
    no_camera = f"{FAKE_DEVICES}=device-count=0"
    with ExitStack() as stack:
        browser = stack.enter_context(chromium(playwright, less=[FAKE_DEVICES], more=[no_camera]))
        person = stack.enter_context(visitor(browser, server, lang="en"))
        page = person.open(link(invitation(Role.VENUE, booth=None)))
        page.wait_for_selector("#problem:not([hidden])")
        assert page.locator("#problem").inner_text() == translator.text("en", "venue.no_camera")
        go_live(page)


@pytest.mark.parametrize(
    ("less", "more", "key"),
    [
        ([FAKE_DEVICES], [], "device.missing"),
        ([FAKE_CONSENT], [f"{FAKE_CONSENT}=deny"], "device.denied"),
    ],
)
def test_without_a_microphone_the_pages_say_what_to_do(
    playwright: Playwright, server: Server, translator: Translator, less: list[str], more: list[str], key: str
) -> None:
    with ExitStack() as stack:
        browser = stack.enter_context(chromium(playwright, less=less, more=more))
        person = stack.enter_context(visitor(browser, server, lang="de"))
        text = translator.text("de", key)
        page = person.open(link(invitation(Role.VENUE, booth=None)))
        page.wait_for_selector("#problem:not([hidden])")
        assert page.locator("#problem").inner_text() == text
        assert page.locator("#go-live").is_disabled()
        page = person.open(link(invitation()))
        page.wait_for_selector("#headset-problem:not([hidden])")
        assert page.locator("#headset-problem").inner_text() == text
        assert page.locator("#test-enter").is_disabled()
        listen(person.open(f"/r/plenary{DIRECT}"), "en")  # whoever only listens needs neither


def test_a_browser_without_webrtc_says_so_and_listens_to_the_livestream(
    browser: Browser, server: Server, translator: Translator
) -> None:
    with visitor(browser, server, lang="uk") as person:
        person.context.add_init_script("delete window.RTCPeerConnection")
        text = translator.text("uk", "device.no_webrtc")
        page = person.open(link(invitation(Role.VENUE, booth=None)))
        page.wait_for_selector("#problem:not([hidden])")
        assert page.locator("#problem").inner_text() == text
        page = person.open(link(invitation()))
        page.wait_for_selector("#headset-problem:not([hidden])")
        assert page.locator("#headset-problem").inner_text() == text
        assert page.locator("#test-enter").is_disabled()
        page = person.open(f"/r/plenary{DIRECT}")
        page.click('[data-channel="en"]')
        page.wait_for_selector("#detour:not([hidden])")
        page.wait_for_selector('#connection[data-state="connected"]')


REFUSED: Final[list[tuple[str, dict[str, Any]]]] = [
    ("command_invalid", {"name": "take_mic", "args": {"person": "jonas"}}),
    ("command_invalid", {"name": "select_outgoing", "args": {}}),
    ("command_invalid", {"name": "select_outgoing", "args": {"language": 7}}),
    ("command_unknown", {"name": "take_over_the_world"}),
    ("forbidden", {"name": "set_floor_language", "args": {"language": "uk"}}),
    ("forbidden", {"name": "step_away"}),
    ("forbidden", {"name": "enter_booth", "args": {"booth": "en", "name": "Olena"}}),
    ("language_not_in_booth", {"name": "select_outgoing", "args": {"language": "en"}}),
]


def test_a_console_goes_on_after_what_it_may_not_say(browser: Browser, server: Server, translator: Translator) -> None:
    with visitor(browser, server) as person:
        person.context.add_init_script(HOLD_SOCKET)
        page = person.open(link(invitation()))
        take_test(page)
        page.keyboard.press("m")
        until_air(page, "on_air")
        for number, (code, command) in enumerate(REFUSED):
            answer = say(page, {"type": "command", "id": f"wrong-{number}", **command})
            assert (answer["type"], answer.get("code")) == ("refused", code), command
            assert answer["text"] == translator.error_text("de", code)
        until_air(page, "on_air")
        page.keyboard.press("m")
        until_air(page, "off_air")


def say(page: Page, message: dict[str, Any]) -> dict[str, Any]:
    """Say something on the page's own WebSocket and return the answer."""
    page.evaluate("(message) => window.__socket.send(JSON.stringify(message))", message)
    found = page.wait_for_function("(id) => window.__heard.find((one) => one.id === id)", arg=message["id"])
    answer: dict[str, Any] = found.json_value()
    return answer


@pytest.mark.parametrize("nonsense", ["", "{", "[]", '{"type": "command"}', '{"type": "state"}', '{"id": NaN}'])
def test_nonsense_ends_a_page_that_a_reload_brings_back(browser: Browser, server: Server, nonsense: str) -> None:
    with visitor(browser, server, lang="en") as person:
        person.context.add_init_script(HOLD_SOCKET)
        page = person.open(link(invitation()))
        take_test(page)
        page.keyboard.press("m")
        until_air(page, "on_air")
        page.evaluate("(text) => window.__socket.send(text)", nonsense)
        page.wait_for_selector("#closed[open]")
        assert page.locator("#closed-text").inner_text().endswith(".")
        page.click("#reload")
        until_air(page, "on_air")


def test_a_hall_goes_on_while_its_second_connection_talks_nonsense(browser: Browser, server: Server) -> None:
    with visitor(browser, server) as person:
        page = person.open(link(invitation(Role.VENUE, booth=None)))
        go_live(page)
        page.evaluate(
            """() => new Promise((closed) => {
              const address = JSON.parse(document.querySelector('#page').text).ws;
              const socket = new WebSocket(address);
              socket.onopen = () => socket.send('x'.repeat(100_000));
              socket.onclose = () => closed();
            })"""
        )
        page.click('[data-floor-language="uk"]')
        page.wait_for_selector('[data-floor-language="uk"][aria-pressed="true"]')
        page.click('[data-floor-language="de"]')
        page.wait_for_selector('[data-floor-language="de"][aria-pressed="true"]')
        assert page.locator("#live-banner").get_attribute("data-state") == "live"


def test_two_pages_with_the_halls_link_do_not_take_the_hall_from_each_other(browser: Browser, server: Server) -> None:
    invited = invitation(Role.VENUE, booth=None)
    with visitor(browser, server, may_fail=True) as first, visitor(browser, server, may_fail=True) as second:
        hall, laptop = first.open(link(invited)), second.open(link(invited))
        go_live(hall)
        laptop.wait_for_selector('#live-banner[data-state="elsewhere"]')  # and not: nobody sees this hall
        go_live(laptop)
        pages = (hall, laptop)

        def states() -> list[str]:
            return [page.locator("#live-banner").get_attribute("data-state") or "" for page in pages]

        wait_until(lambda: sorted(states()) == ["elsewhere", "live"], "one of the two has given way")
        last = pages[states().index("live")]
        last.click("#stop-live")
        last.click("#stop-confirm")
        for page in pages:
            page.wait_for_selector('#live-banner[data-state="off"]')


def test_nobody_is_called_on_air_whom_the_server_does_not_hear(browser: Browser, server: Server) -> None:
    assert server.process is not None
    with visitor(browser, server) as person:
        page = person.open(link(invitation()))
        take_test(page)
        page.keyboard.press("m")
        until_air(page, "on_air")
        server.process.send_signal(signal.SIGSTOP)  # as when somebody trips over the cable
        try:
            until_air(page, "unheard")
            assert page.locator("#alarm").inner_text() != ""
        finally:
            server.process.send_signal(signal.SIGCONT)
        until_air(page, "on_air")


def test_the_newer_of_two_consoles_works_and_the_older_says_so(
    browser: Browser, server: Server, translator: Translator
) -> None:
    with visitor(browser, server, lang="uk") as person:
        address = link(invitation())
        first = person.open(address)
        take_test(first)
        second = person.open(address)
        second.click("#elsewhere-yes")
        assert first.locator("#closed[open]").count() == 0
        take_test(second)
        first.wait_for_selector("#closed[open]")
        assert first.locator("#closed-text").inner_text() == translator.error_text("uk", "replaced")
        second.keyboard.press("m")
        until_air(second, "on_air")
        wait_until(lambda: first.locator("#connection").get_attribute("data-state") == "idle", "the older is silent")
        first.click("#reload")  # and back again, on purpose
        first.click("#elsewhere-yes")
        until_air(second, "on_air")
        take_test(first)
        second.wait_for_selector("#closed[open]")
