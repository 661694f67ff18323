"""The crafted descriptions are read by parsers nobody here wrote, and the picked attributes are the right ones."""

import pytest
from aiortc.sdp import SessionDescription

from deploy.load.sdp import Credentials, Direction, SdpError, format_audio, parse_remote
from media.dtls import Fingerprint
from media.sdp import parse_offer

PRINT = Fingerprint("sha-256", ":".join(["AB"] * 32))
OURS = Credentials("abcd1234", "0123456789abcdef0123456789abcdef")


def test_the_offer_is_a_recvonly_bundled_opus_line_for_aiortc() -> None:
    parsed = SessionDescription.parse(format_audio(OURS, PRINT, Direction.RECEIVE))
    (media,) = parsed.media
    assert (media.kind, media.direction, media.rtcp_mux) == ("audio", "recvonly", True)
    assert [codec.mimeType for codec in media.rtp.codecs] == ["audio/opus"]
    assert (media.rtp.codecs[0].clockRate, media.rtp.codecs[0].channels) == (48_000, 2)
    assert media.ice is not None
    assert media.dtls is not None
    assert (media.ice.usernameFragment, media.ice.password) == (OURS.ufrag, OURS.password)
    assert media.dtls.role == "auto"
    assert [f.value for f in media.dtls.fingerprints] == [PRINT.digest]
    assert parsed.group[0].items == [media.rtp.muxId]


def test_a_publisher_names_its_stream_and_an_answer_its_address() -> None:
    text = format_audio(OURS, PRINT, Direction.SEND, ssrc=77, setup="active", address=("10.77.0.2", 4000))
    (media,) = SessionDescription.parse(text).media
    assert media.direction == "sendonly"
    assert [entry.ssrc for entry in media.ssrc] == [77]
    assert (media.ice_candidates[0].ip, media.ice_candidates[0].port) == ("10.77.0.2", 4000)
    assert media.dtls is not None
    assert media.dtls.role == "client"


def test_what_is_written_is_read_back() -> None:
    text = format_audio(OURS, PRINT, Direction.SEND, mid="a", payload_type=96, address=("10.77.0.1", 8080))
    remote = parse_remote(text)
    assert remote.credentials == OURS
    assert remote.fingerprint == PRINT
    assert remote.address == ("10.77.0.1", 8080)
    assert (remote.setup, remote.mid, remote.payload_type) == ("actpass", "a", 96)


def test_the_candidate_at_the_host_we_know_wins() -> None:
    text = format_audio(OURS, PRINT, Direction.SEND, address=("192.0.2.1", 1))
    text += "a=candidate:2 1 UDP 1 10.77.0.1 2 typ host\r\na=candidate:3 1 udp 1 2001:db8::1 3 typ host\r\n"
    assert parse_remote(text, "10.77.0.1").address == ("10.77.0.1", 2)
    assert parse_remote(text, "localhost").address == ("192.0.2.1", 1)


@pytest.mark.parametrize("missing", ["ice-ufrag", "ice-pwd", "fingerprint", "setup", "mid", "rtpmap", "candidate"])
def test_a_description_that_lacks_something_is_refused(missing: str) -> None:
    text = format_audio(OURS, PRINT, Direction.SEND, address=("10.77.0.1", 1))
    lines = [line for line in text.splitlines() if not line.startswith(f"a={missing}")]
    with pytest.raises(SdpError):
        parse_remote("\r\n".join(lines))


def test_credentials_are_fresh_and_long_enough() -> None:
    first, second = Credentials(), Credentials()
    assert first != second
    # RFC 8445 section 5.3: at least 4 and 22 characters.
    assert len(first.ufrag) >= 4
    assert len(first.password) >= 22


def test_pictures_are_sections_of_the_same_bundle() -> None:
    offer = parse_offer(format_audio(OURS, PRINT, Direction.SEND, ssrc=77, pictures=(78, 79)))
    assert [(section.kind, section.mid, section.ssrcs) for section in offer.sections] == [
        ("audio", "0", frozenset({77})),
        ("video", "p0", frozenset({78})),
        ("video", "p1", frozenset({79})),
    ]
    seen = parse_offer(format_audio(OURS, PRINT, Direction.RECEIVE, pictures=(0, 0)))
    assert [(section.direction, section.ssrcs) for section in seen.sections[1:]] == [("recvonly", frozenset())] * 2
