"""The console by its keys alone, as an interpreter works: every key once, wrong keys, words to others, guards."""

from contextlib import ExitStack
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, Playwright

from interpreting.roles import Role
from tests.browser.booths import alarm, at_work, console, link, open_hall, pressed
from tests.browser.stagehand import Server, chromium, wait_until, write_tone
from tests.browser.visits import air, take_test, until_air, visitor

SERVER: Final = open_hall


def value(page: Page, knob: str) -> float:
    return float(page.locator(f"#{knob}").input_value())


def test_listening_by_keys(browser: Browser, server: Server) -> None:
    with console(browser, server, "olena") as (_, page):
        page.keyboard.press("b")
        pressed(page, '[data-outgoing="uk"]')
        for digit, channel in ((2, "de"), (4, "en"), (1, "floor")):
            page.keyboard.press(str(digit))
            pressed(page, f'[data-incoming="{channel}"]')
        for words in ("Deutsch", "Englisch", "aus"):
            page.keyboard.press("p")
            page.wait_for_selector(f'#pivot-words:has-text("{words}")')
        for key, knob, by in (
            ("ArrowDown", "volume", -1),
            ("Shift+ArrowDown", "monitor-volume", -1),
            ("ArrowRight", "bass", 1),
            ("Shift+ArrowLeft", "treble", -1),
        ):
            before = value(page, knob)
            page.keyboard.press(key)
            assert (value(page, knob) - before) * by > 0, knob
        page.keyboard.press("e")
        pressed(page, "#ears")
        page.keyboard.press("Backspace")
        pressed(page, "#replay")
        page.keyboard.press("Backspace")
        page.wait_for_selector('#replay[aria-pressed="false"]')
        for choice in ("partner", "own", "off"):
            page.keyboard.press("g")
            pressed(page, f'[data-monitor="{choice}"]')
        assert "an" in page.locator("#limiter").inner_text()


def test_speaking_by_keys_in_a_booth_of_three_languages(browser: Browser, server: Server) -> None:
    with console(browser, server, "taras", "three", lang="uk") as (_, page):
        for key, language in (("c", "en"), ("b", "uk"), ("a", "de"), ("c", "en")):
            page.keyboard.press(key)
            pressed(page, f'[data-outgoing="{language}"]')
            assert air(page) == "off_air"  # C is a channel here, not the cough
        page.keyboard.press("m")
        until_air(page, "on_air")
        page.keyboard.down("n")
        until_air(page, "coughing")
        page.keyboard.up("n")
        until_air(page, "on_air")
        page.keyboard.press("m")
        until_air(page, "off_air")


def test_keys_work_by_place_on_a_ukrainian_layout(browser: Browser, server: Server) -> None:
    with console(browser, server, "olena", lang="uk") as (_, page):
        for code, key in (("KeyM", "ь"), ("KeyM", "ь")):
            before = air(page)
            page.evaluate(
                "([code, key]) => document.body.dispatchEvent("
                "new KeyboardEvent('keydown', { code, key, bubbles: true, cancelable: true }))",
                [code, key],
            )
            until_air(page, "on_air" if before == "off_air" else "off_air")


def test_handover_by_keys_both_ways_and_declined(browser: Browser, server: Server) -> None:
    with ExitStack() as stack:
        olena, jonas = (
            stack.enter_context(console(browser, server, name, lang=lang))[1]
            for name, lang in (("olena", "uk"), ("jonas", "en"))
        )
        olena.keyboard.press("m")
        until_air(olena, "on_air")
        step(jonas, "request")
        jonas.keyboard.press("h")
        step(olena, "answer")
        olena.keyboard.press("j")
        step(jonas, "request")
        olena.keyboard.press("h")  # the other way: she offers
        for page, seen in ((jonas, "answer"), (olena, "switch")):
            step(page, seen)
            page.keyboard.press("h")
        until_air(jonas, "on_air")
        until_air(olena, "off_air")
        jonas.keyboard.press("m")
        until_air(jonas, "off_air")


def step(page: Page, name: str) -> None:
    page.wait_for_selector(f'#handover[data-step="{name}"]')


def test_the_microphone_of_a_page_that_is_gone_is_taken_by_force(browser: Browser, server: Server) -> None:
    with console(browser, server, "olena") as (_, olena):
        with console(browser, server, "jonas") as (_, jonas):
            jonas.keyboard.press("m")
            until_air(jonas, "on_air")
            olena.keyboard.press("m")  # he is there and heard: refused, with what to do instead
            olena.wait_for_selector('#messages p[data-from="here"]')
            assert air(olena) == "off_air"
        step(olena, "force")
        assert "Jonas" in olena.locator("#handover-words").inner_text()
        olena.keyboard.press("h")
        until_air(olena, "on_air")
        olena.keyboard.press("m")
        until_air(olena, "off_air")


def test_words_to_others_by_keys(browser: Browser, server: Server) -> None:
    with ExitStack() as stack:
        _, olena = stack.enter_context(console(browser, server, "olena"))
        _, jonas = stack.enter_context(console(browser, server, "jonas", lang="uk"))
        _, maria = stack.enter_context(console(browser, server, "maria", "en", lang="en"))
        moderator = stack.enter_context(at_work(server, Role.MODERATOR))
        technician = stack.enter_context(at_work(server, Role.TECHNICIAN))
        for key, wish in (("s", "slower"), ("r", "repeat"), ("l", "louder")):
            olena.keyboard.press(key)
            pressed(olena, f'[data-wish="{wish}"]')
            pressed(jonas, f'[data-wish="{wish}"]')  # the booth's wish, not hers
        olena.keyboard.press("Shift+1")
        said(jonas, "colleague", "Підміни, будь ласка")  # a ready phrase is read in the reader's language
        said(olena, "own", "Bitte übernehmen")
        olena.keyboard.press("k")
        olena.keyboard.type("Zahl: 4,2 Mio. m")
        assert air(olena) == "off_air"  # the m was a letter
        olena.keyboard.press("Enter")
        said(jonas, "colleague", "Zahl: 4,2 Mio. m")
        olena.select_option("#chat-to", "interpreters")
        olena.keyboard.press("Shift+6")
        said(maria, "colleague", "Thank you")
        assert maria.locator('#messages p:has-text("Zahl")').count() == 0
        assert moderator.say("say", to="booths", text="Zehn Minuten Pause")["type"] == "done"
        for page in (olena, maria):
            said(page, "staff", "Zehn Minuten Pause")
        olena.keyboard.press("t")
        pressed(olena, "#call")
        technician.say("set_floor_language", language="de")
        call = technician.state["calls"][-1]["id"]
        assert technician.say("answer_call", call=call)["type"] == "done"
        olena.wait_for_selector('#call[aria-pressed="false"]')
        assert all(silent(page) for page in (olena, jonas, maria)), "nothing makes a sound"


def said(page: Page, by: str, text: str) -> None:
    page.wait_for_selector(f'#messages p[data-from="{by}"]:has-text("{text}")')


def silent(page: Page) -> bool:
    """No element plays anything but the muted carriers of the hearing and the picture."""
    found: bool = page.evaluate("[...document.querySelectorAll('audio, video')].every((e) => e.muted || e.paused)")
    return found


def test_the_shift_is_the_booths(browser: Browser, server: Server) -> None:
    with ExitStack() as stack:
        olena, jonas = (stack.enter_context(console(browser, server, name))[1] for name in ("olena", "jonas"))
        olena.keyboard.press("w")
        jonas.wait_for_selector('#shift[data-phase="idle"]')
        olena.keyboard.press("m")
        until_air(olena, "on_air")
        jonas.wait_for_selector('#shift[data-phase="running"]')
        left = jonas.locator("#shift-left").inner_text()
        assert left.startswith(("8:", "9:", "10:")), left
        for page in (olena, jonas):  # a minute before: nine minutes later by their clocks
            page.evaluate("{ const now = Date.now.bind(Date); Date.now = () => now() + 9 * 60_000 + 2000; }")
        for page in (olena, jonas):
            page.wait_for_selector('#shift[data-phase="soon"]')
        alarm(jonas, "shift")
        for _ in range(4):  # faster than the room answers
            jonas.keyboard.press("w")
        olena.wait_for_selector('#shift[data-phase="off"]')
        olena.keyboard.press("m")
        until_air(olena, "off_air")


def test_a_wrong_key_at_a_wrong_time_does_nothing_or_says_why(browser: Browser, server: Server) -> None:
    with console(browser, server, "maria", "en") as (person, page):
        for key in ("h", "j", "c", "9", "z", "Shift+9"):  # nobody to hand over to, no third channel, no such channel
            page.keyboard.press(key)
        page.keyboard.press("?")
        page.wait_for_selector("#help[open]")
        for key in ("m", "s", "k"):
            page.keyboard.press(key)
        page.keyboard.press("Escape")
        page.wait_for_selector("#help:not([open])", state="attached")
        assert air(page) == "off_air"
        assert page.locator('[data-wish][aria-pressed="true"]').count() == 0
        page.keyboard.press("a")
        pressed(page, '[data-outgoing="en"]')
        page.keyboard.press("m")
        until_air(page, "on_air")
        page.keyboard.press("4")  # her own voice: refused, in a sentence
        page.wait_for_selector('#messages p[data-from="here"]')
        pressed(page, '[data-incoming="floor"]')
        until_air(page, "on_air")
        page.keyboard.press("m")
        until_air(page, "off_air")
        # A page that has not sat down yet has no keys at all.
        other = person.open(link(Role.INTERPRETER, "jonas", "de-uk"))
        other.wait_for_selector("#test-enter:not([disabled])")
        other.keyboard.press("m")
        assert air(other) == "off_air"


def test_the_microphones_key_works_right_after_a_list_was_used(browser: Browser, server: Server) -> None:
    with console(browser, server, "olena") as (_, page):
        page.focus("#chat-to")
        page.keyboard.press("ArrowDown")
        assert page.locator("#chat-to").input_value() == "interpreters"
        page.keyboard.press("m")
        until_air(page, "on_air")
        page.keyboard.press("m")
        until_air(page, "off_air")
        assert page.locator("#chat-to").input_value() == "interpreters"


def test_guards_speak_up(browser: Browser, server: Server, playwright: Playwright, tmp_path: Path) -> None:
    with console(browser, server, "olena") as (_, page):
        alarm(page, "shut")  # her microphone hears a tone, and is off
        page.keyboard.press("b")
        pressed(page, '[data-outgoing="uk"]')
        page.keyboard.press("m")
        until_air(page, "on_air")
        alarm(page, "")
        page.keyboard.press("a")
        alarm(page, "same_language")  # the floor speaks German
        page.keyboard.press("b")
        alarm(page, "")
        page.keyboard.press("m")
        until_air(page, "off_air")
        assert page.locator("#guard-language .words").inner_text() == "nicht eingerichtet"
    quiet = write_tone(tmp_path / "quiet.wav", 300, 0.0005)
    with ExitStack() as stack:
        hall = stack.enter_context(visitor(browser, server))
        venue = hall.open(link(Role.VENUE))
        venue.wait_for_selector("#go-live:not([disabled])")
        venue.click("#go-live")
        _, page = stack.enter_context(console(stack.enter_context(chromium(playwright, quiet)), server, "jonas"))
        page.keyboard.press("b")
        pressed(page, '[data-outgoing="uk"]')
        page.keyboard.press("m")
        until_air(page, "on_air")
        alarm(page, "silent")  # the hall speaks, and he does not
        page.keyboard.press("m")
        until_air(page, "off_air")


def test_two_open_microphones_flash_on_both_consoles(browser: Browser, server: Server) -> None:
    with ExitStack() as stack:
        _, olena = stack.enter_context(console(browser, server, "olena"))
        _, taras = stack.enter_context(console(browser, server, "taras", "three", lang="uk"))
        technician = stack.enter_context(at_work(server, Role.TECHNICIAN))
        for page in (olena, taras):
            page.keyboard.press("b")
            pressed(page, '[data-outgoing="uk"]')
        olena.keyboard.press("m")
        until_air(olena, "on_air")
        taras.wait_for_selector('[data-outgoing="uk"][data-engaged="true"]:has-text("de-uk")')
        taras.keyboard.press("m")  # interlock: refused, with who has it
        taras.wait_for_selector('#messages p[data-from="here"]')
        assert air(taras) == "off_air"
        assert technician.say("set_interlock", mode="none")["type"] == "done"
        taras.keyboard.press("m")
        until_air(taras, "on_air")
        for page, other in ((olena, "Taras"), (taras, "Olena")):
            page.wait_for_selector('#console[data-doubled="true"]')
            alarm(page, "doubled")
            assert other in page.locator("#alarm").inner_text()
        taras.keyboard.press("m")
        for page in (olena, taras):
            page.wait_for_selector('#console[data-doubled="false"]')
        assert technician.say("set_interlock", mode="override")["type"] == "done"
        taras.keyboard.press("m")  # the newcomer displaces her
        until_air(taras, "on_air")
        until_air(olena, "off_air")
        taras.keyboard.press("m")
        until_air(taras, "off_air")
        technician.say("set_interlock", mode="interlock")


def test_a_link_pressed_twice_silences_nobody_until_it_is_wished(browser: Browser, server: Server) -> None:
    with visitor(browser, server) as person:
        first = person.open(link(Role.INTERPRETER, "olena", "de-uk"))
        take_test(first)
        first.keyboard.press("m")
        until_air(first, "on_air")
        second = person.open(link(Role.INTERPRETER, "olena", "de-uk"))
        second.wait_for_selector("#elsewhere[open]")
        second.keyboard.press("Enter")  # stay there
        second.wait_for_selector("#closed[open]")
        first.keyboard.down("n")
        until_air(first, "coughing")
        first.keyboard.up("n")
        until_air(first, "on_air")
        third = person.open(link(Role.INTERPRETER, "olena", "de-uk"))
        third.click("#elsewhere-yes")
        until_air(first, "on_air")  # until she sits down there
        take_test(third)
        first.wait_for_selector("#closed[open]")
        wait_until(lambda: air(third) == "off_air", "whoever comes by the headset test is off air")
