"""The whole server with real sound, killed while it records: consent by frequency, and what can be played then."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import av
import pytest
from aiohttp import ClientSession, ClientWebSocketResponse

from interpreting.ids import BoothId, PersonId, RoomId
from interpreting.roles import Role
from media.stream import PART_S
from server.recordings.folders import read_folder
from server.tokens import Invitation, issue
from tests.browser.stagehand import Server
from tests.server.recordings.listening import HZ, decode, strength

SECRET = "0123456789abcdef0123456789abcdef"
HALL_HZ, ANNA_HZ = 440, 1000
ANNA = PersonId("annasecret")
TAKE_S = 6.0
# One part that is being made, one on its way through encoder, queue and disk, as late as a machine that does other
# things may be; what it is elsewhere is printed.
LOST_S = 2 * PART_S + 3.0
# Pictures come before they are due, by as much as the sound is kept back from a sender that is late.
EARLY_S = 2.0
HEARD, UNHEARD = 0.02, 0.002


def token(role: Role, **more: Any) -> str:
    return issue(SECRET, Invitation.new(RoomId("plenary"), role, **more))


ANNAS_TOKEN = token(Role.INTERPRETER, booth=BoothId("de-uk"), person=ANNA, name="Anna Secret")


@contextmanager
def sender(url: str, bearer: str, *sources: str) -> Iterator[None]:
    """`tolmach publish`, which comes again by itself when the server does."""
    command = [sys.executable, "-m", "server", "publish", *sources, "--whip", f"{url}/whip/plenary", "--token", bearer]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait(10)


class Person:
    """A page: says commands and knows the newest state."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.count = 0

    async def say(self, name: str, /, **args: object) -> None:
        self.count += 1
        id = f"{name}{time.monotonic()}"
        await self.socket.send_json({"type": "command", "id": id, "name": name, "args": args})
        async with asyncio.timeout(60):
            while True:
                message = json.loads(await self.socket.receive_str())
                if message.get("id") == id:
                    assert message["type"] == "done", message
                    return

    async def until(self, holds: Callable[[Any], bool]) -> None:
        async with asyncio.timeout(60):
            while True:
                message = json.loads(await self.socket.receive_str())
                if "state" in message and holds(message["state"]):
                    return


async def come(http: ClientSession, server: Server, bearer: str) -> Person:
    headers = {"Authorization": f"Bearer {bearer}"}
    return Person(await http.ws_connect(f"{server.url}/ws?room=plenary", headers=headers))


def is_interpreted(state: Any) -> bool:
    return any(one["channel"] == "uk" and one["mode"] == "interpreted" for one in state["channels"])


async def go_on_air(http: ClientSession, server: Server) -> Person:
    """Anna interprets into Ukrainian; returns when the server hears her, and the hall."""
    anna = await come(http, server, ANNAS_TOKEN)
    await anna.say("enter_booth", booth="de-uk", name="Anna")
    await anna.say("select_outgoing", language="uk")
    await anna.say("take_mic")
    anybody = await come(http, server, token(Role.TECHNICIAN))
    await anybody.until(lambda state: is_interpreted(state) and state["venue"] == "live")
    await anybody.socket.close()
    return anna


async def test_a_killed_recording_goes_on_and_holds_no_voice_without_consent(tmp_path: Path) -> None:
    server = Server(tmp_path, environment={"TOLMACH_SECRET": SECRET, "TOLMACH_PUBLIC_IPS": ""})
    server.start()
    picture = "lavfi:color=c=red:size=320x240:rate=15"
    with ExitStack() as stack:
        stack.callback(server.stop)
        hall = f"lavfi:sine=frequency={HALL_HZ}:sample_rate=48000"
        stack.enter_context(sender(server.url, token(Role.VENUE), hall, picture))
        stack.enter_context(sender(server.url, ANNAS_TOKEN, f"lavfi:sine=frequency={ANNA_HZ}:sample_rate=48000"))
        async with ClientSession() as http:
            anna = await go_on_air(http, server)
            technician = await come(http, server, token(Role.TECHNICIAN))
            await technician.say("start_recording")
            await asyncio.sleep(TAKE_S)
            server.stop(signal.SIGKILL)
            killed_at = time.time()
            server.start()
            anna = await go_on_air(http, server)
            await anna.say("set_consent", source=f"mic:{ANNA}", consents=True)
            await asyncio.sleep(TAKE_S)
            technician = await come(http, server, token(Role.TECHNICIAN))
            await technician.say("stop_recording")
            id = next((tmp_path / "recordings").iterdir()).name
            await get_all(http, server, id, tmp_path)
    check_first_take(tmp_path / "recordings" / id, killed_at)
    check_downloads(tmp_path)


async def get_all(http: ClientSession, server: Server, id: str, folder: Path) -> None:
    """Wait until it is put away, and fetch it as a technician would."""
    headers = {"Authorization": f"Bearer {token(Role.TECHNICIAN)}"}
    async with asyncio.timeout(120):
        for name in ("all.mp4", "uk.m4a", "stem-de-uk-1.m4a"):
            while True:
                async with http.get(f"{server.url}/recordings/{id}/download/{name}", headers=headers) as answer:
                    if answer.status == 200:
                        (folder / name).write_bytes(await answer.read())
                        break
                    await asyncio.sleep(0.2)


def check_first_take(folder: Path, killed_at: float) -> None:
    """What the killed server left: up to its last parts, and Anna in none of it."""
    recording = read_folder(folder)
    assert recording is not None
    assert "annasecret" not in (folder / "index.jsonl").read_text().lower()
    first = recording.takes[0].take
    for track in recording.tracks.values():
        runs = track.in_take(first)
        if track.name == "stem-de-uk-1":
            assert not runs
            continue
        end = runs[-1].starts_at + runs[-1].duration_s
        print(f"killed_lost_s_{track.name}: {killed_at - end:.2f}")
        assert killed_at - LOST_S < end < killed_at + EARLY_S, track.name
        if track.name != "video":
            [file] = [one.file for one in track.files if one.take == first]
            heard = decode(folder / file)
            assert len(heard) == pytest.approx(HZ * sum(run.duration_s for run in runs), abs=1024)
            assert strength(heard, ANNA_HZ) < UNHEARD, track.name
            assert strength(heard, HALL_HZ) > HEARD, track.name


def check_downloads(folder: Path) -> None:
    with av.open(str(folder / "all.mp4")) as container:
        languages = [stream.metadata["language"] for stream in container.streams.audio]
        assert languages == ["mul", "deu", "ukr", "eng"]
        lengths = [float(stream.duration * stream.time_base) for stream in container.streams]  # type: ignore[operator]
        assert max(lengths) - min(lengths) < 2 * PART_S
    ukrainian = decode(folder / "uk.m4a")
    assert strength(ukrainian[: round((TAKE_S - LOST_S) * HZ)], ANNA_HZ) < UNHEARD
    assert strength(ukrainian[-4 * HZ :], ANNA_HZ) > HEARD
    assert strength(decode(folder / "stem-de-uk-1.m4a")[-4 * HZ :], ANNA_HZ) > HEARD
    assert strength(decode(folder / "stem-de-uk-1.m4a")[-4 * HZ :], HALL_HZ) < UNHEARD
