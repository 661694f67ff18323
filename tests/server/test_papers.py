"""Papers over HTTP: who may lay them there, read them and take them away, what is refused, and who is told."""

from __future__ import annotations

from typing import Any

import pytest

from interpreting.roles import Role
from server.paper_kinds import MAX_BYTES, PaperKind
from server.paper_shelf import MAX_PAPERS
from server.tokens import Invitation
from tests.server.conftest import Site

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n"
GLOSSARY = "Deutsch\tУкраїнська\nBürgermeisterin\tміська голова\n".encode()


async def lay(site: Site, who: Invitation, kind: str, content: bytes, name: str = "Rede", item: str = "room") -> Any:
    """Lay a paper there; the answer's status and JSON."""
    address = f"/papers/plenary/{item}"
    async with site.client.post(
        address, params={"kind": kind, "name": name}, data=content, headers=site.bearer(who)
    ) as answer:
        return answer.status, await answer.json()


async def papers(site: Site, who: Invitation, item: str = "room") -> list[dict[str, Any]]:
    async with site.client.get(f"/papers/plenary/{item}", headers=site.bearer(who)) as answer:
        assert answer.status == 200
        found = await answer.json()
        return list(found["papers"])


async def test_a_manuscript_is_laid_there_read_and_taken_away(site: Site) -> None:
    olena, jonas = site.invite(Role.INTERPRETER, "olena"), site.invite(Role.INTERPRETER, "jonas")
    status, laid = await lay(site, olena, "text", "\ufeffMeine Damen und Herren".encode(), "  Die\n Rede ")
    assert (status, laid["name"], laid["by"]) == (201, "Die Rede", "Olena")
    assert await papers(site, jonas) == [laid]
    address = f"/papers/plenary/room/{laid['id']}"
    async with site.client.get(f"{address}?as=jonas", headers=site.cookie(jonas)) as answer:
        assert (await answer.text(), answer.content_type) == ("Meine Damen und Herren", "text/plain")
    async with site.client.delete(address, headers=site.bearer(jonas)) as answer:
        assert answer.status == 204
    assert await papers(site, olena) == []
    async with site.client.get(f"{address}?as=jonas", headers=site.cookie(jonas)) as answer:
        assert answer.status == 404


async def test_a_glossary_comes_back_as_a_table(site: Site) -> None:
    olena = site.invite(Role.INTERPRETER, "olena")
    _, laid = await lay(site, olena, "glossary", GLOSSARY)
    async with site.client.get(f"/papers/plenary/room/{laid['id']}?as=olena", headers=site.cookie(olena)) as answer:
        assert await answer.json() == {
            "columns": ["Deutsch", "Українська"],
            "rows": [["Bürgermeisterin", "міська голова"]],
        }


async def test_a_pdf_may_stand_in_a_frame_of_ours_and_run_nothing(site: Site) -> None:
    olena = site.invite(Role.INTERPRETER, "olena")
    _, laid = await lay(site, olena, "pdf", PDF)
    async with site.client.get(f"/papers/plenary/room/{laid['id']}?as=olena", headers=site.cookie(olena)) as answer:
        assert (await answer.read(), answer.content_type) == (PDF, "application/pdf")
        policy = answer.headers["Content-Security-Policy"]
        assert "sandbox" in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_who_reads_is_told_of_a_new_paper(site: Site) -> None:
    olena = site.invite(Role.INTERPRETER, "olena")
    page, viewer = await site.page(site.invite(Role.TECHNICIAN)), await site.page()
    await page.next("welcome")
    await viewer.next("welcome")
    await lay(site, olena, "text", b"x")
    assert (await page.next("papers"))["item"] == "room"
    await page.say("set_floor_language", language="uk")
    assert (await viewer.socket.receive_json())["type"] == "state"  # and nothing before it
    await page.leave()
    await viewer.leave()


@pytest.mark.parametrize(
    ("kind", "content", "status", "code"),
    [
        ("text", b"", 400, "paper_empty"),
        ("text", b" \n\t", 400, "paper_empty"),
        ("text", b"\xef\xbb\xbf", 400, "paper_empty"),
        ("glossary", b"\xef\xbb\xbf\n", 400, "paper_empty"),
        ("glossary", b";;;\n;;", 422, "paper_not_glossary"),
        ("glossary", b";;;\na;b\n", 422, "paper_not_glossary"),
        ("text", "Grüße".encode("latin-1"), 422, "paper_encoding"),
        ("text", "Grüße".encode("utf-16"), 422, "paper_encoding"),
        ("text", b"PK\x03\x04", 422, "paper_encoding"),
        ("text", b"x" * (MAX_BYTES[PaperKind.TEXT] + 1), 413, "paper_too_large"),
        ("pdf", b"<html>not a PDF</html>", 422, "paper_not_pdf"),
        ("pdf", PDF[:-20], 422, "paper_not_pdf"),
        ("glossary", b"only one column\nand a row\n", 422, "paper_not_glossary"),
        ("glossary", b"a;b\n", 422, "paper_not_glossary"),
        ("glossary", b"a;b\n1;2;3\n", 422, "paper_not_glossary"),
        ("glossary", b'a;b\n"1;2\n', 422, "paper_not_glossary"),
        ("glossary", "a;b\nü;x\n".encode("cp1252"), 422, "paper_encoding"),
        ("glossary", b"a;b\n" + b"1;2\n" * 5001, 422, "glossary_too_large"),
        ("glossary", b"a;b\n" + b"1" * 501 + b";2\n", 422, "glossary_too_large"),
        ("glossary", b";".join([b"a"] * 9) + b"\n" + b";".join([b"1"] * 9), 422, "glossary_too_large"),
        ("program", b"x", 400, "request_invalid"),
    ],
)
async def test_what_is_no_paper_is_refused_and_nothing_is_kept(
    site: Site, kind: str, content: bytes, status: int, code: str
) -> None:
    olena = site.invite(Role.INTERPRETER, "olena")
    answered, body = await lay(site, olena, kind, content)
    assert (answered, body["error"]["code"]) == (status, code)
    assert body["error"]["text"].endswith(".")
    assert await papers(site, olena) == []


@pytest.mark.parametrize("name", ["", "   ", "x" * 121])
async def test_a_paper_has_a_name(site: Site, name: str) -> None:
    status, body = await lay(site, site.invite(Role.INTERPRETER, "olena"), "text", b"x", name)
    assert (status, body["error"]["code"]) == (400, "request_invalid")


@pytest.mark.parametrize("item", ["nowhere", "..", "room%2F..", ".", "a b"])
async def test_an_item_that_is_not_there_is_refused(site: Site, item: str) -> None:
    olena = site.invite(Role.INTERPRETER, "olena")
    async with site.client.post(
        f"/papers/plenary/{item}?kind=text&name=x", data=b"x", headers=site.bearer(olena)
    ) as answer:
        assert answer.status in (404, 405)
    assert not list((site.config.data / "papers").rglob("*.paper"))


@pytest.mark.parametrize("paper", ["0" * 16, "x", "..%2Froom%2Fx", "0" * 17])
async def test_a_paper_that_is_not_there_is_not_found(site: Site, paper: str) -> None:
    olena = site.invite(Role.INTERPRETER, "olena")
    async with site.client.get(f"/papers/plenary/room/{paper}?as=olena", headers=site.cookie(olena)) as answer:
        assert answer.status == 404
    async with site.client.delete(f"/papers/plenary/room/{paper}", headers=site.bearer(olena)) as answer:
        assert answer.status == 404


@pytest.mark.parametrize("role", [Role.VIEWER, Role.PARTICIPANT, Role.SPEAKER, Role.VENUE])
async def test_others_neither_read_nor_lay(site: Site, role: Role) -> None:
    somebody = site.invite(role)
    status, body = await lay(site, somebody, "text", b"x")
    assert (status, body["error"]["code"]) == (403, "forbidden")
    async with site.client.get("/papers/plenary/room", headers=site.bearer(somebody)) as answer:
        assert answer.status == 403


async def test_an_interpreter_of_another_room_is_refused(site: Site) -> None:
    stranger = site.invite(Role.INTERPRETER, "maria", room="workshop-1")
    status, body = await lay(site, stranger, "text", b"x")
    assert (status, body["error"]["code"]) == (403, "wrong_room")


async def test_the_shelf_has_an_end(site: Site) -> None:
    olena = site.invite(Role.INTERPRETER, "olena")
    for _ in range(MAX_PAPERS):
        assert (await lay(site, olena, "text", b"x"))[0] == 201
    status, body = await lay(site, olena, "text", b"x")
    assert (status, body["error"]["code"]) == (409, "papers_full")


async def test_a_damaged_file_does_not_hide_the_others(site: Site) -> None:
    olena = site.invite(Role.INTERPRETER, "olena")
    _, laid = await lay(site, olena, "text", b"x")
    folder = site.config.data / "papers" / "plenary" / "room"
    (folder / "broken.json").write_text("{")
    (folder / "foreign.json").write_text('{"kind": "film"}')
    assert await papers(site, olena) == [laid]
