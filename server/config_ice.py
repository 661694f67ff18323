"""TURN and STUN servers in the configuration: the way for those whose network lets no UDP out to us.

turn_urls = []          # TOLMACH_TURN_URLS, by commas; as "turn:relay.example.org:3478?transport=udp"
turn_secret = ""        # TOLMACH_TURN_SECRET, which the TURN server knows too (coturn: static-auth-secret)
turn_ttl_s = 86400      # TOLMACH_TURN_TTL_S, how long a credential made with it opens a relay

[[ice_servers]]         # of somebody else, with fixed credentials, or STUN without any
urls = ["turns:relay.example.net:443?transport=tcp"]
username = "…"
credential = "…"
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from server.config_table import ConfigError, Table

MIN_TURN_SECRET: Final = 16
DEFAULT_TTL_S: Final = 86_400
_MAX_TTL_S: Final = 30 * 86_400

# RFC 7064 and RFC 7065, with the host as a name, as IPv4 or in brackets as IPv6.
_URL: Final = re.compile(
    r"(?P<scheme>stuns?|turns?):(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[1-9]\d{0,4}))?(?P<query>\?transport=(?:udp|tcp))?"
)
_PLAIN: Final = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*")


@dataclass(frozen=True, slots=True)
class IceServerConfig:
    """A TURN or STUN server with fixed credentials; both empty for STUN. Not shown: `credential`."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server listens, IPv6 without brackets; `is_tcp` for TCP and TLS."""

    host: str
    port: int
    is_tcp: bool


@dataclass(frozen=True, slots=True)
class IceConfig:
    """All of them: those we make credentials for by `turn_secret`, and those with fixed ones."""

    turn_urls: tuple[str, ...] = ()
    turn_secret: str = field(default="", repr=False)
    turn_ttl_s: int = DEFAULT_TTL_S
    servers: tuple[IceServerConfig, ...] = ()

    @property
    def relay_hosts(self) -> tuple[str, ...]:
        """The hosts of all TURN servers, none twice, IPv6 without brackets."""
        urls = (*self.turn_urls, *(url for server in self.servers for url in server.urls))
        found = [match for url in urls if (match := _URL.fullmatch(url)) and match["scheme"].startswith("turn")]
        return tuple(dict.fromkeys(match["host"].strip("[]") for match in found))

    @property
    def places(self) -> dict[str, Place]:
        """Every server's place, by its URL."""
        urls = (*self.turn_urls, *(url for server in self.servers for url in server.urls))
        found = {url: match for url in urls if (match := _URL.fullmatch(url))}
        return {url: _place(match) for url, match in found.items()}


def _place(url: re.Match[str]) -> Place:
    is_tls = url["scheme"].endswith("s")
    port = int(url["port"]) if url["port"] else 5349 if is_tls else 3478
    return Place(url["host"].strip("[]"), port, is_tls or url["query"] == "?transport=tcp")


def parse_ice(table: Table) -> IceConfig:
    """Read all of it from the top of the file. Raises ConfigError."""
    urls = _urls(table, "turn_urls", ("turn", "turns"), ())
    secret = table.text("turn_secret", "")
    if urls and len(secret) < MIN_TURN_SECRET:
        raise ConfigError(
            table.key("turn_secret"),
            f"it is shorter than {MIN_TURN_SECRET} characters",
            "Write the TURN server's own secret there (coturn: static-auth-secret)",
        )
    return IceConfig(
        turn_urls=urls,
        turn_secret=secret,
        turn_ttl_s=table.whole("turn_ttl_s", DEFAULT_TTL_S, 60, _MAX_TTL_S),
        servers=tuple(_server(one) for one in table.tables("ice_servers")),
    )


def _server(table: Table) -> IceServerConfig:
    server = IceServerConfig(
        urls=_urls(table, "urls", ("stun", "stuns", "turn", "turns")),
        username=_plain(table, "username"),
        credential=_plain(table, "credential"),
    )
    table.close()
    if not server.urls:
        raise ConfigError(table.key("urls"), "it is empty", 'Write at least one, as ["stun:relay.example.org"]')
    needs = any(url.startswith("turn") for url in server.urls)
    if needs and not (server.username and server.credential):
        raise ConfigError(table.key("credential"), "a TURN server needs username and credential", "Write both")
    return server


def _urls(table: Table, name: str, schemes: tuple[str, ...], default: tuple[str, ...] | None = None) -> tuple[str, ...]:
    urls = table.texts(name, default)
    for url in urls:
        found = _URL.fullmatch(url)
        is_fit = found and found["scheme"] in schemes and int(found["port"] or 1) <= 65535
        if not is_fit or (found and found["query"] and found["scheme"].startswith("stun")):
            raise ConfigError(
                table.key(name), f"{url!r} is no address of a relay", 'Write it as "turn:host:3478?transport=udp"'
            )
    return urls


def _plain(table: Table, name: str) -> str:
    # They stand in a header's quoted text and in the pages.
    value = table.text(name, "")
    if not _PLAIN.fullmatch(value):
        raise ConfigError(
            table.key(name), "it has signs in it that no header can carry", "Use plain letters and digits"
        )
    return value
