"""A German, a Ukrainian and an English speaker in turn over two booths, heard by frequency: relay by itself, and back.

What reaches the interpreters' ears is heard behind the limiter; what reaches listeners, on their channels.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, Playwright

from interpreting.roles import Role
from tests.browser.booths import Line, at_work, console, link, open_hall, pressed
from tests.browser.stagehand import Server, chromium, hear, hears, wait_until, write_tone
from tests.browser.visits import DIRECT, go_live, listen, until_air, visitor

SPEAKER, OLENA, JONAS, MARIA = 440, 1000, 1500, 2200
RELAY_MS: Final = 200
# The ears' tones every few milliseconds, and when the page learnt of the change.
_WATCH: Final = """
([before, after]) => {
  const context = window.__ears.context;
  const analyser = new AnalyserNode(context, { fftSize: 2048, smoothingTimeConstant: 0 });
  const source = new MediaStreamAudioSourceNode(context, { mediaStream: window.__ears.stream });
  source.connect(analyser);
  const bins = new Float32Array(analyser.frequencyBinCount);
  const width = context.sampleRate / analyser.fftSize;
  const level = (tone) => Math.max(...bins.slice(Math.round(tone / width) - 1, Math.round(tone / width) + 2));
  const floor = document.querySelector("#floor-language");
  const language = floor.textContent;
  window.__change = new Promise((done) => {
    let learnt = null;
    const timer = setInterval(() => {
      analyser.getFloatFrequencyData(bins);
      if (floor.textContent !== language) learnt ??= performance.now();
      if (learnt !== null && level(after) > -40 && level(after) - level(before) > 20) {
        clearInterval(timer);
        source.disconnect();
        done(performance.now() - learnt);
      }
    }, 4);
  });
}
"""


@dataclass
class Hall:
    """Who is there."""

    server: Server
    partner: Browser
    floor: Line
    olena: Page
    maria: Page
    listeners: dict[str, Page]

    def speaks(self, language: str) -> None:
        """Somebody else speaks on the floor now."""
        assert self.floor.say("set_floor_language", language=language)["type"] == "done"

    def hears(self, **expected: int) -> None:
        """Each channel carries this tone and none of the others."""
        for channel, tone in expected.items():
            others = [one for one in (SPEAKER, OLENA, JONAS, MARIA) if one != tone]
            hears(self.listeners[channel], tone, others)


@pytest.fixture(scope="module")
def hall(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    folder = tmp_path_factory.mktemp("hall")
    with ExitStack() as stack:
        server = open_hall(folder)
        stack.callback(server.stop)
        voices = {
            n: stack.enter_context(chromium(playwright, write_tone(folder / f"{n}.wav", n)))
            for n in (OLENA, JONAS, MARIA)
        }
        audience = stack.enter_context(chromium(playwright, write_tone(folder / "floor.wav", SPEAKER)))
        go_live(stack.enter_context(visitor(audience, server)).open(link(Role.VENUE)))
        _, olena = stack.enter_context(console(voices[OLENA], server, "olena"))
        _, maria = stack.enter_context(console(voices[MARIA], server, "maria", "en", lang="en"))
        listeners = {}
        for channel in ("floor", "de", "uk", "en"):
            page = stack.enter_context(visitor(audience, server)).open(f"/r/hall{DIRECT}")
            listen(page, channel)
            listeners[channel] = page
        yield Hall(
            server, voices[JONAS], stack.enter_context(at_work(server, Role.TECHNICIAN)), olena, maria, listeners
        )


def ears(page: Page, tone: int) -> None:
    """The interpreter's headphones carry this tone and none of the others."""
    hears(page, tone, [one for one in (SPEAKER, OLENA, JONAS, MARIA) if one != tone])


def mark(page: Page, channel: str) -> str | None:
    return page.locator(f'[data-incoming="{channel}"] .mark').get_attribute("data-mark")


def test_a_german_speaker(hall: Hall) -> None:
    for page, key, language in ((hall.olena, "b", "uk"), (hall.maria, "a", "en")):
        page.keyboard.press(key)
        pressed(page, f'[data-outgoing="{language}"]')
        page.keyboard.press("m")
        until_air(page, "on_air")
        ears(page, SPEAKER)
    hall.hears(floor=SPEAKER, de=SPEAKER, uk=OLENA, en=MARIA)
    wait_until(
        lambda: [mark(hall.olena, c) for c in ("de", "uk", "en")] == ["floor", "interpreted", "interpreted"], "marks"
    )


def test_a_ukrainian_speaker_is_relayed_to_the_english_booth(hall: Hall) -> None:
    hall.maria.keyboard.press("p")
    hall.maria.wait_for_selector('#pivot-words:has-text("German")')
    hall.speaks("uk")
    hall.olena.keyboard.press("a")
    pressed(hall.olena, '[data-outgoing="de"]')
    ears(hall.maria, OLENA)
    ears(hall.olena, SPEAKER)
    hall.hears(floor=SPEAKER, uk=SPEAKER, de=OLENA, en=MARIA)
    wait_until(lambda: mark(hall.olena, "en") == "relay", "English is a relay of a relay")
    assert hall.maria.locator('[data-incoming="de"]').get_attribute("data-heard") == "true"


def test_back_to_german_the_relay_ends_by_itself(hall: Hall) -> None:
    hall.olena.keyboard.press("b")
    pressed(hall.olena, '[data-outgoing="uk"]')
    hall.speaks("de")
    ears(hall.maria, SPEAKER)
    hall.hears(de=SPEAKER, uk=OLENA, en=MARIA)


def test_an_english_speaker_is_relayed_to_the_other_booth(hall: Hall) -> None:
    hall.olena.keyboard.press("p")
    hall.olena.wait_for_selector('#pivot-words:has-text("Deutsch")')
    hall.speaks("en")
    hall.maria.keyboard.press("b")
    pressed(hall.maria, '[data-outgoing="de"]')
    ears(hall.olena, MARIA)
    ears(hall.maria, SPEAKER)
    hall.hears(floor=SPEAKER, en=SPEAKER, de=MARIA, uk=OLENA)


def test_the_original_in_one_ear_and_the_relay_in_the_other(hall: Hall) -> None:
    hall.olena.keyboard.press("e")
    pressed(hall.olena, "#ears")

    def is_split() -> bool:
        left, right = (hear(hall.olena, [SPEAKER, MARIA], side=side) or [-200.0, -200.0] for side in (0, 1))
        return left[0] - left[1] > 20 and right[1] - right[0] > 20

    wait_until(is_split, "original left, relay right")
    hall.olena.keyboard.press("e")
    ears(hall.olena, MARIA)


def test_a_pivot_that_is_lost_gives_the_floor_back(hall: Hall) -> None:
    hall.maria.keyboard.press("m")
    until_air(hall.maria, "off_air")
    ears(hall.olena, SPEAKER)
    hall.maria.keyboard.press("m")
    until_air(hall.maria, "on_air")
    ears(hall.olena, MARIA)


def test_the_change_is_done_within_two_tenths_of_a_second(hall: Hall) -> None:
    def change_ms(language: str, before: int, after: int) -> float:
        ears(hall.olena, before)
        hall.olena.evaluate(_WATCH, [before, after])
        hall.speaks(language)
        return float(hall.olena.evaluate("window.__change"))

    # There and back again.
    for way in (("de", MARIA, SPEAKER), ("en", SPEAKER, MARIA)):
        took = [change_ms(*way)]
        while took[-1] > RELAY_MS and len(took) < 6:
            change_ms("en" if way[0] == "de" else "de", way[2], way[1])
            took.append(change_ms(*way))
        print(f"auto_relay_ms: {min(took):.0f} (of {sorted(round(one) for one in took)})")
        assert min(took) <= RELAY_MS


def test_monitoring_hears_the_partner_off_air_and_nothing_on_air(hall: Hall) -> None:
    hall.speaks("de")
    hall.olena.keyboard.press("m")
    until_air(hall.olena, "off_air")
    ears(hall.olena, SPEAKER)
    with console(hall.partner, hall.server, "jonas") as (_, jonas):
        jonas.keyboard.press("b")
        pressed(jonas, '[data-outgoing="uk"]')
        jonas.keyboard.press("m")
        until_air(jonas, "on_air")
        ears(hall.olena, SPEAKER)  # nothing of him yet
        hall.olena.keyboard.press("g")
        pressed(hall.olena, '[data-monitor="partner"]')

        def hears_both() -> bool:
            speaker, partner, other = hear(hall.olena, [SPEAKER, JONAS, MARIA]) or [-200.0] * 3
            return min(speaker, partner) - other > 20

        wait_until(hears_both, "source and booth")
        jonas.keyboard.press("m")
        until_air(jonas, "off_air")
        ears(hall.olena, SPEAKER)  # nobody speaks there: no floor a second time
        hall.olena.keyboard.press("g")
        pressed(hall.olena, '[data-monitor="own"]')
        hall.olena.keyboard.press("m")
        until_air(hall.olena, "on_air")
        ears(hall.olena, SPEAKER)  # on air: the source alone, not her own voice
