"""The figures for Prometheus: well formed, named and labelled as they should be, naming nobody, and bounded."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from interpreting.roles import Role
from media.engine import EngineStats, Level, PeerClosed, PeerConnected, Quality, Reason
from server.keys import CONDUCTOR
from server.metrics import Metrics
from server.metrics_engine import EngineSheet, write_levels, write_quality
from server.metrics_sheet import Sheet, Sums, kind_of_bus
from server.metrics_store import TimedStore
from server.store import StoreUnavailable
from tests.server.conftest import PLENARY, Site

LABELS = {
    *("room", "source", "media", "channel", "bus", "way", "reason", "kind", "state", "mode", "role", "what", "stream"),
    *("edge", "operation", "picture", "severity", "version", "python", "le"),
}
NO_STATS = EngineStats(
    peers=0,
    connected=0,
    subscribers={},
    viewers={},
    drops={},
    mixer={},
    packets_sent=0,
    packets_dropped=0,
    ways={},
    publishers={},
)


async def families(site: Site) -> dict[str, Metric]:
    answer = await site.client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {family.name: family for family in text_string_to_metric_families(await answer.text())}


def value(family: Metric, **labels: str) -> float:
    [found] = [sample.value for sample in family.samples if sample.labels == labels]
    return float(found)


def written(sheet: Sheet) -> dict[str, Metric]:
    return {family.name: family for family in sheet.collect()}


async def test_what_is_there_is_told(site: Site) -> None:
    await site.whep("uk")
    page = await site.page()
    found = await families(site)
    assert value(found["tolmach_websockets"]) == 1
    assert value(found["tolmach_pages"], role="viewer") == 1
    assert value(found["tolmach_listeners"], room="plenary", channel="uk", way="webrtc") == 1
    assert value(found["tolmach_peers"]) == 1
    assert value(found["tolmach_datagrams_dropped"], reason='odd"reason') == 3
    assert value(found["tolmach_channel_mode"], room="plenary", channel="uk", mode="fallback") == 1
    assert "tolmach_build_info" in found
    assert "process_resident_memory_bytes" in found
    await page.leave()


async def test_every_figure_is_ours_helped_and_labelled_by_a_known_name(site: Site) -> None:
    await site.engine.flow("plenary/venue")
    for name, family in (await families(site)).items():
        assert name.startswith(("tolmach_", "process_")), name
        assert family.documentation.endswith("."), name
        assert family.type != "unknown", name
        assert not re.search(r"_(ms|s|kb|mb|percent)$", name), name
        for sample in family.samples:
            assert sample.labels.keys() <= LABELS, sample
            # A scrape without any samples of a family that grew would be a gap.
            assert sample.value == sample.value, sample


async def test_nobody_is_named(site: Site) -> None:
    olha = site.invite(Role.INTERPRETER, "olha")
    page = await site.page(olha)
    await page.enter()
    session = (await site.whip(olha)).rpartition("/")[2]
    await site.engine.flow("plenary/mic:olha")
    await page.say("take_mic")
    text = await (await site.client.get("/metrics")).text()
    assert 'tolmach_sources_flowing{room="plenary",source="mic"} 1.0\n' in text
    assert 'tolmach_channel_mode{channel="uk",mode="interpreted",room="plenary"} 1.0\n' in text
    for secret in ("olha", "Olha", session):
        assert secret not in text
    await page.leave()


async def test_joins_are_timed_and_ends_counted(site: Site) -> None:
    await site.whep("uk")
    [session] = site.client.app[CONDUCTOR].switchboard._sessions
    await site.engine.tell(PeerConnected(session.peer))
    await site.engine.tell(PeerClosed(session.peer, "consent_timeout"))
    found = await families(site)
    assert [s.value for s in found["tolmach_join_seconds"].samples if s.name.endswith("_count")] == [1]
    assert value(found["tolmach_peers_closed"], kind="listen", reason="consent_timeout") == 1


async def test_the_store_is_timed_and_its_errors_counted(site: Site) -> None:
    metrics, store = Metrics(), site.store
    timed = TimedStore(store, metrics)
    await timed.version(PLENARY)
    store.is_down = True
    with pytest.raises(StoreUnavailable):
        await timed.version(PLENARY)
    text = metrics.page(Sheet()).decode()
    assert 'tolmach_store_seconds_count{operation="version"} 2.0\n' in text
    assert 'tolmach_store_errors_total{operation="version"} 1.0\n' in text


def test_sums_never_fall() -> None:
    sums = Sums()
    group = ("plenary", "mic")
    assert sums.add({"a": (group, 10), "b": (group, 5)}) == {group: 15}
    assert sums.add({"a": (group, 12)}) == {group: 17}
    assert sums.add({"a": (group, 13), "b": (group, 2)}) == {group: 20}
    assert sums.add({"a": (group, 1)}) == {group: 21}


def test_sources_are_told_by_kind() -> None:
    engine, sheet = EngineSheet(), Sheet()
    one = {"audio_packets": 100, "audio_lost": 3, "audio_jitter_ms": 4.0, "sound_concealed": 960, "sound_depth_ms": 40}
    other = {**one, "audio_jitter_ms": 9.0}
    stats = replace(
        NO_STATS,
        publishers={"plenary/mic:olha": one, "plenary/mic:petro": other},
        subscribers={"plenary/uk": 3, "plenary/minus:uk:olha": 1, "plenary/minus:uk:petro": 1},
        viewers={"plenary": 4, "plenary/face:0": 2, "plenary/face:1": 2},
    )
    engine.write(sheet, stats)
    found = written(sheet)
    mic = {"room": "plenary", "source": "mic"}
    assert value(found["tolmach_source_packets_lost"], **mic, media="audio") == 6
    assert value(found["tolmach_source_jitter_seconds"], **mic, media="audio") == pytest.approx(0.009)
    assert value(found["tolmach_source_sound_concealed_samples"], **mic) == 1920
    assert value(found["tolmach_bus_subscribers"], room="plenary", bus="minus") == 2
    assert value(found["tolmach_picture_subscribers"], room="plenary", picture="hall") == 4
    assert value(found["tolmach_picture_subscribers"], room="plenary", picture="face") == 4


def test_quality_is_told_by_kind_and_reason() -> None:
    sheet = Sheet()
    good = Quality(Reason.OK, 20000, -20.0, True, 0.0, 0.0)
    write_quality(sheet, {"plenary/mic:a": good, "plenary/mic:b": replace(good, reason=Reason.NARROW, level_dbfs=-30)})
    found = written(sheet)
    assert value(found["tolmach_source_level_dbfs"], room="plenary", source="mic") == -20
    assert value(found["tolmach_source_quality"], room="plenary", source="mic", reason="narrow") == 1


def test_levels_of_buses_are_told_and_no_source_among_them() -> None:
    sheet = Sheet()
    write_levels(sheet, {name: Level(-3.0, -20.0, -23.0, False) for name in ("plenary/uk", "plenary/mic:a")})
    found = written(sheet)
    assert value(found["tolmach_bus_rms_dbfs"], room="plenary", bus="uk") == -20
    assert len(found["tolmach_bus_loudness_lufs"].samples) == 1


def test_a_bus_of_a_person_is_told_by_its_kind() -> None:
    assert [kind_of_bus(bus) for bus in ("uk", "uk+floor", "minus:uk:olha", "rec:uk")] == [
        "uk",
        "uk+floor",
        "minus",
        "rec",
    ]


async def test_scraping_at_once_is_no_trouble(site: Site) -> None:
    answers = await asyncio.gather(*(site.client.get("/metrics") for _ in range(10)))
    assert {answer.status for answer in answers} == {200}
