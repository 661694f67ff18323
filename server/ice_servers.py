"""TURN and STUN servers as browsers and programs are told of them, with credentials made for each answer.

Credentials are those of coturn's REST interface (draft-uberti-behave-turn-rest-00): the username is its own end in
seconds since 1970 and an opaque id, the password its HMAC-SHA1. They name nobody and are never logged.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
import secrets
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from server.config_ice import IceConfig
from server.keys import CLOCKS, CONFIG

_log = logging.getLogger(__name__)
_RESOLVE_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class IceServer:
    """One server's addresses and what opens it; both empty where nothing is needed."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = field(default="", repr=False)

    def as_page(self) -> dict[str, object]:
        """Return it as RTCPeerConnection wants it (RTCIceServer)."""
        opened = {"username": self.username, "credential": self.credential} if self.username else {}
        return {"urls": list(self.urls), **opened}

    def as_links(self) -> list[str]:
        """Return a Link header a URL (RFC 9725 section 4.6)."""
        opened = ""
        if self.username:
            opened = f'; username="{self.username}"; credential="{self.credential}"; credential-type="password"'
        return [f'<{url}>; rel="ice-server"{opened}' for url in self.urls]


def make_servers(config: IceConfig, now: float) -> list[IceServer]:
    """Return all servers; those opened by the secret with a fresh credential that holds `turn_ttl_s` from `now` on."""
    servers = [IceServer(one.urls, one.username, one.credential) for one in config.servers]
    if config.turn_urls:
        username = f"{int(now) + config.turn_ttl_s}:{secrets.token_hex(8)}"
        credential = make_credential(config.turn_secret, username)
        servers.insert(0, IceServer(config.turn_urls, username, credential))
    return servers


def make_credential(secret: str, username: str) -> str:
    """Return the password that belongs to a username."""
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def servers_for(request: web.Request) -> list[IceServer]:
    """Return the servers for whoever asks now."""
    return make_servers(request.app[CONFIG].ice, request.app[CLOCKS].now())


def add_links(request: web.Request, response: web.Response) -> None:
    """Name the servers in Link headers. A browser's preflight needs none (RFC 9725 section 4.6)."""
    if "Access-Control-Request-Method" in request.headers:
        return
    for server in servers_for(request):
        for link in server.as_links():
            response.headers.add("Link", link)


async def relay_addresses(config: IceConfig) -> tuple[str, ...]:
    """Return the IP addresses of all TURN servers, to know who comes through them. A name that fails is left out."""
    found = await asyncio.gather(*(_addresses(host) for host in config.relay_hosts))
    return tuple(dict.fromkeys(address for addresses in found for address in addresses))


async def _addresses(host: str) -> Iterable[str]:
    try:
        async with asyncio.timeout(_RESOLVE_S):
            answers = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except (OSError, TimeoutError):
        _log.warning("the TURN server %s has no address now: who comes through it is counted as direct", host)
        return ()
    return [str(answer[4][0]) for answer in answers]
