"""The domain's forms on the wire and in the store: strict in, the same out."""

import json
from dataclasses import fields

import pytest
from hypothesis import given, settings

from interpreting.codec import (
    MAX_TEXT,
    event_from_dict,
    event_to_dict,
    parse_command,
    room_from_dict,
    room_to_dict,
)
from interpreting.commands import (
    COMMANDS,
    AcceptHandover,
    AskHandover,
    Command,
    ConnectSource,
    EnterBooth,
    LoseAllSources,
    PressCough,
    SelectIncoming,
    SetFallback,
    StepAway,
    TakeMic,
    command_name,
)
from interpreting.errors import Code, InvalidCommand, InvalidRecord, InvalidRoom
from interpreting.events import Event, MicTaken
from interpreting.ids import VENUE, SourceKind
from interpreting.languages import FLOOR, Fallback
from interpreting.room import Room
from tests.interpreting.plenary import (
    DE,
    DE_UK,
    EMMA,
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
        ],
    )
    def test_are_read_by_name(self, name: str, args: dict[str, object], command: Command) -> None:
        assert parse_command(name, args, OLHA) == command

    @given(commands)
    @settings(max_examples=200, deadline=None)
    def test_of_every_kind_are_read(self, command: Command) -> None:
        args = {field.name: getattr(command, field.name) for field in fields(command) if field.name != "by"}
        name = command_name(type(command))
        said_by = getattr(command, "by", OLHA)
        assert parse_command(name, json.loads(json.dumps(args)), said_by) == command

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
        ],
    )
    def test_of_another_form_are_refused(self, record: dict[str, object]) -> None:
        with pytest.raises(InvalidRecord) as caught:
            event_from_dict(record)
        assert caught.value.code is Code.RECORD_INVALID


def busy_room() -> Room:
    """Return the plenary with every kind of state in it."""
    return after(
        olha_on_air(),
        AskHandover(PETRO),
        AcceptHandover(OLHA),
        PressCough(OLHA),
        SelectIncoming(EMMA, DE),
        StepAway(EMMA),
    )


class TestSnapshots:
    @pytest.mark.parametrize("room", [empty_room(), olha_on_air(), busy_room()])
    def test_come_back_from_json_as_they_were(self, room: Room) -> None:
        snapshot = json.loads(json.dumps(room_to_dict(room)))
        assert room_from_dict(snapshot) == room
        assert json.dumps(room_to_dict(room_from_dict(snapshot))) == json.dumps(snapshot)

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
