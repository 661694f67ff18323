"""The few lines of SDP that a lean peer writes and reads: one audio m-line of Opus and, bundled with it, pictures.

Not a parser of SDP: it picks single attributes out of answers and offers of servers that were asked for exactly
one audio m-line first.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from media.dtls import Fingerprint

OPUS_PT: Final = 111
VP8_PT: Final = 96
H264_PT: Final = 97


class Direction(StrEnum):
    """What the offering or answering side wants to do with the m-line."""

    RECEIVE = "recvonly"
    SEND = "sendonly"


class SdpError(ValueError):
    """The other side's description lacks something that a lean peer cannot do without."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An ICE user name fragment and password (RFC 8445 section 5.3: at least 24 and 128 random bits)."""

    ufrag: str = field(default_factory=lambda: secrets.token_hex(4))
    password: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass(frozen=True, slots=True)
class Remote:
    """What the other side's description says about where and how to reach it."""

    credentials: Credentials
    fingerprint: Fingerprint
    address: tuple[str, int]
    setup: str
    payload_type: int
    mid: str


def format_audio(
    ours: Credentials,
    fingerprint: Fingerprint,
    direction: Direction,
    *,
    setup: str = "actpass",
    mid: str = "0",
    payload_type: int = OPUS_PT,
    address: tuple[str, int] | None = None,
    ssrc: int | None = None,
    pictures: Sequence[int] = (),
) -> str:
    """A description with one Opus m-line, bundled and with RTCP on the same port.

    `address` adds a host candidate (an ICE-lite server needs none); `ssrc` names the stream we send. For each of
    `pictures` there is an m-line of VP8; the numbers name the streams we send there, 0 none, where H.264 is taken too.
    """
    opus = "minptime=10;useinbandfec=1;stereo=0;maxaveragebitrate=64000"
    lines = [
        "v=0",
        f"o=- {secrets.randbits(62)} 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        " ".join((f"a=group:BUNDLE {mid}", *(f"p{number}" for number in range(len(pictures))))),
        f"m=audio 9 UDP/TLS/RTP/SAVPF {payload_type}",
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        f"a=ice-ufrag:{ours.ufrag}",
        f"a=ice-pwd:{ours.password}",
        f"a=fingerprint:{fingerprint.algorithm} {fingerprint.digest}",
        f"a=setup:{setup}",
        f"a=mid:{mid}",
        f"a={direction}",
        "a=rtcp-mux",
        f"a=rtpmap:{payload_type} opus/48000/2",
        f"a=fmtp:{payload_type} {opus}",
    ]
    if ssrc is not None:
        lines += ["a=msid:- lean", f"a=ssrc:{ssrc} cname:lean"]
    if address is not None:
        lines += [f"a=candidate:1 1 udp 2130706431 {address[0]} {address[1]} typ host", "a=end-of-candidates"]
    shared = [line for line in lines if line.startswith(("a=ice-", "a=fingerprint:", "a=setup:"))]
    for number, stream in enumerate(pictures):
        lines += [*_format_picture(f"p{number}", direction, stream), *shared]
    return "\r\n".join(lines) + "\r\n"


def _format_picture(mid: str, direction: Direction, ssrc: int) -> list[str]:
    types = str(VP8_PT) if ssrc else f"{VP8_PT} {H264_PT}"
    lines = [
        f"m=video 9 UDP/TLS/RTP/SAVPF {types}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{mid}",
        f"a={direction}",
        "a=rtcp-mux",
        f"a=rtpmap:{VP8_PT} VP8/90000",
        f"a=rtcp-fb:{VP8_PT} nack pli",
    ]
    if ssrc:
        return [*lines, f"a=msid:- {mid}", f"a=ssrc:{ssrc} cname:lean"]
    return [
        *lines,
        f"a=rtpmap:{H264_PT} H264/90000",
        f"a=rtcp-fb:{H264_PT} nack pli",
        f"a=fmtp:{H264_PT} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
    ]


def parse_remote(text: str, prefer_host: str | None = None) -> Remote:
    """Read an answer or offer. Of its host candidates over UDP the one at `prefer_host` wins, else the first of IPv4,
    else the first.

    Raises:
        SdpError: no ICE credentials, no fingerprint, no usable candidate or no Opus.
    """
    algorithm, digest = _one(r"fingerprint:(\S+) (\S+)", text)
    (ufrag,) = _one(r"ice-ufrag:(\S+)", text)
    (password,) = _one(r"ice-pwd:(\S+)", text)
    (setup,) = _one(r"setup:(\S+)", text)
    (mid,) = _one(r"mid:(\S+)", text)
    (payload_type,) = _one(r"rtpmap:(\d+) opus/48000/2", text)
    return Remote(
        Credentials(ufrag, password),
        Fingerprint(algorithm.lower(), digest.upper()),
        _candidate(text, prefer_host),
        setup,
        int(payload_type),
        mid,
    )


def _one(pattern: str, text: str) -> tuple[str, ...]:
    found = re.search(rf"^a={pattern}", text, re.MULTILINE | re.IGNORECASE)
    if found is None:
        raise SdpError(f"no a={pattern.split(':')[0]} in the description")
    return found.groups()


def _candidate(text: str, prefer_host: str | None) -> tuple[str, int]:
    found = re.findall(r"^a=candidate:\S+ 1 udp \d+ ([\da-f.:]+) (\d+) typ host", text, re.MULTILINE | re.IGNORECASE)
    hosts = [(host, int(port)) for host, port in found]
    if not hosts:
        raise SdpError("no host candidate over UDP in the description")
    return min(hosts, key=lambda pair: (pair[0] != prefer_host, ":" in pair[0]))
