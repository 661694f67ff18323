"""PROTOCOL.md says what the code does: routes, commands and their roles, messages, codes and their statuses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from interpreting.commands import COMMANDS, wire_fields
from interpreting.errors import Code
from interpreting.roles import ALLOWED, CONDUCTOR_ONLY, Role
from server.access import RULES
from server.i18n import LANGUAGE_NAMES, Translator
from server.problems import STATUS, code_of

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "server" / "PROTOCOL.md").read_text("utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in TEXT.splitlines() if line.startswith("|")]
INNER = {Code.RECORD_INVALID, Code.ROOM_INVALID}


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_route_and_method_is_there() -> None:
    written = {
        (method, path)
        for row in ROWS
        for path in names(row[0])
        if path.startswith("/")
        for method in row[1].split(", ")
    }
    assert written == {(rule.method, rule.path.replace("{file:.+}", "{file}")) for rule in RULES}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_with_its_args_and_roles(name: str) -> None:
    kind = COMMANDS[name]
    rows = [row for row in ROWS if names(row[0]) == [name] and len(row) == 3]
    if kind in CONDUCTOR_ONLY:
        assert rows == []
        assert f"`{name}`" in TEXT
        return
    assert len(rows) == 1
    assert names(rows[0][1]) == list(wire_fields(kind))
    assert set(rows[0][2].split(", ")) == {role.value for role in Role if kind in ALLOWED[role]}


def test_every_code_with_its_status() -> None:
    listed = {code: int(row[0]) for row in ROWS if row[0].isdigit() for code in names(row[1]) if code in STATUS}
    assert {code: STATUS[code] for code in listed} == listed
    unlisted = [code for code in STATUS if f"`{code}`" not in TEXT]
    assert unlisted == []


@pytest.mark.parametrize("code", sorted(set(Code) - INNER))
def test_every_code_of_the_domain_has_a_status_and_is_written_down(code: Code) -> None:
    assert code.value in STATUS
    assert f"`{code.value}`" in TEXT


@pytest.mark.parametrize("lang", LANGUAGE_NAMES)
def test_every_code_has_its_words(lang: str) -> None:
    translator = Translator.load(ROOT / "web" / "locales")
    general = translator.error_text(lang, "no such code")
    for code in STATUS:
        assert translator.has(f"error.{code}"), code
        assert translator.error_text(lang, code) != general or code == "internal", code


def test_every_code_that_the_media_raise_is_known() -> None:
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "media").glob("*.py"))
    raised = set(re.findall(r'(?:OfferRejected|Overloaded)\(\s*"([a-z_]+)"', source))
    assert raised
    assert raised <= STATUS.keys()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 408, 413, 415, 422, 429, 500, 502, 503, 418])
def test_every_status_has_a_code(status: int) -> None:
    assert code_of(status) in STATUS


def test_every_type_of_message_is_written_down() -> None:
    sources = [(ROOT / "server" / name).read_text("utf-8") for name in ("ws.py", "hub.py", "messages.py")]
    types = set(re.findall(r'"type":\s*"([a-z]+)"|"type\\?":\\?"([a-z]+)', "\n".join(sources)))
    found = {one or other for one, other in types} | {"state", "command"}
    assert found == {"welcome", "state", "done", "refused", "closing", "turnout", "command"}
    assert all(f"`{name}`" in TEXT or f'"{name}"' in TEXT for name in found)
