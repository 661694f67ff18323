"""What goes wrong with the server itself and around it, on a real one: seen on the desk, over by itself, logged.

The disk's threshold lies above what any disk here has: that needs no small disk, which only root may make, but it is
never over (`test_alarms_live` fills one). A stalled server is one that the system does not let run.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import sync_playwright

from deploy.load.house import House
from interpreting.roles import Role
from media import stun
from media.errors import WireError
from server.logbook import Entry, Logbook
from tests.browser.desks import open_desk
from tests.browser.stagehand import Server, chromium
from tests.browser.visits import visitor
from tests.faults.alarm_scene import CONFERENCE, SERVER, Desk, told, until_logged
from tests.server.alarms.scenes import write_certificate

pytestmark = pytest.mark.timeout(300)

_STALLS: Final = 6
_STALL_S: Final = 0.3
# More than a machine that does other things makes late of itself; nothing is looked for but what a test does.
_LATE_TICKS: Final = 40
_SETTINGS: Final = f"""
[alarms]
disk_gib = 10_000
late_ticks = {_LATE_TICKS}
web_late = 50
"""


@dataclass
class Relay:
    """Answers STUN's bindings as a TURN server does, until it ends; it may begin again."""

    port: int = 0
    _socket: socket.socket | None = None
    _threads: list[threading.Thread] = field(default_factory=list)

    @property
    def url(self) -> str:
        """As the configuration names it."""
        return f"turn:127.0.0.1:{self.port}?transport=udp"

    def begin(self) -> None:
        """Be there."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", self.port))
        self.port = self._socket.getsockname()[1]
        thread = threading.Thread(target=self._answer, args=(self._socket,))
        thread.start()
        self._threads.append(thread)

    def end(self) -> None:
        """Be there no more. Idempotent."""
        if self._socket is not None:
            # Wakes who waits there; closing alone does not.
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._threads.pop().join()
            self._socket.close()
            self._socket = None

    @staticmethod
    def _answer(asked: socket.socket) -> None:
        while True:
            datagram, who = asked.recvfrom(2048)
            if who is None or not datagram:
                return
            with suppress(WireError):
                asked.sendto(stun.format_error(stun.parse(datagram).transaction, 401, "Unauthorized"), who)


@dataclass(frozen=True, slots=True)
class Place:
    """A server with nobody in it but a technician, and what is around it."""

    house: House
    relay: Relay
    certificate: Path
    desk: Desk
    began: float

    def logged(self) -> list[Entry]:
        """What the log book has of the server."""
        return Logbook(self.house.folder / "data" / "logbook").read(None, 0.0, 4e9)


@pytest.fixture(scope="module")
def relay() -> Iterator[Relay]:
    running = Relay()
    running.begin()
    yield running
    running.end()


@pytest.fixture(scope="module")
def place(relay: Relay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("place")
    certificate = write_certificate(folder / "certificate.pem", datetime.now(UTC) + timedelta(days=3))
    house = House(folder, {"TOLMACH_TURN_URLS": relay.url, "TOLMACH_TURN_SECRET": "a relay's secret of the tests"})
    (folder / "tolmach.toml").write_text(f'{_SETTINGS}certificate = "{certificate}"\n{CONFERENCE}', "utf-8")
    try:
        asyncio.run(house.start())
        began = time.monotonic()
        server = Server(folder, house.port)
        with (
            sync_playwright() as playwright,
            chromium(playwright) as browser,
            visitor(browser, server, lang="en", may_fail=True) as technician,
        ):
            page = open_desk(technician, f"/join/{house.token(Role.TECHNICIAN, 'Tom')}")
            yield Place(house, relay, certificate, Desk(page), began)
    finally:
        house.end()


def test_a_certificate_near_its_end_until_it_is_renewed(place: Place) -> None:
    place.desk.raised("certificate_ending", SERVER, place.began)
    write_certificate(place.certificate, datetime.now(UTC) + timedelta(days=90))
    place.desk.cleared("certificate_ending", SERVER)
    until_logged(place.logged, "certificate_ending")


def test_a_disk_with_less_left_than_was_set(place: Place) -> None:
    place.desk.raised("disk_low", SERVER, place.began)
    assert told(place.logged(), "disk_low") == ["alarm_raised"]


def test_a_relay_that_goes_away_and_a_mixer_that_is_late(place: Place) -> None:
    """Both at once: a relay is asked for every ten seconds."""
    since = time.monotonic()
    place.relay.end()
    _stall(place.house.pid)
    place.desk.raised("mixer_late", SERVER, since)
    late = next(entry for entry in place.logged() if entry.facts.get("alarm") == "mixer_late")
    assert int(late.facts["late_ticks"] or 0) >= _LATE_TICKS
    place.desk.raised("relay_away", SERVER, since, wait_s=60)
    place.relay.begin()
    place.desk.cleared("relay_away", SERVER)
    # Ten seconds until the last late tick is forgotten, fifteen more until that is believed.
    place.desk.cleared("mixer_late", SERVER, wait_s=120)
    for kind in ("relay_away", "mixer_late"):
        until_logged(place.logged, kind)


def _stall(pid: int) -> None:
    """Let a process stand still some times."""
    for _ in range(_STALLS):
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(_STALL_S)
        finally:
            os.kill(pid, signal.SIGCONT)
        time.sleep(_STALL_S)
