"""The tables are complete, hold no row twice, and the diagram is drawn from them."""

import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import get_args

import pytest

from interpreting.booth import Interlock, MicState
from interpreting.commands import (
    Command,
    ConnectSource,
    HandoverCommand,
    LoseSource,
    MicCommand,
    RecordingCommand,
    SelectVenue,
    StartRecording,
)
from interpreting.ids import BACKUP, HALL, VENUE, SourceId, kind_of
from interpreting.people import Role
from interpreting.places import ENTRANCE, PLACES, REEL_REFUSALS, REELS
from interpreting.playout_state import Reel
from interpreting.transitions import (
    ENGAGED,
    HANDOVER,
    HANDOVER_REFUSALS,
    MIC,
    MIC_REFUSALS,
    RECORDING,
    SENDERS,
    Party,
    Phase,
    Tape,
    diagram,
)
from interpreting.workshop import Door, Place
from interpreting.workshop_commands import PlaceCommand, ReelCommand
from tests.interpreting.plenary import MODERATOR, after, empty_room


def test_every_microphone_command_has_an_answer_in_every_state() -> None:
    assert set(MIC) | set(MIC_REFUSALS) == set(product(MicState, get_args(MicCommand)))
    assert not set(MIC) & set(MIC_REFUSALS)


def test_every_handover_command_has_an_answer_for_everybody() -> None:
    everybody = {
        (phase, command, party)
        for phase, command, party in product(Phase, get_args(HandoverCommand), Party)
        # Without a handover nobody is a side of it.
        if phase is not Phase.NONE or party is Party.OUTSIDER
    }
    answered = {row for row in everybody if row in HANDOVER or row[:2] in HANDOVER_REFUSALS}
    assert answered == everybody
    assert set(HANDOVER) <= everybody


def test_no_refusal_is_without_somebody_to_refuse() -> None:
    for phase, command in HANDOVER_REFUSALS:
        parties = [Party.OUTSIDER] if phase is Phase.NONE else list(Party)
        assert any((phase, command, party) not in HANDOVER for party in parties)


def test_every_interlock_makes_something_of_an_engaged_channel() -> None:
    assert set(ENGAGED) == set(Interlock)


@pytest.mark.parametrize(("tape", "command"), [*product(Tape, get_args(RecordingCommand))])
def test_the_table_of_the_recorder_is_what_the_room_does(tape: Tape, command: type[RecordingCommand]) -> None:
    room = empty_room() if tape is Tape.STOPPED else after(empty_room(), StartRecording(MODERATOR))
    assert (after(room, command(MODERATOR)).recording is not None) is (RECORDING[tape, command] is Tape.RECORDING)


def test_every_command_about_places_and_play_out_has_an_answer() -> None:
    assert {place for place, _ in PLACES} == set(Place)
    assert set(PLACES) <= set(product(Place, get_args(PlaceCommand)))
    assert set(REELS) | set(REEL_REFUSALS) == set(product(Reel, (*get_args(ReelCommand), LoseSource)))
    assert not set(REELS) & set(REEL_REFUSALS)
    assert set(ENTRANCE) <= set(product(Door, (Role.PARTICIPANT, Role.SPEAKER, Role.MODERATOR)))


def _sender_command(kind: type[Command], source: SourceId) -> Command:
    if kind is SelectVenue:
        return SelectVenue(MODERATOR, source)
    return ConnectSource(source, kind_of(source)) if kind is ConnectSource else LoseSource(source)


@pytest.mark.parametrize(
    ("selected", "kind", "source"), [*product(HALL, (SelectVenue, ConnectSource, LoseSource), HALL)]
)
def test_the_table_of_the_halls_senders_is_what_the_room_does(
    selected: SourceId, kind: type[Command], source: SourceId
) -> None:
    # What is lost flowed before, and so did the other; what comes finds nobody there.
    flowing = () if kind is ConnectSource else HALL
    room = after(
        empty_room(),
        *(ConnectSource(sender, kind_of(sender)) for sender in flowing),
        *([SelectVenue(MODERATOR, BACKUP)] if selected == BACKUP else []),
    )
    rows = [now for (before, said, about), now in SENDERS.items() if (before, said, about) == (selected, kind, source)]
    assert after(room, _sender_command(kind, source)).venue_source == (rows[0] if rows else selected)


def test_the_diagram_shows_every_change() -> None:
    lines = diagram().splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert "        off_air --> on_air: take_mic" in lines
    taken = "release_mic, switch_handover, another booth's take_mic under override, a technician's cut_mic"
    assert f"        coughing --> off_air: {taken}" in lines
    assert "        stopped --> recording: start_recording" in lines
    assert "        venue --> backup: select_venue, lose_source" in lines
    assert "        backup --> venue: select_venue, lose_source" in lines
    assert "        asked --> accepted: ask_handover by the answerer, accept_handover by the answerer" in lines
    changes = {(before, after) for (before, _), after in MIC.items() if before is not after}
    phases = {(before, after) for (before, _, _), after in HANDOVER.items() if before is not after}
    tapes = {(before, after) for (before, _), after in RECORDING.items() if before is not after}
    senders = {(before, after) for (before, _, _), after in SENDERS.items() if before != after}
    assert senders == {(VENUE, BACKUP), (BACKUP, VENUE)}
    ways_in = set(ENTRANCE.values())
    places = {(before, after) for (before, _), after in PLACES.items() if before is not after}
    reels = {(before, after) for (before, _), after in REELS.items() if before is not after}
    arrows = len(changes) + len(phases) + len(tapes) + len(senders) + len(ways_in) + len(places) + len(reels)
    assert sum(" --> " in line for line in lines) == arrows + 6


def test_the_rules_for_people_print_the_diagram() -> None:
    rules = (Path(__file__).parents[2] / "docs" / "rules.md").read_text("utf-8")
    assert f"```mermaid\n{diagram()}\n```" in rules


def test_the_module_prints_the_diagram() -> None:
    printed = subprocess.run(
        [sys.executable, "-W", "error", "-m", "interpreting.transitions"],
        capture_output=True,
        check=True,
        text=True,
        timeout=30,
    )
    assert printed.stdout == diagram() + "\n"
