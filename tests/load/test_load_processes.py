"""Children end with their owner, by their ids, however it ends; steering has deadlines."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.load.processes import BenchError, Children, Steered, end

ECHO = """
import json, sys
for line in sys.stdin:
    if line.strip() == "stop":
        break
    if line.strip() != "sleep":
        print(json.dumps({"heard": line.strip()}) if line.strip() != "junk" else "junk", flush=True)
"""
FOREVER = "import time\nwhile True: time.sleep(60)"


def python(script: str) -> list[str]:
    return [sys.executable, "-c", script]


def test_children_are_ended_also_after_an_error(tmp_path: Path) -> None:
    started: list[subprocess.Popen[bytes]] = []

    def fail() -> None:
        with Children(tmp_path) as children:
            started.append(children.start("one", python(FOREVER)))
            started.append(children.start("two", python(FOREVER), is_steered=True))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [child.poll() is not None for child in started] == [True, True]
    end(started[0])


def test_a_child_that_fails_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    with Children(tmp_path) as children:
        child = children.start("broken", python("raise SystemExit('no such thing')"))
        child.wait(60)
        with pytest.raises(BenchError, match="broken ended with status 1:\nno such thing"):
            children.check()


def test_a_steered_child_answers_and_stops(tmp_path: Path) -> None:
    with Children(tmp_path) as children:
        child = children.start("echo", python(ECHO), is_steered=True)
        steered = Steered("echo", child, children)
        assert steered.ask("mark", 60) == {"heard": "mark"}
        assert steered.ask("join 3", 60) == {"heard": "join 3"}
        steered.stop()
        assert child.returncode == 0
        children.check()


def test_no_answer_and_no_json_are_errors(tmp_path: Path) -> None:
    with Children(tmp_path) as children:
        steered = Steered("echo", children.start("echo", python(ECHO), is_steered=True), children)
        with pytest.raises(BenchError, match="no answer"):
            steered.ask("sleep", 0.3)
        with pytest.raises(BenchError, match="failed at 'junk'"):
            steered.ask("junk", 10)
