"""The desk in a real browser: recording with its question, the backup, the next item, a stream to elsewhere."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright

from tests.browser.desks import card, column, open_panel
from tests.browser.stagehand import Server, chromium, free_port, wait_until
from tests.browser.test_accessibility import AXE, violations
from tests.browser.visits import go_live, visitor

# What a city's platform is here: FFmpeg, waiting for an encoder, and saying what it got.
_PLATFORM = """
import sys, av
got = {"audio": 0, "video": 0}
with av.open(sys.argv[1], options={"listen": "1", "timeout": "240"}) as container:
    for packet in container.demux():
        for frame in packet.decode():
            got[packet.stream.type] += 1
        if got["audio"] > 60 and got["video"] > 30:
            print("seen and heard", flush=True)
            break
"""


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with chromium(playwright) as running:
        yield running


def test_a_technician_sees_every_room_and_records_after_a_question(browser: Browser, server: Server) -> None:
    with visitor(browser, server, lang="en") as technician:
        page = technician.open(server.link("plenary", "technician"))
        page.wait_for_selector('#connection[data-state="connected"]')
        assert page.locator("[data-room]").count() == 3
        page.wait_for_selector('[data-room="plenary"] .health div')
        record, words = card(page).locator('[data-part="record"]'), card(page).locator('[data-part="recording-words"]')
        record.click()
        page.click("#sure button[value=no]")
        assert words.inner_text() == "Not recording."
        record.click()
        assert "Everybody in the room sees" in page.locator("#sure-effect").inner_text()
        page.click("#sure-yes")
        wait_until(lambda: words.inner_text().startswith("Recording since"), "it records")
        assert card(page, "workshop-1").locator('[data-part="recording-words"]').inner_text() == "Not recording."
        record.click()
        page.click("#sure-yes")
        wait_until(lambda: words.inner_text() == "Not recording.", "it records no more")


def test_the_programme_goes_on_by_one(browser: Browser, server: Server) -> None:
    with visitor(browser, server, lang="en") as technician:
        page = technician.open(server.link("plenary", "technician"))
        now, then = card(page).locator('[data-part="item-now"]'), card(page).locator('[data-part="item-next"]')
        wait_until(lambda: then.inner_text() != "", "there is a programme")
        coming = then.inner_text()
        card(page).locator('[data-part="next"]').click()
        wait_until(lambda: now.inner_text() in coming and now.inner_text() != "", "the next item is on")


def test_the_backup_takes_over_and_the_desk_brings_it_back(browser: Browser, server: Server) -> None:
    with visitor(browser, server, lang="en") as technician, visitor(browser, server, may_fail=True) as backup:
        page = technician.open(server.link("plenary", "technician"))
        main, spare = card(page).locator('[data-venue="venue"]'), card(page).locator('[data-venue="backup"]')
        with visitor(browser, server, may_fail=True) as hall:
            go_live(hall.open(server.link("plenary", "venue")))
            second = backup.open(server.link("plenary", "venue backup"))
            second.wait_for_selector("#go-live:not([disabled])")
            second.click("#go-live")
            second.wait_for_selector('#live-banner[data-state="standby"]')
            wait_until(lambda: "sending" in spare.inner_text() and "not" not in spare.inner_text(), "both send")
            assert main.get_attribute("aria-pressed") == "true"
        wait_until(lambda: spare.get_attribute("aria-pressed") == "true", "the backup has taken over")
        second.wait_for_selector('#live-banner[data-state="live"]')
        with visitor(browser, server, may_fail=True) as hall:
            first = hall.open(server.link("plenary", "venue"))
            first.wait_for_selector("#go-live:not([disabled])")
            first.click("#go-live")
            first.wait_for_selector('#live-banner[data-state="standby"]')
            main.click()
            first.wait_for_selector('#live-banner[data-state="live"]')


def test_an_organiser_sends_a_channel_elsewhere_and_a_technician_may_only_end_it(
    browser: Browser, server: Server
) -> None:
    address = f"rtmp://127.0.0.1:{free_port()}/live/secret-key"
    platform = subprocess.Popen([sys.executable, "-c", _PLATFORM, address], stdout=subprocess.PIPE, text=True)
    try:
        with visitor(browser, server, lang="en") as organiser, visitor(browser, server, lang="en") as technician:
            page = organiser.open(server.link("plenary", "organiser"))
            form = card(page).locator('[data-part="push-form"]')
            form.locator("xpath=ancestor::details/summary").click()
            form.locator('[name="name"]').fill("city")
            form.locator('[name="url"]').fill(address)
            form.locator('[name="channel"]').select_option("en")
            form.locator("button").click()
            row = card(page).locator('[data-part="pushes"] li')
            row.locator(".push-where", has_text="English to 127.0.0.1 (not encrypted)").wait_for()
            row.locator("[data-act=toggle]").click()
            page.click("#sure-yes")
            desk = technician.open(server.link("plenary", "technician"))
            theirs = card(desk).locator('[data-part="pushes"] li')
            desk.wait_for_selector('[data-part="pushes"] li[data-state="live"]')
            assert "secret" not in desk.content() + page.content()
            assert platform.stdout is not None
            assert platform.stdout.readline() == "seen and heard\n"
            theirs.locator("[data-act=toggle]").click()
            desk.wait_for_selector('[data-part="pushes"] li[data-state="off"]')
            assert theirs.locator("[data-act=toggle]").is_disabled()
            assert theirs.locator("[data-act=remove]").is_hidden()
            row.locator("[data-act=remove]").click()
            wait_until(lambda: row.count() == 0, "it is forgotten")
    finally:
        platform.kill()
        platform.communicate(timeout=10)


@pytest.mark.parametrize("size", [(1366, 768), (390, 844)])
def test_nothing_serious_by_axe(browser: Browser, server: Server, size: tuple[int, int]) -> None:
    for lang in ("de", "uk", "en"):
        with visitor(browser, server, lang=lang, size=size) as organiser:
            organiser.context.add_init_script(path=AXE)
            page = organiser.open(server.link("plenary", "organiser"))
            page.wait_for_selector('[data-room="plenary"] .health div')
            for details in page.locator('[data-room="plenary"] details').all():
                details.locator("summary").click()
            page.locator(f"{column('plenary', 'bus', 'floor')} .listen").click()
            open_panel(page, "plenary", "source", "venue")
            assert violations(page) == []
