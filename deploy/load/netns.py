"""A pair of network namespaces joined by a veth, so that a server and its listeners have a wire between them.

Nothing of it appears in the machine's own namespace: both ends of the veth are born inside. The names carry our
process id, so that runs side by side do not meet and what a killed run left behind can be told and removed.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PREFIX: Final = "tolmach-load-"
SERVER_IP: Final = "10.77.0.1"
LISTENER_IP: Final = "10.77.0.2"
_COMMAND_S: Final = 10.0
_SYSTEM_BYTES: Final = 4 * 1024 * 1024


class NamespaceError(RuntimeError):
    """Namespaces cannot be made here; the message says why and what would help."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two namespaces that see each other: the server's with `SERVER_IP`, the listeners' with `LISTENER_IP`."""

    server: str
    listener: str

    @classmethod
    def of_process(cls, pid: int) -> "Pair":
        """The pair that the process `pid` makes."""
        return cls(f"{PREFIX}{pid}-a", f"{PREFIX}{pid}-b")


def inside(namespace: str | None, command: Sequence[str]) -> list[str]:
    """The command line that runs `command` in `namespace`; None is where we are.

    `ip netns exec` replaces itself by the command, so the process id is the command's own.
    """
    if namespace is None:
        return list(command)
    return ["ip", "netns", "exec", namespace, *command]


def missing_right(uid: int, ip_tool: str | None) -> str | None:
    """Why namespaces cannot be made by user `uid` with the tool found at `ip_tool`; None when they can."""
    if uid != 0:
        return "network namespaces need root: run it with sudo, or stay on loopback (Janus is left out there)"
    if ip_tool is None:
        return "network namespaces need the tool ip: apt install iproute2"
    return None


def create(pair: Pair) -> None:
    """Make both namespaces, the veth between them, its addresses, and loopback in each.

    Raises:
        NamespaceError: a step failed; what had been made is removed again.
    """
    try:
        for name in (pair.server, pair.listener):
            _ip("netns", "add", name)
        _ip("link", "add", "wire", "netns", pair.server, "type", "veth", "peer", "name", "wire", "netns", pair.listener)
        for name, address in ((pair.server, SERVER_IP), (pair.listener, LISTENER_IP)):
            _ip("-n", name, "address", "add", f"{address}/24", "dev", "wire")
            _ip("-n", name, "link", "set", "lo", "up")
            _ip("-n", name, "link", "set", "wire", "up")
    except BaseException:
        remove(pair)
        raise


def remove(pair: Pair) -> None:
    """Remove both namespaces, and with them the veth. Idempotent: what is not there is passed over."""
    for name in (pair.server, pair.listener):
        if Path("/run/netns", name).exists():
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True, timeout=_COMMAND_S)


def remove_stale() -> int:
    """Remove what runs left behind that were killed before they could clean up; the number of namespaces."""
    stale = 0
    for path in Path("/run/netns").glob(f"{PREFIX}*-?"):
        pid = path.name.removeprefix(PREFIX).split("-")[0]
        if pid.isdecimal() and not Path("/proc", pid).exists():
            remove(Pair(path.name, path.name))
            stale += 1
    return stale


@contextmanager
def pair_of_namespaces() -> Iterator[Pair]:
    """A fresh pair, removed on every way out: return, error, KeyboardInterrupt, SystemExit.

    Raises:
        NamespaceError: not root, no `ip`, or the kernel refuses.
    """
    reason = missing_right(os.geteuid(), find_tool("ip"))
    if reason is not None:
        raise NamespaceError(reason)
    remove_stale()
    pair = Pair.of_process(os.getpid())
    create(pair)
    try:
        yield pair
    finally:
        remove(pair)


def raise_socket_limits() -> bool:
    """Let sockets have up to 4 MiB of buffer, machine-wide. Never lowers; False when we may not."""
    for name in ("rmem_max", "wmem_max"):
        limit = Path("/proc/sys/net/core", name)
        try:
            if int(limit.read_text()) < _SYSTEM_BYTES:
                limit.write_text(str(_SYSTEM_BYTES))
        except OSError:
            return False
    return True


def find_tool(tool: str) -> str | None:
    """Where a tool of the system is; None when it is not installed."""
    # sbin is not on every user's PATH.
    for folder in [*os.environ.get("PATH", "").split(":"), "/usr/sbin", "/sbin"]:
        if folder and Path(folder, tool).exists():
            return str(Path(folder, tool))
    return None


def _ip(*arguments: str) -> None:
    result = subprocess.run(["ip", *arguments], check=False, capture_output=True, text=True, timeout=_COMMAND_S)
    if result.returncode != 0:
        raise NamespaceError(f"ip {' '.join(arguments)}: {result.stderr.strip()}")


def main() -> int:
    """Run a command in the server's or the listeners' half of a fresh pair; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.load.netns", description=main.__doc__)
    parser.add_argument("half", choices=("server", "listener"))
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    try:
        with pair_of_namespaces() as pair:
            name = pair.server if options.half == "server" else pair.listener
            return subprocess.run(inside(name, options.command), check=False).returncode
    except NamespaceError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
