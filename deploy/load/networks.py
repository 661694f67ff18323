"""The ways to us, each tried in a town of network namespaces: relays, networks without UDP, addresses, translation,
and a phone that leaves the Wi-Fi. Prints `name: value`, one a line; needs root, coturn, nft and Chromium.

Nothing leaves the machine: the town has no road out. It is removed on every way out, and the whole is bounded.
"""

import argparse
import contextlib
import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from deploy.load import town as places
from deploy.load.edges import edge_pids
from deploy.load.netns import NamespaceError
from deploy.load.processes import BenchError, Children
from deploy.load.relay import Relay
from deploy.load.town import Town, run_inside, town
from deploy.load.visitor import Visitor, Visitors, visitors

PORT: Final = 8080
_WHOLE_S: Final = 300
_READY_TRIES: Final = 60
_ROOM: Final = "plenary"
_NO_UDP: Final = 'iifname {"wifi", "mobile"} meta l4proto udp'
_ONLY_WEB: Final = f'iifname {{"wifi", "mobile"}} tcp dport != {{443, {PORT}}}'
Figure = tuple[str, object]


@dataclass(frozen=True, slots=True)
class Scene:
    """What a trial has at hand."""

    town: Town
    visitors: Visitors
    relay: Relay
    folder: Path
    servers: list[int] = field(default_factory=list)
    """Process ids of the servers started so far."""

    @contextlib.contextmanager
    def server(
        self, host: str, public_ips: Sequence[str], doors: Sequence[str] = (), *, bind: str = "", edges: int = 0
    ) -> Iterator[str]:
        """`tolmach run` that is called `host` and announces `public_ips`; its URL. `doors` are the relay's it names,
        `edges` the processes more that fan out.
        """
        url = f"http://[{host}]:{PORT}" if ":" in host else f"http://{host}:{PORT}"
        environment = {
            "TOLMACH_HOST": bind,
            "TOLMACH_UDP_HOST": bind,
            "TOLMACH_PORT": str(PORT),
            "TOLMACH_UDP_PORT": str(PORT),
            "TOLMACH_PUBLIC_URL": url,
            "TOLMACH_PUBLIC_IPS": ",".join(public_ips),
            "TOLMACH_DATA": str(self.folder / secrets.token_hex(4)),
            "TOLMACH_SECRET": secrets.token_hex(32),
            "TOLMACH_REDIS_URL": "",
            "TOLMACH_TURN_URLS": ",".join(self.relay.urls[door] for door in doors),
            "TOLMACH_TURN_SECRET": self.relay.secret,
        }
        with Children(self.folder) as children:
            command = [sys.executable, "-m", "server", "run", "--edges", str(edges)]
            server = children.start("server", command, namespace=self.town.server, environment=environment)
            self.servers.append(server.pid)
            _wait_ready(self.town.viewer, f"{url}/readyz", children)
            yield url

    def listen(self, name: str, url: str, query: str = "", *, counted: str = "") -> Iterator[Figure]:
        """The figures of one listener: press to sound, the way; how many the server counts on the way `counted`."""
        visitor = self.visitors.come()
        try:
            heard = visitor.listen(f"{url}/r/{_ROOM}?way=direct{query}")
            yield f"{name}_press_to_sound_ms", "none" if heard is None else round(heard)
            if heard is not None:
                yield f"{name}_way", visitor.way()
            if counted:
                yield f"{name}_counted_by_server", _counted(self.town.viewer, url, counted)
        finally:
            visitor.close()

    @contextlib.contextmanager
    def behind(self, *rules: str) -> Iterator[None]:
        """The viewer behind a firewall that drops what matches one of the nft rules."""
        self.town.filter_(*rules)
        try:
            yield
        finally:
            self.town.filter_()


def relays(scene: Scene) -> Iterator[Figure]:
    """The relay's three doors, each by a listener who is to use it alone (`?relay=1`); then a network that lets no UDP
    out, and one that lets out nothing but 443 and the page, where nobody asks for the relay.
    """
    doors = {"udp": (), "tcp": (_NO_UDP,), "tls": (_NO_UDP, _ONLY_WEB)}
    with scene.server(places.SERVER_IP, [places.SERVER_IP], [*doors]) as url:
        for door, rules in doors.items():
            with scene.behind(*rules):
                yield from scene.listen(f"relay_{door}", url, "&relay=1", counted="relay")
        for name, door in (("no_udp", "tcp"), ("only_web_ports", "tls")):
            with scene.behind(*doors[door]):
                yield from scene.listen(name, url)


def addresses(scene: Scene) -> Iterator[Figure]:
    """Several announced addresses of which the first two lead nowhere; a second address of one network card."""
    with scene.server(places.SERVER_IP, [*places.NOWHERE_IPS, places.SERVER_IP, places.SERVER_IP6]) as url:
        yield from scene.listen("several_addresses", url)
    with scene.server(places.SECOND_IP, [places.SECOND_IP], bind=places.SECOND_IP) as url:
        yield from scene.listen("floating_address", url)


def translation(scene: Scene) -> Iterator[Figure]:
    """1:1 address translation in front of the server, which announces the outer address."""
    with scene.server(places.OUTSIDE_IP, [places.OUTSIDE_IP], bind=places.INSIDE_IP) as url:
        yield from scene.listen("translated_1to1", url)


def migration(scene: Scene) -> Iterator[Figure]:
    """A listener whose firewall swallows the flow it had, so that only an ICE restart helps; one whose Wi-Fi goes away
    while the mobile line stays; then a lean client that knows of the change at once.
    """
    with scene.server(places.SERVER_IP, [places.SERVER_IP]) as url:
        visitor = scene.visitors.come()
        try:
            visitor.listen(f"{url}/r/{_ROOM}?way=direct")
            port = visitor.local_port()
            visitor.begin_gap()
            with scene.behind(f"udp sport {port}", f"udp dport {port}"):
                yield from _gap("swallowed_flow_chromium", visitor, 14_000)
            visitor.begin_gap()
            scene.town.leave_wifi()
            yield from _gap("wifi_to_mobile_chromium", visitor, 8_000)
        finally:
            visitor.close()
            scene.town.return_to_wifi()
        for mode in ("same", "restart"):
            yield from _roam(scene, url, f"wifi_to_mobile_lean_{mode}", places.WIFI_IP, places.MOBILE_IP, mode)


def edge_killed(scene: Scene) -> Iterator[Figure]:
    """Two edges, a listener in Chromium on each; the first one's edge is killed."""
    with scene.server(places.SERVER_IP, [places.SERVER_IP], edges=2) as url:
        _wait_edges(scene.town.viewer, url, 2)
        here, there = scene.visitors.come(), scene.visitors.come()
        try:
            for visitor in (here, there):
                visitor.listen(f"{url}/r/{_ROOM}?way=direct")
            ports = {visitor.remote_port() for visitor in (here, there)}
            yield "edge_killed_listeners_on_edges", len(ports - {PORT})
            for visitor in (here, there):
                visitor.begin_gap()
            os.kill(edge_pids(scene.servers[-1])[here.remote_port()], signal.SIGKILL)
            yield from _gap("edge_killed_chromium", here, 6_000)
            yield from _gap("edge_killed_others", there, 100)
        finally:
            here.close()
            there.close()


def _wait_edges(namespace: str, url: str, count: int) -> None:
    """Wait until so many edges are up. Raises BenchError after about 10 s."""
    for _ in range(100):
        up = [line for line in _fetch(namespace, f"{url}/metrics").splitlines() if line.startswith("tolmach_edge_up{")]
        if sum(line.endswith(" 1.0") for line in up) >= count:
            return
        time.sleep(0.1)
    raise BenchError(f"not {count} edges after 10 s")


def _gap(name: str, visitor: Visitor, ms: float) -> Iterator[Figure]:
    gap = visitor.gap(ms)
    yield f"{name}_gap_ms", round(gap.ms)
    yield f"{name}_connections", gap.connections


def ipv6_only(scene: Scene) -> Iterator[Figure]:
    """A network that carries IPv6 alone; the town does not get its IPv4 back. Chromium, as on a phone, which keeps an
    IPv4 address of its own for translation; then a lean client without any.

    Without any IPv4 address Chromium for Linux waits for its mDNS names for ever and never checks, unless the page may
    use the microphone or there is a relay with an IPv6 address: the third figure.
    """
    scene.town.forget_ipv4()
    with scene.server(places.SERVER_IP6, [places.SERVER_IP6]) as url:
        yield from scene.listen("ipv6_only", url, counted="ipv6")
        scene.town.forget_clat()
        yield from _roam(scene, url, "ipv6_lean", places.WIFI_IP6, places.MOBILE_IP6, "same")
    relay = Relay(places.RELAY_IP6, (places.SERVER_IP6,), scene.relay.secret)
    with replace(scene, relay=relay).server(places.SERVER_IP6, [places.SERVER_IP6], ["udp"]) as url:
        yield from scene.listen("ipv6_without_mdns", url)


def _roam(scene: Scene, url: str, name: str, start: str, end: str, mode: str) -> Iterator[Figure]:
    """The figures of a lean client that moves from one of the viewer's addresses to another."""
    told = run_inside(
        scene.town.viewer,
        *(sys.executable, "-m", "deploy.load.roaming", "--whep", f"{url}/whep/{_ROOM}/floor"),
        *("--start", start, "--end", end, "--ice", mode),
    )
    for line in told.splitlines():
        figure, _, value = line.partition(": ")
        yield f"{name}_{figure}", value


TRIALS: Final[dict[str, Callable[[Scene], Iterator[Figure]]]] = {
    trial.__name__: trial for trial in (relays, addresses, translation, edge_killed, migration, ipv6_only)
}


@contextlib.contextmanager
def scene() -> Iterator[Scene]:
    """A town with a relay in it and a browser at the viewer's; all of it gone afterwards.

    Raises:
        NamespaceError: not root, or a tool is missing.
        BenchError: the relay cannot be started.
    """
    with tempfile.TemporaryDirectory(prefix="tolmach-networks-") as name, town() as spaces:
        folder = Path(name)
        relay = Relay(places.RELAY_IP, (places.SERVER_IP, places.SERVER_IP6))
        with Children(folder) as children, visitors(spaces.viewer, folder) as browser:
            relay.start(spaces.relay, folder, children)
            yield Scene(spaces, browser, relay, folder)


def _wait_ready(namespace: str, url: str, children: Children) -> None:
    """Ask from the viewer's place until the server is ready. Raises BenchError after about 20 s."""
    for _ in range(_READY_TRIES):
        children.check()
        with contextlib.suppress(NamespaceError):
            _fetch(namespace, url)
            return
        time.sleep(0.1)
    raise BenchError(f"{url} is not ready:\n{children.tail('server')}")


def _fetch(namespace: str, url: str) -> str:
    """What `url` answers in a namespace. Raises NamespaceError."""
    script = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=2).read().decode())"
    return run_inside(namespace, sys.executable, "-c", script, url)


def _counted(namespace: str, url: str, way: str) -> int:
    told = _fetch(namespace, f"{url}/metrics")
    line = next(line for line in told.splitlines() if line.startswith(f'tolmach_peers_by_way{{way="{way}"}}'))
    return int(float(line.rpartition(" ")[2]))


def main() -> int:
    """Run the trials that are named, or all; exits 1 when one could not be made."""
    parser = argparse.ArgumentParser(prog="python -m deploy.load.networks", description=__doc__.split("\n\n")[0])
    parser.add_argument("trial", nargs="*", choices=[[], *TRIALS], help=f"one of {', '.join(TRIALS)}; all without")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.alarm(_WHOLE_S)
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"not done within {_WHOLE_S} s"))
    try:
        with scene() as made:
            # In the table's order, whatever the caller's: the last one changes the town for good.
            for name in [name for name in TRIALS if name in (options.trial or TRIALS)]:
                for figure, value in TRIALS[name](made):
                    print(f"{figure}: {value}", flush=True)
    except (NamespaceError, BenchError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
