"""The routing plan: what every bus carries, and how fast gains move."""

import pytest

from interpreting.commands import (
    ConnectSource,
    LoseSource,
    PressCough,
    SelectVenue,
    SetConsent,
    SetFallback,
    SetFloorLanguage,
    StartRecording,
    StepAway,
    StopRecording,
    TakeMic,
)
from interpreting.ids import BACKUP, DEMO, HALL_MICS, VENUE, BusId, PersonId, SourceKind, mic_source, speaker_source
from interpreting.languages import FLOOR, Fallback
from interpreting.plan import (
    DUCKED_GAIN,
    UNDER_GAIN,
    ChannelState,
    Mode,
    bus_of,
    channel_states,
    plan,
    ramp_ms,
    recorded_bus,
    stem_bus,
)
from interpreting.room import Room
from tests.interpreting.plenary import (
    DE,
    DE_UK,
    EMMA,
    EN,
    EN_DE,
    MODERATOR,
    OLHA,
    SPEAKER,
    UK,
    after,
    empty_room,
    olha_on_air,
    remote_on_floor,
    staffed_room,
)

OLHAS_MIC = mic_source(OLHA)


def mix(room: Room, bus: str) -> dict[str, float]:
    """Return what the room's plan puts on the bus."""
    return {str(source): gain for source, gain in plan(room).mixes[BusId(bus)].items()}


def test_every_room_has_the_floor_and_two_buses_a_language() -> None:
    assert list(plan(empty_room()).mixes) == [
        "floor",
        *("de", "de+floor", "uk", "uk+floor", "en", "en+floor"),
        "minus:venue",
    ]


def test_buses_are_named_by_channel_and_original() -> None:
    assert bus_of(FLOOR) == bus_of(FLOOR, original_under=True) == "floor"
    assert bus_of(UK) == "uk"
    assert bus_of(UK, original_under=True) == "uk+floor"


class TestFloor:
    def test_is_the_hall_and_the_remote_speakers_at_full_level(self) -> None:
        assert mix(remote_on_floor(staffed_room()), "floor") == {VENUE: 1.0, SPEAKER: 1.0}

    def test_is_the_demo_while_nobody_else_flows(self) -> None:
        assert mix(after(staffed_room(), LoseSource(VENUE)), "floor") == {DEMO: 1.0}

    def test_has_who_sends_without_a_page(self) -> None:
        sent = ConnectSource(speaker_source(PersonId("encoder")), SourceKind.SPEAKER)
        assert mix(after(staffed_room(), sent), "floor") == {VENUE: 1.0, "speaker:encoder": 1.0}

    def test_is_no_demo_while_a_remote_speaker_speaks(self) -> None:
        assert mix(remote_on_floor(after(staffed_room(), LoseSource(VENUE))), "floor") == {SPEAKER: 1.0}

    def test_is_nothing_without_sources(self) -> None:
        assert mix(empty_room(), "floor") == {}

    def test_is_one_of_the_halls_senders_with_its_picture(self) -> None:
        both = remote_on_floor(after(staffed_room(), ConnectSource(BACKUP, SourceKind.BACKUP)))
        assert mix(both, "floor") == {VENUE: 1.0, SPEAKER: 1.0}
        spare = after(both, LoseSource(VENUE))
        assert mix(spare, "floor") == {BACKUP: 1.0, SPEAKER: 1.0}
        assert plan(spare).picture == BACKUP
        by_hand = after(both, SelectVenue(MODERATOR, BACKUP))
        assert mix(by_hand, "de") == {BACKUP: 1.0, SPEAKER: 1.0}

    def test_has_the_halls_microphones_beside_its_usual_sender_and_without_it(self) -> None:
        second, third, _ = HALL_MICS
        several = after(staffed_room(), *(ConnectSource(mic, SourceKind.HALL_MIC) for mic in (third, second)))
        assert mix(several, "floor") == {VENUE: 1.0, second: 1.0, third: 1.0}
        assert mix(after(several, LoseSource(third)), "de") == {VENUE: 1.0, second: 1.0}
        alone = after(several, LoseSource(VENUE))
        assert mix(alone, "floor") == {second: 1.0, third: 1.0}
        assert plan(alone).picture == DEMO

    def test_has_no_microphone_of_the_hall_beside_the_backup_which_hears_it_too(self) -> None:
        mics = [ConnectSource(mic, SourceKind.HALL_MIC) for mic in HALL_MICS]
        spare = after(staffed_room(), *mics, ConnectSource(BACKUP, SourceKind.BACKUP), LoseSource(VENUE))
        assert mix(spare, "floor") == {BACKUP: 1.0}
        assert mix(after(spare, LoseSource(BACKUP)), "floor") == dict.fromkeys(HALL_MICS, 1.0)

    def test_has_the_halls_picture_or_the_demos(self) -> None:
        assert plan(staffed_room()).picture == VENUE
        assert plan(after(staffed_room(), LoseSource(VENUE))).picture == DEMO
        assert plan(empty_room()).picture is None


class TestInterpreted:
    def test_is_the_interpreter_alone_or_over_the_original(self) -> None:
        room = remote_on_floor(olha_on_air())
        assert mix(room, "uk") == {OLHAS_MIC: 1.0}
        assert mix(room, "uk+floor") == {OLHAS_MIC: 1.0, VENUE: UNDER_GAIN, SPEAKER: UNDER_GAIN}

    def test_stays_without_the_floor_during_a_cough(self) -> None:
        room = after(olha_on_air(), PressCough(OLHA))
        assert mix(room, "uk") == {}
        assert mix(room, "uk+floor") == {VENUE: UNDER_GAIN}
        assert channel_states(room)[UK] == ChannelState(Mode.INTERPRETED, DE_UK, OLHA, (DE_UK,), 1)

    def test_wins_over_a_floor_of_the_same_language(self) -> None:
        assert mix(after(olha_on_air(), SetFloorLanguage(MODERATOR, UK)), "uk") == {OLHAS_MIC: 1.0}

    def test_goes_on_while_the_page_is_away_and_the_microphone_flows(self) -> None:
        assert mix(after(olha_on_air(), StepAway(OLHA)), "uk") == {OLHAS_MIC: 1.0}

    def test_ends_with_the_microphones_sound_and_stays_engaged(self) -> None:
        room = after(olha_on_air(), LoseSource(OLHAS_MIC))
        assert mix(room, "uk") == mix(room, "uk+floor") == {VENUE: DUCKED_GAIN}
        assert channel_states(room)[UK] == ChannelState(Mode.FALLBACK, DE_UK, OLHA, (DE_UK,), 0)

    def test_changes_no_other_channel(self) -> None:
        buses = ("floor", "de", "de+floor", "en", "en+floor")
        assert [mix(olha_on_air(), bus) for bus in buses] == [mix(staffed_room(), bus) for bus in buses]


class TestPassthrough:
    def test_is_the_floor_at_full_level_on_both_buses(self) -> None:
        assert mix(staffed_room(), "de") == mix(staffed_room(), "de+floor") == {VENUE: 1.0}

    def test_follows_the_floors_language(self) -> None:
        room = after(staffed_room(), SetFloorLanguage(MODERATOR, UK))
        assert {language: state.mode for language, state in channel_states(room).items()} == {
            DE: Mode.FALLBACK,
            UK: Mode.PASSTHROUGH,
            EN: Mode.FALLBACK,
        }

    def test_takes_the_place_of_a_lost_interpreter(self) -> None:
        room = after(olha_on_air(), SetFloorLanguage(MODERATOR, UK), LoseSource(OLHAS_MIC))
        assert channel_states(room)[UK] == ChannelState(Mode.PASSTHROUGH, DE_UK, OLHA, (DE_UK,), 0)
        assert mix(room, "uk") == {VENUE: 1.0}


def recorded(room: Room) -> Room:
    """Return the room while it is recorded."""
    return after(room, StartRecording(MODERATOR))


def consenting(room: Room) -> Room:
    """Return the room with Olha's consent to be recorded."""
    return after(room, SetConsent(OLHA, OLHAS_MIC, True))


class TestRecording:
    def test_adds_a_bus_a_channel_and_one_a_source_that_consents(self) -> None:
        added = set(plan(recorded(consenting(olha_on_air()))).mixes) - set(plan(olha_on_air()).mixes)
        channels = {"rec:floor", "rec:de", "rec:uk", "rec:en"}
        assert added == channels | {"stem:venue", f"stem:{OLHAS_MIC}"}
        assert plan(after(recorded(olha_on_air()), StopRecording(MODERATOR))) == plan(olha_on_air())

    def test_changes_nothing_of_what_is_heard(self) -> None:
        before, now = plan(olha_on_air()).mixes, plan(recorded(olha_on_air())).mixes
        assert {bus: now[bus] for bus in before} == before

    def test_is_as_the_channel_where_everybody_consents(self) -> None:
        room = recorded(consenting(after(olha_on_air(), SetFallback(MODERATOR, EN, Fallback.DUCKED))))
        for channel in ("floor", "de", "uk", "en"):
            assert mix(room, f"rec:{channel}") == mix(room, channel)

    def test_has_the_channels_fallback_instead_of_who_does_not_consent(self) -> None:
        room = recorded(olha_on_air())
        assert mix(room, "uk") == {OLHAS_MIC: 1.0}
        assert mix(room, "rec:uk") == {VENUE: DUCKED_GAIN}
        uk_floor = after(room, SetFloorLanguage(MODERATOR, UK))
        assert mix(uk_floor, "rec:uk") == {VENUE: 1.0}

    def test_has_no_hall_without_its_consent_and_nothing_in_its_place(self) -> None:
        spare = remote_on_floor(after(consenting(olha_on_air()), ConnectSource(BACKUP, SourceKind.BACKUP)))
        room = recorded(after(spare, SetConsent(MODERATOR, VENUE, False)))
        assert mix(room, "floor") == {VENUE: 1.0, SPEAKER: 1.0}
        assert mix(room, "rec:floor") == mix(room, "rec:de") == {}
        assert mix(room, "rec:uk") == {OLHAS_MIC: 1.0}
        assert "stem:venue" not in plan(room).mixes
        assert (plan(room).picture, plan(room).recorded_picture) == (VENUE, None)

    def test_has_the_picture_with_consent(self) -> None:
        assert plan(recorded(staffed_room())).recorded_picture == VENUE
        assert plan(staffed_room()).recorded_picture is None

    def test_hears_a_microphone_on_air_alone(self) -> None:
        off_air = recorded(consenting(staffed_room()))
        assert mix(off_air, f"stem:{OLHAS_MIC}") == {}
        on_air = after(off_air, TakeMic(OLHA))
        assert mix(on_air, f"stem:{OLHAS_MIC}") == {OLHAS_MIC: 1.0}
        assert mix(after(on_air, PressCough(OLHA)), f"stem:{OLHAS_MIC}") == {}
        assert mix(on_air, "stem:venue") == {VENUE: 1.0}

    def test_ends_for_who_withdraws(self) -> None:
        room = after(recorded(consenting(olha_on_air())), SetConsent(MODERATOR, OLHAS_MIC, False))
        assert f"stem:{OLHAS_MIC}" not in plan(room).mixes
        assert OLHAS_MIC not in mix(room, "rec:uk")

    def test_names_its_buses(self) -> None:
        assert (recorded_bus(UK), recorded_bus(FLOOR), stem_bus(OLHAS_MIC)) == ("rec:uk", "rec:floor", "stem:mic:olha")


@pytest.mark.parametrize(
    ("fallback", "expected"),
    [(Fallback.DUCKED, {VENUE: DUCKED_GAIN}), (Fallback.FLOOR, {VENUE: 1.0}), (Fallback.SILENCE, {})],
)
def test_a_silent_channel_carries_its_fallback(fallback: Fallback, expected: dict[str, float]) -> None:
    room = after(staffed_room(), SetFallback(MODERATOR, UK, fallback))
    assert mix(room, "uk") == mix(room, "uk+floor") == expected


def test_a_channel_names_the_booth_that_is_on_air() -> None:
    states = channel_states(after(olha_on_air(), TakeMic(EMMA)))
    assert list(states) == [DE, UK, EN]
    assert states[DE] == ChannelState(Mode.PASSTHROUGH, None, None)
    assert states[EN] == ChannelState(Mode.INTERPRETED, EN_DE, EMMA, (EN_DE,), 1)


@pytest.mark.parametrize(
    ("bus", "kind", "before", "gain", "expected"),
    [
        ("uk", SourceKind.VENUE, 0.0, 0.35, 300),
        ("uk+floor", SourceKind.SPEAKER, 0.2, 1.0, 300),
        ("uk", SourceKind.DEMO, 0.0, 1.0, 300),
        ("uk", SourceKind.VENUE, 0.35, 0.0, 80),
        ("uk+floor", SourceKind.VENUE, 1.0, 0.2, 80),
        ("uk", SourceKind.MIC, 0.0, 1.0, 30),
        ("uk", SourceKind.MIC, 1.0, 0.0, 30),
        ("floor", SourceKind.DEMO, 1.0, 0.0, 80),
        ("floor", SourceKind.VENUE, 0.0, 1.0, 80),
        ("floor", SourceKind.BACKUP, 0.0, 1.0, 80),
        ("rec:floor", SourceKind.VENUE, 1.0, 0.0, 80),
        ("rec:uk", SourceKind.VENUE, 0.0, 0.35, 300),
        ("rec:uk", SourceKind.VENUE, 1.0, 0.0, 80),
        ("rec:uk", SourceKind.MIC, 0.0, 1.0, 30),
        ("stem:mic:olha", SourceKind.MIC, 1.0, 0.0, 30),
        ("stem:venue", SourceKind.VENUE, 0.0, 1.0, 80),
    ],
)
def test_the_floor_returns_slowly_and_voices_change_quickly(
    bus: str, kind: SourceKind, before: float, gain: float, expected: int
) -> None:
    assert ramp_ms(BusId(bus), kind, before, gain) == expected
