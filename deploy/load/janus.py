"""Janus beside us: the streaming plugin of Debian's package, with a configuration of our own in a temporary folder.

Nothing under /etc is read or written. One Opus mountpoint is fed by plain RTP on loopback, the REST interface
answers on one address, no other plugin, transport, logger or event handler is loaded, the admin interface is off.
Janus gathers no loopback candidates, so it needs an address of its own: see `netns`.
"""

import asyncio
import contextlib
import secrets
import shutil
from pathlib import Path
from typing import Any, Final

import aiohttp

from deploy.load.sdp import Credentials, Direction, Remote, format_audio, parse_remote
from deploy.load.swarm import SignallingError
from media.dtls import Fingerprint

BINARY: Final = "janus"
REST_PORT: Final = 8088
RTP_PORT: Final = 5002
MOUNTPOINT: Final = 1
PAYLOAD_TYPE: Final = 111
# Threads that carry the media, one a core. Janus's default is a thread a listener and costs it twice as much; with
# a single one it has no time left for handshakes at a thousand listeners (RESULTS.md).
EVENT_LOOPS: Final = 2
_MODULES: Final = "/usr/lib/x86_64-linux-gnu/janus"
_REQUEST_S: Final = 10.0
_EVENT_S: Final = 10.0


def is_installed() -> bool:
    """Whether a Janus that we can start is on this machine (apt install janus)."""
    return shutil.which(BINARY) is not None


def write_config(folder: Path, host: str, event_loops: int = EVENT_LOOPS) -> None:
    """Write the three files Janus needs into `folder`; it listens on `host` alone."""
    (folder / "none").mkdir()
    (folder / "plugins").mkdir()
    (folder / "transports").mkdir()
    _link(folder / "plugins", f"{_MODULES}/plugins/libjanus_streaming.so")
    _link(folder / "transports", f"{_MODULES}/transports/libjanus_http.so")
    loops = f"event_loops = {event_loops}" if event_loops else ""
    (folder / "janus.jcfg").write_text(f"""
general: {{
    configs_folder = "{folder}"
    plugins_folder = "{folder}/plugins"
    transports_folder = "{folder}/transports"
    events_folder = "{folder}/none"
    loggers_folder = "{folder}/none"
    debug_level = 2
    debug_colors = false
    session_timeout = 0
    {loops}
}}
media: {{ ipv6 = false }}
nat: {{ ice_lite = true }}
events: {{ broadcast = false }}
""")
    (folder / "janus.transport.http.jcfg").write_text(f"""
general: {{ json = "compact", base_path = "/janus", http = true, ip = "{host}", port = {REST_PORT}, https = false }}
admin: {{ admin_http = false, admin_https = false }}
""")
    (folder / "janus.plugin.streaming.jcfg").write_text(f"""
general: {{ events = false }}
floor: {{
    type = "rtp"
    id = {MOUNTPOINT}
    audio = true
    video = false
    audioport = {RTP_PORT}
    audioiface = "127.0.0.1"
    audiopt = {PAYLOAD_TYPE}
    audiocodec = "opus"
}}
""")


def command(folder: Path) -> list[str]:
    """The command line that starts Janus in the foreground with the configuration in `folder`."""
    return [BINARY, f"--configs-folder={folder}", f"--config={folder}/janus.jcfg"]


def rest_url(host: str) -> str:
    """The root of the REST interface."""
    return f"http://{host}:{REST_PORT}/janus"


class JanusSignalling:
    """Many listeners as handles of one Janus session; Janus offers, we answer as the DTLS client."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http: aiohttp.ClientSession | None = None
        self._session_url = ""
        self._opening = asyncio.Lock()
        self._poller: asyncio.Task[None] | None = None
        self._events: dict[int, asyncio.Queue[dict[str, Any]]] = {}

    async def join(self, ours: Credentials, fingerprint: Fingerprint, local: tuple[str, int]) -> Remote:
        """Attach, watch, take the offer, start with our answer.

        Raises:
            SignallingError: Janus refused, or its offer did not come.
            SdpError: the offer is not usable.
        """
        await self._open()
        handle = int(
            (await self._post(self._session_url, {"janus": "attach", "plugin": "janus.plugin.streaming"}))["data"]["id"]
        )
        self._events[handle] = asyncio.Queue()
        handle_url = f"{self._session_url}/{handle}"
        await self._post(handle_url, _message({"request": "watch", "id": MOUNTPOINT}))
        offer = await self._offer(handle)
        remote = parse_remote(offer)
        answer = format_audio(
            ours,
            fingerprint,
            Direction.RECEIVE,
            setup="active",
            mid=remote.mid,
            payload_type=remote.payload_type,
            address=local,
        )
        jsep = {"type": "answer", "sdp": answer, "trickle": False}
        await self._post(handle_url, _message({"request": "start"}) | {"jsep": jsep})
        return remote

    async def aclose(self) -> None:
        """Destroy the session, and with it every handle."""
        if self._http is None:
            return
        if self._poller is not None:
            self._poller.cancel()
            await asyncio.gather(self._poller, return_exceptions=True)
        # A Janus that is gone already took its sessions along.
        with contextlib.suppress(SignallingError):
            await self._post(self._session_url, {"janus": "destroy"})
        await self._http.close()

    async def _open(self) -> None:
        async with self._opening:
            if self._http is not None:
                return
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_REQUEST_S))
            created = await self._post(self._url, {"janus": "create"})
            self._session_url = f"{self._url}/{created['data']['id']}"
            self._poller = asyncio.create_task(self._poll())

    async def _offer(self, handle: int) -> str:
        async with asyncio.timeout(_EVENT_S):
            while True:
                event = await self._events[handle].get()
                error = event.get("plugindata", {}).get("data", {}).get("error_code")
                if error is not None:
                    raise SignallingError(f"janus_{error}")
                if "jsep" in event:
                    return str(event["jsep"]["sdp"])

    async def _poll(self) -> None:
        """Long-poll the session's events and hand each to its handle; errors end the waiting by time-out."""
        assert self._http is not None
        waiting = aiohttp.ClientTimeout(total=60)
        while True:
            try:
                async with self._http.get(f"{self._session_url}?maxev=50", timeout=waiting) as response:
                    events = await response.json(content_type=None)
            except (aiohttp.ClientError, TimeoutError, ValueError):
                await asyncio.sleep(0.1)
                continue
            for event in events if isinstance(events, list) else [events]:
                if event.get("sender") in self._events:
                    self._events[event["sender"]].put_nowait(event)

    async def _post(self, url: str, request: dict[str, Any]) -> dict[str, Any]:
        assert self._http is not None
        try:
            async with self._http.post(url, json=request | {"transaction": secrets.token_hex(6)}) as response:
                reply: dict[str, Any] = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise SignallingError(type(error).__name__) from error
        if reply.get("janus") == "error":
            raise SignallingError(f"janus_{reply.get('error', {}).get('code')}")
        return reply


def _message(body: dict[str, Any]) -> dict[str, Any]:
    return {"janus": "message", "body": body}


def _link(folder: Path, module: str) -> None:
    (folder / Path(module).name).symlink_to(module)
