"""A small town of network namespaces: a viewer with Wi-Fi and a mobile line, a server, a TURN relay, a router between.

    viewer ─ wifi   10.78.1.2 ─┐          ┌─ 192.0.2.2 and 192.0.2.3, inside 10.78.3.2 ─ server
           ─ mobile 10.78.2.2 ─┴─ router ─┴─ 198.51.100.2 ─ relay

All of it speaks IPv6 too (2001:db8:1::2 and so on). Nothing of it is seen outside, and nothing leaves it. What the
router lets through is changed by `filter_`.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from deploy.load.netns import PREFIX, NamespaceError, Pair, find_tool, inside, missing_right, remove, remove_stale

WIFI_IP: Final = "10.78.1.2"
MOBILE_IP: Final = "10.78.2.2"
WIFI_IP6: Final = "2001:db8:1::2"
MOBILE_IP6: Final = "2001:db8:2::2"
SERVER_IP: Final = "192.0.2.2"
SECOND_IP: Final = "192.0.2.3"
INSIDE_IP: Final = "10.78.3.2"
OUTSIDE_IP: Final = "203.0.113.80"
SERVER_IP6: Final = "2001:db8:3::2"
RELAY_IP: Final = "198.51.100.2"
RELAY_IP6: Final = "2001:db8:4::2"
# What a phone's own translation has in a network without IPv4 (RFC 6877, RFC 7335).
CLAT_IP: Final = "192.0.0.2"
NOWHERE_IPS: Final = ("203.0.113.7", "2001:db8:7::7")
_COMMAND_S: Final = 10.0
# Link, the router's and the other's IPv4 and IPv6 addresses, in the order of the drawing.
_LINKS: Final = (
    ("wifi", "v", "10.78.1.1", WIFI_IP, "2001:db8:1::1", WIFI_IP6),
    ("mobile", "v", "10.78.2.1", MOBILE_IP, "2001:db8:2::1", MOBILE_IP6),
    ("core", "s", "192.0.2.1", SERVER_IP, "2001:db8:3::1", SERVER_IP6),
    ("relay", "t", "198.51.100.1", RELAY_IP, "2001:db8:4::1", RELAY_IP6),
)
_TRANSLATION: Final = f"""
table ip translation {{
  chain before {{ type nat hook prerouting priority -100; ip daddr {OUTSIDE_IP} dnat to {INSIDE_IP}; }}
  chain after {{ type nat hook postrouting priority 100; ip saddr {INSIDE_IP} snat to {OUTSIDE_IP}; }}
}}
"""


@dataclass(frozen=True, slots=True)
class Town:
    """The four namespaces' names."""

    viewer: str
    router: str
    server: str
    relay: str

    def filter_(self, *rules: str) -> None:
        """Have the router drop what matches one of these nft rules; without any it lets everything through."""
        chain = "\n".join(["type filter hook forward priority 0", *(f"{rule} drop" for rule in rules)])
        fresh = f"table inet filter {{\nchain pass {{\n{chain}\n}}\n}}\n"
        _nft(self.router, f"table inet filter\ndelete table inet filter\n{fresh}")

    def leave_wifi(self) -> None:
        """Take the viewer's Wi-Fi away; the mobile line stays."""
        _ip("-n", self.viewer, "link", "set", "wifi", "down")

    def return_to_wifi(self) -> None:
        """Give the viewer's Wi-Fi back, addresses and routes."""
        _ip("-n", self.viewer, "link", "set", "wifi", "up")
        _ip("-n", self.viewer, "-6", "address", "replace", f"{WIFI_IP6}/64", "dev", "wifi", "nodad")
        _route(self.viewer, "wifi", "10.78.1.1", "2001:db8:1::1", 100)

    def forget_ipv4(self) -> None:
        """Leave the viewer and the server with IPv6 alone; the viewer has an IPv4 address that leads nowhere."""
        for space, links in ((self.viewer, ("wifi", "mobile")), (self.server, ("core",))):
            for link in links:
                _ip("-n", space, "-4", "address", "flush", "dev", link)
        _ip("-n", self.viewer, "address", "add", f"{CLAT_IP}/32", "dev", "wifi")

    def forget_clat(self) -> None:
        """Take that last IPv4 address too."""
        _ip("-n", self.viewer, "-4", "address", "flush", "dev", "wifi")


@contextmanager
def town() -> Iterator[Town]:
    """A fresh town, removed on every way out.

    Raises:
        NamespaceError: not root, no `ip` or `nft`, or the kernel refuses.
    """
    reason = missing_right(os.geteuid(), find_tool("ip"))
    if reason is None and find_tool("nft") is None:
        reason = "the router needs the tool nft: apt install nftables"
    if reason is not None:
        raise NamespaceError(reason)
    remove_stale()
    names = Town(*(f"{PREFIX}{os.getpid()}-{letter}" for letter in "vrst"))
    try:
        _build(names)
        yield names
    finally:
        remove(Pair(names.viewer, names.router))
        remove(Pair(names.server, names.relay))


def run_inside(namespace: str, *command: str) -> str:
    """What a command in a namespace prints.

    Raises:
        NamespaceError: it ends with an error, or not within ten seconds.
    """
    return _run(inside(namespace, command), None)


def _build(names: Town) -> None:
    spaces = {"v": names.viewer, "r": names.router, "s": names.server, "t": names.relay}
    for space in spaces.values():
        _ip("netns", "add", space)
        _ip("-n", space, "link", "set", "lo", "up")
        # Paths of a viewer's two lines differ each way; strict checks would drop what comes back by the other.
        for family, key in (("ipv4", "rp_filter"), ("ipv6", "accept_dad")):
            _set(space, f"net/{family}/conf/all/{key}", "0")
            _set(space, f"net/{family}/conf/default/{key}", "0")
    _set(names.router, "net/ipv4/ip_forward", "1")
    _set(names.router, "net/ipv6/conf/all/forwarding", "1")
    for number, (link, letter, near4, far4, near6, far6) in enumerate(_LINKS):
        _join(names.router, spaces[letter], link, (near4, near6), (far4, far6))
        _route(spaces[letter], link, near4, near6, 100 * (number + 1))
    _ip("-n", names.server, "address", "add", f"{SECOND_IP}/24", "dev", "core")
    _ip("-n", names.server, "address", "add", f"{INSIDE_IP}/24", "dev", "core")
    _ip("-n", names.router, "address", "add", "10.78.3.1/24", "dev", "core")
    _nft(names.router, _TRANSLATION)
    names.filter_()


def _join(router: str, space: str, link: str, near: tuple[str, str], far: tuple[str, str]) -> None:
    _ip("link", "add", link, "netns", router, "type", "veth", "peer", "name", link, "netns", space)
    for name, addresses in ((router, near), (space, far)):
        for address, width in zip(addresses, (24, 64), strict=True):
            _ip("-n", name, "address", "add", f"{address}/{width}", "dev", link, *(["nodad"] if width == 64 else []))
        _ip("-n", name, "link", "set", link, "up")


def _route(space: str, link: str, near4: str, near6: str, metric: int) -> None:
    for family, gateway in (("-4", near4), ("-6", near6)):
        _ip("-n", space, family, "route", "replace", "default", "via", gateway, "dev", link, "metric", str(metric))


def _set(space: str, key: str, value: str) -> None:
    run_inside(space, "sh", "-c", f"echo {value} > /proc/sys/{key}")


def _nft(space: str, rules: str) -> None:
    _run(inside(space, ["nft", "-f", "-"]), rules)


def _ip(*arguments: str) -> None:
    _run(["ip", *arguments], None)


def _run(command: list[str], text: str | None) -> str:
    try:
        result = subprocess.run(command, check=False, capture_output=True, text=True, input=text, timeout=_COMMAND_S)
    except subprocess.TimeoutExpired as error:
        raise NamespaceError(f"{command[:6]} is not done after {_COMMAND_S:.0f} s") from error
    if result.returncode != 0:
        raise NamespaceError(f"{' '.join(command)}: {result.stderr.strip()}")
    return result.stdout
