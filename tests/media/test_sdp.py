"""Offers: Chromium's and aiortc's are taken, and what cannot be served is refused with its own code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import sdp
from media.dtls import Fingerprint
from media.errors import OfferRejected
from media.offers import MID, TRANSPORT_CC, Agreed, PictureSsrcs, Ssrcs, agree_to_publish, agree_to_send

HEAD = [
    "v=0",
    "o=- 1 2 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0 1",
    "a=msid-semantic: WMS",
]
TRANSPORT = [
    "c=IN IP4 0.0.0.0",
    "a=ice-ufrag:abcd",
    "a=ice-pwd:0123456789012345678901",
    "a=fingerprint:sha-256 AA:BB",
    "a=setup:actpass",
    "a=rtcp-mux",
]
AUDIO = [
    "m=audio 9 UDP/TLS/RTP/SAVPF 109 0",
    *TRANSPORT,
    "a=mid:0",
    "a=recvonly",
    "a=rtpmap:109 opus/48000/2",
    "a=fmtp:109 minptime=10;useinbandfec=1",
    "a=rtpmap:0 PCMU/8000",
]
VIDEO = [
    "m=video 9 UDP/TLS/RTP/SAVPF 96 102 108",
    *TRANSPORT,
    "a=mid:1",
    "a=recvonly",
    "a=rtpmap:96 VP8/90000",
    "a=rtcp-fb:96 nack pli",
    "a=rtcp-fb:96 transport-cc",
    "a=rtpmap:102 H264/90000",
    "a=fmtp:102 profile-level-id=640032;packetization-mode=1",
    "a=rtpmap:108 H264/90000",
    "a=fmtp:108 profile-level-id=42e01f;packetization-mode=1",
    "a=rtcp-fb:108 nack",
]
ICE = sdp.LocalIce(
    "us", True, "password", Fingerprint("sha-256", "CC:DD"), (("192.0.2.1", 8080), ("2001:db8::1", 8080))
)

OURS = Ssrcs(1, (PictureSsrcs(2, 3),))


def text(*sections: list[str]) -> str:
    return "\r\n".join([*HEAD, *(line for section in sections for line in section)]) + "\r\n"


def offering(old: str, new: str) -> str:
    return text(AUDIO, VIDEO).replace(old, new)


def test_a_browsers_offer_is_read() -> None:
    offer = sdp.parse_offer(text(AUDIO, VIDEO))
    assert offer.ufrag == "abcd"
    assert not offer.is_dtls_server
    assert offer.fingerprints == (Fingerprint("sha-256", "AA:BB"),)
    assert [(s.kind, s.mid, s.direction) for s in offer.sections] == [
        ("audio", "0", "recvonly"),
        ("video", "1", "recvonly"),
    ]


def test_the_answer_names_our_numbers_in_their_terms() -> None:
    agreed = agree_to_send(sdp.parse_offer(text(AUDIO, VIDEO)), Ssrcs(1234, (PictureSsrcs(5678, 5679),)))
    answer = sdp.format_answer(ICE, agreed.sections, 1, "tolmach").split("\r\n")
    assert (agreed.audio_type, agreed.pictures[0].types) == (109, {"h264": 108, "vp8": 96})
    for line in (
        "a=ice-lite",
        "a=group:BUNDLE 0 1",
        "m=audio 8080 UDP/TLS/RTP/SAVPF 109",
        "m=video 8080 UDP/TLS/RTP/SAVPF 108 96",
        "a=setup:passive",
        "a=ssrc:1234 cname:tolmach",
        "a=ssrc:5678 cname:tolmach",
        "a=rtcp-fb:109 nack",
        "a=rtcp-fb:96 nack pli",
        "a=candidate:1 1 udp 2130706431 192.0.2.1 8080 typ host",
        "a=candidate:2 1 udp 2130706175 2001:db8::1 8080 typ host",
    ):
        assert line in answer
    assert "a=rtcp-fb:96 transport-cc" not in answer


RED = ["a=rtpmap:63 red/48000/2", "a=fmtp:63 109/109"]
REPAIR = ["a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=108", f"a=extmap:4 {TRANSPORT_CC}", "a=rtcp-fb:108 transport-cc"]


def full(direction: str, audio_order: str) -> str:
    audio = [line.replace("SAVPF 109 0", f"SAVPF {audio_order}") for line in AUDIO] + RED
    video = [line.replace("SAVPF 96 102 108", "SAVPF 96 102 108 97") for line in VIDEO] + REPAIR
    return text(audio, video).replace("recvonly", direction)


def test_red_is_taken_when_the_offerer_puts_it_first() -> None:
    first = agree_to_send(sdp.parse_offer(full("recvonly", "63 109")), OURS)
    assert (first.audio_type, first.red_type) == (109, 63)
    assert "m=audio 8080 UDP/TLS/RTP/SAVPF 63 109" in sdp.format_answer(ICE, first.sections, 1, "t")
    second = agree_to_send(sdp.parse_offer(full("recvonly", "109 63")), OURS)
    assert (second.audio_type, second.red_type) == (109, None)


def test_repair_streams_are_answered_where_they_are_offered() -> None:
    agreed = agree_to_send(sdp.parse_offer(full("recvonly", "109 63")), OURS)
    answer = sdp.format_answer(ICE, agreed.sections, 1, "tolmach").split("\r\n")
    assert agreed.pictures[0].repairs == {"h264": 97}
    for line in ("a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=108", "a=ssrc-group:FID 2 3", "a=ssrc:3 cname:tolmach"):
        assert line in answer


def test_a_publishers_line_is_measured_where_it_offers_that() -> None:
    agreed = agree_to_publish(sdp.parse_offer(full("sendonly", "63 109")), takes_audio=True, takes_video=True)
    answer = sdp.format_answer(ICE, agreed.sections, 1, "tolmach").split("\r\n")
    assert agreed.feedback_id == 4
    assert f"a=extmap:4 {TRANSPORT_CC}" in answer
    assert "a=rtcp-fb:108 transport-cc" in answer
    assert not any(line.startswith("a=ssrc") for line in answer)


def test_a_room_without_a_picture_refuses_the_video_section_only() -> None:
    agreed = agree_to_send(sdp.parse_offer(text(AUDIO, VIDEO)), Ssrcs(1))
    answer = sdp.format_answer(ICE, agreed.sections, 1, "tolmach")
    assert "m=video 0 UDP/TLS/RTP/SAVPF 96" in answer
    assert "a=group:BUNDLE 0\r\n" in answer


def test_an_offerer_that_will_only_wait_gets_an_active_answer() -> None:
    offer = sdp.parse_offer(offering("a=setup:actpass", "a=setup:passive"))
    assert offer.is_dtls_server


@pytest.mark.parametrize(
    ("offer", "code", "status"),
    [
        ("", "sdp_malformed", 400),
        ("hello", "sdp_malformed", 400),
        (text(), "sdp_malformed", 400),
        (text(AUDIO) + "x" * sdp.MAX_BYTES, "sdp_too_large", 413),
        (text(AUDIO, ["a=" + "x" * 3000]), "sdp_malformed", 400),
        (text(AUDIO, *[["m=audio 9 UDP/TLS/RTP/SAVPF 0"]] * sdp.MAX_SECTIONS), "sdp_too_many_media", 422),
        (text(AUDIO, ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel"]), "sdp_data_channel", 422),
        (offering("UDP/TLS/RTP/SAVPF", "RTP/AVP"), "sdp_not_webrtc", 422),
        (offering("a=setup:actpass", "a=setup:active"), "sdp_setup_active", 422),
        (offering("a=group:BUNDLE 0 1", "a=group:LS 0 1"), "sdp_no_bundle", 422),
        (offering("a=rtcp-mux", "a=rtcp-rsize"), "sdp_no_rtcp_mux", 422),
        (offering("a=ice-ufrag:abcd", "a=ice-ufrag:a b"), "sdp_malformed", 400),
        (offering("a=ice-pwd", "a=ice-pw"), "sdp_malformed", 400),
        (offering("a=fingerprint:sha-256 AA:BB", "a=fingerprint:sha-256"), "sdp_malformed", 400),
        (offering("a=mid:1", "a=mid:0"), "sdp_malformed", 400),
        (offering("SAVPF 109 0", "SAVPF 999"), "sdp_malformed", 400),
    ],
)
def test_what_cannot_be_served_is_refused_by_name(offer: str, code: str, status: int) -> None:
    with pytest.raises(OfferRejected) as refused:
        sdp.parse_offer(offer)
    assert (refused.value.code, refused.value.status) == (code, status)


def test_the_wrong_way_round_is_refused() -> None:
    listening = sdp.parse_offer(text(AUDIO, VIDEO))
    speaking = sdp.parse_offer(offering("a=recvonly", "a=sendonly"))
    with pytest.raises(OfferRejected, match="offer_is_subscribe"):
        agree_to_publish(listening, takes_audio=True, takes_video=True)
    with pytest.raises(OfferRejected, match="offer_is_publish"):
        agree_to_send(speaking, OURS)


def test_a_publisher_without_opus_is_told_so() -> None:
    offer = sdp.parse_offer(offering("a=recvonly", "a=sendonly").replace("opus/48000/2", "G722/8000"))
    with pytest.raises(OfferRejected, match="sdp_no_opus"):
        agree_to_publish(offer, takes_audio=True, takes_video=True)


def test_two_microphones_in_one_offer_are_refused() -> None:
    twice = text(AUDIO, [line.replace("a=mid:0", "a=mid:1") for line in AUDIO]).replace("recvonly", "sendonly")
    with pytest.raises(OfferRejected, match="sdp_too_many_media"):
        agree_to_publish(sdp.parse_offer(twice), takes_audio=True, takes_video=True)


def test_an_interpreters_camera_is_not_taken() -> None:
    offer = sdp.parse_offer(offering("a=recvonly", "a=sendonly"))
    agreed = agree_to_publish(offer, takes_audio=True, takes_video=False)
    assert (agreed.audio_type, agreed.pictures) == (109, [])


@given(st.text(max_size=300), st.integers(0, 2000))
def test_any_text_is_read_or_refused(noise: str, at: int) -> None:
    whole = text(AUDIO, VIDEO)
    for candidate in (noise, whole[:at] + noise + whole[at:], whole[:at]):
        try:
            offer = sdp.parse_offer(candidate)
            agree_to_send(offer, OURS)
        except OfferRejected:
            continue


def sections(kinds: str, direction: str) -> str:
    """An offer of as many sections, each with its own mid: "a" for sound, "v" for a picture, "x" for one of AV1."""
    lines = []
    for number, kind in enumerate(kinds):
        section = AUDIO if kind == "a" else VIDEO
        made = [line.replace("a=mid:0", f"a=mid:{number}").replace("a=mid:1", f"a=mid:{number}") for line in section]
        made += [f"a=ssrc:{1000 + number} cname:them", f"a=extmap:4 {TRANSPORT_CC}", f"a=extmap:9 {MID}"]
        lines += [line.replace("VP8", "AV1").replace("H264", "AV1") for line in made] if kind == "x" else made
    mids = " ".join(str(number) for number in range(len(kinds)))
    return text(lines).replace("BUNDLE 0 1", f"BUNDLE {mids}").replace("recvonly", direction)


def directions(agreed: Agreed) -> list[str]:
    """What is answered to each section."""
    answer = sdp.format_answer(ICE, agreed.sections, 1, "t").split("\r\n")
    return [line[2:] for line in answer if line in ("a=sendonly", "a=recvonly", "a=inactive")]


def publishing(kinds: str, *, takes_small: bool = True) -> Agreed:
    offer = sdp.parse_offer(sections(kinds, "sendonly"))
    return agree_to_publish(offer, takes_audio=True, takes_video=True, takes_small=takes_small)


def seeing(kinds: str, pictures: int, direction: str = "recvonly") -> Agreed:
    ours = tuple(PictureSsrcs(10 * n, 10 * n + 1) for n in range(1, pictures + 1))
    return agree_to_send(sdp.parse_offer(sections(kinds, direction)), Ssrcs(1, ours))


def test_a_second_picture_is_taken_and_a_third_is_not() -> None:
    agreed = publishing("avvv")
    assert directions(agreed) == ["recvonly", "recvonly", "recvonly", "inactive"]
    assert [(picture.mid, picture.ssrcs) for picture in agreed.pictures] == [
        ("1", frozenset({1001})),
        ("2", frozenset({1002})),
    ]
    assert (agreed.feedback_id, agreed.mid_id) == (4, 9)


def test_a_face_is_told_how_much_of_it_is_of_use() -> None:
    """In each section the sum: Chromium takes the last one it reads for the limit of all."""
    agreed = publishing("avv")
    answer = sdp.format_answer(ICE, agreed.sections, 1, "t").split("\r\n")
    assert [line for line in answer if line.startswith("b=TIAS")] == ["b=TIAS:1650000"] * 2
    assert agreed.most_bits_per_s == 1_650_000
    assert answer.index("b=AS:1650") < answer.index("a=mid:1")
    hall = sdp.format_answer(ICE, publishing("av", takes_small=False).sections, 1, "t")
    assert "b=" not in hall


def test_who_may_send_one_picture_is_refused_the_second() -> None:
    assert directions(publishing("avv", takes_small=False)) == ["recvonly", "recvonly", "inactive"]


def test_a_picture_in_no_known_codec_keeps_its_place() -> None:
    agreed = publishing("axv")
    assert directions(agreed) == ["recvonly", "inactive", "recvonly"]
    assert [bool(picture.types) for picture in agreed.pictures] == [False, True]
    agreed = seeing("axv", 2)
    assert directions(agreed) == ["sendonly", "inactive", "sendonly"]
    assert [section.ssrc for section in agreed.sections] == [1, 0, 20]


def test_each_picture_is_sent_in_a_section_and_a_stream_of_its_own() -> None:
    agreed = seeing("avvv", 3)
    answer = sdp.format_answer(ICE, agreed.sections, 1, "t").split("\r\n")
    assert [line for line in answer if line.startswith("a=msid:")] == [
        "a=msid:tolmach audio",
        "a=msid:tolmach video",
        "a=msid:tolmach-1 video",
        "a=msid:tolmach-2 video",
    ]
    assert [section.ssrc for section in agreed.sections] == [1, 10, 20, 30]


def test_sections_past_the_pictures_get_nothing() -> None:
    assert directions(seeing("avvv", 2)) == ["sendonly", "sendonly", "sendonly", "inactive"]
    assert directions(seeing("a" + 9 * "v", 8)) == [*["sendonly"] * 9, "inactive"]
    assert directions(seeing("av", 0)) == ["sendonly", "inactive"]
    with pytest.raises(OfferRejected, match="sdp_too_many_media"):
        seeing("a" + sdp.MAX_SECTIONS * "v", 8)


def test_who_would_send_and_see_only_sees() -> None:
    assert directions(seeing("avv", 2, "sendrecv")) == ["sendonly"] * 3
    assert seeing("avv", 2, "sendrecv").most_bits_per_s == 0


@pytest.mark.parametrize("ssrc", ["a=ssrc:", "a=ssrc:x cname:y"])
def test_an_ssrc_that_is_no_number_is_refused(ssrc: str) -> None:
    with pytest.raises(OfferRejected, match="sdp_malformed"):
        sdp.parse_offer(text(AUDIO, [*VIDEO, ssrc]))
