"""Commands become sound as differences; the engine's news become the room's; absences, restarts, a lost store."""

from __future__ import annotations

from pathlib import Path

import pytest

from interpreting.commands import (
    EnterBooth,
    ReleaseMic,
    SelectVenue,
    SetConsent,
    SetFloorLanguage,
    StartRecording,
    StopRecording,
    TakeMic,
)
from interpreting.ids import VENUE, BoothId, Language, PersonId, mic_source
from interpreting.roles import Role
from media.engine import MixerFailed, PeerConnected
from server.conductor import ABSENCE_S
from server.config import Config
from server.store import StoreUnavailable
from server.store.sqlite import SqliteStore
from tests.fakes import FlakyStore
from tests.server.conftest import PLENARY, Site, running

OLENA, JONAS, TECHNICIAN = PersonId("olena"), PersonId("jonas"), PersonId("technician")
BOOTH, DE, UK = BoothId("de-uk"), Language("de"), Language("uk")


async def on_air(site: Site, person: PersonId = OLENA) -> None:
    """Somebody interprets the hall into Ukrainian."""
    await site.engine.flow("plenary/venue")
    await site.conductor.execute(PLENARY, EnterBooth(person, BOOTH, person))
    await site.engine.flow(f"plenary/mic:{person}")
    await site.conductor.execute(PLENARY, TakeMic(person))


async def test_the_demo_plays_until_the_hall_comes(site: Site) -> None:
    assert site.engine.demos == ["plenary/demo", "workshop-1/demo", "workshop-2/demo"]
    assert site.engine.gains("plenary/floor") == {"plenary/demo": 1.0}
    assert site.engine.pictures["plenary"] == "plenary/demo"
    assert site.conductor.view(PLENARY, Role.VIEWER)["venue"] == "demo"
    await site.engine.flow("plenary/venue")
    assert site.engine.gains("plenary/floor") == {"plenary/venue": 1.0}
    assert site.engine.mixes["plenary/floor"]["plenary/demo"].gain == 0.0
    assert site.engine.pictures["plenary"] == "plenary/venue"
    assert site.conductor.view(PLENARY, Role.VIEWER)["venue"] == "live"
    await site.engine.fall_silent("plenary/venue")
    assert site.conductor.view(PLENARY, Role.VIEWER)["venue"] == "lost"
    assert site.engine.gains("workshop-1/floor") == {"workshop-1/demo": 1.0}


async def test_only_the_difference_goes_to_the_engine(site: Site) -> None:
    await on_air(site)
    site.engine.mix_calls.clear()
    await site.conductor.execute(PLENARY, ReleaseMic(OLENA))
    assert sorted(site.engine.mix_calls) == ["plenary/uk", "plenary/uk+floor"]
    site.engine.mix_calls.clear()
    await site.conductor.execute(PLENARY, SetFloorLanguage(OLENA, DE))
    assert site.engine.mix_calls == []


async def test_on_air_is_heard_with_the_ramps_of_the_domain(site: Site) -> None:
    await on_air(site)
    assert site.engine.gains("plenary/uk") == {"plenary/mic:olena": 1.0}
    under = site.engine.mixes["plenary/uk+floor"]
    assert (under["plenary/venue"].gain, under["plenary/venue"].ramp_ms) == (0.2, 80)
    assert under["plenary/mic:olena"].ramp_ms == 30
    await site.engine.fall_silent("plenary/mic:olena")
    floor = site.engine.mixes["plenary/uk"]
    assert (floor["plenary/venue"].ramp_ms, floor["plenary/mic:olena"].gain) == (300, 0.0)


async def test_what_the_engine_says_of_others_is_passed_over(site: Site) -> None:
    await site.engine.flow("nowhere/venue")
    await site.engine.flow("plenary/odd")
    await site.engine.tell(PeerConnected("x"))
    await site.engine.tell(MixerFailed("ValueError"))
    await site.engine.flow("plenary/venue")
    assert site.engine.gains("plenary/floor") == {"plenary/venue": 1.0}


async def test_without_the_store_commands_are_refused_and_sound_goes_on(site: Site) -> None:
    await on_air(site)
    version = site.conductor.version(PLENARY)
    flaky = site.store
    flaky.is_down = True
    with pytest.raises(StoreUnavailable):
        await site.conductor.execute(PLENARY, ReleaseMic(OLENA))
    assert site.engine.gains("plenary/uk") == {"plenary/mic:olena": 1.0}
    await site.engine.fall_silent("plenary/mic:olena")
    assert site.engine.gains("plenary/uk") == {"plenary/venue": pytest.approx(0.35)}
    assert site.conductor.version(PLENARY) == version
    flaky.is_down = False
    await site.conductor.execute(PLENARY, ReleaseMic(OLENA))
    assert site.conductor.version(PLENARY) == version + 1


async def test_a_store_that_was_emptied_gets_its_rooms_back(site: Site, tmp_path: Path) -> None:
    await on_air(site)
    version = site.conductor.version(PLENARY)
    async with SqliteStore.open(tmp_path / "empty.sqlite3") as empty:
        full, site.store.store = site.store.store, empty
        await site.conductor.look_after_store()
        assert (await empty.load(PLENARY)).version == version
        assert site.conductor.version(PLENARY) == version
        await site.conductor.execute(PLENARY, ReleaseMic(OLENA))
        assert await empty.version(PLENARY) == version + 1
        site.store.store = full


async def test_looking_after_a_store_that_is_away_changes_nothing(site: Site) -> None:
    await on_air(site)
    site.store.is_down = True
    with pytest.raises(StoreUnavailable):
        await site.conductor.look_after_store()
    site.store.is_down = False
    await site.conductor.execute(PLENARY, ReleaseMic(OLENA))


async def test_a_command_has_its_effect_once(site: Site) -> None:
    await site.conductor.execute(PLENARY, EnterBooth(OLENA, BOOTH, "Olena"))
    first = await site.conductor.execute_once(PLENARY, "1", TakeMic(OLENA), OLENA)
    await site.conductor.execute(PLENARY, ReleaseMic(OLENA))
    again = await site.conductor.execute_once(PLENARY, "1", TakeMic(OLENA), OLENA)
    assert dict(again) == dict(first)
    assert site.conductor.view(PLENARY, Role.TECHNICIAN)["booths"][0]["seats"][0]["mic"] == "off_air"  # type: ignore[index]
    refusal = await site.conductor.execute_once(PLENARY, "2", TakeMic(JONAS), JONAS)
    assert dict(refusal) == {"code": "not_in_booth"}


async def test_who_stays_away_leaves_the_booth(site: Site) -> None:
    await on_air(site)
    site.conductor.presence.page_closed(PLENARY, OLENA)
    assert site.engine.gains("plenary/uk") == {"plenary/mic:olena": 1.0}
    await site.conductor.tick(site.monotonic() + ABSENCE_S - 1)
    assert seats(site) == [("olena", False)]
    await site.conductor.presence.page_opened(PLENARY, OLENA)
    assert seats(site) == [("olena", True)]
    site.conductor.presence.page_closed(PLENARY, OLENA)
    site.store.is_down = True
    await site.conductor.tick(site.monotonic() + ABSENCE_S)
    assert seats(site) == [("olena", False)]
    site.store.is_down = False
    await site.conductor.tick(site.monotonic() + ABSENCE_S)
    assert seats(site) == []
    assert site.engine.gains("plenary/uk") == {"plenary/venue": pytest.approx(0.35)}


async def test_a_restarted_server_is_on_air_again(config: Config, tmp_path: Path) -> None:
    async with SqliteStore.open(tmp_path / "room.sqlite3") as real:
        store = FlakyStore(real)
        async with running(config, store) as site:
            await on_air(site)
            await site.conductor.execute(PLENARY, SetFloorLanguage(OLENA, Language("en")))
            version = site.conductor.version(PLENARY)
        async with running(config, store) as site:
            assert site.conductor.version(PLENARY) == version
            assert seats(site) == [("olena", False)]
            assert site.engine.gains("plenary/en") == {"plenary/demo": 1.0}
            await site.engine.flow("plenary/venue")
            await site.engine.flow("plenary/mic:olena")
            assert site.engine.gains("plenary/uk") == {"plenary/mic:olena": 1.0}
            await site.conductor.tick(site.monotonic() + ABSENCE_S)
            assert seats(site) == []


async def test_a_server_that_starts_without_its_store_takes_it_over_later(config: Config, tmp_path: Path) -> None:
    async with SqliteStore.open(tmp_path / "room.sqlite3") as real:
        store = FlakyStore(real)
        async with running(config, store) as site:
            await on_air(site)
        store.is_down = True
        async with running(config, store) as site:
            assert not site.conductor.is_ready
            assert (await site.client.get("/readyz")).status == 503
            assert site.engine.gains("plenary/floor") == {"plenary/demo": 1.0}
            await site.engine.flow("plenary/mic:olena")
            with pytest.raises(StoreUnavailable):
                await site.conductor.execute(PLENARY, TakeMic(OLENA))
            await site.conductor.tick(site.monotonic())
            store.is_down = False
            await site.conductor.tick(site.monotonic())
            assert site.conductor.is_ready
            assert site.engine.gains("plenary/uk") == {"plenary/mic:olena": 1.0}


async def test_listeners_are_counted_by_channel_and_told_once_a_tick(site: Site) -> None:
    await site.whep("uk")
    await site.whep("uk", site.invite(Role.VIEWER))
    await site.whep("floor")
    await site.whep("de", site.invite(Role.INTERPRETER))
    assert site.conductor.view(PLENARY, Role.TECHNICIAN)["listeners"] == {"floor": 0, "de": 0, "uk": 0, "en": 0}
    await site.conductor.tick(site.monotonic())
    assert site.conductor.view(PLENARY, Role.TECHNICIAN)["listeners"] == {"floor": 1, "de": 0, "uk": 2, "en": 0}
    assert site.conductor.view(PLENARY, Role.VIEWER)["listeners"] is None


async def test_a_recording_has_buses_of_its_own_and_only_what_consents(site: Site) -> None:
    await on_air(site)
    await site.conductor.execute(PLENARY, StartRecording(TECHNICIAN))
    assert site.engine.gains("plenary/rec:floor") == {"plenary/venue": 1.0}
    assert site.engine.gains("plenary/rec:uk") == {"plenary/venue": pytest.approx(0.35)}
    assert site.engine.gains("plenary/stem:venue") == {"plenary/venue": 1.0}
    assert "plenary/stem:mic:olena" not in site.engine.mixes
    assert site.engine.pictures["plenary/rec"] == "plenary/venue"
    await site.conductor.execute(PLENARY, SetConsent(OLENA, mic_source(OLENA), True))
    assert site.engine.gains("plenary/rec:uk") == {"plenary/mic:olena": 1.0}
    assert site.engine.mixes["plenary/rec:uk"]["plenary/venue"].ramp_ms == 80
    assert site.engine.gains("plenary/stem:mic:olena") == {"plenary/mic:olena": 1.0}
    await site.conductor.execute(PLENARY, SetConsent(TECHNICIAN, VENUE, False))
    assert site.engine.gains("plenary/rec:floor") == site.engine.gains("plenary/stem:venue") == {}
    assert site.engine.gains("plenary/floor") == {"plenary/venue": 1.0}
    assert site.engine.pictures["plenary/rec"] is None
    await site.conductor.execute(PLENARY, StopRecording(TECHNICIAN))
    assert not any(site.engine.gains(bus) for bus in site.engine.mixes if "rec:" in bus or "stem:" in bus)


async def test_the_second_sender_takes_over_at_once_and_stays_over_a_restart(config: Config, tmp_path: Path) -> None:
    async with SqliteStore.open(tmp_path / "room.sqlite3") as real:
        store = FlakyStore(real)
        async with running(config, store) as site:
            await site.engine.flow("plenary/venue")
            await site.engine.flow("plenary/backup")
            assert site.engine.gains("plenary/floor") == {"plenary/venue": 1.0}
            store.is_down = True
            await site.engine.fall_silent("plenary/venue")
            assert site.engine.gains("plenary/floor") == {"plenary/backup": 1.0}
            assert site.engine.pictures["plenary"] == "plenary/backup"
            assert site.conductor.view(PLENARY, Role.VIEWER)["venue"] == "live"
            await site.engine.flow("plenary/venue")
            assert site.engine.gains("plenary/floor") == {"plenary/backup": 1.0}
            await site.conductor.tick(site.monotonic())
            store.is_down = False
            await site.conductor.tick(site.monotonic())
        async with running(config, store) as site:
            await site.engine.flow("plenary/venue")
            await site.engine.flow("plenary/backup")
            assert site.engine.gains("plenary/floor") == {"plenary/backup": 1.0}
            await site.conductor.execute(PLENARY, SelectVenue(TECHNICIAN, VENUE))
            assert site.engine.gains("plenary/floor") == {"plenary/venue": 1.0}


def seats(site: Site) -> list[tuple[object, object]]:
    booths = site.conductor.view(PLENARY, Role.TECHNICIAN)["booths"]
    assert isinstance(booths, list)
    return [(seat["person"], seat["present"]) for booth in booths for seat in booth["seats"]]
