"""A hall with two booths of two languages and one of three, a programme, and people who come by links of their own."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page
from websockets.sync.client import connect

from interpreting.ids import BoothId, RoomId
from interpreting.roles import Role
from server.tokens import Invitation, issue
from tests.browser.stagehand import EARS, WAIT_S, Server
from tests.browser.visits import Visitor, take_test, visitor

SECRET: Final = "a secret of the tests, long enough to be one"
HALL: Final = """
[[conference]]
id = "meeting"
title = { de = "Treffen", uk = "Зустріч", en = "Meeting" }

[[conference.room]]
id = "hall"
title = { de = "Saal", uk = "Зала", en = "Hall" }
languages = ["de", "uk", "en"]
floor_language = "de"
booth = [
  { id = "de-uk", languages = ["de", "uk"] },
  { id = "en", languages = ["en", "de"] },
  { id = "three", languages = ["de", "uk", "en"] },
]
item = [
  { id = "opening", title = { de = "Eröffnung" }, speaker = "Dr. Anna Beispiel", language = "de", starts = "09:00" },
  { id = "cities", title = { de = "Partnerstädte" }, speaker = "Іван Приклад", language = "uk", starts = "09:30" },
]
"""


def open_hall(folder: Path) -> Server:
    """A server with this hall alone; the caller stops it."""
    file = folder / "hall.toml"
    file.write_text(HALL, "utf-8")
    server = Server(
        folder / "data", environment={"TOLMACH_SECRET": SECRET}, arguments=("--config", str(file)), has_demo=False
    )
    server.data.mkdir()
    server.start()
    return server


def link(role: Role, name: str = "", booth: str | None = None) -> str:
    """A personal link of the hall; the same name is the same person."""
    return f"/join/{issue(SECRET, invitation(role, name, booth))}"


def invitation(role: Role, name: str = "", booth: str | None = None) -> Invitation:
    """What such a link grants."""
    person = name or role.value
    return Invitation.new(
        RoomId("hall"),
        role,
        booth=None if booth is None else BoothId(booth),
        name=name.title() or role.value.title(),
        id=person,
        person=person,  # type: ignore[arg-type]
    )


@contextmanager
def at_work(server: Server, role: Role) -> Iterator["Line"]:
    """The moderator's, technician's or hall's own line to the room, without a page."""
    token = issue(SECRET, invitation(role))
    with line(f"ws://127.0.0.1:{server.port}/ws?room=hall", token) as opened:
        yield opened


@contextmanager
def line(address: str, token: str) -> Iterator["Line"]:
    """A line that takes in all that comes while nobody looks at it, for as long as that may be."""
    headers = {"Authorization": f"Bearer {token}"}
    with connect(
        address, additional_headers=headers, open_timeout=WAIT_S, ping_interval=None, max_queue=None
    ) as socket:
        yield Line(socket)


class Line:
    """Says commands and reads answers; states are passed over, the newest is kept."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        # The server remembers ids for ten minutes, also those of this person's line before.
        self._prefix = secrets.token_hex(4)
        self._count = 0
        self.state: dict[str, Any] = {}

    def say(self, name: str, /, **args: object) -> dict[str, Any]:
        """Say a command and return its answer."""
        self._count += 1
        id = f"{self._prefix}-{self._count}"
        self._socket.send(json.dumps({"type": "command", "id": id, "name": name, "args": args}))
        while True:
            message: dict[str, Any] = json.loads(self._socket.recv(timeout=WAIT_S))
            self.state = message.get("state", self.state)
            if message.get("id") == id:
                return message


@contextmanager
def console(
    browser: Browser, server: Server, name: str, booth: str = "de-uk", *, lang: str = "de", **options: Any
) -> Iterator[tuple[Visitor, Page]]:
    """An interpreter who sits in the booth; what reaches the headphones can be heard."""
    with visitor(browser, server, lang=lang, **options) as person:
        person.context.add_init_script(EARS)
        page = person.open(link(Role.INTERPRETER, name, booth))
        take_test(page)
        yield person, page


def pressed(page: Page, selector: str) -> None:
    """Wait until a key is lit."""
    page.wait_for_selector(f'{selector}[aria-pressed="true"]')


def alarm(page: Page, kind: str) -> None:
    """Wait until this alarm stands; an empty kind is none."""
    page.wait_for_selector(f'#alarm[data-alarm="{kind}"]', state="attached")
