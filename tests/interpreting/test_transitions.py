"""The tables are complete, hold no row twice, and the diagram is drawn from them."""

import subprocess
import sys
from itertools import product
from typing import get_args

from interpreting.booth import MicState
from interpreting.commands import HandoverCommand, MicCommand
from interpreting.transitions import HANDOVER, HANDOVER_REFUSALS, MIC, MIC_REFUSALS, Party, Phase, diagram


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


def test_the_diagram_shows_every_change() -> None:
    lines = diagram().splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert "        off_air --> on_air: take_mic" in lines
    assert "        coughing --> off_air: release_mic, switch_handover" in lines
    assert "        asked --> accepted: ask_handover by the answerer, accept_handover by the answerer" in lines
    changes = {(before, after) for (before, _), after in MIC.items() if before is not after}
    phases = {(before, after) for (before, _, _), after in HANDOVER.items() if before is not after}
    assert sum(" --> " in line for line in lines) == len(changes) + len(phases) + 2


def test_the_module_prints_the_diagram() -> None:
    printed = subprocess.run(
        [sys.executable, "-W", "error", "-m", "interpreting.transitions"],
        capture_output=True,
        check=True,
        text=True,
        timeout=30,
    )
    assert printed.stdout == diagram() + "\n"
