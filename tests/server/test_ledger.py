"""A room's log: stored before it is true, loaded as it was, mended when the store and we disagree."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from interpreting.booth import Booth, MicState
from interpreting.codec import event_to_dict
from interpreting.commands import (
    ConnectSource,
    EnterBooth,
    LoseSource,
    SelectIncoming,
    SelectItem,
    SelectVenue,
    SetFloorLanguage,
    StepAway,
    TakeMic,
)
from interpreting.errors import Refused
from interpreting.events import FloorLanguageSet, VenueSelected
from interpreting.ids import (
    BACKUP,
    PLAYOUT,
    VENUE,
    AssetId,
    BoothId,
    ItemId,
    Language,
    PersonId,
    RoomId,
    SourceKind,
    kind_of,
)
from interpreting.ids import HALL as HALLS_SENDERS
from interpreting.programme import Item
from interpreting.room import Room
from interpreting.workshop_commands import CuePlayout, EnterRoom, GiveFloor, StartPlayout
from server.ledger import EVENTS_A_SNAPSHOT, Ledger
from server.store import StoreUnavailable
from server.store.sqlite import SqliteStore
from tests.fakes import FlakyStore

HALL, BOOTH, OLENA = RoomId("hall"), BoothId("de-uk"), PersonId("olena")
DE, UK = Language("de"), Language("uk")


def room(*languages: Language) -> Room:
    spoken = languages or (DE, UK)
    return Room(HALL, spoken, {BOOTH: Booth(BOOTH, (DE, UK))}, DE)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[FlakyStore]:
    async with SqliteStore.open(tmp_path / "hall.sqlite3") as real:
        yield FlakyStore(real)


async def opened(store: FlakyStore, configured: Room | None = None) -> Ledger:
    ledger = Ledger(configured or room(), store)
    await ledger.load()
    return ledger


async def test_what_is_said_is_there_after_a_restart_and_connections_are_not(store: FlakyStore) -> None:
    ledger = await opened(store)
    assert await ledger.change(EnterBooth(OLENA, BOOTH, "Olena"), 1.0)
    assert await ledger.change(TakeMic(OLENA), 2.0)
    assert ledger.note(ConnectSource(VENUE, SourceKind.VENUE), 3.0)
    again = await opened(store)
    seat = again.room.seat_of(OLENA)
    assert seat is not None
    assert (seat.mic, seat.present, again.version) == (MicState.ON_AIR, False, ledger.version)
    assert again.room.sources == {}


async def test_a_take_over_by_loss_is_true_at_once_and_stored_when_it_can_be(store: FlakyStore) -> None:
    ledger = await opened(store)
    for source in HALLS_SENDERS:
        ledger.note(ConnectSource(source, kind_of(source)), 1.0)
    store.is_down = True
    assert ledger.note(LoseSource(VENUE), 2.0)
    assert ledger.room.venue_source == BACKUP
    with pytest.raises(StoreUnavailable):
        await ledger.settle()
    store.is_down = False
    await ledger.settle()
    assert (ledger.room.venue_source, ledger.version) == (BACKUP, 1)
    await ledger.settle()
    assert ledger.version == 1
    assert (await opened(store)).room.venue_source == BACKUP


async def test_a_take_over_is_stored_before_what_is_said_after_it(store: FlakyStore) -> None:
    ledger = await opened(store)
    for source in HALLS_SENDERS:
        ledger.note(ConnectSource(source, kind_of(source)), 1.0)
    ledger.note(LoseSource(VENUE), 2.0)
    # Somebody else's entry, which makes ours late.
    await (await opened(store)).change(SetFloorLanguage(OLENA, UK), 3.0)
    assert await ledger.change(SelectVenue(OLENA, VENUE), 4.0)
    again = await opened(store)
    assert (again.room.venue_source, again.room.floor_language, again.version) == (VENUE, UK, 3)


async def test_a_take_over_that_was_written_after_all_does_not_come_twice(store: FlakyStore) -> None:
    ledger = await opened(store)
    for source in HALLS_SENDERS:
        ledger.note(ConnectSource(source, kind_of(source)), 1.0)
    ledger.note(LoseSource(VENUE), 2.0)
    written = (VenueSelected(BACKUP, at=2.0), VenueSelected(VENUE, at=3.0))
    await store.append(HALL, 0, [event_to_dict(event) for event in written])
    await ledger.settle()
    assert (ledger.room.venue_source, ledger.version) == (VENUE, 2)


async def test_the_programme_is_the_configurations(store: FlakyStore) -> None:
    items = tuple(Item(ItemId(id), {"en": id}) for id in ("opening", "cities"))
    ledger = await opened(store, replace(room(), items=items))
    await ledger.change(SelectItem(OLENA, ItemId("cities")), 1.0)
    await ledger.save_snapshot()
    await ledger.change(EnterBooth(OLENA, BOOTH, "Olena"), 2.0)
    shorter = await opened(store, replace(room(), items=items[:1]))
    assert shorter.room.items == items[:1]
    assert shorter.room.item_now is None
    assert shorter.room.seat_of(OLENA) is not None


async def test_so_are_the_policies(store: FlakyStore) -> None:
    ledger = await opened(store)
    await ledger.change(SetFloorLanguage(OLENA, UK), 1.0)
    await ledger.save_snapshot()
    closed = await opened(store, replace(room(), is_closed=True, is_recordable=False, shows_roster=True))
    assert closed.room == replace(ledger.room, is_closed=True, is_recordable=False, shows_roster=True)


async def test_who_takes_part_is_there_after_a_restart_and_their_page_is_not(store: FlakyStore) -> None:
    ledger = await opened(store)
    await ledger.change(EnterRoom(OLENA, "Olena", UK), 1.0)
    await ledger.change(GiveFloor(OLENA, OLENA), 2.0)
    again = await opened(store)
    assert (again.room.holders, again.room.people[OLENA].present) == (ledger.room.holders, False)
    # Only the store was away: the page is there as before.
    ledger.is_loaded = False
    await ledger.load()
    assert ledger.room.people[OLENA].present
    assert ledger.note(StepAway(OLENA), 3.0)
    assert not ledger.room.people[OLENA].present


async def test_the_end_of_a_play_out_is_true_at_once_and_stored_when_it_can_be(store: FlakyStore) -> None:
    ledger = await opened(store)
    await ledger.change(CuePlayout(OLENA, None, AssetId("greeting"), 30.0), 1.0)
    await ledger.change(StartPlayout(OLENA), 2.0)
    ledger.note(ConnectSource(PLAYOUT, SourceKind.PLAYOUT), 7.0)
    assert ledger.room.is_playing_out
    ledger.note(LoseSource(PLAYOUT), 37.0)
    assert ledger.room.playout is None
    assert (await opened(store)).room.playout is not None
    await ledger.settle()
    assert (await opened(store)).room.playout is None


async def test_coming_back_to_a_seat_is_stored_and_replayed(store: FlakyStore) -> None:
    ledger = await opened(store)
    await ledger.change(EnterBooth(OLENA, BOOTH, "Olena"), 1.0)
    await ledger.change(TakeMic(OLENA), 2.0)
    for at in (3.0, 5.0):
        assert ledger.note(StepAway(OLENA), at)
        assert await ledger.change(EnterBooth(OLENA, BOOTH, "Olena"), at + 1)
    again = await opened(store)
    assert again.version == ledger.version == 4


async def test_what_is_so_already_makes_no_version(store: FlakyStore) -> None:
    ledger = await opened(store)
    assert not await ledger.change(SetFloorLanguage(OLENA, DE), 1.0)
    assert ledger.version == 0


async def test_without_the_store_nothing_changes_and_connections_do(store: FlakyStore) -> None:
    ledger = await opened(store)
    store.is_down = True
    with pytest.raises(StoreUnavailable):
        await ledger.change(SetFloorLanguage(OLENA, UK), 1.0)
    assert (ledger.room.floor_language, ledger.version) == (DE, 0)
    assert ledger.note(ConnectSource(VENUE, SourceKind.VENUE), 2.0)
    assert VENUE in ledger.room.sources
    store.is_down = False
    assert await ledger.change(SetFloorLanguage(OLENA, UK), 3.0)
    assert VENUE in ledger.room.sources


async def test_what_is_stored_is_known_before_anything_is_added(store: FlakyStore) -> None:
    await (await opened(store)).change(EnterBooth(OLENA, BOOTH, "Olena"), 1.0)
    late = Ledger(room(), store)
    assert await late.change(SetFloorLanguage(OLENA, UK), 2.0)
    assert late.version == 2


async def test_a_refusal_changes_nothing(store: FlakyStore) -> None:
    ledger = await opened(store)
    before = ledger.room
    with pytest.raises(Refused):
        await ledger.change(TakeMic(OLENA), 1.0)
    assert ledger.room is before


async def test_an_append_whose_answer_was_lost_is_believed(store: FlakyStore) -> None:
    ledger = await opened(store)
    await store.append(HALL, 0, [event_to_dict(FloorLanguageSet(at=1.0, language=UK))])
    assert await ledger.change(EnterBooth(OLENA, BOOTH, "Olena"), 2.0)
    assert (ledger.room.floor_language, ledger.version) == (UK, 2)
    assert (await opened(store)).room == replace(ledger.room, booths=(await opened(store)).room.booths)


async def test_after_an_outage_we_agree_with_the_store_first(store: FlakyStore) -> None:
    ledger = await opened(store)
    store.is_down = True
    with pytest.raises(StoreUnavailable):
        await ledger.change(SetFloorLanguage(OLENA, UK), 1.0)
    assert not ledger.is_loaded
    store.is_down = False
    await store.append(HALL, 0, [event_to_dict(FloorLanguageSet(at=1.0, language=UK))])
    assert await ledger.change(SetFloorLanguage(OLENA, DE), 2.0)
    assert (ledger.room.floor_language, ledger.version) == (DE, 2)


async def test_an_emptied_store_is_told_what_we_know(store: FlakyStore, tmp_path: Path) -> None:
    ledger = await opened(store)
    await ledger.change(SetFloorLanguage(OLENA, UK), 1.0)
    async with SqliteStore.open(tmp_path / "empty.sqlite3") as empty:
        store.store = empty
        assert await ledger.change(EnterBooth(OLENA, BOOTH, "Olena"), 2.0)
        again = await opened(store)
        assert (again.room.floor_language, again.version) == (UK, 2)
        assert again.room.seat_of(OLENA) is not None


async def test_a_snapshot_spares_the_past(store: FlakyStore) -> None:
    ledger = await opened(store)
    await ledger.change(EnterBooth(OLENA, BOOTH, "Olena"), 0.0)
    for number in range(EVENTS_A_SNAPSHOT):
        channel = "floor" if number % 2 else DE if ledger.room.seat_of(OLENA).outgoing == UK else UK  # type: ignore[union-attr]
        await ledger.change(SelectIncoming(OLENA, channel), float(number))  # type: ignore[arg-type]
    log = await store.load(HALL)
    assert log.snapshot is not None
    assert len(log.events) < EVENTS_A_SNAPSHOT
    assert (await opened(store)).version == ledger.version


async def test_another_configuration_begins_anew(store: FlakyStore) -> None:
    ledger = await opened(store)
    await ledger.change(EnterBooth(OLENA, BOOTH, "Olena"), 1.0)
    await ledger.save_snapshot()
    wider = await opened(store, room(DE, UK, Language("en")))
    assert wider.room.languages == (DE, UK, "en")
    assert wider.room.seat_of(OLENA) is None
    assert await wider.change(SetFloorLanguage(OLENA, Language("en")), 2.0)
    assert (await opened(store, room(DE, UK, Language("en")))).version == wider.version
