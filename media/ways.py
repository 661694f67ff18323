"""Which way peers took to us: by IPv4, by IPv6, or through one of the relays we offer. Pure."""

import ipaddress
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import Final

from media.udp import Address

_REMEMBERED: Final = 8192


class Way(StrEnum):
    """How a peer reaches us. Whether it speaks to its relay by UDP, TCP or TLS is known to the peer alone."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"
    RELAY = "relay"


@lru_cache(_REMEMBERED)
def plain_host(host: str) -> str:
    """A host as `recvfrom` names it, without its zone, and an IPv4 address as one (RFC 4291 section 2.5.5.2)."""
    ip = ipaddress.ip_address(host.partition("%")[0])
    return str((ip.ipv4_mapped if ip.version == 6 else None) or ip)


def count_ways(addresses: Iterable[Address], relays: frozenset[str]) -> dict[str, int]:
    """How many of these addresses came each way; `relays` are hosts as `plain_host` writes them."""
    counts = {way.value: 0 for way in Way}
    for address in addresses:
        host = plain_host(address[0])
        if host in relays:
            counts[Way.RELAY] += 1
        else:
            counts[Way.IPV6 if ":" in host else Way.IPV4] += 1
    return counts
