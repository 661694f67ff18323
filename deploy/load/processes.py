"""Child processes of the bench: started with a log each, steered by lines, ended by their process ids."""

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from deploy.load.netns import inside

REPOSITORY: Final = Path(__file__).resolve().parents[2]
_TERM_S: Final = 8.0
_TAIL_BYTES: Final = 2000
_ASKING_US_TO_END: Final = (signal.SIGALRM, signal.SIGTERM, signal.SIGINT)


class BenchError(RuntimeError):
    """The bench cannot go on; the message says what failed and shows the end of the log."""


class Children:
    """Starts children that log into `folder`; on leaving, ends those still there, youngest first.

    Each gets SIGTERM, and SIGKILL when it is still there after eight seconds. No process is named but by its id.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: list[tuple[str, subprocess.Popen[bytes]]] = []

    def __enter__(self) -> "Children":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Neither the bench's alarm nor a second Ctrl-C may interrupt the cleaning up.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ASKING_US_TO_END)
        try:
            for _, child in reversed(self._children):
                end(child)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ASKING_US_TO_END)

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        namespace: str | None = None,
        environment: Mapping[str, str] | None = None,
        is_steered: bool = False,
    ) -> subprocess.Popen[bytes]:
        """Start `command` in the repository's folder; with `is_steered` its stdin and stdout are pipes to us."""
        pipe = subprocess.PIPE if is_steered else None
        with self._log(name).open("wb") as log:
            child = subprocess.Popen(
                inside(namespace, command),
                stdin=pipe or subprocess.DEVNULL,
                stdout=pipe or log,
                stderr=log,
                cwd=REPOSITORY,
                env={**os.environ, **(environment or {})},
            )
        self._children.append((name, child))
        return child

    def check(self) -> None:
        """Raise BenchError when a child has ended by itself with an error."""
        for name, child in self._children:
            if child.poll() not in (None, 0):
                raise BenchError(f"{name} ended with status {child.returncode}:\n{self.tail(name)}")

    def tail(self, name: str) -> str:
        """The end of a child's log."""
        log = self._log(name)
        return log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace").strip() if log.exists() else ""

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"


class Steered:
    """A child that answers each line with one line of JSON."""

    def __init__(self, name: str, child: subprocess.Popen[bytes], children: Children) -> None:
        self._name = name
        self._child = child
        self._children = children

    def ask(self, command: str, seconds: float) -> dict[str, Any]:
        """Send a line and return the answer.

        Raises:
            BenchError: no answer within `seconds`, or another line than JSON.
        """
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        try:
            self._child.stdin.write(command.encode() + b"\n")
            self._child.stdin.flush()
            ready, _, _ = select.select([self._child.stdout], [], [], seconds)
            answer = json.loads(self._child.stdout.readline()) if ready else None
        except (OSError, ValueError) as error:
            raise BenchError(f"{self._name} failed at {command!r}: {error}\n{self._tail()}") from error
        if not isinstance(answer, dict):
            raise BenchError(f"{self._name} gave no answer to {command!r} in {seconds:.0f} s\n{self._tail()}")
        return answer

    def stop(self, seconds: float = 15.0) -> None:
        """Ask it to say goodbye and wait for its end; a child that does not end is ended."""
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(b"stop\n")
            self._child.stdin.close()
            self._child.wait(seconds)
        except (OSError, subprocess.TimeoutExpired):
            end(self._child)

    def _tail(self) -> str:
        return self._children.tail(self._name)


def end(child: subprocess.Popen[bytes]) -> None:
    """End one child: SIGTERM, after eight seconds SIGKILL; its pipes are closed. Idempotent."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(_TERM_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:
                # It ended before it had read everything.
                continue


def pause(seconds: float, children: Children) -> None:
    """Wait, and look every half second whether all children are still there.

    Raises:
        BenchError: one of them is not.
    """
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(0.5, left))
        children.check()
