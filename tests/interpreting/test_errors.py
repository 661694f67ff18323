"""The stable codes: each says what triggers it, none is ever renamed."""

import ast
import inspect

from interpreting import errors
from interpreting.errors import Code, InterpretingError, Refused

STABLE = {
    "too_fast",
    "phrase_unknown",
    "questions_full",
    "question_unknown",
    "not_in_booth",
    "booth_unknown",
    "language_unknown",
    "language_not_in_booth",
    "channel_unknown",
    "partner_on_air",
    "channel_engaged",
    "outgoing_while_on_air_engaged",
    "not_on_air",
    "incoming_is_own_outgoing",
    "relay_cycle",
    "no_handover",
    "handover_pending",
    "not_yours_to_accept",
    "not_accepted",
    "nobody_to_hand_over_to",
    "source_unknown",
    "channel_shared",
    "on_air",
    "intercom_full",
    "item_unknown",
    "removed",
    "not_in_room",
    "person_unknown",
    "door_closed",
    "name_needed",
    "room_full",
    "not_admitted",
    "not_seated",
    "not_backstage",
    "not_present",
    "floor_full",
    "no_floor",
    "muted_by_moderator",
    "hands_full",
    "hand_unknown",
    "seconds_invalid",
    "trim_invalid",
    "no_playout",
    "playout_running",
    "recording_off",
    "no_next_item",
    "call_unknown",
    "forbidden",
    "room_unknown",
    "command_unknown",
    "command_invalid",
    "record_invalid",
    "room_invalid",
}


def test_codes_are_stable() -> None:
    assert {code.value for code in Code} == STABLE


def test_every_code_says_what_triggers_it() -> None:
    tree = ast.parse(inspect.getsource(errors))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Code")
    for member, following in zip(body[1::2], body[2::2], strict=True):
        assert isinstance(member, ast.Assign)
        assert isinstance(following, ast.Expr)
        assert isinstance(following.value, ast.Constant)


def test_an_error_carries_its_code_and_perhaps_a_detail() -> None:
    refused: InterpretingError = Refused(Code.NOT_ON_AIR)
    assert (refused.code, refused.detail, str(refused)) == (Code.NOT_ON_AIR, "", "not_on_air")
    assert str(InterpretingError(Code.ROOM_INVALID, "two floors")) == "room_invalid: two floors"
