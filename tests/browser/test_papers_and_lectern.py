"""Manuscripts and glossaries in the booth, and the lectern's display."""

from contextlib import ExitStack
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page

from interpreting.roles import Role
from tests.browser.booths import at_work, console, link, open_hall
from tests.browser.stagehand import Server, wait_until
from tests.browser.visits import air, until_air, visitor

SERVER: Final = open_hall
GLOSSARY: Final = "Deutsch;Українська;English\nBürgermeisterin;міська голова;mayor\nHaushalt;бюджет;budget\n"
# As when a colleague lays one there while this one is being read.
_ANOTHER: Final = """
() => {
  document.querySelector("#paper-view iframe").dataset.read = "yes";
  const { token } = JSON.parse(document.querySelector("#page").text);
  const headers = { Authorization: `Bearer ${token}` };
  return fetch("/papers/hall/room?kind=text&name=more", { method: "POST", body: "more", headers }).then(() => {});
}
"""


def pdf(words: str) -> bytes:
    """A PDF of one page that says this, as small as they come."""
    shown = f"BT /F 40 Tf 30 150 Td ({words}) Tj ET".encode()
    bodies = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 300]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(shown), shown),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        table,
        len(out),
    )


def lay(page: Page, name: str, content: bytes) -> None:
    page.set_input_files("#paper-file", {"name": name, "mimeType": "application/octet-stream", "buffer": content})


def test_a_glossary_is_laid_there_and_searched_by_keys_in_both_booths(browser: Browser, server: Server) -> None:
    with ExitStack() as stack:
        _, olena = stack.enter_context(console(browser, server, "olena"))
        _, maria = stack.enter_context(console(browser, server, "maria", "en", lang="uk"))
        lay(olena, "begriffe.csv", GLOSSARY.encode())
        olena.wait_for_selector("#paper-view td:has-text('Haushalt')")
        wait_until(lambda: maria.locator("#paper option").count() == 1, "the other booth is told")
        maria.keyboard.press("f")
        maria.wait_for_selector("#search:focus")
        maria.keyboard.type("burgerM")
        maria.wait_for_selector("#paper-view td:has-text('міська голова')")
        assert maria.locator("#paper-view tbody tr").count() == 1
        assert air(maria) == "off_air"  # the m was a letter
        maria.keyboard.press("Escape")
        maria.keyboard.press("m")
        until_air(maria, "on_air")
        maria.keyboard.press("u")
        maria.wait_for_selector("#papers", state="hidden")
        maria.keyboard.press("m")
        until_air(maria, "off_air")


def test_a_manuscript_as_text_and_as_a_pdf_that_runs_nothing(browser: Browser, server: Server, tmp_path: Path) -> None:
    with console(browser, server, "olena") as (_, page):
        lay(page, "rede.txt", b"Sehr geehrte Damen und Herren")
        page.wait_for_selector("#paper-view pre:has-text('Sehr geehrte')")
        lay(page, "rede.pdf", pdf("REDE"))
        page.wait_for_selector("#paper-view iframe[title='rede.pdf']")
        address = page.locator("#paper-view iframe").get_attribute("src") or ""
        answer = page.request.get(f"{server.url}{address}")
        assert answer.status == 200
        assert "sandbox" in answer.headers["content-security-policy"]
        page.evaluate(_ANOTHER)
        wait_until(lambda: page.locator("#paper option:text-is('more')").count() == 1, "another paper is there")
        assert page.locator("#paper-view iframe[data-read]").count() == 1, "what is read stays in view"
        page.keyboard.press("m")
        until_air(page, "on_air")
        page.mouse.click(*middle(page, "#paper-view iframe"))
        wait_until(lambda: bool(page.evaluate("document.activeElement === document.body")), "the keys are back")
        page.keyboard.press("m")  # the frame has not kept them
        until_air(page, "off_air")
        page.click("#paper-remove")
        page.wait_for_selector("#paper-view iframe", state="detached")


def middle(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_what_is_no_paper_is_refused_in_a_sentence(browser: Browser, server: Server) -> None:
    with console(browser, server, "olena", may_fail=True) as (person, page):
        for name, content, words in (
            ("rede.pdf", b"<html></html>", "kein vollständiges PDF"),
            ("glossar.csv", b"a;b\n" + b"1;2\n" * 5001, "5000 Zeilen"),
            ("glossar.csv", "a;b\nü;x".encode("cp1252"), "UTF-8"),
        ):
            lay(page, name, content)
            page.wait_for_selector(f'#messages p:has-text("{words}")')
        assert len(person.errors) == 3


def test_the_lectern_shows_wishes_time_and_languages(browser: Browser, server: Server) -> None:
    with ExitStack() as stack:
        technician = stack.enter_context(at_work(server, Role.TECHNICIAN))
        _, olena = stack.enter_context(console(browser, server, "olena"))
        guest = stack.enter_context(visitor(browser, server, size=(1920, 1080)))
        guest.open(link(Role.MODERATOR))
        page = guest.open("/r/hall/lectern?as=moderator")
        assert technician.say("select_item", item="opening")["type"] == "done"
        page.wait_for_selector("#item:has-text('Dr. Anna Beispiel')")
        assert page.locator("#time-left").inner_text() != "–"
        page.wait_for_selector("#languages li.quiet")
        olena.keyboard.press("b")
        olena.keyboard.press("m")
        until_air(olena, "on_air")
        page.wait_for_selector("#languages li:has-text('українська')")
        assert (page.locator("#wish").text_content() or "") == ""
        olena.keyboard.press("s")
        page.wait_for_selector('#lectern[data-wish="slower"]')
        height = page.evaluate("parseFloat(getComputedStyle(document.querySelector('#wish')).fontSize)")
        assert height >= 1080 * 0.1, "read from far"
        page.wait_for_selector('#lectern[data-wish="none"]')
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        olena.keyboard.press("m")
        until_air(olena, "off_air")


def test_an_interpreter_and_a_viewer_have_no_lectern(browser: Browser, server: Server) -> None:
    with visitor(browser, server) as person:
        person.open(link(Role.INTERPRETER, "olena", "de-uk"))
        for address in ("/r/hall/lectern", "/r/hall/lectern?as=olena"):
            page = person.open(address)
            assert page.locator("#error-text").count() == 1
