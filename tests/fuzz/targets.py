"""What is fuzzed: each reader of strangers' bytes, the errors it declares, and what must hold of what it returns.

A target's `feed` may raise its declared errors and nothing else; `Broken` says that something returned is wrong.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from yarl import URL

from interpreting.codec import parse_command
from interpreting.errors import InvalidCommand
from interpreting.ids import PersonId
from media import redundancy, rtcp, rtp, sdp, stun, trickle
from media.dtls import Fingerprint
from media.errors import FragmentRejected, OfferRejected, WireError
from media.ice import Credentials
from media.jitter import JitterBuffer
from media.offers import Agreed, AgreedPicture, PictureSsrcs, Ssrcs, agree_to_publish, agree_to_send
from media.publishing import Publisher
from media.rtmp import HANDSHAKE_BYTES, VERSION
from media.rtmp_receiver import RtmpReceiver, Wish
from media.stream import PART_S, PARTS_A_SEGMENT
from server import edge_messages
from server.livestream.broadcasts import PACE
from server.livestream.hls import parse_directives
from server.livestream.rendition import NewPart, Rendition
from server.messages import BadMessage, ReportMessage, parse_message
from server.problems import Problem
from server.tokens import TokenError
from tests.fuzz import shapes, webrequest
from tests.fuzz.mutation import Shape

WIRE_S: Final = 0.005
TEXT_S: Final = 0.05


class Broken(AssertionError):
    """A parser returned what it must never return."""


@dataclass(frozen=True, slots=True)
class Target:
    """One parser. `bound_s` is the CPU time that no single input may take."""

    feed: Callable[[bytes], None]
    declared: tuple[type[Exception], ...]
    words: tuple[bytes, ...] = ()
    has_lines: bool = False
    max_bytes: int = 2048
    bound_s: float = WIRE_S
    shape: Shape | None = None


def require(holds: bool, what: str) -> None:
    """Raise Broken unless it holds."""
    if not holds:
        raise Broken(what)


def is_one_line(text: str) -> bool:
    """Whether nobody could take this for more lines than one, or for its end."""
    return len(text.splitlines()) <= 1 and not any(character < " " and character != "\t" for character in text)


def feed_stun(wire: bytes) -> None:
    """Shape, username, signature, and the mapped address of an answer."""
    message = stun.parse(wire)
    require(isinstance(message.username, str), "a username is text")
    if stun.is_authentic(message, shapes.KEY):
        require(message.integrity_at >= 20, "signed without a signature")
    stun.mapped_address(message)


def feed_rtp(wire: bytes) -> None:
    """A packet and every header extension in it; written again it is the same packet."""
    packet = rtp.parse(wire)
    require(len(packet.payload) + len(packet.extensions) <= len(wire), "a packet grew")
    for ident in range(1, 15):
        rtp.find_extension(packet.extensions, ident)
    require(rtp.parse(rtp.format_packet(packet)) == packet, "another packet when written again")


def feed_rtcp(wire: bytes) -> None:
    """A compound packet; nobody may ask for more than a datagram holds."""
    items = rtcp.parse(wire)
    asked = sum(len(item.sequences) for item in items if isinstance(item, rtcp.Nack))
    require(asked <= 17 * len(wire) // 4, "more asked for than there is room for")


def feed_red(wire: bytes) -> None:
    """RED blocks of an RTP packet."""
    packet = rtp.parse(wire)
    packets = redundancy.take_apart(packet, 111)
    require(sum(len(one.payload) for one in packets) <= len(packet.payload), "sound out of nothing")


def feed_sdp(wire: bytes) -> None:
    """An offer, what is agreed upon for a publisher and a listener, and both answers."""
    offer = sdp.parse_offer(wire.decode("utf-8"))
    ice = sdp.LocalIce("u", True, "p", Fingerprint("sha-256", "AB"), (("192.0.2.1", 8080), ("2001:db8::1", 8080)))
    refusals: list[OfferRejected] = []
    for agree in (_publish, _listen):
        try:
            agreed = agree(offer)
        except OfferRejected as error:
            refusals.append(error)
            continue
        answer = sdp.format_answer(ice, agreed.sections, 1, "c")
        lines = answer.split("\r\n")
        require(lines.pop() == "", "an answer without its end")
        require(all(line[1:2] == "=" and is_one_line(line) for line in lines), "a broken line")
        require(len(answer) <= 2 * len(wire) + 4096, "an answer far longer than its offer")
    if len(refusals) == 2:
        raise refusals[0]


def _publish(offer: sdp.Offer) -> Agreed:
    return agree_to_publish(offer, takes_audio=True, takes_video=True, takes_small=True)


def _listen(offer: sdp.Offer) -> Agreed:
    return agree_to_send(offer, Ssrcs(1, tuple(PictureSsrcs(n, n + 1) for n in range(2, 18, 2))))


def feed_trickle(wire: bytes) -> None:
    """A fragment, and our side of the restart it asks for."""
    read = trickle.parse_fragment(wire.decode("ascii"))
    answer = trickle.format_fragment(Credentials.fresh(read.ufrag), read.section, [])
    require(all(is_one_line(line) for line in answer.split("\r\n")), "a broken line")


def feed_ws(wire: bytes) -> None:
    """A page's command, down to the domain's, or its report."""
    message = parse_message(wire.decode("utf-8", "surrogateescape"))
    if isinstance(message, ReportMessage):
        return
    require(message.id.isprintable(), "an id nobody can print")
    parse_command(message.name, message.args, PersonId("p"))


def feed_edge(wire: bytes) -> None:
    """A message between an origin and an edge."""
    edge_messages.parse_edge_message(wire.decode("utf-8", "surrogateescape"))


def feed_rtmp(wire: bytes) -> None:
    """What an encoder says after its handshake, in two pieces; its key is taken for right."""
    receiver = RtmpReceiver()
    receiver.receive(bytes([VERSION]) + bytes(2 * HANDSHAKE_BYTES))
    half = len(wire) // 2
    for piece in (wire[:half], wire[half:]):
        answer, heard = receiver.receive(piece)
        require(len(answer) <= 64 * len(wire) + 4096, "an answer far longer than its question")
        if any(isinstance(one, Wish) for one in heard):
            receiver.accept()


def feed_hls(wire: bytes) -> None:
    """The query of a playlist, and what it asks of one that has segments 7 to 9."""
    try:
        url = URL(f"/hls/plenary/de.m3u8?{wire.decode('latin-1')}", encoded=True)
    except ValueError:
        return  # answered 400 before we see it
    msn, part, _ = parse_directives(url)
    require(part is None or msn is not None, "a part of no segment")
    for number in (msn, part):
        require(number is None or 0 <= number < 10**40, "a number past all bounds")
    if msn is not None:
        has, is_far = _PLAYLIST.has(msn, part), _PLAYLIST.is_too_far(msn, part)
        require(not (has and is_far), "there and too far ahead")
        require(is_far or msn <= _PLAYLIST.next_msn + 2, "waits for what will not come")


def _playlist() -> Rendition:
    rendition = Rendition("de", PACE, 60.0, lambda segment: None)
    for msn in range(7, 10):
        for part in range(PARTS_A_SEGMENT):
            starts_at = 1000.0 + (msn * PARTS_A_SEGMENT + part) * PART_S
            is_last = part == PARTS_A_SEGMENT - 1
            rendition.take(NewPart(msn, 0, 0, b"part", PART_S, True, is_last, starts_at))
    return rendition


_PLAYLIST: Final = _playlist()


def feed_publication(wire: bytes) -> None:
    """Authentic packets of a publisher gone mad, 5 ms apart, heard by a mixer every 20 ms."""
    pictures = [AgreedPicture({"h264": 102}, {"h264": 103})]
    agreed = Agreed(audio_type=111, red_type=63, pictures=pictures, feedback_id=3)
    sound = JitterBuffer()
    publisher = Publisher(agreed, sound, lambda flows: None)
    at, now, count = 0, 100.0, 0
    while at + 2 <= len(wire) and count < 64:
        size = struct.unpack_from("!H", wire, at)[0]
        packet, at = wire[at + 2 : at + 2 + size], at + 2 + size
        now, count = now + 0.005, count + 1
        _publish_one(publisher, packet, now)
        if count % 4 == 0:
            sound.pull()
    publisher.on_timer(now + 3)
    publisher.on_closed()


def _publish_one(publisher: Publisher, packet: bytes, now: float) -> None:
    try:
        if rtp.is_rtcp(packet):
            publisher.on_rtcp(rtcp.parse(packet), now)
        else:
            publisher.on_rtp(rtp.parse(packet), now)
    except WireError:
        return


_SDP_WORDS: Final = (
    b"a=rtpmap:111 opus/48000/2", b"a=fmtp:63 111/111", b"a=rtcp-fb:* nack", b"a=setup:passive", b"a=setup:active",
    b"a=group:BUNDLE", b"m=application 9 UDP/DTLS/SCTP webrtc-datachannel", b"a=mid:", b"a=extmap:", b"a=inactive",
    b"m=audio 9 UDP/TLS/RTP/SAVPF 111", b"m=video 0 UDP/TLS/RTP/SAVPF 96", b"a=fingerprint:sha-256 ", b"a=rtcp-mux",
    b"a=ice-ufrag:", b"a=ice-pwd:", b"a=fmtp:96 apt=", b"packetization-mode=1;", b"profile-level-id=42e01f",
)  # fmt: skip
_JSON_WORDS: Final = (
    b'{"type":"command"', b'"id":"1"', b'"name":"take_mic"', b'"args":{', b"NaN", b"Infinity", b"-Infinity", b"1e999",
    b"null", b"true", b"[[[[[[[[[[", b"{}", b"[]", b'"\\ud800"', b'"\\u0000"', b"\\", b'"booth":"de-uk"', b'"by":"p"',
    b"9" * 5000, b'{"a":' * 40, b"-0", b"1.5",
)  # fmt: skip
_HTTP_WORDS: Final = (
    b"?original=under", b"&as=x", b"%2e%2e/", b"Authorization: Bearer ", b"If-Match: ", b'W/"x"', b'"', b"*", b",",
    b"Cookie: tolmach_x=", b"X-Forwarded-For: ", b"Host: [", b"Origin: http://[", b"Accept-Language: ", b";q=", b"::1",
    b"Content-Type: application/sdp", b"lang=uk", b"\\", b"fe80::1%eth0", b"127.0.0.1", b"null",
)  # fmt: skip

TARGETS: Final[Mapping[str, Target]] = {
    "stun": Target(feed_stun, (WireError,), shape=shapes.stun_message),
    "rtp": Target(feed_rtp, (WireError,), (b"\xbe\xde", b"\x10\x00"), shape=shapes.rtp_packet),
    "rtcp": Target(feed_rtcp, (WireError,), shape=shapes.rtcp_compound),
    "red": Target(feed_red, (WireError,), shape=shapes.red_packet),
    "publication": Target(feed_publication, (), max_bytes=8192, bound_s=TEXT_S, shape=shapes.as_publication),
    "sdp": Target(
        feed_sdp, (OfferRejected, UnicodeDecodeError), _SDP_WORDS, has_lines=True, max_bytes=70_000, bound_s=TEXT_S
    ),
    "trickle": Target(
        feed_trickle,
        (FragmentRejected, UnicodeDecodeError),
        (*_SDP_WORDS, b"a=candidate:1 1 udp 1 192.0.2.1 9 typ host", b" typ relay", b" raddr ::"),
        has_lines=True,
        max_bytes=20_000,
        bound_s=TEXT_S,
    ),
    "ws": Target(
        feed_ws, (BadMessage, InvalidCommand), _JSON_WORDS, max_bytes=70_000, bound_s=TEXT_S, shape=shapes.json_message
    ),
    "edge": Target(feed_edge, (BadMessage,), _JSON_WORDS, max_bytes=70_000, bound_s=TEXT_S, shape=shapes.json_message),
    "rtmp": Target(
        feed_rtmp,
        (WireError,),
        (
            b"\x02\x00\x07connect",
            b"\x02\x00\x07publish",
            b"\x03",
            b"\x00\x00\x09",
            b"\xff\xff\xff",
            b"\x08\xff\xff\xff\xff",
        ),
        max_bytes=8192,
        bound_s=TEXT_S,
    ),
    "hls": Target(
        feed_hls,
        (Problem,),
        (b"_HLS_msn=", b"&_HLS_part=", b"&_HLS_skip=YES", b"%3d", b"%00", b"9" * 60, b"-1", b"1e9", b"+1", b";", b"&&"),
        max_bytes=4096,
        bound_s=TEXT_S,
    ),
    "web": Target(
        webrequest.feed_web,
        (Problem, TokenError),
        (*_HTTP_WORDS, *_JSON_WORDS),
        has_lines=True,
        max_bytes=16_000,
        bound_s=TEXT_S,
    ),
}
