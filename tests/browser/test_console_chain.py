"""What the console says of the sound it gets: the chain test by its button, the last seconds again, the lamp."""

import wave
from pathlib import Path
from typing import Final

import numpy as np
from playwright.sync_api import Browser, Playwright

from interpreting.roles import Role
from media.opus import Pcm
from tests.browser import remotes
from tests.browser.booths import console, link, open_hall, pressed
from tests.browser.stagehand import Server, chromium, hears, strength, wait_until
from tests.browser.visits import go_live, visitor
from tests.media.speech import below, silence, spoken

SERVER: Final = open_hall
FLOOR_HZ = 700


def test_the_chain_is_tested_by_the_consoles_own_button(browser: Browser, server: Server) -> None:
    """Before anybody comes, from the headset test: every hop has its figures and is good."""
    with visitor(browser, server) as person:
        page = person.open(link(Role.INTERPRETER, "olena", "de-uk"))
        page.wait_for_selector("#test-enter:not([disabled])")
        page.click("#chain > summary")
        page.click("#chain-run")
        page.wait_for_selector("#chain-run:not([disabled])", timeout=90_000)
        hops = page.locator("#chain-hops li").all_inner_texts()
        print("\n".join(hops))
        assert len(hops) >= 2
        assert all(hop.startswith("✓") and "dB" in hop and " ms" in hop for hop in hops), hops


def test_the_chain_is_not_tested_while_the_hall_sends(browser: Browser, server: Server) -> None:
    with visitor(browser, server) as hall, visitor(browser, server, may_fail=True) as person:
        sender = remotes.come(hall, Role.VENUE, "house", FLOOR_HZ)
        sender.send()
        page = person.open(link(Role.INTERPRETER, "olena", "de-uk"))
        page.wait_for_selector("#test-enter:not([disabled])")
        page.click("#chain > summary")
        page.click("#chain-run")
        page.wait_for_selector("#chain-run:not([disabled])", timeout=90_000)
        (words,) = page.locator("#chain-hops li").all_inner_texts()
        assert "dB" not in words
        assert words
        sender.leave()


def test_the_last_seconds_are_heard_again_in_the_headphones(browser: Browser, server: Server) -> None:
    with visitor(browser, server) as hall, console(browser, server, "olena") as (_, page):
        sender = remotes.come(hall, Role.VENUE, "house", FLOOR_HZ)
        sender.send()
        hears(page, FLOOR_HZ, [1000])
        page.wait_for_timeout(3_000)
        sender.leave()
        wait_until(lambda: strength(page, FLOOR_HZ, times=1) < -80, "the floor is silent")
        page.keyboard.press("Backspace")
        pressed(page, "#replay")
        hears(page, FLOOR_HZ, [1000])
        page.wait_for_selector('#replay[aria-pressed="false"]', timeout=60_000)
        wait_until(lambda: strength(page, FLOOR_HZ, times=1) < -80, "the replay is over")


def test_it_is_said_who_sounds_as_by_telephone(playwright: Playwright, server: Server, tmp_path: Path) -> None:
    """The speaker by a lamp, and the interpreter's own voice beside its level: nobody hears their own microphone."""
    narrow = write_speech(tmp_path / "telephone.wav", below(spoken("de"), 3400))
    with (
        chromium(playwright, narrow) as telephone,
        visitor(telephone, server) as hall,
        console(telephone, server, "olena") as (_, page),
    ):
        venue = hall.open(link(Role.VENUE, "house"))
        go_live(venue)
        page.keyboard.press("m")
        page.wait_for_selector('#guard-sound[data-lamp="narrow"]', timeout=90_000)
        assert page.locator("#guard-sound .words").inner_text() == "dumpf"
        page.wait_for_selector('#own-sound:text-is("dumpf")', timeout=90_000)


def write_speech(path: Path, speech: Pcm) -> Path:
    """A WAV file that Chromium's fake microphone plays in a circle, with a pause at the end."""
    samples = np.concatenate([speech, silence(0.7)])
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, 48000, 0, "NONE", ""))
        out.writeframes((samples * 32767).astype("<i2").tobytes())
    return path
