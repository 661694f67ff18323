"""The transition tables of microphone, interlock, handover, recording and the hall's senders, and a diagram of all.

Those of places and play-out stand in ``places``.

What stands in ``MIC`` or ``HANDOVER`` is allowed; a row that ends where it began changes nothing. What stands
in neither is refused with the code of ``MIC_REFUSALS`` or ``HANDOVER_REFUSALS``. Conditions on other seats
(relay, presence) are left to ``microphone`` and ``handover``.

``python -m interpreting.transitions`` prints all of them as a Mermaid state diagram.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from interpreting.booth import Interlock, MicState
from interpreting.commands import (
    AcceptHandover,
    AskHandover,
    CutMic,
    DeclineHandover,
    HandoverCommand,
    LoseSource,
    MicCommand,
    PressCough,
    RecordingCommand,
    ReleaseCough,
    ReleaseMic,
    SelectVenue,
    StartRecording,
    StopRecording,
    SwitchHandover,
    TakeMic,
    command_name,
)
from interpreting.errors import Code
from interpreting.ids import BACKUP, HALL, VENUE, SourceId
from interpreting.people import Role
from interpreting.places import ENTRANCE, PLACES, REELS
from interpreting.playout_state import Reel
from interpreting.workshop import Door, Place

MIC: Final[Mapping[tuple[MicState, type[MicCommand]], MicState]] = {
    (MicState.OFF_AIR, TakeMic): MicState.ON_AIR,
    (MicState.OFF_AIR, ReleaseMic): MicState.OFF_AIR,
    (MicState.OFF_AIR, ReleaseCough): MicState.OFF_AIR,
    (MicState.ON_AIR, TakeMic): MicState.ON_AIR,
    (MicState.ON_AIR, ReleaseMic): MicState.OFF_AIR,
    (MicState.ON_AIR, PressCough): MicState.COUGHING,
    (MicState.ON_AIR, ReleaseCough): MicState.ON_AIR,
    (MicState.COUGHING, TakeMic): MicState.COUGHING,
    (MicState.COUGHING, ReleaseMic): MicState.OFF_AIR,
    (MicState.COUGHING, PressCough): MicState.COUGHING,
    (MicState.COUGHING, ReleaseCough): MicState.ON_AIR,
}
"""Microphone and its own interpreter's command to the microphone afterwards."""

MIC_REFUSALS: Final[Mapping[tuple[MicState, type[MicCommand]], Code]] = {
    (MicState.OFF_AIR, PressCough): Code.NOT_ON_AIR,
}
"""The rest of microphone × command, each with its code."""


class Engaged(StrEnum):
    """What becomes of a microphone that opens into a channel another booth is on air into."""

    SHARED = "shared"
    REFUSED = "refused"
    DISPLACED = "displaced"


ENGAGED: Final[Mapping[Interlock, Engaged]] = {
    Interlock.NONE: Engaged.SHARED,
    Interlock.INTERLOCK: Engaged.REFUSED,
    Interlock.OVERRIDE: Engaged.DISPLACED,
}
"""Interlock to what it makes of an engaged channel: two on air, a refusal, or the other one off air."""


class Phase(StrEnum):
    """How far a booth's handover has come."""

    NONE = "none"
    ASKED = "asked"
    ACCEPTED = "accepted"


class Party(StrEnum):
    """What a person is to the booth's handover.

    The asker asked for it. The answerer has agreed or may: any colleague, when the one on air offers; the one
    on air, when a colleague asks. Everybody else is an outsider, and all are while there is no handover.
    """

    ASKER = "asker"
    ANSWERER = "answerer"
    OUTSIDER = "outsider"


HANDOVER: Final[Mapping[tuple[Phase, type[HandoverCommand], Party], Phase]] = {
    (Phase.NONE, AskHandover, Party.OUTSIDER): Phase.ASKED,
    (Phase.NONE, DeclineHandover, Party.OUTSIDER): Phase.NONE,
    (Phase.ASKED, AskHandover, Party.ASKER): Phase.ASKED,
    (Phase.ASKED, AskHandover, Party.ANSWERER): Phase.ACCEPTED,
    (Phase.ASKED, AcceptHandover, Party.ANSWERER): Phase.ACCEPTED,
    (Phase.ASKED, DeclineHandover, Party.ASKER): Phase.NONE,
    (Phase.ASKED, DeclineHandover, Party.ANSWERER): Phase.NONE,
    (Phase.ACCEPTED, AskHandover, Party.ASKER): Phase.ACCEPTED,
    (Phase.ACCEPTED, AskHandover, Party.ANSWERER): Phase.ACCEPTED,
    (Phase.ACCEPTED, AcceptHandover, Party.ANSWERER): Phase.ACCEPTED,
    (Phase.ACCEPTED, DeclineHandover, Party.ASKER): Phase.NONE,
    (Phase.ACCEPTED, DeclineHandover, Party.ANSWERER): Phase.NONE,
    (Phase.ACCEPTED, SwitchHandover, Party.ASKER): Phase.NONE,
    (Phase.ACCEPTED, SwitchHandover, Party.ANSWERER): Phase.NONE,
}
"""Phase, command and what its sender is to the handover, to the phase afterwards."""

HANDOVER_REFUSALS: Final[Mapping[tuple[Phase, type[HandoverCommand]], Code]] = {
    (Phase.NONE, AcceptHandover): Code.NO_HANDOVER,
    (Phase.NONE, SwitchHandover): Code.NO_HANDOVER,
    (Phase.ASKED, AskHandover): Code.HANDOVER_PENDING,
    (Phase.ASKED, AcceptHandover): Code.NOT_YOURS_TO_ACCEPT,
    (Phase.ASKED, DeclineHandover): Code.NOT_YOURS_TO_ACCEPT,
    (Phase.ASKED, SwitchHandover): Code.NOT_ACCEPTED,
    (Phase.ACCEPTED, AskHandover): Code.HANDOVER_PENDING,
    (Phase.ACCEPTED, AcceptHandover): Code.NOT_YOURS_TO_ACCEPT,
    (Phase.ACCEPTED, DeclineHandover): Code.NOT_YOURS_TO_ACCEPT,
    (Phase.ACCEPTED, SwitchHandover): Code.NOT_ON_AIR,
}
"""The code for every party without a row in ``HANDOVER``."""


class Tape(StrEnum):
    """Whether the room is recorded."""

    STOPPED = "stopped"
    RECORDING = "recording"


RECORDING: Final[Mapping[tuple[Tape, type[RecordingCommand]], Tape]] = {
    (Tape.STOPPED, StartRecording): Tape.RECORDING,
    (Tape.STOPPED, StopRecording): Tape.STOPPED,
    (Tape.RECORDING, StartRecording): Tape.RECORDING,
    (Tape.RECORDING, StopRecording): Tape.STOPPED,
}
"""Recording and command to the recording afterwards; nothing is refused."""

SENDERS: Final[Mapping[tuple[SourceId, type[SelectVenue | LoseSource], SourceId], SourceId]] = {
    **{(selected, SelectVenue, wanted): wanted for selected in HALL for wanted in HALL},
    (VENUE, LoseSource, VENUE): BACKUP,
    (BACKUP, LoseSource, BACKUP): VENUE,
}
"""The hall's selected sender, and what happens to which sender, to the selected one afterwards.

The usual one's loss counts only while the backup flows. What is not here leaves the selection alone.
"""


def diagram() -> str:
    """Return the tables as one Mermaid ``stateDiagram-v2``; rows that change nothing are left out."""
    mic = [(before, after, command_name(command)) for (before, command), after in MIC.items()]
    # The switch is the handover's command, and closes the microphone of the one who gives it.
    on_air = (MicState.ON_AIR, MicState.COUGHING)
    switch = [(before, MicState.OFF_AIR, command_name(SwitchHandover)) for before in on_air]
    displaced = [
        (before, MicState.OFF_AIR, f"another booth's {command_name(TakeMic)} under {mode}")
        for before in on_air
        for mode, engaged in ENGAGED.items()
        if engaged is Engaged.DISPLACED
    ]
    cut = [(before, MicState.OFF_AIR, f"a technician's {command_name(CutMic)}") for before in on_air]
    tape = [(before, after, command_name(command)) for (before, command), after in RECORDING.items()]
    reels = [(before, after, command_name(command)) for (before, command), after in REELS.items()]
    senders = [(before, after, command_name(command)) for (before, command, _), after in SENDERS.items()]
    return "\n".join(
        [
            "stateDiagram-v2",
            *_composite("microphone", MicState.OFF_AIR, mic + switch + displaced + cut),
            *_composite("handover", Phase.NONE, _handover_arrows()),
            *_composite("recorder", Tape.STOPPED, tape),
            *_composite("hall", VENUE, senders),
            *_composite("place", "coming", _place_arrows()),
            *_composite("playout", Reel.EMPTY, reels),
        ]
    )


def _handover_arrows() -> list[tuple[str, str, str]]:
    """Return the handover's rows as before, after, label; the label says which side the command is for."""
    parties: dict[tuple[str, str, str], list[Party]] = {}
    for (before, command, party), after in HANDOVER.items():
        parties.setdefault((before, after, command_name(command)), []).append(party)
    return [
        (before, after, f"{name} by the answerer" if sides == [Party.ANSWERER] else name)
        for (before, after, name), sides in parties.items()
    ]


def _place_arrows() -> list[tuple[str, str, str]]:
    """Return the ways in as before, after, label, which says by which door who comes; then the rows of the places."""
    doors: dict[tuple[Role, Place], list[Door]] = {}
    for (door, role), place in ENTRANCE.items():
        doors.setdefault((role, place), []).append(door)
    ways_in = [
        ("coming", place.value, role.value if len(some) == len(Door) else f"{role} by a door {' or '.join(some)}")
        for (role, place), some in doors.items()
    ]
    return ways_in + [(before, after, command_name(command)) for (before, command), after in PLACES.items()]


def _composite(name: str, initial: str, arrows: Iterable[tuple[str, str, str]]) -> list[str]:
    """Return one table's lines as a composite state, labels of the same arrow joined in the table's order."""
    labels: dict[tuple[str, str], list[str]] = {}
    for before, after, label in arrows:
        if before != after:
            labels.setdefault((before, after), []).append(label)
    lines = [f"{before} --> {after}: {', '.join(texts)}" for (before, after), texts in labels.items()]
    return [
        f"    state {name} {{",
        *(f"        {line}" for line in [f"[*] --> {initial}", *lines]),
        "    }",
    ]


if __name__ == "__main__":
    print(diagram())
