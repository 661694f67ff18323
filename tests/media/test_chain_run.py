"""The chain test through a real engine on loopback: SRTP, Opus, jitter buffer, mixer and fan-out."""

from collections.abc import AsyncIterator

import pytest

from media import chain_run
from media.chain import ChainFigures
from media.chain_run import ChainBroken, measure
from media.engine import Answer, Engine, EngineConfig, Mix


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    engine = await Engine.open(EngineConfig(udp_host="127.0.0.1", udp_port=0))
    yield engine
    await engine.aclose()


async def test_the_engine_is_flat_and_quick_on_every_bus(engine: Engine) -> None:
    engine.set_mix("hall/floor", {"test": Mix(1.0)})
    engine.set_mix("hall/de", {"test": Mix(0.5)})
    engine.set_mix("hall/uk", {})
    figures = await measure(engine, "test", ["hall/floor", "hall/de", "hall/uk"])
    for bus, gain_db in (("hall/floor", 0.0), ("hall/de", -6.0)):
        found = figures[bus]
        assert found.is_good, found
        assert found.gain_db == pytest.approx(gain_db, abs=1)
        assert found.delay_ms is not None
        assert 20 < found.delay_ms < 250, found
    assert figures["hall/uk"].flatness_db is None
    stats = await engine.stats()
    assert stats.peers == 0


async def test_where_no_try_was_in_time_the_best_is_judged(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    late = [(0.05, None), (0.3, 1.0), (0.2, 2.0)]  # a hole may swallow the sweep, whether it is short or long

    async def tried(*_: object) -> tuple[dict[str, ChainFigures], float]:
        late_s, flatness_db = late.pop(0)
        return {"floor": ChainFigures(flatness_db, 80.0, None, None, -20.0)}, late_s

    monkeypatch.setattr(chain_run, "_attempt", tried)
    assert (await measure(engine, "test", ["floor"]))["floor"].flatness_db == 2.0
    assert late == []


async def test_ends_that_find_no_server_say_so(engine: Engine) -> None:
    class Deaf:
        """Answers as if it were elsewhere."""

        async def publish(self, peer: str, offer: str, *, audio: str | None, video: str | None) -> Answer:
            return Answer("v=0\r\n", '"1"')

        async def subscribe(
            self, peer: str, offer: str, *, bus: str, picture: str | None, frames: int = 1, at_work: bool = False
        ) -> Answer:
            return Answer("v=0\r\n", '"1"')

        async def close_peer(self, peer: str) -> bool:
            return False

    with pytest.raises(ChainBroken):
        await measure(Deaf(), "test", ["floor"])
