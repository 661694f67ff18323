"""The command line: what it prints where, and how it fails."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from interpreting.roles import Role
from server import cli
from server.config import Config, load_config
from server.store.sqlite import SqliteStore
from server.tokens import MAX_HOURS, Invitation, read, read_edge_pass

SECRET = "0123456789abcdef0123456789abcdef"


class Printed:
    """A finished command: its exit code and what it printed."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    def invitation(self) -> Invitation:
        (link,) = self.out.splitlines()
        site, _, token = link.rpartition("/join/")
        assert site == "https://congress.example.org"
        return read(SECRET, token)


class Terminal:
    """Types commands into one server's command line; `served` are the configurations it was started with."""

    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.environment = {
            "TOLMACH_DATA": str(data),
            "TOLMACH_SECRET": SECRET,
            "TOLMACH_PUBLIC_URL": "https://congress.example.org",
        }
        self.served: list[Config] = []
        self.failure: BaseException | None = None
        self._capsys = capsys

    def type(self, *words: str) -> Printed:
        try:
            code = cli.main(words, self._serve, self.environment)
        except SystemExit as exit:
            code = int(exit.code or 0)
        out, err = self._capsys.readouterr()
        return Printed(code, out, err)

    def _serve(self, config: Config) -> None:
        self.served.append(config)
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(tmp_path / "var", capsys)


def test_run_serves_what_is_configured(terminal: Terminal, tmp_path: Path) -> None:
    assert terminal.type("run").code == 0
    file = tmp_path / "tolmach.toml"
    file.write_text("port = 9000")
    assert terminal.type("run", "--config", str(file)).code == 0
    assert [config.port for config in terminal.served] == [8080, 9000]


def test_run_names_the_setting_that_cannot_stand(terminal: Terminal) -> None:
    terminal.environment["TOLMACH_PORT"] = "high"
    printed = terminal.type("run")
    assert (printed.code, printed.out) == (2, "")
    assert printed.err.startswith("tolmach: TOLMACH_PORT: 'high' is no port.")
    assert not terminal.served


def test_run_tells_of_a_port_in_use(terminal: Terminal) -> None:
    terminal.failure = OSError(errno.EADDRINUSE, "in use")
    printed = terminal.type("run")
    assert printed.code == 1
    assert "cannot listen on TCP port 8080 or UDP port 8080: another program has it" in printed.err
    terminal.failure = OSError(errno.EIO, "something else")
    with pytest.raises(OSError, match="something else"):
        terminal.type("run")


def test_run_interrupted_is_no_failure_to_explain(terminal: Terminal) -> None:
    terminal.failure = KeyboardInterrupt()
    printed = terminal.type("run")
    assert (printed.code, printed.err) == (130, "")


def test_invite_prints_one_link_and_the_id_apart(terminal: Terminal) -> None:
    words = ["--room", "plenary", "--role", "interpreter", "--booth", "de-uk", "--name", "Оксана", "--hours", "2"]
    printed = terminal.type("invite", *words)
    assert printed.code == 0
    invitation = printed.invitation()
    assert (invitation.room, invitation.role, invitation.booth) == ("plenary", Role.INTERPRETER, "de-uk")
    assert invitation.name == "Оксана"
    assert invitation.expires_at - invitation.issued_at == 7200
    assert f"tolmach revoke {invitation.id}" in printed.err


def test_a_venue_may_be_the_backup(terminal: Terminal) -> None:
    words = ["--room", "plenary", "--role", "venue"]
    assert not terminal.type("invite", *words).invitation().is_backup
    assert terminal.type("invite", *words, "--backup").invitation().is_backup


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.INTERPRETER])
def test_every_role_can_be_invited(terminal: Terminal, role: Role) -> None:
    assert terminal.type("invite", "--room", "workshop-1", "--role", role).invitation().role is role


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--room cellar --role venue", "there is no room 'cellar'. There are plenary, workshop-1, workshop-2"),
        ("--room plenary --role interpreter", "--booth: an interpreter needs one. The room has de-uk, en"),
        ("--room plenary --role interpreter --booth fr", "plenary has no booth 'fr'. The room has de-uk, en"),
        ("--room plenary --role venue --booth en", "--booth: only interpreters have one"),
        ("--room plenary --role technician --backup", "--backup: only a venue can be the backup"),
        ("--room plenary --role venue --hours 0", "--hours: 0 is no sensible time"),
        ("--room plenary --role venue --hours nan", "--hours: nan is no sensible time"),
        (f"--room plenary --role venue --hours {MAX_HOURS + 1}", "no sensible time"),
        ("--room plenary --role queen", "invalid choice: 'queen'"),
        ("--role venue", "--room"),
    ],
)
def test_invite_refuses_what_cannot_be_meant(terminal: Terminal, words: str, said: str) -> None:
    printed = terminal.type("invite", *words.split())
    assert (printed.code, printed.out) == (2, "")
    assert said in printed.err


async def revoked(data: Path) -> frozenset[str]:
    async with SqliteStore.open(data / "tolmach.sqlite3") as store:
        return await store.revoked()


def test_revoke_reaches_the_servers_store(tmp_path: Path) -> None:
    environment = os.environ | {"TOLMACH_DATA": str(tmp_path), "TOLMACH_SECRET": SECRET}
    done = subprocess.run(
        [sys.executable, "-m", "server", "revoke", "abc"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("", "revoked: abc\n")
    assert asyncio.run(revoked(tmp_path)) == {"abc"}


def test_revoke_wants_an_id_and_no_link(terminal: Terminal) -> None:
    for word in ("https://congress.example.org/join/x.y.z", "x.y.z", " "):
        assert terminal.type("revoke", word).code == 2


def test_revoke_says_when_the_store_cannot_be_used(terminal: Terminal) -> None:
    config = load_config(None, terminal.environment)
    (config.data / "tolmach.sqlite3").mkdir()
    printed = terminal.type("revoke", "abc")
    assert printed.code == 1
    assert "the SQLite file cannot be used" in printed.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a.mp4", "--whip", "plenary", "--token", "t"], "--whip: 'plenary' is no address"),
        (["a.mp4", "--whip", "https://[x/whip/plenary", "--token", "t"], "--whip: "),
        (["a.mp4", "--whip", "http://localhost/whip/plenary", "--token", " "], "--token: it is missing"),
        (["a.mp4", "--whip", "http://localhost/whip/plenary", "--token", "ключ"], "--token: it is missing"),
        (["a.mp4", "--whip", "http://localhost/whip/plenary"], "--token: it is missing"),
        (["a.mp4", "--token", "t"], "--whip"),
        (["--whip", "http://localhost/whip/plenary"], "SOURCE"),
    ],
)
def test_publish_refuses_what_cannot_be_meant(terminal: Terminal, words: list[str], said: str) -> None:
    printed = terminal.type("publish", *words)
    assert printed.code == 2
    assert said in printed.err


def test_publish_says_that_a_source_cannot_be_opened(terminal: Terminal) -> None:
    printed = terminal.type("publish", "nowhere.mp4", "--whip", "http://localhost/whip/plenary", "--token", "t")
    assert printed.code == 1
    assert printed.err == "tolmach: nowhere.mp4 cannot be opened: no such file or directory\n"


@pytest.mark.parametrize("words", [[], ["dance"], ["run", "--port", "1"]])
def test_misuse_is_code_2(terminal: Terminal, words: list[str]) -> None:
    assert terminal.type(*words).code == 2


def test_run_takes_the_number_of_edges(terminal: Terminal) -> None:
    terminal.environment["TOLMACH_EDGES"] = "1"
    assert terminal.type("run").code == 0
    assert terminal.type("run", "--edges", "3").code == 0
    assert [config.edges.count for config in terminal.served] == [1, 3]
    assert "--edges: 99 will not do" in terminal.type("run", "--edges", "99").err
    terminal.environment["TOLMACH_EDGE_UDP_PORTS"] = "8081-8082"
    assert "there are 2 for 3 edges" in terminal.type("run", "--edges", "3").err


def test_a_token_for_an_edge_is_printed_alone(terminal: Terminal) -> None:
    printed = terminal.type("edge-token", "--name", "hall", "--hours", "2")
    assert printed.code == 0
    found = read_edge_pass(SECRET, printed.out.strip())
    assert found.name == "hall"
    assert f"tolmach revoke {found.id}" in printed.err
    assert terminal.type("edge-token", "--hours", "0").code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--origin congress --token t", "--origin: 'congress' is no address"),
        ("--origin https://congress.example.org/r/plenary --token t", "--origin: "),
        ("--origin https://congress.example.org", "--token: it is missing"),
        ("--origin https://congress.example.org --token t --udp-port 70000", "--udp-port: '70000' will not do"),
    ],
)
def test_an_edge_refuses_what_cannot_be_meant(terminal: Terminal, words: str, said: str) -> None:
    printed = terminal.type("edge", *words.split())
    assert (printed.code, printed.out) == (2, "")
    assert said in printed.err
