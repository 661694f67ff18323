"""Everything the domain refuses, as one tree with stable codes.

The codes go over the wire and into catalogues: they are never renamed. Their texts, in each page language,
are left to the server.
"""

from enum import StrEnum


class Code(StrEnum):
    """Why something was refused. Each member says what triggers it."""

    NOT_IN_BOOTH = "not_in_booth"
    """The person acts as an interpreter and has no seat in any booth of the room."""

    BOOTH_UNKNOWN = "booth_unknown"
    """``EnterBooth`` names a booth that the room does not have."""

    LANGUAGE_UNKNOWN = "language_unknown"
    """A command names a language that is no channel of the room."""

    LANGUAGE_NOT_IN_BOOTH = "language_not_in_booth"
    """``SelectOutgoing`` names a channel of the room that is not among the booth's outgoing languages."""

    CHANNEL_UNKNOWN = "channel_unknown"
    """``SelectIncoming`` names neither the floor nor a channel of the room."""

    PARTNER_ON_AIR = "partner_on_air"
    """``TakeMic`` while a colleague of the same booth is on air, present, and their microphone is live."""

    CHANNEL_ENGAGED = "channel_engaged"
    """``TakeMic`` while another booth is on air into the same outgoing channel (interlock)."""

    OUTGOING_WHILE_ON_AIR_ENGAGED = "outgoing_while_on_air_engaged"
    """``SelectOutgoing`` by somebody on air, towards a channel that another booth is on air into."""

    NOT_ON_AIR = "not_on_air"
    """``PressCough`` or ``SwitchHandover`` by somebody off air; ``AskHandover`` while the booth is off air."""

    INCOMING_IS_OWN_OUTGOING = "incoming_is_own_outgoing"
    """The command would make somebody listen to the channel selected as their own outgoing."""

    RELAY_CYCLE = "relay_cycle"
    """The command would close a ring of interpreters on air who all listen to each other, none to the floor."""

    NO_HANDOVER = "no_handover"
    """``AcceptHandover`` or ``SwitchHandover`` while nobody of the booth has asked for a handover."""

    HANDOVER_PENDING = "handover_pending"
    """``AskHandover`` by a third colleague while a handover between two others is under way."""

    NOT_YOURS_TO_ACCEPT = "not_yours_to_accept"
    """``AcceptHandover`` or ``DeclineHandover`` by somebody whom the handover does not concern, or accepting
    one's own."""

    NOT_ACCEPTED = "not_accepted"
    """``SwitchHandover`` before the other side has accepted."""

    NOBODY_TO_HAND_OVER_TO = "nobody_to_hand_over_to"
    """``AskHandover`` by the one on air without a present colleague; ``SwitchHandover`` to one who is absent."""

    SOURCE_UNKNOWN = "source_unknown"
    """A source id that is none of the fixed forms, or whose form belongs to another kind; ``SelectVenue`` with a
    source that is not the hall's."""

    ON_AIR = "on_air"
    """``TalkTo`` by an interpreter on air who does not cough: it would be heard by everybody."""

    NOT_BACKSTAGE = "not_backstage"
    """``TalkTo`` by somebody who takes part from afar and does not wait backstage, or whose page is not connected."""

    INTERCOM_FULL = "intercom_full"
    """``TalkTo`` while as many talk as the intercom takes."""

    CHANNEL_SHARED = "channel_shared"
    """``SetInterlock`` to another mode than ``none`` while two booths are on air into one channel."""

    ITEM_UNKNOWN = "item_unknown"
    """``SelectItem`` names an item that the room's programme does not have."""

    NO_NEXT_ITEM = "no_next_item"
    """``NextItem`` after the programme's last item, or without a programme."""

    REMOVED = "removed"
    """The person who acts was sent out of the room."""

    NOT_IN_ROOM = "not_in_room"
    """The person acts as one who takes part and did not come, or raises a hand without being seated."""

    PERSON_UNKNOWN = "person_unknown"
    """A command names somebody who does not take part in the room."""

    DOOR_CLOSED = "door_closed"
    """``EnterRoom`` by somebody new while the door is closed, or in a role for which there is no place."""

    NAME_NEEDED = "name_needed"
    """``EnterRoom`` into a closed room without an invitation that bears a name."""

    ROOM_FULL = "room_full"
    """``EnterRoom`` while as many are there as a room takes."""

    NOT_ADMITTED = "not_admitted"
    """``BringOn`` or ``CallBackstage`` of somebody who was removed, ``BringOn`` of somebody who waits at the door."""

    NOT_SEATED = "not_seated"
    """``GiveFloor`` to somebody at the door, backstage or removed."""

    NOT_PRESENT = "not_present"
    """``GiveFloor`` or ``BringOn`` for somebody whose page is not connected."""

    FLOOR_FULL = "floor_full"
    """``GiveFloor`` or ``BringOn`` while as many hold the floor as may."""

    NO_FLOOR = "no_floor"
    """``Mute`` or ``Unmute`` of somebody who does not hold the floor."""

    MUTED_BY_MODERATOR = "muted_by_moderator"
    """``Unmute`` of one's own microphone that a moderator has shut."""

    HANDS_FULL = "hands_full"
    """A hand goes up while as many are up as the queue takes."""

    HAND_UNKNOWN = "hand_unknown"
    """``MoveHand`` names a hand that is not up."""

    SECONDS_INVALID = "seconds_invalid"
    """``SetTimer`` or ``CuePlayout`` with a length that is none, or past the bound."""

    NO_PLAYOUT = "no_playout"
    """``StartPlayout`` or ``PausePlayout`` while nothing is cued."""

    PLAYOUT_RUNNING = "playout_running"
    """``CuePlayout`` while something plays or is paused."""

    TRIM_INVALID = "trim_invalid"
    """``SetTrim`` with a gain or a delay past the bounds."""

    RECORDING_OFF = "recording_off"
    """``StartRecording`` in a room that is not recorded by its configuration."""

    CALL_UNKNOWN = "call_unknown"
    """``AnswerCall`` names a call that nobody made, or one so old that it is forgotten."""

    TOO_FAST = "too_fast"
    """``Say`` by somebody who takes part and has said as many lines within a short time as may be."""

    PHRASE_UNKNOWN = "phrase_unknown"
    """``Say`` with a ready phrase that does not exist."""

    QUESTIONS_FULL = "questions_full"
    """``AskQuestion`` while as many questions are open as one person may have, or the room keeps."""

    QUESTION_UNKNOWN = "question_unknown"
    """``WithdrawQuestion`` or ``SettleQuestion`` names a question that is not open, or another's to withdraw."""

    FORBIDDEN = "forbidden"
    """The person's role does not allow the command, or not with this source or addressee."""

    ROOM_UNKNOWN = "room_unknown"
    """A request names a room that the server does not have. Raised by the server."""

    COMMAND_UNKNOWN = "command_unknown"
    """The wire names a command that does not exist."""

    COMMAND_INVALID = "command_invalid"
    """The command's arguments are missing, too many, of a wrong type, or no known value."""

    RECORD_INVALID = "record_invalid"
    """A stored event or snapshot cannot be read, or an event does not fit the room it is replayed on."""

    ROOM_INVALID = "room_invalid"
    """A room's configuration or snapshot contradicts itself."""


class InterpretingError(Exception):
    """Root of the domain's errors; ``code`` is stable, ``detail`` is for developers and names no person."""

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else str(code))
        self.code = code
        self.detail = detail


class Refused(InterpretingError):
    """The room's rules refuse a well-formed command; nothing has changed."""


class InvalidCommand(InterpretingError):
    """What came by wire is no command: ``command_unknown`` or ``command_invalid``."""


class InvalidRecord(InterpretingError):
    """What came from the store is no event or snapshot, or does not fit: ``record_invalid``."""


class InvalidRoom(InterpretingError):
    """A room that contradicts itself cannot be built: ``room_invalid``."""
