"""Strict JSON and the one message that pages send."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.messages import (
    MAX_DEPTH,
    MAX_MESSAGE_BYTES,
    BadMessage,
    CommandMessage,
    ReportMessage,
    format_message,
    parse_json,
    parse_message,
)

GOOD = '{"type":"command","id":"1","name":"take_mic","args":{}}'


def test_a_command_is_read() -> None:
    assert parse_message(GOOD) == CommandMessage("1", "take_mic", {})
    assert parse_message('{"type":"command","id":"1","name":"take_mic"}') == CommandMessage("1", "take_mic", {})


def report(**changes: object) -> str:
    said = {"lost_percent": 0.4, "jitter_buffer_ms": 60, "concealed_percent": 0, "round_trip_ms": None, **changes}
    return json.dumps({"type": "report", **said})


def test_a_report_is_read() -> None:
    assert parse_message(report()) == ReportMessage(0.4, 60.0, 0.0, None)
    assert parse_message(report(round_trip_ms=12)) == ReportMessage(0.4, 60.0, 0.0, 12.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"lost_percent": -0.1},
        {"lost_percent": 100.1},
        {"lost_percent": None},
        {"lost_percent": True},
        {"jitter_buffer_ms": "60"},
        {"jitter_buffer_ms": 60_001},
        {"round_trip_ms": []},
        {"room": "plenary"},
    ],
)
def test_a_report_that_is_none_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(BadMessage):
        parse_message(report(**changes))
    with pytest.raises(BadMessage):
        parse_message('{"type":"report","lost_percent":1}')


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        '{"a":NaN}',
        '{"a":Infinity}',
        '{"a":1e999}',
        '{"a":1,"a":2}',
        '{"a":{"b":1,"b":2}}',
        "[" * 100_000,
        "\ud800",
        '{"type":"command","id":"1","name":"x","args":[]}',
        '{"type":"command","id":1,"name":"x","args":{}}',
        '{"type":"command","id":"","name":"x","args":{}}',
        '{"type":"command","id":"\\u0007","name":"x","args":{}}',
        '{"type":"command","id":"1","name":null,"args":{}}',
        '{"type":"command","id":"1","name":"x","args":{},"role":"technician"}',
        '{"type":"state","id":"1","name":"x","args":{}}',
        '{"type":"command","name":"x"}',
        json.dumps({"type": "command", "id": "i" * 65, "name": "x", "args": {}}),
        json.dumps({"type": "command", "id": "1", "name": "x" * MAX_MESSAGE_BYTES, "args": {}}),
    ],
)
def test_what_is_not_of_this_protocol_is_refused(text: str) -> None:
    with pytest.raises(BadMessage):
        parse_message(text)


def test_depth_is_bounded_exactly() -> None:
    parse_json("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    with pytest.raises(BadMessage):
        parse_json("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))
    parse_json('"' + "[" * 100 + '"')


@given(st.binary(max_size=200))
def test_junk_is_refused_and_nothing_else_happens(junk: bytes) -> None:
    try:
        parse_json(junk)
    except BadMessage:
        return


scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20)


@given(st.dictionaries(st.text(max_size=5), st.lists(scalars, max_size=3), max_size=5))
def test_what_we_write_we_read(message: dict[str, object]) -> None:
    assert parse_json(format_message(message)) == message
