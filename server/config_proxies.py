"""Which proxies stand before the server: only they are believed when they say whom they speak for.

    trusted_proxies = ["127.0.0.0/8", "::1"]   # TOLMACH_TRUSTED_PROXIES, by commas; addresses or networks

The default is a proxy on this very machine. One in a container or on another machine has to be named; [] believes
nobody, for a server that is reached directly.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from server.config_table import ConfigError, Table

Networks = tuple[IPv4Network | IPv6Network, ...]

ENVIRONMENT: Final = {"trusted_proxies": "TOLMACH_TRUSTED_PROXIES"}
MAX_HOPS: Final = 16
"""More proxies than that stand in a row nowhere; each costs a look."""
LOCAL_PROXIES: Final[Networks] = (ip_network("127.0.0.0/8"), ip_network("::1"))


def parse_proxies(table: Table) -> Networks:
    """Return the networks of all trusted proxies. Raises ConfigError."""
    texts = table.texts("trusted_proxies", tuple(map(str, LOCAL_PROXIES)))
    return tuple(_network(table, text) for text in texts)


def _network(table: Table, text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise ConfigError(
            table.key("trusted_proxies"),
            f"{text!r} is neither an address nor a network ({error})",
            'Write "10.0.0.5" or "172.18.0.0/16"',
        ) from error


def plain_address(text: str | None) -> IPv4Address | IPv6Address | None:
    """Return an address, an IPv4 one as IPv4 however it came; None for what is none (RFC 4291 section 2.5.5.2)."""
    try:
        parsed = ip_address(text or "")
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if parsed.version == 6 else parsed


def first_untrusted(remote: str | None, forwarded: str, trusted: Networks) -> str | None:
    """Return who speaks: `remote`, or, while that is a trusted proxy, the one it names last in X-Forwarded-For.

    The header is read from its end, where our own proxies write; what a stranger put at its beginning is never
    reached, and a name that is no address ends the reading.
    """
    speaker = remote
    for named in reversed(forwarded.rsplit(",", MAX_HOPS)[-MAX_HOPS:]):
        address = plain_address(speaker)
        if address is None or not any(address in network for network in trusted):
            return speaker
        if plain_address(named.strip()) is None:
            return speaker
        speaker = named.strip()
    return speaker
