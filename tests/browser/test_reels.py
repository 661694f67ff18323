"""A video message from its upload to its end: sent at the desk, seen and read in the booth, counted down, heard by
everybody, with a handover between two interpreters in its middle, and the hall again after it.
"""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, Playwright

from interpreting.roles import Role
from tests.browser.booths import console, link, open_hall
from tests.browser.stagehand import Server, chromium, hears, wait_until, write_tone
from tests.browser.visits import DIRECT, go_live, listen, until_air, visitor
from tests.media.clips import Clip

HALL, OLENA, JONAS, MESSAGE = 440, 1000, 1500, 700
SECONDS: Final = 32.0
# A film is made ready by a process that gives way to all others.
PREPARED_MS: Final = 180_000
SUBTITLES: Final = "".join(
    f"{n + 1}\n00:00:{n * 4:02},000 --> 00:00:{n * 4 + 3:02},500\nSatz {n + 1}\n\n" for n in range(8)
)
SERVER: Final = open_hall
# All phases of the message that a booth or the desk has shown, with what is counted.
_WATCH: Final = """
() => {
  const row = document.querySelector("#reel, [data-reel=now]");
  const clock = document.querySelector("#reel-time");
  window.seen = [];
  const note = () => seen.push([row.dataset.phase, clock?.textContent]);
  new MutationObserver(note).observe(row, { attributes: true, childList: true, characterData: true, subtree: true });
}
"""


# The subtitles that were marked as spoken.
_READ_ALONG: Final = """
() => {
  const list = document.querySelector(".subtitles");
  window.lines = [];
  const note = () => {
    const text = list.querySelector("[aria-current]")?.textContent;
    if (text && text !== lines.at(-1)) lines.push(text);
  };
  new MutationObserver(note).observe(list, { attributes: true, subtree: true });
}
"""


@pytest.fixture(scope="module")
def browsers(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Browser]]:
    folder = tmp_path_factory.mktemp("tones")
    with ExitStack() as stack:
        yield {
            hertz: stack.enter_context(chromium(playwright, write_tone(folder / f"{hertz}.wav", hertz)))
            for hertz in (HALL, OLENA, JONAS)
        }


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    clip = Clip(seconds=SECONDS, hertz=MESSAGE, size=(320, 240))
    return clip.write(tmp_path_factory.mktemp("film") / "Grußwort.mp4")


def send(desk: Page, film: Path) -> None:
    desk.locator("[data-part=reels] summary").click()
    desk.set_input_files("[data-reel=form] input[name=film]", film)
    desk.set_input_files(
        "[data-reel=form] input[name=script]",
        {"name": "rede.txt", "mimeType": "text/plain", "buffer": "Liebe Freunde in München".encode()},
    )
    desk.set_input_files(
        "[data-reel=form] input[name=subtitles]",
        {"name": "rede.srt", "mimeType": "text/plain", "buffer": SUBTITLES.encode()},
    )
    desk.click("[data-reel=send]")
    desk.wait_for_selector('.reel-row[data-standing="ready"]', timeout=PREPARED_MS)


def read_beforehand(booth: Page) -> None:
    """The script, the film and the subtitles are among the papers."""
    booth.keyboard.press("u")
    booth.wait_for_selector("#papers:visible")
    wait_until(lambda: booth.locator("#paper option").count() == 3, "script, film and subtitles")
    booth.select_option("#paper", label="rede.txt")
    booth.wait_for_selector("#paper-view pre:has-text('Liebe Freunde')")
    booth.select_option("#paper", label="Film: Grußwort.mp4")
    booth.wait_for_selector("#paper-view video")
    wait_until(lambda: bool(booth.evaluate("document.querySelector('#paper-view video').duration > 30")), "it loads")
    booth.select_option("#paper", label="Untertitel: Grußwort.mp4")
    booth.wait_for_selector(".subtitles li:has-text('Satz 8')")


@pytest.mark.timeout(480)
def test_a_message_is_played_with_a_handover_in_its_middle(
    browsers: dict[int, Browser], server: Server, film: Path
) -> None:
    with ExitStack() as stack:
        hall = stack.enter_context(visitor(browsers[HALL], server))
        go_live(hall.open(link(Role.VENUE)))
        projector = hall.open("/r/hall/screen?as=venue")
        projector.wait_for_selector('#screen[data-shows="nobody"]')
        _, olena = stack.enter_context(console(browsers[OLENA], server, "olena"))
        _, jonas = stack.enter_context(console(browsers[JONAS], server, "jonas"))
        audience = stack.enter_context(visitor(browsers[HALL], server))
        floor, uk = audience.open(f"/r/hall{DIRECT}"), audience.open(f"/r/hall{DIRECT}")
        listen(floor, "floor")
        listen(uk, "uk")
        desk = stack.enter_context(visitor(browsers[HALL], server)).open(link(Role.TECHNICIAN))
        send(desk, film)
        read_beforehand(olena)
        hears(floor, HALL, [MESSAGE, OLENA, JONAS])
        olena.click('[data-outgoing="uk"]')
        olena.click("#on-air")
        until_air(olena, "on_air")
        desk.click(".reel-row [data-act=cue]")
        jonas.wait_for_selector('#reel[data-phase="cued"]')
        for page in (olena, jonas, desk):
            page.evaluate(_WATCH)
        olena.evaluate(_READ_ALONG)
        began = time.monotonic()
        desk.click("[data-reel=start]")
        for page in (olena, jonas):
            page.wait_for_selector('#reel[data-phase="playing"]')
            counted = [left for phase, left in page.evaluate("seen") if phase == "countdown"]
            assert counted, "the countdown is seen"
            assert all(re.fullmatch("[1-5]", left) for left in counted)
        assert time.monotonic() - began > 4
        assert "countdown" in [phase for phase, _ in desk.evaluate("seen")]
        hears(floor, MESSAGE, [HALL, OLENA, JONAS])
        projector.wait_for_selector('#screen[data-shows="film"]')
        wait_until(lambda: projector.evaluate("document.querySelector('#film').videoWidth") == 320, "the hall sees it")
        hears(olena, MESSAGE, [HALL])
        hears(uk, OLENA, [MESSAGE, HALL, JONAS])
        jonas.click("#handover-ask")
        olena.click("#handover-accept")
        olena.click("#handover-switch")
        hears(uk, JONAS, [OLENA, HALL])
        hears(floor, MESSAGE, [HALL])
        wait_until(lambda: desk.locator("[data-reel=progress]").evaluate("(bar) => bar.value") > 0.1, "it goes on")
        wait_until(lambda: floor.evaluate("document.querySelector('#picture').videoWidth") == 320, "its picture")
        olena.wait_for_selector("#reel", state="hidden", timeout=(SECONDS + 30) * 1000)
        lines = olena.evaluate("lines")
        assert len(set(lines)) > 3, "the subtitles go along with it"
        assert sorted(set(lines), key=lines.index) == sorted(set(lines)), "in their order"
        projector.wait_for_selector('#screen[data-shows="nobody"]')
        hears(floor, HALL, [MESSAGE, OLENA, JONAS])
        hears(olena, HALL, [MESSAGE])
        desk.click(".reel-row [data-act=remove]")
        desk.wait_for_selector("[data-reel=none]:visible")


def test_what_is_no_film_is_refused_in_a_sentence(browsers: dict[int, Browser], server: Server) -> None:
    with visitor(browsers[HALL], server, may_fail=True) as person:
        desk = person.open(link(Role.TECHNICIAN))
        desk.locator("[data-part=reels] summary").click()
        before = desk.locator(".reel-row").count()
        text = b"Das ist kein Film.\n" * 50
        desk.set_input_files(
            "[data-reel=form] input[name=film]", {"name": "film.mp4", "mimeType": "video/mp4", "buffer": text}
        )
        desk.click("[data-reel=send]")
        desk.wait_for_selector("[data-reel=problem]:has-text('weder Film noch Ton')")
        assert desk.locator(".reel-row").count() == before
