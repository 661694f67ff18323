"""Namespaces are removed on every way out, twice without harm; without root the message says what would help."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.load import netns
from deploy.load.netns import NamespaceError, Pair, pair_of_namespaces

RIGHT = netns.missing_right(os.geteuid(), shutil.which("ip"))


def test_without_root_the_message_says_what_would_help() -> None:
    message = netns.missing_right(1000, "/usr/sbin/ip")
    assert message is not None
    assert "root" in message
    assert "Janus is left out" in message
    missing_tool = netns.missing_right(0, None)
    assert missing_tool is not None
    assert "iproute2" in missing_tool
    assert netns.missing_right(0, "/usr/sbin/ip") is None


def test_a_command_runs_where_it_should() -> None:
    assert netns.inside(None, ["true"]) == ["true"]
    assert netns.inside("x", ["true"]) == ["ip", "netns", "exec", "x", "true"]


def test_removing_what_is_not_there_is_no_error() -> None:
    pair = Pair(f"{netns.PREFIX}never-a", f"{netns.PREFIX}never-b")
    netns.remove(pair)
    netns.remove(pair)


def exists(pair: Pair) -> bool:
    return any(Path("/run/netns", name).exists() for name in (pair.server, pair.listener))


def refused() -> bool:
    """Where namespaces cannot be made, that is said; True then, and there is nothing more to see."""
    if RIGHT is None:
        return False
    with pytest.raises(NamespaceError, match=RIGHT.split(":")[0]), pair_of_namespaces():
        pass
    return True


def test_a_pair_talks_and_is_gone_afterwards() -> None:
    if refused():
        return
    with pair_of_namespaces() as pair:
        assert exists(pair)
        script = "import socket; s = socket.socket(); s.bind(('10.77.0.2', 0)); s.settimeout(3); "
        script += "print(s.connect_ex(('10.77.0.1', 9)))"
        command = netns.inside(pair.listener, [sys.executable, "-c", script])
        reply = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        # 111 is ECONNREFUSED: the other end of the wire answered that nobody listens there.
        assert reply.stdout.strip() == "111"
    assert not exists(pair)
    netns.remove(pair)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_pair_is_gone_after_an_error(error: type[BaseException]) -> None:
    if refused():
        return

    def fail() -> None:
        with pair_of_namespaces():
            raise error

    with pytest.raises(error):
        fail()
    assert not exists(Pair.of_process(os.getpid()))


def test_what_a_killed_run_left_is_removed_by_the_next() -> None:
    if refused():
        return
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = Pair.of_process(gone.pid)
    netns.create(left)
    try:
        with pair_of_namespaces() as pair:
            assert exists(pair)
            assert not exists(left)
    finally:
        netns.remove(left)
