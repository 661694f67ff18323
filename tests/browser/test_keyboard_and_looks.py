"""The pages by keyboard alone, and how they look: sizes, languages, what is remembered, what is never asked for.

Every visitor here also holds that no page asks another host for anything and that no console shows an error.
"""

import re
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.browser.stagehand import Server, chromium, wait_until
from tests.browser.visits import (
    DIRECT,
    LANGUAGES,
    LAPTOP,
    PHONE,
    Visitor,
    air,
    go_live,
    listen,
    tab_to,
    take_test,
    until_air,
    until_heard,
    visitor,
)

# The last four: a small phone, the smallest, one held sideways, a tablet.
SIZES = (LAPTOP, PHONE, (360, 640), (320, 568), (844, 390), (768, 1024))
THUMB_PX = 44
CHANNELS = ("floor", "de", "uk", "en")


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with chromium(playwright) as running:
        yield running


@pytest.fixture
def olena(browser: Browser, server: Server) -> Iterator[Visitor]:
    with visitor(browser, server) as person:
        yield person


def until_pressed(page: Page, selector: str) -> None:
    page.wait_for_selector(f'{selector}[aria-pressed="true"]')


def sit_down_by_keyboard(person: Visitor, who: str) -> Page:
    page = person.open(person.server.link("plenary", f"interpreter {who}"))
    page.wait_for_selector("#test-enter:not([disabled])")
    tab_to(page, "#test-tone")
    page.keyboard.press("Enter")
    wait_until(lambda: bool(page.evaluate("document.querySelector('#tone').srcObject !== null")), "the tone plays")
    tab_to(page, "#test-enter")
    page.keyboard.press("Enter")
    page.wait_for_selector("#on-air:not([disabled])")
    return page


def test_the_microphone_by_keyboard(olena: Visitor) -> None:
    page = sit_down_by_keyboard(olena, "de-uk Olena")
    page.keyboard.press("m")
    until_air(page, "on_air")
    page.keyboard.down("n")
    until_air(page, "coughing")
    page.keyboard.up("n")
    until_air(page, "on_air")
    page.keyboard.press("m")
    until_air(page, "off_air")


def test_channels_by_keyboard(olena: Visitor) -> None:
    page = sit_down_by_keyboard(olena, "de-uk Olena")
    page.keyboard.press("a")
    until_pressed(page, '[data-outgoing="de"]')
    page.keyboard.press("b")
    until_pressed(page, '[data-outgoing="uk"]')
    for digit, channel in ((2, "de"), (4, "en"), (1, "floor")):
        page.keyboard.press(str(digit))
        until_pressed(page, f'[data-incoming="{channel}"]')
    page.keyboard.press("m")
    until_air(page, "on_air")
    page.keyboard.press("3")  # her own voice: refused, in a sentence
    page.wait_for_selector("#messages time")
    until_pressed(page, '[data-incoming="floor"]')


def test_the_microphone_is_handed_over_by_keyboard(browser: Browser, server: Server) -> None:
    with ExitStack() as stack:
        olena, jonas = (
            sit_down_by_keyboard(stack.enter_context(visitor(browser, server, lang=lang)), f"de-uk {who}")
            for who, lang in (("Olena", "uk"), ("Jonas", "en"))
        )
        olena.keyboard.press("m")
        until_air(olena, "on_air")
        for page, step in ((jonas, "request"), (olena, "answer"), (olena, "switch")):
            page.wait_for_selector(f'#handover[data-step="{step}"]')
            page.keyboard.press("h")
        until_air(jonas, "on_air")
        until_air(olena, "off_air")
        jonas.keyboard.press("m")
        until_air(jonas, "off_air")


def test_a_new_page_of_somebody_on_air_begins_off_air(browser: Browser, server: Server) -> None:
    with visitor(browser, server) as person:
        page = sit_down_by_keyboard(person, "en Maria")
        page.keyboard.press("m")
        until_air(page, "on_air")
        page.close()
        page = sit_down_by_keyboard(person, "en Maria")
        until_air(page, "off_air")
        page.keyboard.press("m")
        until_air(page, "on_air")
        page.reload()  # in the middle of a sentence
        until_air(page, "on_air")


def test_help_and_the_headset_test_come_and_go_by_keyboard(olena: Visitor) -> None:
    page = sit_down_by_keyboard(olena, "de-uk Olena")
    page.keyboard.press("?")
    page.wait_for_selector("#help[open]")
    page.keyboard.press("m")  # keys sleep while a dialog is open
    page.keyboard.press("Escape")
    page.wait_for_selector("#help:not([open])", state="attached")
    assert air(page) == "off_air"
    tab_to(page, "#open-headset")
    page.keyboard.press("Enter")
    page.wait_for_selector("#headset[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#headset:not([open])", state="attached")


def test_the_language_of_the_page_can_be_picked_in_the_first_headset_test(olena: Visitor) -> None:
    page = olena.open(olena.server.link("plenary", "interpreter de-uk Olena"))
    page.wait_for_selector("#test-enter:not([disabled])")
    assert page.evaluate("document.activeElement.id") == "microphone"
    page.select_option("#headset-language", "uk")
    page.wait_for_selector("html[lang=uk] #headset[open]")


def test_nobody_gets_past_the_first_headset_test_by_escape(olena: Visitor) -> None:
    page = olena.open(olena.server.link("plenary", "interpreter de-uk Olena"))
    page.wait_for_selector("#test-enter:not([disabled])")
    for _ in range(3):
        page.keyboard.press("Escape")
    page.wait_for_selector("#headset[open]")
    take_test(page)


def test_the_watch_page_by_keyboard(browser: Browser, server: Server) -> None:
    with visitor(browser, server) as person:
        page = person.open(f"/r/plenary{DIRECT}")
        tab_to(page, '[data-channel="uk"]')
        page.keyboard.press("Enter")
        until_heard(page)
        tab_to(page, '[data-channel="en"]')
        page.keyboard.press("Space")
        until_pressed(page, '[data-channel="en"]')
        tab_to(page, "#mute")
        page.keyboard.press("Space")
        assert page.evaluate("document.querySelector('#sound').muted")
        tab_to(page, "#volume")
        page.keyboard.press("ArrowLeft")
        assert page.evaluate("document.querySelector('#sound').volume") < 1
        tab_to(page, "#mix-only")
        page.keyboard.press("ArrowDown")
        assert page.locator("#mix-under").is_checked()
        tab_to(page, "#quality")
        page.keyboard.press("End")
        assert page.locator("#picture").is_hidden()


def everywhere(person: Visitor) -> Iterator[Page]:
    """All pages in their usual states, one after the other."""
    for path in ("/", "/c/demo", "/r/plenary", "/r/nowhere"):
        yield person.open(path)
    watch = person.open(f"/r/workshop-1{DIRECT}")
    listen(watch, "uk")
    yield watch
    venue = person.open(person.server.link("workshop-1", "venue"))
    go_live(venue)
    yield venue
    booth = person.open(person.server.link("workshop-1", "interpreter de-uk Olena"))
    booth.wait_for_selector("#test-enter:not([disabled])")
    yield booth
    take_test(booth)
    yield booth


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_is_wider_than_a_phone(browser: Browser, server: Server, lang: str) -> None:
    with visitor(browser, server, lang=lang, size=PHONE) as person:
        for page in everywhere(person):
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0], page.url
            outside = "[...document.querySelectorAll('button, select, input')].filter((e) => e.checkVisibility()"
            outside += " && (e.getBoundingClientRect().right > innerWidth || e.getBoundingClientRect().left < 0))"
            assert page.evaluate(f"{outside}.map((e) => e.outerHTML)") == [], page.url


@pytest.mark.parametrize("lang", LANGUAGES)
def test_listening_and_the_console_fit_a_phone_with_letters_twice_as_large(
    browser: Browser, server: Server, lang: str
) -> None:
    with visitor(browser, server, lang=lang, size=PHONE) as person:
        page = person.open("/r/plenary")
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        page = person.open(server.link("plenary", "interpreter de-uk Olena"))
        take_test(page)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_console_fits_one_screen(browser: Browser, server: Server, lang: str) -> None:
    with ExitStack() as stack:
        olena, jonas = (stack.enter_context(visitor(browser, server, lang=lang, size=LAPTOP)) for _ in range(2))
        page, partner = (
            person.open(server.link("plenary", f"interpreter de-uk {who}"))
            for person, who in ((olena, "Olena"), (jonas, "Jonas"))
        )
        take_test(page)
        fits_one_screen(page)
        take_test(partner)
        page.keyboard.press("m")
        until_air(page, "on_air")
        fits_one_screen(page)
        partner.keyboard.press("h")
        page.wait_for_selector('#handover[data-step="answer"]')
        fits_one_screen(page)
        fits_one_screen(partner)


def fits_one_screen(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollHeight") <= LAPTOP[1]
    assert overflowing(page) == []


def overflowing(page: Page) -> list[str]:
    """What of the console is cut off or hangs out of its panel."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('.console .panel, .console .panel *')]
          .filter((element) => element.checkVisibility() && !element.matches('.hidden-words, video'))
          .filter((element) => {
            const inner = element.getBoundingClientRect();
            const outer = element.closest('.panel').getBoundingClientRect();
            const isClosed = getComputedStyle(element).overflowY !== 'visible';
            const isCut = isClosed && element.scrollHeight > element.clientHeight + 1;
            return isCut || inner.bottom > outer.bottom + 1 || inner.right > outer.right + 1;
          })
          .map((element) => element.outerHTML.slice(0, 120))"""
    )
    return found


@pytest.mark.parametrize("lang", LANGUAGES)
def test_language_buttons_are_large_and_in_sight(browser: Browser, server: Server, lang: str) -> None:
    with visitor(browser, server, lang=lang) as person:
        page = person.open("/r/plenary")
        for channel in CHANNELS:
            page.click(f'[data-channel="{channel}"]')
            for width, height in SIZES:
                page.set_viewport_size({"width": width, "height": height})
                box = page.locator(f'[data-channel="{channel}"]').bounding_box()
                assert box is not None
                assert min(box["width"], box["height"]) >= THUMB_PX
                assert min(box["x"], box["y"]) >= 0, (channel, width)
                assert box["x"] + box["width"] <= width, (channel, width)
                assert box["y"] + box["height"] <= height, (channel, width)
                assert hanging_out(page, channel) == [], (channel, width)


def hanging_out(page: Page, channel: str) -> list[str]:
    """Words that do not fit into a language's button."""
    found: list[str] = page.evaluate(
        """(selector) => {
          const button = document.querySelector(selector);
          const outer = button.getBoundingClientRect();
          return [...button.querySelectorAll('span')].filter((span) => {
            const range = document.createRange();
            range.selectNodeContents(span);
            const inner = range.getBoundingClientRect();
            return inner.right > outer.right || inner.bottom > outer.bottom || span.scrollWidth > span.clientWidth + 1;
          }).map((span) => span.textContent);
        }""",
        f'[data-channel="{channel}"]',
    )
    return found


def test_every_page_forbids_inline_code(browser: Browser, server: Server) -> None:
    with visitor(browser, server) as person:
        policies: list[str] = []

        def note(policy: str | None) -> None:
            policies.append(policy or "")

        person.context.on(
            "response",
            lambda response: (
                note(response.headers.get("content-security-policy"))
                if response.request.is_navigation_request()
                else None
            ),
        )
        count = sum(1 for _ in everywhere(person))
        assert len(policies) >= count
        for policy in policies:
            assert "default-src 'self'" in policy
            assert "unsafe" not in policy


def test_the_language_of_the_page_is_changed_and_kept(browser: Browser, server: Server) -> None:
    with visitor(browser, server, lang="de") as person:
        page = person.open("/r/plenary")
        heard = page.locator("#languages-title").inner_text()
        page.select_option("#page-language", "uk")
        page.wait_for_selector('html[lang="uk"]')
        assert page.locator("#languages-title").inner_text() != heard
        page.reload()
        assert page.locator("html").get_attribute("lang") == "uk"
        for path in ("/r/plenary", "/", "/r/nowhere"):
            page.goto(f"{server.url}{path}")
            assert page.locator("html").get_attribute("lang") == "uk", path


def test_a_language_chosen_on_an_error_page_is_kept(browser: Browser, server: Server) -> None:
    with visitor(browser, server, lang="de") as person:
        page = person.open("/join/damaged")
        page.select_option("#page-language", "en")
        page.wait_for_selector('html[lang="en"]')
        page.click("main a")
        page.wait_for_url(f"{server.url}/")
        assert page.locator("html").get_attribute("lang") == "en"


def test_the_language_of_the_sound_is_remembered(browser: Browser, server: Server) -> None:
    with visitor(browser, server) as person:
        page = person.open(f"/r/plenary{DIRECT}")
        listen(page, "en")
        page.close()
        page = person.open(f"/r/plenary{DIRECT}&lang=uk")  # the page's language is another matter
        until_pressed(page, '[data-channel="en"]')
        until_heard(page)


def test_a_locked_phone_says_what_is_playing(browser: Browser, server: Server) -> None:
    with visitor(browser, server, lang="en") as person:
        page = person.open(f"/r/plenary{DIRECT}")
        assert page.evaluate("navigator.mediaSession.metadata") is None
        listen(page, "uk")
        shown = page.evaluate("(({ title, artist }) => [title, artist])(navigator.mediaSession.metadata)")
        assert shown == ["Plenary", "Ukrainian"]
        assert page.evaluate("navigator.mediaSession.playbackState") == "playing"


def test_only_sound_means_that_no_picture_is_sent(browser: Browser, server: Server) -> None:
    with visitor(browser, server) as person:
        page = person.open(f"/r/workshop-2{DIRECT}")
        listen(page, "en")
        wait_until(lambda: viewers(server) == 1, "one is watching")
        page.select_option("#quality", "sound")
        wait_until(lambda: viewers(server) == 0, "nobody is watching")
        until_heard(page)
        page.select_option("#quality", "auto")
        wait_until(lambda: viewers(server) == 1, "the picture is back")


def viewers(server: Server) -> int:
    """How many are sent the picture of workshop-2, by the server's own figures."""
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    series = r'^tolmach_picture_subscribers\{picture="hall",room="workshop-2"\} (\d+)\.0$'
    counts = re.findall(series, text, re.MULTILINE)
    return sum(map(int, counts))
