"""Trickle fragments as clients write them, and as nobody should."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.errors import FragmentRejected
from media.ice import Credentials
from media.sdp import MAX_SECTIONS
from media.trickle import MAX_BYTES, MAX_CANDIDATES, format_fragment, parse_fragment

# RFC 9725 figure 5, with a candidate of each sort browsers make.
LINES = (
    "a=group:BUNDLE 0 1",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "a=mid:0",
    "a=ice-ufrag:EsAw",
    "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1",
    "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1",
    "a=candidate:3471623853 1 udp 2122194687 3d8a0d4f-1ed5-4a3f-8f3f-8f2d4dd4f4c0.local 61765 typ host generation 0",
    "a=candidate:473322822 1 tcp 1518280447 2001:db8::1 9 typ host tcptype active generation 0",
    "a=candidate:2154773085 1 udp 41819903 198.51.100.7 49152 typ relay raddr 0.0.0.0 rport 0 generation 0",
    "a=end-of-candidates",
)


def text(*lines: str) -> str:
    return "".join(f"{line}\r\n" for line in lines)


def test_what_browsers_write_is_read() -> None:
    read = parse_fragment(text(*LINES))
    assert (read.ufrag, read.candidates) == ("EsAw", 4)
    assert read.section == ("m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0")


def test_credentials_alone_are_a_fragment_too() -> None:
    assert parse_fragment(text(*LINES[3:5])).section == ()
    # Each section may say them again, as long as it is the same.
    assert parse_fragment(text(*LINES, *LINES[1:5])).ufrag == "EsAw"


def test_attributes_nobody_knows_are_passed_over() -> None:
    assert parse_fragment(text("a=ice-options:trickle renomination", "a=x-new", *LINES)).candidates == 4


@pytest.mark.parametrize(
    "lines",
    [
        (),
        LINES[:3],
        LINES[:4],
        (*LINES, "a=ice-ufrag:Other"),
        (*LINES, "a=ice-pwd:anotheranotheranother22"),
        (*LINES, "v=0"),
        (*LINES[:4], "", *LINES[4:]),
        (*LINES, "a=x:" + "y" * 600),
        (*LINES, "a=candidate:1 1 udp 1 192.0.2.1 70000 typ host"),
        (*LINES, "a=candidate:1 0 udp 1 192.0.2.1 7 typ host"),
        (*LINES, "a=candidate:1 1 udp 0 192.0.2.1 7 typ host"),
        (*LINES, "a=candidate:1 1 udp 1 192.0.2.1 7 typ guest"),
        (*LINES, "a=candidate:1 1 udp 1 192.0.2.1 7"),
        (*LINES, "a=candidate:1 1 udp 1 192.0.2.1 7 typ host generation"),
        (*LINES, "a=candidate:"),
        (*LINES, "a=mid:"),
        (*LINES, "a=mid:a b"),
        (*LINES, "m=audio nine UDP/TLS/RTP/SAVPF 0"),
        (*LINES, *LINES[1:2] * MAX_SECTIONS),
        (*LINES, *LINES[5:6] * MAX_CANDIDATES),
        ("a=ice-ufrag:abc", LINES[4]),
        (LINES[3], "a=ice-pwd:short"),
        (LINES[3] + "\n", LINES[4]),
        ("a=ice-ufrag:EsAw\x00", LINES[4]),
    ],
)
def test_what_is_out_of_shape_is_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(FragmentRejected) as caught:
        parse_fragment(text(*lines))
    assert (caught.value.code, caught.value.status) == ("fragment_malformed", 400)


def test_what_is_too_long_is_not_read() -> None:
    with pytest.raises(FragmentRejected) as caught:
        parse_fragment("a=x\n" * MAX_BYTES)
    assert (caught.value.code, caught.value.status) == ("fragment_too_large", 413)


@given(st.text(max_size=400) | st.lists(st.sampled_from(LINES) | st.text(max_size=40), max_size=20).map("\r\n".join))
def test_nothing_else_is_ever_raised(noise: str) -> None:
    with contextlib.suppress(FragmentRejected):
        assert 0 <= parse_fragment(noise).candidates <= MAX_CANDIDATES


def test_our_own_fragment_is_one() -> None:
    ours = Credentials.fresh("them")
    written = format_fragment(ours, LINES[1:3], [LINES[5], "a=end-of-candidates"])
    read = parse_fragment(written)
    assert (read.ufrag, read.candidates, read.section) == (ours.ufrag, 1, LINES[1:3])
    assert ours.etag == f'"{ours.ufrag}"'
