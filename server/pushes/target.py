"""Where a push goes: an address of RTMP or WHIP, checked, and what of it may be shown.

An address holds a stream key. It is kept in the store and in the configuration and leaves the server towards the
platform alone; pages are told the host.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import SplitResult, urlsplit

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_MAX_URL: Final = 2000
_MAX_TOKEN: Final = 4096
_PORTS: Final[Mapping[str, int]] = {"rtmp": 1935, "rtmps": 443, "http": 80, "https": 443}


class BadTarget(ValueError):
    """What was given is no address to push to; `wrong` says what about it, and repeats nothing of it."""

    def __init__(self, wrong: str) -> None:
        super().__init__(wrong)
        self.wrong = wrong


class Way(StrEnum):
    """By which protocol."""

    RTMP = "rtmp"
    WHIP = "whip"


@dataclass(frozen=True, slots=True)
class Target:
    """One push: its name in the room, the whole address, the channel that is sent, the bearer of a WHIP address."""

    name: str
    url: str
    channel: str
    token: str = ""

    @property
    def way(self) -> Way:
        """By which protocol it goes."""
        return Way.RTMP if self._parts.scheme in ("rtmp", "rtmps") else Way.WHIP

    @property
    def is_secure(self) -> bool:
        """Whether the way there is encrypted."""
        return self._parts.scheme in ("rtmps", "https")

    @property
    def host(self) -> str:
        """The host, which is all of the address that pages are told."""
        return self._parts.hostname or ""

    @property
    def port(self) -> int:
        """The TCP port."""
        return self._parts.port or _PORTS[self._parts.scheme]

    @property
    def app(self) -> str:
        """RTMP's application: the path without its last segment."""
        return self._parts.path.strip("/").rpartition("/")[0]

    @property
    def key(self) -> str:
        """RTMP's stream key: the last segment, with the query."""
        key = self._parts.path.strip("/").rpartition("/")[2]
        return f"{key}?{self._parts.query}" if self._parts.query else key

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url)


def checked_target(name: str, url: str, channel: str, token: str = "") -> Target:
    """Return the target. Raises BadTarget.

    An organiser is trusted with whom the conference is sent to, private and loopback addresses included: the
    platform may stand in the next room. Other schemes are refused, and what would not fit an address.
    """
    if not _NAME.fullmatch(name):
        raise BadTarget("the name: use a to z, 0 to 9 and hyphens inside, at most 32 of them")
    if len(url) > _MAX_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise BadTarget("the address: it has characters that no address has, or too many")
    try:
        parts = urlsplit(url)
        is_address = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or parts.scheme not in _PORTS:
        raise BadTarget("the address: write rtmp://, rtmps://, http:// or https://, a host and a path")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise BadTarget("the address: no user, password or fragment can stand in it")
    target = Target(name, url, channel, token)
    if target.way is Way.RTMP and not (target.app and target.key):
        raise BadTarget("the address: it ends in the application and the stream key, rtmps://host/app/key")
    if len(token) > _MAX_TOKEN or not token.isascii() or not (token.isprintable() and " " not in token):
        raise BadTarget("the token: it has characters that no token has, or too many")
    return target
