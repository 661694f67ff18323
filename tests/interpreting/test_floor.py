"""The floor and the hands: who gets it, in what order, whose language it follows, how it is lost."""

from dataclasses import replace

import pytest

from interpreting.commands import LoseSource, SetFloorLanguage, StepAway
from interpreting.errors import Code
from interpreting.events import FloorLanguageSet
from interpreting.ids import HandId, PersonId, hall_hand, persons_hand, speaker_source
from interpreting.room import Room, replay
from interpreting.workshop import MAX_HANDS, MAX_HOLDERS, MAX_TIMER_S, Hand, LostFloor, Timer
from interpreting.workshop_commands import (
    CallBackstage,
    DismissHand,
    EnterRoom,
    GiveFloor,
    LeaveRoom,
    LoseFloor,
    LowerAllHands,
    LowerHand,
    MoveHand,
    Mute,
    RaiseHallHand,
    RaiseHand,
    Remove,
    SetFollowSpeaker,
    SetSpeaks,
    SetTimer,
    SetVenueHears,
    TakeFloor,
    Unmute,
    YieldFloor,
)
from interpreting.workshop_events import FloorGiven, FloorLost, FloorTaken, FloorYielded, HandMoved, HandRaised
from tests.interpreting.plenary import (
    CHAIR,
    DE,
    EN,
    GUEST,
    NOW,
    OLHA,
    PL,
    REMOTE,
    STRANGER,
    UK,
    VISITOR,
    after,
    code_of,
    events_of,
    workshop,
)

IRYNA = persons_hand(REMOTE)
JONAS = persons_hand(VISITOR)
MIC_2 = hall_hand("microphone 2")


def queue(room: Room) -> list[HandId]:
    """Return the hands in their order."""
    return [hand.id for hand in room.hands]


def holders(room: Room) -> list[PersonId]:
    """Return who has the floor, the newest last."""
    return [holder.person for holder in room.holders]


def three_hands() -> Room:
    """Return the workshop with three hands up, one of the hall."""
    return after(workshop(), RaiseHand(REMOTE), RaiseHallHand(CHAIR, "microphone 2"), RaiseHand(VISITOR))


class TestHands:
    def test_stand_in_their_order_with_language_and_moment(self) -> None:
        assert events_of(workshop(), RaiseHand(REMOTE)) == (HandRaised(IRYNA, REMOTE, "Iryna", UK, at=NOW),)
        assert queue(three_hands()) == [IRYNA, MIC_2, JONAS]
        assert three_hands().hands[1] == Hand(MIC_2, None, "microphone 2", None, NOW)

    def test_raised_a_thousand_times_are_one(self) -> None:
        room = three_hands()
        for second in range(1000):
            assert room.apply(RaiseHand(REMOTE), NOW + second) == ()
        assert events_of(room, RaiseHallHand(CHAIR, "microphone 2")) == ()

    @pytest.mark.parametrize(
        ("hand", "to", "order"),
        [
            (JONAS, 0, [JONAS, IRYNA, MIC_2]),
            (IRYNA, 1, [MIC_2, IRYNA, JONAS]),
            (IRYNA, 99, [MIC_2, JONAS, IRYNA]),
            (MIC_2, -3, [MIC_2, IRYNA, JONAS]),
            (MIC_2, 1, [IRYNA, MIC_2, JONAS]),
        ],
    )
    def test_are_moved(self, hand: HandId, to: int, order: list[HandId]) -> None:
        assert queue(after(three_hands(), MoveHand(CHAIR, hand, to))) == order

    def test_moved_past_the_end_are_at_the_end(self) -> None:
        assert events_of(three_hands(), MoveHand(CHAIR, IRYNA, 99)) == (HandMoved(IRYNA, 2, at=NOW),)
        assert code_of(workshop(), MoveHand(CHAIR, IRYNA, 0)) is Code.HAND_UNKNOWN

    def test_come_down(self) -> None:
        room = three_hands()
        assert queue(after(room, LowerHand(REMOTE))) == [MIC_2, JONAS]
        assert queue(after(room, DismissHand(CHAIR, MIC_2))) == [IRYNA, JONAS]
        assert queue(after(room, GiveFloor(CHAIR, VISITOR))) == [IRYNA, MIC_2]
        none = after(room, LowerAllHands(CHAIR))
        assert none.hands == ()
        for command in (LowerAllHands(CHAIR), LowerHand(REMOTE), DismissHand(CHAIR, MIC_2)):
            assert events_of(none, command) == ()

    def test_are_for_those_seated_without_the_floor(self) -> None:
        for person in (GUEST, STRANGER, OLHA):
            assert code_of(workshop(), RaiseHand(person)) is Code.NOT_IN_ROOM
        assert events_of(after(workshop(), GiveFloor(CHAIR, REMOTE)), RaiseHand(REMOTE)) == ()

    def test_are_bounded(self) -> None:
        hands = tuple(Hand(hall_hand(f"m{number}"), None, f"m{number}", None, NOW) for number in range(MAX_HANDS))
        full = replace(workshop(), hands=hands)
        for command in (RaiseHand(REMOTE), RaiseHallHand(CHAIR, "one more")):
            assert code_of(full, command) is Code.HANDS_FULL


class TestTheFloor:
    def test_is_given_taken_and_given_back(self) -> None:
        room = after(workshop(), GiveFloor(CHAIR, REMOTE), GiveFloor(CHAIR, VISITOR))
        assert holders(room) == [REMOTE, VISITOR]
        assert events_of(room, GiveFloor(CHAIR, REMOTE)) == ()
        assert events_of(room, TakeFloor(CHAIR, REMOTE)) == (FloorTaken(REMOTE, at=NOW),)
        assert FloorYielded(VISITOR, at=NOW) in events_of(room, YieldFloor(VISITOR))
        assert events_of(workshop(), TakeFloor(CHAIR, REMOTE)) == events_of(workshop(), YieldFloor(REMOTE)) == ()

    def test_has_six_at_most(self) -> None:
        crowd = [PersonId(f"p{number}") for number in range(MAX_HOLDERS)]
        room = after(workshop(), *(EnterRoom(person, "P", None) for person in crowd))
        full = after(room, *(GiveFloor(CHAIR, person) for person in crowd))
        assert code_of(full, GiveFloor(CHAIR, REMOTE)) is Code.FLOOR_FULL
        assert code_of(after(full, YieldFloor(crowd[0])), GiveFloor(CHAIR, REMOTE)) is None

    def test_is_for_those_seated_and_present(self) -> None:
        assert code_of(workshop(), GiveFloor(CHAIR, GUEST)) is Code.NOT_SEATED
        assert code_of(workshop(), GiveFloor(CHAIR, STRANGER)) is Code.PERSON_UNKNOWN
        assert code_of(after(workshop(), StepAway(REMOTE)), GiveFloor(CHAIR, REMOTE)) is Code.NOT_PRESENT

    def test_is_lost_with_the_sound_and_back_by_a_word(self) -> None:
        room = after(workshop(), GiveFloor(CHAIR, REMOTE))
        assert events_of(room, LoseFloor(REMOTE)) == ()
        lost = after(room, LoseSource(speaker_source(REMOTE)), LoseFloor(REMOTE))
        assert (lost.holders, lost.lost_floors) == ((), (LostFloor(REMOTE, NOW),))
        assert events_of(lost, LoseFloor(REMOTE)) == ()
        assert after(lost, GiveFloor(CHAIR, REMOTE)).lost_floors == ()
        for command in (LeaveRoom(REMOTE), Remove(CHAIR, REMOTE), CallBackstage(CHAIR, REMOTE)):
            assert after(lost, command).lost_floors == ()

    def test_tells_of_those_lost_one_fact_a_loss(self) -> None:
        gone = after(workshop(), GiveFloor(CHAIR, VISITOR), LoseSource(speaker_source(VISITOR)))
        assert events_of(gone, LoseFloor(VISITOR)) == (FloorLost(VISITOR, at=NOW),)


class TestMicrophonesOnTheFloor:
    room = after(workshop(), GiveFloor(CHAIR, REMOTE))

    def test_are_shut_and_opened_by_their_owner(self) -> None:
        shut = after(self.room, Mute(REMOTE, REMOTE))
        assert not shut.is_heard(REMOTE)
        assert after(shut, Unmute(REMOTE, REMOTE)).is_heard(REMOTE)
        assert events_of(shut, Mute(REMOTE, REMOTE)) == events_of(self.room, Unmute(REMOTE, REMOTE)) == ()

    @pytest.mark.parametrize("first", [None, Mute(REMOTE, REMOTE)])
    def test_shut_by_a_moderator_are_opened_by_one_alone(self, first: Mute | None) -> None:
        room = after(self.room, *([first] if first else []), Mute(CHAIR, REMOTE))
        assert code_of(room, Unmute(REMOTE, REMOTE)) is Code.MUTED_BY_MODERATOR
        assert events_of(room, Mute(REMOTE, REMOTE)) == ()
        assert after(room, Unmute(CHAIR, REMOTE)).is_heard(REMOTE)

    def test_without_the_floor_are_shut_anyway(self) -> None:
        for command in (Mute(CHAIR, VISITOR), Unmute(CHAIR, VISITOR)):
            assert code_of(self.room, command) is Code.NO_FLOOR
        assert after(self.room, Mute(CHAIR, REMOTE), TakeFloor(CHAIR, REMOTE), GiveFloor(CHAIR, REMOTE)).is_heard(
            REMOTE
        )


class TestTheFloorsLanguage:
    def test_follows_the_newest_holder(self) -> None:
        room = workshop()
        facts = events_of(room, GiveFloor(CHAIR, REMOTE))
        assert facts == (FloorLanguageSet(UK, at=NOW), FloorGiven(REMOTE, at=NOW))
        both = after(room, GiveFloor(CHAIR, REMOTE), SetSpeaks(VISITOR, EN), GiveFloor(CHAIR, VISITOR))
        assert both.floor_language == EN
        assert after(both, SetSpeaks(VISITOR, DE)).floor_language == DE
        assert after(both, SetSpeaks(REMOTE, DE)).floor_language == EN
        for command in (YieldFloor(VISITOR), LeaveRoom(VISITOR), Remove(CHAIR, VISITOR)):
            assert after(both, command).floor_language == UK
        assert after(both, TakeFloor(CHAIR, REMOTE)).floor_language == EN

    def test_set_by_hand_stays_until_another_speaks(self) -> None:
        room = after(workshop(), GiveFloor(CHAIR, REMOTE), SetFloorLanguage(CHAIR, EN))
        assert after(room, Mute(REMOTE, REMOTE), GiveFloor(CHAIR, VISITOR)).floor_language == EN
        assert after(room, GiveFloor(CHAIR, VISITOR), TakeFloor(CHAIR, VISITOR)).floor_language == UK

    def test_follows_nobody_when_told_so(self) -> None:
        still = after(workshop(), SetFollowSpeaker(CHAIR, False), GiveFloor(CHAIR, REMOTE))
        assert still.floor_language == DE
        assert after(still, SetFollowSpeaker(CHAIR, True)).floor_language == UK
        assert events_of(still, SetFollowSpeaker(CHAIR, False)) == ()

    def test_is_a_channel_of_the_room(self) -> None:
        assert code_of(workshop(), SetSpeaks(REMOTE, PL)) is Code.LANGUAGE_UNKNOWN
        assert code_of(workshop(), SetVenueHears(CHAIR, (PL,))) is Code.LANGUAGE_UNKNOWN


class TestTheTimer:
    def test_is_set_anew_and_taken_away(self) -> None:
        room = after(workshop(), SetTimer(CHAIR, 120))
        assert room.timer == Timer(NOW, 120)
        later = replay(room, room.apply(SetTimer(CHAIR, 120), NOW + 30))
        assert later.timer == Timer(NOW + 30, 120)
        assert after(room, SetTimer(CHAIR, None)).timer is None

    @pytest.mark.parametrize("seconds", [0, -1, MAX_TIMER_S + 1])
    def test_is_within_bounds(self, seconds: int) -> None:
        assert code_of(workshop(), SetTimer(CHAIR, seconds)) is Code.SECONDS_INVALID

    def test_ends_with_the_speaker_it_was_set_for(self) -> None:
        room = after(workshop(), GiveFloor(CHAIR, REMOTE), GiveFloor(CHAIR, VISITOR), SetTimer(CHAIR, 60))
        assert after(room, TakeFloor(CHAIR, REMOTE)).timer == Timer(NOW, 60)
        assert after(room, YieldFloor(VISITOR)).timer is None
        assert after(room, GiveFloor(CHAIR, CHAIR)).timer is None
