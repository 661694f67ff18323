"""Commands: what somebody wants to happen in a room, imperative, not yet judged.

``by`` is the person who acts. Whether their role may say it stands in ``roles``; whether the room's state
allows it is decided by ``Room.apply``. A command whose wish is already so changes nothing and is no error.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, get_args

from interpreting.ids import BoothId, PersonId, SourceId, SourceKind
from interpreting.languages import Channel, Fallback, Language


@dataclass(frozen=True, slots=True)
class SetFloorLanguage:
    """Say which language the floor speaks now; channels of that language carry the floor."""

    by: PersonId
    language: Language


@dataclass(frozen=True, slots=True)
class SetFallback:
    """Choose what a channel carries while its booth is silent."""

    by: PersonId
    language: Language
    fallback: Fallback


@dataclass(frozen=True, slots=True)
class EnterBooth:
    """Sit down in a booth under a display name: the person's page is connected.

    Who comes back finds microphone, outgoing and incoming as they were; who sat elsewhere leaves there first.
    """

    by: PersonId
    booth: BoothId
    name: str


@dataclass(frozen=True, slots=True)
class LeaveBooth:
    """Get up: off air and without a seat. The conductor says it also for those who stay absent."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class StepAway:
    """The person's page has lost its connection (conductor only); seat and microphone stay as they are."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class SelectIncoming:
    """Listen to the floor or to a channel (relay)."""

    by: PersonId
    channel: Channel


@dataclass(frozen=True, slots=True)
class SelectOutgoing:
    """Choose which of the booth's languages to speak into; on air the microphone moves at once."""

    by: PersonId
    language: Language


@dataclass(frozen=True, slots=True)
class TakeMic:
    """Go on air into the selected outgoing channel.

    Takes it by force from a colleague of the booth who is absent or whose microphone is not live.
    """

    by: PersonId


@dataclass(frozen=True, slots=True)
class ReleaseMic:
    """Go off air."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class PressCough:
    """Mute the own open microphone while a key is held; the channel stays engaged."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class ReleaseCough:
    """Let the cough key go: the microphone is open again."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class AskHandover:
    """Offer the microphone (who is on air) or ask for it (a colleague).

    Answering an ask by asking oneself is accepting it.
    """

    by: PersonId


@dataclass(frozen=True, slots=True)
class AcceptHandover:
    """Agree to the handover that the other side asked for; the microphone does not move yet."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class DeclineHandover:
    """Refuse the other side's ask, or take back one's own ask or agreement."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class SwitchHandover:
    """Move the microphone to the other side in one step, at the moment chosen by the one on air."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class ConnectSource:
    """A source has begun to flow (conductor only)."""

    source: SourceId
    kind: SourceKind


@dataclass(frozen=True, slots=True)
class LoseSource:
    """A source has fallen silent or gone (conductor only)."""

    source: SourceId


@dataclass(frozen=True, slots=True)
class LoseAllSources:
    """No source flows any more: the server has restarted (conductor only)."""


PolicyCommand: TypeAlias = SetFloorLanguage | SetFallback
SeatCommand: TypeAlias = EnterBooth | LeaveBooth | StepAway | SelectIncoming | SelectOutgoing
MicCommand: TypeAlias = TakeMic | ReleaseMic | PressCough | ReleaseCough
HandoverCommand: TypeAlias = AskHandover | AcceptHandover | DeclineHandover | SwitchHandover
SourceCommand: TypeAlias = ConnectSource | LoseSource | LoseAllSources
Command: TypeAlias = PolicyCommand | SeatCommand | MicCommand | HandoverCommand | SourceCommand


def command_name(command: type[Command]) -> str:
    """Return the command's name on the wire: its class name in snake_case, ``take_mic`` for ``TakeMic``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", command.__name__).lower()


COMMANDS: Final[Mapping[str, type[Command]]] = {command_name(kind): kind for kind in get_args(Command)}
"""Every command by its name on the wire."""
