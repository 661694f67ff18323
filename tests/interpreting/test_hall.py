"""Recording and consent, the hall's two senders, the holding slide, the programme."""

from dataclasses import replace

import pytest

from interpreting.commands import (
    AskSpeaker,
    ConnectSource,
    HoldSlide,
    LoseAllSources,
    LoseSource,
    NextItem,
    SelectItem,
    SelectVenue,
    SetConsent,
    StartRecording,
    StopRecording,
)
from interpreting.errors import Code
from interpreting.events import (
    ConsentSet,
    FloorLanguageSet,
    ItemSelected,
    RecordingStarted,
    RecordingStopped,
    SlideHeld,
    SourceLost,
    VenueSelected,
)
from interpreting.ids import BACKUP, DEMO, HALL_MICS, VENUE, ItemId, RecordingId, SourceId, SourceKind, mic_source
from interpreting.people import Role
from interpreting.programme import DOUBLE_PRESS_S
from interpreting.room import Room, replay
from interpreting.view import room_view
from interpreting.words import Wish
from tests.interpreting.plenary import (
    BREAK,
    CITIES,
    DE,
    MODERATOR,
    NOW,
    OLHA,
    OPENING,
    SPEAKER,
    TECHNICIAN,
    UK,
    after,
    code_of,
    empty_room,
    events_of,
    staffed_room,
)

BACKUP_FLOWS = ConnectSource(BACKUP, SourceKind.BACKUP)
VENUE_FLOWS = ConnectSource(VENUE, SourceKind.VENUE)


def both_senders() -> Room:
    """Return the plenary with the hall's two senders flowing."""
    return after(staffed_room(), BACKUP_FLOWS)


class TestRecording:
    def test_is_named_by_room_and_second(self) -> None:
        started = events_of(empty_room(), StartRecording(MODERATOR), NOW + 0.7)
        assert started == (RecordingStarted(RecordingId("plenary-1800000000"), at=NOW + 0.7),)
        room = after(empty_room(), StartRecording(MODERATOR))
        assert (room.recording, room.recording_since) == ("plenary-1800000000", NOW)

    def test_started_or_stopped_twice_is_so_already(self) -> None:
        room = after(empty_room(), StartRecording(MODERATOR))
        assert events_of(room, StartRecording(TECHNICIAN)) == events_of(empty_room(), StopRecording(MODERATOR)) == ()
        assert events_of(room, StopRecording(TECHNICIAN)) == (
            RecordingStopped(RecordingId("plenary-1800000000"), at=NOW),
        )

    def test_never_has_an_id_twice_even_within_a_second_or_when_the_clock_is_put_back(self) -> None:
        room, ids = empty_room(), []
        for now in (NOW, NOW + 0.1, NOW + 1, NOW - 60):
            room = replay(room, room.apply(StartRecording(MODERATOR), now))
            ids.append(room.recording)
            room = after(room, StopRecording(MODERATOR))
            assert (room.recording, room.recording_since) == (None, None)
        assert ids == [f"plenary-{1_800_000_000 + n}" for n in range(4)]


class TestConsent:
    @pytest.mark.parametrize(
        ("source", "consents"),
        [
            *((source, True) for source in (VENUE, BACKUP, HALL_MICS[0], DEMO)),
            *((source, False) for source in (mic_source(OLHA), SPEAKER)),
        ],
    )
    def test_is_the_halls_by_default_and_nobodys_voice(self, source: SourceId, consents: bool) -> None:
        assert empty_room().consents_to(source) is consents
        assert events_of(empty_room(), SetConsent(MODERATOR, source, consents)) == ()
        said = SetConsent(MODERATOR, source, not consents)
        assert events_of(empty_room(), said) == (ConsentSet(source, not consents, at=NOW),)
        assert after(empty_room(), said).consents_to(source) is not consents
        assert after(empty_room(), said, SetConsent(MODERATOR, source, consents)).consents_to(source) is consents

    def test_of_the_hall_is_for_both_its_senders_until_the_second_says_otherwise(self) -> None:
        refused = after(empty_room(), SetConsent(MODERATOR, VENUE, False))
        for other in (BACKUP, *HALL_MICS):
            assert not refused.consents_to(other)
            assert after(refused, SetConsent(MODERATOR, other, True)).consents_to(other)

    def test_is_for_a_source(self) -> None:
        assert code_of(empty_room(), SetConsent(MODERATOR, SourceId("radio"), False)) is Code.SOURCE_UNKNOWN


class TestFurtherMicrophones:
    def test_are_shown_to_those_at_work_with_what_flows(self) -> None:
        room = after(both_senders(), ConnectSource(HALL_MICS[0], SourceKind.HALL_MIC))
        shown = [{"source": f"hall:{number}", "live": number == 2} for number in (2, 3, 4)]
        assert room_view(room, Role.VENUE)["venue_microphones"] == shown
        assert room_view(room, Role.VIEWER)["venue_microphones"] == []

    def test_take_nothing_else_away_when_they_go(self) -> None:
        mics = (ConnectSource(mic, SourceKind.HALL_MIC) for mic in HALL_MICS)
        room = after(both_senders(), *mics, LoseSource(HALL_MICS[1]))
        assert (room.venue_source, room.venue_now) == (VENUE, VENUE)
        assert room.hall_now == (VENUE, HALL_MICS[0], HALL_MICS[2])


class TestSenders:
    def test_one_is_selected_by_hand(self) -> None:
        room = after(both_senders(), SelectVenue(TECHNICIAN, BACKUP))
        assert (room.venue_source, room.venue_now) == (BACKUP, BACKUP)
        assert events_of(room, SelectVenue(TECHNICIAN, BACKUP)) == ()
        assert after(room, SelectVenue(TECHNICIAN, VENUE)).venue_now == VENUE

    @pytest.mark.parametrize("source", [DEMO, SPEAKER, mic_source(OLHA), SourceId("radio")])
    def test_are_the_halls_alone(self, source: SourceId) -> None:
        assert code_of(both_senders(), SelectVenue(TECHNICIAN, source)) is Code.SOURCE_UNKNOWN

    def test_the_backup_takes_over_with_the_loss_and_stays(self) -> None:
        assert events_of(both_senders(), LoseSource(VENUE)) == (
            SourceLost(VENUE, at=NOW),
            VenueSelected(BACKUP, at=NOW),
        )
        room = after(both_senders(), LoseSource(VENUE), VENUE_FLOWS)
        assert room.venue_now == BACKUP

    def test_the_loss_of_one_that_is_not_selected_changes_nothing(self) -> None:
        assert events_of(both_senders(), LoseSource(BACKUP)) == (SourceLost(BACKUP, at=NOW),)
        assert events_of(staffed_room(), LoseSource(VENUE)) == (SourceLost(VENUE, at=NOW),)

    def test_the_loss_of_the_backup_goes_back_to_the_venue(self) -> None:
        on_backup = after(both_senders(), LoseSource(VENUE))
        assert after(on_backup, LoseSource(BACKUP)).venue_source == VENUE
        assert after(on_backup, VENUE_FLOWS, LoseSource(BACKUP)).venue_now == VENUE

    def test_while_the_selected_one_is_not_there_the_other_is_carried(self) -> None:
        room = after(empty_room(), BACKUP_FLOWS)
        assert (room.venue_source, room.venue_now) == (VENUE, BACKUP)
        assert after(room, VENUE_FLOWS).venue_now == VENUE
        assert empty_room().venue_now is None

    def test_a_restart_keeps_the_selection(self) -> None:
        room = after(both_senders(), LoseSource(VENUE), LoseAllSources())
        assert room.venue_source == BACKUP
        assert after(room, VENUE_FLOWS, BACKUP_FLOWS).venue_now == BACKUP


def test_the_slide_is_held_and_let_go() -> None:
    assert events_of(empty_room(), HoldSlide(TECHNICIAN, False)) == ()
    assert events_of(empty_room(), HoldSlide(TECHNICIAN, True)) == (SlideHeld(True, at=NOW),)
    held = after(empty_room(), HoldSlide(TECHNICIAN, True))
    assert held.is_held
    assert not after(held, HoldSlide(TECHNICIAN, False)).is_held


class TestItems:
    def test_one_with_a_language_sets_the_floors(self) -> None:
        assert events_of(empty_room(), SelectItem(MODERATOR, CITIES)) == (
            FloorLanguageSet(UK, at=NOW),
            ItemSelected(CITIES, at=NOW),
        )
        room = after(empty_room(), SelectItem(MODERATOR, CITIES))
        assert (room.floor_language, room.item_now, room.item_since) == (UK, room.items[1], NOW)

    def test_one_of_the_floors_language_or_without_one_leaves_it(self) -> None:
        assert events_of(empty_room(), SelectItem(MODERATOR, OPENING)) == (ItemSelected(OPENING, at=NOW),)
        room = after(empty_room(), SelectItem(MODERATOR, BREAK))
        assert room.floor_language == DE
        assert events_of(room, SelectItem(MODERATOR, BREAK)) == ()

    def test_not_of_the_programme_are_refused(self) -> None:
        assert code_of(empty_room(), SelectItem(MODERATOR, ItemId("concert"))) is Code.ITEM_UNKNOWN

    def test_follow_each_other_to_the_last(self) -> None:
        room, seen, now = empty_room(), [], NOW
        for _ in room.items:
            room = replay(room, room.apply(NextItem(MODERATOR), now))
            seen.append(room.item)
            now += DOUBLE_PRESS_S
        assert seen == [OPENING, CITIES, BREAK]
        assert code_of(replace(room, item_since=NOW - DOUBLE_PRESS_S), NextItem(MODERATOR)) is Code.NO_NEXT_ITEM
        assert code_of(replace(empty_room(), items=()), NextItem(MODERATOR)) is Code.NO_NEXT_ITEM

    def test_two_who_press_at_once_go_on_by_one(self) -> None:
        room = after(empty_room(), NextItem(MODERATOR))
        assert events_of(room, NextItem(TECHNICIAN), NOW + DOUBLE_PRESS_S - 0.1) == ()
        assert events_of(room, NextItem(TECHNICIAN), NOW + DOUBLE_PRESS_S)[-1] == ItemSelected(
            CITIES, at=NOW + DOUBLE_PRESS_S
        )

    def test_the_next_speaker_begins_without_wishes(self) -> None:
        room = after(staffed_room(), AskSpeaker(OLHA, Wish.SLOWER))
        assert after(room, SelectItem(MODERATOR, CITIES)).asks == ()

    def test_the_programme_begins_anew_when_the_present_item_was_taken_out(self) -> None:
        room = replace(after(empty_room(), SelectItem(MODERATOR, BREAK)), items=empty_room().items[:2])
        assert room.item_now is None
        later = NOW + DOUBLE_PRESS_S
        assert room.apply(NextItem(MODERATOR), later)[-1] == ItemSelected(OPENING, at=later)
