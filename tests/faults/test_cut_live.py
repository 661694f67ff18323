"""A hall whose network goes: its browser has a network namespace of its own, and a wire to the server that is cut.

As root; without, what is missing is said.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, sync_playwright

from deploy.load.house import House
from deploy.load.netns import SERVER_IP, NamespaceError, Pair, find_tool, inside, missing_right, pair_of_namespaces
from deploy.load.town import run_inside
from deploy.load.visitor import starter
from interpreting.ids import RoomId
from interpreting.roles import Role
from server.logbook import Entry, Logbook
from tests.browser.desks import open_desk
from tests.browser.stagehand import Server, chromium, wait_until
from tests.browser.visits import go_live, visitor
from tests.faults.alarm_scene import CONFERENCE, Desk, until_logged

pytestmark = pytest.mark.timeout(300)

RIGHT = missing_right(os.geteuid(), find_tool("ip"))
LOST_S: Final = 2
"""What must be reached on a machine that does nothing else."""
_PORT: Final = 8080
_ASK: Final = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=2)"
_SWALLOW: Final = "add table inet cut; add chain inet cut out { type filter hook output priority 0; policy drop; }"
_CUTS: Final[dict[str, tuple[Sequence[str], Sequence[str]]]] = {
    "link": (("ip", "link", "set", "wire", "down"), ("ip", "link", "set", "wire", "up")),
    "swallowed": (("nft", _SWALLOW), ("nft", "delete table inet cut")),
}
"""How a line is cut and mended: its cable pulled, of which the browser is told; all swallowed by a firewall, of which
it is not.
"""


@dataclass
class Beyond(Server):
    """The server as visitors on its side of the wire and on the other know it."""

    @property
    def url(self) -> str:
        return f"http://{SERVER_IP}:{self.port}"


@dataclass(frozen=True, slots=True)
class Line:
    """A technician's desk beside the server, and at the other end of the wire the hall."""

    pair: Pair
    house: House
    desk: Desk
    hall: Page

    def logged(self) -> list[Entry]:
        """What the log book has of the hall."""
        return Logbook(self.house.folder / "data" / "logbook").read(RoomId("hall"), 0.0, 4e9)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line | None]:
    """None where there can be no namespaces, and that was said."""
    if RIGHT is not None:
        with pytest.raises(NamespaceError, match=RIGHT.split(":")[0]), pair_of_namespaces():
            pass
        yield None
        return
    with ExitStack() as stack:
        pair = stack.enter_context(pair_of_namespaces())
        house = _opened(stack, pair, tmp_path_factory.mktemp("house"))
        server = Beyond(house.folder, _PORT)
        playwright = stack.enter_context(sync_playwright())
        pages = []
        for namespace, role, lang in ((pair.server, Role.TECHNICIAN, "en"), (pair.listener, Role.VENUE, "de")):
            # Only a page of our own machine, or by TLS, may use a microphone.
            flag = f"--unsafely-treat-insecure-origin-as-secure={server.url}"
            program = starter(namespace, house.folder)
            browser = stack.enter_context(chromium(playwright, more=[flag], program=program))
            person = stack.enter_context(visitor(browser, server, lang=lang, may_fail=True))
            link = f"/join/{house.token(role, role.value)}"
            pages.append(open_desk(person, link) if role is Role.TECHNICIAN else person.open(link))
        desk, hall = pages
        go_live(hall)
        yield Line(pair, house, Desk(desk), hall)


def _opened(stack: ExitStack, pair: Pair, folder: Path) -> House:
    house = House(folder, before=inside(pair.server, []), host=SERVER_IP, port=_PORT)
    (folder / "tolmach.toml").write_text(CONFERENCE, "utf-8")
    stack.callback(house.end)
    house.launch()
    wait_until(lambda: _answers(pair, house.url), "the server answers")
    return house


def _answers(pair: Pair, url: str) -> bool:
    try:
        run_inside(pair.server, sys.executable, "-c", _ASK, f"{url}/readyz")
    except NamespaceError:
        return False
    return True


@pytest.mark.parametrize("how", _CUTS)
def test_a_hall_whose_line_is_cut_and_mended(line: Line | None, how: str) -> None:
    if line is None:
        return
    cut, mend = _CUTS[how]
    since = time.monotonic()
    run_inside(line.pair.listener, *cut)
    try:
        line.desk.raised("venue_lost", "Hall", since, must_s=LOST_S)
    finally:
        run_inside(line.pair.listener, *mend)
    line.desk.cleared("venue_lost", "Hall")
    line.hall.wait_for_selector('#live-banner[data-state="live"]')
    until_logged(line.logged, "venue_lost")
