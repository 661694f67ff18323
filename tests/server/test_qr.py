"""The code that leads to the watch page: what it says, and for which rooms there is one."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import segno

from server.config import load_config
from server.qr import draw_code
from server.store.sqlite import SqliteStore
from tests.fakes import FlakyStore
from tests.server.conftest import Site, running


def modules_of(svg: bytes) -> set[tuple[int, int]]:
    """Return the dark modules as column and row, border included, read from the strokes of the drawing."""
    root = ElementTree.fromstring(svg)
    strokes = next(path.get("d") or "" for path in root.iter() if path.get("stroke"))
    dark, x, y = set(), 0.0, 0.0
    for part in re.findall(r"[Mmh][^Mmh]*", strokes):
        numbers = [float(one) for one in re.findall(r"-?\d*\.?\d+", part[1:])]
        if part[0] == "h":
            dark |= {(int(x) + step, int(y)) for step in range(int(numbers[0]))}
            x += numbers[0]
        elif part[0] == "M":
            x, y = numbers
        else:
            x, y = x + numbers[0], y + numbers[1]
    return dark


def test_the_drawing_is_the_symbol_of_the_text_with_its_border() -> None:
    text = "https://conference.example/r/plenary"
    symbol = segno.make(text, error="m", micro=False)
    rows = symbol.matrix_iter(border=4)
    dark = {(column, row) for row, line in enumerate(rows) for column, module in enumerate(line) if module}
    assert modules_of(draw_code(text)) == dark


async def test_the_code_is_the_public_address_of_the_watch_page(site: Site) -> None:
    answer = await site.client.get("/r/plenary/qr.svg")
    assert (answer.status, answer.content_type) == (200, "image/svg+xml")
    assert await answer.read() == draw_code(f"{site.config.public_url}/r/plenary")
    assert (await site.client.head("/r/plenary/qr.svg")).status == 200
    assert (await site.client.get("/r/nowhere/qr.svg")).status == 404


CLOSED = """
[[conference]]
id = "talks"
title = { de = "Gespräche" }
[[conference.room]]
id = "table"
title = { de = "Runder Tisch" }
languages = ["de", "uk"]
floor_language = "de"
closed = true
booth = []
"""


async def test_a_closed_room_has_none(tmp_path: Path) -> None:
    file = tmp_path / "closed.toml"
    file.write_text(CLOSED, "utf-8")
    environment = {"TOLMACH_DATA": str(tmp_path), "TOLMACH_SECRET": "0123456789abcdef0123456789abcdef"}
    config = load_config(file, environment)
    async with SqliteStore.open(tmp_path / "test.sqlite3") as store, running(config, FlakyStore(store)) as site:
        assert (await site.client.get("/r/table/qr.svg")).status == 404


@pytest.mark.parametrize("text", ["http://localhost:8080/r/w-1", "https://example.org/r/" + "x" * 300])
def test_a_longer_address_makes_a_larger_symbol(text: str) -> None:
    assert modules_of(draw_code(text))
