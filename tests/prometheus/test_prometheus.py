"""A real Prometheus takes our configuration, scrapes a real server with people in it, and knows rules and dashboard."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import aiohttp

from deploy.load.actors import Person
from deploy.load.house import House, opened
from interpreting.roles import Role

ROOT: Final = Path(__file__).parents[2]
PROMETHEUS: Final = ROOT / "deploy" / "prometheus"
DASHBOARD: Final = ROOT / "deploy" / "grafana" / "tolmach.json"
NAME: Final = re.compile(r"\btolmach_([a-z_]+)")
# What Prometheus itself puts behind a family's name.
SUFFIX: Final = re.compile(r"_(bucket|count|sum)$")
CHOICES: Final = re.compile(r"label_values\((\w+), (\w+)\)")
NOT_THERE: Final = (
    "source_pictures",
    "source_keyframe_age",
    "source_clock_drift",
    "recording_paused",
    "pushes",
    "store_errors",
    "peers_closed",
    "edge_",
)
WAIT_S: Final = 30.0


def promtool(*arguments: str) -> None:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr


def expressions() -> list[str]:
    """Every question the dashboard asks, for all rooms and servers."""
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    asked = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    return [one.replace("$instance", ".*").replace("$room", ".*") for one in asked]


def test_configuration_and_rules_are_valid() -> None:
    promtool("check", "config", str(PROMETHEUS / "prometheus.yml"))
    promtool("check", "rules", str(PROMETHEUS / "alerts.yml"))


def test_the_dashboard_is_of_the_form_that_grafana_reads() -> None:
    """By its classic schema: panels with numbers of their own that do not overlap, asking the chosen Prometheus."""
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    assert {"uid", "title", "schemaVersion", "panels", "templating", "time"} <= dashboard.keys()
    assert all({"name", "iconColor", "datasource"} <= one.keys() for one in dashboard["annotations"]["list"])
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = [place for panel in panels for place in _places(panel["gridPos"])]
    assert len(set(taken)) == len(taken)
    assert {column for column, _ in taken} == set(range(24))
    for panel in panels:
        assert panel["type"] in {"row", "stat", "timeseries"}
        targets = panel.get("targets", [])
        assert bool(targets) != (panel["type"] == "row")
        assert len({target["refId"] for target in targets}) == len(targets)
        assert panel["type"] == "row" or panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def _places(grid: dict[str, int]) -> list[tuple[int, int]]:
    columns = range(grid["x"], grid["x"] + grid["w"])
    return [(column, row) for column in columns for row in range(grid["y"], grid["y"] + grid["h"])]


def test_rules_alert_when_they_should_and_not_otherwise() -> None:
    promtool("test", "rules", str(PROMETHEUS / "alerts_test.yml"))


def test_rules_and_dashboard_ask_for_what_the_server_tells() -> None:
    sources = "".join(file.read_text("utf-8") for file in (ROOT / "server").glob("metrics*.py"))
    told = set(re.findall(r'"(?:\{PREFIX\})?([a-z_]+)"', sources)) | set(re.findall(r"\{PREFIX\}([a-z_]+)", sources))
    asked = NAME.findall((PROMETHEUS / "alerts.yml").read_text("utf-8") + DASHBOARD.read_text("utf-8"))
    names = {SUFFIX.sub("", name) for name in asked}
    assert len(names) > 30
    assert {name for name in names if name not in told and name.removesuffix("_total") not in told} == set()


@asynccontextmanager
async def prometheus(folder: Path, server_port: int) -> AsyncIterator[str]:
    """Run it with our configuration against this server, and return its address."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    shutil.copy(PROMETHEUS / "alerts.yml", folder)
    ours = (PROMETHEUS / "prometheus.yml").read_text("utf-8")
    assert "127.0.0.1:8080" in ours
    ours = ours.replace("127.0.0.1:8080", f"127.0.0.1:{server_port}").replace(": 5s", ": 1s")
    (folder / "prometheus.yml").write_text(ours, "utf-8")
    process = await asyncio.create_subprocess_exec(
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def ask(http: aiohttp.ClientSession, path: str, **query: str) -> Any:
    async with http.get(path, params=query) as answer:
        said = await answer.json()
        assert said["status"] == "success", (query, said)
        return said["data"]


async def ready(http: aiohttp.ClientSession) -> None:
    """Wait until it has read what it kept: until then it refuses to answer."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        with suppress(aiohttp.ClientConnectionError):
            async with http.get("/-/ready") as answer:
                if answer.status == 200:
                    return
        await asyncio.sleep(0.1)
    raise AssertionError("Prometheus does not begin")


async def query_until(http: aiohttp.ClientSession, question: str, value: str) -> None:
    """Ask until the one series has this value."""
    found: Any = None
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        found = (await ask(http, "/api/v1/query", query=question))["result"]
        if found and found[0]["value"][1] == value:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{question} is {found}, not {value}")


async def test_a_real_prometheus_scrapes_a_real_server(tmp_path: Path) -> None:
    environment = {"TOLMACH_LOG_FORMAT": "json", "TOLMACH_LOG_LEVEL": "debug"}
    async with opened(House(tmp_path, environment)) as house:
        hall = Person(house, Role.VENUE, "hall", 750)
        olena = Person(house, Role.INTERPRETER, "Olena", 1500, booth="de-uk")
        await hall.open()
        await olena.open()
        await olena.go_on_air("uk")
        async with (
            prometheus(tmp_path, house.port) as url,
            aiohttp.ClientSession(url, timeout=aiohttp.ClientTimeout(30)) as http,
        ):
            await ready(http)
            await query_until(http, 'tolmach_channel_mode{room="hall",channel="uk",mode="interpreted"}', "1")
            await query_until(http, 'tolmach_sources_flowing{room="hall",source="mic"}', "1")
            await query_until(http, 'count(tolmach_join_seconds_count{kind="publish"} >= 2)', "1")
            await query_until(http, 'sum(rate(tolmach_source_packets_total{media="audio"}[10s])) > bool 50', "1")
            groups = (await ask(http, "/api/v1/rules"))["groups"]
            assert {group["name"] for group in groups} == {"tolmach-server", "tolmach-rooms"}
            await _each_rule_is_evaluated(http)
            await _each_panel_shows_something(http)
            firing = [one["labels"]["alertname"] for one in (await ask(http, "/api/v1/alerts"))["alerts"]]
            assert "TolmachDown" not in firing
        await olena.aclose()
        await hall.aclose()
        _the_log_names_nobody(house)


async def _each_panel_shows_something(http: aiohttp.ClientSession) -> None:
    """All but what a house without pictures, recordings, pushes, edges, leavers and errors has nothing of."""
    expected = [one for one in expressions() if not any(name in one for name in NOT_THERE)]
    assert len(expected) > 25
    empty = expected
    until = time.monotonic() + WAIT_S
    while empty and time.monotonic() < until:
        empty = [one for one in empty if not (await ask(http, "/api/v1/query", query=one))["result"]]
        await asyncio.sleep(0.2)
    assert empty == []
    for expression in set(expressions()) - set(expected):
        await ask(http, "/api/v1/query", query=expression)
    for family, label in CHOICES.findall(DASHBOARD.read_text("utf-8")):
        assert await ask(http, f"/api/v1/label/{label}/values", **{"match[]": family}), (family, label)


async def _each_rule_is_evaluated(http: aiohttp.ClientSession) -> None:
    health: list[tuple[str, str]] = []
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        groups = (await ask(http, "/api/v1/rules"))["groups"]
        health = [(rule["name"], rule["health"]) for group in groups for rule in group["rules"]]
        if all(state != "unknown" for _, state in health):
            break
        await asyncio.sleep(0.2)
    assert [name for name, state in health if state != "ok"] == []


def _the_log_names_nobody(house: House) -> None:
    """A whole join, with a real offer, leaves neither token nor description in the log, which is all JSON."""
    text = (house.folder / "server.log").read_text("utf-8")
    tokens = [house.token(Role.VENUE, "hall"), house.token(Role.INTERPRETER, "Olena", booth="de-uk")]
    for line in text.splitlines():
        if line.startswith("{"):
            json.loads(line)
    assert any(line.startswith("{") for line in text.splitlines())
    for secret in (*(token.partition(".")[2][:40] for token in tokens), "eyJ", "a=ice-", "m=audio", "Olena", "Bearer"):
        assert secret not in text, secret
