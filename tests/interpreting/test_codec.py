"""The domain's forms on the wire and in the store: strict in, the same out."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings

from interpreting.codec import (
    MAX_TEXT,
    RETIRED,
    event_from_dict,
    event_to_dict,
    events_from_dicts,
    parse_command,
    room_from_dict,
    room_to_dict,
)
from interpreting.commands import (
    COMMANDS,
    AcceptHandover,
    AskHandover,
    AskSpeaker,
    CallTechnician,
    Command,
    ConnectSource,
    EnterBooth,
    LoseAllSources,
    PressCough,
    Say,
    SelectIncoming,
    SelectItem,
    SelectPivot,
    SetConsent,
    SetFallback,
    SetShift,
    StartRecording,
    StepAway,
    TakeMic,
    command_name,
    wire_fields,
)
from interpreting.errors import Code, InvalidCommand, InvalidRecord, InvalidRoom
from interpreting.events import Event, MicTaken
from interpreting.ids import VENUE, SourceKind, mic_source
from interpreting.languages import FLOOR, Fallback
from interpreting.people import Role
from interpreting.room import Room, replay
from interpreting.words import MAX_LINE_CHARS, Addressee, Wish
from interpreting.workshop_events import EntranceEvent, FloorEvent, HandEvent, ReelEvent
from tests.interpreting.plenary import (
    CITIES,
    DE,
    DE_UK,
    EMMA,
    EN,
    MODERATOR,
    NOW,
    OLHA,
    PETRO,
    UK,
    after,
    empty_room,
    olha_on_air,
)
from tests.interpreting.strategies import commands, events


class TestCommands:
    @pytest.mark.parametrize(
        ("name", "args", "command"),
        [
            ("take_mic", {}, TakeMic(OLHA)),
            ("enter_booth", {"booth": "de-uk", "name": "Ольга"}, EnterBooth(OLHA, DE_UK, "Ольга")),
            ("select_incoming", {"channel": "floor"}, SelectIncoming(OLHA, FLOOR)),
            ("set_fallback", {"language": "uk", "fallback": "silence"}, SetFallback(OLHA, UK, Fallback.SILENCE)),
            ("connect_source", {"source": "venue", "kind": "venue"}, ConnectSource(VENUE, SourceKind.VENUE)),
            ("lose_all_sources", {}, LoseAllSources()),
            ("say", {"to": "room", "text": "6,1"}, Say(OLHA, Addressee.ROOM, "6,1")),
            (
                "say",
                {"to": "person", "text": "6,1", "person": "petro"},
                Say(OLHA, Addressee.PERSON, "6,1", person=PETRO),
            ),
        ],
    )
    def test_are_read_by_name(self, name: str, args: dict[str, object], command: Command) -> None:
        assert parse_command(name, args, OLHA) == command

    @given(commands)
    @settings(max_examples=200, deadline=None)
    def test_of_every_kind_are_read(self, command: Command) -> None:
        args = {name: getattr(command, name) for name in wire_fields(type(command))}
        filled_in = {field.name for field in fields(command)} - {*args, "by"}
        read = parse_command(command_name(type(command)), json.loads(json.dumps(args)), getattr(command, "by", OLHA))
        assert replace(read, **{name: getattr(command, name) for name in filled_in}) == command

    def test_never_say_who_says_them(self) -> None:
        assert parse_command("say", {"to": "booth", "text": "6,1"}, OLHA) == Say(OLHA, Addressee.BOOTH, "6,1")
        assert wire_fields(CallTechnician) == ()

    def test_names_are_snake_case(self) -> None:
        assert COMMANDS["take_mic"] is TakeMic
        assert all(name == name.lower() and name.isidentifier() for name in COMMANDS)

    @pytest.mark.parametrize("name", ["", "TakeMic", "take mic", "__init__"])
    def test_unknown_ones_are_refused(self, name: str) -> None:
        with pytest.raises(InvalidCommand) as caught:
            parse_command(name, {}, OLHA)
        assert caught.value.code is Code.COMMAND_UNKNOWN

    @pytest.mark.parametrize(
        ("name", "args"),
        [
            ("take_mic", {"by": "petro"}),
            ("take_mic", {"extra": 1}),
            ("select_incoming", {}),
            ("select_incoming", {"channel": None}),
            ("select_incoming", {"channel": ["floor"]}),
            ("select_incoming", {"channel": 1}),
            ("select_incoming", {"channel": ""}),
            ("enter_booth", {"booth": "de-uk", "name": "   "}),
            ("enter_booth", {"booth": "de-uk", "name": "x" * (MAX_TEXT + 1)}),
            ("enter_booth", {"booth": "de-uk", "name": "two\nlines"}),
            ("enter_booth", {"booth": "de-uk", "name": "half \ud83d"}),
            ("set_fallback", {"language": "uk", "fallback": "loud"}),
            ("set_fallback", {"language": "uk", "fallback": True}),
            ("set_shift", {"minutes": 25}),
            ("set_shift", {"minutes": True}),
            ("set_shift", {"minutes": 20.0}),
            ("set_shift", {"minutes": "20"}),
            ("set_consent", {"source": "venue", "consents": 1}),
            ("select_pivot", {}),
            ("select_pivot", {"language": 1}),
            ("answer_call", {"call": "1"}),
            ("answer_call", {"call": True}),
            ("call_technician", {"name": "The President"}),
            ("call_technician", {"role": "technician"}),
            ("say", {"to": "booth", "text": "hello", "name": "The President"}),
            ("say", {"to": "everybody", "text": "hello"}),
            ("say", {"to": "person", "text": "hello", "person": 1}),
            ("settle_question", {"question": 1, "how": "withdrawn"}),
            ("ask_question", {"text": "two\nlines"}),
            ("enter_room", {"name": "Iryna"}),
            ("enter_room", {"name": "Iryna", "language": "uk", "role": "moderator"}),
            ("enter_room", {"name": "Iryna", "language": "uk", "is_named": True}),
            ("set_door", {"door": "ajar"}),
            ("move_hand", {"hand": "person:iryna", "to": 1.0}),
            ("set_timer", {"seconds": 60.5}),
            ("set_venue_hears", {"languages": "de"}),
            ("cue_playout", {"item": None, "asset": "film", "seconds": "long"}),
            ("raise_hall_hand", {"label": "two\nlines"}),
            ("say", {"to": "booth", "text": " "}),
            ("say", {"to": "booth", "text": "x" * (MAX_LINE_CHARS + 1)}),
            ("say", {"to": "booth", "text": "two\u2028lines"}),
            ("say", {"to": "booth", "text": "two\nlines"}),
        ],
    )
    def test_with_wrong_arguments_are_refused(self, name: str, args: dict[str, object]) -> None:
        with pytest.raises(InvalidCommand) as caught:
            parse_command(name, args, OLHA)
        assert caught.value.code is Code.COMMAND_INVALID


class TestEvents:
    @given(events)
    @settings(max_examples=200, deadline=None)
    def test_come_back_from_json_as_they_were(self, event: Event) -> None:
        assert event_from_dict(json.loads(json.dumps(event_to_dict(event)))) == event

    def test_have_a_plain_form(self) -> None:
        assert event_to_dict(MicTaken(OLHA, UK, at=NOW)) == {
            "event": "mic_taken",
            "at": NOW,
            "person": "olha",
            "language": "uk",
        }

    @pytest.mark.parametrize(
        "record",
        [
            {},
            {"event": "mic_stolen", "at": NOW, "person": "olha"},
            {"event": ["mic_released"], "at": NOW, "person": "olha"},
            {"event": "mic_released", "person": "olha"},
            {"event": "mic_released", "at": NOW, "person": "olha", "language": "uk"},
            {"event": "mic_released", "at": NOW, "person": 7},
            {"event": "mic_released", "at": "noon", "person": "olha"},
            {"event": "mic_released", "at": True, "person": "olha"},
            {"event": "mic_released", "at": float("nan"), "person": "olha"},
            {"event": "mic_released", "at": 10**400, "person": "olha"},
            {"event": "fallback_set", "at": NOW, "language": "uk", "fallback": "loud"},
            {"event": "shift_set", "at": NOW, "booth": "de-uk", "minutes": 25},
            {"event": "pivot_selected", "at": NOW, "person": "olha"},
            {"event": "call_answered", "at": NOW, "call": 1.0},
        ],
    )
    def test_of_another_form_are_refused(self, record: dict[str, object]) -> None:
        with pytest.raises(InvalidRecord) as caught:
            event_from_dict(record)
        assert caught.value.code is Code.RECORD_INVALID


class TestTheFirstForms:
    """What the first version stored: one room's whole log, and a snapshot taken before its last two events."""

    FORMS = json.loads((Path(__file__).parent / "first_forms.json").read_text("utf-8"))

    def test_of_events_are_read_and_written_again_as_they_are(self) -> None:
        assert [event_to_dict(event_from_dict(record)) for record in self.FORMS["events"]] == self.FORMS["events"]

    def test_of_the_log_and_of_the_snapshot_make_the_same_room(self) -> None:
        events = [event_from_dict(record) for record in self.FORMS["events"]]
        played = replay(empty_room(), events[:-2])
        loaded = room_from_dict(self.FORMS["snapshot"])
        booths = {id: replace(booth, shift_since=None) for id, booth in played.booths.items()}
        assert loaded == replace(played, items=(), booths=booths)
        assert replay(loaded, events[-2:]).sources == {}


class TestTheWorkshopsForms:
    """What its first version stored: a log with every event of the workshop, a snapshot before its last two."""

    FORMS = json.loads((Path(__file__).parent / "workshop_forms.json").read_text("utf-8"))

    def test_are_read_and_written_again_as_they_are(self) -> None:
        kept = [record for record in self.FORMS["events"] if record["event"] not in RETIRED]
        events = events_from_dicts(self.FORMS["events"])
        assert [event_to_dict(event) for event in events] == kept
        kinds = (EntranceEvent, HandEvent, FloorEvent, ReelEvent)
        assert {type(event) for event in events} >= {kind for some in kinds for kind in get_args(some)}

    def test_make_the_same_room(self) -> None:
        events = events_from_dicts(self.FORMS["events"])
        loaded = room_from_dict(self.FORMS["snapshot"])
        assert loaded == replay(empty_room(), events[:-2])
        assert replay(loaded, events[-2:]) == replay(empty_room(), events)

    def test_are_not_missed_in_older_snapshots(self) -> None:
        names = (
            "door",
            "people",
            "hands",
            "holders",
            "lost_floors",
            "follows_speaker",
            "timer",
            "venue_hears",
            "playout",
        )
        policies = ("is_recordable", "is_closed", "shows_roster")
        older = {name: value for name, value in room_to_dict(olha_on_air()).items() if name not in (*names, *policies)}
        assert room_from_dict(older) == olha_on_air()


def busy_room() -> Room:
    """Return the plenary with every kind of state in it."""
    return after(
        olha_on_air(),
        AskHandover(PETRO),
        AcceptHandover(OLHA),
        PressCough(OLHA),
        SelectIncoming(EMMA, DE),
        StepAway(EMMA),
        SelectPivot(PETRO, EN),
        SetShift(OLHA, 20),
        SelectItem(MODERATOR, CITIES),
        StartRecording(MODERATOR),
        SetConsent(OLHA, mic_source(OLHA), True),
        AskSpeaker(OLHA, Wish.SLOWER),
        CallTechnician(OLHA, "Olha", Role.INTERPRETER),
        Say(OLHA, Addressee.BOOTH, "6,1 Mio.", "Olha", Role.INTERPRETER),
    )


class TestSnapshots:
    @pytest.mark.parametrize("room", [empty_room(), olha_on_air(), busy_room()])
    def test_come_back_from_json_as_they_were(self, room: Room) -> None:
        snapshot = json.loads(json.dumps(room_to_dict(room)))
        assert room_from_dict(snapshot) == room
        assert json.dumps(room_to_dict(room_from_dict(snapshot))) == json.dumps(snapshot)

    @pytest.mark.parametrize("missing", ["id", "languages", "booths", "fallbacks", "sources", "floor_language"])
    def test_want_what_was_always_there(self, missing: str) -> None:
        snapshot = room_to_dict(empty_room())
        del snapshot[missing]
        with pytest.raises(InvalidRecord):
            room_from_dict(snapshot)

    @pytest.mark.parametrize(
        "changes",
        [
            {"extra": 1},
            {"id": 1},
            {"languages": "de"},
            {"languages": [1]},
            {"fallbacks": []},
            {"fallbacks": {1: "ducked"}},
            {"fallbacks": {"uk": "loud"}},
            {"sources": {"venue": "radio"}},
            {"booths": {}},
            {"booths": [1]},
            {"booths": [{"id": "de-uk"}]},
        ],
    )
    def test_of_another_form_are_refused(self, changes: dict[str, object]) -> None:
        with pytest.raises(InvalidRecord):
            room_from_dict({**room_to_dict(busy_room()), **changes})

    @pytest.mark.parametrize(
        "changes",
        [
            {"seats": [{"person": "olha"}]},
            {"handover": "olha"},
            {"handover": {"asked_by": "olha"}},
            {"handover": {"asked_by": "olha", "accepted_by": True}},
        ],
    )
    def test_with_a_booth_of_another_form_are_refused(self, changes: dict[str, object]) -> None:
        booth = {"id": "de-uk", "languages": ["de", "uk"], "seats": [], "handover": None}
        with pytest.raises(InvalidRecord):
            room_from_dict({**room_to_dict(empty_room()), "booths": [{**booth, **changes}]})

    @pytest.mark.parametrize(
        "changes",
        [{"present": 1}, {"mic": "open"}, {"name": None}, {"incoming": None}, {"volume": 1}],
    )
    def test_with_a_seat_of_another_form_are_refused(self, changes: dict[str, object]) -> None:
        seat = {
            "person": "olha",
            "name": "Olha",
            "outgoing": "uk",
            "incoming": "floor",
            "mic": "off_air",
            "present": True,
        }
        booth = {"id": "de-uk", "languages": ["de", "uk"], "seats": [{**seat, **changes}], "handover": None}
        with pytest.raises(InvalidRecord):
            room_from_dict({**room_to_dict(empty_room()), "booths": [booth]})

    def test_with_a_booth_twice_are_refused(self) -> None:
        snapshot = room_to_dict(empty_room())
        booths = snapshot["booths"]
        assert isinstance(booths, list)
        with pytest.raises(InvalidRecord):
            room_from_dict({**snapshot, "booths": [*booths, booths[0]]})

    def test_that_contradict_themselves_are_refused(self) -> None:
        with pytest.raises(InvalidRoom):
            room_from_dict({**room_to_dict(empty_room()), "floor_language": "pl"})
