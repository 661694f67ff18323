"""The STUN codec: what it writes it reads, and what is forged or broken it refuses."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import stun
from media.errors import WireError

TRANSACTION = bytes(range(12))


def request(password: bytes = b"secret", username: str = "us:them") -> bytes:
    return stun.format_request(TRANSACTION, username, password, tie_breaker=7)


def test_a_check_is_read_as_it_was_written() -> None:
    message = stun.parse(request())
    assert message.kind == stun.BINDING_REQUEST
    assert message.username == "us:them"
    assert message.is_nominating
    assert stun.is_authentic(message, b"secret")


def test_a_check_signed_with_another_password_is_not_authentic() -> None:
    assert not stun.is_authentic(stun.parse(request(b"guess")), b"secret")


def test_a_check_without_integrity_is_not_authentic() -> None:
    bare = stun.format_error(TRANSACTION, 400, "Bad Request")
    assert not stun.is_authentic(stun.parse(bare), b"secret")


def test_attributes_after_the_integrity_are_ignored() -> None:
    wire = request()
    # USE-CANDIDATE appended behind the signature, as a man in the middle could.
    unsigned = wire[:2] + (len(wire) - 20 + 8).to_bytes(2, "big") + wire[4:] + b"\x00\x06\x00\x03abc\x00"
    assert stun.parse(unsigned).username == "us:them"


@pytest.mark.parametrize(("host", "port"), [("192.0.2.7", 1), ("::ffff:192.0.2.7", 65535), ("2001:db8::9", 5000)])
def test_the_mapped_address_comes_back(host: str, port: int) -> None:
    answer = stun.parse(stun.format_success(TRANSACTION, host, port, b"secret"))
    assert stun.is_authentic(answer, b"secret")
    assert stun.mapped_address(answer) == (host.removeprefix("::ffff:"), port)


@pytest.mark.parametrize("wire", [b"", b"\x00" * 19, request()[:-1], request() + b"\x00", b"\x80" + request()[1:]])
def test_what_is_no_stun_is_refused(wire: bytes) -> None:
    with pytest.raises(WireError):
        stun.parse(wire)


def test_a_flood_of_attributes_is_refused() -> None:
    body = b"\x80\x22\x00\x00" * 300
    with pytest.raises(WireError):
        stun.parse(b"\x00\x01" + len(body).to_bytes(2, "big") + stun.MAGIC.to_bytes(4, "big") + TRANSACTION + body)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    padded = body + bytes(-len(body) & 3)
    header = b"\x00\x01" + len(padded).to_bytes(2, "big") + stun.MAGIC.to_bytes(4, "big") + os.urandom(12)
    try:
        message = stun.parse(header + padded)
    except WireError:
        return
    assert not stun.is_authentic(message, b"secret")
    try:
        stun.mapped_address(message)
    except WireError:
        return
