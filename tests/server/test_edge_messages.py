"""What origin and edge say to each other: there and back, and strictly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.edge_messages import (
    EDGE_MESSAGES,
    Answered,
    Closed,
    Done,
    Failed,
    Hello,
    Load,
    Message,
    Move,
    Pull,
    Subscribe,
    UpdateIce,
    Welcome,
    format_edge_message,
    parse_edge_message,
)
from server.messages import BadMessage

PROTOCOL = (Path(__file__).parents[2] / "server" / "PROTOCOL.md").read_text("utf-8")
MESSAGES: list[Message] = [
    Hello(1, "i", "edge-1", ("a", "b")),
    Welcome("boot", "tag", ()),
    Subscribe(1, "p", "v=0\r\n", "plenary/de", None, ("plenary/stage",), 1),
    UpdateIce(2, "p", "a=ice-ufrag:x", ('"e"',)),
    UpdateIce(2, "p", "a=ice-ufrag:x", None),
    Move(3, "p", "plenary/uk"),
    Pull(4, "q", "v=0\r\n", "plenary/de", "plenary", 3),
    Answered(4, "v=0\r\n", '"e"'),
    Done(5),
    Failed(6, "overloaded", 503),
    Closed("p", "bye"),
    Load(3, 4000, 150.5, 0.25, {"peers": 3, "drops": {"stranger": 1}}),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda one: type(one).__name__)
def test_there_and_back(message: Message) -> None:
    assert parse_edge_message(format_edge_message(message)) == message


def test_every_message_is_written_down() -> None:
    for name in EDGE_MESSAGES:
        assert f"| `{name}` |" in PROTOCOL


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"type": "dance"}',
        '{"type": ["done"], "id": 1}',
        '{"type": "done"}',
        '{"type": "done", "id": -1}',
        '{"type": "done", "id": true}',
        '{"type": "done", "id": 1.5}',
        '{"type": "done", "id": 1, "more": 2}',
        '{"type": "done", "id": 1, "id": 2}',
        '{"type": "move", "id": 1, "peer": null, "bus": "b"}',
        '{"type": "hello", "protocol": 1, "instance": "i", "name": "n", "peers": "p"}',
        '{"type": "hello", "protocol": 1, "instance": "i", "name": "n", "peers": [1]}',
        '{"type": "load", "listeners": 1, "max_listeners": 1, "packets_per_s": NaN, "cpu_share": 0, "figures": {}}',
        json.dumps({"type": "closed", "peer": "p" * 90_000, "reason": "x"}),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadMessage):
        parse_edge_message(text)


@given(st.text() | st.recursive(st.none() | st.text(), lambda inner: st.lists(inner)).map(json.dumps))
def test_no_text_makes_it_stumble(text: str) -> None:
    with pytest.raises(BadMessage):
        parse_edge_message(text)


@given(st.sampled_from(MESSAGES), st.data())
def test_no_member_of_another_kind_gets_through(message: Message, data: st.DataObject) -> None:
    value = json.loads(format_edge_message(message))
    name = data.draw(st.sampled_from(sorted(value)))
    value[name] = data.draw(st.none() | st.booleans() | st.text() | st.integers() | st.lists(st.integers()))
    try:
        parsed = parse_edge_message(json.dumps(value))
    except BadMessage:
        return
    assert json.loads(format_edge_message(parsed)) == value
