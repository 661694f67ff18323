"""SDP offers read and answers written, for a bundled ICE-lite server (RFC 8829, RFC 9725 section 4.4).

Pure text. Only what the engine acts upon is read; every limit is checked before anything is split, because a long
offer must not cost more than a short one.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from media.dtls import Fingerprint
from media.errors import OfferRejected

MAX_BYTES: Final = 64 * 1024
"""Chromium's nine sections of sound and pictures, each with all its codecs, are some 40 KiB."""
MAX_SECTIONS: Final = 12
_MAX_LINE: Final = 2048
# A lone CR or its like would come back in our answer as the end of a line.
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`{|}~/:]{1,256}\Z")
Direction = Literal["sendonly", "recvonly", "sendrecv", "inactive"]


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload type as offered: `name` in lower case, `fmtp` as parameters, `feedback` as `a=rtcp-fb` values."""

    payload_type: int
    name: str
    clock_hz: int
    fmtp: dict[str, str]
    feedback: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One m-line: its kind ("audio", "video"), mid, direction as the offerer sees it, codecs in their order, the
    numbers of the RTP header extensions offered, by URI (RFC 8285), and the SSRCs it will send (RFC 5576).
    """

    kind: str
    mid: str
    direction: Direction
    codecs: tuple[Codec, ...]
    is_rejected: bool
    extensions: dict[str, int] = field(default_factory=dict)
    ssrcs: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Offer:
    """A parsed offer. ICE user fragment and fingerprints are those of the bundle's first section.

    `is_dtls_server` tells that the offerer will only wait for our handshake (`setup:passive`, FFmpeg's WHIP muxer).
    """

    ufrag: str
    is_dtls_server: bool
    fingerprints: tuple[Fingerprint, ...]
    sections: tuple[Section, ...]


@dataclass(slots=True)
class _Draft:
    kind: str
    payload_types: list[int]
    port: int
    mid: str = ""
    direction: Direction = "sendrecv"
    names: dict[int, tuple[str, int]] = field(default_factory=dict)
    fmtp: dict[int, dict[str, str]] = field(default_factory=dict)
    feedback: dict[int, list[str]] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    extensions: dict[str, int] = field(default_factory=dict)
    ssrcs: set[int] = field(default_factory=set)
    has_mux: bool = False


def parse_offer(text: str) -> Offer:
    """Read an offer.

    Raises:
        OfferRejected: `sdp_too_large` (413), `sdp_malformed` (400), or what is not served (422):
            `sdp_too_many_media`, `sdp_data_channel`, `sdp_setup_active`, `sdp_no_bundle`, `sdp_no_rtcp_mux`.
    """
    if len(text) > MAX_BYTES:
        raise OfferRejected("sdp_too_large", 413)
    text = text.replace("\r\n", "\n").rstrip("\n")
    lines = text.split("\n")
    if _CONTROL.search(text) or lines[0] != "v=0" or any(len(line) > _MAX_LINE or line[1:2] != "=" for line in lines):
        raise OfferRejected("sdp_malformed", 400)
    if sum(line.startswith("m=") for line in lines) > MAX_SECTIONS:
        raise OfferRejected("sdp_too_many_media")
    try:
        session, drafts = _read(lines)
        return _offer(session, drafts)
    except ValueError as error:
        raise OfferRejected("sdp_malformed", 400) from error


def _read(lines: list[str]) -> tuple[_Draft, list[_Draft]]:
    session = _Draft("session", [], 0)
    drafts: list[_Draft] = []
    for line in lines:
        if line.startswith("m="):
            kind, port, protocol, *formats = line[2:].split()
            if kind == "application":
                raise OfferRejected("sdp_data_channel")
            if protocol != "UDP/TLS/RTP/SAVPF":
                raise OfferRejected("sdp_not_webrtc")
            drafts.append(_Draft(_token(kind), [_payload_type(f) for f in formats], _port(port)))
        elif line.startswith("a="):
            _attribute(drafts[-1] if drafts else session, line[2:])
    return session, drafts


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise ValueError(text)
    return number


def _payload_type(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 127:
        raise ValueError(text)
    return number


def _attribute(draft: _Draft, line: str) -> None:
    name, _, value = line.partition(":")
    match name:
        case "sendonly" | "recvonly" | "sendrecv" | "inactive":
            draft.direction = name
        case "rtcp-mux":
            draft.has_mux = True
        case "mid":
            draft.mid = _token(value)
        case "rtpmap":
            number, encoding = value.split(" ", 1)
            codec, clock, *_ = encoding.split("/")
            draft.names[_payload_type(number)] = (codec.lower(), int(clock))
        case "fmtp":
            number, _, parameters = value.partition(" ")
            draft.fmtp[_payload_type(number)] = _parameters(parameters)
        case "rtcp-fb":
            number, _, kind = value.partition(" ")
            if number != "*":
                draft.feedback.setdefault(_payload_type(number), []).append(kind)
        case "extmap":
            number, uri = value.split()[:2]
            ident = int(number.partition("/")[0])
            # One-byte headers name no other (RFC 8285 section 4.2), and no others are read.
            if 1 <= ident <= 14:
                draft.extensions.setdefault(uri, ident)
        case "ssrc":
            draft.ssrcs.add(int(value.partition(" ")[0]))
        case "ice-ufrag" | "ice-pwd" | "setup" | "fingerprint" | "group":
            draft.attributes.setdefault(name, value.strip())


def _parameters(text: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in text.split(";"))
    return {name.lower(): value for name, _, value in pairs if name}


def _token(text: str) -> str:
    if not _TOKEN.match(text):
        raise ValueError("token")
    return text


def _offer(session: _Draft, drafts: list[_Draft]) -> Offer:
    if not drafts:
        raise ValueError("no media")
    first = drafts[0]

    def shared(name: str) -> str:
        return first.attributes.get(name) or session.attributes.get(name) or ""

    group = session.attributes.get("group", "").split()
    if group[:1] != ["BUNDLE"] or any(d.mid not in group[1:] for d in drafts if d.port):
        raise OfferRejected("sdp_no_bundle")
    if any(d.port and not d.has_mux for d in drafts):
        raise OfferRejected("sdp_no_rtcp_mux")
    if shared("setup") not in ("actpass", "passive"):
        raise OfferRejected("sdp_setup_active")
    algorithm, digest = shared("fingerprint").split()
    fingerprint = Fingerprint(algorithm.lower(), _token(digest).upper())
    if not shared("ice-pwd"):
        raise ValueError("ice-pwd")
    sections = tuple(_section(d) for d in drafts)
    if len({s.mid for s in sections}) != len(sections):
        raise ValueError("mid")
    return Offer(_token(shared("ice-ufrag")), shared("setup") == "passive", (fingerprint,), sections)


def _section(draft: _Draft) -> Section:
    codecs = tuple(
        Codec(pt, *draft.names[pt], draft.fmtp.get(pt, {}), tuple(draft.feedback.get(pt, ())))
        for pt in draft.payload_types
        if pt in draft.names
    )
    ssrcs = frozenset(draft.ssrcs)
    return Section(draft.kind, draft.mid, draft.direction, codecs, draft.port == 0, draft.extensions, ssrcs)


def pick_audio(section: Section) -> dict[str, Codec]:
    """{"opus": …, "red": …} of an audio section, those offered; "red" only when it wraps that Opus (RFC 2198)."""
    chosen = {c.name: c for c in reversed(section.codecs) if c.name in ("opus", "red") and c.clock_hz == 48000}
    if "red" in chosen and "opus" in chosen:
        wrapped = next(iter(chosen["red"].fmtp), "").split("/")
        if set(wrapped) == {str(chosen["opus"].payload_type)}:
            return chosen
    return {name: codec for name, codec in chosen.items() if name == "opus"}


def pick_repair(section: Section, payload_type: int) -> Codec | None:
    """The payload type that `payload_type` is sent again under (RTX, RFC 4588)."""
    return next((c for c in section.codecs if c.name == "rtx" and c.fmtp.get("apt") == str(payload_type)), None)


def pick_video(section: Section) -> dict[str, Codec]:
    """One payload type a video codec that can be forwarded: {"h264": …, "vp8": …}, those offered.

    For H.264 packetization mode 1 is needed (RFC 6184 section 6.3), and constrained baseline (42e01f) is preferred,
    because every decoder that offers H.264 at all has it.
    """
    chosen: dict[str, Codec] = {}
    for codec in section.codecs:
        if codec.name == "vp8":
            chosen.setdefault("vp8", codec)
        elif codec.name == "h264" and codec.fmtp.get("packetization-mode", "0") == "1":
            known = chosen.get("h264")
            if known is None or _h264_rank(codec) < _h264_rank(known):
                chosen["h264"] = codec
    return chosen


def _h264_rank(codec: Codec) -> int:
    profile = codec.fmtp.get("profile-level-id", "42e01f").lower()
    order = ("42e0", "42c0", "4200")
    return order.index(profile[:4]) if profile[:4] in order else len(order)


@dataclass(frozen=True, slots=True)
class LocalSection:
    """What we answer to one section. `codecs` empty means rejected; `ssrc` 0 means that we send nothing there;
    `repair_ssrc` is that of packets sent again by RTX; `extensions` are the URIs taken; `group` names the stream whose
    tracks browsers keep in step; `most_bits_per_s` is how much the offerer may send in all, 0 for no limit.
    """

    section: Section
    codecs: tuple[Codec, ...] = ()
    ssrc: int = 0
    repair_ssrc: int = 0
    extensions: tuple[str, ...] = ()
    group: str = "tolmach"
    most_bits_per_s: int = 0


@dataclass(frozen=True, slots=True)
class LocalIce:
    """Our side of ICE and DTLS: credentials, role, fingerprint, and `(host, port)` of every candidate."""

    ufrag: str
    is_dtls_server: bool
    password: str
    fingerprint: Fingerprint
    addresses: tuple[tuple[str, int], ...]


def format_answer(ice: LocalIce, sections: list[LocalSection], session_id: int, cname: str) -> str:
    """The answer: ICE-lite, passive, bundled on the first section that is taken."""
    mids = " ".join(s.section.mid for s in sections if s.codecs)
    lines = [
        "v=0",
        f"o=- {session_id} 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {mids}".rstrip(),
        "a=ice-lite",
        "a=msid-semantic: WMS *",
    ]
    for local in sections:
        lines += _format_section(local, ice, cname) if local.codecs else _format_rejected(local.section)
    return "\r\n".join(lines) + "\r\n"


def _format_rejected(section: Section) -> list[str]:
    formats = " ".join(str(c.payload_type) for c in section.codecs[:1]) or "0"
    return [
        f"m={section.kind} 0 UDP/TLS/RTP/SAVPF {formats}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{section.mid}",
        "a=inactive",
    ]


def _format_section(local: LocalSection, ice: LocalIce, cname: str) -> list[str]:
    section = local.section
    host, port = ice.addresses[0]
    family = "IP6" if ":" in host else "IP4"
    lines = [
        f"m={section.kind} {port} UDP/TLS/RTP/SAVPF {' '.join(str(c.payload_type) for c in local.codecs)}",
        f"c=IN {family} {host}",
        *_format_limit(local.most_bits_per_s),
        f"a=mid:{section.mid}",
        f"a=ice-ufrag:{ice.ufrag}",
        f"a=ice-pwd:{ice.password}",
        f"a=fingerprint:{ice.fingerprint.algorithm} {ice.fingerprint.digest}",
        f"a=setup:{'passive' if ice.is_dtls_server else 'active'}",
        "a=rtcp-mux",
        f"a={'sendonly' if local.ssrc else 'recvonly'}",
    ]
    lines += [f"a=extmap:{section.extensions[uri]} {uri}" for uri in local.extensions]
    for codec in local.codecs:
        lines += _format_codec(codec)
    lines += _format_ssrcs(local, cname)
    return lines + format_candidates(ice.addresses)


def _format_limit(bits_per_s: int) -> list[str]:
    """As browsers read it (`TIAS`, RFC 3890) and as others do (`AS`)."""
    return [f"b=AS:{bits_per_s // 1000}", f"b=TIAS:{bits_per_s}"] if bits_per_s else []


def format_candidates(addresses: tuple[tuple[str, int], ...]) -> list[str]:
    """The lines of all our candidates: host candidates, earlier addresses preferred (RFC 8445 section 5.1.2)."""
    lines = []
    for index, (address, number) in enumerate(addresses):
        priority = (126 << 24) + ((65535 - index) << 8) + 255
        lines.append(f"a=candidate:{index + 1} 1 udp {priority} {address} {number} typ host")
    return [*lines, "a=end-of-candidates"]


def _format_ssrcs(local: LocalSection, cname: str) -> list[str]:
    if not local.ssrc:
        return []
    lines = [f"a=msid:{local.group} {local.section.kind}"]
    if local.repair_ssrc:
        lines.append(f"a=ssrc-group:FID {local.ssrc} {local.repair_ssrc}")
    return lines + [f"a=ssrc:{ssrc} cname:{cname}" for ssrc in (local.ssrc, local.repair_ssrc) if ssrc]


def _format_codec(codec: Codec) -> list[str]:
    pt = codec.payload_type
    names = {
        "opus": "opus/48000/2",
        "red": "red/48000/2",
        "h264": "H264/90000",
        "vp8": "VP8/90000",
        "rtx": "rtx/90000",
    }
    lines = [f"a=rtpmap:{pt} {names[codec.name]}"]
    if codec.fmtp:
        lines.append(f"a=fmtp:{pt} " + ";".join(f"{k}={v}" if v else k for k, v in codec.fmtp.items()))
    lines += [f"a=rtcp-fb:{pt} {feedback}" for feedback in codec.feedback]
    return lines


def with_parameters(codec: Codec, fmtp: dict[str, str], feedback: tuple[str, ...]) -> Codec:
    """The codec as answered: our format parameters and feedback."""
    return replace(codec, fmtp=fmtp, feedback=feedback)
