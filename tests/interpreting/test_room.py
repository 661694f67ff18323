"""Rooms: what may be built, who sits where, policies and sources."""

from dataclasses import FrozenInstanceError, replace
from types import MappingProxyType

import pytest

from interpreting.booth import Booth, Handover, MicState, Seat
from interpreting.commands import (
    ConnectSource,
    EnterBooth,
    LeaveBooth,
    LoseAllSources,
    LoseSource,
    SelectIncoming,
    SelectOutgoing,
    SetFallback,
    SetFloorLanguage,
    StepAway,
    TakeMic,
)
from interpreting.errors import Code, InvalidRecord, InvalidRoom
from interpreting.events import (
    AllSourcesLost,
    BoothEntered,
    BoothLeft,
    Event,
    FallbackSet,
    FloorLanguageSet,
    HandoverAccepted,
    HandoverSwitched,
    MicReleased,
    MicTaken,
    SourceConnected,
    SourceLost,
    SteppedAway,
)
from interpreting.ids import DEMO, VENUE, BoothId, SourceId, SourceKind, mic_source
from interpreting.languages import FLOOR, Fallback, Language
from interpreting.room import Room
from tests.interpreting.plenary import (
    DE,
    DE_UK,
    EMMA,
    EN,
    EN_DE,
    FAY,
    MODERATOR,
    NOW,
    OLHA,
    PETRO,
    PL,
    SPEAKER,
    STRANGER,
    UK,
    after,
    code_of,
    empty_room,
    events_of,
    olha_on_air,
    seat,
    staffed_room,
)


class TestConfiguration:
    def test_a_room_cannot_be_changed(self) -> None:
        room = empty_room()
        with pytest.raises(FrozenInstanceError):
            room.floor_language = EN  # type: ignore[misc]

    def test_a_silent_channel_is_ducked_unless_set_otherwise(self) -> None:
        assert empty_room().fallback(UK) is Fallback.DUCKED
        assert empty_room().fallback(EN) is Fallback.FLOOR

    def test_read_only_mappings_serve_as_well(self) -> None:
        room = empty_room()
        assert replace(room, booths=MappingProxyType(dict(room.booths))) == room

    @pytest.mark.parametrize(
        "changes",
        [
            {"languages": ()},
            {"languages": (DE, UK, EN, DE)},
            {"languages": (DE, UK, EN, Language(FLOOR))},
            {"floor_language": PL},
            {"fallbacks": {PL: Fallback.DUCKED}},
            {"sources": {SourceId("mic:olha"): SourceKind.VENUE}},
            {"sources": {SourceId("radio"): SourceKind.VENUE}},
            {"booths": {BoothId("other"): Booth(DE_UK, (DE, UK))}},
            {"booths": {DE_UK: Booth(DE_UK, ())}},
            {"booths": {DE_UK: Booth(DE_UK, (DE, DE))}},
            {"booths": {DE_UK: Booth(DE_UK, (DE, PL))}},
        ],
    )
    def test_a_contradiction_is_refused(self, changes: dict[str, object]) -> None:
        with pytest.raises(InvalidRoom) as caught:
            replace(empty_room(), **changes)  # type: ignore[arg-type]
        assert caught.value.code is Code.ROOM_INVALID
        assert caught.value.detail

    @pytest.mark.parametrize(
        "booth",
        [
            Booth(DE_UK, (DE, UK), {OLHA: Seat(PETRO, "Petro", UK)}),
            Booth(DE_UK, (DE, UK), {OLHA: Seat(OLHA, "Olha", EN)}),
            Booth(DE_UK, (DE, UK), {OLHA: Seat(OLHA, "Olha", UK, PL)}),
            Booth(DE_UK, (DE, UK), {OLHA: Seat(OLHA, "Olha", UK, UK)}),
            Booth(DE_UK, (DE, UK), {EMMA: Seat(EMMA, "Emma", UK)}),
            Booth(DE_UK, (DE, UK), {OLHA: Seat(OLHA, "Olha", UK)}, Handover(OLHA)),
            Booth(
                DE_UK,
                (DE, UK),
                {p: Seat(p, "One", lang, mic=MicState.ON_AIR) for p, lang in ((OLHA, UK), (PETRO, DE))},
            ),
        ],
    )
    def test_a_booth_that_cannot_be_is_refused(self, booth: Booth) -> None:
        room = after(staffed_room(), LeaveBooth(OLHA), LeaveBooth(PETRO))
        with pytest.raises(InvalidRoom):
            replace(room, booths={**room.booths, DE_UK: booth})

    @pytest.mark.parametrize("handover", [Handover(OLHA, OLHA), Handover(PETRO, STRANGER), Handover(STRANGER)])
    def test_a_handover_that_cannot_be_is_refused(self, handover: Handover) -> None:
        room = olha_on_air()
        with pytest.raises(InvalidRoom):
            replace(room, booths={**room.booths, DE_UK: replace(room.booths[DE_UK], handover=handover)})

    def test_two_booths_on_one_channel_are_refused(self) -> None:
        room = after(staffed_room(), TakeMic(EMMA))
        booth = room.booths[BoothId("en-uk")]
        taken = replace(booth, seats={FAY: replace(booth.seats[FAY], mic=MicState.ON_AIR)})
        with pytest.raises(InvalidRoom):
            replace(room, booths={**room.booths, booth.id: taken})


class TestPolicies:
    def test_the_floor_changes_its_language(self) -> None:
        events = events_of(empty_room(), SetFloorLanguage(MODERATOR, UK))
        assert events == (FloorLanguageSet(UK, at=NOW),)
        assert empty_room().evolve(events[0]).floor_language == UK

    def test_the_same_language_again_is_nothing_new(self) -> None:
        assert events_of(empty_room(), SetFloorLanguage(MODERATOR, DE)) == ()

    def test_the_floor_speaks_only_a_language_of_the_room(self) -> None:
        assert code_of(empty_room(), SetFloorLanguage(MODERATOR, PL)) is Code.LANGUAGE_UNKNOWN

    def test_a_channel_gets_another_fallback(self) -> None:
        events = events_of(empty_room(), SetFallback(MODERATOR, UK, Fallback.SILENCE))
        assert events == (FallbackSet(UK, Fallback.SILENCE, at=NOW),)
        assert empty_room().evolve(events[0]).fallback(UK) is Fallback.SILENCE

    def test_the_default_fallback_again_is_nothing_new(self) -> None:
        assert events_of(empty_room(), SetFallback(MODERATOR, UK, Fallback.DUCKED)) == ()

    def test_a_fallback_is_only_for_a_channel_of_the_room(self) -> None:
        assert code_of(empty_room(), SetFallback(MODERATOR, PL, Fallback.DUCKED)) is Code.LANGUAGE_UNKNOWN


class TestSeats:
    def test_who_enters_listens_to_the_floor_and_speaks_what_the_floor_does_not(self) -> None:
        events = events_of(empty_room(), EnterBooth(OLHA, DE_UK, "Olha"))
        assert events == (BoothEntered(OLHA, DE_UK, "Olha", UK, at=NOW),)
        assert seat(empty_room().evolve(events[0]), OLHA) == Seat(OLHA, "Olha", UK, FLOOR, MicState.OFF_AIR, True)

    def test_a_booth_of_one_language_speaks_it_even_when_the_floor_does(self) -> None:
        room = replace(empty_room(), booths={DE_UK: Booth(DE_UK, (DE,))})
        assert seat(after(room, EnterBooth(OLHA, DE_UK, "Olha")), OLHA).outgoing == DE

    def test_entering_an_unknown_booth_is_refused(self) -> None:
        assert code_of(empty_room(), EnterBooth(OLHA, BoothId("none"), "Olha")) is Code.BOOTH_UNKNOWN

    def test_entering_twice_is_nothing_new(self) -> None:
        assert events_of(staffed_room(), EnterBooth(OLHA, DE_UK, "Olha")) == ()

    def test_who_comes_back_finds_everything_as_it_was(self) -> None:
        room = after(staffed_room(), SelectIncoming(OLHA, EN), SetFloorLanguage(MODERATOR, UK), TakeMic(OLHA))
        away = after(room, StepAway(OLHA))
        assert seat(away, OLHA) == replace(seat(room, OLHA), present=False)
        assert after(away, EnterBooth(OLHA, DE_UK, "Olha")) == room

    def test_who_comes_back_may_have_another_name(self) -> None:
        room = after(olha_on_air(), EnterBooth(OLHA, DE_UK, "Olha K."))
        assert seat(room, OLHA) == replace(seat(olha_on_air(), OLHA), name="Olha K.")

    def test_stepping_away_twice_or_from_nowhere_is_nothing_new(self) -> None:
        assert events_of(staffed_room(), StepAway(OLHA)) == (SteppedAway(OLHA, at=NOW),)
        assert events_of(after(staffed_room(), StepAway(OLHA)), StepAway(OLHA)) == ()
        assert events_of(staffed_room(), StepAway(STRANGER)) == ()

    def test_leaving_takes_the_microphone_off_air(self) -> None:
        events = events_of(olha_on_air(), LeaveBooth(OLHA))
        assert events == (MicReleased(OLHA, at=NOW), BoothLeft(OLHA, DE_UK, at=NOW))
        room = after(olha_on_air(), LeaveBooth(OLHA))
        assert room.booth_of(OLHA) is None
        assert room.on_air_into(UK) == []

    def test_leaving_without_a_seat_is_nothing_new(self) -> None:
        assert events_of(staffed_room(), LeaveBooth(STRANGER)) == ()

    def test_entering_another_booth_leaves_the_first(self) -> None:
        events = events_of(olha_on_air(), EnterBooth(OLHA, EN_DE, "Olha"))
        assert events == (
            MicReleased(OLHA, at=NOW),
            BoothLeft(OLHA, DE_UK, at=NOW),
            BoothEntered(OLHA, EN_DE, "Olha", EN, at=NOW),
        )

    def test_seats_keep_the_order_of_entering(self) -> None:
        room = after(staffed_room(), StepAway(OLHA), EnterBooth(OLHA, DE_UK, "Olha"))
        assert list(room.booths[DE_UK].seats) == [OLHA, PETRO]

    def test_outgoing_is_one_of_the_booths_languages(self) -> None:
        assert seat(after(staffed_room(), SelectOutgoing(OLHA, DE)), OLHA).outgoing == DE
        assert code_of(staffed_room(), SelectOutgoing(OLHA, EN)) is Code.LANGUAGE_NOT_IN_BOOTH
        assert code_of(staffed_room(), SelectOutgoing(OLHA, PL)) is Code.LANGUAGE_UNKNOWN
        assert events_of(staffed_room(), SelectOutgoing(OLHA, UK)) == ()

    def test_incoming_is_the_floor_or_a_channel_of_the_room(self) -> None:
        relayed = after(staffed_room(), SelectIncoming(OLHA, EN))
        assert seat(relayed, OLHA).incoming == EN
        assert seat(after(relayed, SelectIncoming(OLHA, FLOOR)), OLHA).incoming == FLOOR
        assert code_of(staffed_room(), SelectIncoming(OLHA, PL)) is Code.CHANNEL_UNKNOWN
        assert events_of(staffed_room(), SelectIncoming(OLHA, FLOOR)) == ()


class TestSources:
    @pytest.mark.parametrize(
        ("source", "kind"),
        [
            (VENUE, SourceKind.VENUE),
            (DEMO, SourceKind.DEMO),
            (SPEAKER, SourceKind.SPEAKER),
            (mic_source(STRANGER), SourceKind.MIC),
        ],
    )
    def test_a_source_flows_and_is_lost(self, source: SourceId, kind: SourceKind) -> None:
        connected = ConnectSource(source, kind)
        assert events_of(empty_room(), connected) == (SourceConnected(source, kind, at=NOW),)
        flowing = after(empty_room(), connected)
        assert flowing.sources == {source: kind}
        assert events_of(flowing, connected) == ()
        assert events_of(flowing, LoseSource(source)) == (SourceLost(source, at=NOW),)
        assert after(flowing, LoseSource(source)) == empty_room()

    def test_losing_what_does_not_flow_is_nothing_new(self) -> None:
        assert events_of(empty_room(), LoseSource(VENUE)) == ()
        assert events_of(empty_room(), LoseAllSources()) == ()

    @pytest.mark.parametrize(
        ("source", "kind"),
        [
            ("radio", SourceKind.VENUE),
            ("mic:", SourceKind.MIC),
            ("venue:x", SourceKind.VENUE),
            ("demo", SourceKind.VENUE),
            ("mic:olha", SourceKind.SPEAKER),
        ],
    )
    def test_a_source_of_no_known_form_is_refused(self, source: str, kind: SourceKind) -> None:
        assert code_of(empty_room(), ConnectSource(SourceId(source), kind)) is Code.SOURCE_UNKNOWN

    def test_a_restart_loses_all_sources_and_keeps_who_is_on_air(self) -> None:
        assert events_of(olha_on_air(), LoseAllSources()) == (AllSourcesLost(at=NOW),)
        room = after(olha_on_air(), LoseAllSources())
        assert room == replace(olha_on_air(), sources={})


@pytest.mark.parametrize(
    "event",
    [
        BoothEntered(STRANGER, BoothId("none"), "Stranger", UK, at=NOW),
        BoothLeft(STRANGER, DE_UK, at=NOW),
        SteppedAway(STRANGER, at=NOW),
        MicTaken(STRANGER, UK, at=NOW),
        HandoverAccepted(OLHA, at=NOW),
        HandoverSwitched(STRANGER, OLHA, UK, at=NOW),
    ],
)
def test_an_event_of_another_room_is_not_replayed(event: Event) -> None:
    with pytest.raises(InvalidRecord):
        staffed_room().evolve(event)


@pytest.mark.parametrize(
    "event",
    [
        FloorLanguageSet(PL, at=NOW),
        FallbackSet(PL, Fallback.DUCKED, at=NOW),
        BoothEntered(OLHA, EN_DE, "Olha", EN, at=NOW),
        MicTaken(PETRO, DE, at=NOW),
        HandoverSwitched(OLHA, EMMA, UK, at=NOW),
        SourceConnected(VENUE, SourceKind.MIC, at=NOW),
    ],
)
def test_an_event_that_breaks_the_room_is_not_replayed(event: Event) -> None:
    room: Room = olha_on_air()
    with pytest.raises(InvalidRoom):
        room.evolve(event)
